//! PostgreSQL: the plain and the custom format of pg_dump, what pg_dumpall writes, scripts for psql.
//!
//! In reading order: [`lexer`] and [`scanner`] cut a stream into statements; [`tokens`], [`ddl`],
//! [`session`] and [`effects`] read them; [`copy_head`], [`copy_rows`], [`copy_text`] and
//! [`copy_csv`] are COPY, [`insert`] and [`literal`] are INSERT; [`framer`] puts it together;
//! [`ending`] is what scrub adds, and [`users`] what it leaves out. [`archive`] reads archives by all this.

pub mod archive;
pub mod banner;
pub mod charset;
pub mod copy_csv;
pub mod copy_head;
pub mod copy_rows;
pub mod copy_text;
pub mod ddl;
pub mod effects;
pub mod ending;
pub mod framer;
pub mod insert;
pub mod lexer;
pub mod literal;
pub mod psql;
pub mod scanner;
pub mod session;
pub mod tokens;
pub mod users;

use super::{Dialect, Framer, Transactional};
use memchr::memmem;

/// PostgreSQL.
#[derive(Debug, Clone, Copy, Default)]
pub struct Postgres;

impl Dialect for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn recognise(&self, head: &[u8]) -> u8 {
        let has = |text: &[u8]| memmem::find(head, text).is_some();
        let lower = head.to_ascii_lowercase();
        let lower_has = |text: &[u8]| memmem::find(&lower, text).is_some();
        if head.starts_with(b"PGDMP")
            || has(b"-- PostgreSQL database dump")
            || has(b"-- PostgreSQL database cluster dump")
        {
            100
        } else if has(b"\\restrict ") || has(b"SELECT pg_catalog.") || lower_has(b" from stdin") {
            90
        } else if lower_has(b"standard_conforming_strings") || has(b"\\connect ") {
            80
        } else if lower_has(b"create table") || lower_has(b"insert into") {
            // Any SQL could be this; every other dialect has better signs of its own.
            10
        } else {
            0
        }
    }

    fn framer(&self) -> Box<dyn Framer> {
        Box::<archive::PostgresFramer>::default()
    }

    /// The prologue goes before `\restrict` above all, which forbids client commands from there on.
    /// COMMIT alone would not do: `psql -1` writes one of its own wherever its input ends. So there are two
    /// rows that must be gone when anybody commits.
    fn transaction(&self) -> Option<Transactional> {
        Some(Transactional {
            prologue: "\\set ON_ERROR_STOP on\n",
            begin: concat!(
                "BEGIN;\n",
                "CREATE TEMPORARY TABLE \"scrub: unfinished\" (n integer, CONSTRAINT \"scrub has not finished\" ",
                "UNIQUE (n) DEFERRABLE INITIALLY DEFERRED) ON COMMIT DROP;\n",
                "GRANT DELETE ON pg_temp.\"scrub: unfinished\" TO PUBLIC;\n",
                "INSERT INTO pg_temp.\"scrub: unfinished\" VALUES (1), (1);\n",
            ),
            commit: FINISHED,
            last: FINISHED,
        })
    }
}

const FINISHED: &str = "DELETE FROM pg_temp.\"scrub: unfinished\";\nCOMMIT;\n";

#[cfg(test)]
mod tests;
