//! Generated rulebooks: statements that PostgreSQL accepts over the generated tables.

use super::Choices;
use super::generate::{Column, Shape, Table};
use super::values::Kind;
use std::fmt::Write;

/// A few statements over the tables.
pub fn generate(tables: &[Table], choices: &mut Choices) -> String {
    let mut rules = String::new();
    // A step that reads what only the server fills in is refused, so nothing follows such a row.
    let mut closed = Vec::new();
    for number in 0..2 + choices.below(6) {
        let table = &tables[choices.below(tables.len())];
        if closed.contains(&table.name) {
            continue;
        }
        if choices.one_in(3) {
            let _ = writeln!(rules, "-- name: rule-{number}");
        }
        let statement = match choices.below(20) {
            0..=8 => update(table, choices),
            9..=11 => format!(
                "DELETE FROM {} WHERE {}",
                table.name,
                predicate(table, 2, choices)
            ),
            12 => format!("DELETE FROM {}", table.name),
            13 => format!("TRUNCATE {}", table.name),
            14 if table.serial => {
                closed.push(table.name.clone());
                insert(table, true, number, choices)
            }
            14 | 15 => insert(table, false, number, choices),
            16 => upsert(table, number, choices),
            _ => select(table, choices),
        };
        let _ = writeln!(rules, "{statement};");
    }
    rules
}

fn filter(table: &Table, choices: &mut Choices) -> String {
    if choices.one_in(4) {
        String::new()
    } else {
        format!(" WHERE {}", predicate(table, 2, choices))
    }
}

fn update(table: &Table, choices: &mut Choices) -> String {
    let mut set = Vec::new();
    let start = choices.below(table.columns.len());
    for n in 0..(1 + choices.below(3)).min(table.columns.len()) {
        let column = &table.columns[(start + n) % table.columns.len()];
        set.push(format!(
            "{} = {}",
            column.name,
            new_value(table, column, choices)
        ));
    }
    if matches!(table.shape, Shape::ByList | Shape::ByRange) && choices.one_in(2) {
        set.push(match table.shape {
            Shape::ByList => choices
                .pick(&[
                    "part = 'eu'",
                    "part = CASE WHEN id % 2 = 0 THEN 'us' ELSE part END",
                    "part = NULL",
                ])
                .to_owned(),
            _ => choices
                .pick(&["part = 12", "part = (part + 5) % 20", "part = 19 - part"])
                .to_owned(),
        });
    }
    format!(
        "UPDATE {} SET {}{}",
        table.name,
        set.join(", "),
        filter(table, choices)
    )
}

/// A new value for a column, from itself, other columns and literals.
fn new_value(table: &Table, column: &Column, choices: &mut Choices) -> String {
    let name = &column.name;
    let literal = column.kind.literal(choices);
    if column.nullable && choices.one_in(8) {
        return "NULL".into();
    }
    if choices.one_in(4) {
        return literal;
    }
    if choices.one_in(6) {
        let condition = predicate(table, 1, choices);
        return format!("CASE WHEN {condition} THEN {literal} ELSE {name} END");
    }
    let sql = match column.kind {
        Kind::SmallInt => choices.of(&["§ % 100 + 1", "-(§ % 50)", "coalesce(§, 3)", "abs(§ % 9)"]),
        Kind::Integer => choices.of(&[
            "§ / 3",
            "§ % 7",
            "coalesce(§, id)",
            "greatest(§, 5)",
            "§ - 1",
            "-§",
        ]),
        Kind::BigInt => choices.of(&[
            "§ / 7",
            "§ + 1",
            "coalesce(§, id)",
            "least(§, 100)",
            "§ * 2",
        ]),
        Kind::Numeric => choices.of(&["§ * 2", "§ / 3", "round(§, 2)", "§ + 0.10", "-§", "abs(§)"]),
        Kind::Money2 => choices.of(&["§ / 3", "round(§)", "§ + 1.005", "abs(§) % 10"]),
        Kind::Real | Kind::Double => choices.of(&["§ * 2", "coalesce(§, 0.5)", "-§", "§ + 1"]),
        Kind::Boolean => choices.of(&["NOT §", "§ OR id > 3", "§ AND true", "coalesce(§, false)"]),
        Kind::Text | Kind::Word => choices.of(&[
            "upper(§)",
            "lower(§)",
            "§ || '!'",
            "'x' || § || id",
            "replace(§, 'o', '0')",
            "left(§, 3)",
            "right(§, -2)",
            "substring(§ from 2 for 4)",
            "md5(§)",
            "regexp_replace(§, '[aeiou]+', '*', 'g')",
            "regexp_replace(§, '^(.)(.*)$', '\\2\\1')",
            "split_part(§, ' ', 1)",
            "concat(§, '-', id, NULL)",
            "coalesce(§, 'none')",
            "nullif(§, 'Tom')",
            "trim(§)",
            "length(§)::text",
            "position('o' in §)::text",
            "CAST(id AS text)",
        ]),
        Kind::Varchar => choices.of(&[
            "left(upper(§), 20)",
            "left(§ || §, 20)",
            "substring(md5(§) from 1 for 20)",
            "coalesce(§, 'none')",
            "'user_' || id",
            "trim(§)",
        ]),
        Kind::Char => choices.of(&["upper(§)", "left(§, 2)", "coalesce(§, 'x')", "lower(§)"]),
        Kind::Date => choices.of(&[
            "§ + 3",
            "§ - 1",
            "coalesce(§, '2000-01-01')",
            "greatest(§, '2001-01-01')",
        ]),
        Kind::Timestamp => choices.of(&[
            "§ + interval '1 day'",
            "§ - interval '1 mon 02:00'",
            "date_trunc('month', §)",
            "coalesce(§, '2000-01-01')",
        ]),
        Kind::TimestampTz => choices.of(&[
            "§ + interval '1 hour'",
            "§ - interval '90 days'",
            "coalesce(§, '2000-01-01 00:00:00+00')",
        ]),
        Kind::Interval => choices.of(&["§ + interval '1 day'", "§ * 2", "-§"]),
        Kind::Jsonb => choices.of(&["jsonb_set(§, '{a}', '\"new\"')", "coalesce(§, '{}')"]),
        Kind::Uuid | Kind::Bytea | Kind::Json | Kind::Texts | Kind::Mood => return literal,
    }
    .replace('§', name);
    guard(column, sql)
}

