//! The program of a relation: the steps of the rulebook that concern it, compiled for its columns.
//!
//! A program runs over one row at a time and knows no other rows, no bytes and no threads. What
//! it finds on the way (rows matched, keys met, partial results of SELECTs) goes into a
//! [`StepTally`] per step, which its owner merges in the order of the input.

use super::row::{RawRow, RowState};
use super::step::{Assignments, Filter, Step, StepKey, StepKind};
use crate::expression::{Assignment, Compiled, Partial, Row, Rows};
use crate::schema::{Column, RelationName};
use crate::value::ValueError;

/// A compiled program.
#[derive(Debug)]
pub struct Program {
    /// Its number in the run.
    pub id: usize,
    /// The relation whose rows it runs over.
    pub relation: RelationName,
    /// The columns that expressions can name, by slot.
    pub columns: Vec<ProgramColumn>,
    /// How many cells a row has.
    pub cells: usize,
    /// The steps in rulebook order.
    pub steps: Vec<Step>,
    /// The slots that are read or written, ascending.
    pub touched: Vec<usize>,
    /// The slots that are computed from others.
    pub computed: Vec<usize>,
    /// The root of the partition tree and the slots of partition keys that a step assigns: a row
    /// whose key changes leaves its block.
    pub partition: Option<Partition>,
}

/// Where rows go whose partition key changes.
#[derive(Debug)]
pub struct Partition {
    /// The root of the tree.
    pub root: RelationName,
    /// The slots of the key columns, of all levels.
    pub keys: Vec<usize>,
}

/// A column as a program sees it.
#[derive(Debug)]
pub struct ProgramColumn {
    /// The declaration; of unknown type when no DDL was seen.
    pub column: Column,
    /// Where its value comes from.
    pub origin: Origin,
}

/// Where a column's value comes from.
#[derive(Debug)]
pub enum Origin {
    /// A cell of the row.
    Cell(usize),
    /// A generated column: its expression over the other columns.
    Computed(Box<Assignment>),
    /// A column that cannot be read here, and why.
    Absent(String),
}

/// One run of rows through a program. Everything a program does is a function of the row and of
/// finished lookups, so the same rows may run several times: first as far as lookups are known,
/// to find what others wait for, in the end through all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    /// The first step that runs.
    pub first: usize,
    /// The step before which the rows stop.
    pub to: usize,
    /// The first step whose findings are new: those of the steps before it are known from earlier
    /// passes.
    pub record: usize,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It stays in its place, changed or not.
    Keep,
    /// It is dropped.
    Drop,
    /// Its partition key changed: it leaves its block and follows through the root.
    Move,
}

/// What a step found in the rows it has seen.
#[derive(Debug, Default)]
pub struct StepTally {
    /// Rows that matched.
    pub matched: u64,
    /// For an INSERT … ON CONFLICT: which of its rows were met.
    pub met: Vec<bool>,
    /// For a SELECT: the partial result.
    pub partial: Option<Partial>,
    /// For a lookup: the rows kept.
    pub gathered: Option<Rows>,
}

impl StepTally {
    /// Adds what later rows gave.
    ///
    /// # Errors
    /// If an aggregate overflows.
    pub fn merge(&mut self, later: StepTally, step: &Step) -> Result<(), RunFault> {
        self.matched += later.matched;
        if self.met.len() < later.met.len() {
            self.met.resize(later.met.len(), false);
        }
        for (met, also) in self.met.iter_mut().zip(later.met) {
            *met |= also;
        }
        match (&mut self.partial, later.partial, &step.kind) {
            (Some(partial), Some(later), StepKind::Query(query)) => {
                partial
                    .merge(later, query)
                    .map_err(|error| RunFault::new(step, error))?;
            }
            (none @ None, later, _) => *none = later,
            _ => {}
        }
        match (&mut self.gathered, later.gathered) {
            (Some(rows), Some(later)) => rows.append(later),
            (none @ None, later) => *none = later,
            _ => {}
        }
        Ok(())
    }
}

/// A row on which a rule cannot run. Holds no content.
#[derive(Debug)]
pub struct RunFault {
    /// The rule's name.
    pub rule: String,
    /// What is wrong.
    pub message: String,
}

