//! The account of a run: has every rule met a table, has a row passed before a rule could see it,
//! and how faults of rules are told.

use super::books::Book;
use super::rule::{Rule, tables_of};
use super::{Planner, RuleId, matching, pairs};
use crate::error::{Error, Result};
use crate::expression::{Fault, FaultKind};
use crate::rulebook::reads::reads;
use crate::rulebook::{self, Action, Diagnostics, TableRef, nearest};
use crate::schema::{Catalog, RelationName};
use std::collections::BTreeSet;

impl Planner {
    /// At the end of a section: does a rule concern a relation whose rows had passed before the
    /// dump gave it its name or its parent?
    ///
    /// # Errors
    /// If so.
    pub fn recheck(&self, catalog: &Catalog) -> Result<()> {
        for (relation, before) in &self.passed {
            let mut name = relation;
            for (old, new) in &catalog.renames {
                if old == name {
                    name = new;
                }
            }
            let now = self.concerning(catalog, name);
            let Some(late) = now.difference(before).next() else {
                continue;
            };
            return Err(Error::input(
                "its rows had passed before the dump gave it the name or the parent by which a \
                 rule concerns it",
            )
            .relation(name)
            .rule(self.statement_name(*late))
            .remedy(self.advice().schema_first));
        }
        Ok(())
    }

    /// Takes note of rows of a relation that are changed in a way that nobody can follow.
    ///
    /// # Errors
    /// If a rule concerns it.
    pub fn opaque(&mut self, catalog: &Catalog, relation: &RelationName, what: &str) -> Result<()> {
        self.pass(catalog, relation);
        let concerning = self.concerning(catalog, relation);
        let Some(rule) = concerning.first().map(|rule| self.statement_name(*rule)) else {
            return Ok(());
        };
        // A pattern may find no column of its own in the relation.
        if catalog
            .relation(relation)
            .is_some_and(|r| !matching::is_view(r))
            && self.program(catalog, relation, None)?.program.is_none()
        {
            return Ok(());
        }
        Err(Error::input(format!(
            "the dump changes its rows by {what}, which scrub cannot follow"
        ))
        .relation(relation)
        .rule(rule)
        .remedy(self.advice().rows))
    }

    /// Is there no rule at all?
    pub fn is_idle(&self) -> bool {
        self.rules.is_empty()
    }

    /// A statement may change rows of relations that nobody can tell.
    ///
    /// # Errors
    /// If there are rules.
    pub fn unfollowed(&self, what: &str) -> Result<()> {
        match self.rules.first() {
            None => Ok(()),
            Some(_) => Err(Error::input(format!(
                "{what} may change rows in a way that scrub cannot follow"
            ))
            .remedy("take it out of the dump, or run scrub on what it writes")),
        }
    }

    /// Columns that a foreign key ties together and that rules rewrite to different lengths, as far
    /// as they are only known now.
    pub fn uneven_pairs(&self, catalog: &Catalog) -> Vec<String> {
        if self.keys_first {
            return Vec::new();
        }
        let assigned =
            |name: &RelationName, column: &str| self.programs_of(name).any(|p| p.assigns(column));
        pairs::uneven(catalog)
            .into_iter()
            .filter(|pair| pair.iter().any(|(name, column)| assigned(name, column)))
            .map(|[(child, from), (parent, to)]| format!(
                "{child}.{from} refers to {parent}.{to}, which has another length: shortened values may differ; give --schema FILE"
            ))
            .collect()
    }

    /// After the whole stream: has every rule met a table?
    ///
    /// # Errors
    /// A rule that met none, with the nearest name.
    pub fn finish(&self, catalog: &Catalog) -> Result<()> {
        match self.rules.iter().find(|rule| !self.is_met(rule)) {
            Some(rule) => Err(self.met_nothing(rule, catalog)),
            None => Ok(()),
        }
    }

    pub(super) fn is_met(&self, rule: &Rule) -> bool {
        rule.statement.optional
            || self.relations_met(rule.id) > 0
            || matches!(rule.statement.action, Action::DropUser(_))
    }

