//! `json` and `jsonb`: checking, the normal form of `jsonb`, members and order.
//!
//! `json` is its text and only has to be well formed. `jsonb` is a tree: keys are unique (the last
//! one counts) and in order of length, then bytes; numbers are `numeric`; strings are decoded.

mod parser;

use super::{Decimal, ValueError};
use parser::Parser;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::io::Write;

/// How deep values may be nested.
const DEEPEST: usize = 1000;

/// A value as `jsonb` holds it.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number.
    Number(Decimal),
    /// A string, decoded.
    String(Vec<u8>),
    /// An array.
    Array(Vec<Json>),
    /// An object; its keys as [`Json::object`] orders them.
    Object(Vec<(Vec<u8>, Json)>),
}

fn invalid() -> ValueError {
    ValueError::new("invalid input syntax for type json")
}

/// Is this well-formed JSON?
pub fn validate(text: &[u8]) -> Result<(), ValueError> {
    Parser::new(text, false).document().map(drop)
}

/// Reads a `jsonb`.
pub fn parse(text: &[u8]) -> Result<Json, ValueError> {
    Parser::new(text, true).document()
}

/// The member of the object `text` whose key is `key`, as written; none if `text` is no object.
pub fn member<'a>(text: &'a [u8], key: &[u8]) -> Result<Option<&'a [u8]>, ValueError> {
    let mut found = None;
    let mut parser = Parser::new(text, true);
    parser.blanks();
    if parser.peek() == Some(b'{') {
        parser.object(|parser, name| {
            parser.build = false;
            let start = parser.at;
            parser.value()?;
            parser.build = true;
            if name == key {
                found = Some(&text[start..parser.at]);
            }
            Ok(())
        })?;
    }
    Ok(found)
}

/// The element of the array `text` at `index`, counted from 0, from the end if negative; none if
/// `text` is no array or too short.
pub fn element(text: &[u8], index: i64) -> Result<Option<&[u8]>, ValueError> {
    let elements = elements(text)?.unwrap_or_default();
    let index = if index < 0 {
        index.saturating_add(elements.len() as i64)
    } else {
        index
    };
    Ok(usize::try_from(index)
        .ok()
        .and_then(|index| elements.get(index).copied()))
}

/// The elements of the array `text`, as written; none if `text` is no array.
pub fn elements(text: &[u8]) -> Result<Option<Vec<&[u8]>>, ValueError> {
    let mut parser = Parser::new(text, false);
    parser.blanks();
    if parser.peek() != Some(b'[') {
        return Ok(None);
    }
    let mut elements = Vec::new();
    parser.array(|parser| {
        let start = parser.at;
        parser.value()?;
        elements.push(&text[start..parser.at]);
        Ok(())
    })?;
    Ok(Some(elements))
}

/// What `->>` gives for a value: a string decoded, none for `null`, anything else as written.
pub fn unquoted(text: &[u8]) -> Result<Option<Cow<'_, [u8]>>, ValueError> {
    let trimmed = super::integer::trim(text);
    match trimmed.first() {
        Some(b'"') => match parse(trimmed)? {
            Json::String(string) => Ok(Some(Cow::Owned(string))),
            _ => Err(invalid()),
        },
        Some(b'n') => Ok(None),
        _ => Ok(Some(Cow::Borrowed(text))),
    }
}

