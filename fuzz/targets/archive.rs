//! pg_dump's archives: the events are the input, however it comes; a TOC is written back as it was read;
//! what is claimed is not believed; nothing panics.

use super::digest;
use crate::differential::Choices;
use bytes::BytesMut;
use scrub::archive::{
    Blocks, Codec, Data, Decoder, Event, Flavour, Piece, TarEvent, TarReader, Toc, TocReader, Walk,
    Weaver, file, objects, recognise,
};

/// No more than this is decompressed of one input.
const MOST: usize = 4 << 20;

pub fn archive(data: &[u8]) {
    let flavour = recognise(data);
    let read = match flavour {
        Some(Flavour::Tar) => tar,
        _ => custom,
    };
    let whole = read(data, &mut || usize::MAX);
    let mut choices = Choices::new(digest(data));
    let most = choices.of(&[1, 7, 60, 700]);
    let cut = read(data, &mut || 1 + choices.below(most));
    assert_eq!(whole.error, cut.error, "pieces of {most} bytes");
    if whole.error.is_none() {
        assert!(whole.bytes == data, "the events are not the input");
        assert!(cut.bytes == data, "the events of pieces are not the input");
    }
    assert!(data.starts_with(&whole.bytes) && data.starts_with(&cut.bytes));
    assert!(whole.blocks == cut.blocks, "blocks of pieces are others");
    if flavour == Some(Flavour::Tar) {
        let whole = woven(data, &mut || usize::MAX);
        let cut = woven(data, &mut || 1 + choices.below(most));
        assert_eq!(whole.error, cut.error, "a stream of pieces of {most} bytes");
        if whole.error.is_none() {
            assert!(whole.blocks == cut.blocks, "a stream of pieces is another");
            let stream = custom(&whole.bytes, &mut || usize::MAX);
            assert_eq!(stream.error, None, "the stream is no archive");
            assert!(
                stream.bytes == whole.bytes,
                "the stream has more than blocks"
            );
        }
    }
    for codec in [Codec::Zlib, Codec::Gzip, Codec::Lz4, Codec::Zstd] {
        stream(codec, data, &mut choices);
    }
    let _ = objects(data);
}

/// What a reading says.
#[derive(Default)]
struct Reading {
    bytes: Vec<u8>,
    /// Complete blocks, or members.
    blocks: Vec<Vec<u8>>,
    error: Option<String>,
}

impl Reading {
    /// Feeds `step` until it has had everything and says that it wants more.
    fn feed(
        mut self,
        data: &[u8],
        next: &mut dyn FnMut() -> usize,
        mut step: impl FnMut(&mut Reading, &mut BytesMut, bool) -> scrub::error::Result<bool>,
    ) -> Reading {
        let (mut input, mut at) = (BytesMut::new(), 0);
        loop {
            let eof = at == data.len();
            loop {
                match step(&mut self, &mut input, eof) {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => {
                        assert!(error.remedy.is_some(), "{error}");
                        self.error = Some(error.to_string());
                        return self;
                    }
                }
            }
            if eof {
                assert!(input.is_empty(), "something is left");
                return self;
            }
            let length = next().min(data.len() - at);
            input.extend_from_slice(&data[at..at + length]);
            at += length;
        }
    }
}

fn custom(data: &[u8], next: &mut dyn FnMut() -> usize) -> Reading {
    let mut reader = TocReader::new();
    let mut open: Option<(Blocks, Toc)> = None;
    let (mut kind, mut block) = (Data::Rows, Vec::new());
    let mut codec = Codec::None;
    let reading = Reading::default().feed(data, next, |reading, input, eof| {
        let Some((blocks, toc)) = &mut open else {
            let toc = reader.next(input, eof)?;
            let Some(toc) = toc else { return Ok(false) };
            reading.bytes = toc.to_bytes().to_vec();
            assert_eq!(reader.position(), reading.bytes.len() as u64);
            spoken(&toc);
            open = Some((Blocks::new(&toc, reader.position()), toc));
            return Ok(true);
        };
        let Some(event) = blocks.next(input, eof)? else {
            return Ok(false);
        };
        let (Event::Begin { bytes, at, .. }
        | Event::Data { bytes, at }
        | Event::End { bytes, at }
        | Event::Rest { bytes, at }) = &event;
        assert_eq!(*at, reading.bytes.len() as u64, "the place of an event");
        reading.bytes.extend_from_slice(bytes);
        match &event {
            Event::Begin {
                entry,
                data,
                unpacked,
                ..
            } => {
                assert_eq!(toc.entries[*entry].data(), Some(*data));
                kind = *data;
                codec = match unpacked {
                    true => Codec::None,
                    false => toc.codec(&toc.entries[*entry]),
                };
                block.clear();
            }
            Event::Data { bytes, .. } => block.extend_from_slice(bytes),
            Event::End { bytes, .. } => {
                block.extend_from_slice(bytes);
                payload(kind, &block, codec);
                reading.blocks.push(block.clone());
            }
            Event::Rest { .. } => assert!(blocks.is_over()),
        }
        Ok(true)
    });
    // A TOC is complete, or refused.
    assert!(open.is_some() || reading.error.is_some());
    reading
}

