//! Where statements of SQL*Plus and its kin end.
//!
//! SQL ends at `;`, or before a line `/`. PL/SQL ends before a line `/` only. Commands of the client
//! end with their line, unless a `-` continues it. SQL Developer can write DDL without any terminator;
//! such a statement ends before a line that begins the next.

use crate::dialect::batch::Flavour;
use crate::dialect::batch::framer::{Found, Open};
use crate::dialect::batch::lexer::{Kind, Resume, Step, step};
use crate::dialect::batch::lines::{Line, is_line_start, line};
use crate::dialect::batch::rows::into_of;
use crate::dialect::batch::tokens::{Token, tokens};
use memchr::memchr;

const FLAVOUR: Flavour = Flavour::Oracle;

/// Commands of the client, as far as they are words.
const COMMANDS: &[&str] = &[
    "ACC",
    "ACCEPT",
    "APPEND",
    "ARCHIVE",
    "ATTRIBUTE",
    "BRE",
    "BREAK",
    "BTI",
    "BTITLE",
    "CD",
    "CHANGE",
    "CL",
    "CLEAR",
    "COL",
    "COLUMN",
    "COMPUTE",
    "CONN",
    "CONNECT",
    "COPY",
    "DEF",
    "DEL",
    "DEFINE",
    "DESC",
    "DESCRIBE",
    "DISC",
    "DISCONNECT",
    "EXEC",
    "EXECUTE",
    "EXIT",
    "EDIT",
    "GET",
    "HELP",
    "HISTORY",
    "HO",
    "HOST",
    "INPUT",
    "LIST",
    "LOAD",
    "PASSW",
    "PASSWORD",
    "PAU",
    "PAUSE",
    "PRINT",
    "PRO",
    "PROMPT",
    "QUIT",
    "RECOVER",
    "REM",
    "REMARK",
    "REPF",
    "REPFOOTER",
    "REPH",
    "REPHEADER",
    "RUN",
    "SAVE",
    "SET",
    "SHO",
    "SHOW",
    "SPO",
    "SPOOL",
    "SHUTDOWN",
    "STA",
    "START",
    "STARTUP",
    "STORE",
    "TIMI",
    "TIMING",
    "TTI",
    "TTITLE",
    "UNDEF",
    "UNDEFINE",
    "VAR",
    "VARIABLE",
    "WHENEVER",
];

/// DDL and the like, which SQL Developer can write without terminators.
const UNTERMINATED: &[&str] = &[
    "CREATE", "ALTER", "COMMENT", "GRANT", "REVOKE", "DROP", "TRUNCATE", "ANALYZE", "RENAME",
    "COMMIT", "ROLLBACK",
];

/// At the start of a line these words begin another statement after one of those.
const BEGINNINGS: &[&str] = &[
    "CREATE", "ALTER", "COMMENT", "GRANT", "REVOKE", "REM", "PROMPT", "BEGIN", "DECLARE",
];

/// How far the head of an INSERT has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Head {
    #[default]
    No,
    /// Neither VALUES nor SELECT has come.
    Open,
    Values,
    /// INSERT ALL, which is looked at as a whole.
    All,
    /// SELECT has come; its list begins here.
    Select(Option<usize>),
    /// FROM has come behind the list; what follows must be DUAL.
    From(usize),
    Dual(usize),
}

/// What kind of statement it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Mode {
    #[default]
    Sql,
    /// Ends at `/` only.
    Block,
    /// Java: not even quotes are what they seem.
    Java,
}

/// Goes over statements.
#[derive(Debug, Clone, Default)]
pub struct Scanner {
    at: usize,
    resume: Resume,
    last: usize,
    begun: bool,
    plain: bool,
    depth: u32,
    head: Head,
    mode: Mode,
    /// The words up to here say what CREATE or WITH is about.
    kind_of: bool,
    /// DDL that a line can end which begins another statement.
    ddl: bool,
    /// The last token is a comma.
    comma: bool,
    /// `INSERT` begins a line; if `INTO` follows, the statement has ended here.
    insert: Option<usize>,
}

impl Scanner {
    /// What is open where the input ended.
    pub fn open(&self) -> Open {
        Open {
            token: self.at,
            parentheses: match self.mode {
                Mode::Sql => self.depth,
                _ => 0,
            },
            unit: self.mode != Mode::Sql,
        }
    }

    /// The INSERT at the front is no head of rows.
    pub fn no_rows(&mut self) {
        *self = Scanner {
            plain: true,
            ..Scanner::default()
        };
    }

