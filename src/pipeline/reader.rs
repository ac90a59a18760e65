//! Reads the source ahead of the decoder, in a thread of its own.
//!
//! Every chunk has free room in front of its data: the decoder puts what is left of the chunk
//! before (a partial row, as a rule) there instead of copying the new megabyte behind it.

use crate::error::Result;
use crate::source::Source;
use bytes::{Buf, BytesMut};
use std::io::Read;
use tokio::sync::mpsc;

/// Bytes read at a time.
pub(super) const CHUNK: usize = 1 << 20;
/// Free room in front of a chunk.
const HEADROOM: usize = 64 << 10;

/// A piece of the input with free room in front.
pub(super) struct Chunk {
    /// `HEADROOM` free bytes, then the data.
    bytes: BytesMut,
}

impl Chunk {
    /// How much data it holds.
    pub(super) fn len(&self) -> usize {
        self.bytes.len() - HEADROOM
    }

    /// Puts it behind `rest`, which becomes the whole.
    pub(super) fn append_to(mut self, rest: &mut BytesMut) {
        if rest.len() <= HEADROOM {
            let start = HEADROOM - rest.len();
            self.bytes[start..HEADROOM].copy_from_slice(rest);
            self.bytes.advance(start);
            *rest = self.bytes;
        } else {
            rest.extend_from_slice(&self.bytes[HEADROOM..]);
        }
    }
}

/// Starts the thread. The channel ends after the input's end or an error.
pub(super) fn start(mut source: Source) -> mpsc::Receiver<Result<Chunk>> {
    let (sender, receiver) = mpsc::channel(2);
    tokio::task::spawn_blocking(move || {
        loop {
            let mut bytes = BytesMut::zeroed(HEADROOM + CHUNK);
            match source.read(&mut bytes[HEADROOM..]) {
                Ok(0) => break,
                Ok(n) => {
                    bytes.truncate(HEADROOM + n);
                    if sender.blocking_send(Ok(Chunk { bytes })).is_err() {
                        break;
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let _ = sender.blocking_send(Err(source.fault(&error)));
                    break;
                }
            }
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_joins_what_is_left_over() {
        for left in [0, 1, HEADROOM, HEADROOM + 1] {
            let mut rest = BytesMut::from(vec![b'r'; left].as_slice());
            let mut bytes = BytesMut::zeroed(HEADROOM + 3);
            bytes[HEADROOM..].copy_from_slice(b"new");
            Chunk { bytes }.append_to(&mut rest);
            assert_eq!(rest.len(), left + 3);
            assert!(rest[..left].iter().all(|b| *b == b'r'));
            assert_eq!(&rest[left..], b"new");
        }
    }
}
