//! Forms of address.

use super::draw::Draw;
use super::fit::Limit;
use super::subject::{fake, fresh, keyed, pseudo};
use super::words::{List, Locale};
use super::{Example, Function};

/// `pseudo_title`.
pub const PSEUDO: Function = pseudo(
    "pseudo_title",
    "Replaces a value by a form of address, always the same for the same value.",
    &[
        Example {
            sql: "anon.pseudo_title('Jane')",
            result: Some("Ms."),
        },
        Example {
            sql: "anon.pseudo_title('Jane', 'de')",
            result: Some("Frau"),
        },
    ],
    |call, args| keyed(call, args, make),
);

/// `fake_title`.
pub const FAKE: Function = fake(
    "fake_title",
    "Makes a form of address, anew for each row.",
    &[Example {
        sql: "anon.fake_title('fr')",
        result: Some("M."),
    }],
    |call, args| fresh(call, args, make),
);

fn make(draw: &mut Draw, locale: Locale, _limit: Limit) -> String {
    locale.word(List::Title, draw).to_owned()
}
