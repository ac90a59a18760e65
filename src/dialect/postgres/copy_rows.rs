//! Cuts the data of a COPY into batches and finds its end.
//!
//! psql ends the data at a line that is exactly `\.`, whatever the format makes of that line. With
//! [`RowMode::Pass`] that line is all that is searched for. With [`RowMode::Split`] a batch is
//! whole rows: in text format the last line end that no backslash escapes, otherwise the last one
//! found by reading forward (CSV has quotes, and some encodings hide backslashes in characters).

use super::charset::Charset;
use super::copy_csv::Quoting;
use super::copy_head::{CopyHead, Format};
use super::copy_text::Newline;
use crate::dialect::RowMode;
use crate::dialect::marks::plain_lines;
use memchr::{memchr_iter, memchr2, memchr3, memmem, memrchr};

/// So much of a row may be searched again when more of it has come.
const SHORT: usize = 4096;

/// What stands at the front of the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// More input is needed.
    More,
    /// This many bytes of rows, and how many rows they are.
    Rows(usize, u64),
    /// The end of the block, of this many bytes.
    End(usize),
}

/// Finds row ends reading forward.
#[derive(Debug, Clone)]
struct Forward {
    at: usize,
    csv: Option<(u8, u8)>,
    quoting: Quoting,
}

impl Forward {
    /// The end of the next row at or before `buf`'s end. Rows end at `eol`, or at CR or LF if that is not known.
    fn next(&mut self, buf: &[u8], eol: Option<u8>, charset: &Charset) -> Option<usize> {
        let is_eol = |b: u8| eol.map_or(b == b'\n' || b == b'\r', |eol| b == eol);
        while self.at < buf.len() {
            let rest = &buf[self.at..];
            let skip = match (self.csv, eol) {
                _ if charset.is_wide() => Some(0),
                (None, Some(eol)) => memchr2(b'\\', eol, rest),
                (None, None) => memchr3(b'\\', b'\n', b'\r', rest),
                (Some((quote, escape)), Some(eol)) => memchr3(quote, escape, eol, rest),
                (Some(_), None) => Some(0),
            };
            let Some(skip) = skip else {
                self.quoting.other();
                self.at = buf.len();
                return None;
            };
            if skip > 0 {
                self.quoting.other();
            }
            self.at += skip;
            let b = buf[self.at];
            match self.csv {
                None if b == b'\\' => {
                    let next = buf.get(self.at + 1..).filter(|next| !next.is_empty())?;
                    self.at += 1 + charset.width(next);
                    continue;
                }
                Some((quote, escape)) => self.quoting.take(b, quote, escape),
                None => {}
            }
            self.at += charset.width(&buf[self.at..]);
            if is_eol(b) && !self.quoting.is_quoted() {
                return Some(self.at);
            }
        }
        None
    }
}

/// The state of one COPY's data.
#[derive(Debug, Clone)]
pub struct CopyRows {
    charset: Charset,
    newline: Newline,
    forward: Forward,
    /// Does the buffer start at the start of a line?
    line_start: bool,
    /// Bytes searched for the end line.
    searched: usize,
    /// Bytes searched for a line end.
    scanned: usize,
    /// The end of the last whole row and how many rows end there, when reading forward.
    whole: (usize, u64),
    /// How many line feeds the piece that was cut last holds, if they have been counted.
    lines: Option<u64>,
}

enum Marker {
    None,
    /// A line that is or may become the end, and its length if it is.
    At(usize, Option<usize>),
}

impl CopyRows {
    /// The data under `head`, of which nothing has been seen.
    pub fn new(head: &CopyHead, charset: Charset) -> Self {
        CopyRows {
            charset,
            newline: Newline::Lf,
            forward: Forward {
                at: 0,
                csv: (head.format == Format::Csv).then_some((head.quote, head.escape)),
                quoting: Quoting::default(),
            },
            line_start: true,
            searched: 0,
            scanned: 0,
            whole: (0, 0),
            lines: None,
        }
    }

    /// How many line feeds the piece that was cut last holds, if that is known.
    pub fn lines(&self) -> Option<u64> {
        self.lines
    }

    /// Looks at the first line, which decides how all of them end. Gives the line end and the first
    /// row's length; no length if there is no row. None if more input is needed.
    pub fn first_line(&mut self, buf: &[u8], eof: bool) -> Option<(Newline, Option<usize>)> {
        if let Marker::At(0, length) = self.marker(buf, eof) {
            if length.is_none() && !eof {
                return None;
            }
            let crlf = buf.get(2) == Some(&b'\r');
            return Some((if crlf { Newline::CrLf } else { Newline::Lf }, None));
        }
        let end = match self.forward.next(buf, None, &self.charset) {
            Some(end) if buf[end - 1] == b'\r' && end == buf.len() && !eof => {
                self.forward.at = end - 1;
                return None;
            }
            Some(end) => end,
            None if eof => return Some((Newline::Lf, (!buf.is_empty()).then_some(buf.len()))),
            None => return None,
        };
        Some(match (buf[end - 1], buf.get(end)) {
            (b'\r', Some(b'\n')) => (Newline::CrLf, Some(end + 1)),
            (b'\r', _) => (Newline::Cr, Some(end)),
            _ => (Newline::Lf, Some(end)),
        })
    }

