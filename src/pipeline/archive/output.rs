//! Writes an archive: the table of contents once it is laid out, then the data entries in its order.
//!
//! What comes is packed on the workers ([`packing`](super::packing)), while the next piece, of this table or
//! of one behind it, is on its way. The entry whose turn it is goes straight to the sink, others wait in
//! the [`Store`] as they will be written. The end of the last entry's data is withheld until the whole run
//! has succeeded, so that no part of an archive is one: pg_restore fails where it is missing.
//!
//! A regular file gets the offsets of its entries in the end, by which parallel restores jump; on a
//! pipe there is no way back to them, and they say that they are not known.

use super::Mark;
use super::layout::Turn;
use super::packing::{Packing, Step};
use super::placing::{Aside, Placing};
use crate::archive::{self, Codec, Data, Encoder, Packed, Toc};
use crate::error::{Error, Result};
use crate::pipeline::store::Store;
use crate::sink::{Method, Sink};
use bytes::Bytes;
use rayon::ThreadPool;
use std::collections::HashMap;
use std::sync::Arc;

/// The output of an archive as far as it has come.
pub(in crate::pipeline) struct Output {
    store: Store,
    /// How data is compressed, if that was asked for.
    method: Option<Method>,
    threads: usize,
    texts: HashMap<usize, Vec<u8>>,
    text: Option<usize>,
    toc: Option<Toc>,
    open: Option<Open>,
    /// Statements, by place; they are packed at the end.
    statements: HashMap<usize, Aside>,
    packing: Packing,
    placing: Placing,
}

/// The data that comes now.
struct Open {
    place: usize,
    /// Compresses, unless the container's bytes come.
    encoder: Option<Encoder>,
    /// Statements, which wait unpacked.
    statements: bool,
}

impl Output {
    /// An output whose data is compressed as before, or by another method.
    pub(in crate::pipeline) fn new(
        store: Store,
        method: Option<Method>,
        pool: Arc<ThreadPool>,
    ) -> Self {
        Output {
            threads: pool.current_num_threads(),
            packing: Packing::new(pool),
            placing: Placing::new(store.clone()),
            store,
            method,
            texts: HashMap::new(),
            text: None,
            toc: None,
            open: None,
            statements: HashMap::new(),
        }
    }

    /// Takes bytes; what they are the mark before has said.
    ///
    /// # Errors
    /// If they cannot be written or kept.
    pub(in crate::pipeline) fn bytes(&mut self, bytes: Bytes, sink: &mut Sink) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        if let Some(text) = self.text {
            self.texts
                .entry(text)
                .or_default()
                .extend_from_slice(&bytes);
            return Ok(());
        }
        let Some(open) = &mut self.open else {
            return Err(Error::io("bytes of the archive belong to no entry"));
        };
        if open.statements {
            let aside = self.statements.entry(open.place).or_default();
            return aside.push(&bytes, &self.store);
        }
        let (packing, placing) = (&mut self.packing, &mut self.placing);
        match &mut open.encoder {
            None => packing.push(Step::Contained(bytes), placing, sink),
            Some(encoder) => {
                encoder.encode(&bytes, &mut |packed| packing.pack(packed, placing, sink))
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
                self.method.get_or_insert(toc.header.method());
                self.placing.begin(&toc, places, sink)?;
                self.toc = Some(toc);
                Ok(())
            }
            Mark::Begin(turn, contained) => self.begin(turn, contained, sink),
            Mark::Object(oid) => {
                let mut out = Vec::new();
                archive::object(oid, &mut out);
                self.push(Step::Contained(out.into()), sink)
            }
            Mark::ObjectEnd => {
                self.close_stream(sink)?;
                let place = self.open.as_ref().map(|open| open.place);
                let encoder = place.map(|place| self.encoder(place));
                if let Some(open) = &mut self.open {
                    open.encoder = encoder;
                }
                let mut out = Vec::new();
                archive::end(&mut out);
                self.push(Step::Contained(out.into()), sink)
            }
            Mark::End => self.end(sink),
        }
    }

    fn push(&mut self, step: Step, sink: &mut Sink) -> Result<()> {
        self.packing.push(step, &mut self.placing, sink)
    }

    fn begin(&mut self, turn: Turn, contained: bool, sink: &mut Sink) -> Result<()> {
        let Some(place) = self.placing.place(turn) else {
            return Err(Error::io("the archive has no entry for this data"));
        };
        let statements = matches!(turn, Turn::Reserved(_));
        let encoder = (!contained && !statements).then(|| self.encoder(place));
        self.open = Some(Open {
            place,
            encoder,
            statements,
        });
        match statements {
            true => Ok(()),
            false => self.push(Step::Begin(place), sink),
        }
    }

    fn end(&mut self, sink: &mut Sink) -> Result<()> {
        let Some(open) = &self.open else {
            return Ok(());
        };
        if !open.statements {
            let data = self.placing.at(open.place).map(|at| at.data);
            if data == Some(Data::Rows) {
                self.close_stream(sink)?;
            }
            self.push(Step::End, sink)?;
        }
        self.open = None;
        Ok(())
    }

    /// Compresses the rows of a table, or a large object, as its entry says.
    fn encoder(&self, place: usize) -> Encoder {
        let method = self.method.unwrap_or_default();
        let at = self.placing.at(place);
        let (codec, level) = match self.toc.as_ref().zip(at) {
            Some((toc, at)) => {
                let own = toc.compression(&toc.entries[at.entry]);
                let level = method.level.filter(|_| own == method.compression);
                (toc.header.codec(own), level)
            }
            None => (Codec::of(method.compression), method.level),
        };
        Encoder::new(codec, level, self.threads)
    }

    /// Ends a compressed stream.
    fn close_stream(&mut self, sink: &mut Sink) -> Result<()> {
        let encoder = self.open.as_mut().and_then(|open| open.encoder.take());
        let Some(encoder) = encoder else {
            return Ok(());
        };
        let (packing, placing) = (&mut self.packing, &mut self.placing);
        encoder.finish(&mut |packed: Packed| packing.pack(packed, placing, sink))?;
        self.push(Step::Close, sink)
    }

    /// The run has succeeded: writes what has been withheld.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(in crate::pipeline) fn finish(mut self, sink: &mut Sink) -> Result<()> {
        self.packing.finish(&mut self.placing, sink)?;
        while let Some(place) = self.placing.reserved() {
            self.open = Some(Open {
                place,
                encoder: Some(self.encoder(place)),
                statements: false,
            });
            self.push(Step::Begin(place), sink)?;
            let aside = self.statements.remove(&place).unwrap_or_default();
            for piece in aside.pieces() {
                self.bytes(piece?, sink)?;
            }
            self.bytes(Bytes::from_static(b"\n\n"), sink)?;
            self.end(sink)?;
            self.packing.finish(&mut self.placing, sink)?;
        }
        let Some(toc) = self.toc else {
            return Err(Error::io("the archive is not complete"));
        };
        self.placing.finish(toc, sink)
    }
}
