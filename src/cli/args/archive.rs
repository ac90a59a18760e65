//! `scrub archive`: its subcommands and their options.

use super::{Resources, Review, domain, variable};
use crate::cli::archive::{Assigned, assigned};
use crate::error::{Error, Result};
use crate::sink::Method;
use crate::testbed::Format;
use clap::{Args, Subcommand, ValueHint};
use std::path::PathBuf;

const LONG_CREATE: &str = "\
Makes a test-bed archive: the safe dumps of all components of a system, in one run, under one id.

The set is a folder TestBedBackup_<id> with a file for each component (its dump, its settings files, its \
report), a manifest (sizes, SHA-256, rulebooks, row counts) and backupReport_<id>.txt, which is valid only \
if its last line reads «The test-bed-backup was completed successfully». The folder appears when everything \
is in it; a run that fails leaves nothing.

Components are named with --component, or found in a directory of dumps: hub.sql.gz is the component hub, \
hub.ini beside it one of its settings files. All components share the key, so that a person has the same \
pseudonym in all of them. Settings files (Java's .properties, INI files of that grammar) are rewritten by \
the component's rulebooks as well: hub.ini is a table \"hub.ini\" with the columns key and value.

Options that take [NAME=] are for one component, or else for all.";

const CREATE_EXAMPLES: &str = "\
Examples:
  scrub archive create -d backups dumps/
  scrub archive create -d backups --component hub=hub.sql --component lui=lui.sql.gz";

const LONG_CREATE_EXAMPLES: &str = "\
Examples:
  scrub archive create -d backups dumps/
      every dump in dumps/ is a component, every .ini and .properties file belongs to one
  scrub archive create -d backups --component hub=hub.sql --member hub=hub.ini \\
      --component lui=lui.sql.gz --component trk=<(mysqldump trk)
      components by name; a dump can be a pipe
  scrub archive create -d backups -r baseline -r lui=lui.sql --from trk=mysql dumps/
      the baseline for all of them, rules of its own for lui, the dialect of trk
  scrub archive create -d backups --format zst dumps/
      .sql.zst files instead of ZIP files

Exit codes are those of the filter.";

const LONG_VERIFY: &str = "\
Proves a test-bed archive: that it is whole, and that each of its dumps is safe.

It reads the report and the manifest, checks that every file is there, of this id and as it was written \
(size, SHA-256), and then runs scrub verify on every dump and settings file in it, as a stream, with the \
rulebooks and variables that the manifest names, or with those of -r and --set.";

const VERIFY_EXAMPLES: &str = "\
Examples:
  scrub archive verify backups/TestBedBackup_20261121T150145Z-3fa9c2
  scrub archive verify -r auto -r ours.sql backups/TestBedBackup_20261121T150145Z-3fa9c2

Exit codes: 0 whole and clean, 1 something was found or a test failed, 2 wrong usage, 3 the set is incomplete, \
mixed or changed, 4 reading failed.";

const LONG_EXTRACT: &str = "\
Prints the dump of one component, or one of its settings files.

Before a byte leaves, all files of the set are checked, those of the other components as well: a set that is \
incomplete or mixed is refused.";

const EXTRACT_EXAMPLES: &str = "\
Examples:
  scrub archive extract backups/TestBedBackup_20261121T150145Z-3fa9c2 hub | mariadb hub
  scrub archive extract backups/TestBedBackup_20261121T150145Z-3fa9c2 hub hub.ini -o hub.ini";

/// Test-bed archives.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Archive {
    /// Makes one: several components, one run, one id
    #[command(
        long_about = LONG_CREATE,
        after_help = CREATE_EXAMPLES,
        after_long_help = LONG_CREATE_EXAMPLES
    )]
    Create(Box<Create>),
    /// Proves one: whole, of one id, and every dump in it safe
    #[command(long_about = LONG_VERIFY, after_help = VERIFY_EXAMPLES)]
    Verify(Box<VerifySet>),
    /// Prints the dump of a component, once the whole set has been checked
    #[command(long_about = LONG_EXTRACT, after_help = EXTRACT_EXAMPLES)]
    Extract(Extract),
}

/// Makes a set.
#[derive(Debug, Args)]
pub(in crate::cli) struct Create {
    /// A directory of dumps, each of which is a component, and of their settings files
    #[arg(value_name = "DUMPS", value_hint = ValueHint::DirPath, required_unless_present = "component")]
    pub dumps: Option<PathBuf>,

