//! Rows of COPY in CSV format: quotes that may hold line ends, and an escape of their own.

use super::charset::Charset;
use super::copy_head::CopyHead;
use super::copy_text::{Newline, fault};
use crate::dialect::{RowCodec, RowFault, RowSpan};
use crate::schema::DataType;
use memchr::{memchr, memchr2, memchr3};
use std::borrow::Cow;

/// The quoting state that decides whether a line end ends a row, as the server keeps it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quoting {
    quoted: bool,
    escaped: bool,
}

impl Quoting {
    /// Takes in a character of one byte.
    pub fn take(&mut self, byte: u8, quote: u8, escape: u8) {
        // An escape that is the quote itself needs no memory: it toggles twice.
        if quote != escape && self.quoted && byte == escape {
            self.escaped = !self.escaped;
        }
        if byte == quote && !self.escaped {
            self.quoted = !self.quoted;
        }
        if byte != escape || quote == escape {
            self.escaped = false;
        }
    }

    /// Takes in a character that is neither quote nor escape.
    pub fn other(&mut self) {
        self.escaped = false;
    }

    /// Is a line end part of a value here?
    pub fn is_quoted(self) -> bool {
        self.quoted
    }
}

/// Reads and writes rows in CSV format.
#[derive(Debug)]
pub struct CsvCodec {
    head: CopyHead,
    charset: Charset,
    newline: Newline,
    columns: Option<Vec<String>>,
}

impl CsvCodec {
    /// A codec for the rows under `head`, which have `columns` if they are known.
    pub fn new(
        head: CopyHead,
        charset: Charset,
        newline: Newline,
        columns: Option<Vec<String>>,
    ) -> Self {
        CsvCodec {
            head,
            charset,
            newline,
            columns,
        }
    }

    fn column(&self, column: usize) -> Option<&str> {
        self.columns.as_ref()?.get(column).map(String::as_str)
    }

    /// The next byte at or after `at` that matters to the end of a cell or row.
    fn next_mark(&self, batch: &[u8], mut at: usize, quoted: bool) -> Option<usize> {
        let (quote, escape) = (self.head.quote, self.head.escape);
        if self.charset.is_wide() {
            let marks = [quote, escape, self.head.delimiter, self.newline.last()];
            while at < batch.len() && !marks.contains(&batch[at]) {
                at += self.charset.width(&batch[at..]);
            }
            return (at < batch.len()).then_some(at);
        }
        let rest = batch.get(at..)?;
        if quoted {
            memchr2(quote, escape, rest).map(|n| at + n)
        } else {
            memchr3(quote, self.head.delimiter, self.newline.last(), rest).map(|n| at + n)
        }
    }

    /// The cell without quotes and escapes, and whether it had quotes.
    fn unquote<'a>(&self, text: Cow<'a, [u8]>) -> Result<(Cow<'a, [u8]>, bool), RowFault> {
        let (quote, escape) = (self.head.quote, self.head.escape);
        if memchr(quote, &text).is_none() {
            return Ok((text, false));
        }
        let mut out = Vec::with_capacity(text.len());
        let mut quoted = false;
        let mut at = 0;
        while let Some(&b) = text.get(at) {
            at += 1;
            let next = text.get(at).copied();
            if quoted && b == escape && next.is_some_and(|n| n == escape || n == quote) {
                out.extend(next);
                at += 1;
            } else if b == quote {
                quoted = !quoted;
            } else {
                out.push(b);
            }
        }
        if quoted {
            return fault("a quoted cell has no end");
        }
        Ok((Cow::Owned(out), true))
    }

    fn must_quote(&self, raw: &[u8]) -> bool {
        let special = |b: &u8| {
            *b == self.head.delimiter || *b == self.head.quote || matches!(*b, b'\n' | b'\r')
        };
        raw.is_empty() && self.head.null.is_empty()
            || raw == self.head.null
            || Some(raw) == self.head.default.as_deref()
            || raw == b"\\."
            || raw.iter().any(special)
    }
}

