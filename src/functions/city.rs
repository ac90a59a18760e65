//! Names of cities that sound right and mostly do not exist.

use super::draw::Draw;
use super::fit::Limit;
use super::subject::{fake, fresh, keyed, pseudo};
use super::words::{Locale, Template};
use super::{Example, Function};

/// `pseudo_city`.
pub const PSEUDO: Function = pseudo(
    "pseudo_city",
    "Replaces a value by a city, always the same for the same value.",
    &[
        Example {
            sql: "anon.pseudo_city('Jane')",
            result: Some("Dooleyview"),
        },
        Example {
            sql: "anon.pseudo_city('Jane', 'de')",
            result: Some("Vogelberg"),
        },
    ],
    |call, args| keyed(call, args, make),
);

/// `fake_city`.
pub const FAKE: Function = fake(
    "fake_city",
    "Makes a city, anew for each row.",
    &[Example {
        sql: "anon.fake_city('fr')",
        result: Some("Michel"),
    }],
    |call, args| fresh(call, args, make),
);

fn make(draw: &mut Draw, locale: Locale, _limit: Limit) -> String {
    locale.fill(Template::City, draw)
}
