//! Where statements end, as the client sees it.
//!
//! A statement ends at the delimiter outside of quotes and comments. SQLite's triggers have
//! semicolons within: they end at `; END ;`, which is all that its shell knows about them, too. Lines
//! that are commands to the client (`DELIMITER`, `.mode`) end with the line. An INSERT's rows stop
//! the scanner early, so that they need not wait for the end of their statement.

use super::command::{Command, command};
use super::lexer::{Grammar, Lexer, Open, Step, Unit};
use memchr::memchr;

/// What the scanner has found, with offsets into the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// More input is needed.
    More,
    /// White space, comments and stray delimiters end here.
    Gap(usize),
    /// A comment of the gap.
    Comment(usize, usize),
    /// A statement ends here.
    Statement(usize),
    /// A client command ends here, its line end included.
    Command(usize),
    /// An INSERT's first row starts here.
    Values(usize),
}

/// How far a trigger's end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Trigger {
    /// This is none.
    #[default]
    No,
    /// Anywhere within.
    Within,
    /// Behind a semicolon.
    Semicolon,
    /// Behind `; END`.
    End,
}

/// Scans one statement, or the gap before it.
#[derive(Debug, Clone, Default)]
pub struct Scanner {
    lexer: Lexer,
    at: usize,
    started: bool,
    parens: u32,
    /// Words and quoted names outside of parentheses so far.
    words: usize,
    insert: bool,
    create: bool,
    trigger: Trigger,
    /// The unit before was VALUES in a place where rows follow.
    values: bool,
}

impl Scanner {
    /// What is open where the input stopped.
    pub fn open(&self) -> (Option<Open>, u32) {
        (self.lexer.open(), self.parens)
    }

    /// Has a statement begun?
    pub fn in_statement(&self) -> bool {
        self.started
    }

    /// This INSERT is not to stop at its rows.
    pub fn forget_values(&mut self) {
        self.insert = false;
        self.values = false;
    }

    /// The bytes before `offset` have left the buffer.
    pub fn shift(&mut self, offset: usize) {
        self.at = self.at.saturating_sub(offset);
    }

    /// Looks on in `buf`, which begins with the statement or the gap before it.
    pub fn find(&mut self, grammar: &Grammar, buf: &[u8], eof: bool) -> Found {
        while self.at < buf.len() {
            let start = self.at;
            if !self.started && self.lexer.open().is_none() {
                match command(grammar, &buf[start..], eof) {
                    Command::No => {}
                    Command::More if start > 0 => return Found::Gap(start),
                    Command::More => return Found::More,
                    Command::Ends(_) if start > 0 => return Found::Gap(start),
                    Command::Ends(length) => {
                        self.at = length;
                        return Found::Command(length);
                    }
                }
                // The client takes `--x` for a comment where no statement has begun.
                if grammar.mysql
                    && buf[start..].starts_with(b"--")
                    && !buf[start..].starts_with(b"-- ")
                {
                    match memchr(b'\n', &buf[start..]) {
                        Some(n) => self.at = start + n,
                        None if eof => self.at = buf.len(),
                        None if start > 0 => return Found::Gap(start),
                        None => return Found::More,
                    }
                    return Found::Comment(start, self.at);
                }
            }
            let Step::Unit(unit, end) = self.lexer.step(grammar, buf, start, eof) else {
                break;
            };
            if !self.started {
                match unit {
                    Unit::Comment => {
                        self.at = end;
                        return Found::Comment(start, end);
                    }
                    Unit::Space | Unit::Delimiter => {
                        self.at = end;
                        continue;
                    }
                    _ if start > 0 => {
                        self.lexer.leave_code();
                        return Found::Gap(start);
                    }
                    _ => self.started = true,
                }
            }
            if self.values && unit == Unit::Mark(b'(') {
                return Found::Values(start);
            }
            self.at = end;
            if self.unit(grammar, unit, &buf[start..end]) {
                return Found::Statement(end);
            }
        }
        if !self.started && self.at > 0 {
            return Found::Gap(self.at);
        }
        Found::More
    }

