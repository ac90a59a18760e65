use super::super::copy_head;
use super::super::tokens::{Lexing, tokens};
use super::*;
use crate::dialect::Form;
use proptest::prelude::*;

type Row = Vec<Option<Vec<u8>>>;
/// Options, encoding, line ends, a row's bytes, its cells.
type Case<'a> = (&'a str, &'a str, Newline, &'a [u8], Row);

fn codec(options: &str, charset: &str, newline: Newline) -> TextCodec {
    let text = format!("COPY t FROM stdin {options}");
    let head = copy_head::parse(tokens(text.as_bytes(), Lexing::default())).unwrap();
    TextCodec::new(head, Charset::from_name(charset), newline, None)
}

fn rows(codec: &TextCodec, batch: &[u8]) -> Result<Vec<Row>, RowFault> {
    let mut row = RowSpan::default();
    let (mut at, mut out) = (0, Vec::new());
    while codec.row(batch, at, &mut row)? {
        at = row.body.end;
        let cells = row.cells.iter().enumerate().map(|(n, cell)| {
            codec
                .decode(n, &batch[cell.clone()], &DataType::Text)
                .map(|text| text.map(Cow::into_owned))
        });
        out.push(cells.collect::<Result<_, _>>()?);
    }
    assert_eq!(at, batch.len());
    Ok(out)
}

#[test]
fn an_end_marker_within_a_row_is_refused() {
    let codec = codec("", "UTF8", Newline::Lf);
    for batch in [&b"1\ta\\.\n"[..], b"\\.x\t1\n", b"\\\\\\.\n"] {
        let fault = codec.row(batch, 0, &mut RowSpan::default()).unwrap_err();
        assert!(fault.0.contains("unescaped"), "{batch:?}: {fault}");
    }
}

#[test]
fn cells_are_read_as_the_server_reads_them() {
    let some = |text: &[u8]| Some(text.to_vec());
    let cases: &[Case] = &[
        (
            "",
            "UTF8",
            Newline::Lf,
            b"1\t\\N\t\\\\N\n",
            vec![some(b"1"), None, some(b"\\N")],
        ),
        (
            "",
            "UTF8",
            Newline::Lf,
            b"\\b\\f\\n\\r\\t\\v\\\\.\n",
            vec![some(b"\x08\x0c\n\r\t\x0b\\.")],
        ),
        (
            "",
            "UTF8",
            Newline::Lf,
            b"\\101\\x41\\x4g\\xg\\0\n",
            vec![some(b"AA\x04gxg\0")],
        ),
        (
            "",
            "UTF8",
            Newline::Lf,
            b"a\\\nb\t\\\t\n",
            vec![some(b"a\nb"), some(b"\t")],
        ),
        ("", "UTF8", Newline::Lf, b"\n", vec![some(b"")]),
        (
            "",
            "UTF8",
            Newline::CrLf,
            b"a\tb\r\n",
            vec![some(b"a"), some(b"b")],
        ),
        (
            "",
            "UTF8",
            Newline::Cr,
            b"a\tb\r",
            vec![some(b"a"), some(b"b")],
        ),
        (
            "(DELIMITER '|', NULL 'x')",
            "UTF8",
            Newline::Lf,
            b"x|\\x|a\\|b\n",
            vec![None, some(b"x"), some(b"a|b")],
        ),
        (
            "(DELIMITER '|')",
            "SJIS",
            Newline::Lf,
            b"\x95\x5c|\x83\x7c\\n\n",
            vec![some("表".as_bytes()), some("ポ\n".as_bytes())],
        ),
        (
            "",
            "LATIN1",
            Newline::Lf,
            b"\xe9\\t\n",
            vec![some("é\t".as_bytes())],
        ),
        (
            "",
            "SQL_ASCII",
            Newline::Lf,
            b"\xe9\\351\n",
            vec![some(b"\xe9\xe9")],
        ),
    ];
    for (options, charset, newline, batch, expected) in cases {
        let found = rows(&codec(options, charset, *newline), batch).unwrap();
        assert_eq!(&found, std::slice::from_ref(expected), "{batch:?}");
    }
}

