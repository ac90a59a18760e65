//! `+ - * / %` over numbers, dates and intervals.
//!
//! [`result_type`] is the table of operators, [`compute`] their work. Mixed operands meet in the
//! type that the server would choose: an integer and a `real` in `double precision`.

use super::datetime::{DAY, SECOND, check_date, check_timestamp, midnight};
use super::decimal_math::division_by_zero;
use super::float::{Width, overflow, underflow};
use super::integer::{self, Range};
use super::{Decimal, Interval, Value, ValueError};
use crate::schema::DataType;

/// An operation of two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Mod,
}

/// The numeric types in the order in which one gives way to the next.
fn rank(data_type: &DataType) -> Option<u8> {
    Some(match data_type {
        DataType::SmallInt => 0,
        DataType::Integer => 1,
        DataType::BigInt => 2,
        DataType::Numeric(_) => 3,
        DataType::Real => 4,
        DataType::Double => 5,
        _ => return None,
    })
}

/// The type of `left operation right`, if there is such an operator. A literal of type `Unknown`
/// has to be given a type before.
pub fn result_type(operation: Operation, left: &DataType, right: &DataType) -> Option<DataType> {
    use DataType::*;
    use Operation::*;
    let (left, right) = (left.base(), right.base());
    if let (Some(a), Some(b)) = (rank(left), rank(right)) {
        let widest = match a.max(b) {
            0 => SmallInt,
            1 => Integer,
            2 => BigInt,
            3 => Numeric(None),
            4 if a == b => Real,
            _ => Double,
        };
        let has_remainder = !matches!(widest, Real | Double);
        return (operation != Mod || has_remainder).then_some(widest);
    }
    Some(match (operation, left, right) {
        (Add | Sub, Date, SmallInt | Integer) | (Add, SmallInt | Integer, Date) => Date,
        (Sub, Date, Date) => Integer,
        (Add | Sub, Date, Interval) | (Add, Interval, Date) => Timestamp(None),
        (Add, Date, TimeTz(_)) | (Add, TimeTz(_), Date) => TimestampTz(None),
        (Add | Sub, Timestamp(_), Interval) | (Add, Interval, Timestamp(_)) => Timestamp(None),
        (Add | Sub, TimestampTz(_), Interval) | (Add, Interval, TimestampTz(_)) => {
            TimestampTz(None)
        }
        (Sub, Timestamp(_) | TimestampTz(_), Date | Timestamp(_) | TimestampTz(_))
        | (Sub, Date, Timestamp(_) | TimestampTz(_)) => Interval,
        (Add | Sub, Time(_), Interval) | (Add, Interval, Time(_)) => Time(None),
        (Add | Sub, TimeTz(_), Interval) | (Add, Interval, TimeTz(_)) => TimeTz(None),
        (Sub, Time(_), Time(_)) => Interval,
        (Add | Sub, Interval, Interval) => Interval,
        (Mul | Div, Interval, other) | (Mul, other, Interval) if rank(other).is_some() => Interval,
        // Beside anything else a time counts as an interval.
        (_, Time(_), Time(_)) => return None,
        (_, Time(_), other) => return result_type(operation, &Interval, other),
        (_, other, Time(_)) => return result_type(operation, other, &Interval),
        _ => return None,
    })
}

fn no_operator() -> ValueError {
    ValueError::new("there is no such operator for these types")
}

