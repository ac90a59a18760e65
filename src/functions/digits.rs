//! `anon.digits`: other digits in the same format.
//!
//! Every digit is replaced, everything else stays. The digits are encrypted with FF1 (NIST SP
//! 800-38G), so that distinct values of one format stay distinct; the same digits in another format
//! (`12-34`, `1234`) become the same digits.
//!
//! Check digits: in a number of 12 to 19 digits the last one is moved by as much as it was off the
//! Luhn digit before. So a valid card number becomes a valid one, an invalid one an invalid one, and
//! nothing collides. An IBAN keeps its country and its letters; its check digits are treated likewise.
//!
//! An integer keeps its sign and number of digits and stays within `smallint` and `integer` if it was.

use super::check_digits::{iban_check, luhn};
use super::subject::parameter;
use super::{Call, Example, Function, Kind, Nature, Subkey, accepts_all, fault, fit};
use crate::value::{Value, ValueError};
use aes::Aes256;
use fpe::ff1::{FF1, FlexibleNumeralString};
use zeroize::Zeroizing;

/// The function.
pub const FUNCTION: Function = Function {
    name: "digits",
    summary: "Replaces the digits of a text or integer and keeps its format and the validity of check digits (cards, IBAN).",
    parameters: &[parameter("v", Kind::Any)],
    purpose: "digits",
    returns: Kind::Any,
    keeps_bytes: false,
    nature: Nature::Keyed,
    may_collide: false,
    examples: &[
        Example {
            sql: "anon.digits('AB-1234/56')",
            result: Some("AB-7314/36"),
        },
        Example {
            sql: "anon.digits('4111 1111 1111 1111')",
            result: Some("4512 3233 0304 5933"),
        },
        Example {
            sql: "anon.digits('DE89 3704 0044 0532 0130 00')",
            result: Some("DE31 4909 5166 4901 3414 27"),
        },
        Example {
            sql: "anon.digits(42)",
            result: Some("96"),
        },
    ],
    check: accepts_all,
    call,
};

