//! Arrays of one dimension, in their text form `{a,"b c",NULL}`.
//!
//! Arrays of several dimensions and with other bounds pass through scrub as they are, or are
//! rewritten element by element ([`rewrite`]); computing with one is an error.

use super::{Value, ValueError};
use crate::schema::DataType;
use std::borrow::Cow;

/// The elements' text forms, in order; none is NULL.
pub fn elements(text: &[u8]) -> Result<Vec<Option<Cow<'_, [u8]>>>, ValueError> {
    let malformed = || ValueError::new("malformed array literal");
    let text = trim(text);
    if text.first() == Some(&b'[') {
        return Err(ValueError::new(
            "arrays with bounds of their own are not supported",
        ));
    }
    let inner = text.strip_prefix(b"{").ok_or_else(malformed)?;
    let mut rest = trim(inner);
    let mut out = Vec::new();
    if let [b'}', after @ ..] = rest {
        return if after.is_empty() {
            Ok(out)
        } else {
            Err(malformed())
        };
    }
    loop {
        let (element, after) = element(rest)?;
        out.push(element);
        rest = match after {
            [b',', after @ ..] => after,
            [b'}'] => return Ok(out),
            _ => return Err(malformed()),
        };
    }
}

type Element<'a> = (Option<Cow<'a, [u8]>>, &'a [u8]);

/// One element and what follows it: a comma or the closing brace.
fn element(text: &[u8]) -> Result<Element<'_>, ValueError> {
    let malformed = || ValueError::new("malformed array literal");
    let text = trim_start(text);
    match text.first() {
        Some(b'{') => Err(ValueError::new(
            "arrays of several dimensions are not supported",
        )),
        Some(b'"') => {
            let inner = &text[1..];
            let end = memchr::memchr2(b'"', b'\\', inner).ok_or_else(malformed)?;
            let (content, end) = if inner[end] == b'"' {
                (Cow::Borrowed(&inner[..end]), end)
            } else {
                let mut content = inner[..end].to_vec();
                let mut at = end;
                loop {
                    match inner.get(at) {
                        Some(b'"') => break,
                        Some(b'\\') => {
                            content.push(*inner.get(at + 1).ok_or_else(malformed)?);
                            at += 2;
                        }
                        Some(&byte) => {
                            content.push(byte);
                            at += 1;
                        }
                        None => return Err(malformed()),
                    }
                }
                (Cow::Owned(content), at)
            };
            Ok((Some(content), trim_start(&inner[end + 1..])))
        }
        _ => plain(text).ok_or_else(malformed),
    }
}

/// An element without quotes: to the comma or brace, without the white space at its end.
fn plain(text: &[u8]) -> Option<Element<'_>> {
    let mut content: Cow<'_, [u8]> = Cow::Borrowed(b"");
    let mut at = 0;
    // What stands before this was escaped and is no trailing white space.
    let mut kept = 0;
    loop {
        match *text.get(at)? {
            b',' | b'}' => break,
            b'{' | b'"' => return None,
            b'\\' => {
                content.to_mut().push(*text.get(at + 1)?);
                at += 2;
                kept = content.len();
            }
            byte => {
                match &mut content {
                    Cow::Borrowed(slice) => *slice = &text[..=at],
                    Cow::Owned(content) => content.push(byte),
                }
                at += 1;
            }
        }
    }
    let end = content
        .iter()
        .rposition(|&b| !is_space(b))
        .map_or(0, |last| last + 1)
        .max(kept);
    let escaped = matches!(content, Cow::Owned(_));
    let content = match content {
        Cow::Borrowed(slice) => Cow::Borrowed(&slice[..end]),
        Cow::Owned(mut owned) => {
            owned.truncate(end);
            Cow::Owned(owned)
        }
    };
    if content.is_empty() {
        return None;
    }
    let null = !escaped && content.eq_ignore_ascii_case(b"null");
    Some(((!null).then_some(content), &text[at..]))
}

/// Reads an array.
pub fn parse<'a>(text: &'a [u8], element: &DataType) -> Result<Value<'a>, ValueError> {
    let read = |text: Cow<'a, [u8]>| match text {
        Cow::Borrowed(text) => super::parse(text, element),
        Cow::Owned(text) => Ok(super::parse(&text, element)?.into_owned()),
    };
    let elements = elements(text)?
        .into_iter()
        .map(|text| text.map_or(Ok(Value::Null), read));
    Ok(Value::Array(elements.collect::<Result<_, _>>()?))
}

/// Is it an array of several dimensions, or with bounds of its own?
pub fn is_nested(text: &[u8]) -> bool {
    let text = trim(text);
    text.first() == Some(&b'[')
        || text
            .strip_prefix(b"{")
            .is_some_and(|inner| trim_start(inner).first() == Some(&b'{'))
}

/// An array of any shape with each element that is not NULL rewritten; none makes it NULL. Bounds
/// and nesting stay.
pub fn rewrite(
    text: &[u8],
    mut change: impl FnMut(&[u8]) -> Result<Option<Vec<u8>>, ValueError>,
) -> Result<Vec<u8>, ValueError> {
    let malformed = || ValueError::new("malformed array literal");
    let text = trim(text);
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    if text.first() == Some(&b'[') {
        let equals = memchr::memchr(b'=', text).ok_or_else(malformed)?;
        out.extend_from_slice(&text[..=equals]);
        rest = &text[equals + 1..];
    }
    let mut depth = 0_usize;
    loop {
        rest = trim_start(rest);
        match rest.first() {
            Some(b'{') => depth += 1,
            Some(b'}') => depth = depth.checked_sub(1).ok_or_else(malformed)?,
            Some(b',') if depth > 0 => {}
            Some(_) if depth > 0 => {
                let (content, after) = element(rest)?;
                let changed = match content {
                    Some(content) => change(&content)?,
                    None => None,
                };
                match changed {
                    Some(changed) => write_element(&changed, &mut out),
                    None => out.extend_from_slice(b"NULL"),
                }
                rest = after;
                continue;
            }
            None if depth == 0 && !out.is_empty() => return Ok(out),
            _ => return Err(malformed()),
        }
        out.push(rest[0]);
        rest = &rest[1..];
    }
}

