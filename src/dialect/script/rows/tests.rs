use super::super::tokens::testing::mysql;
use super::*;
use crate::dialect::mysql::literal::MysqlCodec;
use crate::dialect::tuple::testing::{rows, survey, wanted};
use proptest::prelude::*;

const HEAD: &str = "INSERT INTO `t` VALUES\n";

/// The rows' bytes, their number and the end, however the text is cut.
fn cuts(mode: RowMode, text: &str, cut: usize) -> Result<(String, u64, String), RowFault> {
    cuts_under(HEAD, mode, text, cut)
}

fn cuts_under(
    head: &str,
    mode: RowMode,
    text: &str,
    cut: usize,
) -> Result<(String, u64, String), RowFault> {
    let rows = InsertRows::new(head.as_bytes().to_vec(), mysql());
    let closely = InsertRows {
        plain: false,
        ..rows.clone()
    };
    let found = cuts_of(rows, mode, text, cut);
    assert_eq!(found, cuts_of(closely, mode, text, cut), "{text} by {cut}");
    found
}

fn cuts_of(
    mut rows: InsertRows,
    mode: RowMode,
    text: &str,
    cut: usize,
) -> Result<(String, u64, String), RowFault> {
    let (mut from, mut have) = (0, 0);
    let (mut bytes, mut count) = (String::new(), 0);
    loop {
        let eof = have == text.len();
        match rows.cut(mode, &text.as_bytes()[from..have], eof)? {
            Cut::End(length) => {
                return Ok((bytes, count, text[from..from + length].to_owned()));
            }
            Cut::More if eof => return Ok((bytes, count, format!("?{}", &text[from..]))),
            Cut::More => have = (have + cut).min(text.len()),
            Cut::Rows(length, rows) => {
                bytes.push_str(&text[from..from + length]);
                count += rows;
                from += length;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]
    #[test]
    fn long_stretches_are_cut_as_the_lexer_cuts_them(
        text in "(\\((1|2|'a'|'b'|NULL|'\\\\n\\\\\"'|-3|'(a|b|;)*'|4|'c'|5|'\\),\\('|' \\(x\\)'|'\\\\''|'\\\\\\\\'|'|#|\\\\\\(|\\\\\\)|-- |/\\*|/\\*!1 |\"|`|\\\\g|\\\\c|\\\\n|f\\(1|'[a-z ]{40,80}'|'([a-z]{9}|''|\\\\\\\\|\\\\')*'|\\))(,('b'|2|''|6))?\\)(,|,|,|,|,\n|;\nINSERT INTO `t` VALUES\n|;\nINSERT INTO `u` VALUES\n|;)){0,12}\\(3\\);\n",
        cut in 20usize..500,
    ) {
        let head = "INSERT INTO `t` (`a`, `#`) VALUES\n";
        for mode in [RowMode::Split, RowMode::Pass] {
            let _ = cuts(mode, &text, cut);
            let _ = cuts_under(head, mode, &text.replace(HEAD, head), cut);
        }
    }
}

#[test]
fn batches_span_statements_of_the_same_head() {
    for (text, count, end) in [
        (
            "(1,'a;)\\''),\n(2,NULL);\nINSERT INTO `t` VALUES\n(3,_binary '\\0');\n/*!x*/",
            3,
            ";",
        ),
        ("(1);\nINSERT INTO `u` VALUES\n(3);", 1, ";"),
        ("(1),(f(2,')')) -- ;\n;", 2, " -- ;\n;"),
    ] {
        for cut in 1..=text.len() {
            let split = cuts(RowMode::Split, text, cut).unwrap();
            assert_eq!((split.1, split.2.as_str()), (count, end), "{text} by {cut}");
            let pass = cuts(RowMode::Pass, text, cut).unwrap();
            assert_eq!((&split.0, &split.2), (&pass.0, &pass.2), "{text} by {cut}");
        }
    }
    for text in [
        "(1) ON DUPLICATE KEY UPDATE a=1;",
        "(1) UNION SELECT 2;",
        "(1) /*! x */;",
    ] {
        assert!(cuts(RowMode::Split, text, 3).is_err(), "{text}");
        assert!(cuts(RowMode::Pass, text, 3).is_ok(), "{text}");
    }
    assert_eq!(
        cuts(RowMode::Split, "(1),('ab", 4).unwrap(),
        ("(1)".into(), 1, "?,('ab".into())
    );
    assert_eq!(cuts(RowMode::Pass, "(1),('ab", 4).unwrap().0, "(1),('ab");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]
    #[test]
    fn rows_are_the_same_token_by_token(
        backslashes in any::<bool>(),
        rows_of in proptest::collection::vec((
            "(;\nINSERT INTO `t` VALUES\n|,|,\n|; |;\nINSERT INTO `u` VALUES\n|;\n--\n)",
            proptest::collection::vec("( |)('[a-z(),;]{0,4}'|'[a-z ]{40,100}'|[aeqnxQ]?'([a-z]{9}|''|\\\\|\\\\')*'|'(a|''|\\\\|\\\\'|é|\"|\n)*'|NULL|-?[0-9.]{1,3}|[a-z0-9_.'\"`-]{0,4}|_binary 'x'|0x4A|\"a'\"|f\\(1, 2\\)|-- x\n|#,\n|/\\*,\\*/|/\\*!1,\\*/|[0-9]{1,2}(-|--|/|/\\*|:|\\]|;|\\\\|é)[0-9])( |)", 1..5),
        ), 1..7),
        end in "(|;|\n)",
    ) {
        let mut batch = String::new();
        for (number, (lead, cells)) in rows_of.iter().enumerate() {
            batch += if number == 0 { "" } else { lead };
            batch += &format!("({})", cells.join(","));
        }
        let batch = (batch + &end).into_bytes();
        let grammar = Grammar { backslashes, ..mysql() };
        let reader = RowReader::new(HEAD.as_bytes().to_vec(), grammar, false);
        let fast = rows(&batch, |at, row| reader.row(&batch, at, row));
        let slow = rows(&batch, |at, row| reader.row_of_tokens(&batch, at, row));
        prop_assert_eq!(fast, slow, "{}", batch.escape_ascii());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(768))]
    #[test]
    fn surveyed_rows_are_the_same_one_by_one(
        backslashes in any::<bool>(),
        rows_of in proptest::collection::vec((
            "(,|,|,|,\n|;\nINSERT INTO `t` VALUES\n|;\nINSERT INTO `t` VALUES\n|; |;\nINSERT INTO `u` VALUES\n|;\n--\n)",
            proptest::collection::vec("( {0,2})(NULL|null|[a-z]{1,9}@[a-z]{1,5}.(de|com)|'[a-z]{1,9}@[a-z]{1,5}.de'|'[a-z (),;]{0,60}'|'[a-z]{30,40}@b.de[a-z ]{0,30}'|'(a|@|''|\\\\|\\\\'|\\\\n|\\\\\"|%|&|é|\"|\n)*'|'a' 'b@c.de'|'a@b.de' *|''|-?[0-9.]{1,3}|_binary 'x@'|0x4A|\"a'\"|f\\(1\\)|b'1'|x|-- x\n|/\\*,\\*/)( |)", 2..=4),
        ), 1..9),
        uneven in any::<bool>(),
        longest in proptest::collection::vec(prop_oneof![Just(None), Just(Some(usize::MAX)), Just(Some(9))], 3),
        not_null in any::<bool>(),
        before in prop_oneof![3 => Just(0usize), 2 => 0usize..9, 1 => 90usize..110],
        end in "(|;|\n)",
    ) {
        let plain = "(7,'ada lovelace','ada@b.de'),".repeat(before);
        let mut batch = plain;
        for (number, (lead, mut cells)) in rows_of.into_iter().enumerate() {
            if !uneven {
                cells.resize(3, "4".to_owned());
            }
            batch += if number == 0 { "" } else { &lead };
            batch += &format!("({})", cells.join(","));
        }
        batch += &end;
        let grammar = Grammar { backslashes, ..mysql() };
        let codec = MysqlCodec::new(RowReader::new(HEAD.as_bytes().to_vec(), grammar, false));
        survey(&codec, batch.as_bytes(), &mut wanted(&longest, not_null));
    }

    #[test]
    fn any_rows_are_cut_as_the_lexer_cuts_them(
        text in "(\\((1|'a'|'(\\\\'|''|;|\\)|a)*'|NULL|f\\(1\\)|-1|'|/\\*|\\*/|-- |#|,)(,('b'|2|''))?\\)(,|,\n|;\n|;\nINSERT INTO `t` VALUES\n|;\nINSERT INTO `u` VALUES\n| ON)){0,5}",
        cut in 1usize..40,
    ) {
        for mode in [RowMode::Split, RowMode::Pass] {
            let _ = cuts(mode, &text, cut);
        }
    }
}

