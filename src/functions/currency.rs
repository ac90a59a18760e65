//! Currency codes (ISO 4217).

use super::draw::Draw;
use super::fit::Limit;
use super::subject::{fake, fresh, keyed, plain, pseudo};
use super::words::{List, Locale};
use super::{Example, Function};

/// `pseudo_currency`.
pub const PSEUDO: Function = plain(pseudo(
    "pseudo_currency",
    "Replaces a value by a currency code, always the same for the same value.",
    &[Example {
        sql: "anon.pseudo_currency('Jane')",
        result: Some("ZWL"),
    }],
    |call, args| keyed(call, args, make),
));

/// `fake_currency`.
pub const FAKE: Function = plain(fake(
    "fake_currency",
    "Makes a currency code, anew for each row.",
    &[Example {
        sql: "anon.fake_currency()",
        result: Some("MDL"),
    }],
    |call, args| fresh(call, args, make),
));

fn make(draw: &mut Draw, locale: Locale, _limit: Limit) -> String {
    locale.word(List::Currency, draw).to_owned()
}
