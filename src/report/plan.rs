//! What `scrub check` prints: the plan of a run, with its counts.

use super::number::{count, grouped, size};
use super::text::{bare, heading, hits, name, plain, push_block, wrapped};
use super::{Page, Report, RuleHits, RuleReport, TableAction, TableReport, diff};
use comfy_table::CellAlignment;

/// What happens to each table and why, where each rule applies, samples.
pub(super) fn plan(report: &Report, verbose: bool, page: Page) -> String {
    let mut out = String::new();
    if report.tables.is_empty() {
        out += "The dump has no table.\n";
    } else {
        push_block(&mut out, &tables(&report.tables));
    }
    let held = || report.tables.iter().filter(|table| table.held);
    if held().next().is_some() {
        heading(&mut out, "Held back");
        for table in held() {
            let why = table.waits.as_deref().unwrap_or("its rows have to wait");
            out += &format!("{}: {}\n", name(table), plain(why));
        }
    }
    heading(&mut out, "Rules");
    rules(&mut out, report, verbose);
    if !report.tests.is_empty() {
        heading(&mut out, "Tests");
        for test in &report.tests {
            let test_name = plain(&test.name);
            out += &match test.passed {
                true => format!("passed  {test_name}\n"),
                false => format!("FAILED  {test_name}: {}\n", count(test.rows, "row")),
            };
        }
    }
    let sampled = || report.tables.iter().filter(|t| !t.samples.is_empty());
    if sampled().next().is_some() {
        heading(&mut out, "Changes");
        for table in sampled() {
            diff::table(&mut out, table, page);
            let left = table.changed + table.dropped + table.moved;
            let left = left.saturating_sub(table.samples.len() as u64);
            if left > 0 {
                out += &format!("  … and {}\n", count(left, "more row"));
            }
        }
    }
    out
}

/// What happens to a table, in words.
fn what(table: &TableReport) -> String {
    let mut words: Vec<_> = table
        .actions
        .iter()
        .map(|action| match action {
            TableAction::Rewrite => "rewrite",
            TableAction::DropAll => "drop all",
            TableAction::DropSome => "drop some",
            TableAction::Add => "add",
            TableAction::Read => "read",
        })
        .collect();
    // Of a table that is emptied there is nothing to drop, and one that is read only passes.
    if table.actions.contains(&TableAction::DropAll) {
        words.retain(|word| *word != "drop some");
    }
    if table
        .actions
        .iter()
        .all(|action| *action == TableAction::Read)
    {
        words.insert(0, "pass");
    }
    if table.held {
        words.push("held");
    }
    words.join(", ")
}

/// One line for each table, as long as it has to be.
fn tables(tables: &[TableReport]) -> String {
    type Count = fn(&TableReport) -> u64;
    let counts: [(&str, Count); 4] = [
        ("changed", |t| t.changed),
        ("dropped", |t| t.dropped),
        ("added", |t| t.added),
        ("moved", |t| t.moved),
    ];
    let happened = |of: &Count| tables.iter().any(|t| of(t) > 0);
    let counts: Vec<_> = counts.into_iter().filter(|(_, of)| happened(of)).collect();
    let mut out = bare(None);
    let header = ["table", "plan", "rows"].into_iter();
    let header = header.chain(counts.iter().map(|(name, _)| *name));
    out.set_header(header.chain(["rules"]));
    for t in tables {
        let rows = match t.rows {
            Some(rows) => grouped(rows),
            None if t.bytes == 0 => String::new(),
            None => size(t.bytes),
        };
        let counted = counts.iter().map(|(_, of)| match of(t) {
            0 => String::new(),
            n => grouped(n),
        });
        let row = [name(t), what(t), rows].into_iter().chain(counted);
        out.add_row(row.chain([plain(&t.rules.join(", "))]));
    }
    for number in 2..2 + 1 + counts.len() {
        if let Some(column) = out.column_mut(number) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    out.to_string()
}

/// Where each rule applies; what it generated, as a number; the rules that did not run.
fn rules(out: &mut String, report: &Report, verbose: bool) {
    let mut skipped: Vec<(&str, Vec<&str>)> = Vec::new();
    for (number, rule) in report.rules.iter().enumerate() {
        if rule.generated {
            continue;
        }
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
        let generated = report.rules[number + 1..].iter();
        let generated: Vec<_> = generated.take_while(|rule| rule.generated).collect();
        if !generated.is_empty() {
            self::generated(out, &generated);
        }
    }
    for (why, names) in skipped {
        let many = count(names.len() as u64, "rule");
        match verbose {
            true => {
                *out += &format!("{many} did not run ({}):\n", plain(why));
                wrapped(out, "  ", &names.join(", "));
            }
            false => *out += &format!("{many} did not run ({}); -v names them\n", plain(why)),
        }
    }
}

/// The statements that a rule has generated: how many and how many rows they met, and what they say
/// if that may be shown.
fn generated(out: &mut String, rules: &[&RuleReport]) {
    *out += &format!("  generated {}\n", count(rules.len() as u64, "statement"));
    let mut all = RuleReport::default();
    for rule in rules {
        if let Some(statement) = &rule.statement {
            *out += &format!("    {}\n", plain(statement.trim()));
        }
        for hit in &rule.relations {
            let same = |other: &&mut RuleHits| other.relation == hit.relation;
            match all.relations.iter_mut().find(same) {
                Some(sum) => {
                    sum.matched += hit.matched;
                    sum.looked_up &= hit.looked_up;
                }
                None => all.relations.push(RuleHits {
                    columns: Vec::new(),
                    ..hit.clone()
                }),
            }
        }
    }
    let mut met = String::new();
    hits(&mut met, &all);
    met.lines().for_each(|line| *out += &format!("  {line}\n"));
}