/// Appends the text form of an array.
pub fn write(values: &[Value<'_>], element: &DataType, out: &mut Vec<u8>) {
    let mut text = Vec::new();
    out.push(b'{');
    for (i, value) in values.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        if value.is_null() {
            out.extend_from_slice(b"NULL");
            continue;
        }
        text.clear();
        super::write(value, element, &mut text);
        write_element(&text, out);
    }
    out.push(b'}');
}

/// Appends an element's text form, in quotes where it needs them.
pub fn write_element(text: &[u8], out: &mut Vec<u8>) {
    let special = |&b: &u8| matches!(b, b'"' | b'\\' | b'{' | b'}' | b',') || is_space(b);
    if !text.is_empty() && !text.eq_ignore_ascii_case(b"null") && !text.iter().any(special) {
        out.extend_from_slice(text);
        return;
    }
    out.push(b'"');
    for &byte in text {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn trim(text: &[u8]) -> &[u8] {
    super::integer::trim(text)
}

fn trim_start(text: &[u8]) -> &[u8] {
    let start = text
        .iter()
        .position(|&b| !is_space(b))
        .unwrap_or(text.len());
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_of_any_shape_are_rewritten_in_place() {
        let upper = |text: &[u8]| Ok(Some(text.to_ascii_uppercase()));
        for (from, to) in [
            ("{a,NULL}", "{A,NULL}"),
            (
                r#"{{a,"x,y"},{NULL,"NULL"}}"#,
                r#"{{A,"X,Y"},{NULL,"NULL"}}"#,
            ),
            (
                r#"[5:6][1:1]={{a},{"b \\"}}"#,
                r#"[5:6][1:1]={{A},{"B \\"}}"#,
            ),
            ("{{{a}}}", "{{{A}}}"),
            ("{}", "{}"),
        ] {
            assert_eq!(rewrite(from.as_bytes(), upper).unwrap(), to.as_bytes());
            let nested = from.starts_with("{{") || from.starts_with('[');
            assert_eq!(is_nested(from.as_bytes()), nested, "{from}");
        }
        let none = rewrite(b"{{a,b}}", |text| Ok((text == b"a").then(|| b"c".to_vec())));
        assert_eq!(none.unwrap(), b"{{c,NULL}}");
        for text in ["", "{{a}", "{a}}", "a", "[1:2", "{a},{b}", "{\"a}"] {
            assert!(rewrite(text.as_bytes(), upper).is_err(), "{text}");
        }
    }

    fn roundtrip(text: &str, element: DataType) -> Result<String, ValueError> {
        let data_type = DataType::Array(Box::new(element));
        let mut out = Vec::new();
        crate::value::write(
            &crate::value::parse(text.as_bytes(), &data_type)?,
            &data_type,
            &mut out,
        );
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn text_arrays_are_quoted_as_the_server_quotes() {
        for (text, expected) in [
            ("{}", "{}"),
            (" { } ", "{}"),
            ("{a,b}", "{a,b}"),
            ("{ a b , c }", "{\"a b\",c}"),
            ("{NULL,\"NULL\",null,nul}", "{NULL,\"NULL\",NULL,nul}"),
            (
                "{\"\",\"a,b\",\"{\",\"q\\\"\",\"\\\\\"}",
                "{\"\",\"a,b\",\"{\",\"q\\\"\",\"\\\\\"}",
            ),
            ("{a\\ ,\\b}", "{\"a \",b}"),
            ("{\"x\" , y}", "{x,y}"),
        ] {
            assert_eq!(
                roundtrip(text, DataType::Text).as_deref(),
                Ok(expected),
                "{text}"
            );
        }
        for text in [
            "",
            "a",
            "{",
            "{a",
            "{a,}",
            "{,a}",
            "{a}b",
            "{\"a\"b}",
            "{a\"b\"}",
            "{\"a",
            "{a\\",
            "{{1}}",
            "[0:1]={a,b}",
        ] {
            assert!(roundtrip(text, DataType::Text).is_err(), "{text}");
        }
    }

    #[test]
    fn elements_are_of_the_elements_type() {
        assert_eq!(
            roundtrip("{ 01,NULL}", DataType::Integer).as_deref(),
            Ok("{1,NULL}")
        );
        assert_eq!(
            roundtrip("{t,FALSE}", DataType::Boolean).as_deref(),
            Ok("{t,f}")
        );
        assert!(roundtrip("{x}", DataType::Integer).is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_text_survives(elements: Vec<Option<String>>) {
            let values: Vec<_> = elements.iter()
                .map(|e| e.as_deref().map_or(Value::Null, |e| Value::text(e.as_bytes()))).collect();
            let mut out = Vec::new();
            write(&values, &DataType::Text, &mut out);
            proptest::prop_assert_eq!(parse(&out, &DataType::Text).unwrap(), Value::Array(values));
        }
    }
}
