//! An archive as the carrier of a generated case: made by one of the pg_dumps at hand, compressed in
//! one of its ways, through a pipe or a file, restored by the pg_restore of the same version.

use super::{restored_by, to_file, try_restore};
use crate::archive::{Tools, tools};
use crate::differential::Choices;
use crate::runner::{self, Run};
use crate::server::{Database, Postgres};
use std::fmt;
use std::path::Path;

/// The version of the server, whose pg_restore needs no detour.
const OWN: u32 = 15;

/// How an archive travels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Route {
    Pipe,
    File,
    /// From a file, by `pg_restore -j4`.
    Parallel,
    /// A directory, by `pg_restore -j4`.
    Directory,
    /// A tar in a pipe.
    Tar,
}

/// A directory in one piece, as which it is handed about.
fn packed(folder: &Path) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    tar.append_dir_all(".", folder).expect("its files");
    tar.into_inner().expect("in memory")
}

fn unpacked(packed: &[u8], folder: &Path) {
    tar::Archive::new(packed)
        .unpack(folder)
        .expect("a directory");
}

/// One way.
pub struct Carrier {
    tools: Tools,
    method: &'static str,
    /// scrub's own options.
    pub more: Vec<String>,
    route: Route,
}

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Carrier {
            tools,
            method,
            more,
            route,
        } = self;
        let version = tools.version;
        write!(
            f,
            "as an archive ({version}, {method}, {more:?}, {route:?})"
        )
    }
}

impl Carrier {
    /// The way that a seed stands for.
    pub fn of(seed: u64) -> Carrier {
        let choices = &mut Choices::new(seed ^ 0x6361_7272_6965_7200);
        let mut tools = tools();
        let tools = tools.swap_remove(choices.below(tools.len()));
        let methods = tools.methods();
        let mut more = vec![format!("--jobs={}", 1 + choices.below(4))];
        let routes = [
            Route::Pipe,
            Route::File,
            Route::Parallel,
            Route::Directory,
            Route::Tar,
        ];
        let route = choices.of(&routes);
        if choices.one_in(3) && route != Route::Tar {
            let fits = methods.iter().filter(|method| **method != "zstd:long");
            let fits: Vec<_> = fits.copied().collect();
            more.push(format!("--compress={}", choices.of(&fits)));
        }
        if choices.one_in(3) {
            more.push("--memory=1M".to_owned());
        }
        Carrier {
            method: choices.of(&methods),
            more,
            route,
            tools,
        }
    }

    /// What pg_dump writes; a directory [`packed`].
    pub fn dump(&self, database: &Database, args: &[&str]) -> Vec<u8> {
        let level = match self.method {
            "none" => "0",
            "gzip" => "6",
            method => method.strip_prefix("gzip:").unwrap_or(method),
        };
        let mut dump = self.tools.tool("pg_dump");
        let dir = tempfile::tempdir().expect("a temporary directory");
        let folder = dir.path().join("dump");
        match self.route {
            Route::Tar => dump.arg("-Ft"),
            Route::Directory => dump.args(["-Fd", "-Z", level, "-f"]).arg(&folder),
            Route::Pipe | Route::File | Route::Parallel => dump.args(["-Fc", "-Z", level]),
        };
        let output = dump.args(args).arg(database.name()).output();
        let output = output.expect("pg_dump could not be run");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{self}: {errors}");
        match self.route {
            Route::Directory => packed(&folder),
            _ => output.stdout,
        }
    }

    /// scrub over an archive; its output is the one that was written.
    pub fn scrub(&self, args: &[&str], rules: &str, archive: &[u8]) -> Run {
        let more = self.more.iter().map(String::as_str);
        let args: Vec<&str> = args.iter().copied().chain(more).collect();
        if matches!(self.route, Route::Pipe | Route::Tar) {
            return runner::filter_with(&args, rules, archive);
        }
        let dir = tempfile::tempdir().expect("a temporary directory");
        let [from, to] = ["a.dump", "b.dump"].map(|name| dir.path().join(name));
        if self.route == Route::Directory {
            unpacked(archive, &from);
            let run = to_file(&args, rules, &from, &to);
            let out = if to.exists() { packed(&to) } else { Vec::new() };
            return Run { out, ..run };
        }
        std::fs::write(&from, archive).expect("a file");
        let run = to_file(&args, rules, &from, &to);
        let out = std::fs::read(&to).unwrap_or_default();
        Run { out, ..run }
    }

    /// Restores what came of it.
    #[track_caller]
    pub fn restore(&self, server: &'static Postgres, into: &Database, rows_only: bool, run: &Run) {
        let what = format!("{self}: {}", run.err);
        let triggers = rows_only.then_some("--disable-triggers");
        let dir = tempfile::tempdir().expect("a temporary directory");
        let file = dir.path().join("b.dump");
        match self.route {
            Route::Directory => unpacked(&run.out, &file),
            _ => std::fs::write(&file, &run.out).expect("a file"),
        }
        let name = file.to_str().expect("UTF-8");
        if self.tools.version != OWN {
            // A newer pg_restore asks an older server for settings that it does not have.
            let args: Vec<&str> = triggers.into_iter().collect();
            let text = match self.route {
                Route::Pipe | Route::Tar => self.tools.shown(&args, &run.out),
                _ => self.tools.shown(&[&args[..], &[name]].concat(), b""),
            };
            let lines = text.split_inclusive(|byte| *byte == b'\n');
            let newer = |line: &&[u8]| !line.starts_with(b"SET transaction_timeout");
            return into.restore(lines.filter(newer).collect::<Vec<_>>().concat());
        }
        let output = match self.route {
            Route::Pipe | Route::Tar => {
                let args: Vec<&str> = triggers.into_iter().chain(["-1"]).collect();
                try_restore(server, into, &args, &run.out)
            }
            Route::Parallel | Route::Directory if !rows_only => {
                restored_by(server, into, &["-j4"], &file)
            }
            _ => restored_by(server, into, triggers.as_slice(), &file),
        };
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{what}: pg_restore: {error}");
    }
}
