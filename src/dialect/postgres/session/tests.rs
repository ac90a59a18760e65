use super::*;

fn after(statements: &str) -> Session {
    let mut session = Session::default();
    for statement in statements.split_inclusive(';') {
        session.apply(tokens(statement.as_bytes(), session.lexing()));
    }
    session
}

/// The statements that lead from one session to another.
fn way(from: &str, to: &str) -> std::result::Result<String, String> {
    let mut out = Vec::new();
    switch(after(from).state(), after(to).state(), &mut out).map_err(|e| e.to_string())?;
    Ok(String::from_utf8(out).unwrap())
}

#[test]
fn settings_that_change_how_bytes_are_read() {
    for (statement, charset) in [
        ("SET client_encoding = 'LATIN1';", "LATIN1"),
        ("set session client_encoding to sjis;", "SJIS"),
        ("SET NAMES 'WIN1252';", "WIN1252"),
        (
            "SELECT pg_catalog.set_config('client_encoding', 'GBK', false);",
            "GBK",
        ),
        ("SET NAMES 'WIN1252'; SET NAMES;", "UTF8"),
        (
            "SET NAMES 'WIN1252'; SET client_encoding TO DEFAULT;",
            "UTF8",
        ),
        ("SET lock_timeout = 0;", "UTF8"),
    ] {
        assert_eq!(after(statement).charset.name(), charset, "{statement}");
    }
    for (statement, on) in [
        ("SET standard_conforming_strings = off;", false),
        (
            "BEGIN; SET LOCAL standard_conforming_strings TO 'OFF';",
            false,
        ),
        // Outside of a transaction the server only warns.
        ("SET LOCAL standard_conforming_strings TO 'OFF';", true),
        ("SET standard_conforming_strings = 1;", true),
    ] {
        assert_eq!(
            after(statement).standard_conforming_strings,
            on,
            "{statement}"
        );
    }
    for (statement, path) in [
        (
            "SELECT pg_catalog.set_config('search_path', '', false);",
            &[][..],
        ),
        (
            "select set_config('search_path', 'a, \"B c\", pg_catalog', 'f');",
            &["a", "B c"],
        ),
        ("SELECT set_config('search_path', 'a', true);", &["public"]),
        ("SET a = b\\; SET search_path TO a;", &["a"]),
        ("SELECT set_config('search_path', f(), false);", &[]),
        (
            "SET search_path = x, \"$user\", 'y, z', pg_catalog;",
            &["x", "y, z"],
        ),
        ("SET SCHEMA 's';", &["s"]),
        ("SET search_path = s; RESET ALL;", &["public"]),
    ] {
        assert_eq!(after(statement).search_path, path, "{statement}");
    }
    let session = after("SET client_encoding = 'LATIN1'; DISCARD ALL;");
    assert_eq!(session.charset, Charset::utf8());
    assert_eq!(session.state(), &SessionState::default());
}

#[test]
fn transactions_take_settings_back() {
    for (statements, path) in [
        ("BEGIN; SET search_path = a; COMMIT;", "a"),
        ("BEGIN; SET search_path = a; ROLLBACK;", "public"),
        ("START TRANSACTION; SET LOCAL search_path = a;", "a"),
        ("BEGIN; SET LOCAL search_path = a; COMMIT;", "public"),
        (
            "BEGIN; SET search_path = b; SET LOCAL search_path = a; END WORK;",
            "b",
        ),
        (
            "BEGIN; SET LOCAL search_path = a; SET search_path = b; COMMIT;",
            "b",
        ),
        (
            "BEGIN; SET search_path = a; SAVEPOINT s; SET search_path = b; ROLLBACK TO s; COMMIT;",
            "a",
        ),
        (
            "BEGIN; SAVEPOINT s; SET search_path = a; RELEASE SAVEPOINT s; SET search_path = b; ROLLBACK WORK TO SAVEPOINT s;",
            "b",
        ),
        ("BEGIN; COMMIT AND CHAIN; SET LOCAL search_path = a;", "a"),
        (
            "BEGIN; COMMIT AND NO CHAIN; SET LOCAL search_path = a;",
            "public",
        ),
        (
            "BEGIN; SET search_path = a; COMMIT PREPARED 'x'; ROLLBACK;",
            "public",
        ),
        (
            "SET search_path = a; ROLLBACK; SAVEPOINT s; RELEASE s;",
            "a",
        ),
        (
            "BEGIN; SELECT set_config('search_path', 'a', true); COMMIT;",
            "public",
        ),
        (
            "BEGIN; SET search_path = a; PREPARE TRANSACTION 'x'; ABORT;",
            "a",
        ),
    ] {
        assert_eq!(after(statements).search_path, [path], "{statements}");
    }
}

