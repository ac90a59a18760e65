//! scrub against the naive interpreter, in every shape in which the dump can come.

use super::{Case, Choices, Ran, number, offline, seeds};
use crate::naive::{self, Cell, Row, StopKind, Style, stored};
use crate::runner::{self, Run};
use scrub::schema::{Relation, RelationName};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// The shapes in which each case is run.
const SHAPES: u64 = 3;
/// So many failures are reduced to little.
const REDUCED: usize = 30;

/// How a dump is made and handed over.
#[derive(Debug, Clone)]
pub struct Shape {
    style: Style,
    /// The tables' data in this order.
    order: Vec<usize>,
    /// Foreign keys stand before the data.
    keys_first: bool,
    /// `--schema FILE`
    schema: bool,
    /// A regular file, not a pipe.
    file: bool,
    /// The blocks of partitions name them, not their root.
    leaves: bool,
    /// `--memory`, where it is little.
    memory: Option<&'static str>,
    jobs: usize,
}

impl Shape {
    fn any(tables: usize, choices: &mut Choices) -> Shape {
        let mut order: Vec<usize> = (0..tables).collect();
        match choices.below(4) {
            0 => {}
            1 => order.reverse(),
            _ => {
                for at in (1..tables).rev() {
                    order.swap(at, choices.below(at + 1));
                }
            }
        }
        Shape {
            style: choices.of(&[
                Style::Copy,
                Style::Copy,
                Style::ColumnInserts,
                Style::Inserts,
            ]),
            order,
            keys_first: choices.one_in(3),
            schema: choices.one_in(3),
            file: choices.one_in(2),
            leaves: choices.one_in(2),
            memory: choices.of(&[None, None, None, Some("20K"), Some("200K")]),
            jobs: 1 + choices.below(4),
        }
    }

    /// Are the foreign keys known before the rows?
    fn knows_keys(&self) -> bool {
        self.keys_first || self.schema || self.file
    }
}

/// The leaf of a generated partitioned table that takes a row.
fn leaf(relation: &Relation, row: &Row) -> Option<RelationName> {
    if relation.partition_key.is_empty() {
        return None;
    }
    let place = stored(relation).position(|c| c.name == "id")?;
    let Cell::Text(id) = &row[place] else {
        return None;
    };
    let id: i64 = std::str::from_utf8(id).ok()?.parse().ok()?;
    let mut name = relation.name.clone();
    name.name = format!("{}_{}", name.name, if id < 4 { "low" } else { "high" });
    Some(name)
}

/// What a run printed and reported.
pub struct Outcome {
    pub run: Run,
    pub report: String,
}

/// What scrub is given.
#[derive(Debug, Default)]
pub struct Given<'g> {
    pub rules: &'g str,
    pub dump: &'g [u8],
    pub schema: Option<&'g [u8]>,
    pub target: Option<&'g [u8]>,
    pub file: bool,
    /// More options.
    pub more: Vec<String>,
}

/// Runs scrub on a dump.
pub fn scrub(given: &Given<'_>) -> Outcome {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = |name: &str| dir.path().join(name).to_str().expect("UTF-8").to_owned();
    let mut args = vec!["--report".to_owned(), path("report.json")];
    args.extend_from_slice(&given.more);
    for (option, name, text) in [
        ("--schema", "schema.sql", given.schema),
        ("--target", "target.sql", given.target),
    ] {
        if let Some(text) = text {
            std::fs::write(path(name), text).expect("a file");
            args.extend([option.to_owned(), path(name)]);
        }
    }
    let mut input = given.dump;
    if given.file {
        std::fs::write(path("dump.sql"), given.dump).expect("a file");
        args.push(path("dump.sql"));
        input = b"";
    }
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let run = runner::filter_with(&args, given.rules, input);
    let report = std::fs::read_to_string(path("report.json")).unwrap_or_default();
    Outcome { run, report }
}

/// What a case came to in one shape.
enum Verdict {
    /// Both ended well with the same.
    Same,
    /// Both stopped, or scrub may.
    Stopped,
    /// They differ.
    Wrong(String),
}

/// Runs a case in one shape.
fn shaped(ran: &Ran, choices: &mut Choices) -> Verdict {
    let Ran { case, after } = ran;
    let mut before = case.before();
    let shape = Shape::any(before.tables.len(), choices);
    before.place(&leaf);
    let (ddl, late) = match shape.keys_first {
        true => (format!("{}{}", case.ddl, case.keys), ""),
        false => (case.ddl.clone(), case.keys.as_str()),
    };
    let dump = before.dump_in(&shape.order, &ddl, shape.style, late, !shape.leaves);
    let schema = shape
        .schema
        .then(|| before.dump_in(&[], &case.ddl, shape.style, &case.keys, false));
    let target = before.target.as_ref();
    let target = target.map(|target| target.dump(&case.target.0, Style::Copy));
    let mut more = vec!["--jobs".to_owned(), shape.jobs.to_string()];
    more.extend(shape.memory.map(|size| format!("--memory={size}")));
    let Outcome { run, report } = scrub(&Given {
        rules: &case.rules.scrub,
        dump: &dump,
        schema: schema.as_deref(),
        target: target.as_deref(),
        file: shape.file,
        more,
    });
    let wrong =
        |what: String| Verdict::Wrong(format!("{}--- {shape:?}\n--- {what}\n", case.what()));
    let succeeded = run.code == Some(0);
    let unknown_keys = !shape.knows_keys() && !case.keys.is_empty();
    match after {
        // Dangling references are found by the server that loads; and whether a cell that only it
        // knows is read can depend on the order of conditions.
        Err(stop) if matches!(stop.kind, StopKind::NoParent | StopKind::Server) => Verdict::Stopped,
        Err(_) if !succeeded => Verdict::Stopped,
        Err(stop) => wrong(format!("scrub goes on where it must stop: {stop}")),
        Ok(_) if unknown_keys && !succeeded && run.err.contains("--schema") => Verdict::Stopped,
        Ok(_) if shape.memory.is_some() && !succeeded && run.err.contains("--memory") => {
            Verdict::Stopped
        }
        // The key of a row that leaves as an INSERT: refused whether or not there is a row.
        Ok(_) if run.err.contains("only known to the server") => Verdict::Stopped,
        Ok(_) if !succeeded => wrong(format!("scrub failed ({:?}): {}", run.code, run.err)),
        Ok((after, results)) => {
            let book = naive::rulebook(&case.rules.scrub);
            let differs = after.difference(&naive::read(&run.out));
            let differs = differs.map(|text| format!("left is right, right is scrub\n{text}"));
            let told = || offline::untold(&book, results, &report, case.keys.is_empty());
            match differs.or_else(told) {
                Some(differs) => wrong(differs),
                None => Verdict::Same,
            }
        }
    }
}

