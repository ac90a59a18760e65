//! How the rows of one table are reached: all of them, those that count, or by key.
//!
//! An index keeps the numbers of rows and no keys: the key of a row is computed anew from its cells
//! when a candidate is looked at, which is cheaper than the memory of ten million keys.

use super::core::{Core, OwnRow};
use super::steps::{KeyPart, Step};
use crate::expression::node::{Comparator, Node};
use crate::expression::query::append_key;
use crate::value::{Value, ValueError};
use hashbrown::HashTable;
use std::fmt;
use std::hash::{BuildHasher, RandomState};

/// The row of a LEFT JOIN that has no match; also the end of a chain.
pub(super) const NONE: u32 = u32::MAX;

/// How a step reaches the rows of its table.
#[derive(Debug)]
pub(super) enum Access {
    /// All, this many.
    All(u32),
    /// These.
    Listed(Vec<u32>),
    Index(Index),
    /// All rows of what is computed for each outer row.
    Dynamic,
}

pub(super) struct Index {
    /// The first row of each key.
    table: HashTable<u32>,
    /// The next row with the same key; empty if no key has two.
    next: Vec<u32>,
    hasher: RandomState,
    /// Rows were left out because a part of their key is NULL.
    pub dropped: bool,
}

/// Appends the key of one value after another; false if one is NULL.
pub(super) fn write_key<'v>(
    parts: impl ExactSizeIterator<Item = (Result<Value<'v>, ValueError>, &'v Comparator)>,
    out: &mut Vec<u8>,
) -> Result<bool, ValueError> {
    let single = parts.len() == 1;
    for (value, comparator) in parts {
        let value = value?;
        if value.is_null() {
            return Ok(false);
        }
        if single {
            comparator.key(&value, out)?;
        } else {
            append_key(&value, comparator, out)?;
        }
    }
    Ok(true)
}

impl Access {
    pub(super) fn new(core: &Core, step: &Step) -> Result<Access, ValueError> {
        let Some(rows) = core.fixed_rows(step.source)? else {
            return Ok(Access::Dynamic);
        };
        let count = u32::try_from(rows.len())
            .ok()
            .filter(|count| *count < NONE)
            .ok_or_else(|| ValueError::new("a rule reads more rows than can be counted"))?;
        let row = OwnRow::new(core, rows);
        let listed = if step.own.is_empty() {
            None
        } else {
            let mut listed = Vec::new();
            for at in 0..count {
                row.at.set(at);
                if holds(&step.own, &row)? {
                    listed.push(at);
                }
            }
            listed.shrink_to_fit();
            Some(listed)
        };
        if step.keys.is_empty() {
            return Ok(match listed {
                Some(listed) => Access::Listed(listed),
                None => Access::All(count),
            });
        }
        // From the end, so that the rows of a key come in their order.
        let index = match listed {
            Some(listed) => {
                let length = listed.len();
                Index::new(step, &row, count, length, listed.into_iter().rev())
            }
            None => Index::new(step, &row, count, count as usize, (0..count).rev()),
        };
        index.map(Access::Index)
    }

    pub(super) fn size(&self) -> u64 {
        match self {
            Access::All(_) | Access::Dynamic => 0,
            Access::Listed(rows) => 4 * rows.capacity() as u64,
            Access::Index(index) => {
                (index.table.allocation_size() + 4 * index.next.capacity()) as u64
            }
        }
    }
}

fn holds(conditions: &[Node], row: &OwnRow<'_>) -> Result<bool, ValueError> {
    for condition in conditions {
        if condition.truth(row)? != Some(true) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What it holds follows from the rows.
impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Index")
    }
}

impl Index {
    fn new(
        step: &Step,
        row: &OwnRow<'_>,
        count: u32,
        length: usize,
        rows: impl Iterator<Item = u32>,
    ) -> Result<Index, ValueError> {
        let mut index = Index {
            table: HashTable::with_capacity(length),
            next: Vec::new(),
            hasher: RandomState::new(),
            dropped: false,
        };
        let mut key = Vec::new();
        for at in rows {
            key.clear();
            row.at.set(at);
            if !own_key(&step.keys, row, &mut key)? {
                index.dropped = true;
                continue;
            }
            let hash = index.hasher.hash_one(&key[..]);
            let same = |known: &u32| is_key(&step.keys, row, *known, &key);
            match index.table.find_mut(hash, same) {
                None => {
                    // There is room for all: nothing is ever hashed again.
                    index.table.insert_unique(hash, at, |_| 0);
                }
                Some(_) if step.once => {}
                Some(first) => {
                    if index.next.is_empty() {
                        index.next = vec![NONE; count as usize];
                    }
                    index.next[at as usize] = *first;
                    *first = at;
                }
            }
        }
        // Few keys of many rows do not keep the room of many.
        if index.table.len() < index.table.capacity() / 4 {
            let hash = |known: &u32| {
                let mut key = Vec::new();
                row.at.set(*known);
                match own_key(&step.keys, row, &mut key) {
                    Ok(_) => index.hasher.hash_one(&key[..]),
                    Err(_) => 0,
                }
            };
            index.table.shrink_to_fit(hash);
        }
        Ok(index)
    }

    /// The rows with this key.
    pub(super) fn find<'i>(
        &'i self,
        core: &Core,
        step: &Step,
        key: &[u8],
    ) -> Result<impl Iterator<Item = u32> + use<'i>, ValueError> {
        let first = match core.fixed_rows(step.source)? {
            Some(rows) => {
                let row = OwnRow::new(core, rows);
                let hash = self.hasher.hash_one(key);
                let same = |known: &u32| is_key(&step.keys, &row, *known, key);
                self.table.find(hash, same).copied()
            }
            None => None,
        };
        let after = |at: &u32| self.next.get(*at as usize).copied();
        Ok(std::iter::successors(first, move |at| {
            after(at).filter(|next| *next != NONE)
        }))
    }
}

fn own_key<'k>(
    keys: &'k [KeyPart],
    row: &'k OwnRow<'_>,
    out: &mut Vec<u8>,
) -> Result<bool, ValueError> {
    let parts = keys
        .iter()
        .map(|part| (part.mine.eval(row), &part.comparator));
    write_key(parts, out)
}

/// Has the row this key? It has one that can be computed: it was when the row was indexed.
fn is_key(keys: &[KeyPart], row: &OwnRow<'_>, at: u32, key: &[u8]) -> bool {
    let mut own = Vec::with_capacity(key.len());
    row.at.set(at);
    own_key(keys, row, &mut own).is_ok_and(|whole| whole) && own == key
}
