//! PostgreSQL: the plain format of pg_dump and pg_dumpall, and scripts for psql.

pub mod charset;
pub mod ddl;
pub mod session;
pub mod tokens;
