//! The fast way over the rows of INSERTs as dumpers write them: literals between commas.
//! Framers take it to find where rows end, codecs to find their cells.
//!
//! The dialects' lexers know what else can stand there: casts, quoted names, comments, escapes of their
//! own. Whatever could begin one of these outside of quotes is left to them, row by row: what the fast way
//! accepts means the same to every lexer, whoever wrote the script. It must be given no text of
//! which a character can hold a byte that looks like a quote.
//!
//! There are two fast ways. The first ([`Signs`]) looks at 64 bytes at once and knows nothing but literals; the
//! second goes from byte to byte, one row at a time, and knows `CAST(N'…' AS date)` as well.

mod bare;
mod closely;
mod signs;

pub use bare::{bare, bare_as_is, bare_lines};
pub use signs::Signs;

use super::marks::BLOCK;
use super::{RowMode, RowSpan};
use fearless_simd::{Level, Simd, dispatch};
use memchr::{memchr_iter, memmem};

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
            let follows = at > 0 && at == row.body.end && statement.is_none();
            let level = Level::new();
            let end = dispatch!(level, simd => self.cells(simd, batch, open, follows, row));
            let end = end.or_else(|| {
                row.cells.clear();
                row.signs = Signs::default();
                self.tuple(batch, open, |cell| row.cells.push(cell))
            })?;
            row.lead = at..open;
            row.statement = statement;
            row.body = open..end;
            Some(())
        });
        if found.is_none() {
            row.cells.clear();
            row.signs = Signs::default();
        }
        found.is_some()
    }

    /// Finds the cells of the row that opens at `open`; gives its end. `follows`: of the row before, whose
    /// statement it continues, `row` still holds what has been seen.
    #[inline(always)]
    fn cells<S: Simd>(
        &self,
        simd: S,
        batch: &[u8],
        open: usize,
        follows: bool,
        row: &mut RowSpan,
    ) -> Option<usize> {
        let (mut cell, mut from, mut count) = (open + 1, open + 1, 0);
        let mut known = follows && row.signs.holds(from);
        let mut signs = match known {
            true => row.signs,
            false => Signs::default(),
        };
        let end = loop {
            if !known {
                signs = self.look::<S, true>(simd, batch, from, signs);
            }
            known = false;
            let (mut commas, end) = signs.of_row(from)?;
            // Four at a time, though some of them may be none: no processor foresees how many a block has.
            while commas != 0 {
                if row.cells.len() < count + 4 {
                    row.cells.resize(count + 8, 0..0);
                }
                for place in &mut row.cells[count..count + 4] {
                    let here = signs.base + commas.trailing_zeros() as usize;
                    *place = cell..here;
                    let (next, more) = match commas {
                        0 => (cell, 0),
                        _ => (here + 1, 1),
                    };
                    (cell, count) = (next, count + more);
                    commas &= commas.wrapping_sub(1);
                }
            }
            if let Some(end) = end {
                break end;
            }
            from = signs.base + BLOCK;
            if from >= batch.len() {
                return None;
            }
        };
        row.cells.truncate(count);
        row.cells.push(cell..end);
        row.signs = signs;
        // A space in front of a cell is a dumper's own; others need the lexer, as a cell of nothing does.
        let mut odd = false;
        for cell in &mut row.cells {
            cell.start += usize::from(batch[cell.start] == b' ');
            odd |= (cell.start >= cell.end)
                | (batch[cell.start] <= b' ')
                | (batch[cell.end - 1] <= b' ');
        }
        (!odd).then_some(end + 1)
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
            return self.split(text, open, usize::MAX);
        }
        let skipped = self.skip(text, open, doubtful);
        let open = skipped.and_then(|run| run.open).unwrap_or(open);
        self.split(text, open, open + STRETCH).or(skipped)
    }

    /// Rows one by one, until one ends behind `until`. Where the first is not certain at a glance, those of a stretch
    /// are looked at closely.
    pub fn split(&self, text: &[u8], open: usize, until: usize) -> Option<Run> {
        let rows = dispatch!(Level::new(), simd => self.blocks(simd, text, open, until));
        rows.or_else(|| self.rows(text, open, until.min(open + STRETCH)))
    }

    /// Rows one by one, as far as they are certain by their [`Signs`], until one ends behind `until`.
    #[inline(always)]
    fn blocks<S: Simd>(&self, simd: S, text: &[u8], open: usize, until: usize) -> Option<Run> {
        let mut run: Option<Run> = None;
        let mut from = open + 1;
        let mut signs = Signs::default();
        let (mut known, mut rows) = (false, 0);
        loop {
            if !known {
                signs = self.look::<S, false>(simd, text, from, signs);
            }
            let Some((_, end)) = signs.of_row(from) else {
                return run;
            };
            let Some(end) = end else {
                (from, known) = (signs.base + BLOCK, false);
                match from < text.len() {
                    true => continue,
                    false => return run,
                }
            };
            let end = end + 1;
            let lead = self.lead(text, end);
            rows += 1;
            run = Some(Run {
                rows,
                end,
                open: lead.map(|(open, _)| open),
            });
            let Some((open, statement)) = lead.filter(|_| end <= until) else {
                return run;
            };
            from = open + 1;
            known = statement.is_none() && signs.holds(from);
            if !known {
                signs = Signs::default();
            }
        }
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

#[cfg(test)]
pub mod testing {
    //! What the tests of all ways over rows share.

    use super::super::{RowFault, RowSpan};

    /// What rows are by one way: until none follows, or one is refused.
    pub type Rows = (Vec<String>, Result<bool, RowFault>);

    /// The rows of a batch as `read` finds them.
    pub fn rows(
        batch: &[u8],
        mut read: impl FnMut(usize, &mut RowSpan) -> Result<bool, RowFault>,
    ) -> Rows {
        let (mut row, mut at, mut all) = (RowSpan::default(), 0, Vec::new());
        loop {
            match read(at, &mut row) {
                Ok(true) => {
                    let RowSpan {
                        lead,
                        statement,
                        body,
                        cells,
                        ..
                    } = &row;
                    let raw = batch[body.clone()].escape_ascii();
                    all.push(format!("{lead:?} {statement:?} {cells:?} {body:?} {raw}"));
                    at = body.end;
                }
                end => return (all, end),
            }
        }
    }
}
