//! Where bytes wait that are needed again: ranges of the input file, memory, an unlinked file.
//!
//! One [`Store`] serves everything that a run keeps aside, so that one account of memory covers
//! it all: spools take a share of `--memory` and go to the file beyond it, lookups may take what is
//! left and stop the run beyond that. What is kept can be read any number of times.
//!
//! The file has no name from the start (mode 0600, removed before the first byte is written), so
//! nothing stays on disk whatever happens. Each piece in it is a zstd frame of its own. Its room is
//! not used again before the run ends.

use crate::error::{Error, Result};
use crate::source::Original;
use bytes::Bytes;
use std::fs::{File, Permissions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// About how large a piece should be: what is smaller is better gathered first.
pub(super) const PIECE: usize = 1 << 20;

/// Spools may take this part of the memory.
const SHARE: u64 = 4;

/// How much of `--memory` is taken.
#[derive(Debug)]
pub(super) struct Memory {
    limit: u64,
    taken: AtomicU64,
}

impl Memory {
    /// Takes some that cannot wait elsewhere.
    ///
    /// # Errors
    /// The limit, if that is exceeded.
    pub(super) fn take(&self, bytes: u64) -> Result<(), u64> {
        let before = self.taken.fetch_add(bytes, Ordering::Relaxed);
        match before.saturating_add(bytes) <= self.limit {
            true => Ok(()),
            false => Err(self.limit),
        }
    }

    /// Takes some if it stays below a limit.
    fn take_below(&self, bytes: u64, limit: u64) -> bool {
        let taken = |before: u64| before.checked_add(bytes).filter(|after| *after <= limit);
        self.taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken)
            .is_ok()
    }

    /// Gives some back.
    pub(super) fn give(&self, bytes: u64) {
        self.taken.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// The keeper of a run. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Store {
    memory: Arc<Memory>,
    dir: Option<PathBuf>,
    file: Arc<Mutex<Option<Spill>>>,
}

/// The file and what it holds.
struct Spill {
    file: Arc<File>,
    end: u64,
    compressor: zstd::bulk::Compressor<'static>,
}

impl std::fmt::Debug for Spill {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Spill of {} bytes", self.end)
    }
}

/// A piece that is kept.
#[derive(Debug)]
pub(super) struct Kept {
    len: usize,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Input(Original, u64),
    Memory(Bytes, Arc<Memory>),
    File(Arc<File>, u64, usize),
}

impl Store {
    /// A store that takes at most its share of `limit` bytes of memory and keeps the rest in a file
    /// in `dir`.
    pub(super) fn new(limit: u64, dir: Option<PathBuf>) -> Self {
        Store {
            memory: Arc::new(Memory {
                limit,
                taken: AtomicU64::new(0),
            }),
            dir,
            file: Arc::default(),
        }
    }

    /// The account of the run's memory.
    pub(super) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Keeps bytes.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn keep(&self, bytes: Vec<u8>) -> Result<Kept> {
        let len = bytes.len();
        let size = len as u64;
        let place = if self.memory.take_below(size, self.memory.limit / SHARE) {
            Place::Memory(bytes.into_boxed_slice().into(), Arc::clone(&self.memory))
        } else {
            self.spill(&bytes).map_err(|error| self.failed(&error))?
        };
        Ok(Kept { len, place })
    }

    fn create(&self) -> std::io::Result<File> {
        let file = match &self.dir {
            Some(dir) => tempfile::tempfile_in(dir)?,
            None => tempfile::tempfile()?,
        };
        // Without a name it has the umask's mode, and /proc still leads to it.
        file.set_permissions(Permissions::from_mode(0o600))?;
        Ok(file)
    }

    fn failed(&self, error: &std::io::Error) -> Error {
        let dir = match &self.dir {
            Some(dir) => dir.clone(),
            None => std::env::temp_dir(),
        };
        Error::io(format!(
            "cannot keep rows aside in {}: {error}",
            dir.display()
        ))
        .remedy("give a directory with room by --spool-dir DIR, or more memory by --memory SIZE")
    }

    fn spill(&self, bytes: &[u8]) -> std::io::Result<Place> {
        let mut spill = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let spill = match &mut *spill {
            Some(spill) => spill,
            none => none.insert(Spill {
                file: Arc::new(self.create()?),
                end: 0,
                compressor: zstd::bulk::Compressor::new(1)?,
            }),
        };
        let packed = spill.compressor.compress(bytes)?;
        let at = spill.end;
        spill.file.write_all_at(&packed, at)?;
        spill.end += packed.len() as u64;
        Ok(Place::File(Arc::clone(&spill.file), at, packed.len()))
    }
}

