//! The framer: statements, psql commands and blocks of rows, in the order in which psql meets them.
//!
//! It keeps the session and the catalog, and hands each stretch of bytes to the part that knows
//! where it ends: [`super::scanner`], and for the blocks of rows (`blocks`) [`super::copy_rows`] and [`super::insert`].
//!
//! One oddity shapes it. A COPY's data begins on the line after its `;`, and what stands behind the
//! `;` on the same line runs after the data. That text leaves with the COPY's head, because bytes
//! keep their order, and is read again after the data as a *prefix* of the input: its statements
//! then have no bytes left of their own, but they have their effects.

mod blocks;

use super::banner::{self, Banners};
use super::copy_head::{self, CopyHead, Format, Source};
use super::copy_rows::CopyRows;
use super::effects;
use super::ending::{self, Unfinished};
use super::insert::{self, InsertRows};
use super::lexer::Rules;
use super::psql;
use super::scanner::{Found, Scanner};
use super::session::{self, Session};
use super::tokens::{Lexing, tokens};
use super::users;
use crate::dialect::{
    Block, Effect, Frame, Framer, OutputState, RowFault, RowMode, SessionState, WITHOUT_COMMIT,
    Without,
};
use crate::error::{Error, Position, Result};
use crate::schema::{Catalog, Relation, RelationName};
use bytes::{Bytes, BytesMut};
use memchr::memchr;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What the front of the input belongs to.
#[derive(Debug)]
enum State {
    /// Nothing has been read.
    Start,
    /// Statements.
    Top,
    /// A COPY whose head line is complete up to the byte given; its first row decides the line ends.
    First(Box<CopyHead>, usize, CopyRows),
    /// The rows of a COPY.
    Copy(Arc<Block>, CopyRows),
    /// The rows of INSERTs.
    Insert(Arc<Block>, InsertRows),
    /// Data that reaches to the end of the input.
    Rest,
    /// Everything has been framed.
    Done,
}

/// Frames one stream.
#[derive(Debug)]
pub struct PlainFramer {
    state: State,
    session: Session,
    rules: Rules,
    catalog: Catalog,
    at: Position,
    scanner: Scanner,
    prefix: Vec<u8>,
    effects: VecDeque<Effect>,
    mode: RowMode,
    counts: HashMap<RelationName, u64>,
    banners: Banners,
    inserts: bool,
    unfinished: Option<Unfinished>,
    in_transaction: bool,
    /// The statement or command that has just been framed.
    last: Bytes,
    /// A `\connect` has been framed; its section begins with the next frame.
    connecting: Option<String>,
}

impl Default for PlainFramer {
    fn default() -> Self {
        let session = Session::default();
        PlainFramer {
            state: State::Start,
            rules: session.rules(),
            session,
            catalog: Catalog::default(),
            at: Position::START,
            scanner: Scanner::default(),
            prefix: Vec::new(),
            effects: VecDeque::new(),
            mode: RowMode::Pass,
            counts: HashMap::new(),
            banners: Banners::default(),
            inserts: false,
            unfinished: None,
            in_transaction: false,
            last: Bytes::new(),
            connecting: None,
        }
    }
}

/// What one step of the framer gives.
enum Step {
    Frame(Frame),
    Again,
    More,
}

impl PlainFramer {
    /// Goes on with statements, whatever was open: the parts of an archive end by themselves.
    pub(super) fn resume(&mut self) {
        self.state = State::Top;
        self.scanner = Scanner::default();
        self.prefix.clear();
        self.effects.clear();
        self.unfinished = None;
        self.last = Bytes::new();
        self.connecting = None;
    }

    /// Takes a table as known whose definition has not come.
    pub(super) fn head_of(&mut self, relation: Relation) {
        let relations = &mut self.catalog.relations;
        relations.insert_new(relation.name.clone(), relation);
    }

    /// Has the input ended within rows?
    pub(super) fn is_cut_short(&self) -> bool {
        self.unfinished.is_some()
    }

    /// Where the next frame begins.
    pub(super) fn at(&self) -> Position {
        self.at
    }

    /// How statements are read now.
    pub(super) fn lexing(&self) -> Lexing {
        self.session.lexing()
    }

