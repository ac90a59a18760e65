//! Rulebooks by name or path, and `scrub rules`.

use crate::error::{Error, Result};
use crate::plan::Choice;
use crate::rulebook::{
    self, Builtin, Diagnostics, LazyRulebook, Load, Rulebook, builtin, builtins, nearest,
    read_builtins,
};
use std::io;
use std::panic::resume_unwind;
use std::path::Path;
use std::thread;

/// What picks the rulebooks by the dump's tables.
const AUTO: &str = "auto";

/// Loads the rulebooks of a run. What is wrong with any of them is said at once.
pub(super) fn choice(names: &[String], variables: &[(String, String)]) -> Result<Choice> {
    choice_knowing(names, variables, &[])
}

/// The same, for a command that knows some variables itself.
pub(super) fn choice_knowing(
    names: &[String],
    variables: &[(String, String)],
    known: &[&str],
) -> Result<Choice> {
    let mut loader = Loader {
        variables,
        known: known.iter().map(|name| (*name).to_owned()).collect(),
        faults: Vec::new(),
    };
    let mut named = Vec::new();
    let mut auto = None;
    for name in names {
        if name == AUTO {
            if !named.is_empty() || auto.is_some() {
                return Err(
                    Error::usage("auto comes first and once among the rulebooks")
                        .remedy("write -r auto -r yours.sql"),
                );
            }
            auto = Some(loader.all());
        } else {
            named.extend(loader.named(name)?);
        }
    }
    loader.finish()?;
    Ok(match auto {
        Some(mut others) => match others.iter().position(|b| b.name == "baseline") {
            Some(at) => Choice::Auto {
                baseline: Box::new(others.remove(at)),
                others,
                then: named,
            },
            None => return Err(Error::usage("the baseline is missing from this build")),
        },
        None => Choice::Named(named),
    })
}

/// Is it the name of a built-in rulebook, or `auto`?
pub(super) fn is_built_in(name: &str) -> bool {
    name == AUTO || builtin(name).is_some()
}

struct Loader<'a> {
    variables: &'a [(String, String)],
    /// The variables that the rulebooks know.
    known: Vec<String>,
    faults: Vec<String>,
}

impl Loader<'_> {
    /// A built-in's name, or else a file.
    fn named(&mut self, name: &str) -> Result<Option<Rulebook>> {
        if let Some(found) = builtin(name) {
            return Ok(self.built_in(found));
        }
        let path = Path::new(name);
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound && !name.contains(['/', '.']) => {
                return Err(unknown(name));
            }
            Err(e) => {
                return Err(Error::usage(format!(
                    "cannot read the rulebook {name}: {e}"
                )));
            }
        };
        let stem = path
            .file_stem()
            .map_or(name.to_owned(), |s| s.to_string_lossy().into_owned());
        Ok(self.load(&stem, name, &text, &|path| std::fs::read_to_string(path)))
    }

    fn built_in(&mut self, found: &Builtin) -> Option<Rulebook> {
        let loaded = built_in(found, self.variables);
        self.take(loaded)
    }

    /// All built-ins. Where variables are set, they are read at once: one has to know each variable, and a value may
    /// be a fault.
    fn all(&mut self) -> Vec<LazyRulebook> {
        let variables = self.variables;
        if variables.is_empty() {
            return builtins().iter().map(LazyRulebook::from).collect();
        }
        let loaded: Vec<_> = thread::scope(|scope| {
            let load = |found| scope.spawn(move || built_in(found, variables));
            let loading: Vec<_> = builtins().iter().map(load).collect();
            let joined = loading.into_iter().map(thread::ScopedJoinHandle::join);
            joined.collect()
        });
        let loaded = loaded
            .into_iter()
            .map(|loaded| loaded.unwrap_or_else(|panic| resume_unwind(panic)));
        let sound = loaded.filter_map(|loaded| self.take(loaded));
        sound.map(LazyRulebook::from).collect()
    }

    fn load(
        &mut self,
        name: &str,
        path: &str,
        text: &str,
        include: &dyn Fn(&str) -> io::Result<String>,
    ) -> Option<Rulebook> {
        let variables = self.variables;
        let loaded = rulebook::load(&Load {
            name,
            path,
            text,
            variables,
            include,
        });
        self.take(loaded)
    }

    fn take(&mut self, loaded: Result<Rulebook, Diagnostics>) -> Option<Rulebook> {
        match loaded {
            Ok(rulebook) => {
                self.known.extend(rulebook.variables.iter().cloned());
                Some(rulebook)
            }
            Err(diagnostics) => {
                self.faults.push(Error::from(diagnostics).message);
                None
            }
        }
    }

    /// The faults, or a variable that no rulebook knows: a typing mistake in `--set mail_domain=…`
    /// must not send the addresses somewhere else.
    fn finish(&self) -> Result<()> {
        if !self.faults.is_empty() {
            return Err(Error::usage(self.faults.join("\n\n")));
        }
        let known = || self.known.iter().map(String::as_str);
        match self
            .variables
            .iter()
            .find(|(name, _)| !self.known.contains(name))
        {
            None => Ok(()),
            Some((name, _)) => {
                let error = Error::usage(format!("no rulebook of this run has a variable {name}"));
                Err(match nearest(name, known()) {
                    Some(near) => error.remedy(format!("did you mean {near}?")),
                    None => error,
                })
            }
        }
    }
}

