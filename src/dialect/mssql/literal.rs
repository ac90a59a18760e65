//! T-SQL's literals: the text form of what a cell says, and back.
//!
//! SMO writes `N'…'` for every text, `CAST(N'…' AS DateTime)` and `CAST(1.50 AS Decimal(5, 2))` for
//! what has no literal, and splits a text where a backslash stands before a line end, which the server
//! would take for a continuation: `N'a\' + N'` … `b'`.

use super::moments;
use crate::dialect::batch::codec::Literals;
use crate::dialect::batch::tokens::{Kind, Token, Tokens, tokens};
use crate::dialect::batch::{Flavour, fault};
use crate::dialect::number::is_number;
use crate::dialect::{Bare, RowFault, tuple};
use crate::schema::DataType;
use std::borrow::Cow;
use std::ops::Range;

/// Reads and writes T-SQL's cells.
#[derive(Debug, Clone, Copy, Default)]
pub struct TsqlLiterals {
    /// With `QUOTED_IDENTIFIER OFF`, `"…"` is a text.
    pub double_quoted: bool,
    /// The script sets variables of sqlcmd, which replaces `$(name)` wherever it stands.
    pub variables: bool,
}

/// A cell taken apart: the value, and where its literal stands.
struct Cell {
    value: Option<Vec<u8>>,
    /// The literal with its sign, without the CAST around it.
    literal: Range<usize>,
    kind: Kind,
}

impl TsqlLiterals {
    fn read(&self, raw: &[u8]) -> Result<Cell, RowFault> {
        let mut rest = tokens(raw, Flavour::Mssql);
        let cell = self.value(&mut rest)?;
        if rest.eat("COLLATE") {
            rest.next();
        }
        match rest.next() {
            None => Ok(cell),
            Some(_) => fault("the cell is an expression"),
        }
    }

    fn value(&self, t: &mut Tokens<'_>) -> Result<Cell, RowFault> {
        if t.at_mark(b'(') {
            let Some(range) = t.skip_parentheses() else {
                return fault("the cell is an expression");
            };
            return self.inner(t.within(range));
        }
        let call = t.eat_if(|t| t.any_keyword(&["CAST", "CONVERT", "TRY_CAST", "TRY_CONVERT"]));
        let Some(call) = call else {
            return self.literal(t);
        };
        let Some(range) = t.skip_parentheses() else {
            return fault("the cell is an expression");
        };
        let mut inner = t.within(range.clone());
        if call.any_keyword(&["CAST", "TRY_CAST"]) {
            let cell = self.value(&mut inner)?;
            if inner.eat("COLLATE") {
                inner.next();
            }
            if !inner.eat("AS") {
                return fault("the cell is an expression");
            }
            return self.cast(cell, inner);
        }
        let parts = t.within(range).split_commas();
        match parts[..] {
            [data_type, value] => self.cast(self.inner(value)?, data_type),
            [data_type, value, style] => {
                let whole = call.start..t.offset();
                self.styled(self.inner(value)?, data_type, style, whole)
            }
            _ => fault("the cell is an expression"),
        }
    }

    fn inner(&self, mut t: Tokens<'_>) -> Result<Cell, RowFault> {
        let cell = self.value(&mut t)?;
        if t.eat("COLLATE") {
            t.next();
        }
        match t.next() {
            None => Ok(cell),
            Some(_) => fault("the cell is an expression"),
        }
    }

    /// What a CAST to the type makes of the value.
    fn cast(&self, mut cell: Cell, mut t: Tokens<'_>) -> Result<Cell, RowFault> {
        let name = t.name().unwrap_or_default().to_ascii_lowercase();
        if cell.kind != Kind::Hex || cell.value.is_none() {
            return Ok(cell);
        }
        match name.as_str() {
            "binary" | "varbinary" | "image" | "geography" | "geometry" | "hierarchyid"
            | "timestamp" | "rowversion" => Ok(cell),
            _ => {
                let digits = cell.value.as_deref().and_then(|v| v.strip_prefix(b"\\x"));
                cell.value = digits.and_then(|digits| moments::of_bytes(&name, digits));
                match cell.value {
                    Some(_) => Ok(cell),
                    None => fault("the cell is a value in binary form"),
                }
            }
        }
    }