impl RowCodec for CsvCodec {
    fn row(&self, batch: &[u8], at: usize, row: &mut RowSpan) -> Result<bool, RowFault> {
        row.cells.clear();
        row.lead = at..at;
        row.statement = None;
        if at >= batch.len() {
            row.body = at..at;
            return Ok(false);
        }
        if let Some(doubt) = &self.head.doubt {
            return fault(doubt.clone());
        }
        let (quote, escape) = (self.head.quote, self.head.escape);
        let eol = self.newline.last();
        let mut quoting = Quoting::default();
        let (mut cell, mut here) = (at, at);
        loop {
            let Some(found) = self.next_mark(batch, here, quoting.is_quoted()) else {
                return fault("a row has no end");
            };
            if found > here {
                quoting.other();
            }
            here = found + 1;
            match batch[found] {
                b if b == quote || b == escape => quoting.take(b, quote, escape),
                b if quoting.is_quoted() => {
                    quoting.take(b, quote, escape);
                }
                b if b == eol => {
                    let mut end = found;
                    if eol == b'\n' && end > cell && batch[end - 1] == b'\r' {
                        end -= 1;
                    }
                    row.cells.push(cell..end);
                    row.body = at..here;
                    if end == at && self.columns.as_ref().is_some_and(Vec::is_empty) {
                        row.cells.clear();
                    }
                    return Ok(true);
                }
                _ => {
                    row.cells.push(cell..found);
                    cell = here;
                }
            }
        }
    }

    fn decode<'a>(
        &self,
        column: usize,
        raw: &'a [u8],
        data_type: &DataType,
    ) -> Result<Option<Cow<'a, [u8]>>, RowFault> {
        let name = self.column(column);
        if raw == self.head.null && !self.head.force_not_null.has(name) {
            return Ok(None);
        }
        if Some(raw) == self.head.default.as_deref() {
            return fault("the cell stands for the column's default");
        }
        let text = self
            .charset
            .decode(raw)
            .map_err(|e| RowFault(e.to_string()))?;
        let (text, quoted) = self.unquote(text)?;
        if quoted && *text == *self.head.null && self.head.force_null.has(name) {
            return Ok(None);
        }
        super::literal::canonical(text, data_type).map(Some)
    }

    fn encode(
        &self,
        column: usize,
        text: Option<&[u8]>,
        original: Option<&[u8]>,
        _data_type: &DataType,
        out: &mut Vec<u8>,
    ) -> Result<(), RowFault> {
        let name = self.column(column);
        let Some(text) = text else {
            if self.head.force_not_null.has(name) {
                return fault("this COPY cannot say NULL in a FORCE_NOT_NULL column");
            }
            out.extend_from_slice(&self.head.null);
            return Ok(());
        };
        if memchr(0, text).is_some() {
            return fault("the new value has a NUL, which PostgreSQL cannot store");
        }
        if text == self.head.null && self.head.force_null.has(name) {
            return fault("this COPY reads the new value as NULL in a FORCE_NULL column");
        }
        let quote = self.head.quote;
        let was_quoted = original.is_some_and(|o| o.first() == Some(&quote));
        if !was_quoted && !self.must_quote(text) {
            let bytes = self
                .charset
                .encode(text)
                .map_err(|e| RowFault(e.to_string()))?;
            out.extend_from_slice(&bytes);
            return Ok(());
        }
        let mut quoted = Vec::with_capacity(text.len() + 2);
        quoted.push(quote);
        for &b in text {
            if b == quote || b == self.head.escape {
                quoted.push(self.head.escape);
            }
            quoted.push(b);
        }
        quoted.push(quote);
        if memchr(b'\n', text).is_some() && has_end_line(text) {
            return fault("the new value has a line that psql takes for the end of this COPY");
        }
        let bytes = self
            .charset
            .encode(&quoted)
            .map_err(|e| RowFault(e.to_string()))?;
        out.extend_from_slice(&bytes);
        Ok(())
    }

    fn write_row(
        &self,
        cells: &[(Option<&[u8]>, &DataType)],
        out: &mut Vec<u8>,
    ) -> Result<(), RowFault> {
        for (column, (text, data_type)) in cells.iter().enumerate() {
            if column > 0 {
                out.push(self.head.delimiter);
            }
            self.encode(column, *text, None, data_type, out)?;
        }
        out.extend_from_slice(self.newline.bytes());
        Ok(())
    }
}

/// Would psql find the end of the COPY within this value? A value starts and ends with a quote.
fn has_end_line(text: &[u8]) -> bool {
    text.split(|b| *b == b'\n')
        .skip(1)
        .any(|line| line == b"\\." || line == b"\\.\r")
}

#[cfg(test)]
mod tests {
    use super::super::copy_head;
    use super::super::tokens::{Lexing, tokens};
    use super::*;

