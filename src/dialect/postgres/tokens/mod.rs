//! The tokens of one whole PostgreSQL statement.
//!
//! [`Tokens`] cuts a statement as PostgreSQL's own scanner would: identifiers, every class of
//! literal (with its continuation over line ends joined, and `UESCAPE` taken in), numbers,
//! operators, punctuation, psql's backslash commands. White space and nested comments are skipped.
//! It accepts any bytes, always moves on and never panics; it allocates only where a name or a
//! value is asked for.
//!
//! It deliberately does not look for the end of a statement in a stream (that is the framer's
//! work) and does not tell keywords from other identifiers: which word is a keyword depends on
//! where it stands.

mod scan;
mod values;

use encoding_rs::Encoding;
use std::ops::Range;

/// The session settings that change where tokens end.
#[derive(Debug, Clone, Copy)]
pub struct Lexing {
    /// `standard_conforming_strings`: off means that a backslash escapes in plain literals too.
    pub standard_conforming_strings: bool,
    /// Is this the first byte of a character of two bytes, whose second may be an ASCII byte?
    /// None where all bytes of such characters are above 0x7F, as in UTF-8.
    pub lead: Option<fn(u8) -> bool>,
    /// The client encoding, if it is neither UTF-8 nor SQL_ASCII.
    pub charset: Option<&'static Encoding>,
}

impl Default for Lexing {
    fn default() -> Self {
        Lexing {
            standard_conforming_strings: true,
            lead: None,
            charset: None,
        }
    }
}

impl Lexing {
    /// The length of the character at `at`, as far as the lexer has to know: 1 or 2.
    #[inline]
    fn step(&self, source: &[u8], at: usize) -> usize {
        match self.lead {
            Some(lead) if lead(source[at]) && at + 1 < source.len() => 2,
            _ => 1,
        }
    }

    /// Text of the session in UTF-8. Bytes that are no text in the encoding stand for U+0080…U+00FF,
    /// so that different names stay different.
    pub fn text(&self, bytes: &[u8]) -> String {
        if let Some(charset) = self.charset
            && let Some(text) = charset.decode_without_bom_handling_and_without_replacement(bytes)
        {
            return text.into_owned();
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|&b| char::from(b)).collect(),
        }
    }
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An unquoted identifier or keyword.
    Identifier,
    /// `"…"`.
    QuotedIdentifier,
    /// `U&"…"`, with its UESCAPE.
    UnicodeIdentifier,
    /// A literal.
    Literal(Literal),
    /// A number, without a sign.
    Number,
    /// An operator; `::`, `:=` and `..` too.
    Operator,
    /// One of `( ) [ ] , ; . :`.
    Punctuation,
    /// `$1`.
    Parameter,
    /// A psql command with its arguments, up to the end of the line or the next command.
    Backslash,
    /// A quote that nothing closes: it reaches to the end of the statement.
    Unfinished,
    /// A byte that begins no token.
    Other,
}

/// The class of a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Literal {
    /// `'…'`, in which a backslash is a backslash.
    Plain,
    /// `E'…'`, and `'…'` with standard_conforming_strings off.
    Escape,
    /// `U&'…'`, with its UESCAPE.
    Unicode,
    /// `B'…'`.
    Binary,
    /// `X'…'`.
    Hex,
    /// `N'…'`.
    National,
    /// `$tag$…$tag$`.
    Dollar,
}

/// A token: its kind and where it stands in the statement.
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
    lexing: Lexing,
}

impl<'a> Token<'a> {
    /// Where it stands.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Is it this word, unquoted and in any case?
    pub fn keyword(&self, word: &str) -> bool {
        self.kind == Kind::Identifier && self.raw.eq_ignore_ascii_case(word.as_bytes())
    }

    /// Is it this punctuation mark?
    pub fn punctuation(&self, mark: u8) -> bool {
        self.kind == Kind::Punctuation && self.raw == [mark]
    }

    /// Is it this operator?
    pub fn operator(&self, operator: &str) -> bool {
        self.kind == Kind::Operator && self.raw == operator.as_bytes()
    }

