//! PostgreSQL's advanced regular expressions, translated to the `regex` crate.
//!
//! The translator reads the pattern as PostgreSQL does and writes one that means the same here; it
//! refuses what the crate cannot do (back references, look-around) and what nobody needs in a
//! rulebook (the newline-sensitive and expanded syntaxes, collating elements). It deliberately does
//! not pass anything through that it has not understood.
//!
//! Whether a text matches at all does not depend on how alternatives are tried. *How much* it
//! matches does: [`Usage::Extent`] and [`Usage::Groups`] therefore ask [`extent`] for a proof
//! that both engines find the same extent.

mod bracket;
mod extent;
mod replacement;
mod translate;

pub use replacement::{Replacement, replace};

use regex::bytes::{Regex, RegexBuilder};
use std::sync::Mutex;
use translate::translate;

/// What is asked of a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Usage {
    /// Only whether there is one.
    Test,
    /// Where the whole match begins and ends.
    Extent,
    /// Where its groups begin and end, too.
    Groups,
}

/// What was compiled lately. A rulebook asks the same of many tables, each rule of it first when it is loaded: to
/// compile a pattern takes as long as to read a hundred rules.
static LATELY: Mutex<Vec<(String, bool, Usage, Regex)>> = Mutex::new(Vec::new());
const KEPT: usize = 16;

/// Compiles `pattern` for `usage`.
///
/// # Errors
/// What is wrong with the pattern, in words.
pub fn compile(pattern: &str, insensitive: bool, usage: Usage) -> Result<Regex, String> {
    let lately = || {
        LATELY
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    };
    let same = |(known, folded, used, _): &&(String, bool, Usage, Regex)| {
        known == pattern && (*folded, *used) == (insensitive, usage)
    };
    if let Some((.., regex)) = lately().iter().find(same) {
        return Ok(regex.clone());
    }
    let regex = build(pattern, insensitive, usage)?;
    let mut lately = lately();
    if lately.len() == KEPT {
        lately.remove(0);
    }
    lately.push((pattern.to_owned(), insensitive, usage, regex.clone()));
    Ok(regex)
}

fn build(pattern: &str, insensitive: bool, usage: Usage) -> Result<Regex, String> {
    let translation = translate(pattern, insensitive)?;
    let regex = RegexBuilder::new(&translation.pattern)
        .case_insensitive(translation.insensitive)
        .dot_matches_new_line(true)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "the regular expression is too large".to_owned(),
            _ => "invalid regular expression".to_owned(),
        })?;
    if usage > Usage::Test {
        let groups = usage == Usage::Groups && translation.groups > 0;
        let hir = regex_syntax::ParserBuilder::new()
            .utf8(false)
            .case_insensitive(translation.insensitive)
            .dot_matches_new_line(true)
            .build()
            .parse(&translation.pattern)
            .map_err(|_| "invalid regular expression".to_owned())?;
        if !extent::is_unambiguous(&hir, translation.longest, groups) {
            return Err(
                "how much this regular expression matches could differ from PostgreSQL, which \
                 takes the longest match and not the first alternative"
                    .to_owned(),
            );
        }
    }
    Ok(regex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_compiled_is_asked_for_by_all_that_it_depends_on() {
        let matches = |insensitive, pattern: &str| {
            let regex = compile(pattern, insensitive, Usage::Test).unwrap();
            regex.is_match(b"aB")
        };
        for _ in 0..2 {
            assert!(!matches(false, "^ab$") && matches(true, "^ab$") && !matches(true, "^ba$"));
            assert!(compile("a|ab", false, Usage::Test).is_ok());
            assert!(compile("a|ab", false, Usage::Extent).is_err());
        }
        // However many there are.
        for n in 0..3 * KEPT {
            assert!(!matches(false, &format!("^{n}$")));
        }
        assert!(matches(true, "^ab$"));
    }

    #[test]
    fn patterns_mean_what_they_mean_in_postgres() {
        for (text, pattern, expected) in [
            ("a\nb", "a.b", true),
            ("a\nb", "a$", false),
            ("a\nb", "^b", false),
            ("foobar", "\\mbar", false),
            ("foo bar", "\\mbar\\M", true),
            ("foo bar", "[[:<:]]bar[[:>:]]", true),
            ("x]", "[]]", true),
            ("x-", "[a-]", true),
            ("a{x", "a{x", true),
            ("aaa", "^a{3}$", true),
            ("\u{663}", "\\d", false),
            ("\u{a0}", "\\s", false),
            ("\u{e9}", "^\\w$", true),
            ("ABC", "(?i)abc", true),
            ("a.c", "***=a.c", true),
            ("abc", "***=a.c", false),
            ("a#b", "a#b", true),
            ("tab\t", "\\t$", true),
            ("A", "\\x41", true),
            ("x", "", true),
            ("a-z", "[[:alpha:]]-[^[:digit:]]", true),
            ("1_a", "^[\\d_[:alpha:]]+$", true),
            ("^", "\\^", true),
        ] {
            let regex = compile(pattern, false, Usage::Test).unwrap();
            assert_eq!(
                regex.is_match(text.as_bytes()),
                expected,
                "{text:?} ~ {pattern}"
            );
        }
    }

    #[test]
    fn what_cannot_be_said_here_is_refused() {
        for pattern in [
            "(",
            ")",
            "a)",
            "[a",
            "*a",
            "a**",
            "^*",
            "(a)\\1",
            "(?=a)",
            "(?<!a)",
            "a{2,1}",
            "a{256}",
            "[b-a]",
            "(?x)a b",
            "\\",
            "[[:nope:]]",
            "[[.hyphen.]]",
            "a|*",
            "\\q",
        ] {
            assert!(compile(pattern, false, Usage::Test).is_err(), "{pattern}");
        }
    }

    #[test]
    fn replacements_take_groups() {
        for (text, pattern, replacement, all, expected) in [
            ("ab", "(a)(b)", "\\2\\1", false, "ba"),
            ("ab", "a", "[\\&]", false, "[a]b"),
            ("ab", "a", "\\\\", false, "\\b"),
            ("ab", "a", "$1", false, "$1b"),
            ("ab", "a", "\\x", false, "\\xb"),
            ("aaa", "a", "b", false, "baa"),
            ("aaa", "a", "b", true, "bbb"),
            ("\u{e4}b", "x*", "-", true, "-\u{e4}-b-"),
        ] {
            let regex = compile(pattern, false, Usage::Groups).unwrap();
            let replacement = Replacement::new(replacement.as_bytes());
            let found = replace(&regex, text.as_bytes(), &replacement, all);
            assert_eq!(
                String::from_utf8_lossy(&found),
                expected,
                "{text} {pattern}"
            );
        }
    }
}
