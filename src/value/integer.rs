//! `boolean`, the integer types and `oid`.

use super::ValueError;
use crate::schema::DataType;

/// White space as the server's input functions skip it around a value.
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    let space = |b: &u8| matches!(b, b' ' | b'\t'..=b'\r');
    let start = text.iter().position(|b| !space(b)).unwrap_or(text.len());
    let end = text
        .iter()
        .rposition(|b| !space(b))
        .map_or(start, |last| last + 1);
    &text[start..end]
}

/// Reads a `boolean`: any unambiguous beginning of true, false, yes, no, on and off, and 1 and 0.
pub fn parse_bool(text: &[u8]) -> Result<bool, ValueError> {
    match text {
        b"t" => return Ok(true),
        b"f" => return Ok(false),
        _ => {}
    }
    let word = trim(text).to_ascii_lowercase();
    let begins = |whole: &[u8], least: usize| word.len() >= least && whole.starts_with(&word);
    if begins(b"true", 1) || begins(b"yes", 1) || word == b"on" || word == b"1" {
        Ok(true)
    } else if begins(b"false", 1) || begins(b"no", 1) || begins(b"off", 2) || word == b"0" {
        Ok(false)
    } else {
        Err(ValueError::new("invalid input syntax for type boolean"))
    }
}

/// An integer type's name and range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The type's name in messages.
    pub name: &'static str,
    /// The least value.
    pub min: i64,
    /// The greatest value.
    pub max: i64,
}

/// `smallint`.
pub const SMALLINT: Range = Range {
    name: "smallint",
    min: i16::MIN as i64,
    max: i16::MAX as i64,
};
/// `integer`.
pub const INTEGER: Range = Range {
    name: "integer",
    min: i32::MIN as i64,
    max: i32::MAX as i64,
};
/// `bigint`.
pub const BIGINT: Range = Range {
    name: "bigint",
    min: i64::MIN,
    max: i64::MAX,
};
/// `oid`.
pub const OID: Range = Range {
    name: "oid",
    min: 0,
    max: u32::MAX as i64,
};

/// The range of a type of whole numbers; `oid`, which has a spelling of its own, is none here.
pub fn of(data_type: &DataType) -> Option<Range> {
    match data_type {
        DataType::SmallInt => Some(SMALLINT),
        DataType::Integer => Some(INTEGER),
        DataType::BigInt => Some(BIGINT),
        _ => None,
    }
}

impl Range {
    /// The value, if it is in range.
    #[inline]
    pub fn check(self, value: i64) -> Result<i64, ValueError> {
        if (self.min..=self.max).contains(&value) {
            Ok(value)
        } else {
            Err(self.overflow())
        }
    }

    /// "out of range".
    #[cold]
    pub fn overflow(self) -> ValueError {
        ValueError::new(format!("{} out of range", self.name))
    }

    /// Reads an integer.
    #[inline]
    pub fn parse(self, text: &[u8]) -> Result<i64, ValueError> {
        // As the server prints all but long and negative ones.
        if (1..10).contains(&text.len()) {
            let (mut value, mut digits) = (0_u32, true);
            for byte in text {
                let digit = byte.wrapping_sub(b'0');
                digits &= digit < 10;
                value = value.wrapping_mul(10).wrapping_add(u32::from(digit));
            }
            if digits {
                return self.check(i64::from(value));
            }
        }
        self.parse_any(text)
    }

    #[inline(never)]
    fn parse_any(self, text: &[u8]) -> Result<i64, ValueError> {
        let invalid = || ValueError::new(format!("invalid input syntax for type {}", self.name));
        let text = trim(text);
        let (negative, digits) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, text),
        };
        if digits.is_empty() {
            return Err(invalid());
        }
        let mut value: i64 = 0;
        for &digit in digits {
            if !digit.is_ascii_digit() {
                return Err(invalid());
            }
            let digit = i64::from(digit - b'0');
            // Counted below zero, where there is room for the least value of all.
            value = value
                .checked_mul(10)
                .and_then(|v| v.checked_sub(digit))
                .ok_or_else(|| self.overflow())?;
        }
        let value = if negative {
            value
        } else {
            value.checked_neg().ok_or_else(|| self.overflow())?
        };
        if self == OID && (i64::from(i32::MIN)..0).contains(&value) {
            // An oid may be written as the signed number with the same 32 bits.
            return Ok(value & OID.max);
        }
        self.check(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans_by_any_unambiguous_spelling() {
        for text in ["t", "tr", "true", " TRUE ", "y", "YES", "on", "1"] {
            assert_eq!(parse_bool(text.as_bytes()), Ok(true), "{text}");
        }
        for text in ["f", "fals", "FALSE", "n", "no", "of", "off", "0"] {
            assert_eq!(parse_bool(text.as_bytes()), Ok(false), "{text}");
        }
        for text in ["", "o", "10", "truee", "ja"] {
            assert!(parse_bool(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn integers_within_their_range() {
        for (range, text, expected) in [
            (SMALLINT, " -32768 ", Some(-32768)),
            (SMALLINT, "32768", None),
            (INTEGER, "+7", Some(7)),
            (INTEGER, "007", Some(7)),
            (INTEGER, "2147483648", None),
            (INTEGER, "1.0", None),
            (INTEGER, "", None),
            (INTEGER, "- 1", None),
            (BIGINT, "-9223372036854775808", Some(i64::MIN)),
            (BIGINT, "9223372036854775807", Some(i64::MAX)),
            (BIGINT, "9223372036854775808", None),
            (OID, "4294967295", Some(4294967295)),
            (OID, "-1", Some(4294967295)),
            (OID, "4294967296", None),
        ] {
            assert_eq!(
                range.parse(text.as_bytes()).ok(),
                expected,
                "{} {text}",
                range.name
            );
        }
    }
}
