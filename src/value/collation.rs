//! How text compares: exactly, without case, without case and accents, with or without trailing blanks.
//!
//! Equality is what counts here; *order* is by code point of the folded text and is not the
//! linguistic order of any server. Without accents means: decomposed, combining marks left out.

use super::text::trim_blanks;
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What a comparison of text distinguishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Sensitivity {
    /// Every code point.
    #[default]
    Exact,
    /// Not upper and lower case of ASCII's letters: SQLite.
    Ascii,
    /// Not upper and lower case.
    Accents,
    /// Neither case nor accents.
    Letters,
}

/// A collation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Collation {
    /// What it distinguishes.
    pub sensitivity: Sensitivity,
    /// Do trailing blanks not count?
    pub padded: bool,
}

impl Collation {
    /// By code point, blanks count: PostgreSQL.
    pub const BINARY: Collation = Collation {
        sensitivity: Sensitivity::Exact,
        padded: false,
    };

    /// The text reduced to what counts: texts are equal exactly when these are.
    pub fn fold(self, text: &[u8]) -> Cow<'_, [u8]> {
        let text = if self.padded { trim_blanks(text) } else { text };
        match self.sensitivity {
            Sensitivity::Exact => Cow::Borrowed(text),
            Sensitivity::Ascii => Cow::Owned(text.to_ascii_lowercase()),
            _ if text.is_ascii() => super::text::lower(text),
            Sensitivity::Accents => map(text, |valid, out| {
                out.extend(valid.chars().flat_map(char::to_lowercase));
            }),
            Sensitivity::Letters => map(text, |valid, out| {
                let bare = valid.nfd().filter(|&c| !is_combining_mark(c));
                out.extend(bare.flat_map(char::to_lowercase));
            }),
        }
    }
}

/// Maps the valid stretches and leaves invalid bytes alone.
fn map(text: &[u8], mapping: impl Fn(&str, &mut String)) -> Cow<'_, [u8]> {
    let mut out = Vec::with_capacity(text.len());
    let mut folded = String::new();
    for chunk in text.utf8_chunks() {
        folded.clear();
        mapping(chunk.valid(), &mut folded);
        out.extend_from_slice(folded.as_bytes());
        out.extend_from_slice(chunk.invalid());
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_keeps_what_counts() {
        let of = |sensitivity, padded| Collation {
            sensitivity,
            padded,
        };
        for (collation, a, b, equal) in [
            (Collation::BINARY, "a", "A", false),
            (Collation::BINARY, "a", "a ", false),
            (of(Sensitivity::Exact, true), "a", "a  ", true),
            (of(Sensitivity::Ascii, false), "TOM", "tom", true),
            (of(Sensitivity::Ascii, false), "É", "é", false),
            (of(Sensitivity::Accents, false), "ÉCOLE", "école", true),
            (of(Sensitivity::Accents, false), "École", "ecole", false),
            (of(Sensitivity::Accents, false), "a", "a ", false),
            (of(Sensitivity::Letters, false), "École", "ecole", true),
            (of(Sensitivity::Letters, true), "Müller ", "muller", true),
            (of(Sensitivity::Letters, false), "straße", "strasse", false),
        ] {
            assert_eq!(
                collation.fold(a.as_bytes()) == collation.fold(b.as_bytes()),
                equal,
                "{a} {b}"
            );
        }
        assert_eq!(
            &*of(Sensitivity::Letters, false).fold(b"\xff\xc3\x89A\xc3"),
            b"\xffea\xc3"
        );
    }
}
