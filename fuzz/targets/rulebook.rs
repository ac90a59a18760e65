//! Rulebooks: any text is loaded and planned, or refused with a message; nothing panics.

use crate::runner::KEY;
use bytes::BytesMut;
use scrub::dialect::{Frame, RowMode, dialects};
use scrub::functions::Key;
use scrub::plan::{Choice, Context, Planner, sql_dialect};
use scrub::rulebook::{self, Load, Rulebook};
use scrub::schema::Catalog;
use std::sync::{Arc, OnceLock};

/// Tables that the fixtures' rules name, in SQL that all systems read.
const TABLES: &str = "\
CREATE TABLE t (id integer NOT NULL PRIMARY KEY, a varchar(20), b text, n integer DEFAULT 7, v varchar(40) NOT NULL);
CREATE TABLE users (id integer NOT NULL PRIMARY KEY, name varchar(40), email varchar(60) UNIQUE, login text, active integer, created timestamp);
CREATE TABLE setting (name varchar(40) NOT NULL PRIMARY KEY, value text);
CREATE TABLE account (id integer NOT NULL PRIMARY KEY, owner_id integer REFERENCES users (id) ON DELETE CASCADE, balance numeric(10,2), kind char(3));
CREATE TABLE customer (id integer NOT NULL PRIMARY KEY, mail varchar(40), birthday date, score double precision);
CREATE TABLE orders (id integer NOT NULL PRIMARY KEY, customer_id integer REFERENCES customer (id), note text, total numeric);
";

pub fn rulebook(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    load(text);
    for dialect in ["mysql", "mssql", "oracle", "sqlite"] {
        load(&format!("-- dialect: {dialect}\n{text}"));
    }
}

fn load(text: &str) {
    let include = |path: &str| rulebook::builtin::include(path);
    let loaded = rulebook::load(&Load {
        name: "rules",
        path: "rules.sql",
        text,
        variables: &[("set".to_owned(), "it's".to_owned())],
        include: &include,
    });
    match loaded {
        Ok(book) => plan(book),
        Err(faults) => {
            assert!(!faults.faults.is_empty(), "refused without a fault");
            assert!(!faults.to_string().is_empty() && !faults.coloured().is_empty());
        }
    }
}

/// Plans the rulebook for its own system and for PostgreSQL, with and without a target.
fn plan(book: Rulebook) {
    for (name, catalog) in catalogs() {
        let dump = sql_dialect(name);
        if dump != book.dialect && *name != "postgres" {
            continue;
        }
        let context = Context {
            dump,
            key: Arc::new(Key::new(KEY.as_bytes().to_vec())),
            now: 0,
            target: false,
        };
        let choice = Choice::Named(vec![book.clone()]);
        if let Err(error) = planned(choice, context, catalog) {
            assert!(!error.to_string().is_empty());
        }
    }
}

fn planned(choice: Choice, context: Context, catalog: &Catalog) -> scrub::error::Result<()> {
    let mut planner = Planner::new(choice, context)?;
    let checked = planner.check(catalog, true);
    for relation in catalog.relations.values() {
        let header: Vec<String> = relation.columns.iter().map(|c| c.name.clone()).collect();
        planner.program(catalog, &relation.name, Some(&header))?;
    }
    planner.remaining(catalog)?;
    checked
}

/// The tables as each dialect's framer learns them; a settings file has no definitions.
fn catalogs() -> &'static [(&'static str, Catalog)] {
    static CATALOGS: OnceLock<Vec<(&str, Catalog)>> = OnceLock::new();
    CATALOGS.get_or_init(|| {
        let catalog = |dialect: &&'static dyn scrub::dialect::Dialect| {
            let mut framer = dialect.framer();
            let mut input = BytesMut::from(TABLES);
            while let Some(frame) = framer.next(&mut input, true).expect("frames") {
                if let Frame::Head { .. } = frame {
                    framer.rows(RowMode::Pass);
                }
            }
            let catalog = framer.catalog().clone();
            assert_eq!(catalog.relations.len(), 6, "{}", dialect.name());
            (dialect.name(), catalog)
        };
        dialects()
            .iter()
            .filter(|dialect| dialect.name() != "properties")
            .map(catalog)
            .collect()
    })
}
