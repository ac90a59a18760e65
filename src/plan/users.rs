//! `DROP USER`: what the dump says about these users is left out.

use super::{Planner, matching};
use crate::rulebook::{Action, Ident, LazyRulebook, Statement};

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
        self.rules.dropping_users().next().is_some()
    }

    /// Do rules drop this user?
    pub fn drops_user(&self, name: &str) -> bool {
        let statements = self.rules.dropping_users().map(|rule| &*rule.statement);
        dropped(statements).any(|user| matching::names(user, name))
    }

    /// May a rulebook still be recognised that drops users?
    pub fn may_drop_users(&self) -> bool {
        self.undecided().next().is_some()
    }

    /// Would a rulebook that may still be recognised drop this user?
    pub fn may_drop_user(&self, name: &str) -> bool {
        let statements = self.undecided().flat_map(|book| &book.read().statements);
        dropped(statements).any(|user| matching::names(user, name))
    }

    /// The rulebooks that drop users and may still be recognised.
    fn undecided(&self) -> impl Iterator<Item = &LazyRulebook> {
        let undecided = self.books.iter().filter(|book| !book.takes_part);
        let books = undecided.map(|book| &book.rulebook);
        books.filter(|book| book.drops_users())
    }

    /// Takes note that a statement about such a user has passed as it is.
    pub fn user_passed(&mut self) {
        self.user_passed = true;
    }
}
