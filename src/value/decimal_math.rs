//! What `numeric` computes: sums, products, quotients, and how many digits they show.

use super::decimal::ten_to;
use super::{Decimal, ValueError};
use bigdecimal::Zero;
use bigdecimal::num_bigint::BigInt;

/// A quotient shows at least this many significant digits.
const LEAST_SIGNIFICANT: i64 = 16;
/// And no more than this many after the point.
const MOST_SHOWN: i64 = 1000;

impl Decimal {
    /// `self + other`.
    pub fn add(&self, other: &Decimal) -> Result<Decimal, ValueError> {
        use Decimal::*;
        match (self, other) {
            (Finite(_), Finite(_)) => {
                let (a, b, scale) = aligned(self, other);
                Decimal::from_parts(a + b, scale).checked()
            }
            (NaN, _) | (_, NaN) | (Infinity, NegativeInfinity) | (NegativeInfinity, Infinity) => {
                Ok(NaN)
            }
            (Finite(_), infinite) | (infinite, _) => Ok(infinite.clone()),
        }
    }

    /// `self - other`.
    pub fn sub(&self, other: &Decimal) -> Result<Decimal, ValueError> {
        self.add(&other.neg())
    }

    /// `self * other`.
    pub fn mul(&self, other: &Decimal) -> Result<Decimal, ValueError> {
        match (self.parts(), other.parts()) {
            (Some((a, scale_a)), Some((b, scale_b))) => {
                Decimal::from_parts(&*a * &*b, scale_a + scale_b).checked()
            }
            _ if *self == Decimal::NaN || *other == Decimal::NaN => Ok(Decimal::NaN),
            _ if self.is_zero() || other.is_zero() => Ok(Decimal::NaN),
            _ => Ok(infinity(self.is_negative() != other.is_negative())),
        }
    }

    /// `self / other`, with as many digits as `quotient_scale` says.
    pub fn div(&self, other: &Decimal) -> Result<Decimal, ValueError> {
        match (self.parts(), other.parts()) {
            (Some((a, scale_a)), Some((b, scale_b))) => {
                if b.is_zero() {
                    return Err(division_by_zero());
                }
                let scale = quotient_scale((&a, scale_a), (&b, scale_b));
                // One digit more than is shown decides the rounding: what follows it cannot.
                let shift = scale + 1 + scale_b - scale_a;
                let quotient = if shift >= 0 {
                    &*a * ten_to(shift) / &*b
                } else {
                    &*a / (&*b * ten_to(-shift))
                };
                Decimal::from_parts(quotient, scale + 1)
                    .to_places(scale as i32, true)
                    .checked()
            }
            _ if *self == Decimal::NaN || *other == Decimal::NaN => Ok(Decimal::NaN),
            (None, None) => Ok(Decimal::NaN),
            (Some(_), None) => Ok(Decimal::zero()),
            (None, Some(_)) if other.is_zero() => Err(division_by_zero()),
            (None, Some(_)) => Ok(infinity(self.is_negative() != other.is_negative())),
        }
    }

    /// `self / other` as MySQL computes it: in words of nine digits, cut off, so that at least four
    /// more digits than `self` has stand after the point.
    pub fn mysql_div(&self, other: &Decimal) -> Result<Decimal, ValueError> {
        const WORD: i64 = 9;
        /// Words of a result, before and after the point.
        const WORDS: i64 = 9;
        let (Some((a, scale_a)), Some((b, scale_b))) = (self.parts(), other.parts()) else {
            return Err(ValueError::new("this is no number of MySQL"));
        };
        if b.is_zero() {
            return Err(division_by_zero());
        }
        let words = |digits: i64| digits.div_euclid(WORD) + i64::from(digits.rem_euclid(WORD) > 0);
        let (whole_a, whole_b) = (words(scale_a) * WORD, words(scale_b) * WORD);
        let more = (4 - (whole_a - scale_a) - (whole_b - scale_b)).max(0);
        let fraction = words(whole_a + whole_b + more);
        let quotient = &*a * ten_to(fraction * WORD + scale_b) / (&*b * ten_to(scale_a));
        let shown = quotient.magnitude().to_string().len() as i64;
        if words(shown - fraction * WORD).max(1) + fraction >= WORDS {
            return Err(ValueError::new(
                "how many digits MySQL keeps of this quotient is not known",
            ));
        }
        Ok(Decimal::from_parts(quotient, fraction * WORD))
    }

