use super::super::*;

fn skipped(name: &str) -> RuleReport {
    RuleReport {
        name: name.into(),
        skipped: Some("no such table".into()),
        ..RuleReport::default()
    }
}

fn sample() -> Report {
    let table = |relation: &str, rows, changed, dropped| TableReport {
        relation: relation.into(),
        bytes: 5_000_000,
        rows,
        changed,
        dropped,
        ..TableReport::default()
    };
    Report {
            scrub: "0.1.0".into(),
            input: "dump.sql".into(),
            dialect: "postgres".into(),
            seconds: 75.0,
            bytes_in: 1 << 30,
            bytes_out: 1 << 29,
            rulebooks: vec![RulebookUsed { name: "baseline".into(), title: None, sha256: "00".into() }],
            key: KeyUsed { fingerprint: "ab12".into(), random: true },
            tables: vec![
                table("public.nmsrecipient", Some(1_234_567), 1_200_000, 0),
                table("public.ossys_parameter", Some(40), 0, 3),
                table("public.plain", None, 0, 0),
            ],
            rules: vec![RuleReport {
                name: "addresses".into(),
                rulebook: "baseline".into(),
                action: "UPDATE".into(),
                relations: vec![RuleHits {
                    relation: "public.nmsrecipient".into(),
                    columns: vec!["semail".into()],
                    matched: 1,
                    looked_up: false,
                }],
                ..RuleReport::default()
            }, skipped("phones"), skipped("faxes")],
            selects: vec![SelectReport {
                name: "states-after".into(),
                columns: vec!["state".into(), "count".into()],
                rows: vec![vec![Some("a\tb\u{1b}[2J".into()), None]],
                truncated: true,
            }],
            tests: vec![
                TestReport { name: "clean".into(), passed: true, rows: 0 },
                TestReport { name: "unclean".into(), passed: false, rows: 7 },
            ],
            warnings: vec!["no key was given: the pseudonyms of this run cannot be repeated, and they do not join with those of another run".into()],
            by_hand: vec!["change the password of the console".into()],
            ..Report::default()
        }
}

#[test]
fn the_summary_is_short_and_narrow() {
    let summary = sample().summary(false);
    let expected = " table                        rows    changed  dropped
 public.nmsrecipient     1,234,567  1,200,000
 public.ossys_parameter         40                   3
1 table unchanged; 1.0 GiB in, 512.0 MiB out, 1 min 15 s
rulebooks: baseline
1 test failed, 1 passed
warning: no key was given: the pseudonyms of this run cannot be repeated, and
         they do not join with those of another run
by hand: change the password of the console
";
    assert_eq!(summary, expected);
}

#[test]
fn the_summary_shows_no_selected_cell_and_bounds_what_it_lists() {
    let mut report = sample();
    report.warnings = (0..50).map(|i| format!("warning {i}")).collect();
    report.tables = (0..50)
        .map(|i| TableReport {
            relation: format!("public.{}{i}", "long_name".repeat(12)),
            rows: Some(u64::MAX),
            changed: u64::MAX,
            dropped: 1,
            ..TableReport::default()
        })
        .map(|t| TableReport { added: 0, ..t })
        .collect();
    // Sums of such counts do not fit; a report never adds tables up.
    report
        .tables
        .iter_mut()
        .for_each(|t| t.changed = u64::MAX / 2);
    let summary = report.summary(false);
    assert!(!summary.contains("state"));
    assert!(summary.contains("… and 30 more"));
    assert!(
        summary.lines().all(|l| l.chars().count() <= 80),
        "{summary}"
    );
}

#[test]
fn the_text_has_every_part() {
    let mut report = sample();
    report.end(Some(&Error::check("a test found rows").rule("unclean")));
    let text = report.to_text();
    for part in [
        "FAILED (exit code 1): rule unclean: a test found rows",
        "key       ab12 (random, for this run only)",
        "public.plain",
        "4.8 MiB",
        "addresses (UPDATE, baseline)",
        "public.nmsrecipient: 1 row matched (semail)",
        "did not run (no such table):\n  phones, faxes\n",
        "states-after",
        "a\\tb\\u{1b}[2J",
        "NULL",
        "… and more rows",
        "passed  clean",
        "FAILED  unclean: 7 rows",
        "- change the password",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    assert!(!text.contains('\u{1b}'));
}
