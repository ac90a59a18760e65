//! The files of a directory archive, and the lists of large objects of directories and tars.
//!
//! The TOC names a file without the suffix of its compression, which each file has for itself.

use super::{Entry, Extra, damaged};
use crate::error::Result;
use crate::source::Compression;

/// The suffixes in the order in which pg_restore looks for them.
pub const SUFFIXES: [(Compression, &str); 4] = [
    (Compression::None, ""),
    (Compression::Gzip, ".gz"),
    (Compression::Lz4, ".lz4"),
    (Compression::Zstd, ".zst"),
];

/// The suffix of files that are compressed like this.
pub fn suffix(compression: Compression) -> &'static str {
    let of = |(of, _): &&(Compression, &str)| *of == compression;
    SUFFIXES.iter().find(of).map_or("", |(_, suffix)| suffix)
}

/// A list of large objects: their numbers and files, in their order.
pub type Objects = Vec<(u32, String)>;

/// Reads a list of large objects: a line for each, its number and its file (without the suffix).
///
/// # Errors
/// If a line is something else, or names a file elsewhere.
pub fn objects(list: &[u8]) -> Result<Objects> {
    let mut objects = Objects::new();
    let mut at = 0;
    for line in list.split_inclusive(|byte| *byte == b'\n') {
        let whole = line.strip_suffix(b"\n").and_then(|line| {
            let (oid, file) = std::str::from_utf8(line).ok()?.split_once(' ')?;
            plain(file).then_some((oid.parse().ok()?, file.to_owned()))
        });
        match whole {
            Some(object) => objects.push(object),
            None => return Err(damaged("this is no line of a list of large objects", at)),
        }
        at += line.len() as u64;
    }
    Ok(objects)
}

/// A line of such a list.
pub fn objects_line(oid: u32, file: &str) -> String {
    format!("{oid} {file}\n")
}

/// The file that an entry names. In a tar there is none of this name for large objects: their members
/// stand one after the other, before the list of them.
///
/// # Errors
/// If it names one that is not of the archive itself.
pub fn file(entry: &Entry) -> Result<Option<&str>> {
    let Extra::File(Some(name)) = &entry.extra else {
        return Ok(None);
    };
    match std::str::from_utf8(name) {
        Ok("") => Ok(None),
        Ok(name) if plain(name) => Ok(Some(name)),
        _ => Err(damaged("the table of contents names a file elsewhere", 0).relation(entry.name())),
    }
}

/// The number of the large object that a file or member holds.
pub fn object_of(name: &[u8]) -> Option<u32> {
    let number = name.strip_prefix(b"blob_")?.strip_suffix(b".dat")?;
    std::str::from_utf8(number).ok()?.parse().ok()
}

/// Is it the name of a file, and no way to one?
fn plain(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(['/', '\\', '\0', '\r'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[test]
    fn lists_are_read_and_written() {
        let list = b"16393 blob_16393.dat\n4294967295 blob_4294967295.dat\n";
        let objects = objects(list).unwrap();
        assert_eq!(objects[1].0, u32::MAX);
        assert_eq!(object_of(objects[1].1.as_bytes()), Some(u32::MAX));
        assert_eq!(object_of(b"blobs_7.toc"), None);
        let lines = objects.iter().map(|(oid, file)| objects_line(*oid, file));
        assert_eq!(lines.collect::<String>().as_bytes(), list);
    }

    #[test]
    fn other_lists_are_refused() {
        for list in [
            "1",
            "1 a",
            "x a\n",
            "1 ../a\n",
            "1 /etc/a\n",
            "1 \n",
            "\n",
            "1 ..\n",
        ] {
            assert!(objects(list.as_bytes()).is_err(), "{list:?}");
        }
    }

    #[test]
    fn files_are_those_of_the_directory() {
        let file_of = |name: &'static str| {
            let extra = Extra::File(Some(Bytes::from_static(name.as_bytes())));
            let entry = Entry {
                extra,
                ..Entry::default()
            };
            file(&entry).map(|name| name.map(str::to_owned))
        };
        assert_eq!(file_of("").unwrap(), None);
        assert_eq!(file_of("4074.dat").unwrap().as_deref(), Some("4074.dat"));
        assert!(file_of("../4074.dat").is_err());
        assert_eq!(suffix(Compression::Zstd), ".zst");
    }
}