    /// What `CONVERT(type, value, style)` makes of the value. A new value is written without it.
    fn styled(
        &self,
        mut cell: Cell,
        mut data_type: Tokens<'_>,
        mut style: Tokens<'_>,
        whole: Range<usize>,
    ) -> Result<Cell, RowFault> {
        let name = { data_type }
            .name()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let number = style.next().filter(|t| t.kind == Kind::Number);
        let number = number.and_then(|t| std::str::from_utf8(t.raw).ok()?.parse::<u32>().ok());
        let (Some(text), Kind::Text) = (&cell.value, cell.kind) else {
            return self.cast(cell, data_type);
        };
        let read = match name.as_str() {
            "date" | "datetime" | "smalldatetime" | "datetime2" | "datetimeoffset" => {
                number.and_then(|style| moments::in_style(text, style))
            }
            "binary" | "varbinary" => {
                let digits = match number {
                    Some(1) => text.strip_prefix(b"0x").or(text.strip_prefix(b"0X")),
                    Some(2) => Some(&text[..]),
                    _ => None,
                };
                let digits =
                    digits.filter(|d| d.len() % 2 == 0 && d.iter().all(u8::is_ascii_hexdigit));
                cell.kind = Kind::Hex;
                digits.map(|d| [b"\\x", &d.to_ascii_lowercase()[..]].concat())
            }
            "time" => None,
            // A style says nothing about what other types make of a text.
            _ => {
                data_type.next();
                return Ok(cell);
            }
        };
        match read {
            Some(_) => Ok(Cell {
                value: read,
                literal: whole,
                kind: cell.kind,
            }),
            None => fault("the cell is converted in a style of its own"),
        }
    }

    /// NULL, a number with its sign, a text that may be put together, binary digits.
    fn literal(&self, t: &mut Tokens<'_>) -> Result<Cell, RowFault> {
        let sign = t.eat_if(|t| t.mark(b'-') || t.mark(b'+'));
        let Some(token) = t.next() else {
            return fault("the cell is empty");
        };
        let start = sign.map_or(token.start, |sign| sign.start);
        let cell = |value, kind, end| {
            Ok(Cell {
                value,
                literal: start..end,
                kind,
            })
        };
        match token.kind {
            Kind::Word if token.keyword("NULL") && sign.is_none() => {
                cell(None, Kind::Word, token.end)
            }
            Kind::Number => {
                let mut value = Vec::new();
                if sign.is_some_and(|sign| sign.mark(b'-')) {
                    value.push(b'-');
                }
                value.extend_from_slice(token.raw);
                cell(Some(value), Kind::Number, token.end)
            }
            // `$12.50` is a word and a number to the lexer.
            Kind::Word if token.raw[0] == b'$' && token.raw[1..].iter().all(u8::is_ascii_digit) => {
                let mut value = match sign.is_some_and(|sign| sign.mark(b'-')) {
                    true => b"-".to_vec(),
                    false => Vec::new(),
                };
                value.extend_from_slice(if token.raw.len() > 1 {
                    &token.raw[1..]
                } else {
                    b"0"
                });
                let mut end = token.end;
                let fraction = |next: &Token<'_>| {
                    next.start == end && next.kind == Kind::Number && next.raw[0] == b'.'
                };
                if let Some(fraction) = t.eat_if(fraction) {
                    value.extend_from_slice(fraction.raw);
                    end = fraction.end;
                }
                cell(Some(value), Kind::Number, end)
            }
            Kind::Hex if sign.is_none() => {
                let mut value = b"\\x".to_vec();
                let digits = &token.raw[2..];
                if digits.len() % 2 == 1 {
                    value.push(b'0');
                }
                value.extend(digits.iter().map(u8::to_ascii_lowercase));
                cell(Some(value), Kind::Hex, token.end)
            }
            _ if sign.is_none() && (self.is_text(&token) || is_char(&token)) => {
                let mut value = self.piece(&token, t)?;
                while t.eat_mark(b'+') {
                    let Some(next) = t.next() else {
                        return fault("the cell is an expression");
                    };
                    value.extend(self.piece(&next, t)?);
                }
                cell(Some(value), Kind::Text, t.offset())
            }
            _ => fault("the cell is an expression"),
        }
    }

    fn is_text(&self, token: &Token<'_>) -> bool {
        token.kind == Kind::Text
            || self.double_quoted && token.kind == Kind::Quoted && token.raw[0] == b'"'
    }

    /// A part of a text that `+` puts together: a literal, `CHAR(13)`, `NCHAR(8364)`.
    fn piece(&self, token: &Token<'_>, t: &mut Tokens<'_>) -> Result<Vec<u8>, RowFault> {
        if self.is_text(token) {
            return self.text(token);
        }
        let range = t.skip_parentheses().filter(|_| is_char(token));
        let code = range.and_then(|range| {
            let mut inner = t.within(range);
            let number = inner.next().filter(|n| n.kind == Kind::Number)?;
            let code = std::str::from_utf8(number.raw).ok()?.parse().ok()?;
            let ascii = code < 128 || token.keyword("NCHAR");
            char::from_u32(code).filter(|_| ascii && inner.next().is_none())
        });
        match code {
            Some(c) => Ok(c.to_string().into_bytes()),
            None => fault("the cell is an expression"),
        }
    }

    fn text(&self, token: &Token<'_>) -> Result<Vec<u8>, RowFault> {
        let text = match token.kind {
            Kind::Text => token.text(),
            _ => token.name().map(String::into_bytes),
        };
        let Some(text) = text else {
            return fault("the cell is an expression");
        };
        Ok(without_continuations(text))
    }
}

