//! Bad input, for every dialect: scripts cut at every byte, rows that are damaged in all ways, statements
//! that bring rows unseen, archives cut in the middle, what is no dump at all.
//!
//! The cells hold S3CRET, and the rule writes them in lower case: no message may show a cell, and no run
//! that ends well may let one through. `fixtures/refused/` holds one of each kind as a file to look up.

use crate::runner::{Run, command, filter_with};
use std::fmt::Write as _;
use std::io::Write as _;
use std::thread;

/// A dialect's table, how its statements end, and a script with all that can be cut.
struct Script {
    dialect: &'static str,
    table: &'static str,
    end: &'static str,
    whole: &'static str,
    /// Parts of it within which nobody can take the end for the end.
    within: &'static [&'static str],
}

const SCRIPTS: &[Script] = &[
    Script {
        dialect: "postgres",
        table: "CREATE TABLE t (id integer, email text, n integer);\n",
        end: ";\n",
        whole: "-- a comment\n/* a /* nested */ one */\n\
            INSERT INTO t VALUES (1, 'S3CRET', 1), (2, E'S3\\'CRET', 2);\n\
            COPY \"t\" (id, email, n) FROM stdin;\n3\tS3CRET\t3\n4\tS3\\tCRET\t4\n\\.\n\
            DO $x$ BEGIN NULL; END $x$;\n",
        within: &[
            "* a /* nested */ one *",
            "INSERT INTO t VALUES (1, 'S3CRET', 1), (2, E'S3\\'CRET', 2)",
            "COPY \"t\" (id, email, n) FROM stdin;\n3\tS3CRET\t3\n4\tS3\\tCRET\t4\n\\",
            "DO $x$ BEGIN NULL; END $x$",
        ],
    },
    Script {
        dialect: "mysql",
        table: "CREATE TABLE `t` (`id` int, `email` text, `n` int);\n",
        end: ";\n",
        whole: "-- a comment\n/* one */\n/*!40101 SET NAMES utf8mb4 */;\n\
            INSERT INTO `t` VALUES (1,'S3CRET',1),(2,'S3\\'CRET',2);\n\
            REPLACE INTO t (`id`,`email`) VALUES (3,_utf8mb4 \"S3CRET\");\n\
            INSERT INTO t SET id=4, email='S3CRET';\n\
            DELIMITER ;;\nCREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @a=1 ;;\nDELIMITER ;\n",
        within: &[
            "* one *",
            "/*!40101 SET NAMES utf8mb4 */",
            "INSERT INTO `t` VALUES (1,'S3CRET',1),(2,'S3\\'CRET',2)",
            "REPLACE INTO t (`id`,`email`) VALUES (3,_utf8mb4 \"S3CRET\")",
            "INSERT INTO t SET id=4, email='S3CRET'",
            "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @a=1 ;",
        ],
    },
    Script {
        dialect: "sqlite",
        table: "CREATE TABLE t(id INTEGER, email TEXT, n INTEGER);\n",
        end: ";\n",
        whole: "BEGIN TRANSACTION;\n-- a comment\n/* one */\nINSERT INTO t VALUES(1,'S3CRET',1);\n\
            INSERT INTO \"t\" VALUES(2,replace('S3\\nCRET','\\n',char(10)),2);\n\
            CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END;\nCOMMIT;\n",
        // Without its COMMIT all of it is cut.
        within: &[
            "EGIN TRANSACTION;\n-- a comment\n/* one */\nINSERT INTO t VALUES(1,'S3CRET',1);\n\
            INSERT INTO \"t\" VALUES(2,replace('S3\\nCRET','\\n',char(10)),2);\n\
            CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END;\nCOMMIT",
        ],
    },
    Script {
        dialect: "mssql",
        table: "CREATE TABLE [t] ([id] int, [email] nvarchar(40), [n] int)\nGO\n",
        end: "\nGO\n",
        whole: "-- a comment\r\n/* a /* nested */ one */\r\n\
            INSERT [t] ([id], [email], [n]) VALUES (1, N'S3CRET', 1)\r\n\
            INSERT [t] ([id], [email]) VALUES (2, CAST(N'S3CRET' AS nvarchar(9)))\r\nGO\r\n\
            INSERT INTO t VALUES (3, 'S3CRET', 3), (4, N'S3''CRET', 4);\r\nGO\r\n",
        within: &[
            "* a /* nested */ one *",
            "NSERT [t] ([id], [email], [n]) VALUES (1, N'S3CRET', 1",
            "NSERT [t] ([id], [email]) VALUES (2, CAST(N'S3CRET' AS nvarchar(9))",
            "NSERT INTO t VALUES (3, 'S3CRET', 3",
            ", (4, N'S3''CRET', 4",
        ],
    },
    Script {
        dialect: "oracle",
        table: "CREATE TABLE T (ID NUMBER, EMAIL VARCHAR2(40), N NUMBER);\n",
        end: ";\n",
        whole: "-- a comment\n/* one */\nREM INSERTING into T\nSET DEFINE OFF;\n\
            Insert into T (ID,EMAIL,N) values (1,'S3CRET',1);\n\
            Insert into \"T\" (ID,EMAIL) values (2,q'[S3]CRET]');\n\
            Insert into T (ID,EMAIL) values (3,TO_CLOB('S3') || TO_CLOB('CRET'));\n\
            BEGIN NULL; END;\n/\n",
        within: &[
            "* one *",
            "Insert into T (ID,EMAIL,N) values (1,'S3CRET',1)",
            "Insert into \"T\" (ID,EMAIL) values (2,q'[S3]CRET]')",
            "Insert into T (ID,EMAIL) values (3,TO_CLOB('S3') || TO_CLOB('CRET'))",
            "BEGIN NULL; END;\n",
        ],
    },
];

