//! Reading a dump for its schema alone: the one given with `--schema`, or the input itself if it
//! is a regular file and the rules need to know more than the stream tells in time.

use super::reader::Buffers;
use crate::dialect::{Block, Effect, Frame, Framer, Part, RowMode};
use crate::error::{Error, Result};
use crate::schema::{Catalog, Relation};
use crate::source::{Original, Source};
use bytes::BytesMut;
use std::collections::HashMap;
use std::sync::Arc;

/// The schema of each database section, by the name in its `\connect`.
pub(super) type Schemas = HashMap<Option<String>, Catalog>;

/// The only schema that `--schema` gives, where it or the section of the dump has no name: one of the two
/// may have been made with the database's name (`USE`, `\connect`) and the other without.
pub(super) struct Only {
    name: Option<String>,
    pub catalog: Catalog,
    /// Does a section with rows have it?
    pub lent: bool,
}

impl Only {
    /// The schema that is meant, if there is only one; an unnamed one leaves the others.
    pub fn of(schemas: &mut Schemas) -> Option<Only> {
        schemas.retain(|_, catalog| !catalog.relations.is_empty());
        let name = match schemas.keys().collect::<Vec<_>>().as_slice() {
            [name] => (*name).clone(),
            _ => return None,
        };
        let catalog = match name {
            Some(_) => schemas.get(&name).cloned(),
            None => schemas.remove(&name),
        };
        catalog.map(|catalog| Only {
            name,
            catalog,
            lent: false,
        })
    }

    /// May it be that of a section?
    pub fn fits(&self, section: Option<&str>) -> bool {
        section.is_none() || self.name.is_none()
    }
}

/// Reads a schema-only dump whole.
///
/// # Errors
/// If it cannot be read or is truncated.
pub(super) fn given(source: Source, mut framer: Box<dyn Framer>) -> Result<Schemas> {
    read(source, &mut *framer, |_, _| {}, true)
}

/// Reads the input whole before its rows run through their programs. Tables that it does not
/// define are known by their rows. Whether it is complete is for the run itself to say.
///
/// # Errors
/// If it cannot be read.
pub(super) fn of_input(file: &Original, mut framer: Box<dyn Framer>) -> Result<Schemas> {
    read(
        file.again()?,
        &mut *framer,
        |catalog, block| {
            if catalog.relation(&block.relation).is_none() {
                // Without names of columns it is known that it exists, and no more.
                let columns = block.columns.as_deref().unwrap_or_default();
                let relation = Relation::headed(block.relation.clone(), columns);
                catalog.relations.insert(block.relation.clone(), relation);
            }
        },
        false,
    )
}

/// What stands behind the rows has been read before them, at this place of the input.
///
/// A dump of pg_dump tells its keys behind the rows, so of a file that can be read at any place only these few bytes
/// are read twice. Where they begin is a guess from what they look like; a wrong one must show, so the
/// stream is watched until it comes there ([`Foretold::check`]).
#[derive(Debug, Clone, Copy)]
pub(super) struct Foretold {
    at: u64,
}

/// How much of a file's end is looked at for the end of the rows.
const ENDS: [u64; 2] = [256 << 10, 16 << 20];

impl Foretold {
    /// Reads a dump whose first rows are at `rows`, but for the rows, if `framer` can tell where the last ones
    /// end: the schema then.
    pub(super) fn read(
        file: &Original,
        mut framer: Box<dyn Framer>,
        rows: u64,
    ) -> Option<(Foretold, Catalog)> {
        let at = ENDS.iter().find_map(|length| {
            let start = rows.max(file.size().saturating_sub(*length));
            let length = usize::try_from(file.size().saturating_sub(start)).ok()?;
            let end = file.read(start, length).ok()?;
            Some(start + framer.rows_end(&end)? as u64)
        })?;
        let schemas = read(file.without(rows, at), &mut *framer, |_, _| {}, false).ok()?;
        let [(None, catalog)] = <[_; 1]>::try_from(Vec::from_iter(schemas)).ok()? else {
            return None;
        };
        Some((Foretold { at }, catalog))
    }

