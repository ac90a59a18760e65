//! OutSystems and SuperOffice, whose data H2 always executes: the vendor's blocks as published, and the
//! plain statements of the built-in rulebooks.

use super::split::statements;
use super::{Case, Kind, adapt, decoded, same_and_changed};
use crate::outsystems::{BLOCKS, published};
use crate::runner::fixture;
use std::collections::BTreeSet;

const OUTSYSTEMS: &str = include_str!("../../../transforms/outsystems.sql");
const SUPEROFFICE: &str = include_str!("../../../transforms/superoffice.sql");

/// The data of a system, with the rules of a test.
fn case(kind: Kind, path: &str, schema: &'static str, name: &str, rules: &str) -> Case {
    let dump = std::fs::read(fixture(path).join("dump.sql")).expect("the dump");
    Case {
        schema,
        ..Case::new(&format!("{path}, {name}"), kind, &dump, rules)
    }
}

/// Each block of the vendor's page, and all of them.
fn blocks(kind: Kind, dialect: &str, schema: &'static str) {
    let path = format!("{dialect}/outsystems");
    let mut blocks: Vec<String> = (1..=BLOCKS).map(|n| published(dialect, n)).collect();
    // By hand, as the page says, before connections can go.
    blocks[5].insert_str(0, "delete from ossys_extension_dbconnection;\n");
    blocks.push(blocks.join("\n;\n"));
    let cases = blocks
        .iter()
        .enumerate()
        .map(|(n, block)| case(kind, &path, schema, &format!("block {}", n + 1), block));
    same_and_changed(&cases.collect::<Vec<_>>());
}

#[test]
fn the_vendors_blocks_as_published_on_sql_server() {
    blocks(Kind::Mssql, "mssql", "dbo");
}

#[test]
fn the_vendors_blocks_as_published_on_oracle() {
    blocks(Kind::Oracle, "oracle", "OSADMIN");
}

/// The plain statements of a built-in rulebook over the data: no `anon` functions and patterns, nothing for
/// other systems. H2 does not get the optional ones whose tables the script does not make.
fn plain(mut case: Case, book: &str, set: &[(&str, &str)], without: &[&str], least: usize) -> Case {
    let made: BTreeSet<String> = adapt::adapted(&decoded(&case.dump), case.kind)
        .iter()
        .filter_map(|statement| statement.strip_prefix("CREATE TABLE "))
        .map(|table| {
            table
                .split('(')
                .next()
                .expect("a name")
                .rsplit('.')
                .next()
                .expect("a name")
        })
        .map(|name| name.trim().trim_matches('"').to_lowercase())
        .collect();
    let elsewhere = match case.kind {
        Kind::Mssql => [":oracle", ":mysql", ":postgres", ":with-target"],
        Kind::Oracle => [":mssql", ":mysql", ":postgres", ":with-target"],
    };
    let mut variables: Vec<(String, String)> = set
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    for line in book.lines().filter_map(|line| line.strip_prefix("\\set ")) {
        let (name, value) = line.split_once(' ').expect("a value");
        if !variables.iter().any(|(given, _)| given == name) {
            variables.push((name.to_owned(), value.to_owned()));
        }
    }
    let (mut rules, mut h2, mut ran) = (String::new(), String::new(), 0);
    for (name, value) in &variables {
        rules.push_str(&format!("\\set {name} {value}\n"));
    }
    for part in book.split("-- name: ").skip(1) {
        let (flags, statement) = part.split_once('\n').expect("a line with the name");
        let asked = flags
            .split(" :if-set ")
            .nth(1)
            .and_then(|asked| asked.split(' ').next());
        let missing = asked.is_some_and(|asked| !set.iter().any(|(name, _)| *name == asked));
        let name = flags.split(' ').next().expect("a name");
        if missing
            || elsewhere.iter().any(|flag| flags.contains(flag))
            || without.contains(&name)
            || part.contains("anon.")
            || part.contains("*\"")
        {
            continue;
        }
        rules.push_str(&format!("-- name: {flags}\n{statement}"));
        let mut statement = statement.to_owned();
        for (name, value) in &variables {
            statement = statement.replace(&format!(":'{name}'"), &format!("'{value}'"));
        }
        if named(&statement, case.kind)
            .iter()
            .all(|table| made.contains(table))
        {
            h2.push_str(&statement);
            ran += 1;
        } else {
            assert!(
                flags.contains(" :optional"),
                "{name} means a table that is not there"
            );
        }
    }
    assert!(ran >= least, "{}: only {ran} statements", case.name);
    (case.rules, case.plain) = (rules, h2);
    case
}

/// The tables that statements mean.
fn named(text: &str, kind: Kind) -> Vec<String> {
    let mut tables = Vec::new();
    for statement in statements(text, kind) {
        for pair in statement.tokens.windows(2) {
            if pair[0].is_any(&["FROM", "JOIN", "UPDATE", "INTO"]) {
                tables.extend(pair[1].name().map(str::to_lowercase));
            }
        }
    }
    tables
}

/// With the step by hand that the page asks for before connections can go.
fn by_hand() -> String {
    let step = "-- name: by-hand\nDELETE FROM ossys_extension_dbconnection;\n-- name: ";
    OUTSYSTEMS.replacen("-- name: ", step, 1)
}

#[test]
fn outsystems_on_sql_server() {
    let data = case(Kind::Mssql, "mssql/outsystems", "dbo", "the rulebook", "");
    let book = by_hand();
    same_and_changed(&[
        plain(data.clone(), &book, &[], &[], 38),
        plain(
            data,
            &book,
            &[("mail_domain", "test.example")],
            &["timers"],
            38,
        ),
    ]);
}

#[test]
fn outsystems_on_oracle() {
    let data = case(
        Kind::Oracle,
        "oracle/outsystems",
        "OSADMIN",
        "the rulebook",
        "",
    );
    let book = by_hand();
    same_and_changed(&[plain(data, &book, &[], &[], 38)]);
}

#[test]
fn superoffice_on_sql_server() {
    let data = case(Kind::Mssql, "mssql/superoffice", "crm7", "the rulebook", "");
    // The check of the addresses needs the rules that are no plain SQL.
    let without = ["no-address-of-a-person"];
    let set = [
        ("serial", "99"),
        ("close_tickets", "yes"),
        ("mail_domain", "test.example"),
    ];
    same_and_changed(&[
        plain(data.clone(), SUPEROFFICE, &[], &without, 15),
        plain(data, SUPEROFFICE, &set, &without, 17),
    ]);
}
