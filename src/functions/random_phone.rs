//! `anon.random_phone`: any digits. Unlike `fake_phone` such a number can ring somewhere.

use super::draw::Draw;
use super::subject::{optional, text};
use super::{Call, Example, Function, Kind, Nature, accepts_all, fit};
use crate::value::{Value, ValueError};

/// The function.
pub const FUNCTION: Function = Function {
    name: "random_phone",
    summary: "The prefix (0 if it is not given) and nine random digits.",
    parameters: &[optional("prefix", Kind::Text)],
    purpose: "random_phone",
    returns: Kind::Text,
    keeps_bytes: false,
    nature: Nature::Fresh,
    may_collide: true,
    examples: &[Example {
        sql: "anon.random_phone('+999')",
        result: Some("+999405114883"),
    }],
    check: accepts_all,
    call,
};

fn call<'v>(call: &Call<'_>, args: &[Value<'v>]) -> Result<Value<'v>, ValueError> {
    let prefix = if args.is_empty() {
        b"0"
    } else {
        text(args, 0)?
    };
    let digits = Draw::fresh(call).pattern("#########");
    let number = [prefix, digits.as_bytes()].concat();
    let fitted = fit::fit(number.into(), call.limit, call.key, digits.as_bytes());
    Ok(Value::Text(fitted))
}
