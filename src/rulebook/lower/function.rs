//! Calls, and the special forms of SQL that are calls here.

use super::super::ast::{Expr, ExprKind, Span, SqlDialect};
use super::super::token::{decode, join};
use super::{Lower, cover};
use sqlparser::ast as sql;

impl Lower<'_> {
    /// A plain call.
    pub(super) fn call(&mut self, name: &str, args: Vec<Expr>, span: Span) -> Expr {
        let span = join(span, cover(&args, span));
        let kind = ExprKind::Call {
            schema: None,
            name: name.to_owned(),
            args,
            star: false,
            distinct: false,
            filter: None,
        };
        Expr { kind, span }
    }

    /// Functions that a dialect calls without parentheses.
    pub(super) fn is_niladic(&self, name: &sql::Ident) -> bool {
        let common = [
            "current_date",
            "current_timestamp",
            "localtimestamp",
            "current_time",
        ];
        let oracle = ["sysdate", "systimestamp"];
        let bare = |names: &[&str]| names.iter().any(|word| super::is_bare(name, word));
        bare(&common) || (self.dialect == SqlDialect::Oracle && bare(&oracle))
    }

    pub(super) fn function(&mut self, expr: &sql::Expr) -> Expr {
        use sql::Expr as E;
        let span = self.place(expr);
        match expr {
            E::Function(call) => self.plain_call(expr, call),
            E::Extract { field, expr, .. } => {
                let field = ExprKind::String(field.to_string().to_lowercase());
                let args = vec![Expr { kind: field, span }, self.expression(expr)];
                self.call("extract", args, span)
            }
            E::Ceil { expr: inner, field } | E::Floor { expr: inner, field } => {
                if !matches!(
                    field,
                    sql::CeilFloorKind::DateTimeField(sql::DateTimeField::NoDateTime)
                ) {
                    return self.not_read(expr, "this form of CEIL or FLOOR");
                }
                let name = if matches!(expr, E::Ceil { .. }) {
                    "ceil"
                } else {
                    "floor"
                };
                let args = vec![self.expression(inner)];
                self.call(name, args, span)
            }
            E::Position { expr, r#in } => {
                let args = vec![self.expression(expr), self.expression(r#in)];
                self.call("position", args, span)
            }
            E::Substring {
                expr,
                substring_from,
                substring_for,
                shorthand,
                ..
            } => {
                let mut args = vec![self.expression(expr)];
                match (substring_from, substring_for) {
                    (None, Some(_)) => {
                        args.push(Expr {
                            kind: ExprKind::Number("1".to_owned()),
                            span,
                        });
                    }
                    (Some(from), _) => args.push(self.expression(from)),
                    (None, None) => {}
                }
                args.extend(substring_for.as_ref().map(|e| self.expression(e)));
                self.call(if *shorthand { "substr" } else { "substring" }, args, span)
            }
            E::Trim {
                trim_where,
                trim_what,
                expr,
                trim_characters,
            } => {
                let name = match trim_where {
                    None | Some(sql::TrimWhereField::Both) => "trim",
                    Some(sql::TrimWhereField::Leading) => "ltrim",
                    Some(sql::TrimWhereField::Trailing) => "rtrim",
                };
                let mut args = vec![self.expression(expr)];
                args.extend(trim_what.as_ref().map(|e| self.expression(e)));
                args.extend(trim_characters.iter().flatten().map(|e| self.expression(e)));
                self.call(name, args, span)
            }
            E::Overlay {
                expr,
                overlay_what,
                overlay_from,
                overlay_for,
            } => {
                let mut args = vec![
                    self.expression(expr),
                    self.expression(overlay_what),
                    self.expression(overlay_from),
                ];
                args.extend(overlay_for.as_ref().map(|e| self.expression(e)));
                self.call("overlay", args, span)
            }
            E::AtTimeZone {
                timestamp,
                time_zone,
            } => {
                let args = vec![self.expression(time_zone), self.expression(timestamp)];
                self.call("timezone", args, span)
            }
            other => self.not_read(other, "this expression"),
        }
    }

    fn plain_call(&mut self, expr: &sql::Expr, call: &sql::Function) -> Expr {
        let span = self.place(&call.name);
        if call.over.is_some() {
            return self.refuse(
                span,
                "window functions are not read",
                "a rule sees one row, or the rows of a subquery",
            );
        }
        if !call.within_group.is_empty()
            || call.null_treatment.is_some()
            || !matches!(call.parameters, sql::FunctionArguments::None)
        {
            return self.not_read(expr, "this form of a call");
        }
        let mut parts = self.parts(&call.name);
        let name = parts
            .pop()
            .map(|name| name.text.to_lowercase())
            .unwrap_or_default();
        let schema = parts.pop().map(|schema| schema.text.to_lowercase());
        let schema = schema.filter(|schema| schema != "pg_catalog");
        if !parts.is_empty() {
            return self.refuse(
                span,
                "a function is named schema.function",
                "leave the rest out",
            );
        }
        let mut args = Vec::new();
        let (mut star, mut distinct) = (false, false);
        match &call.args {
            sql::FunctionArguments::None => {}
            sql::FunctionArguments::Subquery(_) => {
                return self.refuse(
                    span,
                    "a call over a SELECT is not read",
                    "write a scalar subquery, ((SELECT …)), as the argument",
                );
            }
            sql::FunctionArguments::List(list) => {
                distinct = matches!(
                    list.duplicate_treatment,
                    Some(sql::DuplicateTreatment::Distinct)
                );
                if !list.clauses.is_empty() {
                    return self.refuse(
                        span,
                        "ORDER BY and the like inside a call are not read",
                        "leave them out",
                    );
                }
                for arg in &list.args {
                    match arg {
                        sql::FunctionArg::Unnamed(sql::FunctionArgExpr::Expr(arg)) => {
                            args.push(self.expression(arg));
                        }
                        sql::FunctionArg::Unnamed(sql::FunctionArgExpr::Wildcard) => star = true,
                        _ => {
                            return self.refuse(
                                span,
                                "named arguments are not read",
                                "give the arguments in their order",
                            );
                        }
                    }
                }
            }
        }
        if star && (!args.is_empty() || distinct || name != "count") {
            return self.refuse(span, "* is an argument of count only", "write count(*)");
        }
        let filter = call
            .filter
            .as_ref()
            .map(|filter| Box::new(self.expression(filter)));
        let span = join(span, cover(&args, span));
        let span = decode(sql::Spanned::span(expr)).map_or(span, |whole| join(whole, span));
        Expr {
            kind: ExprKind::Call {
                schema,
                name,
                args,
                star,
                distinct,
                filter,
            },
            span,
        }
    }
}