    /// Begins with the rows, after the line that named the columns if there was one.
    pub fn start(&mut self, newline: Newline) {
        self.newline = newline;
        self.forward.at = 0;
        self.forward.quoting = Quoting::default();
        self.searched = 0;
    }

    /// The line that ends the data, if it is in sight.
    fn marker(&mut self, buf: &[u8], eof: bool) -> Marker {
        let judge = |line: usize| -> Option<Option<usize>> {
            match &buf[line..] {
                [b'\\', b'.', b'\n', ..] => Some(Some(3)),
                [b'\\', b'.', b'\r', b'\n', ..] => Some(Some(4)),
                [b'\\', b'.'] | [b'\\', b'.', b'\r'] if eof => Some(Some(buf.len() - line)),
                [b'\\'] | [b'\\', b'.'] | [b'\\', b'.', b'\r'] if !eof => Some(None),
                _ => None,
            }
        };
        if self.line_start
            && self.searched == 0
            && let Some(length) = judge(0)
        {
            return Marker::At(0, length);
        }
        while let Some(n) = memmem::find(&buf[self.searched.min(buf.len())..], b"\n\\") {
            let line = self.searched + n + 1;
            if let Some(length) = judge(line) {
                self.searched = line - 1;
                return Marker::At(line, length);
            }
            self.searched = line;
        }
        self.searched = self.searched.max(buf.len().saturating_sub(1));
        Marker::None
    }

    /// Cuts the next piece off the front of `buf`.
    pub fn cut(&mut self, mode: RowMode, buf: &[u8], eof: bool) -> Cut {
        self.lines = None;
        if let Some(cut) = self.cut_plain(mode, buf) {
            return cut;
        }
        let (limit, is_end) = match self.marker(buf, eof) {
            Marker::At(0, Some(length)) => return Cut::End(length),
            Marker::At(0, None) => return Cut::More,
            Marker::At(line, length) => (line, length.is_some()),
            Marker::None => (buf.len(), false),
        };
        let (end, rows) = match mode {
            RowMode::Pass => (limit, 0),
            RowMode::Split => self.whole_rows(&buf[..limit], is_end),
        };
        if end == 0 {
            return Cut::More;
        }
        self.take(&buf[..end]);
        Cut::Rows(end, rows)
    }

    /// [`CopyRows::cut`] in one pass, where no backslash stands beside a line feed: no line can be the end of the data
    /// then, and each is a row. None if that is not so, or not to be told without going over much again.
    fn cut_plain(&mut self, mode: RowMode, buf: &[u8]) -> Option<Cut> {
        let by_lines = self.forward.csv.is_none() && !self.charset.is_wide();
        let splits = mode == RowMode::Split;
        let is_first = self.line_start && buf.first() == Some(&b'\\');
        if is_first
            || self.searched > SHORT
            || splits && !(by_lines && self.newline.last() == b'\n')
        {
            return None;
        }
        let lines = plain_lines(buf)?;
        let end = match splits {
            true => memrchr(b'\n', buf)? + 1,
            false => buf.len(),
        };
        self.searched = buf.len().checked_sub(1)?;
        self.scanned = buf.len();
        self.lines = Some(lines);
        self.take(&buf[..end]);
        Some(Cut::Rows(end, if splits { lines } else { 0 }))
    }

    /// These bytes leave the buffer.
    fn take(&mut self, piece: &[u8]) {
        let end = piece.len();
        self.line_start = piece.ends_with(b"\n");
        self.searched = self.searched.saturating_sub(end);
        self.scanned = self.scanned.saturating_sub(end);
        self.forward.at = self.forward.at.saturating_sub(end);
        self.whole = (0, 0);
    }

    /// How much of `buf` is whole rows, and how many. At the end of the data everything is, and
    /// what is not will not parse.
    fn whole_rows(&mut self, buf: &[u8], is_end: bool) -> (usize, u64) {
        let eol = self.newline.last();
        if self.forward.csv.is_some() || self.charset.is_wide() {
            while let Some(end) = self.forward.next(buf, Some(eol), &self.charset) {
                self.whole = (end, self.whole.1 + 1);
            }
        } else {
            let mut end = buf.len();
            self.whole.0 = loop {
                let from = self.scanned.min(end);
                match memrchr(eol, &buf[from..end]) {
                    None => break 0,
                    Some(n) if is_escaped(buf, from + n) => end = from + n,
                    Some(n) => break from + n + 1,
                }
            };
            self.scanned = buf.len();
            let lines = &buf[..self.whole.0];
            let escaped = memmem::find_iter(lines, &[b'\\', eol])
                .filter(|at| is_escaped(lines, at + 1))
                .count();
            let ends = memchr_iter(eol, lines).count();
            self.whole.1 = (ends - escaped) as u64;
            let is_whole = eol == b'\n' && (!is_end || self.whole.0 == buf.len());
            self.lines = is_whole.then_some(ends as u64);
        }
        if is_end {
            return (buf.len(), self.whole.1);
        }
        self.whole
    }
}

