//! The command line as a table: parsing, help, man page and completions all come from here.

use crate::error::{Error, Result};
use crate::plan::Strict;
use crate::sink::Method;
use clap::builder::Styles;
use clap::builder::styling::AnsiColor;
use clap::{Args, Parser, Subcommand, ValueHint};
use clap_complete::Shell;
use std::path::PathBuf;

mod archive;
mod scan;

pub(super) use archive::{Archive, Create, Extract, Saying, SetRules, VerifySet};
pub(super) use scan::Scan;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Yellow.on_default())
    .usage(AnsiColor::Yellow.on_default())
    .literal(AnsiColor::Green.on_default())
    .placeholder(AnsiColor::Cyan.on_default());

const ABOUT: &str = "Rewrites a database dump in flight so that it is safe for a test bed";

const LONG_ABOUT: &str = "\
Rewrites a database dump in flight so that it is safe for a test bed.

scrub reads a dump as a stream, rewrites the rows that a rulebook says and writes a dump of the same \
kind; what no rule touches leaves byte for byte as it came. A rulebook is the SQL you would have run \
after the restore.";

const EXAMPLES: &str = "\
Examples:
  pg_dump prod | scrub | psql test
  scrub dump.sql.gz -o safe.sql.zst";

const LONG_EXAMPLES: &str = "\
Examples:
  set -o pipefail; pg_dump prod | scrub -1 | psql -X -v ON_ERROR_STOP=1 test
      the whole refresh: with -1 nothing is committed unless everything went well,
      and pipefail makes the shell say so when it did not
  pg_dump -Fc prod | scrub | pg_restore -1 -d test
      an archive in, an archive out
  scrub dump.sql.gz -o safe.sql.zst --report safe.html
      from file to file; the output appears only when it is complete
  scrub -r baseline -r ours.sql --set mail_domain=test.example.com dump.sql -o safe.sql
      the baseline, then rules of your own
  scrub check --diff dump.sql.gz
      a dry run: what would happen to which table, with samples
  scrub scan dump.sql.gz -o ours.sql
      what columns hold personal data and secrets; writes a rulebook to start from
  scrub rules show baseline
      what a built-in rulebook does

Environment:
  SCRUB_KEY  the secret behind pseudonyms, if --key-file does not give it

Exit codes:
  0    done
  1    a test found rows, a rule met no table, or --strict a column that nobody has reviewed
  2    wrong usage, or a rulebook that cannot be run
  3    the input was refused
  4    reading or writing failed; a reader that has gone is a failure, too
  130  interrupted

Without -o - a dump is never printed on a terminal. A dump that is called like a subcommand is named \
./rules.";

const LONG_CHECK: &str = "\
Shows what the filter would do: the plan, what each rule meets, samples.

It runs the filter on the dump with an output that goes nowhere. Standard output gets one line for each \
table (pass, rewrite, drop, add, held), why tables are held back, where each rule applies and how many \
rows it matches. A schema-only dump will do, if the plan is enough.";

const CHECK_EXAMPLES: &str = "\
Examples:
  scrub check dump.sql.gz
  pg_dump prod | scrub check -r ours.sql --diff";

const LONG_CHECK_EXAMPLES: &str = "\
Examples:
  scrub check dump.sql.gz
      which rulebooks apply, and to what
  pg_dump prod | scrub check -r baseline -r ours.sql --diff
      with up to three changed and three dropped rows of each table, masked
  scrub check -r ours.sql --diff=10 --show-values dump.sql | less
      with real values: what is printed is as secret as the dump
  pg_dump --schema-only prod | scrub check -r ours.sql
      whether the rules fit the tables, without a row

  pg_dump --schema-only prod | scrub check -q -r auto -r reviewed.sql --strict > missing.sql
      a nightly job that fails the day production gains a column; missing.sql has the lines that
      would review it

Exit codes are those of the filter: 1 if a test would find rows, a rule meets no table, or --strict \
finds a column that nobody has reviewed.";

const LONG_VERIFY: &str = "\
Proves that a finished dump is safe: every test of the rulebooks, and a search of every byte.

It runs the :test statements and SELECTs of the rulebooks, and searches rows, definitions, comments, \
statistics and large objects for addresses outside the safe domain, however they are written, and for \
secrets of known shapes (private keys, web tokens, cloud keys, connection strings with passwords). What \
is found is told by table, column, row, line and byte, never with the value.

