//! Oracle's scripts: the invariants of the framer, and an independent reader of what scrub writes.

use crate::mssql::{dumps, framed, same_in_all_chunks};
use crate::runner::{SPOILED, filter_with};
use proptest::prelude::*;
use scrub::dialect::{RowMode, oracle::Oracle};
use sqlparser::dialect::OracleDialect;
use sqlparser::parser::Parser;

#[test]
fn frames_are_the_script_and_the_same_for_every_chunking() {
    for (name, script) in dumps("oracle", "dump.sql") {
        same_in_all_chunks(&Oracle, &name, &script);
    }
}

#[test]
fn another_parser_reads_every_row_that_scrub_writes() {
    let mut rows = 0;
    for (name, script) in dumps("oracle", "expected.sql") {
        let framing = framed(&Oracle, &script, RowMode::Split, &mut || usize::MAX).expect("frames");
        for row in framing.rows {
            // The client takes a hyphen at a line's end away; INSERT ALL is beyond that parser.
            let text = String::from_utf8_lossy(&row).replace("-\n", "\n");
            let text = text.replacen("INSERT ALL", "INSERT", 1);
            let parsed = Parser::parse_sql(&OracleDialect {}, &text);
            assert!(parsed.is_ok(), "{name}: {parsed:?}\n{text}");
            rows += 1;
        }
    }
    assert!(rows > 8);
}

/// Pieces of SQL*Plus scripts that lead a lexer astray.
const SNIPPETS: [&str; 30] = [
    "Insert into T (A) values (",
    "insert into t values (1);\n",
    "INSERT ALL INTO t VALUES (1) INTO t VALUES (2) SELECT * FROM dual;",
    "INSERT INTO t SELECT 1 FROM dual UNION ALL SELECT 2 FROM dual;\n",
    "/\n",
    "\n/",
    "q'[",
    "]'",
    "'",
    "N'",
    "\"",
    "/*",
    "*/",
    "--",
    "-\n",
    "\n",
    "\r\n",
    ";",
    ")",
    "(",
    ", ",
    "REM it's\n",
    "SET DEFINE OFF\n",
    "BEGIN ",
    "END;",
    "CREATE TABLE t (a NUMBER)\n",
    "CREATE TRIGGER x ",
    "PROMPT a -\n",
    "\u{feff}",
    "@x\n",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn frames_of_any_pieces(picks in proptest::collection::vec(0..SNIPPETS.len(), 0..25), size in 1_usize..30) {
        let script: Vec<u8> = picks.iter().flat_map(|n| SNIPPETS[*n].bytes()).collect();
        let whole = framed(&Oracle, &script, RowMode::Pass, &mut || usize::MAX).expect("Pass takes anything");
        prop_assert_eq!(&whole.bytes, &script);
        let cut = framed(&Oracle, &script, RowMode::Pass, &mut || size).expect("Pass takes anything");
        prop_assert_eq!(&cut.bytes, &script);
        prop_assert_eq!(cut.marks, whole.marks);
    }
}

#[test]
fn one_transaction_cannot_be() {
    let run = filter_with(
        &["-1", "-f", "oracle"],
        "DELETE FROM t;",
        b"INSERT INTO t VALUES (1);\n",
    );
    assert_eq!(run.code, Some(2), "{}", run.err);
    assert_eq!(run.out, SPOILED);
}

#[test]
fn a_failed_run_closes_what_is_open_and_fails() {
    let table = "CREATE TABLE t (a NUMBER, b VARCHAR2(10));\n";
    for (script, what, end) in [
        (
            "Insert into T (A,B) values (1,q'[S3CRET",
            "the input ends within a row",
            "\n) 'scrub: ",
        ),
        (
            "Insert into T (A,B) values (1,'x');\nBEGIN\n x('S3CRET');\nEND;\n",
            "truncated",
            "\n) 'scrub: ",
        ),
        (
            "Insert into T (A,B) values (1,'x');\nSELECT q'{S3CRET",
            "a quote has no end",
            "S3CRET}'\n) 'scrub: ",
        ),
        (
            "Insert into T (A,B) values (x('S3CRET'),'x');\n",
            "expression",
            ") 'scrub: ",
        ),
        (
            "BEGIN\n INSERT INTO t VALUES (1, 'S3CRET');\nEND;\n/\n",
            "PL/SQL",
            ") 'scrub: ",
        ),
        (
            "INSERT ALL INTO t VALUES (1,'S3CRET') INTO u VALUES (2) SELECT 1 FROM dual;\n",
            "several tables",
            ") 'scrub: ",
        ),
    ] {
        let script = [table, script].concat();
        let run = filter_with(
            &["-f", "oracle"],
            "DELETE FROM t WHERE a = 2;",
            script.as_bytes(),
        );
        assert_eq!(run.code, Some(3), "{script}: {}", run.err);
        assert!(run.err.contains(what), "{script}: {}", run.err);
        assert!(!run.err.contains("S3CRET"), "{}", run.err);
        let out = String::from_utf8_lossy(&run.out);
        assert!(out.contains(end), "{script}: {out}");
        assert!(out.ends_with(";\n/\nEXIT FAILURE ROLLBACK\n"), "{out}");
    }
}

