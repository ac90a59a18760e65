//! The command line: help, subcommands, keys, reports, exit codes.

use crate::runner::{KEY, Run, SPOILED, command, run};
use std::process::Command;

const DUMP: &[u8] = b"CREATE TABLE public.t (a integer, b text);\n\
    COPY public.t (a, b) FROM stdin;\n1\tsecret-cell\n2\tx\n\\.\n";

/// `scrub ARGS < input` with the rulebook `rules` and a folder for what it writes.
fn with_rules(rules: &str, args: &[&str], input: &[u8]) -> (Run, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.sql"), rules).unwrap();
    std::fs::write(folder.path().join("dump.sql"), input).unwrap();
    let output = command()
        .current_dir(folder.path())
        .args(["-r", "rules.sql"])
        .args(args)
        .write_stdin(input)
        .output();
    (output.unwrap().into(), folder)
}

/// Runs a shell line on a terminal of its own, as `script` from bsdutils gives one.
fn on_a_terminal(line: &str) -> Run {
    let line = line.replace("scrub", env!("CARGO_BIN_EXE_scrub"));
    let mut script = Command::new("script");
    script
        .args(["-qec", &line, "/dev/null"])
        .env("SCRUB_KEY", KEY);
    script.output().expect("script, from bsdutils").into()
}

#[test]
fn alone_on_a_terminal_it_says_what_it_is() {
    let run = on_a_terminal("scrub");
    assert_eq!(run.code, Some(2));
    assert!(
        run.text().contains("pg_dump prod | scrub | psql test"),
        "{}",
        run.text()
    );
    let run = on_a_terminal("scrub -q");
    assert_eq!(run.code, Some(2));
    assert!(
        run.text().contains("standard input is a terminal"),
        "{}",
        run.text()
    );
}

#[test]
fn a_dump_is_printed_on_a_terminal_only_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dump.sql");
    std::fs::write(&path, "CREATE TABLE t (a int);\n").unwrap();
    let line = format!("scrub -q {}", path.display());
    let run = on_a_terminal(&line);
    assert_eq!(run.code, Some(2));
    assert!(
        run.text().contains("not printed on a terminal"),
        "{}",
        run.text()
    );
    assert!(!run.text().contains("CREATE"));
    let run = on_a_terminal(&format!("{line} -o -"));
    assert_eq!(run.code, Some(0), "{}", run.text());
    assert!(run.text().contains("CREATE TABLE t"));
}

#[test]
fn answers_go_to_standard_output() {
    for (args, part) in [
        (&["--version"][..], env!("CARGO_PKG_VERSION")),
        (&["-h"], "Usage:"),
        (&["--help"], "Exit codes:"),
        (&["rules", "list"], "baseline"),
        (&["rules", "show", "baseline"], "mail_domain"),
        (&["functions"], "anon.mailinator"),
        (&["functions", "anon.mailinator"], "Examples:"),
        (&["man"], ".TH scrub"),
        (&["completions", "bash"], "_scrub"),
        (&["completions", "zsh"], "#compdef scrub"),
        (&["completions", "fish"], "complete -c scrub"),
    ] {
        let run = run(args, b"");
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{args:?}");
        assert!(run.text().contains(part), "{args:?}:\n{}", run.text());
    }
}

#[test]
fn wrong_usage_is_2_and_says_what_to_write() {
    for (args, part) in [
        (&["--no-such-option"][..], "--no-such-option"),
        (&["rules", "show", "baselin"], "did you mean baseline?"),
        (&["functions", "nope"], "anon.nope"),
        (&["-r", "baselin"], "did you mean baseline?"),
        (&["-r", "./nowhere.sql"], "./nowhere.sql"),
        (
            &["--set", "mail_doman=x.example"],
            "did you mean mail_domain?",
        ),
        (&["-f", "informix"], "postgres"),
        (&["--spool-dir", "/nowhere"], "/nowhere"),
        (&["--report", "x.pdf"], ".html, .json or .txt"),
        (&["--report", "x"], ".html, .json or .txt"),
        (&["-Z", "xz"], "gzip"),
        (&["--memory", "much"], "512M"),
    ] {
        let run = run(args, DUMP);
        assert_eq!(run.code, Some(2), "{args:?}: {}", run.err);
        assert!(run.err.contains(part), "{args:?}: {}", run.err);
        assert!(run.out.is_empty() || run.out == SPOILED, "{args:?}");
    }
}

