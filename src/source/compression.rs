//! Compressed input: recognised by its first bytes, never by the file's name.
//!
//! All members or frames of a file are read, one after the other. A file that ends within one is
//! damaged: a decoder that takes the end of the file for the end of the data would pass half a dump.

use crate::error::Error;
use flate2::bufread::MultiGzDecoder;
use lz4_flex::frame::FrameDecoder;
use std::fmt;
use std::io::{self, BufRead, Read};

/// The compression of an input or an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// Plain bytes.
    #[default]
    None,
    /// gzip, any number of members.
    Gzip,
    /// LZ4 frames.
    Lz4,
    /// Zstandard frames.
    Zstd,
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::Lz4 => "lz4",
            Compression::Zstd => "zstd",
        })
    }
}

impl Compression {
    /// The compression of what begins with `head`.
    pub fn recognise(head: &[u8]) -> Compression {
        match head {
            [0x1f, 0x8b, 0x08, ..] => Compression::Gzip,
            [0x04, 0x22, 0x4d, 0x18, ..] => Compression::Lz4,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Compression::Zstd,
            // A skippable frame: pzstd and seekable files begin with one.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
            _ => Compression::None,
        }
    }

    /// A reader of the decompressed bytes.
    pub(super) fn decoder<R: BufRead + Send + 'static>(
        self,
        raw: R,
    ) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Compression::None => Box::new(raw),
            Compression::Gzip => Box::new(MultiGzDecoder::new(raw)),
            Compression::Lz4 => Box::new(Lz4Frames::new(raw)),
            Compression::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(raw)?),
        })
    }
}

/// The refusal of compressed data that does not decompress, of which `read` bytes have been read, if they
/// were counted.
pub(super) fn damaged(
    compression: Compression,
    label: &str,
    read: Option<u64>,
    error: &io::Error,
) -> Error {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        let after = read.map_or(String::new(), |read| format!(", after {read} bytes"));
        return Error::input(format!(
            "{label} ends in the middle of its {compression} data{after}"
        ))
        .remedy("it was cut off; get a complete copy");
    }
    let within = read.map_or(String::new(), |read| {
        format!(" within its first {read} bytes")
    });
    let error = Error::input(format!(
        "the {compression} data of {label} is damaged{within} ({error})"
    ));
    match compression {
        // More than 128 MiB of window: a bomb, or --long=31.
        Compression::Zstd => {
            error.remedy("if it was made with --long, use zstd -dc --long=31 DUMP | scrub")
        }
        _ => error.remedy("get a complete copy"),
    }
}

/// LZ4 frames one after the other.
///
/// The decoder beneath gives 0 bytes at the end of each frame, and also when the file ends between
/// two blocks of a frame. The two differ in whether the end of the file was met meanwhile.
struct Lz4Frames<R: BufRead> {
    frames: FrameDecoder<EndSeen<R>>,
    within: bool,
}

struct EndSeen<R> {
    raw: R,
    end: bool,
}

impl<R: BufRead> Read for EndSeen<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.raw.read(buffer)?;
        self.end |= n == 0 && !buffer.is_empty();
        Ok(n)
    }
}

impl<R: BufRead> Lz4Frames<R> {
    fn new(raw: R) -> Self {
        Lz4Frames {
            frames: FrameDecoder::new(EndSeen { raw, end: false }),
            within: false,
        }
    }
}

impl<R: BufRead> Read for Lz4Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.within {
                if self.frames.get_mut().raw.fill_buf()?.is_empty() {
                    return Ok(0);
                }
                self.within = true;
            }
            let n = self.frames.read(buffer)?;
            if n > 0 {
                return Ok(n);
            }
            if self.frames.get_ref().end {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.within = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Source;
    use super::*;
    use crate::error::{ErrorKind, Result};
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    fn lz4(bytes: &[u8]) -> Vec<u8> {
        let info =
            lz4_flex::frame::FrameInfo::new().block_size(lz4_flex::frame::BlockSize::Max64KB);
        let mut out = lz4_flex::frame::FrameEncoder::with_frame_info(info, Vec::new());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        let mut out = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        out.include_checksum(true).unwrap();
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    type Encoder = fn(&[u8]) -> Vec<u8>;
    const ALL: [(Compression, Encoder); 3] = [
        (Compression::Gzip, gzip),
        (Compression::Lz4, lz4),
        (Compression::Zstd, zstd),
    ];

    fn read(bytes: Vec<u8>) -> Result<(Compression, Vec<u8>)> {
        let mut source = Source::recognised(Box::new(io::Cursor::new(bytes)), "x")?;
        let mut out = Vec::new();
        match source.read_to_end(&mut out) {
            Ok(_) => Ok((source.compression(), out)),
            Err(e) => Err(source.fault(&e)),
        }
    }

    fn sample() -> Vec<u8> {
        (0..20_000)
            .flat_map(|i| format!("{i}\t{}\n", i * 7919).into_bytes())
            .collect()
    }

    #[test]
    fn several_members_are_one_input() {
        let sample = sample();
        for (compression, encode) in ALL {
            let (a, b) = sample.split_at(1000);
            let mut file = encode(a);
            file.extend(encode(b""));
            file.extend(encode(b));
            assert!(read(file).unwrap() == (compression, sample.clone()));
        }
    }

    #[test]
    fn the_end_within_a_frame_is_no_end() {
        let sample = sample();
        for (compression, encode) in ALL {
            let file = encode(&sample);
            let cuts = (5..200)
                .chain((200..file.len()).step_by(97))
                .chain([file.len() - 1]);
            for cut in cuts {
                let error = read(file[..cut].to_vec()).err();
                let error = error.unwrap_or_else(|| panic!("{compression} cut at {cut} passed"));
                assert_eq!(error.kind, ErrorKind::Input, "{compression} {cut}: {error}");
            }
        }
    }

    #[test]
    fn every_block_boundary_of_lz4_is_no_end() {
        let file = lz4(&sample());
        let mut at = 7;
        let mut blocks = 0;
        while u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) != 0 {
            let size = u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
            at += 4 + size as usize;
            blocks += 1;
            assert!(read(file[..at].to_vec()).is_err());
        }
        assert!(blocks > 2);
    }

    #[test]
    fn damage_is_refused_and_says_nothing_of_the_content() {
        for (_, encode) in ALL {
            let mut file = encode(&sample());
            let half = file.len() / 2;
            file[half..half + 40].fill(0xff);
            assert!(read(file).is_err_and(|error| error.kind == ErrorKind::Input));
        }
    }

    #[test]
    fn what_is_compressed_twice_or_is_empty_inside_is_refused() {
        for (_, encode) in ALL {
            assert!(read(encode(&encode(b"SELECT 1;"))).is_err());
            assert_eq!(read(encode(b"")).unwrap_err().message, "no input");
            assert!(
                read(encode(b"\xef\xbb\xbfPGDMP\x01\x0e"))
                    .unwrap_err()
                    .to_string()
                    .contains("destroyed")
            );
        }
    }
}
