//! A directory archive, read as the stream of a custom archive.
//!
//! Its files come as they lie there, in the order of `toc.dat`. Those whose rows somebody is going to look
//! at come unpacked, if that has been said in time ([`Order`]): then several files are in work at the same
//! time ([`super::ahead`]). A file, `toc.dat` and the lists of large objects as well, is found under the name that
//! `toc.dat` gives or that with the suffix of a compression, as pg_restore finds it.

use super::ahead::{Ahead, Packed, Unpacking};
use super::archive::{Out, PIECE, wrapped};
use super::compression;
use crate::archive::{
    Codec, Data, Flavour, LONGEST, Objects, SUFFIXES, Toc, TocReader, begin, begin_unpacked, chunk,
    end, file, object, objects,
};
use crate::error::{Error, Result};
use crate::source::Compression;
use bytes::{Bytes, BytesMut};
use std::collections::{HashSet, VecDeque};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender};

/// A file of this size is not worth a thread.
const SMALL: u64 = 64 << 10;

/// What whoever reads a directory wants of it.
pub(super) struct Order {
    /// How many files may be in work at the same time.
    pub threads: usize,
    /// Says, once the table of contents has been read, which entries are to be unpacked.
    pub wanted: Receiver<HashSet<i32>>,
}

/// A directory archive as a stream.
pub(super) struct Directory {
    orders: Receiver<Order>,
    /// The blocks that are to come.
    expected: VecDeque<Block>,
    ahead: Ahead,
    /// The entries that are unpacked ahead.
    wanted: HashSet<i32>,
    /// How many of the expected blocks have been looked at for that.
    looked: usize,
    /// The large objects of the open block that are to come.
    objects: Option<(VecDeque<(u32, Found)>, Compression)>,
    open: Option<Open>,
    out: Out,
    consumed: Arc<AtomicU64>,
}

/// A file with data.
#[derive(Clone)]
struct Found {
    path: PathBuf,
    compression: Compression,
    size: u64,
}

/// The files of an entry.
enum Block {
    Rows(i32, Found),
    /// Large objects, and what is said to be their compression.
    Objects(i32, Vec<(u32, Found)>, Compression),
}

/// The file that comes now.
enum Open {
    File(Box<dyn Read + Send>, Found),
    Ahead(Unpacking),
}

/// A directory that has been opened.
pub(super) struct Opened {
    pub directory: Directory,
    /// How long the table of contents is, with which the stream begins.
    pub contents: usize,
    /// The size of all that is read.
    pub size: u64,
    /// Takes an order, before anything behind the table of contents has been read.
    pub orders: Sender<Order>,
}

impl Directory {
    /// Opens a directory. Every file that its table of contents names is there, and no other.
    ///
    /// # Errors
    /// If that is not so, if it is no archive, or if it cannot be read.
    pub(super) fn open(path: &Path, consumed: &Arc<AtomicU64>) -> Result<Opened> {
        let mut known = HashSet::new();
        let mut find = |name: &str| find(path, name, &mut known);
        let mut toc = contents(&find("toc.dat")?)?;
        let (mut expected, mut size) = (VecDeque::new(), 0);
        let mut compressions = Vec::new();
        for (number, entry) in toc.entries.iter().enumerate() {
            let (Some(data), Some(name)) = (entry.data(), file(entry)?) else {
                continue;
            };
            let found = find(name)?;
            let (block, compression) = match data {
                Data::Rows => {
                    size += found.size;
                    let compression = found.compression;
                    (Block::Rows(entry.dump_id, found), compression)
                }
                Data::Objects => {
                    let list = list(&found)?.into_iter();
                    let found = list.map(|(oid, file)| Ok((oid, find(&file)?)));
                    let found = found.collect::<Result<Vec<_>>>()?;
                    size += found.iter().map(|(_, found)| found.size).sum::<u64>();
                    let mut all = found.iter().map(|(_, found)| found.compression);
                    let first = all.next().unwrap_or(toc.header.method().compression);
                    // Together they can only be compressed in one way, or not at all.
                    let of = match all.all(|of| of == first) {
                        true => first,
                        false => Compression::None,
                    };
                    (Block::Objects(entry.dump_id, found, of), of)
                }
            };
            compressions.push((number, compression));
            expected.push_back(block);
        }
        nothing_else(path, &known)?;
        toc = toc.into_stream(Flavour::Directory);
        for (number, compression) in compressions {
            toc.entries[number].set_compression(compression);
        }
        let contents = toc.to_bytes();
        consumed.fetch_add(contents.len() as u64, Ordering::Relaxed);
        let mut out = Out::default();
        out.fresh().extend_from_slice(&contents);
        let (orders, receiver) = std::sync::mpsc::channel();
        let directory = Directory {
            orders: receiver,
            expected,
            ahead: Ahead::new(1, Arc::clone(consumed)),
            wanted: HashSet::new(),
            looked: 0,
            objects: None,
            open: None,
            out,
            consumed: Arc::clone(consumed),
        };
        Ok(Opened {
            directory,
            size: size + contents.len() as u64,
            contents: contents.len(),
            orders,
        })
    }

