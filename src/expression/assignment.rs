//! A value on its way into a column.

use super::compiler::{Compiler, Target, Typed};
use super::direct::Direct;
use super::evaluate::{borrow, written};
use super::lookup::Lookup;
use super::node::Node;
use super::types::{display, is_text};
use super::{Fault, FaultKind, Row, Scope, Settings};
use crate::functions::Plain;
use crate::rulebook::{self, Expr, ExprKind};
use crate::schema::{Column, DataType, Generated, LengthUnit};
use crate::value::{self, CastContext, Value, ValueError, can_cast};
use std::borrow::Cow;
use std::sync::Arc;

/// A value on its way into a column: assignment casts, length, scale and NOT NULL as the server checks them.
#[derive(Debug, Clone)]
pub struct Assignment {
    node: Node,
    data_type: DataType,
    /// The column's name, if it must not be NULL.
    not_null: Option<String>,
    slots: Vec<usize>,
    lookups: Vec<Arc<Lookup>>,
    needs_ordinal: bool,
    /// The text form, if the value is a constant.
    constant: Option<Option<Vec<u8>>>,
    direct: Option<Direct>,
}

impl Assignment {
    /// Evaluates for `row` and gives the text form for the column; none is NULL.
    ///
    /// # Errors
    /// If the computation fails, or the column does not take the result.
    pub fn eval<'v>(&'v self, row: &'v dyn Row) -> Result<Option<Cow<'v, [u8]>>, ValueError> {
        if let Some(constant) = &self.constant {
            return Ok(constant.as_deref().map(Cow::Borrowed));
        }
        // What the column would not take as it is goes the general way.
        if let Some(direct) = &self.direct
            && let Some(cell) = row.cell(direct.slot)?
            && let Value::Text(text) = direct.call(cell)?
            && direct.takes(&text)
        {
            return Ok(Some(text));
        }
        match self.node.eval(row)? {
            Value::Null => match &self.not_null {
                Some(column) => Err(null_refused(column)),
                None => Ok(None),
            },
            value => Ok(Some(written(value, &self.data_type))),
        }
    }

    /// The slots it reads, ascending, each once.
    pub fn slots(&self) -> &[usize] {
        &self.slots
    }

    /// The subqueries in it.
    pub fn lookups(&self) -> &[Arc<Lookup>] {
        &self.lookups
    }

    /// Does it call a fresh function, so that the row's ordinal matters?
    pub fn needs_ordinal(&self) -> bool {
        self.needs_ordinal
    }

    /// The assignment as one that only moves the addresses of a text, if it is that.
    pub fn plain_addresses(&self) -> Option<PlainAddresses<'_>> {
        let is_text = |t: &DataType| matches!(t, DataType::Text | DataType::Varchar(..));
        let call = match &self.node {
            // To the column's length, which the call has been told.
            Node::Cast(call, from, to, _) if is_text(from) && is_text(to) => call,
            call => call,
        };
        let Node::Anon(call) = call else {
            return None;
        };
        let (slot, domain) = match call.args.as_slice() {
            [Node::Cell(slot, data_type, false)] if is_text(data_type) => (slot, None),
            [
                Node::Cell(slot, data_type, false),
                Node::Const(Value::Text(domain)),
            ] if is_text(data_type) => (slot, Some(&**domain)),
            _ => return None,
        };
        if call.each || !is_text(&self.data_type) {
            return None;
        }
        Some(PlainAddresses {
            slot: *slot,
            moves: Plain::of(call.function, domain, call.limit)?,
            not_null: self.not_null.is_some(),
        })
    }

    /// The text form, if the value is the same for every row; the inner none is NULL.
    pub fn constant(&self) -> Option<Option<&[u8]>> {
        self.constant.as_ref().map(Option::as_deref)
    }
}

/// What an assignment does that only moves the addresses of a text.
#[derive(Debug)]
pub struct PlainAddresses<'a> {
    /// The slot of the text.
    pub slot: usize,
    /// How.
    pub moves: Plain<'a>,
    /// Does the column refuse NULL?
    pub not_null: bool,
}

fn null_refused(column: &str) -> ValueError {
    ValueError::new(format!(
        "null value in column \"{column}\" violates not-null constraint"
    ))
}

