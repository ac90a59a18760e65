//! Where statements end, as psql sees it.
//!
//! A statement ends at a `;` outside of parentheses and of a routine's `BEGIN ATOMIC … END`, or at a
//! psql command that sends what was typed (`\g`, `\gexec` …). The scanner works on a buffer whose
//! first byte is the statement's first, and remembers how far it has come when bytes are missing.
//! An INSERT's VALUES stop it early, so that rows need not wait for the end of their statement.

use super::lexer::{Lexer, Open, Rules, Step, Unit};
use super::psql;

/// What the scanner has found, with offsets into the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// More input is needed.
    More,
    /// White space, comments and stray semicolons end here.
    Gap(usize),
    /// A `--` comment of the gap, without its line end.
    Comment(usize, usize),
    /// A statement ends here.
    Statement(usize),
    /// A psql command outside of a statement ends here, its line end included.
    Command(usize),
    /// An INSERT's first row starts here.
    Values(usize),
}

/// Scans one statement, or the gap before it.
#[derive(Debug, Clone, Default)]
pub struct Scanner {
    lexer: Lexer,
    at: usize,
    started: bool,
    parens: u32,
    /// Words and quoted identifiers outside of parentheses so far.
    words: usize,
    /// The first letters of the leading words that name a routine's creation, as psql keeps them.
    lead: [u8; 4],
    begins: u32,
    insert: bool,
    /// The unit before, if it was VALUES in a place where rows follow.
    values: bool,
    /// The unit before makes the next word a name: a dot or AS.
    naming: bool,
    /// The end of a statement that was found and is waited on.
    held: Option<usize>,
}

impl Scanner {
    /// Has a statement begun?
    pub fn in_statement(&self) -> bool {
        self.started
    }

    /// What is open where the input stopped: the unit, parentheses, BEGINs.
    pub fn open(&self) -> (Option<&Open>, u32, u32) {
        (self.lexer.open(), self.parens, self.begins)
    }

    /// This INSERT is not to stop at its rows.
    pub fn forget_values(&mut self) {
        self.insert = false;
        self.values = false;
    }

    /// The statement just found is to be found again, when there is more behind it.
    pub fn hold(&mut self) {
        self.held = Some(self.at);
    }

    /// The bytes before `offset` have left the buffer.
    pub fn shift(&mut self, offset: usize) {
        self.at = self.at.saturating_sub(offset);
    }

    /// Looks on in `buf`, which begins with the statement or the gap before it.
    pub fn find(&mut self, rules: &Rules, buf: &[u8], eof: bool) -> Found {
        if let Some(end) = self.held.take() {
            return Found::Statement(end);
        }
        while self.at < buf.len() {
            if buf[self.at] == b'\\' && self.lexer.open().is_none() {
                match self.backslash(rules, buf, eof) {
                    Some(found) => return found,
                    None => continue,
                }
            }
            let Step::Unit(unit, end) = self.lexer.step(rules, buf, self.at, eof) else {
                break;
            };
            let start = self.at;
            if !self.started {
                match unit {
                    Unit::Comment => {
                        self.at = end;
                        return Found::Comment(start, end);
                    }
                    Unit::Space | Unit::Mark(b';') => {
                        self.at = end;
                        continue;
                    }
                    _ if start > 0 => return Found::Gap(start),
                    _ => self.started = true,
                }
            }
            if self.values && unit == Unit::Mark(b'(') {
                return Found::Values(start);
            }
            self.at = end;
            if self.unit(unit, &buf[start..end]) {
                return Found::Statement(end);
            }
        }
        if !self.started && self.at > 0 {
            return Found::Gap(self.at);
        }
        Found::More
    }

    /// Takes a unit in; true if it ends the statement.
    fn unit(&mut self, unit: Unit, bytes: &[u8]) -> bool {
        if matches!(unit, Unit::Space | Unit::Comment) {
            return false;
        }
        self.values = false;
        let naming = std::mem::take(&mut self.naming);
        match unit {
            Unit::Mark(b'(') => self.parens += 1,
            Unit::Mark(b')') => self.parens = self.parens.saturating_sub(1),
            Unit::Mark(b';') => return self.parens == 0 && self.begins == 0,
            Unit::Mark(b'.') => self.naming = true,
            Unit::Word if self.parens == 0 => self.word(bytes, naming),
            Unit::Quoted if self.parens == 0 => self.words += 1,
            _ => {}
        }
        false
    }

