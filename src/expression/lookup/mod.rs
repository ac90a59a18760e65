//! Rules that look at other rows: subqueries and joined tables.
//!
//! A subquery of a rule is compiled into a [`Lookup`]. It names tables; the scope gives an [`Input`]
//! for each, whose rows are gathered while they pass. When all of them are complete the lookup is
//! prepared once: indexes are built, and what is the same for all rows is computed. From then on
//! it answers for any row, on any thread. [`Joined`] is the same for the tables that an UPDATE or
//! DELETE is joined with.
//!
//! It does not decide which rows and columns are gathered, nor when inputs are complete. There is
//! one way to find rows, `steps`: tables are joined one after the other to the outer row.

mod compile;
mod core;
mod from;
mod index;
mod joined;
mod names;
mod rows;
mod steps;
#[cfg(test)]
mod tests;

pub use self::compile::compile_lookup;
pub use self::joined::{Joined, JoinedRow, compile_joined};
pub use self::rows::{Input, Rows};

pub(super) use self::names::{OUTER, same as same_table};

use self::core::{Answer, Combined, Core, Items, Question, State};
use super::Row;
use super::evaluate::{NoRow, borrow};
use super::node::Node;
use super::query::{Partial, Table};
use crate::schema::Column;
use crate::value::{Value, ValueError};
use std::ops::ControlFlow;
use std::sync::Arc;

/// A compiled subquery, within one expression.
pub struct Lookup {
    core: Arc<Core>,
    /// Which slots of the outer row it reads, in the order of the core's numbers.
    mentioned: Vec<usize>,
}

/// Two lookups that look the same here are the same.
impl std::fmt::Debug for Lookup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let question = std::mem::discriminant(&self.core.question);
        write!(
            f,
            "Lookup({:?}, {question:?}, {:?})",
            self.core.span, self.mentioned
        )
    }
}

/// A lookup as a part of an expression.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub lookup: Arc<Lookup>,
    /// What stands left of IN.
    pub values: Vec<Node>,
    pub negated: bool,
}

fn several() -> ValueError {
    ValueError::new("more than one row returned by a subquery used as an expression")
}

fn incomplete() -> ValueError {
    ValueError::new("the rows that a subquery reads are not complete yet")
}

impl Lookup {
    /// The tables that it reads, those of subqueries within it included.
    pub fn inputs(&self) -> &[Arc<Input>] {
        &self.core.inputs
    }

    /// Is it prepared?
    pub fn is_prepared(&self) -> bool {
        self.core.state.get().is_some()
    }

    /// The columns of its result.
    pub fn columns(&self) -> &[Column] {
        &self.core.columns
    }

    /// Builds what it needs to answer, once, and gives the bytes that it keeps. All inputs are
    /// complete. A computation that fails does so for the row that asks, as in a database.
    ///
    /// # Errors
    /// If an input is not complete.
    pub fn prepare(&self) -> Result<u64, ValueError> {
        self.core.prepare()
    }

    /// The result of a query that stands by itself, for a report.
    ///
    /// # Errors
    /// If it is not prepared, or an expression fails.
    pub fn table(&self) -> Result<Table, ValueError> {
        let rows = self.result(&NoRow)?;
        let text = |cell: Option<&[u8]>| cell.map(|c| String::from_utf8_lossy(c).into_owned());
        let row = |row| {
            (0..rows.width())
                .map(|at| text(rows.cell(row, at)))
                .collect()
        };
        Ok(Table {
            columns: self.columns().iter().map(|c| c.name.clone()).collect(),
            rows: (0..rows.len()).map(row).collect(),
        })
    }

    /// The same as text forms of [`Lookup::columns`].
    ///
    /// # Errors
    /// As for [`Lookup::table`].
    pub fn rows(&self) -> Result<Rows, ValueError> {
        self.result(&NoRow)
    }

    /// The slots of the outer row that it reads.
    pub(super) fn mentioned(&self) -> &[usize] {
        &self.mentioned
    }

    pub(super) fn needs_ordinal(&self) -> bool {
        self.core.fresh
    }

    pub(super) fn is_scalar(&self) -> bool {
        matches!(self.core.question, Question::Scalar)
    }

    /// The rows of a subquery in FROM that are the same for all outer rows.
    fn kept(&self) -> Result<Option<&Rows>, ValueError> {
        if self.core.correlated {
            return Ok(None);
        }
        match &self.core.state()?.answer {
            Answer::Rows(rows) => Ok(Some(rows)),
            _ => Err(incomplete()),
        }
    }

