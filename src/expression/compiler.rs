//! From the rulebook's expressions to typed nodes.
//!
//! Names are resolved, types are settled as PostgreSQL would settle them, constants are folded. All
//! faults are collected: a part with a fault gives `None` and its neighbours are still looked at.
//!
//! A literal that cannot be read as its type is always a fault. A constant *computation* that fails
//! is one only where it is certain to be evaluated; in a branch of CASE, behind COALESCE, AND or OR
//! it stays as it is and fails for the row that reaches it.

use super::evaluate::NoRow;
use super::node::Node;
use super::types::{self, Category, category, display, is_number, is_text};
use super::{Fault, FaultKind, Scope, Settings, collate};
use crate::rulebook::{BinaryOp, Expr, ExprKind, Span, SqlDialect, UnaryOp};
use crate::schema::{Column, DataType, LengthUnit};
use crate::value::{self, CastContext, Collation, Value};
use std::borrow::Cow;

/// A typed part of an expression.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    pub node: Node,
    /// Domains looked through. Unknown: a literal, NULL, or a column without DDL.
    pub data_type: DataType,
    pub span: Span,
    /// The collation of the columns in it.
    pub collation: Option<Collation>,
    /// A column whose texts SQLite keeps as numbers where they look like one.
    pub affine: bool,
}

impl Typed {
    pub(super) fn new(node: Node, data_type: DataType, span: Span) -> Self {
        Typed {
            node,
            data_type,
            span,
            collation: None,
            affine: false,
        }
    }
    pub(super) fn collated(mut self, collation: Option<Collation>) -> Self {
        self.collation = collation;
        self
    }
    pub(super) fn is_unknown(&self) -> bool {
        self.data_type == DataType::Unknown
    }
    /// The constant text of a literal.
    pub(super) fn constant_text(&self) -> Option<&[u8]> {
        match &self.node {
            Node::Const(Value::Text(text)) => Some(text),
            _ => None,
        }
    }
    pub(super) fn is_null(&self) -> bool {
        matches!(self.node, Node::Const(Value::Null))
    }
}

/// The column that takes the result.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub name: String,
    pub limit: Option<(u32, LengthUnit)>,
    pub not_null: bool,
}

pub(super) struct Compiler<'a> {
    pub scope: &'a mut dyn Scope,
    pub settings: &'a Settings,
    pub faults: Vec<Fault>,
    /// The column, while the expression being compiled is what it takes.
    pub target: Option<Target>,
    /// Within something that may never be evaluated?
    pub guarded: bool,
    /// Set while expressions over groups are compiled.
    pub grouping: Option<super::query::Grouping>,
    /// May functions that give rows stand here?
    pub allows_sets: bool,
    /// Those that were found.
    pub sets: Vec<super::query::Set>,
    pub depth: usize,
    /// The slots of columns whose bytes in the database are not those of UTF-8.
    pub foreign: Vec<usize>,
}

const MAX_DEPTH: usize = 250;

impl<'a> Compiler<'a> {
    pub(super) fn new(scope: &'a mut dyn Scope, settings: &'a Settings) -> Self {
        Compiler {
            scope,
            settings,
            faults: Vec::new(),
            target: None,
            guarded: false,
            grouping: None,
            allows_sets: false,
            sets: Vec::new(),
            depth: 0,
            foreign: Vec::new(),
        }
    }

    /// Is the SQL one of the dialects that convert between numbers and text as they go?
    pub(super) fn lenient(&self) -> bool {
        self.settings.dump != SqlDialect::Postgres
            || self.settings.written_in != SqlDialect::Postgres
    }

    pub(super) fn fault<T>(
        &mut self,
        kind: FaultKind,
        span: Span,
        message: impl Into<String>,
        help: Option<&str>,
    ) -> Option<T> {
        self.faults.push(Fault {
            span,
            message: message.into(),
            help: help.map(str::to_owned),
            kind,
        });
        None
    }

