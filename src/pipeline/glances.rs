//! The short way over rows of which most meet no condition, or one that drops them: all that is looked at is the cells
//! that the conditions compare ([`Glanced`]). Of a row for which they do not answer, or that has to run through the
//! program, nothing has been said yet.

use super::plain::{Idle, Verdict};
use super::transform::Outcome;
use crate::dialect::{Glanced, RowCodec, RowFault};
use crate::expression::Row;
use crate::plan::{Pass, Program, StepTally};
use crate::value::ValueError;
use std::ops::Range;

/// Where conditions compare more cells than this, listing them would take longer than splitting rows does.
const MOST: usize = 8;

/// The state of a batch.
pub(super) struct Glances<'p> {
    idle: Idle<'p>,
    rows: Glanced,
    /// Which of the wanted cells a slot has.
    places: Vec<Option<usize>>,
    /// The row to look at next, and where it begins.
    next: (usize, usize),
}

impl<'p> Glances<'p> {
    /// For the rows of a pass, if there are conditions to ask.
    pub(super) fn new(program: &'p Program, pass: Pass) -> Option<Self> {
        let idle = Idle::new(program, pass)?;
        let mut places = vec![None; idle.cells.len()];
        let mut wanted = Vec::new();
        for slot in idle.conditions.iter().flat_map(|one| one.condition.slots()) {
            if places[*slot].is_none() {
                places[*slot] = Some(wanted.len());
                wanted.push(idle.cells[*slot]?);
            }
        }
        (wanted.len() <= MOST).then(|| Glances {
            idle,
            rows: Glanced::new(program.cells, wanted),
            places,
            next: (0, usize::MAX),
        })
    }

    /// Goes over rows from `at` up to one that has to be looked at, and gives what became of them to `take`. Says where
    /// that row begins, and how many stand before it.
    pub(super) fn go<'b>(
        &mut self,
        codec: &dyn RowCodec,
        batch: &'b [u8],
        at: usize,
        tally: &mut [StepTally],
        take: &mut impl FnMut(Outcome<'_, 'p, 'b>) -> Result<(), RowFault>,
    ) -> Result<(usize, u64), RowFault> {
        let (mut kept, mut here, mut passed) = (at, at, 0);
        let (mut rows_kept, mut gone) = (0, 0);
        if self.next.1 != at {
            self.list(codec, batch, at);
        }
        let runs = 'rows: loop {
            for (row, &end) in self.rows.ends.iter().enumerate().skip(self.next.0) {
                let glance = Glance {
                    glances: self,
                    batch,
                    cells: self.rows.row(row),
                };
                match self.idle.asked(&glance) {
                    Verdict::Stays => rows_kept += 1,
                    Verdict::Goes(step) => {
                        take(Outcome::Passed(kept..here, rows_kept))?;
                        tally[step].matched += 1;
                        (kept, rows_kept, gone) = (end, 0, gone + 1);
                    }
                    Verdict::Runs => break 'rows Some((row + 1, end)),
                }
                (here, passed) = (end, passed + 1);
            }
            self.list(codec, batch, here);
            if self.rows.ends.is_empty() {
                break None;
            }
        };
        // If no row could be listed, the next one has to be looked at, and those behind it may be listed again.
        self.next = runs.unwrap_or((0, usize::MAX));
        take(Outcome::Passed(kept..here, rows_kept))?;
        take(Outcome::Gone(gone))?;
        Ok((here, passed))
    }

    /// Lists the rows from a place on.
    fn list(&mut self, codec: &dyn RowCodec, batch: &[u8], at: usize) {
        self.rows.clear();
        codec.glance(batch, at, &mut self.rows);
        self.next = (0, at);
    }
}

/// A row as its wanted cells.
struct Glance<'g, 'p> {
    glances: &'g Glances<'p>,
    batch: &'g [u8],
    cells: &'g [Option<Range<usize>>],
}

impl Row for Glance<'_, '_> {
    #[inline]
    fn cell(&self, slot: usize) -> Result<Option<&[u8]>, ValueError> {
        let place = self.glances.places[slot];
        match place.and_then(|place| self.cells[place].clone()) {
            Some(range) => Ok(Some(&self.batch[range])),
            None => Err(ValueError::new("the cell has to be decoded")),
        }
    }

    fn ordinal(&self) -> u64 {
        0
    }
}
