//! What the filter and its dry run share: arguments → a job for the pipeline → its report.
//!
//! What can be wrong is found in this order, and nothing is read or written before it: the
//! arguments, the rulebooks, the key, the input, the output.

use super::args::{Input, Running};
use super::{key, message, progress, rules};
use crate::dialect::{Dialect, dialects};
use crate::error::{Error, ErrorKind, Result};
use crate::functions::{DEFAULT_DOMAIN, Key};
use crate::pipeline::{self, Job, Progress, Search, Signals};
use crate::plan::{Choice, MAIL_DOMAIN, Strict, Writes};
use crate::report::{Preview, Report};
use crate::search::{Allowed, Rules, Safe};
use crate::sink::{self, Method, Output, Sink};
use crate::source::{Compression, Source};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::available_parallelism;

/// How many places of each table and column a proof tells, and how many with --verbose.
const PLACES: usize = 5;
const MOST_PLACES: usize = 100_000;

/// Where the safe dump goes.
#[derive(Default)]
pub(super) struct To {
    /// The file; - or none is standard output.
    pub output: Option<PathBuf>,
    /// How it is compressed.
    pub compress: Option<Method>,
    /// One transaction for each database?
    pub single_transaction: bool,
    /// Does every column have to be reviewed?
    pub strict: Option<Strict>,
    /// Nowhere: what is shown instead.
    pub preview: Option<Preview>,
    /// What the dump is searched for.
    pub proof: Option<Proof>,
    /// What there is already.
    pub given: Given,
}

/// What a run need not open, because somebody else has.
#[derive(Default)]
pub(super) struct Given {
    /// The dump.
    pub source: Option<Source>,
    /// The rulebooks.
    pub choice: Option<Choice>,
    /// The key.
    pub key: Option<Arc<Key>>,
    /// The output.
    pub sink: Option<Sink>,
}

/// A run that can begin.
pub(super) struct Prepared {
    job: Job,
    form: Option<ReportFile>,
    warnings: Vec<String>,
    quiet: bool,
}

impl To {
    /// Is the dump written on standard output?
    pub(super) fn is_piped(&self) -> bool {
        let stdout = |path: &Path| path == Path::new("-");
        let dump = self.preview.is_none() && self.proof.is_none() && self.given.sink.is_none();
        dump && self.output.as_deref().is_none_or(stdout)
    }
}

/// What a proof is asked for.
#[derive(Debug, Default)]
pub(super) struct Proof {
    /// The dump that this one was made from.
    pub against: Option<PathBuf>,
}

/// Runs the pipeline: the report as far as the run came, and how it ended.
pub(super) fn run(input: Input, running: Running, to: To) -> Result<(Report, Result<()>)> {
    let piped = to.is_piped();
    let signals = Signals::watch(move |begun| {
        let interrupted = Error::interrupted();
        message::error(&interrupted);
        if piped && !begun {
            sink::spoil_pipe();
        }
        std::process::exit(i32::from(interrupted.kind.exit_code()));
    });
    Ok(start(prepare(input, running, to)?, &signals))
}

/// The run itself.
pub(super) fn start(prepared: Prepared, signals: &Signals) -> (Report, Result<()>) {
    let Prepared {
        job,
        form,
        warnings,
        quiet,
    } = prepared;
    let output = match job.preview.is_some() {
        true => "nowhere: a dry run".to_owned(),
        false => job.sink.label().to_owned(),
    };
    let progress = Arc::clone(&job.progress);
    let line = (!quiet).then(|| {
        progress::Line::start(
            job.source.len(),
            job.source.consumed(),
            Arc::clone(&progress),
        )
    });
    let outcome = pipeline::run(job, signals);
    drop(line);

    let mut report = outcome.report;
    report.output = output;
    report.warnings.splice(0..0, warnings);
    let mut result = outcome.result;
    report.end(result.as_ref().err());
    if let Some(form) = form {
        // A run whose report is missing has failed, but its own failure is the one to tell.
        let written = form.write(&report);
        result = result.and(written);
    }
    (report, result)
}

/// Is there something to tell? Counts of a dump that nobody will load say nothing; those of a failed
/// test do.
pub(super) fn is_told(result: &Result<()>) -> bool {
    let error = result.as_ref().err();
    error.is_none_or(|error| error.kind == ErrorKind::Check)
}

/// The lines that would review what nobody has reviewed.
pub(super) fn unreviewed(report: &Report) -> Option<String> {
    let strict = report.strict.as_ref()?;
    let lines = strict.unreviewed.iter().map(|line| format!("{line}\n"));
    Some(lines.collect()).filter(|lines: &String| !lines.is_empty())
}

