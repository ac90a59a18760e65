//! The fixtures: archives that pg_dump 15 to 18 made of one database.

use super::{Archive, Objects, decompressed};
use crate::runner::fixture;
use bytes::BytesMut;
use scrub::archive::{
    Codec, Data, Flavour, SUFFIXES, TarEvent, TarReader, Toc, TocReader, file, object_of, objects,
    recognise,
};
use scrub::source::Compression;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The fixtures whose names begin like this.
fn fixtures(kind: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(fixture("postgres-archive")).expect("fixtures");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.retain(|path| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(kind))
    });
    paths.sort();
    assert!(paths.len() > 1, "hardly any {kind}");
    paths
}

fn toc(bytes: &[u8]) -> Toc {
    let mut input = BytesMut::from(bytes);
    let toc = TocReader::new().next(&mut input, true).expect("a TOC");
    assert!(input.is_empty());
    toc.expect("complete")
}

/// The members of a tar file, which is checked to be what was read.
pub fn members(bytes: &[u8], piece: usize) -> Vec<(String, Vec<u8>)> {
    let (mut reader, mut input, mut all) = (TarReader::new(), BytesMut::new(), Vec::new());
    let mut members = Vec::<(String, Vec<u8>)>::new();
    let mut pieces = bytes.chunks(piece);
    loop {
        let next = pieces.next();
        input.extend_from_slice(next.unwrap_or_default());
        while let Some(event) = reader.next(&mut input, next.is_none()).expect("a tar file") {
            match event {
                TarEvent::Member { bytes, name, .. } => {
                    all.extend_from_slice(&bytes);
                    members.push((String::from_utf8_lossy(&name).into_owned(), Vec::new()));
                }
                TarEvent::Data { bytes, .. } => {
                    all.extend_from_slice(&bytes);
                    members
                        .last_mut()
                        .expect("a member")
                        .1
                        .extend_from_slice(&bytes);
                }
                TarEvent::End { padding } => all.extend_from_slice(&padding),
                TarEvent::Rest { bytes } => all.extend_from_slice(&bytes),
            }
        }
        if next.is_none() {
            assert!(all == bytes, "the events are not the file");
            return members;
        }
    }
}

/// The data of an archive by the names of their entries; large objects by their numbers.
type Contents = BTreeMap<String, Vec<u8>>;

fn put(contents: &mut Contents, name: &str, data: Data, objects: Objects) {
    for (oid, bytes) in objects {
        let name = match data {
            Data::Rows => name.to_owned(),
            Data::Objects => oid.to_string(),
        };
        assert_eq!(contents.insert(name, bytes), None, "data that come twice");
    }
}

/// The contents of a directory or of a tar's members.
fn of_files(read: &dyn Fn(&str) -> Option<Vec<u8>>) -> Contents {
    let toc = toc(&read("toc.dat").expect("toc.dat"));
    let content = |name: &str| {
        let of = |(compression, suffix): &(Compression, &str)| {
            let bytes = read(&format!("{name}{suffix}"))?;
            Some(decompressed(Codec::in_files(*compression), &bytes).expect("a stream"))
        };
        SUFFIXES.iter().find_map(of).expect("a file")
    };
    let mut contents = Contents::new();
    for entry in &toc.entries {
        let (Some(data), Some(name)) = (entry.data(), file(entry).expect("a name")) else {
            continue;
        };
        let found = match data {
            Data::Rows => vec![(0, content(name))],
            Data::Objects => {
                // In a tar the list has another name than the TOC says.
                let names = [name, "blobs.toc", &format!("blobs_{}.toc", entry.dump_id)];
                let list = names.iter().find_map(|name| read(name)).expect("a list");
                let list = objects(&list).expect("a list");
                list.iter().for_each(|(oid, file)| {
                    assert_eq!(object_of(file.as_bytes()), Some(*oid));
                });
                list.iter()
                    .map(|(oid, file)| (*oid, content(file)))
                    .collect()
            }
        };
        put(&mut contents, &entry.name(), data, found);
    }
    contents
}

