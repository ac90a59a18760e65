//! ALTER TABLE and the other ALTERs that concern relations, keys and types.

use super::clauses::{
    Constraints, column, deferral, expression, generated, split, table_constraint,
};
use super::table::add_column;
use super::types::{alter_type, parse_type};
use super::{Context, Parsed, each_index};
use crate::dialect::postgres::tokens::Tokens;
use crate::schema::{Catalog, Deferrable, ForeignKey, Generated, Relation, RelationName};

/// What follows `ALTER`.
pub(super) fn alter(catalog: &mut Catalog, context: &Context<'_>, mut t: Tokens<'_>) {
    if t.eat_keyword("TYPE") || t.eat_keyword("DOMAIN") {
        return alter_type(catalog, context, t);
    }
    if t.eat_keyword("INDEX") {
        t.eat_keywords("IF EXISTS");
        if let Some(index) = t.qualified_name()
            && t.eat_keywords("RENAME TO")
            && let Some(new) = t.name()
        {
            each_index(catalog, &index, |keys, at| {
                keys[at].name = Some(new.clone())
            });
        }
        return;
    }
    if t.eat_keyword("SCHEMA") {
        if let Some(old) = t.name()
            && t.eat_keywords("RENAME TO")
            && let Some(new) = t.name()
        {
            rename_schema(catalog, &old, &new);
        }
        return;
    }
    t.eat_keyword("FOREIGN");
    t.eat_keyword("MATERIALIZED");
    if !t.eat_keyword("TABLE") && !t.eat_keyword("VIEW") {
        return;
    }
    t.eat_keywords("IF EXISTS");
    let only = t.eat_keyword("ONLY");
    let Some(name) = t.qualified_name() else {
        return;
    };
    t.eat_if(|token| token.operator("*"));
    let mut table = context.resolve(catalog, name);
    for range in split(t) {
        if !catalog.relations.contains_key(&table) {
            renamed(catalog, &table, t.within(range));
            return;
        }
        if harmless(t.within(range.clone())) {
            continue;
        }
        let mut targets = vec![table.clone()];
        if !only {
            targets.extend(catalog.descendants(&table).iter().map(|r| r.name.clone()));
        }
        let mut action = Action {
            catalog,
            context,
            targets: &targets,
        };
        match action.run(t.within(range)) {
            Ok(None) => {}
            Ok(Some(new)) => table = new,
            Err(why) => {
                for name in &targets {
                    if let Some(relation) = catalog.relations.get_mut(name) {
                        relation.doubt(format!("ALTER TABLE {table}: {why}"));
                    }
                }
            }
        }
    }
}

/// A relation gets another name whose definition has not been seen; its rows may have been.
fn renamed(catalog: &mut Catalog, table: &RelationName, mut t: Tokens<'_>) {
    let schema = t.eat_keywords("SET SCHEMA");
    if !schema && !t.eat_keywords("RENAME TO") {
        return;
    }
    if let Some(new) = t.name() {
        let name = match schema {
            true => RelationName::new(Some(&new), &table.name),
            false => RelationName::new(table.schema.as_deref(), &new),
        };
        catalog.rename_relation(table, name);
    }
}

fn rename_schema(catalog: &mut Catalog, old: &str, new: &str) {
    let names: Vec<_> = catalog.relations.keys().cloned().collect();
    for name in names.iter().filter(|n| n.schema.as_deref() == Some(old)) {
        catalog.rename_relation(name, RelationName::new(Some(new), &name.name));
    }
}

/// One action of an ALTER TABLE.
struct Action<'a> {
    catalog: &'a mut Catalog,
    context: &'a Context<'a>,
    /// The table, and its children unless the statement says ONLY.
    targets: &'a [RelationName],
}

