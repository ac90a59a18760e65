//! `anon.generalize_date`: the start of the period that a moment is in (timestamptz: in UTC).

use super::subject::parameter;
use super::{Call, Example, Function, Kind, Nature, accepts_all, fault, moment, subject};
use crate::value::datetime::fields::{Field, trunc};
use crate::value::datetime::{day_of, midnight};
use crate::value::{Value, ValueError};

/// The function.
pub const FUNCTION: Function = Function {
    name: "generalize_date",
    summary: "The start of the hour, day, week, month, quarter, year, decade or century of a date or timestamp.",
    parameters: &[parameter("v", Kind::Date), parameter("unit", Kind::Text)],
    purpose: "generalize_date",
    returns: Kind::Date,
    keeps_bytes: false,
    nature: Nature::Plain,
    may_collide: true,
    examples: &[
        Example {
            sql: "anon.generalize_date(DATE '1984-05-17', 'month')",
            result: Some("1984-05-01"),
        },
        Example {
            sql: "anon.generalize_date(TIMESTAMP '1984-05-17 12:34:56', 'hour')",
            result: Some("1984-05-17 12:00:00"),
        },
    ],
    check: |args| match args.get(1) {
        Some(Some(unit)) => field(unit).map(drop),
        _ => accepts_all(args),
    },
    call,
};

fn field(unit: &Value<'_>) -> Result<Field, ValueError> {
    let name = subject::text(std::slice::from_ref(unit), 0)?;
    let name = std::str::from_utf8(name).unwrap_or_default();
    match Field::find(name) {
        Some(
            field @ (Field::Second
            | Field::Minute
            | Field::Hour
            | Field::Day
            | Field::Week
            | Field::Month
            | Field::Quarter
            | Field::Year
            | Field::Decade
            | Field::Century),
        ) => Ok(field),
        _ => fault("the unit is hour, day, week, month, quarter, year, decade or century"),
    }
}

fn call<'v>(_: &Call<'_>, args: &[Value<'v>]) -> Result<Value<'v>, ValueError> {
    let value = args.first().unwrap_or(&Value::Null);
    let field = field(args.get(1).unwrap_or(&Value::Null))?;
    if moment::day(value)?.is_none() {
        return Ok(value.clone());
    }
    match value {
        Value::Date(day) => match trunc(field, &Value::Timestamp(midnight(*day)?))? {
            Value::Timestamp(micros) => Ok(Value::Date(day_of(micros))),
            other => Ok(other),
        },
        other => trunc(field, other),
    }
}
