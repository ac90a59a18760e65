//! What a run meets that is nobody's mistake: a disk that is full, a reader that has gone, an input that
//! cannot be read on, a signal, `kill -9`. Real processes; the moments are random, `SCRUB_SEED` makes others.
//!
//! However a run ends: its exit code says so, a message says what and where and what to do, `-o` leaves no
//! name, spools leave nothing, and what has gone into a pipe cannot pass for a whole dump.

use crate::differential::{Choices, number};
use crate::runner::{KEY, SPOILED};
use crate::server::{Database, postgres};
use rustix::process::{Pid, Signal, kill_process};
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

const SCRUB: &str = env!("CARGO_BIN_EXE_scrub");
const RULES: &str = "UPDATE t SET b = anon.mailinator(b) WHERE a > 5;\n";

/// A dump in pg_dump's frame whose rows do not compress well.
fn dump(rows: u64) -> Vec<u8> {
    let mut text = String::from(
        "--\n-- PostgreSQL database dump\n--\n\nCREATE TABLE public.t (a integer, b text);\n\
         COPY public.t (a, b) FROM stdin;\n",
    );
    for n in 0..rows {
        let noise = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let more = noise.rotate_left(23).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let _ = writeln!(text, "{n}\t{noise:x}{more:x}@company.com");
    }
    text.push_str("\\.\n\n--\n-- PostgreSQL database dump complete\n--\n");
    text.into_bytes()
}

/// A folder with `dump.sql` and `rules.sql`.
fn folder(rows: u64) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("dump.sql"), dump(rows)).expect("dump.sql");
    std::fs::write(folder.path().join("rules.sql"), RULES).expect("rules.sql");
    folder
}

/// What is in the folder beside `dump.sql` and `rules.sql`.
fn left(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("the folder");
    let mut names: Vec<String> = entries
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "dump.sql" && name != "rules.sql")
        .collect();
    names.sort();
    names
}

/// A number of jobs, another one for each run: what happens to a run does not depend on it.
fn jobs() -> &'static str {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    ["2", "1", "7"][RUNS.fetch_add(1, Relaxed) % 3]
}

/// Runs a line of bash in the folder; `scrub` is the binary with its rulebook.
fn bash(folder: &Path, line: &str) -> Output {
    let jobs = jobs();
    let line = format!("scrub() {{ {SCRUB} -q -j {jobs} -r rules.sql \"$@\"; }}\n{line}");
    Command::new("bash")
        .args(["-c", &line])
        .current_dir(folder)
        .env("SCRUB_KEY", KEY)
        .stdin(Stdio::null())
        .output()
        .expect("bash could not be run")
}

/// `scrub ARGS` in the folder.
fn started(folder: &Path, args: &[&str], stdin: impl Into<Stdio>, stdout: Stdio) -> Child {
    Command::new(SCRUB)
        .current_dir(folder)
        .args(["-q", "-r", "rules.sql", "-j", jobs()])
        .args(args)
        .env("SCRUB_KEY", KEY)
        .stdin(stdin)
        .stdout(stdout)
        .stderr(Stdio::piped())
        .spawn()
        .expect("scrub could not be run")
}

/// The end of a process that must end soon, and what it said.
#[track_caller]
fn ended(mut child: Child) -> (ExitStatus, String) {
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "it does not end");
        std::thread::sleep(Duration::from_millis(2));
    };
    let mut err = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_string(&mut err).unwrap();
    }
    (status, err)
}

fn send(child: &Child, signal: Signal) {
    // It may have ended just now.
    let _ = kill_process(Pid::from_child(child), signal);
}

fn choices() -> Choices {
    Choices::new(number("SCRUB_SEED").unwrap_or(1))
}

/// The exit code, and a message with all the parts.
#[track_caller]
fn assert_failed(what: &str, output: &Output, code: i32, parts: &[&str]) {
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{what}: {err}");
    assert!(err.starts_with("scrub: "), "{what}: {err}");
    for part in parts {
        assert!(err.contains(part), "{what}: no {part:?} in: {err}");
    }
    assert!(!err.contains("@company.com"), "{what}: {err}");
}

