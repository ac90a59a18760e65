//! PostgreSQL: the plain format of pg_dump and pg_dumpall, and scripts for psql.

pub mod tokens;
