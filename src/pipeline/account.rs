//! Filling the report from what the run has found.

use super::tally::Tally;
use super::{Job, Planner};
use crate::expression::Table;
use crate::plan::Rule;
use crate::report::{
    KeyUsed, Report, RuleHits, RuleReport, RulebookUsed, SelectReport, TableReport, TestReport,
};
use crate::rulebook::{Action, ColumnPattern, Rulebook};
use sha2::{Digest, Sha256};

/// The report of a run that begins.
pub(super) fn start(job: &Job) -> Report {
    Report {
        input: job.source.label().to_owned(),
        output: job.sink.label().to_owned(),
        dialect: job.dialect.name().to_owned(),
        key: KeyUsed {
            fingerprint: job.key.fingerprint(),
            random: job.key.random,
        },
        ..Report::begin()
    }
}

/// Adds everything that is known when the run has ended, well or not.
pub(super) fn finish(report: &mut Report, planner: &Planner, tally: &Tally) {
    report.rulebooks = planner.books().map(rulebook).collect();
    report.by_hand = planner
        .books()
        .flat_map(|book| book.by_hand.iter().cloned())
        .collect::<Vec<_>>();
    report.excepted = planner
        .books()
        .flat_map(|book| {
            let named = |except: &ColumnPattern| {
                format!("{}.{} ({})", except.table, except.column, book.name)
            };
            book.baseline_except.iter().map(named).collect::<Vec<_>>()
        })
        .collect();
    report.tables = tally
        .tables
        .iter()
        .map(|((database, relation), table)| TableReport {
            database: database.clone(),
            relation: relation.to_string(),
            bytes: table.bytes,
            rows: table.counted.then_some(table.counts.rows),
            changed: table.counts.changed,
            dropped: table.counts.dropped,
            added: table.added,
            moved: table.counts.moved,
            held: table.waits.is_some(),
            waits: table.waits.as_ref().map(ToString::to_string),
            actions: table.actions.clone(),
            rules: table.rules.clone(),
            samples: table.samples.all(),
        })
        .collect();
    report.rules = planner
        .rules()
        .iter()
        .map(|r| rule(r, planner, tally))
        .collect();
    report.warnings.extend(planner.warnings().cloned());
    if report.key.random
        && report.verify.is_none()
        && report.rules.iter().any(|rule| !rule.relations.is_empty())
    {
        report.warnings.push(
            "no key was given: pseudonyms of this run differ from those of every other run \
             (--key-file FILE or SCRUB_KEY)"
                .to_owned(),
        );
    }
}

fn rulebook(book: &Rulebook) -> RulebookUsed {
    let mut hash = Sha256::new();
    for file in &book.files {
        hash.update(file.text.as_bytes());
    }
    RulebookUsed {
        name: book.name.clone(),
        title: book.title.clone(),
        sha256: hash
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
    }
}

fn rule(rule: &Rule, planner: &Planner, tally: &Tally) -> RuleReport {
    let relations: Vec<RuleHits> = tally
        .hits
        .iter()
        .filter(|((id, _, _), _)| *id == rule.id)
        .map(|((_, _, relation), hits)| RuleHits {
            relation: relation.to_string(),
            columns: hits.columns.clone(),
            matched: hits.matched,
            looked_up: !hits.acts,
        })
        .collect();
    RuleReport {
        name: rule.statement.name.clone(),
        rulebook: planner.book_of(rule).to_owned(),
        action: action(&rule.statement.action).to_owned(),
        skipped: (planner.relations_met(rule.id) == 0)
            .then(|| "it met no table with the columns that it names".to_owned()),
        relations,
        generated: rule.id.generated > 0,
        statement: planner
            .generated_text(rule)
            .filter(|_| tally.shows_values())
            .map(str::to_owned),
    }
}

fn action(action: &Action) -> &'static str {
    match action {
        Action::Update(_) => "UPDATE",
        Action::Delete(_) => "DELETE",
        Action::Truncate(_) => "TRUNCATE",
        Action::Insert(_) => "INSERT",
        Action::Select(_) | Action::Gexec(_) => "SELECT",
        Action::Grant { .. } => "GRANT",
        Action::DropUser(_) => "DROP USER",
    }
}

/// Adds the result of a SELECT, and of a test as a test.
pub(super) fn select(report: &mut Report, name: String, test: bool, table: Table) {
    if test {
        report.tests.push(TestReport {
            name: name.clone(),
            passed: table.rows.is_empty(),
            rows: table.rows.len() as u64,
        });
    }
    report.selects.push(SelectReport {
        name,
        columns: table.columns,
        rows: table.rows,
        truncated: false,
    });
}
