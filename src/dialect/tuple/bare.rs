//! What shows of a cell without decoding it.

use crate::dialect::Bare;
use crate::dialect::marks::{any, within};
use memchr::memchr3;
use wide::u8x16;

/// A cell that is NULL, or in quotes without anything that is written in another way within them.
pub fn bare(raw: &[u8], ascii_only: bool) -> Bare {
    bare_but(raw, ascii_only, |bytes| {
        let [quote, mark, backslash] = [b'\'', b'"', b'\\'].map(u8x16::splat);
        within(bytes, 0, 0x1f)
            | bytes.simd_eq(quote)
            | bytes.simd_eq(mark)
            | bytes.simd_eq(backslash)
    })
}

/// The same where nothing but quotes, and perhaps backslashes, is written in another way.
pub fn bare_as_is(raw: &[u8], ascii_only: bool) -> Bare {
    bare_but(raw, ascii_only, |bytes| {
        let [nul, quote, backslash] = [0, b'\'', b'\\'].map(u8x16::splat);
        bytes.simd_eq(nul) | bytes.simd_eq(quote) | bytes.simd_eq(backslash)
    })
}

/// A cell in quotes in which a backslash stands before line ends' letters and before quotes only, and before each of these.
pub fn bare_lines(raw: &[u8], ascii_only: bool) -> Bare {
    let [b'\'', content @ .., b'\''] = raw else {
        return Bare::Unclear;
    };
    if any(content, |bytes| within(bytes, 0, 0x1f)) || (ascii_only && !content.is_ascii()) {
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

fn bare_but(raw: &[u8], ascii_only: bool, special: impl Fn(u8x16) -> u8x16) -> Bare {
    let [b'\'', content @ .., b'\''] = raw else {
        return match raw.eq_ignore_ascii_case(b"NULL") {
            true => Bare::Null,
            false => Bare::Unclear,
        };
    };
    match any(content, special) || (ascii_only && !content.is_ascii()) {
        true => Bare::Unclear,
        false => Bare::Text(1..raw.len() - 1),
    }
}
