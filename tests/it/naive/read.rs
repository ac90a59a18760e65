//! Reading a dump's rows into memory: the framer says where blocks are, the rest is done here.

use super::scope::default;
use super::{Cell, Database, Row, stored};
use bytes::BytesMut;
use scrub::dialect::{Dialect, Frame, postgres::Postgres};
use scrub::rulebook::SqlDialect;
use scrub::schema::RelationName;

/// The bytes of one block, with its head and end.
struct Piece {
    relation: RelationName,
    columns: Vec<String>,
    copy: bool,
    bytes: Vec<u8>,
}

/// Reads a dump of one database.
pub fn read(dump: &[u8]) -> Database {
    let mut framer = Postgres.framer();
    let mut input = BytesMut::from(dump);
    let mut pieces: Vec<Piece> = Vec::new();
    let mut open = false;
    while let Some(frame) = framer
        .next(&mut input, true)
        .expect("a dump that can be framed")
    {
        match frame {
            Frame::Head { bytes, block, .. } => {
                open = true;
                pieces.push(Piece {
                    relation: block.relation.clone(),
                    columns: block.columns.clone().expect("columns"),
                    copy: block.has_end,
                    // Of a COPY only the lines of its rows are wanted.
                    bytes: if block.has_end {
                        Vec::new()
                    } else {
                        bytes.to_vec()
                    },
                });
            }
            Frame::Rows { bytes, .. } => pieces
                .last_mut()
                .expect("a head")
                .bytes
                .extend_from_slice(&bytes),
            Frame::End { bytes, .. } => {
                open = false;
                let piece = pieces.last_mut().expect("a head");
                if !piece.copy {
                    piece.bytes.extend_from_slice(&bytes);
                }
            }
            Frame::Statement { .. } | Frame::Other { .. } | Frame::Part(_) => {}
        }
    }
    assert!(!open, "the dump ends within a block of rows");
    framer.finish().expect("a complete dump");
    let catalog = framer.catalog().clone();
    let mut database = Database::new(catalog, SqlDialect::Postgres);
    for piece in pieces {
        let rows = if piece.copy {
            let lines = piece.bytes.split_inclusive(|b| *b == b'\n');
            lines
                .map(|line| (piece.columns.clone(), copy_line(line)))
                .collect()
        } else {
            inserts(&piece)
        };
        for (columns, cells) in rows {
            let row = database.row(&piece.relation, &columns, cells);
            let name = database.relation(&piece.relation).name.clone();
            database.tables[&name].push(row);
        }
    }
    database
}

impl Database {
    /// A row of a relation from some of its cells; the others get their defaults.
    fn row(&self, relation: &RelationName, columns: &[String], cells: Vec<Option<Cell>>) -> Row {
        let relation = self.relation(relation);
        assert_eq!(
            columns.len(),
            cells.len(),
            "{}: columns and cells",
            relation.name
        );
        let mut given: Vec<(&String, Option<Cell>)> = columns.iter().zip(cells).collect();
        let row = stored(relation).map(|column| {
            let place = given.iter().position(|(name, _)| **name == column.name);
            let cell = place.and_then(|place| given.swap_remove(place).1);
            cell.unwrap_or_else(|| default(self, column))
        });
        row.collect()
    }
}

/// The cells of one line of COPY's text format.
fn copy_line(line: &[u8]) -> Vec<Option<Cell>> {
    let line = line.strip_suffix(b"\n").expect("a whole line");
    let cells = line.split(|b| *b == b'\t');
    cells
        .map(|raw| {
            if raw == b"\\N" {
                Cell::Null
            } else {
                Cell::Text(unescape(raw))
            }
        })
        .map(Some)
        .collect()
}

fn unescape(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = raw;
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'\\' {
            out.push(*first);
            continue;
        }
        let [escaped, tail @ ..] = rest else {
            panic!("a backslash at the end of a cell")
        };
        rest = tail;
        match escaped {
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'v' => out.push(11),
            b'x' => {
                let digits = rest
                    .iter()
                    .take(2)
                    .take_while(|b| b.is_ascii_hexdigit())
                    .count();
                out.push(number(&rest[..digits], 16));
                rest = &rest[digits..];
            }
            b'0'..=b'7' => {
                let more = rest
                    .iter()
                    .take(2)
                    .take_while(|b| (b'0'..=b'7').contains(b))
                    .count();
                out.push(number(&[&[*escaped], &rest[..more]].concat(), 8));
                rest = &rest[more..];
            }
            other => out.push(*other),
        }
    }
    out
}

fn number(digits: &[u8], radix: u32) -> u8 {
    let text = std::str::from_utf8(digits).expect("digits");
    u8::from_str_radix(text, radix).expect("a byte")
}