    /// `self / other` as Oracle computes it: rounded to twenty digits of a hundred each.
    pub fn oracle_div(&self, other: &Decimal) -> Result<Decimal, ValueError> {
        let (Some((a, scale_a)), Some((b, scale_b))) = (self.parts(), other.parts()) else {
            return Err(ValueError::new("this is no number of Oracle"));
        };
        if b.is_zero() {
            return Err(division_by_zero());
        }
        const SHIFT: i64 = 300;
        if scale_a > 130 || scale_b > 130 {
            return self.div(other);
        }
        let exact = &*a * ten_to(SHIFT + scale_b) / (&*b * ten_to(scale_a));
        let digits = exact.magnitude().to_string().len() as i64 - SHIFT;
        let pairs = digits.div_euclid(2) + digits.rem_euclid(2);
        let rounded = Decimal::from_parts(exact, SHIFT).to_places((40 - 2 * pairs) as i32, true);
        let (digits, scale) = rounded
            .parts()
            .map(|(d, s)| (d.into_owned(), s))
            .unwrap_or_default();
        // Oracle shows no zeros at the end.
        let (mut digits, mut scale) = (digits, scale);
        while scale > 0 && (&digits % BigInt::from(10)).is_zero() {
            digits /= BigInt::from(10);
            scale -= 1;
        }
        Ok(Decimal::from_parts(digits, scale))
    }

    /// `self % other`, with the sign of `self`.
    pub fn rem(&self, other: &Decimal) -> Result<Decimal, ValueError> {
        match (self.parts(), other.parts()) {
            (Some(_), Some((divisor, _))) => {
                if divisor.is_zero() {
                    return Err(division_by_zero());
                }
                let (a, b, scale) = aligned(self, other);
                Ok(Decimal::from_parts(a % b, scale))
            }
            _ if *self == Decimal::NaN || *other == Decimal::NaN => Ok(Decimal::NaN),
            (Some(_), None) => Ok(self.clone()),
            (None, _) if other.is_zero() => Err(division_by_zero()),
            (None, _) => Ok(Decimal::NaN),
        }
    }

    /// `- self`.
    pub fn neg(&self) -> Decimal {
        match self {
            Decimal::Finite(number) => Decimal::Finite(-number.clone()),
            Decimal::NaN => Decimal::NaN,
            Decimal::Infinity => Decimal::NegativeInfinity,
            Decimal::NegativeInfinity => Decimal::Infinity,
        }
    }

    /// `abs(self)`.
    pub fn abs(&self) -> Decimal {
        if self.is_negative() {
            self.neg()
        } else {
            self.clone()
        }
    }

    /// `ceil(self)`.
    pub fn ceil(&self) -> Decimal {
        self.floor_or_ceil(false)
    }

    /// `floor(self)`.
    pub fn floor(&self) -> Decimal {
        self.floor_or_ceil(true)
    }

    fn floor_or_ceil(&self, floor: bool) -> Decimal {
        let cut = self.to_places(0, false);
        let (Some((digits, scale)), true) = (cut.parts(), self.is_negative() == floor) else {
            return cut;
        };
        if cut.order(self).is_eq() {
            drop(digits);
            return cut;
        }
        let step: i8 = if floor { -1 } else { 1 };
        Decimal::from_parts(&*digits + step, scale)
    }

    /// `sign(self)`.
    pub fn sign(&self) -> Decimal {
        match self {
            Decimal::NaN => Decimal::NaN,
            _ if self.is_zero() => Decimal::zero(),
            _ => Decimal::from_int(if self.is_negative() { -1 } else { 1 }),
        }
    }
}

/// How many digits after the point a quotient shows.
///
/// The server keeps numbers in base 10000 and estimates from the first such digit of both how
/// large the quotient is, then gives it at least 16 significant digits and never fewer than either
/// operand has. `10 / 3` shows 16 digits after the point, `1 / 3` shows 20, because 1 < 3 makes
/// the quotient's first base-10000 digit lie behind the point.
fn quotient_scale(a: (&BigInt, i64), b: (&BigInt, i64)) -> i64 {
    let (weight_a, first_a) = leading(a);
    let (weight_b, first_b) = leading(b);
    let weight = weight_a - weight_b - i64::from(first_a <= first_b);
    (LEAST_SIGNIFICANT - weight * 4)
        .max(a.1)
        .max(b.1)
        .clamp(0, MOST_SHOWN)
}

/// The first base-10000 digit that is not zero, and its power of 10000.
fn leading((digits, scale): (&BigInt, i64)) -> (i64, i64) {
    if digits.is_zero() {
        return (0, 0);
    }
    let text = digits.magnitude().to_str_radix(10);
    let power = text.len() as i64 - 1 - scale;
    let take = power.rem_euclid(4) as usize + 1;
    let first = text.bytes().chain(std::iter::repeat(b'0')).take(take);
    (
        power.div_euclid(4),
        first.fold(0, |n, digit| n * 10 + i64::from(digit - b'0')),
    )
}

