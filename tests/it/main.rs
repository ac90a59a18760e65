//! The integration tests: one binary, one private PostgreSQL, one MariaDB, and H2 for each test that needs it.
//!
//! `server` and `mariadb` start the databases, `runner` runs scrub; every other module is a subject.
//! Without its server a test says loudly that it is skipped; under `tests/run` it fails.

mod architecture;
mod archive;
mod batch;
mod browser;
mod campaign;
mod campaign_target;
mod check;
mod cli;
mod collations;
mod cuts;
mod differential;
mod docs;
mod engines;
mod expression_oracle;
mod faults;
mod foretold;
mod fuzz;
mod golden;
mod h2;
mod holding;
mod hostile;
mod invariants;
mod maestro;
mod mariadb;
mod mssql;
mod mysql;
mod naive;
mod odoo;
mod oracle;
mod outside;
mod outsystems;
mod peers;
mod pg_restore;
mod pipes;
mod plain_rows;
mod properties;
mod refused;
mod rulebooks;
mod runner;
mod scan;
mod scripts;
mod secrets;
mod server;
mod server_test;
mod sink;
mod source;
mod sqlite;
mod stream;
mod strict;
mod superoffice;
mod testbed;
mod transaction;
mod verify;
