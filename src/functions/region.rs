//! States, provinces and the like.

use super::draw::Draw;
use super::fit::Limit;
use super::subject::{fake, fresh, keyed, pseudo};
use super::words::{List, Locale};
use super::{Example, Function};

/// `pseudo_region`.
pub const PSEUDO: Function = pseudo(
    "pseudo_region",
    "Replaces a value by a state or province, always the same for the same value.",
    &[
        Example {
            sql: "anon.pseudo_region('Jane')",
            result: Some("Maryland"),
        },
        Example {
            sql: "anon.pseudo_region('Jane', 'de')",
            result: Some("Bayern"),
        },
    ],
    |call, args| keyed(call, args, make),
);

/// `fake_region`.
pub const FAKE: Function = fake(
    "fake_region",
    "Makes a state or province, anew for each row.",
    &[Example {
        sql: "anon.fake_region('fr')",
        result: Some("New Jersey"),
    }],
    |call, args| fresh(call, args, make),
);

fn make(draw: &mut Draw, locale: Locale, _limit: Limit) -> String {
    locale.word(List::Region, draw).to_owned()
}
