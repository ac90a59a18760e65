//! Stretches of rows of which nothing but plain addresses is moved, where all of that shows in their bytes.
//!
//! The codec shows the cells with an `@` and nothing else of the rows. A move is two places in the batch: the `@` that
//! becomes `_`, and the end of the address, behind which the new domain goes. So what leaves is written once, from
//! the batch, and a row about which a doubt comes up later has left no trace.

use super::parts::Writer;
use crate::dialect::{Form, RowCodec, RowMap, Signed, Surveyed, Wanted};
use crate::plan::PlainProgram;
use fearless_simd::{Level, Simd, dispatch};
use std::ops::Range;

/// The state of a batch.
pub(super) struct Stretch {
    wanted: Wanted,
    /// For each column, which of the program's cells it is.
    numbers: Vec<usize>,
    /// For each of these, what goes behind its addresses, with room behind it, and how long it is.
    tails: Vec<(Vec<u8>, usize)>,
    map: RowMap,
    /// What has been surveyed: how far, and what has been found.
    surveyed: Surveyed,
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
            statements: false,
        };
        let mut numbers = vec![0; columns];
        let mut tails = Vec::new();
        for (number, cell) in program.cells.iter().enumerate() {
            let moves = &cell.addresses.moves;
            let limit = moves.limit();
            wanted.longest[cell.cell] = Some(limit.map_or(usize::MAX, |(limit, _)| limit as usize));
            numbers[cell.cell] = number;
            let tail = [b"@", moves.domain()].concat();
            let length = tail.len();
            tails.push(([tail, vec![0; 64]].concat(), length));
        }
        Stretch {
            wanted,
            numbers,
            tails,
            map: RowMap::default(),
            surveyed: Surveyed::none(0),
            signed: Vec::new(),
            moves: Vec::new(),
            changed: 0,
        }
    }

    /// Goes over rows from `at` as long as there is no doubt about them. `statements`: may these be of several?
    pub(super) fn go(
        &mut self,
        program: &PlainProgram<'_>,
        codec: &dyn RowCodec,
        batch: &[u8],
        at: usize,
        statements: bool,
    ) -> Surveyed {
        // Behind a row about which a doubt came up, what has been surveyed before is still good.
        if at >= self.surveyed.end || self.wanted.statements && !statements {
            self.wanted.statements = statements;
            self.signed.clear();
            let (wanted, map) = (&self.wanted, &mut self.map);
            self.surveyed = codec.survey(batch, at, wanted, map, &mut self.signed);
        }
        let end = self.surveyed.end;
        let first = self.signed.partition_point(|found| found.row < at);
        let signed = self.signed[first..].iter();
        let signed = signed.take_while(|found| found.row < end);
        let find = Finding {
            program,
            numbers: &self.numbers,
            longest: &self.wanted.longest,
            batch,
        };
        let moves = &mut self.moves;
        moves.clear();
        let (changed, doubtful) = dispatch!(Level::new(), simd => find.all(simd, signed, moves));
        self.changed = changed;
        let end = doubtful.unwrap_or(end);
        Surveyed {
            end,
            rows: (self.map.rows(end) - self.map.rows(at)) as u64,
            goes_on: self.surveyed.goes_on && doubtful.is_none(),
        }
    }

    /// How many of the rows that were gone over last have changed.
    pub(super) fn changed(&self) -> u64 {
        self.changed
    }

    /// Writes them.
    pub(super) fn write(&self, batch: &[u8], rows: Range<usize>, writer: &mut Writer<'_>) {
        let mut copied = rows.start;
        if let Some(last) = self.moves.last() {
            let added = self.moves.iter().map(|one| self.tails[one.number].1);
            let length = last.end - rows.start + added.sum::<usize>();
            let out = writer.buffer();
            match length / self.moves.len() < FAR {
                true => self.put_all(batch, copied, length, out),
                false => self.append_all(batch, copied, out),
            }
            copied = last.end;
        }
        writer.keep(copied..rows.end);
    }
}

