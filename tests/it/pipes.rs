//! The pipes before and behind scrub: as they are at first, and large when large ones are of use.

#![cfg(target_os = "linux")]

use rustix::pipe::fcntl_getpipe_size;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a pipe grows to.
const LARGE: usize = 1 << 20;

/// The sizes of the pipe before scrub and of the one behind it.
fn sizes(before: impl AsFd, behind: impl AsFd) -> (usize, usize) {
    let size = |pipe| fcntl_getpipe_size(pipe).unwrap();
    (size(before.as_fd()), size(behind.as_fd()))
}

#[test]
fn pipes_grow_when_much_goes_through_them_fast() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_scrub"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let stdout = child.stdout.take().unwrap();
    let mut reader = File::from(stdout.as_fd().try_clone_to_owned().unwrap());
    let drained = std::thread::spawn(move || io::copy(&mut reader, &mut io::sink()).unwrap());

    let begins = sizes(&stdin, &stdout);
    let head = "--\n-- PostgreSQL database dump\n--\n\n\
                CREATE TABLE public.t (a integer, b text);\n\
                COPY public.t (a, b) FROM stdin;\n";
    let rows = "1\tPrague\n".repeat(100_000);
    let mut sent = 0;
    let mut send = |text: &str| {
        stdin.write_all(text.as_bytes()).unwrap();
        sent += text.len() as u64;
        sizes(&stdin, &stdout)
    };
    send(head);
    let small = send(&rows);
    // Where much else runs it takes longer.
    let begin = Instant::now();
    let mut grown = small;
    while grown != (LARGE, LARGE) && begin.elapsed() < Duration::from_secs(120) {
        grown = send(&rows);
    }
    send("\\.\n\n\n--\n-- PostgreSQL database dump complete\n--\n\n");
    drop(stdin);

    assert!(begins.0 < LARGE && begins.1 < LARGE, "{begins:?}");
    assert_eq!(small, begins, "one megabyte is not much");
    assert_eq!(grown, (LARGE, LARGE));
    assert!(child.wait().unwrap().success());
    assert_eq!(drained.join().unwrap(), sent);
}
