use super::*;
use CastContext::*;

fn varchar(n: u32) -> DataType {
    DataType::Varchar(Some(n), LengthUnit::Characters)
}

fn char(n: u32) -> DataType {
    DataType::Char(n, LengthUnit::Characters)
}

fn apply(text: &str, from: &DataType, to: &DataType, context: CastContext) -> String {
    let value = parse(text.as_bytes(), from).unwrap();
    match cast(value, from, to, context) {
        Ok(Value::Null) => "NULL".to_owned(),
        Ok(value) => {
            let mut out = Vec::new();
            write(&value, to, &mut out);
            String::from_utf8(out).unwrap()
        }
        Err(error) => format!("error: {error}"),
    }
}

/// The answers are PostgreSQL's; its own error texts hold values, ours never do.
#[test]
fn values_come_to_another_type() {
    use DataType::*;
    let ints = Array(Box::new(Integer));
    let texts = Array(Box::new(varchar(2)));
    for (text, from, to, context, expected) in [
        (
            "40000",
            &Integer,
            &SmallInt,
            Assignment,
            "error: smallint out of range",
        ),
        ("2.5", &Numeric(None), &Integer, Assignment, "3"),
        ("-2.5", &Numeric(None), &Integer, Assignment, "-3"),
        (
            "1e30",
            &Numeric(None),
            &BigInt,
            Assignment,
            "error: bigint out of range",
        ),
        ("2.5", &Double, &Integer, Assignment, "2"),
        (
            "NaN",
            &Double,
            &Integer,
            Assignment,
            "error: integer out of range",
        ),
        (
            "9.3e18",
            &Double,
            &BigInt,
            Assignment,
            "error: bigint out of range",
        ),
        ("0.1", &Real, &Double, Implicit, "0.10000000149011612"),
        ("0.1", &Real, &Numeric(None), Assignment, "0.1"),
        (
            "1e39",
            &Double,
            &Real,
            Assignment,
            "error: value out of range: overflow",
        ),
        ("5", &Integer, &Boolean, Explicit, "t"),
        (
            "99.995",
            &Numeric(None),
            &Numeric(Some((4, 2))),
            Assignment,
            "error: numeric field overflow",
        ),
        (
            "99.994",
            &Numeric(None),
            &Numeric(Some((4, 2))),
            Assignment,
            "99.99",
        ),
        ("t", &Boolean, &Text, Assignment, "true"),
        ("t", &Boolean, &Name, Explicit, "t"),
        ("-1", &Integer, &Oid, Implicit, "4294967295"),
        ("4294967295", &Oid, &Integer, Assignment, "-1"),
        ("abcde", &Text, &varchar(4), Explicit, "abcd"),
        (
            "abcde",
            &Text,
            &varchar(4),
            Assignment,
            "error: value too long for type varchar(4)",
        ),
        ("abcd  ", &Text, &varchar(4), Assignment, "abcd"),
        ("äöüéx", &Text, &varchar(4), Explicit, "äöüé"),
        (
            "123",
            &Integer,
            &varchar(2),
            Assignment,
            "error: value too long for type varchar(2)",
        ),
        ("ab", &Text, &char(4), Assignment, "ab  "),
        ("ab  ", &char(4), &Text, Implicit, "ab"),
        ("ab  ", &char(4), &char(2), Assignment, "ab"),
        (
            "äö",
            &Text,
            &Varchar(Some(3), LengthUnit::Bytes),
            Explicit,
            "ä",
        ),
        (
            "a😀😀",
            &Text,
            &Varchar(Some(4), LengthUnit::Utf16),
            Explicit,
            "a😀",
        ),
        (
            "2024-02-29 23:59:59.96",
            &Timestamp(None),
            &Timestamp(Some(1)),
            Assignment,
            "2024-03-01 00:00:00",
        ),
        (
            "2024-02-29 12:00+02",
            &TimestampTz(None),
            &Date,
            Assignment,
            "2024-02-29",
        ),
        ("infinity", &Timestamp(None), &Date, Assignment, "infinity"),
        (
            "infinity",
            &Timestamp(None),
            &Time(None),
            Assignment,
            "NULL",
        ),
        (
            "294277-01-01",
            &Date,
            &Timestamp(None),
            Implicit,
            "error: date out of range for timestamp",
        ),
        ("-1 hour", &Interval, &Time(None), Assignment, "23:00:00"),
        (
            "10:00+02",
            &TimeTz(None),
            &Time(None),
            Assignment,
            "10:00:00",
        ),
        ("{ \"a\":1.0}", &Json, &Jsonb, Assignment, "{\"a\": 1.0}"),
        ("2.5", &Jsonb, &Integer, Explicit, "3"),
        (
            "\"2\"",
            &Jsonb,
            &Integer,
            Explicit,
            "error: this kind of jsonb cannot be cast to type number",
        ),
        ("10.0.0.1", &Inet, &Text, Assignment, "10.0.0.1/32"),
        (" 12 ", &Text, &Integer, Explicit, "12"),
        (
            "x",
            &Unknown,
            &Integer,
            Implicit,
            "error: invalid input syntax for type integer",
        ),
        ("{1,NULL,345}", &ints, &texts, Explicit, "{1,NULL,34}"),
        ("{1,2}", &ints, &Text, Assignment, "{1,2}"),
        ("{1, 2}", &Text, &ints, Explicit, "{1,2}"),
    ] {
        assert_eq!(
            apply(text, from, to, context),
            expected,
            "{text} {from:?} {to:?}"
        );
    }
    assert_eq!(
        cast(Value::Null, &Integer, &Text, Explicit),
        Ok(Value::Null)
    );
}

#[test]
fn the_context_decides_what_may_be_cast() {
    use DataType::*;
    for (from, to, least) in [
        (&Integer, &BigInt, Some(Implicit)),
        (&BigInt, &Integer, Some(Assignment)),
        (&Integer, &Text, Some(Assignment)),
        (&Text, &Integer, Some(Explicit)),
        (&Unknown, &Integer, Some(Implicit)),
        (&Numeric(None), &Double, Some(Implicit)),
        (&Double, &Numeric(None), Some(Assignment)),
        (&Integer, &Boolean, Some(Explicit)),
        (&SmallInt, &Boolean, None),
        (&Date, &TimestampTz(None), Some(Implicit)),
        (&Timestamp(None), &Date, Some(Assignment)),
        (&Date, &Integer, None),
        (&Uuid, &Text, Some(Assignment)),
        (&Text, &Uuid, Some(Explicit)),
        (&Text, &Citext, Some(Assignment)),
        (&Citext, &Text, Some(Implicit)),
        (&Jsonb, &Numeric(None), Some(Explicit)),
        (&Json, &Numeric(None), None),
        (
            &Array(Box::new(Integer)),
            &Array(Box::new(Text)),
            Some(Assignment),
        ),
        (&Array(Box::new(Integer)), &Integer, None),
    ] {
        for context in [Implicit, Assignment, Explicit] {
            let expected = least.is_some_and(|least| least <= context);
            assert_eq!(
                can_cast(from, to, context),
                expected,
                "{from:?} {to:?} {context:?}"
            );
        }
    }
}
