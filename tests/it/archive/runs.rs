//! Runs over tars and directories: they become what a custom archive becomes.

use super::streams::files;
use super::{SHOP, Tools, compressed, decompressed, tools};
use crate::runner::{Run, filter_with};
use crate::server::{Database, postgres};
use scrub::archive::Codec;
use std::path::{Path, PathBuf};

/// Rows that change, go, stay behind others, move to another partition, and are completed by the server.
const RULES: &str = "
UPDATE users SET email = 'user' || id || '@mailinator.com', note = NULL WHERE id <> 7;
DELETE FROM orders WHERE user_id IN (SELECT id FROM users WHERE mood = 'sad' AND id < 10);
UPDATE log SET day = day + 190 WHERE day < '2024-02-15';
INSERT INTO orders (user_id, total) VALUES (1, 99.5);
";

const FORMATS: [&str; 3] = ["-Fc", "-Ft", "-Fd"];

fn path(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

fn dump(tools: &Tools, database: &Database, format: &str, compression: &[&str], to: &Path) {
    let mut dump = tools.tool("pg_dump");
    dump.args([format, "-f", path(to)]).args(compression);
    let output = dump.arg(database.name()).output();
    let output = output.expect("pg_dump could not be run");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "pg_dump {format}: {errors}");
}

fn scrub(args: &[&str], rules: &str, from: &Path, to: &Path) -> Run {
    let all = [args, &[path(from), "-o", path(to)]].concat();
    filter_with(&all, rules, b"")
}

struct Case {
    dir: tempfile::TempDir,
    database: Database,
}

impl Case {
    fn new() -> Option<Case> {
        let database = postgres()?.database();
        database.restore(SHOP);
        let dir = tempfile::tempdir().expect("a temporary directory");
        Some(Case { dir, database })
    }

    fn path(&self, name: impl AsRef<str>) -> PathBuf {
        self.dir.path().join(name.as_ref())
    }
}

#[test]
fn all_formats_become_the_same() {
    let Some(case) = Case::new() else { return };
    for tools in tools() {
        for method in ["none", "gzip", "lz4", "zstd"] {
            if !tools.methods().contains(&method) {
                continue;
            }
            let mut shown = Vec::new();
            for format in FORMATS {
                let name = format!("{}{format}{method}", tools.version);
                let (from, to) = (case.path(&name), case.path(format!("{name}.safe")));
                let level = match method {
                    "none" => "0",
                    "gzip" => "6",
                    other => other,
                };
                let compression = match format {
                    "-Ft" => &[][..],
                    _ => &["-Z", level],
                };
                dump(&tools, &case.database, format, compression, &from);
                let untouched = case.path(format!("{name}.same"));
                scrub(&[], "", &from, &untouched).ok();
                let original = tools.shown(&[path(&from)], b"");
                assert!(tools.shown(&[path(&untouched)], b"") == original, "{name}");
                if format == "-Fd" {
                    assert!(files(&from) == files(&untouched), "{name}");
                }
                scrub(&[], RULES, &from, &to).ok();
                shown.push(tools.shown(&[path(&to)], b""));
                assert!(shown.last() != Some(&original), "{name}");
                if format == "-Fd" {
                    let (before, after) = (files(&from), files(&to));
                    let same = before
                        .iter()
                        .filter(|(name, file)| after.get(*name) == Some(file));
                    // Neither users nor orders nor the logs, nor the TOC. Of the log that rows move to
                    // all rows stay, so that it is the same if nothing compresses it.
                    let changed = if method == "none" { 4 } else { 5 };
                    assert_eq!(same.count(), before.len() - changed, "{name}");
                }
            }
            assert!(shown[0] == shown[1], "{} {method}: tar", tools.version);
            assert!(
                shown[0] == shown[2],
                "{} {method}: directory",
                tools.version
            );
        }
    }
}

