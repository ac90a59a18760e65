//! Dialects: bytes → frames, cells ↔ bytes. One folder per dialect.
//!
//! A dialect cuts the decompressed stream into [`Frame`]s whose bytes concatenate to the input
//! exactly, learns the schema from the DDL as it passes, and reads and writes the cells of a
//! block's rows. It knows bytes and [`crate::schema`] only: no rules, no plan, no I/O, no threads.

pub mod batch;
mod calls;
mod frame;
mod glanced;
mod marks;
pub mod mssql;
pub mod mysql;
mod number;
pub mod oracle;
pub mod postgres;
pub mod properties;
mod rowmap;
pub mod script;
mod secrets;
mod session;
pub mod sqlite;
mod surveyed;
mod tuple;

use crate::error::{Error, Position, Result};
use crate::schema::{Catalog, DataType, Relation, RelationName};
use bytes::BytesMut;
pub(crate) use frame::WITHOUT_COMMIT;
pub use frame::{Bracket, Effect, Frame, Part, Without, Words, table_of};
pub use glanced::Glanced;
pub use rowmap::RowMap;
pub use session::{SessionState, Setting};
use std::borrow::Cow;
use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;
pub use surveyed::{Form, Signed, Surveyed, Wanted};

/// How the rows of a block are framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowMode {
    /// Nobody looks at the rows: only the end is searched for.
    Pass,
    /// Frames hold whole rows.
    Split,
}

/// A block of rows with one header.
///
/// Its `Head`, `Rows` and `End` together, as they came or with rows changed as [`RowSpan`] allows,
/// are a whole COPY or whole statements. Unless it is `tied`, they may be written at any later place
/// after a line end where a statement may begin, in the session that was in force at the head
/// ([`Framer::session`]), and mean the same there. They start with the statement's first byte; of a
/// block without an end of its own (an INSERT), or at the end of the input, the last byte need not
/// be a line end, so that one has to follow.
#[derive(Debug, Clone)]
pub struct Block {
    /// The relation, resolved with the search path and the catalog as far as possible.
    pub relation: RelationName,
    /// The columns of the rows in order: from the header, else from the catalog; none if not known.
    pub columns: Option<Vec<String>>,
    /// Is it one COPY with its own end (true), or an INSERT that others of the same table may follow?
    pub has_end: bool,
    /// Does the head hold text that runs after the rows (what stands behind a COPY's semicolon on
    /// the same line)? Then the block cannot leave later than it came, or that text would, too.
    pub tied: bool,
    /// The entry of an archive whose data it is. Then its rows leave within that entry, wherever it
    /// stands in the output, and a COPY's head is part of the table of contents.
    pub entry: Option<usize>,
    /// Reads and writes its rows.
    pub codec: Arc<dyn RowCodec>,
}

/// A row within a batch; all ranges are into the batch.
#[derive(Debug, Clone, Default)]
pub struct RowSpan {
    /// What stands between the row before and this one: nothing in COPY; `,` or `;\nINSERT … VALUES ` in INSERTs.
    pub lead: Range<usize>,
    /// If a new statement begins in `lead`: where its head starts. The part before it ends the statement before.
    pub statement: Option<usize>,
    /// The row itself, with its line end in COPY, with its parentheses in INSERT.
    pub body: Range<usize>,
    /// The raw cells, in the order of the header.
    pub cells: Vec<Range<usize>>,
    /// The raw cells that end before this are their own text forms: none is NULL, nothing in them is escaped.
    pub own: usize,
    /// What the codec has seen already of the bytes behind the row. It is the codec's alone, and good for the
    /// rows of one batch, one after another.
    pub ahead: Ahead,
    /// The same in INSERTs.
    pub signs: tuple::Signs,
}

impl RowSpan {
    /// Is a raw cell of that type its own text form? Text forms of some types are made uniform.
    pub fn is_own(&self, cell: usize, data_type: &DataType) -> bool {
        self.cells[cell].end < self.own && RowSpan::may_own(data_type)
    }

    /// Can raw cells of that type be their own text forms?
    pub fn may_own(data_type: &DataType) -> bool {
        !matches!(data_type.base(), DataType::Bytea)
    }
}

/// A block of a batch, and where in it bytes stand that mean something.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ahead {
    /// Where it begins.
    pub base: usize,
    /// A bit for each byte, for each meaning.
    pub marks: [u64; 3],
}

/// What shows of a raw cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bare {
    /// NULL.
    Null,
    /// These of its bytes are its text form; and a text that is made of them, ASCII letters, digits and
    /// `@._-`, and has an `@`, can stand there as it is.
    Text(Range<usize>),
    /// These bytes are, but for control characters and quotes, each of which is written as a backslash and a letter or
    /// itself, as it would be in any text; and a text of the same kind can stand there as it is.
    Lines(Range<usize>),
    /// It has to be decoded.
    Unclear,
}