The safe domain is the one that the rulebooks rewrite addresses to (mail_domain; mailinator.com if they \
do not say). Safe as well are addresses that rules write out, the domains that they write behind an @, \
and what --safe-domain names. Nothing else is: addresses in example.com or .invalid reach nobody, but \
rules rewrite them, so one that is there has been missed. Rows that rules take from the --target may \
hold the addresses that they have there.

Addresses in quoted-printable, hex or base64 are told apart and do not fail the dump.";

const VERIFY_EXAMPLES: &str = "\
Examples:
  scrub verify safe.sql.zst
  scrub verify -r ours.sql --against dump.sql.gz safe.sql.zst";

const LONG_VERIFY_EXAMPLES: &str = "\
Examples:
  scrub verify safe.sql.zst
      the built-in rulebooks that recognise the dump; mailinator.com is safe
  scrub verify -r baseline -r ours.sql --set mail_domain=test.example.com safe.sql
      the same rules and variables as for the filter
  scrub verify --against dump.sql.gz safe.sql.zst
      that no address of dump.sql.gz is left; then also hex and base64 forms fail
  pg_dump test | scrub verify --safe-domain .example.org --report proof.json
      a database that is loaded already; .example.org is every domain below example.org

Exit codes: 0 clean, 1 something was found or a test failed, 2 wrong usage, 3 the input was refused, \
4 reading failed.";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "scrub",
    version,
    about = ABOUT,
    long_about = LONG_ABOUT,
    after_help = EXAMPLES,
    after_long_help = LONG_EXAMPLES,
    styles = STYLES,
    max_term_width = 100,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    subcommand_help_heading = "Other commands",
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub filter: Filter,
}

/// What scrub does beside filtering.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Shows what the filter would do: the plan, what each rule meets, samples
    #[command(long_about = LONG_CHECK, after_help = CHECK_EXAMPLES, after_long_help = LONG_CHECK_EXAMPLES)]
    Check(Box<Check>),
    /// Proves a finished dump: the rulebooks' tests, no address, no secret in any byte
    #[command(
        long_about = LONG_VERIFY,
        after_help = VERIFY_EXAMPLES,
        after_long_help = LONG_VERIFY_EXAMPLES
    )]
    Verify(Box<Verify>),
    /// Finds personal data and secrets, and writes a rulebook to start from
    #[command(long_about = scan::LONG, after_help = scan::EXAMPLES, after_long_help = scan::LONG_EXAMPLES)]
    Scan(Box<Scan>),
    /// Test-bed archives: the safe dumps of several components under one id
    Archive {
        #[command(subcommand)]
        what: Archive,
    },
    /// Lists or shows the built-in rulebooks
    Rules {
        #[command(subcommand)]
        what: Rules,
    },
    /// Lists the anon functions, or explains one
    Functions {
        /// The function to explain, with or without anon.
        name: Option<String>,

        /// Prints all of them as a page in Markdown
        #[arg(long, conflicts_with = "name")]
        markdown: bool,
    },
    /// Prints the completions of a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Prints the manual page, or that of a subcommand
    Man {
        /// The subcommand, such as archive create
        #[arg(value_name = "SUBCOMMAND")]
        names: Vec<String>,

        /// Writes the pages of all subcommands into a directory
        #[arg(short, long, value_name = "DIR", conflicts_with = "names")]
        directory: Option<PathBuf>,
    },
}

/// The built-in rulebooks.
#[derive(Debug, Subcommand)]
pub(super) enum Rules {
    /// Lists them with what they are for
    List,
    /// Prints one, to read or to start from
    Show {
        /// The rulebook's name
        name: String,

        /// Prints it as a page in Markdown: its comments as text, what remains by hand first
        #[arg(long)]
        markdown: bool,
    },
}

/// The filter.
#[derive(Debug, Args)]
pub(super) struct Filter {
    #[command(flatten)]
    pub input: Input,

    #[command(flatten)]
    pub review: Review,

    /// The safe dump: complete or absent, compressed by its suffix (.gz .lz4 .zst); - is standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub output: Option<PathBuf>,

