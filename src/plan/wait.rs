//! Why rows have to be held back, for people.

use super::Planner;
use super::inputs::Gathered;
use super::program::Program;
use super::step::{RuleId, Step, StepKey};
use crate::schema::{Catalog, RelationName};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// Why the rows of a relation have to be held back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wait {
    /// A rule looks at the rows of a table that have not all come.
    Lookup {
        /// The rule.
        rule: String,
        /// The table.
        table: String,
        /// Where it is.
        place: Place,
    },
    /// A rule may remove or change keys that the rows reference.
    Keys {
        /// The rule.
        rule: String,
        /// The table of the keys.
        table: String,
    },
    /// The statements that a rule generates are not known yet.
    Generates {
        /// The rule.
        rule: String,
    },
    /// It is not known yet whether a built-in rulebook takes part.
    Undecided {
        /// The rulebook.
        book: String,
    },
    /// A rule depends on tables that the dump has not defined yet.
    Definitions,
}

/// Where a table is that rows wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It is the table that waits.
    Same,
    /// Its rows have come, and wait as well.
    Held,
    /// Its rows have not come yet.
    Later,
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wait::Lookup { rule, table, place } => match place {
                Place::Same => write!(f, "rule {rule} looks up other rows of the same table"),
                Place::Held => write!(f, "rule {rule} looks up {table}, which is held as well"),
                Place::Later => write!(f, "rule {rule} looks up {table}, which comes later"),
            },
            Wait::Keys { rule, table } => {
                write!(
                    f,
                    "rule {rule} may remove or change keys of {table} that it references"
                )
            }
            Wait::Generates { rule } => {
                write!(
                    f,
                    "the statements that rule {rule} generates could concern it"
                )
            }
            Wait::Undecided { book } => {
                write!(f, "it is not known yet whether this is a dump of {book}")
            }
            Wait::Definitions => {
                f.write_str("a rule depends on tables that the dump has not defined yet")
            }
        }
    }
}

impl Planner {
    /// Why rows cannot go further than `runnable` steps, if they have to.
    pub(super) fn wait(
        &self,
        catalog: &Catalog,
        relation: &RelationName,
        program: Option<&Program>,
        runnable: usize,
        horizon: Option<RuleId>,
    ) -> Wait {
        let step = program.and_then(|program| program.steps.get(runnable));
        match (step, horizon) {
            (Some(step), None) => self.wait_of(catalog, relation, step),
            (Some(step), Some(horizon)) if step.rule < horizon => {
                self.wait_of(catalog, relation, step)
            }
            (_, Some(horizon)) => self.wait_for(horizon),
            (None, None) => Wait::Definitions,
        }
    }

    /// The relations whose rows must all have passed before all steps of a program can run, as far as
    /// that is known now.
    pub fn awaited(&self, catalog: &Catalog, program: &Program) -> BTreeSet<RelationName> {
        let inputs = self.inputs.borrow();
        let needs = program.steps.iter().flat_map(|step| &step.needs);
        let missing = needs.flat_map(|need| need.inputs());
        let mut awaited = BTreeSet::new();
        for input in missing.filter(|input| input.rows().is_none()) {
            let same = |(_, gathered): &(&StepKey, &Gathered)| Arc::ptr_eq(&gathered.input, input);
            let Some((key, gathered)) = inputs.own.iter().find(same) else {
                continue;
            };
            let children = match gathered.only {
                true => Vec::new(),
                false => catalog.descendants(&key.named),
            };
            match children.is_empty() {
                true => awaited.extend([key.named.clone()]),
                false => awaited.extend(children.iter().map(|child| child.name.clone())),
            }
        }
        awaited
    }

    /// What is not known from a rule on.
    fn wait_for(&self, horizon: RuleId) -> Wait {
        let generates = self.rules.iter().find(|rule| rule.id == horizon);
        let book = self.books.iter().find(|book| book.first == horizon);
        match (generates, book) {
            (Some(rule), _) => Wait::Generates {
                rule: rule.statement.name.clone(),
            },
            (None, Some(book)) => Wait::Undecided {
                book: book.rulebook.name.clone(),
            },
            (None, None) => Wait::Definitions,
        }
    }

    /// What a step looks up that is not complete.
    fn wait_of(&self, catalog: &Catalog, relation: &RelationName, step: &Step) -> Wait {
        let rule = step.statement.name.clone();
        let needed = step.needs.iter().flat_map(|need| need.inputs());
        let missing = needed.into_iter().find(|input| input.rows().is_none());
        let Some(missing) = missing else {
            return Wait::Definitions;
        };
        let inputs = self.inputs.borrow();
        let found = inputs
            .own
            .iter()
            .find(|(_, gathered)| Arc::ptr_eq(&gathered.input, missing));
        let Some((key, gathered)) = found else {
            let table = missing.what.clone();
            let place = Place::Later;
            return Wait::Lookup { rule, table, place };
        };
        let table = key.named.to_string();
        if key.place >= Step::LINKS {
            return Wait::Keys { rule, table };
        }
        let has_come = |name: &RelationName| self.headers.contains_key(name);
        let children = match gathered.only {
            true => Vec::new(),
            false => catalog.descendants(&key.named),
        };
        let place = if key.named == *relation || children.iter().any(|r| r.name == *relation) {
            Place::Same
        } else if has_come(&key.named) || children.iter().any(|r| has_come(&r.name)) {
            Place::Held
        } else {
            Place::Later
        };
        Wait::Lookup { rule, table, place }
    }
}
