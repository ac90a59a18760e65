//! The HTML report in a real browser: it opens, nothing sticks out at any width, nothing is loaded.

use crate::runner::run;
use std::path::Path;
use std::process::Command;

const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// A browser without a window; none is a failure when servers are required.
fn browser() -> Option<Command> {
    let there = |name: &&&str| Command::new(name).arg("--version").output().is_ok();
    let Some(name) = BROWSERS.iter().find(there) else {
        assert!(
            std::env::var_os("SCRUB_REQUIRE_SERVERS").is_none(),
            "no browser: {BROWSERS:?}"
        );
        eprintln!("SKIPPED: no browser ({BROWSERS:?}); tests/run installs one");
        return None;
    };
    let mut command = Command::new(name);
    command.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--allow-file-access-from-files",
        "--virtual-time-budget=4000",
    ]);
    Some(command)
}

/// A page around the report that measures it at one width and writes what it sees into its title.
fn measured(report: &Path, width: u32, folder: &Path) -> Option<String> {
    let mut browser = browser()?;
    let around = format!(
        r#"<!DOCTYPE html><title>?</title><iframe src="{}" style="width:{width}px;height:900px;border:0"></iframe>
<script>onload = () => {{
  const page = document.querySelector("iframe").contentDocument;
  const root = page.documentElement;
  const shown = [...page.querySelectorAll("section, h1, h2, .figures div")];
  const out = shown.filter(e => e.getBoundingClientRect().right > {width} + 1).length;
  const bars = [...page.querySelectorAll(".tables svg")].filter(e => e.getBoundingClientRect().width > 40);
  document.title = [root.scrollWidth, out, bars.length, page.querySelectorAll("section").length].join(" ");
}}</script>"#,
        report.display()
    );
    let path = folder.join(format!("around-{width}.html"));
    std::fs::write(&path, around).expect("a page");
    let profile = folder.join(format!("profile-{width}"));
    let output = browser
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg("--window-size=1600,1000")
        .arg("--dump-dom")
        .arg(format!("file://{}", path.display()))
        .output()
        .expect("the browser runs");
    let dom = String::from_utf8_lossy(&output.stdout).into_owned();
    let title = dom.split("<title>").nth(1)?.split("</title>").next()?;
    Some(title.to_owned())
}

/// The page of a proof: each find with its places, and no bars, since nothing was changed.
#[test]
fn a_browser_shows_a_proof_at_every_width() {
    if browser().is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let report = folder.path().join("proof.html");
    let path = report.display().to_string();
    let dump = "fixtures/postgres/campaign/dump.sql";
    let ran = run(&["verify", "--report", &path, dump], b"");
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let page = std::fs::read_to_string(&report).expect("a page");
    for part in [
        "Search",
        "neolane.nmsaddress.saddress",
        "400 × address",
        "exit code 1",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for width in [360, 800, 1400] {
        let seen = measured(&report, width, folder.path()).expect("a title");
        let numbers: Vec<u32> = seen.split(' ').filter_map(|n| n.parse().ok()).collect();
        let [scroll, out, _, sections] = numbers[..] else {
            panic!("{width}: the page was not measured: {seen:?}");
        };
        assert!(scroll <= width, "{width}: the page is {scroll} wide");
        assert_eq!(out, 0, "{width}: boxes stick out");
        assert!(sections > 2, "{width}: {sections} sections");
    }
}

#[test]
fn a_browser_shows_the_report_at_every_width() {
    if browser().is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let report = folder.path().join("report.html");
    let report_path = report.display().to_string();
    let ran = run(
        &[
            "--report",
            &report_path,
            "--target",
            "fixtures/postgres/campaign-target/dump.sql",
            "fixtures/postgres/campaign/dump.sql",
        ],
        b"",
    );
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    for width in [360, 800, 1400] {
        let seen = measured(&report, width, folder.path()).expect("a title");
        let numbers: Vec<u32> = seen.split(' ').filter_map(|n| n.parse().ok()).collect();
        let [scroll, out, bars, sections] = numbers[..] else {
            panic!("{width}: the page was not measured: {seen:?}");
        };
        assert!(scroll <= width, "{width}: the page is {scroll} wide");
        assert_eq!(out, 0, "{width}: boxes stick out");
        assert!(bars > 10, "{width}: {bars} bars are to be seen");
        assert!(sections > 5, "{width}: {sections} sections");
    }
}
