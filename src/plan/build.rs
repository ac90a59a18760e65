//! Compiling the statements that concern one relation into its program.
//!
//! A fault that depends on the schema (no such column, a type that does not fit) is found here,
//! with its place in the rulebook. A statement on a pattern of tables skips the tables that lack
//! a column it names, and a pattern of columns takes only those whose type accepts the result.

use super::insert::{Conflict, Inserts, NewCell, NewRow};
use super::matching;
use super::program::{Origin, Partition, Program, ProgramColumn, Step, StepKind};
use super::{Context, Rule};
use crate::error::{Error, Result};
use crate::expression::{
    self, Assignment, Compiled, Fault, FaultKind, Row, Scope, Settings, compile_assignment,
    compile_condition,
};
use crate::functions;
use crate::rulebook::{
    self, Action, Expr, ExprKind, FromItem, Ident, Insert, InsertSource, Query, SelectItem,
    SqlDialect, TableRef, Update,
};
use crate::schema::{Catalog, Column, DataType, Generated, Relation, RelationName};
use crate::value::ValueError;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Why a statement is not compiled for a relation.
enum Skip {
    /// It names something that the relation lacks and may lack.
    Lacking,
    /// It is wrong.
    Faults(Vec<Fault>),
}

impl From<Vec<Fault>> for Skip {
    fn from(faults: Vec<Fault>) -> Self {
        Skip::Faults(faults)
    }
}

/// The relation for which a program is built.
pub(super) struct Subject<'a> {
    /// What the section's DDL says.
    pub catalog: &'a Catalog,
    /// Its name.
    pub name: &'a RelationName,
    /// The columns of the dumped rows, if there are rows and they are known.
    pub header: Option<&'a [String]>,
}

/// What building gave beside the program.
#[derive(Default)]
pub(super) struct Findings {
    /// Rules with faults.
    pub faults: Vec<(super::RuleId, Fault)>,
    /// Rules that met this relation and all the columns they need.
    pub met: Vec<super::RuleId>,
    /// Things a report should say.
    pub warnings: BTreeSet<String>,
}

/// Builds the program of a relation; none if no rule concerns it.
pub(super) fn program(
    id: usize,
    subject: &Subject<'_>,
    rules: &[Rule],
    context: &Context,
    findings: &mut Findings,
) -> Result<Option<Program>> {
    let concerned: Vec<(&Rule, matching::Concern)> = rules
        .iter()
        .filter_map(|rule| Some((rule, rule.concerns(subject.catalog, subject.name)?)))
        .collect();
    let declared = subject.catalog.relation(subject.name);
    refuse_leaf_rules_on_root(subject, declared, rules)?;
    if concerned.is_empty() {
        return Ok(None);
    }
    if let Some(relation) = declared {
        if matching::is_view(relation) {
            return match concerned.iter().find(|(_, concern)| !concern.pattern) {
                Some((rule, _)) => Err(Error::usage("a rule cannot change a view")
                    .relation(subject.name)
                    .rule(&rule.statement.name)
                    .remedy("name the tables that the view reads")),
                None => Ok(None),
            };
        }
        if let Some(reason) = &relation.uncertain {
            return Err(
                Error::input(format!("its definition could not be read: {reason}"))
                    .relation(subject.name)
                    .rule(&concerned[0].0.statement.name),
            );
        }
    }
    let columns = columns(subject, declared, context).ok_or_else(|| {
        Error::input("neither the dump nor the rows' header says which columns it has")
            .relation(subject.name)
            .rule(&concerned[0].0.statement.name)
            .remedy("give the schema with --schema FILE (pg_dump --schema-only)")
    })?;
    let mut builder = Builder {
        subject,
        declared,
        columns,
        context,
        findings,
    };
    let mut steps = Vec::new();
    for (rule, concern) in concerned {
        match builder.step(rule, &concern) {
            Ok(None) => {}
            Ok(Some(kind)) => {
                builder.findings.met.push(rule.id);
                steps.push(Step {
                    rule: rule.id,
                    statement: Arc::clone(&rule.statement),
                    named: concern.named,
                    kind,
                });
            }
            Err(Skip::Lacking) => {}
            Err(Skip::Faults(faults)) => {
                builder
                    .findings
                    .faults
                    .extend(faults.into_iter().map(|fault| (rule.id, fault)));
            }
        }
    }
    if steps.is_empty() {
        return Ok(None);
    }
    let columns = builder.columns;
    finish(id, subject, columns, steps).map(Some)
}

