//! The data of one entry: what the container holds, or the rows and statements that it stands for.
//!
//! Nothing is unpacked but the start of an entry of INSERTs, whose head is needed, unless somebody
//! wants to see it; or, if there are rules, to see that the INSERTs are all of the entry's table, since
//! pg_restore runs whatever stands there. What lies between two frames is bounded by what one read brings: a piece of the
//! container waits, still packed, until there is room for what is in it.

use super::texts::enter_old;
use crate::archive::{Codec, Data, Decoder, Piece, Toc, Walk};
use crate::dialect::postgres::framer::PlainFramer;
use crate::dialect::{Block, Effect, Frame, Framer, Part, RowMode, table_of};
use crate::error::{Error, Position, Result};
use crate::schema::RelationName;
use bytes::{Buf, Bytes, BytesMut};
use std::collections::VecDeque;
use std::sync::Arc;

/// About how much is unpacked at a time.
const ROOM: usize = 1 << 20;
const STEP: usize = 4 << 10;

/// The data of one entry.
pub(super) struct Reading {
    entry: usize,
    data: Data,
    /// For messages.
    name: String,
    /// The table whose rows they are, which a COPY through its partition root does not name.
    leaf: Option<RelationName>,
    /// The table that its first statement names.
    table: Option<RelationName>,
    /// Are the rows INSERTs?
    inserts: bool,
    /// Has it been unpacked on the way?
    unpacked: bool,
    /// Is it looked at although it passes as the container has it?
    checked: bool,
    /// The container's bytes: until it is known whether they pass as they are, and then these.
    raw: VecDeque<Bytes>,
    walk: Walk,
    codec: Codec,
    decoder: Decoder,
    packed: VecDeque<Packed>,
    /// What was in them: a part of a script.
    text: BytesMut,
    /// What has been framed and waits for the next frame: blank lines, the end of the rows.
    kept: BytesMut,
    at: Position,
    stage: Stage,
    split: bool,
    /// Has the container's end come?
    ended: bool,
    /// And been unpacked?
    finished: bool,
}

/// What a container holds.
enum Packed {
    Object(u32),
    Payload(Bytes),
    ObjectEnd,
}

/// What comes next.
#[derive(Debug, Clone)]
enum Stage {
    /// Large objects.
    Objects,
    /// The head, if there are rows.
    Start,
    /// Rows.
    Rows,
    /// What follows them.
    Behind,
    /// Statements with this effect.
    Statements(Effect),
    /// The container's bytes: of rows, or of statements with this effect.
    Contained(Option<Effect>),
    /// Nothing.
    Over,
}

