//! pg_dump's archives: what the format layer reads and writes, before the real pg_dump and pg_restore.
//!
//! `fixtures/postgres-archive` holds archives of one small database, made by pg_dump 15 to 18. Further
//! versions run if `SCRUB_PG_BINS` names the folders of their programs, with `:` between them.

mod formats;
mod restored;
mod runs;
mod streams;

use crate::server::postgres;
use assert_cmd::Command;
use bytes::{Bytes, BytesMut};
use scrub::archive::{
    Blocks, Codec, Data, Decoder, Encoder, Entry, Event, Packed, Piece, Toc, TocReader, Walk,
    begin, chunk, end, object,
};
use scrub::error::Result;
use scrub::sink::Method;
use std::path::PathBuf;

/// pg_dump and pg_restore of one version.
pub struct Tools {
    bin: PathBuf,
    /// The major version.
    pub version: u32,
}

impl Tools {
    /// One of the programs, connected to the private server.
    pub fn tool(&self, name: &str) -> Command {
        let server = postgres().expect("the tools are asked for behind the server");
        let mut command = Command::new(self.bin.join(name));
        command
            .env("PGHOST", server.host())
            .env("PGUSER", "postgres")
            .env("LC_ALL", "C.UTF-8")
            .env_remove("PGOPTIONS")
            .env_remove("PGCLIENTENCODING");
        command
    }

    /// The output of `pg_restore ARGS -f -` over an archive that comes through a pipe.
    #[track_caller]
    pub fn shown(&self, args: &[&str], archive: &[u8]) -> Vec<u8> {
        let mut restore = self.tool("pg_restore");
        restore.args(["-f", "-"]).args(args).write_stdin(archive);
        let output = restore.output().expect("pg_restore could not be run");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && errors.is_empty(), "{errors}");
        without_key(&output.stdout)
    }

    /// What the version can compress with.
    pub fn methods(&self) -> Vec<&'static str> {
        let mut methods = vec!["none", "gzip", "gzip:1", "gzip:9"];
        let help = |method: &str| {
            // Without a database to dump, what it complains about first is the method.
            let mut dump = self.tool("pg_dump");
            let output = dump
                .args(["-Fc", "-Z", method, "no such database"])
                .output();
            let errors = output.expect("pg_dump could not be run").stderr;
            !String::from_utf8_lossy(&errors).contains("compress")
        };
        if self.version >= 16 {
            methods.extend(["lz4", "zstd", "zstd:long"].into_iter().filter(|m| help(m)));
        }
        methods
    }
}

/// What pg_dump and psql call the key of `\restrict` is another one each time.
pub fn without_key(text: &[u8]) -> Vec<u8> {
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    lines
        .filter(|line| !line.starts_with(b"\\restrict ") && !line.starts_with(b"\\unrestrict "))
        .flatten()
        .copied()
        .collect()
}

/// Every version at hand; none without a server, which then has been said.
pub fn tools() -> Vec<Tools> {
    let Some(server) = postgres() else {
        return Vec::new();
    };
    let more = std::env::var_os("SCRUB_PG_BINS").unwrap_or_default();
    let more = std::env::split_paths(&more).filter(|path| !path.as_os_str().is_empty());
    let of = |bin: PathBuf| {
        let output = Command::new(bin.join("pg_dump")).arg("--version").output();
        let output = output.expect("pg_dump could not be run").stdout;
        let text = String::from_utf8_lossy(&output).into_owned();
        let number = text.split(' ').nth(2).and_then(|v| v.split('.').next());
        let version = number.and_then(|n| n.trim().parse().ok());
        Tools {
            bin,
            version: version.expect("a version"),
        }
    };
    std::iter::once(server.bin().to_owned())
        .chain(more)
        .map(of)
        .collect()
}

/// The database that the fixtures were made of.
pub const SHOP: &str = include_str!("../../../fixtures/postgres-archive/shop.sql");

/// A custom archive, read as a whole.
pub struct Archive {
    pub toc: Toc,
    /// The blocks: index of the entry, kind, the bytes behind the head.
    pub blocks: Vec<(usize, Data, Vec<u8>)>,
    /// Everything that was read, and what of it stood behind the last block.
    pub bytes: Vec<u8>,
    pub rest: usize,
}

impl Archive {
    /// Reads an archive that comes in pieces.
    pub fn read(bytes: &[u8], piece: usize) -> Result<Archive> {
        let (mut reader, mut input) = (TocReader::new(), BytesMut::new());
        let mut pieces = bytes.chunks(piece);
        let mut blocks = None::<(Blocks, Archive)>;
        loop {
            let next = pieces.next();
            input.extend_from_slice(next.unwrap_or_default());
            if blocks.is_none()
                && let Some(toc) = reader.next(&mut input, next.is_none())?
            {
                let archive = Archive {
                    bytes: toc.to_bytes().to_vec(),
                    blocks: Vec::new(),
                    rest: 0,
                    toc,
                };
                blocks = Some((Blocks::new(&archive.toc, reader.position()), archive));
            }
            if let Some((blocks, archive)) = &mut blocks {
                while let Some(event) = blocks.next(&mut input, next.is_none())? {
                    archive.take(event);
                }
            }
            if next.is_none() {
                let (blocks, archive) = blocks.expect("a TOC, or an error");
                assert!(blocks.is_over() && input.is_empty());
                return Ok(archive);
            }
        }
    }

