//! Rows whose addresses are moved without a look at more than their bytes, or that leave because no condition
//! is true of their bytes, against the program that does it cell by cell: a condition that is true of every row is
//! enough to bring that about, or one that computes something. Output, counts and refusals have to be the same.

use crate::runner::KEY;
use proptest::prelude::*;
use scrub::dialect::Dialect;
use scrub::dialect::mysql::Mysql;
use scrub::dialect::postgres::Postgres;
use scrub::functions::Key;
use scrub::pipeline::{self, Job, Progress, Signals};
use scrub::plan::Choice;
use scrub::rulebook::{self, Load};
use scrub::sink::{Output, Sink};
use scrub::source::Source;
use std::io::Cursor;
use std::sync::Arc;

const TABLE: &str = "CREATE TABLE public.t (id integer, a character varying(30), b text NOT NULL, c character varying(12), d text);\n";

/// Rules, and the same in words that only the program understands.
const RULES: [(&str, &str); 8] = [
    (
        "UPDATE t SET a = anon.mailinator(a)",
        "UPDATE t SET a = anon.mailinator(a) WHERE a IS NULL OR a IS NOT NULL",
    ),
    (
        "UPDATE t SET b = anon.rewrite_emails(b), d = anon.rewrite_emails(d, 'test.example')",
        "UPDATE t SET b = anon.rewrite_emails(b), d = anon.rewrite_emails(d, 'test.example') \
         WHERE d IS NULL OR d IS NOT NULL",
    ),
    (
        "UPDATE \"*\" SET \"*\" = anon.rewrite_emails(VALUE)",
        "UPDATE \"*\" SET \"*\" = CASE WHEN VALUE IS NULL THEN VALUE ELSE anon.rewrite_emails(VALUE) END",
    ),
    (
        "DELETE FROM t WHERE a = 'z' OR a IS NULL; UPDATE t SET b = 'x' WHERE d IN ('1', 'a') AND c <> 'z'",
        "DELETE FROM t WHERE a || '' = 'z' OR a || '' IS NULL; \
         UPDATE t SET b = 'x' WHERE d || '' IN ('1', 'a') AND c || '' <> 'z'",
    ),
    (
        "DELETE FROM t WHERE id IN (1, 3)",
        "DELETE FROM t WHERE id + 0 IN (1, 3)",
    ),
    (
        "UPDATE t SET d = 'q' WHERE id = 2; DELETE FROM t WHERE NOT (id < 2 OR d IS NULL) AND a NOT IN ('z', 'a'); \
         DELETE FROM t WHERE id = 1",
        "UPDATE t SET d = 'q' WHERE id + 0 = 2; \
         DELETE FROM t WHERE NOT (id + 0 < 2 OR d IS NULL) AND a || '' NOT IN ('z', 'a'); \
         DELETE FROM t WHERE id + 0 = 1",
    ),
    // A function that is given a cell as it stands, and one that is evaluated.
    (
        "UPDATE t SET a = anon.pseudo_name(a), b = anon.pseudo_email(b), c = anon.pseudo_word(c, 'de'), d = anon.hash(d)",
        "UPDATE t SET a = anon.pseudo_name(a || ''), b = anon.pseudo_email(b || ''), \
         c = anon.pseudo_word(c || '', 'de'), d = anon.hash(d || '')",
    ),
    (
        "UPDATE t SET a = anon.pseudo_url(d), b = anon.partial(b, 1, '', 1), c = anon.pseudo_user_name(c)",
        "UPDATE t SET a = anon.pseudo_url(d || ''), b = anon.partial(b || '', 1, '', 1), \
         c = anon.pseudo_user_name(c || '')",
    ),
];

/// What a run writes, counts and says.
fn run(dialect: &'static dyn Dialect, rules: &str, dump: &[u8]) -> (Vec<u8>, String) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("safe.sql");
    let output = Output {
        path: Some(path.clone()),
        ..Output::default()
    };
    let load = Load {
        name: "rules",
        path: "rules.sql",
        text: rules,
        variables: &[],
        include: &|path: &str| rulebook::builtin::include(path),
    };
    let book = rulebook::load(&load).unwrap_or_else(|faults| panic!("{faults}"));
    let outcome = pipeline::run(
        Job {
            source: Source::plain(Box::new(Cursor::new(dump.to_vec())), "memory"),
            sink: Sink::open(&output).expect("the output"),
            dialect,
            choice: Choice::Named(vec![book]),
            key: Arc::new(Key::new(KEY.as_bytes().to_vec())),
            compress: None,
            schema: None,
            target: None,
            jobs: 1,
            memory: 64 << 20,
            spool_dir: None,
            single_transaction: false,
            strict: None,
            preview: None,
            passing: None,
            search: None,
            progress: Arc::new(Progress::default()),
        },
        &Signals::default(),
    );
    let counts = outcome.report.tables.iter();
    let counts: Vec<_> = counts.map(|t| (t.rows, t.changed, t.dropped)).collect();
    let rules = outcome.report.rules.iter().flat_map(|rule| &rule.relations);
    let matched: Vec<_> = rules.map(|hits| hits.matched).collect();
    let result = outcome.result.map_err(|error| error.to_string());
    let written = std::fs::read(&path).unwrap_or_default();
    (written, format!("{result:?} {counts:?} {matched:?}"))
}

