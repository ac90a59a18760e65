use super::*;
use proptest::prelude::*;

const SJIS: Lexing = Lexing {
    standard_conforming_strings: true,
    lead: Some(|b| matches!(b, 0x81..=0x9F | 0xE0..=0xFC)),
    charset: Some(encoding_rs::SHIFT_JIS),
};

fn raw(sql: &str) -> Vec<String> {
    tokens(sql.as_bytes(), Lexing::default())
        .map(|t| String::from_utf8_lossy(t.raw).into_owned())
        .collect()
}

#[test]
fn cuts_as_the_server_does() {
    let cases: &[(&str, &[&str])] = &[
        ("a /* x /* y */ ' */ b -- ' c\nd", &["a", "b", "d"]),
        ("a$b$c $b$;$b$x", &["a$b$c", "$b$;$b$", "x"]),
        ("$1+$$ $a$ $$", &["$1", "+", "$$ $a$ $$"]),
        ("'a' -- c ' ;\n 'b' 'c'", &["'a' -- c ' ;\n 'b'", "'c'"]),
        (
            "'it''s' E'a\\'b' X'1f' b'01'",
            &["'it''s'", "E'a\\'b'", "X'1f'", "b'01'"],
        ),
        ("B'1''0'", &["B'1'", "'0'"]),
        ("U&'d!0061' UESCAPE '!' x", &["U&'d!0061' UESCAPE '!'", "x"]),
        ("u&\"a\" ueber", &["u&\"a\"", "ueber"]),
        ("\"a\"\".b;\".c", &["\"a\"\".b;\"", ".", "c"]),
        ("a=-1", &["a", "=", "-", "1"]),
        ("a@-1", &["a", "@-", "1"]),
        ("+/*c*/-1.5e-3::x", &["+", "-", "1.5e-3", "::", "x"]),
        (
            "1..2 .5 0x1F 1_000 1e",
            &["1", "..", "2", ".5", "0x1F", "1_000", "1", "e"],
        ),
        (
            "\\connect 'a\\'b' \\echo x\nselect",
            &["\\connect 'a\\'b' ", "\\echo x", "select"],
        ),
        ("a \\; b", &["a", "\\;", "b"]),
        ("x['1']", &["x", "[", "'1'", "]"]),
    ];
    for (sql, expected) in cases {
        assert_eq!(&raw(sql), expected, "{sql}");
    }
}

#[test]
fn unfinished_quotes_reach_to_the_end() {
    for sql in [
        "'abc", "\"abc", "$$abc", "E'abc\\'", "$a$ $b$", "U&'x", "X'1",
    ] {
        let all: Vec<_> = tokens(sql.as_bytes(), Lexing::default()).collect();
        assert_eq!(all.len(), 1, "{sql}");
        assert_eq!(all[0].kind, Kind::Unfinished, "{sql}");
        assert_eq!(all[0].value(), None);
    }
    assert_eq!(raw("a /* b"), ["a"]);
}

#[test]
fn values() {
    let cases: &[(&str, Option<&str>)] = &[
        ("''", Some("")),
        ("'a''b'", Some("a'b")),
        ("'a\\n'", Some("a\\n")),
        ("'a'\n  'b'''", Some("ab'")),
        (
            "E'\\b\\f\\n\\r\\t\\x41\\101\\q\\'\\\\'''",
            Some("\x08\x0C\n\r\tAAq'\\'"),
        ),
        ("E'a\\n'\n'b\\n'", Some("a\nb\n")),
        ("e'\\u00e9\\U0001F600\\uD83D\\uDE00'", Some("é😀😀")),
        ("E'\\u00'", None),
        ("E'a\\000'", None),
        ("E'\\x0'", None),
        ("E'\\v'", None),
        ("E'\\uD83Dx'", None),
        ("U&'d\\0061t\\+000061\\\\'", Some("data\\")),
        ("U&'d!0061!!' uescape '!'", Some("da!")),
        ("U&'\\D83D\\DE00'", Some("😀")),
        ("U&'\\D83D'", None),
        ("U&'\\zzzz'", None),
        ("B'0101'", Some("0101")),
        ("X'1f'", Some("00011111")),
        ("X'1g'", None),
        ("N'x''y'", Some("x'y")),
        ("$$a'b$$", Some("a'b")),
        ("$t$a$$b$t$", Some("a$$b")),
        ("abc", None),
    ];
    for (sql, expected) in cases {
        let token = tokens(sql.as_bytes(), Lexing::default()).next().unwrap();
        assert_eq!(token.end, sql.len(), "{sql}");
        assert_eq!(
            token.value().as_deref(),
            expected.map(str::as_bytes),
            "{sql}"
        );
    }
}

