//! LIKE patterns, read once: most are a literal, a prefix, a suffix or a word to find.

use crate::value::ValueError;
use memchr::memmem;

/// A pattern in the form in which it is matched.
#[derive(Debug, Clone)]
pub enum Like {
    /// No wildcard: the whole text.
    Exact(Vec<u8>),
    /// `abc%`.
    Prefix(Vec<u8>),
    /// `%abc`.
    Suffix(Vec<u8>),
    /// `%abc%`.
    Contains(Box<memmem::Finder<'static>>),
    /// Anything else.
    General(Vec<Part>),
}

/// One part of a general pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// These bytes.
    Text(Vec<u8>),
    /// `_`: one character.
    One,
    /// `%`: any number of characters.
    Many,
}

impl Like {
    /// Reads `pattern`; `escape` is the escape character, if there is one. `fold` reduces what is no
    /// wildcard, as the texts to match have been reduced.
    ///
    /// # Errors
    /// If the pattern ends with its escape character, or `fold` fails.
    pub fn folded(
        pattern: &[u8],
        escape: Option<&[u8]>,
        fold: impl Fn(&[u8]) -> Result<Vec<u8>, ValueError>,
    ) -> Result<Self, ValueError> {
        let mut parts: Vec<Part> = Vec::new();
        let mut rest = pattern;
        while !rest.is_empty() {
            let (length, escaped) = match escape {
                Some(e) if !e.is_empty() && rest.starts_with(e) => {
                    rest = &rest[e.len()..];
                    if rest.is_empty() {
                        return Err(ValueError::new(
                            "LIKE pattern must not end with escape character",
                        ));
                    }
                    (char_len(rest), true)
                }
                _ => (char_len(rest), false),
            };
            let (character, after) = rest.split_at(length);
            rest = after;
            match character {
                b"%" if !escaped => {
                    if parts.last() != Some(&Part::Many) {
                        parts.push(Part::Many);
                    }
                }
                b"_" if !escaped => parts.push(Part::One),
                _ => match parts.last_mut() {
                    Some(Part::Text(text)) => text.extend_from_slice(character),
                    _ => parts.push(Part::Text(character.to_vec())),
                },
            }
        }
        for part in &mut parts {
            if let Part::Text(text) = part {
                *text = fold(text)?;
            }
        }
        Ok(match &mut parts[..] {
            [] => Like::Exact(Vec::new()),
            [Part::Text(text)] => Like::Exact(std::mem::take(text)),
            [Part::Text(text), Part::Many] => Like::Prefix(std::mem::take(text)),
            [Part::Many, Part::Text(text)] => Like::Suffix(std::mem::take(text)),
            [Part::Many, Part::Text(text), Part::Many] => {
                Like::Contains(Box::new(memmem::Finder::new(text).into_owned()))
            }
            _ => Like::General(parts),
        })
    }

    /// Does the whole of `text` match?
    pub fn matches(&self, text: &[u8]) -> bool {
        match self {
            Like::Exact(whole) => text == whole,
            Like::Prefix(prefix) => text.starts_with(prefix),
            Like::Suffix(suffix) => text.ends_with(suffix),
            Like::Contains(finder) => finder.find(text).is_some(),
            Like::General(parts) => general(parts, text),
        }
    }
}

/// Only the last `%` ever has to be tried again: an earlier one that could reach further would
/// leave less text for the same rest of the pattern.
fn general(parts: &[Part], text: &[u8]) -> bool {
    let (mut part, mut at) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        let step = match parts.get(part) {
            None if at == text.len() => return true,
            None => None,
            Some(Part::Many) => {
                if part + 1 == parts.len() {
                    return true;
                }
                retry = Some((part + 1, at));
                Some(0)
            }
            Some(Part::One) => (at < text.len()).then(|| char_len(&text[at..])),
            Some(Part::Text(t)) => text[at..].starts_with(t).then_some(t.len()),
        };
        match (step, retry) {
            (Some(length), _) => {
                at += length;
                part += 1;
            }
            (None, Some((next, from))) if from < text.len() => {
                at = from + char_len(&text[from..]);
                part = next;
                retry = Some((next, at));
            }
            (None, _) => return false,
        }
    }
}

/// The length of the first character of a non-empty text; a byte that is not UTF-8 counts as one.
fn char_len(text: &[u8]) -> usize {
    bstr::decode_utf8(text).1.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(pattern: &[u8], escape: Option<&[u8]>) -> Result<Like, ValueError> {
        Like::folded(pattern, escape, |text| Ok(text.to_vec()))
    }

    fn like(text: &str, pattern: &str) -> bool {
        plain(pattern.as_bytes(), Some(b"\\"))
            .unwrap()
            .matches(text.as_bytes())
    }

    #[test]
    fn patterns_match_whole_texts() {
        for (text, pattern, expected) in [
            ("", "", true),
            ("", "%", true),
            ("", "_", false),
            ("a", "a", true),
            ("a", "A", false),
            ("abc", "a%", true),
            ("abc", "%c", true),
            ("abc", "%b%", true),
            ("abc", "%d%", false),
            ("abc", "_b_", true),
            ("äöü", "___", true),
            ("äöü", "_ö_", true),
            ("äöü", "____", false),
            ("a%c", r"a\%c", true),
            ("abc", r"a\%c", false),
            ("a_c", r"a\_c", true),
            (r"a\c", r"a\\c", true),
            ("aXbXc", "a%b%c", true),
            ("abab", "%ab", true),
            ("mississippi", "m%iss%pi", true),
            ("mississippi", "m%iss%pz", false),
            ("a\nb", "a%b", true),
            ("ab", "a%_", true),
            ("a", "a%_", false),
        ] {
            assert_eq!(like(text, pattern), expected, "{text} LIKE {pattern}");
        }
    }

    #[test]
    fn escapes_can_be_another_character_or_none() {
        let matcher = plain(b"a!%", Some(b"!")).unwrap();
        assert!(matcher.matches(b"a%") && !matcher.matches(b"ab"));
        let matcher = plain(br"a\%", None).unwrap();
        assert!(matcher.matches(br"a\b"));
        assert!(plain(br"a\", Some(b"\\")).is_err());
    }

    fn naive(text: &[char], pattern: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('%', rest)) => (0..=text.len()).any(|n| naive(&text[n..], rest)),
            Some(('_', rest)) => !text.is_empty() && naive(&text[1..], rest),
            Some((c, rest)) => text.first() == Some(c) && naive(&text[1..], rest),
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(text in "[abä]{0,8}", pattern in "[abä%_]{0,6}") {
            let (t, p): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
            prop_assert_eq!(like(&text, &pattern), naive(&t, &p));
        }
    }
}
