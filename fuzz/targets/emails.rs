//! `anon.rewrite_emails`: whatever it is given, no address outside the safe domain is left, doing it
//! twice is doing it once, a limit holds, the fast way finds the same addresses, and nothing panics.

use super::digest;
use crate::runner::KEY;
use scrub::functions::{Call, Key, address, find, fit, php};
use scrub::schema::LengthUnit;
use scrub::value::Value;

const SAFE: &[u8] = b"mailinator.com";

pub fn rewrite_emails(data: &[u8]) {
    let once = rewrite(data, None);
    safe(data, &once);
    let twice = rewrite(&once, None);
    // Known gap: a quote within a chain (`"a@b.com"@c@b.com"@d@b.com`) can leave one to a second run.
    let chain = address::addresses(&once).any(|a| !a.is_in(&once, SAFE));
    let quoted = address::decode(data).contains(&b'"');
    assert!(
        twice == once || chain && quoted,
        "{} becomes {}, then {}",
        data.escape_ascii(),
        once.escape_ascii(),
        twice.escape_ascii()
    );
    assert!(
        address::addresses(data).eq(address::addresses_closely(data)),
        "the fast way finds other addresses in {}",
        data.escape_ascii()
    );
    if !address::may_contain(data) {
        assert!(once == data, "a text without addresses has changed");
    }
    let most = 1 + digest(data) % 90;
    for unit in [LengthUnit::Characters, LengthUnit::Bytes] {
        let limit = Some((most as u32, unit));
        let short = rewrite(data, limit);
        safe(data, &short);
        assert!(
            fit::fits(&short, limit),
            "{} is too long",
            short.escape_ascii()
        );
    }
}

fn rewrite(text: &[u8], limit: Option<(u32, LengthUnit)>) -> Vec<u8> {
    let function = find("rewrite_emails").expect("the function");
    let call = Call {
        key: &function.subkey(&Key::new(KEY.as_bytes().to_vec())),
        limit,
        not_null: true,
        fresh: 0,
    };
    match (function.call)(&call, &[Value::Text(text.into())]) {
        Ok(Value::Text(text)) => text.into_owned(),
        other => panic!("{other:?}"),
    }
}

/// No address is outside the safe domain; where a text is a PHP-serialised value, in none of its strings.
fn safe(data: &[u8], text: &[u8]) {
    if php::rewrite(text, &mut |string, _| safe(data, string)).is_some() {
        return;
    }
    for address in address::addresses(text) {
        let domain = address::decode(&text[address.domain.clone()]);
        assert!(
            domain.eq_ignore_ascii_case(SAFE),
            "{} becomes {}: {} is left",
            data.escape_ascii(),
            text.escape_ascii(),
            text[address.local.start..address.domain.end].escape_ascii()
        );
    }
}
