//! `anon.random_date_between`.

use super::draw::Draw;
use super::subject::parameter;
use super::{Call, Example, Function, Kind, Nature, fault, moment};
use crate::value::datetime::DAY;
use crate::value::{Value, ValueError};

/// The function.
pub const FUNCTION: Function = Function {
    name: "random_date_between",
    summary: "A random date or timestamp from a to b, both included, of the type of a.",
    parameters: &[parameter("a", Kind::Date), parameter("b", Kind::Date)],
    purpose: "random_date_between",
    returns: Kind::Date,
    keeps_bytes: false,
    nature: Nature::Fresh,
    may_collide: true,
    examples: &[Example {
        sql: "anon.random_date_between(DATE '1950-01-01', DATE '2005-12-31')",
        result: Some("1977-02-28"),
    }],
    check: |args| match args {
        [Some(low), Some(high)] => span(low, high).map(drop),
        _ => Ok(()),
    },
    call,
};

/// How many microseconds lie between.
fn span(low: &Value<'_>, high: &Value<'_>) -> Result<i64, ValueError> {
    if moment::day(low)?.is_none() || moment::day(high)?.is_none() {
        return fault("the bounds cannot be infinite");
    }
    match i64::try_from(moment::micros(high) - moment::micros(low)) {
        Ok(span @ 0..) => Ok(span),
        Ok(_) => fault("the lower bound comes first"),
        Err(_) => fault("the bounds are too far apart"),
    }
}

fn call<'v>(call: &Call<'_>, args: &[Value<'v>]) -> Result<Value<'v>, ValueError> {
    let [low, high] = args else {
        return fault("two dates are needed");
    };
    let span = span(low, high)?;
    let mut draw = Draw::fresh(call);
    let by = match low {
        Value::Date(_) => i128::from(draw.between(0, span / DAY)) * i128::from(DAY),
        _ => i128::from(draw.between(0, span)),
    };
    moment::moved(low, by)
}
