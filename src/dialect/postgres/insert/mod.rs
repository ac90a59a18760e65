//! INSERT … VALUES: its head, and batches of rows over statements of the same head. The rows
//! themselves are read and written by [`InsertCodec`].

mod codec;

pub use codec::InsertCodec;

use super::copy_rows::Cut;
use super::copy_text::fault;
use super::lexer::{Lexer, Rules, Step, Unit};
use super::psql;
use super::tokens::{Lexing, Tokens, tokens};
use crate::dialect::tuple::Writing;
use crate::dialect::{RowFault, RowMode};

/// The head of an INSERT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InsertHead {
    /// The parts of the relation's name.
    pub relation: Vec<String>,
    /// The column list.
    pub columns: Option<Vec<String>>,
}

/// Reads `INSERT INTO t [AS x] [(columns)] [OVERRIDING … VALUE] VALUES`; none if it is not exactly that.
pub fn parse_head(mut tokens: Tokens<'_>) -> Option<InsertHead> {
    tokens.eat_keywords("INSERT INTO").then_some(())?;
    let relation = tokens.qualified_name()?;
    if tokens.eat_keyword("AS") {
        tokens.name()?;
    }
    let columns = match tokens.at_punctuation(b'(') {
        true => Some(super::copy_head::names(&mut tokens)?),
        false => None,
    };
    if tokens.eat_keyword("OVERRIDING") {
        tokens.next()?;
        tokens.eat_keyword("VALUE").then_some(())?;
    }
    tokens.eat_keyword("VALUES").then_some(())?;
    tokens
        .next()
        .is_none()
        .then_some(InsertHead { relation, columns })
}

/// May this stand between the last row and the `;`? Only what leaves the rows as they are.
fn is_plain_tail(mut tail: Tokens<'_>) -> bool {
    if tail.eat_keywords("ON CONFLICT") {
        tail.skip_parentheses();
        if tail.eat_keywords("ON CONSTRAINT") {
            tail.name();
        }
        if !tail.eat_keywords("DO NOTHING") {
            return false;
        }
    }
    tail.eat_punctuation(b';') && tail.next().is_none()
}

/// Where the rows of an INSERT stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// A row must begin.
    Row,
    /// Within the parentheses of a row.
    Inside,
    /// A row has ended.
    After,
    /// Something other than a row follows.
    Tail,
    /// The statement has ended; perhaps the next one has the same head.
    Between,
    /// Nothing but the end of the block is left.
    Finished,
}

/// Cuts the rows of INSERTs that share their head into batches and finds where they end.
#[derive(Debug, Clone)]
pub struct InsertRows {
    head: Vec<u8>,
    lexing: Lexing,
    lexer: Lexer,
    at: usize,
    phase: Phase,
    depth: u32,
    row_end: usize,
    rows: u64,
    statement_end: usize,
    /// What is wrong behind rows that have to leave first.
    fault: Option<RowFault>,
    /// May rows be gone over without the lexer?
    plain: bool,
}

impl InsertRows {
    /// The rows that follow `head`.
    pub fn new(head: Vec<u8>, lexing: Lexing) -> Self {
        InsertRows {
            head,
            lexing,
            lexer: Lexer::default(),
            at: 0,
            phase: Phase::Row,
            depth: 0,
            row_end: 0,
            rows: 0,
            statement_end: 0,
            fault: None,
            plain: true,
        }
    }

    /// What is open where the input stopped.
    pub fn open(&self) -> (&Lexer, u32) {
        (&self.lexer, self.depth)
    }

    /// Cuts the next piece off the front of `buf`.
    ///
    /// # Errors
    /// In Split mode, if something stands between the rows that may change them.
    pub fn cut(
        &mut self,
        mode: RowMode,
        rules: &Rules,
        buf: &[u8],
        eof: bool,
    ) -> Result<Cut, RowFault> {
        if self.fault.is_none() {
            self.fault = self.scan(mode, rules, buf, eof).err();
        }
        match self.fault.take() {
            Some(fault) if self.row_end == 0 => Err(fault),
            fault => {
                self.fault = fault;
                Ok(self.give(mode, buf.len(), eof))
            }
        }
    }

