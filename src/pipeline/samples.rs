//! Samples of rows before and after, for a dry run. They are masked where they are taken, on the
//! worker, so that real values exist nowhere else unless they were asked for.

use crate::plan::{Origin, Program, RawRow, RowState};
use crate::report::{Preview, Sample, SampleCell};
use crate::value::ValueError;
use std::borrow::Cow;

/// The most cells that are shown of a row that is dropped.
const MOST_CELLS: usize = 8;

/// The first rows of a batch or a relation that changed, and that were dropped.
#[derive(Debug, Default)]
pub(super) struct Samples {
    most: usize,
    values: bool,
    changed: Vec<Sample>,
    dropped: Vec<Sample>,
}

impl Samples {
    /// Room for the samples of a run.
    pub(super) fn of(preview: Option<Preview>) -> Self {
        let Preview { samples, values } = preview.unwrap_or_default();
        Samples {
            most: samples,
            values,
            ..Samples::default()
        }
    }

    /// Takes in those of later rows.
    pub(super) fn append(&mut self, later: Samples) {
        self.most = later.most;
        let room = |taken: &[Sample]| later.most.saturating_sub(taken.len());
        let changed = room(&self.changed);
        self.changed.extend(later.changed.into_iter().take(changed));
        let dropped = room(&self.dropped);
        self.dropped.extend(later.dropped.into_iter().take(dropped));
    }

    /// All of them, in the order of the rows.
    pub(super) fn all(&self) -> Vec<Sample> {
        let mut all: Vec<_> = self.changed.iter().chain(&self.dropped).cloned().collect();
        all.sort_by_key(|sample| sample.row);
        all
    }

    /// A row that leaves with new cells.
    pub(super) fn changed<'b, R: RawRow<'b>>(
        &mut self,
        row: &RowState<'_, 'b, R>,
        program: &Program,
    ) {
        if self.changed.len() >= self.most {
            return;
        }
        // The first cell is mostly the key: it says which row this is.
        let mut first = true;
        let cells = cells(row, program).filter_map(|(slot, column, before)| {
            let first = std::mem::take(&mut first);
            Some(match (before, row.new_value(slot)) {
                (_, None) if !first => return None,
                (Ok(before), None) => SampleCell::same(column, before.as_deref(), self.values),
                (Ok(before), Some(after)) => {
                    SampleCell::changed(column, before.as_deref(), after, self.values)
                }
                (Err(_), _) => SampleCell::unreadable(column),
            })
        });
        let cells = cells.collect();
        self.changed.push(Sample {
            row: row.raw.ordinal() + 1,
            dropped: false,
            cells,
        });
    }

    /// A row that is dropped.
    pub(super) fn dropped<'b, R: RawRow<'b>>(
        &mut self,
        row: &RowState<'_, 'b, R>,
        program: &Program,
    ) {
        if self.dropped.len() >= self.most {
            return;
        }
        let telling = telling(program);
        let cells = cells(row, program).filter(|(slot, ..)| telling.contains(slot));
        let cells = cells.map(|(_, column, value)| match value {
            Ok(value) => SampleCell::dropped(column, value.as_deref(), self.values),
            Err(_) => SampleCell::unreadable(column),
        });
        let cells = cells.collect();
        self.dropped.push(Sample {
            row: row.raw.ordinal() + 1,
            dropped: true,
            cells,
        });
    }
}

/// The columns by which a dropped row is known: those that rules name, then the first ones.
fn telling(program: &Program) -> Vec<usize> {
    let is_cell = |slot: &usize| matches!(program.columns[*slot].origin, Origin::Cell(_));
    let named = program.touched.iter().copied().filter(is_cell);
    let mut slots: Vec<usize> = named.take(MOST_CELLS).collect();
    for slot in (0..program.columns.len()).filter(is_cell) {
        if slots.len() < MOST_CELLS && !slots.contains(&slot) {
            slots.push(slot);
        }
    }
    slots
}

type Cell<'p, 'b> = (usize, &'p str, Result<Option<Cow<'b, [u8]>>, ValueError>);

/// The cells of a row as they were read: slot, column and text form.
fn cells<'r, 'p: 'r, 'b: 'r, R: RawRow<'b>>(
    row: &'r RowState<'_, 'b, R>,
    program: &'p Program,
) -> impl Iterator<Item = Cell<'p, 'b>> + 'r {
    let columns = program.columns.iter().enumerate();
    columns.filter_map(move |(slot, column)| match column.origin {
        Origin::Cell(cell) => {
            let value = row.raw.decode(cell, &column.column.data_type);
            Some((slot, column.column.name.as_str(), value))
        }
        _ => None,
    })
}