    fn result(&self, outer: &dyn Row) -> Result<Rows, ValueError> {
        self.core.result(self.core.state()?, &self.mentioned, outer)
    }

    /// The value of a scalar subquery.
    pub(super) fn scalar<'v>(&'v self, outer: &dyn Row) -> Result<Value<'v>, ValueError> {
        let state = self.core.state()?;
        match &state.answer {
            Answer::Scalar(value) => value.as_ref().map(borrow).map_err(Clone::clone),
            _ => self.core.scalar(state, &self.mentioned, outer),
        }
    }

    fn exists(&self, outer: &dyn Row) -> Result<bool, ValueError> {
        let state = self.core.state()?;
        match &state.answer {
            Answer::Exists(exists) => Ok(*exists),
            _ => self.core.exists(state, &self.mentioned, outer),
        }
    }
}

impl Asked {
    /// The truth of EXISTS or IN.
    pub(super) fn truth(&self, row: &dyn Row) -> Result<Option<bool>, ValueError> {
        let lookup = &*self.lookup;
        let found = match &lookup.core.question {
            Question::In(items) => {
                let values = self.values.iter().map(|value| value.eval(row));
                let values = values.collect::<Result<Vec<_>, _>>()?;
                lookup
                    .core
                    .contains(items, &lookup.mentioned, &values, row)?
            }
            _ => Some(lookup.exists(row)?),
        };
        Ok(found.map(|found| found != self.negated))
    }
}

impl Core {
    fn prepare(&self) -> Result<u64, ValueError> {
        if self.state.get().is_some() {
            return Ok(0);
        }
        if self.inputs.iter().any(|input| input.rows().is_none()) {
            return Err(incomplete());
        }
        let mut size = 0;
        let inner = self.sources.iter().filter_map(|source| match source {
            self::core::Source::Query(lookup) => Some(lookup),
            self::core::Source::Input(_) => None,
        });
        for lookup in inner.chain(&self.lookups) {
            size += lookup.prepare()?;
        }
        let state = self.build().and_then(|state| self.answer(state));
        size += state.as_ref().map_or(0, State::size);
        let _ = self.state.set(state);
        Ok(size)
    }

    /// What does not depend on the outer row is computed now, and its indexes are not kept.
    fn answer(&self, mut state: State) -> Result<State, ValueError> {
        if self.correlated {
            return Ok(state);
        }
        state.answer = match &self.question {
            Question::Rows | Question::Joined => Answer::Each,
            Question::Exists => Answer::Exists(self.exists(&state, &[], &NoRow)?),
            Question::Scalar => Answer::Scalar(self.scalar(&state, &[], &NoRow)),
            Question::Table => Answer::Rows(self.result(&state, &[], &NoRow)?),
            Question::In(items) => {
                let (any, nulls) = self.nulls(items, &state)?;
                if items.items.len() == 1 {
                    state.any = Vec::new();
                }
                Answer::Nulls(any, nulls)
            }
        };
        if matches!(
            self.question,
            Question::Exists | Question::Scalar | Question::Table
        ) {
            state.steps = Vec::new();
        }
        Ok(state)
    }

    fn exists(
        &self,
        state: &State,
        mentioned: &[usize],
        outer: &dyn Row,
    ) -> Result<bool, ValueError> {
        let row = Combined::new(self, mentioned, &[], outer)?;
        let found = self
            .steps
            .run(&state.steps, &row, &mut |_| Ok(ControlFlow::Break(())))?;
        Ok(found)
    }

