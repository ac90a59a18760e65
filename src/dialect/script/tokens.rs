//! The tokens of one whole statement.
//!
//! White space, comments and the marks of conditional comments are skipped. It accepts any bytes,
//! always moves on and never panics. Which word is a keyword depends on where it stands, and is the
//! caller's to know.

use super::lexer::{Grammar, Lexer, Step, Unit};
use std::borrow::Cow;
use std::ops::Range;

/// A token: its kind and where it stands in the statement.
#[derive(Debug, Clone, Copy)]
pub struct Token<'a> {
    /// What it is.
    pub kind: Unit,
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// Its bytes as written.
    pub raw: &'a [u8],
    grammar: &'a Grammar,
}

impl<'a> Token<'a> {
    /// Is it this word, unquoted and in any case?
    pub fn keyword(&self, word: &str) -> bool {
        self.kind == Unit::Word && self.raw.eq_ignore_ascii_case(word.as_bytes())
    }

    /// Is it this mark?
    pub fn mark(&self, mark: u8) -> bool {
        self.kind == Unit::Mark(mark)
    }

    /// Does it end the statement?
    pub fn ends(&self) -> bool {
        self.kind == Unit::Delimiter
    }

    /// The name that it is. SQLite takes literals for names, too.
    pub fn name(&self) -> Option<String> {
        let name = match self.kind {
            Unit::Word => Cow::Borrowed(self.raw),
            Unit::Number if self.raw.iter().any(|b| !b.is_ascii_digit()) => Cow::Borrowed(self.raw),
            Unit::Quoted => self.content()?,
            Unit::Literal if !self.grammar.mysql => self.content()?,
            _ => return None,
        };
        Some(self.grammar.charset.name(&name))
    }

    /// What stands between the quotes, with doubled marks and escapes resolved: bytes of the dump.
    pub fn content(&self) -> Option<Cow<'a, [u8]>> {
        let (open, rest) = self.raw.split_first()?;
        let close = if *open == b'[' { b']' } else { *open };
        let (last, inner) = rest.split_last()?;
        if *last != close {
            return None;
        }
        let escapes = self.kind == Unit::Literal && self.grammar.backslashes;
        if memchr::memchr2(close, b'\\', inner).is_none() {
            return Some(Cow::Borrowed(inner));
        }
        Some(Cow::Owned(unescape(self.grammar, inner, close, escapes)))
    }
}

/// Resolves doubled marks and MySQL's escapes.
fn unescape(grammar: &Grammar, inner: &[u8], mark: u8, escapes: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(inner.len());
    let mut at = 0;
    while let Some(&b) = inner.get(at) {
        let width = if b >= 0x80 {
            grammar.charset.wide.width(&inner[at..])
        } else {
            1
        };
        if width > 1 {
            out.extend_from_slice(&inner[at..at + width]);
        } else if b == mark {
            out.push(b);
            at += usize::from(inner.get(at + 1) == Some(&mark));
        } else if b == b'\\' && escapes {
            at += 1;
            match inner.get(at) {
                None => out.push(b'\\'),
                Some(b'0') => out.push(0),
                Some(b'b') => out.push(8),
                Some(b'n') => out.push(b'\n'),
                Some(b'r') => out.push(b'\r'),
                Some(b't') => out.push(b'\t'),
                Some(b'Z') => out.push(26),
                // These two stay as they are, for LIKE.
                Some(b @ (b'%' | b'_')) => out.extend([b'\\', *b]),
                Some(b) => out.push(*b),
            }
        } else {
            out.push(b);
        }
        at += width;
    }
    out
}

/// The tokens of a statement. Copying it remembers a place.
#[derive(Debug, Clone, Copy)]
pub struct Tokens<'a> {
    source: &'a [u8],
    at: usize,
    grammar: &'a Grammar,
    lexer: Lexer,
}

