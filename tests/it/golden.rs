//! Golden folders: `fixtures/<dialect>/<case>/` holds `dump.sql`, `rules.sql` or `args` (one argument a
//! line; neither means no option at all) and `expected.sql`, byte for byte what scrub makes of it;
//! with `expected.report`, also its report as text. `SCRUB_UPDATE_GOLDEN=1` writes them anew: read the
//! difference before you commit it.

use crate::runner::{Run, command, fixture};
use crate::server::{Database, Postgres, postgres};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

struct Case {
    name: String,
    path: PathBuf,
    dump: Vec<u8>,
    rules: Option<String>,
    args: Vec<String>,
}

/// The folders of all dialects, or of one, that hold a `dump.sql`.
fn cases(dialect: Option<&str>) -> Vec<Case> {
    let mut found = Vec::new();
    for folder in folders(&fixture("")) {
        if dialect.is_some_and(|dialect| !folder.ends_with(dialect)) {
            continue;
        }
        for path in folders(&folder) {
            let Ok(dump) = std::fs::read(path.join("dump.sql")) else {
                continue;
            };
            let name = path
                .strip_prefix(fixture(""))
                .expect("below fixtures")
                .display()
                .to_string();
            let rules = std::fs::read_to_string(path.join("rules.sql")).ok();
            let mut args = arguments(&path);
            if rules.is_some() {
                args.extend(["-r".to_owned(), "rules.sql".to_owned()]);
            }
            found.push(Case {
                name,
                path,
                dump,
                rules,
                args,
            });
        }
    }
    assert!(!found.is_empty());
    found
}

/// The folders in a folder, by name.
pub fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut found: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found
}

