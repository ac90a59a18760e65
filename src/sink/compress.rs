//! Compressing the output, in pg_dump's own spelling: `METHOD[:LEVEL]`.
//!
//! The compressed bytes depend on the input only, not on how it is cut into writes nor on the
//! machine. zlib lets the size of a write show, so every compressor gets pieces of one size. zstd
//! cuts its blocks differently with and without workers, but not by their number, so there is
//! always at least one.

use super::Zstandard;
use crate::error::{Error, Result};
use crate::source::{Compression, EDGE};
use flate2::write::GzEncoder;
use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
use std::io::{self, Write};
use std::str::FromStr;
use std::thread::available_parallelism;

/// A compression and its level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Method {
    /// How.
    pub compression: Compression,
    /// How hard; none for the method's usual level.
    pub level: Option<i32>,
}

impl Method {
    /// What a file's suffix asks for.
    pub fn by_suffix(suffix: Option<&str>) -> Method {
        let compression = match suffix {
            Some("gz") => Compression::Gzip,
            Some("lz4") => Compression::Lz4,
            Some("zst") => Compression::Zstd,
            _ => Compression::None,
        };
        Method {
            compression,
            level: None,
        }
    }
}

impl FromStr for Method {
    type Err = Error;

    fn from_str(text: &str) -> Result<Method> {
        let (name, level) = match text.split_once(':') {
            Some((name, level)) => (name, Some(level)),
            None => (text, None),
        };
        let (compression, levels) = match name {
            "none" => (Compression::None, None),
            "gzip" => (Compression::Gzip, Some(1..=9)),
            "lz4" => (Compression::Lz4, None),
            "zstd" => (Compression::Zstd, Some(1..=22)),
            _ => {
                return Err(Error::usage(format!("no such compression: {name}"))
                    .remedy("write none, gzip, lz4 or zstd"));
            }
        };
        let level =
            match (level, levels) {
                (None, _) => None,
                (Some(_), None) => {
                    return Err(Error::usage(format!("{name} has no levels"))
                        .remedy(format!("write {name}")));
                }
                (Some(level), Some(levels)) => match level.parse() {
                    Ok(n) if levels.contains(&n) => Some(n),
                    _ => {
                        return Err(Error::usage(format!("no such level of {name}: {level}"))
                            .remedy(format!(
                                "write {name}:{} to {name}:{}",
                                levels.start(),
                                levels.end()
                            )));
                    }
                },
            };
        Ok(Method { compression, level })
    }
}

/// A writer that compresses, or not.
pub(super) enum Encoder<W: Write> {
    Plain(W),
    Gzip(Even<GzEncoder<W>>),
    Lz4(Even<Box<FrameEncoder<W>>>),
    Zstd(Even<Zstandard<W>>),
}

impl<W: Write> Encoder<W> {
    pub(super) fn new(method: Method, out: W) -> io::Result<Self> {
        Ok(match method.compression {
            Compression::None => Encoder::Plain(out),
            Compression::Gzip => {
                let level = method.level.map_or(6, i32::unsigned_abs);
                Encoder::Gzip(Even::new(GzEncoder::new(
                    out,
                    flate2::Compression::new(level),
                )))
            }
            Compression::Lz4 => {
                let info = FrameInfo::new()
                    .block_size(BlockSize::Max4MB)
                    .block_mode(BlockMode::Independent)
                    .content_checksum(true);
                Encoder::Lz4(Even::new(Box::new(FrameEncoder::with_frame_info(
                    info, out,
                ))))
            }
            Compression::Zstd => {
                let workers = available_parallelism().map_or(1, |n| n.get().min(4));
                let encoder = Zstandard::new(out, method.level, Some(workers as u32))?;
                Encoder::Zstd(Even::new(encoder))
            }
        })
    }

    pub(super) fn get_ref(&self) -> &W {
        match self {
            Encoder::Plain(out) => out,
            Encoder::Gzip(even) => even.inner.get_ref(),
            Encoder::Lz4(even) => even.inner.get_ref(),
            Encoder::Zstd(even) => even.inner.get_ref(),
        }
    }

    /// Writes the end of the compressed data and gives the writer back.
    pub(super) fn finish(self) -> io::Result<W> {
        match self {
            Encoder::Plain(out) => Ok(out),
            Encoder::Gzip(even) => even.rest()?.finish(),
            Encoder::Lz4(even) => Ok(even.rest()?.finish()?),
            Encoder::Zstd(even) => even.rest()?.finish(),
        }
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Encoder::Plain(out) => out.write(bytes),
            Encoder::Gzip(even) => even.write(bytes),
            Encoder::Lz4(even) => even.write(bytes),
            Encoder::Zstd(even) => even.write(bytes),
        }
    }

    /// A compressor keeps what it has until the end: its output must not depend on flushes.
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Encoder::Plain(out) => out.flush(),
            Encoder::Gzip(_) | Encoder::Lz4(_) | Encoder::Zstd(_) => Ok(()),
        }
    }
}

