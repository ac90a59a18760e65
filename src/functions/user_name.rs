//! User names. Their 65 keyed bits keep distinct inputs distinct.

use super::draw::Draw;
use super::email::handle;
use super::fit::Limit;
use super::subject::{distinct, fake, fresh, keyed, plain, pseudo};
use super::words::Locale;
use super::{Example, Function};

/// `pseudo_user_name`.
pub const PSEUDO: Function = plain(distinct(pseudo(
    "pseudo_user_name",
    "Replaces a value by a user name, always the same for the same value.",
    &[Example {
        sql: "anon.pseudo_user_name('jdoe')",
        result: Some("tremayne.y14gdb95vvcxm"),
    }],
    |call, args| keyed(call, args, make),
)));

/// `fake_user_name`.
pub const FAKE: Function = plain(distinct(fake(
    "fake_user_name",
    "Makes a user name, anew for each row.",
    &[Example {
        sql: "anon.fake_user_name()",
        result: Some("virginie.173mr6f2h4veb"),
    }],
    |call, args| fresh(call, args, make),
)));

fn make(draw: &mut Draw, _locale: Locale, limit: Limit) -> String {
    handle(draw, limit.map_or(64, |(limit, _)| limit as usize))
}