/// Computes `left operation right`, where `result` is what [`result_type`] said. NULL gives NULL.
pub fn compute(
    operation: Operation,
    left: &Value<'_>,
    right: &Value<'_>,
    result: &DataType,
) -> Result<Value<'static>, ValueError> {
    if left.is_null() || right.is_null() {
        return Ok(Value::Null);
    }
    Ok(match result.base() {
        DataType::SmallInt => Value::Int(ints(operation, left, right, integer::SMALLINT)?),
        DataType::Integer => match (left, right) {
            (&Value::Date(a), &Value::Date(b)) => Value::Int(days_between(a, b)?),
            _ => Value::Int(ints(operation, left, right, integer::INTEGER)?),
        },
        DataType::BigInt => Value::Int(ints(operation, left, right, integer::BIGINT)?),
        DataType::Numeric(_) => {
            let (a, b) = (to_decimal(left)?, to_decimal(right)?);
            Value::Numeric(Box::new(match operation {
                Operation::Add => a.add(&b),
                Operation::Sub => a.sub(&b),
                Operation::Mul => a.mul(&b),
                Operation::Div => a.div(&b),
                Operation::Mod => a.rem(&b),
            }?))
        }
        DataType::Real => Value::Float(floats(operation, left, right, Width::Real)?),
        DataType::Double => Value::Float(floats(operation, left, right, Width::Double)?),
        _ => moments(operation, left, right, result.base())?,
    })
}

