//! E-mail addresses that reach nobody: in `example.com`, which is reserved (RFC 2606). The 65 keyed
//! bits of the local part keep distinct inputs distinct.

use super::draw::Draw;
use super::fit::{self, Limit, SUFFIX};
use super::subject::{distinct, fake, fresh, keyed, plain, pseudo};
use super::words::{ENGLISH, List, Locale};
use super::{Example, Function};

/// `pseudo_email`.
pub const PSEUDO: Function = plain(distinct(pseudo(
    "pseudo_email",
    "Replaces a value by an address in example.com, always the same for the same value.",
    &[Example {
        sql: "anon.pseudo_email('jane@company.com')",
        result: Some("henriette.s3sf18y70sn5n@example.com"),
    }],
    |call, args| keyed(call, args, make),
)));

/// `fake_email`.
pub const FAKE: Function = plain(distinct(fake(
    "fake_email",
    "Makes an address in example.com, anew for each row.",
    &[Example {
        sql: "anon.fake_email()",
        result: Some("robin.p3b1mheqj7pzb@example.com"),
    }],
    |call, args| fresh(call, args, make),
)));

const DOMAIN: &str = "@example.com";

fn make(draw: &mut Draw, _locale: Locale, limit: Limit) -> String {
    let room = limit.map_or(64, |(limit, _)| limit as usize);
    let local = handle(draw, room.saturating_sub(DOMAIN.len()).min(64));
    local + DOMAIN
}

/// A name and so many random characters that no two are the same, in at most `room` characters.
pub fn handle(draw: &mut Draw, room: usize) -> String {
    let mut whole = String::with_capacity(CAPACITY);
    let tail = draw.letters::<SUFFIX>(fit::ALPHABET);
    for letter in ENGLISH.word(List::FirstName, draw).bytes() {
        if letter.is_ascii_alphabetic() {
            whole.push(char::from(letter.to_ascii_lowercase()));
        }
    }
    whole.push('.');
    if whole.len() + tail.len() <= room {
        whole.extend(tail.map(char::from));
    } else {
        whole.clear();
        whole.extend(tail.map(char::from).iter().take(room.max(1)));
    }
    whole
}

/// With room for a domain behind it.
const CAPACITY: usize = 48;
