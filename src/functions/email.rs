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
    let tail = draw.text(fit::ALPHABET, SUFFIX);
    let name = ENGLISH.word(List::FirstName, draw).chars();
    let letters = name.filter(char::is_ascii_alphabetic);
    // With room for a domain behind it.
    let mut whole = String::with_capacity(48);
    whole.extend(letters.map(|letter| letter.to_ascii_lowercase()));
    whole.push('.');
    whole.push_str(&tail);
    if whole.len() <= room {
        whole
    } else {
        tail[..room.clamp(1, tail.len())].to_owned()
    }
}
