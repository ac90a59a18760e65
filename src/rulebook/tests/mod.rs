//! Whole rulebooks: what loads, what is refused and how it is said.

mod faults;
mod reads;
mod show;

use super::*;
use std::io;

fn nothing(_: &str) -> io::Result<String> {
    Err(io::Error::new(io::ErrorKind::NotFound, "no such file"))
}

fn load_text(text: &str) -> Result<Rulebook, Diagnostics> {
    load(&Load {
        name: "test",
        path: "test.sql",
        text,
        variables: &[],
        include: &nothing,
    })
}

fn loaded(text: &str) -> Rulebook {
    load_text(text).unwrap_or_else(|diagnostics| panic!("{text}\n{diagnostics}"))
}

fn statements(text: &str) -> Vec<Statement> {
    loaded(text).statements
}

/// What a statement does, in one word.
fn kind(statement: &Statement) -> &'static str {
    match &statement.action {
        Action::Update(_) => "update",
        Action::Delete(_) => "delete",
        Action::Truncate(_) => "truncate",
        Action::Insert(_) => "insert",
        Action::Select(_) => "select",
        Action::Gexec(_) => "gexec",
        Action::Grant { .. } => "grant",
        Action::DropUser(_) => "drop user",
    }
}

#[test]
fn every_statement_form_loads() {
    for (dialect, text, kinds) in [
        (
            "postgres",
            "UPDATE t SET c = 1, d = DEFAULT WHERE e",
            vec!["update"],
        ),
        (
            "postgres",
            "UPDATE t AS x SET c = u.c FROM u WHERE x.id = u.id;",
            vec!["update"],
        ),
        (
            "postgres",
            "UPDATE ONLY s.t SET (a, b) = (1, 2)",
            vec!["update"],
        ),
        (
            "postgres",
            "UPDATE \"nmsbroadlog*\" SET \"*mail*\" = anon.mailinator(VALUE)",
            vec!["update"],
        ),
        ("postgres", "DELETE FROM t", vec!["delete"]),
        (
            "postgres",
            "delete from only t where a is null",
            vec!["delete"],
        ),
        (
            "postgres",
            "DELETE FROM t USING u JOIN v ON u.a = v.a WHERE t.id = u.id",
            vec!["delete"],
        ),
        (
            "postgres",
            "TRUNCATE a; TRUNCATE TABLE ONLY b, s.c CONTINUE IDENTITY RESTRICT",
            vec!["truncate"; 2],
        ),
        (
            "postgres",
            "INSERT INTO t (a, b) VALUES (1, 'x'), (DEFAULT, NULL)",
            vec!["insert"],
        ),
        ("postgres", "INSERT INTO t DEFAULT VALUES", vec!["insert"]),
        (
            "postgres",
            "INSERT INTO t (a) OVERRIDING SYSTEM VALUE VALUES (1)",
            vec!["insert"],
        ),
        (
            "postgres",
            "INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO NOTHING",
            vec!["insert"],
        ),
        (
            "postgres",
            "INSERT INTO t (a, b) VALUES (1, 2) ON CONFLICT (a) DO UPDATE SET b = excluded.b WHERE t.b > 1",
            vec!["insert"],
        ),
        (
            "postgres",
            "INSERT INTO t SELECT * FROM target.t WHERE id <> 0",
            vec!["insert"],
        ),
        (
            "postgres",
            "INSERT INTO t (a) WITH x AS (SELECT a FROM u) SELECT a FROM x",
            vec!["insert"],
        ),
        (
            "postgres",
            "SELECT iState, count(*) FROM neolane.nmsdelivery GROUP BY iState",
            vec!["select"],
        ),
        (
            "postgres",
            "SELECT DISTINCT a FROM t ORDER BY 1 DESC NULLS LAST LIMIT 5",
            vec!["select"],
        ),
        (
            "postgres",
            "SELECT 'UPDATE ' || n || ' SET a = 0' FROM t \\gexec",
            vec!["gexec"],
        ),
        (
            "postgres",
            "GRANT SELECT (a, b) ON s.t TO testbed",
            vec!["grant"],
        ),
        (
            "postgres",
            "GRANT SELECT (a) ON t, u TO testbed",
            vec!["grant"; 2],
        ),
        (
            "postgres",
            "DROP USER IF EXISTS a, b; DROP ROLE c;",
            vec!["drop user"; 2],
        ),
        (
            "postgres",
            "WITH x AS (SELECT id FROM u) UPDATE t SET a = 1 WHERE id IN (SELECT id FROM x)",
            vec!["update"],
        ),
        (
            "postgres",
            "WITH x AS (SELECT id FROM u) DELETE FROM t USING x WHERE t.id = x.id",
            vec!["delete"],
        ),
        (
            "postgres",
            "WITH x(k) AS (SELECT id FROM u), y AS (SELECT k FROM x) SELECT k FROM y",
            vec!["select"],
        ),
        (
            "postgres",
            "BEGIN; ;; COMMIT; START TRANSACTION; COMMIT WORK; END;",
            vec![],
        ),
        (
            "mssql",
            "DELETE t WHERE a = 1\nGO\nDELETE [dbo].[t]\nGO 2\ndelete from t\n",
            vec!["delete"; 3],
        ),
        (
            "mssql",
            "UPDATE t SET a = u.a FROM t JOIN u ON t.id = u.id WHERE u.b = N'x'",
            vec!["update"],
        ),
        (
            "mssql",
            "DELETE x FROM t x INNER JOIN u ON x.id = u.id",
            vec!["delete"],
        ),
        (
            "mssql",
            "USE crm\nGO\nBEGIN TRAN\nSELECT TOP 5 a FROM t\nUPDATE t SET a = 'b' + a\nCOMMIT TRAN",
            vec!["select", "update"],
        ),
        (
            "mssql",
            "IF OBJECT_ID('dbo.t', 'U') IS NOT NULL DELETE FROM dbo.t",
            vec!["delete"],
        ),
        (
            "mssql",
            "IF EXISTS (SELECT 1 FROM sys.tables WHERE name = 't')\nBEGIN\n  DELETE FROM t;\n  UPDATE u SET a = CASE WHEN b = 1 THEN 2 END;\nEND\nDELETE v",
            vec!["delete", "update", "delete"],
        ),
        (
            "mssql",
            "DROP USER IF EXISTS OSADMIN;\nDROP USER OSRUNTIME\nDROP USER IF EXISTS a, b\nGO\nDROP USER a\nIF OBJECT_ID('t') IS NOT NULL DELETE t",
            vec!["drop user", "drop user", "drop user", "drop user", "delete"],
        ),
        (
            "oracle",
            "DELETE t WHERE a = q'[it's]';\n/\n",
            vec!["delete"],
        ),
        (
            "oracle",
            "UPDATE t SET a = sysdate WHERE b = (SELECT 1 FROM dual)",
            vec!["update"],
        ),
        (
            "mysql",
            "UPDATE `t` SET a = 'it\\'s' -- note\nWHERE b = \"x\" # note\n; USE db;",
            vec!["update"],
        ),
        ("mysql", "INSERT INTO t SET a = 1, b = 2", vec!["insert"]),
        (
            "mysql",
            "DELETE t FROM t JOIN u ON t.id = u.id WHERE u.a = 1",
            vec!["delete"],
        ),
        ("sqlite", "DELETE FROM [t] WHERE `a` == 1", vec!["delete"]),
    ] {
        let text = format!("-- dialect: {dialect}\n{text}");
        let found: Vec<_> = statements(&text).iter().map(kind).collect();
        assert_eq!(found, kinds, "{text}");
    }
}

