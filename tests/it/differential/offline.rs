//! The same cases without a server: the naive interpreter is the oracle, and the dump is written here.

pub use super::prepared::{Prepared, prepared};
use super::{CASES, number, selects, sorted};
use crate::naive::{Database, Results, read, rulebook};
use crate::runner;
use scrub::rulebook::{Action, Rulebook};
use std::sync::atomic::{AtomicU64, Ordering};

/// `SCRUB_CASES` and `SCRUB_SEED` as for the differential test; a case here is one seed.
#[test]
fn scrub_agrees_with_the_naive_interpreter() {
    if let Some(seed) = number("SCRUB_SEED") {
        case(seed);
        return;
    }
    let cases = number("SCRUB_CASES").unwrap_or(CASES);
    let (next, done) = (AtomicU64::new(0), AtomicU64::new(0));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= cases {
                break;
            }
            done.fetch_add(u64::from(case(seed)), Ordering::Relaxed);
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
    });
    // Cases in which both stop prove little; there must not be many of them.
    let done = done.into_inner();
    assert!(
        done * 10 >= cases * 8,
        "only {done} of {cases} rulebooks ran to their end"
    );
}

/// Runs one case; true if its rulebook ran to its end.
fn case(seed: u64) -> bool {
    let Prepared {
        before,
        style,
        dump,
        rules,
    } = prepared(seed);
    let what = format!("SCRUB_SEED={seed} ({style:?})\n--- rules\n{rules}");
    assert_eq!(
        before.difference(&read(&dump)),
        None,
        "{what}: the dump is not what was generated"
    );

    let report = tempfile::NamedTempFile::with_suffix(".json").expect("a temporary file");
    let path = report.path().to_str().expect("a path in UTF-8");
    let jobs = (seed % 4 + 1).to_string();
    let run = runner::filter_with(&["--report", path, "--jobs", &jobs], &rules, &dump);
    let mut after = before;
    let book = rulebook(&rules);
    match after.run(&book) {
        Err(stop) => {
            assert_ne!(
                run.code,
                Some(0),
                "{what}: scrub went on where it must stop: {stop}"
            );
            false
        }
        Ok(results) => {
            assert_eq!(run.code, Some(0), "{what}: scrub failed: {}", run.err);
            agree(&after, &run.out, &what);
            let report = std::fs::read_to_string(report.path()).expect("the report");
            told(&book, &results, &report, &what);
            true
        }
    }
}

/// The scrubbed dump holds the naive interpreter's tables.
pub fn agree(naive: &Database, scrubbed: &[u8], what: &str) {
    if let Some(difference) = naive.difference(&read(scrubbed)) {
        panic!("{what}: left is the naive interpreter, right is the scrubbed dump\n{difference}");
    }
}

/// The report tells the results of the SELECTs and how many rows each statement chose.
pub fn told(book: &Rulebook, results: &Results, report: &str, what: &str) {
    if let Some(difference) = untold(book, results, report, true) {
        panic!("{what}: {difference}");
    }
}

/// Where the report tells something else than what the naive interpreter found. Foreign keys may
/// change more rows than the statements choose: then the rows are not counted.
pub fn untold(book: &Rulebook, results: &Results, report: &str, count: bool) -> Option<String> {
    let (naive, scrub) = (results.selected.join("\n"), selects(report));
    if sorted(&naive) != sorted(&scrub) {
        return Some(format!(
            "the SELECTs differ\n--- naive\n{naive}\n--- scrub\n{scrub}"
        ));
    }
    // What `\gexec` makes stands in the report between the rules.
    let generates = |action: &Action| matches!(action, Action::Gexec(_));
    if !count || book.statements.iter().any(|s| generates(&s.action)) {
        return None;
    }
    let report: serde_json::Value = serde_json::from_str(report).expect("JSON");
    let rules = report["rules"].as_array().expect("rules");
    for ((statement, matched), rule) in book.statements.iter().zip(&results.matched).zip(rules) {
        if matches!(
            statement.action,
            Action::Update(_) | Action::Delete(_) | Action::Truncate(_)
        ) {
            let hits = rule["relations"].as_array().expect("relations").iter();
            let hits: u64 = hits.filter_map(|hit| hit["matched"].as_u64()).sum();
            if hits != *matched {
                return Some(format!(
                    "{} matched {matched} rows, scrub says {hits}",
                    statement.name
                ));
            }
        }
    }
    None
}

/// The naive interpreter agrees with PostgreSQL on what the rules make of a dump.
pub fn agree_with_server(naive: &Database, oracle: &[u8], what: &str) {
    if let Some(difference) = naive.difference(&read(oracle)) {
        panic!("{what}: left is the naive interpreter, right is PostgreSQL\n{difference}");
    }
}
