//! Cells: the text form of what an INSERT says, and back in the same quoting class.
//!
//! A cell is a literal, perhaps with a sign, an introducer (`_binary`) or in several adjacent pieces.
//! Anything else is an expression that only a server can compute, and a fault if somebody wants to
//! read it. Zero dates, which PostgreSQL's calendar lacks, come before all others: their text form is
//! `-infinity`.

use super::types::bit_width;
use crate::dialect::number;
use crate::dialect::script::charset::Charset;
use crate::dialect::script::fault;
use crate::dialect::script::lexer::Unit;
use crate::dialect::script::rows::RowReader;
use crate::dialect::script::tokens::{Token, Tokens, tokens};
use crate::dialect::tuple;
use crate::dialect::{Bare, RowCodec, RowFault, RowMap, RowSpan, Signed, Surveyed, Wanted};
use crate::schema::DataType;
use std::borrow::Cow;

const ZERO_DATE: &[u8] = b"-infinity";

/// Reads and writes the rows of MySQL's INSERTs.
#[derive(Debug)]
pub struct MysqlCodec {
    reader: RowReader,
}

/// What a literal says.
enum Value {
    /// A number as written.
    Number(Vec<u8>),
    /// Text in UTF-8.
    Text(Vec<u8>),
    /// Bytes without a character set.
    Bytes(Vec<u8>),
}

fn is_numeric(data_type: &DataType) -> bool {
    matches!(
        data_type.base(),
        DataType::SmallInt
            | DataType::Integer
            | DataType::BigInt
            | DataType::Numeric(_)
            | DataType::Real
            | DataType::Double
    )
}

/// Is this a plain number, without an exponent?
fn is_number(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    !digits.is_empty()
        && digits[0].is_ascii_digit()
        && digits.iter().all(|b| b.is_ascii_digit() || *b == b'.')
        && digits.iter().filter(|b| **b == b'.').count() <= 1
}

fn digit(b: u8) -> Option<u8> {
    char::from(b)
        .to_digit(16)
        .and_then(|d| u8::try_from(d).ok())
}

/// The bytes of hexadecimal digits; an odd one stands alone at the front.
fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(digits.len() / 2 + 1);
    let (first, rest) = digits.split_at(digits.len() % 2);
    if let Some(&b) = first.first() {
        out.push(digit(b)?);
    }
    for pair in rest.chunks_exact(2) {
        out.push(digit(pair[0])? << 4 | digit(pair[1])?);
    }
    Some(out)
}

/// The bytes of binary digits.
fn unbits(digits: &[u8]) -> Option<Vec<u8>> {
    let bits = digits.rchunks(8).rev().map(|byte| {
        byte.iter().try_fold(0u8, |all, b| match b {
            b'0' | b'1' => Some(all << 1 | (b - b'0')),
            _ => None,
        })
    });
    bits.collect()
}

/// The text form of bytes.
fn hex(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() * 2 + 2);
    out.extend_from_slice(b"\\x");
    for byte in bytes {
        out.extend([byte >> 4, byte & 15].map(|d| b"0123456789abcdef"[usize::from(d)]));
    }
    out
}

/// Bytes as a number, as MySQL reads them where it wants one.
fn number(bytes: &[u8]) -> Result<Vec<u8>, RowFault> {
    let significant = bytes.iter().skip_while(|b| **b == 0);
    if significant.clone().count() > 8 {
        return fault("the cell is longer than a number");
    }
    let value = significant.fold(0u64, |all, b| all << 8 | u64::from(*b));
    Ok(value.to_string().into_bytes())
}

impl MysqlCodec {
    /// Over the rows that `reader` finds.
    pub fn new(reader: RowReader) -> Self {
        MysqlCodec { reader }
    }

    fn charset(&self) -> Charset {
        self.reader.grammar.charset
    }

    /// What a cell says; none is NULL.
    fn value(&self, raw: &[u8]) -> Result<Option<Value>, RowFault> {
        let mut rest = tokens(&self.reader.grammar, raw);
        let sign = rest.eat_if(|t| t.mark(b'-') || t.mark(b'+'));
        let Some(first) = rest.next() else {
            return fault("the cell is empty");
        };
        if let Some(sign) = sign {
            let number = plain_number(&raw[first.start..], &first, rest)?;
            return Ok(Some(Value::Number(match sign.mark(b'-') {
                true => [b"-", &number[..]].concat(),
                false => number,
            })));
        }
        match first.kind {
            Unit::Number if first.raw.starts_with(b"0x") && rest.next().is_none() => {
                bytes(unhex(&first.raw[2..]))
            }
            Unit::Number if first.raw.starts_with(b"0b") && rest.next().is_none() => {
                bytes(unbits(&first.raw[2..]))
            }
            Unit::Number => plain_number(&raw[first.start..], &first, rest)
                .map(|number| Some(Value::Number(number))),
            Unit::Literal => self.literal(self.charset(), first, rest).map(Some),
            // `\N` is NULL.
            Unit::Mark(b'\\') if first.raw == b"\\N" && rest.next().is_none() => Ok(None),
            Unit::Word => self.word(first, rest),
            _ => fault("the cell is an expression"),
        }
    }

