//! Choices: an endless stream of them, from the key and an input, or from the key and the place of a
//! fresh call. The stream is ChaCha, seeded with an HMAC: nobody without the key can go back from
//! what was chosen to the input.

use super::Call;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A stream of choices.
pub struct Draw {
    random: ChaCha8Rng,
}

impl Draw {
    /// The choices for an input: the same for the same key and input.
    #[inline]
    pub fn keyed(call: &Call<'_>, input: &[u8]) -> Self {
        Draw {
            random: ChaCha8Rng::from_seed(call.key.digest(input)),
        }
    }

    /// The choices for the place of a fresh call.
    pub fn fresh(call: &Call<'_>) -> Self {
        Draw::keyed(call, &call.fresh.to_le_bytes())
    }

    /// A number below `end`, each as likely; 0 if `end` is 0.
    // Inlined always, so that an alphabet's length is known where the divisions are compiled.
    #[inline(always)]
    pub fn below(&mut self, end: u64) -> u64 {
        // The part of the range that `end` divides evenly; that ends so late that a division seldom has to tell where.
        let even = || u64::MAX - u64::MAX.checked_rem(end).unwrap_or(0);
        loop {
            let number = self.random.next_u64();
            if number < u64::MAX - end || number < even() {
                return number.checked_rem(end).unwrap_or(0);
            }
        }
    }

    /// A number from `low` to `high`, both included; `low` if they are the wrong way round.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        if high <= low {
            return low;
        }
        let offset = match high.wrapping_sub(low).cast_unsigned() {
            u64::MAX => self.random.next_u64(),
            span => self.below(span + 1),
        };
        low.wrapping_add(offset.cast_signed())
    }

    /// One of a list that is not empty.
    #[inline(always)]
    pub fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[usize::try_from(self.below(list.len() as u64)).unwrap_or(0)]
    }

    /// So many characters of an alphabet of ASCII characters.
    #[inline]
    pub fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        let mut out = String::with_capacity(length);
        for _ in 0..length {
            out.push(char::from(self.pick(alphabet)));
        }
        out
    }

    /// The same, as bytes.
    #[inline]
    pub fn letters<const N: usize>(&mut self, alphabet: &[u8]) -> [u8; N] {
        std::array::from_fn(|_| self.pick(alphabet))
    }

    /// A pattern with `#` replaced by digits, `^` by 2 to 9, `$` by capital letters.
    pub fn pattern(&mut self, pattern: &str) -> String {
        let mut out = String::with_capacity(pattern.len());
        for c in pattern.chars() {
            out.push(match c {
                '#' => char::from(self.pick(b"0123456789")),
                '^' => char::from(self.pick(b"23456789")),
                '$' => char::from(self.pick(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")),
                other => other,
            });
        }
        out
    }

    /// Random bytes.
    pub fn bytes(&mut self, out: &mut [u8]) {
        self.random.fill_bytes(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::Key;

    #[test]
    fn the_edges_of_ranges() {
        let key = Key::new(b"example".to_vec()).subkey("draw");
        let call = Call {
            key: &key,
            limit: None,
            not_null: true,
            fresh: 7,
        };
        let mut draw = Draw::fresh(&call);
        assert_eq!(
            (draw.below(0), draw.below(1), draw.between(5, 5)),
            (0, 0, 5)
        );
        let seen: std::collections::HashSet<_> = (0..200).map(|_| draw.between(-1, 1)).collect();
        assert_eq!(seen.len(), 3);
        assert!((0..64).any(|_| draw.between(i64::MIN, i64::MAX) < 0));
        assert!((0..99).all(|_| draw.between(i64::MAX - 1, i64::MAX) >= i64::MAX - 1));
        assert_ne!(
            Draw::keyed(&call, b"a").below(1 << 60),
            Draw::keyed(&call, b"b").below(1 << 60)
        );
    }
}
