//! Web addresses in `example.com`, which is reserved (RFC 2606). The 65 keyed bits of the path keep
//! distinct inputs distinct.

use super::draw::Draw;
use super::fit::{self, Limit, SUFFIX};
use super::subject::{distinct, fake, fresh, keyed, plain, pseudo};
use super::words::{ENGLISH, List, Locale};
use super::{Example, Function};

/// `pseudo_url`.
pub const PSEUDO: Function = plain(distinct(pseudo(
    "pseudo_url",
    "Replaces a value by a URL in example.com, always the same for the same value.",
    &[Example {
        sql: "anon.pseudo_url('https://company.com/jane')",
        result: Some("https://www.example.com/tempore/hb06qddrh7wqe"),
    }],
    |call, args| keyed(call, args, make),
)));

/// `fake_url`.
pub const FAKE: Function = plain(distinct(fake(
    "fake_url",
    "Makes a URL in example.com, anew for each row.",
    &[Example {
        sql: "anon.fake_url()",
        result: Some("https://www.example.com/facere/cq2q5dhke1gv9"),
    }],
    |call, args| fresh(call, args, make),
)));

fn make(draw: &mut Draw, _locale: Locale, limit: Limit) -> String {
    let tail = draw.text(fit::ALPHABET, SUFFIX);
    let word = ENGLISH.word(List::Word, draw);
    let whole = format!("https://www.example.com/{word}/{tail}");
    if fit::fits(whole.as_bytes(), limit) {
        whole
    } else {
        format!("http://example.com/{tail}")
    }
}