    /// Has the stream come to the place, with a frame that ends at `end`?
    ///
    /// # Errors
    /// If it was not the one behind the rows of this section.
    pub(super) fn check(self, frame: &Frame, end: u64) -> Result<bool> {
        let is_at_end = match frame {
            Frame::Statement {
                effect: Effect::Connect(_),
                ..
            } => Some(false),
            _ if end < self.at => None,
            Frame::Other { .. } => Some(true),
            Frame::Statement { .. } | Frame::End { .. } => Some(end == self.at),
            _ => Some(false),
        };
        match is_at_end {
            Some(false) => Err(Error::input(
                "the end of the dump is not what stands behind its rows: it may be several dumps in one file, or \
                 a row that looks like the end of all rows",
            )),
            is_at_end => Ok(is_at_end.is_some()),
        }
    }
}

fn read(
    mut source: Source,
    framer: &mut dyn Framer,
    rows: impl Fn(&mut Catalog, &Block),
    must_end: bool,
) -> Result<Schemas> {
    let mut schemas = HashMap::new();
    let mut section = None;
    let mut undefined = Vec::new();
    let complete = |framer: &dyn Framer, undefined: &mut Vec<Arc<Block>>| {
        let mut catalog = framer.catalog().clone();
        for block in undefined.drain(..) {
            rows(&mut catalog, &block);
        }
        catalog
    };
    let mut input = BytesMut::new();
    let mut buffers = Buffers::default();
    loop {
        let chunk = match buffers.read(&mut source) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(source.fault(&error)),
            Ok(chunk) => chunk,
        };
        let read = chunk.len();
        chunk.append_to(&mut input);
        while let Some(frame) = framer.next(&mut input, read == 0)? {
            match frame {
                Frame::Head { block, .. } => {
                    framer.rows(RowMode::Pass);
                    if framer.catalog().relation(&block.relation).is_none() {
                        undefined.push(block);
                    }
                }
                Frame::Statement {
                    effect: Effect::Connect(name),
                    ..
                } => {
                    let catalog = complete(framer, &mut undefined);
                    schemas.insert(section.replace(name), catalog);
                }
                // An archive tells its schema first.
                Frame::Part(Part::Contents(..)) => {
                    schemas.insert(section, complete(framer, &mut undefined));
                    return Ok(schemas);
                }
                _ => {}
            }
        }
        if read == 0 {
            if must_end {
                framer.finish()?;
            }
            schemas.insert(section, complete(framer, &mut undefined));
            return Ok(schemas);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{Dialect, postgres::Postgres};
    use std::io::Write;

    #[test]
    fn what_stands_around_the_rows_is_enough() {
        let head = "--\n-- PostgreSQL database dump\n--\n\nCREATE TABLE a (id int);\nCREATE TABLE b (a int);\n";
        let keys = "\n--\n-- Name: keys\n--\nALTER TABLE a ADD PRIMARY KEY (id);\n\
                    ALTER TABLE b ADD FOREIGN KEY (a) REFERENCES a;\n\n\
                    --\n-- PostgreSQL database dump complete\n--\n";
        let copies = format!("COPY a FROM stdin;\n{}\\.\n", "12345\n".repeat(100_000));
        let inserts = "INSERT INTO a VALUES (1);\n".repeat(20_000);
        // What stands in the middle is not read.
        let other = "COPY b FROM stdin;\n\\.\n'".to_owned() + &" ".repeat(300 << 10) + &copies;
        // Nor is anything found where nothing looks like rows.
        let bare = "SELECT 1;\n".repeat(10);
        for (rows, is_found) in [
            (copies, true),
            (inserts, true),
            (other, true),
            (bare, false),
        ] {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            write!(file, "{head}{rows}{keys}").unwrap();
            let source = Source::open(Some(file.path())).unwrap();
            let original = source.original().unwrap();
            let found = Foretold::read(original, Postgres.framer(), head.len() as u64);
            assert_eq!(found.is_some(), is_found);
            let Some((foretold, catalog)) = found else {
                continue;
            };
            assert_eq!(foretold.at, (head.len() + rows.len()) as u64);
            let has_key = |r: &Relation| !r.foreign_keys.is_empty();
            assert!(catalog.relations.values().any(has_key));
            assert!(
                catalog
                    .relations
                    .values()
                    .any(|r| r.primary_key().is_some())
            );
        }
    }
}
