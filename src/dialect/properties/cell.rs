//! The halves of a pair. The raw form of a value begins with what separates it from its key (`=`, `:` or
//! blanks), so that a new value is written behind the same separator, or behind `=` where none was.
//!
//! New text is written as Java writes it: what is not ASCII as `\uXXXX`, so that it means the same to those
//! who read the file as UTF-8.

use super::line::{Chars, is_blank};
use crate::dialect::RowFault;
use std::borrow::Cow;
use std::ops::Range;

fn fault<T>(why: &str) -> Result<T, RowFault> {
    Err(RowFault(why.to_owned()))
}

/// The key and the value with its separator, within a pair's line.
pub fn halves(line: &[u8]) -> (Range<usize>, Range<usize>) {
    let start = line.iter().take_while(|b| is_blank(**b)).count();
    let mut escaped = false;
    let (mut key_end, mut end) = (None, start);
    for (at, byte) in Chars::new(line, start) {
        end = at + 1;
        if key_end.is_none() && !escaped && (is_blank(byte) || matches!(byte, b'=' | b':')) {
            key_end = Some(at);
        }
        escaped = byte == b'\\' && !escaped;
    }
    let key_end = key_end.unwrap_or(end);
    (start..key_end, key_end..end)
}

/// How long the separator is in front of a value.
fn separator(raw: &[u8]) -> usize {
    let mut sign = false;
    for (at, byte) in Chars::new(raw, 0) {
        match byte {
            b'=' | b':' if !sign => sign = true,
            byte if is_blank(byte) => {}
            _ => return at,
        }
    }
    raw.len()
}

/// The text of a key or a value.
///
/// # Errors
/// If `\u` is not followed by four digits.
pub fn decode(value: bool, raw: &[u8]) -> Result<Cow<'_, [u8]>, RowFault> {
    let raw = &raw[if value { separator(raw) } else { 0 }..];
    if raw.is_ascii() && !raw.contains(&b'\\') {
        return Ok(Cow::Borrowed(raw));
    }
    let mut units = Vec::with_capacity(raw.len());
    let mut chars = Chars::new(raw, 0).map(|(_, byte)| byte);
    while let Some(byte) = chars.next() {
        let unit = match byte {
            b'\\' => match chars.next() {
                Some(b'u') => unicode(&mut chars)?,
                Some(b't') => u16::from(b'\t'),
                Some(b'n') => u16::from(b'\n'),
                Some(b'r') => u16::from(b'\r'),
                Some(b'f') => 0x0c,
                Some(other) => u16::from(other),
                None => break,
            },
            byte => u16::from(byte),
        };
        units.push(unit);
    }
    match String::from_utf16(&units) {
        Ok(text) => Ok(Cow::Owned(text.into_bytes())),
        Err(_) => fault("it holds half of a surrogate pair"),
    }
}

fn unicode(chars: &mut impl Iterator<Item = u8>) -> Result<u16, RowFault> {
    let mut unit = 0;
    for _ in 0..4 {
        match chars.next().and_then(|b| char::from(b).to_digit(16)) {
            Some(digit) => unit = unit << 4 | digit as u16,
            None => return fault("\\u is not followed by four hexadecimal digits"),
        }
    }
    Ok(unit)
}

/// Appends the raw form of a key or a value, behind the separator of the original one.
///
/// # Errors
/// If it is NULL, or the key is empty.
pub fn encode(
    value: bool,
    text: Option<&[u8]>,
    original: Option<&[u8]>,
    out: &mut Vec<u8>,
) -> Result<(), RowFault> {
    let Some(text) = text else {
        return fault("a .properties file has no NULL; delete the row, or write ''");
    };
    if value {
        let original = original.unwrap_or_default();
        match &original[..separator(original)] {
            b"" => out.push(b'='),
            separator => out.extend_from_slice(separator),
        }
    } else if text.is_empty() {
        return fault("a key cannot be empty");
    }
    let Ok(text) = std::str::from_utf8(text) else {
        return fault("the new value is no text");
    };
    for (place, c) in text.chars().enumerate() {
        match c {
            '\\' => out.extend_from_slice(b"\\\\"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            ' ' if !value || place == 0 => out.extend_from_slice(b"\\ "),
            '=' | ':' if !value || place == 0 => out.extend([b'\\', c as u8]),
            '#' | '!' if place == 0 => out.extend([b'\\', c as u8]),
            ' '..='~' => out.push(c as u8),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.extend_from_slice(format!("\\u{unit:04X}").as_bytes());
                }
            }
        }
    }
    Ok(())
}

/// Appends a new pair with its line end.
///
/// # Errors
/// As [`encode`].
pub fn write(key: Option<&[u8]>, value: Option<&[u8]>, out: &mut Vec<u8>) -> Result<(), RowFault> {
    encode(false, key, None, out)?;
    encode(true, value.or(Some(b"")), None, out)?;
    out.push(b'\n');
    Ok(())
}
