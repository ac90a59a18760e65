//! A private PostgreSQL for the tests: started once per test process, on a Unix socket in a
//! temporary directory, without fsync; gone when the process is gone, however it ended.
//!
//! The server is the child of a small shell that waits for the end of its standard input. That is
//! a pipe only the test process holds open, so a panic, an abort or `kill -9` ends the server as
//! surely as a normal exit.

use assert_cmd::Command;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// The running server.
pub struct Postgres {
    bin: PathBuf,
    socket: PathBuf,
    /// Holds the pipe that keeps the server alive.
    _keeper: std::process::Child,
}

/// The server, or none when it is not installed: then the test has been reported as skipped, or
/// has failed if `SCRUB_REQUIRE_SERVERS` is set. Use: `let Some(pg) = postgres() else { return };`
pub fn postgres() -> Option<&'static Postgres> {
    static SERVER: OnceLock<Option<Postgres>> = OnceLock::new();
    started(&SERVER)
}

/// The same, for the tests that look at all databases and roles: nobody else uses this one.
pub fn own_postgres() -> Option<&'static Postgres> {
    static SERVER: OnceLock<Option<Postgres>> = OnceLock::new();
    started(&SERVER)
}

/// A second one of this kind, which is empty.
pub fn other_postgres() -> Option<&'static Postgres> {
    static SERVER: OnceLock<Option<Postgres>> = OnceLock::new();
    started(&SERVER)
}

fn started(server: &'static OnceLock<Option<Postgres>>) -> Option<&'static Postgres> {
    let server = server.get_or_init(|| {
        let bin = std::env::var_os("PG_BIN").map_or_else(
            || PathBuf::from("/usr/lib/postgresql/15/bin"),
            PathBuf::from,
        );
        bin.join("postgres").exists().then(|| Postgres::start(bin))
    });
    if server.is_none() {
        assert!(
            std::env::var_os("SCRUB_REQUIRE_SERVERS").is_none(),
            "PostgreSQL 15 is not installed and SCRUB_REQUIRE_SERVERS is set"
        );
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("?");
        // Straight to the stream: the test harness hides what the macros print.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED, NOT TESTED: {name} needs PostgreSQL 15; tests/run installs it"
        );
    }
    server.as_ref()
}

const KEEPER: &str = r#"
as=
if [ "$(id -u)" = 0 ]; then
    chown postgres "$DIR" || exit 1
    as='setpriv --reuid=postgres --regid=postgres --init-groups'
fi
cd "$DIR" || exit 1
$as "$BIN/initdb" -D "$DIR/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$DIR/log" 2>&1 || exit 1
$as "$BIN/postgres" -D "$DIR/data" -k "$DIR" -c listen_addresses= -c fsync=off \
    -c full_page_writes=off -c synchronous_commit=off -c autovacuum=off -c max_connections=60 \
    -c wal_level=minimal -c max_wal_senders=0 -c timezone=UTC >>"$DIR/log" 2>&1 </dev/null &
server=$!
read -r _
kill -QUIT $server
wait $server
rm -rf "$DIR"
"#;

impl Postgres {
    fn start(bin: PathBuf) -> Postgres {
        let dir = tempfile::Builder::new()
            .prefix("scrub-pg.")
            .tempdir_in("/tmp");
        let dir = dir.expect("a temporary directory").keep();
        let keeper = std::process::Command::new("sh")
            .args(["-c", KEEPER])
            .env("DIR", &dir)
            .env("BIN", &bin)
            .env("LC_ALL", "C.UTF-8")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh could not be run");
        let server = Postgres {
            bin,
            socket: dir,
            _keeper: keeper,
        };
        let started = Instant::now();
        while !server
            .tool("pg_isready")
            .output()
            .is_ok_and(|o| o.status.success())
        {
            let log = std::fs::read_to_string(server.socket.join("log")).unwrap_or_default();
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "PostgreSQL does not start:\n{log}"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    /// A client program of the server's version, connected to it.
    pub fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin.join(name));
        command
            .env("PGHOST", &self.socket)
            .env("PGUSER", "postgres")
            .env("PGTZ", "UTC")
            .env("LC_ALL", "C.UTF-8")
            .env_remove("PGOPTIONS")
            .env_remove("PGCLIENTENCODING");
        command
    }

