//! A dump that is cut off anywhere, in front of the real clients: `head | scrub | client`, as the
//! README writes its pipes. Wherever the cut is, scrub refuses, the client ends with an error, and
//! what leaves is the beginning of what would have left, then an end that holds none of its rows.
//! With `-1` nothing is there afterwards.
//!
//! A thousand cuts in all, half of them anywhere and half of them around line ends, where a cut is
//! least conspicuous. `SCRUB_SEED` makes others.

use crate::differential::Choices;
use crate::mariadb::mariadb;
use crate::runner::KEY;
use crate::server::postgres;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// Where a dump is cut: `cuts` different places before its last statement's end.
fn places(dump: &[u8], cuts: usize) -> Vec<usize> {
    let seed = std::env::var("SCRUB_SEED")
        .ok()
        .and_then(|n| n.parse().ok());
    let mut choices = Choices::new(seed.unwrap_or(1));
    // What stands behind mysqldump's completion line is a date.
    let completed = memchr::memmem::rfind(dump, b"-- Dump completed on");
    let whole = completed.unwrap_or(dump.trim_ascii_end().len());
    let ends: Vec<usize> = memchr::memchr_iter(b'\n', &dump[..whole]).collect();
    let mut places = std::collections::BTreeSet::from([0, 1, whole - 1]);
    while places.len() < cuts.min(whole) {
        places.insert(match choices.one_in(2) {
            true => choices.below(whole),
            // Before the line end, behind it, and a byte into the next line.
            false => (ends[choices.below(ends.len())] + choices.below(3)).min(whole - 1),
        });
    }
    places.into_iter().collect()
}

/// One pipe: its clients and what it leaves behind.
struct Pipe<'a> {
    dump: Vec<u8>,
    rules: &'a str,
    /// scrub's arguments.
    args: &'a str,
    /// The client, as a shell would call it.
    client: String,
    /// Makes the client's database empty again.
    reset: &'a dyn Fn(),
    /// What is wrong with what has been loaded.
    loaded: &'a dyn Fn() -> Result<(), String>,
}

impl Pipe<'_> {
    /// Runs the whole dump once and then the cuts; gives what is wrong.
    fn cut(&self, cuts: usize) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("dump.sql"), &self.dump).expect("the dump");
        std::fs::write(path("rules.sql"), self.rules).expect("the rulebook");
        (self.reset)();
        let (codes, whole) = self.run(folder.path(), self.dump.len());
        assert_eq!(codes, "0 0", "the whole dump: {}", self.client);
        let mut faults = String::new();
        for place in places(&self.dump, cuts) {
            (self.reset)();
            let (codes, out) = self.run(folder.path(), place);
            let mut wrong = |what: &str| {
                let _ = writeln!(faults, "{} at {place}: {what}", self.client);
            };
            // Before the first table of a dump without a banner, it is the rules that miss something.
            if !(codes.starts_with("3 ") || codes.starts_with("1 ")) || codes.ends_with(" 0") {
                wrong(&format!("exit codes {codes}"));
            }
            // Nothing else than what would have left, and behind it no rows.
            let same = out.iter().zip(&whole).take_while(|(a, b)| a == b).count();
            if out[same..].len() > 600 || memchr::memmem::find(&out[same..], b"S3CRET").is_some() {
                wrong("rows behind the fault");
            }
            if let Err(what) = (self.loaded)() {
                wrong(&what);
            }
        }
        faults
    }

    /// The exit codes of scrub and of the client, and what went from one to the other.
    fn run(&self, folder: &Path, length: usize) -> (String, Vec<u8>) {
        let line = format!(
            "head -c {length} dump.sql | {} -q -r rules.sql {} | tee out.sql | {}\n\
             echo ${{PIPESTATUS[1]}} ${{PIPESTATUS[3]}}",
            env!("CARGO_BIN_EXE_scrub"),
            self.args,
            self.client
        );
        let output = Command::new("bash")
            .args(["-c", &line])
            .current_dir(folder)
            .env("SCRUB_KEY", KEY)
            .output()
            .expect("bash could not be run");
        let codes = String::from_utf8_lossy(&output.stdout);
        let codes = codes.lines().last().unwrap_or_default().to_owned();
        (
            codes,
            std::fs::read(folder.join("out.sql")).expect("out.sql"),
        )
    }
}