/// `- value`.
pub fn negate(value: &Value<'_>, data_type: &DataType) -> Result<Value<'static>, ValueError> {
    Ok(match value {
        Value::Null => Value::Null,
        Value::Int(value) => {
            let range = range(data_type).ok_or_else(no_operator)?;
            let negated = value.checked_neg().ok_or_else(|| range.overflow())?;
            Value::Int(range.check(negated)?)
        }
        Value::Numeric(value) => Value::Numeric(Box::new(value.neg())),
        Value::Float(value) => Value::Float(-value),
        Value::Interval(value) => Value::Interval(value.checked_neg()?),
        _ => return Err(no_operator()),
    })
}

/// The range of an integer type.
pub(crate) fn range(data_type: &DataType) -> Option<Range> {
    Some(match data_type.base() {
        DataType::SmallInt => integer::SMALLINT,
        DataType::Integer => integer::INTEGER,
        DataType::BigInt => integer::BIGINT,
        DataType::Oid => integer::OID,
        _ => return None,
    })
}

fn ints(
    operation: Operation,
    left: &Value<'_>,
    right: &Value<'_>,
    range: Range,
) -> Result<i64, ValueError> {
    let (&Value::Int(a), &Value::Int(b)) = (left, right) else {
        return Err(no_operator());
    };
    let value = match operation {
        Operation::Add => a.checked_add(b),
        Operation::Sub => a.checked_sub(b),
        Operation::Mul => a.checked_mul(b),
        Operation::Div | Operation::Mod if b == 0 => return Err(division_by_zero()),
        Operation::Div => a.checked_div(b),
        Operation::Mod => Some(a.wrapping_rem(b)),
    };
    range.check(value.ok_or_else(|| range.overflow())?)
}

fn to_decimal<'v>(value: &'v Value<'_>) -> Result<std::borrow::Cow<'v, Decimal>, ValueError> {
    match value {
        Value::Int(value) => Ok(std::borrow::Cow::Owned(Decimal::from_int(*value))),
        Value::Numeric(value) => Ok(std::borrow::Cow::Borrowed(value)),
        _ => Err(no_operator()),
    }
}

fn to_float(value: &Value<'_>) -> Result<f64, ValueError> {
    match value {
        Value::Int(value) => Ok(*value as f64),
        Value::Numeric(value) => value.to_float(Width::Double),
        Value::Float(value) => Ok(*value),
        _ => Err(no_operator()),
    }
}

/// Floats, computed in 64 bits and rounded once more for `real`, which gives the same as 32 bits
/// throughout: 53 digits are more than twice 24.
fn floats(
    operation: Operation,
    left: &Value<'_>,
    right: &Value<'_>,
    width: Width,
) -> Result<f64, ValueError> {
    let (a, b) = (to_float(left)?, to_float(right)?);
    let (exact, may_vanish) = match operation {
        Operation::Add => (a + b, false),
        Operation::Sub => (a - b, false),
        Operation::Mul => (a * b, a != 0.0 && b != 0.0),
        Operation::Div if b == 0.0 && !a.is_nan() => return Err(division_by_zero()),
        Operation::Div => (a / b, a != 0.0 && !b.is_infinite()),
        Operation::Mod => return Err(no_operator()),
    };
    let value = width.round(exact)?;
    let infinite_before = match operation {
        Operation::Div => a.is_infinite(),
        _ => a.is_infinite() || b.is_infinite(),
    };
    if value.is_infinite() && !infinite_before {
        Err(overflow())
    } else if value == 0.0 && may_vanish {
        Err(underflow())
    } else {
        Ok(value)
    }
}

fn days_between(a: i32, b: i32) -> Result<i64, ValueError> {
    if [i32::MIN, i32::MAX].contains(&a) || [i32::MIN, i32::MAX].contains(&b) {
        return Err(ValueError::new("cannot subtract infinite dates"));
    }
    Ok(i64::from(a) - i64::from(b))
}

/// Everything with a date, time or interval in it.
fn moments(
    operation: Operation,
    left: &Value<'_>,
    right: &Value<'_>,
    result: &DataType,
) -> Result<Value<'static>, ValueError> {
    use Operation::*;
    use Value as V;
    if !matches!(result, DataType::Time(_)) {
        let as_interval = |micros| {
            V::Interval(Interval {
                micros,
                ..Default::default()
            })
        };
        match (left, right) {
            (V::Time(_), V::Time(_)) => {}
            (&V::Time(time), _) => return moments(operation, &as_interval(time), right, result),
            (_, &V::Time(time)) => return moments(operation, left, &as_interval(time), result),
            _ => {}
        }
    }
    // What can be added in either order is computed in one.
    if matches!(
        (operation, left, right),
        (Add, V::Int(_), V::Date(_))
            | (
                Add,
                V::Interval(_),
                V::Date(_) | V::Time(_) | V::TimeTz(..) | V::Timestamp(_) | V::TimestampTz(_)
            )
            | (Add, V::TimeTz(..), V::Date(_))
            | (Mul, V::Int(_) | V::Numeric(_) | V::Float(_), V::Interval(_))
    ) {
        return moments(operation, right, left, result);
    }
    let signed = |interval: Interval| match operation {
        Sub => interval.checked_neg(),
        _ => Ok(interval),
    };
    Ok(match (operation, left, right) {
        (Add | Sub, &V::Date(day @ (i32::MIN | i32::MAX)), V::Int(_)) => V::Date(day),
        (Add | Sub, &V::Date(day), &V::Int(days)) => {
            let days = if operation == Sub {
                days.checked_neg()
            } else {
                Some(days)
            };
            let day = days.and_then(|days| days.checked_add(i64::from(day)));
            V::Date(check_date(day.unwrap_or(i64::MAX))?)
        }
        (Add | Sub, &V::Date(day), &V::Interval(interval)) => {
            V::Timestamp(signed(interval)?.after(midnight(day)?)?)
        }
        (Add | Sub, &V::Timestamp(at), &V::Interval(interval)) => {
            V::Timestamp(signed(interval)?.after(at)?)
        }
        (Add | Sub, &V::TimestampTz(at), &V::Interval(interval)) => {
            V::TimestampTz(signed(interval)?.after(at)?)
        }
        (Add, &V::Date(day), &V::TimeTz(time, zone)) => {
            V::TimestampTz(at_time(day, time - i64::from(zone) * SECOND)?)
        }
        (Add | Sub, &V::Time(time), &V::Interval(interval)) => {
            V::Time(around(time, operation, interval))
        }
        (Add | Sub, &V::TimeTz(time, zone), &V::Interval(interval)) => {
            V::TimeTz(around(time, operation, interval), zone)
        }
        (Sub, &V::Time(a), &V::Time(b)) => V::Interval(Interval {
            micros: a - b,
            ..Default::default()
        }),
        (Sub, a, b) if *result == DataType::Interval && instant(a)?.is_some() => {
            let (Some(a), Some(b)) = (instant(a)?, instant(b)?) else {
                return Err(no_operator());
            };
            V::Interval(span(a, b)?)
        }
        (Add, V::Interval(a), V::Interval(b)) => V::Interval(a.checked_add(*b)?),
        (Sub, V::Interval(a), V::Interval(b)) => V::Interval(a.checked_sub(*b)?),
        (Mul, V::Interval(interval), factor) => {
            V::Interval(interval.checked_mul(to_float(factor)?)?)
        }
        (Div, V::Interval(interval), divisor) => {
            V::Interval(interval.checked_div(to_float(divisor)?)?)
        }
        _ => return Err(no_operator()),
    })
}

