//! Lines that the client keeps to itself, as its own reader tells them from statements.
//!
//! They end with their line and need no delimiter: `DELIMITER ;;`, `use db`, `\. file`, `.mode x`. A
//! word that MySQL's client knows makes a line a command only if the line holds no delimiter; with
//! one it is read like a statement, and the server or the client gets it whole.

use super::lexer::Grammar;
use memchr::{memchr, memmem};

/// What starts where no statement has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// No command.
    No,
    /// More input is needed to tell.
    More,
    /// A command of this length, its line end included.
    Ends(usize),
}

/// Commands of MySQL's and MariaDB's clients: name, and whether something may follow it.
const WORDS: &[(&[u8], bool)] = &[
    (b"charset", true),
    (b"clear", false),
    (b"connect", true),
    (b"costs", false),
    (b"delimiter", true),
    (b"edit", false),
    (b"ego", false),
    (b"exit", false),
    (b"go", false),
    (b"help", true),
    (b"nopager", false),
    (b"notee", false),
    (b"nowarning", false),
    (b"pager", true),
    (b"print", false),
    (b"prompt", true),
    (b"query_attributes", true),
    (b"quit", false),
    (b"rehash", false),
    (b"reset_connection", false),
    (b"resetconnection", false),
    (b"sandbox", false),
    (b"source", true),
    (b"ssl_session_data_print", true),
    (b"status", false),
    (b"system", true),
    (b"tee", true),
    (b"use", true),
    (b"warnings", false),
];

/// Is what starts here, where no statement has begun, a line that the client keeps to itself?
pub fn command(grammar: &Grammar, buf: &[u8], eof: bool) -> Command {
    match buf.first() {
        Some(b'.') if !grammar.mysql => {
            return line(buf, eof).map_or(Command::More, |line| Command::Ends(line.len()));
        }
        Some(b'\\') if grammar.mysql => return backslash(grammar, buf, eof),
        Some(b) if grammar.mysql && b.is_ascii_alphabetic() => {}
        _ => return Command::No,
    }
    let in_word = |b: &u8| b.is_ascii_alphabetic() || *b == b'_';
    let length = buf.iter().take_while(|b| in_word(b)).count();
    let word = &buf[..length];
    if length == buf.len() && !eof {
        let may = WORDS
            .iter()
            .any(|(name, _)| name.len() >= length && name[..length].eq_ignore_ascii_case(word));
        return if may { Command::More } else { Command::No };
    }
    let known = WORDS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(word));
    let Some((name, parameters)) = known else {
        return Command::No;
    };
    if !buf[length..].first().is_none_or(u8::is_ascii_whitespace) {
        return Command::No;
    }
    let Some(line) = line(buf, eof) else {
        return Command::More;
    };
    let rest = line[length..].trim_ascii();
    let is_delimiter = *name == b"delimiter";
    let ends = |with: &[u8]| memmem::find(rest, with).is_some();
    let whole = match is_delimiter {
        true => rest.is_empty(),
        false => ends(&grammar.delimiter) || ends(b"\\g") || !parameters && !rest.is_empty(),
    };
    match whole {
        true => Command::No,
        false => Command::Ends(line.len()),
    }
}

/// The line with its end, once all of it is there.
fn line(buf: &[u8], eof: bool) -> Option<&[u8]> {
    match memchr(b'\n', buf) {
        Some(n) => Some(&buf[..=n]),
        None => eof.then_some(buf),
    }
}

/// `\x`: with parameters up to the delimiter or the line's end, without any right behind its letter.
fn backslash(grammar: &Grammar, buf: &[u8], eof: bool) -> Command {
    let Some(letter) = buf.get(1) else {
        return if eof { Command::Ends(1) } else { Command::More };
    };
    if !b"dCPrRT.!u".contains(letter) {
        return Command::Ends(if *letter == b'\n' { 1 } else { 2 });
    }
    let Some(line) = line(buf, eof) else {
        return Command::More;
    };
    let end = memmem::find(line, &grammar.delimiter).filter(|_| *letter != b'd');
    Command::Ends(end.map_or(line.len(), |at| at + grammar.delimiter.len()))
}

#[cfg(test)]
mod tests {
    use super::super::tokens::testing::{mysql, sqlite};
    use super::*;

    #[test]
    fn the_client_keeps_some_lines_to_itself() {
        let (my, lite) = (mysql(), sqlite());
        for (grammar, text, command) in [
            (&my, "use d\nINSERT", Some("use d\n")),
            (&my, "USE d", Some("USE d")),
            (&my, "use d; INSERT", None),
            (&my, "use d \\g\n", None),
            (&my, "used x\n", None),
            (&my, "user\n", None),
            (&my, "source a.sql\nx", Some("source a.sql\n")),
            (&my, "status\nx", Some("status\n")),
            (&my, "status x\n", None),
            (&my, "delimiter ;;\n", Some("delimiter ;;\n")),
            (&my, "DELIMITER\n", None),
            (&my, "\\. a.sql\nx", Some("\\. a.sql\n")),
            (&my, "\\u d; INSERT", Some("\\u d;")),
            (&my, "\\c INSERT\n", Some("\\c")),
            (&my, "\\d ;;\n", Some("\\d ;;\n")),
            (&my, "INSERT\n", None),
            (&lite, ".mode x;y\nz", Some(".mode x;y\n")),
            (&lite, "use d\n", None),
        ] {
            let found = super::command(grammar, text.as_bytes(), true);
            let expected = command.map_or(Command::No, |c| Command::Ends(c.len()));
            assert_eq!(found, expected, "{text}");
            // However little of it is there: more is asked for, or the answer is the same.
            for cut in 1..text.len() {
                let part = super::command(grammar, &text.as_bytes()[..cut], false);
                assert!(
                    part == Command::More || part == expected,
                    "{text} by {cut}: {part:?}"
                );
            }
        }
    }
}
