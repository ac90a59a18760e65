//! Dumps in memory through the framer and the pipeline: how fast rows are skipped, split and rewritten.

use bytes::BytesMut;
use criterion::{
    BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use scrub::dialect::{Dialect, RowMode, postgres::Postgres};
use scrub::functions::Key;
use scrub::pipeline::{self, Job, Progress, Signals};
use scrub::plan::Choice;
use scrub::rulebook::{self, LazyRulebook, Load, Rulebook};
use scrub::sink::{Output, Sink};
use scrub::source::Source;
use std::fmt::Write;
use std::io::Cursor;
use std::sync::Arc;

const ROWS: usize = 40_000;
const TABLE: &str = "CREATE TABLE public.contact (id integer, name text, email character varying(255), note text);\n";
const ONE_COLUMN: &str = "UPDATE contact SET email = anon.mailinator(email);";
const EVERY_CELL: &str = "UPDATE \"*\" SET \"*\" = anon.rewrite_emails(VALUE);";

fn row(number: usize) -> [String; 4] {
    let note = [
        "called twice",
        "wants the spring catalogue by post",
        "moved",
        "",
    ][number % 4];
    [
        number.to_string(),
        format!("Ada Lovelace {number}"),
        format!("ada.lovelace{number}@example{}.com", number % 50),
        note.to_owned(),
    ]
}

fn copy() -> String {
    let mut dump = format!("{TABLE}COPY public.contact (id, name, email, note) FROM stdin;\n");
    for number in 0..ROWS {
        let _ = writeln!(dump, "{}", row(number).join("\t"));
    }
    dump + "\\.\n"
}

fn inserts() -> String {
    let mut dump = TABLE.to_owned();
    for number in 0..ROWS {
        let [id, name, email, note] = row(number);
        let _ = writeln!(
            dump,
            "INSERT INTO public.contact VALUES ({id}, '{name}', '{email}', '{note}');"
        );
    }
    dump
}

fn book(name: &str, path: &str, text: &str) -> Rulebook {
    let include = |path: &str| rulebook::builtin::include(path);
    rulebook::load(&Load {
        name,
        path,
        text,
        variables: &[],
        include: &include,
    })
    .unwrap_or_else(|faults| panic!("{faults}"))
}

fn named(rules: &str) -> Choice {
    Choice::Named(vec![book("rules", "rules.sql", rules)])
}

/// The built-in rulebooks, as without any option.
fn auto() -> Choice {
    let mut others: Vec<_> = rulebook::builtins()
        .iter()
        .map(LazyRulebook::from)
        .collect();
    let at = others
        .iter()
        .position(|b| b.name == "baseline")
        .expect("the baseline");
    let baseline = Box::new(others.remove(at));
    Choice::Auto {
        baseline,
        others,
        then: Vec::new(),
    }
}

/// One run of the pipeline, into a file.
fn run(dump: &Arc<[u8]>, choice: Choice, jobs: usize) -> u64 {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let output = Output {
        path: Some(dir.path().join("safe.sql")),
        ..Output::default()
    };
    let outcome = pipeline::run(
        Job {
            source: Source::plain(Box::new(Cursor::new(Arc::clone(dump))), "memory"),
            sink: Sink::open(&output).expect("the output"),
            dialect: &Postgres,
            choice,
            key: Arc::new(Key::new(b"bench-key-0123456789abcdef0123".to_vec())),
            compress: None,
            schema: None,
            target: None,
            jobs,
            memory: 64 << 20,
            spool_dir: None,
            single_transaction: false,
            strict: None,
            preview: None,
            passing: None,
            search: None,
            progress: Arc::new(Progress::default()),
        },
        &Signals::default(),
    );
    outcome.result.unwrap_or_else(|error| panic!("{error}"));
    outcome.report.bytes_out
}

fn group<'c>(
    criterion: &'c mut Criterion,
    name: &str,
    bytes: usize,
) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group
        .throughput(Throughput::Bytes(bytes as u64))
        .sample_size(10);
    group
}

/// The framer alone, when nobody looks at the rows.
fn scan(criterion: &mut Criterion) {
    for (name, dump) in [("copy", copy()), ("inserts", inserts())] {
        group(criterion, "scan", dump.len()).bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut framer = Postgres.framer();
                let mut input = BytesMut::from(dump.as_bytes());
                let mut frames = 0;
                while framer.next(&mut input, true).expect("a dump").is_some() {
                    framer.rows(RowMode::Pass);
                    frames += 1;
                }
                frames
            });
        });
    }
}

/// The pipeline with one batch at a time.
fn rows(criterion: &mut Criterion) {
    for (name, dump, rules) in [
        ("copy_rows", copy(), ONE_COLUMN),
        ("insert_rows", inserts(), ONE_COLUMN),
        ("emails", copy(), EVERY_CELL),
    ] {
        let dump: Arc<[u8]> = dump.into_bytes().into();
        group(criterion, name, dump.len())
            .bench_function("1 job", |b| b.iter(|| run(&dump, named(rules), 1)));
    }
}

/// The fixture as the bare command runs it, with all cores.
fn end_to_end(criterion: &mut Criterion) {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/fixtures/postgres/campaign/dump.sql"
    );
    let dump: Arc<[u8]> = std::fs::read(path).expect("the dump").into();
    let jobs = std::thread::available_parallelism().map_or(1, |n| n.get());
    let mut group = group(criterion, "end_to_end", dump.len());
    group.bench_function("empty rulebook", |b| b.iter(|| run(&dump, named(""), jobs)));
    group.bench_function("built-in rulebooks", |b| {
        b.iter(|| run(&dump, auto(), jobs))
    });
}

criterion_group!(benches, scan, rows, end_to_end);
criterion_main!(benches);