fn agree(head: &str, rows: &[u8]) {
    let mut dump = format!("{TABLE}{head}\n").into_bytes();
    dump.extend_from_slice(rows);
    dump.extend_from_slice(b"\\.\n");
    agree_in(&Postgres, &RULES, &dump);
}

fn agree_in(dialect: &'static dyn Dialect, rules: &[(&str, &str)], dump: &[u8]) {
    for (rule, long) in rules {
        let fast = run(dialect, rule, dump);
        let slow = run(dialect, long, dump);
        let shown = dump.escape_ascii();
        assert!(
            fast.0 == slow.0,
            "{rule}\n{shown}\n{}\n{}",
            fast.0.escape_ascii(),
            slow.0.escape_ascii()
        );
        assert_eq!(fast.1, slow.1, "{rule}\n{shown}");
    }
}

const HEADS: [&str; 6] = [
    "COPY public.t (id, a, b, c, d) FROM stdin;",
    "COPY public.t (d, c, b, a, id) FROM stdin;",
    "COPY public.t (id, a, b, c, d) FROM stdin WITH (NULL 'x@b.de');",
    "COPY public.t (id, a, b, c, d) FROM stdin WITH (NULL '');",
    "COPY public.t (id, a, b, c, d) FROM stdin WITH (DELIMITER '_');",
    "SET client_encoding = 'LATIN1';\nCOPY public.t (id, a, b, c, d) FROM stdin;",
];

#[test]
fn rows_without_addresses_are_still_counted_and_checked() {
    let plain = "1\tab\tcd\te\tf\n";
    for odd in [
        "1\ta\n",
        "1\ta\tb\tc\td\te\n",
        "1\t\\N\t\\N\t\\N\t\\N\n",
        "1\ta\\\\\tb\tc\td\n",
        "1\ta\\\nb\tb\tc\td\n",
        "1\ta\\\tb\tb\tc\td\n",
        "1\t\\x61\\100b.de\tb\tc\td\n",
        "1\ta\\.\tb\tc\td\n",
        "1\ta\tb\tc\td\r\n",
        "1\ta%40b.de\tb&#64;c.de\tc\t\\\\u0040\n",
        "\n",
        "1\ta\tb\tc\td",
        "1\ta@b.de\t\x0ba@b.de\tc\td\n",
        "1\ta\\n@b.de\tat\\nline \\t a@b.de\\tc\td\\nx@b.de\td \\v a@b.de, \\n\n",
    ] {
        for rows in [
            format!("{odd}{plain}"),
            format!("{plain}{plain}{odd}{plain}"),
            format!("{plain}1\ta@b.de\tb\tc\td\n{odd}"),
        ] {
            agree(HEADS[0], rows.as_bytes());
        }
    }
}

