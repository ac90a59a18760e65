//! SQL literals: the text form of what an INSERT's cell says, and back.
//!
//! A cell is a literal, perhaps with a sign or with casts that change nothing. Anything else is an
//! expression that only a server can compute, and a fault if somebody wants to read it.

use super::charset::Charset;
use super::copy_text::fault;
use super::tokens::{Kind, Lexing, Literal, Tokens, tokens};
use crate::dialect::RowFault;
use crate::schema::DataType;
use memchr::{memchr, memchr2};
use std::borrow::Cow;

/// The session settings that literals depend on.
#[derive(Debug, Clone)]
pub struct Literals {
    /// `client_encoding`.
    pub charset: Charset,
    /// `standard_conforming_strings`.
    pub standard: bool,
}

/// Makes a value's text form the one that the server prints, where dumps spell it in several ways.
#[inline]
pub fn canonical<'a>(text: Cow<'a, [u8]>, data_type: &DataType) -> Result<Cow<'a, [u8]>, RowFault> {
    match data_type.base() {
        DataType::Bytea => canonical_bytea(text),
        _ => Ok(text),
    }
}

fn canonical_bytea(text: Cow<'_, [u8]>) -> Result<Cow<'_, [u8]>, RowFault> {
    if let Some(digits) = text.strip_prefix(b"\\x") {
        if digits.len().is_multiple_of(2)
            && digits
                .iter()
                .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        {
            return Ok(text);
        }
        let digits: Vec<u8> = digits
            .iter()
            .filter(|b| !b.is_ascii_whitespace())
            .copied()
            .collect();
        if !digits.len().is_multiple_of(2) || !digits.iter().all(u8::is_ascii_hexdigit) {
            return fault("the cell is no valid bytea");
        }
        let mut out = b"\\x".to_vec();
        out.extend(digits.iter().map(u8::to_ascii_lowercase));
        return Ok(Cow::Owned(out));
    }
    let mut out = b"\\x".to_vec();
    let mut push = |byte: u8| {
        out.extend([byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]));
    };
    let mut at = 0;
    while at < text.len() {
        match &text[at..] {
            [b'\\', b'\\', ..] => {
                push(b'\\');
                at += 2;
            }
            [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] => {
                push((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'));
                at += 4;
            }
            [b'\\', ..] => return fault("the cell is no valid bytea"),
            [byte, ..] => {
                push(*byte);
                at += 1;
            }
            [] => break,
        }
    }
    Ok(Cow::Owned(out))
}

/// Is this how PostgreSQL prints a number, sign included?
fn is_number(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let (whole, fraction) = match memchr(b'.', digits) {
        Some(dot) => (&digits[..dot], Some(&digits[dot + 1..])),
        None => (digits, None),
    };
    let all_digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    all_digits(whole) && fraction.is_none_or(all_digits)
}

/// A number that prints as it is written, whatever its type: no leading zeros, no exponent.
fn prints_alike(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    is_number(text)
        && (digits.len() == 1 || digits[0] != b'0' || digits[1] == b'.')
        && text != b"-0"
        && !text.starts_with(b"-0.") // -0.0 prints without its sign
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
            | DataType::Oid
    )
}

fn is_character(data_type: &DataType) -> bool {
    matches!(
        data_type.base(),
        DataType::Text
            | DataType::Varchar(..)
            | DataType::Char(..)
            | DataType::Citext
            | DataType::Name
    )
}

impl Literals {
    /// The text form of a cell; none is NULL.
    ///
    /// # Errors
    /// If the cell is not a literal that can be read with certainty.
    pub fn decode<'a>(
        &self,
        raw: &'a [u8],
        data_type: &DataType,
    ) -> Result<Option<Cow<'a, [u8]>>, RowFault> {
        if let Some(text) = self.plain(raw) {
            return canonical(Cow::Borrowed(text), data_type).map(Some);
        }
        if raw.eq_ignore_ascii_case(b"NULL") {
            return Ok(None);
        }
        let utf8 = self
            .charset
            .decode(raw)
            .map_err(|e| RowFault(e.to_string()))?;
        let lexing = Lexing {
            standard_conforming_strings: self.standard,
            ..Lexing::default()
        };
        let mut rest = tokens(&utf8, lexing);
        let sign = rest.eat_if(|t| t.operator("-") || t.operator("+"));
        let Some(token) = rest.next() else {
            return fault("the cell is empty");
        };
        let text = match token.kind {
            Kind::Number => {
                let mut text = match sign {
                    Some(sign) if sign.raw == b"-" => b"-".to_vec(),
                    _ => Vec::new(),
                };
                text.extend_from_slice(token.raw);
                if !is_numeric(data_type) && !prints_alike(&text)
                    || text
                        .iter()
                        .any(|b| !matches!(b, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E'))
                {
                    return fault("the cell is a number that prints in another form");
                }
                text
            }
            _ if sign.is_some() => return fault("the cell is an expression"),
            Kind::Literal(class) => {
                let Some(value) = token.value() else {
                    return fault("the cell is a literal that the server would refuse");
                };
                let bytes = class == Literal::Escape && has_byte_escape(token.raw);
                if bytes && !self.charset.is_plain() && std::str::from_utf8(&value).is_err() {
                    return fault("the cell has byte escapes in a character set that is not UTF-8");
                }
                if class == Literal::National && value.ends_with(b" ") {
                    return fault("the cell is a blank padded literal");
                }
                value.into_owned()
            }
            Kind::Identifier if token.keyword("true") => b"t".to_vec(),
            Kind::Identifier if token.keyword("false") => b"f".to_vec(),
            Kind::Identifier if token.keyword("NULL") => Vec::new(),
            Kind::Identifier if token.keyword("DEFAULT") => {
                return fault("the cell stands for the column's default");
            }
            _ => return fault("the cell is an expression"),
        };
        while rest.eat_if(|t| t.operator("::")).is_some() {
            if !harmless_cast(&mut rest, data_type) {
                return fault("the cell has a cast that may change its value");
            }
        }
        if rest.next().is_some() {
            return fault("the cell is an expression");
        }
        if token.keyword("NULL") {
            return Ok(None);
        }
        canonical(Cow::Owned(text), data_type).map(Some)
    }

    /// The content of `'…'` if its bytes are the value, and numbers in their plain form.
    fn plain<'a>(&self, raw: &'a [u8]) -> Option<&'a [u8]> {
        if prints_alike(raw) {
            return Some(raw);
        }
        let content = raw.strip_prefix(b"'")?.strip_suffix(b"'")?;
        let is_plain = if self.standard {
            memchr(b'\'', content).is_none()
        } else {
            memchr2(b'\'', b'\\', content).is_none()
        };
        (is_plain && (self.charset.is_plain() || content.is_ascii())).then_some(content)
    }

    /// Appends the literal of a text form (none is NULL), in the quoting class of `original`.
    ///
    /// # Errors
    /// If the encoding lacks a character, or PostgreSQL cannot store the value.
    pub fn encode(
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
        if memchr(0, text).is_some() {
            return fault("the new value has a NUL, which PostgreSQL cannot store");
        }
        let original = original.unwrap_or_default();
        // Quotes or not: an original shows its own way, a new cell follows pg_dump.
        let was_bare = original
            .first()
            .is_none_or(|b| !matches!(b, b'\'' | b'E' | b'e'));
        let boolean = matches!(data_type.base(), DataType::Boolean);
        match text {
            b"t" | b"true" if boolean && was_bare => {
                out.extend_from_slice(b"true");
                return Ok(());
            }
            b"f" | b"false" if boolean && was_bare => {
                out.extend_from_slice(b"false");
                return Ok(());
            }
            // A bare -0 is an integer to the server, and loses its sign.
            number if is_numeric(data_type) && was_bare && is_number(number) && number != b"-0" => {
                out.extend_from_slice(number);
                return Ok(());
            }
            _ => {}
        }
        let bits = matches!(original.first(), Some(b'B' | b'b' | b'X' | b'x'))
            && text.iter().all(|b| matches!(b, b'0' | b'1'));
        let escape = matches!(original, [b'E' | b'e', b'\'', ..]);
        let mut literal = Vec::with_capacity(text.len() + 3);
        if bits {
            literal.push(b'B');
        } else if escape {
            literal.push(original[0]);
        }
        literal.push(b'\'');
        for &b in text {
            if b == b'\'' || b == b'\\' && (escape || !self.standard) {
                literal.push(b);
            }
            literal.push(b);
        }
        literal.push(b'\'');
        let bytes = self
            .charset
            .encode(&literal)
            .map_err(|e| RowFault(e.to_string()))?;
        out.extend_from_slice(&bytes);
        out.extend_from_slice(self.casts(original));
        Ok(())
    }

    /// The casts at the end of a literal.
    fn casts<'a>(&self, original: &'a [u8]) -> &'a [u8] {
        if !original.ends_with(b"'") && memchr(b':', original).is_some() {
            let mut rest = tokens(original, self.charset.lexing(self.standard));
            if rest
                .next()
                .is_some_and(|t| matches!(t.kind, Kind::Literal(_)))
                && let Some(cast) = rest.next()
                && cast.operator("::")
            {
                return &original[cast.start..];
            }
        }
        &[]
    }
}

