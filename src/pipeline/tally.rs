//! What the run has found so far, merged in the order of the input.
//!
//! The order stage adds every batch; the driver reads it at barriers, when all batches before
//! have been added.

use super::spool::Spool;
use super::store::Store;
use super::transform::{Counts, Rewritten};
use crate::error::{Error, Result};
use crate::plan::{Program, RuleId, Step, StepKey, StepKind, StepTally};
use crate::schema::RelationName;
use indexmap::IndexMap;
use std::sync::Arc;

/// What happened to one table.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Rows, changed, dropped, moved.
    pub counts: Counts,
    /// Rows added by INSERT rules.
    pub added: u64,
    /// Bytes of its rows as read.
    pub bytes: u64,
    /// Were its rows looked at, so that the counts mean something?
    pub counted: bool,
    /// Was it held back?
    pub held: bool,
    /// The rules of its program.
    pub rules: Vec<String>,
}

/// What a rule did to one relation.
#[derive(Debug, Default)]
pub(super) struct Hits {
    /// Rows that its condition chose, or that it added.
    pub matched: u64,
    /// The columns that it assigns.
    pub columns: Vec<String>,
}

/// Rows that leave their block because their partition key changed.
pub(super) struct Moved {
    /// The program of the leaf that they left.
    pub program: Arc<Program>,
    /// The rows.
    pub rows: Spool,
}

/// The state of a run.
pub(super) struct Tally {
    /// By database section and relation, in the order of the input.
    pub tables: IndexMap<(Option<String>, RelationName), Table>,
    /// What each rule did to each relation, over the whole run.
    pub hits: IndexMap<(RuleId, Option<String>, RelationName), Hits>,
    /// What each rule found in the relation that it names, in this section.
    pub steps: IndexMap<StepKey, StepTally>,
    /// Rows on their way to the root of their partition tree, by the leaf they left.
    pub moved: IndexMap<RelationName, Moved>,
    /// The database section.
    pub section: Option<String>,
    /// Keeps what has to wait.
    pub store: Store,
}

impl Tally {
    pub(super) fn new(store: Store) -> Self {
        Tally {
            tables: IndexMap::new(),
            hits: IndexMap::new(),
            steps: IndexMap::new(),
            moved: IndexMap::new(),
            section: None,
            store,
        }
    }

    /// The account of a relation in this section.
    pub(super) fn table(&mut self, relation: &RelationName) -> &mut Table {
        self.tables
            .entry((self.section.clone(), relation.clone()))
            .or_default()
    }

    /// Adds a batch.
    ///
    /// # Errors
    /// If an aggregate overflows or a spool cannot be written.
    pub(super) fn add(&mut self, program: &Arc<Program>, batch: &mut Rewritten) -> Result<()> {
        let table = self.table(&program.relation);
        table.counted = true;
        table.counts.rows += batch.counts.rows;
        table.counts.changed += batch.counts.changed;
        table.counts.dropped += batch.counts.dropped;
        table.counts.moved += batch.counts.moved;
        self.merge(program, std::mem::take(&mut batch.tally))?;
        if !batch.moved.is_empty() {
            let moved = self
                .moved
                .entry(program.relation.clone())
                .or_insert_with(|| Moved {
                    program: Arc::clone(program),
                    rows: Spool::default(),
                });
            for row in batch.moved.drain(..) {
                moved.rows.push(&row, &self.store)?;
            }
        }
        Ok(())
    }

    /// Adds what the steps of a program found.
    ///
    /// # Errors
    /// If an aggregate overflows.
    pub(super) fn merge(&mut self, program: &Program, tally: Vec<StepTally>) -> Result<()> {
        for (step, found) in program.steps.iter().zip(tally) {
            self.hit(program, step, found.matched);
            let so_far = self.steps.entry(step.key()).or_default();
            so_far.merge(found, step).map_err(|fault| {
                Error::input(fault.message)
                    .relation(&program.relation)
                    .rule(fault.rule)
            })?;
        }
        Ok(())
    }

    /// Notes that a step has matched rows of a relation, or has met the relation at all.
    pub(super) fn hit(&mut self, program: &Program, step: &Step, matched: u64) {
        let key = (step.rule, self.section.clone(), program.relation.clone());
        let hits = self.hits.entry(key).or_default();
        hits.matched += matched;
        if let (true, StepKind::Update { assignments, .. }) = (hits.columns.is_empty(), &step.kind)
        {
            let name = |slot: usize| program.columns[slot].column.name.clone();
            hits.columns = assignments.iter().map(|(slot, _)| name(*slot)).collect();
        }
    }

    /// What a step has found so far in all relations that its rule's name means.
    pub(super) fn found(&self, step: &Step) -> Option<&StepTally> {
        self.steps.get(&step.key())
    }
}
