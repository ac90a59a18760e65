//! User agents of browsers.

use super::draw::Draw;
use super::fit::Limit;
use super::subject::{fake, fresh, keyed, plain, pseudo};
use super::words::{List, Locale};
use super::{Example, Function};

/// `pseudo_user_agent`.
pub const PSEUDO: Function = plain(pseudo(
    "pseudo_user_agent",
    "Replaces a value by a browser's user agent, always the same for the same value.",
    &[Example {
        sql: "anon.pseudo_user_agent('Jane')",
        result: Some(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 Safari/537.36 Edge/12.246",
        ),
    }],
    |call, args| keyed(call, args, make),
));

/// `fake_user_agent`.
pub const FAKE: Function = plain(fake(
    "fake_user_agent",
    "Makes a browser's user agent, anew for each row.",
    &[Example {
        sql: "anon.fake_user_agent()",
        result: Some("Mozilla/5.0 (Windows; U; MSIE 9.0; WIndows NT 9.0; en-US))"),
    }],
    |call, args| fresh(call, args, make),
));

fn make(draw: &mut Draw, locale: Locale, _limit: Limit) -> String {
    locale.word(List::UserAgent, draw).to_owned()
}
