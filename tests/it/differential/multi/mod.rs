//! Rules that look at other rows, over several tables with foreign keys: PostgreSQL, the naive
//! interpreter and scrub must agree.
//!
//! A case runs in the naive interpreter first. Where it ends well, PostgreSQL must come to the same
//! rows; where it stops, PostgreSQL must stop as well.
//!
//! `SCRUB_CASES` and `SCRUB_SEED` as for the other cases; a case here is one seed.

mod engine;
mod rules;
mod schema;
mod stream;

use super::{Choices, STYLES, compare, number, offline, selects, sorted};
use crate::naive::{self, Database, Results, Stop, StopKind, Style};
use crate::pg_restore::Carrier;
use crate::server::{Postgres, postgres};
use std::sync::atomic::{AtomicU64, Ordering};
use stream::{Given, Outcome, scrub};

/// Cases in a normal run.
const CASES: u64 = 300;
/// Cases in one database.
const AT_ONCE: u64 = 15;

/// Rows without DDL, which the schema's own dump gives.
const DATA_ONLY: &[&str] = &["--data-only", "--disable-triggers"];

/// One case: all the SQL of it.
#[derive(Clone)]
pub struct Case {
    pub seed: u64,
    pub ddl: String,
    pub keys: String,
    pub rows: String,
    pub target: (String, String),
    pub rules: rules::Rules,
    /// In schema `target`, as PostgreSQL needs it.
    target_for_server: String,
    schemas: Vec<String>,
}

/// A case with what the naive interpreter made of it.
struct Ran {
    case: Case,
    after: Result<(Database, Results), Stop>,
}

impl Case {
    fn generate(seed: u64) -> Case {
        let choices = &mut Choices::new(seed ^ 0x6d75_6c74_6900_0000);
        let tag = seed.to_string();
        let tables = schema::tables(&tag, choices);
        let target = match choices.one_in(3) {
            true => schema::target(&tables, choices),
            false => Vec::new(),
        };
        let rules = rules::generate(&tables, &target, choices);
        let mut schemas: Vec<String> = tables.iter().map(|t| t.schema.clone()).collect();
        schemas.sort();
        schemas.dedup();
        let place = schema::ddl(&target, Some("target")) + &schema::rows(&target, Some("target"));
        Case {
            seed,
            ddl: schema::ddl(&tables, None),
            keys: schema::keys(&tables),
            rows: schema::rows(&tables, None),
            target: (schema::ddl(&target, None), schema::rows(&target, None)),
            rules,
            target_for_server: place.replace("CREATE SCHEMA", "CREATE SCHEMA IF NOT EXISTS"),
            schemas,
        }
    }

    /// The tables in memory before the rules.
    fn before(&self) -> Database {
        let read = |parts: &[&str]| {
            let mut database = naive::read(
                format!("SET standard_conforming_strings = on;\n{}", parts.concat()).as_bytes(),
            );
            database.normalise();
            database
        };
        let mut before = read(&[&self.ddl, &self.keys, &self.rows]);
        if !self.target.0.is_empty() {
            before.target = Some(Box::new(read(&[&self.target.0, &self.target.1])));
        }
        before
    }

    /// Runs it in the naive interpreter.
    fn run(self) -> Ran {
        let after = self.result();
        Ran { case: self, after }
    }

    fn result(&self) -> Result<(Database, Results), Stop> {
        let book = naive::rulebook(&self.rules.scrub);
        let run = |checks_last| {
            let mut database = self.before();
            database.checks_last = checks_last;
            database.run(&book).map(|results| (database, results))
        };
        match run(false) {
            // Another order of the triggers may be the one of a deferred constraint.
            Err(stop) if matches!(stop.kind, StopKind::Orphans | StopKind::NoParent) => run(true),
            other => other,
        }
    }

    fn what(&self) -> String {
        format!(
            "SCRUB_SEED={} (multi)\n--- tables\n{}{}{}--- target\n{}{}--- rules\n{}",
            self.seed,
            self.ddl,
            self.keys,
            self.rows,
            self.target.0,
            self.target.1,
            self.rules.scrub
        )
    }
}

