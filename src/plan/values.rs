//! INSERT: how its rows are made, from VALUES or a SELECT, and what ON CONFLICT says of them.

use super::compile::{Builder, Skip};
use super::insert::{CellSource, Conflict, Inserts, NewCell, NewRows, RowSource};
use super::names::{Beside, Names, NoRow};
use super::program::{Origin, ProgramColumn};
use super::step::StepKind;
use super::{Rule, matching, pairs};
use crate::expression::{
    Fault, FaultKind, Input, Scope, compile_assignment, compile_joined, compile_lookup,
};
use crate::rulebook::{
    self, Expr, ExprKind, From, FromItem, Ident, Insert, InsertSource, OnConflict, Query,
    SelectItem, Span, TableRef,
};
use crate::schema::{Column, DataType, Generated};
use std::sync::Arc;

/// What a statement says of a column; none where its default holds.
type Given<'g> = dyn FnMut(usize, &Column) -> Result<Option<CellSource>, Skip> + 'g;

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
        let source = match &insert.source {
            InsertSource::Values(values) => self.values(rule, concern, insert, &slots, values)?,
            InsertSource::DefaultValues => self.values(rule, concern, insert, &slots, &[vec![]])?,
            InsertSource::Query(query) => self.selected(rule, concern, insert, slots, query)?,
        };
        let (conflict, excluded) = match &insert.on_conflict {
            None => (None, None),
            Some(on_conflict) => {
                let (conflict, input) =
                    self.conflict(rule, concern, insert, on_conflict, &source)?;
                (Some(conflict), Some(input))
            }
        };
        let rows = NewRows::new(source, excluded);
        Ok(Some(StepKind::Insert(Inserts {
            rows: Arc::new(rows),
            conflict,
            compare_only: !here,
        })))
    }

    fn wrong(&self, span: Span, message: &str, help: Option<&str>) -> Skip {
        Skip::Faults(vec![Fault {
            span,
            message: format!("{}: {message}", self.subject.name),
            help: help.map(str::to_owned),
            kind: FaultKind::Other,
        }])
    }

    /// The rows of VALUES.
    fn values(
        &self,
        rule: &Rule,
        concern: &matching::Concern,
        insert: &Insert,
        slots: &[usize],
        values: &[Vec<Expr>],
    ) -> Result<RowSource, Skip> {
        let mut rows = Vec::new();
        for (number, values) in values.iter().enumerate() {
            self.refuse_count(insert, slots, values.len())?;
            let mut cell = |slot: usize, column: &Column| {
                let at = slots.iter().position(|s| *s == slot);
                let given = at.and_then(|at| values.get(at));
                let given = given.filter(|expr| !matches!(expr.kind, ExprKind::Default));
                given
                    .map(|expr| {
                        self.refuse_identity(insert, column, expr.span)?;
                        self.value(rule, concern, column, slot, expr, number as u64)
                    })
                    .transpose()
            };
            rows.push(self.new_row(rule, insert, number as u64, &mut cell)?);
        }
        Ok(RowSource::Values(rows))
    }

    /// The rows of a SELECT. Without a list of columns, `SELECT *` gives its columns by name.
    fn selected(
        &self,
        rule: &Rule,
        concern: &matching::Concern,
        insert: &Insert,
        mut slots: Vec<usize>,
        query: &Query,
    ) -> Result<RowSource, Skip> {
        let mut scope = self.names(rule, concern, None);
        scope.columns = &[];
        let settings = self.settings(rule, "select");
        let lookup = compile_lookup(query, &mut scope, &settings)
            .map_err(|faults| self.judge(rule, concern, faults))?;
        let everything = matches!(query.items.as_slice(), [SelectItem::Wildcard(_)]);
        if insert.columns.is_empty() && everything {
            slots = Vec::new();
            for column in lookup.columns() {
                let name = &column.name;
                let slot = self.columns.iter().position(|own| {
                    own.column.name == *name || own.column.name.eq_ignore_ascii_case(name)
                });
                let Some(slot) = slot else {
                    return Err(self.wrong(
                        query.span,
                        &format!("it has no column {name}, which the SELECT gives"),
                        Some("list the columns that both have: INSERT INTO t (a, b) SELECT a, b …"),
                    ));
                };
                slots.push(slot);
            }
        }
        self.refuse_count(insert, &slots, lookup.columns().len())?;
        let mut results = Results(lookup.columns());
        let mut cell = |slot: usize, column: &Column| {
            let Some(at) = slots.iter().position(|s| *s == slot) else {
                return Ok(None);
            };
            let Some(result) = results.0.get(at) else {
                return Ok(None);
            };
            if column.generated.is_computed() {
                return Ok(None);
            }
            self.refuse_identity(insert, column, query.span)?;
            let expr = Expr {
                kind: ExprKind::Column {
                    table: None,
                    column: Ident {
                        text: at.to_string(),
                        quoted: true,
                        span: query.span,
                    },
                },
                span: query.span,
            };
            let column = Column {
                generated: Generated::No,
                ..column.clone()
            };
            compile_assignment(&expr, &column, &mut results, &settings)
                .map(|assignment| Some(CellSource::Expr(Box::new(assignment))))
                .map_err(|faults| {
                    let name = &result.name;
                    let faults = faults.into_iter().map(|fault| Fault {
                        message: format!("column {name}: {}", fault.message),
                        ..fault
                    });
                    self.judge(rule, concern, faults.collect())
                })
        };
        let row = self.new_row(rule, insert, 0, &mut cell)?;
        Ok(RowSource::Query(lookup, row))
    }

    fn refuse_count(&self, insert: &Insert, slots: &[usize], values: usize) -> Result<(), Skip> {
        if values > slots.len() || (!insert.columns.is_empty() && values < slots.len()) {
            let message = format!("{} columns but {values} values", slots.len());
            return Err(self.wrong(insert.table.name.span, &message, None));
        }
        Ok(())
    }

    fn refuse_identity(&self, insert: &Insert, column: &Column, span: Span) -> Result<(), Skip> {
        if column.generated != Generated::IdentityAlways || insert.overriding {
            return Ok(());
        }
        Err(self.wrong(
            span,
            &format!(
                "column {} is an identity column GENERATED ALWAYS",
                column.name
            ),
            Some("write OVERRIDING SYSTEM VALUE, or leave the column to the server"),
        ))
    }

    /// One new row, with a cell for each cell of the dumped rows. `given` is what the statement
    /// says of a column; none where its default holds.
    fn new_row(
        &self,
        rule: &Rule,
        insert: &Insert,
        number: u64,
        given: &mut Given<'_>,
    ) -> Result<Vec<CellSource>, Skip> {
        let mut row = Vec::new();
        for (slot, ProgramColumn { column, origin }) in self.columns.iter().enumerate() {
            let Origin::Cell(_) = origin else {
                // A generated column of which the rows hold a copy.
                if slot < self.cells() {
                    row.push(CellSource::Fixed(NewCell::Server));
                }
                continue;
            };
            row.push(match given(slot, column)? {
                Some(cell) => cell,
                None => CellSource::Fixed(self.default(column, number).map_err(|message| {
                    // Made for another version of the table, it may be left out.
                    if rule.statement.optional {
                        return Skip::Lacking;
                    }
                    let help = Some("name the column in the INSERT");
                    self.wrong(insert.table.name.span, &message, help)
                })?),
            });
        }
        Ok(row)
    }

    fn cells(&self) -> usize {
        self.subject.header.map_or(0, <[String]>::len)
    }

    /// A cell of VALUES: its value, unless it has to be looked up.
    fn value(
        &self,
        rule: &Rule,
        concern: &matching::Concern,
        column: &Column,
        slot: usize,
        expr: &Expr,
        number: u64,
    ) -> Result<CellSource, Skip> {
        let column = Column {
            generated: Generated::No,
            ..column.clone()
        };
        let settings = self.settings(rule, &format!("values/{slot}"));
        let mut scope = self.names(rule, concern, None);
        scope.columns = &[];
        let compiled = compile_assignment(expr, &column, &mut scope, &settings)
            .map_err(|faults| self.judge(rule, concern, faults))?;
        if !compiled.lookups().is_empty() {
            return Ok(CellSource::Expr(Box::new(compiled)));
        }
        let row = NoRow(number);
        let value = compiled
            .eval(&row)
            .map_err(|error| self.wrong(expr.span, &error.to_string(), None))?;
        let value = value.map(std::borrow::Cow::into_owned);
        Ok(CellSource::Fixed(NewCell::Known(value)))
    }

    /// The default of a column that an INSERT does not name.
    fn default(&self, column: &Column, number: u64) -> Result<NewCell, String> {
        // Dumps have columns that the DDL lacks (row_start of a versioned table): the server's own.
        let declared = self.declared.filter(|declared| !declared.headed);
        let declared = declared.map_or(&[][..], |declared| &declared.columns);
        if declared.iter().all(|known| known.name != column.name) {
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
            catalog: self.subject.known.catalog,
            columns: &[],
            table: None,
            own: None,
            reader: None,
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

    /// `ON CONFLICT`: the new rows are the table `excluded`.
    fn conflict(
        &self,
        rule: &Rule,
        concern: &matching::Concern,
        insert: &Insert,
        on_conflict: &OnConflict,
        source: &RowSource,
    ) -> Result<(Conflict, Arc<Input>), Skip> {
        let rows: Vec<&[CellSource]> = match source {
            RowSource::Values(rows) => rows.iter().map(Vec::as_slice).collect(),
            RowSource::Query(_, row) => vec![row],
        };
        let cells = || {
            let columns = self.columns.iter();
            columns.filter_map(|c| match c.origin {
                Origin::Cell(cell) => Some((cell, &c.column)),
                _ => None,
            })
        };
        let mut columns: Vec<Column> = (0..rows.first().map_or(0, |row| row.len()))
            .map(|_| Column::new("", DataType::Unknown))
            .collect();
        for (cell, column) in cells() {
            if let Some(place) = columns.get_mut(cell) {
                *place = column.clone();
            }
        }
        let filled = |name: &str| {
            let cell = cells().find(|(_, column)| column.name == name);
            cell.is_some_and(|(cell, _)| {
                let server =
                    |row: &&[CellSource]| matches!(row[cell], CellSource::Fixed(NewCell::Server));
                !rows.iter().any(server)
            })
        };
        let input = Arc::new(Input::new("excluded", columns));
        let own = insert.table.alias.as_ref().unwrap_or(&insert.table.name);
        let excluded = Ident {
            text: "excluded".to_owned(),
            quoted: false,
            span: own.span,
        };
        let mut same_key: Option<Expr> = None;
        for ident in &on_conflict.target {
            let slot = self.slot(rule, concern, &insert.table, ident)?;
            if !filled(&self.columns[slot].column.name) {
                return Err(self.wrong(
                    ident.span,
                    &format!("the new row's {} is only known to the server", ident.text),
                    Some("name the column in the INSERT"),
                ));
            }
            let side = |table: &Ident| Expr {
                kind: ExprKind::Column {
                    table: Some(table.clone()),
                    column: ident.clone(),
                },
                span: ident.span,
            };
            let equal = rulebook::BinaryOp::Eq;
            let equal = ExprKind::Binary(equal, Box::new(side(own)), Box::new(side(&excluded)));
            let equal = Expr {
                kind: equal,
                span: ident.span,
            };
            same_key = Some(match same_key {
                None => equal,
                Some(before) => Expr {
                    span: ident.span,
                    kind: ExprKind::Binary(
                        rulebook::BinaryOp::And,
                        Box::new(before),
                        Box::new(equal),
                    ),
                },
            });
        }
        let mut slots = Vec::new();
        let mut values = Vec::new();
        for (number, assignment) in on_conflict.assignments.iter().enumerate() {
            let slot = self.slot(rule, concern, &insert.table, &assignment.column)?;
            let column = self.columns[slot].column.clone();
            let mut settings = self.settings(rule, &format!("conflict/{number}"));
            let catalog = self.subject.known.catalog;
            settings.limit = pairs::shortest(catalog, self.subject.name, &column.name);
            slots.push(slot);
            values.push((
                column,
                self.qualified(&assignment.value, own, &filled)?,
                settings,
            ));
        }
        if let Some(filter) = &on_conflict.filter {
            let column = Column::new("where", DataType::Boolean);
            let settings = self.settings(rule, "conflict");
            values.push((column, self.qualified(filter, own, &filled)?, settings));
        }
        let table = TableRef {
            schema: None,
            name: excluded,
            alias: None,
            target: false,
            only: false,
        };
        let from = [From {
            first: FromItem::Table(table),
            joins: Vec::new(),
        }];
        let mut scope = Beside {
            names: self.names(rule, concern, Some((&insert.table, &concern.named))),
            name: "excluded",
            rows: &input,
        };
        let settings = self.settings(rule, "conflict");
        let (joined, mut compiled) =
            compile_joined(&from, same_key.as_ref(), &values, &mut scope, &settings)
                .map_err(|faults| self.judge(rule, concern, faults))?;
        let condition = on_conflict.filter.as_ref().and_then(|_| compiled.pop());
        let conflict = Conflict {
            same_key: joined,
            condition,
            assignments: slots.into_iter().zip(compiled).collect(),
        };
        Ok((conflict, input))
    }

    /// An expression of DO UPDATE with the table's own columns marked as such, since `excluded`
    /// has the same names.
    fn qualified(
        &self,
        expr: &Expr,
        own: &Ident,
        filled: &dyn Fn(&str) -> bool,
    ) -> Result<Expr, Skip> {
        let mut expr = expr.clone();
        let mut unknown = None;
        rulebook::walk_mut(&mut expr, &mut |node| {
            let ExprKind::Column { table, column } = &mut node.kind else {
                return;
            };
            match table {
                None => *table = Some(own.clone()),
                Some(qualifier) if qualifier.text.eq_ignore_ascii_case("excluded") => {
                    let columns: Vec<Column> =
                        self.columns.iter().map(|c| c.column.clone()).collect();
                    if let Ok(at) = matching::column(column, &columns)
                        && !filled(&columns[at].name)
                    {
                        unknown = Some(column.clone());
                    }
                }
                Some(_) => {}
            }
        });
        match unknown {
            None => Ok(expr),
            Some(column) => Err(self.wrong(
                column.span,
                &format!("the new row's {} is only known to the server", column.text),
                Some("name the column in the INSERT"),
            )),
        }
    }
}

/// The result of a SELECT as a scope: columns by number.
struct Results<'a>(&'a [Column]);

impl Scope for Results<'_> {
    fn column(&mut self, _: Option<&Ident>, column: &Ident) -> Result<(usize, Column), String> {
        let number: usize = column.text.parse().map_err(|_| "no such column")?;
        let column = self.0.get(number).ok_or("no such column")?;
        Ok((number, column.clone()))
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
