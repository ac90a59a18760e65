//! The rows that an `INSERT … VALUES` adds, and what happens when one of them is there already.
//!
//! The rows are computed when the plan is made: they depend on nothing in the dump. Columns that
//! are not named get their default if it is a constant; for anything else the server fills them
//! in, and a later step that reads such a cell stops the run. With ON CONFLICT every row that
//! passes is compared with the new rows' keys; a new row that was met is not added.

use super::program::{Assignments, RunFault, Step, StepTally, assign, matches};
use super::row::{RawRow, RowState};
use crate::expression::Compiled;
use crate::schema::DataType;
use crate::value::ValueError;
use std::borrow::Cow;

/// The value of a column of a new row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewCell {
    /// Known; none is NULL.
    Known(Option<Vec<u8>>),
    /// Only the server can fill it in (a sequence, `now()` …).
    Server,
}

/// One new row: a cell for each slot of the program.
pub type NewRow = Vec<NewCell>;

/// The rows of one INSERT for one relation.
#[derive(Debug)]
pub struct Inserts {
    /// The rows.
    pub rows: Vec<NewRow>,
    /// For each row what `ON CONFLICT` says; empty without the clause.
    pub conflicts: Vec<Conflict>,
    /// Is it a leaf below the relation that the statement names? Then rows are only compared here,
    /// and added through the named relation.
    pub compare_only: bool,
}

/// What `ON CONFLICT` says of one new row.
#[derive(Debug)]
pub struct Conflict {
    /// Does a row have the new row's key?
    pub same_key: Compiled,
    /// `DO UPDATE`: the condition and the assignments; none is `DO NOTHING`.
    pub update: Option<(Option<Compiled>, Assignments)>,
}

impl Inserts {
    /// A row passes: is it in conflict with a new row?
    pub(super) fn meet<'b, R: RawRow<'b>>(
        &self,
        row: &mut RowState<'_, 'b, R>,
        step: &Step,
        record: bool,
        tally: &mut StepTally,
    ) -> Result<(), RunFault> {
        let fault = |error: ValueError| RunFault::new(step, error);
        let mut updated = false;
        for (number, conflict) in self.conflicts.iter().enumerate() {
            if !conflict.same_key.is_true(row).map_err(fault)? {
                continue;
            }
            tally.met.resize(self.rows.len(), false);
            tally.met[number] = true;
            let Some((filter, assignments)) = &conflict.update else {
                continue;
            };
            if updated {
                return Err(RunFault::new(
                    step,
                    "ON CONFLICT DO UPDATE would change the same row twice; \
                     make the keys of its VALUES distinct",
                ));
            }
            if matches(filter.as_ref(), row).map_err(fault)? {
                tally.matched += u64::from(record);
                assign(row, assignments, &mut Vec::new()).map_err(fault)?;
            }
            updated = true;
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
