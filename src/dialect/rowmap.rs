//! Where everything stands that matters in a stretch of rows, as bits: found in one pass, then asked.
//!
//! Of most rows nothing has to be known but that they have as many cells as they should, and where the one
//! cell is that holds an address. So the cells are not listed: delimiters are counted before each block, and
//! what stands where is told from the bits of one block or two.

use super::marks::{BLOCK, between, block, is};
use fearless_simd::{Simd, prelude::*, u8x64};
use std::ops::Range;

/// How many blocks a map has. They and the bytes they are of fit into the nearest cache.
const BLOCKS: usize = 192;

/// The map of a stretch of rows, between which nothing stands, and which end with a line feed.
#[derive(Debug, Default)]
pub struct RowMap {
    /// Where it begins: at a row.
    base: usize,
    /// Nothing is known from here on.
    end: usize,
    /// Behind them come two without marks.
    blocks: Vec<Marks>,
}

/// A bit for each byte of a block.
#[derive(Debug, Clone, Copy, Default)]
struct Marks {
    /// Delimiters, but for escaped ones.
    delimiters: u64,
    /// Line ends, but for escaped ones.
    ends: u64,
    /// `@`, and what an address could be written with.
    odd: u64,
    /// `@`.
    signs: u64,
    /// What else an address could be written with, or a text not be its own form: `%`, `&`, backslashes, control
    /// characters.
    others: u64,
    /// How many delimiters and line ends stand before the block.
    before: Counts,
}

/// How many delimiters and line ends stand between the map's begin and a place in it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    /// Delimiters.
    pub delimiters: u32,
    /// Line ends.
    pub rows: u32,
}

/// What the backslashes of a block do to what stands behind them.
struct Escapes {
    /// What they take out: delimiters and line ends that are none.
    escaped: u64,
    /// Those that stand before N, R or T, large or small, and cannot make an address of what holds no `@`.
    harmless: u64,
    /// Is the first byte of the next block escaped?
    next: u64,
    /// Where a `\.` stands, behind which nothing may be trusted.
    marker: Option<usize>,
}

/// Where backslashes stand in a block; `first`: its first byte is escaped.
#[inline(always)]
fn escapes<S: Simd>(bytes: u8x64<S>, backslashes: u64, first: u64, meant: u64) -> Escapes {
    let dots = is(bytes, b'.').to_bitmask();
    let small = bytes | 0x20;
    let letters = is(small, b'n') | is(small, b'r') | is(small, b't');
    // Nearly everything that is escaped is a letter.
    let behind = backslashes << 1 | first;
    let mut found = Escapes {
        escaped: 0,
        harmless: backslashes & (letters.to_bitmask() >> 1),
        next: backslashes >> (BLOCK - 1),
        marker: None,
    };
    if behind & (meant | backslashes | dots) != 0 {
        let (escaped, next) = escaped(backslashes, first);
        let markers = escaped & dots;
        found.escaped = escaped;
        found.next = next;
        found.marker = (markers != 0).then(|| markers.trailing_zeros() as usize);
    }
    found
}

/// What is escaped in a block, and whether the first byte of the next one is.
#[cold]
fn escaped(backslashes: u64, first: u64) -> (u64, u64) {
    let (mut escapes, mut escaped, mut left) = (0, first, backslashes & !first);
    while left != 0 {
        let escape = left & left.wrapping_neg();
        escapes |= escape;
        escaped |= escape << 1;
        left &= !(escape | escape << 1);
    }
    (escaped, escapes >> (BLOCK - 1))
}

/// The bits below that of a place in a block.
fn below(place: usize) -> u64 {
    (1 << (place % BLOCK)) - 1
}

