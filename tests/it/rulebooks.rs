//! Built-in rulebooks of other systems, run by psql: their plain statements, over tables with the same
//! names in PostgreSQL.

use crate::runner;
use crate::server::{Database, postgres};

/// Is a quoted name in it a pattern?
pub fn names_a_pattern(part: &str) -> bool {
    let code = part.lines().filter(|line| !line.starts_with("--"));
    code.flat_map(|line| line.split('"').skip(1).step_by(2))
        .any(|name| name.contains('*'))
}

/// The statements of a rulebook, each beginning with the line of its name, without what psql cannot
/// run: `anon` functions, patterns, and what is for one other dialect or wants a target.
fn plain_parts(book: &str) -> Vec<&str> {
    let not_here = [":mssql", ":oracle", ":mysql", ":with-target"];
    let mut parts: Vec<&str> = book.split("-- name: ").collect();
    parts.remove(0);
    parts.retain(|part| {
        let flags = part.lines().next().expect("a name");
        !part.contains("anon.")
            && !names_a_pattern(part)
            && !not_here.iter().any(|flag| flags.contains(flag))
    });
    parts
}

/// Runs the plain statements of the rulebook with psql over `tables`, and scrub over their dump: both
/// databases are the same. Returns the database, for questions, and how many statements ran.
pub fn same_as_psql(book: &str, tables: &str, set: &[(&str, &str)]) -> Option<(Database, usize)> {
    let server = postgres()?;
    let given = |line: &&str| {
        let name = line.split(' ').nth(1);
        !set.iter().any(|(set, _)| Some(*set) == name)
    };
    let mut variables: String = book
        .lines()
        .filter(|line| line.starts_with("\\set "))
        .filter(given)
        .map(|line| format!("{line}\n"))
        .collect();
    for (name, value) in set {
        variables.push_str(&format!("\\set {name} {value}\n"));
    }
    let dialect = book.lines().find(|line| line.starts_with("-- dialect: "));
    let made = server.database();
    made.psql(tables);
    let dump = made.dump(&[]);
    let (mut ran, mut rules) = (0, format!("{}\n{variables}", dialect.unwrap_or_default()));
    for part in plain_parts(book) {
        let (flags, statement) = part.split_once('\n').expect("a line with the name");
        let asked = flags.split(" :if-set ").nth(1);
        if asked.is_some_and(|asked| !set.iter().any(|(name, _)| asked.starts_with(name))) {
            continue;
        }
        // A setting of Oracle's stands between the statements.
        let statement: String = statement
            .lines()
            .filter(|line| !line.starts_with("ALTER SESSION"))
            .map(|line| format!("{line}\n"))
            .collect();
        let output = made.try_psql(format!("{variables}{statement}"));
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        match output.status.success() {
            true => ran += 1,
            false => assert!(
                flags.contains(" :optional") && errors.contains("does not exist"),
                "{part}\n{errors}"
            ),
        }
        rules.push_str(&format!("-- name: {flags}\n{statement}"));
    }
    let scrubbed = server.database();
    scrubbed.restore(runner::filter(&rules, &dump).ok());
    made.fingerprint()
        .assert_same(&scrubbed.fingerprint(), "the plain statements");
    Some((scrubbed, ran))
}

/// The rulebooks in `transforms/`: name and text.
fn shipped() -> Vec<(String, String)> {
    let folder = std::fs::read_dir(runner::root().join("transforms")).expect("the folder");
    let paths = folder.map(|entry| entry.expect("an entry").path());
    let mut found: Vec<(String, String)> = paths
        .map(|path| {
            let name = path
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            (name, std::fs::read_to_string(&path).expect("the rulebook"))
        })
        .collect();
    found.sort();
    found
}

#[test]
fn the_readme_and_the_program_know_every_rulebook() {
    let readme = std::fs::read_to_string(runner::root().join("README.md")).expect("README.md");
    let listed = String::from_utf8(runner::run(&["rules", "list"], b"").ok()).expect("UTF-8");
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `"));
    let rows: Vec<Vec<&str>> = rows
        .map(|row| {
            row.trim_end_matches('|')
                .split('|')
                .map(str::trim)
                .collect()
        })
        .filter(|row: &Vec<&str>| row.len() == 4)
        .collect();
    for (name, text) in shipped() {
        let detect = text
            .lines()
            .find_map(|line| line.strip_prefix("-- detect: "));
        let row = rows.iter().find(|row| row[0] == format!("{name}`"));
        let row = row.unwrap_or_else(|| panic!("README.md does not name {name}"));
        assert_eq!(row[1], detect.unwrap_or("every dump"), "{name}");
        let by_hand = text.lines().any(|line| line.starts_with("-- by-hand: "));
        assert_eq!(row[3] != "nothing", by_hand, "{name}");
        let title = text
            .lines()
            .find_map(|line| line.strip_prefix("-- title: "));
        let shown = format!("{name}\n    {}\n", title.expect("a title"));
        assert!(listed.contains(&shown), "{name} is not listed:\n{listed}");
        let shown = runner::run(&["rules", "show", &name], b"").ok();
        assert_eq!(String::from_utf8_lossy(&shown), text, "{name}");
    }
    let built_in = rows.iter().filter(|row| row[0].ends_with('`')).count();
    assert_eq!(
        built_in,
        shipped().len(),
        "README.md names more than there are"
    );
}

#[test]
fn every_statement_says_where_it_comes_from() {
    for (name, text) in shipped().into_iter().filter(|(name, _)| name != "baseline") {
        assert!(text.contains("\n-- source: "), "{name} has no source");
        let mut known = false;
        for (number, line) in text.lines().enumerate() {
            if line.ends_with("-----") {
                // Another part; its title may say it for all of it.
                known = false;
            }
            let comment = line.strip_prefix("-- ").unwrap_or_default().to_lowercase();
            if line.starts_with("-- name: ") {
                assert!(known, "{name}.sql:{}: {line}", number + 1);
            } else {
                known |= ["vendor", "documented", "ours", "assumed"]
                    .iter()
                    .any(|word| comment.contains(word));
            }
        }
    }
}
