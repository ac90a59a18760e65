//! Everything that is no row: statements, comments, client commands, large objects.

use super::secrets::spoken;
use super::{Form, Hit, What, each};
use memchr::memchr2_iter;
use regex::bytes::{Captures, Regex};
use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

/// How much of a piece may belong to something that goes on in the next.
const OVERLAP: usize = 512;

/// Keywords that a message may show of a statement.
const KEYWORDS: &[&str] = &[
    "AGGREGATE",
    "ALTER",
    "BEGIN",
    "CALL",
    "CAST",
    "COLLATION",
    "COLUMN",
    "COMMENT",
    "CONSTRAINT",
    "COPY",
    "CREATE",
    "DATABASE",
    "DECLARE",
    "DEFAULT",
    "DELETE",
    "DO",
    "DOMAIN",
    "DROP",
    "EVENT",
    "EXEC",
    "EXECUTE",
    "EXTENSION",
    "FOREIGN",
    "FROM",
    "FUNCTION",
    "GO",
    "GRANT",
    "INDEX",
    "INSERT",
    "INTO",
    "LARGE",
    "LOCK",
    "MAPPING",
    "MATERIALIZED",
    "MERGE",
    "OBJECT",
    "ON",
    "ONLY",
    "OR",
    "PACKAGE",
    "POLICY",
    "PRIVILEGES",
    "PROCEDURE",
    "PROMPT",
    "PUBLICATION",
    "REM",
    "REPLACE",
    "REVOKE",
    "ROLE",
    "RULE",
    "SCHEMA",
    "SELECT",
    "SEQUENCE",
    "SERVER",
    "SET",
    "STATISTICS",
    "SUBSCRIPTION",
    "SYNONYM",
    "TABLE",
    "TABLESPACE",
    "TRIGGER",
    "TYPE",
    "UNIQUE",
    "UPDATE",
    "USE",
    "USER",
    "VALUES",
    "VIEW",
    "VIRTUAL",
];

/// What a message calls a statement: the keywords that it begins with.
pub fn label(statement: &[u8]) -> String {
    let mut words = statement
        .trim_ascii_start()
        .split(|b| !b.is_ascii_alphabetic());
    let keyword = |word: &[u8]| {
        let mut known = KEYWORDS.iter();
        known.find(|known| known.as_bytes().eq_ignore_ascii_case(word))
    };
    let words: Vec<&str> = words.by_ref().map_while(keyword).take(3).copied().collect();
    match words.is_empty() {
        true => "statement".to_owned(),
        false => words.join(" "),
    }
}

/// Searches what stands outside of the rows, piece by piece in the order of the dump.
#[derive(Debug, Default)]
pub struct Outside {
    /// The end of the piece before, if this may be a part of the same comment.
    before: Vec<u8>,
    /// The end of the large object so far.
    large: Vec<u8>,
}

impl Outside {
    /// A whole statement; the first argument of `take` is a place in it.
    pub fn statement(&mut self, bytes: &[u8], take: &mut dyn FnMut(usize, Hit)) {
        self.before.clear();
        self.large.clear();
        let mut known = HashSet::new();
        each(bytes, &mut |hit| {
            known.insert(hit.what.clone());
            take(hit.at.start, hit);
        });
        if let Cow::Owned(loosened) = loosened(bytes) {
            each(&loosened, &mut |hit| {
                if !known.contains(&hit.what) {
                    take(0, hit);
                }
            });
        }
        if !known.iter().any(|what| matches!(what, What::Secret(_))) {
            spoken(bytes, &mut |at, name| {
                let what = What::Secret(name);
                take(at.start, Hit { at, what });
            });
        }
    }

    /// A piece of what stands between statements: it may end and begin anywhere.
    pub fn other(&mut self, bytes: &[u8], take: &mut dyn FnMut(usize, Hit)) {
        let before = std::mem::take(&mut self.before);
        let seam = before.len();
        let mut text = before;
        text.extend_from_slice(bytes);
        each(&text, &mut |hit| {
            if hit.at.end > seam {
                take(hit.at.start.saturating_sub(seam), hit);
            }
        });
        self.before = text.split_off(text.len().saturating_sub(OVERLAP));
    }

    /// A statement that writes a piece of a large object, whose bytes go on in the next one.
    pub fn large_object(&mut self, bytes: &[u8], take: &mut dyn FnMut(usize, Hit)) {
        static LITERAL: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"(?-u)'\\{1,2}x([0-9A-Fa-f]*)'").expect("the pattern is sound")
        });
        let Some(digits) = LITERAL.captures(bytes).and_then(|found| found.get(1)) else {
            return self.statement(bytes, take);
        };
        let digit = |b: u8| char::from(b).to_digit(16).unwrap_or_default() as u8;
        let content = digits.as_bytes().chunks_exact(2);
        let content: Vec<u8> = content
            .map(|two| digit(two[0]) << 4 | digit(two[1]))
            .collect();
        self.content(&content, &mut |at, hit| {
            take(digits.start() + 2 * at, hit);
        });
    }

    /// A piece of a large object as it is. An address in a text is one; what looks like one among bytes of
    /// another kind (an image) is told apart, as in hex.
    pub fn content(&mut self, bytes: &[u8], take: &mut dyn FnMut(usize, Hit)) {
        const AROUND: usize = 32;
        self.before.clear();
        let mut text = std::mem::take(&mut self.large);
        let seam = text.len();
        text.extend_from_slice(bytes);
        let is_text = |at: &Range<usize>| {
            let around = at.start.saturating_sub(AROUND)..(at.end + AROUND).min(text.len());
            let control = |b: &u8| b.is_ascii_control() && !b"\t\n\r\x0c".contains(b);
            !text[around].iter().any(control)
        };
        each(&text, &mut |mut hit| {
            if hit.at.end > seam {
                let at = hit.at.clone();
                hit.what = match hit.what {
                    What::Address(address) if !is_text(&at) => What::Encoded(Form::Hex, address),
                    what => what,
                };
                take(at.start.saturating_sub(seam), hit);
            }
        });
        self.large = text.split_off(text.len().saturating_sub(OVERLAP));
    }

    /// Rows come: nothing goes on behind them.
    pub fn interrupt(&mut self) {
        self.before.clear();
    }
}

