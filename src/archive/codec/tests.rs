use super::*;
use crate::archive::{Encoder, Packed};
use bytes::Bytes;
use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
use std::io::Write;

const ALL: [Codec; 5] = [
    Codec::None,
    Codec::Zlib,
    Codec::Gzip,
    Codec::Lz4,
    Codec::Zstd,
];

fn sample() -> Vec<u8> {
    let line = |i: u64| format!("{i}\t{}\n", i * 7919 % 10_007).into_bytes();
    (0..60_000).flat_map(line).collect()
}

fn encode(codec: Codec, bytes: &[u8], chunk: usize) -> Vec<u8> {
    encode_in(1, (codec, None), bytes, chunk)
}

/// In so many threads, of which each may be the first to be done.
fn encode_in(
    threads: usize,
    (codec, level): (Codec, Option<i32>),
    bytes: &[u8],
    chunk: usize,
) -> Vec<u8> {
    let mut encoder = Encoder::new(codec, level, threads);
    let mut packed = Vec::new();
    let mut out = |piece| {
        packed.push(piece);
        Ok(())
    };
    for part in bytes.chunks(chunk) {
        let part = Bytes::copy_from_slice(part);
        encoder.encode(&part, &mut out).unwrap();
    }
    encoder.finish(&mut out).unwrap();
    let mut pieces: Vec<_> = packed.into_iter().enumerate().rev().collect();
    pieces.rotate_left(threads - 1);
    let made = pieces
        .into_iter()
        .map(|(n, piece)| (n, piece.bytes().unwrap()));
    let made: std::collections::BTreeMap<_, _> = made.collect();
    made.into_values().flatten().collect()
}

fn decode(codec: Codec, bytes: &[u8], chunk: usize, room: usize) -> Result<Vec<u8>> {
    let mut decoder = Decoder::new(codec)?;
    let mut out = BytesMut::new();
    for mut part in bytes.chunks(chunk) {
        loop {
            let before = out.len();
            decoder.decode(&mut part, &mut out, room)?;
            assert!(out.len() - before <= room);
            if part.is_empty() && out.len() - before < room {
                break;
            }
        }
    }
    decoder.finish()?;
    Ok(out.to_vec())
}

#[test]
fn what_is_compressed_is_read_again_whatever_the_pieces() {
    let sample = sample();
    for codec in ALL {
        let whole = encode(codec, &sample, sample.len());
        assert!(encode(codec, &sample, 12_345) == whole, "{codec:?}");
        for (chunk, room) in [(whole.len(), 1 << 20), (4096, 4096), (70_000, 333)] {
            let out = decode(codec, &whole, chunk, room).unwrap();
            assert!(out == sample, "{codec:?} {chunk} {room}");
        }
        let short = encode(codec, &sample[..100], 7);
        assert_eq!(decode(codec, &short, 1, 1).unwrap(), &sample[..100]);
        assert_eq!(decode(codec, &encode(codec, b"", 1), 1, 10).unwrap(), b"");
        assert_eq!(decode(codec, b"", 1, 10).unwrap(), b"");
    }
}

#[test]
fn threads_change_nothing() {
    let sample = sample();
    for (codec, level) in
        (ALL.map(|codec| (codec, None)).into_iter()).chain([(Codec::Zstd, Some(3))])
    {
        let long = sample.repeat(3);
        let encode = |threads: usize| encode_in(threads, (codec, level), &long, 300_000);
        let one = encode(1);
        assert!((2..=3).all(|threads| encode(threads) == one), "{codec:?}");
        assert!(decode(codec, &one, 70_000, 70_000).unwrap() == long);
    }
}