fn rules(dialect: &str) -> String {
    let written_in = if dialect == "sqlite" {
        "postgres"
    } else {
        dialect
    };
    format!("-- dialect: {written_in}\nUPDATE t SET email = lower(email);\n")
}

fn scrub(dialect: &str, dump: &[u8]) -> Run {
    filter_with(&["-q", "-f", dialect], &rules(dialect), dump)
}

/// What is wrong with a run, if anything: `refused` says whether it has to be refused.
fn wrong(run: &Run, refused: bool) -> Option<&'static str> {
    let holds = |bytes: &[u8], text: &[u8]| memchr::memmem::find(bytes, text).is_some();
    let shows = |text: &[u8]| holds(run.err.as_bytes(), text);
    let told = run.err.contains("; ") || run.err.contains("-->");
    match run.code {
        _ if shows(b"S3") || shows(b"s3") => Some("the message shows a cell"),
        Some(0) if refused => Some("it passed"),
        Some(0) if holds(&run.out, b"S3CRET") => Some("a row passed unchanged"),
        Some(0) => None,
        Some(3) if !told => Some("it says not what to do"),
        Some(3) if !run.err.contains("byte ") && !run.err.contains("character") => {
            Some("it says not where")
        }
        Some(3) => None,
        Some(1 | 2) if refused => Some("it is not the input that was refused"),
        Some(1 | 2) => None,
        _ => Some("it ended otherwise"),
    }
}

/// Every byte at which a script may be cut, with what is wrong there.
fn cut(script: &Script, encode: &(dyn Fn(&str) -> Vec<u8> + Sync)) -> String {
    let text = format!("{}{}", script.table, script.whole);
    let within = |end: usize| {
        script.within.iter().any(|part| {
            let at = text.find(part).expect("a part of the script");
            at < end && end <= at + part.len()
        })
    };
    let whole = encode(&text);
    let width = whole.len() / text.len();
    let ends: Vec<usize> = (1..=whole.len()).collect();
    let of_one = |ends: &[usize]| {
        let mut faults = String::new();
        for &end in ends {
            let run = scrub(script.dialect, &whole[..end]);
            let half = end % width != 0;
            if let Some(wrong) = wrong(&run, half || within(end / width)) {
                let before = &text[..end / width];
                let code = run.code;
                let _ = writeln!(faults, "{wrong} ({code:?}): …{before:?}\n  {}", run.err);
            }
        }
        faults
    };
    thread::scope(|scope| {
        let parts = ends.chunks(ends.len().div_ceil(4));
        let threads: Vec<_> = parts
            .map(|part| scope.spawn(move || of_one(part)))
            .collect();
        threads
            .into_iter()
            .map(|t| t.join().expect("a thread"))
            .collect()
    })
}

