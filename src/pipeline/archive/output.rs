//! Writes an archive: the table of contents once it is laid out, then the data entries in its order.
//!
//! The entry whose turn it is goes straight to the sink, others wait in the [`Store`] as they will be
//! written. The end of the last entry's data is withheld until the whole run has succeeded, so that
//! no part of an archive is one: pg_restore fails where it is missing.
//!
//! A regular file gets the offsets of its entries in the end, by which parallel restores jump; on a
//! pipe there is no way back to them, and they say that they are not known.

use super::Mark;
use super::layout::{Place, Turn};
use crate::archive::{self, Codec, Data, Encoder, Toc};
use crate::error::{Error, Result};
use crate::pipeline::store::{Kept, PIECE, Store};
use crate::sink::{Method, Sink};
use bytes::Bytes;
use std::collections::HashMap;

/// Compressed bytes that make a chunk.
const CHUNK: usize = 64 << 10;

/// The output of an archive as far as it has come.
pub(in crate::pipeline) struct Output {
    store: Store,
    /// How data is compressed, if that was asked for.
    method: Option<Method>,
    texts: HashMap<usize, Vec<u8>>,
    text: Option<usize>,
    toc: Option<Toc>,
    /// The entries with data in their order.
    places: Vec<Place>,
    /// Where each begins.
    offsets: Vec<u64>,
    /// Whose turn it is.
    next: usize,
    open: Option<Open>,
    /// What has come before its turn, by place.
    waiting: HashMap<usize, Aside>,
    /// Statements, by place; they are packed at the end.
    statements: HashMap<usize, Aside>,
    withheld: Vec<u8>,
}

/// The data that comes now.
struct Open {
    place: usize,
    /// Compresses, unless the container's bytes come.
    encoder: Option<Encoder>,
    packed: Vec<u8>,
    /// If it is not its turn.
    aside: Option<Aside>,
    /// Statements, which wait unpacked.
    statements: bool,
}

/// Bytes that wait.
#[derive(Default)]
struct Aside {
    kept: Vec<Kept>,
    gathered: Vec<u8>,
}

impl Aside {
    fn push(&mut self, bytes: &[u8], store: &Store) -> Result<()> {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= PIECE {
            self.kept
                .push(store.keep(std::mem::take(&mut self.gathered))?);
        }
        Ok(())
    }

    /// All of it, a piece at a time.
    fn pieces(self) -> impl Iterator<Item = Result<Bytes>> {
        let rest = (!self.gathered.is_empty()).then(|| Ok(self.gathered.into()));
        self.kept.into_iter().map(|piece| piece.read()).chain(rest)
    }
}

impl Output {
    /// An output whose data is compressed as before, or by another method.
    pub(in crate::pipeline) fn new(store: Store, method: Option<Method>) -> Self {
        Output {
            store,
            method,
            texts: HashMap::new(),
            text: None,
            toc: None,
            places: Vec::new(),
            offsets: Vec::new(),
            next: 0,
            open: None,
            waiting: HashMap::new(),
            statements: HashMap::new(),
            withheld: Vec::new(),
        }
    }

