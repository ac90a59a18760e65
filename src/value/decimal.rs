//! `numeric`: text form, order and rounding. What it computes is in [`super::decimal_math`].
//!
//! A finite value is an integer and a scale, the number of digits after the point. The scale is
//! part of the value's text form (`1.50` is not `1.5`) and no part of its worth (they are equal).

use super::integer::trim;
use super::{Decimal, ValueError};
use bigdecimal::num_bigint::{BigInt, Sign};
use bigdecimal::{BigDecimal, Signed, ToPrimitive, Zero};
use std::cmp::Ordering;

/// Most digits before the point.
const MOST_WHOLE_DIGITS: i64 = 131_072;
/// Most digits after the point.
const MOST_SCALE: i64 = 16_383;
/// `round(x, n)` takes no more digits than this.
const MOST_ROUNDED: i32 = 2000;

impl Decimal {
    /// Zero, with scale 0.
    pub fn zero() -> Decimal {
        Decimal::from_parts(BigInt::zero(), 0)
    }

    /// A number without digits after the point.
    pub fn from_int(value: i64) -> Decimal {
        Decimal::from_parts(BigInt::from(value), 0)
    }

    /// `digits / 10^scale`.
    pub(crate) fn from_parts(digits: BigInt, scale: i64) -> Decimal {
        Decimal::Finite(BigDecimal::new(digits, scale))
    }

    /// The number that the server makes of a float: 15 significant digits of a `double precision`,
    /// 6 of a `real`.
    pub fn from_float(value: f64, significant: usize) -> Decimal {
        if value.is_nan() {
            Decimal::NaN
        } else if value.is_infinite() {
            if value > 0.0 {
                Decimal::Infinity
            } else {
                Decimal::NegativeInfinity
            }
        } else {
            let text = format!("{value:.*e}", significant - 1);
            let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
            Decimal::parse(format!("{mantissa}e{exponent}").as_bytes())
                .unwrap_or_else(|_| Decimal::zero())
        }
    }

