//! Rows that have to wait, as text forms: gathered to pieces that a [`Store`] keeps.
//!
//! Rows come out in the order in which they went in.

use super::store::{Kept, PIECE, Store};
use super::transform::TextRow;
use crate::error::{Error, Result};
use bytes::{Buf, Bytes};

/// Rows in the order in which they were pushed.
#[derive(Debug, Default)]
pub(super) struct Spool {
    kept: Vec<Kept>,
    gathered: Vec<u8>,
}

impl Spool {
    /// Appends a row.
    ///
    /// # Errors
    /// If the store cannot keep it.
    pub(super) fn push(&mut self, row: &TextRow, store: &Store) -> Result<()> {
        number(row.len(), &mut self.gathered)?;
        for cell in row {
            let length = cell.as_ref().map_or(0, |text| text.len() + 1);
            number(length, &mut self.gathered)?;
            self.gathered.extend(cell.iter().flatten());
        }
        if self.gathered.len() >= PIECE {
            self.kept
                .push(store.keep(std::mem::take(&mut self.gathered))?);
        }
        Ok(())
    }

    /// Takes the rows out, about [`PIECE`] bytes of them at a time.
    pub(super) fn batches(self) -> impl Iterator<Item = Result<Vec<TextRow>>> {
        let rest = (!self.gathered.is_empty()).then(|| Ok(self.gathered.into()));
        let kept = self.kept.into_iter().map(|piece| piece.read());
        kept.chain(rest).map(|piece| rows(piece?))
    }
}

fn number(n: usize, out: &mut Vec<u8>) -> Result<()> {
    let n = u32::try_from(n).map_err(|_| Error::input("a cell of more than 4 GiB cannot move"))?;
    out.extend_from_slice(&n.to_le_bytes());
    Ok(())
}

fn rows(mut piece: Bytes) -> Result<Vec<TextRow>> {
    let mut rows = Vec::new();
    while !piece.is_empty() {
        rows.push(
            row(&mut piece).ok_or_else(|| Error::io("rows that were kept aside are damaged"))?,
        );
    }
    Ok(rows)
}

fn row(piece: &mut Bytes) -> Option<TextRow> {
    let cells = piece.try_get_u32_le().ok()?;
    (0..cells)
        .map(|_| match piece.try_get_u32_le().ok()? as usize {
            0 => Some(None),
            length if length <= piece.len() + 1 => Some(Some(piece.split_to(length - 1).into())),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_out_as_they_went_in() {
        for limit in [0, 4 << 20, 1 << 30] {
            let store = Store::new(limit, None);
            let pushed: Vec<TextRow> = (0..60_000u32)
                .map(|n| {
                    vec![
                        None,
                        Some(n.to_string().into_bytes()),
                        Some(vec![0; n as usize % 77]),
                    ]
                })
                .collect();
            let mut spool = Spool::default();
            for row in &pushed {
                spool.push(row, &store).unwrap();
            }
            let mut out = Vec::new();
            let mut batches = 0;
            for rows in spool.batches() {
                batches += 1;
                out.append(&mut rows.unwrap());
            }
            assert!(out == pushed, "limit {limit}");
            assert!(batches > 3);
        }
    }

    #[test]
    fn damage_is_an_error() {
        for bytes in [&b"\x01\0\0"[..], b"\x01\0\0\0\x09\0\0\0ab"] {
            assert!(rows(Bytes::from_static(bytes)).is_err());
        }
    }
}
