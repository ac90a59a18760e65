//! Drives a run: takes frames, decides what happens to each, and keeps the order of events.

use super::added::{self, Added};
use super::decoder::FrameDecoder;
use super::order::{self, Slot};
use super::spool::Spool;
use super::tally::{Moved, Tally};
use super::transform::{Batch, TextRow, transform};
use super::{Job, Outcome, Progress, account, ends_data, reader, writer};
use crate::dialect::{Block, Effect, Frame, Framer, OutputState, RowMode};
use crate::error::{Error, ErrorKind, Position, Result};
use crate::plan::{NewCell, Planner, Program, StepKind};
use crate::report::Report;
use crate::schema::{Catalog, RelationName};
use crate::sink::Transaction;
use crate::source::Source;
use bytes::{Bytes, BytesMut};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{mpsc, oneshot};
use tokio_util::codec::Decoder;

/// Bytes of kept-aside rows that are written at a time.
const WRITE_AT_A_TIME: usize = 1 << 20;

/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Runs a job.
pub(super) async fn run(job: Job) -> Outcome {
    let mut report = account::start(&job);
    let planner = match super::planner(job.choice, job.dialect, &job.key) {
        Ok(planner) => planner,
        Err(error) => {
            return Outcome {
                report,
                result: Err(error),
            };
        }
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(job.jobs.max(1))
        .thread_name(|number| format!("rows-{number}"))
        // The promise is dropped with the worker, which the order stage reports.
        .panic_handler(|_| {})
        .build();
    let pool = match pool {
        Ok(pool) => pool,
        Err(error) => {
            let error = Error::io(format!("cannot start the workers: {error}"));
            return Outcome {
                report,
                result: Err(error),
            };
        }
    };
    let schemas = match job
        .schema
        .map(|source| read_schema(source, job.dialect.framer()))
        .transpose()
    {
        Ok(schemas) => schemas.unwrap_or_default(),
        Err(error) => {
            return Outcome {
                report,
                result: Err(error),
            };
        }
    };

    let tally = Arc::new(Mutex::new(Tally::new(job.memory, job.spool_dir)));
    let (output, written) = writer::start(job.sink);
    let (slots, receiver) = mpsc::channel(job.jobs.max(1) + 2);
    let order = tokio::spawn(order::run(receiver, output, Arc::clone(&tally)));
    let mut driver = Driver {
        decoder: FrameDecoder {
            framer: job.dialect.framer(),
        },
        planner,
        pool,
        slots,
        tally: Arc::clone(&tally),
        transaction: job.single_transaction.then(Transaction::new),
        block: None,
        data_seen: false,
        tail_written: false,
        complete: HashSet::new(),
        pending: Vec::new(),
        schema_given: !schemas.is_empty(),
        schemas,
        checked: false,
        any_rows: false,
        line_ended: true,
        progress: job.progress,
        report: &mut report,
    };
    driver.begin_section(None);
    let chunks = reader::start(job.source);
    let fed = tokio::select! {
        result = driver.feed(chunks) => result,
        error = interrupted() => Err(error),
    };
    let Driver {
        decoder,
        planner,
        slots,
        ..
    } = driver;
    drop(slots);
    let ended = order.await;
    let (state, ordered, output) = match ended {
        Ok(order::Ended {
            state,
            result,
            output,
        }) => (state, result, Some(output)),
        Err(_) => (
            OutputState::Unfinished,
            Err(Error::io("the ordering stage has died")),
            None,
        ),
    };
    // What the order stage says comes first: when it fails, the driver only sees a closed queue.
    let mut result = ordered.and(fed);
    if let (Err(error), Some(output)) = (&result, &output) {
        let bytes = decoder.framer.unloadable(&state, &error.to_string());
        let _ = output.send(Bytes::from(bytes)).await;
    }
    drop(output);
    match written.await {
        Ok(written) => {
            report.bytes_out = written.bytes;
            // A failed write is the cause of everything that failed after it, but for a signal.
            let interrupted = matches!(&result, Err(e) if e.kind == ErrorKind::Interrupted);
            if !interrupted && written.result.is_err() {
                result = written.result;
            }
            match result {
                Ok(()) => result = written.sink.finish(),
                Err(_) => written.sink.abandon(b""),
            }
        }
        Err(_) => result = Err(writer::died()),
    }
    account::finish(
        &mut report,
        &planner,
        &tally.lock().unwrap_or_else(PoisonError::into_inner),
    );
    Outcome { report, result }
}

/// Resolves when a signal asks the run to end.
async fn interrupted() -> Error {
    use tokio::signal::unix::{SignalKind, signal};
    match (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) {
        (Ok(mut interrupt), Ok(mut terminate)) => {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        }
        _ => std::future::pending().await,
    }
    Error::interrupted()
}

/// Reads a schema-only dump whole: a catalog for each of its database sections.
fn read_schema(
    mut source: Source,
    mut framer: Box<dyn Framer>,
) -> Result<HashMap<Option<String>, Catalog>> {
    use std::io::Read;
    let mut catalogs = HashMap::new();
    let mut section = None;
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
                Frame::Head { .. } => framer.rows(RowMode::Pass),
                Frame::Statement {
                    effect: Effect::Connect(name),
                    ..
                } => {
                    catalogs.insert(section.replace(name), framer.catalog().clone());
                }
                _ => {}
            }
        }
        if read == 0 {
            framer.finish()?;
            catalogs.insert(section, framer.catalog().clone());
            return Ok(catalogs);
        }
    }
}

