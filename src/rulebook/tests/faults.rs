//! What is refused, and how it is said.

use super::*;
use proptest::prelude::*;

/// The first fault's message and help.
fn refused(dialect: &str, text: &str) -> (String, String) {
    match load_text(&format!("-- dialect: {dialect}\n{text}")) {
        Ok(rulebook) => panic!("{text} is accepted: {:?}", rulebook.statements),
        Err(diagnostics) => {
            let fault = diagnostics.faults.into_iter().next().expect("a fault");
            (fault.message, fault.help.unwrap_or_default())
        }
    }
}

#[test]
fn everything_else_is_refused_with_what_to_write_instead() {
    for (dialect, text, message, help) in [
        (
            "postgres",
            "CREATE TABLE t (a int)",
            "CREATE is not read",
            "where the dump is loaded",
        ),
        (
            "postgres",
            "ALTER TABLE t ADD a int",
            "ALTER is not read",
            "where the dump is loaded",
        ),
        ("postgres", "DROP TABLE t", "DROP is not read", "TRUNCATE t"),
        (
            "postgres",
            "DROP USER a CASCADE",
            "CASCADE is not read",
            "leave CASCADE out",
        ),
        (
            "postgres",
            "MERGE INTO t USING u ON a = b WHEN MATCHED THEN DELETE",
            "MERGE is not read",
            "ON CONFLICT",
        ),
        (
            "postgres",
            "SET a = 1",
            "SET is not read",
            "\\set name value",
        ),
        (
            "postgres",
            "ROLLBACK",
            "ROLLBACK is not read",
            "run to its end",
        ),
        (
            "postgres",
            "DO $$ BEGIN END $$",
            "DO is not read",
            ":optional",
        ),
        (
            "postgres",
            "COPY t FROM stdin",
            "COPY is not read",
            "INSERT",
        ),
        (
            "postgres",
            "UPDTAE t SET a = 1",
            "no statement begins with updtae",
            "did you mean UPDATE?",
        ),
        (
            "postgres",
            "TRUNCATE t CASCADE",
            "TRUNCATE … CASCADE is not read",
            "name every table",
        ),
        (
            "postgres",
            "TRUNCATE t RESTART IDENTITY",
            "RESTART IDENTITY is not read",
            "sequences",
        ),
        (
            "postgres",
            "TRUNCATE target.t",
            "never written",
            "without target.",
        ),
        (
            "postgres",
            "DELETE FROM target.t",
            "never written",
            "without target.",
        ),
        (
            "postgres",
            "DELETE FROM t RETURNING a",
            "RETURNING is not read",
            "SELECT",
        ),
        (
            "postgres",
            "UPDATE t SET a = 1 RETURNING a",
            "RETURNING is not read",
            "SELECT",
        ),
        (
            "postgres",
            "INSERT INTO t (a) VALUES (1) RETURNING a",
            "RETURNING is not read",
            "SELECT",
        ),
        (
            "postgres",
            "UPDATE t SET (a, b) = (SELECT 1, 2)",
            "a list of columns takes",
            "one assignment",
        ),
        (
            "postgres",
            "UPDATE t SET a = 1, A = 2",
            "the column is assigned twice",
            "once",
        ),
        (
            "postgres",
            "INSERT INTO t (a, b) VALUES (1)",
            "the number of values differs",
            "one value",
        ),
        (
            "postgres",
            "INSERT INTO t VALUES (1, 2), (1)",
            "the number of values differs",
            "one value",
        ),
        (
            "postgres",
            "INSERT INTO t (a) SELECT b, c FROM u",
            "the number of values differs",
            "one value",
        ),
        (
            "postgres",
            "INSERT INTO t (a) VALUES (1) ON CONFLICT DO NOTHING",
            "ON CONFLICT needs the columns",
            "ON CONFLICT (key)",
        ),
        (
            "postgres",
            "INSERT INTO t (a) VALUES (1) ON CONFLICT ON CONSTRAINT k DO NOTHING",
            "ON CONFLICT needs the columns",
            "ON CONFLICT (key)",
        ),
        (
            "postgres",
            "INSERT INTO t (a) OVERRIDING USER VALUE VALUES (1)",
            "OVERRIDING USER VALUE is not read",
            "identity",
        ),
        (
            "postgres",
            "WITH RECURSIVE x AS (SELECT 1) SELECT * FROM x",
            "a recursive WITH is not read",
            "levels",
        ),
        (
            "postgres",
            "SELECT a FROM t UNION SELECT b FROM u",
            "UNION is not read",
            "one statement for each",
        ),
        (
            "postgres",
            "SELECT a INTO b FROM t",
            "SELECT … INTO is not read",
            "INSERT INTO",
        ),
        (
            "postgres",
            "SELECT DISTINCT ON (a) b FROM t",
            "DISTINCT ON is not read",
            "GROUP BY",
        ),
        (
            "postgres",
            "SELECT rank() OVER (ORDER BY a) FROM t",
            "window functions are not read",
            "one row",
        ),
        (
            "postgres",
            "SELECT a FROM t FOR UPDATE",
            "FOR … at the end of a SELECT",
            "leave it out",
        ),
        (
            "postgres",
            "SELECT a FROM t LIMIT 1 OFFSET 2",
            "of LIMIT only a plain number",
            "LIMIT 10",
        ),
        (
            "postgres",
            "SELECT a FROM t RIGHT JOIN u ON t.a = u.a",
            "of joins only",
            "LEFT JOIN",
        ),
        (
            "postgres",
            "SELECT a FROM t JOIN u USING (a)",
            "of join conditions only ON",
            "write ON",
        ),
        (
            "postgres",
            "SELECT a FROM ONLY t",
            "ONLY is read in UPDATE and DELETE",
            "leave ONLY out",
        ),
        (
            "postgres",
            "SELECT a FROM \"x*\"",
            "a pattern is not read here",
            "UPDATE, DELETE and TRUNCATE",
        ),
        (
            "postgres",
            "UPDATE t SET a = \"x*\"",
            "a pattern is not read here",
            "write VALUE",
        ),
        (
            "postgres",
            "INSERT INTO \"x*\" (a) VALUES (1)",
            "a pattern is not read here",
            "UPDATE",
        ),
        (
            "postgres",
            "GRANT SELECT (\"*\") ON t TO u",
            "a pattern is not read here",
            "UPDATE",
        ),
        (
            "postgres",
            "GRANT SELECT ON t TO u",
            "next month's column slip through; list the columns",
            "(column, …)",
        ),
        (
            "postgres",
            "GRANT SELECT ON ALL TABLES IN SCHEMA s TO u",
            "next month's column slip through",
            "(column, …)",
        ),
        (
            "postgres",
            "GRANT UPDATE (a) ON t TO u",
            "of GRANT only SELECT is read",
            "GRANT SELECT",
        ),
        (
            "postgres",
            "GRANT ALL ON t TO u",
            "of GRANT only SELECT is read",
            "GRANT SELECT",
        ),
        (
            "postgres",
            "UPDATE t SET a = b COLLATE \"C\"",
            "COLLATE is not read",
            "leave it out",
        ),
        (
            "postgres",
            "UPDATE t SET a = b @> c",
            "the operator @> is not read",
            "scrub functions",
        ),
        (
            "postgres",
            "UPDATE t SET a = b ~ c || d",
            "this can be read in two ways",
            "parentheses",
        ),
        (
            "postgres",
            "UPDATE t SET a = - b ^ 2",
            "this can be read in two ways",
            "parentheses",
        ),
        (
            "postgres",
            "UPDATE t SET a = (b, c)",
            "a row of values",
            "compared",
        ),
        (
            "postgres",
            "UPDATE t SET a = b WHERE c = DEFAULT",
            "DEFAULT stands only",
            "SET column = DEFAULT",
        ),
        (
            "postgres",
            "UPDATE t SET a = $1",
            "$1 stands for a value",
            "--set",
        ),
        (
            "postgres",
            "UPDATE a.b.c SET d = 1",
            "by its schema and its name",
            "schema.table",
        ),
        (
            "postgres",
            "UPDATE t SET a = 1 WHERE b SIMILAR TO 'x'",
            "SIMILAR TO is not read",
            "LIKE",
        ),
        (
            "postgres",
            "UPDATE t SET a = string_agg(b, ',' ORDER BY b)",
            "inside a call",
            "leave them out",
        ),
        (
            "postgres",
            "UPDATE t SET a = 1 WHERE (a, b) IN (SELECT c FROM u)",
            "another number of columns",
            "one column for each",
        ),
        ("postgres", "UPDATE t SET a = (1", "expected", ""),
        (
            "postgres",
            "UPDATE t SET a = 'x",
            "this quote is never closed",
            "",
        ),
        (
            "postgres",
            "UPDATE t SET a = $x$ y",
            "this quote is never closed",
            "",
        ),
        (
            "postgres",
            "/* DELETE FROM t",
            "this comment is never closed",
            "",
        ),
        (
            "postgres",
            "UPDATE t SET a = :x",
            "the variable x is not set",
            "--set x=value",
        ),
        (
            "postgres",
            "\\set",
            "too few or too many words",
            "\\set name value",
        ),
        (
            "postgres",
            "\\set a `date`",
            "a rulebook runs no commands",
            "--set",
        ),
        (
            "postgres",
            "\\set a :b",
            "the variable b is not set",
            "--set b=value",
        ),
        ("postgres", "\\i x.sql", "\\i is not read", "\\ir"),
        ("postgres", "\\if :x", "the variable x is not set", "--set"),
        ("postgres", "\\endif", "\\endif is not read", ":if-set"),
        (
            "postgres",
            "\\gexce",
            "\\gexce is not read",
            "did you mean \\gexec?",
        ),
        (
            "postgres",
            "\\copy t from 'x'",
            "\\copy is not read",
            "\\set, \\unset, \\ir and \\gexec",
        ),
        (
            "postgres",
            "DELETE FROM t \\gexec",
            "\\gexec runs what a SELECT returns",
            ";",
        ),
        ("postgres", "\\gexec", "no SELECT stands before", "\\gexec"),
        (
            "postgres",
            "DELETE FROM t \\ir x.sql",
            "in the midst of a statement",
            ";",
        ),
        (
            "postgres",
            "-- nmae: x\nDELETE FROM t",
            "unknown directive nmae",
            "did you mean name?",
        ),
        (
            "postgres",
            "-- name: x :optoinal\nDELETE FROM t",
            "unknown flag :optoinal",
            "did you mean :optional?",
        ),
        (
            "postgres",
            "-- name: x :test y\nSELECT 1",
            "y is no flag",
            ":optional",
        ),
        (
            "postgres",
            "-- name: x :if-set\nSELECT 1",
            ":if-set says no variable",
            ":if-set variable",
        ),
        (
            "postgres",
            "-- name: x :with-target :without-target\nSELECT 1",
            "exclude each other",
            "",
        ),
        (
            "postgres",
            "-- name: x\n-- name: y\nSELECT 1",
            "two names",
            "",
        ),
        (
            "postgres",
            "-- name: :test\nSELECT 1",
            "says no name",
            "-- name: drop-secrets",
        ),
        (
            "postgres",
            "-- reviewed: by John",
            "reviewed takes the fingerprint of a definition, of 12 digits",
            "scrub check --strict",
        ),
        (
            "postgres",
            "-- name:\nSELECT 1",
            "the directive name says nothing",
            "",
        ),
        (
            "postgres",
            "-- name: x :test\nDELETE FROM t",
            "a :test is a SELECT",
            "SELECT",
        ),
        (
            "postgres",
            "-- name: x\nCOMMIT;",
            "a statement without effect",
            "above",
        ),
        (
            "postgres",
            "DELETE FROM t;\n-- name: x",
            "no statement follows",
            "above a statement",
        ),
        (
            "postgres",
            "DELETE FROM t; -- name: x",
            "a directive needs a line to itself",
            "above",
        ),
        (
            "postgres",
            "DELETE FROM t\n-- name: x\n;",
            "in the midst of a statement",
            "with ;",
        ),
        (
            "postgres",
            "DELETE FROM t;\n-- title: x",
            "at the head of a rulebook only",
            "move it",
        ),
        ("postgres", "-- title: x\n-- title: y", "a second title", ""),
        (
            "postgres",
            "-- dialect: db2",
            "there is no dialect db2",
            "mssql",
        ),
        (
            "postgres",
            "-- baseline-except: password",
            "takes table.column",
            "table.*",
        ),
        (
            "mysql",
            "UPDATE t SET a = 1 LIMIT 5",
            "LIMIT or ORDER BY in UPDATE is not read",
            "WHERE",
        ),
        (
            "mysql",
            "DELETE FROM t ORDER BY a LIMIT 5",
            "LIMIT or ORDER BY in DELETE is not read",
            "WHERE",
        ),
        (
            "mysql",
            "UPDATE t JOIN u ON t.id = u.id SET v.a = 1",
            "is not named in the statement",
            "before SET",
        ),
        (
            "mysql",
            "UPDATE t LEFT JOIN u ON t.id = u.id SET t.a = 1",
            "LEFT JOIN",
            "NOT EXISTS",
        ),
        (
            "mysql",
            "UPDATE t JOIN u ON t.id = u.id SET t.a = 1, t.b = t.a",
            "depends on its plan",
            "two statements",
        ),
        (
            "mysql",
            "UPDATE t SET a = 1, b = a WHERE a IN (SELECT b FROM u)",
            "depends on its plan",
            "two statements",
        ),
        (
            "mysql",
            "DELETE t, u FROM t JOIN u ON t.id = u.id",
            "DELETE names one table",
            "USING",
        ),
        (
            "mysql",
            "INSERT IGNORE INTO t (a) VALUES (1)",
            "this form of INSERT",
            "DO NOTHING",
        ),
        (
            "mysql",
            "REPLACE INTO t (a) VALUES (1)",
            "REPLACE is not read",
            "ON CONFLICT",
        ),
        (
            "mysql",
            "INSERT INTO t (a) VALUES (1) ON DUPLICATE KEY UPDATE a = 2",
            "ON DUPLICATE KEY UPDATE is not read",
            "ON CONFLICT",
        ),
        (
            "mysql",
            "UPDATE t SET a = b || c",
            "in MySQL || means OR",
            "concat",
        ),
        (
            "mysql",
            "/*!40000 DELETE FROM t */",
            "a comment that MySQL executes",
            "/*!",
        ),
        (
            "mssql",
            "IF EXISTS (SELECT 1 FROM t) DELETE FROM t",
            "may only ask the catalog",
            "WHERE",
        ),
        (
            "mssql",
            "IF NOT EXISTS (SELECT 1 FROM sys.tables) DELETE FROM t",
            "this IF is not read",
            "IF EXISTS",
        ),
        (
            "mssql",
            "IF OBJECT_ID('t') IS NOT NULL DELETE FROM t ELSE DELETE FROM u",
            "ELSE is not read",
            "IF EXISTS",
        ),
        (
            "mssql",
            "DELETE t FROM t LEFT JOIN u ON t.a = u.a WHERE u.a IS NULL",
            "a LEFT JOIN with the table",
            "NOT EXISTS",
        ),
        ("mssql", "EXEC sp_x", "EXEC is not read", "themselves"),
        (
            "mssql",
            "WITH x AS (SELECT a FROM t) DELETE FROM x",
            "a WITH query cannot be changed",
            "table itself",
        ),
        (
            "oracle",
            "ALTER SESSION SET NLS_DATE_FORMAT = 'x'",
            "this session setting is not read",
            "CURRENT_SCHEMA",
        ),
        (
            "oracle",
            "ALTER SESSION SET NLS_SORT = BINARY_CI",
            "this session setting is not read",
            "BINARY_AI",
        ),
        (
            "oracle",
            "BEGIN FOR x IN (SELECT 1 FROM t) LOOP NULL; END LOOP; END;\n/",
            "this part of a block",
            "DECLARE",
        ),
        (
            "oracle",
            "DECLARE v NUMBER; BEGIN SELECT count(*) INTO v FROM t; END;\n/",
            "SELECT INTO may only count",
            "user_tables",
        ),
        (
            "oracle",
            "BEGIN IF 1 > 0 THEN DELETE FROM t; END IF; END;\n/",
            "IF may only ask",
            "user_tables",
        ),
        (
            "oracle",
            "DELETE FROM t WHERE rownum < 5",
            "ROWNUM is not read",
            "values",
        ),
    ] {
        let (found, advice) = refused(dialect, text);
        assert!(
            found.contains(message),
            "{dialect}: {text}\n{found}\nlacks: {message}"
        );
        assert!(
            advice.contains(help),
            "{dialect}: {text}\n{advice}\nlacks: {help}"
        );
    }
}