fn is_char(token: &Token<'_>) -> bool {
    token.any_keyword(&["CHAR", "NCHAR"])
}

/// The server leaves out a backslash and the line end behind it.
fn without_continuations(text: Vec<u8>) -> Vec<u8> {
    if !text
        .windows(2)
        .any(|pair| pair[0] == b'\\' && matches!(pair[1], b'\r' | b'\n'))
    {
        return text;
    }
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        match &text[at..] {
            [b'\\', b'\r', b'\n', ..] => at += 3,
            [b'\\', b'\n', ..] => at += 2,
            [other, ..] => {
                out.push(*other);
                at += 1;
            }
            [] => break,
        }
    }
    out
}

/// The text form that values of the type are computed in.
fn canonical(cell: Cell, data_type: &DataType) -> Result<Option<Cow<'static, [u8]>>, RowFault> {
    let Some(mut value) = cell.value else {
        return Ok(None);
    };
    match data_type.base() {
        DataType::Boolean => {
            let text = value.to_ascii_lowercase();
            value = match text.as_slice() {
                b"true" => b"t".to_vec(),
                b"false" | b"0" => b"f".to_vec(),
                _ if cell.kind == Kind::Number || text == b"1" => b"t".to_vec(),
                _ => return fault("the cell is no bit"),
            };
        }
        // SMO writes dates with the T of ISO 8601.
        DataType::Timestamp(_) | DataType::TimestampTz(_) | DataType::Date
            if cell.kind == Kind::Text =>
        {
            if !is_iso(&value) {
                return fault("the cell is a date whose form depends on the session's language");
            }
            if value.get(10) == Some(&b'T') {
                value[10] = b' ';
            }
            if let DataType::Date = data_type.base() {
                value.truncate(10);
            }
        }
        DataType::Date if is_iso(&value) => value.truncate(10),
        DataType::Timestamp(_) | DataType::TimestampTz(_) | DataType::Date | DataType::Time(_)
            if cell.kind == Kind::Number =>
        {
            return fault("the cell is a date written as a number");
        }
        DataType::Timestamp(_) | DataType::TimestampTz(_) | DataType::Date | DataType::Time(_)
            if value.starts_with(b"\\x") =>
        {
            return fault("the cell is a date in binary form");
        }
        DataType::Bytea if cell.kind != Kind::Hex => {
            return fault("the cell is no binary literal");
        }
        DataType::Numeric(_) | DataType::Integer | DataType::SmallInt | DataType::BigInt
            if cell.kind == Kind::Hex =>
        {
            return fault("the cell is a number in binary form");
        }
        _ => {}
    }
    Ok(Some(Cow::Owned(value)))
}

/// `YYYY-MM-DD`, and what may follow it.
fn is_iso(text: &[u8]) -> bool {
    let digits = |range: Range<usize>| {
        text.get(range)
            .is_some_and(|t| t.iter().all(u8::is_ascii_digit))
    };
    digits(0..4)
        && digits(5..7)
        && digits(8..10)
        && text[4] == b'-'
        && text[7] == b'-'
        && matches!(text.get(10), None | Some(b' ' | b'T'))
}

impl Literals for TsqlLiterals {
    fn bare(&self, raw: &[u8]) -> Bare {
        let prefix = usize::from(matches!(raw, [b'N' | b'n', b'\'', ..]));
        match tuple::bare(&raw[prefix..], true) {
            Bare::Text(_) if self.variables => Bare::Unclear,
            Bare::Text(text) => Bare::Text(text.start + prefix..text.end + prefix),
            other => other,
        }
    }

