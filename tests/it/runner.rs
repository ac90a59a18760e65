//! Runs the scrub binary.

use assert_cmd::Command;
use std::path::{Path, PathBuf};
use std::process::Output;

/// The key under which the golden files were made.
pub const KEY: &str = "fixture-key-0123456789abcdef0123";

/// What a run writes into its pipe that failed before it began.
pub const SPOILED: &[u8] = b"\n) 'scrub: the run failed before it began'\n;\n";

/// The project's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file under `fixtures/`.
pub fn fixture(path: &str) -> PathBuf {
    root().join("fixtures").join(path)
}

/// The binary with the fixed key, in the project's root.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scrub"));
    command
        .current_dir(root())
        .env("SCRUB_KEY", KEY)
        .env_remove("RUST_BACKTRACE");
    command
}

/// What a run gave.
#[derive(Debug)]
pub struct Run {
    /// The exit code; none after a signal.
    pub code: Option<i32>,
    /// The dump.
    pub out: Vec<u8>,
    /// The messages.
    pub err: String,
}

impl Run {
    /// The output of a run that must have succeeded.
    #[track_caller]
    pub fn ok(self) -> Vec<u8> {
        assert_eq!(self.code, Some(0), "scrub failed:\n{}", self.err);
        self.out
    }
    /// The output as text, for looking things up in it.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.out).into_owned()
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Run {
        Run {
            code: output.status.code(),
            out: output.stdout,
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// `scrub ARGS < input`.
#[track_caller]
pub fn run(args: &[&str], input: &[u8]) -> Run {
    let output = command()
        .args(args)
        .write_stdin(input)
        .output()
        .expect("scrub could not be run");
    output.into()
}

/// `scrub -r RULES < input` with a rulebook given as text.
#[track_caller]
pub fn filter(rules: &str, input: &[u8]) -> Run {
    filter_with(&[], rules, input)
}

/// The same with further arguments.
#[track_caller]
pub fn filter_with(args: &[&str], rules: &str, input: &[u8]) -> Run {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("rules.sql");
    std::fs::write(&path, rules).expect("the rulebook");
    let mut all = vec!["-r", path.to_str().expect("a path in UTF-8")];
    all.extend_from_slice(args);
    run(&all, input)
}