/// No server has such rows, and none takes them: they leave as they came.
#[test]
fn rows_without_addresses_may_be_wrong_in_ways_that_only_the_server_sees() {
    for rows in [
        "1\ta\tb\tc too long by far\td\n2\ta\tb\tc\td\n",
        "1\ta\tb\tc\n2\ta\tb\tc\td\te\n",
    ] {
        let dump = format!("{TABLE}{}\n{rows}\\.\n", HEADS[0]);
        let (written, said) = run(&Postgres, RULES[2].0, dump.as_bytes());
        assert_eq!(String::from_utf8_lossy(&written), dump);
        assert_eq!(said, "Ok(()) [(Some(2), 0, 0)] [2]");
        // Beside an address they are looked at.
        let dump = dump.replace("1\ta", "1\ta@b.de");
        let (written, said) = run(&Postgres, RULES[2].0, dump.as_bytes());
        assert!(
            said.contains("found 4 columns")
                || !String::from_utf8_lossy(&written).contains("too long"),
            "{said}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_rows(
        head in proptest::sample::select(&HEADS[..]),
        rows in proptest::collection::vec(
            proptest::collection::vec(
                "(|\\\\N|x@b\\.de|[ab] a@b\\.de,?(\\\\[nt]| )[ab]?|[13]|[a-z]{1,3}@[a-z]{1,4}\\.(com|de|png)|[ab@%&;.<\" é]{0,6}|[a-z@.]{0,12}|a(\\\\\\\\|\\\\n|\\\\\\.|\\\\x40|\\\\100|\\\\\t|\\\\\n|_|\x0b)b|1)",
                5..=6,
            ),
            0..6,
        ),
        end in prop_oneof![9 => Just("\n"), 1 => Just("\r\n")],
        columns in prop_oneof![5 => Just(5usize), 1 => Just(9)],
        before in prop_oneof![Just(0usize), 0usize..40, 400usize..500],
    ) {
        let delimiter = if head.contains("DELIMITER") { "_" } else { "\t" };
        let lines = rows.into_iter().map(|mut cells| {
            // Most rows have as many cells as they should.
            if columns == 5 {
                cells.resize(5, "z".to_owned());
            }
            cells.join(delimiter) + end
        });
        let line = ["1", "ada@b.de", "see c.d@e.fr, or ada.lovelace1@example.com", "z", "\\N"];
        let before = (line.join(delimiter) + "\n").repeat(before);
        agree(head, (before + &lines.collect::<String>()).as_bytes());
    }
}

/// INSERTs of some rows each, as one system's dumper writes them or the other's.
fn inserts(mysql: bool, rows: &[(String, usize)]) -> String {
    let (separator, head) = match mysql {
        true => (",", "INSERT INTO `t` VALUES "),
        false => (",\n\t", "INSERT INTO public.t VALUES "),
    };
    let mut dump = match mysql {
        true => "CREATE TABLE `t` (`id` int, `a` varchar(30), `b` text NOT NULL, `c` varchar(12), `d` text);\n",
        false => TABLE,
    }
    .to_owned();
    let mut left = 0;
    for (row, more) in rows {
        dump += match left {
            0 if dump.ends_with(')') => ";\n",
            0 => "",
            _ => separator,
        };
        if left == 0 {
            (left, dump) = (*more, dump + head);
        } else {
            left -= 1;
        }
        dump += &format!("({row})");
    }
    dump + ";\n"
}

#[test]
fn inserts_of_several_batches() {
    for mysql in [true, false] {
        let dialect: &'static dyn Dialect = if mysql { &Mysql } else { &Postgres };
        let row = |number: usize| {
            let id = number % 7;
            let odd = if number.is_multiple_of(50) {
                "x''y"
            } else {
                "z"
            };
            let row = format!(
                "{id},'ada{id}@b.de','see c.d@e.fr, or ada.lovelace{number}@example.com',NULL,'{odd}'"
            );
            (row, number % 90)
        };
        let rows: Vec<_> = (0..16_000).map(row).collect();
        let moves_and_drops = (
            "DELETE FROM t WHERE id = 3; UPDATE t SET a = anon.mailinator(a)",
            "DELETE FROM t WHERE id + 0 = 3; UPDATE t SET a = anon.mailinator(a) WHERE a IS NULL OR a IS NOT NULL",
        );
        agree_in(
            dialect,
            &[RULES[0], moves_and_drops],
            inserts(mysql, &rows).as_bytes(),
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_inserts(
        mysql in any::<bool>(),
        rows in proptest::collection::vec(
            (
                proptest::collection::vec(
                    "( |)(NULL|'[ab] a@b\\.de,?(\\\\n| )[ab]?'|[13]|0?7|'[a-z]{1,3}@[a-z]{1,4}\\.(com|de|png)'|'[ab@%&;.<\" é(),]{0,6}'|'[a-z@.]{0,12}'|'a(\\\\\\\\|\\\\n|''|\\\\'|\\\\\"|_|\n)b'|'x' 'y@b.de'|f\\(1\\)|_binary 'x@b.de'|)",
                    5..=6,
                ),
                0usize..4,
            ),
            1..8,
        ),
        even in prop_oneof![5 => Just(true), 1 => Just(false)],
        before in prop_oneof![Just(1usize), 1usize..40, 200usize..300],
    ) {
        let dialect: &'static dyn Dialect = if mysql { &Mysql } else { &Postgres };
        let plain = "1,'ada@b.de','see c.d@e.fr, or ada.lovelace1@example.com','z',NULL".to_owned();
        let mut all = vec![(plain, before / 2); before];
        for (mut cells, more) in rows {
            if even {
                cells.resize(5, "'z'".to_owned());
            }
            all.push((cells.join(","), more));
        }
        let rules = [RULES[0], RULES[2], RULES[3], RULES[4]];
        agree_in(dialect, &rules, inserts(mysql, &all).as_bytes());
    }
}