impl<'a> Action<'a> {
    fn table(&self) -> &'a RelationName {
        &self.targets[0]
    }

    fn each(&mut self, mut change: impl FnMut(&mut Relation)) {
        for name in self.targets {
            if let Some(relation) = self.catalog.relations.get_mut(name) {
                change(relation);
            }
        }
    }

    /// Runs it; gives the table's new name if it has one now.
    fn run(&mut self, mut t: Tokens<'_>) -> Parsed<Option<RelationName>> {
        if t.eat_keyword("ADD") {
            self.add(&mut t)?;
        } else if t.eat_keyword("DROP") {
            self.drop(&mut t)?;
        } else if t.eat_keyword("ALTER") {
            if t.eat_keyword("CONSTRAINT") {
                self.alter_constraint(&mut t)?;
            } else {
                t.eat_keyword("COLUMN");
                self.alter_column(&mut t)?;
            }
        } else if t.eat_keywords("VALIDATE CONSTRAINT") {
            let name = t.name().ok_or("VALIDATE is not understood")?;
            self.each_foreign_key(&name, |foreign_key| foreign_key.not_valid = false);
        } else if t.eat_keyword("RENAME") {
            return self.rename(&mut t);
        } else if t.eat_keywords("SET SCHEMA") {
            let schema = t.name().ok_or("SET SCHEMA is not understood")?;
            let new = RelationName::new(Some(&schema), &self.table().name);
            self.catalog.rename_relation(self.table(), new.clone());
            return Ok(Some(new));
        } else if t.eat_keywords("ATTACH PARTITION") {
            let partition = self.other(&mut t)?;
            self.catalog.attach(self.table(), &partition);
        } else if t.eat_keywords("DETACH PARTITION") {
            let partition = self.other(&mut t)?;
            if let Some(partition) = self.catalog.relations.get_mut(&partition) {
                partition.partition_of = None;
            }
        } else if t.eat_keyword("INHERIT") {
            let parent = self.other(&mut t)?;
            if let Some(table) = self.catalog.relations.get_mut(&self.targets[0])
                && !table.inherits.contains(&parent)
            {
                table.inherits.push(parent);
            }
        } else if t.eat_keywords("NO INHERIT") {
            let parent = self.other(&mut t)?;
            if let Some(table) = self.catalog.relations.get_mut(&self.targets[0]) {
                table.inherits.retain(|p| *p != parent);
            }
        } else {
            return Err("an action is not understood".to_owned());
        }
        Ok(None)
    }

    fn other(&self, t: &mut Tokens<'_>) -> Parsed<RelationName> {
        let name = t.qualified_name().ok_or("the name of a table is missing")?;
        Ok(self.context.resolve(self.catalog, name))
    }

    fn add(&mut self, t: &mut Tokens<'_>) -> Parsed<()> {
        if self.use_index(*t) {
            return Ok(());
        }
        let mut constraints = Constraints::default();
        if !table_constraint(t, self.catalog, self.context, &mut constraints)? {
            t.eat_keyword("COLUMN");
            let careful = t.eat_keywords("IF NOT EXISTS");
            let table = self.table().clone();
            let new = column(t, self.catalog, self.context, &table, &mut constraints)?;
            let known = self.catalog.relations.get(&table);
            if careful && known.is_some_and(|r| r.column(&new.name).is_some()) {
                return Ok(());
            }
            add_column(self.catalog, self.targets, &new);
        }
        constraints.name(self.table());
        for name in &constraints.not_null {
            self.each(|relation| set_not_null(relation, name, true));
        }
        for key in &constraints.keys {
            if key.primary {
                for name in &key.columns {
                    self.each(|relation| set_not_null(relation, name, true));
                }
            }
            match self.targets {
                [table] => {
                    if let Some(relation) = self.catalog.relations.get_mut(table) {
                        relation.add_key(key.clone());
                    }
                }
                _ => self.catalog.add_key(&self.targets[0], key),
            }
        }
        for foreign_key in &constraints.foreign_keys {
            self.catalog.add_foreign_key(&self.targets[0], foreign_key);
        }
        Ok(())
    }

    /// `ADD CONSTRAINT name UNIQUE USING INDEX i`: the index becomes the key.
    fn use_index(&mut self, mut t: Tokens<'_>) -> bool {
        let named = t.eat_keyword("CONSTRAINT");
        let name = if named { t.name() } else { None };
        let primary = t.eat_keywords("PRIMARY KEY");
        if !(primary || t.eat_keyword("UNIQUE")) || !t.eat_keywords("USING INDEX") {
            return false;
        }
        let Some(index) = t.name() else {
            return false;
        };
        let Some(relation) = self.catalog.relations.get_mut(&self.targets[0]) else {
            return false;
        };
        let mut columns = Vec::new();
        for key in &mut relation.keys {
            if key.name.as_ref() == Some(&index) {
                key.primary |= primary;
                key.name = name.clone().or(Some(index.clone()));
                columns.clone_from(&key.columns);
            }
        }
        if primary {
            for column in &columns {
                set_not_null(relation, column, true);
            }
        }
        true
    }

    fn drop(&mut self, t: &mut Tokens<'_>) -> Parsed<()> {
        let constraint = t.eat_keyword("CONSTRAINT");
        if !constraint {
            t.eat_keyword("COLUMN");
        }
        t.eat_keywords("IF EXISTS");
        let name = t.name().ok_or("DROP is not understood")?;
        if constraint {
            self.drop_constraint(&name);
        } else {
            for target in self.targets {
                self.catalog.drop_column(target, &name);
            }
        }
        Ok(())
    }

    /// Drops a constraint, and what the partitions have because of it under names of their own.
    fn drop_constraint(&mut self, name: &str) {
        let Some(relation) = self.catalog.relations.get(&self.targets[0]) else {
            return;
        };
        let named = |known: &Option<String>| known.as_deref() == Some(name);
        let keys: Vec<_> = relation
            .keys
            .iter()
            .filter(|k| named(&k.name))
            .cloned()
            .collect();
        for target in self.targets {
            if let Some(relation) = self.catalog.relations.get_mut(target) {
                let copies = relation.partition_of.is_some();
                relation.keys.retain(|known| {
                    let copy = keys
                        .iter()
                        .any(|k| k.columns == known.columns && k.primary == known.primary);
                    !(named(&known.name) || copies && copy)
                });
                relation.foreign_keys.retain(|f| !named(&f.name));
            }
        }
    }

    fn alter_constraint(&mut self, t: &mut Tokens<'_>) -> Parsed<()> {
        let name = t.name().ok_or("ALTER CONSTRAINT is not understood")?;
        let mut deferrable = Deferrable::No;
        let mut said = false;
        while deferral(t, &mut deferrable) || t.eat_keywords("INITIALLY IMMEDIATE") {
            said = true;
        }
        if t.peek().is_some() {
            return Err("ALTER CONSTRAINT is not understood".to_owned());
        }
        if said {
            self.each_foreign_key(&name, |foreign_key| foreign_key.deferrable = deferrable);
        }
        Ok(())
    }

    /// Changes the foreign key of this name, and its copies in the partitions.
    fn each_foreign_key(&mut self, name: &str, change: impl Fn(&mut ForeignKey)) {
        self.each(|relation| {
            relation
                .foreign_keys
                .iter_mut()
                .filter(|f| f.name.as_deref() == Some(name))
                .for_each(&change);
        });
    }

    fn rename(&mut self, t: &mut Tokens<'_>) -> Parsed<Option<RelationName>> {
        const FAULT: &str = "RENAME is not understood";
        if t.eat_keyword("TO") {
            let new = t.name().ok_or(FAULT)?;
            let new = RelationName::new(self.table().schema.as_deref(), &new);
            self.catalog.rename_relation(self.table(), new.clone());
            return Ok(Some(new));
        }
        let constraint = t.eat_keyword("CONSTRAINT");
        if !constraint {
            t.eat_keyword("COLUMN");
        }
        let old = t.name().ok_or(FAULT)?;
        if !t.eat_keyword("TO") {
            return Err(FAULT.to_owned());
        }
        let new = t.name().ok_or(FAULT)?;
        for target in self.targets {
            if !constraint {
                self.catalog.rename_column(target, &old, &new);
            } else if let Some(relation) = self.catalog.relations.get_mut(target) {
                let keys = relation.keys.iter_mut().map(|k| &mut k.name);
                let foreign_keys = relation.foreign_keys.iter_mut().map(|f| &mut f.name);
                for name in keys.chain(foreign_keys) {
                    if name.as_ref() == Some(&old) {
                        *name = Some(new.clone());
                    }
                }
            }
        }
        Ok(None)
    }

    fn alter_column(&mut self, t: &mut Tokens<'_>) -> Parsed<()> {
        let name = t.name().ok_or("ALTER COLUMN is not understood")?;
        let mut change: Box<dyn FnMut(&mut crate::schema::Column)> =
            if t.eat_keywords("SET DEFAULT") {
                let default = expression(t, true)?;
                Box::new(move |c| c.default = Some(default.clone()))
            } else if t.eat_keywords("DROP DEFAULT") {
                Box::new(|c| c.default = None)
            } else if t.eat_keywords("SET NOT NULL") {
                Box::new(|c| c.not_null = true)
            } else if t.eat_keywords("DROP NOT NULL") {
                Box::new(|c| c.not_null = c.data_type.is_not_null())
            } else if t.eat_keyword("TYPE") || t.eat_keywords("SET DATA TYPE") {
                let data_type = parse_type(t, self.catalog, self.context)
                    .ok_or_else(|| format!("the type of the column {name} is not understood"))?;
                let collation = match t.eat_keyword("COLLATE") {
                    true => t.qualified_name().and_then(|mut parts| parts.pop()),
                    false => None,
                };
                Box::new(move |c| {
                    c.not_null |= data_type.is_not_null();
                    c.data_type = data_type.clone();
                    c.collation.clone_from(&collation);
                })
            } else if t.eat_keywords("ADD GENERATED") {
                let generated = generated_or_identity(t)?;
                return self.identity(&name, generated);
            } else if t.eat_keywords("SET GENERATED ALWAYS") {
                return self.identity(&name, Generated::IdentityAlways);
            } else if t.eat_keywords("SET GENERATED BY DEFAULT") {
                return self.identity(&name, Generated::IdentityByDefault);
            } else if t.eat_keywords("DROP IDENTITY") {
                return self.identity(&name, Generated::No);
            } else if t.eat_keywords("DROP EXPRESSION") {
                Box::new(|c| c.generated = Generated::No)
            } else if t.eat_keywords("SET EXPRESSION AS") {
                let range = t.skip_parentheses().ok_or("an expression is missing")?;
                let text = t.lexing().text(&t.source()[range]);
                Box::new(move |c| match &mut c.generated {
                    Generated::Stored(known) | Generated::Virtual(known) => {
                        text.clone_into(known);
                    }
                    _ => {}
                })
            } else {
                // Storage, statistics, options: nothing that a rule could meet.
                return Ok(());
            };
        self.each(|relation| {
            relation
                .columns
                .iter_mut()
                .filter(|c| c.name == name)
                .for_each(&mut change);
        });
        Ok(())
    }

    /// Identity is the table's own: partitions and children do not take part.
    fn identity(&mut self, name: &str, generated: Generated) -> Parsed<()> {
        let relation = self.catalog.relations.get_mut(&self.targets[0]);
        let column = relation.and_then(|r| r.columns.iter_mut().find(|c| c.name == name));
        if let Some(column) = column {
            column.not_null |= generated != Generated::No;
            column.generated = generated;
        }
        Ok(())
    }
}

fn generated_or_identity(t: &mut Tokens<'_>) -> Parsed<Generated> {
    match generated(t)? {
        computed if computed.is_computed() => Err("GENERATED is not understood".to_owned()),
        identity => Ok(identity),
    }
}

fn set_not_null(relation: &mut Relation, column: &str, not_null: bool) {
    for column in relation.columns.iter_mut().filter(|c| c.name == column) {
        column.not_null = not_null;
    }
}

/// Is this an action that changes neither names nor columns nor keys?
fn harmless(t: Tokens<'_>) -> bool {
    let next = |words: &str| {
        let mut ahead = t;
        ahead.eat_keywords(words)
    };
    let words = [
        "OWNER", "ENABLE", "DISABLE", "FORCE", "NO FORCE", "CLUSTER", "SET", "RESET", "REPLICA",
        "OPTIONS", "OF", "NOT OF",
    ];
    words.iter().any(|words| next(words)) && !next("SET SCHEMA")
}
