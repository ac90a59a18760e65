//! Blocks whose rules have to wait: held back as they come, let go once everything is known.
//!
//! What a program does is a function of the row and of finished lookups. So a held block keeps its
//! rows as they were read. As far as its program can run, the rows run through it for what others
//! wait for (a *gathering pass*, of which nothing leaves); when all of it can run, they run through
//! all of it and leave (the *output pass*), by the same way as rows that never had to wait.
//!
//! Whenever something may have become known, [`Driver::advance`] asks the plan what follows, until
//! nothing moves any more. Gathering again is the last resort, since it reads the rows once more;
//! the rule that comes first has its turn first, so cycles always resolve.

use super::added;
use super::driver::Driver;
use super::held::HeldRows;
use super::order::{Leaving, Slot};
use super::store::PIECE;
use super::transform::{Batch, gather, transform};
use super::waiting::{Bracketed, Held, Passed, Waiting, Way, gathers};
use crate::dialect::{Block, SessionState};
use crate::error::{Error, Result};
use crate::plan::{Pass, Program, RuleId, StepKind, Wait};
use crate::schema::RelationName;
use bytes::Bytes;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use tokio::sync::oneshot;

/// What can be done now for a relation that waits.
enum Move {
    /// Its rows can leave.
    Release,
    /// Its rows have something to tell that others wait for.
    Gather,
}

