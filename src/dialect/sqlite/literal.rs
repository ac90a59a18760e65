//! Cells: the text form of what an INSERT says, and back in the same quoting class.
//!
//! `.dump` writes text with line ends or control characters as an expression, `replace(…)` or
//! `unistr('…')`. Such a cell is decoded as a whole and, when it changes, replaced as a whole.

use crate::dialect::number::is_number;
use crate::dialect::script::fault;
use crate::dialect::script::lexer::Unit;
use crate::dialect::script::rows::RowReader;
use crate::dialect::script::tokens::{Tokens, tokens};
use crate::dialect::{RowCodec, RowFault, RowSpan};
use crate::schema::DataType;
use std::borrow::Cow;

/// Reads and writes the rows of SQLite's INSERTs.
#[derive(Debug)]
pub struct SqliteCodec {
    reader: RowReader,
}

/// What a cell says.
enum Value {
    Null,
    Number(Vec<u8>),
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

fn is_numeric(data_type: &DataType) -> bool {
    matches!(
        data_type.base(),
        DataType::BigInt | DataType::Numeric(_) | DataType::Double
    )
}

fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    let digit = |b: &u8| char::from(*b).to_digit(16);
    let pairs = digits.chunks(2).map(|pair| match pair {
        [a, b] => u8::try_from(digit(a)? << 4 | digit(b)?).ok(),
        _ => None,
    });
    pairs.collect()
}

/// The text form of a blob.
fn hex(bytes: &[u8]) -> Vec<u8> {
    let mut out = b"\\x".to_vec();
    for byte in bytes {
        out.extend([byte >> 4, byte & 15].map(|d| b"0123456789abcdef"[usize::from(d)]));
    }
    out
}

/// The text of `unistr('…')`: `\uXXXX`, `\UXXXXXXXX`, `\+XXXXXX`, `\XXXX`, `\\`.
fn unistr(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&b, after)) = rest.split_first() {
        rest = after;
        if b != b'\\' {
            out.push(b);
            continue;
        }
        let (skip, length) = match rest.first()? {
            b'\\' => {
                out.push(b'\\');
                rest = &rest[1..];
                continue;
            }
            b'u' => (1, 4),
            b'U' => (1, 8),
            b'+' => (1, 6),
            _ => (0, 4),
        };
        let digits = std::str::from_utf8(rest.get(skip..skip + length)?).ok()?;
        let character = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        rest = &rest[skip + length..];
    }
    Some(out)
}

/// The text of an expression of `.dump`.
fn text(t: &mut Tokens<'_>) -> Option<Vec<u8>> {
    let first = t.next()?;
    if first.kind == Unit::Literal {
        return Some(first.content()?.into_owned());
    }
    if first.keyword("char") {
        let range = t.group()?;
        let list = t.within(range);
        let mut out = String::new();
        for part in list.list() {
            let code = list.within(part).next()?;
            let code = std::str::from_utf8(code.raw).ok()?.parse().ok()?;
            out.push(char::from_u32(code)?);
        }
        return Some(out.into_bytes());
    }
    if !t.eat_mark(b'(') {
        return None;
    }
    let inner = text(t)?;
    let out = if first.keyword("unistr") {
        unistr(&inner)?
    } else if first.keyword("replace") {
        t.eat_mark(b',').then_some(())?;
        let from = text(t)?;
        t.eat_mark(b',').then_some(())?;
        let to = text(t)?;
        if from.is_empty() {
            return None;
        }
        let mut out = Vec::with_capacity(inner.len());
        let mut rest = &inner[..];
        while let Some(at) = memchr::memmem::find(rest, &from) {
            out.extend_from_slice(&rest[..at]);
            out.extend_from_slice(&to);
            rest = &rest[at + from.len()..];
        }
        out.extend_from_slice(rest);
        out
    } else {
        return None;
    };
    t.eat_mark(b')').then_some(out)
}

/// What stands for a carriage return in a text that does not hold it.
fn marker(text: &[u8]) -> String {
    let numbered = (0..).map(|n: u32| format!("(\\r{n})"));
    let mut all = ["\\r".to_owned(), "\\015".to_owned()]
        .into_iter()
        .chain(numbered);
    let free = |marker: &String| memchr::memmem::find(text, marker.as_bytes()).is_none();
    all.find(free).unwrap_or_default()
}

impl SqliteCodec {
    /// Over the rows that `reader` finds.
    pub fn new(reader: RowReader) -> Self {
        SqliteCodec { reader }
    }

