//! Generated tables and rows of SQLite.

use super::{Choices, name, text};
use std::fmt::Write;

/// A column's declared type, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Integer(&'static str),
    Real,
    Numeric,
    Text(&'static str),
    Blob,
    /// No type: every value stays what it is.
    Untyped,
}

pub const KINDS: [Kind; 13] = [
    Kind::Integer("INTEGER"),
    Kind::Integer("bigint"),
    Kind::Integer("boolean"),
    Kind::Real,
    Kind::Numeric,
    Kind::Text("TEXT"),
    Kind::Text("varchar(40)"),
    Kind::Text("TEXT COLLATE NOCASE"),
    Kind::Text("nvarchar(40) COLLATE RTRIM"),
    Kind::Text("date"),
    Kind::Text("json"),
    Kind::Blob,
    Kind::Untyped,
];

/// Text that has broken other tools.
const TEXTS: [&str; 30] = [
    "café",
    "CAFÉ",
    "é",
    "É",
    "",
    " ",
    "plain",
    "Plain",
    "plain  ",
    "Tom",
    "TOM",
    "O'Brien",
    "it''s",
    "back\\slash",
    "a\\nb",
    "line\nbreak",
    "cr\r\nlf",
    "tab\there",
    "sub\u{1a}here",
    "'); DROP TABLE t; --",
    "INSERT INTO t VALUES(1,'a');",
    "replace('a','b','c')",
    "COMMIT;",
    "NULL",
    "7",
    "007",
    "john.doe@example.com",
    "100%",
    "日本語 🎉",
    "x'00'",
];

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
    /// How the key is declared.
    key: &'static str,
    without_rowid: bool,
    /// The table that `ref` refers to, with the constraint's actions if there is a constraint.
    pub parent: Option<(String, Option<&'static str>)>,
    /// Is there a generated column `made` over the first column of text?
    pub made: Option<&'static str>,
    pub rows: usize,
}

const NAMES: [&str; 11] = [
    "name",
    "email",
    "Mixed Case",
    "comma, column",
    "quo\"te",
    "select",
    "ünï",
    "a.b",
    "it's",
    "note",
    "semi;colon",
];
const TABLES: [&str; 6] = ["users", "Order Items", "odd\"name", "logs", "select", "a.b"];

/// The tables of a case; their names begin with `prefix`.
pub fn generate(prefix: &str, choices: &mut Choices) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    for number in 0..1 + choices.below(3) {
        let table = TABLES[(number * 2 + choices.below(2)) % TABLES.len()];
        let start = choices.below(NAMES.len());
        let columns: Vec<_> = (0..1 + choices.below(5))
            .map(|n| Column {
                name: NAMES[(start + n) % NAMES.len()],
                kind: choices.of(&KINDS),
                nullable: !choices.one_in(4),
            })
            .collect();
        let parent = (number > 0 && !choices.one_in(3)).then(|| {
            let actions = [
                "ON DELETE CASCADE ON UPDATE CASCADE",
                "ON DELETE SET NULL ON UPDATE CASCADE",
            ];
            let constraint = choices.one_in(2).then(|| choices.of(&actions));
            (tables[choices.below(number)].name.clone(), constraint)
        });
        let key = choices.of(&[
            "INTEGER PRIMARY KEY",
            "INTEGER PRIMARY KEY AUTOINCREMENT",
            "INT NOT NULL PRIMARY KEY",
        ]);
        let text = columns.iter().any(|c| matches!(c.kind, Kind::Text(_)));
        tables.push(Table {
            name: format!("{prefix}{table}"),
            columns,
            key,
            without_rowid: !key.contains("AUTO") && choices.one_in(4),
            parent,
            made: (text && choices.one_in(3)).then(|| choices.of(&["STORED", "VIRTUAL"])),
            rows: choices.of(&[0, 1, 3, 12, 40]),
        });
    }
    tables
}

impl Kind {
    pub fn is_number(self) -> bool {
        matches!(self, Kind::Integer(_) | Kind::Real | Kind::Numeric)
    }

