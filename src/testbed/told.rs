//! The report of a set, for people. Its last line says that the set is whole.

use super::hashing;
use super::manifest::{Component, Manifest, Member};
use super::{COMPLETED, Id};
use crate::report::Report;
use std::fmt::Write;

/// The report: what the manifest says, then the report of every run.
pub fn text(id: &Id, manifest: &Manifest, json: &str, runs: &[(String, Report)]) -> String {
    let mut out = String::new();
    head(&mut out, id, manifest, json).expect("text can always be written");
    for component in &manifest.components {
        files(&mut out, component).expect("text can always be written");
    }
    by_hand(&mut out, runs);
    for (title, report) in runs {
        let _ = write!(out, "\n==== {title} ====\n\n{}", report.to_text());
    }
    let _ = write!(out, "\n{COMPLETED}\n");
    out
}

fn head(out: &mut String, id: &Id, manifest: &Manifest, json: &str) -> std::fmt::Result {
    writeln!(out, "TEST-BED BACKUP {id}\n")?;
    out.push_str(
        "This is a test-bed backup: its data was changed on purpose, so that it is safe in a test system.\n\
         Never restore a production system from it. Restore all of its components, and only components\n\
         of this id. It is valid only if the last line of this report reads:\n",
    );
    writeln!(out, "  {COMPLETED}\n")?;
    writeln!(out, "Test-Bed-Backup-ID: {id}")?;
    writeln!(out, "Made by: scrub {}", manifest.scrub)?;
    writeln!(out, "Begun: {}", manifest.started)?;
    writeln!(out, "Ended: {}", manifest.finished)?;
    let random = if manifest.key.random {
        ", made for this run only"
    } else {
        ""
    };
    writeln!(out, "Key: {}{random}", manifest.key.fingerprint)?;
    writeln!(out, "{}", manifest_line(id, json))
}

/// The line that binds the manifest to the report.
pub(super) fn manifest_line(id: &Id, json: &str) -> String {
    let hash = hashing::of_bytes(json.as_bytes());
    format!("Manifest: {} sha256 {hash}", id.manifest())
}

fn files(out: &mut String, component: &Component) -> std::fmt::Result {
    writeln!(out, "\nComponent {}", component.name)?;
    for file in &component.files {
        writeln!(
            out,
            "  {}, {} bytes, sha256 {}",
            file.name, file.size, file.sha256
        )?;
    }
    for member in std::iter::once(&component.dump).chain(&component.settings) {
        told(out, member)?;
    }
    Ok(())
}

fn told(out: &mut String, member: &Member) -> std::fmt::Result {
    let sum = |count: fn(&super::manifest::Table) -> u64| -> u64 {
        member.tables.iter().map(count).sum()
    };
    writeln!(
        out,
        "  {}: {} bytes of {}, {} tables; rows: {} changed, {} dropped, {} added; {} tests passed",
        member.name,
        member.bytes,
        member.dialect,
        member.tables.len(),
        sum(|t| t.changed),
        sum(|t| t.dropped),
        sum(|t| t.added),
        member.tests,
    )?;
    let names: Vec<_> = member.rulebooks.iter().map(|r| r.name.as_str()).collect();
    let names = match names.is_empty() {
        true => "none".to_owned(),
        false => names.join(", "),
    };
    writeln!(out, "    from {}; rulebooks: {names}", member.source.name)
}

/// What is left to do by hand, each line once.
fn by_hand(out: &mut String, runs: &[(String, Report)]) {
    let mut seen: Vec<&str> = Vec::new();
    for line in runs.iter().flat_map(|(_, report)| &report.by_hand) {
        if !seen.contains(&line.as_str()) {
            seen.push(line);
        }
    }
    if !seen.is_empty() {
        out.push_str("\nLeft to do by hand\n");
    }
    for line in seen {
        let _ = writeln!(out, "  * {line}");
    }
}
