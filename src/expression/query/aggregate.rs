//! Aggregates: a state per group that takes values one by one, merges with the state of the rows
//! that come later, and gives its result at the end.
//!
//! Sums are kept exactly, so that they do not depend on how the rows were cut into batches: integers
//! in 128 bits, `numeric` as it is, floating point as a sum of parts without loss. A floating-point
//! sum can therefore differ from PostgreSQL's in the last digit; PostgreSQL's depends on the order of the rows.

use super::Row;
use crate::expression::node::{Comparator, Node};
use crate::schema::DataType;
use crate::value::float::Width;
use crate::value::{Decimal, Operation, Value, ValueError, arithmetic, compare};
use indexmap::IndexMap;

/// What an aggregate computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Rows (without an argument) or values.
    Count,
    Sum,
    Average,
    Minimum,
    Maximum,
    /// `bool_and`.
    All,
    /// `bool_or`.
    Any,
    /// `string_agg`.
    Join,
}

/// One aggregate of a query.
#[derive(Debug)]
pub(super) struct Aggregate {
    pub kind: Kind,
    /// None for `count(*)`.
    pub argument: Option<Node>,
    /// The separator of `string_agg`.
    pub separator: Option<Node>,
    /// `FILTER (WHERE …)`.
    pub filter: Option<Node>,
    pub distinct: bool,
    /// How its values compare, and their type.
    pub comparator: Comparator,
    pub result: DataType,
}

/// What was seen so far.
#[derive(Debug, Clone)]
pub(super) enum State {
    Count(u64),
    Integer(i128, u64),
    Decimal(Decimal, u64),
    Float(ExactSum, u64),
    /// The sum, or the least or greatest value.
    Value(Value<'static>),
    Joined(Option<Vec<u8>>),
    /// Each value once, by its key, in the order in which they came.
    Distinct(IndexMap<Vec<u8>, Value<'static>>),
}

impl Aggregate {
    pub(super) fn start(&self) -> State {
        if self.distinct {
            return State::Distinct(IndexMap::new());
        }
        match (self.kind, &self.comparator.data_type) {
            (Kind::Count, _) => State::Count(0),
            (Kind::Sum | Kind::Average, t) => match t {
                DataType::SmallInt | DataType::Integer | DataType::BigInt => State::Integer(0, 0),
                DataType::Real | DataType::Double => State::Float(ExactSum::default(), 0),
                DataType::Numeric(_) => State::Decimal(Decimal::zero(), 0),
                _ => State::Value(Value::Null),
            },
            (Kind::Join, _) => State::Joined(None),
            _ => State::Value(Value::Null),
        }
    }

    /// Takes the row's value.
    pub(super) fn update(&self, state: &mut State, row: &dyn Row) -> Result<(), ValueError> {
        if let Some(filter) = &self.filter
            && filter.truth(row)? != Some(true)
        {
            return Ok(());
        }
        let Some(argument) = &self.argument else {
            if let State::Count(count) = state {
                *count += 1;
            }
            return Ok(());
        };
        let value = argument.eval(row)?;
        if value.is_null() {
            return Ok(());
        }
        if let State::Distinct(values) = state {
            let mut key = Vec::new();
            self.comparator.key(&value, &mut key)?;
            values.entry(key).or_insert_with(|| value.into_owned());
            return Ok(());
        }
        let separator = match &self.separator {
            Some(separator) => match separator.eval(row)? {
                Value::Text(text) => text.into_owned(),
                _ => Vec::new(),
            },
            None => Vec::new(),
        };
        self.add(state, value, &separator)
    }

    fn add(&self, state: &mut State, value: Value<'_>, separator: &[u8]) -> Result<(), ValueError> {
        match (state, value) {
            (State::Count(count), _) => *count += 1,
            (State::Integer(sum, count), Value::Int(value)) => {
                *sum += i128::from(value);
                *count += 1;
            }
            (State::Decimal(sum, count), Value::Numeric(value)) => {
                *sum = sum.add(&value)?;
                *count += 1;
            }
            (State::Float(sum, count), Value::Float(value)) => {
                sum.add(value);
                *count += 1;
            }
            (State::Joined(text), Value::Text(value)) => match text {
                Some(text) => {
                    text.extend_from_slice(separator);
                    text.extend_from_slice(&value);
                }
                None => *text = Some(value.into_owned()),
            },
            (State::Value(held), value) => {
                let next = self.choose(std::mem::replace(held, Value::Null), value.into_owned())?;
                *held = next;
            }
            _ => {}
        }
        Ok(())
    }

    /// The state's value after another one that came later.
    fn choose(
        &self,
        held: Value<'static>,
        next: Value<'static>,
    ) -> Result<Value<'static>, ValueError> {
        if held.is_null() || next.is_null() {
            return Ok(if held.is_null() { next } else { held });
        }
        let order = || {
            let Comparator {
                data_type,
                collation,
            } = &self.comparator;
            compare::compare(&next, &held, data_type, *collation)
        };
        Ok(match self.kind {
            Kind::Minimum if order()?.is_lt() => next,
            Kind::Maximum if order()?.is_gt() => next,
            Kind::All => match (held, next) {
                (Value::Bool(a), Value::Bool(b)) => Value::Bool(a && b),
                (held, _) => held,
            },
            Kind::Any => match (held, next) {
                (Value::Bool(a), Value::Bool(b)) => Value::Bool(a || b),
                (held, _) => held,
            },
            Kind::Sum => arithmetic::compute(Operation::Add, &held, &next, &self.result)?,
            _ => held,
        })
    }

    /// Takes in the state of rows that came later.
    pub(super) fn merge(&self, state: &mut State, later: State) -> Result<(), ValueError> {
        match (state, later) {
            (State::Count(a), State::Count(b)) => *a += b,
            (State::Integer(a, n), State::Integer(b, m)) => {
                *a += b;
                *n += m;
            }
            (State::Decimal(a, n), State::Decimal(b, m)) => {
                *a = a.add(&b)?;
                *n += m;
            }
            (State::Float(a, n), State::Float(b, m)) => {
                a.merge(b);
                *n += m;
            }
            (State::Distinct(a), State::Distinct(b)) => {
                for (key, value) in b {
                    a.entry(key).or_insert(value);
                }
            }
            (State::Value(held), State::Value(next)) => {
                *held = self.choose(std::mem::replace(held, Value::Null), next)?;
            }
            (State::Joined(a), State::Joined(Some(b))) => match a {
                // A separator that differs from row to row would be that of the first row of the
                // later part; it is a constant, which the compiler checks.
                Some(a) => {
                    if let Some(Node::Const(Value::Text(separator))) = &self.separator {
                        a.extend_from_slice(separator);
                    }
                    a.extend_from_slice(&b);
                }
                None => *a = Some(b),
            },
            _ => {}
        }
        Ok(())
    }

    pub(super) fn finish(&self, state: State) -> Result<Value<'static>, ValueError> {
        let decimal = |value: i128| {
            let text = value.to_string();
            Decimal::parse(text.as_bytes())
        };
        Ok(match state {
            State::Count(count) => Value::Int(count as i64),
            State::Integer(_, 0) | State::Decimal(_, 0) | State::Float(_, 0) => Value::Null,
            State::Integer(sum, count) => match (self.kind, &self.result) {
                (Kind::Average, _) => average(decimal(sum)?, count)?,
                (_, DataType::BigInt) => Value::Int(
                    i64::try_from(sum).map_err(|_| ValueError::new("bigint out of range"))?,
                ),
                _ => Value::Numeric(Box::new(decimal(sum)?)),
            },
            State::Decimal(sum, count) => match self.kind {
                Kind::Average => average(sum, count)?,
                _ => Value::Numeric(Box::new(sum)),
            },
            State::Float(sum, count) => {
                let sum = sum.value();
                let value = match self.kind {
                    Kind::Average => sum / count as f64,
                    _ => sum,
                };
                let width = match self.result {
                    DataType::Real => Width::Real,
                    _ => Width::Double,
                };
                Value::Float(width.round(value)?)
            }
            State::Value(value) => value,
            State::Joined(text) => text.map_or(Value::Null, Value::text),
            State::Distinct(values) => {
                let plain = Aggregate {
                    distinct: false,
                    argument: None,
                    separator: None,
                    filter: None,
                    comparator: self.comparator.clone(),
                    result: self.result.clone(),
                    kind: self.kind,
                };
                let separator = match &self.separator {
                    Some(Node::Const(Value::Text(text))) => text.to_vec(),
                    _ => Vec::new(),
                };
                let mut state = plain.start();
                for value in values.into_values() {
                    plain.add(&mut state, value, &separator)?;
                }
                plain.finish(state)?
            }
        })
    }
}

