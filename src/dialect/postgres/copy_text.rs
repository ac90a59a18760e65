//! Rows of COPY in text format: delimiters and backslashes.

use super::charset::Charset;
use super::copy_head::CopyHead;
use crate::dialect::marks::{BLOCK, marks};
use crate::dialect::{
    Ahead, Bare, Glanced, RowCodec, RowFault, RowMap, RowSpan, Signed, Surveyed, Wanted,
};
use crate::schema::DataType;
use fearless_simd::{Level, Simd, dispatch};
use memchr::{memchr, memchr_iter};
use std::borrow::Cow;

mod glance;
mod survey;

/// What ends a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Newline {
    /// LF.
    Lf,
    /// CR LF.
    CrLf,
    /// CR alone.
    Cr,
}

impl Newline {
    /// Its bytes.
    pub fn bytes(self) -> &'static [u8] {
        match self {
            Newline::Lf => b"\n",
            Newline::CrLf => b"\r\n",
            Newline::Cr => b"\r",
        }
    }

    /// Its last byte.
    pub fn last(self) -> u8 {
        match self {
            Newline::Lf | Newline::CrLf => b'\n',
            Newline::Cr => b'\r',
        }
    }
}

/// Reads and writes rows in text format.
#[derive(Debug)]
pub struct TextCodec {
    head: CopyHead,
    charset: Charset,
    newline: Newline,
    width: Option<usize>,
    /// Do letters, digits and `@._-` mean themselves, and is nothing that has an `@` NULL?
    bare: bool,
    /// Is a cell without a backslash its own text?
    own: bool,
}

pub(super) fn fault<T>(why: impl Into<String>) -> Result<T, RowFault> {
    Err(RowFault(why.into()))
}

impl TextCodec {
    /// A codec for the rows under `head`, which have `width` columns if that is known.
    pub fn new(head: CopyHead, charset: Charset, newline: Newline, width: Option<usize>) -> Self {
        let plain = |b: u8| !b.is_ascii_alphanumeric() && !b"@._-".contains(&b);
        let marked = [Some(&head.null), head.default.as_ref()];
        let bare = plain(head.delimiter)
            && !charset.is_wide()
            && (marked.iter().flatten()).all(|mark| !mark.contains(&b'@'));
        TextCodec {
            bare,
            own: head.null == b"\\N" && head.default.is_none() && charset.is_plain(),
            head,
            charset,
            newline,
            width,
        }
    }

    fn escaped(&self, text: &[u8], out: &mut Vec<u8>) -> Result<(), RowFault> {
        if memchr(0, text).is_some() {
            return fault("the new value has a NUL, which PostgreSQL cannot store");
        }
        let start = out.len();
        let mut plain = Vec::new();
        let target = if self.charset.is_plain() || text.is_ascii() {
            &mut *out
        } else {
            &mut plain
        };
        let delimiter = self.head.delimiter;
        let special = |b: u8| b < 0x20 || b == b'\\' || b == delimiter;
        // Nearly all texts leave as they are.
        match text.iter().fold(false, |any, &b| any | special(b)) {
            false => target.extend_from_slice(text),
            true => text.iter().for_each(|&b| match b {
                0x08 => target.extend_from_slice(b"\\b"),
                0x0c => target.extend_from_slice(b"\\f"),
                b'\n' => target.extend_from_slice(b"\\n"),
                b'\r' => target.extend_from_slice(b"\\r"),
                b'\t' => target.extend_from_slice(b"\\t"),
                0x0b => target.extend_from_slice(b"\\v"),
                b'\\' => target.extend_from_slice(b"\\\\"),
                b if b == delimiter => target.extend_from_slice(&[b'\\', b]),
                b => target.push(b),
            }),
        }
        if !plain.is_empty() {
            let bytes = self
                .charset
                .encode(&plain)
                .map_err(|e| RowFault(e.to_string()))?;
            out.extend_from_slice(&bytes);
        }
        if out[start..] == self.head.null || Some(&out[start..]) == self.head.default.as_deref() {
            // The server compares before it unescapes: a number escape makes it an ordinary value.
            let Some(&first) = out.get(start).filter(|b| b.is_ascii() && **b != b'\\') else {
                return fault("the new value cannot be told from this COPY's NULL");
            };
            let octal = format!("\\{first:03o}");
            out.splice(start..=start, octal.bytes());
        }
        Ok(())
    }

