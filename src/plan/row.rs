//! One row while a program runs over it: cells decoded when they are first read, and their new values.
//!
//! The row knows its program's columns and gets raw cells through [`RawRow`]; it knows no bytes.

use super::program::{NewValues, Origin, Program};
use crate::expression::Row;
use crate::schema::DataType;
use crate::value::ValueError;
use std::borrow::Cow;
use std::cell::OnceCell;

/// Where the cells of a row come from.
pub trait RawRow<'b> {
    /// The text form of cell number `cell` of the row; none is NULL.
    ///
    /// # Errors
    /// If the cell cannot be read.
    fn decode(
        &self,
        cell: usize,
        data_type: &DataType,
    ) -> Result<Option<Cow<'b, [u8]>>, ValueError>;

    /// The row's ordinal as read, counted from 0.
    fn ordinal(&self) -> u64;
}

type Slot<'b> = OnceCell<Option<Cow<'b, [u8]>>>;

/// The state of one row. It is made once for a batch and reset for every row.
pub struct RowState<'p, 'b, R> {
    program: &'p Program,
    /// Where the cells come from; advanced by the owner before [`RowState::reset`].
    pub raw: R,
    slots: Vec<Slot<'b>>,
    changed: Vec<bool>,
    any_changed: bool,
    /// Room for the values that a step computes before it sets them.
    pub(super) values: NewValues,
}

impl<'p, 'b, R: RawRow<'b>> RowState<'p, 'b, R> {
    /// A state for the rows of a program.
    pub fn new(program: &'p Program, raw: R) -> Self {
        let width = program.columns.len();
        RowState {
            program,
            raw,
            slots: (0..width).map(|_| OnceCell::new()).collect(),
            changed: vec![false; width],
            any_changed: false,
            values: NewValues::new(),
        }
    }

    /// Forgets the row before.
    pub fn reset(&mut self) {
        for slot in &self.program.touched {
            self.slots[*slot] = OnceCell::new();
        }
        if self.any_changed {
            self.changed.fill(false);
            self.any_changed = false;
        }
    }

    /// Gives a column a new value.
    pub fn set(&mut self, slot: usize, text: Option<Vec<u8>>) {
        self.slots[slot] = OnceCell::from(text.map(Cow::Owned));
        self.changed[slot] = true;
        self.any_changed = true;
        for computed in &self.program.computed {
            self.slots[*computed] = OnceCell::new();
        }
    }

    /// Is this another value than the column has? A cell that cannot be read has another: what
    /// replaces it does not depend on it.
    ///
    /// # Errors
    /// If the column has no cell.
    pub fn differs(&self, slot: usize, new: Option<&[u8]>) -> Result<bool, ValueError> {
        match (self.cell(slot), &self.program.columns[slot].origin) {
            (Err(_), Origin::Cell(_)) => Ok(true),
            (old, _) => Ok(old? != new),
        }
    }

    /// Has any column a new value?
    pub fn is_changed(&self) -> bool {
        self.any_changed
    }

    /// The new value of a column, if it has one; the inner none is NULL.
    pub fn new_value(&self, slot: usize) -> Option<Option<&[u8]>> {
        if !self.changed[slot] {
            return None;
        }
        self.slots[slot].get().map(|value| value.as_deref())
    }
}

impl<'b, R: RawRow<'b>> Row for RowState<'_, 'b, R> {
    fn cell(&self, slot: usize) -> Result<Option<&[u8]>, ValueError> {
        let cell = &self.slots[slot];
        if cell.get().is_none() {
            let column = &self.program.columns[slot];
            let value = match &column.origin {
                Origin::Cell(at) => self.raw.decode(*at, &column.column.data_type)?,
                Origin::Computed(expression) => expression
                    .eval(self)?
                    .map(|text| Cow::Owned(text.into_owned())),
                Origin::Absent(reason) => return Err(ValueError(Cow::Owned(reason.clone()))),
            };
            let _ = cell.set(value);
        }
        Ok(cell.get().and_then(|value| value.as_deref()))
    }

    fn ordinal(&self) -> u64 {
        self.raw.ordinal()
    }
}
