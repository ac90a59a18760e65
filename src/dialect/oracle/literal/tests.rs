use super::*;
use crate::schema::LengthUnit;

const TEXT: DataType = DataType::Text;
const LITERALS: OracleLiterals = OracleLiterals {
    define: Some(b'&'),
    escape: None,
};

fn encode(text: &str, original: &str, data_type: &DataType) -> String {
    let mut out = Vec::new();
    let original = (!original.is_empty()).then_some(original.as_bytes());
    LITERALS
        .encode(Some(text.as_bytes()), original, data_type, &mut out)
        .unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn cells_are_read() {
    let day = DataType::Timestamp(Some(0));
    for (raw, data_type, expected) in [
        ("null", TEXT, None),
        ("''", TEXT, None),
        ("'it''s'", TEXT, Some("it's")),
        ("q'[it's]'", TEXT, Some("it's")),
        ("TO_CLOB(q'[a]') || TO_CLOB('b')", TEXT, Some("ab")),
        ("'a'||chr(10)||'b'", TEXT, Some("a\nb")),
        ("UNISTR('\\0431\\\\x')", TEXT, Some("б\\x")),
        ("EMPTY_CLOB()", TEXT, Some("")),
        ("-1.5", DataType::Numeric(None), Some("-1.5")),
        (
            "to_date('02-FEB-22','DD-MON-RR')",
            day.clone(),
            Some("2022-02-02 00:00:00"),
        ),
        (
            "DATE '2022-02-02'",
            day.clone(),
            Some("2022-02-02 00:00:00"),
        ),
        (
            "TIMESTAMP '2022-02-02 01:02:03.5'",
            DataType::Timestamp(Some(6)),
            Some("2022-02-02 01:02:03.5"),
        ),
        (
            "to_timestamp('02-FEB-22 01.02.03.000000000 PM','DD-MON-RR HH.MI.SSXFF AM')",
            DataType::Timestamp(Some(6)),
            Some("2022-02-02 13:02:03"),
        ),
        ("HEXTORAW('ABC')", DataType::Bytea, Some("\\x0abc")),
        ("EMPTY_BLOB()", DataType::Bytea, Some("\\x")),
    ] {
        let value = LITERALS.decode(raw.as_bytes(), &data_type).unwrap();
        assert_eq!(value.as_deref(), expected.map(str::as_bytes), "{raw}");
    }
    for (raw, data_type) in [
        ("SYSDATE", day.clone()),
        ("'02-FEB-22'", day.clone()),
        ("to_date('02-FÉV-22','DD-MON-RR')", day.clone()),
        ("cust_address_typ('a', 'b')", TEXT),
        ("1 + 1", DataType::Numeric(None)),
        ("seq.nextval", DataType::Numeric(None)),
        ("'AT&T'", TEXT),
    ] {
        assert!(
            LITERALS.decode(raw.as_bytes(), &data_type).is_err(),
            "{raw}"
        );
    }
}

#[test]
fn cells_are_written_as_they_were() {
    let day = DataType::Timestamp(Some(0));
    let short = DataType::Varchar(Some(20), LengthUnit::Bytes);
    for (text, original, data_type, expected) in [
        ("it's", "'x'", &short, "'it''s'"),
        ("it's", "q'[x]'", &short, "q'[it's]'"),
        ("a]'b", "q'[x]'", &short, "'a]''b'"),
        ("a]", "nq'[x]'", &short, "nq'[a]]'"),
        ("a]]'b", "nq'[x]'", &short, "N'a]]''b'"),
        ("it's", "q'éxé'", &short, "q'éit'sé'"),
        ("b", "'q'", &short, "'b'"),
        ("a'b", "'seq''d nq'", &short, "'a''b'"),
        ("c", "TO_CLOB(q'[it's]')", &TEXT, "TO_CLOB(q'[c]')"),
        ("c", "TO_CLOB(N'b')", &TEXT, "TO_NCLOB(N'c')"),
        (
            "a\n\nb;\nc",
            "'x\ny'",
            &short,
            "'a'||CHR(10)||CHR(10)||'b;'||CHR(10)||'c'",
        ),
        ("a\n/\nb\n c", "'x\ny'", &short, "'a'||CHR(10)||'/\nb\n c'"),
        ("", "'x'", &short, "NULL"),
        ("b", "TO_CLOB('a') || TO_CLOB('c')", &TEXT, "TO_CLOB('b')"),
        (
            "Ü&\\'",
            "UNISTR('\\00dc')",
            &short,
            "UNISTR('\\00dc\\0026\\005c''')",
        ),
        ("b", "TO_CLOB(q'[a]')", &TEXT, "TO_CLOB(q'[b]')"),
        ("a&b\nc", "'x'", &short, "'a'||CHR(38)||'b'||CHR(10)||'c'"),
        ("a\nb", "'x\ny'", &short, "'a\nb'"),
        ("5", "7", &DataType::Numeric(None), "5"),
        (
            "2023-03-04 00:00:00",
            "to_date('02-FEB-22','DD-MON-RR')",
            &day,
            "to_date('04-MAR-23','DD-MON-RR')",
        ),
        (
            "2023-03-04 10:00:00",
            "to_date('02-FEB-22','DD-MON-RR')",
            &day,
            "to_date('2023-03-04 10:00:00','YYYY-MM-DD HH24:MI:SS')",
        ),
        (
            "2023-03-04 00:00:00",
            "null",
            &day,
            "to_date('2023-03-04 00:00:00','YYYY-MM-DD HH24:MI:SS')",
        ),
        (
            "2023-03-04 00:00:00",
            "DATE '2022-02-02'",
            &day,
            "DATE '2023-03-04'",
        ),
        ("\\xab", "null", &DataType::Bytea, "HEXTORAW('AB')"),
    ] {
        assert_eq!(encode(text, original, data_type), expected, "{original}");
    }
}

#[test]
fn long_texts_are_written_in_pieces() {
    let text = "é'".repeat(3000);
    let written = encode(&text, "TO_CLOB('x')", &TEXT);
    let pieces: Vec<_> = written.split(" || ").collect();
    assert!(pieces.len() > 2);
    assert!(
        pieces
            .iter()
            .all(|p| p.len() <= LONGEST + "TO_CLOB('')".len())
    );
    let back = LITERALS.decode(written.as_bytes(), &TEXT).unwrap();
    assert_eq!(back.as_deref(), Some(text.as_bytes()));
}
