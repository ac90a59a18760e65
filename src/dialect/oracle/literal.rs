//! Oracle's literals: the text form of what a cell says, and back.
//!
//! A cell is one literal or pieces joined by `||`: `TO_CLOB('…')`, `CHR(10)`, `UNISTR('\0431')`. A
//! literal holds 4,000 bytes, so a longer text is written in pieces of TO_CLOB. An empty text is NULL.
//! SQL*Plus stumbles over blank lines, semicolons and hyphens at line ends within a literal, and
//! replaces `&` unless DEFINE is off: what is written anew avoids them.

use super::dates::Moment;
use crate::dialect::RowFault;
use crate::dialect::batch::Flavour;
use crate::dialect::batch::codec::Literals;
use crate::dialect::batch::fault;
use crate::dialect::batch::lexer::{closing, delimiter};
use crate::dialect::batch::tokens::{Kind, Tokens, tokens};
use crate::dialect::number::is_number;
use crate::schema::DataType;
use std::borrow::Cow;

/// The most bytes that a literal may hold.
const LONGEST: usize = 4000;

/// Reads and writes Oracle's cells.
#[derive(Debug, Clone, Copy)]
pub struct OracleLiterals {
    /// The client replaces what stands behind it (`&`), unless `SET DEFINE OFF` is in force.
    pub define: Option<u8>,
    /// The client takes it away from before other characters (`SET ESCAPE`).
    pub escape: Option<u8>,
}

/// What a cell is written as.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Class {
    Null,
    Number,
    /// A text; its prefix (`N`, `q`, `nq`) as written.
    Text(String),
    /// `UNISTR('…')`.
    Unistr,
    Clob,
    Raw,
    /// `TO_DATE(…, 'model')` and its like: the function and the model.
    Model(String, String),
    /// `DATE '…'`.
    Date,
    /// `TIMESTAMP '…'`.
    Timestamp,
}

struct Cell {
    value: Option<Vec<u8>>,
    class: Class,
}

fn read(raw: &[u8]) -> Result<Cell, RowFault> {
    let mut t = tokens(raw, Flavour::Oracle);
    let cell = expression(&mut t)?;
    match t.next() {
        None => Ok(cell),
        Some(_) => fault("the cell is an expression"),
    }
}

/// Terms joined by `||`.
fn expression(t: &mut Tokens<'_>) -> Result<Cell, RowFault> {
    let mut cell = term(t)?;
    while t.eat_mark(b'|') {
        if !t.eat_mark(b'|') {
            return fault("the cell is an expression");
        }
        let next = term(t)?;
        let joins = |class: &Class| {
            matches!(
                class,
                Class::Null | Class::Text(_) | Class::Unistr | Class::Clob
            )
        };
        if !joins(&cell.class) || !joins(&next.class) {
            return fault("the cell is an expression");
        }
        if next.class == Class::Clob {
            cell.class = Class::Clob;
        }
        // NULL joins like an empty text.
        match (&mut cell.value, next.value) {
            (Some(value), Some(more)) => value.extend(more),
            (value @ None, more) => *value = more,
            _ => {}
        }
    }
    Ok(cell)
}

