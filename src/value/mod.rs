//! SQL values and their text form.
//!
//! A cell reaches the expressions as its *text form*: what the server prints for the value, in
//! UTF-8 (raw bytes where the dump's encoding is SQL_ASCII). This module turns the text form into
//! a typed [`Value`] and back, compares, casts and computes, exactly as PostgreSQL 15 would in a
//! session with `TimeZone` UTC, `DateStyle` ISO and `IntervalStyle` postgres. It knows no
//! dialect's quoting, no operators' names and no expressions.
//!
//! Reading ([`parse`]) is the type's input function without its modifier: `varchar(3)` reads four
//! characters, `numeric(4,1)` reads `1.23`. What a modifier does to a value depends on why the
//! value comes to the type, so it is [`cast()`] that applies it.

pub mod arithmetic;
pub mod array;
pub mod binary;
pub mod cast;
pub mod collation;
pub mod compare;
pub mod datetime;
pub mod decimal;
pub mod decimal_math;
pub mod float;
pub mod integer;
pub mod interval;
pub mod json;
pub mod network;
pub mod text;
pub mod weights;

pub use arithmetic::Operation;
pub use cast::{CastContext, can_cast, cast};
pub use collation::{Collation, Sensitivity};
pub use compare::{compare, equal, has_equality, has_order, key};
pub use weights::Weights;

use crate::schema::types::EnumType;
use crate::schema::{DataType, LengthUnit};
use std::borrow::Cow;
use std::io::Write;

/// A typed value, borrowed from the row where it can be.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// SQL NULL, of any type.
    Null,
    /// `boolean`.
    Bool(bool),
    /// All integer types and `oid`.
    Int(i64),
    /// `numeric`, `NaN` and infinities included.
    Numeric(Box<Decimal>),
    /// `real` and `double precision` (a `real` is kept rounded to 32 bits).
    Float(f64),
    /// Character types, json, jsonb, xml, enums and every type without a variant of its own: its text form.
    Text(Cow<'a, [u8]>),
    /// `bytea`.
    Bytes(Cow<'a, [u8]>),
    /// `date`: days since 2000-01-01; `i32::MIN` and `i32::MAX` are the infinities.
    Date(i32),
    /// `time`: microseconds since midnight.
    Time(i64),
    /// `timetz`: microseconds since midnight, and the offset in seconds east of UTC.
    TimeTz(i64, i32),
    /// `timestamp`: microseconds since 2000-01-01; `i64::MIN` and `i64::MAX` are the infinities.
    Timestamp(i64),
    /// `timestamptz`: microseconds since 2000-01-01 UTC; infinities as above.
    TimestampTz(i64),
    /// `interval`.
    Interval(Interval),
    /// `uuid`.
    Uuid([u8; 16]),
    /// An array of one dimension with lower bound 1.
    Array(Vec<Value<'a>>),
}

/// An interval, in PostgreSQL's three independent parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Interval {
    /// Months, years included.
    pub months: i32,
    /// Days.
    pub days: i32,
    /// Microseconds.
    pub micros: i64,
}

/// A `numeric` value.
#[derive(Debug, Clone, PartialEq)]
pub enum Decimal {
    /// An ordinary number; its scale, never negative, is the display scale.
    Finite(bigdecimal::BigDecimal),
    /// `NaN`.
    NaN,
    /// `Infinity`.
    Infinity,
    /// `-Infinity`.
    NegativeInfinity,
}

/// A value that cannot be read or computed. Says why, never with the value's content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ValueError(pub Cow<'static, str>);

impl ValueError {
    /// An error with this message.
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        ValueError(message.into())
    }
}

impl<'a> Value<'a> {
    /// Is this NULL?
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// Text, borrowed or owned.
    pub fn text(text: impl Into<Cow<'a, [u8]>>) -> Self {
        Value::Text(text.into())
    }

