//! The two readable forms: the summary for standard error and the whole report.

use super::number::{count, duration, grouped, size};
use super::{Report, RuleReport, SelectReport, StrictReport, TableReport};
use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, Table};

/// The widest line of a summary.
const WIDTH: u16 = 80;

/// Tables and warnings that a summary lists before it says how many more there are.
const MOST: usize = 20;

/// A short account: touched tables, tests, warnings, what is left to do.
pub(super) fn summary(report: &Report, verbose: bool) -> String {
    let mut out = String::new();
    let most = if verbose { usize::MAX } else { MOST };
    let listed: Vec<_> = report
        .tables
        .iter()
        .filter(|t| verbose || !t.untouched())
        .collect();
    if !listed.is_empty() {
        push_block(
            &mut out,
            &tables(listed.iter().take(most).copied(), Some(WIDTH)),
        );
        if listed.len() > most {
            out += &format!(
                "  … and {} more\n",
                count((listed.len() - most) as u64, "table")
            );
        }
    }
    if verbose {
        rules(&mut out, report);
    }
    out + &remarks(report, verbose)
}

/// Sizes, rulebooks, tests, warnings, what is left to do.
pub(super) fn remarks(report: &Report, verbose: bool) -> String {
    let mut out = String::new();
    let most = if verbose { usize::MAX } else { MOST };
    let untouched = report.tables.iter().filter(|t| t.untouched()).count();
    let tables = count(untouched as u64, "table");
    out += &match untouched {
        0 => String::new(),
        n if n == report.tables.len() => format!("{tables}, none changed; "),
        _ => format!("{tables} unchanged; "),
    };
    out += &format!(
        "{} in, {} out, {}\n",
        size(report.bytes_in),
        size(report.bytes_out),
        duration(report.seconds)
    );
    if !report.rulebooks.is_empty() {
        let names: Vec<_> = report.rulebooks.iter().map(|r| r.name.as_str()).collect();
        wrapped(&mut out, "rulebooks: ", &names.join(", "));
    }
    if !report.tests.is_empty() {
        let failed = report.tests.iter().filter(|t| !t.passed).count() as u64;
        let passed = report.tests.len() as u64 - failed;
        out += &match failed {
            0 => format!("{} passed\n", count(passed, "test")),
            _ => format!(
                "{} failed, {} passed\n",
                count(failed, "test"),
                grouped(passed)
            ),
        };
    }
    if let Some(strict) = &report.strict {
        out += &format!("{}\n", reviewed(strict));
    }
    limited(&mut out, "warning: ", &report.warnings, most);
    limited(&mut out, "by hand: ", &report.by_hand, most);
    out
}

/// Everything the report holds.
pub(super) fn report(report: &Report) -> String {
    let mut out = format!("scrub {}\n\n", report.scrub);
    let facts = [
        ("input", report.input.clone()),
        ("output", report.output.clone()),
        ("dialect", report.dialect.clone()),
        ("started", report.started.clone()),
        (
            "finished",
            format!("{} ({})", report.finished, duration(report.seconds)),
        ),
        (
            "read",
            format!(
                "{} ({} bytes)",
                size(report.bytes_in),
                grouped(report.bytes_in)
            ),
        ),
        (
            "written",
            format!(
                "{} ({} bytes)",
                size(report.bytes_out),
                grouped(report.bytes_out)
            ),
        ),
        (
            "key",
            match report.key.random {
                true => format!("{} (random, for this run only)", report.key.fingerprint),
                false => report.key.fingerprint.clone(),
            },
        ),
        (
            "outcome",
            match &report.outcome.error {
                None => "complete".to_owned(),
                Some(error) => {
                    format!("FAILED (exit code {}): {error}", report.outcome.exit_code)
                }
            },
        ),
    ];
    for (name, value) in facts {
        out += &format!("{name:<9} {}\n", plain(&value));
    }

    heading(&mut out, "Rulebooks");
    for rulebook in &report.rulebooks {
        let title = rulebook
            .title
            .as_deref()
            .map_or(String::new(), |t| format!(": {}", plain(t)));
        out += &format!(
            "{}{title}\n  sha256 {}\n",
            plain(&rulebook.name),
            rulebook.sha256
        );
    }
    if !report.tables.is_empty() {
        heading(&mut out, "Tables");
        push_block(&mut out, &tables(report.tables.iter(), None));
    }
    if !report.rules.is_empty() {
        heading(&mut out, "Rules");
        rules(&mut out, report);
    }
    for result in &report.selects {
        heading(&mut out, &plain(&result.name));
        push_block(&mut out, &select(result));
        if result.truncated {
            out += "… and more rows\n";
        }
    }
    if !report.tests.is_empty() {
        heading(&mut out, "Tests");
        for test in &report.tests {
            out += &match test.passed {
                true => format!("passed  {}\n", plain(&test.name)),
                false => format!(
                    "FAILED  {}: {}\n",
                    plain(&test.name),
                    count(test.rows, "row")
                ),
            };
        }
    }
    if let Some(strict) = &report.strict {
        heading(&mut out, "Review");
        out += &format!("{}\n", reviewed(strict));
        for line in &strict.unreviewed {
            out += &format!("{}\n", plain(line));
        }
    }
    if report.verify.is_some() {
        heading(&mut out, "Search");
        super::verify::search(&mut out, report);
    }
    for (title, lines) in [
        ("Warnings", &report.warnings),
        ("Left alone by the baseline", &report.excepted),
        ("By hand", &report.by_hand),
    ] {
        if !lines.is_empty() {
            heading(&mut out, title);
            lines
                .iter()
                .for_each(|line| out += &format!("- {}\n", plain(line)));
        }
    }
    out
}

