//! Starts the stages of a run, waits for them and says how it ended.

use super::archive::{Archived, Output};
use super::decoder::FrameDecoder;
use super::driver::Driver;
use super::follows::Follows;
use super::order;
use super::outside::Passing;
use super::review::Review;
use super::schema::Only;
use super::search::{self, Searching};
use super::signals::Signals;
use super::store::Store;
use super::tally::Tally;
use super::undecided::Undecided;
use super::waiting::Relations;
use super::workers::Workers;
use super::writer::Writer;
use super::{Job, Outcome, account, reader, schema, target};
use crate::dialect::OutputState;
use crate::error::{Error, ErrorKind};
use crate::sink::Transaction;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// Runs a job.
pub(super) async fn run(mut job: Job, signals: &Signals) -> Outcome {
    let mut report = account::start(&job);
    let given = job.target.is_some();
    let (mut rules, original, places) = match job.search {
        Some(search) => (Some(search.rules), search.original, search.most),
        None => (None, None, 0),
    };
    let planner = super::planner(job.choice, job.dialect, &job.key, given);
    let planner = planner.and_then(|mut planner| {
        if let Some((source, dialect)) = job.target {
            let label = source.label().to_owned();
            let kept = target::read(source, dialect, &mut planner, rules.as_mut(), job.memory)
                .map_err(|error| error.of(label))?;
            planner.keeps(kept);
        }
        if let (Some((source, dialect)), Some(rules)) = (original, &mut rules) {
            let label = source.label().to_owned();
            search::remember(source, dialect, rules, job.memory)
                .map_err(|error| error.of(label))?;
        }
        Ok(planner)
    });
    let planner = match planner {
        Ok(planner) => planner,
        Err(error) => {
            return Outcome {
                report,
                result: Err(error),
            };
        }
    };
    let archive = job.source.is_archive();
    let packs = archive && job.preview.is_none();
    let pool = rayon::ThreadPoolBuilder::new()
        // What is packed takes long, and whoever waits for rows should not have to wait for that.
        .num_threads(job.jobs.max(1) + usize::from(packs))
        .thread_name(|number| format!("rows-{number}"))
        // The promise is dropped with the worker, which the order stage reports.
        .panic_handler(|_| {})
        .build();
    let pool = match pool {
        Ok(pool) => Arc::new(pool),
        Err(error) => {
            let error = Error::io(format!("cannot start the workers: {error}"));
            return Outcome {
                report,
                result: Err(error),
            };
        }
    };
    let mut schemas = match job
        .schema
        .map(|source| {
            let label = source.label().to_owned();
            schema::given(source, job.dialect.framer()).map_err(|error| error.of(label))
        })
        .transpose()
    {
        Ok(schemas) => schemas.unwrap_or_default(),
        Err(error) => {
            return Outcome {
                report,
                result: Err(error),
            };
        }
    };

    let schema_given = !schemas.is_empty();
    let only_schema = Only::of(&mut schemas);
    let unpack = job.source.unpack_ahead(job.jobs);
    let verbatim = job.source.is_verbatim() && !archive;
    let original = job.source.original().filter(|_| verbatim).cloned();
    let original = original.map(|file| (file, 0));
    let again = job.source.original().filter(|_| !schema_given && !archive);
    let again = again.map(|file| (file.clone(), job.dialect));
    let store = Store::new(job.memory, job.spool_dir);
    let tally = Arc::new(Mutex::new(Tally::new(store.clone(), job.preview, places)));
    let packs = packs.then(|| Output::new(store.clone(), job.compress, Arc::clone(&pool)));
    let output = Writer::new(job.sink, packs);
    let (slots, receiver) = mpsc::channel(job.jobs.max(1) + 1);
    let merged = Arc::clone(&tally);
    let order = tokio::task::spawn_blocking(move || order::run(receiver, output, merged));
    let mut driver = Driver {
        decoder: FrameDecoder {
            framer: job.dialect.framer_of(job.source.file_name()),
        },
        planner,
        workers: Workers::new(pool),
        slots,
        tally: Arc::clone(&tally),
        transaction: job
            .dialect
            .transaction()
            .filter(|_| job.single_transaction)
            .map(Transaction::new),
        block: None,
        relations: Relations::default(),
        brackets: Vec::new(),
        original,
        data_seen: false,
        tail_written: false,
        complete: HashSet::new(),
        pending: Vec::new(),
        schema_given,
        again,
        foretold: None,
        schemas,
        only_schema,
        checked: false,
        any_rows: false,
        longest: job.memory.saturating_add(256 << 20),
        ending: None,
        let_go: false,
        other_data: false,
        left_out: false,
        follows: Follows::default(),
        users_left_out: 0,
        undecided: Undecided::default(),
        review: job
            .strict
            .map(|strict| Review::new(strict, job.preview.is_some())),
        preview: job.preview,
        passing: job.passing.map(Passing::new),
        archived: archive.then(|| Archived::new(job.compress, unpack)),
        searching: rules.map(|rules| Searching::new(rules, places)),
        progress: job.progress,
        report: &mut report,
    };
    driver.begin_section(None);
    let chunks = reader::start(job.source);
    let fed = tokio::select! {
        // In this order: once anything is written, a signal is the run's.
        biased;
        error = signals.asked() => Err(error),
        result = driver.feed(chunks) => result,
    };
    let Driver {
        decoder,
        planner,
        review,
        slots,
        searching,
        ..
    } = driver;
    drop(slots);
    let ended = order.await;
    let (state, ordered, output) = match ended {
        Ok(order::Ended {
            state,
            result,
            output,
        }) => (state, result, Some(output)),
        Err(_) => (
            OutputState::Unfinished,
            Err(Error::io("the ordering stage has died")),
            None,
        ),
    };
    // What the order stage says comes first: when it fails, the driver only sees a closed queue.
    let mut result = ordered.and(fed);
    if let Some(mut output) = output {
        result = match result {
            Ok(()) => {
                report.bytes_out = output.written();
                output.finish()
            }
            Err(error) => {
                let bytes = decoder.framer.unloadable(&state, &error.to_string());
                let ended = output.bytes(bytes.into());
                report.bytes_out = output.written();
                output.abandon();
                // A failed write is the cause of everything, but for a signal.
                match error.kind {
                    ErrorKind::Interrupted => Err(error),
                    _ => ended.and(Err(error)),
                }
            }
        };
    }
    if archive {
        // A line of the script that the archive stands for leads nowhere.
        result = result.map_err(Error::without_line);
    }
    report.strict = review.map(|review| review.report(&planner));
    let tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(searching) = searching {
        let (found, failed) = searching.end(&tally.found, !archive);
        report.verify = Some(found);
        result = result.and(failed);
    }
    account::finish(&mut report, &planner, &tally);
    drop(tally);
    Outcome { report, result }
}
