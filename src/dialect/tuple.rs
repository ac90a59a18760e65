//! The fast way over the rows of INSERTs as dumpers write them: literals between commas.
//! Framers take it to find where rows end, codecs to find their cells.
//!
//! The dialects' lexers know what else can stand there: casts, quoted names, comments, escapes of their
//! own. Whatever could begin one of these outside of quotes is left to them, row by row: what the fast way
//! accepts means the same to every lexer, whoever wrote the script. It must be given no text of
//! which a character can hold a byte that looks like a quote.
//!
//! There are two fast ways. The first ([`Signs`]) looks at 64 bytes at once and knows nothing but literals; the
//! second (`tuple/closely.rs`) goes from byte to byte, one row at a time, and knows `CAST(N'…' AS date)` as well. On the first
//! stands a third (`tuple/survey.rs`), which does not even list the cells.

mod bare;
mod closely;
mod signs;
mod survey;

pub use bare::{bare, bare_as_is, bare_lines};
pub use signs::Signs;
use signs::{Odd, Rows};
pub use survey::survey;

use super::RowSpan;
use super::marks::{BLOCK, block};
use fearless_simd::{Level, Simd, dispatch};

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
    /// How many they are.
    pub rows: u64,
    /// Where the last one ends.
    pub end: usize,
    /// Where the next one opens, if that is certain.
    pub open: Option<usize>,
}

/// Where rows are looked at closely, so much is before they are looked at by their signs again.
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
                signs = self.look(block(simd, batch, from), from, signs);
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
    /// none if that is none.
    pub fn run(&self, text: &[u8], open: usize) -> Option<Run> {
        let rows = dispatch!(Level::new(), simd => self.blocks(simd, text, open));
        rows.or_else(|| self.rows(text, open, open + STRETCH))
    }

    /// The same, as far as rows are certain by their [`Signs`].
    #[inline(always)]
    fn blocks<S: Simd>(&self, simd: S, text: &[u8], open: usize) -> Option<Run> {
        let (mut rows, mut end, mut next) = (0, 0, None);
        let mut from = open + 1;
        let mut signs = self.look(block(simd, text, from), from, Signs::default());
        loop {
            let Rows { ends, odd, .. } = signs.rows(from);
            if ends != 0 {
                rows += u64::from(ends.count_ones());
                end = signs.base + BLOCK - ends.leading_zeros() as usize;
                next = Some(end + 1);
            }
            match odd {
                Odd::Nothing => {
                    from = signs.base + BLOCK;
                    if from >= text.len() {
                        break;
                    }
                    signs = self.look(block(simd, text, from), from, signs);
                }
                Odd::Doubt(_) => break,
                Odd::End(close) => {
                    rows += 1;
                    end = signs.base + close.trailing_zeros() as usize + 1;
                    let lead = self.lead(text, end);
                    next = lead.map(|(open, _)| open);
                    let Some((open, statement)) = lead else {
                        break;
                    };
                    from = open + 1;
                    if statement.is_some() || !signs.holds(from) {
                        signs = self.look(block(simd, text, from), from, Signs::default());
                    }
                }
            }
        }
        (rows > 0).then_some(Run {
            rows,
            end,
            open: next,
        })
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
}

fn blanks(text: &[u8]) -> usize {
    let blank = |b: &&u8| matches!(b, b' ' | b'\n' | b'\r' | b'\t');
    text.iter().take_while(blank).count()
}

#[cfg(test)]
pub mod testing {
    //! What the tests of all ways over rows share.

    use super::super::{Bare, Form, RowCodec, RowFault, RowMap, RowSpan, Wanted};

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

    /// Goes over the rows of a batch by surveys, as far as these go, and else one by one, and compares what the surveys
    /// show with the rows. Says how many rows they went over.
    pub fn survey(codec: &dyn RowCodec, batch: &[u8], wanted: &mut Wanted) -> u64 {
        let shown = batch.escape_ascii();
        let (mut map, mut row, mut at, mut surveyed) =
            (RowMap::default(), RowSpan::default(), 0, 0);
        wanted.statements = false;
        loop {
            let mut signed = Vec::new();
            let found = codec.survey(batch, at, wanted, &mut map, &mut signed);
            signed.retain(|one| one.row < found.end);
            let mut signed = signed.into_iter();
            for _ in 0..found.rows {
                assert_eq!(codec.row(batch, at, &mut row), Ok(true), "{shown}");
                assert!(wanted.statements || row.statement.is_none(), "{shown}");
                assert_eq!(row.cells.len(), wanted.longest.len(), "{shown}");
                for (column, cell) in row.cells.iter().enumerate() {
                    let Some(longest) = wanted.longest[column] else {
                        continue;
                    };
                    let raw = &batch[cell.clone()];
                    let (text, lines) = match codec.bare(raw) {
                        Bare::Text(text) => (text, false),
                        Bare::Lines(text) => (text, true),
                        Bare::Null => {
                            assert!(!wanted.not_null, "{shown}");
                            continue;
                        }
                        Bare::Unclear => panic!("{} in {shown}", raw.escape_ascii()),
                    };
                    let text = cell.start + text.start..cell.start + text.end;
                    let bytes = &batch[text.clone()];
                    assert!(bytes.len() <= longest, "{shown}");
                    if !bytes
                        .iter()
                        .any(|b| b"@%&\\".contains(b) || *b < 0x20 || *b == b'"')
                    {
                        continue;
                    }
                    let one = signed.next().expect("a cell");
                    let clear = !bytes.iter().any(|b| b"%&\\\"".contains(b) || *b < 0x20);
                    let form = match (clear, lines) {
                        (true, _) => Form::Clear,
                        (_, false) => Form::Text,
                        (_, true) => Form::Lines,
                    };
                    let sign = memchr::memchr(b'@', bytes).map(|sign| text.start + sign);
                    let seen = (one.row, one.column, one.cell, one.sign, one.form);
                    assert_eq!(seen, (at, column, text, sign, form), "{shown}");
                }
                at = row.body.end;
            }
            assert!(signed.next().is_none(), "{shown}");
            assert_eq!(found.end, at, "{shown}");
            surveyed += found.rows;
            if found.goes_on {
                continue;
            }
            match codec.row(batch, at, &mut row) {
                Ok(true) => at = row.body.end,
                _ => return surveyed,
            }
            wanted.statements |= row.statement.is_some();
        }
    }

    /// What is wanted of so many columns.
    pub fn wanted(longest: &[Option<usize>], not_null: bool) -> Wanted {
        Wanted {
            longest: longest.to_vec(),
            shortest: longest
                .iter()
                .flatten()
                .copied()
                .min()
                .unwrap_or(usize::MAX),
            last: longest.iter().rposition(Option::is_some).unwrap_or(0),
            not_null,
            statements: false,
        }
    }
}
