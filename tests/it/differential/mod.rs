//! PostgreSQL is the oracle: restoring `scrub(dump)` equals restoring `dump` and running the rulebook.
//!
//! Schemas, rows and rulebooks are generated from a seed. A case is one schema with its tables
//! and rules; [`CASES_AT_ONCE`] cases share a database, so that thousands can be run.
//!
//! * `SCRUB_CASES=5000 cargo test --test it differential` runs that many instead of 200;
//! * `SCRUB_SEED=n` runs the one group of cases that a failure names.

mod choices;
mod generate;
mod mariadb;
pub mod multi;
pub mod offline;
pub mod prepared;
mod rules;
mod sqlite;
mod values;

use crate::naive;
use crate::pg_restore::{self, Carrier};
use crate::runner;
use crate::server::{Database, postgres};
pub use choices::Choices;
use generate::Case;
use std::fmt::Write;

/// Cases in one database.
const CASES_AT_ONCE: u64 = 10;
/// Cases in a normal run.
const CASES: u64 = 200;

/// How the rows are dumped, in turn.
const STYLES: [&[&str]; 4] = [
    &[],
    &["--inserts"],
    &["--column-inserts"],
    &["--inserts", "--rows-per-insert=3"],
];

/// An environment variable that is a number.
pub fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} must be a number, not {text}")),
    )
}

#[test]
fn restoring_the_scrubbed_dump_equals_running_the_rulebook() {
    let Some(server) = postgres() else { return };
    if let Some(seed) = number("SCRUB_SEED") {
        return group(server, seed);
    }
    let groups = number("SCRUB_CASES")
        .unwrap_or(CASES)
        .div_ceil(CASES_AT_ONCE);
    in_turn(groups, |seed| group(server, seed));
}

/// Calls for each number below `count`, on two threads.
fn in_turn(count: u64, work: impl Fn(u64) + Sync) {
    let next = std::sync::atomic::AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if number >= count {
                        break;
                    }
                    work(number);
                }
            });
        }
    });
}

/// Runs groups of cases, given by their seeds, to their end, and fails with what failed. What
/// `SCRUB_SEED` names is run alone.
fn each_group(
    cases: u64,
    at_once: u64,
    work: impl Fn(std::ops::Range<u64>) -> Result<(), String> + Sync,
) {
    if let Some(seed) = number("SCRUB_SEED") {
        return work(seed..seed + 1).unwrap_or_else(|why| panic!("{why}"));
    }
    let cases = number("SCRUB_CASES").unwrap_or(cases);
    let failures = std::sync::Mutex::new(Vec::new());
    in_turn(cases.div_ceil(at_once), |group| {
        if let Err(why) = work(group * at_once..(group + 1) * at_once) {
            failures.lock().expect("the failures").push(why);
        }
    });
    let failures = failures.into_inner().expect("the failures");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The first rows that only one side has.
fn difference(oracle: &str, left: &str, right: &str) -> String {
    let mut text = String::from("the databases differ\n");
    for (side, rows, others) in [(oracle, left, right), ("scrub", right, left)] {
        let others: std::collections::HashSet<_> = others.lines().collect();
        for row in rows.lines().filter(|row| !others.contains(row)).take(4) {
            let row: String = row.chars().take(300).collect();
            let _ = writeln!(text, "  only {side}: {row}");
        }
    }
    text
}

/// A folder with the files of a case, for a look at it when it has failed.
struct Kept {
    path: std::path::PathBuf,
}

fn kept(what: &str, seed: u64, files: &[(&str, &[u8])]) -> Kept {
    let name = format!("differential-{what}-{seed}");
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&path).expect("a folder");
    for (name, content) in files {
        std::fs::write(path.join(name), content).expect("a file");
    }
    Kept { path }
}

impl Kept {
    /// The case has passed.
    fn remove(&self) {
        std::fs::remove_dir_all(&self.path).expect("the folder");
    }
}

