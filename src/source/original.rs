//! A second way to the bytes of an input that is a regular file: positioned reads beside the
//! stream, which they do not disturb.
//!
//! The file must stay as it is meanwhile: one that has changed its length or was written to is an
//! error, since what is read again must be what was read before.

use super::{Refill, Source};
use crate::error::{Error, Result};
use rustix::buffer::spare_capacity;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::sync::Arc;

/// The file behind an input. Clones share it.
#[derive(Debug, Clone)]
pub struct Original {
    file: Arc<File>,
    label: Arc<str>,
    /// Where the input begins: standard input may be a file of which some has been read.
    base: u64,
    state: State,
}

/// What a write changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    len: u64,
    seconds: i64,
    nanoseconds: i64,
}

impl State {
    fn of(file: &File) -> io::Result<State> {
        let metadata = file.metadata()?;
        Ok(State {
            len: metadata.len(),
            seconds: metadata.mtime(),
            nanoseconds: metadata.mtime_nsec(),
        })
    }
}

impl Original {
    /// The file behind an open input, from byte `base` on.
    pub(super) fn new(file: File, label: &str, base: u64) -> io::Result<Original> {
        Ok(Original {
            state: State::of(&file)?,
            file: Arc::new(file),
            label: label.into(),
            base,
        })
    }

    /// Reads `len` bytes from byte `at` of the input as it lies there.
    ///
    /// # Errors
    /// If the file has changed since it was opened, or cannot be read.
    pub fn read(&self, at: u64, len: usize) -> Result<Vec<u8>> {
        let read = || {
            if State::of(&self.file)? != self.state {
                return Ok(None);
            }
            let mut bytes = vec![0; len];
            let from = self
                .base
                .checked_add(at)
                .ok_or(io::ErrorKind::InvalidInput)?;
            match self.file.read_exact_at(&mut bytes, from) {
                Ok(()) => Ok(Some(bytes)),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
                Err(error) => Err(error),
            }
        };
        match read() {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err(Error::input(format!(
                "{} has changed while it was being read",
                self.label
            ))
            .remedy("wait until the dump is complete, then run again")),
            Err(error) => Err(super::failed(&self.label, &error)),
        }
    }

    /// How long the input is, as it lies there.
    pub fn size(&self) -> u64 {
        self.state.len.saturating_sub(self.base)
    }

    /// The input once more as it lies there, but for what is from the byte `from` to before the byte `to`.
    pub fn without(&self, from: u64, to: u64) -> Source {
        let at = |at| Again {
            file: Arc::clone(&self.file),
            at: self.base.saturating_add(at),
        };
        Source::plain(Box::new(at(0).take(from).chain(at(to))), &self.label)
    }

    /// The input once more from its start, decompressed.
    ///
    /// # Errors
    /// As [`Source::open`].
    pub fn again(&self) -> Result<Source> {
        let from = |at| Again {
            file: Arc::clone(&self.file),
            at,
        };
        let mut source = Source::recognised(Box::new(from(self.base)), &self.label)?;
        let behind = self.base + source.head().len() as u64;
        source.read_directly(Some(from(behind)));
        Ok(source)
    }
}

/// Reads a file beside others who read it.
#[derive(Debug)]
struct Again {
    file: Arc<File>,
    at: u64,
}