    /// What stands at the front.
    pub fn find(&mut self, buf: &[u8], fresh: bool, eof: bool) -> Found {
        loop {
            let at = self.at;
            if self.mode == Mode::Java {
                return self.java(buf, eof);
            }
            let Step::Token(kind, end) = step(FLAVOUR, buf, at, eof, &mut self.resume) else {
                let ended = eof && at == buf.len() && self.begun && self.ddl && self.depth == 0;
                let complete = ended && self.mode == Mode::Sql;
                return match (self.begun, at) {
                    (false, 1..) => Found::Gap(at),
                    (true, _) if complete => Found::Statement(self.last),
                    _ => Found::More,
                };
            };
            if matches!(kind, Kind::Space | Kind::Comment) {
                self.at = end;
                if !self.begun && kind == Kind::Comment {
                    return Found::Gap(end);
                }
                continue;
            }
            match line(FLAVOUR, buf, at, fresh, eof) {
                Line::No => {}
                _ if !self.begun && at > 0 => return Found::Gap(at),
                Line::More => return Found::More,
                // The slash belongs to the statement: without it, it would run the one before.
                Line::End(end) if self.begun => return self.ended(buf, end),
                Line::End(end) | Line::Command(end) => return Found::Line(end),
            }
            let raw = &buf[at..end];
            if !self.begun {
                if at > 0 {
                    return Found::Gap(at);
                }
                if is_command(kind, raw, &buf[end..]) {
                    return match command_end(buf, eof) {
                        Some(end) => Found::Command(end),
                        None => Found::More,
                    };
                }
                self.first(kind, raw);
            } else if let Some(end) = self.unterminated(kind, raw, is_line_start(buf, at, fresh)) {
                return Found::Statement(end);
            } else if let Some(row) = self.head(kind, raw, at) {
                return Found::Rows(row);
            } else {
                self.word(kind, raw);
            }
            self.at = end;
            self.last = end;
            if kind == Kind::Mark && self.mode == Mode::Sql {
                match raw[0] {
                    b'(' => self.depth += 1,
                    b')' => self.depth = self.depth.saturating_sub(1),
                    b';' => return self.ended(buf, self.last),
                    _ => {}
                }
            }
        }
    }

    /// The statement has ended with the last token, its terminator reaches to `end`.
    fn ended(&self, buf: &[u8], end: usize) -> Found {
        let statement = &buf[..self.last];
        match self.head {
            Head::All => uniform(statement).map_or(Found::Statement(end), Found::Rows),
            Head::Select(Some(row)) | Head::Dual(row) => Found::Rows(row),
            _ => Found::Statement(end),
        }
    }

    fn first(&mut self, kind: Kind, raw: &[u8]) {
        self.begun = true;
        if raw == b"<" {
            self.mode = Mode::Block;
        }
        if kind != Kind::Word {
            return;
        }
        if is(raw, &["BEGIN", "DECLARE"]) {
            self.mode = Mode::Block;
        }
        self.kind_of = is(raw, &["CREATE", "WITH"]);
        self.ddl = is(raw, UNTERMINATED);
        if is(raw, &["INSERT"]) && !self.plain {
            self.head = Head::Open;
        }
    }

    /// Where a statement without terminator has ended, if this token shows that another begins. No
    /// statement but PL/SQL holds INSERT INTO.
    fn unterminated(&mut self, kind: Kind, raw: &[u8], begins_line: bool) -> Option<usize> {
        let comma = std::mem::replace(&mut self.comma, raw == b",");
        if let Some(end) = self.insert.take()
            && is(raw, &["INTO", "ALL", "FIRST"])
        {
            return Some(end);
        }
        if kind != Kind::Word || self.mode != Mode::Sql || self.depth > 0 || !begins_line {
            return None;
        }
        if is(raw, &["INSERT"]) {
            self.insert = Some(self.last);
        }
        let begins = is(raw, BEGINNINGS);
        (self.ddl && begins && !comma).then_some(self.last)
    }

    fn word(&mut self, kind: Kind, raw: &[u8]) {
        if !self.kind_of || kind != Kind::Word {
            self.kind_of = false;
            return;
        }
        let passing: &[&str] = &[
            "OR",
            "REPLACE",
            "EDITIONABLE",
            "NONEDITIONABLE",
            "AND",
            "RESOLVE",
            "COMPILE",
            "NO",
            "NOFORCE",
            "FORCE",
            "IF",
            "NOT",
            "EXISTS",
        ];
        let units: &[&str] = &[
            "FUNCTION",
            "PROCEDURE",
            "PACKAGE",
            "TRIGGER",
            "TYPE",
            "LIBRARY",
        ];
        if is(raw, units) {
            self.mode = Mode::Block;
        } else if is(raw, &["JAVA"]) {
            self.mode = Mode::Java;
        }
        self.kind_of = is(raw, passing);
    }

