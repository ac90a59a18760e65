//! A few cells of many rows, found without looking at the others.

use super::RowMap;
use std::ops::Range;

/// The rows that follow each other from a place on, as far as somebody wants to know them.
#[derive(Debug, Default)]
pub struct Glanced {
    /// How many cells each of them has.
    pub width: usize,
    /// The numbers of those that are wanted.
    pub wanted: Vec<usize>,
    /// The map they are found by.
    pub map: RowMap,
    /// Where each row ends, line end and all.
    pub ends: Vec<usize>,
    /// The wanted cells, row by row. One that is none may not be its own text form.
    pub cells: Vec<Option<Range<usize>>>,
}

impl Glanced {
    /// For rows of that width.
    pub fn new(width: usize, wanted: Vec<usize>) -> Self {
        Glanced {
            width,
            wanted,
            ..Glanced::default()
        }
    }

    /// Forgets the rows.
    pub fn clear(&mut self) {
        self.ends.clear();
        self.cells.clear();
    }

    /// The wanted cells of a row.
    pub fn row(&self, number: usize) -> &[Option<Range<usize>>] {
        &self.cells[number * self.wanted.len()..][..self.wanted.len()]
    }
}
