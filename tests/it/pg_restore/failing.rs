//! A run that fails leaves nothing that could be restored as a whole.

use super::{STYLES, archive, made, restored, to_file, try_restore};
use crate::archive::Archive;
use crate::differential::{Choices, number};
use crate::runner::{self, SPOILED};
use crate::server::{Postgres, postgres};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

const TEST: &str = "-- name: nobody :test\nSELECT id FROM parent WHERE id = 5;\n";

#[track_caller]
fn cannot_be_restored(server: &'static Postgres, archive: &[u8], what: &str) {
    for args in [&["-1"][..], &["--exit-on-error"], &[]] {
        let database = server.database();
        let output = try_restore(server, &database, args, archive);
        assert!(!output.status.success(), "{what}: pg_restore {args:?}");
        if args == ["-1"] {
            let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
            assert_eq!(
                database.psql(tables).trim(),
                "0",
                "{what}: something is there"
            );
        }
    }
}

#[test]
fn a_failed_run_restores_nothing() {
    let Some(server) = postgres() else { return };
    let made = made(server);
    made.psql("ALTER TABLE child DROP CONSTRAINT child_parent_id_fkey, ADD FOREIGN KEY (parent_id) REFERENCES parent");
    let piped = archive(&made, &[]);
    let schema_only = archive(&made, &["-s"]);
    let key = "DELETE FROM parent WHERE id = 3;";
    let cast = "UPDATE aside SET a = b::int WHERE a = 2999;";
    let met = "UPDATE no_table SET a = 1;";
    for (name, rules, dump, code) in [
        ("a test finds rows", TEST, &piped, 1),
        (
            "a test finds rows in the end",
            &format!("UPDATE aside SET b = '';\n{TEST}"),
            &piped,
            1,
        ),
        ("a foreign key stops it", key, &piped, 3),
        ("a value does not fit", cast, &piped, 3),
        ("a rule meets nothing", met, &piped, 1),
        ("a rule meets nothing, no data", met, &schema_only, 1),
    ] {
        for more in [&[][..], &["-Z", "none"]] {
            let run = runner::filter_with(more, rules, dump);
            assert_eq!(run.code, Some(code), "{name}: {}", run.err);
            cannot_be_restored(server, &run.out, name);
        }
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (from, to) = (dir.path().join("a.dump"), dir.path().join("b.dump"));
        std::fs::write(&from, dump).expect("a file");
        assert_eq!(to_file(&[], rules, &from, &to).code, Some(code), "{name}");
        assert!(!to.exists(), "{name}: the file appeared");
    }
    // The same archives are whole where nothing fails.
    restored(server, &runner::filter("", &piped).ok(), "no failure");
    restored(server, &runner::filter("", &schema_only).ok(), "no failure");
}

#[test]
fn an_archive_that_is_cut_is_no_archive() {
    let Some(server) = postgres() else { return };
    let small = server.database();
    small.psql("CREATE TABLE t (a int, b text); INSERT INTO t SELECT g, 'x' || g FROM generate_series(1, 500) g;");
    small.psql("CREATE TABLE u (a int PRIMARY KEY); INSERT INTO u VALUES (1);");
    let piped = archive(&small, &[]);
    let rules = "UPDATE t SET b = 'y' WHERE a = 3;";
    let into = server.database();
    let points = (0..12).map(|n| n * piped.len() / 12);
    for point in points.chain([5, 11, piped.len() - 5, piped.len() - 1]) {
        for rules in ["", rules] {
            let what = format!("cut at {point} of {}", piped.len());
            let run = runner::filter(rules, &piped[..point]);
            assert_eq!(run.code, Some(3), "{what}: {}", run.err);
            match run.out == SPOILED {
                true => {}
                false => {
                    let output = try_restore(server, &into, &["-1"], &run.out);
                    assert!(!output.status.success(), "{what}");
                    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
                    assert_eq!(into.psql(tables).trim(), "0", "{what}");
                }
            }
        }
    }
}

/// The commands that read the archive in one go, over what is left of it.
#[track_caller]
fn nothing_is_left(server: &'static Postgres, out: &[u8], what: &str) {
    if out == SPOILED || out.is_empty() {
        return;
    }
    let into = server.database();
    let output = try_restore(server, &into, &["-1"], out);
    assert!(!output.status.success(), "{what}: pg_restore -1");
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(into.psql(tables).trim(), "0", "{what}: something is there");
    let output = try_restore(server, &into, &[], out);
    assert!(!output.status.success(), "{what}: pg_restore");
}

