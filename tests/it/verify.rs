//! `scrub verify`: clean where the rulebooks say so, and nothing that is planted anywhere gets through.

use crate::golden::{arguments, folders};
use crate::runner::{Run, command, fixture, run};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// `scrub verify ARGS < input`, and its report.
struct Proof {
    run: Run,
    report: Value,
}

#[track_caller]
fn verify(args: &[&str], input: &[u8]) -> Proof {
    let folder = tempfile::tempdir().expect("a folder");
    verify_in(folder.path(), args, input)
}

#[track_caller]
fn verify_in(folder: &Path, args: &[&str], input: &[u8]) -> Proof {
    let mut command = command();
    command.current_dir(folder).arg("verify").args(args);
    command.args(["--report", "report.json"]).write_stdin(input);
    let run: Run = command.output().expect("scrub could not be run").into();
    let report = std::fs::read_to_string(folder.join("report.json")).unwrap_or_default();
    let report = serde_json::from_str(&report).unwrap_or_default();
    Proof { run, report }
}

impl Proof {
    #[track_caller]
    fn code(&self, code: i32) -> &Self {
        let told = (self.run.text(), &self.run.err);
        assert_eq!(self.run.code, Some(code), "{}\n{}", told.0, told.1);
        self
    }

    /// The finds of a part of the report: what, place, and of each place the row, line and byte.
    fn finds(&self, part: &str) -> Vec<(String, String, Vec<[u64; 3]>)> {
        let all = self.report["verify"][part].as_array();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let find = |find: &Value| {
            let place = match find["outside"].as_str() {
                Some(outside) => format!("({outside})"),
                None => format!("{}.{}", text(&find["relation"]), text(&find["column"])),
            };
            let spots = find["places"].as_array().expect("places").iter();
            let number = |value: &Value| value.as_u64().unwrap_or_default();
            let spots = spots.map(|s| [number(&s["row"]), number(&s["line"]), number(&s["byte"])]);
            (text(&find["what"]), place, spots.collect())
        };
        all.map(|all| all.iter().map(find).collect())
            .unwrap_or_default()
    }
}

/// Where something begins in a dump: line and byte.
#[track_caller]
fn place(dump: &str, what: &str) -> [u64; 2] {
    let byte = dump.find(what).unwrap_or_else(|| panic!("no {what}"));
    let line = 1 + dump[..byte].matches('\n').count();
    [line as u64, byte as u64]
}

#[test]
fn what_the_built_in_rulebooks_leave_is_clean_and_what_they_got_was_not() {
    // Addresses and passwords in definitions, which no rule reaches.
    let outside = [
        "campaign",
        "insert-rows",
        "inserts",
        "lexer-bodies",
        "lexer-dollar-quotes",
        "drop-user",
        "users",
    ];
    let (mut proved, mut found) = (0, 0);
    for dialect in folders(&fixture("")) {
        for case in folders(&dialect) {
            let Ok(dump) = std::fs::read(case.join("dump.sql")) else {
                continue;
            };
            let name = case
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            let mut args = arguments(&case);
            args.retain(|arg| arg != "-1");
            let has = |option: &str| args.iter().any(|arg| arg == option);
            let own_rules = has("-r") || case.join("rules.sql").exists();
            let args: Vec<&str> = match own_rules {
                // The case is about something else; the baseline runs on it as on anything.
                true => vec![],
                false => args.iter().map(String::as_str).collect(),
            };
            let mut filter = command();
            let filter = filter
                .current_dir(&case)
                .args(&args)
                .arg("-q")
                .write_stdin(dump.clone());
            let safe: Run = filter.output().expect("scrub could not be run").into();
            if safe.code != Some(0) {
                assert!(own_rules, "{name}: {}", safe.err);
                continue;
            }
            let paths: Vec<String> = args
                .iter()
                .map(|arg| match case.join(arg).exists() {
                    true => case.join(arg).display().to_string(),
                    false => (*arg).to_owned(),
                })
                .collect();
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            let proof = verify(&paths, &safe.out);
            let rows: Vec<_> = proof.finds("findings");
            let expected = i32::from(outside.contains(&name.as_str()));
            assert!(
                rows.iter().all(|find| find.1.starts_with('(')),
                "{name}: {rows:?}"
            );
            assert_eq!(
                proof.run.code,
                Some(expected),
                "{name}: {rows:?}\n{}",
                proof.run.err
            );
            let addresses = proof.report["verify"]["safe"].as_u64().expect("a count");
            let before = verify(&paths, &dump);
            let before: Vec<_> = before.finds("findings");
            let before = before
                .iter()
                .filter(|find| find.0 == "address" && !find.1.starts_with('('));
            if before.count() > 0 {
                found += 1;
                assert!(addresses > 0 || ["jobs"].contains(&&*name), "{name}");
            }
            proved += 1;
        }
    }
    assert!(proved > 50 && found > 30, "{proved} {found}");
}

