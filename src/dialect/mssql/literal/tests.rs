use super::*;
use crate::schema::LengthUnit;

const TEXT: DataType = DataType::Text;

#[test]
fn cells_are_read() {
    let literals = TsqlLiterals::default();
    for (raw, data_type, expected) in [
        ("NULL", TEXT, None),
        ("N'it''s'", TEXT, Some("it's")),
        ("'a' COLLATE Latin1_General_CI_AS", TEXT, Some("a")),
        ("N'a\\' + N'\r\nb'", TEXT, Some("a\\\r\nb")),
        ("N'a\\\r\nb'", TEXT, Some("ab")),
        (
            "CAST(N'2020-01-02T03:04:05.678' AS DateTime)",
            DataType::Timestamp(Some(3)),
            Some("2020-01-02 03:04:05.678"),
        ),
        (
            "CAST(N'2020-01-02' AS Date)",
            DataType::Date,
            Some("2020-01-02"),
        ),
        (
            "CAST(12.50 AS Decimal(10, 2))",
            DataType::Numeric(Some((10, 2))),
            Some("12.50"),
        ),
        (
            "CAST(0x0000A5B400000000 AS DateTime)",
            DataType::Timestamp(Some(3)),
            Some("2016-02-22 00:00:00"),
        ),
        ("CONVERT(TEXT, N'x' COLLATE y)", TEXT, Some("x")),
        ("CONVERT(xml, N'<a/>', 1)", DataType::Xml, Some("<a/>")),
        (
            "CONVERT(varbinary(8), '0xABCD', 1)",
            DataType::Bytea,
            Some("\\xabcd"),
        ),
        (
            "CONVERT(datetime, '02/01/2020 10:00', 103)",
            DataType::Timestamp(Some(3)),
            Some("2020-01-02 10:00"),
        ),
        (
            "CAST(0x5A950A00 AS Date)",
            DataType::Date,
            Some("1899-12-31"),
        ),
        ("$12.50", DataType::Numeric(None), Some("12.50")),
        ("-$.5", DataType::Numeric(None), Some("-0.5")),
        ("N'a' + CHAR(13) + NCHAR(8364)", TEXT, Some("a\r€")),
        ("1", DataType::Boolean, Some("t")),
        ("0", DataType::Boolean, Some("f")),
        ("-1.5E-300", DataType::Double, Some("-1.5E-300")),
        ("0xABC", DataType::Bytea, Some("\\x0abc")),
        ("0x", DataType::Bytea, Some("\\x")),
    ] {
        let value = literals.decode(raw.as_bytes(), &data_type).unwrap();
        assert_eq!(value.as_deref(), expected.map(str::as_bytes), "{raw}");
    }
    for (raw, data_type) in [
        ("getdate()", DataType::Timestamp(None)),
        ("N'a' + @b", TEXT),
        ("DEFAULT", TEXT),
        ("1 + 2", DataType::Integer),
        ("N'02/03/2020'", DataType::Timestamp(None)),
        ("CAST(0x07 AS Date)", DataType::Date),
        (
            "CONVERT(datetime, N'2020-01-02', 103)",
            DataType::Timestamp(None),
        ),
        ("N'a' + CHAR(200)", TEXT),
        ("$x", DataType::Numeric(None)),
    ] {
        assert!(
            literals.decode(raw.as_bytes(), &data_type).is_err(),
            "{raw}"
        );
    }
}

#[test]
fn cells_are_written_as_they_were() {
    let literals = TsqlLiterals::default();
    let moment = DataType::Timestamp(Some(3));
    for (text, original, data_type, expected) in [
        (Some("it's"), "N'x'", TEXT, "N'it''s'"),
        (Some("b"), "'x'", TEXT, "'b'"),
        (Some("ü"), "'x'", TEXT, "N'ü'"),
        (None, "N'x'", TEXT, "NULL"),
        (
            Some("x"),
            "NULL",
            DataType::Varchar(Some(9), LengthUnit::Characters),
            "N'x'",
        ),
        (Some("a\\\nb"), "N'x'", TEXT, "N'a\\' + N'\nb'"),
        (
            Some("2020-01-02 03:04:05"),
            "CAST(N'1999-01-01T00:00:00.000' AS DateTime)",
            moment.clone(),
            "CAST(N'2020-01-02T03:04:05' AS DateTime)",
        ),
        (
            Some("2020-01-02 03:04:05+00"),
            "NULL",
            DataType::TimestampTz(None),
            "N'2020-01-02T03:04:05+00:00'",
        ),
        (
            Some("2020-01-02 03:04:05"),
            "CAST(0x0000A5B400000000 AS DateTime)",
            moment,
            "N'2020-01-02T03:04:05'",
        ),
        (
            Some("7.00"),
            "CAST(12.50 AS Decimal(10, 2))",
            DataType::Numeric(Some((10, 2))),
            "CAST(7.00 AS Decimal(10, 2))",
        ),
        (
            Some("2020-01-03"),
            "CONVERT(date, '02/01/2020', 103)",
            DataType::Date,
            "'2020-01-03'",
        ),
        (
            Some("2020-01-03"),
            "CAST(0x5A950A00 AS Date)",
            DataType::Date,
            "N'2020-01-03'",
        ),
        (Some("13.50"), "-$12.50", DataType::Numeric(None), "13.50"),
        (Some("a$(b)"), "'x'", TEXT, "'a$' + '(b)'"),
        (Some("b"), "'XN'", TEXT, "'b'"),
        (Some("f"), "1", DataType::Boolean, "0"),
        (Some("t"), "NULL", DataType::Boolean, "1"),
        (Some("5"), "7", DataType::Integer, "5"),
        (Some("\\xab"), "0x00", DataType::Bytea, "0xAB"),
        (Some("5"), "N'7'", DataType::Unknown, "N'5'"),
        (Some("x"), "'a' + 'b' COLLATE z", TEXT, "'x' COLLATE z"),
    ] {
        let mut out = Vec::new();
        literals
            .encode(
                text.map(str::as_bytes),
                Some(original.as_bytes()),
                &data_type,
                &mut out,
            )
            .unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected, "{original}");
    }
    let mut out = Vec::new();
    assert!(
        literals
            .encode(Some(b"a\0"), None, &TEXT, &mut out)
            .is_err()
    );
}
