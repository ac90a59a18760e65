//! The relations of one database section: looking them up and following the DDL that changes them.
//!
//! Changes keep the catalog consistent: a renamed column is renamed in the keys that name it, a
//! dropped table takes the foreign keys to it along, a changed enumeration reaches the columns that
//! have it.

use super::types::{DataType, DomainType};
use super::{Column, ForeignKey, Key, Relation, RelationKind, RelationName, Relations};
use indexmap::IndexMap;
use std::collections::HashSet;
use std::sync::Arc;

/// The relations of one database section, in the order in which their DDL came.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// The relations by name.
    pub relations: Relations,
    /// User-defined types (enums, domains, composites) by name, for columns declared later.
    pub types: IndexMap<RelationName, DataType>,
    /// The attributes of the composite types, for `CREATE TABLE … OF`.
    pub composites: IndexMap<RelationName, Vec<Column>>,
    /// Relations that got another name after they were declared: old and new, in order.
    pub renames: Vec<(RelationName, RelationName)>,
    /// What was known before the stream began.
    foreseen: Option<Arc<Catalog>>,
}

impl Catalog {
    /// The catalog as something known beforehand: a relation that is created again has the keys
    /// and foreign keys that it will get.
    pub fn foreseen(mut self) -> Catalog {
        self.foreseen = Some(Arc::new(self.clone()));
        self
    }

    /// Gives a relation that has just been created the keys that are known beforehand.
    pub fn recall(&mut self, name: &RelationName) {
        let Some(foreseen) = self.foreseen.clone() else {
            return;
        };
        let (Some(known), Some(relation)) =
            (foreseen.relations.get(name), self.relations.get_mut(name))
        else {
            return;
        };
        if let Some(why) = &known.uncertain {
            relation.doubt(why.clone());
        }
        if !relation.has_columns_of(known) {
            relation.doubt("the schema that is known beforehand has other columns for it");
            return;
        }
        for key in &known.keys {
            self.add_key(name, key);
        }
        for foreign_key in &known.foreign_keys {
            self.add_foreign_key(name, foreign_key);
        }
    }

    /// The relation of exactly this name; a name without schema also matches if only one schema has it.
    pub fn relation(&self, name: &RelationName) -> Option<&Relation> {
        self.relations.get(name).or_else(|| {
            let mut found = self.relations.alike(&name.name).filter(|r| {
                r.name.name == name.name && (name.schema.is_none() || r.name.schema.is_none())
            });
            let first = found.next()?;
            found.next().is_none().then_some(first)
        })
    }

    /// The ancestors of a relation: partitioned parents and INHERITS parents, nearest first.
    pub fn ancestors(&self, name: &RelationName) -> Vec<&Relation> {
        let mut out: Vec<&Relation> = Vec::new();
        let mut todo = vec![name.clone()];
        while let Some(next) = todo.pop() {
            let Some(relation) = self.relations.get(&next) else {
                continue;
            };
            for parent in relation.partition_of.iter().chain(&relation.inherits) {
                if let Some(found) = self.relations.get(parent)
                    && !out.iter().any(|r| r.name == found.name)
                {
                    out.push(found);
                    todo.push(parent.clone());
                }
            }
        }
        out
    }

