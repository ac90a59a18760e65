//! A file that knows its size and SHA-256 while it is written, and the same of one that is read.

use super::manifest::FileEntry;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

/// Bytes moved at a time.
const PIECE: usize = 256 << 10;

/// A new file and the hash of what has been written.
pub(super) struct Hashing {
    name: String,
    file: BufWriter<File>,
    hash: Sha256,
    size: u64,
}

impl Hashing {
    /// Creates a file; one that is there already is a failure.
    pub(super) fn create(folder: &Path, name: &str) -> io::Result<Hashing> {
        let file = File::create_new(folder.join(name))?;
        Ok(Hashing {
            name: name.to_owned(),
            file: BufWriter::with_capacity(PIECE, file),
            hash: Sha256::new(),
            size: 0,
        })
    }

    /// Everything has been written: brings it to the disk.
    pub(super) fn finish(self) -> io::Result<FileEntry> {
        let file = self.file.into_inner()?;
        file.sync_all()?;
        Ok(FileEntry {
            name: self.name,
            size: self.size,
            sha256: hex(&self.hash.finalize()),
        })
    }
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.file.write(bytes)?;
        self.hash.update(&bytes[..n]);
        self.size += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Size and hash of what is left of an open file.
pub(super) fn of_file(mut file: &File) -> io::Result<(u64, String)> {
    let mut piece = vec![0; PIECE];
    let mut hash = Sha256::new();
    let mut size = 0;
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok((size, hex(&hash.finalize()))),
            Ok(n) => {
                hash.update(&piece[..n]);
                size += n as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

/// The hash of bytes.
pub(super) fn of_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
