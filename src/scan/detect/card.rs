//! Numbers of payment cards: an issuer's prefix, a length that it has, and Luhn's check digit
//! (ISO/IEC 7812-1).

use super::grouped_digits;
use crate::functions::check_digits::luhn;

/// Is it a card number, alone, in groups or not?
pub fn is_card(text: &str) -> bool {
    let Some(digits) = grouped_digits(text, b" -") else {
        return false;
    };
    let Some((last, rest)) = digits.split_last() else {
        return false;
    };
    is_issued(&digits) && luhn(rest) == *last
}

/// Do the first digits and the length belong to an issuer?
fn is_issued(digits: &[u8]) -> bool {
    if !(13..=19).contains(&digits.len()) {
        return false;
    }
    let first = |n: usize| {
        digits[..n]
            .iter()
            .fold(0, |all, d| all * 10 + u32::from(*d))
    };
    let lengths: &[usize] = match (first(1), first(2), first(4)) {
        (4, ..) => &[13, 16, 19],
        (_, 51..=55, _) | (_, _, 2221..=2720) => &[16],
        (_, 34 | 37, _) => &[15],
        (_, 36 | 38 | 39, _) | (_, 30, _) => &[14, 16, 19],
        (_, 35 | 60 | 62 | 64 | 65, _) => &[16, 17, 18, 19],
        (_, 50 | 56..=59 | 67, _) => &[13, 14, 15, 16, 17, 18, 19],
        _ => &[],
    };
    lengths.contains(&digits.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards() {
        for (text, expected) in [
            ("4111111111111111", true),
            ("4111 1111 1111 1111", true),
            ("5555-5555-5555-4444", true),
            ("378282246310005", true),
            ("3530111333300000", true),
            ("6011000990139424", true),
            ("4111111111111112", false),
            ("4111  1111 1111 1111", false),
            ("1234567812345670", false),
            ("411111111111", false),
            ("4111111111111111 x", false),
            ("", false),
            ("-4111111111111111", false),
        ] {
            assert_eq!(is_card(text), expected, "{text}");
        }
    }
}
