//! A rulebook: the SQL you would have run after the restore.
//!
//! [`load`] reads a rulebook with its includes and variables and returns checked statements, or
//! every fault at once, each with its source line and a caret. It knows no dump and no schema:
//! whether a table or column exists is the plan's question.

pub mod ast;

pub use ast::*;
