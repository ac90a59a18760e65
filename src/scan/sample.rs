//! Which rows are looked at, and what is kept of them.
//!
//! Every row of a table has a rank, a hash of its number; the rows of the lowest ranks are the sample. So
//! it is spread over the whole table, it is the same in every run and for every way in which the input
//! comes in pieces, and a table of a billion rows costs no more looks than some thousand: as
//! soon as the sample is full, a row has to rank below its highest to be looked at, and a batch
//! without such a row is not even split.
//!
//! What is kept of a cell is what the detectors said and a hash, never its content.

use super::value::{Trait, Traits, look};
use crate::dialect::{Block, RowSpan};
use crate::schema::{DataType, RelationName};
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

/// How many rows of a table are kept.
pub const ROWS: usize = 1000;

/// One cell of a row that is kept: what it is, and a hash that tells it from others. A cell that the row does
/// not have has no trait.
type Cell = (Traits, u64);

/// One row that is kept; they are compared by rank.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    rank: u64,
    cells: Box<[Cell]>,
}

/// What is known of the rows of one relation.
#[derive(Debug, Default)]
struct Sample {
    /// The columns, in the order in which headers brought them.
    columns: Vec<String>,
    /// The highest rank is on top.
    rows: BinaryHeap<Row>,
    /// How many rows there are.
    seen: u64,
}

/// The samples of a database section.
#[derive(Debug)]
pub struct Sampler {
    most: usize,
    keys: RandomState,
    samples: HashMap<RelationName, Sample>,
}

impl Sampler {
    /// A sampler that keeps so many rows of each relation.
    pub fn new(most: usize) -> Self {
        Sampler {
            most: most.max(1),
            keys: RandomState::new(),
            samples: HashMap::new(),
        }
    }

    /// Takes a batch of whole rows; `before` rows of the relation came earlier. False if it holds
    /// something that is no row.
    pub fn take(&mut self, block: &Block, bytes: &[u8], before: u64, rows: u64) -> bool {
        let (most, keys) = (self.most, &self.keys);
        let sample = self.samples.entry(block.relation.clone()).or_default();
        sample.seen += rows;
        let wanted: Vec<u64> = (before..before + rows)
            .filter(|row| sample.wants(rank(*row), most))
            .collect();
        if wanted.is_empty() {
            return true;
        }
        let places = sample.places(block);
        let mut wanted = wanted.into_iter().peekable();
        let mut row = RowSpan::default();
        let mut end = 0;
        for number in before.. {
            let Some(next) = wanted.peek() else {
                return true;
            };
            if !matches!(block.codec.row(bytes, end, &mut row), Ok(true)) {
                return false;
            }
            end = row.body.end;
            if *next != number {
                continue;
            }
            wanted.next();
            let rank = rank(number);
            // The batch itself may have filled the sample meanwhile.
            if !sample.wants(rank, most) {
                continue;
            }
            let mut cells = vec![Cell::default(); sample.columns.len()];
            for (column, range) in row.cells.iter().enumerate() {
                let raw = &bytes[range.clone()];
                let place = match &places {
                    Some(places) => places.get(column).copied(),
                    None => None,
                };
                let Some(cell) = place.and_then(|place| cells.get_mut(place)) else {
                    continue;
                };
                // Without its type, so that what a cell holds is not what its text would have to be.
                *cell = match block.codec.decode(column, raw, &DataType::Unknown) {
                    Ok(None) => (Traits::of(Trait::Null), 0),
                    Ok(Some(text)) => (look(&text), keys.hash_one(&*text)),
                    Err(_) => (look(raw).with(Trait::Unreadable), keys.hash_one(raw)),
                };
            }
            sample.rows.push(Row {
                rank,
                cells: cells.into(),
            });
            if sample.rows.len() > most {
                sample.rows.pop();
            }
        }
        true
    }

    /// Counts rows that cannot be looked at.
    pub fn pass(&mut self, relation: &RelationName) {
        self.samples.entry(relation.clone()).or_default();
    }

    /// Has a relation rows, or at least a place where they would be?
    pub fn knows(&self, relation: &RelationName) -> bool {
        self.samples.contains_key(relation)
    }

    /// What is known of a column of several relations together: a parent and its children.
    pub fn column<'r>(
        &self,
        relations: impl Iterator<Item = &'r RelationName>,
        column: &str,
    ) -> Stats {
        let mut stats = Stats::default();
        let mut distinct = HashSet::new();
        for sample in relations.filter_map(|relation| self.samples.get(relation)) {
            stats.rows += sample.seen;
            let Some(place) = sample.columns.iter().position(|name| name == column) else {
                continue;
            };
            for row in &sample.rows {
                let Some((traits, hash)) = row
                    .cells
                    .get(place)
                    .filter(|cell| cell.0 != Traits::default())
                else {
                    continue;
                };
                stats.sampled += 1;
                traits.bits().for_each(|bit| stats.counts[bit] += 1);
                if !traits.has(Trait::Null) && !traits.has(Trait::Blank) {
                    distinct.insert(*hash);
                }
            }
        }
        stats.distinct = distinct.len() as u64;
        stats
    }
}

