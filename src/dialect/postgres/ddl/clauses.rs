//! The clauses that CREATE TABLE and ALTER TABLE share: columns, constraints, expressions, lists.

use super::types::{parse_type, serial};
use super::{Context, Parsed};
use crate::dialect::postgres::tokens::{Kind, Token, Tokens};
use crate::schema::{
    Catalog, Column, Deferrable, ForeignKey, Generated, Key, ReferentialAction, RelationName,
};
use std::ops::Range;

/// The ranges of a list's elements: what stands between commas outside of parentheses. A list that
/// reaches to the end of the statement ends before its semicolon.
pub(super) fn split(mut t: Tokens<'_>) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut start = t.offset();
    let mut end = start;
    while let Some(token) = t.peek() {
        if token.punctuation(b';') {
            break;
        }
        if token.punctuation(b',') {
            out.push(start..token.start);
            start = token.end;
        }
        t.skip_group();
        end = t.offset();
    }
    if end > start {
        out.push(start..end);
    }
    out
}

/// The columns of a partition key or an index; an empty name stands for an expression.
pub(super) fn element_columns(t: Tokens<'_>) -> Vec<String> {
    let column = |range| {
        let mut element = t.within(range);
        let name = element.name()?;
        let expression = element.at_punctuation(b'(') || element.at_punctuation(b'.');
        (!expression).then_some(name)
    };
    let elements = split(t).into_iter();
    elements
        .map(|range| column(range).unwrap_or_default())
        .collect()
}

/// The names in a list of columns in parentheses.
pub(super) fn column_list(t: &mut Tokens<'_>) -> Parsed<Vec<String>> {
    let range = t.skip_parentheses().ok_or("a list of columns is missing")?;
    let mut list = t.within(range);
    let mut out = Vec::new();
    while let Some(name) = list.name() {
        out.push(name);
        list.eat_keywords("WITHOUT OVERLAPS");
        if !list.eat_punctuation(b',') {
            break;
        }
    }
    match list.peek() {
        None if !out.is_empty() => Ok(out),
        _ => Err("a list of columns is not understood".to_owned()),
    }
}

/// Does this token begin the next clause of a column, after an expression that `previous` may end?
fn ends_expression(token: &Token<'_>, previous: &Token<'_>, rest: &Tokens<'_>) -> bool {
    if token.keyword("NOT") {
        return ["NULL", "DEFERRABLE", "ENFORCED", "VALID"]
            .iter()
            .any(|word| rest.at_keyword(word));
    }
    if token.keyword("NULL") {
        return previous.kind != Kind::Operator;
    }
    let words = [
        "CONSTRAINT",
        "UNIQUE",
        "PRIMARY",
        "CHECK",
        "REFERENCES",
        "GENERATED",
        "COLLATE",
        "DEFAULT",
        "DEFERRABLE",
        "INITIALLY",
        "ENFORCED",
    ];
    words.iter().any(|word| token.keyword(word))
}

/// The text of the expression that begins here: up to the column's next clause, or to the end of
/// the part that is read or its semicolon if the expression is a `whole` one.
pub(super) fn expression(t: &mut Tokens<'_>, whole: bool) -> Parsed<String> {
    let mut previous: Option<Token<'_>> = None;
    let mut cases = 0;
    let from = t.peek().map_or(t.offset(), |first| first.start);
    while let Some(token) = t.peek() {
        let mut rest = *t;
        rest.next();
        if token.punctuation(b';') {
            break;
        }
        if let Some(previous) = &previous
            && !whole
            && cases == 0
            && ends_expression(&token, previous, &rest)
        {
            break;
        }
        if token.keyword("CASE") {
            cases += 1;
        } else if token.keyword("END") && cases > 0 {
            cases -= 1;
        }
        if token.punctuation(b'(') || token.punctuation(b'[') {
            t.skip_parentheses().ok_or("a parenthesis is not closed")?;
        } else {
            *t = rest;
        }
        previous = Some(token);
    }
    if previous.is_none() {
        return Err("an expression is missing".to_owned());
    }
    Ok(t.lexing().text(&t.source()[from..t.offset()]))
}

