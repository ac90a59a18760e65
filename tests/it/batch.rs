//! How the system schedules scrub: as a batch process in all of its threads, unless somebody has chosen otherwise.

#![cfg(target_os = "linux")]

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// `SCHED_BATCH` and `SCHED_IDLE` of sched(7).
const BATCH: i32 = 3;
const IDLE: i32 = 5;

/// The scheduling policy and the nice value: fields 41 and 19 of proc_pid_stat(5).
fn scheduled(stat: &Path) -> Option<(i32, i32)> {
    let text = std::fs::read_to_string(stat).ok()?;
    // What stands before may hold spaces: the name of the thread.
    let (_, fields) = text.rsplit_once(") ")?;
    let fields: Vec<&str> = fields.split(' ').collect();
    let number = |field: usize| fields[field - 3].parse().ok();
    Some((number(41)?, number(19)?))
}

/// How each thread of a process is scheduled.
fn threads(child: &Child) -> Vec<(i32, i32)> {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", child.id())).unwrap();
    tasks
        .filter_map(|task| scheduled(&task.ok()?.path().join("stat")))
        .collect()
}

/// What a command makes of all threads of a run that waits for the rest of its input; how much nicer than the test they are.
#[track_caller]
fn assert_scheduled(line: &[&str], policy: i32, nicer: i32) {
    let (_, own) = scheduled(Path::new("/proc/self/stat")).unwrap();
    let want = (policy, (own + nicer).min(19));
    let mut child = Command::new(line[0])
        .args(&line[1..])
        .arg(env!("CARGO_BIN_EXE_scrub"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // More than the pipe holds: when it has been taken, scrub runs.
    let rows = "1\tPrague\n".repeat(400_000);
    let head =
        "--\n-- PostgreSQL database dump\n--\n\nCREATE TABLE public.t (a integer, b text);\n";
    write!(stdin, "{head}COPY public.t (a, b) FROM stdin;\n{rows}").unwrap();
    let mut found = threads(&child);
    for _ in 0..500 {
        if found.len() > 3 {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
        found = threads(&child);
    }
    drop(stdin);
    child.wait().unwrap();
    assert!(found.len() > 3, "{found:?}");
    assert!(found.iter().all(|of| *of == want), "{found:?}");
}

#[test]
fn it_is_a_batch_process() {
    assert_scheduled(&["env"], BATCH, 0);
}

#[test]
fn it_stays_as_nice_as_it_was_started() {
    assert_scheduled(&["nice", "-n", "5"], BATCH, 5);
}

#[test]
fn what_somebody_has_chosen_stays() {
    assert_scheduled(&["chrt", "-i", "0"], IDLE, 0);
}
