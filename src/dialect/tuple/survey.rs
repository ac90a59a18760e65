//! The short way over rows of which nothing but addresses is moved.
//!
//! One pass over the bytes makes a map ([`RowMap`]) of a few kilobytes at a time. By it each row's cells are counted, and
//! the wanted ones are found: a text in quotes in which nothing stands that an address could be written with is not
//! looked at. What stands between two rows stays as it is, so rows of several statements can be gone over as well.
//! Whatever is not certain, [`RowCodec::row`] looks at, and says what is wrong with it.
//!
//! [`RowCodec::row`]: crate::dialect::RowCodec::row

use super::Writing;
use super::signs::{Odd, Signs};
use crate::dialect::marks::{BLOCK, between, block, is};
use crate::dialect::rowmap::Marks;
use crate::dialect::{Bare, Form, RowMap, Signed, Surveyed, Wanted};
use fearless_simd::{Level, Simd, dispatch, prelude::*};

/// [`RowCodec::survey`] of rows behind another one, in a text of which no character holds a byte that looks like another.
/// `bare` tells what a cell holds.
///
/// [`RowCodec::survey`]: crate::dialect::RowCodec::survey
pub fn survey(
    writing: &Writing<'_>,
    bare: impl Fn(&[u8]) -> Bare + Copy,
    batch: &[u8],
    at: usize,
    wanted: &Wanted,
    map: &mut RowMap,
    found: &mut Vec<Signed>,
) -> Surveyed {
    // Within a head nothing is looked at, but quotes are counted.
    let quoted = writing.head.iter().any(|b| matches!(b, b'\'' | b'\\'));
    if at == 0 || at >= batch.len() || quoted || wanted.longest.is_empty() {
        return Surveyed::none(at);
    }
    dispatch!(Level::new(), simd => {
        if !map.begins(at) && map.row_end(at).is_none() {
            draw(simd, writing, batch, at, wanted.statements, map);
        }
        go(simd, bare, batch, at, wanted, map, found)
    })
}

/// Draws the map of the rows behind the one that ends at `at`. What separates the cells of a row are its commas and
/// its opening parenthesis.
#[inline(always)]
fn draw<S: Simd>(
    simd: S,
    writing: &Writing<'_>,
    batch: &[u8],
    at: usize,
    statements: bool,
    map: &mut RowMap,
) {
    let opens = |end: usize| {
        let (open, statement) = writing.lead(batch, end)?;
        (statement.is_none() || statements).then_some(open)
    };
    let limit = map.begin(at, batch.len());
    // Up to there nothing is looked at.
    let Some(mut open) = opens(at) else {
        return map.close(at);
    };
    let mut signs = Signs::default();
    let (mut quoted, mut begun) = (0, 0);
    for base in (at..limit).step_by(BLOCK) {
        let bytes = block(simd, batch, base);
        signs = writing.look(bytes, base, signs);
        let (mut marks, mut seen, mut end) = (Marks::default(), 0, None);
        while end.is_none() && open < base + BLOCK - 1 {
            let mut from = base;
            if open >= base {
                marks.delimiters |= 1 << (open - base);
                from = open + 1;
            }
            let rows = signs.rows(from);
            seen |= rows.seen;
            marks.ends |= rows.ends;
            marks.delimiters |= signs.commas & rows.seen & !(rows.ends << 1) | rows.ends << 2;
            match rows.odd {
                Odd::Nothing => break,
                Odd::Doubt(odd) => end = Some(place(base, odd)),
                Odd::End(odd) => {
                    seen |= odd;
                    marks.ends |= odd;
                    let behind = place(base, odd) + 1;
                    match opens(behind) {
                        Some(next) => open = next,
                        None => end = Some(behind),
                    }
                }
            }
        }
        if open == base + BLOCK - 1 {
            marks.delimiters |= 1 << (BLOCK - 1);
        }
        let sides = signs.commas | signs.closes;
        // A cell of nothing, or of a space.
        let blanks = is(bytes, b' ').to_bitmask() | marks.delimiters;
        let empty = (blanks << 1 | begun) & sides & seen;
        if empty != 0 {
            end = Some(end.map_or(usize::MAX, |end| end).min(place(base, empty)));
        }
        // What stands behind a literal; it may be its second half.
        let more = (signs.quotes << 1 | quoted) & !sides;
        (quoted, begun) = (signs.quotes >> (BLOCK - 1), blanks >> (BLOCK - 1));
        let others = between(bytes, 0, 0x1f)
            | is(bytes, b'%')
            | is(bytes, b'&')
            | is(bytes, b'"')
            | is(bytes, b'\\');
        marks.signs = is(bytes, b'@').to_bitmask() & seen;
        marks.others = (others.to_bitmask() | more) & seen;
        marks.odd = marks.signs | marks.others;
        map.push(marks);
        if let Some(end) = end {
            return map.close(end);
        }
    }
    map.close(limit);
}

/// The place of the lowest bit of a block.
fn place(base: usize, bits: u64) -> usize {
    base + bits.trailing_zeros() as usize
}

/// Goes over the rows of the map from `at` on.
#[inline(always)]
fn go<S: Simd>(
    _: S,
    bare: impl Fn(&[u8]) -> Bare,
    batch: &[u8],
    at: usize,
    wanted: &Wanted,
    map: &RowMap,
    found: &mut Vec<Signed>,
) -> Surveyed {
    let mut surveyed = Surveyed::none(at);
    let mut before = map.delimiters(at);
    for (close, after) in map.ends(at) {
        let row = surveyed.end;
        if after - before != wanted.longest.len() {
            return surveyed;
        }
        before = after;
        let (mut from, mut passed) = (row, 0);
        for (column, longest) in wanted.longest[..=wanted.last].iter().enumerate() {
            let Some(longest) = *longest else {
                continue;
            };
            let Some(cell) = map.cell(from..close, column + 1 - passed) else {
                return surveyed;
            };
            (from, passed) = (cell.end, column + 1);
            let cell = cell.start + usize::from(batch[cell.start] == b' ')..cell.end;
            let raw = &batch[cell.clone()];
            if raw.first() != Some(&b'\'') {
                match raw.eq_ignore_ascii_case(b"NULL") && !wanted.not_null {
                    true => continue,
                    false => return surveyed,
                }
            }
            let (text, form) = match map.is_unclear(cell.clone()) {
                false => (1..raw.len() - 1, Form::Clear),
                true => match bare(raw) {
                    Bare::Text(text) => (text, Form::Text),
                    Bare::Lines(text) => (text, Form::Lines),
                    Bare::Null | Bare::Unclear => return surveyed,
                },
            };
            if text.len() > longest {
                return surveyed;
            }
            let sign = map.sign(cell.clone());
            if sign.is_none() && form == Form::Clear {
                continue;
            }
            found.push(Signed {
                row,
                column,
                cell: cell.start + text.start..cell.start + text.end,
                sign,
                form,
            });
        }
        surveyed.end = close + 1;
        surveyed.rows += 1;
    }
    // At a row that the map does not hold whole there is a doubt only if it is the first.
    surveyed.goes_on = surveyed.rows > 0;
    surveyed
}
