//! ChaCha with eight rounds as a stream of random words, block by block.
//!
//! The crate `rand_chacha` makes the same stream, which the tests hold this to, but four blocks at a time; a pseudonym
//! takes hardly more than one. This is no cipher: there is a seed, and neither nonce nor position.

const WORDS: usize = 16;
const ROUNDS: usize = 8;

/// A stream.
pub struct ChaCha8 {
    seed: [u32; 8],
    /// The number of the next block.
    number: u64,
    block: [u32; WORDS],
    /// How many words of the block have been taken.
    taken: usize,
}

impl ChaCha8 {
    /// The stream of a seed.
    #[inline]
    pub fn new(seed: &[u8; 32]) -> Self {
        let (words, _) = seed.as_chunks();
        ChaCha8 {
            seed: std::array::from_fn(|n| u32::from_le_bytes(words[n])),
            number: 0,
            block: [0; WORDS],
            taken: WORDS,
        }
    }

    /// The next two words as one number.
    #[inline]
    pub fn number(&mut self) -> u64 {
        let joined = |low, high| u64::from(low) | u64::from(high) << 32;
        if let Some([low, high]) = self.block.get(self.taken..self.taken + 2) {
            self.taken += 2;
            return joined(*low, *high);
        }
        let low = self.word();
        joined(low, self.word())
    }

    /// Bytes; what is left of their last word is lost.
    pub fn fill(&mut self, out: &mut [u8]) {
        for bytes in out.chunks_mut(4) {
            let word = self.word().to_le_bytes();
            bytes.copy_from_slice(&word[..bytes.len()]);
        }
    }

    #[inline]
    fn word(&mut self) -> u32 {
        if self.taken == WORDS {
            self.advance();
        }
        let word = self.block[self.taken];
        self.taken += 1;
        word
    }

    // As four rows that are worked on at once: so the compiler sees how little depends on what is before.
    fn advance(&mut self) {
        let [s0, s1, s2, s3, s4, s5, s6, s7] = self.seed;
        let start = [
            [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574],
            [s0, s1, s2, s3],
            [s4, s5, s6, s7],
            [self.number as u32, (self.number >> 32) as u32, 0, 0],
        ];
        let mut rows = start;
        for _ in 0..ROUNDS / 2 {
            let [a, b, c, d] = quarters(rows);
            let [a, b, c, d] = quarters([a, turned::<1>(b), turned::<2>(c), turned::<3>(d)]);
            rows = [a, turned::<3>(b), turned::<2>(c), turned::<1>(d)];
        }
        self.block = std::array::from_fn(|n| rows[n / 4][n % 4].wrapping_add(start[n / 4][n % 4]));
        self.number += 1;
        self.taken = 0;
    }
}

type Row = [u32; 4];

/// A quarter round of each column.
#[inline(always)]
fn quarters([a, b, c, d]: [Row; 4]) -> [Row; 4] {
    let (a, d) = half::<16>(a, b, d);
    let (c, b) = half::<12>(c, d, b);
    let (a, d) = half::<8>(a, b, d);
    let (c, b) = half::<7>(c, d, b);
    [a, b, c, d]
}

#[inline(always)]
fn half<const BITS: u32>(a: Row, b: Row, d: Row) -> (Row, Row) {
    let a: Row = std::array::from_fn(|n| a[n].wrapping_add(b[n]));
    let d = std::array::from_fn(|n| (d[n] ^ a[n]).rotate_left(BITS));
    (a, d)
}

#[inline(always)]
fn turned<const BY: usize>(row: Row) -> Row {
    std::array::from_fn(|n| row[(n + BY) % 4])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    proptest! {
        #[test]
        fn it_is_the_stream_of_rand_chacha(
            seed in any::<[u8; 32]>(),
            takes in prop::collection::vec(prop::option::of(0..80usize), 0..60),
        ) {
            let mut own = ChaCha8::new(&seed);
            let mut known = ChaCha8Rng::from_seed(seed);
            for take in takes {
                let Some(bytes) = take else {
                    prop_assert_eq!(own.number(), known.next_u64());
                    continue;
                };
                let (mut ours, mut theirs) = (vec![0; bytes], vec![0; bytes]);
                own.fill(&mut ours);
                known.fill_bytes(&mut theirs);
                prop_assert_eq!(ours, theirs);
            }
        }
    }
}
