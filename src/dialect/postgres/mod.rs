//! PostgreSQL: the plain format of pg_dump and pg_dumpall, and scripts for psql.

pub mod charset;
pub mod copy_csv;
pub mod copy_head;
pub mod copy_rows;
pub mod copy_text;
pub mod ddl;
pub mod insert;
pub mod lexer;
pub mod literal;
pub mod psql;
pub mod scanner;
pub mod session;
pub mod tokens;
