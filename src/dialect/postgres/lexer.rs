//! Where the tokens of a stream end, for a reader that has only a part of it.
//!
//! [`Lexer::step`] finds the end of the unit that starts at a given place. If the unit reaches
//! beyond the bytes at hand it says so and remembers how far it has looked, so that no byte is
//! looked at twice however the input is cut. It knows just enough to stay in step with psql and the
//! server: quotes, comments, dollar quotes, words. What the units mean is the business of
//! [`super::scanner`]; whole statements are read with [`super::tokens`].

use super::charset::Charset;
use memchr::{memchr, memchr2, memmem};

/// The session settings that change where units end.
#[derive(Debug, Clone)]
pub struct Rules {
    /// `standard_conforming_strings`.
    pub standard: bool,
    /// `client_encoding`.
    pub charset: Charset,
}

/// What a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// White space.
    Space,
    /// A comment, without the line end of a `--` comment.
    Comment,
    /// An unquoted identifier or keyword.
    Word,
    /// A quoted identifier.
    Quoted,
    /// A literal with its continuations.
    Literal,
    /// A number or a part of one.
    Number,
    /// Any other byte.
    Mark(u8),
}

/// A unit that is not complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Open {
    /// A quote: its mark, and whether a backslash escapes in it.
    Quote(u8, bool),
    /// A dollar quote with its whole tag.
    Dollar(Vec<u8>),
    /// Nested comments.
    Block(u32),
    /// A `--` comment.
    Line,
    /// A word.
    Word,
}

/// Where a unit ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The unit and its end.
    Unit(Unit, usize),
    /// More input is needed.
    More,
}

/// Finds the ends of units. It remembers the unit that it could not finish.
#[derive(Debug, Clone, Default)]
pub struct Lexer {
    open: Option<(Open, usize)>,
}

fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

fn in_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b == b'$'
}

impl Lexer {
    /// The unit in which the input stopped.
    pub fn open(&self) -> Option<&Open> {
        self.open.as_ref().map(|(open, _)| open)
    }

    /// Finds the end of the unit at `at`, which must lie within `buf`. After [`Step::More`] the next call must be for the
    /// same unit, which may have moved together with its bytes.
    pub fn step(&mut self, rules: &Rules, buf: &[u8], at: usize, eof: bool) -> Step {
        let unit = &buf[at..];
        if let Some((open, seen)) = self.open.take() {
            return self.resume(rules, unit, open, seen, at, eof);
        }
        let more = |n: usize| unit.len() <= n && !eof;
        let byte = |n: usize| unit.get(n).copied();
        let done = |kind, length: usize| Step::Unit(kind, at + length);
        match unit[0] {
            b if is_space(b) => {
                let length = unit
                    .iter()
                    .position(|&b| !is_space(b))
                    .unwrap_or(unit.len());
                done(Unit::Space, length)
            }
            b'-' if more(1) => Step::More,
            b'-' if byte(1) == Some(b'-') => self.resume(rules, unit, Open::Line, 2, at, eof),
            b'/' if more(1) => Step::More,
            b'/' if byte(1) == Some(b'*') => self.resume(rules, unit, Open::Block(1), 2, at, eof),
            b'\'' => {
                let open = Open::Quote(b'\'', !rules.standard);
                self.resume(rules, unit, open, 1, at, eof)
            }
            b'"' => self.resume(rules, unit, Open::Quote(b'"', false), 1, at, eof),
            b'e' | b'E' | b'b' | b'B' | b'x' | b'X' | b'n' | b'N' if more(1) => Step::More,
            b'e' | b'E' if byte(1) == Some(b'\'') => {
                self.resume(rules, unit, Open::Quote(b'\'', true), 2, at, eof)
            }
            b'b' | b'B' | b'x' | b'X' if byte(1) == Some(b'\'') => {
                self.resume(rules, unit, Open::Quote(b'\'', false), 2, at, eof)
            }
            b'n' | b'N' if byte(1) == Some(b'\'') => {
                let open = Open::Quote(b'\'', !rules.standard);
                self.resume(rules, unit, open, 2, at, eof)
            }
            b'u' | b'U' if more(1) || (byte(1) == Some(b'&') && more(2)) => Step::More,
            b'u' | b'U' if byte(1) == Some(b'&') && matches!(byte(2), Some(b'\'' | b'"')) => {
                let open = Open::Quote(unit[2], false);
                self.resume(rules, unit, open, 3, at, eof)
            }
            b'$' => self.dollar(rules, unit, at, eof),
            b'0'..=b'9' => {
                let length = unit.iter().position(|b| !b.is_ascii_alphanumeric());
                match length {
                    None if !eof => Step::More,
                    length => done(Unit::Number, length.unwrap_or(unit.len())),
                }
            }
            b if in_word(b) || b >= 0x80 => self.resume(rules, unit, Open::Word, 0, at, eof),
            b => done(Unit::Mark(b), 1),
        }
    }

    /// Goes on with a unit of which `seen` bytes have been looked at.
    fn resume(
        &mut self,
        rules: &Rules,
        unit: &[u8],
        mut open: Open,
        mut seen: usize,
        at: usize,
        eof: bool,
    ) -> Step {
        let end = match &mut open {
            Open::Line => match memchr2(b'\n', b'\r', &unit[seen..]) {
                Some(n) => Some((Unit::Comment, seen + n)),
                None if eof => Some((Unit::Comment, unit.len())),
                None => {
                    seen = unit.len();
                    None
                }
            },
            Open::Block(depth) => block_end(unit, depth, &mut seen).map(|n| (Unit::Comment, n)),
            Open::Dollar(tag) => match memmem::find(&unit[seen..], tag) {
                Some(n) => Some((Unit::Literal, seen + n + tag.len())),
                None => {
                    seen = seen.max((unit.len() + 1).saturating_sub(tag.len()));
                    None
                }
            },
            Open::Word => word_end(rules, unit, &mut seen, eof).map(|n| (Unit::Word, n)),
            Open::Quote(mark, escapes) => quote_end(rules, unit, *mark, *escapes, &mut seen, eof)
                .map(|end| match mark {
                    b'"' => (Unit::Quoted, end),
                    _ => (Unit::Literal, end),
                }),
        };
        match end {
            Some((kind, length)) => Step::Unit(kind, at + length),
            None => {
                self.open = Some((open, seen));
                Step::More
            }
        }
    }