/// What is planted where, in which dump: the place that a proof must tell.
struct Planted {
    dialect: &'static str,
    dump: &'static str,
    what: &'static str,
    place: &'static str,
    row: u64,
    /// What stands at the byte that is told.
    at: &'static str,
    apart: bool,
}

const fn planted(
    dialect: &'static str,
    dump: &'static str,
    what: &'static str,
    place: &'static str,
    row: u64,
    at: &'static str,
) -> Planted {
    Planted {
        dialect,
        dump,
        what,
        place,
        row,
        at,
        apart: false,
    }
}

const PLANTED: &[Planted] = &[
    planted(
        "postgres",
        "CREATE TABLE public.t (id int, note text);\nCOPY public.t (id, note) FROM stdin;\n1\tx\n2\tsee plant@leak.de\n\\.\n",
        "address",
        "public.t.note",
        2,
        "plant",
    ),
    planted(
        "postgres",
        "CREATE TABLE public.t (id int, note text);\nCOPY public.t (id, note) FROM stdin;\n1\tplant\\x40leak.de\n\\.\n",
        "address",
        "public.t.note",
        1,
        "plant",
    ),
    planted(
        "postgres",
        "CREATE TABLE public.t (id int, note text);\nINSERT INTO public.t VALUES (1, E'it''s\\npl\\x61nt\\100leak.de');\n",
        "address",
        "public.t.note",
        1,
        "E'it",
    ),
    planted(
        "postgres",
        "CREATE TABLE public.t (id int, mail text DEFAULT 'plant@leak.de'::text);\n",
        "address",
        "(CREATE TABLE)",
        0,
        "plant",
    ),
    planted(
        "postgres",
        "CREATE TABLE public.t (id int, mail text);\nALTER TABLE public.t ADD CONSTRAINT c CHECK ((mail <> 'plant@leak.de'::text));\n",
        "address",
        "(ALTER TABLE)",
        0,
        "plant",
    ),
    planted(
        "postgres",
        "CREATE TABLE public.p (mail text) PARTITION BY LIST (mail);\nCREATE TABLE public.l PARTITION OF public.p FOR VALUES IN ('plant@leak.de');\n",
        "address",
        "(CREATE TABLE)",
        0,
        "plant",
    ),
    planted(
        "postgres",
        "CREATE TABLE public.t (id int);\nCOMMENT ON COLUMN public.t.id IS 'ask plant@leak.de';\n",
        "address",
        "(COMMENT ON COLUMN)",
        0,
        "plant",
    ),
    planted(
        "postgres",
        "CREATE FUNCTION public.f() RETURNS text LANGUAGE sql AS $$ SELECT 'plant@leak.de'; $$;\n",
        "address",
        "(CREATE FUNCTION)",
        0,
        "plant",
    ),
    planted(
        "postgres",
        "-- Name: made by plant@leak.de\nCREATE TABLE public.t (id int);\n",
        "address",
        "(comment)",
        0,
        "plant",
    ),
    planted(
        "postgres",
        "CREATE TABLE public.t (mail text);\nSELECT * FROM pg_catalog.pg_restore_attribute_stats(\n\t'version', '180000'::integer,\n\t'schemaname', 'public',\n\t'relname', 't',\n\t'attname', 'mail',\n\t'inherited', 'f'::boolean,\n\t'most_common_vals', '{plant@leak.de}'::text\n);\n",
        "address",
        "(SELECT of public.t)",
        0,
        "plant",
    ),
    planted(
        "postgres",
        "SELECT pg_catalog.lo_open('1', 131072);\nSELECT pg_catalog.lowrite(0, '\\x20706c616e74406c');\nSELECT pg_catalog.lowrite(0, '\\x65616b2e646520');\nSELECT pg_catalog.lo_close(0);\n",
        "address",
        "(SELECT)",
        0,
        "65616b",
    ),
    Planted {
        apart: true,
        ..planted(
            "postgres",
            "SELECT pg_catalog.lo_open('1', 131072);\nSELECT pg_catalog.lowrite(0, '\\x0000706c616e74406c65616b2e6465');\nSELECT pg_catalog.lo_close(0);\n",
            "address in hex",
            "(SELECT)",
            0,
            "706c61",
        )
    },
    Planted {
        apart: true,
        ..planted(
            "postgres",
            "CREATE TABLE public.t (id int, b bytea);\nCOPY public.t (id, b) FROM stdin;\n1\t\\\\x00706c616e74406c65616b2e646500\n\\.\n",
            "address in hex",
            "public.t.b",
            1,
            "706c",
        )
    },
    Planted {
        apart: true,
        ..planted(
            "postgres",
            "CREATE TABLE public.t (id int, b text);\nCOPY public.t (id, b) FROM stdin;\n1\tcGxhbnRAbGVhay5kZQ==\n2\tplant=40leak.de\n\\.\n",
            "address in base64",
            "public.t.b",
            1,
            "cGxhb",
        )
    },
    planted(
        "postgres",
        "CREATE ROLE r;\nALTER ROLE r WITH LOGIN PASSWORD 'plant';\n",
        "password in a statement",
        "(ALTER ROLE)",
        0,
        "PASSWORD 'plant",
    ),
    planted(
        "postgres",
        "CREATE TABLE public.t (id int, k text);\nCOPY public.t (id, k) FROM stdin;\n1\tpostgres://app:plant@db/x\n\\.\n",
        "URL with a password",
        "public.t.k",
        1,
        "postgres:",
    ),
    planted(
        "mysql",
        "CREATE TABLE `t` (`id` int, `note` text DEFAULT NULL);\nINSERT INTO `t` VALUES (1,'x'),(2,'o\\'plant@leak.de');\n",
        "address",
        "t.note",
        2,
        "plant",
    ),
    planted(
        "mysql",
        "CREATE TABLE `t` (`id` int, `b` blob);\nINSERT INTO `t` VALUES (1,_binary 'plant@leak.de');\n",
        "address",
        "t.b",
        1,
        "plant",
    ),
    Planted {
        apart: true,
        ..planted(
            "mysql",
            "CREATE TABLE `t` (`id` int, `b` blob);\nINSERT INTO `t` VALUES (1,0x706C616E74406C65616B2E6465);\n",
            "address in hex",
            "t.b",
            1,
            "706C",
        )
    },
    // What stands behind its rows does more.
    planted(
        "mysql",
        "CREATE TABLE `t` (`id` int, `m` text);\nINSERT INTO `t` VALUES (1,'x'),(2,'plant@leak.de') ON DUPLICATE KEY UPDATE `m`='x';\n",
        "address",
        "t.m",
        2,
        "plant",
    ),
    planted(
        "mysql",
        "CREATE TABLE `t` (`id` int COMMENT 'plant@leak.de');\n",
        "address",
        "(CREATE TABLE)",
        0,
        "plant",
    ),
    planted(
        "mssql",
        "SET ANSI_NULLS ON\nGO\nCREATE TABLE [dbo].[t]([id] [int] NULL, [note] [nvarchar](max) NULL)\nGO\nINSERT [dbo].[t] ([id], [note]) VALUES (1, N'it''s plant@leak.de')\nGO\n",
        "address",
        "dbo.t.note",
        1,
        "plant",
    ),
    planted(
        "mssql",
        "SET ANSI_NULLS ON\nGO\nCREATE TABLE [dbo].[t]([id] [int] NULL, [note] [nvarchar](max) NULL DEFAULT (N'plant@leak.de'))\nGO\n",
        "address",
        "(CREATE TABLE)",
        0,
        "plant",
    ),
    planted(
        "oracle",
        "SET DEFINE OFF;\nCREATE TABLE \"T\" (\"ID\" NUMBER, \"NOTE\" VARCHAR2(100));\nInsert into T (ID,NOTE) values (1,'plant' || chr(64) || 'leak.de');\n",
        "address",
        "T.NOTE",
        1,
        "'plant",
    ),
    planted(
        "oracle",
        "SET DEFINE OFF;\nCREATE TABLE \"T\" (\"ID\" NUMBER, \"NOTE\" VARCHAR2(100));\nCOMMENT ON TABLE \"T\" IS 'plant' || '@leak.de';\n",
        "address",
        "(COMMENT ON TABLE)",
        0,
        "COMMENT",
    ),
    planted(
        "sqlite",
        "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE t(id INTEGER, note TEXT);\nINSERT INTO t VALUES(1,unistr('plant\\u0040leak.de\\u000a'));\nCOMMIT;\n",
        "address",
        "t.note",
        1,
        "plant",
    ),
    planted(
        "sqlite",
        "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE t(id INTEGER, note TEXT CHECK (note <> 'plant@leak.de'));\nCOMMIT;\n",
        "address",
        "(CREATE TABLE)",
        0,
        "plant",
    ),
];

