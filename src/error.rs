//! One error for the whole of scrub: what is wrong, where, and what to do.
//!
//! It never carries the content of a cell: messages are composed from names, numbers and the
//! words of the rulebook only. Diagnostics of a rulebook, which come several at once with
//! carets, are composed in [`crate::rulebook`] and end up here as one message.

use std::fmt;

/// The class of an error, which is also the exit code of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// A test found rows, or a rule met no table (exit code 1).
    Check,
    /// Wrong usage, or a rulebook that cannot be run (exit code 2).
    Usage,
    /// The input was refused (exit code 3).
    Input,
    /// Reading or writing failed, a closed pipe included (exit code 4).
    Io,
    /// A signal ended the run (exit code 130).
    Interrupted,
}

impl ErrorKind {
    /// The exit code that the command line documents for this class.
    pub fn exit_code(self) -> u8 {
        match self {
            ErrorKind::Check => 1,
            ErrorKind::Usage => 2,
            ErrorKind::Input => 3,
            ErrorKind::Io => 4,
            ErrorKind::Interrupted => 130,
        }
    }
}

/// A place in the decompressed, decoded input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct Position {
    /// Offset in bytes from the start, counted from 0.
    pub byte: u64,
    /// Line, counted from 1. Lines end at LF; 0 where there are none, as in an archive.
    pub line: u64,
}

impl Position {
    /// The start of the input.
    pub const START: Position = Position { byte: 0, line: 1 };

    /// A place in something that has no lines.
    pub fn binary(byte: u64) -> Position {
        Position { byte, line: 0 }
    }

    /// Moves over `bytes`.
    pub fn advance(&mut self, bytes: &[u8]) {
        self.byte += bytes.len() as u64;
        self.line += memchr::memchr_iter(b'\n', bytes).count() as u64;
    }

    /// Moves on over so many bytes, of which so many are line feeds.
    pub fn advance_by(&mut self, bytes: usize, lines: u64) {
        self.byte += bytes as u64;
        self.line += lines;
    }

    /// The place after `bytes`.
    pub fn after(mut self, bytes: &[u8]) -> Position {
        self.advance(bytes);
        self
    }
}

/// What went wrong, where, and what to do about it.
#[derive(Debug, Clone, thiserror::Error)]
pub struct Error {
    /// The class, which decides the exit code.
    pub kind: ErrorKind,
    /// The input concerned, if it is not the dump itself.
    pub input: Option<Box<str>>,
    /// The relation concerned, as `schema.table`.
    pub relation: Option<String>,
    /// The rule concerned, by its name or `file:line`.
    pub rule: Option<String>,
    /// The row within the relation, as read, counted from 1.
    pub row: Option<u64>,
    /// The place in the input.
    pub at: Option<Position>,
    /// What is wrong. Never the content of a cell.
    pub message: String,
    /// What to do.
    pub remedy: Option<String>,
}

impl Error {
    fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error {
            kind,
            input: None,
            relation: None,
            rule: None,
            row: None,
            at: None,
            message: message.into(),
            remedy: None,
        }
    }

    /// A failed test or a rule that met nothing.
    pub fn check(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Check, message)
    }
    /// Wrong usage or a faulty rulebook.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }
    /// Refused input.
    pub fn input(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Input, message)
    }
    /// A failed read or write.
    pub fn io(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Io, message)
    }
    /// Ended by a signal.
    pub fn interrupted() -> Self {
        Self::new(ErrorKind::Interrupted, "interrupted")
    }

    /// Adds which input it is about, if that is not the dump itself.
    pub fn of(mut self, input: impl Into<String>) -> Self {
        self.input
            .get_or_insert_with(|| input.into().into_boxed_str());
        self
    }
    /// Names the relation, unless it is named already.
    pub fn relation(mut self, relation: impl ToString) -> Self {
        self.relation.get_or_insert_with(|| relation.to_string());
        self
    }
    /// Names the rule, unless it is named already.
    pub fn rule(mut self, rule: impl Into<String>) -> Self {
        self.rule.get_or_insert_with(|| rule.into());
        self
    }
    /// Gives the row, counted from 1, unless it is given already.
    pub fn row(mut self, row: u64) -> Self {
        self.row.get_or_insert(row);
        self
    }
    /// Gives the place, unless it is given already.
    pub fn at(mut self, at: Position) -> Self {
        self.at.get_or_insert(at);
        self
    }
    /// Leaves out a place that is given by its line.
    pub fn without_line(mut self) -> Self {
        self.at = self.at.filter(|at| at.line == 0);
        self
    }
    /// Says what to do.
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy.get_or_insert_with(|| remedy.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(input) = &self.input {
            write!(f, "{input}: ")?;
        }
        if let Some(relation) = &self.relation {
            write!(f, "{relation}: ")?;
        }
        match (self.row, self.at) {
            (Some(row), Some(Position { byte, line: 0 })) => {
                write!(f, "row {row} (byte {byte}): ")?
            }
            (None, Some(Position { byte, line: 0 })) => write!(f, "byte {byte}: ")?,
            (Some(row), Some(at)) => write!(f, "row {row} (line {}, byte {}): ", at.line, at.byte)?,
            (Some(row), None) => write!(f, "row {row}: ")?,
            (None, Some(at)) => write!(f, "line {}, byte {}: ", at.line, at.byte)?,
            (None, None) => {}
        }
        if let Some(rule) = &self.rule {
            write!(f, "rule {rule}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(remedy) = &self.remedy {
            write!(f, "; {remedy}")?;
        }
        Ok(())
    }
}

/// The result of everything that can fail in scrub.
pub type Result<T, E = Error> = std::result::Result<T, E>;
