//! The blocks of rows within statements: their heads, their rows and where they end.

use super::{PlainFramer, State, Step};
use crate::dialect::postgres::copy_csv::CsvCodec;
use crate::dialect::postgres::copy_head::{CopyHead, Format};
use crate::dialect::postgres::copy_rows::{CopyRows, Cut};
use crate::dialect::postgres::copy_text::{Newline, TextCodec};
use crate::dialect::postgres::ending::Unfinished;
use crate::dialect::postgres::insert::{self, InsertCodec, InsertRows};
use crate::dialect::postgres::literal::Literals;
use crate::dialect::postgres::scanner::Scanner;
use crate::dialect::{Block, Frame, RowCodec, RowMode};
use crate::error::{Error, Result};
use bytes::BytesMut;
use std::sync::Arc;

impl PlainFramer {
    /// A COPY whose head line ends at `end`, with the text `behind` its semicolon.
    pub(super) fn copy(&mut self, head: CopyHead, end: usize, behind: Vec<u8>) -> Step {
        let gone = end.min(self.prefix.len());
        self.prefix.drain(..gone);
        if !behind.trim_ascii().is_empty() {
            self.prefix = behind;
        }
        let charset = head.encoding.clone();
        let charset = charset.unwrap_or_else(|| self.session.charset.clone());
        let rows = CopyRows::new(&head, charset);
        self.state = State::First(Box::new(head), end - gone, rows);
        Step::Again
    }

    /// Begins with the rows of a COPY as soon as their line ends are known.
    pub(super) fn first(&mut self, input: &mut BytesMut, eof: bool) -> Step {
        let State::First(head, end, rows) = &mut self.state else {
            return Step::Again;
        };
        let Some((newline, row)) = rows.first_line(&input[*end..], eof) else {
            return Step::More;
        };
        rows.start(newline);
        let length = *end + row.filter(|_| head.header).unwrap_or(0);
        let (head, rows) = ((**head).clone(), rows.clone());
        let block = Arc::new(self.copy_block(head, newline));
        self.inserts = false;
        self.state = State::Copy(block.clone(), rows);
        self.head(input, length, block)
    }

    fn copy_block(&self, head: CopyHead, newline: Newline) -> Block {
        let context = self.session.context();
        let relation = context.resolve(&self.catalog, head.relation.clone());
        let columns = head.columns.clone().or_else(|| {
            let relation = self.catalog.relation(&relation)?;
            let stored = relation
                .columns
                .iter()
                .filter(|c| !c.generated.is_computed());
            Some(stored.map(|c| c.name.clone()).collect())
        });
        let charset = head.encoding.clone();
        let charset = charset.unwrap_or_else(|| self.session.charset.clone());
        let width = columns.as_ref().map(Vec::len);
        let codec: Arc<dyn RowCodec> = match head.format {
            Format::Csv => Arc::new(CsvCodec::new(head, charset, newline, columns.clone())),
            _ => Arc::new(TextCodec::new(head, charset, newline, width)),
        };
        Block {
            relation,
            columns,
            has_end: true,
            tied: !self.prefix.is_empty(),
            entry: None,
            codec,
        }
    }

    /// The rows of INSERTs, whose head ends at `end`.
    pub(super) fn insert(
        &mut self,
        input: &mut BytesMut,
        end: usize,
        head: insert::InsertHead,
    ) -> Step {
        let context = self.session.context();
        let relation = context.resolve(&self.catalog, head.relation);
        let columns = head.columns.or_else(|| {
            let relation = self.catalog.relation(&relation)?;
            Some(relation.columns.iter().map(|c| c.name.clone()).collect())
        });
        let bytes = input[..end].to_vec();
        let literals = Literals {
            charset: self.session.charset.clone(),
            standard: self.session.standard_conforming_strings,
        };
        let rows = InsertRows::new(bytes.clone(), self.session.lexing());
        let block = Arc::new(Block {
            relation,
            columns,
            has_end: false,
            tied: false,
            entry: None,
            codec: Arc::new(InsertCodec::new(bytes, literals)),
        });
        self.inserts = true;
        self.scanner = Scanner::default();
        self.state = State::Insert(block.clone(), rows);
        self.head(input, end, block)
    }

    fn head(&mut self, input: &mut BytesMut, length: usize, block: Arc<Block>) -> Step {
        self.mode = RowMode::Pass;
        let bytes = input.split_to(length).freeze();
        let at = self.at;
        self.at.advance(&bytes);
        Step::Frame(Frame::Head { bytes, at, block })
    }

    /// The rows of the block and its end.
    pub(super) fn rows_of_block(&mut self, input: &mut BytesMut, eof: bool) -> Result<Step> {
        let mut lines = None;
        let (block, cut) = match &mut self.state {
            State::Copy(block, rows) => {
                let cut = rows.cut(self.mode, input, eof);
                lines = rows.lines();
                (block.clone(), Ok(cut))
            }
            State::Insert(block, rows) => {
                let cut = rows.cut(self.mode, &self.rules, input, eof);
                (block.clone(), cut)
            }
            _ => return Ok(Step::Again),
        };
        let cut = cut.map_err(|fault| fault.among_rows(&block.relation, self.at))?;
        let length = match cut {
            Cut::Rows(length, _) | Cut::End(length) => length,
            Cut::More => 0,
        };
        let bytes = input.split_to(length).freeze();
        let at = self.at;
        match lines.filter(|_| length > 0) {
            Some(lines) => self.at.advance_by(length, lines),
            None => self.at.advance(&bytes),
        }
        match cut {
            Cut::Rows(_, rows) => {
                let count = self.counts.entry(block.relation.clone()).or_default();
                let first_row = *count;
                *count += rows;
                let first_row = if self.mode == RowMode::Pass {
                    0
                } else {
                    first_row
                };
                Ok(Step::Frame(Frame::Rows {
                    bytes,
                    at,
                    first_row,
                    rows,
                }))
            }
            Cut::End(_) => {
                self.state = State::Top;
                Ok(Step::Frame(Frame::End { bytes, at }))
            }
            Cut::More if eof => self.cut_short(input),
            Cut::More => Ok(Step::More),
        }
    }

    /// The input ends within rows. A part of a row that somebody wants to read must not leave.
    fn cut_short(&mut self, input: &mut BytesMut) -> Result<Step> {
        let state = std::mem::replace(&mut self.state, State::Done);
        let unfinished = match state {
            State::Copy(block, _) => Unfinished::Copy(block),
            State::Insert(block, rows) => Unfinished::Insert(block, rows),
            _ => return Ok(Step::Again),
        };
        let relation = unfinished.relation();
        self.unfinished = Some(unfinished);
        if self.mode == RowMode::Split && !input.trim_ascii().is_empty() {
            return Err(Error::input("the input ends within a row")
                .relation(relation)
                .at(self.at)
                .remedy("it is truncated; make the dump again"));
        }
        let rest = input.len();
        Ok(self.other(input, rest))
    }
}
