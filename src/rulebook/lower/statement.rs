//! Statements: UPDATE, DELETE, TRUNCATE, INSERT, SELECT, GRANT, DROP USER.

use super::super::ast::{
    Action, Assignment, BinaryOp, Delete, Expr, From, FromItem, Ident, Insert, InsertSource,
    OnConflict, Span, SqlDialect, TableRef, Update,
};
use super::super::token::decode;
use super::{Lower, expression, same};
use sqlparser::ast as sql;

/// What GRANT is for, in one line.
const GRANT_HELP: &str = "write GRANT SELECT (column, …) ON table TO role";

impl Lower<'_> {
    /// A parsed statement; several actions where one GRANT names several tables.
    pub(in crate::rulebook) fn statement(&mut self, statement: &sql::Statement) -> Vec<Action> {
        use sql::Statement as S;
        match statement {
            S::Update(update) => self
                .update(update)
                .map(Action::Update)
                .into_iter()
                .collect(),
            S::Delete(delete) => self
                .delete(delete)
                .map(Action::Delete)
                .into_iter()
                .collect(),
            S::Truncate(truncate) => vec![Action::Truncate(self.truncate(truncate))],
            S::Insert(insert) => self
                .insert(insert)
                .map(Action::Insert)
                .into_iter()
                .collect(),
            S::Query(query) => match &*query.body {
                sql::SetExpr::Insert(inner)
                | sql::SetExpr::Update(inner)
                | sql::SetExpr::Delete(inner) => {
                    if let Some(with) = &query.with {
                        self.with(with);
                    }
                    self.statement(inner)
                }
                _ => vec![Action::Select(self.query(query))],
            },
            S::Grant(grant) => self.grant(grant),
            S::Drop {
                object_type,
                names,
                cascade,
                ..
            } if matches!(object_type, sql::ObjectType::User | sql::ObjectType::Role) => {
                if *cascade {
                    self.fault(
                        self.fallback,
                        "DROP USER … CASCADE is not read",
                        "leave CASCADE out; delete the user's rows with rules of their own",
                    );
                }
                vec![Action::DropUser(
                    names.iter().filter_map(|name| self.single(name)).collect(),
                )]
            }
            _ => {
                self.fault(
                    self.fallback,
                    "this statement is not read in a rulebook",
                    "a rulebook holds UPDATE, DELETE, TRUNCATE, INSERT, SELECT, GRANT SELECT (…) \
                     and DROP USER",
                );
                Vec::new()
            }
        }
    }

    /// With patterns meaning something, as for an assigned column or in the WHERE beside it.
    fn with_patterns<T>(&mut self, lower: impl FnOnce(&mut Self) -> T) -> T {
        let outside = std::mem::replace(&mut self.patterns, true);
        let result = lower(self);
        self.patterns = outside;
        result
    }

    fn filter(&mut self, selection: Option<&sql::Expr>) -> Option<Expr> {
        let selection = selection?;
        Some(self.with_patterns(|lower| lower.expression(selection)))
    }

    fn refuse_clause(&mut self, present: bool, clause: &str, help: &str) {
        if present {
            self.fault(
                self.fallback,
                format!("{clause} is not read in a rulebook"),
                help,
            );
        }
    }

    fn update(&mut self, update: &sql::Update) -> Option<Update> {
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
        if !update.table.joins.is_empty() {
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
            ) => self.from_list(list),
        };
        let mut filter = self.filter(update.selection.as_ref());
        if self.dialect == SqlDialect::Mssql {
            self.take_target(&mut table, &mut from, &mut filter);
        }
        let assignments = self.assignments(&update.assignments, &table, true);
        Some(Update {
            table,
            assignments,
            from,
            filter,
        })
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

    fn assignments(
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

    fn delete(&mut self, delete: &sql::Delete) -> Option<Delete> {
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
            .map(|list| self.from_list(list))
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
                using.extend(self.from_list(list));
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
            .reduce(|a, b| expression::binary(BinaryOp::And, a, b));
        true
    }

    fn truncate(&mut self, truncate: &sql::Truncate) -> Vec<TableRef> {
        let cascade = matches!(truncate.cascade, Some(sql::CascadeOption::Cascade));
        self.refuse_clause(
            cascade,
            "TRUNCATE … CASCADE",
            "name every table that is to be emptied: TRUNCATE a, b",
        );
        let restart = matches!(
            truncate.identity,
            Some(sql::TruncateIdentityOption::Restart)
        );
        self.refuse_clause(
            restart,
            "RESTART IDENTITY",
            "leave it out; the sequences keep their values",
        );
        self.refuse_clause(
            truncate.partitions.is_some() || truncate.on_cluster.is_some(),
            "this form of TRUNCATE",
            "name the table alone",
        );
        self.refuse_clause(
            truncate.if_exists,
            "TRUNCATE IF EXISTS",
            "write -- name: … :optional above the statement",
        );
        let mut tables = Vec::new();
        for target in &truncate.table_names {
            let table = self.with_patterns(|lower| lower.written(&target.name));
            tables.extend(table.map(|table| TableRef {
                only: target.only,
                ..table
            }));
        }
        tables
    }

    fn insert(&mut self, insert: &sql::Insert) -> Option<Insert> {
        let returning = insert.returning.is_some() || insert.output.is_some();
        self.refuse_clause(
            returning,
            "RETURNING",
            "write a SELECT below; its rows are reported",
        );
        self.refuse_clause(
            insert.or.is_some() || insert.ignore || insert.replace_into || insert.overwrite,
            "this form of INSERT",
            "write INSERT … ON CONFLICT (key) DO NOTHING, or DO UPDATE SET …",
        );
        self.refuse_clause(
            insert.partitioned.is_some()
                || !insert.after_columns.is_empty()
                || insert.insert_alias.is_some()
                || insert.settings.is_some()
                || insert.format_clause.is_some()
                || insert.multi_table_insert_type.is_some()
                || !insert.multi_table_into_clauses.is_empty(),
            "this form of INSERT",
            "write INSERT INTO t (a, b) VALUES (1, 2)",
        );
        let sql::TableObject::TableName(name) = &insert.table else {
            self.fault(
                self.fallback,
                "INSERT names a table",
                "write INSERT INTO t (a, b) …",
            );
            return None;
        };
        let mut table = self.written(name)?;
        if let Some(alias) = &insert.table_alias {
            table.alias = Some(self.ident(&alias.alias));
        }
        let mut columns = Vec::new();
        for column in &insert.columns {
            let Some(column) = self.single(column) else {
                continue;
            };
            if columns.iter().any(|before| same(before, &column)) {
                self.fault(column.span, "the column is named twice", "name it once");
            }
            columns.push(column);
        }
        let source = if !insert.assignments.is_empty() {
            // MySQL's `INSERT INTO t SET a = 1`.
            let assignments = self.assignments(&insert.assignments, &table, false);
            let (names, values) = assignments.into_iter().map(|a| (a.column, a.value)).unzip();
            columns = names;
            InsertSource::Values(vec![values])
        } else {
            match &insert.source {
                None => InsertSource::DefaultValues,
                Some(query) => self.insert_source(query, &columns),
            }
        };
        let on_conflict = insert
            .on
            .as_ref()
            .and_then(|on| self.on_conflict(on, &table));
        Some(Insert {
            table,
            columns,
            source,
            overriding: self.overriding,
            on_conflict,
        })
    }

    fn insert_source(&mut self, query: &sql::Query, columns: &[Ident]) -> InsertSource {
        let span = self.place(query);
        let width = columns.len();
        let sql::SetExpr::Values(values) = &*query.body else {
            let query = self.query(query);
            if width > 0 && query.width().is_some_and(|given| given != width) {
                self.miscounted(span);
            }
            return InsertSource::Query(Box::new(query));
        };
        let more =
            query.order_by.is_some() || query.limit_clause.is_some() || query.fetch.is_some();
        self.refuse_clause(
            more,
            "ORDER BY or LIMIT after VALUES",
            "list the rows to insert",
        );
        if let Some(with) = &query.with {
            self.with(with);
        }
        let first = values.rows.first().map_or(0, |row| row.content.len());
        let mut rows = Vec::new();
        for row in &values.rows {
            let wrong = if width > 0 {
                row.content.len() != width
            } else {
                row.content.len() != first
            };
            if wrong {
                let span = decode(row.opening_token.0.span).unwrap_or(span);
                self.miscounted(span);
            }
            rows.push(
                row.content
                    .iter()
                    .map(|value| self.assigned(value))
                    .collect(),
            );
        }
        InsertSource::Values(rows)
    }

    fn miscounted(&mut self, span: Span) {
        self.fault(
            span,
            "the number of values differs from the number of columns",
            "give one value for each column",
        );
    }

    fn on_conflict(&mut self, on: &sql::OnInsert, table: &TableRef) -> Option<OnConflict> {
        const HELP: &str = "write ON CONFLICT (key) DO NOTHING, or DO UPDATE SET …";
        let sql::OnInsert::OnConflict(on) = on else {
            self.fault(self.fallback, "ON DUPLICATE KEY UPDATE is not read", HELP);
            return None;
        };
        let target = match &on.conflict_target {
            Some(sql::ConflictTarget::Columns(columns)) => {
                columns.iter().map(|column| self.ident(column)).collect()
            }
            _ => {
                self.fault(
                    self.fallback,
                    "ON CONFLICT needs the columns that make a row the same row",
                    HELP,
                );
                return None;
            }
        };
        let (assignments, filter) = match &on.action {
            sql::OnConflictAction::DoNothing => (Vec::new(), None),
            sql::OnConflictAction::DoUpdate(update) => (
                self.assignments(&update.assignments, table, false),
                update
                    .selection
                    .as_ref()
                    .map(|filter| self.expression(filter)),
            ),
        };
        Some(OnConflict {
            target,
            assignments,
            filter,
        })
    }

    fn grant(&mut self, grant: &sql::Grant) -> Vec<Action> {
        let columns: Vec<Ident> = match &grant.privileges {
            sql::Privileges::Actions(actions) => match actions.as_slice() {
                [
                    sql::Action::Select {
                        columns: Some(columns),
                    },
                ] if !columns.is_empty() => {
                    columns.iter().map(|column| self.ident(column)).collect()
                }
                [sql::Action::Select { .. }] => {
                    self.fault(
                        self.fallback,
                        "a GRANT without columns would let next month's column slip through; \
                         list the columns",
                        GRANT_HELP,
                    );
                    return Vec::new();
                }
                _ => {
                    self.fault(self.fallback, "of GRANT only SELECT is read", GRANT_HELP);
                    return Vec::new();
                }
            },
            sql::Privileges::All { .. } => {
                self.fault(self.fallback, "of GRANT only SELECT is read", GRANT_HELP);
                return Vec::new();
            }
        };
        let Some(sql::GrantObjects::Tables(tables)) = &grant.objects else {
            self.fault(self.fallback, "GRANT names tables", GRANT_HELP);
            return Vec::new();
        };
        let tables: Vec<_> = tables
            .iter()
            .filter_map(|name| self.written(name))
            .collect();
        tables
            .into_iter()
            .map(|table| Action::Grant {
                table,
                columns: columns.clone(),
            })
            .collect()
    }
}
