//! `anon.partial`: shows the ends of a value and hides what is between.

use super::subject::{V, parameter, text};
use super::{Call, Example, Function, Kind, Nature, fault, fit};
use crate::value::text::{left, length, right};
use crate::value::{Value, ValueError};

/// The function.
pub const FUNCTION: Function = Function {
    name: "partial",
    summary: "Keeps the first and last characters and puts the padding between; of a value that has no more than those only the padding is shown.",
    parameters: &[
        V,
        parameter("prefix", Kind::Integer),
        parameter("padding", Kind::Text),
        parameter("suffix", Kind::Integer),
    ],
    purpose: "partial",
    returns: Kind::Text,
    keeps_bytes: false,
    nature: Nature::Plain,
    may_collide: true,
    examples: &[
        Example {
            sql: "anon.partial('abcdefgh', 1, 'xxxx', 3)",
            result: Some("axxxxfgh"),
        },
        Example {
            sql: "anon.partial('abc', 1, '***', 3)",
            result: Some("***"),
        },
    ],
    check: |args| {
        [1, 3]
            .into_iter()
            .try_for_each(|index| match args.get(index) {
                Some(Some(value)) => count(value).map(drop),
                _ => Ok(()),
            })
    },
    call,
};

fn count(value: &Value<'_>) -> Result<i64, ValueError> {
    match value {
        Value::Int(count @ 0..=0x7FFF_FFFF) => Ok(*count),
        _ => fault("the number of characters to keep is 0 or more"),
    }
}

fn call<'v>(call: &Call<'_>, args: &[Value<'v>]) -> Result<Value<'v>, ValueError> {
    let value = text(args, 0)?;
    let [prefix, suffix] = [args.get(1), args.get(3)].map(|a| a.map_or(Ok(0), count));
    let (prefix, suffix) = (prefix?, suffix?);
    let mut out = Vec::new();
    let hidden = length(value) as i64 > prefix + suffix;
    if hidden {
        out.extend_from_slice(left(value, prefix));
    }
    out.extend_from_slice(text(args, 2)?);
    if hidden {
        out.extend_from_slice(right(value, suffix));
    }
    // A plain function has no key in its result: what is too long is cut.
    if let Some((limit, unit)) = call.limit.filter(|_| !fit::fits(&out, call.limit)) {
        out.truncate(fit::prefix(&out, limit as usize, unit).len());
    }
    Ok(Value::Text(out.into()))
}
