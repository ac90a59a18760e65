use super::super::toc::{Entry, Extra, Toc};
use super::*;

fn toc(data: &[(i32, &'static str)]) -> Toc {
    let entry = |(id, desc): &(i32, &'static str)| Entry {
        dump_id: *id,
        tag: Some("t".into()),
        namespace: Some("public".into()),
        desc: Some((*desc).into()),
        extra: Extra::Offset {
            state: if *desc == "TABLE" { 3 } else { 1 },
            offset: 0,
        },
        ..Entry::default()
    };
    let header = crate::archive::Header {
        minor: 16,
        revision: 0,
        offset_size: 8,
        format: 1,
        compression: crate::archive::Stored::Algorithm(0),
        time: [0; 7],
        database: None,
        server_version: None,
        pg_dump_version: None,
    };
    Toc {
        header,
        entries: data.iter().map(entry).collect(),
    }
}

fn sample() -> (Toc, Vec<u8>) {
    let toc = toc(&[
        (7, "TABLE"),
        (9, "TABLE DATA"),
        (8, "TABLE DATA"),
        (10, "BLOBS"),
    ]);
    let mut out = Vec::new();
    begin(Data::Rows, 9, &mut out);
    for row in ["1\ta\n", "2\tb\n", "\\.\n\n\n"] {
        chunk(row.as_bytes(), &mut out);
    }
    end(&mut out);
    begin(Data::Rows, 8, &mut out);
    end(&mut out);
    begin(Data::Objects, 10, &mut out);
    for (oid, bytes) in [(16_393, &b"one"[..]), (u32::MAX, b""), (1 << 31, b"three")] {
        object(oid, &mut out);
        chunk(bytes, &mut out);
        end(&mut out);
    }
    end(&mut out);
    (toc, out)
}

type Found = Vec<(usize, Data, Vec<u8>)>;

/// The blocks with their bytes, all bytes, and what stands behind the last block.
fn read(toc: &Toc, bytes: &[u8], cut: usize) -> Result<(Found, Vec<u8>, Vec<u8>)> {
    let (mut blocks, mut input) = (Blocks::new(toc, 1000), BytesMut::new());
    let (mut found, mut all, mut rest) = (Found::new(), Vec::new(), Vec::new());
    let mut cuts = bytes.chunks(cut);
    loop {
        let next = cuts.next();
        input.extend_from_slice(next.unwrap_or_default());
        while let Some(event) = blocks.next(&mut input, next.is_none())? {
            let (Event::Begin { bytes, at, .. }
            | Event::Data { bytes, at }
            | Event::End { bytes, at }
            | Event::Rest { bytes, at }) = &event;
            assert_eq!(*at, 1000 + all.len() as u64);
            all.extend_from_slice(bytes);
            match &event {
                Event::Begin { entry, data, .. } => found.push((*entry, *data, Vec::new())),
                Event::Rest { bytes, .. } => rest.extend_from_slice(bytes),
                Event::Data { bytes, .. } | Event::End { bytes, .. } => {
                    found.last_mut().unwrap().2.extend_from_slice(bytes);
                }
            }
        }
        if next.is_none() {
            assert!(blocks.is_over());
            return Ok((found, all, rest));
        }
    }
}

#[test]
fn the_events_are_the_input_whatever_the_pieces() {
    let (toc, mut bytes) = sample();
    let (whole, ..) = read(&toc, &bytes, bytes.len()).unwrap();
    let kinds: Vec<_> = whole
        .iter()
        .map(|(entry, data, _)| (*entry, *data))
        .collect();
    assert_eq!(
        kinds,
        [(1, Data::Rows), (2, Data::Rows), (3, Data::Objects)]
    );
    bytes.extend_from_slice(b"PGDMP and so on");
    for cut in 1..bytes.len() {
        let (found, all, rest) = read(&toc, &bytes, cut).unwrap();
        assert_eq!(found, whole);
        assert_eq!(all, bytes);
        assert_eq!(rest, b"PGDMP and so on");
    }
}

#[test]
fn the_walk_finds_the_payload() {
    let (toc, bytes) = sample();
    let (blocks, ..) = read(&toc, &bytes, 11).unwrap();
    let walk = |block: &(usize, Data, Vec<u8>), cut: usize| {
        let mut walk = Walk::new(block.1);
        let (mut steps, mut left) = (Vec::<(u32, Vec<u8>)>::new(), Vec::new());
        let (mut objects_ended, mut ended) = (0, false);
        if block.1 == Data::Rows {
            steps.push((0, Vec::new()));
        }
        for part in block.2.chunks(cut) {
            left.extend_from_slice(part);
            let mut input = &left[..];
            while let Some(piece) = walk.next(&mut input).unwrap() {
                match piece {
                    Piece::Object(oid) => steps.push((oid, Vec::new())),
                    Piece::Payload(bytes) => steps.last_mut().unwrap().1.extend_from_slice(bytes),
                    Piece::ObjectEnd => objects_ended += 1,
                    Piece::End => ended = true,
                }
            }
            left = input.to_vec();
        }
        assert!(ended && left.is_empty());
        (steps, objects_ended)
    };
    for cut in 1..20 {
        let (rows, _) = walk(&blocks[0], cut);
        assert_eq!(rows, [(0, b"1\ta\n2\tb\n\\.\n\n\n".to_vec())]);
        assert_eq!(walk(&blocks[1], cut).0, [(0, vec![])]);
        let (objects, ended) = walk(&blocks[2], cut);
        assert_eq!(
            objects,
            [
                (16_393, b"one".to_vec()),
                (u32::MAX, vec![]),
                (1 << 31, b"three".to_vec())
            ]
        );
        assert_eq!(ended, 3);
    }
}

#[test]
fn every_cut_is_refused() {
    let (toc, bytes) = sample();
    for cut in 0..bytes.len() {
        let error = read(&toc, &bytes[..cut], 1000).unwrap_err();
        assert!(error.to_string().contains("ends within"), "{cut}: {error}");
        assert_eq!(error.relation.as_deref(), Some("public.t"));
    }
}

#[test]
fn a_chunk_is_not_waited_for() {
    let toc = toc(&[(1, "TABLE DATA")]);
    let mut bytes = Vec::new();
    begin(Data::Rows, 1, &mut bytes);
    put_int(i32::MAX, &mut bytes);
    bytes.extend_from_slice(b"the first of two gigabytes");
    let (mut blocks, mut input) = (Blocks::new(&toc, 0), BytesMut::from(&bytes[..]));
    assert!(matches!(
        blocks.next(&mut input, false),
        Ok(Some(Event::Begin { .. }))
    ));
    assert!(matches!(
        blocks.next(&mut input, false),
        Ok(Some(Event::Data { .. }))
    ));
    assert!(input.is_empty());
}

#[test]
fn other_blocks_are_refused() {
    let rows = |id: i32, length: i32| {
        let mut out = Vec::new();
        begin(Data::Rows, id, &mut out);
        put_int(length, &mut out);
        out
    };
    let toc = toc(&[(1, "TABLE DATA"), (2, "TABLE DATA")]);
    let objects = [&[3][..], &rows(1, 0)[1..]].concat();
    let unknown = [&[2][..], &rows(1, 0)[1..]].concat();
    let again = [rows(1, 0), rows(1, 0)].concat();
    for bytes in [rows(2, 0), rows(3, 0), rows(1, -4), objects, unknown, again] {
        let error = read(&toc, &bytes, 1000).unwrap_err();
        assert!(!error.to_string().contains("ends within"), "{error}");
        assert!(error.at.is_some() && error.remedy.is_some());
    }
}

#[test]
fn long_payload_is_several_chunks() {
    let payload = vec![b'x'; LARGEST * 2 + 1];
    let mut out = Vec::new();
    chunk(&payload, &mut out);
    assert_eq!(out.len(), payload.len() + 3 * INT);
}
