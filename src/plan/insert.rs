//! The rows that an INSERT adds, and what happens when one of them is there already.
//!
//! VALUES that look nothing up are computed when the plan is made. Those that hold a subquery, and
//! the rows of INSERT … SELECT, are computed once what they look up is known. Columns that are not
//! named get their default if it is a constant; for anything else the server fills them in, and a
//! later step that reads such a cell stops the run.
//!
//! With ON CONFLICT the new rows are an input like any other (`excluded`), and every row that
//! passes is joined to it over the key; a new row that was met is not added.

use super::program::{NewValues, RunFault, StepTally};
use super::row::{RawRow, RowState};
use super::step::{Assignments, Step};
use crate::expression::{Assignment, Input, Joined, Lookup, Row, Rows};
use crate::schema::DataType;
use crate::value::ValueError;
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

/// The value of a column of a new row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewCell {
    /// Known; none is NULL.
    Known(Option<Vec<u8>>),
    /// Only the server can fill it in (a sequence, `now()` …).
    Server,
}

/// One new row: a cell for each cell of the dumped rows.
pub type NewRow = Vec<NewCell>;

/// How the cell of a new row is made.
#[derive(Debug)]
pub(super) enum CellSource {
    /// It is known with the plan.
    Fixed(NewCell),
    /// It is computed when what it looks up is known.
    Expr(Box<Assignment>),
}

/// Where new rows come from.
#[derive(Debug)]
pub(super) enum RowSource {
    /// `VALUES`.
    Values(Vec<Vec<CellSource>>),
    /// `SELECT`: a new row for each of its rows.
    Query(Arc<Lookup>, Vec<CellSource>),
}

/// The new rows of one INSERT.
#[derive(Debug)]
pub struct NewRows {
    source: RowSource,
    rows: OnceLock<Vec<NewRow>>,
    /// The rows as ON CONFLICT sees them.
    excluded: Option<Arc<Input>>,
}

/// The rows of one INSERT for one relation.
#[derive(Debug)]
pub struct Inserts {
    /// The rows.
    pub(super) rows: Arc<NewRows>,
    /// `ON CONFLICT`.
    pub(super) conflict: Option<Conflict>,
    /// Is it a leaf below the relation that the statement names? Then rows are only compared here,
    /// and added through the named relation.
    pub compare_only: bool,
}

/// `ON CONFLICT (…) DO …`.
#[derive(Debug)]
pub struct Conflict {
    /// The new rows with the key of a row that passes.
    pub(super) same_key: Arc<Joined>,
    /// `DO UPDATE … WHERE`, as a value of type boolean.
    pub(super) condition: Option<Assignment>,
    /// `DO UPDATE SET`; empty for `DO NOTHING`.
    pub(super) assignments: Assignments,
}

impl NewRows {
    pub(super) fn new(source: RowSource, excluded: Option<Arc<Input>>) -> Self {
        NewRows {
            source,
            rows: OnceLock::new(),
            excluded,
        }
    }

    /// Are they known?
    pub fn is_prepared(&self) -> bool {
        self.rows.get().is_some()
    }

    /// Computes them, now that what they look up is known; the bytes that they keep.
    ///
    /// # Errors
    /// If a value cannot be computed or does not fit its column.
    pub fn prepare(&self) -> Result<u64, ValueError> {
        let mut made = Vec::new();
        match &self.source {
            RowSource::Values(rows) => {
                for (number, cells) in rows.iter().enumerate() {
                    let row = ResultRow { rows: None, number };
                    made.push(new_row(cells, &row)?);
                }
            }
            RowSource::Query(lookup, cells) => {
                let rows = lookup.rows()?;
                for number in 0..rows.len() {
                    let row = ResultRow {
                        rows: Some(&rows),
                        number,
                    };
                    made.push(new_row(cells, &row)?);
                }
            }
        }
        if let Some(input) = &self.excluded {
            let mut rows = Rows::new(input.columns.len());
            for row in &made {
                rows.push(row.iter().map(|cell| match cell {
                    NewCell::Known(text) => text.as_deref(),
                    NewCell::Server => None,
                }));
            }
            input.complete(rows);
        }
        let cell = |cell: &NewCell| match cell {
            NewCell::Known(Some(text)) => text.len() + size_of::<NewCell>(),
            _ => size_of::<NewCell>(),
        };
        let bytes: usize = made.iter().flatten().map(cell).sum();
        let _ = self.rows.set(made);
        Ok(bytes as u64)
    }

    /// What they look up.
    pub(super) fn lookups(&self, all: &mut dyn FnMut(&[Arc<Lookup>])) {
        let mut cells = |cells: &[CellSource]| {
            for cell in cells {
                if let CellSource::Expr(assignment) = cell {
                    all(assignment.lookups());
                }
            }
        };
        match &self.source {
            RowSource::Values(rows) => rows.iter().for_each(|row| cells(row)),
            RowSource::Query(lookup, row) => {
                cells(row);
                all(std::slice::from_ref(lookup));
            }
        }
    }
}

