//! Where some bytes stand in the next 64 of a text, as bits.
//!
//! Cells are short: a search that is begun anew for each of them costs more than the bytes that it
//! looks at. Here a block is compared at once, and the hits are then taken from one number for each byte.
//!
//! The vectors are as wide as those of the processor that the program runs on: who looks at blocks is compiled once for each
//! width, `dispatch!` chooses among them, and everything between has to be inlined into that.

use fearless_simd::{Simd, mask8x64, prelude::*, u8x64};
use wide::u8x16;

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
    bytes.map(|byte| is(block, byte).to_bitmask())
}

/// Which of 16 bytes are between two, both included?
#[inline(always)]
pub fn within(bytes: u8x16, first: u8, last: u8) -> u8x16 {
    let clamped = bytes.max(u8x16::splat(first)).min(u8x16::splat(last));
    bytes.simd_eq(clamped)
}

/// Is any byte of a text of the class that `of` tells bytes to be of, 16 at a time? Some are shown twice.
#[inline(always)]
pub fn any(text: &[u8], of: impl Fn(u8x16) -> u8x16) -> bool {
    let of = |bytes: [u8; 16]| of(u8x16::new(bytes));
    let found = if let Some(last) = text.last_chunk() {
        let (chunks, _) = text.as_chunks();
        let chunks = chunks.iter().map(|chunk| of(*chunk));
        chunks.fold(of(*last), |found, class| found | class)
    } else if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        of(twice::<8>(first, last))
    } else if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        of(twice::<4>(first, last))
    } else {
        let each = text.iter().map(|byte| of([*byte; 16]));
        each.fold(u8x16::splat(0), |found, class| found | class)
    };
    found.to_bitmask() != 0
}

/// Both ends of a short text, as often as they fit.
#[inline(always)]
fn twice<const N: usize>(first: &[u8; N], last: &[u8; N]) -> [u8; 16] {
    let mut bytes = [0; 16];
    for pair in bytes.chunks_exact_mut(2 * N) {
        pair[..N].copy_from_slice(first);
        pair[N..].copy_from_slice(last);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use fearless_simd::{Level, dispatch};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_byte_is_found(text in proptest::collection::vec(0u8..20, 0..70), byte in 0u8..20) {
            let found = super::any(&text, |bytes| bytes.simd_eq(u8x16::splat(byte)));
            prop_assert_eq!(found, text.contains(&byte));
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
