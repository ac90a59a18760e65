//! Expressions over groups: each is a key, an aggregate, or made of such.
//!
//! While a query with groups is compiled the [`Compiler`] asks here first for every expression. What
//! is found becomes a cell of the group's row: first the keys, then the aggregates.

use super::aggregate::{Aggregate, Kind};
use crate::expression::compiler::{Compiler, Typed};
use crate::expression::lookup::OUTER;
use crate::expression::node::{Comparator, Node};
use crate::expression::types::{self, display, is_text};
use crate::expression::{FaultKind, collate};
use crate::rulebook::{Expr, ExprKind, Span};
use crate::schema::DataType;
use crate::value::{self, Collation, Operation, arithmetic};

/// What the compiler knows while it compiles an expression over groups.
#[derive(Debug, Default)]
pub(in crate::expression) struct Grouping {
    pub(super) keys: Vec<Key>,
    pub(super) aggregates: Vec<Aggregate>,
}

#[derive(Debug)]
pub(super) struct Key {
    pub(super) node: Node,
    /// Two expressions are the same if they compile to the same.
    pub(super) shape: String,
    pub(super) data_type: DataType,
    pub(super) collation: Option<Collation>,
}

impl Grouping {
    /// The slots that are keys by themselves, and which.
    pub(in crate::expression) fn cells(&self) -> Vec<(usize, usize)> {
        let keys = self.keys.iter().enumerate();
        keys.filter_map(|(key, k)| match &k.node {
            Node::Cell(slot, ..) => Some((*slot, key)),
            _ => None,
        })
        .collect()
    }
}

const AGGREGATES: &[(&str, Kind)] = &[
    ("count", Kind::Count),
    ("sum", Kind::Sum),
    ("avg", Kind::Average),
    ("min", Kind::Minimum),
    ("max", Kind::Maximum),
    ("bool_and", Kind::All),
    ("every", Kind::All),
    ("bool_or", Kind::Any),
    ("string_agg", Kind::Join),
];

fn aggregate_kind(expr: &Expr) -> Option<Kind> {
    match &expr.kind {
        ExprKind::Call {
            schema: None, name, ..
        } => AGGREGATES.iter().find(|(n, _)| n == name).map(|(_, k)| *k),
        _ => None,
    }
}

/// Is there an aggregate in it?
pub(super) fn aggregates(expr: &Expr) -> bool {
    if aggregate_kind(expr).is_some() {
        return true;
    }
    match &expr.kind {
        ExprKind::Unary(_, a) | ExprKind::IsNull(a, _) | ExprKind::Cast(a, _) => aggregates(a),
        ExprKind::IsBoolean { expr, .. } => aggregates(expr),
        ExprKind::Binary(_, a, b) | ExprKind::IsDistinct(a, b, _) => aggregates(a) || aggregates(b),
        ExprKind::InList { expr, list, .. } => aggregates(expr) || list.iter().any(aggregates),
        ExprKind::Between {
            expr, low, high, ..
        } => aggregates(expr) || aggregates(low) || aggregates(high),
        ExprKind::Like { expr, pattern, .. } => aggregates(expr) || aggregates(pattern),
        ExprKind::Case {
            operand,
            branches,
            otherwise,
        } => {
            operand.iter().chain(otherwise).any(|e| aggregates(e))
                || branches.iter().any(|(c, r)| aggregates(c) || aggregates(r))
        }
        ExprKind::Call { args, .. }
        | ExprKind::Array(args)
        | ExprKind::InQuery { exprs: args, .. } => args.iter().any(aggregates),
        _ => false,
    }
}