/// The contents of an archive, whatever it is.
pub fn contents(path: &Path) -> Contents {
    if path.is_dir() {
        return of_files(&|name| std::fs::read(path.join(name)).ok());
    }
    let bytes = std::fs::read(path).expect("an archive");
    match recognise(&bytes) {
        Some(Flavour::Custom) => {
            let archive = Archive::read(&bytes, 1000).expect("an archive");
            let mut contents = Contents::new();
            for (entry, data, objects) in archive.payloads().expect("payload") {
                put(&mut contents, &entry.name(), data, objects);
            }
            contents
        }
        Some(Flavour::Tar) => {
            let members: BTreeMap<_, _> = members(&bytes, 1000).into_iter().collect();
            of_files(&|name| members.get(name).cloned())
        }
        other => panic!("{}: {other:?}", path.display()),
    }
}

#[test]
fn what_is_read_is_written() {
    for path in fixtures("custom") {
        let bytes = std::fs::read(&path).expect("an archive");
        assert_eq!(recognise(&bytes), Some(Flavour::Custom));
        for piece in [1, 17, 1000, bytes.len()] {
            let archive = Archive::read(&bytes, piece).expect("an archive");
            assert!(archive.bytes == bytes, "{}", path.display());
            archive.toc.header.expect(Flavour::Custom).expect("custom");
            let tail = path.to_string_lossy().contains("tail");
            assert_eq!(archive.rest > 0, tail, "{}", path.display());
        }
    }
    for path in fixtures("tar") {
        let bytes = std::fs::read(&path).expect("an archive");
        assert_eq!(recognise(&bytes), Some(Flavour::Tar));
        for piece in [1, 512, 1000, bytes.len()] {
            let members = members(&bytes, piece);
            assert_eq!(members[0].0, "toc.dat");
            assert_eq!(members.last().expect("members").0, "restore.sql");
            let toc = toc(&members[0].1);
            assert!(*toc.to_bytes() == members[0].1[..], "{}", path.display());
            toc.header.expect(Flavour::Tar).expect("tar");
        }
    }
    for path in fixtures("directory") {
        let bytes = std::fs::read(path.join("toc.dat")).expect("toc.dat");
        let toc = toc(&bytes);
        assert!(*toc.to_bytes() == bytes[..], "{}", path.display());
        toc.header.expect(Flavour::Directory).expect("a directory");
    }
}

#[test]
fn all_versions_and_formats_hold_the_same() {
    let first = contents(&fixture("postgres-archive/custom-15-none.dump"));
    assert!(first["public.users"].ends_with(b"\n\\.\n\n\n"));
    assert!(first["910002"].starts_with(b"large object "));
    assert_eq!(first["910001"], b"");
    for path in ["custom", "tar", "directory"]
        .into_iter()
        .flat_map(fixtures)
    {
        let name = path.to_string_lossy();
        if !name.contains("inserts") && !name.contains("root") {
            assert!(contents(&path) == first, "{name}");
        }
    }
    let inserts = contents(&fixture("postgres-archive/custom-15-inserts.dump"));
    assert!(inserts["public.users"].starts_with(b"INSERT INTO public.users VALUES (1, "));
    assert!(inserts["public.users"].ends_with(b";\n\n\n"));
}

#[test]
fn the_toc_says_what_there_is() {
    for path in fixtures("custom") {
        let bytes = std::fs::read(&path).expect("an archive");
        let toc = Archive::read(&bytes, 1000).expect("an archive").toc;
        let root = path.to_string_lossy().contains("root");
        for entry in &toc.entries {
            if entry.data() == Some(Data::Rows) {
                assert_eq!(entry.desc(), b"TABLE DATA");
                let through_root = entry.defn.as_ref().is_some_and(|defn| !defn.is_empty());
                assert_eq!(through_root, root, "{}", path.display());
            }
        }
    }
}
