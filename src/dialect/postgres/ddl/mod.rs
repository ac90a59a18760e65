//! Learns the schema from PostgreSQL's DDL as it passes.
//!
//! [`learn`] takes one statement and changes the catalog as the server would: what pg_dump writes
//! and what people write by hand. A statement that has nothing to do with relations, columns, keys
//! and types changes nothing. Where a part is not understood, the certain rest is learned and the
//! relation is marked as uncertain, so that a rule on it can be refused.
//!
//! It deliberately does not check anything: the server that loads the dump does.

mod alter;
mod clauses;
mod table;
mod types;

pub use types::parse_type;

use super::tokens::{Lexing, Tokens, tokens};
use crate::schema::{Catalog, Relation, RelationKind, RelationName};
use clauses::element_columns;

/// What a statement means depends on.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The schemas of `search_path` as stored.
    pub search_path: &'a [String],
    /// How the statement's bytes are read.
    pub lexing: Lexing,
}

/// The schema that stands for temporary tables.
const TEMPORARY: &str = "pg_temp";

impl Context<'_> {
    /// The name of a relation that exists: an unqualified one is looked up along the search path.
    pub fn resolve(&self, catalog: &Catalog, parts: Vec<String>) -> RelationName {
        self.find(parts, |name| catalog.relations.contains_key(name))
    }

    /// The name of something that is being created: an unqualified one goes to the first schema.
    pub fn place(&self, mut parts: Vec<String>) -> RelationName {
        let name = parts.pop().unwrap_or_default();
        let schema = parts.pop().or_else(|| self.search_path.first().cloned());
        RelationName { schema, name }
    }

    fn find(&self, parts: Vec<String>, known: impl Fn(&RelationName) -> bool) -> RelationName {
        if let [name] = parts.as_slice() {
            let path = self.search_path.iter().map(String::as_str).map(Some);
            let found = std::iter::once(Some(TEMPORARY))
                .chain(path)
                .chain([None])
                .map(|schema| RelationName::new(schema, name))
                .find(known);
            if let Some(found) = found {
                return found;
            }
        }
        self.place(parts)
    }
}

/// Part of a statement is not understood. Says what, for the relation's mark.
type Parsed<T> = Result<T, String>;

/// Learns from one statement what it does to the catalog.
pub fn learn(catalog: &mut Catalog, context: &Context<'_>, statement: &[u8]) {
    let mut t = tokens(statement, context.lexing);
    if t.eat_keyword("CREATE") {
        create(catalog, context, t);
    } else if t.eat_keyword("ALTER") {
        alter::alter(catalog, context, t);
    } else if t.eat_keyword("DROP") {
        drop(catalog, context, t);
    }
}

fn create(catalog: &mut Catalog, context: &Context<'_>, mut t: Tokens<'_>) {
    let or_replace = t.eat_keywords("OR REPLACE");
    if t.eat_keyword("UNIQUE") {
        create_unique_index(catalog, context, t);
    } else if t.eat_keyword("TYPE") {
        types::create_type(catalog, context, t);
    } else if t.eat_keyword("DOMAIN") {
        types::create_domain(catalog, context, t);
    } else if t.eat_keyword("SCHEMA") {
        create_schema(catalog, context, t);
    } else if t.eat_keyword("RULE") {
        create_rule(catalog, context, t);
    } else if t.eat_keywords("MATERIALIZED VIEW") {
        create_view(catalog, context, t, RelationKind::MaterializedView, false);
    } else {
        let mut temporary = false;
        let mut foreign = false;
        loop {
            if t.eat_keyword("TEMP") || t.eat_keyword("TEMPORARY") {
                temporary = true;
            } else if t.eat_keyword("FOREIGN") {
                foreign = true;
            } else if !["GLOBAL", "LOCAL", "UNLOGGED", "RECURSIVE"]
                .iter()
                .any(|word| t.eat_keyword(word))
            {
                break;
            }
        }
        if t.eat_keyword("VIEW") {
            create_view(catalog, context, t, RelationKind::View, temporary);
        } else if !or_replace && t.eat_keyword("TABLE") {
            table::create_table(catalog, context, t, temporary, foreign);
        }
    }
}

fn create_view(
    catalog: &mut Catalog,
    context: &Context<'_>,
    mut t: Tokens<'_>,
    kind: RelationKind,
    temporary: bool,
) {
    t.eat_keywords("IF NOT EXISTS");
    let Some(mut name) = t.qualified_name() else {
        return;
    };
    if temporary && name.len() == 1 {
        name.insert(0, TEMPORARY.to_owned());
    }
    let name = context.place(name);
    let mut view = Relation::new(name.clone());
    view.kind = kind;
    catalog.relations.insert_new(name, view);
}

