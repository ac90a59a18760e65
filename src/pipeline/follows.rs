//! Statements that follow from rows: triggers, which rows that leave later must not fire, and the
//! words that full-text indexes keep of rows.

use super::added;
use super::driver::Driver;
use super::order::Slot;
use crate::dialect::{SessionState, Words};
use crate::error::Result;
use crate::schema::{RelationKind, RelationName};
use bytes::Bytes;
use std::collections::HashSet;

/// What is kept of such statements.
#[derive(Debug, Default)]
pub(super) struct Follows {
    /// Triggers that wait for rows of their relations, with the session that creates them.
    triggers: Vec<(RelationName, Bytes, SessionState)>,
    /// Indexes whose words are left out.
    indexes: HashSet<RelationName>,
}

impl Driver<'_> {
    /// Keeps a statement that creates a trigger on a relation of which rows will be written later.
    /// False if it may pass.
    pub(super) fn keep_trigger(
        &mut self,
        relation: &RelationName,
        statement: &Bytes,
    ) -> Result<bool> {
        self.decide()?;
        if self.tail_written {
            return Ok(false);
        }
        let held = self.follows.triggers.iter().any(|(on, ..)| on == relation)
            || self.relations.waiting.contains_key(relation);
        if !held {
            let catalog = self.decoder.framer.catalog();
            let planned = self.planner.program(catalog, relation, None)?;
            if !planned.program.is_some_and(|program| added::adds(&program)) {
                return Ok(false);
            }
        }
        let session = self.decoder.framer.session();
        let kept = (relation.clone(), statement.clone(), session);
        self.follows.triggers.push(kept);
        Ok(true)
    }

    /// All rows of the section have left: the triggers that waited for them follow.
    pub(super) async fn triggers(&mut self) -> Result<()> {
        for (_, statement, session) in std::mem::take(&mut self.follows.triggers) {
            let now = self.decoder.framer.session();
            self.end_line().await?;
            self.switch(&now, &session).await?;
            self.send(Slot::Bytes(statement)).await?;
            self.end_line().await?;
            self.switch(&session, &now).await?;
        }
        Ok(())
    }

    /// Are these words left out, because rules may have changed the rows that they are of?
    pub(super) fn leaves_out(&mut self, words: &Words) -> Result<bool> {
        self.decide()?;
        if self.planner.is_idle() {
            return Ok(false);
        }
        let catalog = self.decoder.framer.catalog();
        let known = catalog.relation(&words.rows);
        let certain = known.is_some_and(|relation| relation.kind == RelationKind::Table);
        let out = !certain
            || self.follows.indexes.contains(&words.index)
            || self
                .planner
                .program(catalog, &words.rows, None)?
                .program
                .is_some();
        if out {
            self.follows.indexes.insert(words.index.clone());
        }
        Ok(out)
    }

    /// Writes what builds the indexes anew whose words have been left out.
    pub(super) async fn rebuild(
        &mut self,
        before: &'static str,
        indexes: &[(Words, String)],
    ) -> Result<()> {
        let mut out = String::new();
        for (words, build) in indexes {
            if self.leaves_out(words)? {
                out += if out.is_empty() { before } else { "" };
                out += build;
            } else if words.rows == words.index && !self.planner.is_idle() {
                self.report.warnings.push(format!(
                    "{}: a full-text index with rows of its own, and no rule concerns them",
                    words.index
                ));
            }
        }
        self.follows.indexes.clear();
        if out.is_empty() {
            return Ok(());
        }
        self.end_line().await?;
        self.send(Slot::Bytes(out.into())).await
    }
}
