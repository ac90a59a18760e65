//! Learns the schema from MySQL's DDL as it passes.
//!
//! Where a part is not understood, the certain rest is learned and the relation is marked as
//! uncertain, so that a rule on it can be refused.

use super::types::data_type;
use crate::dialect::script::clauses::{Clauses, Element, default_collation, string};
use crate::dialect::script::tokens::Tokens;
use crate::schema::{Catalog, DataType, Relation, RelationKind, RelationName};

type Resolve<'a> = &'a dyn Fn(Vec<String>) -> RelationName;

/// Learns from one statement what it does to the catalog. `dumped`: mysqldump wrote it, which gives a table all of its
/// indexes at once.
pub fn learn(catalog: &mut Catalog, resolve: Resolve<'_>, mut t: Tokens<'_>, dumped: bool) {
    if t.eat("CREATE") {
        create(catalog, resolve, t, dumped);
    } else if t.eat("ALTER") {
        t.eat_any(&["ONLINE", "IGNORE"]);
        if t.eat("TABLE") {
            alter(catalog, resolve, t);
        }
    } else if t.eat("DROP") {
        t.eat("TEMPORARY");
        if t.eat_any(&["TABLE", "TABLES", "VIEW"]) {
            t.eat("IF EXISTS");
            for part in t.list() {
                if let Some(name) = t.within(part).names() {
                    catalog.relations.shift_remove(&resolve(name));
                }
            }
        } else if t.eat_any(&["DATABASE", "SCHEMA"]) {
            t.eat("IF EXISTS");
            let schema = t.name();
            let gone = catalog
                .relations
                .keys()
                .filter(|n| n.schema == schema && schema.is_some());
            let gone: Vec<_> = gone.cloned().collect();
            gone.iter().for_each(|name| catalog.drop_relation(name));
        }
    } else if t.eat_any(&["RENAME TABLE", "RENAME TABLES"]) {
        for part in t.list() {
            let mut part = t.within(part);
            part.eat("IF EXISTS");
            let old = part.names();
            if part.eat("WAIT") {
                part.next();
            }
            part.eat("NOWAIT");
            if let (Some(old), true, Some(new)) = (old, part.eat("TO"), part.names()) {
                catalog.rename_relation(&resolve(old), resolve(new));
            }
        }
    }
}

fn create(catalog: &mut Catalog, resolve: Resolve<'_>, mut t: Tokens<'_>, dumped: bool) {
    t.eat("OR REPLACE");
    let mut ahead = t;
    ahead.eat("TEMPORARY");
    if ahead.eat("TABLE") {
        return create_table(catalog, resolve, ahead, dumped);
    }
    if ahead.eat("UNIQUE INDEX") {
        let Some(name) = ahead.name() else { return };
        while !ahead.eat("ON") {
            if ahead.next().is_none() {
                return;
            }
        }
        let Some(table) = ahead.names().map(resolve) else {
            return;
        };
        let clauses = clauses(resolve);
        if let (Ok(Element::Key(mut key)), Some(relation)) = (
            clauses.key(ahead, None, false),
            catalog.relations.get_mut(&table),
        ) {
            key.name = Some(name);
            relation.add_key(key);
        }
        return;
    }
    // ALGORITHM, DEFINER and SQL SECURITY stand before VIEW.
    while let Some(token) = t.next() {
        let routine = ["TRIGGER", "FUNCTION", "PROCEDURE", "EVENT", "PACKAGE", "AS"];
        if routine.iter().any(|word| token.keyword(word)) {
            return;
        }
        if token.keyword("VIEW") {
            t.eat("IF NOT EXISTS");
            if let Some(name) = t.names().map(resolve) {
                let mut view = Relation::new(name.clone());
                view.kind = RelationKind::View;
                catalog.relations.insert(name, view);
            }
            return;
        }
    }
}

fn clauses<'a>(resolve: Resolve<'a>) -> Clauses<'a> {
    Clauses {
        types: data_type,
        resolve,
        mysql: true,
    }
}

