//! Sets that are incomplete, mixed or changed: none is proved, and not a byte of any leaves.

use super::{COMPLETED, System, id};
use crate::runner::SPOILED;
use std::fs;
use std::path::PathBuf;

/// What somebody does to a set, and a word of what scrub says then.
type Damage = (&'static str, fn(&System, &str), &'static str);

fn lui(system: &System, set: &str) -> PathBuf {
    system.file(set, "lui_", ".zip")
}

fn report(system: &System, set: &str) -> PathBuf {
    system.file(set, "backupReport_", ".txt")
}

/// Changes what is in a file.
fn change(path: PathBuf, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
    let bytes = fs::read(&path).expect("the file");
    fs::write(path, change(bytes)).expect("the file");
}

const DAMAGES: &[Damage] = &[
    (
        "a byte of a component",
        |system, set| {
            change(lui(system, set), |mut bytes| {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                bytes
            });
        },
        "component lui",
    ),
    (
        "a component is cut off",
        |system, set| change(lui(system, set), |bytes| bytes[..bytes.len() - 1].to_vec()),
        "component lui",
    ),
    (
        "a component is missing",
        |system, set| fs::remove_file(lui(system, set)).unwrap(),
        "is missing",
    ),
    (
        "two components are swapped",
        |system, set| {
            let (lui, trk) = (lui(system, set), system.file(set, "trk_", ".zip"));
            let other = system.at("other");
            fs::rename(&lui, &other).unwrap();
            fs::rename(&trk, &lui).unwrap();
            fs::rename(&other, &trk).unwrap();
        },
        "is another file, that was trk_TestBedBackup_",
    ),
    (
        "a component of another set, under its own name",
        |system, set| {
            let other = lui(system, &system.create(""));
            let name = other.file_name().unwrap();
            fs::copy(&other, system.at(set).join(name)).unwrap();
            fs::remove_file(
                system
                    .at(set)
                    .join(format!("lui_TestBedBackup_{}.zip", id(set))),
            )
            .unwrap();
        },
        "of another test-bed backup",
    ),
    (
        "a component of another set, renamed",
        |system, set| {
            let other = lui(system, &system.create(""));
            fs::copy(other, lui(system, set)).unwrap();
        },
        "is another file",
    ),
    (
        "the report's last line is cut off",
        |system, set| {
            change(report(system, set), |bytes| {
                bytes[..bytes.len() - 5].to_vec()
            })
        },
        "was not completed",
    ),
    (
        "the report ends before its last line",
        |system, set| {
            change(report(system, set), |bytes| {
                let text = String::from_utf8(bytes).unwrap();
                let end = text.rfind(COMPLETED).unwrap();
                text.into_bytes()[..end].to_vec()
            });
        },
        "was not completed",
    ),
    (
        "something follows the report's last line",
        |system, set| change(report(system, set), |bytes| [&bytes[..], b"but\n"].concat()),
        "was not completed",
    ),
    (
        "the report is missing",
        |system, set| fs::remove_file(report(system, set)).unwrap(),
        "no report",
    ),
    (
        "the manifest was changed",
        |system, set| {
            change(system.file(set, "manifest_", ".json"), |bytes| {
                let text = String::from_utf8(bytes).unwrap();
                text.replacen("\"changed\": ", "\"changed\": 1", 1)
                    .into_bytes()
            });
        },
        "is not the manifest",
    ),
    (
        "the manifest is missing",
        |system, set| fs::remove_file(system.file(set, "manifest_", ".json")).unwrap(),
        "is missing",
    ),
];

#[test]
fn a_damaged_set_is_refused_whatever_is_asked_of_it() {
    let system = System::new();
    for (what, damage, told) in DAMAGES {
        let set = system.create("");
        let extract = format!("archive extract {set} hub");
        system.scrub(&extract, "").ok();
        damage(&system, &set);
        for line in [extract, format!("archive verify {set}")] {
            let run = system.scrub(&line, "");
            assert_eq!(run.code, Some(3), "{what}: {line}: {}", run.err);
            assert!(run.err.contains(told), "{what}: {}", run.err);
            assert!(
                run.out.is_empty() || run.out == SPOILED,
                "{what}: {}",
                run.text()
            );
        }
        let file = system.scrub(&format!("archive extract {set} hub -o out.sql"), "");
        assert_eq!(file.code, Some(3), "{what}");
        assert!(!system.at("out.sql").exists(), "{what}");
    }
}

#[test]
fn a_set_is_found_by_its_folder_the_one_around_it_or_its_report() {
    let system = System::new();
    let set = system.create("");
    let report = report(&system, &set);
    for path in [&*set, "sets", report.to_str().unwrap()] {
        system.scrub(&format!("archive verify -q {path}"), "").ok();
    }
    // Files of several sets in one folder: the report says which.
    let other = system.create("");
    let run = system.scrub("archive verify -q sets", "");
    assert_eq!(run.code, Some(3), "{}", run.err);
    assert!(
        run.err.contains(id(&set)) && run.err.contains(id(&other)),
        "{}",
        run.err
    );
    for name in system.names(&other) {
        fs::copy(system.at(&other).join(&name), system.at(&set).join(&name)).unwrap();
    }
    system
        .scrub(&format!("archive verify -q {}", report.display()), "")
        .ok();
    for (line, code) in [
        (format!("archive extract {} nobody", report.display()), 2),
        (
            format!("archive extract {} hub lui.ini", report.display()),
            2,
        ),
        ("archive extract dumps hub".to_owned(), 3),
        ("archive verify nowhere".to_owned(), 4),
        ("archive verify rules.sql".to_owned(), 3),
    ] {
        assert_eq!(system.scrub(&line, "").code, Some(code), "{line}");
    }
}
