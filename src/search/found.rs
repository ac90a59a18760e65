//! What has been found so far: counts and the first places, never a value.

use super::{Cell, Form, Hit, Rules, Verdict, What};
use crate::error::Position;
use indexmap::IndexMap;
use std::fmt;

/// What stands somewhere and should not, or not without being told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// An address of the original.
    Left,
    /// An address outside the safe domain.
    Address,
    /// A secret, by its shape.
    Secret(&'static str),
    /// An address in a form of transport.
    Encoded(Form),
}

impl Kind {
    /// Does a dump that holds it fail?
    pub fn fails(self) -> bool {
        !matches!(self, Kind::Encoded(_))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Left => f.write_str("address of the original"),
            Kind::Address => f.write_str("address"),
            Kind::Secret(name) => f.write_str(name),
            Kind::Encoded(form) => write!(f, "address in {form}"),
        }
    }
}

/// Where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// In the rows of a relation.
    Rows {
        /// The relation.
        relation: String,
        /// The column, if it stands in one.
        column: Option<String>,
    },
    /// Anywhere else: what kind of statement it is.
    Outside(String),
}

/// All finds that are told together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// The database that a `\connect` named.
    pub database: Option<String>,
    /// Where.
    pub place: Place,
    /// What.
    pub kind: Kind,
}

/// One place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// The row, counted from 1.
    pub row: Option<u64>,
    /// The byte and the line.
    pub at: Position,
}

/// Finds of one key.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// How many there are.
    pub count: u64,
    /// The first of them.
    pub spots: Vec<Spot>,
}

/// What has been found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// By place and kind.
    pub groups: IndexMap<Key, Group>,
    /// Addresses that are safe.
    pub safe: u64,
    /// Addresses that came with the target's own rows.
    pub allowed: u64,
    /// How many places are kept of each group.
    most: usize,
}

impl Found {
    /// Nothing yet; of each group so many places are kept.
    pub fn keeping(most: usize) -> Self {
        Found {
            most,
            ..Found::default()
        }
    }

    /// Takes a hit at its worth. `table` is the relation in whose rows it stands.
    pub fn take(
        &mut self,
        rules: &Rules,
        hit: &Hit,
        table: Option<&str>,
        spot: impl FnOnce() -> Spot,
        place: impl FnOnce() -> Place,
    ) {
        let kind = match &hit.what {
            What::Secret(name) => Kind::Secret(name),
            What::Address(address) | What::Encoded(_, address) => {
                match (rules.judge(table, address), &hit.what) {
                    (Verdict::Safe, _) => {
                        self.safe += 1;
                        return;
                    }
                    (Verdict::Allowed, _) => {
                        self.allowed += 1;
                        return;
                    }
                    (Verdict::Left, _) => Kind::Left,
                    (Verdict::Outside, What::Encoded(form, _)) => Kind::Encoded(*form),
                    (Verdict::Outside, _) => Kind::Address,
                }
            }
        };
        let key = Key {
            database: None,
            place: place(),
            kind,
        };
        let group = self.groups.entry(key).or_default();
        group.count += 1;
        if group.spots.len() < self.most {
            group.spots.push(spot());
        }
    }

    /// Adds what was found later in the dump, in the database section `database`.
    pub fn append(&mut self, later: Found, database: Option<&str>) {
        self.safe += later.safe;
        self.allowed += later.allowed;
        for (mut key, more) in later.groups {
            key.database = database.map(str::to_owned);
            let group = self.groups.entry(key).or_default();
            group.count += more.count;
            let room = self.most.saturating_sub(group.spots.len());
            group.spots.extend(more.spots.into_iter().take(room));
        }
    }

    /// Is there nothing at all, not even what is safe?
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.safe + self.allowed == 0
    }

    /// How many finds fail the dump.
    pub fn failures(&self) -> u64 {
        let failing = self.groups.iter().filter(|(key, _)| key.kind.fails());
        failing.map(|(_, group)| group.count).sum()
    }
}

/// Gives the position of each offset of a piece; cheap when they ascend.
#[derive(Debug)]
pub(super) struct Places<'b> {
    bytes: &'b [u8],
    start: Position,
    at: Position,
    offset: usize,
}

impl<'b> Places<'b> {
    pub(super) fn new(bytes: &'b [u8], start: Position) -> Self {
        Places {
            bytes,
            start,
            at: start,
            offset: 0,
        }
    }

    pub(super) fn of(&mut self, offset: usize) -> Position {
        if offset < self.offset {
            (self.at, self.offset) = (self.start, 0);
        }
        self.at.advance(&self.bytes[self.offset..offset]);
        self.offset = offset;
        self.at
    }
}

impl Rules {
    /// Searches a batch of a block's rows.
    pub fn search_rows(
        &self,
        block: &crate::dialect::Block,
        bytes: &[u8],
        at: Position,
        before: u64,
        most: usize,
    ) -> Found {
        let mut found = Found::keeping(most);
        let mut places = Places::new(bytes, at);
        super::rows(block, bytes, before, &mut |cell: Cell, hit| {
            let spot = || Spot {
                row: cell.row,
                at: places.of(cell.at),
            };
            let place = || Place::Rows {
                relation: block.relation.to_string(),
                column: cell.column.map(|n| name_of(block, n)),
            };
            found.take(self, &hit, Some(&block.relation.name), spot, place);
        });
        found
    }
}

/// A column of a block's rows.
fn name_of(block: &crate::dialect::Block, column: usize) -> String {
    let columns = block.columns.as_deref().unwrap_or_default();
    let name = columns.get(column).cloned();
    name.unwrap_or_else(|| format!("column {}", column + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::address::Normalised;

    fn hit(what: What) -> Hit {
        Hit { at: 0..1, what }
    }

    #[test]
    fn counted_grouped_and_limited() {
        let rules = Rules::default();
        let address = What::Address(Normalised {
            local: "a".into(),
            domain: "x.de".into(),
        });
        let mut all = Found::keeping(3);
        for batch in 0..3 {
            let mut found = Found::keeping(3);
            for n in 0..2 {
                let row = Some(batch * 2 + n + 1);
                let at = Position::START;
                let place = || Place::Outside("x".into());
                found.take(
                    &rules,
                    &hit(address.clone()),
                    None,
                    || Spot { row, at },
                    place,
                );
            }
            all.append(found, Some("db"));
        }
        assert_eq!((all.groups.len(), all.failures()), (1, 6));
        let (key, group) = all.groups.first().unwrap();
        assert_eq!(key.database.as_deref(), Some("db"));
        assert_eq!(
            (key.kind, key.kind.to_string().as_str()),
            (Kind::Address, "address")
        );
        let rows: Vec<_> = group.spots.iter().map(|spot| spot.row.unwrap()).collect();
        assert_eq!(rows, [1, 2, 3]);
    }

    #[test]
    fn positions_go_both_ways() {
        let mut places = Places::new(b"a\nb\nc", Position { byte: 10, line: 3 });
        for (offset, byte, line) in [(0, 10, 3), (4, 14, 5), (2, 12, 4), (2, 12, 4), (5, 15, 5)] {
            assert_eq!(places.of(offset), Position { byte, line });
        }
    }
}
