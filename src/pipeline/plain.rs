//! The fast way through the rows of a program that only moves addresses ([`PlainProgram`]): cells are
//! taken as the bytes that they are in the dump, new ones are written next to each other, and stretches
//! of rows without a sign of an address are not even split. Whatever is not clear goes through the program.

use super::transform::Writer;
use crate::dialect::{Bare, RowCodec, RowSpan};
use crate::plan::PlainProgram;
use memchr::memchr3;
use std::ops::Range;

/// The state of a batch.
pub(super) struct PlainRows<'p> {
    program: PlainProgram<'p>,
    /// The new cells of the row that was looked at last.
    new: Vec<u8>,
    /// What they replace, and where they end in `new`.
    replaced: Vec<(Range<usize>, usize)>,
    /// Is a stretch without addresses to be expected?
    sparse: bool,
    /// Where the next byte stands in the batch that an address could be written with, escapes apart.
    sign: usize,
}

impl<'p> PlainRows<'p> {
    pub(super) fn new(program: PlainProgram<'p>) -> Self {
        PlainRows {
            program,
            new: Vec::new(),
            replaced: Vec::new(),
            sparse: true,
            sign: 0,
        }
    }

    /// Where the stretch of rows from `at` ends that certainly stay as they are, and how many they are.
    pub(super) fn skip(
        &mut self,
        codec: &dyn RowCodec,
        batch: &[u8],
        at: usize,
        columns: usize,
    ) -> (usize, u64) {
        if !self.sparse {
            return (at, 0);
        }
        let PlainProgram {
            shortest, not_null, ..
        } = self.program;
        let found = codec.without_addresses(batch, at, columns, shortest, not_null);
        self.sparse = found.1 > 0;
        found
    }

    /// Rewrites a row; false if it has to go through the program.
    pub(super) fn row(&mut self, codec: &dyn RowCodec, batch: &[u8], span: &RowSpan) -> bool {
        self.moved(codec, batch, span).is_some()
    }

    /// Has the row changed that was looked at last?
    pub(super) fn has_changed(&self) -> bool {
        !self.replaced.is_empty()
    }

    fn moved(&mut self, codec: &dyn RowCodec, batch: &[u8], span: &RowSpan) -> Option<()> {
        self.new.clear();
        self.replaced.clear();
        // One search goes over all cells of a row, where there are several.
        let several = self.program.cells.len() > 1;
        for cell in &self.program.cells {
            let range = span.cells[cell.cell].clone();
            let raw = &batch[range.clone()];
            let text = match codec.bare(raw) {
                Bare::Text(text) => text,
                Bare::Null if !cell.addresses.not_null => continue,
                Bare::Null | Bare::Unclear => return None,
            };
            if several && self.sign < range.start {
                let sign = memchr3(b'@', b'%', b'&', &batch[range.start..]);
                self.sign = sign.map_or(batch.len(), |sign| range.start + sign);
            }
            let moves = &cell.addresses.moves;
            let limit = moves
                .limit()
                .map_or(usize::MAX, |(limit, _)| limit as usize);
            if several && range.end <= self.sign && text.len() <= limit {
                continue;
            }
            if moves.rewrite(&raw[text.clone()], &mut self.new)? {
                let place = range.start + text.start..range.start + text.end;
                self.replaced.push((place, self.new.len()));
            }
        }
        self.sparse |= !self.has_changed();
        Some(())
    }

    /// Writes the row that was looked at last.
    pub(super) fn write(&self, span: &RowSpan, writer: &mut Writer<'_>) {
        let (mut copied, mut from) = (span.body.start, 0);
        for (place, end) in &self.replaced {
            writer.keep(copied..place.start);
            writer.buffer().extend_from_slice(&self.new[from..*end]);
            (copied, from) = (place.end, *end);
        }
        writer.keep(copied..span.body.end);
    }
}