/// Rows that wait, follow, and move.
const RULES: &str = "UPDATE aside SET b = (SELECT max(name) FROM parent) WHERE a % 3 = 0;\n\
     INSERT INTO lacking (id) VALUES (77);\nUPDATE part SET k = 3 - k WHERE v = 'one';\n";

#[test]
fn an_archive_that_is_cut_anywhere_restores_nothing() {
    let Some(server) = postgres() else { return };
    let made = made(server);
    let choices = &mut Choices::new(number("SCRUB_SEED").unwrap_or(1));
    for style in STYLES {
        let archive = archive(&made, style);
        for rules in ["", RULES] {
            for _ in 0..5 {
                let point = choices.below(archive.len());
                let what = format!("{style:?} cut at {point} of {}", archive.len());
                let run = runner::filter(rules, &archive[..point]);
                assert_eq!(run.code, Some(3), "{what}: {}", run.err);
                nothing_is_left(server, &run.out, &what);
            }
        }
    }
}

#[test]
fn a_signal_at_any_time_leaves_nothing_to_restore() {
    let Some(server) = postgres() else { return };
    let made = made(server);
    let choices = &mut Choices::new(number("SCRUB_SEED").unwrap_or(2));
    let dir = tempfile::tempdir().expect("a temporary directory");
    let book = dir.path().join("rules.sql");
    for (number, style) in STYLES.iter().cycle().take(10).enumerate() {
        let archive = archive(&made, style);
        std::fs::write(&book, ["", RULES][number % 2]).expect("a file");
        let signal = [Signal::TERM, Signal::INT][number / 2 % 2];
        // Even when all of it has come, for more could.
        let point = match number {
            0 | 1 => archive.len(),
            _ => choices.below(archive.len()),
        };
        let what = format!("{style:?}, {signal:?} at {point} of {}", archive.len());
        let mut child = Command::new(env!("CARGO_BIN_EXE_scrub"))
            .arg("-r")
            .arg(&book)
            .env("SCRUB_KEY", runner::KEY)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("scrub could not be run");
        let mut out = child.stdout.take().expect("its output");
        let reader = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            out.read_to_end(&mut bytes).map(|_| bytes)
        });
        let mut input = child.stdin.take().expect("its input");
        input.write_all(&archive[..point]).expect("it is read");
        std::thread::sleep(Duration::from_millis(choices.below(150) as u64));
        kill_process(Pid::from_child(&child), signal).expect("it runs");
        let status = child.wait().expect("it ends");
        drop(input);
        assert!(!status.success(), "{what}");
        let out = reader.join().expect("no panic").expect("its output");
        nothing_is_left(server, &out, &what);
    }
}

#[test]
fn rows_that_go_elsewhere_than_their_entry_says_are_refused() {
    let Some(server) = postgres() else { return };
    let made = server.database();
    made.psql("CREATE TABLE staff (a text); CREATE TABLE hours (a text);");
    made.psql("INSERT INTO staff VALUES ('S3CRET'); INSERT INTO hours VALUES ('7');");
    for style in [&["-Z0"][..], &["-Z0", "--inserts"]] {
        let archive = archive(&made, style);
        let statement = match style.len() {
            1 => ["COPY public.hours", "COPY public.staff"],
            _ => ["INTO public.hours", "INTO public.staff"],
        };
        let at = memchr::memmem::find(&archive, statement[0].as_bytes()).expect("its rows");
        let mut other = archive.clone();
        other[at..at + statement[1].len()].copy_from_slice(statement[1].as_bytes());
        let run = runner::filter("DELETE FROM staff;", &other);
        assert_eq!(run.code, Some(3), "{}", run.err);
        assert!(
            run.err.contains("holds rows of public.staff"),
            "{}",
            run.err
        );
        nothing_is_left(server, &run.out, "rows of another table");
    }
}

/// An archive (not compressed) in which somebody has put something in the place of what pg_dump wrote.
fn forged(archive: &[u8], table: &str, from: &str, to: &str) -> Archive {
    let mut archive = Archive::read(archive, 1 << 20).expect("an archive");
    let payloads = archive.payloads().expect("payload").into_iter();
    let texts: Vec<_> = payloads
        .map(|(entry, _, objects)| (entry.name(), objects))
        .collect();
    for ((name, objects), (_, _, block)) in texts.into_iter().zip(&mut archive.blocks) {
        if name == table {
            let text = String::from_utf8(objects[0].1.clone()).expect("UTF-8");
            let other = text.replacen(from, to, 1);
            assert!(other != text, "no {from}");
            block.clear();
            scrub::archive::chunk(other.as_bytes(), block);
            scrub::archive::end(block);
        }
    }
    archive
}

