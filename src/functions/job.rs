//! Job titles.

use super::draw::Draw;
use super::fit::Limit;
use super::subject::{fake, fresh, keyed, pseudo};
use super::words::{Locale, Template};
use super::{Example, Function};

/// `pseudo_job`.
pub const PSEUDO: Function = pseudo(
    "pseudo_job",
    "Replaces a value by a job title, always the same for the same value.",
    &[
        Example {
            sql: "anon.pseudo_job('Jane')",
            result: Some("National Manufacturing Producer"),
        },
        Example {
            sql: "anon.pseudo_job('Jane', 'de')",
            result: Some("National Manufacturing Producer"),
        },
    ],
    |call, args| keyed(call, args, make),
);

/// `fake_job`.
pub const FAKE: Function = fake(
    "fake_job",
    "Makes a job title, anew for each row.",
    &[Example {
        sql: "anon.fake_job('fr')",
        result: Some("Senior Education Engineer"),
    }],
    |call, args| fresh(call, args, make),
);

fn make(draw: &mut Draw, locale: Locale, _limit: Limit) -> String {
    locale.fill(Template::Job, draw)
}
