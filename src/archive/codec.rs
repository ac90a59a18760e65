//! What the payload of blocks is compressed with, in steps of bounded size in both directions.
//!
//! A table's payload, and that of each large object, is one stream: of zlib (in a custom archive) exactly
//! one, of gzip members (in a directory), LZ4 and Zstandard frames one after the other. What is
//! written is always one stream, whose bytes do not depend on how it is cut into writes. It
//! may be cut into chunks anywhere: pg_restore loses what follows a Zstandard frame within a chunk and
//! never returns from a second zlib stream, and there is neither.

use super::deflate::{Deflate, PIECE, Part};
use super::lz4::Frames;
use crate::error::{Error, Result};
use crate::source::Compression;
use bytes::{Bytes, BytesMut};
use flate2::{Decompress, FlushDecompress, Status};
use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
use std::io::{self, Write};
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
    Deflate(Deflate),
    Lz4(Box<FrameEncoder<Vec<u8>>>),
    Zstd(Box<zstd::stream::write::Encoder<'static, Vec<u8>>>),
}

/// What comes out of an [`Encoder`].
pub enum Packed {
    /// Bytes of the stream.
    Bytes(Bytes),
    /// What makes bytes of the stream.
    Task(Task),
}

/// A part of the stream that nothing else needs to be made.
pub struct Task(Work);

enum Work {
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
    /// streams may take so many threads beside the tasks.
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
        while !bytes.is_empty() {
            let (taken, rest) = bytes.split_at(bytes.len().min(PIECE - self.piece.len()));
            bytes = rest;
            self.piece.extend_from_slice(taken);
            if self.piece.len() == PIECE {
                self.write(out)?;
            }
        }
        Ok(())
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
            Some(inner) => {
                inner.write(&self.piece)?;
                self.piece.clear();
                inner.written()
            }
            None => return Ok(()),
        };
        match written.is_empty() {
            true => Ok(()),
            false => out(Packed::Bytes(written.into())),
        }
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
            Codec::Zstd => {
                let new = || {
                    let level = level.unwrap_or(zstd::DEFAULT_COMPRESSION_LEVEL);
                    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), level)?;
                    encoder.include_checksum(true)?;
                    if let Some(threads) = threads {
                        encoder.multithread(threads.max(1) as u32)?;
                    }
                    Ok(encoder)
                };
                Encoding::Zstd(Box::new(new().map_err(failed)?))
            }
        })
    }

    /// What stands before everything, if nothing has been compressed yet.
    fn head(&self) -> &'static [u8] {
        match self {
            Encoding::Deflate(deflate) => deflate.head(),
            Encoding::Lz4(_) | Encoding::Zstd(_) => &[],
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match self {
            Encoding::Deflate(_) => Ok(()),
            Encoding::Lz4(encoder) => encoder.write_all(bytes),
            Encoding::Zstd(encoder) => encoder.write_all(bytes),
        }
        .map_err(failed)
    }

    /// What has come out.
    fn written(&mut self) -> Vec<u8> {
        match self {
            Encoding::Deflate(_) => Vec::new(),
            Encoding::Lz4(encoder) => std::mem::take(encoder.get_mut()),
            Encoding::Zstd(encoder) => std::mem::take(encoder.get_mut()),
        }
    }

    fn finish(self) -> Result<Vec<u8>> {
        match self {
            Encoding::Deflate(deflate) => Ok(deflate.tail()),
            Encoding::Lz4(encoder) => encoder.finish().map_err(io::Error::from),
            Encoding::Zstd(encoder) => encoder.finish(),
        }
        .map_err(failed)
    }
}

