//! The evaluation of the compiled tree over a row.
//!
//! Values are borrowed from the row or from the tree's constants wherever they can be. A condition
//! is evaluated to a truth ([`Node::truth`]) without making a value of it.

use super::Row;
use super::like::Like;
use super::node::{Anon, Comparator, Comparison, Folding, Node, Pattern};
use super::regex;
use crate::functions::Call;
use crate::schema::DataType;
use crate::value::{self, Value, ValueError, arithmetic, array, compare};
use std::borrow::Cow;
use std::cmp::Ordering;

/// The row of a constant expression.
pub(super) struct NoRow;

impl Row for NoRow {
    fn cell(&self, _slot: usize) -> Result<Option<&[u8]>, ValueError> {
        Err(ValueError::new("a constant expression reads no cell"))
    }
    fn ordinal(&self) -> u64 {
        0
    }
}

impl Comparison {
    pub(super) fn holds(self, ordering: Ordering) -> bool {
        match self {
            Comparison::Eq => ordering.is_eq(),
            Comparison::Ne => ordering.is_ne(),
            Comparison::Lt => ordering.is_lt(),
            Comparison::Le => ordering.is_le(),
            Comparison::Gt => ordering.is_gt(),
            Comparison::Ge => ordering.is_ge(),
        }
    }
}

impl Comparator {
    pub(super) fn compare(&self, a: &Value<'_>, b: &Value<'_>) -> Result<Ordering, ValueError> {
        compare::compare(a, b, &self.data_type, self.collation)
    }
    pub(super) fn key(&self, value: &Value<'_>, out: &mut Vec<u8>) -> Result<(), ValueError> {
        compare::key(value, &self.data_type, self.collation, out)
    }
}

impl Folding {
    pub(super) fn apply<'t>(self, text: &'t [u8]) -> Result<Cow<'t, [u8]>, ValueError> {
        match self {
            Folding::None => Ok(Cow::Borrowed(text)),
            Folding::Lower => Ok(value::text::lower(text)),
            Folding::Collation(collation) => collation.fold_each(text),
        }
    }

    /// Reads the pattern of a LIKE.
    pub(super) fn like(self, pattern: &[u8], escape: Option<&[u8]>) -> Result<Like, ValueError> {
        Like::folded(pattern, escape, |text| {
            self.apply(text).map(Cow::into_owned)
        })
    }
}

/// A constant's value without copying it.
pub(super) fn borrow<'v>(value: &'v Value<'static>) -> Value<'v> {
    match value {
        Value::Text(text) => Value::Text(Cow::Borrowed(text)),
        Value::Bytes(bytes) => Value::Bytes(Cow::Borrowed(bytes)),
        Value::Array(elements) => Value::Array(elements.iter().map(borrow).collect()),
        other => other.clone(),
    }
}

/// Evaluates `$node` into a reference, without copying a constant.
macro_rules! by_ref {
    ($name:ident, $node:expr, $row:expr) => {
        let owned;
        let $name: &Value<'_> = match $node {
            Node::Const(value) => value,
            node => {
                owned = node.eval($row)?;
                &owned
            }
        };
    };
}

/// The text form of a non-NULL value.
pub(super) fn written<'v>(value: Value<'v>, data_type: &DataType) -> Cow<'v, [u8]> {
    match value {
        // `char(n)` is written with its blanks.
        Value::Text(text) if !matches!(data_type, DataType::Char(..)) => text,
        value => {
            let mut out = Vec::new();
            value::write(&value, data_type, &mut out);
            Cow::Owned(out)
        }
    }
}

fn truth(value: Option<bool>) -> Value<'static> {
    value.map_or(Value::Null, Value::Bool)
}

