//! Where the safe dump goes: standard output or a file that appears only when it is complete.
//!
//! A file has mode 0600 and no name before [`Sink::finish`]; a sink that is dropped leaves nothing. The sink compresses, and it
//! deliberately knows nothing of what it writes; wrapping a dump into one transaction is the
//! business of [`Transaction`].

mod archive;
mod compress;
mod target;
mod transaction;
mod zstandard;

pub use compress::Method;
pub use target::Portion;
pub use transaction::{Admit, Transaction};
pub use zstandard::{Zstandard, frame_of_rows};

use crate::archive::Flavour;
use crate::error::{Error, Result};
use crate::source::{Compression, EDGE, Identity, Utf16, Utf16Encoder};
use archive::{Folder, Members, Unpack};
use compress::Encoder;
use rustix::fs::FileType;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use target::{Atomic, Stream, Target};

/// Less than this is gathered before it is written.
const SMALL: usize = 64 << 10;

/// What is asked of the output.
#[derive(Debug, Clone, Default)]
pub struct Output {
    /// The file; none for standard output.
    pub path: Option<PathBuf>,
    /// How to compress. None: as the file's suffix says, plain on standard output.
    pub compression: Option<Method>,
    /// What the run reads: writing onto an input is refused.
    pub inputs: Vec<Identity>,
    /// Write UTF-16, as the input was.
    pub utf16: Option<Utf16>,
    /// The container, which is written from the stream of a custom archive.
    pub flavour: Flavour,
    /// Where a tar's members wait, if they are too long for the memory.
    pub spool_dir: Option<PathBuf>,
    /// `-o -`: standard output even if it is a terminal.
    pub allow_terminal: bool,
}

/// An open output.
pub struct Sink {
    label: String,
    encoder: Encoder<BufWriter<Target>>,
    /// For UTF-16: its encoder, and room for what it makes.
    wide: Option<(Utf16Encoder, Vec<u8>)>,
    written: u64,
}

impl Sink {
    /// Opens the output. Nothing is written yet.
    ///
    /// # Errors
    /// If it is the input, if it is a terminal that was not asked for, or if it cannot be created.
    pub fn open(output: &Output) -> Result<Sink> {
        let (target, label) = match (&output.path, output.flavour) {
            (None, Flavour::Directory) => {
                return Err(Error::usage("a directory archive is no stream")
                    .remedy("name the directory to be made: -o DIRECTORY"));
            }
            (Some(path), Flavour::Directory) => {
                let folder = Unpack::new(Folder::new(path)?, Flavour::Directory);
                (
                    Target::Directory(Box::new(folder)),
                    path.display().to_string(),
                )
            }
            (None, _) => (stdout(output)?, "standard output".to_owned()),
            (Some(path), _) => (file(path, output)?, path.display().to_string()),
        };
        let target = match output.flavour {
            Flavour::Tar => {
                let target = BufWriter::with_capacity(EDGE, target);
                let members = Members::new(target, output.spool_dir.clone());
                Target::Tar(Box::new(Unpack::new(members, Flavour::Tar)))
            }
            _ => target,
        };
        let suffix = output.path.as_deref().and_then(Path::extension);
        let by_suffix = Method::by_suffix(suffix.and_then(|s| s.to_str()));
        let method = match output.flavour {
            Flavour::Custom => output.compression.unwrap_or(by_suffix),
            // What is taken apart cannot be compressed before.
            Flavour::Directory => Method::default(),
            Flavour::Tar if by_suffix.compression != Compression::None => {
                return Err(
                    Error::usage(format!("{label}: no pg_restore reads a compressed tar"))
                        .remedy("name it .tar, and compress it when it is there"),
                );
            }
            Flavour::Tar => Method::default(),
        };
        let buffered = BufWriter::with_capacity(SMALL, target);
        let encoder = Encoder::new(method, buffered).map_err(|e| failed(&label, &e))?;
        Ok(Sink {
            label,
            encoder,
            wide: output
                .utf16
                .map(|order| (Utf16Encoder::new(order), Vec::new())),
            written: 0,
        })
    }

