//! Where generators take their choices from: a seed, or the bytes that a fuzzer varies.

/// A reproducible source of choices: bytes as long as there are some, then SplitMix64 (Steele et al. 2014).
pub struct Choices {
    /// The bytes that are left, last first.
    bytes: Vec<u8>,
    state: u64,
}

impl Choices {
    /// Choices from a seed.
    pub fn new(seed: u64) -> Self {
        Choices {
            bytes: Vec::new(),
            state: seed,
        }
    }

    /// Choices from bytes: a byte that changes changes one choice.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let state = bytes.iter().fold(0, |state: u64, byte| {
            state.wrapping_mul(0x100_0000_01b3) ^ u64::from(*byte)
        });
        Choices {
            bytes: bytes.iter().rev().copied().collect(),
            state,
        }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        match self.bytes.pop() {
            Some(byte) if n <= 256 => usize::from(byte) % n,
            Some(byte) => (usize::from(byte) << 8 | usize::from(self.bytes.pop().unwrap_or(0))) % n,
            None => (self.next() % n as u64) as usize,
        }
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of the items.
    pub fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len())]
    }

    /// One of the items, by value.
    pub fn of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}
