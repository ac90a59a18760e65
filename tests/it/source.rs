//! Inputs: compressed, damaged, refused.

use crate::runner::{SPOILED, filter_with, run};
use std::io::Write;

fn dump() -> Vec<u8> {
    let mut dump =
        b"CREATE TABLE public.t (a integer, b text);\nCOPY public.t (a, b) FROM stdin;\n".to_vec();
    for i in 0..20_000 {
        writeln!(dump, "{i}\trow {}", i * 7919).unwrap();
    }
    dump.extend(b"\\.\n");
    dump
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn lz4(bytes: &[u8]) -> Vec<u8> {
    let mut out = lz4_flex::frame::FrameEncoder::new(Vec::new());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

type Encoder = fn(&[u8]) -> Vec<u8>;
const ALL: [(&str, Encoder); 3] = [("gzip", gzip), ("lz4", lz4), ("zstd", zstd)];

#[test]
fn a_compressed_dump_is_recognised_by_its_content() {
    let dump = dump();
    for (name, encode) in ALL {
        let packed = encode(&dump);
        assert!(
            filter_with(&["-q"], "", &packed).ok() == dump,
            "{name} from a pipe"
        );
        // The name says nothing: a file that is called .sql may be compressed.
        let file = tempfile::Builder::new().suffix(".sql").tempfile().unwrap();
        std::fs::write(file.path(), &packed).unwrap();
        let path = file.path().to_str().unwrap();
        assert!(
            filter_with(&["-q", path], "", b"").ok() == dump,
            "{name} from a file"
        );
        let (a, b) = dump.split_at(10_000);
        let members = [encode(a), encode(b)].concat();
        assert!(
            filter_with(&["-q"], "", &members).ok() == dump,
            "{name} in two members"
        );
    }
}

#[test]
fn a_compressed_dump_that_was_cut_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("safe.sql");
    for (name, encode) in ALL {
        let packed = encode(&dump());
        for cut in [packed.len() / 2, packed.len() - 1] {
            let run = filter_with(&["-o", out.to_str().unwrap()], "", &packed[..cut]);
            assert_eq!(run.code, Some(3), "{name}: {}", run.err);
            assert!(run.err.contains(name), "{}", run.err);
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }
}

#[test]
fn what_is_no_dump_script_is_refused_with_the_way_out() {
    let wide: Vec<u8> = "-- PostgreSQL database dump\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let wide = [b"\xff\xfe".to_vec(), wide].concat();
    for (input, part) in [
        (&b""[..], "no input"),
        (b"PGDMP\x01\x0e\x00", "cut off"),
        (b"PK\x03\x04\x14\x00", "Generate Scripts"),
        (b"TAPE\x00\x00\x03\x00", "Generate Scripts"),
        (b"\x03\x00\x1fEXPORT:V11.02.00\n", "SQLcl"),
        (b"SQLite format 3\x00", ".dump"),
        (b"\xfd7zXZ\x00\x00", "xz -dc"),
        (&wide, "UTF-16"),
    ] {
        let run = run(&[], input);
        assert_eq!(run.code, Some(3), "{}", run.err);
        assert!(
            run.err.starts_with("scrub: ") && run.err.contains(part),
            "{}",
            run.err
        );
        assert_eq!(run.out, SPOILED);
    }
}

#[test]
fn a_file_that_is_not_there_is_4() {
    let run = run(&["/nowhere/dump.sql"], b"");
    assert_eq!(run.code, Some(4));
    assert!(run.err.contains("/nowhere/dump.sql"), "{}", run.err);
}
