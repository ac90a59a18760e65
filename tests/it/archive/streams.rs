//! Tars and directories are read as the stream of a custom archive and written from one.

use super::formats::{contents, members};
use super::{Archive, compressed, tools};
use crate::runner::fixture;
use scrub::archive::{Codec, Flavour};
use scrub::error::{ErrorKind, Result};
use scrub::sink::{Output, Sink};
use scrub::source::Source;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The stream that an archive is read as.
fn stream(path: &Path) -> Result<(Vec<u8>, Option<Flavour>)> {
    let mut source = Source::open(Some(path))?;
    let mut stream = Vec::new();
    match source.read_to_end(&mut stream) {
        Ok(_) => Ok((stream, source.flavour())),
        Err(error) => Err(source.fault(&error)),
    }
}

/// Writes a stream.
fn write(stream: &[u8], flavour: Flavour, path: PathBuf, piece: usize) -> Result<()> {
    let mut sink = Sink::open(&Output {
        path: Some(path),
        flavour,
        ..Output::default()
    })?;
    for piece in stream.chunks(piece) {
        sink.put(piece)?;
    }
    sink.finish()
}

pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).expect("a directory");
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy();
        (name.into_owned(), std::fs::read(&path).expect("a file"))
    };
    entries.map(read).collect()
}

#[test]
fn what_is_read_is_written() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    for (name, flavour) in [
        ("directory-15", Flavour::Directory),
        ("directory-18", Flavour::Directory),
        ("tar-15.dump", Flavour::Tar),
        ("tar-18.dump", Flavour::Tar),
    ] {
        let path = fixture("postgres-archive").join(name);
        let (stream, read) = stream(&path).expect("a stream");
        assert_eq!(read, Some(flavour));
        for piece in [1, 4000, 1 << 20] {
            let out = dir.path().join(format!("{piece}-{name}"));
            write(&stream, flavour, out.clone(), piece).expect("written");
            if flavour == Flavour::Directory {
                assert!(files(&out) == files(&path), "{name}");
                continue;
            }
            let mut expected = members(&std::fs::read(&path).expect("a tar"), 1000);
            // It has the text of the TOC in it, and is read by people only.
            assert_eq!(expected.pop().expect("a member").0, "restore.sql");
            assert!(
                members(&std::fs::read(&out).expect("a tar"), 1000) == expected,
                "{name}"
            );
        }
        let archive = Archive::read(&stream, 1000).expect("a stream is an archive");
        assert!(archive.toc.header.has_offsets() && archive.bytes == stream);
    }
}

#[test]
fn nothing_appears_that_is_not_complete() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    for (name, flavour) in [
        ("directory-18", Flavour::Directory),
        ("tar-18.dump", Flavour::Tar),
    ] {
        let (stream, _) = stream(&fixture("postgres-archive").join(name)).expect("a stream");
        for end in [0, 1000, stream.len() / 2, stream.len() - 1] {
            let written = write(&stream[..end], flavour, dir.path().join("out"), 5000);
            assert_eq!(written.expect_err("half an archive").kind, ErrorKind::Io);
            assert!(files(dir.path()).is_empty(), "{name} {end}");
        }
    }
    let there = dir.path().join("there");
    std::fs::create_dir(&there).expect("a directory");
    let error = write(b"", Flavour::Directory, there, 1).expect_err("it exists");
    assert_eq!(error.kind, ErrorKind::Usage);
}

#[test]
fn other_compressions_are_written_by_their_suffix() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = fixture("postgres-archive/directory-18");
    let (stream, _) = stream(&path).expect("a stream");
    let archive = Archive::read(&stream, 5000).expect("a stream is an archive");
    for (method, suffix) in [("none", ""), ("gzip:1", ".gz"), ("zstd", ".zst")] {
        let method: scrub::sink::Method = method.parse().expect("a method");
        let anew = archive.recompressed(method, false, 1000);
        let out = dir.path().join(format!("out{suffix}"));
        write(&anew, Flavour::Directory, out.clone(), 5000).expect("written");
        assert!(out.join(format!("3388.dat{suffix}")).exists());
        assert!(contents(&out) == contents(&path));
        for tools in tools().iter().filter(|tools| tools.version >= 16) {
            let out = out.to_str().expect("UTF-8");
            let path = path.to_str().expect("UTF-8");
            if tools.methods().contains(&"zstd") {
                assert!(tools.shown(&[out], b"") == tools.shown(&[path], b""));
            }
        }
    }
    let gzip = archive.recompressed("gzip".parse().expect("a method"), false, 1000);
    let error = write(&gzip, Flavour::Tar, dir.path().join("tar"), 5000).expect_err("a tar");
    assert_eq!(error.kind, ErrorKind::Usage);
}

