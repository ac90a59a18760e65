//! `anon.partial_email`: shows the first two letters of the local part and of the domain, and the
//! top-level domain.

use super::subject::{V, text};
use super::{Call, Example, Function, Kind, Nature, accepts_all, fit};
use crate::value::text::left;
use crate::value::{Value, ValueError};

/// The function.
pub const FUNCTION: Function = Function {
    name: "partial_email",
    summary: "Hides most of an address; of anything else shows nothing.",
    parameters: &[V],
    purpose: "partial_email",
    returns: Kind::Text,
    keeps_bytes: false,
    nature: Nature::Plain,
    may_collide: true,
    examples: &[
        Example {
            sql: "anon.partial_email('daamien@gmail.com')",
            result: Some("da******@gm******.com"),
        },
        Example {
            sql: "anon.partial_email('no address')",
            result: Some("******"),
        },
    ],
    check: accepts_all,
    call,
};

const STARS: &[u8] = b"******";

fn call<'v>(call: &Call<'_>, args: &[Value<'v>]) -> Result<Value<'v>, ValueError> {
    let value = text(args, 0)?;
    let out = memchr::memrchr(b'@', value).and_then(|at| {
        let (local, domain) = (&value[..at], &value[at + 1..]);
        let dot = memchr::memrchr(b'.', domain)?;
        let parts = [
            left(local, 2),
            STARS,
            b"@",
            left(&domain[..dot], 2),
            STARS,
            &domain[dot..],
        ];
        Some(parts.concat())
    });
    let mut out = out.unwrap_or_else(|| STARS.to_vec());
    if let Some((limit, unit)) = call.limit.filter(|_| !fit::fits(&out, call.limit)) {
        out.truncate(fit::prefix(&out, limit as usize, unit).len());
    }
    Ok(Value::Text(out.into()))
}