    /// Is it an identifier of any form?
    pub fn is_identifier(&self) -> bool {
        matches!(
            self.kind,
            Kind::Identifier | Kind::QuotedIdentifier | Kind::UnicodeIdentifier
        )
    }
}

/// The tokens of a statement. Cloning it is cheap and remembers a place.
#[derive(Debug, Clone, Copy)]
pub struct Tokens<'a> {
    source: &'a [u8],
    at: usize,
    lexing: Lexing,
}

/// The tokens of `statement`.
pub fn tokens(statement: &[u8], lexing: Lexing) -> Tokens<'_> {
    Tokens {
        source: statement,
        at: 0,
        lexing,
    }
}

impl<'a> Tokens<'a> {
    /// How far it has read: the end of the last token.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// The statement's bytes.
    pub fn source(&self) -> &'a [u8] {
        self.source
    }

    /// The settings under which it reads.
    pub fn lexing(&self) -> Lexing {
        self.lexing
    }

    /// The next token, which stays the next.
    pub fn peek(&self) -> Option<Token<'a>> {
        let mut ahead = *self;
        ahead.next()
    }

    /// Is `word` next?
    pub fn at_keyword(&self, word: &str) -> bool {
        self.peek().is_some_and(|t| t.keyword(word))
    }

    /// Is this punctuation mark next?
    pub fn at_punctuation(&self, mark: u8) -> bool {
        self.peek().is_some_and(|t| t.punctuation(mark))
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

    /// Goes past `word` if it is next.
    pub fn eat_keyword(&mut self, word: &str) -> bool {
        self.eat_if(|t| t.keyword(word)).is_some()
    }

    /// Goes past these words if all of them are next (`"IF NOT EXISTS"`).
    pub fn eat_keywords(&mut self, words: &str) -> bool {
        let mut ahead = *self;
        if words.split(' ').all(|word| ahead.eat_keyword(word)) {
            *self = ahead;
            return true;
        }
        false
    }

    /// Goes past the punctuation mark if it is next.
    pub fn eat_punctuation(&mut self, mark: u8) -> bool {
        self.eat_if(|t| t.punctuation(mark)).is_some()
    }

    /// The name that is next.
    pub fn name(&mut self) -> Option<String> {
        let mut ahead = *self;
        let name = ahead.next()?.name()?;
        *self = ahead;
        Some(name)
    }

    /// The name of several parts (`a.b.c`) that is next.
    pub fn qualified_name(&mut self) -> Option<Vec<String>> {
        let mut ahead = *self;
        let mut parts = vec![ahead.name()?];
        while ahead.eat_punctuation(b'.') {
            parts.push(ahead.name()?);
        }
        *self = ahead;
        Some(parts)
    }

    /// Goes past a pair of parentheses or brackets with everything within, if one opens here. Gives
    /// the range of what is within; none, without moving, if nothing opens here or nothing closes it.
    pub fn skip_parentheses(&mut self) -> Option<Range<usize>> {
        let mut ahead = *self;
        let open = ahead.next()?;
        if !open.punctuation(b'(') && !open.punctuation(b'[') {
            return None;
        }
        let mut depth = 1;
        loop {
            let token = ahead.next()?;
            if token.kind == Kind::Punctuation {
                match token.raw[0] {
                    b'(' | b'[' => depth += 1,
                    b')' | b']' => depth -= 1,
                    _ => {}
                }
            }
            if depth == 0 {
                *self = ahead;
                return Some(open.end..token.start);
            }
        }
    }

    /// Goes past the next token, or past a pair of parentheses with everything within; to the end if
    /// nothing closes it.
    pub fn skip_group(&mut self) {
        if self.skip_parentheses().is_none()
            && let Some(token) = self.next()
            && (token.punctuation(b'(') || token.punctuation(b'['))
        {
            self.at = self.source.len();
        }
    }

    /// The tokens of a part of the same statement; ranges stay those of the statement.
    pub fn within(&self, range: Range<usize>) -> Tokens<'a> {
        let end = range.end.min(self.source.len());
        Tokens {
            source: &self.source[..end],
            at: range.start.min(end),
            lexing: self.lexing,
        }
    }
}

#[cfg(test)]
mod tests;
