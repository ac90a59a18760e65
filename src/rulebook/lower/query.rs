//! SELECT: lists, joins, subqueries; WITH queries are put in where they are named.

use super::super::ast::{
    ExprKind, From, FromItem, Ident, Join, OrderBy, Query, SelectItem, Span, SqlDialect, TableRef,
};
use super::super::token::{decode, join};
use super::{Lower, is_bare, same};
use sqlparser::ast as sql;

impl Query {
    /// How many columns it gives, if the select list says so.
    pub(super) fn width(&self) -> Option<usize> {
        let plain = self
            .items
            .iter()
            .all(|item| matches!(item, SelectItem::Expr { .. }));
        plain.then_some(self.items.len())
    }
}

impl Lower<'_> {
    /// A SELECT with its own WITH, ORDER BY and LIMIT. Patterns and VALUE mean nothing inside.
    pub(super) fn query(&mut self, query: &sql::Query) -> Query {
        let outside = (self.patterns, self.value, self.queries.len());
        (self.patterns, self.value) = (false, false);
        if let Some(with) = &query.with {
            self.with(with);
        }
        let lowered = self.plain_query(query);
        self.queries.truncate(outside.2);
        (self.patterns, self.value) = (outside.0, outside.1);
        lowered
    }

    fn plain_query(&mut self, query: &sql::Query) -> Query {
        let span = self.place(query);
        let mut lowered = match &*query.body {
            sql::SetExpr::Select(select) => self.select(select, span),
            sql::SetExpr::Query(inner) => self.query(inner),
            sql::SetExpr::SetOperation { op, .. } => {
                self.fault(
                    span,
                    format!("{op} is not read"),
                    "write one statement for each SELECT, or OR in WHERE",
                );
                empty(span)
            }
            sql::SetExpr::Values(_) => {
                self.fault(span, "VALUES stands only in INSERT", "write SELECT …");
                empty(span)
            }
            _ => {
                self.fault(
                    span,
                    "only a SELECT can stand here",
                    "write the changing statement by itself",
                );
                empty(span)
            }
        };
        let sorted = !lowered.order_by.is_empty() || lowered.limit.is_some();
        match query.order_by.as_ref().map(|order_by| &order_by.kind) {
            None => {}
            Some(sql::OrderByKind::Expressions(exprs)) if !sorted => {
                lowered.order_by = exprs.iter().map(|expr| self.order_by(expr)).collect();
            }
            Some(_) => self.fault(
                span,
                "this form of ORDER BY is not read",
                "write ORDER BY a, b",
            ),
        }
        self.limit(query, &mut lowered);
        if !query.locks.is_empty() || query.for_clause.is_some() {
            self.fault(
                span,
                "FOR … at the end of a SELECT is not read",
                "leave it out",
            );
        }
        if query.settings.is_some()
            || query.format_clause.is_some()
            || !query.pipe_operators.is_empty()
        {
            self.fault(span, "this form of SELECT is not read", "write plain SQL");
        }
        lowered
    }

    fn limit(&mut self, query: &sql::Query, lowered: &mut Query) {
        let number = |expr: &sql::Expr| match expr {
            sql::Expr::Value(value) => match &value.value {
                sql::Value::Number(number, _) => number.parse().ok(),
                _ => None,
            },
            _ => None,
        };
        let limit = match (&query.limit_clause, &query.fetch) {
            (None, None) => return,
            (
                Some(sql::LimitClause::LimitOffset {
                    limit: Some(limit),
                    offset: None,
                    limit_by,
                }),
                None,
            ) if limit_by.is_empty() => number(limit),
            (
                None,
                Some(sql::Fetch {
                    with_ties: false,
                    percent: false,
                    quantity: Some(quantity),
                }),
            ) => number(quantity),
            _ => None,
        };
        match limit.filter(|_| lowered.limit.is_none()) {
            Some(limit) => lowered.limit = Some(limit),
            None => self.fault(
                lowered.span,
                "of LIMIT only a plain number is read, and no OFFSET",
                "write LIMIT 10",
            ),
        }
    }

    fn order_by(&mut self, item: &sql::OrderByExpr) -> OrderBy {
        let expr = self.expression(&item.expr);
        if matches!(item.options.sort, Some(sql::OrderBySort::Using(_))) || item.with_fill.is_some()
        {
            self.fault(
                expr.span,
                "this form of ORDER BY is not read",
                "write ASC or DESC",
            );
        }
        OrderBy {
            expr,
            descending: matches!(item.options.sort, Some(sql::OrderBySort::Desc)),
            nulls_first: item.options.nulls_first,
        }
    }

    fn select(&mut self, select: &sql::Select, span: Span) -> Query {
        let span = decode(sql::Spanned::span(select)).map_or(span, |own| join(own, span));
        let mut refuse = |wrong: bool, what: &str, help: &str| {
            if wrong {
                self.fault(span, format!("{what} is not read"), help);
            }
        };
        refuse(
            select.into.is_some(),
            "SELECT … INTO",
            "write INSERT INTO … SELECT …",
        );
        refuse(
            matches!(select.distinct, Some(sql::Distinct::On(_))),
            "DISTINCT ON",
            "write DISTINCT, or GROUP BY with min or max",
        );
        refuse(
            !select.connect_by.is_empty(),
            "CONNECT BY",
            "a rulebook has no recursion: name the levels",
        );
        refuse(
            select.qualify.is_some() || !select.named_window.is_empty(),
            "a window",
            "a rule sees one row, or the rows of a subquery",
        );
        refuse(
            !select.lateral_views.is_empty()
                || select.prewhere.is_some()
                || select.exclude.is_some()
                || select.value_table_mode.is_some()
                || select.select_modifiers.is_some()
                || !select.cluster_by.is_empty()
                || !select.distribute_by.is_empty()
                || !select.sort_by.is_empty()
                || select.flavor != sql::SelectFlavor::Standard,
            "this form of SELECT",
            "write plain SQL",
        );
        let limit = match &select.top {
            None => None,
            Some(sql::Top {
                with_ties: false,
                percent: false,
                quantity: Some(sql::TopQuantity::Constant(limit)),
            }) => Some(*limit),
            Some(_) => {
                self.fault(span, "of TOP only a plain number is read", "write TOP 10");
                None
            }
        };
        let from = self.tables(&select.from);
        let items = select
            .projection
            .iter()
            .map(|item| self.select_item(item, span))
            .collect();
        let filter = select.selection.as_ref().map(|expr| self.expression(expr));
        let group_by = match &select.group_by {
            sql::GroupByExpr::Expressions(exprs, modifiers) if modifiers.is_empty() => {
                exprs.iter().map(|expr| self.expression(expr)).collect()
            }
            _ => {
                self.fault(
                    span,
                    "this form of GROUP BY is not read",
                    "list what to group by",
                );
                Vec::new()
            }
        };
        let having = select.having.as_ref().map(|expr| self.expression(expr));
        let distinct = matches!(select.distinct, Some(sql::Distinct::Distinct));
        Query {
            distinct,
            items,
            from,
            filter,
            group_by,
            having,
            order_by: Vec::new(),
            limit,
            span,
        }
    }

    fn select_item(&mut self, item: &sql::SelectItem, span: Span) -> SelectItem {
        match item {
            sql::SelectItem::UnnamedExpr(expr) => SelectItem::Expr {
                expr: self.expression(expr),
                alias: None,
            },
            sql::SelectItem::ExprWithAlias { expr, alias } => SelectItem::Expr {
                expr: self.expression(expr),
                alias: Some(self.ident(alias)),
            },
            sql::SelectItem::Wildcard(options) if plain_wildcard(options) => {
                SelectItem::Wildcard(None)
            }
            sql::SelectItem::QualifiedWildcard(
                sql::SelectItemQualifiedWildcardKind::ObjectName(name),
                options,
            ) if plain_wildcard(options) => SelectItem::Wildcard(self.parts(name).pop()),
            _ => {
                self.fault(
                    span,
                    "this form of a select list is not read",
                    "list the columns",
                );
                SelectItem::Wildcard(None)
            }
        }
    }

    pub(super) fn tables(&mut self, list: &[sql::TableWithJoins]) -> Vec<From> {
        let mut from: Vec<From> = list.iter().filter_map(|item| self.joined(item)).collect();
        // `FROM dual` means no table.
        let dual = |from: &From| {
            matches!(&from.first, FromItem::Table(table)
                if !table.name.quoted && !table.target && table.name.text.eq_ignore_ascii_case("dual"))
                && from.joins.is_empty()
        };
        if matches!(self.dialect, SqlDialect::Oracle | SqlDialect::Mysql) {
            from.retain(|item| !dual(item));
        }
        from
    }

    fn joined(&mut self, item: &sql::TableWithJoins) -> Option<From> {
        let first = self.table_or_query(&item.relation)?;
        let joins = item
            .joins
            .iter()
            .filter_map(|join| self.join(join))
            .collect();
        Some(From { first, joins })
    }

    fn join(&mut self, item: &sql::Join) -> Option<Join> {
        use sql::JoinOperator as J;
        let span = self.place(&item.relation);
        let relation = self.table_or_query(&item.relation)?;
        let (left, constraint) = match &item.join_operator {
            J::Join(constraint) | J::Inner(constraint) | J::CrossJoin(constraint) => {
                (false, constraint)
            }
            J::Left(constraint) | J::LeftOuter(constraint) => (true, constraint),
            _ => {
                self.fault(
                    span,
                    "of joins only JOIN, LEFT JOIN and CROSS JOIN are read",
                    "turn the tables around and write LEFT JOIN",
                );
                return None;
            }
        };
        let on = match constraint {
            sql::JoinConstraint::On(expr) => Some(self.expression(expr)),
            sql::JoinConstraint::None => None,
            sql::JoinConstraint::Using(_) | sql::JoinConstraint::Natural => {
                self.fault(
                    span,
                    "of join conditions only ON is read",
                    "write ON a.id = b.id",
                );
                None
            }
        };
        Some(Join {
            left,
            item: relation,
            on,
        })
    }

    fn table_or_query(&mut self, factor: &sql::TableFactor) -> Option<FromItem> {
        let span = self.place(factor);
        match factor {
            sql::TableFactor::Table {
                name,
                alias,
                args: None,
                version: None,
                with_ordinality: false,
                json_path: None,
                sample: None,
                partitions,
                // `WITH (NOLOCK)` and index hints change nothing here.
                with_hints: _,
                index_hints: _,
            } if partitions.is_empty() => {
                let table = self.table_alias(name, alias.as_ref(), span)?;
                let named = |(name, _): &&(Ident, Query)| same(name, &table.name);
                let qualified = table.target || name.0.len() > 1;
                let query = self.queries.iter().rev().find(named).filter(|_| !qualified);
                match query {
                    Some((_, query)) => Some(FromItem::Query {
                        query: Box::new(query.clone()),
                        alias: table.alias.unwrap_or(table.name),
                    }),
                    None => Some(FromItem::Table(table)),
                }
            }
            sql::TableFactor::Derived {
                lateral: false,
                subquery,
                alias,
                sample: None,
            } => {
                let mut query = self.query(subquery);
                let Some(alias) = alias else {
                    if self.dialect == SqlDialect::Oracle || self.dialect == SqlDialect::Sqlite {
                        let alias = Ident {
                            text: String::new(),
                            quoted: true,
                            span,
                        };
                        return Some(FromItem::Query {
                            query: Box::new(query),
                            alias,
                        });
                    }
                    self.fault(
                        span,
                        "a subquery in FROM needs a name",
                        "write (SELECT …) AS x",
                    );
                    return None;
                };
                self.rename(&mut query, alias);
                Some(FromItem::Query {
                    query: Box::new(query),
                    alias: self.ident(&alias.name),
                })
            }
            sql::TableFactor::NestedJoin {
                table_with_joins,
                alias: None,
            } if table_with_joins.joins.is_empty() => {
                self.table_or_query(&table_with_joins.relation)
            }
            _ => {
                self.fault(
                    span,
                    "FROM takes tables and subqueries",
                    "write joins without parentheses; LATERAL and functions in FROM are not read",
                );
                None
            }
        }
    }

    pub(super) fn table_alias(
        &mut self,
        name: &sql::ObjectName,
        alias: Option<&sql::TableAlias>,
        span: Span,
    ) -> Option<TableRef> {
        let mut table = self.table(name)?;
        if let Some(alias) = alias {
            if !alias.columns.is_empty() || alias.at.is_some() {
                self.fault(
                    span,
                    "columns cannot be renamed here",
                    "write AS alias alone",
                );
            }
            let patterns = std::mem::replace(&mut self.patterns, false);
            table.alias = Some(self.ident(&alias.name));
            self.patterns = patterns;
        }
        Some(table)
    }

    /// `WITH x AS (SELECT …)`: read once, put in wherever x is named.
    pub(super) fn with(&mut self, with: &sql::With) {
        if with.recursive {
            self.fault(
                decode(with.with_token.0.span).unwrap_or(self.fallback),
                "a recursive WITH is not read",
                "write the levels out, or decide with a column of the row",
            );
            return;
        }
        for table in &with.cte_tables {
            let mut query = self.query(&table.query);
            self.rename(&mut query, &table.alias);
            let name = self.ident(&table.alias.name);
            self.queries.push((name, query));
        }
    }

    /// `x(a, b)`: names for the columns of a subquery.
    fn rename(&mut self, query: &mut Query, alias: &sql::TableAlias) {
        if alias.columns.is_empty() {
            return;
        }
        let span = decode(alias.name.span).unwrap_or(self.fallback);
        if query.width() != Some(alias.columns.len()) {
            self.fault(
                span,
                "the names do not fit the columns of the SELECT",
                "list the columns in the SELECT, one for each name",
            );
            return;
        }
        for (item, column) in query.items.iter_mut().zip(&alias.columns) {
            if let SelectItem::Expr { alias, .. } = item {
                *alias = Some(self.ident(&column.name));
            }
        }
    }

    /// An assigned or inserted value: there DEFAULT may stand for it.
    pub(super) fn assigned(&mut self, expr: &sql::Expr) -> super::Expr {
        match expr {
            sql::Expr::Identifier(ident) if is_bare(ident, "default") => super::Expr {
                kind: ExprKind::Default,
                span: decode(ident.span).unwrap_or(self.fallback),
            },
            other => self.expression(other),
        }
    }
}

fn plain_wildcard(options: &sql::WildcardAdditionalOptions) -> bool {
    options.opt_ilike.is_none()
        && options.opt_exclude.is_none()
        && options.opt_except.is_none()
        && options.opt_replace.is_none()
        && options.opt_rename.is_none()
        && options.opt_alias.is_none()
}

fn empty(span: Span) -> Query {
    Query {
        distinct: false,
        items: Vec::new(),
        from: Vec::new(),
        filter: None,
        group_by: Vec::new(),
        having: None,
        order_by: Vec::new(),
        limit: None,
        span,
    }
}