    /// An output that becomes a part of something larger.
    ///
    /// # Errors
    /// If it cannot be compressed like that.
    pub fn part(
        part: Box<dyn Portion>,
        label: &str,
        method: Method,
        utf16: Option<Utf16>,
    ) -> Result<Sink> {
        let buffered = BufWriter::with_capacity(SMALL, Target::Portion(part));
        let encoder = Encoder::new(method, buffered).map_err(|e| failed(label, &e))?;
        Ok(Sink {
            label: label.to_owned(),
            encoder,
            wide: utf16.map(|order| (Utf16Encoder::new(order), Vec::new())),
            written: 0,
        })
    }

    /// Writes all of `bytes`; 64 KiB or more of them reach a plain output without a copy.
    ///
    /// # Errors
    /// If the output fails; a reader that has gone is one such failure.
    pub fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.write_all(bytes).map_err(|e| failed(&self.label, &e))
    }

    /// Is it a regular file that appears when it is complete?
    pub fn is_file(&self) -> bool {
        matches!(self.encoder.get_ref().get_ref(), Target::Atomic(_))
    }

    /// Writes once more what stands at the start of a plain file.
    ///
    /// # Errors
    /// If the output fails, or is no such file.
    pub fn rewrite(&mut self, bytes: &[u8]) -> Result<()> {
        self.encoder.flush().map_err(|e| failed(&self.label, &e))?;
        let written = match &self.encoder {
            Encoder::Plain(plain) => plain.get_ref().rewrite(bytes),
            _ => Err(io::ErrorKind::Unsupported.into()),
        };
        written.map_err(|e| failed(&self.label, &e))
    }

    /// The error for a write that failed: a reader that has gone is one.
    pub fn fault(&self, error: &io::Error) -> Error {
        failed(&self.label, error)
    }

    /// Bytes taken so far, before compression.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// What messages call the output.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Completes the output: what is buffered is written, a file is synced to the disk and gets its
    /// name, and the mode and owner of the file it replaces or else the mode that the umask gives.
    ///
    /// # Errors
    /// If any of that fails; then a file does not appear.
    pub fn finish(self) -> Result<()> {
        let label = self.label;
        let close = move || self.encoder.finish()?.into_inner()?.finish();
        close().map_err(|e| failed(&label, &e))
    }

    /// Ends the output of a failed run: a stream's reader still gets `end`, which cannot be loaded,
    /// and a well-formed end of the compression around it, so that it sees `end` at all. A file
    /// does not appear.
    pub fn abandon(mut self, end: &[u8]) {
        // What fails here has failed already.
        let (stream, tar) = match self.encoder.get_ref().get_ref() {
            Target::Stream(_) => (true, false),
            target => (false, matches!(target, Target::Tar(_))),
        };
        if stream && self.write_all(end).is_ok() {
            let _ = self
                .encoder
                .finish()
                .and_then(|mut buffered| buffered.flush());
        } else if let (true, Encoder::Plain(plain)) = (tar, self.encoder) {
            let _ = plain.into_parts().0.spoil();
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = match &mut self.wide {
            Some((wide, units)) => {
                for piece in bytes.chunks(SMALL * 2) {
                    units.clear();
                    wide.encode(piece, units)?;
                    self.encoder.write_all(units)?;
                }
                bytes.len()
            }
            None => self.encoder.write(bytes)?,
        };
        self.written += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.encoder.flush()
    }
}

/// The end of a run that failed before it had an output: a client at the other end of the pipe would
/// take an empty stream for an empty dump and report success. In every dialect this is a statement
/// that cannot be parsed. A file or a terminal gets nothing.
pub fn spoil_pipe() {
    const END: &[u8] = b"\n) 'scrub: the run failed before it began'\n;\n";
    let stdout = io::stdout();
    let kind = rustix::fs::fstat(&stdout).map(|stat| FileType::from_raw_mode(stat.st_mode));
    if matches!(kind, Ok(FileType::Fifo | FileType::Socket)) {
        // If nobody listens any more, nobody can be misled.
        let _ = stdout.lock().write_all(END);
        let _ = stdout.lock().flush();
    }
}

