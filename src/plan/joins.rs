//! Rules over several tables: what is gathered of the rows that they read, and the UPDATE and
//! DELETE that join them.

use super::compile::{Builder, Skip};
use super::program::Origin;
use super::step::{Filter, StepKind};
use super::{Rule, matching, pairs};
use crate::expression::{
    Assignment, Fault, FaultKind, Joined, Settings, compile_condition, compile_joined,
};
use crate::rulebook::reads::Read;
use crate::rulebook::{BinaryOp, Expr, ExprKind, From, TableRef, Update};
use crate::schema::Column;
use std::sync::Arc;

impl Builder<'_> {
    /// Keeps what a rule reads of this relation's rows.
    pub(super) fn gather(
        &mut self,
        rule: &Rule,
        read: &Read<'_>,
        concern: &matching::Concern,
    ) -> Result<Option<StepKind>, Skip> {
        let columns = match concern.named == *self.subject.name && self.declared.is_none() {
            true => Some(self.columns.iter().map(|c| c.column.clone()).collect()),
            false => self.subject.known.columns(&concern.named),
        };
        let Some(columns) = columns else {
            return Err(Skip::Waits);
        };
        let input =
            self.subject
                .known
                .inputs
                .borrow_mut()
                .input(rule, read, &concern.named, &columns);
        let decided = read
            .conditions
            .iter()
            .filter(|condition| input.decided.contains(&condition.span))
            .map(|condition| (*condition).clone())
            .reduce(|left, right| Expr {
                span: left.span,
                kind: ExprKind::Binary(BinaryOp::And, Box::new(left), Box::new(right)),
            });
        let table = Some((read.table, &concern.named));
        let filter = decided
            .map(|expr| {
                let mut scope = self.names(rule, concern, table);
                compile_condition(&expr, &mut scope, &self.settings(rule, "read"))
            })
            .transpose()
            .map_err(|faults| self.judge(rule, concern, faults))?;
        let slot = |column: &Column| {
            let slot = self
                .columns
                .iter()
                .position(|c| c.column.name == column.name);
            let why = match slot.map(|slot| &self.columns[slot].origin) {
                Some(Origin::Cell(_) | Origin::Computed(_)) => return Ok(slot.unwrap_or_default()),
                Some(Origin::Absent(reason)) => format!("cannot be read: {reason}"),
                None => "is missing here".to_owned(),
            };
            Err(Skip::Faults(vec![Fault {
                span: read.table.name.span,
                message: format!("{}: column {} {why}", self.subject.name, column.name),
                help: None,
                kind: FaultKind::Other,
            }]))
        };
        let slots = input.columns.iter().map(slot).collect::<Result<_, _>>()?;
        Ok(Some(StepKind::Gather {
            input,
            filter,
            slots,
        }))
    }

    /// An UPDATE whose values come from the rows of other tables.
    pub(super) fn update_from(
        &mut self,
        rule: &Rule,
        concern: &matching::Concern,
        update: &Update,
    ) -> Result<Option<StepKind>, Skip> {
        let mut slots = Vec::new();
        let mut values = Vec::new();
        for (number, assignment) in update.assignments.iter().enumerate() {
            if assignment.column.is_pattern() {
                return Err(Skip::Faults(vec![Fault {
                    span: assignment.column.span,
                    message: "a pattern of columns cannot be assigned with FROM".to_owned(),
                    help: Some("name the columns, or assign a subquery".to_owned()),
                    kind: FaultKind::Other,
                }]));
            }
            let slot = self.slot(rule, concern, &update.table, &assignment.column)?;
            self.refuse_collisions(rule, slot, &assignment.value)?;
            let column = self.columns[slot].column.clone();
            let mut settings = self.settings(rule, &number.to_string());
            let catalog = self.subject.known.catalog;
            settings.limit = pairs::shortest(catalog, self.subject.name, &column.name);
            slots.push(slot);
            values.push((column, assignment.value.clone(), settings));
        }
        let filter = update.filter.as_ref();
        let (joined, assignments) =
            self.joined(rule, concern, &update.table, &update.from, filter, &values)?;
        Ok(Some(StepKind::Update {
            filter: Filter::Joined(joined),
            assignments: slots.into_iter().zip(assignments).collect(),
            in_turn: false,
        }))
    }

    /// The tables that an UPDATE or DELETE is joined to, and its values over the joined rows.
    pub(super) fn joined(
        &self,
        rule: &Rule,
        concern: &matching::Concern,
        table: &TableRef,
        from: &[From],
        filter: Option<&Expr>,
        values: &[(Column, Expr, Settings)],
    ) -> Result<(Arc<Joined>, Vec<Assignment>), Skip> {
        let mut scope = self.names(rule, concern, Some((table, &concern.named)));
        compile_joined(
            from,
            filter,
            values,
            &mut scope,
            &self.settings(rule, "from"),
        )
        .map_err(|faults| self.judge(rule, concern, faults))
    }
}
