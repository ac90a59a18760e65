//! MariaDB is the oracle: restoring `scrub(dump)` equals restoring `dump` and running the rulebook.
//!
//! Schemas, rows and rulebooks are generated from a seed. A case is a few tables and rules; several
//! share a database. Half of the rulebooks are in MySQL's own dialect, half in scrub's usual one,
//! which MariaDB understands under ANSI settings.
//!
//! * `SCRUB_CASES=5000 cargo test --test it mariadb_agrees` runs that many;
//! * `SCRUB_SEED=n` runs the one case that a failure names.

mod rules;
mod schema;
mod values;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::{Choices, difference, each_group, kept};
use crate::mariadb::{Database, Mariadb, mariadb};
use crate::runner::{filter_with, run};
use schema::Table;

/// Cases in one database.
const CASES_AT_ONCE: u64 = 10;
/// Cases in a normal run.
const CASES: u64 = 100;

/// How the rows are dumped, in turn, and the character set of the clients.
const FLAVOURS: [(&str, &[&str]); 14] = [
    ("utf8mb4", &[]),
    ("utf8mb4", &["--skip-extended-insert"]),
    ("utf8mb4", &["--complete-insert", "--hex-blob"]),
    ("utf8mb4", &["--compatible=ansi"]),
    ("latin1", &[]),
    ("utf8mb4", &["--no-create-info"]),
    (
        "utf8mb4",
        &["--net-buffer-length=1024", "--order-by-primary"],
    ),
    ("gbk", &[]),
    ("utf8mb4", &["--skip-opt", "--create-options", "--replace"]),
    ("sjis", &["--hex-blob"]),
    (
        "utf8mb4",
        &["--insert-ignore", "--no-autocommit", "--skip-add-locks"],
    ),
    (
        "utf8mb4",
        &["--skip-comments", "--skip-tz-utc", "--single-transaction"],
    ),
    ("sjis", &[]),
    ("big5", &["--skip-extended-insert"]),
];

/// How a rulebook's SQL is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sql {
    /// In MySQL's dialect?
    pub mysql: bool,
    /// May its texts have characters that the dump's character set lacks?
    pub wide: bool,
    /// Does the dump say where the tables' AUTO_INCREMENT stands?
    pub counted: bool,
}

/// What the tables and their rows are made with.
pub const MAKING: Sql = Sql {
    mysql: true,
    wide: true,
    counted: true,
};

impl Sql {
    /// A name in quotes.
    pub fn name(self, name: &str) -> String {
        match self.mysql {
            true => format!("`{}`", name.replace('`', "``")),
            false => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }

    /// A text in quotes.
    pub fn text(self, text: &str) -> String {
        if !self.mysql {
            return format!("'{}'", text.replace('\'', "''").replace(['\0', '\r'], ""));
        }
        let mut out = String::from("'");
        for c in text.chars() {
            match c {
                '\0' => out.push_str("\\0"),
                '\u{1a}' => out.push_str("\\Z"),
                '\\' => out.push_str("\\\\"),
                '\r' => out.push_str("\\r"),
                '\'' => out.push_str(if text.len().is_multiple_of(2) {
                    "''"
                } else {
                    "\\'"
                }),
                other => out.push(other),
            }
        }
        out + "'"
    }

    /// What makes MariaDB read it as scrub does.
    fn session(self) -> &'static str {
        match self.mysql {
            true => "",
            false => {
                "SET sql_mode = 'STRICT_TRANS_TABLES,ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,SIMULTANEOUS_ASSIGNMENT';\n"
            }
        }
    }
}

struct Case {
    seed: u64,
    ddl: String,
    rows: String,
    rules: String,
    contents: String,
}

impl Case {
    fn generate(seed: u64, sql: Sql, charset: &str) -> Case {
        let choices = &mut Choices::new(seed);
        let tables = schema::generate(&format!("c{seed}_"), charset, choices);
        let of = |name: &str| tables.iter().find(|t| t.name == name);
        let (mut ddl, mut rows, mut contents) = (String::new(), String::new(), String::new());
        for table in &tables {
            ddl += &table.ddl(sql, choices);
            let parent = table.parent.as_ref().and_then(|(name, _)| of(name));
            rows += &table.rows(parent.map_or(0, |p: &Table| p.rows), choices);
            contents += &table.contents();
        }
        let rules = rules::generate(&tables, sql, choices);
        Case {
            seed,
            ddl,
            rows,
            rules,
            contents,
        }
    }
}

#[test]
fn mariadb_agrees() {
    let Some(server) = mariadb() else { return };
    each_group(CASES, CASES_AT_ONCE, |seeds| {
        let group = seeds.start / CASES_AT_ONCE;
        let flavour = FLAVOURS[(group % FLAVOURS.len() as u64) as usize];
        let sql = Sql {
            mysql: group % 3 != 2,
            wide: flavour.0 == "utf8mb4",
            counted: !flavour.1.contains(&"--compatible=ansi"),
        };
        let cases: Vec<_> = seeds
            .map(|seed| Case::generate(seed, sql, flavour.0))
            .collect();
        together(server, &cases, sql, flavour)
    });
    let aside = ASIDE.load(Relaxed);
    let cases = super::number("SCRUB_CASES").unwrap_or(CASES);
    assert!(
        aside <= 3 + cases / 50,
        "{aside} of {cases} cases compared nothing"
    );
}

/// Cases that compare nothing: the server refuses their rulebook, or scrub stops as it says it does.
static ASIDE: AtomicU64 = AtomicU64::new(0);

