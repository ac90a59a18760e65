//! Blocks whose rules have to wait: held back as they come, let go once everything is known.
//!
//! What a program does is a function of the row and of finished lookups. So a held block keeps its
//! rows as they were read. As far as its program can run, the rows run through it for what others
//! wait for (a *gathering pass*, of which nothing leaves); when all of it can run, they run through
//! all of it and leave (the *output pass*), by the same way as rows that never had to wait.

use super::driver::Driver;
use super::held::{Held, HeldRows};
use super::order::Slot;
use super::transform::{Batch, gather, transform};
use crate::dialect::Block;
use crate::error::Result;
use crate::plan::{Pass, Planned, Program};
use crate::schema::RelationName;
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::oneshot;

impl Driver<'_> {
    /// A block to hold back.
    pub(super) fn hold(&mut self, head: Bytes, block: Arc<Block>) -> Held {
        let store = self.tally().store.clone();
        self.tally().table(&block.relation).held = true;
        Held {
            block,
            head,
            end: Bytes::new(),
            rows: HeldRows::new(store, self.original.clone()),
            recorded: 0,
        }
    }

    /// Are rows of the relation held back?
    pub(super) fn holds(&self, relation: &RelationName) -> bool {
        let same = |held: &Held| held.block.relation == *relation;
        self.held.iter().any(same)
    }

    /// Lets all blocks go whose rules can run now, in the order in which they came.
    pub(super) async fn release(&mut self) -> Result<()> {
        let mut at = 0;
        while let Some(held) = self.held.get(at) {
            let planned = self.planner.program(
                self.decoder.framer.catalog(),
                &held.block.relation,
                held.block.columns.as_deref(),
            )?;
            if planned.whole {
                let held = self.held.remove(at);
                self.let_go(held, planned.program).await?;
            } else {
                at += 1;
            }
        }
        Ok(())
    }

    /// Writes a held block where the output stands.
    async fn let_go(&mut self, held: Held, program: Option<Arc<Program>>) -> Result<()> {
        let Held {
            block,
            head,
            end,
            rows,
            recorded,
        } = held;
        if !self.line_ended {
            self.send(Slot::Bytes(Bytes::from_static(b"\n"))).await?;
        }
        self.open(head, &block, program.as_ref()).await?;
        for batch in rows.batches() {
            match &program {
                None => self.send(Slot::Passing(batch.load()?.bytes)).await?,
                Some(program) => {
                    let pass = Pass {
                        record: recorded,
                        ..program.whole()
                    };
                    let batch = Arc::clone(batch);
                    self.rewrite(&block, program, pass, move || batch.load())
                        .await?;
                }
            }
        }
        self.close(&block, program, end).await
    }

    /// Sends a batch to a worker, which rewrites it.
    pub(super) async fn rewrite(
        &mut self,
        block: &Arc<Block>,
        program: &Arc<Program>,
        pass: Pass,
        batch: impl FnOnce() -> Result<Batch> + Send + 'static,
    ) -> Result<()> {
        let (sender, promise) = oneshot::channel();
        let (block, worker) = (Arc::clone(block), Arc::clone(program));
        let progress = Arc::clone(&self.progress);
        self.pool.spawn(move || {
            let result = batch().and_then(|batch| transform(&block, &worker, pass, &batch));
            if let Ok(rewritten) = &result {
                let counts = &rewritten.counts;
                let touched = counts.changed + counts.dropped + counts.moved;
                progress.rows_changed.fetch_add(touched, Ordering::Relaxed);
            }
            let _ = sender.send(result);
        });
        self.send(Slot::Rows(promise, Arc::clone(program))).await
    }

    /// Sends a batch to a worker for what the steps of a pass find in it.
    pub(super) async fn gather(
        &mut self,
        block: &Arc<Block>,
        program: &Arc<Program>,
        pass: Pass,
        batch: impl FnOnce() -> Result<Batch> + Send + 'static,
    ) -> Result<()> {
        let (sender, promise) = oneshot::channel();
        let (block, worker) = (Arc::clone(block), Arc::clone(program));
        self.pool.spawn(move || {
            let result = batch().and_then(|batch| gather(&block, &worker, pass, &batch));
            let _ = sender.send(result);
        });
        self.send(Slot::Gathered(promise, Arc::clone(program)))
            .await
    }
}

/// The pass through the steps that can run and have not recorded yet; none if there are none.
pub(super) fn gathering(planned: &Planned, recorded: usize) -> Option<(Arc<Program>, Pass)> {
    let program = planned.program.as_ref()?;
    (planned.runnable > recorded).then(|| {
        let pass = Pass {
            first: 0,
            to: planned.runnable,
            record: recorded,
        };
        (Arc::clone(program), pass)
    })
}