#[test]
fn what_comes_out_is_restored() {
    let Some(case) = Case::new() else { return };
    let tools = &tools()[0];
    let expected = postgres().expect("a server").database();
    expected.restore(SHOP);
    expected.psql(RULES);
    expected.psql("REFRESH MATERIALIZED VIEW counts;");
    for (format, jobs) in [("-Ft", "1"), ("-Fd", "1"), ("-Fd", "4")] {
        let (from, to) = (case.path("from"), case.path(format!("to{format}{jobs}")));
        let _ = std::fs::remove_file(&from).or_else(|_| std::fs::remove_dir_all(&from));
        dump(tools, &case.database, format, &[], &from);
        scrub(&["--jobs", jobs], RULES, &from, &to).ok();
        let restored = postgres().expect("a server").database();
        let mut restore = tools.tool("pg_restore");
        restore.args([
            "-d",
            restored.name(),
            "-j",
            if format == "-Fd" { "4" } else { "1" },
        ]);
        let output = restore
            .arg(&to)
            .output()
            .expect("pg_restore could not be run");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{format}: {errors}");
        let same = expected.fingerprint();
        same.assert_same(&restored.fingerprint(), &format!("{format} --jobs {jobs}"));
    }
}

#[test]
fn a_tar_goes_through_a_pipe() {
    let Some(case) = Case::new() else { return };
    for tools in tools() {
        let from = case.path(format!("{}.tar", tools.version));
        dump(&tools, &case.database, "-Ft", &[], &from);
        let bytes = std::fs::read(&from).expect("a tar");
        let safe = filter_with(&[], RULES, &bytes).ok();
        let to = case.path(format!("{}.safe.tar", tools.version));
        scrub(&[], RULES, &from, &to).ok();
        assert!(std::fs::read(&to).expect("a tar") == safe);
        assert!(tools.shown(&[], &safe) == tools.shown(&[path(&to)], b""));
    }
}

#[test]
fn a_run_that_fails_leaves_nothing() {
    let Some(case) = Case::new() else { return };
    let tools = &tools()[0];
    const TEST: &str = "-- name: nobody :test\nSELECT id FROM users WHERE id = 5;\n";
    let folder = case.path("out");
    std::fs::create_dir(&folder).expect("a directory");
    for format in FORMATS {
        let from = case.path(format);
        dump(tools, &case.database, format, &[], &from);
        for rules in [
            TEST,
            "UPDATE users SET id = 'x';",
            "UPDATE no_table SET a = 1;",
        ] {
            let run = scrub(&[], rules, &from, &folder.join("safe"));
            assert!(matches!(run.code, Some(1..=3)), "{format}: {}", run.err);
            assert!(files(&folder).is_empty(), "{format} {rules}");
        }
    }
    // In a pipe the end is missing.
    let bytes = std::fs::read(case.path("-Ft")).expect("a tar");
    let run = filter_with(&[], TEST, &bytes);
    assert_eq!(run.code, Some(1), "{}", run.err);
    let mut restore = tools.tool("pg_restore");
    let restored = restore.args(["-f", "-"]).write_stdin(run.out).output();
    assert!(!restored.expect("pg_restore").status.success());
}

#[test]
fn what_cannot_be_is_said() {
    let Some(case) = Case::new() else { return };
    let tools = &tools()[0];
    let (folder, tar) = (case.path("folder"), case.path("tar"));
    dump(tools, &case.database, "-Fd", &[], &folder);
    dump(tools, &case.database, "-Ft", &[], &tar);
    let run = filter_with(&[path(&folder)], "", b"");
    assert_eq!(run.code, Some(2), "{}", run.err);
    assert!(run.err.contains("-o DIRECTORY"), "{}", run.err);
    let run = scrub(&[], "", &folder, &folder);
    assert_eq!(run.code, Some(2), "{}", run.err);
    let run = scrub(&["-Z", "gzip"], "", &tar, &case.path("out"));
    assert_eq!(run.code, Some(2), "{}", run.err);
    // Another compression of a directory.
    let plain = case.path("plain");
    scrub(&["-Z", "none"], "", &folder, &plain).ok();
    assert!(files(&plain).keys().all(|name| !name.ends_with(".gz")));
    assert!(tools.shown(&[path(&plain)], b"") == tools.shown(&[path(&folder)], b""));
    for of in [&folder, &tar] {
        let run = crate::runner::run(&["check", path(of)], b"");
        assert!(matches!(run.code, Some(0 | 1)), "{}", run.err);
        let run = crate::runner::run(&["verify", path(of)], b"");
        assert!(
            run.text().contains("address") || run.err.contains("address"),
            "{}",
            run.err
        );
    }
}

