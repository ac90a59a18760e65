use super::*;
use crate::dialect::Bracket;
use crate::dialect::postgres::session::Session;

fn effects(statement: &str) -> Vec<Effect> {
    let session = Session::default();
    classify(
        statement.as_bytes(),
        &session.context(),
        &Catalog::default(),
    )
}

#[test]
fn statements_by_their_effect() {
    let opaque = |name: &str, what| Effect::Opaque(RelationName::new(Some("public"), name), what);
    for (effect, statements) in [
        (
            Effect::Setting,
            &[
                "SET x = 1;",
                "/* c */ set y to z",
                "SELECT pg_catalog.set_config('search_path', '', false);",
                "SELECT 1;",
                "LOCK TABLE t;",
                "COPY t TO stdout;",
                "COPY (SELECT setval('s', 1)) TO stdout;",
                "COPY (COPY (DELETE FROM t) TO stdout) TO stdout",
                "(SELECT 1) UNION (SELECT 2);",
                "((((",
                "WITH x AS (SELECT 1 FOR UPDATE) SELECT 1",
                "SAVEPOINT a",
                "PREPARE p AS SELECT 1",
                "PREPARE p (int) AS SELECT setval('s', $1)",
                "EXPLAIN INSERT INTO t VALUES (1)",
                "EXPLAIN VERBOSE DELETE FROM t",
                "EXPLAIN (COSTS, ANALYZE off) DELETE FROM t",
                "EXPLAIN (ANALYZE 'false', VERBOSE) DELETE FROM t",
                "EXPLAIN ANALYZE SELECT 1",
                "ROLLBACK TO SAVEPOINT a",
            ][..],
        ),
        (
            Effect::Definition,
            &[
                "CREATE TABLE t (a int);",
                "CREATE UNLOGGED TABLE t ();",
                "ALTER TABLE ONLY public.t OWNER TO x;",
                "ALTER TABLE t ALTER COLUMN a SET DEFAULT 1;",
                "ALTER TABLE ONLY p ATTACH PARTITION c FOR VALUES IN (1);",
                "ALTER TABLE t ADD COLUMN b int;",
                "ALTER TABLE t DISABLE TRIGGER a, ENABLE TRIGGER b;",
                "ALTER TABLE t DISABLE TRIGGER a, DROP COLUMN b;",
                "COMMENT ON TABLE t IS 'x';",
                "GRANT SELECT ON t TO u;",
                "CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN; END $$;",
                "DROP TABLE t;",
                "CREATE MATERIALIZED VIEW v AS SELECT 1 WITH NO DATA;",
                "CREATE TABLE t AS SELECT 1 WITH NO DATA",
                "CREATE TABLE t (a int GENERATED ALWAYS AS (1) STORED)",
                "CREATE ROLE x;",
                "\"select\" 1",
            ],
        ),
        (
            Effect::AfterData,
            &[
                "CREATE INDEX i ON t (a);",
                "CREATE UNIQUE INDEX i ON t (a);",
                "ALTER TABLE ONLY t ADD CONSTRAINT c PRIMARY KEY (a);",
                "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u;",
                "CREATE TRIGGER x AFTER INSERT ON t EXECUTE FUNCTION f();",
                "CREATE CONSTRAINT TRIGGER x",
                "CREATE RULE r AS ON INSERT TO t DO NOTHING;",
                "CREATE POLICY p ON t;",
                "REFRESH MATERIALIZED VIEW v;",
                "ALTER INDEX i ATTACH PARTITION j;",
                "ALTER TABLE t ENABLE ROW LEVEL SECURITY;",
                "CREATE PUBLICATION p;",
                "CREATE STATISTICS s ON a, b FROM t;",
                "ALTER TABLE t CLUSTER ON i;",
                "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (connect = false)",
                "CREATE EVENT TRIGGER e ON x",
            ],
        ),
        (
            Effect::SequenceValue,
            &[
                "SELECT pg_catalog.setval('public.s', 3, true);",
                "select setval('s', 1)",
            ],
        ),
        (
            Effect::OtherData,
            &[
                "SELECT pg_catalog.lo_open('1', 131072);",
                "SELECT pg_catalog.lowrite(0, '\\x00');",
                "SELECT lo_from_bytea(1, '')",
            ],
        ),
        (
            Effect::Envelope(RelationName::new(Some("public"), "t"), Bracket::Open),
            &[
                "ALTER TABLE t DISABLE TRIGGER ALL;",
                "ALTER TABLE IF EXISTS ONLY public.t * DISABLE TRIGGER a, DISABLE RULE \"b\"",
            ],
        ),
        (
            Effect::Envelope(RelationName::new(Some("s"), "T"), Bracket::Close),
            &[
                "ALTER TABLE s.\"T\" ENABLE TRIGGER USER;",
                "alter table s.\"T\" enable always trigger x",
            ],
        ),
        (Effect::Begin, &["BEGIN;", "START TRANSACTION;"]),
        (Effect::Commit, &["COMMIT;", "END;", "ROLLBACK;"]),
        (
            Effect::NoTransaction,
            &[
                "CREATE DATABASE x;",
                "DROP DATABASE x;",
                "CREATE TABLESPACE x LOCATION '';",
                "ALTER SYSTEM SET a = 1;",
                "VACUUM;",
                "CREATE INDEX CONCURRENTLY i ON t (a);",
                "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p;",
                "CLUSTER;",
                "REINDEX TABLE CONCURRENTLY t",
            ],
        ),
        (
            opaque("t", "UPDATE"),
            &["UPDATE ONLY t SET a = 1;", "update public.t set a = 1"],
        ),
        (opaque("t", "DELETE"), &["DELETE FROM t;"]),
        (opaque("t", "MERGE"), &["MERGE INTO t USING u ON true"]),
        (
            opaque("t", "INSERT … SELECT"),
            &[
                "INSERT INTO t SELECT * FROM u;",
                "INSERT INTO t (a) SELECT 1",
            ],
        ),
        (
            opaque("t", "INSERT … DEFAULT VALUES"),
            &["INSERT INTO t DEFAULT VALUES;"],
        ),
        (
            opaque("t", "COPY in binary"),
            &[
                "COPY t FROM stdin (FORMAT binary)",
                "COPY BINARY t FROM stdin",
            ],
        ),
        (opaque("t", "COPY from a file"), &["COPY t FROM '/tmp/x'"]),
        (
            opaque("t", "CREATE TABLE … AS"),
            &[
                "CREATE TABLE t AS SELECT 1",
                "CREATE TEMP TABLE IF NOT EXISTS t (a) AS VALUES (1)",
            ],
        ),
        (
            opaque("t", "SELECT … INTO"),
            &[
                "SELECT a, (b) INTO TABLE t FROM u",
                "((SELECT a INTO t FROM u));",
            ],
        ),
        (
            opaque("t", "WITH … UPDATE"),
            &[
                "WITH x AS (UPDATE t SET a = 1 RETURNING a) SELECT 1",
                "(WITH x AS (UPDATE t SET a = 1 RETURNING a) SELECT 1);",
            ],
        ),
        (
            opaque("t", "PREPARE"),
            &[
                "PREPARE p AS INSERT INTO t VALUES (1)",
                "PREPARE p (int, numeric(3, 1)) AS INSERT INTO t SELECT $1, $2",
                "PREPARE p AS UPDATE ONLY t SET a = 1",
                "PREPARE \"as\" AS DELETE FROM t",
                "PREPARE p AS MERGE INTO t USING u ON true",
                "PREPARE p AS WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x",
            ],
        ),
        (
            opaque("t", "COPY (…) TO"),
            &[
                "COPY (DELETE FROM t RETURNING *) TO stdout",
                "COPY (WITH x AS (SELECT 1) UPDATE t SET a = 1 RETURNING a) TO PROGRAM 'x' (FORMAT csv);",
                "copy ( (insert into t select 1 returning a)) to '/x'",
            ],
        ),
        (
            opaque("t", "EXPLAIN ANALYZE"),
            &[
                "EXPLAIN ANALYZE INSERT INTO t VALUES (1)",
                "EXPLAIN ANALYZE VERBOSE UPDATE t SET a = 1",
                "explain (analyze) delete from t",
                "EXPLAIN (COSTS off, ANALYSE) DELETE FROM t",
                "EXPLAIN (ANALYZE on, COSTS off) MERGE INTO t USING u ON true",
                "EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1",
            ],
        ),
        (
            Effect::Unfollowed("EXECUTE"),
            &["EXECUTE p(1);", "EXPLAIN ANALYZE EXECUTE p(1)"],
        ),
        (Effect::Unfollowed("PREPARE"), &["PREPARE p"]),
        (Effect::Unfollowed("DO"), &["DO $$ BEGIN END $$;"]),
        (Effect::Unfollowed("CALL"), &["CALL p();"]),
        (
            Effect::Unfollowed("\\gexec"),
            &["SELECT 'DELETE FROM t' \\gexec\n"],
        ),
        (
            Effect::Statistics(RelationName::new(Some("public"), "t")),
            &[
                "SELECT * FROM pg_catalog.pg_restore_attribute_stats('version', '180000'::integer, 'schemaname', 'public', 'relname', 't', 'attname', 'a');",
                "SELECT pg_catalog.pg_restore_relation_stats('relation', 'public.t'::regclass)",
            ],
        ),
    ] {
        for statement in statements {
            assert_eq!(
                effects(statement),
                std::slice::from_ref(&effect),
                "{statement}"
            );
        }
    }
}

