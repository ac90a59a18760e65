//! Where some bytes stand in the next 64 of a text, as bits.
//!
//! Cells are short: a search that is begun anew for each of them costs more than the bytes that it
//! looks at. Here a block is compared at once, and the hits are then taken from one number for each byte.
//!
//! The vectors are as wide as those of the processor that the program runs on: who looks at blocks is compiled once for each
//! width, `dispatch!` chooses among them, and everything between has to be inlined into that: loops rather than closures
//! that are given to iterators and arrays, which may be compiled for themselves, and then for the oldest processor.

use fearless_simd::{Level, Simd, dispatch, mask8x64, prelude::*, u8x64};

/// How many bytes are looked at together.
pub const BLOCK: usize = 64;

/// The next [`BLOCK`] bytes of `text` from `at`. What is behind the end is NUL.
#[inline(always)]
pub fn block<S: Simd>(simd: S, text: &[u8], at: usize) -> u8x64<S> {
    let rest = text.get(at..).unwrap_or_default();
    match rest.first_chunk::<BLOCK>() {
        Some(block) => u8x64::simd_from(simd, *block),
        None => {
            let mut block = [0; BLOCK];
            block[..rest.len()].copy_from_slice(rest);
            u8x64::simd_from(simd, block)
        }
    }
}

/// Which bytes of a block are this one?
#[inline(always)]
pub fn is<S: Simd>(block: u8x64<S>, byte: u8) -> mask8x64<S> {
    block.simd_eq(byte)
}

/// Which are between two, both included?
#[inline(always)]
pub fn between<S: Simd>(block: u8x64<S>, first: u8, last: u8) -> mask8x64<S> {
    (block - first).simd_le(last - first)
}

/// For each of `bytes`, none of which is NUL, a bit for each of the next [`BLOCK`] bytes of `text` from `at`
/// that is this byte.
#[inline(always)]
pub fn marks<S: Simd, const N: usize>(simd: S, text: &[u8], at: usize, bytes: [u8; N]) -> [u64; N] {
    let block = block(simd, text, at);
    let mut found = [0; N];
    for (found, byte) in found.iter_mut().zip(bytes) {
        *found = is(block, byte).to_bitmask();
    }
    found
}

/// How many line feeds a text has, if no backslash stands beside one.
pub fn plain_lines(text: &[u8]) -> Option<u64> {
    dispatch!(Level::new(), simd => plain_lines_within(simd, text))
}

#[inline(always)]
fn plain_lines_within<S: Simd>(simd: S, text: &[u8]) -> Option<u64> {
    // The last byte of the block before: is it a line feed, or a backslash?
    let (mut lines, mut feed, mut backslash) = (0, 0, 0);
    for at in (0..text.len()).step_by(BLOCK) {
        let [feeds, backslashes] = marks(simd, text, at, *b"\n\\");
        let beside = (feeds << 1 | feed) & backslashes | (backslashes << 1 | backslash) & feeds;
        if beside != 0 {
            return None;
        }
        lines += u64::from(feeds.count_ones());
        (feed, backslash) = (feeds >> (BLOCK - 1), backslashes >> (BLOCK - 1));
    }
    Some(lines)
}

/// Does a text hold one of `bytes`, or one that is not greater than `control`?
pub fn holds<const N: usize>(text: &[u8], control: u8, bytes: [u8; N]) -> bool {
    dispatch!(Level::new(), simd => holds_within(simd, text, control, bytes))
}

#[inline(always)]
fn holds_within<S: Simd, const N: usize>(
    simd: S,
    text: &[u8],
    control: u8,
    bytes: [u8; N],
) -> bool {
    for at in (0..text.len()).step_by(BLOCK) {
        let block = block(simd, text, at);
        let mut found = block.simd_le(control);
        for byte in bytes {
            found |= is(block, byte);
        }
        let behind = BLOCK.saturating_sub(text.len() - at);
        if found.to_bitmask() << behind != 0 {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_byte_is_found(text in proptest::collection::vec(2u8..30, 0..150), control in 0u8..4, bytes in [1u8..30, 1u8..30]) {
            let wanted = |byte: &u8| *byte <= control || bytes.contains(byte);
            prop_assert_eq!(holds(&text, control, bytes), text.iter().any(wanted));
        }

        #[test]
        fn lines_are_counted_where_no_backslash_is_beside(text in "([a-c]{1,70}|\n|\\\\|a){0,12}") {
            let lines = text.matches('\n').count() as u64;
            let beside = text.contains("\n\\") || text.contains("\\\n");
            prop_assert_eq!(plain_lines(text.as_bytes()), (!beside).then_some(lines));
        }

        #[test]
        fn every_byte_has_its_bit(text in proptest::collection::vec(0u8..6, 0..150), at in 0usize..160, bytes in [1u8..6, 1u8..6, 1u8..6]) {
            let (first, last) = (bytes[0].min(bytes[1]), bytes[0].max(bytes[1]));
            // The vectors of this processor, and those that every one has.
            for level in [Level::new(), Level::baseline()] {
                let found = dispatch!(level, simd => marks(simd, &text, at, bytes));
                let class = dispatch!(level, simd => between(block(simd, &text, at), first, last).to_bitmask());
                for bit in 0..BLOCK {
                    for (found, byte) in found.iter().zip(bytes) {
                        prop_assert_eq!(found >> bit & 1 == 1, text.get(at + bit) == Some(&byte));
                    }
                    let within = text.get(at + bit).is_some_and(|byte| (first..=last).contains(byte));
                    prop_assert_eq!(class >> bit & 1 == 1, within);
                }
            }
        }
    }
}