/// It is refused with a message, of which these are parts, and a way out.
#[track_caller]
fn says(path: &Path, parts: &[&str]) {
    let error = stream(path).expect_err("it is refused");
    assert_eq!(error.kind, ErrorKind::Input, "{error}");
    assert!(error.remedy.is_some(), "{error}");
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "no {part:?} in: {text}");
    }
    assert!(!text.contains('\x1b'));
}

#[test]
fn damaged_directories_and_tars_are_refused() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let copy = |name: &str, without: &str| {
        let to = dir.path().join(name);
        std::fs::create_dir(&to).expect("a directory");
        for (file, bytes) in files(&fixture("postgres-archive/directory-15")) {
            if file != without {
                std::fs::write(to.join(file), bytes).expect("a file");
            }
        }
        to
    };
    for without in ["3388.dat.gz", "blobs.toc", "blob_910002.dat.gz"] {
        let error = stream(&copy(without, without)).expect_err("a file is missing");
        let missing = format!("{} is missing", without.trim_end_matches(".gz"));
        assert!(error.to_string().contains(&missing), "{error}");
    }
    // A file that is in no entry, and a link to one that is elsewhere.
    let more = copy("more", "");
    std::fs::write(more.join("stray.dat"), "1\n").expect("a file");
    says(
        &more,
        &["more/stray.dat is not in the archive", "elsewhere"],
    );
    let link = copy("link", "3388.dat.gz");
    let original = fixture("postgres-archive/directory-15/3388.dat.gz");
    std::os::unix::fs::symlink(original, link.join("3388.dat.gz")).expect("a link");
    says(&link, &["link/3388.dat.gz is a symbolic link", "cp -RL"]);
    let folder = copy("folder", "3388.dat.gz");
    std::fs::create_dir(folder.join("3388.dat.gz")).expect("a directory");
    says(&folder, &["3388.dat.gz is no regular file"]);
    // pg_restore would take the one that is not compressed.
    let both = copy("both", "");
    std::fs::write(both.join("3388.dat"), "1\n").expect("a file");
    says(
        &both,
        &["both/3388.dat and ", "both/3388.dat.gz are both there"],
    );
    let longer = copy("longer", "");
    let mut toc = std::fs::read(longer.join("toc.dat")).expect("it");
    toc.push(0);
    std::fs::write(longer.join("toc.dat"), toc).expect("a file");
    says(&longer, &["toc.dat goes on behind"]);
    let packed = copy("packed", "toc.dat");
    std::fs::write(packed.join("toc.dat.gz"), "").expect("a file");
    says(&packed, &["toc.dat.gz ends in the middle"]);
    let cut = copy("cut", "3388.dat.gz");
    std::fs::write(cut.join("3388.dat"), "").expect("a file");
    let list = std::fs::read(cut.join("blobs.toc")).expect("a list");
    let list = compressed(Codec::Gzip, None, &list);
    std::fs::remove_file(cut.join("blobs.toc")).expect("removed");
    std::fs::write(cut.join("blobs.toc.gz"), &list[..list.len() - 9]).expect("a file");
    says(&cut, &["blobs.toc.gz", "in the middle"]);
    // A way out of the directory.
    let out = copy("out", "blobs.toc");
    std::fs::write(out.join("blobs.toc"), "1 ../../secret\n").expect("a file");
    assert!(stream(&out).is_err());
    assert!(stream(&copy("toc", "toc.dat")).is_err());

    let tar = std::fs::read(fixture("postgres-archive/tar-18.dump")).expect("a tar");
    let file = dir.path().join("file.tar");
    let last = members(&tar, 1000).len();
    let mut boundaries = vec![0];
    for (_, data) in members(&tar, 1000) {
        let size = 512 + data.len().next_multiple_of(512);
        boundaries.push(boundaries.last().expect("a place") + size);
    }
    for (number, end) in boundaries.iter().enumerate().skip(1) {
        // Without the blocks of zeros it is cut off; with them, a member is missing.
        let mut cut = tar[..*end].to_vec();
        std::fs::write(&file, &cut).expect("a file");
        assert!(stream(&file).is_err(), "{number}");
        cut.extend([0; 1024]);
        std::fs::write(&file, &cut).expect("a file");
        let whole = number + 1 >= last;
        assert_eq!(stream(&file).is_ok(), whole, "{number} of {last}");
    }
    for end in (boundaries[1]..boundaries[last]).step_by(997) {
        std::fs::write(&file, &tar[..end]).expect("a file");
        says(&file, &["the archive ends within", "byte"]);
    }
    // The rows of one table where another's are expected.
    let mut swapped = tar[..boundaries[1]].to_vec();
    swapped.extend_from_slice(&tar[boundaries[2]..]);
    std::fs::write(&file, &swapped).expect("a file");
    says(&file, &["is expected", "pg_dump -Ft", "byte"]);
    // A name that leads elsewhere, and members that are no files.
    let header = |change: &dyn Fn(&mut [u8])| {
        let mut tar = tar.clone();
        let header = &mut tar[boundaries[1]..][..512];
        change(header);
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        std::fs::write(&file, &tar).expect("a file");
    };
    for name in [&b"../3392.dat\0"[..], b"/etc/passwd\0", b"a\x1b[2J\xff\0"] {
        header(&|header| header[..name.len()].copy_from_slice(name));
        says(&file, &["the tar has the member", "is expected", "byte"]);
    }
    for kind in *b"123456xgLK" {
        header(&|header| header[156] = kind);
        says(&file, &["no plain file", "byte"]);
    }
    // A compressed tar is one.
    std::fs::write(&file, compressed(Codec::Gzip, None, &tar)).expect("a file");
    assert_eq!(stream(&file).expect("a tar").1, Some(Flavour::Tar));
}

