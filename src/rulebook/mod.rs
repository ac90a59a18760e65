//! A rulebook: the SQL you would have run after the restore.
//!
//! [`load()`] reads a rulebook with its includes and variables and returns checked statements, or
//! every fault at once, each with its source line and a caret. It knows no dump and no schema:
//! whether a table or column exists is the plan's question.
//!
//! On its way a text is cut into statements (`scan`), its variables are put in (`variables`), its
//! comment lines read (`directive`); a statement's tokens (`token`) lose the vendors' wrappings
//! (`idiom`), are parsed by sqlparser (`grammar`) and brought into the checked form (`lower`).

pub mod ast;
pub mod builtin;
mod chunk;
pub mod diagnostics;
mod directive;
mod grammar;
mod idiom;
mod lazy;
mod load;
mod lower;
pub mod naming;
mod parse;
pub mod reads;
mod scan;
mod token;
mod variables;
mod walk;

pub use ast::*;
pub use builtin::{Builtin, builtin, builtins, read_builtins};
pub use diagnostics::{Diagnostics, Fault, nearest};
pub use lazy::LazyRulebook;
pub use load::{Load, load};
pub use parse::parse_expression;
pub use walk::{walk, walk_mut};

#[cfg(test)]
mod tests;
