//! `scrub archive create`: every component through the pipeline, then the manifest, the report, the name.

use super::parts::{Part, parts};
use super::{
    Books, again, file_of, for_settings, given, input, of_component, path_of, recognise, running,
};
use crate::cli::args::{Create, Input};
use crate::cli::job::{self, Given, Prepared, To};
use crate::cli::{key, message};
use crate::error::{Error, Result};
use crate::functions::Key;
use crate::pipeline::Signals;
use crate::report::Report;
use crate::sink::{Method, Sink};
use crate::source::{Compression, Source};
use crate::testbed::{Component, Format, Id, Manifest, Member, Package, Staging, told};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A component that is ready to run.
struct Ready {
    part: Part,
    /// The rulebooks as they were named.
    books: Vec<String>,
    package: Package,
    dump: Dump,
    settings: Vec<Source>,
}

/// Its dump.
struct Dump {
    job: Prepared,
    /// Its name within the component, and that of its file's end.
    name: String,
    stored: String,
    size: Option<u64>,
}

/// A component of which the dump has been made.
struct Half {
    part: Part,
    books: Vec<String>,
    package: Package,
    made: Member,
    report: Report,
    settings: Vec<Source>,
}

/// What all runs share.
struct Run<'a> {
    args: &'a Create,
    books: Books<'a>,
    key: Arc<Key>,
    signals: Signals,
    /// The built-in rulebooks that a dump was recognised by.
    recognised: Vec<String>,
    reports: Vec<(String, Report)>,
}

/// Makes a set and prints its folder.
pub(super) fn run(args: Create) -> Result<()> {
    let made: Arc<Mutex<Option<PathBuf>>> = Arc::default();
    let goes = Arc::clone(&made);
    let signals = Signals::watch(move |_| {
        let interrupted = Error::interrupted();
        message::error(&interrupted);
        if let Some(folder) = &*goes.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = std::fs::remove_dir_all(folder);
        }
        std::process::exit(i32::from(interrupted.kind.exit_code()));
    });
    let parts = parts(&args)?;
    let names: Vec<String> = parts.iter().map(|part| part.name.clone()).collect();
    let books = Books {
        args: &args.rules,
        set: args.rules.set.clone(),
        names: &names,
    };
    let each: Vec<_> = names.iter().map(|name| books.named(name)).collect();
    books.check(&each)?;
    let (key, warning) = key::key(args.rules.key_file.as_deref())?;
    if let Some(warning) = warning {
        message::summary(&format!("warning: {warning}\n"));
    }
    let mut run = Run {
        args: &args,
        books,
        key: Arc::new(key),
        signals,
        recognised: Vec::new(),
        reports: Vec::new(),
    };
    let id = Id::new()?;
    let staging = Staging::begin(&args.directory, &id)?;
    *made.lock().unwrap_or_else(PoisonError::into_inner) = Some(staging.beside().to_owned());

    let mut ready = Vec::new();
    for (part, books) in parts.into_iter().zip(each) {
        let name = part.name.clone();
        let one = run.prepare(part, books, &staging, &id);
        ready.push(one.map_err(|error| error.of(format!("component {name}")))?);
    }
    let mut manifest = Manifest::begin(&id, args.format);
    manifest.variables = args.rules.set.iter().cloned().collect();
    manifest.safe_domains = args.rules.safe_domain.clone();
    let mut halves = Vec::new();
    for one in ready {
        let name = one.part.name.clone();
        let half = run.dump(one);
        let half = half.map_err(|error| error.of(format!("component {name}")))?;
        recognise(&mut run.recognised, &half.report.rulebooks, &half.books);
        manifest.key(&half.report.key);
        halves.push(half);
    }
    for half in halves {
        let name = half.part.name.clone();
        let component = run.settings(half);
        let component = component.map_err(|error| error.of(format!("component {name}")))?;
        manifest.components.push(component);
    }
    manifest.end();
    let json = manifest.to_json();
    staging.write(&id.manifest(), &json)?;
    let report = told::text(&id, &manifest, &json, &run.reports);
    staging.write(&id.report(), &report)?;
    if run.signals.came() {
        return Err(Error::interrupted());
    }
    let folder = staging.publish()?;
    message::result(&format!("{}\n", folder.display()))
}

