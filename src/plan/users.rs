//! `DROP USER`: what the dump says about these users is left out.

use super::{Planner, matching};
use crate::rulebook::{Action, Ident, Statement};

/// The users that statements drop.
fn dropped<'s>(statements: impl Iterator<Item = &'s Statement>) -> impl Iterator<Item = &'s Ident> {
    statements.flat_map(|statement| match &statement.action {
        Action::DropUser(users) => users.as_slice(),
        _ => &[],
    })
}

impl Planner {
    /// Do rules drop users?
    pub fn drops_users(&self) -> bool {
        let statements = self.rules.iter().map(|rule| &*rule.statement);
        dropped(statements).next().is_some()
    }

    /// Do rules drop this user?
    pub fn drops_user(&self, name: &str) -> bool {
        let statements = self.rules.iter().map(|rule| &*rule.statement);
        dropped(statements).any(|user| matching::names(user, name))
    }

    /// May a rulebook still be recognised that drops users?
    pub fn may_drop_users(&self) -> bool {
        dropped(self.undecided()).next().is_some()
    }

    /// Would a rulebook that may still be recognised drop this user?
    pub fn may_drop_user(&self, name: &str) -> bool {
        dropped(self.undecided()).any(|user| matching::names(user, name))
    }

    /// The statements of rulebooks that may still be recognised, as far as users are concerned.
    fn undecided(&self) -> impl Iterator<Item = &Statement> {
        let undecided = self.books.iter().filter(|book| !book.takes_part);
        undecided.flat_map(|book| book.rulebook.dropping_users())
    }

    /// Takes note that a statement about such a user has passed as it is.
    pub fn user_passed(&mut self) {
        self.user_passed = true;
    }
}
