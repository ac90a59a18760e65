//! Puts the pieces of output into the order of the input, and knows where the output stands. It writes
//! them in a thread of its own.
//!
//! A multi-row INSERT's head and separators are written here: a statement whose rows were all
//! dropped leaves nothing, one that lost its first rows gets its head before the first that stays.

use super::archive::{Mark, Turn};
use super::tally::Tally;
use super::transform::Rewritten;
use super::writer::Writer;
use crate::dialect::{Block, OutputState};
use crate::error::{Error, Result};
use crate::plan::{Program, StepTally};
use crate::search::Found;
use bytes::Bytes;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};

/// One piece of output.
pub(super) enum Slot {
    /// Between statements.
    Bytes(Bytes),
    /// A block begins.
    Head(Bytes, Arc<Block>, Leaving),
    /// What stands between the bytes of an archive.
    Mark(Mark),
    /// Rows that nobody looks at.
    Passing(Bytes),
    /// Rows on a worker.
    Rows(oneshot::Receiver<Result<Rewritten>>, Arc<Program>),
    /// What rows found on a worker that stay where they are.
    Gathered(oneshot::Receiver<Result<Vec<StepTally>>>, Arc<Program>),
    /// What a search of rows found on a worker.
    Searched(oneshot::Receiver<Result<Found>>),
    /// The end of the block: rows that rules add, then what the dump says.
    End(Bytes, Bytes),
    /// The input ended in something unfinished, of which this is the rest.
    Unfinished(Bytes),
    /// Whatever follows begins a line.
    Line,
    /// Everything before has been merged into the tally.
    Barrier(oneshot::Sender<()>),
}

/// How the rows of a block leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaving {
    /// Through a program.
    Rewritten,
    /// As they are, so that the head can be written at once.
    Passing,
    /// As they lie in an archive, still compressed.
    Contained,
}

/// How the order stage ended.
pub(super) struct Ended {
    /// Where the output stands.
    pub state: OutputState,
    /// The first failure.
    pub result: Result<()>,
    /// What has been written so far.
    pub output: Writer,
}

struct Order {
    output: Writer,
    state: OutputState,
    /// The head of the block that is open, until it has been written.
    head: Bytes,
    /// Does the output so far end with a line's end?
    line_ended: bool,
}

/// Runs until the slots end or something fails.
pub(super) fn run(
    mut slots: mpsc::Receiver<Slot>,
    output: Writer,
    tally: Arc<Mutex<Tally>>,
) -> Ended {
    let mut order = Order {
        output,
        state: OutputState::TopLevel,
        head: Bytes::new(),
        line_ended: true,
    };
    let mut result = Ok(());
    while let (Ok(()), Some(slot)) = (&result, slots.blocking_recv()) {
        result = order.take(slot, &tally);
    }
    Ended {
        state: order.state,
        result,
        output: order.output,
    }
}

/// Waits until everything that has been sent so far has been written and merged. None if the order stage
/// has stopped.
pub(super) async fn reached(slots: &mpsc::Sender<Slot>) -> Option<()> {
    let (sender, reached) = oneshot::channel();
    slots.send(Slot::Barrier(sender)).await.ok()?;
    tokio::select! {
        reached = reached => reached.ok(),
        // A queue may keep what comes in the very moment in which its receiver goes: nobody takes it then,
        // and nobody drops it while the queue can still be sent to.
        () = slots.closed() => None,
    }
}

/// What a worker has promised.
fn kept<T>(promise: oneshot::Receiver<Result<T>>) -> Result<T> {
    promise
        .blocking_recv()
        .unwrap_or_else(|_| Err(Error::input("a worker ended without a result")))
}

impl Order {
    fn take(&mut self, slot: Slot, tally: &Mutex<Tally>) -> Result<()> {
        match slot {
            Slot::Bytes(bytes) => {
                self.write(bytes)?;
                self.state = OutputState::TopLevel;
            }
            Slot::Head(bytes, block, leaving) => self.begin(bytes, block, leaving)?,
            Slot::Mark(mark) => self.output.mark(mark)?,
            Slot::Passing(bytes) => self.write(bytes)?,
            Slot::Rows(promise, program) => {
                let mut batch = kept(promise)?;
                tally
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .add(&program, &mut batch)?;
                self.rows(batch)?;
            }
            Slot::Gathered(promise, program) => {
                let found = kept(promise)?;
                tally
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .merge(&program, found)?;
            }
            Slot::Searched(promise) => {
                let found = kept(promise)?;
                tally
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .find(found);
            }
            Slot::End(added, end) => {
                let OutputState::Rows(block, written) = &self.state else {
                    return self.write(end);
                };
                let entry = block.entry;
                if *written {
                    self.write(added)?;
                    self.write(end)?;
                }
                self.state = OutputState::TopLevel;
                if entry.is_some() {
                    self.output.mark(Mark::End)?;
                }
            }
            Slot::Unfinished(bytes) => {
                self.write(bytes)?;
                self.state = OutputState::Unfinished;
            }
            Slot::Line if !self.line_ended => {
                self.write(Bytes::from_static(b"\n"))?;
            }
            Slot::Line => {}
            Slot::Barrier(reached) => {
                let _ = reached.send(());
            }
        }
        Ok(())
    }

    /// A block's head. In an archive a COPY's stands in the table of contents, and an INSERT's
    /// comes with its rows if they do not come through here.
    fn begin(&mut self, head: Bytes, block: Arc<Block>, leaving: Leaving) -> Result<()> {
        let written = leaving != Leaving::Rewritten || block.has_end;
        if let Some(entry) = block.entry {
            let contained = leaving == Leaving::Contained;
            let mark = Mark::Begin(Turn::Entry(entry), contained);
            self.output.mark(mark)?;
        }
        let apart = block.entry.is_some() && (block.has_end || leaving == Leaving::Contained);
        match written {
            true if apart => {}
            true => self.write(head)?,
            false => self.head = head,
        }
        self.state = OutputState::Rows(block, written);
        Ok(())
    }

    fn rows(&mut self, batch: Rewritten) -> Result<()> {
        let mut continued = batch.continued;
        if !continued.is_empty() {
            if !self.is_written() {
                self.write(self.head.clone())?;
                let _ = continued.split_to(batch.separator);
            }
            self.write(continued)?;
            self.set_written(true);
        }
        if let Some(begun) = batch.begun {
            if self.is_written() {
                self.write(begun.terminator)?;
            }
            self.write(begun.rest)?;
            self.set_written(begun.open);
        }
        Ok(())
    }

    fn is_written(&self) -> bool {
        matches!(self.state, OutputState::Rows(_, true))
    }

    fn set_written(&mut self, is: bool) {
        if let OutputState::Rows(_, written) = &mut self.state {
            *written = is;
        }
    }

    fn write(&mut self, bytes: Bytes) -> Result<()> {
        let Some(last) = bytes.last() else {
            return Ok(());
        };
        self.line_ended = *last == b'\n';
        self.output.bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn a_barrier_that_nobody_takes_does_not_wait() {
        let (slots, mut receiver) = mpsc::channel(1);
        let mut waits = tokio::spawn(async move { reached(&slots).await });
        while receiver.is_empty() {
            tokio::task::yield_now().await;
        }
        // The slot lies in the queue for good.
        receiver.close();
        let ended = tokio::time::timeout(Duration::from_secs(60), &mut waits).await;
        assert_eq!(ended.expect("it still waits").expect("no panic"), None);
    }
}
