//! Compressing the payload of blocks, in pieces of which some may be another thread's.
//!
//! What is written does not depend on how the payload is cut into writes. It is one stream, but for Zstandard in a
//! dump's own way: that is frames one after the other, each made for itself, which takes no threads beside those that there
//! are. pg_restore loses what follows a frame within a chunk, so each says that a chunk ends with it
//! ([`Packed::ChunkEnd`]); in a file of a directory it reads one frame after the other. From a second zlib stream it never
//! returns, and there is none. Whatever else is written may be cut into chunks anywhere.

use super::codec::Codec;
use super::deflate::{Deflate, PIECE, Part};
use crate::error::{Error, Result};
use crate::sink::{Zstandard, frame_of_rows};
use bytes::Bytes;
use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
use std::io::{self, Write};

/// What is made a frame of Zstandard.
const FRAME: usize = 1 << 20;

/// Compresses a stream. What can be done elsewhere, at the same time as something else, comes out as a
/// [`Task`]; what comes out of all of it, in its order, is the stream, the same however it was done.
pub struct Encoder {
    codec: Codec,
    level: Option<i32>,
    threads: usize,
    /// None before the first piece has been compressed.
    inner: Option<Encoding>,
    /// What has not been handed on: some compressors let the size of a write show.
    piece: Vec<u8>,
}

enum Encoding {
    /// Of Zstandard, which know nothing of each other.
    Frames,
    Deflate(Deflate),
    Lz4(Box<FrameEncoder<Vec<u8>>>),
    Zstd(Box<Zstandard<Vec<u8>>>),
}

/// What comes out of an [`Encoder`].
pub enum Packed {
    /// Bytes of the stream.
    Bytes(Bytes),
    /// What makes bytes of the stream.
    Task(Task),
    /// Where the stream is cut into chunks, one ends here.
    ChunkEnd,
}

/// A part of the stream that nothing else needs to be made.
pub struct Task(Work);

enum Work {
    Frame(Vec<u8>),
    Part(Part),
    Rest(Encoding, Vec<u8>),
}

impl Packed {
    /// The bytes.
    ///
    /// # Errors
    /// If the compressor fails, which it does for want of memory only.
    pub fn bytes(self) -> Result<Bytes> {
        match self {
            Packed::Bytes(bytes) => Ok(bytes),
            Packed::Task(task) => task.run(),
            Packed::ChunkEnd => Ok(Bytes::new()),
        }
    }
}

impl Task {
    /// Makes the bytes.
    ///
    /// # Errors
    /// As [`Packed::bytes`].
    pub fn run(self) -> Result<Bytes> {
        let bytes = match self.0 {
            Work::Frame(piece) => frame_of_rows(&piece).map_err(failed)?,
            Work::Part(part) => part.compress()?,
            Work::Rest(mut encoding, last) => {
                encoding.write(&last)?;
                encoding.finish()?
            }
        };
        Ok(bytes.into())
    }
}

impl Encoder {
    /// A compressor of one table's rows or of one large object, with the usual level if none is given. Long
    /// streams of a level of Zstandard take so many threads beside the tasks.
    pub fn new(codec: Codec, level: Option<i32>, threads: usize) -> Encoder {
        Encoder {
            codec,
            level,
            threads,
            inner: None,
            piece: Vec::new(),
        }
    }

    /// Compresses `bytes` and gives what has come out.
    ///
    /// # Errors
    /// If the compressor fails or `out` does.
    pub fn encode(
        &mut self,
        bytes: &Bytes,
        out: &mut dyn FnMut(Packed) -> Result<()>,
    ) -> Result<()> {
        if self.codec == Codec::None {
            return out(Packed::Bytes(bytes.clone()));
        }
        let mut bytes = &bytes[..];
        let whole = self.whole();
        while !bytes.is_empty() {
            // A Zstandard stream with workers gathers by itself, and shows nothing of writes.
            if let Some(inner @ Encoding::Zstd(_)) = &mut self.inner {
                inner.write(bytes)?;
                return hand_on(inner.written(), out);
            }
            let (taken, rest) = bytes.split_at(bytes.len().min(whole - self.piece.len()));
            bytes = rest;
            self.piece.extend_from_slice(taken);
            if self.piece.len() == whole {
                self.write(out)?;
            }
        }
        Ok(())
    }

    /// How long a whole piece is.
    fn whole(&self) -> usize {
        match (self.codec, self.level) {
            (Codec::Zstd, None) => FRAME,
            _ => PIECE,
        }
    }

