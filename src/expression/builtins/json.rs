//! Functions and operators over `json` and `jsonb`.
//!
//! `json` stays the text it is: a member is a slice of it. `jsonb` is read into a tree and written
//! in its normal form.

use super::{Builtin, Output, Ty, array_arg, int_arg, mismatch, strict, text_arg};
use crate::value::json::{self, Json};
use crate::value::{Value, ValueError};
use std::borrow::Cow;

pub(super) const FUNCTIONS: &[Builtin] = &[
    strict(
        "jsonb_set",
        &[Ty::Jsonb, Ty::TextArray, Ty::Jsonb],
        Ty::Jsonb,
        set,
    ),
    strict(
        "jsonb_set",
        &[Ty::Jsonb, Ty::TextArray, Ty::Jsonb, Ty::Bool],
        Ty::Jsonb,
        set,
    ),
    strict("jsonb_typeof", &[Ty::Jsonb], Ty::Text, type_of),
    strict("json_typeof", &[Ty::Json], Ty::Text, type_of),
    strict("jsonb_array_length", &[Ty::Jsonb], Ty::Int, array_length),
    strict("json_array_length", &[Ty::Json], Ty::Int, array_length),
    strict("jsonb_strip_nulls", &[Ty::Jsonb], Ty::Jsonb, |a| {
        written(strip_nulls(tree(a, 0)?))
    }),
    Builtin {
        name: "jsonb_extract_path",
        args: &[Ty::Jsonb, Ty::Text],
        variadic: true,
        returns: Ty::Jsonb,
        strict: true,
        call: |a| jsonb_walk(a, false, false),
    },
    Builtin {
        name: "jsonb_extract_path_text",
        args: &[Ty::Jsonb, Ty::Text],
        variadic: true,
        returns: Ty::Text,
        strict: true,
        call: |a| jsonb_walk(a, true, false),
    },
    Builtin {
        name: "json_extract_path",
        args: &[Ty::Json, Ty::Text],
        variadic: true,
        returns: Ty::Json,
        strict: true,
        call: |a| json_walk(a, false, false),
    },
    Builtin {
        name: "json_extract_path_text",
        args: &[Ty::Json, Ty::Text],
        variadic: true,
        returns: Ty::Text,
        strict: true,
        call: |a| json_walk(a, true, false),
    },
];

const PATH: &[Ty] = &[Ty::Jsonb, Ty::TextArray];

pub(super) const OPERATORS: &[Builtin] = &[
    strict("jsonb_extract_path_array", PATH, Ty::Jsonb, |a| {
        jsonb_walk(a, false, true)
    }),
    strict("jsonb_extract_path_text_array", PATH, Ty::Text, |a| {
        jsonb_walk(a, true, true)
    }),
    strict("json_extract_path_array", PATH, Ty::Json, |a| {
        json_walk(a, false, true)
    }),
    strict("json_extract_path_text_array", PATH, Ty::Text, |a| {
        json_walk(a, true, true)
    }),
    strict("jsonb_object_field", PATH, Ty::Jsonb, |a| {
        jsonb_field(a, false)
    }),
    strict("jsonb_object_field_text", PATH, Ty::Text, |a| {
        jsonb_field(a, true)
    }),
    strict("jsonb_array_element", PATH, Ty::Jsonb, |a| {
        jsonb_element(a, false)
    }),
    strict("jsonb_array_element_text", PATH, Ty::Text, |a| {
        jsonb_element(a, true)
    }),
    strict("json_object_field", PATH, Ty::Json, |a| {
        json_field(a, false)
    }),
    strict("json_object_field_text", PATH, Ty::Text, |a| {
        json_field(a, true)
    }),
    strict("json_array_element", PATH, Ty::Json, |a| {
        json_element(a, false)
    }),
    strict("json_array_element_text", PATH, Ty::Text, |a| {
        json_element(a, true)
    }),
    strict("jsonb_concat", PATH, Ty::Jsonb, concat),
    strict("jsonb_delete_key", PATH, Ty::Jsonb, |a| {
        let key = text_arg(a, 1)?.into_owned();
        delete_keys(a, &[key])
    }),
    strict("jsonb_delete_keys", PATH, Ty::Jsonb, |a| {
        let keys: Vec<Vec<u8>> = array_arg(a, 1)?
            .into_iter()
            .filter_map(|v| match v {
                Value::Text(key) => Some(key.into_owned()),
                _ => None,
            })
            .collect();
        delete_keys(a, &keys)
    }),
    strict("jsonb_delete_element", PATH, Ty::Jsonb, delete_element),
];