/// A value that may be NULL must not reach a column that may not.
fn guard(column: &Column, sql: String) -> String {
    if column.nullable {
        sql
    } else {
        format!("coalesce({sql}, {})", column.name)
    }
}

fn predicate(table: &Table, depth: usize, choices: &mut Choices) -> String {
    if depth > 0 && choices.one_in(3) {
        let (a, b) = (
            predicate(table, depth - 1, choices),
            predicate(table, depth - 1, choices),
        );
        return match choices.below(3) {
            0 => format!("({a} AND {b})"),
            1 => format!("({a} OR {b})"),
            _ => format!("NOT ({a})"),
        };
    }
    if choices.one_in(6) {
        return choices
            .of(&[
                "id > 2",
                "id % 2 = 0",
                "id BETWEEN 2 AND 9",
                "id IN (1, 3, 5)",
                "id <> 1",
            ])
            .into();
    }
    if table.has_generated() && choices.one_in(4) {
        return choices
            .of(&["gen = '-'", "gen LIKE '%O%'", "length(gen) > 3"])
            .into();
    }
    let column = &table.columns[choices.below(table.columns.len())];
    let name = &column.name;
    let literal = column.kind.literal(choices);
    if choices.one_in(6) || !column.kind.has_equality() {
        return format!(
            "{name} IS {}NULL",
            if choices.one_in(2) { "NOT " } else { "" }
        );
    }
    if column.kind.is_text() && choices.one_in(2) {
        return choices
            .of(&[
                "§ LIKE '%o%'",
                "§ LIKE 'T_m'",
                "§ NOT LIKE '%\\%%'",
                "§ ILIKE '%TOM%'",
                "§ LIKE '%x%%' ESCAPE 'x'",
                "§ ~ '^[A-Z]'",
                "§ ~* 'copy|insert'",
                "§ !~ '[0-9]'",
                "length(§) > 4",
                "lower(§) = 'tom'",
                "§ || '' = 'Tom'",
                "left(§, 1) IN ('T', 'O', NULL)",
                "§ BETWEEN 'A' AND 'Z'",
            ])
            .replace('§', name);
    }
    match (column.kind, choices.below(8)) {
        (Kind::Boolean, 0..=3) => choices
            .of(&["§", "NOT §", "§ IS TRUE", "§ IS NOT FALSE"])
            .replace('§', name),
        (Kind::Jsonb, 0..=3) => choices
            .of(&[
                "§ ->> 'mail' = 'x@y.com'",
                "(§ -> 'a') IS NOT NULL",
                "§ #>> '{a,b}' = 'true'",
            ])
            .replacen('§', name, 1),
        (_, 0) => format!("{name} <> {literal}"),
        (_, 1) => format!("{name} IN ({literal}, {})", column.kind.literal(choices)),
        (_, 2) => format!(
            "{name} NOT IN ({literal}, {})",
            column.kind.value(true, choices)
        ),
        (_, 3) => format!("{name} IS DISTINCT FROM {literal}"),
        (_, 4) => format!("{name} IS NOT DISTINCT FROM {literal}"),
        (_, 5) => format!("{name} > {literal}"),
        (_, 6) => format!("{name} <= {literal}"),
        _ => format!("{name} = {literal}"),
    }
}

