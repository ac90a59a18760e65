//! What a set is made of: from `--component` and `--member`, and from a directory of dumps.

use super::known;
use crate::cli::args::Create;
use crate::error::{Error, Result};
use crate::testbed::is_name;
use std::fs;
use std::path::{Path, PathBuf};

/// The suffixes of settings files.
const SETTINGS: [&str; 2] = ["ini", "properties"];

/// A component to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Its name.
    pub name: String,
    /// Its dump.
    pub dump: PathBuf,
    /// Its settings files.
    pub settings: Vec<PathBuf>,
}

/// The components in the order in which they are made: those of a directory by name, then the others.
pub(super) fn parts(args: &Create) -> Result<Vec<Part>> {
    let mut parts: Vec<Part> = Vec::new();
    let mut settings = Vec::new();
    if let Some(directory) = &args.dumps {
        for path in files(directory)? {
            match is_settings(&path) {
                true => settings.push(path),
                false => add(&mut parts, stem(&path)?, &path)?,
            }
        }
    }
    for (name, dump) in &args.component {
        add(&mut parts, name.clone(), dump)?;
    }
    if parts.is_empty() {
        return Err(Error::usage("there is no dump in the directory")
            .remedy("name the components: --component NAME=DUMP"));
    }
    let names: Vec<String> = parts.iter().map(|part| part.name.clone()).collect();
    let options = [&args.member, &args.schema, &args.target];
    known(options.into_iter().flatten(), &names)?;
    let named = |path: &Path| args.member.iter().any(|(_, member)| member == path);
    for path in settings.into_iter().filter(|path| !named(path)) {
        let name = stem(&path)?;
        let part = parts.iter_mut().find(|part| part.name == name);
        let part = part.ok_or_else(|| {
            Error::usage(format!("{} belongs to no component", path.display()))
                .remedy(format!("say to which: --member NAME={}", path.display()))
        })?;
        part.settings.push(path);
    }
    for (name, path) in &args.member {
        let part = parts.iter_mut().filter(|part| part.name == *name);
        part.for_each(|part| part.settings.push(path.clone()));
    }
    for part in &parts {
        part.check()?;
    }
    Ok(parts)
}

impl Part {
    /// The names of its settings files, which are tables in rules.
    pub(super) fn tables(&self) -> Vec<String> {
        let name = |path: &PathBuf| path.file_name().map(|n| n.to_string_lossy().into_owned());
        self.settings.iter().filter_map(name).collect()
    }

    fn check(&self) -> Result<()> {
        let tables = self.tables();
        let name = &self.name;
        let own = [
            format!("{name}.sql"),
            format!("{name}.dump"),
            "report.json".to_owned(),
        ];
        for (place, table) in tables.iter().enumerate() {
            if tables[..place].contains(table) || own.contains(table) {
                let what = format!("component {name} would have two files {table}");
                return Err(Error::usage(what).remedy("rename one of them"));
            }
            if table.starts_with('.') {
                let what =
                    format!("component {name}: {table} cannot be the name of a settings file");
                return Err(Error::usage(what).remedy("rename it"));
            }
        }
        Ok(())
    }
}

fn add(parts: &mut Vec<Part>, name: String, dump: &Path) -> Result<()> {
    // On some file systems the names of their files would be one.
    if parts
        .iter()
        .any(|part| part.name.eq_ignore_ascii_case(&name))
    {
        return Err(Error::usage(format!("there are two components {name}"))
            .remedy("give each a name of its own: --component NAME=DUMP"));
    }
    let dumps = || parts.iter().map(|part| part.dump.as_path());
    if dump == Path::new("-") && dumps().any(|other| other == dump) {
        return Err(Error::usage("only one of the dumps can be standard input"));
    }
    parts.push(Part {
        name,
        dump: dump.to_owned(),
        settings: Vec::new(),
    });
    Ok(())
}

/// The name of a component by its file: up to the first dot.
fn stem(path: &Path) -> Result<String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.split('.').next().unwrap_or_default();
    match is_name(stem) {
        true => Ok(stem.to_owned()),
        false => Err(Error::usage(format!(
            "{} cannot be called like a component, whose name has letters, digits, - and _ only",
            path.display()
        ))
        .remedy("name the components: --component NAME=DUMP")),
    }
}

fn is_settings(path: &Path) -> bool {
    let suffix = path.extension().and_then(|suffix| suffix.to_str());
    suffix.is_some_and(|suffix| SETTINGS.contains(&suffix))
}

/// The files in a directory by name, but hidden ones.
fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let failed = |e: std::io::Error| Error::io(format!("cannot read {}: {e}", directory.display()));
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.path().is_dir() && !entry.path().join("toc.dat").exists() {
            return Err(Error::usage(format!(
                "{} is a directory, not a dump",
                entry.path().display()
            ))
            .remedy("name the components: --component NAME=DUMP"));
        }
        files.push(entry.path());
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::{Archive, Cli, Command};
    use clap::Parser;

    fn parsed(line: &str) -> Result<Vec<Part>> {
        let line = format!("scrub archive create {line}");
        let cli = Cli::try_parse_from(line.split_whitespace()).unwrap();
        match cli.command {
            Some(Command::Archive {
                what: Archive::Create(args),
            }) => parts(&args),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_directory_holds_components_and_their_settings() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().display();
        for name in ["lui.sql.gz", "hub.sql", "hub.ini", "tracker.ini", ".hidden"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        assert!(
            parsed(&format!("-d . {at}")).is_err(),
            "tracker.ini is nobody's"
        );
        let found = parsed(&format!(
            "-d . {at} --component trk=- --member trk={at}/tracker.ini"
        ))
        .unwrap();
        let told: Vec<_> = found
            .iter()
            .map(|p| (p.name.as_str(), p.tables()))
            .collect();
        let want = [
            ("hub", vec!["hub.ini".to_owned()]),
            ("lui", vec![]),
            ("trk", vec!["tracker.ini".to_owned()]),
        ];
        assert_eq!(told, want);
    }

    #[test]
    fn what_cannot_be_a_set_is_refused() {
        for line in [
            "-d . --component a=x --component a=y",
            "-d . --component a=x --component A=y",
            "-d . --component a=- --component b=-",
            "-d . --component a=x --member b=b.ini",
            "-d . --component a=x --member a=b.ini --member a=c/b.ini",
            "-d . --component a=x --member a=report.json",
            "-d . --component a=x --schema b=s.sql",
            "-d . /nowhere/at/all",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