fn failed(error: io::Error) -> Error {
    Error::io(format!("cannot compress: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Codec; 5] = [
        Codec::None,
        Codec::Zlib,
        Codec::Gzip,
        Codec::Lz4,
        Codec::Zstd,
    ];

    fn sample() -> Vec<u8> {
        let line = |i: u64| format!("{i}\t{}\n", i * 7919 % 10_007).into_bytes();
        (0..60_000).flat_map(line).collect()
    }

    fn encode(codec: Codec, bytes: &[u8], chunk: usize) -> Vec<u8> {
        encode_in(1, codec, bytes, chunk)
    }

    /// In so many threads, of which each may be the first to be done.
    fn encode_in(threads: usize, codec: Codec, bytes: &[u8], chunk: usize) -> Vec<u8> {
        let mut encoder = Encoder::new(codec, None, threads);
        let mut packed = Vec::new();
        let mut out = |piece| {
            packed.push(piece);
            Ok(())
        };
        for part in bytes.chunks(chunk) {
            let part = Bytes::copy_from_slice(part);
            encoder.encode(&part, &mut out).unwrap();
        }
        encoder.finish(&mut out).unwrap();
        let mut pieces: Vec<_> = packed.into_iter().enumerate().rev().collect();
        pieces.rotate_left(threads - 1);
        let made = pieces
            .into_iter()
            .map(|(n, piece)| (n, piece.bytes().unwrap()));
        let made: std::collections::BTreeMap<_, _> = made.collect();
        made.into_values().flatten().collect()
    }

    fn decode(codec: Codec, bytes: &[u8], chunk: usize, room: usize) -> Result<Vec<u8>> {
        let mut decoder = Decoder::new(codec)?;
        let mut out = BytesMut::new();
        for mut part in bytes.chunks(chunk) {
            loop {
                let before = out.len();
                decoder.decode(&mut part, &mut out, room)?;
                assert!(out.len() - before <= room);
                if part.is_empty() && out.len() - before < room {
                    break;
                }
            }
        }
        decoder.finish()?;
        Ok(out.to_vec())
    }

    #[test]
    fn what_is_compressed_is_read_again_whatever_the_pieces() {
        let sample = sample();
        for codec in ALL {
            let whole = encode(codec, &sample, sample.len());
            assert!(encode(codec, &sample, 12_345) == whole, "{codec:?}");
            for (chunk, room) in [(whole.len(), 1 << 20), (4096, 4096), (70_000, 333)] {
                let out = decode(codec, &whole, chunk, room).unwrap();
                assert!(out == sample, "{codec:?} {chunk} {room}");
            }
            let short = encode(codec, &sample[..100], 7);
            assert_eq!(decode(codec, &short, 1, 1).unwrap(), &sample[..100]);
            assert_eq!(decode(codec, &encode(codec, b"", 1), 1, 10).unwrap(), b"");
            assert_eq!(decode(codec, b"", 1, 10).unwrap(), b"");
        }
    }

    #[test]
    fn threads_change_nothing() {
        let sample = sample();
        for codec in ALL {
            let long = sample.repeat(3);
            let encode = |threads: usize| encode_in(threads, codec, &long, 300_000);
            let one = encode(1);
            assert!((2..=3).all(|threads| encode(threads) == one), "{codec:?}");
            assert!(decode(codec, &one, 70_000, 70_000).unwrap() == long);
        }
    }

    #[test]
    fn frames_and_members_may_follow_each_other_and_zlib_streams_may_not() {
        let sample = sample();
        for codec in ALL {
            let mut twice = encode(codec, &sample, 9999);
            twice.extend(encode(codec, b"end", 9999));
            let read = decode(codec, &twice, 5000, 5000);
            match codec {
                Codec::Zlib => assert!(read.is_err()),
                _ => assert!(read.unwrap() == [&sample[..], b"end"].concat()),
            }
        }
    }

    #[test]
    fn the_end_in_the_middle_is_no_end() {
        for codec in &ALL[1..] {
            let bytes = encode(*codec, &sample(), 9999);
            for cut in (1..60).chain((60..bytes.len()).step_by(9_973)) {
                assert!(
                    decode(*codec, &bytes[..cut], 5000, 5000).is_err(),
                    "{codec:?} {cut}"
                );
            }
        }
    }

    #[test]
    fn damage_is_refused() {
        for codec in &ALL[1..] {
            let mut bytes = encode(*codec, &sample(), 9999);
            let half = bytes.len() / 2;
            bytes[half..half + 40].fill(0xff);
            let error = decode(*codec, &bytes, 5000, 5000).unwrap_err();
            assert!(error.remedy.is_some(), "{error}");
            assert!(decode(*codec, b"nothing of the kind", 5, 5).is_err());
        }
    }

    #[test]
    fn a_bomb_goes_off_in_steps() {
        for codec in &ALL[1..] {
            let bomb = encode(*codec, &vec![0; 32 << 20], 1 << 20);
            assert!(bomb.len() < 1 << 18);
            let mut decoder = Decoder::new(*codec).unwrap();
            let (mut input, mut total) = (&bomb[..], 0);
            loop {
                let mut out = BytesMut::new();
                decoder.decode(&mut input, &mut out, 1 << 16).unwrap();
                assert!(out.len() <= 1 << 16);
                total += out.len();
                if out.is_empty() && input.is_empty() {
                    break;
                }
            }
            decoder.finish().unwrap();
            assert_eq!(total, 32 << 20);
        }
    }

    #[test]
    fn linked_blocks_and_long_windows_are_read() {
        let sample = sample();
        let info = FrameInfo::new()
            .block_size(BlockSize::Max64KB)
            .block_mode(BlockMode::Linked)
            .block_checksums(true);
        let mut linked = FrameEncoder::with_frame_info(info, Vec::new());
        linked.write_all(&sample).unwrap();
        let linked = linked.finish().unwrap();
        assert!(decode(Codec::Lz4, &linked, 1000, 1000).unwrap() == sample);
        let mut long = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        long.window_log(28).unwrap();
        long.write_all(&sample).unwrap();
        let long = long.finish().unwrap();
        assert!(decode(Codec::Zstd, &long, 1000, 1000).unwrap() == sample);
    }
}
