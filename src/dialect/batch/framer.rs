//! The framer of a script: client lines, statements and blocks of rows in the order in which the
//! client meets them. A [`Script`] says where statements end and what they do.

use super::Flavour;
use super::charset::{Charset, REMEDY};
use super::codec::{InsertCodec, Literals};
use super::head::{InsertHead, parse_head};
use super::lexer;
use super::lines::is_line_start;
use super::rows::{Cut, Cutter};
use super::table::Context;
use super::tokens::tokens;
use crate::dialect::calls::Calls;
use crate::dialect::{
    Block, Effect, Frame, Framer, OutputState, RowFault, RowMode, SessionState, Without,
};
use crate::error::{Error, Position, Result};
use crate::schema::{Catalog, Relation, RelationName};
use bytes::{Bytes, BytesMut};
use std::collections::{HashMap, VecDeque};
use std::fmt::Debug;
use std::sync::Arc;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What stands at the front of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// More input is needed; at the end of the input: something has no end.
    More,
    /// White space and comments up to here.
    Gap(usize),
    /// A line that ends a batch, up to here.
    Line(usize),
    /// A command of the client, up to here.
    Command(usize),
    /// The head of an INSERT up to here, where its first row begins.
    Rows(usize),
    /// A statement up to here.
    Statement(usize),
}

/// Where a scanner stands at the end of the input.
#[derive(Debug, Clone, Copy, Default)]
pub struct Open {
    /// The start of the token that has no end.
    pub token: usize,
    /// Parentheses that are open.
    pub parentheses: u32,
    /// Is it a unit of PL/SQL, which only a line `/` ends?
    pub unit: bool,
}

/// What a dialect knows of its scripts.
pub trait Script: Send + Debug {
    /// Whose script it is.
    fn flavour(&self) -> Flavour;

    /// What stands at the front of `buf`. `fresh`: a line begins there. It remembers how far it came
    /// until [`Script::taken`].
    fn find(&mut self, buf: &[u8], fresh: bool, eof: bool) -> Found;

    /// What was found has been taken off the front.
    fn taken(&mut self);

    /// The head that was found last is not one; the statement ends elsewhere.
    fn no_rows(&mut self);

    /// What is open where the input ended.
    fn open(&self) -> Open;

    /// How names are resolved now.
    fn context(&self) -> &Context;

    /// What a statement or command does. At least one effect. Session settings are applied.
    fn effects(&mut self, statement: &[u8], catalog: &Catalog) -> Vec<Effect>;

    /// White space or a comment between statements passes.
    fn gap(&mut self, bytes: &[u8]);

    /// A line that ends a batch passes. Its effects, if it has any: it may run rows once more.
    fn line(&mut self, bytes: &[u8]) -> Vec<Effect>;

    /// Is the name one that the client puts together?
    fn is_variable(&self, _name: &[String]) -> bool {
        false
    }

    /// Where these rows may call a function of the script that writes.
    fn rows_call(&self, _rows: &[u8]) -> Option<usize> {
        None
    }

    /// Rows of a relation begin.
    fn rows(&mut self, relation: &RelationName);

    /// Reads and writes cells under the settings in force.
    fn literals(&self) -> Arc<dyn Literals>;

    /// The columns of an INSERT without a list.
    fn unlisted(&self, relation: &Relation) -> Vec<String>;

    /// Learns the schema from a statement.
    fn learn(&self, catalog: &mut Catalog, statement: &[u8]);

    /// Another database section begins.
    fn connected(&mut self);

    /// The session settings in force.
    fn session(&self) -> SessionState;

    /// As [`Framer::switch`].
    ///
    /// # Errors
    /// If a setting cannot be brought back.
    fn switch(&self, from: &SessionState, to: &SessionState, out: &mut Vec<u8>) -> Result<()>;

    /// As [`Framer::without_users`].
    fn without_users(&self, statement: &[u8], gone: &dyn Fn(&str) -> bool) -> Without;