fn stdout(output: &Output) -> Result<Target> {
    if !output.allow_terminal && io::stdout().is_terminal() {
        return Err(terminal());
    }
    let fd = io::stdout().as_fd().try_clone_to_owned();
    let stream: File = fd.map_err(|e| failed("standard output", &e))?.into();
    if let Ok(metadata) = stream.metadata() {
        not_the_input(Identity::of(&metadata), output, "standard output")?;
    }
    Ok(Target::Stream(Stream::new(stream)))
}

fn file(path: &Path, output: &Output) -> Result<Target> {
    let label = path.display().to_string();
    // A link stays a link: what it points to is written.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    if let Ok(metadata) = path.metadata() {
        if metadata.is_dir() {
            return Err(Error::usage(format!("{label} is a directory")).remedy("name a file"));
        }
        not_the_input(Identity::of(&metadata), output, &label)?;
        if !metadata.is_file() {
            let device = OpenOptions::new().write(true).open(&path);
            let device = device.map_err(|e| failed(&label, &e))?;
            if device.is_terminal() {
                return Err(terminal());
            }
            return Ok(Target::Stream(Stream::new(device)));
        }
    }
    let file = Atomic::create(path).map_err(|e| failed(&label, &e))?;
    Ok(Target::Atomic(file))
}

fn not_the_input(identity: Option<Identity>, output: &Output, label: &str) -> Result<()> {
    if identity.is_some_and(|identity| output.inputs.contains(&identity)) {
        return Err(Error::usage(format!("{label} is an input")).remedy("name another file"));
    }
    Ok(())
}

fn terminal() -> Error {
    Error::usage("a dump is not printed on a terminal")
        .remedy("pipe it on, or use -o FILE; -o - prints it all the same")
}