    /// Reads a number.
    pub fn parse(text: &[u8]) -> Result<Decimal, ValueError> {
        let invalid = || ValueError::new("invalid input syntax for type numeric");
        let text = trim(text);
        let (negative, unsigned) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, text),
        };
        match unsigned.first() {
            Some(b'0'..=b'9' | b'.') => {}
            _ if unsigned.eq_ignore_ascii_case(b"inf")
                || unsigned.eq_ignore_ascii_case(b"infinity") =>
            {
                return Ok(if negative {
                    Decimal::NegativeInfinity
                } else {
                    Decimal::Infinity
                });
            }
            _ if text.eq_ignore_ascii_case(b"nan") => return Ok(Decimal::NaN),
            _ => return Err(invalid()),
        }
        let (mantissa, exponent) = match unsigned.iter().position(|b| matches!(b, b'e' | b'E')) {
            Some(e) => (
                &unsigned[..e],
                parse_exponent(&unsigned[e + 1..]).ok_or_else(invalid)?,
            ),
            None => (unsigned, 0),
        };
        let (whole, fraction) = match mantissa.iter().position(|&b| b == b'.') {
            Some(point) => (&mantissa[..point], &mantissa[point + 1..]),
            None => (mantissa, &b""[..]),
        };
        if whole.is_empty() && fraction.is_empty()
            || !whole.iter().chain(fraction).all(u8::is_ascii_digit)
        {
            return Err(invalid());
        }
        let scale = fraction.len() as i64 - exponent;
        let leading = whole
            .iter()
            .chain(fraction)
            .take_while(|&&b| b == b'0')
            .count();
        let significant = (whole.len() + fraction.len() - leading) as i64;
        if scale > MOST_SCALE || significant > 0 && significant - scale > MOST_WHOLE_DIGITS {
            return Err(format_overflow());
        }
        let mut digits = if significant <= 18 {
            let value = whole
                .iter()
                .chain(fraction)
                .fold(0i64, |value, digit| value * 10 + i64::from(digit - b'0'));
            BigInt::from(value)
        } else {
            let digits = [whole, fraction].concat();
            BigInt::parse_bytes(&digits, 10).ok_or_else(invalid)?
        };
        if negative {
            digits = -digits;
        }
        Ok(if scale < 0 {
            let digits = if digits.is_zero() {
                digits
            } else {
                digits * ten_to(-scale)
            };
            Decimal::from_parts(digits, 0)
        } else {
            Decimal::from_parts(digits, scale)
        })
    }

    /// Appends the text form.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Decimal::NaN => out.extend_from_slice(b"NaN"),
            Decimal::Infinity => out.extend_from_slice(b"Infinity"),
            Decimal::NegativeInfinity => out.extend_from_slice(b"-Infinity"),
            Decimal::Finite(number) => {
                let (digits, scale) = number.as_bigint_and_scale();
                let text = match digits.to_i64() {
                    Some(small) => small.unsigned_abs().to_string(),
                    None => digits.magnitude().to_str_radix(10),
                };
                if digits.sign() == Sign::Minus {
                    out.push(b'-');
                }
                let scale = scale.max(0) as usize;
                if scale == 0 {
                    out.extend_from_slice(text.as_bytes());
                } else if text.len() > scale {
                    let (whole, fraction) = text.split_at(text.len() - scale);
                    out.extend_from_slice(whole.as_bytes());
                    out.push(b'.');
                    out.extend_from_slice(fraction.as_bytes());
                } else {
                    out.extend_from_slice(b"0.");
                    out.resize(out.len() + scale - text.len(), b'0');
                    out.extend_from_slice(text.as_bytes());
                }
            }
        }
    }

    /// The digits after the point that are shown; none if it is not a finite number.
    pub fn scale(&self) -> Option<i64> {
        match self {
            Decimal::Finite(number) => Some(number.fractional_digit_count()),
            _ => None,
        }
    }

    /// The number and the scale.
    pub(crate) fn parts(&self) -> Option<(std::borrow::Cow<'_, BigInt>, i64)> {
        match self {
            Decimal::Finite(number) => Some(number.as_bigint_and_scale()),
            _ => None,
        }
    }

    /// Is it zero?
    pub fn is_zero(&self) -> bool {
        matches!(self, Decimal::Finite(number) if number.is_zero())
    }

    /// Is it less than zero?
    pub fn is_negative(&self) -> bool {
        match self {
            Decimal::Finite(number) => number.is_negative(),
            other => *other == Decimal::NegativeInfinity,
        }
    }

    /// The order by worth: -Infinity, numbers, Infinity, NaN; NaN equals NaN.
    pub fn order(&self, other: &Decimal) -> Ordering {
        let class = |d: &Decimal| match d {
            Decimal::NegativeInfinity => 0,
            Decimal::Finite(_) => 1,
            Decimal::Infinity => 2,
            Decimal::NaN => 3,
        };
        match (self, other) {
            (Decimal::Finite(a), Decimal::Finite(b)) => a.cmp(b),
            _ => class(self).cmp(&class(other)),
        }
    }

    /// Rounds half away from zero to `places` digits after the point; fewer than none rounds tens,
    /// hundreds …
    pub fn round(&self, places: i32) -> Decimal {
        self.to_places(places.clamp(-MOST_ROUNDED, MOST_ROUNDED), true)
    }

    /// Cuts off after `places` digits.
    pub fn trunc(&self, places: i32) -> Decimal {
        self.to_places(places.clamp(-MOST_ROUNDED, MOST_ROUNDED), false)
    }

    /// Rounds or cuts to `places` digits, without the limit that `round(x, n)` has.
    pub(crate) fn to_places(&self, places: i32, round: bool) -> Decimal {
        let Some((digits, scale)) = self.parts() else {
            return self.clone();
        };
        let places = i64::from(places);
        let shift = places - scale;
        if shift >= 0 {
            return Decimal::from_parts(&*digits * ten_to(shift), places);
        }
        let unit = ten_to(-shift);
        let cut = if round {
            let half = &unit / 2u8;
            let half = if digits.is_negative() { -half } else { half };
            (&*digits + half) / &unit
        } else {
            &*digits / &unit
        };
        if places < 0 {
            Decimal::from_parts(cut * ten_to(-places), 0)
        } else {
            Decimal::from_parts(cut, places)
        }
    }

    /// The value in a column of `numeric(precision, scale)`.
    pub fn fit(&self, precision: u32, scale: i32) -> Result<Decimal, ValueError> {
        let rounded = match self {
            Decimal::NaN => return Ok(Decimal::NaN),
            Decimal::Finite(_) => self.to_places(scale, true),
            _ => return Err(ValueError::new("numeric field overflow")),
        };
        let Some((digits, shown)) = rounded.parts() else {
            return Ok(rounded);
        };
        // `precision` counts from the last kept place, which may lie before the point.
        let limit = ten_to(i64::from(precision) - i64::from(scale) + shown);
        if digits.abs() >= limit {
            return Err(ValueError::new("numeric field overflow"));
        }
        drop(digits);
        Ok(rounded)
    }

    /// The nearest integer, halves away from zero.
    pub fn to_int(&self) -> Result<i64, ValueError> {
        match self.round(0) {
            Decimal::Finite(number) => number
                .into_bigint_and_scale()
                .0
                .to_i64()
                .ok_or_else(|| super::integer::BIGINT.overflow()),
            Decimal::NaN => Err(ValueError::new("cannot convert NaN to an integer")),
            _ => Err(ValueError::new("cannot convert infinity to an integer")),
        }
    }

    /// The nearest float.
    pub fn to_float(&self, width: super::float::Width) -> Result<f64, ValueError> {
        let mut text = Vec::new();
        self.write(&mut text);
        width.parse(&text)
    }

    /// Refuses a result that has more digits than the server keeps.
    pub(crate) fn checked(self) -> Result<Decimal, ValueError> {
        if let Some((digits, scale)) = self.parts() {
            // A bit is worth 0.30103 digits: only a number near the limit is counted exactly.
            let near = digits.bits() * 30_103 / 100_000 + 1;
            if near as i64 - scale > MOST_WHOLE_DIGITS - 2
                && digits.magnitude().to_str_radix(10).len() as i64 - scale > MOST_WHOLE_DIGITS
            {
                return Err(format_overflow());
            }
            if scale > MOST_SCALE {
                drop(digits);
                return Ok(self.to_places(MOST_SCALE as i32, true));
            }
        }
        Ok(self)
    }
}

