use super::*;
use proptest::prelude::*;

/// The frames of a file: what they are, and their bytes.
fn frames(text: &[u8], chunk: usize) -> Vec<(&'static str, Vec<u8>)> {
    let mut framer = Properties.framer_of(Some("x.ini"));
    let mut input = BytesMut::new();
    let mut out: Vec<(&'static str, Vec<u8>)> = Vec::new();
    let mut chunks = text.chunks(chunk);
    loop {
        let more = chunks.next();
        input.extend_from_slice(more.unwrap_or_default());
        while let Some(frame) = framer.next(&mut input, more.is_none()).unwrap() {
            let what = match &frame {
                Frame::Head { .. } => "head",
                Frame::Rows { .. } => "rows",
                Frame::End { .. } => "end",
                _ => "other",
            };
            match out.last_mut() {
                Some((last, bytes)) if *last == what => bytes.extend_from_slice(frame.bytes()),
                _ => out.push((what, frame.bytes().to_vec())),
            }
        }
        if more.is_none() {
            assert!(input.is_empty());
            return out;
        }
    }
}

/// The pairs of a file, decoded.
fn pairs(text: &[u8]) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for (what, bytes) in frames(text, text.len().max(1)) {
        if what != "rows" {
            continue;
        }
        let mut row = RowSpan::default();
        let mut at = 0;
        while PairCodec.row(&bytes, at, &mut row).unwrap() {
            at = row.body.end;
            let half = |n: usize| {
                let raw = &bytes[row.cells[n].clone()];
                let text = PairCodec.decode(n, raw, &DataType::Text).unwrap();
                String::from_utf8(text.unwrap().into_owned()).unwrap()
            };
            out.push((half(0), half(1)));
        }
        assert_eq!(at, bytes.len());
    }
    out
}

#[test]
fn the_pairs_are_those_that_java_reads() {
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("", &[]),
        ("a=b", &[("a", "b")]),
        ("a=b\nc=d\n", &[("a", "b"), ("c", "d")]),
        ("a=b\r\nc=d\r", &[("a", "b"), ("c", "d")]),
        ("a : b\n\tc\td e \n", &[("a", "b"), ("c", "d e ")]),
        (
            "a b\na=\na:\na\n",
            &[("a", "b"), ("a", ""), ("a", ""), ("a", "")],
        ),
        (
            "a == b\na := b\na  = : b\n",
            &[("a", "= b"), ("a", "= b"), ("a", ": b")],
        ),
        ("# a=b\n ! c=d \\\ne=f\n\n \t\n", &[("e", "f")]),
        ("a=b#c\na=!b\n", &[("a", "b#c"), ("a", "!b")]),
        ("a=b,\\\n   c,\\\r\n\td\ne=f", &[("a", "b,c,d"), ("e", "f")]),
        ("a=b\\\\\nc=d", &[("a", "b\\"), ("c", "d")]),
        ("a=b\\\\\\\nc=d\n", &[("a", "b\\c=d")]),
        (
            "a=b\\\n# no comment\nc=d",
            &[("a", "b# no comment"), ("c", "d")],
        ),
        ("a=b\\\n\nc=d", &[("a", "b"), ("c", "d")]),
        ("\\\n\nc=d", &[("c", "d")]),
        ("\\\n  #a=b", &[("#a", "b")]),
        ("a\\\n  b = c", &[("ab", "c")]),
        ("a \\\n  = \\\n  c", &[("a", "c")]),
        ("a\\ b\\=c\\:=d", &[("a b=c:", "d")]),
        (
            "a=\\t\\n\\r\\f\\q\\u0041\\u00e9",
            &[("a", "\t\n\r\u{c}qA\u{e9}")],
        ),
        ("a=\\uD83D\\uDE00", &[("a", "\u{1f600}")]),
        ("a=b\\", &[("a", "b")]),
        ("=b\n:c", &[("", "b"), ("", "c")]),
        ("[section]\na=b", &[("[section]", ""), ("a", "b")]),
    ];
    for (text, want) in cases {
        let want: Vec<_> = want
            .iter()
            .map(|(k, v)| (k.to_string(), v.to_string()))
            .collect();
        assert_eq!(pairs(text.as_bytes()), want, "{text:?}");
    }
    assert_eq!(pairs(b"a=\xe9"), [("a".to_owned(), "\u{e9}".to_owned())]);
}

