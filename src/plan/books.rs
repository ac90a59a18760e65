//! The rulebooks of a run: which take part, and the rules that they give.

use super::generated::Template;
use super::rule::{Rule, tables_of};
use super::{BASELINE, Planner, RuleId, matching};
use crate::error::{Error, Result};
use crate::rulebook::reads::reads;
use crate::rulebook::{Action, ColumnPattern, LazyRulebook, Rulebook, Statement};
use crate::schema::{Catalog, RelationName};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A rulebook and whether it takes part.
#[derive(Debug)]
pub(super) struct Book {
    pub rulebook: LazyRulebook,
    pub takes_part: bool,
    /// The number of its first rule.
    pub first: RuleId,
    /// Has a rule generated it from the dump's rows?
    pub generated: bool,
}

impl Book {
    /// The number of its rule `at`.
    pub fn rule(&self, at: usize) -> RuleId {
        match self.generated {
            false => RuleId {
                statement: self.first.statement + at,
                ..self.first
            },
            true => RuleId {
                generated: self.first.generated + u32::try_from(at).unwrap_or(u32::MAX),
                ..self.first
            },
        }
    }

    /// Does one of its statements name the relation, to change it or to read it?
    pub fn names(&self, catalog: &Catalog, relation: &RelationName) -> bool {
        self.rulebook.read().statements.iter().any(|statement| {
            let current = statement.current_schema.as_deref();
            let read = reads(statement);
            let read = read.iter().map(|read| read.table).filter(|t| !t.target);
            tables_of(statement)
                .into_iter()
                .chain(read)
                .any(|table| matching::concerns(table, current, catalog, relation).is_some())
        })
    }
}

impl Planner {
    /// Lists the rules of all books that take part.
    pub(super) fn list_rules(&mut self) {
        self.rules = self.rules_of(|book| book.takes_part).into();
    }

    /// The rules of some books, in order.
    pub(super) fn rules_of(&self, wanted: impl Fn(&Book) -> bool) -> Vec<Rule> {
        let taking_part = || {
            let books = self.books.iter().enumerate();
            books.filter(|(_, book)| wanted(book))
        };
        let except: Arc<[ColumnPattern]> = taking_part()
            .flat_map(|(_, book)| book.rulebook.read().baseline_except.iter().cloned())
            .collect();
        let mut rules = Vec::new();
        for (number, book) in taking_part() {
            let rulebook = book.rulebook.read();
            let is_baseline = rulebook.name == BASELINE;
            let except = if is_baseline {
                Arc::clone(&except)
            } else {
                Arc::from([])
            };
            for (at, statement) in rulebook.statements.iter().enumerate() {
                let with = self.context.target;
                if (statement.only.is_empty() || statement.only.contains(&self.context.dump))
                    && statement.with_target.is_none_or(|wants| wants == with)
                {
                    let read = reads(statement);
                    rules.push(Rule {
                        id: book.rule(at),
                        reads: !read.is_empty(),
                        reads_target: read.iter().any(|read| read.table.target),
                        template: match &statement.action {
                            Action::Gexec(query) => Some(Template::of(query, rulebook.dialect)),
                            _ => None,
                        },
                        statement: Arc::new(statement.clone()),
                        written_in: rulebook.dialect,
                        book: number,
                        except: Arc::clone(&except),
                    });
                }
            }
        }
        rules.sort_by_key(|rule| rule.id);
        rules
    }

    /// The rulebooks that take part, in order.
    pub fn books(&self) -> impl Iterator<Item = &Rulebook> {
        self.books
            .iter()
            .filter(|book| book.takes_part && !book.generated)
            .map(|book| book.rulebook.read())
    }

    /// Recognises applications by the relations known so far. Returns the names of the rulebooks
    /// that join.
    ///
    /// # Errors
    /// If a rulebook is recognised after rows of one of its tables have passed without it.
    pub fn decide(&mut self, catalog: &Catalog) -> Result<Vec<String>> {
        let tables = || {
            let declared = catalog
                .relations
                .keys()
                .map(|name| name.name.to_lowercase());
            declared
                .chain(self.passed.keys().map(|name| name.name.to_lowercase()))
                .collect::<BTreeSet<String>>()
        };
        if self.books.iter().all(|book| book.takes_part) {
            return Ok(Vec::new());
        }
        let tables = tables();
        let mut joined = Vec::new();
        for book in self.books.iter_mut().filter(|book| !book.takes_part) {
            let detect = &book.rulebook.detect;
            if detect.is_empty() || !detect.iter().all(|table| tables.contains(table)) {
                continue;
            }
            let statements = &book.rulebook.read().statements;
            let late = statements.iter().flat_map(tables_of).any(|table| {
                !table.name.is_pattern()
                    && self
                        .passed
                        .keys()
                        .any(|seen| matching::names(&table.name, &seen.name))
            });
            let name = &book.rulebook.name;
            if late {
                return Err(Error::input(format!(
                    "the dump turned out to be of {name} only after rows of its tables had passed"
                ))
                .remedy(format!(
                    "run again with -r baseline -r {name}, or give --schema FILE"
                )));
            }
            let drops_users =
                |statement: &Statement| matches!(statement.action, Action::DropUser(_));
            if self.user_passed && statements.iter().any(drops_users) {
                return Err(Error::input(format!(
                    "the dump turned out to be of {name} only after a statement about a user that \
                     it drops had passed"
                ))
                .remedy(format!("run again with -r baseline -r {name}")));
            }
            book.takes_part = true;
            joined.push(name.clone());
        }
        if !joined.is_empty() {
            self.list_rules();
            self.cache.clear();
        }
        Ok(joined)
    }
}