/// Rows of a leaf that arrive through the root of the tree cannot be told apart.
fn refuse_leaf_rules_on_root(
    subject: &Subject<'_>,
    declared: Option<&Relation>,
    rules: &[Rule],
) -> Result<()> {
    if subject.header.is_none() || declared.is_none_or(|r| r.partition_key.is_empty()) {
        return Ok(());
    }
    for leaf in subject.catalog.relations.values() {
        if !subject
            .catalog
            .ancestors(&leaf.name)
            .iter()
            .any(|a| a.name == *subject.name)
        {
            continue;
        }
        let only_leaf = |rule: &&Rule| {
            rule.concerns(subject.catalog, &leaf.name)
                .is_some_and(|c| !c.pattern)
                && rule.concerns(subject.catalog, subject.name).is_none()
        };
        if let Some(rule) = rules.iter().find(only_leaf) {
            return Err(Error::input(format!(
                "its rows are dumped through the partitioned table {}, where they cannot be told \
                 from those of other partitions",
                subject.name
            ))
            .relation(&leaf.name)
            .rule(&rule.statement.name)
            .remedy("dump without --load-via-partition-root, or write the rule for the parent"));
        }
    }
    Ok(())
}

/// The columns by slot: those of the rows, then the declared ones that the rows lack.
fn columns(
    subject: &Subject<'_>,
    declared: Option<&Relation>,
    context: &Context,
) -> Option<Vec<ProgramColumn>> {
    let declared_columns: &[Column] = declared.map_or(&[], |r| &r.columns);
    let header: Vec<String> = match (subject.header, declared) {
        (Some(header), _) => header.to_vec(),
        (None, Some(_)) => declared_columns
            .iter()
            .filter(|c| !c.generated.is_computed())
            .map(|c| c.name.clone())
            .collect(),
        (None, None) => return None,
    };
    let mut columns: Vec<ProgramColumn> = header
        .iter()
        .enumerate()
        .map(|(at, name)| ProgramColumn {
            column: declared_columns
                .iter()
                .find(|c| c.name == *name)
                .cloned()
                .unwrap_or_else(|| Column::new(name, DataType::Unknown)),
            origin: Origin::Cell(at),
        })
        .collect();
    columns.extend(
        declared_columns
            .iter()
            .filter(|c| !header.contains(&c.name))
            .map(|column| ProgramColumn {
                column: column.clone(),
                origin: Origin::Absent("it is not in the dumped rows".to_owned()),
            }),
    );
    for slot in 0..columns.len() {
        let (Generated::Stored(sql) | Generated::Virtual(sql)) = &columns[slot].column.generated
        else {
            continue;
        };
        columns[slot].origin = match computed(
            sql,
            &columns[slot].column,
            subject.catalog,
            &columns,
            context,
        ) {
            Ok(expression) => Origin::Computed(Box::new(expression)),
            Err(reason) => Origin::Absent(format!(
                "it is generated by the server and its expression cannot be computed here: {reason}"
            )),
        };
    }
    Some(columns)
}

/// The expression of a generated column over the ordinary ones.
fn computed(
    sql: &str,
    column: &Column,
    catalog: &Catalog,
    columns: &[ProgramColumn],
    context: &Context,
) -> Result<Assignment, String> {
    let expr = rulebook::parse_expression(sql, context.dump)?;
    let column = Column {
        generated: Generated::No,
        not_null: false,
        ..column.clone()
    };
    let mut scope = Names {
        catalog,
        columns,
        table: None,
    };
    compile_assignment(
        &expr,
        &column,
        &mut scope,
        &context.settings(context.dump, "generated"),
    )
    .map_err(|faults| {
        faults
            .into_iter()
            .map(|f| f.message)
            .collect::<Vec<_>>()
            .join("; ")
    })
}

/// What the names of a statement mean.
struct Names<'a> {
    catalog: &'a Catalog,
    columns: &'a [ProgramColumn],
    table: Option<(&'a TableRef, &'a RelationName)>,
}

