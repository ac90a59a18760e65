//! scrub rewrites a database dump in flight so that it is safe for a test bed.
//!
//! The modules in reading order:
//!
//! 1. [`rulebook`]: the SQL you would have run after the restore → checked statements.
//! 2. [`schema`]: what the dump's DDL says about its relations.
//! 3. [`value`], [`functions`], [`expression`]: typed values, the `anon` functions, compiled expressions.
//! 4. [`dialect`]: bytes → frames, cells ↔ bytes.
//! 5. [`search`]: addresses and secrets in what must not hold any.
//! 6. [`scan`]: what columns hold, and a rulebook to start from.
//! 7. [`plan`]: rulebook × schema → a program for each table.
//! 8. [`source`], [`archive`], [`pipeline`], [`sink`], [`pipe`]: bytes in, frames through the programs, bytes out.
//! 9. [`testbed`]: the safe dumps of several components as one set.
//! 10. [`report`], [`cli`]: what happened, and how people ask for it.

pub mod archive;
pub mod cli;
pub mod dialect;
pub mod error;
pub mod expression;
pub mod functions;
pub mod pace;
pub mod pipe;
pub mod pipeline;
pub mod plan;
pub mod report;
pub mod rulebook;
pub mod scan;
pub mod schema;
pub mod search;
pub mod sink;
pub mod source;
pub mod testbed;
pub mod value;