    /// What is missing at the end of a whole input, if the script's banner promises it.
    fn missing(&self) -> Option<&'static str>;

    /// As [`Framer::write_rows`].
    ///
    /// # Errors
    /// As [`Framer::write_rows`].
    fn write_rows(
        &self,
        relation: &Relation,
        columns: &[usize],
        rows: &[Vec<Option<Vec<u8>>>],
        charset: &Arc<Charset>,
        out: &mut Vec<u8>,
    ) -> Result<(), RowFault>;

    /// What makes the output fail, after everything open has been closed.
    fn failure(&self, message: &str) -> Vec<u8>;
}

#[derive(Debug)]
enum State {
    Start,
    Top,
    Insert(Arc<Block>, Cutter),
    Done,
}

/// What the input ended within.
#[derive(Debug)]
struct Unfinished {
    what: &'static str,
    close: Vec<u8>,
}

/// Frames one stream.
#[derive(Debug)]
pub struct ScriptFramer<S> {
    script: S,
    state: State,
    catalog: Catalog,
    at: Position,
    /// Does a line begin with the next byte, blanks aside?
    fresh: bool,
    effects: VecDeque<Effect>,
    mode: RowMode,
    counts: HashMap<RelationName, u64>,
    unfinished: Option<Unfinished>,
    last: Bytes,
    connecting: bool,
    /// Whether it has been told that rows of this block may call a function that writes.
    calls: Calls,
    charset: Arc<Charset>,
}

enum Next {
    Frame(Frame),
    Again,
    More,
}

impl<S: Script> ScriptFramer<S> {
    /// A framer at the start of a stream.
    pub fn new(script: S) -> Self {
        ScriptFramer {
            script,
            state: State::Start,
            catalog: Catalog::default(),
            at: Position::START,
            fresh: true,
            effects: VecDeque::new(),
            mode: RowMode::Pass,
            counts: HashMap::new(),
            unfinished: None,
            last: Bytes::new(),
            connecting: false,
            calls: Calls::default(),
            charset: Arc::default(),
        }
    }

    fn take(&mut self, input: &mut BytesMut, length: usize) -> (Bytes, Position) {
        self.fresh = is_line_start(&input[..length], length, self.fresh);
        let bytes = input.split_to(length).freeze();
        self.charset.see(&bytes);
        let at = self.at;
        self.at.advance(&bytes);
        (bytes, at)
    }

    fn other(&mut self, input: &mut BytesMut, length: usize) -> Next {
        let (bytes, _) = self.take(input, length);
        match bytes.is_empty() {
            true => Next::Again,
            false => Next::Frame(Frame::Other { bytes }),
        }
    }

    fn start(&mut self, input: &mut BytesMut, eof: bool) -> Next {
        if input.len() < BYTE_ORDER_MARK.len() && BYTE_ORDER_MARK.starts_with(input) && !eof {
            return Next::More;
        }
        self.state = State::Top;
        if input.starts_with(BYTE_ORDER_MARK) {
            self.charset.mark();
            let next = self.other(input, BYTE_ORDER_MARK.len());
            self.fresh = true;
            return next;
        }
        Next::Again
    }

    fn top(&mut self, input: &mut BytesMut, eof: bool) -> Next {
        match self.script.find(input, self.fresh, eof) {
            Found::More if eof => {
                if !input.is_empty() {
                    self.unfinished = Some(self.cut(self.script.open(), input));
                }
                self.state = State::Done;
                let rest = input.len();
                self.other(input, rest)
            }
            Found::More => Next::More,
            Found::Gap(end) => {
                self.script.taken();
                self.script.gap(&input[..end]);
                self.other(input, end)
            }
            Found::Line(end) => {
                self.script.taken();
                let mut effects: VecDeque<_> = self.script.line(&input[..end]).into();
                let Some(effect) = effects.pop_front() else {
                    return self.other(input, end);
                };
                self.effects = effects;
                let (bytes, at) = self.take(input, end);
                Next::Frame(Frame::Statement { bytes, at, effect })
            }
            Found::Rows(at) => {
                let flavour = self.script.flavour();
                match parse_head(tokens(&input[..at], flavour), flavour) {
                    Some(head) if !self.script.is_variable(&head.relation) => {
                        self.head(input, at, head)
                    }
                    _ => {
                        self.script.no_rows();
                        Next::Again
                    }
                }
            }
            Found::Statement(end) | Found::Command(end) => self.statement(input, end),
        }
    }

