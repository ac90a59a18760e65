//! `anon.dnoise`: moves a date or timestamp by up to an interval.

use super::draw::Draw;
use super::subject::parameter;
use super::{Call, Example, Function, Kind, Nature, fault, moment};
use crate::value::datetime::DAY;
use crate::value::{Value, ValueError};

/// The function.
pub const FUNCTION: Function = Function {
    name: "dnoise",
    summary: "Moves a date or timestamp by up to an interval, back or forth; a date by whole days.",
    parameters: &[
        parameter("v", Kind::Date),
        parameter("interval", Kind::Interval),
    ],
    purpose: "dnoise",
    returns: Kind::Date,
    keeps_bytes: false,
    nature: Nature::Keyed,
    may_collide: true,
    examples: &[Example {
        sql: "anon.dnoise(TIMESTAMP '2024-02-29 12:00:00', INTERVAL '2 days')",
        result: Some("2024-02-27 14:11:23.772525"),
    }],
    check: |args| most(args.get(1).copied().flatten()).map(drop),
    call,
};

/// A month counts 30 days, as when intervals are compared.
fn most(argument: Option<&Value<'_>>) -> Result<i64, ValueError> {
    let length = match argument {
        None => 0,
        Some(Value::Interval(interval)) => interval.length(),
        Some(_) => return fault("the second argument is an interval"),
    };
    match i64::try_from(length) {
        Ok(length @ 0..) => Ok(length),
        _ => fault("the interval has to be positive and shorter than 290000 years"),
    }
}

fn call<'v>(call: &Call<'_>, args: &[Value<'v>]) -> Result<Value<'v>, ValueError> {
    let value = args.first().unwrap_or(&Value::Null);
    if moment::day(value)?.is_none() {
        return Ok(value.clone());
    }
    let most = most(args.get(1))?;
    let mut draw = Draw::keyed(call, &moment::micros(value).to_le_bytes());
    let by = match value {
        Value::Date(_) => i128::from(draw.between(-(most / DAY), most / DAY)) * i128::from(DAY),
        _ => i128::from(draw.between(-most, most)),
    };
    moment::moved(value, by)
}