#[test]
fn what_is_planted_is_found_where_it_stands() {
    for case in PLANTED {
        let proof = verify(&["-f", case.dialect], case.dump.as_bytes());
        proof.code(i32::from(!case.apart));
        let part = if case.apart { "apart" } else { "findings" };
        let finds = proof.finds(part);
        let [line, byte] = place(case.dump, case.at);
        let first = finds
            .first()
            .unwrap_or_else(|| panic!("nothing in {}", case.dump));
        assert_eq!(
            (first.0.as_str(), first.1.as_str()),
            (case.what, case.place),
            "{}",
            case.dump
        );
        assert_eq!(
            first.2.first(),
            Some(&[case.row, line, byte]),
            "{}",
            case.dump
        );
        for text in [proof.run.text(), proof.run.err, proof.report.to_string()] {
            assert!(
                !text.contains("plant") && !text.contains("leak.de"),
                "{text}"
            );
        }
    }
}

#[test]
fn inside_compressed_and_utf16_input() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("none.sql"), "").expect("a file");
    let dump = PLANTED[0].dump;
    for suffix in ["gz", "zst", "lz4"] {
        let name = format!("d.sql.{suffix}");
        let mut pack = command();
        pack.current_dir(folder.path())
            .args(["-q", "-r", "none.sql", "-o", &name]);
        let packed: Run = pack.write_stdin(dump).output().expect("scrub").into();
        packed.ok();
        let proof = verify_in(folder.path(), &[&name], b"");
        let [line, byte] = place(dump, "plant");
        let find = (
            "address".to_owned(),
            "public.t.note".to_owned(),
            vec![[2, line, byte]],
        );
        assert_eq!(proof.code(1).finds("findings"), [find]);
    }
    let script = PLANTED
        .iter()
        .find(|case| case.dialect == "mssql")
        .expect("a script")
        .dump;
    for big in [false, true] {
        let mut bytes = if big {
            vec![0xFE, 0xFF]
        } else {
            vec![0xFF, 0xFE]
        };
        for unit in script.encode_utf16() {
            bytes.extend(if big {
                unit.to_be_bytes()
            } else {
                unit.to_le_bytes()
            });
        }
        let proof = verify(&[], &bytes);
        let finds = proof.code(1).finds("findings");
        assert_eq!((finds[0].1.as_str(), finds[0].2[0][0]), ("dbo.t.note", 1));
    }
}

