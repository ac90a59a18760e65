//! DDL: what ALTER TABLE changes of a table, its columns and keys.
//!
//! What is not understood puts the table in doubt, as with [`super::table`].

use super::Flavour;
use super::table::{Context, end_of_statement};
use super::tokens::Tokens;
use crate::schema::{Catalog, RelationName};

impl Context {
    pub(super) fn alter(&self, catalog: &mut Catalog, mut t: Tokens<'_>) {
        let Some(parts) = t.qualified_name() else {
            return;
        };
        let name = self.resolve(catalog, parts);
        if self.changes(catalog, &name, t).is_none()
            && let Some(relation) = catalog.relations.get_mut(&name)
        {
            relation.doubt("an ALTER TABLE of it is not understood");
        }
    }

    fn changes(&self, catalog: &mut Catalog, name: &RelationName, mut t: Tokens<'_>) -> Option<()> {
        let _ = t.eat("WITH CHECK") || t.eat("WITH NOCHECK");
        if t.eat("ADD") {
            let whole = t.eat("COLUMN");
            if self.flavour == Flavour::Oracle && !whole {
                return self.add_oracle(catalog, name, t);
            }
            let end = end_of_statement(t);
            for mut item in t.within(t.offset()..end).split_commas() {
                if item.eat("DEFAULT") {
                    self.default_for(catalog, name, &mut item)?;
                } else {
                    self.item(catalog, name, item)?;
                }
            }
            return Some(());
        }
        if t.eat("ALTER COLUMN") {
            let column = self
                .columns(catalog.relations.get(name), vec![t.name()?])
                .pop()?;
            if t.at_keyword("ADD") || t.at_keyword("DROP") {
                return Some(());
            }
            let data_type = (self.data_type)(&mut t, catalog)?;
            let known = catalog.relations.get_mut(name)?;
            let known = known.columns.iter_mut().find(|c| c.name == column)?;
            known.data_type = data_type;
            known.not_null = t.any(|t| t.keyword("NOT"));
            return Some(());
        }
        if t.eat("MODIFY") {
            return self.modify(catalog, name, t);
        }
        if t.eat("RENAME") {
            if t.eat("COLUMN") {
                let old = t.name()?;
                t.eat("TO").then_some(())?;
                catalog.rename_column(name, &old, &t.name()?);
            } else if t.eat("TO") {
                let new = RelationName {
                    schema: name.schema.clone(),
                    name: t.name()?,
                };
                catalog.rename_relation(name, new);
            }
            return Some(());
        }
        if t.eat("DROP") {
            // Constraints that go make keys weaker than the catalog says; columns are gone.
            t.eat("CONSTRAINT")
                .then_some(())
                .or_else(|| t.eat("PRIMARY KEY").then_some(()))?;
            let dropped = t.name();
            let relation = catalog.relations.get_mut(name)?;
            relation
                .keys
                .retain(|k| k.name.is_none() || k.name != dropped);
            relation
                .foreign_keys
                .retain(|k| k.name.is_none() || k.name != dropped);
        }
        Some(())
    }

    /// Oracle's `ADD (…)` and `ADD CONSTRAINT …`.
    fn add_oracle(
        &self,
        catalog: &mut Catalog,
        name: &RelationName,
        mut t: Tokens<'_>,
    ) -> Option<()> {
        let end = end_of_statement(t);
        if t.at_mark(b'(') {
            let range = t.skip_parentheses()?;
            for item in t.within(range).split_commas() {
                self.item(catalog, name, item)?;
            }
            return Some(());
        }
        if t.eat("SUPPLEMENTAL LOG") || t.eat("PARTITION") {
            return Some(());
        }
        self.item(catalog, name, t.within(t.offset()..end))
    }

    /// Oracle's `MODIFY (c [type] [NOT NULL])`.
    fn modify(&self, catalog: &mut Catalog, name: &RelationName, mut t: Tokens<'_>) -> Option<()> {
        let items = match t.skip_parentheses() {
            Some(range) => t.within(range).split_commas(),
            None => vec![t.within(t.offset()..end_of_statement(t))],
        };
        for mut item in items {
            let column = item.name()?;
            if ["CONSTRAINT", "PARTITION", "LOB"].contains(&column.as_str()) {
                continue;
            }
            let relation = catalog.relations.get(name)?;
            let mut made = relation.column(&column)?.clone();
            let clause = [
                "NOT",
                "NULL",
                "DEFAULT",
                "CONSTRAINT",
                "PRIMARY",
                "UNIQUE",
                "GENERATED",
                "ENCRYPT",
                "DROP",
            ];
            if item.peek().is_some_and(|t| !t.any_keyword(&clause)) {
                made.data_type = (self.data_type)(&mut item, catalog)?;
            }
            self.clauses(catalog, name, &mut made, item)?;
            let relation = catalog.relations.get_mut(name)?;
            *relation.columns.iter_mut().find(|c| c.name == column)? = made;
        }
        Some(())
    }
}
