//! The rows of a block: what stands in which row and column.
//!
//! A batch without a sign is passed over. Otherwise its rows are split, and the cells that hold a sign
//! are searched as they are decoded, so that no escape hides anything. What decoding drops (a comment
//! among the values) is searched as it stands; what is only an artefact of the spelling (half of a
//! literal that is written in two pieces) is not.

use super::{Form, Hit, What, each, signs};
use crate::dialect::{Block, RowCodec, RowSpan};
use crate::schema::DataType;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// Where in a block something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// The row, counted from 1; none if the rows could not be told apart.
    pub row: Option<u64>,
    /// The position of the column in the header; none between the cells.
    pub column: Option<usize>,
    /// The first byte, within the batch: of what was found where that can be told, else of its cell.
    pub at: usize,
}

/// What only in part of the batch's raw form is an artefact is looked for in the decoded text; not
/// more often than this for a cell.
const COMPARED: usize = 100;

/// Everything that a batch of whole rows holds, row by row. `before` rows of the relation came earlier.
pub fn rows(block: &Block, bytes: &[u8], before: u64, take: &mut dyn FnMut(Cell, Hit)) {
    let signs = signs(bytes);
    let mut signs = signs.as_slice();
    let mut row = RowSpan::default();
    let (mut end, mut number) = (0, before);
    while !signs.is_empty() {
        let found = block.codec.row(bytes, end, &mut row);
        if !matches!(found, Ok(true)) {
            // What is no row any more, or cannot be told from one.
            return between(bytes, end..bytes.len(), None, take);
        }
        number += 1;
        let lead = row.lead.start.min(end)..row.body.start;
        if reach(&mut signs, lead.end) {
            between(bytes, lead, Some(number), take);
        }
        if signs.first().is_some_and(|sign| *sign < row.body.end) {
            self::row(block, bytes, &row, number, &mut signs, take);
        }
        let _ = reach(&mut signs, row.body.end);
        end = row.body.end;
    }
}

/// Passes over the signs before `end`; was there any?
fn reach(signs: &mut &[usize], end: usize) -> bool {
    let passed = signs.iter().take_while(|sign| **sign < end).count();
    *signs = &signs[passed..];
    passed > 0
}

/// One row with a sign in it.
fn row(
    block: &Block,
    bytes: &[u8],
    row: &RowSpan,
    number: u64,
    signs: &mut &[usize],
    take: &mut dyn FnMut(Cell, Hit),
) {
    let mut end = row.body.start;
    for (column, range) in row.cells.iter().enumerate() {
        if reach(signs, range.start) {
            between(bytes, end..range.start, Some(number), take);
        }
        if reach(signs, range.end) {
            cell(
                &*block.codec,
                column,
                &bytes[range.clone()],
                &mut |at, hit| {
                    let place = Cell {
                        row: Some(number),
                        column: Some(column),
                        at: range.start + at,
                    };
                    take(place, hit);
                },
            );
        }
        end = range.end;
    }
    if reach(signs, row.body.end) {
        between(bytes, end..row.body.end, Some(number), take);
    }
}

/// What stands between rows or cells.
fn between(bytes: &[u8], range: Range<usize>, row: Option<u64>, take: &mut dyn FnMut(Cell, Hit)) {
    each(&bytes[range.clone()], &mut |hit| {
        let at = range.start + hit.at.start;
        let place = Cell {
            row,
            column: None,
            at,
        };
        take(place, hit);
    });
}

/// One cell; the first argument of `take` is a place in its raw form.
fn cell(codec: &dyn RowCodec, column: usize, raw: &[u8], take: &mut dyn FnMut(usize, Hit)) {
    let decoded = match is_hex_literal(raw) {
        true => None,
        // Without its type, so that a cell's content is not what its text would have to be.
        false => codec.decode(column, raw, &DataType::Unknown).ok().flatten(),
    };
    let Some(text) = decoded else {
        return each(raw, &mut |hit| take(hit.at.start, hit));
    };
    if let Cow::Borrowed(text) = &text
        && let Some(start) = (text.as_ptr() as usize).checked_sub(raw.as_ptr() as usize)
        && start + text.len() <= raw.len()
    {
        each(text, &mut |hit| take(start + hit.at.start, hit));
        for (from, rest) in [
            (0, &raw[..start]),
            (start + text.len(), &raw[start + text.len()..]),
        ] {
            each(rest, &mut |hit| take(from + hit.at.start, hit));
        }
        return;
    }
    let mut places: HashMap<What, Vec<usize>> = HashMap::new();
    let mut spelled = Vec::new();
    each(raw, &mut |hit| spelled.push(hit));
    for hit in spelled.iter().rev() {
        places
            .entry(hit.what.clone())
            .or_default()
            .push(hit.at.start);
    }
    let mut known = HashSet::new();
    // Bytes that are spelled as text are decoded to hex: what is plain to see counts.
    let plain: HashSet<&What> = spelled.iter().map(|hit| &hit.what).collect();
    each(&text, &mut |hit| {
        if let What::Encoded(Form::Hex, address) = &hit.what
            && plain.contains(&What::Address(address.clone()))
        {
            return;
        }
        let at = places.get_mut(&hit.what).and_then(Vec::pop);
        known.insert(hit.what.clone());
        take(at.unwrap_or_default(), hit);
    });
    let mut compared = 0;
    for hit in spelled.iter().filter(|hit| !known.contains(&hit.what)) {
        compared += 1;
        let piece = &raw[hit.at.clone()];
        if compared > COMPARED || memchr::memmem::find(&text, piece).is_none() {
            take(hit.at.start, hit.clone());
        }
    }
}

