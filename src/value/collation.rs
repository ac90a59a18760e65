//! How text compares: exactly, without case, without case and accents, by the weights of a server's
//! collation; with or without trailing blanks.
//!
//! Equality is what counts here; *order* is by code point of the folded text and is not the
//! linguistic order of any server. Without accents means: decomposed, combining marks left out.

use super::ValueError;
use super::text::trim_blanks;
use super::weights::{Weight, Weights};
use std::borrow::Cow;
use std::cmp::Ordering;
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
    /// What has another weight: MySQL and MariaDB.
    Weighed(Weights),
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

    /// Do upper and lower case count?
    pub fn is_cased(self) -> bool {
        match self.sensitivity {
            Sensitivity::Exact => true,
            Sensitivity::Weighed(weights) => weights.is_cased(),
            _ => false,
        }
    }

    /// The text reduced to what counts: texts are equal exactly when these are.
    ///
    /// # Errors
    /// If it is not known how the server compares a character of it.
    pub fn fold(self, text: &[u8]) -> Result<Cow<'_, [u8]>, ValueError> {
        let folded = self.reduced(text, false)?;
        Ok(match folded {
            folded if !self.padded => folded,
            Cow::Borrowed(folded) => Cow::Borrowed(trim_blanks(folded)),
            Cow::Owned(mut folded) => {
                folded.truncate(trim_blanks(&folded).len());
                Cow::Owned(folded)
            }
        })
    }

    /// The text with a character for each of its characters, the same for those that LIKE takes for
    /// equal. Blanks count.
    ///
    /// # Errors
    /// As for [`Collation::fold`].
    pub fn fold_each(self, text: &[u8]) -> Result<Cow<'_, [u8]>, ValueError> {
        self.reduced(text, true)
    }

    /// Orders two texts; trailing blanks that do not count are taken for there as the server does.
    pub(super) fn order(self, a: &[u8], b: &[u8]) -> Result<Ordering, ValueError> {
        if a == b {
            return Ok(Ordering::Equal);
        }
        let (a, b) = (self.fold(a)?, self.fold(b)?);
        let common = a.len().min(b.len());
        let blanks = |rest: &[u8]| rest.iter().map(|c| c.cmp(&b' ')).find(|o| o.is_ne());
        let order = a[..common].cmp(&b[..common]);
        Ok(order.then_with(|| {
            let rests = (blanks(&a[common..]), blanks(&b[common..]));
            match rests {
                (Some(order), _) if self.padded => order,
                (_, Some(order)) if self.padded => order.reverse(),
                _ => a.len().cmp(&b.len()),
            }
        }))
    }

    fn reduced(self, text: &[u8], each: bool) -> Result<Cow<'_, [u8]>, ValueError> {
        Ok(match self.sensitivity {
            Sensitivity::Exact => Cow::Borrowed(text),
            Sensitivity::Ascii => Cow::Owned(text.to_ascii_lowercase()),
            Sensitivity::Weighed(weights) => return weighed(weights, text, each),
            _ if text.is_ascii() => super::text::lower(text),
            Sensitivity::Accents => map(text, |valid, out| {
                out.extend(valid.chars().flat_map(char::to_lowercase));
            }),
            Sensitivity::Letters => map(text, |valid, out| {
                let bare = valid.nfd().filter(|&c| !is_combining_mark(c));
                out.extend(bare.flat_map(char::to_lowercase));
            }),
        })
    }
}

/// The text as its weights.
fn weighed(weights: Weights, text: &[u8], each: bool) -> Result<Cow<'_, [u8]>, ValueError> {
    let unknown = || {
        ValueError::new(
            "how the server's collation compares a character of this text is not known: \
             compare by code point (c COLLATE utf8mb4_bin = 'text', or another _bin of its character set)",
        )
    };
    if text.is_ascii() && weights.knows_ascii(text) {
        return Ok(
            match weights.is_cased() || !text.iter().any(u8::is_ascii_lowercase) {
                true => Cow::Borrowed(text),
                false => Cow::Owned(text.to_ascii_uppercase()),
            },
        );
    }
    let valid = std::str::from_utf8(text).map_err(|_| unknown())?;
    let mut out = String::with_capacity(text.len());
    for c in valid.chars() {
        match weights.of(c).ok_or_else(unknown)? {
            Weight::One(c) => out.push(c),
            Weight::Other(_, member) if each => out.push(member),
            Weight::Other(weight, _) => out.push_str(weight),
        }
    }
    Ok(Cow::Owned(out.into_bytes()))
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
        let server = |name: &str| {
            let weighed = Sensitivity::Weighed(Weights::named(name));
            of(weighed, !name.contains("0900"))
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
            (server("utf8mb4_general_ci"), "Straße ", "STRASE", true),
            (server("utf8mb4_general_ci"), "straße", "strasse", false),
            (server("utf8mb4_general_ci"), "😀", "🎉", true),
            (server("utf8mb4_unicode_ci"), "😀", "🎉", true),
            (server("utf8mb4_unicode_ci"), "straße", "STRASSE", true),
            (server("utf8mb4_0900_ai_ci"), "😀", "🎉", false),
            (server("utf8mb4_0900_ai_ci"), "a", "a ", false),
            (server("uca1400_ai_ci"), "Øre", "ore", true),
            (server("latin1_swedish_ci"), "Äpple", "apple", false),
            (server("latin1_swedish_ci"), "Äpple", "æpple", true),
            (server("cp1251_general_ci"), "Tom", "TOM", true),
            (server("utf8mb4_0900_as_cs"), "Tom", "TOM", false),
            (server(""), "é\t ", "E\t", true),
        ] {
            let fold = |text: &'static str| collation.fold(text.as_bytes()).unwrap();
            assert_eq!(fold(a) == fold(b), equal, "{a} {b}");
        }
        assert_eq!(
            &*of(Sensitivity::Letters, false)
                .fold(b"\xff\xc3\x89A\xc3")
                .unwrap(),
            b"\xffea\xc3"
        );
    }

    #[test]
    fn what_is_not_known_of_a_server_is_a_fault() {
        for (name, text) in [
            ("utf8mb4_unicode_ci", "e\u{301}"),
            ("utf8mb4_unicode_ci", "a\u{1}"),
            ("utf8mb4_0900_as_ci", "é"),
            ("utf8mb4_danish_ci", "a"),
            ("utf8mb4_turkish_ci", "I"),
            ("utf8mb4_hungarian_ci", "ö"),
            ("cp1251_general_ci", "Б"),
            ("latin1_swedish_ci", "Б"),
            ("", "😀"),
            ("", "ß"),
        ] {
            let collation = Collation {
                sensitivity: Sensitivity::Weighed(Weights::named(name)),
                padded: true,
            };
            assert!(collation.fold(text.as_bytes()).is_err(), "{name} {text}");
        }
    }

    #[test]
    fn blanks_that_do_not_count_stand_behind_what_is_less() {
        let padded = Collation {
            sensitivity: Sensitivity::Exact,
            padded: true,
        };
        for (a, b, expected) in [
            ("a", "a  ", Ordering::Equal),
            ("a", "a\t", Ordering::Greater),
            ("a\t", "a ", Ordering::Less),
            ("a", "a b", Ordering::Less),
        ] {
            assert_eq!(
                padded.order(a.as_bytes(), b.as_bytes()),
                Ok(expected),
                "{a:?}"
            );
        }
        let order = Collation::BINARY.order(b"a", b"a\t");
        assert_eq!(order, Ok(Ordering::Less));
    }
}
