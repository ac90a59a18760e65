//! The rules of a run, found by the tables that they name: of thousands of rules a relation asks only those
//! that can mean it.

use super::Rule;
use super::effects::tree;
use super::rule::tables_of;
use crate::rulebook::reads::reads;
use crate::rulebook::{Action, Statement, TableRef};
use crate::schema::{Catalog, RelationName};
use std::collections::{BTreeSet, HashMap};
use std::ops::Deref;

/// Which of a list of statements may mean a relation.
#[derive(Debug, Default)]
pub(super) struct Naming {
    /// By the letters of a table's name, whatever their case.
    letters: HashMap<String, Vec<usize>>,
    /// Those that name tables by a pattern.
    patterns: Vec<usize>,
}

impl Naming {
    pub fn of<'s>(statements: impl Iterator<Item = &'s Statement>) -> Self {
        let mut naming = Naming::default();
        for (number, statement) in statements.enumerate() {
            let read = reads(statement).into_iter().map(|read| read.table);
            for table in tables_of(statement).into_iter().chain(read) {
                let under = match table.name.is_pattern() {
                    true => &mut naming.patterns,
                    false => {
                        let letters = table.name.text.to_lowercase();
                        naming.letters.entry(letters).or_default()
                    }
                };
                if under.last() != Some(&number) {
                    under.push(number);
                }
            }
        }
        naming
    }

    /// The statements that name the relation or one of its ancestors, to change it or to read it, and
    /// perhaps some that do not.
    pub fn candidates(&self, catalog: &Catalog, relation: &RelationName) -> BTreeSet<usize> {
        let ancestors = catalog.ancestors(relation).into_iter();
        let names = ancestors.map(|r| &r.name).chain([relation]);
        let named = names.filter_map(|name| self.letters.get(&name.name.to_lowercase()));
        named.flatten().chain(&self.patterns).copied().collect()
    }
}

/// Rules in order.
#[derive(Debug, Default)]
pub(super) struct Rules {
    all: Vec<Rule>,
    naming: Naming,
    /// Those that generate statements.
    generating: Vec<usize>,
    /// Those that drop users.
    dropping_users: Vec<usize>,
}

impl From<Vec<Rule>> for Rules {
    fn from(all: Vec<Rule>) -> Self {
        let which = |is: fn(&Rule) -> bool| (0..all.len()).filter(|at| is(&all[*at])).collect();
        Rules {
            naming: Naming::of(all.iter().map(|rule| &*rule.statement)),
            generating: which(|rule| rule.template.is_some()),
            dropping_users: which(|rule| matches!(rule.statement.action, Action::DropUser(_))),
            all,
        }
    }
}

impl Deref for Rules {
    type Target = [Rule];

    fn deref(&self) -> &[Rule] {
        &self.all
    }
}

impl Rules {
    /// The rules that may concern or read the relation.
    pub fn naming(&self, catalog: &Catalog, relation: &RelationName) -> Vec<&Rule> {
        let found = self.naming.candidates(catalog, relation).into_iter();
        found.map(|at| &self.all[at]).collect()
    }

    /// The rules that may concern the relation, or one that its foreign keys lead to over any number of
    /// tables.
    pub fn reaching<'c>(&self, catalog: &'c Catalog, relation: &'c RelationName) -> Vec<&Rule> {
        let mut found = self.naming.candidates(catalog, relation);
        let mut seen = BTreeSet::new();
        let mut todo = tree(catalog, relation);
        while let Some(next) = todo.pop() {
            if !seen.insert(next) {
                continue;
            }
            found.extend(self.naming.candidates(catalog, next));
            let declared = catalog.relations.get(next);
            for key in declared.into_iter().flat_map(|r| &r.foreign_keys) {
                todo.extend(tree(catalog, &key.references));
            }
        }
        found.into_iter().map(|at| &self.all[at]).collect()
    }

    /// The rules that generate statements.
    pub fn generating(&self) -> impl Iterator<Item = &Rule> {
        self.generating.iter().map(|at| &self.all[*at])
    }

    /// The rules that drop users.
    pub fn dropping_users(&self) -> impl Iterator<Item = &Rule> {
        self.dropping_users.iter().map(|at| &self.all[*at])
    }
}

/// The relations that a table may mean, those that come from its partitions and children among them.
pub(super) fn meant<'c>(table: &TableRef, catalog: &'c Catalog) -> BTreeSet<&'c RelationName> {
    if table.name.is_pattern() {
        return catalog.relations.keys().collect();
    }
    let alike = catalog.relations.alike(&table.name.text);
    let alike: Vec<&RelationName> = alike.map(|relation| &relation.name).collect();
    let mut found: BTreeSet<&RelationName> = alike.iter().copied().collect();
    for name in alike {
        found.extend(catalog.descendants(name).into_iter().map(|r| &r.name));
    }
    found
}

