//! Which relation a table in a subquery, FROM or USING means, and the input that its rows go into.
//!
//! A statement on an unqualified table runs for each schema that has the table, as if that schema
//! were the search path; so do the tables that it reads. A table that the dump has not shown yet
//! may still come: then nobody knows, and the rows that wait for the rule have to wait as well.

use super::effects::Effects;
use super::inputs::Inputs;
use super::matching;
use super::rule::Rule;
use super::step::RuleId;
use crate::expression::Input;
use crate::rulebook::reads::reads;
use crate::rulebook::{TableRef, nearest};
use crate::schema::{Catalog, Column, DataType, RelationName};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// What is known of the relations of this section and of the target environment.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// The section's DDL so far.
    pub catalog: &'a Catalog,
    /// Columns of relations without DDL, by the headers of their rows.
    pub headers: &'a HashMap<RelationName, Vec<String>>,
    /// Can no more relations come?
    pub complete: bool,
    /// Relations whose rows have left.
    pub passed: &'a HashMap<RelationName, BTreeSet<RuleId>>,
    /// What rules do to keys, and how often the DDL had changed by then.
    pub effects: &'a RefCell<HashMap<RuleId, (u64, Arc<Effects>)>>,
    /// The target environment's DDL, if its dump is given.
    pub target: Option<&'a Catalog>,
    /// Where inputs are kept.
    pub inputs: &'a RefCell<Inputs>,
}

impl Known<'_> {
    /// What a rule does to keys.
    pub fn effects(&self, rule: &Rule) -> Arc<Effects> {
        let changes = self.catalog.relations.changes();
        let mut effects = self.effects.borrow_mut();
        match effects.get(&rule.id) {
            Some((known, effects)) if *known == changes => Arc::clone(effects),
            _ => {
                let found = Arc::new(Effects::of(rule, self.catalog));
                effects.insert(rule.id, (changes, Arc::clone(&found)));
                found
            }
        }
    }

    /// The columns of a relation.
    pub fn columns(&self, relation: &RelationName) -> Option<Vec<Column>> {
        match self.catalog.relations.get(relation) {
            Some(declared) if !declared.columns.is_empty() => Some(declared.columns.clone()),
            declared => {
                let header = self.headers.get(relation).map(|header| {
                    let columns = header.iter();
                    columns
                        .map(|name| Column::new(name, DataType::Unknown))
                        .collect()
                });
                header.or_else(|| declared.map(|_| Vec::new()))
            }
        }
    }

    /// The relations of this section that a table may mean by their own names.
    pub fn alike(&self, table: &TableRef) -> Vec<&RelationName> {
        if table.name.is_pattern() {
            return self.relations().collect();
        }
        let declared = self.catalog.relations.alike(&table.name.text);
        let declared = declared.map(|relation| &relation.name);
        declared.chain(self.undeclared()).collect()
    }

    fn undeclared(&self) -> impl Iterator<Item = &RelationName> + Clone {
        let headers = self.headers.keys();
        headers.filter(|name| !self.catalog.relations.contains_key(*name))
    }

    /// The relations of this section, with or without DDL.
    pub fn relations(&self) -> impl Iterator<Item = &RelationName> + Clone {
        self.catalog.relations.keys().chain(self.undeclared())
    }
}

/// Finds the tables that one statement reads.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub known: Known<'a>,
    pub rule: &'a Rule,
    /// The schema that is the statement's search path here.
    pub home: Option<&'a str>,
    /// Set when the answer depends on DDL that may still come.
    pub waits: &'a Cell<bool>,
    /// Set when the table is not there, so that the statement does not run here.
    pub lacks: &'a Cell<bool>,
}

impl Reader<'_> {
    /// The input for a table.
    ///
    /// # Errors
    /// What the table cannot be, as a message.
    pub fn input(&self, table: &TableRef) -> Result<Arc<Input>, String> {
        let statement = &self.rule.statement;
        let read = reads(statement)
            .into_iter()
            .find(|read| read.table.name.span == table.name.span)
            .ok_or("it looks at other rows, which it cannot do here")?;
        let (named, columns) = if table.target {
            let catalog = self
                .known
                .target
                .ok_or("target.* tables need the target environment's dump: give --target DUMP")?;
            let alike = catalog.relations.alike(&table.name.text);
            let alike: Vec<_> = alike.map(|relation| &relation.name).collect();
            let named = self.resolve(table, &alike, catalog.relations.keys(), true)?;
            let columns = catalog.relations.get(&named);
            (named, columns.map_or(Vec::new(), |r| r.columns.clone()))
        } else {
            let alike = self.known.alike(table);
            let named = self.resolve(table, &alike, self.known.relations(), false)?;
            let relation = self.known.catalog.relations.get(&named);
            if relation.is_some_and(matching::is_view) {
                return Err(format!("{named} is a view; name the tables that it reads"));
            }
            if let Some(reason) = relation.and_then(|r| r.uncertain.as_ref()) {
                return Err(format!(
                    "{named}: its definition could not be read: {reason}"
                ));
            }
            let columns = self.known.columns(&named).unwrap_or_default();
            (named, columns)
        };
        let mut inputs = self.known.inputs.borrow_mut();
        Ok(inputs.input(self.rule, &read, &named, &columns))
    }

    fn resolve<'r>(
        &self,
        table: &TableRef,
        alike: &[&'r RelationName],
        relations: impl Iterator<Item = &'r RelationName>,
        target: bool,
    ) -> Result<RelationName, String> {
        let current = self.rule.statement.current_schema.as_deref();
        let home = current.or(self.home).filter(|_| !target);
        let all: Vec<&RelationName> = alike
            .iter()
            .copied()
            .filter(|name| matching::names_relation(table, current, name))
            .collect();
        let at_home: Vec<&RelationName> = all
            .iter()
            .copied()
            .filter(|name| {
                table.schema.is_some() || home.is_none() || name.schema.as_deref() == home
            })
            .collect();
        let exact: Vec<&RelationName> = at_home
            .iter()
            .copied()
            .filter(|name| name.name == table.name.text)
            .collect();
        let public: Vec<&RelationName> = at_home
            .iter()
            .copied()
            .filter(|name| name.schema.as_deref() == Some("public"))
            .collect();
        for found in [&at_home, &exact, &public] {
            if let [only] = found.as_slice() {
                return Ok((*only).clone());
            }
        }
        let text = &table.name.text;
        if !at_home.is_empty() {
            return Err(format!(
                "table {text} is in several schemas; write schema.{text}"
            ));
        }
        // Without it the statement does not run here; whether it has run at all is asked at the end.
        if !target {
            let missing = match self.known.complete {
                true => self.lacks,
                false => self.waits,
            };
            missing.set(true);
        }
        let near = nearest(text, relations.map(|name| name.name.as_str()));
        let place = if target { " in the target's dump" } else { "" };
        Err(match near {
            Some(near) => format!("there is no table {text}{place}; did you mean {near}?"),
            None => format!("there is no table {text}{place}"),
        })
    }
}
