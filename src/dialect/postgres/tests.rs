//! The framer as a whole: what is in a dump, and the invariants that hold for any bytes.

use super::Postgres;
use crate::dialect::{
    Dialect, Effect, Frame, Framer, OutputState, RowMode, RowSpan, SessionState, Without,
};
use crate::error::Result;
use crate::schema::DataType;
use bytes::{Bytes, BytesMut};
use proptest::prelude::*;

/// What came out of a stream.
struct Run {
    framer: Box<dyn Framer>,
    frames: Vec<Frame>,
    result: Result<()>,
}

/// Frames `input`, fed in pieces of `cut` bytes.
fn run(input: &[u8], cut: usize, mode: RowMode) -> Run {
    let mut framer = Postgres.framer();
    let mut buffer = BytesMut::new();
    let mut frames = Vec::new();
    let mut fed = 0;
    let result = loop {
        let eof = fed == input.len();
        match framer.next(&mut buffer, eof) {
            Ok(Some(frame)) => {
                if matches!(frame, Frame::Head { .. }) {
                    framer.rows(mode);
                }
                frames.push(frame);
            }
            Ok(None) if eof => break framer.finish(),
            Ok(None) => {
                let next = (fed + cut).min(input.len());
                buffer.extend_from_slice(&input[fed..next]);
                fed = next;
            }
            Err(error) => break Err(error),
        }
    };
    Run {
        framer,
        frames,
        result,
    }
}

fn concat(frames: &[Frame]) -> Vec<u8> {
    frames.iter().flat_map(|f| f.bytes().to_vec()).collect()
}

/// The frames in short, neighbours of the same kind joined: `S effect`, `H relation(columns)`, `R count`, `E`.
fn outline(frames: &[Frame]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut rows = None;
    for frame in frames {
        if let Frame::Rows {
            rows: count,
            first_row,
            ..
        } = frame
        {
            let (first, sum) = rows.unwrap_or((*first_row, 0));
            rows = Some((first, sum + count));
            continue;
        }
        if let Some((first, sum)) = rows.take() {
            out.push(format!("R {first}+{sum}"));
        }
        match frame {
            Frame::Statement { effect, .. } => out.push(match effect {
                Effect::Opaque(name, what) => format!("S {what} {name}"),
                Effect::Statistics(name) => format!("S statistics {name}"),
                other => format!("S {other:?}"),
            }),
            Frame::Head { block, .. } => {
                let columns = block
                    .columns
                    .as_ref()
                    .map_or("?".to_owned(), |c| c.join(","));
                out.push(format!("H {}({columns})", block.relation));
            }
            Frame::End { .. } => out.push("E".to_owned()),
            Frame::Rows { .. } | Frame::Other { .. } | Frame::Part(_) => {}
        }
    }
    if let Some((first, sum)) = rows {
        out.push(format!("R {first}+{sum}"));
    }
    out
}

/// The text forms of the cells of all rows, as text columns.
fn cells(frames: &[Frame]) -> Vec<Vec<Option<String>>> {
    let mut out = Vec::new();
    let mut block = None;
    for frame in frames {
        match frame {
            Frame::Head { block: new, .. } => block = Some(new.clone()),
            Frame::Rows { bytes, .. } => {
                let codec = &block.as_ref().unwrap().codec;
                let mut row = RowSpan::default();
                let mut at = 0;
                while codec.row(bytes, at, &mut row).unwrap() {
                    at = row.body.end;
                    let cells = row.cells.iter().enumerate().map(|(n, cell)| {
                        let text = codec
                            .decode(n, &bytes[cell.clone()], &DataType::Text)
                            .unwrap();
                        text.map(|text| String::from_utf8_lossy(&text).into_owned())
                    });
                    out.push(cells.collect());
                }
            }
            _ => {}
        }
    }
    out
}

fn row(cells: &[&str]) -> Vec<Option<String>> {
    cells
        .iter()
        .map(|c| (*c != "∅").then(|| (*c).to_owned()))
        .collect()
}