/// Everything that happens before the first byte is passed on.
pub(super) fn prepare(args: Input, running: Running, to: To) -> Result<Prepared> {
    let (quiet, verbose) = (running.quiet, running.verbose);
    let resources = running.resources;
    let given = to.given;
    let form = running
        .report
        .as_deref()
        .map(|path| ReportFile::check(path, to.output.as_deref()))
        .transpose()?;
    let wanted = by_name(&args.from)?;
    if let Some(folder) = &resources.spool_dir {
        let name = folder.display();
        if !folder.is_dir() {
            return Err(Error::usage(format!(
                "--spool-dir {name}: no such directory"
            )));
        }
        // Known before an hour has passed; the file has no name and is gone again.
        tempfile::tempfile_in(folder).map_err(|error| {
            Error::io(format!("--spool-dir {name}: cannot be written: {error}"))
                .remedy("name a directory with room for what does not fit into --memory")
        })?;
    }
    let stdin = |path: &Option<PathBuf>| path.as_deref() == Some(Path::new("-"));
    let against = to.proof.as_ref().and_then(|proof| proof.against.clone());
    let inputs = [&args.dump, &args.schema, &args.target, &against];
    let piped = inputs.into_iter().filter(|path| stdin(path)).count();
    let reads_stdin = args.dump.is_none() && given.source.is_none();
    if piped + usize::from(reads_stdin) > 1 {
        return Err(Error::usage("only one of the dumps can be standard input"));
    }
    let choice = match (given.choice, &to.proof) {
        (Some(choice), _) => choice,
        (None, None) => rules::choice(&args.rules, &args.set)?,
        (None, Some(_)) => rules::choice_knowing(&args.rules, &args.set, &[MAIL_DOMAIN])?,
    };
    let targeted = args.target.is_some();
    let rules = search_rules(&choice, &args.set, &args.safe_domain, targeted);
    let choice = match &to.proof {
        None => choice,
        Some(_) => choice.questions(),
    };
    let (key, warning) = match given.key {
        Some(key) => (key, None),
        None => {
            let (key, warning) = key::key(args.key_file.as_deref())?;
            (Arc::new(key), warning)
        }
    };
    let warning = warning.filter(|_| to.proof.is_none());
    let source = match given.source {
        Some(source) => source,
        None => Source::open(args.dump.as_deref())?,
    };
    let dialect = match wanted {
        Some(dialect) => dialect,
        None => recognise(source.head())?,
    };
    if to.single_transaction && dialect.transaction().is_none() {
        return Err(Error::usage(format!(
            "-1 promises nothing to {}, which commits with every change of a table",
            dialect.name()
        ))
        .remedy("leave -1 out"));
    }
    if source.is_archive() {
        archive_fits(dialect, to.single_transaction)?;
    }
    if source.utf16().is_some() && !dialect.reads_utf16() {
        return Err(Error::input(format!(
            "the input is UTF-16 text, which no client of {} reads",
            dialect.name()
        ))
        .remedy("iconv -f UTF-16 -t UTF-8 DUMP | scrub"));
    }
    let schema = args
        .schema
        .as_deref()
        .map(|path| Source::open(Some(path)))
        .transpose()?;
    let target = args.target.as_deref().map(recognised).transpose()?;
    let original = against.as_deref().map(recognised).transpose()?;
    let output = match to.preview {
        Some(_) => Output {
            path: Some("/dev/null".into()),
            ..Output::default()
        },
        None => {
            let to_stdout = to.output.as_deref() == Some(Path::new("-"));
            Output {
                path: to.output.filter(|_| !to_stdout),
                // What is in an archive is compressed, not the archive.
                compression: match source.is_archive() {
                    true => Some(Method::default()),
                    false => to.compress,
                },
                inputs: [
                    source.identity(),
                    schema.as_ref().and_then(Source::identity),
                    target.as_ref().and_then(|(target, _)| target.identity()),
                ]
                .into_iter()
                .flatten()
                .collect(),
                utf16: source.utf16(),
                flavour: source.flavour().unwrap_or_default(),
                spool_dir: resources.spool_dir.clone(),
                allow_terminal: to_stdout,
            }
        }
    };
    let sink = match given.sink {
        Some(sink) => sink,
        None => Sink::open(&output)?,
    };
    // Opened before the run: a report that cannot be written is known before an hour has passed.
    let form = form.map(ReportFile::open).transpose()?;
    let (passing, search) = match to.proof {
        None => (Some(rules), None),
        Some(_) => (
            None,
            Some(Search {
                rules,
                original,
                most: match verbose {
                    true => MOST_PLACES,
                    false => PLACES,
                },
            }),
        ),
    };
    let job = Job {
        source,
        sink,
        compress: to.compress,
        dialect,
        choice,
        key,
        schema,
        target,
        jobs: resources
            .jobs
            .unwrap_or_else(|| available_parallelism().map_or(1, |n| n.get())),
        memory: resources.memory,
        spool_dir: resources.spool_dir,
        single_transaction: to.single_transaction,
        strict: to.strict,
        preview: to.preview,
        passing,
        search,
        progress: Arc::new(Progress::default()),
    };
    Ok(Prepared {
        job,
        form,
        warnings: warning.into_iter().collect(),
        quiet,
    })
}

