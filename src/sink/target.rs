//! Where the bytes of an output go: a stream, or a file that has no name before it is complete.
//!
//! On Linux the unfinished file is one without any name (`O_TMPFILE`), so that not even `kill -9` leaves
//! something behind; where the file system cannot do that it has a temporary name in its folder.

use super::archive::{Folder, Members, Unpack};
use crate::pipe::{Growth, when_ready};
use crate::source::Identity;
use rustix::event::PollFlags;
use rustix::fs::{Mode, OFlags, fcntl_getfl};
use std::fs::{File, Metadata, Permissions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Where the bytes go.
pub(super) enum Target {
    /// Standard output, a pipe or a device: bytes are gone when they are written.
    Stream(Stream),
    /// A regular file, complete or absent.
    Atomic(Atomic),
    /// A tar archive, made of what is written.
    Tar(Box<Unpack<Members<BufWriter<Target>>>>),
    /// A directory, complete or absent, made of what is written.
    Directory(Box<Unpack<Folder>>),
    /// A part of something larger, which appears or not as a whole.
    Portion(Box<dyn Portion>),
}

/// A part of something larger. One that is dropped has failed, and the whole with it.
pub trait Portion: Write + Send {
    /// Everything has been written.
    ///
    /// # Errors
    /// If it cannot be completed.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

impl Target {
    /// Writes what stands at the start of an unfinished file once more.
    pub(super) fn rewrite(&self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Target::Atomic(file) => file.part.file().write_all_at(bytes, 0),
            Target::Stream(_) | Target::Tar(_) | Target::Directory(_) | Target::Portion(_) => {
                Err(io::ErrorKind::Unsupported.into())
            }
        }
    }

    /// Ends a tar that goes into a stream with something that is no tar.
    pub(super) fn spoil(self) -> io::Result<()> {
        match self {
            Target::Tar(tar) => match tar.into_files() {
                files if matches!(files.target(), Target::Stream(_)) => files.spoil(),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Everything has been written.
    pub(super) fn finish(self) -> io::Result<()> {
        match self {
            Target::Stream(mut stream) => stream.finish(),
            Target::Atomic(file) => file.publish(),
            Target::Tar(tar) => tar.finish()?.finish()?.into_inner()?.finish(),
            Target::Directory(folder) => folder.finish()?.finish(),
            Target::Portion(part) => part.finish(),
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Target::Stream(stream) => stream.write(bytes),
            Target::Atomic(file) => (&mut file.part.file()).write(bytes),
            Target::Tar(tar) => tar.write(bytes).map(|()| bytes.len()),
            Target::Directory(folder) => folder.write(bytes).map(|()| bytes.len()),
            Target::Portion(part) => part.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An open file of somebody else's.
pub(super) struct Stream {
    file: File,
    /// Where the output begins in it, if it is a regular file (`> safe.sql`).
    begin: Option<u64>,
    growth: Growth,
    spoiled: bool,
}

impl Stream {
    pub(super) fn new(mut file: File) -> Stream {
        let mut begin = || {
            let metadata = file.metadata().ok()?;
            Identity::of(&metadata)?;
            match fcntl_getfl(&file).ok()?.contains(OFlags::APPEND) {
                true => Some(metadata.len()),
                false => file.stream_position().ok(),
            }
        };
        Stream {
            begin: begin(),
            growth: Growth::default(),
            file,
            spoiled: false,
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.spoiled {
            return Err(io::Error::other("an earlier write has failed"));
        }
        let mut file = &self.file;
        let written = when_ready(file, PollFlags::OUT, || file.write(bytes));
        if let Ok(written) = written {
            self.growth.passed(&self.file, written);
        }
        if written
            .as_ref()
            .is_err_and(|e| e.kind() != io::ErrorKind::Interrupted)
        {
            self.spoil();
        }
        written
    }

    /// A regular file is synced: some file systems tell only then that they had no room.
    fn finish(&mut self) -> io::Result<()> {
        let synced = match self.begin {
            Some(_) => self.file.sync_data(),
            None => Ok(()),
        };
        synced.inspect_err(|_| self.spoil())
    }

    /// On a disk that is full there is no room for the end that cannot be loaded, and the part that is
    /// there may look like a whole dump. It makes room for the end.
    fn spoil(&mut self) {
        const END: &[u8] = b"\n) 'scrub: the dump could not be written'\n;\n";
        let Some(begin) = self.begin else { return };
        self.spoiled = true;
        let mut spoil = || {
            self.file.set_len(begin)?;
            self.file.seek(SeekFrom::Start(begin))?;
            self.file.write_all(END)
        };
        // The run has failed already, and says why.
        let _ = spoil();
    }
}

/// A file that gets its name when it is complete.
pub(super) struct Atomic {
    part: Part,
    folder: PathBuf,
    path: PathBuf,
}

/// What there is until then.
enum Part {
    Nameless(File),
    Named(NamedTempFile),
}

impl Part {
    fn file(&self) -> &File {
        match self {
            Part::Nameless(file) => file,
            Part::Named(file) => file.as_file(),
        }
    }
}

impl Atomic {
    pub(super) fn create(path: PathBuf) -> io::Result<Atomic> {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
        .to_path_buf();
        let part = match nameless(&folder) {
            Some(file) => Part::Nameless(file),
            None => Part::Named(
                temporary()
                    .permissions(Permissions::from_mode(0o600))
                    .tempfile_in(&folder)?,
            ),
        };
        Ok(Atomic { part, folder, path })
    }

    fn publish(self) -> io::Result<()> {
        let file = self.part.file();
        let mode = match self.path.metadata() {
            Ok(replaced) => take_owner(file, &replaced),
            Err(_) => 0o666 & !umask().bits(),
        };
        file.set_permissions(Permissions::from_mode(mode))?;
        file.sync_all()?;
        match self.part {
            Part::Named(file) => drop(file.persist(&self.path)?),
            Part::Nameless(file) => name(&file, &self.folder, &self.path)?,
        }
        // The name is durable when the directory is; file systems that cannot sync one do so anyway.
        let _ = File::open(&self.folder).and_then(|f| f.sync_all());
        Ok(())
    }
}

pub(super) fn temporary() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".scrub-").suffix(".part");
    builder
}

/// A file without a name that can get one.
#[cfg(target_os = "linux")]
fn nameless(folder: &Path) -> Option<File> {
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    let file: File = rustix::fs::open(folder, flags, Mode::RUSR | Mode::WUSR)
        .ok()?
        .into();
    // Without /proc it could never be named.
    std::fs::read_link(way_to(&file)).ok()?;
    Some(file)
}

#[cfg(target_os = "linux")]
fn way_to(file: &File) -> String {
    use std::os::fd::AsRawFd;
    format!("/proc/self/fd/{}", file.as_raw_fd())
}

/// Names a file; a link cannot replace a name, so that then it has another one for a moment.
#[cfg(target_os = "linux")]
fn name(file: &File, folder: &Path, path: &Path) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD, linkat};
    let from = way_to(file);
    let link =
        |to: &Path| linkat(CWD, &from, CWD, to, AtFlags::SYMLINK_FOLLOW).map_err(io::Error::from);
    match link(path) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
        linked => return linked,
    }
    let linked = temporary().make_in(folder, |to| link(to))?;
    linked.into_temp_path().persist(path)?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn nameless(_folder: &Path) -> Option<File> {
    None
}

#[cfg(not(target_os = "linux"))]
fn name(_file: &File, _folder: &Path, _path: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Gives a file the owner and group of the one it replaces, as far as this user may, and says which
/// mode it gets: the other's, without the group's part if the group is another.
fn take_owner(file: &File, replaced: &Metadata) -> u32 {
    let mode = replaced.mode() & 0o777;
    let group = fchown(file, None, Some(replaced.gid()));
    // Only root may give a file away.
    let _ = fchown(file, Some(replaced.uid()), None);
    match group {
        Ok(()) => mode,
        Err(_) => mode & !0o070,
    }
}

/// The process's umask. It can only be read by setting it; meanwhile files are created private.
pub(super) fn umask() -> Mode {
    let mask = rustix::process::umask(Mode::from_raw_mode(0o077));
    rustix::process::umask(mask);
    mask
}
