//! What is certainly no dump script, recognised by content and refused with the way out.

use super::Utf16;
use crate::error::{Error, Result};
use memchr::memmem;

/// Files that begin with these bytes: what they are, and the way out.
const MAGIC: &[(&[u8], &str, &str)] = &[
    (
        b"\xef\xbb\xbfPGDMP",
        "a PostgreSQL archive that a shell's redirection has destroyed",
        "write it with pg_dump -f FILE, without >",
    ),
    (
        b"TAPE\0",
        "a SQL Server backup (.bak)",
        "use Generate Scripts, Types of data to script: Schema and data",
    ),
    (
        b"MSSQLBAK",
        "a SQL Server backup (.bak)",
        "use Generate Scripts, Types of data to script: Schema and data",
    ),
    (
        b"\x01\x0f\0\0",
        "a SQL Server data file (.mdf)",
        "attach it, then use Generate Scripts, Types of data to script: Schema and data",
    ),
    (
        b"PK\x03\x04",
        "a ZIP file (a SQL Server .bacpac is one)",
        "unzip it, or use Generate Scripts, Types of data to script: Schema and data",
    ),
    (
        b"SQLite format 3\0",
        "a SQLite database file",
        "sqlite3 FILE .dump | scrub",
    ),
];

/// Compressed in a way that is not read here: what it is, and what unpacks it.
const PACKED: &[(&[u8], &str, &str)] = &[
    (b"BZh", "bzip2", "bzip2 -dc DUMP | scrub"),
    (b"\xfd7zXZ\0", "xz", "xz -dc DUMP | scrub"),
    (
        b"\x02\x21\x4c\x18",
        "lz4 in its legacy format",
        "lz4 -dc DUMP | scrub",
    ),
    (b"7z\xbc\xaf\x27\x1c", "7z", "7z x -so DUMP | scrub"),
    (b"Rar!\x1a\x07", "rar", "unrar p -inul DUMP | scrub"),
    (b"LZIP\x01", "lzip", "lzip -dc DUMP | scrub"),
    (b"\x1f\x9d", "compress (.Z)", "gzip -dc DUMP | scrub"),
];

/// Refuses compressions that are not read.
pub(super) fn compressed(raw: &[u8]) -> Result<()> {
    match PACKED.iter().find(|(magic, ..)| raw.starts_with(magic)) {
        // A script may begin with the letters BZh; the file would go on with a digit and pi.
        Some((b"BZh", ..)) if raw.get(4..6) != Some(b"1A") => Ok(()),
        Some((_, what, way)) => {
            Err(Error::input(format!("the input is compressed with {what}")).remedy(*way))
        }
        None => Ok(()),
    }
}

/// Refuses what is no dump script, by the first bytes of the decompressed input.
pub(super) fn content(head: &[u8]) -> Result<()> {
    if head.is_empty() {
        return Err(Error::input("no input").remedy("the command before scrub wrote nothing"));
    }
    let is = |what: &str, way: &str| Err(Error::input(format!("the input is {what}")).remedy(way));
    if head.len() >= 4096 && head.iter().all(|byte| *byte == 0) {
        return is("no dump, but zero bytes", "get a complete copy");
    }
    if let Some((_, what, way)) = MAGIC.iter().find(|(magic, ..)| head.starts_with(magic)) {
        return is(what, way);
    }
    if super::Compression::recognise(head) != super::Compression::None {
        return is("compressed twice", "unpack it once before scrub");
    }
    if head.get(257..262) == Some(b"ustar") {
        return is(
            "a tar archive",
            "tar -xOf ARCHIVE MEMBER | scrub; a packed directory of pg_dump -Fd: unpack it, and name the directory",
        );
    }
    if let Some(text) = utf16(head) {
        if text.starts_with(b"PGDMP") {
            return is(
                "a PostgreSQL archive that a shell's redirection has destroyed (UTF-16)",
                "write it with pg_dump -f FILE, without >",
            );
        }
        if Utf16::recognise(head).is_none() {
            return is(
                "UTF-16 text without a byte order mark",
                "iconv -f UTF-16LE -t UTF-8 DUMP | scrub",
            );
        }
        if foreign(head) {
            return is(
                "UTF-16 text (PowerShell's > writes that)",
                "write it with pg_dump -f FILE (mysqldump --result-file=FILE), or: iconv -f UTF-16 -t UTF-8 DUMP | scrub",
            );
        }
    }
    if tablespace(head) {
        return is(
            "a MySQL tablespace or table file (a copy of the server's data)",
            "dump the database with mysqldump or mariadb-dump",
        );
    }
    if let Some(what) = xml(head) {
        return is(what, "dump SQL statements: mysqldump without --xml");
    }
    if oracle_dump(head) {
        return is(
            "an Oracle export (.dmp)",
            "export a script with SQLcl: SET SQLFORMAT INSERT",
        );
    }
    Ok(())
}

