//! `+ - * / %` over numbers, dates and intervals.

use super::{Value, ValueError};
use crate::schema::DataType;

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

/// The type of `left operation right`, if there is such an operator. A literal of type `Unknown`
/// has to be given a type before.
pub fn result_type(_operation: Operation, _left: &DataType, _right: &DataType) -> Option<DataType> {
    todo!()
}

/// Computes `left operation right`, where `result` is what [`result_type`] said. NULL gives NULL.
pub fn compute(
    _operation: Operation,
    _left: &Value<'_>,
    _right: &Value<'_>,
    _result: &DataType,
) -> Result<Value<'static>, ValueError> {
    todo!()
}

/// `- value`.
pub fn negate(_value: &Value<'_>, _data_type: &DataType) -> Result<Value<'static>, ValueError> {
    todo!()
}