#[test]
fn streams_and_their_outlines() {
    let cases: &[(&[u8], &[&str])] = &[
        (
            b"\xef\xbb\xbfSET client_encoding = 'UTF8';\nCREATE TABLE t (a int, b text, c int GENERATED ALWAYS AS (a) STORED);\nCOPY t FROM stdin;\n1\tx\n2\ty\n\\.\n\nCREATE INDEX i ON t (a);\n",
            &["S Setting", "S Definition", "H public.t(a,b)", "R 0+2", "E", "S AfterData"],
        ),
        (
            b"CREATE TABLE s.t (a int, b int);\nINSERT INTO s.t VALUES (1, 2);\nINSERT INTO s.t VALUES (3, 4);\n\nINSERT INTO s.t (b) VALUES (5);\n",
            &["S Definition", "H s.t(a,b)", "R 0+2", "E", "H s.t(b)", "R 2+1", "E"],
        ),
        // Text behind the semicolon runs after the data.
        (
            b"COPY a (x) FROM stdin; SELECT setval('s', 1); COPY b (y) FROM stdin; -- c\n1\n\\.\n2\n3\n\\.\nSELECT 1;",
            &["H public.a(x)", "R 0+1", "E", "S SequenceValue", "H public.b(y)", "R 0+2", "E", "S Setting"],
        ),
        (
            b"COPY a (x) FROM stdin; INSERT INTO\n1\n\\.\n b VALUES (1); UPDATE c SET d = 1;",
            &["H public.a(x)", "R 0+1", "E", "S INSERT that is not plain VALUES public.b", "S UPDATE public.c"],
        ),
        (
            b"COPY a (x) FROM stdin; COPY b\n1\n\\.\n(y) FROM stdin; SELECT 1;\n2\n\\.\n",
            &["H public.a(x)", "R 0+1", "E", "H public.b(y)", "R 0+1", "E", "S Setting"],
        ),
        (b"COPY z  FROM stdin;\n\n\n\\.\n", &["H public.z(?)", "R 0+2", "E"]),
        (b"COPY t (a, b) FROM stdin WITH (FORMAT csv, HEADER);\na,b\n1,\"x\ny\"\n\\.\n", &["H public.t(a,b)", "R 0+1", "E"]),
        (b"COPY t (a) FROM stdin CSV HEADER;\n\\.\n", &["H public.t(a)", "E"]),
        (b"COPY t (a) FROM stdin;\r\n1\r\n2\r\n\\.\r\nSELECT 1;\r\n", &["H public.t(a)", "R 0+2", "E", "S Setting"]),
        (b"COPY t FROM stdin (FORMAT binary);\nPGCOPY\n\xff\r\n\0;';\n\\.\nSELECT 1;", &["S COPY in binary public.t"]),
        (b"TRUNCATE a, b;", &["S TRUNCATE public.a", "S TRUNCATE public.b"]),
        (
            b"\\restrict abc\n\\connect -reuse-previous=on \"dbname='x y'\"\n\\unrestrict abc\n\\i more.sql\n\\echo 'a;'\n",
            &["S Restrict", "S Connect(\"x y\")", "S Setting", "S Unfollowed(\"\\\\i\")", "S Setting"],
        ),
        (b"\\copy t (a) from stdin with csv\n1\n\\.\n\\copy t from 'x'\n\\copy t to stdout\n", &["H public.t(a)", "R 0+1", "E", "S \\copy public.t", "S Setting"]),
        (b"\\copy (delete from t returning a) to 'x'\n\\copy (with x as (update t set a = 1) delete from u) to 'x'\n", &["S COPY (…) TO public.t", "S COPY (…) TO public.t", "S COPY (…) TO public.u"]),
        // What looks like a COPY within a value, a comment or a body is none.
        (
            b"-- COPY a FROM stdin;\nSELECT 'x\nCOPY b FROM stdin;\n';\nCREATE FUNCTION f() RETURNS void AS $_$\nCOPY c FROM stdin;\n$_$ LANGUAGE sql;",
            &["S Setting", "S Definition"],
        ),
        (
            b"INSERT INTO t (a) VALUES ('COPY x FROM stdin;\n'), (';') ON CONFLICT DO NOTHING;\nINSERT INTO t SELECT 1;",
            &["H public.t(a)", "R 0+2", "E", "S INSERT … SELECT public.t"],
        ),
        // Rows are counted for each relation within its database.
        (
            b"COPY t (a) FROM stdin;\n1\n\\.\nCOPY u (a) FROM stdin;\n1\n\\.\nCOPY t (a) FROM stdin;\n2\n\\.\n\\connect x\nCOPY t (a) FROM stdin;\n1\n\\.\n",
            &["H public.t(a)", "R 0+1", "E", "H public.u(a)", "R 0+1", "E", "H public.t(a)", "R 1+1", "E", "S Connect(\"x\")", "H public.t(a)", "R 0+1", "E"],
        ),
        (b"SET search_path = s, public;\nCREATE TABLE t (a int);\nINSERT INTO t VALUES (1);", &["S Setting", "S Definition", "H s.t(a)", "R 0+1", "E"]),
        (b"SET standard_conforming_strings = off;\nSELECT 'a\\';COPY t FROM stdin;';\nSELECT 1;", &["S Setting", "S Setting", "S Setting"]),
    ];
    for (input, expected) in cases {
        for cut in [1, 2, 3, 7, 64, input.len()] {
            let run = run(input, cut, RowMode::Split);
            assert_eq!(&outline(&run.frames), expected, "cut {cut}");
            assert_eq!(concat(&run.frames), *input);
            assert!(run.result.is_ok());
        }
    }
}

