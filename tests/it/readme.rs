//! The commands of the README run as they stand there, against a real PostgreSQL that has a database
//! `prod` and an empty `test`.

use crate::runner::{fixture, root};
use crate::server::{Postgres, postgres};
use std::path::Path;
use std::process::Command;

/// The lines of the README's shell blocks.
fn commands() -> Vec<String> {
    let text = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let mut found = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            _ if inside && !line.is_empty() => found.push(line.to_owned()),
            _ => {}
        }
    }
    found
}

fn database(pg: &Postgres, sql: &str) {
    let output = pg
        .tool("psql")
        .args(["-X", "-q", "-d", "postgres", "-c", sql])
        .output();
    let output = output.expect("psql");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn the_commands_of_the_readme_run() {
    let Some(pg) = postgres() else { return };
    let commands = commands();
    let dir = tempfile::tempdir().expect("a directory");
    let campaign = fixture("postgres/campaign/dump.sql");
    database(pg, "CREATE DATABASE prod TEMPLATE template0");
    let restored = pg
        .tool("psql")
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", "prod", "-f"])
        .arg(&campaign)
        .output()
        .expect("psql");
    assert!(
        restored.status.success(),
        "{}",
        String::from_utf8_lossy(&restored.stderr)
    );
    std::os::unix::fs::symlink(root().join("fixtures"), dir.path().join("fixtures"))
        .expect("a link");

    let mut ran = 0;
    let mut session = String::new();
    for line in &commands {
        // This very test is part of what `tests/run` runs.
        if line == "tests/run" {
            assert!(root().join(line).exists());
            continue;
        }
        if line.starts_with("set ") {
            session = format!("{line}; ");
            continue;
        }
        database(pg, "DROP DATABASE IF EXISTS test");
        database(pg, "CREATE DATABASE test TEMPLATE template0");
        // Dumped before it is replaced, it holds what it held before.
        if line.starts_with("pg_dump test") {
            let before = fixture("postgres/campaign-target/dump.sql");
            let restore = format!(
                "psql -X -q -v ON_ERROR_STOP=1 -d test -f {}",
                before.display()
            );
            assert!(shell(pg, dir.path(), &restore).status.success());
        }
        let line = line.replace("cargo run --release -- ", "scrub ");
        let output = shell(pg, dir.path(), &format!("{session}{line}"));
        assert!(
            output.status.success(),
            "{line}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        if let Some((_, file)) = line.split_once(" -o ") {
            let file = file.split(' ').next().expect("a name");
            let size = std::fs::metadata(dir.path().join(file)).expect(file).len();
            assert!(size > 10_000, "{file} has {size} bytes");
        }
        ran += 1;
    }
    assert!(ran >= 3, "{commands:?}");
    database(pg, "DROP DATABASE IF EXISTS test");
    database(pg, "DROP DATABASE prod");
}

fn shell(pg: &Postgres, dir: &Path, line: &str) -> std::process::Output {
    let scrub = Path::new(env!("CARGO_BIN_EXE_scrub"))
        .parent()
        .expect("a folder");
    let path = std::env::join_paths([pg.bin(), scrub, "/usr/bin".as_ref(), "/bin".as_ref()]);
    Command::new("bash")
        .args(["-c", line])
        .current_dir(dir)
        .env("PATH", path.expect("a path"))
        .env("PGHOST", pg.host())
        .env("PGUSER", "postgres")
        .output()
        .expect("bash")
}