    /// Takes `length` bytes off the front, those of the prefix first, which have left already.
    fn take(&mut self, input: &mut BytesMut, length: usize) -> (Bytes, Position) {
        let gone = length.min(self.prefix.len());
        self.prefix.drain(..gone);
        let bytes = input.split_to(length - gone).freeze();
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
        let joined;
        let buf: &[u8] = if self.prefix.is_empty() {
            input
        } else {
            joined = [&self.prefix[..], input].concat();
            &joined
        };
        match self.scanner.find(&self.rules, buf, eof) {
            Found::More if eof => {
                if !buf.is_empty() {
                    self.unfinished = Some(Unfinished::Statement(self.scanner.clone()));
                }
                self.state = State::Done;
                self.prefix.clear();
                let rest = input.len();
                self.other(input, rest)
            }
            Found::More => Step::More,
            Found::Comment(start, end) => {
                self.banners.comment(&buf[start..end]);
                Step::Again
            }
            Found::Gap(end) => {
                self.scanner.shift(end);
                self.other(input, end)
            }
            Found::Values(at) => {
                let head = insert::parse_head(tokens(&buf[..at], self.session.lexing()));
                match head.filter(|_| self.prefix.is_empty()) {
                    Some(head) => self.insert(input, at, head),
                    None => {
                        self.scanner.forget_values();
                        Step::Again
                    }
                }
            }
            Found::Statement(end) => {
                let statement = Bytes::copy_from_slice(&buf[..end]);
                self.statement(input, &statement, eof)
            }
            Found::Command(end) => {
                let command = Bytes::copy_from_slice(&buf[..end]);
                self.command(input, &command)
            }
        }
    }

    fn statement(&mut self, input: &mut BytesMut, statement: &Bytes, eof: bool) -> Step {
        let context = self.session.context();
        let copy = copy_head::parse(tokens(statement, context.lexing))
            .filter(|head| head.source == Source::Stdin);
        let mut effects: VecDeque<_> = effects::classify(statement, &context, &self.catalog).into();
        let mut end = statement.len();
        let mut behind = Vec::new();
        if copy.is_some() && end > self.prefix.len() {
            // The data begins on the next line.
            let line = end - self.prefix.len();
            end = match memchr(b'\n', &input[line..]) {
                Some(n) => end + n + 1,
                None if eof => self.prefix.len() + input.len(),
                None => {
                    self.scanner.hold();
                    return Step::More;
                }
            };
            behind = input[line..end - self.prefix.len()].to_vec();
        }
        self.scanner = Scanner::default();
        if let Some(head) = copy.clone().filter(|head| head.format != Format::Binary) {
            return self.copy(head, end, behind);
        }
        self.session.apply(tokens(statement, self.session.lexing()));
        self.rules = self.session.rules();
        super::ddl::learn(&mut self.catalog, &self.session.context(), statement);
        if copy.is_some() {
            self.state = State::Rest;
        }
        self.last = statement.clone();
        let (bytes, at) = self.take(input, end);
        for effect in &effects {
            self.in_transaction = effect.in_transaction(self.in_transaction);
        }
        let effect = effects.pop_front().unwrap_or(Effect::Setting);
        self.effects = effects;
        Step::Frame(Frame::Statement { bytes, at, effect })
    }

    /// Begins the section of a `\connect` that has been framed: everything of the one before goes.
    fn connect(&mut self) {
        let Some(name) = self.connecting.take() else {
            return;
        };
        self.session = Session::connected(Some(name));
        self.in_transaction = false;
        self.rules = self.session.rules();
        self.catalog = Catalog::default();
        self.counts.clear();
        self.banners.new_section();
        self.inserts = false;
    }

