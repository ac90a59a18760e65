//! What a program comes to in rows of which nothing but plain addresses is rewritten.
//!
//! `UPDATE "*" SET "*" = anon.rewrite_emails(VALUE)` is the rule that meets most rows, and in nearly all
//! of them there is nothing to do, or an address to move that the function moves by looking at its bytes
//! ([`PlainAddresses`]). Where a program holds no other steps, that can be said of a row without decoding a
//! cell or evaluating an expression. Which programs these are is decided here; what is done with their
//! rows is the pipeline's business. Any row about which there is a doubt goes through the program.
//!
//! Likewise most rows do not meet the conditions of a program that drops or changes few.

use super::program::{Origin, Pass, Program};
use super::step::{Filter, StepKind};
use crate::expression::{Compiled, PlainAddresses};

/// A cell of which the addresses are moved.
#[derive(Debug)]
pub struct PlainCell<'p> {
    /// Which of the row.
    pub cell: usize,
    /// The slot of its column.
    pub slot: usize,
    /// How.
    pub addresses: PlainAddresses<'p>,
}

/// A program that only moves addresses.
#[derive(Debug)]
pub struct PlainProgram<'p> {
    /// The cells, in the order of the row.
    pub cells: Vec<PlainCell<'p>>,
    /// How long a row may be so that none of these cells can be too long for its column.
    pub shortest: usize,
    /// Must none of them be NULL?
    pub not_null: bool,
}

/// The condition of a step.
#[derive(Debug)]
pub struct Condition<'p> {
    /// A comparison of cells with constants.
    pub condition: &'p Compiled,
    /// Is it all that is asked of a row that the step drops?
    pub drops: bool,
}

impl Program {
    /// The program as one that only moves addresses, if all of it runs in `pass` and nothing in it does more.
    pub fn plain(&self, pass: Pass) -> Option<PlainProgram<'_>> {
        if pass != self.whole() || !self.computed.is_empty() {
            return None;
        }
        let computed = |slot: &usize| self.columns[*slot].column.generated.is_computed();
        if (0..self.columns.len()).any(|slot| computed(&slot)) {
            return None;
        }
        let mut cells = Vec::new();
        for step in &self.steps {
            let StepKind::Update {
                filter: Filter::All,
                assignments,
                ..
            } = &step.kind
            else {
                return None;
            };
            if step.feed.is_some() {
                return None;
            }
            for (slot, assignment) in assignments {
                let addresses = assignment.plain_addresses()?;
                let Origin::Cell(cell) = self.columns[*slot].origin else {
                    return None;
                };
                if addresses.slot != *slot || self.is_partition_key(*slot) {
                    return None;
                }
                cells.push(PlainCell {
                    cell,
                    slot: *slot,
                    addresses,
                });
            }
        }
        cells.sort_by_key(|cell| cell.cell);
        if cells.windows(2).any(|pair| pair[0].cell == pair[1].cell) {
            return None;
        }
        let limits = cells
            .iter()
            .filter_map(|cell: &PlainCell<'_>| cell.addresses.moves.limit());
        Some(PlainProgram {
            // No text has more characters or units of UTF-16 than bytes of UTF-8.
            shortest: limits
                .map(|(limit, _)| limit as usize)
                .min()
                .unwrap_or(usize::MAX),
            not_null: cells.iter().any(|cell| cell.addresses.not_null),
            cells,
        })
    }

    /// The conditions without which the program leaves a row as it is, and finds nothing in it, if that is all
    /// it asks and they are quickly answered: true of none of them, the row need not run through it.
    pub fn conditions(&self, pass: Pass) -> Option<Vec<Condition<'_>>> {
        let steps = self.steps.iter().map(|step| match &step.kind {
            StepKind::Delete(Filter::Where(condition))
            | StepKind::Update {
                filter: Filter::Where(condition),
                ..
            } if condition.is_comparison() => Some(Condition {
                condition,
                drops: matches!(step.kind, StepKind::Delete(_)) && step.feed.is_none(),
            }),
            _ => None,
        });
        let conditions: Option<Vec<_>> = steps.collect();
        conditions.filter(|_| pass == self.whole())
    }

    fn is_partition_key(&self, slot: usize) -> bool {
        (self.partition.as_ref()).is_some_and(|partition| partition.keys.contains(&slot))
    }
}
