//! Numbers as every engine writes and reads them without quotes.
//!
//! What is written bare must be nothing but a number: `1--2` would begin a comment, and an empty
//! text would leave a hole between two commas.

/// Is this `-12`, `12.50`, `.5` or `1.2e-7`?
pub(super) fn is_number(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let exponent = digits.iter().position(|b| matches!(b, b'e' | b'E'));
    let (mantissa, exponent) = digits.split_at(exponent.unwrap_or(digits.len()));
    let (whole, fraction) = match memchr::memchr(b'.', mantissa) {
        Some(dot) => (&mantissa[..dot], &mantissa[dot + 1..]),
        None => (mantissa, &b""[..]),
    };
    let plain = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    let signless = |e: &'_ [u8]| -> bool {
        let digits = e.strip_prefix(b"-").or(e.strip_prefix(b"+")).unwrap_or(e);
        !digits.is_empty() && plain(digits)
    };
    !(whole.is_empty() && fraction.is_empty())
        && plain(whole)
        && plain(fraction)
        && exponent.get(1..).is_none_or(signless)
}

#[cfg(test)]
mod tests {
    use super::is_number;

    #[test]
    fn only_numbers_are_numbers() {
        for text in [
            "0", "-12", "12.50", "12.", ".5", "-.5", "1e5", "1.2E-7", "1e+05",
        ] {
            assert!(is_number(text.as_bytes()), "{text}");
        }
        for text in [
            "", "-", ".", "-.", "--", "1--2", "1-2", "+1", "1.2.3", "e5", "1e", "1e-", "1e5e5",
            "1e5.0", "1 ", "0x1", "NaN", "1;", "1,2", "٣",
        ] {
            assert!(!is_number(text.as_bytes()), "{text}");
        }
    }
}
