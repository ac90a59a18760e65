//! Where some bytes stand in the next 32 of a text, as bits.
//!
//! Cells are short: a search that is begun anew for each of them costs more than the bytes that it
//! looks at. Here 32 bytes are compared at once, in a loop that compilers turn into vector
//! instructions on every processor, and the hits are then taken from one number.

/// How many bytes are looked at together.
pub const BLOCK: usize = 32;

/// The lowest bit of each byte of a word, gathered in its highest byte.
const GATHER: u64 = 0x0102_0408_1020_4080;

/// A bit for each of the next [`BLOCK`] bytes of `text` from `at` that is one of `bytes`, none of which is
/// NUL. What is behind the end is none of them.
#[inline]
pub fn marks(text: &[u8], at: usize, bytes: [u8; 3]) -> u32 {
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
fn of_block(block: &[u8; BLOCK], [a, b, c]: [u8; 3]) -> u32 {
    let mut hits = [0u8; BLOCK];
    for (hit, &byte) in hits.iter_mut().zip(block) {
        *hit = u8::from(byte == a) | u8::from(byte == b) | u8::from(byte == c);
    }
    let (words, _) = hits.as_chunks::<8>();
    let gathered = words.iter().rev().map(|word| {
        let word = u64::from_le_bytes(*word);
        (word.wrapping_mul(GATHER) >> 56) as u32
    });
    gathered.fold(0, |all, bits| all << 8 | bits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_byte_has_its_bit(text in proptest::collection::vec(0u8..6, 0..80), at in 0usize..90, bytes in [1u8..6, 1u8..6, 1u8..6]) {
            let found = marks(&text, at, bytes);
            for bit in 0..BLOCK {
                let is = text.get(at + bit).is_some_and(|b| bytes.contains(b));
                prop_assert_eq!(found >> bit & 1 == 1, is);
            }
        }
    }
}
