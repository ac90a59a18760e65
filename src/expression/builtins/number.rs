//! Functions over numbers.

use super::{Builtin, Output, Ty, decimal_arg, float_arg, int_arg, strict};
use crate::schema::DataType;
use crate::value::{Decimal, Operation, Value, ValueError, arithmetic};

pub(super) const FUNCTIONS: &[Builtin] = &[
    strict("abs", &[Ty::SmallInt], Ty::SmallInt, |a| {
        within(
            int_arg(a, 0)?.checked_abs(),
            i64::from(i16::MAX),
            "smallint",
        )
    }),
    strict("abs", &[Ty::Int], Ty::Int, |a| {
        within(int_arg(a, 0)?.checked_abs(), i64::from(i32::MAX), "integer")
    }),
    strict("abs", &[Ty::BigInt], Ty::BigInt, |a| {
        within(int_arg(a, 0)?.checked_abs(), i64::MAX, "bigint")
    }),
    strict("abs", &[Ty::Numeric], Ty::Numeric, |a| {
        decimal(decimal_arg(a, 0)?.abs())
    }),
    strict("abs", &[Ty::Real], Ty::Real, |a| {
        Ok(Value::Float(float_arg(a, 0)?.abs()))
    }),
    strict("abs", &[Ty::Double], Ty::Double, |a| {
        Ok(Value::Float(float_arg(a, 0)?.abs()))
    }),
    strict("round", &[Ty::Numeric], Ty::Numeric, |a| {
        decimal(decimal_arg(a, 0)?.round(0))
    }),
    strict("round", &[Ty::Numeric, Ty::Int], Ty::Numeric, |a| {
        decimal(decimal_arg(a, 0)?.round(places(a)?))
    }),
    strict("round", &[Ty::Double], Ty::Double, |a| {
        Ok(Value::Float(float_arg(a, 0)?.round_ties_even()))
    }),
    strict("trunc", &[Ty::Numeric], Ty::Numeric, |a| {
        decimal(decimal_arg(a, 0)?.trunc(0))
    }),
    strict("trunc", &[Ty::Numeric, Ty::Int], Ty::Numeric, |a| {
        decimal(decimal_arg(a, 0)?.trunc(places(a)?))
    }),
    strict("trunc", &[Ty::Double], Ty::Double, |a| {
        Ok(Value::Float(float_arg(a, 0)?.trunc()))
    }),
    strict("ceil", &[Ty::Numeric], Ty::Numeric, |a| {
        decimal(decimal_arg(a, 0)?.ceil())
    }),
    strict("ceil", &[Ty::Double], Ty::Double, |a| {
        Ok(Value::Float(float_arg(a, 0)?.ceil()))
    }),
    strict("floor", &[Ty::Numeric], Ty::Numeric, |a| {
        decimal(decimal_arg(a, 0)?.floor())
    }),
    strict("floor", &[Ty::Double], Ty::Double, |a| {
        Ok(Value::Float(float_arg(a, 0)?.floor()))
    }),
    strict("sign", &[Ty::Numeric], Ty::Numeric, |a| {
        decimal(decimal_arg(a, 0)?.sign())
    }),
    strict("sign", &[Ty::Double], Ty::Double, |a| {
        let value = float_arg(a, 0)?;
        Ok(Value::Float(if value > 0.0 {
            1.0
        } else if value < 0.0 {
            -1.0
        } else {
            0.0
        }))
    }),
    strict("mod", &[Ty::SmallInt, Ty::SmallInt], Ty::SmallInt, |a| {
        compute(Operation::Mod, a, &DataType::SmallInt)
    }),
    strict("mod", &[Ty::Int, Ty::Int], Ty::Int, |a| {
        compute(Operation::Mod, a, &DataType::Integer)
    }),
    strict("mod", &[Ty::BigInt, Ty::BigInt], Ty::BigInt, |a| {
        compute(Operation::Mod, a, &DataType::BigInt)
    }),
    strict("mod", &[Ty::Numeric, Ty::Numeric], Ty::Numeric, |a| {
        compute(Operation::Mod, a, &DataType::Numeric(None))
    }),
    strict("power", &[Ty::Double, Ty::Double], Ty::Double, power),
    strict("sqrt", &[Ty::Double], Ty::Double, |a| {
        let value = float_arg(a, 0)?;
        if value < 0.0 {
            return Err(ValueError::new(
                "cannot take square root of a negative number",
            ));
        }
        Ok(Value::Float(value.sqrt()))
    }),
];

fn decimal<'v>(value: Decimal) -> Output<'v> {
    Ok(Value::Numeric(Box::new(value)))
}

fn within<'v>(value: Option<i64>, largest: i64, name: &'static str) -> Output<'v> {
    match value {
        Some(value) if value <= largest => Ok(Value::Int(value)),
        _ => Err(ValueError::new(format!("{name} out of range"))),
    }
}

fn places(args: &[Value<'_>]) -> Result<i32, ValueError> {
    let places = int_arg(args, 1)?.clamp(-2000, 2000);
    Ok(places as i32)
}

fn compute<'v>(operation: Operation, args: &[Value<'v>], result: &DataType) -> Output<'v> {
    arithmetic::compute(operation, &args[0], &args[1], result)
}

fn power<'v>(args: &mut [Value<'v>]) -> Output<'v> {
    let (base, exponent) = (float_arg(args, 0)?, float_arg(args, 1)?);
    if base == 0.0 && exponent < 0.0 {
        return Err(ValueError::new(
            "zero raised to a negative power is undefined",
        ));
    }
    if base < 0.0 && base.is_finite() && exponent.is_finite() && exponent.fract() != 0.0 {
        return Err(ValueError::new(
            "a negative number raised to a non-integer power yields a complex result",
        ));
    }
    let result = base.powf(exponent);
    let finite = base.is_finite() && exponent.is_finite();
    if result.is_infinite() && finite {
        return Err(ValueError::new("value out of range: overflow"));
    }
    if result == 0.0 && base != 0.0 && finite {
        return Err(ValueError::new("value out of range: underflow"));
    }
    Ok(Value::Float(result))
}
