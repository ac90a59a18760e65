//! Rows byte by byte: literals, and `CAST(N'…' AS date)` as well.

use super::{Run, Writing, blanks};
use memchr::{memchr, memchr2};
use std::ops::Range;

impl Writing<'_> {
    /// Rows one by one, until one ends behind `until`.
    pub(super) fn rows(&self, text: &[u8], open: usize, until: usize) -> Option<Run> {
        let mut run: Option<Run> = None;
        let mut next = Some(open);
        while let Some(open) = next
            && let Some(end) = self.tuple(text, open, |_| ())
        {
            next = self.lead(text, end).map(|(open, _)| open);
            let rows = run.map_or(0, |run| run.rows) + 1;
            run = Some(Run {
                rows,
                end,
                open: next,
            });
            if end > until {
                break;
            }
        }
        run
    }

    /// The end of the row that opens at `open`.
    pub(super) fn tuple(
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
            if !matches!(batch.get(at)?, b',' | b')') {
                at = self.behind_word(batch, at)?;
            }
            cell(start..at);
            match batch.get(at)? {
                b',' => at += 1,
                b')' => return Some(at + 1),
                _ => return None,
            }
        }
    }

    /// The end of a cell that begins with the word that ends at `at`: `N'…'`, `CAST(N'…' AS date)`.
    fn behind_word(&self, batch: &[u8], mut at: usize) -> Option<usize> {
        if batch[at] == b'\'' {
            return self.national(batch, at);
        }
        let mut depth = 0u32;
        loop {
            at += match *batch.get(at)? {
                b'(' => {
                    depth += 1;
                    1
                }
                b')' => {
                    depth = depth.checked_sub(1)?;
                    1
                }
                _ if depth == 0 => return None,
                b'\'' => {
                    at = self.national(batch, at)?;
                    0
                }
                b',' | b' ' => 1,
                _ => bare_word(&batch[at..])?,
            };
            if depth == 0 {
                return Some(at);
            }
        }
    }

    /// The end of the literal whose quote stands at `at`, unless a letter before it gives it escapes of its own.
    fn national(&self, batch: &[u8], at: usize) -> Option<usize> {
        let before = batch[at - 1];
        let plain = matches!(before, b' ' | b',' | b'(')
            || !self.backslashes && matches!(before, b'N' | b'n');
        plain
            .then(|| self.quoted(&batch[at..]))?
            .map(|length| at + length)
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

/// The length of a number or word.
fn bare_word(text: &[u8]) -> Option<usize> {
    let sign = usize::from(matches!(text, [b'-', b'0'..=b'9', ..]));
    let word = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.');
    let length = sign + text[sign..].iter().take_while(word).count();
    (length > 0).then_some(length)
}