#[test]
fn cells_in_any_character_set() {
    let sjis = b"SET client_encoding = 'SJIS';\nCREATE TABLE t (\"\x95\\\" text);\nINSERT INTO t VALUES ('\x95\\');\nSET standard_conforming_strings = off;\nINSERT INTO t VALUES ('\x95\\'';');\nCOPY t FROM stdin;\n\x95\\\t\n\\.\nSELECT 1;\n";
    let all = run(sjis, 1, RowMode::Split);
    assert_eq!(
        outline(&all.frames),
        [
            "S Setting",
            "S Definition",
            "H public.t(表)",
            "R 0+1",
            "E",
            "S Setting",
            "H public.t(表)",
            "R 1+1",
            "E",
            "H public.t(表)",
            "R 2+1",
            "E",
            "S Setting"
        ]
    );
    assert_eq!(
        cells(&all.frames),
        [row(&["表"]), row(&["表';"]), row(&["表", ""])]
    );
    let switched = b"\\connect a\nSET client_encoding = 'LATIN1';\nCOPY t (a) FROM stdin;\n\xe9\n\\.\n\\connect b\nSET client_encoding = 'UTF8';\nCOPY t (a) FROM stdin;\n\xc3\xa9\n\\.\n";
    let all = run(switched, 5, RowMode::Split);
    assert_eq!(cells(&all.frames), [row(&["é"]), row(&["é"])]);
    let own = b"COPY t (a) FROM stdin (ENCODING 'LATIN1');\n\xe9\n\\.\n";
    assert_eq!(cells(&run(own, 5, RowMode::Split).frames), [row(&["é"])]);
}

#[test]
fn positions_are_those_of_the_input() {
    let input = b"SET x = 1;\n\nCOPY t (a) FROM stdin;\n1\n2\n\\.\nSELECT 1;\n";
    let places: Vec<_> = run(input, 1, RowMode::Split)
        .frames
        .iter()
        .filter_map(|frame| match frame {
            Frame::Statement { at, .. }
            | Frame::Head { at, .. }
            | Frame::Rows { at, .. }
            | Frame::End { at, .. } => Some((at.byte, at.line)),
            Frame::Other { .. } | Frame::Part(_) => None,
        })
        .collect();
    assert_eq!(
        places,
        [(0, 1), (12, 3), (35, 4), (37, 5), (39, 6), (42, 7)]
    );
}