/// What was strict about the run.
pub(super) fn reviewed(strict: &StrictReport) -> String {
    let option = match strict.text_only {
        true => "--strict=text",
        false => "--strict",
    };
    let definitions = match strict.definitions {
        0 => String::new(),
        n => format!(", {} with texts", count(n, "definition")),
    };
    format!(
        "{option}: {} of {}{definitions} reviewed",
        count(strict.columns, "column"),
        count(strict.tables, "table")
    )
}

/// Each rule with its hits, then the ones that did not run, by the reason.
fn rules(out: &mut String, report: &Report) {
    let mut skipped: Vec<(&str, Vec<&str>)> = Vec::new();
    for rule in &report.rules {
        if let Some(why) = rule.skipped.as_deref() {
            match skipped.iter_mut().find(|(reason, _)| *reason == why) {
                Some((_, names)) => names.push(&rule.name),
                None => skipped.push((why, vec![&rule.name])),
            }
            continue;
        }
        *out += &format!(
            "{} ({}, {})\n",
            plain(&rule.name),
            rule.action,
            plain(&rule.rulebook)
        );
        hits(out, rule);
    }
    for (why, names) in skipped {
        *out += &format!("did not run ({}):\n", plain(why));
        wrapped(out, "  ", &names.join(", "));
    }
}

/// Where a rule applied.
pub(super) fn hits(out: &mut String, rule: &RuleReport) {
    for hits in &rule.relations {
        let what = match (hits.looked_up, hits.columns.is_empty()) {
            (true, _) => "looked up".to_owned(),
            (false, true) => format!("{} matched", count(hits.matched, "row")),
            (false, false) => {
                let columns = plain(&hits.columns.join(", "));
                format!("{} matched ({columns})", count(hits.matched, "row"))
            }
        };
        *out += &format!("  {}: {what}\n", plain(&hits.relation));
    }
}

/// The table of tables; columns in which nothing happened are left out.
fn tables<'r>(rows: impl Iterator<Item = &'r TableReport> + Clone, width: Option<u16>) -> String {
    type Count = fn(&TableReport) -> u64;
    let counts: [(&str, Count); 4] = [
        ("changed", |t| t.changed),
        ("dropped", |t| t.dropped),
        ("added", |t| t.added),
        ("moved", |t| t.moved),
    ];
    let counts: Vec<_> = counts
        .into_iter()
        .filter(|(_, of)| rows.clone().any(|t| of(t) > 0))
        .collect();
    let header = ["table", "rows"]
        .into_iter()
        .chain(counts.iter().map(|(name, _)| *name));
    let mut table = bare(width);
    table.set_header(header);
    for t in rows {
        let name = name(t);
        let held = if t.held { " (held)" } else { "" };
        let read = t.rows.map_or_else(|| size(t.bytes), grouped);
        let counted = counts.iter().map(|(_, of)| match of(t) {
            0 => String::new(),
            n => grouped(n),
        });
        table.add_row([format!("{name}{held}"), read].into_iter().chain(counted));
    }
    for i in 1..table.column_count() {
        if let Some(column) = table.column_mut(i) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.to_string()
}

/// A table's name, with its database if there are several.
pub(super) fn name(table: &TableReport) -> String {
    match &table.database {
        Some(database) => format!("{}: {}", plain(database), plain(&table.relation)),
        None => plain(&table.relation),
    }
}

fn select(result: &SelectReport) -> String {
    let mut table = bare(None);
    table.set_header(result.columns.iter().map(|c| plain(c)));
    for row in &result.rows {
        table.add_row(
            row.iter()
                .map(|cell| cell.as_deref().map_or("NULL".to_owned(), plain)),
        );
    }
    table.to_string()
}

pub(super) fn bare(width: Option<u16>) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING);
    if let Some(width) = width {
        table
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(width);
    }
    table
}

/// Appends lines without the blanks that a table pads them with.
pub(super) fn push_block(out: &mut String, block: &str) {
    for line in block.lines() {
        *out += line.trim_end();
        out.push('\n');
    }
}

pub(super) fn heading(out: &mut String, title: &str) {
    *out += &format!("\n{title}\n{}\n", "-".repeat(title.chars().count()));
}

fn limited(out: &mut String, label: &str, lines: &[String], most: usize) {
    for line in lines.iter().take(most) {
        wrapped(out, label, line);
    }
    if lines.len() > most {
        *out += &format!("{label}… and {} more, in the report\n", lines.len() - most);
    }
}

/// Breaks `text` between words; lines after the first are indented under it.
pub(super) fn wrapped(out: &mut String, label: &str, text: &str) {
    let indent = label.chars().count();
    let mut line = label.to_owned();
    let mut column = indent;
    for word in plain(text).split_whitespace() {
        let length = word.chars().count();
        if column > indent && column + 1 + length > WIDTH as usize {
            *out += line.trim_end();
            out.push('\n');
            line = " ".repeat(indent);
            column = indent;
        }
        if column > indent {
            line.push(' ');
            column += 1;
        }
        line += word;
        column += length;
    }
    *out += line.trim_end();
    out.push('\n');
}

/// Control characters escaped, so that nothing from a dump can steer a terminal.
pub(super) fn plain(text: &str) -> String {
    if !text.contains(char::is_control) {
        return text.to_owned();
    }
    let escape = |c: char| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests;