#[test]
fn cut_at_every_byte() {
    for script in SCRIPTS {
        let faults = cut(script, &|text| text.as_bytes().to_vec());
        assert!(faults.is_empty(), "{}: {faults}", script.dialect);
    }
}

#[test]
fn utf_16_cut_at_every_byte() {
    for little in [true, false] {
        let encode = |text: &str| -> Vec<u8> {
            let units = text.encode_utf16();
            units
                .flat_map(|unit| {
                    if little {
                        unit.to_le_bytes()
                    } else {
                        unit.to_be_bytes()
                    }
                })
                .collect()
        };
        let script = SCRIPTS
            .iter()
            .find(|s| s.dialect == "mssql")
            .expect("a script");
        let text = format!("{}{}", script.table, script.whole);
        let whole = encode(&format!("\u{feff}{text}"));
        for end in (text.len() / 2..whole.len()).step_by(7) {
            let run = scrub("mssql", &whole[..end]);
            let half = end % 2 == 1;
            let wrong = wrong(&run, half);
            assert!(wrong.is_none(), "{wrong:?} at {end}: {}", run.err);
        }
    }
}

/// Rows that are wrong everywhere, as they stand behind `INSERT INTO t`, and what is told of them.
const DAMAGED: &[(&str, &str)] = &[
    (" VALUES (1, 'S3CRET')", "found 2 columns, expected 3"),
    (" VALUES (1, 'S3CRET', 3, 4)", "found 4 columns, expected 3"),
    (
        " (id, email, n) VALUES (1, 'S3CRET')",
        "found 2 columns, expected 3",
    ),
    (
        " (id, email) VALUES (1, 'S3CRET', 3)",
        "found 3 columns, expected 2",
    ),
    (" VALUES (1, 'S3CRET', 3), (2, 'S3CRET')", "row 2"),
    (" VALUES", "cannot follow"),
    (" VALUES ()", "row 1"),
    (" (id, email)", "cannot follow"),
    (" VALUES (1,, 'S3CRET', 3)", "a cell is empty"),
    (" VALUES (1 'S3CRET', 3)", "found 2 columns"),
    (
        " VALUES (1, 'S3CRET', 3) (2, 'S3CRET', 3)",
        "more than insert its rows",
    ),
    (" VALUES (1, 'S3CRET', 3),", "INSERT"),
    (" VALUES (1, f('S3CRET'), 3)", "the cell is an expression"),
    (
        " VALUES (1, (SELECT 'S3CRET'), 3)",
        "the cell is an expression",
    ),
    (" (id, email, EMAIL) VALUES (1, 'S3CRET', 'S3CRET')", ""),
    (" VALUES (1, 'S3CRET, 3)", "the input ends within a row"),
    (" VALUES (1, X'ZZ', 3)", "the cell is"),
];

#[test]
fn damaged_rows() {
    let mut faults = String::new();
    let mut check = |script: &Script, name: &str, dump: Vec<u8>, told: &str| {
        let run = scrub(script.dialect, &dump);
        // Columns that differ in case alone are not told apart by rules.
        let ambiguous = run.code == Some(2) && told.is_empty();
        let wrong = wrong(&run, true).filter(|_| !ambiguous);
        if wrong.is_some() || !run.err.contains(told) {
            let code = run.code;
            let dialect = script.dialect;
            let _ = writeln!(
                faults,
                "{dialect}: {name}: {wrong:?} {code:?}\n  {}",
                run.err
            );
        }
    };
    for script in SCRIPTS {
        let Script {
            dialect,
            table,
            end,
            ..
        } = script;
        for (rows, told) in DAMAGED {
            let dump = format!("{table}INSERT INTO t{rows}{end}");
            check(script, rows, dump.into(), told);
        }
        let row = format!("INSERT INTO t VALUES (1, 'S3CRET', 3){end}");
        let told = "neither the dump nor the rows' header says which columns it has";
        check(script, "an unknown table", row.clone().into(), told);
        let between = format!("{table}INSERT INTO t\0 VALUES (1, 'S3CRET', 3){end}");
        check(
            script,
            "a NUL byte",
            between.into(),
            "a NUL byte stands outside of the rows",
        );
        let mut mixed = format!("{table}{row}").into_bytes();
        mixed.extend(
            format!("\u{feff}{row}")
                .encode_utf16()
                .flat_map(u16::to_le_bytes),
        );
        check(script, "two encodings", mixed, "");
        let quote = match *dialect {
            "mysql" => '`',
            _ => '"',
        };
        let name = format!("{table}INSERT INTO {quote}t VALUES (1, 'S3CRET', 3){end}");
        check(script, "an open name", name.into(), "a quote has no end");
        let comment = format!("{table}/* {row}");
        check(
            script,
            "an open comment",
            comment.into(),
            "a comment has no end",
        );
        let garbage: Vec<u8> = (0..4000u32)
            .map(|n| (n.wrapping_mul(n ^ 7919) >> 5) as u8)
            .collect();
        let garbage = [table.as_bytes(), row.as_bytes(), &garbage].concat();
        check(script, "garbage behind rows", garbage, "");
    }
    assert!(faults.is_empty(), "{faults}");
}

