//! Streets with a house number.

use super::draw::Draw;
use super::fit::Limit;
use super::subject::{fake, fresh, keyed, pseudo};
use super::words::{ENGLISH, Locale, Template};
use super::{Example, Function};

/// `pseudo_street`.
pub const PSEUDO: Function = pseudo(
    "pseudo_street",
    "Replaces a value by a street and house number, always the same for the same value.",
    &[
        Example {
            sql: "anon.pseudo_street('Jane')",
            result: Some("108 Brakus Prairie"),
        },
        Example {
            sql: "anon.pseudo_street('Jane', 'de')",
            result: Some("Krämersteg 108"),
        },
    ],
    |call, args| keyed(call, args, make),
);

/// `fake_street`.
pub const FAKE: Function = fake(
    "fake_street",
    "Makes a street and house number, anew for each row.",
    &[Example {
        sql: "anon.fake_street('fr')",
        result: Some("Place Seguin 184"),
    }],
    |call, args| fresh(call, args, make),
);

fn make(draw: &mut Draw, locale: Locale, _limit: Limit) -> String {
    let street = locale.fill(Template::Street, draw);
    let number = draw.between(1, 199);
    // English puts the number first.
    if locale == ENGLISH {
        format!("{number} {street}")
    } else {
        format!("{street} {number}")
    }
}
