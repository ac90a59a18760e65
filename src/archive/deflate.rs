//! zlib and gzip streams, compressed in pieces of which each may be another thread's.
//!
//! A custom archive wants one zlib stream for each table, and deflate is slow: pieces are compressed on
//! their own, each ended at a byte, and put one behind the other they are one stream. What that costs
//! is that no piece refers to the one before: with [`PIECE`] bytes each, less than a hundredth.

use super::codec::Codec;
use crate::error::{Error, Result};
use flate2::{Compress, Compression, Crc, FlushCompress, Status};

/// What is compressed on its own.
pub(super) const PIECE: usize = 256 << 10;

/// What frames the pieces of a stream.
pub(super) struct Deflate {
    level: Compression,
    sum: Sum,
}

/// What is written behind the stream.
enum Sum {
    Adler(u32),
    Crc(Crc),
}

/// A piece, and whether it is the last.
pub(super) struct Part {
    bytes: Vec<u8>,
    level: Compression,
    end: FlushCompress,
}

impl Part {
    pub(super) fn compress(&self) -> Result<Vec<u8>> {
        compress(&self.bytes, self.level, self.end)
    }
}

impl Deflate {
    pub(super) fn new(codec: Codec, level: Option<i32>) -> Deflate {
        Deflate {
            level: Compression::new(level.map_or(6, i32::unsigned_abs).min(9)),
            sum: match codec {
                Codec::Gzip => Sum::Crc(Crc::new()),
                _ => Sum::Adler(1),
            },
        }
    }

    /// What stands before the first piece.
    pub(super) fn head(&self) -> &'static [u8] {
        match self.sum {
            Sum::Crc(_) => &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255],
            Sum::Adler(_) => &[0x78, 0x9c],
        }
    }

    /// Takes the next piece.
    pub(super) fn part(&mut self, bytes: Vec<u8>, last: bool) -> Part {
        match &mut self.sum {
            Sum::Adler(sum) => *sum = adler(*sum, &bytes),
            Sum::Crc(crc) => crc.update(&bytes),
        }
        Part {
            bytes,
            level: self.level,
            end: match last {
                true => FlushCompress::Finish,
                false => FlushCompress::Sync,
            },
        }
    }

    /// What stands behind the last.
    pub(super) fn tail(self) -> Vec<u8> {
        match self.sum {
            Sum::Adler(sum) => sum.to_be_bytes().to_vec(),
            Sum::Crc(crc) => [crc.sum().to_le_bytes(), crc.amount().to_le_bytes()].concat(),
        }
    }
}

fn compress(piece: &[u8], level: Compression, end: FlushCompress) -> Result<Vec<u8>> {
    let mut deflate = Compress::new(level, false);
    let mut out = Vec::with_capacity(piece.len() / 2 + 64);
    loop {
        let rest = &piece[deflate.total_in() as usize..];
        let status = deflate
            .compress_vec(rest, &mut out, end)
            .map_err(|_| failed())?;
        let taken = deflate.total_in() as usize == piece.len();
        match (status, end) {
            (Status::StreamEnd, _) => return Ok(out),
            // A flush is done when there is room left behind it.
            (_, FlushCompress::Sync) if taken && out.len() < out.capacity() => return Ok(out),
            _ => out.reserve(piece.len() / 2 + 64),
        }
    }
}

/// zlib's checksum.
fn adler(sum: u32, bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    let (mut a, mut b) = (sum & 0xffff, sum >> 16);
    // So many bytes cannot overflow.
    for part in bytes.chunks(5552) {
        for byte in part {
            a += u32::from(*byte);
            b += a;
        }
        (a, b) = (a % MODULUS, b % MODULUS);
    }
    b << 16 | a
}

fn failed() -> Error {
    Error::io("cannot compress: the compressor has failed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn others_read_it() {
        let noise = |i: u32| i.wrapping_mul(2_654_435_761).to_le_bytes();
        let noise: Vec<u8> = (0..200_000).flat_map(noise).collect();
        let text = vec![b'x'; PIECE + 1];
        let samples = [
            &b""[..],
            b"one",
            &noise,
            &text,
            &noise[..PIECE],
            &text[..PIECE],
        ];
        for sample in samples {
            for level in [1, 6, 9] {
                let encode = |codec| {
                    let mut deflate = Deflate::new(codec, Some(level));
                    let mut out = deflate.head().to_vec();
                    let pieces = sample.chunks_exact(PIECE);
                    let last = pieces.remainder().to_vec();
                    for piece in pieces {
                        out.append(&mut deflate.part(piece.to_vec(), false).compress().unwrap());
                    }
                    out.append(&mut deflate.part(last, true).compress().unwrap());
                    out.append(&mut deflate.tail());
                    out
                };
                let mut out = Vec::new();
                let zlib = encode(Codec::Zlib);
                flate2::read::ZlibDecoder::new(&zlib[..])
                    .read_to_end(&mut out)
                    .unwrap();
                assert!(out == sample);
                out.clear();
                let gzip = encode(Codec::Gzip);
                flate2::read::GzDecoder::new(&gzip[..])
                    .read_to_end(&mut out)
                    .unwrap();
                assert!(out == sample);
            }
        }
    }
}
