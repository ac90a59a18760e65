//! The key behind pseudonyms: it comes from a file or the environment and is nowhere else, neither in what
//! scrub says and writes, however a run ends, nor twice in its memory.

use crate::runner::KEY;
use std::fmt::Write as _;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const SCRUB: &str = env!("CARGO_BIN_EXE_scrub");

const DUMP: &str = "--\n-- PostgreSQL database dump\n--\n\nCREATE TABLE public.t (a integer, b text);\n\
                    COPY public.t (a, b) FROM stdin;\n1\ta@company.com\n\\.\n\n\
                    --\n-- PostgreSQL database dump complete\n--\n";

/// A folder with a dump, half of it, rulebooks good and bad, and the key in a file.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("dump.sql", DUMP);
    write("half.sql", &DUMP[..DUMP.len() / 2]);
    write(
        "rules.sql",
        "UPDATE t SET b = anon.mailinator(b);\nSELECT anon.hash(b) FROM t;\n",
    );
    write("faulty.sql", "UPDATE t SET c = anon.mailinator(b);\n");
    write("failing.sql", "-- name: none :test\nSELECT a FROM t;\n");
    write("key", &format!("{KEY}\n"));
    write("long", &KEY.repeat(4000));
    let key = folder.path().join("key");
    std::fs::set_permissions(key, std::fs::Permissions::from_mode(0o600)).unwrap();
    folder
}

/// The ways in which a program may show bytes.
fn shapes(key: &str) -> Vec<String> {
    let hex = key.bytes().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    let bytes = key.bytes().map(|byte| byte.to_string());
    let bytes: Vec<String> = bytes.collect();
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let base64 = key.as_bytes().chunks_exact(3).flat_map(|three| {
        let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        [18, 12, 6, 0].map(|shift| char::from(letters[(bits >> shift) as usize & 63]))
    });
    let base64: String = base64.collect();
    vec![
        key[..12].to_owned(),
        key[key.len() - 12..].to_owned(),
        hex[..24].to_owned(),
        hex[..24].to_uppercase(),
        base64[..16].to_owned(),
        bytes[..8].join(", "),
    ]
}

/// Runs scrub in the folder, with the key in the environment or nowhere.
fn run(folder: &Path, args: &str, environment: bool) -> Output {
    let mut command = Command::new(SCRUB);
    command.current_dir(folder).args(args.split_whitespace());
    match environment {
        true => command.env("SCRUB_KEY", KEY),
        false => command.env_remove("SCRUB_KEY"),
    };
    command.stdin(Stdio::null()).output().unwrap()
}

#[track_caller]
fn assert_without_key(what: &str, text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    for shape in shapes(KEY) {
        assert!(!text.contains(&shape), "{what} shows the key: {text}");
    }
}

#[test]
fn the_key_is_shown_by_nothing() {
    let runs = [
        ("-v -r rules.sql --report r.json -o safe.sql dump.sql", 0),
        ("-v -r rules.sql --report r.txt -o safe.sql.gz dump.sql", 0),
        ("-v -r rules.sql --report r.html -o safe.sql dump.sql", 0),
        ("-r rules.sql dump.sql", 0),
        ("check -v -r rules.sql --diff --show-values dump.sql", 0),
        ("verify -r rules.sql --report r.json safe.sql", 0),
        ("-r failing.sql --report r.txt dump.sql", 1),
        ("-r faulty.sql dump.sql", 2),
        ("-r rules.sql half.sql", 3),
        ("-r rules.sql -o /dev/full dump.sql", 4),
        ("-r rules.sql --no-such-option dump.sql", 2),
    ];
    let folder = folder();
    for (given, environment) in [("", true), (" --key-file key", false)] {
        for (args, code) in runs {
            let what = format!("{args}{given}");
            let output = run(folder.path(), &what, environment);
            let err = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(code), "{what}: {err}");
            assert_without_key(&what, &output.stdout);
            assert_without_key(&what, &output.stderr);
            for entry in std::fs::read_dir(folder.path()).unwrap() {
                let path = entry.unwrap().path();
                if !path.ends_with("key") && !path.ends_with("long") {
                    assert_without_key(&what, &std::fs::read(path).unwrap());
                }
            }
        }
    }
}