/// What brings rows of a table in ways that no rule sees: it stops the run.
const UNSEEN: &[(&str, &str, &str)] = &[
    (
        "mysql",
        "a function in VALUES",
        "DELIMITER ;;\nCREATE FUNCTION f() RETURNS int BEGIN INSERT INTO t VALUES (1,'S3CRET',1); RETURN 1; END ;;\nDELIMITER ;\nCREATE TABLE l (a int);\nINSERT INTO l VALUES (2),(f());\n",
    ),
    (
        "mysql",
        "a function in SET",
        "DELIMITER ;;\nCREATE FUNCTION f() RETURNS int BEGIN INSERT INTO t VALUES (1,'S3CRET',1); RETURN 1; END ;;\nDELIMITER ;\nCREATE TABLE l (a int);\nINSERT INTO l SET a = f();\n",
    ),
    (
        "mysql",
        "a function of a later one",
        "CREATE FUNCTION g() RETURNS int RETURN f();\nDELIMITER ;;\nCREATE FUNCTION f() RETURNS int BEGIN INSERT INTO t VALUES (1,'S3CRET',1); RETURN 1; END ;;\nDELIMITER ;\nSELECT g();\n",
    ),
    (
        "mysql",
        "a view of a function",
        "DELIMITER ;;\nCREATE FUNCTION f() RETURNS int BEGIN INSERT INTO t VALUES (1,'S3CRET',1); RETURN 1; END ;;\nDELIMITER ;\nCREATE VIEW v AS SELECT f();\nSELECT * FROM v;\n",
    ),
    (
        "mysql",
        "a table from a file",
        "IMPORT TABLE FROM 't.sdi';\n",
    ),
    (
        "mysql",
        "another character set",
        "INSERT INTO t VALUES (1,_utf16'S3CRET',1);\n",
    ),
    (
        "oracle",
        "a function in VALUES",
        "CREATE FUNCTION f RETURN NUMBER IS BEGIN INSERT INTO t VALUES (1,'S3CRET',1); RETURN 1; END;\n/\nCREATE TABLE l (a NUMBER);\nINSERT INTO l VALUES (f);\n",
    ),
    (
        "oracle",
        "a function of a later one",
        "CREATE FUNCTION g RETURN NUMBER IS BEGIN RETURN f; END;\n/\nCREATE FUNCTION f RETURN NUMBER IS BEGIN INSERT INTO t VALUES (1,'S3CRET',1); RETURN 1; END;\n/\nSELECT g FROM dual;\n",
    ),
    (
        "oracle",
        "a table made by a function",
        "CREATE FUNCTION f RETURN NUMBER IS BEGIN INSERT INTO t VALUES (1,'S3CRET',1); RETURN 1; END;\n/\nCREATE TABLE l AS SELECT f a FROM dual;\n",
    ),
    (
        "oracle",
        "a text that calls a function",
        "CREATE FUNCTION f RETURN NUMBER IS BEGIN INSERT INTO t VALUES (1,'S3CRET',1); RETURN 1; END;\n/\nBEGIN EXECUTE IMMEDIATE 'SELECT f FROM dual'; END;\n/\n",
    ),
    (
        "oracle",
        "rows in a unit without a slash",
        "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN NULL; END;\nINSERT INTO t VALUES (1,'S3CRET',1);\n/\n",
    ),
];