#[test]
fn faults_are_drawn_with_carets() {
    let text = "-- title: faulty\n\nUPDATE t SET a = :'domain' WHERE b;\n\n\
                -- name: x :optoinal\nDELETE FROM t LIMIT 5;\n\
                GRANT SELECT ON täble TO u;\nUPDATE t SET (a = 1;\n\
                MERGE INTO t USING u ON a = b WHEN MATCHED THEN DELETE;\n\
                SELECT rank() OVER () FROM t WHERE a @> b\n";
    let rendered = load_text(text).expect_err("faulty").to_string();
    assert_eq!(
        rendered,
        include_str!("faulty.txt").trim_end(),
        "{rendered}"
    );
    let error = crate::error::Error::from(load_text(text).expect_err("faulty"));
    assert_eq!(error.kind, crate::error::ErrorKind::Usage);
    let coloured = load_text(text).expect_err("faulty").coloured();
    assert!(coloured.contains("\u{1b}["), "{coloured}");
}

#[test]
fn long_chains_and_deep_nesting_are_refused_or_read() {
    let chain = format!("DELETE FROM t WHERE {}", vec!["a = 1"; 900].join(" OR "));
    assert_eq!(statements(&chain).len(), 1);
    let chain = format!("DELETE FROM t WHERE {}", vec!["a = 1"; 9000].join(" OR "));
    assert!(refused("postgres", &chain).0.contains("operators"));
    let list = format!(
        "DELETE FROM t WHERE a IN ({})",
        vec!["'x'"; 20_000].join(", ")
    );
    assert_eq!(statements(&list).len(), 1);
    let deep = format!("SELECT {}1{}", "(".repeat(500), ")".repeat(500));
    assert!(refused("postgres", &deep).0.contains("nested too deeply"));
}

