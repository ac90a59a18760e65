//! Where tokens end, in bytes that are still arriving.
//!
//! Both dialects are plain here: quotes are doubled, no backslash escapes, no bytes of characters
//! look like quotes. SQL Server has `[names]` and nested comments; Oracle has `q'[…]'` and SQL*Plus's
//! `-` at the end of a line, which is white space.

use super::Flavour;
use memchr::{memchr, memchr2, memmem};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// White space.
    Space,
    /// `-- …` without its line end, `/* … */`.
    Comment,
    /// A word that is not quoted: keyword, name, variable.
    Word,
    /// `[name]`, `"name"`.
    Quoted,
    /// `'…'`, `N'…'`, `q'[…]'`, `nq'[…]'`.
    Text,
    /// A number without sign.
    Number,
    /// `0x…`.
    Hex,
    /// One byte of punctuation.
    Mark,
    /// The source ends within the token.
    Unfinished,
}

/// One step over the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A token, and where it ends.
    Token(Kind, usize),
    /// The source ends before the token does.
    More,
}

/// How far a token that has not ended yet has been searched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resume {
    /// From the token's start.
    scanned: usize,
    /// Comments that are open.
    depth: u32,
}

fn is_word(flavour: Flavour, b: u8) -> bool {
    matches!(b, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'$' | b'#' | 0x80..)
        || b == b'@' && flavour == Flavour::Mssql
}

/// The token at `at`. With `eof` nothing follows `buf`; `More` then means that the token has no end.
pub fn step(flavour: Flavour, buf: &[u8], at: usize, eof: bool, resume: &mut Resume) -> Step {
    let rest = &buf[at..];
    let found = token(flavour, rest, eof, resume);
    match found {
        Some((kind, length)) => {
            *resume = Resume::default();
            Step::Token(kind, at + length)
        }
        None => Step::More,
    }
}

fn token(flavour: Flavour, rest: &[u8], eof: bool, resume: &mut Resume) -> Option<(Kind, usize)> {
    let first = *rest.first()?;
    let second = rest.get(1).copied();
    if second.is_none() && !eof && matches!(first, b'-' | b'/' | b'.') {
        return None;
    }
    match (first, second) {
        (b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C | 0, _) => {
            let space = |b: &u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C | 0);
            let length = rest.iter().position(|b| !space(b));
            Some((Kind::Space, length.unwrap_or(rest.len())))
        }
        (b'-', Some(b'-')) => {
            let from = resume.scanned.max(2);
            match memchr(b'\n', &rest[from..]) {
                Some(end) => Some((Kind::Comment, from + end)),
                None if eof => Some((Kind::Comment, rest.len())),
                None => {
                    resume.scanned = rest.len();
                    None
                }
            }
        }
        (b'-', _) if flavour == Flavour::Oracle => {
            let blank = rest[1..]
                .iter()
                .position(|b| !matches!(b, b' ' | b'\t' | b'\r'));
            match blank {
                Some(blank) if rest[1 + blank] == b'\n' => Some((Kind::Space, blank + 2)),
                None if !eof => None,
                _ => Some((Kind::Mark, 1)),
            }
        }
        (b'/', Some(b'*')) => block_comment(flavour, rest, resume),
        (b'[', _) if flavour == Flavour::Mssql => {
            closed(rest, 1, b']', eof, resume).map(|end| (Kind::Quoted, end))
        }
        (b'"', _) => closed(rest, 1, b'"', eof, resume).map(|end| (Kind::Quoted, end)),
        (b'\'', _) => closed(rest, 1, b'\'', eof, resume).map(|end| (Kind::Text, end)),
        (b'0'..=b'9', _) | (b'.', Some(b'0'..=b'9')) => number(flavour, rest, eof),
        _ if is_word(flavour, first) => word(flavour, rest, eof, resume),
        _ => Some((Kind::Mark, 1)),
    }
}

/// The end of a quote whose mark is doubled within.
fn closed(rest: &[u8], from: usize, mark: u8, eof: bool, resume: &mut Resume) -> Option<usize> {
    let mut at = resume.scanned.max(from);
    loop {
        let Some(found) = memchr(mark, &rest[at..]) else {
            resume.scanned = rest.len();
            return None;
        };
        at += found;
        match rest.get(at + 1) {
            Some(next) if *next == mark => at += 2,
            None if !eof => {
                resume.scanned = at;
                return None;
            }
            _ => return Some(at + 1),
        }
    }
}