    /// The partitions and INHERITS children of a relation, in the order of their DDL.
    pub fn children<'a>(
        &'a self,
        name: &RelationName,
    ) -> impl Iterator<Item = &'a Relation> + use<'a> {
        self.relations.children(name)
    }

    /// The children, their children and so on, each once; the relation itself is left out.
    pub fn descendants<'a>(&'a self, name: &'a RelationName) -> Vec<&'a Relation> {
        let mut out: Vec<&Relation> = Vec::new();
        let mut seen = HashSet::from([name]);
        let mut todo = vec![name];
        while let Some(next) = todo.pop() {
            for child in self.children(next) {
                if seen.insert(&child.name) {
                    out.push(child);
                    todo.push(&child.name);
                }
            }
        }
        out
    }

    /// The foreign keys that reference a relation, with the relations that have them.
    pub fn referencing<'a>(
        &'a self,
        name: &'a RelationName,
    ) -> impl Iterator<Item = (&'a Relation, &'a ForeignKey)> {
        self.relations.referencing(name)
    }

    /// The referenced columns of a foreign key, also where it means the primary key without saying so.
    pub fn referenced_columns<'a>(&'a self, foreign_key: &'a ForeignKey) -> Option<&'a [String]> {
        if !foreign_key.referenced_columns.is_empty() {
            return Some(&foreign_key.referenced_columns);
        }
        let parent = self.relations.get(&foreign_key.references)?;
        Some(&parent.primary_key()?.columns)
    }

    /// Adds a key to a relation and to its partitions, whose rows it binds as well. The columns of
    /// a primary key become NOT NULL.
    pub fn add_key(&mut self, name: &RelationName, key: &Key) {
        for (target, own) in self.with_partitions(name) {
            let Some(relation) = self.relations.get_mut(&target) else {
                continue;
            };
            if key.primary {
                for column in &mut relation.columns {
                    column.not_null |= key.columns.contains(&column.name);
                }
            }
            let name = key.name.clone().filter(|_| own);
            relation.add_key(Key {
                name,
                ..key.clone()
            });
        }
    }

    /// Adds a foreign key to a relation and to its partitions.
    pub fn add_foreign_key(&mut self, name: &RelationName, foreign_key: &ForeignKey) {
        for (target, _) in self.with_partitions(name) {
            if let Some(relation) = self.relations.get_mut(&target) {
                relation.add_foreign_key(foreign_key.clone());
            }
        }
    }

    /// Makes a relation a partition of another: it has the parent's keys and NOT NULLs from now on.
    pub fn attach(&mut self, parent: &RelationName, partition: &RelationName) {
        if parent == partition {
            return;
        }
        let Some(child) = self.relations.get_mut(partition) else {
            return;
        };
        child.partition_of = Some(parent.clone());
        let Some(parent) = self.relations.get(parent) else {
            return;
        };
        let (keys, foreign_keys) = (parent.keys.clone(), parent.foreign_keys.clone());
        for key in keys {
            self.add_key(partition, &Key { name: None, ..key });
        }
        for foreign_key in foreign_keys {
            self.add_foreign_key(partition, &foreign_key);
        }
    }

    /// A relation and the partitions below it; true for the relation itself.
    fn with_partitions(&self, name: &RelationName) -> Vec<(RelationName, bool)> {
        let mut out = vec![(name.clone(), true)];
        let kind = self.relations.get(name).map(|r| r.kind);
        if kind == Some(RelationKind::Partitioned) {
            let descendants = self.descendants(name);
            let partitions = descendants.iter().filter(|r| r.partition_of.is_some());
            out.extend(partitions.map(|r| (r.name.clone(), false)));
        }
        out
    }

    /// The relations that name this one: its children, and those whose foreign keys reference it.
    fn near(&self, name: &RelationName) -> HashSet<RelationName> {
        let referencing = self.referencing(name).map(|(relation, _)| relation);
        let near = self.children(name).chain(referencing);
        near.map(|relation| relation.name.clone()).collect()
    }

    /// Forgets a relation and the foreign keys to it; its partitions go with it.
    pub fn drop_relation(&mut self, name: &RelationName) {
        let gone = self.with_partitions(name).into_iter();
        let gone: HashSet<RelationName> = gone.map(|(name, _)| name).collect();
        let near: Vec<_> = gone.iter().flat_map(|name| self.near(name)).collect();
        self.relations.remove_all(&gone);
        for name in near {
            if let Some(relation) = self.relations.get_mut(&name) {
                let keys = &mut relation.foreign_keys;
                keys.retain(|f| !gone.contains(&f.references));
                relation.inherits.retain(|p| !gone.contains(p));
            }
        }
    }

    /// Gives a relation another name, everywhere.
    pub fn rename_relation(&mut self, old: &RelationName, new: RelationName) {
        // Its rows may have passed all the same.
        if !self.relations.contains_key(old) {
            self.renames.push((old.clone(), new));
            return;
        }
        let near = self.near(old);
        if !self.relations.rename(old, &new) {
            return;
        }
        self.renames.push((old.clone(), new.clone()));
        for name in near {
            // It may be its own.
            let name = if name == *old { &new } else { &name };
            let Some(relation) = self.relations.get_mut(name) else {
                continue;
            };
            let references = relation.foreign_keys.iter_mut().map(|f| &mut f.references);
            let parents = relation
                .inherits
                .iter_mut()
                .chain(&mut relation.partition_of);
            for name in references.chain(parents).filter(|name| **name == *old) {
                *name = new.clone();
            }
        }
    }

    /// Gives a column of a relation another name, in its keys and in the foreign keys to it too.
    pub fn rename_column(&mut self, name: &RelationName, old: &str, new: &str) {
        let rename = |list: &mut [String]| {
            for column in list.iter_mut().filter(|c| *c == old) {
                new.clone_into(column);
            }
        };
        if let Some(relation) = self.relations.get_mut(name) {
            for column in relation.columns.iter_mut().filter(|c| c.name == old) {
                new.clone_into(&mut column.name);
            }
            rename(&mut relation.partition_key);
            relation
                .keys
                .iter_mut()
                .for_each(|k| rename(&mut k.columns));
            for foreign_key in &mut relation.foreign_keys {
                rename(&mut foreign_key.columns);
                rename(&mut foreign_key.on_delete_columns);
            }
        }
        for near in self.near(name) {
            let relation = self.relations.get_mut(&near);
            for foreign_key in relation.into_iter().flat_map(|r| &mut r.foreign_keys) {
                if foreign_key.references == *name {
                    rename(&mut foreign_key.referenced_columns);
                }
            }
        }
    }

    /// Forgets a column of a relation with the keys that name it.
    pub fn drop_column(&mut self, name: &RelationName, column: &str) {
        let with = |list: &[String]| list.iter().any(|c| c == column);
        for near in self.near(name) {
            if let Some(relation) = self.relations.get_mut(&near) {
                let keys = &mut relation.foreign_keys;
                keys.retain(|f| f.references != *name || !with(&f.referenced_columns));
            }
        }
        if let Some(relation) = self.relations.get_mut(name) {
            relation.columns.retain(|c| c.name != column);
            relation.keys.retain(|k| !with(&k.columns));
            relation.foreign_keys.retain(|f| !with(&f.columns));
        }
    }

    /// Gives a user-defined type another meaning, in the columns and types that have it too.
    pub fn replace_type(&mut self, name: &RelationName, new: &DataType) {
        if let Some(known) = self.types.get_mut(name) {
            *known = new.clone();
        }
        let name = name.to_string();
        let columns = self.relations.columns_mut();
        for column in columns.chain(self.composites.values_mut().flatten()) {
            substitute(&mut column.data_type, &name, new);
            column.not_null |= column.data_type.is_not_null();
        }
        for known in self.types.values_mut() {
            substitute(known, &name, new);
        }
    }
}

/// Puts `new` in the place of the user-defined type `name` within a type.
fn substitute(data_type: &mut DataType, name: &str, new: &DataType) {
    match data_type {
        DataType::Enum(known) if known.name == name => *data_type = new.clone(),
        DataType::Domain(known) if known.name == name => *data_type = new.clone(),
        DataType::Other(known) if known == name => *data_type = new.clone(),
        DataType::Array(element) => substitute(element, name, new),
        DataType::Domain(known) => {
            let mut base = known.base.clone();
            substitute(&mut base, name, new);
            if base != known.base {
                *known = Arc::new(DomainType {
                    base,
                    ..(**known).clone()
                });
            }
        }
        _ => {}
    }
}
