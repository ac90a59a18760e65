//! Functions over arrays of one dimension.

use super::{Builtin, Output, Ty, array_arg, int_arg, strict, take, text_arg};
use crate::value::{Value, ValueError};
use memchr::memmem;

pub(super) const FUNCTIONS: &[Builtin] = &[
    strict("array_length", &[Ty::AnyArray, Ty::Int], Ty::Int, |a| {
        let dimension = int_arg(a, 1)?;
        let length = array_arg(a, 0)?.len();
        Ok(if dimension == 1 && length > 0 {
            Value::Int(length as i64)
        } else {
            Value::Null
        })
    }),
    strict("cardinality", &[Ty::AnyArray], Ty::Int, |a| {
        Ok(Value::Int(array_arg(a, 0)?.len() as i64))
    }),
    nullable("array_remove", &[Ty::TextArray, Ty::Text], |a| {
        let unwanted = take(a, 1);
        elements(a, |all| all.retain(|e| *e != unwanted))
    }),
    nullable("array_replace", &[Ty::TextArray, Ty::Text, Ty::Text], |a| {
        let (from, to) = (take(a, 1), take(a, 2));
        elements(a, |all| {
            for element in all.iter_mut().filter(|e| **e == from) {
                *element = to.clone();
            }
        })
    }),
    strict(
        "array_to_string",
        &[Ty::TextArray, Ty::Text],
        Ty::Text,
        to_string,
    ),
    Builtin {
        name: "array_to_string",
        args: &[Ty::TextArray, Ty::Text, Ty::Text],
        variadic: false,
        returns: Ty::Text,
        strict: false,
        call: to_string,
    },
    nullable("string_to_array", &[Ty::Text, Ty::Text], split),
];

pub(super) const OPERATORS: &[Builtin] = &[
    nullable("array_cat", &[Ty::AnyArray, Ty::AnyArray], |a| {
        match (take(a, 0), take(a, 1)) {
            (Value::Null, other) | (other, Value::Null) => Ok(other),
            (Value::Array(mut left), Value::Array(right)) => {
                left.extend(right);
                Ok(Value::Array(left))
            }
            _ => Err(super::mismatch()),
        }
    }),
    nullable("array_append", &[Ty::AnyArray, Ty::AnyArray], |a| {
        let element = take(a, 1);
        let mut all = or_empty(take(a, 0))?;
        all.push(element);
        Ok(Value::Array(all))
    }),
    nullable("array_prepend", &[Ty::AnyArray, Ty::AnyArray], |a| {
        let element = take(a, 0);
        let mut all = or_empty(take(a, 1))?;
        all.insert(0, element);
        Ok(Value::Array(all))
    }),
];

/// A function that sees NULL and gives an array of text.
const fn nullable(
    name: &'static str,
    args: &'static [Ty],
    call: for<'v> fn(&mut [Value<'v>]) -> Output<'v>,
) -> Builtin {
    Builtin {
        name,
        args,
        variadic: false,
        returns: Ty::TextArray,
        strict: false,
        call,
    }
}

fn or_empty(value: Value<'_>) -> Result<Vec<Value<'_>>, ValueError> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(elements) => Ok(elements),
        _ => Err(super::mismatch()),
    }
}

fn elements<'v>(args: &mut [Value<'v>], change: impl FnOnce(&mut Vec<Value<'v>>)) -> Output<'v> {
    match take(args, 0) {
        Value::Array(mut all) => {
            change(&mut all);
            Ok(Value::Array(all))
        }
        other => Ok(other),
    }
}

fn to_string<'v>(args: &mut [Value<'v>]) -> Output<'v> {
    if args[0].is_null() || args[1].is_null() {
        return Ok(Value::Null);
    }
    let null = match args.get(2) {
        Some(Value::Text(text)) => Some(text.to_vec()),
        _ => None,
    };
    let separator = text_arg(args, 1)?;
    let mut parts: Vec<Vec<u8>> = Vec::new();
    for element in array_arg(args, 0)? {
        match element {
            Value::Text(text) => parts.push(text.into_owned()),
            _ => parts.extend(null.clone()),
        }
    }
    Ok(Value::text(parts.join(&separator[..])))
}

pub(super) fn split<'v>(args: &mut [Value<'v>]) -> Output<'v> {
    if args[0].is_null() {
        return Ok(Value::Null);
    }
    let separator = take(args, 1);
    let text = text_arg(args, 0)?;
    let own = |part: &[u8]| Value::text(part.to_vec());
    Ok(Value::Array(match separator {
        _ if text.is_empty() => Vec::new(),
        Value::Text(separator) if separator.is_empty() => vec![own(&text)],
        Value::Text(separator) => {
            let mut parts = Vec::new();
            let mut start = 0;
            for at in memmem::find_iter(&text, &separator[..]) {
                parts.push(own(&text[start..at]));
                start = at + separator.len();
            }
            parts.push(own(&text[start..]));
            parts
        }
        _ => crate::value::text::chars(&text).map(own).collect(),
    }))
}
