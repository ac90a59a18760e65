//! The relations of a catalog in the order of their DDL, found by name, by their parent or by what their
//! foreign keys reference without going over all of them: a dump may have a hundred thousand.
//!
//! What they are found by is noted when a relation comes or has been changed, and never struck out, so every
//! finding is checked against the relation as it is now. The relation that was lent out last for a change
//! may hold anything; it is always looked at.

use super::{Column, ForeignKey, Key, Relation, RelationName};
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet};
use std::ops::Deref;

/// The relations of one database section, by name.
#[derive(Debug, Clone, Default)]
pub struct Relations {
    all: IndexMap<RelationName, Relation>,
    /// Names by their letters, whatever their case.
    letters: HashMap<String, Vec<RelationName>>,
    /// Partitions and INHERITS children by their parents.
    children: HashMap<RelationName, HashSet<RelationName>>,
    /// Relations with foreign keys by what these reference.
    referencing: HashMap<RelationName, HashSet<RelationName>>,
    /// The relation that was lent out last.
    lent: Option<RelationName>,
    changes: u64,
}

impl Deref for Relations {
    type Target = IndexMap<RelationName, Relation>;

    fn deref(&self) -> &Self::Target {
        &self.all
    }
}

impl IntoIterator for Relations {
    type Item = (RelationName, Relation);
    type IntoIter = indexmap::map::IntoIter<RelationName, Relation>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.into_iter()
    }
}

impl<'a> IntoIterator for &'a Relations {
    type Item = (&'a RelationName, &'a Relation);
    type IntoIter = indexmap::map::Iter<'a, RelationName, Relation>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.iter()
    }
}

impl Relations {
    /// Adds a relation, in the place of one of the same name if there is one.
    pub fn insert(&mut self, name: RelationName, relation: Relation) {
        self.changes += 1;
        if self.all.insert(name.clone(), relation).is_none() {
            self.spell(&name);
        }
        self.note(&name);
    }

    /// Adds a relation unless there is one of the same name.
    pub fn insert_new(&mut self, name: RelationName, relation: Relation) {
        if !self.all.contains_key(&name) {
            self.insert(name, relation);
        }
    }

    /// A relation to be changed.
    pub fn get_mut(&mut self, name: &RelationName) -> Option<&mut Relation> {
        if let Some(before) = self.lent.take_if(|before| before != name) {
            self.note(&before);
        }
        let found = self.all.get_mut(name)?;
        self.changes += 1;
        if self.lent.is_none() {
            self.lent = Some(name.clone());
        }
        Some(found)
    }

    /// The columns of all relations, to be changed.
    pub fn columns_mut(&mut self) -> impl Iterator<Item = &mut Column> {
        self.changes += 1;
        self.all.values_mut().flat_map(|r| &mut r.columns)
    }

    /// The keys of all relations, to be changed.
    pub fn keys_mut(&mut self) -> impl Iterator<Item = (&RelationName, &mut Vec<Key>)> {
        self.changes += 1;
        self.all.iter_mut().map(|(name, r)| (name, &mut r.keys))
    }

    /// Forgets a relation; the others keep their order.
    pub fn shift_remove(&mut self, name: &RelationName) {
        if self.all.shift_remove(name).is_some() {
            self.changes += 1;
        }
    }

    /// Forgets several relations; the others keep their order.
    pub fn remove_all(&mut self, gone: &HashSet<RelationName>) {
        if gone.iter().any(|name| self.all.contains_key(name)) {
            self.changes += 1;
            self.all.retain(|name, _| !gone.contains(name));
        }
    }

    /// Gives a relation another name in its place. False if there is no such relation, or another one of
    /// that name.
    pub fn rename(&mut self, old: &RelationName, new: &RelationName) -> bool {
        let Some(at) = self.all.get_index_of(old) else {
            return false;
        };
        if self.all.replace_index(at, new.clone()).is_err() {
            return false;
        }
        self.changes += 1;
        self.all[at].name = new.clone();
        self.spell(new);
        self.note(new);
        true
    }

