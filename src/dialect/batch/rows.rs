//! Cuts the rows of INSERTs that share their head into batches, and finds where they end.
//!
//! A block goes on over statements with the same head, with what [`lines::between`] allows between
//! them, so that a dump of one row per statement is a few batches all the same. An INSERT of SQL Server
//! has no terminator: it ends before whatever begins another statement.

use super::head::Style;
use super::lexer::{Kind, Resume, Step, step};
use super::lines::{self, Line};
use super::{Flavour, fault};
use crate::dialect::{RowFault, RowMode};

/// What stands at the front of the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// More input is needed.
    More,
    /// This many bytes of rows, and how many rows they are.
    Rows(usize, u64),
    /// The end of the block, of this many bytes.
    End(usize),
}

/// Where the rows of an INSERT stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// A row must begin.
    Row,
    /// Within a row.
    Inside,
    /// A row has ended.
    After,
    /// `UNION` stands behind a row.
    Union,
    /// `FROM DUAL`, or the SELECT at the end of an INSERT ALL.
    Source,
    /// Something that is not understood follows the rows.
    Tail,
    /// The statement has ended; perhaps the next one has the same head.
    Between,
    /// Nothing but the end of the block is left.
    Finished,
}

/// Cuts rows.
#[derive(Debug, Clone)]
pub struct Cutter {
    flavour: Flavour,
    style: Style,
    head: Vec<u8>,
    at: usize,
    resume: Resume,
    phase: Phase,
    depth: u32,
    /// Did ALL follow UNION? Without it, equal rows are one.
    all: bool,
    /// The end of the last token.
    last: usize,
    row_end: usize,
    rows: u64,
    statement_end: usize,
    /// What is wrong behind rows that have to leave first.
    fault: Option<RowFault>,
    /// May rows be gone over without the lexer?
    plain: bool,
}

impl Cutter {
    /// For the rows that follow `head`.
    pub fn new(flavour: Flavour, style: Style, head: Vec<u8>) -> Self {
        Cutter {
            flavour,
            style,
            head,
            at: 0,
            resume: Resume::default(),
            phase: Phase::Row,
            depth: 0,
            all: false,
            last: 0,
            row_end: 0,
            rows: 0,
            statement_end: 0,
            fault: None,
            plain: true,
        }
    }

    /// Where the token begins that has no end, and how many parentheses are open.
    pub fn open(&self) -> (usize, u32) {
        (self.at, self.depth)
    }

    /// Does nothing but the terminator miss?
    pub fn is_after_row(&self) -> bool {
        matches!(self.phase, Phase::After | Phase::Source)
    }

    /// Cuts the next piece off the front of `buf`.
    ///
    /// # Errors
    /// In Split mode, if something stands behind the rows that may change them.
    pub fn cut(&mut self, mode: RowMode, buf: &[u8], eof: bool) -> Result<Cut, RowFault> {
        if self.fault.is_none() {
            self.fault = self.scan(mode, buf, eof).err();
        }
        match self.fault.take() {
            Some(fault) if self.row_end == 0 => Err(fault),
            fault => {
                self.fault = fault;
                Ok(self.give(mode, buf.len(), eof))
            }
        }
    }

    fn scan(&mut self, mode: RowMode, buf: &[u8], eof: bool) -> Result<(), RowFault> {
        while self.phase != Phase::Finished {
            if self.phase == Phase::Between {
                match self.same_head(buf, eof) {
                    Some(true) => self.phase = Phase::Row,
                    Some(false) => self.phase = Phase::Finished,
                    None => break,
                }
                continue;
            }
            if self.plain_rows(buf) {
                continue;
            }
            let Step::Token(kind, end) = step(self.flavour, buf, self.at, eof, &mut self.resume)
            else {
                if eof && self.at == buf.len() && self.may_end() {
                    self.end_before();
                    self.phase = Phase::Finished;
                }
                break;
            };
            let at = self.at;
            if matches!(kind, Kind::Space | Kind::Comment) {
                self.at = end;
                continue;
            }
            if self.depth == 0 {
                match lines::line(self.flavour, buf, at, false, eof) {
                    Line::More => break,
                    // The slash belongs to the statement: without it, it would run the one before.
                    Line::End(end) if self.flavour == Flavour::Oracle => {
                        self.end_before();
                        self.at = end;
                        self.statement_end = end;
                        continue;
                    }
                    Line::End(_) | Line::Command(_) => {
                        if self.phase == Phase::Row && mode == RowMode::Split {
                            return fault("an INSERT ends where a row has to follow");
                        }
                        self.end_before();
                        continue;
                    }
                    Line::No => {}
                }
            }
            let raw = &buf[at..end];
            if self.phase == Phase::After && self.style == Style::All && is(raw, "INTO") {
                match self.same_into(&buf[at..], eof) {
                    None => break,
                    Some(Some(length)) => {
                        self.at = at + length;
                        self.phase = Phase::Row;
                        continue;
                    }
                    Some(None) => self.phase = Phase::Tail,
                }
            }
            self.at = end;
            self.take(kind, raw);
            if self.phase == Phase::Tail && mode == RowMode::Split {
                return fault("this INSERT does more than insert its rows");
            }
            if self.last < end && !matches!(self.phase, Phase::Between) {
                self.last = end;
            }
        }
        Ok(())
    }

