//! The table of contents: what it says about people, and what becomes of it.

use super::{archive, made, restored};
use crate::runner;
use crate::server::postgres;

#[test]
fn text_of_the_table_of_contents_is_told_as_in_a_script() {
    let Some(server) = postgres() else { return };
    let made = made(server);
    made.psql("COMMENT ON TABLE aside IS 'ask jane.doe@corp.example';");
    let piped = archive(&made, &["-B"]);
    let run = runner::filter("", &piped);
    assert!(
        run.err.contains("COMMENT ON TABLE holds an address"),
        "{}",
        run.err
    );
    assert!(run.err.contains("entry "), "{}", run.err);
    assert!(!run.err.contains("line "), "{}", run.err);
    assert!(run.ok() == piped);
    let rules = "DELETE FROM aside;";
    let run = runner::filter_with(&["--strict"], rules, &piped);
    assert!(matches!(run.code, Some(1 | 3)), "{}", run.err);
    assert!(run.err.contains("--strict"), "{}", run.err);
    let run = runner::run(&["verify"], &piped);
    assert!(run.text().contains("COMMENT ON TABLE"), "{}", run.text());
}

#[test]
fn a_user_that_a_rule_drops_is_left_out() {
    let Some(server) = postgres() else { return };
    let made = server.database();
    made.psql("DO $$ BEGIN CREATE ROLE archive_user; EXCEPTION WHEN duplicate_object THEN END $$;");
    made.psql(
        "CREATE TABLE t (a int); INSERT INTO t VALUES (1); GRANT SELECT ON t TO archive_user;",
    );
    let piped = archive(&made, &[]);
    let run = runner::filter("DROP USER archive_user; UPDATE t SET a = 2;", &piped);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let has = |bytes: &[u8]| memchr::memmem::find(bytes, b"GRANT SELECT").is_some();
    assert!(has(&piped) && !has(&run.out));
    let after = restored(server, &run.out, "without a grant");
    assert_eq!(after.psql("SELECT a FROM t").trim(), "2");
}

#[test]
fn large_objects_pass_with_a_warning() {
    let Some(server) = postgres() else { return };
    let made = made(server);
    let piped = archive(&made, &[]);
    let run = runner::filter("", &piped);
    assert!(
        run.err.contains("large objects pass as they are"),
        "{}",
        run.err
    );
    let run = runner::filter_with(&["--strict"], "", &piped);
    assert_eq!(run.code, Some(3), "{}", run.err);
}