fn create_table(catalog: &mut Catalog, resolve: Resolve<'_>, mut t: Tokens<'_>, dumped: bool) {
    let careful = t.eat("IF NOT EXISTS");
    let Some(name) = t.names().map(resolve) else {
        return;
    };
    if careful && catalog.relations.contains_key(&name) {
        return;
    }
    let mut relation = Relation::new(name.clone());
    relation.indexed = dumped.then(Vec::new);
    let mut like = t;
    if like.eat("LIKE") {
        match like
            .names()
            .map(resolve)
            .and_then(|n| catalog.relations.get(&n))
        {
            Some(known) => {
                relation = Relation {
                    name: name.clone(),
                    foreign_keys: Vec::new(),
                    ..known.clone()
                };
            }
            None => relation.doubt("it is LIKE a table that is not known"),
        }
    } else if let Some(range) = t.group() {
        let list = t.within(range);
        let clauses = clauses(resolve);
        let mut keys = Vec::new();
        for part in list.list() {
            match clauses.element(list.within(part)) {
                Ok(element @ Element::Column(..)) => element.add(&mut relation),
                Ok(element) => keys.push(element),
                Err(why) => relation.doubt(why),
            }
        }
        keys.into_iter().for_each(|key| key.add(&mut relation));
        options(t, &mut relation);
    } else {
        relation.doubt("its columns come from a query");
    }
    if let Some(known) = catalog.relations.get(&name)
        && !known.has_columns_of(&relation)
    {
        relation.doubt("it is created twice, with different columns");
    }
    catalog.relations.insert(name.clone(), relation);
    catalog.recall(&name);
}

/// What follows the columns: the collation that they have unless they say otherwise.
fn options(mut t: Tokens<'_>, relation: &mut Relation) {
    let (mut charset, mut collation) = (None, None);
    while let Some(token) = t.peek() {
        if t.eat("COLLATE") {
            t.eat_mark(b'=');
            collation = t.next().and_then(|t| string(&t));
        } else if t.eat_any(&["CHARSET", "CHARACTER SET"]) {
            t.eat_mark(b'=');
            charset = t.next().and_then(|t| string(&t));
        } else if t.eat("COMMENT") {
            t.eat_mark(b'=');
            t.next();
        } else if token.keyword("SELECT") {
            relation.doubt("its columns come from a query");
            break;
        } else {
            t.pass_over();
        }
    }
    let Some(collation) = collation.or(charset.map(|c| default_collation(&c))) else {
        return;
    };
    for column in &mut relation.columns {
        let textual = matches!(
            column.data_type,
            DataType::Varchar(..) | DataType::Text | DataType::Enum(_)
        );
        if textual && column.collation.is_none() {
            column.collation = Some(collation.clone());
        }
    }
}

fn alter(catalog: &mut Catalog, resolve: Resolve<'_>, mut t: Tokens<'_>) {
    t.eat("IF EXISTS");
    let Some(name) = t.names().map(resolve) else {
        return;
    };
    for part in t.list() {
        if let Err(why) = action(catalog, resolve, &name, t.within(part))
            && let Some(relation) = catalog.relations.get_mut(&name)
        {
            relation.doubt(why);
        }
    }
}

