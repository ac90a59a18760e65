//! Comparison by declared type.
//!
//! Both sides have the type already; bringing them to one type is the business of expressions.

use super::datetime::SECOND;
use super::json::{self, Json};
use super::text::{lower, trim_blanks};
use super::{Collation, Decimal, Value, ValueError, float};
use crate::schema::DataType;
use std::borrow::Cow;
use std::cmp::Ordering;

/// Has the type an `=` that is known here? `json`, `xml` and composites have none at all; of
/// `money`, `hstore` and `tsvector` the text form does not tell.
pub fn has_equality(data_type: &DataType) -> bool {
    match data_type.base() {
        DataType::Json
        | DataType::Xml
        | DataType::Money
        | DataType::Hstore
        | DataType::Tsvector
        | DataType::Other(_) => false,
        DataType::Array(element) => has_equality(element),
        _ => true,
    }
}

/// Has the type a `<` that is known here?
pub fn has_order(data_type: &DataType) -> bool {
    match data_type.base() {
        DataType::Inet | DataType::Cidr | DataType::Bit => false,
        DataType::Array(element) => has_order(element),
        _ => has_equality(data_type),
    }
}

fn incomparable() -> ValueError {
    ValueError::new("values of this type cannot be compared")
}

/// Orders two non-NULL values of `data_type`.
pub fn compare(
    a: &Value<'_>,
    b: &Value<'_>,
    data_type: &DataType,
    collation: Collation,
) -> Result<Ordering, ValueError> {
    let data_type = data_type.base();
    if !has_equality(data_type) {
        return Err(incomparable());
    }
    Ok(match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Numeric(a), Value::Numeric(b)) => a.order(b),
        (Value::Float(a), Value::Float(b)) => float::compare(*a, *b),
        (Value::Text(a), Value::Text(b)) => match data_type {
            DataType::Jsonb => json::parse(a)?.order(&json::parse(b)?),
            DataType::Enum(labels) => labels.position(a)?.cmp(&labels.position(b)?),
            DataType::Char(..) => collation.order(trim_blanks(a), trim_blanks(b))?,
            DataType::Text | DataType::Varchar(..) | DataType::Unknown => collation.order(a, b)?,
            DataType::Citext => lower(a).cmp(&lower(b)),
            _ => a.cmp(b),
        },
        (Value::Bytes(a), Value::Bytes(b)) => a.cmp(b),
        (Value::Date(a), Value::Date(b)) => a.cmp(b),
        (Value::Time(a), Value::Time(b)) => a.cmp(b),
        (&Value::TimeTz(a, zone_a), &Value::TimeTz(b, zone_b)) => {
            // The same moment in a zone further west is greater.
            utc(a, zone_a)
                .cmp(&utc(b, zone_b))
                .then_with(|| zone_b.cmp(&zone_a))
        }
        (Value::Timestamp(a), Value::Timestamp(b)) => a.cmp(b),
        (Value::TimestampTz(a), Value::TimestampTz(b)) => a.cmp(b),
        (Value::Interval(a), Value::Interval(b)) => a.length().cmp(&b.length()),
        (Value::Uuid(a), Value::Uuid(b)) => a.cmp(b),
        (Value::Array(a), Value::Array(b)) => {
            let DataType::Array(element) = data_type else {
                return Err(incomparable());
            };
            for (a, b) in a.iter().zip(b) {
                // Within an array NULL equals NULL and is greater than everything else.
                let order = match (a.is_null(), b.is_null()) {
                    (false, false) => compare(a, b, element, collation)?,
                    (a, b) => a.cmp(&b),
                };
                if order.is_ne() {
                    return Ok(order);
                }
            }
            a.len().cmp(&b.len())
        }
        _ => return Err(incomparable()),
    })
}

