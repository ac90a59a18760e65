//! Functions over dates, times and intervals. Time zones are UTC.

use super::{Builtin, Output, Ty, mismatch, strict, text_arg};
use crate::value::datetime::fields::{self, Field};
use crate::value::{Decimal, Value, ValueError, float::Width};

pub(super) const FUNCTIONS: &[Builtin] = &[
    strict(
        "date_trunc",
        &[Ty::Text, Ty::Timestamp],
        Ty::Timestamp,
        trunc,
    ),
    strict(
        "date_trunc",
        &[Ty::Text, Ty::TimestampTz],
        Ty::TimestampTz,
        trunc,
    ),
    strict("date_trunc", &[Ty::Text, Ty::Interval], Ty::Interval, trunc),
    strict("extract", &[Ty::Text, Ty::Date], Ty::Numeric, extract),
    strict("extract", &[Ty::Text, Ty::Time], Ty::Numeric, extract),
    strict("extract", &[Ty::Text, Ty::Timestamp], Ty::Numeric, extract),
    strict(
        "extract",
        &[Ty::Text, Ty::TimestampTz],
        Ty::Numeric,
        extract,
    ),
    strict("extract", &[Ty::Text, Ty::Interval], Ty::Numeric, extract),
    strict("date_part", &[Ty::Text, Ty::Time], Ty::Double, part),
    strict("date_part", &[Ty::Text, Ty::Timestamp], Ty::Double, part),
    strict("date_part", &[Ty::Text, Ty::TimestampTz], Ty::Double, part),
    strict("date_part", &[Ty::Text, Ty::Interval], Ty::Double, part),
];

fn field(args: &mut [Value<'_>]) -> Result<Field, ValueError> {
    let name = text_arg(args, 0)?;
    std::str::from_utf8(&name)
        .ok()
        .and_then(|name| Field::find(&name.to_ascii_lowercase()))
        .ok_or_else(|| ValueError::new("this unit of date and time is not supported"))
}

fn trunc<'v>(args: &mut [Value<'v>]) -> Output<'v> {
    fields::trunc(field(args)?, &args[1])
}

fn extract<'v>(args: &mut [Value<'v>]) -> Output<'v> {
    fields::extract(field(args)?, &args[1])
}

fn part<'v>(args: &mut [Value<'v>]) -> Output<'v> {
    match fields::extract(field(args)?, &args[1])? {
        Value::Numeric(number) => {
            let number: &Decimal = &number;
            Ok(Value::Float(number.to_float(Width::Double)?))
        }
        Value::Null => Ok(Value::Null),
        _ => Err(mismatch()),
    }
}