/// The tokens of `statement`.
pub fn tokens<'a>(grammar: &'a Grammar, statement: &'a [u8]) -> Tokens<'a> {
    Tokens {
        source: statement,
        at: 0,
        grammar,
        lexer: Lexer::default(),
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        while self.at < self.source.len() {
            let start = self.at;
            let (kind, end) = match self.lexer.step(self.grammar, self.source, start, true) {
                Step::Unit(kind, end) => (kind, end),
                // A quote or comment that nothing closes.
                Step::More => {
                    self.lexer = Lexer::default();
                    (Unit::Mark(self.source[start]), self.source.len())
                }
            };
            self.at = end;
            if !matches!(kind, Unit::Space | Unit::Comment | Unit::Code) {
                return Some(Token {
                    kind,
                    start,
                    end,
                    raw: &self.source[start..end],
                    grammar: self.grammar,
                });
            }
        }
        None
    }
}

impl<'a> Tokens<'a> {
    /// How far it has read: the end of the last token.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// Is a conditional comment open?
    pub fn in_code(&self) -> bool {
        self.lexer.in_code()
    }

    /// Text of the statement.
    pub fn text(&self, range: Range<usize>) -> String {
        self.grammar.charset.name(self.source[range].trim_ascii())
    }

    /// An expression of the statement as it reads under MySQL's usual settings, whatever the
    /// session's are: names in backticks.
    pub fn expression(&self, range: Range<usize>) -> String {
        let grammar = self.grammar;
        if !(grammar.mysql && grammar.double_quoted_names) {
            return self.text(range);
        }
        let mut out = String::new();
        let mut at = range.start;
        for token in self.within(range.clone()) {
            if let (Unit::Quoted, Some(name)) = (token.kind, token.name()) {
                out += &grammar.charset.name(&self.source[at..token.start]);
                out += &format!("`{}`", name.replace('`', "``"));
                at = token.end;
            }
        }
        out + &grammar
            .charset
            .name(self.source[at..range.end].trim_ascii_end())
    }

    /// The next token, which stays the next.
    pub fn peek(&self) -> Option<Token<'a>> {
        let mut ahead = *self;
        ahead.next()
    }

    /// Has the statement nothing more?
    pub fn at_end(&self) -> bool {
        self.peek().is_none_or(|t| t.ends())
    }

    /// Is `word` next?
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

    /// Goes past these words if all of them are next (`"IF NOT EXISTS"`).
    pub fn eat(&mut self, words: &str) -> bool {
        let mut ahead = *self;
        let all = words
            .split(' ')
            .all(|word| ahead.next().is_some_and(|t| t.keyword(word)));
        if all {
            *self = ahead;
        }
        all
    }

    /// Goes past the first of these that is next.
    pub fn eat_any(&mut self, words: &[&str]) -> bool {
        words.iter().any(|word| self.eat(word))
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

    /// The name of one or more parts (`a.b`) that is next.
    pub fn names(&mut self) -> Option<Vec<String>> {
        let mut ahead = *self;
        let mut parts = vec![ahead.name()?];
        while ahead.eat_mark(b'.') {
            parts.push(ahead.name()?);
        }
        *self = ahead;
        Some(parts)
    }

    /// Goes past a pair of parentheses with everything within, if one opens here. Gives the range
    /// of what is within; none, without moving, if nothing opens here or nothing closes it.
    pub fn group(&mut self) -> Option<Range<usize>> {
        let mut ahead = *self;
        let open = ahead.next().filter(|t| t.mark(b'('))?;
        let mut depth = 1;
        loop {
            let token = ahead.next()?;
            match token.kind {
                Unit::Mark(b'(') => depth += 1,
                Unit::Mark(b')') => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                *self = ahead;
                return Some(open.end..token.start);
            }
        }
    }

    /// Goes past the next token, or past a pair of parentheses with everything within.
    pub fn pass_over(&mut self) {
        if self.group().is_none() {
            self.next();
        }
    }

    /// The tokens of a part of the same statement; ranges stay those of the statement.
    pub fn within(&self, range: Range<usize>) -> Tokens<'a> {
        let end = range.end.min(self.source.len());
        Tokens {
            source: &self.source[..end],
            at: range.start.min(end),
            grammar: self.grammar,
            lexer: Lexer::default(),
        }
    }

    /// The parts between commas outside of parentheses.
    pub fn list(&self) -> Vec<Range<usize>> {
        let mut t = *self;
        let (mut out, mut start) = (Vec::new(), t.at);
        while let Some(token) = t.peek() {
            if token.ends() {
                break;
            }
            if token.mark(b',') {
                out.push(start..token.start);
                start = token.end;
            }
            t.pass_over();
        }
        out.push(start..t.at.max(start));
        out
    }
}

