//! The fast way through the rows of a program that only moves addresses ([`PlainProgram`]): cells are
//! taken as the bytes that they are in the dump, and new ones are written next to each other. Where a codec can go
//! over rows without splitting them, there is a shorter way still ([`Stretch`]). Whatever is not clear goes through
//! the program.
//!
//! And a shorter way to the answer that a row stays as it is: the conditions of the program, asked of the cells
//! as they stand in the dump ([`Idle`]).

use super::parts::Writer;
use super::stretch::Stretch;
use crate::dialect::{Bare, RowCodec, RowSpan, Surveyed};
use crate::expression::Row;
use crate::plan::{Condition, Origin, Pass, PlainProgram, Program, ProgramColumn};
use crate::value::ValueError;
use memchr::memchr3;
use std::ops::Range;

/// The state of a batch.
pub(super) struct PlainRows<'p> {
    program: PlainProgram<'p>,
    /// The new cells of the row that was looked at last.
    new: Vec<u8>,
    /// What they replace, and where they end in `new`.
    replaced: Vec<(Range<usize>, usize)>,
    stretch: Stretch,
    /// Where the next byte stands in the batch that an address could be written with, escapes apart.
    sign: usize,
}

impl<'p> PlainRows<'p> {
    /// For rows with so many cells.
    pub(super) fn new(program: PlainProgram<'p>, columns: usize) -> Self {
        PlainRows {
            stretch: Stretch::new(&program, columns),
            program,
            new: Vec::new(),
            replaced: Vec::new(),
            sign: 0,
        }
    }

    /// Goes over rows from `at` as long as there is no doubt about them. `statements`: may these be of several?
    pub(super) fn go(
        &mut self,
        codec: &dyn RowCodec,
        batch: &[u8],
        at: usize,
        statements: bool,
    ) -> Surveyed {
        self.stretch.go(&self.program, codec, batch, at, statements)
    }

    /// The rows that were gone over last.
    pub(super) fn stretch(&self) -> &Stretch {
        &self.stretch
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
            if several && self.sign < range.start {
                let sign = memchr3(b'@', b'%', b'&', &batch[range.start..]);
                self.sign = sign.map_or(batch.len(), |sign| range.start + sign);
            }
            let moves = &cell.addresses.moves;
            let limit = moves
                .limit()
                .map_or(usize::MAX, |(limit, _)| limit as usize);
            let idle = several && range.end <= self.sign;
            if idle && range.end < span.own && range.len() <= limit {
                continue;
            }
            let raw = &batch[range.clone()];
            let (text, lines) = match codec.bare(raw) {
                Bare::Text(text) => (text, false),
                Bare::Lines(text) => (text, true),
                Bare::Null if !cell.addresses.not_null => continue,
                Bare::Null | Bare::Unclear => return None,
            };
            if idle && text.len() <= limit {
                continue;
            }
            let place = range.start + text.start..range.start + text.end;
            let text = &raw[text];
            let moved = match lines {
                true => moves.rewrite_lines(text, &mut self.new),
                false => moves.rewrite(text, &mut self.new),
            };
            if moved? {
                self.replaced.push((place, self.new.len()));
            }
        }
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

/// The cells of a row as its bytes, where they are their own text forms.
pub(super) struct Idle<'p> {
    pub(super) conditions: Vec<Condition<'p>>,
    /// The cell of a slot, if its bytes may be its text form.
    pub(super) cells: Vec<Option<usize>>,
}

/// What the conditions of a program say of a row.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It stays as it is.
    Stays,
    /// The step of this number drops it, and none before it concerns it.
    Goes(usize),
    /// It has to run through the program.
    Runs,
}

impl<'p> Idle<'p> {
    /// For the rows of a pass, if there are conditions to ask.
    pub(super) fn new(program: &'p Program, pass: Pass) -> Option<Self> {
        let conditions = program.conditions(pass)?;
        let cell = |column: &ProgramColumn| match column.origin {
            Origin::Cell(cell) if RowSpan::may_own(&column.column.data_type) => Some(cell),
            _ => None,
        };
        Some(Idle {
            conditions,
            cells: program.columns.iter().map(cell).collect(),
        })
    }

    /// What becomes of a row, as far as it is certain.
    pub(super) fn verdict(&self, batch: &[u8], span: &RowSpan) -> Verdict {
        let cells = &self.cells;
        self.asked(&Shown { cells, batch, span })
    }

    /// The same of a row that is shown in another way.
    #[inline]
    pub(super) fn asked(&self, row: &impl Row) -> Verdict {
        for (number, step) in self.conditions.iter().enumerate() {
            match step.condition.compares(row) {
                Ok(false) => {}
                Ok(true) if step.drops => return Verdict::Goes(number),
                _ => return Verdict::Runs,
            }
        }
        Verdict::Stays
    }
}

struct Shown<'r> {
    cells: &'r [Option<usize>],
    batch: &'r [u8],
    span: &'r RowSpan,
}

impl Row for Shown<'_> {
    #[inline]
    fn cell(&self, slot: usize) -> Result<Option<&[u8]>, ValueError> {
        let range = self.cells[slot].map(|cell| &self.span.cells[cell]);
        match range {
            Some(range) if range.end < self.span.own => Ok(Some(&self.batch[range.clone()])),
            _ => Err(ValueError::new("the cell has to be decoded")),
        }
    }

    fn ordinal(&self) -> u64 {
        0
    }
}
