//! `real` and `double precision`.
//!
//! # The shortest text that reads back
//!
//! The server prints the shortest decimal that reads back as the same number, and so does Rust.
//! They differ in one point: a decimal exactly half way between two neighbours reads back as the
//! one with the even significand, so Rust may print it, and the server, which does not count on
//! the reader's rounding, never does. `1e23` lies half way: the server prints
//! `9.999999999999999e+22`. So when Rust's answer is such a boundary, the shortest decimal that is
//! none is looked for among those with as many digits or more.

use super::ValueError;
use super::integer::trim;
use std::io::Write;

/// Which of the two types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// `real`.
    Real,
    /// `double precision`.
    Double,
}

impl Width {
    /// The type's name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Width::Real => "real",
            Width::Double => "double precision",
        }
    }

    /// The value rounded to this width; one that becomes infinite or zero by it is out of range.
    pub fn round(self, value: f64) -> Result<f64, ValueError> {
        match self {
            Width::Double => Ok(value),
            Width::Real => {
                let rounded = f64::from(value as f32);
                if rounded.is_infinite() && value.is_finite() {
                    Err(overflow())
                } else if rounded == 0.0 && value != 0.0 {
                    Err(underflow())
                } else {
                    Ok(rounded)
                }
            }
        }
    }

    /// Reads a number.
    pub fn parse(self, text: &[u8]) -> Result<f64, ValueError> {
        let invalid = || ValueError::new(format!("invalid input syntax for type {}", self.name()));
        let text = std::str::from_utf8(trim(text)).map_err(|_| invalid())?;
        let value = match self {
            Width::Double => text.parse::<f64>().map_err(|_| invalid())?,
            Width::Real => f64::from(text.parse::<f32>().map_err(|_| invalid())?),
        };
        let mantissa = text.split(['e', 'E']).next().unwrap_or(text);
        let has_digit =
            |digits: std::ops::RangeInclusive<u8>| mantissa.bytes().any(|b| digits.contains(&b));
        if (value.is_infinite() && has_digit(b'0'..=b'9'))
            || (value == 0.0 && has_digit(b'1'..=b'9'))
        {
            return Err(ValueError::new(format!(
                "value out of range for type {}",
                self.name()
            )));
        }
        Ok(value)
    }

    /// Appends the text form.
    pub fn write(self, value: f64, out: &mut Vec<u8>) {
        if value.is_nan() {
            out.extend_from_slice(b"NaN");
            return;
        }
        if value.is_sign_negative() {
            out.push(b'-');
        }
        let value = value.abs();
        if value.is_infinite() {
            out.extend_from_slice(b"Infinity");
            return;
        }
        if value == 0.0 {
            out.push(b'0');
            return;
        }
        let (digits, exponent) = self.shortest(value);
        let widest = match self {
            Width::Real => 6,
            Width::Double => 15,
        };
        write_digits(&digits, exponent, widest, out);
    }

    /// The digits of the shortest text, and the power of ten of the first.
    fn shortest(self, value: f64) -> (String, i32) {
        let text = match self {
            Width::Real => format!("{:e}", value as f32),
            Width::Double => format!("{value:e}"),
        };
        let (digits, exponent) = split(&text);
        if !self.is_boundary(value, &digits, exponent) {
            return (digits, exponent);
        }
        for precision in digits.len()..=17 {
            let text = format!("{:.*e}", precision - 1, value);
            let reads_back = match self {
                Width::Real => text.parse() == Ok(value as f32),
                Width::Double => text.parse() == Ok(value),
            };
            let (longer, exponent) = split(&text);
            if reads_back && !self.is_boundary(value, &longer, exponent) {
                return (longer, exponent);
            }
        }
        (digits, exponent)
    }

    /// Is the decimal exactly half way between `value` and one of its neighbours?
    fn is_boundary(self, value: f64, digits: &str, exponent: i32) -> bool {
        let neighbours = match self {
            Width::Real => {
                let value = value as f32;
                [f64::from(value.next_down()), f64::from(value.next_up())]
            }
            Width::Double => [value.next_down(), value.next_up()],
        };
        let Ok(number) = digits.parse::<u64>() else {
            return false;
        };
        let exponent = exponent - (digits.len() as i32 - 1);
        neighbours.iter().any(|&neighbour| {
            neighbour.is_finite() && equals_sum(number, exponent, value, neighbour)
        })
    }
}