const DUMP: &[u8] = b"--\n-- PostgreSQL database dump\n--\n\n\\restrict k1\n\nSET client_encoding = 'UTF8';\nCREATE TABLE public.t (\n    a integer,\n    b text\n);\n\nCREATE FUNCTION public.f() RETURNS integer\n    LANGUAGE sql\n    BEGIN ATOMIC\n SELECT CASE WHEN true THEN 1 END AS \"case\";\n SELECT ')';\nEND;\n\nCOMMENT ON TABLE public.t IS E'it''s /* \\' $$';\n/* a /* nested */ comment */\nCOPY public.t (a, b) FROM stdin;\n1\tone\\n\n2\t\\N\n\\.\n\nINSERT INTO public.t VALUES (1, 'x''y');\nINSERT INTO public.t VALUES (2, $q$z$q$);\n\nCREATE RULE r AS ON INSERT TO public.t DO (DELETE FROM x; DELETE FROM y;);\n\n--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict k1\n";

#[test]
fn a_dump_that_was_cut_off_is_truncated() {
    assert!(run(DUMP, 100, RowMode::Split).result.is_ok());
    let complete = b"\\unrestrict k1";
    let end = memchr::memmem::find(DUMP, complete).unwrap() + complete.len();
    for cut in 40..end {
        for mode in [RowMode::Pass, RowMode::Split] {
            let run = run(&DUMP[..cut], 64, mode);
            assert!(run.result.is_err(), "cut at {cut}");
            if mode == RowMode::Pass {
                assert_eq!(concat(&run.frames), &DUMP[..cut]);
            }
        }
    }
    assert!(run(&DUMP[..end], 64, RowMode::Split).result.is_ok());
}

#[test]
fn what_is_missing_is_said() {
    for (input, what) in [
        ("SELECT 'a", "a quote has no end"),
        ("SELECT $a$ b", "a quote has no end"),
        ("SELECT 1; /* /* */", "a comment has no end"),
        ("SELECT (1;", "a parenthesis has no end"),
        ("SELECT 1", "the last statement has no semicolon"),
        (
            "INSERT INTO t VALUES (1)",
            "the last statement has no semicolon",
        ),
        ("COPY t FROM stdin;\n1\n", "a COPY has no end"),
        (
            "-- PostgreSQL database dump\n",
            "`-- PostgreSQL database dump complete` is missing",
        ),
        (
            "-- PostgreSQL database cluster dump\n-- PostgreSQL database dump\n-- PostgreSQL database dump complete\n",
            "`-- PostgreSQL database cluster dump complete` is missing",
        ),
        ("\\restrict x\nSELECT 1;\n", "`\\unrestrict` is missing"),
        (
            "BEGIN;\nSELECT 1;\n",
            "the transaction that it began has no COMMIT",
        ),
    ] {
        let message = run(input.as_bytes(), 3, RowMode::Pass)
            .result
            .unwrap_err()
            .to_string();
        assert!(message.contains(what), "{input}: {message}");
    }
    for complete in [
        "",
        "SELECT 1;",
        "-- x",
        "\\restrict x\n\\unrestrict x",
        "SELECT 1 \\g",
    ] {
        assert!(
            run(complete.as_bytes(), 3, RowMode::Pass).result.is_ok(),
            "{complete}"
        );
    }
}

#[test]
fn part_of_a_row_does_not_leave_if_somebody_looks() {
    for input in [
        "COPY t (a) FROM stdin;\n1\nsecret",
        "INSERT INTO t VALUES (1), ('secret",
        "COPY t (a) FROM stdin CSV;\n1\n\"sec\n",
    ] {
        let split = run(input.as_bytes(), 4, RowMode::Split);
        assert!(split.result.is_err());
        assert!(!String::from_utf8_lossy(&concat(&split.frames)).contains("sec"));
        assert_eq!(
            concat(&run(input.as_bytes(), 4, RowMode::Pass).frames),
            input.as_bytes()
        );
    }
}

