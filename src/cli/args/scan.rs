//! The arguments of `scrub scan`.

use clap::{Args, ValueHint};
use std::path::PathBuf;

pub(super) const LONG: &str = "\
Finds personal data and secrets in a dump, and writes a rulebook to start from.

Every column is judged by its name (in several languages), its type, and a sample of rows from all over its \
table: addresses, telephone numbers, payment cards and IBANs by their check digits, names against word lists, \
IP and MAC addresses, keys, tokens and hashes of passwords, streets, dates of birth. The sample is the same in \
every run.

The rulebook has a statement for each column that was found, in order of risk, then columns on which somebody \
has to decide, and GRANTs for what looks harmless. What is not known for sure is never granted: until somebody \
decides, a line hides it (look for DECIDE). So --strict passes with the rulebook as it is written. Read it \
before you use it: scan can be wrong.

A table of what was found goes to standard error. Neither it nor the rulebook holds a value of the dump.";

pub(super) const EXAMPLES: &str = "\
Examples:
  scrub scan dump.sql.gz -o ours.sql
  scrub --strict -r ours.sql dump.sql.gz -o safe.sql.zst";

pub(super) const LONG_EXAMPLES: &str = "\
Examples:
  scrub scan dump.sql.gz -o ours.sql
      what was found as a table, and the rulebook; read it, change it, then:
  scrub --strict -r ours.sql dump.sql.gz -o safe.sql.zst
      stops if production has gained a column since
  pg_dump prod | scrub scan > ours.sql
      of a pipe; archives (pg_dump -Fc, -Fd, -Ft) will do as well
  scrub scan -q dump.sql --report found.json -o ours.sql
      what was found for a program to read

Exit codes: 0 done, whatever was found; 2 wrong usage, 3 the input was refused, 4 reading or writing failed.";

/// The scan.
#[derive(Debug, Args)]
pub(in crate::cli) struct Scan {
    /// The dump, plain or compressed, or an archive (pg_dump -Fc, -Fd, -Ft); standard input if none is named
    #[arg(value_name = "DUMP", value_hint = ValueHint::FilePath)]
    pub dump: Option<PathBuf>,

    /// What the dump is written in; auto recognises it by its content
    #[arg(
        short,
        long,
        value_name = "DIALECT",
        default_value = "auto",
        help_heading = "Input"
    )]
    pub from: String,

    /// How many rows of each table are looked at
    ///
    /// They are spread over the whole table. More rows find what is rarer.
    #[arg(long, value_name = "N", default_value = "1000", value_parser = clap::value_parser!(u32).range(1..=1_000_000), help_heading = "Input")]
    pub rows: u32,

    /// The rulebook: complete or absent; - is standard output, as if it were not given
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub output: Option<PathBuf>,

    /// Writes what was found: .json, or .txt for the table
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub report: Option<PathBuf>,

    /// No table and no progress, errors only
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,
}
