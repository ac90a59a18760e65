//! Cells as MySQL's server reads them, and new ones as its dumpers write them.

use super::literal::MysqlCodec;
use super::types::data_type;
use crate::dialect::script::charset::Charset;
use crate::dialect::script::clauses::TypeWords;
use crate::dialect::script::rows::RowReader;
use crate::dialect::script::tokens::testing::mysql;
use crate::dialect::{Bare, RowCodec};
use crate::schema::DataType;
use proptest::prelude::*;

fn codec(charset: &str) -> MysqlCodec {
    let mut grammar = mysql();
    grammar.charset = Charset::from_name(charset);
    MysqlCodec::new(RowReader::new(Vec::new(), grammar, false))
}

fn of(written: &str, argument: &str) -> DataType {
    data_type(&TypeWords {
        words: written.split(' ').map(str::to_owned).collect(),
        arguments: vec![argument.to_owned()],
    })
}

#[test]
fn cells_have_the_value_that_the_server_gives_them() {
    let text = of("varchar", "9");
    let (int, double, bytes) = (of("int", ""), of("double", ""), of("blob", ""));
    let (bit, date, at) = (of("bit", "9"), of("date", ""), of("datetime", ""));
    for (charset, raw, data_type, expected) in [
        ("utf8mb4", &b"'a''b'"[..], &text, Some("a'b")),
        ("utf8mb4", b"'a\\nb\\'\\\\'", &text, Some("a\nb'\\")),
        ("utf8mb4", b"\"x\"", &text, Some("x")),
        ("utf8mb4", b"'a' 'b' \"c\"", &text, Some("abc")),
        ("utf8mb4", b"N'x'", &text, Some("x")),
        ("utf8mb4", b"_latin1'\xfc'", &text, Some("\u{fc}")),
        ("latin1", b"'\xfc'", &text, Some("\u{fc}")),
        ("sjis", b"'\x95\\n'", &text, Some("\u{8868}n")),
        ("gbk", b"'\xd5\\n'", &text, Some("\u{8aa0}n")),
        ("big5", b"'\xa5\\\xaf\xe0'", &text, Some("\u{529f}\u{80fd}")),
        (
            "gb18030",
            b"'\xd5\\\x81\x30\x81\x30'",
            &text,
            Some("\u{8aa0}\u{80}"),
        ),
        ("utf8mb4", b"null", &text, None),
        ("utf8mb4", b"011", &bit, Some("11")),
        ("utf8mb4", b"00", &bit, Some("0")),
        ("utf8mb4", b"\\N", &text, None),
        ("utf8mb4", b"12", &text, Some("12")),
        ("utf8mb4", b"-12.50", &of("decimal", "9"), Some("-12.50")),
        ("utf8mb4", b"- 5", &int, Some("-5")),
        ("utf8mb4", b"TRUE", &int, Some("1")),
        ("utf8mb4", b"0x1F", &int, Some("31")),
        ("utf8mb4", b"-1.5E+3", &double, Some("-1.5E+3")),
        ("utf8mb4", b"1e-05", &double, Some("1e-05")),
        ("utf8mb4", b"0x00fF", &bytes, Some("\\x00ff")),
        ("utf8mb4", b"x'0A'", &bytes, Some("\\x0a")),
        (
            "utf8mb4",
            b"_binary '\\0\xff\\''",
            &bytes,
            Some("\\x00ff27"),
        ),
        ("latin1", b"'\xff'", &bytes, Some("\\xff")),
        ("utf8mb4", b"''", &bytes, Some("\\x")),
        ("utf8mb4", b"'\x01\\0'", &bit, Some("256")),
        ("utf8mb4", b"b'101'", &bit, Some("5")),
        ("utf8mb4", b"0x01FF", &bit, Some("511")),
        ("utf8mb4", b"_binary '\x05'", &bit, Some("5")),
        ("utf8mb4", b"7", &bit, Some("7")),
        ("utf8mb4", b"'0000-00-00'", &date, Some("-infinity")),
        ("utf8mb4", b"'0000-00-00 00:00:00'", &at, Some("-infinity")),
        ("utf8mb4", b"'2020-01-02'", &date, Some("2020-01-02")),
    ] {
        let found = codec(charset).decode(0, raw, data_type);
        let found = found.unwrap_or_else(|e| panic!("{}: {e}", raw.escape_ascii()));
        assert_eq!(
            found.as_deref(),
            expected.map(str::as_bytes),
            "{}",
            raw.escape_ascii()
        );
    }
    for raw in [
        "now()",
        "1+1",
        "DEFAULT",
        "concat('a')",
        "'a' + 'b'",
        "- 'a'",
        "(1)",
        "1e5",
        "0x",
        "a",
        "'a' COLLATE x",
        "CAST('x' AS JSON)",
        "_dec8'\u{fc}'",
        "1 2",
        "",
        "x'0g'",
        "\\n",
        "\\N 'a'",
    ] {
        let found = codec("utf8mb4").decode(0, raw.as_bytes(), &text);
        assert!(found.is_err() || raw == "0x", "{raw}: {found:?}");
    }
}

#[test]
fn partial_dates_are_not_computed_with() {
    for (raw, written) in [
        ("'2020-00-00'", "date"),
        ("'2020-01-00 00:00:00'", "datetime"),
        ("'2020-00-01'", "timestamp"),
    ] {
        let found = codec("utf8mb4").decode(0, raw.as_bytes(), &of(written, ""));
        assert!(found.is_err(), "{raw}: {found:?}");
        // As text it is what it says.
        let found = codec("utf8mb4").decode(0, raw.as_bytes(), &of("text", ""));
        assert!(found.is_ok(), "{raw}");
    }
}

