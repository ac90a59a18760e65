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

use encoding_rs::Encoding;
use memchr::{memchr, memchr2, memmem};
use std::borrow::Cow;
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

    /// Appends a character in the session's encoding; false if the encoding lacks it.
    fn push(&self, c: char, out: &mut Vec<u8>) -> bool {
        let mut buffer = [0; 4];
        let utf8 = c.encode_utf8(&mut buffer);
        let Some(charset) = self.charset else {
            out.extend_from_slice(utf8.as_bytes());
            return true;
        };
        let (bytes, _, lossy) = charset.encode(utf8);
        out.extend_from_slice(&bytes);
        !lossy
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

    /// The name that an identifier stands for, folded and unquoted. None if it is no identifier or
    /// has an escape that stands for no character.
    pub fn name(&self) -> Option<String> {
        match self.kind {
            Kind::Identifier => {
                let mut bytes = self.raw.to_vec();
                let mut at = 0;
                while at < bytes.len() {
                    let step = self.lexing.step(&bytes, at);
                    if step == 1 {
                        bytes[at].make_ascii_lowercase();
                    }
                    at += step;
                }
                Some(self.lexing.text(&bytes))
            }
            Kind::QuotedIdentifier => {
                let mut out = Vec::new();
                undouble(self.lexing, self.raw, 1, b'"', &mut out);
                Some(self.lexing.text(&out))
            }
            Kind::UnicodeIdentifier => {
                let mut out = Vec::new();
                let rest = undouble(self.lexing, self.raw, 3, b'"', &mut out);
                let out = unicode(self.lexing, &out, uescape(&self.raw[rest..])?)?;
                Some(self.lexing.text(&out))
            }
            _ => None,
        }
    }

    /// The value of a literal, in the session's encoding; bit strings as digits 0 and 1. None if it
    /// is no literal or one that the server would refuse.
    pub fn value(&self) -> Option<Cow<'a, [u8]>> {
        let Kind::Literal(class) = self.kind else {
            return None;
        };
        let lexing = self.lexing;
        if class == Literal::Dollar {
            let tag = memchr(b'$', &self.raw[1..])? + 2;
            return Some(Cow::Borrowed(
                self.raw.get(tag..self.raw.len().checked_sub(tag)?)?,
            ));
        }
        let open = memchr(b'\'', self.raw)? + 1;
        if class == Literal::Plain
            && lexing.lead.is_none()
            && memchr(b'\'', &self.raw[open..])? + open + 1 == self.raw.len()
        {
            return Some(Cow::Borrowed(&self.raw[open..self.raw.len() - 1]));
        }
        let mut out = Vec::with_capacity(self.raw.len());
        let mut at = open;
        loop {
            at = match class {
                Literal::Escape => unescape(lexing, self.raw, at, &mut out)?,
                _ => undouble(lexing, self.raw, at, b'\'', &mut out),
            };
            match continuation(self.raw, at) {
                Some(next) => at = next,
                None => break,
            }
        }
        Some(Cow::Owned(match class {
            Literal::Unicode => unicode(lexing, &out, uescape(&self.raw[at..])?)?,
            Literal::Binary => {
                if !out.iter().all(|b| matches!(b, b'0' | b'1')) {
                    return None;
                }
                out
            }
            Literal::Hex => {
                let mut bits = Vec::with_capacity(out.len() * 4);
                for b in out {
                    let digit = char::from(b).to_digit(16)?;
                    bits.extend((0..4).rev().map(|n| b'0' + (digit >> n & 1) as u8));
                }
                bits
            }
            _ => out,
        }))
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

    /// The tokens of a part of the same statement; ranges stay those of the statement.
    pub fn within(&self, range: Range<usize>) -> Tokens<'a> {
        let end = range.end.min(self.source.len());
        Tokens {
            source: &self.source[..end],
            at: range.start.min(end),
            lexing: self.lexing,
        }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.source.get(at).copied()
    }

    /// The next place that begins a token.
    fn skip_space(&mut self) {
        while let Some(b) = self.byte(self.at) {
            match b {
                b' ' | b'\t' | b'\n' | b'\r' | 0x0C | 0x0B => self.at += 1,
                b'-' if self.byte(self.at + 1) == Some(b'-') => {
                    self.at = line_end(self.source, self.at);
                }
                b'/' if self.byte(self.at + 1) == Some(b'*') => self.skip_comment(),
                _ => return,
            }
        }
    }

    fn skip_comment(&mut self) {
        let mut depth = 0;
        while let Some(b) = self.byte(self.at) {
            match (b, self.byte(self.at + 1)) {
                (b'/', Some(b'*')) => {
                    depth += 1;
                    self.at += 2;
                }
                (b'*', Some(b'/')) => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.at += self.lexing.step(self.source, self.at),
            }
        }
    }

    /// Reads an identifier from `at`; gives its end.
    fn identifier(&self, mut at: usize) -> usize {
        while let Some(b) = self.byte(at) {
            match b {
                b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'0'..=b'9' | b'$' => at += 1,
                0x80.. => at += self.lexing.step(self.source, at),
                _ => break,
            }
        }
        at
    }

    /// Reads a literal whose first quote stands at `quote`.
    fn literal(&self, quote: usize, class: Literal) -> (Kind, usize) {
        let mut at = quote + 1;
        loop {
            let end = match class {
                Literal::Escape => quote_end(self.lexing, self.source, at, b'\'', true, true),
                Literal::Binary | Literal::Hex => {
                    quote_end(self.lexing, self.source, at, b'\'', false, false)
                }
                _ => quote_end(self.lexing, self.source, at, b'\'', false, true),
            };
            let Some(end) = end else {
                return (Kind::Unfinished, self.source.len());
            };
            match continuation(self.source, end) {
                Some(next) => at = next,
                None => {
                    let end = match class {
                        Literal::Unicode => self.uescape_end(end),
                        _ => end,
                    };
                    return (Kind::Literal(class), end);
                }
            }
        }
    }

    fn quoted_identifier(&self, quote: usize, kind: Kind) -> (Kind, usize) {
        match quote_end(self.lexing, self.source, quote + 1, b'"', false, true) {
            Some(end) if kind == Kind::UnicodeIdentifier => (kind, self.uescape_end(end)),
            Some(end) => (kind, end),
            None => (Kind::Unfinished, self.source.len()),
        }
    }

    /// The end of `UESCAPE '!'` after a literal or identifier that ends at `end`, or `end`.
    fn uescape_end(&self, end: usize) -> usize {
        let mut ahead = *self;
        ahead.at = end;
        if ahead.eat_keyword("UESCAPE")
            && let Some(token) = ahead.next()
            && matches!(token.kind, Kind::Literal(_))
        {
            return token.end;
        }
        end
    }

    /// Reads what a dollar begins: a dollar quote, a parameter or nothing.
    fn dollar(&self, start: usize) -> (Kind, usize) {
        let mut at = start + 1;
        if self.byte(at).is_some_and(|b| b.is_ascii_digit()) {
            while self.byte(at).is_some_and(|b| b.is_ascii_digit()) {
                at += 1;
            }
            return (Kind::Parameter, at);
        }
        while let Some(b) = self.byte(at) {
            match b {
                b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'0'..=b'9' => at += 1,
                0x80.. => at += self.lexing.step(self.source, at),
                _ => break,
            }
        }
        if self.byte(at) != Some(b'$') {
            return (Kind::Other, start + 1);
        }
        let tag = &self.source[start..=at];
        match self.find(tag, at + 1) {
            Some(end) => (Kind::Literal(Literal::Dollar), end + tag.len()),
            None => (Kind::Unfinished, self.source.len()),
        }
    }

    /// Where `needle` stands at or after `at`, by characters.
    fn find(&self, needle: &[u8], mut at: usize) -> Option<usize> {
        if self.lexing.lead.is_none() {
            return memmem::find(&self.source[at..], needle).map(|n| at + n);
        }
        while at < self.source.len() {
            if self.source[at..].starts_with(needle) {
                return Some(at);
            }
            at += self.lexing.step(self.source, at);
        }
        None
    }

    fn number(&self, start: usize) -> usize {
        let digits = |mut at: usize, test: fn(&u8) -> bool| {
            while self.byte(at).is_some_and(|b| test(&b) || b == b'_') {
                at += 1;
            }
            at
        };
        if self.byte(start) == Some(b'0') {
            let (marks, test): (_, fn(&u8) -> bool) = match self.byte(start + 1) {
                Some(b'x' | b'X') => (true, u8::is_ascii_hexdigit),
                Some(b'o' | b'O' | b'b' | b'B') => (true, u8::is_ascii_digit),
                _ => (false, u8::is_ascii_digit),
            };
            let end = digits(start + 2, test);
            if marks && end > start + 2 {
                return end;
            }
        }
        let mut at = digits(start, u8::is_ascii_digit);
        if self.byte(at) == Some(b'.') && self.byte(at + 1) != Some(b'.') {
            at = digits(at + 1, u8::is_ascii_digit);
        }
        if matches!(self.byte(at), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(self.byte(at + 1), Some(b'+' | b'-')));
            let end = digits(at + 1 + sign, u8::is_ascii_digit);
            if end > at + 1 + sign {
                at = end;
            }
        }
        at
    }

    /// Reads an operator: it ends before a comment, and in `+` or `-` only if it has one of the
    /// characters that the SQL standard does not use.
    fn operator(&self, start: usize) -> usize {
        let mut at = start;
        while let Some(b) = self.byte(at) {
            let comment = matches!(
                (b, self.byte(at + 1)),
                (b'/', Some(b'*')) | (b'-', Some(b'-'))
            );
            if !is_operator(b) || (comment && at > start) {
                break;
            }
            at += 1;
        }
        let special = |b: &u8| b"~!@#^&|`?%".contains(b);
        while at > start + 1
            && matches!(self.source[at - 1], b'+' | b'-')
            && !self.source[start..at - 1].iter().any(special)
        {
            at -= 1;
        }
        at
    }

    /// Reads a psql command: to the end of the line or the next backslash outside of quotes.
    fn backslash(&self, start: usize) -> usize {
        if matches!(self.byte(start + 1), Some(b';' | b':' | b'\\')) {
            return start + 2;
        }
        let end = memchr(b'\n', &self.source[start..]).map_or(self.source.len(), |n| start + n);
        let mut quote = None;
        let mut at = start + 1;
        while at < end {
            let b = self.source[at];
            match quote {
                None if b == b'\\' => return at,
                None if matches!(b, b'\'' | b'"' | b'`') => quote = Some(b),
                Some(b'\'') if b == b'\\' => at += 1,
                Some(open) if open == b => quote = None,
                _ => {}
            }
            if at < end {
                at += self.lexing.step(self.source, at);
            }
        }
        end
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.skip_space();
        let start = self.at;
        let first = self.byte(start)?;
        let second = self.byte(start + 1);
        let plain = if self.lexing.standard_conforming_strings {
            Literal::Plain
        } else {
            Literal::Escape
        };
        let (kind, end) = match (first, second) {
            (b'\'', _) => self.literal(start, plain),
            (b'e' | b'E', Some(b'\'')) => self.literal(start + 1, Literal::Escape),
            (b'b' | b'B', Some(b'\'')) => self.literal(start + 1, Literal::Binary),
            (b'x' | b'X', Some(b'\'')) => self.literal(start + 1, Literal::Hex),
            (b'n' | b'N', Some(b'\'')) if plain == Literal::Plain => {
                self.literal(start + 1, Literal::National)
            }
            (b'n' | b'N', Some(b'\'')) => self.literal(start + 1, Literal::Escape),
            (b'u' | b'U', Some(b'&')) if self.byte(start + 2) == Some(b'\'') => {
                self.literal(start + 2, Literal::Unicode)
            }
            (b'u' | b'U', Some(b'&')) if self.byte(start + 2) == Some(b'"') => {
                self.quoted_identifier(start + 2, Kind::UnicodeIdentifier)
            }
            (b'"', _) => self.quoted_identifier(start, Kind::QuotedIdentifier),
            (b'$', _) => self.dollar(start),
            (b'0'..=b'9', _) => (Kind::Number, self.number(start)),
            (b'.', Some(b'0'..=b'9')) => (Kind::Number, self.number(start)),
            (b':', Some(b':' | b'=')) | (b'.', Some(b'.')) => (Kind::Operator, start + 2),
            (b'(' | b')' | b'[' | b']' | b',' | b';' | b'.' | b':', _) => {
                (Kind::Punctuation, start + 1)
            }
            (b'\\', _) => (Kind::Backslash, self.backslash(start)),
            (b'A'..=b'Z' | b'a'..=b'z' | b'_' | 0x80.., _) => {
                (Kind::Identifier, self.identifier(start))
            }
            (b, _) if is_operator(b) => (Kind::Operator, self.operator(start)),
            _ => (Kind::Other, start + 1),
        };
        self.at = end.min(self.source.len());
        Some(Token {
            kind,
            start,
            end: self.at,
            raw: &self.source[start..self.at],
            lexing: self.lexing,
        })
    }
}

