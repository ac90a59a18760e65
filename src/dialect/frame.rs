//! What a dump is cut into, and what its statements do, as far as scrub cares.
//!
//! Rows are told of where they are read: here a block of them is known by its head and by whole pieces. What is not
//! rows is known by its effect alone; nothing here reads a statement.

use super::Block;
use crate::archive::{Entry, Toc};
use crate::error::Position;
use crate::schema::RelationName;
use bytes::Bytes;
use std::sync::Arc;

/// A piece of the input.
#[derive(Debug, Clone)]
pub enum Frame {
    /// A whole statement with its terminator, or a client command with its line end.
    Statement {
        /// Its bytes. Empty if they have left already (text behind a COPY's semicolon on the same
        /// line) or if this is a further effect of the statement before.
        bytes: Bytes,
        /// Where it begins.
        at: Position,
        /// What it does, as far as scrub cares.
        effect: Effect,
    },
    /// The start of a block of rows: `COPY … FROM stdin;` with its newline, or `INSERT … VALUES` up
    /// to the first row. The driver calls [`Framer::rows`](super::Framer::rows) before it pulls the next frame.
    Head {
        /// Its bytes.
        bytes: Bytes,
        /// Where it begins.
        at: Position,
        /// The block that begins.
        block: Arc<Block>,
    },
    /// Rows of the block. With [`RowMode::Split`](super::RowMode::Split) whole rows, about a read's worth; with
    /// [`RowMode::Pass`](super::RowMode::Pass) cut anywhere.
    Rows {
        /// The bytes.
        bytes: Bytes,
        /// Where they begin.
        at: Position,
        /// How many rows of this relation were read before this batch (not known in Pass mode: 0).
        first_row: u64,
        /// How many rows the batch holds (not known in Pass mode: 0).
        rows: u64,
    },
    /// The end of the block: `\.` with its newline, or the INSERT's terminator.
    End {
        /// Its bytes.
        bytes: Bytes,
        /// Where it begins.
        at: Position,
    },
    /// Anything else: white space, comments, client commands without effect.
    Other {
        /// The bytes.
        bytes: Bytes,
    },
    /// What an archive has beside statements and rows; it has no bytes.
    Part(Part),
}

/// What an archive has beside statements and rows. It stands for the script that its client would
/// make of it, in this order: the statements of all entries, then the data. Entries are named by
/// their place in the table of contents.
#[derive(Debug, Clone)]
pub enum Part {
    /// The statements that follow are the text of an entry, whose number is told as well.
    Text(usize, i32),
    /// All statements have come: nothing but data follows, of these entries, with the tables whose
    /// rows they are.
    Contents(Arc<Toc>, Vec<(usize, Option<RelationName>)>),
    /// The data of an entry follows, as statements: large objects, or rows that nobody can tell
    /// apart. That of other entries is a [`Block`].
    Data(usize),
    /// A large object follows.
    Object(u32),
    /// A large object has ended.
    ObjectEnd,
    /// The data of the entry has ended.
    End,
}

/// The table that an entry of an archive is of, or whose rows it holds: of a partition itself, even if its COPY
/// names the root.
pub fn table_of(entry: &Entry) -> RelationName {
    let text = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    RelationName {
        schema: entry.namespace.as_deref().map(text),
        name: entry.tag.as_deref().map(text).unwrap_or_default(),
    }
}

impl Frame {
    /// The frame's bytes.
    pub fn bytes(&self) -> &Bytes {
        match self {
            Frame::Statement { bytes, .. }
            | Frame::Head { bytes, .. }
            | Frame::Rows { bytes, .. }
            | Frame::End { bytes, .. }
            | Frame::Other { bytes } => bytes,
            Frame::Part(_) => {
                static NONE: Bytes = Bytes::new();
                &NONE
            }
        }
    }
}

