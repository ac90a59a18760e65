//! Whole runs over any bytes: an empty rulebook changes nothing, and what rules make of the rows does
//! not depend on the pieces in which the input comes, nor on `--jobs`.

use super::digest;
use crate::stream::{pieces, run};
use scrub::dialect::{Dialect, dialects};

/// Rules that concern every table there can be.
const RULES: &str = "\
-- name: addresses :optional
UPDATE \"*\" SET \"*mail*\" = anon.mailinator(VALUE);
-- name: all-addresses :optional
UPDATE \"*\" SET \"*\" = anon.rewrite_emails(VALUE);
-- name: names :optional
UPDATE \"*\" SET \"*name*\" = 'x' WHERE id = 1;
-- name: rows :optional
DELETE FROM \"*s\" WHERE id = 2;
";

pub fn stream(data: &[u8]) {
    // An archive wants a source that knows it for one, and has a target of its own.
    if data.starts_with(b"PGDMP") {
        return;
    }
    let dialect = recognised(data);
    let same = run(dialect, data, Some(""), 1, Box::new(|| usize::MAX));
    check(&same.error);
    match &same.error {
        None => assert!(same.output.as_deref() == Some(data), "other bytes left"),
        Some(_) => assert_eq!(same.output, None, "a run that failed left a file"),
    }
    let first = run(dialect, data, Some(RULES), 1, Box::new(|| usize::MAX));
    check(&first.error);
    let seed = digest(data);
    let most = [7, 90, 1_000][(seed % 3) as usize];
    let other = run(dialect, data, Some(RULES), 3, pieces(seed, most));
    assert_eq!(
        first.error, other.error,
        "pieces of up to {most} bytes: errors"
    );
    if first.error.is_none() {
        assert!(
            first.output == other.output,
            "pieces of up to {most} bytes: outputs"
        );
        assert_eq!(
            first.report, other.report,
            "pieces of up to {most} bytes: reports"
        );
    }
}

/// The dialect that the input looks like most.
fn recognised(data: &[u8]) -> &'static dyn Dialect {
    let sure = |dialect: &&&'static dyn Dialect| dialect.recognise(data);
    *dialects().iter().max_by_key(sure).expect("dialects")
}

/// A worker's panic ends a run with an error of its own.
fn check(error: &Option<String>) {
    if let Some(error) = error {
        for word in ["has died", "a worker"] {
            assert!(!error.contains(word), "{error}");
        }
    }
}
