//! A finished set: found, checked and read.
//!
//! Whoever hands out any of it calls [`Set::check`] before, which reads every byte of every file. What a
//! member is read from are the files that were checked, still open.

use super::hashing;
use super::manifest::{Component, Format, Manifest, Member};
use super::{COMPLETED, Id, MARK, told};
use crate::error::{Error, Result};
use crate::source::Source;
use flate2::read::DeflateDecoder;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use zip::ZipArchive;

/// Bytes read at a time.
const PIECE: usize = 256 << 10;

const REMEDY: &str = "take the files of one set as they were made, or make a new one";

/// A set whose report says that it is whole.
#[derive(Debug)]
pub struct Set {
    folder: PathBuf,
    /// Its id.
    pub id: Id,
    /// Its manifest.
    pub manifest: Manifest,
}

/// The files of a set, all as the manifest has them, and open.
#[derive(Debug)]
pub struct Checked<'s> {
    set: &'s Set,
    files: BTreeMap<String, File>,
}

impl Set {
    /// Finds a set by its folder, by the folder that holds its folder, or by its report.
    ///
    /// # Errors
    /// If there is none, more than one, or one that is not valid.
    pub fn find(path: &Path) -> Result<Set> {
        let (folder, id) = locate(path)?;
        let report = read(&folder, &id.report())?;
        let report = String::from_utf8_lossy(&report);
        if report.lines().next_back() != Some(COMPLETED) || !report.ends_with('\n') {
            return Err(Error::input(format!(
                "the test-bed backup {id} was not completed: the last line of {} is not «{COMPLETED}»",
                id.report()
            ))
            .remedy(REMEDY));
        }
        let json = read(&folder, &id.manifest())?;
        let line = told::manifest_line(&id, &String::from_utf8_lossy(&json));
        if !report.lines().any(|found| found == line) {
            return Err(Error::input(format!(
                "{} is not the manifest that {} was written with",
                id.manifest(),
                id.report()
            ))
            .remedy(REMEDY));
        }
        let manifest = Manifest::read(&json, &id)?;
        Ok(Set {
            folder,
            id,
            manifest,
        })
    }

    /// Reads every byte of every file.
    ///
    /// # Errors
    /// Everything that is missing, of another set or not as it was.
    pub fn check(&self) -> Result<Checked<'_>> {
        let mut files = BTreeMap::new();
        let mut faults = Vec::new();
        for component in &self.manifest.components {
            for entry in &component.files {
                let file = match File::open(self.folder.join(&entry.name)) {
                    Ok(file) => file,
                    Err(e) if e.kind() == io::ErrorKind::NotFound => {
                        faults.push(self.missing(component, &entry.name));
                        continue;
                    }
                    Err(e) => return Err(unreadable(&entry.name, &e)),
                };
                let found = hashing::of_file(&file).map_err(|e| unreadable(&entry.name, &e))?;
                if found == (entry.size, entry.sha256.clone()) {
                    files.insert(entry.name.clone(), file);
                } else {
                    faults.push(self.changed(&component.name, &entry.name, file));
                }
            }
        }
        if faults.is_empty() {
            return Ok(Checked { set: self, files });
        }
        Err(Error::input(format!(
            "the test-bed backup {} is not whole:\n  {}",
            self.id,
            faults.join("\n  ")
        ))
        .remedy(REMEDY))
    }

    /// A component by its name.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn component(&self, name: &str) -> Result<&Component> {
        self.manifest.component(name).ok_or_else(|| {
            let names = self.manifest.components.iter().map(|c| c.name.as_str());
            let names: Vec<_> = names.collect();
            Error::usage(format!("the test-bed backup has no component {name}"))
                .remedy(format!("it has {}", names.join(", ")))
        })
    }

    /// Why a file is not there: perhaps that of another set is.
    fn missing(&self, component: &Component, name: &str) -> String {
        let prefix = format!("{}_{MARK}_", component.name);
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut others = names.filter_map(|found| {
            let id = found.strip_prefix(&prefix)?.split('.').next()?;
            Id::parse(id).filter(|id| *id != self.id)
        });
        match others.next() {
            Some(other) => format!(
                "component {}: its file is of another test-bed backup ({other}); {name} is missing",
                component.name
            ),
            None => format!("component {}: {name} is missing", component.name),
        }
    }

    /// Why a file is not as it was: perhaps another one has its name.
    fn changed(&self, component: &str, name: &str, file: File) -> String {
        let comment = ZipArchive::new(file).map(|zip| zip.comment().to_vec());
        let comment = comment.unwrap_or_default();
        match String::from_utf8(comment) {
            Ok(stem) if stem.contains(MARK) && stem != self.id.stem(component) => {
                format!("component {component}: {name} is another file, that was {stem}.zip")
            }
            _ => format!(
                "component {component}: {name} was changed: its size or SHA-256 is not that of the manifest"
            ),
        }
    }
}