    /// Compresses the output, or what is in an archive: none, gzip, lz4 or zstd, with a level if wanted
    #[arg(short = 'Z', long, value_name = "METHOD[:LEVEL]", value_parser = method, help_heading = "Output")]
    pub compress: Option<Method>,

    /// One transaction for each database, committed only when everything has passed
    ///
    /// A run that fails, however it fails, commits nothing. In the output of pg_dumpall each
    /// database is a transaction of its own, for none spans two. For SQL Server it needs sqlcmd -b,
    /// which stops at the first error. Oracle cannot do it: its DDL commits by itself. An archive leaves
    /// it to pg_restore -1.
    #[arg(short = '1', long, help_heading = "Output")]
    pub single_transaction: bool,

    #[command(flatten)]
    pub running: Running,
}

/// The dry run.
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    pub input: Input,

    #[command(flatten)]
    pub review: Review,

    /// Shows rows before and after, side by side: of each table up to N that change and N that go [default: 3]
    ///
    /// The values are masked: letters become x, digits 9. A | stands between cells that change, a < behind those of
    /// a row that goes; the first cell says which row it is.
    #[arg(
        long,
        value_name = "N",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "3",
        help_heading = "Output"
    )]
    pub diff: Option<usize>,

    /// Real values in --diff, and the statements that rules generate from rows
    #[arg(long, help_heading = "Output")]
    pub show_values: bool,

    #[command(flatten)]
    pub running: Running,
}

/// The proof.
#[derive(Debug, Args)]
pub(super) struct Verify {
    #[command(flatten)]
    pub input: Input,

    /// The dump that this one was made from: none of its addresses may be left
    ///
    /// Any dialect and compression will do. Of its addresses only keyed hashes are kept, within
    /// --memory. Those in the safe domain do not count.
    #[arg(long, value_name = "ORIGINAL", value_hint = ValueHint::FilePath, help_heading = "Input")]
    pub against: Option<PathBuf>,

    #[command(flatten)]
    pub running: Running,
}

/// What has to be reviewed.
#[derive(Debug, Args)]
pub(super) struct Review {
    /// Stops before a table that has a column nobody has reviewed; =text: a column that can hold text
    ///
    /// A column is reviewed when an UPDATE without WHERE names it (not by "*"), when its table is
    /// emptied, or when GRANT SELECT (column, …) ON table TO role lists it: it may be seen as it is.
    /// The lines that are missing are printed, to be read and added to a rulebook. Definitions and
    /// comments that hold texts want a line -- reviewed: of their own. What stands outside the rows
    /// and would pass with a warning stops the run as well. The exit code is 1 for a column or a
    /// definition, 3 for anything else.
    #[arg(
        long,
        value_name = "text",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "all",
        value_parser = strict,
        help_heading = "Rules"
    )]
    pub strict: Option<Strict>,
}

/// What goes in: the dump and the rules.
#[derive(Debug, Args)]
pub(super) struct Input {
    /// The dump, plain or compressed, or an archive (pg_dump -Fc, -Fd, -Ft); standard input if none is named
    #[arg(value_name = "DUMP", value_hint = ValueHint::FilePath)]
    pub dump: Option<PathBuf>,

    /// A built-in rulebook's name or a path; repeatable, run in order
    ///
    /// auto is baseline and then every built-in rulebook that recognises the dump by its tables.
    #[arg(
        short,
        long,
        value_name = "RULEBOOK",
        default_value = "auto",
        help_heading = "Rules"
    )]
    pub rules: Vec<String>,

    /// Sets a variable of the rulebooks; repeatable
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable, help_heading = "Rules")]
    pub set: Vec<(String, String)>,

    /// A further domain whose addresses may be seen outside the rows (verify: anywhere); repeatable
    ///
    /// With a dot in front it is every domain below it. Rules go on rewriting addresses in it.
    #[arg(long, value_name = "DOMAIN", value_parser = domain, help_heading = "Rules")]
    pub safe_domain: Vec<String>,

    /// A file with the secret behind pseudonyms (or SCRUB_KEY)
    ///
    /// The same key and the same input give the same pseudonyms, in every table and every run.
    /// Without one a random key is made for the run.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Rules")]
    pub key_file: Option<PathBuf>,

    /// What the dump is written in; auto recognises it by its content
    #[arg(
        short,
        long,
        value_name = "DIALECT",
        default_value = "auto",
        help_heading = "Input"
    )]
    pub from: String,

    /// A schema-only dump, when the tables are not (or too late) in the stream
    #[arg(long, value_name = "DUMP", value_hint = ValueHint::FilePath, help_heading = "Input")]
    pub schema: Option<PathBuf>,

    /// The target environment's own dump, whose rows rulebooks can keep (target.t)
    ///
    /// It is read once, before the dump, and of its rows only those of tables that rules name. Any
    /// dialect and compression will do.
    #[arg(long, value_name = "DUMP", value_hint = ValueHint::FilePath, help_heading = "Input")]
    pub target: Option<PathBuf>,
}

