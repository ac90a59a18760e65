//! INSERT and its ON CONFLICT.

use super::super::ast::{Ident, Insert, InsertSource, OnConflict, Span, TableRef};
use super::super::token::decode;
use super::{Lower, same};
use sqlparser::ast as sql;

impl Lower<'_> {
    pub(super) fn insert(&mut self, insert: &sql::Insert) -> Option<Insert> {
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
}
