//! SQL Server's and Oracle's scripts: the invariants of the framer, and an independent reader of what
//! scrub writes.

use crate::golden::folders;
use crate::runner::{filter_with, fixture};
use bytes::BytesMut;
use proptest::prelude::*;
use scrub::dialect::{Block, Dialect, Frame, RowMode, RowSpan, mssql::Mssql};
use sqlparser::dialect::MsSqlDialect;
use sqlparser::parser::Parser;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
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

/// `scrub -f mssql -r RULES`, which gets its input in pieces.
fn in_pieces(rules: &Path, script: &[u8], piece: usize) -> Vec<u8> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_scrub"))
        .args(["--quiet", "-f", "mssql", "-r"])
        .arg(rules)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("scrub");
    let mut stdin = child.stdin.take().expect("its input");
    for piece in script.chunks(piece) {
        stdin.write_all(piece).expect("a pipe");
    }
    drop(stdin);
    let output = child.wait_with_output().expect("scrub");
    assert_eq!(output.status.code(), Some(0));
    output.stdout
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Any text in UTF-16, halves of pairs included, leaves as it came, whatever a rule writes beside it.
    #[test]
    fn utf16_leaves_as_utf16(
        text in proptest::collection::vec(
            prop_oneof![any::<u16>(), 0xD7FE_u16..0xE002, 0x20_u16..0x80], 0..60),
        little in any::<bool>(),
        piece in 1_usize..70,
    ) {
        let quote = u16::from(b'\'');
        let text: Vec<u16> = text.into_iter().flat_map(|unit| {
            vec![unit; if unit == quote { 2 } else { 1 }]
        }).collect();
        let script = |name: &str| {
            let head = "\u{feff}CREATE TABLE [dbo].[t] ([a] [int] NOT NULL, [b] [nvarchar](max) NULL)\r\nGO\r\n\
                        INSERT [dbo].[t] ([a], [b]) VALUES (1, N'";
            let tail = format!("')\r\nINSERT [dbo].[t] ([a], [b]) VALUES (2, N'{name}')\r\nGO\r\n");
            let units = head.encode_utf16().chain(text.iter().copied()).chain(tail.encode_utf16().collect::<Vec<_>>());
            units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect::<Vec<u8>>()
        };
        let folder = tempfile::tempdir().expect("a folder");
        let rules = folder.path().join("rules.sql");
        std::fs::write(&rules, "-- nothing\n").expect("a rulebook");
        prop_assert!(in_pieces(&rules, &script("Jo"), piece) == script("Jo"));
        std::fs::write(&rules, "UPDATE t SET b = 'é😀' WHERE a = 2;").expect("a rulebook");
        prop_assert!(in_pieces(&rules, &script("Jo"), piece) == script("é😀"));
    }
}

#[test]
fn what_cannot_be_followed_stops_the_rules_that_it_may_concern() {
    let table = "CREATE TABLE t (a int, b nvarchar(9), c varchar(9))\nGO\n";
    for (script, rules, code) in [
        (
            "INSERT t (a) VALUES (1)\nGO 3\n",
            "DELETE FROM t WHERE a = 2;",
            3,
        ),
        (
            "INSERT u (a) VALUES (1)\nGO 3\nINSERT t (a) VALUES (1)\nGO 1\n",
            "DELETE FROM t WHERE a = 2;",
            0,
        ),
        (
            ":setvar x y\nINSERT t (a, b) VALUES (1, N'$(x)')\n",
            "UPDATE t SET b = b || 'x';",
            3,
        ),
        (
            ":setvar x y\nINSERT t (a, b) VALUES (1, N'$(x)')\n",
            "UPDATE t SET b = 'x';",
            0,
        ),
        ("INSERT [$(x)].[t] (a) VALUES (1)\n", "DELETE FROM t;", 3),
        ("INSERT $(x).t (a) VALUES (1)\n", "DELETE FROM t;", 3),
        (":r x.sql\n", "DELETE FROM t;", 3),
        ("EXEC load_t\n", "DELETE FROM t;", 3),
        (
            "EXEC sp_executesql N'CREATE PROC p AS INSERT t VALUES (1)'\nINSERT t (a) VALUES (1)\n",
            "DELETE FROM t;",
            0,
        ),
        (
            "INSERT t (a, b) VALUES (1, N'x')\n",
            "UPDATE t SET b = '😀😀😀😀';",
            0,
        ),
        (
            "INSERT t (a, b) VALUES (1, N'x')\n",
            "UPDATE t SET b = b || '😀😀😀😀😀';",
            3,
        ),
    ] {
        let script = [table, script].concat();
        let run = filter_with(&["-f", "mssql"], rules, script.as_bytes());
        assert_eq!(run.code, Some(code), "{script}: {}", run.err);
    }
}

