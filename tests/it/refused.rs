//! Refused runs: `fixtures/refused/<case>/` holds `input.sql`, perhaps `rules.sql` and `args`, the exit
//! code in `code` and the whole message in `expected.txt` (`SCRUB_UPDATE_GOLDEN=1` writes both anew).
//!
//! Each is also held to what every refusal promises: no word of a cell in the message (the cells of
//! these inputs hold S3CRET), an output that psql does not take, and with `-1` nothing committed.

use crate::golden::{arguments, folders, golden, run_in};
use crate::mariadb::mariadb;
use crate::runner::{Run, fixture};
use crate::server::postgres;
use crate::sqlite;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn cases() -> Vec<PathBuf> {
    let found = folders(&fixture("refused"));
    assert!(!found.is_empty());
    found
}

fn refuse(path: &Path, further: &[&str]) -> Run {
    let mut args = arguments(path);
    if path.join("rules.sql").exists() {
        args.extend(["-r".to_owned(), "rules.sql".to_owned()]);
    }
    args.extend(further.iter().map(|arg| (*arg).to_owned()));
    let input = std::fs::read(path.join("input.sql")).expect("input.sql");
    run_in(path, &args, &input)
}

#[test]
fn refusals_say_what_where_and_what_to_do() {
    let mut faults = String::new();
    for path in cases() {
        let run = refuse(&path, &["--quiet"]);
        let name = path.display();
        golden(&path.join("expected.txt"), run.err.as_bytes(), &mut faults);
        golden(
            &path.join("code"),
            format!("{:?}\n", run.code.unwrap_or(-1)).as_bytes(),
            &mut faults,
        );
        if run.code.is_none_or(|code| code == 0) {
            let _ = writeln!(faults, "{name}: not refused (exit code {:?})", run.code);
        }
        if run.err.contains("S3CRET") {
            let _ = writeln!(faults, "{name}: the message shows a cell:\n{}", run.err);
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

/// What a case's dump is written in.
fn dialect(path: &Path) -> String {
    let args = arguments(path);
    let named = args.iter().position(|arg| arg == "-f");
    named.map_or("postgres".to_owned(), |at| args[at + 1].clone())
}

fn cases_of(wanted: &str) -> impl Iterator<Item = PathBuf> {
    cases()
        .into_iter()
        .filter(move |path| dialect(path) == wanted)
}

#[test]
fn psql_does_not_take_what_a_refused_run_wrote() {
    let Some(pg) = postgres() else { return };
    for path in cases_of("postgres") {
        let name = path.display();
        let database = pg.database();
        let out = refuse(&path, &[]).out;
        let psql = database.try_psql(&out);
        assert!(!psql.status.success(), "{name}: psql took it");

        let empty = pg.database();
        let nothing = empty.fingerprint();
        let out = refuse(&path, &["-1"]).out;
        let psql = empty.try_psql(&out);
        assert!(!psql.status.success(), "{name}: psql took it with -1");
        empty
            .fingerprint()
            .assert_same(&nothing, &format!("{name}: -1 committed something"));
    }
}

/// Does the client take it?
fn takes(client: &str, out: Vec<u8>) -> bool {
    let mut command = assert_cmd::Command::new("bash");
    let run = command.args(["-c", client]).write_stdin(out).output();
    run.expect("bash could not be run").status.success()
}

#[test]
fn mariadb_does_not_take_what_a_refused_run_wrote() {
    let Some(server) = mariadb() else { return };
    for path in cases_of("mysql") {
        let name = path.display();
        let database = server.database();
        assert!(
            !takes(&database.client(), refuse(&path, &[]).out),
            "{name}: mariadb took it"
        );
        let loaded = database.dump(&[]);
        assert!(
            memchr::memmem::find(&loaded, b"S3CRET").is_none(),
            "{name}: a row has got through"
        );
    }
}

#[test]
fn sqlite_does_not_take_what_a_refused_run_wrote() {
    if !sqlite::available() {
        return;
    }
    for path in cases_of("sqlite") {
        let name = path.display();
        for further in [&[][..], &["-1"]] {
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join("test");
            let client = format!("sqlite3 -bail {}", file.display());
            assert!(
                !takes(&client, refuse(&path, further).out),
                "{name}: sqlite3 took it"
            );
            let loaded = sqlite::sqlite(&file, b".dump\n");
            assert!(!loaded.contains("S3CRET"), "{name}: a row has got through");
        }
    }
}
