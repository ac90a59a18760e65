//! What SQLite makes of a text in a column of numeric affinity: a number, where it looks like one.
//!
//! Source: <https://www.sqlite.org/datatype3.html>, sections 3 and 4; the digits of a double are those of
//! its `%!.15g`.

use crate::value::ValueError;

/// A text that is kept as a number.
enum Number {
    Integer(i64),
    Double(f64),
}

/// The number that a text is kept as. Blanks around it do not matter; anything else beside it does.
fn number(text: &[u8]) -> Option<Number> {
    let blank = |b: &u8| matches!(b, b' ' | b'\t'..=b'\r');
    let start = text.iter().position(|b| !blank(b))?;
    let end = text.iter().rposition(|b| !blank(b))? + 1;
    let text = std::str::from_utf8(&text[start..end]).ok()?;
    // Rust reads `inf` and `nan` as well.
    if !text.bytes().any(|b| b.is_ascii_digit()) || text.bytes().any(is_no_part) {
        return None;
    }
    if let Ok(integer) = text.parse() {
        return Some(Number::Integer(integer));
    }
    let double: f64 = text.parse().ok()?;
    // i64's limits themselves stay doubles.
    let whole = double.trunc() == double && double.abs() < i64::MAX as f64;
    Some(match whole {
        true => Number::Integer(double as i64),
        false => Number::Double(double),
    })
}

fn is_no_part(byte: u8) -> bool {
    !matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')
}

/// Would it be kept as a number?
pub(in crate::expression) fn looks_like_a_number(text: &[u8]) -> bool {
    number(text).is_some()
}

/// The text of the number that a text is kept as.
pub(super) fn stored(text: &[u8]) -> Result<Option<Vec<u8>>, ValueError> {
    match number(text) {
        None => Ok(None),
        Some(Number::Integer(integer)) => Ok(Some(integer.to_string().into_bytes())),
        Some(Number::Double(double)) => match digits(double) {
            Some(text) => Ok(Some(text.into_bytes())),
            None => Err(ValueError::new(
                "how SQLite writes this number as text is not known",
            )),
        },
    }
}

/// Fifteen significant digits without an exponent; none where SQLite writes one.
fn digits(double: f64) -> Option<String> {
    let scientific = format!("{double:.14e}");
    let exponent: i32 = scientific.split_once('e')?.1.parse().ok()?;
    if !(-4..15).contains(&exponent) {
        return None;
    }
    let places = usize::try_from(14 - exponent).ok()?;
    let text = format!("{double:.places$}");
    let trimmed = text.trim_end_matches('0');
    Some(match trimmed.ends_with('.') {
        true => format!("{trimmed}0"),
        false => trimmed.to_owned(),
    })
}

/// A text that sorts as the number does, or as the text, behind all numbers.
pub(super) fn rank(text: &[u8]) -> Vec<u8> {
    let (double, integer) = match number(text) {
        Some(Number::Integer(integer)) => (integer as f64, integer),
        Some(Number::Double(double)) => (double, double as i64),
        None => return [b"t", text].concat(),
    };
    let bits = match (double + 0.0).to_bits() {
        negative if negative >> 63 == 1 => !negative,
        positive => positive | 1 << 63,
    };
    let integer = integer.cast_unsigned() ^ 1 << 63;
    format!("n{bits:016x}{integer:016x}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_kept_as_sqlite_keeps_them() {
        let stored = |text: &str| stored(text.as_bytes()).unwrap();
        for (text, number) in [
            ("007", "7"),
            (" -7\n", "-7"),
            ("+7", "7"),
            ("7.50", "7.5"),
            ("7.", "7"),
            (".5", "0.5"),
            ("1e3", "1000"),
            ("-0.0", "0"),
            ("0.1", "0.1"),
            ("9223372036854775807", "9223372036854775807"),
            ("123456789012.345678", "123456789012.346"),
            ("0.00012", "0.00012"),
        ] {
            assert_eq!(stored(text).as_deref(), Some(number.as_bytes()), "{text}");
        }
        for text in [
            "",
            " ",
            "x",
            "7x",
            "0x10",
            "inf",
            "nan",
            "1e",
            "-",
            "2024-01-01",
            "1 2",
            "7\u{a0}",
        ] {
            assert_eq!(stored(text), None, "{text}");
        }
        assert!(super::stored(b"1e300").is_err());
    }

    #[test]
    fn ranks_sort_as_numbers_do_and_before_texts() {
        let rank = |text: &str| rank(text.as_bytes());
        let sorted = [
            "-1e300",
            "-10",
            "-9",
            "-0.5",
            "0",
            "0.25",
            "9",
            "10",
            "9007199254740992",
            "9007199254740993",
            "1e300",
            "",
            "-",
            "2024-01-01",
            "a",
        ];
        for pair in sorted.windows(2) {
            assert!(rank(pair[0]) < rank(pair[1]), "{pair:?}");
        }
        assert_eq!(rank("007"), rank("7.0"));
        assert_eq!(rank("-0.0"), rank("0"));
    }
}