/// Compiles an expression that is assigned to `column`. The `anon` function at its top (also inside
/// CASE, coalesce, casts) is told the column's length.
///
/// # Errors
/// All faults that were found. Those of kind [`FaultKind::Type`] mean that the column's type does
/// not accept the result.
pub fn compile_assignment(
    expr: &Expr,
    column: &Column,
    scope: &mut dyn Scope,
    settings: &Settings,
) -> Result<Assignment, Vec<Fault>> {
    let mut compiler = Compiler::new(scope, settings);
    let typed = compiler.assigned(expr, column);
    let (Some(typed), true) = (typed, compiler.faults.is_empty()) else {
        return Err(compiler.faults);
    };
    let data_type = column.data_type.base().clone();
    let not_null = must_not_be_null(column);
    let constant = match &typed.node {
        Node::Const(Value::Null) => Some(None),
        Node::Const(value) => Some(Some(written(borrow(value), &data_type).into_owned())),
        _ => None,
    };
    if constant == Some(None) && not_null {
        let message = null_refused(&column.name).to_string();
        let kind = FaultKind::Other;
        compiler.fault::<()>(kind, expr.span, message, None);
        return Err(compiler.faults);
    }
    Ok(Assignment {
        slots: typed.node.slots(),
        lookups: typed.node.lookups(),
        needs_ordinal: typed.node.needs_ordinal(),
        direct: Direct::of(&typed.node, &data_type),
        node: typed.node,
        data_type,
        not_null: not_null.then(|| column.name.clone()),
        constant,
    })
}

/// NOT NULL, declared for the column or for one of its domains.
fn must_not_be_null(column: &Column) -> bool {
    let mut data_type = &column.data_type;
    let mut not_null = column.not_null;
    while let DataType::Domain(domain) = data_type {
        not_null |= domain.not_null;
        data_type = &domain.base;
    }
    not_null
}