/// A row or cell that cannot be read or written. Never holds the content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RowFault(pub String);

impl RowFault {
    /// The refusal of what stands among a relation's rows.
    pub fn among_rows(self, relation: &RelationName, at: Position) -> Error {
        Error::input(self.0).relation(relation).at(at).remedy(
            "make the dump again with the system's own tool, which writes rows and nothing else",
        )
    }
}

/// Reads and writes the rows of one block.
pub trait RowCodec: Send + Sync + Debug {
    /// Finds the row that starts at `at` (the end of the row before, or 0) and its cells. False at
    /// the end of the batch; what then remains is the lead of nothing (white space).
    ///
    /// # Errors
    /// If the row cannot be parsed with certainty. Counting the columns is the caller's business.
    fn row(&self, batch: &[u8], at: usize, row: &mut RowSpan) -> Result<bool, RowFault>;

    /// The text form of a raw cell in UTF-8; none is NULL. `column` is its position in the header.
    ///
    /// # Errors
    /// If the cell is not a literal that can be read with certainty.
    fn decode<'a>(
        &self,
        column: usize,
        raw: &'a [u8],
        data_type: &DataType,
    ) -> Result<Option<Cow<'a, [u8]>>, RowFault>;

    /// Appends the raw form of a text form (none is NULL), in the quoting class of `original` if
    /// given. `column` is its position in the header.
    ///
    /// # Errors
    /// If the text cannot be written, for instance a character that the dump's encoding lacks.
    fn encode(
        &self,
        column: usize,
        text: Option<&[u8]>,
        original: Option<&[u8]>,
        data_type: &DataType,
        out: &mut Vec<u8>,
    ) -> Result<(), RowFault>;

    /// What a raw cell of type `text` or `varchar` holds, where that shows without decoding it.
    fn bare(&self, _raw: &[u8]) -> Bare {
        Bare::Unclear
    }

    /// Goes from `at` over rows that may leave with what stands between them, as long as there is no doubt about them: each has as many
    /// cells as are wanted or not (where a row holds nothing that an address could be written with, they may
    /// be counted together with other rows'), none of the wanted in the others is longer than it may be, or NULL where
    /// that is asked, and cells that are not `found` hold nothing that an address could be written with. The map
    /// is that of the batch, whose rows are gone over in their order. What is found may go on behind the end.
    fn survey(
        &self,
        _batch: &[u8],
        at: usize,
        _wanted: &Wanted,
        _map: &mut RowMap,
        _found: &mut Vec<Signed>,
    ) -> Surveyed {
        Surveyed::none(at)
    }

    /// Lists rows from `at` on and the wanted cells in them, as long as each has the width that is asked for and there is no
    /// doubt about where its cells stand. Nothing is listed where that does not show at a glance.
    fn glance(&self, _batch: &[u8], _at: usize, _rows: &mut Glanced) {}

    /// Appends what leaves the value of a generated column to the server, in place of the copy that
    /// the row holds.
    ///
    /// # Errors
    /// If this form of rows has no way to say that.
    fn encode_generated(&self, _out: &mut Vec<u8>) -> Result<(), RowFault> {
        Err(RowFault(
            "the row holds a generated column, which a rule has made wrong".to_owned(),
        ))
    }

    /// Appends a whole new row from its cells, with the line end in COPY, the parentheses in INSERT,
    /// without separator.
    ///
    /// # Errors
    /// As for `encode`.
    fn write_row(
        &self,
        cells: &[(Option<&[u8]>, &DataType)],
        out: &mut Vec<u8>,
    ) -> Result<(), RowFault>;
}

/// Where the output stands when it has to be made unloadable.
#[derive(Debug, Clone)]
pub enum OutputState {
    /// Between statements.
    TopLevel,
    /// Inside the rows of a block, between two rows. True: an INSERT whose head has been written.
    Rows(Arc<Block>, bool),
    /// The input ended within something unfinished and all of it has been written.
    Unfinished,
}

/// A pull-style decoder: the driver gives it the bytes read so far and takes a frame at a time.
pub trait Framer: Send {
    /// The next frame at the front of `input`, which is consumed; none if more input is needed
    /// (`eof` false) or everything has been framed (`eof` true).
    ///
    /// # Errors
    /// Only in [`RowMode::Split`]: the input ends within a row, or something that may change the rows
    /// stands among them. What could not be read stays in `input` and must not be written. In Pass
    /// mode every byte leaves in some frame, so that an empty rulebook changes nothing.
    fn next(&mut self, input: &mut BytesMut, eof: bool) -> Result<Option<Frame>>;

    /// Decides how the rows of the block whose `Head` was just returned are framed.
    fn rows(&mut self, mode: RowMode);