fn average(sum: Decimal, count: u64) -> Result<Value<'static>, ValueError> {
    let count = Decimal::from_int(count as i64);
    Ok(Value::Numeric(Box::new(sum.div(&count)?)))
}

/// A sum of floating-point numbers without loss (Shewchuk's expansions): the same in any order.
#[derive(Debug, Clone, Default)]
pub(super) struct ExactSum {
    /// Parts whose bits do not overlap, smallest first.
    parts: Vec<f64>,
    /// The sum of the infinities and NaNs.
    special: Option<f64>,
}

impl ExactSum {
    fn add(&mut self, value: f64) {
        if !value.is_finite() {
            self.special = Some(self.special.unwrap_or(0.0) + value);
            return;
        }
        let mut x = value;
        let mut kept = 0;
        for i in 0..self.parts.len() {
            let mut y = self.parts[i];
            if x.abs() < y.abs() {
                std::mem::swap(&mut x, &mut y);
            }
            let high = x + y;
            let low = y - (high - x);
            if low != 0.0 {
                self.parts[kept] = low;
                kept += 1;
            }
            x = high;
        }
        self.parts.truncate(kept);
        self.parts.push(x);
    }

    fn merge(&mut self, other: ExactSum) {
        for part in other.parts {
            self.add(part);
        }
        if let Some(special) = other.special {
            self.special = Some(self.special.unwrap_or(0.0) + special);
        }
    }

    fn value(&self) -> f64 {
        self.special.unwrap_or_else(|| self.parts.iter().sum())
    }
}
