//! Reading a dump for its schema alone: the one given with `--schema`, or the input itself if it
//! is a regular file and the rules need to know more than the stream tells in time.

use super::reader::Buffers;
use crate::dialect::{Block, Effect, Frame, Framer, Part, RowMode};
use crate::error::Result;
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
