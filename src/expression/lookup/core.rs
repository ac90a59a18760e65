//! The compiled inside of a subquery or of joined tables, and the rows it finds.

use super::index::{Access, Index, NONE, write_key};
use super::names::OUTER;
use super::rows::{Input, Rows};
use super::steps::{Condition, Step, Steps, Theirs};
use super::{Lookup, incomplete};
use crate::expression::Row;
use crate::expression::node::{Comparator, Node};
use crate::expression::query::CompiledQuery;
use crate::rulebook::Span;
use crate::schema::Column;
use crate::value::{Value, ValueError};
use std::cell::Cell;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

/// What a lookup is asked.
#[derive(Debug)]
pub(super) enum Question {
    /// Is there a row?
    Exists,
    /// The one value, or NULL.
    Scalar,
    /// Is there a row with these items?
    In(Items),
    /// The rows, as the input of another query.
    Table,
    /// The rows, as a result.
    Rows,
    /// The joined rows themselves, with all their columns.
    Joined,
}

/// The select list of a subquery after IN.
#[derive(Debug)]
pub(super) struct Items {
    pub items: Vec<(Node, Comparator)>,
    /// As the core's own steps, but the items may be anything.
    pub any: Steps,
}

/// Where the rows of a table come from.
#[derive(Debug)]
pub(super) enum Source {
    Input(Arc<Input>),
    Query(Arc<Lookup>),
}

#[derive(Debug)]
pub(super) struct Core {
    /// Where it stands in the rulebook.
    pub span: Span,
    pub question: Question,
    pub sources: Vec<Source>,
    /// The table and the column of each slot.
    pub source_of: Vec<(u32, u32)>,
    pub steps: Steps,
    pub select: Option<CompiledQuery>,
    /// The columns of its result.
    pub columns: Vec<Column>,
    /// Does it read the row around it?
    pub correlated: bool,
    /// Does it call a fresh function?
    pub fresh: bool,
    /// The lookups in its conditions and items.
    pub lookups: Vec<Arc<Lookup>>,
    /// All inputs, those of lookups and subqueries in FROM included.
    pub inputs: Vec<Arc<Input>>,
    pub state: OnceLock<Result<State, ValueError>>,
}

/// What is computed once all inputs are complete.
pub(super) struct State {
    pub steps: Vec<Access>,
    /// For [`Items::any`].
    pub any: Vec<Access>,
    /// Could an item be NULL?
    pub doubtful: bool,
    pub answer: Answer,
}

/// What it holds follows from the question and the rows.
impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("State")
    }
}

/// What is the same for all rows.
pub(super) enum Answer {
    /// Nothing: it is computed for each.
    Each,
    Exists(bool),
    Scalar(Result<Value<'static>, ValueError>),
    Rows(Rows),
    /// Of IN: is there any row, and the keys of the rows that have NULL among their items.
    Nulls(bool, Rows),
}

/// One row of one table, for its own conditions and keys.
pub(super) struct OwnRow<'r> {
    core: &'r Core,
    rows: &'r Rows,
    pub at: Cell<u32>,
}

impl<'r> OwnRow<'r> {
    pub(super) fn new(core: &'r Core, rows: &'r Rows) -> Self {
        OwnRow {
            core,
            rows,
            at: Cell::new(0),
        }
    }
}

impl Row for OwnRow<'_> {
    fn cell(&self, slot: usize) -> Result<Option<&[u8]>, ValueError> {
        let (_, column) = self.core.source_of.get(slot).ok_or_else(no_cell)?;
        Ok(self.rows.cell(self.at.get() as usize, *column as usize))
    }
    fn ordinal(&self) -> u64 {
        u64::from(self.at.get())
    }
}

fn no_cell() -> ValueError {
    ValueError::new("a condition reads a row that is not there")
}

/// A row of each table, and the outer row.
pub(super) struct Combined<'r> {
    core: &'r Core,
    /// Which row of each table.
    at: Vec<Cell<u32>>,
    /// The rows of the tables that are computed for this outer row.
    dynamic: Vec<Option<Rows>>,
    /// What stands left of IN.
    values: &'r [Value<'r>],
    outer: &'r dyn Row,
    mentioned: &'r [usize],
    /// How many rows came before.
    number: Cell<u64>,
}

