//! The header: which version wrote the archive, how its data are compressed, whose it is.

use super::number::{INT, int, length, put_int, put_text};
use super::stream::DIRECTORY;
use super::{Codec, Flavour, cut_off, damaged};
use crate::error::{Error, Position, Result};
use crate::sink::Method;
use crate::source::Compression;
use bytes::{Bytes, BytesMut};

/// What every archive begins with.
pub(super) const MAGIC: &[u8] = b"PGDMP";
/// The versions that are understood: PostgreSQL 9.0 to 18.
const MINORS: std::ops::RangeInclusive<u8> = 12..=16;
/// From here on the header names the algorithm.
const ALGORITHMS: u8 = 15;
/// The longest name of a database or of a version. pg_dump's are at most some hundred bytes.
const LONGEST: u64 = 1 << 16;

/// How the header says what the data are compressed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// gzip's level, as pg_dump 15 and older write it: 0 for none, -1 for the usual one.
    Level(i32),
    /// The algorithm, since pg_dump 16: none, gzip, lz4, zstd.
    Algorithm(u8),
}

/// What stands before the table of contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The archive's minor version (the major one is 1): what decides the layout.
    pub minor: u8,
    /// The revision, of no consequence.
    pub revision: u8,
    /// The bytes of an offset.
    pub offset_size: u8,
    /// 1 for custom, 3 for tar and for directories; 5 for a directory that is read as one stream.
    pub format: u8,
    /// How the data are compressed.
    pub compression: Stored,
    /// Seconds, minutes, hours, day, month, year and whether it was summer: when it was made.
    pub time: [i32; 7],
    /// The database that was dumped.
    pub database: Option<Bytes>,
    /// The server's version.
    pub server_version: Option<Bytes>,
    /// pg_dump's version.
    pub pg_dump_version: Option<Bytes>,
}

impl Header {
    /// Takes a header from the start of `input`; none if more bytes are needed.
    pub(super) fn take(input: &mut BytesMut, eof: bool) -> Result<Option<Header>> {
        let fields = match Fields::find(input)? {
            Some(fields) => fields,
            None if eof => return Err(cut_off("its header", input.len() as u64)),
            None => return Ok(None),
        };
        let bytes = input.split_to(fields.end).freeze();
        let text = |at: &Option<std::ops::Range<usize>>| at.clone().map(|at| bytes.slice(at));
        Ok(Some(Header {
            minor: bytes[6],
            revision: bytes[7],
            offset_size: bytes[9],
            format: bytes[10],
            compression: fields.compression,
            time: fields.time,
            database: text(&fields.texts[0]),
            server_version: text(&fields.texts[1]),
            pg_dump_version: text(&fields.texts[2]),
        }))
    }

    /// Writes the header.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&[1, self.minor, self.revision, 4]);
        out.extend_from_slice(&[self.offset_size, self.format]);
        match self.compression {
            Stored::Level(level) => put_int(level, out),
            Stored::Algorithm(algorithm) => out.push(algorithm),
        }
        self.time.iter().for_each(|part| put_int(*part, out));
        for text in [&self.database, &self.server_version, &self.pg_dump_version] {
            put_text(text.as_deref(), out);
        }
    }

    /// Does the TOC give offsets, and not files?
    pub fn has_offsets(&self) -> bool {
        self.format != 3
    }

    /// Is it of a directory that is read as one stream, so that each block is a file?
    pub fn is_of_files(&self) -> bool {
        self.format == DIRECTORY
    }

    /// What the data are compressed with. The level is known of pg_dump 15 and older only.
    pub fn method(&self) -> Method {
        let (compression, level) = match self.compression {
            Stored::Level(0) | Stored::Algorithm(0) => (Compression::None, None),
            Stored::Level(level) => (Compression::Gzip, (1..=9).contains(&level).then_some(level)),
            Stored::Algorithm(2) => (Compression::Lz4, None),
            Stored::Algorithm(3) => (Compression::Zstd, None),
            Stored::Algorithm(_) => (Compression::Gzip, None),
        };
        Method { compression, level }
    }

    /// How a compression is written into its blocks.
    pub fn codec(&self, compression: Compression) -> Codec {
        match self.is_of_files() {
            true => Codec::in_files(compression),
            false => Codec::of(compression),
        }
    }

    /// Says that the data are compressed with something else.
    ///
    /// # Errors
    /// If archives of this version know no such compression.
    pub fn set_method(&mut self, method: Method) -> Result<()> {
        self.compression = match (self.compression, method.compression) {
            (Stored::Level(_), Compression::None) => Stored::Level(0),
            (Stored::Level(_), Compression::Gzip) => Stored::Level(method.level.unwrap_or(-1)),
            (Stored::Level(_), other) => {
                return Err(Error::usage(format!(
                    "an archive of pg_dump 15 or older (version 1.{}) cannot hold {other}",
                    self.minor
                ))
                .remedy("write -Z gzip or -Z none, or make the dump with pg_dump 16 or newer"));
            }
            (Stored::Algorithm(_), Compression::None) => Stored::Algorithm(0),
            (Stored::Algorithm(_), Compression::Gzip) => Stored::Algorithm(1),
            (Stored::Algorithm(_), Compression::Lz4) => Stored::Algorithm(2),
            (Stored::Algorithm(_), Compression::Zstd) => Stored::Algorithm(3),
        };
        Ok(())
    }

    /// Does the header belong to such a container?
    ///
    /// # Errors
    /// If it does not: an archive that was renamed or taken apart.
    pub fn expect(&self, flavour: Flavour) -> Result<()> {
        if self.has_offsets() == (flavour == Flavour::Custom) {
            return Ok(());
        }
        Err(damaged("the table of contents is of another format", 10))
    }
}