fn tar(data: &[u8], next: &mut dyn FnMut() -> usize) -> Reading {
    let mut reader = TarReader::new();
    let (mut member, mut left) = (Vec::new(), 0);
    Reading::default().feed(data, next, |reading, input, eof| {
        let Some(event) = reader.next(input, eof)? else {
            return Ok(false);
        };
        match event {
            TarEvent::Member { bytes, size, .. } => {
                reading.bytes.extend_from_slice(&bytes);
                member.clear();
                left = size;
            }
            TarEvent::Data { bytes, .. } => {
                reading.bytes.extend_from_slice(&bytes);
                member.extend_from_slice(&bytes);
                left -= bytes.len() as u64;
            }
            TarEvent::End { padding } => {
                assert_eq!(left, 0, "a member has its size");
                reading.bytes.extend_from_slice(&padding);
                if let Ok(Some(toc)) = TocReader::new().next(&mut BytesMut::from(&member[..]), true)
                {
                    assert!(member.starts_with(&toc.to_bytes()));
                    spoken(&toc);
                }
                reading.blocks.push(member.clone());
            }
            TarEvent::Rest { bytes } => reading.bytes.extend_from_slice(&bytes),
        }
        Ok(true)
    })
}

/// The stream that is made of a tar; its blocks are what is in them, wherever it is cut into chunks.
fn woven(data: &[u8], next: &mut dyn FnMut() -> usize) -> Reading {
    let (mut weaver, mut stream) = (Weaver::default(), Vec::new());
    let mut reading = Reading::default().feed(data, next, |_, input, eof| {
        weaver.next(input, eof, &mut stream)
    });
    if reading.error.is_none() {
        let (mut reader, mut input) = (TocReader::new(), BytesMut::from(&stream[..]));
        let toc = reader.next(&mut input, true).expect("a TOC");
        let toc = toc.expect("a whole TOC");
        let mut blocks = Blocks::new(&toc, reader.position());
        let mut walk = Walk::new(Data::Rows);
        while let Some(event) = blocks.next(&mut input, true).expect("blocks") {
            match event {
                Event::Begin { data, .. } => {
                    walk = Walk::new(data);
                    reading.blocks.push(Vec::new());
                }
                Event::Data { bytes, .. } | Event::End { bytes, .. } => {
                    let (mut bytes, block) = (&bytes[..], reading.blocks.last_mut());
                    let block = block.expect("a block");
                    while let Some(piece) = walk.next(&mut bytes).expect("pieces") {
                        match piece {
                            Piece::Payload(payload) => block.extend_from_slice(payload),
                            other => block.extend_from_slice(format!("{other:?}").as_bytes()),
                        }
                    }
                }
                Event::Rest { .. } => panic!("something behind the last block"),
            }
        }
    }
    reading.bytes = stream;
    reading
}

/// Everything that a TOC can be asked.
fn spoken(toc: &Toc) {
    let mut changed = toc.clone();
    changed.forget_offsets();
    assert_eq!(changed.to_bytes().len(), toc.to_bytes().len());
    for entry in &toc.entries {
        let (_, _) = (entry.name(), toc.codec(entry));
        let _ = file(entry);
    }
}

/// Walks through a block and decompresses it.
fn payload(kind: Data, mut block: &[u8], codec: Codec) {
    let mut walk = Walk::new(kind);
    let mut stream = Decoder::new(codec).expect("a decoder");
    let (mut total, mut ended) = (0, false);
    while let Some(piece) = walk.next(&mut block).expect("it has been walked before") {
        match piece {
            Piece::Object(_) => stream = Decoder::new(codec).expect("a decoder"),
            Piece::Payload(bytes) => {
                if decoded(&mut stream, bytes, 5000, &mut total).is_none() {
                    return;
                }
            }
            Piece::ObjectEnd => drop(stream.finish()),
            Piece::End => ended = true,
        }
    }
    assert!(ended && block.is_empty());
}

/// Decompresses the input itself, as a whole and in pieces.
fn stream(codec: Codec, data: &[u8], choices: &mut Choices) {
    let read = |piece: usize, room: usize| {
        let mut decoder = Decoder::new(codec).expect("a decoder");
        let mut total = 0;
        for part in data.chunks(piece) {
            decoded(&mut decoder, part, room, &mut total)?;
        }
        decoder.finish().is_ok().then_some(total)
    };
    let whole = read(data.len().max(1), 1 << 16);
    let pieces = read(1 + choices.below(300), 1 + choices.below(5000));
    if whole.is_none_or(|total| total < MOST) {
        assert_eq!(
            whole, pieces,
            "{codec:?}: pieces are decompressed otherwise"
        );
    }
}

/// Decompresses some bytes; none when they are damaged or enough has come out.
fn decoded(decoder: &mut Decoder, mut bytes: &[u8], room: usize, total: &mut usize) -> Option<()> {
    loop {
        let mut out = BytesMut::new();
        decoder.decode(&mut bytes, &mut out, room).ok()?;
        assert!(out.len() <= room, "more than there is room for");
        *total += out.len();
        if bytes.is_empty() && out.len() < room {
            return Some(());
        }
        if *total > MOST {
            return None;
        }
    }
}
