//! `scrub verify`: proves a finished dump. What is found is printed by its place.

use super::args::Verify;
use super::job::{self, Proof, To};
use super::message;
use crate::error::Result;
use crate::report::Preview;

/// Runs the questions of the rulebooks and searches every byte.
pub(super) fn run(args: Verify) -> Result<()> {
    let quiet = args.running.quiet;
    let to = To {
        preview: Some(Preview::default()),
        proof: Some(Proof {
            against: args.against,
        }),
        ..To::default()
    };
    let (report, result) = job::run(args.input, args.running, to)?;
    if job::is_told(&result) {
        if !(quiet && result.is_ok()) {
            message::result(&report.to_proof())?;
        }
        if !quiet {
            message::summary(&report.searched());
        }
    }
    result
}
