//! What the payload of blocks is compressed with, in steps of bounded size in both directions.
//!
//! A table's payload, and that of each large object, is one stream: of zlib (in a custom archive) exactly
//! one, of gzip members (in a directory), LZ4 and Zstandard frames one after the other. What is
//! written is always one stream, whose bytes do not depend on how it is cut into writes. It
//! may be cut into chunks anywhere: pg_restore loses what follows a Zstandard frame within a chunk and
//! never returns from a second zlib stream, and there is neither.

use super::lz4::Frames;
use crate::error::{Error, Result};
use crate::source::Compression;
use bytes::BytesMut;
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

/// Compresses a stream.
pub struct Encoder {
    codec: Codec,
    inner: Encoding,
    /// What has not been handed on: some compressors let the size of a write show.
    piece: Vec<u8>,
}

enum Encoding {
    Copy(Vec<u8>),
    Zlib(flate2::write::ZlibEncoder<Vec<u8>>),
    Gzip(flate2::write::GzEncoder<Vec<u8>>),
    Lz4(Box<FrameEncoder<Vec<u8>>>),
    Zstd(Box<zstd::stream::write::Encoder<'static, Vec<u8>>>),
}

/// What a compressor gets at once.
const PIECE: usize = 128 << 10;

impl Encoder {
    /// A compressor of one table's rows or of one large object, with the usual level if none is given.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn new(codec: Codec, level: Option<i32>) -> Result<Encoder> {
        let deflate = flate2::Compression::new(level.map_or(6, i32::unsigned_abs).min(9));
        let inner = match codec {
            Codec::None => Encoding::Copy(Vec::new()),
            Codec::Zlib => Encoding::Zlib(flate2::write::ZlibEncoder::new(Vec::new(), deflate)),
            Codec::Gzip => Encoding::Gzip(flate2::write::GzEncoder::new(Vec::new(), deflate)),
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
                    Ok(encoder)
                };
                Encoding::Zstd(Box::new(new().map_err(failed)?))
            }
        };
        Ok(Encoder {
            codec,
            inner,
            piece: Vec::new(),
        })
    }

    /// Compresses `bytes` and appends to `out` what has come out.
    ///
    /// # Errors
    /// If the compressor fails, which it does for want of memory only.
    pub fn encode(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
        if self.codec == Codec::None {
            out.extend_from_slice(bytes);
            return Ok(());
        }
        while !bytes.is_empty() {
            let (taken, rest) = bytes.split_at(bytes.len().min(PIECE - self.piece.len()));
            bytes = rest;
            if taken.len() == PIECE {
                self.inner.write(taken)?;
            } else {
                self.piece.extend_from_slice(taken);
                if self.piece.len() == PIECE {
                    self.inner.write(&self.piece)?;
                    self.piece.clear();
                }
            }
        }
        out.append(self.inner.written());
        Ok(())
    }

    /// Ends the stream and appends the rest of it to `out`.
    ///
    /// # Errors
    /// If the compressor fails.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<()> {
        self.inner.write(&self.piece)?;
        let rest = match self.inner {
            Encoding::Copy(rest) => Ok(rest),
            Encoding::Zlib(encoder) => encoder.finish(),
            Encoding::Gzip(encoder) => encoder.finish(),
            Encoding::Lz4(encoder) => encoder.finish().map_err(io::Error::from),
            Encoding::Zstd(encoder) => encoder.finish(),
        };
        out.append(&mut rest.map_err(failed)?);
        Ok(())
    }
}

impl Encoding {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match self {
            Encoding::Copy(out) => out.write_all(bytes),
            Encoding::Zlib(encoder) => encoder.write_all(bytes),
            Encoding::Gzip(encoder) => encoder.write_all(bytes),
            Encoding::Lz4(encoder) => encoder.write_all(bytes),
            Encoding::Zstd(encoder) => encoder.write_all(bytes),
        }
        .map_err(failed)
    }

    /// What has come out so far.
    fn written(&mut self) -> &mut Vec<u8> {
        match self {
            Encoding::Copy(out) => out,
            Encoding::Zlib(encoder) => encoder.get_mut(),
            Encoding::Gzip(encoder) => encoder.get_mut(),
            Encoding::Lz4(encoder) => encoder.get_mut(),
            Encoding::Zstd(encoder) => encoder.get_mut(),
        }
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
        let mut encoder = Encoder::new(codec, None).unwrap();
        let mut out = Vec::new();
        for part in bytes.chunks(chunk) {
            encoder.encode(part, &mut out).unwrap();
        }
        encoder.finish(&mut out).unwrap();
        out
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
