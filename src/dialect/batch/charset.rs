//! Is the script UTF-8? No line of it says so: SSMS and SQL Developer also write Windows-125x, and some
//! scripts mix.
//!
//! Bytes pass in any case. A byte order mark (UTF-16's as well) settles it. Without one a text that is
//! not ASCII may only be written while nothing but UTF-8 has come; should something else come later,
//! the run fails at its end. Whether it fails depends on nothing but the input and the rules.

use std::sync::atomic::{AtomicBool, Ordering};

/// What the script and the rules have shown so far. The workers share it with the framer.
#[derive(Debug, Default)]
pub struct Charset {
    /// There is a byte order mark.
    marked: AtomicBool,
    /// Something in it is not UTF-8.
    foreign: AtomicBool,
    /// A text that is not ASCII has been written.
    wide: AtomicBool,
}

/// What to do about it.
pub const REMEDY: &str = "convert it first: iconv -f CHARSET -t UTF-8";

impl Charset {
    /// A byte order mark has come.
    pub fn mark(&self) {
        self.marked.store(true, Ordering::SeqCst);
    }

    /// These bytes pass.
    pub fn see(&self, bytes: &[u8]) {
        if !self.foreign.load(Ordering::SeqCst)
            && !self.marked.load(Ordering::SeqCst)
            && !is_text(bytes)
        {
            self.foreign.store(true, Ordering::SeqCst);
        }
    }

    /// Can these bytes be read with certainty?
    pub fn reads(&self, raw: &[u8]) -> bool {
        self.marked.load(Ordering::SeqCst) || is_text(raw)
    }

    /// May the text be written?
    pub fn writes(&self, text: &[u8]) -> bool {
        if text.is_ascii() {
            return true;
        }
        // In this order: the framer does it in the other, so that one of the two sees both.
        self.wide.store(true, Ordering::SeqCst);
        !self.foreign.load(Ordering::SeqCst)
    }

    /// Has a text been written that the script cannot hold?
    pub fn is_mixed(&self) -> bool {
        self.foreign.load(Ordering::SeqCst) && self.wide.load(Ordering::SeqCst)
    }
}

/// Is it UTF-8?
fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_script_has_one_character_set() {
        let charset = Charset::default();
        charset.see("é".as_bytes());
        assert!(charset.writes("é".as_bytes()) && !charset.is_mixed());
        charset.see(b"\xe9");
        assert!(charset.writes(b"e") && charset.is_mixed());
        assert!(!charset.writes("é".as_bytes()));
        assert!(!charset.reads(b"\xe9") && charset.reads("é".as_bytes()));

        let charset = Charset::default();
        charset.mark();
        charset.see(b"\xed\xa0\x80");
        assert!(charset.writes("é".as_bytes()) && charset.reads(b"\xed\xa0\x80"));
        assert!(!charset.is_mixed());
    }
}
