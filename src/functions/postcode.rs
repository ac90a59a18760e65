//! Postal codes in the form of the country.

use super::draw::Draw;
use super::fit::Limit;
use super::subject::{fake, fresh, keyed, pseudo};
use super::words::{List, Locale};
use super::{Example, Function};

/// `pseudo_postcode`.
pub const PSEUDO: Function = pseudo(
    "pseudo_postcode",
    "Replaces a value by a postal code, always the same for the same value.",
    &[
        Example {
            sql: "anon.pseudo_postcode('Jane')",
            result: Some("55386"),
        },
        Example {
            sql: "anon.pseudo_postcode('Jane', 'de')",
            result: Some("55386"),
        },
    ],
    |call, args| keyed(call, args, make),
);

/// `fake_postcode`.
pub const FAKE: Function = fake(
    "fake_postcode",
    "Makes a postal code, anew for each row.",
    &[Example {
        sql: "anon.fake_postcode('fr')",
        result: Some("18759"),
    }],
    |call, args| fresh(call, args, make),
);

fn make(draw: &mut Draw, locale: Locale, _limit: Limit) -> String {
    let pattern = locale.word(List::Postcode, draw);
    draw.pattern(pattern)
}