    fn value(&self, raw: &[u8]) -> Result<Value, RowFault> {
        let compact: Vec<u8> = raw
            .iter()
            .copied()
            .filter(|b| !b.is_ascii_whitespace())
            .collect();
        if is_number(&compact) {
            return Ok(Value::Number(match &compact[..] {
                b"1e999" | b"9.0e+999" => b"Infinity".to_vec(),
                b"-1e999" | b"-9.0e+999" => b"-Infinity".to_vec(),
                number => number.to_vec(),
            }));
        }
        let mut t = tokens(&self.reader.grammar, raw);
        let Some(first) = t.peek() else {
            return fault("the cell is empty");
        };
        let alone = |mut t: Tokens<'_>| {
            t.next();
            t.next().is_none()
        };
        if alone(t) && first.kind == Unit::Word {
            return match () {
                () if first.keyword("NULL") => Ok(Value::Null),
                () if first.keyword("Inf") => Ok(Value::Number(b"Infinity".to_vec())),
                () if first.keyword("TRUE") => Ok(Value::Number(b"1".to_vec())),
                () if first.keyword("FALSE") => Ok(Value::Number(b"0".to_vec())),
                () => fault("the cell is an expression"),
            };
        }
        if first.keyword("x") {
            t.next();
            let literal = t
                .next()
                .filter(|t| t.kind == Unit::Literal && t.start == first.end);
            let bytes = literal.and_then(|t| unhex(&t.content()?));
            return match (bytes, t.next()) {
                (Some(bytes), None) => Ok(Value::Blob(bytes)),
                _ => fault("the cell is no valid blob"),
            };
        }
        match (text(&mut t), t.next()) {
            (Some(text), None) => Ok(Value::Text(text)),
            _ => fault("the cell is an expression"),
        }
    }
}

impl RowCodec for SqliteCodec {
    fn row(&self, batch: &[u8], at: usize, row: &mut RowSpan) -> Result<bool, RowFault> {
        self.reader.row(batch, at, row)
    }

