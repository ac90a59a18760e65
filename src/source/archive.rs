//! A tar archive, read as the stream of a custom archive.

use crate::archive::Weaver;
use crate::error::Error;
use bytes::BytesMut;
use std::io::{self, Read};

/// How much is read at a time.
pub(super) const PIECE: usize = 256 << 10;

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
pub(super) struct Out {
    bytes: Vec<u8>,
    read: usize,
}

impl Out {
    pub(super) fn is_empty(&self) -> bool {
        self.read == self.bytes.len()
    }

    /// Room for more, once all has been read.
    pub(super) fn fresh(&mut self) -> &mut Vec<u8> {
        if self.is_empty() {
            self.bytes.clear();
            self.read = 0;
        }
        &mut self.bytes
    }

    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = (&self.bytes[self.read..]).read(buffer)?;
        self.read += n;
        Ok(n)
    }
}
