//! The end of a table, of a section's data and of a database section: what rules add, what has
//! moved, and the results of SELECTs.

use super::account;
use super::added::{self, Added};
use super::driver::Driver;
use super::order::Slot;
use super::spool::Spool;
use super::tally::Moved;
use super::transform::TextRow;
use crate::dialect::Block;
use crate::error::{Error, Result};
use crate::plan::{NewCell, Program, StepKind};
use std::collections::HashSet;
use std::sync::PoisonError;

impl Driver<'_> {
    /// Writes the new rows that are wholly known into the block; the others stay for later.
    pub(super) fn add(&mut self, added: &Added, block: &Block, out: &mut Vec<u8>) -> Result<()> {
        let program = &added.program;
        let types: Vec<_> = program.columns[..program.cells]
            .iter()
            .map(|c| &c.column.data_type)
            .collect();
        let mut count = 0;
        for row in &added.rows {
            let known: Option<Vec<_>> = row
                .iter()
                .zip(&types)
                .map(|(cell, data_type)| match cell {
                    NewCell::Known(text) => Some((text.as_deref(), *data_type)),
                    NewCell::Server => None,
                })
                .collect();
            let Some(cells) = known else { continue };
            count += 1;
            block
                .codec
                .write_row(&cells, out)
                .map_err(|fault| Error::input(fault.0).relation(&program.relation))?;
        }
        self.tally().table(&program.relation).added += count;
        Ok(())
    }

    /// The end of the section's data: rows that rules add and rows that moved follow here.
    pub(super) async fn tail(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.tail_written, true) {
            return Ok(());
        }
        self.barrier().await?;
        self.release().await?;
        if let Some(held) = self.held.first() {
            // The plan resolves everything at the end of the data.
            return Err(
                Error::input("its rows wait for a rule that never became known")
                    .relation(&held.block.relation),
            );
        }
        self.barrier().await?;
        let catalog = self.decoder.framer.catalog();
        let programs = self.planner.remaining(catalog)?;
        for added in std::mem::take(&mut self.pending) {
            self.write_added(&added, true).await?;
        }
        for program in programs {
            if added::adds(&program) && self.complete.insert(program.relation.clone()) {
                let added = added::run(&program, &mut self.tally())?;
                self.write_added(&added, false).await?;
            }
        }
        let moved = std::mem::take(&mut self.tally().moved);
        for (_, Moved { program, rows }) in moved {
            self.write_moved(&program, rows).await?;
        }
        Ok(())
    }

    /// Writes new rows as statements: together those that fill the same columns.
    async fn write_added(&mut self, added: &Added, only_incomplete: bool) -> Result<()> {
        let program = &added.program;
        let relation = added::relation(program, &program.relation);
        let mut rest: &[_] = &added.rows;
        let filled = |row: &[NewCell]| -> Vec<usize> {
            (0..row.len())
                .filter(|cell| row[*cell] != NewCell::Server)
                .collect()
        };
        while let Some(first) = rest.first() {
            let columns = filled(first);
            let same = rest.iter().take_while(|row| filled(row) == columns).count();
            let (group, others) = rest.split_at(same);
            rest = others;
            let complete = columns.len() == program.cells;
            if complete && only_incomplete {
                continue;
            }
            let rows: Vec<TextRow> = group
                .iter()
                .map(|row| {
                    let known = row.iter().filter_map(|cell| match cell {
                        NewCell::Known(text) => Some(text.clone()),
                        NewCell::Server => None,
                    });
                    known.collect()
                })
                .collect();
            self.write_statement(&relation, &columns, &rows, !complete)
                .await?;
            self.tally().table(&program.relation).added += rows.len() as u64;
        }
        Ok(())
    }

    /// Writes rows that left their partition through the root of the tree.
    async fn write_moved(&mut self, program: &Program, rows: Spool) -> Result<()> {
        let Some(partition) = &program.partition else {
            return Ok(());
        };
        let relation = added::relation(program, &partition.root);
        let columns: Vec<usize> = (0..program.cells)
            .filter(|cell| !program.columns[*cell].column.generated.is_computed())
            .collect();
        for rows in rows.batches() {
            let rows: Vec<TextRow> = rows?
                .into_iter()
                .map(|mut row| columns.iter().map(|cell| row[*cell].take()).collect())
                .collect();
            self.write_statement(&relation, &columns, &rows, false)
                .await?;
        }
        Ok(())
    }

    async fn write_statement(
        &mut self,
        relation: &crate::schema::Relation,
        columns: &[usize],
        rows: &[TextRow],
        as_insert: bool,
    ) -> Result<()> {
        let mut out = Vec::new();
        self.decoder
            .framer
            .write_rows(relation, columns, rows, as_insert, &mut out)
            .map_err(|fault| Error::input(fault.0).relation(&relation.name))?;
        self.begin().await?;
        self.send(Slot::Bytes(out.into())).await
    }

    /// Another database section begins.
    pub(super) fn begin_section(&mut self, name: Option<String>) {
        if let Some(catalog) = self.schemas.get(&name) {
            self.decoder.framer.seed(catalog.clone());
        }
        self.tally().section = name;
        self.data_seen = false;
        self.tail_written = false;
        self.checked = false;
        self.complete.clear();
    }

    /// The section has ended: what is left is written, and SELECTs have their results.
    pub(super) async fn finish_section(&mut self) -> Result<()> {
        self.decide()?;
        self.tail().await?;
        self.barrier().await?;
        let catalog = self.decoder.framer.catalog();
        self.planner.recheck(catalog)?;
        let uneven = self.planner.uneven_pairs(catalog);
        self.report.warnings.extend(uneven);
        let programs = self.planner.remaining(catalog)?;
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        let mut failed = None;
        let mut steps: Vec<_> = programs
            .iter()
            .flat_map(|program| program.steps.iter().map(move |step| (program, step)))
            .collect();
        // The relation that the rule names speaks for its children.
        steps.sort_by_key(|(program, step)| (step.rule, program.relation != step.named));
        let mut told = HashSet::new();
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
            if step.statement.test && !table.rows.is_empty() {
                failed.get_or_insert_with(|| {
                    Error::check(format!("the test found {} rows", table.rows.len()))
                        .relation(&step.named)
                        .rule(&step.statement.name)
                        .remedy("its SELECT must return none; --report shows them")
                });
            }
            account::select(self.report, step, &tally, table);
        }
        tally.steps.clear();
        failed.map_or(Ok(()), Err)
    }
}
