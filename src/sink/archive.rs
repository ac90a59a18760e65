//! Tar and directory archives, written from the stream of a custom archive.
//!
//! A tar's member has its length in front of it, so each waits in a spool until it is complete. A
//! directory is written under a temporary name beside its own and takes its name when all is there.

use super::failed;
use super::target::temporary;
use crate::archive::{
    BLOCK, Blocks, Data, Entry, Event, Flavour, Piece, TocReader, Walk, file_name, member,
    object_name, objects_line, padding, suffix, trailer,
};
use crate::error::{Error, Result};
use bytes::BytesMut;
use std::fs::{File, Permissions};
use std::io::{self, BufWriter, Read, Seek, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tempfile::{SpooledTempFile, TempDir};

/// A member up to this size waits in memory.
const IN_MEMORY: usize = 16 << 20;

/// Takes a stream apart into files.
pub(super) struct Unpack<F> {
    files: F,
    flavour: Flavour,
    input: BytesMut,
    stage: Stage,
}

enum Stage {
    Contents(Box<TocReader>),
    Data(Box<Unpacking>),
}

struct Unpacking {
    blocks: Blocks,
    /// The number of each entry, the name of its list of large objects, and the suffix of its files.
    entries: Vec<(i32, String, &'static str)>,
    suffix: &'static str,
    walk: Walk,
    /// What a walk has left of a number.
    rest: BytesMut,
    /// The number of the block's entry, and its list so far.
    list: Option<(String, String)>,
}

/// Where files go.
pub(super) trait Files {
    /// The archive was made then: seconds since 1970.
    fn made(&mut self, time: u64);
    fn create(&mut self, name: &str) -> io::Result<()>;
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
    fn close(&mut self) -> io::Result<()>;
}

impl<F: Files> Unpack<F> {
    pub(super) fn new(files: F, flavour: Flavour) -> Self {
        Unpack {
            files,
            flavour,
            input: BytesMut::new(),
            stage: Stage::Contents(Box::default()),
        }
    }

    /// The files, whatever has come.
    pub(super) fn into_files(self) -> F {
        self.files
    }

    /// Has all of the stream come? Gives the files.
    pub(super) fn finish(self) -> io::Result<F> {
        match &self.stage {
            Stage::Data(data) if data.blocks.is_over() => Ok(self.files),
            _ => Err(io::Error::other("the archive is not complete")),
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.input.extend_from_slice(bytes);
        if let Stage::Contents(reader) = &mut self.stage {
            let Some(toc) = reader
                .next(&mut self.input, false)
                .map_err(io::Error::other)?
            else {
                return Ok(());
            };
            let at = reader.position();
            let of = |entry: &Entry| {
                let list = toc.list_of(entry.dump_id);
                (entry.dump_id, list, suffix(toc.compression(entry)))
            };
            let data = Unpacking {
                entries: toc.entries.iter().map(of).collect(),
                blocks: Blocks::new(&toc, at),
                suffix: "",
                walk: Walk::new(Data::Rows),
                rest: BytesMut::new(),
                list: None,
            };
            self.files.made(seconds(&toc.header.time));
            let toc = toc.into_files(self.flavour).map_err(io::Error::other)?;
            self.files.create("toc.dat")?;
            self.files.write(&toc.to_bytes())?;
            self.files.close()?;
            self.stage = Stage::Data(Box::new(data));
        }
        if let Stage::Data(data) = &mut self.stage {
            while let Some(event) = data
                .blocks
                .next(&mut self.input, false)
                .map_err(io::Error::other)?
            {
                data.take(&event, &mut self.files)?;
            }
        }
        Ok(())
    }
}

impl Unpacking {
    fn take(&mut self, event: &Event, files: &mut impl Files) -> io::Result<()> {
        match event {
            Event::Begin { entry, data, .. } => {
                let (id, list, suffix) = &self.entries[*entry];
                self.walk = Walk::new(*data);
                self.suffix = suffix;
                match data {
                    Data::Rows => files.create(&format!("{}{}", file_name(*id), self.suffix))?,
                    Data::Objects => self.list = Some((list.clone(), String::new())),
                }
                Ok(())
            }
            Event::Data { bytes, .. } | Event::End { bytes, .. } => {
                self.rest.extend_from_slice(bytes);
                let all = self.rest.split().freeze();
                let mut input = &all[..];
                while let Some(piece) = self.walk.next(&mut input).map_err(io::Error::other)? {
                    match piece {
                        Piece::Object(oid) => {
                            let name = object_name(oid);
                            files.create(&format!("{name}{}", self.suffix))?;
                            if let Some((_, list)) = &mut self.list {
                                list.push_str(&objects_line(oid, &name));
                            }
                        }
                        Piece::Payload(payload) => files.write(payload)?,
                        Piece::ObjectEnd => files.close()?,
                        Piece::End => match self.list.take() {
                            Some((name, list)) => {
                                files.create(&name)?;
                                files.write(list.as_bytes())?;
                                files.close()?;
                            }
                            None => files.close()?,
                        },
                    }
                }
                self.rest.extend_from_slice(input);
                Ok(())
            }
            Event::Rest { .. } => Ok(()),
        }
    }
}

/// The time of a header, whose zone nobody knows, in seconds.
fn seconds(time: &[i32; 7]) -> u64 {
    let part = |place: usize| i8::try_from(time[place]).ok();
    let date = || {
        let year = i16::try_from(time[5].checked_add(1900)?).ok()?;
        let date = jiff::civil::Date::new(year, part(4)?.checked_add(1)?, part(3)?).ok()?;
        let time = jiff::civil::Time::new(part(2)?, part(1)?, part(0)?, 0).ok()?;
        let zoned = date
            .to_datetime(time)
            .to_zoned(jiff::tz::TimeZone::UTC)
            .ok()?;
        u64::try_from(zoned.timestamp().as_second()).ok()
    };
    date().unwrap_or(0)
}

/// The members of a tar that is written to `out`.
pub(super) struct Members<W> {
    out: W,
    spool_dir: Option<PathBuf>,
    time: u64,
    open: Option<(String, u64, SpooledTempFile)>,
}

impl<W: Write> Members<BufWriter<W>> {
    /// Where they go.
    pub(super) fn target(&self) -> &W {
        self.out.get_ref()
    }
}

impl<W: Write> Members<W> {
    pub(super) fn new(out: W, spool_dir: Option<PathBuf>) -> Self {
        Members {
            out,
            spool_dir,
            time: 0,
            open: None,
        }
    }

    /// Writes what no tar has, in the place of the next member: a pg_restore that has begun to read
    /// large objects takes the end of the input for the last of them.
    pub(super) fn spoil(mut self) -> io::Result<()> {
        const END: &[u8] = b"scrub: the run failed\n";
        let mut block = [b' '; BLOCK];
        block[..END.len()].copy_from_slice(END);
        self.out.write_all(&block)?;
        self.out.flush()
    }

    /// Writes the end of the file.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&trailer())?;
        Ok(self.out)
    }
}

impl<W: Write> Files for Members<W> {
    fn made(&mut self, time: u64) {
        self.time = time;
    }

    fn create(&mut self, name: &str) -> io::Result<()> {
        let spool = match &self.spool_dir {
            Some(folder) => SpooledTempFile::new_in(IN_MEMORY, folder),
            None => SpooledTempFile::new(IN_MEMORY),
        };
        self.open = Some((name.to_owned(), 0, spool));
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some((_, size, spool)) = &mut self.open else {
            return Ok(());
        };
        *size += bytes.len() as u64;
        spool.write_all(bytes)
    }

    fn close(&mut self) -> io::Result<()> {
        let Some((name, size, mut spool)) = self.open.take() else {
            return Ok(());
        };
        let header = member(&name, size, self.time).map_err(io::Error::other)?;
        self.out.write_all(&header)?;
        spool.rewind()?;
        let copied = io::copy(&mut spool.take(size), &mut self.out)?;
        if copied != size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.out.write_all(&[0; 512][..padding(size)])
    }
}

/// The files of a directory that appears when it is complete.
pub(super) struct Folder {
    /// Under a temporary name, from the first file on: before, a signal may end the process at once.
    folder: Option<TempDir>,
    path: PathBuf,
    open: Option<BufWriter<File>>,
}

impl Folder {
    /// A directory that is to be made.
    pub(super) fn new(path: &Path) -> Result<Folder> {
        let label = path.display().to_string();
        if path.symlink_metadata().is_ok() {
            return Err(Error::usage(format!("{label} exists already"))
                .remedy("name a directory that does not, as for pg_dump"));
        }
        if !beside(path).is_dir() {
            return Err(failed(&label, &io::ErrorKind::NotFound.into()));
        }
        Ok(Folder {
            folder: None,
            path: path.to_owned(),
            open: None,
        })
    }

    /// Where the files stand until all are there.
    fn folder(&mut self) -> io::Result<&Path> {
        let folder = match self.folder.take() {
            Some(folder) => folder,
            None => temporary()
                .permissions(Permissions::from_mode(0o700))
                .tempdir_in(beside(&self.path))?,
        };
        Ok(self.folder.insert(folder).path())
    }

    /// Gives the directory its name.
    pub(super) fn finish(mut self) -> io::Result<()> {
        File::open(self.folder()?)?.sync_all()?;
        // A directory that has come meanwhile is replaced only if it is empty.
        let path = self.path.clone();
        std::fs::rename(self.folder()?, path)?;
        // Nothing is left under the temporary name.
        if let Some(folder) = self.folder.take() {
            let _ = folder.keep();
        }
        let _ = File::open(beside(&self.path)).and_then(|folder| folder.sync_all());
        Ok(())
    }
}

/// The directory that holds a path.
fn beside(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

impl Files for Folder {
    fn made(&mut self, _: u64) {}

    fn create(&mut self, name: &str) -> io::Result<()> {
        let file = File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(self.folder()?.join(name))?;
        self.open = Some(BufWriter::with_capacity(256 << 10, file));
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.open {
            Some(file) => file.write_all(bytes),
            None => Ok(()),
        }
    }

    fn close(&mut self) -> io::Result<()> {
        match self.open.take() {
            Some(file) => file.into_inner()?.sync_all(),
            None => Ok(()),
        }
    }
}