/// Does an escape literal spell bytes by number?
fn has_byte_escape(raw: &[u8]) -> bool {
    raw.windows(2)
        .any(|pair| pair[0] == b'\\' && matches!(pair[1], b'0'..=b'7' | b'x'))
}

/// Goes past the type of a cast; true if a literal of that type is the column's value unchanged.
fn harmless_cast(rest: &mut Tokens<'_>, column: &DataType) -> bool {
    rest.eat_keyword("pg_catalog")
        .then(|| rest.eat_punctuation(b'.'));
    let Some(name) = rest.name() else {
        return false;
    };
    if name == "character" && !rest.eat_keyword("VARYING")
        || name == "double" && !rest.eat_keyword("PRECISION")
        || name == "bit" && !rest.eat_keyword("VARYING")
    {
        return false;
    }
    if rest.at_punctuation(b'(') || rest.at_punctuation(b'[') || rest.at_punctuation(b'.') {
        return false;
    }
    match rest.peek() {
        Some(token) if token.keyword("WITH") || token.keyword("WITHOUT") => return false,
        _ => {}
    }
    let base = column.base();
    match name.as_str() {
        "text" | "varchar" | "character" => is_character(base) || *base == DataType::Unknown,
        "smallint" | "int2" | "integer" | "int" | "int4" | "bigint" | "int8" | "numeric"
        | "decimal" => is_numeric(base),
        "boolean" | "bool" => *base == DataType::Boolean,
        "date" => *base == DataType::Date,
        "timestamp" => matches!(base, DataType::Timestamp(_)),
        "timestamptz" => matches!(base, DataType::TimestampTz(_)),
        "interval" => *base == DataType::Interval,
        "uuid" => *base == DataType::Uuid,
        "json" => *base == DataType::Json,
        "jsonb" => matches!(base, DataType::Jsonb),
        "xml" => *base == DataType::Xml,
        "bytea" => *base == DataType::Bytea,
        "inet" => *base == DataType::Inet,
        "cidr" => *base == DataType::Cidr,
        _ => match base {
            DataType::Enum(kind) => kind.name.rsplit('.').next() == Some(&name),
            DataType::Unknown => true,
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literals(charset: &str, standard: bool) -> Literals {
        Literals {
            charset: Charset::from_name(charset),
            standard,
        }
    }

    #[test]
    fn cells_have_the_value_that_the_server_gives_them() {
        let on = literals("UTF8", true);
        let off = literals("UTF8", false);
        let sjis = literals("SJIS", true);
        let text = DataType::Text;
        let cases: &[(&Literals, &[u8], &DataType, Option<&str>)] = &[
            (&on, b"'a''b'", &text, Some("a'b")),
            (&on, b"'a\\n'", &text, Some("a\\n")),
            (&off, b"'a\\n\\\\'", &text, Some("a\n\\")),
            (&on, b"E'a\\n\\x41\\u00e9'", &text, Some("a\nAé")),
            (&on, b"U&'\\00e9!' UESCAPE '\\'", &text, Some("é!")),
            (&on, b"'a' -- c\n 'b'", &text, Some("ab")),
            (&on, b"$q$it's$q$", &text, Some("it's")),
            (&on, b"NULL", &text, None),
            (&on, b"null::text", &text, None),
            (&on, b"'x'::text", &text, Some("x")),
            (&on, b"'x'::character varying", &text, Some("x")),
            (
                &on,
                b"'2020-01-01'::pg_catalog.date",
                &DataType::Date,
                Some("2020-01-01"),
            ),
            (&on, b"true", &DataType::Boolean, Some("t")),
            (&on, b"FALSE", &DataType::Boolean, Some("f")),
            (&on, b"-1.50", &DataType::Numeric(None), Some("-1.50")),
            (&on, b"- 1e5", &DataType::Double, Some("-1e5")),
            (&on, b"12", &text, Some("12")),
            (&on, b"B'101'", &DataType::Bit, Some("101")),
            (&on, b"X'1F'", &DataType::Bit, Some("00011111")),
            (&on, b"'\\xAB'", &DataType::Bytea, Some("\\xab")),
            (&on, b"'a\\000\\\\'", &DataType::Bytea, Some("\\x61005c")),
            (&sjis, b"'\x95\\'", &text, Some("表")),
            (&sjis, b"E'\x95\\\\n'", &text, Some("表\n")),
        ];
        for (literals, raw, data_type, expected) in cases {
            let found = literals
                .decode(raw, data_type)
                .unwrap_or_else(|e| panic!("{raw:?}: {e}"));
            assert_eq!(found.as_deref(), expected.map(str::as_bytes), "{raw:?}");
        }
    }

    #[test]
    fn expressions_are_faults() {
        let on = literals("UTF8", true);
        for raw in [
            "now()",
            "ARRAY[1,2]",
            "(SELECT 1)",
            "DEFAULT",
            "'a' || 'b'",
            "1 + 1",
            "'abc'::varchar(2)",
            "'1'::int",
            ":'v'",
            "date '2020-01-01'",
            "007",
            "1e3",
            "0x1f",
            "1_000",
            "- 'a'",
            "CAST('x' AS text)",
            "'a",
            "E'\\xff\\u'",
            "",
        ] {
            assert!(on.decode(raw.as_bytes(), &DataType::Text).is_err(), "{raw}");
        }
        assert!(
            literals("JOHAB", true)
                .decode(b"'\xa1\xa1'", &DataType::Text)
                .is_err()
        );
    }

    #[test]
    fn new_cells_keep_their_quoting() {
        let on = literals("UTF8", true);
        let off = literals("UTF8", false);
        let text = &DataType::Text;
        let int = &DataType::Integer;
        for (literals, value, original, data_type, expected) in [
            (&on, Some("it's\\"), Some("'x'"), text, "'it''s\\'"),
            (&off, Some("it's\\"), Some("'x'"), text, "'it''s\\\\'"),
            (&on, Some("it's\\"), Some("E'x'"), text, "E'it''s\\\\'"),
            (&on, Some("a"), Some("'x'::text"), text, "'a'::text"),
            (&on, Some("5"), Some("7"), int, "5"),
            (&on, Some("5"), Some("'7'"), int, "'5'"),
            (&on, Some("NaN"), Some("7"), int, "'NaN'"),
            (&on, Some("5"), None, int, "5"),
            (&on, Some("5"), None, text, "'5'"),
            (&on, Some("5"), Some("7"), text, "'5'"),
            (&on, Some("f"), Some("true"), &DataType::Boolean, "false"),
            (&on, Some("f"), Some("'t'"), &DataType::Boolean, "'f'"),
            (&on, Some("01"), Some("X'F'"), &DataType::Bit, "B'01'"),
            (&on, None, Some("'x'"), text, "NULL"),
        ] {
            let mut out = Vec::new();
            let (value, original) = (value.map(str::as_bytes), original.map(str::as_bytes));
            literals
                .encode(value, original, data_type, &mut out)
                .unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
        let mut out = Vec::new();
        literals("SJIS", true)
            .encode(Some("表".as_bytes()), None, text, &mut out)
            .unwrap();
        assert_eq!(out, b"'\x95\\'");
        assert!(on.encode(Some(b"\0"), None, text, &mut out).is_err());
        assert!(
            literals("LATIN1", true)
                .encode(Some("€".as_bytes()), None, text, &mut out)
                .is_err()
        );
    }
}
