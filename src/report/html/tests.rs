use super::super::{Outcome, SelectReport, TableReport, TestReport, VerifyReport};
use super::*;

fn select(name: &str, rows: &[&[&str]]) -> SelectReport {
    let cells = |row: &&[&str]| row.iter().map(|cell| Some((*cell).to_owned())).collect();
    SelectReport {
        name: name.into(),
        columns: vec!["state".into(), "count".into()],
        rows: rows.iter().map(cells).collect(),
        truncated: false,
    }
}

fn table(relation: &str, rows: u64, changed: u64, dropped: u64, added: u64) -> TableReport {
    TableReport {
        relation: relation.into(),
        rows: Some(rows),
        changed,
        dropped,
        added,
        ..TableReport::default()
    }
}

#[test]
fn what_comes_from_a_dump_is_text_and_nothing_else() {
    let hostile = "<script>alert(1)</script>\"'&\u{1b}[31m";
    let text = || hostile.to_owned();
    let report = Report {
        input: text(),
        output: text(),
        dialect: "postgres".into(),
        tables: vec![
            TableReport {
                held: true,
                waits: Some(text()),
                ..table(hostile, 3, 1, 1, 1)
            },
            table(hostile, 3, 0, 0, 0),
        ],
        rules: vec![RuleReport {
            name: text(),
            rulebook: text(),
            skipped: Some(text()),
            ..RuleReport::default()
        }],
        selects: vec![select(hostile, &[&[hostile, "1"]])],
        tests: vec![TestReport {
            name: text(),
            passed: false,
            rows: 2,
        }],
        warnings: vec![text()],
        excepted: vec![text()],
        by_hand: vec![text()],
        outcome: Outcome {
            complete: false,
            exit_code: 1,
            error: Some(text()),
        },
        ..Report::default()
    };
    let html = page(&report);
    assert!(!html.contains("<script"), "{html}");
    assert!(!html.contains('\u{1b}'));
    assert!(html.contains("&#60;script&#62;"), "{html}");
    assert!(html.contains("Failed, exit code 1"));
}

#[test]
fn the_page_loads_nothing_and_runs_nothing() {
    let html = page(&Report::default());
    for word in [
        "<script", "<link", "<img", "@import", "url(", "http:", "https:",
    ] {
        assert!(!html.contains(word), "{word}");
    }
    for mark in ["{{", "{%"] {
        assert!(!html.contains(mark), "{mark}");
    }
}

#[test]
fn sections_without_content_are_left_out() {
    let html = page(&Report::begin());
    for heading in [
        "Tables that changed",
        "Warnings",
        "by hand",
        "Tests",
        "Review",
        "Search",
    ] {
        assert!(!html.contains(heading), "{heading}");
    }
    assert!(html.contains("What ran"));
}

#[test]
fn bars_are_whole_and_in_words() {
    let report = Report {
        tables: vec![
            table("quiet", 9, 0, 0, 0),
            table("log", 10, 0, 10, 0),
            table("users", 100, 25, 50, 100),
        ],
        ..Report::default()
    };
    let (touched, untouched) = tables::split(&report);
    assert_eq!(touched[0].name, "users", "the busiest is first");
    assert_eq!(
        touched[0].label,
        "25 as they came, 25 changed, 50 dropped, 100 added"
    );
    let widths: Vec<_> = touched[0]
        .segments
        .iter()
        .map(|s| s.width.as_str())
        .collect();
    assert_eq!(widths, ["12.50", "12.50", "25.00", "50.00"]);
    assert_eq!(touched[0].segments[3].x, "50.00");
    assert_eq!(touched[1].label, "10 dropped");
    assert_eq!(untouched.len(), 1);
}

#[test]
fn results_before_and_after_stand_side_by_side_on_one_scale() {
    let selects = [
        select("by-state-before", &[&["20", "40"], &["45", "10"]]),
        select("accounts", &[&["a", "-1"]]),
        select("by-state-after", &[&["0", "20"]]),
    ];
    let groups = results::groups(&selects);
    let titles: Vec<_> = groups.iter().map(|g| g.title.as_str()).collect();
    assert_eq!(titles, ["by state", "accounts"]);
    let captions: Vec<_> = groups[0].panels.iter().map(|p| p.caption).collect();
    assert_eq!(captions, [Some("before"), Some("after")]);
    let bar = |panel: usize, row: usize| groups[0].panels[panel].rows[row].bar.as_deref();
    assert_eq!(
        [bar(0, 0), bar(0, 1), bar(1, 0)],
        [Some("100.00"), Some("25.00"), Some("50.00")]
    );
    assert_eq!(
        groups[1].panels[0].rows[0].bar, None,
        "a negative number has no bar"
    );
}

#[test]
fn one_number_is_shown_large() {
    let select = SelectReport {
        name: "parts".into(),
        columns: vec!["count".into()],
        rows: vec![vec![Some("301".into())]],
        truncated: false,
    };
    let groups = results::groups(&[select]);
    assert_eq!(groups[0].panels[0].number.as_deref(), Some("301"));
}

#[test]
fn a_search_says_what_it_found_and_where() {
    let mut report = Report {
        verify: Some(VerifyReport {
            safe_domains: vec!["mailinator.com".into()],
            safe: 12,
            findings: vec![FindingReport {
                relation: Some("users".into()),
                column: Some("mail".into()),
                what: "address".into(),
                count: 3,
                places: vec![super::super::FindingSpot {
                    row: Some(7),
                    line: 9,
                    byte: 100,
                }],
                ..FindingReport::default()
            }],
            ..VerifyReport::default()
        }),
        ..Report::default()
    };
    let html = page(&report);
    for text in [
        "users.mail",
        "3 × address",
        "row 7, line 9, byte 100",
        "… and 2 more",
    ] {
        assert!(html.contains(text), "{text}");
    }
    assert!(!html.contains("No address outside"));
    report.verify.as_mut().unwrap().findings.clear();
    report.outcome.complete = true;
    let html = page(&report);
    assert!(html.contains("No address outside the safe domain, no secret."));
    assert!(html.contains("Clean"));
}
