//! What the run has found so far, merged in the order of the input.
//!
//! The order stage adds every batch; the driver reads it at barriers, when all batches before
//! have been added.

use super::samples::Samples;
use super::spool::Spool;
use super::store::Store;
use super::transform::{Counts, Rewritten};
use crate::error::{Error, Result};
use crate::expression::Rows;
use crate::plan::{Filter, Program, RuleId, Step, StepKey, StepKind, StepTally, Wait};
use crate::report::{Preview, TableAction};
use crate::schema::{Catalog, RelationKind, RelationName};
use crate::search::Found;
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
    /// Why it was held back at first, if it was.
    pub waits: Option<Wait>,
    /// The rules of its program.
    pub rules: Vec<String>,
    /// What they do to it.
    pub actions: Vec<TableAction>,
    /// The first of the rows that changed.
    pub samples: Samples,
}

/// What a rule did to one relation.
#[derive(Debug, Default)]
pub(super) struct Hits {
    /// Rows that its condition chose, or that it added.
    pub matched: u64,
    /// The columns that it assigns.
    pub columns: Vec<String>,
    /// Does it change or report rows there, or only look them up?
    pub acts: bool,
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
    /// What has been gathered for lookups in this section and not been taken yet.
    pub gathered: IndexMap<StepKey, Rows>,
    /// Bytes of all that has been gathered in this section.
    gathered_bytes: u64,
    /// Rows on their way to the root of their partition tree, by the leaf they left.
    pub moved: IndexMap<RelationName, Moved>,
    /// The database section.
    pub section: Option<String>,
    /// Keeps what has to wait.
    pub store: Store,
    /// What a search has found.
    pub found: Found,
    /// What a dry run shows.
    preview: Option<Preview>,
}

impl Tally {
    pub(super) fn new(store: Store, preview: Option<Preview>, places: usize) -> Self {
        Tally {
            tables: IndexMap::new(),
            hits: IndexMap::new(),
            steps: IndexMap::new(),
            gathered: IndexMap::new(),
            gathered_bytes: 0,
            moved: IndexMap::new(),
            section: None,
            store,
            found: Found::keeping(places),
            preview,
        }
    }

    /// The account of a relation in this section.
    pub(super) fn table(&mut self, relation: &RelationName) -> &mut Table {
        self.tables
            .entry((self.section.clone(), relation.clone()))
            .or_default()
    }

