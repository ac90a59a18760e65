//! Tar and directory archives, read as the stream of a custom archive.

use crate::archive::{
    Data, Flavour, LONGEST, Objects, Toc, TocReader, Weaver, begin, chunk, end, file, object,
    objects, suffix,
};
use crate::error::{Error, Result};
use bytes::BytesMut;
use std::collections::{HashSet, VecDeque};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// How much is read at a time.
const PIECE: usize = 256 << 10;

/// A reader's error that is one of scrub's own.
pub(super) fn wrapped(error: Error) -> io::Error {
    io::Error::other(error)
}

/// A tar archive as a stream.
pub(super) struct Tar<R> {
    tar: R,
    weaver: Weaver,
    input: BytesMut,
    eof: bool,
    out: Out,
}

impl<R: Read> Tar<R> {
    pub(super) fn new(tar: R) -> Self {
        Tar {
            tar,
            weaver: Weaver::default(),
            input: BytesMut::new(),
            eof: false,
            out: Out::default(),
        }
    }
}

impl<R: Read> Read for Tar<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.out.is_empty() {
            let more = self
                .weaver
                .next(&mut self.input, self.eof, self.out.fresh());
            if more.map_err(wrapped)? {
                continue;
            }
            if self.eof {
                break;
            }
            let start = self.input.len();
            self.input.resize(start + PIECE, 0);
            let n = self.tar.read(&mut self.input[start..]);
            self.input.truncate(start + n.as_ref().map_or(0, |n| *n));
            self.eof = n? == 0;
        }
        self.out.read(buffer)
    }
}

/// What has been made and not yet been read.
#[derive(Default)]
struct Out {
    bytes: Vec<u8>,
    read: usize,
}

impl Out {
    fn is_empty(&self) -> bool {
        self.read == self.bytes.len()
    }

    /// Room for more, once all has been read.
    fn fresh(&mut self) -> &mut Vec<u8> {
        if self.is_empty() {
            self.bytes.clear();
            self.read = 0;
        }
        &mut self.bytes
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = (&self.bytes[self.read..]).read(buffer)?;
        self.read += n;
        Ok(n)
    }
}

/// A directory archive as a stream.
pub(super) struct Directory {
    path: PathBuf,
    /// Of all files but `toc.dat` and the lists of large objects.
    suffix: &'static str,
    /// The blocks that are to come.
    expected: VecDeque<Block>,
    /// The large objects of the open block that are to come.
    objects: Option<VecDeque<(u32, String)>>,
    open: Option<(File, String)>,
    out: Out,
}

/// The files of an entry.
enum Block {
    Rows(i32, String),
    Objects(i32, Objects),
}

impl Directory {
    /// Opens a directory; gives its size, too. Every file that its table of contents names is there, and no
    /// other.
    ///
    /// # Errors
    /// If that is not so, if it is no archive, or if it cannot be read.
    pub(super) fn open(path: &Path) -> Result<(Directory, u64)> {
        let toc = contents(path)?;
        let mut directory = Directory {
            path: path.to_owned(),
            suffix: suffix(toc.header.method().compression),
            expected: VecDeque::new(),
            objects: None,
            open: None,
            out: Out::default(),
        };
        let mut size = 0;
        let mut known = HashSet::from(["toc.dat".to_owned()]);
        for entry in &toc.entries {
            let (Some(data), Some(name)) = (entry.data(), file(entry)?) else {
                continue;
            };
            let block = match data {
                Data::Rows => {
                    size += directory.size(name, &mut known)?;
                    Block::Rows(entry.dump_id, name.to_owned())
                }
                Data::Objects => {
                    let list = list(&path.join(name))?;
                    known.insert(name.to_owned());
                    for (_, file) in &list {
                        size += directory.size(file, &mut known)?;
                    }
                    Block::Objects(entry.dump_id, list)
                }
            };
            directory.expected.push_back(block);
        }
        directory.nothing_else(&known)?;
        let bytes = toc.into_stream(Flavour::Directory).to_bytes();
        directory.out.fresh().extend_from_slice(&bytes);
        Ok((directory, size + bytes.len() as u64))
    }

    /// The size of a file with data, which is there and belongs to one entry.
    fn size(&self, name: &str, known: &mut HashSet<String>) -> Result<u64> {
        let name = format!("{name}{}", self.suffix);
        let path = self.path.join(&name);
        if !known.insert(name) {
            let twice = format!("two entries of toc.dat name the file {}", path.display());
            return Err(Error::input(twice).remedy(WHOLE));
        }
        Ok(regular(&path)?.metadata().map_or(0, |m| m.len()))
    }