    /// Finds the cells of the row at `at`, where no character but the escaped ones can hide a sign.
    #[inline(always)]
    fn split<S: Simd>(
        &self,
        simd: S,
        batch: &[u8],
        at: usize,
        row: &mut RowSpan,
    ) -> Result<bool, RowFault> {
        let follows = at > 0 && at == row.body.end && at - at % BLOCK == row.ahead.base;
        let mut block = match follows {
            true => row.ahead,
            false => self.look(simd, batch, at - at % BLOCK, at),
        };
        let (mut cell, mut from) = (at, at);
        row.own = usize::MAX;
        loop {
            let Ahead { base, marks } = block;
            let seen = u64::MAX << (from - base);
            let [delimiters, ends, escapes] = marks;
            let (delimiters, ends, escapes) = (delimiters & seen, ends & seen, escapes & seen);
            // The end of the row, and what stands before it.
            let end = ends & ends.wrapping_neg();
            let within = end.wrapping_sub(1);
            let mut left = delimiters & within;
            while left != 0 {
                let here = base + left.trailing_zeros() as usize;
                left &= left - 1;
                row.cells.push(cell..here);
                cell = here + 1;
            }
            let mut left = escapes & within;
            while left != 0 {
                let here = base + left.trailing_zeros() as usize;
                left &= left - 1;
                row.own = row.own.min(here + 1);
                // Older servers take it for the end of the data, in the middle of a line too.
                if batch.get(here + 1) == Some(&b'.') {
                    return fault(UNESCAPED_END);
                }
            }
            if end != 0 {
                let here = base + end.trailing_zeros() as usize;
                row.own = if self.own { row.own.min(here + 1) } else { 0 };
                row.ahead = block;
                return Ok(self.end_row(batch, at, cell, here, row));
            }
            let next = base + BLOCK;
            if next >= batch.len() {
                return fault(NO_END);
            }
            // The byte behind a backslash means nothing by itself.
            from = next + (escapes >> (BLOCK - 1)) as usize;
            block = self.look(simd, batch, next, from);
        }
    }

    /// Where delimiters, line ends and backslashes stand in a block, as far as they are not escaped; up to `from` is
    /// nobody's business.
    #[inline(always)]
    fn look<S: Simd>(&self, simd: S, batch: &[u8], base: usize, from: usize) -> Ahead {
        let signs = [self.head.delimiter, self.newline.last(), b'\\'];
        let seen = u64::MAX << (from - base);
        let [delimiters, ends, escapes] = marks(simd, batch, base, signs);
        let mut marks = [delimiters & seen, ends & seen, escapes & seen];
        let mut left = marks[2];
        while left != 0 {
            let escape = left & left.wrapping_neg();
            for marks in &mut marks {
                *marks &= !(escape << 1);
            }
            left &= marks[2] & !escape;
        }
        Ahead { base, marks }
    }

    /// [`TextCodec::split`] by characters, of which some hold bytes that look like signs.
    fn split_wide(&self, batch: &[u8], at: usize, row: &mut RowSpan) -> Result<bool, RowFault> {
        let eol = self.newline.last();
        let delimiter = self.head.delimiter;
        let (mut cell, mut here) = (at, at);
        row.own = 0;
        while here < batch.len() {
            match batch[here] {
                b if b == eol => return Ok(self.end_row(batch, at, cell, here, row)),
                b'\\' if batch.get(here + 1) == Some(&b'.') => return fault(UNESCAPED_END),
                b'\\' => {
                    here += 1 + batch
                        .get(here + 1..)
                        .map_or(1, |rest| self.charset.width(rest));
                }
                b if b == delimiter => {
                    row.cells.push(cell..here);
                    cell = here + 1;
                    here = cell;
                }
                _ => here += self.charset.width(&batch[here..]),
            }
        }
        fault(NO_END)
    }

    /// The row from `at`, of which the last cell begins at `cell`, ends with the line end at `found`.
    fn end_row(
        &self,
        batch: &[u8],
        at: usize,
        cell: usize,
        found: usize,
        row: &mut RowSpan,
    ) -> bool {
        let mut end = found;
        if self.newline.last() == b'\n' && end > cell && batch[end - 1] == b'\r' {
            end -= 1;
        }
        row.cells.push(cell..end);
        row.body = at..found + 1;
        if self.width == Some(0) && end == at {
            row.cells.clear();
        }
        true
    }
}

const NO_END: &str = "a row has no end";
const UNESCAPED_END: &str = "a row holds \\. unescaped, which servers read differently";

