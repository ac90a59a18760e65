//! The short way over rows of which nothing but addresses is moved.
//!
//! One pass over the bytes makes a map ([`RowMap`]) of a few kilobytes at a time. Rows in which nothing is that an address
//! could be written with are only counted, and their delimiters, all together; the others are looked at one by one: their
//! width is checked, and the wanted cells are found that hold more than plain text. Whatever is not certain there,
//! [`TextCodec::row`] looks at, and says what is wrong with it.

use super::{Newline, TextCodec};
use crate::dialect::{Bare, Form, RowCodec, RowMap, Signed, Surveyed, Wanted};
use fearless_simd::{Level, Simd, dispatch};
use std::ops::Range;

/// [`RowCodec::survey`].
pub(super) fn survey(
    codec: &TextCodec,
    batch: &[u8],
    at: usize,
    wanted: &Wanted,
    map: &mut RowMap,
    found: &mut Vec<Signed>,
) -> Surveyed {
    let nothing = Surveyed {
        end: at,
        rows: 0,
        goes_on: false,
    };
    if !codec.is_surveyable(wanted) || at >= batch.len() {
        return nothing;
    }
    dispatch!(Level::new(), simd => {
        if !map.begins(at) && map.row_end(at).is_none() {
            map.read(simd, batch, at, codec.head.delimiter, wanted.not_null);
        }
        match map.last_end(at) {
            Some(last) => go(simd, codec, batch, at..last + 1, wanted, map, found),
            None => nothing,
        }
    })
}

/// Goes over the rows of a range.
#[inline(always)]
fn go<S: Simd>(
    _: S,
    codec: &TextCodec,
    batch: &[u8],
    rows: Range<usize>,
    wanted: &Wanted,
    map: &RowMap,
    found: &mut Vec<Signed>,
) -> Surveyed {
    let delimiters = wanted.longest.len() - 1;
    let until = |row: usize, goes_on: bool| {
        let passed = map.rows(row) - map.rows(rows.start);
        match map.delimiters(row) - map.delimiters(rows.start) == passed * delimiters {
            true => Surveyed {
                end: row,
                rows: passed as u64,
                goes_on,
            },
            false => uneven(map, rows.start, delimiters),
        }
    };
    // The row that is looked at, its line feed, and how many delimiters stand before it.
    let (mut row, mut end, mut before) = (rows.start, rows.start, 0);
    let mut from = rows.start;
    let mut next = rows.start;
    while let Some(odd) = map.odd(from).filter(|odd| *odd < rows.end) {
        if odd >= next {
            // Of rows that follow each other each may have one.
            row = next;
            end = map.row_end(row).unwrap_or(rows.end);
            if end < odd {
                row = map.row_start(row, odd);
                end = map.row_end(odd).unwrap_or(rows.end);
            }
            next = end + 1;
            before = map.delimiters(row);
            let fits = || end - row <= wanted.shortest || all_fit(map, row..end, wanted);
            if map.delimiters(end) - before != delimiters || !fits() {
                return until(row, false);
            }
        }
        let column = map.delimiters(odd) - before;
        if column > wanted.last {
            from = next;
            continue;
        }
        from = map.cell_end(odd..end);
        if wanted.longest[column].is_none() {
            continue;
        }
        let cell = map.cell_start(row, odd)..from;
        let (sign, form) = match map.is_unclear(cell.clone()) {
            false => (Some(odd), Form::Clear),
            true => {
                let form = match codec.bare(&batch[cell.clone()]) {
                    Bare::Null if !wanted.not_null => continue,
                    Bare::Text(_) => Form::Text,
                    Bare::Lines(_) => Form::Lines,
                    Bare::Null | Bare::Unclear => return until(row, false),
                };
                (map.sign(odd..cell.end), form)
            }
        };
        found.push(Signed {
            row,
            column,
            cell,
            sign,
            form,
        });
    }
    until(rows.end, true)
}

/// As far as the first row that has not so many delimiters.
#[cold]
fn uneven(map: &RowMap, from: usize, delimiters: usize) -> Surveyed {
    let (mut row, mut rows) = (from, 0);
    while let Some(end) = map.row_end(row)
        && map.delimiters(end) - map.delimiters(row) == delimiters
    {
        (row, rows) = (end + 1, rows + 1);
    }
    Surveyed {
        end: row,
        rows,
        goes_on: false,
    }
}

/// Is each of the wanted cells as short as it has to be?
fn all_fit(map: &RowMap, row: Range<usize>, wanted: &Wanted) -> bool {
    let mut from = row.start;
    wanted.longest.iter().all(|longest| {
        let end = map.cell_end(from..row.end);
        let length = end - from;
        from = row.end.min(end + 1);
        longest.is_none_or(|longest| length <= longest)
    })
}

impl TextCodec {
    /// Do rows show without being read what they hold?
    fn is_surveyable(&self, wanted: &Wanted) -> bool {
        self.bare
            && !wanted.longest.is_empty()
            && self.charset.is_plain()
            && self.head.doubt.is_none()
            && self.head.default.is_none()
            && self.newline == Newline::Lf
            // If NULL is written in another way, a cell of plain text may be it.
            && (!wanted.not_null || self.head.null == b"\\N")
    }
}
