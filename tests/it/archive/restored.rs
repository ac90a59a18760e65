//! Archives before the real pg_dump and pg_restore: what they hold is what pg_restore shows, and what
//! is written anew pg_restore shows in the same words.

use super::formats::members;
use super::{Archive, SHOP, Tools, compressed, decompressed, tools};
use crate::server::{Database, postgres};
use scrub::archive::{Codec, Data, SUFFIXES, member, padding, trailer};
use std::path::Path;

/// The database, with a row and a large object of some length.
fn shop() -> Option<Database> {
    let database = postgres()?.database();
    database.restore(SHOP);
    database.psql(
        "INSERT INTO users SELECT 1000 + i, md5(i::text), 'sad', repeat(md5(i::text) || E'\\t', i) FROM generate_series(1, 400) i;
         SELECT lo_from_bytea(910004, convert_to(string_agg(md5(i::text), ''), 'UTF8')) FROM generate_series(1, 9000) i;",
    );
    Some(database)
}

fn dump(tools: &Tools, database: &Database, args: &[&str]) -> Vec<u8> {
    let mut dump = tools.tool("pg_dump");
    let output = dump.args(args).arg(database.name()).output();
    let output = output.expect("pg_dump could not be run");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "pg_dump {args:?}: {errors}");
    output.stdout
}

#[test]
fn blocks_hold_what_pg_restore_shows() {
    let Some(database) = shop() else { return };
    for tools in tools() {
        for method in tools.methods() {
            let level = match method {
                "none" => "0",
                _ => method.strip_prefix("gzip:").unwrap_or(method),
            };
            let level = if level == "gzip" { "6" } else { level };
            for args in [
                &["-Fc", "-Z", level][..],
                &["-Fc", "--inserts", "-Z", level],
            ] {
                let bytes = dump(&tools, &database, args);
                let archive = Archive::read(&bytes, 3000).expect("an archive");
                assert!(archive.bytes == bytes, "{} {args:?}", tools.version);
                let shown = tools.shown(&[], &bytes);
                let mut tables = 0;
                for (entry, data, objects) in archive.payloads().expect("payload") {
                    if data == Data::Rows {
                        tables += 1;
                        let rows = &objects[0].1;
                        let found = memchr::memmem::find(&shown, rows).is_some();
                        assert!(found, "{} {args:?}: {}", tools.version, entry.name());
                    }
                }
                assert!(tables >= 6);
            }
        }
    }
}

#[test]
fn what_is_compressed_anew_is_restored_as_it_was() {
    let Some(database) = shop() else { return };
    let dir = tempfile::tempdir().expect("a temporary directory");
    for tools in tools() {
        let bytes = dump(&tools, &database, &["-Fc"]);
        let archive = Archive::read(&bytes, 3000).expect("an archive");
        let shown = tools.shown(&[], &bytes);
        let mut list = tools.tool("pg_restore");
        let list = list
            .arg("-l")
            .write_stdin(&bytes[..])
            .output()
            .expect("a list");
        let list = String::from_utf8(list.stdout).expect("UTF-8");
        let reversed: Vec<&str> = list.lines().rev().collect();
        let order = dir.path().join("order");
        std::fs::write(&order, reversed.join("\n")).expect("a list");
        for method in tools.methods() {
            let what = format!("pg_restore {}, {method}", tools.version);
            let Ok(method) = method.parse() else { continue };
            for piece in [1 << 22, 4096, 3] {
                let anew = archive.recompressed(method, false, piece);
                assert!(tools.shown(&[], &anew) == shown, "{what}");
            }
            // From a file the blocks are found in any order, by their offsets.
            let file = dir.path().join("archive");
            let args = [
                "-L",
                order.to_str().expect("UTF-8"),
                file.to_str().expect("UTF-8"),
            ];
            std::fs::write(&file, &bytes).expect("a file");
            let expected = tools.shown(&args, b"");
            std::fs::write(&file, archive.recompressed(method, true, 4096)).expect("a file");
            assert!(tools.shown(&args, b"") == expected, "{what}");
        }
    }
}

#[test]
fn a_changed_member_of_a_tar_is_restored() {
    let Some(database) = shop() else { return };
    for tools in tools() {
        let bytes = dump(&tools, &database, &["-Ft"]);
        let mut anew = Vec::new();
        let mut at = 0;
        for (name, data) in members(&bytes, 3000) {
            let header = &bytes[at..at + 512];
            at += 512 + data.len() + padding(data.len() as u64);
            let text =
                String::from_utf8_lossy(&data).replace("@example.com", "@elsewhere.example.net");
            let changed = name != "toc.dat" && !name.starts_with("blob") && text.as_bytes() != data;
            let data = if changed { text.into_bytes() } else { data };
            let header = match changed {
                true => member(&name, data.len() as u64, 0).expect("a header"),
                false => header.to_vec().into(),
            };
            anew.extend_from_slice(&header);
            anew.extend_from_slice(&data);
            anew.resize(anew.len() + padding(data.len() as u64), 0);
        }
        anew.extend_from_slice(&trailer());
        let expected = tools.shown(&[], &bytes);
        let expected = String::from_utf8(expected).expect("UTF-8");
        let expected = expected.replace("@example.com", "@elsewhere.example.net");
        assert!(
            tools.shown(&[], &anew) == expected.as_bytes(),
            "{}",
            tools.version
        );
    }
}

#[test]
fn files_of_a_directory_may_be_compressed_in_any_way() {
    let Some(database) = shop() else { return };
    for tools in tools() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("dump");
        let target = path.to_str().expect("UTF-8");
        dump(&tools, &database, &["-Fd", "-f", target]);
        let shown = tools.shown(&[target], b"");
        for method in tools.methods() {
            let Ok(method) = method.parse::<scrub::sink::Method>() else {
                continue;
            };
            for entry in std::fs::read_dir(&path).expect("a directory") {
                let file = entry.expect("an entry").path();
                let name = file
                    .file_name()
                    .expect("a name")
                    .to_string_lossy()
                    .into_owned();
                if name.ends_with(".toc") || name == "toc.dat" {
                    continue;
                }
                rewrite(&file, &name, method);
            }
            assert!(
                tools.shown(&[target], b"") == shown,
                "{} {method:?}",
                tools.version
            );
        }
    }
}

fn rewrite(file: &Path, name: &str, method: scrub::sink::Method) {
    let (old, suffix) = SUFFIXES
        .iter()
        .rev()
        .find(|(_, suffix)| name.ends_with(suffix))
        .expect("a suffix");
    let bytes = std::fs::read(file).expect("a file");
    let plain = decompressed(Codec::in_files(*old), &bytes).expect("a stream");
    std::fs::remove_file(file).expect("removed");
    let name = name.strip_suffix(suffix).expect("its suffix");
    let suffix = scrub::archive::suffix(method.compression);
    let anew = compressed(Codec::in_files(method.compression), method.level, &plain);
    std::fs::write(file.with_file_name(format!("{name}{suffix}")), anew).expect("a file");
}
