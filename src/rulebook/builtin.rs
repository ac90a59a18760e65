//! The rulebooks that are part of the program, from `transforms/`.
//!
//! Where no variable is set, each is the same in every run: it is read once, when somebody asks for its statements.
//! That it can be read at all, and run on a dump of any kind, is shown by tests; nobody checks it again.

use super::ast::Rulebook;
use super::load::{Load, head, load};
use std::io;
use std::sync::OnceLock;
use std::thread;

/// A built-in rulebook.
#[derive(Debug)]
pub struct Builtin {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
    whole: OnceLock<Rulebook>,
}

static BUILTINS: [Builtin; 7] = [
    Builtin::new(
        "adobe-campaign",
        include_str!("../../transforms/adobe-campaign.sql"),
    ),
    Builtin::new("baseline", include_str!("../../transforms/baseline.sql")),
    Builtin::new(
        "listserv-maestro",
        include_str!("../../transforms/listserv-maestro.sql"),
    ),
    Builtin::new("odoo", include_str!("../../transforms/odoo.sql")),
    Builtin::new(
        "outsystems",
        include_str!("../../transforms/outsystems.sql"),
    ),
    Builtin::new(
        "outsystems-log",
        include_str!("../../transforms/outsystems-log.sql"),
    ),
    Builtin::new(
        "superoffice",
        include_str!("../../transforms/superoffice.sql"),
    ),
];

impl Builtin {
    const fn new(name: &'static str, text: &'static str) -> Builtin {
        Builtin {
            name,
            text,
            whole: OnceLock::new(),
        }
    }

    /// The path under which messages name it and other built-ins include it.
    pub fn path(&self) -> String {
        format!("{}.sql", self.name)
    }

    /// It with all of its statements, where no variable is set.
    pub fn rulebook(&self) -> &Rulebook {
        self.whole.get_or_init(|| {
            self.request(load)
                .expect("every built-in rulebook can be read")
        })
    }

    /// What stands above its first statement.
    pub(super) fn head(&self) -> Rulebook {
        self.request(head)
            .expect("every built-in rulebook can be read")
    }

    fn request<T>(&self, read: impl FnOnce(&Load<'_>) -> T) -> T {
        read(&Load {
            name: self.name,
            path: &self.path(),
            text: self.text,
            variables: &[],
            include: &include,
        })
    }
}

/// Reads those that nobody has read, at the same time.
pub fn read_builtins() {
    let unread = builtins().iter().filter(|b| b.whole.get().is_none());
    thread::scope(|scope| {
        for builtin in unread {
            scope.spawn(|| builtin.rulebook());
        }
    });
}

/// All of them, by name.
pub fn builtins() -> &'static [Builtin] {
    &BUILTINS
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

    #[test]
    fn every_built_in_loads_and_says_what_it_is() {
        for built_in in builtins() {
            let rulebook = (built_in.request(load)).unwrap_or_else(|faults| panic!("{faults}"));
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
    fn the_head_of_every_built_in_says_what_the_whole_says() {
        for built_in in builtins() {
            let (head, whole) = (built_in.head(), built_in.rulebook());
            let told = |book: &Rulebook| {
                let words = (book.name.clone(), book.title.clone(), book.dialect);
                (words, book.detect.clone())
            };
            assert_eq!(told(&head), told(whole));
            assert!(head.statements.is_empty() && !whole.statements.is_empty());
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
