//! Takes the frames one after another and decides what happens to each. Blocks of rows are [`super::blocks`]'s.

use super::added;
use super::archive::Archived;
use super::blocks::{Current, Ending};
use super::decoder::FrameDecoder;
use super::follows::Follows;
use super::order::{self, Slot};
use super::outside::Passing;
use super::review::Review;
use super::schema::{self, Foretold, Only, Schemas};
use super::search::Searching;
use super::tally::Tally;
use super::undecided::Undecided;
use super::waiting::{Bracketed, Relations};
use super::workers::Workers;
use super::{Progress, reader};
use crate::dialect::{Dialect, Effect, Frame, RowMode};
use crate::error::{Error, Position, Result};
use crate::plan::Planner;
use crate::report::{Preview, Report};
use crate::schema::RelationName;
use crate::sink::Transaction;
use crate::source::Original;
use bytes::{Bytes, BytesMut};
use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;
use tokio_util::codec::Decoder;

/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

pub(super) struct Driver<'r> {
    pub decoder: FrameDecoder,
    pub planner: Planner,
    pub workers: Workers,
    pub slots: mpsc::Sender<Slot>,
    pub tally: Arc<Mutex<Tally>>,
    pub transaction: Option<Transaction>,
    pub block: Option<Current>,
    /// The relations of this section, and what is held back of them.
    pub relations: Relations,
    /// Statements around the rows of a relation that are in force in the output.
    pub brackets: Vec<Bracketed>,
    /// The plain file that is the input, and by how much it is ahead of the frames' positions.
    pub original: Option<(Original, u64)>,
    /// Has this section had rows?
    pub data_seen: bool,
    /// Have the added and moved rows of this section been written?
    pub tail_written: bool,
    /// Relations whose end has been acted upon: no rows may follow.
    pub complete: HashSet<RelationName>,
    /// New rows that follow at the end of the data; true: only those that the server completes.
    pub pending: Vec<(added::Added, bool)>,
    pub schema_given: bool,
    pub schemas: Schemas,
    /// The only schema that `--schema` gave.
    pub only_schema: Option<Only>,
    /// The input once more, for its schema, if it is a regular file.
    pub again: Option<(Original, &'static dyn Dialect)>,
    /// If only its end has been read: where the stream has to come by.
    pub foretold: Option<Foretold>,
    /// Have the rules been checked against this section's relations?
    pub checked: bool,
    pub any_rows: bool,
    /// How long a row or a statement may be.
    pub longest: u64,
    /// The table that came last, if nobody knows yet whether more of it follows.
    pub ending: Option<Ending>,
    /// Have rows that waited been written since the last statement?
    pub let_go: bool,
    /// Has data outside of tables been seen?
    pub other_data: bool,
    /// Triggers that wait, indexes whose words are left out.
    pub follows: Follows,
    /// Has the statement before been left out?
    pub left_out: bool,
    /// Statements about users that rules drop.
    pub users_left_out: u64,
    /// What waits until it is known whose dump it is.
    pub undecided: Undecided,
    /// What `--strict` has seen.
    pub review: Option<Review>,
    /// What a dry run shows, if it is one.
    pub preview: Option<Preview>,
    /// What passes outside the rows, unless the run searches everything.
    pub passing: Option<Passing>,
    /// If the dump is an archive: how it is written.
    pub archived: Option<Archived>,
    /// If the run searches: how far it is.
    pub searching: Option<Searching>,
    pub progress: Arc<Progress>,
    pub report: &'r mut Report,
}