const PEOPLE: &str = "CREATE TABLE public.person (id int, mail text, photo bytea);\n\
    COPY public.person (id, mail, photo) FROM stdin;\n\
    1\tjane@company.com\t\\\\x6d617840636f6d70616e792e636f6d\n2\tzoe@mailinator.com\t\\N\n3\tMax@Company.com\t\\N\n\\.\n";

#[test]
fn against_the_original() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("original.sql"), PEOPLE).expect("a file");
    let safe = run(&["-q", "-r", "baseline"], PEOPLE.as_bytes()).ok();
    // What rules leave in hex fails the dump when the original is known to have it.
    let proof = verify_in(folder.path(), &["-r", "baseline"], &safe);
    assert_eq!(proof.code(0).finds("apart").len(), 1);
    let proof = verify_in(
        folder.path(),
        &["-r", "baseline", "--against", "original.sql"],
        &safe,
    );
    let finds = proof.code(1).finds("findings");
    assert_eq!(
        (finds.len(), finds[0].0.as_str()),
        (1, "address of the original")
    );
    assert_eq!(finds[0].1, "public.person.photo");
    // Two people, and none of the safe domain.
    assert_eq!(proof.report["verify"]["original"], 2);

    let gone = String::from_utf8_lossy(&safe).replace("\\\\x6d617840636f6d70616e792e636f6d", "\\N");
    let mysql = "CREATE TABLE `x` (`m` text);\n\
                 INSERT INTO `x` VALUES ('jane@company.com') ON DUPLICATE KEY UPDATE `m` = 'x';\n";
    std::fs::write(folder.path().join("other.sql"), mysql).expect("a file");
    for original in ["original.sql", "other.sql"] {
        let args = ["-r", "baseline", "--against", original];
        verify_in(folder.path(), &args, gone.as_bytes()).code(0);
        let with = gone.replace("zoe@mailinator.com", "<JANE@company.com>");
        let proof = verify_in(folder.path(), &args, with.as_bytes());
        assert_eq!(
            proof.code(1).finds("findings")[0].0,
            "address of the original"
        );
    }
    // An address in a domain that somebody has declared safe is left all the same.
    let domain = ["-r", "baseline", "--safe-domain", "company.com"];
    verify_in(folder.path(), &domain, PEOPLE.as_bytes()).code(0);
    let both = [&domain[..], &["--against", "original.sql"]].concat();
    verify_in(folder.path(), &both, PEOPLE.as_bytes()).code(1);
}

