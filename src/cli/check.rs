//! `scrub check`: the filter with an output that goes nowhere. What would happen is printed instead.

use super::args::Check;
use super::job::{self, To};
use super::message;
use crate::error::Result;
use crate::report::Preview;

/// Runs the filter dry and prints the plan.
pub(super) fn run(args: Check) -> Result<()> {
    let (quiet, verbose) = (args.running.quiet, args.running.verbose);
    let to = To {
        preview: Some(Preview {
            samples: args.diff.unwrap_or_default(),
            values: args.show_values,
        }),
        strict: args.review.strict,
        ..To::default()
    };
    let (report, result) = job::run(args.input, args.running, to)?;
    // Nothing but these lines: a rulebook takes them as they are printed.
    if let Some(lines) = job::unreviewed(&report) {
        message::result(&lines)?;
        return result;
    }
    // A run that stopped has no whole plan; a failed test comes at the end.
    if result.is_ok() || report.tests.iter().any(|test| !test.passed) {
        message::result(&report.to_plan(verbose, message::page()))?;
        if !quiet {
            message::summary(&report.remarks(verbose));
        }
    }
    result
}
