//! CREATE TABLE in all its forms.

use super::clauses::{Constraints, column, element_columns, qualifiers, split, table_constraint};
use super::{Context, Parsed, TEMPORARY};
use crate::dialect::postgres::tokens::Tokens;
use crate::schema::{Catalog, Column, Generated, Key, Relation, RelationKind, RelationName};

/// What follows `CREATE … TABLE`.
pub(super) fn create_table(
    catalog: &mut Catalog,
    context: &Context<'_>,
    mut t: Tokens<'_>,
    temporary: bool,
    foreign: bool,
) {
    let careful = t.eat_keywords("IF NOT EXISTS");
    let Some(mut name) = t.qualified_name() else {
        return;
    };
    if temporary && name.len() == 1 {
        name.insert(0, TEMPORARY.to_owned());
    }
    let name = context.place(name);
    if careful && catalog.relations.contains_key(&name) {
        return;
    }
    let mut new = Relation::new(name.clone());
    if foreign {
        new.kind = RelationKind::Foreign;
    }
    let mut constraints = Constraints::default();
    if let Err(why) = body(&mut t, catalog, context, &mut new, &mut constraints) {
        new.doubt(why);
    }
    if let Err(why) = tail(&mut t, catalog, context, &mut new) {
        new.doubt(why);
    }
    constraints.name(&name);
    let parent = new.partition_of.clone();
    for column in &constraints.not_null {
        if let Some(column) = new.columns.iter_mut().find(|c| c.name == *column) {
            column.not_null = true;
        }
    }
    if let Some(known) = catalog.relations.get(&name)
        && !known.has_columns_of(&new)
    {
        new.doubt("it is created twice, with different columns");
    }
    catalog.relations.insert(name.clone(), new);
    for key in &constraints.keys {
        catalog.add_key(&name, key);
    }
    for foreign_key in &constraints.foreign_keys {
        catalog.add_foreign_key(&name, foreign_key);
    }
    if let Some(parent) = parent {
        catalog.attach(&parent, &name);
    }
    catalog.recall(&name);
}

/// Everything up to the columns' closing parenthesis.
fn body(
    t: &mut Tokens<'_>,
    catalog: &Catalog,
    context: &Context<'_>,
    new: &mut Relation,
    constraints: &mut Constraints,
) -> Parsed<()> {
    if t.eat_keywords("PARTITION OF") {
        let parent = t.qualified_name().ok_or("PARTITION OF is not understood")?;
        let parent = context.resolve(catalog, parent);
        match catalog.relations.get(&parent) {
            Some(known) => inherit(new, known),
            None => new.doubt(format!("its parent {parent} is not known")),
        }
        new.partition_of = Some(parent);
        return overrides(t, catalog, context, new, constraints);
    }
    if t.eat_keyword("OF") {
        let name = t.qualified_name().ok_or("OF is not understood")?;
        let name = context.find(name, |name| catalog.composites.contains_key(name));
        match catalog.composites.get(&name) {
            Some(attributes) => new.columns.clone_from(attributes),
            None => new.doubt(format!("its type {name} is not known")),
        }
        return overrides(t, catalog, context, new, constraints);
    }
    if t.at_punctuation(b'(') && !is_query(t) {
        let range = t
            .skip_parentheses()
            .ok_or("the list of columns is not closed")?;
        // The columns of INHERITS stand in front, but the keyword behind.
        let mut ahead = *t;
        if ahead.eat_keyword("INHERITS") {
            parents(&mut ahead, catalog, context, new)?;
            *t = ahead;
        }
        let list = t.within(range);
        let mut first_fault = None;
        for range in split(list) {
            let mut element = list.within(range);
            let done = table_element(&mut element, catalog, context, new, constraints);
            let left = element.peek().is_some();
            if let Err(why) = done.and_then(|complete| match complete && left {
                true => Err("a part of the list of columns is not understood".to_owned()),
                false => Ok(()),
            }) {
                first_fault.get_or_insert(why);
            }
        }
        return first_fault.map_or(Ok(()), Err);
    }
    Err("its columns come from a query".to_owned())
}

/// Is what follows the parenthesis' list of names a query (`CREATE TABLE t (a, b) AS SELECT …`)?
fn is_query(t: &Tokens<'_>) -> bool {
    let mut ahead = *t;
    if ahead.skip_parentheses().is_none() {
        return false;
    }
    while let Some(token) = ahead.peek() {
        if token.keyword("AS") {
            return true;
        }
        ahead.skip_group();
    }
    false
}

/// One element of the list of columns. True if it has to be read to its end.
fn table_element(
    t: &mut Tokens<'_>,
    catalog: &Catalog,
    context: &Context<'_>,
    new: &mut Relation,
    constraints: &mut Constraints,
) -> Parsed<bool> {
    if t.eat_keyword("LIKE") {
        like(t, catalog, context, new)?;
        return Ok(true);
    }
    if table_constraint(t, catalog, context, constraints)? {
        return Ok(false);
    }
    let column = column(t, catalog, context, &new.name, constraints)?;
    merge(new, column, true);
    Ok(true)
}