#[cfg(test)]
pub(in crate::dialect) mod testing {
    use super::*;
    use crate::dialect::script::charset::Charset;

    pub fn mysql() -> Grammar {
        Grammar {
            delimiter: b";".to_vec(),
            backslashes: true,
            double_quoted_names: false,
            brackets: false,
            mysql: true,
            charset: Charset::PLAIN,
        }
    }

    pub fn sqlite() -> Grammar {
        Grammar {
            backslashes: false,
            double_quoted_names: true,
            brackets: true,
            mysql: false,
            ..mysql()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{mysql, sqlite};
    use super::*;

    #[test]
    fn literals_and_names_have_their_content() {
        let sjis = Grammar {
            charset: super::super::charset::Charset::from_name("sjis"),
            ..mysql()
        };
        for (grammar, raw, content) in [
            (
                &mysql(),
                &b"'a''b\\'\\\"\\n\\0\\Z\\%\\_\\q\"\"'"[..],
                &b"a'b'\"\n\0\x1a\\%\\_q\"\""[..],
            ),
            (&mysql(), b"\"a\"\"''\"", b"a\"''"),
            (&mysql(), b"`a``\\n`", b"a`\\n"),
            (&sjis, b"'\x95\\n\\\\'", b"\x95\\n\\"),
            (&sqlite(), b"'a\\n'''", b"a\\n'"),
            (&sqlite(), b"[a\"b]", b"a\"b"),
        ] {
            let token = tokens(grammar, raw).next().unwrap();
            assert_eq!(
                token.content().as_deref(),
                Some(content),
                "{}",
                raw.escape_ascii()
            );
        }
        assert_eq!(
            tokens(&mysql(), b"'a").next().unwrap().kind,
            Unit::Mark(b'\'')
        );
    }

    #[test]
    fn names_and_lists() {
        let g = mysql();
        let mut t = tokens(&g, b"/*!50003 CREATE*/ TABLE `d`.`a.b` (x, (y, z), 'w,');");
        assert!(t.eat("create table"));
        assert_eq!(t.names(), Some(vec!["d".to_owned(), "a.b".to_owned()]));
        let group = t.group().unwrap();
        let list = t.within(group);
        let parts: Vec<_> = list.list().into_iter().map(|r| list.text(r)).collect();
        assert_eq!(parts, ["x", "(y, z)", "'w,'"]);
        assert!(t.at_end());
    }

    #[test]
    fn expressions_read_the_same_under_ansi_quotes() {
        let ansi = Grammar {
            double_quoted_names: true,
            ..mysql()
        };
        for (grammar, expected) in [
            (ansi, "concat(`i``d\"`, upper(`b`),'\"x\"')"),
            (mysql(), "concat(\"i`d\"\"\", upper(`b`),'\"x\"')"),
        ] {
            let mut t = tokens(&grammar, b"(concat(\"i`d\"\"\", upper(`b`),'\"x\"') )");
            let range = t.group().unwrap();
            assert_eq!(t.expression(range), expected);
        }
    }
}