#[test]
fn statements_leave_with_what_ends_them() {
    let table = "CREATE TABLE t (a NUMBER, b VARCHAR2(10));\n";
    for (script, rules, expected) in [
        (
            "INSERT INTO t VALUES (1,'a')\n/\nINSERT INTO t VALUES (2,'b')\n/\n",
            "DELETE FROM t WHERE a = 2;",
            "INSERT INTO t VALUES (1,'a')\n/\n",
        ),
        (
            "COMMIT;\nINSERT INTO t SELECT 1,'a' FROM dual UNION ALL SELECT 2,'b' FROM dual\n/",
            "DELETE FROM t;",
            "COMMIT;\n",
        ),
        (
            "INSERT ALL INTO t VALUES (1,'a') INTO t VALUES (2,'b') SELECT 1 FROM dual\n/\nCOMMIT\n/\n",
            "DELETE FROM t WHERE a = 1;",
            "INSERT ALL INTO t VALUES (2,'b') SELECT 1 FROM dual\n/\nCOMMIT\n/\n",
        ),
        (
            "COMMIT;\nCREATE USER x IDENTIFIED BY y\n/\nINSERT INTO t VALUES (1,'a');\n",
            "DROP USER x;",
            "COMMIT;\nINSERT INTO t VALUES (1,'a');\n",
        ),
        (
            "GRANT SELECT ON t TO x\nCREATE INDEX i ON t (a)\nINSERT INTO t VALUES (1,'a');\n",
            "UPDATE t SET b = 'q';",
            "GRANT SELECT ON t TO x\nCREATE INDEX i ON t (a)\nINSERT INTO t VALUES (1,'q');\n",
        ),
        (
            "SET DEFINE ^\nINSERT INTO t VALUES (1,'a&b');\nSET DEFINE OFF ESCAPE ON\nINSERT INTO t VALUES (2,'^');\n",
            "UPDATE t SET b = b || '^\\\\';",
            "SET DEFINE ^\nINSERT INTO t VALUES (1,'a&b'||CHR(94)||'\\\\');\nSET DEFINE OFF ESCAPE ON\nINSERT INTO t VALUES (2,'^^'||CHR(92)||CHR(92));\n",
        ),
    ] {
        let script = [table, script].concat();
        let out = filter_with(&["-f", "oracle"], rules, script.as_bytes()).ok();
        assert_eq!(String::from_utf8_lossy(&out), [table, expected].concat());
    }
}

#[test]
fn a_cell_that_nothing_reads_need_not_be_readable() {
    let table = "CREATE TABLE t (a NUMBER, b DATE, c VARCHAR2(9));\n";
    let row = "INSERT INTO t VALUES (1,to_date('02-FÉV-22','DD-MON-RR'),f('&S3CRET'));\n";
    let script = [table, row].concat();
    for (rules, expected) in [
        ("UPDATE t SET a = 2;", row.replace("(1,", "(2,")),
        (
            "UPDATE t SET b = NULL, c = 'x';",
            "INSERT INTO t VALUES (1,NULL,'x');\n".to_owned(),
        ),
    ] {
        let out = filter_with(&["-f", "oracle"], rules, script.as_bytes()).ok();
        assert_eq!(String::from_utf8_lossy(&out), [table, &expected].concat());
    }
    for rules in [
        "UPDATE t SET b = b + interval '1 day';",
        "UPDATE t SET c = c || 'x';",
    ] {
        let run = filter_with(&["-f", "oracle"], rules, script.as_bytes());
        assert_eq!(run.code, Some(3), "{rules}: {}", run.err);
        assert!(!run.err.contains("S3CRET"), "{}", run.err);
    }
}