/// Tables of several pieces, with rows that compress well and rows that do not, and many short ones.
const LARGE: &str = "
CREATE TABLE one (a int, b text);
INSERT INTO one SELECT g, md5(g::text) || md5((g + 1)::text) FROM generate_series(1, 70000) g;
CREATE TABLE two (a int, b text);
INSERT INTO two SELECT g, repeat('the same ', g % 30) FROM generate_series(1, 40000) g;
DO $$ BEGIN FOR n IN 1..30 LOOP
    EXECUTE format('CREATE TABLE short_%s AS SELECT g AS a, md5(g::text) AS b FROM generate_series(1, %s) g', n, n * n);
END LOOP; END $$;
SELECT lo_from_bytea(n, convert_to(repeat('object ' || n, n * 5000), 'UTF8')) FROM generate_series(1, 9) n;
SELECT lo_from_bytea(10, convert_to(string_agg(md5(g::text), ' '), 'UTF8')) FROM generate_series(1, 80000) g;
";

#[test]
fn every_number_of_threads_gives_the_same() {
    let Some(server) = postgres() else { return };
    let database = server.database();
    database.restore(LARGE);
    let dir = tempfile::tempdir().expect("a temporary directory");
    let at = |name: &str| dir.path().join(name);
    let versions = tools();
    let tools = versions.last().expect("a version");
    for format in FORMATS {
        dump(tools, &database, format, &[], &at(format));
    }
    let rules = r#"UPDATE "*" SET b = b || 'x' WHERE a % 2 = 0; DELETE FROM one WHERE a IN (SELECT a FROM two WHERE b = '');"#;
    let mut shown = None;
    for (format, method) in [
        ("-Fc", "gzip"),
        ("-Fc", "zstd"),
        ("-Fc", "zstd:2"),
        ("-Fd", "none"),
        ("-Fd", "gzip:1"),
        ("-Fd", "lz4"),
        ("-Fd", "zstd"),
        ("-Ft", "none"),
    ] {
        if tools.version < 16 && ["lz4", "zstd", "zstd:2"].contains(&method) {
            continue;
        }
        let mut first = None;
        for jobs in ["1", "2", "5"] {
            let to = at(&format!("{format}-{method}-{jobs}"));
            scrub(&["--jobs", jobs, "-Z", method], rules, &at(format), &to).ok();
            let bytes = match format {
                "-Fd" => files(&to),
                _ => [(String::new(), std::fs::read(&to).expect("it"))].into(),
            };
            assert!(
                *first.get_or_insert_with(|| bytes.clone()) == bytes,
                "{format} {method} --jobs {jobs}"
            );
            // What is in zstd is several frames.
            let readers = versions.iter().filter(|reader| match method {
                "zstd" => reader.version >= 16 && reader.version >= tools.version - 1,
                _ => reader.version == tools.version,
            });
            for reader in readers.filter(|_| jobs == "5") {
                let text = reader.shown(&[path(&to)], b"");
                assert!(
                    *shown.get_or_insert_with(|| text.clone()) == text,
                    "{format} {method} {}",
                    reader.version
                );
            }
        }
    }
}

