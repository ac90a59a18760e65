//! Foreign keys that became known only after the rows: did it matter?
//!
//! A plain pg_dump on a pipe tells its foreign keys at the end. Where a rule has removed rows or
//! changed keys that such a key references, nobody knows any more which rows are left without a
//! parent; unless none of the child's rows are left, the run has to fail.

use super::effects::tree;
use super::program::Program;
use super::step::Step;
use super::{Planner, RuleId};
use crate::error::{Error, Result};
use crate::rulebook::Action;
use crate::schema::{Catalog, ForeignKey, Relation, RelationName};
use std::collections::HashSet;

/// What is known of the rows of a relation at the end of its section.
#[derive(Debug, Clone, Copy, Default)]
pub struct Passed {
    /// Rows that were read.
    pub rows: u64,
    /// Rows that rules have dropped.
    pub dropped: u64,
    /// Rows that rules have changed or moved.
    pub changed: u64,
}

impl Planner {
    /// Fails if rows have lost their parents, or may have, by a foreign key that was not known when
    /// they passed. `passed` says what is known of a relation; none if its rows were not looked at.
    ///
    /// # Errors
    /// With the foreign key's name.
    pub fn late_keys(
        &self,
        catalog: &Catalog,
        passed: &dyn Fn(&RelationName) -> Option<Passed>,
    ) -> Result<()> {
        for child in catalog.relations.values() {
            if !self.passed.contains_key(&child.name) {
                continue;
            }
            let left = passed(&child.name);
            if left.is_some_and(|left| left.rows == left.dropped) {
                continue;
            }
            for (number, key) in child.foreign_keys.iter().enumerate() {
                if self.is_followed(catalog, child, number)
                    || !self.parents_lost(catalog, key, passed)
                {
                    continue;
                }
                let name = match &key.name {
                    Some(name) => name.clone(),
                    None => format!("({})", key.columns.join(", ")),
                };
                return Err(Error::input(format!(
                    "rules have removed rows or changed keys of {}, which its foreign key {name} \
                     references; the dump tells of that only after the rows, so the rows that \
                     reference them could not be looked for",
                    key.references
                ))
                .relation(&child.name)
                .remedy(self.advice().schema_first));
            }
        }
        Ok(())
    }

    /// Does a foreign key lead, over any number of tables, to one whose definition is still to come,
    /// and may a rule remove its rows or change its keys? mysqldump writes tables by name, each with
    /// its foreign keys, so that a child often comes before its parent.
    pub(super) fn awaits_parents(&self, catalog: &Catalog, relation: &RelationName) -> bool {
        let acts = |rule: &super::Rule| match &rule.statement.action {
            Action::Delete(_) | Action::Update(_) => true,
            Action::Insert(insert) => insert.on_conflict.is_some(),
            _ => false,
        };
        if self.complete || !self.rules.iter().any(acts) {
            return false;
        }
        let (mut seen, mut todo) = (HashSet::new(), vec![relation]);
        while let Some(next) = todo.pop() {
            let Some(known) = catalog.relations.get(next) else {
                return next != relation;
            };
            let parents = known.foreign_keys.iter().map(|key| &key.references);
            todo.extend(parents.filter(|parent| seen.insert(*parent)));
        }
        false
    }

    pub(super) fn programs_of(&self, relation: &RelationName) -> impl Iterator<Item = &Program> {
        let own = self.cache.get(relation).into_iter().flatten();
        own.filter_map(|(_, program)| program.as_deref())
    }

    /// Did the child's rows follow its foreign key for every rule that it matters to?
    fn is_followed(&self, catalog: &Catalog, child: &Relation, number: usize) -> bool {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let key = &child.foreign_keys[number as usize];
        let follows = |rule: RuleId, place: u32| {
            let mut places = [Step::CASCADES + place, Step::CHECKS + place].into_iter();
            let followed = self.followed.get(&child.name);
            followed.is_some_and(|steps| places.any(|place| steps.contains(&(rule, place))))
        };
        let known = self.known(catalog);
        let reaching = self.rules.reaching(catalog, &child.name);
        reaching.into_iter().all(|rule| {
            let effects = known.effects(rule);
            (!effects.loses(catalog, key) || follows(rule.id, 2 * number))
                && (!effects.rekeys(catalog, key) || follows(rule.id, 2 * number + 1))
        })
    }

    /// Have rows gone that the foreign key references, or have their keys changed?
    fn parents_lost(
        &self,
        catalog: &Catalog,
        key: &ForeignKey,
        passed: &dyn Fn(&RelationName) -> Option<Passed>,
    ) -> bool {
        let columns = catalog.referenced_columns(key).unwrap_or_default();
        let members = tree(catalog, &key.references);
        members.into_iter().any(|name| {
            let left = passed(name).unwrap_or_default();
            let rekeyed = || {
                let assigns = |program: &Program| columns.iter().any(|c| program.assigns(c));
                self.programs_of(name).any(assigns)
            };
            left.dropped > 0 || (left.changed > 0 && rekeyed())
        })
    }
}