impl Driver<'_> {
    /// Takes the whole input.
    pub async fn feed(&mut self, mut chunks: reader::Chunks) -> Result<()> {
        let mut input = BytesMut::new();
        let mut begun = false;
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk?;
            // Who reads in between has enough to do.
            if chunks.are_ahead() {
                self.workers.come(chunk.len());
            }
            self.report.bytes_in += chunk.len() as u64;
            self.progress
                .bytes
                .fetch_add(chunk.len() as u64, Ordering::Relaxed);
            chunk.append_to(&mut input);
            if !std::mem::replace(&mut begun, true) {
                self.prologue(&mut input).await?;
            }
            while let Some(frame) = self.next(&mut input, false)? {
                self.come_to(&frame, input.len())?;
                self.frame(frame).await?;
            }
            self.refuse_endless(input.len() as u64)?;
        }
        while let Some(frame) = self.next(&mut input, true)? {
            self.come_to(&frame, input.len())?;
            self.frame(frame).await?;
        }
        self.settle().await?;
        self.end().await
    }

    /// Has the stream come to what has been read before its rows? `left` bytes are still to be framed.
    fn come_to(&mut self, frame: &Frame, left: usize) -> Result<()> {
        let Some(foretold) = self.foretold else {
            return Ok(());
        };
        let come = foretold.check(frame, self.report.bytes_in - left as u64);
        let come = come.map_err(|error| error.remedy(self.planner.advice().schema_first))?;
        self.foretold = self.foretold.filter(|_| !come);
        Ok(())
    }

    /// A row or a statement has to be there as a whole. No server takes one of more than 1 GiB; what goes
    /// on for longer is no dump, and must not fill the memory.
    fn refuse_endless(&self, waiting: u64) -> Result<()> {
        if waiting <= self.longest {
            return Ok(());
        }
        let begins = self.report.bytes_in - waiting;
        Err(Error::input(format!(
            "what begins at byte {begins} has no end within {} MiB",
            self.longest >> 20
        ))
        .remedy("if it is a row of a dump all the same, give more with --memory SIZE"))
    }

    fn next(&mut self, input: &mut BytesMut, eof: bool) -> Result<Option<Frame>> {
        let mut decode = |decoder: &mut FrameDecoder| match eof {
            true => decoder.decode_eof(input),
            false => decoder.decode(input),
        };
        let found = match decode(&mut self.decoder) {
            Err(_) if self.searches_unsplit() => decode(&mut self.decoder),
            found => found,
        };
        found.map_err(|error| error.0)
    }

    /// Rows that only the search wants to split and that cannot be split are searched as they stand.
    fn searches_unsplit(&mut self) -> bool {
        let (Some(searching), Some(current)) = (&mut self.searching, &self.block) else {
            return false;
        };
        if current.is_asked_for() || searching.is_unsplit() {
            return false;
        }
        searching.leave_unsplit();
        self.decoder.framer.rows(RowMode::Pass);
        true
    }

    /// With a transaction: what goes before everything else but a byte order mark, which psql
    /// accepts only at the very start.
    async fn prologue(&mut self, input: &mut BytesMut) -> Result<()> {
        let Some(transaction) = &self.transaction else {
            return Ok(());
        };
        let prologue = transaction.prologue();
        if input.starts_with(BYTE_ORDER_MARK) {
            let mark = input.split_to(BYTE_ORDER_MARK.len()).freeze();
            if let Some((_, ahead)) = &mut self.original {
                *ahead = mark.len() as u64;
            }
            self.send(Slot::Bytes(mark)).await?;
        }
        self.send_text(prologue).await
    }

    /// The input has ended.
    async fn end(&mut self) -> Result<()> {
        if let Err(error) = self.decoder.framer.finish() {
            if self.block.is_none() {
                self.send(Slot::Unfinished(Bytes::new())).await?;
            }
            return Err(error);
        }
        let finished = self.finish_section().await;
        self.put_off(finished)?;
        let finished = self.planner.finish(self.decoder.framer.catalog());
        self.put_off(finished)?;
        self.more_outside();
        self.all_reviewed()?;
        if self.users_left_out > 0 {
            let count = self.users_left_out;
            self.report.warnings.push(format!(
                "{count} statements about users that rules drop were left out or shortened"
            ));
        }
        if !self.any_rows {
            self.report
                .warnings
                .push("the dump holds no rows".to_owned());
        }
        if let Some(transaction) = &mut self.transaction {
            let commit = transaction.finish();
            if !commit.is_empty() {
                self.end_line().await?;
            }
            self.send_text(commit).await?;
        }
        Ok(())
    }

    /// Nobody reads what is written in two encodings; clients cut a line at a NUL.
    fn refuse_nul(&self, frame: &Frame) -> Result<()> {
        let (Frame::Statement { at, .. } | Frame::Head { at, .. }) = frame else {
            return Ok(());
        };
        // An archive's directory is binary; its statements were read from it one by one.
        if self.searching.is_some() || self.planner.is_idle() || self.archived.is_some() {
            return Ok(());
        }
        let Some(place) = memchr::memchr(0, frame.bytes()) else {
            return Ok(());
        };
        Err(Error::input(
            "a NUL byte stands outside of the rows: the dump is damaged, or a part of it is in \
             another encoding (UTF-16)",
        )
        .at(at.after(&frame.bytes()[..place]))
        .remedy("make the dump again, in one encoding"))
    }

    async fn frame(&mut self, frame: Frame) -> Result<()> {
        self.refuse_nul(&frame)?;
        self.search(&frame).await?;
        if let (
            Frame::Statement {
                at,
                effect: Effect::Anything(what),
                ..
            },
            Some(_),
        ) = (&frame, &self.block)
        {
            // Rows among which it stands.
            return self.anything(*at, what);
        }
        self.comment(&frame)?;
        let Some((frame, named)) = self.postpone(frame).await? else {
            return Ok(());
        };
        match frame {
            Frame::Statement { bytes, at, effect } => {
                self.statement(bytes, at, effect, named).await
            }
            Frame::Head { bytes, at, block } => {
                let head = self.head(bytes, at, block).await;
                head.map_err(|error| error.at(at))
            }
            Frame::Rows {
                bytes,
                at,
                first_row,
                ..
            } => self.rows(bytes, at, first_row).await,
            Frame::End { bytes, .. } => self.block_end(bytes).await,
            Frame::Other { bytes } => self.send(Slot::Bytes(bytes)).await,
            Frame::Part(part) => self.part(part).await,
        }
    }

    /// Rows follow: they need the transaction.
    pub async fn begin(&mut self) -> Result<()> {
        let Some(transaction) = &mut self.transaction else {
            return Ok(());
        };
        let begin = transaction.begin();
        self.send_text(begin).await
    }

    pub async fn send_text(&mut self, text: &'static str) -> Result<()> {
        self.send(Slot::Bytes(Bytes::from_static(text.as_bytes())))
            .await
    }

    /// Checks all rules, as soon as all tables are known.
    pub fn check_rules(&mut self) -> Result<()> {
        if self.checked || !(self.decoder.framer.schema_first() || self.schema_given) {
            return Ok(());
        }
        self.checked = true;
        let only_section = self.tally().section.is_none();
        let checked = self
            .planner
            .check(self.decoder.framer.catalog(), only_section);
        self.put_off(checked)
    }

    /// Reads the input for its schema, if that would change anything and it can be read twice: as much as is
    /// needed, if the next rows are known, or all of it.
    pub async fn look_ahead(&mut self, rows: Option<(Position, &RelationName)>) -> Result<()> {
        let framer = &self.decoder.framer;
        let schema_first = framer.schema_first();
        let (catalog, next) = (framer.catalog(), rows.map(|(_, next)| next));
        if self.again.is_none() || !self.planner.wants_schema(catalog, schema_first, next) {
            return Ok(());
        }
        let Some((file, dialect)) = self.again.take() else {
            return Ok(());
        };
        let section = self.tally().section.clone();
        let ahead = self.original.as_ref().map(|(_, ahead)| *ahead);
        if let (Some((at, _)), Some(ahead), true, None) = (rows, ahead, schema_first, &section)
            && let Some((foretold, catalog)) =
                Foretold::read(&file, dialect.framer(), at.byte + ahead)
        {
            self.foretold = Some(foretold);
            self.decoder.framer.seed(catalog);
            return self.decide();
        }
        let read = move || schema::of_input(&file, dialect.framer());
        let read = tokio::task::spawn_blocking(read);
        self.schemas = read
            .await
            .map_err(|_| Error::io("the thread that reads the schema has died"))??;
        self.schema_given = true;
        if let Some(catalog) = self.schemas.get(&section) {
            self.decoder.framer.seed(catalog.clone());
        }
        self.decide()
    }

    /// Recognises applications by the relations that are known now.
    pub fn decide(&mut self) -> Result<()> {
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
    pub async fn barrier(&mut self) -> Result<()> {
        order::reached(&self.slots).await.ok_or_else(stopped)
    }

    /// Has a worker do something, or [does it here](Workers).
    pub async fn work(&self, task: impl FnOnce() + Send + 'static) {
        if self.workers.rest() {
            // Nothing else may let signals through while one batch after another is done here.
            tokio::task::yield_now().await;
        }
        self.workers.run(task);
    }

    pub async fn send(&mut self, slot: Slot) -> Result<()> {
        self.slots.send(slot).await.map_err(|_| stopped())
    }

    pub fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the driver says when the order stage has stopped; the cause is the order stage's to tell.
fn stopped() -> Error {
    Error::io("the output has stopped")
}
