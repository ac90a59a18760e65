//! Learns the schema from SQLite's CREATE TABLE.
//!
//! A declared type says no more than its affinity: any column can hold any value. Dates are text, as
//! SQLite compares them.

use super::relation;
use crate::dialect::script::clauses::{Clauses, Element, TypeWords};
use crate::dialect::script::tokens::Tokens;
use crate::schema::{Catalog, DataType, Relation, RelationKind};

/// The type that a column computes with, by the rules of affinity.
pub fn data_type(written: &TypeWords) -> DataType {
    let name = written.words.join(" ");
    let has = |part: &str| name.contains(part);
    if name.is_empty() {
        DataType::Unknown
    } else if has("int") || has("bool") {
        DataType::BigInt
    } else if has("char") || has("clob") || has("text") {
        DataType::Text
    } else if has("date") || has("time") {
        DataType::time_as_text()
    } else if has("blob") {
        DataType::Bytea
    } else if has("real") || has("floa") || has("doub") {
        DataType::Double
    } else if has("num") || has("dec") || has("money") {
        DataType::Numeric(None)
    } else {
        // json, uuid, string …: of numeric affinity by the rules, texts by their meaning.
        DataType::text_of_numeric_affinity()
    }
}

/// Learns from one statement what it does to the catalog.
pub fn learn(catalog: &mut Catalog, mut t: Tokens<'_>) {
    if t.eat("ALTER TABLE") {
        if let (Some(old), true, Some(new)) = (t.names(), t.eat("RENAME TO"), t.names()) {
            catalog.rename_relation(&relation(old), relation(new));
        }
        return;
    }
    let create = t.eat("CREATE");
    if !create && !t.eat("DROP") {
        return;
    }
    t.eat_any(&["TEMP", "TEMPORARY"]);
    let view = t.eat("VIEW");
    let unique = t.eat("UNIQUE INDEX");
    if !view && !unique && !t.eat("TABLE") {
        return;
    }
    t.eat_any(&["IF NOT EXISTS", "IF EXISTS"]);
    let Some(name) = t.names().map(relation) else {
        return;
    };
    if unique {
        return unique_index(catalog, name.name, t);
    }
    if !create {
        catalog.drop_relation(&name);
        return;
    }
    let mut new = Relation::new(name.clone());
    if view {
        new.kind = RelationKind::View;
    } else if let Some(range) = t.group() {
        let list = t.within(range);
        let mut others = Vec::new();
        for part in list.list() {
            match clauses().element(list.within(part)) {
                Ok(element @ Element::Column(..)) => element.add(&mut new),
                Ok(element) => others.push(element),
                Err(why) => new.doubt(why),
            }
        }
        others.into_iter().for_each(|other| other.add(&mut new));
    } else {
        new.doubt("its columns come from a query");
    }
    catalog.relations.insert(name.clone(), new);
    catalog.recall(&name);
}

fn clauses() -> Clauses<'static> {
    Clauses {
        types: data_type,
        resolve: &relation,
        mysql: false,
    }
}

fn unique_index(catalog: &mut Catalog, name: String, mut t: Tokens<'_>) {
    if !t.eat("ON") {
        return;
    }
    let Some(table) = t.names().map(relation) else {
        return;
    };
    if let (Ok(Element::Key(mut key)), Some(relation)) = (
        clauses().key(t, None, false),
        catalog.relations.get_mut(&table),
    ) {
        key.name = Some(name);
        relation.add_key(key);
    }
}
