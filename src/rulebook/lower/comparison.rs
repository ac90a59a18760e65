//! Comparisons with lists, rows, subqueries and patterns.

use super::super::ast::{BinaryOp, Expr, ExprKind, Span, UnaryOp};
use super::super::token::join;
use super::operator::{binary, unary};
use super::{Lower, cover};
use sqlparser::ast as sql;

impl Lower<'_> {
    /// `(a, b) = (c, d)`: column by column, which is what it means in three-valued logic too.
    pub(super) fn rows(
        &mut self,
        whole: &sql::Expr,
        left: &sql::Expr,
        op: &sql::BinaryOperator,
        right: &sql::Expr,
    ) -> Expr {
        let span = self.place(whole);
        let negated = match op {
            sql::BinaryOperator::Eq => false,
            sql::BinaryOperator::NotEq => true,
            _ => {
                return self.refuse(
                    span,
                    "rows of values are compared with =, <> and IN only",
                    "write the comparison column by column",
                );
            }
        };
        let left = tuple(left).map(|row| self.all(&row)).unwrap_or_default();
        let Some(right) = tuple(right).map(|row| self.all(&row)) else {
            return self.refuse(
                span,
                "a row is compared with a row",
                "write (a, b) = (1, 2)",
            );
        };
        let equal = self.row_equals(left, right, span);
        if negated {
            unary(UnaryOp::Not, equal)
        } else {
            equal
        }
    }

    fn all(&mut self, exprs: &[&sql::Expr]) -> Vec<Expr> {
        exprs.iter().map(|expr| self.expression(expr)).collect()
    }

    fn row_equals(&mut self, left: Vec<Expr>, right: Vec<Expr>, span: Span) -> Expr {
        if left.len() != right.len() {
            return self.refuse(
                span,
                "the rows that are compared have different lengths",
                "compare rows of the same length",
            );
        }
        left.into_iter()
            .zip(right)
            .map(|(a, b)| binary(BinaryOp::Eq, a, b))
            .reduce(|a, b| binary(BinaryOp::And, a, b))
            .unwrap_or(Expr {
                kind: ExprKind::Boolean(true),
                span,
            })
    }

    pub(super) fn in_list(&mut self, inner: &sql::Expr, list: &[sql::Expr], negated: bool) -> Expr {
        if let Some(row) = tuple(inner) {
            let left = self.all(&row);
            let span = cover(&left, self.fallback);
            let mut any: Option<Expr> = None;
            for item in list {
                let Some(right) = tuple(item).map(|row| self.all(&row)) else {
                    return self.refuse(
                        span,
                        "a row is compared with rows",
                        "write IN ((1, 2), (3, 4))",
                    );
                };
                let equal = self.row_equals(left.clone(), right, span);
                any = Some(match any {
                    Some(any) => binary(BinaryOp::Or, any, equal),
                    None => equal,
                });
            }
            let any = any.unwrap_or(Expr {
                kind: ExprKind::Boolean(false),
                span,
            });
            return if negated {
                unary(UnaryOp::Not, any)
            } else {
                any
            };
        }
        let expr = Box::new(self.expression(inner));
        let list: Vec<_> = list.iter().map(|item| self.expression(item)).collect();
        let span = join(expr.span, cover(&list, expr.span));
        Expr {
            kind: ExprKind::InList {
                expr,
                list,
                negated,
            },
            span,
        }
    }

    pub(super) fn in_query(
        &mut self,
        inner: &sql::Expr,
        query: &sql::Query,
        negated: bool,
    ) -> Expr {
        let exprs = match tuple(inner) {
            Some(row) => self.all(&row),
            None => vec![self.expression(inner)],
        };
        let query = Box::new(self.query(query));
        let span = join(cover(&exprs, query.span), query.span);
        let width = query.width();
        if width.is_some_and(|width| width != exprs.len()) {
            self.fault(
                query.span,
                "the subquery gives another number of columns than it is compared with",
                "select one column for each compared value",
            );
        }
        Expr {
            kind: ExprKind::InQuery {
                exprs,
                query,
                negated,
            },
            span,
        }
    }

    /// `= ANY (…)` is IN; `<> ALL (…)` is NOT IN.
    pub(super) fn quantified(
        &mut self,
        whole: &sql::Expr,
        left: &sql::Expr,
        right: &sql::Expr,
        negated: bool,
    ) -> Expr {
        match right {
            sql::Expr::Nested(inner) => self.quantified(whole, left, inner, negated),
            sql::Expr::Subquery(query) => self.in_query(left, query, negated),
            sql::Expr::Array(array) if !array.elem.is_empty() => {
                self.in_list(left, &array.elem, negated)
            }
            _ => {
                let span = self.place(whole);
                self.refuse(
                    span,
                    "ANY and ALL are read over ARRAY[…] or a SELECT",
                    "write IN (…) or NOT IN (…)",
                )
            }
        }
    }

    pub(super) fn like(
        &mut self,
        inner: &sql::Expr,
        pattern: &sql::Expr,
        escape: Option<&sql::Expr>,
        insensitive: bool,
        negated: bool,
    ) -> Expr {
        let escape = match escape.map(|escape| self.expression(escape)) {
            None => None,
            Some(Expr {
                kind: ExprKind::String(text),
                ..
            }) if text.chars().count() <= 1 => Some(text),
            Some(other) => {
                return self.refuse(
                    other.span,
                    "ESCAPE takes one character",
                    "write ESCAPE '\\'",
                );
            }
        };
        let (expr, pattern) = (
            Box::new(self.expression(inner)),
            Box::new(self.expression(pattern)),
        );
        let span = join(expr.span, pattern.span);
        Expr {
            kind: ExprKind::Like {
                expr,
                pattern,
                escape,
                insensitive,
                negated,
            },
            span,
        }
    }
}

/// `(a, b)` or `ROW(a, b)`.
pub(super) fn tuple(expr: &sql::Expr) -> Option<Vec<&sql::Expr>> {
    match expr {
        sql::Expr::Tuple(row) => Some(row.iter().collect()),
        sql::Expr::Function(call) if call.name.to_string().eq_ignore_ascii_case("row") => {
            let sql::FunctionArguments::List(list) = &call.args else {
                return None;
            };
            list.args
                .iter()
                .map(|arg| match arg {
                    sql::FunctionArg::Unnamed(sql::FunctionArgExpr::Expr(expr)) => Some(expr),
                    _ => None,
                })
                .collect()
        }
        _ => None,
    }
}
