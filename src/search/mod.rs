//! Finds what a safe dump must not hold: addresses outside the safe domain, and secrets by their shape.
//!
//! [`each`] looks into one text, whatever it is: a decoded cell, a statement, a comment. [`rows`] takes
//! the rows of a block apart and says in which row and column something stands, [`Outside`] takes
//! everything else. Both give [`Hit`]s to whoever asks; [`Rules`] judges what they are worth, and
//! [`Found`] keeps where they stand.
//!
//! It changes nothing, reads no file and never keeps what it found: an address leaves this module as a
//! keyed hash or as a place. Any container of dumps can use it: what it wants are blocks with their
//! codec and bytes with their position.

mod encoded;
mod found;
mod outside;
mod rules;
mod secrets;
mod texts;
mod walk;

pub use encoded::Form;
pub use found::{Found, Group, Key, Kind, Place, Spot};
pub use outside::{Outside, label};
pub use rules::{Allowed, Hashes, LazySafe, Rules, Safe, Verdict};
pub use secrets::PASSWORD;
pub use texts::{DIGITS, Texts, texts};
pub use walk::{Cell, rows};

use crate::functions::address::{Normalised, addresses, may_contain};
use std::ops::Range;

/// What was found in a text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum What {
    /// An address, in one of the forms that the recogniser knows.
    Address(Normalised),
    /// An address in a form of transport.
    Encoded(Form, Normalised),
    /// A secret, by the name of its shape.
    Secret(&'static str),
}

impl What {
    /// The address, if it is one.
    pub fn address(&self) -> Option<&Normalised> {
        match self {
            What::Address(address) | What::Encoded(_, address) => Some(address),
            What::Secret(_) => None,
        }
    }
}

/// Something found, and where in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Its bytes.
    pub at: Range<usize>,
    /// What it is.
    pub what: What,
}

impl Hit {
    /// A statement that the dialect knows to set a password.
    pub fn password() -> Hit {
        Hit {
            at: 0..0,
            what: What::Secret(PASSWORD),
        }
    }
}

/// Everything that a text holds, addresses first, each kind from left to right.
pub fn each(text: &[u8], take: &mut dyn FnMut(Hit)) {
    if may_contain(text) {
        for address in addresses(text) {
            let what = What::Address(address.normalised(text));
            let at = address.local.start..address.domain.end;
            take(Hit { at, what });
        }
    }
    encoded::each(text, &mut |at, form, address| {
        let what = What::Encoded(form, address);
        take(Hit { at, what });
    });
    secrets::each(text, &mut |at, name| {
        let what = What::Secret(name);
        take(Hit { at, what });
    });
}

/// Where something may begin, in ascending order: a text without any holds nothing, also when it is
/// decoded. Never misses; may well be wrong.
fn signs(text: &[u8]) -> Vec<usize> {
    let mut signs: Vec<usize> = crate::functions::address::signs(text)
        .map(|at| at.start)
        .collect();
    encoded::signs(text, &mut signs);
    secrets::signs(text, &mut signs);
    signs.sort_unstable();
    signs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        each(text.as_bytes(), &mut |hit| {
            found.push(match &hit.what {
                What::Address(a) => format!("{}@{}", a.local, a.domain),
                What::Encoded(form, a) => format!("{form}: {}@{}", a.local, a.domain),
                What::Secret(name) => (*name).to_owned(),
            });
        });
        found
    }

    #[test]
    fn one_text_in_all_respects() {
        assert_eq!(
            kinds("Jane@X.de, 6a40782e6465, postgres://u:pw@db/x"),
            ["jane@x.de", "hex: j@x.de", "URL with a password"]
        );
        assert!(kinds("nothing at all, 40 or 2040, a=40").is_empty());
    }

    #[test]
    fn what_is_found_has_a_sign() {
        for text in [
            "a@x.de",
            "a%40x.de",
            "a&#64;x.de",
            r"a\u0040x.de",
            "a=40x.de",
            "6140782E6465",
            "YUB4LmRl",
            "-----BEGIN PRIVATE KEY-----",
            "Server=x;Password=y",
        ] {
            assert!(!kinds(text).is_empty(), "{text}");
            assert!(!signs(text.as_bytes()).is_empty(), "{text}");
        }
        for text in ["create table t (id int);", "1\t2024-10-11 12:13:14\tabc"] {
            assert!(signs(text.as_bytes()).is_empty(), "{text}");
        }
        // What a dialect's escapes make an address of.
        for text in [
            r"a\x40x.de",
            r"a\100x.de",
            r"U&'a\0040x.de'",
            "'a' || CHR (64)",
        ] {
            assert!(!signs(text.as_bytes()).is_empty(), "{text}");
        }
    }

    #[test]
    fn long_runs_take_linear_time() {
        let start = std::time::Instant::now();
        for text in [
            "=40",
            "a=40",
            "40",
            "6140",
            "QA",
            "QUJA",
            "@=\n",
            "a@b.de ",
            "eyJ",
            "://a:b@c",
            "password=x;",
            "user=x password=",
            "PRIVATE KEY",
            "a@b.c=\n",
            "host=",
            "char(",
        ] {
            let text = text.repeat(10_000);
            each(text.as_bytes(), &mut |_| {});
            signs(text.as_bytes());
        }
        assert!(start.elapsed().as_secs() < 60);
    }
}