fn failed(label: &str, error: &io::Error) -> Error {
    use io::ErrorKind as Kind;
    if let Some(own) = error.get_ref().and_then(|e| e.downcast_ref::<Error>()) {
        return own.clone();
    }
    if error.kind() == Kind::BrokenPipe {
        return Error::io("the reader of the output has gone")
            .remedy("see what the command after scrub says");
    }
    let failed = Error::io(format!("cannot write {label}: {error}"));
    match error.kind() {
        Kind::StorageFull | Kind::QuotaExceeded => {
            failed.remedy("make room, or write elsewhere with -o FILE")
        }
        Kind::FileTooLarge => failed.remedy("raise the limit of a file's size (ulimit -f)"),
        Kind::NotFound | Kind::PermissionDenied | Kind::ReadOnlyFilesystem => {
            failed.remedy("name a file in a directory that can be written")
        }
        _ => failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::source::Source;
    use std::fs::Permissions;
    use std::io::Read;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    fn output(path: &Path) -> Output {
        Output {
            path: Some(path.to_path_buf()),
            ..Output::default()
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        entries
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_file_appears_when_it_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("safe.sql");
        let mut sink = Sink::open(&output(&path)).unwrap();
        sink.put(b"SELECT 1;\n").unwrap();
        sink.put(&vec![b' '; EDGE + 1]).unwrap();
        // Linux: nothing at all; elsewhere a temporary name.
        assert!(
            names(folder.path())
                .iter()
                .all(|name| name.ends_with(".part"))
        );
        assert!(names(folder.path()).is_empty() || cfg!(not(target_os = "linux")));
        assert_eq!(sink.written(), EDGE as u64 + 11);
        sink.finish().unwrap();
        assert_eq!(names(folder.path()), ["safe.sql"]);
        assert_eq!(path.metadata().unwrap().len(), EDGE as u64 + 11);
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o666 & !target::umask().bits());
    }

    #[test]
    fn nothing_is_left_of_a_failed_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("safe.sql");
        for abandon in [false, true] {
            let mut sink = Sink::open(&output(&path)).unwrap();
            sink.put(b"SELECT 1;\n").unwrap();
            if abandon {
                sink.abandon(b"no");
            } else {
                drop(sink);
            }
            assert!(names(folder.path()).is_empty());
        }
    }

    #[test]
    fn an_earlier_file_stays_until_it_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("safe.sql");
        let link = folder.path().join("link.sql");
        std::fs::write(&path, "old").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let mut sink = Sink::open(&output(&link)).unwrap();
        sink.put(b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        sink.finish().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert!(link.is_symlink());
    }

    #[test]
    fn a_replaced_file_keeps_its_mode_and_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("safe.sql");
        for mode in [0o600, 0o640, 0o666] {
            std::fs::write(&path, "old").unwrap();
            std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            // Only root may do this; then the owner is kept, too.
            let _ = std::os::unix::fs::chown(&path, Some(1), Some(1));
            let before = path.metadata().unwrap();
            let mut sink = Sink::open(&output(&path)).unwrap();
            sink.put(b"new").unwrap();
            sink.finish().unwrap();
            let after = path.metadata().unwrap();
            assert_ne!(after.ino(), before.ino());
            assert_eq!(
                (after.mode(), after.uid(), after.gid()),
                (before.mode(), before.uid(), before.gid())
            );
            assert_eq!(std::fs::read(&path).unwrap(), b"new");
        }
    }

    #[test]
    fn the_input_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dump.sql");
        let other = folder.path().join("other.sql");
        std::fs::write(&path, "SELECT 1;").unwrap();
        std::fs::hard_link(&path, &other).unwrap();
        let input = Source::open(Some(&path)).unwrap().identity();
        for name in [&path, &other] {
            let error = Sink::open(&Output {
                inputs: input.into_iter().collect(),
                ..output(name)
            })
            .err()
            .unwrap();
            assert_eq!(error.kind, ErrorKind::Usage);
            assert!(error.message.ends_with("is an input"), "{error}");
        }
        assert_eq!(std::fs::read(&path).unwrap(), b"SELECT 1;");
    }

    #[test]
    fn a_device_is_written_and_not_replaced() {
        let mut sink = Sink::open(&output(Path::new("/dev/null"))).unwrap();
        sink.put(b"SELECT 1;").unwrap();
        sink.finish().unwrap();
        assert!(!Path::new("/dev/null").metadata().unwrap().is_file());
    }

    #[test]
    fn what_cannot_be_created_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = Sink::open(&output(folder.path())).err().unwrap();
        assert_eq!(error.kind, ErrorKind::Usage);
        let error = Sink::open(&output(&folder.path().join("no/safe.sql")))
            .err()
            .unwrap();
        assert_eq!(error.kind, ErrorKind::Io);
        assert!(error.message.contains("no/safe.sql"), "{error}");
    }

    #[test]
    fn a_disk_that_is_full_fails_the_run() {
        let mut sink = Sink::open(&output(Path::new("/dev/full"))).unwrap();
        sink.put(b"SELECT 1;").unwrap();
        let error = sink.finish().unwrap_err();
        assert_eq!(error.kind, ErrorKind::Io);
        assert!(error.message.contains("/dev/full"), "{error}");
    }

    #[test]
    fn a_reader_that_has_gone_is_said_so() {
        let error = failed("standard output", &io::ErrorKind::BrokenPipe.into());
        assert_eq!(error.kind, ErrorKind::Io);
        assert!(error.message.contains("reader of the output has gone"));
    }

    #[test]
    fn the_suffix_chooses_the_compression_unless_z_does() {
        let folder = tempfile::tempdir().unwrap();
        let plain = Method {
            compression: Compression::None,
            level: None,
        };
        let cases = [
            ("a.sql", None, Compression::None),
            ("a.sql.gz", None, Compression::Gzip),
            ("a.sql.lz4", None, Compression::Lz4),
            ("a.sql.zst", None, Compression::Zstd),
            ("b.sql.gz", Some(plain), Compression::None),
        ];
        for (name, compression, expected) in cases {
            let path = folder.path().join(name);
            let mut sink = Sink::open(&Output {
                compression,
                ..output(&path)
            })
            .unwrap();
            sink.put(b"SELECT 1;\n").unwrap();
            sink.finish().unwrap();
            let mut source = Source::open(Some(&path)).unwrap();
            assert_eq!(source.compression(), expected);
            let mut text = String::new();
            source.read_to_string(&mut text).unwrap();
            assert_eq!(text, "SELECT 1;\n");
        }
    }
}
