//! Where the units of a script end, for a reader that may have only a part of it.
//!
//! [`Lexer::step`] finds the end of the unit that starts at a given place. If the unit reaches
//! beyond the bytes at hand it says so and remembers how far it has looked, so that no byte is
//! looked at twice however the input is cut.
//!
//! MySQL's conditional comments (`/*!50003 … */`) are code: their marks are units of their own and
//! what stands between them is read like everything else.

use super::charset::{Charset, Wide};
use memchr::{memchr, memchr2, memmem};

/// How a dialect, in its present session, cuts bytes into units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grammar {
    /// What ends a statement.
    pub delimiter: Vec<u8>,
    /// Does a backslash escape in literals?
    pub backslashes: bool,
    /// Is `"…"` an identifier (true) or a literal?
    pub double_quoted_names: bool,
    /// Is `[…]` an identifier?
    pub brackets: bool,
    /// MySQL: `#` comments, `--` that needs a blank behind it, conditional comments, `\g`.
    pub mysql: bool,
    /// What bytes above ASCII mean.
    pub charset: Charset,
}

/// What a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// White space.
    Space,
    /// A comment, without the line end of a line comment.
    Comment,
    /// The mark that opens or closes a conditional comment.
    Code,
    /// An unquoted identifier or keyword.
    Word,
    /// A quoted identifier.
    Quoted,
    /// A literal in quotes.
    Literal,
    /// A number, or a part of one.
    Number,
    /// What ends a statement.
    Delimiter,
    /// Any other byte.
    Mark(u8),
}

/// A unit that is not complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// A quote: its mark, and whether a backslash escapes in it.
    Quote(u8, bool),
    /// A block comment.
    Block,
    /// A line comment.
    Line,
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
#[derive(Debug, Clone, Copy, Default)]
pub struct Lexer {
    open: Option<(Open, usize)>,
    code: bool,
}

fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

fn in_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$') || b >= 0x80
}

impl Lexer {
    /// The unit in which the input stopped.
    pub fn open(&self) -> Option<Open> {
        self.open.map(|(open, _)| open)
    }

    /// Is a conditional comment open?
    pub fn in_code(&self) -> bool {
        self.code
    }

    /// A statement begins: no conditional comment is open.
    pub fn leave_code(&mut self) {
        self.code = false;
    }

    /// Finds the end of the unit at `at`, which must lie within `buf`. After [`Step::More`] the next
    /// call must be for the same unit, which may have moved together with its bytes.
    pub fn step(&mut self, grammar: &Grammar, buf: &[u8], at: usize, eof: bool) -> Step {
        let unit = &buf[at..];
        if let Some((open, seen)) = self.open.take() {
            return self.resume(grammar, unit, open, seen, at, eof);
        }
        if unit.starts_with(&grammar.delimiter) {
            return Step::Unit(Unit::Delimiter, at + grammar.delimiter.len());
        }
        if !eof && grammar.delimiter.starts_with(unit) {
            return Step::More;
        }
        let more = |n: usize| unit.len() <= n && !eof;
        let byte = |n: usize| unit.get(n).copied();
        let done = |kind, length: usize| Step::Unit(kind, at + length);
        match unit[0] {
            b if is_space(b) => {
                let end = unit.iter().position(|&b| !is_space(b));
                done(Unit::Space, end.unwrap_or(unit.len()))
            }
            b'\'' => self.quote(grammar, unit, b'\'', grammar.backslashes, at, eof),
            b'"' => {
                let escapes = grammar.backslashes && !grammar.double_quoted_names;
                self.quote(grammar, unit, b'"', escapes, at, eof)
            }
            b'`' => self.quote(grammar, unit, b'`', false, at, eof),
            b'[' if grammar.brackets => self.quote(grammar, unit, b']', false, at, eof),
            b'#' if grammar.mysql => self.resume(grammar, unit, Open::Line, 1, at, eof),
            b'-' if more(1) => Step::More,
            b'-' if byte(1) == Some(b'-') => {
                if grammar.mysql && more(2) {
                    return Step::More;
                }
                let blank = byte(2).is_none_or(|b| b <= b' ');
                match grammar.mysql && !blank {
                    true => done(Unit::Mark(b'-'), 1),
                    false => self.resume(grammar, unit, Open::Line, 2, at, eof),
                }
            }
            b'/' if more(1) => Step::More,
            b'/' if byte(1) == Some(b'*') => self.comment(grammar, unit, at, eof),
            b'*' if self.code && more(1) => Step::More,
            b'*' if self.code && byte(1) == Some(b'/') => {
                self.code = false;
                done(Unit::Code, 2)
            }
            b'\\' if grammar.mysql && more(1) => Step::More,
            b'\\' if grammar.mysql => match byte(1) {
                // `\c` cancels the statement that it ends.
                Some(b'g' | b'G' | b'c') => done(Unit::Delimiter, 2),
                Some(_) => done(Unit::Mark(b'\\'), 2),
                None => done(Unit::Mark(b'\\'), 1),
            },
            b if in_word(b) => match word_end(grammar, unit, eof) {
                Some(end) if b.is_ascii_digit() => done(Unit::Number, end),
                Some(end) => done(Unit::Word, end),
                None => Step::More,
            },
            b => done(Unit::Mark(b), 1),
        }
    }