impl Stretch {
    /// Writes as far as the last move, where they are near to each other.
    fn put_all(&self, batch: &[u8], from: usize, length: usize, out: &mut Vec<u8>) {
        let (begin, mut copied) = (out.len(), from);
        out.resize(begin + length, 0);
        let mut rest = &mut out[begin..];
        for one in &self.moves {
            put(rest, &batch[copied..], one.end - copied);
            rest[one.sign - copied] = b'_';
            rest = &mut rest[one.end - copied..];
            let (tail, length) = &self.tails[one.number];
            put(rest, tail, *length);
            rest = &mut rest[*length..];
            copied = one.end;
        }
    }

    /// Writes as far as the last move, where much stands between them.
    fn append_all(&self, batch: &[u8], from: usize, out: &mut Vec<u8>) {
        let mut copied = from;
        for one in &self.moves {
            let begin = out.len();
            out.extend_from_slice(&batch[copied..one.end]);
            out[begin + one.sign - copied] = b'_';
            let (tail, length) = &self.tails[one.number];
            out.extend_from_slice(&tail[..*length]);
            copied = one.end;
        }
    }
}

/// Pieces of so many bytes are far from short.
const FAR: usize = 512;

/// Copies the first bytes. Most pieces are short: where there is room, they are copied as whole blocks, and what comes
/// behind them overwrites the rest.
#[inline(always)]
fn put(to: &mut [u8], from: &[u8], length: usize) {
    let mut at = 0;
    while at < length {
        match (to[at..].first_chunk_mut::<64>(), from[at..].first_chunk()) {
            (Some(to), Some(from)) => *to = *from,
            _ => return to[at..length].copy_from_slice(&from[at..length]),
        }
        at += 64;
    }
}

/// What finds the addresses of a stretch.
struct Finding<'s> {
    program: &'s PlainProgram<'s>,
    numbers: &'s [usize],
    longest: &'s [Option<usize>],
    batch: &'s [u8],
}

impl Finding<'_> {
    /// Finds all moves. Gives how many rows change, and where the row begins that is in doubt, if one is.
    #[inline(always)]
    fn all<'f, S: Simd>(
        &self,
        simd: S,
        signed: impl Iterator<Item = &'f Signed>,
        moves: &mut Vec<Move>,
    ) -> (u64, Option<usize>) {
        let (mut changed, mut last) = (0, usize::MAX);
        for found in signed {
            let before = moves.len();
            let certain = self.moves(simd, found, moves);
            if !certain {
                // What has been moved in the same row.
                let doubtful = moves.partition_point(|one| one.sign < found.row);
                moves.truncate(doubtful);
                return (changed - u64::from(last == found.row), Some(found.row));
            }
            if moves.len() > before && last != found.row {
                (changed, last) = (changed + 1, found.row);
            }
        }
        (changed, None)
    }

    /// Finds the moves of a cell; false if that needs a closer look.
    #[inline(always)]
    fn moves<S: Simd>(&self, simd: S, found: &Signed, moves: &mut Vec<Move>) -> bool {
        let number = self.numbers[found.column];
        let plain = &self.program.cells[number].addresses.moves;
        let before = moves.len();
        let take = |sign, end| moves.push(Move { sign, end, number });
        let (cell, sign) = (found.cell.clone(), found.sign);
        let certain = match found.form {
            Form::Clear => plain.clear(simd, self.batch, cell, sign, take),
            Form::Text => plain.text(self.batch, cell, sign, take),
            Form::Lines => plain.lines(self.batch, cell, sign, take),
        };
        // No text has more characters or units of UTF-16 than bytes of UTF-8.
        let met = moves.len() - before;
        let grown = found.cell.len() + met * (1 + plain.domain().len());
        certain.is_some() && self.longest[found.column].is_some_and(|most| grown <= most)
    }
}