    fn decode<'a>(
        &self,
        raw: &'a [u8],
        data_type: &DataType,
    ) -> Result<Option<Cow<'a, [u8]>>, RowFault> {
        if raw.eq_ignore_ascii_case(b"NULL") {
            return Ok(None);
        }
        if self.variables && memchr::memmem::find(raw, b"$(").is_some() {
            return fault("the cell holds a variable of sqlcmd");
        }
        canonical(self.read(raw)?, data_type)
    }

    fn encode(
        &self,
        text: Option<&[u8]>,
        original: Option<&[u8]>,
        data_type: &DataType,
        out: &mut Vec<u8>,
    ) -> Result<(), RowFault> {
        let Some(text) = text else {
            out.extend_from_slice(b"NULL");
            return Ok(());
        };
        if memchr::memchr(0, text).is_some() {
            return fault("the new value has a NUL, which a literal cannot hold");
        }
        let original = original.unwrap_or_default();
        let known = self.read(original).ok().filter(|cell| cell.value.is_some());
        let national = original.is_empty()
            || tokens(original, Flavour::Mssql)
                .any(|t| t.kind == Kind::Text && matches!(t.raw[0], b'N' | b'n'));
        let mut literal = Vec::with_capacity(text.len() + 3);
        let is = |kind| known.as_ref().is_some_and(|cell| cell.kind == kind);
        let quoted = is(Kind::Text);
        self.write(
            text,
            data_type,
            quoted,
            national || known.is_none() || is(Kind::Hex),
            &mut literal,
        );
        match known {
            // A CAST or COLLATE stays around the new literal.
            Some(cell) if cell.kind == Kind::Text || cell.kind == Kind::Number => {
                out.extend_from_slice(&original[..cell.literal.start]);
                out.extend_from_slice(&literal);
                out.extend_from_slice(&original[cell.literal.end..]);
            }
            _ => out.extend_from_slice(&literal),
        }
        Ok(())
    }
}

impl TsqlLiterals {
    fn write(
        &self,
        text: &[u8],
        data_type: &DataType,
        quoted: bool,
        national: bool,
        out: &mut Vec<u8>,
    ) {
        let base = data_type.base();
        match base {
            DataType::Boolean if matches!(text, b"t" | b"f" | b"true" | b"false") => {
                let bit: &[u8] = match (text[0] == b't', quoted) {
                    (true, false) => b"1",
                    (false, false) => b"0",
                    (true, true) => b"'1'",
                    (false, true) => b"'0'",
                };
                return out.extend_from_slice(bit);
            }
            DataType::Bytea if text.starts_with(b"\\x") => {
                out.extend_from_slice(b"0x");
                return out.extend(text[2..].iter().map(u8::to_ascii_uppercase));
            }
            DataType::SmallInt
            | DataType::Integer
            | DataType::BigInt
            | DataType::Numeric(_)
            | DataType::Real
            | DataType::Double
            | DataType::Unknown
                if !quoted && is_number(text) && !(*base == DataType::Unknown && national) =>
            {
                return out.extend_from_slice(text);
            }
            _ => {}
        }
        let mut text = Cow::Borrowed(text);
        if matches!(base, DataType::Timestamp(_) | DataType::TimestampTz(_)) {
            text = Cow::Owned(iso(&text));
        }
        let prefix: &[u8] = if national || !text.is_ascii() {
            b"N'"
        } else {
            b"'"
        };
        out.extend_from_slice(prefix);
        for (n, b) in text.iter().enumerate() {
            // The server would take a line end away, sqlcmd a variable.
            let split = n > 0
                && match text[n - 1] {
                    b'\\' => matches!(b, b'\r' | b'\n'),
                    b'$' => *b == b'(',
                    _ => false,
                };
            if split {
                out.extend_from_slice(b"' + ");
                out.extend_from_slice(prefix);
            }
            if *b == b'\'' {
                out.push(b'\'');
            }
            out.push(*b);
        }
        out.push(b'\'');
    }
}

/// With the T that makes a date independent of the session's language, and an offset with minutes.
fn iso(text: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    if is_iso(&text) && text.get(10) == Some(&b' ') {
        text[10] = b'T';
    }
    let sign = text.iter().rposition(|b| matches!(b, b'+' | b'-'));
    if let Some(sign) = sign.filter(|sign| *sign > 10 && text.len() == sign + 3) {
        text.splice(sign + 3.., *b":00");
    }
    text
}

#[cfg(test)]
mod tests;
