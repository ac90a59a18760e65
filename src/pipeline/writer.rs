//! Writes the output in a thread of its own: large pieces directly, small ones gathered. An archive's
//! data is compressed here.

use super::archive::{Mark, Output};
use crate::error::{Error, Result};
use crate::sink::Sink;
use bytes::Bytes;
use std::io::Write;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Pieces from this size on are written without being copied.
const LARGE: usize = 64 << 10;

/// A piece of output.
pub(super) enum Piece {
    /// Bytes.
    Bytes(Bytes),
    /// What stands between the bytes of an archive.
    Mark(Mark),
}

/// How writing ended: the sink, still unfinished, and how many bytes it took.
pub(super) struct Written {
    /// Complete or discarded by whoever gets it.
    pub sink: Sink,
    /// If it is an archive: what is left to be written.
    pub archive: Option<Output>,
    /// The first failure.
    pub result: Result<()>,
    /// Bytes written before compression.
    pub bytes: u64,
}

impl Written {
    /// The run has succeeded: completes the output.
    ///
    /// # Errors
    /// If that fails.
    pub(super) fn finish(mut self) -> Result<()> {
        if let Some(archive) = self.archive {
            archive.finish(&mut self.sink)?;
        }
        self.sink.finish()
    }
}

/// Starts the thread. It ends when the channel does or a write fails.
pub(super) fn start(
    mut sink: Sink,
    mut archive: Option<Output>,
) -> (mpsc::Sender<Piece>, JoinHandle<Written>) {
    let (sender, mut receiver) = mpsc::channel::<Piece>(4);
    let handle = tokio::task::spawn_blocking(move || {
        let mut bytes = 0;
        let result = match &mut archive {
            None => pump(&mut sink, &mut receiver, &mut bytes).map_err(|error| sink.fault(&error)),
            Some(archive) => fill(archive, &mut sink, &mut receiver),
        };
        bytes = bytes.max(sink.written());
        Written {
            sink,
            archive,
            result,
            bytes,
        }
    });
    (sender, handle)
}

fn pump(
    sink: &mut Sink,
    receiver: &mut mpsc::Receiver<Piece>,
    written: &mut u64,
) -> std::io::Result<()> {
    let mut gathered = Vec::with_capacity(2 * LARGE);
    while let Some(piece) = receiver.blocking_recv() {
        let Piece::Bytes(bytes) = piece else { continue };
        *written += bytes.len() as u64;
        if bytes.len() < LARGE {
            gathered.extend_from_slice(&bytes);
            if gathered.len() < LARGE && !receiver.is_empty() {
                continue;
            }
        }
        sink.write_all(&gathered)?;
        gathered.clear();
        if bytes.len() >= LARGE {
            sink.write_all(&bytes)?;
        }
    }
    sink.write_all(&gathered)?;
    sink.flush()
}

fn fill(archive: &mut Output, sink: &mut Sink, receiver: &mut mpsc::Receiver<Piece>) -> Result<()> {
    while let Some(piece) = receiver.blocking_recv() {
        match piece {
            Piece::Bytes(bytes) => archive.bytes(bytes, sink)?,
            Piece::Mark(mark) => archive.mark(mark, sink)?,
        }
    }
    Ok(())
}

/// What a thread that died is reported as.
pub(super) fn died() -> Error {
    Error::io("the thread that writes the output has died")
}
