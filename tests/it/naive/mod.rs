//! The naive interpreter: a second oracle beside PostgreSQL, for when no server is at hand.
//!
//! It reads a whole dump into tables ([`read`]), runs a rulebook over them statement after
//! statement ([`Database::run`]) and compares the result with the tables of the scrubbed dump
//! ([`Database::difference`]). Nothing streams, nothing is compiled into programs, nothing is
//! parallel: rows are vectors in memory, and a statement visits all of them before the next begins.
//!
//! It shares three things with the program: the rulebook loader, the catalog that the framer learns
//! from the DDL, and the compiler of *scalar expressions* and of one-table SELECTs, which are
//! checked against PostgreSQL by the differential test. Everything else is its own: reading COPY and
//! INSERT, which rows a statement means, the order of statements, assignments, defaults, upserts,
//! inheritance.
//!
//! Subqueries and joins are nested loops ([`Database::query`]) and share nothing with the program's
//! lookups; foreign keys are followed row by row ([`Database::apply`]).
//!
//! What it leaves out on purpose: a row stays in the partition in which it was read (the union of a
//! partition tree's rows is what is compared, so rules may name its root only), and fresh functions.

mod foreign;
mod named;
mod query;
mod read;
mod run;
pub mod scope;
mod write;

pub use read::read;
pub use run::{Results, load as rulebook, parsed};
pub use write::Style;

use indexmap::IndexMap;
use scrub::rulebook::SqlDialect;
use scrub::schema::{Catalog, Column, Relation, RelationKind, RelationName};
use scrub::value::ValueError;
use std::collections::BTreeMap;
use std::fmt::Write;

/// One cell of a table in memory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    Null,
    /// The text form.
    Text(Vec<u8>),
    /// Nobody gave a value and the default is no constant: the server will fill it in.
    Server,
}

pub type Row = Vec<Cell>;

/// All tables of a dump with their rows.
#[derive(Debug, Clone)]
pub struct Database {
    pub catalog: Catalog,
    /// The rows of each table, a cell for every column of the catalog that is not computed.
    pub tables: IndexMap<RelationName, Vec<Row>>,
    /// What `target.t` reads.
    pub target: Option<Box<Database>>,
    /// Foreign keys are checked when a statement and all their actions are through.
    pub checks_last: bool,
    /// The system whose rules of comparison hold.
    pub system: SqlDialect,
    /// What the rulebook is written in while it runs.
    written_in: SqlDialect,
    /// The schema that unqualified names mean while a statement runs.
    schema: Option<String>,
}

/// Why a run stops; the same must stop the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    pub kind: StopKind,
    message: String,
}

/// Kinds of [`Stop`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopKind {
    /// A row that is still referenced went, or its key changed.
    Orphans,
    /// A row references a key that is not there.
    NoParent,
    /// A scalar subquery gave several rows.
    SeveralValues,
    /// `UPDATE … FROM` joins a row with several; PostgreSQL takes any of them.
    SeveralRows,
    /// A column must not be NULL.
    NotNull,
    /// What only the server knows is read.
    Server,
    /// Anything else.
    Other,
}

impl Stop {
    fn new(kind: StopKind, message: impl Into<String>) -> Stop {
        let message = message.into();
        Stop { kind, message }
    }
}

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.message)
    }
}

impl From<String> for Stop {
    fn from(message: String) -> Stop {
        Stop::new(StopKind::Other, message)
    }
}

impl From<ValueError> for Stop {
    fn from(error: ValueError) -> Stop {
        let message = error.to_string();
        let kind = match message.as_str() {
            "only the server knows the cell" => StopKind::Server,
            _ => StopKind::Other,
        };
        Stop::new(kind, message)
    }
}

/// The columns that hold values of their own.
pub fn stored(relation: &Relation) -> impl Iterator<Item = &Column> {
    relation
        .columns
        .iter()
        .filter(|c| !c.generated.is_computed())
}

impl Database {
    /// Tables without rows, of a dump of one system.
    pub fn new(catalog: Catalog, system: SqlDialect) -> Database {
        let holders = catalog
            .relations
            .values()
            .filter(|r| matches!(r.kind, RelationKind::Table | RelationKind::Partitioned));
        Database {
            tables: holders.map(|r| (r.name.clone(), Vec::new())).collect(),
            catalog,
            target: None,
            checks_last: false,
            system,
            written_in: system,
            schema: None,
        }
    }

    /// The relation, which must be there.
    fn relation(&self, name: &RelationName) -> &Relation {
        let relation = self.catalog.relation(name);
        relation.unwrap_or_else(|| panic!("the dump has rows of {name} but no DDL for it"))
    }

    /// The rows of a relation and of the partitions below it, cells in the order of its columns.
    fn tree(&self, root: &Relation) -> Vec<Row> {
        let mut rows = Vec::new();
        let below = self.catalog.descendants(&root.name);
        let partitions = below.into_iter().filter(|r| r.partition_of.is_some());
        for part in std::iter::once(root).chain(partitions) {
            let places: Vec<usize> = stored(root)
                .map(|column| {
                    let place = stored(part).position(|c| c.name == column.name);
                    place.expect("a partition has the columns of its root")
                })
                .collect();
            let own = self.tables.get(&part.name).into_iter().flatten();
            rows.extend(own.map(|row| {
                places
                    .iter()
                    .map(|place| row[*place].clone())
                    .collect::<Row>()
            }));
        }
        rows
    }

