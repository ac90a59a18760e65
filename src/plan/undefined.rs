//! Tables that nothing defines: in a dump of rows alone nobody says which tables inherit from which.
//!
//! A server would take a rule on a parent to the rows of its children. Without the definitions it is only
//! known that a child has all columns of its parent; of two tables of which that is so, it is told.

use super::rule::{Rule, tables_of};
use super::{Planner, matching};
use crate::rulebook::{Action, SqlDialect, TableRef};
use crate::schema::{Catalog, RelationName};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// The tables that nothing defines, with their columns.
type Undefined<'p> = BTreeMap<&'p RelationName, HashSet<&'p str>>;

impl Planner {
    fn undefined(&self, catalog: &Catalog) -> Undefined<'_> {
        if self.context.dump != SqlDialect::Postgres {
            return Undefined::new();
        }
        let headers = self.headers.iter();
        let unknown = |name: &RelationName| catalog.relation(name).is_none_or(|r| r.headed);
        headers
            .filter(|(name, _)| unknown(name))
            .map(|(name, columns)| (name, columns.iter().map(String::as_str).collect()))
            .collect()
    }

    /// Has the section rows of tables that nothing defines, so that one may be the child of another?
    pub(super) fn may_lack_parents(&self, catalog: &Catalog) -> bool {
        !self.undefined(catalog).is_empty()
    }

    /// Tables that nothing defines and that could be children of one whose rows a rule changes: what to say
    /// of them.
    pub fn perhaps_children(&self, catalog: &Catalog) -> Vec<String> {
        let undefined = self.undefined(catalog);
        let (mut by_name, mut by_column) = (HashMap::new(), HashMap::new());
        for (name, columns) in &undefined {
            let letters = name.name.to_lowercase();
            by_name.entry(letters).or_insert_with(Vec::new).push(*name);
            for column in columns {
                let holders = by_column.entry(*column).or_insert_with(Vec::new);
                holders.push(*name);
            }
        }
        let mut found = BTreeMap::<&RelationName, BTreeSet<&RelationName>>::new();
        for rule in self.rules.iter() {
            let current = rule.statement.current_schema.as_deref();
            for table in with_children(rule) {
                let alike = by_name.get(&table.name.text.to_lowercase());
                for parent in alike.into_iter().flatten() {
                    let columns = &undefined[parent];
                    let holders = columns.iter().map(|column| &by_column[column]);
                    let Some(fewest) = holders.min_by_key(|holders| holders.len()) else {
                        continue;
                    };
                    if !matching::names_relation(table, current, parent) {
                        continue;
                    }
                    let child = |other: &&&RelationName| {
                        *other != parent
                            && columns.is_subset(&undefined[**other])
                            && rule.concerns(catalog, other).is_none()
                    };
                    let children = fewest.iter().filter(child).copied();
                    found.entry(*parent).or_default().extend(children);
                }
            }
        }
        let told = found.iter().filter_map(|(parent, children)| {
            let first = children.first()?;
            let others = match children.len() {
                1 => "has".to_owned(),
                n => format!("and {} more have", n - 1),
            };
            Some(format!(
                "{parent}: nothing says which tables inherit from it; {first} {others} all of its columns, but rules on \
                 it reach no rows but its own; give --schema FILE"
            ))
        });
        told.collect()
    }
}

/// The tables whose rows and children's rows a rule changes.
fn with_children(rule: &Rule) -> impl Iterator<Item = &TableRef> {
    let tables = match &rule.statement.action {
        Action::Update(_) | Action::Delete(_) | Action::Truncate(_) => tables_of(&rule.statement),
        Action::Insert(_)
        | Action::Select(_)
        | Action::Gexec(_)
        | Action::Grant { .. }
        | Action::DropUser(_) => Vec::new(),
    };
    let named = |table: &&TableRef| !table.only && !table.name.is_pattern();
    tables.into_iter().filter(named)
}
