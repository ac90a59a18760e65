//! Comparisons: the type and collation in which two sides meet, and the forms made of comparisons
//! (IN over a list, BETWEEN).
//!
//! Where equal means the same bytes, a cell is compared as it stands in the dump and is not
//! decoded at all.

use super::compiler::{Compiler, Typed};
use super::node::{Comparator, Comparison, Node};
use super::types::{self, Category, category, display};
use super::{FaultKind, collate};
use crate::rulebook::{BinaryOp, Expr, Span, SqlDialect};
use crate::schema::DataType;
use crate::value::{self, Collation, Value};
use std::sync::Arc;

impl Compiler<'_> {
    pub(super) fn compare(
        &mut self,
        comparison: Comparison,
        operator: &str,
        left: Typed,
        right: Typed,
        span: Span,
    ) -> Option<Typed> {
        let (left, right, comparator) = self.comparable(left, right, operator, span)?;
        let equality = matches!(comparison, Comparison::Eq | Comparison::Ne);
        let node = match (left.node, right.node) {
            (cell, Node::Const(Value::Int(constant)))
                if let Some((slot, range)) = cell.integer_cell() =>
            {
                Node::IntegerIs(slot, range, comparison, constant)
            }
            (Node::Cell(slot, data_type, false), Node::Const(Value::Text(text)))
            | (Node::Const(Value::Text(text)), Node::Cell(slot, data_type, false))
                if equality && by_bytes(&data_type, &comparator) =>
            {
                Node::CellEquals(slot, text.into_owned(), comparison == Comparison::Ne)
            }
            (left, right) => Node::Compare(comparison, Box::new(left), Box::new(right), comparator),
        };
        Some(Typed::new(node, DataType::Boolean, span))
    }

    /// Brings two sides to the type in which they compare.
    pub(super) fn comparable(
        &mut self,
        left: Typed,
        right: Typed,
        operator: &str,
        span: Span,
    ) -> Option<(Typed, Typed, Comparator)> {
        let collation = collate::combine(self.settings, left.collation, right.collation);
        self.engine_comparable(&left, &right, span)?;
        let data_type = match (left.is_unknown(), right.is_unknown()) {
            (true, true) => DataType::Text,
            (true, false) => self.for_untyped(&left, types::bare(&right.data_type)),
            (false, true) => self.for_untyped(&right, types::bare(&left.data_type)),
            (false, false) => match types::comparison(&left.data_type, &right.data_type) {
                Some(data_type) => data_type,
                None => match self.lenient_comparison(&left.data_type, &right.data_type) {
                    Some(data_type) => data_type,
                    None => {
                        let (l, r) = (display(&left.data_type), display(&right.data_type));
                        return self.no_operator(format!("{l} {operator} {r}"), span);
                    }
                },
            },
        };
        let comparator = self.comparator(data_type.clone(), collation, operator, span)?;
        let affine = left.affine || right.affine;
        let left = self.coerce(left, &data_type);
        let right = self.coerce(right, &data_type);
        let (left, right) = (left?, right?);
        let (left, right) = match affine {
            true => self.ranked(left, right, operator)?,
            false => (left, right),
        };
        Some((left, right, comparator))
    }

    /// What the dialects convert to when a number meets text, or a flag meets a number.
    fn lenient_comparison(&self, left: &DataType, right: &DataType) -> Option<DataType> {
        use Category as C;
        if !self.lenient() {
            return None;
        }
        match (category(left), category(right)) {
            (C::Number, C::Boolean) | (C::Boolean, C::Number) => Some(DataType::Integer),
            (C::Number, C::String) | (C::String, C::Number) => match self.settings.dump {
                SqlDialect::Sqlite => Some(DataType::Text),
                _ => Some(DataType::Numeric(None)),
            },
            (C::DateTime, C::String) => Some(types::bare(left)),
            (C::String, C::DateTime) => Some(types::bare(right)),
            (C::Enum, C::String) | (C::String, C::Enum) => Some(DataType::Text),
            _ => None,
        }
    }

    /// What a comparison needs; a fault if the type has none.
    pub(super) fn comparator(
        &mut self,
        data_type: DataType,
        collation: Option<Collation>,
        operator: &str,
        span: Span,
    ) -> Option<Comparator> {
        if !value::has_equality(&data_type) {
            let name = display(&data_type);
            return self.no_operator(format!("{name} {operator} {name}"), span);
        }
        Some(Comparator {
            data_type,
            collation: collation.unwrap_or_else(|| collate::default(self.settings)),
        })
    }

    /// A column without DDL that meets an integer may hold any number.
    fn for_untyped(&self, value: &Typed, other: DataType) -> DataType {
        if matches!(value.node, Node::Cell(_, DataType::Unknown, _)) && types::is_integer(&other) {
            DataType::Numeric(None)
        } else {
            other
        }
    }

    pub(super) fn in_list(
        &mut self,
        expr: &Expr,
        list: &[Expr],
        negated: bool,
        span: Span,
    ) -> Option<Typed> {
        let value = self.expr(expr);
        let items: Vec<_> = list.iter().map(|item| self.expr(item)).collect();
        let value = value?;
        let items = items.into_iter().collect::<Option<Vec<_>>>()?;
        // What is no constant is compared on its own, by the operator of the two types.
        let (constants, others): (Vec<_>, Vec<_>) =
            items.into_iter().partition(|item| item.node.is_constant());
        if others.is_empty() {
            return self.in_constants(value, constants, negated, span);
        }
        let mut parts = Vec::new();
        if !constants.is_empty() {
            parts.push(self.in_constants(value.clone(), constants, false, span));
        }
        for other in others {
            parts.push(self.binary(BinaryOp::Eq, value.clone(), other, span));
        }
        let parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
        Some(any(parts, negated, span))
    }

    fn in_constants(
        &mut self,
        value: Typed,
        items: Vec<Typed>,
        negated: bool,
        span: Span,
    ) -> Option<Typed> {
        // As PostgreSQL does it: one comparison over the common type if there is one, else `= OR =`.
        for item in &items {
            self.engine_comparable(&value, item, span)?;
        }
        let types = std::iter::once(&value)
            .chain(&items)
            .map(|t| &t.data_type)
            .collect::<Vec<_>>();
        let affine = value.affine;
        let together = match items.as_slice() {
            // `x IN (a)` is `x = a`; several items are first brought to one type with x.
            [item] => types::comparison(&value.data_type, &item.data_type),
            // MySQL takes a float for a double there as well.
            _ if self.settings.written_in == SqlDialect::Mysql
                && value.data_type == DataType::Real =>
            {
                None
            }
            _ => types::common(types.into_iter()).ok(),
        };
        let Some(together) = together else {
            let parts = items
                .into_iter()
                .map(|item| self.binary(BinaryOp::Eq, value.clone(), item, span))
                .collect::<Vec<_>>();
            let parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
            return Some(any(parts, negated, span));
        };
        let together = if together == DataType::Unknown {
            DataType::Text
        } else {
            self.for_untyped(&value, together)
        };
        let collation = items.iter().fold(value.collation, |all, i| {
            collate::combine(self.settings, all, i.collation)
        });
        let comparator = self.comparator(together.clone(), collation, "=", span)?;
        let value = self.coerce(value, &together);
        let items: Vec<_> = items
            .into_iter()
            .map(|i| self.coerce(i, &together))
            .collect();
        let value = value?;
        let mut items = items.into_iter().collect::<Option<Vec<_>>>()?;
        if affine {
            let stored = items.into_iter().map(|item| self.stored(item));
            items = stored.collect::<Option<Vec<_>>>()?;
        }
        let mut constants = Vec::new();
        for item in &items {
            match &item.node {
                Node::Const(value)
                    if value.is_null() || comparator.key(value, &mut Vec::new()).is_ok() =>
                {
                    constants.push(value);
                }
                // What has no key under this collation stops the first row that is compared.
                _ => {
                    let node = Node::In {
                        value: Box::new(value.node),
                        list: items.into_iter().map(|i| i.node).collect(),
                        comparator,
                        negated,
                    };
                    return Some(Typed::new(node, DataType::Boolean, span));
                }
            }
        }
        let null = constants.iter().any(|c| c.is_null());
        let constants = constants.into_iter().filter(|c| !c.is_null());
        let integers: Option<Vec<_>> = constants.clone().map(as_integer).collect();
        let integer_cell = value.node.integer_cell();
        let node = match value.node {
            _ if let (Some((slot, range)), Some(mut all)) = (integer_cell, integers) => {
                all.sort_unstable();
                Node::IntegerIn(slot, range, all.into(), null, negated)
            }
            Node::Cell(slot, data_type, false) if by_bytes(&data_type, &comparator) => {
                let texts = constants
                    .filter_map(|c| match c {
                        Value::Text(text) => Some(text.to_vec()),
                        _ => None,
                    })
                    .collect();
                Node::CellIn(slot, Arc::new(texts), null, negated)
            }
            node => {
                let mut keys = std::collections::HashSet::new();
                for constant in constants {
                    let mut key = Vec::new();
                    if let Err(error) = comparator.key(constant, &mut key) {
                        return self.fault(FaultKind::Other, span, error.to_string(), None);
                    }
                    keys.insert(key);
                }
                Node::InKeys {
                    value: Box::new(node),
                    keys: Arc::new(keys),
                    null,
                    comparator,
                    negated,
                }
            }
        };
        Some(Typed::new(node, DataType::Boolean, span))
    }

    pub(super) fn between(
        &mut self,
        expr: &Expr,
        low: &Expr,
        high: &Expr,
        negated: bool,
        span: Span,
    ) -> Option<Typed> {
        let (value, low, high) = (self.expr(expr), self.expr(low), self.expr(high));
        let (value, low, high) = (value?, low?, high?);
        let low = self.binary(BinaryOp::Ge, value.clone(), low, span);
        let high = self.binary(BinaryOp::Le, value, high, span);
        let node = Node::And(vec![low?.node, high?.node]);
        Some(Typed::new(
            maybe_not(node, negated),
            DataType::Boolean,
            span,
        ))
    }
}

/// One of the parts holds, or (negated) none does.
fn any(parts: Vec<Typed>, negated: bool, span: Span) -> Typed {
    let node = Node::Or(parts.into_iter().map(|p| p.node).collect());
    Typed::new(maybe_not(node, negated), DataType::Boolean, span)
}

fn maybe_not(node: Node, negated: bool) -> Node {
    if negated {
        Node::Not(Box::new(node))
    } else {
        node
    }
}

fn as_integer(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Int(value) => Some(*value),
        _ => None,
    }
}

/// Are two values of this type equal exactly when their text forms are the same bytes?
fn by_bytes(data_type: &DataType, comparator: &Comparator) -> bool {
    comparator.collation == Collation::BINARY
        && matches!(
            (data_type, &comparator.data_type),
            (
                DataType::Text | DataType::Varchar(..),
                DataType::Text | DataType::Varchar(..)
            )
        )
}
