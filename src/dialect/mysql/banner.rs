//! The promise that the dumpers make in comments: a stream with the banner and without the
//! completion line has been cut off, wherever that was.

/// The banners seen so far whose completion has not come.
#[derive(Debug, Clone, Default)]
pub struct Banners(u32);

impl Banners {
    /// Takes in a comment between statements.
    pub fn comment(&mut self, comment: &[u8]) {
        if comment.starts_with(b"-- MySQL dump ") || comment.starts_with(b"-- MariaDB dump ") {
            self.0 += 1;
        } else if comment.trim_ascii_end() == b"-- Dump completed"
            || comment.starts_with(b"-- Dump completed on ")
        {
            self.0 = self.0.saturating_sub(1);
        }
    }

    /// Is this within what a dumper wrote?
    pub fn in_dump(&self) -> bool {
        self.0 > 0
    }

    /// The completion line that has not come.
    pub fn missing(&self) -> Option<&'static str> {
        (self.0 > 0).then_some("`-- Dump completed` is missing")
    }
}