    fn dollar(&mut self, rules: &Rules, unit: &[u8], at: usize, eof: bool) -> Step {
        let mut end = 1;
        while let Some(&b) = unit.get(end) {
            match b {
                b'$' => {
                    let tag = unit[..=end].to_vec();
                    return self.resume(rules, unit, Open::Dollar(tag), end + 1, at, eof);
                }
                b'0'..=b'9' if end == 1 => break,
                0x80.. => end += rules.charset.width(&unit[end..]),
                b if in_word(b) => end += 1,
                _ => break,
            }
        }
        if end >= unit.len() && !eof {
            return Step::More;
        }
        Step::Unit(Unit::Mark(b'$'), at + 1)
    }
}

fn block_end(unit: &[u8], depth: &mut u32, seen: &mut usize) -> Option<usize> {
    while let Some(n) = memchr2(b'*', b'/', &unit[*seen..]) {
        let here = *seen + n;
        *seen = here;
        match (unit[here], *unit.get(here + 1)?) {
            (b'/', b'*') => {
                *depth += 1;
                *seen += 2;
            }
            (b'*', b'/') => {
                *depth -= 1;
                *seen += 2;
                if *depth == 0 {
                    return Some(*seen);
                }
            }
            _ => *seen += 1,
        }
    }
    *seen = unit.len();
    None
}

fn word_end(rules: &Rules, unit: &[u8], seen: &mut usize, eof: bool) -> Option<usize> {
    while let Some(&b) = unit.get(*seen) {
        let width = match b {
            0x80.. if !rules.charset.is_wide() => 1,
            // The width of a GB18030 character shows in its second byte.
            0x80.. if unit.len() < *seen + 2 && !eof => return None,
            0x80.. => rules.charset.width(&unit[*seen..]),
            b if in_word(b) => 1,
            _ => return Some(*seen),
        };
        if *seen + width > unit.len() && !eof {
            return None;
        }
        *seen += width;
    }
    eof.then_some(unit.len())
}

/// The end of a quote, continuations included. `seen` is left where the search has to go on.
fn quote_end(
    rules: &Rules,
    unit: &[u8],
    mark: u8,
    escapes: bool,
    seen: &mut usize,
    eof: bool,
) -> Option<usize> {
    loop {
        let found = match (escapes, rules.charset.is_wide()) {
            (false, _) => memchr(mark, unit.get(*seen..)?),
            (true, false) => memchr2(mark, b'\\', unit.get(*seen..)?),
            (true, true) => match escape_in_wide(rules, unit, mark, seen, eof) {
                Some(n) => Some(n - *seen),
                None => return None,
            },
        };
        let Some(n) = found else {
            *seen = unit.len();
            return None;
        };
        let here = *seen + n;
        *seen = here;
        if unit[here] == b'\\' {
            let next = unit.get(here + 1..)?;
            if next.is_empty() || (next.len() < 2 && rules.charset.is_wide() && !eof) {
                return None;
            }
            *seen = here + 1 + rules.charset.width(next);
            continue;
        }
        match unit.get(here + 1) {
            None if !eof => return None,
            None => return Some(here + 1),
            Some(&b) if b == mark => *seen = here + 2,
            Some(_) if mark == b'"' => return Some(here + 1),
            Some(_) => match continuation(unit, here + 1, eof) {
                Continuation::No => return Some(here + 1),
                Continuation::At(next) => *seen = next,
                Continuation::More => return None,
            },
        }
    }
}

/// The next quote mark or backslash that is a character, not the second half of one.
fn escape_in_wide(
    rules: &Rules,
    unit: &[u8],
    mark: u8,
    seen: &mut usize,
    eof: bool,
) -> Option<usize> {
    let mut at = *seen;
    while let Some(&b) = unit.get(at) {
        if b == mark || b == b'\\' {
            return Some(at);
        }
        *seen = at;
        if b >= 0x80 && unit.len() < at + 4 && !eof {
            return None;
        }
        at += rules.charset.width(&unit[at..]);
    }
    *seen = at.min(unit.len());
    None
}

enum Continuation {
    No,
    At(usize),
    More,
}

/// Does the literal that ends at `end` go on, after white space with a line end in it?
fn continuation(unit: &[u8], end: usize, eof: bool) -> Continuation {
    let undecided = if eof {
        Continuation::No
    } else {
        Continuation::More
    };
    let mut at = end;
    let mut newline = false;
    loop {
        match unit.get(at) {
            None => return undecided,
            Some(b'\n' | b'\r') => {
                newline = true;
                at += 1;
            }
            Some(b' ' | b'\t' | 0x0b | 0x0c) => at += 1,
            Some(b'-') => match unit.get(at + 1) {
                None => return undecided,
                Some(b'-') => match memchr2(b'\n', b'\r', &unit[at..]) {
                    None => return undecided,
                    Some(n) => at += n,
                },
                Some(_) => return Continuation::No,
            },
            Some(b'\'') if newline => return Continuation::At(at + 1),
            Some(_) => return Continuation::No,
        }
    }
}

#[cfg(test)]
mod tests;
