//! What other engines compute in their own way, and checks of what they take; only the compiler
//! names these.

use super::{Builtin, Ty, affinity, decimal_arg, float_arg, int_arg, strict, take, text_arg};
use crate::value::{Decimal, Value, ValueError};

/// The integers up to here are doubles, too.
const EXACT: f64 = 9_007_199_254_740_992.0;

pub(super) const FUNCTIONS: &[Builtin] = &[
    strict("ascii_upper", &[Ty::Text], Ty::Text, |a| {
        Ok(Value::text(text_arg(a, 0)?.to_ascii_uppercase()))
    }),
    strict("ascii_lower", &[Ty::Text], Ty::Text, |a| {
        Ok(Value::text(text_arg(a, 0)?.to_ascii_lowercase()))
    }),
    strict("at_least_one", &[Ty::Int], Ty::Int, |a| {
        match int_arg(a, 0)? {
            1.. => Ok(take(a, 0)),
            _ => Err(ValueError::new(
                "a position below 1 is not supported here: write right(text, n)",
            )),
        }
    }),
    strict("not_negative", &[Ty::Int], Ty::Int, |a| {
        match int_arg(a, 0)? {
            0.. => Ok(take(a, 0)),
            _ => Err(ValueError::new("a negative number is not supported here")),
        }
    }),
    strict("not_empty", &[Ty::Text], Ty::Text, |a| {
        let text = text_arg(a, 0)?;
        match text.is_empty() {
            false => Ok(Value::Text(text)),
            true => Err(ValueError::new("there is nothing to fill up with")),
        }
    }),
    strict(
        "mysql_quotient",
        &[Ty::Numeric, Ty::Numeric],
        Ty::Numeric,
        |a| {
            let quotient = decimal_arg(a, 0)?.mysql_div(decimal_arg(a, 1)?)?;
            Ok(Value::Numeric(Box::new(quotient)))
        },
    ),
    strict(
        "oracle_quotient",
        &[Ty::Numeric, Ty::Numeric],
        Ty::Numeric,
        |a| {
            let quotient = decimal_arg(a, 0)?.oracle_div(decimal_arg(a, 1)?)?;
            Ok(Value::Numeric(Box::new(quotient)))
        },
    ),
    strict("sqlite_double", &[Ty::Numeric], Ty::Double, |a| {
        let value = decimal_arg(a, 0)?.to_float(crate::value::float::Width::Double)?;
        match value.abs() < EXACT {
            true => Ok(Value::Float(value)),
            false => Err(ValueError::new("SQLite may hold this number as an integer")),
        }
    }),
    strict("truncated", &[Ty::Numeric], Ty::Numeric, |a| {
        Ok(Value::Numeric(Box::new(decimal_arg(a, 0)?.trunc(0))))
    }),
    strict("truncated_double", &[Ty::Double], Ty::Double, |a| {
        Ok(Value::Float(float_arg(a, 0)?.trunc()))
    }),
    strict("sqlite_round", &[Ty::Double], Ty::Double, |a| {
        Ok(Value::Float(float_arg(a, 0)?.round()))
    }),
    strict("sqlite_digits", &[Ty::Double], Ty::Numeric, |a| {
        let shortest = format!("{:?}", float_arg(a, 0)?);
        Ok(Value::Numeric(Box::new(Decimal::parse(
            shortest.as_bytes(),
        )?)))
    }),
    strict("sqlite_stored", &[Ty::Text], Ty::Text, |a| {
        let text = text_arg(a, 0)?;
        let number = affinity::stored(&text)?;
        Ok(number.map_or(Value::Text(text), Value::text))
    }),
    strict("sqlite_rank", &[Ty::Text], Ty::Text, |a| {
        Ok(Value::text(affinity::rank(&text_arg(a, 0)?)))
    }),
    strict("sqlite_whole", &[Ty::Numeric], Ty::Numeric, |a| {
        let value: &Decimal = decimal_arg(a, 0)?;
        match value.trunc(0).order(value).is_eq() {
            true => Ok(take(a, 0)),
            false => Err(not_whole()),
        }
    }),
    strict("sqlite_whole_double", &[Ty::Double], Ty::Double, |a| {
        let value = float_arg(a, 0)?;
        match value.trunc() == value {
            true => Ok(take(a, 0)),
            false => Err(not_whole()),
        }
    }),
];

fn not_whole() -> ValueError {
    ValueError::new(
        "a number that is not whole is not supported in a column of integers: write CAST(x AS INTEGER)",
    )
}