    /// The same value with everything borrowed made its own.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Null => Value::Null,
            Value::Bool(v) => Value::Bool(v),
            Value::Int(v) => Value::Int(v),
            Value::Numeric(v) => Value::Numeric(v),
            Value::Float(v) => Value::Float(v),
            Value::Text(v) => Value::Text(Cow::Owned(v.into_owned())),
            Value::Bytes(v) => Value::Bytes(Cow::Owned(v.into_owned())),
            Value::Date(v) => Value::Date(v),
            Value::Time(v) => Value::Time(v),
            Value::TimeTz(v, zone) => Value::TimeTz(v, zone),
            Value::Timestamp(v) => Value::Timestamp(v),
            Value::TimestampTz(v) => Value::TimestampTz(v),
            Value::Interval(v) => Value::Interval(v),
            Value::Uuid(v) => Value::Uuid(v),
            Value::Array(v) => Value::Array(v.into_iter().map(Value::into_owned).collect()),
        }
    }
}

/// Reads the text form of a (non-NULL) value of `data_type`.
pub fn parse<'a>(text: &'a [u8], data_type: &DataType) -> Result<Value<'a>, ValueError> {
    Ok(match data_type {
        DataType::Boolean => Value::Bool(integer::parse_bool(text)?),
        DataType::SmallInt => Value::Int(integer::SMALLINT.parse(text)?),
        DataType::Integer => Value::Int(integer::INTEGER.parse(text)?),
        DataType::BigInt => Value::Int(integer::BIGINT.parse(text)?),
        DataType::Oid => Value::Int(integer::OID.parse(text)?),
        DataType::Numeric(_) => Value::Numeric(Box::new(Decimal::parse(text)?)),
        DataType::Real => Value::Float(float::Width::Real.parse(text)?),
        DataType::Double => Value::Float(float::Width::Double.parse(text)?),
        DataType::Bytea => Value::Bytes(binary::parse_bytea(text)?),
        DataType::Uuid => Value::Uuid(binary::parse_uuid(text)?),
        DataType::Date => Value::Date(datetime::parse::date(text)?),
        DataType::Time(_) => Value::Time(datetime::parse::time(text)?),
        DataType::TimeTz(_) => {
            let (micros, zone) = datetime::parse::time_tz(text)?;
            Value::TimeTz(micros, zone)
        }
        DataType::Timestamp(_) => Value::Timestamp(datetime::parse::timestamp(text)?),
        DataType::TimestampTz(_) => Value::TimestampTz(datetime::parse::timestamp_tz(text)?),
        DataType::Interval => Value::Interval(interval::parse(text)?),
        DataType::Array(element) => array::parse(text, element)?,
        DataType::Json => {
            json::validate(text)?;
            Value::text(text)
        }
        DataType::Jsonb => {
            let mut normal = Vec::with_capacity(text.len());
            json::parse(text)?.write(&mut normal);
            Value::text(normal)
        }
        DataType::Enum(labels) => {
            labels.position(text)?;
            Value::text(text)
        }
        DataType::Name => {
            let mut end = text.len().min(63);
            // Cut between characters.
            while end < text.len() && end > 0 && text[end] & 0xc0 == 0x80 {
                end -= 1;
            }
            Value::text(&text[..end])
        }
        DataType::Inet => Value::Text(network::normal_inet(text, false)?),
        DataType::Cidr => Value::Text(network::normal_inet(text, true)?),
        DataType::MacAddr => Value::text(network::normal_mac(text)?),
        DataType::Domain(domain) => parse(text, &domain.base)?,
        DataType::Text
        | DataType::Varchar(..)
        | DataType::Char(..)
        | DataType::Citext
        | DataType::Xml
        | DataType::Money
        | DataType::Bit
        | DataType::Tsvector
        | DataType::Hstore
        | DataType::Other(_)
        | DataType::Unknown => Value::text(text),
    })
}