    /// Takes bytes; what they are the mark before has said.
    ///
    /// # Errors
    /// If they cannot be written or kept.
    pub(in crate::pipeline) fn bytes(&mut self, bytes: &[u8], sink: &mut Sink) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        if let Some(text) = self.text {
            self.texts.entry(text).or_default().extend_from_slice(bytes);
            return Ok(());
        }
        let Some(open) = &mut self.open else {
            return Err(Error::io("bytes of the archive belong to no entry"));
        };
        if open.statements {
            let aside = self.statements.entry(open.place).or_default();
            return aside.push(bytes, &self.store);
        }
        match &mut open.encoder {
            None => self.put(bytes, sink),
            Some(encoder) => {
                encoder.encode(bytes, &mut open.packed)?;
                self.chunk(CHUNK, sink)
            }
        }
    }

    /// Takes a mark.
    ///
    /// # Errors
    /// As [`Output::bytes`].
    pub(in crate::pipeline) fn mark(&mut self, mark: Mark, sink: &mut Sink) -> Result<()> {
        match mark {
            Mark::Text(entry) => {
                self.texts.entry(entry).or_default();
                self.text = Some(entry);
                Ok(())
            }
            Mark::Contents(layout) => {
                self.text = None;
                let (toc, places) = layout.lay_out(&mut self.texts);
                let bytes = toc.to_bytes();
                self.method.get_or_insert(toc.header.method());
                self.offsets.resize(places.len(), 0);
                (self.toc, self.places) = (Some(toc), places);
                match self.places.is_empty() {
                    true => self.withheld.extend_from_slice(&bytes),
                    false => self.write(&bytes, sink)?,
                }
                Ok(())
            }
            Mark::Begin(turn, contained) => self.begin(turn, contained, sink),
            Mark::Object(oid) => {
                let mut out = Vec::new();
                archive::object(oid, &mut out);
                self.put(&out, sink)
            }
            Mark::ObjectEnd => {
                self.close_stream(sink)?;
                if let Some(open) = &mut self.open {
                    open.encoder = Some(encoder(self.method)?);
                }
                let mut out = Vec::new();
                archive::end(&mut out);
                self.put(&out, sink)
            }
            Mark::End => self.end(sink),
        }
    }

    fn begin(&mut self, turn: Turn, contained: bool, sink: &mut Sink) -> Result<()> {
        let Some(place) = self.places.iter().position(|place| place.turn == turn) else {
            return Err(Error::io("the archive has no entry for this data"));
        };
        let statements = matches!(turn, Turn::Reserved(_));
        let later = place != self.next && !statements;
        self.open = Some(Open {
            place,
            encoder: match contained || statements {
                true => None,
                false => Some(encoder(self.method)?),
            },
            packed: Vec::new(),
            aside: later.then(Aside::default),
            statements,
        });
        match statements {
            true => Ok(()),
            false => self.head(place, sink),
        }
    }

    /// What stands before an entry's data.
    fn head(&mut self, place: usize, sink: &mut Sink) -> Result<()> {
        let Some((toc, of)) = self.toc.as_ref().zip(self.places.get(place)) else {
            return Ok(());
        };
        let mut out = Vec::new();
        archive::begin(of.data, toc.entries[of.entry].dump_id, &mut out);
        if place == self.next {
            self.offsets[place] = sink.written() + self.withheld.len() as u64;
        }
        self.put(&out, sink)
    }

    fn end(&mut self, sink: &mut Sink) -> Result<()> {
        let Some(open) = &self.open else {
            return Ok(());
        };
        let (place, statements) = (open.place, open.statements);
        if !statements {
            let rows = self.places.get(place).map(|place| place.data) == Some(Data::Rows);
            if rows {
                self.close_stream(sink)?;
            }
            let mut out = Vec::new();
            archive::end(&mut out);
            match self.open.as_ref().is_some_and(|open| open.aside.is_some()) {
                true => self.put(&out, sink)?,
                false => {
                    self.write(b"", sink)?;
                    self.withheld = out;
                    self.next += 1;
                }
            }
        }
        if let Some(aside) = self.open.take().and_then(|open| open.aside) {
            self.waiting.insert(place, aside);
        }
        self.turns(sink)
    }

    /// Writes what has waited for its turn.
    fn turns(&mut self, sink: &mut Sink) -> Result<()> {
        while let Some(aside) = self.waiting.remove(&self.next) {
            self.offsets[self.next] = sink.written() + self.withheld.len() as u64;
            for piece in aside.pieces() {
                let piece = piece?;
                self.write(&piece, sink)?;
            }
            self.next += 1;
        }
        Ok(())
    }

    /// Ends a compressed stream.
    fn close_stream(&mut self, sink: &mut Sink) -> Result<()> {
        if let Some(open) = &mut self.open
            && let Some(encoder) = open.encoder.take()
        {
            encoder.finish(&mut open.packed)?;
            self.chunk(1, sink)?;
        }
        Ok(())
    }

    /// Writes what has been compressed as a chunk, if it is that much.
    fn chunk(&mut self, least: usize, sink: &mut Sink) -> Result<()> {
        let Some(open) = &mut self.open else {
            return Ok(());
        };
        if open.packed.len() < least {
            return Ok(());
        }
        let packed = std::mem::take(&mut open.packed);
        let mut out = Vec::with_capacity(packed.len() + 5);
        archive::chunk(&packed, &mut out);
        self.put(&out, sink)
    }

    /// Container bytes of the data that comes now.
    fn put(&mut self, bytes: &[u8], sink: &mut Sink) -> Result<()> {
        match self.open.as_mut().and_then(|open| open.aside.as_mut()) {
            Some(aside) => aside.push(bytes, &self.store),
            None => self.write(bytes, sink),
        }
    }

    fn write(&mut self, bytes: &[u8], sink: &mut Sink) -> Result<()> {
        if !self.withheld.is_empty() {
            sink.put(&std::mem::take(&mut self.withheld))?;
        }
        sink.put(bytes)
    }

    /// The run has succeeded: writes what has been withheld.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(in crate::pipeline) fn finish(mut self, sink: &mut Sink) -> Result<()> {
        while let Some(Turn::Reserved(_)) = self.places.get(self.next).map(|place| place.turn) {
            let place = self.next;
            self.open = Some(Open {
                place,
                encoder: Some(encoder(self.method)?),
                packed: Vec::new(),
                aside: None,
                statements: false,
            });
            self.head(place, sink)?;
            let aside = self.statements.remove(&place).unwrap_or_default();
            for piece in aside.pieces() {
                self.bytes(&piece?, sink)?;
            }
            self.bytes(b"\n\n", sink)?;
            self.end(sink)?;
        }
        let Some(mut toc) = self.toc.take().filter(|_| self.next == self.places.len()) else {
            return Err(Error::io("the archive is not complete"));
        };
        self.write(b"", sink)?;
        if !sink.is_file() || self.places.is_empty() {
            return Ok(());
        }
        for (place, offset) in self.places.iter().zip(&self.offsets) {
            toc.entries[place.entry].set_offset(Some(*offset));
        }
        sink.rewrite(&toc.to_bytes())
    }
}

fn encoder(method: Option<Method>) -> Result<Encoder> {
    let method = method.unwrap_or_default();
    Encoder::new(Codec::of(method.compression), method.level)
}
