//! Where everything stands that matters in a stretch of rows, as bits: found in one pass, then asked.
//!
//! Of most rows nothing has to be known but that they have as many cells as they should, and where the one
//! cell is that holds an address. So the cells are not listed: delimiters are counted before each block, and
//! what stands where is told from the bits of one block or two.

use super::marks::BLOCK;
use std::ops::Range;
use wide::u8x16;

/// How many blocks a map has. They and the bytes they are of fit into the nearest cache.
const BLOCKS: usize = 192;

/// The map of a stretch of rows, between which nothing stands, and which end with a line feed.
#[derive(Debug, Default)]
pub struct RowMap {
    /// Where it begins: at a row.
    base: usize,
    /// Nothing is known from here on.
    end: usize,
    blocks: Vec<Marks>,
}

/// A bit for each byte of a block.
#[derive(Debug, Clone, Copy, Default)]
struct Marks {
    /// Delimiters, but for escaped ones.
    delimiters: u64,
    /// Line ends, but for escaped ones.
    ends: u64,
    /// `@`.
    signs: u64,
    /// What else an address could be written with, or a text not be its own form: `%`, `&`, backslashes, control
    /// characters.
    others: u64,
    /// How many delimiters stand before the block.
    before: usize,
}

/// What a block holds, as it stands there.
struct Seen {
    delimiters: u64,
    ends: u64,
    escapes: u64,
    dots: u64,
    signs: u64,
    others: u64,
}

#[inline(always)]
fn seen(block: &[u8; BLOCK], delimiter: u8x16) -> Seen {
    let (quarters, _) = block.as_chunks::<16>();
    let bits = |of: &dyn Fn(u8x16) -> u8x16| {
        let mut all = 0;
        for (number, quarter) in quarters.iter().enumerate() {
            all |= u64::from(of(u8x16::new(*quarter)).to_bitmask()) << (16 * number);
        }
        all
    };
    let is = |byte: u8| move |text: u8x16| text.simd_eq(u8x16::splat(byte));
    let delimiters = bits(&|text| text.simd_eq(delimiter));
    let ends = bits(&is(b'\n'));
    let escapes = bits(&is(b'\\'));
    let others = bits(&|text| {
        let control = text.min(u8x16::splat(0x1f)).simd_eq(text);
        control | text.simd_eq(u8x16::splat(b'%')) | text.simd_eq(u8x16::splat(b'&'))
    });
    Seen {
        others: (others & !(delimiters | ends)) | escapes,
        delimiters,
        ends,
        escapes,
        dots: bits(&is(b'.')),
        signs: bits(&is(b'@')),
    }
}

/// The bits below that of a place in a block.
fn below(place: usize) -> u64 {
    (1 << (place % BLOCK)) - 1
}

impl RowMap {
    /// Reads the rows from `at`, where one begins.
    pub fn read(&mut self, batch: &[u8], at: usize, delimiter: u8) {
        self.blocks.clear();
        self.base = at;
        let rows = batch.get(at..).unwrap_or_default();
        let rows = &rows[..rows.len().min(BLOCKS * BLOCK)];
        self.end = at + rows.len();
        let signs = u8x16::splat(delimiter);
        let (mut before, mut escaped) = (0, 0);
        let (whole, rest) = rows.as_chunks::<BLOCK>();
        let mut last = [0; BLOCK];
        last[..rest.len()].copy_from_slice(rest);
        let last = (!rest.is_empty()).then_some(&last);
        for (number, block) in whole.iter().chain(last).enumerate() {
            let mut seen = seen(block, signs);
            // Nearly everything that is escaped is a letter.
            let behind = seen.escapes << 1 | escaped;
            escaped = seen.escapes >> (BLOCK - 1);
            let meant = seen.delimiters | seen.ends | seen.escapes | seen.dots;
            let mut marker = None;
            if behind & meant != 0 {
                (escaped, marker) = unescape(&mut seen, behind & 1);
            }
            self.blocks.push(Marks {
                delimiters: seen.delimiters,
                ends: seen.ends,
                signs: seen.signs,
                others: seen.others,
                before,
            });
            before += seen.delimiters.count_ones() as usize;
            if let Some(marker) = marker {
                self.end = at + number * BLOCK + marker;
                break;
            }
        }
    }

