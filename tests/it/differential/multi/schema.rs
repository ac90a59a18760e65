//! Generated schemas of several tables that reference one another.

use crate::differential::Choices;
use std::fmt::Write;

/// Types whose values can be compared with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    Number,
    Text,
    Flag,
    Day,
}

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The primary key or a part of it.
    Key,
    /// Unique, beside the primary key.
    Code,
    /// A part of a foreign key.
    Reference,
    /// Anything else; may look like a key of another table.
    Plain,
}

#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub sql: &'static str,
    pub family: Family,
    pub role: Role,
    pub not_null: bool,
    pub default: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Foreign {
    pub columns: Vec<String>,
    pub parent: usize,
    pub parent_columns: Vec<String>,
    pub actions: String,
}

#[derive(Debug, Clone)]
pub struct Table {
    pub schema: String,
    /// Without the schema.
    pub bare: String,
    pub columns: Vec<Column>,
    pub foreign: Vec<Foreign>,
    pub partitioned: bool,
    /// Is `id` filled by a sequence where nobody gives it?
    pub serial: bool,
    /// Literals, in the order of the columns.
    pub rows: Vec<Vec<String>>,
}

const NAMES: [&str; 6] = [
    "users",
    "orders",
    "\"Line Items\"",
    "groups",
    "\"select\"",
    "notes",
];

impl Table {
    /// `schema.table` as SQL writes it.
    pub fn name(&self) -> String {
        format!("{}.{}", self.schema, self.bare)
    }

    pub fn key(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|c| c.role == Role::Key)
    }

    /// Has it one key column, and of numbers?
    pub fn counts(&self) -> bool {
        self.key().count() == 1 && self.columns[0].family == Family::Number
    }

    pub fn column(&self, name: &str) -> &Column {
        let column = self.columns.iter().find(|c| c.name == name);
        column.expect("a column")
    }
}

/// A table's columns without its foreign keys.
fn table(schema: &str, bare: String, choices: &mut Choices) -> Table {
    let column = |name: &str, sql, family, role| Column {
        name: name.to_owned(),
        sql,
        family,
        role,
        not_null: false,
        default: None,
    };
    let mut columns = Vec::new();
    let partitioned = match choices.below(10) {
        0..=5 => {
            let sql = choices.of(&[
                "integer", "bigint", "integer", "smallint", "numeric", "serial",
            ]);
            columns.push(column("id", sql, Family::Number, Role::Key));
            choices.one_in(6)
        }
        6 | 7 => {
            let sql = choices.of(&["text", "varchar(12)"]);
            columns.push(column("id", sql, Family::Text, Role::Key));
            false
        }
        _ => {
            columns.push(column("id", "integer", Family::Number, Role::Key));
            columns.push(column("part", "text", Family::Text, Role::Key));
            false
        }
    };
    // The same names in many tables: what a name means is half of the matter.
    columns.push(column("link", "integer", Family::Number, Role::Plain));
    columns.push(column("word", "text", Family::Text, Role::Plain));
    let n = choices.of(&["integer", "bigint", "numeric(8,2)"]);
    columns.push(column("n", n, Family::Number, Role::Plain));
    if choices.one_in(2) {
        columns.push(column("flag", "boolean", Family::Flag, Role::Plain));
    }
    if choices.one_in(3) {
        columns.push(column("day", "date", Family::Day, Role::Plain));
    }
    if choices.one_in(3) {
        columns.push(column("short", "varchar(6)", Family::Text, Role::Plain));
    }
    if !partitioned && choices.one_in(4) {
        columns.push(column("code", "text", Family::Text, Role::Code));
    }
    if choices.one_in(10) {
        let n = columns.iter_mut().find(|c| c.name == "n").expect("n");
        n.not_null = true;
        n.default = choices.one_in(2).then(|| "7".to_owned());
    }
    Table {
        schema: schema.to_owned(),
        bare,
        serial: columns[0].sql == "serial",
        partitioned: partitioned && columns[0].sql != "serial",
        columns,
        foreign: Vec::new(),
        rows: Vec::new(),
    }
}

fn key_value(column: &Column, number: usize) -> String {
    match (column.role, column.family) {
        (Role::Code, _) => format!("'c{number}'"),
        (_, Family::Text) if column.name == "part" => {
            format!("'{}'", ["a", "b"][number % 2])
        }
        (_, Family::Text) => format!("'k{number}'"),
        _ => number.to_string(),
    }
}

/// A value that columns of this family can have.
pub fn plain_value(family: Family, choices: &mut Choices) -> String {
    match family {
        Family::Number => choices.below(9).to_string(),
        Family::Text => choices
            .pick(&[
                "'red'", "'green'", "'blue'", "'Red'", "''", "'k2'", "'a'", "'c1'",
            ])
            .to_owned(),
        Family::Flag => choices.pick(&["true", "false"]).to_owned(),
        Family::Day => choices
            .pick(&["'2020-01-01'", "'2021-05-05'", "'1999-12-31'"])
            .to_owned(),
    }
}

