//! The rows of INSERTs: batches of whole rows over statements of the same head, and the cells of
//! each row.

use super::charset::Wide;
use super::fault;
use super::insert;
use super::lexer::{Grammar, Lexer, Open, Step, Unit};
use super::tokens::{Tokens, tokens};
use crate::dialect::tuple::{Writing, survey};
use crate::dialect::{Bare, RowFault, RowMap, RowMode, RowSpan, Signed, Surveyed, Wanted};

/// What [`InsertRows::cut`] gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// More input is needed.
    More,
    /// This many bytes of rows, and how many rows (0 in Pass mode).
    Rows(usize, u64),
    /// The end of the block, with this length.
    End(usize),
}

/// Where the rows of an INSERT stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// A row must begin.
    Row,
    /// Within the parentheses of a row.
    Inside,
    /// A row has ended.
    After,
    /// Something other than a row follows.
    Tail,
    /// The statement has ended; perhaps the next one has the same head.
    Between,
    /// Nothing but the end of the block is left.
    Finished,
}

/// Cuts the rows of INSERTs that share their head into batches and finds where they end.
#[derive(Debug, Clone)]
pub struct InsertRows {
    head: Vec<u8>,
    grammar: Grammar,
    lexer: Lexer,
    at: usize,
    phase: Phase,
    depth: u32,
    row_end: usize,
    rows: u64,
    statement_end: usize,
    /// What is wrong behind rows that have to leave first.
    fault: Option<RowFault>,
    /// May rows be gone over without the lexer?
    plain: bool,
}

impl InsertRows {
    /// The rows that follow `head`.
    pub fn new(head: Vec<u8>, grammar: Grammar) -> Self {
        InsertRows {
            plain: is_plain(&grammar),
            head,
            grammar,
            lexer: Lexer::default(),
            at: 0,
            phase: Phase::Row,
            depth: 0,
            row_end: 0,
            rows: 0,
            statement_end: 0,
            fault: None,
        }
    }

    /// What is open where the input stopped.
    pub fn open(&self) -> (Option<Open>, u32) {
        (self.lexer.open(), self.depth)
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
            if self.at >= buf.len() {
                break;
            }
            if self.plain_rows(buf) {
                continue;
            }
            let Step::Unit(unit, end) = self.lexer.step(&self.grammar, buf, self.at, eof) else {
                break;
            };
            let start = std::mem::replace(&mut self.at, end);
            if unit == Unit::Delimiter && mode == RowMode::Split && &buf[start..end] == b"\\c" {
                return fault("the client cancels this INSERT (\\c)");
            }
            if unit == Unit::Delimiter && mode == RowMode::Split && self.phase == Phase::Row {
                return fault("an INSERT ends where a row has to follow");
            }
            self.take(unit);
            if self.phase == Phase::Tail && mode == RowMode::Split {
                return fault("this INSERT does more than insert its rows (its end is not known)");
            }
        }
        Ok(())
    }

    /// Goes over rows as dumpers write them, if they begin here.
    fn plain_rows(&mut self, buf: &[u8]) -> bool {
        let begins = self.phase == Phase::Row && buf[self.at] == b'(';
        let free = self.plain && self.lexer.open().is_none() && !self.lexer.in_code();
        if !begins || !free {
            return false;
        }
        let writing = Writing {
            head: &self.head,
            backslashes: self.grammar.backslashes,
            unmarked: false,
        };
        let Some(run) = writing.run(buf, self.at) else {
            return false;
        };
        self.row_end = run.end;
        self.rows += run.rows;
        (self.at, self.phase) = match run.open {
            Some(open) => (open, Phase::Row),
            None => (run.end, Phase::After),
        };
        true
    }

    fn end_row(&mut self) {
        self.phase = Phase::After;
        self.row_end = self.at;
        self.rows += 1;
    }

    fn take(&mut self, unit: Unit) {
        match (self.phase, unit) {
            (_, Unit::Space | Unit::Comment) => {}
            (_, Unit::Delimiter) => {
                self.statement_end = self.at;
                self.depth = 0;
                self.phase = Phase::Between;
                self.lexer = Lexer::default();
            }
            (Phase::Row, Unit::Mark(b'(')) => {
                self.phase = Phase::Inside;
                self.depth = 1;
            }
            (Phase::Inside | Phase::Tail, Unit::Mark(b'(')) => self.depth += 1,
            (Phase::Inside | Phase::Tail, Unit::Mark(b')')) => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 && self.phase == Phase::Inside {
                    self.end_row();
                }
            }
            (Phase::After, Unit::Mark(b',')) => self.phase = Phase::Row,
            (Phase::Row | Phase::After, _) => self.phase = Phase::Tail,
            _ => {}
        }
    }

    /// Does a statement with the same head and a row follow? None if that cannot be told yet.
    fn same_head(&mut self, buf: &[u8], eof: bool) -> Option<bool> {
        let rest = &buf[self.statement_end..];
        let space = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
        let rest = &rest[space..];
        if rest.len() <= self.head.len() {
            return (eof || !self.head.starts_with(rest)).then_some(false);
        }
        let same = rest.starts_with(&self.head) && rest[self.head.len()] == b'(';
        if same {
            self.at = self.statement_end + space + self.head.len();
        }
        Some(same)
    }

    /// What can leave now.
    fn give(&mut self, mode: RowMode, available: usize, eof: bool) -> Cut {
        let end = match (mode, self.phase) {
            (RowMode::Pass, _) if eof && self.phase != Phase::Finished => available,
            (RowMode::Pass, Phase::Inside) => self.at,
            _ => self.row_end,
        };
        if end == 0 {
            return match self.phase {
                Phase::Finished => Cut::End(self.statement_end),
                _ => Cut::More,
            };
        }
        self.at = self.at.saturating_sub(end);
        self.statement_end = self.statement_end.saturating_sub(end);
        self.row_end = 0;
        let rows = std::mem::take(&mut self.rows);
        Cut::Rows(end, if mode == RowMode::Pass { 0 } else { rows })
    }
}