    /// A component and its dump, plain, compressed or an archive; repeatable
    #[arg(long, value_name = "NAME=DUMP", value_parser = assigned, help_heading = "Input")]
    pub component: Vec<Assigned>,

    /// A settings file of a component (.properties, .ini); repeatable
    #[arg(long, value_name = "NAME=FILE", value_parser = assigned, help_heading = "Input")]
    pub member: Vec<Assigned>,

    /// What a dump is written in; auto recognises it by its content
    #[arg(short, long, value_name = "[NAME=]DIALECT", help_heading = "Input")]
    pub from: Vec<String>,

    /// A schema-only dump of a component
    #[arg(long, value_name = "NAME=DUMP", value_parser = assigned, help_heading = "Input")]
    pub schema: Vec<Assigned>,

    /// The target environment's own dump of a component
    #[arg(long, value_name = "NAME=DUMP", value_parser = assigned, help_heading = "Input")]
    pub target: Vec<Assigned>,

    #[command(flatten)]
    pub rules: SetRules,

    #[command(flatten)]
    pub review: Review,

    /// The directory in which the set's folder appears
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Output")]
    pub directory: PathBuf,

    /// How a component is stored: one ZIP file, or its dump as .sql.zst with the other files beside it
    #[arg(
        long,
        value_name = "zip|zst",
        default_value = "zip",
        value_parser = format,
        help_heading = "Output"
    )]
    pub format: Format,

    #[command(flatten)]
    pub saying: Saying,

    #[command(flatten)]
    pub resources: Resources,
}

/// The rules of a set.
#[derive(Debug, Default, Args)]
pub(in crate::cli) struct SetRules {
    /// A built-in rulebook's name or a path; repeatable, run in order [default: auto]
    ///
    /// auto is baseline and then every built-in rulebook that recognises the dump by its tables.
    #[arg(short, long, value_name = "[NAME=]RULEBOOK", help_heading = "Rules")]
    pub rules: Vec<String>,

    /// Sets a variable of the rulebooks, for all components; repeatable
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable, help_heading = "Rules")]
    pub set: Vec<(String, String)>,

    /// A further domain whose addresses may be seen; repeatable
    #[arg(long, value_name = "DOMAIN", value_parser = domain, help_heading = "Rules")]
    pub safe_domain: Vec<String>,

    /// A file with the secret behind pseudonyms (or SCRUB_KEY)
    ///
    /// Without one a random key is made for the run, one for all components.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Rules")]
    pub key_file: Option<PathBuf>,
}

/// Proves a set.
#[derive(Debug, Args)]
pub(in crate::cli) struct VerifySet {
    /// The set's folder, the folder that holds it, or its report
    #[arg(value_name = "SET", value_hint = ValueHint::AnyPath)]
    pub path: PathBuf,

    #[command(flatten)]
    pub rules: SetRules,

    /// The target environment's own dump of a component, if its rules took rows from it
    #[arg(long, value_name = "NAME=DUMP", value_parser = assigned, help_heading = "Input")]
    pub target: Vec<Assigned>,

    #[command(flatten)]
    pub saying: Saying,

    #[command(flatten)]
    pub resources: Resources,
}

/// Hands out a part of a set.
#[derive(Debug, Args)]
pub(in crate::cli) struct Extract {
    /// The set's folder, the folder that holds it, or its report
    #[arg(value_name = "SET", value_hint = ValueHint::AnyPath)]
    pub path: PathBuf,

    /// The component
    #[arg(value_name = "COMPONENT")]
    pub component: String,

    /// One of its settings files, instead of its dump
    #[arg(value_name = "FILE")]
    pub member: Option<String>,

    /// The file, complete or absent, compressed by its suffix (.gz .lz4 .zst); - is standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub output: Option<PathBuf>,

    /// Compresses the output: none, gzip, lz4 or zstd, with a level if wanted
    #[arg(short = 'Z', long, value_name = "METHOD[:LEVEL]", value_parser = super::method, help_heading = "Output")]
    pub compress: Option<Method>,
}

/// What is said of a run over a set.
#[derive(Debug, Args)]
pub(in crate::cli) struct Saying {
    /// No summary and no progress, errors only
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,

    /// A summary with every table and every rule
    #[arg(short, long, help_heading = "Output")]
    pub verbose: bool,
}

fn format(text: &str) -> Result<Format> {
    match text {
        "zip" => Ok(Format::Zip),
        "zst" => Ok(Format::Zst),
        _ => Err(Error::usage("write --format zip or --format zst")),
    }
}
