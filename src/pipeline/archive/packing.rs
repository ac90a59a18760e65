//! Compresses on the workers: whatever is done first, it is placed in the order in which it came.

use super::placing::Placing;
use crate::archive::Packed;
use crate::error::{Error, Result};
use crate::sink::Sink;
use bytes::Bytes;
use rayon::ThreadPool;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};

/// What may wait behind a worker, in bytes.
const MOST: usize = 8 << 20;

/// Something to be done with the data of an archive.
pub(super) enum Step {
    /// The entry of a place begins.
    Begin(usize),
    /// Bytes as the container has them.
    Contained(Bytes),
    /// Payload, compressed.
    Payload(Bytes),
    /// Payload that a worker compresses.
    Promised(Receiver<Result<Bytes>>),
    /// A compressed stream has ended, or a part of it behind which nothing may stand in a chunk.
    Close,
    /// The entry has ended.
    End,
}

/// The steps that wait for a worker, or for one that does.
pub(super) struct Packing {
    pool: Arc<ThreadPool>,
    steps: VecDeque<Step>,
    /// How many of them are promised.
    promised: usize,
    /// How many bytes the others hold.
    held: usize,
}

impl Packing {
    pub(super) fn new(pool: Arc<ThreadPool>) -> Self {
        Packing {
            pool,
            steps: VecDeque::new(),
            promised: 0,
            held: 0,
        }
    }

    /// Takes what comes out of an encoder.
    pub(super) fn pack(
        &mut self,
        packed: Packed,
        placing: &mut Placing,
        sink: &mut Sink,
    ) -> Result<()> {
        let step = match packed {
            Packed::Bytes(bytes) => Step::Payload(bytes),
            Packed::ChunkEnd => Step::Close,
            Packed::Task(task) => {
                let (sender, promise) = sync_channel(1);
                self.pool.spawn(move || {
                    // Nobody waits for it if the run has failed.
                    let _ = sender.send(task.run());
                });
                self.promised += 1;
                Step::Promised(promise)
            }
        };
        self.push(step, placing, sink)
    }

    /// Takes a step, and does what can be done.
    pub(super) fn push(
        &mut self,
        step: Step,
        placing: &mut Placing,
        sink: &mut Sink,
    ) -> Result<()> {
        if let Step::Contained(bytes) | Step::Payload(bytes) = &step {
            self.held += bytes.len();
        }
        self.steps.push_back(step);
        let most = 2 * self.pool.current_num_threads();
        while let Some(step) = self.steps.pop_front() {
            let waits = self.promised > most || self.held > MOST;
            if let Some(step) = self.take(step, waits, placing, sink)? {
                self.steps.push_front(step);
                break;
            }
        }
        Ok(())
    }

    /// Does all that is left.
    pub(super) fn finish(&mut self, placing: &mut Placing, sink: &mut Sink) -> Result<()> {
        while let Some(step) = self.steps.pop_front() {
            self.take(step, true, placing, sink)?;
        }
        Ok(())
    }

    /// Does a step; gives it back if a worker has not done its part and nobody has to wait for it.
    fn take(
        &mut self,
        step: Step,
        waits: bool,
        placing: &mut Placing,
        sink: &mut Sink,
    ) -> Result<Option<Step>> {
        match step {
            Step::Begin(place) => placing.open(place, sink)?,
            Step::Contained(bytes) => {
                self.held -= bytes.len();
                placing.put(&bytes, sink)?;
            }
            Step::Payload(bytes) => {
                self.held -= bytes.len();
                placing.payload(&bytes, sink)?;
            }
            Step::Promised(promise) => {
                let bytes = match promise.try_recv() {
                    Err(TryRecvError::Empty) if !waits => return Ok(Some(Step::Promised(promise))),
                    Err(TryRecvError::Empty) => promise.recv().ok(),
                    received => received.ok(),
                };
                self.promised -= 1;
                let died = || Err(Error::io("a worker that compresses has died"));
                placing.payload(&bytes.unwrap_or_else(died)?, sink)?;
            }
            Step::Close => placing.close(sink)?,
            Step::End => placing.end(sink)?,
        }
        Ok(None)
    }
}