/// Are two non-NULL values of `data_type` equal?
pub fn equal(
    a: &Value<'_>,
    b: &Value<'_>,
    data_type: &DataType,
    collation: Collation,
) -> Result<bool, ValueError> {
    Ok(compare(a, b, data_type, collation)?.is_eq())
}

/// Appends bytes that are equal exactly when two non-NULL values of `data_type` are equal: a key for
/// hashing. It says nothing about order, and keys of different types do not compare.
pub fn key(
    value: &Value<'_>,
    data_type: &DataType,
    collation: Collation,
    out: &mut Vec<u8>,
) -> Result<(), ValueError> {
    let data_type = data_type.base();
    if !has_equality(data_type) {
        return Err(incomparable());
    }
    match value {
        Value::Null => {}
        Value::Bool(value) => out.push(u8::from(*value)),
        Value::Int(value)
        | Value::Time(value)
        | Value::Timestamp(value)
        | Value::TimestampTz(value) => {
            out.extend_from_slice(&value.to_le_bytes());
        }
        Value::Numeric(value) => worth_of(value).write(out),
        Value::Float(value) => {
            let one = if value.is_nan() {
                f64::NAN
            } else {
                value + 0.0
            };
            out.extend_from_slice(&one.to_bits().to_le_bytes());
        }
        Value::Text(text) => match data_type {
            DataType::Jsonb => worth(json::parse(text)?).write(out),
            _ => out.extend_from_slice(&fold(text, data_type, collation)?),
        },
        Value::Bytes(bytes) => out.extend_from_slice(bytes),
        Value::Date(day) => out.extend_from_slice(&day.to_le_bytes()),
        Value::TimeTz(micros, zone) => {
            out.extend_from_slice(&micros.to_le_bytes());
            out.extend_from_slice(&zone.to_le_bytes());
        }
        Value::Interval(interval) => out.extend_from_slice(&interval.length().to_le_bytes()),
        Value::Uuid(uuid) => out.extend_from_slice(uuid),
        Value::Array(values) => {
            let DataType::Array(element) = data_type else {
                return Err(incomparable());
            };
            let mut part = Vec::new();
            for value in values {
                part.clear();
                key(value, element, collation, &mut part)?;
                // A length that no element has stands for NULL.
                let length = if value.is_null() {
                    u64::MAX
                } else {
                    part.len() as u64
                };
                out.extend_from_slice(&length.to_le_bytes());
                out.extend_from_slice(&part);
            }
        }
    }
    Ok(())
}

/// What counts of a text.
fn fold<'a>(
    text: &'a [u8],
    data_type: &DataType,
    collation: Collation,
) -> Result<Cow<'a, [u8]>, ValueError> {
    match data_type {
        DataType::Char(..) => collation.fold(trim_blanks(text)),
        DataType::Citext => Ok(lower(text)),
        DataType::Text | DataType::Varchar(..) | DataType::Unknown => collation.fold(text),
        _ => Ok(Cow::Borrowed(text)),
    }
}

fn utc(micros: i64, zone: i32) -> i64 {
    micros - i64::from(zone) * SECOND
}

/// A number without its scale.
fn worth_of(number: &Decimal) -> Decimal {
    match number {
        Decimal::Finite(number) => {
            let bare = number.normalized();
            // A negative scale would stand for zeros before the point.
            let scale = bare.fractional_digit_count().max(0);
            Decimal::Finite(bare.with_scale(scale))
        }
        other => other.clone(),
    }
}

