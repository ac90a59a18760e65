//! Characters of text that may not be valid UTF-8.
//!
//! A byte that begins no valid sequence counts as a character of its own, so nothing is lost and
//! no text is refused. Case is mapped one character to one character, as the server's libc does
//! it: a character whose Unicode mapping is longer (`ß`) stays as it is.

use super::ValueError;
use std::borrow::Cow;

/// The characters of `text`, each as its bytes.
pub fn chars(text: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    use bstr::ByteSlice;
    text.char_indices().map(|(start, end, _)| &text[start..end])
}

/// How many characters.
pub fn length(text: &[u8]) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        chars(text).count()
    }
}

/// The first `count` characters.
pub fn prefix(text: &[u8], count: usize) -> &[u8] {
    if text.len() <= count {
        return text;
    }
    let end = chars(text).take(count).map(<[u8]>::len).sum();
    &text[..end]
}

/// `substring(text from start for length)`, positions counted from 1 as the server does.
pub fn substring(_text: &[u8], _start: i64, _length: Option<i64>) -> Result<&[u8], ValueError> {
    todo!()
}

/// `left(text, count)`: a negative count leaves out the last characters.
pub fn left(_text: &[u8], _count: i64) -> &[u8] {
    todo!()
}

/// `right(text, count)`: a negative count leaves out the first characters.
pub fn right(_text: &[u8], _count: i64) -> &[u8] {
    todo!()
}

/// `lower(text)`.
pub fn lower(_text: &[u8]) -> Cow<'_, [u8]> {
    todo!()
}

/// `upper(text)`.
pub fn upper(_text: &[u8]) -> Cow<'_, [u8]> {
    todo!()
}