#[test]
fn parts_are_restored_of_it() {
    let Some(case) = Case::new() else { return };
    for tools in tools() {
        let at = |name: String| case.path(format!("{}{name}", tools.version));
        let shown: Vec<_> = FORMATS
            .iter()
            .map(|format| {
                let (from, to) = (at(format.to_string()), at(format!("{format}.safe")));
                dump(&tools, &case.database, format, &[], &from);
                scrub(&[], RULES, &from, &to).ok();
                let to = path(&to);
                // The data the other way round; a tar is read from its start to its end.
                let list = tools.shown(&["-l", to], b"");
                let list = String::from_utf8(list).expect("UTF-8");
                let is_data = |line: &&str| line.contains(" TABLE DATA ");
                let mut data: Vec<_> = list.lines().filter(is_data).collect();
                if *format != "-Ft" {
                    data.reverse();
                }
                data.truncate(4);
                let file = at(format!("{format}.list"));
                std::fs::write(&file, data.join("\n")).expect("a list");
                assert_eq!(data.len(), 4, "{list}");
                let mut listed: Vec<_> = tools.shown(&["-L", path(&file), to], b"");
                listed.sort_unstable();
                (
                    tools.shown(&["-t", "orders", to], b""),
                    tools.shown(&["--data-only", "-t", "users", to], b""),
                    tools.shown(&["--section=data", to], b""),
                    (*format != "-Ft").then_some(listed),
                )
            })
            .collect();
        let [custom, tar, folder] = &shown[..] else {
            panic!()
        };
        assert!(custom == folder, "{}: directory", tools.version);
        assert!(
            (&custom.0, &custom.1, &custom.2) == (&tar.0, &tar.1, &tar.2),
            "{}: tar",
            tools.version
        );
        let users = String::from_utf8_lossy(&custom.1);
        assert!(users.contains("user1@mailinator.com"), "{users}");
    }
}

#[test]
fn other_encodings_are_kept() {
    let Some(server) = postgres() else { return };
    let dir = tempfile::tempdir().expect("a temporary directory");
    for (encoding, text) in [("LATIN1", "Müller"), ("WIN1250", "Škoda")] {
        let rules =
            format!("UPDATE t SET b = 'Jürgen' WHERE b = '{text}'; DELETE FROM t WHERE a = 3;");
        let database = server.database_in(encoding);
        database.psql(format!(
            "SET client_encoding = 'UTF8'; CREATE TABLE t (a int, b text); \
             INSERT INTO t VALUES (1, '{text}'), (2, 'Größe'), (3, 'ß');"
        ));
        for format in ["-Fd", "-Ft"] {
            let at = |name: &str| dir.path().join(format!("{encoding}{format}{name}"));
            dump(&tools()[0], &database, format, &[], &at(""));
            scrub(&[], &rules, &at(""), &at("safe")).ok();
            let restored = server.database();
            let mut restore = tools()[0].tool("pg_restore");
            let done = restore
                .args(["-1", "-d", restored.name(), path(&at("safe"))])
                .output();
            let done = done.expect("pg_restore could not be run");
            assert!(
                done.status.success(),
                "{}",
                String::from_utf8_lossy(&done.stderr)
            );
            let rows = restored.psql("SELECT b FROM t ORDER BY a");
            assert_eq!(rows.trim(), "Jürgen\nGröße", "{encoding} {format}");
        }
    }
}