impl Driver<'_> {
    /// Begins to hold a block back.
    ///
    /// # Errors
    /// If it cannot leave later than it came.
    pub(super) fn hold(
        &mut self,
        head: Bytes,
        block: Arc<Block>,
        why: Option<Wait>,
    ) -> Result<Held> {
        if block.tied {
            return Err(Error::input(
                "its rows have to wait for what a rule looks up, but a statement behind them \
                 stands on the same line",
            )
            .relation(&block.relation)
            .remedy("put that statement on a line of its own"));
        }
        let store = self.tally().store.clone();
        let mut tally = self.tally();
        let waits = &mut tally.table(&block.relation).waits;
        *waits = waits.take().or(why);
        drop(tally);
        Ok(Held {
            open: self.brackets.clone(),
            close: Vec::new(),
            session: self.decoder.framer.session(),
            block,
            head,
            end: Bytes::new(),
            rows: HeldRows::new(store, self.original.clone()),
            way: Way::default(),
        })
    }

    /// A statement that ends what stands around rows.
    pub(super) fn close_bracket(&mut self, relation: &RelationName, statement: &Bytes) {
        let of = |(of, _): &&Bracketed| of == relation;
        self.brackets.retain(|bracket| !of(&bracket));
        let waiting = self.relations.waiting.values_mut();
        for held in waiting.flat_map(|waiting| &mut waiting.blocks) {
            if held.close.iter().filter(of).count() < held.open.iter().filter(of).count() {
                held.close.push((relation.clone(), statement.clone()));
            }
        }
    }

    /// Does everything that can be done for what waits.
    pub(super) async fn advance(&mut self) -> Result<()> {
        loop {
            self.barrier().await?;
            // Rules may have joined since: what waits must know of their steps before anybody asks
            // whether it has passed them.
            self.next_move()?;
            let moved = self.progress()?;
            let next = self.next_move()?;
            let kept = self.planner.newly_kept();
            self.tally().looks_up(kept)?;
            match next {
                Some((Move::Release, relation)) => {
                    let waiting = self.relations.waiting.shift_remove(&relation);
                    self.release(waiting.unwrap_or_default()).await?;
                }
                Some((Move::Gather, relation)) => self.gather_again(&relation).await?,
                None if moved => {}
                None => return Ok(()),
            }
        }
    }

    /// Tells the plan what has passed. True if something has become known.
    fn progress(&mut self) -> Result<bool> {
        let catalog = self.decoder.framer.catalog();
        let mut facts = Passed {
            relations: &mut self.relations,
            catalog,
            tally: &mut self.tally.lock().unwrap_or_else(PoisonError::into_inner),
        };
        self.planner.progress(catalog, &mut facts)
    }

    /// Asks the plan how far everything that waits can go now, and says what to do first.
    fn next_move(&mut self) -> Result<Option<(Move, RelationName)>> {
        let mut first: Option<(RuleId, RelationName)> = None;
        let mut ready: Option<RelationName> = None;
        // All of them, always: a rule that has just become known may read any.
        for number in 0..self.relations.waiting.len() {
            let catalog = self.decoder.framer.catalog();
            let Some((relation, waiting)) = self.relations.waiting.get_index_mut(number) else {
                break;
            };
            let mut whole = !waiting.blocks.is_empty();
            for held in &mut waiting.blocks {
                let header = held.block.columns.as_deref();
                let planned = self.planner.program(catalog, relation, header)?;
                whole &= planned.whole;
                held.way.plan(planned);
            }
            if whole {
                ready.get_or_insert_with(|| relation.clone());
                continue;
            }
            self.plan_added(number)?;
            let Some((relation, waiting)) = self.relations.waiting.get_index(number) else {
                break;
            };
            let ways = waiting.blocks.iter().map(|held| &held.way);
            let gain = ways.chain(&waiting.added).filter_map(Way::gain).min();
            if let Some(rule) = gain
                && first.as_ref().is_none_or(|(before, _)| rule < *before)
            {
                first = Some((rule, relation.clone()));
            }
        }
        let ready = ready.map(|relation| (Move::Release, relation));
        Ok(ready.or(first.map(|(_, relation)| (Move::Gather, relation))))
    }

    /// How far can the rows go that rules add to a relation that waits? Which of them are added
    /// depends on the rows of all its children.
    fn plan_added(&mut self, number: usize) -> Result<()> {
        let catalog = self.decoder.framer.catalog();
        let Some((relation, waiting)) = self.relations.waiting.get_index(number) else {
            return Ok(());
        };
        let (program, mut runnable) = match waiting.blocks.last() {
            Some(held) => (held.way.program.clone(), held.way.runnable),
            None => {
                let planned = self.planner.program(catalog, relation, None)?;
                (planned.program, planned.runnable)
            }
        };
        let Some(program) = program.filter(|program| added::adds(program)) else {
            return Ok(());
        };
        let children = catalog.descendants(relation);
        let blocked = program.steps[..runnable].iter().position(|step| {
            let key = step.key();
            matches!(step.kind, StepKind::Insert(_))
                && !children
                    .iter()
                    .all(|child| self.relations.passed(catalog, &child.name, &key))
        });
        runnable = blocked.unwrap_or(runnable);
        if let Some((_, waiting)) = self.relations.waiting.get_index_mut(number) {
            let way = waiting.added.get_or_insert_default();
            way.program = Some(program);
            way.runnable = runnable;
        }
        Ok(())
    }

    /// Runs the rows of a relation that waits, and those that rules add to it, as far as they can
    /// go now, for what others wait for.
    async fn gather_again(&mut self, relation: &RelationName) -> Result<()> {
        let Some(mut waiting) = self.relations.waiting.get_mut(relation).map(std::mem::take) else {
            return Ok(());
        };
        for held in &mut waiting.blocks {
            let (block, way) = (&held.block, &mut held.way);
            let Some(program) = way.program.clone().filter(|_| way.gain().is_some()) else {
                continue;
            };
            let pass = Pass {
                first: 0,
                to: way.runnable,
                record: way.recorded,
            };
            way.recorded = way.runnable;
            for batch in held.rows.batches() {
                let batch = Arc::clone(batch);
                self.workers.come(PIECE);
                self.gather(block, &program, pass, move || batch.load())
                    .await?;
            }
        }
        if let Some(way) = &mut waiting.added
            && let Some(program) = &way.program
        {
            self.barrier().await?;
            // Whether a row is added depends on the rows that are there: they go first.
            let rows = waiting.blocks.iter().map(|held| held.way.recorded).min();
            let to = rows.unwrap_or(way.runnable).min(way.runnable);
            if to > way.recorded {
                let pass = Pass {
                    first: 0,
                    to,
                    record: way.recorded,
                };
                added::run(program, pass, &mut self.tally())?;
                way.recorded = to;
            }
        }
        if let Some(place) = self.relations.waiting.get_mut(relation) {
            *place = waiting;
        }
        Ok(())
    }

    /// Writes the blocks of a relation where the output stands.
    async fn release(&mut self, waiting: Waiting) -> Result<()> {
        let added = waiting.added.map_or(0, |way| way.recorded);
        let last = waiting.blocks.len().saturating_sub(1);
        self.let_go |= !waiting.blocks.is_empty();
        for (number, held) in waiting.blocks.into_iter().enumerate() {
            self.let_go(held, (number == last).then_some(added)).await?;
        }
        Ok(())
    }

    /// Writes a held block with all that stood around it; after the last one of its relation the
    /// rows that rules add, of which some steps have recorded what they found.
    async fn let_go(&mut self, held: Held, added: Option<usize>) -> Result<()> {
        let block = &held.block;
        self.end_line().await?;
        self.begin().await?;
        let session = self.decoder.framer.session();
        self.switch(&session, &held.session).await?;
        // What is in force here need not be written again.
        let here: Vec<RelationName> = self.brackets.iter().map(|(of, _)| of.clone()).collect();
        self.lines(&held.open, &here).await?;
        let program = held.way.program.clone();
        let leaving = match &program {
            Some(_) => Leaving::Rewritten,
            None => Leaving::Passing,
        };
        self.open(held.head, block, program.as_ref(), leaving)
            .await?;
        for batch in held.rows.batches() {
            self.workers.come(PIECE);
            match &program {
                None => self.send(Slot::Passing(batch.load()?.bytes)).await?,
                Some(program) => {
                    let pass = Pass {
                        record: held.way.recorded,
                        ..program.whole()
                    };
                    let batch = Arc::clone(batch);
                    self.rewrite(block, program, pass, move || batch.load())
                        .await?;
                }
            }
        }
        self.close(block, program, added, held.end).await?;
        self.lines(&held.close, &here).await?;
        self.switch(&held.session, &session).await
    }

    /// Writes what brings the session from one state to another.
    pub(super) async fn switch(&mut self, from: &SessionState, to: &SessionState) -> Result<()> {
        let mut out = Vec::new();
        self.decoder.framer.switch(from, to, &mut out)?;
        if !out.is_empty() {
            self.end_line().await?;
            self.send(Slot::Bytes(out.into())).await?;
        }
        Ok(())
    }

    /// Writes statements around rows, each on a line of its own; not those of some relations.
    async fn lines(&mut self, statements: &[Bracketed], but: &[RelationName]) -> Result<()> {
        for (_, statement) in statements.iter().filter(|(of, _)| !but.contains(of)) {
            self.end_line().await?;
            self.send(Slot::Bytes(statement.clone())).await?;
            self.end_line().await?;
        }
        Ok(())
    }

    /// A statement follows: it does not stand behind what has been let go on the same line.
    pub(super) async fn after_let_go(&mut self) -> Result<()> {
        match std::mem::take(&mut self.let_go) {
            true => self.end_line().await,
            false => Ok(()),
        }
    }

    /// Ends the line that the output stands in.
    pub(super) async fn end_line(&mut self) -> Result<()> {
        // Every part of an archive stands alone.
        if self.archived.is_some() {
            return Ok(());
        }
        self.send(Slot::Line).await
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
        let preview = self.preview;
        self.work(move || {
            let result =
                batch().and_then(|batch| transform(&block, &worker, pass, &batch, preview));
            if let Ok(rewritten) = &result {
                let counts = &rewritten.counts;
                let touched = counts.changed + counts.dropped + counts.moved;
                progress.rows_changed.fetch_add(touched, Ordering::Relaxed);
            }
            let _ = sender.send(result);
        })
        .await;
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
        self.work(move || {
            let result = batch().and_then(|batch| gather(&block, &worker, pass, &batch));
            let _ = sender.send(result);
        })
        .await;
        self.send(Slot::Gathered(promise, Arc::clone(program)))
            .await
    }
}

/// Does a program gather rows that it has itself added?
pub(super) fn gathers_added(program: &Program) -> bool {
    added::adds(program) && gathers(program, 0..program.steps.len()).is_some()
}
