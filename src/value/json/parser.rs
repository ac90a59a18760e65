//! The parser of JSON, as strict as PostgreSQL's. It builds the tree of a `jsonb`, or only checks
//! and skips: members are found in a text without a tree.

use super::{DEEPEST, Json, invalid};
use crate::value::{Decimal, ValueError};

pub(super) struct Parser<'a> {
    text: &'a [u8],
    pub(super) at: usize,
    depth: usize,
    /// Is the tree wanted, or only whether the text is well formed?
    pub(super) build: bool,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a [u8], build: bool) -> Self {
        Parser {
            text,
            at: 0,
            depth: 0,
            build,
        }
    }

    pub(super) fn document(&mut self) -> Result<Json, ValueError> {
        self.blanks();
        let value = self.value()?;
        self.blanks();
        if self.at == self.text.len() {
            Ok(value)
        } else {
            Err(invalid())
        }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    pub(super) fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    pub(super) fn value(&mut self) -> Result<Json, ValueError> {
        match self.peek().ok_or_else(invalid)? {
            b'{' => {
                let mut members = Vec::new();
                self.object(|parser, key| {
                    let value = parser.value()?;
                    if parser.build {
                        members.push((key, value));
                    }
                    Ok(())
                })?;
                Ok(Json::object(members))
            }
            b'[' => {
                let mut elements = Vec::new();
                self.array(|parser| {
                    let value = parser.value()?;
                    if parser.build {
                        elements.push(value);
                    }
                    Ok(())
                })?;
                Ok(Json::Array(elements))
            }
            b'"' => self.string().map(Json::String),
            b't' => self.word(b"true", Json::Bool(true)),
            b'f' => self.word(b"false", Json::Bool(false)),
            b'n' => self.word(b"null", Json::Null),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &[u8], value: Json) -> Result<Json, ValueError> {
        let rest = &self.text[self.at..];
        let ends = !rest
            .get(word.len())
            .is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
        if !rest.starts_with(word) || !ends {
            return Err(invalid());
        }
        self.at += word.len();
        Ok(value)
    }

    fn deeper(&mut self) -> Result<(), ValueError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(ValueError::new("json is nested too deeply"));
        }
        Ok(())
    }

    /// Reads an object; `each` reads the value of a key.
    pub(super) fn object(
        &mut self,
        mut each: impl FnMut(&mut Self, Vec<u8>) -> Result<(), ValueError>,
    ) -> Result<(), ValueError> {
        self.deeper()?;
        self.at += 1;
        self.blanks();
        if !self.take(b'}') {
            loop {
                if self.peek() != Some(b'"') {
                    return Err(invalid());
                }
                let key = self.string()?;
                self.blanks();
                if !self.take(b':') {
                    return Err(invalid());
                }
                self.blanks();
                each(self, key)?;
                self.blanks();
                if self.take(b'}') {
                    break;
                }
                if !self.take(b',') {
                    return Err(invalid());
                }
                self.blanks();
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Reads an array; `each` reads an element.
    pub(super) fn array(
        &mut self,
        mut each: impl FnMut(&mut Self) -> Result<(), ValueError>,
    ) -> Result<(), ValueError> {
        self.deeper()?;
        self.at += 1;
        self.blanks();
        if !self.take(b']') {
            loop {
                each(self)?;
                self.blanks();
                if self.take(b']') {
                    break;
                }
                if !self.take(b',') {
                    return Err(invalid());
                }
                self.blanks();
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn digits(&mut self) -> Result<(), ValueError> {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at > start {
            Ok(())
        } else {
            Err(invalid())
        }
    }

    fn number(&mut self) -> Result<Json, ValueError> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            if !self.take(b'+') {
                self.take(b'-');
            }
            self.digits()?;
        }
        if self
            .peek()
            .is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80)
        {
            return Err(invalid());
        }
        if !self.build {
            return Ok(Json::Null);
        }
        Decimal::parse(&self.text[start..self.at]).map(Json::Number)
    }

    /// Reads a string; its content only if the tree is wanted.
    fn string(&mut self) -> Result<Vec<u8>, ValueError> {
        self.at += 1;
        let mut out = Vec::new();
        loop {
            let byte = self.peek().ok_or_else(invalid)?;
            self.at += 1;
            match byte {
                b'"' => return Ok(out),
                b'\\' => self.escape(&mut out)?,
                0..0x20 => return Err(invalid()),
                _ if self.build => out.push(byte),
                _ => {}
            }
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), ValueError> {
        let byte = self.peek().ok_or_else(invalid)?;
        self.at += 1;
        out.push(match byte {
            b'"' | b'\\' | b'/' => byte,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let mut code = self.hex()?;
                if self.build {
                    if (0xd800..0xdc00).contains(&code) && self.text[self.at..].starts_with(b"\\u")
                    {
                        self.at += 2;
                        let low = self.hex()?;
                        if !(0xdc00..0xe000).contains(&low) {
                            return Err(invalid());
                        }
                        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                    }
                    if code == 0 {
                        return Err(ValueError::new("unsupported Unicode escape sequence"));
                    }
                    // What is left of the surrogates is no character.
                    let c = char::from_u32(code).ok_or_else(invalid)?;
                    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
                return Ok(());
            }
            _ => return Err(invalid()),
        });
        Ok(())
    }

    fn hex(&mut self) -> Result<u32, ValueError> {
        let digits = self.text.get(self.at..self.at + 4).ok_or_else(invalid)?;
        self.at += 4;
        digits.iter().try_fold(0, |code, &digit| {
            Ok(code << 4 | char::from(digit).to_digit(16).ok_or_else(invalid)?)
        })
    }
}
