//! What the fuzz targets are made of: their bodies, and what these share with the tests.

#[path = "../../tests/it/naive/mod.rs"]
pub mod naive;
#[path = "../../tests/it/stream.rs"]
pub mod stream;
#[path = "../targets/mod.rs"]
pub mod targets;

pub mod differential;

/// What the tests' own module of this name says.
pub mod runner {
    /// The key under which everything runs.
    pub const KEY: &str = "fixture-key-0123456789abcdef0123";
}