fn call<'v>(call: &Call<'_>, args: &[Value<'v>]) -> Result<Value<'v>, ValueError> {
    match args.first() {
        Some(Value::Int(number)) => integer(call.key, *number).map(Value::Int),
        Some(Value::Text(text)) => {
            let changed = replaced(call.key, text)?;
            Ok(Value::Text(fit::fit(
                changed.into(),
                call.limit,
                call.key,
                text,
            )))
        }
        _ => fault("anon.digits takes text or an integer"),
    }
}

/// The text with its digits replaced.
fn replaced(key: &Subkey, text: &[u8]) -> Result<Vec<u8>, ValueError> {
    let cipher = Cipher::new(key)?;
    let mut out = text.to_vec();
    if let Some(places) = iban(text) {
        let digits = digits_at(text, &places);
        // The first two places are the check digits.
        let new = cipher.encrypt(&digits[2..])?;
        put(&mut out, &places[2..], &new);
        let check = usize::from(digits[0]) * 10 + usize::from(digits[1]);
        let check = moved_check(check, iban_check(text), iban_check(&out));
        put(
            &mut out,
            &places[..2],
            &[(check / 10) as u8, (check % 10) as u8],
        );
        return Ok(out);
    }
    let places: Vec<usize> = (0..text.len())
        .filter(|at| text[*at].is_ascii_digit())
        .collect();
    let digits = digits_at(text, &places);
    let new = match digits.split_last() {
        Some((last, rest)) if (12..=19).contains(&digits.len()) => {
            let mut new = cipher.encrypt(rest)?;
            let off = (10 + last - luhn(rest)) % 10;
            new.push((luhn(&new) + off) % 10);
            new
        }
        _ => cipher.encrypt(&digits)?,
    };
    put(&mut out, &places, &new);
    Ok(out)
}

fn digits_at(text: &[u8], places: &[usize]) -> Vec<u8> {
    places.iter().map(|at| text[*at] - b'0').collect()
}

fn put(text: &mut [u8], places: &[usize], digits: &[u8]) {
    for (at, digit) in places.iter().zip(digits) {
        text[*at] = b'0' + digit;
    }
}

/// The places of the digits of a text that has the form of an IBAN, the check digits first.
fn iban(text: &[u8]) -> Option<Vec<usize>> {
    let solid: Vec<usize> = (0..text.len()).filter(|at| text[*at] != b' ').collect();
    let at = |index: usize| text[solid[index]];
    let form = (15..=34).contains(&solid.len())
        && (0..2).all(|i| at(i).is_ascii_uppercase())
        && (2..4).all(|i| at(i).is_ascii_digit())
        && (4..solid.len()).all(|i| at(i).is_ascii_digit() || at(i).is_ascii_uppercase());
    let digits = solid.into_iter().filter(|at| text[*at].is_ascii_digit());
    form.then(|| digits.collect())
}

/// Valid check digits stay valid. The others stay what they are, only that those which happen to be
/// valid now give way to those which were valid before.
fn moved_check(check: usize, valid_before: usize, valid_now: usize) -> usize {
    if check == valid_before {
        valid_now
    } else if check == valid_now {
        valid_before
    } else {
        check
    }
}

/// The number with other digits, not more and not fewer.
fn integer(key: &Subkey, number: i64) -> Result<i64, ValueError> {
    let size = number.unsigned_abs();
    let cipher = Cipher::new(key)?;
    let text = size.to_string();
    let low = 10u64.pow(text.len() as u32 - 1);
    let low = if low == 1 { 0 } else { low };
    // Within the range of the smallest type that holds the number.
    let types = [i16::MAX as u64, i32::MAX as u64, i64::MAX as u64];
    let (from, to) = match types.iter().position(|most| size <= *most) {
        Some(0) => (low, types[0]),
        Some(index) => (low.max(types[index - 1] + 1), types[index]),
        None => return Ok(number),
    };
    let mut digits: Vec<u8> = text.bytes().map(|b| b - b'0').collect();
    // Walking the cycle ends: the number itself is on it.
    loop {
        digits = cipher.encrypt(&digits)?;
        let new = digits.iter().try_fold(0u64, |all, d| {
            all.checked_mul(10)?.checked_add(u64::from(*d))
        });
        if let Some(new) = new.filter(|n| (from..=to).contains(n)) {
            let new = new.cast_signed();
            return Ok(if number < 0 { -new } else { new });
        }
    }
}

/// Permutes the digit strings of each length.
struct Cipher<'k> {
    key: &'k Subkey,
    ff1: FF1<Aes256>,
}

/// FF1 wants at least a million values, and gets slow with long strings.
const SHORTEST: usize = 6;
const LONGEST: usize = 56;

impl<'k> Cipher<'k> {
    fn new(key: &'k Subkey) -> Result<Self, ValueError> {
        let secret = Zeroizing::new(key.digest(b"ff1"));
        let ff1 = FF1::new(&*secret, 10)
            .map_err(|_| ValueError("the digits cannot be encrypted".into()))?;
        Ok(Cipher { key, ff1 })
    }

    fn encrypt(&self, digits: &[u8]) -> Result<Vec<u8>, ValueError> {
        let mut out = Vec::with_capacity(digits.len());
        let mut tweak = [0; 32];
        for chunk in digits.chunks(LONGEST) {
            if chunk.len() < SHORTEST {
                out.extend(self.short(chunk, &tweak));
            } else {
                let numerals: Vec<u16> = chunk.iter().map(|d| u16::from(*d)).collect();
                let text = FlexibleNumeralString::from(numerals);
                let new = self.ff1.encrypt(&tweak, &text);
                let new = new.map_err(|_| ValueError("the digits cannot be encrypted".into()))?;
                out.extend(Vec::<u16>::from(new).iter().map(|d| *d as u8));
            }
            // The next piece depends on this one.
            if chunk.len() == LONGEST {
                tweak = self.key.digest(&[&tweak[..], chunk].concat());
            }
        }
        Ok(out)
    }

