//! T-SQL and Oracle without their servers: H2 in its MSSQLServer and Oracle modes is the oracle for what
//! it can execute, and sqlparser reads every statement that scrub writes.
//!
//! Loading a script into H2 and running the rulebook's plain statements there gives the same tables
//! as loading what scrub makes of the script. Both scripts and the rulebook go through the same mechanical
//! rewriting ([`adapt`]), which has a lexer of its own.

mod adapt;
mod cases;
mod generate;
mod reads;
mod split;
mod token;
mod vendors;

pub use token::Kind;

use crate::mariadb::skipped;
use crate::runner;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

const JAR: &str = "/usr/share/java/h2.jar";

/// Is H2 here? If not, the test has been reported as skipped, or has failed under `tests/run`.
fn installed() -> bool {
    static FOUND: OnceLock<bool> = OnceLock::new();
    let found = *FOUND.get_or_init(|| {
        let java = Command::new("java").arg("-version").output();
        Path::new(JAR).exists() && java.is_ok_and(|output| output.status.success())
    });
    if !found {
        skipped("H2 (libh2-java, default-jre-headless)");
    }
    found
}

/// A script and the rules that it meets.
#[derive(Debug, Clone)]
struct Case {
    name: String,
    kind: Kind,
    /// Where unqualified names are.
    schema: &'static str,
    /// What is in the database already, as H2 takes it.
    before: &'static str,
    dump: Vec<u8>,
    /// Does scrub read it from a pipe?
    piped: bool,
    /// What scrub gets.
    rules: String,
    /// What H2 gets: the same statements.
    plain: String,
}

impl Case {
    fn new(name: &str, kind: Kind, dump: &[u8], rules: &str) -> Case {
        let schema = match kind {
            Kind::Mssql => "dbo",
            Kind::Oracle => "APP",
        };
        let dialect = match kind {
            Kind::Mssql => "mssql",
            Kind::Oracle => "oracle",
        };
        Case {
            name: name.to_owned(),
            kind,
            schema,
            before: "",
            dump: dump.to_vec(),
            piped: false,
            rules: format!("-- dialect: {dialect}\n{rules}"),
            plain: rules.to_owned(),
        }
    }

    /// What scrub makes of it. A file can be read beforehand: foreign keys come last in these scripts.
    fn scrubbed(&self) -> Vec<u8> {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("dump.sql");
        std::fs::write(&path, &self.dump).expect("the dump");
        let from = match self.kind {
            Kind::Mssql => "mssql",
            Kind::Oracle => "oracle",
        };
        let args = ["-f", from, path.to_str().expect("UTF-8")];
        let run = match self.piped {
            true => runner::filter_with(&args[..2], &self.rules, &self.dump),
            false => runner::filter_with(&args, &self.rules, b""),
        };
        assert_eq!(run.code, Some(0), "{}: {}", self.name, run.err);
        run.out
    }

    /// Oracle compares without case after the vendors' ALTER SESSION; in H2 that is the columns' type, so
    /// it holds for what stands before it, too.
    fn ignores_case(&self) -> bool {
        self.kind == Kind::Mssql || self.plain.contains("NLS_COMP=LINGUISTIC")
    }

    /// A database of its own for a script.
    fn begin(&self) -> Vec<String> {
        let mut begin = vec![
            "SET SCHEMA PUBLIC".to_owned(),
            "DROP ALL OBJECTS".to_owned(),
            format!("SET IGNORECASE {}", self.ignores_case()),
            format!("CREATE SCHEMA \"{}\"", self.schema),
            format!("SET SCHEMA \"{}\"", self.schema),
        ];
        if self.kind == Kind::Oracle {
            begin.push("CREATE VIEW USER_TABLES AS SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = CURRENT_SCHEMA".to_owned());
        }
        begin.extend(
            self.before
                .split(';')
                .filter(|made| !made.trim().is_empty())
                .map(str::to_owned),
        );
        begin
    }
}

/// A script as text, in whatever of the encodings its BOM says; half of a character becomes U+FFFD.
fn decoded(bytes: &[u8]) -> String {
    encoding_rs::UTF_8.decode(bytes).0.into_owned()
}

/// Loads scripts of one kind into one H2, each into an empty database; gives what these hold.
fn execute(kind: Kind, scripts: &[(String, Vec<String>)]) -> Vec<Vec<String>> {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let output = |n: usize| dir.path().join(format!("{n}.sql"));
    let mut script = String::new();
    for (n, (_, statements)) in scripts.iter().enumerate() {
        let save = format!(
            "SCRIPT SIMPLE NOPASSWORDS NOSETTINGS TO '{}'",
            output(n).display()
        );
        for statement in statements.iter().chain([&save]) {
            script.push_str(statement);
            script.push_str(";\n");
        }
    }
    let path = dir.path().join("script.sql");
    std::fs::write(&path, script).expect("the script");
    let options = match kind {
        Kind::Mssql => "MODE=MSSQLServer;CASE_INSENSITIVE_IDENTIFIERS=TRUE;DATABASE_TO_UPPER=FALSE",
        Kind::Oracle => "MODE=Oracle",
    };
    let run = Command::new("java")
        .args(["-Dfile.encoding=UTF-8", "-Xmx256m", "-XX:+UseSerialGC"])
        .args(["-XX:TieredStopAtLevel=1", "-cp", JAR])
        .args(["org.h2.tools.RunScript", "-user", "sa", "-url"])
        .arg(format!(
            "jdbc:h2:mem:scrub;DEFAULT_ESCAPE=;NON_KEYWORDS=VALUE,USER,KEY;{options}"
        ))
        .arg("-script")
        .arg(&path)
        .output()
        .expect("java could not be run");
    let errors = String::from_utf8_lossy(&run.stderr);
    let held = scripts.iter().enumerate().map(|(n, (name, _))| {
        let text = std::fs::read_to_string(output(n));
        content(&text.unwrap_or_else(|_| panic!("{name}: H2 says {errors}")))
    });
    let held = held.collect();
    assert!(run.status.success(), "{errors}");
    held
}

