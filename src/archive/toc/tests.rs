use super::super::header::Stored;
use super::*;
use proptest::prelude::*;

pub(crate) fn header(minor: u8, format: u8) -> Header {
    let compression = match minor {
        ..15 => Stored::Level(-1),
        _ => Stored::Algorithm(3),
    };
    Header {
        minor,
        revision: 0,
        offset_size: 8,
        format,
        compression,
        time: [0, 30, 11, 21, 10, 126, 0],
        database: Some("shop".into()),
        server_version: Some("18.6".into()),
        pg_dump_version: Some("18.6".into()),
    }
}

fn entry(id: i32, desc: &'static str, defn: &'static str) -> Entry {
    Entry {
        dump_id: id,
        tag: Some("t".into()),
        desc: Some(desc.into()),
        defn: Some(defn.into()),
        namespace: Some("a\"b".into()),
        extra: Extra::Offset {
            state: NO_DATA,
            offset: 0,
        },
        ..Entry::default()
    }
}

fn read(bytes: &[u8], chunk: usize) -> Result<(Toc, Vec<u8>, u64)> {
    let (mut reader, mut input) = (TocReader::new(), BytesMut::new());
    let mut chunks = bytes.chunks(chunk);
    loop {
        let next = chunks.next();
        input.extend_from_slice(next.unwrap_or_default());
        if let Some(toc) = reader.next(&mut input, next.is_none())? {
            let mut rest = input.to_vec();
            chunks.for_each(|chunk| rest.extend_from_slice(chunk));
            return Ok((toc, rest, reader.position()));
        }
        assert!(next.is_some(), "neither complete nor refused");
    }
}

fn text() -> impl Strategy<Value = Option<Bytes>> {
    proptest::option::of(proptest::collection::vec(any::<u8>(), 0..12).prop_map(Bytes::from))
}

prop_compose! {
    fn any_entry()(
        ints in any::<[i32; 3]>(),
        texts in proptest::collection::vec(text(), 13),
        dependencies in proptest::collection::vec("[0-9]{1,5}".prop_map(Bytes::from), 0..4),
        state in 1..=3u8,
        offset in any::<u64>(),
    ) -> Entry {
        let mut texts = texts.into_iter();
        let mut text = || texts.next().unwrap();
        Entry {
            dump_id: 0,
            had_dumper: ints[0],
            table_oid: text(),
            oid: text(),
            tag: text(),
            desc: text(),
            section: ints[1],
            defn: text(),
            drop_stmt: text(),
            copy_stmt: text(),
            namespace: text(),
            tablespace: text(),
            table_am: text(),
            relkind: ints[2],
            owner: text(),
            with_oids: text(),
            dependencies,
            extra: Extra::Offset { state, offset },
        }
    }
}

proptest! {
    #[test]
    fn what_is_read_is_written_whatever_the_pieces(
        entries in proptest::collection::vec(any_entry(), 0..4),
        minor in 12..=16u8,
        custom: bool,
        chunk in 1..200usize,
    ) {
        let mut toc = Toc { header: header(minor, if custom { 1 } else { 3 }), entries };
        for (id, entry) in toc.entries.iter_mut().enumerate() {
            entry.dump_id = id as i32 + 1;
            if !custom {
                entry.extra = Extra::File(entry.tag.clone());
            }
            if minor < 14 {
                entry.table_am = None;
            }
            if minor < 16 {
                entry.relkind = 0;
            }
        }
        let bytes = toc.to_bytes();
        let followed = [&bytes[..], b"blocks"].concat();
        let (read_toc, rest, at) = read(&followed, chunk).unwrap();
        prop_assert_eq!(&read_toc, &toc);
        prop_assert_eq!(rest, b"blocks");
        prop_assert_eq!(at, bytes.len() as u64);
        prop_assert_eq!(read_toc.to_bytes(), bytes);
    }
}

#[test]
fn every_cut_is_refused() {
    let toc = Toc {
        header: header(16, 1),
        entries: vec![entry(1, "TABLE", "CREATE TABLE t ();")],
    };
    let bytes = toc.to_bytes();
    for cut in 0..bytes.len() {
        let error = read(&bytes[..cut], 13).unwrap_err();
        assert!(error.to_string().contains("ends within"), "{cut}: {error}");
    }
}

#[test]
fn claims_are_not_believed() {
    let head = {
        let mut out = Vec::new();
        header(16, 1).put(&mut out);
        out
    };
    // Two thousand million entries, of which none is there: no memory is taken for them.
    let mut many = head.clone();
    put_int(i32::MAX, &mut many);
    let mut reader = TocReader::new();
    let mut input = BytesMut::from(&many[..]);
    assert_eq!(reader.next(&mut input, false).unwrap(), None);
    assert!(reader.entries.capacity() == 0);
    // A text of two gigabytes is refused before it has come.
    for (numbers, what) in [
        (&[1, 1, 0, i32::MAX][..], "more than there can be"),
        (&[1, 1, 0, -2], "negative length"),
        (&[-1], "negative number of entries"),
    ] {
        let mut bytes = head.clone();
        numbers
            .iter()
            .for_each(|number| put_int(*number, &mut bytes));
        let error = read(&bytes, 1000).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
        assert!(error.at.is_some_and(|at| at.line == 0));
    }
}

#[test]
fn an_entry_has_a_number_of_its_own() {
    for ids in [[1, 1], [0, 1], [2, -3]] {
        let toc = Toc {
            header: header(14, 1),
            entries: ids.map(|id| entry(id, "TABLE", "")).to_vec(),
        };
        let error = read(&toc.to_bytes(), 1000).unwrap_err();
        assert!(error.to_string().contains("number"), "{error}");
    }
}

#[test]
fn offsets_do_not_change_the_length() {
    let mut toc = Toc {
        header: header(16, 1),
        entries: vec![entry(1, "TABLE DATA", ""), entry(2, "TABLE", "")],
    };
    toc.entries[0].extra = Extra::Offset {
        state: NOT_SET,
        offset: 0,
    };
    let before = toc.to_bytes();
    toc.entries
        .iter_mut()
        .for_each(|e| e.set_offset(Some(1 << 40)));
    let after = toc.to_bytes();
    assert_eq!(before.len(), after.len());
    assert_ne!(before, after);
    assert_eq!(toc.entries[0].data(), Some(Data::Rows));
    assert_eq!(toc.entries[1].data(), None);
    toc.forget_offsets();
    assert_eq!(toc.to_bytes(), before);
}

#[test]
fn an_entry_can_be_added() {
    let mut toc = Toc {
        header: header(16, 3),
        entries: vec![entry(4, "TABLE", "")],
    };
    toc.entries[0].extra = Extra::File(None);
    let id = toc.fresh_id();
    assert_eq!(id, 5);
    let added = Entry::table_data(id, &toc.entries[0], Extra::File(Some("5.dat".into())));
    assert_eq!(added.data(), Some(Data::Rows));
    toc.entries.push(added);
    let (again, ..) = read(&toc.to_bytes(), 50).unwrap();
    assert_eq!(again, toc);
    assert_eq!(again.entries[1].dependencies, [Bytes::from("4")]);
}