/// What scrub says of rulebooks that it does not run.
const STOPS: [&str; 2] = [
    "how the server's collation compares a character of this text is not known",
    "it reads a column that only the server will fill in",
];

fn all(cases: &[Case], part: impl Fn(&Case) -> &String) -> String {
    cases.iter().map(part).map(String::as_str).collect()
}

/// Runs cases in one database; if that fails, each on its own, to tell which it is.
fn together(
    server: &'static Mariadb,
    cases: &[Case],
    sql: Sql,
    flavour: (&'static str, &'static [&'static str]),
) -> Result<(), String> {
    let result = compare(server, cases, sql, flavour);
    if result.is_ok() || cases.len() == 1 {
        return result;
    }
    let mut failures = String::new();
    let mut aside = 0;
    for case in cases {
        match compare(server, std::slice::from_ref(case), sql, flavour) {
            Err(why) if why.contains(REFUSED) || STOPS.iter().any(|s| why.contains(s)) => {
                aside += 1
            }
            Err(why) => failures += &why,
            Ok(()) => {}
        }
    }
    ASIDE.fetch_add(aside, Relaxed);
    match (failures.is_empty(), aside > 0) {
        // One case that is left aside takes the others with it.
        (true, true) => Ok(()),
        (true, false) => result,
        (false, _) => Err(failures),
    }
}

/// What the server says of a rulebook that fails there (a value out of range, say).
const REFUSED: &str = "MariaDB does not run the rulebook";

fn compare(
    server: &'static Mariadb,
    cases: &[Case],
    sql: Sql,
    (charset, options): (&'static str, &'static [&'static str]),
) -> Result<(), String> {
    let seed = cases[0].seed;
    let rules = format!(
        "-- dialect: {}\n{}",
        if sql.mysql { "mysql" } else { "postgres" },
        all(cases, |c| &c.rules)
    );
    let made = server.database();
    let setting = "SET NAMES utf8mb4, sql_mode = 'STRICT_TRANS_TABLES,NO_AUTO_VALUE_ON_ZERO';\n";
    let script = format!(
        "{setting}{}{}",
        all(cases, |c| &c.ddl),
        all(cases, |c| &c.rows)
    );
    let output = made.try_run(script.as_bytes());
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        return Err(format!(
            "SCRUB_SEED={seed}: the tables cannot be made: {why}\n"
        ));
    }
    let character = format!("--default-character-set={charset}");
    let dump = made.dump(&[&[character.as_str()], options].concat());
    let schema = made.dump(&[&character, "--no-data"]);
    let folder = kept(
        "mariadb",
        seed,
        &[
            ("dump.sql", &dump),
            ("schema.sql", &schema),
            ("rules.sql", rules.as_bytes()),
        ],
    );
    let path = |name: &str| folder.path.join(name).display().to_string();
    let fail = |why: String| {
        Err(format!(
            "SCRUB_SEED={seed} ({} cases; {charset} {options:?}; kept in {}): {why}\n--- rules\n{rules}\n",
            cases.len(),
            folder.path.display()
        ))
    };

    // What the dump leaves out comes from a dump of the schema.
    let schema_path = path("schema.sql");
    let (first, args): (&[u8], Vec<&str>) = match options.contains(&"--no-create-info") {
        true => (&schema, vec!["--schema", &schema_path]),
        false => (b"", Vec::new()),
    };
    let load = |database: &Database, dump: &[u8]| -> Result<(), String> {
        let checks = b"SET FOREIGN_KEY_CHECKS=0, sql_mode='NO_AUTO_VALUE_ON_ZERO';\n";
        let output = database.try_run_as(charset, &[&checks[..], first, dump].concat());
        match output.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    };
    let oracle = server.database();
    if let Err(why) = load(&oracle, &dump) {
        return fail(format!("the dump cannot be restored: {why}"));
    }
    let output = oracle.try_run(format!("{}{rules}", sql.session()).as_bytes());
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        return fail(format!("{REFUSED}: {why}"));
    }

    // From a file and through a pipe, with any number of threads.
    let jobs = (seed % 4 + 1).to_string();
    let (dump_path, rules_path) = (path("dump.sql"), path("rules.sql"));
    let mut file = args.clone();
    file.extend(["--jobs", &jobs, "-r", &rules_path, &dump_path]);
    let file = run(&file, b"");
    if file.code != Some(0) {
        return fail(format!("scrub failed: {}", file.err));
    }
    let piped = filter_with(&args, &rules, &dump);
    // Constraints that stand behind the rows they are about are not known in time on a pipe.
    let late = piped.code != Some(0) && piped.err.contains("--schema");
    if !late && piped.code != Some(0) {
        return fail(format!("scrub fails on a pipe: {}", piped.err));
    }
    if filter_with(&args, "", &dump).out != dump {
        return fail("an empty rulebook changes the dump".to_owned());
    }

    let query = all(cases, |c| &c.contents);
    let left = oracle.run(query.as_bytes());
    // On a pipe a table that waits for others leaves behind them; a file is read twice instead.
    let again = (!late && piped.out != file.out).then_some(&piped.out);
    for out in std::iter::once(&file.out).chain(again) {
        let scrubbed = server.database();
        if let Err(why) = load(&scrubbed, out) {
            return fail(format!("the scrubbed dump cannot be restored: {why}"));
        }
        let right = scrubbed.run(query.as_bytes());
        if left != right {
            return fail(difference("MariaDB", &left, &right));
        }
    }
    folder.remove();
    Ok(())
}
