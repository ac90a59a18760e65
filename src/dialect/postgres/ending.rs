//! What scrub adds of its own: rows at the end of the data, and an end that cannot be loaded.
//!
//! psql executes whatever it has when its input ends, so a stream that stops is a success to it.
//! The unloadable end closes what is open and then says something that no server accepts. A psql that
//! goes on after errors, because nobody told it to stop or because the dump told it not to, is told to stop
//! (a restricted one is freed first, for it takes no other command) and meets the same once more.

use super::copy_head::{self, CopyHead};
use super::copy_text::{Newline, TextCodec};
use super::insert::{InsertCodec, InsertRows};
use super::lexer::Open;
use super::literal::Literals;
use super::scanner::Scanner;
use super::session::Session;
use super::tokens::tokens;
use crate::dialect::{Block, OutputState, RowCodec, RowFault};
use crate::schema::{DataType, Generated, Relation};
use std::sync::Arc;

/// What the input ended within.
#[derive(Debug)]
pub enum Unfinished {
    /// A statement or comment.
    Statement(Scanner),
    /// The data of a COPY.
    Copy(Arc<Block>),
    /// An INSERT.
    Insert(Arc<Block>, InsertRows),
}

impl Unfinished {
    /// Its relation, for messages.
    pub fn relation(&self) -> String {
        match self {
            Unfinished::Statement(_) => String::new(),
            Unfinished::Copy(block) | Unfinished::Insert(block, _) => block.relation.to_string(),
        }
    }

    fn open(&self) -> (Option<&Open>, u32, u32) {
        match self {
            Unfinished::Statement(scanner) => scanner.open(),
            Unfinished::Insert(_, rows) => {
                let (lexer, parens) = rows.open();
                (lexer.open(), parens, 0)
            }
            Unfinished::Copy(_) => (None, 0, 0),
        }
    }

    /// What is missing, in words.
    pub fn what(&self) -> &'static str {
        if matches!(self, Unfinished::Copy(_)) {
            return "a COPY has no end";
        }
        match self.open() {
            (Some(Open::Block(_)), ..) => "a comment has no end",
            (Some(Open::Quote(..) | Open::Dollar(_)), ..) => "a quote has no end",
            (_, 1.., _) => "a parenthesis has no end",
            _ => "the last statement has no semicolon",
        }
    }

    /// Closes quotes, comments and parentheses. Line ends keep half characters and half tokens apart from what follows.
    fn close(&self) -> (Vec<u8>, u32) {
        let (open, parens, begins) = self.open();
        let mut out = b"\n".to_vec();
        match open {
            // A backslash may be pending; a doubled one is whole in any case.
            Some(Open::Quote(mark, true)) => out.extend_from_slice(&[b'\\', b'\\', *mark]),
            Some(Open::Quote(mark, false)) => out.push(*mark),
            Some(Open::Dollar(tag)) => out.extend_from_slice(tag),
            Some(Open::Block(depth)) => {
                for _ in 0..*depth {
                    out.extend_from_slice(b"*/");
                }
            }
            Some(Open::Line | Open::Word) | None => {}
        }
        out.push(b'\n');
        out.resize(out.len() + parens as usize, b')');
        (out, begins)
    }
}

/// The message as a literal's or comment's content can hold it.
fn plain(message: &str) -> String {
    message
        .chars()
        .map(|c| match c {
            ' '..='~' if c != '\'' && c != '\\' => c,
            _ => ' ',
        })
        .collect()
}

/// Bytes that psql cannot load. `key` frees a psql that may be restricted; one that is not takes it for
/// an error and goes on to the next.
pub fn unloadable(
    state: &OutputState,
    unfinished: Option<&Unfinished>,
    key: Option<&[u8]>,
    message: &str,
) -> Vec<u8> {
    let message = plain(message);
    let mut out = refused(state, unfinished, &message);
    // psql takes letters and digits only.
    if let Some(key) = key.filter(|key| key.iter().all(u8::is_ascii_alphanumeric)) {
        out.extend_from_slice(b"\\unrestrict ");
        out.extend_from_slice(key);
        out.push(b'\n');
    }
    out.extend_from_slice(format!("\\set ON_ERROR_STOP on\n) 'scrub: {message}';\n").as_bytes());
    out
}

/// What no server accepts.
fn refused(state: &OutputState, unfinished: Option<&Unfinished>, message: &str) -> Vec<u8> {
    let (mut out, begins) = match (state, unfinished) {
        (OutputState::Rows(block, _), _) if block.has_end => {
            return unloadable_row(block, message, Vec::new());
        }
        (OutputState::Unfinished, Some(Unfinished::Copy(block))) => {
            return unloadable_row(block, message, b"\n".to_vec());
        }
        (OutputState::Unfinished, Some(unfinished)) => unfinished.close(),
        _ => (b"\n".to_vec(), 0),
    };
    // A parenthesis that nothing opened is an error wherever it stands.
    out.extend_from_slice(format!(") 'scrub: {message}'").as_bytes());
    for _ in 0..begins {
        out.extend_from_slice(b" END");
    }
    out.extend_from_slice(b";\nROLLBACK;\n");
    out
}

