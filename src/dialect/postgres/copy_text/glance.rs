//! The short way to a few cells of many rows.
//!
//! A map ([`RowMap`](crate::dialect::RowMap)) of a few kilobytes at a time says where rows end and how many delimiters they have; the wanted cells
//! are found by counting, and the others not at all. A row that has not as many cells as it should is left to
//! [`RowCodec::row`](crate::dialect::RowCodec::row), as are those behind it; so is a wanted cell that may not be its own text form to
//! [`TextCodec::decode`](crate::dialect::RowCodec::decode).

use super::{Newline, TextCodec};
use crate::dialect::Glanced;
use fearless_simd::{Level, Simd, dispatch};

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
    map.read_cells(simd, batch, at, delimiter);
    let (mut row, mut before) = (at, 0);
    for (end, behind) in map.ends(at) {
        if behind - before + 1 != *width {
            break;
        }
        for number in wanted.iter() {
            // Nothing in it but what is its own text form.
            let cell = map.cell(row..end, *number);
            cells.push(cell.filter(|cell| !map.is_unclear(cell.clone())));
        }
        ends.push(end + 1);
        (row, before) = (end + 1, behind);
    }
}
