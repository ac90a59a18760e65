//! The short way to a few cells of many rows.
//!
//! A map ([`RowMap`]) of a few kilobytes at a time says where rows end and how many delimiters they have; the wanted cells
//! are found by counting, and the others not at all. A row that has not as many cells as it should is left to
//! [`TextCodec::row`], as are those behind it; so is a wanted cell that may not be its own text form to
//! [`TextCodec::decode`](crate::dialect::RowCodec::decode).

use super::{Newline, TextCodec};
use crate::dialect::{Glanced, RowMap};
use fearless_simd::{Level, Simd, dispatch};
use std::ops::Range;

impl TextCodec {
    /// Is a cell without anything that a map marks its own text form?
    pub(super) fn is_glanceable(&self) -> bool {
        self.own && self.bare && self.head.doubt.is_none() && self.newline == Newline::Lf
    }
}

/// [`RowCodec::glance`](crate::dialect::RowCodec::glance).
pub(super) fn glance(codec: &TextCodec, batch: &[u8], at: usize, rows: &mut Glanced) {
    if codec.is_glanceable() && rows.width > 0 && at < batch.len() {
        dispatch!(Level::new(), simd => list(simd, batch, at, codec.head.delimiter, rows));
    }
}

#[inline(always)]
fn list<S: Simd>(simd: S, batch: &[u8], at: usize, delimiter: u8, rows: &mut Glanced) {
    let Glanced {
        width,
        wanted,
        map,
        ends,
        cells,
    } = rows;
    map.read(simd, batch, at, delimiter, false);
    let (mut row, mut before) = (at, 0);
    while let Some(end) = map.row_end(row) {
        let behind = map.delimiters(end);
        if behind - before + 1 != *width {
            break;
        }
        for number in wanted.iter() {
            cells.push(cell(map, row..end, *number));
        }
        ends.push(end + 1);
        (row, before) = (end + 1, behind);
    }
}

/// The cell of a row with this number, if nothing in it but plain text.
#[inline(always)]
fn cell(map: &RowMap, row: Range<usize>, number: usize) -> Option<Range<usize>> {
    let start = match number {
        0 => row.start,
        _ => map.behind_delimiter(row.start, number)?,
    };
    let cell = start..map.cell_end(start..row.end);
    (!map.is_unclear(cell.clone())).then_some(cell)
}