/// The lines of a case's `args`.
pub fn arguments(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path.join("args")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Runs scrub in the case's folder, so that messages name the files as `rules.sql`.
pub fn run_in(path: &Path, args: &[String], input: &[u8]) -> Run {
    let run = command()
        .current_dir(path)
        .args(args)
        .write_stdin(input)
        .output();
    run.expect("scrub could not be run").into()
}

/// Compares with a golden file, or writes it.
pub fn golden(path: &Path, actual: &[u8], faults: &mut String) {
    if std::env::var_os("SCRUB_UPDATE_GOLDEN").is_some() {
        std::fs::write(path, actual).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        return;
    }
    let expected = std::fs::read(path).unwrap_or_default();
    if expected == actual {
        return;
    }
    let _ = writeln!(faults, "{} differs", path.display());
    let (mut left, mut right) = (
        expected.split(|b| *b == b'\n'),
        actual.split(|b| *b == b'\n'),
    );
    for line in 1.. {
        let (expected, actual) = (left.next(), right.next());
        if expected != actual {
            for (what, text) in [("expected", expected), ("is", actual)] {
                let text = text.map_or("(the end)".to_owned(), |t| t.escape_ascii().to_string());
                let _ = writeln!(faults, "  line {line} {what}: {text}");
            }
            break;
        }
    }
}

#[test]
fn dumps_leave_as_expected() {
    let mut faults = String::new();
    for case in cases(None) {
        let report_path = case.path.join("expected.report");
        let mut args = case.args.clone();
        let report = tempfile::Builder::new()
            .suffix(".txt")
            .tempfile()
            .expect("a file")
            .into_temp_path();
        if report_path.exists() {
            args.extend(["--report".to_owned(), report.display().to_string()]);
        }
        let run = run_in(&case.path, &args, &case.dump);
        if run.code != Some(0) {
            let _ = writeln!(
                faults,
                "{}: exit code {:?}\n{}",
                case.name, run.code, run.err
            );
            continue;
        }
        golden(&case.path.join("expected.sql"), &run.out, &mut faults);
        if report_path.exists() {
            let text = std::fs::read_to_string(&report).expect("the report");
            golden(&report_path, lasting(&text).as_bytes(), &mut faults);
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

/// A report without its first lines (files, times, sizes) and without hashes.
fn lasting(report: &str) -> String {
    let start = report
        .find("Rulebooks\n")
        .expect("the rulebooks of the report");
    let lines = report[start..]
        .lines()
        .filter(|line| !line.starts_with("  sha256 "));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn an_empty_rulebook_changes_no_byte() {
    let empty = tempfile::Builder::new()
        .suffix(".sql")
        .tempfile()
        .expect("a file");
    let rules = ["-r".to_owned(), empty.path().display().to_string()];
    for case in cases(None) {
        let run = run_in(&case.path, &rules, &case.dump);
        assert_eq!(run.code, Some(0), "{}: {}", case.name, run.err);
        assert!(run.out == case.dump, "{}: the bytes changed", case.name);
    }
}

#[test]
fn the_number_of_jobs_changes_no_byte() {
    for case in cases(None) {
        let outputs = ["1", "2", "5", "8"].map(|jobs| {
            let mut args = case.args.clone();
            args.extend(["--jobs".to_owned(), jobs.to_owned()]);
            run_in(&case.path, &args, &case.dump).out
        });
        assert!(
            outputs.iter().all(|out| *out == outputs[0]),
            "{}",
            case.name
        );
    }
}

/// A database for the case's dump, which it restores.
fn restored(pg: &'static Postgres, dump: &[u8]) -> Database {
    let ascii = dump.starts_with(b"SET client_encoding = 'SQL_ASCII'");
    let database = pg.database_in(if ascii { "SQL_ASCII" } else { "UTF8" });
    database.restore(dump);
    database
}

/// Rulebooks that one database cannot be asked about: a dump of several databases (their rulebook runs
/// in each), and users, who are of the whole server, so that two databases cannot both create them.
const NOT_OF_ONE_DATABASE: [&str; 3] =
    ["postgres/cluster", "postgres/drop-user", "postgres/dumpall"];

/// The contract, on every golden case with a rulebook of its own but those few.
#[test]
fn plain_rulebooks_do_what_psql_does() {
    let Some(pg) = postgres() else { return };
    let mut left_out = Vec::new();
    for case in cases(Some("postgres")) {
        let Some(rules) = &case.rules else { continue };
        if NOT_OF_ONE_DATABASE.contains(&case.name.as_str()) {
            left_out.push(case.name);
            continue;
        }
        let expected = std::fs::read(case.path.join("expected.sql")).unwrap_or_default();
        let (after, before) = (restored(pg, &case.dump), restored(pg, &expected));
        after.psql(rules);
        after
            .fingerprint()
            .assert_same(&before.fingerprint(), &case.name);
    }
    assert_eq!(left_out, NOT_OF_ONE_DATABASE);
}

/// What the baseline promises for job systems, asked of the restored database.
#[test]
fn nothing_is_due_after_the_baseline() {
    let Some(pg) = postgres() else { return };
    let dump = std::fs::read(fixture("postgres/jobs/dump.sql")).expect("the dump");
    let (raw, safe) = (pg.database(), pg.database());
    raw.restore(&dump);
    safe.restore(crate::runner::run(&["-r", "baseline"], &dump).ok());
    let due = [
        ("pg_cron", "SELECT count(*) FROM cron.job WHERE active"),
        (
            "quartz",
            "SELECT count(*) FROM qrtz_triggers WHERE trigger_state IN ('WAITING', 'ACQUIRED', 'EXECUTING', 'BLOCKED', 'PAUSED_BLOCKED')",
        ),
        (
            "quartz recovery",
            "SELECT count(*) FROM qrtz_fired_triggers",
        ),
        ("hangfire queue", "SELECT count(*) FROM hangfire.jobqueue"),
        (
            "hangfire schedules",
            "SELECT count(*) FROM hangfire.set WHERE key IN ('schedule', 'recurring-jobs')",
        ),
        (
            "oban",
            "SELECT count(*) FROM oban_jobs WHERE state IN ('available', 'scheduled', 'executing', 'retryable')",
        ),
        (
            "good_job",
            "SELECT count(*) FROM good_jobs WHERE finished_at IS NULL",
        ),
        (
            "solid queue",
            "SELECT count(*) FROM solid_queue_jobs j WHERE finished_at IS NULL AND (EXISTS (SELECT FROM solid_queue_ready_executions WHERE job_id = j.id) OR EXISTS (SELECT FROM solid_queue_scheduled_executions WHERE job_id = j.id) OR EXISTS (SELECT FROM solid_queue_claimed_executions WHERE job_id = j.id) OR EXISTS (SELECT FROM solid_queue_blocked_executions WHERE job_id = j.id))",
        ),
        (
            "solid queue recurring",
            "SELECT count(*) FROM solid_queue_recurring_tasks",
        ),
        (
            "delayed_job",
            "SELECT count(*) FROM delayed_jobs WHERE failed_at IS NULL",
        ),
        (
            "que",
            "SELECT count(*) FROM public.que_jobs WHERE finished_at IS NULL AND expired_at IS NULL",
        ),
        ("que before 1.0", "SELECT count(*) FROM old.que_jobs"),
        ("laravel", "SELECT count(*) FROM public.jobs"),
        (
            "laravel batches",
            "SELECT count(*) FROM job_batches WHERE cancelled_at IS NULL AND finished_at IS NULL",
        ),
        (
            "celery beat",
            "SELECT count(*) FROM django_celery_beat_periodictask WHERE enabled",
        ),
        ("outbox", "SELECT count(*) FROM event_outbox"),
        (
            "mail queue",
            "SELECT count(*) FROM \"MailQueue\" WHERE \"Status\" IS NULL OR \"Status\" = 'Pending'",
        ),
        (
            "mail queue workers",
            "SELECT count(*) FROM mail_queue_workers WHERE enabled",
        ),
        (
            "addresses",
            "SELECT count(*) FROM good_jobs WHERE serialized_params::text LIKE '%good@example.com%' AND finished_at IS NULL",
        ),
    ];
    for (system, query) in due {
        assert_ne!(
            raw.psql(query),
            "0\n",
            "{system}: the fixture has nothing that is due"
        );
        assert_eq!(safe.psql(query), "0\n", "{system}");
    }
    // What was over, or is something else, is still there.
    let kept = [
        "SELECT count(*) FROM cron.job",
        "SELECT count(*) FROM qrtz_triggers",
        "SELECT count(*) FROM hangfire.job",
        "SELECT count(*) FROM hangfire.set WHERE key = 'console:1'",
        "SELECT count(*) FROM oban_jobs",
        "SELECT count(*) FROM good_jobs WHERE finished_at IS NOT NULL",
        "SELECT count(*) FROM solid_queue_jobs",
        "SELECT count(*) FROM solid_queue_failed_executions",
        "SELECT count(*) FROM delayed_jobs WHERE failed_at IS NOT NULL",
        "SELECT count(*) FROM public.que_jobs WHERE finished_at IS NOT NULL OR expired_at IS NOT NULL",
        "SELECT count(*) FROM old.jobs",
        "SELECT count(*) FROM \"MailQueue\" WHERE \"Status\" IN ('Sent', 'FAILED')",
        "SELECT count(*) FROM outbox_without_state",
    ];
    for query in kept {
        assert_ne!(raw.psql(query), "0\n", "{query}: the fixture has none");
        assert_eq!(raw.psql(query), safe.psql(query), "{query}");
    }
}
