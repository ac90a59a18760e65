//! One batch of rows through its program. Runs on a [worker](super::workers); knows nothing of other batches.
//!
//! Most rows need nothing, and go short ways ([`super::stretch`], [`super::plain`], [`super::glances`]); the others are split and
//! run through the program one by one. How what stays is written is [`super::parts`]'s.

use super::glances::Glances;
use super::parts::{Begun, Parts};
use super::plain::{Idle, PlainRows, Verdict};
use super::samples::Samples;
use super::stretch::Stretch;
use crate::dialect::{Block, RowCodec, RowFault, RowSpan};
use crate::error::{Error, Position, Result};
use crate::plan::{Fate, Origin, Pass, Program, RawRow, RowState, RunFault, StepTally};
use crate::report::Preview;
use crate::schema::DataType;
use crate::value::ValueError;
use bytes::Bytes;
use std::borrow::Cow;
use std::ops::Range;

/// A batch of whole rows.
pub(super) struct Batch {
    /// The rows' bytes.
    pub bytes: Bytes,
    /// Where they stand in the input.
    pub at: Position,
    /// Rows of the relation read before.
    pub first_row: u64,
}

/// A row as text forms, cell by cell; none is NULL.
pub(super) type TextRow = Vec<Option<Vec<u8>>>;

/// What a batch became.
pub(super) struct Rewritten {
    /// What continues the statement (or the COPY) that is open at the batch's start.
    pub continued: Bytes,
    /// How many bytes of `continued` separate its first row from a row before it.
    pub separator: usize,
    /// If a new statement begins in the batch: what ends the one that was open at its start, and
    /// everything after that.
    pub begun: Option<Begun>,
    /// What happened.
    pub counts: Counts,
    /// What each step found.
    pub tally: Vec<StepTally>,
    /// Rows whose partition key changed, in the order of the program's cells.
    pub moved: Vec<TextRow>,
    /// Some of its rows before and after, for a dry run.
    pub samples: Samples,
}

/// Counts over rows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    /// Rows read.
    pub rows: u64,
    /// Rows of which a cell changed.
    pub changed: u64,
    /// Rows dropped.
    pub dropped: u64,
    /// Rows that leave their block for another partition.
    pub moved: u64,
}

/// Rewrites a batch: what leaves, and what the steps of the pass found.
///
/// # Errors
/// A row that cannot be parsed with certainty, or on which a rule cannot run.
pub(super) fn transform(
    block: &Block,
    program: &Program,
    pass: Pass,
    batch: &Batch,
    preview: Option<Preview>,
) -> Result<Rewritten> {
    let mut samples = Samples::of(preview);
    let mut tally = program.tally();
    let mut counts = Counts::default();
    let mut moved = Vec::new();
    let mut out = Parts::new(&batch.bytes);
    // A dry run shows cells, which the program knows.
    let plain = program.plain(pass).filter(|_| preview.is_none());
    let short = ShortWays {
        plain: plain.map(|plain| PlainRows::new(plain, program.cells)),
        glances: match block.has_end && preview.is_none() {
            true => Glances::new(program, pass),
            false => None,
        },
    };
    let end = each_row(block, program, pass, batch, &mut tally, short, |outcome| {
        let (row, fate) = match outcome {
            Outcome::Stretch(rows, count, stretch) => {
                counts.rows += count;
                counts.changed += stretch.changed();
                stretch.write(&batch.bytes, rows, out.current());
                return Ok(());
            }
            Outcome::Moved(span, plain) => {
                counts.rows += 1;
                out.boundary(span);
                out.separate(span);
                counts.changed += u64::from(plain.has_changed());
                plain.write(span, out.current());
                return Ok(());
            }
            Outcome::Passed(rows, count) => {
                counts.rows += count;
                out.current().keep(rows);
                return Ok(());
            }
            Outcome::Gone(count) => {
                counts.rows += count;
                counts.dropped += count;
                return Ok(());
            }
            Outcome::Kept(span) => {
                counts.rows += 1;
                out.boundary(span);
                out.separate(span);
                out.current().keep(span.body.clone());
                return Ok(());
            }
            Outcome::Ran(row, fate) => (row, fate),
        };
        counts.rows += 1;
        out.boundary(&row.raw.span);
        match fate {
            Fate::Drop => {
                counts.dropped += 1;
                samples.dropped(row, program);
            }
            Fate::Move => {
                counts.moved += 1;
                samples.changed(row, program);
                moved.push(texts(row, program).map_err(|e| RowFault(e.to_string()))?);
            }
            Fate::Keep if row.is_changed() => {
                counts.changed += 1;
                samples.changed(row, program);
                out.separate(&row.raw.span);
                rewrite(row, program, &mut out)?;
            }
            Fate::Keep => {
                out.separate(&row.raw.span);
                out.current().keep(row.raw.span.body.clone());
            }
        }
        Ok(())
    })?;
    if end < batch.bytes.len() {
        out.current().keep(end..batch.bytes.len());
    }
    let (continued, separator, begun) = out.finish();
    Ok(Rewritten {
        continued,
        separator,
        begun,
        counts,
        tally,
        moved,
        samples,
    })
}