impl RowMap {
    /// Reads the rows from `at`, where one begins. `nulls`: does NULL matter?
    #[inline(always)]
    pub fn read<S: Simd>(&mut self, simd: S, batch: &[u8], at: usize, delimiter: u8, nulls: bool) {
        self.blocks.clear();
        self.base = at;
        let rows = batch.get(at..).unwrap_or_default();
        let rows = &rows[..rows.len().min(BLOCKS * BLOCK)];
        self.end = at + rows.len();
        let (mut before, mut escaped) = (Counts::default(), 0);
        for base in (0..rows.len()).step_by(BLOCK) {
            let bytes = block(simd, rows, base);
            let mut delimiters = is(bytes, delimiter).to_bitmask();
            let mut ends = is(bytes, b'\n').to_bitmask();
            let signs = is(bytes, b'@').to_bitmask();
            let backslashes = is(bytes, b'\\').to_bitmask();
            let others = between(bytes, 0, 0x1f) | is(bytes, b'%') | is(bytes, b'&');
            let others = (others.to_bitmask() & !(delimiters | ends)) | backslashes;
            let (mut harmless, mut marker) = (0, None);
            if backslashes | escaped != 0 {
                let found = escapes(bytes, backslashes, escaped, delimiters | ends);
                delimiters &= !found.escaped;
                ends &= !found.escaped;
                (harmless, escaped, marker) = (found.harmless, found.next, found.marker);
            }
            if nulls {
                harmless = 0;
            }
            self.blocks.push(Marks {
                delimiters,
                ends,
                odd: signs | others & !harmless,
                signs,
                others,
                before,
            });
            before.delimiters += delimiters.count_ones();
            before.rows += ends.count_ones();
            if let Some(marker) = marker {
                self.end = at + base + marker;
                break;
            }
        }
        // Two that follow each other are looked at together.
        let behind = Marks {
            before,
            ..Marks::default()
        };
        self.blocks.extend([behind, behind]);
    }

    /// Is it the map from this place on?
    pub fn begins(&self, at: usize) -> bool {
        self.base == at && !self.blocks.is_empty()
    }

    /// Where the row ends that holds a place: the place of its line feed.
    #[inline(always)]
    pub fn row_end(&self, from: usize) -> Option<usize> {
        // Most are longer than a block and shorter than two.
        let near = u128::from(self.window(from, |marks| marks.ends))
            | u128::from(self.window(from + BLOCK, |marks| marks.ends)) << BLOCK;
        if near == 0 {
            return self.next(from + 2 * BLOCK, self.end, |marks| marks.ends);
        }
        let found = from + near.trailing_zeros() as usize;
        (found < self.end).then_some(found)
    }

    /// Where the last row ends that begins at `from` or behind it, if one ends there at all.
    #[inline(always)]
    pub fn last_end(&self, from: usize) -> Option<usize> {
        let end = self.behind_last(from, self.end, |marks| marks.ends);
        end.map(|end| end - 1)
    }

    /// How many delimiters and line ends stand before a place.
    #[inline(always)]
    pub fn counts(&self, at: usize) -> Counts {
        let at = at - self.base;
        let marks = self.blocks.get(at / BLOCK).copied().unwrap_or_default();
        let below = below(at);
        Counts {
            delimiters: marks.before.delimiters + (marks.delimiters & below).count_ones(),
            rows: marks.before.rows + (marks.ends & below).count_ones(),
        }
    }

    /// How many delimiters stand between the map's begin and a place in it.
    #[inline(always)]
    pub fn rank(&self, at: usize) -> usize {
        let at = at - self.base;
        let marks = self.blocks.get(at / BLOCK).copied().unwrap_or_default();
        (marks.before.delimiters + (marks.delimiters & below(at)).count_ones()) as usize
    }

    /// The first place from `from` on, up to `to`, that is of interest.
    #[inline(always)]
    pub fn odd(&self, range: Range<usize>) -> Option<usize> {
        self.next(range.start, range.end, |marks| marks.odd)
    }

    /// The first place of interest in the whole map from `from` on.
    #[inline(always)]
    pub fn any_odd(&self, from: usize) -> Option<usize> {
        let place = from - self.base;
        let first = self.blocks.get(place / BLOCK)?.odd >> (place % BLOCK);
        if first != 0 {
            return Some(from + first.trailing_zeros() as usize);
        }
        let number = place / BLOCK + 1;
        let behind = self.blocks.get(number..)?.iter();
        let more = behind.take_while(|marks| marks.odd == 0).count();
        let marks = self.blocks.get(number + more)?;
        Some(self.base + (number + more) * BLOCK + marks.odd.trailing_zeros() as usize)
    }