fn is_operator(b: u8) -> bool {
    b"~!@#^&|`?+-*/%<>=".contains(&b)
}

fn line_end(source: &[u8], at: usize) -> usize {
    memchr2(b'\n', b'\r', &source[at..]).map_or(source.len(), |n| at + n)
}

/// The end of a quote, after its closing mark, from `at` within it.
fn quote_end(
    lexing: Lexing,
    source: &[u8],
    mut at: usize,
    mark: u8,
    escapes: bool,
    doubles: bool,
) -> Option<usize> {
    loop {
        if lexing.lead.is_none() {
            let rest = source.get(at..)?;
            at += if escapes {
                memchr2(mark, b'\\', rest)?
            } else {
                memchr(mark, rest)?
            };
        }
        let b = *source.get(at)?;
        if b == mark {
            if !(doubles && source.get(at + 1) == Some(&mark)) {
                return Some(at + 1);
            }
            at += 2;
        } else if escapes && b == b'\\' {
            at += 1;
            at += lexing.step(source, at.min(source.len() - 1));
        } else {
            at += lexing.step(source, at);
        }
    }
}

/// Where the literal that ends at `end` goes on: after the opening quote of the next part, which
/// stands behind white space with a line end in it.
fn continuation(source: &[u8], end: usize) -> Option<usize> {
    let mut at = end;
    let mut newline = false;
    loop {
        match source.get(at)? {
            b'\n' | b'\r' => {
                newline = true;
                at += 1;
            }
            b' ' | b'\t' | 0x0C | 0x0B => at += 1,
            b'-' if source.get(at + 1) == Some(&b'-') => at = line_end(source, at),
            b'\'' if newline => return Some(at + 1),
            _ => return None,
        }
    }
}

