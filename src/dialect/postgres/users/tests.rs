use super::*;

fn run(statement: &str) -> Without {
    without(statement.as_bytes(), Lexing::default(), &|user| {
        user == "u" || user == "Old One"
    })
}

#[test]
fn what_concerns_nobody_else_is_left_out() {
    for statement in [
        "CREATE ROLE u;",
        "create user \"Old One\" WITH LOGIN PASSWORD 'x' IN ROLE a;",
        "CREATE GROUP u;",
        "ALTER ROLE u WITH LOGIN PASSWORD 'x';",
        "ALTER USER u IN DATABASE d SET search_path TO a;",
        "GRANT SELECT ON TABLE public.t TO u;",
        "GRANT SELECT(a), UPDATE(b) ON t TO GROUP u, \"Old One\" WITH GRANT OPTION;",
        "GRANT EXECUTE ON FUNCTION f(a integer) TO U;",
        "GRANT a TO u WITH ADMIN OPTION GRANTED BY postgres;",
        "GRANT u TO a;",
        "REVOKE ALL ON SCHEMA s FROM u CASCADE;",
        "REVOKE GRANT OPTION FOR SELECT ON t FROM u;",
        "REVOKE ADMIN OPTION FOR a FROM u;",
        "ALTER DEFAULT PRIVILEGES FOR ROLE u IN SCHEMA s GRANT SELECT ON TABLES TO a;",
        "ALTER DEFAULT PRIVILEGES FOR ROLE a REVOKE ALL ON TYPES FROM u;",
        "ALTER GROUP a ADD USER u;",
        "COMMENT ON ROLE u IS 'x';",
        "SECURITY LABEL FOR p ON ROLE u IS 'x';",
        "SECURITY LABEL ON ROLE u IS 'x';",
        "CREATE USER MAPPING FOR u SERVER s OPTIONS (password 'x');",
        "CREATE USER MAPPING IF NOT EXISTS FOR u SERVER s;",
        "ALTER USER MAPPING FOR u SERVER s OPTIONS (SET a 'b');",
        "CREATE POLICY p ON t FOR SELECT TO u USING (true);",
        "DROP OWNED BY u;",
    ] {
        assert_eq!(run(statement), Without::Nothing, "{statement}");
    }
}

#[test]
fn what_concerns_others_keeps_them() {
    for (statement, rest) in [
        (
            "GRANT SELECT ON t TO a, u, b;",
            "GRANT SELECT ON t TO a, b;",
        ),
        (
            "GRANT u,\"A\" , \"Old One\" TO a,GROUP b,\n  u WITH ADMIN OPTION;",
            "GRANT \"A\" TO a, GROUP b WITH ADMIN OPTION;",
        ),
        (
            "REVOKE a FROM u, b GRANTED BY c;",
            "REVOKE a FROM b GRANTED BY c;",
        ),
        (
            "ALTER DEFAULT PRIVILEGES FOR USER a, u GRANT SELECT ON TABLES TO u, PUBLIC;",
            "ALTER DEFAULT PRIVILEGES FOR USER a GRANT SELECT ON TABLES TO PUBLIC;",
        ),
        (
            "CREATE ROLE a IN ROLE u ROLE u, b ADMIN u LOGIN;",
            "CREATE ROLE a  ROLE b  LOGIN;",
        ),
        (
            "ALTER GROUP a DROP USER b, u;",
            "ALTER GROUP a DROP USER b;",
        ),
        (
            "CREATE POLICY p ON t TO a, u USING (b IN (SELECT 1));",
            "CREATE POLICY p ON t TO a USING (b IN (SELECT 1));",
        ),
        ("ALTER POLICY p ON t TO a, u;", "ALTER POLICY p ON t TO a;"),
        ("DROP OWNED BY a, u CASCADE;", "DROP OWNED BY a CASCADE;"),
    ] {
        let rest = Without::Rest(rest.as_bytes().to_vec());
        assert_eq!(run(statement), rest, "{statement}");
    }
}

#[test]
fn what_cannot_do_without_them_is_refused() {
    for statement in [
        "ALTER TABLE public.t OWNER TO u;",
        "ALTER FUNCTION f(a text) OWNER TO \"Old One\";",
        "ALTER TABLE t SET SCHEMA s, OWNER TO u",
        "CREATE SCHEMA AUTHORIZATION u;",
        "CREATE SCHEMA s AUTHORIZATION u;",
        "CREATE SCHEMA s CREATE TABLE t (a int) GRANT SELECT ON t TO u;",
        "CREATE DATABASE d WITH OWNER = u;",
        "CREATE TABLESPACE s OWNER u LOCATION '/x';",
        "SET SESSION AUTHORIZATION 'u';",
        "SET SESSION AUTHORIZATION u;",
        "SET SESSION SESSION AUTHORIZATION u;",
        "SET LOCAL SESSION AUTHORIZATION u;",
        "SET ROLE u;",
        "SET SESSION ROLE 'Old One';",
        "SET role TO u;",
        "SET session_authorization = u;",
        "SELECT pg_catalog.set_config('role', 'u', false);",
        "GRANT SELECT ON t TO a GRANTED BY u;",
        "GRANT a TO b WITH INHERIT TRUE GRANTED BY u;",
        "ALTER ROLE u RENAME TO a;",
        "ALTER ROLE a RENAME TO u;",
        "ALTER POLICY p ON t TO u;",
        "REASSIGN OWNED BY u TO a;",
        "REASSIGN OWNED BY a TO u;",
        "SELECT 1 \\; GRANT a TO u;",
        "GRANT SELECT ON t TO :user;",
        "CREATE ROLE :user;",
        "\\connect - u\n",
        "\\c d \"Old One\" host",
    ] {
        let found = run(statement);
        assert!(
            matches!(found, Without::Refused(_)),
            "{statement} {found:?}"
        );
    }
}

#[test]
fn other_statements_stay() {
    for statement in [
        "CREATE ROLE a;",
        "CREATE TABLE u (u int);",
        "CREATE USER mapping;",
        "ALTER ROLE ALL SET a = u;",
        "ALTER ROLE a SET role TO u;",
        "ALTER TABLE u OWNER TO a;",
        "ALTER TABLE t RENAME TO u;",
        "ALTER POLICY u ON t RENAME TO u;",
        "ALTER POLICY u ON u USING (true);",
        "GRANT SELECT ON u TO \"U\", PUBLIC, CURRENT_USER;",
        "REVOKE ALL ON SCHEMA u FROM PUBLIC;",
        "COMMENT ON TABLE u IS 'u';",
        "SET search_path = u;",
        "SET x TO u;",
        "SET SESSION AUTHORIZATION DEFAULT;",
        "RESET ROLE;",
        "SELECT set_config('search_path', 'u', false);",
        "DROP ROLE IF EXISTS u;",
        "DROP USER MAPPING IF EXISTS FOR u SERVER s;",
        "SELECT 'u';",
        "\\connect u\n",
        "\\echo d u\n",
        "",
    ] {
        assert_eq!(run(statement), Without::Same, "{statement}");
    }
}
