//! Which relations a rule removes rows from, and where it changes keys, foreign-key actions
//! included: the closure of what it names over the foreign keys that the catalog knows.
//!
//! Partitions share their root's account, since a foreign key to a partitioned table is a foreign
//! key to the rows of its partitions. A foreign key to a table with INHERITS children does not
//! mean the children, as in PostgreSQL.

use super::rule::Rule;
use crate::rulebook::{Action, Assignment};
use crate::schema::{Catalog, Column, ForeignKey, ReferentialAction, Relation, RelationName};
use indexmap::IndexSet;
use std::collections::{BTreeMap, BTreeSet};

/// What a rule does to keys, by the root of the partition tree.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// Roots that lose rows.
    pub removes: BTreeSet<RelationName>,
    /// Roots whose columns are assigned.
    pub assigns: BTreeMap<RelationName, BTreeSet<String>>,
}

/// The root of a partition tree; the relation itself if it is no partition.
pub(super) fn root(catalog: &Catalog, name: &RelationName) -> RelationName {
    top(catalog, name).clone()
}

fn top<'c>(catalog: &'c Catalog, name: &'c RelationName) -> &'c RelationName {
    let mut top = name;
    // A script may say that two tables are each other's partitions.
    for _ in 0..catalog.relations.len() {
        let parent = catalog.relations.get(top).map(|r| &r.partition_of);
        match parent {
            Some(Some(parent)) => top = parent,
            _ => break,
        }
    }
    top
}

/// All members of a relation's partition tree.
pub(super) fn tree<'c>(catalog: &'c Catalog, name: &'c RelationName) -> Vec<&'c RelationName> {
    let top = top(catalog, name);
    let (mut found, mut at) = (IndexSet::from([top]), 0);
    while let Some(parent) = found.get_index(at).copied() {
        let children = catalog.children(parent);
        let partitions = children.filter(|r| r.partition_of.as_ref() == Some(parent));
        found.extend(partitions.map(|r| &r.name));
        at += 1;
    }
    found.into_iter().collect()
}

/// The columns of a root that foreign keys reference, all together.
pub(super) fn referenced(catalog: &Catalog, root: &RelationName) -> BTreeSet<String> {
    catalog
        .referencing(root)
        .filter_map(|(_, key)| catalog.referenced_columns(key))
        .flatten()
        .cloned()
        .collect()
}

/// The columns that a foreign key sets when a referenced row goes.
pub(super) fn set_on_delete(key: &ForeignKey) -> &[String] {
    match key.on_delete_columns.is_empty() {
        true => &key.columns,
        false => &key.on_delete_columns,
    }
}

/// The foreign keys to the rows of a root, with the relations that have them.
fn referencing<'c>(
    catalog: &'c Catalog,
    parent: &'c RelationName,
) -> Vec<(&'c Relation, &'c ForeignKey)> {
    let members = tree(catalog, parent).into_iter();
    let keys = members.flat_map(|member| catalog.referencing(member));
    keys.filter(|(_, key)| root(catalog, &key.references) == *parent)
        .collect()
}

/// The columns of a relation that assignments mean.
fn columns_of<'r>(
    assignments: &'r [Assignment],
    relation: &'r Relation,
) -> impl Iterator<Item = &'r str> {
    let is_assigned = |column: &&Column| {
        // `"*"` means the columns that can hold text.
        let meant = |a: &Assignment| a.column.text != "*" || column.data_type.holds_text();
        let named = |a: &Assignment| super::matching::names(&a.column, &column.name) && meant(a);
        assignments.iter().any(named)
    };
    let columns = relation.columns.iter().filter(is_assigned);
    columns.map(|column| column.name.as_str())
}

/// The columns that an UPDATE assigns of one of its relations.
pub(super) fn assigned<'r>(
    rule: &'r Rule,
    relation: &'r Relation,
) -> impl Iterator<Item = &'r str> {
    let assignments = match &rule.statement.action {
        Action::Update(update) => &update.assignments[..],
        _ => &[],
    };
    columns_of(assignments, relation)
}

