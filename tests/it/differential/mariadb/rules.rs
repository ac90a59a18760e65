//! Generated rulebooks: statements that MariaDB takes over the generated tables.

use super::schema::{Column, Table};
use super::values::Kind;
use super::{Choices, Sql};
use std::fmt::Write;

/// A few statements over the tables.
pub fn generate(tables: &[Table], sql: Sql, choices: &mut Choices) -> String {
    let mut rules = String::new();
    // The key that a server gives is not known here, so nothing follows such a row.
    let mut closed = Vec::new();
    let mut emptied = Vec::new();
    let rule = Rule {
        tables,
        sql,
        number: 0,
    };
    for number in 0..2 + choices.below(6) {
        let at = choices.below(tables.len());
        if closed.contains(&at) {
            continue;
        }
        let rule = Rule { number, ..rule };
        let table = &tables[at];
        let name = sql.name(&table.name);
        let statement = match choices.below(20) {
            0..=8 => rule.update(table, choices),
            9..=11 => format!(
                "DELETE FROM {name} WHERE {}",
                rule.predicate(table, 2, choices)
            ),
            12 => format!("DELETE FROM {name}"),
            // MariaDB refuses to truncate what a constraint refers to.
            13 if !table.referenced => {
                // It lets the server count from 1 again, which the scrubbed dump does not.
                emptied.push(at);
                format!("TRUNCATE {name}")
            }
            14 if sql.counted && table.counts && !table.referenced && !emptied.contains(&at) => {
                closed.push(at);
                rule.insert(table, true, choices)
            }
            14 | 15 => rule.insert(table, false, choices),
            16 => rule.copied(table, choices),
            17 if table.followed => format!(
                "UPDATE {name} SET id = id + {} WHERE {}",
                (number + 1) * 5000,
                choices.pick(&["id > 2", "id % 2 = 1", "id < 5000"])
            ),
            _ if sql.mysql => rule.joined(table, choices),
            _ => rule.update(table, choices),
        };
        if choices.one_in(3) {
            let _ = writeln!(rules, "-- name: rule-{number}");
        }
        let _ = writeln!(rules, "{statement};");
    }
    rules
}

#[derive(Clone, Copy)]
struct Rule<'t> {
    tables: &'t [Table],
    sql: Sql,
    number: usize,
}