/// Appends the text form of a non-NULL `value` of `data_type`, as the server prints it.
pub fn write(value: &Value<'_>, data_type: &DataType, out: &mut Vec<u8>) {
    match value {
        Value::Null => {}
        Value::Bool(value) => out.push(if *value { b't' } else { b'f' }),
        Value::Int(value) => {
            let _ = write!(out, "{value}");
        }
        Value::Numeric(value) => value.write(out),
        Value::Float(value) => match data_type.base() {
            DataType::Real => float::Width::Real.write(*value, out),
            _ => float::Width::Double.write(*value, out),
        },
        Value::Text(text) => match data_type.base() {
            DataType::Char(length, unit) => {
                let trimmed = text::trim_blanks(text);
                out.extend_from_slice(trimmed);
                let blanks = (*length as usize).saturating_sub(unit.count(trimmed));
                out.resize(out.len() + blanks, b' ');
            }
            _ => out.extend_from_slice(text),
        },
        Value::Bytes(bytes) => binary::write_bytea(bytes, out),
        Value::Date(day) => datetime::write_date(*day, out),
        Value::Time(micros) => datetime::write_time(*micros, out),
        Value::TimeTz(micros, zone) => datetime::write_time_tz(*micros, *zone, out),
        Value::Timestamp(micros) => datetime::write_timestamp(*micros, false, out),
        Value::TimestampTz(micros) => datetime::write_timestamp(*micros, true, out),
        Value::Interval(interval) => interval::write(*interval, out),
        Value::Uuid(uuid) => binary::write_uuid(uuid, out),
        Value::Array(values) => match data_type.base() {
            DataType::Array(element) => array::write(values, element, out),
            _ => array::write(values, &DataType::Unknown, out),
        },
    }
}

impl EnumType {
    /// The position of a label, by which labels are ordered.
    pub(crate) fn position(&self, label: &[u8]) -> Result<usize, ValueError> {
        self.labels
            .iter()
            .position(|l| l.as_bytes() == label)
            .ok_or_else(|| ValueError::new(format!("invalid input value for enum {}", self.name)))
    }
}

impl LengthUnit {
    /// How long `text` is in this unit.
    pub(crate) fn count(self, text: &[u8]) -> usize {
        match self {
            LengthUnit::Characters => text::length(text),
            LengthUnit::Bytes => text.len(),
            LengthUnit::Utf16 => text::chars(text).map(|c| c.len() / 4 + 1).sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    pub(super) fn roundtrip(text: &str, data_type: &DataType) -> Option<String> {
        let mut out = Vec::new();
        write(
            &parse(text.as_bytes(), data_type).ok()?,
            data_type,
            &mut out,
        );
        Some(String::from_utf8(out).unwrap())
    }

    #[test]
    fn every_type_reads_and_writes_its_text_form() {
        let labels = DataType::Enum(Arc::new(EnumType {
            name: "public.mood".to_owned(),
            labels: vec!["sad".to_owned(), "ok".to_owned()],
        }));
        let domain = DataType::Domain(Arc::new(crate::schema::types::DomainType {
            name: "public.posint".to_owned(),
            base: DataType::Integer,
            not_null: false,
            default: None,
        }));
        let unit = LengthUnit::Characters;
        for (data_type, text, expected) in [
            (DataType::Boolean, "yes", Some("t")),
            (DataType::Integer, " 007", Some("7")),
            (domain, "x", None),
            (DataType::Numeric(Some((4, 1))), "1.50", Some("1.50")),
            (DataType::Real, "0.1", Some("0.1")),
            (DataType::Double, "1e20", Some("1e+20")),
            (DataType::Text, " a ", Some(" a ")),
            (DataType::Varchar(Some(1), unit), "abc", Some("abc")),
            (DataType::Char(4, unit), "é", Some("é   ")),
            (DataType::Char(4, LengthUnit::Bytes), "é", Some("é  ")),
            (DataType::Char(2, unit), "ab  ", Some("ab")),
            (DataType::Bytea, "a", Some("\\x61")),
            (DataType::Interval, "PT1M", Some("00:01:00")),
            (DataType::Json, "{ }", Some("{ }")),
            (DataType::Jsonb, "{ }", Some("{}")),
            (labels.clone(), "ok", Some("ok")),
            (labels, "OK", None),
            (
                DataType::Array(Box::new(DataType::Real)),
                "{0.1}",
                Some("{0.1}"),
            ),
            (DataType::Inet, "10.0.0.1", Some("10.0.0.1")),
        ] {
            assert_eq!(
                roundtrip(text, &data_type).as_deref(),
                expected,
                "{data_type:?} {text}"
            );
        }
    }

    #[test]
    fn names_are_cut_between_characters() {
        let long = format!("{}é", "a".repeat(62));
        assert_eq!(roundtrip(&long, &DataType::Name), Some("a".repeat(62)));
    }
}
