//! The functions of SQL that rules may call: one table, one line per signature.
//!
//! A function sees values of exactly the types its line declares; conversions to them are the
//! compiler's business. A strict function never sees NULL. Functions that evaluate their arguments
//! lazily, take constants of the plan or depend on the row are not here but in
//! [`super::calls`].

mod affinity;
mod array;
mod encoding;
mod engines;
mod json;
mod number;
mod sets;
mod text;
mod time;

pub(super) use affinity::looks_like_a_number;

use crate::schema::{DataType, LengthUnit};
use crate::value::{Decimal, Value, ValueError};
use std::borrow::Cow;

/// What a function gives.
pub(super) type Output<'v> = Result<Value<'v>, ValueError>;

/// One signature of a function.
#[derive(Debug)]
pub(super) struct Builtin {
    pub name: &'static str,
    pub args: &'static [Ty],
    /// May the last argument be repeated?
    pub variadic: bool,
    pub returns: Ty,
    /// Does any NULL make NULL?
    pub strict: bool,
    pub call: for<'v> fn(&mut [Value<'v>]) -> Output<'v>,
}

/// A type in a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ty {
    Text,
    /// `char(n)` with its blanks.
    Char,
    SmallInt,
    Int,
    BigInt,
    Numeric,
    Real,
    Double,
    Bool,
    Bytea,
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Interval,
    Json,
    Jsonb,
    TextArray,
    AnyArray,
    /// Anything, in its text form.
    Any,
}

impl Ty {
    /// The type; none for the polymorphic ones.
    pub(super) fn data_type(self) -> Option<DataType> {
        use DataType as T;
        Some(match self {
            Ty::Text => T::Text,
            Ty::Char => T::Char(1, LengthUnit::Characters),
            Ty::SmallInt => T::SmallInt,
            Ty::Int => T::Integer,
            Ty::BigInt => T::BigInt,
            Ty::Numeric => T::Numeric(None),
            Ty::Real => T::Real,
            Ty::Double => T::Double,
            Ty::Bool => T::Boolean,
            Ty::Bytea => T::Bytea,
            Ty::Date => T::Date,
            Ty::Time => T::Time(None),
            Ty::Timestamp => T::Timestamp(None),
            Ty::TimestampTz => T::TimestampTz(None),
            Ty::Interval => T::Interval,
            Ty::Json => T::Json,
            Ty::Jsonb => T::Jsonb,
            Ty::TextArray => T::Array(Box::new(T::Text)),
            Ty::AnyArray | Ty::Any => return None,
        })
    }
}

/// A strict function of a fixed number of arguments.
const fn strict(
    name: &'static str,
    args: &'static [Ty],
    returns: Ty,
    call: for<'v> fn(&mut [Value<'v>]) -> Output<'v>,
) -> Builtin {
    Builtin {
        name,
        args,
        variadic: false,
        returns,
        strict: true,
        call,
    }
}

const TABLES: &[&[Builtin]] = &[
    text::FUNCTIONS,
    number::FUNCTIONS,
    time::FUNCTIONS,
    json::FUNCTIONS,
    array::FUNCTIONS,
    sets::FUNCTIONS,
];

const INTERNAL: &[&[Builtin]] = &[
    text::OPERATORS,
    json::OPERATORS,
    array::OPERATORS,
    engines::FUNCTIONS,
];

/// All signatures of the function.
pub(super) fn find(name: &str) -> Vec<&'static Builtin> {
    TABLES
        .iter()
        .flat_map(|table| table.iter())
        .filter(|b| b.name == name)
        .collect()
}

/// Does the function give rows?
pub(super) fn is_set(name: &str) -> bool {
    sets::FUNCTIONS.iter().any(|b| b.name == name)
}

/// A function that only an operator calls.
pub(super) fn internal(name: &str) -> Option<&'static Builtin> {
    INTERNAL
        .iter()
        .flat_map(|table| table.iter())
        .find(|b| b.name == name)
}

/// The names of all functions in the table.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    TABLES.iter().flat_map(|table| table.iter()).map(|b| b.name)
}

fn take<'v>(args: &mut [Value<'v>], at: usize) -> Value<'v> {
    args.get_mut(at)
        .map_or(Value::Null, |v| std::mem::replace(v, Value::Null))
}

fn mismatch() -> ValueError {
    ValueError::new("a function was called with a value of another type")
}

fn text_arg<'v>(args: &mut [Value<'v>], at: usize) -> Result<Cow<'v, [u8]>, ValueError> {
    match take(args, at) {
        Value::Text(text) => Ok(text),
        _ => Err(mismatch()),
    }
}

fn bytes_arg<'v>(args: &mut [Value<'v>], at: usize) -> Result<Cow<'v, [u8]>, ValueError> {
    match take(args, at) {
        Value::Bytes(bytes) => Ok(bytes),
        _ => Err(mismatch()),
    }
}

fn int_arg(args: &[Value<'_>], at: usize) -> Result<i64, ValueError> {
    match args.get(at) {
        Some(Value::Int(value)) => Ok(*value),
        _ => Err(mismatch()),
    }
}

fn float_arg(args: &[Value<'_>], at: usize) -> Result<f64, ValueError> {
    match args.get(at) {
        Some(Value::Float(value)) => Ok(*value),
        _ => Err(mismatch()),
    }
}

fn decimal_arg<'a>(args: &'a [Value<'_>], at: usize) -> Result<&'a Decimal, ValueError> {
    match args.get(at) {
        Some(Value::Numeric(value)) => Ok(value),
        _ => Err(mismatch()),
    }
}

fn array_arg<'v>(args: &mut [Value<'v>], at: usize) -> Result<Vec<Value<'v>>, ValueError> {
    match take(args, at) {
        Value::Array(elements) => Ok(elements),
        _ => Err(mismatch()),
    }
}

/// A part of a text, borrowed if the text is.
fn part<'v>(text: Cow<'v, [u8]>, of: impl Fn(&[u8]) -> &[u8]) -> Cow<'v, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(of(text)),
        Cow::Owned(text) => Cow::Owned(of(&text).to_vec()),
    }
}
