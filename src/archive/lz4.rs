//! LZ4 frames pushed in pieces.
//!
//! The decoder beneath pulls, and what it has begun to read it cannot resume. So it gets a frame's
//! parts (the header with the first block, a block, the end) only when they are there as a whole: a
//! block is of 4 MiB at most, of which the frame's header says how many.

use std::io::{self, Read};

const MAGIC: [u8; 4] = [0x04, 0x22, 0x4d, 0x18];
/// The shortest header: magic, flags, block size, checksum.
const HEADER: usize = 7;

/// A decoder of any number of frames.
pub(super) struct Frames {
    frames: lz4_flex::frame::FrameDecoder<Queue>,
    /// The part that is being collected.
    part: Vec<u8>,
    /// The frame that is being read, from its header on.
    frame: Option<Frame>,
    /// Has the frame ended, so that the next one gets a decoder of its own?
    ended: bool,
}

#[derive(Clone, Copy)]
struct Frame {
    block_checksums: bool,
    content_checksum: bool,
    longest: usize,
    /// The bytes of the header, as long as it is in `part` with the first block.
    header: usize,
}

/// Bytes that wait to be read.
#[derive(Default)]
struct Queue {
    bytes: Vec<u8>,
    read: usize,
}

impl Read for Queue {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = (&self.bytes[self.read..]).read(buffer)?;
        self.read += n;
        Ok(n)
    }
}

impl Frames {
    pub(super) fn new() -> Frames {
        Frames {
            frames: lz4_flex::frame::FrameDecoder::new(Queue::default()),
            part: Vec::new(),
            frame: None,
            ended: false,
        }
    }

    /// Is it between two frames?
    pub(super) fn is_complete(&self) -> bool {
        self.part.is_empty() && (self.frame.is_none() || self.ended)
    }

    /// Takes from `input` and writes to `out` what it can. Zero when it needs more input.
    pub(super) fn read(&mut self, input: &mut &[u8], out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            let n = self.frames.read(out)?;
            if n > 0 {
                return Ok(n);
            }
            if self.ended {
                *self = Frames::new();
            }
            let Some(length) = self.collect(input)? else {
                return Ok(0);
            };
            debug_assert_eq!(length, self.part.len());
            let queue = self.frames.get_mut();
            queue.bytes.clear();
            queue.read = 0;
            std::mem::swap(&mut queue.bytes, &mut self.part);
        }
    }

    /// Moves bytes to the part until it is complete; gives its length then.
    fn collect(&mut self, input: &mut &[u8]) -> io::Result<Option<usize>> {
        loop {
            let wanted = match self.frame {
                None => HEADER,
                Some(frame) => frame.header + 4,
            };
            if !self.fill(input, wanted) {
                return Ok(None);
            }
            let Some(mut frame) = self.frame else {
                self.frame = Some(Frame::read(&self.part)?);
                continue;
            };
            let size: [u8; 4] = [0, 1, 2, 3].map(|i| self.part[frame.header + i]);
            let size = u32::from_le_bytes(size);
            let length = (size & 0x7fff_ffff) as usize;
            if length > frame.longest {
                return Err(invalid("a block longer than its frame allows"));
            }
            let checksum = match size {
                0 => frame.content_checksum,
                _ => frame.block_checksums,
            };
            let wanted = wanted + length + if checksum { 4 } else { 0 };
            if !self.fill(input, wanted) {
                return Ok(None);
            }
            frame.header = 0;
            self.frame = Some(frame);
            self.ended = size == 0;
            return Ok(Some(wanted));
        }
    }

    /// Is the part `wanted` bytes long, with what `input` has?
    fn fill(&mut self, input: &mut &[u8], wanted: usize) -> bool {
        let missing = wanted.saturating_sub(self.part.len()).min(input.len());
        let (taken, rest) = input.split_at(missing);
        self.part.extend_from_slice(taken);
        *input = rest;
        self.part.len() >= wanted
    }
}

impl Frame {
    fn read(header: &[u8]) -> io::Result<Frame> {
        if !header.starts_with(&MAGIC) {
            return Err(invalid("no LZ4 frame begins like this"));
        }
        let (flags, sizes) = (header[4], header[5]);
        let longest = match sizes >> 4 & 7 {
            size @ 4..=7 => 1 << (8 + 2 * size),
            _ => return Err(invalid("an unknown block size")),
        };
        let content_size = if flags & 0x08 != 0 { 8 } else { 0 };
        let dictionary = if flags & 0x01 != 0 { 4 } else { 0 };
        Ok(Frame {
            block_checksums: flags & 0x10 != 0,
            content_checksum: flags & 0x04 != 0,
            longest,
            header: HEADER + content_size + dictionary,
        })
    }
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
