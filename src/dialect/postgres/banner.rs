//! The promises that pg_dump and pg_dumpall make in comments: a stream with the banner and not the
//! completion line has been cut off, wherever that was.

/// The banners seen so far.
#[derive(Debug, Clone, Default)]
pub struct Banners {
    dumps: u32,
    clusters: u32,
    section: bool,
    /// The key of a `\restrict` that is in force.
    restricted: Option<Vec<u8>>,
    /// The last key of a `\restrict`. What leaves may be behind what has been read, so the restriction may
    /// still be in force where the output ends.
    key: Option<Vec<u8>>,
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

    /// Takes in psql's `\restrict KEY`, which `\unrestrict` with the same key has to follow: pg_dump
    /// writes it behind its completion line.
    pub fn restrict(&mut self, key: &[u8]) {
        self.restricted = Some(key.to_owned());
        self.key = Some(key.to_owned());
    }

    /// The key that ends a restriction, if one may be in force where the output ends.
    pub fn key(&self) -> Option<&[u8]> {
        self.key.as_deref()
    }

    /// Takes in `\unrestrict KEY`.
    pub fn unrestrict(&mut self, key: &[u8]) {
        if self.restricted.as_deref() == Some(key) {
            self.restricted = None;
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
            (0, 0) => (self.restricted.is_some()).then_some("`\\unrestrict` is missing"),
            (0, _) => Some("`-- PostgreSQL database cluster dump complete` is missing"),
            _ => Some("`-- PostgreSQL database dump complete` is missing"),
        }
    }
}
