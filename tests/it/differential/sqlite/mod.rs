//! sqlite3 is the oracle: restoring `scrub(dump)` equals restoring `dump` and running the rulebook.
//!
//! Schemas, rows and rulebooks are generated from a seed. `SCRUB_CASES=5000 cargo test --test it
//! sqlite_agrees` runs that many cases, `SCRUB_SEED=n` the one that a failure names.

mod rules;
mod tables;

use super::{Choices, difference, each_group, kept};
use crate::runner::{filter_with, run};
use crate::sqlite::{available, try_run};
use std::path::Path;

/// Cases in one database.
const CASES_AT_ONCE: u64 = 10;
/// Cases in a normal run.
const CASES: u64 = 100;

/// A name in quotes.
fn name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text in quotes; the shell takes a carriage return before a line feed for a part of the line's end.
fn text(text: &str) -> String {
    let quoted = format!("'{}'", text.replace('\'', "''"));
    match quoted.contains('\r') {
        true => format!("replace({},'<cr>',char(13))", quoted.replace('\r', "<cr>")),
        false => quoted,
    }
}

/// What a rulebook is written in.
fn dialect(seed: u64) -> &'static str {
    match seed / CASES_AT_ONCE % 3 {
        2 => "postgres",
        _ => "sqlite",
    }
}

struct Case {
    seed: u64,
    making: String,
    rules: String,
    contents: String,
}

impl Case {
    fn generate(seed: u64) -> Case {
        let choices = &mut Choices::new(seed);
        let tables = tables::generate(&format!("c{seed}_"), choices);
        let (mut making, mut contents) = (String::new(), String::new());
        for table in &tables {
            making += &table.ddl(choices);
            let parent = table.parent.as_ref();
            let parent = parent.and_then(|(name, _)| tables.iter().find(|t| t.name == *name));
            making += &table.rows(parent.map_or(0, |p| p.rows), choices);
            contents += &table.contents();
        }
        Case {
            seed,
            making,
            rules: rules::generate(&tables, dialect(seed), choices),
            contents,
        }
    }
}

#[test]
fn sqlite_agrees() {
    if !available() {
        return;
    }
    each_group(CASES, CASES_AT_ONCE, |seeds| {
        let cases: Vec<_> = seeds.map(Case::generate).collect();
        let result = compare(&cases);
        if result.is_ok() || cases.len() == 1 {
            return result;
        }
        // To tell which it is, each on its own.
        let alone = cases.iter().map(|case| compare(std::slice::from_ref(case)));
        let failures: String = alone.filter_map(Result::err).collect();
        match failures.is_empty() {
            true => result,
            false => Err(failures),
        }
    });
}

fn all(cases: &[Case], part: impl Fn(&Case) -> &String) -> String {
    cases.iter().map(part).map(String::as_str).collect()
}

/// Runs a script that must succeed.
fn shell(database: &Path, script: &[u8]) -> Result<Vec<u8>, String> {
    let output = try_run(database, &[b".bail on\n", script].concat());
    match output.status.success() && output.stderr.is_empty() {
        true => Ok(output.stdout),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

fn compare(cases: &[Case]) -> Result<(), String> {
    let seed = cases[0].seed;
    let rules = format!(
        "-- dialect: {}\n{}",
        dialect(seed),
        all(cases, |c| &c.rules)
    );
    let folder = tempfile::tempdir().expect("a folder");
    let database = |name: &str| folder.path().join(name);
    let failed = |what: &str, why: String| {
        format!(
            "SCRUB_SEED={seed} ({} cases): {what}: {why}\n--- rules\n{rules}\n",
            cases.len()
        )
    };
    let making = all(cases, |c| &c.making);
    shell(&database("made"), making.as_bytes())
        .map_err(|why| failed("the tables cannot be made", why))?;
    let dump = shell(&database("made"), b".dump\n").map_err(|why| failed(".dump", why))?;
    let files = [("dump.sql", &dump[..]), ("rules.sql", rules.as_bytes())];
    let kept = kept("sqlite", seed, &files);

    shell(&database("oracle"), &dump).map_err(|why| failed("the dump cannot be restored", why))?;
    shell(
        &database("oracle"),
        format!("PRAGMA foreign_keys=ON;\n{rules}").as_bytes(),
    )
    .map_err(|why| failed("sqlite3 does not run the rulebook", why))?;
    let query = all(cases, |c| &c.contents);
    let left = shell(&database("oracle"), query.as_bytes()).map_err(|w| failed("contents", w))?;

    // From a file and through a pipe, with any number of threads, in one transaction or not.
    let path = |name: &str| kept.path.join(name).display().to_string();
    let (jobs, dump_path, rules_path) = (
        (seed % 4 + 1).to_string(),
        path("dump.sql"),
        path("rules.sql"),
    );
    let file = run(&["--jobs", &jobs, "-r", &rules_path, &dump_path], b"");
    if file.code != Some(0) {
        return Err(failed("scrub failed", file.err));
    }
    let piped = filter_with(&["-1"], &rules, &dump);
    let late = piped.code != Some(0) && piped.err.contains("--schema");
    if !late && piped.code != Some(0) {
        return Err(failed("scrub fails on a pipe", piped.err));
    }
    if filter_with(&[], "", &dump).out != dump {
        return Err(failed("an empty rulebook changes the dump", String::new()));
    }
    for (way, out) in [
        ("file", Some(&file.out)),
        ("pipe", (!late).then_some(&piped.out)),
    ] {
        let Some(out) = out else { continue };
        shell(&database(way), out)
            .map_err(|why| failed("the scrubbed dump cannot be restored", why))?;
        let right = shell(&database(way), query.as_bytes()).map_err(|w| failed("contents", w))?;
        if left != right {
            let (left, right) = (
                String::from_utf8_lossy(&left),
                String::from_utf8_lossy(&right),
            );
            return Err(failed(way, difference("sqlite3", &left, &right)));
        }
    }
    kept.remove();
    Ok(())
}
