//! The framer: statements, client commands and the rows of INSERTs, in the order of the script.
//!
//! It keeps the catalog and hands each stretch of bytes to the part that knows where it ends. What
//! differs between the dialects is behind [`Flavour`].

use super::ending::{self, Unfinished};
use super::insert::{self, InsertHead};
use super::lexer::Grammar;
use super::rows::{Cut, InsertRows, RowReader};
use super::scanner::{Found, Scanner};
use super::tokens::tokens;
use crate::dialect::calls::Calls;
use crate::dialect::{
    Block, Effect, Frame, Framer, OutputState, RowCodec, RowFault, RowMode, SessionState,
    WITHOUT_COMMIT, Without,
};
use crate::error::{Error, Position, Result};
use crate::schema::{Catalog, Relation, RelationName};
use bytes::{Bytes, BytesMut};
use std::collections::{HashMap, VecDeque};
use std::fmt::Debug;
use std::sync::Arc;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What a dialect adds to the framer: its session, its DDL, its literals.
pub trait Flavour: Send + Debug {
    /// How bytes are cut into units now.
    fn grammar(&self) -> &Grammar;

    /// Takes in a comment between statements.
    fn comment(&mut self, comment: &[u8]);

    /// The completion line that was promised and has not come.
    fn missing(&self) -> Option<&'static str>;

    /// Takes in a client command and says what it does.
    fn command(&mut self, command: &[u8]) -> Effect;

    /// Takes in a whole statement: what it does, and what it changes in session and catalog. `seen`
    /// tells whether rows of a relation have come.
    fn statement(
        &mut self,
        catalog: &mut Catalog,
        seen: &dyn Fn(&RelationName) -> bool,
        statement: &[u8],
    ) -> Vec<Effect>;

    /// The relation of these parts of a name.
    fn relation(&self, catalog: &Catalog, parts: Vec<String>) -> RelationName;

    /// Are rows for this relation rows of a table (and not something of the server's own)?
    fn is_table(&self, parts: &[String]) -> bool;

    /// The table in which the rows of a relation stand, and the names that its columns have for rules
    /// and there, if they are not its own.
    fn stored(&self, _: &RelationName) -> Option<(RelationName, &[(String, String)])> {
        None
    }

    /// As [`Framer::credentials`].
    fn credentials(&self, _: &Catalog, _: &RelationName) -> &'static [&'static str] {
        &[]
    }

    /// Do rows without a list of columns hold the generated ones, too?
    fn has_generated(&self) -> bool;

    /// Where these rows may call a function of the script that writes.
    fn rows_call(&self, _rows: &[u8]) -> Option<usize> {
        None
    }

    /// Reads and writes rows.
    fn codec(&self, reader: RowReader) -> Arc<dyn RowCodec>;

    /// As [`Framer::session`].
    fn session(&self) -> SessionState;

    /// As [`Framer::switch`].
    ///
    /// # Errors
    /// If a setting cannot be brought back.
    fn switch(&self, from: &SessionState, to: &SessionState, out: &mut Vec<u8>) -> Result<()>;

    /// As [`Framer::without_users`], for this statement.
    fn without_users(&self, statement: &[u8], gone: &dyn Fn(&str) -> bool) -> Without;

    /// A name in quotes.
    ///
    /// # Errors
    /// If the dump's character set lacks a character.
    fn quoted(&self, name: &str, out: &mut Vec<u8>) -> Result<(), RowFault>;

    /// A statement without which rows that scrub adds would be lost; often empty.
    fn after_rows(&self) -> &'static str {
        ""
    }
}

/// What the front of the input belongs to.
#[derive(Debug)]
enum State {
    /// Nothing has been read.
    Start,
    /// Statements.
    Top,
    /// The rows of INSERTs.
    Insert(Arc<Block>, Box<InsertRows>),
    /// The row of an INSERT … SET, of this length, and what follows it.
    Set(Arc<Block>, usize, usize),
    /// Everything has been framed.
    Done,
}