impl<'r> Combined<'r> {
    pub(super) fn new(
        core: &'r Core,
        mentioned: &'r [usize],
        values: &'r [Value<'r>],
        outer: &'r dyn Row,
    ) -> Result<Self, ValueError> {
        let mut row = Combined {
            core,
            at: vec![Cell::new(NONE); core.sources.len()],
            dynamic: Vec::new(),
            values,
            outer,
            mentioned,
            number: Cell::new(0),
        };
        if core.sources.iter().any(Source::is_dynamic) {
            let mut dynamic = Vec::new();
            for source in &core.sources {
                dynamic.push(match source {
                    Source::Query(lookup) if source.is_dynamic() => Some(lookup.result(&row)?),
                    _ => None,
                });
            }
            row.dynamic = dynamic;
        }
        Ok(row)
    }

    fn rows(&self, source: usize) -> Result<&Rows, ValueError> {
        match self.dynamic.get(source) {
            Some(Some(rows)) => Ok(rows),
            _ => self.core.fixed_rows(source)?.ok_or_else(no_cell),
        }
    }

    /// The rows of the tables, to be found again.
    pub(super) fn place(&self) -> Vec<Cell<u32>> {
        self.at.clone()
    }

    pub(super) fn at(self, place: Vec<Cell<u32>>) -> Self {
        Combined {
            at: place,
            number: Cell::new(0),
            ..self
        }
    }

    /// `Some(true)`: the n-th value equals `item`; none: one of them is NULL.
    pub(super) fn equals(
        &self,
        item: &Node,
        value: usize,
        comparator: &Comparator,
    ) -> Result<Option<bool>, ValueError> {
        let item = item.eval(self)?;
        let value = self.values.get(value).ok_or_else(no_cell)?;
        if item.is_null() || value.is_null() {
            return Ok(None);
        }
        Ok(Some(comparator.compare(value, &item)?.is_eq()))
    }

    fn all(&self, conditions: &[Condition]) -> Result<bool, ValueError> {
        for condition in conditions {
            let holds = match condition {
                Condition::Node(node) => node.truth(self)?,
                Condition::Equals(item, value, comparator) => {
                    self.equals(item, *value, comparator)?
                }
            };
            if holds != Some(true) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn key(&self, step: &Step, out: &mut Vec<u8>) -> Result<bool, ValueError> {
        let parts = step.keys.iter().map(|part| {
            let value = match &part.theirs {
                Theirs::Node(node) => node.eval(self),
                Theirs::Value(at) => self.values.get(*at).cloned().ok_or_else(no_cell),
            };
            (value, &part.comparator)
        });
        write_key(parts, out)
    }
}

impl Row for Combined<'_> {
    fn cell(&self, slot: usize) -> Result<Option<&[u8]>, ValueError> {
        if slot >= OUTER {
            let slot = self.mentioned.get(slot - OUTER).ok_or_else(no_cell)?;
            return self.outer.cell(*slot);
        }
        let (source, column) = *self.core.source_of.get(slot).ok_or_else(no_cell)?;
        match self.at[source as usize].get() {
            NONE => Ok(None),
            at => Ok(self
                .rows(source as usize)?
                .cell(at as usize, column as usize)),
        }
    }

    /// The outer row's, but different for each of several rows.
    fn ordinal(&self) -> u64 {
        self.outer.ordinal() ^ self.number.get().rotate_left(40)
    }
}

type Visit<'v> = dyn FnMut(&Combined<'_>) -> Result<ControlFlow<()>, ValueError> + 'v;

impl Steps {
    /// Calls `visit` for each joined row that meets all conditions, until it breaks: then true.
    pub(super) fn run(
        &self,
        access: &[Access],
        row: &Combined<'_>,
        visit: &mut Visit<'_>,
    ) -> Result<bool, ValueError> {
        Ok(row.all(&self.gate)? && self.join(0, access, row, visit)?.is_break())
    }

