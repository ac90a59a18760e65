//! The short way over rows of which nothing but addresses is moved.
//!
//! One pass over the bytes makes a map ([`RowMap`]) of a few kilobytes at a time; by it rows are counted, their
//! width is checked, and the wanted cells are found that hold more than plain text. Whatever is not certain there,
//! [`TextCodec::row`] looks at, and says what is wrong with it.

use super::{Newline, TextCodec};
use crate::dialect::{Bare, Form, RowCodec, RowMap, Signed, Surveyed, Wanted};
use std::ops::Range;

/// [`RowCodec::survey`].
pub(super) fn survey(
    codec: &TextCodec,
    batch: &[u8],
    at: usize,
    wanted: &Wanted,
    map: &mut RowMap,
    take: &mut dyn FnMut(Signed) -> bool,
) -> Surveyed {
    let mut found = Surveyed {
        end: at,
        rows: 0,
        goes_on: false,
    };
    let Some(delimiters) = wanted.longest.len().checked_sub(1) else {
        return found;
    };
    if !codec.is_surveyable(wanted) || at >= batch.len() {
        return found;
    }
    if !map.begins(at) && map.row_end(at).is_none() {
        map.read(batch, at, codec.head.delimiter);
    }
    let mut before = map.rank(at);
    while let Some(end) = map.row_end(found.end) {
        let row = found.end..end;
        let rank = map.rank(end);
        let fits = || row.len() <= wanted.shortest || all_fit(map, row.clone(), wanted);
        if rank - before != delimiters || !fits() {
            return found;
        }
        let mut from = row.start;
        while let Some(odd) = map.odd(from..end) {
            let column = map.rank(odd) - before;
            if column > wanted.last {
                break;
            }
            from = map.cell_end(odd..end);
            if wanted.longest[column].is_none() {
                continue;
            }
            let cell = map.cell_start(row.start, odd)..from;
            let form = match map.is_unclear(odd..cell.end) {
                false => Form::Clear,
                true => match codec.bare(&batch[cell.clone()]) {
                    Bare::Null if !wanted.not_null => continue,
                    Bare::Text(_) => Form::Text,
                    Bare::Lines(_) => Form::Lines,
                    Bare::Null | Bare::Unclear => return found,
                },
            };
            let signed = Signed {
                row: row.start,
                column,
                sign: map.sign(odd..cell.end),
                cell,
                form,
            };
            if !take(signed) {
                return found;
            }
        }
        found.end = end + 1;
        found.rows += 1;
        before = rank;
    }
    // At a row that the map does not hold whole there is a doubt only if it is the first.
    found.goes_on = found.rows > 0;
    found
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
            && self.charset.is_plain()
            && self.head.doubt.is_none()
            && self.head.default.is_none()
            && self.newline == Newline::Lf
            // If NULL is written in another way, a cell of plain text may be it.
            && (!wanted.not_null || self.head.null == b"\\N")
    }
}
