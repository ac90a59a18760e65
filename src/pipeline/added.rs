//! The rows that INSERT rules add to a relation once all of its own rows have passed.
//!
//! A new row that met no row of the table runs through the steps after its INSERT, exactly like
//! a row that was read: a later UPDATE changes it, a later SELECT counts it.

use super::tally::Tally;
use crate::error::{Error, Result};
use crate::plan::{
    Fate, Inserts, NewCell, NewRow, NewRowSource, Origin, Pass, Program, RowState, RunFault, Step,
    StepKind,
};
use crate::schema::{Relation, RelationName};
use std::sync::Arc;

/// Rows to be added to a relation, by the columns that they fill.
pub(super) struct Added {
    /// The program that made them; its columns are the rows'.
    pub program: Arc<Program>,
    /// The rows, a cell for each cell of the program.
    pub rows: Vec<NewRow>,
}

/// Does the program add rows here?
pub(super) fn adds(program: &Program) -> bool {
    program.steps.iter().any(|step| inserts(step).is_some())
}

fn inserts(step: &Step) -> Option<&Inserts> {
    match &step.kind {
        StepKind::Insert(inserts) if !inserts.compare_only => Some(inserts),
        _ => None,
    }
}

/// Runs the INSERTs of a pass, now that all rows of the relation have passed them, and the new rows
/// through what follows.
///
/// # Errors
/// If a later step cannot run on a new row.
pub(super) fn run(program: &Arc<Program>, pass: Pass, tally: &mut Tally) -> Result<Added> {
    let mut added = Added {
        program: Arc::clone(program),
        rows: Vec::new(),
    };
    for (number, step) in program.steps.iter().enumerate().take(pass.to) {
        let Some(inserts) = inserts(step) else {
            continue;
        };
        let met = tally
            .found(step)
            .map(|found| found.met.clone())
            .unwrap_or_default();
        let after = Pass {
            first: number + 1,
            ..pass
        };
        let rows = inserts.rows();
        let mut there = met;
        there.resize(rows.len(), false);
        let mut kept = 0;
        for (row, cells) in rows.iter().enumerate() {
            if there[row] {
                continue;
            }
            kept += 1;
            clash(program, step, inserts, row, &mut there)?;
            added
                .rows
                .extend(follow(program, after, cells, row, tally)?);
        }
        if number >= pass.record {
            tally.hit(program, step, kept);
        }
    }
    Ok(added)
}

/// Marks the new rows that are in conflict with one that the same INSERT adds before them.
fn clash(
    program: &Program,
    step: &Step,
    inserts: &Inserts,
    row: usize,
    there: &mut [bool],
) -> Result<()> {
    if !inserts.has_conflicts() {
        return Ok(());
    }
    let source = NewRowSource {
        cells: &inserts.rows()[row],
        number: row as u64,
    };
    let state = RowState::new(program, source);
    let same = inserts
        .same_key(&state)
        .map_err(|e| fault(program, RunFault::new(step, e)))?;
    for other in same.into_iter().filter(|other| *other != row) {
        if inserts.updates_on_conflict() {
            let message = "ON CONFLICT DO UPDATE would change a row that the same INSERT adds; \
                           make the keys of its rows distinct";
            return Err(fault(program, RunFault::new(step, message)));
        }
        there[other] = true;
    }
    Ok(())
}

/// Runs a new row through the steps after its INSERT; none if one of them deletes it.
fn follow(
    program: &Program,
    pass: Pass,
    row: &NewRow,
    number: usize,
    tally: &mut Tally,
) -> Result<Option<NewRow>> {
    let mut state = RowState::new(
        program,
        NewRowSource {
            cells: row,
            number: number as u64,
        },
    );
    let mut found = program.tally();
    let fate = program
        .run(&mut state, pass, &mut found)
        .map_err(|f| fault(program, f))?;
    let mut row = row.clone();
    for (slot, column) in program.columns.iter().enumerate() {
        if let (Origin::Cell(cell), Some(new)) = (&column.origin, state.new_value(slot)) {
            row[*cell] = NewCell::Known(new.map(<[u8]>::to_vec));
        }
    }
    tally.merge(program, found)?;
    Ok((fate != Fate::Drop).then_some(row))
}

fn fault(program: &Program, fault: RunFault) -> Error {
    Error::input(fault.message)
        .relation(&program.relation)
        .rule(fault.rule)
}

/// The relation as the rows of a program see it: one column for each cell.
pub(super) fn relation(program: &Program, name: &RelationName) -> Relation {
    let mut relation = Relation::new(name.clone());
    relation.columns = program.columns[..program.cells]
        .iter()
        .map(|c| c.column.clone())
        .collect();
    relation
}