    /// How often anything has changed: what was found out at the same number still holds.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// The relations whose names, without their schemas, have the same letters, whatever their case.
    pub fn alike(&self, name: &str) -> impl Iterator<Item = &Relation> + use<'_> {
        let known = self.letters.get(&name.to_lowercase());
        self.in_order(known.into_iter().flatten()).into_iter()
    }

    /// The partitions and INHERITS children of a relation.
    pub fn children<'a>(
        &'a self,
        name: &RelationName,
    ) -> impl Iterator<Item = &'a Relation> + use<'a> {
        let known = self.children.get(name).into_iter().flatten();
        let mut found = self.in_order(known.chain(&self.lent));
        found.retain(|r| r.partition_of.as_ref() == Some(name) || r.inherits.contains(name));
        found.into_iter()
    }

    /// The foreign keys that reference a relation, with the relations that have them.
    pub fn referencing<'a>(
        &'a self,
        name: &'a RelationName,
    ) -> impl Iterator<Item = (&'a Relation, &'a ForeignKey)> {
        let known = self.referencing.get(name).into_iter().flatten();
        let found = self.in_order(known.chain(&self.lent)).into_iter();
        found.flat_map(move |relation| {
            let keys = relation.foreign_keys.iter();
            keys.filter(move |key| key.references == *name)
                .map(move |key| (relation, key))
        })
    }

    /// Does any relation have a foreign key?
    pub fn have_foreign_keys(&self) -> bool {
        let mut known = self.referencing.values().flatten().chain(&self.lent);
        let has = |r: &Relation| !r.foreign_keys.is_empty();
        known.any(|name| self.all.get(name).is_some_and(has))
    }

    /// Those of them that are still there, each once, in the order of their DDL.
    fn in_order<'a>(&'a self, names: impl Iterator<Item = &'a RelationName>) -> Vec<&'a Relation> {
        let places = names.filter_map(|name| self.all.get_index_of(name));
        let mut places: Vec<usize> = places.collect();
        places.sort_unstable();
        places.dedup();
        places.into_iter().map(|at| &self.all[at]).collect()
    }

    fn spell(&mut self, name: &RelationName) {
        let letters = self.letters.entry(name.name.to_lowercase()).or_default();
        letters.push(name.clone());
    }

    /// Notes what a relation is found by.
    fn note(&mut self, name: &RelationName) {
        let Some(relation) = self.all.get(name) else {
            return;
        };
        for parent in relation.partition_of.iter().chain(&relation.inherits) {
            let known = self.children.entry(parent.clone()).or_default();
            known.insert(name.clone());
        }
        for key in &relation.foreign_keys {
            let known = self.referencing.entry(key.references.clone()).or_default();
            known.insert(name.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn named(name: usize) -> RelationName {
        RelationName::new(Some("public"), ["a", "b", "B", "c", "d"][name])
    }

    proptest! {
        /// Whatever has been done to them, going over all relations finds the same.
        #[test]
        fn what_is_noted_is_what_is_there(
            changes in proptest::collection::vec((0..6, 0..5_usize, 0..5_usize), 0..40)
        ) {
            let mut relations = Relations::default();
            for (kind, name, other) in changes {
                let (name, other) = (named(name), named(other));
                match kind {
                    0 => relations.insert(name.clone(), Relation::new(name)),
                    1 => drop(relations.rename(&name, &other)),
                    2 => relations.shift_remove(&name),
                    3 => relations.remove_all(&HashSet::from([name, other])),
                    _ => if let Some(relation) = relations.get_mut(&name) {
                        match kind {
                            4 => relation.partition_of = Some(other),
                            _ => relation.foreign_keys.push(ForeignKey::new(vec!["a".into()], other)),
                        }
                    }
                }
                for name in (0..5).map(named) {
                    let names = |found: Vec<&Relation>| -> Vec<_> {
                        found.into_iter().map(|r| r.name.clone()).collect()
                    };
                    let all = || relations.values();
                    let letters = |r: &&Relation| r.name.name.eq_ignore_ascii_case(&name.name);
                    prop_assert_eq!(
                        names(relations.alike(&name.name).collect()),
                        names(all().filter(letters).collect())
                    );
                    let child = |r: &&Relation| r.partition_of.as_ref() == Some(&name);
                    prop_assert_eq!(
                        names(relations.children(&name).collect()),
                        names(all().filter(child).collect())
                    );
                    let keys = |r: &Relation| {
                        r.foreign_keys.iter().filter(|key| key.references == name).count()
                    };
                    let referencing: usize = all().map(keys).sum();
                    prop_assert_eq!(relations.referencing(&name).count(), referencing);
                    for (relation, key) in relations.referencing(&name) {
                        prop_assert!(key.references == name && relation.foreign_keys.contains(key));
                    }
                }
                let any = relations.values().any(|r| !r.foreign_keys.is_empty());
                prop_assert_eq!(relations.have_foreign_keys(), any);
            }
        }
    }
}
