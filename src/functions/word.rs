//! Words of Latin filler text.

use super::draw::Draw;
use super::fit::Limit;
use super::subject::{fake, fresh, keyed, pseudo};
use super::words::{List, Locale};
use super::{Example, Function};

/// `pseudo_word`.
pub const PSEUDO: Function = pseudo(
    "pseudo_word",
    "Replaces a value by a word, always the same for the same value.",
    &[
        Example {
            sql: "anon.pseudo_word('Jane')",
            result: Some("dolores"),
        },
        Example {
            sql: "anon.pseudo_word('Jane', 'de')",
            result: Some("dolores"),
        },
    ],
    |call, args| keyed(call, args, make),
);

/// `fake_word`.
pub const FAKE: Function = fake(
    "fake_word",
    "Makes a word, anew for each row.",
    &[Example {
        sql: "anon.fake_word('fr')",
        result: Some("nulla"),
    }],
    |call, args| fresh(call, args, make),
);

fn make(draw: &mut Draw, locale: Locale, _limit: Limit) -> String {
    locale.word(List::Word, draw).to_owned()
}
