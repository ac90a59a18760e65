//! The rows of INSERT … VALUES: where the cells of each stand, and how new ones are written.

use super::is_plain_tail;
use crate::dialect::postgres::copy_text::fault;
use crate::dialect::postgres::literal::Literals;
use crate::dialect::postgres::tokens::{Kind, Tokens, tokens};
use crate::dialect::{RowCodec, RowFault, RowSpan};
use crate::schema::DataType;
use std::borrow::Cow;

/// Reads and writes the rows of INSERTs.
#[derive(Debug)]
pub struct InsertCodec {
    head: Vec<u8>,
    literals: Literals,
}

impl InsertCodec {
    /// A codec for the rows of statements that begin with `head`.
    pub fn new(head: Vec<u8>, literals: Literals) -> Self {
        InsertCodec { head, literals }
    }

    /// Goes over what stands before a row. Gives where the row begins and, if a new statement
    /// begins, where. None if no row follows.
    fn lead<'a>(
        &self,
        batch: &'a [u8],
        rest: &mut Tokens<'a>,
    ) -> Result<Option<(usize, Option<usize>)>, RowFault> {
        let from = rest.offset();
        let Some(token) = rest.next() else {
            return Ok(None);
        };
        if from == 0 && token.punctuation(b'(') {
            return Ok(Some((token.start, None)));
        }
        if token.punctuation(b',') {
            return match rest.next() {
                Some(open) if open.punctuation(b'(') => Ok(Some((open.start, None))),
                _ => fault("a row of an INSERT does not begin with a parenthesis"),
            };
        }
        let mut end = token;
        while !end.punctuation(b';') {
            end = match rest.next() {
                Some(token) => token,
                None => return fault("an INSERT has no end"),
            };
        }
        if !is_plain_tail(rest.within(from..end.end)) {
            return fault("this INSERT does more than insert its rows");
        }
        let space = batch[end.end..]
            .iter()
            .take_while(|b| b.is_ascii_whitespace())
            .count();
        let statement = end.end + space;
        let open = statement + self.head.len();
        if !batch[statement..].starts_with(&self.head) || batch.get(open) != Some(&b'(') {
            return fault("an INSERT has another head than the one before");
        }
        *rest = tokens(batch, rest.lexing()).within(open + 1..batch.len());
        Ok(Some((open, Some(statement))))
    }
}

impl RowCodec for InsertCodec {
    fn row(&self, batch: &[u8], at: usize, row: &mut RowSpan) -> Result<bool, RowFault> {
        row.cells.clear();
        let lexing = self.literals.charset.lexing(self.literals.standard);
        let mut rest = tokens(batch, lexing).within(at..batch.len());
        let Some((open, statement)) = self.lead(batch, &mut rest)? else {
            row.lead = at..batch.len();
            row.statement = None;
            row.body = batch.len()..batch.len();
            return Ok(false);
        };
        row.lead = at..open;
        row.statement = statement;
        let mut depth = 1u32;
        let mut cell: Option<(usize, usize)> = None;
        for token in rest {
            match (token.kind, token.raw) {
                (Kind::Punctuation, b"(" | b"[") => depth += 1,
                (Kind::Punctuation, b")" | b"]") => depth -= 1,
                (Kind::Unfinished | Kind::Backslash, _) => break,
                _ => {}
            }
            if depth == 0 || depth == 1 && token.punctuation(b',') {
                let Some((start, end)) = cell.take() else {
                    return fault("a cell is empty");
                };
                row.cells.push(start..end);
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

    fn decode<'a>(
        &self,
        _column: usize,
        raw: &'a [u8],
        data_type: &DataType,
    ) -> Result<Option<Cow<'a, [u8]>>, RowFault> {
        self.literals.decode(raw, data_type)
    }

    fn encode(
        &self,
        _column: usize,
        text: Option<&[u8]>,
        original: Option<&[u8]>,
        data_type: &DataType,
        out: &mut Vec<u8>,
    ) -> Result<(), RowFault> {
        self.literals.encode(text, original, data_type, out)
    }

    fn encode_generated(&self, out: &mut Vec<u8>) -> Result<(), RowFault> {
        out.extend_from_slice(b"DEFAULT");
        Ok(())
    }

    fn write_row(
        &self,
        cells: &[(Option<&[u8]>, &DataType)],
        out: &mut Vec<u8>,
    ) -> Result<(), RowFault> {
        out.push(b'(');
        for (column, (text, data_type)) in cells.iter().enumerate() {
            if column > 0 {
                out.extend_from_slice(b", ");
            }
            self.literals.encode(*text, None, data_type, out)?;
        }
        out.push(b')');
        Ok(())
    }
}