    type Row = Vec<Option<Vec<u8>>>;
    /// Options, encoding, line ends, a row's bytes, its cells.
    type Case<'a> = (&'a str, &'a str, Newline, &'a [u8], Row);

    fn codec(options: &str, charset: &str, newline: Newline) -> CsvCodec {
        let text = format!("COPY t FROM stdin (FORMAT csv{options})");
        let head = copy_head::parse(tokens(text.as_bytes(), Lexing::default())).unwrap();
        let columns = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        CsvCodec::new(head, Charset::from_name(charset), newline, Some(columns))
    }

    fn rows(codec: &CsvCodec, batch: &[u8]) -> Result<Vec<Row>, RowFault> {
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
        Ok(out)
    }

    #[test]
    fn cells_are_read_as_the_server_reads_them() {
        let some = |text: &str| Some(text.as_bytes().to_vec());
        let cases: &[Case] = &[
            (
                "",
                "UTF8",
                Newline::Lf,
                b"1,,\"\",\"a,b\"\"c\"\n",
                vec![some("1"), None, some(""), some("a,b\"c")],
            ),
            (
                "",
                "UTF8",
                Newline::Lf,
                b"\"a\nb\",x\"y,z\"w,\n",
                vec![some("a\nb"), some("xy,zw"), None],
            ),
            (
                "",
                "UTF8",
                Newline::CrLf,
                b"a,\"b\r\nc\"\r\n",
                vec![some("a"), some("b\r\nc")],
            ),
            (
                "",
                "UTF8",
                Newline::Cr,
                b"a,b\r",
                vec![some("a"), some("b")],
            ),
            (
                ", ESCAPE '\\'",
                "UTF8",
                Newline::Lf,
                b"\"a\\\"b\\\\\",\\,\"\\n\"\n",
                vec![some("a\"b\\"), some("\\"), some("\\n")],
            ),
            (
                ", DELIMITER ';', QUOTE '''', NULL 'x'",
                "UTF8",
                Newline::Lf,
                b"'a;''';x;'x';\n",
                vec![some("a;'"), None, some("x"), some("")],
            ),
            (
                ", FORCE_NULL (a), FORCE_NOT_NULL (b)",
                "UTF8",
                Newline::Lf,
                b"\"\",,\"\",\n",
                vec![None, some(""), some(""), None],
            ),
            (
                ", DELIMITER '|', ESCAPE '\\'",
                "SJIS",
                Newline::Lf,
                b"\x83\x7c|\"\x95\x5c\"\n",
                vec![some("ポ"), some("表")],
            ),
        ];
        for (options, charset, newline, batch, expected) in cases {
            let found = rows(&codec(options, charset, *newline), batch).unwrap();
            assert_eq!(&found, std::slice::from_ref(expected), "{batch:?}");
        }
    }

    #[test]
    fn doubtful_cells_and_rows_are_faults() {
        for (options, batch) in [("", &b"\"a\n"[..]), ("", b"a"), (", DEFAULT 'd'", b"d\n")] {
            assert!(
                rows(&codec(options, "UTF8", Newline::Lf), batch).is_err(),
                "{batch:?}"
            );
        }
        let forced = codec(", FORCE_NULL *, FORCE_NOT_NULL (b)", "UTF8", Newline::Lf);
        let mut out = Vec::new();
        assert!(
            forced
                .encode(1, None, None, &DataType::Text, &mut out)
                .is_err()
        );
        assert!(
            forced
                .encode(0, Some(b""), None, &DataType::Text, &mut out)
                .is_err()
        );
        assert!(
            forced
                .encode(0, Some(b"a\n\\.\nb"), None, &DataType::Text, &mut out)
                .is_err()
        );
    }

    #[test]
    fn new_cells_keep_their_quoting() {
        let codec = codec("", "UTF8", Newline::Lf);
        for (text, original, expected) in [
            (Some("a"), Some("b"), "a"),
            (Some("a"), Some("\"b\""), "\"a\""),
            (Some("a,\"b"), Some("b"), "\"a,\"\"b\""),
            (Some(""), Some("b"), "\"\""),
            (None, Some("\"b\""), ""),
            (Some("\\."), None, "\"\\.\""),
        ] {
            let mut out = Vec::new();
            let (text, original) = (text.map(str::as_bytes), original.map(str::as_bytes));
            codec
                .encode(0, text, original, &DataType::Text, &mut out)
                .unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        for (options, charset, newline) in [
            ("", "UTF8", Newline::Lf),
            (
                ", DELIMITER '|', NULL 'x', ESCAPE '\\'",
                "SJIS",
                Newline::CrLf,
            ),
            (", QUOTE '''', DEFAULT 'y'", "LATIN1", Newline::Cr),
        ] {
            let codec = codec(options, charset, newline);
            for text in ["x", "y", "", "\\.", "a|b,c\nd\re\\f\"g'h\\", "\\\"", " z "] {
                let mut out = Vec::new();
                codec
                    .write_row(
                        &[
                            (Some(text.as_bytes()), &DataType::Text),
                            (None, &DataType::Text),
                        ],
                        &mut out,
                    )
                    .unwrap();
                assert_eq!(
                    rows(&codec, &out).unwrap(),
                    [[Some(text.as_bytes().to_vec()), None]]
                );
            }
        }
    }
}
