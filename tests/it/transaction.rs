//! `-1`: a failure commits nothing; a success is the same database as without it.

use crate::runner::{command, filter_with};
use crate::server::{Database, postgres};
use std::io::Write;
use std::process::{Command, Stdio};

const SETUP: &str = "CREATE TABLE person (id integer PRIMARY KEY, email text);
    INSERT INTO person SELECT i, 'p' || i || '@example.com' FROM generate_series(1, 50000) i;
    CREATE TABLE job (id serial, person integer REFERENCES person);
    INSERT INTO job (person) SELECT id FROM person LIMIT 100;
    CREATE VIEW v AS SELECT * FROM job;
    SELECT lo_from_bytea(4711, 'a large object');";

const RULES: &str =
    "UPDATE person SET email = anon.mailinator(email);\nDELETE FROM job WHERE id > 50;\n";

/// Nothing of the dump is in the database.
#[track_caller]
fn assert_empty(database: &Database, when: &str) {
    let query = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace;
         SELECT count(*) FROM pg_largeobject_metadata;";
    assert_eq!(
        database.psql(query).split_whitespace().collect::<Vec<_>>(),
        ["0", "0"],
        "{when}"
    );
}

#[test]
fn a_success_is_the_same_database() {
    let Some(pg) = postgres() else { return };
    let production = pg.database();
    production.psql(SETUP);
    let dump = production.dump(&[]);
    let (with, without) = (pg.database(), pg.database());
    let wrapped = filter_with(&["-1"], RULES, &dump).ok();
    assert!(wrapped.starts_with(b"\\set ON_ERROR_STOP on\n"));
    with.restore(&wrapped);
    without.restore(filter_with(&[], RULES, &dump).ok());
    with.fingerprint()
        .assert_same(&without.fingerprint(), "-1 changes the result");
}

#[test]
fn no_failure_commits_anything() {
    let Some(pg) = postgres() else { return };
    let production = pg.database();
    production.psql(SETUP);
    let dump = production.dump(&[]);
    let test = "-- name: no-person :test\nSELECT id FROM person;\n";
    let late = "UPDATE person SET id = 1 / (id - 49999);\n";
    let half = &dump[..dump.len() / 2];
    let unfinished = &dump[..dump.len() - 40];
    let cases: [(&str, &str, &[u8], i32); 4] = [
        ("a test finds rows", test, &dump, 1),
        ("a rule fails in row 49999", late, &dump, 3),
        ("the dump is cut within the rows", RULES, half, 3),
        ("the dump lacks its last line", RULES, unfinished, 3),
    ];
    for (name, rules, input, code) in cases {
        let run = filter_with(&["-1"], rules, input);
        assert_eq!(run.code, Some(code), "{name}: {}", run.err);
        let database = pg.database();
        // Even a psql that goes on after errors.
        let mut psql = pg.tool("psql");
        psql.args(["-X", "-q", "-d", database.name()])
            .write_stdin(run.out.clone());
        let _ = psql.output().unwrap();
        assert_empty(&database, name);
        assert!(
            !database.try_psql(&run.out).status.success(),
            "{name}: psql took it"
        );
        assert_empty(&database, name);
    }
}

#[test]
fn a_killed_scrub_commits_nothing() {
    let Some(pg) = postgres() else { return };
    let production = pg.database();
    production.psql(SETUP);
    let dump = production.dump(&[]);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.sql"), RULES).unwrap();
    for part in [100_000, dump.len() * 3 / 4, dump.len()] {
        let mut scrub = Command::new(env!("CARGO_BIN_EXE_scrub"))
            .current_dir(folder.path())
            .args(["-q", "-1", "-r", "rules.sql"])
            .env("SCRUB_KEY", crate::runner::KEY)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdin = scrub.stdin.take().unwrap();
        let mut stdout = scrub.stdout.take().unwrap();
        let reader = std::thread::spawn(move || {
            let mut out = Vec::new();
            std::io::Read::read_to_end(&mut stdout, &mut out).map(|_| out)
        });
        // The end of the input does not come: the dump may be complete, but nobody has said so.
        stdin.write_all(&dump[..part]).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(300));
        scrub.kill().unwrap();
        scrub.wait().unwrap();
        let out = reader.join().unwrap().unwrap();
        let database = pg.database();
        let _ = database.try_psql(&out);
        assert_empty(&database, &format!("killed after {part} bytes"));
    }
}

#[test]
fn pg_dumpall_is_one_transaction_for_each_database() {
    let Some(pg) = postgres() else { return };
    let production = pg.database();
    production.psql("CREATE TABLE t (a integer); INSERT INTO t VALUES (1), (2);");
    let dump = production.dump(&["--create"]);
    let run = filter_with(&["-1"], "DELETE FROM t WHERE a = 1;", &dump);
    let out = String::from_utf8(run.ok()).unwrap();
    let create = out.find("\nCREATE DATABASE").unwrap();
    let connect = out.find("\n\\connect").unwrap();
    let begin = out.rfind("BEGIN;\n").unwrap();
    let commit = out.rfind("COMMIT;\n").unwrap();
    assert!(
        create < connect && connect < begin && begin < commit,
        "{out}"
    );
    assert!(out[commit..].lines().count() <= 2, "{}", &out[commit..]);
    let mut command = command();
    command
        .args(["-1", "--from", "postgres", "-q"])
        .write_stdin(dump);
    assert!(command.output().unwrap().status.success());
}

/// Whatever the dump or its reader say about errors, psql ends with one.
#[test]
fn a_psql_that_goes_on_after_errors_fails_all_the_same() {
    let Some(pg) = postgres() else { return };
    let table = "CREATE TABLE t (id int, email text);\n";
    let damaged = "COPY t (id, email) FROM stdin;\n1\ta@b.de\n2\tbad\textra\n\\.\n";
    let key = "aA1";
    for (before, after) in [
        ("", ""),
        ("\\set ON_ERROR_STOP off\n", ""),
        ("\\unset ON_ERROR_STOP\n", ""),
        (
            "\\set ON_ERROR_STOP off\n\\restrict aA1\n",
            "\\unrestrict aA1\n",
        ),
    ] {
        for args in [&["-r", "baseline"][..], &["-1", "-r", "baseline"]] {
            let dump = format!("{before}{table}{damaged}{after}");
            let run = crate::runner::run(args, dump.as_bytes());
            assert_eq!(run.code, Some(3), "{}", run.err);
            assert_eq!(run.text().contains("\\unrestrict"), before.contains(key));
            let database = pg.database();
            let mut psql = pg.tool("psql");
            psql.args(["-X", "-q", "-d", database.name()]);
            let output = psql.write_stdin(run.out.clone()).output().expect("psql");
            let err = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(3), "{before:?} {args:?}: {err}");
            assert!(!database.try_psql(&run.out).status.success());
        }
    }
}
