//! The manifest: what a set holds and what it was made of, as JSON.

use super::Id;
use crate::error::{Error, Result};
use crate::report::{KeyUsed, Report, RulebookUsed, TableReport};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What says that a JSON file is a manifest.
const KIND: &str = "test-bed backup";

/// How the files of a component are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One ZIP file with all of them.
    Zip,
    /// The dump as a file that zstd has compressed, the others beside it.
    Zst,
}

/// A whole set.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    /// That it is a test-bed backup.
    pub kind: String,
    /// The id of the set.
    pub id: String,
    /// The version of scrub that made it.
    pub scrub: String,
    /// When the run began, RFC 3339.
    pub started: String,
    /// When it ended.
    pub finished: String,
    /// How its files are stored.
    pub format: Format,
    /// The key behind the pseudonyms, the same for all components.
    pub key: Key,
    /// The variables that were set.
    pub variables: BTreeMap<String, String>,
    /// Further domains that are safe.
    pub safe_domains: Vec<String>,
    /// The components in the order in which they were made.
    pub components: Vec<Component>,
}

/// The key, as far as it may be shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// Tells two keys apart and reveals neither.
    pub fingerprint: String,
    /// It was made for this run only.
    pub random: bool,
}

/// One component.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Component {
    /// Its name.
    pub name: String,
    /// Its files in the set's folder.
    pub files: Vec<FileEntry>,
    /// Its dump.
    pub dump: Member,
    /// Its settings files.
    pub settings: Vec<Member>,
}

/// A file of the set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its name, without a folder.
    pub name: String,
    /// Its size.
    pub size: u64,
    /// SHA-256 over its bytes, hexadecimal.
    pub sha256: String,
}

/// A dump or a settings file, and what became of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Member {
    /// Its name within the component.
    pub name: String,
    /// The file of the set that it stands in.
    pub file: String,
    /// The dialect.
    pub dialect: String,
    /// What it was made from.
    pub source: Source,
    /// Its size, not compressed.
    pub bytes: u64,
    /// The rulebooks in the order in which they ran.
    pub rulebooks: Vec<Rulebook>,
    /// How many of the rulebooks' tests passed.
    pub tests: usize,
    /// Its tables.
    pub tables: Vec<Table>,
}

/// What was read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Source {
    /// The file, or standard input.
    pub name: String,
    /// Its size as it lay there, if it was a file.
    pub size: Option<u64>,
    /// Its size, not compressed.
    pub bytes: u64,
}

/// A rulebook that ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rulebook {
    /// Its name.
    pub name: String,
    /// Where its file was, unless it is a built-in one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub path: Option<String>,
    /// SHA-256 over its files, hexadecimal.
    pub sha256: String,
}

/// One table's rows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Table {
    /// The database that a `\connect` named.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub database: Option<String>,
    /// The table.
    pub name: String,
    /// Rows read; null if no rule concerned it, so that nobody counted.
    pub rows: Option<u64>,
    /// Rows of which a cell changed.
    pub changed: u64,
    /// Rows left out.
    pub dropped: u64,
    /// Rows added.
    pub added: u64,
}

impl Member {
    /// What became of a dump or a settings file that lay there with this size.
    pub fn of(name: &str, file: String, size: Option<u64>, report: &Report) -> Member {
        Member {
            name: name.to_owned(),
            file,
            dialect: report.dialect.clone(),
            source: Source {
                name: report.input.clone(),
                size,
                bytes: report.bytes_in,
            },
            bytes: report.bytes_out,
            rulebooks: report.rulebooks.iter().map(Rulebook::of).collect(),
            tests: report.tests.len(),
            tables: report.tables.iter().map(Table::of).collect(),
        }
    }
}

impl Rulebook {
    fn of(used: &RulebookUsed) -> Rulebook {
        Rulebook {
            name: used.name.clone(),
            path: None,
            sha256: used.sha256.clone(),
        }
    }
}

impl Table {
    fn of(table: &TableReport) -> Table {
        Table {
            database: table.database.clone(),
            name: table.relation.clone(),
            rows: table.rows,
            changed: table.changed,
            dropped: table.dropped,
            added: table.added,
        }
    }
}

impl Manifest {
    /// The manifest of a set that is begun now.
    pub fn begin(id: &Id, format: Format) -> Manifest {
        Manifest {
            kind: KIND.to_owned(),
            id: id.to_string(),
            scrub: env!("CARGO_PKG_VERSION").to_owned(),
            started: now(),
            finished: String::new(),
            format,
            key: Key::default(),
            variables: BTreeMap::new(),
            safe_domains: Vec::new(),
            components: Vec::new(),
        }
    }

    /// Notes the key of a run.
    pub fn key(&mut self, used: &KeyUsed) {
        self.key = Key {
            fingerprint: used.fingerprint.clone(),
            random: used.random,
        };
    }

    /// Notes the end.
    pub fn end(&mut self) {
        self.finished = now();
    }

    /// The component of this name.
    pub fn component(&self, name: &str) -> Option<&Component> {
        self.components.iter().find(|c| c.name == name)
    }

    /// The manifest as JSON.
    ///
    /// # Panics
    /// Never: it holds only what JSON can say.
    pub fn to_json(&self) -> String {
        let mut json = serde_json::to_string_pretty(self).expect("text and numbers make JSON");
        json.push('\n');
        json
    }

    /// Reads the manifest of a set.
    ///
    /// # Errors
    /// If it is not one, or that of another set.
    pub fn read(text: &[u8], id: &Id) -> Result<Manifest> {
        let manifest: Manifest = serde_json::from_slice(text).map_err(|e| {
            let place = format!("line {}, column {}", e.line(), e.column());
            Error::input(format!("{} is no manifest ({place})", id.manifest()))
        })?;
        if manifest.kind != KIND || manifest.id != id.to_string() {
            return Err(Error::input(format!(
                "{} is not the manifest of this test-bed backup",
                id.manifest()
            )));
        }
        let names = manifest.components.iter().flat_map(|c| {
            let files = c.files.iter().map(|file| &file.name);
            files.chain(c.settings.iter().map(|member| &member.name))
        });
        let plain = |name: &str| !name.contains('/') && !name.starts_with('.');
        match names.into_iter().find(|name| !plain(name)) {
            Some(_) => Err(Error::input(format!(
                "{} names files outside of its folder",
                id.manifest()
            ))),
            None => Ok(manifest),
        }
    }
}

fn now() -> String {
    let now = jiff::Timestamp::now();
    let rounded = now.round(jiff::Unit::Second);
    rounded.unwrap_or(now).to_string()
}
