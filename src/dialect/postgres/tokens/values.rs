//! What names and literals stand for.

use super::scan::continuation;
use super::{Kind, Lexing, Literal, Token, tokens};
use memchr::memchr;
use std::borrow::Cow;

impl Lexing {
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

impl<'a> Token<'a> {
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
            // Some versions take it for a vertical tab, others for the letter.
            b'v' => return None,
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
                out.push(nonzero((code & 0xFF) as u8)?);
            }
            b'x' if source.get(at).is_some_and(u8::is_ascii_hexdigit) => {
                let two = source.get(at + 1).is_some_and(u8::is_ascii_hexdigit);
                let length = 1 + usize::from(two);
                out.push(nonzero(hex(source.get(at..at + length)?)? as u8)?);
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

/// No value has a zero byte.
fn nonzero(byte: u8) -> Option<u8> {
    (byte != 0).then_some(byte)
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0u32, |sum, &b| {
        Some(sum.checked_mul(16)? + char::from(b).to_digit(16)?)
    })
}