/// A token of an INSERT.
#[derive(Debug, PartialEq)]
enum Token {
    /// A bare word or number, as written.
    Word(String),
    /// A quoted name.
    Name(String),
    Text(Vec<u8>),
    Mark(u8),
}

fn tokens(sql: &[u8]) -> Vec<Token> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < sql.len() {
        match sql[at] {
            b if b.is_ascii_whitespace() => at += 1,
            quote @ (b'\'' | b'"') => {
                let (text, end) = quoted(sql, at, quote, false);
                out.push(match quote {
                    b'"' => Token::Name(String::from_utf8(text).expect("UTF-8")),
                    _ => Token::Text(text),
                });
                at = end;
            }
            b'E' | b'e' if sql.get(at + 1) == Some(&b'\'') => {
                let (text, end) = quoted(sql, at + 1, b'\'', true);
                out.push(Token::Text(text));
                at = end;
            }
            mark @ (b'(' | b')' | b',' | b';') => {
                out.push(Token::Mark(mark));
                at += 1;
            }
            _ => {
                let length = sql[at..]
                    .iter()
                    .take_while(|b| !b.is_ascii_whitespace() && !b"'\"(),;".contains(b))
                    .count();
                let word = String::from_utf8(sql[at..at + length].to_vec()).expect("UTF-8");
                out.push(Token::Word(word));
                at += length;
            }
        }
    }
    out
}

/// What stands between the quotes at `at`, and where it ends.
fn quoted(sql: &[u8], at: usize, quote: u8, escapes: bool) -> (Vec<u8>, usize) {
    let mut text = Vec::new();
    let mut at = at + 1;
    loop {
        match (sql[at], sql.get(at + 1)) {
            (b, Some(next)) if b == quote && *next == quote => {
                text.push(quote);
                at += 2;
            }
            (b, _) if b == quote => return (text, at + 1),
            (b'\\', Some(next)) if escapes => {
                let plain = matches!(next, b'\\' | b'\'' | b'n' | b'r' | b't' | b'b' | b'f');
                assert!(plain, "an escape that this reader does not know");
                text.extend(unescape(&[b'\\', *next]));
                at += 2;
            }
            (b, _) => {
                text.push(b);
                at += 1;
            }
        }
    }
}

/// The rows of INSERT statements, each with its columns; none stands for DEFAULT.
fn inserts(piece: &Piece) -> Vec<(Vec<String>, Vec<Option<Cell>>)> {
    let mut rows = Vec::new();
    let tokens = tokens(&piece.bytes);
    for statement in tokens
        .split(|t| *t == Token::Mark(b';'))
        .filter(|s| !s.is_empty())
    {
        let values = statement
            .iter()
            .position(|t| matches!(t, Token::Word(w) if w.eq_ignore_ascii_case("values")))
            .expect("VALUES");
        let (head, values) = statement.split_at(values);
        let columns = match head.iter().position(|t| *t == Token::Mark(b'(')) {
            Some(open) => head[open..].iter().map_while(column).flatten().collect(),
            None => piece.columns.clone(),
        };
        for row in values[1..]
            .split(|t| *t == Token::Mark(b')'))
            .filter(|r| !r.is_empty())
        {
            let open = row
                .iter()
                .position(|t| *t == Token::Mark(b'('))
                .expect("an opening bracket");
            let cells = row[open + 1..]
                .split(|t| *t == Token::Mark(b','))
                .map(value)
                .collect::<Vec<_>>();
            // Without a list of columns, the last ones may be left out.
            rows.push((columns[..cells.len()].to_vec(), cells));
        }
    }
    rows
}

/// A name in the list of columns; the inner none is a bracket or comma, the outer one the end.
fn column(token: &Token) -> Option<Option<String>> {
    match token {
        Token::Mark(b'(' | b',') => Some(None),
        Token::Name(name) => Some(Some(name.clone())),
        Token::Word(word) => Some(Some(word.to_lowercase())),
        _ => None,
    }
}

fn value(tokens: &[Token]) -> Option<Cell> {
    match tokens {
        [Token::Text(text)] => Some(Cell::Text(text.clone())),
        [Token::Word(word)] => match word.to_ascii_lowercase().as_str() {
            "null" => Some(Cell::Null),
            "default" => None,
            "true" => Some(Cell::Text(b"t".to_vec())),
            "false" => Some(Cell::Text(b"f".to_vec())),
            _ => Some(Cell::Text(word.clone().into_bytes())),
        },
        other => panic!(
            "a value that this reader does not know, of {} tokens",
            other.len()
        ),
    }
}