/// Frames one stream.
#[derive(Debug)]
pub struct ScriptFramer<F> {
    flavour: F,
    state: State,
    catalog: Catalog,
    at: Position,
    scanner: Scanner,
    effects: VecDeque<Effect>,
    mode: RowMode,
    counts: HashMap<RelationName, u64>,
    unfinished: Option<Unfinished>,
    in_transaction: bool,
    /// Whether it has been told that rows of this block may call a function that writes.
    calls: Calls,
    /// The statement that has just been framed.
    last: Bytes,
}

/// What one step of the framer gives.
enum Step {
    Frame(Frame),
    Again,
    More,
}

impl<F: Flavour> ScriptFramer<F> {
    /// A framer for one stream.
    pub fn new(flavour: F) -> Self {
        ScriptFramer {
            flavour,
            state: State::Start,
            catalog: Catalog::default(),
            at: Position::START,
            scanner: Scanner::default(),
            effects: VecDeque::new(),
            mode: RowMode::Pass,
            counts: HashMap::new(),
            unfinished: None,
            in_transaction: false,
            calls: Calls::default(),
            last: Bytes::new(),
        }
    }

    /// Takes `length` bytes off the front.
    fn take(&mut self, input: &mut BytesMut, length: usize) -> (Bytes, Position) {
        let bytes = input.split_to(length).freeze();
        let at = self.at;
        self.at.advance(&bytes);
        (bytes, at)
    }

    fn other(&mut self, input: &mut BytesMut, length: usize) -> Step {
        let (bytes, _) = self.take(input, length);
        match bytes.is_empty() {
            true => Step::Again,
            false => Step::Frame(Frame::Other { bytes }),
        }
    }

    fn start(&mut self, input: &mut BytesMut, eof: bool) -> Step {
        if input.len() < BYTE_ORDER_MARK.len() && BYTE_ORDER_MARK.starts_with(input) && !eof {
            return Step::More;
        }
        self.state = State::Top;
        if input.starts_with(BYTE_ORDER_MARK) {
            return self.other(input, BYTE_ORDER_MARK.len());
        }
        Step::Again
    }

    /// Statements, commands and what stands between them.
    fn top(&mut self, input: &mut BytesMut, eof: bool) -> Step {
        let grammar = self.flavour.grammar();
        match self.scanner.find(grammar, input, eof) {
            Found::More if eof => {
                if !input.is_empty() {
                    self.unfinished = Some(Unfinished::Statement(self.scanner.clone()));
                }
                self.state = State::Done;
                let rest = input.len();
                self.other(input, rest)
            }
            Found::More => Step::More,
            Found::Comment(start, end) => {
                self.flavour.comment(&input[start..end]);
                Step::Again
            }
            Found::Gap(end) => {
                self.scanner.shift(end);
                self.other(input, end)
            }
            Found::Values(at) => {
                let head = insert::parse_head(tokens(grammar, &input[..at]));
                match head.filter(|head| self.flavour.is_table(&head.relation)) {
                    Some(head) => self.insert(input, at, head),
                    None => {
                        self.scanner.forget_values();
                        Step::Again
                    }
                }
            }
            Found::Statement(end) => self.statement(input, end),
            Found::Command(end) => {
                self.scanner = Scanner::default();
                let effect = self.flavour.command(&input[..end]);
                let (bytes, at) = self.take(input, end);
                self.last = bytes.clone();
                Step::Frame(Frame::Statement { bytes, at, effect })
            }
        }
    }

    fn statement(&mut self, input: &mut BytesMut, end: usize) -> Step {
        self.scanner = Scanner::default();
        let statement = &input[..end];
        let set = insert::parse_set(tokens(self.flavour.grammar(), statement));
        if let Some(set) = set.filter(|set| self.flavour.is_table(&set.head.relation)) {
            let row = set.row.len();
            let head = statement[..set.row.start].to_vec();
            let block = self.block(head, set.head, true);
            self.state = State::Set(block.clone(), row, end - set.row.end);
            return self.head(input, set.row.start, block);
        }
        let counts = &self.counts;
        let seen = |relation: &RelationName| counts.contains_key(relation);
        let effects = self.flavour.statement(&mut self.catalog, &seen, statement);
        for effect in &effects {
            self.in_transaction = effect.in_transaction(self.in_transaction);
        }
        self.effects = effects.into();
        let effect = self.effects.pop_front().unwrap_or(Effect::Setting);
        let (bytes, at) = self.take(input, end);
        self.last = bytes.clone();
        Step::Frame(Frame::Statement { bytes, at, effect })
    }