/// "value overflows numeric format".
pub(crate) fn format_overflow() -> ValueError {
    ValueError::new("value overflows numeric format")
}

/// 10^`power`; 1 for a negative power.
pub(crate) fn ten_to(power: i64) -> BigInt {
    if (0..=18).contains(&power) {
        BigInt::from(10i64.pow(power as u32))
    } else {
        BigInt::from(10u8).pow(power.max(0) as u32)
    }
}

fn parse_exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // Far beyond every limit is as good as the exact number.
    let value = digits.iter().fold(0i64, |value, digit| {
        (value * 10 + i64::from(digit - b'0')).min(1 << 30)
    });
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text.as_bytes()).unwrap()
    }

    fn text(value: &Decimal) -> String {
        let mut out = Vec::new();
        value.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_keep_their_scale() {
        for (input, expected) in [
            ("0", "0"),
            ("-0.00", "0.00"),
            (" +1.50 ", "1.50"),
            (".5", "0.5"),
            ("1.", "1"),
            ("-.05", "-0.05"),
            ("1e3", "1000"),
            ("1.234e2", "123.4"),
            ("1.5e-3", "0.0015"),
            ("00012345678901234567890.10", "12345678901234567890.10"),
            ("nan", "NaN"),
            ("inf", "Infinity"),
            ("-Infinity", "-Infinity"),
        ] {
            assert_eq!(text(&decimal(input)), expected, "{input}");
        }
        for input in [
            "", ".", "1e", "1.2.3", "--1", "-nan", "1_000", "0x1", "1e131072", "1e-16384",
        ] {
            assert!(Decimal::parse(input.as_bytes()).is_err(), "{input}");
        }
        assert!(Decimal::parse(b"1e131071").is_ok());
        assert!(Decimal::parse(b"0e999999999999").is_ok());
    }

    #[test]
    fn order_is_by_worth() {
        let sorted = [
            "-Infinity",
            "-2",
            "-1.50",
            "0.00",
            "1",
            "1.01",
            "Infinity",
            "NaN",
        ];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                assert_eq!(decimal(a).order(&decimal(b)), i.cmp(&j), "{a} {b}");
            }
        }
        assert_eq!(decimal("1.0").order(&decimal("1.000")), Ordering::Equal);
    }

    #[test]
    fn rounding_is_half_away_from_zero() {
        for (input, places, rounded, cut) in [
            ("2.5", 0, "3", "2"),
            ("-2.5", 0, "-3", "-2"),
            ("1.2345", 2, "1.23", "1.23"),
            ("1.5", 3, "1.500", "1.500"),
            ("155", -1, "160", "150"),
            ("5", -1, "10", "0"),
            ("4", -2, "0", "0"),
            ("0.004", 2, "0.00", "0.00"),
        ] {
            assert_eq!(
                text(&decimal(input).round(places)),
                rounded,
                "{input} {places}"
            );
            assert_eq!(text(&decimal(input).trunc(places)), cut, "{input} {places}");
        }
    }

    #[test]
    fn precision_and_scale_limit() {
        for (input, precision, scale, expected) in [
            ("99.94", 3, 1, Some("99.9")),
            ("99.95", 3, 1, None),
            ("1234", 2, -2, Some("1200")),
            ("12345", 2, -2, None),
            ("9950", 2, -2, None),
            ("0.00123", 3, 5, Some("0.00123")),
            ("0.0123", 3, 5, None),
            ("NaN", 3, 1, Some("NaN")),
            ("Infinity", 3, 1, None),
        ] {
            let fitted = decimal(input).fit(precision, scale).ok().map(|d| text(&d));
            assert_eq!(fitted.as_deref(), expected, "{input}");
        }
    }

    #[test]
    fn integers_and_floats() {
        assert_eq!(decimal("-1.5").to_int(), Ok(-2));
        assert!(decimal("9223372036854775808").to_int().is_err());
        assert!(decimal("NaN").to_int().is_err());
        assert_eq!(text(&Decimal::from_float(0.1, 15)), "0.1");
        assert_eq!(
            text(&Decimal::from_float(1e20, 15)),
            "100000000000000000000"
        );
        assert_eq!(text(&Decimal::from_float(1.0 / 3.0, 6)), "0.333333");
        assert_eq!(
            decimal("1e308").to_float(crate::value::float::Width::Double),
            Ok(1e308)
        );
    }
}
