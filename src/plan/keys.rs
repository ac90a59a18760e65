//! Foreign keys, followed as the database would: what a rule's deletes and key changes do to the
//! rows that reference them.
//!
//! The step that removes rows (or changes their keys) feeds an input with the keys; in the
//! programs of the referencing relations stand steps of the same rule that look the keys up and
//! delete, set NULL, set the default, change the key or, for NO ACTION and RESTRICT, count the rows
//! that would be left without a parent. These steps remove rows and change keys in turn, and so on to any depth.
//! Where cascades run in a circle (a tree in one table), the rows that go are those that the roots
//! reach: [`super::closure`] finds them.
//!
//! A foreign key that becomes known after rows of its tables have left is not followed; the end of
//! the section tells whether that mattered.

use super::closure::Closure;
use super::compile::{Builder, Skip};
use super::effects::{referenced, root, set_on_delete};
use super::names::Beside;
use super::step::{Feed, Filter, Step, StepKey, StepKind};
use super::{Rule, advice, matching};
use crate::expression::{
    Compiled, Fault, FaultKind, Input, Settings, compile_assignment, compile_condition,
    compile_joined,
};
use crate::rulebook::{
    Action, BinaryOp, Expr, ExprKind, From, FromItem, Ident, Query, SelectItem, Span, TableRef,
};
use crate::schema::{Column, ForeignKey, ReferentialAction, RelationName};
use std::collections::BTreeSet;
use std::sync::Arc;

/// How the table of removed or changed keys is called in the conditions made here.
const KEYS: &str = "keys";

/// Which value of a changed key.
const OLD: &str = "old ";
const NEW: &str = "new ";

