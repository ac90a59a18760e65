//! `anon.shift_date`: moves a date by whole days. Dates and timestamps of one day move together, so that the
//! time of day and the order within a day stay.

use super::draw::Draw;
use super::subject::parameter;
use super::{Call, Example, Function, Kind, Nature, fault, moment};
use crate::value::datetime::DAY;
use crate::value::{Value, ValueError};

/// The function.
pub const FUNCTION: Function = Function {
    name: "shift_date",
    summary: "Moves a date or timestamp by 1 to max_days days, back or forth.",
    parameters: &[
        parameter("v", Kind::Date),
        parameter("max_days", Kind::Integer),
    ],
    purpose: "shift_date",
    returns: Kind::Date,
    keeps_bytes: false,
    nature: Nature::Keyed,
    may_collide: true,
    examples: &[Example {
        sql: "anon.shift_date(DATE '1984-05-17', 30)",
        result: Some("1984-05-12"),
    }],
    check: |args| most(args.get(1).copied().flatten()).map(drop),
    call,
};

fn most(argument: Option<&Value<'_>>) -> Result<i64, ValueError> {
    match argument {
        None => Ok(1),
        Some(Value::Int(days @ 1..=1_000_000)) => Ok(*days),
        _ => fault("the number of days to move by is 1 to 1000000"),
    }
}

fn call<'v>(call: &Call<'_>, args: &[Value<'v>]) -> Result<Value<'v>, ValueError> {
    let value = args.first().unwrap_or(&Value::Null);
    let Some(day) = moment::day(value)? else {
        return Ok(value.clone());
    };
    let most = most(args.get(1))?;
    let days = Draw::keyed(call, &day.to_le_bytes()).between(-most, most - 1);
    let days = if days >= 0 { days + 1 } else { days };
    moment::moved(value, i128::from(days) * i128::from(DAY))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::Key;

    #[test]
    fn a_day_moves_as_a_whole_and_never_stays() {
        let key = Key::new(b"example".to_vec()).subkey("shift_date");
        let made = Call {
            key: &key,
            limit: None,
            not_null: true,
            fresh: 0,
        };
        let shift = |value| (FUNCTION.call)(&made, &[value, Value::Int(3)]).unwrap();
        for day in [-400, 0, 1, 9000, -2_451_545, 106_751_982] {
            let Value::Date(to) = shift(Value::Date(day)) else {
                panic!()
            };
            assert!((1..=3).contains(&(to - day).abs()));
            let noon = i64::from(day) * DAY + DAY / 2;
            assert_eq!(
                shift(Value::Timestamp(noon)),
                Value::Timestamp(i64::from(to) * DAY + DAY / 2)
            );
        }
        assert_eq!(shift(Value::Date(i32::MAX)), Value::Date(i32::MAX));
        assert_eq!(
            shift(Value::TimestampTz(i64::MIN)),
            Value::TimestampTz(i64::MIN)
        );
    }
}
