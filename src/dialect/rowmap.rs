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
/// Room for them, so that the number of a block needs no check.
const ROOM: usize = 256;

/// A bit for each byte, block by block.
type Bits = [u64; ROOM];

/// The map of a stretch of rows. An end is a row's last byte; what stands before the next row belongs to that.
#[derive(Debug)]
pub struct RowMap {
    /// Where it begins: at a row.
    base: usize,
    /// Nothing is known from here on.
    end: usize,
    /// How many blocks have been read. Behind them come some without marks.
    blocks: usize,
    /// Delimiters, but for escaped ones.
    delimiters: Box<Bits>,
    /// Line ends, but for escaped ones.
    ends: Box<Bits>,
    /// `@`, and what an address could be written with.
    odd: Box<Bits>,
    /// `@`.
    signs: Box<Bits>,
    /// What else an address could be written with, or a text not be its own form: `%`, `&`, backslashes, control
    /// characters.
    others: Box<Bits>,
    /// How many delimiters and line ends stand before a block.
    before: Box<[(u32, u32); ROOM]>,
}

impl Default for RowMap {
    fn default() -> Self {
        let none = || Box::new([0; ROOM]);
        RowMap {
            base: 0,
            end: 0,
            blocks: 0,
            delimiters: none(),
            ends: none(),
            odd: none(),
            signs: none(),
            others: none(),
            before: Box::new([(0, 0); ROOM]),
        }
    }
}

/// What is drawn of a block.
#[derive(Debug, Clone, Copy, Default)]
pub struct Marks {
    /// Delimiters.
    pub delimiters: u64,
    /// The ends of rows.
    pub ends: u64,
    /// What is of interest.
    pub odd: u64,
    /// `@`.
    pub signs: u64,
    /// What else an address could be written with, or a text not be its own form.
    pub others: u64,
}

/// What is escaped in a block, and whether the first byte of the next one is.
#[cold]
fn all_escaped(backslashes: u64, first: u64) -> (u64, u64) {
    let (mut escapes, mut escaped, mut left) = (0, first, backslashes & !first);
    while left != 0 {
        let escape = left & left.wrapping_neg();
        escapes |= escape;
        escaped |= escape << 1;
        left &= !(escape | escape << 1);
    }
    (escaped, escapes >> (BLOCK - 1))
}

/// What a block of rows is made of.
struct Drawn {
    delimiters: u64,
    ends: u64,
    backslashes: u64,
    /// Large and small N, R and T, which stand behind most backslashes.
    letters: u64,
    /// Where a `\.` has its full stop: behind it nothing may be trusted.
    marker: Option<usize>,
}

/// Draws a block. `escaped`: is its first byte? Then: is that of the next one?
#[inline(always)]
fn draw<S: Simd>(bytes: u8x64<S>, delimiter: u8, escaped: &mut u64) -> Drawn {
    let backslashes = is(bytes, b'\\').to_bitmask();
    let small = bytes | 0x20;
    let letters = is(small, b'n') | is(small, b'r') | is(small, b't');
    let mut drawn = Drawn {
        delimiters: is(bytes, delimiter).to_bitmask(),
        ends: is(bytes, b'\n').to_bitmask(),
        backslashes,
        letters: letters.to_bitmask(),
        marker: None,
    };
    let behind = backslashes << 1 | *escaped;
    // Half of the blocks may hold a NULL; but nearly everything that is escaped is such a letter.
    if behind & !drawn.letters != 0 {
        let (all, next) = all_escaped(backslashes, *escaped);
        drawn.delimiters &= !all;
        drawn.ends &= !all;
        *escaped = next;
        let markers = all & is(bytes, b'.').to_bitmask();
        drawn.marker = (markers != 0).then(|| markers.trailing_zeros() as usize);
    } else {
        *escaped = backslashes >> (BLOCK - 1);
    }
    drawn
}

impl RowMap {
    /// Reads the rows from `at`, where one begins. `nulls`: does NULL matter?
    #[inline(always)]
    pub fn read<S: Simd>(&mut self, simd: S, batch: &[u8], at: usize, delimiter: u8, nulls: bool) {
        self.read_each(simd, batch, at, delimiter, |bytes, drawn| {
            let signs = is(bytes, b'@').to_bitmask();
            let others = between(bytes, 0, 0x1f) | is(bytes, b'%') | is(bytes, b'&');
            let others =
                (others.to_bitmask() & !(drawn.delimiters | drawn.ends)) | drawn.backslashes;
            // Before N, R or T, large or small, a backslash cannot make an address of what holds no `@`.
            let harmless = match nulls {
                true => 0,
                false => drawn.backslashes & (drawn.letters >> 1),
            };
            (signs | others & !harmless, signs, others)
        });
    }

