//! An independent parser reads what scrub writes: sqlparser, over statements that the lexer of these tests
//! cuts out of the script.

use super::decoded;
use super::split::{Statement, statements};
use super::token::Kind;
use crate::golden::folders;
use crate::runner::fixture;
use sqlparser::dialect::{Dialect, MsSqlDialect, OracleDialect};
use sqlparser::parser::Parser;
use std::collections::HashSet;

/// Every statement of a script is one that sqlparser reads, or a definition, block or setting that stands
/// in the input as it is; gives how many were read.
#[track_caller]
pub fn another_parser_reads(kind: Kind, name: &str, input: &[u8], output: &[u8]) -> usize {
    let dialect: &dyn Dialect = match kind {
        Kind::Mssql => &MsSqlDialect {},
        Kind::Oracle => &OracleDialect {},
    };
    let (input, output) = (decoded(input), decoded(output));
    let before: HashSet<&str> = statements(&input, kind)
        .iter()
        .map(|statement| &input[statement.start..statement.end])
        .collect();
    let mut read = 0;
    for statement in statements(&output, kind) {
        let text = &output[statement.start..statement.end];
        let row = statement.tokens[0].is("INSERT");
        for text in texts(kind, &statement, text) {
            match Parser::parse_sql(dialect, &text) {
                Ok(_) => read += 1,
                Err(error) => {
                    assert!(
                        !row && before.contains(text.as_str()),
                        "{name}: {error}\n{text}"
                    );
                }
            }
        }
    }
    read
}

/// A statement as the parser takes it: without the hyphens that the client takes away at a line's end,
/// and INSERT ALL as its INSERTs, because it is beyond that parser.
fn texts(kind: Kind, statement: &Statement, text: &str) -> Vec<String> {
    if kind == Kind::Mssql || !statement.tokens[0].is("INSERT") {
        return vec![text.to_owned()];
    }
    let text = text.replace("-\r\n", "\n").replace("-\n", "\n");
    if !statement.tokens[1].is("ALL") {
        return vec![text];
    }
    let lower = text.to_lowercase();
    let mut starts: Vec<_> = lower.match_indices("into ").map(|(at, _)| at).collect();
    starts.push(lower.rfind("select").expect("INSERT ALL … SELECT"));
    let rows = starts.windows(2).map(|pair| &text[pair[0]..pair[1]]);
    rows.map(|row| format!("INSERT {row}")).collect()
}

#[test]
fn another_parser_reads_every_golden_output() {
    for (kind, folder, least) in [(Kind::Mssql, "mssql", 250), (Kind::Oracle, "oracle", 80)] {
        let mut read = 0;
        for case in folders(&fixture(folder)) {
            let file = |name| std::fs::read(case.join(name)).expect("a golden file");
            let name = case.display().to_string();
            read += another_parser_reads(kind, &name, &file("dump.sql"), &file("expected.sql"));
        }
        assert!(read > least, "{folder}: only {read} statements");
    }
}