    fn block(&self, head: Vec<u8>, says: InsertHead, set: bool) -> Arc<Block> {
        let relation = self.flavour.relation(&self.catalog, says.relation);
        let stored = self.flavour.stored(&relation);
        let of_rules = |name: String| {
            let mut names = stored.iter().flat_map(|(_, names)| names.iter());
            let found = names.find(|(_, stored)| *stored == name);
            found.map_or(name, |(of_rules, _)| of_rules.clone())
        };
        let says_columns = says.columns.map(|c| c.into_iter().map(of_rules).collect());
        let columns = says_columns.or_else(|| {
            let relation = self.catalog.relation(&relation)?;
            let columns = relation.columns.iter();
            let there =
                columns.filter(|c| self.flavour.has_generated() || !c.generated.is_computed());
            Some(there.map(|c| c.name.clone()).collect())
        });
        let reader = RowReader::new(head, self.flavour.grammar().clone(), set);
        Arc::new(Block {
            relation,
            columns,
            has_end: false,
            tied: false,
            entry: None,
            codec: self.flavour.codec(reader),
        })
    }

    /// The rows of INSERTs, whose head ends at `end`.
    fn insert(&mut self, input: &mut BytesMut, end: usize, head: InsertHead) -> Step {
        let bytes = input[..end].to_vec();
        let rows = InsertRows::new(bytes.clone(), self.flavour.grammar().clone());
        let block = self.block(bytes, head, false);
        self.scanner = Scanner::default();
        self.state = State::Insert(block.clone(), Box::new(rows));
        self.head(input, end, block)
    }

    fn head(&mut self, input: &mut BytesMut, length: usize, block: Arc<Block>) -> Step {
        self.mode = RowMode::Pass;
        self.calls.begin();
        // From here on the relation has been seen, wherever its rows are cut.
        self.counts.entry(block.relation.clone()).or_default();
        let (bytes, at) = self.take(input, length);
        Step::Frame(Frame::Head { bytes, at, block })
    }

    fn rows_frame(
        &mut self,
        input: &mut BytesMut,
        block: &Block,
        length: usize,
        rows: u64,
    ) -> Step {
        let (bytes, at) = self.take(input, length);
        let count = self.counts.entry(block.relation.clone()).or_default();
        let (first_row, rows) = match self.mode {
            RowMode::Pass => (0, 0),
            RowMode::Split => (*count, rows),
        };
        *count += rows;
        let frame = Frame::Rows {
            bytes,
            at,
            first_row,
            rows,
        };
        Step::Frame(self.told(frame, at))
    }

    /// The row of an INSERT … SET, then its end.
    fn set(&mut self, input: &mut BytesMut, block: &Arc<Block>, row: usize, end: usize) -> Step {
        if row > 0 {
            self.state = State::Set(block.clone(), 0, end);
            return self.rows_frame(input, block, row, 1);
        }
        self.end(input, end)
    }

    fn end(&mut self, input: &mut BytesMut, length: usize) -> Step {
        self.state = State::Top;
        let (bytes, at) = self.take(input, length);
        Step::Frame(self.told(Frame::End { bytes, at }, at))
    }

    /// Rows, or their end. If they may call a function that writes, this is told first.
    fn told(&mut self, frame: Frame, at: Position) -> Frame {
        let call = self.flavour.rows_call(frame.bytes());
        self.calls.before(frame, at, call)
    }

