//! Where the dump comes from: a file or standard input, recognised by content, decompressed.
//!
//! A [`Source`] is a plain blocking [`Read`] over the decompressed bytes, made for reads of up to
//! 1 MiB; the pipeline calls it from a blocking thread. What is certainly no dump script is refused
//! here, with the way out, before anything is written. UTF-16 with a byte order mark becomes UTF-8;
//! it deliberately decodes no other character set and knows nothing about SQL.

mod ahead;
mod archive;
mod compression;
mod directory;
mod original;
mod refuse;
mod utf16;

pub use compression::Compression;
pub use original::Original;
pub use utf16::{Encoder as Utf16Encoder, Utf16};

use crate::archive::Flavour;
use crate::error::{Error, Result};
use crate::pipe::{Growth, when_ready};
use directory::Order;
use rustix::buffer::spare_capacity;
use rustix::event::PollFlags;
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader, Cursor, IsTerminal, Read, Seek};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;

/// How large the buffers are before and behind codecs.
pub const EDGE: usize = 1 << 20;

/// How much of the decompressed input [`Source::head`] shows.
pub const HEAD: usize = 64 << 10;

/// What messages call standard input.
const STDIN: &str = "standard input";

/// What tells two regular files apart: device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    /// The identity of a regular file; none for pipes, devices and directories.
    pub fn of(metadata: &std::fs::Metadata) -> Option<Identity> {
        metadata.is_file().then(|| Identity {
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }
}

/// An open input.
pub struct Source {
    label: String,
    compression: Compression,
    len: Option<u64>,
    identity: Option<Identity>,
    original: Option<Original>,
    utf16: Option<Utf16>,
    flavour: Option<Flavour>,
    /// Where a directory takes orders.
    orders: Option<Sender<Order>>,
    consumed: Arc<AtomicU64>,
    head: Vec<u8>,
    /// How much of `head` has been read.
    given: usize,
    rest: Box<dyn Read + Send>,
    /// A file that is read as it lies there: what `rest` would give.
    direct: Option<Box<dyn Refill + Send>>,
    /// Where anything else is read into first: [`ROOM`].
    room: Vec<u8>,
}

/// How many bytes are read at a time.
pub const ROOM: usize = 640 << 10;

/// Reads into memory that nobody has cleared before.
trait Refill {
    /// Appends what one read gives, into the room that the buffer has.
    fn refill(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize>;
}

/// A file, a device or a pipe, which may grow.
struct Inlet {
    file: File,
    growth: Growth,
}

impl Inlet {
    fn new(file: File) -> Self {
        Inlet {
            file,
            growth: Growth::default(),
        }
    }
}

impl Read for Inlet {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut file = &self.file;
        let n = when_ready(file, PollFlags::IN, || file.read(buffer))?;
        self.growth.passed(&self.file, n);
        Ok(n)
    }
}

impl Refill for Inlet {
    fn refill(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        let n = when_ready(&self.file, PollFlags::IN, || {
            Ok(rustix::io::read(&self.file, spare_capacity(buffer))?)
        })?;
        self.growth.passed(&self.file, n);
        Ok(n)
    }
}

impl Source {
    /// Opens a file, or standard input without a path or for `-`, and recognises what it is.
    ///
    /// # Errors
    /// If it cannot be read, if it is a terminal, or if its content is no dump script.
    pub fn open(path: Option<&Path>) -> Result<Source> {
        let (file, label) = match path.filter(|p| *p != Path::new("-")) {
            Some(path) => {
                let label = path.display().to_string();
                let file = File::open(path).map_err(|e| failed(&label, &e))?;
                if file.metadata().is_ok_and(|m| m.is_dir()) {
                    return Source::of_directory(path, &label);
                }
                (file, label)
            }
            None => {
                if stdin_is_terminal() {
                    return Err(Error::usage("standard input is a terminal")
                        .remedy("name a dump, or pipe one in: pg_dump db | scrub"));
                }
                let fd = io::stdin().as_fd().try_clone_to_owned();
                let label = STDIN.to_owned();
                (fd.map_err(|e| failed(&label, &e))?.into(), label)
            }
        };
        Source::of_file(file, &label)
    }

    /// A source over an open file, pipe or device.
    fn of_file(mut file: File, label: &str) -> Result<Source> {
        let mut open = || {
            let metadata = file.metadata()?;
            let original = match metadata.is_file() {
                true => Some(Original::new(
                    file.try_clone()?,
                    label,
                    file.stream_position()?,
                )?),
                false => None,
            };
            Ok((metadata, original))
        };
        let (metadata, original) = open().map_err(|e| failed(label, &e))?;
        let direct = file.try_clone().ok().map(Inlet::new);
        let mut source = Source::recognised(Box::new(Inlet::new(file)), label)?;
        source.read_directly(direct);
        source.identity = Identity::of(&metadata);
        source.len = metadata.is_file().then_some(metadata.len());
        source.original = original;
        Ok(source)
    }

    /// A source over a directory archive.
    fn of_directory(path: &Path, label: &str) -> Result<Source> {
        let toc = |(_, suffix): &(_, &str)| path.join(format!("toc.dat{suffix}"));
        let mut tocs = crate::archive::SUFFIXES.iter().map(toc);
        if tocs.all(|toc| toc.symlink_metadata().is_err()) {
            return Err(Error::input(format!("{label} is a directory"))
                .remedy("name one dump, or an archive of pg_dump -Fd"));
        }
        let mut source = Source::plain(Box::new(io::empty()), label);
        let opened = directory::Directory::open(path, &source.consumed)?;
        source.rest = Box::new(opened.directory);
        // What follows the table of contents waits until it has been read.
        source.head = source.fill_head(opened.contents.min(HEAD))?;
        source.len = Some(opened.size);
        source.flavour = Some(Flavour::Directory);
        source.orders = Some(opened.orders);
        Ok(source)
    }

    /// A source over any reader, recognised and decompressed as [`Source::open`] does it.
    ///
    /// # Errors
    /// If it cannot be read or its content is no dump script.
    pub fn recognised(reader: Box<dyn Read + Send>, label: &str) -> Result<Source> {
        let mut source = Source::plain(reader, label);
        let begin = source.fill_head(HEAD)?;
        source.compression = Compression::recognise(&begin);
        refuse::compressed(&begin)?;
        if source.compression == Compression::None {
            source.head = begin;
        } else {
            let rest = std::mem::replace(&mut source.rest, Box::new(io::empty()));
            let raw = BufReader::with_capacity(EDGE, Cursor::new(begin).chain(rest));
            source.rest = source
                .compression
                .decoder(raw)
                .map_err(|e| failed(label, &e))?;
            source.head = source.fill_head(HEAD)?;
        }
        source.flavour = crate::archive::recognise(&source.head);
        if source.flavour == Some(Flavour::Tar) {
            let rest = std::mem::replace(&mut source.rest, Box::new(io::empty()));
            let tar = Cursor::new(std::mem::take(&mut source.head)).chain(rest);
            source.rest = Box::new(archive::Tar::new(tar));
            source.head = source.fill_head(HEAD)?;
            return Ok(source);
        }
        // A settings file may well be empty; a dump never is.
        let settings = [".ini", ".properties"]
            .iter()
            .any(|end| label.ends_with(end));
        if !(settings && source.head.is_empty()) {
            refuse::content(&source.head)?;
        }
        source.utf16 = Utf16::recognise(&source.head);
        if let Some(order) = source.utf16 {
            let rest = std::mem::replace(&mut source.rest, Box::new(io::empty()));
            let raw = Cursor::new(std::mem::take(&mut source.head)).chain(rest);
            source.rest = Box::new(utf16::Decoder::new(raw, order));
            source.head = source.fill_head(HEAD)?;
        }
        Ok(source)
    }

    /// A source over any reader whose bytes are taken as they are: nothing is recognised or refused.
    pub fn plain(reader: Box<dyn Read + Send>, label: &str) -> Source {
        let consumed = Arc::new(AtomicU64::new(0));
        Source {
            label: label.to_owned(),
            compression: Compression::None,
            len: None,
            identity: None,
            original: None,
            utf16: None,
            flavour: None,
            orders: None,
            consumed: Arc::clone(&consumed),
            head: Vec::new(),
            given: 0,
            rest: Box::new(Counted { reader, consumed }),
            direct: None,
            room: Vec::new(),
        }
    }

    /// Behind the first bytes, reads from `file` what `rest` would read from it.
    fn read_directly(&mut self, file: Option<impl Refill + Send + 'static>) {
        let is_file = self.is_verbatim() && self.flavour != Some(Flavour::Tar);
        if let (Some(file), true) = (file, is_file) {
            self.direct = Some(Box::new(file));
        }
    }

    /// Appends what one read gives to a buffer that has room for it; nothing is the end.
    ///
    /// # Errors
    /// As for any read.
    pub fn read_into(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        if let (Some(file), true) = (&mut self.direct, self.given == self.head.len()) {
            let n = file.refill(buffer)?;
            self.consumed.fetch_add(n as u64, Ordering::Relaxed);
            return Ok(n);
        }
        // What has to be cleared before it is read into is cleared once, however little each read gives.
        let mut room = std::mem::take(&mut self.room);
        if room.is_empty() {
            room = vec![0; ROOM];
        }
        let free = (buffer.capacity() - buffer.len()).min(ROOM);
        let read = self.read(&mut room[..free]);
        buffer.extend_from_slice(&room[..read.as_ref().map_or(0, |n| *n)]);
        self.room = room;
        read
    }

    /// Reads so many of the first bytes, or all there are.
    fn fill_head(&mut self, length: usize) -> Result<Vec<u8>> {
        let mut head = Vec::with_capacity(length);
        let limited = &mut self.rest.as_mut().take(length as u64);
        match limited.read_to_end(&mut head) {
            Ok(_) => Ok(head),
            Err(e) => Err(self.fault(&e)),
        }
    }

    /// What messages call the input.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The name of the file, without its folder.
    pub fn file_name(&self) -> Option<&str> {
        let path = (self.label != STDIN).then(|| Path::new(&self.label))?;
        path.file_name()?.to_str()
    }

    /// How the input was compressed.
    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// The size of a regular file, as it lies there (compressed).
    pub fn len(&self) -> Option<u64> {
        self.len
    }

    /// Did the input turn out to have no byte at all? Such an input is refused by [`Source::open`].
    pub fn is_empty(&self) -> bool {
        self.len == Some(0)
    }

    /// Bytes read so far, as they lie there (compressed): what progress is measured by.
    pub fn consumed(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.consumed)
    }

    /// Can it be opened and read a second time?
    pub fn is_regular_file(&self) -> bool {
        self.identity.is_some()
    }

    /// Is it a file of which the bytes are the input's, so that a read does not wait for anybody?
    pub fn is_direct(&self) -> bool {
        self.direct.is_some() && self.is_regular_file()
    }

    /// Device and inode of a regular file.
    pub fn identity(&self) -> Option<Identity> {
        self.identity
    }

    /// The regular file behind the input, for reads beside the stream. Its bytes are the input's
    /// only if [`Source::is_verbatim`].
    pub fn original(&self) -> Option<&Original> {
        self.original.as_ref()
    }

    /// Is the input read as it lies there, neither decompressed nor decoded?
    pub fn is_verbatim(&self) -> bool {
        self.compression == Compression::None && self.utf16.is_none()
    }

    /// Is it an archive of pg_dump, and no script?
    pub fn is_archive(&self) -> bool {
        self.flavour.is_some()
    }

    /// Which container of pg_dump it is, if any. A tar and a directory are read as the stream of a
    /// custom archive.
    pub fn flavour(&self) -> Option<Flavour> {
        self.flavour
    }

    /// For who reads a directory and knows, as soon as it has its table of contents, the entries whose rows
    /// somebody will look at: their numbers go through the channel, and the rows come unpacked, so many files
    /// of them being in work at the same time. Nothing but the table of contents comes before that.
    pub fn unpack_ahead(&mut self, threads: usize) -> Option<Sender<HashSet<i32>>> {
        let orders = self.orders.take()?;
        let (sender, wanted) = std::sync::mpsc::channel();
        orders.send(Order { threads, wanted }).ok()?;
        Some(sender)
    }

    /// The input is UTF-16, and is read as UTF-8.
    pub fn utf16(&self) -> Option<Utf16> {
        self.utf16
    }

    /// The first bytes of the decompressed input, at most [`HEAD`]. They are not consumed.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// The error for a read that failed: damaged compressed data is a refused input, anything else
    /// a failed read.
    pub fn fault(&self, error: &io::Error) -> Error {
        if let Some(own) = error.get_ref().and_then(|e| e.downcast_ref::<Error>()) {
            return own.clone();
        }
        let read = self.consumed.load(Ordering::Relaxed);
        if error.get_ref().is_some_and(|e| e.is::<utf16::CutShort>()) {
            return Error::input(format!("{error}, after {read} bytes"))
                .remedy("it is truncated; make the dump again");
        }
        let damaged = self.compression != Compression::None && error.raw_os_error().is_none();
        if damaged {
            compression::damaged(self.compression, &self.label, Some(read), error)
        } else {
            failed(&self.label, error)
        }
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given < self.head.len() {
            let n = (&self.head[self.given..]).read(buffer)?;
            self.given += n;
            return Ok(n);
        }
        self.rest.read(buffer)
    }
}

