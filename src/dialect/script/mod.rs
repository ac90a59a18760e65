//! What the dialects of the `mysql` and `sqlite3` clients share: scripts of statements, in which all
//! rows stand in INSERTs.
//!
//! In reading order: [`lexer`] cuts bytes into units under a [`lexer::Grammar`]; [`scanner`] finds the
//! ends of statements in a stream, [`command`] those of lines that are the client's; [`tokens`] reads whole statements; [`insert`] knows the heads of
//! INSERTs, [`rows`] their rows; [`framer`] puts it together around a [`framer::Flavour`], which is
//! what a dialect adds. It deliberately knows no statement but INSERT, and no literal's value.

pub mod charset;
pub mod clauses;
pub mod command;
pub mod ending;
pub mod framer;
pub mod insert;
pub mod lexer;
pub mod rows;
pub mod scanner;
pub mod tokens;

use super::RowFault;

/// A fault with this text.
pub(super) fn fault<T>(why: &str) -> Result<T, RowFault> {
    Err(RowFault(why.to_owned()))
}
