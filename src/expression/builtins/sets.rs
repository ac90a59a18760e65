//! Functions that give rows. Here each gives an array of what its rows hold; NULL stands for no row.

use super::{Builtin, Output, Ty, array, array_arg, int_arg, json, strict};
use crate::value::{Value, ValueError};

pub(super) const FUNCTIONS: &[Builtin] = &[
    strict("jsonb_array_elements", &[Ty::Jsonb], Ty::Jsonb, |a| {
        json::jsonb_elements(a, false)
    }),
    strict("jsonb_array_elements_text", &[Ty::Jsonb], Ty::Text, |a| {
        json::jsonb_elements(a, true)
    }),
    strict("json_array_elements", &[Ty::Json], Ty::Json, |a| {
        json::json_elements(a, false)
    }),
    strict("json_array_elements_text", &[Ty::Json], Ty::Text, |a| {
        json::json_elements(a, true)
    }),
    strict(
        "jsonb_object_keys",
        &[Ty::Jsonb],
        Ty::Text,
        json::jsonb_keys,
    ),
    strict("unnest", &[Ty::AnyArray], Ty::AnyArray, |a| {
        let mut flat = Vec::new();
        flatten(array_arg(a, 0)?, &mut flat);
        Ok(Value::Array(flat))
    }),
    Builtin {
        name: "string_to_table",
        args: &[Ty::Text, Ty::Text],
        variadic: false,
        returns: Ty::Text,
        strict: false,
        call: array::split,
    },
    strict("generate_series", &[Ty::Int, Ty::Int], Ty::Int, series),
    strict(
        "generate_series",
        &[Ty::Int, Ty::Int, Ty::Int],
        Ty::Int,
        series,
    ),
    strict(
        "generate_series",
        &[Ty::BigInt, Ty::BigInt],
        Ty::BigInt,
        series,
    ),
    strict(
        "generate_series",
        &[Ty::BigInt, Ty::BigInt, Ty::BigInt],
        Ty::BigInt,
        series,
    ),
];

/// How many rows a series may have: they are all in memory.
const LONGEST: usize = 1_000_000;

fn flatten<'v>(values: Vec<Value<'v>>, flat: &mut Vec<Value<'v>>) {
    for value in values {
        match value {
            Value::Array(inner) => flatten(inner, flat),
            value => flat.push(value),
        }
    }
}

fn series<'v>(args: &mut [Value<'v>]) -> Output<'v> {
    let step = if args.len() > 2 { int_arg(args, 2)? } else { 1 };
    let (mut next, last) = (int_arg(args, 0)?, int_arg(args, 1)?);
    if step == 0 {
        return Err(ValueError::new("step size cannot equal zero"));
    }
    let mut all = Vec::new();
    while if step > 0 { next <= last } else { next >= last } {
        if all.len() == LONGEST {
            return Err(ValueError::new(
                "a series of more than a million rows is not supported",
            ));
        }
        all.push(Value::Int(next));
        let Some(following) = next.checked_add(step) else {
            break;
        };
        next = following;
    }
    Ok(Value::Array(all))
}