#[test]
fn one_statement_may_change_several_relations() {
    let names = |statement: &str| -> Vec<String> {
        let effects = effects(statement).into_iter();
        effects
            .filter_map(|effect| match effect {
                Effect::Opaque(name, _) => Some(name.to_string()),
                _ => None,
            })
            .collect()
    };
    assert_eq!(
        names("TRUNCATE TABLE ONLY a, s.b * , c CASCADE;"),
        ["public.a", "s.b", "public.c"]
    );
    assert_eq!(
        names("WITH x AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM x;"),
        ["public.a", "public.b"]
    );
    assert_eq!(
        names("UPDATE a SET b = 1 \\; DELETE FROM c;"),
        ["public.a", "public.c"]
    );
}

#[test]
fn statements_nest_without_end() {
    for word in ["EXPLAIN ANALYZE ", "PREPARE p AS ", "COPY (", "("] {
        let nested = word.repeat(100_000);
        assert_eq!(effects(&nested).len(), 1, "{word}");
    }
}

#[test]
fn passwords_in_definitions() {
    let password = Effect::Password;
    for (statement, expected) in [
        (
            "ALTER ROLE x WITH LOGIN PASSWORD 'SCRAM-SHA-256$4096:a';",
            vec![password("ALTER ROLE")],
        ),
        (
            "create user x encrypted password E'y';",
            vec![password("CREATE USER")],
        ),
        (
            "CREATE USER mapping PASSWORD 'y';",
            vec![password("CREATE USER")],
        ),
        (
            "CREATE USER MAPPING FOR a SERVER s OPTIONS (\n    password 'x',\n    \"user\" 'y'\n);",
            vec![password("CREATE USER MAPPING")],
        ),
        (
            "ALTER USER MAPPING FOR a SERVER s OPTIONS (SET \"password\" 'x');",
            vec![password("ALTER USER MAPPING")],
        ),
        (
            "CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (host 'h', sslpassword 'x');",
            vec![password("CREATE SERVER")],
        ),
        (
            "CREATE SUBSCRIPTION s CONNECTION 'password=x' PUBLICATION p WITH (connect = false);",
            vec![Effect::AfterData, password("CREATE SUBSCRIPTION")],
        ),
        (
            "CREATE SUBSCRIPTION s CONNECTION 'password=x' PUBLICATION p;",
            vec![Effect::NoTransaction, password("CREATE SUBSCRIPTION")],
        ),
        (
            "ALTER SUBSCRIPTION s CONNECTION 'postgres://u:p@h/d';",
            vec![Effect::AfterData, password("ALTER SUBSCRIPTION")],
        ),
        (
            "CREATE SUBSCRIPTION s CONNECTION 'dbname=password' PUBLICATION p;",
            vec![Effect::NoTransaction],
        ),
        ("ALTER ROLE x PASSWORD NULL;", vec![Effect::Definition]),
        ("CREATE ROLE password LOGIN;", vec![Effect::Definition]),
        (
            "ALTER ROLE x SET a.password TO 'y';",
            vec![password("ALTER ROLE")],
        ),
        (
            "ALTER ROLE x SET password_encryption TO 'md5';",
            vec![Effect::Definition],
        ),
        (
            "ALTER ROLE x IN DATABASE d SET \"app.smtp_password\" TO 'y';",
            vec![password("ALTER ROLE")],
        ),
        (
            "ALTER DATABASE d SET \"app.settings.jwt_secret\" TO 'y';",
            vec![password("ALTER DATABASE")],
        ),
        ("SET app.password = 'y';", vec![password("SET")]),
        (
            "SELECT pg_catalog.set_config('app.token', 'y', false);",
            vec![password("SELECT set_config")],
        ),
        (
            "SELECT pg_catalog.set_config('search_path', '', false);",
            vec![Effect::Setting],
        ),
        (
            "CREATE USER MAPPING FOR a SERVER s OPTIONS (private_key 'k');",
            vec![password("CREATE USER MAPPING")],
        ),
        (
            "CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (api_key 'k');",
            vec![password("CREATE SERVER")],
        ),
        (
            "CREATE FOREIGN DATA WRAPPER w OPTIONS (token 'k');",
            vec![password("CREATE FOREIGN DATA WRAPPER")],
        ),
        (
            "ALTER USER MAPPING FOR a SERVER s OPTIONS (DROP password);",
            vec![Effect::Definition],
        ),
        (
            "CREATE USER MAPPING FOR a SERVER s OPTIONS (password_required 'false', \"user\" 'password');",
            vec![Effect::Definition],
        ),
        (
            "CREATE TABLE t (a text DEFAULT 'password', password text);",
            vec![Effect::Definition],
        ),
        ("COMMENT ON ROLE x IS 'password';", vec![Effect::Definition]),
    ] {
        assert_eq!(effects(statement), expected, "{statement}");
    }
}

#[test]
fn what_a_query_brings_along() {
    let unknown = || Effect::Anything("an unknown function");
    for (statement, expected) in [
        (
            "SELECT public.load_data();",
            vec![Effect::Setting, unknown()],
        ),
        (
            "SELECT a FROM t WHERE f(a);",
            vec![Effect::Setting, unknown()],
        ),
        ("VALUES (f());", vec![Effect::Setting, unknown()]),
        (
            "DECLARE c CURSOR FOR SELECT f();",
            vec![Effect::Setting, unknown()],
        ),
        (
            "SELECT :q;",
            vec![Effect::Setting, Effect::Anything("a psql variable")],
        ),
        (
            "SELECT 1 \\g |sh",
            vec![
                Effect::Setting,
                Effect::Anything("a command of the shell"),
                Effect::Setting,
            ],
        ),
    ] {
        assert_eq!(effects(statement), expected, "{statement}");
    }
}
