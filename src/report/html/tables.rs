//! Tables as bars: of what a rule touched, what became of its rows; of the rest, how large it is.

use super::super::number::{grouped, size};
use super::super::text::{name, plain};
use super::super::{Report, TableReport};

/// Untouched tables that the page lists; the JSON report has them all.
const MOST: usize = 200;

/// The width of a bar, in its own units.
const WIDTH: f64 = 100.0;

/// A table that rules changed.
pub(super) struct TouchedTable {
    pub name: String,
    pub rows: String,
    /// Where its waiting is told, if it was held.
    pub held: Option<String>,
    pub segments: Vec<Segment>,
    /// The segments in words.
    pub label: String,
    pub changed: Option<String>,
    pub dropped: Option<String>,
    pub added: Option<String>,
    pub moved: Option<String>,
}

/// A part of a bar.
pub(super) struct Segment {
    pub class: &'static str,
    pub x: String,
    pub width: String,
}

/// A table that left as it came.
pub(super) struct UntouchedTable {
    pub name: String,
    pub size: String,
    pub rows: Option<String>,
    pub width: String,
}

/// The tables that rules changed, the busiest first, and the others, the largest first.
pub(super) fn split(report: &Report) -> (Vec<TouchedTable>, Vec<UntouchedTable>) {
    let (mut untouched, mut touched): (Vec<_>, Vec<_>) =
        report.tables.iter().partition(|t| t.untouched());
    touched.sort_by_key(|t| std::cmp::Reverse(t.changed + t.dropped + t.added + t.moved));
    untouched.sort_by_key(|t| std::cmp::Reverse(t.bytes));
    untouched.truncate(MOST);
    let largest = untouched.first().map_or(1, |t| t.bytes.max(1));
    let untouched = untouched.into_iter().map(|t| UntouchedTable {
        name: name(t),
        size: size(t.bytes),
        rows: t.rows.map(grouped),
        width: units(t.bytes, largest),
    });
    (
        touched.into_iter().map(touch).collect(),
        untouched.collect(),
    )
}

fn touch(table: &TableReport) -> TouchedTable {
    let rows = table.rows.unwrap_or(0);
    let gone = table.dropped + table.changed;
    let parts = [
        ("kept", rows.saturating_sub(gone), "as they came"),
        ("changed", table.changed, "changed"),
        ("dropped", table.dropped, "dropped"),
        ("added", table.added, "added"),
    ];
    let all: u64 = parts.iter().map(|(_, n, _)| n).sum();
    let mut before = 0;
    let mut segments = Vec::new();
    let mut label = Vec::new();
    for (class, rows, what) in parts.into_iter().filter(|(_, n, _)| *n > 0) {
        segments.push(Segment {
            class,
            x: units(before, all),
            width: units(rows, all),
        });
        label.push(format!("{} {what}", grouped(rows)));
        before += rows;
    }
    let some = |n: u64| (n > 0).then(|| grouped(n));
    TouchedTable {
        name: name(table),
        rows: table.rows.map_or_else(|| size(table.bytes), grouped),
        held: table
            .held
            .then(|| table.waits.as_deref().map_or("held back".into(), plain)),
        segments,
        label: label.join(", "),
        changed: some(table.changed),
        dropped: some(table.dropped),
        added: some(table.added),
        moved: some(table.moved),
    }
}

/// A share of a bar.
pub(super) fn units(part: u64, all: u64) -> String {
    format!("{:.2}", WIDTH * part as f64 / all.max(1) as f64)
}
