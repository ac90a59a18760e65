//! A statement passes on, is left out, or ends the run.

use super::driver::Driver;
use super::ends_data;
use super::order::Slot;
use super::undecided::Named;
use crate::dialect::{Bracket, Effect};
use crate::error::{Error, Position, Result};
use crate::schema::RelationKind;
use bytes::Bytes;

impl Driver<'_> {
    /// Passes a statement on; it names users whom rules drop, or might.
    pub(super) async fn statement(
        &mut self,
        bytes: Bytes,
        at: Position,
        effect: Effect,
        named: Option<Named>,
    ) -> Result<()> {
        let rest = self.without_users(bytes, named);
        let Some(mut bytes) = rest.map_err(|error| error.at(at))? else {
            return Ok(());
        };
        self.definition(&bytes, at, &effect)?;
        match &effect {
            Effect::Trigger(relation) if self.keep_trigger(relation, &bytes)? => return Ok(()),
            Effect::Words(words) if self.leaves_out(words)? => {
                if words.instead.is_empty() {
                    return Ok(());
                }
                bytes = Bytes::from(words.instead.clone());
            }
            Effect::Rebuild { .. } => self.tail().await?,
            Effect::Opaque(relation, what) => {
                self.decide()?;
                self.planner
                    .opaque(self.decoder.framer.catalog(), relation, what)
                    .map_err(|error| error.at(at))?;
                if let Some(review) = &mut self.review {
                    let message = format!(
                        "--strict: the dump changes its rows by {what}, which nobody can review"
                    );
                    let error = Error::input(message).relation(relation).at(at);
                    review.unknown(error.remedy(self.planner.advice().rows))?;
                }
                self.any_rows = true;
            }
            Effect::Unfollowed(what) | Effect::Included(what) | Effect::Anything(what)
                if !matches!(&effect, Effect::Unfollowed(_)) || may_write(&bytes) =>
            {
                self.anything(at, what)?;
            }
            // What a proof reads has been searched, and passes nowhere.
            _ if self.searching.is_some() => {}
            Effect::Unfollowed(what) => self.unfollowed(at, what)?,
            Effect::Password(what) if !self.password_told(&bytes) => self.passes(
                at,
                &format!("{what} holds a password, which passes as it is"),
                self.planner.advice().password,
            )?,
            Effect::Job(what) => self.passes(
                at,
                &format!("{what} defines a job that will run, which passes as it is"),
                "disable it, or dump without it",
            )?,
            Effect::OtherData if !std::mem::replace(&mut self.other_data, true) => self.passes(
                at,
                "large objects pass as they are; no rule looks into them",
                "dump without them (pg_dump -B)",
            )?,
            Effect::Statistics(relation) => {
                self.decide()?;
                let catalog = self.decoder.framer.catalog();
                let known = catalog.relation(relation);
                let own = known.is_some_and(|known| known.kind != RelationKind::MaterializedView);
                // Those of an index or a materialized view hold values of tables that it does not name.
                let of_others = !own && !self.planner.rules().is_empty();
                let concerned = of_others || {
                    let planned = self.planner.program(catalog, relation, None)?;
                    let program = planned.program.as_deref();
                    program.is_some() || !planned.settled || !self.is_reviewed(relation, program)
                };
                if concerned {
                    let warning = format!(
                        "{relation}: its planner statistics hold values of its rows and were left \
                         out; run ANALYZE after the restore"
                    );
                    if !self.report.warnings.contains(&warning) {
                        self.report.warnings.push(warning);
                    }
                    return Ok(());
                }
            }
            _ => {}
        }
        if let Effect::Envelope(relation, Bracket::Close) = &effect {
            self.close_bracket(relation, &bytes);
        }
        // What waits leaves outside of another table's envelope.
        if let Effect::Envelope(relation, Bracket::Open) = &effect {
            self.begin_table(relation).await?;
        }
        if ends_data(&effect) && self.data_seen {
            self.tail().await?;
        }
        if let Effect::Connect(_) = &effect {
            self.take_back();
            let finished = self.finish_section().await;
            self.put_off(finished)?;
        }
        let keep = self
            .admit(&effect, &bytes)
            .await
            .map_err(|error| error.at(at))?;
        if let Effect::Envelope(relation, Bracket::Open) = &effect {
            self.brackets.push((relation.clone(), bytes.clone()));
        }
        if keep {
            self.send(Slot::Bytes(bytes)).await?;
        }
        if let Effect::Rebuild { before, indexes } = &effect {
            self.rebuild(before, indexes).await?;
        }
        if let Effect::Connect(name) = effect {
            self.planner.next_section();
            self.begin_section(Some(name));
        }
        Ok(())
    }

    /// What comes may change rows without naming their table.
    pub(super) fn anything(&mut self, at: Position, what: &str) -> Result<()> {
        self.decide()?;
        self.planner
            .unfollowed(what)
            .map_err(|error| error.at(at))?;
        match self.searching.is_some() && self.review.is_none() {
            true => Ok(()),
            false => self.unfollowed(at, what),
        }
    }

    fn unfollowed(&mut self, at: Position, what: &str) -> Result<()> {
        let message = format!("scrub cannot follow what {what} does; it passes as it is");
        self.passes(at, &message, "take it out of the dump")
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
}

/// Could a statement that nobody can follow bring rows along? One that includes a file or runs what
/// a query returns always could, any other only with a word that writes.
fn may_write(statement: &[u8]) -> bool {
    let upper = statement.to_ascii_uppercase();
    statement.starts_with(b"\\")
        || [
            "INSERT", "UPDATE", "MERGE", "COPY", "EXECUTE", "CALL", "PERFORM",
        ]
        .iter()
        .any(|word| memchr::memmem::find(&upper, word.as_bytes()).is_some())
}
