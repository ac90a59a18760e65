//! The end of a table, of a section's data and of a database section: what rules add, what has
//! moved.

use super::added::{self, Added};
use super::driver::Driver;
use super::order::Slot;
use super::review::Review;
use super::spool::Spool;
use super::tally::Moved;
use super::transform::TextRow;
use super::waiting::{Relations, Waiting};
use crate::dialect::Block;
use crate::error::{Error, Result};
use crate::plan::{NewCell, Pass, Program};
use crate::schema::{Catalog, RelationName};

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
        self.let_go = false;
        if let Some(ending) = self.ending.take() {
            self.end_table(ending).await?;
        }
        self.resolve().await?;
        let catalog = self.decoder.framer.catalog();
        let programs = self.planner.remaining(catalog)?;
        for (added, only_incomplete) in std::mem::take(&mut self.pending) {
            self.write_added(&added, only_incomplete).await?;
        }
        for program in programs {
            if added::adds(&program) && self.complete.insert(program.relation.clone()) {
                self.reviewed(&program.relation, None, Some(&program), false)
                    .await?;
                let waiting = self.relations.waiting.get(&program.relation);
                let gathered = waiting.and_then(|waiting| waiting.added.as_ref());
                let pass = Pass {
                    record: gathered.map_or(0, |way| way.recorded),
                    ..program.whole()
                };
                let added = added::run(&program, pass, &mut self.tally())?;
                self.write_added(&added, false).await?;
            }
        }
        let moved = std::mem::take(&mut self.tally().moved);
        for (_, Moved { program, rows }) in moved {
            self.write_moved(&program, rows).await?;
        }
        self.triggers().await?;
        self.after_let_go().await
    }

    /// No more rows come: what waits can be resolved.
    async fn resolve(&mut self) -> Result<()> {
        self.planner.data_ended();
        self.relations.data_ended = true;
        // Lookups may ask for rows that rules add where no block has ended with them.
        for program in self.planner.remaining(self.decoder.framer.catalog())? {
            if added::adds(&program) && !self.complete.contains(&program.relation) {
                let waiting = self.relations.waiting.entry(program.relation.clone());
                waiting.or_default();
            }
        }
        self.advance().await?;
        let waits = |waiting: &&Waiting| !waiting.blocks.is_empty();
        match self.relations.waiting.values().find(waits) {
            None => Ok(()),
            // The plan resolves everything at the end of the data.
            Some(waiting) => Err(
                Error::input("its rows wait for a rule that never became known")
                    .relation(&waiting.blocks[0].block.relation),
            ),
        }
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
        self.end_line().await?;
        self.begin().await?;
        self.begin_reserved(&relation.name).await?;
        self.send(Slot::Bytes(out.into())).await?;
        self.end_reserved().await
    }

    /// Another database section begins.
    pub(super) fn begin_section(&mut self, name: Option<String>) {
        let only = (self.only_schema.as_ref())
            .filter(|only| !only.lent && only.fits(name.as_deref()))
            .map(|only| &only.catalog);
        if let Some(catalog) = self.schemas.get(&name).or(only) {
            self.decoder.framer.seed(catalog.clone());
        }
        self.tally().next_section(name);
        self.review.iter_mut().for_each(Review::next_section);
        self.data_seen = false;
        self.tail_written = false;
        self.checked = false;
        self.complete.clear();
        self.relations = Relations::default();
        self.relations.scattered = self.searching.is_some();
        self.brackets.clear();
    }

    /// A section ends: if it had no rows, the only schema was not its own.
    pub(super) fn take_back(&mut self) {
        let section = self.tally().section.clone();
        let own = self.schemas.contains_key(&section);
        if !own && self.only_schema.as_ref().is_some_and(|only| !only.lent) {
            self.decoder.framer.seed(Catalog::default());
        }
    }

    /// The section has rows: the only schema is its own, if it has no other.
    ///
    /// # Errors
    /// If another section has had it.
    pub(super) fn lend(&mut self, relation: &RelationName) -> Result<()> {
        let section = self.tally().section.clone();
        if self.data_seen || self.schemas.contains_key(&section) {
            return Ok(());
        }
        let Some(only) = &mut self.only_schema else {
            return Ok(());
        };
        if only.fits(section.as_deref()) && std::mem::replace(&mut only.lent, true) {
            return Err(Error::input(
                "the dump holds rows of several databases, and --schema does not say whose it is",
            )
            .relation(relation)
            .remedy("give --schema a dump that names its databases, as this one does"));
        }
        Ok(())
    }

    /// The section has ended: what is left is written, checked and reported.
    pub(super) async fn finish_section(&mut self) -> Result<()> {
        self.decide()?;
        self.tally().list(self.decoder.framer.catalog());
        self.tail().await?;
        self.barrier().await?;
        let catalog = self.decoder.framer.catalog();
        self.planner.recheck(catalog)?;
        let uneven = self.planner.uneven_pairs(catalog);
        self.report.warnings.extend(uneven);
        let children = self.planner.perhaps_children(catalog);
        self.report.warnings.extend(children);
        let programs = self.planner.remaining(catalog)?;
        self.tally().plan_rest(&programs);
        self.list_unreviewed();
        self.check_keys(&programs)?;
        self.results(&programs)
    }
}
