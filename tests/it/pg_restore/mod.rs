//! `pg_dump -Fc | scrub | pg_restore`, with the real tools.
//!
//! What rules do is proved where plain dumps are (`differential` runs its cases as archives, too); here
//! stands what is an archive's own.

mod carrier;
mod failing;
mod laid_out;
mod rules;
mod untouched;

use crate::runner::{self, Run};
use crate::server::{Database, Postgres};
use assert_cmd::Command;
use std::path::Path;
use std::process::Output;

pub use carrier::Carrier;

/// Tables of many kinds, rows that are hard to read, large objects.
pub const SCHEMA: &str = r#"
CREATE TABLE parent (id int PRIMARY KEY, name text, email text);
CREATE TABLE child (id serial PRIMARY KEY, parent_id int REFERENCES parent ON DELETE CASCADE, note text,
    twice text GENERATED ALWAYS AS (note || note) STORED);
CREATE TABLE aside (a int, b text);
CREATE TABLE "Odd ""Name" ("a.b" int);
CREATE TABLE nothing ();
CREATE TABLE part (k int, v text) PARTITION BY LIST (k);
CREATE TABLE part_a PARTITION OF part FOR VALUES IN (1);
CREATE TABLE part_b PARTITION OF part FOR VALUES IN (2);
CREATE TABLE lacking (id int PRIMARY KEY DEFAULT 5, s text DEFAULT 'as declared');
CREATE SEQUENCE alone START 7;
CREATE VIEW shown AS SELECT id, name FROM parent;
CREATE MATERIALIZED VIEW kept AS SELECT count(*) FROM parent;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no;'; RETURN new; END $$;
"#;

pub const ROWS: &str = r#"
INSERT INTO parent SELECT g, 'name ' || g, 'user' || g || '@corp.example' FROM generate_series(1, 300) g;
INSERT INTO child (parent_id, note) SELECT g, 'note ' || g FROM generate_series(1, 300) g;
INSERT INTO aside SELECT g, repeat(E'x\\y\t''$$--;\n', g % 7) || chr(8364) FROM generate_series(1, 3000) g;
INSERT INTO aside VALUES (0, NULL), (1, ''), (2, '\.'), (3, repeat('long ', 100000));
INSERT INTO "Odd ""Name" VALUES (1), (NULL);
INSERT INTO nothing DEFAULT VALUES;
INSERT INTO part VALUES (1, 'one'), (2, 'two'), (1, 'uno');
CREATE TRIGGER t BEFORE INSERT ON parent FOR EACH ROW EXECUTE FUNCTION f();
REFRESH MATERIALIZED VIEW kept;
SELECT lo_from_bytea(4242, convert_to(repeat('a large object ', 2000), 'UTF8')), lo_from_bytea(4243, '');
"#;

/// How the archives are made.
pub const STYLES: [&[&str]; 5] = [
    &[],
    &["-Z0"],
    &["-Z9", "--inserts"],
    &["--inserts", "--rows-per-insert=7"],
    &["-Z1", "--column-inserts"],
];

/// A database with these tables.
pub fn made(server: &'static Postgres) -> Database {
    let made = server.database();
    made.psql(SCHEMA);
    made.psql(ROWS);
    made
}

/// An archive of it, as a pipe gets it.
pub fn archive(of: &Database, style: &[&str]) -> Vec<u8> {
    of.dump(&[&["-Fc"], style].concat())
}

/// An archive of it in a file or a directory.
pub fn archive_at(of: &Database, format: &str, style: &[&str], to: &Path) {
    let to = to.to_str().expect("a path in UTF-8");
    of.dump(&[&[format, "-f", to], style].concat());
}

fn pg_restore(server: &Postgres, into: &Database, args: &[&str]) -> Command {
    let mut command = server.tool("pg_restore");
    command.args(["-d", into.name()]).args(args);
    command
}

/// `pg_restore ARGS < archive`.
pub fn try_restore(server: &Postgres, into: &Database, args: &[&str], archive: &[u8]) -> Output {
    let mut command = pg_restore(server, into, args);
    let output = command.write_stdin(archive).output();
    output.expect("pg_restore could not be run")
}

/// The same, which must succeed.
#[track_caller]
pub fn restore(server: &Postgres, into: &Database, args: &[&str], archive: &[u8], what: &str) {
    let output = try_restore(server, into, args, archive);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: pg_restore: {error}");
}

/// A new database with an archive in it that comes from a pipe.
#[track_caller]
pub fn restored(server: &'static Postgres, archive: &[u8], what: &str) -> Database {
    let database = server.database();
    restore(server, &database, &["-1"], archive, what);
    database
}

/// A new database with an archive in it that is a file, restored with options.
#[track_caller]
pub fn restored_file(
    server: &'static Postgres,
    file: &Path,
    args: &[&str],
    what: &str,
) -> Database {
    let database = server.database();
    let output = restored_by(server, &database, args, file);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{what}: pg_restore {args:?}: {error}"
    );
    database
}

/// `pg_restore ARGS file`.
pub fn restored_by(server: &Postgres, into: &Database, args: &[&str], file: &Path) -> Output {
    let output = pg_restore(server, into, args).arg(file).output();
    output.expect("pg_restore could not be run")
}

/// scrub from a file to a file.
pub fn to_file(args: &[&str], rules: &str, from: &Path, to: &Path) -> Run {
    let paths = [from, to].map(|path| path.to_str().expect("a path in UTF-8"));
    let all = [args, &[paths[0], "-o", paths[1]]].concat();
    runner::filter_with(&all, rules, b"")
}