impl RowCodec for TextCodec {
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
        match self.charset.is_wide() {
            true => self.split_wide(batch, at, row),
            false => dispatch!(Level::new(), simd => self.split(simd, batch, at, row)),
        }
    }

    fn decode<'a>(
        &self,
        _column: usize,
        raw: &'a [u8],
        data_type: &DataType,
    ) -> Result<Option<Cow<'a, [u8]>>, RowFault> {
        if self.own && !raw.contains(&b'\\') {
            return super::literal::canonical(Cow::Borrowed(raw), data_type).map(Some);
        }
        if raw == self.head.null {
            return Ok(None);
        }
        if Some(raw) == self.head.default.as_deref() {
            return fault("the cell stands for the column's default");
        }
        let text = self
            .charset
            .decode(raw)
            .map_err(|e| RowFault(e.to_string()))?;
        let text = match memchr(b'\\', &text) {
            None => text,
            Some(first) => Cow::Owned(unescape(&text, first, &self.charset)?),
        };
        super::literal::canonical(text, data_type).map(Some)
    }

    fn encode(
        &self,
        _column: usize,
        text: Option<&[u8]>,
        _original: Option<&[u8]>,
        _data_type: &DataType,
        out: &mut Vec<u8>,
    ) -> Result<(), RowFault> {
        match text {
            None => out.extend_from_slice(&self.head.null),
            Some(text) => self.escaped(text, out)?,
        }
        Ok(())
    }

    fn bare(&self, raw: &[u8]) -> Bare {
        if raw == self.head.null {
            return Bare::Null;
        }
        let control = raw.iter().fold(false, |any, &b| any | (b < 0x20));
        let unclear = control
            || !self.bare
            || !(self.charset.is_plain() || raw.is_ascii())
            || Some(raw) == self.head.default.as_deref();
        if unclear {
            return Bare::Unclear;
        }
        // As nearly all that has one, a text with line ends.
        let mut escapes = memchr_iter(b'\\', raw).peekable();
        let lines = escapes.peek().is_some();
        match escapes.all(|at| raw.get(at + 1).is_some_and(|b| b"bfnrtv".contains(b))) {
            true if lines => Bare::Lines(0..raw.len()),
            true => Bare::Text(0..raw.len()),
            false => Bare::Unclear,
        }
    }

    fn survey(
        &self,
        batch: &[u8],
        at: usize,
        wanted: &Wanted,
        map: &mut RowMap,
        found: &mut Vec<Signed>,
    ) -> Surveyed {
        survey::survey(self, batch, at, wanted, map, found)
    }

    fn glance(&self, batch: &[u8], at: usize, rows: &mut Glanced) {
        glance::glance(self, batch, at, rows);
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

/// Takes the backslashes off. `first` is the first one.
fn unescape(text: &[u8], first: usize, charset: &Charset) -> Result<Vec<u8>, RowFault> {
    let mut out = Vec::with_capacity(text.len());
    out.extend_from_slice(&text[..first]);
    let mut at = first;
    while at < text.len() {
        let rest = &text[at..];
        if rest[0] != b'\\' {
            let length = memchr(b'\\', rest).unwrap_or(rest.len());
            out.extend_from_slice(&rest[..length]);
            at += length;
            continue;
        }
        let Some(&escape) = rest.get(1) else {
            out.push(b'\\');
            break;
        };
        at += 2;
        let rest = &text[at..];
        let number = match escape {
            b'0'..=b'7' => {
                let more = rest
                    .iter()
                    .take(2)
                    .take_while(|b| (b'0'..=b'7').contains(*b))
                    .count();
                let code = rest[..more]
                    .iter()
                    .fold(u32::from(escape - b'0'), |code, b| {
                        code * 8 + u32::from(b - b'0')
                    });
                at += more;
                Some(code)
            }
            b'x' => {
                let more = rest
                    .iter()
                    .take(2)
                    .take_while(|b| b.is_ascii_hexdigit())
                    .count();
                at += more;
                std::str::from_utf8(&rest[..more])
                    .ok()
                    .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            }
            _ => None,
        };
        match (number, escape) {
            (Some(code), _) => {
                let byte = (code & 0xff) as u8;
                if byte >= 0x80 && !charset.is_plain() {
                    return fault(
                        "the cell has a byte escape in a character set that is not UTF-8",
                    );
                }
                out.push(byte);
            }
            (None, b'b') => out.push(0x08),
            (None, b'f') => out.push(0x0c),
            (None, b'n') => out.push(b'\n'),
            (None, b'r') => out.push(b'\r'),
            (None, b't') => out.push(b'\t'),
            (None, b'v') => out.push(0x0b),
            (None, other) => out.push(other),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests;
