//! `anon.secret`: what the baseline does to columns with passwords, tokens and keys.
//!
//! NULL where the column allows it. Else another value: keyed, so that unique columns stay unique;
//! never empty, because on some systems an empty password logs in; never one constant, because
//! whoever knows it could log in everywhere. It is as long as the secret was, within 16 to 64
//! characters and what the column holds. Nobody can tell the secret from it, or the other way round.
//!
//! A secret in JSON or hstore stays JSON or hstore. Bytes and UUIDs stay what they are.

use super::draw::Draw;
use super::subject::V;
use super::{Call, Example, Function, Kind, Nature, accepts_all};
use crate::value::{Value, ValueError, json};

/// The function.
pub const FUNCTION: Function = Function {
    name: "secret",
    summary: "Removes a secret: NULL where the column may be NULL, else another value that nobody knows.",
    parameters: &[V],
    purpose: "secret",
    returns: Kind::Text,
    keeps_bytes: true,
    nature: Nature::Keyed,
    may_collide: false,
    examples: &[Example {
        sql: "anon.secret('correct horse battery')",
        result: Some("Mnf5zk3hLDD7kjmaQrNqT"),
    }],
    check: accepts_all,
    call,
};

const ALPHABET: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

fn call<'v>(call: &Call<'_>, args: &[Value<'v>]) -> Result<Value<'v>, ValueError> {
    let Some(value) = args.first().filter(|_| call.not_null) else {
        return Ok(Value::Null);
    };
    Ok(match value {
        Value::Text(text) => Value::Text(another(call, text).into()),
        Value::Bytes(bytes) => {
            let mut out = vec![0; bytes.len().clamp(16, 64)];
            Draw::keyed(call, bytes).bytes(&mut out);
            Value::Bytes(out.into())
        }
        Value::Uuid(uuid) => {
            let mut out = [0; 16];
            Draw::keyed(call, uuid).bytes(&mut out);
            Value::Uuid(out)
        }
        other => other.clone(),
    })
}

fn another(call: &Call<'_>, text: &[u8]) -> Vec<u8> {
    let (before, after) = envelope(text);
    let most = call.limit.map_or(64, |(limit, _)| limit as usize);
    let around = before.len() + after.len();
    let length = (text.len().clamp(16, 64)).min(most.saturating_sub(around).max(1));
    let secret = Draw::keyed(call, text).text(ALPHABET, length);
    if secret.len() + around > most {
        return secret.into_bytes();
    }
    [before, secret.as_bytes(), after].concat()
}

/// What has to stand around the new value for the column's type to take it.
fn envelope(text: &[u8]) -> (&'static [u8], &'static [u8]) {
    let first = text.trim_ascii_start().first();
    if first == Some(&b'"') && text.windows(3).any(|w| w == b"\"=>") {
        (b"\"secret\"=>\"", b"\"")
    } else if matches!(first, Some(b'{' | b'[' | b'"')) && json::validate(text).is_ok() {
        (b"\"", b"\"")
    } else {
        (b"", b"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::Key;
    use crate::schema::LengthUnit;

    fn secret(text: &str, not_null: bool, limit: Option<u32>) -> Option<String> {
        let key = Key::new(b"example".to_vec()).subkey("secret");
        let call = Call {
            key: &key,
            limit: limit.map(|l| (l, LengthUnit::Characters)),
            not_null,
            fresh: 0,
        };
        match (FUNCTION.call)(&call, &[Value::text(text.as_bytes())]) {
            Ok(Value::Text(text)) => Some(String::from_utf8(text.into_owned()).unwrap()),
            Ok(Value::Null) => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn null_where_it_may_be() {
        assert_eq!(secret("x", false, None), None);
    }

    #[test]
    fn never_empty_never_constant_plausibly_long() {
        assert_eq!(secret("", true, None).unwrap().len(), 16);
        assert_eq!(secret(&"x".repeat(60), true, None).unwrap().len(), 60);
        assert_ne!(secret("a", true, None), secret("b", true, None));
        for limit in 1..20 {
            assert_eq!(
                secret("a", true, Some(limit)).unwrap().len(),
                limit.min(16) as usize
            );
        }
    }

    #[test]
    fn json_and_hstore_stay_what_they_are() {
        for json in ["{\"k\": 1}", "[]", "\"x\""] {
            assert!(json::validate(secret(json, true, None).unwrap().as_bytes()).is_ok());
        }
        assert!(
            secret("\"k\"=>\"v\"", true, None)
                .unwrap()
                .starts_with("\"secret\"=>\"")
        );
        assert!(!secret("{x", true, None).unwrap().contains('"'));
    }

    #[test]
    fn bytes_and_uuids() {
        let key = Key::new(b"example".to_vec()).subkey("secret");
        let call = Call {
            key: &key,
            limit: None,
            not_null: true,
            fresh: 0,
        };
        let uuid = (FUNCTION.call)(&call, &[Value::Uuid([1; 16])]).unwrap();
        assert!(matches!(uuid, Value::Uuid(u) if u != [1; 16]));
        let bytes = (FUNCTION.call)(&call, &[Value::Bytes(vec![1; 20].into())]).unwrap();
        assert!(matches!(bytes, Value::Bytes(b) if b.len() == 20 && *b != [1; 20]));
    }
}