/// The columns that a partition or a table OF a type says more about.
fn overrides(
    t: &mut Tokens<'_>,
    catalog: &Catalog,
    context: &Context<'_>,
    new: &mut Relation,
    constraints: &mut Constraints,
) -> Parsed<()> {
    let Some(range) = t.skip_parentheses() else {
        return Ok(());
    };
    let list = t.within(range);
    for range in split(list) {
        let mut element = list.within(range);
        if table_constraint(&mut element, catalog, context, constraints)? {
            continue;
        }
        let name = element.name().ok_or("a column is not understood")?;
        element.eat_keywords("WITH OPTIONS");
        let column = new.columns.iter_mut().find(|c| c.name == name);
        let column = column.ok_or("a column that the parent lacks is given options")?;
        qualifiers(&mut element, catalog, context, column, constraints)?;
    }
    Ok(())
}

/// What follows the columns: INHERITS and PARTITION BY.
fn tail(
    t: &mut Tokens<'_>,
    catalog: &Catalog,
    context: &Context<'_>,
    new: &mut Relation,
) -> Parsed<()> {
    while t.peek().is_some() {
        if t.eat_keyword("INHERITS") {
            parents(t, catalog, context, new)?;
        } else if t.eat_keywords("PARTITION BY") {
            t.next();
            let range = t
                .skip_parentheses()
                .ok_or("the partition key is not understood")?;
            new.partition_key = element_columns(t.within(range));
            new.kind = RelationKind::Partitioned;
        } else if t.at_keyword("AS") {
            return Ok(());
        } else {
            t.skip_group();
        }
    }
    Ok(())
}

fn parents(
    t: &mut Tokens<'_>,
    catalog: &Catalog,
    context: &Context<'_>,
    new: &mut Relation,
) -> Parsed<()> {
    let range = t.skip_parentheses().ok_or("INHERITS is not understood")?;
    let mut list = t.within(range);
    while let Some(parent) = list.qualified_name() {
        let parent = context.resolve(catalog, parent);
        match catalog.relations.get(&parent) {
            Some(known) => inherit(new, known),
            None => new.doubt(format!("its parent {parent} is not known")),
        }
        new.inherits.push(parent);
        list.eat_punctuation(b',');
    }
    Ok(())
}

/// Takes over a parent's columns.
pub(super) fn inherit(new: &mut Relation, parent: &Relation) {
    if let Some(why) = &parent.uncertain {
        new.doubt(why.clone());
    }
    for column in &parent.columns {
        let mut column = column.clone();
        if !column.generated.is_computed() {
            // Identity is not inherited, only the NOT NULL that came with it.
            column.generated = Generated::No;
        }
        merge(new, column, false);
    }
}

/// Adds a column, or merges it with the inherited one of the same name.
fn merge(new: &mut Relation, column: Column, own: bool) {
    let Some(known) = new.columns.iter_mut().find(|c| c.name == column.name) else {
        new.columns.push(column);
        return;
    };
    known.not_null |= column.not_null;
    if own {
        known.data_type = column.data_type;
        known.collation = column.collation.or(known.collation.take());
    }
    if own && column.generated != Generated::No {
        known.generated = column.generated;
    }
    known.default = match own {
        true => column.default.or(known.default.take()),
        false => known.default.take().or(column.default),
    };
}

/// What follows LIKE in a list of columns.
fn like(
    t: &mut Tokens<'_>,
    catalog: &Catalog,
    context: &Context<'_>,
    new: &mut Relation,
) -> Parsed<()> {
    let source = t.qualified_name().ok_or("LIKE is not understood")?;
    let source = context.resolve(catalog, source);
    let (mut defaults, mut generated, mut identity, mut indexes) = (false, false, false, false);
    loop {
        let including = t.eat_keyword("INCLUDING");
        if !including && !t.eat_keyword("EXCLUDING") {
            break;
        }
        let what = t.next().ok_or("LIKE is not understood")?;
        let all = what.keyword("ALL");
        for (word, flag) in [
            ("DEFAULTS", &mut defaults),
            ("GENERATED", &mut generated),
            ("IDENTITY", &mut identity),
            ("INDEXES", &mut indexes),
        ] {
            if all || what.keyword(word) {
                *flag = including;
            }
        }
    }
    let known = catalog.relations.get(&source);
    let known = known.ok_or_else(|| format!("it is LIKE {source}, which is not known"))?;
    if let Some(why) = &known.uncertain {
        new.doubt(why.clone());
    }
    if matches!(
        known.kind,
        RelationKind::View | RelationKind::MaterializedView
    ) {
        return Err(format!("it is LIKE the view {source}"));
    }
    for column in &known.columns {
        let mut column = column.clone();
        let keep = match column.generated {
            Generated::No => true,
            Generated::Stored(_) | Generated::Virtual(_) => generated,
            Generated::IdentityAlways | Generated::IdentityByDefault => identity,
        };
        if !keep {
            column.generated = Generated::No;
        }
        if !defaults {
            column.default = None;
        }
        new.columns.push(column);
    }
    if indexes {
        for key in &known.keys {
            new.add_key(Key {
                name: None,
                ..key.clone()
            });
        }
    }
    Ok(())
}

/// A column that `name` and its children get.
pub(super) fn add_column(catalog: &mut Catalog, names: &[RelationName], column: &Column) {
    for (at, name) in names.iter().enumerate() {
        if let Some(relation) = catalog.relations.get_mut(name) {
            merge(relation, column.clone(), at == 0);
        }
    }
}
