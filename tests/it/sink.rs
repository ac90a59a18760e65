//! Outputs: complete or absent, compressed, never the input.

use crate::runner::{command, filter_with, root};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const HEAD: &[u8] =
    b"CREATE TABLE public.t (a integer, b text);\nCOPY public.t (a, b) FROM stdin;\n";

fn rows(n: usize) -> Vec<u8> {
    (0..n)
        .flat_map(|i| format!("{i}\trow {}\n", i * 7919).into_bytes())
        .collect()
}

fn dump(n: usize) -> Vec<u8> {
    [HEAD, &rows(n), b"\\.\n"].concat()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// A scrub that waits for more input.
fn started(folder: &Path, args: &[&str]) -> Child {
    std::fs::write(folder.join("rules.sql"), "").unwrap();
    Command::new(env!("CARGO_BIN_EXE_scrub"))
        .current_dir(folder)
        .args(["-q", "-r", "rules.sql"])
        .args(args)
        .env("SCRUB_KEY", crate::runner::KEY)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn the_suffix_or_z_chooses_the_compression_and_jobs_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let dump = dump(400_000);
    for suffix in ["sql", "gz", "lz4", "zst"] {
        let files = ["1", "3"].map(|jobs| {
            let path = folder.path().join(format!("{jobs}.{suffix}"));
            let path = path.to_str().unwrap();
            filter_with(&["-q", "-j", jobs, "-o", path], "", &dump).ok();
            std::fs::read(path).unwrap()
        });
        assert!(files[0] == files[1], "{suffix} depends on --jobs");
        assert!(filter_with(&["-q"], "", &files[0]).ok() == dump, "{suffix}");
    }
    for method in ["gzip:1", "lz4", "zstd:1"] {
        let packed = filter_with(&["-q", "-Z", method], "", &dump).ok();
        assert!(packed.len() < dump.len() * 3 / 4);
        assert!(filter_with(&["-q"], "", &packed).ok() == dump, "{method}");
    }
}

#[test]
fn the_input_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dump.sql");
    std::fs::write(&path, dump(10)).unwrap();
    let name = path.to_str().unwrap();
    std::os::unix::fs::symlink(&path, folder.path().join("link.sql")).unwrap();
    for line in [
        "scrub dump.sql -o dump.sql",
        "scrub dump.sql -o ./link.sql",
        "scrub -o dump.sql < dump.sql",
        "scrub dump.sql >> dump.sql",
    ] {
        let line = line.replace("scrub", env!("CARGO_BIN_EXE_scrub"));
        let mut shell = Command::new("sh");
        let output = shell
            .args(["-c", &line])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line}: {err}");
        assert!(err.contains("is an input"), "{line}: {err}");
        assert_eq!(std::fs::read(name).unwrap(), dump(10));
    }
}

#[test]
fn a_file_has_the_mode_that_the_umask_gives() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("dump.sql"), dump(10)).unwrap();
    let line = format!(
        "umask 027; {} -q dump.sql -o safe.sql",
        env!("CARGO_BIN_EXE_scrub")
    );
    let status = Command::new("sh")
        .args(["-c", &line])
        .current_dir(folder.path())
        .status();
    assert!(status.unwrap().success());
    let mode = folder
        .path()
        .join("safe.sql")
        .metadata()
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o640);
}

#[test]
fn a_signal_ends_the_run_and_leaves_no_name() {
    for signal in [Signal::INT, Signal::TERM] {
        let folder = tempfile::tempdir().unwrap();
        let mut child = started(folder.path(), &["-o", "safe.sql"]);
        let mut stdin = child.stdin.take().unwrap();
        // More than the head and two pipes: when this is written, the pipeline runs.
        stdin.write_all(&[HEAD, &rows(200_000)].concat()).unwrap();
        kill_process(Pid::from_child(&child), signal).unwrap();
        let began = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        };
        assert_eq!(status.code(), Some(130), "{status:?}");
        assert_eq!(names(folder.path()), ["rules.sql"]);
    }
}

#[test]
fn a_signal_before_the_first_input_ends_it_as_well() {
    for signal in [Signal::INT, Signal::TERM] {
        let folder = tempfile::tempdir().unwrap();
        let mut child = started(folder.path(), &["-o", "safe.sql"]);
        let _stdin = child.stdin.take().unwrap();
        // It starts, and waits for what does not come.
        std::thread::sleep(Duration::from_millis(500));
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert_eq!(names(folder.path()), ["rules.sql"]);
    }
}

#[test]
fn an_interrupted_stream_cannot_be_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = started(folder.path(), &[]);
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut out = Vec::new();
        stdout.read_to_end(&mut out).unwrap();
        out
    });
    stdin.write_all(&[HEAD, &rows(200_000)].concat()).unwrap();
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let out = reader.join().unwrap();
    let end = String::from_utf8_lossy(&out[out.len().saturating_sub(300)..]).into_owned();
    assert!(end.contains("scrub: interrupted"), "{end}");
}

#[test]
fn a_reader_that_goes_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = started(folder.path(), &[]);
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    // It stops reading when it cannot write.
    let _ = stdin.write_all(&dump(400_000));
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{err}");
    assert!(err.contains("the reader of the output has gone"), "{err}");
}

#[test]
fn a_full_disk_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("dump.sql"), dump(10)).unwrap();
    let dump = folder.path().join("dump.sql");
    let mut command = command();
    command
        .current_dir(root())
        .args(["-q", "-o", "/dev/full"])
        .arg(dump);
    let output = command.output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{err}");
    assert!(err.contains("/dev/full"), "{err}");
}
