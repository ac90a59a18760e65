//! The README and the book (`docs/`): every command in them runs as it stands there, every generated page
//! is what the program prints, every link leads somewhere.
//!
//! A page is a session: its blocks run one after another in a folder of their own, against a PostgreSQL that
//! has a database `prod` and, anew for each block that does not say `keep`, an empty `test`. What is not at hand (other machines, object
//! stores, containers) is played by `stand-ins/`, which really execute what they are given.
//! `SCRUB_UPDATE_GOLDEN=1` writes the outputs anew that the pages show.

mod blocks;
mod book;
mod packaging;

use crate::runner::{fixture, root};
use crate::server::{Postgres, other_postgres, own_postgres};
use blocks::{Block, Kind, blocks};
use regex::Regex;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The commands that do not run here, by page and first line, and why. A block that says `not-run` and is
/// not listed fails, and so does an entry without its block.
const NOT_RUN: [(&str, &str, &str); 4] = [
    (
        "README.md",
        "tests/run",
        "these very tests are part of what it runs",
    ),
    (
        "docs/src/quick-start.md",
        "cargo install --path . --locked",
        "builds for minutes and installs; the same sources have just been built for this test",
    ),
    (
        "docs/src/recipes/containers.md",
        "docker build -t scrub .",
        "there is no Docker here; packaging.rs checks what the Dockerfile names",
    ),
    (
        "docs/src/README.md",
        "mdbook serve docs",
        "mdbook is not part of what tests/run installs; book.rs checks the structure",
    ),
];

/// The second cluster, for what restores a whole one.
fn services(pg: &Postgres) -> Option<String> {
    let other = other_postgres()?;
    let service = |name: &str, pg: &Postgres| format!("[{name}]\nhost={}\n", pg.host().display());
    Some(service("prod", pg) + &service("test", other))
}

/// A folder for a page's commands, with the stand-ins in front of the PATH.
struct Session<'p> {
    pg: &'p Postgres,
    folder: tempfile::TempDir,
}

impl Session<'_> {
    fn new(pg: &Postgres) -> Session<'_> {
        let folder = tempfile::tempdir().expect("a folder");
        let work = folder.path().join("work");
        std::fs::create_dir_all(&work).expect("a folder");
        for name in ["fixtures", "transforms", "Dockerfile"] {
            symlink(root().join(name), work.join(name)).expect("a link");
        }
        let bin = folder.path().join("bin");
        std::fs::create_dir(&bin).expect("a folder");
        let ours = root().join("tests/it/docs/stand-ins");
        for file in std::fs::read_dir(ours).expect("the stand-ins") {
            let file = file.expect("a file").path();
            let to = bin.join(file.file_name().expect("a name"));
            std::fs::copy(&file, &to).expect("a copy");
            let executable = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(&to, executable).expect("permissions");
        }
        let services = services(pg).expect("two servers");
        std::fs::write(folder.path().join("services"), services).expect("a file");
        Session { pg, folder }
    }

    fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// Runs a script with bash; its exit code and everything it prints.
    fn run(&self, script: &str) -> (Option<i32>, String) {
        let scrub = Path::new(env!("CARGO_BIN_EXE_scrub"));
        let scrub = scrub.parent().expect("a folder");
        let bin = self.folder.path().join("bin");
        let path = [
            &bin,
            scrub,
            self.pg.bin(),
            "/usr/bin".as_ref(),
            "/bin".as_ref(),
        ];
        let python = Command::new("sh")
            .args(["-c", "command -v python3"])
            .output();
        let python = PathBuf::from(String::from_utf8_lossy(&python.expect("sh").stdout).trim());
        let path = path
            .into_iter()
            .map(Path::to_owned)
            .chain(python.parent().map(Path::to_owned));
        let output = Command::new("bash")
            .args(["-c", &format!("exec 2>&1\n{script}")])
            .current_dir(self.work())
            .env_clear()
            .env("PATH", std::env::join_paths(path).expect("a path"))
            .env("HOME", self.folder.path())
            .env("LC_ALL", "C.UTF-8")
            .env("PGHOST", self.pg.host())
            .env("PGUSER", "postgres")
            .env("PGSERVICEFILE", self.folder.path().join("services"))
            .env("STORE", self.folder.path().join("store"))
            .env("RUNNER_TEMP", self.folder.path())
            .output()
            .expect("bash");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
        )
    }

    /// The database `prod`, as a page finds it.
    fn production(&self) {
        let file = fixture("docs/prod.sql");
        let load = format!(
            "psql -X -q -v ON_ERROR_STOP=1 -d prod -f {}",
            file.display()
        );
        self.must(&format!(
            "dropdb --if-exists -f prod && createdb -T template0 prod && {load}"
        ));
    }

    /// The database `test`, as a block finds it.
    fn test_bed(&self, block: &Block) {
        let mut script = "psql -X -q -d postgres -c 'DROP DATABASE IF EXISTS test WITH (FORCE)' \
                          -c 'CREATE DATABASE test TEMPLATE template0'"
            .to_owned();
        if block.says("target") {
            let file = fixture("docs/test.sql");
            script += &format!(
                " && psql -X -q -v ON_ERROR_STOP=1 -d test -f {}",
                file.display()
            );
        }
        self.must(&script);
    }

    #[track_caller]
    fn must(&self, script: &str) {
        let (code, printed) = self.run(script);
        assert_eq!(code, Some(0), "{printed}");
    }
}

/// What differs from run to run.
fn same(text: &str) -> String {
    let seconds = Regex::new(r"\b\d+(\.\d+)? s\b").expect("a pattern");
    let text = seconds.replace_all(text, "0.0 s");
    let id = Regex::new(r"\d{8}T\d{6}Z-[0-9a-f]{6}").expect("a pattern");
    let text = id.replace_all(&text, "20261121T150145Z-3fa9c2");
    let lines: Vec<_> = text.trim_end().lines().map(str::trim_end).collect();
    lines.join("\n")
}