#[test]
fn rows_that_no_rule_sees() {
    let mut faults = String::new();
    for (dialect, name, statements) in UNSEEN {
        let script = SCRIPTS
            .iter()
            .find(|s| s.dialect == *dialect)
            .expect("a script");
        let run = scrub(dialect, format!("{}{statements}", script.table).as_bytes());
        if let Some(wrong) = wrong(&run, true) {
            let _ = writeln!(faults, "{dialect}: {name}: {wrong}\n  {}", run.err);
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

/// Rows of a table whose definition has not been seen and that gets another name afterwards.
#[test]
fn renamed_after_its_rows() {
    for (dialect, dump) in [
        (
            "postgres",
            "INSERT INTO u (id, email) VALUES (1, 'S3CRET');\nALTER TABLE u RENAME TO t;\n",
        ),
        (
            "postgres",
            "INSERT INTO a.t (id, email) VALUES (1, 'S3CRET');\nALTER TABLE a.t SET SCHEMA t;\nALTER TABLE t.t RENAME TO t;\n",
        ),
        (
            "mysql",
            "INSERT INTO u (id, email) VALUES (1, 'S3CRET');\nRENAME TABLE u TO t;\n",
        ),
        (
            "mysql",
            "INSERT INTO u (id, email) VALUES (1, 'S3CRET');\nALTER TABLE u RENAME TO t;\n",
        ),
        (
            "sqlite",
            "INSERT INTO u(id, email) VALUES (1, 'S3CRET');\nALTER TABLE u RENAME TO t;\n",
        ),
        (
            "oracle",
            "INSERT INTO u (id, email) VALUES (1, 'S3CRET');\nALTER TABLE u RENAME TO t;\n",
        ),
        (
            "oracle",
            "INSERT INTO u (id, email) VALUES (1, 'S3CRET');\nRENAME u TO t;\n",
        ),
    ] {
        let of_schema = dump.contains("a.t");
        let table = if of_schema { "t.t" } else { "t" };
        let book = format!("-- name: late :optional\nUPDATE {table} SET email = lower(email);\n");
        let run = filter_with(&["-q", "-f", dialect], &book, dump.as_bytes());
        assert_eq!(run.code, Some(3), "{dialect}: {dump}: {}", run.err);
        assert!(
            run.err.contains("had passed before"),
            "{dialect}: {}",
            run.err
        );
    }
}

/// Compressed dumps that end in the middle, and compressions that are not read.
#[test]
fn a_compressed_dump_is_cut() {
    let mut dump = SCRIPTS[0].table.to_owned();
    for n in 0..20_000 {
        let _ = writeln!(
            dump,
            "INSERT INTO t VALUES ({n}, 'S3CRET {}', 1);",
            n * 7919
        );
    }
    let gzip = || {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(dump.as_bytes())
            .and_then(|()| out.finish())
            .expect("gzip")
    };
    let lz4 = || {
        let mut out = lz4_flex::frame::FrameEncoder::new(Vec::new());
        out.write_all(dump.as_bytes()).expect("lz4");
        out.finish().expect("lz4")
    };
    let zstd = || zstd::encode_all(dump.as_bytes(), 1).expect("zstd");
    for (name, file) in [("gzip", gzip()), ("lz4", lz4()), ("zstd", zstd())] {
        for part in [1, 2, 3] {
            let run = scrub("postgres", &file[..file.len() * part / 4]);
            assert_eq!(run.code, Some(3), "{name}: {}", run.err);
            let told = format!("ends in the middle of its {name} data");
            assert!(
                run.err.contains(&told) && run.err.contains("complete copy"),
                "{}",
                run.err
            );
            assert!(!run.err.contains("S3"));
            // What has left is loaded by nobody.
            let out = String::from_utf8_lossy(&run.out);
            assert!(
                out.trim_end().ends_with(';') && out.contains("scrub: "),
                "{name}"
            );
        }
        let mut damaged = file.clone();
        let half = damaged.len() / 2;
        damaged[half..half + 40].fill(0xff);
        let run = scrub("postgres", &damaged);
        assert_eq!(run.code, Some(3), "{name}: {}", run.err);
        assert!(!run.err.contains("S3"), "{name}");
    }
    for magic in [
        &b"BZh91AY&SY"[..],
        b"\xfd7zXZ\0\0\x04",
        b"\x02\x21\x4c\x18\0\0",
    ] {
        let run = scrub("postgres", &[magic, &[7; 400]].concat());
        assert_eq!(run.code, Some(3), "{}", run.err);
        assert!(run.err.contains("| scrub"), "{}", run.err);
    }
}

/// Writes `mib` times a MiB of one byte between `head` and `end` into a run; gives the run and the most
/// memory that it took, in MiB.
fn endless(
    args: &[&str],
    rules: &str,
    head: &[u8],
    byte: u8,
    mib: usize,
    end: &[u8],
) -> (Run, u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let book = folder.path().join("rules.sql");
    std::fs::write(&book, rules).expect("the rules");
    let mut child = std::process::Command::new(command().get_program())
        .args(["-q", "-r"])
        .arg(&book)
        .args(args)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("scrub");
    let mut input = child.stdin.take().expect("a pipe");
    let status = format!("/proc/{}/status", child.id());
    let (head, end) = (head.to_vec(), end.to_vec());
    let writer = thread::spawn(move || {
        let piece = vec![byte; 1 << 20];
        // It may be refused before all of it is there.
        let _ = input.write_all(&head);
        for _ in 0..mib {
            if input.write_all(&piece).is_err() {
                return;
            }
        }
        let _ = input.write_all(&end);
    });
    let mut most = 0;
    while child.try_wait().expect("a child").is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|kib| kib.trim().trim_end_matches("kB").trim().parse().ok());
        most = most.max(peak.unwrap_or(0));
        thread::sleep(std::time::Duration::from_millis(10));
    }
    writer.join().expect("the writer");
    (child.wait_with_output().expect("a run").into(), most >> 10)
}

#[test]
fn a_line_without_an_end() {
    let head = b"CREATE TABLE t (id integer, email text);\nCOPY t (id, email) FROM stdin;\n1\t";
    for rules in [
        "-- name: elsewhere :optional\nDELETE FROM u;",
        "UPDATE t SET id = 2;",
        "DELETE FROM t WHERE email LIKE '%y';",
    ] {
        let (run, most) = endless(&[], rules, head, b'x', 48, b"\n\\.\n");
        assert_eq!(run.code, Some(0), "{}", run.err);
        assert!(most < 4 * 48 + 64, "{rules}: {most} MiB");
    }
    let (run, most) = endless(
        &["--memory", "1M"],
        "DELETE FROM t;",
        head,
        b'x',
        700,
        b"\n\\.\n",
    );
    assert_eq!(run.code, Some(3), "{}", run.err);
    assert!(run.err.contains("has no end within 257 MiB") && run.err.contains("--memory"));
    assert!(most < 4 * 257, "{most} MiB");
}

#[test]
fn a_decompression_bomb_does_not_go_off() {
    let bomb = |begin: &[u8], byte: u8, mib: usize| {
        let mut out = zstd::stream::write::Encoder::new(Vec::new(), 1).expect("zstd");
        out.write_all(begin).expect("zstd");
        let piece = vec![byte; 1 << 20];
        for _ in 0..mib {
            out.write_all(&piece).expect("zstd");
        }
        out.finish().expect("zstd")
    };
    // Nothing but zeros, as a bomb is usually made: ten gigabytes, of which nobody unpacks a second one.
    let zeros = bomb(b"", 0, 10 << 10);
    assert!(zeros.len() < 2 << 20);
    let (run, most) = endless(&[], "DELETE FROM t;", &zeros, 0, 0, b"");
    assert_eq!(run.code, Some(3), "{}", run.err);
    assert!(
        run.err.contains("zero bytes") && most < 100,
        "{}: {most} MiB",
        run.err
    );
    // A statement that has no end.
    let word = bomb(b"SELECT ", b'x', 2 << 10);
    let (run, most) = endless(
        &["-f", "postgres", "--memory", "1M"],
        "DELETE FROM t;",
        &word,
        0,
        0,
        b"",
    );
    assert_eq!(run.code, Some(3), "{}", run.err);
    assert!(
        run.err.contains("--memory") && most < 4 * 257,
        "{}: {most} MiB",
        run.err
    );
}
