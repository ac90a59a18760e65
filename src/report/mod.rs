//! What a run did: counts, results of the rulebook's own SELECTs, tests, what is left to do.
//!
//! The pipeline fills a [`Report`]; the command line prints it. It is the only place where cells
//! may show, and only those that a rulebook's SELECT asks for: never in [`Report::summary`], which
//! goes to standard error.

mod diff;
mod html;
mod number;
mod plan;
mod sample;
mod scan;
mod text;
mod verify;

use crate::error::Error;
pub use diff::Page;
pub use sample::{Preview, Sample, SampleCell};
pub use scan::{ScanFinding, ScanReport};
use serde::Serialize;
pub use verify::{FindingReport, FindingSpot, VerifyReport};

/// A whole run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// The version of scrub.
    pub scrub: String,
    /// When the run began, RFC 3339.
    pub started: String,
    /// When it ended.
    pub finished: String,
    /// Seconds between the two.
    pub seconds: f64,
    /// What was read.
    pub input: String,
    /// What was written.
    pub output: String,
    /// The dump's dialect.
    pub dialect: String,
    /// The rulebooks in the order in which they ran.
    pub rulebooks: Vec<RulebookUsed>,
    /// The key behind the pseudonyms.
    pub key: KeyUsed,
    /// Bytes read, decompressed.
    pub bytes_in: u64,
    /// Bytes written, before compression.
    pub bytes_out: u64,
    /// Every table that had a block of rows, in the order of the dump.
    pub tables: Vec<TableReport>,
    /// Every rule, in the order of the rulebooks.
    pub rules: Vec<RuleReport>,
    /// The results of the rulebooks' SELECTs.
    pub selects: Vec<SelectReport>,
    /// What `--strict` has seen, if it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<StrictReport>,
    /// The results of the tests.
    pub tests: Vec<TestReport>,
    /// What a search found, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify: Option<VerifyReport>,
    /// What somebody should know.
    pub warnings: Vec<String>,
    /// Columns that the baseline's patterns left alone because an application needs them.
    pub excepted: Vec<String>,
    /// What is left to do by hand, from the rulebooks.
    pub by_hand: Vec<String>,
    /// How it ended.
    pub outcome: Outcome,
}

/// A rulebook that ran.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RulebookUsed {
    /// Its name, or its path.
    pub name: String,
    /// Its title.
    pub title: Option<String>,
    /// SHA-256 over its files, hexadecimal.
    pub sha256: String,
}

/// The key, as far as it may be shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct KeyUsed {
    /// Tells two keys apart and reveals neither.
    pub fingerprint: String,
    /// It was made for this run only: the next run gives other pseudonyms.
    pub random: bool,
}

/// One table of one database section.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TableReport {
    /// The database that a `\connect` named.
    pub database: Option<String>,
    /// The table.
    pub relation: String,
    /// The bytes of its rows as read.
    pub bytes: u64,
    /// Rows read; not known of a table that no rule concerns.
    pub rows: Option<u64>,
    /// Rows of which a cell changed.
    pub changed: u64,
    /// Rows left out.
    pub dropped: u64,
    /// Rows added.
    pub added: u64,
    /// Rows that left their place for the end of the data, because their partition key changed.
    pub moved: u64,
    /// Was it held back until a lookup was complete?
    pub held: bool,
    /// Why, if it was.
    pub waits: Option<String>,
    /// What happens to it.
    pub actions: Vec<TableAction>,
    /// The rules that ran on it.
    pub rules: Vec<String>,
    /// Some of its rows before and after: for standard output only.
    #[serde(skip)]
    pub samples: Vec<Sample>,
}

/// What rules do to a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TableAction {
    /// They change cells.
    Rewrite,
    /// They leave out every row.
    DropAll,
    /// They leave out rows.
    DropSome,
    /// They add rows.
    Add,
    /// They look rows up, count or report them.
    Read,
}

impl TableReport {
    /// Is it as it came?
    pub fn untouched(&self) -> bool {
        self.changed + self.dropped + self.added + self.moved == 0
    }
}

/// One rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RuleReport {
    /// Its name.
    pub name: String,
    /// The rulebook it stands in.
    pub rulebook: String,
    /// What it does: `UPDATE`, `DELETE` …
    pub action: String,
    /// Where it applied, with its hits.
    pub relations: Vec<RuleHits>,
    /// Why it did not run, if it did not: an optional rule without its table, for instance.
    pub skipped: Option<String>,
    /// Is it a statement that the rule before has generated?
    pub generated: bool,
    /// Then, if it may be shown, what it says: for standard output only.
    #[serde(skip)]
    pub statement: Option<String>,
}

