//! First names.

use super::draw::Draw;
use super::fit::Limit;
use super::subject::{fake, fresh, keyed, pseudo};
use super::words::{List, Locale};
use super::{Example, Function};

/// `pseudo_first_name`.
pub const PSEUDO: Function = pseudo(
    "pseudo_first_name",
    "Replaces a value by a first name, always the same for the same value.",
    &[
        Example {
            sql: "anon.pseudo_first_name('Jane')",
            result: Some("Raul"),
        },
        Example {
            sql: "anon.pseudo_first_name('Jane', 'de')",
            result: Some("Martina"),
        },
    ],
    |call, args| keyed(call, args, make),
);

/// `fake_first_name`.
pub const FAKE: Function = fake(
    "fake_first_name",
    "Makes a first name, anew for each row.",
    &[Example {
        sql: "anon.fake_first_name('fr')",
        result: Some("Quentin"),
    }],
    |call, args| fresh(call, args, make),
);

fn make(draw: &mut Draw, locale: Locale, _limit: Limit) -> String {
    locale.word(List::FirstName, draw).to_owned()
}
