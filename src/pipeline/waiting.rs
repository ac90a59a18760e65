//! What is held back, by relation, and how far its rows have gone.
//!
//! Rows that a rule adds to a relation belong to it as well: a lookup over it is complete only when
//! they have passed, too.

use super::added;
use super::held::HeldRows;
use super::tally::Tally;
use crate::dialect::{Block, SessionState};
use crate::expression::Rows;
use crate::plan::{Facts, Planned, Program, RuleId, Step, StepKey};
use crate::schema::{Catalog, RelationName};
use bytes::Bytes;
use indexmap::IndexMap;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

/// A statement around rows, and the relation that it names.
pub(super) type Bracketed = (RelationName, Bytes);

/// A block that is held back.
#[derive(Debug)]
pub(super) struct Held {
    /// The block.
    pub block: Arc<Block>,
    /// What begins it.
    pub head: Bytes,
    /// What ends it.
    pub end: Bytes,
    /// Its rows.
    pub rows: HeldRows,
    /// How far they have gone.
    pub way: Way,
    /// The session settings in force at its head.
    pub session: SessionState,
    /// The statements around rows that were in force at its head, and the relations that they name.
    pub open: Vec<Bracketed>,
    /// What ended their effect.
    pub close: Vec<Bracketed>,
}

/// How far rows have gone through their program.
#[derive(Debug, Default)]
pub(super) struct Way {
    /// The program, once it is known.
    pub program: Option<Arc<Program>>,
    /// How many of its steps can run now.
    pub runnable: usize,
    /// How many have run, and recorded what they found.
    pub recorded: usize,
}

impl Way {
    /// Takes in what the plan says now.
    pub(super) fn plan(&mut self, planned: Planned) {
        self.program = planned.program;
        self.runnable = planned.runnable;
    }

    /// Have the rows passed a step, or has the program none like it?
    fn passed(&self, key: &StepKey) -> bool {
        let Some(program) = &self.program else {
            return false;
        };
        let same = |step: &Step| step.gathers().as_ref() == Some(key) || step.key() == *key;
        let place = program.steps.iter().rposition(same);
        place.is_none_or(|place| place < self.recorded)
    }

    /// The earliest rule for which a pass over the rows would gather something now.
    pub(super) fn gain(&self) -> Option<RuleId> {
        gathers(self.program.as_deref()?, self.recorded..self.runnable)
    }
}

/// The first rule among some steps of a program that gathers rows.
pub(super) fn gathers(program: &Program, steps: Range<usize>) -> Option<RuleId> {
    let mut steps = program.steps.get(steps)?.iter();
    let gather = steps.find(|step| step.gathers().is_some());
    gather.map(|step| step.rule)
}

/// A relation that waits.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// Its blocks, in order; none of a relation without rows to which rules add some.
    pub blocks: Vec<Held>,
    /// How far the rows have gone that rules add.
    pub added: Option<Way>,
}

impl Waiting {
    fn passed(&self, key: &StepKey) -> bool {
        let adds = |held: &Held| held.way.program.as_deref().is_some_and(added::adds);
        if self.added.is_none() && (self.blocks.is_empty() || self.blocks.iter().any(adds)) {
            // Nobody has looked yet how far the rows can go that rules add.
            return false;
        }
        let ways = self.blocks.iter().map(|held| &held.way);
        ways.chain(&self.added).all(|way| way.passed(key))
    }
}

/// The relations of a section that wait, in the order in which they came, and those that do not.
#[derive(Debug, Default)]
pub(super) struct Relations {
    /// Relations that wait.
    pub waiting: IndexMap<RelationName, Waiting>,
    /// Relations of which a block has ended.
    ended: HashSet<RelationName>,
    /// Can no more rows come?
    pub data_ended: bool,
    /// Can rows of a relation come in several places? A finished dump has those at the end of its data
    /// that rules have added.
    pub scattered: bool,
    /// What has been taken for lookups: no more may come.
    taken: HashSet<StepKey>,
}

impl Relations {
    /// A block of a relation has ended.
    pub(super) fn end(&mut self, relation: &RelationName) {
        if !self.ended.contains(relation) {
            self.ended.insert(relation.clone());
        }
    }

    /// Is a lookup complete that rows of the program would belong to?
    pub(super) fn is_late(&self, program: &Program) -> bool {
        let taken = |step: &Step| step.gathers().is_some_and(|key| self.taken.contains(&key));
        !self.taken.is_empty() && program.steps.iter().any(taken)
    }

    /// Have all rows of a relation passed a step?
    pub(super) fn passed(&self, catalog: &Catalog, relation: &RelationName, key: &StepKey) -> bool {
        if let Some(waiting) = self.waiting.get(relation) {
            return self.is_ended(catalog, relation) && waiting.passed(key);
        }
        self.is_ended(catalog, relation)
    }

    fn is_ended(&self, catalog: &Catalog, relation: &RelationName) -> bool {
        if self.data_ended || self.scattered {
            return self.data_ended;
        }
        let root = is_root(catalog, relation);
        match self.ended.contains(relation) {
            true => !root,
            false => root && !catalog.descendants(relation).is_empty(),
        }
    }
}

/// Is it a partitioned table? It has no rows of its own, or those of all its leaves, which come in
/// a block each.
pub(super) fn is_root(catalog: &Catalog, relation: &RelationName) -> bool {
    let relation = catalog.relation(relation);
    relation.is_some_and(|r| !r.partition_key.is_empty())
}

/// What the plan is told.
pub(super) struct Passed<'a> {
    pub relations: &'a mut Relations,
    pub catalog: &'a Catalog,
    pub tally: &'a mut Tally,
}

impl Facts for Passed<'_> {
    fn passed(&self, relation: &RelationName, step: &StepKey) -> bool {
        self.relations.passed(self.catalog, relation, step)
    }

    fn take(&mut self, step: &StepKey) -> Option<Rows> {
        self.relations.taken.insert(step.clone());
        self.tally.gathered.swap_remove(step)
    }
}
