//! `scrub scan`: what was found as a table, and a rulebook to start from.

use super::args::Scan;
use super::{job, message, progress};
use crate::error::{Error, Result};
use crate::pipeline::{self, Progress, ScanJob};
use crate::report::ScanReport;
use crate::sink::{Method, Output, Sink};
use crate::source::{Compression, Identity, Source};
use std::path::Path;
use std::sync::Arc;

/// Reads the dump and writes the rulebook.
pub(super) fn run(args: Scan) -> Result<()> {
    let form = args.report.as_deref().map(form).transpose()?;
    if args.report.is_some() && args.report == args.output {
        return Err(Error::usage(
            "the report and the rulebook have the same name",
        ));
    }
    let wanted = job::by_name(&args.from)?;
    let source = Source::open(args.dump.as_deref())?;
    let dialect = match wanted {
        Some(dialect) => dialect,
        None => job::recognise(source.head())?,
    };
    if source.is_archive() {
        job::archive_fits(dialect, false)?;
    }
    // Opened before the dump is read: what cannot be written is known before an hour has passed.
    let input = source.identity();
    let to_file = args
        .output
        .as_deref()
        .filter(|path| *path != Path::new("-"));
    let output = to_file.map(|path| file(path, input)).transpose()?;
    let report = args
        .report
        .as_deref()
        .map(|path| file(path, input))
        .transpose()?;
    let progress = Arc::new(Progress::default());
    let line = (!args.quiet)
        .then(|| progress::Line::start(source.len(), source.consumed(), Arc::clone(&progress)));
    let scan = pipeline::scan(ScanJob {
        source,
        dialect,
        rows: args.rows as usize,
        progress,
    });
    drop(line);
    let scan = scan?;
    match output {
        Some(sink) => finish(sink, &scan.rulebook)?,
        None => message::result(&scan.rulebook)?,
    }
    if let (Some(sink), Some(form)) = (report, form) {
        finish(sink, &form(&scan.report))?;
    }
    if !args.quiet {
        message::summary(&scan.report.to_text());
    }
    Ok(())
}

/// The form of the report that a path names.
fn form(path: &Path) -> Result<fn(&ScanReport) -> String> {
    match path.extension().and_then(|suffix| suffix.to_str()) {
        Some("json") => Ok(ScanReport::to_json),
        Some("txt") => Ok(ScanReport::to_text),
        _ => {
            Err(Error::usage("the report's form is not known").remedy("name a .json or .txt file"))
        }
    }
}

/// A file of text that is there when it is complete.
fn file(path: &Path, input: Option<Identity>) -> Result<Sink> {
    Sink::open(&Output {
        path: Some(path.to_owned()),
        compression: Some(Method {
            compression: Compression::None,
            level: None,
        }),
        inputs: input.into_iter().collect(),
        ..Output::default()
    })
}

fn finish(mut sink: Sink, text: &str) -> Result<()> {
    sink.put(text.as_bytes())?;
    sink.finish()
}