/// Can an archive be what is asked for?
pub(super) fn archive_fits(dialect: &dyn Dialect, single_transaction: bool) -> Result<()> {
    if dialect.name() != "postgres" {
        return Err(Error::input(format!(
            "the input is a PostgreSQL archive, not a dump of {}",
            dialect.name()
        ))
        .remedy("leave --from out"));
    }
    if single_transaction {
        return Err(Error::usage(
            "-1 is for scripts; an archive has no statements around its data",
        )
        .remedy("give it to pg_restore: pg_restore -1"));
    }
    Ok(())
}

/// What a search goes by.
fn search_rules(
    choice: &Choice,
    set: &[(String, String)],
    also: &[String],
    targeted: bool,
) -> Rules {
    let given = set.iter().filter(|(name, _)| name == MAIL_DOMAIN);
    let given: Vec<String> = given.map(|(_, domain)| domain.to_lowercase()).collect();
    let also: Vec<String> = also.iter().map(|domain| domain.to_lowercase()).collect();
    // What is taken from a target matters only where there is one.
    let taken = match targeted {
        true => choice.writes()().taken,
        false => Vec::new(),
    };
    let writes = choice.writes();
    Rules::new(|| safe(writes(), given, also), Allowed::new(taken))
}

/// What is safe to find, by what rules write and what has been said on the command line.
fn safe(writes: Writes, given: Vec<String>, also: Vec<String>) -> Safe {
    let mut mail: Vec<String> = writes.mail.into_iter().chain(given).collect();
    if mail.is_empty() {
        mail.push(String::from_utf8_lossy(DEFAULT_DOMAIN).into_owned());
    }
    let mut domains: Vec<String> = writes.domains.into_iter().chain(also).collect();
    domains.retain(|domain| !mail.contains(domain));
    for list in [&mut mail, &mut domains] {
        list.sort();
        list.dedup();
    }
    Safe {
        mail,
        domains,
        addresses: writes.addresses.into_iter().collect(),
    }
}

/// A dump beside the dump, by its content.
fn recognised(path: &Path) -> Result<(Source, &'static dyn Dialect)> {
    let source = Source::open(Some(path))?;
    let dialect = recognise(source.head()).map_err(|error| error.of(source.label()))?;
    Ok((source, dialect))
}

/// The dialect that `--from` names; none for `auto`.
pub(super) fn by_name(name: &str) -> Result<Option<&'static dyn Dialect>> {
    if name == "auto" {
        return Ok(None);
    }
    let found = dialects().iter().copied().find(|d| d.name() == name);
    found.map(Some).ok_or_else(|| {
        let names: Vec<_> = dialects().iter().map(|d| d.name()).collect();
        Error::usage(format!("no such dialect: {name}"))
            .remedy(format!("write auto, {}", names.join(", ")))
    })
}

/// The dialect that is surest of the first bytes.
pub(super) fn recognise(head: &[u8]) -> Result<&'static dyn Dialect> {
    let surest = dialects()
        .iter()
        .copied()
        .max_by_key(|dialect| dialect.recognise(head));
    surest
        .filter(|dialect| dialect.recognise(head) > 0)
        .ok_or_else(|| {
            Error::input("the input is no dump that scrub recognises").remedy(
                "if it is one all the same, name its dialect with --from; files of data (CSV, \
                     the .txt of --tab) are none: dump their tables as INSERT or COPY statements",
            )
        })
}

/// Where the report goes and in which form.
struct ReportFile {
    path: PathBuf,
    form: fn(&Report) -> String,
    sink: Option<Sink>,
}

impl ReportFile {
    /// Does the path name a form that there is?
    fn check(path: &Path, output: Option<&Path>) -> Result<ReportFile> {
        let form: fn(&Report) -> String = match path.extension().and_then(|s| s.to_str()) {
            Some("json") => Report::to_json,
            Some("html") => Report::to_html,
            Some("txt") => Report::to_text,
            _ => {
                return Err(Error::usage("the report's form is not known")
                    .remedy("name a .html, .json or .txt file"));
            }
        };
        if output == Some(path) {
            return Err(Error::usage("the report and the dump have the same name"));
        }
        Ok(ReportFile {
            path: path.to_owned(),
            form,
            sink: None,
        })
    }

    fn open(mut self) -> Result<ReportFile> {
        let compression = Some(Method {
            compression: Compression::None,
            level: None,
        });
        let output = Output {
            path: Some(self.path.clone()),
            compression,
            ..Output::default()
        };
        self.sink = Some(Sink::open(&output)?);
        Ok(self)
    }

    fn write(self, report: &Report) -> Result<()> {
        let Some(mut sink) = self.sink else {
            return Ok(());
        };
        let text = (self.form)(report);
        sink.put(text.as_bytes())?;
        sink.finish()
    }
}
