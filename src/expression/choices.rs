//! Expressions that choose among values: CASE, COALESCE, NULLIF, GREATEST and LEAST.
//!
//! Their parts get one common type, and every part but the first may never be evaluated: a
//! constant that fails there fails only for the row that reaches it.

use super::FaultKind;
use super::collate;
use super::compiler::{Compiler, Typed};
use super::node::Node;
use super::types::{self, display};
use crate::rulebook::{BinaryOp, Expr, Span, SqlDialect};
use crate::schema::DataType;
use crate::value::{Collation, Value};

impl Compiler<'_> {
    pub(super) fn case(
        &mut self,
        span: Span,
        operand: Option<&Expr>,
        branches: &[(Expr, Expr)],
        otherwise: Option<&Expr>,
    ) -> Option<Typed> {
        let operand = operand.map(|operand| {
            let operand = self.untargeted(|c| c.expr(operand))?;
            // A literal here is text, whatever it is compared with.
            if operand.is_unknown() && matches!(operand.node, Node::Const(_)) {
                return self.coerce(operand, &DataType::Text);
            }
            Some(operand)
        });
        let mut conditions = Vec::new();
        let mut results = Vec::new();
        for (index, (condition, result)) in branches.iter().enumerate() {
            let compile = |c: &mut Self| match &operand {
                None => c.condition(condition),
                Some(operand) => {
                    let value = c.untargeted(|c| c.expr(condition))?;
                    let operand = operand.clone()?;
                    let equal = c.binary(BinaryOp::Eq, operand, value, condition.span)?;
                    c.fold(equal)
                }
            };
            conditions.push(if index == 0 {
                compile(self)
            } else {
                self.guarded(compile)
            });
            results.push(self.guarded(|c| c.expr(result)));
        }
        results.push(match otherwise {
            Some(otherwise) => self.guarded(|c| c.expr(otherwise)),
            None => Some(Typed::new(
                Node::Const(Value::Null),
                DataType::Unknown,
                span,
            )),
        });
        let conditions = conditions.into_iter().collect::<Option<Vec<_>>>()?;
        let mut results = results.into_iter().collect::<Option<Vec<_>>>()?;
        // ELSE comes first when the common type is looked for.
        results.rotate_right(1);
        let (mut results, data_type, collation) = self.unify(results, "CASE")?;
        let otherwise = Box::new(results.remove(0).node);
        let branches = conditions
            .into_iter()
            .map(|c| c.node)
            .zip(results.into_iter().map(|r| r.node))
            .collect();
        let case = Typed::new(Node::Case(branches, otherwise), data_type, span);
        Some(self.computed(case.collated(collation)))
    }

    pub(super) fn coalesce(&mut self, span: Span, args: &[Expr]) -> Option<Typed> {
        let typed: Vec<_> = args
            .iter()
            .enumerate()
            .map(|(index, arg)| {
                if index == 0 {
                    self.expr(arg)
                } else {
                    self.guarded(|c| c.expr(arg))
                }
            })
            .collect();
        let typed = typed.into_iter().collect::<Option<Vec<_>>>()?;
        if typed.is_empty() {
            return self.fault(
                FaultKind::Other,
                span,
                "COALESCE needs at least one argument",
                None,
            );
        }
        let (parts, data_type, collation) = self.unify(typed, "COALESCE")?;
        let node = Node::Coalesce(parts.into_iter().map(|p| p.node).collect());
        Some(self.computed(Typed::new(node, data_type, span).collated(collation)))
    }

    pub(super) fn nullif(&mut self, left: Typed, right: Typed, span: Span) -> Option<Typed> {
        let collation = left.collation;
        self.engine_nullif(&left, &right, span)?;
        // The result has the type of the first argument as it is compared.
        let (left, right, comparator) = self.comparable(left, right, "=", span)?;
        let data_type = left.data_type.clone();
        let node = Node::NullIf(Box::new(left.node), Box::new(right.node), comparator);
        Some(self.computed(Typed::new(node, data_type, span).collated(collation)))
    }

    pub(super) fn extreme(&mut self, name: &str, args: Vec<Typed>, span: Span) -> Option<Typed> {
        let (parts, data_type, collation) = self.unify(args, &name.to_uppercase())?;
        let comparator = self.comparator(data_type.clone(), collation, "<", span)?;
        let nodes: Vec<_> = parts.into_iter().map(|p| p.node).collect();
        let missing = nodes
            .iter()
            .map(|n| Node::IsNull(Box::new(n.clone()), false));
        let missing = Node::Or(missing.collect());
        let mut node = Node::Extreme(name == "greatest", nodes, comparator);
        // PostgreSQL and SQL Server leave NULLs out of account; in the others one is enough.
        if !matches!(
            self.settings.written_in,
            SqlDialect::Postgres | SqlDialect::Mssql
        ) {
            node = Node::Case(vec![(missing, Node::Const(Value::Null))], Box::new(node));
        }
        Some(self.computed(Typed::new(node, data_type, span).collated(collation)))
    }

    /// Gives all parts their common type.
    pub(super) fn unify(
        &mut self,
        parts: Vec<Typed>,
        what: &str,
    ) -> Option<(Vec<Typed>, DataType, Option<Collation>)> {
        let data_type = match types::common(parts.iter().map(|p| &p.data_type)) {
            Ok(data_type) => data_type,
            Err(_) if self.lenient() => DataType::Text,
            Err((a, b)) => {
                let span = parts.last()?.span;
                return self.fault(
                    FaultKind::Type,
                    span,
                    format!(
                        "{what} types {} and {} cannot be matched",
                        display(&a),
                        display(&b)
                    ),
                    Some("add a cast"),
                );
            }
        };
        let collation = parts.iter().fold(None, |all, p| {
            collate::combine(self.settings, all, p.collation)
        });
        let parts = parts
            .into_iter()
            .map(|part| self.coerce(part, &data_type))
            .collect::<Vec<_>>();
        Some((
            parts.into_iter().collect::<Option<Vec<_>>>()?,
            data_type,
            collation,
        ))
    }
}