    fn scan(
        &mut self,
        mode: RowMode,
        rules: &Rules,
        buf: &[u8],
        eof: bool,
    ) -> Result<(), RowFault> {
        while self.phase != Phase::Finished {
            if self.phase == Phase::Between {
                match self.same_head(buf, eof) {
                    Some(true) => self.phase = Phase::Row,
                    Some(false) => self.phase = Phase::Finished,
                    None => break,
                }
                continue;
            }
            if self.at >= buf.len() {
                break;
            }
            if buf[self.at] == b'\\' && self.lexer.open().is_none() {
                if mode == RowMode::Split {
                    return fault("a psql command stands among the rows of an INSERT");
                }
                let Some(length) = psql::command_end(&buf[self.at..], &rules.charset, eof) else {
                    break;
                };
                let sends = psql::sends(psql::command_name(&buf[self.at..self.at + length]));
                self.at += length;
                if sends {
                    self.end_statement();
                }
                continue;
            }
            if self.plain_rows(rules, buf) {
                continue;
            }
            let Step::Unit(unit, end) = self.lexer.step(rules, buf, self.at, eof) else {
                break;
            };
            self.at = end;
            self.take(unit);
            if self.phase == Phase::Between
                && mode == RowMode::Split
                && &buf[self.row_end..end] != b";"
                && !is_plain_tail(tokens(&buf[self.row_end..end], self.lexing))
            {
                return fault("this INSERT does more than insert its rows (its end is not known)");
            }
        }
        Ok(())
    }

    /// Goes over rows as dumpers write them, if they begin here.
    fn plain_rows(&mut self, rules: &Rules, buf: &[u8]) -> bool {
        let begins = self.phase == Phase::Row && buf[self.at] == b'(';
        let free = self.plain && self.lexer.open().is_none() && !rules.charset.is_wide();
        if !begins || !free {
            return false;
        }
        let writing = Writing {
            head: &self.head,
            backslashes: !rules.standard,
            unmarked: false,
        };
        let Some(run) = writing.run(buf, self.at) else {
            return false;
        };
        self.row_end = run.end;
        self.rows += run.rows;
        (self.at, self.phase) = match run.open {
            Some(open) => (open, Phase::Row),
            None => (run.end, Phase::After),
        };
        true
    }

    fn end_row(&mut self) {
        self.phase = Phase::After;
        self.row_end = self.at;
        self.rows += 1;
    }

    fn end_statement(&mut self) {
        self.statement_end = self.at;
        self.depth = 0;
        self.phase = Phase::Between;
    }