    /// A cell that begins with a word: an introducer, a keyword.
    fn word(&self, word: Token<'_>, mut rest: Tokens<'_>) -> Result<Option<Value>, RowFault> {
        let Some(next) = rest.next() else {
            return match () {
                () if word.keyword("NULL") => Ok(None),
                () if word.keyword("TRUE") => Ok(Some(Value::Number(b"1".to_vec()))),
                () if word.keyword("FALSE") => Ok(Some(Value::Number(b"0".to_vec()))),
                () if word.keyword("DEFAULT") => fault("the cell stands for the column's default"),
                () => fault("the cell is an expression"),
            };
        };
        if next.kind != Unit::Literal {
            return fault("the cell is an expression");
        }
        let adjacent = next.start == word.end;
        let content = || next.content().unwrap_or_default();
        if word.keyword("N") && adjacent {
            return self.literal(self.charset(), next, rest).map(Some);
        }
        if word.keyword("x") && adjacent && rest.next().is_none() {
            return bytes(unhex(&content()));
        }
        if word.keyword("b") && adjacent && rest.next().is_none() {
            return bytes(unbits(&content()));
        }
        let Some(charset) = word.raw.strip_prefix(b"_") else {
            return fault("the cell is an expression");
        };
        if charset.eq_ignore_ascii_case(b"binary") {
            let text = self.literal(Charset::PLAIN, next, rest)?;
            return Ok(Some(match text {
                Value::Text(text) => Value::Bytes(text),
                other => other,
            }));
        }
        let charset = Charset::from_name(&String::from_utf8_lossy(charset));
        self.literal(charset, next, rest).map(Some)
    }

    /// A literal in quotes, and those that follow it at once.
    fn literal(
        &self,
        charset: Charset,
        first: Token<'_>,
        rest: Tokens<'_>,
    ) -> Result<Value, RowFault> {
        let mut all = Vec::new();
        for token in std::iter::once(first).chain(rest) {
            if token.kind != Unit::Literal {
                return fault("the cell is an expression");
            }
            all.extend_from_slice(&token.content().unwrap_or_default());
        }
        Ok(Value::Text(match charset.is_plain() {
            true => all,
            false => charset.decode(&all)?.into_owned(),
        }))
    }