    /// Goes over rows as dumpers write them, if they begin here.
    fn plain_rows(&mut self, buf: &[u8]) -> bool {
        let begins = self.phase == Phase::Row && buf.get(self.at) == Some(&b'(');
        let free = self.plain && self.style == Style::Values && self.resume == Resume::default();
        if !begins || !free {
            return false;
        }
        let writing = self.flavour.writing(&self.head);
        let Some(run) = writing.run(buf, self.at) else {
            return false;
        };
        self.rows += run.rows;
        self.row_end = run.end;
        (self.at, self.phase) = match run.open {
            Some(open) => (open, Phase::Row),
            None => (run.end, Phase::After),
        };
        self.last = self.at;
        true
    }

    /// May the input end here?
    fn may_end(&self) -> bool {
        self.flavour == Flavour::Mssql
            && self.depth == 0
            && match self.phase {
                Phase::After | Phase::Tail => true,
                Phase::Inside => self.style == Style::Select,
                _ => false,
            }
    }

    fn row_ends(&mut self, end: usize) {
        self.row_end = end;
        self.rows += 1;
    }

    /// The statement ends with its last token.
    fn end_before(&mut self) {
        if self.phase == Phase::Inside {
            self.row_ends(self.last);
        }
        self.statement_end = self.last;
        self.at = self.last;
        self.depth = 0;
        self.phase = Phase::Between;
    }

    fn union(&mut self) {
        self.all = false;
        self.phase = Phase::Union;
    }

    fn take(&mut self, kind: Kind, raw: &[u8]) {
        let mark = match kind {
            Kind::Mark => raw[0],
            _ => 0,
        };
        let select = self.style == Style::Select;
        if self.depth == 0 && self.phase != Phase::Row {
            if mark == b';' {
                if self.phase == Phase::Inside {
                    self.row_ends(self.last);
                }
                self.statement_end = self.at;
                self.phase = Phase::Between;
                return;
            }
            let begins = kind == Kind::Word && self.flavour.begins_statement(raw);
            if begins && self.phase != Phase::Union {
                self.end_before();
                return;
            }
        }
        match (mark, self.phase) {
            (b'(', Phase::Row) if !select => {
                self.phase = Phase::Inside;
                self.depth = 1;
            }
            (b'(', _) => {
                self.depth += 1;
                self.phase = match self.phase {
                    Phase::Row => Phase::Inside,
                    // A row without a comma before it.
                    Phase::After if self.depth == 1 => Phase::Tail,
                    phase => phase,
                };
            }
            (b')', _) => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 && self.phase == Phase::Inside && !select {
                    self.phase = Phase::After;
                    self.row_ends(self.at);
                }
            }
            (b',', Phase::After) if self.style == Style::Values => self.phase = Phase::Row,
            _ if self.depth > 0 => {}
            (_, Phase::Row) if select => {
                let quantifier = ["DISTINCT", "TOP", "ALL"].iter().any(|word| is(raw, word));
                self.phase = if quantifier {
                    Phase::Tail
                } else {
                    Phase::Inside
                };
            }
            (_, Phase::Inside) if is(raw, "UNION") => {
                self.row_ends(self.last);
                self.union();
            }
            (_, Phase::Inside) if is(raw, "FROM") => {
                self.row_ends(self.last);
                self.phase = match self.flavour {
                    Flavour::Oracle => Phase::Source,
                    Flavour::Mssql => Phase::Tail,
                };
            }
            (_, Phase::Inside) if kind == Kind::Word && ends_list(raw) => {
                self.row_ends(self.last);
                self.phase = Phase::Tail;
            }
            (_, Phase::Union) if is(raw, "ALL") => self.all = true,
            (_, Phase::Union) if is(raw, "SELECT") && self.all => self.phase = Phase::Row,
            (_, Phase::Union) => self.phase = Phase::Tail,
            (_, Phase::Source) if select && is(raw, "UNION") => self.union(),
            (_, Phase::Source) if select && !is(raw, "DUAL") => self.phase = Phase::Tail,
            (_, Phase::After) if self.style == Style::All && is(raw, "SELECT") => {
                self.phase = Phase::Source;
            }
            (_, Phase::Row | Phase::After) => self.phase = Phase::Tail,
            _ => {}
        }
    }

    /// Does another `INTO t (…) VALUES` of the same head begin here? None: more has to come.
    fn same_into(&self, rest: &[u8], eof: bool) -> Option<Option<usize>> {
        let into = into_of(&self.head);
        if rest.len() <= into.len() && !eof && into.starts_with(rest) {
            return None;
        }
        let same = rest.starts_with(into) && rest.get(into.len()) == Some(&b'(');
        Some(same.then_some(into.len()))
    }

    /// Does a statement with the same head and a row follow? None if that cannot be told yet.
    fn same_head(&mut self, buf: &[u8], eof: bool) -> Option<bool> {
        let start = lines::between(self.flavour, buf, self.statement_end, eof)?;
        let rest = &buf[start..];
        if rest.len() <= self.head.len() {
            return (eof || !self.head.starts_with(rest)).then_some(false);
        }
        let row = self.style == Style::Select || rest[self.head.len()] == b'(';
        let same = rest.starts_with(&self.head) && row;
        if same {
            self.at = start + self.head.len();
            self.last = self.at;
            self.depth = 0;
        }
        Some(same)
    }

    /// What can leave now.
    fn give(&mut self, mode: RowMode, available: usize, eof: bool) -> Cut {
        let end = match (mode, self.phase) {
            (RowMode::Pass, _) if eof && self.phase != Phase::Finished => available,
            (RowMode::Pass, Phase::Inside) => self.last.min(self.at),
            _ => self.row_end,
        };
        if end == 0 {
            return match self.phase {
                Phase::Finished => Cut::End(self.statement_end),
                _ => Cut::More,
            };
        }
        for place in [&mut self.at, &mut self.statement_end, &mut self.last] {
            *place = place.saturating_sub(end);
        }
        self.row_end = 0;
        let rows = std::mem::take(&mut self.rows);
        Cut::Rows(end, if mode == RowMode::Pass { 0 } else { rows })
    }
}