/// The expression that the only statement, an UPDATE, assigns first.
fn assigned(dialect: &str, text: &str) -> String {
    let statements = statements(&format!("-- dialect: {dialect}\nUPDATE t SET c = {text}"));
    match &statements[0].action {
        Action::Update(update) => show::expr(&update.assignments[0].value),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn expressions_have_one_form() {
    for (dialect, text, expected) in [
        (
            "postgres",
            "a || 'x''y' || E'\\n' || $$d$$ || U&'\\0041'",
            "(Concat (Concat (Concat (Concat a 'x'y') '\n') 'd') 'A')",
        ),
        (
            "postgres",
            "NOT a = 1 AND b <> 2 OR c != 3",
            "(Or (And (Not (Eq a 1)) (Ne b 2)) (Ne c 3))",
        ),
        (
            "postgres",
            "-1.5e3 + b % 2 * 3",
            "(Add (Minus 1.5e3) (Mul (Mod b 2) 3))",
        ),
        (
            "postgres",
            "a::varchar(3)::text[]",
            "a::character varying(3)::text[]",
        ),
        ("postgres", "CAST(a AS int4)", "a::integer"),
        (
            "postgres",
            "DATE '2020-01-01' + INTERVAL '1 day' * 2",
            "(Add '2020-01-01'::date (Mul '1 day'::interval 2))",
        ),
        (
            "postgres",
            "TIMESTAMP WITH TIME ZONE '2020-01-01 00:00Z'",
            "'2020-01-01 00:00Z'::timestamp with time zone",
        ),
        (
            "postgres",
            "timestamptz '2020-01-01'",
            "'2020-01-01'::timestamp with time zone",
        ),
        ("postgres", "extract(year FROM a)", "extract('year', a)"),
        (
            "postgres",
            "SUBSTRING(a FROM 2 FOR 3) || substring(a, 2) || substr(a, 1, 2)",
            "(Concat (Concat substring(a, 2, 3) substring(a, 2)) substr(a, 1, 2))",
        ),
        ("postgres", "substring(a FOR 3)", "substring(a, 1, 3)"),
        ("postgres", "position('@' IN a)", "position('@', a)"),
        (
            "postgres",
            "trim(a) || trim(both 'x' from a) || trim(leading 'x' from a) || trim(trailing from a)",
            "(Concat (Concat (Concat trim(a) trim(a, 'x')) ltrim(a, 'x')) rtrim(a))",
        ),
        (
            "postgres",
            "overlay(a placing 'x' from 2 for 1)",
            "overlay(a, 'x', 2, 1)",
        ),
        ("postgres", "ceil(a) + FLOOR(b)", "(Add ceil(a) floor(b))"),
        ("postgres", "a AT TIME ZONE 'UTC'", "timezone('UTC', a)"),
        (
            "postgres",
            "now() - current_timestamp + CURRENT_DATE",
            "(Add (Sub now() current_timestamp()) current_date())",
        ),
        (
            "postgres",
            "Anon.Mailinator(Lower(a), 'x.org')",
            "anon.mailinator(lower(a), 'x.org')",
        ),
        ("postgres", "pg_catalog.upper(a)", "upper(a)"),
        (
            "postgres",
            "anon.random_in(ARRAY['a','b'])",
            "anon.random_in(['a', 'b'])",
        ),
        (
            "postgres",
            "CASE a WHEN 1 THEN 'x' ELSE NULL END",
            "(case a 1: 'x' else null)",
        ),
        (
            "postgres",
            "CASE WHEN a IS NULL THEN TRUE END",
            "(case (a is null): true)",
        ),
        (
            "postgres",
            "a IN (1, 2) AND b NOT IN (3)",
            "(And (a in [1, 2]) (b not in [3]))",
        ),
        (
            "postgres",
            "a = ANY(ARRAY[1,2]) AND b <> ALL (SELECT c FROM u)",
            "(And (a in [1, 2]) ([b] not in (select c from u)))",
        ),
        (
            "postgres",
            "(a, b) IN (SELECT x, y FROM u)",
            "([a, b] in (select x, y from u))",
        ),
        ("postgres", "(a, b) = (1, 2)", "(And (Eq a 1) (Eq b 2))"),
        (
            "postgres",
            "ROW(a, b) <> ROW(1, 2)",
            "(Not (And (Eq a 1) (Eq b 2)))",
        ),
        (
            "postgres",
            "(a, b) IN ((1, 2), (3, 4))",
            "(Or (And (Eq a 1) (Eq b 2)) (And (Eq a 3) (Eq b 4)))",
        ),
        ("postgres", "a NOT BETWEEN 1 AND 2", "(a not between 1 2)"),
        (
            "postgres",
            "a LIKE 'x!%' ESCAPE '!' OR a NOT ILIKE 'y' OR a !~~ 'z'",
            "(Or (Or (a like 'x!%' escape '!') (a not ilike 'y')) (a not like 'z'))",
        ),
        (
            "postgres",
            "a ~ 'x' OR a ~* 'x' OR a !~ 'x' OR a !~* 'x'",
            "(Or (Or (Or (Match a 'x') (MatchInsensitive a 'x')) (NotMatch a 'x')) (NotMatchInsensitive a 'x'))",
        ),
        (
            "postgres",
            "a -> 'k' ->> 'l' #> '{m}' #>> '{n}'",
            "(JsonPathText (JsonPath (JsonGetText (JsonGet a 'k') 'l') '{m}') '{n}')",
        ),
        (
            "postgres",
            "a IS NOT DISTINCT FROM b AND c IS NOT TRUE AND d IS UNKNOWN",
            "(And (And (a not distinct b) (c is not Some(true))) (d is None))",
        ),
        (
            "postgres",
            "NOT EXISTS (SELECT 1 FROM u WHERE u.id = t.id)",
            "(not exists (select 1 from u where (Eq u.id t.id)))",
        ),
        (
            "postgres",
            "(SELECT max(x) FROM target.s.u LIMIT 1)",
            "(select max(x) from target:s.u limit 1)",
        ),
        (
            "postgres",
            "count(*) FILTER (WHERE a) + count(DISTINCT b)",
            "(Add count(*) filter a count(distinct b))",
        ),
        ("postgres", "value", "value"),
        ("postgres", "\"Mixed\" || Mixed", "(Concat \"Mixed\" mixed)"),
        (
            "mssql",
            "[a] + N'x' + ISNULL(b, '') + CONVERT(varchar(10), c) + LEN(d)",
            "(Add (Add (Add (Add \"a\" 'x') isnull(b, '')) c::character varying(10)) len(d))",
        ),
        ("mssql", "getdate()", "getdate()"),
        (
            "oracle",
            "NVL(a, q'[it's]') || sysdate",
            "(Concat nvl(a, 'it's') sysdate())",
        ),
        ("oracle", "(SELECT 1 FROM dual)", "(select 1)"),
        (
            "mysql",
            "concat('it\\'s', \"x\", `b`)",
            "concat('it's', 'x', \"b\")",
        ),
        (
            "mysql",
            "a <=> b && c REGEXP 'x'",
            "(And (a not distinct b) regexp_like(c, 'x'))",
        ),
        (
            "mysql",
            "date_sub(now(), INTERVAL 1 DAY)",
            "date_sub(now(), '1 day'::interval)",
        ),
    ] {
        assert_eq!(assigned(dialect, text), expected, "{dialect}: {text}");
    }
}

/// Each operator chain and the same with the parentheses that PostgreSQL puts.
#[test]
fn operators_bind_as_in_postgresql() {
    for (text, parenthesised) in [
        ("a LIKE 'x' || b", "a LIKE ('x' || b)"),
        ("a || b LIKE c", "(a || b) LIKE c"),
        ("a = b || c", "a = (b || c)"),
        ("a || b + c", "a || (b + c)"),
        ("a + b || c", "(a + b) || c"),
        ("a * b || c", "(a * b) || c"),
        ("NOT a IS NULL", "NOT (a IS NULL)"),
        ("NOT a LIKE b", "NOT (a LIKE b)"),
        ("a = b IS NULL", "(a = b) IS NULL"),
        ("a = b IS TRUE", "(a = b) IS TRUE"),
        ("a + b IS NULL", "(a + b) IS NULL"),
        ("a BETWEEN 1 AND 2 AND b", "(a BETWEEN 1 AND 2) AND b"),
        (
            "a BETWEEN b + 1 AND c + 2 OR d",
            "(a BETWEEN (b + 1) AND (c + 2)) OR d",
        ),
        ("a -> 'k' = 'v'", "(a -> 'k') = 'v'"),
        ("a ->> 'k' || 'x'", "(a ->> 'k') || 'x'"),
        ("a ->> 'k' ~ 'x'", "(a ->> 'k') ~ 'x'"),
        ("a || b ~ c", "(a || b) ~ c"),
        ("a ~ b = c", "(a ~ b) = c"),
        ("- a::integer", "- (a::integer)"),
        ("- a * b", "(- a) * b"),
        ("a * b ^ c", "a * (b ^ c)"),
        ("a ^ b ^ c", "(a ^ b) ^ c"),
        ("a - b - c", "(a - b) - c"),
        ("a OR b AND c", "a OR (b AND c)"),
        ("a IN (1) = b", "(a IN (1)) = b"),
        ("a = b IN (1)", "a = (b IN (1))"),
        ("a || b IN (1)", "(a || b) IN (1)"),
        ("a < b LIKE c", "a < (b LIKE c)"),
        ("a IS DISTINCT FROM b || c", "a IS DISTINCT FROM (b || c)"),
        ("a IS DISTINCT FROM b AND c", "(a IS DISTINCT FROM b) AND c"),
        ("a = b AND NOT c = d", "(a = b) AND (NOT (c = d))"),
        ("a = 1 OR NOT b AND c", "(a = 1) OR ((NOT b) AND c)"),
        ("a AT TIME ZONE 'x' || 'y'", "(a AT TIME ZONE 'x') || 'y'"),
        ("a + b AT TIME ZONE 'x'", "a + (b AT TIME ZONE 'x')"),
    ] {
        assert_eq!(
            assigned("postgres", text),
            assigned("postgres", parenthesised),
            "{text}"
        );
    }
}

#[test]
fn joined_targets_are_taken_out_of_from() {
    for (dialect, text, table, from, filter) in [
        (
            "mssql",
            "UPDATE t SET a = u.a FROM t JOIN u ON t.id = u.id WHERE u.b = 1",
            "t",
            "u",
            "(And (Eq t.id u.id) (Eq u.b 1))",
        ),
        (
            "mssql",
            "UPDATE x SET a = 1 FROM u, dbo.t AS x WHERE x.id = u.id",
            "dbo.t as x",
            "u",
            "(Eq x.id u.id)",
        ),
        (
            "mssql",
            "DELETE x FROM t AS x CROSS JOIN u",
            "t as x",
            "u",
            "",
        ),
        (
            "mysql",
            "DELETE t FROM t JOIN u ON t.id = u.id JOIN v ON v.id = u.id",
            "t",
            "u, v",
            "(And (Eq t.id u.id) (Eq v.id u.id))",
        ),
        (
            "postgres",
            "UPDATE t SET a = u.a FROM t AS u WHERE t.id = u.parent",
            "t",
            "t as u",
            "(Eq t.id u.parent)",
        ),
        (
            "postgres",
            "DELETE FROM t AS x USING u LEFT JOIN v ON u.a = v.a WHERE x.id = u.id",
            "t as x",
            "u left join v on (Eq u.a v.a)",
            "(Eq x.id u.id)",
        ),
    ] {
        let statements = statements(&format!("-- dialect: {dialect}\n{text}"));
        let (found, list, condition) = match &statements[0].action {
            Action::Update(update) => (&update.table, &update.from, &update.filter),
            Action::Delete(delete) => (&delete.table, &delete.using, &delete.filter),
            other => panic!("{other:?}"),
        };
        let condition = condition.as_ref().map(show::expr).unwrap_or_default();
        assert_eq!(
            (show::table(found), show::from(list), condition),
            (table.to_owned(), from.to_owned(), filter.to_owned()),
            "{text}"
        );
    }
}

#[test]
fn value_means_the_column_in_pattern_assignments_only() {
    let text =
        "UPDATE \"*\" SET \"*\" = anon.mailinator(VALUE), b = value WHERE value = 1 AND \"*x\" = 2";
    match &statements(text)[0].action {
        Action::Update(update) => {
            assert!(update.table.name.is_pattern());
            assert_eq!(
                show::expr(&update.assignments[0].value),
                "anon.mailinator(VALUE)"
            );
            assert_eq!(show::expr(&update.assignments[1].value), "value");
            let filter = update.filter.as_ref().map(show::expr);
            assert_eq!(filter.as_deref(), Some("(And (Eq value 1) (Eq \"*x\" 2))"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn with_queries_are_put_in() {
    let text = "WITH x(k) AS (SELECT id FROM u), y AS (SELECT k FROM x) SELECT * FROM y, s.x AS z";
    match &statements(text)[0].action {
        Action::Select(query) => assert_eq!(
            show::query(query),
            "(select * from (select k from (select id as k from u) as x) as y, s.x as z)"
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_has_been_looked_at_is_said_anywhere() {
    let rulebook = loaded(
        "-- reviewed: 9C1E0B7A44D2 CREATE TABLE t\nDELETE FROM a;\n-- reviewed: 000000000000\n",
    );
    assert_eq!(rulebook.reviewed, ["9c1e0b7a44d2", "000000000000"]);
}

#[test]
fn directives_describe_statements() {
    let rulebook = loaded(
        "-- title: A title: with a colon\n-- source: https://a\n-- source: https://b\n\
         -- detect: NmsDelivery, xtkoption\n-- baseline-except: ossys_user.Password, associate.*\n\
         -- prose: of no meaning\n-- Dialect: mysql\n\n-- by-hand: first\n\
         -- name: one :optional :with-target :mysql :mssql\n-- more prose\nDELETE FROM a;\n\
         -- by-hand: second\n-- name: two words :test\nSELECT 1 FROM a;\n\
         -- :without-target\nDELETE FROM b;\n\
         -- name: dropped :if-set nobody\nDELETE FROM c WHERE d = :'nobody';\n\nDELETE FROM e",
    );
    assert_eq!(rulebook.title.as_deref(), Some("A title: with a colon"));
    assert_eq!(rulebook.sources, ["https://a", "https://b"]);
    assert_eq!(rulebook.detect, ["nmsdelivery", "xtkoption"]);
    assert_eq!(rulebook.dialect, SqlDialect::Mysql);
    assert_eq!(rulebook.by_hand, ["first", "second"]);
    let pattern = |table: &str, column: &str| ColumnPattern {
        table: table.into(),
        column: column.into(),
    };
    assert_eq!(
        rulebook.baseline_except,
        [pattern("ossys_user", "password"), pattern("associate", "*")]
    );
    assert_eq!(rulebook.variables, ["nobody"]);
    let names: Vec<_> = rulebook
        .statements
        .iter()
        .map(|s| s.name.as_str())
        .collect();
    assert_eq!(names, ["one", "two words", "test.sql:17", "test.sql:21"]);
    let [one, two, three, four] = rulebook.statements.as_slice() else {
        panic!("four")
    };
    assert_eq!((one.optional, one.with_target), (true, Some(true)));
    assert_eq!(one.only, [SqlDialect::Mysql, SqlDialect::Mssql]);
    assert_eq!((two.test, two.optional), (true, false));
    assert_eq!(three.with_target, Some(false));
    assert!(!four.optional && four.only.is_empty() && four.with_target.is_none());
}

#[test]
fn if_set_keeps_a_statement_when_its_variable_is_given() {
    let text = "-- name: a :if-set x\nDELETE FROM t WHERE a = :'x';\n\\set y 1\n-- name: b :if-set y\nDELETE FROM t";
    let variables = [("x".to_owned(), "1".to_owned())];
    let request = Load {
        name: "t",
        path: "t.sql",
        text,
        variables: &variables,
        include: &nothing,
    };
    assert_eq!(
        load(&request)
            .map(|rulebook| rulebook.statements.len())
            .ok(),
        Some(2)
    );
    assert_eq!(statements(text).len(), 1);
}

#[test]
fn variables_that_are_names_are_names_in_every_dialect() {
    for dialect in ["postgres", "mysql", "mssql", "oracle", "sqlite"] {
        let text = format!(
            "-- dialect: {dialect}\n\\set t Orders\n\\set c state\n\
             UPDATE s.:\"t\" SET :\"c\" = 'off' WHERE :\"t\".:\"c\" = 'on';"
        );
        let request = Load {
            name: "t",
            path: "t.sql",
            text: &text,
            variables: &[],
            include: &nothing,
        };
        let rulebook = load(&request).unwrap_or_else(|diagnostics| panic!("{diagnostics}"));
        let Action::Update(update) = &rulebook.statements[0].action else {
            panic!("{dialect}: no UPDATE");
        };
        assert_eq!(show::table(&update.table), "s.\"Orders\"", "{dialect}");
        let column = show::ident(&update.assignments[0].column);
        assert_eq!(column, "\"state\"", "{dialect}");
        assert_eq!(
            update.filter.as_ref().map(show::expr).as_deref(),
            Some("(Eq \"Orders\".\"state\" 'on')"),
            "{dialect}"
        );
    }
}

#[test]
fn variables_are_put_in_where_psql_would() {
    let text = "\\set dom 'o''x.org'\n\\set col \"Mixed\"\n\\set tab t\n\
        UPDATE :tab SET :\"tab\" = :'dom' || ':dom' || $$:dom$$ || a::text -- :nobody\n\
        , :col = 1 /* :nobody */ WHERE \":dom\" = :dom2;\n";
    let variables = [("dom2".to_owned(), "2".to_owned())];
    let request = Load {
        name: "t",
        path: "t.sql",
        text,
        variables: &variables,
        include: &nothing,
    };
    let rulebook = load(&request).unwrap_or_else(|diagnostics| panic!("{diagnostics}"));
    match &rulebook.statements[0].action {
        Action::Update(update) => {
            assert_eq!(show::table(&update.table), "t");
            assert_eq!(show::ident(&update.assignments[0].column), "\"t\"");
            assert_eq!(
                show::expr(&update.assignments[0].value),
                "(Concat (Concat (Concat 'o'x.org' ':dom') ':dom') a::text)"
            );
            assert_eq!(show::ident(&update.assignments[1].column), "\"Mixed\"");
            assert_eq!(
                update.filter.as_ref().map(show::expr).as_deref(),
                Some("(Eq \":dom\" 2)")
            );
            // A substituted name's place is the variable's.
            let span = update.table.name.span;
            assert_eq!(&text[span.start as usize..span.end as usize], ":tab");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn spans_are_bytes_of_the_file() {
    let text = "-- é\nUPDATE täble -- ü\n SET col = 'ö' WHERE wo = 'ß'";
    match &statements(text)[0].action {
        Action::Update(update) => {
            let at = |span: Span| &text[span.start as usize..span.end as usize];
            assert_eq!(at(update.table.name.span), "täble");
            assert_eq!(at(update.assignments[0].column.span), "col");
            assert_eq!(at(update.assignments[0].value.span), "'ö'");
            assert_eq!(
                update.filter.as_ref().map(|filter| at(filter.span)),
                Some("wo = 'ß'")
            );
        }
        other => panic!("{other:?}"),
    }
    let statement = &statements(text)[0];
    assert!(text[statement.span.start as usize..].starts_with("UPDATE"));
    assert_eq!(statement.span.end as usize, text.len());
}

#[test]
fn includes_are_read_in_place() {
    let files = |path: &str| match path {
        "rules/b.sql" => Ok("DELETE FROM b;\n\\ir deep/c.sql\n-- by-hand: b".to_owned()),
        "rules/deep/c.sql" => Ok("\\set n 3\nDELETE FROM c".to_owned()),
        "rules/cycle.sql" => Ok("\\ir ./deep/../cycle.sql".to_owned()),
        other => Err(io::Error::new(
            io::ErrorKind::NotFound,
            format!("no {other}"),
        )),
    };
    let load = |text| {
        load(&Load {
            name: "a",
            path: "rules/a.sql",
            text,
            variables: &[],
            include: &files,
        })
    };
    let rulebook = load("DELETE FROM a;\n\\ir b.sql\nDELETE FROM d WHERE n = :n").expect("loads");
    let names: Vec<_> = rulebook
        .statements
        .iter()
        .map(|s| s.name.as_str())
        .collect();
    assert_eq!(names, ["a.sql:1", "b.sql:1", "c.sql:2", "a.sql:3"]);
    let paths: Vec<_> = rulebook
        .files
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    assert_eq!(paths, ["rules/a.sql", "rules/b.sql", "rules/deep/c.sql"]);
    assert_eq!(rulebook.by_hand, ["b"]);
    for (text, message) in [
        ("\\ir cycle.sql", "rules/cycle.sql includes itself"),
        ("\\ir a.sql", "rules/a.sql includes itself"),
        (
            "\\ir none.sql",
            "rules/none.sql cannot be read: no rules/none.sql",
        ),
    ] {
        let faults = load(text).expect_err(text).faults;
        assert_eq!(faults[0].message, message);
    }
}

#[test]
fn the_vendors_scripts_load_as_published() {
    let mssql = loaded(include_str!("outsystems-mssql.sql"));
    let kinds: Vec<_> = mssql.statements.iter().map(kind).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "delete").count(), 18);
    assert_eq!(kinds.iter().filter(|kind| **kind == "update").count(), 2);
    assert_eq!(kinds.last(), Some(&"select"));
    assert_eq!(mssql.statements.iter().filter(|s| s.optional).count(), 2);

    let oracle = loaded(include_str!("outsystems-oracle.sql"));
    let kinds: Vec<_> = oracle.statements.iter().map(kind).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "delete").count(), 17);
    let observer: Vec<_> = oracle.statements.iter().filter(|s| s.optional).collect();
    let [observer] = observer.as_slice() else {
        panic!("one")
    };
    assert!(observer.linguistic);
    match &observer.action {
        Action::Delete(delete) => {
            assert_eq!(
                show::table(&delete.table),
                "osadmin.ossys_platformsvcs_observer"
            );
        }
        other => panic!("{other:?}"),
    }
    let first = &oracle.statements[0];
    assert!(!first.linguistic && first.current_schema.is_none());
}

#[test]
fn a_neutralize_script_loads() {
    let rulebook = loaded(include_str!("neutralize.sql"));
    let kinds: Vec<_> = rulebook.statements.iter().map(kind).collect();
    assert_eq!(
        kinds,
        [
            "update", "insert", "update", "insert", "update", "update", "delete", "update"
        ]
    );
}