    /// The content of `'…'` if its bytes are the value.
    fn plain<'a>(&self, raw: &'a [u8]) -> Option<&'a [u8]> {
        let content = raw.strip_prefix(b"'")?.strip_suffix(b"'")?;
        let plain = memchr::memchr2(b'\'', b'\\', content).is_none();
        (plain && (self.charset().is_plain() || content.is_ascii())).then_some(content)
    }

    /// The bytes that a literal in the dump's quotes says, without a character set.
    fn raw_bytes(&self, raw: &[u8]) -> Result<Option<Vec<u8>>, RowFault> {
        let mut rest = tokens(&self.reader.grammar, raw);
        if !rest.at_end() && rest.peek().is_some_and(|t| t.kind == Unit::Literal) {
            let first = rest.next();
            let mut all = Vec::new();
            for token in first.into_iter().chain(rest) {
                if token.kind != Unit::Literal {
                    return fault("the cell is an expression");
                }
                all.extend_from_slice(&token.content().unwrap_or_default());
            }
            return Ok(Some(all));
        }
        Ok(match self.value(raw)? {
            None => None,
            Some(Value::Bytes(bytes)) => Some(bytes),
            Some(Value::Text(text)) => Some(text),
            Some(Value::Number(number)) => Some(number),
        })
    }

    /// Appends a literal in quotes, escaped as the dumpers do it.
    fn quoted(
        &self,
        text: &[u8],
        mark: u8,
        charset: Charset,
        out: &mut Vec<u8>,
    ) -> Result<(), RowFault> {
        let mut literal = Vec::with_capacity(text.len() + 2);
        literal.push(mark);
        for &b in text {
            if self.reader.grammar.backslashes {
                let escaped = match b {
                    0 => b'0',
                    b'\n' => b'n',
                    b'\r' => b'r',
                    26 => b'Z',
                    b'\\' | b'\'' | b'"' => b,
                    _ => {
                        literal.push(b);
                        continue;
                    }
                };
                literal.extend([b'\\', escaped]);
            } else {
                if b == mark {
                    literal.push(b);
                }
                literal.push(b);
            }
        }
        literal.push(mark);
        out.extend_from_slice(&charset.encode(&literal)?);
        Ok(())
    }

    /// Bytes in the class of the original: `0x…`, `x'…'`, `_binary '…'` or quotes.
    fn write_bytes(
        &self,
        bytes: &[u8],
        original: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), RowFault> {
        let upper = hex(bytes)[2..].to_ascii_uppercase();
        match original {
            [b'x' | b'X', b'\'', ..] => {
                out.extend([original[0], b'\'']);
                out.extend(upper);
                out.push(b'\'');
                return Ok(());
            }
            // Under such a character set half of what looks like an escape may be a character.
            [b'\'' | b'"', ..] | [b'_', ..]
                if self.charset().wide == crate::dialect::script::charset::Wide::No =>
            {
                let mark = original.iter().find(|b| matches!(b, b'\'' | b'"'));
                let mark = *mark.unwrap_or(&b'\'');
                let start = original.iter().position(|b| *b == mark).unwrap_or(0);
                out.extend_from_slice(&original[..start]);
                return self.quoted(bytes, mark, Charset::PLAIN, out);
            }
            _ => {}
        }
        if bytes.is_empty() {
            out.extend_from_slice(b"''");
        } else {
            out.extend_from_slice(b"0x");
            out.extend(upper);
        }
        Ok(())
    }

    /// A number of bits in the class of the original.
    fn write_bits(
        &self,
        text: &[u8],
        width: u32,
        original: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), RowFault> {
        let value = std::str::from_utf8(text)
            .ok()
            .and_then(|t| t.parse::<u64>().ok());
        let Some(value) = value.filter(|v| width >= 64 || v >> width == 0) else {
            return fault("the new value does not fit into the bits of its column");
        };
        match original {
            [b'b' | b'B', b'\'', ..] | [] => {
                out.extend_from_slice(format!("b'{value:b}'").as_bytes());
            }
            [b'0'..=b'9', ..] if !original.starts_with(b"0x") => {
                out.extend_from_slice(text);
            }
            [b'N' | b'n', ..] => out.extend_from_slice(format!("b'{value:b}'").as_bytes()),
            _ => {
                let length = width.div_ceil(8).clamp(1, 8) as usize;
                let bytes = value.to_be_bytes();
                return self.write_bytes(&bytes[8 - length..], original, out);
            }
        }
        Ok(())
    }
}

fn bytes(found: Option<Vec<u8>>) -> Result<Option<Value>, RowFault> {
    match found {
        Some(bytes) => Ok(Some(Value::Bytes(bytes))),
        None => fault("the cell is no valid literal of bytes"),
    }
}

/// A number in one piece, with its fraction and exponent.
fn plain_number(raw: &[u8], first: &Token<'_>, rest: Tokens<'_>) -> Result<Vec<u8>, RowFault> {
    let number = raw.trim_ascii_end();
    let joined = rest.into_iter().try_fold(first.end, |end, token| {
        (token.start == end).then_some(token.end)
    });
    let plain = number.iter().enumerate().all(|(at, b)| match b {
        b'0'..=b'9' | b'.' | b'e' | b'E' => true,
        b'-' | b'+' => at > 0 && matches!(number[at - 1], b'e' | b'E'),
        _ => false,
    });
    match joined {
        Some(_) if plain && first.kind == Unit::Number => Ok(number.to_vec()),
        _ => fault("the cell is an expression"),
    }
}

/// A date is zero, or has a month and a day: nothing can be computed with `2020-00-00`.
fn dated(text: &[u8]) -> Result<bool, RowFault> {
    let zero = is_zero_date(text);
    let parts = (text.get(4), text.get(5..7), text.get(8..10));
    match parts {
        (Some(b'-'), month, day) if !zero && [month, day].contains(&Some(&b"00"[..])) => {
            fault("the cell is a date without a month or a day, which a rule cannot compute with")
        }
        _ => Ok(zero),
    }
}

/// Is this a date, or a date and a time, of zeros?
fn is_zero_date(text: &[u8]) -> bool {
    text.starts_with(b"0000-00-00")
}

impl RowCodec for MysqlCodec {
    fn row(&self, batch: &[u8], at: usize, row: &mut RowSpan) -> Result<bool, RowFault> {
        self.reader.row(batch, at, row)
    }

    fn bare(&self, raw: &[u8]) -> Bare {
        let ascii_only = !self.charset().is_plain();
        match tuple::bare(raw, ascii_only) {
            Bare::Unclear if self.reader.grammar.backslashes => tuple::bare_lines(raw, ascii_only),
            bare => bare,
        }
    }

