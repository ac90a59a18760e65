//! Tar archives: `toc.dat`, a file for each table's rows, those of large objects, `restore.sql`.
//!
//! A member's length stands before its data, so a changed member has to be complete before it is
//! written. Headers are kept as they are; a changed one differs in its length and its checksum.

use super::{cut_off, damaged};
use crate::error::Result;
use bytes::{Bytes, BytesMut};
use tar::{EntryType, Header};

/// Headers, and data with their padding, come in blocks of this many bytes.
pub const BLOCK: usize = 512;

/// A piece of a tar file. The bytes of all of them are the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TarEvent {
    /// A member begins.
    Member {
        /// Its header.
        bytes: Bytes,
        /// Its name.
        name: Bytes,
        /// How long its data are.
        size: u64,
        /// Where the header begins.
        at: u64,
    },
    /// A part of its data.
    Data {
        /// The bytes.
        bytes: Bytes,
        /// Where they begin.
        at: u64,
    },
    /// The member has ended.
    End {
        /// What fills its last block; empty if that is full.
        padding: Bytes,
    },
    /// The blocks of zeros behind the last member, and whatever follows them.
    Rest {
        /// The bytes.
        bytes: Bytes,
    },
}

/// Cuts a tar file into members.
#[derive(Debug, Default)]
pub struct TarReader {
    at: u64,
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Between,
    /// How much of the member's data is to come, and how much fills its last block.
    Within(u64, usize),
    Over,
}

impl TarReader {
    /// A reader at the start of a file.
    pub fn new() -> TarReader {
        TarReader::default()
    }

    /// How much has been read.
    pub fn position(&self) -> u64 {
        self.at
    }

    /// The next event, as far as `input` goes; none if more bytes are needed or, at the end of the
    /// file, if that was all.
    ///
    /// # Errors
    /// If it is damaged, cut off, or has members that pg_dump does not write.
    pub fn next(&mut self, input: &mut BytesMut, eof: bool) -> Result<Option<TarEvent>> {
        let event = match self.state {
            State::Between if input.len() < BLOCK => return self.more(input, eof),
            State::Between if input[..BLOCK].iter().all(|byte| *byte == 0) => {
                self.state = State::Over;
                return self.next(input, eof);
            }
            State::Between => {
                let header = Header::from_byte_slice(&input[..BLOCK]);
                let (name, size) = read(header, self.at)?;
                self.state = State::Within(size, padding(size));
                let (bytes, at) = self.split(input, BLOCK);
                TarEvent::Member {
                    bytes,
                    name,
                    size,
                    at,
                }
            }
            State::Within(0, fill) if input.len() < fill => return self.more(input, eof),
            State::Within(0, fill) => {
                self.state = State::Between;
                let (padding, _) = self.split(input, fill);
                TarEvent::End { padding }
            }
            State::Within(..) if input.is_empty() => return self.more(input, eof),
            State::Within(left, fill) => {
                let length = left.min(input.len() as u64);
                self.state = State::Within(left - length, fill);
                let (bytes, at) = self.split(input, length as usize);
                TarEvent::Data { bytes, at }
            }
            State::Over if input.is_empty() => return Ok(None),
            State::Over => {
                let (bytes, _) = self.split(input, input.len());
                TarEvent::Rest { bytes }
            }
        };
        Ok(Some(event))
    }

    fn split(&mut self, input: &mut BytesMut, length: usize) -> (Bytes, u64) {
        let at = self.at;
        self.at += length as u64;
        (input.split_to(length).freeze(), at)
    }

    fn more(&self, input: &BytesMut, eof: bool) -> Result<Option<TarEvent>> {
        match eof {
            true => Err(cut_off("a member", self.at + input.len() as u64)),
            false => Ok(None),
        }
    }
}

/// The name and the size of a member.
fn read(header: &Header, at: u64) -> Result<(Bytes, u64)> {
    let mut sum = header.clone();
    sum.set_cksum();
    if header.cksum().ok() != sum.cksum().ok() || !header.as_bytes()[257..].starts_with(b"ustar") {
        return Err(damaged("this is not the header of a tar member", at));
    }
    match header.entry_type() {
        EntryType::Regular => {}
        _ => return Err(damaged("the tar has a member that is no plain file", at)),
    }
    match header.entry_size() {
        Ok(size) => Ok((Bytes::copy_from_slice(&header.path_bytes()), size)),
        Err(_) => Err(damaged("the size of a tar member is not a number", at)),
    }
}

/// Does a tar file begin like this whose first member is `toc.dat`?
pub(super) fn begins(head: &[u8]) -> bool {
    head.len() >= BLOCK && head.starts_with(b"toc.dat\0") && head[257..].starts_with(b"ustar")
}