impl Reading {
    pub(super) fn new(
        toc: &Toc,
        number: usize,
        (data, unpacked): (Data, bool),
        plain: &mut PlainFramer,
    ) -> Result<Self> {
        plain.resume();
        let entry = &toc.entries[number];
        let relation = table_of(entry);
        let name = match data {
            Data::Rows => relation.to_string(),
            Data::Objects => "large objects".to_owned(),
        };
        let codec = match unpacked {
            true => Codec::None,
            false => toc.codec(entry),
        };
        let mut text = BytesMut::new();
        if let Some(copy) = entry.copy_stmt.as_deref().filter(|_| data == Data::Rows) {
            enter_old(toc, entry, plain)?;
            text.extend_from_slice(copy);
        }
        Ok(Reading {
            entry: number,
            data,
            name,
            leaf: plain.catalog().relation(&relation).map(|r| r.name.clone()),
            table: None,
            inserts: data == Data::Rows && entry.copy_stmt.is_none(),
            unpacked,
            checked: false,
            raw: VecDeque::new(),
            walk: Walk::new(data),
            codec,
            decoder: Decoder::new(codec)?,
            packed: VecDeque::new(),
            text,
            kept: BytesMut::new(),
            at: plain.at(),
            stage: match data {
                Data::Rows => Stage::Start,
                Data::Objects => Stage::Objects,
            },
            split: false,
            ended: false,
            finished: false,
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over)
    }

    /// Somebody wants to see the data.
    pub(super) fn rows(&mut self, mode: RowMode) {
        self.split = mode == RowMode::Split;
    }

    /// Nobody does, so that it can pass as the container has it, if it has it; `checked` unless there is
    /// nothing but COPY data.
    pub(super) fn contained(&mut self, checked: bool) -> bool {
        if self.unpacked {
            return false;
        }
        let effect = match &self.stage {
            Stage::Statements(effect) => Some(effect.clone()),
            _ => None,
        };
        self.checked = checked && self.inserts;
        if !self.checked {
            self.packed.clear();
            self.text.clear();
        }
        self.kept.clear();
        self.stage = Stage::Contained(effect);
        true
    }

    /// Some of the container has come.
    pub(super) fn take(&mut self, bytes: Bytes) -> Result<()> {
        if matches!(
            self.stage,
            Stage::Objects | Stage::Start | Stage::Contained(_)
        ) {
            self.raw.push_back(bytes.clone());
        }
        match self.stage {
            Stage::Contained(_) if !self.checked => Ok(()),
            _ => self.walk(&bytes),
        }
    }

    /// All of it has come.
    pub(super) fn end(&mut self, bytes: &Bytes) -> Result<()> {
        self.ended = true;
        match self.stage {
            Stage::Contained(_) if !self.checked => Ok(()),
            _ => self.walk(bytes),
        }
    }

    fn walk(&mut self, bytes: &Bytes) -> Result<()> {
        let mut input = &bytes[..];
        while let Some(piece) = self.walk.next(&mut input)? {
            self.packed.push_back(match piece {
                Piece::Object(oid) => Packed::Object(oid),
                Piece::Payload(payload) => Packed::Payload(bytes.slice_ref(payload)),
                Piece::ObjectEnd => Packed::ObjectEnd,
                Piece::End => continue,
            });
        }
        Ok(())
    }

    /// Unpacks some more. False if the container has to bring more, or a large object begins or ends.
    fn unpack(&mut self) -> Result<bool> {
        let before = self.text.len();
        while let Some(Packed::Payload(payload)) = self.packed.front_mut() {
            let mut input = &payload[..];
            let had = self.text.len();
            // A decoder clears the room that it gets.
            let room = (before + ROOM - had).min(8 * payload.len() + STEP);
            self.decoder.decode(&mut input, &mut self.text, room)?;
            let used = payload.len() - input.len();
            payload.advance(used);
            if payload.is_empty() && self.text.len() < had + room {
                self.packed.pop_front();
            }
            if self.text.len() >= before + ROOM {
                break;
            }
        }
        if self.ended && self.packed.is_empty() && !self.finished {
            self.finished = true;
            // Large objects have each a stream of their own.
            if self.data == Data::Rows {
                self.decoder.finish()?;
            }
            return Ok(true);
        }
        Ok(self.text.len() > before)
    }

    /// The next frame; none if the container has to bring more, or at the end.
    pub(super) fn next(&mut self, plain: &mut PlainFramer) -> Result<Option<Frame>> {
        loop {
            let frame = match self.stage.clone() {
                Stage::Over => return Ok(None),
                Stage::Contained(effect) => {
                    if self.checked {
                        self.check(plain)?;
                    }
                    return Ok(self.container(effect));
                }
                Stage::Statements(effect) => {
                    self.raw.clear();
                    return self.statement(effect, plain);
                }
                Stage::Objects => {
                    self.stage = Stage::Statements(Effect::OtherData);
                    return Ok(Some(Frame::Part(Part::Data(self.entry))));
                }
                Stage::Start => self.start(plain)?,
                Stage::Rows => {
                    self.raw.clear();
                    self.row(plain)?
                }
                Stage::Behind => self.behind(plain)?,
            };
            match frame {
                Some(frame) => return Ok(Some(frame)),
                None if self.is_over() => return Ok(None),
                None if self.finished => return Err(self.unended()),
                None if !self.unpack()? => return Ok(None),
                None => {}
            }
        }
    }

    /// The first rows, if it has any.
    fn start(&mut self, plain: &mut PlainFramer) -> Result<Option<Frame>> {
        loop {
            let effect = match plain.next(&mut self.text, self.finished)? {
                Some(Frame::Head { bytes, at, block }) => {
                    self.kept.extend_from_slice(&bytes);
                    let bytes = self.kept.split().freeze();
                    let mut block = Block::clone(&block);
                    block.entry = Some(self.entry);
                    self.enters(&block.relation, plain)?;
                    if let Some(leaf) = self.leaf.take() {
                        block.relation = leaf;
                    }
                    let block = Arc::new(block);
                    self.stage = Stage::Rows;
                    return Ok(Some(Frame::Head { bytes, at, block }));
                }
                Some(Frame::Other { bytes }) => {
                    self.kept.extend_from_slice(&bytes);
                    continue;
                }
                Some(Frame::Statement { bytes, effect, .. }) => {
                    match &effect {
                        Effect::Opaque(relation, _) if self.inserts => {
                            self.enters(relation, plain)?
                        }
                        _ => return Err(self.foreign()),
                    }
                    self.kept.extend_from_slice(&bytes);
                    effect
                }
                Some(_) => return Err(self.unended()),
                None if !self.finished => return Ok(None),
                None => Effect::Setting,
            };
            self.stage = Stage::Statements(effect);
            return Ok(Some(Frame::Part(Part::Data(self.entry))));
        }
    }

    /// The first statement is about rows of this table: are they the entry's?
    fn enters(&mut self, table: &RelationName, plain: &PlainFramer) -> Result<()> {
        if let Some(leaf) = self.leaf.as_ref().filter(|leaf| *leaf != table) {
            let leaves = plain.catalog().descendants(table);
            if !leaves.iter().any(|of| of.name == *leaf) {
                return Err(self.misplaced(table));
            }
        }
        self.table = Some(table.clone());
        Ok(())
    }

    /// Is what follows about the same rows as the first statement?
    fn follows(&self, frame: &Frame) -> Result<()> {
        let own = |table: &RelationName| self.table.as_ref() == Some(table);
        match frame {
            Frame::Head { block, .. } if !own(&block.relation) => {
                Err(self.misplaced(&block.relation))
            }
            Frame::Statement { effect, .. } => match effect {
                Effect::Opaque(table, _) if own(table) => Ok(()),
                Effect::Opaque(table, _) => Err(self.misplaced(table)),
                _ => Err(self.foreign()),
            },
            _ => Ok(()),
        }
    }

    /// Looks at what passes as the container has it.
    fn check(&mut self, plain: &mut PlainFramer) -> Result<()> {
        loop {
            match plain.next(&mut self.text, self.finished)? {
                Some(frame) => self.follows(&frame)?,
                None if !self.unpack()? => return Ok(()),
                None => {}
            }
            if plain.is_cut_short() {
                return Err(self.unended());
            }
        }
    }

    fn row(&mut self, plain: &mut PlainFramer) -> Result<Option<Frame>> {
        let frame = plain.next(&mut self.text, self.finished)?;
        if plain.is_cut_short() {
            return Err(self.unended());
        }
        match frame {
            Some(Frame::End { bytes, at }) => {
                self.kept.extend_from_slice(&bytes);
                self.at = at;
                self.stage = Stage::Behind;
                self.behind(plain)
            }
            frame => Ok(frame),
        }
    }

    /// What follows the rows leaves with their end. Other rows may follow if nobody looks at them.
    fn behind(&mut self, plain: &mut PlainFramer) -> Result<Option<Frame>> {
        loop {
            match plain.next(&mut self.text, self.finished)? {
                Some(Frame::Other { bytes }) => self.kept.extend_from_slice(&bytes),
                Some(_) if self.split => {
                    return Err(Error::input(
                        "its INSERT statements do not all begin alike, which pg_dump never writes",
                    ));
                }
                Some(frame) => {
                    self.follows(&frame)?;
                    self.kept.extend_from_slice(frame.bytes());
                    return Ok(Some(Frame::Rows {
                        bytes: self.kept.split().freeze(),
                        at: self.at,
                        first_row: 0,
                        rows: 0,
                    }));
                }
                None if self.finished => {
                    self.stage = Stage::Over;
                    let bytes = self.kept.split().freeze();
                    return Ok(Some(Frame::End { bytes, at: self.at }));
                }
                None => return Ok(None),
            }
        }
    }

    /// Statements, or the content of large objects, as it comes.
    fn statement(&mut self, effect: Effect, plain: &mut PlainFramer) -> Result<Option<Frame>> {
        loop {
            let unpacked = self.unpack()?;
            while self.data == Data::Rows
                && let Some(frame) = plain.next(&mut self.text, self.finished)?
            {
                self.follows(&frame)?;
                self.kept.extend_from_slice(frame.bytes());
            }
            if self.data == Data::Objects {
                self.kept.unsplit(self.text.split());
            }
            if !self.kept.is_empty() {
                return Ok(Some(Frame::Statement {
                    bytes: self.kept.split().freeze(),
                    at: self.at,
                    effect,
                }));
            }
            let part = match self.packed.pop_front() {
                Some(Packed::Object(oid)) => Part::Object(oid),
                Some(Packed::ObjectEnd) => {
                    let mut decoder = Decoder::new(self.codec)?;
                    std::mem::swap(&mut decoder, &mut self.decoder);
                    decoder.finish()?;
                    Part::ObjectEnd
                }
                Some(payload) => {
                    self.packed.push_front(payload);
                    continue;
                }
                None if self.finished && !unpacked => {
                    self.stage = Stage::Over;
                    Part::End
                }
                None if unpacked => continue,
                None => return Ok(None),
            };
            return Ok(Some(Frame::Part(part)));
        }
    }

    /// The container's bytes.
    fn container(&mut self, effect: Option<Effect>) -> Option<Frame> {
        let at = self.at;
        Some(match (self.raw.pop_front(), effect) {
            (Some(bytes), Some(effect)) => Frame::Statement { bytes, at, effect },
            (Some(bytes), None) => Frame::Rows {
                bytes,
                at,
                first_row: 0,
                rows: 0,
            },
            (None, _) if !self.ended => return None,
            (None, effect) => {
                self.stage = Stage::Over;
                match effect {
                    Some(_) => Frame::Part(Part::End),
                    None => Frame::End {
                        bytes: Bytes::new(),
                        at,
                    },
                }
            }
        })
    }

    /// Rules go by the entry, and the rows by their statement.
    fn misplaced(&self, other: &RelationName) -> Error {
        Error::input(format!(
            "its entry holds rows of {other}, which pg_dump never writes"
        ))
        .remedy("make the dump again; somebody has changed this archive")
    }

    fn foreign(&self) -> Error {
        Error::input("its entry holds statements that pg_dump never writes there")
            .remedy("make the dump again; somebody has changed this archive")
    }

    fn unended(&self) -> Error {
        Error::input("its data ends within a row or without an end")
            .remedy("the archive is damaged; make the dump again")
    }
}
