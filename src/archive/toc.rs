//! The table of contents: one entry for each object, in the order of the restore.
//!
//! Entries are a row of numbers and texts whose layout depends on the version. Reading and writing go
//! through the same list of fields, so what is read is written back byte for byte. Reading takes a
//! field whenever it is there as a whole, so that no piece of the input is looked at twice.

use super::header::Header;
use super::number::{INT, int, put_int, put_text, take_text};
use super::{Data, cut_off, damaged};
use crate::error::{Position, Result};
use bytes::{Buf, Bytes, BytesMut};
use std::collections::HashSet;

/// How long a header with its table of contents may be. It is held in memory.
pub(super) const MOST: u64 = 1 << 30;

/// An offset that is not known: pg_restore then searches for the block.
pub(super) const NOT_SET: u8 = 1;
const SET: u8 = 2;
pub(super) const NO_DATA: u8 = 3;

/// The header and the entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toc {
    /// What stands before the entries.
    pub header: Header,
    /// The entries in the order of the restore.
    pub entries: Vec<Entry>,
}

/// An object. Texts are as they stand there, NULL is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// The number by which blocks, files and other entries mean this one.
    pub dump_id: i32,
    /// 1 if it has a block of data.
    pub had_dumper: i32,
    /// The OID of the catalog, in decimal.
    pub table_oid: Option<Bytes>,
    /// The object's OID, in decimal.
    pub oid: Option<Bytes>,
    /// The object's name, without quotes.
    pub tag: Option<Bytes>,
    /// What it is: `TABLE`, `TABLE DATA` …
    pub desc: Option<Bytes>,
    /// 1 none, 2 before the data, 3 data, 4 after them.
    pub section: i32,
    /// The SQL that makes it.
    pub defn: Option<Bytes>,
    /// The SQL that drops it.
    pub drop_stmt: Option<Bytes>,
    /// The COPY statement of its rows.
    pub copy_stmt: Option<Bytes>,
    /// Its schema, without quotes.
    pub namespace: Option<Bytes>,
    /// Its tablespace.
    pub tablespace: Option<Bytes>,
    /// Its access method (since 1.14).
    pub table_am: Option<Bytes>,
    /// Its kind in pg_class (since 1.16).
    pub relkind: i32,
    /// Whose it is.
    pub owner: Option<Bytes>,
    /// `true` of a table WITH OIDS.
    pub with_oids: Option<Bytes>,
    /// The numbers of the entries that it needs, in decimal.
    pub dependencies: Vec<Bytes>,
    /// Where its data are.
    pub extra: Extra,
}

/// Where an entry's data are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extra {
    /// In a custom archive: whether there are any and at which byte they begin.
    Offset {
        /// 1 somewhere, 2 at `offset`, 3 there are none.
        state: u8,
        /// The byte at which the block begins.
        offset: u64,
    },
    /// In a tar or directory: the file's name without the suffix of its compression; empty if none.
    File(Option<Bytes>),
}

impl Default for Extra {
    fn default() -> Self {
        Extra::File(None)
    }
}

/// The parts of an entry in their order; those that older versions lack are left out by [`layout`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    DumpId,
    HadDumper,
    TableOid,
    Oid,
    Tag,
    Desc,
    Section,
    Defn,
    DropStmt,
    CopyStmt,
    Namespace,
    Tablespace,
    TableAm,
    Relkind,
    Owner,
    WithOids,
    Dependencies,
    Extra,
}

fn layout(minor: u8) -> Vec<Field> {
    use Field::*;
    let all = [
        DumpId,
        HadDumper,
        TableOid,
        Oid,
        Tag,
        Desc,
        Section,
        Defn,
        DropStmt,
        CopyStmt,
        Namespace,
        Tablespace,
        TableAm,
        Relkind,
        Owner,
        WithOids,
        Dependencies,
        Extra,
    ];
    let known = |field: &Field| match field {
        TableAm => minor >= 14,
        Relkind => minor >= 16,
        _ => true,
    };
    all.into_iter().filter(known).collect()
}

impl Entry {
    /// An entry for rows of a table that stand apart from those of its own.
    pub fn table_data(dump_id: i32, table: &Entry, extra: Extra) -> Entry {
        let text = |text: &'static [u8]| Some(Bytes::from_static(text));
        Entry {
            dump_id,
            had_dumper: 1,
            table_oid: text(b"0"),
            oid: text(b"0"),
            tag: table.tag.clone(),
            desc: text(b"TABLE DATA"),
            section: 3,
            drop_stmt: text(b""),
            namespace: table.namespace.clone(),
            owner: table.owner.clone(),
            with_oids: text(b"false"),
            dependencies: vec![table.dump_id.to_string().into()],
            extra,
            ..Entry::default()
        }
    }

