//! Casts, by PostgreSQL's `pg_cast`.
//!
//! [`can_cast`] is the table, [`cast`] the work. A cast has two steps: the value comes to the bare
//! type, then the type's modifier (length, precision, scale) is applied. An explicit cast cuts text
//! that is too long, any other refuses it unless only blanks are lost.

#[cfg(test)]
mod tests;

use super::arithmetic::range;
use super::datetime::{self, DAY, midnight};
use super::float::Width;
use super::integer::{self, Range};
use super::json::{self, Json};
use super::text::{prefix, trim_blanks};
use super::{Decimal, Interval, Value, ValueError, parse, write};
use crate::schema::{DataType, LengthUnit};
use std::borrow::Cow;

/// Why a value is cast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CastContext {
    /// Within an expression, because an operator or function wants it.
    Implicit,
    /// On the way into a column.
    Assignment,
    /// `CAST(e AS t)`, `e::t`.
    Explicit,
}

/// Is this a type of the string category?
fn is_string(data_type: &DataType) -> bool {
    use DataType::*;
    matches!(data_type, Text | Varchar(..) | Char(..) | Citext | Name)
}

/// Is it the same type, modifiers aside?
pub fn same_type(a: &DataType, b: &DataType) -> bool {
    match (a.base(), b.base()) {
        (DataType::Enum(a), DataType::Enum(b)) => a == b,
        (DataType::Other(a), DataType::Other(b)) => a == b,
        (DataType::Array(a), DataType::Array(b)) => same_type(a, b),
        (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}

/// The strictest context in which `from` may be cast to `to`; none if never.
fn needed(from: &DataType, to: &DataType) -> Option<CastContext> {
    use CastContext::*;
    use DataType::*;
    let (from, to) = (from.base(), to.base());
    if same_type(from, to) || *from == Unknown || *to == Unknown {
        return Some(Implicit);
    }
    Some(match (from, to) {
        (SmallInt, Integer | BigInt)
        | (Integer, BigInt)
        | (SmallInt | Integer | BigInt, Numeric(_) | Real | Double | Oid)
        | (Numeric(_), Real | Double)
        | (Real, Double) => Implicit,
        (Integer, SmallInt)
        | (BigInt, SmallInt | Integer)
        | (Numeric(_) | Real | Double, SmallInt | Integer | BigInt)
        | (Real | Double, Numeric(_))
        | (Double, Real)
        | (Oid, Integer | BigInt) => Assignment,
        (Integer, Boolean) | (Boolean, Integer) => Explicit,
        (Jsonb, Boolean | SmallInt | Integer | BigInt | Numeric(_) | Real | Double) => Explicit,
        (Json, Jsonb) | (Jsonb, Json) => Assignment,

        (Name, Varchar(..) | Char(..) | Citext) | (Citext, Char(..) | Name) => Assignment,
        (Text | Varchar(..) | Char(..), Citext) => Assignment,
        (from, to) if is_string(from) && is_string(to) => Implicit,

        (Date, Timestamp(_) | TimestampTz(_))
        | (Time(_), TimeTz(_) | Interval)
        | (Timestamp(_), TimestampTz(_)) => Implicit,
        (Timestamp(_), Date | Time(_))
        | (TimestampTz(_), Date | Time(_) | TimeTz(_) | Timestamp(_))
        | (TimeTz(_) | Interval, Time(_)) => Assignment,

        (Cidr, Inet) => Implicit,
        (Array(from), Array(to)) => needed(from, to)?,
        // Through the text form: into a string on assignment, out of one only when asked for.
        (_, to) if is_string(to) => Assignment,
        (from, _) if is_string(from) => Explicit,
        _ => return None,
    })
}

/// May a value of `from` be cast to `to` in this context? A literal (`Unknown`) may always.
pub fn can_cast(from: &DataType, to: &DataType, context: CastContext) -> bool {
    needed(from, to).is_some_and(|needed| needed <= context)
}

/// Casts a value; NULL stays NULL. Also applies the modifier of `to` (length, precision, scale).
pub fn cast<'a>(
    value: Value<'a>,
    from: &DataType,
    to: &DataType,
    context: CastContext,
) -> Result<Value<'a>, ValueError> {
    if value.is_null() {
        return Ok(value);
    }
    let (from, to) = (from.base(), to.base());
    if let (DataType::Array(from), DataType::Array(to), Value::Array(values)) = (from, to, &value) {
        let elements = values
            .iter()
            .map(|value| cast(value.clone(), from, to, context));
        return Ok(Value::Array(elements.collect::<Result<_, _>>()?));
    }
    modify(convert(value, from, to)?, to, context)
}

fn no_cast() -> ValueError {
    ValueError::new("there is no cast between these types")
}