/// One group of cases: made, dumped, and restored in both ways.
fn group(server: &'static crate::server::Postgres, seed: u64) {
    let cases: Vec<Case> = (0..CASES_AT_ONCE)
        .map(|n| {
            Case::generate(
                &format!("s{n}"),
                &mut Choices::new(seed * CASES_AT_ONCE + n),
            )
        })
        .collect();
    let style = STYLES[(seed % STYLES.len() as u64) as usize];
    let made = server.database();
    for case in &cases {
        made.psql(&case.ddl);
        made.psql(&case.rows);
    }
    let dump = made.dump(style);
    let rules: String = cases.iter().fold(String::new(), |mut all, case| {
        let _ = writeln!(all, "{}", case.rules);
        all
    });

    let oracle = server.database();
    oracle.restore(&dump);
    let selected = oracle.psql(format!("\\pset null 'NULL'\n{rules}"));

    let report = tempfile::NamedTempFile::with_suffix(".json").expect("a temporary file");
    let path = report.path().to_str().expect("a path in UTF-8");
    let jobs = (seed % 4 + 1).to_string();
    // What failed is kept for a look at it.
    let kept =
        std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("differential-{seed}"));
    std::fs::create_dir_all(&kept).expect("a folder");
    std::fs::write(kept.join("dump.sql"), &dump).expect("the dump");
    std::fs::write(kept.join("rules.sql"), &rules).expect("the rulebook");
    let what = format!(
        "SCRUB_SEED={seed} (pg_dump {style:?}; kept in {})",
        kept.display()
    );

    let run = runner::filter_with(&["--report", path, "--jobs", &jobs], &rules, &dump);
    assert!(run.code == Some(0), "{what}: scrub failed: {}", run.err);
    let scrubbed = server.database();
    let restored = scrubbed.try_psql(&run.out);
    assert!(
        restored.status.success(),
        "{what}: the scrubbed dump cannot be restored: {}",
        String::from_utf8_lossy(&restored.stderr)
    );
    compare(&oracle, &scrubbed, &what);
    let carrier = Carrier::of(seed);
    let carried = carrier.scrub(&[], &rules, &carrier.dump(&made, style));
    assert!(carried.code == Some(0), "{what} {carrier}: {}", carried.err);
    let scrubbed = server.database();
    carrier.restore(server, &scrubbed, false, &carried);
    compare(&oracle, &scrubbed, &format!("{what} {carrier}"));
    // Every style meets every format.
    if let Some(format) = [None, Some("-Fd"), Some("-Ft")][(seed % 3) as usize] {
        let what = format!("{what} as {format} --jobs {jobs}");
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (from, to) = (dir.path().join("dump"), dir.path().join("safe"));
        pg_restore::archive_at(&made, format, style, &from);
        let run = pg_restore::to_file(&["--jobs", &jobs], &rules, &from, &to);
        assert!(run.code == Some(0), "{what}: {}", run.err);
        let parallel = if format == "-Fd" { "-j3" } else { "-1" };
        let scrubbed = pg_restore::restored_file(server, &to, &[parallel], &what);
        compare(&oracle, &scrubbed, &what);
    }
    let report = std::fs::read_to_string(report.path()).expect("the report");
    assert_eq!(
        sorted(&selected),
        sorted(&selects(&report)),
        "{what}: the SELECTs differ"
    );

    let (mut naive, book) = (naive::read(&dump), naive::rulebook(&rules));
    let results = naive
        .run(&book)
        .unwrap_or_else(|stop| panic!("{what}: the naive interpreter stops: {stop}"));
    offline::agree_with_server(&naive, &oracle.dump(&[]), &what);
    offline::agree(&naive, &run.out, &what);
    offline::told(&book, &results, &report, &what);
    std::fs::remove_dir_all(&kept).expect("the folder");
}

fn compare(oracle: &Database, scrubbed: &Database, what: &str) {
    oracle
        .fingerprint()
        .assert_same(&scrubbed.fingerprint(), what);
}

/// The SELECT results of a report as psql prints them.
fn selects(report: &str) -> String {
    let report: serde_json::Value = serde_json::from_str(report).expect("JSON");
    let mut out = String::new();
    for select in report["selects"].as_array().expect("selects") {
        for row in select["rows"].as_array().expect("rows") {
            let cells: Vec<&str> = row
                .as_array()
                .expect("cells")
                .iter()
                .map(|c| c.as_str().unwrap_or("NULL"))
                .collect();
            let _ = writeln!(out, "{}", cells.join("|"));
        }
    }
    out
}

/// The lines without psql's own words, in order: the order of groups is not part of the contract.
fn sorted(text: &str) -> Vec<&str> {
    const TAGS: [&str; 5] = [
        "UPDATE ",
        "DELETE ",
        "INSERT ",
        "TRUNCATE TABLE",
        "Null display is",
    ];
    let mut lines: Vec<&str> = text
        .lines()
        .filter(|line| !TAGS.iter().any(|tag| line.starts_with(tag)))
        .collect();
    lines.sort_unstable();
    lines
}
