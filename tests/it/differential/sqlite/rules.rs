//! Generated rulebooks: statements that SQLite takes over the generated tables.

use super::tables::{Column, Kind, Table};
use super::{Choices, name};
use std::fmt::Write;

/// A few statements over the tables.
pub fn generate(tables: &[Table], dialect: &str, choices: &mut Choices) -> String {
    let mut rules = String::new();
    for number in 0..2 + choices.below(6) {
        let table = &tables[choices.below(tables.len())];
        let own = name(&table.name);
        let filter = predicate(tables, table, 2, choices);
        let statement = match choices.below(18) {
            0..=8 => update(tables, table, choices),
            9..=11 => format!("DELETE FROM {own} WHERE {filter}"),
            12 => format!("DELETE FROM {own}"),
            13 | 14 => insert(table, number, choices),
            15 => upsert(table, number, choices),
            16 => format!(
                "UPDATE {own} SET id = id + {} WHERE id > 2",
                (number + 1) * 5000
            ),
            _ => joined(tables, table, choices),
        };
        // Calls and bytes that the two dialects write in different ways.
        let own = ["char(13)", "x'", "X'"];
        if dialect == "sqlite" || !own.iter().any(|word| statement.contains(word)) {
            let _ = writeln!(rules, "{statement};");
        }
    }
    rules
}

fn update(tables: &[Table], table: &Table, choices: &mut Choices) -> String {
    let mut set = Vec::new();
    let start = choices.below(table.columns.len());
    for n in 0..(1 + choices.below(3)).min(table.columns.len()) {
        let column = &table.columns[(start + n) % table.columns.len()];
        set.push(format!(
            "{} = {}",
            name(column.name),
            new_value(column, choices)
        ));
    }
    let filter = match choices.one_in(4) {
        true => String::new(),
        false => format!(" WHERE {}", predicate(tables, table, 2, choices)),
    };
    format!(
        "UPDATE {} SET {}{filter}",
        name(&table.name),
        set.join(", ")
    )
}

fn new_value(column: &Column, choices: &mut Choices) -> String {
    let literal = column.kind.literal(choices);
    if column.nullable && choices.one_in(8) {
        return "NULL".to_owned();
    }
    if choices.one_in(4) {
        return literal;
    }
    let form = match column.kind {
        Kind::Integer(_) => choices.pick(&[
            "CASE WHEN § BETWEEN -50 AND 50 THEN § + 1 ELSE § END",
            "§ / 3",
            "§ % 7",
            "coalesce(§, id)",
            "CASE WHEN § < 50 THEN § * 2 ELSE 0 END",
        ]),
        Kind::Real => choices.pick(&["§ * 2", "coalesce(§, 0.5)", "-§", "§ + 1", "abs(§)"]),
        Kind::Numeric => choices.pick(&["§ * 2", "coalesce(§, 5)", "-§", "§ + 1"]),
        Kind::Text(_) => choices.pick(&[
            "§ || '!'",
            "'x' || § || id",
            "replace(§, 'o', '0')",
            "substr(§, 2, 4)",
            "substr(§, 3)",
            "coalesce(§, 'none')",
            "nullif(§, 'Tom')",
            "trim(§)",
            "rtrim(§)",
            "length(§)",
            "upper(§)",
            "lower(§)",
            "CAST(id AS TEXT)",
            "CASE WHEN id > 3 THEN § ELSE 'it''s' END",
        ]),
        Kind::Blob | Kind::Untyped => return literal,
    };
    let form = form.replace('§', &name(column.name));
    match column.nullable {
        true => form,
        false => format!("coalesce({form}, {})", name(column.name)),
    }
}

fn predicate(tables: &[Table], table: &Table, depth: usize, choices: &mut Choices) -> String {
    if depth > 0 && choices.one_in(3) {
        let a = predicate(tables, table, depth - 1, choices);
        let b = predicate(tables, table, depth - 1, choices);
        return match choices.below(3) {
            0 => format!("({a} AND {b})"),
            1 => format!("({a} OR {b})"),
            _ => format!("NOT ({a})"),
        };
    }
    if depth > 0 && choices.one_in(5) {
        return elsewhere(tables, table, choices);
    }
    if choices.one_in(6) {
        let simple = [
            "id > 2",
            "id % 2 = 0",
            "id BETWEEN 2 AND 9",
            "id IN (1, 3, 5)",
            "id <> 1",
        ];
        return choices.pick(&simple).to_owned();
    }
    if table.made.is_some() && choices.one_in(4) {
        let made = [
            "made = 'Tom1'",
            "made LIKE '%o%'",
            "length(made) > 3",
            "made IS NULL",
        ];
        return choices.pick(&made).to_owned();
    }
    let column = &table.columns[choices.below(table.columns.len())];
    of_column(column, &name(column.name), choices)
}

