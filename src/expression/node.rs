//! The compiled tree and its evaluation.
//!
//! Every node knows the types it works on, so evaluation only computes. Values are borrowed from
//! the row or from the tree's constants wherever they can be.

use super::Row;
use super::builtins::Builtin;
use super::like::Like;
use super::regex::{self, Replacement};
use crate::functions::{Call, Function, Subkey};
use crate::schema::{DataType, LengthUnit};
use crate::value::{
    self, CastContext, Collation, Operation, Value, ValueError, arithmetic, array, compare,
};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

/// `= <> < <= > >=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Comparison {
    fn holds(self, ordering: Ordering) -> bool {
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

/// How two values are compared.
#[derive(Debug, Clone)]
pub(super) struct Comparator {
    pub data_type: DataType,
    pub collation: Collation,
}

impl Comparator {
    fn compare(&self, a: &Value<'_>, b: &Value<'_>) -> Result<Ordering, ValueError> {
        compare::compare(a, b, &self.data_type, self.collation)
    }
    pub(super) fn key(&self, value: &Value<'_>, out: &mut Vec<u8>) -> Result<(), ValueError> {
        compare::key(value, &self.data_type, self.collation, out)
    }
}

/// The pattern of a LIKE.
#[derive(Debug, Clone)]
pub(super) enum Pattern {
    Fixed(Like),
    /// Read anew for each row; the escape character, if any.
    Dynamic(Box<Node>, Option<Vec<u8>>),
}

/// How LIKE and regular expressions see the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Folding {
    None,
    /// ILIKE.
    Lower,
    /// Under a collation.
    Collation(Collation),
}

impl Folding {
    pub(super) fn apply<'t>(self, text: &'t [u8]) -> Cow<'t, [u8]> {
        match self {
            Folding::None => Cow::Borrowed(text),
            Folding::Lower => value::text::lower(text),
            Folding::Collation(collation) => Collation {
                padded: false,
                ..collation
            }
            .fold(text),
        }
    }
}

