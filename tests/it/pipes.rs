//! The pipes before and behind scrub: as they are while somebody else is slow, and large when scrub has much to do.

#![cfg(target_os = "linux")]

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::pipe::fcntl_getpipe_size;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What a pipe grows to.
const LARGE: usize = 1 << 20;

/// The sizes of the pipe before scrub and of the one behind it.
fn sizes(before: impl AsFd, behind: impl AsFd) -> (usize, usize) {
    let size = |pipe| fcntl_getpipe_size(pipe).unwrap();
    (size(before.as_fd()), size(behind.as_fd()))
}

const HEAD: &str = "--\n-- PostgreSQL database dump\n--\n\n\
                    CREATE TABLE public.t (a integer, b text);\n\
                    COPY public.t (a, b) FROM stdin;\n";
const END: &str = "\\.\n\n\n--\n-- PostgreSQL database dump complete\n--\n\n";

fn scrub(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_scrub"))
        .arg("-q")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn pipes_grow_when_scrub_has_much_to_do() {
    let mut child = scrub(&[]);
    let mut stdin = child.stdin.take().unwrap();
    let stdout = child.stdout.take().unwrap();
    let mut reader = File::from(stdout.as_fd().try_clone_to_owned().unwrap());
    let drained = std::thread::spawn(move || io::copy(&mut reader, &mut io::sink()).unwrap());

    let begins = sizes(&stdin, &stdout);
    let rows = "1\tPrague\n".repeat(100_000);
    let mut sent = 0;
    let mut send = |text: &str| {
        stdin.write_all(text.as_bytes()).unwrap();
        sent += text.len() as u64;
        sizes(&stdin, &stdout)
    };
    send(HEAD);
    let small = send(&rows);
    // Where much else runs it takes longer.
    let begin = Instant::now();
    let mut grown = small;
    while grown != (LARGE, LARGE) && begin.elapsed() < Duration::from_secs(120) {
        grown = send(&rows);
    }
    send(END);
    drop(stdin);

    assert!(begins.0 < LARGE && begins.1 < LARGE, "{begins:?}");
    assert_eq!(small, begins, "one megabyte is not much");
    assert_eq!(grown, (LARGE, LARGE));
    assert!(child.wait().unwrap().success());
    assert_eq!(drained.join().unwrap(), sent);
}

#[test]
fn pipes_stay_as_they_are_for_a_slow_reader() {
    let mut child = scrub(&[]);
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let begins = sizes(&stdin, &stdout);
    let sent = std::thread::spawn(move || {
        stdin.write_all(HEAD.as_bytes()).unwrap();
        let rows = "1\tPrague\n".repeat(100_000);
        // Three times as much as is looked at together.
        for _ in 0..28 {
            stdin.write_all(rows.as_bytes()).unwrap();
        }
        let before = stdin.as_fd().try_clone_to_owned().unwrap();
        stdin.write_all(END.as_bytes()).unwrap();
        before
    });
    let mut piece = vec![0; 64 << 10];
    let mut ends = begins;
    while stdout.read(&mut piece).unwrap() > 0 {
        // At most 13 MB a second.
        std::thread::sleep(Duration::from_millis(5));
        ends.1 = ends.1.max(fcntl_getpipe_size(&stdout).unwrap());
        if sent.is_finished() {
            break;
        }
    }
    let before = sent.join().unwrap();
    ends.0 = fcntl_getpipe_size(&before).unwrap();
    drop(before);
    io::copy(&mut stdout, &mut io::sink()).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(ends, begins);
}

/// How long the threads of a process whose names begin so have had a processor.
fn worked(process: &Child, name: &str) -> Duration {
    let of_thread = |thread: PathBuf| {
        // One that ends in this moment has no files any more.
        let told = |file: &str| fs::read_to_string(thread.join(file)).unwrap_or_default();
        let nanos = told("schedstat").split(' ').next().unwrap().parse();
        told("comm")
            .starts_with(name)
            .then(|| Duration::from_nanos(nanos.unwrap_or(0)))
    };
    let threads = fs::read_dir(format!("/proc/{}/task", process.id())).unwrap();
    threads
        .filter_map(|thread| of_thread(thread.unwrap().path()))
        .sum()
}

/// The same of its workers, as soon as they have nothing to do.
fn workers_worked(process: &Child) -> Duration {
    let mut before = worked(process, "rows-");
    loop {
        std::thread::sleep(Duration::from_millis(200));
        let now = worked(process, "rows-");
        if now == before && !now.is_zero() {
            return now;
        }
        before = now;
    }
}

#[test]
fn workers_rest_while_the_pipeline_is_slow() {
    let mut rules = tempfile::NamedTempFile::new().unwrap();
    rules
        .write_all(b"UPDATE t SET b = 'Brno' WHERE a = 1;")
        .unwrap();
    let mut child = scrub(&["-r", rules.path().to_str().unwrap()]);
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let got = std::thread::spawn(move || {
        let mut got = Vec::new();
        stdout.read_to_end(&mut got).unwrap();
        got
    });
    stdin.write_all(HEAD.as_bytes()).unwrap();
    let piece = "1\tPrague\n2\tLinz\n".repeat(20_000);
    let mut send = |pieces: usize| {
        for _ in 0..pieces {
            let (begin, before) = (Instant::now(), worked(&child, ""));
            stdin.write_all(piece.as_bytes()).unwrap();
            // However slow this machine is, scrub is not what is waited for.
            let work = || worked(&child, "").saturating_sub(before);
            while begin.elapsed() < Duration::from_millis(20) + 5 * work() {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        workers_worked(&child)
    };
    let begun = send(1);
    let at_first = send(9);
    // What is looked at first has come by after this.
    let before = send(20);
    let after = send(10);
    stdin.write_all(END.as_bytes()).unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success());
    let safe = "1\tBrno\n2\tLinz\n".repeat(40 * 20_000);
    assert!(got.join().unwrap() == format!("{HEAD}{safe}{END}").as_bytes());
    assert!(at_first > begun, "they work at first");
    assert_eq!(after, before, "and rest");
}

#[test]
fn pipes_that_do_not_wait_are_waited_for() {
    let (input, mut feed) = io::pipe().unwrap();
    let (mut output, safe) = io::pipe().unwrap();
    for end in [input.as_fd(), safe.as_fd()] {
        let flags = fcntl_getfl(end).unwrap();
        fcntl_setfl(end, flags | OFlags::NONBLOCK).unwrap();
    }
    let mut child = Command::new(env!("CARGO_BIN_EXE_scrub"))
        .arg("-q")
        .stdin(input)
        .stdout(safe)
        .spawn()
        .unwrap();
    let dump = format!("{HEAD}{}{END}", "1\tPrague\n".repeat(300_000));
    let sent = dump.clone();
    let fed = std::thread::spawn(move || {
        for piece in sent.as_bytes().chunks(1 << 20) {
            std::thread::sleep(Duration::from_millis(100));
            feed.write_all(piece).unwrap();
        }
    });
    std::thread::sleep(Duration::from_millis(500));
    let mut got = Vec::new();
    output.read_to_end(&mut got).unwrap();
    fed.join().unwrap();
    assert!(child.wait().unwrap().success());
    assert!(got == dump.as_bytes());
}