    /// A literal, never NULL.
    pub fn literal(self, choices: &mut Choices) -> String {
        match self {
            Kind::Integer(_) => choices
                .pick(&["0", "1", "-3", "7", "42", "9223372036854775807"])
                .to_owned(),
            Kind::Real => choices
                .pick(&["0.0", "1.5", "-0.25", "1e100", "0.1"])
                .to_owned(),
            Kind::Numeric => choices.pick(&["0", "1.5", "-7.25", "100"]).to_owned(),
            Kind::Text(_) => {
                let some = choices.pick(&TEXTS);
                match choices.below(8) {
                    0 => text(&format!("{some}{}", choices.pick(&TEXTS))),
                    1 => text(&"long text ".repeat(choices.below(300))),
                    _ => text(some),
                }
            }
            Kind::Blob => choices
                .pick(&["x'00'", "X'FF00FE'", "x''", "X'275C22'", "x'0A0D1A09'"])
                .to_owned(),
            Kind::Untyped => text(choices.pick(&["Tom", "it's", "a\nb", "x"])),
        }
    }

    pub fn value(self, nullable: bool, choices: &mut Choices) -> String {
        if nullable && choices.one_in(5) {
            "NULL".to_owned()
        } else {
            self.literal(choices)
        }
    }
}

/// A literal; DEFAULT takes no call.
fn default(kind: Kind, choices: &mut Choices) -> String {
    loop {
        let literal = kind.literal(choices);
        if !literal.contains("char(13)") {
            return literal;
        }
    }
}

impl Table {
    pub fn ddl(&self, choices: &mut Choices) -> String {
        let mut parts = vec![format!("id {}", self.key)];
        for column in &self.columns {
            let written = match column.kind {
                Kind::Integer(name) | Kind::Text(name) => name,
                Kind::Real => "REAL",
                Kind::Numeric => "decimal(10,2)",
                Kind::Blob => "BLOB",
                Kind::Untyped => "",
            };
            let mut line = format!("{} {written}", name(column.name));
            if !column.nullable {
                let _ = write!(line, " NOT NULL DEFAULT {}", default(column.kind, choices));
            }
            parts.push(line);
        }
        let textual = self
            .columns
            .iter()
            .find(|c| matches!(c.kind, Kind::Text(_)));
        if let (Some(kind), Some(column)) = (self.made, textual) {
            let of = name(column.name);
            parts.insert(
                1 + choices.below(parts.len()),
                format!("made TEXT GENERATED ALWAYS AS (substr({of}, 1, 3) || id) {kind}"),
            );
        }
        if let Some((parent, constraint)) = &self.parent {
            let references = constraint.map_or(String::new(), |actions| {
                format!(" REFERENCES {}(id) {actions}", name(parent))
            });
            parts.push(format!("ref INTEGER{references}"));
        }
        format!(
            "CREATE TABLE {} (\n  {}\n){};\n",
            name(&self.name),
            parts.join(", -- it's; a comment\n  "),
            if self.without_rowid {
                " WITHOUT ROWID"
            } else {
                ""
            }
        )
    }

    pub fn rows(&self, parents: usize, choices: &mut Choices) -> String {
        let mut out = String::new();
        let mut names: Vec<_> = std::iter::once("id".to_owned())
            .chain(self.columns.iter().map(|c| name(c.name)))
            .collect();
        names.extend(self.parent.iter().map(|_| "ref".to_owned()));
        for number in 0..self.rows {
            let mut values = vec![(number + 1).to_string()];
            for column in &self.columns {
                values.push(column.kind.value(column.nullable, choices));
            }
            if self.parent.is_some() {
                values.push(match choices.below(4) {
                    0 => "NULL".to_owned(),
                    _ if parents == 0 => "NULL".to_owned(),
                    _ => (1 + choices.below(parents)).to_string(),
                });
            }
            let (into, names) = (name(&self.name), names.join(", "));
            let _ = writeln!(
                out,
                "INSERT INTO {into} ({names}) VALUES ({});",
                values.join(", ")
            );
        }
        out
    }

    /// A query of everything in it with its types.
    pub fn contents(&self) -> String {
        let mut cells = vec!["id".to_owned()];
        for column in &self.columns {
            let name = name(column.name);
            cells.push(format!("typeof({name}) || ' ' || quote({name})"));
        }
        cells.extend(self.made.map(|_| "quote(made)".to_owned()));
        cells.extend(self.parent.iter().map(|_| "quote(ref)".to_owned()));
        format!(
            "SELECT {} || '|' || {} FROM {} ORDER BY id;\n",
            text(&self.name),
            cells.join(" || '|' || "),
            name(&self.name)
        )
    }
}