fn tree(args: &mut [Value<'_>], at: usize) -> Result<Json, ValueError> {
    json::parse(&text_arg(args, at)?)
}

fn written<'v>(json: Json) -> Output<'v> {
    let mut out = Vec::new();
    json.write(&mut out);
    Ok(Value::text(out))
}

/// `->` (false) or `->>` (true) of what was found.
fn found<'v>(json: Option<Json>, as_text: bool) -> Output<'v> {
    match json {
        None => Ok(Value::Null),
        Some(Json::Null) if as_text => Ok(Value::Null),
        Some(Json::String(text)) if as_text => Ok(Value::text(text)),
        Some(json) => written(json),
    }
}

fn member(json: Json, key: &[u8]) -> Option<Json> {
    match json {
        Json::Object(members) => members.into_iter().find(|(k, _)| k == key).map(|(_, v)| v),
        _ => None,
    }
}

/// An index counted from the end if it is negative.
fn position(index: i64, length: usize) -> Option<usize> {
    let index = if index < 0 {
        index.checked_add(i64::try_from(length).ok()?)?
    } else {
        index
    };
    usize::try_from(index).ok().filter(|i| *i < length)
}

fn element(json: Json, index: i64) -> Option<Json> {
    match json {
        Json::Array(mut elements) => {
            position(index, elements.len()).map(|at| elements.swap_remove(at))
        }
        _ => None,
    }
}

/// `-> index`, for which the server takes a scalar for an array of one.
fn jsonb_at(json: Json, index: i64) -> Option<Json> {
    match json {
        Json::Object(_) => None,
        json @ Json::Array(_) => element(json, index),
        scalar => position(index, 1).map(|_| scalar),
    }
}

fn jsonb_field<'v>(args: &mut [Value<'v>], as_text: bool) -> Output<'v> {
    let key = text_arg(args, 1)?;
    found(member(tree(args, 0)?, &key), as_text)
}

fn jsonb_element<'v>(args: &mut [Value<'v>], as_text: bool) -> Output<'v> {
    let index = int_arg(args, 1)?;
    found(jsonb_at(tree(args, 0)?, index), as_text)
}

/// A part of a `json`, as it is written there.
fn slice<'v>(text: Option<&[u8]>, as_text: bool) -> Output<'v> {
    Ok(match text {
        None => Value::Null,
        Some(text) if as_text => json::unquoted(text)?.map_or(Value::Null, |text| {
            Value::Text(Cow::Owned(text.into_owned()))
        }),
        Some(text) => Value::text(text.to_vec()),
    })
}

fn json_field<'v>(args: &mut [Value<'v>], as_text: bool) -> Output<'v> {
    let (text, key) = (text_arg(args, 0)?, text_arg(args, 1)?);
    slice(json::member(&text, &key)?, as_text)
}

fn json_element<'v>(args: &mut [Value<'v>], as_text: bool) -> Output<'v> {
    let index = int_arg(args, 1)?;
    let text = text_arg(args, 0)?;
    slice(json::element(&text, index)?, as_text)
}

