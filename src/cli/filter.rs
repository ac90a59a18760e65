//! The filter: a dump in, a safe dump out, a summary on standard error.

use super::args::Filter;
use super::job::{self, To};
use super::message;
use crate::error::Result;
use crate::sink;

/// Runs the filter.
pub(super) fn run(args: Filter) -> Result<()> {
    let (quiet, verbose) = (args.running.quiet, args.running.verbose);
    let to = To {
        output: args.output,
        compress: args.compress,
        single_transaction: args.single_transaction,
        strict: args.review.strict,
        ..To::default()
    };
    let piped = to.is_piped();
    let ran = job::run(args.input, args.running, to);
    let nothing_written = match &ran {
        Ok((report, result)) => result.is_err() && report.bytes_out == 0,
        Err(_) => true,
    };
    if nothing_written && piped {
        sink::spoil_pipe();
    }
    let (report, result) = ran?;
    if let Some(lines) = job::unreviewed(&report) {
        message::summary(&lines);
    } else if job::is_told(&result) && !quiet {
        message::summary(&report.summary(verbose));
    }
    result
}