/// The text of an expression in parentheses, without them.
fn parenthesised(t: &mut Tokens<'_>) -> Parsed<String> {
    let range = t.skip_parentheses().ok_or("an expression is missing")?;
    let text = t.lexing().text(&t.source()[range]);
    Ok(text.trim().to_owned())
}

/// What the clauses of a column or a table declare beside the columns themselves.
#[derive(Default)]
pub(super) struct Constraints {
    pub keys: Vec<Key>,
    pub foreign_keys: Vec<ForeignKey>,
    /// `NOT NULL a` as a constraint of the table.
    pub not_null: Vec<String>,
}

impl Constraints {
    /// Gives the constraints without a name the one that the server would choose.
    pub fn name(&mut self, table: &RelationName) {
        let mut taken = Vec::new();
        let mut choose = |columns: &[String], label: &str| {
            let mut name = object_name(&table.name, &columns.join("_"), label);
            let mut number = 0;
            while taken.contains(&name) {
                number += 1;
                name = object_name(&table.name, &columns.join("_"), &format!("{label}{number}"));
            }
            taken.push(name.clone());
            Some(name)
        };
        for key in self.keys.iter_mut().filter(|k| k.name.is_none()) {
            key.name = match key.primary {
                true => choose(&[], "pkey"),
                false => choose(&key.columns, "key"),
            };
        }
        for foreign_key in self.foreign_keys.iter_mut().filter(|f| f.name.is_none()) {
            foreign_key.name = choose(&foreign_key.columns, "fkey");
        }
    }
}

/// The server's name for something of a table: parts that are too long lose their ends, the longer
/// one first, so that it fits into 63 bytes.
fn object_name(table: &str, columns: &str, label: &str) -> String {
    let (mut first, mut second) = (table.len(), columns.len());
    let joints = 1 + usize::from(!columns.is_empty());
    while first + second + label.len() + joints > 63 {
        match first > second {
            true => first -= 1,
            false => second -= 1,
        }
    }
    let cut = |text: &str, at: usize| text[..text.floor_char_boundary(at)].to_owned();
    match columns.is_empty() {
        true => format!("{}_{label}", cut(table, first)),
        false => format!("{}_{}_{label}", cut(table, first), cut(columns, second)),
    }
}

/// A column's name and type, and the clauses after them.
pub(super) fn column(
    t: &mut Tokens<'_>,
    catalog: &Catalog,
    context: &Context<'_>,
    table: &RelationName,
    constraints: &mut Constraints,
) -> Parsed<Column> {
    let name = t.name().ok_or("a column's name is missing")?;
    let serial = serial(t);
    let data_type = match &serial {
        Some(integer) => integer.clone(),
        None => parse_type(t, catalog, context)
            .ok_or_else(|| format!("the type of the column {name} is not understood"))?,
    };
    let mut column = Column::new(&name, data_type);
    if serial.is_some() {
        column.not_null = true;
        let sequence = format!("{}_{name}_seq", table.name);
        column.default = Some(format!("nextval('{sequence}'::regclass)"));
    }
    column.not_null |= column.data_type.is_not_null();
    qualifiers(t, catalog, context, &mut column, constraints)?;
    Ok(column)
}

