//! Archives (`pg_dump -Fc`): the frames of the script that pg_restore would make of one.
//!
//! First come the statements of the whole table of contents (`texts`), so that every table, key
//! and trigger is known before the first row; then the data, entry by entry (`reading`). The plain
//! framer reads all of it; what is done here is to give it the text, to say where its frames stand in
//! the archive, and to unpack the data that somebody wants to see. A dump that is no archive goes to
//! the plain framer untouched.
//!
//! The bytes of the frames are not those of the input: what describes the container has no frame, and
//! what follows the last block (a second table of contents, of pg_dump 16 to 18) is dropped.

mod reading;
mod texts;

use super::framer::PlainFramer;
use crate::archive::{self, Blocks, Event, Flavour, Toc, TocReader};
use crate::dialect::{Frame, Framer, OutputState, Part, RowFault, RowMode, SessionState, Without};
use crate::error::{Error, Result};
use crate::schema::{Catalog, Relation};
use bytes::BytesMut;
use reading::Reading;
use std::sync::Arc;
use texts::Texts;

const MAGIC: &[u8] = b"PGDMP";

/// Frames a script or an archive, whichever it is.
#[derive(Default)]
pub struct PostgresFramer {
    plain: PlainFramer,
    archive: Option<Archive>,
    begun: bool,
}

/// An archive as far as it has been read.
enum Archive {
    /// Its table of contents.
    Contents(Box<TocReader>),
    /// The statements of the entries, and how long the table of contents is.
    Texts(Box<Texts>, u64),
    /// The data.
    Data(Arc<Toc>, Blocks, Option<Box<Reading>>),
    /// All of it.
    Over,
}

impl Archive {
    fn next(
        &mut self,
        plain: &mut PlainFramer,
        input: &mut BytesMut,
        eof: bool,
    ) -> Result<Option<Frame>> {
        loop {
            match self {
                Archive::Contents(reader) => {
                    let Some(toc) = reader.next(input, eof)? else {
                        return Ok(None);
                    };
                    toc.header.expect(Flavour::Custom)?;
                    let end = toc.to_bytes().len() as u64;
                    *self = Archive::Texts(Box::new(Texts::new(toc)), end);
                }
                Archive::Texts(texts, end) => {
                    if let Some(frame) = texts.next(plain)? {
                        return Ok(Some(frame));
                    }
                    let toc = texts.toc();
                    let blocks = Blocks::new(&toc, *end);
                    let data = texts::data(&toc, plain)?;
                    *self = Archive::Data(Arc::clone(&toc), blocks, None);
                    return Ok(Some(Frame::Part(Part::Contents(toc, data))));
                }
                Archive::Data(toc, blocks, reading) => {
                    if let Some(now) = reading {
                        let frame = now.next(plain).map_err(|error| error.relation(now.name()));
                        if let Some(frame) = frame? {
                            return Ok(Some(frame));
                        }
                        if now.is_over() {
                            *reading = None;
                            continue;
                        }
                    }
                    let Some(event) = blocks.next(input, eof)? else {
                        if eof {
                            *self = Archive::Over;
                        }
                        return Ok(None);
                    };
                    match (event, reading) {
                        (
                            Event::Begin {
                                entry,
                                data,
                                unpacked,
                                ..
                            },
                            reading,
                        ) => {
                            let begun = Reading::new(toc, entry, (data, unpacked), plain)?;
                            *reading = Some(Box::new(begun));
                        }
                        (Event::Data { bytes, .. }, Some(reading)) => reading.take(bytes)?,
                        (Event::End { bytes, .. }, Some(reading)) => reading.end(&bytes)?,
                        (Event::Data { .. } | Event::End { .. } | Event::Rest { .. }, _) => {}
                    }
                }
                Archive::Over => {
                    input.clear();
                    return Ok(None);
                }
            }
        }
    }

    fn reading(&mut self) -> Option<&mut Reading> {
        match self {
            Archive::Data(_, _, reading) => reading.as_deref_mut(),
            _ => None,
        }
    }
}

impl Framer for PostgresFramer {
    fn next(&mut self, input: &mut BytesMut, eof: bool) -> Result<Option<Frame>> {
        if !self.begun {
            if MAGIC.starts_with(input) && input.len() < MAGIC.len() && !eof {
                return Ok(None);
            }
            self.begun = true;
            let custom = archive::recognise(input) == Some(Flavour::Custom);
            self.archive = custom.then(|| Archive::Contents(Box::default()));
        }
        match &mut self.archive {
            None => self.plain.next(input, eof),
            Some(archive) => archive.next(&mut self.plain, input, eof),
        }
    }

    fn rows(&mut self, mode: RowMode) {
        self.plain.rows(mode);
        if let Some(reading) = self.archive.as_mut().and_then(Archive::reading) {
            reading.rows(mode);
        }
    }

    fn contained(&mut self, checked: bool) -> bool {
        let reading = self.archive.as_mut().and_then(Archive::reading);
        reading.is_some_and(|reading| reading.contained(checked))
    }

    fn finish(&self) -> Result<()> {
        match &self.archive {
            None => self.plain.finish(),
            Some(Archive::Over) => Ok(()),
            Some(_) => Err(
                Error::input("the input is truncated: the archive has no end").remedy(
                    "make the dump again, with `set -o pipefail` if it comes through a pipe",
                ),
            ),
        }
    }

    fn rows_end(&self, end: &[u8]) -> Option<usize> {
        match self.archive {
            None => self.plain.rows_end(end),
            Some(_) => None,
        }
    }

    fn seed(&mut self, catalog: Catalog) {
        self.plain.seed(catalog);
    }

    fn catalog(&self) -> &Catalog {
        self.plain.catalog()
    }

    fn session(&self) -> SessionState {
        self.plain.session()
    }

    /// Data in an archive depends on no session but that of the whole.
    fn switch(&self, from: &SessionState, to: &SessionState, out: &mut Vec<u8>) -> Result<()> {
        match self.archive {
            None => self.plain.switch(from, to, out),
            Some(_) => Ok(()),
        }
    }

    fn without_users(&self, gone: &dyn Fn(&str) -> bool) -> Without {
        self.plain.without_users(gone)
    }

    fn schema_first(&self) -> bool {
        match self.archive {
            None => self.plain.schema_first(),
            Some(_) => self.catalog().relations.values().any(|r| !r.headed),
        }
    }

    /// In an archive a COPY's head cannot stand among data, so all rows are INSERTs.
    fn write_rows(
        &self,
        relation: &Relation,
        columns: &[usize],
        rows: &[Vec<Option<Vec<u8>>>],
        as_insert: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), RowFault> {
        let as_insert = as_insert || self.archive.is_some();
        self.plain
            .write_rows(relation, columns, rows, as_insert, out)
    }

    /// An archive that stops is none: its last block has no end.
    fn unloadable(&self, state: &OutputState, message: &str) -> Vec<u8> {
        match self.archive {
            None => self.plain.unloadable(state, message),
            Some(_) => Vec::new(),
        }
    }
}