fn term(t: &mut Tokens<'_>) -> Result<Cell, RowFault> {
    let cell = |value, class| {
        Ok(Cell {
            value: Some(value),
            class,
        })
    };
    let sign = t.eat_if(|t| t.mark(b'-') || t.mark(b'+'));
    let Some(token) = t.next() else {
        return fault("the cell is empty");
    };
    if let Some(sign) = sign {
        let mut value = if sign.mark(b'-') {
            b"-".to_vec()
        } else {
            Vec::new()
        };
        value.extend_from_slice(token.raw);
        return match token.kind {
            Kind::Number => cell(value, Class::Number),
            _ => fault("the cell is an expression"),
        };
    }
    match token.kind {
        Kind::Number => cell(token.raw.to_vec(), Class::Number),
        Kind::Text => {
            let value = token.text().filter(|value| !value.is_empty());
            let prefix = &token.raw[..memchr::memchr(b'\'', token.raw).unwrap_or(0)];
            let class = Class::Text(String::from_utf8_lossy(prefix).into_owned());
            Ok(Cell { value, class })
        }
        Kind::Word if token.keyword("NULL") => Ok(Cell {
            value: None,
            class: Class::Null,
        }),
        Kind::Word if token.keyword("DATE") || token.keyword("TIMESTAMP") => {
            let text = t.next().and_then(|t| t.text());
            let moment = text.and_then(|t| Moment::of(std::str::from_utf8(&t).ok()?.trim()));
            match (moment, token.keyword("DATE")) {
                (None, _) => fault("the cell is a date that cannot be read"),
                (Some(moment), true) => cell(moment.text().into_bytes(), Class::Date),
                (Some(moment), false) => cell(moment.text().into_bytes(), Class::Timestamp),
            }
        }
        Kind::Word | Kind::Quoted => call(token.name().unwrap_or_default(), t),
        _ => fault("the cell is an expression"),
    }
}

fn call(mut name: String, t: &mut Tokens<'_>) -> Result<Cell, RowFault> {
    if name == "SYS" && t.eat_mark(b'.') {
        name = t.name().unwrap_or_default();
    }
    let Some(range) = t.skip_parentheses() else {
        return fault("the cell is an expression");
    };
    let mut inner = t.within(range.clone());
    let empty = inner.peek().is_none();
    let cell = |value: Vec<u8>, class| {
        Ok(Cell {
            value: Some(value),
            class,
        })
    };
    let whole = |mut inner: Tokens<'_>| -> Result<Cell, RowFault> {
        let cell = expression(&mut inner)?;
        match inner.next() {
            None => Ok(cell),
            Some(_) => fault("the cell is an expression"),
        }
    };
    match name.as_str() {
        "EMPTY_CLOB" if empty => cell(Vec::new(), Class::Clob),
        "EMPTY_BLOB" if empty => cell(b"\\x".to_vec(), Class::Raw),
        "TO_CLOB" | "TO_NCLOB" | "XMLTYPE" => {
            let inner = whole(inner)?;
            match inner.class {
                Class::Text(_) | Class::Unistr | Class::Clob | Class::Null => {
                    let class = if name == "XMLTYPE" {
                        inner.class
                    } else {
                        Class::Clob
                    };
                    Ok(Cell {
                        value: inner.value,
                        class,
                    })
                }
                _ => fault("the cell is an expression"),
            }
        }
        "CHR" | "NCHR" => {
            let code = inner.next().filter(|t| t.kind == Kind::Number);
            let code = code.and_then(|t| std::str::from_utf8(t.raw).ok()?.parse::<u32>().ok());
            let national = name == "NCHR" || inner.eat("USING NCHAR_CS");
            match code.and_then(char::from_u32) {
                Some(c) if inner.next().is_none() && (c.is_ascii() || national) => {
                    cell(c.to_string().into_bytes(), Class::Text(String::new()))
                }
                _ => fault("the cell is an expression"),
            }
        }
        "UNISTR" => {
            let text = whole(inner)?.value.unwrap_or_default();
            match unistr(&text) {
                Some(value) => cell(value, Class::Unistr),
                None => fault("the cell is an invalid UNISTR"),
            }
        }
        "HEXTORAW" => {
            let digits = whole(inner)?.value.unwrap_or_default();
            if !digits.iter().all(u8::is_ascii_hexdigit) {
                return fault("the cell is an invalid HEXTORAW");
            }
            let mut value = b"\\x".to_vec();
            if digits.len() % 2 == 1 {
                value.push(b'0');
            }
            value.extend(digits.iter().map(u8::to_ascii_lowercase));
            cell(value, Class::Raw)
        }
        "TO_NUMBER" => {
            let inner = whole(inner)?;
            Ok(Cell {
                value: inner.value,
                class: Class::Number,
            })
        }
        "TO_DATE" | "TO_TIMESTAMP" | "TO_TIMESTAMP_TZ" => {
            let parts = t.within(range).split_commas();
            let texts: Vec<_> = parts
                .into_iter()
                .map(|part| whole(part).map(|cell| cell.value))
                .collect::<Result<_, _>>()?;
            let text = |n: usize| {
                let text = texts.get(n)?.as_deref()?;
                std::str::from_utf8(text).ok()
            };
            if texts.len() == 2 && texts[0].is_none() {
                return Ok(Cell {
                    value: None,
                    class: Class::Null,
                });
            }
            let (Some(value), Some(model), 2) = (text(0), text(1), texts.len()) else {
                return fault("the cell is a date whose form depends on the session");
            };
            match Moment::read(value, model) {
                Some(moment) => cell(
                    moment.text().into_bytes(),
                    Class::Model(name, model.to_owned()),
                ),
                None => fault("the cell is a date that cannot be read"),
            }
        }
        _ => fault("the cell is an expression"),
    }
}

