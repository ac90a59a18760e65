//! Files that are unpacked before their turn, several at the same time, each by a thread of its own.
//!
//! Whoever reads them gets one after the other. What waits for it is bounded: so many files, and of each
//! what its queue holds. The next file is begun when one has been read to its end, so that there are never
//! more in work than threads were asked for. How the threads run shows in nothing that is read.

use super::archive::PIECE;
use crate::archive::{Codec, Decoder};
use crate::error::{Error, Result};
use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// How much may wait of all files together, in bytes.
const MOST: usize = 32 << 20;
/// How much of a file is read at a time.
const RAW: usize = 64 << 10;

/// A file that is to be unpacked.
pub(super) struct Packed {
    pub file: File,
    /// For messages.
    pub label: String,
    pub codec: Codec,
}

/// What a thread makes of a file: pieces, and an empty one at its end.
pub(super) struct Unpacking(Receiver<Result<Bytes>>);

impl Unpacking {
    /// The next piece; none at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>> {
        match self.0.recv() {
            Ok(piece) => Ok(Some(piece?).filter(|piece| !piece.is_empty())),
            Err(_) => Err(Error::io("a thread that unpacks has died")),
        }
    }
}

/// The files that are in work.
pub(super) struct Ahead {
    threads: usize,
    begun: VecDeque<Unpacking>,
    /// What has been read of the files, as they lie there.
    consumed: Arc<AtomicU64>,
}

impl Ahead {
    pub(super) fn new(threads: usize, consumed: Arc<AtomicU64>) -> Ahead {
        Ahead {
            threads: threads.max(1),
            begun: VecDeque::new(),
            consumed,
        }
    }

    /// May another file be begun, while so many are being read?
    pub(super) fn has_room(&self, read: usize) -> bool {
        self.begun.len() + read < self.threads
    }

    /// Begins with a file, behind those that have been begun.
    pub(super) fn begin(&mut self, packed: Packed) -> Result<()> {
        let (sender, receiver) = sync_channel((MOST / PIECE / self.threads).max(2));
        let consumed = Arc::clone(&self.consumed);
        std::thread::Builder::new()
            .name("unpack".to_owned())
            .spawn(move || packed.unpack(&sender, &consumed))
            .map_err(|error| Error::io(format!("cannot start a thread: {error}")))?;
        self.begun.push_back(Unpacking(receiver));
        Ok(())
    }

    /// The file that was begun first.
    pub(super) fn first(&mut self) -> Option<Unpacking> {
        self.begun.pop_front()
    }
}

impl Packed {
    fn unpack(self, pieces: &SyncSender<Result<Bytes>>, consumed: &AtomicU64) {
        // Nobody waits for the rest if the run has ended.
        let _ = match self.pieces(pieces, consumed) {
            Ok(()) => pieces.send(Ok(Bytes::new())),
            Err(error) => pieces.send(Err(error)),
        };
    }

    fn pieces(mut self, pieces: &SyncSender<Result<Bytes>>, consumed: &AtomicU64) -> Result<()> {
        let mut decoder = Decoder::new(self.codec)?;
        let mut raw = vec![0; RAW];
        let mut out = BytesMut::new();
        loop {
            let read = match self.file.read(&mut raw) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read.map_err(|error| super::failed(&self.label, &error))?,
            };
            consumed.fetch_add(read as u64, Ordering::Relaxed);
            let mut input = &raw[..read];
            loop {
                let room = PIECE - out.len();
                let decoded = decoder.decode(&mut input, &mut out, room);
                decoded.map_err(|error| error.of(&self.label))?;
                if out.len() < PIECE {
                    break;
                }
                if pieces.send(Ok(out.split().freeze())).is_err() {
                    return Ok(());
                }
            }
            if read == 0 {
                decoder.finish().map_err(|error| error.of(&self.label))?;
                if !out.is_empty() {
                    let _ = pieces.send(Ok(out.freeze()));
                }
                return Ok(());
            }
        }
    }
}
