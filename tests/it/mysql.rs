//! MySQL and MariaDB: the contract against a real MariaDB, and what today's tools get wrong.

use crate::golden::{arguments, folders, run_in};
use crate::mariadb::{Mariadb, mariadb};
use crate::runner::{fixture, run};
use std::path::Path;

/// MySQL 8's own names for what MariaDB knows under others.
fn for_mariadb(dump: &[u8]) -> Vec<u8> {
    let text: Vec<u8> = dump.to_vec();
    let replaced = bstr::ByteSlice::replace(&text[..], "utf8mb4_0900_ai_ci", "utf8mb4_general_ci");
    let lines = replaced.split_inclusive(|b| *b == b'\n');
    lines
        .filter(|line| !line.starts_with(b"/*!80002 ANALYZE"))
        .flatten()
        .copied()
        .collect()
}

/// The contract on one case: restore and run the rulebook = restore what scrub wrote.
fn compare(server: &'static Mariadb, path: &Path, rules: &str) {
    let dump = std::fs::read(path.join("dump.sql")).expect("the dump");
    let mut args = arguments(path);
    args.extend(["-r".to_owned(), "rules.sql".to_owned()]);
    let scrubbed = run_in(path, &args, &dump).ok();
    let (after, before) = (server.database(), server.database());
    after.run(&for_mariadb(&dump));
    after.run(rules.as_bytes());
    before.run(&for_mariadb(&scrubbed));
    let (after, before) = (after.fingerprint(), before.fingerprint());
    for (left, right) in after.iter().zip(&before) {
        assert_eq!(
            left,
            right,
            "{}: the server's rows, then scrub's",
            path.display()
        );
    }
    assert_eq!(after.len(), before.len(), "{}", path.display());
}

#[test]
fn plain_rulebooks_do_what_the_server_does() {
    let Some(server) = mariadb() else { return };
    let mut compared = 0;
    for path in folders(&fixture("mysql")) {
        let Ok(rules) = std::fs::read_to_string(path.join("rules.sql")) else {
            continue;
        };
        if !rules.contains("anon.") && !rules.contains("\"*") {
            compare(server, &path, &rules);
            compared += 1;
        }
    }
    assert!(compared >= 6, "only {compared} cases were compared");
}

/// The flavours of mariadb-dump, with the rules that the golden folder has for them.
#[test]
fn every_flavour_of_the_dumper_is_understood() {
    let Some(server) = mariadb() else { return };
    let path = fixture("mysql/mariadb-dump");
    let source = server.database();
    source.run(&std::fs::read(path.join("dump.sql")).expect("the dump"));
    let rules = std::fs::read_to_string(path.join("rules.sql")).expect("the rules");
    let after = server.database();
    after.run(&source.dump(&["--routines"]));
    after.run(rules.as_bytes());
    let after = after.fingerprint();
    let flavours: &[&[&str]] = &[
        &["--routines"],
        &["--routines", "--skip-extended-insert"],
        &["--routines", "--complete-insert", "--hex-blob"],
        &["--routines", "--insert-ignore", "--no-autocommit"],
        &[
            "--routines",
            "--replace",
            "--skip-add-locks",
            "--skip-comments",
        ],
        &[
            "--routines",
            "--skip-quote-names",
            "--skip-tz-utc",
            "--skip-dump-date",
        ],
        &[
            "--routines",
            "--single-transaction",
            "--net-buffer-length=1024",
        ],
    ];
    for flavour in flavours {
        let dump = source.dump(flavour);
        let scrubbed = run_in(&path, &["-r".to_owned(), "rules.sql".to_owned()], &dump).ok();
        let before = server.database();
        // A compact dump does not switch the checks off itself.
        before.run(&[b"SET FOREIGN_KEY_CHECKS=0, sql_mode='';\n", &scrubbed[..]].concat());
        let before = before.fingerprint();
        let differ = after.iter().zip(&before).find(|(a, b)| a != b);
        assert_eq!(differ, None, "{flavour:?}: the server's rows, then scrub's");
        assert_eq!(after.len(), before.len(), "{flavour:?}");
    }
}

/// A run that fails leaves something that the client does not load.
#[test]
fn a_failed_run_is_not_loaded() {
    let Some(server) = mariadb() else { return };
    let rules = tempfile::Builder::new()
        .suffix(".sql")
        .tempfile()
        .expect("a file");
    std::fs::write(rules.path(), "UPDATE t SET a = 'x' WHERE id = 1;\n").expect("the rules");
    let rules = rules.path().display().to_string();
    let table = "CREATE TABLE t (id int, a varchar(9), b int);\nINSERT INTO t VALUES (1,'a',1)";
    for rest in [
        "",
        ",(2,'b",
        ",(2,'b\\",
        ",(2,'b',(",
        " /* c",
        ",(2,'b',1) ON DUPLICATE KEY UPDATE a=1;",
    ] {
        let input = format!("{table}{rest}");
        let output = run(&["-r", &rules], input.as_bytes());
        assert_eq!(output.code, Some(3), "{rest}: {}", output.err);
        assert!(!output.err.contains("'b"), "{rest}: {}", output.err);
        let database = server.database();
        let loaded = database.try_run(&output.out);
        assert!(!loaded.status.success(), "{rest}: {}", output.text());
        assert_eq!(database.run(b"SELECT count(*) FROM t"), "0\n", "{rest}");
    }
}