/// Is `number * 10^exponent` exactly `(a + b) / 2`?
fn equals_sum(number: u64, exponent: i32, a: f64, b: f64) -> bool {
    // More fives than this do not fit a significand's half, so there is no equality.
    if !(-24..=24).contains(&exponent) {
        return false;
    }
    let ((ma, ea), (mb, eb)) = (decode(a), decode(b));
    let low = ea.min(eb);
    let sum = (u128::from(ma) << (ea - low)) + (u128::from(mb) << (eb - low));
    let power = |n: i32| 5u128.pow(n.unsigned_abs());
    let (Some(left), Some(right)) = (
        u128::from(number).checked_mul(power(exponent.max(0))),
        sum.checked_mul(power(exponent.min(0))),
    ) else {
        return false;
    };
    let odd = |n: u128, two: i32| (n >> n.trailing_zeros(), n.trailing_zeros() as i32 + two);
    // The powers of two: those in 10^exponent on the left, the halving on the right.
    odd(left, exponent) == odd(right, low - 1)
}

/// Significand and power of two.
fn decode(value: f64) -> (u64, i32) {
    let bits = value.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32;
    let fraction = bits & ((1 << 52) - 1);
    if exponent == 0 {
        (fraction, -1074)
    } else {
        (fraction | 1 << 52, exponent - 1075)
    }
}

/// `1.25e-7` → (`125`, -7).
fn split(text: &str) -> (String, i32) {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let mut digits = mantissa.replace('.', "");
    let kept = digits.trim_end_matches('0').len().max(1);
    digits.truncate(kept);
    (digits, exponent.parse().unwrap_or(0))
}

/// Plain below 10^`widest` and from 10^-4 on, else with an exponent.
fn write_digits(digits: &str, exponent: i32, widest: i32, out: &mut Vec<u8>) {
    let digits = digits.as_bytes();
    let zeros = |out: &mut Vec<u8>, n: usize| out.resize(out.len() + n, b'0');
    if !(-4..widest).contains(&exponent) {
        out.push(digits[0]);
        if digits.len() > 1 {
            out.push(b'.');
            out.extend_from_slice(&digits[1..]);
        }
        let sign = if exponent < 0 { '-' } else { '+' };
        let _ = write!(out, "e{sign}{:02}", exponent.abs());
    } else if exponent < 0 {
        out.extend_from_slice(b"0.");
        zeros(out, (-exponent - 1) as usize);
        out.extend_from_slice(digits);
    } else {
        let whole = exponent as usize + 1;
        if digits.len() <= whole {
            out.extend_from_slice(digits);
            zeros(out, whole - digits.len());
        } else {
            out.extend_from_slice(&digits[..whole]);
            out.push(b'.');
            out.extend_from_slice(&digits[whole..]);
        }
    }
}

/// "out of range: overflow".
pub(crate) fn overflow() -> ValueError {
    ValueError::new("value out of range: overflow")
}

/// "out of range: underflow".
pub(crate) fn underflow() -> ValueError {
    ValueError::new("value out of range: underflow")
}

/// The order of floats: NaN equals NaN and is greater than everything.
pub fn compare(a: f64, b: f64) -> std::cmp::Ordering {
    a.partial_cmp(&b)
        .unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(width: Width, value: f64) -> String {
        let mut out = Vec::new();
        width.write(value, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn doubles_print_as_the_server_prints_them() {
        for (value, expected) in [
            (1e20, "1e+20"),
            (1e-5, "1e-05"),
            (1e-4, "0.0001"),
            (1e23, "9.999999999999999e+22"),
            (1e15, "1e+15"),
            (123456789012345.0, "123456789012345"),
            (1234567890123456.0, "1.234567890123456e+15"),
            (0.1 + 0.2, "0.30000000000000004"),
            (-0.0, "-0"),
            (100.5, "100.5"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::NEG_INFINITY, "-Infinity"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(text(Width::Double, value), expected);
        }
    }

    #[test]
    fn reals_print_as_the_server_prints_them() {
        for (value, expected) in [
            (0.1f32, "0.1"),
            (100000.0, "100000"),
            (1234567.0, "1.234567e+06"),
            (16777216.0, "1.6777216e+07"),
            (f32::MAX, "3.4028235e+38"),
        ] {
            assert_eq!(text(Width::Real, f64::from(value)), expected);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (width, input) in [
            (Width::Double, "1e400"),
            (Width::Double, "1e-400"),
            (Width::Double, ""),
            (Width::Double, "1 2"),
            (Width::Double, "0x10"),
            (Width::Real, "1e39"),
            (Width::Real, "1e-50"),
        ] {
            assert!(width.parse(input.as_bytes()).is_err(), "{input}");
        }
        for input in ["inf", "+Infinity", " 1.5 ", "1.", ".5", "0e999"] {
            assert!(Width::Double.parse(input.as_bytes()).is_ok(), "{input}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_reads_back(bits: u64) {
            let value = f64::from_bits(bits);
            let back = Width::Double.parse(text(Width::Double, value).as_bytes()).unwrap();
            proptest::prop_assert!(back == value || value.is_nan());
        }
    }
}