/// Is standard input a terminal, so that nobody has piped anything in?
pub fn stdin_is_terminal() -> bool {
    io::stdin().is_terminal()
}

fn failed(label: &str, error: &io::Error) -> Error {
    Error::io(format!("cannot read {label}: {error}"))
}

/// Counts the bytes that pass.
struct Counted<R> {
    reader: R,
    consumed: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.reader.read(buffer)?;
        self.consumed.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use std::io::Write;

    /// Gives one byte more with every read, as a slow pipe does.
    struct Trickle(Vec<u8>, usize, usize);

    impl Read for Trickle {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.2 += 1;
            let n = self.2.min(buffer.len()).min(self.0.len() - self.1);
            buffer[..n].copy_from_slice(&self.0[self.1..self.1 + n]);
            self.1 += n;
            Ok(n)
        }
    }

    fn lines(n: usize) -> Vec<u8> {
        (0..n)
            .flat_map(|i| format!("SELECT {i};\n").into_bytes())
            .collect()
    }

    #[test]
    fn gives_what_it_got_however_it_comes() {
        for n in [1, 100, 20_000] {
            let bytes = lines(n);
            let trickle = Trickle(bytes.clone(), 0, 0);
            let mut source = Source::recognised(Box::new(trickle), "x").unwrap();
            assert_eq!(source.head(), &bytes[..bytes.len().min(HEAD)]);
            let mut out = Vec::new();
            source.read_to_end(&mut out).unwrap();
            assert!(out == bytes);
            assert_eq!(
                source.consumed().load(Ordering::Relaxed),
                bytes.len() as u64
            );
        }
    }

    #[test]
    fn a_plain_source_recognises_nothing() {
        let mut out = Vec::new();
        Source::plain(Box::new(&b"PGDMP"[..]), "x")
            .read_to_end(&mut out)
            .unwrap();
        assert_eq!(out, b"PGDMP");
    }

    #[test]
    fn a_file_knows_its_length_and_identity() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"SELECT 1;\n").unwrap();
        let source = Source::open(Some(file.path())).unwrap();
        assert_eq!(source.len(), Some(10));
        assert!(source.is_regular_file());
        assert_eq!(
            source.identity(),
            Identity::of(&file.as_file().metadata().unwrap())
        );
        assert_eq!(source.label(), file.path().display().to_string());
        assert_eq!(source.compression(), Compression::None);
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Source::open(Some(Path::new("/nowhere/dump.sql")))
            .err()
            .unwrap();
        assert_eq!(error.kind, ErrorKind::Io);
        assert!(error.message.contains("/nowhere/dump.sql"), "{error}");
    }

    #[test]
    fn an_empty_file_and_a_directory_are_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Source::open(Some(file.path())).err().unwrap();
        assert_eq!(
            (error.kind, error.message.as_str()),
            (ErrorKind::Input, "no input")
        );
        let folder = tempfile::tempdir().unwrap();
        let error = Source::open(Some(folder.path())).err().unwrap();
        assert_eq!(error.kind, ErrorKind::Input);
        std::fs::write(folder.path().join("toc.dat"), b"PGDMP").unwrap();
        let error = Source::open(Some(folder.path())).err().unwrap();
        assert!(error.to_string().contains("ends within"), "{error}");
    }

    #[test]
    fn a_read_that_fails_is_io_and_damaged_data_is_input() {
        let mut source = Source::plain(Box::new(io::empty()), "x");
        let os = io::Error::from_raw_os_error(5);
        assert_eq!(source.fault(&os).kind, ErrorKind::Io);
        source.compression = Compression::Gzip;
        assert_eq!(source.fault(&os).kind, ErrorKind::Io);
        let bad = io::Error::from(io::ErrorKind::InvalidData);
        assert_eq!(source.fault(&bad).kind, ErrorKind::Input);
    }
}