impl Read for Again {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read_at(buffer, self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}

impl Refill for Again {
    fn refill(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        let n = rustix::io::pread(&*self.file, spare_capacity(buffer), self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use crate::error::ErrorKind;
    use crate::source::Source;
    use std::io::{Read, Seek, SeekFrom, Write};

    fn dump() -> (tempfile::NamedTempFile, Vec<u8>) {
        let bytes: Vec<u8> = (0..50_000)
            .flat_map(|i| format!("SELECT {i};\n").into_bytes())
            .collect();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&bytes).unwrap();
        (file, bytes)
    }

    #[test]
    fn ranges_and_a_second_stream_leave_the_first_alone() {
        let (file, bytes) = dump();
        let mut source = Source::open(Some(file.path())).unwrap();
        let original = source.original().unwrap().clone();
        assert_eq!(original.read(0, 7).unwrap(), &bytes[..7]);
        let mut first = vec![0; 200_000];
        source.read_exact(&mut first).unwrap();
        assert_eq!(original.read(100_000, 90).unwrap(), &bytes[100_000..][..90]);
        let mut again = Vec::new();
        let mut second = original.again().unwrap();
        second.read_to_end(&mut again).unwrap();
        assert!(again == bytes);
        source.read_to_end(&mut first).unwrap();
        assert!(first == bytes);
    }

    #[test]
    fn a_file_that_was_read_in_part_begins_where_it_stands() {
        let (mut file, bytes) = dump();
        file.seek(SeekFrom::Start(10)).unwrap();
        let opened = Source::of_file(file.reopen().unwrap(), "x").unwrap();
        assert_eq!(opened.original().unwrap().read(3, 5).unwrap(), &bytes[3..8]);
        let opened = Source::of_file(file.into_file(), "x").unwrap();
        assert_eq!(
            opened.original().unwrap().read(3, 5).unwrap(),
            &bytes[13..18]
        );
    }

    #[test]
    fn what_is_no_regular_file_has_no_second_way() {
        let source = Source::plain(Box::new(&b"x"[..]), "x");
        assert!(source.original().is_none());
        let device = std::fs::File::open("/dev/null").unwrap();
        assert!(Source::of_file(device, "x").is_err());
    }

    #[test]
    fn a_part_is_left_out() {
        let (mut file, bytes) = dump();
        for start in [0, 10] {
            file.seek(SeekFrom::Start(start)).unwrap();
            let opened = Source::of_file(file.reopen().unwrap(), "x").unwrap();
            assert_eq!(opened.original().unwrap().size(), bytes.len() as u64);
            let opened = Source::of_file(file.as_file().try_clone().unwrap(), "x").unwrap();
            let original = opened.original().unwrap();
            let input = &bytes[start as usize..];
            assert_eq!(original.size(), input.len() as u64);
            for (from, to) in [(0, 0), (7, 100_000), (9, input.len())] {
                let mut rest = Vec::new();
                let mut source = original.without(from as u64, to as u64);
                source.read_to_end(&mut rest).unwrap();
                assert!(rest == [&input[..from], &input[to..]].concat());
            }
        }
    }

    #[test]
    fn a_file_that_changed_is_refused() {
        for len in [10, 1 << 20] {
            let (file, bytes) = dump();
            let source = Source::open(Some(file.path())).unwrap();
            file.as_file().set_len(len).unwrap();
            let error = source
                .original()
                .unwrap()
                .read(bytes.len() as u64 - 20, 20)
                .unwrap_err();
            assert_eq!(error.kind, ErrorKind::Input);
            assert!(error.message.contains("has changed"), "{error}");
        }
    }

    #[test]
    fn reads_into_uncleared_memory_give_the_same_bytes() {
        let (file, bytes) = dump();
        let mut source = Source::open(Some(file.path())).unwrap();
        let again = source.original().unwrap().again().unwrap();
        let mut begun = Source::open(Some(file.path())).unwrap();
        let mut first = vec![0; 100];
        begun.read_exact(&mut first).unwrap();
        let unclear = Source::recognised(Box::new(std::io::Cursor::new(bytes.clone())), "x");
        for (source, before) in [
            (&mut source, Vec::new()),
            (&mut { again }, Vec::new()),
            (&mut begun, first),
            (&mut unclear.unwrap(), Vec::new()),
        ] {
            let mut whole = before;
            loop {
                let mut buffer = Vec::with_capacity(10_000);
                buffer.extend_from_slice(b"before");
                if source.read_into(&mut buffer).unwrap() == 0 {
                    break;
                }
                assert!(buffer.starts_with(b"before") && buffer.capacity() == 10_000);
                whole.extend_from_slice(&buffer[6..]);
            }
            assert!(whole == bytes);
            assert_eq!(
                source.consumed().load(std::sync::atomic::Ordering::Relaxed),
                bytes.len() as u64
            );
        }
    }
}
