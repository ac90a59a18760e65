//! The rows of `INSERT … VALUES` and what ON CONFLICT says of them, computed with the plan.

use super::build::{Builder, Skip};
use super::insert::{Conflict, Inserts, NewCell, NewRow};
use super::names::{Names, NoRow};
use super::program::{Origin, ProgramColumn, StepKind};
use super::{Rule, matching};
use crate::expression::{self, Fault, FaultKind, compile_assignment};
use crate::rulebook::{self, Expr, ExprKind, Ident, Insert, InsertSource, TableRef};
use crate::schema::{Column, DataType, Generated};

impl Builder<'_> {
    pub(super) fn insert(
        &mut self,
        rule: &Rule,
        concern: &matching::Concern,
        insert: &Insert,
    ) -> Result<Option<StepKind>, Skip> {
        let here = concern.named == *self.subject.name;
        let leaf = self.declared.is_some_and(|r| r.partition_of.is_some());
        if !here && (!leaf || insert.on_conflict.is_none()) {
            return Ok(None);
        }
        let mut slots = Vec::new();
        for ident in &insert.columns {
            slots.push(self.slot(rule, concern, &insert.table, ident)?);
        }
        if insert.columns.is_empty() {
            slots = (0..self.columns.len())
                .filter(|slot| matches!(self.columns[*slot].origin, Origin::Cell(_)))
                .collect();
        }
        let values: &[Vec<Expr>] = match &insert.source {
            InsertSource::Values(values) => values,
            InsertSource::DefaultValues => &[vec![]],
            InsertSource::Query(_) => return Ok(None),
        };
        let mut rows = Vec::new();
        for (number, values) in values.iter().enumerate() {
            rows.push(self.new_row(rule, concern, insert, &slots, values, number as u64)?);
        }
        let conflicts = match &insert.on_conflict {
            None => Vec::new(),
            Some(_) => rows
                .iter()
                .map(|row| self.conflict(rule, concern, insert, row))
                .collect::<Result<_, _>>()?,
        };
        Ok(Some(StepKind::Insert(Inserts {
            rows,
            conflicts,
            compare_only: !here,
        })))
    }

    /// One new row, with a cell for each cell of the dumped rows.
    fn new_row(
        &self,
        rule: &Rule,
        concern: &matching::Concern,
        insert: &Insert,
        slots: &[usize],
        values: &[Expr],
        number: u64,
    ) -> Result<NewRow, Skip> {
        let fault = |span, message: String, help: Option<&str>| {
            Skip::Faults(vec![Fault {
                span,
                message: format!("{}: {message}", self.subject.name),
                help: help.map(str::to_owned),
                kind: FaultKind::Other,
            }])
        };
        if values.len() > slots.len() || (!insert.columns.is_empty() && values.len() < slots.len())
        {
            let message = format!("{} columns but {} values", slots.len(), values.len());
            return Err(fault(insert.table.name.span, message, None));
        }
        let mut row = NewRow::new();
        for (slot, ProgramColumn { column, origin }) in self.columns.iter().enumerate() {
            let Origin::Cell(_) = origin else {
                if matches!(origin, Origin::Computed(_)) && row.len() < self.cells() {
                    row.push(NewCell::Server);
                }
                continue;
            };
            let given = slots
                .iter()
                .position(|s| *s == slot)
                .and_then(|at| values.get(at));
            let given = given.filter(|expr| !matches!(expr.kind, ExprKind::Default));
            row.push(match given {
                Some(expr) => {
                    if column.generated == Generated::IdentityAlways && !insert.overriding {
                        return Err(fault(
                            expr.span,
                            format!(
                                "column {} is an identity column GENERATED ALWAYS",
                                column.name
                            ),
                            Some(
                                "write OVERRIDING SYSTEM VALUE, or leave the column to the server",
                            ),
                        ));
                    }
                    let column = Column {
                        generated: Generated::No,
                        ..column.clone()
                    };
                    let compiled = self.value(rule, concern, &column, slot, expr, number)?;
                    NewCell::Known(compiled)
                }
                None => self.default(column, number).map_err(|message| {
                    fault(
                        insert.table.name.span,
                        message,
                        Some("name the column in the INSERT"),
                    )
                })?,
            });
        }
        Ok(row)
    }

    fn cells(&self) -> usize {
        self.subject.header.map_or(0, <[String]>::len)
    }

    fn value(
        &self,
        rule: &Rule,
        concern: &matching::Concern,
        column: &Column,
        slot: usize,
        expr: &Expr,
        number: u64,
    ) -> Result<Option<Vec<u8>>, Skip> {
        let settings = self.settings(rule, &format!("values/{slot}"));
        let mut scope = Names {
            catalog: self.subject.catalog,
            columns: &[],
            table: None,
        };
        let compiled = compile_assignment(expr, column, &mut scope, &settings)
            .map_err(|faults| self.judge(rule, concern, faults))?;
        let row = NoRow(number);
        let value = compiled.eval(&row).map_err(|error| {
            Skip::Faults(vec![Fault {
                span: expr.span,
                message: format!("{}: {error}", self.subject.name),
                help: None,
                kind: FaultKind::Other,
            }])
        })?;
        Ok(value.map(std::borrow::Cow::into_owned))
    }

    /// The default of a column that an INSERT does not name.
    fn default(&self, column: &Column, number: u64) -> Result<NewCell, String> {
        if self.declared.is_none() {
            return Ok(NewCell::Server);
        }
        if matches!(
            column.generated,
            Generated::IdentityAlways | Generated::IdentityByDefault
        ) {
            return Ok(NewCell::Server);
        }
        let domain = match &column.data_type {
            DataType::Domain(domain) => domain.default.clone(),
            _ => None,
        };
        let Some(sql) = column.default.clone().or(domain) else {
            if column.not_null {
                return Err(format!(
                    "column {} must not be NULL and has no default",
                    column.name
                ));
            }
            return Ok(NewCell::Known(None));
        };
        let Ok(expr) = rulebook::parse_expression(&sql, self.context.dump) else {
            return Ok(NewCell::Server);
        };
        if calls_anything(&expr) {
            return Ok(NewCell::Server);
        }
        let mut scope = Names {
            catalog: self.subject.catalog,
            columns: &[],
            table: None,
        };
        let settings = self.context.settings(self.context.dump, "default");
        Ok(compile_assignment(&expr, column, &mut scope, &settings)
            .ok()
            .and_then(|compiled| {
                let row = NoRow(number);
                let text = compiled.eval(&row).ok()?;
                Some(text.map(std::borrow::Cow::into_owned))
            })
            .map_or(NewCell::Server, NewCell::Known))
    }

    /// What ON CONFLICT says of one new row, with `excluded.c` replaced by the row's values.
    fn conflict(
        &self,
        rule: &Rule,
        concern: &matching::Concern,
        insert: &Insert,
        row: &NewRow,
    ) -> Result<Conflict, Skip> {
        let Some(on_conflict) = &insert.on_conflict else {
            unreachable!("called with the clause")
        };
        let table = &insert.table;
        let excluded = |expr: &Expr| self.substitute_excluded(rule, concern, table, row, expr);
        let mut same_key: Option<Expr> = None;
        for ident in &on_conflict.target {
            let slot = self.slot(rule, concern, table, ident)?;
            let span = ident.span;
            let column = Expr {
                kind: ExprKind::Column {
                    table: None,
                    column: ident.clone(),
                },
                span,
            };
            let value = Expr {
                kind: self.literal(slot, row, ident)?,
                span,
            };
            let equal = Expr {
                kind: ExprKind::Binary(rulebook::BinaryOp::Eq, Box::new(column), Box::new(value)),
                span,
            };
            same_key = Some(match same_key {
                None => equal,
                Some(before) => Expr {
                    kind: ExprKind::Binary(
                        rulebook::BinaryOp::And,
                        Box::new(before),
                        Box::new(equal),
                    ),
                    span,
                },
            });
        }
        let Some(same_key) = same_key else {
            unreachable!("the loader refuses an empty target")
        };
        let same_key = self.condition(rule, concern, table, &same_key, "conflict")?;
        let mut assignments = Vec::new();
        for (number, assignment) in on_conflict.assignments.iter().enumerate() {
            let slot = self.slot(rule, concern, table, &assignment.column)?;
            let value = excluded(&assignment.value)?;
            let site = format!("conflict/{number}");
            let compiled =
                self.assignment(rule, concern, Some(table), slot, &value, false, &site)?;
            assignments.extend(compiled.map(|compiled| (slot, compiled)));
        }
        let filter = on_conflict.filter.as_ref().map(&excluded).transpose()?;
        let filter = self.filter(rule, concern, table, filter.as_ref())?;
        let update = (!assignments.is_empty()).then_some((filter, assignments));
        Ok(Conflict { same_key, update })
    }

    /// A known cell of a new row as a literal; its type comes from the column it is compared with.
    fn literal(&self, slot: usize, row: &NewRow, ident: &Ident) -> Result<ExprKind, Skip> {
        let Origin::Cell(cell) = self.columns[slot].origin else {
            return Ok(ExprKind::Null);
        };
        match row.get(cell) {
            Some(NewCell::Known(None)) => Ok(ExprKind::Null),
            Some(NewCell::Known(Some(text))) => {
                Ok(ExprKind::String(String::from_utf8_lossy(text).into_owned()))
            }
            _ => Err(Skip::Faults(vec![Fault {
                span: ident.span,
                message: format!(
                    "{}: the new row's {} is only known to the server",
                    self.subject.name, ident.text
                ),
                help: Some("name the column in the INSERT".to_owned()),
                kind: FaultKind::Other,
            }])),
        }
    }

    fn substitute_excluded(
        &self,
        rule: &Rule,
        concern: &matching::Concern,
        table: &TableRef,
        row: &NewRow,
        expr: &Expr,
    ) -> Result<Expr, Skip> {
        let mut expr = expr.clone();
        let mut failure = None;
        rulebook::walk_mut(&mut expr, &mut |node| {
            let ExprKind::Column {
                table: Some(qualifier),
                column,
            } = &node.kind
            else {
                return;
            };
            if !qualifier.text.eq_ignore_ascii_case("excluded") {
                return;
            }
            let literal = self
                .slot(rule, concern, table, column)
                .and_then(|slot| Ok((slot, self.literal(slot, row, column)?)));
            match literal {
                Ok((slot, kind)) => {
                    let literal = Expr {
                        kind,
                        span: node.span,
                    };
                    node.kind = match expression::type_name(&self.columns[slot].column.data_type) {
                        Some(name) => ExprKind::Cast(Box::new(literal), name),
                        None => literal.kind,
                    };
                }
                Err(skip) => failure = Some(skip),
            }
        });
        failure.map_or(Ok(expr), Err)
    }
}

/// Does the expression call any function? Then it is not a constant that may be computed here.
fn calls_anything(expr: &Expr) -> bool {
    let mut found = false;
    rulebook::walk(expr, &mut |node| {
        found |= matches!(node.kind, ExprKind::Call { .. })
    });
    found
}
