//! The files of one component while they are written, one member after another.
//!
//! Nothing is written twice: sizes and checksums of a ZIP file's members follow their data (data
//! descriptors, ZIP64 throughout), so that the file's own checksum is known when it is complete.

use super::Id;
use super::hashing::Hashing;
use super::manifest::{FileEntry, Format};
use crate::sink::Portion;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

/// The files of a component.
#[derive(Clone)]
pub struct Package(Arc<Mutex<State>>);

enum State {
    Zip {
        stem: String,
        zip: Box<ZipWriter<StreamWriter<Hashing>>>,
    },
    Loose {
        folder: PathBuf,
        stem: String,
        files: Vec<FileEntry>,
    },
    Finished,
}

impl Package {
    /// Begins the files of a component.
    ///
    /// # Errors
    /// If they cannot be created.
    pub fn create(folder: &Path, component: &str, id: &Id, format: Format) -> io::Result<Package> {
        let stem = id.stem(component);
        let state = match format {
            Format::Zip => {
                let file = Hashing::create(folder, &format!("{stem}.zip"))?;
                let mut zip = ZipWriter::new_stream(file);
                zip.set_comment(stem.as_str()).map_err(failed)?;
                let zip = Box::new(zip);
                State::Zip { stem, zip }
            }
            Format::Zst => State::Loose {
                folder: folder.to_owned(),
                stem,
                files: Vec::new(),
            },
        };
        Ok(Package(Arc::new(Mutex::new(state))))
    }

    /// The file in which a member of this name stands.
    pub fn file(&self, name: &str) -> String {
        match &*self.state() {
            State::Zip { stem, .. } => format!("{stem}.zip"),
            State::Loose { stem, .. } => format!("{stem}.{name}"),
            State::Finished => String::new(),
        }
    }

    /// A member, which begins with its first byte. The one before has to be finished.
    pub fn member(&self, name: &str) -> Box<dyn Portion> {
        Box::new(Entry {
            package: self.clone(),
            name: name.to_owned(),
            begun: false,
            file: None,
        })
    }

    /// Completes the files.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn finish(self) -> io::Result<Vec<FileEntry>> {
        let state = std::mem::replace(&mut *self.state(), State::Finished);
        match state {
            State::Zip { zip, .. } => {
                Ok(vec![zip.finish().map_err(failed)?.into_inner().finish()?])
            }
            State::Loose { files, .. } => Ok(files),
            State::Finished => Err(finished()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A member that is being written.
struct Entry {
    package: Package,
    name: String,
    begun: bool,
    /// The file of its own, if it has one.
    file: Option<Hashing>,
}

impl Entry {
    fn begin(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        match &mut *self.package.state() {
            State::Zip { zip, .. } => {
                let options = SimpleFileOptions::default()
                    .compression_method(CompressionMethod::Deflated)
                    .large_file(true);
                zip.start_file(&*self.name, options).map_err(failed)?;
            }
            State::Loose { folder, stem, .. } => {
                self.file = Some(Hashing::create(folder, &format!("{stem}.{}", self.name))?);
            }
            State::Finished => return Err(finished()),
        }
        Ok(())
    }
}

impl Write for Entry {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.begin()?;
        match &mut self.file {
            Some(file) => file.write(bytes),
            None => match &mut *self.package.state() {
                State::Zip { zip, .. } => zip.write(bytes),
                _ => Err(finished()),
            },
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Portion for Entry {
    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.begin()?;
        if let Some(file) = self.file.take() {
            let entry = file.finish()?;
            if let State::Loose { files, .. } = &mut *self.package.state() {
                files.push(entry);
            }
        }
        Ok(())
    }
}

fn failed(error: zip::result::ZipError) -> io::Error {
    match error {
        zip::result::ZipError::Io(error) => error,
        other => io::Error::other(other),
    }
}

fn finished() -> io::Error {
    io::Error::other("the file has been completed")
}