    /// A whole piece.
    fn write(&mut self, out: &mut dyn FnMut(Packed) -> Result<()>) -> Result<()> {
        if self.inner.is_none() {
            let inner = Encoding::new(self.codec, self.level, Some(self.threads))?;
            out(Packed::Bytes(Bytes::from_static(inner.head())))?;
            self.inner = Some(inner);
        }
        let written = match &mut self.inner {
            Some(Encoding::Deflate(deflate)) => {
                let piece = std::mem::take(&mut self.piece);
                let part = deflate.part(piece, false);
                return out(Packed::Task(Task(Work::Part(part))));
            }
            Some(Encoding::Frames) => {
                // The next one is as long, unless it is the last.
                let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(FRAME));
                out(Packed::Task(Task(Work::Frame(piece))))?;
                return out(Packed::ChunkEnd);
            }
            Some(inner) => {
                inner.write(&self.piece)?;
                self.piece.clear();
                inner.written()
            }
            None => return Ok(()),
        };
        hand_on(written, out)
    }

    /// Ends the stream and gives the rest of it.
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    pub fn finish(self, out: &mut dyn FnMut(Packed) -> Result<()>) -> Result<()> {
        if self.codec == Codec::None {
            return Ok(());
        }
        let inner = match self.inner {
            // All of it stands in whole frames.
            Some(Encoding::Frames) if self.piece.is_empty() => return Ok(()),
            Some(inner) => inner,
            None => {
                // Short streams are many, and not worth threads of their own.
                let inner = Encoding::new(self.codec, self.level, None)?;
                out(Packed::Bytes(Bytes::from_static(inner.head())))?;
                inner
            }
        };
        match inner {
            Encoding::Deflate(mut deflate) => {
                let part = deflate.part(self.piece, true);
                out(Packed::Task(Task(Work::Part(part))))?;
                out(Packed::Bytes(deflate.tail().into()))
            }
            Encoding::Frames => out(Packed::Task(Task(Work::Frame(self.piece)))),
            inner => out(Packed::Task(Task(Work::Rest(inner, self.piece)))),
        }
    }
}

impl Encoding {
    fn new(codec: Codec, level: Option<i32>, threads: Option<usize>) -> Result<Encoding> {
        Ok(match codec {
            Codec::None | Codec::Zlib | Codec::Gzip => {
                Encoding::Deflate(Deflate::new(codec, level))
            }
            Codec::Lz4 => {
                let info = FrameInfo::new()
                    .block_size(BlockSize::Max256KB)
                    .block_mode(BlockMode::Independent)
                    .content_checksum(true);
                Encoding::Lz4(Box::new(FrameEncoder::with_frame_info(info, Vec::new())))
            }
            Codec::Zstd if level.is_none() => Encoding::Frames,
            Codec::Zstd => {
                let workers = threads.map(|threads| threads as u32);
                let encoder = Zstandard::new(Vec::new(), level, workers).map_err(failed)?;
                Encoding::Zstd(Box::new(encoder))
            }
        })
    }

    /// What stands before everything, if nothing has been compressed yet.
    fn head(&self) -> &'static [u8] {
        match self {
            Encoding::Deflate(deflate) => deflate.head(),
            Encoding::Frames | Encoding::Lz4(_) | Encoding::Zstd(_) => &[],
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match self {
            Encoding::Frames | Encoding::Deflate(_) => Ok(()),
            Encoding::Lz4(encoder) => encoder.write_all(bytes),
            Encoding::Zstd(encoder) => encoder.write_all(bytes),
        }
        .map_err(failed)
    }

    /// What has come out.
    fn written(&mut self) -> Vec<u8> {
        match self {
            Encoding::Frames | Encoding::Deflate(_) => Vec::new(),
            Encoding::Lz4(encoder) => std::mem::take(encoder.get_mut()),
            Encoding::Zstd(encoder) => std::mem::take(encoder.get_mut()),
        }
    }

    fn finish(self) -> Result<Vec<u8>> {
        match self {
            Encoding::Frames => Ok(Vec::new()),
            Encoding::Deflate(deflate) => Ok(deflate.tail()),
            Encoding::Lz4(encoder) => encoder.finish().map_err(io::Error::from),
            Encoding::Zstd(encoder) => encoder.finish(),
        }
        .map_err(failed)
    }
}

fn hand_on(written: Vec<u8>, out: &mut dyn FnMut(Packed) -> Result<()>) -> Result<()> {
    match written.is_empty() {
        true => Ok(()),
        false => out(Packed::Bytes(written.into())),
    }
}

fn failed(error: io::Error) -> Error {
    Error::io(format!("cannot compress: {error}"))
}