#[test]
fn plain_rows_are_surveyed_all_but_the_first() {
    let reader = RowReader::new(HEAD.as_bytes().to_vec(), mysql(), false);
    let codec = MysqlCodec::new(reader);
    for separator in [",", ",\n", ";\nINSERT INTO `t` VALUES\n"] {
        let row = "(7,'see\\n(b@c.de), it\\'s',NULL, 'ada@b.de')";
        let batch = vec![row; 2000].join(separator);
        let mut wanted = wanted(&[None, Some(99), Some(9), Some(9)], false);
        let surveyed = survey(&codec, batch.as_bytes(), &mut wanted);
        // A statement is gone over in a stretch when one has begun.
        assert_eq!(surveyed, 1999 - u64::from(wanted.statements), "{separator}");
    }
}

#[test]
fn rows_and_their_leads() {
    let reader = RowReader::new(HEAD.as_bytes().to_vec(), mysql(), false);
    let batch = "(1,'a,)' ,f(2, 3)),\n( _binary 'x' , -5 );\nINSERT INTO `t` VALUES\n()";
    let mut row = RowSpan::default();
    let (mut at, mut found) = (0, Vec::new());
    while reader.row(batch.as_bytes(), at, &mut row).unwrap() {
        at = row.body.end;
        let cells: Vec<_> = row.cells.iter().map(|c| &batch[c.clone()]).collect();
        found.push((
            &batch[row.lead.clone()],
            row.statement.map(|s| &batch[s..row.lead.end]),
            cells,
        ));
    }
    assert_eq!(
        found,
        [
            ("", None, vec!["1", "'a,)'", "f(2, 3)"]),
            (",\n", None, vec!["_binary 'x'", "-5"]),
            (";\nINSERT INTO `t` VALUES\n", Some(HEAD), vec![]),
        ]
    );
    for batch in [
        "(1",
        "('a",
        "(1,)",
        "(,1)",
        "(1) (2",
        "(1);INSERT INTO u VALUES (1)",
    ] {
        let mut at = 0;
        let result = loop {
            match reader.row(batch.as_bytes(), at, &mut row) {
                Ok(true) => at = row.body.end,
                other => break other,
            }
        };
        assert!(result.is_err(), "{batch}");
    }
    let reader = RowReader::new(Vec::new(), mysql(), true);
    assert!(reader.row(b"a=1, `b`='x,y'", 0, &mut row).unwrap());
    assert_eq!(row.cells, [2..3, 9..14]);
    assert!(!reader.row(b"a=1, `b`='x,y'", 14, &mut row).unwrap());
}