/// Both numbers at the larger scale.
fn aligned(a: &Decimal, b: &Decimal) -> (BigInt, BigInt, i64) {
    let (Some((a, scale_a)), Some((b, scale_b))) = (a.parts(), b.parts()) else {
        return (BigInt::zero(), BigInt::zero(), 0);
    };
    let scale = scale_a.max(scale_b);
    (
        &*a * ten_to(scale - scale_a),
        &*b * ten_to(scale - scale_b),
        scale,
    )
}

fn infinity(negative: bool) -> Decimal {
    if negative {
        Decimal::NegativeInfinity
    } else {
        Decimal::Infinity
    }
}

/// "division by zero".
pub(crate) fn division_by_zero() -> ValueError {
    ValueError::new("division by zero")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text.as_bytes()).unwrap()
    }

    fn text(value: Result<Decimal, ValueError>) -> String {
        let mut out = Vec::new();
        match value {
            Ok(value) => value.write(&mut out),
            Err(error) => out.extend(error.to_string().bytes()),
        }
        String::from_utf8(out).unwrap()
    }

    /// The answers are PostgreSQL's.
    #[test]
    fn results_show_as_many_digits_as_the_servers() {
        type Op = fn(&Decimal, &Decimal) -> Result<Decimal, ValueError>;
        let (add, sub, mul, div, rem): (Op, Op, Op, Op, Op) = (
            Decimal::add,
            Decimal::sub,
            Decimal::mul,
            Decimal::div,
            Decimal::rem,
        );
        for (a, op, b, expected) in [
            ("1.10", add, "2", "3.10"),
            ("1.10", sub, "1.1", "0.00"),
            ("1.10", mul, "2.0", "2.200"),
            ("1", div, "3", "0.33333333333333333333"),
            ("10", div, "3", "3.3333333333333333"),
            ("2", div, "3", "0.66666666666666666667"),
            ("-7.5", div, "2", "-3.7500000000000000"),
            ("0", div, "3", "0.00000000000000000000"),
            ("1e30", div, "7", "142857142857142857142857142857"),
            ("7.5", rem, "-2", "1.5"),
            ("-7.50", rem, "2", "-1.50"),
            ("1", div, "0", "division by zero"),
            ("1", rem, "0.0", "division by zero"),
            ("Infinity", sub, "Infinity", "NaN"),
            ("Infinity", mul, "0", "NaN"),
            ("Infinity", mul, "-2", "-Infinity"),
            ("Infinity", div, "-2", "-Infinity"),
            ("5", div, "Infinity", "0"),
            ("5", rem, "Infinity", "5"),
        ] {
            assert_eq!(text(op(&decimal(a), &decimal(b))), expected, "{a} {b}");
        }
    }

    #[test]
    fn floor_and_ceil() {
        for (input, floor, ceil) in [
            ("1.5", "1", "2"),
            ("-1.5", "-2", "-1"),
            ("2.00", "2", "2"),
            ("-2.00", "-2", "-2"),
            ("-0.5", "-1", "0"),
            ("NaN", "NaN", "NaN"),
        ] {
            assert_eq!(text(Ok(decimal(input).floor())), floor, "{input}");
            assert_eq!(text(Ok(decimal(input).ceil())), ceil, "{input}");
        }
    }

    #[test]
    fn quotients_of_other_engines() {
        let read = |text: &str| Decimal::parse(text.as_bytes()).unwrap();
        let shown = |value: Decimal| {
            let mut out = Vec::new();
            value.write(&mut out);
            String::from_utf8(out).unwrap()
        };
        for (a, b, mysql, oracle) in [
            (
                "8",
                "3",
                "2.666666666",
                "2.66666666666666666666666666666666666667",
            ),
            (
                "-7",
                "3",
                "-2.333333333",
                "-2.33333333333333333333333333333333333333",
            ),
            (
                "1",
                "3",
                "0.333333333",
                "0.3333333333333333333333333333333333333333",
            ),
            ("1", "4", "0.250000000", "0.25"),
            ("600", "3", "200.000000000", "200"),
        ] {
            let (a, b) = (read(a), read(b));
            assert_eq!(shown(a.mysql_div(&b).unwrap()), mysql);
            assert_eq!(shown(a.oracle_div(&b).unwrap()), oracle);
        }
        assert!(read("1").mysql_div(&read("0")).is_err());
        assert!(read("1").oracle_div(&read("0")).is_err());
        let long = format!("1e{}", 64);
        assert!(read(&long).mysql_div(&read("3")).is_err());
    }
}