/// `\0431` is a UTF-16 unit, `\\` a backslash.
fn unistr(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    let mut units: Vec<u16> = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if c != '\\' {
            units.extend(c.encode_utf16(&mut [0; 2]).iter());
        } else if let Some(after) = rest.strip_prefix('\\') {
            units.push(u16::from(b'\\'));
            rest = after;
        } else {
            units.push(u16::from_str_radix(rest.get(..4)?, 16).ok()?);
            rest = &rest[4..];
        }
    }
    String::from_utf16(&units).ok().map(String::into_bytes)
}

fn is_date(data_type: &DataType) -> bool {
    matches!(
        data_type.base(),
        DataType::Date | DataType::Timestamp(_) | DataType::TimestampTz(_)
    )
}

impl Literals for OracleLiterals {
    fn decode<'a>(
        &self,
        raw: &'a [u8],
        data_type: &DataType,
    ) -> Result<Option<Cow<'a, [u8]>>, RowFault> {
        if raw.iter().any(|b| self.replaces(*b)) {
            return fault(
                "the cell holds a character that SQL*Plus replaces; write SET DEFINE OFF at the top of the script",
            );
        }
        let cell = read(raw)?;
        let Some(value) = cell.value else {
            return Ok(None);
        };
        if is_date(data_type) {
            let iso = std::str::from_utf8(&value).ok().and_then(Moment::of);
            return match (iso, cell.class) {
                (Some(moment), _) => Ok(Some(Cow::Owned(moment.text().into_bytes()))),
                _ => fault("the cell is a date whose form depends on the session"),
            };
        }
        if matches!(data_type.base(), DataType::Bytea) && cell.class != Class::Raw {
            let digits = value.len() % 2 == 0 && value.iter().all(u8::is_ascii_hexdigit);
            return match digits {
                true => Ok(Some(Cow::Owned(
                    [b"\\x", &value.to_ascii_lowercase()[..]].concat(),
                ))),
                false => fault("the cell is no binary literal"),
            };
        }
        Ok(Some(Cow::Owned(value)))
    }

    fn encode(
        &self,
        text: Option<&[u8]>,
        original: Option<&[u8]>,
        data_type: &DataType,
        out: &mut Vec<u8>,
    ) -> Result<(), RowFault> {
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            out.extend_from_slice(b"NULL");
            return Ok(());
        };
        if memchr::memchr(0, text).is_some() {
            return fault("the new value has a NUL, which a literal cannot hold");
        }
        let original = original.unwrap_or_default();
        let class = read(original).map_or(Class::Null, |cell| cell.class);
        if let DataType::Bytea = data_type.base()
            && let Some(digits) = text.strip_prefix(b"\\x")
        {
            if digits.is_empty() {
                out.extend_from_slice(b"EMPTY_BLOB()");
                return Ok(());
            }
            if digits.len() > LONGEST {
                return fault("the new value is longer than a binary literal can be");
            }
            out.extend_from_slice(b"HEXTORAW('");
            out.extend(digits.iter().map(u8::to_ascii_uppercase));
            out.extend_from_slice(b"')");
            return Ok(());
        }
        let dated = matches!(class, Class::Model(..) | Class::Date | Class::Timestamp);
        if is_date(data_type) || dated {
            let moment = std::str::from_utf8(text).ok().and_then(Moment::of);
            if let Some(moment) = moment {
                out.extend_from_slice(date(&moment, &class, data_type).as_bytes());
                return Ok(());
            }
        }
        let numeric = matches!(
            data_type.base(),
            DataType::Numeric(_)
                | DataType::Integer
                | DataType::SmallInt
                | DataType::BigInt
                | DataType::Real
                | DataType::Double
        ) || class == Class::Number;
        if numeric && is_number(text) && !matches!(class, Class::Text(_) | Class::Unistr) {
            out.extend_from_slice(text);
            return Ok(());
        }
        if let (DataType::Boolean, b"t" | b"f") = (data_type.base(), text) {
            out.extend_from_slice(if text == b"t" { b"TRUE" } else { b"FALSE" });
            return Ok(());
        }
        self.text(text, &class, original, out);
        Ok(())
    }
}