/// One part of an ALTER TABLE.
fn action(
    catalog: &mut Catalog,
    resolve: Resolve<'_>,
    name: &RelationName,
    mut t: Tokens<'_>,
) -> Result<(), &'static str> {
    let clauses = clauses(resolve);
    let fault = "an ALTER TABLE is not understood";
    if t.eat("ADD") {
        let column = t.eat("COLUMN");
        t.eat("IF NOT EXISTS");
        if t.eat("PARTITION") {
            return Ok(());
        }
        let relation = catalog.relations.get_mut(name).ok_or(fault)?;
        if let Some(range) = t.group() {
            let list = t.within(range);
            for part in list.list() {
                clauses.element(list.within(part))?.add(relation);
            }
            return Ok(());
        }
        let element = match column {
            true => clauses.column(t)?,
            false => clauses.element(t)?,
        };
        let place = place(t);
        add(relation, element, place);
    } else if t.eat("MODIFY") {
        t.eat("COLUMN");
        t.eat("IF EXISTS");
        return modify(catalog, &clauses, name, t);
    } else if t.eat("CHANGE") {
        t.eat("COLUMN");
        t.eat("IF EXISTS");
        let old = t.name().ok_or(fault)?;
        let mut new = t;
        catalog.rename_column(name, &old, &new.name().ok_or(fault)?);
        return modify(catalog, &clauses, name, t);
    } else if t.eat("DROP") {
        t.eat("CONSTRAINT");
        if t.eat("PRIMARY KEY") {
            let relation = catalog.relations.get_mut(name).ok_or(fault)?;
            relation.keys.retain(|k| !k.primary);
        } else if t.eat_any(&["FOREIGN KEY", "KEY", "INDEX", "CHECK"]) {
            t.eat("IF EXISTS");
            let gone = t.name();
            let relation = catalog.relations.get_mut(name).ok_or(fault)?;
            relation.keys.retain(|k| k.name != gone);
            relation.foreign_keys.retain(|f| f.name != gone);
        } else if !t.eat("PARTITION") {
            t.eat("COLUMN");
            t.eat("IF EXISTS");
            let column = t.name().ok_or(fault)?;
            catalog.drop_column(name, &column);
        }
    } else if t.eat("RENAME") {
        if t.eat("COLUMN") {
            let (old, _, new) = (t.name().ok_or(fault)?, t.eat("TO"), t.name().ok_or(fault)?);
            catalog.rename_column(name, &old, &new);
        } else if !t.eat_any(&["KEY", "INDEX"]) {
            t.eat_any(&["TO", "AS"]);
            t.eat_mark(b'=');
            let new = t.names().map(resolve).ok_or(fault)?;
            catalog.rename_relation(name, new);
        }
    } else if t.eat("CONVERT TO") {
        let relation = catalog.relations.get_mut(name).ok_or(fault)?;
        relation.columns.iter_mut().for_each(|c| c.collation = None);
        options(t, relation);
    }
    Ok(())
}

/// Where a column is put: behind the one named, or first (an empty name).
fn place(mut t: Tokens<'_>) -> Option<String> {
    while t.peek().is_some() {
        if t.eat("FIRST") {
            return Some(String::new());
        }
        if t.eat("AFTER") {
            return t.name();
        }
        t.pass_over();
    }
    None
}

/// Adds an element; a column goes to its place.
fn add(relation: &mut Relation, element: Element, place: Option<String>) {
    let name = match &element {
        Element::Column(column, ..) => Some(column.name.clone()),
        _ => None,
    };
    element.add(relation);
    let (Some(name), Some(place)) = (name, place) else {
        return;
    };
    let Some(from) = relation.position(&name) else {
        return;
    };
    let column = relation.columns.remove(from);
    let to = match place.as_str() {
        "" => 0,
        behind => relation.position(behind).map_or(from, |at| at + 1),
    };
    relation.columns.insert(to, column);
}

/// `MODIFY a int NOT NULL` and `CHANGE a b int`.
fn modify(
    catalog: &mut Catalog,
    clauses: &Clauses<'_>,
    name: &RelationName,
    t: Tokens<'_>,
) -> Result<(), &'static str> {
    let fault = "an ALTER TABLE is not understood";
    let Element::Column(mut column, keys, foreign_keys) = clauses.column(t)? else {
        return Err(fault);
    };
    let relation = catalog.relations.get_mut(name).ok_or(fault)?;
    if let Some(known) = relation.column(&column.name)
        && column.collation.is_none()
        && known.data_type == column.data_type
    {
        column.collation.clone_from(&known.collation);
    }
    let place = place(t);
    add(relation, Element::Column(column, keys, foreign_keys), place);
    Ok(())
}