#[test]
fn a_script_keeps_its_character_set() {
    let table = "CREATE TABLE t (a int, c varchar(9))\nGO\n";
    let rows = b"INSERT t (a, c) VALUES (1, 'x')\nINSERT t (a, c) VALUES (2, 'M\xfcller')\n";
    let script = [table.as_bytes(), rows].concat();
    let turned = [
        table.as_bytes(),
        b"INSERT t (a, c) VALUES (2, 'M\xfcller')\nINSERT t (a, c) VALUES (1, 'x')\n",
    ]
    .concat();
    for (rules, what) in [
        ("UPDATE t SET c = 'é' WHERE a = 1;", "UTF-8"),
        ("INSERT INTO t VALUES (3, 'é');", "UTF-8"),
        ("DELETE FROM t WHERE c = 'Müller';", "the cell is not UTF-8"),
    ] {
        for script in [&script, &turned] {
            let run = filter_with(&["-f", "mssql"], rules, script);
            assert_eq!(run.code, Some(3), "{rules}: {}", run.err);
            assert!(run.err.contains(what), "{rules}: {}", run.err);
        }
    }
    let out = filter_with(
        &["-f", "mssql"],
        "UPDATE t SET c = 'y' WHERE a = 1;",
        &script,
    )
    .ok();
    let expected = b"INSERT t (a, c) VALUES (1, 'y')\nINSERT t (a, c) VALUES (2, 'M\xfcller')\n";
    assert_eq!(out, [table.as_bytes(), expected].concat());
}

#[test]
fn a_table_is_complete_when_another_one_begins() {
    // Heads differ, comments and PRINT stand between: all of it is one table.
    let script = b"CREATE TABLE t (a int, b nvarchar(9))\nCREATE TABLE u (a int)\nGO\n\
        INSERT t (a, b) VALUES (1, N'x')\nprint 'Processed 1 total records'\n\
        INSERT INTO t VALUES (2, N'y')\nGO\nINSERT t (b, a) VALUES (N'x', 3)\n\
        INSERT u VALUES (1)\nPRINT 'done'\n";
    let rules = "DELETE FROM t WHERE a IN (SELECT o.a + 1 FROM t o WHERE o.b IN ('x', 'y'));";
    let out = filter_with(&["-f", "mssql"], rules, script).ok();
    let expected = "CREATE TABLE t (a int, b nvarchar(9))\nCREATE TABLE u (a int)\nGO\n\n\
        print 'Processed 1 total records'\n\nGO\n\n\
        INSERT t (a, b) VALUES (1, N'x')\nINSERT u VALUES (1)\nPRINT 'done'\n";
    assert_eq!(String::from_utf8_lossy(&out), expected);
}

#[test]
fn a_utf16_file_tells_its_foreign_keys_beforehand() {
    let script = "\u{feff}CREATE TABLE p (id int PRIMARY KEY)\r\nCREATE TABLE c (p int)\r\nGO\r\n\
        INSERT p VALUES (1)\r\nGO\r\nINSERT c VALUES (1)\r\nGO\r\n\
        ALTER TABLE c ADD FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE\r\nGO\r\n";
    let bytes: Vec<u8> = script.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("script.sql");
    std::fs::write(&path, bytes).expect("the script");
    let args = ["-f", "mssql", path.to_str().expect("UTF-8")];
    let out = filter_with(&args, "DELETE FROM p;", b"").ok();
    let units: Vec<u16> = out
        .chunks(2)
        .map(|b| u16::from_le_bytes([b[0], b[1]]))
        .collect();
    let text = String::from_utf16(&units).expect("UTF-16");
    assert!(!text.contains("INSERT"), "{text}");
}

#[test]
fn a_rule_for_all_texts_changes_no_key_that_is_a_number() {
    // Nothing has to be known of the parent's keys when the child's rows come.
    let script = b"CREATE TABLE p (id int PRIMARY KEY, b nvarchar(9))\n\
        CREATE TABLE c (id int, p int REFERENCES p (id) ON DELETE SET NULL)\nGO\n\
        INSERT p VALUES (1, N'x')\nINSERT c VALUES (1, 1)\nGO\n";
    let rules = "UPDATE \"*\" SET \"*\" = left(VALUE, 0);";
    let out = filter_with(&["-f", "mssql"], rules, script).ok();
    let expected = String::from_utf8_lossy(script).replace("N'x'", "N''");
    assert_eq!(String::from_utf8_lossy(&out), expected);
}

/// The schema was once taken for that of the script's start: `bit` became text, and a new row was added
/// there and again in its database.
#[test]
fn a_schema_without_the_databases_name_is_that_of_the_rows() {
    let table = "CREATE TABLE t (id int, b bit)\nGO\n";
    let rows = "INSERT t (id, b) VALUES (1, 1)\nGO\n";
    let rules = "INSERT INTO t VALUES (2, false);\nUPDATE t SET b = false;\n";
    let folder = tempfile::tempdir().expect("a folder");
    let schema = folder.path().join("schema.sql");
    let args = ["-f", "mssql", "--schema", schema.to_str().expect("UTF-8")];
    let shop = "USE [master]\nGO\nUSE [Shop]\nGO\n";
    for (before_table, before_rows) in [("", shop), (shop, ""), (shop, shop), ("", "")] {
        std::fs::write(&schema, format!("{before_table}{table}")).expect("the schema");
        let script = format!("{before_rows}{rows}");
        let out = filter_with(&args, rules, script.as_bytes()).text();
        let inserted: Vec<_> = out
            .lines()
            .filter(|line| line.starts_with("INSERT"))
            .collect();
        let what = format!("{before_table:?}, {before_rows:?}: {out}");
        assert_eq!(inserted[0], "INSERT t (id, b) VALUES (1, 0)", "{what}");
        assert_eq!(inserted.len(), 2, "{what}");
        assert!(inserted[1].ends_with("(2, 0)"), "{what}");
    }
    std::fs::write(&schema, table).expect("the schema");
    let two = format!("{shop}{rows}USE [Other]\nGO\n{rows}");
    let run = filter_with(&args, rules, two.as_bytes());
    assert_eq!(run.code, Some(3));
    assert!(run.err.contains("does not say whose it is"), "{}", run.err);
}
