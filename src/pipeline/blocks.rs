//! The blocks of rows: how each begins, which way its rows go, and what follows from its end.

use super::added::{self, Added};
use super::driver::Driver;
use super::holding::gathers_added;
use super::order::{Leaving, Slot};
use super::transform::Batch;
use super::waiting::{Held, is_root};
use crate::dialect::{Block, RowMode};
use crate::error::{Error, Position, Result};
use crate::plan::{Pass, Program};
use crate::schema::RelationName;
use bytes::Bytes;
use std::sync::Arc;

/// A block of rows that is passing.
pub(super) struct Current {
    block: Arc<Block>,
    /// The program that its rows run through now, and how far.
    program: Option<(Arc<Program>, Pass)>,
    /// If it is held back: what is kept of it.
    held: Option<Held>,
}

impl Current {
    pub fn block(&self) -> Arc<Block> {
        Arc::clone(&self.block)
    }

    /// Does a rule ask for its rows, now or later?
    pub fn is_asked_for(&self) -> bool {
        self.program.is_some() || self.held.is_some()
    }
}

/// A table of which a block has ended.
pub(super) struct Ending {
    relation: RelationName,
    /// The program of its rows, if they have left.
    program: Option<Arc<Program>>,
    /// Can something be known now that was not before?
    matters: bool,
}

