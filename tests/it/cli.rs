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

/// A dump whose reader sleeps, so that there is time to draw; the file is longer than a pipe.
#[test]
fn progress_is_drawn_on_a_terminal_and_wiped_before_the_summary() {
    let folder = tempfile::tempdir().unwrap();
    let mut dump = "CREATE TABLE public.people (id int, mail text);\n\
                    COPY public.people (id, mail) FROM stdin;\n"
        .to_owned();
    for id in 0..200_000 {
        dump += &format!("{id}\tsomebody{id}@company.example\n");
    }
    dump += "\\.\n";
    std::fs::write(folder.path().join("dump.sql"), &dump).unwrap();
    let rules = "UPDATE people SET mail = 'x@y.example' WHERE id < 150000;";
    std::fs::write(folder.path().join("rules.sql"), rules).unwrap();
    let slowly = "(sleep 1.2; cat >out.sql)";
    let at = |setting: &str, run: &str| {
        let folder = folder.path().display();
        let line = format!(
            "unset CI; export TERM=xterm; stty rows 24 cols 80; cd {folder}; {setting} {run}"
        );
        on_a_terminal(&line).text()
    };
    let file = format!("scrub -r rules.sql dump.sql | {slowly}");
    let text = at("", &file);
    let parts: Vec<&str> = text.split(['\r', '\n']).map(str::trim_end).collect();
    let drawn: Vec<_> = parts.iter().filter(|p| p.contains("ETA")).collect();
    assert!(!drawn.is_empty(), "{text}");
    for part in ["%", " MiB/", "iB/s", " changed, public."] {
        assert!(
            drawn.iter().any(|line| line.contains(part)),
            "{part}: {text}"
        );
    }
    assert!(drawn.iter().all(|line| line.chars().count() < 90), "{text}");
    let (_, summary) = text.rsplit_once("\x1b[2K").expect("the line is wiped");
    assert!(!summary.contains("ETA"), "{summary}");
    for part in [
        " table ",
        " public.people  200,000  150,000",
        " in, ",
        "rulebooks: rules",
    ] {
        assert!(summary.contains(part), "{part}: {summary}");
    }
    // Of a pipe nobody knows how long it is.
    let pipe = at("", &format!("cat dump.sql | scrub -r rules.sql | {slowly}"));
    assert!(pipe.contains("iB/s") && !pipe.contains("ETA"), "{pipe}");
    assert!(pipe.contains(" changed, public.people"), "{pipe}");
    // Nobody looks.
    for setting in ["export CI=true;", "export TERM=dumb;"] {
        let text = at(setting, &file);
        assert!(!text.contains("iB/s") && text.contains("150,000"), "{text}");
    }
    let quiet = at("", &format!("scrub -q -r rules.sql dump.sql | {slowly}"));
    assert_eq!(quiet.trim(), "");
    let noted = at(
        "",
        &format!("scrub -r rules.sql dump.sql 2>err | {slowly}; cat err"),
    );
    assert!(
        !noted.contains('\x1b') && noted.contains("150,000"),
        "{noted}"
    );
}

/// As wide as the terminal and in its colours; neither elsewhere.
#[test]
fn a_diff_is_as_wide_as_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let dump = "CREATE TABLE people (id int, mail text);\nCOPY people (id, mail) FROM stdin;\n\
                7\tjane.roe.of.some.department@company.example\n\\.\n";
    std::fs::write(folder.path().join("dump.sql"), dump).unwrap();
    let rules = "UPDATE people SET mail = anon.mailinator(mail);";
    std::fs::write(folder.path().join("rules.sql"), rules).unwrap();
    let at = |setting: &str, out: &str| {
        let folder = folder.path().display();
        let line = format!(
            "unset COLUMNS; unset NO_COLOR; export TERM=xterm; {setting}; cd {folder}; \
             scrub check -q --diff -r rules.sql dump.sql {out}"
        );
        on_a_terminal(&line).text().replace("\r\n", "\n")
    };
    let row = |text: &str| {
        let changes = text.split_once("Changes").expect("changes").1.to_owned();
        changes
            .lines()
            .filter(|l| l.contains("@xx") || l.contains('|'))
            .count()
    };
    let wide = at("stty rows 24 cols 160", "");
    let narrow = at("stty rows 24 cols 80", "");
    assert_eq!(row(&wide), 1, "{wide}");
    assert!(row(&narrow) > 1, "{narrow}");
    assert!(
        wide.contains("\x1b[31m'…xx") && wide.contains("\x1b[2m'9'"),
        "{wide:?}"
    );
    assert!(!wide.contains("jane"));
    for (setting, out) in [
        ("stty rows 24 cols 80; export NO_COLOR=1", ""),
        ("export COLUMNS=80", ">out; cat out"),
        ("true", ">out; cat out"),
    ] {
        let plain = at(setting, out);
        assert!(!plain.contains('\x1b'), "{plain:?}");
        assert!(row(&plain) > 1, "{plain}");
    }
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
