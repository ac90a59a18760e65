//! `scrub archive verify`: the set as a whole, then the proof of everything in it, as streams.

use super::{Books, again, for_settings, given, input, known, path_of, recognise, running};
use crate::cli::args::{Input, SetRules, VerifySet};
use crate::cli::job::{self, Given, Proof, To};
use crate::cli::message;
use crate::error::{Error, ErrorKind, Result};
use crate::functions::Key;
use crate::pipeline::Signals;
use crate::report::{Preview, Report};
use crate::source::Source;
use crate::testbed::{Component, Member, Set};
use std::sync::Arc;

/// Checks a set and proves each of its dumps and settings files.
pub(super) fn run(args: VerifySet) -> Result<()> {
    let signals = Signals::watch(|_| {
        let interrupted = Error::interrupted();
        message::error(&interrupted);
        std::process::exit(i32::from(interrupted.kind.exit_code()));
    });
    let set = Set::find(&args.path)?;
    let names: Vec<String> = set
        .manifest
        .components
        .iter()
        .map(|c| c.name.clone())
        .collect();
    known(&args.target, &names)?;
    let rules = rules(&args, &set);
    let books = Books {
        args: &rules,
        set: rules.set.clone(),
        names: &names,
    };
    let each: Vec<_> = (set.manifest.components.iter())
        .map(|component| named(&books, &component.name, &component.dump))
        .collect();
    books.check(&each)?;
    let checked = set.check()?;
    if !args.saying.quiet {
        let components = match names.len() {
            1 => "1 component".to_owned(),
            n => format!("{n} components"),
        };
        message::summary(&format!(
            "test-bed backup {}: whole, {components}\n",
            set.id
        ));
    }
    let prover = Prover {
        args: &args,
        books,
        signals,
    };
    let mut result = Ok(());
    let mut recognised = Vec::new();
    let mut dumps = Vec::new();
    for (component, named) in set.manifest.components.iter().zip(&each) {
        let source = checked.open(component, &component.dump)?;
        let (report, proved) = prover.prove(component, &component.dump, source, named, None)?;
        recognise(&mut recognised, &report.rulebooks, named);
        dumps.push(again(&report.rulebooks, named));
        result = first(result, proved)?;
    }
    for ((component, own), dumps) in set.manifest.components.iter().zip(&each).zip(&dumps) {
        for member in &component.settings {
            let books = match args.rules.rules.is_empty() {
                true => named(&prover.books, &component.name, member),
                false => for_settings(dumps, own, &recognised),
            };
            let source = checked.open(component, member)?;
            let this = Some(member.name.as_str());
            let (_, proved) = prover.prove(component, member, source, &books, this)?;
            result = first(result, proved)?;
        }
    }
    result
}

/// How the proofs have ended so far. What was found does not keep the others from being proved.
fn first(result: Result<()>, next: Result<()>) -> Result<Result<()>> {
    match next {
        Err(error) if error.kind != ErrorKind::Check => Err(error),
        next => Ok(result.and(next)),
    }
}

struct Prover<'a> {
    args: &'a VerifySet,
    books: Books<'a>,
    signals: Signals,
}

impl Prover<'_> {
    fn prove(
        &self,
        component: &Component,
        member: &Member,
        source: Source,
        named: &[String],
        this: Option<&str>,
    ) -> Result<(Report, Result<()>)> {
        let quiet = self.args.saying.quiet;
        let tables: Vec<String> = component.settings.iter().map(|m| m.name.clone()).collect();
        let choice = self.books.load(named, &tables, this)?;
        let input = Input {
            target: path_of(&self.args.target, &component.name)?.filter(|_| this.is_none()),
            ..input(
                self.books.args,
                &self.books.set,
                Some(member.dialect.clone()),
            )
        };
        let title = source.label().to_owned();
        let to = To {
            preview: Some(Preview::default()),
            proof: Some(Proof::default()),
            ..given(Given {
                source: Some(source),
                choice: Some(choice),
                key: Some(Arc::new(Key::random())),
                sink: None,
            })
        };
        let running = running(&self.args.saying, &self.args.resources);
        let job = job::prepare(input, running, to).map_err(|error| error.of(title.clone()))?;
        let (report, result) = job::start(job, &self.signals);
        let result = result.map_err(|error| error.of(title.clone()));
        if job::is_told(&result) {
            if !(quiet && result.is_ok()) {
                message::result(&format!("{title}\n{}", report.to_proof()))?;
            }
            if !quiet {
                message::summary(&report.searched());
            }
        }
        if self.args.rules.rules.is_empty() {
            same(member, &report)?;
        }
        Ok((report, result))
    }
}

/// The rules that were asked for, or else those of the manifest.
fn rules(args: &VerifySet, set: &Set) -> SetRules {
    let manifest = &set.manifest;
    let mut variables: Vec<_> = manifest.variables.clone().into_iter().collect();
    variables.retain(|(name, _)| !args.rules.set.iter().any(|(own, _)| own == name));
    variables.extend(args.rules.set.iter().cloned());
    let mut domains = manifest.safe_domains.clone();
    domains.extend(args.rules.safe_domain.iter().cloned());
    SetRules {
        rules: args.rules.rules.clone(),
        set: variables,
        safe_domain: domains,
        key_file: None,
    }
}

/// The rulebooks of a component's dump or settings file, as they are named.
fn named(books: &Books, component: &str, member: &Member) -> Vec<String> {
    if !books.args.rules.is_empty() {
        return books.named(component);
    }
    let made = member.rulebooks.iter();
    made.map(|book| book.path.as_ref().unwrap_or(&book.name).clone())
        .collect()
}

/// Are the rulebooks those with which the set was made?
fn same(member: &Member, report: &Report) -> Result<()> {
    for book in &member.rulebooks {
        let used = report.rulebooks.iter().find(|used| used.name == book.name);
        if used.is_none_or(|used| used.sha256 != book.sha256) {
            return Err(Error::usage(format!(
                "the rulebook {} is not the one that the test-bed backup was made with",
                book.name
            ))
            .remedy("say which rulebooks prove it: -r NAME"));
        }
    }
    Ok(())
}