    /// The first `@` of a range.
    #[inline(always)]
    pub fn sign(&self, range: Range<usize>) -> Option<usize> {
        self.next(range.start, range.end, |marks| marks.signs)
    }

    /// Does a range hold anything but plain text and `@`?
    #[inline(always)]
    pub fn is_unclear(&self, range: Range<usize>) -> bool {
        self.next(range.start, range.end, |marks| marks.others)
            .is_some()
    }

    /// Where the cell ends that holds the begin of the range, which ends with its row.
    #[inline(always)]
    pub fn cell_end(&self, range: Range<usize>) -> usize {
        let end = self.next(range.start, range.end, |marks| marks.delimiters);
        end.unwrap_or(range.end)
    }

    /// Where the cell begins that holds a place in the row that begins at `row`.
    #[inline(always)]
    pub fn cell_start(&self, row: usize, at: usize) -> usize {
        let start = self.behind_last(row, at, |marks| marks.delimiters);
        start.unwrap_or(row)
    }

    /// Where the row begins that holds a place, not before `floor`, where one begins.
    #[inline(always)]
    pub fn row_start(&self, floor: usize, at: usize) -> usize {
        let start = self.behind_last(floor, at, |marks| marks.ends);
        start.unwrap_or(floor)
    }

    /// The place behind the last mark from `from` on that stands before `to`.
    #[inline(always)]
    fn behind_last(&self, from: usize, to: usize, which: impl Fn(&Marks) -> u64) -> Option<usize> {
        let mut to = to;
        while to > from {
            let start = from.max(to.saturating_sub(BLOCK));
            let left = self.window(start, &which) & (u64::MAX >> (BLOCK - (to - start)));
            if left != 0 {
                return Some(start + BLOCK - left.leading_zeros() as usize);
            }
            to = start;
        }
        None
    }

    /// The bits of the [`BLOCK`] bytes from a place on, in whichever blocks they are: short texts are then asked for
    /// without a branch that nobody could foretell.
    #[inline(always)]
    fn window(&self, from: usize, which: impl Fn(&Marks) -> u64) -> u64 {
        let place = from - self.base;
        let (block, shift) = (place / BLOCK, place % BLOCK);
        match self.blocks.get(block..block + 2) {
            Some([one, two]) => which(one) >> shift | which(two) << 1 << (BLOCK - 1 - shift),
            _ => 0,
        }
    }

    #[inline(always)]
    fn next(&self, from: usize, to: usize, which: impl Fn(&Marks) -> u64) -> Option<usize> {
        let mut from = from;
        while from < to {
            let left = self.window(from, &which);
            if left != 0 {
                let found = from + left.trailing_zeros() as usize;
                return (found < to).then_some(found);
            }
            from += BLOCK;
        }
        None
    }
}

/// What is looked for in rows of which nothing but addresses is moved.
#[derive(Debug)]
pub struct Wanted {
    /// For each column, if its addresses are moved: how long a cell may be.
    pub longest: Vec<Option<usize>>,
    /// The shortest of these.
    pub shortest: usize,
    /// The last such column.
    pub last: usize,
    /// Must none of these cells be NULL?
    pub not_null: bool,
}

/// A cell that holds more than plain text.
#[derive(Debug)]
pub struct Signed {
    /// Where its row begins.
    pub row: usize,
    /// How many rows have been surveyed before that.
    pub before: u64,
    /// The number of its column.
    pub column: usize,
    /// Its bytes, which are its text form.
    pub cell: Range<usize>,
    /// The first `@` in it.
    pub sign: Option<usize>,
    /// What else may stand in it.
    pub form: Form,
}

/// What a text may hold beside plain text and `@`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Nothing.
    Clear,
    /// Bytes that could encode others.
    Text,
    /// Those, and control characters, each written as a backslash and a letter.
    Lines,
}

/// How far rows have been looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Surveyed {
    /// Where the last row ends about which there is no doubt.
    pub end: usize,
    /// How many these are.
    pub rows: u64,
    /// May rows follow about which there is none either?
    pub goes_on: bool,
}
