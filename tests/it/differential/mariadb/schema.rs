//! Generated tables and rows of MariaDB.

use super::values::{KINDS, Kind};
use super::{Choices, MAKING, Sql};
use std::fmt::Write;

/// A generated column.
#[derive(Debug, Clone)]
pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
    pub nullable: bool,
}

/// A generated table; every one has a key `id`.
#[derive(Debug)]
pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    /// Does `id` count by itself?
    pub counts: bool,
    /// The table that `ref` refers to, with the constraint's actions if there is a constraint.
    pub parent: Option<(String, Option<&'static str>)>,
    /// Does another table's constraint refer to it?
    pub referenced: bool,
    /// Do all such constraints follow when its keys change?
    pub followed: bool,
    /// Is there a generated column `made` over the first column of text, and is it stored?
    pub made: Option<bool>,
    pub rows: usize,
}

const NAMES: [&str; 14] = [
    "name",
    "email",
    "Mixed Case",
    "comma, column",
    "quo\"te",
    "select",
    "note",
    "amount",
    "back`tick",
    "created",
    "ünï",
    "payload",
    "a.b",
    "it's",
];
const TABLES: [&str; 6] = ["users", "Order Items", "odd`name", "logs", "select", "a.b"];
const ACTIONS: [&str; 4] = [
    "ON DELETE CASCADE ON UPDATE CASCADE",
    "ON DELETE SET NULL ON UPDATE CASCADE",
    "ON DELETE CASCADE",
    "ON DELETE SET NULL",
];

/// The tables of a case; their names begin with `prefix`.
pub fn generate(prefix: &str, charset: &str, choices: &mut Choices) -> Vec<Table> {
    let count = 1 + choices.below(3);
    let mut tables: Vec<Table> = Vec::new();
    for number in 0..count {
        let name = TABLES[(number * 2 + choices.below(2)) % TABLES.len()];
        let start = choices.below(NAMES.len());
        let mut kind = choices.of(&KINDS);
        let columns: Vec<_> = (0..1 + choices.below(6))
            .map(|n| Column {
                name: match NAMES[(start + n) % NAMES.len()] {
                    "ünï" if !matches!(charset, "utf8mb4" | "latin1") => "uni",
                    name => name,
                },
                kind: {
                    // Some have the type of the column before them.
                    if !choices.one_in(4) {
                        kind = choices.of(&KINDS);
                    }
                    kind
                },
                nullable: !choices.one_in(4),
            })
            .collect();
        let parent = (number > 0 && !choices.one_in(3)).then(|| {
            let parent = choices.below(number);
            let constraint = choices.one_in(2).then(|| choices.of(&ACTIONS));
            tables[parent].referenced |= constraint.is_some();
            tables[parent].followed &= constraint.is_none_or(|c| c.contains("ON UPDATE"));
            (tables[parent].name.clone(), constraint)
        });
        let text = columns.iter().any(|c| matches!(c.kind, Kind::Text(..)));
        tables.push(Table {
            name: format!("{prefix}{name}"),
            columns,
            counts: choices.one_in(2),
            parent,
            referenced: false,
            followed: true,
            made: (text && choices.one_in(3)).then(|| choices.one_in(2)),
            rows: choices.of(&[0, 1, 3, 12, 40]),
        });
    }
    tables
}

impl Table {
    /// The first column of text, from which the generated one is made.
    fn text(&self) -> Option<&Column> {
        self.columns
            .iter()
            .find(|c| matches!(c.kind, Kind::Text(..)))
    }