    /// Adds what a search has found in this section.
    pub(super) fn find(&mut self, found: Found) {
        self.found.append(found, self.section.as_deref());
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
        table.samples.append(std::mem::take(&mut batch.samples));
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
    /// If an aggregate overflows, or what is gathered outgrows the memory.
    pub(super) fn merge(&mut self, program: &Program, tally: Vec<StepTally>) -> Result<()> {
        for (step, mut found) in program.steps.iter().zip(tally) {
            let located =
                |error: Error| error.relation(&program.relation).rule(&step.statement.name);
            if !matches!(step.kind, StepKind::Orphans { .. }) {
                self.hit(program, step, found.matched);
            }
            if let (Some(rows), Some(key)) = (found.gathered.take(), step.gathers()) {
                self.gather(key, rows).map_err(located)?;
            }
            let so_far = self.steps.entry(step.key()).or_default();
            so_far
                .merge(found, step)
                .map_err(|fault| located(Error::input(fault.message)))?;
        }
        Ok(())
    }

    /// Keeps what was gathered.
    fn gather(&mut self, key: StepKey, rows: Rows) -> Result<()> {
        let width = rows.width();
        let kept = self.gathered.entry(key).or_insert_with(|| Rows::new(width));
        let before = kept.size();
        kept.append(rows);
        let more = kept.size().saturating_sub(before);
        self.looks_up(more)
    }

    /// Accounts for bytes that lookups of this section keep.
    ///
    /// # Errors
    /// If they outgrow the memory of the run.
    pub(super) fn looks_up(&mut self, bytes: u64) -> Result<()> {
        self.gathered_bytes += bytes;
        self.store.memory().take(bytes).map_err(|limit| {
            Error::input(format!(
                "what it looks up there outgrew the memory that it may use ({limit} bytes)"
            ))
            .remedy("give more with --memory SIZE, or look up fewer rows or columns")
        })
    }

    /// Another section begins: what was looked up in this one is not needed any more.
    pub(super) fn next_section(&mut self, name: Option<String>) {
        self.section = name;
        self.steps.clear();
        self.gathered.clear();
        self.store
            .memory()
            .give(std::mem::take(&mut self.gathered_bytes));
    }

    /// Notes that a step has matched rows of a relation, or has met the relation at all.
    pub(super) fn hit(&mut self, program: &Program, step: &Step, matched: u64) {
        let key = (step.rule, self.section.clone(), program.relation.clone());
        let hits = self.hits.entry(key).or_default();
        hits.matched += matched;
        hits.acts |= !matches!(step.kind, StepKind::Gather { .. } | StepKind::Links { .. });
        if let (true, StepKind::Update { assignments, .. }) = (hits.columns.is_empty(), &step.kind)
        {
            let name = |slot: usize| program.columns[slot].column.name.clone();
            hits.columns = assignments.iter().map(|(slot, _)| name(*slot)).collect();
        }
    }

    /// Notes what a program does to its relation.
    pub(super) fn plan(&mut self, program: &Program) {
        let mut rules: Vec<_> = program
            .steps
            .iter()
            .map(|s| s.statement.name.clone())
            .collect();
        rules.dedup();
        let table = self.table(&program.relation);
        table.rules = rules;
        table.actions = actions(program);
    }

    /// For a dry run: tables without rows have a plan as well.
    pub(super) fn list(&mut self, catalog: &Catalog) {
        if self.preview.is_some() {
            for relation in catalog.relations.values() {
                if relation.kind == RelationKind::Table {
                    self.table(&relation.name);
                }
            }
        }
    }

    /// For a dry run: notes what programs do to relations that had no rows.
    pub(super) fn plan_rest(&mut self, programs: &[Arc<Program>]) {
        let dry = self.preview.is_some();
        for program in programs.iter().filter(|_| dry) {
            if !self.table(&program.relation).rules.is_empty() {
                continue;
            }
            self.plan(program);
            for step in &program.steps {
                if !matches!(step.kind, StepKind::Orphans { .. }) {
                    self.hit(program, step, 0);
                }
            }
        }
    }

    /// May what a rule generates from the dump's rows be shown?
    pub(super) fn shows_values(&self) -> bool {
        self.preview.is_some_and(|preview| preview.values)
    }

    /// What a step has found so far in all relations that its rule's name means.
    pub(super) fn found(&self, step: &Step) -> Option<&StepTally> {
        self.steps.get(&step.key())
    }
}

/// What a program does to its relation.
fn actions(program: &Program) -> Vec<TableAction> {
    let mut actions: Vec<_> = program
        .steps
        .iter()
        .flat_map(|step| match &step.kind {
            StepKind::Update { .. } => vec![TableAction::Rewrite],
            StepKind::Delete(Filter::All) => vec![TableAction::DropAll],
            StepKind::Delete(_) => vec![TableAction::DropSome],
            StepKind::Insert(inserts) => {
                let updates = inserts
                    .updates_on_conflict()
                    .then_some(TableAction::Rewrite);
                let adds = (!inserts.compare_only).then_some(TableAction::Add);
                updates.into_iter().chain(adds).collect()
            }
            StepKind::Gather { .. }
            | StepKind::Links { .. }
            | StepKind::Orphans { .. }
            | StepKind::Query(_) => vec![TableAction::Read],
        })
        .collect();
    actions.sort();
    actions.dedup();
    actions
}
