//! The steps of a program: what each does to a row, what it has to know first, and under which key
//! its findings are kept.

use super::insert::{Inserts, NewRows};
use crate::expression::{Assignment, Compiled, CompiledQuery, Input, Joined, Lookup, Row};
use crate::rulebook::Statement;
use crate::schema::RelationName;
use crate::value::ValueError;
use std::sync::Arc;

/// The number of a rule, in the order in which rules run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleId {
    /// The place of its rulebook among all of the run.
    pub book: usize,
    /// Its place among the statements of the rulebook.
    pub statement: usize,
    /// 0, or the number of a statement that this one has generated.
    pub generated: u32,
}

/// One step.
#[derive(Debug)]
pub struct Step {
    /// The rule it comes from.
    pub rule: RuleId,
    /// Its place within the rule: see [`StepKey`].
    pub place: u32,
    /// The statement, for its name.
    pub statement: Arc<Statement>,
    /// The relation that the statement names: this one or an ancestor.
    pub named: RelationName,
    /// What it does.
    pub kind: StepKind,
    /// What must be known before it can run.
    pub needs: Vec<Need>,
    /// Where the keys go that it removes or changes, if foreign keys reference them.
    pub feed: Option<Feed>,
}

/// Keys on their way to the relations whose foreign keys reference them.
#[derive(Debug, Clone)]
pub struct Feed {
    /// Under what they are gathered.
    pub under: StepKey,
    /// The slots of the key columns.
    pub slots: Vec<usize>,
    /// How many cells a gathered row has: the keys; for changed ones the old and the new.
    pub width: usize,
}

/// Something that a step looks up.
#[derive(Debug, Clone)]
pub enum Need {
    /// A subquery.
    Lookup(Arc<Lookup>),
    /// The tables that an UPDATE or DELETE is joined to.
    Joined(Arc<Joined>),
    /// The rows of an INSERT.
    Rows(Arc<NewRows>),
}

impl Need {
    /// What has to be gathered for it.
    pub fn inputs(&self) -> &[Arc<Input>] {
        match self {
            Need::Lookup(lookup) => lookup.inputs(),
            Need::Joined(joined) => joined.inputs(),
            // What they look up is a need of its own, before this one.
            Need::Rows(_) => &[],
        }
    }

    /// Can it be asked?
    pub fn is_prepared(&self) -> bool {
        match self {
            Need::Lookup(lookup) => lookup.is_prepared(),
            Need::Joined(joined) => joined.is_prepared(),
            Need::Rows(rows) => rows.is_prepared(),
        }
    }

    /// Makes it ready to be asked, now that its inputs are complete; the bytes that it keeps.
    ///
    /// # Errors
    /// If an expression fails for the rows that were gathered.
    pub fn prepare(&self) -> Result<u64, ValueError> {
        match self {
            Need::Lookup(lookup) => lookup.prepare(),
            Need::Joined(joined) => joined.prepare(),
            Need::Rows(rows) => rows.prepare(),
        }
    }
}

/// What tells a step from all others of a section, whichever relation's program it stands in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StepKey {
    /// The rule.
    pub rule: RuleId,
    /// The place within the rule: [`Step::ACTS`] for what it does to the relation that it names.
    pub place: u32,
    /// The relation that is named there: the step's own or an ancestor.
    pub named: RelationName,
}

impl Step {
    /// The place of what the rule itself does. What it reads has the places from 1.
    pub const ACTS: u32 = 0;
    /// The place of the rows of relations whose cascades run in a circle.
    pub const LINKS: u32 = 1 << 20;
    /// The first place of what foreign keys do.
    pub const CASCADES: u32 = 1 << 21;
    /// The first place of foreign keys that do nothing but must hold.
    pub const CHECKS: u32 = 1 << 22;
    /// The place under which removed keys are gathered.
    pub const REMOVED: u32 = 1 << 23;
    /// The place under which changed keys are gathered.
    pub const CHANGED: u32 = (1 << 23) + 1;

    /// Under what the rows are kept that it gathers.
    pub fn gathers(&self) -> Option<StepKey> {
        match (&self.feed, &self.kind) {
            (Some(feed), _) => Some(feed.under.clone()),
            (None, StepKind::Gather { .. } | StepKind::Links { .. }) => Some(self.key()),
            (None, _) => None,
        }
    }

    /// The steps of a rule in the order in which they run: what it reads, what it does, what
    /// foreign keys make of that, what must hold then. Cascades remove rows before they change
    /// what is left, and change keys before what waits for changed keys.
    pub(super) fn order(&self) -> (RuleId, u32, bool, u32) {
        let phase = match self.place {
            Step::ACTS => 1,
            place if place < Step::CASCADES => 0,
            place if place >= Step::CHECKS => 4,
            _ if matches!(self.kind, StepKind::Delete(_)) => 2,
            _ => 3,
        };
        (self.rule, phase, self.feed.is_none(), self.place)
    }

    /// What its findings are kept under.
    pub fn key(&self) -> StepKey {
        StepKey {
            rule: self.rule,
            place: self.place,
            named: self.named.clone(),
        }
    }
}