#[test]
fn a_key_that_cannot_be_taken_is_not_shown() {
    let folder = folder();
    let here = folder.path();
    for (args, code, part) in [
        ("--key-file long", 2, "too large"),
        ("--key-file .", 4, "--key-file"),
        // There is no option for the key itself; whoever mistakes one for it finds it in no log.
        (&format!("--key {KEY}"), 2, "unexpected argument"),
        (&format!("--key={KEY}"), 2, "unexpected argument"),
        (&format!("--key-file {KEY}"), 4, "not the key"),
    ] {
        let output = run(here, &format!("-r rules.sql {args} dump.sql"), false);
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{args}: {err}");
        assert!(err.contains(part), "{args}: {err}");
        assert_without_key(args, &output.stderr);
    }
}

#[test]
fn a_report_says_which_key_it_was() {
    let folder = folder();
    let fingerprint = |args: &str, environment: bool| {
        let text = format!("-r rules.sql {args} --report r.txt -o safe.sql dump.sql");
        let told = run(folder.path(), &text, environment);
        assert!(told.status.success(), "{told:?}");
        let json = text.replace("r.txt", "r.json");
        assert!(run(folder.path(), &json, environment).status.success());
        let text = std::fs::read_to_string(folder.path().join("r.txt")).unwrap();
        let line = text.lines().find(|l| l.trim_start().starts_with("key "));
        let json = std::fs::read(folder.path().join("r.json")).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        let shown = json["key"]["fingerprint"].as_str().unwrap().to_owned();
        let random = json["key"]["random"].as_bool().unwrap();
        (line.unwrap().to_owned(), shown, random, told)
    };
    let (line, known, random, _) = fingerprint("", true);
    assert!(line.contains(&known) && known.len() == 8 && !random);
    let (line, same, _, told) = fingerprint("--key-file key", false);
    assert!(line.contains(&same) && same == known);
    assert!(!String::from_utf8_lossy(&told.stderr).contains("key"));
    let key = folder.path().join("key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (_, same, _, told) = fingerprint("--key-file key", false);
    assert_eq!(same, known);
    let err = String::from_utf8_lossy(&told.stderr);
    assert!(
        err.contains("can read the key file key: chmod 600"),
        "{err}"
    );
    std::fs::write(&key, format!("{KEY}4\n")).unwrap();
    assert_ne!(fingerprint("--key-file key", false).1, known);
    let (line, other, random, told) = fingerprint("", false);
    assert!(line.contains("(random, for this run only)") && random && other != known);
    let err = String::from_utf8_lossy(&told.stderr);
    assert!(err.contains("no key was given"), "{err}");
}

/// How often the key stands in what the process can write to; none if nobody may look.
fn in_memory(process: u32) -> Option<usize> {
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).ok()?;
    let mut memory = std::fs::File::open(format!("/proc/{process}/mem")).ok()?;
    let mut found = 0;
    // The stack holds the environment as well, of which this is no test.
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (from, to) = line.split(' ').next()?.split_once('-')?;
        let from = u64::from_str_radix(from, 16).ok()?;
        let to = u64::from_str_radix(to, 16).ok()?;
        let mut bytes = vec![0; usize::try_from(to - from).ok()?];
        memory.seek(SeekFrom::Start(from)).ok()?;
        if memory.read_exact(&mut bytes).is_ok() {
            found += memchr::memmem::find_iter(&bytes, KEY).count();
        }
    }
    Some(found)
}

#[test]
fn a_run_has_its_key_once() {
    let folder = folder();
    let mut child = Command::new(SCRUB)
        .current_dir(folder.path())
        .args(["-q", "-r", "rules.sql", "--key-file", "key"])
        .env_remove("SCRUB_KEY")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A batch and more, so that rows have run through their program.
    let row = "1\ta@company.com\n".repeat(200_000);
    let (head, end) = DUMP.split_once("1\ta@company.com\n").unwrap();
    stdin.write_all(head.as_bytes()).unwrap();
    stdin.write_all(row.as_bytes()).unwrap();
    let began = Instant::now();
    let found = loop {
        match in_memory(child.id()) {
            Some(0) if began.elapsed() < Duration::from_secs(20) => {
                std::thread::sleep(Duration::from_millis(20));
            }
            found => break found,
        }
    };
    stdin.write_all(end.as_bytes()).unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success());
    match found {
        Some(times) => assert_eq!(times, 1),
        None => {
            let _ = writeln!(std::io::stderr(), "NOT TESTED: memory cannot be read");
        }
    }
}
