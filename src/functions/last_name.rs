//! Last names.

use super::draw::Draw;
use super::fit::Limit;
use super::subject::{fake, fresh, keyed, pseudo};
use super::words::{List, Locale};
use super::{Example, Function};

/// `pseudo_last_name`.
pub const PSEUDO: Function = pseudo(
    "pseudo_last_name",
    "Replaces a value by a last name, always the same for the same value.",
    &[
        Example {
            sql: "anon.pseudo_last_name('Jane')",
            result: Some("Waters"),
        },
        Example {
            sql: "anon.pseudo_last_name('Jane', 'de')",
            result: Some("Kuhn"),
        },
    ],
    |call, args| keyed(call, args, make),
);

/// `fake_last_name`.
pub const FAKE: Function = fake(
    "fake_last_name",
    "Makes a last name, anew for each row.",
    &[Example {
        sql: "anon.fake_last_name('fr')",
        result: Some("Jouan"),
    }],
    |call, args| fresh(call, args, make),
);

fn make(draw: &mut Draw, locale: Locale, _limit: Limit) -> String {
    locale.word(List::LastName, draw).to_owned()
}
