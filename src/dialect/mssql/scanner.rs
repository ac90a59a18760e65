//! Where statements of T-SQL end.
//!
//! Nothing marks it: `;` is usually absent. A statement reaches to `;`, to `GO`, or to a reserved word
//! that begins another one outside of parentheses, unless the word is part of this one (`ON DELETE`,
//! `UPDATE t SET`, `GRANT INSERT`). Procedures, triggers, functions and views reach to the end of
//! their batch. IF, WHILE and BEGIN … END are one statement with all that they hold, so that no rows
//! are taken out from under a condition.

use crate::dialect::batch::Flavour;
use crate::dialect::batch::framer::{Found, Open};
use crate::dialect::batch::lexer::{Kind, Resume, Step, step};
use crate::dialect::batch::lines::{Line, line};

const FLAVOUR: Flavour = Flavour::Mssql;

/// How far the head of an INSERT has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Head {
    /// Not an INSERT whose rows can be read.
    #[default]
    No,
    /// Neither VALUES nor SELECT has come.
    Open,
    /// VALUES has come.
    Values,
    /// SELECT has come; its list begins here.
    Select(Option<usize>),
}

/// Goes over statements.
#[derive(Debug, Clone, Default)]
pub struct Scanner {
    at: usize,
    resume: Resume,
    /// The end of the last token.
    last: usize,
    begun: bool,
    /// The INSERT at the front is no head of rows.
    plain: bool,
    depth: u32,
    head: Head,
    /// The word that says what the statement is; within a block, what the inner one is.
    verb: String,
    prev: String,
    /// Words since CREATE or ALTER, while they may still say what it is about.
    kind_of: bool,
    /// To the end of the batch.
    whole: bool,
    /// The word that belongs to the verb has come: SET in UPDATE, TO in GRANT …
    second: bool,
    compound: bool,
    /// IF has come and its statement has not.
    waiting: bool,
    /// BEGIN has come; what follows says whether it opens a block.
    begin: bool,
    blocks: u32,
    cases: u32,
    /// The outermost block has been closed.
    done: bool,
}

enum Verdict {
    Continue,
    Before,
    After,
    Rows(usize),
}

impl Scanner {
    /// What is open where the input ended.
    pub fn open(&self) -> Open {
        Open {
            token: self.at,
            parentheses: self.depth,
            unit: false,
        }
    }

    /// The INSERT at the front is no head of rows: its end is searched again.
    pub fn no_rows(&mut self) {
        *self = Scanner {
            plain: true,
            ..Scanner::default()
        };
    }

    /// Did the statement reach to the end of its batch?
    pub fn is_whole_batch(&self) -> bool {
        self.whole
    }

    /// What stands at the front.
    pub fn find(&mut self, buf: &[u8], fresh: bool, eof: bool) -> Found {
        loop {
            let at = self.at;
            let Step::Token(kind, end) = step(FLAVOUR, buf, at, eof, &mut self.resume) else {
                return self.more(at == buf.len(), eof);
            };
            if matches!(kind, Kind::Space | Kind::Comment) {
                self.at = end;
                if !self.begun && kind == Kind::Comment {
                    return Found::Gap(end);
                }
                continue;
            }
            match line(FLAVOUR, buf, at, fresh, eof) {
                Line::No => {}
                Line::More => return self.more(false, false),
                _ if self.begun => return self.ended(self.last),
                _ if at > 0 => return Found::Gap(at),
                Line::End(end) => return Found::Line(end),
                Line::Command(end) => return Found::Command(end),
            }
            let raw = &buf[at..end];
            let verdict = if self.begun {
                self.feed(kind, raw, at)
            } else if at > 0 {
                return Found::Gap(at);
            } else {
                self.first(kind, raw)
            };
            match verdict {
                Verdict::Continue => {}
                Verdict::Before => return self.ended(self.last),
                Verdict::After => return Found::Statement(end),
                Verdict::Rows(at) => return Found::Rows(at),
            }
            self.at = end;
            self.last = end;
        }
    }

    /// A statement that nothing else ends has ended here.
    fn ended(&self, end: usize) -> Found {
        match self.head {
            Head::Select(Some(at)) => Found::Rows(at),
            _ => Found::Statement(end),
        }
    }

    fn more(&self, nothing_open: bool, eof: bool) -> Found {
        if !self.begun {
            return match self.at {
                0 => Found::More,
                at => Found::Gap(at),
            };
        }
        let complete = self.depth == 0 && self.blocks == 0 && !self.waiting && !self.begin;
        if eof && nothing_open && complete && !matches!(self.head, Head::Open | Head::Values) {
            return self.ended(self.last);
        }
        Found::More
    }