fn block_comment(flavour: Flavour, rest: &[u8], resume: &mut Resume) -> Option<(Kind, usize)> {
    if resume.scanned == 0 {
        *resume = Resume {
            scanned: 2,
            depth: 1,
        };
    }
    let mut at = resume.scanned;
    loop {
        let Some(found) = memchr2(b'*', b'/', &rest[at..]) else {
            resume.scanned = rest.len();
            return None;
        };
        at += found;
        match (rest[at], rest.get(at + 1)) {
            (_, None) => {
                resume.scanned = at;
                return None;
            }
            (b'*', Some(b'/')) => {
                at += 2;
                resume.depth -= 1;
                if resume.depth == 0 {
                    return Some((Kind::Comment, at));
                }
            }
            (b'/', Some(b'*')) if flavour == Flavour::Mssql => {
                at += 2;
                resume.depth += 1;
            }
            _ => at += 1,
        }
    }
}

fn number(flavour: Flavour, rest: &[u8], eof: bool) -> Option<(Kind, usize)> {
    if rest.len() < 2 && !eof {
        return None;
    }
    if flavour == Flavour::Mssql && matches!(rest, [b'0', b'x' | b'X', ..]) {
        let digits = rest[2..].iter().position(|b| !b.is_ascii_hexdigit());
        return match digits {
            Some(digits) => Some((Kind::Hex, digits + 2)),
            None if eof => Some((Kind::Hex, rest.len())),
            None => None,
        };
    }
    let digits = |from: usize| {
        let tail = rest.get(from..).unwrap_or_default();
        from + tail
            .iter()
            .position(|b| !b.is_ascii_digit())
            .unwrap_or(tail.len())
    };
    let mut end = digits(0);
    if rest.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if matches!(rest.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(rest.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + sign);
        if exponent > end + 1 + sign {
            end = exponent;
        } else if exponent >= rest.len() && !eof {
            return None;
        }
    }
    if flavour == Flavour::Oracle && matches!(rest.get(end), Some(b'f' | b'F' | b'd' | b'D')) {
        end += 1;
    }
    (end < rest.len() || eof).then_some((Kind::Number, end))
}

/// A word, or a text whose prefix looks like one.
fn word(flavour: Flavour, rest: &[u8], eof: bool, resume: &mut Resume) -> Option<(Kind, usize)> {
    let length = rest.iter().position(|b| !is_word(flavour, *b));
    let length = match length {
        Some(length) => length,
        None if eof => rest.len(),
        None => return None,
    };
    if rest.get(length) != Some(&b'\'') {
        return Some((Kind::Word, length));
    }
    let prefix = &rest[..length];
    if prefix.eq_ignore_ascii_case(b"N") {
        return closed(rest, 2, b'\'', eof, resume).map(|end| (Kind::Text, end));
    }
    let quoting = flavour == Flavour::Oracle
        && (prefix.eq_ignore_ascii_case(b"Q") || prefix.eq_ignore_ascii_case(b"NQ"));
    if !quoting {
        return Some((Kind::Word, length));
    }
    let open = length + 1;
    let width = delimiter(&rest[open..], eof)?;
    let close = closing(&rest[open..open + width]);
    let mut at = resume.scanned.max(open + width);
    loop {
        let Some(found) = memmem::find(rest.get(at..)?, close) else {
            resume.scanned = at.max(rest.len() - (width - 1));
            return None;
        };
        at += found;
        match rest.get(at + width) {
            Some(b'\'') => return Some((Kind::Text, at + width + 1)),
            Some(_) => at += 1,
            None => {
                resume.scanned = at;
                return None;
            }
        }
    }
}

/// How many bytes the delimiter behind `q'` has: it may be any character. None: more has to come.
pub fn delimiter(rest: &[u8], eof: bool) -> Option<usize> {
    let width = match rest.first()? {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => 1,
    };
    match rest.get(..width) {
        None if !eof => None,
        Some(character) if std::str::from_utf8(character).is_ok() => Some(width),
        _ => Some(1),
    }
}

/// What closes `q'…`.
pub fn closing(open: &[u8]) -> &[u8] {
    match open {
        b"[" => b"]",
        b"{" => b"}",
        b"(" => b")",
        b"<" => b">",
        other => other,
    }
}

