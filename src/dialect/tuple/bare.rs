//! What shows of a cell without decoding it.

use crate::dialect::Bare;
use crate::dialect::marks::holds;
use memchr::memchr3;

/// A cell that is NULL, or in quotes without anything that is written in another way within them.
pub fn bare(raw: &[u8], ascii_only: bool) -> Bare {
    bare_but(raw, ascii_only, |text| holds(text, 0x1f, *b"'\"\\"))
}

/// The same where nothing but quotes, and perhaps backslashes, is written in another way.
pub fn bare_as_is(raw: &[u8], ascii_only: bool) -> Bare {
    bare_but(raw, ascii_only, |text| holds(text, 0, *b"'\\"))
}

/// A cell in quotes in which a backslash stands before line ends' letters and before quotes only, and before each of these.
pub fn bare_lines(raw: &[u8], ascii_only: bool) -> Bare {
    let [b'\'', content @ .., b'\''] = raw else {
        return Bare::Unclear;
    };
    if holds(content, 0x1f, []) || (ascii_only && !content.is_ascii()) {
        return Bare::Unclear;
    }
    let mut rest = content;
    while let Some(at) = memchr3(b'\\', b'\'', b'"', rest) {
        let [b'\\', b'n' | b'r' | b'\'' | b'"', behind @ ..] = &rest[at..] else {
            return Bare::Unclear;
        };
        rest = behind;
    }
    Bare::Lines(1..raw.len() - 1)
}

fn bare_but(raw: &[u8], ascii_only: bool, is_special: impl Fn(&[u8]) -> bool) -> Bare {
    let [b'\'', content @ .., b'\''] = raw else {
        return match raw.eq_ignore_ascii_case(b"NULL") {
            true => Bare::Null,
            false => Bare::Unclear,
        };
    };
    match is_special(content) || (ascii_only && !content.is_ascii()) {
        true => Bare::Unclear,
        false => Bare::Text(1..raw.len() - 1),
    }
}