/// The names of this process's open files that lie in a folder.
#[cfg(target_os = "linux")]
fn open_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir("/proc/self/fd").expect("the open files");
    let paths = entries.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    let mut paths: Vec<_> = paths.filter(|path| path.starts_with(folder)).collect();
    paths.sort();
    paths
}

/// Files of a directory whose rows somebody will look at are in work at the same time, as many as there
/// are to be, and wait with what nobody has read yet.
#[test]
#[cfg(target_os = "linux")]
fn files_are_unpacked_at_the_same_time() {
    use std::time::{Duration, Instant};
    let dir = tempfile::tempdir().expect("a temporary directory");
    let dir = dir.path().canonicalize().expect("a path");
    let (original, _) = stream(&fixture("postgres-archive/directory-15")).expect("a stream");
    let mut archive = Archive::read(&original, 5000).expect("a stream is an archive");
    // Rows that do not fit into what may wait, packed to files that are worth a thread.
    let mut state = 1_u32;
    let mut word = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        format!("{:x}\n", state >> 8)
    };
    let rows: String = (0..6_000_000).map(|_| word()).collect();
    let packed = compressed(Codec::Gzip, Some(1), rows.as_bytes());
    let tables: Vec<_> = (archive.blocks.iter_mut())
        .filter(|(_, data, _)| *data == scrub::archive::Data::Rows)
        .take(4)
        .map(|(entry, _, block)| {
            block.clear();
            packed
                .chunks(1 << 20)
                .for_each(|part| scrub::archive::chunk(part, block));
            scrub::archive::end(block);
            *entry
        })
        .collect();
    let ids: Vec<i32> = tables
        .iter()
        .map(|entry| archive.toc.entries[*entry].dump_id)
        .collect();
    let mut bytes = archive.toc.to_bytes().to_vec();
    for (entry, data, block) in &archive.blocks {
        scrub::archive::begin(*data, archive.toc.entries[*entry].dump_id, &mut bytes);
        bytes.extend_from_slice(block);
    }
    let folder = dir.join("large");
    write(&bytes, Flavour::Directory, folder.clone(), 1 << 20).expect("written");
    let names = |count: usize| -> Vec<PathBuf> {
        let mut names: Vec<_> = ids[..count]
            .iter()
            .map(|id| folder.join(format!("{id}.dat.gz")))
            .collect();
        names.sort();
        names
    };
    let mut all = None;
    for threads in [1, 2, 3] {
        let mut source = Source::open(Some(&folder)).expect("a directory");
        let wanted = source
            .unpack_ahead(threads)
            .expect("it can be unpacked ahead");
        let mut head = vec![0; archive.toc.to_bytes().len()];
        source.read_exact(&mut head).expect("the table of contents");
        assert_eq!(
            open_files(&folder),
            [] as [PathBuf; 0],
            "nobody knows what is wanted"
        );
        wanted
            .send(ids.iter().copied().collect())
            .expect("it waits for it");
        let mut stream = vec![0; 1];
        source
            .read_exact(&mut stream)
            .expect("the first block begins");
        let begun = Instant::now();
        while open_files(&folder).len() < threads && begun.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(1));
        }
        // Nobody reads, so none of them comes to its end.
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(open_files(&folder), names(threads));
        source.read_to_end(&mut stream).expect("the rest");
        assert!(open_files(&folder).is_empty());
        assert!(
            *all.get_or_insert_with(|| stream.clone()) == stream,
            "{threads} threads"
        );
    }
    // The stream has the rows unpacked, and nothing but the rows.
    let all = [&archive.toc.to_bytes()[..], &all.unwrap_or_default()].concat();
    let read = Archive::read(&all, 1 << 20).expect("a stream is an archive");
    for (entry, _, block) in &read.blocks {
        let unpacked = tables.contains(entry);
        assert_eq!(block.len() > rows.len(), unpacked, "{entry}");
    }
}
