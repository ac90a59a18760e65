//! Runs the pipeline within the test's own process, with the input in pieces of any sizes.

use crate::differential::Choices;
use crate::runner::KEY;
use scrub::dialect::Dialect;
use scrub::functions::Key;
use scrub::pipeline::{self, Job, Progress, Signals};
use scrub::plan::Choice;
use scrub::rulebook::{self, LazyRulebook, Load};
use scrub::sink::{Output, Sink};
use scrub::source::Source;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

/// Hands its bytes out in pieces of the sizes that `next` gives.
struct Pieces<F> {
    bytes: Vec<u8>,
    at: usize,
    next: F,
}

impl<F: FnMut() -> usize> Read for Pieces<F> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let length = (self.next)()
            .max(1)
            .min(out.len())
            .min(self.bytes.len() - self.at);
        out[..length].copy_from_slice(&self.bytes[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

/// What a run gave: the output's bytes, the report without its times, the error.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    pub output: Option<Vec<u8>>,
    pub report: String,
    pub error: Option<String>,
}

/// Runs the pipeline; no rules stands for the built-in rulebooks.
pub fn run(
    dialect: &'static dyn Dialect,
    dump: &[u8],
    rules: Option<&str>,
    jobs: usize,
    next: Box<dyn FnMut() -> usize + Send>,
) -> Outcome {
    let pieces = Pieces {
        bytes: dump.to_vec(),
        at: 0,
        next,
    };
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("safe.sql");
    let sink = Sink::open(&Output {
        path: Some(path.clone()),
        ..Output::default()
    })
    .expect("the output");
    let outcome = pipeline::run(
        Job {
            source: Source::plain(Box::new(pieces), "pieces"),
            sink,
            dialect,
            choice: choice(rules),
            key: Arc::new(Key::new(KEY.as_bytes().to_vec())),
            compress: None,
            schema: None,
            target: None,
            jobs,
            memory: 64 << 20,
            spool_dir: None::<PathBuf>,
            single_transaction: false,
            strict: None,
            preview: None,
            passing: None,
            search: None,
            progress: Arc::new(Progress::default()),
        },
        &Signals::default(),
    );
    let mut report: serde_json::Value =
        serde_json::from_str(&outcome.report.to_json()).expect("JSON");
    for key in ["started", "finished", "seconds", "output"] {
        report.as_object_mut().expect("an object").remove(key);
    }
    Outcome {
        output: std::fs::read(path).ok(),
        report: report.to_string(),
        error: outcome.result.err().map(|e| e.to_string()),
    }
}

fn choice(rules: Option<&str>) -> Choice {
    let book = |name: &str, path: &str, text: &str| {
        let include = |path: &str| rulebook::builtin::include(path);
        rulebook::load(&Load {
            name,
            path,
            text,
            variables: &[],
            include: &include,
        })
        .unwrap_or_else(|faults| panic!("{faults}"))
    };
    match rules {
        Some(text) => Choice::Named(vec![book("rules", "rules.sql", text)]),
        None => {
            let all = rulebook::builtins().iter().map(LazyRulebook::from);
            let (baseline, others): (Vec<_>, Vec<_>) = all.partition(|b| b.name == "baseline");
            let baseline = Box::new(baseline.into_iter().next().expect("the baseline"));
            Choice::Auto {
                baseline,
                others,
                then: Vec::new(),
            }
        }
    }
}

/// Pieces of about 1 KiB, so that small dumps make many batches, in an order of their own for each seed.
pub fn pieces(seed: u64, most: usize) -> Box<dyn FnMut() -> usize + Send> {
    let mut choices = Choices::new(seed);
    Box::new(move || 1 + choices.below(most))
}