/// The clauses after a column's type.
pub(super) fn qualifiers(
    t: &mut Tokens<'_>,
    catalog: &Catalog,
    context: &Context<'_>,
    column: &mut Column,
    constraints: &mut Constraints,
) -> Parsed<()> {
    let mut constraint = None;
    loop {
        if t.eat_keyword("CONSTRAINT") {
            constraint = t.name();
            continue;
        }
        let name = constraint.take();
        let primary = t.eat_keywords("PRIMARY KEY");
        if primary || t.eat_keyword("UNIQUE") {
            column.not_null |= primary;
            let key = key(t, name, primary, Some(vec![column.name.clone()]))?;
            constraints.keys.push(key);
        } else if t.eat_keywords("NOT NULL") {
            column.not_null = true;
            t.eat_keywords("NO INHERIT");
        } else if t.eat_keyword("NULL") {
            // the default
        } else if t.eat_keyword("CHECK") {
            t.skip_parentheses().ok_or("a CHECK is not understood")?;
            t.eat_keywords("NO INHERIT");
        } else if t.eat_keyword("DEFAULT") {
            column.default = Some(expression(t, false)?);
        } else if t.eat_keyword("GENERATED") {
            column.generated = generated(t)?;
            column.not_null |= !column.generated.is_computed();
        } else if t.eat_keyword("REFERENCES") {
            let columns = vec![column.name.clone()];
            let foreign_key = references(t, catalog, context, name, columns)?;
            constraints.foreign_keys.extend(foreign_key);
        } else if t.eat_keyword("COLLATE") {
            let collation = t.qualified_name().ok_or("a collation is not understood")?;
            column.collation = collation.into_iter().next_back();
        } else if t.eat_keyword("STORAGE") || t.eat_keyword("COMPRESSION") {
            t.next();
        } else if t.eat_keyword("OPTIONS") {
            t.skip_parentheses().ok_or("OPTIONS are not understood")?;
        } else if attribute(t) {
            // of the constraint before
        } else if t.peek().is_none() {
            return Ok(());
        } else {
            return Err(format!(
                "a clause of the column {} is not understood",
                column.name
            ));
        }
    }
}

/// When and whether a constraint is checked. True if there was such a word.
fn attribute(t: &mut Tokens<'_>) -> bool {
    [
        "NOT DEFERRABLE",
        "DEFERRABLE",
        "INITIALLY DEFERRED",
        "INITIALLY IMMEDIATE",
        "NOT VALID",
        "NOT ENFORCED",
        "ENFORCED",
        "NO INHERIT",
    ]
    .iter()
    .any(|words| t.eat_keywords(words))
}

/// What follows `GENERATED`.
pub(super) fn generated(t: &mut Tokens<'_>) -> Parsed<Generated> {
    let by_default = t.eat_keywords("BY DEFAULT");
    if !(by_default || t.eat_keyword("ALWAYS")) || !t.eat_keyword("AS") {
        return Err("GENERATED is not understood".to_owned());
    }
    if t.eat_keyword("IDENTITY") {
        t.skip_parentheses();
        return Ok(match by_default {
            true => Generated::IdentityByDefault,
            false => Generated::IdentityAlways,
        });
    }
    let expression = parenthesised(t)?;
    Ok(match t.eat_keyword("STORED") {
        true => Generated::Stored(expression),
        false => {
            t.eat_keyword("VIRTUAL");
            Generated::Virtual(expression)
        }
    })
}

/// What follows `PRIMARY KEY` or `UNIQUE`; the columns are given for a constraint of a column.
fn key(
    t: &mut Tokens<'_>,
    name: Option<String>,
    primary: bool,
    columns: Option<Vec<String>>,
) -> Parsed<Key> {
    let nulls_not_distinct = t.eat_keywords("NULLS NOT DISTINCT");
    t.eat_keywords("NULLS DISTINCT");
    let columns = match columns {
        Some(columns) => columns,
        None => column_list(t)?,
    };
    loop {
        if t.eat_keyword("INCLUDE") || t.eat_keyword("WITH") {
            t.skip_parentheses().ok_or("a key is not understood")?;
        } else if t.eat_keywords("USING INDEX TABLESPACE") {
            t.next();
        } else {
            break;
        }
    }
    Ok(Key {
        name,
        primary,
        columns,
        partial: false,
        nulls_not_distinct,
    })
}