    /// Where the rows differ, as multisets, tree of partitions by tree; none if they do not. A cell
    /// that the server fills in equals every value.
    pub fn difference(&self, other: &Database) -> Option<String> {
        let mut text = String::new();
        for root in self
            .catalog
            .relations
            .values()
            .filter(|r| r.partition_of.is_none())
        {
            let (left, right) = (self.tree(root), other.tree(other.relation(&root.name)));
            let (left, right) = unmatched(left, right);
            for (side, rows) in [("left", left), ("right", right)] {
                for row in rows {
                    let cells: Vec<String> = row.iter().map(shown).collect();
                    let _ = writeln!(
                        text,
                        "{}: only on the {side}: {}",
                        root.name,
                        cells.join(" | ")
                    );
                }
            }
        }
        (!text.is_empty()).then_some(text)
    }
}

/// The rows on either side that have no equal on the other.
fn unmatched(left: Vec<Row>, right: Vec<Row>) -> (Vec<Row>, Vec<Row>) {
    let mut counts: BTreeMap<Row, isize> = BTreeMap::new();
    for row in left {
        *counts.entry(row).or_default() += 1;
    }
    for row in right {
        *counts.entry(row).or_default() -= 1;
    }
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for (row, count) in counts {
        let side = if count > 0 { &mut left } else { &mut right };
        side.extend(std::iter::repeat_n(row, count.unsigned_abs()));
    }
    left.retain(|row: &Row| {
        let pair = right.iter().position(|other: &Row| {
            let mut cells = row.iter().zip(other);
            cells.all(|(a, b)| a == b || *a == Cell::Server || *b == Cell::Server)
        });
        pair.map(|at| right.remove(at)).is_none()
    });
    (left, right)
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Null => "NULL".to_owned(),
        Cell::Text(text) => format!("'{}'", String::from_utf8_lossy(text).escape_debug()),
        Cell::Server => "(by the server)".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DDL: &str = "CREATE TABLE public.t (id integer, name text, n integer DEFAULT 7);\n";

    fn database(rows: &str) -> Database {
        read(format!("{DDL}{rows}").as_bytes())
    }

    #[test]
    fn copy_and_insert_read_the_same() {
        let copy = database(
            "COPY public.t (name, id, n) FROM stdin;\na\\tb\\\\\\x41\\101\t1\t\\N\n\\N\t2\t7\n\\.\n",
        );
        let insert = database(
            "INSERT INTO public.t VALUES (1, E'a\\tb\\\\AA', NULL);\nINSERT INTO t (id) VALUES (2);\n",
        );
        assert_eq!(copy.difference(&insert), None);
        assert_eq!(copy.tables[0][0][1], Cell::Text(b"a\tb\\AA".into()));
        let less = database("COPY public.t (name, id, n) FROM stdin;\n\\N\t2\t7\n\\.\n");
        assert!(
            copy.difference(&less)
                .is_some_and(|text| text.contains("only on the left"))
        );
        assert!(
            less.difference(&copy)
                .is_some_and(|text| text.contains("only on the right"))
        );
    }

    #[test]
    fn rows_are_a_multiset() {
        let twice = database("INSERT INTO t VALUES (1, 'a', 1), (1, 'a', 1), (2, 'b', 1);\n");
        let once = database("INSERT INTO t VALUES (2, 'b', 1), (1, 'a', 1);\n");
        let text = twice.difference(&once).expect("a difference");
        assert_eq!(text, "public.t: only on the left: '1' | 'a' | '1'\n");
    }

    /// What the rules make of three rows, as the lines of a COPY; or why they stop.
    fn after(rules: &str) -> Result<Vec<String>, Stop> {
        let mut db = database("INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2), (3, NULL, 3);\n");
        db.run(&rulebook(rules))?;
        let cells = |row: &Row| row.iter().map(shown).collect::<Vec<_>>().join(" ");
        Ok(db.tables[0].iter().map(cells).collect())
    }

    #[test]
    fn statements_do_what_sql_says() {
        for (rules, expected) in [
            (
                "UPDATE t SET id = n + 1, n = id * 10 WHERE id > 1",
                "'1' 'a' '1', '3' 'b' '20', '4' NULL '30'",
            ),
            (
                "DELETE FROM t WHERE name <> 'a'",
                "'1' 'a' '1', '3' NULL '3'",
            ),
            (
                "DELETE FROM t WHERE n > 1; UPDATE t SET n = 9",
                "'1' 'a' '9'",
            ),
            (
                "TRUNCATE t; INSERT INTO t (id) VALUES (5), (6); UPDATE t SET name = 'x' WHERE id = 6",
                "'5' NULL '7', '6' 'x' '7'",
            ),
            (
                "DELETE FROM t WHERE id > 1; INSERT INTO t VALUES (1, 'z', 5), (2, 'y', 6) ON CONFLICT (id) DO NOTHING",
                "'1' 'a' '1', '2' 'y' '6'",
            ),
            (
                "DELETE FROM t WHERE id > 1; INSERT INTO t VALUES (1, 'z', 5) ON CONFLICT (id) DO UPDATE SET name = excluded.name || t.name",
                "'1' 'za' '1'",
            ),
        ] {
            assert_eq!(
                after(rules).map(|rows| rows.join(", ")),
                Ok(expected.to_owned()),
                "{rules}"
            );
        }
    }

    #[test]
    fn what_the_database_would_refuse_stops() {
        for rules in [
            "UPDATE t SET n = 1 / (id - 2)",
            "DELETE FROM no_such_table",
            "UPDATE t SET nothing = 1",
        ] {
            assert!(after(rules).is_err(), "{rules}");
        }
    }
}