    fn survey(
        &self,
        batch: &[u8],
        at: usize,
        wanted: &Wanted,
        map: &mut RowMap,
        found: &mut Vec<Signed>,
    ) -> Surveyed {
        let bare = |raw: &[u8]| self.bare(raw);
        self.reader.survey(bare, batch, at, wanted, map, found)
    }

    fn decode<'a>(
        &self,
        _column: usize,
        raw: &'a [u8],
        data_type: &DataType,
    ) -> Result<Option<Cow<'a, [u8]>>, RowFault> {
        if bit_width(data_type).is_some() {
            if is_number(raw) {
                let zeros = raw.iter().take_while(|b| **b == b'0').count();
                let zeros = zeros.min(raw.len() - 1);
                return Ok(Some(Cow::Borrowed(&raw[zeros..])));
            }
            let bytes = self.raw_bytes(raw)?;
            return Ok(bytes.map(|b| number(&b)).transpose()?.map(Cow::Owned));
        }
        let base = data_type.base();
        if *base == DataType::Bytea {
            let bytes = self.raw_bytes(raw)?;
            return Ok(bytes.map(|b| Cow::Owned(hex(&b))));
        }
        let is_dated = matches!(base, DataType::Date | DataType::Timestamp(_));
        if let Some(text) = self.plain(raw) {
            return Ok(Some(Cow::Borrowed(match is_dated && dated(text)? {
                true => ZERO_DATE,
                false => text,
            })));
        }
        if is_number(raw) && (is_numeric(base) || raw == b"0" || raw[0] != b'0') {
            return Ok(Some(Cow::Borrowed(raw)));
        }
        if raw.eq_ignore_ascii_case(b"NULL") {
            return Ok(None);
        }
        let text = match self.value(raw)? {
            None => return Ok(None),
            Some(Value::Number(number)) if is_numeric(base) || is_number(&number) => number,
            Some(Value::Number(_)) => {
                return fault("the cell is a number that prints in another form");
            }
            Some(Value::Text(text)) => text,
            Some(Value::Bytes(bytes)) if is_numeric(base) => number(&bytes)?,
            Some(Value::Bytes(bytes)) if *base == DataType::Unknown => hex(&bytes),
            Some(Value::Bytes(bytes)) => match std::str::from_utf8(&bytes) {
                Ok(_) => bytes,
                Err(_) => return fault("the cell has bytes in a place for text"),
            },
        };
        Ok(Some(match is_dated && dated(&text)? {
            true => Cow::Borrowed(ZERO_DATE),
            false => Cow::Owned(text),
        }))
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
        if let Some(width) = bit_width(data_type) {
            return self.write_bits(text, width, original, out);
        }
        let base = data_type.base();
        if let (DataType::Bytea, Some(digits)) = (base, text.strip_prefix(b"\\x")) {
            let Some(bytes) = unhex(digits) else {
                return fault("the new value is no valid binary value");
            };
            return self.write_bytes(&bytes, original, out);
        }
        let quoted = matches!(original.first(), Some(b'\'' | b'"'));
        if is_numeric(base) && !quoted {
            if !number::is_number(text.strip_prefix(b"+").unwrap_or(text)) {
                return fault("the new value is no number that MySQL knows");
            }
            out.extend_from_slice(text);
            return Ok(());
        }
        if matches!(base, DataType::Date | DataType::Timestamp(_)) {
            let zero: &[u8] = match base {
                DataType::Date => b"'0000-00-00'",
                _ => b"'0000-00-00 00:00:00'",
            };
            match text {
                ZERO_DATE => {
                    out.extend_from_slice(zero);
                    return Ok(());
                }
                b"infinity" => return fault("MySQL has no date without end"),
                text if text.ends_with(b" BC") => return fault("MySQL has no dates before year 1"),
                _ => {}
            }
        }
        // An introducer of the same bytes stays; under another one the text would be another.
        let prefix = original
            .iter()
            .position(|b| matches!(b, b'\'' | b'"'))
            .unwrap_or(0);
        let (prefix, mark) = match original.get(prefix) {
            Some(mark) if matches!(mark, b'\'' | b'"') => (&original[..prefix], *mark),
            _ => (&b""[..], b'\''),
        };
        // N and _utf8 stand for the old UTF-8 of three bytes at most.
        let short = text.iter().all(|b| *b < 0xf0);
        let kept = match prefix.trim_ascii_end() {
            b"N" | b"n" => short,
            b"_utf8mb4" => self.charset().is_plain(),
            b"_utf8" | b"_utf8mb3" => self.charset().is_plain() && short,
            _ => false,
        };
        if kept {
            out.extend_from_slice(prefix);
        }
        self.quoted(text, mark, self.charset(), out)
    }

    fn encode_generated(&self, out: &mut Vec<u8>) -> Result<(), RowFault> {
        out.extend_from_slice(b"DEFAULT");
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