    fn take(&mut self, unit: Unit) {
        match (self.phase, unit) {
            (_, Unit::Space | Unit::Comment) => {}
            (Phase::Row, Unit::Mark(b'(')) => {
                self.phase = Phase::Inside;
                self.depth = 1;
            }
            (Phase::Inside | Phase::Tail, Unit::Mark(b'(')) => self.depth += 1,
            (Phase::Inside | Phase::Tail, Unit::Mark(b')')) => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 && self.phase == Phase::Inside {
                    self.end_row();
                }
            }
            (Phase::After, Unit::Mark(b',')) => self.phase = Phase::Row,
            (Phase::Row | Phase::After | Phase::Tail, Unit::Mark(b';')) if self.depth == 0 => {
                self.end_statement();
            }
            (Phase::Row | Phase::After, _) => self.phase = Phase::Tail,
            _ => {}
        }
    }

    /// Does a statement with the same head and a row follow? None if that cannot be told yet.
    fn same_head(&mut self, buf: &[u8], eof: bool) -> Option<bool> {
        let rest = &buf[self.statement_end..];
        let space = rest
            .iter()
            .take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'))
            .count();
        let rest = &rest[space..];
        if rest.len() <= self.head.len() {
            return (eof || !self.head.starts_with(rest)).then_some(false);
        }
        let same = rest.starts_with(&self.head) && rest[self.head.len()] == b'(';
        if same {
            self.at = self.statement_end + space + self.head.len();
        }
        Some(same)
    }

    /// What can leave now.
    fn give(&mut self, mode: RowMode, available: usize, eof: bool) -> Cut {
        let end = match (mode, self.phase) {
            (RowMode::Pass, _) if eof && self.phase != Phase::Finished => available,
            (RowMode::Pass, Phase::Inside) => self.at,
            _ => self.row_end,
        };
        if end == 0 {
            return match self.phase {
                Phase::Finished => Cut::End(self.statement_end),
                _ => Cut::More,
            };
        }
        self.at = self.at.saturating_sub(end);
        self.statement_end = self.statement_end.saturating_sub(end);
        self.row_end = 0;
        let rows = std::mem::take(&mut self.rows);
        Cut::Rows(end, if mode == RowMode::Pass { 0 } else { rows })
    }
}

#[cfg(test)]
mod tests {
    use super::super::charset::Charset;
    use super::super::literal::Literals;
    use super::*;
    use crate::dialect::{RowCodec, RowSpan};
    use proptest::prelude::*;

    const HEAD: &str = "INSERT INTO t VALUES ";

