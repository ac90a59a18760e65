//! Test-bed archives: the safe dumps of a system's components, made in one run under one id.
//!
//! The model is LISTSERV Maestro's test-bed backup. A set is a folder `TestBedBackup_<id>` with
//!
//! ```text
//! hub_TestBedBackup_<id>.zip       one for each component: its dump, its settings files, its report
//! manifest_<id>.json               what was made of what, with sizes and checksums
//! backupReport_<id>.txt            for people; valid only if its last line is [`COMPLETED`]
//! ```
//!
//! It is written into a folder beside, which gets its name when everything is there ([`staging`],
//! [`package`], [`told`]), and nothing of it is handed out before all of it has been checked ([`set`]).
//! How dumps are rewritten is none of this module's business: it stores what it is given.

mod hashing;
pub mod manifest;
pub mod package;
pub mod set;
pub mod staging;
pub mod told;

pub use manifest::{Component, FileEntry, Format, Manifest, Member};
pub use package::Package;
pub use set::Set;
pub use staging::Staging;

use crate::error::{Error, Result};
use std::fmt;

/// The last line of a report whose set is whole.
pub const COMPLETED: &str = "The test-bed-backup was completed successfully";

/// What marks the files of a test-bed backup.
const MARK: &str = "TestBedBackup";

/// The id of a set: the time of the run in UTC, and a few random characters. Ids sort by time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id(String);

impl Id {
    /// The id of a set that is begun now.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn new() -> Result<Id> {
        let mut random = [0; 3];
        getrandom::fill(&mut random)
            .map_err(|e| Error::io(format!("the system gives no random bytes: {e}")))?;
        let time = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
        let [a, b, c] = random;
        Ok(Id(format!("{time}-{a:02x}{b:02x}{c:02x}")))
    }

    /// An id as it was written; none if it is not one.
    pub fn parse(text: &str) -> Option<Id> {
        let (time, random) = text.split_once('-')?;
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let time = time.len() == 16
            && digits(&time[..8])
            && &time[8..9] == "T"
            && digits(&time[9..15])
            && time.ends_with('Z');
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        (time && random.len() == 6 && random.bytes().all(hex)).then(|| Id(text.to_owned()))
    }

    /// The set's folder.
    pub fn folder(&self) -> String {
        format!("{MARK}_{self}")
    }

    /// The manifest's file.
    pub fn manifest(&self) -> String {
        format!("manifest_{self}.json")
    }

    /// The report's file.
    pub fn report(&self) -> String {
        format!("backupReport_{self}.txt")
    }

    /// The id of the report that has this name.
    fn of_report(name: &str) -> Option<Id> {
        Id::parse(name.strip_prefix("backupReport_")?.strip_suffix(".txt")?)
    }

    /// What the names of a component's files begin with.
    fn stem(&self, component: &str) -> String {
        format!("{component}_{MARK}_{self}")
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Is it fit to be the name of a component? It becomes part of file names.
pub fn is_name(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    !text.is_empty() && text.len() <= 64 && text.bytes().all(word) && !text.starts_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_written_and_sort_by_time() {
        let id = Id::new().unwrap();
        assert_eq!(Id::parse(&id.to_string()), Some(id.clone()));
        assert_eq!(Id::of_report(&id.report()), Some(id.clone()));
        let old = Id::parse("20260131T235959Z-ffffff").unwrap();
        assert!(old < id);
        for wrong in [
            "",
            "20260131T235959Z",
            "20260131T235959Z-fffff",
            "20260131T235959Z-fffffg",
            "2026013T1235959Z-ffffff",
            "20260131 235959Z-ffffff",
            "../../../../../a-ffffff",
        ] {
            assert_eq!(Id::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn names_are_fit_for_files() {
        for (name, fit) in [
            ("hub", true),
            ("LUI-2_b", true),
            ("", false),
            ("-x", false),
            ("a/b", false),
            ("a.b", false),
            ("\u{e9}", false),
        ] {
            assert_eq!(is_name(name), fit, "{name}");
        }
    }
}
