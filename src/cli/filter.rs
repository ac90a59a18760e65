//! The filter: a dump in, a safe dump out, a summary on standard error.

use super::args::Filter;
use super::job::{self, To};
use super::message;
use crate::error::Result;

/// Runs the filter.
pub(super) fn run(args: Filter) -> Result<()> {
    let (quiet, verbose) = (args.running.quiet, args.running.verbose);
    let to = To {
        output: args.output,
        compress: args.compress,
        single_transaction: args.single_transaction,
        preview: None,
    };
    let (report, result) = job::run(args.input, args.running, to)?;
    if job::is_told(&result) && !quiet {
        message::summary(&report.summary(verbose));
    }
    result
}
