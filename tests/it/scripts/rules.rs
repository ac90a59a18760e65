//! Generated rulebooks in the script's own dialect and in PostgreSQL's.

use super::world::{Column, Kind, Table, World};
use crate::differential::Choices;
use scrub::rulebook::SqlDialect;
use scrub::rulebook::SqlDialect::{Mssql, Oracle};
use std::fmt::Write;

/// Texts that rules compare with and write.
const TEXTS: [&str; 16] = [
    "Ann",
    "ann",
    "it's",
    "ünï côdé",
    "ÜNÏ CÔDÉ",
    "trail",
    "",
    "NULL",
    "😀",
    "x & y",
    "a\\b",
    "日本語",
    "-- not",
    "new;",
    "straße",
    "[x]",
];
const PATTERNS: [&str; 12] = [
    "%",
    "a%",
    "A%",
    "%example%",
    "%@%",
    "_nn",
    "%'%",
    "%ü%",
    "",
    "%go%",
    "b%e",
    "% %",
];
const EVERYWHERE: [&str; 4] = [
    "UPDATE \"*\" SET \"*\" = anon.rewrite_emails(VALUE)",
    "UPDATE \"*\" SET \"*a*\" = anon.mailinator(VALUE)",
    "UPDATE \"*\" SET \"*\" = left(VALUE, 3)",
    "UPDATE \"*\" SET \"no*\" = coalesce(VALUE, 'none')",
];

struct Maker<'w, 'c> {
    world: &'w World,
    /// What the rules are written in.
    language: SqlDialect,
    choices: &'c mut Choices,
    /// Keys of added rows begin here.
    next: usize,
}

/// The rulebook for a world.
pub fn generate(world: &World, choices: &mut Choices) -> String {
    let language = match choices.one_in(3) {
        true => SqlDialect::Postgres,
        false => world.system,
    };
    let mut rules = match language {
        Mssql => "-- dialect: mssql\n".to_owned(),
        Oracle => "-- dialect: oracle\n".to_owned(),
        _ => String::new(),
    };
    let mut maker = Maker {
        world,
        language,
        choices,
        next: 1000,
    };
    for _ in 0..1 + maker.choices.below(5) {
        let rule = maker.rule();
        let _ = writeln!(rules, "{rule};");
    }
    rules
}

