//! SQL Server and Oracle, where no server is at hand: the naive interpreter is the oracle over
//! generated scripts, and sqlparser reads what scrub writes.
//!
//! A case is a [`world::World`], written down as one of the systems' tools or people would
//! ([`tsql`], [`plsql`]), and a rulebook. The naive interpreter runs the rulebook over the world
//! itself, which no reader of scrub's has seen; [`reader`] reads scrub's output and shares nothing
//! with scrub's own. Further, for every case: without rules the bytes are the same; pipe and file,
//! every `--jobs` and all pieces in which the input can come give the same; and what scrub reads in
//! its own output is what the other reader reads.
//!
//! * `SCRUB_CASES=5000 cargo test --test it scripts` runs that many of each system instead of 80;
//! * `SCRUB_SEED=n` runs the one that a failure names.

mod plsql;
mod reader;
mod rules;
mod split;
mod tsql;
mod world;

use crate::differential::{Choices, number, offline};
use crate::invariants::{self, pieces};
use crate::naive::{self, Cell, Database, StopKind};
use crate::runner::{self, Run};
use scrub::dialect::{Dialect, Frame, RowFault, RowMode, RowSpan, mssql::Mssql, oracle::Oracle};
use scrub::rulebook::SqlDialect;
use scrub::schema::RelationName;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use world::World;

/// Cases of each system in a normal run.
const CASES: u64 = 80;

/// A script.
pub struct Script {
    pub bytes: Vec<u8>,
    /// The DDL, where it is in a file of its own.
    pub schema: Option<Vec<u8>>,
    /// Are foreign keys known before the rows?
    pub keys_first: bool,
    /// How it was written.
    pub what: String,
}

fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// One of two.
fn chance(choices: &mut Choices) -> bool {
    choices.one_in(2)
}

struct Case {
    seed: u64,
    world: World,
    script: Script,
    rules: String,
    jobs: String,
}

impl Case {
    fn generate(system: SqlDialect, seed: u64) -> Case {
        let choices = &mut Choices::new(seed ^ ((system as u64) << 40));
        let world = World::generate(system, choices);
        let script = match system {
            SqlDialect::Oracle => plsql::write(&world, choices),
            _ => tsql::write(&world, choices),
        };
        let rules = rules::generate(&world, choices);
        let jobs = (1 + choices.below(4)).to_string();
        Case {
            seed,
            world,
            script,
            rules,
            jobs,
        }
    }

