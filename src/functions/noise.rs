//! `anon.noise`: a number that is off by up to a ratio. The result has no more digits before the point
//! and stays within `smallint` and `integer` if the number did: noise that would leave goes inwards.

use super::draw::Draw;
use super::subject::parameter;
use super::{Call, Example, Function, Kind, Nature, fault};
use crate::value::float::Width;
use crate::value::{Decimal, Value, ValueError};

/// The function.
pub const FUNCTION: Function = Function {
    name: "noise",
    summary: "Changes a number by up to the ratio, up or down.",
    parameters: &[
        parameter("v", Kind::Number),
        parameter("ratio", Kind::Number),
    ],
    purpose: "noise",
    returns: Kind::Number,
    keeps_bytes: false,
    nature: Nature::Keyed,
    may_collide: true,
    examples: &[
        Example {
            sql: "anon.noise(1000, 0.1)",
            result: Some("956"),
        },
        Example {
            sql: "anon.noise(1234.50::numeric, 0.1)",
            result: Some("1152.76"),
        },
    ],
    check: |args| match args.get(1) {
        Some(Some(value)) => ratio(value).map(drop),
        _ => Ok(()),
    },
    call,
};

fn ratio(value: &Value<'_>) -> Result<f64, ValueError> {
    let ratio = match value {
        Value::Int(number) => *number as f64,
        Value::Float(number) => *number,
        Value::Numeric(number) => number.to_float(Width::Double)?,
        _ => return fault("the ratio has to be a number"),
    };
    if (0.0..=1.0).contains(&ratio) {
        Ok(ratio)
    } else {
        fault("the ratio has to be from 0 to 1")
    }
}

/// Millionths of the ratio.
const STEPS: i64 = 1_000_000;

fn call<'v>(call: &Call<'_>, args: &[Value<'v>]) -> Result<Value<'v>, ValueError> {
    let ratio = ratio(args.get(1).unwrap_or(&Value::Null))?;
    let part = |identity: &[u8]| {
        Draw::keyed(call, identity).between(-STEPS, STEPS) as f64 / STEPS as f64 * ratio
    };
    match args.first() {
        Some(Value::Int(number)) => {
            let by = (*number as f64 * part(&number.to_le_bytes())).round() as i64;
            Ok(Value::Int(within(*number, by)))
        }
        Some(Value::Float(number)) if number.is_finite() => {
            Ok(Value::Float(number + number * part(&number.to_le_bytes())))
        }
        Some(Value::Numeric(number)) if number.scale().is_some() => {
            let mut identity = Vec::new();
            number.write(&mut identity);
            let scale = number.scale().and_then(|s| i32::try_from(s).ok());
            let by = number
                .mul(&Decimal::from_float(part(&identity), 15))?
                .round(scale.unwrap_or(0));
            let out = number.add(&by)?;
            let out = if whole_digits(&out) > whole_digits(number) {
                number.sub(&by)?
            } else {
                out
            };
            Ok(Value::Numeric(Box::new(out)))
        }
        Some(number @ (Value::Float(_) | Value::Numeric(_))) => Ok(number.clone()),
        _ => fault("anon.noise takes a number"),
    }
}

/// The sum, within the smallest of the integer types that holds the number.
fn within(number: i64, by: i64) -> i64 {
    let types = [i16::MAX.into(), i32::MAX.into(), i64::MAX];
    let most = types
        .into_iter()
        .find(|most| number.unsigned_abs() <= *most as u64);
    match (number.checked_add(by), most) {
        (Some(sum), Some(most)) if (-most..=most).contains(&sum) => sum,
        _ => number.saturating_sub(by),
    }
}

fn whole_digits(number: &Decimal) -> usize {
    let mut text = Vec::new();
    number.abs().write(&mut text);
    text.split(|b| *b == b'.').next().map_or(0, <[u8]>::len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::Key;

    #[test]
    fn noise_stays_within_ratio_type_and_digits() {
        let key = Key::new(b"example".to_vec()).subkey("noise");
        let made = Call {
            key: &key,
            limit: None,
            not_null: true,
            fresh: 0,
        };
        let decimal =
            |text: &str| Value::Numeric(Box::new(Decimal::parse(text.as_bytes()).unwrap()));
        let noise =
            |value: Value<'static>| (FUNCTION.call)(&made, &[value, decimal("0.5")]).unwrap();
        let mut moved = 0;
        for number in (-32_767..=32_767)
            .step_by(500)
            .chain([2_147_483_647, i64::MAX, i64::MIN])
        {
            let Value::Int(to) = noise(Value::Int(number)) else {
                panic!()
            };
            moved += i32::from(to != number);
            assert!(
                to.abs_diff(number) <= number.unsigned_abs() / 2 + 1,
                "{number} {to}"
            );
            assert!(number.unsigned_abs() > 32_767 || to.abs() <= 32_767);
        }
        assert!(moved > 100);
        for text in ["9.99", "999", "-0.001", "0"] {
            let Value::Numeric(to) = noise(decimal(text)) else {
                panic!()
            };
            let Value::Numeric(from) = decimal(text) else {
                panic!()
            };
            assert_eq!(to.scale(), from.scale());
            assert!(whole_digits(&to) <= whole_digits(&from));
        }
        assert_eq!(
            noise(Value::Numeric(Box::new(Decimal::NaN))),
            Value::Numeric(Box::new(Decimal::NaN))
        );
        assert_eq!(
            noise(Value::Float(f64::INFINITY)),
            Value::Float(f64::INFINITY)
        );
    }
}