    /// What it is: `TABLE`, `TABLE DATA` …
    pub fn desc(&self) -> &[u8] {
        self.desc.as_deref().unwrap_or_default()
    }

    /// The kind of its data, if it has any.
    pub fn data(&self) -> Option<Data> {
        let some = match &self.extra {
            Extra::Offset { state, .. } => *state != NO_DATA,
            Extra::File(name) => name.as_ref().is_some_and(|name| !name.is_empty()),
        };
        some.then(|| match self.desc() {
            b"BLOBS" => Data::Objects,
            _ => Data::Rows,
        })
    }

    /// Says where its block begins, or that it has to be searched for. An entry without one stays as it is.
    pub fn set_offset(&mut self, at: Option<u64>) {
        if let Extra::Offset { state, offset } = &mut self.extra
            && *state != NO_DATA
        {
            *state = if at.is_some() { SET } else { NOT_SET };
            *offset = at.unwrap_or(0);
        }
    }

    /// What messages call it.
    pub fn name(&self) -> String {
        let text = |text: &Option<Bytes>| match text {
            Some(text) if !text.is_empty() => Some(String::from_utf8_lossy(text).into_owned()),
            _ => None,
        };
        match (text(&self.namespace), text(&self.tag)) {
            (Some(namespace), Some(tag)) => format!("{namespace}.{tag}"),
            (None, Some(tag)) => tag,
            _ => format!("entry {}", self.dump_id),
        }
    }

    fn int(&mut self, field: Field) -> Option<&mut i32> {
        match field {
            Field::DumpId => Some(&mut self.dump_id),
            Field::HadDumper => Some(&mut self.had_dumper),
            Field::Section => Some(&mut self.section),
            Field::Relkind => Some(&mut self.relkind),
            _ => None,
        }
    }

    fn text(&mut self, field: Field) -> Option<&mut Option<Bytes>> {
        Some(match field {
            Field::TableOid => &mut self.table_oid,
            Field::Oid => &mut self.oid,
            Field::Tag => &mut self.tag,
            Field::Desc => &mut self.desc,
            Field::Defn => &mut self.defn,
            Field::DropStmt => &mut self.drop_stmt,
            Field::CopyStmt => &mut self.copy_stmt,
            Field::Namespace => &mut self.namespace,
            Field::Tablespace => &mut self.tablespace,
            Field::TableAm => &mut self.table_am,
            Field::Owner => &mut self.owner,
            Field::WithOids => &mut self.with_oids,
            _ => return None,
        })
    }

    fn put(&self, layout: &[Field], offset_size: u8, out: &mut Vec<u8>) {
        let mut copy = self.clone();
        for field in layout {
            if let Some(value) = copy.int(*field) {
                put_int(*value, out);
            } else if let Some(text) = copy.text(*field) {
                put_text(text.as_deref(), out);
            } else if *field == Field::Dependencies {
                let texts = self.dependencies.iter().map(|text| Some(&text[..]));
                texts.chain([None]).for_each(|text| put_text(text, out));
            } else {
                match &self.extra {
                    Extra::Offset { state, offset } => {
                        out.push(*state);
                        out.extend_from_slice(&offset.to_le_bytes()[..offset_size.into()]);
                    }
                    Extra::File(name) => put_text(name.as_deref(), out),
                }
            }
        }
    }
}

impl Toc {
    /// The header and the TOC. They are of one length whatever the offsets are.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = Vec::new();
        self.header.put(&mut out);
        let layout = layout(self.header.minor);
        put_int(
            i32::try_from(self.entries.len()).unwrap_or(i32::MAX),
            &mut out,
        );
        for entry in &self.entries {
            entry.put(&layout, self.header.offset_size, &mut out);
        }
        out.into()
    }

    /// A number that no entry has.
    pub fn fresh_id(&self) -> i32 {
        let most = self.entries.iter().map(|entry| entry.dump_id).max();
        most.unwrap_or(0).saturating_add(1)
    }

    /// All blocks have to be searched for from now on. The stream of a directory has no offsets.
    pub fn forget_offsets(&mut self) {
        if self.header.is_of_files() {
            return;
        }
        self.entries
            .iter_mut()
            .for_each(|entry| entry.set_offset(None));
    }
}

/// Reads a header and a TOC, however they come.
#[derive(Debug)]
pub struct TocReader {
    at: u64,
    header: Option<Header>,
    layout: Vec<Field>,
    /// How many entries are to come, once it is known.
    count: Option<i32>,
    entries: Vec<Entry>,
    ids: HashSet<i32>,
    /// The entry that is being read, and how many of its fields have been.
    entry: Entry,
    field: usize,
}

impl Default for TocReader {
    fn default() -> Self {
        TocReader::new()
    }
}