/// A value with every number brought to one form.
fn worth(value: Json) -> Json {
    match value {
        Json::Number(number) => Json::Number(worth_of(&number)),
        Json::Array(elements) => Json::Array(elements.into_iter().map(worth).collect()),
        Json::Object(members) => Json::Object(
            members
                .into_iter()
                .map(|(key, value)| (key, worth(value)))
                .collect(),
        ),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::LengthUnit;
    use crate::value::{Sensitivity, parse};

    fn order(a: &str, b: &str, data_type: &DataType, collation: Collation) -> Ordering {
        let (a, b) = (
            parse(a.as_bytes(), data_type).unwrap(),
            parse(b.as_bytes(), data_type).unwrap(),
        );
        let order = compare(&a, &b, data_type, collation).unwrap();
        let (mut key_a, mut key_b) = (Vec::new(), Vec::new());
        key(&a, data_type, collation, &mut key_a).unwrap();
        key(&b, data_type, collation, &mut key_b).unwrap();
        assert_eq!(key_a == key_b, order.is_eq(), "keys follow equality");
        assert_eq!(compare(&b, &a, data_type, collation), Ok(order.reverse()));
        order
    }

    #[test]
    fn every_type_compares_by_its_own_rule() {
        use Ordering::*;
        let labels = DataType::Enum(std::sync::Arc::new(crate::schema::types::EnumType {
            name: "mood".to_owned(),
            labels: vec!["sad".to_owned(), "ok".to_owned(), "happy".to_owned()],
        }));
        let char = DataType::Char(5, LengthUnit::Characters);
        let ints = DataType::Array(Box::new(DataType::Integer));
        for (data_type, a, b, expected) in [
            (&DataType::Boolean, "f", "t", Less),
            (&DataType::Integer, "9", "10", Less),
            (&DataType::Numeric(None), "1.0", "1.000", Equal),
            (&DataType::Numeric(None), "100", "1e2", Equal),
            (&DataType::Numeric(None), "NaN", "NaN", Equal),
            (&DataType::Numeric(None), "Infinity", "NaN", Less),
            (&DataType::Double, "NaN", "NaN", Equal),
            (&DataType::Double, "NaN", "Infinity", Greater),
            (&DataType::Double, "-0", "0", Equal),
            (&DataType::Text, "a", "a ", Less),
            (&DataType::Text, "Z", "a", Less),
            (&char, "a", "a  ", Equal),
            (&DataType::Citext, "ÄB", "äb", Equal),
            (
                &DataType::Jsonb,
                "{\"a\":1.0,\"b\":2}",
                "{\"b\":2,\"a\":1}",
                Equal,
            ),
            (&labels, "ok", "happy", Less),
            (&DataType::Bytea, "\\x00ff", "\\x01", Less),
            (&DataType::Date, "-infinity", "4714-11-24 BC", Less),
            (
                &DataType::TimestampTz(None),
                "2024-01-01 12:00+02",
                "2024-01-01 10:00Z",
                Equal,
            ),
            (&DataType::TimeTz(None), "12:00+02", "10:00+00", Less),
            (&DataType::TimeTz(None), "12:00+02", "12:00+03", Greater),
            (&DataType::Interval, "1 month", "30 days", Equal),
            (&DataType::Interval, "1 month", "31 days", Less),
            (&ints, "{1,2}", "{1,2,0}", Less),
            (&ints, "{NULL}", "{5}", Greater),
            (&ints, "{NULL}", "{NULL}", Equal),
            (&ints, "{1,NULL}", "{1}", Greater),
        ] {
            assert_eq!(
                order(a, b, data_type, Collation::BINARY),
                expected,
                "{data_type:?} {a} {b}"
            );
        }
        let letters = Collation {
            sensitivity: Sensitivity::Letters,
            padded: true,
        };
        assert_eq!(order("É ", "e", &DataType::Text, letters), Equal);
        assert_eq!(order("É", "e", &DataType::Name, letters), Greater);
    }

    #[test]
    fn what_has_no_equality_is_refused() {
        let json = Value::text(&b"1"[..]);
        assert!(!has_equality(&DataType::Array(Box::new(DataType::Json))));
        assert!(compare(&json, &json, &DataType::Json, Collation::BINARY).is_err());
        assert!(key(&json, &DataType::Xml, Collation::BINARY, &mut Vec::new()).is_err());
        assert!(!has_order(&DataType::Inet) && has_equality(&DataType::Inet));
    }
}