#[test]
fn backslashes_escape_with_standard_conforming_strings_off() {
    let lexing = Lexing {
        standard_conforming_strings: false,
        ..Lexing::default()
    };
    for sql in ["'a\\'b'", "N'a\\'b'"] {
        let all: Vec<_> = tokens(sql.as_bytes(), lexing).collect();
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].value().unwrap().as_ref(), b"a'b");
    }
}

#[test]
fn names() {
    let cases = [
        ("Abc$1", "abc$1"),
        ("ÄB", "Äb"),
        ("\"A\"\"b\"", "A\"b"),
        ("U&\"d\\0061\\0020x\"", "da x"),
        ("U&\"d!0061\" UESCAPE '!'", "da"),
    ];
    for (sql, expected) in cases {
        let token = tokens(sql.as_bytes(), Lexing::default()).next().unwrap();
        assert_eq!(token.name().as_deref(), Some(expected), "{sql}");
    }
    let mut list = tokens(b"A.\"B\" . c d", Lexing::default());
    assert_eq!(list.qualified_name().unwrap(), ["a", "B", "c"]);
    assert!(list.at_keyword("D"));
    assert_ne!(
        Lexing::default().text(b"\xE9"),
        Lexing::default().text(b"\xE8")
    );
}

#[test]
fn trail_bytes_in_the_ascii_range_are_no_syntax() {
    // 表 is 95 5C, and so is its second byte a backslash; 能 is 94 5C.
    let sql = b"\x95\x5C.\"\x94\x5C\" '\x95\x5C' E'\x95\x5C' $\x95\x5C$'$\x95\x5C$ x";
    let all: Vec<_> = tokens(sql, SJIS).collect();
    assert_eq!(all.len(), 7);
    assert_eq!(all[0].name().as_deref(), Some("表"));
    assert_eq!(all[2].name().as_deref(), Some("能"));
    assert_eq!(all[3].value().unwrap().as_ref(), b"\x95\x5C");
    assert_eq!(all[4].value().unwrap().as_ref(), b"\x95\x5C");
    assert!(all[6].keyword("X"));
    let upper = tokens(b"\x83A\x83BC", SJIS).next().unwrap();
    assert_eq!(upper.name().unwrap(), SJIS.text(b"\x83A\x83Bc"));
}

#[test]
fn moves_by_words_and_parentheses() {
    let sql = b"CREATE  table if NOT exists t (a[1], '(' /* ( */, \"(\") x";
    let mut t = tokens(sql, Lexing::default());
    assert!(t.eat_keyword("create"));
    assert!(!t.eat_keywords("TABLE IF EXISTS"));
    assert!(t.eat_keywords("TABLE IF NOT EXISTS"));
    assert_eq!(t.name().as_deref(), Some("t"));
    let inner = t.skip_parentheses().unwrap();
    assert_eq!(&sql[inner.clone()], b"a[1], '(' /* ( */, \"(\"");
    assert_eq!(t.within(inner.clone()).next().unwrap().start, inner.start);
    assert!(t.at_keyword("x"));
    let mut t = tokens(b"x (a) [b]) (c d", Lexing::default());
    let ends = [1, 5, 9, 10, 15, 15].map(|end| {
        t.skip_group();
        (t.offset(), end)
    });
    assert!(ends.iter().all(|(found, end)| found == end), "{ends:?}");
    let mut t = tokens(b"x", Lexing::default());
    assert!(t.skip_parentheses().is_none());
    assert!(
        tokens(b"(a", Lexing::default())
            .skip_parentheses()
            .is_none()
    );
}

proptest! {
    #[test]
    fn any_bytes_terminate_with_ascending_ranges(
        sql in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..200),
            "[a-zEUXN&'\"$\\\\;:()\\[\\]/*\n .0-9!é-]{0,120}".prop_map(String::into_bytes),
        ],
        conforming in any::<bool>(),
        multibyte in any::<bool>(),
    ) {
        let mut lexing = if multibyte { SJIS } else { Lexing::default() };
        lexing.standard_conforming_strings = conforming;
        let mut last = 0;
        for token in tokens(&sql, lexing) {
            prop_assert!(token.start >= last && token.end > token.start);
            prop_assert!(token.end <= sql.len());
            prop_assert_eq!(token.raw, &sql[token.range()]);
            last = token.end;
            let _ = (token.name(), token.value());
        }
    }
}