/// What follows `REFERENCES`. None for a constraint that is not enforced.
fn references(
    t: &mut Tokens<'_>,
    catalog: &Catalog,
    context: &Context<'_>,
    name: Option<String>,
    columns: Vec<String>,
) -> Parsed<Option<ForeignKey>> {
    let table = t
        .qualified_name()
        .ok_or("a foreign key is not understood")?;
    let mut foreign_key = ForeignKey {
        name,
        ..ForeignKey::new(columns, context.resolve(catalog, table))
    };
    if t.at_punctuation(b'(') {
        foreign_key.referenced_columns = column_list(t)?;
    }
    let mut enforced = true;
    loop {
        if t.eat_keywords("MATCH FULL") {
            foreign_key.match_full = true;
        } else if t.eat_keywords("MATCH SIMPLE") {
            foreign_key.match_full = false;
        } else if t.eat_keywords("ON DELETE") {
            foreign_key.on_delete = action(t)?;
            if t.at_punctuation(b'(') {
                foreign_key.on_delete_columns = column_list(t)?;
            }
        } else if t.eat_keywords("ON UPDATE") {
            foreign_key.on_update = action(t)?;
        } else if t.eat_keywords("NOT ENFORCED") {
            enforced = false;
        } else if t.eat_keywords("NOT VALID") {
            foreign_key.not_valid = true;
        } else if !deferral(t, &mut foreign_key.deferrable) && !attribute(t) {
            // NOT NULL may follow: it is the column's.
            break;
        }
    }
    Ok(enforced.then_some(foreign_key))
}

/// When a constraint is checked, if that is said next.
pub(super) fn deferral(t: &mut Tokens<'_>, deferrable: &mut Deferrable) -> bool {
    let said = [
        ("NOT DEFERRABLE", Deferrable::No),
        ("INITIALLY DEFERRED", Deferrable::Deferred),
        ("DEFERRABLE INITIALLY DEFERRED", Deferrable::Deferred),
        ("INITIALLY IMMEDIATE DEFERRABLE", Deferrable::Immediate),
        ("DEFERRABLE", Deferrable::Immediate),
    ]
    .into_iter()
    .find_map(|(words, said)| t.eat_keywords(words).then_some(said));
    // INITIALLY DEFERRED DEFERRABLE: the second word says nothing new.
    if let Some(said) = said
        && (said, *deferrable) != (Deferrable::Immediate, Deferrable::Deferred)
    {
        *deferrable = said;
    }
    said.is_some()
}

fn action(t: &mut Tokens<'_>) -> Parsed<ReferentialAction> {
    [
        ("NO ACTION", ReferentialAction::NoAction),
        ("RESTRICT", ReferentialAction::Restrict),
        ("CASCADE", ReferentialAction::Cascade),
        ("SET NULL", ReferentialAction::SetNull),
        ("SET DEFAULT", ReferentialAction::SetDefault),
    ]
    .into_iter()
    .find_map(|(words, action)| t.eat_keywords(words).then_some(action))
    .ok_or_else(|| "a foreign key's action is not understood".to_owned())
}

/// A constraint of a table, if one begins here.
pub(super) fn table_constraint(
    t: &mut Tokens<'_>,
    catalog: &Catalog,
    context: &Context<'_>,
    constraints: &mut Constraints,
) -> Parsed<bool> {
    let named = t.eat_keyword("CONSTRAINT");
    let name = if named { t.name() } else { None };
    let primary = t.eat_keywords("PRIMARY KEY");
    if primary || t.eat_keyword("UNIQUE") {
        constraints.keys.push(key(t, name, primary, None)?);
    } else if t.eat_keywords("FOREIGN KEY") {
        let Ok(columns) = column_list(t) else {
            // PERIOD: the rows need not be equal, so nothing that a foreign key says is true of it.
            t.skip_parentheses();
            return Ok(true);
        };
        if !t.eat_keyword("REFERENCES") {
            return Err("a foreign key is not understood".to_owned());
        }
        let foreign_key = references(t, catalog, context, name, columns)?;
        constraints.foreign_keys.extend(foreign_key);
    } else if t.eat_keywords("NOT NULL") {
        let column = t.name().ok_or("a NOT NULL is not understood")?;
        constraints.not_null.push(column);
    } else if t.eat_keyword("CHECK") {
        t.skip_parentheses().ok_or("a CHECK is not understood")?;
    } else if named || is_exclude(t) {
        if !is_exclude(t) {
            return Err("a constraint is not understood".to_owned());
        }
    } else {
        return Ok(false);
    }
    Ok(true)
}

/// EXCLUDE is no reserved word: it may also be a column.
fn is_exclude(t: &Tokens<'_>) -> bool {
    let mut ahead = *t;
    ahead.eat_keyword("EXCLUDE") && (ahead.at_keyword("USING") || ahead.at_punctuation(b'('))
}