    /// Reads rows of which nobody asks what is of interest in them, but where they and their cells end, and whether a cell
    /// is its own text form.
    #[inline(always)]
    pub fn read_cells<S: Simd>(&mut self, simd: S, batch: &[u8], at: usize, delimiter: u8) {
        self.read_each(simd, batch, at, delimiter, |bytes, drawn| {
            let others = is(bytes, b'\r').to_bitmask() | drawn.backslashes;
            (others, 0, others)
        });
    }

    #[inline(always)]
    fn read_each<S: Simd>(
        &mut self,
        simd: S,
        batch: &[u8],
        at: usize,
        delimiter: u8,
        marked: impl Fn(u8x64<S>, &Drawn) -> (u64, u64, u64),
    ) {
        let mut end = self.begin(at, batch.len());
        let mut escaped = 0;
        for base in (at..end).step_by(BLOCK) {
            let bytes = block(simd, batch, base);
            let drawn = draw(bytes, delimiter, &mut escaped);
            let (odd, signs, others) = marked(bytes, &drawn);
            self.push(Marks {
                delimiters: drawn.delimiters,
                ends: drawn.ends,
                odd,
                signs,
                others,
            });
            if let Some(marker) = drawn.marker {
                end = base + marker;
                break;
            }
        }
        self.close(end);
    }

    /// Begins a map from `at` of a text of this length, and says how far it can reach. Then each block is put in, and at
    /// last it is closed.
    #[inline(always)]
    pub fn begin(&mut self, at: usize, length: usize) -> usize {
        (self.base, self.blocks) = (at, 0);
        self.before[0] = (0, 0);
        length.min(at + BLOCKS * BLOCK)
    }

    /// Puts the next block in.
    #[inline(always)]
    pub fn push(&mut self, marks: Marks) {
        let number = self.blocks % ROOM;
        self.delimiters[number] = marks.delimiters;
        self.ends[number] = marks.ends;
        self.odd[number] = marks.odd;
        self.signs[number] = marks.signs;
        self.others[number] = marks.others;
        let (delimiters, rows) = self.before[number];
        self.blocks += 1;
        self.before[self.blocks % ROOM] = (
            delimiters + marks.delimiters.count_ones(),
            rows + marks.ends.count_ones(),
        );
    }

    /// Closes the map: nothing is known from `end` on.
    #[inline(always)]
    pub fn close(&mut self, end: usize) {
        let blocks = self.blocks;
        // What is asked for may reach over two further blocks.
        for _ in 0..3 {
            self.push(Marks::default());
        }
        (self.blocks, self.end) = (blocks, end);
    }

    /// Is it the map from this place on?
    pub fn begins(&self, at: usize) -> bool {
        self.base == at && self.blocks > 0
    }

    /// Where the row ends that holds a place: the place of its line feed.
    #[inline(always)]
    pub fn row_end(&self, from: usize) -> Option<usize> {
        // Most are longer than a block and shorter than two.
        let near = self.window(&self.ends, from);
        let far = self.window(&self.ends, from + BLOCK);
        let (bits, skipped) = match near {
            0 => (far, BLOCK),
            _ => (near, 0),
        };
        if bits == 0 {
            return self.next(&self.ends, from + 2 * BLOCK..self.end);
        }
        let found = from + skipped + bits.trailing_zeros() as usize;
        (found < self.end).then_some(found)
    }