    fn first(&mut self, kind: Kind, raw: &[u8]) -> Verdict {
        self.begun = true;
        if kind == Kind::Mark {
            self.depth = u32::from(raw == b"(");
            return match raw {
                b";" => Verdict::After,
                _ => Verdict::Continue,
            };
        }
        if kind != Kind::Word {
            return Verdict::Continue;
        }
        self.enter(raw);
        match self.verb.as_str() {
            "IF" | "WHILE" | "ELSE" => self.compound = true,
            "INSERT" if !self.plain => self.head = Head::Open,
            _ => {}
        }
        Verdict::Continue
    }

    /// A statement, or one within a block, begins with this word.
    fn enter(&mut self, raw: &[u8]) {
        self.verb = upper(raw);
        self.prev = self.verb.clone();
        self.second = false;
        self.waiting = matches!(self.verb.as_str(), "IF" | "WHILE" | "ELSE");
        self.begin = self.verb == "BEGIN";
        self.kind_of = matches!(self.verb.as_str(), "CREATE" | "ALTER");
    }

    fn feed(&mut self, kind: Kind, raw: &[u8], at: usize) -> Verdict {
        if self.whole {
            return Verdict::Continue;
        }
        if std::mem::take(&mut self.begin) && !opens_no_block(raw) {
            self.blocks += 1;
            self.compound = true;
        }
        if let Some(verdict) = self.head(kind, raw, at) {
            return verdict;
        }
        if kind == Kind::Mark {
            return self.mark(raw[0]);
        }
        if self.done {
            return match is(raw, &["TRY", "CATCH"]) && kind == Kind::Word {
                true => Verdict::Continue,
                false => Verdict::Before,
            };
        }
        if kind != Kind::Word || self.depth > 0 {
            self.kind_of = false;
            self.prev.clear();
            return Verdict::Continue;
        }
        let verdict = self.word(raw);
        if self.prev != self.verb || !FLAVOUR.begins_statement(raw) {
            self.prev = upper(raw);
        }
        verdict
    }

    fn mark(&mut self, mark: u8) -> Verdict {
        self.prev.clear();
        self.kind_of = false;
        match mark {
            b'(' => self.depth += 1,
            b')' => self.depth = self.depth.saturating_sub(1),
            b';' if self.depth == 0 && self.blocks == 0 => return Verdict::After,
            b';' => self.verb.clear(),
            b',' => self.prev.push(','),
            _ if self.done => return Verdict::Before,
            _ => {}
        }
        Verdict::Continue
    }

    /// Follows the head of an INSERT. A verdict if it is complete.
    fn head(&mut self, kind: Kind, raw: &[u8], at: usize) -> Option<Verdict> {
        let word = kind == Kind::Word && self.depth == 0;
        match self.head {
            Head::No => {}
            Head::Open if word && is(raw, &["VALUES"]) => self.head = Head::Values,
            Head::Open if word && is(raw, &["SELECT"]) => {
                self.head = Head::Select(None);
                self.second = true;
                return Some(Verdict::Continue);
            }
            Head::Open if word && is(raw, &["EXEC", "EXECUTE", "DEFAULT", "OUTPUT", "TOP"]) => {
                self.head = Head::No;
            }
            Head::Open => {}
            Head::Values if raw == b"(" => return Some(Verdict::Rows(at)),
            Head::Values => self.head = Head::No,
            Head::Select(None) => {
                let plain = !is(raw, &["DISTINCT", "TOP", "ALL", "*"]);
                self.head = if plain {
                    Head::Select(Some(at))
                } else {
                    Head::No
                };
            }
            Head::Select(Some(row)) if word && is(raw, &["UNION"]) => {
                return Some(Verdict::Rows(row));
            }
            Head::Select(Some(_)) if word && is(raw, READS) => self.head = Head::No,
            Head::Select(Some(row)) if raw == b";" && self.depth == 0 => {
                return Some(Verdict::Rows(row));
            }
            Head::Select(Some(_)) => {}
        }
        None
    }

