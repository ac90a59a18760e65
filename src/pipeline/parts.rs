//! What a batch leaves behind, while it is being written.
//!
//! As long as rows stay as they are, it is a slice of the batch; copying starts with the first changed or dropped row.
//!
//! In INSERT dumps a batch may begin and end inside a multi-row statement. Whether the head of the one that is open at its start
//! has been written depends on the rows of earlier batches, all of which may have been dropped: so it leaves in parts, and the
//! order stage decides. Where a statement is open that the batch itself has written, rows follow as they stand, separators and all.

use super::recycle;
use crate::dialect::RowSpan;
use bytes::Bytes;
use std::ops::Range;

/// The part of a batch from its first new statement on.
pub(super) struct Begun {
    /// The terminator of the statement before.
    pub terminator: Bytes,
    /// Heads, rows and terminators.
    pub rest: Bytes,
    /// Has the last statement's head been written?
    pub open: bool,
}

/// Output that is a slice of the batch as long as it can be.
pub(super) struct Writer<'b> {
    batch: &'b Bytes,
    /// Written so far, without `pending`.
    out: Vec<u8>,
    /// A stretch of the batch that follows.
    pending: Range<usize>,
}

impl<'b> Writer<'b> {
    fn new(batch: &'b Bytes) -> Self {
        Writer {
            batch,
            out: Vec::new(),
            pending: 0..0,
        }
    }

    /// Appends a stretch of the batch.
    pub(super) fn keep(&mut self, range: Range<usize>) {
        if range.start == self.pending.end {
            self.pending.end = range.end;
        } else if !range.is_empty() {
            self.flush();
            self.pending = range;
        }
    }

    fn flush(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        self.begin();
        self.out
            .extend_from_slice(&self.batch[self.pending.clone()]);
        self.pending = self.pending.end..self.pending.end;
    }

    /// Makes room for the first bytes.
    #[inline]
    fn begin(&mut self) {
        if self.out.capacity() == 0 {
            self.out = recycle::buffer(self.batch.len() + self.batch.len() / 2);
        }
    }

    /// For appending other bytes.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        self.flush();
        self.begin();
        &mut self.out
    }

    fn is_empty(&self) -> bool {
        self.out.is_empty() && self.pending.is_empty()
    }

    fn finish(mut self) -> Bytes {
        if self.out.is_empty() {
            return self.batch.slice(self.pending);
        }
        self.flush();
        recycle::bytes(self.out)
    }
}

/// The parts of a batch's output while it is being written.
pub(super) struct Parts<'b> {
    batch: &'b Bytes,
    continued: Writer<'b>,
    separator: usize,
    begun: Option<BegunParts<'b>>,
}

struct BegunParts<'b> {
    terminator: Range<usize>,
    rest: Writer<'b>,
    /// The head of the statement that is open now.
    head: Range<usize>,
    /// Has it been written?
    open: bool,
}

impl<'b> Parts<'b> {
    /// Of a batch nothing of which has been written.
    pub(super) fn new(batch: &'b Bytes) -> Self {
        Parts {
            batch,
            continued: Writer::new(batch),
            separator: 0,
            begun: None,
        }
    }

    /// What is being written.
    pub(super) fn current(&mut self) -> &mut Writer<'b> {
        match &mut self.begun {
            None => &mut self.continued,
            Some(begun) => &mut begun.rest,
        }
    }

    /// If a new statement begins before this row: ends the one before it.
    pub(super) fn boundary(&mut self, span: &RowSpan) {
        let Some(head) = span.statement else { return };
        let terminator = span.lead.start..head;
        let head = head..span.lead.end;
        match &mut self.begun {
            None => {
                let rest = Writer::new(self.batch);
                self.begun = Some(BegunParts {
                    terminator,
                    rest,
                    head,
                    open: false,
                });
            }
            Some(begun) => {
                if begun.open {
                    begun.rest.keep(terminator);
                }
                begun.open = false;
                begun.head = head;
            }
        }
    }

    /// Writes what stands before a row that is kept: a separator, or the head of its statement.
    pub(super) fn separate(&mut self, span: &RowSpan) {
        match &mut self.begun {
            None => {
                if self.continued.is_empty() {
                    self.separator = span.lead.len();
                }
                self.continued.keep(span.lead.clone());
            }
            Some(begun) if begun.open => begun.rest.keep(span.lead.clone()),
            Some(begun) => {
                begun.rest.keep(begun.head.clone());
                begun.open = true;
            }
        }
    }

    /// What continues the statement that is open at the batch's start, how much of it separates its first row from one
    /// before it, and what begins in the batch.
    pub(super) fn finish(self) -> (Bytes, usize, Option<Begun>) {
        let begun = self.begun.map(|begun| Begun {
            terminator: self.batch.slice(begun.terminator),
            rest: begun.rest.finish(),
            open: begun.open,
        });
        (self.continued.finish(), self.separator, begun)
    }
}