#[test]
fn a_faulty_rulebook_stops_before_anything_is_read() {
    let (run, folder) = with_rules(
        "ALTER TABLE t ADD c int;\nUPDATE t SET b = = 1;\n",
        &["-o", "safe.sql", "/nowhere/dump.sql"],
        b"",
    );
    assert_eq!(run.code, Some(2));
    assert!(
        run.err.contains("rules.sql:1") && run.err.contains("rules.sql:2"),
        "{}",
        run.err
    );
    assert!(!folder.path().join("safe.sql").exists());
}

#[test]
fn the_key_comes_from_a_file_or_the_environment() {
    let rules = "UPDATE t SET b = anon.hash(b);";
    let (from_environment, _) = with_rules(rules, &["-q"], DUMP);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, format!("{KEY}\n")).unwrap();
    let key_file = ["-q", "--key-file", file.to_str().unwrap()];
    let (from_file, _) = with_rules(rules, &key_file, DUMP);
    let same = from_environment.ok();
    assert_eq!(same, from_file.ok());
    assert_ne!(same, DUMP);
    std::fs::write(&file, "another key, as long as it has to be").unwrap();
    let (other, _) = with_rules(rules, &key_file, DUMP);
    assert_ne!(same, other.ok());
    std::fs::write(&file, "\n").unwrap();
    let (empty, _) = with_rules(rules, &key_file, DUMP);
    assert_eq!(empty.code, Some(2));
    assert!(empty.err.contains("empty"), "{}", empty.err);
}

#[test]
fn without_a_key_the_summary_says_so_and_quiet_says_nothing() {
    let keyless = |args: &[&str]| -> Run {
        let mut command = command();
        command.env_remove("SCRUB_KEY").args(args).write_stdin(DUMP);
        command.output().unwrap().into()
    };
    let told = keyless(&[]);
    assert!(told.err.contains("no key was given"), "{}", told.err);
    assert!(
        told.err.lines().all(|l| l.chars().count() <= 80),
        "{}",
        told.err
    );
    assert!(!told.err.contains("secret-cell"));
    assert_eq!(keyless(&["-q"]).err, "");
}

#[test]
fn a_report_shows_what_was_selected_and_never_the_key() {
    let rules =
        "-- name: before\nSELECT b, count(*) FROM t GROUP BY b;\nDELETE FROM t WHERE a = 2;\n";
    let (run, folder) = with_rules(rules, &["--report", "r.json"], DUMP);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(!run.err.contains("secret-cell"), "{}", run.err);
    let json = std::fs::read_to_string(folder.path().join("r.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["selects"][0]["name"], "before");
    assert!(json.contains("secret-cell") && !json.contains(KEY));
    assert_eq!(report["tables"][0]["relation"], "public.t");
    assert_eq!(report["tables"][0]["rows"], 2);
    assert_eq!(report["tables"][0]["dropped"], 1);
    assert_eq!(report["outcome"]["complete"], true);
    assert_eq!(report["bytes_in"], DUMP.len());
    assert_eq!(report["bytes_out"], run.out.len());
    assert_eq!(report["key"]["random"], false);
    let (run, folder) = with_rules(rules, &["--report", "r.txt"], DUMP);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let text = std::fs::read_to_string(folder.path().join("r.txt")).unwrap();
    assert!(
        text.contains("secret-cell") && text.contains("public.t"),
        "{text}"
    );
}

#[test]
fn a_failed_test_is_1_and_its_report_is_written() {
    let rules = "-- name: none-left :test\nSELECT a FROM t;\n";
    let (run, folder) = with_rules(rules, &["-o", "safe.sql", "--report", "r.json"], DUMP);
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert!(run.err.contains("none-left"), "{}", run.err);
    assert!(!folder.path().join("safe.sql").exists());
    let json = std::fs::read_to_string(folder.path().join("r.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["outcome"]["exit_code"], 1);
    assert_eq!(report["tests"][0]["passed"], false);
}

#[test]
fn a_rule_without_its_table_is_1() {
    let (run, _) = with_rules("DELETE FROM nowhere;", &[], DUMP);
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert!(run.err.contains("nowhere"), "{}", run.err);
}