#[test]
fn the_originals_addresses_fit_into_the_memory_or_the_run_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut dump = "CREATE TABLE t (m text);\nCOPY t (m) FROM stdin;\n".to_owned();
    for n in 0..5_000 {
        dump += &format!("user{n}@company.com\n");
    }
    dump += "\\.\n";
    std::fs::write(folder.path().join("original.sql"), &dump).expect("a file");
    let args = ["-r", "baseline", "--against", "original.sql", "--memory"];
    let proof = verify_in(
        folder.path(),
        &[&args[..], &["10K"]].concat(),
        PEOPLE.as_bytes(),
    );
    proof.code(3);
    assert!(proof.run.err.contains("original.sql: ") && proof.run.err.contains("--memory"));
    let proof = verify_in(
        folder.path(),
        &[&args[..], &["1M"]].concat(),
        dump.as_bytes(),
    );
    assert_eq!(proof.code(1).report["verify"]["addresses"], 5_000);
}

#[test]
fn rows_of_the_target_may_keep_their_addresses() {
    let folder = tempfile::tempdir().expect("a folder");
    let write =
        |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    write(
        "rules.sql",
        "\\set mail_domain mailinator.com\n\
         UPDATE person SET mail = anon.rewrite_emails(mail, :'mail_domain');\n\
         -- name: ours :with-target\n\
         INSERT INTO person (id, mail) SELECT id + 100, mail FROM target.staff;\n\
         -- name: ours-are-here :test :with-target\n\
         SELECT id FROM target.staff WHERE id + 100 NOT IN (SELECT id FROM person);\n",
    );
    write(
        "target.sql",
        "CREATE TABLE public.staff (id int, mail text);\nCREATE TABLE public.other (mail text);\n\
         COPY public.other (mail) FROM stdin;\nmax@company.com\n\\.\n\
         COPY public.staff (id, mail) FROM stdin;\n1\ttester@company.com\n2\tlead@company.com\n\\.\n",
    );
    let args = ["-r", "rules.sql", "--target", "target.sql"];
    let mut filter = command();
    filter
        .current_dir(folder.path())
        .args(args)
        .arg("-q")
        .write_stdin(PEOPLE);
    let safe = Run::from(filter.output().expect("scrub")).ok();
    let proof = verify_in(folder.path(), &args, &safe);
    assert_eq!(proof.code(0).report["verify"]["allowed"], 2);
    assert_eq!(proof.report["tests"][0]["passed"], true);
    assert!(
        proof
            .run
            .text()
            .contains("2 allowed, from the target's own rows")
    );
    // Without the target nobody knows them; in another table, or of another table, they do not count.
    verify_in(folder.path(), &args[..2], &safe).code(1);
    let safe = String::from_utf8_lossy(&safe);
    for other in [
        safe.replace("tester@company.com", "max@company.com"),
        safe.replace("person", "people") + "CREATE TABLE public.person (id int, mail text);\n",
    ] {
        let proof = verify_in(folder.path(), &args, other.as_bytes());
        assert!(!proof.code(1).finds("findings").is_empty());
    }
    // With both, they are no leftover of the original either.
    let dump =
        format!("{PEOPLE}CREATE TABLE s (m text);\nINSERT INTO s VALUES ('lead@company.com');\n");
    write(
        "original.sql",
        &dump.replace("\\\\x6d617840636f6d70616e792e636f6d", "\\N"),
    );
    let safe = safe.replace("\\\\x6d617840636f6d70616e792e636f6d", "\\N");
    let both = [&args[..], &["--against", "original.sql"]].concat();
    verify_in(folder.path(), &both, safe.as_bytes()).code(0);
}