    /// Does as it has been told, if it has.
    fn obey(&mut self) {
        if let Ok(Order { threads, wanted }) = self.orders.try_recv() {
            self.ahead = Ahead::new(threads, Arc::clone(&self.consumed));
            // Whoever has ended without a word wants nothing.
            self.wanted = wanted.recv().unwrap_or_default();
        }
    }

    /// Is a block unpacked ahead? How many threads there are has no say in it.
    fn is_ahead(&self, block: &Block) -> bool {
        match block {
            Block::Rows(id, found) => {
                let packed = found.compression != Compression::None && found.size >= SMALL;
                packed && self.wanted.contains(id)
            }
            Block::Objects(..) => false,
        }
    }

    /// Begins with as many files as there is room for.
    fn look_ahead(&mut self) -> Result<()> {
        let read = usize::from(matches!(self.open, Some(Open::Ahead(_))));
        while self.ahead.has_room(read)
            && let Some(block) = self.expected.get(self.looked)
        {
            self.looked += 1;
            if let Block::Rows(_, found) = block
                && self.is_ahead(block)
            {
                self.ahead.begin(Packed {
                    file: found.open()?,
                    label: found.label(),
                    codec: Codec::in_files(found.compression),
                })?;
            }
        }
        Ok(())
    }

    /// Makes some more of the stream. False at its end.
    fn more(&mut self) -> Result<bool> {
        if let Some(open) = &mut self.open {
            let piece = open.piece(&self.consumed)?;
            let out = self.out.fresh();
            match piece {
                Some(piece) => chunk(&piece, out),
                None => {
                    end(out);
                    self.open = None;
                }
            }
            return Ok(true);
        }
        if let Some((objects, of)) = &mut self.objects {
            match objects.pop_front() {
                Some((oid, found)) => {
                    object(oid, self.out.fresh());
                    self.open = Some(Open::file(found, *of)?);
                }
                None => {
                    end(self.out.fresh());
                    self.objects = None;
                }
            }
            return Ok(true);
        }
        self.obey();
        self.look_ahead()?;
        let Some(block) = self.expected.pop_front() else {
            return Ok(false);
        };
        self.looked -= 1;
        let is_ahead = self.is_ahead(&block);
        match block {
            Block::Rows(id, _) if is_ahead => {
                begin_unpacked(id, self.out.fresh());
                self.open = self.ahead.first().map(Open::Ahead);
            }
            Block::Rows(id, found) => {
                begin(Data::Rows, id, self.out.fresh());
                let of = found.compression;
                self.open = Some(Open::file(found, of)?);
            }
            Block::Objects(id, objects, of) => {
                begin(Data::Objects, id, self.out.fresh());
                self.objects = Some((objects.into(), of));
            }
        }
        Ok(true)
    }
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

impl Open {
    /// A file as it lies there, or unpacked if its entry is said to be compressed in another way.
    fn file(found: Found, of: Compression) -> Result<Open> {
        let file = found.open()?;
        let reader: Box<dyn Read + Send> = match found.compression == of {
            true => Box::new(file),
            false => found.reader(file)?,
        };
        Ok(Open::File(reader, found))
    }

    /// The next piece; none at the end of the file.
    fn piece(&mut self, consumed: &AtomicU64) -> Result<Option<Bytes>> {
        let (reader, found) = match self {
            Open::Ahead(unpacking) => return unpacking.next(),
            Open::File(reader, found) => (reader, found),
        };
        let mut piece = Vec::with_capacity(PIECE);
        let read = reader.take(PIECE as u64).read_to_end(&mut piece);
        read.map_err(|error| found.fault(&error))?;
        consumed.fetch_add(piece.len() as u64, Ordering::Relaxed);
        Ok(Some(Bytes::from(piece)).filter(|piece| !piece.is_empty()))
    }
}

impl Found {
    fn label(&self) -> String {
        self.path.display().to_string()
    }