/// A row with more columns than the table has, and the end of the COPY. It stands there twice, for
/// the first may be taken for the header's line or stand behind a line that was cut off.
fn unloadable_row(block: &Block, message: &str, mut out: Vec<u8>) -> Vec<u8> {
    const MOST_COLUMNS: usize = 1600;
    let width = block.columns.as_ref().map_or(MOST_COLUMNS, Vec::len) + 2;
    let message = format!("scrub: {message}");
    let mut cells = vec![(Some(&b"-"[..]), &DataType::Text); width];
    cells[0].0 = Some(message.as_bytes());
    for _ in 0..2 {
        if block.codec.write_row(&cells, &mut out).is_err() {
            out.extend_from_slice(message.as_bytes());
        }
    }
    if !out.ends_with(b"\n") {
        out.push(b'\n');
    }
    out.extend_from_slice(b"\\.\nROLLBACK;\n");
    out
}

fn quoted(session: &Session, name: &str) -> Result<Vec<u8>, RowFault> {
    let name = format!("\"{}\"", name.replace('"', "\"\""));
    let bytes = session.charset.encode(name.as_bytes());
    Ok(bytes.map_err(|e| RowFault(e.to_string()))?.into_owned())
}

/// `"schema"."table" ("column", …)`.
fn target(
    session: &Session,
    relation: &Relation,
    columns: &[usize],
    out: &mut Vec<u8>,
) -> Result<(), RowFault> {
    if let Some(schema) = &relation.name.schema {
        out.extend(quoted(session, schema)?);
        out.push(b'.');
    }
    out.extend(quoted(session, &relation.name.name)?);
    for (n, column) in columns.iter().enumerate() {
        out.extend_from_slice(if n == 0 { b" (" } else { b", " });
        out.extend(quoted(session, &relation.columns[*column].name)?);
    }
    if !columns.is_empty() {
        out.push(b')');
    }
    Ok(())
}

fn typed<'a>(
    relation: &'a Relation,
    columns: &[usize],
    row: &'a [Option<Vec<u8>>],
) -> Vec<(Option<&'a [u8]>, &'a DataType)> {
    let types = columns
        .iter()
        .map(|column| &relation.columns[*column].data_type);
    row.iter().map(Option::as_deref).zip(types).collect()
}

/// Writes rows as one COPY.
///
/// # Errors
/// If the encoding lacks a character.
pub fn write_copy(
    session: &Session,
    relation: &Relation,
    columns: &[usize],
    rows: &[Vec<Option<Vec<u8>>>],
    out: &mut Vec<u8>,
) -> Result<(), RowFault> {
    if rows.is_empty() {
        return Ok(());
    }
    let head: Option<CopyHead> = copy_head::parse(tokens(b"COPY t FROM stdin;", session.lexing()));
    let Some(head) = head else {
        return Ok(());
    };
    let codec = TextCodec::new(
        head,
        session.charset.clone(),
        Newline::Lf,
        Some(columns.len()),
    );
    out.extend_from_slice(b"COPY ");
    target(session, relation, columns, out)?;
    out.extend_from_slice(b" FROM stdin;\n");
    for row in rows {
        codec.write_row(&typed(relation, columns, row), out)?;
    }
    out.extend_from_slice(b"\\.\n");
    Ok(())
}

/// Writes rows as one INSERT each.
///
/// # Errors
/// If the encoding lacks a character.
pub fn write_inserts(
    session: &Session,
    relation: &Relation,
    columns: &[usize],
    rows: &[Vec<Option<Vec<u8>>>],
    out: &mut Vec<u8>,
) -> Result<(), RowFault> {
    let mut head = b"INSERT INTO ".to_vec();
    target(session, relation, columns, &mut head)?;
    let identity =
        |column: &usize| relation.columns[*column].generated == Generated::IdentityAlways;
    if columns.is_empty() {
        head.extend_from_slice(b" DEFAULT VALUES");
    } else {
        if columns.iter().any(identity) {
            head.extend_from_slice(b" OVERRIDING SYSTEM VALUE");
        }
        head.extend_from_slice(b" VALUES ");
    }
    let literals = Literals {
        charset: session.charset.clone(),
        standard: session.standard_conforming_strings,
    };
    let codec = InsertCodec::new(head.clone(), literals);
    for row in rows {
        out.extend_from_slice(&head);
        if !columns.is_empty() {
            codec.write_row(&typed(relation, columns, row), out)?;
        }
        out.extend_from_slice(b";\n");
    }
    Ok(())
}