impl Rule<'_> {
    fn filter(self, table: &Table, choices: &mut Choices) -> String {
        if choices.one_in(4) {
            String::new()
        } else {
            format!(" WHERE {}", self.predicate(table, 2, choices))
        }
    }

    fn update(self, table: &Table, choices: &mut Choices) -> String {
        let mut set: Vec<String> = Vec::new();
        let start = choices.below(table.columns.len());
        for n in 0..(1 + choices.below(3)).min(table.columns.len()) {
            let column = &table.columns[(start + n) % table.columns.len()];
            set.push(format!(
                "{} = {}",
                self.sql.name(column.name),
                self.new_value(table, column, choices)
            ));
        }
        let filter = self.filter(table, choices);
        // Beside a subquery MariaDB's plan decides whether a value sees those before it.
        if self.sql.mysql && (filter.contains("SELECT") || set.concat().contains("SELECT")) {
            set.truncate(1);
        }
        let name = self.sql.name(&table.name);
        format!("UPDATE {name} SET {}{filter}", set.join(", "))
    }

    /// A new value for a column, from itself, others and literals.
    fn new_value(self, table: &Table, column: &Column, choices: &mut Choices) -> String {
        let name = self.sql.name(column.name);
        let literal = column.kind.literal(self.sql, choices);
        if column.nullable && choices.one_in(8) {
            return "NULL".to_owned();
        }
        if choices.one_in(4) {
            return literal;
        }
        let alike = |c: &&Column| {
            c.name != column.name && c.kind == column.kind && (column.nullable || !c.nullable)
        };
        if let (Some(other), true) = (table.columns.iter().find(alike), choices.one_in(2)) {
            return self.sql.name(other.name);
        }
        let text = |c: &&Column| c.name != column.name && c.kind.is_text();
        if let (Kind::Text(_, _, length), Some(other), true) = (
            column.kind,
            table.columns.iter().find(text),
            choices.one_in(6),
        ) {
            let other = self.sql.name(other.name);
            return format!("left(concat({literal}, coalesce({other}, id)), {length})");
        }
        if choices.one_in(6) {
            let condition = self.predicate(table, 1, choices);
            return format!("CASE WHEN {condition} THEN {literal} ELSE {name} END");
        }
        let form = match column.kind {
            Kind::Int(_, _, unsigned) => {
                let third = if self.sql.mysql { "§ / 3" } else { "§ - 3" };
                let sum =
                    choices.pick(&[third, "§ + 1", "§ * 2", "§ - 1", "§ % 7", "id + §", "-§"]);
                if unsigned {
                    choices
                        .pick(&[
                            "coalesce(§, id)",
                            "§ % 7",
                            "CASE WHEN § BETWEEN 1 AND 50 THEN § - 1 ELSE § END",
                            if self.sql.mysql {
                                "least(§, 100)"
                            } else {
                                "least(coalesce(§, 7), 100)"
                            },
                            "CASE WHEN § < 100 THEN § * 2 ELSE 3 END",
                        ])
                        .to_owned()
                } else {
                    format!("CASE WHEN § BETWEEN -50 AND 50 THEN {sum} ELSE coalesce(§, 1) END")
                }
            }
            Kind::Decimal(..) => format!(
                "CASE WHEN abs(§) < 1000 THEN {} ELSE § END",
                choices.pick(&[
                    "§ * 2",
                    "round(§, 1)",
                    "§ + 0.10",
                    "-§",
                    "abs(§)",
                    "§ * 1.005"
                ])
            ),
            Kind::Float | Kind::Double => choices
                .pick(&["§ * 2", "coalesce(§, 0.5)", "-§", "§ + 1", "abs(§)"])
                .to_owned(),
            Kind::Text(_, _, length) => {
                let text = choices.pick(&[
                    "upper(§)",
                    "lower(§)",
                    "concat(§, '!')",
                    "concat('x', §, id)",
                    "replace(§, 'o', '0')",
                    "left(§, 3)",
                    "right(§, 2)",
                    "substring(§, 2, 4)",
                    "substr(§, 3)",
                    if column.kind.is_utf8() {
                        "md5(§)"
                    } else {
                        "upper(left(§, 1))"
                    },
                    if column.kind.is_utf8() && self.sql.mysql {
                        "length(§)"
                    } else {
                        "char_length(§)"
                    },
                    "coalesce(§, 'none')",
                    "nullif(§, 'Tom')",
                    "trim(§)",
                    "ltrim(§)",
                    "rtrim(§)",
                    "char_length(§)",
                    "reverse(§)",
                    "repeat(left(§, 3), 2)",
                    "lpad(§, 5, 'xy')",
                    "rpad(§, 5, 'xy')",
                    "concat_ws('-', §, id, NULL)",
                    "CAST(id AS char(20))",
                ]);
                format!("left({}, {length})", self.concatenation(text))
            }
            Kind::Char => choices
                .pick(&["upper(§)", "left(§, 2)", "coalesce(§, 'x')", "lower(§)"])
                .to_owned(),
            Kind::Date | Kind::Datetime | Kind::Datetime6 | Kind::Timestamp => {
                let literal = column.kind.literal(self.sql, choices);
                format!("coalesce(§, {literal})")
            }
            _ => return literal,
        };
        let form = form.replace('§', &name);
        // A value that may be NULL must not reach a column that may not.
        if column.nullable {
            form
        } else {
            format!("coalesce({form}, {name})")
        }
    }

    /// `concat` leaves NULLs out where PostgreSQL's SQL is written, and MariaDB makes NULL of them.
    fn concatenation(self, text: &str) -> String {
        match self.sql.mysql {
            true => text.to_owned(),
            false => text
                .replace("concat(§,", "concat(coalesce(§, ''),")
                .replace("'x', §, id", "'x', coalesce(§, ''), id"),
        }
    }

    fn predicate(self, table: &Table, depth: usize, choices: &mut Choices) -> String {
        if depth > 0 && choices.one_in(3) {
            let a = self.predicate(table, depth - 1, choices);
            let b = self.predicate(table, depth - 1, choices);
            return match choices.below(3) {
                0 => format!("({a} AND {b})"),
                1 => format!("({a} OR {b})"),
                _ => format!("NOT ({a})"),
            };
        }
        if depth > 0 && choices.one_in(6) {
            return self.elsewhere(table, choices);
        }
        if choices.one_in(6) {
            return choices
                .pick(&[
                    "id > 2",
                    "id % 2 = 0",
                    "id BETWEEN 2 AND 9",
                    "id IN (1, 3, 5)",
                    "id <> 1",
                    "id = '3'",
                ])
                .to_owned();
        }
        if table.made.is_some() && choices.one_in(4) {
            return choices
                .pick(&[
                    "made = '1PLAIN'",
                    "made LIKE '%O%'",
                    "char_length(made) > 3",
                ])
                .to_owned();
        }
        if table.parent.is_some() && choices.one_in(6) {
            return choices
                .pick(&["ref IS NULL", "ref = 1", "ref IN (1, 2)", "ref <> id"])
                .to_owned();
        }
        let column = &table.columns[choices.below(table.columns.len())];
        self.of_column(column, &self.sql.name(column.name), choices)
    }

    fn of_column(self, column: &Column, name: &str, choices: &mut Choices) -> String {
        if choices.one_in(6) || column.kind == Kind::Json {
            let not = if choices.one_in(2) { "NOT " } else { "" };
            return format!("{name} IS {not}NULL");
        }
        if column.kind.is_text() && choices.one_in(2) {
            let escaped = if self.sql.mysql {
                "§ NOT LIKE '%\\%%'"
            } else {
                "§ LIKE '%a|_b%' ESCAPE '|'"
            };
            let condition = choices.pick(&[
                "§ LIKE '%o%'",
                "§ LIKE 'T_m'",
                "§ LIKE 'plain%'",
                "§ LIKE '% '",
                "§ LIKE '%x%%' ESCAPE 'x'",
                escaped,
                "char_length(§) > 4",
                "lower(§) = 'tom'",
                "concat(§, '') = 'Tom'",
                "left(§, 1) IN ('T', 'O', NULL)",
                "upper(§) IN ('plain', 'TOM')",
                "coalesce(§, 'tom') = 'TOM'",
            ]);
            return self.concatenation(condition).replace('§', name);
        }
        let literal = column.kind.literal(self.sql, choices);
        let other = column.kind.literal(self.sql, choices);
        match choices.below(8) {
            0 => format!("{name} <> {literal}"),
            // PostgreSQL's dialect brings such a list to the column's type first, MariaDB does not.
            1 if self.sql.mysql || column.kind != Kind::Float => {
                format!("{name} IN ({literal}, {other})")
            }
            2 if self.sql.mysql || column.kind != Kind::Float => {
                let other = column.kind.value(true, self.sql, choices);
                format!("{name} NOT IN ({literal}, {other})")
            }
            3 if self.sql.mysql => format!("{name} <=> {literal}"),
            4 if column.kind.has_order() => format!("{name} > {literal}"),
            5 if column.kind.has_order() => format!("{name} <= {literal}"),
            6 if column.kind.has_order() => format!("{name} BETWEEN {literal} AND {other}"),
            7 if column.kind.is_number() => format!("{name} = '7'"),
            _ => format!("{name} = {literal}"),
        }
    }

    /// A condition over the rows of some table.
    fn elsewhere(self, table: &Table, choices: &mut Choices) -> String {
        let other = &self.tables[choices.below(self.tables.len())];
        let name = self.sql.name(&other.name);
        let condition = self.predicate(other, 0, choices);
        let refers = table.parent.as_ref().is_some_and(|(p, _)| *p == other.name);
        let referred = other.parent.as_ref().is_some_and(|(p, _)| *p == table.name);
        let own = self.sql.name(&table.name);
        match choices.below(5) {
            0 if refers => format!("ref IN (SELECT id FROM {name} WHERE {condition})"),
            1 if refers => format!("ref NOT IN (SELECT x.id FROM {name} x WHERE {})", condition),
            2 if refers && own != name => {
                format!("EXISTS (SELECT 1 FROM {name} x WHERE x.id = {own}.ref AND x.id > 2)")
            }
            0 if referred => format!("id IN (SELECT ref FROM {name} WHERE {condition})"),
            1 if referred => format!("id NOT IN (SELECT ref FROM {name} WHERE {condition})"),
            2 if referred && own != name => {
                format!("NOT EXISTS (SELECT * FROM {name} x WHERE x.ref = {own}.id)")
            }
            _ => format!("id IN (SELECT id FROM {name} WHERE {condition})"),
        }
    }

    /// UPDATE and DELETE over a join; every row meets one other at most.
    fn joined(self, table: &Table, choices: &mut Choices) -> String {
        let Some((parent, _)) = &table.parent else {
            return self.update(table, choices);
        };
        let Some(parent) = self.tables.iter().find(|t| t.name == *parent) else {
            return self.update(table, choices);
        };
        let (own, other) = (self.sql.name(&table.name), self.sql.name(&parent.name));
        let column = &parent.columns[choices.below(parent.columns.len())];
        let condition = self.of_column(
            column,
            &format!("p.{}", self.sql.name(column.name)),
            choices,
        );
        let changed = &table.columns[choices.below(table.columns.len())];
        let value = match parent
            .columns
            .iter()
            .find(|c| c.kind == changed.kind && (changed.nullable || !c.nullable))
        {
            Some(same) => format!("p.{}", self.sql.name(same.name)),
            None => changed.kind.literal(self.sql, choices),
        };
        let changed = self.sql.name(changed.name);
        match choices.below(6) {
            0 => format!("DELETE c FROM {own} c JOIN {other} p ON p.id = c.ref WHERE {condition}"),
            1 => {
                format!("DELETE {own} FROM {own}, {other} p WHERE {own}.ref = p.id AND {condition}")
            }
            2 => format!(
                "DELETE FROM c USING {own} AS c INNER JOIN {other} AS p ON p.id = c.ref AND {condition}"
            ),
            _ => format!(
                "UPDATE {own} c JOIN {other} p ON p.id = c.ref SET c.{changed} = {value} WHERE {condition}"
            ),
        }
    }

    /// Rows with keys that are not there.
    fn insert(self, table: &Table, by_server: bool, choices: &mut Choices) -> String {
        let named = |c: &&Column| !choices.one_in(3) || (!c.nullable && !c.kind.has_default());
        let columns: Vec<&Column> = table.columns.iter().filter(named).collect();
        let mut names: Vec<String> = columns.iter().map(|c| self.sql.name(c.name)).collect();
        if !by_server {
            names.insert(0, "id".into());
        }
        if names.is_empty() {
            return self.insert(table, false, choices);
        }
        let mut rows = Vec::new();
        for row in 0..1 + choices.below(3) {
            let mut values: Vec<String> = columns
                .iter()
                .map(|c| c.kind.value(c.nullable, self.sql, choices))
                .collect();
            if !by_server {
                values.insert(0, (1000 + self.number * 10 + row).to_string());
            }
            rows.push(values);
        }
        let name = self.sql.name(&table.name);
        if self.sql.mysql && !names.is_empty() && choices.one_in(4) {
            let set: Vec<_> = names
                .iter()
                .zip(&rows[0])
                .map(|(n, v)| format!("{n} = {v}"))
                .collect();
            return format!("INSERT INTO {name} SET {}", set.join(", "));
        }
        let rows: Vec<_> = rows
            .into_iter()
            .map(|r| format!("({})", r.join(", ")))
            .collect();
        format!(
            "INSERT INTO {name} ({}) VALUES {}",
            names.join(", "),
            rows.join(", ")
        )
    }

    /// Rows made from the table's own.
    fn copied(self, table: &Table, choices: &mut Choices) -> String {
        let names: Vec<String> = table
            .columns
            .iter()
            .map(|c| self.sql.name(c.name))
            .collect();
        let name = self.sql.name(&table.name);
        format!(
            "INSERT INTO {name} (id, {names}) SELECT id + {}, {names} FROM {name}{}",
            (self.number + 1) * 100_000,
            self.filter(table, choices),
            names = names.join(", ")
        )
    }
}