impl Driver<'_> {
    pub async fn head(&mut self, bytes: Bytes, at: Position, block: Arc<Block>) -> Result<()> {
        self.decide()?;
        self.look_ahead(Some((at, &block.relation))).await?;
        let relation = &block.relation;
        self.begin_table(relation).await?;
        self.check_rules()?;
        let planned = self.planner.program(
            self.decoder.framer.catalog(),
            relation,
            block.columns.as_deref(),
        )?;
        let late = |program: &Arc<Program>| {
            self.complete.contains(relation) || self.relations.is_late(program)
        };
        if planned.program.as_ref().is_some_and(late) {
            return Err(
                Error::input("more of its rows come after rules have acted on its end")
                    .relation(relation)
                    .remedy("dump each table in one piece"),
            );
        }
        self.credentials(at, &block, planned.program.as_deref())?;
        if planned.settled {
            let (header, program) = (block.columns.as_deref(), planned.program.as_deref());
            self.reviewed(relation, header, program, true).await?;
        }
        self.lend(relation)?;
        self.data_seen = true;
        // What seemed to be the end of the data was that of one dump among several.
        self.tail_written = false;
        self.any_rows = true;
        self.tally().table(relation);
        if let Ok(mut table) = self.progress.table.lock() {
            table.clear();
            table.push_str(&relation.to_string());
        }
        // Rows of one relation keep their order.
        if !planned.whole || self.relations.waiting.contains_key(relation) {
            self.decoder.framer.rows(RowMode::Split);
            let mut held = self.hold(bytes, Arc::clone(&block), planned.waits.clone())?;
            held.way.plan(planned);
            let way = &mut held.way;
            let program = way.program.clone().filter(|_| way.gain().is_some());
            let program = program.map(|program| {
                way.recorded = way.runnable;
                let pass = Pass {
                    to: way.runnable,
                    ..program.whole()
                };
                (program, pass)
            });
            self.block = Some(Current {
                block,
                program,
                held: Some(held),
            });
            return Ok(());
        }
        let program = planned.program;
        let searched = self.searching.is_some();
        self.decoder.framer.rows(if program.is_some() || searched {
            RowMode::Split
        } else {
            RowMode::Pass
        });
        let leaving = match &program {
            Some(_) => Leaving::Rewritten,
            None if block.entry.is_some() && self.contained() => Leaving::Contained,
            None => Leaving::Passing,
        };
        self.open(bytes, &block, program.as_ref(), leaving).await?;
        self.block = Some(Current {
            block,
            program: program.map(|program| {
                let whole = program.whole();
                (program, whole)
            }),
            held: None,
        });
        Ok(())
    }

    /// Writes the head of a block whose rows leave now.
    pub async fn open(
        &mut self,
        head: Bytes,
        block: &Arc<Block>,
        program: Option<&Arc<Program>>,
        leaving: Leaving,
    ) -> Result<()> {
        let header = block.columns.as_deref();
        self.reviewed(&block.relation, header, program.map(|p| &**p), true)
            .await?;
        if let Some(program) = program {
            self.tally().plan(program);
        }
        self.begin().await?;
        self.send(Slot::Head(head, Arc::clone(block), leaving))
            .await
    }

    pub async fn rows(&mut self, bytes: Bytes, at: Position, first_row: u64) -> Result<()> {
        let Some(current) = &mut self.block else {
            return self.send(Slot::Bytes(bytes)).await;
        };
        if let Some(held) = &mut current.held {
            held.rows.push(&bytes, at, first_row)?;
        }
        let is_held = current.held.is_some();
        let (block, program) = (Arc::clone(&current.block), current.program.clone());
        self.tally().table(&block.relation).bytes += bytes.len() as u64;
        let batch = Batch {
            bytes,
            at,
            first_row,
        };
        match program {
            Some((program, pass)) if is_held => {
                self.gather(&block, &program, pass, || Ok(batch)).await
            }
            Some((program, pass)) => self.rewrite(&block, &program, pass, || Ok(batch)).await,
            None if is_held => Ok(()),
            None => self.send(Slot::Passing(batch.bytes)).await,
        }
    }

    pub async fn block_end(&mut self, bytes: Bytes) -> Result<()> {
        let Some(current) = self.block.take() else {
            return self.send(Slot::End(Bytes::new(), bytes)).await;
        };
        let is_whole = current.block.has_end || !self.decoder.framer.in_pieces();
        let relation = current.block.relation.clone();
        let program = current.program.map(|(program, _)| program);
        let mut matters = !self.relations.waiting.is_empty();
        let mut rows_left = None;
        match current.held {
            Some(mut held) => {
                held.rows.seal()?;
                held.end = bytes;
                let waiting = self.relations.waiting.entry(relation.clone());
                waiting.or_default().blocks.push(held);
                matters = true;
            }
            None => {
                matters |= program.as_ref().is_some_and(|program| program.ends());
                let added = is_whole.then_some(0);
                let left = program.clone().filter(|_| !is_whole);
                self.close(&current.block, program, added, bytes).await?;
                rows_left = left;
            }
        }
        let ending = Ending {
            relation,
            program: rows_left,
            matters,
        };
        match is_whole {
            true => self.end_table(ending).await,
            false => {
                self.ending = Some(ending);
                Ok(())
            }
        }
    }

    /// A table begins: the one before has come to its end.
    pub async fn begin_table(&mut self, relation: &RelationName) -> Result<()> {
        match self.ending.take_if(|ending| ending.relation != *relation) {
            Some(ending) => self.end_table(ending).await?,
            None => self.let_go = false,
        }
        self.after_let_go().await
    }

    /// The last block of a table has ended, as far as anybody can tell: if it may come in pieces,
    /// when another table begins.
    pub async fn end_table(&mut self, ending: Ending) -> Result<()> {
        if let Some(program) = ending.program
            && gathers_added(&program)
            && !self.may_follow(&ending.relation)
        {
            let added = self.added(&program, 0).await?;
            self.pending.push((added, false));
        }
        self.relations.end(&ending.relation);
        match ending.matters {
            true => self.advance().await,
            false => Ok(()),
        }
    }

    /// Writes the end of a block whose rows have left. If it is the last one, the rows follow that
    /// rules add, in the block or at the end of the data; some steps may have recorded already what
    /// they found in them.
    pub async fn close(
        &mut self,
        block: &Block,
        program: Option<Arc<Program>>,
        added: Option<usize>,
        end: Bytes,
    ) -> Result<()> {
        let mut extra = Vec::new();
        if let (Some(program), Some(record)) = (program, added)
            && !self.may_follow(&block.relation)
            && (block.has_end && added::adds(&program) || gathers_added(&program))
        {
            let added = self.added(&program, record).await?;
            if block.has_end {
                self.add(&added, block, &mut extra)?;
            }
            self.pending.push((added, block.has_end));
        }
        self.send(Slot::End(extra.into(), end)).await
    }

    /// May further blocks follow of a table that is loaded through its root?
    fn may_follow(&self, relation: &RelationName) -> bool {
        !self.relations.data_ended && is_root(self.decoder.framer.catalog(), relation)
    }

    /// The rows that rules add to a table whose own rows have all left.
    async fn added(&mut self, program: &Arc<Program>, record: usize) -> Result<Added> {
        self.barrier().await?;
        let pass = Pass {
            record,
            ..program.whole()
        };
        let added = added::run(program, pass, &mut self.tally())?;
        self.complete.insert(program.relation.clone());
        Ok(added)
    }
}
