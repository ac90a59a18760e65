//! Which statements are for which part of a component: its dump, or one of the settings files beside it.
//!
//! A settings file is a table of a run of its own, so that a statement that names it would meet nothing in
//! the run of the dump, and the other way round.

use super::Choice;
use super::matching::names;
use super::rule::tables_of;
use crate::rulebook::Statement;
use crate::rulebook::reads::reads;
use std::sync::Arc;

impl Choice {
    /// The same rulebooks with the statements for one part of a component that has these settings files:
    /// `this` one of them, or the dump.
    pub fn part(self, settings: &[String], this: Option<&str>) -> Choice {
        let (settings, this) = (settings.to_vec(), this.map(str::to_owned));
        self.retain(Arc::new(move |statement| {
            is_for(statement, &settings, this.as_deref())
        }))
    }
}

fn is_for(statement: &Statement, settings: &[String], this: Option<&str>) -> bool {
    let read = reads(statement);
    let tables = || {
        let read = read.iter().map(|read| read.table);
        tables_of(statement).into_iter().chain(read)
    };
    let is = |file: &str| tables().any(|t| !t.name.is_pattern() && names(&t.name, file));
    match this {
        None => !settings.iter().any(|file| is(file)),
        Some(file) => is(file) || tables().count() > 0 && tables().all(|t| names(&t.name, file)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{Load, load};

    #[test]
    fn each_part_gets_its_statements() {
        let text = "-- name: users\nDELETE FROM users;\n-- name: hub\nDELETE FROM \"hub.ini\";\n\
             -- name: all\nUPDATE \"*\" SET \"*\" = 'x';\n-- name: ini\nDELETE FROM \"*.ini\";\n\
             -- name: both\nDELETE FROM \"hub.ini\" WHERE value IN (SELECT name FROM users);\n\
             -- name: mixed\nDELETE FROM \"*.ini\" WHERE value IN (SELECT name FROM users);\n\
             -- name: read\nSELECT value FROM \"hub.ini\";";
        let settings = ["hub.ini".to_owned(), "lui.ini".to_owned()];
        for (this, want) in [
            (None, &["users", "all", "ini", "mixed"][..]),
            (Some("hub.ini"), &["hub", "all", "ini", "both", "read"]),
            (Some("lui.ini"), &["all", "ini"]),
        ] {
            let loaded = load(&Load {
                name: "t",
                path: "t.sql",
                text,
                variables: &[],
                include: &|_| Err(std::io::ErrorKind::NotFound.into()),
            });
            let choice = Choice::Named(vec![loaded.unwrap()]).part(&settings, this);
            let Choice::Named(books) = choice else {
                panic!("auto was not asked for")
            };
            let found: Vec<_> = books[0].statements.iter().map(|s| &*s.name).collect();
            assert_eq!(found, want, "{this:?}");
        }
    }
}