    /// Follows the head of an INSERT. Where its first row begins, if it is complete.
    fn head(&mut self, kind: Kind, raw: &[u8], at: usize) -> Option<usize> {
        let word = kind == Kind::Word && self.depth == 0;
        self.head = match self.head {
            Head::Open if word && is(raw, &["ALL"]) => Head::All,
            Head::Open if word && is(raw, &["FIRST"]) => Head::No,
            Head::Open if word && is(raw, &["VALUES"]) => Head::Values,
            Head::Open if word && is(raw, &["SELECT"]) => Head::Select(None),
            Head::Values if raw == b"(" => return Some(at),
            Head::Values => Head::No,
            Head::Select(None) if is(raw, &["DISTINCT", "ALL", "UNIQUE", "*"]) => Head::No,
            Head::Select(None) => Head::Select(Some(at)),
            Head::Select(Some(row)) if word && is(raw, &["FROM"]) => Head::From(row),
            Head::Select(Some(row)) if word && is(raw, &["UNION"]) => return Some(row),
            Head::From(row) if word && is(raw, &["DUAL"]) => Head::Dual(row),
            Head::From(_) => Head::No,
            Head::Dual(row) if word && is(raw, &["UNION"]) => return Some(row),
            Head::Dual(row) if raw == b";" => Head::Dual(row),
            Head::Dual(_) => Head::No,
            other => other,
        };
        None
    }

    /// To a line that is `/`.
    fn java(&mut self, buf: &[u8], eof: bool) -> Found {
        loop {
            let rest = &buf[self.at..];
            let end = match memchr(b'\n', rest) {
                Some(end) => end + 1,
                None if eof && rest.trim_ascii() == b"/" => rest.len(),
                None => return Found::More,
            };
            if rest[..end].trim_ascii() == b"/" && is_line_start(buf, self.at, false) {
                return Found::Statement(self.at + end);
            }
            self.at += end;
            self.last = self.at;
        }
    }
}

/// Does a command of the client begin with this token? SET TRANSACTION and its like are SQL.
fn is_command(kind: Kind, raw: &[u8], rest: &[u8]) -> bool {
    if kind != Kind::Word {
        return matches!(raw, b"@" | b"!" | b"?");
    }
    // No name begins like this.
    if raw.starts_with(b"$") {
        return true;
    }
    if is(raw, &["SET"]) {
        let line = &rest[..memchr(b'\n', rest).unwrap_or(rest.len()).min(64)];
        let next = line
            .split(|b| !b.is_ascii_alphabetic())
            .find(|w| !w.is_empty());
        return !next.is_some_and(|w| is(w, &["TRANSACTION", "ROLE", "CONSTRAINT", "CONSTRAINTS"]));
    }
    is(raw, COMMANDS)
}

/// The end of the command at the front, with its line end.
fn command_end(buf: &[u8], eof: bool) -> Option<usize> {
    let mut from = 0;
    loop {
        let Some(found) = memchr(b'\n', &buf[from..]) else {
            return eof.then_some(buf.len());
        };
        let end = from + found + 1;
        if !buf[..end].trim_ascii_end().ends_with(b"-") {
            return Some(end);
        }
        from = end;
    }
}

/// Where the first row of an INSERT ALL begins, if all its rows go to one table and columns.
fn uniform(statement: &[u8]) -> Option<usize> {
    let mut t = tokens(statement, FLAVOUR);
    t.eat("INSERT ALL").then_some(())?;
    let mut first: Option<(usize, &[u8])> = None;
    loop {
        let token = t.next()?;
        if token.keyword("SELECT") {
            break;
        }
        token.keyword("INTO").then_some(())?;
        t.qualified_name()?;
        if t.at_mark(b'(') {
            t.names()?;
        }
        t.eat("VALUES").then_some(())?;
        let row = t.peek().filter(|t| t.mark(b'('))?.start;
        t.skip_parentheses()?;
        let head = &statement[token.start..row];
        match first {
            None => first = Some((row, head)),
            Some((_, same)) => (same == head).then_some(())?,
        }
    }
    t.next()?;
    t.eat("FROM DUAL").then_some(())?;
    t.all(|t: Token<'_>| t.mark(b';')).then_some(())?;
    let (row, head) = first?;
    (into_of(&statement[..row]) == head).then_some(row)
}

fn is(raw: &[u8], words: &[&str]) -> bool {
    words
        .iter()
        .any(|word| raw.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests;
