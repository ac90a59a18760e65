//! `anon.random_string`: letters and digits.

use super::draw::Draw;
use super::subject::parameter;
use super::{Call, Example, Function, Kind, Nature, fault};
use crate::value::{Value, ValueError};

/// The function.
pub const FUNCTION: Function = Function {
    name: "random_string",
    summary: "So many random letters and digits.",
    parameters: &[parameter("n", Kind::Integer)],
    purpose: "random_string",
    returns: Kind::Text,
    keeps_bytes: false,
    nature: Nature::Fresh,
    may_collide: true,
    examples: &[Example {
        sql: "anon.random_string(12)",
        result: Some("AhV3v9BolV7q"),
    }],
    check: |args| match args.first() {
        Some(Some(value)) => count(value).map(drop),
        _ => Ok(()),
    },
    call,
};

const ALPHABET: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

fn count(value: &Value<'_>) -> Result<usize, ValueError> {
    match value {
        Value::Int(count @ 0..=1_000_000) => Ok(count.unsigned_abs() as usize),
        _ => fault("the number of characters is 0 to 1000000"),
    }
}

fn call<'v>(call: &Call<'_>, args: &[Value<'v>]) -> Result<Value<'v>, ValueError> {
    let count = count(args.first().unwrap_or(&Value::Null))?;
    let count = call
        .limit
        .map_or(count, |(limit, _)| count.min(limit as usize));
    let text = Draw::fresh(call).text(ALPHABET, count);
    Ok(Value::Text(text.into_bytes().into()))
}