/// Brings a value to the bare type.
fn convert<'a>(value: Value<'a>, from: &DataType, to: &DataType) -> Result<Value<'a>, ValueError> {
    if same_type(from, to) {
        return Ok(value);
    }
    if is_string(to) {
        return Ok(Value::Text(to_text(value, from, to)));
    }
    if is_string(from) || *from == DataType::Unknown || *to == DataType::Unknown {
        return match value {
            Value::Text(Cow::Borrowed(text)) => parse(text, to),
            Value::Text(Cow::Owned(text)) => Ok(parse(&text, to)?.into_owned()),
            value if *to == DataType::Unknown => Ok(value),
            _ => Err(no_cast()),
        };
    }
    match (value, to) {
        (value, DataType::SmallInt | DataType::Integer | DataType::BigInt | DataType::Oid) => {
            to_int(value, from, range(to).ok_or_else(no_cast)?)
        }
        (value, DataType::Numeric(_)) => to_numeric(value, from),
        (value, DataType::Real) => to_float(value, from, Width::Real),
        (value, DataType::Double) => to_float(value, from, Width::Double),
        (Value::Int(value), DataType::Boolean) => Ok(Value::Bool(value != 0)),
        (Value::Text(text), DataType::Boolean) if *from == DataType::Jsonb => {
            match json::parse(&text)? {
                Json::Bool(value) => Ok(Value::Bool(value)),
                _ => Err(wrong_json("boolean")),
            }
        }
        (Value::Text(text), DataType::Jsonb) if *from == DataType::Json => {
            Ok(parse(&text, to)?.into_owned())
        }
        (Value::Text(text), DataType::Inet) => Ok(parse(&text, to)?.into_owned()),
        (value @ Value::Text(_), DataType::Json) => Ok(value),
        (value, _) => to_moment(value, to),
    }
}

/// The text form, as a cast to `to` gives it.
fn to_text<'a>(value: Value<'a>, from: &DataType, to: &DataType) -> Cow<'a, [u8]> {
    match (value, from) {
        (Value::Bool(value), _) if *to != DataType::Name => {
            Cow::Borrowed(if value { b"true" } else { b"false" })
        }
        (Value::Text(text), DataType::Char(..)) => match text {
            Cow::Borrowed(text) => Cow::Borrowed(trim_blanks(text)),
            Cow::Owned(text) => Cow::Owned(trim_blanks(&text).to_vec()),
        },
        // An address as text always shows its mask.
        (Value::Text(mut text), DataType::Inet)
            if *to != DataType::Name && !text.contains(&b'/') =>
        {
            let mask: &[u8] = if text.contains(&b':') {
                b"/128"
            } else {
                b"/32"
            };
            text.to_mut().extend_from_slice(mask);
            text
        }
        (Value::Text(text), _) => text,
        (value, from) => {
            let mut text = Vec::new();
            write(&value, from, &mut text);
            Cow::Owned(text)
        }
    }
}

fn wrong_json(type_name: &str) -> ValueError {
    ValueError::new(format!(
        "this kind of jsonb cannot be cast to type {type_name}"
    ))
}

fn json_number(text: &[u8]) -> Result<Decimal, ValueError> {
    match json::parse(text)? {
        Json::Number(number) => Ok(number),
        _ => Err(wrong_json("number")),
    }
}

fn to_int<'a>(value: Value<'a>, from: &DataType, range: Range) -> Result<Value<'a>, ValueError> {
    let number = match value {
        Value::Bool(value) => i64::from(value),
        // An oid's bits are kept: half of them are negative as an integer.
        Value::Int(value) if *from == DataType::Oid && range == integer::INTEGER => {
            i64::from(value as u32 as i32)
        }
        Value::Int(value) if range == integer::OID && value < 0 && *from != DataType::BigInt => {
            i64::from(value as i32 as u32)
        }
        Value::Int(value) => value,
        Value::Numeric(value) => value.to_int().map_err(|error| match *value {
            Decimal::Finite(_) => range.overflow(),
            _ => error,
        })?,
        Value::Float(value) => {
            let rounded = value.round_ties_even();
            // 2^63 is the first that does not fit.
            if !(-(2f64.powi(63))..2f64.powi(63)).contains(&rounded) {
                return Err(range.overflow());
            }
            rounded as i64
        }
        Value::Text(text) if *from == DataType::Jsonb => {
            json_number(&text)?.to_int().map_err(|_| range.overflow())?
        }
        _ => return Err(no_cast()),
    };
    range.check(number).map(Value::Int)
}

fn to_numeric<'a>(value: Value<'a>, from: &DataType) -> Result<Value<'a>, ValueError> {
    let number = match value {
        Value::Int(value) => Decimal::from_int(value),
        Value::Float(value) => {
            Decimal::from_float(value, if *from == DataType::Real { 6 } else { 15 })
        }
        Value::Text(text) if *from == DataType::Jsonb => json_number(&text)?,
        _ => return Err(no_cast()),
    };
    Ok(Value::Numeric(Box::new(number)))
}

