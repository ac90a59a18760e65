//! UPDATE and DELETE: the changed table, assignments, and the tables that are only read.

use super::super::ast::{
    Assignment, BinaryOp, Delete, Expr, ExprKind, From, FromItem, Ident, SqlDialect, TableRef,
    Update,
};
use super::super::walk::walk;
use super::{Lower, operator, same};
use sqlparser::ast as sql;

impl Lower<'_> {
    pub(super) fn update(&mut self, update: &sql::Update) -> Option<Update> {
        let limited = update.limit.is_some() || !update.order_by.is_empty();
        self.refuse_clause(
            limited,
            "LIMIT or ORDER BY in UPDATE",
            "choose the rows in WHERE",
        );
        let returning = update.returning.is_some() || update.output.is_some();
        self.refuse_clause(
            returning,
            "RETURNING",
            "write a SELECT below; its rows are reported",
        );
        self.refuse_clause(update.or.is_some(), "UPDATE OR …", "leave OR … out");
        let joins = !update.table.joins.is_empty();
        if joins && self.dialect != SqlDialect::Mysql {
            let span = self.place(&update.table);
            self.fault(
                span,
                "UPDATE names one table",
                "write UPDATE t SET … FROM u WHERE t.id = u.id, or a subquery in WHERE",
            );
        }
        let mut table = self.changed(&update.table.relation)?;
        table.only |= self.only;
        let mut from = match &update.from {
            None => Vec::new(),
            Some(
                sql::UpdateTableFromKind::BeforeSet(list)
                | sql::UpdateTableFromKind::AfterSet(list),
            ) => self.tables(list),
        };
        let mut filter = self.filter(update.selection.as_ref());
        if self.dialect == SqlDialect::Mssql {
            self.take_target(&mut table, &mut from, &mut filter);
        } else if joins && self.dialect == SqlDialect::Mysql {
            // `UPDATE t JOIN u ON … SET t.c = …`: the table whose columns are assigned.
            table = self.assigned_table(update)?.unwrap_or(table);
            from = self.tables(std::slice::from_ref(&update.table));
            if !self.take_target(&mut table, &mut from, &mut filter) {
                self.fault(
                    table.name.span,
                    "the table whose columns are assigned is not named in the statement",
                    "name it before SET",
                );
            }
        }
        let assignments = self.assignments(&update.assignments, &table, true);
        if self.dialect == SqlDialect::Mysql {
            self.refuse_order(&assignments, !from.is_empty(), filter.as_ref());
        }
        Some(Update {
            table,
            assignments,
            from,
            filter,
        })
    }

    /// MySQL assigns from left to right, so that a value sees what stands before it. With other
    /// tables in the statement that depends on how the server comes to its rows.
    fn refuse_order(&mut self, assignments: &[Assignment], joined: bool, filter: Option<&Expr>) {
        let mut others = joined;
        let values = assignments.iter().map(|a| &a.value);
        for expr in values.chain(filter) {
            walk(expr, &mut |part| {
                others |= matches!(
                    part.kind,
                    ExprKind::Subquery(_) | ExprKind::Exists { .. } | ExprKind::InQuery { .. }
                );
            });
        }
        let mut seen = Vec::new();
        for (at, assignment) in assignments.iter().enumerate().filter(|_| others) {
            walk(&assignment.value, &mut |part| {
                if let ExprKind::Column { column, .. } = &part.kind
                    && assignments[..at].iter().any(|a| same(&a.column, column))
                {
                    seen.push(column.span);
                }
            });
        }
        for span in seen {
            self.fault(
                span,
                "whether MySQL takes the old or the new value here depends on its plan",
                "assign this column first, or make two statements of it",
            );
        }
    }

    /// The table, or its alias, that stands before the columns which an UPDATE assigns; if they
    /// stand alone, that of the first table.
    fn assigned_table(&mut self, update: &sql::Update) -> Option<Option<TableRef>> {
        let first = update.assignments.first().map(|a| &a.target);
        if let Some(sql::AssignmentTarget::ColumnName(name)) = first
            && let Some((_, qualifier @ [_, ..])) = name.0.split_last()
        {
            return self.written(&sql::ObjectName(qualifier.to_vec())).map(Some);
        }
        let sql::TableFactor::Table {
            alias: Some(alias), ..
        } = &update.table.relation
        else {
            return Some(None);
        };
        let name = sql::ObjectName::from(alias.name.clone());
        self.written(&name).map(Some)
    }

    /// The table that UPDATE or DELETE names.
    fn changed(&mut self, factor: &sql::TableFactor) -> Option<TableRef> {
        let span = self.place(factor);
        let sql::TableFactor::Table {
            name,
            alias,
            args: None,
            ..
        } = factor
        else {
            self.fault(span, "a rule changes a table", "name the table itself");
            return None;
        };
        let table = self.with_patterns(|lower| lower.table_alias(name, alias.as_ref(), span))?;
        if table.target {
            self.fault(
                span,
                "the target environment's own dump is read, never written",
                "name the table without target. in front",
            );
        }
        if self
            .queries
            .iter()
            .any(|(query, _)| same(query, &table.name))
            && name.0.len() == 1
        {
            self.fault(
                span,
                "a WITH query cannot be changed",
                "name the table itself",
            );
        }
        Some(table)
    }

    pub(super) fn assignments(
        &mut self,
        assignments: &[sql::Assignment],
        table: &TableRef,
        patterns: bool,
    ) -> Vec<Assignment> {
        let mut lowered = Vec::new();
        for assignment in assignments {
            match &assignment.target {
                sql::AssignmentTarget::ColumnName(name) => {
                    let Some(column) = self.target(name, table, patterns) else {
                        continue;
                    };
                    self.value = column.is_pattern();
                    let value = self.assigned(&assignment.value);
                    self.value = false;
                    lowered.push(Assignment { column, value });
                }
                sql::AssignmentTarget::Tuple(names) => {
                    let values = match &assignment.value {
                        sql::Expr::Tuple(values) if values.len() == names.len() => values,
                        other => {
                            let span = self.place(other);
                            self.fault(
                                span,
                                "a list of columns takes a list of as many values",
                                "write SET (a, b) = (1, 2), or one assignment for each column",
                            );
                            continue;
                        }
                    };
                    for (name, value) in names.iter().zip(values) {
                        let Some(column) = self.target(name, table, false) else {
                            continue;
                        };
                        let value = self.assigned(value);
                        lowered.push(Assignment { column, value });
                    }
                }
            }
        }
        let mut seen: Vec<&Ident> = Vec::new();
        let mut twice = Vec::new();
        for Assignment { column, .. } in &lowered {
            if seen.iter().any(|before| same(before, column)) {
                twice.push(column.span);
            }
            seen.push(column);
        }
        for span in twice {
            self.fault(span, "the column is assigned twice", "assign it once");
        }
        lowered
    }

    /// An assigned column, perhaps `t.c` as in T-SQL and MySQL.
    fn target(
        &mut self,
        name: &sql::ObjectName,
        table: &TableRef,
        patterns: bool,
    ) -> Option<Ident> {
        let span = self.place(name);
        let mut parts = if patterns {
            self.with_patterns(|lower| lower.parts(name))
        } else {
            self.parts(name)
        };
        let column = parts.pop()?;
        if let Some(qualifier) = parts.last() {
            let named = table.alias.as_ref().unwrap_or(&table.name);
            if !same(qualifier, named) && !same(qualifier, &table.name) {
                self.fault(
                    span,
                    "only columns of the table that UPDATE names can be assigned",
                    "write one UPDATE for each table",
                );
            }
        }
        Some(column)
    }

    pub(super) fn delete(&mut self, delete: &sql::Delete) -> Option<Delete> {
        let limited = delete.limit.is_some() || !delete.order_by.is_empty();
        self.refuse_clause(
            limited,
            "LIMIT or ORDER BY in DELETE",
            "choose the rows in WHERE",
        );
        let returning = delete.returning.is_some() || delete.output.is_some();
        self.refuse_clause(
            returning,
            "RETURNING",
            "write a SELECT above; its rows are reported",
        );
        let (sql::FromTable::WithFromKeyword(list) | sql::FromTable::WithoutKeyword(list)) =
            &delete.from;
        let mut filter = self.filter(delete.selection.as_ref());
        let mut using = delete
            .using
            .as_ref()
            .map(|list| self.tables(list))
            .unwrap_or_default();
        match (delete.tables.as_slice(), list.as_slice()) {
            ([], [from]) if from.joins.is_empty() => {
                let mut table = self.changed(&from.relation)?;
                table.only |= self.only;
                if self.dialect == SqlDialect::Mysql {
                    self.take_target(&mut table, &mut using, &mut filter);
                }
                Some(Delete {
                    table,
                    using,
                    filter,
                })
            }
            // `DELETE t FROM t JOIN u ON …`
            ([name], list) => {
                let mut table = self.written(name)?;
                using.extend(self.tables(list));
                if !self.take_target(&mut table, &mut using, &mut filter) {
                    self.fault(
                        table.name.span,
                        "the table to delete from does not stand in FROM",
                        "name it in FROM as well, or write DELETE FROM t USING u WHERE …",
                    );
                }
                Some(Delete {
                    table,
                    using,
                    filter,
                })
            }
            _ => {
                self.fault(
                    self.fallback,
                    "DELETE names one table",
                    "write DELETE FROM t USING u WHERE t.id = u.id, or one DELETE for each table",
                );
                None
            }
        }
    }

    /// T-SQL and MySQL name the changed table in FROM once more. It is taken out there; what it is
    /// joined to stays, and the conditions of its joins go to WHERE.
    fn take_target(
        &mut self,
        table: &mut TableRef,
        from: &mut Vec<From>,
        filter: &mut Option<Expr>,
    ) -> bool {
        let is_target = |item: &FromItem| match item {
            FromItem::Table(other) => match &other.alias {
                Some(alias) => table.schema.is_none() && same(alias, &table.name),
                None => {
                    let schemas = match (&table.schema, &other.schema) {
                        (Some(a), Some(b)) => same(a, b),
                        _ => true,
                    };
                    schemas && same(&other.name, &table.name)
                }
            },
            FromItem::Query { .. } => false,
        };
        let current = self.current_schema.clone();
        // A name that is an alias carries no schema, though the session's stands on it.
        let by_alias = |item: &FromItem| match (item, &table.schema, &current) {
            (FromItem::Table(other), Some(schema), Some(current)) if schema == current => other
                .alias
                .as_ref()
                .is_some_and(|alias| same(alias, &table.name)),
            _ => false,
        };
        let found = |item: &FromItem| is_target(item) || by_alias(item);
        let Some(at) = from
            .iter()
            .position(|from| found(&from.first) || from.joins.iter().any(|join| found(&join.item)))
        else {
            return false;
        };
        let From { first, joins } = from.remove(at);
        let left = joins.iter().any(|join| join.left);
        let mut items = vec![first];
        let mut conditions = Vec::new();
        for join in joins {
            items.push(join.item);
            conditions.extend(join.on);
        }
        let own = items.iter().position(found);
        let own = own.map(|own| items.remove(own));
        if left {
            self.fault(
                self.fallback,
                "a LEFT JOIN with the table that is changed is not read",
                "write WHERE NOT EXISTS (SELECT …), or a subquery in the assignment",
            );
        }
        if let Some(FromItem::Table(own)) = own {
            *table = TableRef {
                only: table.only,
                ..own
            };
        }
        from.splice(
            at..at,
            items.into_iter().map(|first| From {
                first,
                joins: Vec::new(),
            }),
        );
        *filter = conditions
            .into_iter()
            .chain(filter.take())
            .reduce(|a, b| operator::binary(BinaryOp::And, a, b));
        true
    }
}