/// XML instead of statements.
fn xml(head: &[u8]) -> Option<&'static str> {
    let start = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let start = start.trim_ascii_start();
    if !start.starts_with(b"<?xml") && !start.starts_with(b"<mysqldump") {
        return None;
    }
    let dump = [&b"<mysqldump"[..], b"<resultset", b"<pma_xml_export"];
    match dump.iter().any(|root| memmem::find(start, root).is_some()) {
        true => Some("a MySQL dump in XML"),
        false => Some("an XML file"),
    }
}

/// The first characters of UTF-16 text, as far as they are ASCII. Without a byte order mark, four
/// ASCII characters in a row with a NUL each must show that it is UTF-16.
fn utf16(head: &[u8]) -> Option<Vec<u8>> {
    let (rest, low, marked) = match head {
        [0xff, 0xfe, rest @ ..] => (rest, 0, true),
        [0xfe, 0xff, rest @ ..] => (rest, 1, true),
        [_, 0, ..] => (head, 0, false),
        [0, _, ..] => (head, 1, false),
        _ => return None,
    };
    let ascii: Vec<u8> = rest
        .chunks_exact(2)
        .map_while(|pair| {
            let text = matches!(pair[low], b'\t' | b'\n' | b'\r' | b' '..=b'~');
            (text && pair[1 - low] == 0).then_some(pair[low])
        })
        .take(16)
        .collect();
    (marked || ascii.len() >= 4).then_some(ascii)
}

/// Does the UTF-16 text come from a dumper that writes no UTF-16?
fn foreign(head: &[u8]) -> bool {
    let text: Vec<u8> = head.iter().filter(|b| **b != 0).copied().collect();
    const SIGNS: &[&[u8]] = &[
        b"-- PostgreSQL database",
        b"-- MySQL dump",
        b"-- MariaDB dump",
        b"-- phpMyAdmin",
        b"PRAGMA foreign_keys",
        b" FROM stdin;",
    ];
    SIGNS.iter().any(|sign| memmem::find(&text, sign).is_some())
}

/// An InnoDB tablespace begins with its header page, which names the space twice; the other files of
/// a data directory and the streams of its backup tools have magic numbers.
fn tablespace(head: &[u8]) -> bool {
    const MAGIC: &[&[u8]] = &[
        b"\xfe\x01\x09",
        b"\xfe\x01\x0a",
        b"\xfe\xfe\x07",
        b"XBSTCK01",
    ];
    MAGIC.iter().any(|magic| head.starts_with(magic))
        || head.len() >= 16 << 10
            && head[4..8] == [0; 4]
            && head[24..26] == [0, 8]
            && head[34..38] == head[38..42]
}

