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
//! value comes to the type, so it is [`cast`] that applies it.

pub mod arithmetic;
pub mod cast;
pub mod collation;
pub mod compare;
pub mod text;

pub use arithmetic::Operation;
pub use cast::{CastContext, can_cast, cast};
pub use collation::{Collation, Sensitivity};
pub use compare::{compare, equal, has_equality, key};

use crate::schema::DataType;
use std::borrow::Cow;

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
pub fn parse<'a>(_text: &'a [u8], _data_type: &DataType) -> Result<Value<'a>, ValueError> {
    todo!()
}

/// Appends the text form of a non-NULL `value` of `data_type`, as the server prints it.
pub fn write(_value: &Value<'_>, _data_type: &DataType, _out: &mut Vec<u8>) {
    todo!()
}
