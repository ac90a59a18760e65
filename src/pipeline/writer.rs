//! Writes the output, packed if it is an archive. After a failure it writes nothing more.

use super::archive::{Mark, Output};
use crate::error::Result;
use crate::sink::Sink;
use bytes::Bytes;

/// Where the pieces of output go, in their order.
pub(super) struct Writer {
    sink: Sink,
    archive: Option<Output>,
    /// A write has failed.
    failed: bool,
}

impl Writer {
    /// Writes into a sink, through an archive if the output is one.
    pub(super) fn new(sink: Sink, archive: Option<Output>) -> Self {
        Writer {
            sink,
            archive,
            failed: false,
        }
    }

    /// Bytes written, before compression.
    pub(super) fn written(&self) -> u64 {
        self.sink.written()
    }

    /// Writes bytes.
    ///
    /// # Errors
    /// If they cannot be written.
    pub(super) fn bytes(&mut self, bytes: Bytes) -> Result<()> {
        self.unless_failed(|archive, sink| match archive {
            Some(archive) => archive.bytes(bytes, sink),
            None => sink.put(&bytes),
        })
    }

    /// Takes what stands between the bytes of an archive.
    ///
    /// # Errors
    /// If what is due then cannot be written.
    pub(super) fn mark(&mut self, mark: Mark) -> Result<()> {
        self.unless_failed(|archive, sink| match archive {
            Some(archive) => archive.mark(mark, sink),
            None => Ok(()),
        })
    }

    fn unless_failed(
        &mut self,
        write: impl FnOnce(&mut Option<Output>, &mut Sink) -> Result<()>,
    ) -> Result<()> {
        if self.failed {
            return Ok(());
        }
        let done = write(&mut self.archive, &mut self.sink);
        self.failed = done.is_err();
        done
    }

    /// The run has succeeded: completes the output.
    ///
    /// # Errors
    /// If that fails.
    pub(super) fn finish(mut self) -> Result<()> {
        if let Some(archive) = self.archive {
            archive.finish(&mut self.sink)?;
        }
        self.sink.finish()
    }

    /// The run has failed: what has not been written is not, and a file does not appear.
    pub(super) fn abandon(self) {
        self.sink.abandon(b"");
    }
}