    fn dialect(&self) -> &'static dyn Dialect {
        match self.world.system {
            SqlDialect::Oracle => &Oracle,
            _ => &Mssql,
        }
    }

    fn scrub(&self, rules: &str, file: bool, jobs: &str) -> (Run, String) {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = |name: &str| dir.path().join(name).to_str().expect("UTF-8").to_owned();
        let mut args = vec!["--report".to_owned(), path("report.json")];
        args.extend(["--from", self.dialect().name(), "--jobs", jobs].map(str::to_owned));
        if let Some(schema) = &self.script.schema {
            std::fs::write(path("schema.sql"), schema).expect("a file");
            args.extend(["--schema".to_owned(), path("schema.sql")]);
        }
        let mut input = self.script.bytes.as_slice();
        if file {
            std::fs::write(path("script.sql"), input).expect("a file");
            args.push(path("script.sql"));
            input = b"";
        }
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let run = runner::filter_with(&args, rules, input);
        let report = std::fs::read_to_string(path("report.json")).unwrap_or_default();
        (run, report)
    }

    /// Runs everything: true if the rulebook ran to its end, false if it stopped on both sides.
    fn check(&self) -> Result<bool, String> {
        let before = self.world.database();
        let read = reader::read(&self.world, &self.script.bytes)
            .map_err(|e| format!("the writer's fault: {e}"))?;
        if let Some(difference) = before.difference(&read) {
            return Err(format!(
                "the writer's fault: the script is not the world\n{difference}"
            ));
        }
        for file in [false, true] {
            let (run, _) = self.scrub("", file, &self.jobs);
            if run.code != Some(0) || run.out != self.script.bytes {
                return Err(format!("without rules the bytes differ: {}", run.err));
            }
        }
        let book = naive::rulebook(&self.rules);
        let after = [false, true].map(|checks_last| {
            let mut database = before.clone();
            database.checks_last = checks_last;
            database.run(&book).map(|results| (database, results))
        });
        let [immediate, last] = after;
        let after = match immediate {
            Err(stop) if matches!(stop.kind, StopKind::Orphans | StopKind::NoParent) => last,
            other => other,
        };
        let keys = self.world.tables.iter().any(|t| t.reference.is_some());
        let mut outputs = Vec::new();
        for file in [false, true] {
            let (run, report) = self.scrub(&self.rules, file, &self.jobs);
            let known = !keys || file || self.script.keys_first;
            let done = run.code == Some(0);
            match &after {
                Err(stop) if matches!(stop.kind, StopKind::NoParent | StopKind::Server) => {
                    return Ok(false);
                }
                Err(stop) if done => {
                    return Err(format!("scrub goes on where it must stop: {stop}"));
                }
                Err(_) => {}
                Ok(_) if !done && !known && run.err.contains("--schema") => {}
                Ok(_) if !done => return Err(format!("scrub failed (file: {file}): {}", run.err)),
                Ok((after, results)) => {
                    let read = reader::read(&self.world, &run.out)
                        .map_err(|e| format!("what scrub writes is not read: {e}"))?;
                    if let Some(difference) = after.difference(&read) {
                        return Err(format!(
                            "left is the naive interpreter, right is scrub (file: {file})\n{difference}"
                        ));
                    }
                    if let Some(told) = offline::untold(&book, results, &report, !keys) {
                        return Err(told);
                    }
                    outputs.push((run.out, read));
                }
            }
        }
        let Some((output, read)) = outputs.last() else {
            return Ok(false);
        };
        // What waits for foreign keys stands elsewhere when they are known.
        let keys_matter = keys && !self.script.keys_first;
        if outputs[0].0 != *output && !keys_matter {
            return Err("pipe and file differ".to_owned());
        }
        let own = self.own(output)?;
        if let Some(difference) = read.difference(&own) {
            return Err(format!(
                "left is sqlparser, right is scrub's own reader\n{difference}"
            ));
        }
        if self.script.schema.is_none() && self.script.keys_first | !keys {
            self.pieces()?;
        }
        Ok(true)
    }

    /// The same for all pieces in which the text can come, and for every number of jobs.
    fn pieces(&self) -> Result<(), String> {
        let text = reader::text(&self.script.bytes)?;
        let run = |jobs, next| {
            invariants::run(
                self.dialect(),
                text.as_bytes(),
                Some(&self.rules),
                jobs,
                next,
            )
        };
        let first = run(1, Box::new(|| usize::MAX));
        for (jobs, most) in [(1, 7), (3, 200), (8, 60)] {
            let other = run(jobs, pieces(self.seed, most));
            if first != other {
                return Err(format!(
                    "{jobs} jobs, pieces of up to {most} bytes: {first:?}\n{other:?}"
                ));
            }
        }
        Ok(())
    }

    /// The tables of a script as scrub reads them itself.
    fn own(&self, script: &[u8]) -> Result<Database, String> {
        let text = reader::text(script)?;
        let mut database = self.world.database();
        database.tables.values_mut().for_each(Vec::clear);
        let types = self.world.database().catalog;
        let mut framer = self.dialect().framer();
        let mut input = bytes::BytesMut::from(text.as_bytes());
        let mut block = None;
        while let Some(frame) = framer.next(&mut input, true).map_err(|e| e.to_string())? {
            match frame {
                Frame::Head { block: begun, .. } => {
                    framer.rows(RowMode::Split);
                    block = Some(begun);
                }
                Frame::Rows { bytes, .. } => {
                    let block = block.as_ref().ok_or("rows without a head")?;
                    let mut row = RowSpan::default();
                    let mut end = 0;
                    let fault = |e: RowFault| e.to_string();
                    while block.codec.row(&bytes, end, &mut row).map_err(fault)? {
                        end = row.body.end;
                        let named = |name: &&RelationName| same(&name.name, &block.relation.name);
                        let name = types.relations.keys().find(named);
                        let relation = &types.relations[name.ok_or("a table of another name")?];
                        let columns = block.columns.clone();
                        let all = || relation.columns.iter().map(|c| c.name.clone()).collect();
                        let columns: Vec<String> = columns.unwrap_or_else(all);
                        let mut cells = Vec::new();
                        for (at, column) in relation.columns.iter().enumerate() {
                            let place = columns.iter().position(|c| same(c, &column.name));
                            let raw = place.map(|place| (place, &bytes[row.cells[place].clone()]));
                            cells.push(match (raw, &column.default) {
                                (Some((place, raw)), _) => {
                                    match block
                                        .codec
                                        .decode(place, raw, &column.data_type)
                                        .map_err(fault)?
                                    {
                                        Some(text) => Cell::Text(text.into_owned()),
                                        None => Cell::Null,
                                    }
                                }
                                (None, Some(sql)) => Cell::Text(sql.clone().into_bytes()),
                                (None, None) if at == 0 => Cell::Server,
                                (None, None) => Cell::Null,
                            });
                        }
                        database.tables[&relation.name].push(cells);
                    }
                }
                _ => {}
            }
        }
        database.normalise();
        Ok(database)
    }

    fn what(&self, wrong: &str) -> String {
        let text = |bytes: &[u8]| reader::text(bytes).unwrap_or_default();
        format!(
            "SCRUB_SEED={} ({:?}, {})\n--- schema\n{}\n--- script\n{}\n--- rules\n{}\n--- wrong\n{wrong}\n",
            self.seed,
            self.world.system,
            self.script.what,
            self.script.schema.as_deref().map(text).unwrap_or_default(),
            text(&self.script.bytes),
            self.rules
        )
    }
}