    pub(super) fn met_nothing(&self, rule: &Rule, catalog: &Catalog) -> Error {
        if rule.id.generated > 0 {
            // The names come from the dump's rows.
            return Error::check("a statement that it generates met no table in the dump")
                .rule(&rule.statement.name)
                .remedy("run the SELECT on the database to see its statements");
        }
        let mut tables = tables_of(&rule.statement);
        let read = reads(&rule.statement).into_iter().map(|read| read.table);
        tables.extend(read.filter(|table| !table.target));
        // It is those that are missing that should be told.
        let current = rule.statement.current_schema.as_deref();
        let there = |table: &TableRef| {
            let mut known = self.known(catalog);
            known.complete = true;
            known
                .relations()
                .any(|name| matching::names_relation(table, current, name))
        };
        if !tables.iter().all(|table| there(table)) {
            tables.retain(|table| !there(table));
        }
        let names: Vec<String> = tables
            .iter()
            .map(|table| match &table.schema {
                Some(schema) => format!("{}.{}", schema.text, table.name.text),
                None => table.name.text.clone(),
            })
            .collect();
        let message = format!("it met no table {} in the dump", names.join(", "));
        let known: Vec<&str> = catalog
            .relations
            .keys()
            .map(|name| name.name.as_str())
            .chain(self.passed.keys().map(|name| name.name.as_str()))
            .collect();
        let near = tables
            .iter()
            .find_map(|table| nearest(&table.name.text, known.iter().copied()));
        let mut remedy = match near {
            Some(near) => {
                format!("did you mean {near}? A table that may be missing wants :optional")
            }
            None => "a table that may be missing wants :optional in the rule's comment".to_owned(),
        };
        if self.may_lack_parents(catalog) {
            remedy += "; if other tables inherit from it or are its partitions, give --schema FILE";
        }
        Error::check(message)
            .rule(&rule.statement.name)
            .remedy(remedy)
    }

    /// Turns faults into one message with carets.
    pub(super) fn refuse(&self, faults: Vec<(RuleId, Fault)>) -> Result<()> {
        let Some((first, fault)) = faults.first() else {
            return Ok(());
        };
        let book_of = |id: RuleId| {
            let has = |book: &Book| {
                book.first.book == id.book
                    && book.rule(0) <= id
                    && (0..book.rulebook.read().statements.len()).any(|at| book.rule(at) == id)
            };
            self.books.iter().position(has).unwrap_or_default()
        };
        let book = &self.books[book_of(*first)];
        if book.generated && fault.kind == FaultKind::ForeignKey {
            let refused = Error::input(format!(
                "for a statement that it generates: {}",
                fault.message
            ));
            let refused = refused.rule(self.statement_name(*first));
            return Err(match &fault.help {
                Some(help) => refused.remedy(help),
                None => refused,
            });
        }
        if book.generated {
            // Its text comes from the dump's rows.
            return Err(Error::input(
                "a statement that it generates cannot be run: a table or column that it names is \
                 missing, or types do not go together",
            )
            .rule(self.statement_name(*first))
            .remedy("run its SELECT on the database to see the statement"));
        }
        let book = book.rulebook.read();
        let mut told = BTreeSet::new();
        let diagnostics = faults
            .iter()
            .filter(|(id, fault)| {
                book_of(*id) == book_of(*first)
                    && told.insert((fault.span.start, fault.message.clone()))
            })
            .map(|(_, fault)| rulebook::Fault {
                span: fault.span,
                message: fault.message.clone(),
                help: fault.help.clone(),
            })
            .collect();
        Err(Diagnostics::new(book.files.clone(), diagnostics).into())
    }

    /// Rows of a relation that has shown none so far: has a lookup counted on that?
    pub(super) fn refuse_late(&self, catalog: &Catalog, relation: &RelationName) -> Result<()> {
        let inputs = self.inputs.borrow();
        let counted = inputs.own.iter().find(|(key, gathered)| {
            let child = || {
                catalog
                    .ancestors(relation)
                    .iter()
                    .any(|a| a.name == key.named)
            };
            gathered.input.rows().is_some() && (key.named == *relation || !gathered.only && child())
        });
        let Some((key, _)) = counted else {
            return Ok(());
        };
        Err(
            Error::input("its rows come after a lookup over it has been answered")
                .relation(relation)
                .rule(self.statement_name(key.rule))
                .remedy(format!(
                    "{}, or dump each table in one piece",
                    self.advice().schema_first
                )),
        )
    }
}
