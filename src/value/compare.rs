//! Comparison by declared type.

use super::{Collation, Value, ValueError};
use crate::schema::DataType;
use std::cmp::Ordering;

/// Has the type an `=`? (`json`, `xml` and unknown composites have none.)
pub fn has_equality(_data_type: &DataType) -> bool {
    todo!()
}

/// Orders two non-NULL values of `data_type`.
pub fn compare(
    _a: &Value<'_>,
    _b: &Value<'_>,
    _data_type: &DataType,
    _collation: Collation,
) -> Result<Ordering, ValueError> {
    todo!()
}

/// Are two non-NULL values of `data_type` equal?
pub fn equal(
    a: &Value<'_>,
    b: &Value<'_>,
    data_type: &DataType,
    collation: Collation,
) -> Result<bool, ValueError> {
    Ok(compare(a, b, data_type, collation)? == Ordering::Equal)
}

/// Appends bytes that are equal exactly when two non-NULL values of `data_type` are equal: a key for
/// hashing. It says nothing about order, and keys of different types do not compare.
pub fn key(
    _value: &Value<'_>,
    _data_type: &DataType,
    _collation: Collation,
    _out: &mut Vec<u8>,
) -> Result<(), ValueError> {
    todo!()
}
