//! The run: bytes in, frames through their programs, bytes out in order.
//!
//! ```text
//! reader ─► decoder ─► driver ─┬─ bytes that nobody looks at ────────────► order ─► writer
//! (thread)             (tokio) └─ batches of rows ─► rayon ─► rewritten ──┘ (thread)
//! ```
//!
//! The driver decides for every block of rows whether a program concerns it, and puts one `order::Slot`
//! per piece of output into a bounded queue, in the order of the input: ready bytes, or the promise
//! of a batch that a worker is rewriting (`workers`: a rayon thread, or the driver's own while the pipeline is slow). The order stage takes them one after another,
//! so that the output is a function of the input and the rulebook alone. Memory is bounded by
//! the queue: batches in flight, never the length of the dump.
//!
//! It is the only module that knows all stages. It prints nothing.

mod account;
mod added;
mod archive;
mod blocks;
mod credentials;
mod decoder;
mod driver;
mod follows;
mod glances;
mod held;
mod holding;
mod order;
mod outside;
mod parts;
mod plain;
mod reader;
mod recycle;
mod results;
mod review;
mod run;
mod samples;
mod scan;
mod schema;
mod search;
mod section;
mod signals;
mod spool;
mod statement;
mod store;
mod stretch;
mod tally;
mod target;
mod transform;
mod undecided;
mod waiting;
mod workers;
mod writer;

pub use scan::{Scan, ScanJob, scan};
pub use search::Search;
pub use signals::Signals;

use crate::dialect::{Dialect, Effect};
use crate::error::{Error, Result};
use crate::functions::Key;
use crate::plan::{Choice, Context, Planner, Strict};
use crate::report::{Preview, Report};
use crate::search::Rules;
use crate::sink::{Method, Sink};
use crate::source::Source;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

/// Everything one run needs.
pub struct Job {
    /// The dump.
    pub source: Source,
    /// Where the safe dump goes.
    pub sink: Sink,
    /// How the data of an archive is compressed, if not as it was.
    pub compress: Option<Method>,
    /// What the dump is written in.
    pub dialect: &'static dyn Dialect,
    /// The rulebooks.
    pub choice: Choice,
    /// The key behind pseudonyms.
    pub key: Arc<Key>,
    /// A schema-only dump, when the DDL is not in the stream.
    pub schema: Option<Source>,
    /// The target environment's own dump and what it is written in.
    pub target: Option<(Source, &'static dyn Dialect)>,
    /// Batches that are rewritten at the same time.
    pub jobs: usize,
    /// Bytes of memory that spools and lookups may take.
    pub memory: u64,
    /// Where spools go that outgrow it; the system's directory for temporary files otherwise.
    pub spool_dir: Option<PathBuf>,
    /// Wrap every database section into one transaction.
    pub single_transaction: bool,
    /// Does every column have to be reviewed?
    pub strict: Option<Strict>,
    /// What a dry run shows, if it is one.
    pub preview: Option<Preview>,
    /// What is safe to find outside the rows, unless the run proves.
    pub passing: Option<Rules>,
    /// What a run that proves searches for.
    pub search: Option<Search>,
    /// What a progress line shows.
    pub progress: Arc<Progress>,
}

/// What is known of a run while it runs.
#[derive(Debug, Default)]
pub struct Progress {
    /// Decompressed bytes read.
    pub bytes: AtomicU64,
    /// Rows rewritten or dropped.
    pub rows_changed: AtomicU64,
    /// The table whose rows are passing.
    pub table: Mutex<String>,
    /// The rulebooks that `auto` picked.
    pub recognised: Mutex<Vec<String>>,
}

/// What a run left behind.
pub struct Outcome {
    /// What happened, as far as the run came.
    pub report: Report,
    /// How it ended.
    pub result: Result<()>,
}

/// Runs a job to its end, or until a signal asks it to end.
pub fn run(job: Job, signals: &Signals) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|error| Error::io(format!("cannot start the runtime: {error}")));
    match runtime {
        Ok(runtime) => {
            let outcome = runtime.block_on(run::run(job, signals));
            // A reader that still waits for a slow producer must not keep the process.
            runtime.shutdown_background();
            outcome
        }
        Err(error) => Outcome {
            report: Report::default(),
            result: Err(error),
        },
    }
}

/// Microseconds since 2000-01-01 UTC, now.
fn now() -> i64 {
    const FROM_1970_TO_2000: i64 = 946_684_800_000_000;
    jiff::Timestamp::now().as_microsecond() - FROM_1970_TO_2000
}

/// A plan for the dialect's dumps.
fn planner(choice: Choice, dialect: &dyn Dialect, key: &Arc<Key>, target: bool) -> Result<Planner> {
    let context = Context {
        dump: crate::plan::sql_dialect(dialect.name()),
        key: Arc::clone(key),
        now: now(),
        target,
    };
    Planner::new(choice, context)
}

/// Does the statement end the part of the section that holds rows?
fn ends_data(effect: &Effect) -> bool {
    matches!(effect, Effect::AfterData | Effect::Connect(_))
}
