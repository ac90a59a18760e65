//! Blocks that are held back: everything that has to be known to let one go later.
//!
//! The rows stay as they were read. Where the input is a plain regular file only their place there
//! is noted; else the [`Store`] keeps them.

use super::store::{Kept, PIECE, Store};
use super::transform::Batch;
use crate::error::{Position, Result};
use crate::source::Original;
use std::sync::Arc;

/// Rows of a held block.
#[derive(Debug)]
pub(super) struct HeldBatch {
    bytes: Kept,
    at: Position,
    first_row: u64,
}

impl HeldBatch {
    /// Reads the rows back.
    ///
    /// # Errors
    /// As [`Kept::read`].
    pub(super) fn load(&self) -> Result<Batch> {
        Ok(Batch {
            bytes: self.bytes.read()?,
            at: self.at,
            first_row: self.first_row,
        })
    }
}

/// The rows of a held block, in order.
#[derive(Debug)]
pub(super) struct HeldRows {
    store: Store,
    /// The input and by how much it is ahead of the positions.
    original: Option<(Original, u64)>,
    batches: Vec<Arc<HeldBatch>>,
    /// Small batches on their way to a larger one.
    gathered: Vec<u8>,
    /// Where `gathered`, or the last range of the input, starts and ends.
    open: Option<Open>,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    at: Position,
    first_row: u64,
    end: u64,
    len: usize,
}

impl HeldRows {
    /// Keeps rows in a store, or notes where they are in the original; `ahead` is by how much that
    /// is ahead of the positions.
    pub(super) fn new(store: Store, original: Option<(Original, u64)>) -> Self {
        HeldRows {
            store,
            original,
            batches: Vec::new(),
            gathered: Vec::new(),
            open: None,
        }
    }

    /// Appends a batch.
    ///
    /// # Errors
    /// If it cannot be kept.
    pub(super) fn push(&mut self, bytes: &[u8], at: Position, first_row: u64) -> Result<()> {
        let follows = self
            .open
            .is_some_and(|open| open.end == at.byte && open.len < PIECE);
        if !follows {
            self.seal()?;
        }
        let open = self.open.get_or_insert(Open {
            at,
            first_row,
            end: at.byte,
            len: 0,
        });
        open.end += bytes.len() as u64;
        open.len += bytes.len();
        if self.original.is_none() {
            self.gathered.extend_from_slice(bytes);
        }
        Ok(())
    }

    /// The block has ended.
    ///
    /// # Errors
    /// If its last rows cannot be kept.
    pub(super) fn seal(&mut self) -> Result<()> {
        let Some(open) = self.open.take() else {
            return Ok(());
        };
        let bytes = match &self.original {
            Some((original, ahead)) => {
                Kept::of_input(original.clone(), open.at.byte + ahead, open.len)
            }
            None => self.store.keep(std::mem::take(&mut self.gathered))?,
        };
        self.batches.push(Arc::new(HeldBatch {
            bytes,
            at: open.at,
            first_row: open.first_row,
        }));
        Ok(())
    }

    /// The batches of a sealed block.
    pub(super) fn batches(&self) -> &[Arc<HeldBatch>] {
        &self.batches
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use std::io::Write;

    /// Rows of many lengths, some longer than a piece, and where they start after 7 bytes.
    fn rows() -> Vec<(Vec<u8>, Position, u64)> {
        let mut at = Position::START.after(b"HEADER\n");
        (0..400u64)
            .map(|n| {
                let length = if n == 77 { 3 << 20 } else { n * 97 % 9001 };
                let mut row = vec![b'a' + (n % 26) as u8; length as usize];
                row.push(b'\n');
                let here = at;
                at.advance(&row);
                (row, here, n)
            })
            .collect()
    }

    fn check(mut held: HeldRows, ahead: usize) {
        let rows = rows();
        for (bytes, at, first_row) in &rows {
            held.push(bytes, *at, *first_row).unwrap();
        }
        held.seal().unwrap();
        for _ in 0..2 {
            let mut place = rows[0].1;
            let mut all = Vec::new();
            for batch in held.batches() {
                let batch = batch.load().unwrap();
                assert_eq!(batch.at, place, "ahead {ahead}");
                let lines = memchr::memchr_iter(b'\n', &all).count() as u64;
                assert_eq!(batch.first_row, lines);
                place.advance(&batch.bytes);
                all.extend_from_slice(&batch.bytes);
            }
            assert!(
                all == rows
                    .iter()
                    .flat_map(|row| row.0.clone())
                    .collect::<Vec<_>>()
            );
        }
        assert!(
            (2..20).contains(&held.batches().len()),
            "they were gathered"
        );
    }

    #[test]
    fn rows_come_back_as_they_came_and_more_than_once() {
        for limit in [0, 8 << 20, 1 << 30] {
            check(HeldRows::new(Store::new(limit, None), None), 0);
        }
    }

    #[test]
    fn rows_of_a_file_are_read_from_it() {
        for ahead in [0, 3] {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(&vec![b'#'; ahead]).unwrap();
            file.write_all(b"HEADER\n").unwrap();
            for (row, ..) in rows() {
                file.write_all(&row).unwrap();
            }
            let source = Source::open(Some(file.path())).unwrap();
            let original = source.original().unwrap().clone();
            let nowhere = Store::new(0, Some("/nonexistent".into()));
            let held = HeldRows::new(nowhere, Some((original, ahead as u64)));
            check(held, ahead);
        }
    }

    #[test]
    fn a_gap_begins_another_batch() {
        let mut held = HeldRows::new(Store::new(0, None), None);
        let later = Position { byte: 90, line: 9 };
        held.push(b"a\n", Position::START, 0).unwrap();
        held.push(b"b\n", later, 1).unwrap();
        held.seal().unwrap();
        let at: Vec<_> = held.batches().iter().map(|b| b.at).collect();
        assert_eq!(at, [Position::START, later]);
    }
}