/// Rows that a rule changes and rows that none concerns, text over several lines, quotes, an empty table.
const TABLES: &str = "CREATE TABLE person (id integer PRIMARY KEY, email varchar(80), note varchar(200));
    CREATE TABLE empty (id integer);
    CREATE TABLE visit (id integer PRIMARY KEY, person integer, what varchar(80));
    INSERT INTO person VALUES (1, 'S3CRET@company.com', 'it''s \n; two lines -- S3CRET'), (2, NULL, '');
    INSERT INTO visit VALUES (1, 1, 'S3CRET'), (2, 2, ''');'), (3, 1, '/* $$');\n";

const RULES: &str =
    "UPDATE person SET email = anon.mailinator(email);\nDELETE FROM person WHERE id = 7;\n";

/// More rows for [`TABLES`], so that a cut has something to cut.
fn rows() -> String {
    let rows = (10..60).map(|n| {
        format!(
            "INSERT INTO person VALUES ({n}, 'S3CRET{n}@company.com', 'note {n}');
             INSERT INTO visit VALUES ({n}, {n}, 'S3CRET visit\n{n}');\n"
        )
    });
    rows.collect()
}

#[test]
fn psql_takes_no_dump_that_was_cut() {
    let Some(pg) = postgres() else { return };
    let production = pg.database();
    production.psql(TABLES);
    production.psql(rows());
    production.psql(
        "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT 'a;b' $$;
         COMMENT ON TABLE person IS 'it''s; a comment';
         CREATE VIEW v AS SELECT id FROM person;
         ALTER TABLE visit ADD CONSTRAINT visit_person FOREIGN KEY (person) REFERENCES person;
         SELECT lo_from_bytea(4711, 'a large object');",
    );
    let test = pg.database();
    let client = format!(
        "PGHOST={} PGUSER=postgres {}/psql -X -q -v ON_ERROR_STOP=1 -d {} 2>/dev/null >&2",
        pg.host().display(),
        pg.bin().display(),
        test.name()
    );
    let reset = || {
        test.psql(
            "DROP SCHEMA public CASCADE; CREATE SCHEMA public;
             SELECT lo_unlink(oid) FROM pg_largeobject_metadata;",
        );
    };
    let nothing = || match test.psql(
        "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace;
         SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace;
         SELECT count(*) FROM pg_largeobject_metadata;",
    ) {
        counts if counts.split_whitespace().all(|count| count == "0") => Ok(()),
        counts => Err(format!("-1 has committed something: {counts:?}")),
    };
    let mut faults = String::new();
    for options in [&[][..], &["--inserts"]] {
        let dump = production.dump(options);
        for (args, cuts) in [("-1", 150), ("", 150)] {
            let pipe = Pipe {
                dump: dump.clone(),
                rules: RULES,
                args,
                client: client.clone(),
                // With -1 nothing is left that would have to go; the whole dump has been loaded.
                reset: &reset,
                loaded: if args == "-1" { &nothing } else { &|| Ok(()) },
            };
            faults.push_str(&pipe.cut(cuts));
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

#[test]
fn mariadb_takes_no_dump_that_was_cut() {
    let Some(server) = mariadb() else { return };
    let production = server.database();
    production.run(TABLES.as_bytes());
    production.run(rows().as_bytes());
    let test = server.database();
    let client = format!("{} 2>/dev/null >&2", test.client());
    let mut faults = String::new();
    for options in [&[][..], &["--skip-extended-insert"]] {
        let pipe = Pipe {
            dump: production.dump(options),
            rules: RULES,
            args: "",
            client: client.clone(),
            reset: &|| {
                test.run(b"DROP TABLE IF EXISTS person, empty, visit;");
            },
            loaded: &|| Ok(()),
        };
        faults.push_str(&pipe.cut(100));
    }
    assert!(faults.is_empty(), "{faults}");
}

#[test]
fn sqlite_takes_no_dump_that_was_cut() {
    if !crate::sqlite::available() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    crate::sqlite::sqlite(&path("production"), TABLES.as_bytes());
    crate::sqlite::sqlite(&path("production"), rows().as_bytes());
    let dump = crate::sqlite::sqlite(&path("production"), b".dump\n");
    let test = path("test");
    let mut faults = String::new();
    for args in ["-1", ""] {
        let pipe = Pipe {
            dump: dump.clone().into_bytes(),
            rules: RULES,
            args,
            client: format!("sqlite3 -bail {} 2>/dev/null >&2", test.display()),
            reset: &|| {
                let _ = std::fs::remove_file(&test);
            },
            // .dump is one transaction by itself.
            loaded: &|| match crate::sqlite::sqlite(&test, b".tables\n") {
                tables if tables.is_empty() => Ok(()),
                _ => Err("tables have been committed".to_owned()),
            },
        };
        faults.push_str(&pipe.cut(100));
    }
    assert!(faults.is_empty(), "{faults}");
}