    /// A word outside of parentheses.
    fn word(&mut self, raw: &[u8]) -> Verdict {
        if std::mem::take(&mut self.kind_of) {
            if is(raw, &["OR"]) || is(raw, &["ALTER"]) && self.prev == "OR" {
                self.kind_of = true;
                return Verdict::Continue;
            }
            let bodies: &[&str] = &[
                "PROC",
                "PROCEDURE",
                "FUNCTION",
                "TRIGGER",
                "VIEW",
                "SCHEMA",
                "DEFAULT",
                "RULE",
            ];
            self.whole = self.blocks == 0
                && !self.compound
                && is(raw, bodies)
                && !(self.verb == "ALTER" && is(raw, &["SCHEMA"]));
        }
        if is(raw, &["CASE"]) {
            self.cases += 1;
        } else if is(raw, &["END"]) && self.cases > 0 {
            self.cases -= 1;
        } else if self.cases == 0 && FLAVOUR.begins_statement(raw) && !self.belongs(raw) {
            return self.beginning(raw);
        } else if is(raw, &["TO", "FROM"])
            && matches!(self.verb.as_str(), "GRANT" | "DENY" | "REVOKE")
            || self.verb == "ALTER" && is(raw, CHANGES)
        {
            self.second = true;
        }
        Verdict::Continue
    }

    /// Another statement begins.
    fn beginning(&mut self, raw: &[u8]) -> Verdict {
        if self.blocks > 0 {
            if is(raw, &["END"]) {
                self.blocks -= 1;
                self.done = self.blocks == 0;
                self.verb.clear();
            } else {
                self.enter(raw);
                self.waiting = false;
            }
            return Verdict::Continue;
        }
        if self.waiting {
            self.enter(raw);
            return Verdict::Continue;
        }
        Verdict::Before
    }

    /// Is this word, which can begin a statement, part of the one that it stands in?
    fn belongs(&mut self, raw: &[u8]) -> bool {
        let prev = self.prev.as_str();
        let once =
            |words: &[&str], second: &mut bool| is(raw, words) && !std::mem::replace(second, true);
        let clause = match prev {
            "UNION" | "EXCEPT" | "INTERSECT" | "ALL" | "FOR" => is(raw, &["SELECT"]),
            "ROW" | "ROWS" => is(raw, &["FETCH"]),
            "WITH" => is(raw, &["ROLLBACK"]),
            _ => false,
        };
        clause
            || match self.verb.as_str() {
                "CREATE" | "ALTER"
                    if prev == "ON" && is(raw, &["DELETE", "UPDATE"])
                        || matches!(prev, "DELETE" | "UPDATE") && is(raw, &["SET"])
                        || matches!(prev, "AFTER" | "BEFORE" | "OF" | "FOR" | ",") =>
                {
                    true
                }
                "ALTER" if is(raw, &["IF"]) => true,
                "ALTER" => !std::mem::replace(&mut self.second, true),
                "DROP" => is(raw, &["IF"]),
                "UPDATE" => once(&["SET"], &mut self.second),
                "INSERT" => once(&["SELECT", "EXEC", "EXECUTE"], &mut self.second),
                "BULK" => once(&["INSERT"], &mut self.second),
                "GRANT" | "DENY" | "REVOKE" => !self.second,
                "MERGE" => true,
                "WITH" => {
                    self.verb = upper(raw);
                    true
                }
                _ => false,
            }
    }
}

/// Words after which an ALTER has said what it changes.
const CHANGES: &[&str] = &[
    "ADD",
    "CHECK",
    "NOCHECK",
    "WITH",
    "REBUILD",
    "REORGANIZE",
    "SWITCH",
    "ENABLE",
    "DISABLE",
    "MODIFY",
    "TRANSFER",
    "RESTART",
    "TO",
];

/// Words that show that a SELECT is more than a list of values.
const READS: &[&str] = &[
    "FROM",
    "WHERE",
    "INTO",
    "EXCEPT",
    "INTERSECT",
    "ORDER",
    "GROUP",
    "HAVING",
    "OPTION",
    "FOR",
];

/// After BEGIN: it begins a transaction or the like.
fn opens_no_block(raw: &[u8]) -> bool {
    is(
        raw,
        &[
            "TRAN",
            "TRANSACTION",
            "DISTRIBUTED",
            "DIALOG",
            "CONVERSATION",
        ],
    )
}

fn is(raw: &[u8], words: &[&str]) -> bool {
    words
        .iter()
        .any(|word| raw.eq_ignore_ascii_case(word.as_bytes()))
}

fn upper(raw: &[u8]) -> String {
    let short = &raw[..raw.len().min(24)];
    String::from_utf8_lossy(short).to_ascii_uppercase()
}

#[cfg(test)]
mod tests;
