//! The tokens of a statement that has come whole, white space and comments left out.

use super::Flavour;
use super::lexer::{Resume, Step, delimiter, step};
use std::ops::Range;

pub use super::lexer::Kind;

/// A token: its kind and where it stands in the source.
#[derive(Debug, Clone, Copy)]
pub struct Token<'a> {
    /// What it is.
    pub kind: Kind,
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// Its bytes as written.
    pub raw: &'a [u8],
    flavour: Flavour,
}

impl Token<'_> {
    /// Is it this word, unquoted and in any case?
    pub fn keyword(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.raw.eq_ignore_ascii_case(word.as_bytes())
    }

    /// Is it one of these words?
    pub fn any_keyword(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.keyword(word))
    }

    /// Is it this mark?
    pub fn mark(&self, mark: u8) -> bool {
        self.kind == Kind::Mark && self.raw == [mark]
    }

    /// The name it stands for, as the server stores it.
    pub fn name(&self) -> Option<String> {
        match self.kind {
            Kind::Word if self.flavour == Flavour::Oracle => {
                Some(String::from_utf8_lossy(self.raw).to_uppercase())
            }
            Kind::Word => Some(String::from_utf8_lossy(self.raw).into_owned()),
            Kind::Quoted => {
                let inner = String::from_utf8_lossy(&self.raw[1..self.raw.len() - 1]).into_owned();
                let mut name = match self.raw[0] {
                    b'[' => inner.replace("]]", "]"),
                    _ => inner.replace("\"\"", "\""),
                };
                // SQL Server compares names without the blanks at their ends.
                if self.flavour == Flavour::Mssql {
                    name.truncate(name.trim_end_matches(' ').len());
                }
                Some(name)
            }
            _ => None,
        }
    }

    /// The content of a text as written, quotes undoubled.
    pub fn text(&self) -> Option<Vec<u8>> {
        if self.kind != Kind::Text {
            return None;
        }
        let quote = memchr::memchr(b'\'', self.raw)?;
        let prefix = &self.raw[..quote];
        let inner = &self.raw[quote + 1..self.raw.len() - 1];
        if prefix.last().is_some_and(|b| b.eq_ignore_ascii_case(&b'q')) {
            let width = delimiter(inner, true)?;
            return Some(inner.get(width..inner.len().checked_sub(width)?)?.to_vec());
        }
        let mut out = Vec::with_capacity(inner.len());
        let mut at = 0;
        while let Some(found) = memchr::memchr(b'\'', &inner[at..]) {
            out.extend_from_slice(&inner[at..=at + found]);
            at += found + 2;
        }
        out.extend_from_slice(inner.get(at..).unwrap_or_default());
        Some(out)
    }
}

/// The tokens of a source. Copying it is cheap and remembers a place.
#[derive(Debug, Clone, Copy)]
pub struct Tokens<'a> {
    source: &'a [u8],
    at: usize,
    flavour: Flavour,
}

/// The tokens of `source`.
pub fn tokens(source: &[u8], flavour: Flavour) -> Tokens<'_> {
    Tokens {
        source,
        at: 0,
        flavour,
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let start = self.at;
            if start >= self.source.len() {
                return None;
            }
            let found = step(
                self.flavour,
                self.source,
                start,
                true,
                &mut Resume::default(),
            );
            let (kind, end) = match found {
                Step::Token(kind, end) => (kind, end),
                Step::More => (Kind::Unfinished, self.source.len()),
            };
            self.at = end;
            if !matches!(kind, Kind::Space | Kind::Comment) {
                return Some(Token {
                    kind,
                    start,
                    end,
                    raw: &self.source[start..end],
                    flavour: self.flavour,
                });
            }
        }
    }
}

