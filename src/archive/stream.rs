//! Tars and directories as one stream, and back.
//!
//! They hold what a custom archive holds, in files of their own. So they are read as a custom archive
//! whose blocks come in the order of the TOC, and written from one; what is between knows one container
//! only. A stream made of a directory has a format of its own (5), because its blocks are the files'
//! bytes: there gzip has its own header, and a file that nobody touches is what it was. Each file may be
//! compressed in its own way, which stands where other archives have an offset; and rows that somebody is
//! going to look at may have been unpacked on the way, which the head of their block says.

use super::block::{self, Data};
use super::directory::{file, object_of, objects};
use super::tar::{TarEvent, TarReader};
use super::toc::{Entry, Extra, MOST, NO_DATA, NOT_SET, Toc, TocReader};
use super::{Codec, Flavour, damaged};
use crate::error::{Error, Position, Result};
use crate::source::Compression;
use bytes::{Bytes, BytesMut};

/// The format of custom archives, of tars and directories, and of directories as a stream.
const CUSTOM: u8 = 1;
const FILES: u8 = 3;
pub(super) const DIRECTORY: u8 = 5;

/// What stands for a compression in the place of an offset.
const CODES: [Compression; 4] = [
    Compression::None,
    Compression::Gzip,
    Compression::Lz4,
    Compression::Zstd,
];

impl Entry {
    /// Says what the files of its data are compressed with.
    pub fn set_compression(&mut self, compression: Compression) {
        let code = CODES.iter().position(|of| *of == compression);
        self.extra = Extra::Offset {
            state: NOT_SET,
            offset: code.unwrap_or_default() as u64,
        };
    }
}

impl Toc {
    /// What an entry's data is compressed with.
    pub fn compression(&self, entry: &Entry) -> Compression {
        let own = match &entry.extra {
            Extra::Offset { offset, .. } if self.header.is_of_files() => {
                CODES.get(usize::try_from(*offset).unwrap_or(usize::MAX))
            }
            _ => None,
        };
        own.copied().unwrap_or(self.header.method().compression)
    }

    /// How an entry's data is compressed.
    pub fn codec(&self, entry: &Entry) -> Codec {
        self.header.codec(self.compression(entry))
    }

    /// As the TOC of a stream. The files of a directory are compressed as the header says, until
    /// [`Entry::set_compression`] says something else.
    pub fn into_stream(mut self, flavour: Flavour) -> Toc {
        self.header.format = match flavour {
            Flavour::Directory => DIRECTORY,
            _ => CUSTOM,
        };
        let compression = self.header.method().compression;
        for entry in &mut self.entries {
            match entry.data() {
                Some(_) if flavour == Flavour::Directory => entry.set_compression(compression),
                Some(_) => {
                    entry.extra = Extra::Offset {
                        state: NOT_SET,
                        offset: 0,
                    }
                }
                None => {
                    entry.extra = Extra::Offset {
                        state: NO_DATA,
                        offset: 0,
                    }
                }
            }
        }
        self
    }

    /// As the TOC of a tar or a directory, with the names that pg_dump gives.
    ///
    /// # Errors
    /// If its data is compressed and it is to be a tar.
    pub fn into_files(mut self, flavour: Flavour) -> Result<Toc> {
        let tar = flavour == Flavour::Tar;
        if tar && self.header.method().compression != Compression::None {
            return Err(Error::usage("what is in a tar archive is not compressed")
                .remedy("leave -Z out, or compress the whole: scrub … | gzip"));
        }
        self.header.format = FILES;
        let lists = self.header.minor >= 16;
        for entry in &mut self.entries {
            let name = match entry.data() {
                None => String::new(),
                Some(Data::Objects) if !tar => list_name(entry.dump_id, lists),
                Some(_) => file_name(entry.dump_id),
            };
            entry.extra = Extra::File(Some(name.into()));
        }
        Ok(self)
    }

    /// The name of the list of large objects of an entry.
    pub fn list_of(&self, dump_id: i32) -> String {
        list_name(dump_id, self.header.minor >= 16)
    }
}

/// The name of the file with the rows of an entry.
pub fn file_name(dump_id: i32) -> String {
    format!("{dump_id}.dat")
}

/// The name of the file with a large object.
pub fn object_name(oid: u32) -> String {
    format!("blob_{oid}.dat")
}

fn list_name(dump_id: i32, own: bool) -> String {
    match own {
        true => format!("blobs_{dump_id}.toc"),
        false => "blobs.toc".to_owned(),
    }
}

