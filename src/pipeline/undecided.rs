//! Statements about users that a rulebook drops, where it is not yet known whether it takes part.
//!
//! A script creates its users before its tables, so when such a statement comes, nothing is known
//! of whose dump it is. A regular file is read for its schema first. On a pipe everything waits,
//! from that statement on, until the first row, or until too much waits: then the rulebooks are
//! decided by the tables known so far, and what waited goes its way. A rulebook that is recognised
//! later still stops the run.

use super::driver::Driver;
use super::order::Slot;
use crate::dialect::{Effect, Frame, Part, Without};
use crate::error::{Error, Result};
use bytes::Bytes;
use std::cell::RefCell;

/// Bytes of statements that may wait; a script with more DDL than that before its first row is
/// decided by what has come.
const MOST: usize = 16 << 20;

/// What waits.
#[derive(Debug, Default)]
pub(super) struct Undecided {
    frames: Vec<(Frame, Option<Named>)>,
    bytes: usize,
}

/// The users that a statement names and rules drop, or would, and what is left without them. The
/// framer can tell only as long as the statement is the one that it returned last.
#[derive(Debug)]
pub(super) struct Named {
    users: Vec<String>,
    without: Without,
}

impl Driver<'_> {
    /// Keeps a frame back if it has to wait. If not, it is given back.
    pub(super) async fn postpone(
        &mut self,
        frame: Frame,
    ) -> Result<Option<(Frame, Option<Named>)>> {
        let mut named = self.named(&frame);
        if self.undecided.frames.is_empty() {
            if named.is_none() || !self.planner.may_drop_users() {
                return Ok(Some((frame, named)));
            }
            self.look_ahead(None).await?;
            named = self.named(&frame);
            if self.schema_given || named.is_none() || self.data_seen {
                return Ok(Some((frame, named)));
            }
        }
        let waits = match &frame {
            Frame::Statement { effect, .. } => !matches!(effect, Effect::Connect(_)),
            Frame::Other { .. } | Frame::Part(Part::Text(..)) => true,
            _ => false,
        };
        if !waits {
            self.settle().await?;
            return Ok(Some((frame, named)));
        }
        self.undecided.bytes += frame.bytes().len();
        self.undecided.frames.push((frame, named));
        if self.undecided.bytes > MOST {
            self.settle().await?;
        }
        Ok(None)
    }

    /// Decides by what is known, and lets go what waits.
    pub(super) async fn settle(&mut self) -> Result<()> {
        let Undecided { frames, .. } = std::mem::take(&mut self.undecided);
        if frames.is_empty() {
            return Ok(());
        }
        self.decide()?;
        for (frame, named) in frames {
            match frame {
                Frame::Statement { bytes, at, effect } => {
                    self.statement(bytes, at, effect, named).await?;
                }
                Frame::Part(Part::Text(entry, id)) => self.text(entry, id).await?,
                other => self.send(Slot::Bytes(other.bytes().clone())).await?,
            }
        }
        Ok(())
    }

    /// The users that the statement names and rules drop, or would if they took part.
    fn named(&self, frame: &Frame) -> Option<Named> {
        let asks = self.planner.drops_users() || self.planner.may_drop_users();
        if !asks || !matches!(frame, Frame::Statement { .. }) {
            return None;
        }
        let users = RefCell::new(Vec::new());
        let without = self.decoder.framer.without_users(&|user| {
            let dropped = self.planner.drops_user(user) || self.planner.may_drop_user(user);
            if dropped {
                users.borrow_mut().push(user.to_owned());
            }
            dropped
        });
        let users = users.into_inner();
        (without != Without::Same).then_some(Named { users, without })
    }

    /// What is left of a statement without the users that rules drop; none if nothing is.
    pub(super) fn without_users(
        &mut self,
        bytes: Bytes,
        named: Option<Named>,
    ) -> Result<Option<Bytes>> {
        if std::mem::take(&mut self.left_out) && bytes.is_empty() {
            // A further effect of the statement that was left out.
            self.left_out = true;
            return Ok(None);
        }
        let Some(Named { users, without }) = named else {
            return Ok(Some(bytes));
        };
        let gone = users.iter().filter(|user| self.planner.drops_user(user));
        let gone = gone.count();
        if gone < users.len() {
            self.planner.user_passed();
        }
        if gone == 0 {
            return Ok(Some(bytes));
        }
        let rest = match without {
            Without::Refused(why) => {
                return Err(
                    Error::input(format!("a user that a rule drops cannot go: {why}"))
                        .remedy("give what the user owns to another one, or leave DROP USER out"),
                );
            }
            _ if gone < users.len() => {
                return Err(Error::input(
                    "a statement names a user that a rule drops, and another that a rulebook would \
                     drop which may still be recognised",
                )
                .remedy("say which rulebooks are to run: -r baseline -r …"));
            }
            _ if bytes.is_empty() => {
                return Err(Error::input(
                    "a statement about a user that a rule drops stands behind others on one line",
                ));
            }
            Without::Same => return Ok(Some(bytes)),
            Without::Nothing => None,
            Without::Rest(rest) => Some(Bytes::from(rest)),
        };
        self.users_left_out += 1;
        self.left_out = rest.is_none();
        Ok(rest)
    }
}