/// What a statement does, as far as scrub cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Session settings and the like: may stand before, between and after rows.
    Setting,
    /// DDL of the part before the data (tables, types, functions …), comments, grants.
    Definition,
    /// DDL of the part after the data: constraints, indexes, triggers, refreshes.
    AfterData,
    /// A sequence's value (`SELECT pg_catalog.setval(…)`).
    SequenceValue,
    /// Large objects and other data outside of tables.
    OtherData,
    /// Changes rows of a relation in a way that cannot be followed (INSERT … SELECT, UPDATE, COPY
    /// in binary). Passes if no rule concerns the relation. The second part says what it is.
    Opaque(RelationName, &'static str),
    /// May change rows of relations that cannot be told (`\\i file`, DO blocks). The text says what it is.
    Unfollowed(&'static str),
    /// Brings statements or rows from elsewhere, whatever its own text says (`source file`,
    /// `.import`). The text says what it is.
    Included(&'static str),
    /// May change rows of any relation: it runs another file, a procedure, or SQL that is put together
    /// as it runs. The text says what it is.
    Anything(&'static str),
    /// Sets a password or a connection string with one; passes and is said in the report. The text
    /// says which statement it is.
    Password(&'static str),
    /// Defines a job that the server will run by itself; passes and is said in the report. The text
    /// says which statement it is.
    Job(&'static str),
    /// Creates a trigger on a relation. The rows that stand before it do not fire it, so it has to
    /// stay behind all that is written of them.
    Trigger(RelationName),
    /// A part of an index: words of rows, which the index can find anew in the rows themselves.
    Words(Words),
    /// Behind it indexes can be built anew: the statements that do it, each for those of the indexes
    /// whose words have been left out.
    Rebuild {
        /// What goes before them.
        before: &'static str,
        /// The indexes, and what builds them.
        indexes: Vec<(Words, String)>,
    },
    /// Belongs to the rows around which it stands (`ALTER TABLE t DISABLE TRIGGER ALL` before them,
    /// `… ENABLE TRIGGER ALL` after them). It leaves where it stands. Rows that have to wait take
    /// along everything that was open at their head, and what closed it after them; written again
    /// it does what it did. Not only what names their own relation: the triggers of a partition are
    /// switched off around rows that are loaded through its root.
    Envelope(RelationName, Bracket),
    /// Planner statistics of a relation: they hold samples of its values.
    Statistics(RelationName),
    /// `\connect`: another database section begins with the next frame.
    Connect(String),
    /// `BEGIN`, `START TRANSACTION`.
    Begin,
    /// `COMMIT`, `END`, `ROLLBACK`.
    Commit,
    /// Cannot run inside a transaction (CREATE DATABASE …).
    NoTransaction,
    /// `\restrict`: from here on no client command may be added.
    Restrict,
}

impl Effect {
    /// Is a transaction open after it, if one was (not) before?
    pub fn in_transaction(&self, before: bool) -> bool {
        match self {
            Effect::Begin => true,
            Effect::Commit | Effect::Connect(_) => false,
            _ => before,
        }
    }
}

/// What a script lacks that ends within a transaction of its own: the client would load it without a
/// word and the server forget the rows.
pub(crate) const WITHOUT_COMMIT: &str = "the transaction that it began has no COMMIT";

/// Words of rows that an index keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// The index.
    pub index: RelationName,
    /// The relation of the rows.
    pub rows: RelationName,
    /// What stands in their place when they are left out.
    pub instead: String,
}

/// Which half of the envelope around rows a statement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bracket {
    /// It stands before the rows.
    Open,
    /// It stands after them.
    Close,
}

/// What is left of a statement when certain users are dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Without {
    /// All of it: it does not concern them.
    Same,
    /// Nothing: it concerns nobody else.
    Nothing,
    /// It concerns others as well; without them it reads like this.
    Rest(Vec<u8>),
    /// It cannot do without them, or is not understood. Says why, in a clause without a full stop.
    Refused(String),
}
