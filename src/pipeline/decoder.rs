//! The dialect's framer as a [`tokio_util::codec::Decoder`].

use crate::dialect::{Frame, Framer};
use crate::error::Error;
use bytes::BytesMut;
use tokio_util::codec::Decoder;

/// Cuts what has been read into frames.
pub(super) struct FrameDecoder {
    /// The dialect's framer; the driver asks it for the catalog and tells it how to frame rows.
    pub(super) framer: Box<dyn Framer>,
}

impl Decoder for FrameDecoder {
    type Item = Frame;
    type Error = FrameError;

    fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Frame>, FrameError> {
        Ok(self.framer.next(input, false)?)
    }

    fn decode_eof(&mut self, input: &mut BytesMut) -> Result<Option<Frame>, FrameError> {
        Ok(self.framer.next(input, true)?)
    }
}

/// A framing error; [`Decoder`] wants it to be made from I/O errors as well.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct FrameError(#[from] pub(super) Error);

impl From<std::io::Error> for FrameError {
    fn from(error: std::io::Error) -> Self {
        FrameError(Error::io(error.to_string()))
    }
}
