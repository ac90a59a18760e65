//! Reads the source ahead of the decoder, in a thread of its own.
//!
//! Every chunk has free room in front of its data: the decoder puts what is left of the chunk
//! before (a partial row, as a rule) there instead of copying the new chunk behind it.
//!
//! What is read goes through a few buffers again and again, which stay in the processor's cache: new memory
//! would cost more than the reading, since the kernel clears it page by page.

use crate::error::Result;
use crate::source::Source;
use bytes::{Buf, BytesMut};
use std::io::Read;
use tokio::sync::mpsc;

/// Bytes read at a time by those who read without a thread.
pub(super) const CHUNK: usize = 1 << 20;
/// Free room in front of a chunk.
const HEADROOM: usize = 16 << 10;
/// The size of a buffer. Several short reads share one.
const BUFFER: usize = HEADROOM + (512 << 10);
/// A read gets at least so much room.
const ROOM: usize = 128 << 10;
/// Buffers that are kept for being used again.
const KEPT: usize = 12;

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

/// The buffers: what has not been read into of the one in use, and the ends of those before it, by which they
/// are known again when nobody holds anything of them any more.
#[derive(Default)]
pub(super) struct Buffers {
    free: BytesMut,
    before: Vec<BytesMut>,
}

impl Buffers {
    /// Free room behind the headroom.
    pub(super) fn room(&mut self) -> &mut [u8] {
        if self.free.len() < HEADROOM + ROOM {
            let mut spent = std::mem::take(&mut self.free);
            spent.clear();
            let again = self.before.iter_mut().rposition(|b| b.try_reclaim(BUFFER));
            self.free = match again {
                Some(place) => self.before.remove(place),
                None => BytesMut::with_capacity(BUFFER),
            };
            self.free.resize(BUFFER, 0);
            if self.before.len() == KEPT {
                self.before.remove(0);
            }
            self.before.push(spent);
        }
        &mut self.free[HEADROOM..]
    }

    /// The chunk of which so many bytes have been read into the room.
    pub(super) fn chunk(&mut self, length: usize) -> Chunk {
        let bytes = self.free.split_to(HEADROOM + length);
        Chunk { bytes }
    }
}

/// Starts the thread. The channel ends after the input's end or an error.
pub(super) fn start(mut source: Source) -> mpsc::Receiver<Result<Chunk>> {
    let (sender, receiver) = mpsc::channel(2);
    tokio::task::spawn_blocking(move || {
        let mut buffers = Buffers::default();
        loop {
            match source.read(buffers.room()) {
                Ok(0) => break,
                Ok(n) => {
                    if sender.blocking_send(Ok(buffers.chunk(n))).is_err() {
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
            let mut buffers = Buffers::default();
            buffers.room()[..3].copy_from_slice(b"new");
            buffers.chunk(3).append_to(&mut rest);
            assert_eq!(rest.len(), left + 3);
            assert!(rest[..left].iter().all(|b| *b == b'r'));
            assert_eq!(&rest[left..], b"new");
        }
    }

    #[test]
    fn a_buffer_is_used_again_when_nobody_holds_it() {
        let mut buffers = Buffers::default();
        let mut held = Vec::new();
        let mut places = std::collections::HashSet::new();
        for round in 0..200 {
            let room = buffers.room();
            assert!(room.len() >= ROOM);
            room[..ROOM].fill(round);
            places.insert(room.as_ptr());
            let mut whole = BytesMut::new();
            buffers.chunk(ROOM).append_to(&mut whole);
            // Small parts of it stay for long.
            held.push((round, whole.split_to(8).freeze(), whole.freeze()));
            if held.len() > 3 {
                held.remove(0);
            }
            for (round, head, rest) in &held {
                assert!(head.iter().chain(rest).all(|byte| byte == round));
            }
        }
        // One buffer is read into, two may be held; each has room for three chunks.
        assert!(places.len() <= 9, "{}", places.len());
    }
}
