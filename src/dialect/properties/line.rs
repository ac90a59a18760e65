//! Lines of a .properties file: which are pairs, and where they end.
//!
//! Natural lines end at LF, CR or CR LF. A backslash before the end of a pair's line, unless another one
//! escapes it, takes the end away, and the blanks in front of the next line with it; a comment is never
//! continued. [`Chars`] walks over what is left of a pair's line.

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A key and its value.
    Pair,
    /// A comment, or nothing but blanks.
    Other,
}

/// A line: a natural one, or a pair's with all that continues it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// What it is.
    pub kind: Kind,
    /// Where it ends, its line end included.
    pub end: usize,
}

/// A blank within a line.
pub fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | 0x0c)
}

fn is_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// The length of the line end at the front of `rest`; 0 if there is none.
fn end_of_line(rest: &[u8]) -> usize {
    match rest {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    }
}

/// The line at the front of `input`; none if there is none, or more input is needed.
pub fn line(input: &[u8], eof: bool) -> Option<Line> {
    let blanks = input.iter().take_while(|b| is_blank(**b)).count();
    let first = input.get(blanks);
    let pair = first.is_some_and(|b| !is_end(*b) && !matches!(b, b'#' | b'!'));
    let mut at = blanks;
    let mut content = false;
    loop {
        let Some(&byte) = input.get(at) else {
            let end = at.min(input.len());
            let kind = match pair && content {
                true => Kind::Pair,
                false => Kind::Other,
            };
            return (eof && end > 0).then_some(Line { kind, end });
        };
        if is_end(byte) {
            // Behind a CR at the end of what is known there may be a LF.
            if byte == b'\r' && at + 1 == input.len() && !eof {
                return None;
            }
            let end = at + end_of_line(&input[at..]);
            let kind = match pair && content {
                true => Kind::Pair,
                false => Kind::Other,
            };
            return Some(Line { kind, end });
        }
        if !pair || byte != b'\\' {
            content = true;
            at += 1;
            continue;
        }
        match input.get(at + 1) {
            None if !eof => return None,
            Some(next) if is_end(*next) => {
                if *next == b'\r' && at + 2 == input.len() && !eof {
                    return None;
                }
                at += 1 + end_of_line(&input[at + 1..]);
                at += input[at..].iter().take_while(|b| is_blank(**b)).count();
            }
            _ => {
                content = true;
                at += 2;
            }
        }
    }
}

/// Does the last of these lines want another one, at the end of the file?
pub fn is_continued(lines: &[u8]) -> bool {
    let open = |text: &[u8]| text.iter().rev().take_while(|b| **b == b'\\').count() % 2 == 1;
    let blanks = lines.iter().rev().take_while(|b| is_blank(**b)).count();
    let before = &lines[..lines.len() - blanks];
    let end = match before {
        [.., b'\r', b'\n'] => 2,
        [.., b'\r' | b'\n'] => 1,
        _ => 0,
    };
    open(lines) || end > 0 && open(&before[..before.len() - end])
}

/// The bytes of a pair's line without what continues it, each with its place.
#[derive(Debug, Clone)]
pub struct Chars<'a> {
    text: &'a [u8],
    at: usize,
    escaped: bool,
}

impl<'a> Chars<'a> {
    /// The bytes of a line, or of a part of one, from `at` on.
    pub fn new(text: &'a [u8], at: usize) -> Self {
        Chars {
            text,
            at,
            escaped: false,
        }
    }
}

impl Iterator for Chars<'_> {
    type Item = (usize, u8);

    fn next(&mut self) -> Option<(usize, u8)> {
        loop {
            let at = self.at;
            let byte = *self.text.get(at)?;
            let length = end_of_line(&self.text[at + 1..]);
            let ends = length > 0 || at + 1 == self.text.len();
            if byte == b'\\' && !self.escaped && ends {
                self.at += 1 + length;
                let rest = &self.text[self.at..];
                if length > 0 {
                    self.at += rest.iter().take_while(|b| is_blank(**b)).count();
                }
                continue;
            }
            if is_end(byte) {
                return None;
            }
            self.escaped = byte == b'\\' && !self.escaped;
            self.at += 1;
            return Some((at, byte));
        }
    }
}