impl Kept {
    /// A range of the input, which lies there to be read again.
    pub(super) fn of_input(original: Original, at: u64, len: usize) -> Kept {
        Kept {
            len,
            place: Place::Input(original, at),
        }
    }

    /// The bytes.
    ///
    /// # Errors
    /// If they cannot be read, or if the input file has changed.
    pub(super) fn read(&self) -> Result<Bytes> {
        match &self.place {
            Place::Input(original, at) => Ok(original.read(*at, self.len)?.into()),
            Place::Memory(bytes, _) => Ok(bytes.clone()),
            Place::File(file, at, packed) => {
                let read = || {
                    let mut buffer = vec![0; *packed];
                    file.read_exact_at(&mut buffer, *at)?;
                    zstd::bulk::decompress(&buffer, self.len)
                };
                let failed =
                    |error| Error::io(format!("cannot read rows that were kept aside: {error}"));
                Ok(read().map_err(failed)?.into())
            }
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if let Place::Memory(_, memory) = &self.place {
            memory.give(self.len as u64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    fn piece(n: u8) -> Vec<u8> {
        vec![n; 100 + n as usize]
    }

    #[test]
    fn what_is_kept_can_be_read_again_and_in_any_order() {
        for limit in [0, 1000, 1 << 20] {
            let store = Store::new(limit, None);
            let kept: Vec<Kept> = (0..50).map(|n| store.keep(piece(n)).unwrap()).collect();
            for (n, kept) in (0..50).zip(&kept).chain((0..50).zip(&kept).rev()) {
                assert_eq!(kept.read().unwrap(), piece(n), "limit {limit}");
            }
            let in_memory: u64 = kept
                .iter()
                .filter(|kept| matches!(kept.place, Place::Memory(..)))
                .map(|kept| kept.len as u64)
                .sum();
            assert_eq!(store.memory.taken.load(Ordering::Relaxed), in_memory);
            assert!(in_memory <= limit / SHARE);
            drop(kept);
            assert_eq!(store.memory.taken.load(Ordering::Relaxed), 0);
        }
    }

    #[test]
    fn an_empty_piece_is_kept_like_any_other() {
        let store = Store::new(0, None);
        assert_eq!(store.keep(Vec::new()).unwrap().read().unwrap(), "");
        store.keep(piece(1)).unwrap();
        assert_eq!(store.keep(Vec::new()).unwrap().read().unwrap(), "");
    }

    #[test]
    fn spools_leave_memory_to_lookups() {
        let store = Store::new(1000, None);
        let kept: Vec<Kept> = (0..9).map(|n| store.keep(piece(n)).unwrap()).collect();
        assert!(matches!(kept[0].place, Place::Memory(..)));
        assert!(matches!(kept[8].place, Place::File(..)));
        assert_eq!(store.memory().take(700), Ok(()));
        assert_eq!(store.memory().take(200), Err(1000));
        store.memory().give(900);
    }

    #[test]
    fn the_file_is_private_and_has_no_name() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(0, Some(dir.path().to_owned()));
        let kept = store.keep(piece(1)).unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        let Place::File(file, ..) = &kept.place else {
            panic!("it is in a file");
        };
        let metadata = file.metadata().unwrap();
        assert_eq!((metadata.nlink(), metadata.mode() & 0o777), (0, 0o600));
    }

    #[test]
    fn a_directory_that_cannot_be_written_is_an_error() {
        let store = Store::new(0, Some("/nonexistent/scrub".into()));
        let error = store.keep(b"secret".to_vec()).unwrap_err().to_string();
        assert!(
            error.contains("/nonexistent/scrub")
                && error.contains("--spool-dir")
                && !error.contains("secret"),
            "{error}"
        );
    }

    #[test]
    fn a_file_that_lost_bytes_is_an_error() {
        let store = Store::new(0, None);
        let kept = store.keep(piece(1)).unwrap();
        let Place::File(file, ..) = &kept.place else {
            panic!("it is in a file");
        };
        file.set_len(3).unwrap();
        assert!(kept.read().is_err());
    }
}
