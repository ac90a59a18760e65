//! The fast way over the rows of INSERTs as dumpers write them: literals between commas.
//! Framers take it to find where rows end, codecs to find their cells.
//!
//! The dialects' lexers know what else can stand there: casts, quoted names, comments, escapes of their
//! own. Whatever could begin one of these outside of quotes is left to them, row by row: what the fast way
//! accepts means the same to every lexer, whoever wrote the script. It must be given no text of
//! which a character can hold a byte that looks like a quote.

use super::{Bare, RowMode, RowSpan};
use memchr::{memchr, memchr_iter, memchr2, memmem};
use std::ops::Range;

/// How rows are written.
#[derive(Debug, Clone, Copy)]
pub struct Writing<'h> {
    /// What every statement begins with.
    pub head: &'h [u8],
    /// Does a backslash escape the byte behind it?
    pub backslashes: bool,
    /// May statements end without a semicolon?
    pub unmarked: bool,
}

/// Rows that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// How many they are; not known of a stretch that was skipped.
    pub rows: u64,
    /// Where the last one ends.
    pub end: usize,
    /// Where the next one opens, if that is certain.
    pub open: Option<usize>,
}

/// So much is looked at as a whole where nobody asks for the rows; in tests less than a few rows have.
const STRETCH: usize = if cfg!(test) { 64 } else { 2048 };

impl Writing<'_> {
    /// Finds the row at `at` and its cells; false, with no cells, if that needs the lexer.
    pub fn row(&self, batch: &[u8], at: usize, row: &mut RowSpan) -> bool {
        row.cells.clear();
        let lead = match batch.get(at) {
            Some(b'(') if at == 0 => Some((at, None)),
            _ => self.lead(batch, at),
        };
        let found = lead.and_then(|(open, statement)| {
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

    /// Goes over rows from the one that opens at `open`, as long as none needs the lexer and all of it has come;
    /// none if that is none. Where nobody asks for the rows, whole stretches are skipped, unless a byte and the
    /// one before it are `doubtful`: something other than `'…'` may begin there or end it.
    pub fn run(
        &self,
        mode: RowMode,
        text: &[u8],
        open: usize,
        doubtful: impl Fn(u8, u8) -> bool + Copy,
    ) -> Option<Run> {
        if mode == RowMode::Split {
            return self.rows(text, open, usize::MAX);
        }
        let skipped = self.skip(text, open, doubtful);
        let open = skipped.and_then(|run| run.open).unwrap_or(open);
        let rows = self.rows(text, open, open + STRETCH);
        rows.or(skipped)
    }

    /// Rows one by one, until one ends behind `until`.
    pub fn rows(&self, text: &[u8], open: usize, until: usize) -> Option<Run> {
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

    /// Where the row opens that follows the one that ends at `at`, and the statement if one begins between them.
    fn lead(&self, batch: &[u8], at: usize) -> Option<(usize, Option<usize>)> {
        let (mark, behind) = match *batch.get(at)? {
            mark @ (b',' | b';') => (mark, at + 1),
            _ if self.unmarked => (b';', at),
            _ => return None,
        };
        let next = behind + blanks(&batch[behind..]);
        let (open, statement) = match mark {
            b',' => (next, None),
            _ if batch[next..].starts_with(self.head) => (next + self.head.len(), Some(next)),
            _ => return None,
        };
        (batch.get(open) == Some(&b'(')).then_some((open, statement))
    }

    /// The end of the row that opens at `open`.
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

    /// Skips rows from `open` on, where nobody asks for them: stretch by stretch, as long as it is certain that
    /// nothing stands there but rows of statements of this head.
    ///
    /// A stretch begins and ends with a parenthesis that opens a row. If nothing in it is doubtful and its
    /// quotes are even, its end is outside of quotes. If every semicolon in it stands between two rows, no
    /// other statement has begun; and if it has no parentheses but those of rows, nothing stands behind any.
    /// What heads have of all this is theirs.
    fn skip(
        &self,
        text: &[u8],
        open: usize,
        doubtful: impl Fn(u8, u8) -> bool + Copy,
    ) -> Option<Run> {
        let mut run = None;
        let mut from = open;
        let head = marks(self.head, doubtful);
        if head.quotes > 0 {
            return None;
        }
        loop {
            let (mut last, mut heads, mut rows) = (None, 0, 0);
            let mut window = &text[from..text.len().min(from + STRETCH)];
            for mark in memchr_iter(b';', window) {
                match self.lead(text, from + mark) {
                    Some((open, Some(_))) if mark > 0 && window[mark - 1] == b')' => {
                        heads += 1;
                        last = Some((from + mark, open));
                    }
                    _ => {
                        window = &window[..mark];
                        break;
                    }
                }
            }
            for separator in SEPARATORS {
                if heads + rows > 0 {
                    break;
                }
                for at in memmem::find_iter(window, separator) {
                    rows += 1;
                    last = Some((from + at + 1, from + at + separator.len() - 1));
                }
            }
            let Some((end, open)) = last else {
                return run;
            };
            let all = marks(&text[from..open], doubtful);
            let even = all.quotes.is_multiple_of(2);
            let expected = heads * head.parentheses + 2 * (heads + rows);
            if !even || all.parentheses != expected || all.doubts != heads * head.doubts {
                return run;
            }
            run = Some(Run {
                rows: 0,
                end,
                open: Some(open),
            });
            from = open;
        }
    }
}

/// What stands between the rows of one statement.
const SEPARATORS: [&[u8]; 3] = [b"),(", b"),\n(", b"),\n\t("];

/// What stands in a text.
#[derive(Default)]
struct Marks {
    quotes: usize,
    parentheses: usize,
    doubts: usize,
}

/// Looks at every byte once and at the one before it, in a loop that compilers turn into vector instructions.
fn marks(text: &[u8], doubtful: impl Fn(u8, u8) -> bool) -> Marks {
    let mut marks = Marks::default();
    // The first byte has none before it: it is the parenthesis of a row or the letter of a head.
    marks.parentheses += usize::from(text.first() == Some(&b'('));
    // No count of a piece may overflow.
    for at in (1..text.len()).step_by(224) {
        let end = text.len().min(at + 224);
        let (mut quotes, mut parentheses, mut doubts) = (0u8, 0u8, 0u8);
        for (&before, &byte) in text[at - 1..end - 1].iter().zip(&text[at..end]) {
            quotes += u8::from(byte == b'\'');
            parentheses += u8::from(byte & 0xFE == b'(');
            doubts += u8::from(doubtful(before, byte));
        }
        marks.quotes += usize::from(quotes);
        marks.parentheses += usize::from(parentheses);
        marks.doubts += usize::from(doubts);
    }
    marks
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
