//! The lines that the client takes for itself wherever a token may stand: `GO` ends a batch, `/`
//! runs what stands before it.

use super::Flavour;
use memchr::memchr;

/// What stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// Part of a statement.
    No,
    /// That cannot be told before more has come.
    More,
    /// `GO` or `/`, alone on a line, which ends here, its line end included.
    End(usize),
    /// A command of sqlcmd (`:r`, `:setvar`, `!!`), which ends here, its line end included.
    Command(usize),
}

/// Does a line begin at `at`, blanks aside? `fresh`: one begins with the first byte.
pub fn is_line_start(buf: &[u8], at: usize, fresh: bool) -> bool {
    let before = buf[..at].iter().rfind(|b| !matches!(b, b' ' | b'\t'));
    before.map_or(fresh, |b| *b == b'\n')
}

/// What kind of line begins with the token at `at`.
pub fn line(flavour: Flavour, buf: &[u8], at: usize, fresh: bool, eof: bool) -> Line {
    let rest = &buf[at..];
    let candidate = match flavour {
        Flavour::Mssql => matches!(rest[0], b'g' | b'G' | b':' | b'!'),
        Flavour::Oracle => rest[0] == b'/',
    };
    if !candidate || !is_line_start(buf, at, fresh) {
        return Line::No;
    }
    let length = match memchr(b'\n', rest) {
        Some(end) => end + 1,
        None if eof => rest.len(),
        None if rest.len() > 512 && !matches!(rest[0], b':' | b'!') => return Line::No,
        None => return Line::More,
    };
    let text = rest[..length].trim_ascii();
    match (flavour, rest[0]) {
        (Flavour::Oracle, _) if text == b"/" => Line::End(at + length),
        (Flavour::Mssql, b'g' | b'G') if is_go(text) => Line::End(at + length),
        (Flavour::Mssql, b':') if text.get(1).is_some_and(u8::is_ascii_alphabetic) => {
            Line::Command(at + length)
        }
        (Flavour::Mssql, b'!') if text.starts_with(b"!!") => Line::Command(at + length),
        _ => Line::No,
    }
}

/// `GO`, perhaps with a count and a comment.
fn is_go(text: &[u8]) -> bool {
    let Some((b"GO" | b"go" | b"Go" | b"gO", rest)) = text.split_at_checked(2) else {
        return false;
    };
    if rest
        .first()
        .is_some_and(|b| !matches!(b, b' ' | b'\t' | b';' | b'-'))
    {
        return false;
    }
    let rest = rest.trim_ascii_start();
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let rest = rest[digits..].trim_ascii_start();
    rest.is_empty() || rest == b";" || rest.starts_with(b"--")
}

/// How often a `GO` line runs its batch.
pub fn repetitions(line: &[u8]) -> u64 {
    let text: Vec<u8> = line
        .iter()
        .filter(|b| b.is_ascii_digit())
        .copied()
        .collect();
    match memchr(b'-', line) {
        None if !text.is_empty() => std::str::from_utf8(&text)
            .ok()
            .and_then(|t| t.parse().ok())
            .unwrap_or(u64::MAX),
        _ => 1,
    }
}

/// What may stand between two statements: white space, semicolons and, for SQL Server, `GO` lines that
/// run once. Where it ends; none if that cannot be told before more has come.
pub fn between(flavour: Flavour, buf: &[u8], mut at: usize, eof: bool) -> Option<usize> {
    loop {
        match buf.get(at) {
            Some(b' ' | b'\t' | b'\r' | b'\n' | b';') => at += 1,
            Some(b'g' | b'G') if flavour == Flavour::Mssql => {
                match line(flavour, buf, at, false, eof) {
                    Line::End(end) if repetitions(&buf[at..end]) == 1 => at = end,
                    Line::More => return None,
                    _ => return Some(at),
                }
            }
            Some(_) => return Some(at),
            None => return eof.then_some(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_client() {
        let mssql = |text: &str, at| line(Flavour::Mssql, text.as_bytes(), at, true, true);
        for (text, at, expected) in [
            ("GO", 0, Line::End(2)),
            ("  go 5 -- x\r\nGO", 2, Line::End(13)),
            ("Go;\n", 0, Line::End(4)),
            ("GOTO x\n", 0, Line::No),
            ("a GO\n", 2, Line::No),
            ("GO SELECT 1\n", 0, Line::No),
            (":r x.sql\nGO", 0, Line::Command(9)),
            ("!!dir\n", 0, Line::Command(6)),
        ] {
            assert_eq!(mssql(text, at), expected, "{text}");
        }
        assert_eq!(line(Flavour::Mssql, b"GO", 0, true, false), Line::More);
        assert_eq!(line(Flavour::Mssql, b"GO\n", 0, false, false), Line::No);
        let oracle = |text: &str, at| line(Flavour::Oracle, text.as_bytes(), at, true, true);
        assert_eq!(oracle("/ \r\nx", 0), Line::End(4));
        assert_eq!(oracle("1\n / 2", 3), Line::No);
        assert_eq!(oracle("GO\n", 0), Line::No);
    }

    #[test]
    fn what_stands_between_statements() {
        let buf = b") ;\r\nGO\r\nINSERT";
        assert_eq!(between(Flavour::Mssql, buf, 1, false), Some(9));
        assert_eq!(
            between(Flavour::Mssql, b")\nGO 5\nINSERT", 1, false),
            Some(2)
        );
        assert_eq!(between(Flavour::Oracle, b");\n/\n", 1, false), Some(3));
        assert_eq!(between(Flavour::Oracle, b");\n", 1, false), None);
        assert_eq!(repetitions(b"GO 12\r\n"), 12);
        assert_eq!(repetitions(b"GO -- 12\r\n"), 1);
    }
}