/// Can rows be gone over byte by byte?
fn is_plain(grammar: &Grammar) -> bool {
    grammar.charset.wide == Wide::No && grammar.delimiter == b";"
}

/// Finds the rows of a batch and their cells.
#[derive(Debug, Clone)]
pub struct RowReader {
    head: Vec<u8>,
    /// How the dump's bytes are read.
    pub grammar: Grammar,
    set: bool,
}

impl RowReader {
    /// For the rows of statements that begin with `head`; `set` for `INSERT … SET`.
    pub fn new(head: Vec<u8>, grammar: Grammar, set: bool) -> Self {
        RowReader { head, grammar, set }
    }

    /// As [`crate::dialect::RowCodec::row`].
    ///
    /// # Errors
    /// If the row cannot be parsed with certainty.
    pub fn row(&self, batch: &[u8], at: usize, row: &mut RowSpan) -> Result<bool, RowFault> {
        match !self.set && is_plain(&self.grammar) && self.writing().row(batch, at, row) {
            true => Ok(true),
            false => self.row_of_tokens(batch, at, row),
        }
    }

    /// As [`crate::dialect::RowCodec::survey`], of cells of which `bare` tells what they hold.
    pub fn survey(
        &self,
        bare: impl Fn(&[u8]) -> Bare + Copy,
        batch: &[u8],
        at: usize,
        wanted: &Wanted,
        map: &mut RowMap,
        found: &mut Vec<Signed>,
    ) -> Surveyed {
        match self.set || !is_plain(&self.grammar) || !self.grammar.charset.is_plain() {
            true => Surveyed::none(at),
            false => survey(&self.writing(), bare, batch, at, wanted, map, found),
        }
    }

    fn writing(&self) -> Writing<'_> {
        Writing {
            head: &self.head,
            backslashes: self.grammar.backslashes,
            unmarked: false,
        }
    }

    /// [`RowReader::row`], token by token.
    fn row_of_tokens(&self, batch: &[u8], at: usize, row: &mut RowSpan) -> Result<bool, RowFault> {
        row.cells.clear();
        row.statement = None;
        let mut rest = tokens(&self.grammar, batch).within(at..batch.len());
        let first = if self.set && at == 0 {
            rest.peek().map(|token| (token.start, None))
        } else {
            self.lead(batch, &mut rest)?
        };
        let Some((open, statement)) = first else {
            row.lead = at..batch.len();
            row.body = batch.len()..batch.len();
            return Ok(false);
        };
        row.lead = at..open;
        row.statement = statement;
        if self.set {
            let found = insert::set_cells(rest, |_, cell| row.cells.push(cell));
            let end = row.cells.last().map(|cell| cell.end);
            let (Some(()), Some(end)) = (found, end) else {
                return fault("an INSERT … SET is not understood");
            };
            row.body = open..end;
            return Ok(true);
        }
        let mut depth = 1u32;
        let mut cell: Option<(usize, usize)> = None;
        for token in rest {
            match token.kind {
                Unit::Mark(b'(') => depth += 1,
                Unit::Mark(b')') => depth -= 1,
                Unit::Delimiter | Unit::Mark(b'\'' | b'"' | b'`') => break,
                _ => {}
            }
            if depth == 0 || depth == 1 && token.mark(b',') {
                match cell.take() {
                    Some((start, end)) => row.cells.push(start..end),
                    None if depth == 0 && row.cells.is_empty() => {}
                    None => return fault("a cell is empty"),
                }
                if depth == 0 {
                    row.body = open..token.end;
                    return Ok(true);
                }
            } else {
                cell = Some((cell.map_or(token.start, |(start, _)| start), token.end));
            }
        }
        fault("a row has no end")
    }

    /// Goes over what stands before a row. Gives where the row begins and, if a new statement
    /// begins, where. None if no row follows.
    fn lead(
        &self,
        batch: &[u8],
        rest: &mut Tokens<'_>,
    ) -> Result<Option<(usize, Option<usize>)>, RowFault> {
        let from = rest.offset();
        let Some(token) = rest.next() else {
            return Ok(None);
        };
        if from == 0 && token.mark(b'(') {
            return Ok(Some((token.start, None)));
        }
        if token.mark(b',') {
            return match rest.next() {
                Some(open) if open.mark(b'(') => Ok(Some((open.start, None))),
                _ => fault("a row of an INSERT does not begin with a parenthesis"),
            };
        }
        if !token.ends() {
            return fault("this INSERT does more than insert its rows");
        }
        let space = batch[token.end..]
            .iter()
            .take_while(|b| b.is_ascii_whitespace())
            .count();
        let statement = token.end + space;
        let open = statement + self.head.len();
        if !batch[statement..].starts_with(&self.head) || batch.get(open) != Some(&b'(') {
            return fault("an INSERT has another head than the one before");
        }
        *rest = rest.within(open + 1..batch.len());
        Ok(Some((open, Some(statement))))
    }
}

#[cfg(test)]
mod tests;
