//! Finds personal data and secrets in a dump, and words a rulebook to start from.
//!
//! [`Sampler`] looks at a sample of each table's rows and keeps what the detectors said of each cell, never
//! the cell. When a section's schema is known as a whole, [`Survey`] judges every column by its name, its
//! type and its sample, and says what should stand in its place. [`rulebook`] writes that down.
//!
//! It reads nothing and prints nothing: the pipeline brings rows and schemas. What stands outside of rows
//! is not its business, `scrub verify` searches that.

mod detect;
mod judge;
mod kind;
mod name;
mod needs;
pub mod rulebook;
mod sample;
mod survey;
mod treat;
mod value;

pub use judge::{Finding, Level};
pub use kind::Kind;
pub use sample::{ROWS, Sampler};
pub use survey::{Judged, JudgedTable, Survey, Table};
