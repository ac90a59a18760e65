//! What SQL Server's and Oracle's scripts have in common: tokens, INSERTs and the frame around them.
//!
//! Both are scripts for a client (sqlcmd, SQL*Plus) that cuts them by lines of its own: `GO`, `/`.
//! In reading order: [`lexer`] and [`tokens`], [`lines`] for the client's lines, [`head`], [`rows`]
//! and [`codec`] for INSERTs, [`charset`] for what nobody says, [`table`] and `alter` for DDL, [`framer`] for the whole. What differs is a
//! [`Flavour`] where it is small, and a [`framer::Script`] where it is not.

mod alter;
pub mod charset;
pub mod codec;
pub mod framer;
pub mod head;
pub mod lexer;
pub mod lines;
pub mod rows;
pub mod table;
pub mod tokens;

use crate::dialect::RowFault;
use crate::dialect::tuple::Writing;

/// Whose script it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// SQL Server.
    Mssql,
    /// Oracle.
    Oracle,
}

/// Reserved words of T-SQL with which a statement can begin. No name is spelled like them without
/// quotes, so one of them ends the statement before, which needs no terminator.
const BEGINNINGS: &[&str] = &[
    "ALTER",
    "BACKUP",
    "BEGIN",
    "BREAK",
    "BULK",
    "CHECKPOINT",
    "CLOSE",
    "COMMIT",
    "CONTINUE",
    "CREATE",
    "DBCC",
    "DEALLOCATE",
    "DECLARE",
    "DELETE",
    "DENY",
    "DROP",
    "ELSE",
    "END",
    "EXEC",
    "EXECUTE",
    "FETCH",
    "GOTO",
    "GRANT",
    "IF",
    "INSERT",
    "KILL",
    "MERGE",
    "OPEN",
    "PRINT",
    "RAISERROR",
    "RECONFIGURE",
    "RESTORE",
    "RETURN",
    "REVERT",
    "REVOKE",
    "ROLLBACK",
    "SAVE",
    "SELECT",
    "SET",
    "SHUTDOWN",
    "TRUNCATE",
    "UPDATE",
    "USE",
    "WAITFOR",
    "WHILE",
];

impl Flavour {
    /// How rows are written that need no lexer, in statements that begin with `head`.
    fn writing(self, head: &[u8]) -> Writing<'_> {
        Writing {
            head,
            backslashes: false,
            unmarked: self == Flavour::Mssql,
        }
    }

    /// Does this word begin a statement wherever it stands outside of parentheses?
    pub fn begins_statement(self, word: &[u8]) -> bool {
        self == Flavour::Mssql
            && word.len() <= 11
            && BEGINNINGS
                .iter()
                .any(|b| word.eq_ignore_ascii_case(b.as_bytes()))
    }
}

/// A fault.
pub fn fault<T>(why: &str) -> Result<T, RowFault> {
    Err(RowFault(why.to_owned()))
}
