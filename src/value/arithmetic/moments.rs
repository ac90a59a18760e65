//! Arithmetic with dates, times and intervals.
//!
//! What can be added in either order is brought into one, a time of day that meets an interval
//! becomes one itself; the infinite dates and timestamps stay where they are.

use super::{Operation, no_operator, to_float};
use crate::schema::DataType;
use crate::value::datetime::{DAY, SECOND, check_date, check_timestamp, midnight};
use crate::value::{Interval, Value, ValueError, interval::out_of_range};

/// Everything with a date, time or interval in it.
pub(super) fn moments(
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

pub(super) fn days_between(a: i32, b: i32) -> Result<i64, ValueError> {
    if [i32::MIN, i32::MAX].contains(&a) || [i32::MIN, i32::MAX].contains(&b) {
        return Err(ValueError::new("cannot subtract infinite dates"));
    }
    Ok(i64::from(a) - i64::from(b))
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
        .ok_or_else(out_of_range)
}
