//! What `scrub scan` tells beside the rulebook: a table of what was found, or the same as JSON.

use super::number::{count, grouped};
use super::text::{bare, plain, push_block};
use comfy_table::CellAlignment;
use serde::Serialize;

/// What a scan found.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ScanReport {
    /// The version of scrub.
    pub scrub: String,
    /// What was read.
    pub input: String,
    /// The dump's dialect.
    pub dialect: String,
    /// Its tables.
    pub tables: u64,
    /// Their columns.
    pub columns: u64,
    /// Columns that a GRANT shows.
    pub harmless: u64,
    /// The others, in order of risk, those that somebody has to decide on last.
    pub findings: Vec<ScanFinding>,
    /// What could not be judged.
    pub warnings: Vec<String>,
}

/// What was found in a column.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ScanFinding {
    /// The database that a `\\connect` named.
    pub database: Option<String>,
    /// The table.
    pub relation: String,
    /// The column.
    pub column: String,
    /// What it holds.
    pub what: String,
    /// `high`, `medium`, or `low`: somebody has to decide.
    pub confidence: String,
    /// The share of the values that look like it, if values say it.
    pub share: Option<f64>,
    /// Why.
    pub why: String,
    /// The rows of the table.
    pub rows: u64,
    /// How many values were looked at.
    pub values: u64,
    /// What the rulebook puts in the place of a value.
    pub value: Option<String>,
}

impl ScanReport {
    /// The report as JSON.
    ///
    /// # Panics
    /// Never: a report holds only what JSON can say.
    pub fn to_json(&self) -> String {
        let mut json =
            serde_json::to_string_pretty(self).expect("text and numbers always make JSON");
        json.push('\n');
        json
    }

    /// What was found as a table, and what comes of it.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        if !self.findings.is_empty() {
            let mut table = bare(None);
            table.set_header(["column", "what", "share", "confidence"]);
            for finding in &self.findings {
                let database = finding
                    .database
                    .as_ref()
                    .map_or(String::new(), |name| format!("{name}: "));
                let share = match finding.share {
                    None => "-".to_owned(),
                    Some(share) if share > 0.0 && share < 0.01 => "<1 %".to_owned(),
                    Some(share) => format!("{:.0} %", share * 100.0),
                };
                table.add_row([
                    plain(&format!(
                        "{database}{}.{}",
                        finding.relation, finding.column
                    )),
                    finding.what.clone(),
                    share,
                    finding.confidence.clone(),
                ]);
            }
            if let Some(column) = table.column_mut(2) {
                column.set_cell_alignment(CellAlignment::Right);
            }
            push_block(&mut out, &table.to_string());
            out.push('\n');
        }
        let open = self
            .findings
            .iter()
            .filter(|finding| finding.confidence == "low")
            .count() as u64;
        let found = self.findings.len() as u64 - open;
        out += &format!(
            "{} of {}: {} found, {} to decide, {} harmless\n",
            count(self.columns, "column"),
            count(self.tables, "table"),
            grouped(found),
            grouped(open),
            grouped(self.harmless),
        );
        for warning in &self.warnings {
            out += &format!("warning: {}\n", plain(warning));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_what_was_found() {
        let finding = ScanFinding {
            relation: "public.users".into(),
            column: "email".into(),
            what: "e-mail address".into(),
            confidence: "high".into(),
            share: Some(0.987),
            ..ScanFinding::default()
        };
        let open = ScanFinding {
            column: "no\u{1b}te".into(),
            what: "not known".into(),
            confidence: "low".into(),
            share: None,
            ..finding.clone()
        };
        let report = ScanReport {
            tables: 1,
            columns: 1200,
            harmless: 1198,
            findings: vec![finding, open],
            ..ScanReport::default()
        };
        let text = report.to_text();
        assert!(
            text.contains("public.users.email")
                && text.contains("99 %")
                && !text.contains('\u{1b}'),
            "{text}"
        );
        assert!(
            text.ends_with("1,200 columns of 1 table: 1 found, 1 to decide, 1,198 harmless\n"),
            "{text}"
        );
        assert!(report.to_json().contains("\"share\": 0.987"));
        assert!(ScanReport::default().to_text().starts_with("0 columns"));
    }
}