fn new_row(cells: &[CellSource], row: &ResultRow<'_>) -> Result<NewRow, ValueError> {
    let cell = |source: &CellSource| match source {
        CellSource::Fixed(cell) => Ok(cell.clone()),
        CellSource::Expr(assignment) => {
            let text = assignment.eval(row)?;
            Ok(NewCell::Known(text.map(Cow::into_owned)))
        }
    };
    cells.iter().map(cell).collect()
}

/// A row of a SELECT's result; of none for VALUES.
struct ResultRow<'a> {
    rows: Option<&'a Rows>,
    number: usize,
}

impl Row for ResultRow<'_> {
    fn cell(&self, slot: usize) -> Result<Option<&[u8]>, ValueError> {
        match self.rows {
            Some(rows) => Ok(rows.cell(self.number, slot)),
            None => Err(ValueError("there is no row here".into())),
        }
    }

    fn ordinal(&self) -> u64 {
        self.number as u64
    }
}

impl Inserts {
    /// The new rows; none before what they look up is known.
    pub fn rows(&self) -> &[NewRow] {
        self.rows.rows.get().map_or(&[], Vec::as_slice)
    }

    /// Does a row that is there already matter?
    pub fn has_conflicts(&self) -> bool {
        self.conflict.is_some()
    }

    /// Would a row with the key of an added one be changed, which no database does twice in one
    /// statement?
    pub fn updates_on_conflict(&self) -> bool {
        self.conflict
            .as_ref()
            .is_some_and(|conflict| !conflict.assignments.is_empty())
    }

    /// The new rows that have the key of `row`, a new row itself.
    ///
    /// # Errors
    /// If its key cannot be read.
    pub fn same_key(&self, row: &dyn Row) -> Result<Vec<usize>, ValueError> {
        let mut numbers = Vec::new();
        if let Some(conflict) = &self.conflict {
            conflict.same_key.each(row, &mut |number, _| {
                numbers.push(number);
                Ok(())
            })?;
        }
        Ok(numbers)
    }

    /// A row passes: is it in conflict with a new row?
    pub(super) fn meet<'b, R: RawRow<'b>>(
        &self,
        row: &mut RowState<'_, 'b, R>,
        step: &Step,
        record: bool,
        tally: &mut StepTally,
    ) -> Result<(), RunFault> {
        let Some(conflict) = &self.conflict else {
            return Ok(());
        };
        let mut updated = false;
        let mut values: NewValues = Vec::new();
        let mut changes = false;
        let met = &mut tally.met;
        let found = conflict.same_key.each(row, &mut |number, found| {
            if record {
                met.resize(self.rows().len().max(number + 1), false);
                met[number] = true;
            }
            if conflict.assignments.is_empty() {
                return Ok(());
            }
            if updated {
                return Err(ValueError(Cow::Borrowed(
                    "ON CONFLICT DO UPDATE would change the same row twice; \
                     make the keys of its rows distinct",
                )));
            }
            updated = true;
            if let Some(condition) = &conflict.condition
                && condition.eval(found)?.as_deref() != Some(b"t")
            {
                return Ok(());
            }
            changes = true;
            for (slot, assignment) in &conflict.assignments {
                let new = assignment.eval(found)?;
                values.push((*slot, new.map(Cow::into_owned)));
            }
            Ok(())
        });
        found.map_err(|error| RunFault::new(step, error))?;
        if changes {
            tally.matched += u64::from(record);
        }
        for (slot, new) in values {
            let old = row.cell(slot).map_err(|error| RunFault::new(step, error))?;
            if old != new.as_deref() {
                row.set(slot, new);
            }
        }
        Ok(())
    }
}

/// A new row as a source of cells for the steps after its INSERT.
#[derive(Debug)]
pub struct NewRowSource<'a> {
    /// The row.
    pub cells: &'a NewRow,
    /// Its number among the INSERT's rows.
    pub number: u64,
}

impl<'a> RawRow<'a> for NewRowSource<'a> {
    fn decode(&self, cell: usize, _: &DataType) -> Result<Option<Cow<'a, [u8]>>, ValueError> {
        match &self.cells[cell] {
            NewCell::Known(text) => Ok(text.as_deref().map(Cow::Borrowed)),
            NewCell::Server => Err(ValueError(Cow::Borrowed(
                "it reads a column that only the server will fill in, in a row that an INSERT \
                 before it adds; name that column in the INSERT",
            ))),
        }
    }

    fn ordinal(&self) -> u64 {
        // Away from the ordinals of rows that were read, so that fresh values differ from theirs.
        u64::MAX - self.number
    }
}