#[test]
fn what_cannot_be_followed_stops_the_rules_that_it_may_concern() {
    let table = "CREATE TABLE t (a NUMBER, b VARCHAR2(10));\n";
    for (script, code) in [
        ("INSERT INTO t VALUES (1,'a');\n/\n", 3),
        ("INSERT INTO u VALUES (1,'a');\n/\n", 0),
        ("INSERT INTO t VALUES (1,'a&b');\n", 3),
        ("SET DEFINE OFF\nINSERT INTO t VALUES (1,'a&b');\n", 0),
        ("INSERT INTO &s..t VALUES (1,'a');\n", 3),
        ("BEGIN INSERT INTO t VALUES (1,'a'); END;\n/\n", 3),
        ("BEGIN INSERT INTO u VALUES (1,'a'); END;\n/\n", 0),
        ("BEGIN load_all; END;\n/\n", 3),
        ("BEGIN DBMS_OUTPUT.PUT_LINE('insert into t'); END;\n/\n", 0),
        ("SET SQLTERMINATOR ~\nCOMMIT~\n/\n", 3),
    ] {
        let script = [table, script, "INSERT INTO t VALUES (1,'z');\n"].concat();
        let rules = "UPDATE t SET b = b || 'x';";
        let run = filter_with(&["-f", "oracle"], rules, script.as_bytes());
        assert_eq!(run.code, Some(code), "{script}: {}", run.err);
    }
}

#[test]
fn statistics_of_data_pump_leave_with_the_values_of_their_table() {
    let block = "DECLARE\n  s varchar2(60) := 'HR';\n  t varchar2(60) := 'EMP';\n  stmt varchar2(300) := 'INSERT INTO \"SYS\".\"IMPDP_STATS\" (type) VALUES (:1)';\n\
                 BEGIN\n  DELETE FROM \"SYS\".\"IMPDP_STATS\";\n  EXECUTE IMMEDIATE stmt USING 'C','533343524554';\nEND;\n/\n";
    let script = [
        "CREATE TABLE hr.emp (a NUMBER);\n",
        block,
        "Insert into HR.EMP (A) values (1);\n",
    ]
    .concat();
    for (rules, kept) in [
        ("DELETE FROM hr.emp WHERE a = 2;", false),
        ("-- nothing", true),
    ] {
        let run = filter_with(&["-f", "oracle"], rules, script.as_bytes());
        assert_eq!(run.code, Some(0), "{}", run.err);
        assert_eq!(run.text().contains("533343524554"), kept, "{rules}");
        assert_eq!(run.text().contains("\n/\n"), kept, "{rules}");
    }
}

#[test]
fn a_slash_goes_with_the_rows_that_it_runs() {
    // Left behind, it would run the statement before it once more.
    let script = b"CREATE TABLE t (a NUMBER, b VARCHAR2(10))\n/\n\
        CREATE TABLE u (a NUMBER)\n/\n\
        INSERT INTO t VALUES (1, 'x')\n/\nINSERT INTO t VALUES (2, 'y')\n/\n\
        INSERT ALL\n INTO t VALUES (3, 'z')\n INTO t VALUES (4, 'z')\nSELECT * FROM dual\n/\n\
        INSERT INTO u SELECT 1 FROM dual\n/\nCOMMIT;\n";
    let text = |rules: &str| {
        let out = filter_with(&["-f", "oracle"], rules, script).ok();
        String::from_utf8(out).expect("UTF-8")
    };
    let head = "CREATE TABLE t (a NUMBER, b VARCHAR2(10))\n/\nCREATE TABLE u (a NUMBER)\n/\n";
    let rest = "INSERT INTO u SELECT 1 FROM dual\n/\nCOMMIT;\n";
    assert_eq!(text("DELETE FROM t;"), format!("{head}{rest}"));
    assert_eq!(
        text("DELETE FROM t WHERE b <> 'y'; DELETE FROM u;"),
        format!("{head}INSERT INTO t VALUES (2, 'y')\n/\nCOMMIT;\n")
    );
    // Rows that wait take it along.
    assert_eq!(
        text("DELETE FROM t WHERE b <> 'x' AND a IN (SELECT a + 1 FROM u) OR b = 'z';"),
        format!("{head}{rest}INSERT INTO t VALUES (1, 'x')\n/\n")
    );
}
