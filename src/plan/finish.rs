//! The last part of building a program: what its steps touch, and whether its rows can move.

use super::build::Subject;
use super::program::{Origin, Partition, Program, ProgramColumn};
use super::step::{Filter, Step, StepKind};
use crate::error::{Error, Result};
use crate::expression::Compiled;
use std::collections::BTreeSet;

/// Puts the program together.
pub(super) fn finish(
    id: usize,
    subject: &Subject<'_>,
    columns: Vec<ProgramColumn>,
    steps: Vec<Step>,
) -> Result<Program> {
    let mut touched: BTreeSet<usize> = BTreeSet::new();
    for step in &steps {
        step.slots(&mut touched);
    }
    let computed: Vec<usize> = (0..columns.len())
        .filter(|slot| matches!(columns[*slot].origin, Origin::Computed(_)))
        .collect();
    for slot in &computed {
        if let (true, Origin::Computed(expression)) =
            (touched.contains(slot), &columns[*slot].origin)
        {
            touched.extend(expression.slots());
        }
    }
    let partition = partition(subject, &columns, &steps)?;
    let cells = match subject.header {
        Some(header) => header.len(),
        None => columns
            .iter()
            .filter(|c| matches!(c.origin, Origin::Cell(_)))
            .count(),
    };
    Ok(Program {
        id,
        relation: subject.name.clone(),
        columns,
        cells,
        steps,
        touched: touched.into_iter().collect(),
        computed,
        partition,
    })
}

/// Does a step assign a column of the partition key, so that rows may have to move?
fn partition(
    subject: &Subject<'_>,
    columns: &[ProgramColumn],
    steps: &[Step],
) -> Result<Option<Partition>> {
    let catalog = subject.known.catalog;
    let mut keys = BTreeSet::new();
    let mut by_expression = false;
    let mut root = None;
    let mut next = catalog
        .relation(subject.name)
        .and_then(|r| r.partition_of.clone());
    while let Some(parent) = next {
        let Some(relation) = catalog.relation(&parent) else {
            break;
        };
        for key in &relation.partition_key {
            by_expression |= key.is_empty();
            keys.extend(columns.iter().position(|c| c.column.name == *key));
        }
        next = relation.partition_of.clone();
        root = Some(relation.name.clone());
    }
    let Some(root) = root else { return Ok(None) };
    if by_expression {
        keys.extend(0..columns.len());
    }
    let moves = |step: &&Step| {
        matches!(&step.kind, StepKind::Update { assignments, .. }
            if assignments.iter().any(|(slot, _)| keys.contains(slot)))
    };
    let Some(first) = steps.iter().position(|step| moves(&step)) else {
        return Ok(None);
    };
    // A rule that names a part of the tree meets other rows once rows have moved, or moves them
    // out of the part that it names.
    for step in &steps[first..] {
        if step.named != root {
            return Err(Error::usage(
                "it names a part of a partitioned table whose rows change their partition",
            )
            .relation(subject.name)
            .rule(&step.statement.name)
            .remedy(format!("write the rules for {root}")));
        }
    }
    Ok(Some(Partition {
        root,
        keys: keys.into_iter().collect(),
    }))
}

impl Step {
    /// Adds the slots that the step reads or writes.
    fn slots(&self, touched: &mut BTreeSet<usize>) {
        touched.extend(self.feed.iter().flat_map(|feed| &feed.slots));
        let mut filter = |filter: &Option<Compiled>| {
            touched.extend(filter.iter().flat_map(|f| f.slots().iter().copied()));
        };
        match &self.kind {
            StepKind::Gather {
                filter: condition,
                slots,
                ..
            } => {
                filter(condition);
                touched.extend(slots);
            }
            StepKind::Links { slots, goes, .. } => {
                touched.extend(slots);
                goes.iter()
                    .for_each(|filter| touched.extend(filter.slots()));
            }
            StepKind::Orphans { filter, .. } => {
                filter
                    .iter()
                    .for_each(|filter| touched.extend(filter.slots()));
            }
            StepKind::Delete(filter) => touched.extend(filter.slots()),
            StepKind::Update {
                filter,
                assignments,
                ..
            } => {
                touched.extend(filter.slots());
                for (slot, assignment) in assignments {
                    touched.insert(*slot);
                    if !matches!(filter, Filter::Joined(_)) {
                        touched.extend(assignment.slots());
                    }
                }
            }
            StepKind::Insert(inserts) => {
                if let Some(conflict) = &inserts.conflict {
                    touched.extend(conflict.same_key.slots());
                    touched.extend(conflict.assignments.iter().map(|(slot, _)| *slot));
                }
            }
            StepKind::Query(query) => touched.extend(query.slots()),
        }
    }
}
