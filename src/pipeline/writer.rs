//! Writes the output in a thread of its own: large pieces directly, small ones gathered.

use crate::error::{Error, Result};
use crate::sink::Sink;
use bytes::Bytes;
use std::io::Write;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Pieces from this size on are written without being copied.
const LARGE: usize = 64 << 10;

/// How writing ended: the sink, still unfinished, and how many bytes it took.
pub(super) struct Written {
    /// Complete or discarded by whoever gets it.
    pub sink: Sink,
    /// The first failure.
    pub result: Result<()>,
    /// Bytes written before compression.
    pub bytes: u64,
}

/// Starts the thread. It ends when the channel does or a write fails.
pub(super) fn start(mut sink: Sink) -> (mpsc::Sender<Bytes>, JoinHandle<Written>) {
    let (sender, mut receiver) = mpsc::channel::<Bytes>(4);
    let handle = tokio::task::spawn_blocking(move || {
        let mut bytes = 0;
        let result = pump(&mut sink, &mut receiver, &mut bytes).map_err(|error| sink.fault(&error));
        Written {
            sink,
            result,
            bytes,
        }
    });
    (sender, handle)
}

fn pump(
    sink: &mut Sink,
    receiver: &mut mpsc::Receiver<Bytes>,
    written: &mut u64,
) -> std::io::Result<()> {
    let mut gathered = Vec::with_capacity(2 * LARGE);
    while let Some(bytes) = receiver.blocking_recv() {
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

/// What a thread that died is reported as.
pub(super) fn died() -> Error {
    Error::io("the thread that writes the output has died")
}