impl Builder<'_> {
    /// Adds to the steps of one rule what foreign keys make of it.
    pub(super) fn follow_keys(&mut self, rule: &Rule, steps: &mut Vec<Step>) -> Result<(), Skip> {
        let Some(declared) = self.declared else {
            return Ok(());
        };
        let catalog = self.subject.known.catalog;
        let own = root(catalog, &declared.name);
        let span = rule.statement.span;
        if matches!(rule.statement.action, Action::Truncate(_)) {
            return self.refuse_truncate(rule, &own);
        }
        let effects = self.subject.known.effects(rule);
        if effects.removes.is_empty() && effects.assigns.is_empty() {
            return Ok(());
        }
        let cycle = match effects.removes.contains(&own) {
            true => effects.cycle(catalog, &own),
            false => BTreeSet::new(),
        };
        let first = steps.len();
        for (number, key) in declared.foreign_keys.iter().enumerate() {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            if effects.loses(catalog, key) {
                let kind = self.on_removed(rule, key, span)?;
                let place = place(&kind, 2 * number);
                self.push(rule, place, &own, kind, steps);
            }
            if effects.rekeys(catalog, key) {
                let kind = self.on_changed(rule, key, span)?;
                let place = place(&kind, 2 * number + 1);
                self.push(rule, place, &own, kind, steps);
            }
        }
        let mine = |step: &&mut Step| step.rule == rule.id && step.place >= Step::CASCADES;
        let acts = |step: &&mut Step| step.rule == rule.id && step.place == Step::ACTS;
        debug_assert!(steps[first..].iter_mut().all(|step| mine(&step)));
        if !cycle.is_empty() {
            let links = self.links(rule, &own, &cycle, steps)?;
            let key = links.1;
            steps.push(Step {
                rule: rule.id,
                place: key.place,
                statement: Arc::clone(&rule.statement),
                named: own.clone(),
                needs: links.0.needs(),
                kind: links.0,
                feed: None,
            });
        }
        // Most rules do nothing here, and looking for references goes over all tables.
        if !steps.iter_mut().any(|step| mine(&step) || acts(&step)) {
            return Ok(());
        }
        let keys = referenced(catalog, &own);
        if keys.is_empty() {
            return Ok(());
        }
        for step in steps.iter_mut().filter(|step| mine(step) || acts(step)) {
            match &step.kind {
                StepKind::Delete(_) if cycle.is_empty() => {
                    step.feed = Some(self.feed(self.removed(rule, &own), &keys, span)?);
                }
                StepKind::Update { assignments, .. }
                    if assignments
                        .iter()
                        .any(|(slot, _)| keys.contains(&self.columns[*slot].column.name)) =>
                {
                    step.feed = Some(self.feed(self.changed(rule, &own), &keys, span)?);
                }
                StepKind::Insert(_)
                    if effects
                        .assigns
                        .get(&own)
                        .is_some_and(|assigned| !assigned.is_disjoint(&keys)) =>
                {
                    return Err(self.fault(
                        span,
                        "its ON CONFLICT changes a column that a foreign key references",
                        "write an UPDATE and an INSERT",
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn fault(&self, span: Span, message: &str, help: &str) -> Skip {
        Skip::Faults(vec![Fault {
            span,
            message: format!("{}: {message}", self.subject.name),
            help: Some(help.to_owned()),
            kind: FaultKind::ForeignKey,
        }])
    }

    fn push(
        &self,
        rule: &Rule,
        place: u32,
        own: &RelationName,
        kind: StepKind,
        steps: &mut Vec<Step>,
    ) {
        steps.push(Step {
            rule: rule.id,
            place,
            statement: Arc::clone(&rule.statement),
            named: own.clone(),
            needs: kind.needs(),
            kind,
            feed: None,
        });
    }

    /// PostgreSQL, MySQL and SQL Server refuse it, whatever the rows are.
    fn refuse_truncate(&self, rule: &Rule, own: &RelationName) -> Result<(), Skip> {
        let catalog = self.subject.known.catalog;
        if rule.concerns(catalog, own).is_none() {
            return Ok(());
        }
        let kept = catalog
            .referencing(own)
            .map(|(child, _)| child)
            .find(|child| rule.concerns(catalog, &child.name).is_none());
        match kept {
            None => Ok(()),
            Some(child) => Err(self.fault(
                rule.statement.span,
                &format!(
                    "cannot truncate a table that a foreign key of {} references",
                    child.name
                ),
                "name both tables in one TRUNCATE, or write DELETE FROM",
            )),
        }
    }

    /// The input of the keys of removed rows.
    fn removed(&self, rule: &Rule, parent: &RelationName) -> (StepKey, Arc<Input>) {
        self.keys_input(rule, parent, Step::REMOVED, &[""])
    }

    /// The input of changed keys, old and new.
    fn changed(&self, rule: &Rule, parent: &RelationName) -> (StepKey, Arc<Input>) {
        self.keys_input(rule, parent, Step::CHANGED, &[OLD, NEW])
    }

    fn keys_input(
        &self,
        rule: &Rule,
        parent: &RelationName,
        place: u32,
        prefixes: &[&str],
    ) -> (StepKey, Arc<Input>) {
        let known = &self.subject.known;
        let declared = known.catalog.relations.get(parent);
        let mut columns = Vec::new();
        for prefix in prefixes {
            for name in referenced(known.catalog, parent) {
                let column = declared.and_then(|relation| relation.column(&name));
                columns.extend(column.map(|column| Column {
                    name: format!("{prefix}{name}"),
                    ..column.clone()
                }));
            }
        }
        let key = StepKey {
            rule: rule.id,
            place,
            named: parent.clone(),
        };
        let input = known.inputs.borrow_mut().keys(&key, columns);
        (key, input)
    }

    /// What feeds an input: the slots of the keys.
    fn feed(
        &self,
        (under, input): (StepKey, Arc<Input>),
        keys: &BTreeSet<String>,
        span: Span,
    ) -> Result<Feed, Skip> {
        let slots = keys
            .iter()
            .map(|name| self.key_slot(name, span))
            .collect::<Result<_, _>>()?;
        Ok(Feed {
            under,
            slots,
            width: input.columns.len(),
        })
    }

    fn key_slot(&self, name: &str, span: Span) -> Result<usize, Skip> {
        let slot = self.columns.iter().position(|c| c.column.name == name);
        slot.ok_or_else(|| {
            self.fault(
                span,
                &format!("column {name}, which a foreign key names, is missing"),
                advice(self.context.dump).schema,
            )
        })
    }

    /// Have rows of the parent left before the foreign key was known?
    fn refuse_late(
        &self,
        rule: &Rule,
        parent: &RelationName,
        place: u32,
        key: &ForeignKey,
    ) -> Result<(), Skip> {
        let known = &self.subject.known;
        let under = StepKey {
            rule: rule.id,
            place,
            named: parent.clone(),
        };
        let fed = known.inputs.borrow().own.contains_key(&under);
        let left = |name: &RelationName| root(known.catalog, name) == *parent;
        if fed || !known.passed.keys().any(left) {
            return Ok(());
        }
        Err(self.fault(
            rule.statement.span,
            &format!(
                "its foreign key {} became known after rows of {parent} had passed",
                constraint(key)
            ),
            advice(self.context.dump).schema_first,
        ))
    }

    /// The step for rows that reference a removed row.
    fn on_removed(&self, rule: &Rule, key: &ForeignKey, span: Span) -> Result<StepKind, Skip> {
        let parent = root(self.subject.known.catalog, &key.references);
        self.refuse_late(rule, &parent, Step::REMOVED, key)?;
        let (_, keys) = self.removed(rule, &parent);
        let orphaned = self.in_keys(rule, key, &keys, "", false, span)?;
        match key.on_delete {
            ReferentialAction::Cascade => Ok(StepKind::Delete(Filter::Where(Box::new(orphaned)))),
            ReferentialAction::SetNull => self.set(rule, orphaned, set_on_delete(key), true, span),
            ReferentialAction::SetDefault => {
                self.set(rule, orphaned, set_on_delete(key), false, span)
            }
            ReferentialAction::NoAction | ReferentialAction::Restrict => Ok(StepKind::Orphans {
                filter: vec![orphaned],
                constraint: constraint(key),
                parent,
            }),
        }
    }

    /// The step for rows that reference a changed key.
    fn on_changed(&self, rule: &Rule, key: &ForeignKey, span: Span) -> Result<StepKind, Skip> {
        let catalog = self.subject.known.catalog;
        let parent = root(catalog, &key.references);
        self.refuse_late(rule, &parent, Step::CHANGED, key)?;
        let (_, keys) = self.changed(rule, &parent);
        let orphaned = self.in_keys(rule, key, &keys, OLD, false, span)?;
        match key.on_update {
            ReferentialAction::Cascade => self.change(rule, key, &keys, span),
            ReferentialAction::SetNull => self.set(rule, orphaned, &key.columns, true, span),
            ReferentialAction::SetDefault => self.set(rule, orphaned, &key.columns, false, span),
            ReferentialAction::NoAction | ReferentialAction::Restrict => Ok(StepKind::Orphans {
                filter: vec![orphaned, self.in_keys(rule, key, &keys, NEW, true, span)?],
                constraint: constraint(key),
                parent,
            }),
        }
    }

    /// `(columns) [NOT] IN (SELECT referenced FROM keys)`.
    fn in_keys(
        &self,
        rule: &Rule,
        key: &ForeignKey,
        keys: &Arc<Input>,
        prefix: &str,
        negated: bool,
        span: Span,
    ) -> Result<Compiled, Skip> {
        let pairs = self.pairs(key, prefix, span)?;
        let items = pairs.iter().map(|(_, referenced)| SelectItem::Expr {
            expr: referenced.clone(),
            alias: None,
        });
        let query = Query {
            distinct: false,
            items: items.collect(),
            from: vec![keys_table(span)],
            filter: None,
            group_by: Vec::new(),
            having: None,
            order_by: Vec::new(),
            limit: None,
            span,
        };
        let expr = Expr {
            kind: ExprKind::InQuery {
                exprs: pairs.into_iter().map(|(own, _)| own).collect(),
                query: Box::new(query),
                negated,
            },
            span,
        };
        let concern = self.itself();
        let mut scope = self.beside(rule, &concern, keys);
        compile_condition(&expr, &mut scope, &self.settings(rule, "keys"))
            .map_err(|faults| self.judge(rule, &concern, faults))
    }

    /// The columns of a foreign key beside those that they reference.
    fn pairs(&self, key: &ForeignKey, prefix: &str, span: Span) -> Result<Vec<(Expr, Expr)>, Skip> {
        let referenced = self.subject.known.catalog.referenced_columns(key);
        let Some(referenced) = referenced.filter(|r| r.len() == key.columns.len()) else {
            return Err(self.fault(
                span,
                &format!(
                    "what its foreign key {} references is not known",
                    constraint(key)
                ),
                advice(self.context.dump).schema,
            ));
        };
        let name = |table: Option<&str>, text: String| Expr {
            kind: ExprKind::Column {
                table: table.map(|table| ident(table, span)),
                column: ident(&text, span),
            },
            span,
        };
        let own = &self.subject.name.name;
        Ok(key
            .columns
            .iter()
            .zip(referenced)
            .map(|(column, referenced)| {
                let own = name(Some(own), column.clone());
                (own, name(Some(KEYS), format!("{prefix}{referenced}")))
            })
            .collect())
    }

    /// SET NULL or SET DEFAULT for the rows that match.
    fn set(
        &self,
        rule: &Rule,
        filter: Compiled,
        columns: &[String],
        null: bool,
        span: Span,
    ) -> Result<StepKind, Skip> {
        let value = Expr {
            kind: match null {
                true => ExprKind::Null,
                false => ExprKind::Default,
            },
            span,
        };
        let concern = self.itself();
        let mut assignments = Vec::new();
        for name in columns {
            let slot = self.key_slot(name, span)?;
            let mut scope = self.names(rule, &concern, None);
            let settings: Settings = self.settings(rule, "keys");
            let column = &self.columns[slot].column;
            let compiled = compile_assignment(&value, column, &mut scope, &settings)
                .map_err(|faults| self.judge(rule, &concern, faults))?;
            assignments.push((slot, compiled));
        }
        Ok(StepKind::Update {
            filter: Filter::Where(Box::new(filter)),
            assignments,
            in_turn: false,
        })
    }

    /// ON UPDATE CASCADE.
    fn change(
        &self,
        rule: &Rule,
        key: &ForeignKey,
        keys: &Arc<Input>,
        span: Span,
    ) -> Result<StepKind, Skip> {
        let mut slots = Vec::new();
        let mut values = Vec::new();
        let mut filter: Option<Expr> = None;
        let new = self.pairs(key, NEW, span)?;
        for ((own, old), (_, new)) in self.pairs(key, OLD, span)?.into_iter().zip(new) {
            let equal = Expr {
                kind: ExprKind::Binary(BinaryOp::Eq, Box::new(own), Box::new(old)),
                span,
            };
            filter = Some(match filter {
                None => equal,
                Some(before) => Expr {
                    kind: ExprKind::Binary(BinaryOp::And, Box::new(before), Box::new(equal)),
                    span,
                },
            });
            let slot = self.key_slot(&key.columns[slots.len()], span)?;
            slots.push(slot);
            let column = self.columns[slot].column.clone();
            values.push((column, new, self.settings(rule, "keys")));
        }
        let concern = self.itself();
        let mut scope = self.beside(rule, &concern, keys);
        let (joined, assignments) = compile_joined(
            &[keys_table(span)],
            filter.as_ref(),
            &values,
            &mut scope,
            &self.settings(rule, "keys"),
        )
        .map_err(|faults| self.judge(rule, &concern, faults))?;
        Ok(StepKind::Update {
            filter: Filter::Joined(joined),
            assignments: slots.into_iter().zip(assignments).collect(),
            in_turn: false,
        })
    }

    /// The step that gathers, for cascades that run in a circle, which row references which and
    /// which rows go anyway.
    fn links(
        &self,
        rule: &Rule,
        own: &RelationName,
        cycle: &BTreeSet<RelationName>,
        steps: &[Step],
    ) -> Result<(StepKind, StepKey), Skip> {
        let known = &self.subject.known;
        let span = rule.statement.span;
        let closure = Closure::of(rule, known, cycle)
            .map_err(|message| self.fault(span, &message, "delete the rows level by level"))?;
        let (key, columns) = closure.links(own);
        let mut slots = Vec::new();
        for column in &columns {
            slots.push(self.key_slot(&column.name, span)?);
        }
        let input = known.inputs.borrow_mut().links(&key, columns, closure);
        let within = |step: &Step| match (&step.kind, self.declared) {
            (StepKind::Delete(_), Some(declared)) if step.place >= Step::CASCADES => {
                let number = ((step.place - Step::CASCADES) / 2) as usize;
                let parent = declared.foreign_keys.get(number);
                parent.is_some_and(|k| cycle.contains(&root(known.catalog, &k.references)))
            }
            _ => false,
        };
        let goes = steps
            .iter()
            .filter(|step| step.rule == rule.id && !within(step))
            .filter_map(|step| match &step.kind {
                StepKind::Delete(filter) => Some(filter.clone()),
                _ => None,
            })
            .collect();
        Ok((StepKind::Links { input, slots, goes }, key))
    }

    fn itself(&self) -> matching::Concern {
        matching::Concern {
            named: self.subject.name.clone(),
            pattern: false,
        }
    }

    /// The names of this relation's columns, and the table of keys beside it.
    fn beside<'n>(
        &'n self,
        rule: &'n Rule,
        concern: &'n matching::Concern,
        keys: &'n Arc<Input>,
    ) -> Beside<'n> {
        let mut names = self.names(rule, concern, None);
        names.own = Some(&self.subject.name.name);
        Beside {
            names,
            name: KEYS,
            rows: keys,
        }
    }
}

/// The place of a step that follows a foreign key: what counts orphans comes after all that acts.
fn place(kind: &StepKind, number: u32) -> u32 {
    match kind {
        StepKind::Orphans { .. } => Step::CHECKS + number,
        _ => Step::CASCADES + number,
    }
}

fn constraint(key: &ForeignKey) -> String {
    match &key.name {
        Some(name) => name.clone(),
        None => format!("({})", key.columns.join(", ")),
    }
}

fn ident(text: &str, span: Span) -> Ident {
    Ident {
        text: text.to_owned(),
        quoted: true,
        span,
    }
}

fn keys_table(span: Span) -> From {
    From {
        first: FromItem::Table(TableRef {
            schema: None,
            name: ident(KEYS, span),
            alias: None,
            target: false,
            only: false,
        }),
        joins: Vec::new(),
    }
}
