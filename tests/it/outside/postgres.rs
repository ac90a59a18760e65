//! What PostgreSQL's dumps hold outside the rows.

use super::*;

const CALLS: &str = "an unknown function";

#[test]
fn statements() {
    all(
        "postgres",
        &[
            ("CREATE TABLE t (a text DEFAULT 'jane@firma.de');", ADDRESS),
            ("CREATE TABLE t (a text DEFAULT 'x@mailinator.com');", ""),
            ("ALTER TABLE t ADD CHECK (a <> 'jane@firma.de');", ADDRESS),
            (
                "ALTER TABLE t ALTER a SET DEFAULT E'jane\\x40firma.de';",
                ADDRESS,
            ),
            (
                "CREATE VIEW v AS SELECT 1 WHERE 'jane@firma.de' = 'x';",
                ADDRESS,
            ),
            (
                "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$SELECT 'jane@firma.de'$$;",
                ADDRESS,
            ),
            (
                "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$SELECT 'ftp://u:S3CRET@firma'$$;",
                URL,
            ),
            (
                "CREATE INDEX i ON t (a) WHERE a = 'jane@firma.de';",
                ADDRESS,
            ),
            ("CREATE POLICY p ON t USING (a = 'jane@firma.de');", ADDRESS),
            (
                "CREATE PUBLICATION p FOR TABLE t WHERE (a = 'jane@firma.de');",
                ADDRESS,
            ),
            (
                "CREATE RULE r AS ON INSERT TO t WHERE new.a = 'jane@firma.de' DO INSTEAD NOTHING;",
                ADDRESS,
            ),
            (
                "ALTER TABLE ONLY p ATTACH PARTITION q FOR VALUES IN ('jane@firma.de');",
                ADDRESS,
            ),
            (
                "CREATE TRIGGER x AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f('jane@firma.de');",
                ADDRESS,
            ),
            ("CREATE TYPE e AS ENUM ('a', 'jane@firma.de');", ADDRESS),
            (
                "CREATE DOMAIN d AS text CHECK (VALUE <> 'jane@firma.de');",
                ADDRESS,
            ),
            ("COMMENT ON COLUMN t.a IS 'ask jane@firma.de';", ADDRESS),
            ("SECURITY LABEL ON TABLE t IS 'jane@firma.de';", ADDRESS),
            ("CREATE ROLE \"jane@firma.de\";", ADDRESS),
            ("GRANT SELECT ON t TO \"jane@firma.de\";", ADDRESS),
            ("ALTER DATABASE d SET x.y = 'jane@firma.de';", ADDRESS),
            ("SET x.y = 'jane@firma.de';", ADDRESS),
            ("-- Owner: jane@firma.de", ADDRESS),
            ("/* jane@firma.de */", ADDRESS),
            ("ALTER ROLE r PASSWORD 'S3CRET';", PASSWORD),
            ("CREATE USER r WITH ENCRYPTED PASSWORD 'S3CRET';", PASSWORD),
            (
                "CREATE USER MAPPING FOR r SERVER s OPTIONS (user 'r', password 'S3CRET');",
                PASSWORD,
            ),
            (
                "CREATE SUBSCRIPTION s CONNECTION 'host=h password=S3CRET' PUBLICATION p;",
                CONNECTION,
            ),
            (
                "ALTER SUBSCRIPTION s CONNECTION 'host=h password=S3CRET';",
                CONNECTION,
            ),
            (
                "CREATE VIEW v AS SELECT * FROM dblink('host=h password=S3CRET', 'SELECT 1') AS (a int);",
                CONNECTION,
            ),
            (
                "SELECT pg_catalog.lowrite(0, '\\x6a616e65406669726d612e6465');",
                "large objects pass as they are",
            ),
            (
                "SELECT pg_catalog.lo_from_bytea(1, '\\x6a616e65');",
                "large objects pass as they are",
            ),
            (
                "SELECT pg_catalog.lo_put(1, 0, '\\x6a616e65');",
                "large objects pass as they are",
            ),
            ("CREATE STATISTICS s (dependencies) ON a, b FROM t;", ""),
            (
                "ALTER DATABASE d SET \"app.jwt_secret\" TO 'S3CRET';",
                PASSWORD,
            ),
            (
                "ALTER ROLE r IN DATABASE d SET app.smtp_password TO 'S3CRET';",
                PASSWORD,
            ),
            ("ALTER ROLE r SET password_encryption TO 'md5';", ""),
            ("SET app.token = 'S3CRET';", PASSWORD),
            (
                "SELECT pg_catalog.set_config('app.api_key', 'S3CRET', false);",
                PASSWORD,
            ),
            ("\\set password S3CRET", PASSWORD),
            ("\\connect \"dbname=d password=S3CRET\"", CONNECTION),
            (
                "CREATE USER MAPPING FOR r SERVER s OPTIONS (user 'r', vault_token 'S3CRET');",
                PASSWORD,
            ),
            (
                "CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (api_key 'S3CRET');",
                PASSWORD,
            ),
            (
                "CREATE FOREIGN TABLE t (a int) SERVER s OPTIONS (password 'S3CRET');",
                PASSWORD,
            ),
            (
                "ALTER FOREIGN DATA WRAPPER w OPTIONS (ADD secret 'S3CRET');",
                PASSWORD,
            ),
            (
                "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ALTER ROLE r PASSWORD 'S3CRET'$$;",
                PASSWORD,
            ),
            ("SELECT count(*), pg_catalog.now() FROM t;", ""),
            ("SELECT public.load_data();", CALLS),
            ("SELECT a FROM t WHERE f(a) IN (1);", CALLS),
            ("VALUES (public.load_data());", CALLS),
            ("\\set q 'INSERT INTO t VALUES (1)'\n:q;", "a psql variable"),
            ("\\! true", "\\!"),
            ("SELECT 1 \\g |sh", "a command of the shell"),
            ("\\o |sh", "a command of the shell"),
            ("\\set x `true`", "a command of the shell"),
        ],
    );
}

/// What may bring rows that nobody sees stops a run as soon as there are rules.
#[test]
fn what_may_bring_rows() {
    for statement in [
        "SELECT public.load_data();",
        "WITH q AS (SELECT f()) SELECT * FROM q;",
        "DECLARE c CURSOR FOR SELECT f();",
        "EXPLAIN ANALYZE SELECT f();",
        "\\set q 'INSERT INTO t VALUES (1)'\n:q;",
        "\\! psql -c 'INSERT INTO t VALUES (1)'",
        "SELECT 'INSERT INTO t VALUES (1)' \\g |psql",
    ] {
        let dump = format!("CREATE TABLE t (a int);\n{statement}\n");
        let (run, _) = scrub("postgres", "UPDATE t SET a = 2", &[], &dump);
        assert_eq!(run.code, Some(3), "{statement}: {}", run.err);
        assert!(run.err.contains("may change rows"), "{}", run.err);
    }
}