/// A date in the way of the original, else in one that depends on no session.
fn date(moment: &Moment, class: &Class, data_type: &DataType) -> String {
    match class {
        Class::Model(function, model) => {
            if let Some(text) = moment.write(model) {
                return format!("{}('{text}','{model}')", function.to_ascii_lowercase());
            }
        }
        Class::Date if !moment.has_time() => {
            return format!("DATE '{}'", &moment.text()[..10]);
        }
        _ => {}
    }
    match data_type.base() {
        // A date has no fractions of a second, and its format would not read them.
        DataType::Timestamp(Some(0)) | DataType::Date if !moment.text().contains('.') => {
            format!("to_date('{}','YYYY-MM-DD HH24:MI:SS')", moment.text())
        }
        _ => format!("TIMESTAMP '{}'", moment.text()),
    }
}

impl OracleLiterals {
    /// Does the client take this character for itself?
    fn replaces(&self, b: u8) -> bool {
        Some(b) == self.define || Some(b) == self.escape
    }

    /// A text in the way of the original, cut where it is too long.
    fn text(&self, text: &[u8], class: &Class, original: &[u8], out: &mut Vec<u8>) {
        let quoting = Quoting::of(original);
        let raw_lines = memchr::memchr(b'\n', original).is_some();
        if *class == Class::Unistr
            && let Ok(text) = std::str::from_utf8(text)
            && text.len() < LONGEST / 5
        {
            return out.extend_from_slice(escaped(text).as_bytes());
        }
        let clob = *class == Class::Clob || doubled(text) > LONGEST;
        if !clob {
            return self.piece(text, quoting, raw_lines, out);
        }
        let mut rest = text;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(cut(rest));
            if rest.len() < text.len() {
                out.extend_from_slice(b" || ");
            }
            let function: &[u8] = if quoting.national() {
                b"TO_NCLOB("
            } else {
                b"TO_CLOB("
            };
            out.extend_from_slice(function);
            self.piece(piece, quoting, raw_lines, out);
            out.push(b')');
            rest = after;
        }
    }

    /// One literal, or several with CHR where a character is not safe.
    fn piece(&self, text: &[u8], quoting: Quoting<'_>, raw_lines: bool, out: &mut Vec<u8>) {
        let unsafe_at = |at: usize| match text[at] {
            b'\n' | b'\r' => !raw_lines || breaks(text, at),
            b => self.replaces(b),
        };
        let mut at = 0;
        while at < text.len() {
            if at > 0 {
                out.extend_from_slice(b"||");
            }
            if unsafe_at(at) {
                out.extend_from_slice(format!("CHR({})", text[at]).as_bytes());
                at += 1;
                continue;
            }
            let end = (at..text.len()).find(|end| unsafe_at(*end));
            let end = end.unwrap_or(text.len());
            quoting.write(&text[at..end], out);
            at = end;
        }
    }
}

