//! The rulebooks that are part of the program, from `transforms/`.

use std::io;

/// A built-in rulebook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Builtin {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

impl Builtin {
    /// The path under which messages name it and other built-ins include it.
    pub fn path(&self) -> String {
        format!("{}.sql", self.name)
    }
}

/// All of them, by name.
pub fn builtins() -> &'static [Builtin] {
    &[
        Builtin {
            name: "adobe-campaign",
            text: include_str!("../../transforms/adobe-campaign.sql"),
        },
        Builtin {
            name: "baseline",
            text: include_str!("../../transforms/baseline.sql"),
        },
        Builtin {
            name: "listserv-maestro",
            text: include_str!("../../transforms/listserv-maestro.sql"),
        },
        Builtin {
            name: "odoo",
            text: include_str!("../../transforms/odoo.sql"),
        },
        Builtin {
            name: "outsystems",
            text: include_str!("../../transforms/outsystems.sql"),
        },
        Builtin {
            name: "outsystems-log",
            text: include_str!("../../transforms/outsystems-log.sql"),
        },
        Builtin {
            name: "superoffice",
            text: include_str!("../../transforms/superoffice.sql"),
        },
    ]
}

/// The built-in of this name.
pub fn builtin(name: &str) -> Option<&'static Builtin> {
    builtins().iter().find(|builtin| builtin.name == name)
}

/// What `\ir` means inside a built-in: another built-in.
pub fn include(path: &str) -> io::Result<String> {
    let found = builtins().iter().find(|builtin| builtin.path() == path);
    match found {
        Some(builtin) => Ok(builtin.text.to_owned()),
        None => Err(io::Error::new(
            io::ErrorKind::NotFound,
            "there is no such built-in rulebook",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{Load, load};

    #[test]
    fn every_built_in_loads_and_says_what_it_is() {
        for built_in in builtins() {
            let request = Load {
                name: built_in.name,
                path: &built_in.path(),
                text: built_in.text,
                variables: &[],
                include: &include,
            };
            let rulebook = load(&request).unwrap_or_else(|faults| panic!("{faults}"));
            assert!(
                rulebook.title.is_some() && !rulebook.sources.is_empty(),
                "{}",
                built_in.name
            );
            let mut names: Vec<_> = rulebook.statements.iter().map(|s| &s.name).collect();
            assert!(
                names.iter().all(|name| !name.contains(".sql:")),
                "{names:?}"
            );
            names.sort();
            let all = names.len();
            names.dedup();
            assert_eq!(names.len(), all, "{}: a name stands twice", built_in.name);
        }
    }

    #[test]
    fn builtins_are_sorted_and_include_each_other_only() {
        assert!(builtins().is_sorted_by_key(|builtin| builtin.name));
        assert_eq!(
            builtin("baseline").map(|builtin| builtin.name),
            Some("baseline")
        );
        assert!(include("baseline.sql").is_ok());
        assert!(include("/etc/passwd").is_err());
    }
}