/// Pieces that make interesting texts more often than letters do.
fn pieces() -> impl Strategy<Value = String> {
    let words = [
        "UPDATE",
        "DELETE",
        "FROM",
        "t",
        "SET",
        "a",
        "=",
        "1",
        "'x'",
        ";",
        "\n",
        "--",
        "-- name: x",
        ":optional",
        "/*",
        "*/",
        "'",
        "\"",
        "$$",
        "$a$",
        "\\set a b",
        "\\gexec",
        "\\",
        ":a",
        ":'a'",
        "::",
        "(",
        ")",
        "IF EXISTS",
        "BEGIN",
        "END",
        "IF",
        "THEN",
        "DECLARE",
        "EXECUTE IMMEDIATE",
        "GO",
        "/",
        "[",
        "]",
        "`",
        "q'[",
        "]'",
        "é",
        "WHERE",
        "SELECT",
        "INSERT INTO",
        "VALUES",
        "GRANT",
        "ON CONFLICT",
        "WITH x AS",
        ",",
        ".",
        "target",
        "*",
        "AND",
        "NOT",
        "IN",
        "ONLY",
        "INTERVAL",
        "CASE",
        "WHEN",
        "OVERRIDING SYSTEM VALUE",
        "ALTER SESSION SET",
        "NLS_SORT",
        "TRUNCATE",
        "JOIN",
        "ON",
        "E'\\",
        "#",
        "{",
        "?",
        "@",
        "0x1",
        "1e",
        "U&'\\",
        "X'",
        "N'",
    ];
    let piece = prop_oneof![
        8 => proptest::sample::select(words.to_vec()).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.join(" "))
}

proptest! {
    #[test]
    fn no_text_panics_and_spans_are_in_range(text in pieces(), dialect in 0..5usize) {
        let dialect = ["postgres", "mysql", "mssql", "oracle", "sqlite"][dialect];
        let text = format!("-- dialect: {dialect}\n{text}");
        let whole = |span: Span| {
            text.get(span.start as usize..span.end as usize).is_some() && span.file == 0
        };
        match load_text(&text) {
            Ok(rulebook) => {
                for statement in &rulebook.statements {
                    prop_assert!(whole(statement.span), "{:?}", statement);
                }
            }
            Err(diagnostics) => {
                for fault in &diagnostics.faults {
                    prop_assert!(whole(fault.span), "{:?}", fault);
                }
                prop_assert!(!diagnostics.to_string().is_empty());
            }
        }
    }
}