/// Would a line end here lead SQL*Plus astray, which looks at lines before it looks at quotes? It
/// stops at blank lines, at `;`, at lines that are `/` or `.`; `-` continues a line, `#` and `@` are commands.
fn breaks(text: &[u8], at: usize) -> bool {
    let before = text[..at].trim_ascii_end();
    let blank = text[before.len()..at].contains(&b'\n') || before.is_empty();
    let after = text[at + 1..].trim_ascii_start();
    blank
        || text[at + 1..text.len() - after.len()].contains(&b'\n')
        || matches!(before.last(), Some(b';' | b'-'))
        || matches!(after.first(), None | Some(b'/' | b'.' | b'#' | b'@'))
}

/// How the original's first literal is quoted.
#[derive(Debug, Clone, Copy)]
struct Quoting<'a> {
    /// `N`, `q`, `nq` as written.
    prefix: &'a [u8],
    /// The delimiter of `q'…'`.
    open: Option<&'a [u8]>,
}

impl<'a> Quoting<'a> {
    fn of(original: &'a [u8]) -> Quoting<'a> {
        let text = tokens(original, Flavour::Oracle).find(|t| t.kind == Kind::Text);
        let raw = text.map_or(&b""[..], |t| t.raw);
        let quote = memchr::memchr(b'\'', raw).unwrap_or(0);
        let (prefix, rest) = (&raw[..quote], raw.get(quote + 1..).unwrap_or_default());
        let open = match prefix.last() {
            Some(b'q' | b'Q') => delimiter(rest, true).map(|width| &rest[..width]),
            _ => None,
        };
        Quoting { prefix, open }
    }

    fn national(&self) -> bool {
        matches!(self.prefix.first(), Some(b'n' | b'N'))
    }

    /// A literal in the same way, as far as the text allows that.
    fn write(&self, text: &[u8], out: &mut Vec<u8>) {
        if let Some(open) = self.open {
            let close = closing(open);
            let end = [close, b"'"].concat();
            if memchr::memmem::find(&[text, &end].concat(), &end) == Some(text.len()) {
                out.extend_from_slice(self.prefix);
                out.push(b'\'');
                out.extend_from_slice(open);
                out.extend_from_slice(text);
                out.extend_from_slice(&end);
                return;
            }
        }
        if self.national() {
            out.push(b'N');
        }
        out.push(b'\'');
        for b in text {
            if *b == b'\'' {
                out.push(b'\'');
            }
            out.push(*b);
        }
        out.push(b'\'');
    }
}

/// `UNISTR('…')`, in ASCII and without what a client might take for itself.
fn escaped(text: &str) -> String {
    let mut out = "UNISTR('".to_owned();
    for unit in text.encode_utf16() {
        match u8::try_from(unit) {
            Ok(b'\'') => out.push_str("''"),
            Ok(b @ (b' '..=b'%' | b'('..=b'[' | b']'..=b'~')) => out.push(char::from(b)),
            _ => out += &format!("\\{unit:04x}"),
        }
    }
    out + "')"
}

/// The length of a text with its quotes doubled.
fn doubled(text: &[u8]) -> usize {
    text.len() + memchr::memchr_iter(b'\'', text).count()
}

/// How much of a text fits into a piece, without cutting a character.
fn cut(text: &[u8]) -> usize {
    let mut end = 0;
    let mut length = 0;
    while end < text.len() {
        let width = match text[end] {
            0xF0.. => 4,
            0xE0.. => 3,
            0xC0.. => 2,
            _ => 1,
        }
        .min(text.len() - end);
        length += width + usize::from(text[end] == b'\'');
        if length > LONGEST {
            break;
        }
        end += width;
    }
    end
}

#[cfg(test)]
mod tests;
