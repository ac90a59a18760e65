//! The statements of a table of contents.

use crate::archive::{Data, Entry, Toc};
use crate::dialect::postgres::framer::PlainFramer;
use crate::dialect::postgres::tokens::tokens;
use crate::dialect::{Effect, Frame, Framer, Part, table_of};
use crate::error::{Error, Result};
use crate::schema::{Relation, RelationName};
use bytes::BytesMut;
use std::collections::VecDeque;
use std::sync::Arc;

/// The statements of the entries, one after another.
pub(super) struct Texts {
    toc: Arc<Toc>,
    /// The entries that come.
    rest: VecDeque<usize>,
    /// What is left of the entry that came last.
    text: BytesMut,
    /// It is no statement.
    numbers: bool,
    /// An archive of the times before search paths: every entry's names are those of its schema.
    by_schema: bool,
}

impl Texts {
    pub(super) fn new(toc: Toc) -> Self {
        let is = |entry: &usize, desc: &[u8]| toc.entries[*entry].desc() == desc;
        let mut rest: Vec<usize> = (0..toc.entries.len()).collect();
        rest.retain(|entry| toc.entries[*entry].data().is_none());
        // They say how everything else is to be read.
        rest.sort_by_key(|entry| !(is(entry, b"ENCODING") || is(entry, b"STDSTRINGS")));
        Texts {
            rest: rest.into(),
            text: BytesMut::new(),
            numbers: false,
            by_schema: by_schema(&toc),
            toc: Arc::new(toc),
        }
    }

    pub(super) fn toc(&self) -> Arc<Toc> {
        Arc::clone(&self.toc)
    }

    /// The next frame; none at the end.
    pub(super) fn next(&mut self, plain: &mut PlainFramer) -> Result<Option<Frame>> {
        loop {
            if let Some(frame) = self.frame(plain)? {
                return Ok(Some(frame));
            }
            let Some(number) = self.rest.pop_front() else {
                return Ok(None);
            };
            let entry = &self.toc.entries[number];
            let Some(text) = entry.defn.as_deref().filter(|text| !text.is_empty()) else {
                continue;
            };
            if self.by_schema {
                enter(entry, plain)?;
            }
            self.text.extend_from_slice(text);
            self.numbers = entry.desc() == b"BLOB METADATA";
            return Ok(Some(Frame::Part(Part::Text(number, entry.dump_id))));
        }
    }

    /// The next frame of the entry's text.
    fn frame(&mut self, plain: &mut PlainFramer) -> Result<Option<Frame>> {
        let next = match self.numbers {
            true => None,
            false => plain.next(&mut self.text, false)?,
        };
        let effect = match next {
            Some(Frame::Statement { bytes, at, effect }) => {
                let effect = match effect {
                    // All rows precede it, wherever it stands.
                    Effect::Trigger(_) | Effect::Envelope(..) => Effect::AfterData,
                    Effect::Connect(_) => return Err(foreign()),
                    effect => effect,
                };
                return Ok(Some(Frame::Statement { bytes, at, effect }));
            }
            Some(frame @ Frame::Other { .. }) => return Ok(Some(frame)),
            Some(_) => return Err(foreign()),
            None if self.text.is_empty() => return Ok(None),
            None if self.numbers => Effect::OtherData,
            None => Effect::Unfollowed("a statement without an end"),
        };
        plain.resume();
        self.numbers = false;
        let bytes = self.text.split().freeze();
        // What no semicolon ends is a comment, or a statement that the server takes all the same.
        let comment =
            effect != Effect::OtherData && tokens(&bytes, plain.lexing()).next().is_none();
        Ok(Some(match comment {
            true => Frame::Other { bytes },
            false => Frame::Statement {
                bytes,
                at: plain.at(),
                effect,
            },
        }))
    }
}

/// The entries with data, and the tables whose rows they hold. Of a table that nothing defines at
/// least the columns are known that a COPY names.
pub(super) fn data(
    toc: &Toc,
    plain: &mut PlainFramer,
) -> Result<Vec<(usize, Option<RelationName>)>> {
    let mut all = Vec::new();
    for (number, entry) in toc.entries.iter().enumerate() {
        let text = entry.defn.as_deref().filter(|_| entry.data().is_some());
        if tokens(text.unwrap_or_default(), plain.lexing())
            .next()
            .is_some()
        {
            return Err(foreign().relation(entry.name()));
        }
        let relation = match entry.data() {
            Some(Data::Rows) => Some(table(toc, entry, plain)?),
            Some(Data::Objects) => None,
            None => continue,
        };
        all.push((number, relation));
    }
    Ok(all)
}

fn table(toc: &Toc, entry: &Entry, plain: &mut PlainFramer) -> Result<RelationName> {
    let leaf = table_of(entry);
    if let Some(known) = plain.catalog().relation(&leaf) {
        return Ok(known.name.clone());
    }
    let Some(copy) = &entry.copy_stmt else {
        return Ok(leaf);
    };
    enter_old(toc, entry, plain)?;
    let mut text = BytesMut::from(&copy[..]);
    let mut relation = leaf;
    while let Some(frame) = plain.next(&mut text, true)? {
        if let Frame::Head { block, .. } = frame {
            relation = block.relation.clone();
            if let Some(columns) = &block.columns {
                plain.head_of(Relation::headed(relation.clone(), columns));
            }
            break;
        }
    }
    plain.resume();
    Ok(relation)
}

/// Makes an entry's schema the one that its names are in, if the archive is of the times before
/// search paths.
pub(super) fn enter_old(toc: &Toc, entry: &Entry, plain: &mut PlainFramer) -> Result<()> {
    match by_schema(toc) {
        true => enter(entry, plain),
        false => Ok(()),
    }
}

fn by_schema(toc: &Toc) -> bool {
    !toc.entries
        .iter()
        .any(|entry| entry.desc() == b"SEARCHPATH")
}

/// Makes an entry's schema the one that its names are in, as pg_restore does.
fn enter(entry: &Entry, plain: &mut PlainFramer) -> Result<()> {
    let Some(schema) = entry.namespace.as_deref().filter(|name| !name.is_empty()) else {
        return Ok(());
    };
    let mut text = BytesMut::from(&b"SET search_path = \""[..]);
    for byte in schema {
        text.extend_from_slice(if *byte == b'"' { b"\"" } else { b"" });
        text.extend_from_slice(&[*byte]);
    }
    text.extend_from_slice(b"\", pg_catalog;\n");
    while plain.next(&mut text, false)?.is_some() {}
    plain.resume();
    Ok(())
}

fn foreign() -> Error {
    Error::input(
        "a definition in the archive holds what pg_dump writes into none (a command of psql, rows)",
    )
    .remedy("pg_restore -f - ARCHIVE | scrub")
}
