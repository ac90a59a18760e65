//! Compiling one statement for one relation: what its names mean there, what it does to a row, and what is wrong with it.
//!
//! A statement on a pattern of tables skips the tables that lack a column it names, and a pattern of columns takes only
//! those whose type accepts the result. Which statements these are, and in which order they act, is [`super::build`]'s.

use super::build::{Findings, Subject};
use super::names::Names;
use super::program::{Origin, ProgramColumn};
use super::reader::Reader;
use super::rule::tables_of;
use super::step::{Filter, Step, StepKind};
use super::{Context, Rule, matching, pairs};
use crate::error::Result;
use crate::expression::{
    self, Assignment, Compiled, Fault, FaultKind, Scope, Settings, compile_assignment,
    compile_condition,
};
use crate::functions;
use crate::rulebook::reads::streamed;
use crate::rulebook::{
    self, Action, Expr, ExprKind, Ident, Query, SelectItem, SqlDialect, TableRef, Update, naming,
};
use crate::schema::{Column, DataType, Relation, RelationName};
use std::cell::Cell;
use std::sync::Arc;

/// Why a statement is not compiled for a relation.
pub(super) enum Skip {
    /// It names something that the relation lacks and may lack.
    Lacking,
    /// It is wrong.
    Faults(Vec<Fault>),
    /// It depends on DDL that may still come.
    Waits,
}

impl std::convert::From<Vec<Fault>> for Skip {
    fn from(faults: Vec<Fault>) -> Self {
        Skip::Faults(faults)
    }
}

/// What is known while the statements that concern a relation are compiled.
pub(super) struct Builder<'a> {
    pub subject: &'a Subject<'a>,
    pub declared: Option<&'a Relation>,
    pub columns: Vec<ProgramColumn>,
    pub context: &'a Context,
    pub findings: &'a mut Findings,
    pub waits: Cell<bool>,
    pub lacks: Cell<bool>,
}