/// The statements within a `CREATE SCHEMA`, for which the schema is the search path.
fn create_schema(catalog: &mut Catalog, context: &Context<'_>, mut t: Tokens<'_>) {
    t.eat_keywords("IF NOT EXISTS");
    let named = if t.at_keyword("AUTHORIZATION") {
        None
    } else {
        t.name()
    };
    let owner = if t.eat_keyword("AUTHORIZATION") {
        t.name()
    } else {
        None
    };
    let Some(schema) = named.or(owner) else {
        return;
    };
    let mut path = vec![schema];
    path.extend_from_slice(context.search_path);
    let inner = Context {
        search_path: &path,
        ..*context
    };
    let mut start = None;
    loop {
        let next = t.peek();
        let begins = |word| next.is_some_and(|token| token.keyword(word));
        if next.is_none() || begins("CREATE") || begins("GRANT") {
            let end = next.map_or(t.offset(), |token| token.start);
            if let Some(start) = start.replace(end) {
                learn(catalog, &inner, &t.source()[start..end]);
            }
        }
        if next.is_none() {
            return;
        }
        t.skip_group();
    }
}

/// A table with a rule `_RETURN` is a view: how old dumps break circles between views.
fn create_rule(catalog: &mut Catalog, context: &Context<'_>, mut t: Tokens<'_>) {
    if t.name().as_deref() == Some("_RETURN")
        && t.eat_keywords("AS ON SELECT TO")
        && let Some(name) = t.qualified_name()
        && let name = context.resolve(catalog, name)
        && let Some(relation) = catalog.relations.get_mut(&name)
    {
        relation.kind = RelationKind::View;
    }
}

fn create_unique_index(catalog: &mut Catalog, context: &Context<'_>, mut t: Tokens<'_>) {
    if !t.eat_keyword("INDEX") {
        return;
    }
    t.eat_keyword("CONCURRENTLY");
    t.eat_keywords("IF NOT EXISTS");
    let name = if t.at_keyword("ON") { None } else { t.name() };
    if !t.eat_keyword("ON") {
        return;
    }
    let only = t.eat_keyword("ONLY");
    let Some(table) = t.qualified_name() else {
        return;
    };
    let table = context.resolve(catalog, table);
    if t.eat_keyword("USING") {
        t.next();
    }
    let Some(elements) = t.skip_parentheses() else {
        return;
    };
    let columns = element_columns(t.within(elements));
    let mut key = crate::schema::Key {
        name,
        primary: false,
        partial: columns.iter().any(String::is_empty),
        columns,
        nulls_not_distinct: false,
    };
    if key.partial {
        key.columns.clear();
    }
    while t.peek().is_some() {
        if t.eat_keywords("NULLS NOT DISTINCT") {
            key.nulls_not_distinct = true;
        } else if t.eat_keyword("WHERE") {
            key.partial = true;
            break;
        } else {
            t.skip_group();
        }
    }
    if only && let Some(relation) = catalog.relations.get_mut(&table) {
        relation.add_key(key);
    } else {
        catalog.add_key(&table, &key);
    }
}

fn drop(catalog: &mut Catalog, context: &Context<'_>, mut t: Tokens<'_>) {
    t.eat_keyword("FOREIGN");
    t.eat_keyword("MATERIALIZED");
    let Some(what) = t.next() else {
        return;
    };
    t.eat_keyword("CONCURRENTLY");
    t.eat_keywords("IF EXISTS");
    while let Some(name) = t.qualified_name() {
        if what.keyword("TABLE") || what.keyword("VIEW") {
            let name = context.resolve(catalog, name);
            catalog.drop_relation(&name);
        } else if what.keyword("TYPE") || what.keyword("DOMAIN") {
            let name = context.find(name, |name| catalog.types.contains_key(name));
            catalog.types.shift_remove(&name);
            catalog.composites.shift_remove(&name);
        } else if what.keyword("INDEX") {
            each_index(catalog, &name, |keys, at| {
                keys.remove(at);
            });
        } else if what.keyword("SCHEMA") {
            let schema = name.last().cloned();
            let gone: Vec<_> = catalog
                .relations
                .keys()
                .filter(|name| name.schema == schema)
                .cloned()
                .collect();
            gone.iter().for_each(|name| catalog.drop_relation(name));
            catalog.types.retain(|name, _| name.schema != schema);
            catalog.composites.retain(|name, _| name.schema != schema);
        }
        if !t.eat_punctuation(b',') {
            break;
        }
    }
}

/// Calls `change` with the keys of the relation that has the named index, and its place.
fn each_index(
    catalog: &mut Catalog,
    index: &[String],
    mut change: impl FnMut(&mut Vec<crate::schema::Key>, usize),
) {
    let Some((name, schema)) = index.split_last() else {
        return;
    };
    for (relation, keys) in catalog.relations.keys_mut() {
        let there = schema.is_empty() || relation.schema.as_ref() == schema.last();
        let at = keys.iter().position(|k| k.name.as_ref() == Some(name));
        if let (true, Some(at)) = (there, at) {
            change(keys, at);
        }
    }
}

#[cfg(test)]
mod tests;
