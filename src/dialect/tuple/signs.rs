//! What 64 bytes of rows hold outside of quotes, where nothing but literals stands.

use super::Writing;
use crate::dialect::marks::{BLOCK, between, is};
use fearless_simd::{Simd, prelude::*, u8x64};

/// What a block of a row's bytes has outside of quotes, as bits. What is behind a doubt means nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Signs {
    /// Where the block begins; zero if nothing is known.
    pub(super) base: usize,
    pub(super) commas: u64,
    opens: u64,
    pub(super) closes: u64,
    /// Those that end a literal, or its first half.
    pub(super) quotes: u64,
    /// What is neither of these nor a part of a literal.
    doubts: u64,
    /// All bits if its end is within quotes.
    inside: u64,
    /// Is the byte behind it escaped? Has its last byte been a dash, or such a letter?
    escapes: u64,
    dash: u64,
    letter: u64,
}

impl Signs {
    /// Is what stands at `at` known?
    pub(super) fn holds(&self, at: usize) -> bool {
        self.base > 0 && at >= self.base && at - self.base < BLOCK
    }

    /// The commas of the row that goes on at `from`, and its last parenthesis, if that is in this block. None if there
    /// is a doubt about them.
    #[inline]
    pub(super) fn of_row(&self, from: usize) -> Option<(u64, Option<usize>)> {
        let seen = u64::MAX << (from - self.base);
        let closes = self.closes & seen;
        let close = closes & closes.wrapping_neg();
        let row = seen & close.wrapping_sub(1);
        let end = (close != 0).then(|| self.base + close.trailing_zeros() as usize);
        ((self.doubts | self.opens) & row == 0).then_some((self.commas & row, end))
    }

    /// The rows from the one that goes on at `from`, of which each but the last ends with another behind it at once.
    #[inline(always)]
    pub(super) fn rows(&self, from: usize) -> Rows {
        let seen = u64::MAX << (from - self.base);
        let closes = self.closes & seen;
        let tight = closes & self.commas >> 1 & self.opens >> 2;
        let doubts = (self.doubts | self.opens & !(tight << 2)) & seen;
        let odd = closes & !tight | doubts;
        let first = odd & odd.wrapping_neg();
        let before = first.wrapping_sub(1);
        Rows {
            seen: seen & before,
            ends: tight & before,
            odd: match () {
                () if odd == 0 => Odd::Nothing,
                () if first & doubts != 0 => Odd::Doubt(first),
                () => Odd::End(first),
            },
        }
    }
}

/// Rows of a block between which nothing but a comma stands.
pub(super) struct Rows {
    /// All of their bytes that are in the block, but for the end of the last.
    pub seen: u64,
    /// The ends of those behind which the next one opens.
    pub ends: u64,
    /// What comes then.
    pub odd: Odd,
}

/// What in a block goes beyond such rows, with its bit.
pub(super) enum Odd {
    /// Nothing.
    Nothing,
    /// The end of a row behind which something else may stand.
    End(u64),
    /// Something that is no literal.
    Doubt(u64),
}

impl Writing<'_> {
    /// What stands in the block at `base`. `before` is the block before it, within the same row; none where a
    /// row has just opened.
    #[inline(always)]
    pub(super) fn look<S: Simd>(&self, bytes: u8x64<S>, base: usize, before: Signs) -> Signs {
        // Numbers, words, and the spaces that some dumpers write.
        let letters = between(bytes | 0x20, b'a', b'z');
        let tame = letters | between(bytes, b'+', b'9') | is(bytes, b'_') | is(bytes, b' ');
        let tame = tame.to_bitmask();
        // A letter before a quote can give a literal escapes or marks of its own, or take escapes away from it.
        // Where there are none to take, A, E, Q and U are all that do.
        let (letters, backslashes) = match self.backslashes {
            true => (letters, is(bytes, b'\\').to_bitmask()),
            false => (is(bytes | 0x34, b'u'), 0),
        };
        let letters = letters.to_bitmask();
        let quotes = is(bytes, b'\'').to_bitmask();
        let commas = is(bytes, b',').to_bitmask();
        let opens = is(bytes, b'(').to_bitmask();
        let closes = is(bytes, b')').to_bitmask();
        let dashes = is(bytes, b'-').to_bitmask();
        let (escaped, escapes) = escaped(backslashes, before.escapes);
        let quotes = quotes & !escaped;
        let inside = parity(quotes) ^ before.inside;
        let outside = !inside;
        let twice = dashes & (dashes << 1 | before.dash);
        let of_its_own = quotes & inside & (letters << 1 | before.letter);
        Signs {
            base,
            commas: commas & outside,
            opens: opens & outside,
            closes: closes & outside,
            quotes: quotes & outside,
            doubts: (!(tame | quotes | closes | opens) | twice) & outside | of_its_own,
            inside: ((inside as i64) >> 63) as u64,
            escapes,
            dash: dashes >> 63,
            letter: letters >> 63,
        }
    }
}

/// A bit for each that has an odd number of bits up to it.
#[inline]
fn parity(bits: u64) -> u64 {
    [1, 2, 4, 8, 16, 32]
        .iter()
        .fold(bits, |bits, shift| bits ^ bits << shift)
}

/// Which bytes follow a backslash that is not escaped itself, and whether the one behind the block does. The first
/// is if `first` is one.
#[inline]
fn escaped(backslashes: u64, first: u64) -> (u64, u64) {
    if backslashes == 0 {
        return (first, 0);
    }
    const EVEN: u64 = 0x5555_5555_5555_5555;
    let escapes = backslashes & !first;
    let follows = escapes << 1 | first;
    // Adding the start of a run of backslashes to it moves a bit behind its end.
    let (runs, behind) = (escapes & !EVEN & !follows).overflowing_add(escapes);
    ((EVEN ^ runs << 1) & follows, u64::from(behind))
}
