//! What scrub adds of its own: rows as INSERTs, and an end that cannot be loaded.
//!
//! The clients execute whatever they have when their input ends, so a stream that stops is a success
//! to them. The unloadable end closes what is open and then says something that no server accepts.

use super::framer::Flavour;
use super::lexer::{Grammar, Open};
use super::rows::{InsertRows, RowReader};
use super::scanner::Scanner;
use crate::dialect::{OutputState, RowFault};
use crate::schema::Relation;

/// What the input ended within.
#[derive(Debug)]
pub enum Unfinished {
    /// A statement or comment.
    Statement(Scanner),
    /// The rows of an INSERT.
    Insert(Box<InsertRows>),
}

impl Unfinished {
    fn open(&self) -> (Option<Open>, u32) {
        match self {
            Unfinished::Statement(scanner) => scanner.open(),
            Unfinished::Insert(rows) => rows.open(),
        }
    }

    /// What is missing, in words.
    pub fn what(&self) -> &'static str {
        match self.open() {
            (Some(Open::Block), _) => "a comment has no end",
            (Some(Open::Quote(..)), _) => "a quote has no end",
            (_, 1..) => "a parenthesis has no end",
            _ => "the last statement has no end",
        }
    }

    /// Closes quotes, comments and parentheses.
    fn close(&self, out: &mut Vec<u8>) {
        let (open, parens) = self.open();
        match open {
            // A backslash may be pending; a doubled one is whole in any case.
            Some(Open::Quote(mark, true)) => out.extend_from_slice(&[b'\\', b'\\', mark]),
            Some(Open::Quote(mark, false)) => out.push(mark),
            Some(Open::Block) => out.extend_from_slice(b"*/"),
            Some(Open::Line) | None => {}
        }
        out.push(b'\n');
        out.resize(out.len() + parens as usize, b')');
    }
}

/// Bytes that no client can load.
pub fn unloadable(
    state: &OutputState,
    unfinished: Option<&Unfinished>,
    delimiter: &[u8],
    message: &str,
) -> Vec<u8> {
    let message: String = message
        .chars()
        .map(|c| match c {
            ' '..='~' if !matches!(c, '\'' | '\\' | '"' | '`') => c,
            _ => ' ',
        })
        .collect();
    let mut out = b"\n".to_vec();
    if let (OutputState::Unfinished, Some(unfinished)) = (state, unfinished) {
        unfinished.close(&mut out);
    }
    // A parenthesis that nothing opened is an error wherever it stands.
    out.extend_from_slice(format!(") 'scrub: {message}'\n").as_bytes());
    out.extend_from_slice(delimiter);
    out.push(b'\n');
    out
}

/// Writes rows as one INSERT each.
///
/// # Errors
/// If a value cannot be written.
pub fn write_inserts(
    flavour: &impl Flavour,
    relation: &Relation,
    columns: &[usize],
    rows: &[Vec<Option<Vec<u8>>>],
    out: &mut Vec<u8>,
) -> Result<(), RowFault> {
    let mut head = b"INSERT INTO ".to_vec();
    let stored = flavour.stored(&relation.name);
    let table = stored.as_ref().map_or(&relation.name, |(table, _)| table);
    if let Some(schema) = &table.schema {
        flavour.quoted(schema, &mut head)?;
        head.push(b'.');
    }
    flavour.quoted(&table.name, &mut head)?;
    let grammar: &Grammar = flavour.grammar();
    if columns.is_empty() && !grammar.mysql {
        head.extend_from_slice(b" DEFAULT VALUES");
    } else {
        head.extend_from_slice(b" (");
        for (n, column) in columns.iter().enumerate() {
            if n > 0 {
                head.push(b',');
            }
            let name = &relation.columns[*column].name;
            let mut names = stored.iter().flat_map(|(_, names)| names.iter());
            let there = names.find(|(of_rules, _)| of_rules == name);
            flavour.quoted(there.map_or(name, |(_, there)| there), &mut head)?;
        }
        head.extend_from_slice(b") VALUES ");
    }
    let codec = flavour.codec(RowReader::new(head.clone(), grammar.clone(), false));
    let types = columns.iter().map(|c| &relation.columns[*c].data_type);
    let types: Vec<_> = types.collect();
    for row in rows {
        out.extend_from_slice(&head);
        if !columns.is_empty() || grammar.mysql {
            let cells = row.iter().map(Option::as_deref).zip(types.iter().copied());
            codec.write_row(&cells.collect::<Vec<_>>(), out)?;
        }
        out.extend_from_slice(&grammar.delimiter);
        out.push(b'\n');
    }
    let after = flavour.after_rows();
    if !after.is_empty() && !rows.is_empty() {
        out.extend_from_slice(after.as_bytes());
        out.extend_from_slice(&grammar.delimiter);
        out.push(b'\n');
    }
    Ok(())
}
