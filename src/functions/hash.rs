//! `anon.hash`: HMAC-SHA-256 under the key, in hexadecimal.

use super::subject::{V, optional, text};
use super::{Call, Example, Function, Kind, Nature, fault};
use crate::value::{Value, ValueError};

/// The function.
pub const FUNCTION: Function = Function {
    name: "hash",
    summary: "The keyed hash (HMAC-SHA-256) of a value, in 64 or fewer hexadecimal digits.",
    parameters: &[V, optional("length", Kind::Integer)],
    purpose: "hash",
    returns: Kind::Text,
    keeps_bytes: false,
    nature: Nature::Keyed,
    may_collide: false,
    examples: &[
        Example {
            sql: "anon.hash('jane@company.com')",
            result: Some("a1a4457c0c5ca5fe259d2992a2dcf2647d60499f5776175c9b0630178c53206a"),
        },
        Example {
            sql: "anon.hash('jane@company.com', 16)",
            result: Some("a1a4457c0c5ca5fe"),
        },
    ],
    check: |args| length(args.get(1).copied().flatten()).map(drop),
    call,
};

/// With fewer digits than 16 (64 bits) hashes would meet.
fn length(argument: Option<&Value<'_>>) -> Result<usize, ValueError> {
    match argument {
        None => Ok(64),
        Some(Value::Int(length @ 16..=64)) => Ok(length.unsigned_abs() as usize),
        _ => fault("a hash has 16 to 64 digits"),
    }
}

fn call<'v>(call: &Call<'_>, args: &[Value<'v>]) -> Result<Value<'v>, ValueError> {
    let digest = call.key.digest(text(args, 0)?);
    let mut hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    hex.truncate(length(args.get(1))?);
    if let Some((limit, _)) = call.limit {
        hex.truncate(limit as usize);
    }
    Ok(Value::Text(hex.into_bytes().into()))
}
