//! An independent parser reads what scrub writes: sqlparser, over statements that the lexer of these tests
//! cuts out of the script.

use super::decoded;
use super::split::statements;
use super::token::Kind;
use crate::golden::folders;
use crate::runner::fixture;
use sqlparser::dialect::{Dialect, MsSqlDialect, OracleDialect};
use sqlparser::parser::Parser;

/// Parses every INSERT of a script; gives how many.
#[track_caller]
pub fn another_parser_reads(kind: Kind, name: &str, script: &str) -> usize {
    let dialect: &dyn Dialect = match kind {
        Kind::Mssql => &MsSqlDialect {},
        Kind::Oracle => &OracleDialect {},
    };
    let mut read = 0;
    for statement in statements(script, kind) {
        if !statement.tokens[0].is("INSERT") {
            continue;
        }
        // The client takes a hyphen at a line's end away; INSERT ALL is beyond that parser.
        let text = &script[statement.start..statement.end];
        let text = if kind == Kind::Oracle {
            text.replace("-\n", "\n")
        } else {
            text.to_owned()
        };
        let rows = match statement.tokens[1].is("ALL") {
            true => text
                .split("\n")
                .filter(|line| line.trim_start().starts_with("INTO"))
                .map(|line| format!("INSERT {line}"))
                .collect(),
            false => vec![text],
        };
        for row in rows {
            let parsed = Parser::parse_sql(dialect, &row);
            assert!(parsed.is_ok(), "{name}: {parsed:?}\n{row}");
            read += 1;
        }
    }
    read
}

#[test]
fn another_parser_reads_every_insert_of_every_output() {
    for (kind, folder) in [(Kind::Mssql, "mssql"), (Kind::Oracle, "oracle")] {
        let mut read = 0;
        for case in folders(&fixture(folder)) {
            let output = std::fs::read(case.join("expected.sql")).expect("what scrub writes");
            read += another_parser_reads(kind, &case.display().to_string(), &decoded(&output));
        }
        assert!(read > 50, "{folder}: only {read} statements");
    }
}