impl RunFault {
    /// A fault of a step.
    pub fn new(step: &Step, error: impl ToString) -> Self {
        RunFault {
            rule: step.statement.name.clone(),
            message: error.to_string(),
        }
    }
}

impl Program {
    /// An empty tally for each step.
    pub fn tally(&self) -> Vec<StepTally> {
        self.steps.iter().map(|_| StepTally::default()).collect()
    }

    /// Does a step give a column a new value?
    pub fn assigns(&self, column: &str) -> bool {
        let named = |slot: &usize| self.columns[*slot].column.name == column;
        self.steps.iter().any(|step| {
            matches!(&step.kind, StepKind::Update { assignments, .. }
                if assignments.iter().any(|(slot, _)| named(slot)))
        })
    }

    /// Has somebody to act when all rows of the relation have passed?
    pub fn ends(&self) -> bool {
        let ends =
            |step: &Step| step.gathers().is_some() || matches!(step.kind, StepKind::Insert(_));
        self.steps.iter().any(ends)
    }

    /// How many steps, from the first, have to run until everything is gathered that goes under
    /// `key`; none if nothing does.
    pub fn gathered_by(&self, key: &StepKey) -> Option<usize> {
        let last = self
            .steps
            .iter()
            .rposition(|step| step.gathers().as_ref() == Some(key));
        last.map(|last| last + 1)
    }

    /// Does every row go, without a look at it?
    pub fn drops_everything(&self) -> bool {
        matches!(
            self.steps.first(),
            Some(Step {
                kind: StepKind::Delete(Filter::All),
                ..
            })
        )
    }

    /// The pass through all steps, of rows that have not been seen before.
    pub fn whole(&self) -> Pass {
        Pass {
            first: 0,
            to: self.steps.len(),
            record: 0,
        }
    }

    /// Runs the steps of a pass over one row.
    ///
    /// # Errors
    /// If a rule cannot run on this row: a cell that cannot be read, a value that does not fit.
    pub fn run<'b, R: RawRow<'b>>(
        &self,
        row: &mut RowState<'_, 'b, R>,
        pass: Pass,
        tally: &mut [StepTally],
    ) -> Result<Fate, RunFault> {
        let steps = self.steps.iter().zip(tally).enumerate().take(pass.to);
        for (number, (step, tally)) in steps.skip(pass.first) {
            let record = number >= pass.record;
            let fault = |error: ValueError| RunFault::new(step, error);
            match &step.kind {
                StepKind::Gather { .. } if !record => {}
                StepKind::Gather {
                    input,
                    filter,
                    slots,
                } => {
                    if matches(filter.as_ref(), row).map_err(fault)? {
                        let rows = tally
                            .gathered
                            .get_or_insert_with(|| Rows::new(input.columns.len()));
                        gather(rows, row, slots).map_err(fault)?;
                    }
                }
                StepKind::Links { .. } | StepKind::Orphans { .. } if !record => {}
                StepKind::Links { input, slots, goes } => {
                    let mut gone = false;
                    for filter in goes {
                        gone = gone || filter.is_true(row).map_err(fault)?;
                    }
                    let rows = tally
                        .gathered
                        .get_or_insert_with(|| Rows::new(input.columns.len()));
                    let mut cells = cells(row, slots).map_err(fault)?;
                    cells.push(gone.then_some(b"t".as_slice()));
                    rows.push(cells);
                }
                StepKind::Orphans { filter, .. } => {
                    let mut orphaned = true;
                    for filter in filter {
                        orphaned = orphaned && filter.is_true(row).map_err(fault)?;
                    }
                    tally.matched += u64::from(orphaned);
                }
                StepKind::Delete(filter) => {
                    if filter.is_true(row).map_err(fault)? {
                        tally.matched += u64::from(record);
                        if let (Some(feed), true) = (&step.feed, record) {
                            let rows = tally.gathered.get_or_insert_with(|| Rows::new(feed.width));
                            gather(rows, row, &feed.slots).map_err(fault)?;
                        }
                        return Ok(Fate::Drop);
                    }
                }
                StepKind::Update {
                    filter,
                    assignments,
                    in_turn,
                } => {
                    let feed = step.feed.as_ref().filter(|_| record);
                    let old = match feed {
                        Some(feed) => owned(row, &feed.slots).map_err(fault)?,
                        None => Vec::new(),
                    };
                    let mut values = std::mem::take(&mut row.values);
                    if update(row, filter, assignments, *in_turn, &mut values).map_err(fault)? {
                        tally.matched += u64::from(record);
                    }
                    row.values = values;
                    if let Some(feed) = feed {
                        let new = owned(row, &feed.slots).map_err(fault)?;
                        if new != old {
                            let rows = tally.gathered.get_or_insert_with(|| Rows::new(feed.width));
                            rows.push(old.iter().chain(&new).map(Option::as_deref));
                        }
                    }
                }
                StepKind::Insert(inserts) => inserts.meet(row, step, record, tally)?,
                StepKind::Query(_) if !record => {}
                StepKind::Query(query) => {
                    let partial = tally.partial.get_or_insert_with(|| query.partial());
                    if partial.update(query, row).map_err(fault)? {
                        tally.matched += 1;
                    }
                }
            }
        }
        match &self.partition {
            Some(partition)
                if partition
                    .keys
                    .iter()
                    .any(|key| row.new_value(*key).is_some()) =>
            {
                Ok(Fate::Move)
            }
            _ => Ok(Fate::Keep),
        }
    }
}