    fn decode<'a>(
        &self,
        _column: usize,
        raw: &'a [u8],
        data_type: &DataType,
    ) -> Result<Option<Cow<'a, [u8]>>, RowFault> {
        let bytes = *data_type.base() == DataType::Bytea;
        if let Some(content) = raw.strip_prefix(b"'").and_then(|r| r.strip_suffix(b"'"))
            && !bytes
            && memchr::memchr(b'\'', content).is_none()
        {
            return Ok(Some(Cow::Borrowed(content)));
        }
        Ok(match self.value(raw)? {
            Value::Null => None,
            Value::Text(text) | Value::Number(text) if bytes => Some(Cow::Owned(hex(&text))),
            Value::Text(text) | Value::Number(text) => Some(Cow::Owned(text)),
            Value::Blob(bytes) => Some(Cow::Owned(hex(&bytes))),
        })
    }

    fn encode(
        &self,
        _column: usize,
        text: Option<&[u8]>,
        original: Option<&[u8]>,
        data_type: &DataType,
        out: &mut Vec<u8>,
    ) -> Result<(), RowFault> {
        let Some(text) = text else {
            out.extend_from_slice(b"NULL");
            return Ok(());
        };
        let original = original.unwrap_or_default();
        let was_text = matches!(original.first(), Some(b'\'' | b'r' | b'u'));
        let mut text = Cow::Borrowed(text);
        if let (DataType::Bytea, Some(digits)) = (data_type.base(), text.strip_prefix(b"\\x")) {
            let Some(bytes) = unhex(digits) else {
                return fault("the new value is no valid blob");
            };
            // Text in a column for blobs stays text.
            if !was_text || std::str::from_utf8(&bytes).is_err() {
                out.extend_from_slice(b"X'");
                out.extend_from_slice(digits);
                out.push(b'\'');
                return Ok(());
            }
            text = Cow::Owned(bytes);
        }
        // In a column without a type a number stays a number.
        let infinite = matches!(&*text, b"Infinity" | b"-Infinity");
        let number = *data_type.base() == DataType::Unknown
            && is_number(original)
            && (is_number(&text) || infinite);
        if number || is_numeric(data_type) && !was_text {
            match &*text {
                b"Infinity" => out.extend_from_slice(b"1e999"),
                b"-Infinity" => out.extend_from_slice(b"-1e999"),
                number if is_number(number) => out.extend_from_slice(number),
                _ => return fault("the new value is no number that SQLite knows"),
            }
            return Ok(());
        }
        if memchr::memchr(0, &text).is_some() {
            return fault("the new value has a NUL, at which SQLite would cut it");
        }
        let escaped = original
            .get(..7)
            .is_some_and(|o| o.eq_ignore_ascii_case(b"unistr("));
        // The shell takes a carriage return before a line feed for a part of the line's end.
        let returns = !escaped && memchr::memchr(b'\r', &text).is_some();
        let marker = if returns {
            marker(&text)
        } else {
            String::new()
        };
        out.extend_from_slice(match (escaped, returns) {
            (true, _) => b"unistr('",
            (_, true) => b"replace('",
            _ => b"'",
        });
        for &b in text.iter() {
            match b {
                b'\'' => out.extend_from_slice(b"''"),
                b'\\' if escaped => out.extend_from_slice(b"\\\\"),
                0..32 if escaped => out.extend_from_slice(format!("\\u{b:04x}").as_bytes()),
                b'\r' => out.extend_from_slice(marker.as_bytes()),
                _ => out.push(b),
            }
        }
        out.push(b'\'');
        if returns {
            out.extend_from_slice(format!(",'{marker}',char(13))").as_bytes());
        } else if escaped {
            out.push(b')');
        }
        Ok(())
    }

    fn write_row(
        &self,
        cells: &[(Option<&[u8]>, &DataType)],
        out: &mut Vec<u8>,
    ) -> Result<(), RowFault> {
        out.push(b'(');
        for (column, (text, data_type)) in cells.iter().enumerate() {
            if column > 0 {
                out.push(b',');
            }
            self.encode(column, *text, None, data_type, out)?;
        }
        out.push(b')');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::script::tokens::testing::sqlite;

    fn codec() -> SqliteCodec {
        SqliteCodec::new(RowReader::new(Vec::new(), sqlite(), false))
    }

    #[test]
    fn cells_have_the_value_that_sqlite_gives_them() {
        let (text, int, real, blob) = (
            DataType::Text,
            DataType::BigInt,
            DataType::Double,
            DataType::Bytea,
        );
        for (raw, data_type, expected) in [
            ("'a''b\\n'", &text, Some("a'b\\n")),
            ("NULL", &text, None),
            ("replace('a\\nb','\\n',char(10))", &text, Some("a\nb")),
            (
                "replace(replace('a\\r\\nb','\\r',char(13)),'\\n',char(10))",
                &text,
                Some("a\r\nb"),
            ),
            (
                "replace('\\n(\\n0)','(\\n0)',char(10))",
                &text,
                Some("\\n\n"),
            ),
            ("unistr('a\\u000ab\\\\c''')", &text, Some("a\nb\\c'")),
            ("-12", &int, Some("-12")),
            ("1.5e-07", &real, Some("1.5e-07")),
            ("1e999", &real, Some("Infinity")),
            ("-1e999", &real, Some("-Infinity")),
            ("X'00fF'", &blob, Some("\\x00ff")),
            ("X''", &blob, Some("\\x")),
            ("'ab'", &blob, Some("\\x6162")),
            ("X'61'", &text, Some("\\x61")),
        ] {
            let found = codec();
            let found = found.decode(0, raw.as_bytes(), data_type);
            let found = found.unwrap_or_else(|e| panic!("{raw}: {e}"));
            assert_eq!(found.as_deref(), expected.map(str::as_bytes), "{raw}");
        }
        for raw in [
            "1+1",
            "hex('a')",
            "replace('a','','b')",
            "unistr('\\u00')",
            "'a'||'b'",
            "X'0'",
            "x",
        ] {
            assert!(codec().decode(0, raw.as_bytes(), &text).is_err(), "{raw}");
        }
    }

    #[test]
    fn new_cells_keep_their_quoting() {
        for (value, original, data_type, expected) in [
            (Some("it's"), "'x'", DataType::Text, "'it''s'"),
            (
                Some("a\nb\\"),
                "unistr('x')",
                DataType::Text,
                "unistr('a\\u000ab\\\\')",
            ),
            (
                Some("a\nb"),
                "replace('x\\n','\\n',char(10))",
                DataType::Text,
                "'a\nb'",
            ),
            (
                Some("a\r\\r"),
                "'x'",
                DataType::Text,
                "replace('a\\015\\r','\\015',char(13))",
            ),
            (Some("5"), "7", DataType::BigInt, "5"),
            (Some("5"), "'7'", DataType::BigInt, "'5'"),
            (Some("5"), "NULL", DataType::Text, "'5'"),
            (Some("\\x00ff"), "X'01'", DataType::Bytea, "X'00ff'"),
            (Some("\\x6162"), "'q'", DataType::Bytea, "'ab'"),
            (Some("Infinity"), "1", DataType::Double, "1e999"),
            (Some("-Infinity"), "1e999", DataType::Unknown, "-1e999"),
            (Some("7"), "5", DataType::Unknown, "7"),
            (Some("7"), "'5'", DataType::Unknown, "'7'"),
            (Some("a"), "5", DataType::Unknown, "'a'"),
            (None, "1", DataType::Double, "NULL"),
        ] {
            let mut out = Vec::new();
            let (value, original) = (value.map(str::as_bytes), Some(original.as_bytes()));
            codec()
                .encode(0, value, original, &data_type, &mut out)
                .unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
        let mut out = Vec::new();
        assert!(
            codec()
                .encode(0, Some(b"a\0"), None, &DataType::Text, &mut out)
                .is_err()
        );
        assert!(
            codec()
                .encode(0, Some(b"NaN"), None, &DataType::Double, &mut out)
                .is_err()
        );
    }
}