/// The path that follows the document: one array, or the other arguments. None if it holds a NULL.
fn path<'v>(args: &mut [Value<'v>], array: bool) -> Result<Option<Vec<Cow<'v, [u8]>>>, ValueError> {
    let steps = if array {
        array_arg(args, 1)?
    } else {
        args[1..].to_vec()
    };
    steps
        .into_iter()
        .map(|step| match step {
            Value::Text(step) => Ok(Some(step)),
            Value::Null => Ok(None),
            _ => Err(mismatch()),
        })
        .collect()
}

fn index(step: &[u8]) -> Option<i64> {
    let step = std::str::from_utf8(step).ok()?;
    step.trim_start().parse::<i32>().ok().map(i64::from)
}

fn jsonb_walk<'v>(args: &mut [Value<'v>], as_text: bool, array: bool) -> Output<'v> {
    let Some(path) = path(args, array)? else {
        return Ok(Value::Null);
    };
    let mut at = Some(tree(args, 0)?);
    for step in path {
        at = at.and_then(|json| match json {
            json @ Json::Object(_) => member(json, &step),
            json @ Json::Array(_) => element(json, index(&step)?),
            _ => None,
        });
    }
    found(at, as_text)
}

fn json_walk<'v>(args: &mut [Value<'v>], as_text: bool, array: bool) -> Output<'v> {
    let Some(path) = path(args, array)? else {
        return Ok(Value::Null);
    };
    let text = text_arg(args, 0)?;
    let mut at = Some(&text[..]);
    for step in path {
        let Some(text) = at else { break };
        at = match text.iter().find(|b| !b.is_ascii_whitespace()) {
            Some(b'{') => json::member(text, &step)?,
            Some(b'[') => match index(&step) {
                Some(index) => json::element(text, index)?,
                None => None,
            },
            _ => None,
        };
    }
    slice(at, as_text)
}

fn type_of<'v>(args: &mut [Value<'v>]) -> Output<'v> {
    let name: &[u8] = match tree(args, 0)? {
        Json::Null => b"null",
        Json::Bool(_) => b"boolean",
        Json::Number(_) => b"number",
        Json::String(_) => b"string",
        Json::Array(_) => b"array",
        Json::Object(_) => b"object",
    };
    Ok(Value::text(name))
}

/// The elements of a `jsonb`, as they are or (`_text`) as text.
pub(super) fn jsonb_elements<'v>(args: &mut [Value<'v>], as_text: bool) -> Output<'v> {
    let elements = match tree(args, 0)? {
        Json::Array(elements) => elements.into_iter(),
        Json::Object(_) => {
            return Err(ValueError::new("cannot extract elements from an object"));
        }
        _ => return Err(ValueError::new("cannot extract elements from a scalar")),
    };
    let values = elements.map(|element| found(Some(element), as_text));
    Ok(Value::Array(values.collect::<Result<_, _>>()?))
}

/// The elements of a `json`, as they are written or (`_text`) as text.
pub(super) fn json_elements<'v>(args: &mut [Value<'v>], as_text: bool) -> Output<'v> {
    let text = text_arg(args, 0)?;
    let Some(elements) = json::elements(&text)? else {
        return Err(ValueError::new("cannot extract elements from a non-array"));
    };
    let values = elements.into_iter().map(|e| slice(Some(e), as_text));
    Ok(Value::Array(values.collect::<Result<_, _>>()?))
}

/// The keys of a `jsonb`, in its own order.
pub(super) fn jsonb_keys<'v>(args: &mut [Value<'v>]) -> Output<'v> {
    match tree(args, 0)? {
        Json::Object(members) => {
            let keys = members.into_iter().map(|(key, _)| Value::text(key));
            Ok(Value::Array(keys.collect()))
        }
        Json::Array(_) => Err(ValueError::new("cannot call jsonb_object_keys on an array")),
        _ => Err(ValueError::new("cannot call jsonb_object_keys on a scalar")),
    }
}

fn array_length<'v>(args: &mut [Value<'v>]) -> Output<'v> {
    match tree(args, 0)? {
        Json::Array(elements) => Ok(Value::Int(elements.len() as i64)),
        Json::Object(_) => Err(ValueError::new("cannot get array length of a non-array")),
        _ => Err(ValueError::new("cannot get array length of a scalar")),
    }
}

