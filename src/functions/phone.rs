//! Telephone numbers that the authorities keep free for films: they ring nowhere.

use super::draw::Draw;
use super::fit::{self, Limit};
use super::subject::{fake, fresh, keyed, pseudo};
use super::words::Locale;
use super::{Example, Function};

/// `pseudo_phone`.
pub const PSEUDO: Function = pseudo(
    "pseudo_phone",
    "Replaces a value by a telephone number that rings nowhere, always the same for the same value.",
    &[
        Example {
            sql: "anon.pseudo_phone('+1 202 456 1111')",
            result: Some("+1 634-555-0187"),
        },
        Example {
            sql: "anon.pseudo_phone('030 1234567', 'de')",
            result: Some("+49 40 66969 511"),
        },
    ],
    |call, args| keyed(call, args, make),
);

/// `fake_phone`.
pub const FAKE: Function = fake(
    "fake_phone",
    "Makes a telephone number that rings nowhere, anew for each row.",
    &[Example {
        sql: "anon.fake_phone('fr')",
        result: Some("+33 2 61 91 20 73"),
    }],
    |call, args| fresh(call, args, make),
);

/// Bundesnetzagentur, Mitteilung 148/2021.
const GERMAN: &[&str] = &[
    "+49 30 23125 ###",
    "+49 69 90009 ###",
    "+49 40 66969 ###",
    "+49 221 4710 ###",
    "+49 89 99998 ###",
];
/// Arcep, plan de numérotation 2.5.12.
const FRENCH: &[&str] = &[
    "+33 1 99 00 ## ##",
    "+33 2 61 91 ## ##",
    "+33 3 53 01 ## ##",
    "+33 4 65 71 ## ##",
    "+33 5 36 49 ## ##",
    "+33 6 39 98 ## ##",
];
/// Ofcom, numbers for drama use.
const WELSH: &[&str] = &["+44 29 2018 0###", "+44 7700 900###"];
/// North American Numbering Plan: 555-0100 to 555-0199 in every area.
const AMERICAN: &[&str] = &["+1 ^##-555-01##"];

fn make(draw: &mut Draw, locale: Locale, limit: Limit) -> String {
    let patterns = if locale.is("de") {
        GERMAN
    } else if locale.is("fr") {
        FRENCH
    } else if locale.is("cy") {
        WELSH
    } else {
        AMERICAN
    };
    let pattern = draw.pick(patterns);
    let number = draw.pattern(pattern);
    if fit::fits(number.as_bytes(), limit) {
        number
    } else {
        number.chars().filter(char::is_ascii_digit).collect()
    }
}