/// Original export begins with 03, a character set and its name and version; Data Pump's header is
/// binary, names the job's master table and has initials in a row.
fn oracle_dump(head: &[u8]) -> bool {
    let header = &head[..head.len().min(4096)];
    header.get(3..11) == Some(b"EXPORT:V")
        || (header.contains(&0)
            && [&b"SYS_EXPORT_"[..], b"SYS_IMPORT_", b"LBB EMB GHC JWD"]
                .iter()
                .any(|job| memmem::find(header, job).is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn wide(text: &str, little: bool) -> Vec<u8> {
        text.encode_utf16()
            .flat_map(|u| {
                if little {
                    u.to_le_bytes()
                } else {
                    u.to_be_bytes()
                }
            })
            .collect()
    }

    /// The header page of an InnoDB tablespace.
    fn page() -> Vec<u8> {
        let mut page = vec![0; 16 << 10];
        page[..4].copy_from_slice(b"\x9a\x12\x34\x56");
        page[25] = 8;
        page[37] = 7;
        page[41] = 7;
        page
    }

    fn tar(name: &str) -> Vec<u8> {
        let mut head = vec![0; 512];
        head[..name.len()].copy_from_slice(name.as_bytes());
        head[257..262].copy_from_slice(b"ustar");
        head
    }

    #[test]
    fn each_kind_is_named_with_its_way_out() {
        let marked = |text: &str| [b"\xff\xfe".to_vec(), wide(text, true)].concat();
        let cases: Vec<(Vec<u8>, &str, &str)> = vec![
            (vec![], "no input", "wrote nothing"),
            (vec![0; 4096], "zero bytes", "complete copy"),
            (tar("dump.sql"), "tar archive", "tar -xOf"),
            (marked("PGDMP\u{1}"), "destroyed", "pg_dump -f"),
            (b"\xef\xbb\xbfPGDMP\x01".to_vec(), "destroyed", "pg_dump -f"),
            (marked("-- PostgreSQL database dump"), "UTF-16", "iconv"),
            (marked("--\r\n-- MariaDB dump 10"), "UTF-16", "iconv"),
            (wide("--\r\n-- PostgreSQL", true), "UTF-16", "iconv"),
            (wide("--\r\n-- PostgreSQL", false), "UTF-16", "iconv"),
            (b"TAPE\0\0\x03\0".to_vec(), ".bak", "Generate Scripts"),
            (b"PK\x03\x04\x14\0".to_vec(), ".bacpac", "Generate Scripts"),
            (b"\x03\x00\x1fEXPORT:V11.02.00\n".to_vec(), ".dmp", "SQLcl"),
            (
                b"\x04\x01\0\0\0\x02\"SYSTEM\".\"SYS_EXPORT_SCHEMA_01\"\0".to_vec(),
                ".dmp",
                "SQLcl",
            ),
            (
                b"\x03\x01\0\0\"HR\".\"NIGHTLY\"\0LBB EMB GHC JWD SD EBE".to_vec(),
                ".dmp",
                "SQLcl",
            ),
            (b"\x01\x0f\0\0\0\0".to_vec(), ".mdf", "Generate Scripts"),
            (page(), "MySQL tablespace", "mariadb-dump"),
            (b"\xfe\x01\x0a\x0c".to_vec(), "MySQL", "mysqldump"),
            (b"SQLite format 3\0\x10\0".to_vec(), "SQLite", ".dump"),
            (b"\x1f\x8b\x08\0".to_vec(), "twice", "unpack"),
        ];
        for (head, what, way) in cases {
            let error = content(&head).expect_err(what);
            assert_eq!(error.kind, ErrorKind::Input);
            assert!(error.message.contains(what), "{error}");
            assert!(error.to_string().contains(way), "{error}");
        }
    }

    #[test]
    fn other_compressions_are_named() {
        for head in [
            &b"BZh91AY&SY"[..],
            b"\xfd7zXZ\0\0",
            b"\x02\x21\x4c\x18x",
            b"\x1f\x9d\x90",
            b"7z\xbc\xaf\x27\x1c\0\x04",
            b"Rar!\x1a\x07\x01\0",
            b"LZIP\x01\x0c",
        ] {
            let error = compressed(head).unwrap_err();
            assert!(error.to_string().contains("| scrub"), "{error}");
        }
    }

    #[test]
    fn scripts_pass() {
        let scripts: &[&[u8]] = &[
            b"--\n-- PostgreSQL database dump\n--\n",
            b"\xef\xbb\xbfSELECT 1;",
            b"BZh is not a statement;",
            b"TAPE;",
            b"-- SYS_EXPORT_SCHEMA_01\n",
            b"\xff\xfeU\0S\0E\0 \0[\0a\0]\0",
            b"\xfe\xff\0U\0S\0E",
            b"\xff",
            b"a",
            b"\n",
            b"a\0b",
        ];
        for script in scripts {
            assert!(
                compressed(script).is_ok() && content(script).is_ok(),
                "{script:?}"
            );
        }
    }
}
