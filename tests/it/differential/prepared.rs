//! A generated case with its dump, for oracles that need no server.

use super::Choices;
use super::generate::Case;
use crate::naive::{Cell, Database, Row, Style, read, stored};
use scrub::schema::{Relation, RelationName};

const STYLES: [Style; 4] = [
    Style::Copy,
    Style::ColumnInserts,
    Style::Copy,
    Style::Inserts,
];

/// Rules over patterns, which PostgreSQL does not know.
const PATTERNS: [&str; 6] = [
    "UPDATE \"*\" SET \"*\" = anon.rewrite_emails(VALUE)",
    "UPDATE s.\"*\" SET \"*\" = left(VALUE, 3)",
    "UPDATE \"user*\" SET \"*a*\" = anon.mailinator(VALUE) WHERE id % 2 = 1",
    "UPDATE s.\"*\" SET \"n*e\" = CASE WHEN length(VALUE) > 4 THEN NULL ELSE VALUE END",
    "DELETE FROM \"*_1\" WHERE id = 3",
    "UPDATE \"*\" SET \"*\" = coalesce(VALUE, 'none')",
];

/// A case with its dump.
pub struct Prepared {
    pub before: Database,
    pub style: Style,
    pub dump: Vec<u8>,
    pub rules: String,
}

/// The case of a seed.
pub fn prepared(seed: u64) -> Prepared {
    chosen(seed, &mut Choices::new(seed))
}

/// The case of some choices; `form` says how its rows are dumped.
pub fn chosen(form: u64, choices: &mut Choices) -> Prepared {
    let Case {
        ddl,
        rows,
        mut rules,
    } = Case::generate("s", choices);
    if choices.one_in(3) {
        let rule = format!("-- name: pattern :optional\n{};\n", choices.pick(&PATTERNS));
        rules.insert_str(if choices.one_in(2) { 0 } else { rules.len() }, &rule);
    }
    let mut before = read(format!("SET standard_conforming_strings = on;\n{ddl}{rows}").as_bytes());
    before.normalise();
    // Half of the dumps load partitioned tables through their root.
    if form.is_multiple_of(2) {
        before.place(&leaf);
    }
    let style = STYLES[(form % STYLES.len() as u64) as usize];
    let dump = before.dump(&ddl, style);
    Prepared {
        before,
        style,
        dump,
        rules,
    }
}

/// The leaf of a generated partitioned table that takes a row.
fn leaf(relation: &Relation, row: &Row) -> Option<RelationName> {
    let cell = |name| {
        let place = stored(relation).position(|c| c.name == name)?;
        Some(match &row[place] {
            Cell::Text(text) => String::from_utf8(text.clone()).expect("UTF-8"),
            _ => String::new(),
        })
    };
    let number = |name| cell(name)?.parse::<i64>().ok();
    if relation.partition_key.is_empty() {
        return None;
    }
    let suffix = match (number("part"), cell("part")?.as_str()) {
        (Some(part), _) if part < 10 => "low",
        (Some(_), _) if number("id")? < 20 => "one",
        (Some(_), _) => "two",
        (_, "eu") => "eu",
        (_, "us" | "ca") => "us",
        _ => "rest",
    };
    let mut name = relation.name.clone();
    name.name = format!("{}_{suffix}", name.name);
    Some(name)
}