/// `0x…`, `X'…'`, also behind `_binary` and the like: a literal of bytes, whose digits are searched.
fn is_hex_literal(raw: &[u8]) -> bool {
    let raw = raw.trim_ascii();
    let introducer = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let rest = match raw.strip_prefix(b"_") {
        Some(rest) => {
            let end = rest.iter().position(|b| !introducer(b));
            rest[end.unwrap_or(rest.len())..].trim_ascii_start()
        }
        None => raw,
    };
    matches!(rest, [b'0', b'x' | b'X', ..] | [b'x' | b'X', b'\'', ..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{Dialect, Frame, RowMode, dialects};
    use bytes::BytesMut;

    /// Everything found in the rows of a dump: row, column, the byte's offset in the dump.
    fn found(dialect: &str, dump: &str) -> Vec<(u64, Option<usize>, usize, String)> {
        let by_name = |d: &&&dyn Dialect| d.name() == dialect;
        let mut framer = dialects().iter().find(by_name).unwrap().framer();
        let mut input = BytesMut::from(dump);
        let mut all = Vec::new();
        let mut block = None;
        while let Some(frame) = framer.next(&mut input, true).unwrap() {
            match frame {
                Frame::Head { block: b, .. } => {
                    framer.rows(RowMode::Split);
                    block = Some(b);
                }
                Frame::Rows {
                    bytes,
                    at,
                    first_row,
                    ..
                } => {
                    rows(
                        block.as_ref().unwrap(),
                        &bytes,
                        first_row,
                        &mut |cell, hit| {
                            let what = match &hit.what {
                                What::Address(a) => a.local.clone(),
                                What::Encoded(form, a) => format!("{form} {}", a.local),
                                What::Secret(name) => (*name).to_owned(),
                            };
                            let at = at.byte as usize + cell.at;
                            all.push((cell.row.unwrap_or_default(), cell.column, at, what));
                        },
                    );
                }
                _ => {}
            }
        }
        all
    }

    fn check(dialect: &str, dump: &str, expected: &[(u64, usize, &str, &str)]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|(row, column, at, what)| {
                let at = dump.find(at).expect("the place");
                (*row, Some(*column), at, (*what).to_owned())
            })
            .collect();
        assert_eq!(found(dialect, dump), expected, "{dump}");
    }

    #[test]
    fn rows_of_copy() {
        check(
            "postgres",
            "CREATE TABLE t (a int, b text, c bytea);\nCOPY t (a, b, c) FROM stdin;\n\
             1\tnone\t\\\\x00\n2\tsee jane@x.de\t\\\\x6a40782e6465\n3\tmax\\x40x.de\t\\N\n\
             4\ta\\tmoritz@x.de\\nb\t\\N\n5\tw\\\\u0040x.de\t\\N\n\\.\n",
            &[
                (2, 1, "jane", "jane"),
                (2, 2, "6a40", "hex j"),
                (3, 1, "max", "max"),
                (4, 1, "moritz", "moritz"),
                (5, 1, "w\\\\", "w"),
            ],
        );
    }

    #[test]
    fn rows_of_inserts() {
        check(
            "mysql",
            "CREATE TABLE `t` (`a` int, `b` text, `c` blob);\n\
             INSERT INTO `t` VALUES (1,'o\\'hara@x.de',NULL),(2,'it''s',0x6A40782E6465),\n\
             (3,'x\\\\jan@x.de',_binary 'p@x.de');\nINSERT INTO `t` VALUES (4,'q@x.de',NULL);\n",
            &[
                (1, 1, "hara", "hara"),
                (2, 2, "6A40", "hex j"),
                (3, 1, "jan", "jan"),
                (3, 2, "p@x", "p"),
                (4, 1, "q@x", "q"),
            ],
        );
        check(
            "oracle",
            "CREATE TABLE T (A NUMBER, B VARCHAR2(40));\n\
             Insert into T (A,B) values (1,'jane' || chr(64) || 'x.de');\n\
             Insert into T (A,B) values (2,'jane@my.x' || '.de');\n",
            &[
                (1, 1, "'jane' || chr", "jane"),
                (2, 1, "'jane@my.x'", "jane"),
            ],
        );
        check(
            "sqlite",
            "CREATE TABLE t(a, b);\nINSERT INTO t VALUES(1,replace('a\\njane@x.de','\\n',char(10)));\n\
             INSERT INTO t VALUES(2,unistr('max\\u0040x.de'));\nINSERT INTO t VALUES(3,X'6A40782E6465');\n",
            &[
                (1, 1, "jane", "jane"),
                (2, 1, "max", "max"),
                (3, 1, "6A40", "hex j"),
            ],
        );
    }

    #[test]
    fn what_stands_between_cells() {
        let dump = "CREATE TABLE t (a int, b int);\nINSERT INTO t VALUES (1, /* jane@x.de */ 2);\n";
        let places: Vec<_> = found("postgres", dump)
            .into_iter()
            .map(|f| (f.0, f.2))
            .collect();
        assert_eq!(places, [(1, dump.find("jane").unwrap())]);
    }
}
