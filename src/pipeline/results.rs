//! What the end of a database section tells: the results of SELECTs and tests, and whether rules
//! have left rows without the parents that foreign keys want.

use super::account;
use super::driver::Driver;
use crate::error::{Error, Result};
use crate::expression::Table;
use crate::plan::{Passed, Program, RuleId, Step, StepKind};
use crate::rulebook::Statement;
use crate::schema::Catalog;
use std::collections::HashSet;
use std::sync::{Arc, PoisonError};

/// The result of a SELECT.
struct Found {
    rule: RuleId,
    statement: Arc<Statement>,
    /// The relation or schema for which it ran, if there could be several.
    of: Option<String>,
    table: Table,
}

impl Driver<'_> {
    /// Puts the results of SELECTs into the report.
    ///
    /// # Errors
    /// If a test has found rows.
    pub(super) fn results(&mut self, programs: &[Arc<Program>]) -> Result<()> {
        let mut found = self.of_programs(programs)?;
        found.extend(self.planner.results().map(|result| Found {
            rule: result.rule.id,
            statement: Arc::clone(&result.rule.statement),
            of: result.home.map(str::to_owned),
            table: result.table.clone(),
        }));
        found.sort_by_key(|found| found.rule);
        let section = self.tally().section.clone();
        let mut failed = None;
        let several: Vec<bool> = found
            .iter()
            .map(|one| found.iter().filter(|other| other.rule == one.rule).count() > 1)
            .collect();
        for (found, several) in found.into_iter().zip(several) {
            let own = &found.statement.name;
            let name = match (&section, found.of.as_ref()) {
                (Some(database), Some(of)) => format!("{own} ({database}: {of})"),
                (Some(database), None) => format!("{own} ({database})"),
                (None, Some(of)) if several => format!("{own} ({of})"),
                (None, _) => own.clone(),
            };
            if found.statement.test && !found.table.rows.is_empty() {
                failed.get_or_insert_with(|| {
                    let rows = match found.table.rows.len() {
                        1 => "a row".to_owned(),
                        n => format!("{n} rows"),
                    };
                    let error = Error::check(format!("the test found {rows}"))
                        .rule(own)
                        .remedy("its SELECT must return none; --report shows them");
                    match found.of {
                        Some(of) => error.relation(of),
                        None => error,
                    }
                });
            }
            account::select(self.report, name, found.statement.test, found.table);
        }
        failed.map_or(Ok(()), Err)
    }

    /// The results of SELECTs over one table.
    fn of_programs(&self, programs: &[Arc<Program>]) -> Result<Vec<Found>> {
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        let mut steps: Vec<_> = programs
            .iter()
            .flat_map(|program| program.steps.iter().map(move |step| (program, step)))
            .collect();
        // The relation that the rule names speaks for its children.
        steps.sort_by_key(|(program, step)| (step.rule, program.relation != step.named));
        let mut told = HashSet::new();
        let mut all = Vec::new();
        for (_, step) in steps {
            let StepKind::Query(query) = &step.kind else {
                continue;
            };
            let key = step.key();
            if !told.insert(key.clone()) {
                continue;
            }
            let partial = tally
                .steps
                .get_mut(&key)
                .and_then(|found| found.partial.take());
            let table = query.finish(partial).map_err(|error| {
                Error::input(error.to_string())
                    .relation(&step.named)
                    .rule(&step.statement.name)
            })?;
            all.push(Found {
                rule: step.rule,
                statement: Arc::clone(&step.statement),
                of: Some(step.named.to_string()),
                table,
            });
        }
        Ok(all)
    }

    /// Fails if rules have removed or changed keys that rows which are left reference.
    ///
    /// # Errors
    /// With the foreign key's name.
    pub(super) fn check_keys(&self, programs: &[Arc<Program>]) -> Result<()> {
        let catalog = self.decoder.framer.catalog();
        let tally = self.tally();
        for program in programs {
            for step in &program.steps {
                let orphans = tally.found(step).map_or(0, |found| found.matched);
                if orphans > 0 {
                    orphaned(catalog, step, orphans)?;
                }
            }
        }
        self.planner.late_keys(catalog, &|relation| {
            let key = (tally.section.clone(), relation.clone());
            let table = tally.tables.get(&key).filter(|table| table.counted)?;
            Some(Passed {
                rows: table.counts.rows,
                dropped: table.counts.dropped,
                changed: table.counts.changed + table.counts.moved,
            })
        })
    }
}

/// The error of a step that has found rows without a parent.
fn orphaned(catalog: &Catalog, step: &Step, count: u64) -> Result<()> {
    let StepKind::Orphans {
        constraint, parent, ..
    } = &step.kind
    else {
        return Ok(());
    };
    let child = &step.named;
    let rows = match count {
        1 => "row that is",
        _ => "rows that are",
    };
    let error = Error::input(format!(
        "it takes the parent in {parent} from {count} {rows} left, which foreign key \
         {constraint} forbids"
    ))
    .relation(child)
    .rule(&step.statement.name);
    let keys = catalog.relation(child).map_or(&[][..], |r| &r.foreign_keys);
    let key = keys
        .iter()
        .find(|key| key.name.as_ref() == Some(constraint) && key.references == *parent);
    let columns = key.and_then(|key| Some((key, catalog.referenced_columns(key)?)));
    Err(match columns {
        None => error.remedy("settle those rows in a rule before it"),
        Some((key, parents)) => error.remedy(format!(
            "settle those rows in a rule before it: DELETE FROM {child} WHERE ({}) IN \
             (SELECT {} FROM {parent} WHERE …)",
            key.columns.join(", "),
            parents.join(", ")
        )),
    })
}
