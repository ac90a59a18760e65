//! How text compares: exactly, without case, without case and accents, with or without trailing blanks.
//!
//! Equality is what counts here; *order* is by code point of the folded text and is not the
//! linguistic order of any server.

/// What a comparison of text distinguishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Sensitivity {
    /// Every code point.
    #[default]
    Exact,
    /// Not upper and lower case.
    Accents,
    /// Neither case nor accents.
    Letters,
}

/// A collation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Collation {
    /// What it distinguishes.
    pub sensitivity: Sensitivity,
    /// Do trailing blanks not count?
    pub padded: bool,
}

impl Collation {
    /// By code point, blanks count: PostgreSQL.
    pub const BINARY: Collation = Collation {
        sensitivity: Sensitivity::Exact,
        padded: false,
    };
}