    fn word(&mut self, word: &[u8], naming: bool) {
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword.as_bytes());
        if self.words < self.lead.len()
            && ["create", "or", "replace", "function", "procedure"]
                .into_iter()
                .any(is)
        {
            self.lead[self.words] = word[0].to_ascii_lowercase();
        }
        if matches!(
            self.lead,
            [b'c', b'f' | b'p', ..] | [b'c', b'o', b'r', b'f' | b'p']
        ) {
            if is("begin") || (is("case") && self.begins > 0) {
                self.begins += 1;
            } else if is("end") {
                self.begins = self.begins.saturating_sub(1);
            }
        }
        if self.words == 0 {
            self.insert = is("insert");
        }
        if self.insert && self.words > 2 && !naming {
            if ["select", "with", "table"].into_iter().any(is) {
                self.insert = false;
            }
            self.values = is("values");
            self.naming = is("as");
        }
        self.words += 1;
    }

    /// Goes past a psql command; gives what it ends.
    fn backslash(&mut self, rules: &Rules, buf: &[u8], eof: bool) -> Option<Found> {
        let start = self.at;
        if !self.started && start > 0 {
            return Some(Found::Gap(start));
        }
        let Some(length) = psql::command_end(&buf[start..], &rules.charset, eof) else {
            return Some(Found::More);
        };
        let end = start + length;
        let name = psql::command_name(&buf[start..end]);
        if name == b";" || name == b":" {
            self.started = true;
            self.at = end;
            return None;
        }
        if !self.started {
            self.at = end;
            return Some(Found::Command(end));
        }
        self.at = end;
        psql::sends(name).then_some(Found::Statement(end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::postgres::charset::Charset;

    /// The statements and commands of `text`, cut into pieces of `cut` bytes.
    fn statements(text: &str, cut: usize) -> Vec<String> {
        let rules = Rules {
            standard: true,
            charset: Charset::utf8(),
        };
        let text = text.as_bytes();
        let (mut from, mut have) = (0, 0);
        let mut scanner = Scanner::default();
        let mut out = Vec::new();
        loop {
            let eof = have == text.len();
            match scanner.find(&rules, &text[from..have], eof) {
                Found::More if eof => break,
                Found::More => have = (have + cut).min(text.len()),
                Found::Comment(..) => {}
                Found::Gap(end) => {
                    from += end;
                    scanner = match scanner.open() {
                        (None, ..) => Scanner::default(),
                        _ => {
                            scanner.shift(end);
                            scanner
                        }
                    };
                }
                Found::Statement(end) | Found::Command(end) => {
                    out.push(String::from_utf8_lossy(&text[from..from + end]).into_owned());
                    from += end;
                    scanner = Scanner::default();
                }
                Found::Values(at) => {
                    out.push(format!(
                        "{}…",
                        String::from_utf8_lossy(&text[from..from + at])
                    ));
                    scanner.forget_values();
                }
            }
        }
        if from < text.len() && scanner.in_statement() {
            out.push(format!("!{}", String::from_utf8_lossy(&text[from..])));
        }
        out
    }

    #[test]
    fn statements_end_where_psql_ends_them() {
        let atomic = "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;";
        let rule = "CREATE RULE r AS ON INSERT TO t DO (INSERT INTO u VALUES (1); DELETE FROM v;);";
        let begin = "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC INSERT INTO t VALUES (1); END;";
        let cases: &[(&str, &[&str])] = &[
            ("SELECT 1; SELECT ';';\n", &["SELECT 1;", "SELECT ';';"]),
            ("-- c;\n ;; /* ; */ SELECT 1", &["!SELECT 1"]),
            (atomic, &[atomic]),
            (begin, &[begin]),
            (rule, &[rule]),
            ("BEGIN; END;", &["BEGIN;", "END;"]),
            (
                "\\set a 'x;y'\nSELECT 1;",
                &["\\set a 'x;y'\n", "SELECT 1;"],
            ),
            ("\\echo a \\\\ SELECT 1;", &["\\echo a \\\\", "SELECT 1;"]),
            ("SELECT 1 \\; SELECT 2;", &["SELECT 1 \\; SELECT 2;"]),
            (
                "SELECT 'x' \\gexec\nSELECT 1;",
                &["SELECT 'x' \\gexec\n", "SELECT 1;"],
            ),
            ("SELECT 1 \\echo ;\n, 2;", &["SELECT 1 \\echo ;\n, 2;"]),
            (
                "INSERT INTO t VALUES (1);",
                &["INSERT INTO t VALUES …", "INSERT INTO t VALUES (1);"],
            ),
            (
                "insert into s.values (a) overriding system value values /*c*/(1);",
                &[
                    "insert into s.values (a) overriding system value values /*c*/…",
                    "insert into s.values (a) overriding system value values /*c*/(1);",
                ],
            ),
            (
                "INSERT INTO values (a) SELECT 1;",
                &["INSERT INTO values (a) SELECT 1;"],
            ),
            (
                "INSERT INTO t SELECT 1 UNION VALUES (1);",
                &["INSERT INTO t SELECT 1 UNION VALUES (1);"],
            ),
            (
                "INSERT INTO t DEFAULT VALUES;",
                &["INSERT INTO t DEFAULT VALUES;"],
            ),
        ];
        for (text, expected) in cases {
            for cut in 1..=text.len() {
                assert_eq!(&statements(text, cut), expected, "cut at {cut}");
            }
        }
    }
}
