//! Check digits: Luhn's (payment cards and many other numbers) and the IBAN's.

/// The Luhn digit that belongs after `digits`.
pub fn luhn(digits: &[u8]) -> u8 {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, u32::from(*digit) * 2) {
            (0, double @ 10..) => double - 9,
            (0, double) => double,
            _ => u32::from(*digit),
        })
        .sum();
    ((10 - sum % 10) % 10) as u8
}

/// The check digits (02 to 98) that belong into an IBAN; those that it has, and blanks, do not matter.
pub fn iban_check(iban: &[u8]) -> usize {
    let solid: Vec<u8> = iban.iter().copied().filter(|b| *b != b' ').collect();
    let (head, rest) = solid.split_at(solid.len().min(4));
    let country = &head[..head.len().min(2)];
    let remainder =
        rest.iter()
            .chain(country)
            .chain(b"00")
            .fold(0, |all, character| match character {
                digit @ b'0'..=b'9' => (all * 10 + usize::from(digit - b'0')) % 97,
                letter => {
                    (all * 100 + usize::from(letter.to_ascii_uppercase().saturating_sub(55))) % 97
                }
            });
    98 - remainder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_numbers() {
        for (digits, check) in [("7992739871", 3), ("411111111111111", 1), ("0", 0), ("", 0)] {
            let digits: Vec<u8> = digits.bytes().map(|b| b - b'0').collect();
            assert_eq!(luhn(&digits), check);
        }
        for (iban, check) in [
            ("DE00 3704 0044 0532 0130 00", 89),
            ("GB82WEST12345698765432", 82),
            ("FR76 3000 6000 0112 3456 7890 189", 76),
        ] {
            assert_eq!(iban_check(iban.as_bytes()), check);
        }
    }
}