    fn statement(&mut self, input: &mut BytesMut, end: usize) -> Next {
        self.script.taken();
        let (bytes, at) = self.take(input, end);
        let mut effects: VecDeque<_> = self.script.effects(&bytes, &self.catalog).into();
        self.connecting = matches!(effects.front(), Some(Effect::Connect(_)));
        self.script.learn(&mut self.catalog, &bytes);
        self.last = bytes.clone();
        let effect = effects.pop_front().unwrap_or(Effect::Setting);
        self.effects = effects;
        Next::Frame(Frame::Statement { bytes, at, effect })
    }

    /// The rows of INSERTs, whose head ends at `end`.
    fn head(&mut self, input: &mut BytesMut, end: usize, head: InsertHead) -> Next {
        self.script.taken();
        let context = self.script.context();
        let relation = context.resolve(&self.catalog, head.relation);
        let known = self.catalog.relations.get(&relation);
        let columns = match head.columns {
            Some(names) => Some(context.columns(known, names)),
            None => known.map(|known| self.script.unlisted(known)),
        };
        let flavour = self.script.flavour();
        let bytes = input[..end].to_vec();
        let cutter = Cutter::new(flavour, head.style, bytes.clone());
        let literals = self.script.literals();
        let charset = Arc::clone(&self.charset);
        let codec = InsertCodec::new(flavour, head.style, bytes, literals, charset);
        self.script.rows(&relation);
        let block = Arc::new(Block {
            relation,
            columns,
            has_end: false,
            tied: false,
            entry: None,
            codec: Arc::new(codec),
        });
        self.state = State::Insert(block.clone(), cutter);
        self.mode = RowMode::Pass;
        self.calls.begin();
        let (bytes, at) = self.take(input, end);
        Next::Frame(Frame::Head { bytes, at, block })
    }

    /// Rows, or their end. If they may call a function that writes, this is told first.
    fn told(&mut self, frame: Frame, at: Position) -> Frame {
        let call = self.script.rows_call(frame.bytes());
        self.calls.before(frame, at, call)
    }

    fn rows_of_block(&mut self, input: &mut BytesMut, eof: bool) -> Result<Next> {
        let State::Insert(block, cutter) = &mut self.state else {
            return Ok(Next::Again);
        };
        let block = block.clone();
        let cut = cutter
            .cut(self.mode, input, eof)
            .map_err(|fault| fault.among_rows(&block.relation, self.at))?;
        match cut {
            Cut::Rows(length, rows) => {
                let (bytes, at) = self.take(input, length);
                let count = self.counts.entry(block.relation.clone()).or_default();
                let first_row = if rows == 0 { 0 } else { *count };
                *count += rows;
                let frame = Frame::Rows {
                    bytes,
                    at,
                    first_row,
                    rows,
                };
                Ok(Next::Frame(self.told(frame, at)))
            }
            Cut::End(length) => {
                let (bytes, at) = self.take(input, length);
                self.state = State::Top;
                Ok(Next::Frame(self.told(Frame::End { bytes, at }, at)))
            }
            Cut::More if eof => self.cut_short(input),
            Cut::More => Ok(Next::More),
        }
    }

