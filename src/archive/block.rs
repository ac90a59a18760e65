//! The blocks of a custom archive: what follows its TOC.
//!
//! ```text
//! 1  id   { length bytes }* 0                     rows
//! 3  id   { oid { length bytes }* 0 }* 0          large objects
//! ```
//!
//! Where chunks are cut means nothing. [`Blocks`] gives a block's bytes as they come, to be copied or
//! kept; [`Walk`] goes through such bytes and finds the payload. Neither waits for a whole chunk, of
//! which PostgreSQL makes one for each row or of 4 KiB, and may make one of 2 GiB.

use super::number::{INT, int, put_int};
use super::toc::Toc;
use super::{cut_off, damaged};
use crate::error::Result;
use bytes::{Bytes, BytesMut};

/// The kind of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Data {
    /// Rows of a table.
    Rows,
    /// Large objects, each with its number.
    Objects,
}

impl Data {
    fn byte(self) -> u8 {
        match self {
            Data::Rows => 1,
            Data::Objects => 3,
        }
    }
}

/// The bytes of a block's head.
const HEAD: usize = 1 + INT;

/// What a directory's stream adds to the kind of a block that has been unpacked on the way.
const UNPACKED: u8 = 0x80;

/// A piece of what follows the TOC. The bytes of all of them are what was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A block begins.
    Begin {
        /// Its head.
        bytes: Bytes,
        /// The index of its entry.
        entry: usize,
        /// What it holds.
        data: Data,
        /// Has its payload been unpacked on the way? Only in the stream of a directory.
        unpacked: bool,
        /// Where it begins.
        at: u64,
    },
    /// A part of the block, cut anywhere but within a number.
    Data {
        /// Chunks and parts of chunks, with the numbers between them.
        bytes: Bytes,
        /// Where it begins.
        at: u64,
    },
    /// The number that ends the block.
    End {
        /// Its bytes.
        bytes: Bytes,
        /// Where it begins.
        at: u64,
    },
    /// Something behind the last block that no pg_restore reads: the TOC that pg_dump 16 to 18 append
    /// when their output is redirected to a file.
    Rest {
        /// Its bytes.
        bytes: Bytes,
        /// Where it begins.
        at: u64,
    },
}

/// Cuts what follows the TOC into events.
#[derive(Debug)]
pub struct Blocks {
    /// The entries with a block, in the order of the blocks: index, number, kind, name.
    expected: std::vec::IntoIter<(usize, i32, Data, String)>,
    at: u64,
    state: State,
    name: String,
    /// Are they the files of a directory?
    files: bool,
}

#[derive(Debug)]
enum State {
    Between,
    Within(Walk),
    /// The next bytes are the number that ends the block.
    Ending,
    Over,
}

impl Blocks {
    /// The blocks of a TOC, of which the first begins at the byte `at`.
    pub fn new(toc: &Toc, at: u64) -> Blocks {
        let entries = toc.entries.iter().enumerate();
        let expected: Vec<_> = entries
            .filter_map(|(index, entry)| Some((index, entry.dump_id, entry.data()?, entry.name())))
            .collect();
        Blocks {
            expected: expected.into_iter(),
            at,
            state: State::Between,
            name: String::new(),
            files: toc.header.is_of_files(),
        }
    }

    /// The next event, as far as `input` goes; none if more bytes are needed or, at the end of the
    /// file, if that was all.
    ///
    /// # Errors
    /// If blocks are missing, unknown or damaged.
    pub fn next(&mut self, input: &mut BytesMut, eof: bool) -> Result<Option<Event>> {
        let event = match &mut self.state {
            State::Between => match self.expected.as_slice().first() {
                None => {
                    self.state = State::Over;
                    return self.next(input, eof);
                }
                Some((entry, id, data, name)) => {
                    let head = input.first_chunk::<HEAD>();
                    let Some(head) = head else {
                        return self.more(input, eof);
                    };
                    let found = int(&head[1..], self.at + 1)?;
                    let unpacked = self.files && head[0] == Data::Rows.byte() | UNPACKED;
                    let kind = if unpacked {
                        head[0] ^ UNPACKED
                    } else {
                        head[0]
                    };
                    if kind != data.byte() || found != Some(*id) {
                        let what = "the block that follows is not the one of the table of contents";
                        return Err(damaged(what, self.at).relation(name));
                    }
                    let (entry, data) = (*entry, *data);
                    self.name.clone_from(name);
                    self.expected.next();
                    self.state = State::Within(Walk::at(data, self.at + HEAD as u64));
                    let (bytes, at) = self.split(input, HEAD);
                    Event::Begin {
                        bytes,
                        entry,
                        data,
                        unpacked,
                        at,
                    }
                }
            },
            State::Within(walk) => {
                let mut rest = &input[..];
                let ended = loop {
                    match walk.next(&mut rest) {
                        Ok(Some(Piece::End)) => break true,
                        Ok(Some(_)) => {}
                        Ok(None) => break false,
                        Err(error) => return Err(error.relation(&self.name)),
                    }
                };
                let used = input.len() - rest.len();
                if ended {
                    self.state = State::Ending;
                }
                let length = used - if ended { INT } else { 0 };
                if length == 0 {
                    return match ended {
                        true => self.next(input, eof),
                        false => self.more(input, eof),
                    };
                }
                let (bytes, at) = self.split(input, length);
                Event::Data { bytes, at }
            }
            State::Ending => {
                self.state = State::Between;
                let (bytes, at) = self.split(input, INT);
                Event::End { bytes, at }
            }
            State::Over if input.is_empty() => return Ok(None),
            State::Over => {
                let (bytes, at) = self.split(input, input.len());
                Event::Rest { bytes, at }
            }
        };
        Ok(Some(event))
    }