#[test]
fn a_chunk_ends_with_each_frame_but_the_last() {
    const FRAME: usize = 1 << 20;
    let text = sample().repeat(4);
    for (length, frames) in [
        (0, 1),
        (1, 1),
        (FRAME, 1),
        (FRAME + 1, 2),
        (2 * FRAME, 2),
        (text.len(), 3),
    ] {
        let mut encoder = Encoder::new(Codec::Zstd, None, 2);
        let (mut made, mut chunk) = (Vec::new(), Vec::new());
        let mut out = |piece| {
            match piece {
                Packed::ChunkEnd => made.push(std::mem::take(&mut chunk)),
                piece => chunk.extend(piece.bytes()?),
            }
            Ok(())
        };
        for part in text[..length].chunks(700_000) {
            encoder
                .encode(&Bytes::copy_from_slice(part), &mut out)
                .unwrap();
        }
        encoder.finish(&mut out).unwrap();
        made.extend(Some(chunk).filter(|chunk| !chunk.is_empty()));
        assert_eq!(made.len(), frames, "{length}");
        let mut read = Vec::new();
        for chunk in &made {
            // Of a second frame in it this would say that it goes on.
            let mut decoder = zstd::stream::raw::Decoder::new().unwrap();
            let mut bytes = vec![0; FRAME + 1];
            let status = decoder.run_on_buffers(chunk, &mut bytes).unwrap();
            assert_eq!((status.bytes_read, status.remaining), (chunk.len(), 0));
            read.extend_from_slice(&bytes[..status.bytes_written]);
        }
        assert!(read == text[..length], "{length}");
    }
}

#[test]
fn frames_and_members_may_follow_each_other_and_zlib_streams_may_not() {
    let sample = sample();
    for codec in ALL {
        let mut twice = encode(codec, &sample, 9999);
        twice.extend(encode(codec, b"end", 9999));
        let read = decode(codec, &twice, 5000, 5000);
        match codec {
            Codec::Zlib => assert!(read.is_err()),
            _ => assert!(read.unwrap() == [&sample[..], b"end"].concat()),
        }
    }
}

#[test]
fn the_end_in_the_middle_is_no_end() {
    for codec in &ALL[1..] {
        let bytes = encode(*codec, &sample(), 9999);
        for cut in (1..60).chain((60..bytes.len()).step_by(9_973)) {
            assert!(
                decode(*codec, &bytes[..cut], 5000, 5000).is_err(),
                "{codec:?} {cut}"
            );
        }
    }
}

#[test]
fn damage_is_refused() {
    for codec in &ALL[1..] {
        let mut bytes = encode(*codec, &sample(), 9999);
        let half = bytes.len() / 2;
        bytes[half..half + 40].fill(0xff);
        let error = decode(*codec, &bytes, 5000, 5000).unwrap_err();
        assert!(error.remedy.is_some(), "{error}");
        assert!(decode(*codec, b"nothing of the kind", 5, 5).is_err());
    }
}

#[test]
fn a_bomb_goes_off_in_steps() {
    for codec in &ALL[1..] {
        let bomb = encode(*codec, &vec![0; 32 << 20], 1 << 20);
        assert!(bomb.len() < 1 << 18);
        let mut decoder = Decoder::new(*codec).unwrap();
        let (mut input, mut total) = (&bomb[..], 0);
        loop {
            let mut out = BytesMut::new();
            decoder.decode(&mut input, &mut out, 1 << 16).unwrap();
            assert!(out.len() <= 1 << 16);
            total += out.len();
            if out.is_empty() && input.is_empty() {
                break;
            }
        }
        decoder.finish().unwrap();
        assert_eq!(total, 32 << 20);
    }
}

#[test]
fn linked_blocks_and_long_windows_are_read() {
    let sample = sample();
    let info = FrameInfo::new()
        .block_size(BlockSize::Max64KB)
        .block_mode(BlockMode::Linked)
        .block_checksums(true);
    let mut linked = FrameEncoder::with_frame_info(info, Vec::new());
    linked.write_all(&sample).unwrap();
    let linked = linked.finish().unwrap();
    assert!(decode(Codec::Lz4, &linked, 1000, 1000).unwrap() == sample);
    let mut long = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    long.window_log(28).unwrap();
    long.write_all(&sample).unwrap();
    let long = long.finish().unwrap();
    assert!(decode(Codec::Zstd, &long, 1000, 1000).unwrap() == sample);
}