    fn command(&mut self, input: &mut BytesMut, command: &Bytes) -> Step {
        self.scanner = Scanner::default();
        let effect = match psql::command_name(command) {
            b"c" | b"connect" => {
                if effects::connects_with_password(command) {
                    self.effects.push_back(Effect::Password("\\connect"));
                }
                let database = psql::connect_target(command);
                match &database {
                    Some(name) => {
                        self.connecting = Some(name.clone());
                        Effect::Connect(name.clone())
                    }
                    None => {
                        self.session = Session::connected(self.session.database.take());
                        Effect::Setting
                    }
                }
            }
            b"encoding" => {
                if let Some(name) = psql::arguments(command).first() {
                    let name = String::from_utf8_lossy(name);
                    self.session.encoding(name.into_owned());
                }
                Effect::Setting
            }
            b"copy" => {
                let lexing = self.session.lexing();
                let head = copy_head::parse(tokens(&command[1..], lexing));
                match head {
                    Some(head) if head.source == Source::To => {
                        let context = self.session.context();
                        let found = effects::classify(&command[1..], &context, &self.catalog);
                        self.effects = found.into();
                        self.effects.pop_front().unwrap_or(Effect::Setting)
                    }
                    Some(head) if head.source == Source::Stdin && head.format != Format::Binary => {
                        return self.copy(head, command.len(), Vec::new());
                    }
                    Some(head) => {
                        let context = self.session.context();
                        Effect::Opaque(context.resolve(&self.catalog, head.relation), "\\copy")
                    }
                    None => Effect::Unfollowed("\\copy in a form that is not known"),
                }
            }
            name => {
                let key = || {
                    psql::arguments(command)
                        .into_iter()
                        .next()
                        .unwrap_or_default()
                };
                match name {
                    b"restrict" => self.banners.restrict(&key()),
                    b"unrestrict" => self.banners.unrestrict(&key()),
                    _ => {}
                }
                effects::command(name, command)
            }
        };
        self.rules = self.session.rules();
        self.last = command.clone();
        let (bytes, at) = self.take(input, command.len());
        Step::Frame(Frame::Statement { bytes, at, effect })
    }
}

impl Framer for PlainFramer {
    fn next(&mut self, input: &mut BytesMut, eof: bool) -> Result<Option<Frame>> {
        self.connect();
        self.last = Bytes::new();
        loop {
            if let Some(effect) = self.effects.pop_front() {
                return Ok(Some(Frame::Statement {
                    bytes: Bytes::new(),
                    at: self.at,
                    effect,
                }));
            }
            let step = match self.state {
                State::Start => self.start(input, eof),
                State::Top => self.top(input, eof),
                State::First(..) => self.first(input, eof),
                State::Copy(..) | State::Insert(..) => self.rows_of_block(input, eof)?,
                State::Rest | State::Done if input.is_empty() => return Ok(None),
                State::Rest | State::Done => {
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

    fn seed(&mut self, catalog: Catalog) {
        self.connect();
        self.catalog = catalog.foreseen();
    }

    fn finish(&self) -> Result<()> {
        let missing = match &self.unfinished {
            Some(unfinished) => Some(unfinished.what()),
            None => {
                (self.banners.missing()).or_else(|| self.in_transaction.then_some(WITHOUT_COMMIT))
            }
        };
        match missing {
            None => Ok(()),
            Some(missing) => Err(Error::input(format!("the input is truncated: {missing}"))
                .at(self.at)
                .remedy("make the dump again, with `set -o pipefail` if it comes through a pipe")),
        }
    }

    fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    fn session(&self) -> SessionState {
        self.session.state().clone()
    }

    fn switch(&self, from: &SessionState, to: &SessionState, out: &mut Vec<u8>) -> Result<()> {
        session::switch(from, to, out)
    }

    fn without_users(&self, gone: &dyn Fn(&str) -> bool) -> Without {
        users::without(&self.last, self.session.lexing(), gone)
    }

    fn schema_first(&self) -> bool {
        self.banners.in_dump() && !self.catalog.relations.is_empty()
    }

    fn rows_end(&self, end: &[u8]) -> Option<usize> {
        banner::rows_end(end)
    }

    fn write_rows(
        &self,
        relation: &Relation,
        columns: &[usize],
        rows: &[Vec<Option<Vec<u8>>>],
        as_insert: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), RowFault> {
        let session = &self.session;
        if as_insert || self.inserts {
            ending::write_inserts(session, relation, columns, rows, out)
        } else {
            ending::write_copy(session, relation, columns, rows, out)
        }
    }

    fn unloadable(&self, state: &OutputState, message: &str) -> Vec<u8> {
        let unfinished = self.unfinished.as_ref();
        ending::unloadable(state, unfinished, self.banners.key(), message)
    }
}