/// The moment on a day; the days before and after time itself have no times.
fn at_time(day: i32, time: i64) -> Result<i64, ValueError> {
    match midnight(day)? {
        infinite @ (i64::MIN | i64::MAX) => Ok(infinite),
        midnight => check_timestamp(i128::from(midnight) + i128::from(time)),
    }
}

/// A time of day some time later or earlier, around the clock.
fn around(time: i64, operation: Operation, interval: Interval) -> i64 {
    let of_day = interval.micros % DAY;
    let moved = if operation == Operation::Sub {
        time - of_day
    } else {
        time + of_day
    };
    moved.rem_euclid(DAY)
}

fn instant(value: &Value<'_>) -> Result<Option<i64>, ValueError> {
    Ok(match *value {
        Value::Date(day) => Some(midnight(day)?),
        Value::Timestamp(at) | Value::TimestampTz(at) => Some(at),
        _ => None,
    })
}

/// The time from `b` to `a`, as days and hours.
fn span(a: i64, b: i64) -> Result<Interval, ValueError> {
    if [i64::MIN, i64::MAX].contains(&a) || [i64::MIN, i64::MAX].contains(&b) {
        return Err(ValueError::new("cannot subtract infinite timestamps"));
    }
    a.checked_sub(b)
        .map(Interval::from_micros)
        .ok_or_else(super::interval::out_of_range)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{parse, write};

    fn apply(a: (&str, DataType), operation: Operation, b: (&str, DataType)) -> String {
        let Some(data_type) = result_type(operation, &a.1, &b.1) else {
            return "no operator".to_owned();
        };
        let (left, right) = (
            parse(a.0.as_bytes(), &a.1).unwrap(),
            parse(b.0.as_bytes(), &b.1).unwrap(),
        );
        match compute(operation, &left, &right, &data_type) {
            Ok(value) => {
                let mut out = Vec::new();
                write(&value, &data_type, &mut out);
                String::from_utf8(out).unwrap()
            }
            Err(error) => error.to_string(),
        }
    }

    /// The answers are PostgreSQL's.
    #[test]
    fn numbers_meet_in_the_wider_type() {
        use DataType::*;
        use Operation::*;
        for (a, operation, b, expected) in [
            (
                ("32767", SmallInt),
                Add,
                ("1", SmallInt),
                "smallint out of range",
            ),
            (("32767", SmallInt), Add, ("1", Integer), "32768"),
            (
                ("-32768", SmallInt),
                Div,
                ("-1", SmallInt),
                "smallint out of range",
            ),
            (("-9223372036854775808", BigInt), Mod, ("-1", BigInt), "0"),
            (("-7", Integer), Div, ("2", Integer), "-3"),
            (("-7", Integer), Mod, ("2", Integer), "-1"),
            (("7", Integer), Div, ("0", Integer), "division by zero"),
            (
                ("7", Integer),
                Div,
                ("2.0", Numeric(None)),
                "3.5000000000000000",
            ),
            (("0.1", Real), Add, ("0.2", Real), "0.3"),
            (("0.1", Real), Add, ("1", Integer), "1.1000000014901161"),
            (
                ("0.1", Numeric(None)),
                Add,
                ("0.2", Double),
                "0.30000000000000004",
            ),
            (
                ("1e308", Double),
                Mul,
                ("10", Integer),
                "value out of range: overflow",
            ),
            (
                ("1e-300", Double),
                Mul,
                ("1e-300", Double),
                "value out of range: underflow",
            ),
            (
                ("3e38", Real),
                Add,
                ("3e38", Real),
                "value out of range: overflow",
            ),
            (("1", Double), Div, ("0", Integer), "division by zero"),
            (("Infinity", Double), Sub, ("Infinity", Double), "NaN"),
            (("1", Double), Mod, ("1", Double), "no operator"),
            (("1", Text), Add, ("1", Integer), "no operator"),
        ] {
            assert_eq!(
                apply(a.clone(), operation, b.clone()),
                expected,
                "{a:?} {operation:?} {b:?}"
            );
        }
    }

    /// The answers are PostgreSQL's.
    #[test]
    fn dates_and_intervals() {
        use DataType::*;
        use Operation::*;
        let stamp = Timestamp(None);
        for (a, operation, b, expected) in [
            (("2024-02-28", Date), Add, ("2", Integer), "2024-03-01"),
            (("2", Integer), Add, ("2024-02-28", Date), "2024-03-01"),
            (("2024-03-01", Date), Sub, ("2024-02-28", Date), "2"),
            (("infinity", Date), Sub, ("2", Integer), "infinity"),
            (
                ("5874897-12-31", Date),
                Add,
                ("1", Integer),
                "date out of range",
            ),
            (
                ("2024-01-31", Date),
                Add,
                ("1 month", Interval),
                "2024-02-29 00:00:00",
            ),
            (
                ("2024-03-31", stamp.clone()),
                Sub,
                ("1 month 1 day", Interval),
                "2024-02-28 00:00:00",
            ),
            (
                ("1 hour", Interval),
                Add,
                ("2024-03-31", TimestampTz(None)),
                "2024-03-31 01:00:00+00",
            ),
            (
                ("2024-03-31", Date),
                Add,
                ("10:00", Time(None)),
                "2024-03-31 10:00:00",
            ),
            (
                ("2024-03-31 12:00", stamp.clone()),
                Sub,
                ("2024-01-01 13:00", stamp.clone()),
                "89 days 23:00:00",
            ),
            (
                ("2024-01-01", Date),
                Sub,
                ("2024-01-02 01:00", stamp),
                "-1 days -01:00:00",
            ),
            (
                ("23:00", Time(None)),
                Add,
                ("2 hours", Interval),
                "01:00:00",
            ),
            (
                ("01:00", Time(None)),
                Sub,
                ("1 day 2 hours", Interval),
                "23:00:00",
            ),
            (
                ("01:00", Time(None)),
                Sub,
                ("02:30", Time(None)),
                "-01:30:00",
            ),
            (
                ("1 day", Interval),
                Mul,
                ("1.5", Numeric(None)),
                "1 day 12:00:00",
            ),
            (("2", Integer), Mul, ("1 mon", Interval), "2 mons"),
            (("1 day", Interval), Div, ("0", Integer), "division by zero"),
            (
                ("1 day", Interval),
                Sub,
                ("1 hour", Interval),
                "1 day -01:00:00",
            ),
            (
                ("1 day", Interval),
                Sub,
                ("2024-01-01", Date),
                "no operator",
            ),
        ] {
            assert_eq!(
                apply(a.clone(), operation, b.clone()),
                expected,
                "{a:?} {operation:?} {b:?}"
            );
        }
    }

    #[test]
    fn negation_stays_in_range() {
        assert!(negate(&Value::Int(-32768), &DataType::SmallInt).is_err());
        assert_eq!(
            negate(&Value::Int(-32768), &DataType::Integer),
            Ok(Value::Int(32768))
        );
        assert!(negate(&Value::Int(i64::MIN), &DataType::BigInt).is_err());
        assert!(negate(&Value::Bool(true), &DataType::Boolean).is_err());
    }
}