/// Does an odd number of backslashes stand before `at`?
fn is_escaped(buf: &[u8], at: usize) -> bool {
    let run = buf[..at].iter().rev().take_while(|b| **b == b'\\').count();
    run % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::super::copy_head;
    use super::super::tokens::{Lexing, tokens};
    use super::*;

    /// Options, encoding, data, the number of rows, their bytes, the end.
    type Case<'a> = (&'a str, &'a str, &'a [u8], u64, &'a [u8], &'a [u8]);

    /// The batches of `data` with their row counts, and the end, however the data is cut.
    fn batches(
        options: &str,
        charset: &str,
        mode: RowMode,
        data: &[u8],
        cut: usize,
    ) -> (Vec<u8>, u64, Vec<u8>) {
        let text = format!("COPY t FROM stdin {options}");
        let head = copy_head::parse(tokens(text.as_bytes(), Lexing::default())).unwrap();
        let mut rows = CopyRows::new(&head, Charset::from_name(charset));
        let (mut from, mut have) = (0, 0);
        let mut newline = None;
        let (mut bytes, mut count) = (Vec::new(), 0);
        loop {
            let eof = have == data.len();
            let buf = &data[from..have];
            if newline.is_none() {
                newline = rows.first_line(buf, eof).map(|(newline, _)| newline);
                match newline {
                    Some(newline) => rows.start(newline),
                    None => {
                        assert!(!eof);
                        have = (have + cut).min(data.len());
                        continue;
                    }
                }
            }
            match rows.cut(mode, buf, eof) {
                Cut::End(length) => return (bytes, count, buf[..length].to_vec()),
                Cut::More if eof => return (bytes, count, b"?".to_vec()),
                Cut::More => have = (have + cut).min(data.len()),
                Cut::Rows(length, whole) => {
                    let lines = memchr_iter(b'\n', &buf[..length]).count() as u64;
                    assert!(rows.lines().is_none_or(|told| told == lines));
                    bytes.extend_from_slice(&buf[..length]);
                    count += whole;
                    from += length;
                }
            }
        }
    }

    #[test]
    fn data_ends_where_psql_ends_it() {
        let cases: &[Case] = &[
            (
                "",
                "UTF8",
                b"1\ta\n2\tb\n\\.\nSELECT",
                2,
                b"1\ta\n2\tb\n",
                b"\\.\n",
            ),
            ("", "UTF8", b"\\.\n", 0, b"", b"\\.\n"),
            ("", "UTF8", b"\n\n\\.\n", 2, b"\n\n", b"\\.\n"),
            (
                "",
                "UTF8",
                b"1\r\n2\r\n\\.\r\nx",
                2,
                b"1\r\n2\r\n",
                b"\\.\r\n",
            ),
            (
                "",
                "UTF8",
                b"a\\\nb\nc\\\\\n\\\\.\n\\.x\n\\.\n",
                4,
                b"a\\\nb\nc\\\\\n\\\\.\n\\.x\n",
                b"\\.\n",
            ),
            ("", "UTF8", b"1\n\\.", 1, b"1\n", b"\\."),
            (
                "",
                "SJIS",
                b"\x95\\\n\x95\\\n\\.\n",
                2,
                b"\x95\\\n\x95\\\n",
                b"\\.\n",
            ),
            (
                "(FORMAT csv)",
                "UTF8",
                b"a,\"b\nc\"\nd,\"\"\"\n\"\n\\.\n",
                2,
                b"a,\"b\nc\"\nd,\"\"\"\n\"\n",
                b"\\.\n",
            ),
            (
                "(FORMAT csv, ESCAPE '\\')",
                "UTF8",
                b"\"\\\"\n\"\n\"\\\\\"\n\\.\n",
                2,
                b"\"\\\"\n\"\n\"\\\\\"\n",
                b"\\.\n",
            ),
            (
                "(FORMAT csv)",
                "UTF8",
                b"a\n\"b\n\\.\n\"",
                1,
                b"a\n\"b\n",
                b"\\.\n",
            ),
            ("", "UTF8", b"1\n2\nunfinished", 2, b"1\n2\n", b"?"),
            ("", "UTF8", b"1\ra\\\r\r2\r", 3, b"1\ra\\\r\r2\r", b"?"),
        ];
        for (options, charset, data, count, rows, end) in cases {
            for cut in 1..=data.len() {
                let found = batches(options, charset, RowMode::Split, data, cut);
                assert_eq!(
                    (&found.0[..], found.1, &found.2[..]),
                    (*rows, *count, *end),
                    "{data:?} by {cut}"
                );
                let found = batches(options, charset, RowMode::Pass, data, cut);
                assert_eq!(&found.2, end, "{data:?} by {cut}");
                assert!(found.0.starts_with(rows));
            }
        }
    }
}
