//! What 64 bytes of rows hold outside of quotes, where nothing but literals stands.

use super::Writing;
use crate::dialect::marks::{BLOCK, between, block, is};
use fearless_simd::{Simd, prelude::*};

/// What a block of a row's bytes has outside of quotes, as bits. What is behind a doubt means nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Signs {
    /// Where the block begins; zero if nothing is known.
    pub(super) base: usize,
    commas: u64,
    opens: u64,
    closes: u64,
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
        (self.doubts & row == 0).then_some((self.commas & row, end))
    }

    /// The ends of the rows from the one that goes on at `from`, each but for the last with a row behind it at once, and
    /// what comes then.
    #[inline(always)]
    pub(super) fn rows(&self, from: usize) -> (u64, Odd) {
        let seen = u64::MAX << (from - self.base);
        let closes = self.closes & seen;
        let tight = closes & self.commas >> 1 & self.opens >> 2;
        let doubts = (self.doubts | self.opens & !(tight << 2)) & seen;
        let odd = closes & !tight | doubts;
        let first = odd & odd.wrapping_neg();
        let ends = closes & first.wrapping_sub(1);
        let odd = match () {
            () if odd == 0 => Odd::Nothing,
            () if first & doubts != 0 => Odd::Doubt,
            () => Odd::End(self.base + odd.trailing_zeros() as usize),
        };
        (ends, odd)
    }
}

/// What in a block goes beyond rows with no more than a comma between them.
pub(super) enum Odd {
    /// Nothing.
    Nothing,
    /// The end of a row at this place, behind which something else may stand.
    End(usize),
    /// Something that is no literal.
    Doubt,
}

impl Writing<'_> {
    /// What stands in the block of `text` at `base`. `before` is the block before it, within the same row; none
    /// where a row has just opened.
    #[inline(always)]
    pub(super) fn look<S: Simd, const CELLS: bool>(
        &self,
        simd: S,
        text: &[u8],
        base: usize,
        before: Signs,
    ) -> Signs {
        let bytes = block(simd, text, base);
        // Control characters, `"#$%&'()*`, `[\]`, backticks, colons and semicolons.
        let doubts = between(bytes, 0, 0x1f)
            | between(bytes, b'"', b'*')
            | between(bytes, b'[', b']')
            | is(bytes, b'`')
            | is(bytes | 1, b';');
        // A letter before a quote can give a literal escapes or marks of its own, or take escapes away from it.
        // Where there are none to take, A, E, Q and U are all that do.
        let letters = match self.backslashes {
            true => between(bytes | 0x20, b'a', b'z'),
            false => is(bytes | 0x34, b'u'),
        };
        let (doubts, letters) = (doubts.to_bitmask(), letters.to_bitmask());
        let [quotes, closes, dashes] = [b'\'', b')', b'-'].map(|byte| is(bytes, byte).to_bitmask());
        let commas = is(bytes, b',').to_bitmask();
        let opens = match CELLS {
            true => 0,
            false => is(bytes, b'(').to_bitmask(),
        };
        let backslashes = match self.backslashes {
            true => is(bytes, b'\\').to_bitmask(),
            false => 0,
        };
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
            doubts: (doubts & !(quotes | closes | opens) | twice) & outside | of_its_own,
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
