//! SQLite: the contract against the real shell.

use crate::golden::{arguments, folders, run_in};
use crate::mariadb::skipped;
use crate::runner::{fixture, run};
use assert_cmd::Command;
use std::path::Path;
use std::process::Output;

/// Is the shell there? Says loudly if not.
pub fn available() -> bool {
    let found = Command::new("sqlite3").arg("--version").output().is_ok();
    if !found {
        skipped("sqlite3");
    }
    found
}

/// Runs a script on a database file.
fn try_run(database: &Path, script: &[u8]) -> Output {
    let mut sqlite = Command::new("sqlite3");
    sqlite
        .arg(database)
        .write_stdin(script)
        .output()
        .expect("sqlite3 could not be run")
}

/// Runs a script that must succeed.
#[track_caller]
pub fn sqlite(database: &Path, script: &[u8]) -> String {
    let output = try_run(database, script);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What `.dump` writes of a database, in an order that does not depend on how the rows got there.
fn fingerprint(database: &Path) -> Vec<String> {
    let dump = sqlite(database, b".dump\n");
    let mut lines: Vec<_> = dump.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn plain_rulebooks_do_what_the_shell_does() {
    if !available() {
        return;
    }
    let mut compared = 0;
    for path in folders(&fixture("sqlite")) {
        let dump = std::fs::read(path.join("dump.sql")).expect("the dump");
        let Ok(rules) = std::fs::read(path.join("rules.sql")) else {
            continue;
        };
        for one in [false, true] {
            let mut args = arguments(&path);
            args.extend(["-r".to_owned(), "rules.sql".to_owned()]);
            args.extend(one.then(|| "-1".to_owned()));
            let scrubbed = run_in(&path, &args, &dump).ok();
            let folder = tempfile::tempdir().expect("a folder");
            let (after, before) = (folder.path().join("after"), folder.path().join("before"));
            sqlite(&after, &dump);
            sqlite(&after, &[b"PRAGMA foreign_keys=ON;\n", &rules[..]].concat());
            sqlite(&before, &scrubbed);
            assert_eq!(
                fingerprint(&after),
                fingerprint(&before),
                "{}",
                path.display()
            );
        }
        compared += 1;
    }
    assert!(compared >= 2, "only {compared} cases were compared");
}

#[test]
fn a_failed_run_is_not_loaded() {
    if !available() {
        return;
    }
    let rules = tempfile::Builder::new()
        .suffix(".sql")
        .tempfile()
        .expect("a file");
    std::fs::write(rules.path(), "UPDATE t SET a = 'x' WHERE id = 1;\n").expect("the rules");
    let rules = rules.path().display().to_string();
    let start = "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE t (id int, a text);\nINSERT INTO t VALUES(1,'a');\n";
    for rest in [
        "INSERT INTO t VALUES(2,'b",
        "INSERT INTO t VALUES(2,random());\nUPDATE t SET a='y';\nCOMMIT;\n",
        "/* c",
        ".read more.sql\nCOMMIT;\n",
        ".import more.csv t\nCOMMIT;\n",
        "PRAGMA writable_schema=ON;\nINSERT INTO sqlite_schema(type,name,tbl_name,rootpage,sql)VALUES('table','f','f',0,'CREATE VIRTUAL TABLE f USING fts5(a)');\nCOMMIT;\n",
    ] {
        for args in [&["-r", &rules][..], &["-1", "-r", &rules]] {
            let output = run(args, format!("{start}{rest}").as_bytes());
            assert_eq!(output.code, Some(3), "{rest}: {}", output.err);
            let folder = tempfile::tempdir().expect("a folder");
            let database = folder.path().join("a");
            assert!(
                !try_run(&database, &output.out).status.success(),
                "{rest}: {}",
                output.text()
            );
            assert_eq!(sqlite(&database, b".tables\n"), "", "{rest}");
        }
    }
}
