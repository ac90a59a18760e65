//! The containers of pg_dump: custom (`-Fc`), tar (`-Ft`) and directory (`-Fd`) archives.
//!
//! Bytes in, events out: a [`TocReader`] takes the header and the table of contents, which is written
//! back byte for byte; [`Blocks`] cuts what follows in a custom archive into blocks, [`TarReader`] a
//! tar file into members; [`Walk`] finds the payload in a block and a [`Decoder`] decompresses it.
//! A [`Weaver`] makes a stream like a custom archive of a tar file. Nothing here reads, writes or waits,
//! and no length that a file claims is allocated before its
//! bytes are there. It deliberately knows nothing of rows, rules and the order in which they leave.

mod block;
mod codec;
mod deflate;
mod directory;
mod encoder;
mod header;
mod lz4;
mod number;
mod stream;
mod tar;
mod toc;

pub use block::{
    Blocks, Data, Event, Piece, Walk, begin, begin_unpacked, chunk, chunk_head, end, object,
};
pub use codec::{Codec, Decoder};
pub use directory::{Objects, SUFFIXES, file, object_of, objects, objects_line, suffix};
pub use encoder::{Encoder, Packed, Task};
pub use header::{Header, Stored};
pub use stream::{LONGEST, Weaver, file_name, object_name};
pub use tar::{BLOCK, TarEvent, TarReader, member, padding, trailer};
pub use toc::{Entry, Extra, Toc, TocReader};

use crate::error::{Error, Position};

/// Which container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flavour {
    /// One file or stream: header, TOC, blocks.
    #[default]
    Custom,
    /// A tar file of which `toc.dat` is the first member.
    Tar,
    /// A directory that has a `toc.dat`.
    Directory,
}

/// The container that begins with `head`, if it is one.
pub fn recognise(head: &[u8]) -> Option<Flavour> {
    if head.starts_with(header::MAGIC) {
        return Some(Flavour::Custom);
    }
    tar::begins(head).then_some(Flavour::Tar)
}

/// What is no archive as pg_dump writes it.
fn damaged(what: impl Into<String>, at: u64) -> Error {
    Error::input(what).at(Position::binary(at)).remedy(
        "the archive is damaged; get a complete copy, or make it again with pg_dump -f FILE",
    )
}

/// The end of the file where the archive goes on.
fn cut_off(within: &str, at: u64) -> Error {
    Error::input(format!("the archive ends within {within}"))
        .at(Position::binary(at))
        .remedy("it was cut off; get a complete copy")
}