/// Fills the rows of the tables, keys first, then what references them.
fn fill(tables: &mut [Table], choices: &mut Choices) {
    for table in tables.iter_mut() {
        for number in 1..=choices.of(&[0, 1, 3, 5, 8, 12]) {
            let values = table.columns.iter().map(|column| match column.role {
                Role::Key | Role::Code => key_value(column, number),
                _ if !column.not_null && choices.one_in(5) => "NULL".to_owned(),
                _ => plain_value(column.family, choices),
            });
            let row = values.collect();
            table.rows.push(row);
        }
    }
    for at in 0..tables.len() {
        for foreign in tables[at].foreign.clone() {
            let parent = &tables[foreign.parent];
            let place = |table: &Table, name: &String| {
                let place = table.columns.iter().position(|c| c.name == *name);
                place.expect("a column of a key")
            };
            let from: Vec<usize> = foreign
                .parent_columns
                .iter()
                .map(|c| place(parent, c))
                .collect();
            let to: Vec<usize> = foreign
                .columns
                .iter()
                .map(|c| place(&tables[at], c))
                .collect();
            let keys: Vec<Vec<String>> = parent
                .rows
                .iter()
                .map(|row| from.iter().map(|at| row[*at].clone()).collect())
                .collect();
            let table = &mut tables[at];
            for row in &mut table.rows {
                let key = if keys.is_empty() || choices.one_in(4) {
                    vec!["NULL".to_owned(); to.len()]
                } else {
                    keys[choices.below(keys.len())].clone()
                };
                for (to, value) in to.iter().zip(key) {
                    row[*to] = value;
                }
                if to.len() > 1 && choices.one_in(6) {
                    row[to[1]] = "NULL".to_owned();
                }
            }
        }
    }
}

fn reference(table: &mut Table, parent: usize, of: &Table, number: usize, choices: &mut Choices) {
    let code = of.columns.iter().find(|c| c.role == Role::Code);
    let referenced: Vec<Column> = match code {
        Some(code) if choices.one_in(2) => vec![code.clone()],
        _ => of.key().cloned().collect(),
    };
    let mut columns = Vec::new();
    for column in &referenced {
        let sql = match column.sql {
            "smallint" => choices.of(&["smallint", "integer", "bigint"]),
            "integer" | "serial" => choices.of(&["integer", "integer", "bigint"]),
            "bigint" => choices.of(&["integer", "bigint"]),
            "numeric" => choices.of(&["numeric", "integer", "numeric(9,1)"]),
            text => text,
        };
        let name = format!(
            "ref{number}{}",
            if column.name == "part" { "_part" } else { "" }
        );
        columns.push(name.clone());
        table.columns.push(Column {
            name,
            sql,
            family: column.family,
            role: Role::Reference,
            not_null: false,
            default: None,
        });
    }
    let on_delete = choices.of(&[
        "CASCADE",
        "CASCADE",
        "CASCADE",
        "SET NULL",
        "SET NULL",
        "SET DEFAULT",
        "NO ACTION",
        "RESTRICT",
    ]);
    let on_update = choices.of(&[
        "CASCADE",
        "CASCADE",
        "SET NULL",
        "SET DEFAULT",
        "NO ACTION",
        "RESTRICT",
    ]);
    if on_delete == "SET DEFAULT" && referenced.len() == 1 && choices.one_in(2) {
        let last = table.columns.last_mut().expect("just made");
        last.default = Some(key_value(&referenced[0], 1));
    }
    let listed = match on_delete {
        "SET NULL" if columns.len() > 1 && choices.one_in(2) => format!(" ({})", columns[1]),
        _ => String::new(),
    };
    let deferred = if choices.one_in(8) {
        " DEFERRABLE INITIALLY DEFERRED"
    } else {
        ""
    };
    table.foreign.push(Foreign {
        columns,
        parent,
        parent_columns: referenced.iter().map(|c| c.name.clone()).collect(),
        actions: format!("ON DELETE {on_delete}{listed} ON UPDATE {on_update}{deferred}"),
    });
}

/// Tables in one or two schemas, with foreign keys between them.
pub fn tables(tag: &str, choices: &mut Choices) -> Vec<Table> {
    let schemas = [format!("a{tag}"), format!("b{tag}")];
    let both = choices.one_in(3);
    let mut tables: Vec<Table> = Vec::new();
    let count = 2 + choices.below(5);
    for name in &NAMES[..count] {
        let schema = &schemas[usize::from(both && choices.one_in(3))];
        let bare = match name.strip_prefix('"') {
            Some(rest) => format!("\"{tag} {rest}"),
            None => format!("{name}_{tag}"),
        };
        tables.push(table(schema, bare, choices));
    }
    for at in 0..count {
        for number in 0..choices.of(&[0, 0, 1, 1, 1, 2]) {
            let parent = match choices.below(6) {
                0 => at,
                1 => choices.below(count),
                _ => at.saturating_sub(1 + choices.below(2)),
            };
            let of = tables[parent].clone();
            reference(&mut tables[at], parent, &of, number, choices);
        }
    }
    // A twin: the same name in the other schema.
    if both {
        let number = choices.below(count);
        let twins: Vec<usize> = if choices.one_in(2) {
            vec![number]
        } else {
            (0..2).collect()
        };
        for number in twins {
            let one = &tables[number];
            let other = if one.schema == schemas[0] {
                &schemas[1]
            } else {
                &schemas[0]
            };
            let mut columns = one.columns.clone();
            for column in columns.iter_mut().filter(|c| c.role == Role::Reference) {
                column.role = Role::Plain;
            }
            tables.push(Table {
                schema: other.clone(),
                columns,
                foreign: Vec::new(),
                rows: Vec::new(),
                ..one.clone()
            });
        }
    }
    fill(&mut tables, choices);
    tables
}