#[test]
fn a_signal_leaves_nothing() {
    use rustix::process::{Pid, Signal, kill_process};
    use std::process::{Command, Stdio};
    let Some(server) = postgres() else { return };
    let database = server.database();
    database.psql(
        "CREATE TABLE t AS SELECT g AS a, md5(g::text) || md5((g + 1)::text) AS b FROM generate_series(1, 400000) g;",
    );
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (from, out) = (dir.path().join("from"), dir.path().join("out"));
    dump(&tools()[0], &database, "-Fd", &[], &from);
    std::fs::create_dir(&out).expect("a directory");
    let rules = dir.path().join("rules.sql");
    std::fs::write(&rules, "UPDATE t SET b = b || 'x';").expect("rules");
    for signal in crate::faults::heard().filter(|signal| *signal != Signal::KILL) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_scrub"))
            .args(["-q", "-r", path(&rules), path(&from), "-o"])
            .args([path(&out.join("safe")), "-Z", "gzip:9", "--jobs=1"])
            .env("SCRUB_KEY", crate::runner::KEY)
            .stderr(Stdio::null())
            .spawn()
            .expect("scrub could not be run");
        while names(&out).is_empty() && child.try_wait().expect("a child").is_none() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        assert!(!out.join("safe").exists(), "the dump is too small");
        kill_process(Pid::from_child(&child), signal).expect("a process");
        assert_eq!(child.wait().expect("an end").code(), Some(130));
        assert_eq!(names(&out), [""; 0], "{signal:?}");
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a directory");
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("an entry").file_name();
    let names = entries.map(|entry| name(entry).to_string_lossy().into_owned());
    names.collect()
}

/// A user may pack and unpack the files of a directory, `toc.dat` too: what pg_restore reads is read, and leaves as
/// it came.
#[test]
fn every_file_may_be_packed_in_its_own_way() {
    let Some(case) = Case::new() else { return };
    for tools in tools() {
        let at = |name: &str| case.path(format!("{}{name}", tools.version));
        let (from, mixed) = (at("from"), at("mixed"));
        dump(&tools, &case.database, "-Fd", &[], &from);
        std::fs::create_dir(&mixed).expect("a directory");
        let known = match tools.version {
            16.. => &["none", "gzip:1", "lz4", "zstd"][..],
            _ => &["none", "gzip:1"],
        };
        let known: Vec<_> = known
            .iter()
            .filter(|m| tools.methods().contains(m))
            .collect();
        for (number, (name, bytes)) in files(&from).into_iter().enumerate() {
            let packed = name.strip_suffix(".gz");
            let plain = match packed {
                Some(_) => decompressed(Codec::Gzip, &bytes).expect("gzip"),
                None => bytes,
            };
            let name = packed.unwrap_or(&name);
            let method: scrub::sink::Method =
                known[number % known.len()].parse().expect("a method");
            let suffix = scrub::archive::suffix(method.compression);
            let codec = Codec::in_files(method.compression);
            let bytes = compressed(codec, method.level, &plain);
            std::fs::write(mixed.join(format!("{name}{suffix}")), bytes).expect("a file");
        }
        let version = tools.version;
        assert!(tools.shown(&[path(&from)], b"") == tools.shown(&[path(&mixed)], b""));
        for (rules, what) in [("", "untouched"), (RULES, "rules")] {
            for more in [&[][..], &["-Z", "gzip"], &["-Z", "none", "--jobs=3"]] {
                let expected = at(&format!("expected-{what}{}", more.len()));
                let to = at(&format!("to-{what}{}", more.len()));
                scrub(more, rules, &from, &expected).ok();
                scrub(more, rules, &mixed, &to).ok();
                let shown = tools.shown(&[path(&to)], b"");
                assert!(
                    shown == tools.shown(&[path(&expected)], b""),
                    "{version} {what} {more:?}"
                );
                if !more.is_empty() {
                    assert_eq!(files(&to).len(), files(&expected).len());
                    continue;
                }
                // Every file keeps its way, but the table of contents and lists, and large objects of several.
                let (before, after) = (files(&mixed), files(&to));
                let rows =
                    |name: &&String| name.contains(".dat") && name.as_bytes()[0].is_ascii_digit();
                for name in before.keys().filter(rows) {
                    assert!(after.contains_key(name), "{version} {what}: {name}");
                    assert!(
                        !rules.is_empty() || before[name] == after[name],
                        "{version}: {name}"
                    );
                }
            }
        }
    }
}
