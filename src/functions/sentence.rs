//! Sentences of filler text.

use super::draw::Draw;
use super::fit::Limit;
use super::subject::{fake, fresh, keyed, pseudo};
use super::words::{List, Locale};
use super::{Example, Function};

/// `pseudo_sentence`.
pub const PSEUDO: Function = pseudo(
    "pseudo_sentence",
    "Replaces a value by a sentence, always the same for the same value.",
    &[
        Example {
            sql: "anon.pseudo_sentence('Jane')",
            result: Some(
                "Quia tenetur repellendus quod eaque assumenda sit perferendis sunt aliquid.",
            ),
        },
        Example {
            sql: "anon.pseudo_sentence('Jane', 'de')",
            result: Some(
                "Quia tenetur repellendus quod eaque assumenda sit perferendis sunt aliquid.",
            ),
        },
    ],
    |call, args| keyed(call, args, make),
);

/// `fake_sentence`.
pub const FAKE: Function = fake(
    "fake_sentence",
    "Makes a sentence, anew for each row.",
    &[Example {
        sql: "anon.fake_sentence('fr')",
        result: Some("Blanditiis ratione animi quaerat sit."),
    }],
    |call, args| fresh(call, args, make),
);

fn make(draw: &mut Draw, locale: Locale, _limit: Limit) -> String {
    let count = draw.between(5, 12);
    sentence(count, draw, locale)
}

/// A sentence of so many words.
pub fn sentence(words: i64, draw: &mut Draw, locale: Locale) -> String {
    let words: Vec<&str> = (0..words).map(|_| locale.word(List::Word, draw)).collect();
    let text = words.join(" ");
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str() + "."
}
