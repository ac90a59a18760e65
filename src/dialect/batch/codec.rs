//! The rows of an INSERT: where the cells of each stand, and how new ones are written.

use super::charset::{Charset, REMEDY};
use super::head::Style;
use super::rows::into_of;
use super::tokens::{Kind, Token, Tokens, tokens};
use super::{Flavour, fault, lines};
use crate::dialect::{Bare, RowCodec, RowFault, RowSpan};
use crate::schema::DataType;
use std::borrow::Cow;
use std::fmt::Debug;
use std::sync::Arc;

/// Reads and writes single cells.
pub trait Literals: Send + Sync + Debug {
    /// The text form of a raw cell; none is NULL.
    ///
    /// # Errors
    /// If the cell is not a literal that can be read with certainty.
    fn decode<'a>(
        &self,
        raw: &'a [u8],
        data_type: &DataType,
    ) -> Result<Option<Cow<'a, [u8]>>, RowFault>;

    /// As [`RowCodec::bare`].
    fn bare(&self, _raw: &[u8]) -> Bare {
        Bare::Unclear
    }

    /// Appends the literal of a text form, in the quoting class of `original`.
    ///
    /// # Errors
    /// If the text cannot be written.
    fn encode(
        &self,
        text: Option<&[u8]>,
        original: Option<&[u8]>,
        data_type: &DataType,
        out: &mut Vec<u8>,
    ) -> Result<(), RowFault>;
}

/// Reads and writes the rows of INSERTs with one head.
#[derive(Debug)]
pub struct InsertCodec {
    flavour: Flavour,
    style: Style,
    head: Vec<u8>,
    literals: Arc<dyn Literals>,
    charset: Arc<Charset>,
}

/// Where a row begins, and its statement if that is a new one.
type Lead = Option<(usize, Option<usize>)>;

impl InsertCodec {
    /// For the rows of statements that begin with `head`.
    pub fn new(
        flavour: Flavour,
        style: Style,
        head: Vec<u8>,
        literals: Arc<dyn Literals>,
        charset: Arc<Charset>,
    ) -> Self {
        InsertCodec {
            flavour,
            style,
            head,
            literals,
            charset,
        }
    }

    fn writable(&self, text: Option<&[u8]>) -> Result<(), RowFault> {
        match text.is_none_or(|text| self.charset.writes(text)) {
            true => Ok(()),
            false => Err(RowFault(format!("the script is not UTF-8; {REMEDY}"))),
        }
    }

    /// Goes over what stands before a row.
    fn lead(&self, batch: &[u8], at: usize, mut rest: Tokens<'_>) -> Result<Lead, RowFault> {
        let Some(mut token) = rest.next() else {
            return Ok(None);
        };
        if self.style == Style::Values && token.mark(b',') {
            return match rest.next() {
                Some(open) if open.mark(b'(') => Ok(Some((open.start, None))),
                _ => fault("a row of an INSERT does not begin with a parenthesis"),
            };
        }
        let into = into_of(&self.head);
        if self.style == Style::All
            && token.keyword("INTO")
            && batch[token.start..].starts_with(into)
        {
            return Ok(Some((token.start + into.len(), None)));
        }
        let mut end = at;
        if self.style == Style::Select && self.flavour == Flavour::Oracle && token.keyword("FROM") {
            match rest.next() {
                Some(dual) if dual.keyword("DUAL") => end = dual.end,
                _ => return fault("this INSERT … SELECT reads a table"),
            }
            token = match rest.next() {
                Some(token) => token,
                None => return Ok(None),
            };
        }
        if self.style == Style::Select && token.keyword("UNION") {
            if !rest.eat("ALL SELECT") {
                return fault("this INSERT does more than insert its rows");
            }
            return Ok(rest.next().map(|first| (first.start, None)));
        }
        if self.style == Style::All && token.keyword("SELECT") {
            for token in rest {
                end = token.start;
                if token.mark(b';') || self.is_line(&token, batch).is_some() {
                    break;
                }
            }
        }
        // A first row begins the batch.
        let first = match self.style {
            Style::Select => !token.keyword("INSERT") && !token.mark(b';') && !token.keyword("GO"),
            _ => token.mark(b'('),
        };
        if at == 0 && end == 0 && first {
            return Ok(Some((token.start, None)));
        }
        let Some(statement) =
            lines::between(self.flavour, batch, self.terminator(batch, end), true)
        else {
            return Ok(None);
        };
        if statement >= batch.len() {
            return Ok(None);
        }
        if !batch[statement..].starts_with(&self.head) {
            return fault("an INSERT has another head than the one before");
        }
        let row = statement + self.head.len();
        let first = tokens(batch, self.flavour).within(row..batch.len()).next();
        Ok(first.map(|token| match self.style {
            Style::Select => (token.start, Some(statement)),
            _ => (row, Some(statement)),
        }))
    }

