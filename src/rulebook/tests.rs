//! Whole rulebooks: what loads, what is refused and how it is said.

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