    /// Have all blocks ended?
    pub fn is_over(&self) -> bool {
        match self.state {
            State::Between => self.expected.as_slice().is_empty(),
            State::Over => true,
            _ => false,
        }
    }

    fn split(&mut self, input: &mut BytesMut, length: usize) -> (Bytes, u64) {
        let at = self.at;
        self.at += length as u64;
        (input.split_to(length).freeze(), at)
    }

    fn more(&self, input: &BytesMut, eof: bool) -> Result<Option<Event>> {
        if !eof {
            return Ok(None);
        }
        let within = match (&self.state, self.expected.as_slice().first()) {
            (State::Between, Some((.., name))) => return Err(self.short(input).relation(name)),
            _ => &self.name,
        };
        Err(self.short(input).relation(within))
    }

    fn short(&self, input: &BytesMut) -> crate::error::Error {
        cut_off("its data", self.at + input.len() as u64)
    }
}

/// A step of the way through a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A large object of this number begins.
    Object(u32),
    /// Bytes of the rows or of the large object, compressed as the header says.
    Payload(&'a [u8]),
    /// The large object ends.
    ObjectEnd,
    /// The block ends.
    End,
}

/// The way through a block's bytes, from behind its head.
#[derive(Debug, Clone)]
pub struct Walk {
    data: Data,
    at: u64,
    /// Is it within rows or a large object, and not between two?
    within: bool,
    /// What is left of the chunk.
    left: usize,
    over: bool,
}

impl Walk {
    /// The way through a block of this kind.
    pub fn new(data: Data) -> Walk {
        Walk::at(data, 0)
    }

    /// The same, of a block whose bytes begin at `at`.
    pub fn at(data: Data, at: u64) -> Walk {
        Walk {
            data,
            at,
            within: data == Data::Rows,
            left: 0,
            over: false,
        }
    }

    /// The next piece of `input`, from which it is taken. None if the input is used up but for a part
    /// of a number, and behind the block's end.
    ///
    /// # Errors
    /// If a number makes no sense.
    pub fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Piece<'a>>> {
        loop {
            if self.over {
                return Ok(None);
            }
            if self.left > 0 {
                let length = self.left.min(input.len());
                if length == 0 {
                    return Ok(None);
                }
                let (payload, rest) = input.split_at(length);
                *input = rest;
                self.left -= length;
                self.at += length as u64;
                return Ok(Some(Piece::Payload(payload)));
            }
            let Some(number) = int(input, self.at)? else {
                return Ok(None);
            };
            let at = self.at;
            *input = &input[INT..];
            self.at += INT as u64;
            match (self.within, number) {
                (true, 0) => {
                    self.within = false;
                    self.over = self.data == Data::Rows;
                    return Ok(Some(match self.over {
                        true => Piece::End,
                        false => Piece::ObjectEnd,
                    }));
                }
                (true, 1..) => self.left = number as usize,
                (true, _) => return Err(damaged("a chunk of a negative length", at)),
                (false, 0) => {
                    self.over = true;
                    return Ok(Some(Piece::End));
                }
                // An OID above 2^31 is written as a negative number.
                (false, oid) => {
                    self.within = true;
                    return Ok(Some(Piece::Object(oid as u32)));
                }
            }
        }
    }
}

/// Writes the head of a block.
pub fn begin(data: Data, dump_id: i32, out: &mut Vec<u8>) {
    out.push(data.byte());
    put_int(dump_id, out);
}

/// Writes the head of a block of rows that have been unpacked on the way.
pub fn begin_unpacked(dump_id: i32, out: &mut Vec<u8>) {
    out.push(Data::Rows.byte() | UNPACKED);
    put_int(dump_id, out);
}

/// Writes the number of a large object, which begins.
pub fn object(oid: u32, out: &mut Vec<u8>) {
    put_int(oid as i32, out);
}

/// The largest chunk that is written: pg_restore takes it into memory as a whole.
const LARGEST: usize = 1 << 20;

/// What stands before the payload of a chunk, which has at most a megabyte.
pub fn chunk_head(payload: &[u8]) -> Vec<u8> {
    let mut head = Vec::with_capacity(INT);
    put_int(payload.len() as i32, &mut head);
    head
}

/// Writes payload as chunks; nothing if there is none.
pub fn chunk(payload: &[u8], out: &mut Vec<u8>) {
    for part in payload.chunks(LARGEST) {
        put_int(part.len() as i32, out);
        out.extend_from_slice(part);
    }
}

/// Writes the end of a block, and that of a large object.
pub fn end(out: &mut Vec<u8>) {
    put_int(0, out);
}

#[cfg(test)]
mod tests;