/// The seeds of a run, some at once, on two threads.
fn seeds(at_once: u64, cases: u64, work: &(dyn Fn(std::ops::Range<u64>) + Sync)) {
    let next = AtomicU64::new(0);
    let worker = || {
        loop {
            let first = next.fetch_add(at_once, Ordering::Relaxed);
            if first >= cases {
                break;
            }
            work(first..first + at_once);
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(worker);
        scope.spawn(worker);
    });
}

#[test]
fn postgresql_the_naive_interpreter_and_scrub_agree_about_several_tables() {
    let Some(server) = postgres() else { return };
    if let Some(seed) = number("SCRUB_SEED") {
        group(server, vec![seed]);
        return;
    }
    let done = AtomicU64::new(0);
    let cases = number("SCRUB_CASES").unwrap_or(CASES);
    seeds(AT_ONCE, cases, &|seeds| {
        done.fetch_add(group(server, seeds.collect()), Ordering::Relaxed);
    });
    let done = done.into_inner();
    assert!(
        done * 10 >= cases * 7,
        "only {done} of {cases} rulebooks ran to their end"
    );
}

/// Runs cases in one database, in memory and, those that end well, through scrub; how many did.
fn group(server: &'static Postgres, seeds: Vec<u64>) -> u64 {
    let made = server.database();
    let ran: Vec<Ran> = seeds
        .iter()
        .map(|seed| Case::generate(*seed).run())
        .collect();
    for Ran { case, .. } in &ran {
        let parts = [&case.ddl, &case.rows, &case.keys, &case.target_for_server];
        made.psql(parts.map(String::as_str).concat());
    }
    let well: Vec<&Ran> = ran.iter().filter(|ran| ran.after.is_ok()).collect();
    let wanted = well.iter().flat_map(|ran| &ran.case.schemas);
    let wanted: Vec<String> = wanted.map(|schema| format!("--schema={schema}")).collect();
    let dump = |more: &[&str]| {
        let options = wanted
            .iter()
            .map(String::as_str)
            .chain(more.iter().copied());
        made.dump(&options.collect::<Vec<_>>())
    };
    let choices = &mut Choices::new(seeds[0]);
    let style = match choices.below(5) {
        0 => DATA_ONLY,
        at => STYLES[at - 1],
    };
    let data_only = style == DATA_ONLY;
    let (before, schema) = (dump(style), dump(&["--schema-only"]));
    let carrier = Carrier::of(seeds[0]);
    let options = wanted.iter().map(String::as_str);
    let options: Vec<&str> = options.chain(style.iter().copied()).collect();
    let archive = carrier.dump(&made, &options);

    let mut selected = String::new();
    for Ran { case, after } in &ran {
        let output = made.try_psql(format!(
            "\\pset null 'NULL'\n\\pset format unaligned\n\\pset tuples_only on\n{}",
            case.rules.psql
        ));
        let error = String::from_utf8_lossy(&output.stderr);
        match (after, output.status.success()) {
            (Err(stop), false) => assert!(
                alike(stop, &error),
                "{}\n--- PostgreSQL\n{error}--- naive\n{stop}",
                case.what()
            ),
            (Err(stop), true) => assert!(
                matches!(stop.kind, StopKind::SeveralRows | StopKind::Server),
                "{}\nPostgreSQL goes on, the naive interpreter stops: {stop}",
                case.what()
            ),
            (Ok(_), false) => {
                assert!(
                    left_to_the_load(&error),
                    "{}\nPostgreSQL stops, the naive interpreter goes on: {error}",
                    case.what()
                );
                let others = seeds.iter().filter(|seed| **seed != case.seed).copied();
                let others: Vec<u64> = others.collect();
                return if others.is_empty() {
                    0
                } else {
                    group(server, others)
                };
            }
            (Ok((_, results)), true) => {
                let shown = String::from_utf8_lossy(&output.stdout);
                assert_eq!(
                    sorted(&results.selected.join("\n")),
                    sorted(&shown),
                    "{}\nthe SELECTs differ: left is the naive interpreter, right is PostgreSQL",
                    case.what()
                );
                selected.push_str(&shown);
            }
        }
    }
    if well.is_empty() {
        return 0;
    }
    let left = dump(&[]);
    for ran in &well {
        if let Ok((after, _)) = &ran.after {
            offline::agree_with_server(after, &left, &ran.case.what());
        }
    }

    let kept =
        std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("multi-{}", seeds[0]));
    std::fs::create_dir_all(&kept).expect("a folder");
    let rules: String = well
        .iter()
        .map(|ran| ran.case.rules.scrub.as_str())
        .collect();
    let target = well.iter().map(|ran| &ran.case.target);
    let (ddl, rows): (String, String) = target.map(|(a, b)| (a.as_str(), b.as_str())).unzip();
    let target =
        naive::read(format!("SET standard_conforming_strings = on;\n{ddl}{rows}").as_bytes());
    let target = target.dump(&ddl, Style::Copy);
    for (name, text) in [
        ("dump.sql", before.as_slice()),
        ("schema.sql", &schema),
        ("rules.sql", rules.as_bytes()),
        ("target.sql", &target),
    ] {
        std::fs::write(kept.join(name), text).expect("a file");
    }
    let file = choices.one_in(2);
    let mut more = vec![format!("--jobs={}", 1 + choices.below(4))];
    if choices.one_in(3) {
        more.push("--single-transaction".into());
    }
    let what = format!(
        "SCRUB_SEED={} and others (pg_dump {style:?}, file: {file}, {more:?}; kept in {})",
        seeds[0],
        kept.display()
    );
    let Outcome { run, report } = scrub(&Given {
        rules: &rules,
        dump: &before,
        schema: (!file || data_only).then_some(&schema),
        target: (!ddl.is_empty()).then_some(&target),
        file,
        more,
    });
    assert!(run.code == Some(0), "{what}: scrub failed: {}", run.err);
    let scrubbed = server.database();
    if data_only {
        scrubbed.restore(&schema);
    }
    let restored = scrubbed.try_psql(&run.out);
    assert!(
        restored.status.success(),
        "{what}: the scrubbed dump cannot be restored: {}",
        String::from_utf8_lossy(&restored.stderr)
    );
    let aside = ran
        .iter()
        .filter(|ran| ran.after.is_err())
        .flat_map(|ran| &ran.case.schemas);
    for schema in aside.map(String::as_str).chain(["target"]) {
        made.psql(format!(
            "SET client_min_messages = error; DROP SCHEMA IF EXISTS {schema} CASCADE"
        ));
    }
    compare(&made, &scrubbed, &what);
    let told = |report: &str, what: &str| {
        assert_eq!(
            sorted(&selected),
            sorted(&selects(report)),
            "{what}: the SELECTs differ"
        );
    };
    told(&report, &what);

    let what = format!("{what}, {carrier}");
    std::fs::write(kept.join("archive.dump"), &archive).expect("a file");
    let path = |name: &str| kept.join(name).to_str().expect("UTF-8").to_owned();
    let mut args = vec!["--report".to_owned(), path("report.json")];
    if data_only {
        args.extend(["--schema".to_owned(), path("schema.sql")]);
    }
    if !ddl.is_empty() {
        args.extend(["--target".to_owned(), path("target.sql")]);
    }
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let run = carrier.scrub(&args, &rules, &archive);
    let report = std::fs::read_to_string(path("report.json")).unwrap_or_default();
    assert!(run.code == Some(0), "{what}: scrub failed: {}", run.err);
    let scrubbed = server.database();
    if data_only {
        scrubbed.restore(&schema);
    }
    carrier.restore(server, &scrubbed, data_only, &run);
    compare(&made, &scrubbed, &what);
    told(&report, &what);
    std::fs::remove_dir_all(&kept).expect("the folder");
    well.len() as u64
}

/// Do both stop for the same reason?
fn alike(stop: &Stop, error: &str) -> bool {
    match stop.kind {
        StopKind::Orphans | StopKind::NoParent => error.contains("foreign key constraint"),
        StopKind::SeveralValues => error.contains("more than one row returned by a subquery"),
        StopKind::NotNull => error.contains("not-null constraint"),
        // Which of two reasons comes first is a matter of plans.
        _ => true,
    }
}

/// Uniqueness is left to the server that loads, and so is the moment at which NO ACTION looks.
fn left_to_the_load(error: &str) -> bool {
    error.contains("duplicate key value")
        || error.contains("cannot affect row a second time")
        || error.contains("violates foreign key constraint")
}
