//! `anon.random_in`.

use super::draw::Draw;
use super::subject::parameter;
use super::{Example, Function, Kind, Nature, fault};
use crate::value::Value;

/// The function.
pub const FUNCTION: Function = Function {
    name: "random_in",
    summary: "A random element of an array.",
    parameters: &[parameter("array", Kind::TextArray)],
    purpose: "random_in",
    returns: Kind::Any,
    keeps_bytes: false,
    nature: Nature::Fresh,
    may_collide: true,
    examples: &[Example {
        sql: "anon.random_in(ARRAY['red', 'green', 'blue'])",
        result: Some("green"),
    }],
    check: |args| match args.first() {
        Some(Some(Value::Array(elements))) if elements.is_empty() => {
            fault("there is nothing to choose from in an empty array")
        }
        _ => Ok(()),
    },
    call: |call, args| match args.first() {
        Some(Value::Array(elements)) if !elements.is_empty() => {
            let index = Draw::fresh(call).below(elements.len() as u64);
            Ok(elements[index as usize].clone())
        }
        _ => fault("there is nothing to choose from"),
    },
};