    fn codec() -> InsertCodec {
        let literals = Literals {
            charset: Charset::utf8(),
            standard: true,
        };
        InsertCodec::new(HEAD.as_bytes().to_vec(), literals)
    }

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
        let rows = InsertRows::new(head.as_bytes().to_vec(), Lexing::default());
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
        let rules = Rules {
            standard: true,
            charset: Charset::utf8(),
        };
        let (mut from, mut have) = (0, 0);
        let (mut bytes, mut count) = (String::new(), 0);
        loop {
            let eof = have == text.len();
            match rows.cut(mode, &rules, &text.as_bytes()[from..have], eof)? {
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

    #[test]
    fn heads() {
        let head = |text: &str| parse_head(tokens(text.as_bytes(), Lexing::default()));
        let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        for (text, relation, columns) in [
            ("INSERT INTO t VALUES", &["t"][..], None),
            (
                "insert into \"S\".t (a, \"b c\") OVERRIDING SYSTEM VALUE values /*x*/\n",
                &["S", "t"],
                Some(&["a", "b c"][..]),
            ),
            ("INSERT INTO t AS x (a) VALUES", &["t"], Some(&["a"])),
        ] {
            let expected = InsertHead {
                relation: names(relation),
                columns: columns.map(names),
            };
            assert_eq!(head(text), Some(expected));
        }
        assert_eq!(head("INSERT INTO :x VALUES"), None);
        assert_eq!(head("INSERT INTO t (a[1]) VALUES"), None);
    }

    proptest! {
        #[test]
        fn any_rows_are_cut_as_the_lexer_cuts_them(
            text in "(\\((1|'a'|'(\\\\'|''|;|\\)|a)*'|NULL|f\\(1\\)|-1|'|/\\*|\\*/|--|:x|\\$\\$|,)(, ?('b'|2|''))?\\)(,|,\n|;\n|;\nINSERT INTO t VALUES |;\nINSERT INTO u VALUES | ON)){0,5}",
            cut in 1usize..40,
        ) {
            for mode in [RowMode::Split, RowMode::Pass] {
                let _ = cuts(mode, &text, cut);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]
        #[test]
        fn long_stretches_are_cut_as_the_lexer_cuts_them(
            text in "(\\((1|2|'a'|'b'|NULL|'it''s'|-3|'(a|b|;)*'|4|'c'|5|'\\);\nINSERT INTO t VALUES \\('|' \\(x\\)|\\\\n\"'|'\\\\''|E'\\\\''|'|\\$\\$|--|/\\*|\"|:x|\\\\g|f\\(1|'[a-z ]{40,80}'|(|E|U&|x)'([a-z]{9}|''|\\\\\\\\|\\\\')*'|\\))(, ('b'|2|''|6))?\\)(;\nINSERT INTO t VALUES |;\nINSERT INTO t VALUES |;\nINSERT INTO t VALUES |;\nINSERT INTO t VALUES |,\n\t|;\nINSERT INTO u VALUES |;)){0,12}\\(3\\);\n",
            cut in 20usize..500,
        ) {
            let head = "INSERT INTO \"T\" (a, \"(\") VALUES ";
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
                "(1, 'a;)');\nINSERT INTO t VALUES (2, NULL);\n\n-- x",
                2,
                ";",
            ),
            (
                "(1),\n\t(2) ON CONFLICT DO NOTHING;\nINSERT INTO u VALUES (3);",
                2,
                " ON CONFLICT DO NOTHING;",
            ),
            (
                "(1);INSERT INTO t VALUES (f(2), (SELECT 1));INSERT INTO t VALUES ",
                2,
                ";",
            ),
            ("(1);\nINSERT INTO t VALUES /*c*/(2);", 1, ";"),
            ("('it''s'), (E'\\''), ($$;$$) -- ;\n;", 3, " -- ;\n;"),
        ] {
            for cut in 1..=text.len() {
                let split = cuts(RowMode::Split, text, cut).unwrap();
                assert_eq!((split.1, split.2.as_str()), (count, end), "{text} by {cut}");
                let pass = cuts(RowMode::Pass, text, cut).unwrap();
                assert_eq!((&split.0, &split.2), (&pass.0, &pass.2), "{text} by {cut}");
            }
        }
    }

    #[test]
    fn what_may_change_the_rows_is_a_fault_only_if_somebody_looks() {
        for text in [
            "(1) ON CONFLICT (a) DO UPDATE SET b = 'x';",
            "(1) UNION SELECT 2;",
            "(1) \\g\n",
            "(1) RETURNING a;",
        ] {
            assert!(cuts(RowMode::Split, text, 3).is_err(), "{text}");
            assert!(cuts(RowMode::Pass, text, 3).is_ok(), "{text}");
        }
        assert_eq!(
            cuts(RowMode::Split, "(1), ('abc", 4).unwrap(),
            ("(1)".into(), 1, "?, ('abc".into())
        );
        assert_eq!(
            cuts(RowMode::Pass, "(1), ('abc", 4).unwrap().0,
            "(1), ('abc"
        );
    }

    #[test]
    fn rows_and_their_leads() {
        let batch = "(1, 'a,)' ,f(2, 3)),\n\t( ARRAY[1,2] , -5 , NULL);\nINSERT INTO t VALUES (2, E'\\'', 'x'::text)";
        let mut row = RowSpan::default();
        let (mut at, mut found) = (0, Vec::new());
        while codec().row(batch.as_bytes(), at, &mut row).unwrap() {
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
                (",\n\t", None, vec!["ARRAY[1,2]", "-5", "NULL"]),
                (
                    ";\nINSERT INTO t VALUES ",
                    Some(HEAD),
                    vec!["2", "E'\\''", "'x'::text"]
                ),
            ]
        );
        for batch in [
            "(1",
            "('a",
            "()",
            "(1,)",
            "(1) (2",
            "(1);INSERT INTO u VALUES (1)",
            "(1) LIMIT 1;INSERT INTO t VALUES (1)",
        ] {
            let mut at = 0;
            let result = loop {
                match codec().row(batch.as_bytes(), at, &mut row) {
                    Ok(true) => at = row.body.end,
                    other => break other,
                }
            };
            assert!(result.is_err(), "{batch}");
        }
    }
}
