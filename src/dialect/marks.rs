//! Where some bytes stand in the next 64 of a text, as bits.
//!
//! Cells are short: a search that is begun anew for each of them costs more than the bytes that it
//! looks at. Here a block is compared at once, by vector instructions that every processor has, and the
//! hits are then taken from one number for each byte.

use wide::u8x16;

/// How many bytes are looked at together.
pub const BLOCK: usize = 64;

/// For each of `bytes`, none of which is NUL, a bit for each of the next [`BLOCK`] bytes of `text` from `at`
/// that is this byte. What is behind the end is none of them.
#[inline]
pub fn marks<const N: usize>(text: &[u8], at: usize, bytes: [u8; N]) -> [u64; N] {
    let rest = text.get(at..).unwrap_or_default();
    match rest.first_chunk::<BLOCK>() {
        Some(block) => of_block(block, bytes),
        None => {
            let mut block = [0; BLOCK];
            block[..rest.len()].copy_from_slice(rest);
            of_block(&block, bytes)
        }
    }
}

#[inline]
fn of_block<const N: usize>(block: &[u8; BLOCK], bytes: [u8; N]) -> [u64; N] {
    let wanted = bytes.map(u8x16::splat);
    let (quarters, _) = block.as_chunks::<16>();
    let mut found = [0; N];
    for (number, quarter) in quarters.iter().enumerate() {
        let quarter = u8x16::new(*quarter);
        for (found, wanted) in found.iter_mut().zip(wanted) {
            *found |= u64::from(quarter.simd_eq(wanted).to_bitmask()) << (16 * number);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_byte_has_its_bit(text in proptest::collection::vec(0u8..6, 0..150), at in 0usize..160, bytes in [1u8..6, 1u8..6, 1u8..6]) {
            let found = marks(&text, at, bytes);
            for bit in 0..BLOCK {
                for (found, byte) in found.iter().zip(bytes) {
                    prop_assert_eq!(found >> bit & 1 == 1, text.get(at + bit) == Some(&byte));
                }
            }
        }
    }
}
