//! The rows of INSERT … VALUES: where the cells of each stand, and how new ones are written.

use super::is_plain_tail;
use crate::dialect::postgres::copy_text::fault;
use crate::dialect::postgres::literal::Literals;
use crate::dialect::postgres::tokens::{Kind, Tokens, tokens};
use crate::dialect::tuple::{self, Writing};
use crate::dialect::{Bare, RowCodec, RowFault, RowMap, RowSpan, Signed, Surveyed, Wanted};
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

impl InsertCodec {
    fn writing(&self) -> Writing<'_> {
        Writing {
            head: &self.head,
            backslashes: !self.literals.standard,
            unmarked: false,
        }
    }

    /// [`RowCodec::row`], token by token.
    fn row_of_tokens(&self, batch: &[u8], at: usize, row: &mut RowSpan) -> Result<bool, RowFault> {
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
}

impl RowCodec for InsertCodec {
    fn row(&self, batch: &[u8], at: usize, row: &mut RowSpan) -> Result<bool, RowFault> {
        match !self.literals.charset.is_wide() && self.writing().row(batch, at, row) {
            true => Ok(true),
            false => self.row_of_tokens(batch, at, row),
        }
    }

    fn bare(&self, raw: &[u8]) -> Bare {
        tuple::bare_as_is(raw, !self.literals.charset.is_plain())
    }

    fn survey(
        &self,
        batch: &[u8],
        at: usize,
        wanted: &Wanted,
        map: &mut RowMap,
        found: &mut Vec<Signed>,
    ) -> Surveyed {
        let bare = |raw: &[u8]| self.bare(raw);
        match self.literals.charset.is_plain() {
            true => tuple::survey(&self.writing(), bare, batch, at, wanted, map, found),
            false => Surveyed::none(at),
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::postgres::charset::Charset;
    use crate::dialect::tuple::testing::{rows, survey, wanted};
    use proptest::prelude::*;

    const HEAD: &str = "INSERT INTO public.t VALUES ";

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]
        #[test]
        fn rows_are_the_same_token_by_token(
            standard in any::<bool>(),
            rows_of in proptest::collection::vec((
                "(;\nINSERT INTO public\\.t VALUES |,|,\n\t|; |;\nINSERT INTO public\\.u VALUES )",
                proptest::collection::vec("( |)('[a-z(),;]{0,4}'|'[a-z ]{40,100}'|(|e|E|B|u|U&)'([a-z]{9}|''|\\\\|\\\\')*'|'(a|''|\\\\|\\\\'|é|\"|\n)*'|NULL|-?[0-9.]{1,3}|[a-z0-9_.'-]{0,4}|'x'::text|E'\\\\'a'|f\\(1, 2\\)|--x\n|/\\*,\\*/|\\$\\$,\\$\\$|[0-9]{1,2}(-|--|/|/\\*|:|\\]|;|\\\\|é)[0-9])( |)", 1..5),
            ), 1..7),
            end in "(|;|\n)",
        ) {
            let mut batch = String::new();
            for (number, (lead, cells)) in rows_of.iter().enumerate() {
                batch += if number == 0 { "" } else { lead };
                batch += &format!("({})", cells.join(","));
            }
            batch += &end;
            let literals = Literals { charset: Charset::utf8(), standard };
            let codec = InsertCodec::new(HEAD.as_bytes().to_vec(), literals);
            let batch = batch.as_bytes();
            let fast = rows(batch, |at, row| codec.row(batch, at, row));
            let slow = rows(batch, |at, row| codec.row_of_tokens(batch, at, row));
            prop_assert_eq!(fast, slow, "{}", batch.escape_ascii());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(768))]
        #[test]
        fn surveyed_rows_are_the_same_one_by_one(
            standard in any::<bool>(),
            rows_of in proptest::collection::vec((
                "(,|,\n\t|;\nINSERT INTO public\\.t VALUES |;\nINSERT INTO public\\.t VALUES |; |;\nINSERT INTO public\\.u VALUES )",
                proptest::collection::vec("( {0,2})(NULL|null|[a-z]{1,9}@[a-z]{1,5}.(de|com)|'[a-z]{1,9}@[a-z]{1,5}.de'|'[a-z (),;]{0,60}'|'[a-z]{30,40}@b.de[a-z ]{0,30}'|'(a|@|''|\\\\|\\\\'|\\\\n|\"|%|&|é|\n)*'|'a'\n'b@c.de'|'a@b.de' *|''|-?[0-9.]{1,3}|'x@'::text|E'a@'|E'\\\\''|f\\(1\\)|B'1'|x|--x\n|/\\*,\\*/|\\$\\$,\\$\\$)( |)", 2..=4),
            ), 1..9),
            uneven in any::<bool>(),
            longest in proptest::collection::vec(prop_oneof![Just(None), Just(Some(usize::MAX)), Just(Some(9))], 3),
            not_null in any::<bool>(),
            before in prop_oneof![3 => Just(0usize), 2 => 0usize..9, 1 => 90usize..110],
            end in "(|;|\n)",
        ) {
            let plain = "(7,'ada lovelace','ada@b.de'),".repeat(before);
            let mut batch = plain;
            for (number, (lead, mut cells)) in rows_of.into_iter().enumerate() {
                if !uneven {
                    cells.resize(3, "4".to_owned());
                }
                batch += if number == 0 { "" } else { &lead };
                batch += &format!("({})", cells.join(","));
            }
            batch += &end;
            let literals = Literals { charset: Charset::utf8(), standard };
            let codec = InsertCodec::new(HEAD.as_bytes().to_vec(), literals);
            survey(&codec, batch.as_bytes(), &mut wanted(&longest, not_null));
        }
    }
}