/// The same tables in another environment: other rows, and now and then another column.
pub fn target(tables: &[Table], choices: &mut Choices) -> Vec<Table> {
    let mut out = Vec::new();
    for table in tables {
        let twin = tables.iter().filter(|t| t.bare == table.bare).count() > 1;
        if twin || choices.one_in(3) {
            continue;
        }
        let mut table = table.clone();
        table.rows.clear();
        table.foreign.clear();
        table.partitioned = false;
        for column in &mut table.columns {
            if column.role == Role::Reference {
                column.role = Role::Plain;
            }
        }
        let keys = table.key().count();
        if choices.one_in(3) {
            table.columns[keys..].reverse();
        }
        out.push(table);
    }
    fill(&mut out, choices);
    out
}

/// `CREATE TABLE` and the rows; foreign keys are apart.
pub fn ddl(tables: &[Table], schema: Option<&str>) -> String {
    let mut sql = String::new();
    let mut schemas: Vec<&str> = tables.iter().map(|t| schema.unwrap_or(&t.schema)).collect();
    schemas.sort_unstable();
    schemas.dedup();
    for schema in schemas {
        let _ = writeln!(sql, "CREATE SCHEMA {schema};");
    }
    for table in tables {
        let name = format!("{}.{}", schema.unwrap_or(&table.schema), table.bare);
        let mut lines = Vec::new();
        for column in &table.columns {
            let mut line = format!("{} {}", column.name, column.sql);
            if column.not_null || column.role == Role::Key {
                line.push_str(" NOT NULL");
            }
            if let Some(default) = &column.default {
                let _ = write!(line, " DEFAULT {default}");
            }
            if column.role == Role::Code {
                line.push_str(" UNIQUE");
            }
            lines.push(line);
        }
        let keys: Vec<&str> = table.key().map(|c| c.name.as_str()).collect();
        lines.push(format!("PRIMARY KEY ({})", keys.join(", ")));
        let by = if table.partitioned {
            " PARTITION BY RANGE (id)"
        } else {
            ""
        };
        let _ = writeln!(
            sql,
            "CREATE TABLE {name} (\n    {}\n){by};",
            lines.join(",\n    ")
        );
        if table.partitioned {
            for (suffix, bounds) in [("low", "(MINVALUE) TO (4)"), ("high", "(4) TO (MAXVALUE)")] {
                let part = match name.strip_suffix('"') {
                    Some(quoted) => format!("{quoted}_{suffix}\""),
                    None => format!("{name}_{suffix}"),
                };
                let _ = writeln!(
                    sql,
                    "CREATE TABLE {part} PARTITION OF {name} FOR VALUES FROM {bounds};"
                );
            }
        }
    }
    sql
}

/// The foreign keys, in the order in which pg_dump would write them.
pub fn keys(tables: &[Table]) -> String {
    let mut lines = Vec::new();
    for table in tables {
        for (number, foreign) in table.foreign.iter().enumerate() {
            let constraint = match table.bare.strip_suffix('"') {
                Some(quoted) => format!("{quoted}_fk{number}\""),
                None => format!("{}_fk{number}", table.bare),
            };
            let line = format!(
                "ALTER TABLE {} ADD CONSTRAINT {constraint} FOREIGN KEY ({}) REFERENCES {} ({}) {};\n",
                table.name(),
                foreign.columns.join(", "),
                tables[foreign.parent].name(),
                foreign.parent_columns.join(", "),
                foreign.actions
            );
            lines.push((table.schema.clone(), constraint.replace('"', ""), line));
        }
    }
    lines.sort();
    lines.into_iter().map(|(.., line)| line).collect()
}

/// The rows as INSERTs.
pub fn rows(tables: &[Table], schema: Option<&str>) -> String {
    let mut sql = String::new();
    for table in tables {
        let names: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
        for row in &table.rows {
            let _ = writeln!(
                sql,
                "INSERT INTO {}.{} ({}) VALUES ({});",
                schema.unwrap_or(&table.schema),
                table.bare,
                names.join(", "),
                row.join(", ")
            );
        }
        if table.serial {
            let _ = writeln!(
                sql,
                "SELECT setval(pg_get_serial_sequence('{}.{}', 'id'), 500);",
                schema.unwrap_or(&table.schema),
                table.bare
            );
        }
    }
    sql
}