    /// Where the terminator of the statement stands, comments left aside; behind it, if it is a line.
    fn terminator(&self, batch: &[u8], at: usize) -> usize {
        let mut rest = tokens(batch, self.flavour).within(at..batch.len());
        match rest.next() {
            Some(token) if token.mark(b';') => token.start,
            Some(token) if self.flavour == Flavour::Oracle => {
                self.is_line(&token, batch).unwrap_or(at)
            }
            _ => at,
        }
    }

    /// Where the line ends, if the token is one that ends a statement.
    fn is_line(&self, token: &Token<'_>, batch: &[u8]) -> Option<usize> {
        match lines::line(self.flavour, batch, token.start, false, true) {
            lines::Line::End(end) => Some(end),
            _ => None,
        }
    }

    /// Does the row's SELECT end before this token?
    fn ends_select(&self, token: &Token<'_>, batch: &[u8]) -> bool {
        token.mark(b';')
            || token.kind == Kind::Word
                && (token.keyword("UNION")
                    || token.keyword("FROM")
                    || self.flavour.begins_statement(token.raw)
                    || self.is_line(token, batch).is_some())
            || self.flavour == Flavour::Oracle && self.is_line(token, batch).is_some()
    }
}

impl InsertCodec {
    /// [`RowCodec::row`], token by token.
    fn row_of_tokens(&self, batch: &[u8], at: usize, row: &mut RowSpan) -> Result<bool, RowFault> {
        row.cells.clear();
        let mut rest = tokens(batch, self.flavour).within(at..batch.len());
        let Some((open, statement)) = self.lead(batch, at, rest)? else {
            row.lead = at..batch.len();
            row.statement = None;
            row.body = batch.len()..batch.len();
            return Ok(false);
        };
        row.statement = statement;
        row.lead = at..open;
        rest = rest.within(open..batch.len());
        let list = if self.style == Style::Select { 0 } else { 1 };
        let mut depth = 0u32;
        let mut cell: Option<(usize, usize)> = None;
        if list == 1 {
            rest.next();
            depth = 1;
        }
        let body = |end: usize| open..end;
        loop {
            let token = rest.next();
            let ends = match &token {
                None => list == 0 && depth == 0,
                Some(token) if list == 0 => depth == 0 && self.ends_select(token, batch),
                Some(token) => depth == 1 && token.mark(b')'),
            };
            let comma = token.is_some_and(|t| depth == list && t.mark(b','));
            if ends || comma {
                let Some((start, end)) = cell.take() else {
                    return fault("a cell is empty");
                };
                row.cells.push(start..end);
                if ends {
                    row.body = body(match token {
                        Some(close) if list == 1 => close.end,
                        _ => end,
                    });
                    return Ok(true);
                }
                continue;
            }
            let Some(token) = token.filter(|t| t.kind != Kind::Unfinished) else {
                return fault("a row has no end");
            };
            if token.mark(b'(') {
                depth += 1;
            } else if token.mark(b')') {
                depth = depth.saturating_sub(1);
            }
            cell = Some((cell.map_or(token.start, |(start, _)| start), token.end));
        }
    }
}

