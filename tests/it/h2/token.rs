//! A small lexer of T-SQL and of Oracle's SQL, written apart from scrub's own: what it reads wrongly,
//! scrub does not read wrongly in the same way.

use std::iter::Peekable;
use std::str::CharIndices;

/// Which scripts are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// SQL Server.
    Mssql,
    /// Oracle, with SQL*Plus around it.
    Oracle,
}

/// A token without the way it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// A keyword or an unquoted name.
    Word(String),
    /// A quoted name.
    Name(String),
    /// A text literal of any kind.
    Text(String),
    /// A number.
    Number(String),
    /// The digits of `0x…`.
    Hex(String),
    /// Anything else.
    Sign(String),
}

impl Token {
    /// Is it this word, in any case?
    pub fn is(&self, word: &str) -> bool {
        matches!(self, Token::Word(found) if found.eq_ignore_ascii_case(word))
    }
    /// Is it one of these words?
    pub fn is_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }
    /// Is it this sign?
    pub fn sign(&self, sign: &str) -> bool {
        matches!(self, Token::Sign(found) if found == sign)
    }
    /// A quoted or unquoted name.
    pub fn name(&self) -> Option<&str> {
        match self {
            Token::Word(name) | Token::Name(name) => Some(name),
            _ => None,
        }
    }
}

/// A token and where it stands.
#[derive(Debug, Clone)]
pub struct At {
    pub token: Token,
    pub start: usize,
    pub end: usize,
    /// Nothing but blanks and comments before it on its line.
    pub first: bool,
}

/// Reads tokens from a place.
pub struct Lexer<'a> {
    text: &'a str,
    kind: Kind,
    rest: Peekable<CharIndices<'a>>,
    fresh: bool,
}

impl<'a> Lexer<'a> {
    /// Begins at the start of a line.
    pub fn new(text: &'a str, kind: Kind) -> Lexer<'a> {
        let rest = text.char_indices().peekable();
        Lexer {
            text,
            kind,
            rest,
            fresh: true,
        }
    }

    /// Where the next character stands.
    pub fn at(&mut self) -> usize {
        self.rest.peek().map_or(self.text.len(), |(at, _)| *at)
    }

    /// Passes over the rest of the line.
    pub fn skip_line(&mut self) {
        while self.rest.next_if(|(_, c)| *c != '\n').is_some() {}
    }

    /// Passes over blanks, comments and, for SQL*Plus, hyphens at the end of a line.
    pub fn skip_space(&mut self) {
        loop {
            let at = self.at();
            let rest = &self.text[at..];
            if rest.starts_with('\n') {
                self.fresh = true;
                self.rest.next();
            } else if rest.starts_with(|c: char| c.is_whitespace() || c == '\u{feff}') {
                self.rest.next();
            } else if rest.starts_with("--") {
                self.skip_line();
            } else if rest.starts_with("/*") {
                self.comment();
            } else if self.kind == Kind::Oracle
                && (rest.starts_with("-\n") || rest.starts_with("-\r\n"))
            {
                self.rest.next();
            } else {
                return;
            }
        }
    }

    fn comment(&mut self) {
        let mut depth = 0;
        loop {
            let rest = &self.text[self.at()..];
            assert!(!rest.is_empty(), "a comment without an end");
            if rest.starts_with("*/") {
                depth -= 1;
                self.skip(2);
            } else if rest.starts_with("/*") {
                // Only T-SQL's comments nest.
                depth = if self.kind == Kind::Mssql {
                    depth + 1
                } else {
                    1
                };
                self.skip(2);
            } else {
                self.rest.next();
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.rest.next();
        }
    }

    fn take(&mut self, good: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some((_, c)) = self.rest.next_if(|(_, c)| good(*c)) {
            taken.push(c);
        }
        taken
    }

    /// Up to the closing character, which stands for itself when it is doubled; after the opening one.
    fn quoted(&mut self, close: char) -> String {
        let mut taken = String::new();
        loop {
            let (_, c) = self.rest.next().expect("a quote has an end");
            if c == close && self.rest.next_if(|(_, c)| *c == close).is_none() {
                return taken;
            }
            taken.push(c);
        }
    }

    /// Oracle's `q'[…]'`, after its `q`.
    fn own_quote(&mut self) -> String {
        self.skip(1);
        let (_, open) = self.rest.next().expect("a quoting character");
        let close = match open {
            '[' => ']',
            '{' => '}',
            '(' => ')',
            '<' => '>',
            other => other,
        };
        let mut taken = String::new();
        loop {
            let (_, c) = self.rest.next().expect("a quote has an end");
            if c == close && self.rest.next_if(|(_, c)| *c == '\'').is_some() {
                return taken;
            }
            taken.push(c);
        }
    }

    /// The next token.
    pub fn token(&mut self) -> Option<At> {
        self.skip_space();
        let start = self.at();
        let c = self.text[start..].chars().next()?;
        let first = std::mem::replace(&mut self.fresh, false);
        let token = self.read(start, c);
        let end = self.at();
        Some(At {
            token,
            start,
            end,
            first,
        })
    }

    fn read(&mut self, start: usize, c: char) -> Token {
        let lower = self.text[start..]
            .chars()
            .take(3)
            .collect::<String>()
            .to_lowercase();
        let mssql = self.kind == Kind::Mssql;
        if c == '\'' || lower.starts_with("n'") {
            self.skip(if c == '\'' { 1 } else { 2 });
            return Token::Text(self.quoted('\''));
        }
        if !mssql && (lower.starts_with("q'") || lower.starts_with("nq'")) {
            self.skip(if lower.starts_with('q') { 1 } else { 2 });
            return Token::Text(self.own_quote());
        }
        if c == '"' || mssql && c == '[' {
            self.rest.next();
            return Token::Name(self.quoted(if c == '[' { ']' } else { '"' }));
        }
        if mssql && lower.starts_with("0x") {
            self.skip(2);
            return Token::Hex(self.take(|c| c.is_ascii_hexdigit()));
        }
        let digit = |text: &str| text.chars().next().is_some_and(|c| c.is_ascii_digit());
        if c.is_ascii_digit() || c == '.' && digit(&self.text[start + 1..]) {
            let mut number = self.take(|c| c.is_ascii_digit() || c == '.');
            if self.rest.next_if(|(_, c)| matches!(c, 'e' | 'E')).is_some() {
                number.push('E');
                number.extend(
                    self.rest
                        .next_if(|(_, c)| matches!(c, '+' | '-'))
                        .map(|(_, c)| c),
                );
                number.push_str(&self.take(|c| c.is_ascii_digit()));
            }
            return Token::Number(number);
        }
        if c.is_alphabetic() || matches!(c, '_' | '#' | '@') {
            return Token::Word(
                self.take(|c| c.is_alphanumeric() || matches!(c, '_' | '#' | '@' | '$')),
            );
        }
        let long = ["<>", "<=", ">=", "!=", "||", "::", "\\gexec"];
        let sign = long
            .iter()
            .find(|sign| self.text[start..].starts_with(**sign));
        let sign = sign.map_or_else(|| c.to_string(), |sign| (*sign).to_owned());
        self.skip(sign.chars().count());
        Token::Sign(sign)
    }
}
