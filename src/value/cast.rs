//! Casts, by PostgreSQL's `pg_cast`.

use super::{Value, ValueError};
use crate::schema::DataType;

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

/// May a value of `from` be cast to `to` in this context? A literal (`Unknown`) may always.
pub fn can_cast(_from: &DataType, _to: &DataType, _context: CastContext) -> bool {
    todo!()
}

/// Casts a value; NULL stays NULL. Also applies the modifier of `to` (length, precision, scale).
pub fn cast<'a>(
    _value: Value<'a>,
    _from: &DataType,
    _to: &DataType,
    _context: CastContext,
) -> Result<Value<'a>, ValueError> {
    todo!()
}
