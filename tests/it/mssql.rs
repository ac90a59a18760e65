//! SQL Server's and Oracle's scripts: the invariants of the framer, and an independent reader of what
//! scrub writes.

use crate::golden::folders;
use crate::runner::{filter_with, fixture};
use bytes::BytesMut;
use proptest::prelude::*;
use scrub::dialect::{Block, Dialect, Frame, RowMode, RowSpan, mssql::Mssql};
use sqlparser::dialect::MsSqlDialect;
use sqlparser::parser::Parser;
use std::io::Read as _;
use std::sync::Arc;

/// The dumps of a dialect as scrub reads them: UTF-16 decoded.
pub fn dumps(dialect: &str, file: &str) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for folder in folders(&fixture(dialect)) {
        let path = folder.join(file);
        let mut text = Vec::new();
        scrub::source::Source::open(Some(&path))
            .and_then(|mut source| source.read_to_end(&mut text).map_err(|e| source.fault(&e)))
            .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        found.push((folder.display().to_string(), text));
    }
    assert!(found.len() > 1);
    found
}

/// What a framing says, without where rows and gaps happen to be cut.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Framing {
    pub bytes: Vec<u8>,
    /// Statements and heads with what they mean.
    pub marks: Vec<String>,
    /// Every row as a statement of its own: the head and the row.
    pub rows: Vec<Vec<u8>>,
}

/// Frames a script that arrives in pieces of the sizes that `next` gives.
pub fn framed(
    dialect: &dyn Dialect,
    script: &[u8],
    mode: RowMode,
    next: &mut dyn FnMut() -> usize,
) -> Result<Framing, String> {
    let mut framer = dialect.framer();
    let mut framing = Framing::default();
    let (mut input, mut at) = (BytesMut::new(), 0);
    let mut block: Option<(Arc<Block>, Vec<u8>)> = None;
    loop {
        let eof = at == script.len();
        while let Some(frame) = framer.next(&mut input, eof).map_err(|e| e.to_string())? {
            framing.bytes.extend_from_slice(frame.bytes());
            match &frame {
                Frame::Statement { bytes, at, effect } => {
                    framing.marks.push(format!("{at:?} {effect:?} {bytes:?}"));
                }
                Frame::Head {
                    bytes,
                    at,
                    block: begun,
                } => {
                    framing
                        .marks
                        .push(format!("{at:?} {:?} {:?}", begun.relation, begun.columns));
                    block = Some((begun.clone(), bytes.to_vec()));
                    framer.rows(mode);
                }
                Frame::Rows { bytes, rows, .. } if mode == RowMode::Split => {
                    let (block, head) = block.as_ref().expect("a head before rows");
                    let (mut row, mut end, mut count) = (RowSpan::default(), 0, 0);
                    let read = |end, row: &mut RowSpan| block.codec.row(bytes, end, row);
                    while read(end, &mut row).map_err(|e| e.to_string())? {
                        end = row.body.end;
                        count += 1;
                        framing
                            .rows
                            .push([&head[..], &bytes[row.body.clone()]].concat());
                    }
                    assert_eq!(
                        count, *rows,
                        "a frame of whole rows knows how many they are"
                    );
                }
                _ => {}
            }
        }
        if eof {
            return Ok(framing);
        }
        let length = next().max(1).min(script.len() - at);
        input.extend_from_slice(&script[at..at + length]);
        at += length;
    }
}

/// The frames of a script are the script, and the same however it comes.
pub fn same_in_all_chunks(dialect: &dyn Dialect, name: &str, script: &[u8]) {
    for mode in [RowMode::Pass, RowMode::Split] {
        let whole = framed(dialect, script, mode, &mut || usize::MAX)
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(
            whole.bytes == script,
            "{name} {mode:?}: the frames are not the input"
        );
        for size in (1..=9).chain(61..=64) {
            let cut = framed(dialect, script, mode, &mut || size)
                .unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(cut.marks, whole.marks, "{name} {mode:?} by {size}");
            assert!(cut == whole, "{name} {mode:?} by {size}: framed otherwise");
        }
    }
}

#[test]
fn frames_are_the_script_and_the_same_for_every_chunking() {
    for (name, script) in dumps("mssql", "dump.sql") {
        same_in_all_chunks(&Mssql, &name, &script);
    }
}

#[test]
fn another_parser_reads_every_row_that_scrub_writes() {
    let mut rows = 0;
    for (name, script) in dumps("mssql", "expected.sql") {
        let framing = framed(&Mssql, &script, RowMode::Split, &mut || usize::MAX).expect("frames");
        for row in framing.rows {
            let text = String::from_utf8_lossy(&row).replace('\u{feff}', "");
            let parsed = Parser::parse_sql(&MsSqlDialect {}, &text);
            assert!(parsed.is_ok(), "{name}: {parsed:?}\n{text}");
            rows += 1;
        }
    }
    assert!(rows > 8);
}

