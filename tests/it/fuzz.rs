//! The fuzz targets on stable Rust: every fixture, every input of the corpus, every regression, and
//! changes of these that a seed chooses.
//!
//! * `SCRUB_CASES=200 cargo test --test it fuzz` makes that many changes of each input;
//! * `SCRUB_SEED=n` makes other changes.

#[path = "../../fuzz/targets/mod.rs"]
mod targets;

use crate::differential::{Choices, number};
use crate::runner::root;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use targets::{TARGETS, Target};

/// Changes of each input in a normal run.
const CHANGES: u64 = 4;
/// Changed inputs are not longer than this.
const LONGEST: usize = 8_000;

/// The files below a folder, in order.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let mut paths: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
    paths.sort();
    for path in paths {
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

/// The inputs of a target: its seeds and the fuzzers' own.
fn inputs(target: &Target) -> Vec<(PathBuf, Vec<u8>)> {
    let mut paths = Vec::new();
    for folder in target.seeds {
        files(&root().join(folder), &mut paths);
    }
    paths.retain(|path| {
        let named = path.to_str().is_some_and(|p| p.ends_with(target.suffix));
        named && path.metadata().is_ok_and(|m| m.len() <= target.longest)
    });
    for kind in ["corpus", "regressions"] {
        files(
            &root().join("fuzz").join(kind).join(target.name),
            &mut paths,
        );
    }
    let read = |path: PathBuf| {
        let bytes = std::fs::read(&path).expect("an input");
        (path, bytes)
    };
    paths.into_iter().map(read).collect()
}

/// One input with some of its bytes changed, or with a piece of another.
fn changed(input: &[u8], other: &[u8], choices: &mut Choices) -> Vec<u8> {
    let mut data = input[..input.len().min(LONGEST)].to_vec();
    for _ in 0..1 + choices.below(3) {
        let from = choices.below(data.len() + 1);
        let until = from
            + choices
                .below(data.len() - from + 1)
                .min(1 + choices.below(200));
        match choices.below(7) {
            0 if from < data.len() => data[from] ^= 1 << choices.below(8),
            1 if from < data.len() => data[from] = choices.below(256) as u8,
            2 => data.truncate(from),
            3 => drop(data.drain(from..until)),
            4 => {
                let piece = data[from..until].to_vec();
                data.splice(from..from, piece);
            }
            5 => {
                let start = choices.below(other.len() + 1);
                let end = start + choices.below(other.len() - start + 1).min(400);
                data.splice(from..until, other[start..end].iter().copied());
            }
            _ => {
                let signs = b"'\"\\;\n\r(),$-/*`[]@\0%{}Eq ";
                data.insert(from, signs[choices.below(signs.len())]);
            }
        }
    }
    data
}

/// Runs one input; one that fails is kept.
fn check(target: &Target, what: &str, data: &[u8]) {
    let done = catch_unwind(AssertUnwindSafe(|| targets::run(target.name, data)));
    if done.is_err() {
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{}", target.name));
        std::fs::write(&kept, data).expect("a file");
        panic!("{}: {what} fails, kept in {}", target.name, kept.display());
    }
}

fn all(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name);
    let target = target.expect("a target of this name");
    let inputs = inputs(target);
    assert!(inputs.len() > 2, "{name} has hardly any inputs");
    let changes = number("SCRUB_CASES").unwrap_or(CHANGES);
    let choices = &mut Choices::new(number("SCRUB_SEED").unwrap_or(1));
    for (path, data) in &inputs {
        check(target, &path.display().to_string(), data);
        for change in 0..changes {
            let other = &inputs[choices.below(inputs.len())].1;
            let data = changed(data, other, choices);
            check(
                target,
                &format!("change {change} of {}", path.display()),
                &data,
            );
        }
    }
}

macro_rules! each {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                all(stringify!($name));
            }
        )*

        /// The tests and binaries are those of the table.
        #[test]
        fn every_target_is_driven() {
            let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
            let manifest = std::fs::read_to_string(root().join("fuzz/Cargo.toml")).expect("a manifest");
            for name in names {
                let binary = root().join(format!("fuzz/fuzz_targets/{name}.rs"));
                let binary = std::fs::read_to_string(binary).expect("a binary");
                assert!(binary.contains(&format!("\"{name}\"")), "{name}");
                assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
            }
        }
    };
}

each! {
    framing_postgres framing_mysql framing_mssql framing_oracle framing_sqlite framing_properties
    rulebook rewrite_emails stream archive agrees
}
