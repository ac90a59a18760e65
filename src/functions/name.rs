//! Whole names, in the order that the language puts them.

use super::draw::Draw;
use super::fit::Limit;
use super::subject::{fake, fresh, keyed, pseudo};
use super::words::{Locale, Template};
use super::{Example, Function};

/// `pseudo_name`.
pub const PSEUDO: Function = pseudo(
    "pseudo_name",
    "Replaces a value by a first and a last name, always the same for the same value.",
    &[
        Example {
            sql: "anon.pseudo_name('Jane')",
            result: Some("Theron Bergnaum"),
        },
        Example {
            sql: "anon.pseudo_name('Jane', 'de')",
            result: Some("Anneliese Schröder"),
        },
    ],
    |call, args| keyed(call, args, make),
);

/// `fake_name`.
pub const FAKE: Function = fake(
    "fake_name",
    "Makes a first and a last name, anew for each row.",
    &[Example {
        sql: "anon.fake_name('fr')",
        result: Some("Marin Meyer"),
    }],
    |call, args| fresh(call, args, make),
);

fn make(draw: &mut Draw, locale: Locale, _limit: Limit) -> String {
    locale.fill(Template::Name, draw)
}
