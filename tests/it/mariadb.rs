//! A private MariaDB for the tests: started once per test process, on a Unix socket in a temporary
//! directory; gone when the process is gone, however it ended (as in [`crate::server`]).

use assert_cmd::Command;
use std::io::Write as _;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// The running server.
pub struct Mariadb {
    socket: PathBuf,
    /// Holds the pipe that keeps the server alive.
    _keeper: std::process::Child,
}

/// The server, or none when it is not installed: then the test has been reported as skipped, or
/// has failed if `SCRUB_REQUIRE_SERVERS` is set. Use: `let Some(db) = mariadb() else { return };`
pub fn mariadb() -> Option<&'static Mariadb> {
    static SERVER: OnceLock<Option<Mariadb>> = OnceLock::new();
    let server = SERVER.get_or_init(|| {
        let found = PathBuf::from("/usr/sbin/mariadbd").exists();
        found.then(Mariadb::start)
    });
    if server.is_none() {
        skipped("MariaDB");
    }
    server.as_ref()
}

/// Says loudly that a test is skipped; a failure if the servers are required.
pub fn skipped(what: &str) {
    assert!(
        std::env::var_os("SCRUB_REQUIRE_SERVERS").is_none(),
        "{what} is not installed and SCRUB_REQUIRE_SERVERS is set"
    );
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("?");
    let _ = writeln!(
        std::io::stderr(),
        "SKIPPED, NOT TESTED: {name} needs {what}; tests/run installs it"
    );
}

const KEEPER: &str = r#"
as=
if [ "$(id -u)" = 0 ]; then
    chown mysql "$DIR" || exit 1
    as='setpriv --reuid=mysql --regid=mysql --init-groups'
fi
cd "$DIR" || exit 1
$as mariadb-install-db --no-defaults --datadir="$DIR/data" --auth-root-authentication-method=normal \
    --skip-test-db >"$DIR/log" 2>&1 || exit 1
$as /usr/sbin/mariadbd --no-defaults --datadir="$DIR/data" --socket="$DIR/socket" --skip-networking \
    --pid-file="$DIR/pid" --innodb-flush-log-at-trx-commit=0 --innodb-buffer-pool-size=32M \
    --innodb-log-file-size=8M >>"$DIR/log" 2>&1 </dev/null &
server=$!
read -r _
kill -KILL $server
wait $server
rm -rf "$DIR"
"#;

impl Mariadb {
    fn start() -> Mariadb {
        let dir = tempfile::Builder::new()
            .prefix("scrub-my.")
            .tempdir_in("/tmp");
        let dir = dir.expect("a temporary directory").keep();
        let keeper = std::process::Command::new("sh")
            .args(["-c", KEEPER])
            .env("DIR", &dir)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh could not be run");
        let server = Mariadb {
            socket: dir.join("socket"),
            _keeper: keeper,
        };
        let started = Instant::now();
        while !server
            .tool("mariadb-admin")
            .arg("ping")
            .output()
            .is_ok_and(|o| o.status.success())
        {
            let log = std::fs::read_to_string(dir.join("log")).unwrap_or_default();
            assert!(
                started.elapsed() < Duration::from_secs(90),
                "MariaDB does not start:\n{log}"
            );
            std::thread::sleep(Duration::from_millis(100));
        }
        server
    }

    /// A client program, connected to the server.
    pub fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command
            .arg("--no-defaults")
            .arg("--socket")
            .arg(&self.socket)
            .args(["--user", "root"]);
        command
    }

    /// A new, empty database.
    pub fn database(&'static self) -> Database {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("t{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let database = Database { server: self, name };
        let create = format!("CREATE DATABASE {} CHARACTER SET utf8mb4", database.name);
        let mut mariadb = self.tool("mariadb");
        done("CREATE DATABASE", mariadb.write_stdin(create).output());
        database
    }
}

/// A database of one test.
pub struct Database {
    server: &'static Mariadb,
    name: String,
}

impl Database {
    /// Runs a script with the client; gives the process's output whatever it is. The client reads
    /// quotes by its own character set, which has to be the script's.
    pub fn try_run(&self, script: &[u8]) -> Output {
        let charset = ["sjis", "gbk", "big5"]
            .into_iter()
            .find(|charset| script.starts_with(format!("/*!40101 SET NAMES {charset}").as_bytes()));
        self.try_run_as(charset.unwrap_or("utf8mb4"), script)
    }

    /// The same with a client of a character set.
    pub fn try_run_as(&self, charset: &str, script: &[u8]) -> Output {
        let mut mariadb = self.server.tool("mariadb");
        mariadb
            .args([
                &format!("--default-character-set={charset}"),
                "--batch",
                "-N",
                "-D",
                &self.name,
            ])
            .write_stdin(script)
            .output()
            .expect("mariadb could not be run")
    }

    /// The client for this database, as a shell would call it.
    pub fn client(&self) -> String {
        format!(
            "mariadb --no-defaults --socket {} --user root --default-character-set=utf8mb4 --batch -N -D {}",
            self.server.socket.display(),
            self.name
        )
    }

    /// Runs a script that must succeed.
    #[track_caller]
    pub fn run(&self, script: &[u8]) -> String {
        String::from_utf8_lossy(&done("mariadb", Ok(self.try_run(script)))).into_owned()
    }

    /// What mariadb-dump writes of it.
    #[track_caller]
    pub fn dump(&self, args: &[&str]) -> Vec<u8> {
        let mut dump = self.server.tool("mariadb-dump");
        dump.args(args).arg(&self.name);
        done("mariadb-dump", dump.output())
    }

    /// Everything in it, a line for each row, in an order that does not depend on how it got there.
    #[track_caller]
    pub fn fingerprint(&self) -> Vec<String> {
        let args = [
            "--skip-extended-insert",
            "--compact",
            "--hex-blob",
            "--order-by-primary",
            "--routines",
        ];
        let text = self.dump(&args);
        let mut lines: Vec<_> = text
            .split(|b| *b == b'\n')
            .map(|line| line.escape_ascii().to_string())
            .collect();
        lines.sort();
        lines
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {}", self.name);
        let _ = self.server.tool("mariadb").write_stdin(drop).output();
    }
}

#[track_caller]
fn done(what: &str, output: std::io::Result<Output>) -> Vec<u8> {
    let output = output.unwrap_or_else(|e| panic!("{what}: {e}"));
    assert!(
        output.status.success(),
        "{what} failed:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}