impl Run<'_> {
    /// Opens what a component is made of. Nothing is read but the beginnings.
    fn prepare(&self, part: Part, books: Vec<String>, staging: &Staging, id: &Id) -> Result<Ready> {
        let tables = part.tables();
        let choice = self.books.load(&books, &tables, None)?;
        let mut settings = Vec::new();
        for path in &part.settings {
            settings.push(Source::open(Some(path))?);
        }
        let source = Source::open(Some(&part.dump))?;
        let suffix = match source.is_archive() {
            true => "dump",
            false => "sql",
        };
        let name = format!("{}.{suffix}", part.name);
        let format = self.args.format;
        let (stored, compression) = match format {
            Format::Zip => (name.clone(), Compression::None),
            Format::Zst => (format!("{suffix}.zst"), Compression::Zstd),
        };
        let package = Package::create(staging.folder(), &part.name, id, format)
            .map_err(|e| unwritable(&part.name, &e))?;
        let method = Method {
            compression,
            level: None,
        };
        let sink = Sink::part(package.member(&stored), &name, method, source.utf16())?;
        let size = source.len();
        let from = of_component(&self.args.from, self.books.names, &part.name).pop();
        let input = Input {
            schema: path_of(&self.args.schema, &part.name)?,
            target: path_of(&self.args.target, &part.name)?,
            ..input(&self.args.rules, &self.args.rules.set, from)
        };
        let to = self.to(source, choice, sink);
        let running = running(&self.args.saying, &self.args.resources);
        let job = job::prepare(input, running, to)?;
        Ok(Ready {
            part,
            books,
            package,
            dump: Dump {
                job,
                name,
                stored,
                size,
            },
            settings,
        })
    }

    fn to(&self, source: Source, choice: crate::plan::Choice, sink: Sink) -> To {
        To {
            strict: self.args.review.strict,
            ..given(Given {
                source: Some(source),
                choice: Some(choice),
                key: Some(Arc::clone(&self.key)),
                sink: Some(sink),
            })
        }
    }

    /// Runs the dump of a component.
    fn dump(&self, ready: Ready) -> Result<Half> {
        let Ready {
            part,
            books,
            package,
            dump,
            settings,
        } = ready;
        let report = self.run(dump.job, &format!("{}/{}", part.name, dump.name))?;
        let file = package.file(&dump.stored);
        let mut made = Member::of(&dump.name, file, dump.size, &report);
        paths(&mut made, &report, &books);
        Ok(Half {
            part,
            books,
            package,
            made,
            report,
            settings,
        })
    }

    /// Runs the settings files of a component, and completes its files.
    fn settings(&mut self, half: Half) -> Result<Component> {
        let Half {
            part,
            books,
            package,
            made,
            report,
            settings,
        } = half;
        let dumps = again(&report.rulebooks, &books);
        let then = for_settings(&dumps, &books, &self.recognised);
        let names = std::iter::once(made.name.clone()).chain(part.tables());
        let titles: Vec<_> = names.map(|name| format!("{}/{name}", part.name)).collect();
        let mut component = Component {
            name: part.name.clone(),
            files: Vec::new(),
            dump: made,
            settings: Vec::new(),
        };
        let mut reports = vec![report];
        let tables = part.tables();
        for (source, table) in settings.into_iter().zip(&tables) {
            let choice = self.books.load(&then, &tables, Some(table))?;
            let size = source.len();
            let none = Method::default();
            let sink = Sink::part(package.member(table), table, none, source.utf16())?;
            let from = Some("properties".to_owned());
            let input = input(&self.args.rules, &self.args.rules.set, from);
            let running = running(&self.args.saying, &self.args.resources);
            let job = job::prepare(input, running, self.to(source, choice, sink))?;
            let report = self.run(job, &format!("{}/{table}", part.name))?;
            let mut made = Member::of(table, package.file(table), size, &report);
            paths(&mut made, &report, &books);
            component.settings.push(made);
            reports.push(report);
        }
        let json = serde_json::to_string_pretty(&reports)
            .map_err(|e| Error::io(format!("the report cannot be written: {e}")))?;
        let mut sink = Sink::part(
            package.member("report.json"),
            "report.json",
            Method::default(),
            None,
        )?;
        sink.put(json.as_bytes())?;
        sink.finish()?;
        component.files = package.finish().map_err(|e| unwritable(&part.name, &e))?;
        self.reports.extend(titles.into_iter().zip(reports));
        Ok(component)
    }

    /// Runs one dump or settings file.
    fn run(&self, job: Prepared, title: &str) -> Result<Report> {
        let (report, result) = job::start(job, &self.signals);
        if let Some(lines) = job::unreviewed(&report) {
            message::summary(&lines);
        } else if job::is_told(&result) && !self.args.saying.quiet {
            let summary = report.summary(self.args.saying.verbose);
            message::summary(&format!("{title}\n{summary}"));
        }
        result.map(|()| report)
    }
}

/// Notes where the rulebooks' files are.
fn paths(member: &mut Member, report: &Report, named: &[String]) {
    for (book, used) in member.rulebooks.iter_mut().zip(&report.rulebooks) {
        let file = file_of(used, named);
        let whole = |file: &String| Path::new(file).canonicalize().unwrap_or(file.into());
        book.path = file.map(|file| whole(file).display().to_string());
    }
}

fn unwritable(component: &str, error: &io::Error) -> Error {
    let failed = Error::io(format!(
        "cannot write the files of component {component}: {error}"
    ));
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            failed.remedy("make room, or write elsewhere with -d DIR")
        }
        _ => failed,
    }
}