/// Where in the bytes a header's parts stand.
struct Fields {
    compression: Stored,
    time: [i32; 7],
    texts: [Option<std::ops::Range<usize>>; 3],
    end: usize,
}

impl Fields {
    fn find(bytes: &[u8]) -> Result<Option<Fields>> {
        if !bytes.starts_with(&MAGIC[..bytes.len().min(MAGIC.len())]) {
            return Err(damaged("no PostgreSQL archive begins like this", 0));
        }
        let Some(&[major, minor, _, int_size, offset_size, format]) = bytes.get(5..11) else {
            return Ok(None);
        };
        version(major, minor)?;
        if int_size != 4 || !(1..=8).contains(&offset_size) {
            return Err(damaged(
                format!("numbers of {int_size} and offsets of {offset_size} bytes"),
                8,
            ));
        }
        if !matches!(format, 1 | 3 | DIRECTORY) {
            return Err(damaged(
                format!("the archive's format {format} is unknown"),
                10,
            ));
        }
        let mut at = 11;
        let next = |at: &mut usize| -> Result<Option<i32>> {
            let value = int(bytes.get(*at..).unwrap_or_default(), *at as u64)?;
            *at += INT;
            Ok(value)
        };
        let compression = if minor >= ALGORITHMS {
            let Some(&algorithm) = bytes.get(at) else {
                return Ok(None);
            };
            at += 1;
            if algorithm > 3 {
                return Err(damaged(format!("compression {algorithm} is unknown"), 11));
            }
            Stored::Algorithm(algorithm)
        } else {
            match next(&mut at)? {
                Some(level) => Stored::Level(level),
                None => return Ok(None),
            }
        };
        let mut time = [0; 7];
        for part in &mut time {
            match next(&mut at)? {
                Some(value) => *part = value,
                None => return Ok(None),
            }
        }
        let mut texts = [None, None, None];
        for text in &mut texts {
            let Some(length) = length(bytes.get(at..).unwrap_or_default(), at as u64, LONGEST)?
            else {
                return Ok(None);
            };
            at += INT;
            if let Some(length) = length {
                *text = Some(at..at + length);
                at += length;
            }
            if at > bytes.len() {
                return Ok(None);
            }
        }
        Ok(Some(Fields {
            compression,
            time,
            texts,
            end: at,
        }))
    }
}

fn version(major: u8, minor: u8) -> Result<()> {
    if major == 1 && MINORS.contains(&minor) {
        return Ok(());
    }
    let error = Error::input(format!(
        "the archive's version {major}.{minor} is not one of PostgreSQL 9.0 to 18"
    ))
    .at(Position::binary(5));
    Err(error.remedy("write pg_restore -f - DUMP | scrub, with the pg_restore that belongs to it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(in crate::archive) fn header(minor: u8, format: u8) -> Header {
        Header {
            minor,
            revision: 0,
            offset_size: 8,
            format,
            compression: match minor >= ALGORITHMS {
                true => Stored::Algorithm(1),
                false => Stored::Level(-1),
            },
            time: [1, 2, 3, 4, 5, 126, 0],
            database: Some("shop".into()),
            server_version: None,
            pg_dump_version: Some("18.6".into()),
        }
    }

    #[test]
    fn what_is_read_is_written_whatever_the_pieces() {
        for minor in MINORS {
            let mut bytes = Vec::new();
            header(minor, 1).put(&mut bytes);
            for cut in 0..bytes.len() {
                let mut part = BytesMut::from(&bytes[..cut]);
                assert_eq!(Header::take(&mut part, false).unwrap(), None);
                assert_eq!(part.len(), cut);
                assert!(Header::take(&mut part, true).is_err());
            }
            let mut input = BytesMut::from(&bytes[..]);
            let read = Header::take(&mut input, false).unwrap().unwrap();
            assert_eq!(read, header(minor, 1));
            let mut again = Vec::new();
            read.put(&mut again);
            assert_eq!(again, bytes);
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let mut good = Vec::new();
        header(16, 1).put(&mut good);
        for (place, byte, what) in [
            (0, b'X', "no PostgreSQL archive"),
            (5, 2, "version 2.16"),
            (6, 11, "9.0 to 18"),
            (6, 17, "pg_restore -f -"),
            (8, 8, "numbers of 8"),
            (9, 0, "offsets of 0"),
            (10, 4, "format 4"),
            (11, 4, "compression 4"),
            (12, 3, "not a number"),
        ] {
            let mut bytes = good.clone();
            bytes[place] = byte;
            let error = Header::take(&mut BytesMut::from(&bytes[..]), false).unwrap_err();
            assert!(error.to_string().contains(what), "{error}");
        }
        let mut long = good[..47].to_vec();
        put_int(i32::MAX, &mut long);
        assert!(Header::take(&mut BytesMut::from(&long[..]), false).is_err());
    }

    #[test]
    fn methods_are_those_of_the_version() {
        let mut old = header(14, 1);
        for (name, stored) in [("none", 0), ("gzip:9", 9), ("gzip", -1)] {
            let method: Method = name.parse().unwrap();
            old.set_method(method).unwrap();
            assert_eq!(old.compression, Stored::Level(stored));
            assert_eq!(old.method(), method);
        }
        let error = old.set_method("zstd".parse().unwrap()).unwrap_err();
        assert!(error.to_string().contains("pg_dump 16"), "{error}");
        let mut new = header(15, 1);
        for (name, stored) in [("none", 0), ("gzip", 1), ("lz4", 2), ("zstd", 3)] {
            let method: Method = name.parse().unwrap();
            new.set_method(method).unwrap();
            assert_eq!(new.compression, Stored::Algorithm(stored));
            assert_eq!(new.method(), method);
        }
    }
}