    /// The input ends within rows. A part of a row that somebody wants to read must not leave.
    fn cut_short(&mut self, input: &mut BytesMut) -> Result<Next> {
        let State::Insert(block, cutter) = std::mem::replace(&mut self.state, State::Done) else {
            return Ok(Next::Again);
        };
        let (token, parentheses) = cutter.open();
        let open = Open {
            token,
            parentheses,
            unit: false,
        };
        let mut unfinished = self.cut(open, input);
        if cutter.is_after_row() {
            unfinished.what = "the last statement has no terminator";
        }
        self.unfinished = Some(unfinished);
        if self.mode == RowMode::Split && !input.trim_ascii().is_empty() {
            return Err(Error::input("the input ends within a row")
                .relation(&block.relation)
                .at(self.at)
                .remedy("it is truncated; make the dump again"));
        }
        let rest = input.len();
        Ok(self.other(input, rest))
    }

    /// What is open at the end of the input, and what closes it.
    fn cut(&self, open: Open, rest: &[u8]) -> Unfinished {
        let token = rest.get(open.token..).unwrap_or_default();
        let what = match (token.is_empty(), open.parentheses) {
            (false, _) => lexer::open_what(token),
            (_, 1..) => "a parenthesis has no end",
            _ if open.unit => "a PL/SQL unit has no line / behind it",
            _ => "the last statement has no end",
        };
        let mut close = lexer::close(self.script.flavour(), token);
        close.push(b'\n');
        close.resize(close.len() + open.parentheses as usize, b')');
        Unfinished { what, close }
    }
}

impl<S: Script> Framer for ScriptFramer<S> {
    fn next(&mut self, input: &mut BytesMut, eof: bool) -> Result<Option<Frame>> {
        if std::mem::take(&mut self.connecting) {
            self.script.connected();
            self.catalog = Catalog::default();
            self.counts.clear();
        }
        self.last = Bytes::new();
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
            let next = match self.state {
                State::Start => self.start(input, eof),
                State::Top => self.top(input, eof),
                State::Insert(..) => self.rows_of_block(input, eof)?,
                State::Done if input.is_empty() => return Ok(None),
                State::Done => {
                    let rest = input.len();
                    self.other(input, rest)
                }
            };
            match next {
                Next::Frame(frame) => return Ok(Some(frame)),
                Next::More => return Ok(None),
                Next::Again => {}
            }
        }
    }

    fn rows(&mut self, mode: RowMode) {
        self.mode = mode;
    }

    fn seed(&mut self, catalog: Catalog) {
        if std::mem::take(&mut self.connecting) {
            self.script.connected();
            self.counts.clear();
        }
        self.catalog = catalog.foreseen();
    }

    fn finish(&self) -> Result<()> {
        if self.charset.is_mixed() {
            return Err(Error::input(
                "rules write characters that are not ASCII, and the script is not UTF-8",
            )
            .remedy(REMEDY));
        }
        let missing = match &self.unfinished {
            Some(unfinished) => Some(unfinished.what),
            None => self.script.missing(),
        };
        match missing {
            None => Ok(()),
            Some(missing) => Err(Error::input(format!("the input is truncated: {missing}"))
                .at(self.at)
                .remedy("make the script again")),
        }
    }

    fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    fn session(&self) -> SessionState {
        self.script.session()
    }

    fn switch(&self, from: &SessionState, to: &SessionState, out: &mut Vec<u8>) -> Result<()> {
        self.script.switch(from, to, out)
    }

    fn without_users(&self, gone: &dyn Fn(&str) -> bool) -> Without {
        self.script.without_users(&self.last, gone)
    }

    fn in_pieces(&self) -> bool {
        true
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
        self.script
            .write_rows(relation, columns, rows, &self.charset, out)
    }

    fn unloadable(&self, state: &OutputState, message: &str) -> Vec<u8> {
        let message: String = message
            .chars()
            .map(|c| match c {
                ' '..='~' if !matches!(c, '\'' | '\\' | '&' | '-' | '$' | '*' | '/') => c,
                _ => ' ',
            })
            .collect();
        let mut out = match (state, &self.unfinished) {
            (OutputState::Unfinished, Some(unfinished)) => unfinished.close.clone(),
            _ => b"\n".to_vec(),
        };
        out.extend(self.script.failure(&message));
        out
    }
}