impl RowCodec for InsertCodec {
    fn row(&self, batch: &[u8], at: usize, row: &mut RowSpan) -> Result<bool, RowFault> {
        let plain = self.style == Style::Values;
        match plain && self.flavour.writing(&self.head).row(batch, at, row) {
            true => Ok(true),
            false => self.row_of_tokens(batch, at, row),
        }
    }

    fn bare(&self, raw: &[u8]) -> Bare {
        self.literals.bare(raw)
    }

    fn decode<'a>(
        &self,
        _column: usize,
        raw: &'a [u8],
        data_type: &DataType,
    ) -> Result<Option<Cow<'a, [u8]>>, RowFault> {
        if !self.charset.reads(raw) {
            return Err(RowFault(format!("the cell is not UTF-8; {REMEDY}")));
        }
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
        self.writable(text)?;
        self.literals.encode(text, original, data_type, out)
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
            self.writable(*text)?;
            self.literals.encode(*text, None, data_type, out)?;
        }
        out.push(b')');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::tuple::testing::rows;
    use proptest::prelude::*;

    const HEAD: &str = "INSERT [dbo].[t] ([a], [b]) VALUES ";

    #[derive(Debug)]
    struct Nothing;

    impl Literals for Nothing {
        fn decode<'a>(
            &self,
            raw: &'a [u8],
            _: &DataType,
        ) -> Result<Option<Cow<'a, [u8]>>, RowFault> {
            Ok(Some(Cow::Borrowed(raw)))
        }

        fn encode(
            &self,
            _: Option<&[u8]>,
            _: Option<&[u8]>,
            _: &DataType,
            _: &mut Vec<u8>,
        ) -> Result<(), RowFault> {
            Ok(())
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]
        #[test]
        fn rows_are_the_same_token_by_token(
            oracle in any::<bool>(),
            rows_of in proptest::collection::vec((
                "(,|,\n\t|(;|\r\n|;\n|\nGO\r\n|\n/\n|\nGO 5\n)INSERT \\[dbo\\]\\.\\[(t\\] \\(\\[a\\], \\[b\\]\\)|u\\]) VALUES )",
                proptest::collection::vec("( |)(N?'[a-z(),;]{0,4}'|N?'[a-z ]{40,100}'|[aeqnQ]'([a-z]{9}|''|\\\\)*'|N?'(a|''|\\\\|é|\"|\n)*'|NULL|-?[0-9.]{1,3}|[a-z0-9_.'-]{0,4}|CAST\\(N?'x, y' AS Decimal\\(5, -2\\)\\)|f\\(1, g\\(''\\)\\)|q'\\[a'|nq'!,!'|- 1|1 -\n|--x\n|/\\*,\\*/|\\[a,b\\]|N'a' \\+ N'b'|0x4A|[0-9]{1,2}(-|--|/|/\\*|:|\\]|`|\"|é)[0-9])( |)", 1..5),
            ), 1..7),
            end in "(|;|\n)",
        ) {
            let mut batch = String::new();
            for (number, (lead, cells)) in rows_of.iter().enumerate() {
                batch += if number == 0 { "" } else { lead };
                batch += &format!("({})", cells.join(","));
            }
            let batch = (batch + &end).into_bytes();
            let flavour = if oracle { Flavour::Oracle } else { Flavour::Mssql };
            let codec = InsertCodec::new(flavour, Style::Values, HEAD.as_bytes().to_vec(), Arc::new(Nothing), Arc::default());
            let fast = rows(&batch, |at, row| codec.row(&batch, at, row));
            let slow = rows(&batch, |at, row| codec.row_of_tokens(&batch, at, row));
            prop_assert_eq!(fast, slow, "{}", batch.escape_ascii());
        }
    }
}
