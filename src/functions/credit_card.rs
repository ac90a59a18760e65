//! Card numbers with a valid check digit, from a range that is kept for tests (4000 00).

use super::check_digits::luhn;
use super::draw::Draw;
use super::fit::Limit;
use super::subject::{fake, fresh, keyed, plain, pseudo};
use super::words::Locale;
use super::{Example, Function};

/// `pseudo_credit_card`.
pub const PSEUDO: Function = plain(pseudo(
    "pseudo_credit_card",
    "Replaces a value by a valid card number of a test range, always the same for the same value.",
    &[Example {
        sql: "anon.pseudo_credit_card('4111111111111111')",
        result: Some("4000008599195174"),
    }],
    |call, args| keyed(call, args, make),
));

/// `fake_credit_card`.
pub const FAKE: Function = plain(fake(
    "fake_credit_card",
    "Makes a valid card number of a test range, anew for each row.",
    &[Example {
        sql: "anon.fake_credit_card()",
        result: Some("4000006383572467"),
    }],
    |call, args| fresh(call, args, make),
));

fn make(draw: &mut Draw, _locale: Locale, _limit: Limit) -> String {
    let number = draw.pattern("400000#########");
    let digits: Vec<u8> = number.bytes().map(|b| b - b'0').collect();
    format!("{number}{}", luhn(&digits))
}