    fn quote(
        &mut self,
        grammar: &Grammar,
        unit: &[u8],
        mark: u8,
        escapes: bool,
        at: usize,
        eof: bool,
    ) -> Step {
        self.resume(grammar, unit, Open::Quote(mark, escapes), 1, at, eof)
    }

    /// `/*`: a comment, or the mark of a conditional one.
    fn comment(&mut self, grammar: &Grammar, unit: &[u8], at: usize, eof: bool) -> Step {
        if grammar.mysql {
            let marked = match unit.get(2..) {
                Some([b'!', ..]) => 3,
                Some([b'M', b'!', ..]) => 4,
                Some([] | [b'M']) if !eof => return Step::More,
                _ => 0,
            };
            if marked > 0 {
                let digits = unit[marked..].iter().take(6);
                let digits = digits.take_while(|b| b.is_ascii_digit()).count();
                let end = marked + digits;
                if unit.len() < end + 2 && !eof {
                    return Step::More;
                }
                // `/*M!999999\- enable the sandbox mode */` is a command to the client.
                if !unit[end..].starts_with(b"\\-") {
                    self.code = true;
                    return Step::Unit(Unit::Code, at + end);
                }
            }
        }
        self.resume(grammar, unit, Open::Block, 2, at, eof)
    }

    /// Goes on with a unit of which `seen` bytes have been looked at.
    fn resume(
        &mut self,
        grammar: &Grammar,
        unit: &[u8],
        open: Open,
        mut seen: usize,
        at: usize,
        eof: bool,
    ) -> Step {
        let end = match open {
            Open::Line => match memchr(b'\n', &unit[seen..]) {
                Some(n) => Some((Unit::Comment, seen + n)),
                None if eof => Some((Unit::Comment, unit.len())),
                None => {
                    seen = unit.len();
                    None
                }
            },
            Open::Block => match memmem::find(&unit[seen..], b"*/") {
                Some(n) => Some((Unit::Comment, seen + n + 2)),
                None => {
                    seen = seen.max(unit.len().saturating_sub(1));
                    None
                }
            },
            Open::Quote(mark, escapes) => quote_end(grammar, unit, mark, escapes, &mut seen, eof)
                .map(|end| {
                    let literal = match mark {
                        b'\'' => true,
                        b'"' => !grammar.double_quoted_names,
                        _ => false,
                    };
                    (if literal { Unit::Literal } else { Unit::Quoted }, end)
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
}

/// The end of a word. A delimiter within it ends it, as the client has it.
fn word_end(grammar: &Grammar, unit: &[u8], eof: bool) -> Option<usize> {
    let mut at = 0;
    while let Some(&b) = unit.get(at) {
        if !in_word(b) || at > 0 && unit[at..].starts_with(&grammar.delimiter) {
            return Some(at);
        }
        if b >= 0x80 && grammar.charset.wide != Wide::No {
            if unit.len() < at + 4 && !eof {
                return None;
            }
            at += grammar.charset.wide.width(&unit[at..]);
        } else {
            at += 1;
        }
    }
    eof.then_some(unit.len())
}

/// The end of a quote. `seen` is left where the search has to go on.
fn quote_end(
    grammar: &Grammar,
    unit: &[u8],
    mark: u8,
    escapes: bool,
    seen: &mut usize,
    eof: bool,
) -> Option<usize> {
    loop {
        let rest = unit.get(*seen..)?;
        let found = match (grammar.charset.wide, escapes) {
            (Wide::No, true) => memchr2(mark, b'\\', rest),
            (Wide::No, false) => memchr(mark, rest),
            (wide, _) => {
                let mut at = 0;
                loop {
                    match rest.get(at) {
                        None => break None,
                        Some(&b) if b == mark || escapes && b == b'\\' => break Some(at),
                        Some(&b) if b >= 0x80 => {
                            if rest.len() < at + 4 && !eof {
                                *seen += at;
                                return None;
                            }
                            at += wide.width(&rest[at..]);
                        }
                        Some(_) => at += 1,
                    }
                }
            }
        };
        let Some(n) = found else {
            *seen = unit.len();
            return None;
        };
        let here = *seen + n;
        *seen = here;
        if unit[here] == b'\\' && escapes {
            unit.get(here + 1)?;
            *seen = here + 2;
            continue;
        }
        match unit.get(here + 1) {
            None if !eof => return None,
            // `]` cannot be doubled.
            Some(&b) if b == mark && mark != b']' => *seen = here + 2,
            _ => return Some(here + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tokens::testing::{mysql, sqlite};
    use super::*;

    /// The units of a text, space left out, however it is cut.
    fn units(grammar: &Grammar, text: &[u8], cut: usize) -> Vec<(Unit, Vec<u8>)> {
        let mut lexer = Lexer::default();
        let (mut at, mut have, mut out) = (0, 0, Vec::new());
        while at < text.len() {
            let eof = have == text.len();
            let step = match at < have {
                true => lexer.step(grammar, &text[..have], at, eof),
                false => Step::More,
            };
            match step {
                Step::More if eof => {
                    out.push((Unit::Mark(b'?'), text[at..].to_vec()));
                    break;
                }
                Step::More => have = (have + cut).min(text.len()),
                Step::Unit(unit, end) => {
                    if unit != Unit::Space {
                        out.push((unit, text[at..end].to_vec()));
                    }
                    at = end;
                }
            }
        }
        out
    }

    #[test]
    fn units_end_where_the_clients_end_them() {
        use Unit::{Code, Comment, Delimiter, Literal, Mark, Number, Quoted, Word};
        let mut sjis = mysql();
        sjis.charset = Charset::from_name("sjis");
        let mut dollars = mysql();
        dollars.delimiter = b"$$".to_vec();
        type Case<'a> = (&'a Grammar, &'a [u8], &'a [(Unit, &'a [u8])]);
        let cases: &[Case<'_>] = &[
            (
                &mysql(),
                b"'a\\'b''c';",
                &[(Literal, b"'a\\'b''c'"), (Delimiter, b";")],
            ),
            (
                &mysql(),
                b"\"a\\\"b\" `c``\\`",
                &[(Literal, b"\"a\\\"b\""), (Quoted, b"`c``\\`")],
            ),
            (
                &mysql(),
                b"# a;'\n-- b\n--c",
                &[
                    (Comment, b"# a;'"),
                    (Comment, b"-- b"),
                    (Mark(b'-'), b"-"),
                    (Mark(b'-'), b"-"),
                    (Word, b"c"),
                ],
            ),
            (
                &mysql(),
                b"/*!50003 CREATE*/ /*M!100616 x*/ /* ; */ /*+ y; */",
                &[
                    (Code, b"/*!50003"),
                    (Word, b"CREATE"),
                    (Code, b"*/"),
                    (Code, b"/*M!100616"),
                    (Word, b"x"),
                    (Code, b"*/"),
                    (Comment, b"/* ; */"),
                    (Comment, b"/*+ y; */"),
                ],
            ),
            (
                &mysql(),
                b"/*!80000 '+'*/ /*! a */",
                &[
                    (Code, b"/*!80000"),
                    (Literal, b"'+'"),
                    (Code, b"*/"),
                    (Code, b"/*!"),
                    (Word, b"a"),
                    (Code, b"*/"),
                ],
            ),
            (
                &mysql(),
                b"/*M!999999\\- enable the sandbox mode */ ",
                &[(Comment, b"/*M!999999\\- enable the sandbox mode */")],
            ),
            (
                &mysql(),
                b"a*/b\\g",
                &[
                    (Word, b"a"),
                    (Mark(b'*'), b"*"),
                    (Mark(b'/'), b"/"),
                    (Word, b"b"),
                    (Delimiter, b"\\g"),
                ],
            ),
            (
                &dollars,
                b"END$$ a;b",
                &[
                    (Word, b"END"),
                    (Delimiter, b"$$"),
                    (Word, b"a"),
                    (Mark(b';'), b";"),
                    (Word, b"b"),
                ],
            ),
            (
                &sjis,
                b"'\x95\x5c',`\x83\x60`",
                &[
                    (Literal, b"'\x95\x5c'"),
                    (Mark(b','), b","),
                    (Quoted, b"`\x83\x60`"),
                ],
            ),
            (&sjis, b"'\xb1\\''", &[(Literal, b"'\xb1\\''")]),
            (
                &sqlite(),
                b"'a\\' \"b\"\"\" [c\"] `d` -- e",
                &[
                    (Literal, b"'a\\'"),
                    (Quoted, b"\"b\"\"\""),
                    (Quoted, b"[c\"]"),
                    (Quoted, b"`d`"),
                    (Comment, b"-- e"),
                ],
            ),
            (
                &sqlite(),
                b"/*! x; */1e5 X'00';",
                &[
                    (Comment, b"/*! x; */"),
                    (Number, b"1e5"),
                    (Word, b"X"),
                    (Literal, b"'00'"),
                    (Delimiter, b";"),
                ],
            ),
            (&mysql(), b"'a", &[(Mark(b'?'), b"'a")]),
        ];
        for (grammar, text, expected) in cases {
            let expected: Vec<_> = expected.iter().map(|(u, b)| (*u, b.to_vec())).collect();
            for cut in 1..=text.len() {
                assert_eq!(
                    units(grammar, text, cut),
                    expected,
                    "{} by {cut}",
                    text.escape_ascii()
                );
            }
        }
    }
}
