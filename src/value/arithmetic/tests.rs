use super::*;
use crate::value::{parse, write};

fn apply(a: (&str, DataType), operation: Operation, b: (&str, DataType)) -> String {
    let Some(data_type) = result_type(operation, &a.1, &b.1) else {
        return "no operator".to_owned();
    };
    let (left, right) = (
        parse(a.0.as_bytes(), &a.1).unwrap(),
        parse(b.0.as_bytes(), &b.1).unwrap(),
    );
    match compute(operation, &left, &right, &data_type) {
        Ok(value) => {
            let mut out = Vec::new();
            write(&value, &data_type, &mut out);
            String::from_utf8(out).unwrap()
        }
        Err(error) => error.to_string(),
    }
}

/// The answers are PostgreSQL's.
#[test]
fn numbers_meet_in_the_wider_type() {
    use DataType::*;
    use Operation::*;
    for (a, operation, b, expected) in [
        (
            ("32767", SmallInt),
            Add,
            ("1", SmallInt),
            "smallint out of range",
        ),
        (("32767", SmallInt), Add, ("1", Integer), "32768"),
        (
            ("-32768", SmallInt),
            Div,
            ("-1", SmallInt),
            "smallint out of range",
        ),
        (("-9223372036854775808", BigInt), Mod, ("-1", BigInt), "0"),
        (("-7", Integer), Div, ("2", Integer), "-3"),
        (("-7", Integer), Mod, ("2", Integer), "-1"),
        (("7", Integer), Div, ("0", Integer), "division by zero"),
        (
            ("7", Integer),
            Div,
            ("2.0", Numeric(None)),
            "3.5000000000000000",
        ),
        (("0.1", Real), Add, ("0.2", Real), "0.3"),
        (("0.1", Real), Add, ("1", Integer), "1.1000000014901161"),
        (
            ("0.1", Numeric(None)),
            Add,
            ("0.2", Double),
            "0.30000000000000004",
        ),
        (
            ("1e308", Double),
            Mul,
            ("10", Integer),
            "value out of range: overflow",
        ),
        (
            ("1e-300", Double),
            Mul,
            ("1e-300", Double),
            "value out of range: underflow",
        ),
        (
            ("3e38", Real),
            Add,
            ("3e38", Real),
            "value out of range: overflow",
        ),
        (("1", Double), Div, ("0", Integer), "division by zero"),
        (("Infinity", Double), Sub, ("Infinity", Double), "NaN"),
        (("1", Double), Mod, ("1", Double), "no operator"),
        (("1", Text), Add, ("1", Integer), "no operator"),
    ] {
        assert_eq!(
            apply(a.clone(), operation, b.clone()),
            expected,
            "{a:?} {operation:?} {b:?}"
        );
    }
}

/// The answers are PostgreSQL's.
#[test]
fn dates_and_intervals() {
    use DataType::*;
    use Operation::*;
    let stamp = Timestamp(None);
    for (a, operation, b, expected) in [
        (("2024-02-28", Date), Add, ("2", Integer), "2024-03-01"),
        (("2", Integer), Add, ("2024-02-28", Date), "2024-03-01"),
        (("2024-03-01", Date), Sub, ("2024-02-28", Date), "2"),
        (("infinity", Date), Sub, ("2", Integer), "infinity"),
        (
            ("5874897-12-31", Date),
            Add,
            ("1", Integer),
            "date out of range",
        ),
        (
            ("2024-01-31", Date),
            Add,
            ("1 month", Interval),
            "2024-02-29 00:00:00",
        ),
        (
            ("2024-03-31", stamp.clone()),
            Sub,
            ("1 month 1 day", Interval),
            "2024-02-28 00:00:00",
        ),
        (
            ("1 hour", Interval),
            Add,
            ("2024-03-31", TimestampTz(None)),
            "2024-03-31 01:00:00+00",
        ),
        (
            ("2024-03-31", Date),
            Add,
            ("10:00", Time(None)),
            "2024-03-31 10:00:00",
        ),
        (
            ("2024-03-31 12:00", stamp.clone()),
            Sub,
            ("2024-01-01 13:00", stamp.clone()),
            "89 days 23:00:00",
        ),
        (
            ("2024-01-01", Date),
            Sub,
            ("2024-01-02 01:00", stamp),
            "-1 days -01:00:00",
        ),
        (
            ("23:00", Time(None)),
            Add,
            ("2 hours", Interval),
            "01:00:00",
        ),
        (
            ("01:00", Time(None)),
            Sub,
            ("1 day 2 hours", Interval),
            "23:00:00",
        ),
        (
            ("01:00", Time(None)),
            Sub,
            ("02:30", Time(None)),
            "-01:30:00",
        ),
        (
            ("1 day", Interval),
            Mul,
            ("1.5", Numeric(None)),
            "1 day 12:00:00",
        ),
        (("2", Integer), Mul, ("1 mon", Interval), "2 mons"),
        (("1 day", Interval), Div, ("0", Integer), "division by zero"),
        (
            ("1 day", Interval),
            Sub,
            ("1 hour", Interval),
            "1 day -01:00:00",
        ),
        (
            ("1 day", Interval),
            Sub,
            ("2024-01-01", Date),
            "no operator",
        ),
    ] {
        assert_eq!(
            apply(a.clone(), operation, b.clone()),
            expected,
            "{a:?} {operation:?} {b:?}"
        );
    }
}

#[test]
fn negation_stays_in_range() {
    assert!(negate(&Value::Int(-32768), &DataType::SmallInt).is_err());
    assert_eq!(
        negate(&Value::Int(-32768), &DataType::Integer),
        Ok(Value::Int(32768))
    );
    assert!(negate(&Value::Int(i64::MIN), &DataType::BigInt).is_err());
    assert!(negate(&Value::Bool(true), &DataType::Boolean).is_err());
}