    /// The node, or its value if it is a constant.
    pub(super) fn fold(&mut self, typed: Typed) -> Option<Typed> {
        let typed = Typed {
            node: typed.node.simplified(),
            ..typed
        };
        if matches!(typed.node, Node::Const(_)) || !typed.node.is_constant() {
            return Some(typed);
        }
        let folded = typed.node.eval(&NoRow).map(Value::into_owned);
        match folded {
            Ok(value) => Some(Typed {
                node: Node::Const(value),
                ..typed
            }),
            Err(_) if self.guarded => Some(typed),
            Err(error) => self.fault(FaultKind::Other, typed.span, error.to_string(), None),
        }
    }

    /// Compiles what may never be evaluated.
    pub(super) fn guarded<T>(&mut self, inner: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.guarded, true);
        let result = inner(self);
        self.guarded = before;
        result
    }

    /// Compiles something whose value the column does not take as it is.
    pub(super) fn untargeted<T>(&mut self, inner: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.target.take();
        let result = inner(self);
        self.target = before;
        result
    }

    /// Compiles an expression.
    pub(super) fn expr(&mut self, expr: &Expr) -> Option<Typed> {
        if self.depth >= MAX_DEPTH {
            return self.fault(
                FaultKind::Other,
                expr.span,
                "the expression is nested too deeply",
                None,
            );
        }
        self.depth += 1;
        if let Some(typed) = self.grouped(expr) {
            self.depth -= 1;
            return typed;
        }
        let typed = match &expr.kind {
            ExprKind::Case { .. }
            | ExprKind::Cast(..)
            | ExprKind::Call { .. }
            | ExprKind::Subquery(_) => self.transparent(expr),
            _ => self.untargeted(|c| c.opaque(expr)),
        };
        self.depth -= 1;
        typed.and_then(|typed| self.fold(typed))
    }

    /// What can hand the result of a call within it on to the column.
    fn transparent(&mut self, expr: &Expr) -> Option<Typed> {
        match &expr.kind {
            ExprKind::Case {
                operand,
                branches,
                otherwise,
            } => self.case(
                expr.span,
                operand.as_deref(),
                branches,
                otherwise.as_deref(),
            ),
            ExprKind::Cast(inner, name) => {
                let to = types::resolve(name, self.scope);
                let inner = if let Ok(to) = &to
                    && is_text(to)
                {
                    self.narrowed(to.limit(), |c| c.expr(inner))
                } else {
                    self.untargeted(|c| c.expr(inner))
                };
                match to {
                    Err(message) => self.fault(FaultKind::Other, expr.span, message, None),
                    Ok(to) => self.cast(inner?, &to, CastContext::Explicit),
                }
            }
            ExprKind::Call {
                schema,
                name,
                args,
                star,
                distinct,
                filter,
            } => {
                if *star || *distinct || filter.is_some() {
                    return self.fault(
                        FaultKind::Other,
                        expr.span,
                        format!("{name} is an aggregate, which stands only in a SELECT"),
                        None,
                    );
                }
                self.call(expr.span, schema.as_deref(), name, args)
            }
            _ => self.opaque(expr),
        }
    }

    fn opaque(&mut self, expr: &Expr) -> Option<Typed> {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Null => Some(Typed::new(
                Node::Const(Value::Null),
                DataType::Unknown,
                span,
            )),
            ExprKind::Boolean(value) => Some(Typed::new(
                Node::Const(Value::Bool(*value)),
                DataType::Boolean,
                span,
            )),
            ExprKind::Number(text) => self.number(text, span),
            ExprKind::String(text) => {
                let value = if text.is_empty() && self.settings.dump == SqlDialect::Oracle {
                    Value::Null
                } else {
                    Value::Text(Cow::Owned(text.clone().into_bytes()))
                };
                Some(Typed::new(Node::Const(value), DataType::Unknown, span))
            }
            ExprKind::Default => self.fault(
                FaultKind::Other,
                span,
                "DEFAULT stands only as a whole assigned or inserted value",
                None,
            ),
            ExprKind::Value => match self.settings.value.clone() {
                Some((slot, column)) => Some(self.cell(slot, &column, span)),
                None => self.fault(
                    FaultKind::Other,
                    span,
                    "VALUE stands only in an assignment to a pattern of columns",
                    Some("name the column"),
                ),
            },
            ExprKind::Column { table, column } => match self.scope.column(table.as_ref(), column) {
                Ok((slot, column)) => Some(self.cell(slot, &column, span)),
                Err(message) => self.fault(FaultKind::Name, span, message, None),
            },
            ExprKind::Unary(op, inner) => self.unary(*op, inner, span),
            ExprKind::Binary(BinaryOp::And | BinaryOp::Or, ..) => self.connective(expr),
            ExprKind::Binary(op, left, right) => {
                let left = self.expr(left);
                let right = self.expr(right);
                self.binary(*op, left?, right?, span)
            }
            ExprKind::IsNull(inner, negated) => {
                let inner = self.expr(inner)?;
                let node = match inner.node {
                    Node::Cell(slot, _, false) => Node::CellIsNull(slot, *negated),
                    other => Node::IsNull(Box::new(other), *negated),
                };
                Some(Typed::new(node, DataType::Boolean, span))
            }
            ExprKind::IsBoolean {
                expr,
                value,
                negated,
            } => {
                let inner = self.condition(expr)?;
                let node = Node::IsBoolean(Box::new(inner.node), *value, *negated);
                Some(Typed::new(node, DataType::Boolean, span))
            }
            ExprKind::IsDistinct(left, right, negated) => {
                let (left, right) = (self.expr(left), self.expr(right));
                let (left, right, comparator) =
                    self.comparable(left?, right?, "IS DISTINCT FROM", span)?;
                let node = Node::IsDistinct(
                    Box::new(left.node),
                    Box::new(right.node),
                    comparator,
                    *negated,
                );
                Some(Typed::new(node, DataType::Boolean, span))
            }
            ExprKind::InList {
                expr,
                list,
                negated,
            } => self.in_list(expr, list, *negated, span),
            ExprKind::Between {
                expr,
                low,
                high,
                negated,
            } => self.between(expr, low, high, *negated, span),
            ExprKind::Like {
                expr,
                pattern,
                escape,
                insensitive,
                negated,
            } => self.like(
                expr,
                pattern,
                escape.as_deref(),
                *insensitive,
                *negated,
                span,
            ),
            ExprKind::Array(elements) => self.array(elements, span),
            ExprKind::Subquery(_) | ExprKind::Exists { .. } | ExprKind::InQuery { .. } => {
                self.subquery(expr)
            }
            ExprKind::Case { .. } | ExprKind::Cast(..) | ExprKind::Call { .. } => {
                self.transparent(expr)
            }
        }
    }

    fn number(&mut self, text: &str, span: Span) -> Option<Typed> {
        if let Ok(value) = text.parse::<i64>() {
            let data_type = if i32::try_from(value).is_ok() {
                DataType::Integer
            } else {
                DataType::BigInt
            };
            return Some(Typed::new(Node::Const(Value::Int(value)), data_type, span));
        }
        // Elsewhere than in PostgreSQL and Oracle an exponent makes a double; SQLite has no decimals.
        let data_type = match self.settings.written_in {
            SqlDialect::Sqlite => DataType::Double,
            SqlDialect::Mysql | SqlDialect::Mssql if text.contains(['e', 'E']) => DataType::Double,
            _ => DataType::Numeric(None),
        };
        match value::parse(text.as_bytes(), &data_type) {
            Ok(value) => Some(Typed::new(Node::Const(value.into_owned()), data_type, span)),
            Err(error) => self.fault(FaultKind::Other, span, error.to_string(), None),
        }
    }

    pub(super) fn cell(&mut self, slot: usize, column: &Column, span: Span) -> Typed {
        let data_type = column.data_type.base().clone();
        if collate::is_foreign(column, self.settings) {
            self.foreign.push(slot);
        }
        let empty_is_null = self.settings.dump == SqlDialect::Oracle
            && (is_text(&data_type) || data_type == DataType::Unknown);
        Typed {
            node: Node::Cell(slot, data_type.clone(), empty_is_null),
            data_type,
            span,
            collation: Some(collate::of(column, self.settings)),
            affine: column.data_type.has_numeric_affinity(),
        }
    }

    fn unary(&mut self, op: UnaryOp, inner: &Expr, span: Span) -> Option<Typed> {
        if op == UnaryOp::Not {
            let inner = self.condition(inner)?;
            return Some(Typed::new(
                Node::Not(Box::new(inner.node)),
                DataType::Boolean,
                span,
            ));
        }
        // The sign belongs to the literal: -2147483648 is an integer.
        if let (UnaryOp::Minus, ExprKind::Number(text)) = (op, &inner.kind) {
            return self.number(&format!("-{text}"), span);
        }
        let inner = self.expr(inner)?;
        let inner = if inner.is_unknown() {
            self.coerce(inner, &DataType::Double)?
        } else {
            inner
        };
        let negatable =
            is_number(&inner.data_type) || category(&inner.data_type) == Category::Timespan;
        if !negatable {
            let sign = if op == UnaryOp::Minus { "-" } else { "+" };
            return self.no_operator(format!("{sign} {}", display(&inner.data_type)), span);
        }
        if op == UnaryOp::Plus {
            return Some(inner);
        }
        let data_type = types::bare(&inner.data_type);
        Some(Typed::new(
            Node::Negate(Box::new(inner.node), data_type.clone()),
            data_type,
            span,
        ))
    }

    pub(super) fn no_operator<T>(&mut self, operator: String, span: Span) -> Option<T> {
        self.fault(
            FaultKind::Type,
            span,
            format!("operator does not exist: {operator}"),
            Some("add a cast so that both sides have types that go together"),
        )
    }

    /// A chain of AND (or OR) becomes one node; it is walked in a loop, since it may be long.
    fn connective(&mut self, expr: &Expr) -> Option<Typed> {
        let ExprKind::Binary(op, ..) = &expr.kind else {
            return None;
        };
        let mut parts = Vec::new();
        let mut rest = expr;
        while let ExprKind::Binary(next, left, right) = &rest.kind
            && next == op
        {
            parts.push(&**right);
            rest = left;
        }
        parts.push(rest);
        let mut nodes = Vec::with_capacity(parts.len());
        let mut complete = true;
        for (index, part) in parts.into_iter().rev().enumerate() {
            let part = if index == 0 {
                self.condition(part)
            } else {
                self.guarded(|c| c.condition(part))
            };
            match part {
                Some(part) => nodes.push(part.node),
                None => complete = false,
            }
        }
        let node = if *op == BinaryOp::And {
            Node::And(nodes)
        } else {
            Node::Or(nodes)
        };
        complete.then(|| Typed::new(node, DataType::Boolean, expr.span))
    }

    /// Compiles a condition: something boolean.
    pub(super) fn condition(&mut self, expr: &Expr) -> Option<Typed> {
        let typed = self.untargeted(|c| c.expr(expr))?;
        if typed.data_type == DataType::Boolean {
            return Some(typed);
        }
        if typed.is_unknown() {
            return self.coerce(typed, &DataType::Boolean);
        }
        if self.lenient() && is_number(&typed.data_type) {
            let zero = Typed::new(Node::Const(Value::Int(0)), DataType::Integer, typed.span);
            let span = typed.span;
            return self.binary(BinaryOp::Ne, typed, zero, span);
        }
        self.fault(
            FaultKind::Type,
            expr.span,
            format!(
                "a condition must be of type boolean, not {}",
                display(&typed.data_type)
            ),
            None,
        )
    }

    fn array(&mut self, elements: &[Expr], span: Span) -> Option<Typed> {
        let parts: Vec<_> = elements.iter().map(|e| self.expr(e)).collect();
        let parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
        let (parts, element, _) = self.unify(parts, "ARRAY")?;
        let unsupported = match element {
            DataType::Array(_) => "arrays of several dimensions are not supported",
            DataType::Char(..) => "arrays of character(n) are not supported",
            _ => "",
        };
        if !unsupported.is_empty() {
            return self.fault(FaultKind::Type, span, unsupported, Some("cast to text"));
        }
        let node = Node::Array(parts.into_iter().map(|p| p.node).collect());
        Some(Typed::new(node, DataType::Array(Box::new(element)), span))
    }
}