#[test]
fn a_file_that_cannot_grow_gets_no_name() {
    let folder = folder(60_000);
    for (suffix, earlier) in [("sql", false), ("gz", true), ("lz4", false), ("zst", true)] {
        let name = format!("safe.{suffix}");
        if earlier {
            std::fs::write(folder.path().join(&name), "earlier").unwrap();
        }
        let line = format!("ulimit -f 256; scrub -o {name} dump.sql");
        let output = bash(folder.path(), &line);
        assert_failed(&name, &output, 4, &["cannot write", &name, "ulimit -f"]);
        match earlier {
            true => {
                assert_eq!(left(folder.path()), [name.as_str()]);
                let kept = std::fs::read(folder.path().join(&name)).unwrap();
                assert_eq!(kept, b"earlier");
                std::fs::remove_file(folder.path().join(&name)).unwrap();
            }
            false => assert!(left(folder.path()).is_empty(), "{suffix}"),
        }
    }
}

#[test]
fn a_device_without_room_is_a_failure_in_every_compression() {
    let folder = folder(20_000);
    for method in ["none", "gzip", "lz4", "zstd"] {
        for to in ["-o /dev/full dump.sql", "dump.sql > /dev/full"] {
            let output = bash(folder.path(), &format!("scrub -Z {method} {to}"));
            assert_failed(
                method,
                &output,
                4,
                &["cannot write", "No space", "make room"],
            );
        }
    }
}

