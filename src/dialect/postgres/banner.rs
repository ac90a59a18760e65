//! The promises that pg_dump and pg_dumpall make in comments: a stream with the banner and not the
//! completion line has been cut off, wherever that was.

/// The banners seen so far.
#[derive(Debug, Clone, Default)]
pub struct Banners {
    dumps: u32,
    clusters: u32,
    section: bool,
}

impl Banners {
    /// Takes in a comment between statements.
    pub fn comment(&mut self, comment: &[u8]) {
        match comment.trim_ascii_end() {
            b"-- PostgreSQL database dump" => {
                self.dumps += 1;
                self.section = true;
            }
            b"-- PostgreSQL database dump complete" => self.dumps = self.dumps.saturating_sub(1),
            b"-- PostgreSQL database cluster dump" => self.clusters += 1,
            b"-- PostgreSQL database cluster dump complete" => {
                self.clusters = self.clusters.saturating_sub(1);
            }
            _ => {}
        }
    }

    /// Another database begins.
    pub fn new_section(&mut self) {
        self.section = false;
    }

    /// Did pg_dump write this section?
    pub fn in_dump(&self) -> bool {
        self.section
    }

    /// The completion line that has not come.
    pub fn missing(&self) -> Option<&'static str> {
        match (self.dumps, self.clusters) {
            (0, 0) => None,
            (0, _) => Some("`-- PostgreSQL database cluster dump complete` is missing"),
            _ => Some("`-- PostgreSQL database dump complete` is missing"),
        }
    }
}
