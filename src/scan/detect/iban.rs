//! International bank account numbers: ISO 13616's form, the length of the country (SWIFT's IBAN
//! registry) and the two check digits.

use crate::functions::check_digits::iban_check;

/// The countries and how long their numbers are.
const LENGTHS: &[(&str, usize)] = &[
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NL", 18),
    ("NO", 15),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("SA", 24),
    ("SC", 31),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
];

/// Is it an IBAN, in groups or not?
pub fn is_iban(text: &str) -> bool {
    let solid: Vec<u8> = text.bytes().filter(|b| *b != b' ').collect();
    let form = (15..=34).contains(&solid.len())
        && solid[..2].iter().all(u8::is_ascii_alphabetic)
        && solid[2..4].iter().all(u8::is_ascii_digit)
        && solid[4..].iter().all(u8::is_ascii_alphanumeric);
    if !form {
        return false;
    }
    let solid = solid.to_ascii_uppercase();
    let length = LENGTHS
        .iter()
        .find(|(country, _)| country.as_bytes() == &solid[..2]);
    let check = usize::from(solid[2] - b'0') * 10 + usize::from(solid[3] - b'0');
    length.is_some_and(|(_, length)| *length == solid.len()) && iban_check(&solid) == check
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ibans() {
        for (text, expected) in [
            ("DE89370400440532013000", true),
            ("DE89 3704 0044 0532 0130 00", true),
            ("de89370400440532013000", true),
            ("GB82WEST12345698765432", true),
            ("FR7630006000011234567890189", true),
            ("DE88370400440532013000", false),
            ("DE8937040044053201300", false),
            ("ZZ89370400440532013000", false),
            ("DE", false),
            ("", false),
        ] {
            assert_eq!(is_iban(text), expected, "{text}");
        }
    }
}