#[test]
fn a_failed_test_does_not_end_the_search() {
    let folder = tempfile::tempdir().expect("a folder");
    let rules = "-- name: nobody :test\nSELECT id FROM person;\n-- name: all\nSELECT count(*) FROM person;\n\
                 DELETE FROM person;\n";
    std::fs::write(folder.path().join("rules.sql"), rules).expect("a file");
    let dump = format!("\\connect one\n\n{PEOPLE}\\connect two\n\n{PEOPLE}");
    let proof = verify_in(folder.path(), &["-r", "rules.sql"], dump.as_bytes());
    let finds = proof.code(1).finds("findings");
    assert!(
        proof.run.err.contains("rule nobody: the test found 3 rows"),
        "{}",
        proof.run.err
    );
    assert_eq!(finds.len(), 2, "{finds:?}");
    assert!(proof.run.text().starts_with(
        "FAILED  nobody (one: public.person): 3 rows\nFAILED  nobody (two: public.person): 3 rows\n"
    ));
    let selects = proof.report["selects"].as_array().expect("results");
    let counts = selects
        .iter()
        .filter(|select| select["columns"][0] == "count");
    let counts: Vec<_> = counts.map(|select| &select["rows"][0][0]).collect();
    assert_eq!(counts, ["3", "3"]);
    // A rule that would change something asks nothing.
    assert_eq!(proof.report["rules"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_rule_without_its_table_does_not_end_it_either() {
    let folder = tempfile::tempdir().expect("a folder");
    let rules = "-- name: lost :test\nSELECT id FROM nowhere;\n";
    std::fs::write(folder.path().join("rules.sql"), rules).expect("a file");
    let dump = format!(
        "--\n-- PostgreSQL database dump\n--\n\n{PEOPLE}--\n-- PostgreSQL database dump complete\n--\n\n"
    );
    let proof = verify_in(folder.path(), &["-r", "rules.sql"], dump.as_bytes());
    assert_eq!(proof.code(1).finds("findings").len(), 1);
    assert!(proof.run.err.contains("rule lost: "), "{}", proof.run.err);
}

#[test]
fn what_is_safe() {
    let folder = tempfile::tempdir().expect("a folder");
    let dump = "CREATE TABLE t (m text);\nCOPY t (m) FROM stdin;\na@test.example.org\nb@sub.example.org\n\\.\n";
    for (args, code) in [
        (&["-r", "baseline"][..], 1),
        (
            &["-r", "baseline", "--set", "mail_domain=test.example.org"],
            1,
        ),
        (&["-r", "baseline", "--safe-domain", ".example.org"], 0),
        (
            &[
                "-r",
                "baseline",
                "--set",
                "mail_domain=test.example.org",
                "--safe-domain",
                "sub.example.org",
            ],
            0,
        ),
        (&["-r", "rules.sql"], 0),
        // Verify itself knows the variable, whether the rulebook does or not.
        (
            &["-r", "rules.sql", "--set", "mail_domain=elsewhere.example"],
            0,
        ),
    ] {
        let rules = "UPDATE t SET m = anon.mailinator(m, 'test.example.org') WHERE m LIKE 'a%';\n\
                     UPDATE t SET m = 'b' || '@sub.example.org' WHERE m LIKE 'b%';";
        std::fs::write(folder.path().join("rules.sql"), rules).expect("a file");
        verify_in(folder.path(), args, dump.as_bytes()).code(code);
    }
}

#[test]
fn places_are_limited_and_the_same_for_any_number_of_workers() {
    let mut dump = "CREATE TABLE t (m text);\nCOPY t (m) FROM stdin;\n".to_owned();
    for n in 0..120_000 {
        dump += &format!("row {n} user{n}@company.com {}\n", "x".repeat(20));
    }
    dump += "\\.\n";
    let few = verify(&["-j", "1", "-r", "baseline"], dump.as_bytes());
    let finds = few.code(1).finds("findings");
    assert_eq!((finds.len(), finds[0].2.len()), (1, 5));
    assert!(
        few.run.text().contains("  … and 119,995 more\n"),
        "{}",
        few.run.text()
    );
    let more = verify(&["-j", "8", "-r", "baseline"], dump.as_bytes());
    assert_eq!(few.run.text(), more.run.text());
    let small = "CREATE TABLE t (m text);\nCOPY t (m) FROM stdin;\n".to_owned()
        + &"a@company.com\n".repeat(12)
        + "\\.\n";
    let all = verify(&["-v", "-r", "baseline"], small.as_bytes());
    assert_eq!(all.code(1).finds("findings")[0].2.len(), 12);
}

#[test]
fn exit_codes() {
    let clean = "CREATE TABLE t (m text);\nCOPY t (m) FROM stdin;\nx\n\\.\n";
    verify(&["-r", "baseline"], clean.as_bytes()).code(0);
    let quiet = verify(&["-q", "-r", "baseline"], clean.as_bytes());
    assert!(quiet.code(0).run.out.is_empty() && quiet.run.err.is_empty());
    for (args, code) in [
        (&["--safe-domain", "nothing"][..], 2),
        (&["-o", "x"], 2),
        (&["--set", "mail_doman=x.example"], 2),
        (&["--against", "-", "-"], 2),
        (&["missing.sql"], 4),
        (&["--against", "missing.sql"], 4),
    ] {
        verify(args, clean.as_bytes()).code(code);
    }
    verify(&[], &clean.as_bytes()[..clean.len() - 4]).code(3);
    verify(&[], b"\x1f\x8b\x08\x00garbage").code(3);
}

// Property: whatever is planted in rows, wherever and however, is found with its table, column and row.

#[derive(Debug, Clone)]
struct Dump {
    dialect: usize,
    /// For each table its rows, for each cell which form of an address it has, if any.
    tables: Vec<Vec<[Option<usize>; 2]>>,
}

const DIALECTS: [&str; 4] = ["postgres", "mysql", "mssql", "sqlite"];

/// The ways to write the `@` that stay what they are in each dialect's literals.
const SIGNS: [&str; 5] = ["@", "%40", "&#64;", "&#x40;", "%2540"];

fn dumps() -> impl Strategy<Value = Dump> {
    let cell = || proptest::option::weighted(0.1, 0..SIGNS.len());
    let row = (cell(), cell()).prop_map(|(a, b)| [a, b]);
    let tables = proptest::collection::vec(proptest::collection::vec(row, 1..60), 1..4);
    (0..DIALECTS.len(), tables).prop_map(|(dialect, tables)| Dump { dialect, tables })
}

impl Dump {
    /// The script, and what is planted in it: table, column, row, byte.
    fn write(&self) -> (String, BTreeSet<(String, String, u64, u64)>) {
        let dialect = DIALECTS[self.dialect];
        let mut out = match dialect {
            "mssql" => "SET ANSI_NULLS ON\nGO\n".to_owned(),
            "sqlite" => "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n".to_owned(),
            _ => String::new(),
        };
        let mut all = BTreeSet::new();
        for (n, rows) in self.tables.iter().enumerate() {
            let (table, told, end) = match dialect {
                "postgres" => (format!("public.t{n}"), format!("public.t{n}"), ";\n"),
                "mssql" => (format!("[dbo].[t{n}]"), format!("dbo.t{n}"), "\nGO\n"),
                _ => (format!("t{n}"), format!("t{n}"), ";\n"),
            };
            out += &format!("CREATE TABLE {table} (id int, a text, b text){end}");
            if dialect == "postgres" {
                out += &format!("COPY {table} (id, a, b) FROM stdin;\n");
            }
            for (row, cells) in rows.iter().enumerate() {
                let (begin, between, close) = match dialect {
                    "postgres" => (format!("{row}\t"), "\t", "\n".to_owned()),
                    "mssql" => (
                        format!("INSERT {table} (id, a, b) VALUES ({row}, N'"),
                        "', N'",
                        "')\nGO\n".to_owned(),
                    ),
                    _ => (
                        format!("INSERT INTO {table} VALUES({row},'"),
                        "','",
                        "');\n".to_owned(),
                    ),
                };
                out += &begin;
                for (column, cell) in cells.iter().enumerate() {
                    if column > 0 {
                        out += between;
                    }
                    out += "some prose, ";
                    if let Some(form) = cell {
                        let name = ["a", "b"][column].to_owned();
                        let byte = out.len() as u64;
                        all.insert((told.clone(), name, row as u64 + 1, byte));
                        out += &format!("plant{}leak.de ", SIGNS[*form]);
                    }
                    out += match dialect {
                        "postgres" => "back\\\\slash and\\ttab",
                        "mysql" => "it\\'s and back\\\\slash",
                        _ => "it''s quoted",
                    };
                }
                out += &close;
            }
            if dialect == "postgres" {
                out += "\\.\n";
            }
        }
        if dialect == "sqlite" {
            out += "COMMIT;\n";
        }
        (out, all)
    }
}

#[test]
fn whatever_is_planted_in_rows_is_found() {
    let cases = std::env::var("SCRUB_CASES")
        .ok()
        .and_then(|n| n.parse().ok());
    let config = Config {
        cases: cases.unwrap_or(32),
        failure_persistence: None,
        ..Config::default()
    };
    let result = TestRunner::new(config).run(&dumps(), |dump| {
        let (text, planted) = dump.write();
        let args = ["-v", "-r", "baseline", "-f", DIALECTS[dump.dialect]];
        let proof = verify(&args, text.as_bytes());
        prop_assert_eq!(
            proof.run.code,
            Some(i32::from(!planted.is_empty())),
            "{}",
            proof.run.err
        );
        let mut found = BTreeSet::new();
        for (_, place, spots) in proof.finds("findings") {
            let (table, column) = place.rsplit_once('.').expect("a column");
            for [row, _, byte] in spots {
                found.insert((table.to_owned(), column.to_owned(), row, byte));
            }
        }
        prop_assert_eq!(found, planted);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}
