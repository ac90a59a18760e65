//! Stretches of rows of which nothing but plain addresses is moved, where all of that shows in their bytes.
//!
//! The codec shows the cells with an `@` and nothing else of the rows. A move is two places in the batch: the `@` that
//! becomes `_`, and the end of the address, behind which the new domain goes. So what leaves is written once, from
//! the batch, and a row about which a doubt comes up later has left no trace.

use super::transform::Writer;
use crate::dialect::{Form, RowCodec, RowMap, Signed, Surveyed, Wanted};
use crate::plan::PlainProgram;
use std::ops::Range;

/// The state of a batch.
pub(super) struct Stretch {
    wanted: Wanted,
    /// For each column, which of the program's cells it is.
    numbers: Vec<usize>,
    /// For each of these, what goes behind its addresses.
    tails: Vec<Vec<u8>>,
    map: RowMap,
    signed: Vec<Signed>,
    moves: Vec<Move>,
    changed: u64,
}

struct Move {
    /// The `@`.
    sign: usize,
    /// Where the address ends.
    end: usize,
    /// In which of the program's cells.
    number: usize,
}

impl Stretch {
    /// For the rows of a program with so many columns.
    pub(super) fn new(program: &PlainProgram<'_>, columns: usize) -> Self {
        let mut wanted = Wanted {
            longest: vec![None; columns],
            shortest: program.shortest,
            last: program.cells.last().map_or(0, |cell| cell.cell),
            not_null: program.not_null,
        };
        let mut numbers = vec![0; columns];
        let mut tails = Vec::new();
        for (number, cell) in program.cells.iter().enumerate() {
            let moves = &cell.addresses.moves;
            let limit = moves.limit();
            wanted.longest[cell.cell] = Some(limit.map_or(usize::MAX, |(limit, _)| limit as usize));
            numbers[cell.cell] = number;
            tails.push([b"@", moves.domain()].concat());
        }
        Stretch {
            wanted,
            numbers,
            tails,
            map: RowMap::default(),
            signed: Vec::new(),
            moves: Vec::new(),
            changed: 0,
        }
    }

    /// Goes over rows from `at` as long as there is no doubt about them.
    pub(super) fn go(
        &mut self,
        program: &PlainProgram<'_>,
        codec: &dyn RowCodec,
        batch: &[u8],
        at: usize,
    ) -> Surveyed {
        let Stretch {
            wanted,
            numbers,
            moves,
            map,
            signed,
            ..
        } = self;
        moves.clear();
        signed.clear();
        let mut surveyed = codec.survey(batch, at, wanted, map, signed);
        let (mut changed, mut last) = (0, usize::MAX);
        for found in signed.iter().take_while(|found| found.row < surveyed.end) {
            let number = numbers[found.column];
            let before = moves.len();
            let plain = &program.cells[number].addresses.moves;
            let take = |sign, end| moves.push(Move { sign, end, number });
            let (cell, sign) = (found.cell.clone(), found.sign);
            let certain = match found.form {
                Form::Clear => plain.clear(batch, cell, sign, take),
                Form::Text => plain.text(batch, cell, sign, take),
                Form::Lines => plain.lines(batch, cell, sign, take),
            };
            let met = moves.len() - before;
            // No text has more characters or units of UTF-16 than bytes of UTF-8.
            let grown = found.cell.len() + met * (1 + plain.domain().len());
            if certain.is_none() || wanted.longest[found.column].is_none_or(|most| grown > most) {
                // What has been moved in the row that is in doubt.
                let doubtful = moves.partition_point(|one| one.sign < found.row);
                moves.truncate(doubtful);
                changed -= u64::from(last == found.row);
                surveyed = Surveyed {
                    end: found.row,
                    rows: (map.rows(found.row) - map.rows(at)) as u64,
                    goes_on: false,
                };
                break;
            }
            if met > 0 && last != found.row {
                (changed, last) = (changed + 1, found.row);
            }
        }
        self.changed = changed;
        surveyed
    }

    /// How many of the rows that were gone over last have changed.
    pub(super) fn changed(&self) -> u64 {
        self.changed
    }

    /// Writes them.
    pub(super) fn write(&self, rows: Range<usize>, writer: &mut Writer<'_>) {
        let mut copied = rows.start;
        for one in &self.moves {
            writer.keep(copied..one.end);
            let out = writer.buffer();
            let sign = out.len() - (one.end - one.sign);
            out[sign] = b'_';
            out.extend_from_slice(&self.tails[one.number]);
            copied = one.end;
        }
        writer.keep(copied..rows.end);
    }
}
