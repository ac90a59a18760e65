//! Names of countries.

use super::draw::Draw;
use super::fit::Limit;
use super::subject::{fake, fresh, keyed, pseudo};
use super::words::{List, Locale};
use super::{Example, Function};

/// `pseudo_country`.
pub const PSEUDO: Function = pseudo(
    "pseudo_country",
    "Replaces a value by a country, always the same for the same value.",
    &[
        Example {
            sql: "anon.pseudo_country('Jane')",
            result: Some("Canada"),
        },
        Example {
            sql: "anon.pseudo_country('Jane', 'de')",
            result: Some("Germany"),
        },
    ],
    |call, args| keyed(call, args, make),
);

/// `fake_country`.
pub const FAKE: Function = fake(
    "fake_country",
    "Makes a country, anew for each row.",
    &[Example {
        sql: "anon.fake_country('fr')",
        result: Some("Somalie"),
    }],
    |call, args| fresh(call, args, make),
);

fn make(draw: &mut Draw, locale: Locale, _limit: Limit) -> String {
    locale.word(List::Country, draw).to_owned()
}
