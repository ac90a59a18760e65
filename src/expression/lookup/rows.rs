//! Rows that were gathered for lookups: text forms packed one after another.
//!
//! A lookup may need ten million keys, so a cell costs its bytes and four more. Cells lie in
//! chunks, each with the ends of its cells; a cell is found by its number (row × width + column).
//! A chunk is closed when it is large enough, so nothing large is ever copied to grow.

use super::core::Core;
use crate::rulebook::Span;
use crate::schema::Column;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

/// Chunks are closed at this many bytes.
const CLOSED: usize = 8 << 20;
/// A chunk holds no more cells than this, however small they are.
const CELLS: usize = 2 << 20;
/// In the place of an end: the cell is NULL.
const NULL: u32 = 1 << 31;

/// Rows of text forms, packed.
#[derive(Default)]
pub struct Rows {
    width: usize,
    count: usize,
    chunks: Vec<Chunk>,
}

#[derive(Debug, Default)]
struct Chunk {
    /// The number of its first cell.
    first: usize,
    bytes: Vec<u8>,
    /// Where each cell ends, and whether it is NULL. The last one ends with the bytes.
    ends: Vec<u32>,
}

impl Chunk {
    fn is_closed(&self) -> bool {
        self.bytes.len() >= CLOSED || self.ends.len() >= CELLS
    }

    fn push(&mut self, cell: Option<&[u8]>) {
        self.bytes.extend_from_slice(cell.unwrap_or_default());
        // Only the last cell of a chunk can end beyond 31 bits, and its end is not asked for.
        let end = u32::try_from(self.bytes.len()).map_or(0, |end| end & !NULL);
        self.ends.push(end | if cell.is_none() { NULL } else { 0 });
    }

    fn cell(&self, at: usize) -> Option<&[u8]> {
        let end = *self.ends.get(at)?;
        if end & NULL != 0 {
            return None;
        }
        let start = match at.checked_sub(1) {
            Some(before) => (self.ends[before] & !NULL) as usize,
            None => 0,
        };
        let end = if at + 1 == self.ends.len() {
            self.bytes.len()
        } else {
            end as usize
        };
        self.bytes.get(start..end)
    }
}

impl Rows {
    /// No rows yet, of `width` cells each.
    pub fn new(width: usize) -> Self {
        Rows {
            width,
            ..Rows::default()
        }
    }

    /// Adds a row. It has `width` cells; missing ones are NULL, further ones are left out.
    pub fn push<'c>(&mut self, cells: impl IntoIterator<Item = Option<&'c [u8]>>) {
        let cells = cells.into_iter().chain(std::iter::repeat(None));
        for cell in cells.take(self.width) {
            self.push_cell(cell);
        }
        self.count += 1;
    }

    fn push_cell(&mut self, cell: Option<&[u8]>) {
        let length = cell.map_or(0, <[u8]>::len);
        let fits = self
            .chunks
            .last()
            .is_some_and(|last| !last.is_closed() && last.bytes.len() + length < NULL as usize);
        if !fits {
            if let Some(closed) = self.chunks.last_mut() {
                closed.bytes.shrink_to_fit();
                closed.ends.shrink_to_fit();
            }
            let first = self.cells();
            self.chunks.push(Chunk {
                first,
                ..Chunk::default()
            });
        }
        if let Some(last) = self.chunks.last_mut() {
            last.push(cell);
        }
    }

    fn cells(&self) -> usize {
        self.chunks
            .last()
            .map_or(0, |last| last.first + last.ends.len())
    }

    /// Adds the rows that come later, of the same width.
    pub fn append(&mut self, later: Rows) {
        if self.count == 0 {
            let width = self.width;
            *self = later;
            self.width = width;
            return;
        }
        for mut chunk in later.chunks {
            if chunk.is_closed() {
                chunk.first = self.cells();
                self.chunks.push(chunk);
            } else {
                (0..chunk.ends.len()).for_each(|at| self.push_cell(chunk.cell(at)));
            }
        }
        self.count += later.count;
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.count
    }

    /// No rows?
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many cells a row has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many bytes of memory they take.
    pub fn size(&self) -> u64 {
        let chunks = self.chunks.iter();
        let kept = chunks.map(|c| c.bytes.capacity() + 4 * c.ends.capacity());
        kept.sum::<usize>() as u64
    }

    /// A cell's text form; none is NULL (or not there).
    pub fn cell(&self, row: usize, column: usize) -> Option<&[u8]> {
        if column >= self.width {
            return None;
        }
        let number = row * self.width + column;
        let after = self.chunks.partition_point(|chunk| chunk.first <= number);
        let chunk = self.chunks.get(after.checked_sub(1)?)?;
        chunk.cell(number - chunk.first)
    }
}

/// The rows of one table that a statement reads, as they are at the statement's place in the
/// rulebook.
pub struct Input {
    /// What it is, for messages.
    pub what: String,
    /// The columns that are gathered.
    pub columns: Vec<Column>,
    /// Conjuncts of WHERE or ON, by their place, that every gathered row has passed already.
    pub decided: Vec<Span>,
    rows: OnceLock<Rows>,
    /// What was compiled over it, by what makes it what it is: the same subquery in the programs
    /// of a hundred partitions has one index.
    compiled: Mutex<Vec<(String, Weak<Core>)>>,
}

/// Which input it is; what came of it is nobody's business.
impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Input({:p}, {})", self, self.what)
    }
}

/// How many rows; never what is in them.
impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rows({} x {})", self.count, self.width)
    }
}

impl Input {
    /// An input whose rows are still to come.
    pub fn new(what: impl Into<String>, columns: Vec<Column>) -> Self {
        Input {
            what: what.into(),
            columns,
            decided: Vec::new(),
            rows: OnceLock::new(),
            compiled: Mutex::default(),
        }
    }

    /// The same, with the conjuncts that need not be looked at again.
    pub fn deciding(self, decided: Vec<Span>) -> Self {
        Input { decided, ..self }
    }

    /// All rows are there. Only the first call counts.
    pub fn complete(&self, rows: Rows) {
        let _ = self.rows.set(rows);
    }

    /// The rows, once they are complete.
    pub fn rows(&self) -> Option<&Rows> {
        self.rows.get()
    }

    /// What was compiled before under the same key, or `core` from now on.
    pub(super) fn shared(&self, key: String, core: Core) -> Arc<Core> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        compiled.retain(|(_, known)| known.strong_count() > 0);
        let known = compiled.iter().find(|(known, _)| *known == key);
        if let Some(known) = known.and_then(|(_, known)| known.upgrade()) {
            return known;
        }
        let core = Arc::new(core);
        compiled.push((key, Arc::downgrade(&core)));
        core
    }
}