fn of_column(column: &Column, name: &str, choices: &mut Choices) -> String {
    if choices.one_in(6) {
        let not = if choices.one_in(2) { "NOT " } else { "" };
        return format!("{name} IS {not}NULL");
    }
    if matches!(column.kind, Kind::Text(_)) && choices.one_in(2) {
        return choices
            .pick(&[
                "§ LIKE '%o%'",
                "§ LIKE 't_m'",
                "§ NOT LIKE 'plain%'",
                "§ LIKE '%|%%' ESCAPE '|'",
                "length(§) > 4",
                "lower(§) = 'tom'",
                "§ || '' = 'Tom'",
                "substr(§, 1, 1) IN ('T', 'p', NULL)",
                "§ = 7",
                "coalesce(§, 'tom') = 'TOM'",
            ])
            .replace('§', name);
    }
    let (literal, other) = (column.kind.literal(choices), column.kind.literal(choices));
    match choices.below(7) {
        0 => format!("{name} <> {literal}"),
        1 => format!("{name} IN ({literal}, {other})"),
        2 => format!(
            "{name} NOT IN ({literal}, {})",
            column.kind.value(true, choices)
        ),
        3 if column.kind.is_number() => format!("{name} > {literal}"),
        4 if column.kind.is_number() => format!("{name} BETWEEN {literal} AND {other}"),
        5 if column.kind.is_number() => format!("{name} = '7'"),
        _ => format!("{name} = {literal}"),
    }
}

/// A condition over the rows of some table.
fn elsewhere(tables: &[Table], table: &Table, choices: &mut Choices) -> String {
    let other = &tables[choices.below(tables.len())];
    let (own, named) = (name(&table.name), name(&other.name));
    let condition = predicate(tables, other, 0, choices);
    let refers = table.parent.as_ref().is_some_and(|(p, _)| *p == other.name);
    let referred = other.parent.as_ref().is_some_and(|(p, _)| *p == table.name);
    match choices.below(4) {
        0 if refers => format!("ref IN (SELECT id FROM {named} WHERE {condition})"),
        1 if refers => {
            format!("EXISTS (SELECT 1 FROM {named} x WHERE x.id = {own}.ref AND x.id > 2)")
        }
        0 if referred => format!("id NOT IN (SELECT ref FROM {named} WHERE {condition})"),
        1 if referred => format!("NOT EXISTS (SELECT * FROM {named} x WHERE x.ref = {own}.id)"),
        2 => format!("id > (SELECT count(*) FROM {named} WHERE {condition})"),
        _ => format!("id IN (SELECT id FROM {named} WHERE {condition})"),
    }
}

/// Values that come from the row's parent.
fn joined(tables: &[Table], table: &Table, choices: &mut Choices) -> String {
    let parent = table.parent.as_ref();
    let Some(parent) = parent.and_then(|(p, _)| tables.iter().find(|t| t.name == *p)) else {
        return update(tables, table, choices);
    };
    let column = &parent.columns[choices.below(parent.columns.len())];
    let condition = of_column(column, &format!("p.{}", name(column.name)), choices);
    let changed = &table.columns[choices.below(table.columns.len())];
    let own = name(&table.name);
    format!(
        "UPDATE {own} SET {} = {} FROM {} AS p WHERE p.id = {own}.ref AND {condition}",
        name(changed.name),
        changed.kind.literal(choices),
        name(&parent.name)
    )
}

/// Rows with keys that are not there.
fn insert(table: &Table, number: usize, choices: &mut Choices) -> String {
    let columns: Vec<_> = table
        .columns
        .iter()
        .filter(|_| !choices.one_in(3))
        .collect();
    let mut names = vec!["id".to_owned()];
    names.extend(columns.iter().map(|c| name(c.name)));
    let rows: Vec<_> = (0..1 + choices.below(3))
        .map(|row| {
            let mut values = vec![(1000 + number * 10 + row).to_string()];
            values.extend(columns.iter().map(|c| c.kind.value(c.nullable, choices)));
            format!("({})", values.join(", "))
        })
        .collect();
    let own = name(&table.name);
    format!(
        "INSERT INTO {own} ({}) VALUES {}",
        names.join(", "),
        rows.join(", ")
    )
}

/// Rows of which some may be there.
fn upsert(table: &Table, number: usize, choices: &mut Choices) -> String {
    let column = &table.columns[choices.below(table.columns.len())];
    let rows: Vec<_> = [1 + choices.below(5), 2000 + number * 10]
        .map(|id| format!("({id}, {})", column.kind.value(column.nullable, choices)))
        .into();
    let (own, of) = (name(&table.name), name(column.name));
    let action = match choices.below(3) {
        0 => "NOTHING".to_owned(),
        1 => format!("UPDATE SET {of} = excluded.{of}"),
        _ => format!(
            "UPDATE SET {of} = {} WHERE {own}.id > 2",
            column.kind.literal(choices)
        ),
    };
    format!(
        "INSERT INTO {own} (id, {of}) VALUES {} ON CONFLICT (id) DO {action}",
        rows.join(", ")
    )
}
