//! IBANs with valid check digits and a German bank code that no bank has: none begins with 9.

use super::check_digits::iban_check;
use super::draw::Draw;
use super::fit::Limit;
use super::subject::{fake, fresh, keyed, plain, pseudo};
use super::words::Locale;
use super::{Example, Function};

/// `pseudo_iban`.
pub const PSEUDO: Function = plain(pseudo(
    "pseudo_iban",
    "Replaces a value by a valid IBAN of no bank, always the same for the same value.",
    &[Example {
        sql: "anon.pseudo_iban('DE89370400440532013000')",
        result: Some("DE73998061434285234279"),
    }],
    |call, args| keyed(call, args, make),
));

/// `fake_iban`.
pub const FAKE: Function = plain(fake(
    "fake_iban",
    "Makes a valid IBAN of no bank, anew for each row.",
    &[Example {
        sql: "anon.fake_iban()",
        result: Some("DE08943608381178765449"),
    }],
    |call, args| fresh(call, args, make),
));

fn make(draw: &mut Draw, _locale: Locale, _limit: Limit) -> String {
    let account = draw.pattern("9#################");
    let check = iban_check(format!("DE00{account}").as_bytes());
    format!("DE{check:02}{account}")
}
