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
    /// Behind them comes one without marks.
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
        // Two that follow each other are looked at together.
        let behind = Marks {
            before,
            ..Marks::default()
        };
        self.blocks.push(behind);
    }

    /// Is it the map from this place on?
    pub fn begins(&self, at: usize) -> bool {
        self.base == at && !self.blocks.is_empty()
    }

    /// Where the row from `start` ends: the place of its line feed.
    #[inline]
    pub fn row_end(&self, start: usize) -> Option<usize> {
        // Most are longer than a block and shorter than two.
        let near = u128::from(self.window(start, |marks| marks.ends))
            | u128::from(self.window(start + BLOCK, |marks| marks.ends)) << BLOCK;
        if near == 0 {
            return self.next(start + 2 * BLOCK, self.end, |marks| marks.ends);
        }
        let found = start + near.trailing_zeros() as usize;
        (found < self.end).then_some(found)
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
        let mut to = at;
        while to > row {
            // What stands before the row comes first, at most up to the map's begin.
            let from = row.max(to.saturating_sub(BLOCK));
            let left =
                self.window(from, |marks| marks.delimiters) & (u64::MAX >> (BLOCK - (to - from)));
            if left != 0 {
                return from + BLOCK - left.leading_zeros() as usize;
            }
            to = from;
        }
        row
    }

    /// The bits of the [`BLOCK`] bytes from a place on, in whichever blocks they are: short texts are then asked for
    /// without a branch that nobody could foretell.
    #[inline]
    fn window(&self, from: usize, which: impl Fn(&Marks) -> u64) -> u64 {
        let place = from - self.base;
        let (block, shift) = (place / BLOCK, place % BLOCK);
        match self.blocks.get(block..block + 2) {
            Some([one, two]) => which(one) >> shift | which(two) << 1 << (BLOCK - 1 - shift),
            _ => 0,
        }
    }

    #[inline]
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