/// The lines that a block of YAML (a workflow) runs.
fn steps(yaml: &str) -> String {
    const READ: &str =
        "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout, default=str)";
    let mut python = assert_cmd::Command::new("python3");
    let read = python
        .args(["-c", READ])
        .write_stdin(yaml)
        .output()
        .expect("python3");
    assert!(
        read.status.success(),
        "{}",
        String::from_utf8_lossy(&read.stderr)
    );
    fn collect(value: &serde_json::Value, out: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(map) => {
                for (key, value) in map {
                    match (key.as_str(), value) {
                        ("run", serde_json::Value::String(text)) => out.push(text.clone()),
                        ("script", serde_json::Value::Array(lines)) => {
                            out.extend(lines.iter().filter_map(|l| l.as_str().map(str::to_owned)));
                        }
                        _ => collect(value, out),
                    }
                }
            }
            serde_json::Value::Array(all) => all.iter().for_each(|value| collect(value, out)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(
        &serde_json::from_slice(&read.stdout).expect("JSON"),
        &mut found,
    );
    found.join("\n")
}

/// The command of a crontab's line.
fn scheduled(line: &str) -> &str {
    let mut rest = line.trim();
    for _ in 0..5 {
        rest = rest
            .split_once(char::is_whitespace)
            .map_or("", |(_, rest)| rest.trim_start());
    }
    rest
}

/// Runs a page; what is wrong with it, and the page with its outputs as they are.
fn page(pg: &Postgres, name: &str, faults: &mut Vec<String>, skipped: &mut Vec<(String, String)>) {
    let path = root().join(name);
    let text = std::fs::read_to_string(&path).expect(name);
    let session = Session::new(pg);
    session.production();
    let mut outputs = Vec::new();
    let mut printed = String::new();
    for block in blocks(&text) {
        let at = format!("{name}:{}", block.line);
        if let Some(file) = block.value("file") {
            let file = session.work().join(file);
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            std::fs::write(&file, &block.text).expect("a file");
        }
        let script = match block.kind() {
            Kind::Output => {
                if same(&block.text) != same(&printed) {
                    faults.push(format!("{at}: this was printed:\n{}\n", same(&printed)));
                }
                outputs.push((block.line, same(&printed)));
                continue;
            }
            Kind::Other => continue,
            Kind::Shell if block.says("not-run") => {
                let first = block.text.lines().next().unwrap_or_default();
                skipped.push((name.to_owned(), first.to_owned()));
                continue;
            }
            Kind::Shell => block.text.replace("cargo run --release -- ", "scrub "),
            Kind::Steps => format!("set -e -o pipefail\n{}", steps(&block.text)),
            Kind::Crontab => {
                let lines = block.text.lines().filter(|line| !line.starts_with('#'));
                let lines = lines.filter(|line| {
                    !line.contains('=') || line.starts_with(|c: char| c.is_ascii_digit())
                });
                lines.map(|line| format!("{}\n", scheduled(line))).collect()
            }
        };
        assert!(!script.trim().is_empty(), "{at}: nothing to run");
        if !block.says("keep") {
            session.test_bed(&block);
        }
        let (code, text) = session.run(&script);
        let expected = block
            .value("exit")
            .map_or(0, |code| code.parse().expect("a number"));
        if code != Some(expected) {
            faults.push(format!(
                "{at}: exit code {code:?}, not {expected}:\n{script}\n{text}"
            ));
        }
        printed = text;
    }
    if std::env::var_os("SCRUB_UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, blocks::with_outputs(&text, &outputs)).expect(name);
    }
}

#[test]
fn every_command_of_the_readme_and_the_book_runs() {
    let Some(pg) = own_postgres() else { return };
    let (mut faults, mut skipped) = (Vec::new(), Vec::new());
    let only = std::env::var("SCRUB_PAGE").unwrap_or_default();
    let pages = std::iter::once("README.md".to_owned()).chain(book::pages());
    for name in pages.filter(|name| name.contains(&only)) {
        page(pg, &name, &mut faults, &mut skipped);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    if only.is_empty() {
        let mut listed = NOT_RUN.map(|(page, line, _)| (page.to_owned(), line.to_owned()));
        listed.sort();
        skipped.sort();
        assert_eq!(
            skipped, listed,
            "what does not run is listed with its reason"
        );
    }
}

#[test]
fn what_is_run_is_what_stands_there() {
    let text =
        "```sh,exit=3\na\n```\n\n```text,output\nx\n```\n```sql,file=r.sql\nSELECT 1;\n```\n";
    let all = blocks(text);
    assert_eq!(all.len(), 3);
    assert_eq!(
        (all[0].kind(), all[0].value("exit"), &*all[0].text),
        (Kind::Shell, Some("3"), "a\n")
    );
    assert_eq!((all[1].kind(), all[1].line), (Kind::Output, 5));
    assert_eq!(
        (all[2].kind(), all[2].value("file")),
        (Kind::Other, Some("r.sql"))
    );
    assert_eq!(
        blocks::with_outputs(text, &[(5, "y\nz".to_owned())]),
        text.replace("\nx\n", "\ny\nz\n")
    );
    assert_eq!(scheduled("30 3 * * 1-5  /x/y z"), "/x/y z");
    assert_eq!(same("took 12.5 s \n"), "took 0.0 s");
    assert_eq!(
        steps("jobs: {a: {steps: [{run: b}, {uses: c}]}}\nd: {script: [e, f]}"),
        "b\ne\nf"
    );
}