    fn open(&self) -> Result<File> {
        regular(&self.path)
    }

    /// What is in it.
    fn reader(&self, file: File) -> Result<Box<dyn Read + Send>> {
        let raw = BufReader::with_capacity(PIECE, file);
        let reader = self.compression.decoder(raw);
        reader.map_err(|error| self.fault(&error))
    }

    fn fault(&self, error: &io::Error) -> Error {
        let packed = self.compression != Compression::None && error.raw_os_error().is_none();
        match packed {
            true => compression::damaged(self.compression, &self.label(), None, error),
            false => super::failed(&self.label(), error),
        }
    }
}

const WHOLE: &str = "get the whole directory as pg_dump -Fd wrote it";

/// Finds a file by the name that `toc.dat` gives. It belongs to one entry.
fn find(folder: &Path, name: &str, known: &mut HashSet<OsString>) -> Result<Found> {
    let mut there = SUFFIXES.iter().filter_map(|(compression, suffix)| {
        let path = folder.join(format!("{name}{suffix}"));
        path.symlink_metadata()
            .is_ok()
            .then_some((*compression, path))
    });
    let Some((compression, path)) = there.next() else {
        let missing = format!("{} is missing", folder.join(name).display());
        return Err(Error::input(missing).remedy(WHOLE));
    };
    if let Some((_, other)) = there.next() {
        let both = format!("{} and {} are both there", path.display(), other.display());
        return Err(Error::input(both).remedy(
            "one of them is not what pg_dump wrote: move it elsewhere (pg_restore reads the first)",
        ));
    }
    if !known.insert(path.file_name().unwrap_or_default().to_owned()) {
        let twice = format!("two entries of toc.dat name the file {}", path.display());
        return Err(Error::input(twice).remedy(WHOLE));
    }
    let metadata = regular(&path)?.metadata();
    Ok(Found {
        size: metadata.map_or(0, |metadata| metadata.len()),
        compression,
        path,
    })
}

/// A file that belongs to no entry would stay behind.
fn nothing_else(folder: &Path, known: &HashSet<OsString>) -> Result<()> {
    let label = folder.display().to_string();
    let names = || {
        let entries = std::fs::read_dir(folder)?;
        entries
            .map(|entry| Ok(entry?.file_name()))
            .collect::<io::Result<Vec<_>>>()
    };
    let mut names = names().map_err(|error| super::failed(&label, &error))?;
    names.sort();
    match names.iter().find(|name| !known.contains(*name)) {
        None => Ok(()),
        Some(name) => {
            let path = folder.join(name);
            let what = format!("{} is not in the archive's toc.dat", path.display());
            Err(Error::input(what).remedy(
                "a directory archive holds what pg_dump -Fd wrote and nothing else: move the file elsewhere, or get the directory anew",
            ))
        }
    }
}

/// Opens a file of the directory itself, and none to which a link leads.
fn regular(path: &Path) -> Result<File> {
    let label = path.display().to_string();
    let failed = |error: io::Error| super::failed(&label, &error);
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
fn list(found: &Found) -> Result<Objects> {
    let mut list = Vec::new();
    let reader = found.reader(found.open()?)?;
    let read = reader.take(LONGEST + 1).read_to_end(&mut list);
    read.map_err(|error| found.fault(&error))?;
    if list.len() as u64 > LONGEST {
        return Err(Error::input(format!("{} is too long", found.label())).remedy(WHOLE));
    }
    objects(&list).map_err(|error| error.of(found.label()))
}

/// Reads the table of contents.
fn contents(found: &Found) -> Result<Toc> {
    let label = found.label();
    let mut reader = found.reader(found.open()?)?;
    let (mut contents, mut input) = (TocReader::new(), BytesMut::new());
    let mut toc = None;
    loop {
        let start = input.len();
        input.resize(start + PIECE, 0);
        let read = reader.read(&mut input[start..]);
        let read = read.map_err(|error| found.fault(&error))?;
        input.truncate(start + read);
        if toc.is_none() {
            let next = contents.next(&mut input, read == 0);
            toc = next.map_err(|error| error.of(&label))?;
        }
        if toc.is_some() && !input.is_empty() {
            let more = format!("{label} goes on behind its table of contents");
            return Err(Error::input(more).remedy(WHOLE));
        }
        if let (0, Some(toc)) = (read, toc.take_if(|_| read == 0)) {
            let fits = toc.header.expect(Flavour::Directory);
            return fits.map(|()| toc).map_err(|error| error.of(&label));
        }
    }
}