/// Appends a quote's content from `at` with doubled marks made single; gives the place after the
/// closing mark.
fn undouble(lexing: Lexing, source: &[u8], mut at: usize, mark: u8, out: &mut Vec<u8>) -> usize {
    while at < source.len() {
        if source[at] == mark {
            if source.get(at + 1) != Some(&mark) {
                return at + 1;
            }
            out.push(mark);
            at += 2;
            continue;
        }
        let step = lexing.step(source, at);
        out.extend_from_slice(&source[at..at + step]);
        at += step;
    }
    at
}

/// The same for a literal with backslash escapes.
fn unescape(lexing: Lexing, source: &[u8], mut at: usize, out: &mut Vec<u8>) -> Option<usize> {
    let mut high = None;
    loop {
        let b = *source.get(at)?;
        if high.is_some() && !(b == b'\\' && matches!(source.get(at + 1), Some(b'u' | b'U'))) {
            return None;
        }
        if b == b'\'' {
            if source.get(at + 1) != Some(&b'\'') {
                return Some(at + 1);
            }
            out.push(b'\'');
            at += 2;
            continue;
        }
        if b != b'\\' {
            let step = lexing.step(source, at);
            out.extend_from_slice(&source[at..at + step]);
            at += step;
            continue;
        }
        let escape = *source.get(at + 1)?;
        at += 2;
        match escape {
            b'b' => out.push(0x08),
            b'f' => out.push(0x0C),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'v' => out.push(0x0B),
            b'0'..=b'7' => {
                let mut code = u32::from(escape - b'0');
                let mut more = 2;
                while let Some(d @ b'0'..=b'7') = source.get(at)
                    && more > 0
                {
                    code = code * 8 + u32::from(d - b'0');
                    at += 1;
                    more -= 1;
                }
                out.push((code & 0xFF) as u8);
            }
            b'x' if source.get(at).is_some_and(u8::is_ascii_hexdigit) => {
                let two = source.get(at + 1).is_some_and(u8::is_ascii_hexdigit);
                let length = 1 + usize::from(two);
                out.push(hex(source.get(at..at + length)?)? as u8);
                at += length;
            }
            b'u' | b'U' => {
                let length = if escape == b'u' { 4 } else { 8 };
                let code = hex(source.get(at..at + length)?)?;
                at += length;
                if let Some(c) = join(code, &mut high)?
                    && !lexing.push(c, out)
                {
                    return None;
                }
            }
            _ => {
                at -= 1;
                let step = lexing.step(source, at);
                out.extend_from_slice(&source[at..at + step]);
                at += step;
            }
        }
    }
}