    /// Where the server listens, for a shell's `PGHOST`.
    pub fn host(&self) -> &Path {
        &self.socket
    }

    /// Where the programs are.
    pub fn bin(&self) -> &Path {
        &self.bin
    }

    /// A new, empty database, dropped with its handle.
    pub fn database(&'static self) -> Database {
        self.database_in("UTF8")
    }

    /// A new, empty database of an encoding (its locale is then C).
    pub fn database_in(&'static self, encoding: &str) -> Database {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("t{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let locale = if encoding == "UTF8" { "C.UTF-8" } else { "C" };
        let database = Database { server: self, name };
        let create = format!(
            "CREATE DATABASE {} TEMPLATE template0 ENCODING '{encoding}' LOCALE '{locale}'",
            database.name
        );
        done(
            "CREATE DATABASE",
            self.psql("postgres", &[], create.as_bytes()),
        );
        database
    }

    fn psql(&self, database: &str, args: &[&str], script: &[u8]) -> Output {
        let mut psql = self.tool("psql");
        psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", database])
            .args(args);
        psql.write_stdin(script)
            .output()
            .expect("psql could not be run")
    }
}

/// A database of one test.
pub struct Database {
    server: &'static Postgres,
    name: String,
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        self.server.psql("postgres", &[], drop.as_bytes());
    }
}

impl Database {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs a script with psql and `ON_ERROR_STOP`; gives the process's output whatever it is.
    pub fn try_psql(&self, script: impl AsRef<[u8]>) -> Output {
        self.server.psql(&self.name, &[], script.as_ref())
    }

    /// Runs a script that must succeed: tuples only, unaligned, `|` between columns.
    #[track_caller]
    pub fn psql(&self, script: impl AsRef<[u8]>) -> String {
        done(
            "psql",
            self.server.psql(&self.name, &["-At"], script.as_ref()),
        )
    }

    /// Restores a dump, which must succeed.
    #[track_caller]
    pub fn restore(&self, dump: impl AsRef<[u8]>) {
        done("restore", self.try_psql(dump));
    }

    /// A plain dump, with further options.
    #[track_caller]
    pub fn dump(&self, options: &[&str]) -> Vec<u8> {
        let mut dump = self.server.tool("pg_dump");
        // Only scripts have such a key.
        if !options.iter().any(|option| option.starts_with("-F")) {
            dump.arg("--restrict-key=fixture");
        }
        let output = dump.args(options).arg(&self.name).output();
        let output = output.expect("pg_dump could not be run");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    }

    /// Everything in it that a rulebook can change, in a canonical order.
    #[track_caller]
    pub fn fingerprint(&self) -> Fingerprint {
        let mut script = self.psql(TABLES);
        script.push_str(BESIDE_TABLES);
        let mut fingerprint = Fingerprint::default();
        let mut rows = &mut Vec::new();
        let output = self.server.psql(&self.name, &["-At"], script.as_bytes());
        for line in done("fingerprint", output).lines() {
            match line.strip_prefix("\\=") {
                Some(table) => rows = fingerprint.0.entry(table.to_owned()).or_default(),
                None => rows.push(line.to_owned()),
            }
        }
        fingerprint
    }
}