/// How it runs and what it says.
#[derive(Debug, Args)]
pub(super) struct Running {
    /// Writes a report of the run: .html to look at, .json or .txt
    ///
    /// It holds the results of the rulebooks' own SELECTs, which the summary never shows.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub report: Option<PathBuf>,

    /// No summary and no progress, errors only
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,

    /// A summary with every table and every rule
    #[arg(short, long, help_heading = "Output")]
    pub verbose: bool,

    #[command(flatten)]
    pub resources: Resources,
}

/// What it may use.
#[derive(Debug, Clone, Args)]
pub(super) struct Resources {
    /// How many threads rewrite rows, where an archive is written one more [default: one for each processor]
    #[arg(short, long, value_name = "N", value_parser = jobs, help_heading = "Resources")]
    pub jobs: Option<usize>,

    /// How much memory rows that are kept aside may take. One row or statement may be 256 MiB longer
    #[arg(
        long,
        value_name = "SIZE",
        default_value = "1G",
        value_parser = size,
        help_heading = "Resources"
    )]
    pub memory: u64,

    /// Where rows go that take more [default: the directory for temporary files]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Resources")]
    pub spool_dir: Option<PathBuf>,
}

impl Default for Resources {
    fn default() -> Self {
        Resources {
            jobs: None,
            memory: 1 << 30,
            spool_dir: None,
        }
    }
}

/// `NAME=VALUE`, as psql's -v takes it.
fn variable(text: &str) -> Result<(String, String)> {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && name.chars().all(word) => {
            Ok((name.to_owned(), value.to_owned()))
        }
        Some(_) => Err(Error::usage(
            "a variable's name has letters, digits and _ only",
        )),
        None => Err(Error::usage("write NAME=VALUE")),
    }
}

/// `example.org`, or `.example.org` for all below it.
fn domain(text: &str) -> Result<String> {
    let bare = text.strip_prefix('.').unwrap_or(text);
    let label = |label: &str| {
        let word = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
        !label.is_empty() && label.chars().all(word)
    };
    let whole = text.starts_with('.') || bare.contains('.');
    match whole && bare.split('.').all(label) {
        true => Ok(text.to_lowercase()),
        false => Err(Error::usage(
            "write a domain like example.org, or .example.org for all below it",
        )),
    }
}

fn strict(text: &str) -> Result<Strict> {
    match text {
        "all" => Ok(Strict::All),
        "text" => Ok(Strict::Text),
        _ => Err(Error::usage("write --strict or --strict=text")),
    }
}

fn method(text: &str) -> Result<Method> {
    text.parse()
}

fn jobs(text: &str) -> Result<usize> {
    match text.parse() {
        Ok(n @ 1..=1024) => Ok(n),
        _ => Err(Error::usage("write a number from 1 to 1024")),
    }
}

/// `512M`, `2G`, `1.5GiB` or a number of bytes. K, M, G and T are powers of 1024.
fn size(text: &str) -> Result<u64> {
    let wrong = || Error::usage("write a size like 512M or 2G");
    let unit = text
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(unit);
    let unit = unit.to_ascii_lowercase();
    let power = match unit
        .strip_suffix("ib")
        .or(unit.strip_suffix('b'))
        .unwrap_or(&unit)
    {
        "" => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        _ => return Err(wrong()),
    };
    let number = number.trim();
    let plain = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let number: f64 = number.parse().ok().filter(|_| plain).ok_or_else(wrong)?;
    let bytes = number * 1024_f64.powi(power);
    if bytes < 1.0 || bytes > (1_u64 << 50) as f64 {
        return Err(wrong());
    }
    Ok(bytes as u64)
}

#[cfg(test)]
mod tests;