impl Scope for Names<'_> {
    fn column(&mut self, table: Option<&Ident>, column: &Ident) -> Result<(usize, Column), String> {
        if let Some(qualifier) = table {
            let known = self.table.is_some_and(|(table, named)| match &table.alias {
                Some(alias) => matching::names(qualifier, &alias.text),
                None => matching::names(qualifier, &named.name),
            });
            if !known {
                return Err(format!(
                    "there is no table {} in this statement",
                    qualifier.text
                ));
            }
        }
        let declared: Vec<Column> = self.columns.iter().map(|c| c.column.clone()).collect();
        let slot = matching::column(column, &declared)?;
        match &self.columns[slot].origin {
            Origin::Absent(reason) => {
                Err(format!("column {} cannot be read: {reason}", column.text))
            }
            _ => Ok((slot, declared[slot].clone())),
        }
    }

    fn data_type(&mut self, name: &str) -> Option<DataType> {
        user_type(self.catalog, name)
    }
}

/// The user-defined type of a name as SQL writes it: `schema.name`, or a name that one schema has.
fn user_type(catalog: &Catalog, name: &str) -> Option<DataType> {
    let (schema, name) = match name.rsplit_once('.') {
        Some((schema, name)) => (Some(schema), name),
        None => (None, name),
    };
    let mut found = catalog.types.iter().filter(|(known, _)| {
        known.name == name && (schema.is_none() || known.schema.as_deref() == schema)
    });
    let (_, data_type) = found.next()?;
    found.next().is_none().then(|| data_type.clone())
}

/// A row without columns, for what is computed when the plan is made.
struct NoRow(u64);

impl Row for NoRow {
    fn cell(&self, _: usize) -> Result<Option<&[u8]>, ValueError> {
        Err(ValueError("there is no row here".into()))
    }
    fn ordinal(&self) -> u64 {
        self.0
    }
}

struct Builder<'a> {
    subject: &'a Subject<'a>,
    declared: Option<&'a Relation>,
    columns: Vec<ProgramColumn>,
    context: &'a Context,
    findings: &'a mut Findings,
}

