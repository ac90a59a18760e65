//! A rulebook of a run, whose statements are read when somebody asks for them.
//!
//! A dump is of one application or of none, so most built-in rulebooks are never asked for more than the tables by
//! which they recognise theirs. Only a built-in one without variables waits: of any other it has to be known at once
//! what is wrong with it.

use super::ast::{Action, Rulebook, Statement};
use super::builtin::Builtin;
use std::fmt;
use std::sync::OnceLock;

/// A rulebook that may not have been read yet.
#[derive(Debug)]
pub struct LazyRulebook {
    /// [`Rulebook::name`].
    pub name: String,
    /// [`Rulebook::detect`].
    pub detect: Vec<String>,
    whole: Whole,
}

#[derive(Debug)]
enum Whole {
    Read(Rulebook),
    BuiltIn(&'static Builtin),
    Part(&'static Builtin, Part),
}

type Wanted = Box<dyn Fn(&Statement) -> bool + Send + Sync>;

/// A part of a built-in rulebook: what is left of it, and by which questions.
#[derive(Default)]
struct Part {
    rulebook: OnceLock<Rulebook>,
    wanted: Vec<Wanted>,
}

impl From<Rulebook> for LazyRulebook {
    fn from(rulebook: Rulebook) -> Self {
        LazyRulebook {
            name: rulebook.name.clone(),
            detect: rulebook.detect.clone(),
            whole: Whole::Read(rulebook),
        }
    }
}

impl From<&'static Builtin> for LazyRulebook {
    fn from(builtin: &'static Builtin) -> Self {
        LazyRulebook {
            name: builtin.name.to_owned(),
            detect: builtin.head().detect,
            whole: Whole::BuiltIn(builtin),
        }
    }
}

impl LazyRulebook {
    /// The built-in one that it is, with all of its statements.
    pub fn built_in(&self) -> Option<&'static Builtin> {
        match self.whole {
            Whole::BuiltIn(builtin) => Some(builtin),
            _ => None,
        }
    }

    /// The built-in one that it is, or a part of.
    pub fn origin(&self) -> Option<&'static Builtin> {
        match self.whole {
            Whole::BuiltIn(builtin) | Whole::Part(builtin, _) => Some(builtin),
            Whole::Read(_) => None,
        }
    }

    /// The rulebook with its statements.
    pub fn read(&self) -> &Rulebook {
        match &self.whole {
            Whole::Read(rulebook) => rulebook,
            Whole::BuiltIn(builtin) => builtin.rulebook(),
            Whole::Part(builtin, part) => part.rulebook.get_or_init(|| {
                let mut rulebook = builtin.rulebook().clone();
                let wanted = |statement: &Statement| part.wanted.iter().all(|w| w(statement));
                rulebook.statements.retain(wanted);
                rulebook
            }),
        }
    }

    /// Leaves only some of its statements.
    pub fn retain(&mut self, wanted: impl Fn(&Statement) -> bool + Send + Sync + 'static) {
        if let Whole::BuiltIn(builtin) = self.whole {
            self.whole = Whole::Part(builtin, Part::default());
        }
        match &mut self.whole {
            Whole::Read(rulebook) => rulebook.statements.retain(wanted),
            Whole::BuiltIn(_) => {}
            Whole::Part(_, part) => {
                part.rulebook.take();
                part.wanted.push(Box::new(wanted));
            }
        }
    }

    /// Is there a `DROP USER` among its statements?
    pub fn drops_users(&self) -> bool {
        let says = |builtin: &Builtin| builtin.text.contains("DROP USER");
        self.origin().is_none_or(says) && {
            let drops = |statement: &Statement| matches!(statement.action, Action::DropUser(_));
            self.built_in().is_some() || self.read().statements.iter().any(drops)
        }
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("Part");
        f.field("wanted", &self.wanted.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::builtins;
    use super::*;

    fn drops(statement: &Statement) -> bool {
        matches!(statement.action, Action::DropUser(_))
    }

    #[test]
    fn a_built_in_says_of_itself_what_its_statements_say() {
        for builtin in builtins() {
            let lazy = LazyRulebook::from(builtin);
            let read = LazyRulebook::from(builtin.rulebook().clone());
            assert_eq!((&lazy.name, &lazy.detect), (&read.name, &read.detect));
            assert_eq!(lazy.drops_users(), read.drops_users(), "{}", builtin.name);
            let mut part = LazyRulebook::from(builtin);
            part.retain(|statement| !drops(statement));
            assert!(!part.drops_users());
        }
    }

    #[test]
    fn what_is_wanted_stays_whether_read_or_not() {
        let names = |lazy: &LazyRulebook| {
            let statements = lazy.read().statements.iter();
            statements.map(|s| s.name.clone()).collect::<Vec<_>>()
        };
        for builtin in builtins() {
            let (mut lazy, mut read) = (
                LazyRulebook::from(builtin),
                LazyRulebook::from(builtin.rulebook().clone()),
            );
            for lazy in [&mut lazy, &mut read] {
                lazy.retain(|statement| !statement.test);
                lazy.retain(|statement| !statement.optional);
            }
            assert_eq!(names(&lazy), names(&read));
            lazy.retain(drops);
            read.retain(drops);
            assert_eq!(names(&lazy), names(&read));
        }
    }
}