/// Is the filter true for the row? No filter is true.
pub(super) fn matches<'b, R: RawRow<'b>>(
    filter: Option<&Compiled>,
    row: &RowState<'_, 'b, R>,
) -> Result<bool, ValueError> {
    filter.map_or(Ok(true), |filter| filter.is_true(row))
}

/// Keeps the cells of a row.
fn gather<'b, R: RawRow<'b>>(
    rows: &mut Rows,
    row: &RowState<'_, 'b, R>,
    slots: &[usize],
) -> Result<(), ValueError> {
    rows.push(cells(row, slots)?);
    Ok(())
}

fn cells<'r, 'b, R: RawRow<'b>>(
    row: &'r RowState<'_, 'b, R>,
    slots: &[usize],
) -> Result<Vec<Option<&'r [u8]>>, ValueError> {
    slots.iter().map(|slot| row.cell(*slot)).collect()
}

fn owned<'b, R: RawRow<'b>>(
    row: &RowState<'_, 'b, R>,
    slots: &[usize],
) -> Result<Vec<Option<Vec<u8>>>, ValueError> {
    let cells = cells(row, slots)?.into_iter();
    Ok(cells.map(|cell| cell.map(<[u8]>::to_vec)).collect())
}

/// Rewrites a row if it matches.
fn update<'b, R: RawRow<'b>>(
    row: &mut RowState<'_, 'b, R>,
    filter: &Filter,
    assignments: &Assignments,
    in_turn: bool,
    values: &mut NewValues,
) -> Result<bool, ValueError> {
    match filter {
        Filter::Joined(joined) => {
            values.clear();
            let Some(found) = joined.find(row)? else {
                return Ok(false);
            };
            for (slot, assignment) in assignments {
                let new = assignment.eval(&found)?;
                if row.differs(*slot, new.as_deref())? {
                    values.push((*slot, new.map(std::borrow::Cow::into_owned)));
                }
            }
            drop(found);
            for (slot, new) in values.drain(..) {
                row.set(slot, new);
            }
        }
        _ if !filter.is_true(row)? => return Ok(false),
        _ if in_turn => {
            for one in assignments {
                assign(row, std::slice::from_ref(one), values)?;
            }
        }
        _ => assign(row, assignments, values)?,
    }
    Ok(true)
}

/// New values by slot.
pub(super) type NewValues = Vec<(usize, Option<Vec<u8>>)>;

/// Computes all new values from the row as it is, then sets those that differ.
pub(super) fn assign<'b, R: RawRow<'b>>(
    row: &mut RowState<'_, 'b, R>,
    assignments: &[(usize, Assignment)],
    values: &mut NewValues,
) -> Result<(), ValueError> {
    values.clear();
    for (slot, assignment) in assignments {
        let new = assignment.eval(row)?;
        if row.differs(*slot, new.as_deref())? {
            values.push((*slot, new.map(std::borrow::Cow::into_owned)));
        }
    }
    for (slot, new) in values.drain(..) {
        row.set(slot, new);
    }
    Ok(())
}