/// Runs a batch through the steps of a pass for what they find; nothing leaves.
///
/// # Errors
/// As [`transform`].
pub(super) fn gather(
    block: &Block,
    program: &Program,
    pass: Pass,
    batch: &Batch,
) -> Result<Vec<StepTally>> {
    let mut tally = program.tally();
    let short = ShortWays::default();
    each_row(block, program, pass, batch, &mut tally, short, |_| Ok(()))?;
    Ok(tally)
}

const DAMAGED: &str = "the row is damaged, or of another version of its table; make the dump again";
const CELL: &str = "make the dump again with the system's own tool, which writes plain literals";
const RULE: &str = "let the rule make another value, or leave the row to its WHERE";

/// The refusal of a row, with what to do about it unless the message says so itself.
fn remedied(message: String, remedy: &str) -> Error {
    match message.contains("; ") {
        true => Error::input(message),
        false => Error::input(message).remedy(remedy),
    }
}

/// The ways to avoid running rows through the program one by one, as far as they can be gone.
#[derive(Default)]
struct ShortWays<'p> {
    /// Nothing but addresses is moved.
    plain: Option<PlainRows<'p>>,
    /// Most rows meet no condition.
    glances: Option<Glances<'p>>,
}

/// What became of a row, or of several.
pub(super) enum Outcome<'r, 'p, 'b> {
    /// In rows that leave with what stands between them all addresses have been moved, if there were any.
    Stretch(Range<usize>, u64, &'r Stretch),
    /// So many rows, which follow each other as they stand in the batch, meet none of the conditions.
    Passed(Range<usize>, u64),
    /// So many rows among them meet the condition of a step that drops them.
    Gone(u64),
    /// The addresses of a row have been moved, if there were any.
    Moved(&'r RowSpan, &'r PlainRows<'p>),
    /// It meets none of the conditions.
    Kept(&'r RowSpan),
    /// It has gone through the program.
    Ran(&'r RowState<'p, 'b, BatchRow<'b>>, Fate),
}

/// Runs the rows of a batch through a pass and gives each to `take` with its fate. Returns where
/// the last one ends.
fn each_row<'p, 'b>(
    block: &'b Block,
    program: &'p Program,
    pass: Pass,
    batch: &'b Batch,
    tally: &mut [StepTally],
    short: ShortWays<'p>,
    mut take: impl FnMut(Outcome<'_, 'p, 'b>) -> Result<(), RowFault>,
) -> Result<usize> {
    let bytes = &batch.bytes;
    let codec = &*block.codec;
    let raw = BatchRow {
        batch: bytes,
        codec,
        span: RowSpan::default(),
        ordinal: batch.first_row,
    };
    let mut row = RowState::new(program, raw);
    let idle = Idle::new(program, pass);
    let ShortWays {
        mut plain,
        mut glances,
    } = short;
    let mut at = 0;
    let mut ordinal = batch.first_row;
    // Can rows follow those that have been written, as they stand in the batch? And statements?
    let (mut open, mut begun) = (block.has_end, false);
    loop {
        if let Some(plain) = plain.as_mut().filter(|_| open) {
            let found = plain.go(codec, bytes, at, begun);
            if found.rows > 0 {
                tally.iter_mut().for_each(|step| step.matched += found.rows);
                let stretch = Outcome::Stretch(at..found.end, found.rows, plain.stretch());
                take(stretch).map_err(|fault| Error::input(fault.0))?;
                (at, ordinal) = (found.end, ordinal + found.rows);
            }
            if found.goes_on {
                continue;
            }
        }
        if let Some(glances) = &mut glances {
            let gone = glances.go(codec, bytes, at, tally, &mut take);
            let (end, rows) = gone.map_err(|fault| Error::input(fault.0))?;
            (at, ordinal) = (end, ordinal + rows);
        }
        let locate = |error: Error, at: usize| {
            error
                .relation(&block.relation)
                .row(ordinal + 1)
                .at(batch.at.after(&bytes[..at]))
        };
        match codec.row(bytes, at, &mut row.raw.span) {
            Ok(true) => {}
            Ok(false) => break,
            Err(fault) => return Err(locate(remedied(fault.0, DAMAGED), at)),
        }
        let found = row.raw.span.cells.len();
        let start = row.raw.span.body.start;
        if found != program.cells {
            let header = if block.has_end {
                "the COPY header declares"
            } else {
                "expected"
            };
            let message = format!("found {found} columns, {header} {}", program.cells);
            return Err(locate(remedied(message, DAMAGED), start));
        }
        let moved = match &mut plain {
            Some(plain) => plain.row(codec, bytes, &row.raw.span),
            None => false,
        };
        let verdict = match &idle {
            Some(idle) => idle.verdict(bytes, &row.raw.span),
            None => Verdict::Runs,
        };
        let outcome = match (verdict, &plain) {
            (Verdict::Stays, _) => Outcome::Kept(&row.raw.span),
            (Verdict::Goes(step), _) => {
                tally[step].matched += 1;
                row.reset();
                row.raw.ordinal = ordinal;
                Outcome::Ran(&row, Fate::Drop)
            }
            (Verdict::Runs, Some(plain)) if moved => {
                tally.iter_mut().for_each(|step| step.matched += 1);
                Outcome::Moved(&row.raw.span, plain)
            }
            _ => {
                row.reset();
                row.raw.ordinal = ordinal;
                let fate =
                    program
                        .run(&mut row, pass, tally)
                        .map_err(|RunFault { rule, message }| {
                            let of_rule = if message.starts_with("the cell") {
                                CELL
                            } else {
                                RULE
                            };
                            locate(remedied(message, of_rule).rule(rule), start)
                        })?;
                Outcome::Ran(&row, fate)
            }
        };
        let left = matches!(outcome, Outcome::Ran(_, Fate::Drop | Fate::Move));
        open = block.has_end || !left;
        begun |= row.raw.span.statement.is_some();
        take(outcome).map_err(|fault| locate(remedied(fault.0, RULE), start))?;
        at = row.raw.span.body.end;
        ordinal += 1;
    }
    Ok(at)
}

/// Writes a row with its new cells.
fn rewrite<'b>(
    row: &RowState<'_, 'b, BatchRow<'b>>,
    program: &Program,
    out: &mut Parts<'_>,
) -> Result<(), RowFault> {
    let span = &row.raw.span;
    let writer = out.current();
    let mut copied = span.body.start;
    // Cells stand in the row in the order of their slots.
    for (slot, column) in program.columns.iter().enumerate() {
        // A copy of what was computed from the old cells must not stay.
        if slot < program.cells && column.column.generated.is_computed() {
            let cell = span.cells[slot].clone();
            writer.keep(copied..cell.start);
            copied = cell.end;
            row.raw.codec.encode_generated(writer.buffer())?;
            continue;
        }
        let Some(new) = row.new_value(slot) else {
            continue;
        };
        let Origin::Cell(number) = column.origin else {
            continue;
        };
        let cell = span.cells[number].clone();
        writer.keep(copied..cell.start);
        copied = cell.end;
        let original = &row.raw.batch[cell];
        let data_type = &column.column.data_type;
        let codec = row.raw.codec;
        codec.encode(number, new, Some(original), data_type, writer.buffer())?;
    }
    writer.keep(copied..span.body.end);
    Ok(())
}

/// All cells of a row as text forms.
fn texts<'b>(
    row: &RowState<'_, 'b, BatchRow<'b>>,
    program: &Program,
) -> Result<TextRow, ValueError> {
    let mut cells = vec![None; program.cells];
    for (slot, column) in program.columns.iter().enumerate() {
        let Origin::Cell(cell) = column.origin else {
            continue;
        };
        cells[cell] = match row.new_value(slot) {
            Some(new) => new.map(<[u8]>::to_vec),
            None => row
                .raw
                .decode(cell, &column.column.data_type)?
                .map(Cow::into_owned),
        };
    }
    Ok(cells)
}

/// A row of a batch as a source of cells.
pub(super) struct BatchRow<'b> {
    batch: &'b [u8],
    codec: &'b dyn RowCodec,
    span: RowSpan,
    ordinal: u64,
}

impl<'b> RawRow<'b> for BatchRow<'b> {
    fn decode(
        &self,
        cell: usize,
        data_type: &DataType,
    ) -> Result<Option<Cow<'b, [u8]>>, ValueError> {
        let raw = &self.batch[self.span.cells[cell].clone()];
        if self.span.is_own(cell, data_type) {
            return Ok(Some(Cow::Borrowed(raw)));
        }
        self.codec
            .decode(cell, raw, data_type)
            .map_err(|fault| ValueError(Cow::Owned(fault.0)))
    }

    fn ordinal(&self) -> u64 {
        self.ordinal
    }
}
