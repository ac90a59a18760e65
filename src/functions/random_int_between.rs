//! `anon.random_int_between` and its other name `anon.random_bigint_between`.

use super::draw::Draw;
use super::subject::parameter;
use super::{Example, Function, Kind, Nature, fault};
use crate::value::{Value, ValueError};

/// `random_int_between`.
pub const FUNCTION: Function = Function {
    name: "random_int_between",
    summary: "A random integer from a to b, both included.",
    parameters: &[parameter("a", Kind::Integer), parameter("b", Kind::Integer)],
    purpose: "random_int_between",
    returns: Kind::Integer,
    keeps_bytes: false,
    nature: Nature::Fresh,
    may_collide: true,
    examples: &[Example {
        sql: "anon.random_int_between(1, 6)",
        result: Some("3"),
    }],
    check: |args| match args {
        [Some(low), Some(high)] => bounds(low, high).map(drop),
        _ => Ok(()),
    },
    call: |call, args| match args {
        [low, high] => {
            let (low, high) = bounds(low, high)?;
            Ok(Value::Int(Draw::fresh(call).between(low, high)))
        }
        _ => fault("two integers are needed"),
    },
};

/// `random_bigint_between`.
pub const BIGINT: Function = Function {
    name: "random_bigint_between",
    summary: "A random bigint from a to b, both included.",
    parameters: &[parameter("a", Kind::Number), parameter("b", Kind::Number)],
    purpose: "random_bigint_between",
    returns: Kind::Number,
    examples: &[Example {
        sql: "anon.random_bigint_between(1::bigint, 9000000000::bigint)",
        result: Some("2318679594"),
    }],
    ..FUNCTION
};

fn bounds(low: &Value<'_>, high: &Value<'_>) -> Result<(i64, i64), ValueError> {
    match (low, high) {
        (Value::Int(low), Value::Int(high)) if low <= high => Ok((*low, *high)),
        (Value::Int(_), Value::Int(_)) => fault("the lower bound comes first"),
        _ => fault("the bounds have to be integers"),
    }
}