/// The same for cases whose rules change something.
fn same_and_changed(cases: &[Case]) {
    let Some(unchanged) = same_as_h2(cases) else {
        return;
    };
    assert!(unchanged.is_empty(), "nothing changes: {unchanged:?}");
}

/// Compares what H2 holds after the rules with what it holds of scrub's output, for cases of one kind;
/// gives the cases in which scrub changes nothing.
fn same_as_h2(cases: &[Case]) -> Option<Vec<&str>> {
    if !installed() {
        return None;
    }
    let kind = cases[0].kind;
    let mut unchanged = Vec::new();
    let mut scripts = Vec::new();
    for case in cases {
        let scrubbed = case.scrubbed();
        if scrubbed == case.dump {
            unchanged.push(case.name.as_str());
        }
        reads::another_parser_reads(kind, &case.name, &case.dump, &scrubbed);
        let schema = vec![format!("SET SCHEMA \"{}\"", case.schema)];
        let rules = [schema, adapt::adapted(&case.plain, kind)].concat();
        for (side, dump, rules) in [
            ("with the rules", &case.dump, rules),
            ("scrubbed", &scrubbed, Vec::new()),
        ] {
            let load = adapt::adapted(&decoded(dump), kind);
            let name = format!("{}, {side}\n--- rules\n{}", case.name, case.plain);
            scripts.push((name, [case.begin(), load, rules].concat()));
        }
    }
    for (case, held) in cases.iter().zip(execute(kind, &scripts).chunks(2)) {
        let [left, right] = held else {
            panic!("two databases for each case")
        };
        let table = |line: &String| line.starts_with("CREATE MEMORY TABLE");
        assert!(left.iter().any(table), "{}", case.name);
        let missing = |a: &[String], b: &[String]| {
            let lines = a.iter().filter(|line| !b.contains(line)).cloned();
            lines.collect::<Vec<_>>().join("\n")
        };
        assert!(
            left == right,
            "{}: H2 after the rules, and not in what scrub made:\n{}\nonly in what scrub made:\n{}\n--- rules\n{}",
            case.name,
            missing(left, right),
            missing(right, left),
            case.plain,
        );
    }
    Some(unchanged)
}

/// What a database holds, in an order that does not depend on how it got there, without how far its
/// sequences have counted, and every number in one way: H2's Oracle mode keeps 0.00 apart from 0.
fn content(script: &str) -> Vec<String> {
    let counted = regex::Regex::new(r" RESTART WITH \d+").expect("a pattern");
    let zeros = regex::Regex::new(r"(\.\d*?)0+\b").expect("a pattern");
    let line = |line: &str| {
        let parts = line
            .trim()
            .split('\'')
            .enumerate()
            .map(|(n, part)| match n % 2 {
                0 => zeros
                    .replace_all(&counted.replace_all(part, ""), "$1")
                    .replace(".,", ",")
                    .replace(".)", ")"),
                _ => part.to_owned(),
            });
        parts.collect::<Vec<_>>().join("'")
    };
    let mut lines: Vec<_> = script.lines().map(line).collect();
    lines.sort();
    lines
}

#[test]
fn a_difference_is_found_and_what_nobody_foresaw_fails() {
    if !installed() {
        return;
    }
    for (kind, dump) in [(Kind::Mssql, cases::PEOPLE), (Kind::Oracle, cases::STAFF)] {
        for other in [
            "DELETE FROM mail WHERE person = 1; UPDATE mail SET address = NULL WHERE person = 9",
            "DELETE FROM mail WHERE person = 1; DELETE FROM mail WHERE person = 9",
            "DELETE FROM mail WHERE person = 1; BACKUP DATABASE mail",
        ] {
            let mut case = Case::new(
                other,
                kind,
                dump.as_bytes(),
                "DELETE FROM mail WHERE person = 1;",
            );
            case.dump
                .extend_from_slice(b"INSERT INTO mail (person, address) VALUES (9, 'x');\n");
            same_and_changed(std::slice::from_ref(&case));
            case.plain = other.to_owned();
            let compared = std::panic::catch_unwind(|| same_and_changed(&[case]));
            assert!(compared.is_err(), "{kind:?}: {other} passes for one DELETE");
        }
    }
}