impl Effects {
    /// The effects of a rule under the foreign keys that are known.
    pub fn of(rule: &Rule, catalog: &Catalog) -> Effects {
        let mut effects = Effects::default();
        let concerned = || rule.concerned(catalog);
        match &rule.statement.action {
            Action::Delete(_) => {
                effects.removes = concerned().map(|name| root(catalog, name)).collect();
            }
            Action::Update(update) => {
                for name in concerned() {
                    effects.assign(catalog, name, &update.assignments);
                }
            }
            Action::Insert(insert) => {
                let upsert = insert.on_conflict.as_ref();
                if let Some(assignments) = upsert.map(|upsert| &upsert.assignments) {
                    for name in concerned() {
                        effects.assign(catalog, name, assignments);
                    }
                }
            }
            _ => {}
        }
        let mut todo: Vec<RelationName> = effects.removes.iter().cloned().collect();
        todo.extend(effects.assigns.keys().cloned());
        while let Some(root) = todo.pop() {
            effects.follow(catalog, &root, &mut todo);
        }
        effects
    }

    fn assign(&mut self, catalog: &Catalog, name: &RelationName, assignments: &[Assignment]) {
        let Some(relation) = catalog.relations.get(name) else {
            return;
        };
        for column in columns_of(assignments, relation) {
            let own = self.assigns.entry(root(catalog, name)).or_default();
            own.insert(column.to_owned());
        }
    }

    /// Takes one step along the foreign keys that reference a root; the roots for which that was new
    /// are to be followed as well.
    fn follow(&mut self, catalog: &Catalog, parent: &RelationName, todo: &mut Vec<RelationName>) {
        for (child, key) in referencing(catalog, parent) {
            let own = root(catalog, &child.name);
            let mut new = false;
            let mut assigned: Vec<&[String]> = Vec::new();
            if self.loses(catalog, key) {
                match key.on_delete {
                    ReferentialAction::Cascade => new |= self.removes.insert(own.clone()),
                    ReferentialAction::SetNull | ReferentialAction::SetDefault => {
                        assigned.push(set_on_delete(key));
                    }
                    ReferentialAction::NoAction | ReferentialAction::Restrict => {}
                }
            }
            let keeps = [ReferentialAction::NoAction, ReferentialAction::Restrict];
            if self.rekeys(catalog, key) && !keeps.contains(&key.on_update) {
                assigned.push(&key.columns);
            }
            for column in assigned.into_iter().flatten() {
                let columns = self.assigns.entry(own.clone()).or_default();
                new |= columns.insert(column.clone());
            }
            if new {
                todo.push(own);
            }
        }
    }

    /// Do rows go that the foreign key can reference?
    pub fn loses(&self, catalog: &Catalog, key: &ForeignKey) -> bool {
        self.removes.contains(&root(catalog, &key.references))
    }

    /// Do columns change that the foreign key references?
    pub fn rekeys(&self, catalog: &Catalog, key: &ForeignKey) -> bool {
        let assigned = self.assigns.get(&root(catalog, &key.references));
        let columns = catalog.referenced_columns(key).unwrap_or_default();
        assigned.is_some_and(|assigned| columns.iter().any(|column| assigned.contains(column)))
    }

    /// The roots that reach themselves by cascading deletes, with all that lie on such a way, if
    /// `from` is one of them.
    pub fn cycle(&self, catalog: &Catalog, from: &RelationName) -> BTreeSet<RelationName> {
        let reach = |start: &RelationName| {
            let mut found = BTreeSet::new();
            let mut todo = vec![start.clone()];
            while let Some(next) = todo.pop() {
                for child in self.cascades(catalog, &next) {
                    if found.insert(child.clone()) {
                        todo.push(child);
                    }
                }
            }
            found
        };
        let forward = reach(from);
        if !forward.contains(from) {
            return BTreeSet::new();
        }
        forward
            .into_iter()
            .filter(|name| reach(name).contains(from))
            .collect()
    }

    /// The roots whose rows go with rows of `parent`.
    fn cascades(&self, catalog: &Catalog, parent: &RelationName) -> BTreeSet<RelationName> {
        let cascades = |key: &ForeignKey| key.on_delete == ReferentialAction::Cascade;
        let children = referencing(catalog, parent).into_iter();
        children
            .filter(|(_, key)| cascades(key))
            .map(|(child, _)| root(catalog, &child.name))
            .collect()
    }
}