    /// `rules` is how its rules are written.
    pub fn ddl(&self, rules: Sql, choices: &mut Choices) -> String {
        let sql = MAKING;
        // A row that a rule adds gets them, in the dump's character set.
        let plain = Sql {
            wide: rules.wide,
            ..MAKING
        };
        let mut parts = vec![match self.counts {
            true => "`id` bigint NOT NULL AUTO_INCREMENT PRIMARY KEY".to_owned(),
            false => "`id` bigint NOT NULL PRIMARY KEY".to_owned(),
        }];
        for column in &self.columns {
            let mut line = format!("{} {}", sql.name(column.name), column.kind.sql());
            line.push_str(if column.nullable {
                " NULL"
            } else {
                " NOT NULL"
            });
            // What is not named in an INSERT must have a value.
            if column.kind.has_default() && (!column.nullable || choices.one_in(4)) {
                let _ = write!(line, " DEFAULT {}", column.kind.literal(plain, choices));
            } else if column.kind == Kind::Timestamp && column.nullable {
                line.push_str(" DEFAULT NULL");
            }
            parts.push(line);
        }
        if let (Some(stored), Some(text)) = (self.made, self.text()) {
            let kind = if stored { "STORED" } else { "VIRTUAL" };
            let collation = choices.pick(&["utf8mb4_general_ci", "utf8mb4_bin"]);
            parts.push(format!(
                "`made` varchar(99) CHARACTER SET utf8mb4 COLLATE {collation} GENERATED ALWAYS AS (concat({}, upper(coalesce(left({}, 9), '-')))) {kind}",
                // A column that counts by itself cannot be read there.
                if self.counts { "'1'" } else { "id" },
                sql.name(text.name)
            ));
        }
        if let Some((parent, constraint)) = &self.parent {
            parts.push("`ref` bigint NULL".to_owned());
            if let Some(actions) = constraint {
                // The name that the server would make of the table's it writes without doubling the backtick (10.11.14).
                parts.push(format!(
                    "CONSTRAINT `{}_ref` FOREIGN KEY (`ref`) REFERENCES {} (`id`) {actions}",
                    self.name.replace('`', ""),
                    sql.name(parent)
                ));
            }
        }
        let options = choices.pick(&[
            "DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci",
            "DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
            "DEFAULT CHARSET=latin1",
        ]);
        format!(
            "CREATE TABLE {} (\n  {}\n) ENGINE=InnoDB {options};\n",
            sql.name(&self.name),
            parts.join(",\n  ")
        )
    }

    /// The columns that rows are given in.
    fn given(&self) -> Vec<&str> {
        let own = self.columns.iter().map(|c| c.name);
        let parent = self.parent.iter().map(|_| "ref");
        std::iter::once("id").chain(own).chain(parent).collect()
    }

    /// The original rows.
    pub fn rows(&self, parents: usize, choices: &mut Choices) -> String {
        let sql = MAKING;
        let mut out = String::new();
        for number in 0..self.rows {
            let mut values = vec![(number + 1).to_string()];
            for column in &self.columns {
                values.push(column.kind.value(column.nullable, sql, choices));
            }
            if self.parent.is_some() {
                values.push(match choices.below(4) {
                    0 => "NULL".to_owned(),
                    _ if parents == 0 => "NULL".to_owned(),
                    _ => (1 + choices.below(parents)).to_string(),
                });
            }
            let names: Vec<_> = self.given().into_iter().map(|n| sql.name(n)).collect();
            let _ = writeln!(
                out,
                "INSERT INTO {} ({}) VALUES ({});",
                sql.name(&self.name),
                names.join(", "),
                values.join(", ")
            );
        }
        out
    }

    /// A query of everything in it as text that does not depend on any session.
    pub fn contents(&self) -> String {
        let sql = MAKING;
        let mut cells = vec!["id".to_owned()];
        for column in &self.columns {
            let name = sql.name(column.name);
            let text = match column.kind {
                // The server shows less of these than it holds.
                Kind::Float | Kind::Double => format!("CAST({name} AS DOUBLE) + 0"),
                Kind::Bit(_) => format!("{name} + 0"),
                kind if kind.is_text() || kind.is_bytes() => format!("HEX({name})"),
                _ => name,
            };
            cells.push(format!("COALESCE({text}, 'NULL')"));
        }
        cells.extend(self.made.map(|_| "HEX(made)".to_owned()));
        cells.extend(
            self.parent
                .iter()
                .map(|_| "COALESCE(ref, 'NULL')".to_owned()),
        );
        let name = MAKING.text(&self.name);
        format!(
            "SELECT CONCAT_WS('|', {name}, {}) AS line FROM {} ORDER BY line;\n",
            cells.join(", "),
            sql.name(&self.name)
        )
    }
}