/// Rows with keys that are not there.
fn insert(table: &Table, by_server: bool, number: usize, choices: &mut Choices) -> String {
    let columns: Vec<&Column> = table
        .columns
        .iter()
        .filter(|_| !choices.one_in(3))
        .collect();
    let mut names: Vec<String> = columns.iter().map(|c| c.name.clone()).collect();
    if !by_server {
        names.insert(0, "id".into());
    }
    if names.is_empty() {
        return format!("INSERT INTO {} DEFAULT VALUES", table.name);
    }
    let mut rows = Vec::new();
    for row in 0..1 + choices.below(3) {
        let mut values: Vec<String> = columns
            .iter()
            .map(|c| c.kind.value(c.nullable, choices))
            .collect();
        if !by_server {
            values.insert(0, (1000 + number * 10 + row).to_string());
        }
        rows.push(format!("({})", values.join(", ")));
    }
    let overriding = if by_server {
        ""
    } else {
        " OVERRIDING SYSTEM VALUE"
    };
    format!(
        "INSERT INTO {} ({}){overriding} VALUES {}",
        table.name,
        names.join(", "),
        rows.join(", ")
    )
}

/// Rows of which some may be there.
fn upsert(table: &Table, number: usize, choices: &mut Choices) -> String {
    if matches!(
        table.shape,
        Shape::ByList | Shape::ByRange | Shape::Inherited
    ) {
        return insert(table, false, number, choices);
    }
    let column = &table.columns[choices.below(table.columns.len())];
    let first = 1 + choices.below(5);
    let rows: Vec<String> = (0..2)
        .map(|row| {
            format!(
                "({}, {})",
                first + row * 500,
                column.kind.value(column.nullable, choices)
            )
        })
        .collect();
    let name = &column.name;
    let action = match choices.below(3) {
        0 => "NOTHING".to_owned(),
        1 => format!("UPDATE SET {name} = excluded.{name}"),
        _ => format!(
            "UPDATE SET {name} = {} WHERE {}.id > 2",
            column.kind.literal(choices),
            table_only(table)
        ),
    };
    format!(
        "INSERT INTO {} (id, {name}) OVERRIDING SYSTEM VALUE VALUES {} ON CONFLICT (id) DO {action}",
        table.name,
        rows.join(", ")
    )
}

/// The table's name without its schema.
fn table_only(table: &Table) -> &str {
    table
        .name
        .split_once('.')
        .map_or(&table.name, |(_, name)| name)
}

fn select(table: &Table, choices: &mut Choices) -> String {
    let column = &table.columns[choices.below(table.columns.len())];
    let name = &column.name;
    let condition = filter(table, choices);
    if !column.kind.has_equality()
        || matches!(
            column.kind,
            Kind::Text | Kind::Varchar | Kind::Char | Kind::Word | Kind::Texts
        )
    {
        // Values with line breaks are hard to compare as psql prints them.
        return format!(
            "SELECT count(*), count({name}) FROM {}{condition}",
            table.name
        );
    }
    // Equal values that print differently (1.0 and 1.00, 1 day and 24:00:00): which of them speaks
    // for its group depends on the order in which the server happens to read them.
    if matches!(
        column.kind,
        Kind::Numeric | Kind::Interval | Kind::Real | Kind::Double
    ) {
        return match choices.below(2) {
            0 => format!(
                "SELECT count(*), max(id) FROM {}{condition} GROUP BY {name}",
                table.name
            ),
            _ => format!(
                "SELECT count({name}), count(DISTINCT {name}) FROM {}{condition}",
                table.name
            ),
        };
    }
    match choices.below(4) {
        0 => format!("SELECT count(*) FROM {}{condition}", table.name),
        1 => format!(
            "SELECT {name}, count(*) FROM {}{condition} GROUP BY {name}",
            table.name
        ),
        2 if column.kind.is_number() => {
            format!(
                "SELECT sum({name}), min({name}), max({name}) FROM {}{condition}",
                table.name
            )
        }
        2 if !matches!(
            column.kind,
            Kind::Boolean | Kind::Uuid | Kind::Bytea | Kind::Jsonb
        ) =>
        {
            format!(
                "SELECT min({name}), max({name}) FROM {}{condition}",
                table.name
            )
        }
        _ => format!(
            "SELECT {name}, count(*), max(id) FROM {}{condition} GROUP BY {name} HAVING count(*) > 1",
            table.name
        ),
    }
}
