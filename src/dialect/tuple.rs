//! The fast way over the rows of INSERTs as dumpers write them: nothing but literals between commas.
//! Framers take it to find where rows end, codecs to find their cells.
//!
//! The dialects' lexers know what else can stand there: casts, introducers, functions, comments,
//! literals in several pieces. Whatever is not a literal in single quotes, a number or a word, directly
//! followed by a comma or the closing parenthesis, is left to them. It must be given no text of
//! which a character can hold a byte that looks like a quote.

use super::{Bare, RowSpan};
use memchr::{memchr, memchr2};
use std::ops::Range;

/// How rows are written.
#[derive(Debug, Clone, Copy)]
pub struct Writing<'h> {
    /// What every statement begins with.
    pub head: &'h [u8],
    /// Does a backslash escape the byte behind it?
    pub backslashes: bool,
}

impl Writing<'_> {
    /// Finds the row at `at` and its cells; false, with no cells, if that needs the lexer.
    pub fn row(&self, batch: &[u8], at: usize, row: &mut RowSpan) -> bool {
        row.cells.clear();
        let found = self.lead(batch, at).and_then(|(open, statement)| {
            let end = self.tuple(batch, open, |cell| row.cells.push(cell))?;
            row.lead = at..open;
            row.statement = statement;
            row.body = open..end;
            Some(())
        });
        if found.is_none() {
            row.cells.clear();
        }
        found.is_some()
    }

    /// Where the row opens, and the statement if one begins before it.
    fn lead(&self, batch: &[u8], at: usize) -> Option<(usize, Option<usize>)> {
        let rest = batch.get(at..)?;
        let (open, statement) = match rest {
            [b'(', ..] if at == 0 => (at, None),
            [b',', rest @ ..] => (at + 1 + blanks(rest), None),
            [b';', rest @ ..] => {
                let statement = at + 1 + blanks(rest);
                let open = statement + self.head.len();
                (batch[statement..].starts_with(self.head)).then_some((open, Some(statement)))?
            }
            _ => return None,
        };
        (batch.get(open) == Some(&b'(')).then_some((open, statement))
    }

    /// Where the row ends that opens at `open`, if that does not depend on what follows `text`.
    pub fn end(&self, text: &[u8], open: usize) -> Option<usize> {
        self.tuple(text, open, |_| ())
    }

    fn tuple(
        &self,
        batch: &[u8],
        open: usize,
        mut cell: impl FnMut(Range<usize>),
    ) -> Option<usize> {
        let mut at = open + 1;
        loop {
            at += blanks(&batch[at..]);
            let start = at;
            at += match batch.get(at)? {
                b'\'' => self.quoted(&batch[at..])?,
                _ => bare_word(&batch[at..])?,
            };
            cell(start..at);
            match batch.get(at)? {
                b',' => at += 1,
                b')' => return Some(at + 1),
                _ => return None,
            }
        }
    }

    /// The length of a literal in quotes.
    fn quoted(&self, text: &[u8]) -> Option<usize> {
        let mut at = 1;
        loop {
            let rest = text.get(at..)?;
            at += match self.backslashes {
                true => memchr2(b'\'', b'\\', rest)?,
                false => memchr(b'\'', rest)?,
            };
            if text[at] == b'\'' && text.get(at + 1) != Some(&b'\'') {
                return Some(at + 1);
            }
            at += 2;
        }
    }
}

fn blanks(text: &[u8]) -> usize {
    let blank = |b: &&u8| matches!(b, b' ' | b'\n' | b'\r' | b'\t');
    text.iter().take_while(blank).count()
}

/// The length of a number or word.
fn bare_word(text: &[u8]) -> Option<usize> {
    let sign = usize::from(matches!(text, [b'-', b'0'..=b'9', ..]));
    let word = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.');
    let length = sign + text[sign..].iter().take_while(word).count();
    (length > 0).then_some(length)
}

/// A cell that is NULL, or in quotes without anything that is written in another way within them.
pub fn bare(raw: &[u8], ascii_only: bool) -> Bare {
    let [b'\'', content @ .., b'\''] = raw else {
        return match raw.eq_ignore_ascii_case(b"NULL") {
            true => Bare::Null,
            false => Bare::Unclear,
        };
    };
    let special = |b: u8| b < 0x20 || matches!(b, b'\'' | b'"' | b'\\');
    let special = content.iter().fold(false, |any, &b| any | special(b));
    match special || (ascii_only && !content.is_ascii()) {
        true => Bare::Unclear,
        false => Bare::Text(1..raw.len() - 1),
    }
}