/// A call of an `anon` function.
#[derive(Debug, Clone)]
pub(super) struct Anon {
    pub function: &'static Function,
    pub args: Vec<Node>,
    pub key: Subkey,
    pub limit: Option<(u32, LengthUnit)>,
    pub not_null: bool,
    /// For the fresh ones: what makes the numbers of this place.
    pub place: Option<Subkey>,
    /// Call it for every element of the first argument, an array.
    pub each: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Node {
    Const(Value<'static>),
    /// A cell, read as this type. `true`: an empty text is NULL (Oracle).
    Cell(usize, DataType, bool),
    CellIsNull(usize, bool),
    /// `cell = 'text'` (false) or `cell <> 'text'` (true) where equal means the same bytes.
    CellEquals(usize, Vec<u8>, bool),
    CellIn(usize, Arc<HashSet<Vec<u8>>>, bool, bool),
    Not(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    IsNull(Box<Node>, bool),
    IsBoolean(Box<Node>, Option<bool>, bool),
    Compare(Comparison, Box<Node>, Box<Node>, Comparator),
    IsDistinct(Box<Node>, Box<Node>, Comparator, bool),
    /// A value among constants: their keys, whether there is a NULL among them, `NOT`.
    InKeys {
        value: Box<Node>,
        keys: Arc<HashSet<Vec<u8>>>,
        null: bool,
        comparator: Comparator,
        negated: bool,
    },
    In {
        value: Box<Node>,
        list: Vec<Node>,
        comparator: Comparator,
        negated: bool,
    },
    Like {
        value: Box<Node>,
        pattern: Pattern,
        folding: Folding,
        negated: bool,
    },
    Matches(Box<Node>, ::regex::bytes::Regex, bool),
    RegexReplace {
        value: Box<Node>,
        regex: ::regex::bytes::Regex,
        replacement: Replacement,
        all: bool,
    },
    /// The first group, or the whole match.
    RegexSubstring(Box<Node>, ::regex::bytes::Regex),
    Case(Vec<(Node, Node)>, Box<Node>),
    Coalesce(Vec<Node>),
    NullIf(Box<Node>, Box<Node>, Comparator),
    /// GREATEST (true), LEAST.
    Extreme(bool, Vec<Node>, Comparator),
    Cast(Box<Node>, DataType, DataType, CastContext),
    Arithmetic(Operation, Box<Node>, Box<Node>, DataType),
    Negate(Box<Node>, DataType),
    Array(Vec<Node>),
    Call(&'static Builtin, Vec<Node>),
    Anon(Box<Anon>),
    /// NULL where the text is empty (Oracle).
    EmptyIsNull(Box<Node>),
    /// The text form of a value of this type.
    Output(Box<Node>, DataType),
    /// A value of this type, read from its text form.
    Input(Box<Node>, DataType),
    /// `gen_random_uuid()`, keyed by the row.
    RandomUuid(Subkey),
}

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
            Node::CellIsNull(..)
            | Node::CellEquals(..)
            | Node::CellIn(..)
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
            Node::CellIsNull(slot, negated) => Some(row.cell(*slot)?.is_none() != *negated),
            Node::CellEquals(slot, text, negated) => {
                row.cell(*slot)?.map(|cell| (cell == text) != *negated)
            }
            Node::CellIn(slot, texts, null, negated) => row
                .cell(*slot)?
                .and_then(|cell| (texts.contains(cell) || !null).then(|| texts.contains(cell)))
                .map(|found| found != *negated),
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
                    Pattern::Fixed(like) => like.matches(&folding.apply(text)),
                    Pattern::Dynamic(pattern, escape) => {
                        by_ref!(pattern, &**pattern, row);
                        let Value::Text(pattern) = pattern else {
                            return Ok(None);
                        };
                        Like::new(&folding.apply(pattern), escape.as_deref())
                            .map_err(|e| ValueError::new(e.to_string()))?
                            .matches(&folding.apply(text))
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
            other => match other.eval(row)? {
                Value::Bool(value) => Some(value),
                _ => None,
            },
        })
    }

    /// Without what its constants leave no way to be reached: branches of CASE that cannot be
    /// taken, operands beside a NULL that makes the result NULL.
    pub(super) fn simplified(self) -> Node {
        let null = |node: &Node| matches!(node, Node::Const(Value::Null));
        match self {
            Node::Arithmetic(_, ref a, ref b, _) | Node::Compare(_, ref a, ref b, _)
                if null(a) || null(b) =>
            {
                Node::Const(Value::Null)
            }
            Node::NullIf(ref a, ..) | Node::Cast(ref a, ..) if null(a) => Node::Const(Value::Null),
            Node::Call(builtin, ref args) if builtin.strict && args.iter().any(null) => {
                Node::Const(Value::Null)
            }
            Node::Case(branches, otherwise) => {
                let mut kept = Vec::with_capacity(branches.len());
                let mut otherwise = otherwise;
                for (condition, result) in branches {
                    match condition {
                        Node::Const(Value::Bool(true)) => {
                            otherwise = Box::new(result);
                            break;
                        }
                        Node::Const(_) => {}
                        condition => kept.push((condition, result)),
                    }
                }
                if kept.is_empty() {
                    *otherwise
                } else {
                    Node::Case(kept, otherwise)
                }
            }
            other => other,
        }
    }

    /// Calls `visit` for every node of the tree.
    pub(super) fn walk<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        visit(self);
        match self {
            Node::Const(_)
            | Node::Cell(..)
            | Node::CellIsNull(..)
            | Node::CellEquals(..)
            | Node::RandomUuid(_)
            | Node::CellIn(..) => {}
            Node::Not(a)
            | Node::IsNull(a, _)
            | Node::IsBoolean(a, ..)
            | Node::InKeys { value: a, .. }
            | Node::Matches(a, ..)
            | Node::RegexReplace { value: a, .. }
            | Node::RegexSubstring(a, _)
            | Node::Cast(a, ..)
            | Node::Negate(a, _)
            | Node::Output(a, _)
            | Node::Input(a, _)
            | Node::EmptyIsNull(a) => a.walk(visit),
            Node::Compare(_, a, b, _)
            | Node::IsDistinct(a, b, ..)
            | Node::NullIf(a, b, _)
            | Node::Arithmetic(_, a, b, _) => {
                a.walk(visit);
                b.walk(visit);
            }
            Node::And(parts)
            | Node::Or(parts)
            | Node::Coalesce(parts)
            | Node::Extreme(_, parts, _)
            | Node::Array(parts)
            | Node::Call(_, parts) => parts.iter().for_each(|p| p.walk(visit)),
            Node::In { value, list, .. } => {
                value.walk(visit);
                list.iter().for_each(|p| p.walk(visit));
            }
            Node::Like { value, pattern, .. } => {
                value.walk(visit);
                if let Pattern::Dynamic(pattern, _) = pattern {
                    pattern.walk(visit);
                }
            }
            Node::Case(branches, otherwise) => {
                for (condition, result) in branches {
                    condition.walk(visit);
                    result.walk(visit);
                }
                otherwise.walk(visit);
            }
            Node::Anon(anon) => anon.args.iter().for_each(|p| p.walk(visit)),
        }
    }

    /// The slots that the tree reads, ascending, each once.
    pub(super) fn slots(&self) -> Vec<usize> {
        let mut slots = Vec::new();
        self.walk(&mut |node| {
            if let Node::Cell(slot, ..)
            | Node::CellIsNull(slot, _)
            | Node::CellEquals(slot, ..)
            | Node::CellIn(slot, ..) = node
            {
                slots.push(*slot);
            }
        });
        slots.sort_unstable();
        slots.dedup();
        slots
    }

    /// Does its value depend on the row's ordinal?
    pub(super) fn needs_ordinal(&self) -> bool {
        let mut found = false;
        self.walk(&mut |node| {
            found |= match node {
                Node::Anon(anon) => anon.place.is_some(),
                Node::RandomUuid(_) => true,
                _ => false,
            }
        });
        found
    }

    /// Does its value depend on nothing of the row?
    pub(super) fn is_constant(&self) -> bool {
        !self.needs_ordinal() && self.slots().is_empty()
    }
}

impl Anon {
    fn eval<'v>(&'v self, row: &'v dyn Row) -> Result<Value<'v>, ValueError> {
        let mut args = Vec::with_capacity(self.args.len());
        for (index, arg) in self.args.iter().enumerate() {
            let value = match arg {
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
            args.push(value);
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
            return (self.function.call)(&call, &args);
        }
        let whole = args.remove(0);
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
