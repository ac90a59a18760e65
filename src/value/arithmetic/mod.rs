//! `+ - * / %` over numbers, dates and intervals.
//!
//! [`result_type`] is the table of operators, [`compute`] their work. Mixed operands meet in the
//! type that the server would choose: an integer and a `real` in `double precision`.

mod moments;
#[cfg(test)]
mod tests;

use super::decimal_math::division_by_zero;
use super::float::{Width, overflow, underflow};
use super::integer::{self, Range};
use super::{Decimal, Value, ValueError};
use crate::schema::DataType;
use moments::{days_between, moments};

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
