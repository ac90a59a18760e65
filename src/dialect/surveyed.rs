//! What is asked of rows of which nothing but addresses is moved, and what is answered, by whichever dialect.

use std::ops::Range;

/// What is looked for in rows of which nothing but addresses is moved.
#[derive(Debug)]
pub struct Wanted {
    /// For each column, if its addresses are moved: how long a cell may be.
    pub longest: Vec<Option<usize>>,
    /// The shortest of these.
    pub shortest: usize,
    /// The last such column.
    pub last: usize,
    /// Must none of these cells be NULL?
    pub not_null: bool,
    /// May a statement end between two rows, and another one begin?
    pub statements: bool,
}

/// A cell that holds more than plain text.
#[derive(Debug)]
pub struct Signed {
    /// Where its row begins.
    pub row: usize,
    /// The number of its column.
    pub column: usize,
    /// Its bytes, which are its text form.
    pub cell: Range<usize>,
    /// The first `@` in it.
    pub sign: Option<usize>,
    /// What else may stand in it.
    pub form: Form,
}

/// What a text may hold beside plain text and `@`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Nothing.
    Clear,
    /// Bytes that could encode others.
    Text,
    /// Those, and control characters, each written as a backslash and a letter.
    Lines,
}

/// How far rows have been looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Surveyed {
    /// Where the last row ends about which there is no doubt.
    pub end: usize,
    /// How many these are.
    pub rows: u64,
    /// May rows follow about which there is none either?
    pub goes_on: bool,
}

impl Surveyed {
    /// Not beyond `at`.
    pub fn none(at: usize) -> Self {
        Surveyed {
            end: at,
            rows: 0,
            goes_on: false,
        }
    }
}