#[test]
fn the_way_from_one_state_to_another() {
    for (from, to, expected) in [
        ("", "", ""),
        (
            "SET search_path = a, b",
            "set session search_path to 'a' , B ;",
            "",
        ),
        ("SET a.b = x;", "SET A.\"b\" TO 'x';", ""),
        (
            "",
            "SET datestyle = iso, 'MDY';",
            "SET datestyle = 'iso', 'MDY';\n",
        ),
        ("SET work_mem = '1MB';", "", "RESET work_mem;\n"),
        ("SET x = 1;", "SET x = -2.5;", "SET x = '-2.5';\n"),
        ("SET x = 1;", "SET x = 1; RESET x;", "RESET x;\n"),
        ("", "SET TIME ZONE 'it''s';", "SET timezone = 'it''s';\n"),
        (
            "SET TIME ZONE 'x';",
            "SET TIME ZONE LOCAL;",
            "RESET timezone;\n",
        ),
        (
            "",
            "SET XML OPTION DOCUMENT;",
            "SET xmloption = 'document';\n",
        ),
        ("", "SET \"a b\".\"C\" = 1;", "SET \"a b\".c = '1';\n"),
        (
            "",
            "SELECT pg_catalog.set_config('search_path', '', false);",
            "SELECT pg_catalog.set_config('search_path', '', false);\n",
        ),
        (
            "",
            "SELECT set_config('a.b', 'x', false) AS q, set_config('a.c', 'y', 'off');",
            "SELECT pg_catalog.set_config('a.b', 'x', false);\nSELECT pg_catalog.set_config('a.c', 'y', false);\n",
        ),
        // Plain ASCII, whatever the encoding and the string rules are.
        (
            "SET client_encoding = 'SJIS';",
            "SET standard_conforming_strings = off; SET search_path = 'é\\\\';",
            "RESET client_encoding;\nSET search_path = E'\\U000000E9\\\\';\nSET standard_conforming_strings = 'off';\n",
        ),
        // Another user may not be allowed to set the rest.
        (
            "SET ROLE a;",
            "SET SESSION AUTHORIZATION b; SET ROLE \"C\"; SET session_replication_role = replica;",
            "RESET role;\nSET session_replication_role = 'replica';\nSET session_authorization = 'b';\nSET role = 'C';\n",
        ),
        (
            "SET ROLE a; SET x = 1;",
            "SET ROLE a; SET x = 2;",
            "RESET role;\nSET x = '2';\nSET role = 'a';\n",
        ),
        (
            "SET ROLE a;",
            "SET ROLE a; SET SESSION AUTHORIZATION DEFAULT;",
            "RESET role;\n",
        ),
        ("SET ROLE a; RESET ALL;", "SET LOCAL ROLE b; SET ROLE a", ""),
        (
            "",
            "SET TRANSACTION READ ONLY; SET CONSTRAINTS ALL DEFERRED;",
            "",
        ),
        (
            "",
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY;",
            "",
        ),
    ] {
        assert_eq!(way(from, to).unwrap(), expected, "{from} → {to}");
    }
}

#[test]
fn what_cannot_be_brought_back_is_refused() {
    for to in [
        "BEGIN; SET LOCAL x = 1;",
        "SET x = 1 2;",
        "SET x = :'v';",
        "SET TIME ZONE INTERVAL '-08:00' HOUR TO MINUTE;",
        "SELECT set_config('x', f(), false);",
        "SELECT set_config('x', 'y', false) FROM t;",
        "SELECT 1, set_config('x', 'y', false);",
        "SELECT set_config(a, b, false) FROM t;",
        "SET \"é\".x = 1;",
    ] {
        let fault = way("", to).unwrap_err();
        assert!(fault.contains("cannot be brought back"), "{to}: {fault}");
        assert!(!fault.contains("08"), "{fault}");
    }
    // The same place of the input is the same state, a second such statement another.
    let twice = "SET x = :'v'; SET x = :'v';";
    assert_eq!(way(twice, twice).unwrap(), "");
    assert!(way("SET x = :'v';", twice).is_err());
    let mut latin = after("SET client_encoding = 'LATIN1';");
    latin.apply(tokens(b"SET x = '\xe9'", latin.lexing()));
    let mut out = Vec::new();
    switch(&SessionState::default(), latin.state(), &mut out).unwrap();
    assert!(out.ends_with(b"SET x = E'\\U000000E9';\n"));
    let mut broken = after("");
    broken.apply(tokens(b"SET x = '\xe9'", broken.lexing()));
    assert!(switch(&SessionState::default(), broken.state(), &mut out).is_err());
}
