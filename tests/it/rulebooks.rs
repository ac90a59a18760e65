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