/// Pieces of T-SQL that lead a lexer astray.
const SNIPPETS: [&str; 30] = [
    "INSERT [t] VALUES (",
    "INSERT t (a) VALUES (1)\nGO\n",
    "INSERT t SELECT 1, 'a' UNION ALL SELECT 2",
    "GO\n",
    "go 5 -- x\n",
    "N'",
    "'",
    "[",
    "]",
    "\"",
    "/*",
    "*/",
    "--",
    "\n",
    "\r\n",
    ";",
    ")",
    "(",
    ", ",
    "0x1F ",
    "CAST(N'x' AS DateTime)",
    "IF 1 = 1 ",
    "BEGIN ",
    "END ",
    "CREATE PROC p AS ",
    "CREATE TABLE t (a int) ",
    "SET IDENTITY_INSERT t ON ",
    "USE [x] ",
    "\u{feff}",
    ":r x\n",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn frames_of_any_pieces(picks in proptest::collection::vec(0..SNIPPETS.len(), 0..25), size in 1_usize..30) {
        let script: Vec<u8> = picks.iter().flat_map(|n| SNIPPETS[*n].bytes()).collect();
        let whole = framed(&Mssql, &script, RowMode::Pass, &mut || usize::MAX).expect("Pass takes anything");
        prop_assert_eq!(&whole.bytes, &script);
        let cut = framed(&Mssql, &script, RowMode::Pass, &mut || size).expect("Pass takes anything");
        prop_assert_eq!(&cut.bytes, &script);
        prop_assert_eq!(cut.marks, whole.marks);
    }
}

#[test]
fn one_transaction_spans_the_batches() {
    let script = b"\xef\xbb\xbfCREATE TABLE t (a int)\nGO\nINSERT t (a) VALUES (1)\nGO\nSELECT 1";
    let out = filter_with(&["-1", "-f", "mssql"], "DELETE FROM t WHERE a = 2;", script).ok();
    let expected = "\u{feff}SET XACT_ABORT ON\nGO\nBEGIN TRANSACTION\nGO\nCREATE TABLE t (a int)\nGO\n\
                    INSERT t (a) VALUES (1)\nGO\nSELECT 1\nGO\nCOMMIT TRANSACTION\nGO\n";
    assert_eq!(String::from_utf8_lossy(&out), expected);
}

#[test]
fn a_failed_run_closes_what_is_open_and_fails() {
    for (script, rules, what, end) in [
        (
            "CREATE TABLE t (a int)\nGO\nINSERT t (a) VALUES (1), ('S3CRET",
            "DELETE FROM t WHERE a = 1;",
            "the input ends within a row",
            ") N'scrub: ",
        ),
        (
            "CREATE TABLE t (a int)\nGO\nINSERT t (a) VALUES (1)\nPRINT N'S3CRET",
            "DELETE FROM t WHERE a = 2;",
            "truncated: a quote has no end",
            "S3CRET'\n) N'scrub: ",
        ),
        (
            "CREATE TABLE t (a int)\nGO\nINSERT t SELECT a FROM u\nGO\n",
            "DELETE FROM t WHERE a = 2;",
            "SELECT",
            ") N'scrub: ",
        ),
        (
            "CREATE TABLE t (a int)\nGO\nIF 1 = 1 INSERT t VALUES (1)\nGO\n",
            "DELETE FROM t;",
            "condition",
            ") N'scrub: ",
        ),
        (
            "/****** Object:  Table [dbo].[t] ******/\nCREATE TABLE t (a int)\nGO\nSET IDENTITY_INSERT t ON\nINSERT t (a) VALUES (1)\nGO\n",
            "DELETE FROM t WHERE a = 2;",
            "IDENTITY_INSERT",
            ") N'scrub: ",
        ),
    ] {
        let run = filter_with(&["-f", "mssql"], rules, script.as_bytes());
        assert_eq!(run.code, Some(3), "{script}: {}", run.err);
        assert!(run.err.contains(what), "{script}: {}", run.err);
        assert!(!run.err.contains("S3CRET"), "{}", run.err);
        let out = String::from_utf8_lossy(&run.out);
        assert!(out.contains(end), "{script}: {out}");
        assert!(
            out.ends_with("GO\nIF @@TRANCOUNT > 0 ROLLBACK TRANSACTION\nGO\n"),
            "{out}"
        );
    }
}