/// Hands bytes on in pieces of one size: some compressors let the size of a write show. A compressor
/// whose output has failed once is not called again: what it holds then is nobody's promise.
pub(super) struct Even<W> {
    inner: W,
    piece: Vec<u8>,
    failed: Option<io::ErrorKind>,
}

impl<W: Write> Even<W> {
    fn new(inner: W) -> Self {
        Even {
            inner,
            piece: Vec::with_capacity(EDGE),
            failed: None,
        }
    }

    /// Hands on what is left.
    fn rest(mut self) -> io::Result<W> {
        self.hand_on()?;
        Ok(self.inner)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = bytes.len().min(EDGE - self.piece.len());
        self.piece.extend_from_slice(&bytes[..n]);
        if self.piece.len() == EDGE {
            self.hand_on()?;
        }
        Ok(n)
    }

    fn hand_on(&mut self) -> io::Result<()> {
        if let Some(kind) = self.failed {
            return Err(kind.into());
        }
        let done = self.inner.write_all(&self.piece);
        self.failed = done.as_ref().err().map(io::Error::kind);
        self.piece.clear();
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_spelled_as_in_pg_dump() {
        let method = |compression, level| Method { compression, level };
        let good = [
            ("none", method(Compression::None, None)),
            ("gzip", method(Compression::Gzip, None)),
            ("gzip:9", method(Compression::Gzip, Some(9))),
            ("lz4", method(Compression::Lz4, None)),
            ("zstd:19", method(Compression::Zstd, Some(19))),
        ];
        for (text, expected) in good {
            assert_eq!(text.parse::<Method>().unwrap(), expected);
        }
        for text in [
            "", "xz", "gzip:", "gzip:0", "gzip:10", "zstd:23", "lz4:1", "none:1", "GZIP",
        ] {
            let error = text.parse::<Method>().unwrap_err();
            assert!(error.remedy.is_some(), "{error}");
        }
    }

    #[test]
    fn the_same_bytes_whatever_the_writes() {
        let sample: Vec<u8> = (0..400_000u32)
            .flat_map(|i| format!("{}\n", i.wrapping_mul(2_654_435_761)).into_bytes())
            .collect();
        for name in ["none", "gzip:1", "gzip:6", "lz4", "zstd"] {
            let method: Method = name.parse().unwrap();
            let encode = |chunk: usize| {
                let mut encoder = Encoder::new(method, Vec::new()).unwrap();
                sample
                    .chunks(chunk)
                    .for_each(|c| encoder.write_all(c).unwrap());
                encoder.finish().unwrap()
            };
            let whole = encode(sample.len());
            assert!(encode(1 << 20) == whole, "{name}");
            assert!(encode(12_345) == whole, "{name}");
        }
    }

    #[test]
    fn the_number_of_workers_changes_nothing() {
        let sample: Vec<u8> = (0..2_000_000u32).flat_map(u32::to_le_bytes).collect();
        let encode = |workers| {
            let mut encoder = Zstandard::new(Vec::new(), Some(1), Some(workers)).unwrap();
            encoder.write_all(&sample).unwrap();
            encoder.finish().unwrap()
        };
        let one = encode(1);
        assert!((2..=4).all(|workers| encode(workers) == one));
    }

    /// Lets so many bytes through.
    struct Full(usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let n = bytes.len().min(self.0);
            self.0 -= n;
            match n {
                0 => Err(io::ErrorKind::StorageFull.into()),
                n => Ok(n),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_compressor_whose_output_has_failed_goes_on_failing() {
        let mut noise = 0x9e37_79b9_7f4a_7c15_u64;
        let mut bytes = Vec::with_capacity(8 * EDGE);
        while bytes.len() < 8 * EDGE {
            noise = noise.wrapping_mul(0x5851_f42d_4c95_7f2d).rotate_left(21) ^ 0x1405;
            bytes.extend_from_slice(&noise.to_le_bytes());
        }
        for name in ["gzip:1", "lz4", "zstd"] {
            let mut encoder = Encoder::new(name.parse().unwrap(), Full(100_000)).unwrap();
            let mut failures = 0;
            for _ in 0..20 {
                failures += u32::from(encoder.write_all(&bytes).is_err());
            }
            assert!(failures > 1, "{name}");
            encoder.write_all(b"the end").ok();
            assert!(encoder.finish().is_err(), "{name}");
        }
    }
}
