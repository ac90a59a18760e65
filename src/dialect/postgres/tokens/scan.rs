//! Where tokens end.

use super::{Kind, Lexing, Literal, Token, Tokens};
use memchr::{memchr, memchr2, memmem};

impl<'a> Tokens<'a> {
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
pub(super) fn continuation(source: &[u8], end: usize) -> Option<usize> {
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