/// The content of `U&` with its escapes replaced.
fn unicode(lexing: Lexing, text: &[u8], escape: u8) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut high = None;
    let mut at = 0;
    while at < text.len() {
        if text[at] != escape {
            if high.is_some() {
                return None;
            }
            let step = lexing.step(text, at);
            out.extend_from_slice(&text[at..at + step]);
            at += step;
            continue;
        }
        if text.get(at + 1) == Some(&escape) {
            if high.is_some() {
                return None;
            }
            out.push(escape);
            at += 2;
            continue;
        }
        let (from, length) = match text.get(at + 1) {
            Some(b'+') => (at + 2, 6),
            _ => (at + 1, 4),
        };
        let code = hex(text.get(from..from + length)?)?;
        if let Some(c) = join(code, &mut high)?
            && !lexing.push(c, &mut out)
        {
            return None;
        }
        at = from + length;
    }
    high.is_none().then_some(out)
}

/// The escape character that `UESCAPE '!'` names, or the backslash if nothing stands there.
fn uescape(rest: &[u8]) -> Option<u8> {
    let mut clause = tokens(rest, Lexing::default());
    if clause.peek().is_none() {
        return Some(b'\\');
    }
    if !clause.eat_keyword("UESCAPE") {
        return None;
    }
    match *clause.next()?.value()? {
        [b] if !b.is_ascii_hexdigit() && !b"+'\" \t\r\n".contains(&b) => Some(b),
        _ => None,
    }
}