    /// The block whose `Head`, or the data whose [`Part::Data`] was just returned, passes as it lies
    /// in the archive: its frames hold the container's bytes, still compressed. `checked`: there are rules,
    /// so that what only statements can tell, that they are about the entry's own rows, is looked at all the
    /// same. False if it cannot pass so.
    fn contained(&mut self, _checked: bool) -> bool {
        false
    }

    /// After the last frame: was the input complete? Otherwise it says what is missing (an open
    /// quote, a COPY without its end, a banner without its completion line).
    ///
    /// # Errors
    /// The refusal of a truncated input.
    fn finish(&self) -> Result<()>;

    /// The schema of this database section is known beforehand (`--schema`). What the stream's own
    /// DDL says is learned on top of it.
    fn seed(&mut self, catalog: Catalog);

    /// The schema learned so far in this database section. After a [`Effect::Connect`] it is still
    /// that of the section before, until the next frame is asked for.
    fn catalog(&self) -> &Catalog;

    /// The session settings in force behind the frame that was returned last: those of a block, if
    /// it was the block's `Head`. After an [`Effect::Connect`] they are still those of the section
    /// before, until the next frame is asked for.
    fn session(&self) -> SessionState;

    /// Appends the statements, each on a line of its own, that bring a session from one state to
    /// another; nothing if they do not differ. Both must be of the same database section. What is
    /// written can stand at any place after a line end where a statement may begin.
    ///
    /// # Errors
    /// If a setting that differs cannot be brought back.
    fn switch(&self, from: &SessionState, to: &SessionState, out: &mut Vec<u8>) -> Result<()>;

    /// What is left of the statement that was returned last without the users whose names, as
    /// stored, are `gone`. If it is not [`Without::Same`] and the frame has no bytes, the statement
    /// has left already. Its further effects, in frames of their own, go with it: for them the
    /// answer is [`Without::Same`].
    fn without_users(&self, gone: &dyn Fn(&str) -> bool) -> Without;

    /// If it is a table of the server's own in which passwords of its users stand: their columns.
    fn credentials(&self, _: &RelationName) -> &'static [&'static str] {
        &[]
    }

    /// Is all DDL of this section's tables known before the first row, because the dumper's banner says so?
    fn schema_first(&self) -> bool;

    /// Where the last rows end, as far as `end`, the last bytes of a dump, tells: a place between statements. What
    /// looks like it may stand within rows, so the stream has to show that it is one.
    fn rows_end(&self, _end: &[u8]) -> Option<usize> {
        None
    }

    /// May the rows of a table that is written in one place come in several blocks, because the
    /// client's commands stand between them?
    fn in_pieces(&self) -> bool {
        false
    }

    /// Writes `rows` into `relation` as statements that stand on their own, in the current session
    /// settings: a COPY, or INSERTs when the dump uses those or `as_insert` wants them (columns left to their default).
    /// Rows are text forms; none is NULL.
    ///
    /// # Errors
    /// As for [`RowCodec::encode`].
    fn write_rows(
        &self,
        relation: &Relation,
        columns: &[usize],
        rows: &[Vec<Option<Vec<u8>>>],
        as_insert: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), RowFault>;

    /// Bytes that no client can load, given where the output stands: closes what is open, then fails.
    fn unloadable(&self, state: &OutputState, message: &str) -> Vec<u8>;
}

/// The statements that make a dump one transaction for each database section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transactional {
    /// Goes before everything else, but after a byte order mark.
    pub prologue: &'static str,
    /// Opens a transaction, before any statement.
    pub begin: &'static str,
    /// Commits it between two statements.
    pub commit: &'static str,
    /// Commits it at the end of the dump, behind a line end.
    pub last: &'static str,
}

/// One dialect.
pub trait Dialect: Send + Sync {
    /// Its name as `--from` spells it.
    fn name(&self) -> &'static str;
    /// Does a stream that starts with `head` look like this dialect? Higher is surer; 0 is no.
    fn recognise(&self, head: &[u8]) -> u8;
    /// A framer for one stream.
    fn framer(&self) -> Box<dyn Framer>;
    /// A framer for the stream of a file, which can be what its relation is called after.
    fn framer_of(&self, _file: Option<&str>) -> Box<dyn Framer> {
        self.framer()
    }
    /// How a dump is made one transaction; none if that cannot be done.
    fn transaction(&self) -> Option<Transactional> {
        None
    }
    /// Does its client read UTF-16?
    fn reads_utf16(&self) -> bool {
        false
    }
}

/// All dialects.
pub fn dialects() -> &'static [&'static dyn Dialect] {
    &[
        &postgres::Postgres,
        &mysql::Mysql,
        &mssql::Mssql,
        &sqlite::Sqlite,
        &oracle::Oracle,
        &properties::Properties,
    ]
}