impl Sample {
    fn wants(&self, rank: u64, most: usize) -> bool {
        self.rows.len() < most || self.rows.peek().is_some_and(|highest| rank < highest.rank)
    }

    /// Where the columns of a header are among those that are known.
    fn places(&mut self, block: &Block) -> Option<Vec<usize>> {
        let header = block.columns.as_ref()?;
        let place = |name: &String| {
            let known = self.columns.iter().position(|column| column == name);
            known.unwrap_or_else(|| {
                self.columns.push(name.clone());
                self.columns.len() - 1
            })
        };
        Some(header.iter().map(place).collect())
    }
}

/// The rank of a row: the finaliser of SplitMix64 (Steele, Lea, Flood 2014), which takes no two numbers to one.
fn rank(row: u64) -> u64 {
    let mut z = row.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// What the sample says of a column.
#[derive(Debug, Clone)]
pub struct Stats {
    /// The rows that there are.
    pub rows: u64,
    /// The cells that were looked at.
    pub sampled: u64,
    /// How many values, of those that are not NULL or blank, are different.
    pub distinct: u64,
    counts: [u64; Trait::COUNT],
}

impl Default for Stats {
    fn default() -> Self {
        Stats {
            rows: 0,
            sampled: 0,
            distinct: 0,
            counts: [0; Trait::COUNT],
        }
    }
}

impl Stats {
    /// How many cells have a trait.
    pub fn count(&self, one: Trait) -> u64 {
        self.counts[one as usize]
    }

    /// The cells that are not NULL or blank.
    pub fn values(&self) -> u64 {
        self.sampled - self.count(Trait::Null) - self.count(Trait::Blank)
    }

    /// The share of the values that have one of the traits, which no value has two of; 0 without values.
    pub fn share(&self, traits: &[Trait]) -> f64 {
        let have: u64 = traits.iter().map(|one| self.count(*one)).sum();
        match self.values() {
            0 => 0.0,
            values => (have as f64 / values as f64).min(1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{Frame, RowMode, dialects};
    use bytes::BytesMut;

    /// A sample of a dump that comes in pieces of this size.
    fn sampled(dump: &str, piece: usize, most: usize) -> Sampler {
        let mut framer = dialects()[0].framer();
        let mut sampler = Sampler::new(most);
        let (mut input, mut block) = (BytesMut::new(), None);
        let mut rest = dump.as_bytes();
        loop {
            let (next, behind) = rest.split_at(piece.min(rest.len()));
            input.extend_from_slice(next);
            rest = behind;
            while let Some(frame) = framer.next(&mut input, rest.is_empty()).unwrap() {
                match frame {
                    Frame::Head { block: begun, .. } => {
                        framer.rows(RowMode::Split);
                        block = Some(begun);
                    }
                    Frame::Rows {
                        bytes,
                        first_row,
                        rows,
                        ..
                    } => {
                        assert!(sampler.take(block.as_ref().unwrap(), &bytes, first_row, rows));
                    }
                    _ => {}
                }
            }
            if rest.is_empty() {
                return sampler;
            }
        }
    }

    fn dump(rows: usize) -> String {
        let row = |n: usize| match n % 10 {
            0 => format!("{n}\tjane{n}@example.org\n"),
            1 => format!("{n}\t\\N\n"),
            _ => format!("{n}\tword\n"),
        };
        let rows: String = (0..rows).map(row).collect();
        format!("CREATE TABLE t (id int, v text);\nCOPY t (id, v) FROM stdin;\n{rows}\\.\n")
    }

    fn told(sampler: &Sampler, column: &str) -> (u64, u64, u64, u64, u64) {
        let name = RelationName::new(Some("public"), "t");
        let stats = sampler.column([&name].into_iter(), column);
        (
            stats.rows,
            stats.sampled,
            stats.values(),
            stats.distinct,
            stats.count(Trait::Address),
        )
    }

    #[test]
    fn the_sample_is_the_same_for_all_pieces() {
        let dump = dump(3000);
        let whole = told(&sampled(&dump, usize::MAX, 200), "v");
        assert_eq!((whole.0, whole.1), (3000, 200));
        for piece in [64, 1000, 4097] {
            assert_eq!(told(&sampled(&dump, piece, 200), "v"), whole, "{piece}");
        }
        // All over the table: about a tenth has an address, a tenth is NULL.
        assert!((8..=35).contains(&whole.4), "{whole:?}");
        assert!((165..=192).contains(&whole.2), "{whole:?}");
    }

    #[test]
    fn a_small_table_is_looked_at_whole() {
        let told = told(&sampled(&dump(100), usize::MAX, 200), "v");
        assert_eq!(told, (100, 100, 90, 11, 10));
    }

    #[test]
    fn ranks_differ() {
        let all: HashSet<u64> = (0..10_000).map(rank).collect();
        assert_eq!(all.len(), 10_000);
    }
}