fn built_in(found: &Builtin, variables: &[(String, String)]) -> Result<Rulebook, Diagnostics> {
    rulebook::load(&Load {
        name: found.name,
        path: &found.path(),
        text: found.text,
        variables,
        include: &rulebook::builtin::include,
    })
}

fn unknown(name: &str) -> Error {
    let names: Vec<_> = builtins().iter().map(|b| b.name).collect();
    let error = Error::usage(format!("no such rulebook: {name}"));
    match nearest(name, names.iter().copied()) {
        Some(near) => error.remedy(format!("did you mean {near}?")),
        None => error.remedy(format!(
            "the built-in ones are {}; a file is named by its path, for instance ./{name}.sql",
            names.join(", ")
        )),
    }
}

/// `scrub rules list`.
pub(super) fn list() -> Result<String> {
    let mut loader = Loader {
        variables: &[],
        known: Vec::new(),
        faults: Vec::new(),
    };
    let mut out = String::new();
    read_builtins();
    for rulebook in loader.all() {
        let rulebook = rulebook.read();
        let title = rulebook.title.as_deref().unwrap_or("");
        out += &format!("{}\n    {title}\n", rulebook.name);
        out += &format!("    {} rules", rulebook.statements.len());
        if !rulebook.detect.is_empty() {
            out += &format!("; recognised by the tables {}", rulebook.detect.join(", "));
        }
        out.push('\n');
    }
    loader.finish()?;
    Ok(out)
}

/// `scrub rules show NAME`: the text as it is.
pub(super) fn show(name: &str) -> Result<&'static str> {
    builtin(name).map(|b| b.text).ok_or_else(|| unknown(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|n| (*n).to_owned()).collect()
    }

    #[test]
    fn every_built_in_is_listed_and_shown() {
        let list = list().unwrap();
        assert!(!builtins().is_empty());
        for found in builtins() {
            assert!(list.contains(found.name));
            assert_eq!(show(found.name).unwrap(), found.text);
        }
    }

    #[test]
    fn auto_then_ones_own() {
        let file = tempfile::Builder::new().suffix(".sql").tempfile().unwrap();
        std::fs::write(file.path(), "DELETE FROM t;").unwrap();
        let own = file.path().display().to_string();
        match choice(&names(&["auto", &own]), &[]).unwrap() {
            Choice::Auto {
                baseline,
                others,
                then,
            } => {
                assert_eq!(baseline.name, "baseline");
                assert_eq!(others.len(), builtins().len() - 1);
                assert_eq!(then.len(), 1);
            }
            Choice::Named(_) => panic!("auto was asked for"),
        }
        match choice(&names(&[&own, "baseline"]), &[]).unwrap() {
            Choice::Named(books) => assert_eq!(books[1].name, "baseline"),
            Choice::Auto { .. } => panic!("auto was not asked for"),
        }
        assert!(choice(&names(&[&own, "auto"]), &[]).is_err());
    }

    #[test]
    fn what_is_not_there_is_named_with_the_nearest() {
        let error = choice(&names(&["baselin"]), &[]).unwrap_err();
        assert!(
            error.to_string().contains("did you mean baseline?"),
            "{error}"
        );
        assert!(
            show("basline")
                .unwrap_err()
                .to_string()
                .contains("baseline")
        );
        let error = choice(&names(&["./nowhere.sql"]), &[]).unwrap_err();
        assert!(error.message.contains("./nowhere.sql"));
        let set = [("mail_doman".to_owned(), "x".to_owned())];
        let error = choice(&names(&["auto"]), &set).unwrap_err();
        assert!(
            error.to_string().contains("did you mean mail_domain?"),
            "{error}"
        );
    }

    #[test]
    fn the_faults_of_all_rulebooks_come_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<_> = ["a", "b"]
            .map(|name| folder.path().join(format!("{name}.sql")))
            .iter()
            .map(|path| {
                std::fs::write(path, "ALTER TABLE t ADD c int;").unwrap();
                path.display().to_string()
            })
            .collect();
        let error = choice(&paths, &[]).unwrap_err();
        assert!(
            error.message.contains("a.sql") && error.message.contains("b.sql"),
            "{error}"
        );
    }
}