#[test]
fn doubtful_cells_and_rows_are_faults() {
    for (options, charset, batch) in [
        ("", "UTF8", &b"a"[..]),
        ("", "UTF8", b"a\\\n"),
        ("(DEFAULT 'd')", "UTF8", b"d\n"),
        ("WHERE a > 1", "UTF8", b"1\n"),
        ("", "LATIN1", b"\\351\n"),
        ("", "JOHAB", b"\xa1\xa1\n"),
        ("", "SJIS", b"\x95\n"),
    ] {
        assert!(
            rows(&codec(options, charset, Newline::Lf), batch).is_err(),
            "{batch:?}"
        );
    }
}

#[test]
fn what_is_written_reads_back() {
    for (options, charset, newline) in [
        ("", "UTF8", Newline::Lf),
        ("(DELIMITER '|', NULL 'x')", "UTF8", Newline::CrLf),
        ("(DELIMITER '|', DEFAULT 'y')", "SJIS", Newline::Cr),
    ] {
        let codec = codec(options, charset, newline);
        let cells = [
            "x",
            "y",
            "",
            "\\N",
            "\\.",
            "a|b\tc\nd\re\\f",
            "表ポ",
            "\u{1}\u{8}\u{b}\u{c}",
        ];
        let mut cells: Vec<_> = cells.iter().map(|c| Some(c.as_bytes())).collect();
        cells.push(None);
        let typed: Vec<_> = cells.iter().map(|c| (*c, &DataType::Text)).collect();
        let mut out = Vec::new();
        codec.write_row(&typed, &mut out).unwrap();
        let expected: Vec<_> = cells.iter().map(|c| c.map(<[u8]>::to_vec)).collect();
        assert_eq!(rows(&codec, &out).unwrap(), [expected]);
    }
    let empty = codec("(NULL '')", "UTF8", Newline::Lf);
    let mut out = Vec::new();
    assert!(
        empty
            .encode(0, Some(b""), None, &DataType::Text, &mut out)
            .is_err()
    );
    assert!(
        empty
            .encode(0, Some(b"a\0"), None, &DataType::Text, &mut out)
            .is_err()
    );
}

#[test]
fn a_table_without_columns_has_rows_without_cells() {
    let mut codec = codec("", "UTF8", Newline::Lf);
    codec.width = Some(0);
    assert_eq!(rows(&codec, b"\n\n").unwrap(), [vec![], vec![]]);
}