impl Builder<'_> {
    /// Keeps a step, or what is wrong with it.
    pub fn take(
        &mut self,
        rule: &Rule,
        place: u32,
        named: RelationName,
        kind: Result<Option<StepKind>, Skip>,
        steps: &mut Vec<Step>,
    ) {
        match kind {
            Ok(None) | Err(Skip::Lacking) => {}
            Ok(Some(kind)) => steps.push(Step {
                rule: rule.id,
                place,
                statement: Arc::clone(&rule.statement),
                named,
                needs: kind.needs(),
                kind,
                feed: None,
            }),
            Err(Skip::Waits) => self.findings.waits = true,
            Err(Skip::Faults(faults)) => {
                let faults = faults.into_iter().map(|fault| (rule.id, fault));
                self.findings.faults.extend(faults);
            }
        }
    }

    /// What names mean in a statement, seen from a row of this relation.
    pub fn names<'n>(
        &'n self,
        rule: &'n Rule,
        concern: &'n matching::Concern,
        table: Option<(&'n TableRef, &'n RelationName)>,
    ) -> Names<'n> {
        let own = tables_of(&rule.statement);
        let qualified = own.iter().any(|table| table.schema.is_some());
        Names {
            catalog: self.subject.known.catalog,
            columns: &self.columns,
            table,
            own: None,
            reader: Some(Reader {
                known: self.subject.known,
                rule,
                home: concern.named.schema.as_deref().filter(|_| !qualified),
                waits: &self.waits,
                lacks: &self.lacks,
            }),
        }
    }

    /// The step of one statement; none if it has nothing to do here.
    pub fn step(
        &mut self,
        rule: &Rule,
        concern: &matching::Concern,
    ) -> Result<Option<StepKind>, Skip> {
        match &rule.statement.action {
            Action::Truncate(_) => Ok(Some(StepKind::Delete(Filter::All))),
            Action::Delete(delete) if !delete.using.is_empty() => {
                let filter = delete.filter.as_ref();
                let (joined, _) =
                    self.joined(rule, concern, &delete.table, &delete.using, filter, &[])?;
                Ok(Some(StepKind::Delete(Filter::Joined(joined))))
            }
            // `table.*` in baseline-except: the application's own rules need its rows.
            Action::Delete(_) if concern.pattern && rule.excepts_rows(self.subject.name) => {
                Ok(None)
            }
            Action::Delete(delete) => {
                let filter = self.filter(rule, concern, &delete.table, delete.filter.as_ref())?;
                Ok(Some(StepKind::Delete(Filter::of(filter))))
            }
            Action::Update(update) => self.update(rule, concern, update),
            Action::Insert(insert) => self.insert(rule, concern, insert),
            Action::Select(query) => self.query(rule, concern, query),
            Action::Grant { columns, .. } => {
                let names = || self.columns.iter().map(|c| c.column.name.as_str());
                for column in columns {
                    // Nobody reads it: it may be missing in the rows.
                    naming::column(column, names())
                        .map_err(|message| self.unnamed(rule, concern, column, message))?;
                }
                Ok(None).inspect(|_| self.findings.met.push(rule.id))
            }
            Action::Gexec(_) | Action::DropUser(_) => Ok(None),
        }
    }

    pub fn settings(&self, rule: &Rule, site: &str) -> Settings {
        let seed = format!("{}/{}/{site}", self.subject.name, rule.statement.name);
        let mut settings = self.context.settings(rule.written_in, &seed);
        settings.linguistic = rule.statement.linguistic;
        settings
    }

    /// Sorts faults into "this relation may lack it" and real ones.
    pub fn judge(&self, rule: &Rule, concern: &matching::Concern, faults: Vec<Fault>) -> Skip {
        if self.waits.take() {
            return Skip::Waits;
        }
        if self.lacks.take() {
            return Skip::Lacking;
        }
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

    pub fn condition(
        &self,
        rule: &Rule,
        concern: &matching::Concern,
        table: &TableRef,
        expr: &Expr,
        site: &str,
    ) -> Result<Compiled, Skip> {
        let mut scope = self.names(rule, concern, Some((table, &concern.named)));
        compile_condition(expr, &mut scope, &self.settings(rule, site))
            .map_err(|faults| self.judge(rule, concern, faults))
    }

    pub fn filter(
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
    pub fn slot(
        &self,
        rule: &Rule,
        concern: &matching::Concern,
        table: &TableRef,
        column: &Ident,
    ) -> Result<usize, Skip> {
        let mut scope = self.names(rule, concern, Some((table, &concern.named)));
        scope
            .column(None, column)
            .map(|(slot, _)| slot)
            .map_err(|message| self.unnamed(rule, concern, column, message))
    }

    fn unnamed(
        &self,
        rule: &Rule,
        concern: &matching::Concern,
        column: &Ident,
        message: String,
    ) -> Skip {
        let fault = Fault {
            span: column.span,
            message,
            help: None,
            kind: FaultKind::Name,
        };
        self.judge(rule, concern, vec![fault])
    }

    fn update(
        &mut self,
        rule: &Rule,
        concern: &matching::Concern,
        update: &Update,
    ) -> Result<Option<StepKind>, Skip> {
        if !update.from.is_empty() {
            return self.update_from(rule, concern, update);
        }
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
                if pattern && !self.takes_time(rule, concern, &update.table, slot, assignment) {
                    continue;
                }
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
            filter: Filter::of(filter),
            assignments,
            in_turn: rule.written_in == SqlDialect::Mysql,
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

    /// A time that the system keeps as text is no text to a pattern of names, just as elsewhere:
    /// would the column take the value if it were a time?
    fn takes_time(
        &self,
        rule: &Rule,
        concern: &matching::Concern,
        table: &TableRef,
        slot: usize,
        assignment: &rulebook::Assignment,
    ) -> bool {
        let column = &self.columns[slot].column;
        if assignment.column.text == "*" || !column.data_type.is_time_as_text() {
            return true;
        }
        let time = Column {
            data_type: DataType::Timestamp(None),
            ..column.clone()
        };
        let mut settings = self.settings(rule, "time");
        settings.value = Some((slot, time.clone()));
        let mut scope = self.names(rule, concern, Some((table, &concern.named)));
        match compile_assignment(&assignment.value, &time, &mut scope, &settings) {
            Ok(_) => true,
            // Other faults are told where it is compiled.
            Err(faults) => faults.iter().any(|f| f.kind != FaultKind::Type),
        }
    }

    /// Compiles an assignment; none if a pattern meets a column whose type does not accept it.
    #[expect(
        clippy::too_many_arguments,
        reason = "one call site each for the three statements"
    )]
    pub fn assignment(
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
        let table = table.map(|table| (table, &concern.named));
        let mut scope = self.names(rule, concern, table);
        if table.is_none() {
            scope.columns = &[];
        }
        let mut settings = self.settings(rule, site);
        settings.limit =
            pairs::shortest(self.subject.known.catalog, self.subject.name, &column.name);
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
    pub(super) fn refuse_collisions(
        &mut self,
        rule: &Rule,
        slot: usize,
        value: &Expr,
    ) -> Result<(), Skip> {
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
        let Some(table) = streamed(query) else {
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
        let mut scope = self.names(rule, concern, Some((table, &concern.named)));
        let settings = self.settings(rule, "select");
        let compiled = expression::compile_query(query, &wildcard, &mut scope, &settings)
            .map_err(|faults| self.judge(rule, concern, faults))?;
        Ok(Some(StepKind::Query(Arc::new(compiled))))
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