impl Rule {
    /// The relations that the rule concerns.
    pub(super) fn concerned<'c>(
        &'c self,
        catalog: &'c Catalog,
    ) -> impl Iterator<Item = &'c RelationName> {
        let tables = tables_of(&self.statement);
        let found: BTreeSet<_> = tables.iter().flat_map(|t| meant(t, catalog)).collect();
        let concerns = |name: &&RelationName| self.concerns(catalog, name).is_some();
        found.into_iter().filter(concerns)
    }
}

#[cfg(test)]
mod tests {
    use super::super::effects::{Effects, root};
    use super::*;
    use crate::plan::RuleId;
    use crate::rulebook::{Load, SqlDialect, load};
    use crate::schema::{ForeignKey, ReferentialAction, Relation};
    use std::sync::Arc;

    fn rules(text: &str) -> Rules {
        let rulebook = load(&Load {
            name: "rules",
            path: "rules",
            text,
            variables: &[],
            include: &|_| Err(std::io::ErrorKind::NotFound.into()),
        })
        .unwrap();
        let statements = rulebook.statements.into_iter().enumerate();
        let rule = |(statement, of): (usize, Statement)| Rule {
            id: RuleId {
                book: 0,
                statement,
                generated: 0,
            },
            reads: !reads(&of).is_empty(),
            statement: Arc::new(of),
            written_in: SqlDialect::Postgres,
            book: 0,
            reads_target: false,
            template: None,
            except: Arc::from([]),
        };
        statements.map(rule).collect::<Vec<_>>().into()
    }

    /// A parent with a partition of another name, a child of it, names that differ in case and schema.
    fn catalog() -> Catalog {
        let mut catalog = Catalog::default();
        let named = |schema: &str, name: &str| RelationName::new(Some(schema), name);
        for (schema, name, parent, references) in [
            ("public", "users", None, None),
            ("public", "part_1", Some("users"), None),
            ("public", "part_1_1", Some("part_1"), None),
            ("public", "Users", None, None),
            ("side", "users", None, None),
            ("public", "orders", None, Some("users")),
            ("public", "lines", None, Some("orders")),
            ("public", "log", None, None),
        ] {
            let mut relation = Relation::new(named(schema, name));
            relation.partition_of = parent.map(|parent| named("public", parent));
            if let Some(parent) = references {
                let mut key = ForeignKey::new(vec!["a".to_owned()], named("public", parent));
                key.on_delete = ReferentialAction::Cascade;
                relation.foreign_keys.push(key);
            }
            catalog.relations.insert(relation.name.clone(), relation);
        }
        catalog
    }

    #[test]
    fn who_is_not_asked_has_nothing_to_say() {
        let rules = rules(
            r#"DELETE FROM users; DELETE FROM USERS WHERE a = 1; DELETE FROM "Users"; DELETE FROM ONLY users;
            DELETE FROM "part*"; TRUNCATE log, orders; DELETE FROM side.users; DELETE FROM public.orders;
            DELETE FROM log WHERE a IN (SELECT a FROM part_1); DELETE FROM elsewhere;
            UPDATE part_1_1 SET a = 1; DELETE FROM "*" WHERE a = 2;"#,
        );
        let catalog = catalog();
        for name in catalog.relations.keys() {
            let asked: BTreeSet<_> = rules.naming(&catalog, name).iter().map(|r| r.id).collect();
            let reached = rules.reaching(&catalog, name);
            let reached: BTreeSet<_> = reached.iter().map(|rule| rule.id).collect();
            assert!(
                asked.len() < rules.len() && asked.is_subset(&reached),
                "{name}"
            );
            for rule in rules.iter() {
                let concerns = rule.concerns(&catalog, name).is_some();
                assert_eq!(
                    rule.concerned(&catalog).any(|n| n == name),
                    concerns,
                    "{name}"
                );
                let reads = !rule.reads_of(&catalog, name, false).is_empty();
                assert!(!(concerns || reads) || asked.contains(&rule.id), "{name}");
                let loses = Effects::of(rule, &catalog).removes;
                let loses = loses.contains(&root(&catalog, name));
                assert!(
                    !loses || reached.contains(&rule.id),
                    "{name}: {:?}",
                    rule.id
                );
            }
        }
        let lines = RelationName::new(Some("public"), "lines");
        let reach = |text| !self::rules(text).reaching(&catalog, &lines).is_empty();
        assert!(reach("DELETE FROM part_1_1;") && !reach("DELETE FROM log;"));
    }
}
