//! From the rulebook's expressions to typed nodes.
//!
//! Names are resolved, types are settled as PostgreSQL would settle them, constants are folded. All
//! faults are collected: a part with a fault gives `None` and its neighbours are still looked at.
//!
//! A literal that cannot be read as its type is always a fault. A constant *computation* that fails
//! is one only where it is certain to be evaluated; in a branch of CASE, behind COALESCE, AND or OR
//! it stays as it is and fails for the row that reaches it.

use super::node::{Comparator, Comparison, Folding, NoRow, Node, Pattern};
use super::regex::{self, Usage};
use super::types::{self, Category, category, display, is_number, is_text};
use super::{Fault, FaultKind, Scope, Settings, collate, like::Like};
use crate::rulebook::{BinaryOp, Expr, ExprKind, Span, SqlDialect, UnaryOp};
use crate::schema::{Column, DataType, LengthUnit};
use crate::value::{self, CastContext, Collation, Value, can_cast};
use std::borrow::Cow;
use std::sync::Arc;

/// A typed part of an expression.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    pub node: Node,
    /// Domains looked through. Unknown: a literal, NULL, or a column without DDL.
    pub data_type: DataType,
    pub span: Span,
    /// The collation of the columns in it.
    pub collation: Option<Collation>,
}

impl Typed {
    pub(super) fn new(node: Node, data_type: DataType, span: Span) -> Self {
        Typed {
            node,
            data_type,
            span,
            collation: None,
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
    depth: usize,
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
            depth: 0,
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
            ExprKind::Case { .. } | ExprKind::Cast(..) | ExprKind::Call { .. } => {
                self.transparent(expr)
            }
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
                    Err(message) => self.fault(FaultKind::Name, expr.span, message, None),
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
                    FaultKind::Name,
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
            ExprKind::Subquery(query)
            | ExprKind::Exists { query, .. }
            | ExprKind::InQuery { query, .. } => {
                let message = match self.scope.subquery(query, span) {
                    Ok(_) => "a subquery is not supported here".to_owned(),
                    Err(message) => message,
                };
                self.fault(FaultKind::Other, span, message, None)
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
        let data_type = DataType::Numeric(None);
        match value::parse(text.as_bytes(), &data_type) {
            Ok(value) => Some(Typed::new(Node::Const(value.into_owned()), data_type, span)),
            Err(error) => self.fault(FaultKind::Other, span, error.to_string(), None),
        }
    }

    pub(super) fn cell(&mut self, slot: usize, column: &Column, span: Span) -> Typed {
        let data_type = column.data_type.base().clone();
        let empty_is_null = self.settings.dump == SqlDialect::Oracle
            && (is_text(&data_type) || data_type == DataType::Unknown);
        Typed::new(
            Node::Cell(slot, data_type.clone(), empty_is_null),
            data_type,
            span,
        )
        .collated(Some(collate::of(column, self.settings)))
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

    fn case(
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
        Some(Typed::new(Node::Case(branches, otherwise), data_type, span).collated(collation))
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
        let collation = parts
            .iter()
            .fold(None, |all, p| collate::combine(all, p.collation));
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

    fn in_list(&mut self, expr: &Expr, list: &[Expr], negated: bool, span: Span) -> Option<Typed> {
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
        let node = Node::Or(parts.into_iter().map(|p| p.node).collect());
        let node = if negated {
            Node::Not(Box::new(node))
        } else {
            node
        };
        Some(Typed::new(node, DataType::Boolean, span))
    }

    fn in_constants(
        &mut self,
        value: Typed,
        items: Vec<Typed>,
        negated: bool,
        span: Span,
    ) -> Option<Typed> {
        // As PostgreSQL does it: one comparison over the common type if there is one, else `= OR =`.
        let types = std::iter::once(&value)
            .chain(&items)
            .map(|t| &t.data_type)
            .collect::<Vec<_>>();
        let together = match items.as_slice() {
            // `x IN (a)` is `x = a`; several items are first brought to one type with x.
            [item] => types::comparison(&value.data_type, &item.data_type),
            _ => types::common(types.into_iter()).ok(),
        };
        let Some(together) = together else {
            let parts = items
                .into_iter()
                .map(|item| self.binary(BinaryOp::Eq, value.clone(), item, span))
                .collect::<Vec<_>>();
            let parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
            let node = Node::Or(parts.into_iter().map(|p| p.node).collect());
            let node = if negated {
                Node::Not(Box::new(node))
            } else {
                node
            };
            return Some(Typed::new(node, DataType::Boolean, span));
        };
        let together = if together == DataType::Unknown {
            DataType::Text
        } else {
            self.for_untyped(&value, together)
        };
        let collation = items
            .iter()
            .fold(value.collation, |all, i| collate::combine(all, i.collation));
        let comparator = self.comparator(together.clone(), collation, "=", span)?;
        let value = self.coerce(value, &together);
        let items: Vec<_> = items
            .into_iter()
            .map(|i| self.coerce(i, &together))
            .collect();
        let value = value?;
        let items = items.into_iter().collect::<Option<Vec<_>>>()?;
        let mut constants = Vec::new();
        for item in &items {
            match &item.node {
                Node::Const(value) => constants.push(value),
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
        let node = match value.node {
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

    fn between(
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
        let node = if negated {
            Node::Not(Box::new(node))
        } else {
            node
        };
        Some(Typed::new(node, DataType::Boolean, span))
    }

    /// The text that LIKE and `~` look at: `char(n)` keeps its blanks there.
    pub(super) fn raw_text(&mut self, typed: Typed, operator: &str) -> Option<Typed> {
        match typed.data_type.base() {
            DataType::Unknown => self.coerce(typed, &DataType::Text),
            t if is_text(t) => Some(typed),
            _ if self.lenient() => self.cast(typed, &DataType::Text, CastContext::Explicit),
            t => {
                let operator = format!("{} {operator} text", display(t));
                self.no_operator(operator, typed.span)
            }
        }
    }

    fn like(
        &mut self,
        expr: &Expr,
        pattern: &Expr,
        escape: Option<&str>,
        insensitive: bool,
        negated: bool,
        span: Span,
    ) -> Option<Typed> {
        let operator = if insensitive { "~~*" } else { "~~" };
        let (value, pattern) = (self.expr(expr), self.expr(pattern));
        let (value, pattern) = (value?, pattern?);
        let citext = value.data_type == DataType::Citext
            || (value.is_unknown() && pattern.data_type == DataType::Citext);
        let value = self.raw_text(value, operator);
        // The pattern is a text: of char(n) the blanks go.
        let pattern = self
            .raw_text(pattern, operator)
            .and_then(|pattern| self.coerce(pattern, &DataType::Text));
        let (value, pattern) = (value?, pattern?);
        let escape: Option<Vec<u8>> = match escape {
            Some(e) if e.chars().count() > 1 => {
                return self.fault(
                    FaultKind::Other,
                    span,
                    "invalid escape string: it must be empty or one character",
                    None,
                );
            }
            Some(e) => (!e.is_empty()).then(|| e.as_bytes().to_vec()),
            None => match self.settings.written_in {
                SqlDialect::Postgres | SqlDialect::Mysql => Some(b"\\".to_vec()),
                _ => None,
            },
        };
        let brackets = self.settings.written_in == SqlDialect::Mssql
            && pattern.constant_text().is_none_or(|p| p.contains(&b'['));
        if brackets {
            return self.fault(
                FaultKind::Other,
                pattern.span,
                "character classes ([a-z]) in LIKE patterns are not supported",
                Some("write several LIKEs"),
            );
        }
        let folding = if insensitive || citext || self.settings.dump == SqlDialect::Sqlite {
            Folding::Lower
        } else {
            let collation = collate::combine(value.collation, pattern.collation)
                .unwrap_or_else(|| collate::default(self.settings));
            if collation.sensitivity == value::Sensitivity::Exact {
                Folding::None
            } else {
                Folding::Collation(collation)
            }
        };
        let pattern = match &pattern.node {
            Node::Const(Value::Text(text)) => {
                match Like::new(&folding.apply(text), escape.as_deref()) {
                    Ok(like) => Pattern::Fixed(like),
                    Err(error) => {
                        return self.fault(FaultKind::Other, pattern.span, error.to_string(), None);
                    }
                }
            }
            _ => Pattern::Dynamic(Box::new(pattern.node), escape),
        };
        let node = Node::Like {
            value: Box::new(value.node),
            pattern,
            folding,
            negated,
        };
        Some(Typed::new(node, DataType::Boolean, span))
    }

    /// `~` and its relatives.
    pub(super) fn regex_match(
        &mut self,
        value: Typed,
        pattern: Typed,
        insensitive: bool,
        negated: bool,
        span: Span,
    ) -> Option<Typed> {
        let operator = if insensitive { "~*" } else { "~" };
        let value = self.raw_text(value, operator)?;
        let pattern = self.raw_text(pattern, operator)?;
        let folded = value.data_type == DataType::Citext
            || value
                .collation
                .is_some_and(|c| c.sensitivity != value::Sensitivity::Exact);
        if pattern.is_null() {
            return Some(Typed::new(
                Node::Const(Value::Null),
                DataType::Boolean,
                span,
            ));
        }
        let regex = self.regex(&pattern, insensitive || folded, Usage::Test)?;
        let node = Node::Matches(Box::new(value.node), regex, negated);
        Some(Typed::new(node, DataType::Boolean, span))
    }

    /// Compiles a constant regular expression.
    pub(super) fn regex(
        &mut self,
        pattern: &Typed,
        insensitive: bool,
        usage: Usage,
    ) -> Option<::regex::bytes::Regex> {
        let Some(text) = pattern
            .constant_text()
            .and_then(|p| std::str::from_utf8(p).ok())
        else {
            return self.fault(
                FaultKind::Other,
                pattern.span,
                "the regular expression must be a constant",
                None,
            );
        };
        match regex::compile(text, insensitive, usage) {
            Ok(regex) => Some(regex),
            Err(message) => {
                let help = (usage > Usage::Test)
                    .then_some("write the alternatives so that none is the beginning of another");
                let span = pattern.span;
                self.fault(FaultKind::Other, span, message, help)
            }
        }
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

    /// Brings two sides to the type in which they compare.
    pub(super) fn comparable(
        &mut self,
        left: Typed,
        right: Typed,
        operator: &str,
        span: Span,
    ) -> Option<(Typed, Typed, Comparator)> {
        let collation = collate::combine(left.collation, right.collation);
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
        let left = self.coerce(left, &data_type);
        let right = self.coerce(right, &data_type);
        Some((left?, right?, comparator))
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

    /// An implicit conversion that the context asks for.
    pub(super) fn coerce(&mut self, typed: Typed, to: &DataType) -> Option<Typed> {
        let context = if self.lenient() {
            CastContext::Explicit
        } else {
            CastContext::Implicit
        };
        self.cast_to(typed, &types::bare(to), context, true)
    }

    /// A cast, with the modifiers of `to`.
    pub(super) fn cast(
        &mut self,
        typed: Typed,
        to: &DataType,
        context: CastContext,
    ) -> Option<Typed> {
        self.cast_to(typed, to, context, false)
    }

    fn cast_to(
        &mut self,
        typed: Typed,
        to: &DataType,
        context: CastContext,
        modifiers_stay: bool,
    ) -> Option<Typed> {
        let Typed {
            node,
            data_type: from,
            span,
            collation,
        } = typed;
        let done = |node, data_type| Some(Typed::new(node, data_type, span).collated(collation));
        let base = to.base();
        if from == DataType::Unknown && matches!(node, Node::Const(Value::Null)) {
            return done(node, base.clone());
        }
        if from == DataType::Unknown {
            return match node {
                Node::Const(Value::Text(text)) => {
                    let value = value::parse(&text, base).and_then(|value| {
                        if modifiers_stay {
                            Ok(value)
                        } else {
                            value::cast(value, base, base, context)
                        }
                    });
                    match value.map(Value::into_owned) {
                        Ok(value) => done(Node::Const(value), base.clone()),
                        Err(error) => self.fault(FaultKind::Type, span, error.to_string(), None),
                    }
                }
                Node::Cell(slot, _, _) => {
                    let empty_is_null = self.settings.dump == SqlDialect::Oracle;
                    let cell = Node::Cell(slot, base.clone(), empty_is_null);
                    if modifiers_stay || types::bare(base) == *base {
                        done(cell, base.clone())
                    } else {
                        let bare = types::bare(base);
                        let cast = Node::Cast(Box::new(cell), bare, base.clone(), context);
                        self.fold(Typed::new(cast, base.clone(), span))
                    }
                }
                other => {
                    let cast = Node::Cast(Box::new(other), DataType::Text, base.clone(), context);
                    done(cast, base.clone())
                }
            };
        }
        let relabel = modifiers_stay
            && (types::same(&from, base)
                || (matches!(base, DataType::Char(..))
                    && matches!(from, DataType::Text | DataType::Varchar(..)))
                || (*base == DataType::Text
                    && matches!(from, DataType::Varchar(..) | DataType::Citext))
                || (*base == DataType::BigInt && types::is_integer(&from)));
        if relabel || from == *base && types::bare(base) == *base {
            let data_type = if types::same(&from, base) {
                from
            } else {
                base.clone()
            };
            return done(node, data_type);
        }
        // Within an expression PostgreSQL converts only what is safe; a value that the column
        // takes is converted more freely, and a written cast freely.
        if !can_cast(&from, base, context) {
            let (from, to) = (display(&from), display(base));
            return self.fault(
                FaultKind::Type,
                span,
                format!("{from} cannot be converted to {to} here"),
                Some("add a cast, or another one"),
            );
        }
        let cast = Node::Cast(Box::new(node), from, base.clone(), context);
        self.fold(Typed::new(cast, base.clone(), span).collated(collation))
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
