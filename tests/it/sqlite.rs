//! SQLite: the contract against the real shell.

use crate::golden::{arguments, folders, run_in};
use crate::mariadb::skipped;
use crate::runner::{filter_with, fixture, run};
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
pub fn try_run(database: &Path, script: &[u8]) -> Output {
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
    // The words of full-text indexes lie in segments, which depend on how the rows got there.
    let words = ["_data", "_idx", "_docsize", "_segments", "_segdir", "_stat"];
    let of_words = |line: &&str| {
        let table = line.strip_prefix("INSERT INTO ").unwrap_or("");
        let table = table.split(" VALUES").next().unwrap_or("");
        words.iter().any(|part| table.ends_with(part))
    };
    let mut lines: Vec<_> = dump
        .lines()
        .filter(|line| !of_words(line))
        .map(str::to_owned)
        .collect();
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

/// A rule on the rows of a full-text index leaves no old word in its tables, and what is loaded finds
/// the new ones; an index that no rule concerns leaves as it came.
#[test]
fn full_text_indexes_keep_no_old_words() {
    if !available() {
        return;
    }
    let dump = std::fs::read(fixture("sqlite/fts/dump.sql")).expect("the dump");
    let hex = |word: &str| word.bytes().map(|b| format!("{b:02x}")).collect::<String>();
    for (rules, gone, queries) in [
        (
            "UPDATE users SET a = 'changed' WHERE id = 1;",
            // The index of `f` holds the word as well: its rows are its own, and no rule names them.
            None,
            [
                ("fx", "changed", "1\n"),
                ("fx", "secretword", ""),
                ("f", "secretword", "1\n"),
            ],
        ),
        (
            "UPDATE users SET a = 'changed' WHERE id = 1; UPDATE f SET a = 'other';",
            Some("secretword"),
            [
                ("fx", "changed", "1\n"),
                ("f", "other", "1\n"),
                ("f", "secretword", ""),
            ],
        ),
        (
            "DELETE FROM g; INSERT INTO g (a) VALUES ('new one');",
            Some("gamma"),
            [
                ("g", "gamma", ""),
                ("g", "new", "1\n"),
                ("f", "alpha", "1\n"),
            ],
        ),
    ] {
        for args in [&[][..], &["-1"]] {
            let output = filter_with(args, &format!("-- dialect: sqlite\n{rules}"), &dump).ok();
            let text = String::from_utf8_lossy(&output).to_lowercase();
            if let Some(gone) = gone {
                assert!(!text.contains(gone), "{rules}: {text}");
                // Words in an index share their first letters; what follows them stands there.
                assert!(!text.contains(&hex(&gone[1..])), "{rules}: {text}");
            }
            let folder = tempfile::tempdir().expect("a folder");
            let database = folder.path().join("a");
            sqlite(&database, &[b".bail on\n", &output[..]].concat());
            for index in ["f", "fx", "g"] {
                let check = format!("INSERT INTO {index}({index}) VALUES('integrity-check');");
                assert_eq!(sqlite(&database, check.as_bytes()), "", "{rules}");
            }
            for (index, word, found) in queries {
                let query = format!("SELECT count(*) FROM {index} WHERE {index} MATCH '{word}';");
                let found = if found.is_empty() { "0\n" } else { found };
                assert_eq!(
                    sqlite(&database, query.as_bytes()),
                    found,
                    "{rules}: {query}"
                );
            }
        }
    }
    // Words without their rows cannot be found anew.
    let start = "PRAGMA foreign_keys=OFF;\nCREATE TABLE t(a);\nPRAGMA writable_schema=ON;\nINSERT INTO sqlite_schema(type,name,tbl_name,rootpage,sql)VALUES('table','c','c',0,'CREATE VIRTUAL TABLE c using fts5(a, content='''')');\n";
    let stopped = filter_with(&[], "DELETE FROM t;", start.as_bytes());
    assert_eq!(stopped.code, Some(3), "{}", stopped.err);
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
        "PRAGMA writable_schema=ON;\nINSERT INTO sqlite_schema(type,name,tbl_name,rootpage,sql)VALUES('table','f','f',0,'CREATE VIRTUAL TABLE f USING fts5(a, content='''')');\nCOMMIT;\n",
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