#[test]
fn the_schema_is_known_first_in_a_dump_that_has_it() {
    assert!(run(DUMP, 64, RowMode::Pass).framer.schema_first());
    assert!(
        !run(b"CREATE TABLE t (a int);", 64, RowMode::Pass)
            .framer
            .schema_first()
    );
    assert!(
        !run(
            b"-- PostgreSQL database dump\n\\connect x\nCREATE TABLE t (a int);",
            64,
            RowMode::Pass
        )
        .framer
        .schema_first()
    );
    assert!(
        !run(
            b"-- PostgreSQL database dump\nCOPY t FROM stdin;\n\\.\n",
            64,
            RowMode::Pass
        )
        .framer
        .schema_first()
    );
}

#[test]
fn dumps_are_recognised() {
    for (head, sure) in [
        ("--\n-- PostgreSQL database dump\n--", true),
        ("SET standard_conforming_strings = on;", true),
        ("copy t from stdin;", true),
        ("hello", false),
    ] {
        assert_eq!(Postgres.recognise(head.as_bytes()) > 50, sure, "{head}");
    }
    assert_eq!(Postgres.name(), "postgres");
}

#[test]
fn rows_are_written_as_statements_of_their_own() {
    let input = b"CREATE TABLE s.\"T\" (a int GENERATED ALWAYS AS IDENTITY, \"b\"\"c\" text);\n";
    let framer = run(input, 64, RowMode::Pass).framer;
    let relation = framer.catalog().relations.values().next().unwrap();
    let rows = vec![
        vec![Some(b"1".to_vec()), Some(b"it's\t\\".to_vec())],
        vec![None, None],
    ];
    let write = |columns: &[usize], rows: &[_], as_insert| {
        let mut out = Vec::new();
        framer
            .write_rows(relation, columns, rows, as_insert, &mut out)
            .unwrap();
        String::from_utf8(out).unwrap()
    };
    assert_eq!(
        write(&[0, 1], &rows, false),
        "COPY \"s\".\"T\" (\"a\", \"b\"\"c\") FROM stdin;\n1\tit's\\t\\\\\n\\N\t\\N\n\\.\n"
    );
    assert_eq!(
        write(&[0, 1], &rows, true),
        "INSERT INTO \"s\".\"T\" (\"a\", \"b\"\"c\") OVERRIDING SYSTEM VALUE VALUES (1, 'it''s\t\\');\nINSERT INTO \"s\".\"T\" (\"a\", \"b\"\"c\") OVERRIDING SYSTEM VALUE VALUES (NULL, NULL);\n"
    );
    assert_eq!(
        write(&[], &[vec![]], true),
        "INSERT INTO \"s\".\"T\" DEFAULT VALUES;\n"
    );
    assert_eq!(write(&[0], &[], false), "");
}