    fn scalar<'v>(
        &self,
        state: &State,
        mentioned: &[usize],
        outer: &dyn Row,
    ) -> Result<Value<'v>, ValueError> {
        let Some(select) = &self.select else {
            return Err(incomplete());
        };
        let row = Combined::new(self, mentioned, &[], outer)?;
        let mut found: Option<Value<'static>> = None;
        let Some(limit) = select.plain() else {
            let partial = self.partial(state, &row)?;
            let mut rows = select.values(partial, &row)?.into_iter();
            let first = rows.next().and_then(|row| row.into_iter().next());
            return match rows.next() {
                Some(_) => Err(several()),
                None => Ok(first.unwrap_or(Value::Null)),
            };
        };
        if limit == 0 {
            return Ok(Value::Null);
        }
        self.steps.run(&state.steps, &row, &mut |row| {
            if found.is_some() {
                return Err(several());
            }
            let mut values = select.shown().map(|item| item.node.eval(row));
            let value = values.next().unwrap_or(Ok(Value::Null))?;
            found = Some(value.into_owned());
            Ok(match limit {
                1 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            })
        })?;
        Ok(found.unwrap_or(Value::Null))
    }

    fn partial(&self, state: &State, row: &Combined<'_>) -> Result<Partial, ValueError> {
        let Some(select) = &self.select else {
            return Err(incomplete());
        };
        let mut partial = select.partial();
        self.steps.run(&state.steps, row, &mut |row| {
            partial.update(select, row)?;
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(partial)
    }

    fn result(
        &self,
        state: &State,
        mentioned: &[usize],
        outer: &dyn Row,
    ) -> Result<Rows, ValueError> {
        let Some(select) = &self.select else {
            return Err(incomplete());
        };
        let mut rows = Rows::new(self.columns.len());
        let row = Combined::new(self, mentioned, &[], outer)?;
        let Some(limit) = select.plain() else {
            let partial = self.partial(state, &row)?;
            for values in select.values(partial, &row)? {
                select.push(values.into_iter().map(Ok), &mut rows)?;
            }
            return Ok(rows);
        };
        if limit > 0 {
            self.steps.run(&state.steps, &row, &mut |row| {
                select.push(select.shown().map(|item| item.node.eval(row)), &mut rows)?;
                Ok(if rows.len() >= limit {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                })
            })?;
        }
        Ok(rows)
    }

    /// Of IN: is there any row, and which have NULL among their items.
    fn nulls(&self, items: &Items, state: &State) -> Result<(bool, Rows), ValueError> {
        let row = Combined::new(self, &[], &[], &NoRow)?;
        let width = items.items.len();
        let mut any = false;
        let mut seen = std::collections::HashSet::new();
        let mut nulls = Rows::new(width);
        items.any.run(&state.any, &row, &mut |row| {
            any = true;
            if !state.doubtful {
                return Ok(ControlFlow::Break(()));
            }
            let mut keys = Vec::with_capacity(width);
            for (item, comparator) in &items.items {
                let value = item.eval(row)?;
                let mut key = Vec::new();
                comparator.key(&value, &mut key)?;
                keys.push((!value.is_null()).then_some(key));
            }
            let null = keys.iter().any(Option::is_none);
            if null && seen.insert(keys.clone()) {
                nulls.push(keys.iter().map(Option::as_deref));
            }
            Ok(if null && width == 1 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        })?;
        Ok((any, nulls))
    }

    /// `values IN (SELECT items …)`: true, false, or none where a NULL leaves it open.
    fn contains(
        &self,
        items: &Items,
        mentioned: &[usize],
        values: &[Value<'_>],
        outer: &dyn Row,
    ) -> Result<Option<bool>, ValueError> {
        let state = self.state()?;
        let null = values.iter().any(Value::is_null);
        let row = Combined::new(self, mentioned, values, outer)?;
        if !null {
            let found = self
                .steps
                .run(&state.steps, &row, &mut |_| Ok(ControlFlow::Break(())))?;
            if found {
                return Ok(Some(true));
            }
            if !state.doubtful {
                return Ok(Some(false));
            }
        }
        if let Answer::Nulls(any, nulls) = &state.answer {
            if !any {
                return Ok(Some(false));
            }
            if values.len() == 1 && null {
                return Ok(None);
            }
            if !null {
                return open(items, nulls, values);
            }
        }
        // No row can be equal any more; one that is not certainly different leaves it open.
        let undecided = items.any.run(&state.any, &row, &mut |row| {
            for (at, (item, comparator)) in items.items.iter().enumerate() {
                if row.equals(item, at, comparator)? == Some(false) {
                    return Ok(ControlFlow::Continue(()));
                }
            }
            Ok(ControlFlow::Break(()))
        })?;
        Ok(if undecided { None } else { Some(false) })
    }
}

/// None if one of the rows could be the one, were its NULLs known.
fn open(items: &Items, nulls: &Rows, values: &[Value<'_>]) -> Result<Option<bool>, ValueError> {
    let mut keys = Vec::with_capacity(values.len());
    for (value, (_, comparator)) in values.iter().zip(&items.items) {
        let mut key = Vec::new();
        comparator.key(value, &mut key)?;
        keys.push(key);
    }
    let could_be = |row: usize| {
        let mut cells = keys.iter().enumerate();
        cells.all(|(at, key)| nulls.cell(row, at).is_none_or(|cell| cell == key))
    };
    Ok(if (0..nulls.len()).any(could_be) {
        None
    } else {
        Some(false)
    })
}