fn agree(system: SqlDialect) {
    let seed = number("SCRUB_SEED");
    let first = seed.unwrap_or(0);
    let cases = seed.map_or_else(|| number("SCRUB_CASES").unwrap_or(CASES), |_| 1);
    let (next, done) = (AtomicU64::new(first), AtomicU64::new(0));
    let failures = Mutex::new(Vec::new());
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + cases {
                break;
            }
            let case = Case::generate(system, seed);
            match case.check() {
                Ok(well) => {
                    done.fetch_add(u64::from(well), Ordering::Relaxed);
                }
                Err(wrong) => {
                    let name = format!("scripts-{}-{seed}.txt", case.dialect().name());
                    let kept = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
                    let wrong = case.what(&wrong);
                    std::fs::write(kept, &wrong).expect("a file");
                    failures.lock().expect("the failures").push(wrong);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            // sqlparser's trees of joined pieces are as deep as they are many.
            let thread = std::thread::Builder::new().stack_size(64 << 20);
            thread.spawn_scoped(scope, work).expect("a thread");
        }
    });
    let failures = failures.into_inner().expect("the failures");
    if let Some(first) = failures.first() {
        let kept = env!("CARGO_TARGET_TMPDIR");
        panic!(
            "{} of {cases} cases fail, kept in {kept}; one of them:\n{first}",
            failures.len()
        );
    }
    let done = done.into_inner();
    assert!(
        seed.is_some() || done * 10 >= cases * 7,
        "only {done} of {cases} rulebooks ran to their end"
    );
}

#[test]
fn scrubbed_sql_server_scripts_hold_what_the_rules_say() {
    agree(SqlDialect::Mssql);
}

#[test]
fn scrubbed_oracle_scripts_hold_what_the_rules_say() {
    agree(SqlDialect::Oracle);
}