impl Compiler<'_> {
    /// Over groups an expression is a key, an aggregate, or made of such. `None`: made of others.
    pub(in crate::expression) fn grouped(&mut self, expr: &Expr) -> Option<Option<Typed>> {
        let grouping = self.grouping.take()?;
        if let Some(kind) = aggregate_kind(expr) {
            let aggregate = self.aggregate(expr, kind);
            self.grouping = Some(grouping);
            Some(aggregate.map(|(aggregate, span)| {
                let data_type = aggregate.result.clone();
                let grouping = self.grouping.get_or_insert_default();
                let slot = grouping.keys.len() + grouping.aggregates.len();
                let collation = is_text(&data_type).then_some(aggregate.comparator.collation);
                grouping.aggregates.push(aggregate);
                Typed::new(Node::Cell(slot, data_type.clone(), false), data_type, span)
                    .collated(collation)
            }))
        } else {
            let faults = self.faults.len();
            let plain = self.expr(expr);
            self.faults.truncate(faults);
            // What comes from the row around the query is the same for all rows of a group.
            if let (ExprKind::Column { .. }, Some(typed)) = (&expr.kind, &plain)
                && typed.node.slots().iter().all(|slot| *slot >= OUTER)
            {
                self.grouping = Some(grouping);
                return Some(plain);
            }
            let shape = plain.map(|p| format!("{:?}", p.node));
            let key = grouping
                .keys
                .iter()
                .position(|key| shape.as_ref() == Some(&key.shape));
            let found = key.map(|slot| {
                let key = &grouping.keys[slot];
                let node = Node::Cell(slot, key.data_type.clone(), false);
                Some(Typed::new(node, key.data_type.clone(), expr.span).collated(key.collation))
            });
            self.grouping = Some(grouping);
            match (&expr.kind, found) {
                (ExprKind::Column { column, .. }, None) if shape.is_some() => Some(self.fault(
                    FaultKind::Other,
                    expr.span,
                    format!(
                        "column \"{}\" must appear in the GROUP BY clause or be used in an aggregate function",
                        column.text
                    ),
                    None,
                )),
                (_, found) => found,
            }
        }
    }

    fn aggregate(&mut self, expr: &Expr, kind: Kind) -> Option<(Aggregate, Span)> {
        let ExprKind::Call {
            name,
            args,
            star,
            distinct,
            filter,
            ..
        } = &expr.kind
        else {
            return None;
        };
        let span = expr.span;
        if let Some(inner) = args.iter().find(|a| aggregates(a)) {
            return self.fault(
                FaultKind::Other,
                inner.span,
                "aggregate function calls cannot be nested",
                None,
            );
        }
        let filter = match filter {
            Some(filter) => Some(self.condition(filter)?.node),
            None => None,
        };
        let wanted = match kind {
            Kind::Join => 2,
            Kind::Count if *star => 0,
            _ => 1,
        };
        if args.len() != wanted {
            return self.fault(
                FaultKind::Other,
                span,
                format!("{name} takes another number of arguments"),
                None,
            );
        }
        let typed: Vec<_> = args.iter().map(|a| self.expr(a)).collect();
        let mut typed = typed.into_iter().collect::<Option<Vec<_>>>()?.into_iter();
        let (argument, separator) = (typed.next(), typed.next());
        let argument = match argument {
            Some(argument) if argument.is_unknown() || kind == Kind::Join => {
                let to = match kind {
                    Kind::All | Kind::Any => DataType::Boolean,
                    Kind::Sum | Kind::Average => DataType::Double,
                    _ => DataType::Text,
                };
                Some(self.coerce(argument, &to)?)
            }
            other => other,
        };
        let separator = match separator {
            Some(separator) => {
                let separator = self.coerce(separator, &DataType::Text)?;
                if !matches!(separator.node, Node::Const(_)) {
                    return self.fault(
                        FaultKind::Other,
                        separator.span,
                        "the separator must be a constant",
                        None,
                    );
                }
                Some(separator.node)
            }
            None => None,
        };
        let data_type = argument
            .as_ref()
            .map_or(DataType::BigInt, |a| types::bare(&a.data_type));
        let Some(result) = result_type(kind, &data_type) else {
            return self.fault(
                FaultKind::Type,
                span,
                format!("function {name}({}) does not exist", display(&data_type)),
                Some("add a cast"),
            );
        };
        if *distinct && !value::has_equality(&data_type) {
            let operator = format!("{0} = {0}", display(&data_type));
            return self.no_operator(operator, span);
        }
        let read: Vec<usize> = argument.iter().flat_map(|a| a.node.slots()).collect();
        if !read.is_empty() && read.iter().all(|slot| *slot >= OUTER) {
            return self.fault(
                FaultKind::Other,
                span,
                "an aggregate over columns of the query around it is not supported",
                Some("write it in that query"),
            );
        }
        let collation = argument
            .as_ref()
            .and_then(|a| a.collation)
            .unwrap_or_else(|| collate::default(self.settings));
        let aggregate = Aggregate {
            kind,
            argument: argument.map(|a| a.node),
            separator,
            filter,
            distinct: *distinct,
            comparator: Comparator {
                data_type,
                collation,
            },
            result,
        };
        Some((aggregate, span))
    }
}

/// The type of an aggregate's result, if it takes the type.
fn result_type(kind: Kind, argument: &DataType) -> Option<DataType> {
    use DataType as T;
    match (kind, argument) {
        (Kind::Count, _) => Some(T::BigInt),
        (Kind::Sum, T::SmallInt | T::Integer) => Some(T::BigInt),
        (Kind::Sum, T::BigInt) => Some(T::Numeric(None)),
        (Kind::Sum, T::Numeric(_) | T::Real | T::Double) => Some(argument.clone()),
        (Kind::Sum, T::Interval) => {
            arithmetic::result_type(Operation::Add, &T::Interval, &T::Interval)
        }
        (Kind::Average, T::SmallInt | T::Integer | T::BigInt | T::Numeric(_)) => {
            Some(T::Numeric(None))
        }
        (Kind::Average, T::Real | T::Double) => Some(T::Double),
        (Kind::Minimum | Kind::Maximum, T::Varchar(..) | T::Name) => Some(T::Text),
        (
            Kind::Minimum | Kind::Maximum,
            T::Boolean | T::Uuid | T::Jsonb | T::Bytea | T::Bit | T::MacAddr,
        ) => None,
        (Kind::Minimum | Kind::Maximum, t) => value::has_equality(t).then(|| t.clone()),
        (Kind::All | Kind::Any, T::Boolean) => Some(T::Boolean),
        (Kind::Join, T::Text) => Some(T::Text),
        _ => None,
    }
}
