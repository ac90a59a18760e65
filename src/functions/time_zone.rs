//! Names of time zones.

use super::draw::Draw;
use super::fit::Limit;
use super::subject::{fake, fresh, keyed, plain, pseudo};
use super::words::{List, Locale};
use super::{Example, Function};

/// `pseudo_time_zone`.
pub const PSEUDO: Function = plain(pseudo(
    "pseudo_time_zone",
    "Replaces a value by a time zone, always the same for the same value.",
    &[Example {
        sql: "anon.pseudo_time_zone('Jane')",
        result: Some("Asia/Kuala_Lumpur"),
    }],
    |call, args| keyed(call, args, make),
));

/// `fake_time_zone`.
pub const FAKE: Function = plain(fake(
    "fake_time_zone",
    "Makes a time zone, anew for each row.",
    &[Example {
        sql: "anon.fake_time_zone()",
        result: Some("Europe/Rome"),
    }],
    |call, args| fresh(call, args, make),
));

fn make(draw: &mut Draw, locale: Locale, _limit: Limit) -> String {
    locale.word(List::TimeZone, draw).to_owned()
}