    fn take(&mut self, event: Event) {
        let (Event::Begin { bytes, .. }
        | Event::Data { bytes, .. }
        | Event::End { bytes, .. }
        | Event::Rest { bytes, .. }) = &event;
        self.bytes.extend_from_slice(bytes);
        match &event {
            Event::Begin { entry, data, .. } => self.blocks.push((*entry, *data, Vec::new())),
            Event::Data { bytes, .. } | Event::End { bytes, .. } => {
                let (.., block) = self.blocks.last_mut().expect("a block");
                block.extend_from_slice(bytes);
            }
            Event::Rest { bytes, .. } => self.rest += bytes.len(),
        }
    }

    /// What is in the blocks: the entry, and for each large object its number.
    pub fn payloads(&self) -> Result<Vec<(&Entry, Data, Objects)>> {
        let header = &self.toc.header;
        let codec = header.codec(header.method().compression);
        let payload = |(entry, data, bytes): &(usize, Data, Vec<u8>)| {
            let entry = &self.toc.entries[*entry];
            Ok((entry, *data, objects(*data, codec, bytes)?))
        };
        self.blocks.iter().map(payload).collect()
    }

    /// The archive with its data compressed in another way. `offsets`: for a file.
    pub fn recompressed(&self, method: Method, offsets: bool, piece: usize) -> Vec<u8> {
        let mut toc = self.toc.clone();
        toc.header
            .set_method(method)
            .expect("a method of the version");
        toc.forget_offsets();
        if toc.header.is_of_files() {
            let with_data = toc
                .entries
                .iter_mut()
                .filter(|entry| entry.data().is_some());
            with_data.for_each(|entry| entry.set_compression(method.compression));
        }
        let mut out = toc.to_bytes().to_vec();
        let head = out.len();
        for ((index, ..), (entry, data, objects)) in
            self.blocks.iter().zip(self.payloads().expect("payload"))
        {
            toc.entries[*index].set_offset(Some(out.len() as u64));
            begin(data, entry.dump_id, &mut out);
            for (oid, bytes) in objects {
                if data == Data::Objects {
                    object(oid, &mut out);
                }
                let codec = toc.header.codec(method.compression);
                for packed in in_chunks(codec, method.level, &bytes) {
                    packed.chunks(piece).for_each(|part| chunk(part, &mut out));
                }
                if data == Data::Objects {
                    end(&mut out);
                }
            }
            end(&mut out);
        }
        if offsets {
            out[..head].copy_from_slice(&toc.to_bytes());
        }
        out
    }
}

/// Large objects by their numbers; the rows of a table are one of number 0.
pub type Objects = Vec<(u32, Vec<u8>)>;

/// What is in a block.
pub fn objects(data: Data, codec: Codec, mut block: &[u8]) -> Result<Objects> {
    let mut walk = Walk::new(data);
    let mut objects = Objects::new();
    let mut decoder = Decoder::new(codec)?;
    let mut out = BytesMut::new();
    if data == Data::Rows {
        objects.push((0, Vec::new()));
    }
    while let Some(piece) = walk.next(&mut block)? {
        match piece {
            Piece::Object(oid) => {
                objects.push((oid, Vec::new()));
                decoder = Decoder::new(codec)?;
            }
            Piece::Payload(payload) => decode(&mut decoder, payload, &mut out)?,
            Piece::ObjectEnd => decoder.finish()?,
            Piece::End if data == Data::Rows => decoder.finish()?,
            Piece::End => {}
        }
        if let Some((_, bytes)) = objects.last_mut() {
            bytes.extend_from_slice(&out.split());
        }
    }
    assert!(block.is_empty());
    Ok(objects)
}

fn decode(decoder: &mut Decoder, mut bytes: &[u8], out: &mut BytesMut) -> Result<()> {
    const ROOM: usize = 5000;
    loop {
        let before = out.len();
        decoder.decode(&mut bytes, out, ROOM)?;
        if bytes.is_empty() && out.len() - before < ROOM {
            return Ok(());
        }
    }
}

/// One stream as a whole, decompressed.
pub fn decompressed(codec: Codec, bytes: &[u8]) -> Result<Vec<u8>> {
    let (mut decoder, mut out) = (Decoder::new(codec)?, BytesMut::new());
    decode(&mut decoder, bytes, &mut out)?;
    decoder.finish()?;
    Ok(out.to_vec())
}

/// One stream as a whole, compressed.
pub fn compressed(codec: Codec, level: Option<i32>, bytes: &[u8]) -> Vec<u8> {
    in_chunks(codec, level, bytes).concat()
}

/// The same in parts behind which nothing may stand in a chunk.
fn in_chunks(codec: Codec, level: Option<i32>, bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut out = vec![Vec::new()];
    let mut take = |packed: Packed| {
        match packed {
            Packed::ChunkEnd => out.push(Vec::new()),
            packed => {
                let bytes = packed.bytes()?;
                out.last_mut().expect("one").extend_from_slice(&bytes);
            }
        }
        Ok(())
    };
    let mut encoder = Encoder::new(codec, level, 1);
    let bytes = Bytes::copy_from_slice(bytes);
    encoder.encode(&bytes, &mut take).expect("compressed");
    encoder.finish(&mut take).expect("compressed");
    out
}