/// The header of a member, as pg_dump writes it. `time`: seconds since 1970.
///
/// # Errors
/// If the name is too long.
pub fn member(name: &str, size: u64, time: u64) -> Result<Bytes> {
    let mut header = Header::new_ustar();
    let named = header
        .set_path(name)
        .and_then(|()| header.set_username("postgres"))
        .and_then(|()| header.set_groupname("postgres"));
    if named.is_err() {
        return Err(damaged("the name of a member is too long for a tar", 0));
    }
    header.set_mode(0o600);
    header.set_uid(0o4000);
    header.set_gid(0o2000);
    header.set_mtime(time);
    header.set_size(size);
    header.set_cksum();
    Ok(Bytes::copy_from_slice(header.as_bytes()))
}

/// How many bytes fill the last block of data of this length.
pub fn padding(size: u64) -> usize {
    (BLOCK - (size % BLOCK as u64) as usize) % BLOCK
}

/// What pg_dump writes behind the last member.
pub fn trailer() -> Bytes {
    Bytes::from_static(&[0; 2 * BLOCK])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &str, size: u64) -> Vec<u8> {
        let mut header = Header::new_ustar();
        header.set_path(name).unwrap();
        header.set_mode(0o600);
        header.set_size(size);
        header.set_cksum();
        header.as_bytes().to_vec()
    }

    fn file(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut file = Vec::new();
        for (name, data) in members {
            file.extend(header(name, data.len() as u64));
            file.extend_from_slice(data);
            file.resize(file.len() + padding(data.len() as u64), 0);
        }
        file.extend(trailer());
        file
    }

    type Members = Vec<(String, Vec<u8>)>;

    /// The members, and all bytes.
    fn parts(file: &[u8], chunk: usize) -> Result<(Members, Vec<u8>)> {
        let (mut members, mut all) = (Members::new(), Vec::new());
        let (mut reader, mut input) = (TarReader::new(), BytesMut::new());
        let mut chunks = file.chunks(chunk);
        loop {
            let next = chunks.next();
            input.extend_from_slice(next.unwrap_or_default());
            while let Some(event) = reader.next(&mut input, next.is_none())? {
                all.extend_from_slice(match &event {
                    TarEvent::Member { bytes, .. } | TarEvent::Rest { bytes } => bytes,
                    TarEvent::Data { bytes, .. } => bytes,
                    TarEvent::End { padding } => padding,
                });
                match event {
                    TarEvent::Member { name, .. } => {
                        members.push((String::from_utf8_lossy(&name).into_owned(), Vec::new()));
                    }
                    TarEvent::Data { bytes, .. } => {
                        members.last_mut().unwrap().1.extend_from_slice(&bytes);
                    }
                    _ => {}
                }
            }
            if next.is_none() {
                return Ok((members, all));
            }
        }
    }

    #[test]
    fn members_are_found_whatever_the_pieces() {
        let long = [b'x'; 1025];
        let file = file(&[("toc.dat", b"PGDMP"), ("1.dat", b""), ("2.dat", &long)]);
        assert!(begins(&file));
        for chunk in [1, 511, 512, 700, file.len()] {
            let (members, all) = parts(&file, chunk).unwrap();
            assert!(all == file);
            let names: Vec<_> = members.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["toc.dat", "1.dat", "2.dat"]);
            assert_eq!(members[2].1, long);
        }
        for cut in [1, 512, 600, 1024, file.len() - 1024] {
            assert!(parts(&file[..cut], 300).is_err(), "{cut}");
        }
    }

    #[test]
    fn sizes_may_be_beyond_octal() {
        for size in [0, 1, 8 << 30, u64::from(u32::MAX) << 8, u64::MAX] {
            let header = member("1.dat", size, 0).unwrap();
            let mut input = BytesMut::from(&header[..]);
            match TarReader::new().next(&mut input, false).unwrap().unwrap() {
                TarEvent::Member { size: read, .. } => assert_eq!(read, size),
                other => panic!("{other:?}"),
            }
        }
        // As pg_dump spells it: with a space behind the digits.
        let mut spaced = header("1.dat", 7);
        spaced[124..136].copy_from_slice(b"00000000010 ");
        let spaced = {
            let mut header = Header::from_byte_slice(&spaced).clone();
            header.set_cksum();
            header.as_bytes().to_vec()
        };
        let mut input = BytesMut::from(&spaced[..]);
        let event = TarReader::new().next(&mut input, false).unwrap();
        assert!(matches!(event, Some(TarEvent::Member { size: 8, .. })));
    }

    #[test]
    fn what_pg_dump_does_not_write_is_refused() {
        let mut wrong = header("1.dat", 7);
        wrong[0] = b'2';
        assert!(parts(&wrong, 512).is_err());
        let mut link = Header::new_ustar();
        link.set_path("1.dat").unwrap();
        link.set_entry_type(EntryType::Symlink);
        link.set_size(0);
        link.set_cksum();
        let error = parts(link.as_bytes(), 512).unwrap_err();
        assert!(error.to_string().contains("no plain file"), "{error}");
    }
}
