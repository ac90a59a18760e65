//! The promises that pg_dump and pg_dumpall make in comments: a stream with the banner and not the
//! completion line has been cut off, wherever that was. And what their comments tell of a dump's end.

use memchr::memmem;

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

/// Where the last rows end in the last bytes of a dump of pg_dump: behind the end of a COPY's data, or at the comment
/// that follows the last INSERT.
pub fn rows_end(end: &[u8]) -> Option<usize> {
    const COPIED: &[u8] = b"\n\\.\n";
    let copied = memmem::rfind(end, COPIED).map(|at| at + COPIED.len());
    let inserted = memmem::rfind(end, b"\nINSERT INTO ").and_then(|at| {
        let comment = memmem::find(&end[at..], b"\n\n--\n-- ")?;
        Some(at + comment + 1)
    });
    copied.max(inserted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_last_rows() {
        let tail =
            "\n--\n-- Name: c c_pkey; Type: CONSTRAINT\n--\nALTER TABLE c ADD PRIMARY KEY (id);\n";
        for (rows, end) in [
            ("COPY c FROM stdin;\n1\n\\.\n", Some(0)),
            (
                "COPY c FROM stdin;\n1\n\\.\n\n\nCOPY d FROM stdin;\nINSERT INTO c\n\\.\n",
                Some(0),
            ),
            (
                "\nINSERT INTO c VALUES (1);\nINSERT INTO c VALUES (2);\n",
                Some(0),
            ),
            (
                "COPY c FROM stdin;\n1\n\\.\n\nINSERT INTO c VALUES (1);\n",
                Some(0),
            ),
            ("COPY c FROM stdin;\r\n1\r\n\\.\r\n", None),
            ("", None),
        ] {
            let text = format!("{rows}{tail}");
            let end: Option<usize> = end.map(|_| rows.len());
            assert_eq!(rows_end(text.as_bytes()), end, "{rows}");
        }
    }
}