impl Checked<'_> {
    /// A dump or a settings file, not compressed.
    ///
    /// # Errors
    /// If it is not there or cannot be read.
    pub fn open(&self, component: &Component, member: &Member) -> Result<Source> {
        let file = self.files.get(&member.file).ok_or_else(|| {
            let message = format!("the manifest has no file {}", member.file);
            Error::input(message).remedy(REMEDY)
        })?;
        let unreadable = |e: io::Error| unreadable(&member.file, &e);
        let reader: Box<dyn Read + Send> = match self.set.manifest.format {
            Format::Zip => Box::new(unpack(file, &member.name).map_err(unreadable)?),
            Format::Zst => Box::new(Stretch::new(file, 0, u64::MAX).map_err(unreadable)?),
        };
        Source::recognised(reader, &format!("{}/{}", component.name, member.name))
    }
}

/// A member of a ZIP file, as a stream of its own.
fn unpack(file: &File, name: &str) -> io::Result<DeflateDecoder<Stretch>> {
    let mut zip = ZipArchive::new(BufReader::new(file.try_clone()?))?;
    let entry = zip.by_name(name)?;
    let start = entry.data_start().ok_or(io::ErrorKind::InvalidData)?;
    let packed = Stretch::new(file, start, entry.compressed_size())?;
    Ok(DeflateDecoder::new_with_buf(packed, vec![0; PIECE]))
}

/// A stretch of a file, which others may read at the same time.
struct Stretch {
    file: File,
    at: u64,
    left: u64,
}

impl Stretch {
    fn new(file: &File, at: u64, left: u64) -> io::Result<Stretch> {
        let file = file.try_clone()?;
        Ok(Stretch { file, at, left })
    }
}

impl Read for Stretch {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let n = self.file.read_at(&mut buffer[..most], self.at)?;
        self.at += n as u64;
        self.left -= n as u64;
        Ok(n)
    }
}

/// The folder and the id of a set.
fn locate(path: &Path) -> Result<(PathBuf, Id)> {
    let label = path.display();
    let unknown = |what: &str| {
        Error::input(format!("{label} {what}")).remedy(
            "name the folder TestBedBackup_… of a set, or the report backupReport_….txt in it",
        )
    };
    let metadata =
        fs::metadata(path).map_err(|e| Error::io(format!("cannot read {label}: {e}")))?;
    if !metadata.is_dir() {
        let name = path.file_name().and_then(|name| name.to_str());
        let id = name.and_then(Id::of_report);
        let id = id.ok_or_else(|| unknown("is no report of a test-bed backup"))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        return Ok((folder.to_owned(), id));
    }
    let mut found = reports(path)?;
    if found.is_empty() {
        for folder in names(path)? {
            if folder.starts_with(MARK) {
                found.extend(reports(&path.join(folder))?);
            }
        }
    }
    found.sort_by(|a, b| a.1.cmp(&b.1));
    match found.len() {
        0 => Err(unknown("holds no report of a test-bed backup")),
        1 => Ok(found.remove(0)),
        _ => {
            let ids: Vec<_> = found.iter().map(|(_, id)| id.to_string()).collect();
            let what = format!("holds several test-bed backups: {}", ids.join(", "));
            Err(unknown(&what))
        }
    }
}

/// The reports in a folder.
fn reports(folder: &Path) -> Result<Vec<(PathBuf, Id)>> {
    let ids = names(folder)?
        .into_iter()
        .filter_map(|name| Id::of_report(&name));
    Ok(ids.map(|id| (folder.to_owned(), id)).collect())
}

fn names(folder: &Path) -> Result<Vec<String>> {
    let failed = |e: io::Error| Error::io(format!("cannot read {}: {e}", folder.display()));
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        names.extend(entry.map_err(failed)?.file_name().into_string());
    }
    Ok(names)
}

fn read(folder: &Path, name: &str) -> Result<Vec<u8>> {
    fs::read(folder.join(name)).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => Error::input(format!("{name} is missing")).remedy(REMEDY),
        _ => unreadable(name, &e),
    })
}

fn unreadable(name: &str, error: &io::Error) -> Error {
    Error::io(format!("cannot read {name}: {error}"))
}