/// Turns a tar file into a stream, however it comes.
#[derive(Debug, Default)]
pub struct Weaver {
    tar: TarReader,
    toc: Option<TocReader>,
    /// The entries with data that are to come: number, kind, name of the member.
    expected: std::collections::VecDeque<(i32, Data, String)>,
    member: Member,
    /// The large objects of the block that is open.
    open: Option<Vec<u32>>,
    /// The list of large objects that is being read, and other data that is read as a whole.
    whole: BytesMut,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Member {
    #[default]
    Contents,
    Rows,
    Object,
    List,
    /// `restore.sql`, which has the text of the TOC in it and which no pg_restore reads.
    Script,
}

/// The longest list of large objects.
pub const LONGEST: u64 = 256 << 20;

impl Weaver {
    /// Takes what it can from `input` and appends what it makes of it to `out`. False if more bytes are
    /// needed or, at the end of the file, if that was all.
    ///
    /// # Errors
    /// If it is no tar archive of pg_dump, or damaged.
    pub fn next(&mut self, input: &mut BytesMut, eof: bool, out: &mut Vec<u8>) -> Result<bool> {
        let Some(event) = self.tar.next(input, eof)? else {
            if eof && !(self.expected.is_empty() && self.toc.is_some()) {
                return Err(self.missing());
            }
            return Ok(false);
        };
        match event {
            TarEvent::Member { name, size, at, .. } => self.begin(&name, size, at, out)?,
            TarEvent::Data { bytes, .. } => match self.member {
                Member::Contents | Member::List => self.whole.extend_from_slice(&bytes),
                Member::Rows | Member::Object => block::chunk(&bytes, out),
                Member::Script => {}
            },
            TarEvent::End { .. } => self.end(out)?,
            TarEvent::Rest { .. } => {}
        }
        Ok(true)
    }

    fn begin(&mut self, name: &Bytes, size: u64, at: u64, out: &mut Vec<u8>) -> Result<()> {
        self.member = match (&self.toc, self.expected.front()) {
            (None, _) if &name[..] == b"toc.dat" && size <= MOST => Member::Contents,
            (Some(_), Some((id, Data::Rows, file))) if *name == *file => {
                block::begin(Data::Rows, *id, out);
                Member::Rows
            }
            (Some(_), Some((id, Data::Objects, _))) => {
                let list = [list_name(*id, true), list_name(*id, false)];
                let member = match object_of(name) {
                    Some(_) => Member::Object,
                    None if list.iter().any(|list| *name == *list) && size <= LONGEST => {
                        Member::List
                    }
                    None => return Err(self.unexpected(name, at)),
                };
                if self.open.is_none() {
                    block::begin(Data::Objects, *id, out);
                }
                let objects = self.open.get_or_insert_default();
                if let Some(oid) = object_of(name) {
                    objects.push(oid);
                    block::object(oid, out);
                }
                member
            }
            (Some(_), None) if &name[..] == b"restore.sql" => Member::Script,
            _ => return Err(self.unexpected(name, at)),
        };
        Ok(())
    }

    /// The tar ends before its time.
    fn missing(&self) -> Error {
        let next = match self.expected.front() {
            None => "toc.dat",
            Some((_, Data::Rows, file)) => file,
            Some((_, Data::Objects, _)) => "the list of large objects",
        };
        damaged(
            format!("the tar ends without its member {next}"),
            self.tar.position(),
        )
    }

    /// A member that is not the one that the table of contents has next.
    fn unexpected(&self, name: &[u8], at: u64) -> Error {
        let next = match (&self.toc, self.expected.front()) {
            (None, _) => "toc.dat",
            (_, Some((_, Data::Rows, file))) => file,
            (_, Some((_, Data::Objects, _))) => "a large object or the list of them",
            (_, None) => "restore.sql or the end",
        };
        let name = String::from_utf8_lossy(name).escape_debug().to_string();
        let what = format!("the tar has the member \"{name}\" where {next} is expected");
        Error::input(what)
            .at(Position::binary(at))
            .remedy("only a tar as pg_dump -Ft wrote it is read; unpack one that tar has packed, and name the directory")
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<()> {
        match self.member {
            Member::Contents => self.contents(out)?,
            Member::Rows => {
                block::end(out);
                self.expected.pop_front();
            }
            Member::Object => block::end(out),
            Member::List => {
                let list = objects(&self.whole.split())?;
                let listed = list.iter().map(|(oid, _)| *oid);
                if !listed.eq(self.open.take().unwrap_or_default()) {
                    return Err(damaged(
                        "the list of large objects names others than the tar has",
                        self.tar.position(),
                    ));
                }
                block::end(out);
                self.expected.pop_front();
            }
            Member::Script => {}
        }
        Ok(())
    }

    fn contents(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let mut reader = TocReader::new();
        let toc = reader.next(&mut self.whole, true)?;
        let Some(toc) = toc.filter(|_| self.whole.is_empty()) else {
            return Err(damaged("toc.dat is not one table of contents", 0));
        };
        toc.header.expect(Flavour::Tar)?;
        for entry in &toc.entries {
            if let (Some(data), Some(name)) = (entry.data(), file(entry)?) {
                self.expected
                    .push_back((entry.dump_id, data, name.to_owned()));
            }
        }
        self.toc = Some(reader);
        out.extend_from_slice(&toc.into_stream(Flavour::Tar).to_bytes());
        Ok(())
    }
}
