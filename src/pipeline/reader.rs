//! Reads the source for the decoder: a thread ahead of it, or, where no read waits for anybody, when it is asked.
//!
//! A plain file is read where it is framed: what has been read is then in the cache of that processor, and nobody has to be
//! woken for each piece. A pipe, and what has to be unpacked, comes from the thread.
//!
//! Every chunk has free room in front of its data: the decoder puts what is left of the chunk
//! before (a partial row, as a rule) there instead of copying the new chunk behind it.
//!
//! What is read goes through a few buffers again and again, which stay in the processor's cache: new memory
//! would cost more than the reading, since the kernel clears it page by page.

use crate::error::Result;
use crate::source::{ROOM, Source};
use bytes::{Buf, Bytes, BytesMut};
use tokio::sync::mpsc;

/// Bytes read at a time by those who read without a thread.
pub(super) const CHUNK: usize = 1 << 20;
/// Free room in front of a chunk.
const HEADROOM: usize = 16 << 10;
/// The size of a buffer.
const BUFFER: usize = HEADROOM + ROOM;
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

/// The buffers that have been read into, by their ends: that nobody holds anything else of one shows there.
#[derive(Default)]
pub(super) struct Buffers {
    ends: Vec<BytesMut>,
}

impl Buffers {
    /// Reads a chunk; one without data is the end.
    ///
    /// # Errors
    /// As the source's.
    pub(super) fn read(&mut self, source: &mut Source) -> std::io::Result<Chunk> {
        let again = self.ends.iter_mut().rposition(|b| b.try_reclaim(BUFFER));
        let mut buffer: Vec<u8> = match again {
            Some(place) => self.ends.remove(place).into(),
            None => Vec::with_capacity(BUFFER),
        };
        buffer.clear();
        buffer.extend_from_slice(&[0; HEADROOM]);
        let read = source.read_into(&mut buffer);
        let mut bytes = BytesMut::from(Bytes::from(buffer));
        if self.ends.len() == KEPT {
            self.ends.remove(0);
        }
        self.ends.push(bytes.split_off(bytes.len()));
        read.map(|_| Chunk { bytes })
    }
}

/// The chunks of an input, in their order.
pub(super) enum Chunks {
    /// From a thread that reads ahead; the channel ends after the input's end or an error.
    Ahead(mpsc::Receiver<Result<Chunk>>),
    /// From a file, when they are asked for.
    Direct(Box<Source>, Buffers),
}

impl Chunks {
    /// Does a thread read while others work?
    pub(super) fn are_ahead(&self) -> bool {
        matches!(self, Chunks::Ahead(_))
    }

    /// The next one.
    pub(super) async fn next(&mut self) -> Option<Result<Chunk>> {
        let (source, buffers) = match self {
            Chunks::Ahead(chunks) => return chunks.recv().await,
            Chunks::Direct(source, buffers) => (source, buffers),
        };
        // Nothing else here lets signals through.
        tokio::task::yield_now().await;
        loop {
            match buffers.read(source) {
                Ok(chunk) if chunk.len() == 0 => return None,
                Ok(chunk) => return Some(Ok(chunk)),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Some(Err(source.fault(&error))),
            }
        }
    }
}

/// Starts the thread if one is of use.
pub(super) fn start(source: Source) -> Chunks {
    match source.is_direct() {
        true => Chunks::Direct(Box::new(source), Buffers::default()),
        false => Chunks::Ahead(ahead(source)),
    }
}

fn ahead(mut source: Source) -> mpsc::Receiver<Result<Chunk>> {
    let (sender, receiver) = mpsc::channel(2);
    tokio::task::spawn_blocking(move || {
        let mut buffers = Buffers::default();
        loop {
            match buffers.read(&mut source) {
                Ok(chunk) if chunk.len() == 0 => break,
                Ok(chunk) => {
                    if sender.blocking_send(Ok(chunk)).is_err() {
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
            let mut source = Source::plain(Box::new(&b"new"[..]), "memory");
            let chunk = Buffers::default().read(&mut source).unwrap();
            assert_eq!(chunk.len(), 3);
            chunk.append_to(&mut rest);
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
        for round in 0..200u8 {
            let data = vec![round; 1 + usize::from(round) * 5000];
            let length = data.len().min(BUFFER - HEADROOM);
            let mut source = Source::plain(Box::new(std::io::Cursor::new(data)), "memory");
            let chunk = buffers.read(&mut source).unwrap();
            assert_eq!(chunk.len(), length);
            places.insert(chunk.bytes.as_ptr());
            let mut whole = BytesMut::new();
            chunk.append_to(&mut whole);
            // Small parts of it stay for long.
            held.push((round, whole.split_to(1).freeze(), whole.freeze()));
            if held.len() > 3 {
                held.remove(0);
            }
            for (round, head, rest) in &held {
                assert!(head.iter().chain(rest).all(|byte| byte == round));
            }
        }
        assert!(places.len() <= 5, "{}", places.len());
    }
}