    /// Where each row ends from a place on, one after the other, and how many delimiters stand before that.
    #[inline(always)]
    pub fn ends(&self, from: usize) -> Ends<'_> {
        let place = from - self.base;
        let block = place / BLOCK;
        Ends {
            map: self,
            block,
            left: self.ends[block % ROOM] & u64::MAX << (place % BLOCK),
        }
    }

    /// Where the last row ends that begins at `from` or behind it, if one ends there at all.
    pub fn last_end(&self, from: usize) -> Option<usize> {
        let end = self.behind_last(&self.ends, from, self.end);
        end.map(|end| end - 1)
    }

    /// How many delimiters stand before a place.
    #[inline(always)]
    pub fn delimiters(&self, at: usize) -> usize {
        let (block, below) = self.below(at);
        self.before[block].0 as usize + (self.delimiters[block] & below).count_ones() as usize
    }

    /// How many rows end before a place.
    #[inline(always)]
    pub fn rows(&self, at: usize) -> usize {
        let (block, below) = self.below(at);
        self.before[block].1 as usize + (self.ends[block] & below).count_ones() as usize
    }

    /// The block of a place, and the bits below its own.
    #[inline(always)]
    fn below(&self, at: usize) -> (usize, u64) {
        let at = at - self.base;
        (at / BLOCK % ROOM, (1 << (at % BLOCK)) - 1)
    }

    /// The first place of interest from `from` on.
    #[inline(always)]
    pub fn odd(&self, from: usize) -> Option<usize> {
        let place = from - self.base;
        let mut number = place / BLOCK;
        let mut bits = self.odd[number % ROOM] & u64::MAX << (place % BLOCK);
        while bits == 0 {
            number += 1;
            if number >= self.blocks {
                return None;
            }
            bits = self.odd[number % ROOM];
        }
        Some(self.base + number * BLOCK + bits.trailing_zeros() as usize)
    }

    /// The first `@` of a range.
    #[inline(always)]
    pub fn sign(&self, range: Range<usize>) -> Option<usize> {
        self.next(&self.signs, range)
    }

    /// Does a range hold anything but plain text and `@`?
    #[inline(always)]
    pub fn is_unclear(&self, range: Range<usize>) -> bool {
        let Range {
            start: mut from,
            end,
        } = range;
        while from < end {
            // What stands behind a short cell is cut off before it is asked for: often something does, often nothing.
            let behind = BLOCK.saturating_sub(end - from);
            if self.window(&self.others, from) << behind != 0 {
                return true;
            }
            from += BLOCK;
        }
        false
    }

    /// Where the cell ends that holds the begin of the range, which ends with its row.
    #[inline(always)]
    pub fn cell_end(&self, range: Range<usize>) -> usize {
        let end = range.end;
        self.next(&self.delimiters, range).unwrap_or(end)
    }

    /// The cell of this number (zero is the first) of a row, which ends before its line feed; none if it has not as many.
    #[inline(always)]
    pub fn cell(&self, row: Range<usize>, number: usize) -> Option<Range<usize>> {
        let (mut from, mut left) = (row.start, number as u32);
        while from <= row.end {
            let mut bits = self.window(&self.delimiters, from);
            let count = bits.count_ones();
            if left > count {
                left -= count;
                from += BLOCK;
                continue;
            }
            let mut start = row.start;
            for _ in 0..left {
                start = from + bits.trailing_zeros() as usize + 1;
                bits &= bits - 1;
            }
            let end = match bits {
                0 => self.cell_end(from + BLOCK..row.end),
                _ => from + bits.trailing_zeros() as usize,
            };
            return (start <= row.end).then_some(start..end.min(row.end));
        }
        None
    }

    /// Where the cell begins that holds a place in the row that begins at `row`.
    #[inline(always)]
    pub fn cell_start(&self, row: usize, at: usize) -> usize {
        self.behind_last(&self.delimiters, row, at).unwrap_or(row)
    }

    /// Where the row begins that holds a place, not before `floor`, where one begins.
    #[inline(always)]
    pub fn row_start(&self, floor: usize, at: usize) -> usize {
        self.behind_last(&self.ends, floor, at).unwrap_or(floor)
    }

    /// The place behind the last mark from `from` on that stands before `to`.
    #[inline(always)]
    fn behind_last(&self, bits: &Bits, from: usize, to: usize) -> Option<usize> {
        let mut to = to;
        while to > from {
            let start = from.max(to.saturating_sub(BLOCK));
            let left = self.window(bits, start) & (u64::MAX >> (BLOCK - (to - start)));
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
    fn window(&self, bits: &Bits, from: usize) -> u64 {
        let place = from - self.base;
        let (block, shift) = (place / BLOCK, place % BLOCK);
        let (one, two) = (bits[block % ROOM], bits[(block + 1) % ROOM]);
        // Not `one >> shift | two << (BLOCK - shift)`: the instruction that does this at once is a slow one.
        one >> shift | two.rotate_right(shift as u32) & !(u64::MAX >> shift)
    }

    #[inline(always)]
    fn next(&self, bits: &Bits, range: Range<usize>) -> Option<usize> {
        let Range {
            start: mut from,
            end,
        } = range;
        while from < end {
            let left = self.window(bits, from);
            if left != 0 {
                let found = from + left.trailing_zeros() as usize;
                return (found < end).then_some(found);
            }
            from += BLOCK;
        }
        None
    }
}

/// [`RowMap::ends`].
pub struct Ends<'m> {
    map: &'m RowMap,
    block: usize,
    /// The ends in it that are still to come.
    left: u64,
}

impl Iterator for Ends<'_> {
    type Item = (usize, usize);

    #[inline(always)]
    fn next(&mut self) -> Option<(usize, usize)> {
        let map = self.map;
        while self.left == 0 {
            self.block += 1;
            if self.block >= map.blocks {
                return None;
            }
            self.left = map.ends[self.block % ROOM];
        }
        let end = map.base + self.block * BLOCK + self.left.trailing_zeros() as usize;
        if end >= map.end {
            return None;
        }
        let block = self.block % ROOM;
        let before = map.delimiters[block] & (self.left - 1) & !self.left;
        self.left &= self.left - 1;
        Some((
            end,
            map.before[block].0 as usize + before.count_ones() as usize,
        ))
    }
}
