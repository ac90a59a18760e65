//! Characters of text that may not be valid UTF-8.
//!
//! A sequence of bytes that is not valid counts as a character of its own, so nothing is lost and
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
pub fn substring(text: &[u8], start: i64, length: Option<i64>) -> Result<&[u8], ValueError> {
    let end = match length {
        Some(length) if length < 0 => {
            return Err(ValueError::new("negative substring length not allowed"));
        }
        Some(length) => start.saturating_add(length),
        None => i64::MAX,
    };
    let first = start.max(1);
    let rest = without_prefix(text, count_of(first - 1));
    Ok(prefix(rest, count_of(end.saturating_sub(first))))
}

/// `left(text, count)`: a negative count leaves out the last characters.
pub fn left(text: &[u8], count: i64) -> &[u8] {
    if count >= 0 {
        prefix(text, count_of(count))
    } else {
        prefix(
            text,
            length(text).saturating_sub(count_of(count.saturating_neg())),
        )
    }
}

/// `right(text, count)`: a negative count leaves out the first characters.
pub fn right(text: &[u8], count: i64) -> &[u8] {
    if count >= 0 {
        without_prefix(text, length(text).saturating_sub(count_of(count)))
    } else {
        without_prefix(text, count_of(count.saturating_neg()))
    }
}

/// `lower(text)`.
pub fn lower(text: &[u8]) -> Cow<'_, [u8]> {
    if text.is_ascii() {
        if text.iter().any(u8::is_ascii_uppercase) {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            Cow::Borrowed(text)
        }
    } else {
        map(text, |c| single(c, c.to_lowercase()))
    }
}

/// `upper(text)`.
pub fn upper(text: &[u8]) -> Cow<'_, [u8]> {
    if text.is_ascii() {
        if text.iter().any(u8::is_ascii_lowercase) {
            Cow::Owned(text.to_ascii_uppercase())
        } else {
            Cow::Borrowed(text)
        }
    } else {
        map(text, |c| single(c, c.to_uppercase()))
    }
}

/// The text without trailing blanks, which do not count in `char(n)`.
pub fn trim_blanks(text: &[u8]) -> &[u8] {
    let end = text
        .iter()
        .rposition(|&b| b != b' ')
        .map_or(0, |last| last + 1);
    &text[..end]
}

fn without_prefix(text: &[u8], count: usize) -> &[u8] {
    &text[prefix(text, count).len()..]
}

fn count_of(count: i64) -> usize {
    usize::try_from(count.max(0)).unwrap_or(usize::MAX)
}

/// The mapped character if the mapping is one to one.
fn single(c: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(mapped), None) => mapped,
        _ => c,
    }
}

/// Maps every valid character and leaves invalid bytes alone.
fn map(text: &[u8], mapping: impl Fn(char) -> char) -> Cow<'_, [u8]> {
    let mut out = Vec::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            out.extend_from_slice(mapping(c).encode_utf8(&mut [0; 4]).as_bytes());
        }
        out.extend_from_slice(chunk.invalid());
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_characters_and_invalid_bytes() {
        for (text, expected) in [
            (&b""[..], 0),
            (b"abc", 3),
            ("äöü€😀".as_bytes(), 5),
            (b"a\xff\xfeb", 4),
            (b"\xe2\x82", 1),
        ] {
            assert_eq!(length(text), expected, "{text:?}");
        }
    }

    #[test]
    fn substrings_are_those_of_postgres() {
        let text = "hällo".as_bytes();
        for (start, length, expected) in [
            (1, None, "hällo"),
            (2, Some(2), "äl"),
            (0, Some(2), "h"),
            (-3, Some(5), "h"),
            (-3, Some(4), ""),
            (4, None, "lo"),
            (9, Some(2), ""),
            (2, Some(i64::MAX), "ällo"),
            (i64::MIN, None, "hällo"),
        ] {
            assert_eq!(
                substring(text, start, length),
                Ok(expected.as_bytes()),
                "{start} {length:?}"
            );
        }
        assert!(substring(text, 1, Some(-1)).is_err());
    }

    #[test]
    fn left_and_right_are_those_of_postgres() {
        let text = "hällo".as_bytes();
        for (count, first, last) in [
            (2, "hä", "lo"),
            (0, "", ""),
            (9, "hällo", "hällo"),
            (-2, "häl", "llo"),
            (-9, "", ""),
            (i64::MIN, "", ""),
        ] {
            assert_eq!(left(text, count), first.as_bytes(), "left {count}");
            assert_eq!(right(text, count), last.as_bytes(), "right {count}");
        }
    }

    #[test]
    fn case_is_mapped_one_to_one() {
        assert_eq!(
            &*upper("straße Éa\u{131}".as_bytes()),
            "STRAßE ÉAI".as_bytes()
        );
        assert_eq!(&*lower("ÀÉ\u{130}Z".as_bytes()), "àé\u{130}z".as_bytes());
        assert_eq!(&*lower(b"A\xffB\xc3"), b"a\xffb\xc3");
        assert!(matches!(lower(b"abc"), Cow::Borrowed(_)));
    }

    #[test]
    fn only_blanks_are_trimmed() {
        assert_eq!(trim_blanks(b"a b  "), b"a b");
        assert_eq!(trim_blanks(b"a\t "), b"a\t");
        assert_eq!(trim_blanks(b"   "), b"");
    }
}
