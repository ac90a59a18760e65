//! Numbers that a state gives to a person, as far as their form gives them away.
//!
//! Sources of forms and check digits: the Social Security Administration (no area 000, 666, 900–999);
//! GOV.UK NIM39110 (National Insurance numbers); BOE, Real Decreto 1553/2005 (DNI and NIE: letter mod
//! 23); Agenzia delle Entrate (codice fiscale); INSEE (NIR: key mod 97); Receita Federal (CPF: two digits
//! mod 11); Bundeszentralamt für Steuern (identification number: ISO 7064 MOD 11,10); gov.pl (PESEL).

use super::grouped_digits;

/// What kind of characters it is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    /// Digits, with a letter or two.
    Digits,
    /// Letters that say something by themselves, as in the Italian one.
    Letters,
}

/// The number that a text is, alone.
pub fn number(text: &str) -> Option<Number> {
    if is_codice_fiscale(text) {
        return Some(Number::Letters);
    }
    let found = is_ssn(text)
        || is_nino(text)
        || is_dni(text)
        || grouped_digits(text, b".- /").is_some_and(|digits| {
            is_cpf(&digits) || is_nir(&digits) || is_steuer_id(&digits) || is_pesel(&digits)
        });
    found.then_some(Number::Digits)
}

/// `078-05-1120`
pub fn is_ssn(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 11
        && bytes.iter().enumerate().all(|(at, b)| match at {
            3 | 6 => *b == b'-',
            _ => b.is_ascii_digit(),
        })
        && !matches!(&text[..3], "000" | "666")
        && !text.starts_with('9')
        && &text[4..6] != "00"
        && &text[7..] != "0000"
}

/// `QQ 12 34 56 C`
fn is_nino(text: &str) -> bool {
    let solid: Vec<u8> = text.bytes().filter(|b| *b != b' ').collect();
    solid.len() == 9
        && solid[..2]
            .iter()
            .all(|b| b.is_ascii_uppercase() && !b"DFIQUV".contains(b))
        && solid[2..8].iter().all(u8::is_ascii_digit)
        && b"ABCD".contains(&solid[8])
}

/// `12345678Z`, `X1234567L`
fn is_dni(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() != 9 || !text.is_ascii() {
        return false;
    }
    let first = match bytes[0] {
        b'X' => b'0',
        b'Y' => b'1',
        b'Z' => b'2',
        other => other,
    };
    let digits = std::iter::once(first).chain(bytes[1..8].iter().copied());
    let mut number = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return false;
        }
        number = number * 10 + usize::from(digit - b'0');
    }
    bytes[8] == b"TRWAGMYFPDXBNJZSQVHLCKE"[number % 23]
}

/// `RSSMRA85T10A562S`
fn is_codice_fiscale(text: &str) -> bool {
    const ODD: [u8; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    let bytes = text.as_bytes();
    let form = bytes.len() == 16
        && bytes.iter().enumerate().all(|(at, b)| match at {
            6 | 7 | 9 | 10 | 12..=14 => b.is_ascii_digit(),
            _ => b.is_ascii_uppercase(),
        });
    if !form {
        return false;
    }
    let value = |b: u8| match b {
        b'0'..=b'9' => b - b'0',
        _ => b - b'A',
    };
    let sum: u32 = bytes[..15]
        .iter()
        .enumerate()
        .map(|(at, b)| match at % 2 {
            0 => u32::from(ODD[usize::from(value(*b))]),
            _ => u32::from(value(*b)),
        })
        .sum();
    u32::from(value(bytes[15])) == sum % 26
}

fn is_cpf(digits: &[u8]) -> bool {
    let check = |n: usize| {
        let sum: usize = digits[..n]
            .iter()
            .enumerate()
            .map(|(at, d)| usize::from(*d) * (n + 1 - at))
            .sum();
        (sum * 10 % 11 % 10) as u8
    };
    digits.len() == 11
        && digits.iter().any(|d| *d != digits[0])
        && check(9) == digits[9]
        && check(10) == digits[10]
}

fn is_nir(digits: &[u8]) -> bool {
    if digits.len() != 15 {
        return false;
    }
    let number = |part: &[u8]| part.iter().fold(0_u64, |all, d| all * 10 + u64::from(*d));
    let month = number(&digits[3..5]);
    matches!(digits[0], 1 | 2)
        && ((1..=12).contains(&month) || (20..=42).contains(&month))
        && 97 - number(&digits[..13]) % 97 == number(&digits[13..])
}

fn is_steuer_id(digits: &[u8]) -> bool {
    if digits.len() != 11 || digits[0] == 0 {
        return false;
    }
    // Of the first ten exactly one digit comes twice or three times.
    let times = |digit: u8| digits[..10].iter().filter(|d| **d == digit).count();
    let several = (0..10).filter(|digit| times(*digit) > 1).count();
    let product = digits[..10].iter().fold(10, |product, digit| {
        let sum = (u32::from(*digit) + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    several == 1
        && (0..10).all(|digit| times(digit) <= 3)
        && (11 - product) % 10 == u32::from(digits[10])
}

fn is_pesel(digits: &[u8]) -> bool {
    if digits.len() != 11 {
        return false;
    }
    let month = (digits[2] * 10 + digits[3]) % 20;
    let day = digits[4] * 10 + digits[5];
    let weights = [1, 3, 7, 9, 1, 3, 7, 9, 1, 3];
    let sum: u32 = digits
        .iter()
        .zip(weights)
        .map(|(d, w)| u32::from(*d) * w)
        .sum();
    (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (10 - sum % 10) % 10 == u32::from(digits[10])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (text, expected) in [
            ("078-05-1120", Some(Number::Digits)),
            ("666-05-1120", None),
            ("AB 12 34 56 C", Some(Number::Digits)),
            ("QQ123456C", None),
            ("12345678Z", Some(Number::Digits)),
            ("12345678A", None),
            ("X1234567L", Some(Number::Digits)),
            ("RSSMRA85T10A562S", Some(Number::Letters)),
            ("RSSMRA85T10A562T", None),
            ("111.444.777-35", Some(Number::Digits)),
            ("11144477736", None),
            ("2 55 08 14 168 025 38", Some(Number::Digits)),
            ("255081416802539", None),
            ("86095742719", Some(Number::Digits)),
            ("44051401359", Some(Number::Digits)),
            ("44051401358", None),
            ("", None),
            ("ÄÖÜ", None),
            ("ééééé", None),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
    }
}
