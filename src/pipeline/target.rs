//! Reads the target environment's own dump, before the first byte of the dump itself is written:
//! once, whole, and of its rows only those of tables that rules name.

use super::reader;
use super::transform::{Batch, gather};
use crate::dialect::{Block, Dialect, Effect, Frame, RowMode};
use crate::error::{Error, Result};
use crate::expression::Rows;
use crate::plan::{Planner, Program, StepKey};
use crate::schema::Catalog;
use crate::search::{self, Rules};
use crate::source::Source;
use bytes::BytesMut;
use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

/// What is gathered of the target's dump.
struct Target<'p> {
    planner: &'p mut Planner,
    /// If the run searches: what it allows.
    search: Option<&'p mut Rules>,
    memory: u64,
    kept: u64,
    found: HashMap<StepKey, Rows>,
    block: Option<(Arc<Block>, Option<Arc<Program>>)>,
}

/// Reads the dump and hands what rules read of it to the planner. Returns the bytes that are kept.
///
/// # Errors
/// If the dump is refused, or what is kept of it outgrows the memory.
pub(super) fn read(
    mut source: Source,
    dialect: &dyn Dialect,
    planner: &mut Planner,
    search: Option<&mut Rules>,
    memory: u64,
) -> Result<u64> {
    let mut framer = dialect.framer();
    let mut target = Target {
        planner,
        search,
        memory,
        kept: 0,
        found: HashMap::new(),
        block: None,
    };
    let mut catalog: Option<Catalog> = None;
    let mut input = BytesMut::new();
    let mut buffer = vec![0; reader::CHUNK];
    loop {
        let read = match source.read(&mut buffer) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(source.fault(&error)),
            Ok(read) => read,
        };
        input.extend_from_slice(&buffer[..read]);
        while let Some(frame) = framer.next(&mut input, read == 0)? {
            match frame {
                Frame::Head { block, at, .. } => {
                    let program = target
                        .planner
                        .target_program(framer.catalog(), &block.relation, block.columns.as_deref())
                        .map_err(|error| error.at(at))?;
                    let name = &block.relation.name;
                    let allows = target
                        .search
                        .as_ref()
                        .is_some_and(|s| s.allowed.wants(name));
                    framer.rows(match program.is_some() || allows {
                        true => RowMode::Split,
                        false => RowMode::Pass,
                    });
                    target.block = Some((block, program));
                }
                Frame::Rows {
                    bytes,
                    at,
                    first_row,
                    ..
                } => target.rows(Batch {
                    bytes,
                    at,
                    first_row,
                })?,
                Frame::Statement {
                    effect: Effect::Connect(_),
                    ..
                } => {
                    let section = framer.catalog().clone();
                    merge(&mut catalog, section);
                }
                _ => {}
            }
        }
        if read == 0 {
            framer.finish()?;
            merge(&mut catalog, framer.catalog().clone());
            let kept = target.kept;
            let mut found = target.found;
            let catalog = catalog.unwrap_or_default();
            target
                .planner
                .target_read(catalog, &mut |key| found.remove(key));
            return Ok(kept);
        }
    }
}

/// Adds the relations of another database section.
fn merge(catalog: &mut Option<Catalog>, section: Catalog) {
    match catalog {
        None => *catalog = Some(section),
        Some(catalog) => {
            for (name, relation) in section.relations {
                catalog.relations.insert_new(name, relation);
            }
        }
    }
}

impl Target<'_> {
    /// Allows the addresses of a row where rules put it.
    fn allow(&mut self, block: &Block, batch: &Batch) -> Result<()> {
        let name = &block.relation.name;
        let Some(search) = self.search.as_mut().filter(|s| s.allowed.wants(name)) else {
            return Ok(());
        };
        search::rows(block, &batch.bytes, batch.first_row, &mut |_, hit| {
            if let Some(address) = hit.what.address() {
                search.allow(name, address);
            }
        });
        match search.allowed.size() > self.memory {
            false => Ok(()),
            true => Err(Error::input(format!(
                "its addresses outgrew the memory that they may use ({} bytes)",
                self.memory
            ))
            .relation(&block.relation)
            .remedy("give more with --memory SIZE")),
        }
    }

    fn rows(&mut self, batch: Batch) -> Result<()> {
        if let Some((block, _)) = &self.block {
            self.allow(&Arc::clone(block), &batch)?;
        }
        let Some((block, Some(program))) = &self.block else {
            return Ok(());
        };
        let tally = gather(block, program, program.whole(), &batch)?;
        for (step, tally) in program.steps.iter().zip(tally) {
            let (Some(key), Some(rows)) = (step.gathers(), tally.gathered) else {
                continue;
            };
            let so_far = self
                .found
                .entry(key)
                .or_insert_with(|| Rows::new(rows.width()));
            self.kept += rows.size();
            so_far.append(rows);
            if self.kept > self.memory {
                return Err(Error::input(format!(
                    "what the rules read of the target's dump outgrew the memory that it may use \
                     ({} bytes)",
                    self.memory
                ))
                .relation(&block.relation)
                .rule(&step.statement.name)
                .remedy("give more with --memory SIZE, or read fewer rows or columns"));
            }
        }
        Ok(())
    }
}
