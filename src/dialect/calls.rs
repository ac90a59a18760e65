//! Tells, before rows leave, that they may call a stored function that writes elsewhere.
//!
//! The dialects of statements without COPY know which functions those are; here is only the order of
//! the frames: the telling comes before the rows, and once in a block.

use super::{Effect, Frame};
use crate::error::Position;
use bytes::Bytes;

const CALLS: Effect = Effect::Anything("a stored function that writes");

/// What has been told of a block, and what waits for it.
#[derive(Debug, Default)]
pub(super) struct Calls {
    told: bool,
    waiting: Option<Frame>,
}

impl Calls {
    /// A block begins.
    pub(super) fn begin(&mut self) {
        self.told = false;
    }

    /// `frame`, unless a `call` stands in it of which nothing has been told: then the telling, and the
    /// frame waits.
    pub(super) fn before(&mut self, frame: Frame, at: Position, call: Option<usize>) -> Frame {
        let Some(call) = call.filter(|_| !self.told) else {
            return frame;
        };
        self.told = true;
        let at = at.after(&frame.bytes()[..call]);
        self.waiting = Some(frame);
        Frame::Statement {
            bytes: Bytes::new(),
            at,
            effect: CALLS,
        }
    }

    /// The frame that waited.
    pub(super) fn waiting(&mut self) -> Option<Frame> {
        self.waiting.take()
    }
}
