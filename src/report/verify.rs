//! What `scrub verify` prints: where something stands, never what.

use super::Report;
use super::number::{count, duration, grouped, size};
use super::text::{heading, plain, wrapped};
use serde::Serialize;

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    /// Domains whose addresses are safe.
    pub safe_domains: Vec<String>,
    /// Addresses in them.
    pub safe: u64,
    /// Addresses in rows that come from the target environment.
    pub allowed: u64,
    /// How many addresses the original has, if there is one.
    pub original: Option<u64>,
    /// Addresses that fail the dump.
    pub addresses: u64,
    /// Secrets, which fail it as well.
    pub secrets: u64,
    /// What fails the dump, in its order.
    pub findings: Vec<FindingReport>,
    /// What does not: addresses in forms of transport.
    pub apart: Vec<FindingReport>,
}

/// Finds of one kind in one place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FindingReport {
    /// The database that a `\\connect` named.
    pub database: Option<String>,
    /// The table in whose rows it stands.
    pub relation: Option<String>,
    /// The column; none between the cells.
    pub column: Option<String>,
    /// Outside the rows: the kind of statement.
    pub outside: Option<String>,
    /// What it is.
    pub what: String,
    /// How many there are.
    pub count: u64,
    /// The first of them.
    pub places: Vec<FindingSpot>,
}

/// One place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct FindingSpot {
    /// The row of the table, counted from 1.
    pub row: Option<u64>,
    /// The line, counted from 1; 0 in an archive, which has none.
    pub line: u64,
    /// The byte, counted from 0, of the decompressed dump.
    pub byte: u64,
}

/// The tests and the finds.
pub(super) fn proof(report: &Report) -> String {
    let mut out = String::new();
    for test in &report.tests {
        let name = plain(&test.name);
        out += &match test.passed {
            true => format!("passed  {name}\n"),
            false => format!("FAILED  {name}: {}\n", count(test.rows, "row")),
        };
    }
    if !out.is_empty() {
        out.push('\n');
    }
    search(&mut out, report);
    out
}

/// The finds.
pub(super) fn search(out: &mut String, report: &Report) {
    let Some(found) = &report.verify else {
        return;
    };
    findings(out, &found.findings);
    if clean(found) {
        *out += "No address outside the safe domain, no secret.\n";
    }
    if !found.apart.is_empty() {
        heading(out, "Told apart");
        findings(out, &found.apart);
    }
    *out += &format!("\n{}\n", safe(found));
}

/// Does nothing fail the dump?
pub(super) fn clean(found: &VerifyReport) -> bool {
    found.findings.is_empty()
}

/// The addresses that may be there, and what the original says.
pub(super) fn safe(found: &VerifyReport) -> String {
    let mut out = format!(
        "{} in safe domains ({})",
        addresses(found.safe),
        plain(&found.safe_domains.join(", "))
    );
    if found.allowed > 0 {
        out += &format!(
            "; {} allowed, from the target's own rows",
            grouped(found.allowed)
        );
    }
    if let Some(original) = found.original {
        let left = found.findings.iter().filter(|f| f.what == LEFT);
        let left: u64 = left.map(|f| f.count).sum();
        out += &format!(
            "; of the {} of the original, {} left",
            addresses(original),
            match left {
                0 => "none is".to_owned(),
                n => format!("some are ({} times)", grouped(n)),
            }
        );
    }
    out
}

/// What was read, and what somebody should know.
pub(super) fn searched(report: &Report) -> String {
    let mut out = format!(
        "{} searched, {}, {}\n",
        size(report.bytes_in),
        count(report.tables.len() as u64, "table"),
        duration(report.seconds)
    );
    let names: Vec<_> = report.rulebooks.iter().map(|r| r.name.as_str()).collect();
    if !names.is_empty() {
        wrapped(&mut out, "rulebooks: ", &names.join(", "));
    }
    for warning in &report.warnings {
        wrapped(&mut out, "warning: ", warning);
    }
    out
}

/// What a find is called that the original had.
const LEFT: &str = "address of the original";

fn findings(out: &mut String, findings: &[FindingReport]) {
    for finding in findings {
        *out += &format!(
            "{}: {}\n",
            plain(&place(finding)),
            amount(finding.count, &finding.what)
        );
        for spot in finding.places.iter().filter_map(spot) {
            *out += &format!("  {spot}\n");
        }
        let more = finding.count.saturating_sub(finding.places.len() as u64);
        if more > 0 {
            *out += &format!("  … and {} more\n", grouped(more));
        }
    }
}

/// Where finds are: table and column, or the kind of statement.
pub(super) fn place(finding: &FindingReport) -> String {
    let place = match (&finding.relation, &finding.column, &finding.outside) {
        (Some(relation), Some(column), _) => format!("{relation}.{column}"),
        (Some(relation), None, _) => format!("{relation}, outside its cells"),
        (None, _, Some(outside)) => format!("outside the rows, {outside}"),
        (None, _, None) => "outside the rows".to_owned(),
    };
    match &finding.database {
        Some(database) => format!("{database}: {place}"),
        None => place,
    }
}

/// Row, line and byte, as far as there are any.
pub(super) fn spot(spot: &FindingSpot) -> Option<String> {
    let row = spot.row.map(|row| format!("row {}", grouped(row)));
    // An archive has no lines.
    let line = (spot.line > 0).then(|| format!("line {}, byte {}", spot.line, spot.byte));
    let place: Vec<String> = row.into_iter().chain(line).collect();
    (!place.is_empty()).then(|| place.join(", "))
}

fn addresses(n: u64) -> String {
    format!("{} address{}", grouped(n), if n == 1 { "" } else { "es" })
}

/// `3 × address in hex`.
pub(super) fn amount(count: u64, what: &str) -> String {
    match count {
        1 => what.to_owned(),
        n => format!("{} × {what}", grouped(n)),
    }
}