#[test]
fn a_new_half_is_read_as_what_was_written() {
    let texts = [
        "x",
        "",
        " x ",
        "=x",
        ":",
        "#x",
        "!x",
        "a=b",
        "a b",
        "a:b",
        "C:\\x",
        "\t\r\n\u{c}",
        "\u{e9}\u{1f600}\u{0}",
        "\\",
        "\\u0041",
    ];
    for original in [
        "a=b",
        "a b",
        "a : b",
        "a",
        "a:",
        " a\\\n = b\\\n  c",
        "a=b\\\n",
    ] {
        let line = original.as_bytes();
        let (key, value) = cell::halves(line);
        for text in texts {
            for (half, range) in [(0, &key), (1, &value)] {
                if half == 0 && text.is_empty() {
                    continue;
                }
                let mut out = line[..range.start].to_vec();
                let raw = Some(&line[range.clone()]);
                PairCodec
                    .encode(half, Some(text.as_bytes()), raw, &DataType::Text, &mut out)
                    .unwrap();
                out.extend_from_slice(&line[range.end..]);
                let (old_key, old_value) = pairs(line).remove(0);
                let want = match half {
                    0 => (text.to_owned(), old_value),
                    _ => (old_key, text.to_owned()),
                };
                let got = pairs(&out);
                assert_eq!(
                    got,
                    [want],
                    "{original:?} {half} {text:?} {:?}",
                    out.escape_ascii().to_string()
                );
            }
        }
    }
}

#[test]
fn what_cannot_be_written_or_read_is_a_fault() {
    let mut out = Vec::new();
    assert!(cell::encode(true, None, None, &mut out).is_err());
    assert!(cell::encode(false, Some(b""), None, &mut out).is_err());
    for raw in ["=\\u12", "=\\u12g4", "=\\ud800"] {
        assert!(cell::decode(true, raw.as_bytes()).is_err(), "{raw}");
    }
}

#[test]
fn comments_stand_between_the_blocks() {
    let text = b"# one\n\na=b\nc=d\n! two\ne=f";
    let want: Vec<(&str, &[u8])> = vec![
        ("other", b"# one\n\n"),
        ("head", b""),
        ("rows", b"a=b\nc=d\n"),
        ("end", b""),
        ("other", b"! two\n"),
        ("head", b""),
        ("rows", b"e=f"),
        ("end", b""),
    ];
    let want: Vec<_> = want.into_iter().map(|(k, b)| (k, b.to_vec())).collect();
    for chunk in [1, 2, 7, 100] {
        assert_eq!(frames(text, chunk), want, "{chunk}");
    }
}

#[test]
fn a_last_line_that_is_to_be_continued_is_refused_where_a_rule_looks() {
    for (text, refused) in [
        ("a=b\\", true),
        ("a=b\\\n", true),
        ("a=b\\\r\n  ", true),
        ("a=b\\\\\n", false),
        ("a=b\n", false),
        ("a=b", false),
    ] {
        let mut framer = Properties.framer();
        let mut input = BytesMut::from(text);
        framer.next(&mut input, true).unwrap();
        framer.rows(RowMode::Split);
        assert_eq!(framer.next(&mut input, true).is_err(), refused, "{text:?}");
    }
}

/// Bytes of which lines are made.
fn texts() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop::sample::select(&b"ab=: \t\\\r\n#!u0\xe9"[..]);
    prop::collection::vec(byte, 0..60)
}

proptest! {
    #[test]
    fn the_frames_are_the_file_however_it_comes(text in texts(), chunk in 1_usize..9) {
        let whole = frames(&text, text.len().max(1));
        prop_assert_eq!(whole.iter().flat_map(|(_, bytes)| bytes.clone()).collect::<Vec<_>>(), text.clone());
        prop_assert_eq!(frames(&text, chunk), whole);
    }

    #[test]
    fn the_cells_of_a_row_stand_in_it(text in texts()) {
        for (what, bytes) in frames(&text, text.len().max(1)) {
            if what != "rows" {
                continue;
            }
            let (mut row, mut at) = (RowSpan::default(), 0);
            while PairCodec.row(&bytes, at, &mut row).unwrap() {
                prop_assert_eq!(row.body.start, at);
                prop_assert!(row.body.start <= row.cells[0].start && row.cells[0].end == row.cells[1].start);
                prop_assert!(row.cells[1].end <= row.body.end && row.body.end > at);
                at = row.body.end;
            }
            prop_assert_eq!(at, bytes.len());
        }
    }
}