impl Node {
    pub(super) fn eval<'v>(&'v self, row: &'v dyn Row) -> Result<Value<'v>, ValueError> {
        Ok(match self {
            Node::Const(value) => borrow(value),
            Node::Cell(slot, data_type, empty_is_null) => match row.cell(*slot)? {
                None => Value::Null,
                Some(b"") if *empty_is_null => Value::Null,
                Some(text) => value::parse(text, data_type)?,
            },
            Node::Case(branches, otherwise) => {
                for (condition, result) in branches {
                    if condition.truth(row)? == Some(true) {
                        return result.eval(row);
                    }
                }
                otherwise.eval(row)?
            }
            Node::Coalesce(args) => {
                for arg in args {
                    let value = arg.eval(row)?;
                    if !value.is_null() {
                        return Ok(value);
                    }
                }
                Value::Null
            }
            Node::NullIf(value, other, comparator) => {
                let value = value.eval(row)?;
                by_ref!(other, &**other, row);
                let equal = !value.is_null()
                    && !other.is_null()
                    && comparator.compare(&value, other)?.is_eq();
                if equal { Value::Null } else { value }
            }
            Node::Extreme(greatest, args, comparator) => {
                let mut best = Value::Null;
                for arg in args {
                    let value = arg.eval(row)?;
                    if value.is_null() {
                        continue;
                    }
                    let better = best.is_null()
                        || comparator.compare(&value, &best)?
                            == if *greatest {
                                Ordering::Greater
                            } else {
                                Ordering::Less
                            };
                    if better {
                        best = value;
                    }
                }
                best
            }
            Node::Cast(value, from, to, context) => {
                value::cast(value.eval(row)?, from, to, *context)?
            }
            Node::Arithmetic(operation, left, right, result) => {
                by_ref!(left, &**left, row);
                by_ref!(right, &**right, row);
                if left.is_null() || right.is_null() {
                    return Ok(Value::Null);
                }
                arithmetic::compute(*operation, left, right, result)?
            }
            Node::Negate(value, data_type) => match value.eval(row)? {
                Value::Null => Value::Null,
                value => arithmetic::negate(&value, data_type)?,
            },
            Node::Array(elements) => Value::Array(
                elements
                    .iter()
                    .map(|e| e.eval(row))
                    .collect::<Result<_, _>>()?,
            ),
            Node::RegexReplace {
                value,
                regex,
                replacement,
                all,
            } => match value.eval(row)? {
                Value::Text(text) if regex.is_match(&text) => {
                    Value::Text(Cow::Owned(regex::replace(regex, &text, replacement, *all)))
                }
                other => other,
            },
            Node::RegexSubstring(value, regex) => match value.eval(row)? {
                Value::Text(text) => {
                    let range = regex.captures(&text).and_then(|found| {
                        let part = if regex.captures_len() > 1 { 1 } else { 0 };
                        found.get(part).map(|part| part.range())
                    });
                    match (range, text) {
                        (None, _) => Value::Null,
                        (Some(range), Cow::Borrowed(text)) => Value::text(&text[range]),
                        (Some(range), Cow::Owned(text)) => Value::text(text[range].to_vec()),
                    }
                }
                other => other,
            },
            Node::Call(builtin, args) => {
                // Most calls have few arguments: those need no allocation of their own.
                let mut few: [Value<'v>; 4] = [const { Value::Null }; 4];
                let mut many = Vec::new();
                let values = if args.len() <= few.len() {
                    &mut few[..args.len()]
                } else {
                    many.resize(args.len(), Value::Null);
                    &mut many[..]
                };
                // All arguments first, as the server does: one may fail where another is NULL.
                for (value, arg) in values.iter_mut().zip(args) {
                    *value = arg.eval(row)?;
                }
                if builtin.strict && values.iter().any(Value::is_null) {
                    return Ok(Value::Null);
                }
                (builtin.call)(values)?
            }
            Node::Anon(anon) => anon.eval(row)?,
            Node::EmptyIsNull(value) => match value.eval(row)? {
                Value::Text(text) if text.is_empty() => Value::Null,
                other => other,
            },
            Node::Output(value, data_type) => match value.eval(row)? {
                Value::Null => Value::Null,
                value => Value::Text(written(value, data_type)),
            },
            Node::Input(value, data_type) => match value.eval(row)? {
                Value::Text(Cow::Borrowed(text)) => value::parse(text, data_type)?,
                Value::Text(text) => value::parse(&text, data_type)?.into_owned(),
                other => other,
            },
            Node::RandomUuid(place) => {
                let digest = place.digest(&row.ordinal().to_be_bytes());
                let mut uuid = [0; 16];
                uuid.copy_from_slice(&digest[..16]);
                uuid[6] = uuid[6] & 0x0f | 0x40;
                uuid[8] = uuid[8] & 0x3f | 0x80;
                Value::Uuid(uuid)
            }
            Node::Lookup(asked) if asked.lookup.is_scalar() => asked.lookup.scalar(row)?,
            Node::Lookup(_)
            | Node::CellIsNull(..)
            | Node::CellEquals(..)
            | Node::CellIn(..)
            | Node::IntegerIs(..)
            | Node::IntegerIn(..)
            | Node::Not(_)
            | Node::And(_)
            | Node::Or(_)
            | Node::IsNull(..)
            | Node::IsBoolean(..)
            | Node::Compare(..)
            | Node::IsDistinct(..)
            | Node::InKeys { .. }
            | Node::In { .. }
            | Node::Like { .. }
            | Node::Matches(..) => truth(self.truth(row)?),
        })
    }

    /// The truth of a boolean expression; none is UNKNOWN.
    pub(super) fn truth(&self, row: &dyn Row) -> Result<Option<bool>, ValueError> {
        Ok(match self {
            Node::CellIsNull(..)
            | Node::CellEquals(..)
            | Node::CellIn(..)
            | Node::IntegerIs(..)
            | Node::IntegerIn(..) => self.cell_compared(row)?,
            Node::Not(value) => value.truth(row)?.map(|v| !v),
            Node::And(parts) => {
                let mut result = Some(true);
                for part in parts {
                    match part.truth(row)? {
                        Some(false) => return Ok(Some(false)),
                        None => result = None,
                        Some(true) => {}
                    }
                }
                result
            }
            Node::Or(parts) => {
                let mut result = Some(false);
                for part in parts {
                    match part.truth(row)? {
                        Some(true) => return Ok(Some(true)),
                        None => result = None,
                        Some(false) => {}
                    }
                }
                result
            }
            Node::IsNull(value, negated) => {
                by_ref!(value, &**value, row);
                Some(value.is_null() != *negated)
            }
            Node::IsBoolean(value, wanted, negated) => {
                Some((value.truth(row)? == *wanted) != *negated)
            }
            Node::Compare(comparison, left, right, comparator) => {
                by_ref!(left, &**left, row);
                by_ref!(right, &**right, row);
                if left.is_null() || right.is_null() {
                    return Ok(None);
                }
                Some(comparison.holds(comparator.compare(left, right)?))
            }
            Node::IsDistinct(left, right, comparator, negated) => {
                by_ref!(left, &**left, row);
                by_ref!(right, &**right, row);
                let distinct = match (left.is_null(), right.is_null()) {
                    (false, false) => comparator.compare(left, right)?.is_ne(),
                    (a, b) => a != b,
                };
                Some(distinct != *negated)
            }
            Node::InKeys {
                value,
                keys,
                null,
                comparator,
                negated,
            } => {
                let value = value.eval(row)?;
                if value.is_null() {
                    return Ok(None);
                }
                let mut key = Vec::with_capacity(32);
                comparator.key(&value, &mut key)?;
                match (keys.contains(&key), null) {
                    (true, _) => Some(!negated),
                    (false, true) => None,
                    (false, false) => Some(*negated),
                }
            }
            Node::In {
                value,
                list,
                comparator,
                negated,
            } => {
                by_ref!(value, &**value, row);
                if value.is_null() {
                    return Ok(None);
                }
                let mut result = Some(false);
                for item in list {
                    by_ref!(item, item, row);
                    if item.is_null() {
                        result = None;
                    } else if comparator.compare(value, item)?.is_eq() {
                        result = Some(true);
                        break;
                    }
                }
                result.map(|found| found != *negated)
            }
            Node::Like {
                value,
                pattern,
                folding,
                negated,
            } => {
                by_ref!(value, &**value, row);
                let Value::Text(text) = value else {
                    return Ok(None);
                };
                let matches = match pattern {
                    Pattern::Fixed(like) => like.matches(&folding.apply(text)?),
                    Pattern::Dynamic(pattern, escape) => {
                        by_ref!(pattern, &**pattern, row);
                        let Value::Text(pattern) = pattern else {
                            return Ok(None);
                        };
                        folding
                            .like(pattern, escape.as_deref())?
                            .matches(&folding.apply(text)?)
                    }
                };
                Some(matches != *negated)
            }
            Node::Matches(value, regex, negated) => {
                by_ref!(value, &**value, row);
                match value {
                    Value::Text(text) => Some(regex.is_match(text) != *negated),
                    _ => None,
                }
            }
            Node::Lookup(asked) if !asked.lookup.is_scalar() => asked.truth(row)?,
            other => match other.eval(row)? {
                Value::Bool(value) => Some(value),
                _ => None,
            },
        })
    }
}

impl Anon {
    fn eval<'v>(&'v self, row: &'v dyn Row) -> Result<Value<'v>, ValueError> {
        // As for other calls.
        let mut few: [Value<'v>; 4] = [const { Value::Null }; 4];
        let mut many = Vec::new();
        let args = if self.args.len() <= few.len() {
            &mut few[..self.args.len()]
        } else {
            many.resize(self.args.len(), Value::Null);
            &mut many[..]
        };
        for (index, (value, arg)) in args.iter_mut().zip(&self.args).enumerate() {
            *value = match arg {
                // An array of a shape that is no value of ours is taken as its text.
                Node::Cell(slot, ..) if self.each && index == 0 => match row.cell(*slot)? {
                    Some(text) if array::is_nested(text) => Value::text(text),
                    _ => arg.eval(row)?,
                },
                _ => arg.eval(row)?,
            };
            if value.is_null() {
                return Ok(Value::Null);
            }
        }
        let fresh = self.place.as_ref().map_or(0, |place| {
            let digest = place.digest(&row.ordinal().to_be_bytes());
            digest[..16].iter().fold(0, |n, b| n << 8 | u128::from(*b))
        });
        let call = Call {
            key: &self.key,
            limit: self.limit,
            not_null: self.not_null,
            fresh,
        };
        if !self.each {
            return (self.function.call)(&call, args);
        }
        let Some((whole, args)) = args.split_first_mut() else {
            return Ok(Value::Null);
        };
        let whole = std::mem::replace(whole, Value::Null);
        let mut count = 0;
        let mut change = |element: Value<'v>| -> Result<Value<'v>, ValueError> {
            let call = Call {
                fresh: fresh.wrapping_add(count),
                ..call
            };
            count += 1;
            if element.is_null() {
                return Ok(Value::Null);
            }
            let mut each = vec![element];
            each.extend(args.iter().cloned());
            (self.function.call)(&call, &each)
        };
        match whole {
            Value::Array(elements) => {
                let changed = elements.into_iter().map(change);
                Ok(Value::Array(changed.collect::<Result<_, _>>()?))
            }
            Value::Text(text) => {
                let changed = array::rewrite(&text, |element| {
                    let value = change(Value::text(element.to_vec()))?;
                    Ok((!value.is_null()).then(|| written(value, &DataType::Text).into_owned()))
                })?;
                Ok(Value::text(changed))
            }
            _ => Err(ValueError::new("an array was expected")),
        }
    }
}