impl<'w> Maker<'w, '_> {
    fn rule(&mut self) -> String {
        let table = self.table();
        match self.choices.below(16) {
            0..=5 => self.update(table),
            6 | 7 => {
                let condition = self.condition(table, "", 1);
                format!("DELETE FROM {} WHERE {condition}", self.of(table))
            }
            8 => match self.is_parent(table) {
                true => self.update(table),
                false => format!("TRUNCATE TABLE {}", self.of(table)),
            },
            9 | 10 => self.insert(table),
            11 => self.insert_select(table),
            12 => self.joined_update(table),
            13 => self.joined_delete(table),
            14 => {
                let condition = self.condition(table, "", 1);
                format!("SELECT count(*) FROM {} WHERE {condition}", self.of(table))
            }
            _ if self.language == SqlDialect::Postgres => {
                format!(
                    "-- name: everywhere :optional\n{}",
                    self.choices.pick(&EVERYWHERE)
                )
            }
            _ => self.update(table),
        }
    }

    fn table(&mut self) -> &'w Table {
        &self.world.tables[self.choices.below(self.world.tables.len())]
    }

    fn is_parent(&self, table: &Table) -> bool {
        let of = |t: &Table| t.reference.map(|r| &self.world.tables[r.parent].name);
        self.world.tables.iter().any(|t| of(t) == Some(&table.name))
    }

    fn name(&mut self, text: &str) -> String {
        let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let word = ["go", "order", "value", "note", "id"].contains(&text.to_lowercase().as_str());
        if plain && !word && self.choices.one_in(2) || text == "ID" && self.choices.one_in(2) {
            return match self.choices.one_in(2) {
                true => text.to_lowercase(),
                false => text.to_owned(),
            };
        }
        match self.language {
            Mssql => format!("[{}]", text.replace(']', "]]")),
            _ => format!("\"{text}\""),
        }
    }

    fn of(&mut self, table: &Table) -> String {
        match &table.schema {
            Some(schema) if self.choices.one_in(2) => {
                format!("{}.{}", self.name(schema), self.name(&table.name))
            }
            _ => self.name(&table.name),
        }
    }

    /// `alias.column`
    fn column(&mut self, alias: &str, column: &Column) -> String {
        match alias {
            "" => self.name(&column.name),
            _ => format!("{alias}.{}", self.name(&column.name)),
        }
    }

    fn text(&mut self, text: &str) -> String {
        let national = self.language == Mssql && (!text.is_ascii() || self.choices.one_in(2));
        format!(
            "{}'{}'",
            if national { "N" } else { "" },
            text.replace('\'', "''")
        )
    }

    fn literal(&mut self, kind: Kind) -> String {
        let value = kind.value(self.world.system, self.choices);
        match kind {
            Kind::Bit => match (self.world.system, self.language, value.as_str()) {
                (Oracle, ..) => value,
                (_, Mssql, "t") => "1".to_owned(),
                (_, Mssql, _) => "0".to_owned(),
                (_, _, "t") => "true".to_owned(),
                _ => "false".to_owned(),
            },
            _ if kind.is_number() => value,
            _ if kind.is_date() => {
                let date = &value[..10];
                match (self.language, self.choices.one_in(2)) {
                    (Oracle, false) if value.len() > 10 => format!("TIMESTAMP '{value}'"),
                    (Oracle, _) => format!("DATE '{date}'"),
                    (_, true) => format!("'{date}'"),
                    (_, false) => format!("'{value}'"),
                }
            }
            Kind::Fixed => {
                let text = self.choices.pick(&["abc", "ABC", "x'y", "ü"]);
                self.text(text)
            }
            _ if kind.is_text() => {
                let text = self.choices.pick(&TEXTS);
                self.text(text)
            }
            Kind::Clock | Kind::Zoned if self.language != Oracle => format!("'{value}'"),
            Kind::Guid if self.world.system == Mssql => self.text(&value.to_uppercase()),
            _ => "NULL".to_owned(),
        }
    }

    fn condition(&mut self, table: &'w Table, alias: &str, depth: usize) -> String {
        match self.choices.below(10) {
            0 | 1 if depth > 0 => {
                let left = self.condition(table, alias, depth - 1);
                let right = self.condition(table, alias, depth - 1);
                let word = self.choices.pick(&["AND", "OR"]);
                format!("({left} {word} {right})")
            }
            2 if depth > 0 => format!("NOT ({})", self.condition(table, alias, depth - 1)),
            3 | 4 if depth > 0 => self.elsewhere(table, alias),
            _ => self.simple(table, alias),
        }
    }

    fn simple(&mut self, table: &'w Table, alias: &str) -> String {
        let column = &table.columns[self.choices.below(table.columns.len())];
        let c = self.column(alias, column);
        let kind = column.kind;
        if matches!(kind, Kind::Binary | Kind::Guid | Kind::Zoned | Kind::Clock)
            || self.choices.one_in(6)
        {
            return format!("{c} {}", self.choices.pick(&["IS NULL", "IS NOT NULL"]));
        }
        if kind.is_text() {
            let text = self.literal(kind);
            return match self.choices.below(8) {
                0 | 1 => format!("{c} = {text}"),
                2 => format!("{c} <> {text}"),
                3 | 4 => {
                    let not = self.choices.pick(&["", "", "NOT "]);
                    let pattern = self.choices.pick(&PATTERNS);
                    format!("{c} {not}LIKE {}", self.text(pattern))
                }
                5 => {
                    let other = self.literal(kind);
                    let not = self.choices.pick(&["", "NOT "]);
                    format!("{c} {not}IN ({text}, {other})")
                }
                6 => format!("UPPER({c}) = {}", self.text("ANN")),
                _ => {
                    let length = if self.language == Mssql {
                        "LEN"
                    } else {
                        "LENGTH"
                    };
                    format!("{length}({c}) > {}", self.choices.below(12))
                }
            };
        }
        let value = self.literal(kind);
        match self.choices.below(5) {
            _ if kind == Kind::Bit => format!("{c} = {value}"),
            0 => format!("{c} IN ({value}, {})", self.literal(kind)),
            1 => format!("{c} BETWEEN {value} AND {}", self.literal(kind)),
            _ => {
                let op = self.choices.pick(&["=", "<", ">=", "<>", ">"]);
                format!("{c} {op} {value}")
            }
        }
    }

    /// A condition on other rows.
    fn elsewhere(&mut self, table: &'w Table, alias: &str) -> String {
        let other = self.table();
        let key = self.column("o", &other.columns[0]);
        let numbers: Vec<&Column> = table
            .columns
            .iter()
            .filter(|c| c.kind == Kind::Int)
            .collect();
        let number = numbers[self.choices.below(numbers.len())];
        // Inside of a subquery the outer column needs the table's name.
        let outer = match alias {
            "" => None,
            _ => Some(self.column(alias, number)),
        };
        let number = self.column(alias, number);
        let inner = self.simple(other, "o");
        let from = self.of(other);
        let from = format!("{from} o");
        match (self.choices.below(5), outer) {
            (0, Some(outer)) => {
                format!("EXISTS (SELECT 1 FROM {from} WHERE {key} = {outer} AND {inner})")
            }
            (1, Some(outer)) => format!("NOT EXISTS (SELECT 1 FROM {from} WHERE {key} = {outer})"),
            (2, _) => format!("{number} NOT IN (SELECT {key} FROM {from} WHERE {inner})"),
            (3, _) => format!("{number} <= (SELECT count(*) FROM {from} WHERE {inner})"),
            _ => {
                let texts = |t: &'w Table| {
                    t.columns
                        .iter()
                        .find(|c| c.kind.is_text() && c.kind != Kind::Fixed && !c.exact)
                };
                match (texts(table), texts(other)) {
                    (Some(mine), Some(theirs)) if self.choices.one_in(2) => {
                        let mine = self.column(alias, mine);
                        let theirs = self.column("o", theirs);
                        let not = self.choices.pick(&["", "NOT "]);
                        format!("{mine} {not}IN (SELECT {theirs} FROM {from})")
                    }
                    _ => format!("{number} IN (SELECT {key} FROM {from} WHERE {inner})"),
                }
            }
        }
    }

    /// A column that can be assigned, no key.
    fn plain(&mut self, table: &'w Table) -> &'w Column {
        let first = 1 + usize::from(table.reference.is_some());
        &table.columns[first + self.choices.below(table.columns.len() - first)]
    }

    /// The text cut to what the column can hold.
    fn fitting(&mut self, column: &Column, text: String) -> String {
        let width = match column.kind {
            Kind::Long => return text,
            Kind::Narrow => 15,
            kind => kind.width(),
        };
        match self.language {
            Oracle => format!("SUBSTR({text}, 1, {width})"),
            Mssql if self.choices.one_in(2) => format!("SUBSTRING({text}, 1, {width})"),
            _ => format!("LEFT({text}, {width})"),
        }
    }

    fn value(&mut self, table: &'w Table, alias: &str, column: &'w Column) -> String {
        let c = self.column(alias, column);
        let kind = column.kind;
        if column.nullable && self.choices.one_in(8) {
            return "NULL".to_owned();
        }
        if self.choices.one_in(8) {
            let condition = self.simple(table, alias);
            return format!(
                "CASE WHEN {condition} THEN {} ELSE {c} END",
                self.given(column)
            );
        }
        if kind.is_text() {
            let joins = if self.language == Mssql { "+" } else { "||" };
            let key = self.column(alias, &table.columns[0]);
            return match self.choices.below(10) {
                0 => format!("UPPER({c})"),
                1 => format!("LOWER({c})"),
                2 => {
                    let start = self.text("x'");
                    self.fitting(column, format!("{start} {joins} {c}"))
                }
                3 => {
                    let start = self.text("user ");
                    let number = match self.language {
                        Mssql => format!("CAST({key} AS nvarchar(12))"),
                        Oracle => format!("CAST({key} AS VARCHAR2(12))"),
                        _ => format!("CAST({key} AS text)"),
                    };
                    self.fitting(column, format!("{start} {joins} {number}"))
                }
                4 => {
                    let (a, b) = (self.text("a"), self.text("Aa"));
                    self.fitting(column, format!("REPLACE({c}, {a}, {b})"))
                }
                5 => format!("COALESCE({c}, {})", self.given(column)),
                6 | 7 if kind != Kind::Fixed => format!("anon.mailinator({c})"),
                8 if kind != Kind::Fixed => format!("anon.rewrite_emails({c})"),
                _ => self.given(column),
            };
        }
        match kind {
            Kind::Int if self.choices.one_in(2) => {
                format!("CASE WHEN {c} < 1000 THEN {c} + 1 ELSE 0 END")
            }
            Kind::Decimal if self.choices.one_in(2) => format!("-{c}"),
            _ => self.given(column),
        }
    }

    /// A literal that the column can hold.
    fn given(&mut self, column: &Column) -> String {
        for _ in 0..9 {
            let literal = self.literal(column.kind);
            let null = literal == "NULL"
                || self.world.system == Oracle && matches!(literal.as_str(), "''" | "N''");
            if !null || column.nullable {
                return literal;
            }
        }
        self.column("", column)
    }

    fn update(&mut self, table: &'w Table) -> String {
        let alias = if self.choices.one_in(3) && self.language != Mssql {
            "t"
        } else {
            ""
        };
        let mut set: Vec<String> = Vec::new();
        let mut before: Vec<&str> = Vec::new();
        for _ in 0..1 + self.choices.below(2) {
            let column = self.plain(table);
            if !before.contains(&column.name.as_str()) {
                before.push(&column.name);
                set.push(format!(
                    "{} = {}",
                    self.name(&column.name),
                    self.value(table, alias, column)
                ));
            }
        }
        let filter = match self.choices.one_in(4) {
            true => String::new(),
            false => format!(" WHERE {}", self.condition(table, alias, 2)),
        };
        format!(
            "UPDATE {} {alias} SET {}{filter}",
            self.of(table),
            set.join(", ")
        )
    }

    /// The columns of an added row: all that have to be given, and some more.
    fn filled(&mut self, table: &'w Table) -> Vec<&'w Column> {
        let needed = |c: &&Column| !c.nullable && c.default.is_none();
        let more = self.choices.below(table.columns.len() + 1);
        let columns = table.columns.iter().enumerate();
        let columns = columns
            .filter(|(at, c)| needed(c) || *at < more)
            .map(|(_, c)| c);
        columns.collect()
    }

    /// Can a row be added without a value that no literal of ours gives?
    fn is_simple(table: &Table) -> bool {
        table.columns.iter().all(|c| {
            c.nullable
                || !matches!(
                    c.kind,
                    Kind::Binary | Kind::Guid | Kind::Zoned | Kind::Clock
                )
        })
    }

    fn insert(&mut self, table: &'w Table) -> String {
        if !Self::is_simple(table) {
            return self.update(table);
        }
        let columns = self.filled(table);
        let several = self.language != Oracle && self.choices.one_in(2);
        // A key may be left to the server.
        let given = !table.identity || columns.len() == 1 || !self.choices.one_in(4);
        let mut rows = Vec::new();
        for _ in 0..1 + usize::from(several) {
            self.next += 1;
            let mut values = vec![self.next.to_string()];
            values.truncate(usize::from(given));
            for (at, column) in columns.iter().enumerate().skip(1) {
                values.push(match at == 1 && table.reference.is_some() {
                    true => "NULL".to_owned(),
                    false => self.given(column),
                });
            }
            rows.push(format!("({})", values.join(", ")));
        }
        let columns = &columns[usize::from(!given)..];
        let names: Vec<String> = columns.iter().map(|c| self.name(&c.name)).collect();
        format!(
            "INSERT INTO {} ({}) VALUES {}",
            self.of(table),
            names.join(", "),
            rows.join(", ")
        )
    }

    fn insert_select(&mut self, table: &'w Table) -> String {
        if !Self::is_simple(table) {
            return self.update(table);
        }
        let other = self.table();
        let columns = self.filled(table);
        self.next += 1000;
        let key = self.column("o", &other.columns[0]);
        let mut values = vec![format!("{key} + {}", self.next)];
        for (at, column) in columns.iter().enumerate().skip(1) {
            let same = other
                .columns
                .iter()
                .find(|c| c.kind == column.kind && (column.nullable || !c.nullable));
            values.push(match same {
                _ if at == 1 && table.reference.is_some() => "NULL".to_owned(),
                Some(same) if self.choices.one_in(2) => self.column("o", same),
                _ => self.given(column),
            });
        }
        let names: Vec<String> = columns.iter().map(|c| self.name(&c.name)).collect();
        let condition = self.simple(other, "o");
        format!(
            "INSERT INTO {} ({}) SELECT {} FROM {} o WHERE {condition} AND {key} < 1000",
            self.of(table),
            names.join(", "),
            values.join(", "),
            self.of(other)
        )
    }

    /// Two tables, each row of the first meeting one row of the second at most.
    fn pair(&mut self, table: &'w Table) -> (&'w Table, String, String) {
        let other = self.table();
        let numbers: Vec<&Column> = table
            .columns
            .iter()
            .filter(|c| c.kind == Kind::Int)
            .collect();
        let number = numbers[self.choices.below(numbers.len())];
        let on = format!(
            "{} = {}",
            self.column("o", &other.columns[0]),
            self.column("t", number)
        );
        let condition = self.simple(other, "o");
        (other, on, condition)
    }

    fn joined_update(&mut self, table: &'w Table) -> String {
        let (other, on, condition) = self.pair(table);
        let column = self.plain(table);
        let same = other
            .columns
            .iter()
            .find(|c| c.kind == column.kind && (column.nullable || !c.nullable));
        let Some(same) = same else {
            return self.joined_delete(table);
        };
        let (c, value) = (self.name(&column.name), self.column("o", same));
        let (t, o) = (self.of(table), self.of(other));
        match (self.language, self.choices.one_in(2)) {
            (Oracle, _) => format!(
                "UPDATE {t} t SET {c} = (SELECT {value} FROM {o} o WHERE {on}) WHERE EXISTS (SELECT 1 FROM {o} o WHERE {on} AND {condition})"
            ),
            (Mssql, true) => format!(
                "UPDATE t SET {c} = {value} FROM {t} AS t JOIN {o} AS o ON {on} WHERE {condition}"
            ),
            (Mssql, false) => format!(
                "UPDATE t SET t.{c} = {value} FROM {t} t INNER JOIN {o} o ON {on} AND {condition}"
            ),
            _ => format!(
                "UPDATE {t} AS t SET {c} = {value} FROM {o} AS o WHERE {on} AND {condition}"
            ),
        }
    }

    fn joined_delete(&mut self, table: &'w Table) -> String {
        let (other, on, condition) = self.pair(table);
        let (t, o) = (self.of(table), self.of(other));
        match self.language {
            Oracle => format!(
                "DELETE FROM {t} t WHERE EXISTS (SELECT 1 FROM {o} o WHERE {on} AND {condition})"
            ),
            Mssql => format!("DELETE t FROM {t} AS t JOIN {o} AS o ON {on} WHERE {condition}"),
            _ => format!("DELETE FROM {t} AS t USING {o} AS o WHERE {on} AND {condition}"),
        }
    }
}