    /// The rows of the block and its end.
    fn rows_of_block(&mut self, input: &mut BytesMut, eof: bool) -> Result<Step> {
        let State::Insert(block, rows) = &mut self.state else {
            return Ok(Step::Again);
        };
        let block = block.clone();
        let cut = rows.cut(self.mode, input, eof);
        let cut = cut.map_err(|fault| fault.among_rows(&block.relation, self.at))?;
        match cut {
            Cut::Rows(length, rows) => Ok(self.rows_frame(input, &block, length, rows)),
            Cut::End(length) => Ok(self.end(input, length)),
            Cut::More if eof => self.cut_short(input, &block),
            Cut::More => Ok(Step::More),
        }
    }

    /// The input ends within rows. A part of a row that somebody wants to read must not leave.
    fn cut_short(&mut self, input: &mut BytesMut, block: &Block) -> Result<Step> {
        let state = std::mem::replace(&mut self.state, State::Done);
        if let State::Insert(_, rows) = state {
            self.unfinished = Some(Unfinished::Insert(rows));
        }
        if self.mode == RowMode::Split && !input.trim_ascii().is_empty() {
            return Err(Error::input("the input ends within a row")
                .relation(&block.relation)
                .at(self.at)
                .remedy("it is truncated; make the dump again"));
        }
        let rest = input.len();
        Ok(self.other(input, rest))
    }
}

impl<F: Flavour> Framer for ScriptFramer<F> {
    fn next(&mut self, input: &mut BytesMut, eof: bool) -> Result<Option<Frame>> {
        if self.effects.is_empty() {
            self.last = Bytes::new();
        }
        loop {
            if let Some(effect) = self.effects.pop_front() {
                return Ok(Some(Frame::Statement {
                    bytes: Bytes::new(),
                    at: self.at,
                    effect,
                }));
            }
            if let Some(frame) = self.calls.waiting() {
                return Ok(Some(frame));
            }
            let step = match &self.state {
                State::Start => self.start(input, eof),
                State::Top => self.top(input, eof),
                State::Insert(..) => self.rows_of_block(input, eof)?,
                State::Set(block, row, end) => {
                    let (block, row, end) = (block.clone(), *row, *end);
                    self.set(input, &block, row, end)
                }
                State::Done if input.is_empty() => return Ok(None),
                State::Done => {
                    let rest = input.len();
                    self.other(input, rest)
                }
            };
            match step {
                Step::Frame(frame) => return Ok(Some(frame)),
                Step::More => return Ok(None),
                Step::Again => {}
            }
        }
    }

    fn rows(&mut self, mode: RowMode) {
        self.mode = mode;
    }

    fn finish(&self) -> Result<()> {
        let missing = match &self.unfinished {
            Some(unfinished) => Some(unfinished.what()),
            None if self.in_transaction => Some(WITHOUT_COMMIT),
            None => self.flavour.missing(),
        };
        match missing {
            None => Ok(()),
            Some(missing) => Err(Error::input(format!("the input is truncated: {missing}"))
                .at(self.at)
                .remedy("make the dump again, with `set -o pipefail` if it comes through a pipe")),
        }
    }

    fn seed(&mut self, catalog: Catalog) {
        self.catalog = catalog.foreseen();
    }

    fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    fn session(&self) -> SessionState {
        self.flavour.session()
    }

    fn credentials(&self, relation: &RelationName) -> &'static [&'static str] {
        self.flavour.credentials(&self.catalog, relation)
    }

    fn switch(&self, from: &SessionState, to: &SessionState, out: &mut Vec<u8>) -> Result<()> {
        self.flavour.switch(from, to, out)
    }

    fn without_users(&self, gone: &dyn Fn(&str) -> bool) -> Without {
        self.flavour.without_users(&self.last, gone)
    }

    fn schema_first(&self) -> bool {
        false
    }

    fn write_rows(
        &self,
        relation: &Relation,
        columns: &[usize],
        rows: &[Vec<Option<Vec<u8>>>],
        _as_insert: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), RowFault> {
        ending::write_inserts(&self.flavour, relation, columns, rows, out)
    }

    fn unloadable(&self, state: &OutputState, message: &str) -> Vec<u8> {
        let delimiter = &self.flavour.grammar().delimiter;
        ending::unloadable(state, self.unfinished.as_ref(), delimiter, message)
    }
}