impl<'a> Tokens<'a> {
    /// How far it has read: the end of the last token.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// The whole source.
    pub fn source(&self) -> &'a [u8] {
        self.source
    }

    /// The next token, which stays the next.
    pub fn peek(&self) -> Option<Token<'a>> {
        let mut ahead = *self;
        ahead.next()
    }

    /// Is this word next?
    pub fn at_keyword(&self, word: &str) -> bool {
        self.peek().is_some_and(|t| t.keyword(word))
    }

    /// Is this mark next?
    pub fn at_mark(&self, mark: u8) -> bool {
        self.peek().is_some_and(|t| t.mark(mark))
    }

    /// Goes past the next token if it passes the test.
    pub fn eat_if(&mut self, test: impl FnOnce(&Token<'a>) -> bool) -> Option<Token<'a>> {
        let mut ahead = *self;
        let token = ahead.next()?;
        test(&token).then(|| {
            *self = ahead;
            token
        })
    }

    /// Goes past these words if all of them are next (`"NOT NULL"`).
    pub fn eat(&mut self, words: &str) -> bool {
        let mut ahead = *self;
        let all = words
            .split(' ')
            .all(|word| ahead.eat_if(|t| t.keyword(word)).is_some());
        if all {
            *self = ahead;
        }
        all
    }

    /// Goes past one of these words if it is next.
    pub fn any_of(&mut self, words: &[&str]) -> bool {
        self.eat_if(|t| t.any_keyword(words)).is_some()
    }

    /// Goes past the mark if it is next.
    pub fn eat_mark(&mut self, mark: u8) -> bool {
        self.eat_if(|t| t.mark(mark)).is_some()
    }

    /// The name that is next.
    pub fn name(&mut self) -> Option<String> {
        let mut ahead = *self;
        let name = ahead.next()?.name()?;
        *self = ahead;
        Some(name)
    }

    /// The name of several parts (`a.b.c`, `a..c`) that is next.
    pub fn qualified_name(&mut self) -> Option<Vec<String>> {
        let mut ahead = *self;
        let mut parts = vec![ahead.name()?];
        while ahead.eat_mark(b'.') {
            if ahead.at_mark(b'.') {
                parts.push(String::new());
            } else {
                parts.push(ahead.name()?);
            }
        }
        *self = ahead;
        Some(parts)
    }

    /// The names in parentheses that are next, without anything else in between.
    pub fn names(&mut self) -> Option<Vec<String>> {
        let mut ahead = *self;
        ahead.eat_mark(b'(').then_some(())?;
        let mut out = Vec::new();
        loop {
            out.push(ahead.name()?);
            if ahead.eat_mark(b')') {
                *self = ahead;
                return Some(out);
            }
            ahead.eat_mark(b',').then_some(())?;
        }
    }

    /// Goes past a pair of parentheses with everything within, if one opens here: the range of what
    /// is within; none, without moving, if nothing opens here or nothing closes it.
    pub fn skip_parentheses(&mut self) -> Option<Range<usize>> {
        let mut ahead = *self;
        let open = ahead.next()?;
        if !open.mark(b'(') {
            return None;
        }
        let mut depth = 1;
        loop {
            let token = ahead.next()?;
            if token.mark(b'(') {
                depth += 1;
            } else if token.mark(b')') {
                depth -= 1;
            }
            if depth == 0 {
                *self = ahead;
                return Some(open.end..token.start);
            }
        }
    }

    /// The tokens of a part of the same source; ranges stay those of the whole.
    pub fn within(&self, range: Range<usize>) -> Tokens<'a> {
        let end = range.end.min(self.source.len());
        Tokens {
            source: &self.source[..end],
            at: range.start.min(end),
            flavour: self.flavour,
        }
    }

    /// The parts between the commas that no parentheses enclose.
    pub fn split_commas(self) -> Vec<Tokens<'a>> {
        let rest = self;
        let mut parts = Vec::new();
        let mut start = rest.at;
        let mut depth = 0u32;
        for token in rest {
            if token.mark(b'(') {
                depth += 1;
            } else if token.mark(b')') {
                depth = depth.saturating_sub(1);
            } else if depth == 0 && token.mark(b',') {
                parts.push(self.within(start..token.start));
                start = token.end;
            }
        }
        parts.push(self.within(start..self.source.len()));
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_the_server_stores_them() {
        for (flavour, text, expected) in [
            (
                Flavour::Mssql,
                "dbo.[a]]b].\"c\"\"d\"",
                vec!["dbo", "a]b", "c\"d"],
            ),
            (
                Flavour::Mssql,
                "[dbo ].[users  ].\" a \"",
                vec!["dbo", "users", " a"],
            ),
            (Flavour::Mssql, "db..t", vec!["db", "", "t"]),
            (Flavour::Oracle, "Hr.emp.\"x\"", vec!["HR", "EMP", "x"]),
        ] {
            let name = tokens(text.as_bytes(), flavour).qualified_name();
            assert_eq!(
                name.as_deref(),
                Some(&expected.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()[..])
            );
        }
        let mut list = tokens(b"(a, [b c]) x", Flavour::Mssql);
        assert_eq!(list.names(), Some(vec!["a".to_owned(), "b c".to_owned()]));
        assert!(list.eat("x"));
        assert_eq!(tokens(b"(a, b desc)", Flavour::Mssql).names(), None);
    }

    #[test]
    fn texts_and_groups() {
        for (flavour, text, expected) in [
            (Flavour::Mssql, "N'it''s'", "it's"),
            (Flavour::Oracle, "q'[it's]'", "it's"),
            (Flavour::Oracle, "nq'!a!'", "a"),
            (Flavour::Oracle, "q'éaé'", "a"),
            (Flavour::Oracle, "q''a''", "a"),
            (Flavour::Mssql, "''", ""),
            (Flavour::Mssql, "''''", "'"),
        ] {
            let token = tokens(text.as_bytes(), flavour).next().unwrap();
            assert_eq!(token.text().unwrap(), expected.as_bytes(), "{text}");
        }
        let mut rest = tokens(b"(a, (b, c)) , d -- e", Flavour::Mssql);
        assert_eq!(rest.split_commas().len(), 2);
        let inner = rest.skip_parentheses().unwrap();
        assert_eq!(rest.within(inner).split_commas().len(), 2);
        assert!(rest.eat_mark(b','));
    }
}
