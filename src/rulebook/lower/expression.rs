//! Expressions but for calls and the comparisons of lists, rows and patterns.

use super::super::ast::{Expr, ExprKind, TypeName, UnaryOp};
use super::super::token::{decode, join};
use super::operator::unary;
use super::{Lower, cover, is_bare};
use sqlparser::ast as sql;

impl Lower<'_> {
    pub(super) fn expression(&mut self, expr: &sql::Expr) -> Expr {
        use sql::Expr as E;
        match expr {
            E::Identifier(ident) => self.column(None, ident),
            E::CompoundIdentifier(parts) => match parts.as_slice() {
                [table, column] => self.column(Some(table), column),
                [.., table, column] => {
                    // `s.t.c`: the table in FROM says the schema already.
                    self.column(Some(table), column)
                }
                _ => self.not_read(expr, "an empty name"),
            },
            E::Nested(inner) => self.expression(inner),
            E::Value(value) => self.literal(value),
            E::Prefixed { value, .. } => self.expression(value),
            E::TypedString(typed) => {
                let literal = self.literal(&typed.value);
                self.cast(literal, &typed.data_type)
            }
            E::Interval(interval) => self.interval(expr, interval),
            E::Cast {
                kind,
                expr: inner,
                data_type,
                format,
            } => {
                if !matches!(kind, sql::CastKind::Cast | sql::CastKind::DoubleColon)
                    || format.is_some()
                {
                    return self.not_read(expr, "this kind of cast");
                }
                let inner = self.expression(inner);
                self.cast(inner, data_type)
            }
            E::Convert {
                is_try: false,
                expr: inner,
                data_type: Some(to),
                styles,
                ..
            } if styles.is_empty() => {
                let inner = self.expression(inner);
                self.cast(inner, to)
            }
            E::UnaryOp { op, expr: inner } => self.unary(expr, op, inner),
            E::BinaryOp { .. } => self.binary(expr),
            E::IsNull(inner) => self.wrap(inner, |e| ExprKind::IsNull(e, false)),
            E::IsNotNull(inner) => self.wrap(inner, |e| ExprKind::IsNull(e, true)),
            E::IsTrue(inner) => self.is_boolean(inner, Some(true), false),
            E::IsNotTrue(inner) => self.is_boolean(inner, Some(true), true),
            E::IsFalse(inner) => self.is_boolean(inner, Some(false), false),
            E::IsNotFalse(inner) => self.is_boolean(inner, Some(false), true),
            E::IsUnknown(inner) => self.is_boolean(inner, None, false),
            E::IsNotUnknown(inner) => self.is_boolean(inner, None, true),
            E::IsDistinctFrom(a, b) => self.pair(a, b, |a, b| ExprKind::IsDistinct(a, b, false)),
            E::IsNotDistinctFrom(a, b) => self.pair(a, b, |a, b| ExprKind::IsDistinct(a, b, true)),
            E::InList {
                expr: inner,
                list,
                negated,
            } => self.in_list(inner, list, *negated),
            E::InSubquery {
                expr: inner,
                subquery,
                negated,
            } => self.in_query(inner, subquery, *negated),
            E::AnyOp {
                left,
                compare_op: sql::BinaryOperator::Eq,
                right,
                ..
            } => self.quantified(expr, left, right, false),
            E::AllOp {
                left,
                compare_op: sql::BinaryOperator::NotEq,
                right,
            } => self.quantified(expr, left, right, true),
            E::Between {
                expr: inner,
                negated,
                low,
                high,
            } => {
                let [inner, low, high] = [inner, low, high].map(|e| Box::new(self.expression(e)));
                let span = join(inner.span, high.span);
                let kind = ExprKind::Between {
                    expr: inner,
                    low,
                    high,
                    negated: *negated,
                };
                Expr { kind, span }
            }
            E::Like {
                negated,
                any: false,
                expr: inner,
                pattern,
                escape_char,
            } => self.like(inner, pattern, escape_char.as_deref(), false, *negated),
            E::ILike {
                negated,
                any: false,
                expr: inner,
                pattern,
                escape_char,
            } => self.like(inner, pattern, escape_char.as_deref(), true, *negated),
            E::RLike {
                negated,
                expr: inner,
                pattern,
                ..
            } => {
                let args = vec![self.expression(inner), self.expression(pattern)];
                let call = self.call("regexp_like", args, self.place(expr));
                if *negated {
                    unary(UnaryOp::Not, call)
                } else {
                    call
                }
            }
            E::Case {
                case_token,
                end_token,
                operand,
                conditions,
                else_result,
            } => {
                let operand = operand.as_ref().map(|e| Box::new(self.expression(e)));
                let branches = conditions
                    .iter()
                    .map(|when| {
                        (
                            self.expression(&when.condition),
                            self.expression(&when.result),
                        )
                    })
                    .collect();
                let otherwise = else_result.as_ref().map(|e| Box::new(self.expression(e)));
                let kind = ExprKind::Case {
                    operand,
                    branches,
                    otherwise,
                };
                let ends = [case_token, end_token].map(|token| decode(token.0.span));
                let span = match ends {
                    [Some(case), Some(end)] => join(case, end),
                    _ => self.place(expr),
                };
                Expr { kind, span }
            }
            E::Exists { subquery, negated } => {
                let query = Box::new(self.query(subquery));
                Expr {
                    span: query.span,
                    kind: ExprKind::Exists {
                        query,
                        negated: *negated,
                    },
                }
            }
            E::Subquery(query) => {
                let query = Box::new(self.query(query));
                Expr {
                    span: query.span,
                    kind: ExprKind::Subquery(query),
                }
            }
            E::Array(array) => {
                let elements: Vec<_> = array.elem.iter().map(|e| self.expression(e)).collect();
                let span = cover(&elements, self.place(expr));
                Expr {
                    kind: ExprKind::Array(elements),
                    span,
                }
            }
            E::Tuple(_) => {
                let span = self.place(expr);
                self.refuse(
                    span,
                    "a row of values is not read here",
                    "rows can be compared with =, <>, IN (…) and IN (SELECT …)",
                )
            }
            E::Collate {
                expr: inner,
                collation,
            } => {
                let span = self.place(expr);
                let name = collation.to_string().to_ascii_lowercase();
                let exact = name == "binary" || name.ends_with("_bin");
                if exact && self.dialect == crate::rulebook::SqlDialect::Mysql {
                    let name = Expr {
                        kind: ExprKind::String(name),
                        span,
                    };
                    return Expr {
                        kind: ExprKind::Call {
                            schema: None,
                            name: "collate".to_owned(),
                            args: vec![self.expression(inner), name],
                            star: false,
                            distinct: false,
                            filter: None,
                        },
                        span,
                    };
                }
                self.refuse(
                    span,
                    "COLLATE is not read",
                    "leave it out: a comparison follows the column's declared collation; MySQL's _bin are read",
                )
            }
            E::SimilarTo { .. } => {
                let span = self.place(expr);
                self.refuse(
                    span,
                    "SIMILAR TO is not read",
                    "write LIKE, or ~ with a regular expression",
                )
            }
            E::Function(_)
            | E::Extract { .. }
            | E::Ceil { .. }
            | E::Floor { .. }
            | E::Position { .. }
            | E::Substring { .. }
            | E::Trim { .. }
            | E::Overlay { .. }
            | E::AtTimeZone { .. } => self.function(expr),
            _ => self.not_read(expr, "this expression"),
        }
    }

    /// The refusal of what has no better message.
    pub(super) fn not_read(&mut self, expr: &sql::Expr, what: &str) -> Expr {
        let span = self.place(expr);
        self.refuse(
            span,
            format!("{what} is not read in a rulebook"),
            "write it with the operators and functions that `scrub functions` and the manual list",
        )
    }

    pub(super) fn column(&mut self, table: Option<&sql::Ident>, column: &sql::Ident) -> Expr {
        let span = decode(column.span).unwrap_or(self.fallback);
        if table.is_none() {
            if self.value && is_bare(column, "value") {
                return Expr {
                    kind: ExprKind::Value,
                    span,
                };
            }
            if is_bare(column, "default") {
                return self.refuse(
                    span,
                    "DEFAULT stands only as a whole assigned or inserted value",
                    "write SET column = DEFAULT",
                );
            }
            if is_bare(column, "rownum") && self.dialect == crate::rulebook::SqlDialect::Oracle {
                return self.refuse(
                    span,
                    "ROWNUM is not read: rows have no order in a rulebook",
                    "choose the rows by their values",
                );
            }
            if self.is_niladic(column) {
                let name = column.value.to_ascii_lowercase();
                return self.call(&name, Vec::new(), span);
            }
        }
        let table = table.map(|table| self.ident(table));
        let column = self.ident(column);
        let span = table.as_ref().map_or(span, |table| join(table.span, span));
        Expr {
            kind: ExprKind::Column { table, column },
            span,
        }
    }

    fn literal(&mut self, value: &sql::ValueWithSpan) -> Expr {
        use sql::Value as V;
        let span = decode(value.span).unwrap_or(self.fallback);
        let kind = match &value.value {
            V::Null => ExprKind::Null,
            V::Boolean(value) => ExprKind::Boolean(*value),
            V::Number(number, _) => ExprKind::Number(number.clone()),
            V::SingleQuotedString(s)
            | V::EscapedStringLiteral(s)
            | V::UnicodeStringLiteral(s)
            | V::NationalStringLiteral(s)
            // Only MySQL's lexer gives these as values: there they are text.
            | V::DoubleQuotedString(s) => ExprKind::String(s.clone()),
            V::DollarQuotedString(s) => ExprKind::String(s.value.clone()),
            V::QuoteDelimitedStringLiteral(s) | V::NationalQuoteDelimitedStringLiteral(s) => {
                ExprKind::String(s.value.clone())
            }
            // Bytes, which these dialects write like this.
            V::HexStringLiteral(digits)
                if matches!(
                    self.dialect,
                    crate::rulebook::SqlDialect::Mysql | crate::rulebook::SqlDialect::Sqlite
                ) && digits.len().is_multiple_of(2) =>
            {
                let bytes = ExprKind::String(format!("\\x{digits}"));
                let to = TypeName {
                    name: "bytea".to_owned(),
                    args: Vec::new(),
                    array: false,
                };
                ExprKind::Cast(Box::new(Expr { kind: bytes, span }), to)
            }
            V::Placeholder(name) => {
                return self.refuse(
                    span,
                    format!("{name} stands for a value that nobody gives"),
                    "write a psql variable, :'name', and give it with --set name=value",
                );
            }
            _ => {
                return self.refuse(
                    span,
                    "this kind of literal is not read in a rulebook",
                    "write text, a number, TRUE, FALSE or NULL",
                );
            }
        };
        Expr { kind, span }
    }

    pub(super) fn cast(&mut self, inner: Expr, to: &sql::DataType) -> Expr {
        let span = inner.span;
        let named = super::types::type_name(to).map(|name| self.engine_type(name, to));
        match named {
            Some(to) => Expr {
                kind: ExprKind::Cast(Box::new(inner), to),
                span,
            },
            None => self.refuse(
                span,
                format!("the type {to} is not read in a rulebook"),
                "cast to a type that a column can have",
            ),
        }
    }

    /// What a cast to a type without its numbers means in the dialect.
    fn engine_type(&self, mut name: TypeName, written: &sql::DataType) -> TypeName {
        use crate::rulebook::SqlDialect::{Mssql, Mysql, Oracle, Sqlite};
        let bare = !written.to_string().contains('(');
        match (name.name.as_str(), self.dialect) {
            // MySQL's char has no length there, SQLite's types limit nothing.
            ("character", Mysql) if bare => name.name = "text".to_owned(),
            ("character" | "character varying", Sqlite) => name.name = "text".to_owned(),
            ("character" | "character varying", Mssql) if bare => {
                name.name = "character varying".to_owned();
                name.args = vec![30];
                return name;
            }
            ("numeric", Mysql) if bare => name.args = vec![10, 0],
            ("numeric", Mssql) if bare => name.args = vec![18, 0],
            ("numeric", Oracle) if bare && !written.to_string().eq_ignore_ascii_case("number") => {
                name.args = vec![38, 0];
            }
            _ => {}
        }
        if name.name == "text" || (name.name == "numeric" && self.dialect == Sqlite) {
            name.args.clear();
        }
        name
    }

    /// `INTERVAL '1 day'`, `INTERVAL '1' DAY`, MySQL's `INTERVAL 1 DAY`.
    fn interval(&mut self, expr: &sql::Expr, interval: &sql::Interval) -> Expr {
        let inner = self.expression(&interval.value);
        let text = match (&inner.kind, &interval.leading_field, &interval.last_field) {
            (ExprKind::String(text) | ExprKind::Number(text), Some(field), None) => {
                format!("{text} {}", field.to_string().to_lowercase())
            }
            (ExprKind::String(text), None, None) => text.clone(),
            _ => {
                return self.refuse(
                    self.place(expr),
                    "this form of INTERVAL is not read",
                    "write INTERVAL '1 day 2 hours'",
                );
            }
        };
        let span = inner.span;
        let text = Expr {
            kind: ExprKind::String(text),
            span,
        };
        let to = TypeName {
            name: "interval".to_owned(),
            args: Vec::new(),
            array: false,
        };
        Expr {
            kind: ExprKind::Cast(Box::new(text), to),
            span,
        }
    }

    fn wrap(&mut self, inner: &sql::Expr, kind: impl FnOnce(Box<Expr>) -> ExprKind) -> Expr {
        let inner = Box::new(self.expression(inner));
        Expr {
            span: inner.span,
            kind: kind(inner),
        }
    }

    fn is_boolean(&mut self, inner: &sql::Expr, value: Option<bool>, negated: bool) -> Expr {
        self.wrap(inner, |expr| ExprKind::IsBoolean {
            expr,
            value,
            negated,
        })
    }

    fn pair(
        &mut self,
        a: &sql::Expr,
        b: &sql::Expr,
        kind: impl FnOnce(Box<Expr>, Box<Expr>) -> ExprKind,
    ) -> Expr {
        let (a, b) = (Box::new(self.expression(a)), Box::new(self.expression(b)));
        Expr {
            span: join(a.span, b.span),
            kind: kind(a, b),
        }
    }
}
