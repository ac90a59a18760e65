//! Where the data of an archive goes: to the sink if it is its turn, aside until then.

use super::layout::{Place, Turn};
use crate::archive::{self, Toc};
use crate::error::{Error, Result};
use crate::pipeline::store::{Kept, PIECE, Store};
use crate::sink::Sink;
use bytes::Bytes;
use std::collections::HashMap;

/// Compressed bytes in a chunk; the last one may have fewer.
const CHUNK: usize = 64 << 10;

/// The entries with data, and how far they have been written.
pub(super) struct Placing {
    store: Store,
    /// In their order.
    places: Vec<Place>,
    /// Their numbers.
    ids: Vec<i32>,
    /// Where each has its turn.
    turns: HashMap<Turn, usize>,
    /// Where each begins.
    offsets: Vec<u64>,
    /// Whose turn it is.
    next: usize,
    /// The entry whose data comes now; aside if it is not its turn.
    open: Option<(usize, Option<Aside>)>,
    /// What will be a chunk of it.
    packed: Vec<u8>,
    /// What has come before its turn, by place.
    waiting: HashMap<usize, Aside>,
    withheld: Vec<u8>,
}

/// Bytes that wait.
#[derive(Default)]
pub(super) struct Aside {
    kept: Vec<Kept>,
    gathered: Vec<u8>,
}

impl Aside {
    pub(super) fn push(&mut self, bytes: &[u8], store: &Store) -> Result<()> {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= PIECE {
            self.kept
                .push(store.keep(std::mem::take(&mut self.gathered))?);
        }
        Ok(())
    }

    /// All of it, a piece at a time.
    pub(super) fn pieces(self) -> impl Iterator<Item = Result<Bytes>> {
        let rest = (!self.gathered.is_empty()).then(|| Ok(self.gathered.into()));
        self.kept.into_iter().map(|piece| piece.read()).chain(rest)
    }
}

impl Placing {
    pub(super) fn new(store: Store) -> Self {
        Placing {
            store,
            places: Vec::new(),
            ids: Vec::new(),
            turns: HashMap::new(),
            offsets: Vec::new(),
            next: 0,
            open: None,
            packed: Vec::new(),
            waiting: HashMap::new(),
            withheld: Vec::new(),
        }
    }

    /// Writes the table of contents.
    pub(super) fn begin(&mut self, toc: &Toc, places: Vec<Place>, sink: &mut Sink) -> Result<()> {
        let id = |place: &Place| toc.entries[place.entry].dump_id;
        self.ids = places.iter().map(id).collect();
        self.turns = (places.iter().enumerate())
            .map(|(number, place)| (place.turn, number))
            .collect();
        self.offsets.resize(places.len(), 0);
        self.places = places;
        let bytes = toc.to_bytes();
        match self.places.is_empty() {
            true => self.withheld.extend_from_slice(&bytes),
            false => self.write(&bytes, sink)?,
        }
        Ok(())
    }

    /// The place of a turn.
    pub(super) fn place(&self, turn: Turn) -> Option<usize> {
        self.turns.get(&turn).copied()
    }

    /// What has a place.
    pub(super) fn at(&self, place: usize) -> Option<&Place> {
        self.places.get(place)
    }

    /// The place whose turn it is, if it is one for statements.
    pub(super) fn reserved(&self) -> Option<usize> {
        let place = self.places.get(self.next)?;
        matches!(place.turn, Turn::Reserved(_)).then_some(self.next)
    }

    /// The data of an entry begins.
    pub(super) fn open(&mut self, place: usize, sink: &mut Sink) -> Result<()> {
        let Some((data, id)) = self.at(place).map(|at| at.data).zip(self.ids.get(place)) else {
            return Ok(());
        };
        let mut out = Vec::new();
        archive::begin(data, *id, &mut out);
        let later = place != self.next;
        if !later {
            self.offsets[place] = sink.written() + self.withheld.len() as u64;
        }
        self.open = Some((place, later.then(Aside::default)));
        self.put(&out, sink)
    }

    /// It has ended.
    pub(super) fn end(&mut self, sink: &mut Sink) -> Result<()> {
        let mut out = Vec::new();
        archive::end(&mut out);
        match self.open.take() {
            None => return Ok(()),
            Some((_, None)) => {
                self.write(b"", sink)?;
                self.withheld = out;
                self.next += 1;
            }
            Some((place, Some(mut aside))) => {
                aside.push(&out, &self.store)?;
                self.waiting.insert(place, aside);
            }
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

    /// Payload, compressed. Chunks are of one size until something ends, in whatever pieces it comes.
    pub(super) fn payload(&mut self, mut bytes: &[u8], sink: &mut Sink) -> Result<()> {
        while !bytes.is_empty() {
            let (taken, rest) = bytes.split_at(bytes.len().min(CHUNK - self.packed.len()));
            bytes = rest;
            if taken.len() == CHUNK {
                self.put(&archive::chunk_head(taken), sink)?;
                self.put(taken, sink)?;
                continue;
            }
            self.packed.extend_from_slice(taken);
            if self.packed.len() == CHUNK {
                self.close(sink)?;
            }
        }
        Ok(())
    }

    /// Makes a chunk of what there is.
    pub(super) fn close(&mut self, sink: &mut Sink) -> Result<()> {
        let mut out = Vec::with_capacity(self.packed.len() + 5);
        archive::chunk(&self.packed, &mut out);
        self.packed.clear();
        self.put(&out, sink)
    }

    /// Container bytes of the data that comes now.
    pub(super) fn put(&mut self, bytes: &[u8], sink: &mut Sink) -> Result<()> {
        match &mut self.open {
            Some((_, Some(aside))) => aside.push(bytes, &self.store),
            _ => self.write(bytes, sink),
        }
    }

    fn write(&mut self, bytes: &[u8], sink: &mut Sink) -> Result<()> {
        if !self.withheld.is_empty() {
            sink.put(&std::mem::take(&mut self.withheld))?;
        }
        sink.put(bytes)
    }

    /// Writes what has been withheld, and where the entries begin.
    pub(super) fn finish(mut self, mut toc: Toc, sink: &mut Sink) -> Result<()> {
        if self.next != self.places.len() {
            return Err(Error::io("the archive is not complete"));
        }
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