    /// A file that belongs to no entry would stay behind, or be another compression of one that does, which
    /// pg_restore might take instead.
    fn nothing_else(&self, known: &HashSet<String>) -> Result<()> {
        let label = self.path.display().to_string();
        let names = || {
            let entries = std::fs::read_dir(&self.path)?;
            entries
                .map(|entry| Ok(entry?.file_name()))
                .collect::<io::Result<Vec<_>>>()
        };
        let mut names = names().map_err(|error| super::failed(&label, &error))?;
        names.sort();
        let other = |name: &&OsString| !name.to_str().is_some_and(|name| known.contains(name));
        match names.iter().find(other) {
            None => Ok(()),
            Some(name) => {
                let path = self.path.join(name);
                let what = format!("{} is not in the archive's toc.dat", path.display());
                Err(Error::input(what).remedy(
                    "a directory archive holds what pg_dump -Fd wrote and nothing else: move the file elsewhere, or get the directory anew",
                ))
            }
        }
    }

    /// Opens a file with data.
    fn file(&self, name: &str) -> Result<(File, String)> {
        let path = self.path.join(format!("{name}{}", self.suffix));
        Ok((regular(&path)?, path.display().to_string()))
    }

    /// Makes some more of the stream. False at its end.
    fn more(&mut self) -> Result<bool> {
        if let Some((file, label)) = &mut self.open {
            let out = self.out.fresh();
            let mut piece = Vec::with_capacity(PIECE);
            let read = file.take(PIECE as u64).read_to_end(&mut piece);
            read.map_err(|error| super::failed(label, &error))?;
            match piece.is_empty() {
                true => {
                    end(out);
                    self.open = None;
                }
                false => chunk(&piece, out),
            }
            return Ok(true);
        }
        if let Some(objects) = &mut self.objects {
            match objects.pop_front() {
                Some((oid, name)) => {
                    object(oid, self.out.fresh());
                    self.open = Some(self.file(&name)?);
                }
                None => {
                    end(self.out.fresh());
                    self.objects = None;
                }
            }
            return Ok(true);
        }
        match self.expected.pop_front() {
            Some(Block::Rows(id, name)) => {
                begin(Data::Rows, id, self.out.fresh());
                self.open = Some(self.file(&name)?);
            }
            Some(Block::Objects(id, objects)) => {
                begin(Data::Objects, id, self.out.fresh());
                self.objects = Some(objects.into());
            }
            None => return Ok(false),
        }
        Ok(true)
    }
}

const WHOLE: &str = "get the whole directory as pg_dump -Fd wrote it; one whose files are compressed each in its own way goes through pg_restore -f - DIRECTORY | scrub";

/// Opens a file of the directory itself, and none to which a link leads.
fn regular(path: &Path) -> Result<File> {
    let label = path.display().to_string();
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Error::input(format!("{label} is missing")).remedy(WHOLE),
        _ => super::failed(&label, &error),
    };
    let metadata = path.symlink_metadata().map_err(failed)?;
    if !metadata.is_file() {
        let what = match metadata.is_symlink() {
            true => "a symbolic link",
            false => "no regular file",
        };
        return Err(
            Error::input(format!("{label} is {what}, which pg_dump does not make"))
                .remedy("copy the directory with what the links lead to: cp -RL"),
        );
    }
    File::open(path).map_err(failed)
}

/// Reads a list of large objects.
fn list(path: &Path) -> Result<Objects> {
    let label = path.display().to_string();
    let mut list = Vec::new();
    let read = regular(path)?.take(LONGEST + 1).read_to_end(&mut list);
    read.map_err(|error| super::failed(&label, &error))?;
    if list.len() as u64 > LONGEST {
        return Err(Error::input(format!("{label} is too long")).remedy(WHOLE));
    }
    objects(&list).map_err(|error| error.of(label))
}

impl Read for Directory {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.out.is_empty() {
            if !self.more().map_err(wrapped)? {
                break;
            }
        }
        self.out.read(buffer)
    }
}

/// The TOC of a directory.
fn contents(path: &Path) -> Result<Toc> {
    let path = path.join("toc.dat");
    let label = path.display().to_string();
    let mut file = regular(&path)?;
    let (mut reader, mut input) = (TocReader::new(), BytesMut::new());
    loop {
        let start = input.len();
        input.resize(start + PIECE, 0);
        let n = file.read(&mut input[start..]);
        let n = n.map_err(|error| super::failed(&label, &error))?;
        input.truncate(start + n);
        let toc = reader.next(&mut input, n == 0);
        if let Some(toc) = toc.map_err(|error| error.of(&label))? {
            toc.header
                .expect(Flavour::Directory)
                .map_err(|error| error.of(&label))?;
            let length = file.metadata().map_or(0, |metadata| metadata.len());
            if reader.position() != length {
                return Err(
                    Error::input(format!("{label} goes on behind its table of contents"))
                        .remedy(WHOLE),
                );
            }
            return Ok(toc);
        }
    }
}