fn strip_nulls(json: Json) -> Json {
    match json {
        Json::Array(elements) => Json::Array(elements.into_iter().map(strip_nulls).collect()),
        Json::Object(members) => Json::Object(
            members
                .into_iter()
                .filter(|(_, v)| *v != Json::Null)
                .map(|(k, v)| (k, strip_nulls(v)))
                .collect(),
        ),
        other => other,
    }
}

fn concat<'v>(args: &mut [Value<'v>]) -> Output<'v> {
    let (left, right) = (tree(args, 0)?, tree(args, 1)?);
    written(match (left, right) {
        (Json::Object(mut left), Json::Object(right)) => {
            left.extend(right);
            Json::object(left)
        }
        (left, right) => {
            let elements = |json| match json {
                Json::Array(elements) => elements,
                other => vec![other],
            };
            let mut all = elements(left);
            all.extend(elements(right));
            Json::Array(all)
        }
    })
}

fn delete_keys<'v>(args: &mut [Value<'v>], keys: &[Vec<u8>]) -> Output<'v> {
    written(match tree(args, 0)? {
        Json::Object(mut members) => {
            members.retain(|(key, _)| !keys.contains(key));
            Json::Object(members)
        }
        Json::Array(mut elements) => {
            elements.retain(|e| !matches!(e, Json::String(text) if keys.contains(text)));
            Json::Array(elements)
        }
        _ => return Err(ValueError::new("cannot delete from scalar")),
    })
}

fn delete_element<'v>(args: &mut [Value<'v>]) -> Output<'v> {
    let index = int_arg(args, 1)?;
    written(match tree(args, 0)? {
        Json::Array(mut elements) => {
            if let Some(at) = position(index, elements.len()) {
                elements.remove(at);
            }
            Json::Array(elements)
        }
        Json::Object(_) => {
            return Err(ValueError::new(
                "cannot delete from object using integer index",
            ));
        }
        _ => return Err(ValueError::new("cannot delete from scalar")),
    })
}

fn set<'v>(args: &mut [Value<'v>]) -> Output<'v> {
    let create = !matches!(args.get(3), Some(Value::Bool(false)));
    let Some(path) = path(&mut args[..2], true)? else {
        return Err(ValueError::new("path element is null"));
    };
    let new = tree(args, 2)?;
    let mut target = tree(args, 0)?;
    if !matches!(target, Json::Array(_) | Json::Object(_)) {
        return Err(ValueError::new("cannot set path in scalar"));
    }
    let empty = match &target {
        Json::Array(elements) => elements.is_empty(),
        Json::Object(members) => members.is_empty(),
        _ => false,
    };
    if !path.is_empty() && (create || !empty) {
        set_path(&mut target, &path, new, create)?;
    }
    written(target)
}

fn set_path(
    target: &mut Json,
    path: &[Cow<'_, [u8]>],
    new: Json,
    create: bool,
) -> Result<(), ValueError> {
    let Some((step, rest)) = path.split_first() else {
        *target = new;
        return Ok(());
    };
    match target {
        Json::Object(members) => {
            if let Some((_, value)) = members.iter_mut().find(|(key, _)| key == &**step) {
                return set_path(value, rest, new, create);
            }
            if rest.is_empty() && create {
                let mut members = std::mem::take(members);
                members.push((step.to_vec(), new));
                *target = Json::object(members);
            }
        }
        Json::Array(elements) => {
            let Some(index) = index(step) else {
                return Err(ValueError::new("path element is not an integer"));
            };
            match position(index, elements.len()) {
                Some(at) => return set_path(&mut elements[at], rest, new, create),
                None if rest.is_empty() && create && index < 0 => elements.insert(0, new),
                None if rest.is_empty() && create => elements.push(new),
                None => {}
            }
        }
        _ => {}
    }
    Ok(())
}