    fn join(
        &self,
        depth: usize,
        access: &[Access],
        row: &Combined<'_>,
        visit: &mut Visit<'_>,
    ) -> Result<ControlFlow<()>, ValueError> {
        let Some(step) = self.steps.get(depth) else {
            let flow = visit(row)?;
            row.number.set(row.number.get() + 1);
            return Ok(flow);
        };
        let way = access.get(depth).ok_or_else(incomplete)?;
        let at = &row.at[step.source];
        let mut matched = false;
        let mut candidate = |number: u32| {
            at.set(number);
            if !row.all(&step.on)? {
                return Ok(ControlFlow::Continue(()));
            }
            matched = true;
            if !row.all(&step.after)? {
                return Ok(ControlFlow::Continue(()));
            }
            self.join(depth + 1, access, row, visit)
        };
        let flow = match way {
            Access::All(count) => each(0..*count, &mut candidate)?,
            Access::Listed(rows) => each(rows.iter().copied(), &mut candidate)?,
            Access::Dynamic => {
                let count = u32::try_from(row.rows(step.source)?.len()).unwrap_or(NONE);
                each(0..count, &mut candidate)?
            }
            Access::Index(index) => {
                let mut key = Vec::with_capacity(32);
                if row.key(step, &mut key)? {
                    each(index.find(row.core, step, &key)?, &mut candidate)?
                } else {
                    ControlFlow::Continue(())
                }
            }
        };
        if flow.is_break() || matched || !step.left {
            return Ok(flow);
        }
        at.set(NONE);
        if row.all(&step.after)? {
            return self.join(depth + 1, access, row, visit);
        }
        Ok(flow)
    }

    pub(super) fn access(&self, core: &Core) -> Result<Vec<Access>, ValueError> {
        self.steps.iter().map(|s| Access::new(core, s)).collect()
    }

    /// Are all items of IN parts of keys that are never NULL?
    fn never_null(&self, items: usize, access: &[Access]) -> bool {
        let keyed = self.steps.iter().zip(access).map(|(step, access)| {
            let whole = matches!(access, Access::Index(Index { dropped: false, .. }));
            let values = step.keys.iter();
            let values = values.filter(|part| matches!(part.theirs, Theirs::Value(_)));
            if whole { values.count() } else { 0 }
        });
        keyed.sum::<usize>() == items
    }
}

fn each(
    rows: impl Iterator<Item = u32>,
    candidate: &mut impl FnMut(u32) -> Result<ControlFlow<()>, ValueError>,
) -> Result<ControlFlow<()>, ValueError> {
    for row in rows {
        if candidate(row)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

impl Source {
    /// Is it computed anew for every outer row?
    pub(super) fn is_dynamic(&self) -> bool {
        matches!(self, Source::Query(lookup) if lookup.core.correlated)
    }
}

impl Core {
    /// The rows of a table; none if they are computed for each outer row.
    pub(super) fn fixed_rows(&self, source: usize) -> Result<Option<&Rows>, ValueError> {
        match self.sources.get(source) {
            Some(Source::Input(input)) => input.rows().map(Some).ok_or_else(incomplete),
            Some(Source::Query(lookup)) => lookup.kept(),
            None => Err(no_cell()),
        }
    }

    pub(super) fn state(&self) -> Result<&State, ValueError> {
        match self.state.get() {
            Some(Ok(state)) => Ok(state),
            Some(Err(error)) => Err(error.clone()),
            None => Err(incomplete()),
        }
    }

    /// Everything it needs is there: computes what is the same for all rows.
    pub(super) fn build(&self) -> Result<State, ValueError> {
        let mut state = State {
            steps: self.steps.access(self)?,
            any: Vec::new(),
            doubtful: true,
            answer: Answer::Each,
        };
        if let Question::In(items) = &self.question {
            state.doubtful = !self.steps.never_null(items.items.len(), &state.steps);
            state.any = items.any.access(self)?;
        }
        Ok(state)
    }
}

impl State {
    pub(super) fn size(&self) -> u64 {
        let access = self.steps.iter().chain(&self.any);
        let kept = match &self.answer {
            Answer::Rows(rows) | Answer::Nulls(_, rows) => rows.size(),
            _ => 0,
        };
        access.map(Access::size).sum::<u64>() + kept
    }
}