/// The part of an INSERT ALL's head that is written again before every row.
pub fn into_of(head: &[u8]) -> &[u8] {
    let upper = head.to_ascii_uppercase();
    let at = memchr::memmem::find(&upper, b"INTO").unwrap_or(0);
    &head[at..]
}

fn is(raw: &[u8], word: &str) -> bool {
    raw.eq_ignore_ascii_case(word.as_bytes())
}

/// Words that cannot be part of a list of literals.
fn ends_list(raw: &[u8]) -> bool {
    [
        "WHERE",
        "EXCEPT",
        "INTERSECT",
        "MINUS",
        "ORDER",
        "GROUP",
        "OPTION",
        "INTO",
        "HAVING",
        "FOR",
    ]
    .iter()
    .any(|word| is(raw, word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEAD: &str = "INSERT [dbo].[t] ([a], [b]) VALUES ";

    /// The rows' bytes, their number and the end, however the text is cut.
    fn cuts(
        mut rows: Cutter,
        mode: RowMode,
        text: &str,
        cut: usize,
    ) -> Result<(String, u64, String), RowFault> {
        let (mut from, mut have) = (0, 0);
        let (mut bytes, mut count) = (String::new(), 0);
        loop {
            let eof = have == text.len();
            match rows.cut(mode, &text.as_bytes()[from..have], eof)? {
                Cut::End(length) => {
                    return Ok((bytes, count, text[from..from + length].to_owned()));
                }
                Cut::More if eof => return Ok((bytes, count, format!("?{}", &text[from..]))),
                Cut::More => have = (have + cut).min(text.len()),
                Cut::Rows(length, rows) => {
                    bytes.push_str(&text[from..from + length]);
                    count += rows;
                    from += length;
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]
        #[test]
        fn any_rows_are_cut_as_the_lexer_cuts_them(
            oracle in any::<bool>(),
            text in "(\\((1|N?'a'|'(''|;|\\)|a|\nGO\n)*'|NULL|CAST\\(N?'x' AS f\\(1, -2\\)\\)|-1|'|/\\*|\\*/|--|:x|q'\\['|\\[|\"|\nGO\n|,)(, ?('b'|2|''|- 1| ))?\\)(,|,\n|;\n|\r\n| GO\n|\nGO\r\n|(;|\n|\r\n|;\n|\nGO\n| UPDATE u SET a = 1\n|\n/\n)INSERT \\[dbo\\]\\.\\[(t\\] \\(\\[a\\], \\[b\\]\\)|u\\]) VALUES | ON)){0,6}",
            cut in 1usize..80,
        ) {
            let flavour = if oracle { Flavour::Oracle } else { Flavour::Mssql };
            let rows = Cutter::new(flavour, Style::Values, HEAD.as_bytes().to_vec());
            let closely = Cutter { plain: false, ..rows.clone() };
            for mode in [RowMode::Split, RowMode::Pass] {
                let found = cuts(rows.clone(), mode, &text, cut);
                prop_assert_eq!(found, cuts(closely.clone(), mode, &text, cut), "{:?} by {}", text, cut);
            }
        }
    }
}
