use super::*;

/// standard_conforming_strings, encoding, text, its units.
type Case<'a> = (bool, &'a str, &'a [u8], &'a [(Unit, &'a [u8])]);

/// The units of `text`, each as its bytes, however the text is cut.
fn units(rules: &Rules, text: &[u8], cut: usize) -> (Vec<(Unit, Vec<u8>)>, Option<Open>) {
    let mut lexer = Lexer::default();
    let mut out: Vec<(Unit, Vec<u8>)> = Vec::new();
    let (mut at, mut have) = (0, 0);
    loop {
        if at < have {
            match lexer.step(rules, &text[..have], at, have == text.len()) {
                Step::Unit(kind, end) => {
                    let bytes = &text[at..end];
                    match out.last_mut() {
                        Some((Unit::Space, last)) if kind == Unit::Space => {
                            last.extend_from_slice(bytes);
                        }
                        _ => out.push((kind, bytes.to_vec())),
                    }
                    at = end;
                    continue;
                }
                Step::More if have == text.len() => break,
                Step::More => {}
            }
        } else if have == text.len() {
            break;
        }
        have = (have + cut).min(text.len());
    }
    (out, lexer.open().cloned())
}

fn rules(standard: bool, charset: &str) -> Rules {
    Rules {
        standard,
        charset: Charset::from_name(charset),
    }
}

#[test]
fn units_end_where_the_server_ends_them() {
    use Unit::{Comment, Literal, Mark, Number, Quoted, Space, Word};
    let sjis = b"E'\x95\\'\x95\\";
    let cases: &[Case] = &[
        (true, "UTF8", b"a$b$c", &[(Word, b"a$b$c")]),
        (true, "UTF8", b"'a''b'", &[(Literal, b"'a''b'")]),
        (
            true,
            "UTF8",
            b"'a\\';",
            &[(Literal, b"'a\\'"), (Mark(b';'), b";")],
        ),
        (false, "UTF8", b"'a\\';'", &[(Literal, b"'a\\';'")]),
        (
            true,
            "UTF8",
            b"e'\\'' U&'x\\'",
            &[(Literal, b"e'\\''"), (Space, b" "), (Literal, b"U&'x\\'")],
        ),
        (
            true,
            "UTF8",
            b"'a' -- c ' ;\n 'b'",
            &[(Literal, b"'a' -- c ' ;\n 'b'")],
        ),
        (
            true,
            "UTF8",
            b"'a' 'b'",
            &[(Literal, b"'a'"), (Space, b" "), (Literal, b"'b'")],
        ),
        (true, "UTF8", b"E'a'\n'\\''", &[(Literal, b"E'a'\n'\\''")]),
        (
            true,
            "UTF8",
            b"\"a\"\"b;\" u&\"c\"",
            &[
                (Quoted, b"\"a\"\"b;\""),
                (Space, b" "),
                (Quoted, b"u&\"c\""),
            ],
        ),
        (
            true,
            "UTF8",
            b"$$a;$x$$$1",
            &[(Literal, b"$$a;$x$$"), (Mark(b'$'), b"$"), (Number, b"1")],
        ),
        (true, "UTF8", b"$T$ $t$ $T$", &[(Literal, b"$T$ $t$ $T$")]),
        (
            true,
            "UTF8",
            b"/*/*'*/;*/x--;'\ry",
            &[
                (Comment, b"/*/*'*/;*/"),
                (Word, b"x"),
                (Comment, b"--;'"),
                (Space, b"\r"),
                (Word, b"y"),
            ],
        ),
        (
            true,
            "UTF8",
            b"+/*c*/-1",
            &[
                (Mark(b'+'), b"+"),
                (Comment, b"/*c*/"),
                (Mark(b'-'), b"-"),
                (Number, b"1"),
            ],
        ),
        (
            true,
            "SJIS",
            sjis,
            &[(Literal, b"E'\x95\\'"), (Word, b"\x95\\")],
        ),
        (
            true,
            "GB18030",
            b"\x81\x30\x81\x30a",
            &[(Word, b"\x81\x30\x81\x30a")],
        ),
    ];
    for (standard, charset, text, expected) in cases {
        for cut in 1..=text.len() {
            let (found, open) = units(&rules(*standard, charset), text, cut);
            let found: Vec<_> = found.iter().map(|(k, b)| (*k, b.as_slice())).collect();
            assert_eq!(&found, expected, "{text:?} cut at {cut}");
            assert_eq!(open, None);
        }
    }
}

#[test]
fn what_is_open_at_the_end_is_known() {
    for (text, open) in [
        (&b"x 'a''"[..], Some(Open::Quote(b'\'', false))),
        (b"E'a\\'", Some(Open::Quote(b'\'', true))),
        (b"\"a", Some(Open::Quote(b'"', false))),
        (b"$a$ $", Some(Open::Dollar(b"$a$".to_vec()))),
        (b"/* /* */", Some(Open::Block(1))),
        (b"-- x", None),
        (b"'a'", None),
    ] {
        for cut in 1..=text.len() {
            assert_eq!(units(&rules(true, "UTF8"), text, cut).1, open, "{text:?}");
        }
    }
}
