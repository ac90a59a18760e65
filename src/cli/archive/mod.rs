//! `scrub archive`: test-bed archives. Every dump in them goes the filter's way, one after another.

mod create;
mod extract;
mod parts;
mod verify;

use super::args::{Archive, Input, Resources, Running, Saying, SetRules};
use super::job::{Given, To};
use super::rules;
use crate::error::{Error, Result};
use crate::plan::{Choice, MAIL_DOMAIN};
use crate::report::RulebookUsed;
use crate::testbed::is_name;
use std::path::{Path, PathBuf};

/// What picks the rulebooks by the dump's tables.
const AUTO: &str = "auto";

/// `NAME=PATH`: what an option says of one component.
pub(super) type Assigned = (String, PathBuf);

/// Runs a subcommand.
pub(super) fn run(what: Archive) -> Result<()> {
    match what {
        Archive::Create(args) => create::run(*args),
        Archive::Verify(args) => verify::run(*args),
        Archive::Extract(args) => extract::run(args),
    }
}

/// Reads `NAME=PATH`.
pub(super) fn assigned(text: &str) -> Result<Assigned> {
    match text.split_once('=') {
        Some((name, path)) if is_name(name) && !path.is_empty() => {
            Ok((name.to_owned(), path.into()))
        }
        Some(_) => Err(Error::usage(
            "write NAME=FILE; a name has letters, digits, - and _ only",
        )),
        None => Err(Error::usage("write NAME=FILE")),
    }
}

/// What the values of an option that takes `[NAME=]VALUE` say of a component, in order.
fn of_component(values: &[String], names: &[String], component: &str) -> Vec<String> {
    let of = |value: &String| match value.split_once('=') {
        Some((name, rest)) if names.iter().any(|n| n == name) => {
            (name == component).then(|| rest.to_owned())
        }
        _ => Some(value.clone()),
    };
    values.iter().filter_map(of).collect()
}

/// The path that an option gives for a component.
fn path_of(values: &[Assigned], component: &str) -> Result<Option<PathBuf>> {
    let mut own = values.iter().filter(|(name, _)| name == component);
    let first = own.next().map(|(_, path)| path.clone());
    match own.next() {
        None => Ok(first),
        Some(_) => Err(Error::usage(format!(
            "component {component}: an option that may be given once was given twice"
        ))),
    }
}

/// Every component that an option names has to be there.
fn known<'a>(given: impl IntoIterator<Item = &'a Assigned>, names: &[String]) -> Result<()> {
    let mut given = given.into_iter();
    match given.find(|(name, _)| !names.contains(name)) {
        None => Ok(()),
        Some((name, _)) => Err(Error::usage(format!("there is no component {name}"))
            .remedy(format!("the components are {}", names.join(", ")))),
    }
}

/// The rulebooks of a set's runs.
struct Books<'a> {
    args: &'a SetRules,
    /// The variables that are set.
    set: Vec<(String, String)>,
    names: &'a [String],
}

impl Books<'_> {
    /// Are all of them sound, and does any of them know each variable?
    fn check(&self, each: &[Vec<String>]) -> Result<()> {
        let mut all: Vec<String> = Vec::new();
        for name in each.iter().flatten() {
            if !all.contains(name) {
                all.push(name.clone());
            }
        }
        all.sort_by_key(|name| name != AUTO);
        rules::choice_knowing(&all, &self.set, &[MAIL_DOMAIN]).map(drop)
    }

    /// What `--rules` says for a component.
    fn named(&self, component: &str) -> Vec<String> {
        let named = of_component(&self.args.rules, self.names, component);
        match named.is_empty() {
            true => vec![AUTO.to_owned()],
            false => named,
        }
    }

    /// Loads the rulebooks for a dump, or for one of the settings files.
    fn load(&self, books: &[String], settings: &[String], this: Option<&str>) -> Result<Choice> {
        let known: Vec<&str> = self.set.iter().map(|(name, _)| name.as_str()).collect();
        let choice = rules::choice_knowing(books, &self.set, &known)?;
        Ok(choice.part(settings, this))
    }
}

/// How the rulebooks that have run are named again: those of files by their path.
fn again(used: &[RulebookUsed], named: &[String]) -> Vec<String> {
    let path = |used: &RulebookUsed| file_of(used, named).unwrap_or(&used.name).clone();
    used.iter().map(path).collect()
}

/// The rulebooks of settings files: those of their dump, and with `auto` every one that a dump of the set
/// was recognised by, since a settings file has no tables of its own to be recognised by.
fn for_settings(dumps: &[String], named: &[String], recognised: &[String]) -> Vec<String> {
    let mut all = dumps.to_vec();
    if named.iter().any(|name| name == AUTO) {
        let others = recognised.iter().filter(|name| !dumps.contains(name));
        all.extend(others.cloned());
    }
    all
}

/// Adds the built-in rulebooks that a dump was recognised by.
fn recognise(recognised: &mut Vec<String>, used: &[RulebookUsed], named: &[String]) {
    if named.iter().any(|name| name == AUTO) {
        for name in again(used, named) {
            if rules::is_built_in(&name) && !recognised.contains(&name) {
                recognised.push(name);
            }
        }
    }
}

/// The file that a rulebook which has run was, among those that were named.
fn file_of<'a>(used: &RulebookUsed, named: &'a [String]) -> Option<&'a String> {
    let stem = |name: &str| Path::new(name).file_stem().map(|s| s.to_owned());
    let mut files = named.iter().filter(|name| !rules::is_built_in(name));
    files.find(|name| stem(name).is_some_and(|stem| stem == used.name.as_str()))
}

/// The input of a job that has its dump and rulebooks already.
fn input(rules: &SetRules, set: &[(String, String)], from: Option<String>) -> Input {
    Input {
        dump: None,
        rules: Vec::new(),
        set: set.to_vec(),
        safe_domain: rules.safe_domain.clone(),
        key_file: None,
        from: from.unwrap_or_else(|| AUTO.to_owned()),
        schema: None,
        target: None,
    }
}

fn running(saying: &Saying, resources: &Resources) -> Running {
    Running {
        report: None,
        quiet: saying.quiet,
        verbose: saying.verbose,
        resources: resources.clone(),
    }
}

/// Nowhere yet, with what is there already.
fn given(given: Given) -> To {
    To {
        given,
        ..To::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|t| (*t).to_owned()).collect()
    }

    #[test]
    fn a_value_is_for_one_component_or_for_all() {
        let names = list(&["hub", "lui"]);
        let values = list(&["baseline", "lui=own.sql", "./a=b.sql", "hub=auto"]);
        let of = |component| of_component(&values, &names, component);
        assert_eq!(of("hub"), ["baseline", "./a=b.sql", "auto"]);
        assert_eq!(of("lui"), ["baseline", "own.sql", "./a=b.sql"]);
    }

    #[test]
    fn assignments() {
        assert_eq!(assigned("hub=a=b").unwrap(), ("hub".into(), "a=b".into()));
        for wrong in ["hub", "=x", "hub=", "a/b=x", "a b=x"] {
            assert!(assigned(wrong).is_err(), "{wrong}");
        }
    }
}