/// What a rule did to one table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RuleHits {
    /// The table.
    pub relation: String,
    /// The columns it assigns.
    pub columns: Vec<String>,
    /// Rows that its condition chose, or that it added.
    pub matched: u64,
    /// It only looks up rows there.
    pub looked_up: bool,
}

/// The result of a SELECT.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SelectReport {
    /// The rule's name.
    pub name: String,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows as text; none is NULL.
    pub rows: Vec<Vec<Option<String>>>,
    /// There were more rows than a report keeps.
    pub truncated: bool,
}

/// The result of a test.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TestReport {
    /// The rule's name.
    pub name: String,
    /// Did it return no row?
    pub passed: bool,
    /// How many rows it returned.
    pub rows: u64,
}

/// What `--strict` has seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct StrictReport {
    /// Did only columns count that can hold text?
    pub text_only: bool,
    /// The tables of which every column is reviewed that had to be.
    pub tables: u64,
    /// Their reviewed columns.
    pub columns: u64,
    /// The definitions and comments whose texts are reviewed.
    pub definitions: u64,
    /// The lines that would review what is not.
    pub unreviewed: Vec<String>,
}

/// How a run ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Is the output complete, and did all tests pass?
    pub complete: bool,
    /// The exit code.
    pub exit_code: u8,
    /// The error's message.
    pub error: Option<String>,
}

impl Report {
    /// The report of a run that begins now.
    pub fn begin() -> Self {
        Report {
            scrub: env!("CARGO_PKG_VERSION").to_owned(),
            started: now().to_string(),
            ..Report::default()
        }
    }

    /// Notes the end of the run and how it ended.
    pub fn end(&mut self, error: Option<&Error>) {
        let finished = now();
        if let Ok(started) = self.started.parse::<jiff::Timestamp>() {
            self.seconds = (finished.as_millisecond() - started.as_millisecond()) as f64 / 1e3;
        }
        self.finished = finished.to_string();
        self.outcome = Outcome {
            complete: error.is_none(),
            exit_code: error.map_or(0, |e| e.kind.exit_code()),
            error: error.map(ToString::to_string),
        };
    }

    /// The whole report as JSON.
    ///
    /// # Panics
    /// Never: a report holds only what JSON can say.
    pub fn to_json(&self) -> String {
        let mut json =
            serde_json::to_string_pretty(self).expect("text and numbers always make JSON");
        json.push('\n');
        json
    }

    /// The whole report as text.
    pub fn to_text(&self) -> String {
        text::report(self)
    }

    /// The whole report as a page for a browser.
    ///
    /// # Panics
    /// Never: the page is written to memory.
    pub fn to_html(&self) -> String {
        html::page(self)
    }

    /// What a dry run found, for standard output: what happens to each table and why, where each
    /// rule applies, and the samples that were taken. With `verbose` it names the rules that did
    /// not run.
    pub fn to_plan(&self, verbose: bool, page: Page) -> String {
        plan::plan(self, verbose, page)
    }

    /// What a search found, for standard output: tests, finds by place, what is told apart.
    pub fn to_proof(&self) -> String {
        verify::proof(self)
    }

    /// What was searched, for standard error.
    pub fn searched(&self) -> String {
        verify::searched(self)
    }

    /// The end of the summary alone: sizes, tests, warnings, what is left to do.
    pub fn remarks(&self, verbose: bool) -> String {
        text::remarks(self, verbose)
    }

    /// A short account for standard error: at most 80 columns wide, no cell's content. With
    /// `verbose` it lists the tables and rules in which nothing happened as well.
    pub fn summary(&self, verbose: bool) -> String {
        text::summary(self, verbose)
    }
}

fn now() -> jiff::Timestamp {
    let now = jiff::Timestamp::now();
    now.round(jiff::Unit::Millisecond).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_every_part_and_ends_its_line() {
        let mut report = Report::begin();
        report.selects.push(SelectReport {
            name: "states".into(),
            columns: vec!["state".into()],
            rows: vec![vec![Some("20".into())], vec![None]],
            truncated: false,
        });
        report.end(Some(&Error::check("a test found rows").rule("no-mail")));
        let json = report.to_json();
        assert!(json.ends_with("}\n"));
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["scrub"], env!("CARGO_PKG_VERSION"));
        assert_eq!(value["selects"][0]["rows"][1][0], serde_json::Value::Null);
        assert_eq!(value["outcome"]["exit_code"], 1);
        assert_eq!(value["outcome"]["complete"], false);
        assert_eq!(value["outcome"]["error"], "rule no-mail: a test found rows");
        assert!(value["finished"].as_str().unwrap().ends_with('Z'));
    }
}