/// A statement with its escaped `@` as they are and its literals in one piece.
fn loosened(statement: &[u8]) -> Cow<'_, [u8]> {
    static LOOSE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?x-u) \\x40 | \\100 | \\0040 | \\\+000040 | \\@
            | (?<gap> \\ \r? \n | ' \s+ n? ' )
            | (?i) ' \s* (?: \|\| | \+ ) \s* n? (?:char|chr) \s* \( \s* (?: 64 | 0x40 ) \s* \) \s*
              (?: \|\| | \+ ) \s* n? '
            | (?i) (?<seam> ' \s* \)? \s* (?: \|\| | \+ ) \s* (?: (?: to_n?clob | unistr ) \s* \( \s* )? n? ' )",
        )
        .expect("the pattern is sound")
    });
    // Compiled when there is use for it: that takes longer than a short run.
    if !memchr2_iter(b'\\', b'\'', statement).any(|at| may_loosen(&statement[at..])) {
        return Cow::Borrowed(statement);
    }
    LOOSE.replace_all(statement, |found: &Captures<'_>| -> &[u8] {
        match found.name("seam").or(found.name("gap")) {
            Some(_) => b"",
            None => b"@",
        }
    })
}

/// May what is loosened begin here?
fn may_loosen(text: &[u8]) -> bool {
    match text {
        [b'\\', ..] => true,
        [b'\'', next, ..] => matches!(next, b'\t'..=b'\r' | b' ' | b')' | b'|' | b'+' | 0x80..),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(hit: &Hit) -> String {
        match &hit.what {
            What::Address(a) => format!("{}@{}", a.local, a.domain),
            What::Encoded(form, a) => format!("{form} {}@{}", a.local, a.domain),
            What::Secret(name) => (*name).to_owned(),
        }
    }

    #[test]
    fn statements() {
        for (text, at, found) in [
            ("COMMENT ON TABLE t IS 'ask jane@x.de';", 27, "jane@x.de"),
            (
                r"ALTER TABLE t ALTER a SET DEFAULT E'a\x40x.de';",
                0,
                "a@x.de",
            ),
            (r"SELECT U&'a\0040x.de';", 0, "a@x.de"),
            ("x CHECK (a <> 'jane' || '@x.de')", 0, "jane@x.de"),
            ("x DEFAULT 'jane' || CHR(64) || 'x.de'", 0, "jane@x.de"),
            ("x DEFAULT (N'jane' + N'@x.de')", 0, "jane@x.de"),
            ("x DEFAULT 'jane' '@x.de'", 0, "jane@x.de"),
            (r"x DEFAULT 'jane\@x.de'", 0, "jane@x.de"),
            ("x DEFAULT N'jane@firm\\\r\na.de'", 0, "jane@firma.de"),
            (r"x DEFAULT 'jane'||UNISTR('\0040')||'x.de'", 0, "jane@x.de"),
            (r"x DEFAULT UNISTR('jane\0040') || 'x.de'", 0, "jane@x.de"),
        ] {
            let mut all = Vec::new();
            Outside::default().statement(text.as_bytes(), &mut |at, hit| {
                all.push((at, named(&hit)));
            });
            assert_eq!(all.last(), Some(&(at, found.to_owned())), "{text}: {all:?}");
        }
    }

    #[test]
    fn what_is_cut_anywhere() {
        let text = b"-- see jane@x.de, max@x.de\n";
        for cut in 0..text.len() {
            let mut outside = Outside::default();
            let mut all = Vec::new();
            for piece in [&text[..cut], &text[cut..]] {
                outside.other(piece, &mut |_, hit| all.push(named(&hit)));
            }
            for address in ["jane@x.de", "max@x.de"] {
                assert!(all.iter().any(|found| found == address), "{cut}: {all:?}");
            }
        }
    }

    #[test]
    fn large_objects_go_on() {
        for (first, name) in [("5c2074", "jane@x.de"), ("000000", "hex jane@x.de")] {
            let mut outside = Outside::default();
            let mut all = Vec::new();
            for piece in [&format!("{first}206a61"), "6e65", "40782e646520"] {
                let statement = format!(r"SELECT pg_catalog.lowrite(0, '\x{piece}');");
                outside.large_object(statement.as_bytes(), &mut |at, hit| {
                    all.push((at, named(&hit)));
                });
            }
            assert_eq!(all, [(32, name.to_owned())]);
        }
        // An object of its own.
        let mut outside = Outside::default();
        outside.content(b"jane", &mut |_, _| {});
        outside.statement(b"", &mut |_, _| {});
        outside.content(b"@x.de", &mut |_, hit| panic!("{}", named(&hit)));
    }

    #[test]
    fn labels_show_keywords_only() {
        for (text, name) in [
            ("COMMENT ON COLUMN public.t.a IS 'x';", "COMMENT ON COLUMN"),
            ("\ncreate or replace function f()", "CREATE OR REPLACE"),
            ("CREATE TABLE jane (a int);", "CREATE TABLE"),
            ("jane@x.de", "statement"),
            ("", "statement"),
        ] {
            assert_eq!(label(text.as_bytes()), name);
        }
    }
}