/// The rows of a batch, one byte after the other: their cells, and how many could be read.
fn slowly(codec: &TextCodec, batch: &[u8]) -> (Vec<Vec<std::ops::Range<usize>>>, bool) {
    let (mut rows, mut cells, mut cell, mut at) = (Vec::new(), Vec::new(), 0, 0);
    while let Some(&byte) = batch.get(at) {
        if byte == b'\\' {
            if batch.get(at + 1) == Some(&b'.') {
                return (rows, false);
            }
            at += 2;
            continue;
        }
        if byte == codec.newline.last() {
            let cut = codec.newline != Newline::Cr && at > cell && batch[at - 1] == b'\r';
            cells.push(cell..at - usize::from(cut));
            rows.push(std::mem::take(&mut cells));
            cell = at + 1;
        } else if byte == codec.head.delimiter {
            cells.push(cell..at);
            cell = at + 1;
        }
        at += 1;
    }
    (rows, cells.is_empty() && cell == batch.len())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn blocks_are_read_as_bytes_are(
        parts in proptest::collection::vec("[a-c]{0,70}(\t|\t\t|\n|\r\n|\r|\\\\\\\\|\\\\n|\\\\N|\\\\\t|\\\\\n|\\\\[.]|@)", 0..40),
        newline in prop_oneof![Just(Newline::Lf), Just(Newline::CrLf), Just(Newline::Cr)],
    ) {
        let batch: Vec<u8> = parts.concat().into_bytes();
        let codec = codec("", "UTF8", newline);
        let (slow, whole) = slowly(&codec, &batch);
        let mut row = RowSpan::default();
        let mut fast = Vec::new();
        let mut at = 0;
        let is_whole = loop {
            match codec.row(&batch, at, &mut row) {
                Ok(true) => {}
                end => break end.is_ok(),
            }
            for cell in row.cells.iter().filter(|cell| cell.end < row.own) {
                let raw = &batch[cell.clone()];
                prop_assert_eq!(codec.decode(0, raw, &DataType::Text).unwrap(), Some(Cow::Borrowed(raw)));
            }
            fast.push(row.cells.clone());
            at = row.body.end;
        };
        prop_assert_eq!((&fast, is_whole), (&slow, whole));
        // Somewhere in the middle, with nothing known before.
        for row in slow.iter().filter(|row| row[0].start > 0) {
            let mut new = RowSpan::default();
            prop_assert!(codec.row(&batch, row[0].start, &mut new).unwrap());
            prop_assert_eq!(&new.cells, row);
        }
    }

    #[test]
    fn glanced_rows_are_what_reading_them_says(
        filler in prop_oneof![Just(0usize), 0usize..400],
        parts in proptest::collection::vec("[a-c]{0,70}(\t|\t[a-c]{1,9}\t|\n|\t[a-c]\n|\t@a\n|\r\n|\\\\n|\\\\N|\t\\\\N\n|\\\\\t|\\\\\n|\\\\\\\\|\\\\[.]|%|\u{b}|\u{e9})", 0..40),
        columns in 1usize..5,
        wanted in proptest::collection::vec(0usize..4, 1..4),
    ) {
        let plain = vec!["ab"; columns].join("\t") + "\n";
        let batch: Vec<u8> = (plain.repeat(filler * 12) + &parts.concat()).into_bytes();
        let codec = codec("", "UTF8", Newline::Lf);
        let wanted: Vec<usize> = wanted.into_iter().map(|number| number % columns).collect();
        let mut listed = Glanced::new(columns, wanted.clone());
        let (mut at, mut row) = (0, RowSpan::default());
        loop {
            listed.clear();
            codec.glance(&batch, at, &mut listed);
            for (number, end) in listed.ends.iter().enumerate() {
                prop_assert_eq!(codec.row(&batch, at, &mut row), Ok(true));
                prop_assert_eq!((row.cells.len(), row.body.end), (columns, *end));
                for (cell, column) in listed.row(number).iter().zip(&wanted) {
                    let raw = row.cells[*column].clone();
                    let plain = batch[row.body.clone()].iter().all(|b| b"abc\t\n".contains(b));
                    prop_assert!(cell.is_some() || !plain);
                    if let Some(cell) = cell {
                        prop_assert_eq!(cell, &raw);
                        let decoded = codec.decode(*column, &batch[raw.clone()], &DataType::Text);
                        prop_assert_eq!(decoded, Ok(Some(Cow::Borrowed(&batch[raw]))));
                    }
                }
                at = *end;
            }
            // What was not listed is another's business.
            match codec.row(&batch, at, &mut row) {
                Ok(true) if listed.ends.is_empty() => {
                    let doubtful = row.body.len() > 100 * BLOCK || row.cells.len() != columns;
                    prop_assert!(doubtful, "row {:?} was not listed", row.body);
                    at = row.body.end;
                }
                Ok(true) => {}
                _ => break,
            }
        }
    }

    #[test]
    fn surveyed_rows_are_what_reading_them_says(
        filler in prop_oneof![Just(0usize), 0usize..400],
        parts in proptest::collection::vec("[a-c]{0,70}(\t|\t[a-c]{1,9}\t|\n|\t[a-c]\n|\t@a\n|\r\n|\\\\n|\\\\N|\t\\\\N\n|\\\\\t|\\\\\n|\\\\\\\\|\\\\[.]|\\\\x40|@|a@|%|&|\u{b}|\u{e9})", 0..40),
        columns in 1usize..4,
        wanted in proptest::collection::vec(prop_oneof![Just(None), Just(Some(usize::MAX)), (5usize..60).prop_map(Some)], 4),
        not_null: bool,
    ) {
        let plain = vec!["ab"; columns].join("\t") + "\n";
        let batch: Vec<u8> = (plain.repeat(filler * 12) + &parts.concat()).into_bytes();
        let codec = codec("", "UTF8", Newline::Lf);
        let wanted = Wanted {
            longest: wanted[..columns].to_vec(),
            shortest: wanted[..columns].iter().flatten().copied().min().unwrap_or(usize::MAX),
            last: wanted[..columns].iter().rposition(Option::is_some).unwrap_or(0),
            not_null,
            statements: false,
        };
        let (mut map, mut shown, mut at, mut count) = (RowMap::default(), Vec::new(), 0, 0);
        loop {
            let mut more = Vec::new();
            let found = codec.survey(&batch, at, &wanted, &mut map, &mut more);
            for cell in more.into_iter().take_while(|cell| cell.row < found.end) {
                let before = count + (map.rows(cell.row) - map.rows(at)) as u64;
                shown.push((before, cell));
            }
            (at, count) = (found.end, count + found.rows);
            if !found.goes_on {
                break;
            }
        }
        let rows = slowly(&codec, &batch).0;
        let mut shown = shown.into_iter().peekable();
        let mut delimiters = 0;
        for (number, mut row) in rows.into_iter().enumerate() {
            let last = row.len() - 1;
            row[last].end += usize::from(batch[row[last].end] == b'\r');
            let whole = row[0].start..row[last].end;
            let mut cells = Vec::new();
            // Is there no doubt about the row, and none about cells in which an address may be encoded?
            let mut certain = row.len() == columns;
            let mut readable = true;
            for (column, cell) in row.iter().enumerate().take(columns) {
                let text = &batch[cell.clone()];
                let Some(longest) = wanted.longest[column] else { continue };
                certain &= text.len() <= longest;
                let is_null = text == b"\\N";
                certain &= !(is_null && not_null);
                if text.iter().any(|b| b"@%&\\".contains(b) || *b < 0x20) && !is_null {
                    let bare = codec.bare(text) != Bare::Unclear;
                    readable &= bare;
                    certain &= bare || !is_odd(text, not_null);
                    let clear = !text.iter().any(|b| b"%&\\".contains(b));
                    let found = (column, cell.clone(), memchr(b'@', text).map(|at| cell.start + at), clear);
                    cells.push((is_odd(text, not_null), found));
                }
            }
            if number as u64 >= count {
                prop_assert!(!(certain && readable));
                break;
            }
            delimiters += last;
            if is_odd(&batch[whole.clone()], not_null) {
                prop_assert!(certain);
            }
            for (must, cell) in cells {
                // A letter behind a backslash may be taken for what it is, or looked at.
                let next = shown.next_if(|(_, one)| one.cell == cell.1);
                prop_assert!(next.is_some() || !must);
                if let Some((before, one)) = next {
                    prop_assert_eq!((one.row, before), (whole.start, number as u64));
                    prop_assert_eq!((one.column, one.cell, one.sign, one.form == Form::Clear), cell);
                }
            }
        }
        prop_assert_eq!(delimiters, count as usize * (columns - 1));
        prop_assert!(shown.next().is_none());
    }
}

/// Could an address stand there, as far as single bytes say?
fn is_odd(text: &[u8], not_null: bool) -> bool {
    let letter = |at: usize| matches!(text.get(at), Some(b'n' | b'N' | b'r' | b'R' | b't' | b'T'));
    text.iter().enumerate().any(|(at, b)| match b {
        b'\t' => false,
        b'@' | b'%' | b'&' => true,
        b'\\' => not_null || !letter(at + 1),
        b => *b < 0x20,
    })
}