#[test]
fn the_unloadable_end_closes_what_is_open() {
    for (input, expected) in [
        ("SELECT 'a", "\n'\n) 'scrub: it s over';\nROLLBACK;\n"),
        (
            "SELECT E'a\\",
            "\n\\\\'\n) 'scrub: it s over';\nROLLBACK;\n",
        ),
        (
            "SELECT (($a$",
            "\n$a$\n))) 'scrub: it s over';\nROLLBACK;\n",
        ),
        ("/* /*", "\n*/*/\n) 'scrub: it s over';\nROLLBACK;\n"),
        (
            "CREATE FUNCTION f() BEGIN ATOMIC SELECT",
            "\n\n) 'scrub: it s over' END;\nROLLBACK;\n",
        ),
        (
            "INSERT INTO t VALUES (f(",
            "\n\n))) 'scrub: it s over';\nROLLBACK;\n",
        ),
        (
            "COPY t (a) FROM stdin;\n1",
            "\nscrub: it s over\t-\t-\nscrub: it s over\t-\t-\n\\.\nROLLBACK;\n",
        ),
        (
            "COPY t (a) FROM stdin CSV;\r\n1\r\n",
            "\nscrub: it s over,-,-\r\nscrub: it s over,-,-\r\n\\.\nROLLBACK;\n",
        ),
    ] {
        let framer = run(input.as_bytes(), 64, RowMode::Pass).framer;
        let end = framer.unloadable(&OutputState::Unfinished, "it's over");
        let expected = format!("{expected}\\set ON_ERROR_STOP on\n) 'scrub: it s over';\n");
        assert_eq!(String::from_utf8(end).unwrap(), expected, "{input}");
    }
    for (key, freed) in [("a1", "\\unrestrict a1\n"), ("a-1", "")] {
        let run = run(format!("\\restrict {key}\n").as_bytes(), 64, RowMode::Pass);
        let end = run.framer.unloadable(&OutputState::TopLevel, "x");
        let expected =
            format!("\n) 'scrub: x';\nROLLBACK;\n{freed}\\set ON_ERROR_STOP on\n) 'scrub: x';\n");
        assert_eq!(String::from_utf8(end).unwrap(), expected, "{key}");
    }
    let stop = "\\set ON_ERROR_STOP on\n) 'scrub: x';\n";
    let run = run(b"COPY t (a) FROM stdin;\n1\n\\.\n", 64, RowMode::Split);
    let top = run.framer.unloadable(&OutputState::TopLevel, "x");
    assert_eq!(
        top,
        format!("\n) 'scrub: x';\nROLLBACK;\n{stop}").as_bytes()
    );
    let Frame::Head { block, .. } = &run.frames[0] else {
        panic!("a COPY begins with its head");
    };
    let rows = run
        .framer
        .unloadable(&OutputState::Rows(block.clone(), true), "x");
    let expected = format!("scrub: x\t-\t-\nscrub: x\t-\t-\n\\.\nROLLBACK;\n{stop}");
    assert_eq!(rows, expected.as_bytes());
}

/// Frames `input` and asks for something at each frame.
fn at_each<T>(input: &[u8], cut: usize, ask: impl Fn(&dyn Framer, &Frame) -> Option<T>) -> Vec<T> {
    let mut framer = Postgres.framer();
    let mut buffer = BytesMut::new();
    let mut out = Vec::new();
    let mut pieces = input.chunks(cut);
    loop {
        match framer.next(&mut buffer, pieces.len() == 0).unwrap() {
            Some(frame) => out.extend(ask(&*framer, &frame)),
            None => match pieces.next() {
                Some(piece) => buffer.extend_from_slice(piece),
                None => return out,
            },
        }
    }
}

#[test]
fn the_session_of_a_block_is_the_one_at_its_head() {
    let input = b"SET search_path = a;\nCOPY t (a) FROM stdin; RESET search_path;\n1\n\\.\nCOPY t (a) FROM stdin;\n\\.\nBEGIN;\n\\encoding LATIN1\nINSERT INTO t VALUES (1);\nROLLBACK;\nINSERT INTO u VALUES (1);\nSET x = 1;\n\\connect d\nINSERT INTO t VALUES (1);\n";
    for cut in [1, 7, input.len()] {
        let found = at_each(input, cut, |framer, frame| {
            let Frame::Head { .. } = frame else {
                return None;
            };
            let mut out = Vec::new();
            let fresh = SessionState::default();
            framer.switch(&fresh, &framer.session(), &mut out).unwrap();
            Some(String::from_utf8(out).unwrap())
        });
        let encoding = "SET client_encoding = 'LATIN1';\n";
        assert_eq!(found, ["SET search_path = 'a';\n", "", encoding, "", ""]);
    }
}

#[test]
fn users_are_asked_for_once_for_each_statement() {
    let input = b"CREATE SUBSCRIPTION s CONNECTION 'password=x' PUBLICATION p;\nCREATE ROLE u PASSWORD 'x';\nCOPY t (a) FROM stdin; GRANT a TO u;\n\\.\nGRANT b TO u;\n\\connect - u\n";
    let found = at_each(input, 5, |framer, frame| {
        let without = framer.without_users(&|user| user == "u");
        let what = match without {
            Without::Same => return None,
            Without::Nothing => "nothing",
            Without::Rest(_) => "rest",
            Without::Refused(_) => "refused",
        };
        Some((what, frame.bytes().is_empty()))
    });
    assert_eq!(
        found,
        [
            ("nothing", false),
            ("nothing", true),
            ("nothing", false),
            ("refused", false)
        ]
    );
}