/// For each table that holds rows: a line that names it and a COPY of its rows as sorted text. COPY
/// doubles every backslash, so no row can begin as these lines do.
const TABLES: &str = r#"
SELECT format('\echo ''\\=%s''', replace(replace(replace(c.oid::regclass::text, '\', '\\'), '''', ''''''), chr(10), '\n')) || chr(10) ||
       format('COPY (SELECT %s FROM ONLY %s ORDER BY %s) TO STDOUT;',
              coalesce(string_agg(format('%I::text COLLATE "C"', a.attname), ', ' ORDER BY a.attname) FILTER (WHERE a.attnum > 0), ''),
              c.oid::regclass,
              coalesce(string_agg(format('%I::text COLLATE "C"', a.attname), ', ' ORDER BY a.attname) FILTER (WHERE a.attnum > 0), '1::int'))
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'
  AND (c.relkind = 'r' OR c.relispopulated)
GROUP BY c.oid
ORDER BY c.oid::regclass::text COLLATE "C";
"#;

/// Sequences and large objects.
const BESIDE_TABLES: &str = r#"
\echo '\\=(sequences)'
COPY (SELECT schemaname, sequencename, coalesce(last_value, -1) FROM pg_sequences ORDER BY 1, 2) TO STDOUT;
\echo '\\=(large objects)'
COPY (SELECT loid, pageno, data FROM pg_largeobject ORDER BY 1, 2) TO STDOUT;
"#;

#[track_caller]
fn done(what: &str, output: Output) -> String {
    assert!(
        output.status.success(),
        "{what} failed ({}):\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    // What is not UTF-8 (a database in SQL_ASCII) is shown by its bytes, so that no two rows look alike.
    let lines = output
        .stdout
        .split_inclusive(|byte| *byte == b'\n')
        .map(|line| {
            String::from_utf8(line.to_owned()).unwrap_or_else(|_| {
                format!(
                    "{}\n",
                    line.strip_suffix(b"\n").unwrap_or(line).escape_ascii()
                )
            })
        });
    lines.collect()
}

/// The rows of every table as sorted text, and what else a rulebook can change.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Fingerprint(BTreeMap<String, Vec<String>>);

impl Fingerprint {
    /// The rows of one table as `COPY` writes them, columns by name.
    pub fn rows(&self, table: &str) -> &[String] {
        self.0.get(table).map_or(&[], Vec::as_slice)
    }

    /// Where two databases differ: table, number of the row in the sorted list, the row. None if they are equal.
    pub fn difference(&self, other: &Fingerprint) -> Option<String> {
        const SHOWN: usize = 5;
        let mut text = String::new();
        let empty = Vec::new();
        let names: std::collections::BTreeSet<_> = self.0.keys().chain(other.0.keys()).collect();
        for name in names {
            let (left, right) = (self.0.get(name), other.0.get(name));
            if left.is_some() != right.is_some() {
                let _ = writeln!(
                    text,
                    "{name}: only on the {}",
                    if left.is_some() { "left" } else { "right" }
                );
            }
            let (left, right) = (left.unwrap_or(&empty), right.unwrap_or(&empty));
            if left == right {
                continue;
            }
            let _ = writeln!(
                text,
                "{name}: {} rows on the left, {} on the right",
                left.len(),
                right.len()
            );
            let pairs = [
                ("left", unmatched(left, right)),
                ("right", unmatched(right, left)),
            ];
            for (side, rows) in pairs {
                for (number, row) in rows.iter().take(SHOWN) {
                    let _ = writeln!(text, "  only {side}, row {number}: {row}");
                }
                if rows.len() > SHOWN {
                    let _ = writeln!(text, "  only {side}: {} more", rows.len() - SHOWN);
                }
            }
        }
        (!text.is_empty()).then_some(text)
    }

    /// Fails with the difference if there is one.
    #[track_caller]
    pub fn assert_same(&self, other: &Fingerprint, what: &str) {
        if let Some(difference) = self.difference(other) {
            panic!("{what}: the databases differ\n{difference}");
        }
    }
}

/// The rows of `rows` that `others` lacks, as multisets, with their numbers.
fn unmatched<'r>(rows: &'r [String], others: &[String]) -> Vec<(usize, &'r str)> {
    let mut left: BTreeMap<&str, usize> = BTreeMap::new();
    for row in others {
        *left.entry(row).or_default() += 1;
    }
    let mut missing = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        match left.get_mut(row.as_str()) {
            Some(count) if *count > 0 => *count -= 1,
            _ => missing.push((index + 1, row.as_str())),
        }
    }
    missing
}
