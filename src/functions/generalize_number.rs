//! `anon.generalize_number`: the lower end of the step that a number is in.

use super::subject::parameter;
use super::{Call, Example, Function, Kind, Nature, fault};
use crate::value::{Decimal, Value, ValueError};

/// The function.
pub const FUNCTION: Function = Function {
    name: "generalize_number",
    summary: "Rounds a number down to a multiple of the step.",
    parameters: &[
        parameter("v", Kind::Number),
        parameter("step", Kind::Number),
    ],
    purpose: "generalize_number",
    returns: Kind::Number,
    keeps_bytes: false,
    nature: Nature::Plain,
    may_collide: true,
    examples: &[
        Example {
            sql: "anon.generalize_number(1984, 100)",
            result: Some("1900"),
        },
        Example {
            sql: "anon.generalize_number(-7, 5)",
            result: Some("-10"),
        },
        Example {
            sql: "anon.generalize_number(12.74::numeric, 0.5)",
            result: Some("12.50"),
        },
    ],
    check: |args| match args.get(1) {
        Some(Some(value)) => step(value).map(drop),
        _ => Ok(()),
    },
    call,
};

fn decimal(value: &Value<'_>) -> Result<Decimal, ValueError> {
    match value {
        Value::Int(number) => Ok(Decimal::from_int(*number)),
        Value::Float(number) => Ok(Decimal::from_float(*number, 15)),
        Value::Numeric(number) => Ok((**number).clone()),
        _ => fault("anon.generalize_number takes numbers"),
    }
}

fn step(value: &Value<'_>) -> Result<Decimal, ValueError> {
    let step = decimal(value)?;
    if step.scale().is_none() || step.is_zero() || step.is_negative() {
        return fault("the step has to be greater than 0");
    }
    Ok(step)
}

fn call<'v>(_: &Call<'_>, args: &[Value<'v>]) -> Result<Value<'v>, ValueError> {
    let value = args.first().unwrap_or(&Value::Null);
    let step = step(args.get(1).unwrap_or(&Value::Null))?;
    let number = decimal(value)?;
    let Some(scale) = number.scale() else {
        return Ok(value.clone());
    };
    let over = number.rem(&step)?;
    let over = if over.is_negative() {
        over.add(&step)?
    } else {
        over
    };
    let down = number.sub(&over)?;
    match value {
        Value::Int(_) => match down.to_int() {
            Ok(down) => Ok(Value::Int(down)),
            Err(_) => fault("integer out of range"),
        },
        Value::Float(_) => down
            .to_float(crate::value::float::Width::Double)
            .map(Value::Float),
        _ => {
            let scale = i32::try_from(scale).unwrap_or(0);
            Ok(Value::Numeric(Box::new(down.round(scale))))
        }
    }
}