/// Pieces that dumps are made of, and pieces that break them.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("SELECT 1;\n"),
        Just("COPY t (a, b) FROM stdin;\n1\tx\\\n2\n3\t\\\\\n\\.\n"),
        Just("COPY t FROM stdin WITH (FORMAT csv, HEADER);\na,b\n1,\"x\ny\"\n\\.\n"),
        Just("COPY t FROM stdin (DELIMITER '|'); SELECT 2;\r\n1|2\r\n\\.\r\n"),
        Just("INSERT INTO t VALUES (1, 'a;b');\nINSERT INTO t VALUES (2, 'c'), (3, E'\\'');\n"),
        Just("INSERT INTO u (a) VALUES (f(1, '(')) ON CONFLICT DO NOTHING;\n"),
        Just("INSERT INTO t SELECT 1;"),
        Just("CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE WHEN a THEN b END; END;\n"),
        Just("SET client_encoding = 'SJIS';\n"),
        Just("SET standard_conforming_strings = off;\n"),
        Just("\\connect x\n"),
        Just("\\echo 'x\n"),
        Just("-- c '\n"),
        Just("/* /* ; */ */"),
        Just("$a$ ; $a$"),
        Just("'"),
        Just("E'\\"),
        Just("\""),
        Just("("),
        Just(")"),
        Just(";"),
        Just("\\.\n"),
        Just("\n"),
        Just("\r"),
        Just("'a' \n 'b'"),
        Just("-- PostgreSQL database dump\n"),
    ];
    let bytes = prop_oneof![
        8 => piece.prop_map(|p| p.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..6),
        1 => Just(b"\x95\\".to_vec()),
    ];
    prop::collection::vec(bytes, 0..12).prop_map(|pieces| pieces.concat())
}

/// What must not depend on how the input is cut: statements and blocks, with the rows of each block joined.
fn joined(frames: &[Frame]) -> (Vec<String>, Vec<Bytes>) {
    let kept = frames
        .iter()
        .filter(|f| !matches!(f, Frame::Rows { .. } | Frame::Other { .. }));
    (outline(frames), kept.map(|f| f.bytes().clone()).collect())
}

fn is_of_block(frame: &Frame) -> bool {
    matches!(
        frame,
        Frame::Head { .. } | Frame::Rows { .. } | Frame::End { .. }
    )
}

/// The whole blocks of an input that may leave later, with an input that has nothing but such a
/// block and what brings a fresh session to the one at its head.
fn blocks(input: &[u8], cut: usize, mode: RowMode) -> Vec<(Vec<u8>, Vec<Frame>)> {
    let mut framer = Postgres.framer();
    let mut buffer = BytesMut::new();
    let mut fed = 0;
    let (mut out, mut open) = (Vec::new(), None);
    loop {
        let eof = fed == input.len();
        let frame = match framer.next(&mut buffer, eof) {
            Ok(Some(frame)) => frame,
            Ok(None) if !eof => {
                let next = (fed + cut).min(input.len());
                buffer.extend_from_slice(&input[fed..next]);
                fed = next;
                continue;
            }
            _ => return out,
        };
        if let Frame::Head { block, .. } = &frame {
            framer.rows(mode);
            let mut alone = Vec::new();
            let session = framer.session();
            framer
                .switch(&SessionState::default(), &session, &mut alone)
                .unwrap();
            open = (!block.tied).then_some((alone, Vec::new()));
        }
        let ends = matches!(frame, Frame::End { .. });
        if let Some((alone, frames)) = open.as_mut().filter(|_| is_of_block(&frame)) {
            alone.extend_from_slice(frame.bytes());
            frames.push(frame);
        }
        if let Some((mut alone, frames)) = open.take_if(|_| ends) {
            alone.extend_from_slice(b"\nSET x = 1;\n");
            out.push((alone, frames));
        }
    }
}