#[test]
fn new_cells_keep_their_quoting() {
    let text = of("varchar", "9");
    let (int, bytes, bit) = (of("int", ""), of("blob", ""), of("bit", "9"));
    for (charset, value, original, data_type, expected) in [
        (
            "utf8mb4",
            Some("it's\\\n\0"),
            "'x'",
            &text,
            &b"'it\\'s\\\\\\n\\0'"[..],
        ),
        ("utf8mb4", Some("a\"b"), "\"x\"", &text, b"\"a\\\"b\""),
        ("utf8mb4", Some("a"), "N'x'", &text, b"N'a'"),
        ("utf8mb4", Some("😀"), "N'x'", &text, b"'\xf0\x9f\x98\x80'"),
        ("utf8mb4", Some("a"), "_utf8mb4 'x'", &text, b"_utf8mb4 'a'"),
        ("utf8mb4", Some("a"), "_latin1'x'", &text, b"'a'"),
        ("latin1", Some("ü"), "'x'", &text, b"'\xfc'"),
        ("sjis", Some("表\\"), "'x'", &text, b"'\x95\\\\\\'"),
        ("gbk", Some("\u{8aa0}'"), "'x'", &text, b"'\xd5\\\\''"),
        ("big5", Some("\u{529f}"), "'x'", &text, b"'\xa5\\'"),
        (
            "gb18030",
            Some("\u{8aa0}\u{80}"),
            "\\N",
            &text,
            b"'\xd5\\\x81\x30\x81\x30'",
        ),
        ("utf8mb4", Some("5"), "7", &int, b"5"),
        ("utf8mb4", Some("5"), "'7'", &int, b"'5'"),
        ("utf8mb4", Some("5"), "NULL", &int, b"5"),
        ("utf8mb4", Some("5"), "NULL", &text, b"'5'"),
        ("utf8mb4", Some("\\x00ff27"), "0xAB", &bytes, b"0x00FF27"),
        ("utf8mb4", Some("\\x00ff27"), "'x'", &bytes, b"'\\0\xff\\''"),
        (
            "utf8mb4",
            Some("\\x0027"),
            "_binary 'x'",
            &bytes,
            b"_binary '\\0\\''",
        ),
        ("utf8mb4", Some("\\x0a"), "x'00'", &bytes, b"x'0A'"),
        ("sjis", Some("\\x955c"), "'x'", &bytes, b"0x955C"),
        ("utf8mb4", Some("\\x"), "0xAB", &bytes, b"''"),
        ("utf8mb4", Some("257"), "'\\0'", &bit, b"'\x01\x01'"),
        ("utf8mb4", Some("5"), "b'1'", &bit, b"b'101'"),
        ("utf8mb4", Some("5"), "0x1", &bit, b"0x0005"),
        ("utf8mb4", Some("5"), "NULL", &bit, b"b'101'"),
        (
            "utf8mb4",
            Some("-infinity"),
            "'2020-01-01'",
            &of("date", ""),
            b"'0000-00-00'",
        ),
        ("utf8mb4", None, "'x'", &text, b"NULL"),
    ] {
        let mut out = Vec::new();
        let original = Some(original.as_bytes());
        let value = value.map(str::as_bytes);
        codec(charset)
            .encode(0, value, original, data_type, &mut out)
            .unwrap();
        assert_eq!(
            out,
            expected,
            "{} {}",
            out.escape_ascii(),
            expected.escape_ascii()
        );
    }
    let mut out = Vec::new();
    let refused = codec("utf8mb4");
    assert!(
        refused
            .encode(0, Some(b"512"), None, &bit, &mut out)
            .is_err()
    );
    assert!(
        refused
            .encode(0, Some(b"NaN"), None, &int, &mut out)
            .is_err()
    );
    assert!(
        codec("latin1")
            .encode(0, Some("表".as_bytes()), None, &text, &mut out)
            .is_err()
    );
}

proptest! {
    /// What shows of a cell is what it holds, and would be written like this again.
    #[test]
    fn bare_cells_are_written_as_they_are(content in "(\\\\[nr'\"0Zt\\\\]|[a-z@.]{0,20}|''|\"|'|\n|\\\\|é){0,5}") {
        let (codec, text) = (codec("utf8mb4"), of("text", ""));
        let raw = format!("'{content}'").into_bytes();
        let bare = codec.bare(&raw);
        let (Bare::Text(shown) | Bare::Lines(shown)) = bare.clone() else {
            return Ok(());
        };
        let holds = codec.decode(0, &raw, &text).unwrap().unwrap();
        if let Bare::Text(_) = bare {
            prop_assert_eq!(&raw[shown], &*holds);
        }
        let mut again = Vec::new();
        codec.encode(0, Some(&holds), Some(&raw), &text, &mut again).unwrap();
        prop_assert_eq!(again, raw);
    }
}

#[test]
fn texts_with_line_ends_and_quotes_show() {
    for (raw, lines) in [
        (&br#"'{\"a\": \"b@c.de\"}\r\n'"#[..], true),
        (br"'it\'s'", true),
        (br"'a\\n'", false),
        (br"'a\0'", false),
        (br#"'a"b\n'"#, false),
        (br"'it''s'", false),
        (br"'a\'", false),
    ] {
        let bare = codec("utf8mb4").bare(raw);
        assert_eq!(
            matches!(bare, Bare::Lines(_)),
            lines,
            "{}",
            raw.escape_ascii()
        );
    }
}
