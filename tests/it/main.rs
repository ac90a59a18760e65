//! The integration tests: one binary, one private PostgreSQL.
//!
//! `server` starts the database, `scrub` runs the binary; every other module is a subject.
//! Without the server a test says loudly that it is skipped; under `tests/run` it fails.

mod scrub;
mod server;
mod server_test;
