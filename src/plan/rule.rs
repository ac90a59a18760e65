//! A rule: a statement that takes part in the run, and the relations that it names.

use super::matching;
use super::program::RuleId;
use crate::expression::Settings;
use crate::functions::Key;
use crate::rulebook::{Action, ColumnPattern, FromItem, SqlDialect, Statement, TableRef};
use crate::schema::{Catalog, RelationName};
use std::sync::Arc;

/// What all expressions of a run share.
#[derive(Debug, Clone)]
pub struct Context {
    /// The dialect of the dump.
    pub dump: SqlDialect,
    /// The key behind the `anon` functions.
    pub key: Arc<Key>,
    /// `now()`: microseconds since 2000-01-01 UTC.
    pub now: i64,
}

impl Context {
    pub(super) fn settings(&self, written_in: SqlDialect, seed: &str) -> Settings {
        Settings {
            written_in,
            dump: self.dump,
            linguistic: false,
            key: Arc::clone(&self.key),
            now: self.now,
            seed: seed.to_owned(),
            value: None,
            limit: None,
        }
    }
}

/// One statement of a rulebook that takes part.
#[derive(Debug)]
pub struct Rule {
    /// Its number.
    pub id: RuleId,
    /// The statement.
    pub statement: Arc<Statement>,
    /// The SQL it is written in.
    pub written_in: SqlDialect,
    /// The number of its rulebook.
    pub book: usize,
    /// Columns that this rule's patterns leave alone.
    pub(super) except: Arc<[ColumnPattern]>,
}

impl Rule {
    /// Does the rule concern the relation, and through which name?
    pub(super) fn concerns(
        &self,
        catalog: &Catalog,
        relation: &RelationName,
    ) -> Option<matching::Concern> {
        let current = self.statement.current_schema.as_deref();
        tables_of(&self.statement)
            .into_iter()
            .find_map(|table| matching::concerns(table, current, catalog, relation))
    }

    /// Do other rulebooks want this column left alone by this rule's patterns?
    pub(super) fn excepts(&self, relation: &RelationName, column: &str) -> bool {
        self.except.iter().any(|pattern| {
            matching::glob(&pattern.table, &relation.name)
                && matching::glob(&pattern.column, column)
        })
    }
}

/// The tables that a statement names as its own.
pub(super) fn tables_of(statement: &Statement) -> Vec<&TableRef> {
    match &statement.action {
        Action::Update(update) => vec![&update.table],
        Action::Delete(delete) => vec![&delete.table],
        Action::Truncate(tables) => tables.iter().collect(),
        Action::Insert(insert) => vec![&insert.table],
        Action::Select(query) | Action::Gexec(query) => query
            .from
            .iter()
            .filter_map(|from| match &from.first {
                FromItem::Table(table) => Some(table),
                FromItem::Query { .. } => None,
            })
            .collect(),
        Action::Grant { table, .. } => vec![table],
        Action::DropUser(_) => vec![],
    }
}

/// The dialect's name in rulebooks.
pub fn sql_dialect(name: &str) -> SqlDialect {
    match name {
        "mysql" => SqlDialect::Mysql,
        "mssql" => SqlDialect::Mssql,
        "oracle" => SqlDialect::Oracle,
        "sqlite" => SqlDialect::Sqlite,
        _ => SqlDialect::Postgres,
    }
}