/// A block of rows that is passing.
struct Current {
    block: Arc<Block>,
    program: Option<Arc<Program>>,
}

struct Driver<'r> {
    decoder: FrameDecoder,
    planner: Planner,
    pool: rayon::ThreadPool,
    slots: mpsc::Sender<Slot>,
    tally: Arc<Mutex<Tally>>,
    transaction: Option<Transaction>,
    block: Option<Current>,
    /// Has this section had rows?
    data_seen: bool,
    /// Have the added and moved rows of this section been written?
    tail_written: bool,
    /// Relations whose end has been acted upon: no rows may follow.
    complete: HashSet<RelationName>,
    /// New rows that only the server can complete; they follow at the end of the data.
    pending: Vec<Added>,
    schema_given: bool,
    schemas: HashMap<Option<String>, Catalog>,
    /// Have the rules been checked against this section's relations?
    checked: bool,
    any_rows: bool,
    /// Does the output so far end with a line's end?
    line_ended: bool,
    progress: Arc<Progress>,
    report: &'r mut Report,
}

impl Driver<'_> {
    /// Takes the whole input.
    async fn feed(&mut self, mut chunks: mpsc::Receiver<Result<reader::Chunk>>) -> Result<()> {
        let mut input = BytesMut::new();
        let mut begun = false;
        while let Some(chunk) = chunks.recv().await {
            let chunk = chunk?;
            self.report.bytes_in += chunk.len() as u64;
            self.progress
                .bytes
                .fetch_add(chunk.len() as u64, Ordering::Relaxed);
            chunk.append_to(&mut input);
            if !std::mem::replace(&mut begun, true) {
                self.prologue(&mut input).await?;
            }
            while let Some(frame) = self.decoder.decode(&mut input).map_err(|error| error.0)? {
                self.frame(frame).await?;
            }
        }
        while let Some(frame) = self
            .decoder
            .decode_eof(&mut input)
            .map_err(|error| error.0)?
        {
            self.frame(frame).await?;
        }
        self.end().await
    }

    /// With a transaction: what goes before everything else but a byte order mark, which psql
    /// accepts only at the very start.
    async fn prologue(&mut self, input: &mut BytesMut) -> Result<()> {
        if self.transaction.is_none() {
            return Ok(());
        }
        if input.starts_with(BYTE_ORDER_MARK) {
            let mark = input.split_to(BYTE_ORDER_MARK.len()).freeze();
            self.send(Slot::Bytes(mark)).await?;
        }
        self.send_text(Transaction::prologue()).await
    }

    /// The input has ended.
    async fn end(&mut self) -> Result<()> {
        if let Err(error) = self.decoder.framer.finish() {
            if self.block.is_none() {
                self.send(Slot::Unfinished(Bytes::new())).await?;
            }
            return Err(error);
        }
        self.finish_section().await?;
        self.planner.finish(self.decoder.framer.catalog())?;
        if !self.any_rows {
            self.report
                .warnings
                .push("the dump holds no rows".to_owned());
        }
        if let Some(transaction) = &mut self.transaction {
            let commit = transaction.finish(self.line_ended);
            self.send_text(commit).await?;
        }
        Ok(())
    }

    async fn frame(&mut self, frame: Frame) -> Result<()> {
        match frame {
            Frame::Statement { bytes, at, effect } => self.statement(bytes, at, effect).await,
            Frame::Head { bytes, at, block } => {
                self.head(bytes, block).await.map_err(|error| error.at(at))
            }
            Frame::Rows {
                bytes,
                at,
                first_row,
                ..
            } => self.rows(bytes, at, first_row).await,
            Frame::End { bytes, .. } => self.block_end(bytes).await,
            Frame::Other { bytes } => self.send(Slot::Bytes(bytes)).await,
        }
    }

    async fn statement(&mut self, bytes: Bytes, at: Position, effect: Effect) -> Result<()> {
        match &effect {
            Effect::Opaque(relation, what) => {
                self.decide()?;
                self.planner
                    .opaque(self.decoder.framer.catalog(), relation, what)
                    .map_err(|error| error.at(at))?;
                self.any_rows = true;
            }
            Effect::Unfollowed(what) => self.report.warnings.push(format!(
                "line {}: {what} may change rows in a way that scrub cannot follow",
                at.line
            )),
            Effect::Statistics(relation) => {
                self.decide()?;
                let catalog = self.decoder.framer.catalog();
                if self.planner.program(catalog, relation, None)?.is_some() {
                    self.report.warnings.push(format!(
                        "{relation}: its planner statistics hold values of its rows and were left \
                         out; run ANALYZE after the restore"
                    ));
                    return Ok(());
                }
            }
            _ => {}
        }
        if ends_data(&effect) && self.data_seen {
            self.tail().await?;
        }
        if let Effect::Connect(_) = &effect {
            self.finish_section().await?;
        }
        let keep = self
            .admit(&effect, &bytes)
            .await
            .map_err(|error| error.at(at))?;
        if keep {
            self.send(Slot::Bytes(bytes)).await?;
        }
        if let Effect::Connect(name) = effect {
            self.planner.next_section();
            self.begin_section(Some(name));
        }
        Ok(())
    }

    /// Writes what the transaction wants before a statement. False: the statement is left out.
    async fn admit(&mut self, effect: &Effect, statement: &[u8]) -> Result<bool> {
        let Some(transaction) = &mut self.transaction else {
            return Ok(true);
        };
        let admit = transaction.before(effect, statement)?;
        self.send_text(admit.before).await?;
        Ok(admit.keep)
    }

    /// Rows follow: they need the transaction.
    async fn begin(&mut self) -> Result<()> {
        let Some(transaction) = &mut self.transaction else {
            return Ok(());
        };
        let begin = transaction.begin();
        self.send_text(begin).await
    }

    async fn send_text(&mut self, text: &'static str) -> Result<()> {
        self.send(Slot::Bytes(Bytes::from_static(text.as_bytes())))
            .await
    }

    async fn head(&mut self, bytes: Bytes, block: Arc<Block>) -> Result<()> {
        self.decide()?;
        let relation = &block.relation;
        if !self.checked && (self.decoder.framer.schema_first() || self.schema_given) {
            self.checked = true;
            let only_section = self.tally().section.is_none();
            self.planner
                .check(self.decoder.framer.catalog(), only_section)?;
        }
        let program = self.planner.program(
            self.decoder.framer.catalog(),
            relation,
            block.columns.as_deref(),
        )?;
        if self.complete.contains(relation) && program.is_some() {
            return Err(
                Error::input("more of its rows come after rules have acted on its end")
                    .relation(relation)
                    .remedy("dump each table in one piece"),
            );
        }
        self.data_seen = true;
        self.any_rows = true;
        {
            let mut tally = self.tally();
            let table = tally.table(relation);
            if let Some(program) = &program {
                table.rules = program
                    .steps
                    .iter()
                    .map(|s| s.statement.name.clone())
                    .collect();
            }
        }
        if let Ok(mut table) = self.progress.table.lock() {
            table.clear();
            table.push_str(&relation.to_string());
        }
        self.begin().await?;
        self.decoder.framer.rows(if program.is_some() {
            RowMode::Split
        } else {
            RowMode::Pass
        });
        self.send(Slot::Head(bytes, Arc::clone(&block), program.is_none()))
            .await?;
        self.block = Some(Current { block, program });
        Ok(())
    }

    async fn rows(&mut self, bytes: Bytes, at: Position, first_row: u64) -> Result<()> {
        let Some(Current { block, program }) = &self.block else {
            return self.send(Slot::Bytes(bytes)).await;
        };
        self.tally().table(&block.relation).bytes += bytes.len() as u64;
        let Some(program) = program else {
            return self.send(Slot::Passing(bytes)).await;
        };
        let (sender, promise) = oneshot::channel();
        let (block, worker) = (Arc::clone(block), Arc::clone(program));
        let progress = Arc::clone(&self.progress);
        let slot = Slot::Rows(promise, Arc::clone(program));
        self.pool.spawn(move || {
            let result = transform(
                &block,
                &worker,
                &Batch {
                    bytes,
                    at,
                    first_row,
                },
            );
            if let Ok(rewritten) = &result {
                let counts = &rewritten.counts;
                let touched = counts.changed + counts.dropped + counts.moved;
                progress.rows_changed.fetch_add(touched, Ordering::Relaxed);
            }
            let _ = sender.send(result);
        });
        self.send(slot).await
    }

    async fn block_end(&mut self, bytes: Bytes) -> Result<()> {
        let mut extra = Vec::new();
        if let Some(Current {
            block,
            program: Some(program),
        }) = self.block.take()
            && block.has_end
            && added::adds(&program)
        {
            self.barrier().await?;
            let added = added::run(&program, &mut self.tally())?;
            self.complete.insert(program.relation.clone());
            self.add(&added, &block, &mut extra)?;
            self.pending.push(added);
        }
        self.send(Slot::End(extra.into(), bytes)).await
    }

    /// Writes the new rows that are wholly known into the block; the others stay for later.
    fn add(&mut self, added: &Added, block: &Block, out: &mut Vec<u8>) -> Result<()> {
        let program = &added.program;
        let types: Vec<_> = program.columns[..program.cells]
            .iter()
            .map(|c| &c.column.data_type)
            .collect();
        let mut count = 0;
        for row in &added.rows {
            let known: Option<Vec<_>> = row
                .iter()
                .zip(&types)
                .map(|(cell, data_type)| match cell {
                    NewCell::Known(text) => Some((text.as_deref(), *data_type)),
                    NewCell::Server => None,
                })
                .collect();
            let Some(cells) = known else { continue };
            count += 1;
            block
                .codec
                .write_row(&cells, out)
                .map_err(|fault| Error::input(fault.0).relation(&program.relation))?;
        }
        self.tally().table(&program.relation).added += count;
        Ok(())
    }

    /// The end of the section's data: rows that rules add and rows that moved follow here.
    async fn tail(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.tail_written, true) {
            return Ok(());
        }
        self.barrier().await?;
        let catalog = self.decoder.framer.catalog();
        let programs = self.planner.remaining(catalog)?;
        for added in std::mem::take(&mut self.pending) {
            self.write_added(&added, true).await?;
        }
        for program in programs {
            if added::adds(&program) && self.complete.insert(program.relation.clone()) {
                let added = added::run(&program, &mut self.tally())?;
                self.write_added(&added, false).await?;
            }
        }
        let moved = std::mem::take(&mut self.tally().moved);
        for (_, Moved { program, rows }) in moved {
            self.write_moved(&program, rows).await?;
        }
        Ok(())
    }

    /// Writes new rows as statements: together those that fill the same columns.
    async fn write_added(&mut self, added: &Added, only_incomplete: bool) -> Result<()> {
        let program = &added.program;
        let relation = added::relation(program, &program.relation);
        let mut rest: &[_] = &added.rows;
        let filled = |row: &[NewCell]| -> Vec<usize> {
            (0..row.len())
                .filter(|cell| row[*cell] != NewCell::Server)
                .collect()
        };
        while let Some(first) = rest.first() {
            let columns = filled(first);
            let same = rest.iter().take_while(|row| filled(row) == columns).count();
            let (group, others) = rest.split_at(same);
            rest = others;
            let complete = columns.len() == program.cells;
            if complete && only_incomplete {
                continue;
            }
            let rows: Vec<TextRow> = group
                .iter()
                .map(|row| {
                    let known = row.iter().filter_map(|cell| match cell {
                        NewCell::Known(text) => Some(text.clone()),
                        NewCell::Server => None,
                    });
                    known.collect()
                })
                .collect();
            self.write_statement(&relation, &columns, &rows, !complete)
                .await?;
            self.tally().table(&program.relation).added += rows.len() as u64;
        }
        Ok(())
    }

    /// Writes rows that left their partition through the root of the tree.
    async fn write_moved(&mut self, program: &Program, rows: Spool) -> Result<()> {
        let Some(partition) = &program.partition else {
            return Ok(());
        };
        let relation = added::relation(program, &partition.root);
        let columns: Vec<usize> = (0..program.cells)
            .filter(|cell| !program.columns[*cell].column.generated.is_computed())
            .collect();
        for rows in rows.batches(WRITE_AT_A_TIME)? {
            let rows: Vec<TextRow> = rows?
                .into_iter()
                .map(|mut row| columns.iter().map(|cell| row[*cell].take()).collect())
                .collect();
            self.write_statement(&relation, &columns, &rows, false)
                .await?;
        }
        Ok(())
    }

    async fn write_statement(
        &mut self,
        relation: &crate::schema::Relation,
        columns: &[usize],
        rows: &[TextRow],
        as_insert: bool,
    ) -> Result<()> {
        let mut out = Vec::new();
        self.decoder
            .framer
            .write_rows(relation, columns, rows, as_insert, &mut out)
            .map_err(|fault| Error::input(fault.0).relation(&relation.name))?;
        self.begin().await?;
        self.send(Slot::Bytes(out.into())).await
    }

    /// Another database section begins.
    fn begin_section(&mut self, name: Option<String>) {
        if let Some(catalog) = self.schemas.get(&name) {
            self.decoder.framer.seed(catalog.clone());
        }
        self.tally().section = name;
        self.data_seen = false;
        self.tail_written = false;
        self.checked = false;
        self.complete.clear();
    }

    /// The section has ended: what is left is written, and SELECTs have their results.
    async fn finish_section(&mut self) -> Result<()> {
        self.decide()?;
        self.tail().await?;
        self.barrier().await?;
        let programs = self.planner.remaining(self.decoder.framer.catalog())?;
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        let mut failed = None;
        let mut steps: Vec<_> = programs
            .iter()
            .flat_map(|program| program.steps.iter().map(move |step| (program, step)))
            .collect();
        // The relation that the rule names speaks for its children.
        steps.sort_by_key(|(program, step)| (step.rule, program.relation != step.named));
        let mut told = HashSet::new();
        for (_, step) in steps {
            let StepKind::Query(query) = &step.kind else {
                continue;
            };
            let key = (step.rule, step.named.clone());
            if !told.insert(key.clone()) {
                continue;
            }
            let partial = tally
                .steps
                .get_mut(&key)
                .and_then(|found| found.partial.take());
            let table = query.finish(partial).map_err(|error| {
                Error::input(error.to_string())
                    .relation(&step.named)
                    .rule(&step.statement.name)
            })?;
            if step.statement.test && !table.rows.is_empty() {
                failed.get_or_insert_with(|| {
                    Error::check(format!("the test found {} rows", table.rows.len()))
                        .relation(&step.named)
                        .rule(&step.statement.name)
                        .remedy("its SELECT must return none; --report shows them")
                });
            }
            account::select(self.report, step, &tally, table);
        }
        tally.steps.clear();
        failed.map_or(Ok(()), Err)
    }

    /// Recognises applications by the relations that are known now.
    fn decide(&mut self) -> Result<()> {
        let joined = self.planner.decide(self.decoder.framer.catalog())?;
        if !joined.is_empty() {
            self.checked = false;
            self.progress
                .recognised
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .extend(joined);
        }
        Ok(())
    }

    /// Waits until everything before has been written and merged.
    async fn barrier(&mut self) -> Result<()> {
        let (sender, reached) = oneshot::channel();
        self.send(Slot::Barrier(sender)).await?;
        reached.await.map_err(|_| stopped())
    }

    async fn send(&mut self, slot: Slot) -> Result<()> {
        if let Slot::Bytes(bytes) | Slot::Passing(bytes) | Slot::End(_, bytes) = &slot
            && let Some(last) = bytes.last()
        {
            self.line_ended = *last == b'\n';
        }
        self.slots.send(slot).await.map_err(|_| stopped())
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the driver says when the order stage has stopped; the cause is the order stage's to tell.
fn stopped() -> Error {
    Error::io("the output has stopped")
}