    /// Is it the map from this place on?
    pub fn begins(&self, at: usize) -> bool {
        self.base == at && !self.blocks.is_empty()
    }

    /// Where the row from `start` ends: the place of its line feed.
    #[inline]
    pub fn row_end(&self, start: usize) -> Option<usize> {
        self.next(start, self.end, |marks| marks.ends)
    }

    /// How many delimiters stand between the map's begin and a place in it.
    #[inline]
    pub fn rank(&self, at: usize) -> usize {
        let at = at - self.base;
        let marks = self.blocks.get(at / BLOCK).copied().unwrap_or_default();
        marks.before + (marks.delimiters & below(at)).count_ones() as usize
    }

    /// The first place of a range that is more than plain text.
    #[inline]
    pub fn odd(&self, range: Range<usize>) -> Option<usize> {
        self.next(range.start, range.end, |marks| marks.signs | marks.others)
    }

    /// The first `@` of a range.
    #[inline]
    pub fn sign(&self, range: Range<usize>) -> Option<usize> {
        self.next(range.start, range.end, |marks| marks.signs)
    }

    /// Does a range hold anything but plain text and `@`?
    #[inline]
    pub fn is_unclear(&self, range: Range<usize>) -> bool {
        self.next(range.start, range.end, |marks| marks.others)
            .is_some()
    }

    /// Where the cell ends that holds the begin of the range, which ends with its row.
    #[inline]
    pub fn cell_end(&self, range: Range<usize>) -> usize {
        let end = self.next(range.start, range.end, |marks| marks.delimiters);
        end.unwrap_or(range.end)
    }

    /// Where the cell begins that holds a place in the row that begins at `row`.
    #[inline]
    pub fn cell_start(&self, row: usize, at: usize) -> usize {
        let mut block = (at - self.base) / BLOCK;
        let mut left = self.blocks[block].delimiters & below(at - self.base);
        loop {
            if left != 0 {
                let last = BLOCK - 1 - left.leading_zeros() as usize;
                return row.max(self.base + block * BLOCK + last + 1);
            }
            if self.base + block * BLOCK <= row {
                return row;
            }
            block -= 1;
            left = self.blocks[block].delimiters;
        }
    }

    #[inline]
    fn next(&self, from: usize, to: usize, which: impl Fn(&Marks) -> u64) -> Option<usize> {
        let place = from - self.base;
        let mut block = place / BLOCK;
        let mut left = which(self.blocks.get(block)?) & !below(place);
        loop {
            if left != 0 {
                let found = self.base + block * BLOCK + left.trailing_zeros() as usize;
                return (found < to).then_some(found);
            }
            block += 1;
            if self.base + block * BLOCK >= to {
                return None;
            }
            left = which(self.blocks.get(block)?);
        }
    }
}

/// Takes what is escaped out of what a block holds; `first`: its first byte is. Says whether the first of the next
/// block is, too, and where a `\.` stands, behind which nothing may be trusted.
#[cold]
fn unescape(seen: &mut Seen, first: u64) -> (u64, Option<usize>) {
    let (mut escapes, mut escaped, mut left) = (0, first, seen.escapes & !first);
    while left != 0 {
        let escape = left & left.wrapping_neg();
        escapes |= escape;
        escaped |= escape << 1;
        left &= !(escape | escape << 1);
    }
    seen.delimiters &= !escaped;
    seen.ends &= !escaped;
    let markers = escaped & seen.dots;
    let marker = (markers != 0).then(|| markers.trailing_zeros() as usize);
    (escapes >> (BLOCK - 1), marker)
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