/// In a file system of half a megabyte, if this user may mount one; bash says so on a line of its own.
fn on_a_small_disk(folder: &Path, line: &str) -> Option<Output> {
    let line = format!(
        "unshare -m bash -c 'mkdir -p small && mount -t tmpfs -o size=512k none small || exit 99
         scrub() {{ {SCRUB} -q -r rules.sql \"$@\"; }}\n{line}'"
    );
    let output = bash(folder, &line);
    if matches!(output.status.code(), Some(1 | 99 | 127)) {
        let _ = writeln!(
            std::io::stderr(),
            "NOT TESTED on a full disk: no file system can be mounted"
        );
        return None;
    }
    Some(output)
}

#[test]
fn a_full_disk_keeps_nothing() {
    let folder = folder(50_000);
    for suffix in ["sql", "gz", "lz4", "zst"] {
        let line =
            format!("scrub -o small/safe.{suffix} dump.sql; code=$?; ls -A small; exit $code");
        let Some(output) = on_a_small_disk(folder.path(), &line) else {
            return;
        };
        assert_failed(
            suffix,
            &output,
            4,
            &["No space", "make room", "small/safe."],
        );
        assert!(output.stdout.is_empty(), "something is left: {output:?}");
    }
    let line = "scrub dump.sql > small/safe.sql; code=$?; cat small/safe.sql; exit $code";
    let output = on_a_small_disk(folder.path(), line).expect("as before");
    assert_failed("redirected", &output, 4, &["No space", "standard output"]);
    let out = String::from_utf8_lossy(&output.stdout);
    assert_eq!(out, "\n) 'scrub: the dump could not be written'\n;\n");
}

#[test]
fn half_a_dump_in_a_redirected_file_cannot_be_loaded() {
    let folder = folder(60_000);
    let spoil = "\n) 'scrub: the dump could not be written'\n;\n";
    for (redirection, kept) in [(">", ""), (">>", "SELECT 'earlier';\n")] {
        let path = folder.path().join("out.sql");
        std::fs::write(&path, "SELECT 'earlier';\n").unwrap();
        let line = format!("ulimit -f 256; scrub dump.sql {redirection} out.sql");
        let output = bash(folder.path(), &line);
        assert_failed(redirection, &output, 4, &["standard output", "ulimit -f"]);
        let left = std::fs::read_to_string(&path).unwrap();
        assert_eq!(left, format!("{kept}{spoil}"), "{redirection}");
    }
}

#[test]
fn a_reader_that_dies_at_any_moment_is_4() {
    // More than a pipe may hold (1 MiB), compressed as well: the end can never wait in the pipe.
    let folder = folder(120_000);
    let mut choices = choices();
    for method in ["none", "gzip", "lz4", "zstd"] {
        for _ in 0..4 {
            let bytes = choices.below(100_000);
            let line = format!(
                "scrub -Z {method} dump.sql | head -c {bytes} >/dev/null; exit ${{PIPESTATUS[0]}}"
            );
            let output = bash(folder.path(), &line);
            let parts = ["the reader of the output has gone", "after scrub"];
            assert_failed(&format!("{method} after {bytes}"), &output, 4, &parts);
        }
    }
}

#[test]
fn compressed_input_that_ends_early_is_3() {
    let folder = folder(20_000);
    let mut choices = choices();
    for suffix in ["gz", "lz4", "zst"] {
        let whole = folder.path().join(format!("whole.{suffix}"));
        let made = bash(folder.path(), &format!("scrub -o whole.{suffix} dump.sql"));
        assert!(made.status.success(), "{made:?}");
        let bytes = std::fs::read(&whole).unwrap();
        std::fs::remove_file(&whole).unwrap();
        for _ in 0..4 {
            let cut = 1000 + choices.below(bytes.len() - 1000);
            let input = folder.path().join("dump.sql");
            std::fs::write(&input, &bytes[..cut]).unwrap();
            for line in [
                "scrub dump.sql",
                "scrub < dump.sql",
                "scrub -1 -o safe.zst dump.sql",
            ] {
                let output = bash(folder.path(), line);
                let what = format!("{suffix} cut at {cut}, {line}");
                assert_failed(
                    &what,
                    &output,
                    3,
                    &["in the middle of its", "complete copy"],
                );
                let out = String::from_utf8_lossy(&output.stdout);
                let end = &out[out.len().saturating_sub(600)..];
                assert!(
                    line.contains("-o") || end.contains("scrub: "),
                    "{what}: {end}"
                );
            }
            assert!(left(folder.path()).is_empty());
        }
        std::fs::write(folder.path().join("dump.sql"), dump(20_000)).unwrap();
    }
}

#[test]
fn a_read_that_fails_in_the_middle_is_4() {
    let dump = dump(20_000);
    let mut choices = choices();
    for args in [&[][..], &["-o", "safe.sql"], &["-Z", "zstd"]] {
        for _ in 0..4 {
            let folder = folder(0);
            let (mut producer, stdin) = UnixStream::pair().unwrap();
            // What the other end has not read when it goes resets the connection.
            (&stdin).write_all(b"unread").unwrap();
            let child = started(
                folder.path(),
                args,
                std::os::fd::OwnedFd::from(stdin),
                Stdio::piped(),
            );
            let length = choices.below(dump.len());
            let part = dump[..length].to_vec();
            let writer = std::thread::spawn(move || producer.write_all(&part));
            let output = child.wait_with_output().unwrap();
            writer.join().unwrap().expect("the part is read");
            let what = format!("{args:?} after {length} bytes");
            assert_failed(&what, &output, 4, &["cannot read standard input", "reset"]);
            assert!(left(folder.path()).is_empty(), "{what}");
            assert!(
                args.first() == Some(&"-o") || !output.stdout.is_empty(),
                "{what}"
            );
        }
    }
}

const ENDING: [Signal; 4] = [Signal::HUP, Signal::INT, Signal::TERM, Signal::KILL];

/// What tests send: scrub leaves alone what `nohup cargo test` has it ignore.
pub fn heard() -> impl Iterator<Item = Signal> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = u64::from_str_radix(ignored.unwrap().trim(), 16).unwrap();
    ENDING
        .into_iter()
        .filter(move |signal| ignored & (1 << (signal.as_raw() - 1)) == 0)
}

#[test]
fn a_signal_at_any_moment_leaves_a_whole_file_or_nothing() {
    let folder = folder(12_000);
    let mut choices = choices();
    for suffix in ["sql", "gz", "lz4", "zst"] {
        let safe = format!("safe.{suffix}");
        let path = folder.path().join(&safe);
        let run = |after: Duration, signal| {
            let args = ["-o", &safe, "dump.sql"];
            let child = started(folder.path(), &args, Stdio::null(), Stdio::null());
            std::thread::sleep(after);
            send(&child, signal);
            ended(child)
        };
        let began = Instant::now();
        // SIGPIPE ends nothing: what counts is whether writing works.
        let (status, err) = run(Duration::from_millis(30), Signal::PIPE);
        assert!(status.success(), "{err}");
        let took = began.elapsed();
        let whole = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        for signal in heard() {
            for _ in 0..3 {
                let after = took.mul_f64(choices.below(1000) as f64 / 900.0);
                let (status, err) = run(after, signal);
                let what =
                    format!("{suffix}, {signal:?} after {after:?} of {took:?}: {status} {err}");
                match status.code() {
                    Some(0) => {
                        assert!(std::fs::read(&path).unwrap() == whole, "{what}");
                        std::fs::remove_file(&path).unwrap();
                    }
                    Some(130) => assert!(err.contains("interrupted"), "{what}"),
                    // Before the handlers stand, or there is none.
                    _ => assert_eq!(status.signal(), Some(signal.as_raw()), "{what}"),
                }
                // SIGKILL may come in the moment between the name and the exit.
                match std::fs::read(&path) {
                    Ok(there) => {
                        assert!(signal == Signal::KILL && there == whole, "{what}");
                        std::fs::remove_file(&path).unwrap();
                    }
                    Err(_) => assert!(left(folder.path()).is_empty(), "{what}"),
                }
            }
        }
    }
}

/// How many rows psql has committed; none if there is no table.
fn committed(database: &Database) -> Option<u64> {
    let there = database.psql("SELECT count(*) FROM pg_class WHERE relname = 't'");
    if there.trim() == "0" {
        return None;
    }
    Some(
        database
            .psql("SELECT count(*) FROM t")
            .trim()
            .parse()
            .unwrap(),
    )
}

#[test]
fn psql_commits_everything_or_nothing_whatever_the_signal() {
    const ROWS: u64 = 6_000;
    let Some(pg) = postgres() else { return };
    let folder = folder(ROWS);
    let database = pg.database();
    let mut choices = choices();
    // psql's own -1 writes a COMMIT at the end of whatever it got.
    let run = |of_psql: &[&str], after: Option<(Duration, Signal)>| {
        database.psql("DROP TABLE IF EXISTS t");
        let mut scrub = started(
            folder.path(),
            &["-1", "dump.sql"],
            Stdio::null(),
            Stdio::piped(),
        );
        let mut psql = Command::new(pg.bin().join("psql"))
            .args(["-X", "-q", "-d", database.name()])
            .args(of_psql)
            .env("PGHOST", pg.host())
            .env("PGUSER", "postgres")
            .stdin(scrub.stdout.take().unwrap())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        if let Some((after, signal)) = after {
            std::thread::sleep(after);
            send(&scrub, signal);
        }
        // Its messages are few; scrub ends first.
        let (scrub, _) = ended(scrub);
        let mut err = String::new();
        psql.stderr
            .take()
            .unwrap()
            .read_to_string(&mut err)
            .unwrap();
        (scrub, psql.wait().unwrap(), err)
    };
    for of_psql in [
        &[][..],
        &["-v", "ON_ERROR_STOP=1"],
        &["-1", "-v", "ON_ERROR_STOP=1"],
        &["-1"],
    ] {
        let began = Instant::now();
        let (scrub, psql, err) = run(of_psql, None);
        assert!(scrub.success() && psql.success(), "{of_psql:?}: {err}");
        assert_eq!(committed(&database), Some(ROWS));
        let took = began.elapsed();
        for signal in heard() {
            for _ in 0..3 {
                let after = took.mul_f64(choices.below(1000) as f64 / 1000.0);
                let (scrub, psql, err) = run(of_psql, Some((after, signal)));
                let what =
                    format!("{of_psql:?}, {signal:?} after {after:?}: {scrub}, psql {psql} {err}");
                let rows = committed(&database);
                assert!(
                    rows.is_none() || rows == Some(ROWS),
                    "{rows:?} rows: {what}"
                );
                assert!(rows.is_some() || !scrub.success(), "{what}");
                // Without the end there is no error to see in a psql without -1: nothing has happened.
                let sees = signal != Signal::KILL || of_psql.first() == Some(&"-1");
                let begun = scrub.code() == Some(130);
                // Before a dialect is known, nothing can make a psql stop that goes on after errors.
                let stops = of_psql.contains(&"ON_ERROR_STOP=1")
                    || !err.contains("the run failed before it began");
                assert!(
                    rows.is_some() || !(sees && begun && stops) || !psql.success(),
                    "{what}"
                );
            }
        }
    }
}

#[test]
fn a_signal_before_the_run_spoils_the_pipe() {
    let folder = folder(0);
    for signal in heard().filter(|signal| *signal != Signal::KILL) {
        let mut child = started(folder.path(), &[], Stdio::piped(), Stdio::piped());
        let _stdin = child.stdin.take().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        std::thread::sleep(Duration::from_millis(300));
        send(&child, signal);
        let (status, err) = ended(child);
        assert_eq!(status.code(), Some(130), "{err}");
        let mut out = Vec::new();
        stdout.read_to_end(&mut out).unwrap();
        assert_eq!(out, SPOILED, "{signal:?}");
    }
}

#[test]
fn a_signal_while_the_target_is_read_is_heard() {
    let folder = folder(10);
    std::fs::write(
        folder.path().join("rules.sql"),
        "DELETE FROM t; INSERT INTO t SELECT * FROM target.t;",
    )
    .unwrap();
    let args = ["--target", "-", "dump.sql"];
    let mut child = started(folder.path(), &args, Stdio::piped(), Stdio::piped());
    let dump = dump(60_000);
    // The rest of the target's dump does not come.
    child
        .stdin
        .as_mut()
        .unwrap()
        .write_all(&dump[..dump.len() / 2])
        .unwrap();
    std::thread::sleep(Duration::from_millis(300));
    send(&child, Signal::TERM);
    let mut stdout = child.stdout.take().unwrap();
    let stdin = child.stdin.take();
    let (status, err) = ended(child);
    drop(stdin);
    assert_eq!(status.code(), Some(130), "{err}");
    let mut out = Vec::new();
    stdout.read_to_end(&mut out).unwrap();
    assert_eq!(out, SPOILED);
}

#[test]
fn a_second_signal_ends_a_run_whose_output_nobody_reads() {
    let folder = folder(200_000);
    let mut child = started(folder.path(), &["dump.sql"], Stdio::null(), Stdio::piped());
    let _unread = child.stdout.take().unwrap();
    std::thread::sleep(Duration::from_millis(500));
    send(&child, Signal::TERM);
    std::thread::sleep(Duration::from_millis(1500));
    // What it owes the reader it still tries to write.
    assert!(child.try_wait().unwrap().is_none());
    send(&child, Signal::TERM);
    let (status, err) = ended(child);
    assert_eq!(status.code(), Some(130), "{err}");
}

#[test]
fn signals_that_are_ignored_stay_ignored() {
    let folder = folder(20_000);
    // $! is the last command of the pipe.
    let line = format!(
        "trap '' HUP INT TERM
         {{ head -c 400000 dump.sql; sleep 1; tail -c +400001 dump.sql; }} | exec {SCRUB} -q -r rules.sql > safe.sql &
         sleep 0.6; kill -HUP $!; kill -INT $!; kill -TERM $!; wait $!"
    );
    let output = bash(folder.path(), &line);
    assert!(output.status.success(), "{output:?}");
    let safe = std::fs::read(folder.path().join("safe.sql")).unwrap();
    assert!(safe.ends_with(b"dump complete\n--\n"));
}

#[test]
fn a_crash_leaves_no_file_of_its_memory() {
    let folder = folder(0);
    for signal in [Signal::QUIT, Signal::ABORT] {
        let mut child = Command::new("bash")
            .args([
                "-c",
                &format!("ulimit -c unlimited; exec {SCRUB} -q -r rules.sql"),
            ])
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        std::thread::sleep(Duration::from_millis(300));
        send(&child, signal);
        let (status, _) = ended(child);
        drop(stdin);
        assert_eq!(status.signal(), Some(signal.as_raw()));
        assert!(!status.core_dumped(), "{signal:?}");
        assert!(left(folder.path()).is_empty(), "{signal:?}");
    }
}

/// Rows that wait until their lookup has come, more than `--memory` takes.
fn waiting(folder: &Path) -> Vec<u8> {
    std::fs::write(
        folder.join("rules.sql"),
        "DELETE FROM t WHERE a IN (SELECT id FROM gone);\n",
    )
    .unwrap();
    let mut dump = String::from_utf8(dump(50_000)).unwrap();
    let end = dump
        .find("\n\n--\n-- PostgreSQL database dump complete")
        .unwrap();
    dump.insert_str(end, "\nCOPY public.gone (id) FROM stdin;\n7\n\\.\n");
    dump.replacen("COPY", "CREATE TABLE public.gone (id integer);\nCOPY", 1)
        .into_bytes()
}

#[test]
fn a_spool_that_cannot_be_written_is_named() {
    let folder = folder(0);
    std::fs::write(folder.path().join("dump.sql"), waiting(folder.path())).unwrap();
    std::fs::create_dir(folder.path().join("spools")).unwrap();
    let cases = [
        ("", "nowhere", 2, "no such directory"),
        // Nobody can make a file there, root neither.
        ("", "/proc", 4, "cannot be written"),
        ("ulimit -f 256;", "spools", 4, "cannot keep rows aside"),
    ];
    for (limit, dir, code, part) in cases {
        for to in [") | tee out.sql >/dev/null", "-o safe.sql)"] {
            let line = format!(
                "cat dump.sql | ({limit} scrub --memory 1M --spool-dir {dir} {to}; exit ${{PIPESTATUS[1]}}"
            );
            let output = bash(folder.path(), &line);
            assert_failed(dir, &output, code, &[part, dir]);
            assert!(code == 2 || assert_remedy(&output), "{output:?}");
            assert!(!folder.path().join("safe.sql").exists());
            assert_eq!(
                std::fs::read_dir(folder.path().join("spools"))
                    .unwrap()
                    .count(),
                0
            );
        }
        let out = std::fs::read_to_string(folder.path().join("out.sql")).unwrap();
        assert!(
            out.contains("scrub: ") && !out.contains("dump complete"),
            "{dir}"
        );
    }
    let line = "cat dump.sql | scrub --memory 1M --spool-dir small -o safe.sql; code=$?; ls -A small; exit $code";
    if let Some(output) = on_a_small_disk(folder.path(), line) {
        assert_failed(
            "a full disk",
            &output,
            4,
            &["cannot keep rows aside in small", "No space"],
        );
        assert!(output.stdout.is_empty(), "{output:?}");
    }
}

fn assert_remedy(output: &Output) -> bool {
    let err = String::from_utf8_lossy(&output.stderr);
    err.contains("--memory")
}

#[test]
fn spools_have_no_name_while_they_are_written_and_after_any_end() {
    let folder = folder(0);
    let dump = waiting(folder.path());
    let (rest, whole) = (dump.len() - 200, dump.len());
    let spools = folder.path().join("spools");
    std::fs::create_dir(&spools).unwrap();
    for signal in [
        None,
        Some(Signal::TERM),
        Some(Signal::KILL),
        Some(Signal::ABORT),
    ] {
        let args = ["--memory", "1M", "--spool-dir", "spools", "-o", "safe.sql"];
        let mut child = started(folder.path(), &args, Stdio::piped(), Stdio::null());
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(&dump[..rest]).unwrap();
        let began = Instant::now();
        while !spools_are_open(&child, &spools) {
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "nothing is spooled"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(std::fs::read_dir(&spools).unwrap().count(), 0);
        if let Some(signal) = signal {
            send(&child, signal);
        } else {
            stdin.write_all(&dump[rest..whole]).unwrap();
            drop(stdin);
        }
        let (status, err) = ended(child);
        assert_eq!(status.success(), signal.is_none(), "{err}");
        assert_eq!(std::fs::read_dir(&spools).unwrap().count(), 0);
        assert_eq!(folder.path().join("safe.sql").exists(), signal.is_none());
        let _ = std::fs::remove_file(folder.path().join("safe.sql"));
    }
}

/// Does the process hold a file in the folder that has no name?
fn spools_are_open(child: &Child, spools: &Path) -> bool {
    let Ok(files) = std::fs::read_dir(format!("/proc/{}/fd", child.id())) else {
        return false;
    };
    files
        .filter_map(|file| std::fs::read_link(file.ok()?.path()).ok())
        .any(|to| to.starts_with(spools) && to.to_string_lossy().ends_with("(deleted)"))
}
