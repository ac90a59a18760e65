//! The folder in which a set is made. It gets its name when the set is whole; until then it stands beside
//! under a temporary one, only for its owner, and goes with everything in it when the run ends.
//!
//! What `kill -9` leaves is such a folder (`.scrub-….part`), which nobody can take for a set.

use super::Id;
use crate::error::{Error, Result};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A set's folder before it has its name.
#[derive(Debug)]
pub struct Staging {
    beside: TempDir,
    folder: PathBuf,
    named: PathBuf,
}

impl Staging {
    /// Begins the folder of a set within `directory`.
    ///
    /// # Errors
    /// If that is no directory in which files can be made.
    pub fn begin(directory: &Path, id: &Id) -> Result<Staging> {
        let name = directory.display();
        if !directory.is_dir() {
            return Err(Error::usage(format!("{name} is no directory"))
                .remedy("name one that is there: the set becomes a folder in it"));
        }
        let failed = |e: io::Error| Error::io(format!("cannot write in {name}: {e}"));
        let beside = tempfile::Builder::new()
            .prefix(".scrub-")
            .suffix(".part")
            .tempdir_in(directory)
            .map_err(failed)?;
        // Within the private folder it already has the mode that it will have.
        let folder = beside.path().join(id.folder());
        fs::create_dir(&folder).map_err(failed)?;
        Ok(Staging {
            folder,
            named: directory.join(id.folder()),
            beside,
        })
    }

    /// Where files are made.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What has to go if the process ends at once.
    pub fn beside(&self) -> &Path {
        self.beside.path()
    }

    /// Writes a file of the set and brings it to the disk.
    ///
    /// # Errors
    /// If that fails.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.folder.join(name);
        let write = || {
            let mut file = File::create_new(path)?;
            io::Write::write_all(&mut file, text.as_bytes())?;
            file.sync_all()
        };
        write().map_err(|e| Error::io(format!("cannot write {name}: {e}")))
    }

    /// The set is whole: gives the folder its name, and says which.
    ///
    /// # Errors
    /// If that fails.
    pub fn publish(self) -> Result<PathBuf> {
        let publish = || {
            File::open(&self.folder)?.sync_all()?;
            fs::rename(&self.folder, &self.named)?;
            // The name is durable when the directory is; file systems that cannot sync one do so anyway.
            let parent = self.named.parent().unwrap_or(Path::new("."));
            let _ = File::open(parent).and_then(|folder| folder.sync_all());
            Ok(())
        };
        let named = self.named.display();
        publish().map_err(|e: io::Error| Error::io(format!("cannot make {named}: {e}")))?;
        Ok(self.named)
    }
}