impl Builder<'_> {
    /// The step of one statement; none if it has nothing to do here.
    fn step(&mut self, rule: &Rule, concern: &matching::Concern) -> Result<Option<StepKind>, Skip> {
        match &rule.statement.action {
            Action::Truncate(_) => Ok(Some(StepKind::Delete(None))),
            Action::Delete(delete) => {
                let filter = self.filter(rule, concern, &delete.table, delete.filter.as_ref())?;
                Ok(Some(StepKind::Delete(filter)))
            }
            Action::Update(update) => self.update(rule, concern, update),
            Action::Insert(insert) => self.insert(rule, concern, insert),
            Action::Select(query) => self.query(rule, concern, query),
            Action::Grant { table, columns } => {
                for column in columns {
                    self.slot(rule, concern, table, column)?;
                }
                Ok(None).inspect(|_| self.findings.met.push(rule.id))
            }
            Action::Gexec(_) | Action::DropUser(_) => Ok(None),
        }
    }

    fn settings(&self, rule: &Rule, site: &str) -> Settings {
        let seed = format!("{}/{}/{site}", self.subject.name, rule.statement.name);
        let mut settings = self.context.settings(rule.written_in, &seed);
        settings.linguistic = rule.statement.linguistic;
        settings
    }

    /// Sorts faults into "this relation may lack it" and real ones.
    fn judge(&self, rule: &Rule, concern: &matching::Concern, faults: Vec<Fault>) -> Skip {
        let lacking = faults.iter().all(|fault| fault.kind == FaultKind::Name);
        if lacking && (concern.pattern || rule.statement.optional) {
            return Skip::Lacking;
        }
        let relation = self.subject.name;
        Skip::Faults(
            faults
                .into_iter()
                .map(|fault| Fault {
                    message: format!("{relation}: {}", fault.message),
                    ..fault
                })
                .collect(),
        )
    }

    fn condition(
        &self,
        rule: &Rule,
        concern: &matching::Concern,
        table: &TableRef,
        expr: &Expr,
        site: &str,
    ) -> Result<Compiled, Skip> {
        let mut scope = Names {
            catalog: self.subject.catalog,
            columns: &self.columns,
            table: Some((table, &concern.named)),
        };
        compile_condition(expr, &mut scope, &self.settings(rule, site))
            .map_err(|faults| self.judge(rule, concern, faults))
    }

    fn filter(
        &self,
        rule: &Rule,
        concern: &matching::Concern,
        table: &TableRef,
        filter: Option<&Expr>,
    ) -> Result<Option<Compiled>, Skip> {
        filter
            .map(|expr| self.condition(rule, concern, table, expr, "where"))
            .transpose()
    }

    /// The slot of a column that a statement writes.
    fn slot(
        &self,
        rule: &Rule,
        concern: &matching::Concern,
        table: &TableRef,
        column: &Ident,
    ) -> Result<usize, Skip> {
        let mut scope = Names {
            catalog: self.subject.catalog,
            columns: &self.columns,
            table: Some((table, &concern.named)),
        };
        scope
            .column(None, column)
            .map(|(slot, _)| slot)
            .map_err(|message| {
                let fault = Fault {
                    span: column.span,
                    message,
                    help: None,
                    kind: FaultKind::Name,
                };
                self.judge(rule, concern, vec![fault])
            })
    }

    fn update(
        &mut self,
        rule: &Rule,
        concern: &matching::Concern,
        update: &Update,
    ) -> Result<Option<StepKind>, Skip> {
        let filter = self.filter(rule, concern, &update.table, update.filter.as_ref())?;
        let mut assignments: Vec<(usize, Assignment)> = Vec::new();
        for (number, assignment) in update.assignments.iter().enumerate() {
            let slots = if assignment.column.is_pattern() {
                self.pattern_slots(rule, &assignment.column)
            } else {
                vec![self.slot(rule, concern, &update.table, &assignment.column)?]
            };
            for slot in slots {
                let pattern = assignment.column.is_pattern();
                let compiled = self.assignment(
                    rule,
                    concern,
                    Some(&update.table),
                    slot,
                    &assignment.value,
                    pattern,
                    &number.to_string(),
                )?;
                let Some(compiled) = compiled else { continue };
                self.refuse_collisions(rule, slot, &assignment.value)?;
                if assignments.iter().any(|(other, _)| *other == slot) {
                    let name = &self.columns[slot].column.name;
                    return Err(Skip::Faults(vec![Fault {
                        span: assignment.column.span,
                        message: format!(
                            "{}: column {name} is assigned twice in one statement",
                            self.subject.name
                        ),
                        help: Some("make two statements of it".to_owned()),
                        kind: FaultKind::Other,
                    }]));
                }
                assignments.push((slot, compiled));
            }
        }
        if assignments.is_empty() {
            return Ok(None);
        }
        Ok(Some(StepKind::Update {
            filter,
            assignments,
        }))
    }

    /// The slots that a pattern of columns means; their types decide later.
    fn pattern_slots(&self, rule: &Rule, pattern: &Ident) -> Vec<usize> {
        let every = pattern.text == "*";
        (0..self.columns.len())
            .filter(|slot| {
                let ProgramColumn { column, origin } = &self.columns[*slot];
                matches!(origin, Origin::Cell(_))
                    && matching::glob(&pattern.text, &column.name)
                    && (!every || column.data_type.holds_text())
                    && !rule.excepts(self.subject.name, &column.name)
            })
            .collect()
    }

    /// Compiles an assignment; none if a pattern meets a column whose type does not accept it.
    #[expect(
        clippy::too_many_arguments,
        reason = "one call site each for the three statements"
    )]
    fn assignment(
        &self,
        rule: &Rule,
        concern: &matching::Concern,
        table: Option<&TableRef>,
        slot: usize,
        value: &Expr,
        pattern: bool,
        site: &str,
    ) -> Result<Option<Assignment>, Skip> {
        let column = &self.columns[slot].column;
        let columns: &[ProgramColumn] = if table.is_some() { &self.columns } else { &[] };
        let mut scope = Names {
            catalog: self.subject.catalog,
            columns,
            table: table.map(|table| (table, &concern.named)),
        };
        let mut settings = self.settings(rule, site);
        if pattern {
            settings.value = Some((slot, column.clone()));
        }
        match compile_assignment(value, column, &mut scope, &settings) {
            Ok(assignment) => Ok(Some(assignment)),
            Err(faults) if pattern && faults.iter().all(|f| f.kind == FaultKind::Type) => Ok(None),
            Err(faults) => Err(self.judge(rule, concern, faults)),
        }
    }

    /// A function that can give two inputs the same output must not write a unique column.
    fn refuse_collisions(&mut self, rule: &Rule, slot: usize, value: &Expr) -> Result<(), Skip> {
        let Some((function, span)) = colliding_call(value) else {
            return Ok(());
        };
        let name = &self.columns[slot].column.name;
        let keys = self.declared.map_or(&[][..], |r| &r.keys);
        if let Some(key) = keys
            .iter()
            .find(|key| key.columns.iter().any(|c| c == name))
        {
            let key = key.name.as_deref().unwrap_or("a unique key");
            return Err(Skip::Faults(vec![Fault {
                span,
                message: format!(
                    "{}: anon.{function} can give two rows the same value, and column {name} is in {key}",
                    self.subject.name
                ),
                help: Some("use a function that keeps values distinct, such as anon.hash or anon.pseudo_email".to_owned()),
                kind: FaultKind::Other,
            }]));
        }
        self.findings.warnings.insert(format!(
            "{}.{name}: anon.{function} (rule {}) can give two rows the same value; a unique index on it would refuse them",
            self.subject.name, rule.statement.name
        ));
        Ok(())
    }

    fn query(
        &mut self,
        rule: &Rule,
        concern: &matching::Concern,
        query: &Query,
    ) -> Result<Option<StepKind>, Skip> {
        let Some(FromItem::Table(table)) = query.from.first().map(|from| &from.first) else {
            return Ok(None);
        };
        let mut wildcard = Vec::new();
        if query
            .items
            .iter()
            .any(|item| matches!(item, SelectItem::Wildcard(_)))
        {
            for (slot, column) in self.columns.iter().enumerate() {
                if !matches!(column.origin, Origin::Absent(_)) {
                    wildcard.push((column.column.name.clone(), slot, column.column.clone()));
                }
            }
        }
        let mut scope = Names {
            catalog: self.subject.catalog,
            columns: &self.columns,
            table: Some((table, &concern.named)),
        };
        let settings = self.settings(rule, "select");
        let compiled = expression::compile_query(query, &wildcard, &mut scope, &settings)
            .map_err(|faults| self.judge(rule, concern, faults))?;
        Ok(Some(StepKind::Query(Arc::new(compiled))))
    }

    fn insert(
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

/// The first call, anywhere in the expression, of a function that can collide.
fn colliding_call(expr: &Expr) -> Option<(&'static str, rulebook::Span)> {
    let mut found = None;
    rulebook::walk(expr, &mut |node| {
        if let ExprKind::Call {
            schema: Some(schema),
            name,
            ..
        } = &node.kind
            && schema == "anon"
            && let Some(function) = functions::find(name).filter(|f| f.may_collide)
        {
            found.get_or_insert((function.name, node.span));
        }
    });
    found
}

/// Does the expression call any function? Then it is not a constant that may be computed here.
fn calls_anything(expr: &Expr) -> bool {
    let mut found = false;
    rulebook::walk(expr, &mut |node| {
        found |= matches!(node.kind, ExprKind::Call { .. })
    });
    found
}

/// Puts the program together.
fn finish(
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
    let catalog = subject.catalog;
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
        let mut filter = |filter: &Option<Compiled>| {
            touched.extend(filter.iter().flat_map(|f| f.slots().iter().copied()));
        };
        match &self.kind {
            StepKind::Delete(condition) => filter(condition),
            StepKind::Update {
                filter: condition,
                assignments,
            } => {
                filter(condition);
                for (slot, assignment) in assignments {
                    touched.insert(*slot);
                    touched.extend(assignment.slots());
                }
            }
            StepKind::Insert(inserts) => {
                for conflict in &inserts.conflicts {
                    touched.extend(conflict.same_key.slots());
                    if let Some((condition, assignments)) = &conflict.update {
                        touched.extend(condition.iter().flat_map(|f| f.slots().iter().copied()));
                        for (slot, assignment) in assignments {
                            touched.insert(*slot);
                            touched.extend(assignment.slots());
                        }
                    }
                }
            }
            StepKind::Query(query) => touched.extend(query.slots()),
        }
    }
}

/// The dialect's name in rulebooks.
pub fn sql_dialect(name: &str) -> SqlDialect {
    match name {
        "mysql" => SqlDialect::Mysql,
        "mssql" => SqlDialect::Mssql,
        "oracle" => SqlDialect::Oracle,
        "sqlite" => SqlDialect::Sqlite,
        _ => SqlDialect::Postgres,
    }
}
