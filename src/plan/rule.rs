//! A rule: a statement that takes part in the run, and the relations that it names.

use super::generated::Template;
use super::matching;
use super::step::RuleId;
use crate::expression::Settings;
use crate::functions::Key;
use crate::rulebook::reads::{Read, reads, streamed};
use crate::rulebook::{Action, ColumnPattern, SqlDialect, Statement, TableRef};
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
    /// Is the target environment's dump given?
    pub target: bool,
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
    /// Does it read tables beside the one that it changes?
    pub(super) reads: bool,
    /// Are some of them the target environment's?
    pub(super) reads_target: bool,
    /// What the statements look like that it generates.
    pub(super) template: Option<Template>,
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

    /// Where the rule reads rows of the relation, and through which name.
    pub(super) fn reads_of<'r>(
        &'r self,
        catalog: &Catalog,
        relation: &RelationName,
        target: bool,
    ) -> Vec<(&'r Rule, Read<'r>, matching::Concern)> {
        if !self.reads || (target && !self.reads_target) {
            return Vec::new();
        }
        let current = self.statement.current_schema.as_deref();
        let current = current.filter(|_| !target);
        let read = reads(&self.statement).into_iter();
        let own = read.filter(|read| read.table.target == target);
        own.filter_map(|read| {
            let concern = matching::concerns(read.table, current, catalog, relation)?;
            Some((self, read, concern))
        })
        .collect()
    }

    /// Do other rulebooks want all columns of the table left alone, and so its rows?
    pub(super) fn excepts_rows(&self, relation: &RelationName) -> bool {
        let mut whole = self.except.iter().filter(|pattern| pattern.column == "*");
        whole.any(|pattern| matching::glob(&pattern.table, &relation.name))
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
        Action::Select(query) => streamed(query).into_iter().collect(),
        Action::Gexec(_) => vec![],
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
