//! What the payload of blocks is compressed with, and reading it in steps of bounded size.
//!
//! A table's payload, and that of each large object, is one stream: of zlib (in a custom archive) exactly
//! one, of gzip members (in a directory), LZ4 and Zstandard frames one after the other. Writing is
//! [`super::encoder`]'s.

use super::lz4::Frames;
use crate::error::{Error, Result};
use crate::source::Compression;
use bytes::BytesMut;
use flate2::{Decompress, FlushDecompress, Status};
use std::io;
use zstd::stream::raw::{DParameter, Operation};

/// The longest window of Zstandard that is read: 2^31 bytes, zstd's own limit. pg_restore reads 2^27.
const WINDOW: u32 = 31;

/// The window of gzip.
const WINDOW_BITS: u8 = 15;

/// How a stream is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Not at all.
    None,
    /// One zlib stream: gzip in a custom archive.
    Zlib,
    /// gzip members: gzip in a directory.
    Gzip,
    /// LZ4 frames.
    Lz4,
    /// Zstandard frames.
    Zstd,
}

impl Codec {
    /// How a compression is written into the blocks of a custom archive.
    pub fn of(compression: Compression) -> Codec {
        match compression {
            Compression::Gzip => Codec::Zlib,
            other => Codec::in_files(other),
        }
    }

    /// How a compression is written into the files of a directory.
    pub fn in_files(compression: Compression) -> Codec {
        match compression {
            Compression::None => Codec::None,
            Compression::Gzip => Codec::Gzip,
            Compression::Lz4 => Codec::Lz4,
            Compression::Zstd => Codec::Zstd,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Codec::None => "uncompressed",
            Codec::Zlib => "zlib",
            Codec::Gzip => "gzip",
            Codec::Lz4 => "lz4",
            Codec::Zstd => "zstd",
        }
    }

    fn damaged(self, why: impl std::fmt::Display) -> Error {
        Error::input(format!("the {} data are damaged ({why})", self.name()))
            .remedy("get a complete copy of the archive, or make it again")
    }
}

/// Decompresses a stream.
pub struct Decoder {
    codec: Codec,
    inner: Decoding,
    /// Has anything come at all?
    begun: bool,
    /// Is it where a stream may end?
    complete: bool,
    /// May there be more to write without more to read?
    more: bool,
}

enum Decoding {
    Copy,
    Inflate(Box<Decompress>),
    Lz4(Box<Frames>),
    Zstd(Box<zstd::stream::raw::Decoder<'static>>),
}

impl Decoder {
    /// A decoder of one table's rows or of one large object.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn new(codec: Codec) -> Result<Decoder> {
        let inner = match codec {
            Codec::None => Decoding::Copy,
            Codec::Zlib => Decoding::Inflate(Box::new(Decompress::new(true))),
            Codec::Gzip => Decoding::Inflate(Box::new(Decompress::new_gzip(WINDOW_BITS))),
            Codec::Lz4 => Decoding::Lz4(Box::new(Frames::new())),
            Codec::Zstd => {
                let new = || {
                    let mut decoder = zstd::stream::raw::Decoder::new()?;
                    decoder.set_parameter(DParameter::WindowLogMax(WINDOW))?;
                    Ok(decoder)
                };
                Decoding::Zstd(Box::new(new().map_err(|e: io::Error| codec.damaged(e))?))
            }
        };
        Ok(Decoder {
            codec,
            inner,
            begun: false,
            complete: false,
            more: false,
        })
    }

    /// Takes from `input` and appends to `out`, at most `room` bytes. There is nothing more to come
    /// when `input` is empty and less than `room` has been appended.
    ///
    /// # Errors
    /// If the stream is damaged, or goes on behind its end.
    pub fn decode(&mut self, input: &mut &[u8], out: &mut BytesMut, room: usize) -> Result<()> {
        if input.is_empty() && !self.more {
            return Ok(());
        }
        self.begun = true;
        if let Decoding::Copy = self.inner {
            let (taken, rest) = input.split_at(room.min(input.len()));
            out.extend_from_slice(taken);
            *input = rest;
            self.complete = true;
            return Ok(());
        }
        let start = out.len();
        out.resize(start + room, 0);
        let mut written = start;
        let result = loop {
            match self.step(input, &mut out[written..]) {
                Ok((taken, n)) => {
                    written += n;
                    self.more = written == out.len();
                    if self.more || (taken == 0 && n == 0) || (input.is_empty() && n == 0) {
                        break Ok(());
                    }
                }
                Err(error) => break Err(error),
            }
        };
        out.truncate(written);
        result
    }

    /// One step: how many bytes were taken and written.
    fn step(&mut self, input: &mut &[u8], out: &mut [u8]) -> Result<(usize, usize)> {
        let codec = self.codec;
        let before = input.len();
        let written = match &mut self.inner {
            Decoding::Copy => 0,
            Decoding::Inflate(inflate) if self.complete && !input.is_empty() => {
                if codec == Codec::Zlib {
                    return Err(codec.damaged("it goes on behind its end"));
                }
                **inflate = Decompress::new_gzip(WINDOW_BITS);
                self.complete = false;
                return self.step(input, out);
            }
            Decoding::Inflate(_) if self.complete => 0,
            Decoding::Inflate(inflate) => {
                let (total_in, total_out) = (inflate.total_in(), inflate.total_out());
                let status = inflate.decompress(input, out, FlushDecompress::None);
                self.complete = match status {
                    Ok(status) => status == Status::StreamEnd,
                    Err(error) => return Err(codec.damaged(error)),
                };
                *input = &input[(inflate.total_in() - total_in) as usize..];
                (inflate.total_out() - total_out) as usize
            }
            Decoding::Lz4(frames) => {
                let n = frames.read(input, out).map_err(|e| codec.damaged(e))?;
                self.complete = frames.is_complete();
                n
            }
            // It counts calls that have nothing to do, and soon fails.
            Decoding::Zstd(_) if input.is_empty() && self.complete => 0,
            Decoding::Zstd(zstd) => {
                let status = zstd
                    .run_on_buffers(input, out)
                    .map_err(|e| codec.damaged(e))?;
                *input = &input[status.bytes_read..];
                if status.bytes_read + status.bytes_written > 0 {
                    self.complete = status.remaining == 0;
                }
                status.bytes_written
            }
        };
        Ok((before - input.len(), written))
    }

    /// Says that nothing more comes. A stream of no bytes at all is one.
    ///
    /// # Errors
    /// If it ends in the middle.
    pub fn finish(&self) -> Result<()> {
        if self.complete || !self.begun {
            return Ok(());
        }
        let what = format!("the {} data end in the middle", self.codec.name());
        Err(Error::input(what).remedy("get a complete copy of the archive, or make it again"))
    }
}

#[cfg(test)]
mod tests;