#[test]
fn rows_that_hide_in_another_entry_are_refused() {
    let Some(server) = postgres() else { return };
    let made = server.database();
    made.psql("CREATE TABLE staff (a text, b text); CREATE TABLE hours (a text, b text);");
    made.psql("CREATE TABLE other (a int);");
    made.psql("INSERT INTO staff VALUES ('S3CRET', ''); INSERT INTO other VALUES (1), (2);");
    made.psql("INSERT INTO hours SELECT g, 'x' FROM generate_series(101, 2000) g;");
    let rules = "UPDATE staff SET a = 'x';";
    let inserts = archive(&made, &["-Z0", "--inserts"]);
    let second = "INSERT INTO public.hours VALUES ('1901', 'x');";
    let first = "INSERT INTO public.hours VALUES ('101', 'x');";
    let forms = [
        (
            "holds rows of public.staff",
            "INSERT INTO public.staff VALUES ('S3CRET');",
        ),
        (
            "holds rows of public.staff",
            "INSERT INTO public.staff SELECT 'S3CRET';",
        ),
        (
            "holds rows of public.staff",
            "UPDATE public.staff SET a = 'S3CRET';",
        ),
        ("statements that pg_dump never", "SELECT lower('S3CRET');"),
    ];
    for (says, statement) in forms {
        for place in [first, second] {
            let whole = forged(&inserts, "public.hours", place, statement);
            let of = |method: &str| {
                let method = method.parse().expect("a method");
                whole.recompressed(method, false, 4096)
            };
            let (other, packed) = (of("none"), of("gzip"));
            for (archive, more) in [
                (&other, &[][..]),
                (&packed, &[]),
                (&packed, &["-Z", "none"]),
            ] {
                let run = runner::filter_with(more, rules, archive);
                let what = format!("{statement} in {place}: {}", run.err);
                assert_eq!(run.code, Some(3), "{what}");
                assert!(run.err.contains(says), "{what}");
                assert!(!run.err.contains("S3CRET"), "{what}");
                nothing_is_left(server, &run.out, &what);
            }
        }
    }
    // What else pg_restore would run: the definition of an entry with rows, and what its COPY says.
    let whole = archive(&made, &["-Z0"]);
    for (place, text) in [
        (0, "INSERT INTO staff VALUES ('S3CRET');"),
        (1, "SET a.b = 1; COPY public.staff FROM stdin;\n"),
    ] {
        let mut forged = Archive::read(&whole, 1 << 20).expect("an archive");
        let entries = &mut forged.toc.entries;
        let entry = entries
            .iter_mut()
            .find(|e| e.copy_stmt.is_some() && e.name().ends_with("hours"));
        let entry = entry.expect("rows");
        match place {
            0 => entry.defn = Some(text.into()),
            _ => entry.copy_stmt = Some(text.into()),
        }
        let forged = forged.recompressed("none".parse().expect("a method"), false, 4096);
        let run = runner::filter(rules, &forged);
        assert_eq!(run.code, Some(3), "{text}: {}", run.err);
        assert!(
            run.err.contains("somebody has changed") || run.err.contains("pg_restore -f -"),
            "{}",
            run.err
        );
        nothing_is_left(server, &run.out, text);
    }
    // What nobody has changed leaves as the container has it, although it has been looked at.
    let whole = Archive::read(&inserts, 1 << 20).expect("an archive");
    let packed = whole.recompressed("gzip".parse().expect("a method"), false, 4096);
    let run = runner::filter(rules, &packed);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let [before, after] =
        [&packed, &run.out].map(|a| Archive::read(a, 1 << 20).expect("an archive"));
    for (number, (entry, _, block)) in before.blocks.iter().enumerate() {
        let own = before.toc.entries[*entry].name() == "public.staff";
        assert_eq!(after.blocks[number].2 == *block, !own);
    }
}

#[test]
fn what_an_archive_cannot_be() {
    let Some(server) = postgres() else { return };
    let made = server.database();
    made.psql("CREATE TABLE t (a int)");
    let piped = archive(&made, &[]);
    let run = runner::filter_with(&["-1"], "", &piped);
    assert_eq!(run.code, Some(2));
    assert!(run.err.contains("pg_restore -1"), "{}", run.err);
    let run = runner::filter_with(&["--from", "mysql"], "", &piped);
    assert_eq!(run.code, Some(3));
    assert!(run.err.contains("archive"), "{}", run.err);
}