#[test]
fn text_behind_its_semicolon_ties_a_block_to_its_place() {
    let input = b"COPY t (a) FROM stdin; SELECT 1;\n\\.\nCOPY t (a) FROM stdin;  \n\\.\nINSERT INTO t VALUES (1); SELECT 1;\n";
    let tied = at_each(input, 4, |_, frame| match frame {
        Frame::Head { block, .. } => Some(block.tied),
        _ => None,
    });
    assert_eq!(tied, [true, false, false]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn frames_concatenate_to_the_input(input in prop_oneof![pieces(), prop::collection::vec(any::<u8>(), 0..200)], cut in 1usize..40) {
        prop_assert_eq!(concat(&run(&input, cut, RowMode::Pass).frames), input.clone());
        let split = run(&input, cut, RowMode::Split);
        let bytes = concat(&split.frames);
        prop_assert!(input.starts_with(&bytes));
        if split.result.is_ok() {
            prop_assert_eq!(bytes, input);
        }
    }

    #[test]
    fn frames_do_not_depend_on_how_the_input_is_cut(input in pieces(), cut in 1usize..40) {
        for mode in [RowMode::Pass, RowMode::Split] {
            let whole = run(&input, input.len().max(1), mode);
            let cut = run(&input, cut, mode);
            prop_assert_eq!(joined(&whole.frames), joined(&cut.frames));
            prop_assert_eq!(whole.result.map_err(|e| e.to_string()), cut.result.map_err(|e| e.to_string()));
        }
    }

    #[test]
    fn a_block_can_be_written_at_another_place(input in pieces(), cut in 1usize..40, split in any::<bool>()) {
        let mode = if split { RowMode::Split } else { RowMode::Pass };
        for (input, block) in blocks(&input, cut, mode) {
            let again = run(&input, cut, mode);
            prop_assert!(again.result.is_ok());
            let rows: Vec<_> = again.frames.iter().filter(|f| is_of_block(f)).cloned().collect();
            prop_assert_eq!(concat(&rows), concat(&block));
            let ends = rows.iter().filter(|f| matches!(f, Frame::End { .. })).count();
            prop_assert_eq!(ends, 1);
            let count = |frames: &[Frame]| -> u64 {
                frames.iter().map(|f| if let Frame::Rows { rows, .. } = f { *rows } else { 0 }).sum()
            };
            prop_assert_eq!(count(&rows), count(&block));
            let quiet = |f: &Frame| match f {
                Frame::Statement { effect, .. } => *effect == Effect::Setting,
                other => is_of_block(other) || other.bytes().trim_ascii().is_empty(),
            };
            prop_assert!(again.frames.iter().all(quiet));
        }
    }

    #[test]
    fn batches_are_whole_rows(input in pieces(), cut in 1usize..40) {
        let mut block = None;
        let run = run(&input, cut, RowMode::Split);
        for frame in &run.frames {
            match frame {
                Frame::Head { block: new, .. } => block = Some(new.clone()),
                Frame::Rows { bytes, rows, .. } => {
                    let codec = block.as_ref().unwrap().codec.clone();
                    let (mut at, mut count) = (0, 0);
                    let mut row = RowSpan::default();
                    while let Ok(true) = codec.row(bytes, at, &mut row) {
                        prop_assert_eq!(row.lead.start, at);
                        prop_assert_eq!(row.lead.end, row.body.start);
                        prop_assert!(row.cells.iter().all(|c| c.start >= row.body.start && c.end <= row.body.end));
                        at = row.body.end;
                        count += 1;
                    }
                    if codec.row(bytes, at, &mut row).is_ok() {
                        prop_assert_eq!(at, bytes.len());
                        prop_assert_eq!(count, *rows);
                    }
                }
                _ => {}
            }
        }
    }
}
