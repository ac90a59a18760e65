//! Writing tables as a plain dump in the manner of pg_dump, so that cases need no server.

use super::{Cell, Database, Row, stored};
use scrub::schema::{Column, DataType, Generated, Relation, RelationName};
use scrub::value::{self, CastContext};

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Copy,
    /// `--column-inserts`
    ColumnInserts,
    /// `--inserts --rows-per-insert=3`
    Inserts,
}

/// Where a row of a partitioned table is written: which of the tree's leaves.
pub type Placement<'a> = &'a dyn Fn(&Relation, &Row) -> Option<RelationName>;

impl Database {
    /// Brings every cell into the form in which the server would print it.
    pub fn normalise(&mut self) {
        for (name, rows) in &mut self.tables {
            let relation = self.catalog.relation(name).expect("its relation");
            for row in rows {
                for (cell, column) in row.iter_mut().zip(stored(relation)) {
                    if let Cell::Text(text) = cell {
                        *text = printed(text, column);
                    }
                }
            }
        }
    }

    /// Puts the rows of partitioned tables into their leaves.
    pub fn place(&mut self, placement: Placement<'_>) {
        for relation in self.catalog.relations.values() {
            for row in std::mem::take(&mut self.tables[&relation.name]) {
                let home = placement(relation, &row).unwrap_or_else(|| relation.name.clone());
                self.tables[&home].push(row);
            }
        }
    }

    /// The whole as a dump; `ddl` is what made the tables.
    pub fn dump(&self, ddl: &str, style: Style) -> Vec<u8> {
        let order: Vec<usize> = (0..self.tables.len()).collect();
        self.dump_in(&order, ddl, style, "", false)
    }

    /// The whole as a dump, tables in some order, with statements after the data; the rows of
    /// partitions through their root if that is said, as with `--load-via-partition-root`.
    pub fn dump_in(
        &self,
        order: &[usize],
        ddl: &str,
        style: Style,
        after: &str,
        through_root: bool,
    ) -> Vec<u8> {
        let mut out = format!(
            "--\n-- PostgreSQL database dump\n--\n\n\
             SET client_encoding = 'UTF8';\n\
             SET standard_conforming_strings = on;\n\
             SELECT pg_catalog.set_config('search_path', '', false);\n\n{ddl}\n"
        )
        .into_bytes();
        for (name, rows) in order.iter().filter_map(|at| self.tables.get_index(*at)) {
            let relation = self.relation(name);
            // A partitioned table has no block of its own, unless its rows are loaded through it.
            if rows.is_empty() && !relation.partition_key.is_empty() {
                continue;
            }
            let mut relation = relation;
            while through_root && let Some(root) = &relation.partition_of {
                relation = self.relation(root);
            }
            match style {
                Style::Copy => copy(relation, rows, &mut out),
                Style::ColumnInserts => rows
                    .iter()
                    .for_each(|row| insert(relation, &[row], true, &mut out)),
                Style::Inserts => {
                    for rows in rows.chunks(3) {
                        insert(relation, &rows.iter().collect::<Vec<_>>(), false, &mut out);
                    }
                }
            }
            out.push(b'\n');
        }
        out.extend_from_slice(after.as_bytes());
        out.extend_from_slice(b"--\n-- PostgreSQL database dump complete\n--\n\n");
        out
    }
}

fn printed(text: &[u8], column: &Column) -> Vec<u8> {
    let data_type = &column.data_type;
    let value = value::parse(text, data_type)
        .and_then(|value| value::cast(value, data_type, data_type, CastContext::Assignment))
        .unwrap_or_else(|error| panic!("a generated value of column {}: {error}", column.name));
    let mut out = Vec::new();
    value::write(&value, data_type, &mut out);
    out
}

/// A name as SQL, quoted where it has to be.
fn name(text: &str) -> String {
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if plain && text != "select" {
        text.to_owned()
    } else {
        format!("\"{}\"", text.replace('"', "\"\""))
    }
}

fn full_name(relation: &Relation) -> String {
    let schema = relation
        .name
        .schema
        .iter()
        .map(|schema| format!("{}.", name(schema)));
    schema.collect::<String>() + &name(&relation.name.name)
}

fn column_list(relation: &Relation) -> String {
    stored(relation)
        .map(|c| name(&c.name))
        .collect::<Vec<_>>()
        .join(", ")
}

fn copy(relation: &Relation, rows: &[Row], out: &mut Vec<u8>) {
    let head = format!(
        "COPY {} ({}) FROM stdin;\n",
        full_name(relation),
        column_list(relation)
    );
    out.extend_from_slice(head.as_bytes());
    for row in rows {
        for (number, cell) in row.iter().enumerate() {
            if number > 0 {
                out.push(b'\t');
            }
            match cell {
                Cell::Null => out.extend_from_slice(b"\\N"),
                Cell::Text(text) => escape(text, out),
                Cell::Server => panic!("a row without a value for every column"),
            }
        }
        out.push(b'\n');
    }
    out.extend_from_slice(b"\\.\n");
}

fn escape(text: &[u8], out: &mut Vec<u8>) {
    for byte in text {
        let letter = match byte {
            8 => b'b',
            12 => b'f',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            11 => b'v',
            b'\\' => b'\\',
            plain => {
                out.push(*plain);
                continue;
            }
        };
        out.extend([b'\\', letter]);
    }
}

fn insert(relation: &Relation, rows: &[&Row], names: bool, out: &mut Vec<u8>) {
    let columns = if names {
        format!(" ({})", column_list(relation))
    } else {
        String::new()
    };
    let always = relation
        .columns
        .iter()
        .any(|c| c.generated == Generated::IdentityAlways);
    let overriding = if always {
        " OVERRIDING SYSTEM VALUE"
    } else {
        ""
    };
    let head = format!(
        "INSERT INTO {}{columns}{overriding} VALUES",
        full_name(relation)
    );
    out.extend_from_slice(head.as_bytes());
    for (number, row) in rows.iter().enumerate() {
        out.extend_from_slice(match (number, rows.len()) {
            (0, 1) => b" (".as_slice(),
            (0, _) => b"\n\t(",
            _ => b",\n\t(",
        });
        let mut cells = row.iter();
        let mut first = true;
        for column in &relation.columns {
            let computed = column.generated.is_computed();
            if computed && names {
                continue;
            }
            if !std::mem::take(&mut first) {
                out.extend_from_slice(b", ");
            }
            match if computed { None } else { cells.next() } {
                Some(Cell::Null) => out.extend_from_slice(b"NULL"),
                Some(Cell::Text(text)) => literal(text, &column.data_type, out),
                Some(Cell::Server) | None => out.extend_from_slice(b"DEFAULT"),
            }
        }
        out.push(b')');
    }
    out.extend_from_slice(b";\n");
}

/// A literal as pg_dump writes it: finite numbers bare, booleans as words, everything else quoted.
fn literal(text: &[u8], data_type: &DataType, out: &mut Vec<u8>) {
    let number = matches!(
        data_type,
        DataType::SmallInt
            | DataType::Integer
            | DataType::BigInt
            | DataType::Real
            | DataType::Double
            | DataType::Numeric(_)
    );
    if number && text.iter().all(|b| b"0123456789 +-eE.".contains(b)) {
        out.extend_from_slice(text);
    } else if *data_type == DataType::Boolean {
        out.extend_from_slice(if text == b"t" { b"true" } else { b"false" });
    } else {
        out.push(b'\'');
        for byte in text {
            out.extend(std::iter::repeat_n(
                *byte,
                if *byte == b'\'' { 2 } else { 1 },
            ));
        }
        out.push(b'\'');
    }
}
