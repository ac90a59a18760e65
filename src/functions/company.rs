//! Names of companies.

use super::draw::Draw;
use super::fit::Limit;
use super::subject::{fake, fresh, keyed, pseudo};
use super::words::{List, Locale};
use super::{Example, Function};

/// `pseudo_company`.
pub const PSEUDO: Function = pseudo(
    "pseudo_company",
    "Replaces a value by a company, always the same for the same value.",
    &[
        Example {
            sql: "anon.pseudo_company('Jane')",
            result: Some("Daniel and Zemlak LLC"),
        },
        Example {
            sql: "anon.pseudo_company('Jane', 'de')",
            result: Some("Hofmann and Baumann eG"),
        },
    ],
    |call, args| keyed(call, args, make),
);

/// `fake_company`.
pub const FAKE: Function = fake(
    "fake_company",
    "Makes a company, anew for each row.",
    &[Example {
        sql: "anon.fake_company('fr')",
        result: Some("Le Berre Inc"),
    }],
    |call, args| fresh(call, args, make),
);

fn make(draw: &mut Draw, locale: Locale, _limit: Limit) -> String {
    let template = draw.pick(locale.list(List::Company));
    locale.fill_text(template, draw)
}