fn to_float<'a>(value: Value<'a>, from: &DataType, width: Width) -> Result<Value<'a>, ValueError> {
    Ok(Value::Float(match value {
        // From the integer straight to 32 bits: rounding twice could differ.
        Value::Int(value) if width == Width::Real => f64::from(value as f32),
        Value::Int(value) => value as f64,
        Value::Float(value) => width.round(value)?,
        Value::Numeric(value) => value.to_float(width)?,
        Value::Text(text) if *from == DataType::Jsonb => json_number(&text)?.to_float(width)?,
        _ => return Err(no_cast()),
    }))
}

/// Casts among dates, times and intervals, in UTC.
fn to_moment<'a>(value: Value<'a>, to: &DataType) -> Result<Value<'a>, ValueError> {
    let infinite = |at: i64| at == i64::MIN || at == i64::MAX;
    Ok(match (value, to) {
        (Value::Date(day), DataType::Timestamp(_)) => Value::Timestamp(midnight(day)?),
        (Value::Date(day), DataType::TimestampTz(_)) => Value::TimestampTz(midnight(day)?),
        (Value::Timestamp(at) | Value::TimestampTz(at), to) => match to {
            DataType::Date => Value::Date(datetime::day_of(at)),
            DataType::Timestamp(_) => Value::Timestamp(at),
            DataType::TimestampTz(_) => Value::TimestampTz(at),
            DataType::Time(_) | DataType::TimeTz(_) if infinite(at) => Value::Null,
            DataType::Time(_) => Value::Time(at.rem_euclid(DAY)),
            DataType::TimeTz(_) => Value::TimeTz(at.rem_euclid(DAY), 0),
            _ => return Err(no_cast()),
        },
        (Value::Time(time), DataType::TimeTz(_)) => Value::TimeTz(time, 0),
        (Value::Time(micros), DataType::Interval) => Value::Interval(Interval {
            micros,
            ..Default::default()
        }),
        (Value::TimeTz(time, _), DataType::Time(_)) => Value::Time(time),
        (Value::Interval(interval), DataType::Time(_)) => {
            Value::Time(interval.micros.rem_euclid(DAY))
        }
        _ => return Err(no_cast()),
    })
}

/// Applies the modifier of `to`.
fn modify<'a>(
    value: Value<'a>,
    to: &DataType,
    context: CastContext,
) -> Result<Value<'a>, ValueError> {
    Ok(match (value, to) {
        (Value::Numeric(value), DataType::Numeric(Some((precision, scale)))) => {
            Value::Numeric(Box::new(value.fit(*precision, *scale)?))
        }
        (Value::Time(at), DataType::Time(Some(p))) => Value::Time(datetime::round(at, *p)),
        (Value::TimeTz(at, zone), DataType::TimeTz(Some(p))) => {
            Value::TimeTz(datetime::round(at, *p), zone)
        }
        (Value::Timestamp(at), DataType::Timestamp(Some(p))) => {
            Value::Timestamp(datetime::round(at, *p))
        }
        (Value::TimestampTz(at), DataType::TimestampTz(Some(p))) => {
            Value::TimestampTz(datetime::round(at, *p))
        }
        (Value::Text(text), DataType::Varchar(Some(limit), unit)) => {
            Value::Text(shorten(text, *limit, *unit, context, "varchar")?)
        }
        (Value::Text(text), DataType::Char(limit, unit)) => {
            let mut text = shorten(text, *limit, *unit, context, "char")?;
            let blanks = (*limit as usize).saturating_sub(unit.count(&text));
            if blanks > 0 {
                let padded = text.len() + blanks;
                text.to_mut().resize(padded, b' ');
            }
            Value::Text(text)
        }
        (Value::Text(text), DataType::Name) => match text {
            Cow::Borrowed(text) => parse(text, to)?,
            Cow::Owned(text) => parse(&text, to)?.into_owned(),
        },
        (value, _) => value,
    })
}

/// Text within its limit.
fn shorten<'a>(
    text: Cow<'a, [u8]>,
    limit: u32,
    unit: LengthUnit,
    context: CastContext,
    type_name: &str,
) -> Result<Cow<'a, [u8]>, ValueError> {
    let limit = limit as usize;
    if text.len() <= limit || unit.count(&text) <= limit {
        return Ok(text);
    }
    let kept = match unit {
        LengthUnit::Characters => prefix(&text, limit).len(),
        LengthUnit::Bytes | LengthUnit::Utf16 => {
            let mut end = 0;
            let mut length = 0;
            for character in super::text::chars(&text) {
                length += unit.count(character);
                if length > limit {
                    break;
                }
                end += character.len();
            }
            end
        }
    };
    if context != CastContext::Explicit && !trim_blanks(&text[kept..]).is_empty() {
        return Err(ValueError::new(format!(
            "value too long for type {type_name}({limit})"
        )));
    }
    Ok(match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[..kept]),
        Cow::Owned(mut text) => {
            text.truncate(kept);
            Cow::Owned(text)
        }
    })
}