impl Compiler<'_> {
    fn assigned(&mut self, expr: &Expr, column: &Column) -> Option<Typed> {
        let name = &column.name;
        if column.generated.is_computed() {
            if matches!(expr.kind, ExprKind::Default) {
                return Some(Typed::new(
                    Node::Const(Value::Null),
                    DataType::Unknown,
                    expr.span,
                ));
            }
            return self.fault(
                FaultKind::Other,
                expr.span,
                format!("column \"{name}\" can only be updated to DEFAULT: it is generated"),
                Some("the server that loads the dump computes it; change what it is computed from"),
            );
        }
        if column.generated == Generated::IdentityAlways && !matches!(expr.kind, ExprKind::Default)
        {
            return self.fault(
                FaultKind::Other,
                expr.span,
                format!("column \"{name}\" can only be updated to DEFAULT: it is an identity column defined as GENERATED ALWAYS"),
                None,
            );
        }
        if matches!(expr.kind, ExprKind::Default) {
            return self.default(expr, column);
        }
        self.target = Some(Target {
            name: name.clone(),
            limit: shorter(column.data_type.limit(), self.settings.limit),
            not_null: must_not_be_null(column),
        });
        let typed = self.expr(expr)?;
        self.target = None;
        self.assign(typed, column)
    }

    fn assign(&mut self, typed: Typed, column: &Column) -> Option<Typed> {
        let to = column.data_type.base();
        let typed = self.engine_assign(typed, to)?;
        let typed = match column.data_type.has_numeric_affinity() {
            true => self.stored(typed)?,
            false => typed,
        };
        let from = typed.data_type.clone();
        // Where text turns into anything that it reads as, a pattern must not take it at its word:
        // what it replaces by text are columns that hold text.
        let astray = self.settings.value.is_some() && is_text(&from) && !to.holds_text();
        let context = if from == DataType::Unknown || can_cast(&from, to, CastContext::Assignment) {
            CastContext::Assignment
        } else if self.lenient() && !astray && can_cast(&from, to, CastContext::Explicit) {
            CastContext::Explicit
        } else {
            return self.fault(
                FaultKind::Type,
                typed.span,
                format!(
                    "column \"{}\" is of type {} but expression is of type {}",
                    column.name,
                    display(to),
                    display(&from)
                ),
                Some("add a cast"),
            );
        };
        // A literal is read as the column's type; its length is checked as that of any value.
        if let (DataType::Unknown, Node::Const(Value::Text(text))) = (&from, &typed.node) {
            let value = value::parse(text, to)
                .and_then(|value| value::cast(value, to, to, CastContext::Assignment))
                .map(Value::into_owned);
            return match value {
                Ok(value) => Some(Typed {
                    node: Node::Const(value),
                    data_type: to.clone(),
                    ..typed
                }),
                Err(error) => {
                    // An input function that refuses means that the type does not accept it; a
                    // length that it does not fit.
                    let kind = if value::parse(text, to).is_err() {
                        FaultKind::Type
                    } else {
                        FaultKind::Other
                    };
                    self.fault(kind, typed.span, error.to_string(), None)
                }
            };
        }
        self.cast(typed, to, context)
    }

    /// `DEFAULT`: the column's, if it is a constant.
    fn default(&mut self, expr: &Expr, column: &Column) -> Option<Typed> {
        let mut domain = &column.data_type;
        let mut text = column.default.as_deref();
        while let (None, DataType::Domain(inner)) = (text, domain) {
            text = inner.default.as_deref();
            domain = &inner.base;
        }
        let automatic = column.generated != Generated::No;
        if automatic {
            return self.server_default(expr, column);
        }
        let Some(text) = text else {
            return Some(Typed::new(
                Node::Const(Value::Null),
                DataType::Unknown,
                expr.span,
            ));
        };
        let Ok(parsed) = rulebook::parse_expression(text, self.settings.dump) else {
            return self.server_default(expr, column);
        };
        // A fault in it is not the rulebook's: it only means that the value is not known here.
        let before = self.faults.len();
        let typed = self
            .expr(&parsed)
            .and_then(|typed| self.assign(typed, column));
        self.faults.truncate(before);
        match typed {
            Some(typed) if matches!(typed.node, Node::Const(_)) => Some(Typed {
                span: expr.span,
                ..typed
            }),
            _ => self.server_default(expr, column),
        }
    }

    fn server_default(&mut self, expr: &Expr, column: &Column) -> Option<Typed> {
        self.fault(
            FaultKind::Other,
            expr.span,
            format!(
                "the default of column \"{}\" is computed by the server and not known here",
                column.name
            ),
            Some("write the value"),
        )
    }
}
/// The shorter of two limits.
fn shorter(
    a: Option<(u32, LengthUnit)>,
    b: Option<(u32, LengthUnit)>,
) -> Option<(u32, LengthUnit)> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.0 < a.0 { b } else { a }),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Cells, parse, postgres};
    use super::*;
    use crate::rulebook::SqlDialect;

    #[test]
    fn a_direct_call_is_what_is_evaluated() {
        let unit = LengthUnit::Characters;
        let varchar = |limit| DataType::Varchar(Some(limit), unit);
        for (value, data_type, direct) in [
            ("anon.pseudo_email(v)", DataType::Text, true),
            ("anon.pseudo_email(v)", varchar(255), true),
            ("anon.pseudo_email(v)", varchar(7), true),
            ("anon.pseudo_name(v, 'de')", varchar(6), true),
            ("anon.hash(v)", varchar(9), true),
            ("anon.rewrite_emails(v)::varchar(3)", varchar(9), false),
            ("anon.pseudo_name(v || '')", DataType::Text, false),
            ("anon.pseudo_name(v)", DataType::Char(40, unit), false),
            ("anon.fake_name()", DataType::Text, false),
        ] {
            for cell in [Some("jane@company.com"), Some(""), Some("é"), None] {
                let cells = Cells::default().with("v", DataType::Text, cell);
                let expr = parse(value, SqlDialect::Postgres);
                let column = Column::new("v", data_type.clone());
                let compiled = compile_assignment(&expr, &column, &mut cells.clone(), &postgres());
                let compiled = compiled.unwrap();
                assert_eq!(compiled.direct.is_some(), direct, "{value}");
                let evaluated = Assignment {
                    direct: None,
                    ..compiled.clone()
                };
                let shown = format!("{value} {data_type:?} {cell:?}");
                assert_eq!(compiled.eval(&cells), evaluated.eval(&cells), "{shown}");
            }
        }
    }
}
