//! Moving dates and timestamps. A move that would leave the type's range goes the other way.

use super::fault;
use crate::value::datetime::{DAY, check_date, check_timestamp};
use crate::value::{Value, ValueError};

/// The day of a date or timestamp; none for the infinities.
pub fn day(value: &Value<'_>) -> Result<Option<i64>, ValueError> {
    match *value {
        Value::Date(i32::MIN | i32::MAX)
        | Value::Timestamp(i64::MIN | i64::MAX)
        | Value::TimestampTz(i64::MIN | i64::MAX) => Ok(None),
        Value::Date(day) => Ok(Some(day.into())),
        Value::Timestamp(micros) | Value::TimestampTz(micros) => Ok(Some(micros.div_euclid(DAY))),
        _ => fault("this takes a date or a timestamp"),
    }
}

/// What tells moments apart, the same for a date and the timestamp of its midnight.
pub fn micros(value: &Value<'_>) -> i128 {
    match *value {
        Value::Date(day) => i128::from(day) * i128::from(DAY),
        Value::Timestamp(micros) | Value::TimestampTz(micros) => micros.into(),
        _ => 0,
    }
}

/// The moment moved by microseconds; a date by whole days.
pub fn moved<'v>(value: &Value<'v>, by: i128) -> Result<Value<'v>, ValueError> {
    let to = |by: i128| match *value {
        Value::Date(day) => {
            let day = i128::from(day) + by / i128::from(DAY);
            i64::try_from(day)
                .map_err(|_| ValueError::new("date out of range"))
                .and_then(check_date)
                .map(Value::Date)
        }
        Value::Timestamp(micros) => check_timestamp(i128::from(micros) + by).map(Value::Timestamp),
        Value::TimestampTz(micros) => {
            check_timestamp(i128::from(micros) + by).map(Value::TimestampTz)
        }
        _ => fault("this takes a date or a timestamp"),
    };
    to(by).or_else(|_| to(-by))
}
