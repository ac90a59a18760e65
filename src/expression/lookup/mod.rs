//! Rules that look at other rows: subqueries and joined tables.

mod rows;
#[cfg(test)]
mod tests;

pub use rows::{Input, Rows};