/// What a step does.
#[derive(Debug)]
pub enum StepKind {
    /// Keeps cells of the rows that match for a rule that looks them up.
    Gather {
        /// What they are kept for.
        input: Arc<Input>,
        /// The conditions that a row meets by itself.
        filter: Option<Compiled>,
        /// The slot of each of the input's columns.
        slots: Vec<usize>,
    },
    /// Keeps, of every row, the cells by which cascades run in a circle, and whether the row goes
    /// anyway.
    Links {
        /// What they are kept for.
        input: Arc<Input>,
        /// The slots of the cells.
        slots: Vec<usize>,
        /// What makes a row go.
        goes: Vec<Filter>,
    },
    /// Counts rows that a foreign key would leave without a parent.
    Orphans {
        /// Which rows: all of it.
        filter: Vec<Compiled>,
        /// The foreign key's name, else its columns.
        constraint: String,
        /// The relation that it references.
        parent: RelationName,
    },
    /// Drops the rows that match.
    Delete(Filter),
    /// Rewrites cells of the rows that match.
    Update {
        /// `FROM` and `WHERE`.
        filter: Filter,
        /// Slot and new value; with FROM over the row joined to what it matched.
        assignments: Assignments,
        /// Does a value already see those assigned before it, as MySQL has it?
        in_turn: bool,
    },
    /// Adds rows at the end of the data; rows that pass may be in conflict with them.
    Insert(Inserts),
    /// Collects a SELECT's result.
    Query(Arc<CompiledQuery>),
}

/// Which rows a step chooses.
#[derive(Debug, Clone)]
pub enum Filter {
    /// All.
    All,
    /// Those for which `WHERE` is true.
    Where(Box<Compiled>),
    /// Those that match rows of other tables: `FROM`, `USING` and `WHERE`.
    Joined(Arc<Joined>),
}

impl Filter {
    /// No condition is true for every row.
    pub fn of(condition: Option<Compiled>) -> Self {
        condition.map_or(Filter::All, |condition| Filter::Where(Box::new(condition)))
    }

    /// Is it true for the row?
    ///
    /// # Errors
    /// If the condition fails for it.
    pub fn is_true(&self, row: &dyn Row) -> Result<bool, ValueError> {
        match self {
            Filter::All => Ok(true),
            Filter::Where(condition) => condition.is_true(row),
            Filter::Joined(joined) => joined.any(row),
        }
    }

    /// The subqueries in it.
    pub fn lookups(&self) -> &[Arc<Lookup>] {
        match self {
            Filter::Where(condition) => condition.lookups(),
            Filter::All | Filter::Joined(_) => &[],
        }
    }

    /// The slots of the row that it reads.
    pub fn slots(&self) -> &[usize] {
        match self {
            Filter::All => &[],
            Filter::Where(condition) => condition.slots(),
            Filter::Joined(joined) => joined.slots(),
        }
    }
}

impl StepKind {
    /// What must be known before the step can run.
    pub(super) fn needs(&self) -> Vec<Need> {
        let mut needs: Vec<Need> = Vec::new();
        let mut all = |lookups: &[Arc<Lookup>]| {
            needs.extend(lookups.iter().map(|l| Need::Lookup(Arc::clone(l))));
        };
        match self {
            StepKind::Gather { filter, .. } => all(filter.as_ref().map_or(&[], Compiled::lookups)),
            StepKind::Links { goes, .. } => goes.iter().for_each(|filter| all(filter.lookups())),
            StepKind::Orphans { filter, .. } => filter.iter().for_each(|f| all(f.lookups())),
            StepKind::Delete(filter) => all(filter.lookups()),
            StepKind::Update {
                filter,
                assignments,
                ..
            } => {
                all(filter.lookups());
                assignments.iter().for_each(|(_, a)| all(a.lookups()));
            }
            StepKind::Insert(inserts) => {
                inserts.rows.lookups(&mut all);
                if let Some(conflict) = &inserts.conflict {
                    all(conflict.condition.as_ref().map_or(&[], Assignment::lookups));
                    let assignments = conflict.assignments.iter();
                    assignments.for_each(|(_, a)| all(a.lookups()));
                }
            }
            StepKind::Query(query) => all(query.lookups()),
        }
        if let StepKind::Insert(inserts) = self {
            needs.push(Need::Rows(Arc::clone(&inserts.rows)));
            if let Some(conflict) = &inserts.conflict {
                needs.push(Need::Joined(Arc::clone(&conflict.same_key)));
            }
        }
        let goes = match self {
            StepKind::Delete(filter) | StepKind::Update { filter, .. } => {
                std::slice::from_ref(filter)
            }
            StepKind::Links { goes, .. } => goes,
            _ => &[],
        };
        for filter in goes {
            if let Filter::Joined(joined) = filter {
                needs.push(Need::Joined(Arc::clone(joined)));
            }
        }
        needs
    }
}

/// Slots and their new values.
pub type Assignments = Vec<(usize, Assignment)>;