/// The character of a code unit; the first half of a surrogate pair waits in `high`.
fn join(code: u32, high: &mut Option<u32>) -> Option<Option<char>> {
    match (high.take(), code) {
        (None, 0xD800..=0xDBFF) => {
            *high = Some(code);
            Some(None)
        }
        (Some(first), 0xDC00..=0xDFFF) => {
            char::from_u32(0x10000 + ((first - 0xD800) << 10) + (code - 0xDC00)).map(Some)
        }
        (None, 1..) => char::from_u32(code).map(Some),
        _ => None,
    }
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0u32, |sum, &b| {
        Some(sum.checked_mul(16)? + char::from(b).to_digit(16)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SJIS: Lexing = Lexing {
        standard_conforming_strings: true,
        lead: Some(|b| matches!(b, 0x81..=0x9F | 0xE0..=0xFC)),
        charset: Some(encoding_rs::SHIFT_JIS),
    };

    fn raw(sql: &str) -> Vec<String> {
        tokens(sql.as_bytes(), Lexing::default())
            .map(|t| String::from_utf8_lossy(t.raw).into_owned())
            .collect()
    }

    #[test]
    fn cuts_as_the_server_does() {
        let cases: &[(&str, &[&str])] = &[
            ("a /* x /* y */ ' */ b -- ' c\nd", &["a", "b", "d"]),
            ("a$b$c $b$;$b$x", &["a$b$c", "$b$;$b$", "x"]),
            ("$1+$$ $a$ $$", &["$1", "+", "$$ $a$ $$"]),
            ("'a' -- c ' ;\n 'b' 'c'", &["'a' -- c ' ;\n 'b'", "'c'"]),
            (
                "'it''s' E'a\\'b' X'1f' b'01'",
                &["'it''s'", "E'a\\'b'", "X'1f'", "b'01'"],
            ),
            ("B'1''0'", &["B'1'", "'0'"]),
            ("U&'d!0061' UESCAPE '!' x", &["U&'d!0061' UESCAPE '!'", "x"]),
            ("u&\"a\" ueber", &["u&\"a\"", "ueber"]),
            ("\"a\"\".b;\".c", &["\"a\"\".b;\"", ".", "c"]),
            ("a=-1", &["a", "=", "-", "1"]),
            ("a@-1", &["a", "@-", "1"]),
            ("+/*c*/-1.5e-3::x", &["+", "-", "1.5e-3", "::", "x"]),
            (
                "1..2 .5 0x1F 1_000 1e",
                &["1", "..", "2", ".5", "0x1F", "1_000", "1", "e"],
            ),
            (
                "\\connect 'a\\'b' \\echo x\nselect",
                &["\\connect 'a\\'b' ", "\\echo x", "select"],
            ),
            ("a \\; b", &["a", "\\;", "b"]),
            ("x['1']", &["x", "[", "'1'", "]"]),
        ];
        for (sql, expected) in cases {
            assert_eq!(&raw(sql), expected, "{sql}");
        }
    }

    #[test]
    fn unfinished_quotes_reach_to_the_end() {
        for sql in [
            "'abc", "\"abc", "$$abc", "E'abc\\'", "$a$ $b$", "U&'x", "X'1",
        ] {
            let all: Vec<_> = tokens(sql.as_bytes(), Lexing::default()).collect();
            assert_eq!(all.len(), 1, "{sql}");
            assert_eq!(all[0].kind, Kind::Unfinished, "{sql}");
            assert_eq!(all[0].value(), None);
        }
        assert_eq!(raw("a /* b"), ["a"]);
    }

    #[test]
    fn values() {
        let cases: &[(&str, Option<&str>)] = &[
            ("''", Some("")),
            ("'a''b'", Some("a'b")),
            ("'a\\n'", Some("a\\n")),
            ("'a'\n  'b'''", Some("ab'")),
            (
                "E'\\b\\f\\n\\r\\t\\x41\\101\\q\\'\\\\'''",
                Some("\x08\x0C\n\r\tAAq'\\'"),
            ),
            ("E'a\\n'\n'b\\n'", Some("a\nb\n")),
            ("e'\\u00e9\\U0001F600\\uD83D\\uDE00'", Some("é😀😀")),
            ("E'\\u00'", None),
            ("E'\\uD83Dx'", None),
            ("U&'d\\0061t\\+000061\\\\'", Some("data\\")),
            ("U&'d!0061!!' uescape '!'", Some("da!")),
            ("U&'\\D83D\\DE00'", Some("😀")),
            ("U&'\\D83D'", None),
            ("U&'\\zzzz'", None),
            ("B'0101'", Some("0101")),
            ("X'1f'", Some("00011111")),
            ("X'1g'", None),
            ("N'x''y'", Some("x'y")),
            ("$$a'b$$", Some("a'b")),
            ("$t$a$$b$t$", Some("a$$b")),
            ("abc", None),
        ];
        for (sql, expected) in cases {
            let token = tokens(sql.as_bytes(), Lexing::default()).next().unwrap();
            assert_eq!(token.end, sql.len(), "{sql}");
            assert_eq!(
                token.value().as_deref(),
                expected.map(str::as_bytes),
                "{sql}"
            );
        }
    }

    #[test]
    fn backslashes_escape_with_standard_conforming_strings_off() {
        let lexing = Lexing {
            standard_conforming_strings: false,
            ..Lexing::default()
        };
        for sql in ["'a\\'b'", "N'a\\'b'"] {
            let all: Vec<_> = tokens(sql.as_bytes(), lexing).collect();
            assert_eq!(all.len(), 1);
            assert_eq!(all[0].value().unwrap().as_ref(), b"a'b");
        }
    }

    #[test]
    fn names() {
        let cases = [
            ("Abc$1", "abc$1"),
            ("ÄB", "Äb"),
            ("\"A\"\"b\"", "A\"b"),
            ("U&\"d\\0061\\0020x\"", "da x"),
            ("U&\"d!0061\" UESCAPE '!'", "da"),
        ];
        for (sql, expected) in cases {
            let token = tokens(sql.as_bytes(), Lexing::default()).next().unwrap();
            assert_eq!(token.name().as_deref(), Some(expected), "{sql}");
        }
        let mut list = tokens(b"A.\"B\" . c d", Lexing::default());
        assert_eq!(list.qualified_name().unwrap(), ["a", "B", "c"]);
        assert!(list.at_keyword("D"));
        assert_ne!(
            Lexing::default().text(b"\xE9"),
            Lexing::default().text(b"\xE8")
        );
    }

    #[test]
    fn trail_bytes_in_the_ascii_range_are_no_syntax() {
        // 表 is 95 5C, and so is its second byte a backslash; 能 is 94 5C.
        let sql = b"\x95\x5C.\"\x94\x5C\" '\x95\x5C' E'\x95\x5C' $\x95\x5C$'$\x95\x5C$ x";
        let all: Vec<_> = tokens(sql, SJIS).collect();
        assert_eq!(all.len(), 7);
        assert_eq!(all[0].name().as_deref(), Some("表"));
        assert_eq!(all[2].name().as_deref(), Some("能"));
        assert_eq!(all[3].value().unwrap().as_ref(), b"\x95\x5C");
        assert_eq!(all[4].value().unwrap().as_ref(), b"\x95\x5C");
        assert!(all[6].keyword("X"));
        let upper = tokens(b"\x83A\x83BC", SJIS).next().unwrap();
        assert_eq!(upper.name().unwrap(), SJIS.text(b"\x83A\x83Bc"));
    }

    #[test]
    fn moves_by_words_and_parentheses() {
        let sql = b"CREATE  table if NOT exists t (a[1], '(' /* ( */, \"(\") x";
        let mut t = tokens(sql, Lexing::default());
        assert!(t.eat_keyword("create"));
        assert!(!t.eat_keywords("TABLE IF EXISTS"));
        assert!(t.eat_keywords("TABLE IF NOT EXISTS"));
        assert_eq!(t.name().as_deref(), Some("t"));
        let inner = t.skip_parentheses().unwrap();
        assert_eq!(&sql[inner.clone()], b"a[1], '(' /* ( */, \"(\"");
        assert_eq!(t.within(inner.clone()).next().unwrap().start, inner.start);
        assert!(t.at_keyword("x"));
        assert!(t.skip_parentheses().is_none());
        assert!(
            tokens(b"(a", Lexing::default())
                .skip_parentheses()
                .is_none()
        );
    }

    proptest! {
        #[test]
        fn any_bytes_terminate_with_ascending_ranges(
            sql in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..200),
                "[a-zEUXN&'\"$\\\\;:()\\[\\]/*\n .0-9!é-]{0,120}".prop_map(String::into_bytes),
            ],
            conforming in any::<bool>(),
            multibyte in any::<bool>(),
        ) {
            let mut lexing = if multibyte { SJIS } else { Lexing::default() };
            lexing.standard_conforming_strings = conforming;
            let mut last = 0;
            for token in tokens(&sql, lexing) {
                prop_assert!(token.start >= last && token.end > token.start);
                prop_assert!(token.end <= sql.len());
                prop_assert_eq!(token.raw, &sql[token.range()]);
                last = token.end;
                let _ = (token.name(), token.value());
            }
        }
    }
}