impl Json {
    /// An object of these members: the last of equal keys counts.
    pub fn object(mut members: Vec<(Vec<u8>, Json)>) -> Json {
        members.sort_by(|(a, _), (b, _)| key_order(a, b));
        members.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                std::mem::swap(later, earlier);
            }
            same
        });
        Json::Object(members)
    }

    /// Appends the text form of `jsonb`.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Json::Null => out.extend_from_slice(b"null"),
            Json::Bool(true) => out.extend_from_slice(b"true"),
            Json::Bool(false) => out.extend_from_slice(b"false"),
            Json::Number(number) => number.write(out),
            Json::String(string) => write_string(string, out),
            Json::Array(elements) => {
                out.push(b'[');
                for (i, element) in elements.iter().enumerate() {
                    if i > 0 {
                        out.extend_from_slice(b", ");
                    }
                    element.write(out);
                }
                out.push(b']');
            }
            Json::Object(members) => {
                out.push(b'{');
                for (i, (key, value)) in members.iter().enumerate() {
                    if i > 0 {
                        out.extend_from_slice(b", ");
                    }
                    write_string(key, out);
                    out.extend_from_slice(b": ");
                    value.write(out);
                }
                out.push(b'}');
            }
        }
    }

    /// The order of `jsonb`: by kind, then by size, then by content.
    pub fn order(&self, other: &Json) -> Ordering {
        match (self, other) {
            // The server's oldest oddity: an empty array is less than any scalar.
            (Json::Array(a), Json::Array(b)) => a
                .len()
                .cmp(&b.len())
                .then_with(|| first_difference(a.iter().zip(b), |(a, b)| a.order(b))),
            (Json::Object(a), Json::Object(b)) => a.len().cmp(&b.len()).then_with(|| {
                first_difference(a.iter().zip(b), |(a, b)| {
                    a.0.cmp(&b.0).then_with(|| a.1.order(&b.1))
                })
            }),
            (Json::Bool(a), Json::Bool(b)) => a.cmp(b),
            (Json::Number(a), Json::Number(b)) => a.order(b),
            (Json::String(a), Json::String(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Json::Array(elements) if elements.is_empty() => 0,
            Json::Null => 1,
            Json::String(_) => 2,
            Json::Number(_) => 3,
            Json::Bool(_) => 4,
            Json::Array(_) => 5,
            Json::Object(_) => 6,
        }
    }
}

fn first_difference<T>(
    mut pairs: impl Iterator<Item = T>,
    order: impl Fn(T) -> Ordering,
) -> Ordering {
    pairs
        .find_map(|pair| Some(order(pair)).filter(|o| o.is_ne()))
        .unwrap_or(Ordering::Equal)
}

fn key_order(a: &[u8], b: &[u8]) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// Appends a string in quotes, escaped as the server escapes it.
pub fn write_string(string: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in string {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            0..0x20 => {
                let _ = write!(out, "\\u{byte:04x}");
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str) -> Option<String> {
        let mut out = Vec::new();
        parse(text.as_bytes()).ok()?.write(&mut out);
        Some(String::from_utf8(out).unwrap())
    }

    /// The answers are PostgreSQL's.
    #[test]
    fn jsonb_has_a_normal_form() {
        for (text, expected) in [
            (
                " {\"b\":1,\"a\" : [1 ,2],\"aa\":null,\"b\":2} ",
                Some("{\"a\": [1, 2], \"b\": 2, \"aa\": null}"),
            ),
            ("[]", Some("[]")),
            ("{ }", Some("{}")),
            (
                "[1e2,1.50,-0,0.1e-2,-0.0]",
                Some("[100, 1.50, 0, 0.001, 0.0]"),
            ),
            (
                "\"\\u00e9\\/\\t\\u0001\\ud83d\\ude00\"",
                Some("\"é/\\t\\u0001😀\""),
            ),
            ("\"\\u0000\"", None),
            ("\"\\ud83d\"", None),
            ("\"\\ud83d\\u0041\"", None),
            ("true", Some("true")),
            ("truex", None),
            ("01", None),
            ("1.", None),
            ("-", None),
            ("+1", None),
            ("[1,]", None),
            ("{\"a\"}", None),
            ("{a:1}", None),
            ("\"a\nb\"", None),
            ("", None),
            ("1 2", None),
            ("\u{a0}1", None),
        ] {
            assert_eq!(normal(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn json_is_only_checked() {
        for text in ["\"\\u0000\"", "\"\\ud83d\"", " [ 1 ] "] {
            assert!(validate(text.as_bytes()).is_ok(), "{text}");
        }
        for text in ["\"\\u00g0\"", "\"\\u00", "[", "nul", "'a'"] {
            assert!(validate(text.as_bytes()).is_err(), "{text}");
        }
        assert!(validate("[".repeat(100_000).as_bytes()).is_err());
        assert!(validate(format!("{}{}", "[".repeat(1000), "]".repeat(1000)).as_bytes()).is_ok());
    }

    #[test]
    fn members_are_found_as_written() {
        let text = br#" { "a" : [1, {"b": 2.0}], "\u0062":"x\ty", "a": null } "#;
        assert_eq!(member(text, b"b"), Ok(Some(&br#""x\ty""#[..])));
        assert_eq!(member(text, b"a"), Ok(Some(&b"null"[..])));
        assert_eq!(member(text, b"c"), Ok(None));
        assert_eq!(member(b"[1]", b"a"), Ok(None));
        assert_eq!(element(b"[1, {\"a\":2}]", -1), Ok(Some(&b"{\"a\":2}"[..])));
        assert_eq!(element(b"[1]", 1), Ok(None));
        assert_eq!(element(b"{}", 0), Ok(None));
        assert_eq!(
            unquoted(b"\"a\\nb\"").unwrap().as_deref(),
            Some(&b"a\nb"[..])
        );
        assert_eq!(unquoted(b"null"), Ok(None));
        assert_eq!(
            unquoted(b"{\"a\": 1}").unwrap().as_deref(),
            Some(&b"{\"a\": 1}"[..])
        );
    }

    #[test]
    fn order_is_by_kind_size_and_content() {
        let sorted = [
            "[]",
            "null",
            "\"a\"",
            "\"b\"",
            "1",
            "2.0",
            "false",
            "true",
            "[3]",
            "[1, 2]",
            "{}",
            "{\"a\": 1}",
            "{\"b\": 0}",
            "{\"a\": 1, \"b\": 2}",
        ];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                let (a, b) = (parse(a.as_bytes()).unwrap(), parse(b.as_bytes()).unwrap());
                assert_eq!(a.order(&b), i.cmp(&j), "{i} {j}");
            }
        }
    }
}
