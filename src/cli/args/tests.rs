use super::*;
use clap::CommandFactory;

#[test]
fn the_table_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn every_option_has_a_help_and_a_heading() {
    let command = Cli::command();
    let check = command.find_subcommand("check").unwrap();
    let verify = command.find_subcommand("verify").unwrap();
    let all = command.get_arguments().chain(check.get_arguments());
    let all = all.chain(verify.get_arguments());
    let archive = command.find_subcommand("archive").unwrap();
    let archive = archive.get_subcommands();
    let all = all.chain(archive.flat_map(clap::Command::get_arguments));
    for arg in all.filter(|a| !a.is_positional()) {
        assert!(arg.get_help().is_some(), "{}", arg.get_id());
        assert!(arg.get_help_heading().is_some(), "{}", arg.get_id());
    }
}

#[test]
fn all_of_the_filter_at_once() {
    let line = "scrub -r baseline -r x.sql --set a=b=c --key-file k -f postgres --schema s.sql \
             -o out.gz -Z zstd:3 -1 --report r.json -q -j 3 --memory 512M --spool-dir /tmp dump.sql";
    let cli = Cli::try_parse_from(line.split_whitespace()).unwrap();
    let filter = cli.filter;
    let (input, running) = (filter.input, filter.running);
    assert!(cli.command.is_none() && filter.single_transaction && running.quiet);
    assert_eq!(input.rules, ["baseline", "x.sql"]);
    assert_eq!(input.set, [("a".to_owned(), "b=c".to_owned())]);
    assert_eq!(filter.compress, Some("zstd:3".parse().unwrap()));
    let resources = running.resources;
    assert_eq!((resources.jobs, resources.memory), (Some(3), 512 << 20));
    assert_eq!(input.dump, Some("dump.sql".into()));
}

#[test]
fn defaults() {
    let Filter { input, running, .. } = Cli::try_parse_from(["scrub"]).unwrap().filter;
    assert_eq!(
        (input.rules, input.from.as_str()),
        (vec!["auto".to_owned()], "auto")
    );
    assert_eq!(running.resources.memory, 1 << 30);
    assert_eq!(running.resources.memory, Resources::default().memory);
}

#[test]
fn the_dry_run_takes_the_same_options_but_no_output() {
    for (line, diff, dump) in [
        ("check", None, None),
        ("check dump.sql", None, Some("dump.sql")),
        ("check --diff dump.sql", Some(3), Some("dump.sql")),
        (
            "check --diff=7 -r x.sql --set a=b -j 2 -q dump.sql",
            Some(7),
            Some("dump.sql"),
        ),
    ] {
        let args = ["scrub"].into_iter().chain(line.split_whitespace());
        match Cli::try_parse_from(args).unwrap().command {
            Some(Command::Check(check)) => {
                assert_eq!((check.diff, check.show_values), (diff, false), "{line}");
                assert_eq!(check.input.dump, dump.map(PathBuf::from), "{line}");
            }
            other => panic!("{line}: {other:?}"),
        }
    }
}

#[test]
fn what_is_wrong_is_refused() {
    let lines = [
        "-q -v",
        "-Z xz",
        "--set x",
        "--set =x",
        "--memory lots",
        "-j 0",
        "a b",
        "rules",
        "rules list x",
        "-1 rules list",
        "--key secret",
        "check -o x",
        "check -1",
        "check --diff=x",
        "-q check x.sql",
        "verify -o x",
        "verify --safe-domain localhost",
        "verify --safe-domain a..b",
        "archive",
        "archive create dumps",
        "archive create -d x",
        "archive create -d x --component hub",
        "archive create -d x --component a/b=c",
        "archive create -d x --format tar dumps",
        "archive verify",
        "archive extract set",
    ];
    for line in lines {
        let args = ["scrub"].into_iter().chain(line.split_whitespace());
        assert!(Cli::try_parse_from(args).is_err(), "{line}");
    }
}

#[test]
fn sizes() {
    let good = [
        ("1", 1),
        ("4096", 4096),
        ("512M", 512 << 20),
        ("2G", 2 << 30),
        ("1.5GiB", 3 << 29),
        ("64kb", 64 << 10),
        ("1 t", 1 << 40),
    ];
    for (text, bytes) in good {
        assert_eq!(size(text).unwrap(), bytes, "{text}");
    }
    for text in [
        "", "M", "-1", "1e9", "0", "inf", "nan", "1X", "1MM", "9999999T",
    ] {
        assert!(size(text).is_err(), "{text}");
    }
}

#[test]
fn no_option_takes_a_key_only_the_name_of_its_file() {
    let command = Cli::command();
    let all = command
        .get_subcommands()
        .flat_map(clap::Command::get_arguments)
        .chain(command.get_arguments());
    let mut found = 0;
    for argument in all {
        let name = argument.get_long().unwrap_or_default();
        if ["key", "secret", "salt", "pass"]
            .iter()
            .any(|word| name.contains(word))
        {
            assert_eq!(
                (name, argument.get_value_hint()),
                ("key-file", ValueHint::FilePath)
            );
            found += 1;
        }
    }
    assert_eq!(found, 3);
}