    /// Takes a unit in; true if it ends the statement.
    fn unit(&mut self, grammar: &Grammar, unit: Unit, bytes: &[u8]) -> bool {
        if matches!(unit, Unit::Space | Unit::Comment | Unit::Code) {
            return false;
        }
        self.values = false;
        let is = |keyword: &str| bytes.eq_ignore_ascii_case(keyword.as_bytes());
        self.trigger = match (self.trigger, unit) {
            (Trigger::No, _) => Trigger::No,
            (Trigger::End, Unit::Delimiter) => return true,
            (_, Unit::Delimiter) => Trigger::Semicolon,
            (Trigger::Semicolon, Unit::Word) if is("end") => Trigger::End,
            _ => Trigger::Within,
        };
        match unit {
            Unit::Mark(b'(') => self.parens += 1,
            Unit::Mark(b')') => self.parens = self.parens.saturating_sub(1),
            Unit::Delimiter => return self.trigger == Trigger::No,
            Unit::Word if self.parens == 0 => {
                if self.words == 0 {
                    self.insert = is("insert") || is("replace");
                    self.create = is("create");
                }
                if self.create && !grammar.mysql && self.words <= 2 && is("trigger") {
                    self.trigger = Trigger::Within;
                }
                if self.words >= 2 {
                    self.insert &= !is("select") && !is("with") && !is("set");
                    self.values = self.insert && (is("values") || is("value"));
                }
                self.words += 1;
            }
            Unit::Quoted if self.parens == 0 => self.words += 1,
            _ => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::super::tokens::testing::{mysql, sqlite};
    use super::*;

    /// The statements and commands of `text`, cut into pieces of `cut` bytes.
    fn statements(grammar: &Grammar, text: &str, cut: usize) -> Vec<String> {
        let mut grammar = grammar.clone();
        let text = text.as_bytes();
        let (mut from, mut have) = (0, 0);
        let mut scanner = Scanner::default();
        let mut out = Vec::new();
        let piece =
            |range: std::ops::Range<usize>| String::from_utf8_lossy(&text[range]).into_owned();
        loop {
            let eof = have == text.len();
            match scanner.find(&grammar, &text[from..have], eof) {
                Found::More if eof => break,
                Found::More => have = (have + cut).min(text.len()),
                Found::Comment(..) => {}
                Found::Gap(end) => {
                    from += end;
                    scanner.shift(end);
                }
                Found::Statement(end) => {
                    out.push(piece(from..from + end));
                    from += end;
                    scanner = Scanner::default();
                }
                Found::Command(end) => {
                    let line = piece(from..from + end);
                    if let Some(delimiter) = line.trim().split(' ').nth(1).filter(|_| grammar.mysql)
                    {
                        grammar.delimiter = delimiter.as_bytes().to_vec();
                    }
                    out.push(line);
                    from += end;
                    scanner = Scanner::default();
                }
                Found::Values(at) => {
                    out.push(piece(from..from + at) + "…");
                    scanner.forget_values();
                }
            }
        }
        if scanner.in_statement() {
            out.push(format!("!{}", piece(from..text.len())));
        }
        out
    }

    #[test]
    fn statements_end_where_the_clients_end_them() {
        let trigger = "CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE WHEN 1 THEN 2 END; UPDATE b SET c=';'; END;";
        let cases: &[(&Grammar, &str, &[&str])] = &[
            (
                &mysql(),
                "SELECT 1; -- ;\n SELECT ';'\\G x",
                &["SELECT 1;", "SELECT ';'\\G", "!x"],
            ),
            (&mysql(), "--x;'\nSELECT 1;", &["SELECT 1;"]),
            (
                &mysql(),
                "DELIMITER ;;\nCREATE TRIGGER t BEGIN a; b; END ;;\ndelimiter ;\nSELECT 1;",
                &[
                    "DELIMITER ;;\n",
                    "CREATE TRIGGER t BEGIN a; b; END ;;",
                    "delimiter ;\n",
                    "SELECT 1;",
                ],
            ),
            (
                &mysql(),
                "Delimiter $$\nBEGIN x; END$$\n",
                &["Delimiter $$\n", "BEGIN x; END$$"],
            ),
            (
                &mysql(),
                "/*!80002 ANALYZE TABLE t; */;\nSELECT 1;",
                &["/*!80002 ANALYZE TABLE t;", "*/;", "SELECT 1;"],
            ),
            (
                &mysql(),
                "/*M!999999\\- enable the sandbox mode */ \n/*!40101 SET NAMES x */;",
                &["/*!40101 SET NAMES x */;"],
            ),
            (
                &mysql(),
                "INSERT INTO `t` VALUES\n(1);REPLACE t VALUE(2);",
                &[
                    "INSERT INTO `t` VALUES\n…",
                    "INSERT INTO `t` VALUES\n(1);",
                    "REPLACE t VALUE…",
                    "REPLACE t VALUE(2);",
                ],
            ),
            (
                &mysql(),
                "INSERT INTO t SELECT 1 FROM (VALUES (1)) x;",
                &["INSERT INTO t SELECT 1 FROM (VALUES (1)) x;"],
            ),
            (
                &mysql(),
                "INSERT INTO t SET a=VALUES(b);",
                &["INSERT INTO t SET a=VALUES(b);"],
            ),
            (&sqlite(), trigger, &[trigger]),
            (
                &sqlite(),
                "BEGIN TRANSACTION;\n.mode x;y\nEND;",
                &["BEGIN TRANSACTION;", ".mode x;y\n", "END;"],
            ),
            (
                &sqlite(),
                "INSERT INTO \"a;b\"VALUES('x');",
                &[
                    "INSERT INTO \"a;b\"VALUES…",
                    "INSERT INTO \"a;b\"VALUES('x');",
                ],
            ),
        ];
        for (grammar, text, expected) in cases {
            for cut in 1..=text.len() {
                assert_eq!(&statements(grammar, text, cut), expected, "{text} by {cut}");
            }
        }
    }
}