/// Runs a case in some shapes: how often it ended well, or what is wrong.
fn case(seed: u64) -> Result<u64, (Box<Ran>, u64, String)> {
    let ran = Case::generate(seed).run();
    let mut same = 0;
    for turn in 0..SHAPES {
        let shape = seed * SHAPES + turn;
        match shaped(&ran, &mut Choices::new(shape)) {
            Verdict::Same => same += 1,
            Verdict::Stopped => {}
            Verdict::Wrong(what) => {
                return Err((Box::new(ran), shape, what));
            }
        }
    }
    Ok(same)
}

/// The failure with as few statements and rows as still fail in the same way.
fn reduced(ran: Ran, shape: u64) -> Option<String> {
    let mut case = ran.case;
    let mut found = None;
    // What went wrong, without the numbers in it.
    let kind = |what: &str| {
        let (_, end) = what.rsplit_once("\n--- ").unwrap_or(("", what));
        let lines: Vec<&str> = end.lines().take(2).collect();
        let told = match lines.first() {
            Some(first) if first.contains("cannot be run") => lines.concat(),
            first => first.copied().unwrap_or_default().to_owned(),
        };
        told.replace(|c: char| c.is_ascii_digit(), "")
    };
    let mut fails = |case: &Case, first: &mut Option<String>| {
        if naive::parsed(&case.rules.scrub).is_err() {
            return false;
        }
        let after = case.result();
        let ran = Ran {
            case: case.clone(),
            after,
        };
        match shaped(&ran, &mut Choices::new(shape)) {
            Verdict::Wrong(what) => {
                let expected = first.get_or_insert_with(|| kind(&what));
                if *expected == kind(&what) {
                    found = Some(what);
                    return true;
                }
                false
            }
            _ => false,
        }
    };
    let mut first = None;
    fails(&case, &mut first);
    let texts: [fn(&mut Case) -> &mut String; 5] = [
        |case| &mut case.rules.scrub,
        |case| &mut case.rows,
        |case| &mut case.keys,
        |case| &mut case.target.1,
        |case| &mut case.rules.scrub,
    ];
    for pick in texts {
        let mut at = pick(&mut case).lines().count();
        while at > 0 {
            at -= 1;
            let mut less = case.clone();
            let text = pick(&mut less);
            let kept = text.lines().enumerate().filter(|(n, _)| *n != at);
            *text = kept.map(|(_, line)| format!("{line}\n")).collect();
            if fails(&less, &mut first) {
                case = less;
            }
        }
    }
    // Tables that nothing names any more.
    for table in case.ddl.clone().split_inclusive(";\n") {
        let name = table
            .strip_prefix("CREATE TABLE ")
            .and_then(|rest| rest.split(" (").next());
        let texts = [&case.rows, &case.keys, &case.rules.scrub];
        let unused = |name: &str| {
            let (_, bare) = name.split_once('.').unwrap_or(("", name));
            !name.contains(" PARTITION") && texts.iter().all(|text| !text.contains(bare))
        };
        if name.is_some_and(unused)
            && !case
                .ddl
                .contains(&format!("PARTITION OF {}", name.unwrap_or("")))
        {
            let mut less = case.clone();
            less.ddl = less.ddl.replace(table, "");
            if fails(&less, &mut first) {
                case = less;
            }
        }
    }
    found
}

#[test]
fn scrub_agrees_with_the_naive_interpreter_about_several_tables() {
    if let Some(seed) = number("SCRUB_SEED") {
        if let Err((ran, shape, wrong)) = case(seed) {
            panic!("{}", reduced(*ran, shape).unwrap_or(wrong));
        }
        return;
    }
    let cases = number("SCRUB_CASES").unwrap_or(super::CASES);
    let same = AtomicU64::new(0);
    let failures = Mutex::new(Vec::new());
    seeds(1, cases, &|seeds| {
        for seed in seeds {
            match case(seed) {
                Ok(well) => {
                    same.fetch_add(well, Ordering::Relaxed);
                }
                Err((ran, shape, wrong)) => {
                    let few = failures.lock().expect("the failures").len() < REDUCED;
                    let wrong = few.then(|| reduced(*ran, shape)).flatten().unwrap_or(wrong);
                    let name = format!("multi-{seed}.txt");
                    let kept = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
                    std::fs::write(kept, &wrong).expect("a file");
                    failures.lock().expect("the failures").push(wrong);
                }
            }
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
    let same = same.into_inner();
    assert!(
        same * 10 >= cases * SHAPES * 6,
        "only {same} of {} runs came to their end",
        cases * SHAPES
    );
}