/// What closes the token at the start of `rest`, which has no end.
pub fn close(flavour: Flavour, rest: &[u8]) -> Vec<u8> {
    match rest {
        [b'/', b'*', ..] => {
            let mut resume = Resume::default();
            block_comment(flavour, rest, &mut resume);
            b"*/".repeat(resume.depth.max(1) as usize)
        }
        [b'[', ..] => b"]".to_vec(),
        [b'"', ..] => b"\"".to_vec(),
        [b'q' | b'Q', b'\'', open @ ..] | [b'n' | b'N', b'q' | b'Q', b'\'', open @ ..]
            if !open.is_empty() =>
        {
            let width = delimiter(open, true).unwrap_or(1);
            [closing(&open[..width]), b"'"].concat()
        }
        [b'\'', ..] | [b'n' | b'N' | b'q' | b'Q', b'\'', ..] | [b'n' | b'N', _, b'\''] => {
            b"'".to_vec()
        }
        _ => Vec::new(),
    }
}

/// What has no end at the start of `rest`, in words.
pub fn open_what(rest: &[u8]) -> &'static str {
    match rest {
        [b'/', b'*', ..] => "a comment has no end",
        _ => "a quote has no end",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(flavour: Flavour, text: &str, cut: usize) -> Vec<(Kind, String)> {
        let (mut at, mut have, mut out) = (0, cut.min(text.len()), Vec::new());
        let mut resume = Resume::default();
        loop {
            let eof = have == text.len();
            match step(flavour, &text.as_bytes()[..have], at, eof, &mut resume) {
                Step::Token(kind, end) => {
                    if kind != Kind::Space {
                        out.push((kind, text[at..end].to_owned()));
                    }
                    at = end;
                }
                Step::More if !eof => have = (have + cut).min(text.len()),
                Step::More => {
                    if at < text.len() {
                        out.push((Kind::Unfinished, text[at..].to_owned()));
                    }
                    return out;
                }
            }
        }
    }

    #[test]
    fn tokens_end_where_they_do_however_they_come() {
        use Flavour::{Mssql, Oracle};
        use Kind::*;
        for (flavour, text, expected) in [
            (
                Mssql,
                "N'a''b' + 'c\n' [x]]y].\"z\"\"\"",
                vec![
                    (Text, "N'a''b'"),
                    (Mark, "+"),
                    (Text, "'c\n'"),
                    (Quoted, "[x]]y]"),
                    (Mark, "."),
                    (Quoted, "\"z\"\"\""),
                ],
            ),
            (
                Mssql,
                "/* a /* b */ ' */ 0x1Fa 1.5E-300 -.5 @x #t -- it's\n5e",
                vec![
                    (Comment, "/* a /* b */ ' */"),
                    (Hex, "0x1Fa"),
                    (Number, "1.5E-300"),
                    (Mark, "-"),
                    (Number, ".5"),
                    (Word, "@x"),
                    (Word, "#t"),
                    (Comment, "-- it's"),
                    (Number, "5"),
                    (Word, "e"),
                ],
            ),
            (
                Oracle,
                "q'[it's]]' nq'!a'b!' N'x' /* /* */ a$#b 1- \n2f",
                vec![
                    (Text, "q'[it's]]'"),
                    (Text, "nq'!a'b!'"),
                    (Text, "N'x'"),
                    (Comment, "/* /* */"),
                    (Word, "a$#b"),
                    (Number, "1"),
                    (Number, "2f"),
                ],
            ),
            (
                Oracle,
                "q'éaé' q'!!' q''x'' q'aBCa'",
                vec![
                    (Text, "q'éaé'"),
                    (Text, "q'!!'"),
                    (Text, "q''x''"),
                    (Text, "q'aBCa'"),
                ],
            ),
            (Oracle, "Q'(a)", vec![(Unfinished, "Q'(a)")]),
            (Mssql, "'a''", vec![(Unfinished, "'a''")]),
            (Mssql, "[a", vec![(Unfinished, "[a")]),
            (Mssql, "/* /* */", vec![(Unfinished, "/* /* */")]),
            (Mssql, "q'a'", vec![(Word, "q"), (Text, "'a'")]),
        ] {
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(kind, text)| (kind, text.to_owned()))
                .collect();
            for cut in 1..=text.len() {
                assert_eq!(tokens(flavour, text, cut), expected, "{text} by {cut}");
            }
        }
    }

    #[test]
    fn what_is_open_can_be_closed() {
        for (flavour, text, end) in [
            (Flavour::Mssql, "/* /* x", "*/*/"),
            (Flavour::Oracle, "/* /* x", "*/"),
            (Flavour::Mssql, "[x", "]"),
            (Flavour::Mssql, "N'x", "'"),
            (Flavour::Oracle, "q'{x", "}'"),
            (Flavour::Oracle, "nq'!x", "!'"),
        ] {
            assert_eq!(close(flavour, text.as_bytes()), end.as_bytes(), "{text}");
            let whole = [text, end].concat();
            assert_eq!(tokens(flavour, &whole, 99).len(), 1, "{text}");
        }
    }
}
