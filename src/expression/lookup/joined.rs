//! The tables that an UPDATE or DELETE is joined with (FROM, USING).

use super::compile::Builder;
use super::core::{Combined, Core, Question, Source};
use super::from::conjunction;
use super::names::Names;
use super::{Input, Lookup, incomplete};
use crate::expression::{Assignment, Fault, Row, Scope, Settings, compile_assignment};
use crate::rulebook::{Expr, From};
use crate::schema::Column;
use crate::value::ValueError;
use std::ops::ControlFlow;
use std::sync::Arc;

/// The joined rows that belong to a row of the changed table.
#[derive(Debug)]
pub struct Joined {
    core: Arc<Core>,
    mentioned: Vec<usize>,
    slots: Vec<usize>,
    lookups: Vec<Arc<Lookup>>,
    inputs: Vec<Arc<Input>>,
}

/// A row of the changed table with the rows that it is joined with: what assignments read.
pub struct JoinedRow<'r>(Combined<'r>);

impl Row for JoinedRow<'_> {
    fn cell(&self, slot: usize) -> Result<Option<&[u8]>, ValueError> {
        self.0.cell(slot)
    }
    fn ordinal(&self) -> u64 {
        self.0.ordinal()
    }
}

/// Compiles FROM (or USING) and WHERE of an UPDATE or DELETE, and the assignments over the joined
/// rows. The scope has the columns of the changed table.
///
/// # Errors
/// All faults that were found.
pub fn compile_joined(
    from: &[From],
    filter: Option<&Expr>,
    assignments: &[(Column, Expr, Settings)],
    scope: &mut dyn Scope,
    settings: &Settings,
) -> Result<(Arc<Joined>, Vec<Assignment>), Vec<Fault>> {
    let mut faults = Vec::new();
    let mut names = Names::new(scope, true);
    let mut builder = Builder::new(settings, &mut faults);
    names.closed = true;
    let tables = builder.tables(from, &mut names);
    names.closed = false;
    names.visible = 0..names.tables.len();
    let filter_nodes = match (&tables, filter) {
        (Some(tables), Some(filter)) => builder.within(&mut names, |compiler| {
            conjunction(compiler, filter, &tables.decided)
        }),
        _ => Some(Vec::new()),
    };
    // Only now: a table that is not there would make faults of all its columns.
    let (Some(mut tables), Some(filter_nodes)) = (tables, filter_nodes) else {
        return Err(faults);
    };
    tables.require(filter_nodes);
    let span = filter.map_or_else(Default::default, |filter| filter.span);
    let columns = Vec::new();
    let core = builder.core(tables, Question::Joined, None, columns, &names, span);
    let mut compiled = Vec::new();
    for (column, value, settings) in assignments {
        let mut settings = settings.clone();
        if let Some((slot, column)) = settings.value.take() {
            let slot = names.mention(slot, column.clone());
            settings.value = Some((slot, column));
        }
        match compile_assignment(value, column, &mut names, &settings) {
            Ok(assignment) => compiled.push(assignment),
            Err(found) => faults.extend(found),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let mentioned: Vec<usize> = names.mentioned.iter().map(|(slot, _)| *slot).collect();
    let mut slots = mentioned.clone();
    slots.sort_unstable();
    slots.dedup();
    let mut lookups: Vec<Arc<Lookup>> = Vec::new();
    let mut inputs = core.inputs.clone();
    for lookup in compiled.iter().flat_map(Assignment::lookups) {
        super::compile::add_inputs(&mut inputs, lookup.inputs());
        lookups.push(lookup.clone());
    }
    let joined = Joined {
        core,
        mentioned,
        slots,
        lookups,
        inputs,
    };
    Ok((Arc::new(joined), compiled))
}

impl Joined {
    /// The tables that are read: the joined ones and those of all subqueries, the assignments' too.
    pub fn inputs(&self) -> &[Arc<Input>] {
        &self.inputs
    }

    /// The slots of the changed table's row that the conditions and assignments read, ascending.
    pub fn slots(&self) -> &[usize] {
        &self.slots
    }

    /// Is it prepared?
    pub fn is_prepared(&self) -> bool {
        self.core.state.get().is_some() && self.lookups.iter().all(|l| l.is_prepared())
    }

    /// Builds what it needs, once, and gives the bytes that it keeps. All inputs are complete.
    ///
    /// # Errors
    /// If an input is not complete.
    pub fn prepare(&self) -> Result<u64, ValueError> {
        let mut size = self.core.prepare()?;
        for lookup in &self.lookups {
            size += lookup.prepare()?;
        }
        Ok(size)
    }

    /// The joined row for a row of the changed table.
    ///
    /// # Errors
    /// If there are several, or a condition fails.
    pub fn find<'r>(&'r self, outer: &'r dyn Row) -> Result<Option<JoinedRow<'r>>, ValueError> {
        let state = self.core.state()?;
        let row = Combined::new(&self.core, &self.mentioned, &[], outer)?;
        let mut found = None;
        let mut several = false;
        self.core.steps.run(&state.steps, &row, &mut |row| {
            several = found.is_some();
            found.get_or_insert_with(|| row.place());
            Ok(if several {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        })?;
        if several {
            return Err(self.several());
        }
        Ok(found.map(|place| JoinedRow(row.at(place))))
    }

    /// Calls `found` for every joined row, with the number of the first table's row in it.
    ///
    /// # Errors
    /// If a condition or `found` fails.
    pub fn each<'r>(
        &'r self,
        outer: &'r dyn Row,
        found: &mut dyn FnMut(usize, &JoinedRow<'r>) -> Result<(), ValueError>,
    ) -> Result<(), ValueError> {
        let state = self.core.state()?;
        let row = Combined::new(&self.core, &self.mentioned, &[], outer)?;
        let mut places = Vec::new();
        self.core.steps.run(&state.steps, &row, &mut |row| {
            places.push(row.place());
            Ok(ControlFlow::Continue(()))
        })?;
        for place in places {
            let number = place.first().map_or(0, |first| first.get() as usize);
            let row = Combined::new(&self.core, &self.mentioned, &[], outer)?.at(place);
            found(number, &JoinedRow(row))?;
        }
        Ok(())
    }

    fn several(&self) -> ValueError {
        let mut what: Vec<&str> = Vec::new();
        for source in &self.core.sources {
            let inputs = match source {
                Source::Input(input) => std::slice::from_ref(input),
                Source::Query(lookup) => lookup.inputs(),
            };
            let names = inputs.iter().map(|input| input.what.as_str());
            what.extend(
                names
                    .filter(|name| !what.contains(name))
                    .collect::<Vec<_>>(),
            );
        }
        ValueError::new(format!(
            "several rows of {} match one row; which one counts is not decided: narrow the condition",
            what.join(", ")
        ))
    }

    /// Is there a joined row?
    ///
    /// # Errors
    /// If a condition fails.
    pub fn any(&self, outer: &dyn Row) -> Result<bool, ValueError> {
        let state = self.core.state.get().ok_or_else(incomplete)?;
        let state = state.as_ref().map_err(Clone::clone)?;
        self.core.exists(state, &self.mentioned, outer)
    }
}
