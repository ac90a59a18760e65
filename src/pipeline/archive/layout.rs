//! The table of contents as it will be written: which entries, in which order, with which text.

use crate::archive::{Data, Entry, Extra, Header, Toc};
use crate::dialect::table_of;
use crate::schema::RelationName;
use crate::source::Compression;
use bytes::Bytes;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// pg_dump's number of the section behind the data.
const POST_DATA: i32 = 4;

/// Whose turn it is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::pipeline) enum Turn {
    /// The data of an entry, by its place in the table of contents as it was read.
    Entry(usize),
    /// Statements, by the place of their relation among those that have an entry reserved.
    Reserved(usize),
}

/// What has been decided of the table of contents.
#[derive(Debug)]
pub(in crate::pipeline) struct Layout {
    toc: Arc<Toc>,
    header: Header,
    /// What all data is compressed with from now on, if not as before.
    anew: Option<Compression>,
    /// The entries with data, in their new order.
    order: Vec<usize>,
    /// For each relation that has an entry reserved, the entry that its own is like, and those that
    /// hold its rows.
    reserved: Vec<(usize, Vec<usize>)>,
}

/// A data entry in the order of the output.
#[derive(Debug)]
pub(super) struct Place {
    pub turn: Turn,
    pub data: Data,
    /// Its place in the table of contents that is written.
    pub entry: usize,
}

impl Layout {
    pub(super) fn new(
        toc: Arc<Toc>,
        header: Header,
        anew: Option<Compression>,
        order: Vec<usize>,
        reserved: &[(RelationName, Vec<usize>)],
    ) -> Self {
        let like = |(name, rows): &(RelationName, Vec<usize>)| {
            let of = |desc: &[u8]| {
                let mut entries = toc.entries.iter();
                entries.position(|entry| entry.desc() == desc && table_of(entry) == *name)
            };
            let has_rows = |entry: &Entry| entry.data() == Some(Data::Rows);
            let any = || toc.entries.iter().position(has_rows);
            let like = of(b"TABLE DATA").or_else(|| of(b"TABLE")).or_else(any);
            like.map(|like| (like, rows.clone()))
        };
        Layout {
            reserved: reserved.iter().filter_map(like).collect(),
            header,
            anew,
            order,
            toc,
        }
    }

    /// The table of contents with the texts that are left, and its data in the order of the output.
    /// An entry that had a text and has none any more is left out.
    pub(super) fn lay_out(self, texts: &mut HashMap<usize, Vec<u8>>) -> (Toc, Vec<Place>) {
        let old = &self.toc.entries;
        let mut toc = Toc {
            header: self.header,
            entries: Vec::with_capacity(old.len() + self.reserved.len()),
        };
        let mut from = Vec::new();
        let mut data = self.order.iter();
        for (number, entry) in old.iter().enumerate() {
            let (number, mut entry) = match entry.data() {
                Some(_) => match data.next() {
                    Some(next) => (*next, old[*next].clone()),
                    None => continue,
                },
                None => (number, entry.clone()),
            };
            if let Some(text) = texts.remove(&number)
                && entry.defn.as_deref() != Some(&text[..])
            {
                if text.trim_ascii().is_empty() {
                    continue;
                }
                entry.defn = Some(text.into());
            }
            from.push(number);
            toc.entries.push(entry);
        }
        let behind = toc.entries.iter().position(|e| e.section == POST_DATA);
        let behind = behind.unwrap_or(toc.entries.len());
        let with_data = |entry: &Entry| entry.data().is_some();
        let last = toc.entries.iter().rposition(with_data);
        let first = behind.max(last.map_or(0, |last| last + 1));
        for (at, (like, rows)) in (first..).zip(&self.reserved) {
            let rows: Vec<_> = rows.iter().map(|row| &old[*row]).collect();
            let entry = reserved(&toc, &old[*like], &rows);
            wait_for(&mut toc, &old[*like], entry.dump_id);
            toc.entries.insert(at, entry);
            from.insert(at, usize::MAX);
        }
        toc.forget_offsets();
        let anew = self.anew.filter(|_| toc.header.is_of_files());
        for entry in toc.entries.iter_mut().filter(|e| e.data().is_some()) {
            anew.into_iter().for_each(|c| entry.set_compression(c));
        }
        let mut reserved = 0..;
        let places = toc.entries.iter().enumerate().filter_map(|(entry, of)| {
            let turn = match from[entry] {
                usize::MAX => Turn::Reserved(reserved.next()?),
                number => Turn::Entry(number),
            };
            let data = of.data()?;
            Some(Place { turn, data, entry })
        });
        let places = places.collect();
        (toc, places)
    }
}

/// An entry for statements that add rows to a table: behind its rows and behind all sequences, whose
/// values they may take.
fn reserved(toc: &Toc, like: &Entry, rows: &[&Entry]) -> Entry {
    let extra = Extra::Offset {
        state: 1,
        offset: 0,
    };
    let mut entry = Entry::table_data(toc.fresh_id(), like, extra);
    if toc.header.is_of_files() {
        entry.set_compression(toc.header.method().compression);
    }
    // The table must not come first: a parallel pg_restore takes such an entry for all of the table's
    // data, and empties the table before it.
    let sequences = toc.entries.iter().filter(|e| e.desc() == b"SEQUENCE SET");
    let before = rows.iter().copied().chain(sequences).chain([like]);
    entry.dependencies = before.map(|e| e.dump_id.to_string().into()).collect();
    entry
}

/// What stands behind the data and depends on a table waits for its further rows as well.
fn wait_for(toc: &mut Toc, like: &Entry, id: i32) {
    let own: Bytes = like.dump_id.to_string().into();
    let of: HashSet<Bytes> = match like.data() {
        Some(_) => like.dependencies.iter().cloned().chain([own]).collect(),
        None => HashSet::from([own]),
    };
    let waits = |entry: &&mut Entry| {
        entry.section == POST_DATA && entry.dependencies.iter().any(|d| of.contains(d))
    };
    for entry in toc.entries.iter_mut().filter(waits) {
        entry.dependencies.push(id.to_string().into());
    }
}