    /// Up to five digits: a Feistel network, walked until it is back within the range.
    fn short(&self, digits: &[u8], tweak: &[u8]) -> Vec<u8> {
        let count = 10u32.pow(digits.len() as u32);
        let bits = (count - 1).ilog2() / 2 + 1;
        let half = (1 << bits) - 1;
        let mut number = digits.iter().fold(0, |all, d| all * 10 + u32::from(*d));
        loop {
            let (mut left, mut right) = (number >> bits, number & half);
            for round in 0..8u8 {
                let input = [
                    &[round, digits.len() as u8],
                    &right.to_le_bytes()[..],
                    tweak,
                ];
                let digest = self.key.digest(&input.concat());
                let mixed = u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]);
                (left, right) = (right, left ^ (mixed & half));
            }
            number = left << bits | right;
            if number < count {
                break;
            }
        }
        (0..digits.len() as u32)
            .rev()
            .map(|place| (number / 10u32.pow(place) % 10) as u8)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::Key;
    use std::collections::HashSet;

    fn key() -> Subkey {
        Key::new(b"example".to_vec()).subkey("digits")
    }

    fn all(texts: impl Iterator<Item = String>) -> usize {
        let key = key();
        let results = texts.map(|t| replaced(&key, t.as_bytes()).unwrap());
        results.collect::<HashSet<_>>().len()
    }

    #[test]
    fn every_short_length_is_permuted() {
        for (length, count) in [(1, 10), (2, 100), (3, 1000), (4, 10_000), (5, 100_000)] {
            assert_eq!(all((0..count).map(|n| format!("{n:0length$}"))), count);
        }
        assert_eq!(all((0..20_000).map(|n| format!("{n:06}"))), 20_000);
    }

    #[test]
    fn check_digits_stay_as_valid_as_they_were() {
        let numbers = (0..10_000).map(|n| format!("41111111{n:04}"));
        assert_eq!(all(numbers.clone()), 10_000);
        let valid = |text: &[u8]| {
            let digits: Vec<u8> = text.iter().map(|b| b - b'0').collect();
            luhn(&digits[..11]) == digits[11]
        };
        for number in numbers {
            let new = replaced(&key(), number.as_bytes()).unwrap();
            assert_eq!(valid(number.as_bytes()), valid(&new));
        }
        let ibans = (0..100).map(|n| format!("GB{n:02} NWBK 6016 1331 9268 19"));
        assert_eq!(all(ibans), 100);
        let new = replaced(&key(), b"GB29 NWBK 6016 1331 9268 19").unwrap();
        let check = std::str::from_utf8(&new[2..4]).unwrap().parse();
        assert_eq!(check, Ok(iban_check(&new)));
        assert!(new.starts_with(b"GB") && &new[4..10] == b" NWBK ");
    }

    #[test]
    fn integers_stay_within_their_types() {
        let small: HashSet<_> = (10_000..=32_767)
            .map(|n| integer(&key(), n).unwrap())
            .collect();
        assert_eq!(small.len(), 22_768);
        assert!(small.iter().all(|n| (10_000..=32_767).contains(n)));
        for (number, from, to) in [
            (0, 0, 9),
            (-7, -9, 0),
            (32_768, 32_768, 99_999),
            (2_147_483_647, 1_000_000_000, 2_147_483_647),
            (2_147_483_648, 2_147_483_648, 9_999_999_999),
            (i64::MAX, 1_000_000_000_000_000_000, i64::MAX),
        ] {
            assert!(
                (from..=to).contains(&integer(&key(), number).unwrap()),
                "{number}"
            );
        }
    }

    #[test]
    fn long_texts_take_linear_time() {
        let text = "0123456789".repeat(20_000);
        let new = replaced(&key(), text.as_bytes()).unwrap();
        assert_eq!(new.len(), text.len());
        assert_ne!(&new[..56], &new[560..616]);
    }
}