impl TocReader {
    /// A reader at the start of an archive or of a `toc.dat`.
    pub fn new() -> TocReader {
        TocReader {
            at: 0,
            header: None,
            layout: Vec::new(),
            count: None,
            entries: Vec::new(),
            ids: HashSet::new(),
            entry: Entry::default(),
            field: 0,
        }
    }

    /// How many bytes have been read: where the blocks begin.
    pub fn position(&self) -> u64 {
        self.at
    }

    /// Takes from `input` what it can; gives the TOC when it is complete. What follows it stays there.
    ///
    /// # Errors
    /// If it is damaged, too long, of an unknown version, or ends too early.
    pub fn next(&mut self, input: &mut BytesMut, eof: bool) -> Result<Option<Toc>> {
        let before = input.len();
        let header = match self.header.take() {
            Some(header) => header,
            None => match Header::take(input, eof)? {
                Some(header) => {
                    self.at = (before - input.len()) as u64;
                    self.layout = layout(header.minor);
                    header
                }
                None => return Ok(None),
            },
        };
        let complete = self.entries(&header, input);
        match complete? {
            true => Ok(Some(Toc {
                header,
                entries: std::mem::take(&mut self.entries),
            })),
            false if eof => Err(cut_off(
                "its table of contents",
                self.at + input.len() as u64,
            )),
            false => {
                self.header = Some(header);
                Ok(None)
            }
        }
    }

    /// Reads entries as far as they are there. Have all been read?
    fn entries(&mut self, header: &Header, input: &mut BytesMut) -> Result<bool> {
        let count = match self.count {
            Some(count) => count,
            None => match self.take_int(input)? {
                Some(count) if count >= 0 => *self.count.insert(count),
                Some(_) => {
                    return Err(damaged(
                        "a negative number of entries",
                        self.at - INT as u64,
                    ));
                }
                None => return Ok(false),
            },
        };
        while self.entries.len() < count as usize {
            let Some(field) = self.layout.get(self.field).copied() else {
                let entry = std::mem::take(&mut self.entry);
                self.field = 0;
                if entry.dump_id <= 0 || !self.ids.insert(entry.dump_id) {
                    let what = "an entry's number is not its own";
                    return Err(damaged(what, self.at));
                }
                self.entries.push(entry);
                continue;
            };
            if !self.take(field, header, input)? {
                return Ok(false);
            }
            self.field += 1;
        }
        Ok(true)
    }

    /// Takes a field, if it is there as a whole.
    fn take(&mut self, field: Field, header: &Header, input: &mut BytesMut) -> Result<bool> {
        if self.entry.int(field).is_some() {
            let value = self.take_int(input)?;
            if let (Some(place), Some(value)) = (self.entry.int(field), value) {
                *place = value;
            }
            return Ok(value.is_some());
        }
        if self.entry.text(field).is_some() {
            let text = self.take_text(input)?;
            return Ok(match (self.entry.text(field), text) {
                (Some(place), Some(text)) => {
                    *place = text;
                    true
                }
                _ => false,
            });
        }
        if field == Field::Dependencies {
            loop {
                match self.take_text(input)? {
                    Some(Some(text)) => self.entry.dependencies.push(text),
                    Some(None) => return Ok(true),
                    None => return Ok(false),
                }
            }
        }
        if !header.has_offsets() {
            let text = self.take_text(input)?;
            return Ok(text
                .map(|name| self.entry.extra = Extra::File(name))
                .is_some());
        }
        let size = usize::from(header.offset_size);
        if input.len() <= size {
            return Ok(false);
        }
        let mut offset = [0; 8];
        offset[..size].copy_from_slice(&input[1..=size]);
        let state = input[0];
        if !(NOT_SET..=NO_DATA).contains(&state) {
            return Err(damaged("an entry's offset is of an unknown kind", self.at));
        }
        input.advance(1 + size);
        self.at += 1 + size as u64;
        self.entry.extra = Extra::Offset {
            state,
            offset: u64::from_le_bytes(offset),
        };
        Ok(true)
    }

    fn take_int(&mut self, input: &mut BytesMut) -> Result<Option<i32>> {
        let value = int(input, self.at)?;
        if value.is_some() {
            input.advance(INT);
            self.at += INT as u64;
        }
        Ok(value)
    }

    fn take_text(&mut self, input: &mut BytesMut) -> Result<Option<Option<Bytes>>> {
        let before = input.len();
        let text = take_text(input, self.at, MOST.saturating_sub(self.at))?;
        self.at += (before - input.len()) as u64;
        if self.at > MOST {
            return Err(crate::error::Error::input(format!(
                "the table of contents is longer than {} MiB",
                MOST >> 20
            ))
            .at(Position::binary(self.at))
            .remedy("write pg_restore -f - DUMP | scrub, which needs no table of contents"));
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests;
