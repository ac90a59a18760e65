//! Runs that fail: whatever happens, there is no set and nothing of one.

use super::{System, nothing_in};
use crate::runner::KEY;
use rustix::process::{Pid, Signal, kill_process};
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn a_component_that_fails_leaves_no_set() {
    let system = System::new();
    std::fs::write(system.at("cut.sql"), &super::LUI[..super::LUI.len() - 30]).unwrap();
    std::fs::write(
        system.at("stops.sql"),
        "UPDATE click SET address = CAST(address AS date)",
    )
    .unwrap();
    std::fs::write(
        system.at("finds.sql"),
        "-- name: t :test\nSELECT id FROM click",
    )
    .unwrap();
    std::fs::write(system.at("misses.sql"), "DELETE FROM nobody").unwrap();
    std::fs::write(system.at("wrong.sql"), "DELETE FROM").unwrap();
    for (line, code) in [
        (
            "--component a=dumps/hub.sql --component b=cut.sql -r rules.sql",
            3,
        ),
        (
            "--component a=dumps/hub.sql --component b=dumps/trk.sql -r a=auto -r b=stops.sql",
            3,
        ),
        (
            "--component a=dumps/hub.sql --component b=dumps/trk.sql -r a=auto -r b=finds.sql",
            1,
        ),
        (
            "--component a=dumps/hub.sql --component b=dumps/trk.sql -r a=auto -r b=misses.sql",
            1,
        ),
        (
            "--component a=dumps/hub.sql --component b=dumps/trk.sql -r wrong.sql",
            2,
        ),
        ("--component a=dumps/hub.sql --component b=nowhere.sql", 4),
        ("--component a=dumps/hub.sql --from a=nothing", 2),
        ("--component a=dumps/hub.sql --set nobody_knows=1", 2),
        ("--component a=dumps/hub.sql --strict", 1),
    ] {
        let run = system.scrub(&format!("archive create -d sets {line}"), "");
        assert_eq!(run.code, Some(code), "{line}: {}", run.err);
        assert!(run.out.is_empty(), "{line}");
        nothing_in(&system.at("sets"));
    }
}

#[test]
fn a_disk_that_is_full_leaves_no_set() {
    let system = System::new();
    let mut rows = String::from(super::TRK);
    for n in 2..40_000_u64 {
        let noise = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        rows += &format!("INSERT INTO `click` VALUES ({n},'{noise:x}');\n");
    }
    std::fs::write(system.at("big.sql"), rows).unwrap();
    for format in ["zip", "zst"] {
        // A file may have 64 KiB: the write that goes beyond fails.
        let run = system.bash(&format!(
            "ulimit -f 64; scrub archive create -q -d sets --format {format} \
             --component hub=dumps/hub.sql --component big=big.sql"
        ));
        assert_eq!(run.code, Some(4), "{}", run.err);
        assert!(run.err.contains("big"), "{}", run.err);
        nothing_in(&system.at("sets"));
    }
}

#[test]
fn a_signal_in_the_middle_leaves_no_set() {
    let system = System::new();
    for (signal, twice) in [
        (Signal::TERM, false),
        (Signal::INT, false),
        (Signal::TERM, true),
    ] {
        let mut scrub = Command::new(env!("CARGO_BIN_EXE_scrub"));
        scrub
            .args(
                "archive create -q -d sets --component hub=dumps/hub.sql --component trk=-"
                    .split(' '),
            )
            .current_dir(system.at("."))
            .env("SCRUB_KEY", KEY)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = scrub.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // No end: hub is done, trk is not.
        let row = "INSERT INTO `click` VALUES (7,'eve@company.com');\n";
        stdin.write_all(super::TRK.as_bytes()).unwrap();
        stdin.write_all(row.repeat(100_000).as_bytes()).unwrap();
        // More than a pipe holds has been taken: trk's run reads, so hub's is over.
        assert_eq!(system.names("sets").len(), 1);
        let pid = Pid::from_child(&child);
        kill_process(pid, signal).unwrap();
        if twice {
            std::thread::sleep(Duration::from_millis(100));
            let _ = kill_process(pid, signal);
        }
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(130), "{signal:?}");
        drop(stdin);
        nothing_in(&system.at("sets"));
    }
}

#[test]
fn a_signal_before_the_first_byte_leaves_no_set() {
    let system = System::new();
    let mut scrub = Command::new(env!("CARGO_BIN_EXE_scrub"));
    scrub
        .args("archive create -q -d sets --component trk=-".split(' '))
        .current_dir(system.at("."))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = scrub.spawn().unwrap();
    let stdin = child.stdin.take();
    let begun = Instant::now();
    while system.names("sets").is_empty() {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "it has not begun"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    drop(stdin);
    nothing_in(&system.at("sets"));
}
