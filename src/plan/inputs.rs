//! What is gathered for the rules that look at other rows: one [`Input`] for every table that a
//! rule reads, shared by the program that gathers it and by those that look it up.
//!
//! Both sides come here with the same place of the same statement, in any order, and get the same
//! input. Which of the table's columns it keeps, and which conjuncts of WHERE its rows have met
//! already, follows from the statement's text and the columns of the relation that is named.

use super::closure::Closure;
use super::matching;
use super::rule::Rule;
use super::step::StepKey;
use crate::error::{Error, Result};
use crate::expression::{Input, Rows};
use crate::rulebook::reads::{Needed, Read, each_column, is_named};
use crate::rulebook::{Expr, ExprKind, Span, walk};
use crate::schema::{Column, DataType, RelationName};
use indexmap::IndexMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The inputs of a section, and those from the target environment's dump.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    /// Of this section.
    pub own: IndexMap<StepKey, Gathered>,
    /// Of the target environment's dump.
    pub target: IndexMap<StepKey, Gathered>,
    /// Cascades that run in a circle.
    circles: Vec<Closure>,
}

/// An input and whose rows go into it.
#[derive(Debug, Clone)]
pub(super) struct Gathered {
    pub input: Arc<Input>,
    /// `ONLY`: without children.
    pub only: bool,
    /// Is it answered by a closure over others, rather than gathered?
    pub answered: bool,
}

impl Inputs {
    /// The input for one table that a rule reads; `named` is the relation that it names and
    /// `columns` what that has.
    pub fn input(
        &mut self,
        rule: &Rule,
        read: &Read<'_>,
        named: &RelationName,
        columns: &[Column],
    ) -> Arc<Input> {
        let key = StepKey {
            rule: rule.id,
            place: read.place,
            named: named.clone(),
        };
        let inputs = if read.table.target {
            &mut self.target
        } else {
            &mut self.own
        };
        let gathered = inputs.entry(key).or_insert_with(|| {
            let decided = decided(read, columns);
            let kept = kept(rule, read, columns, &decided);
            Gathered {
                input: Arc::new(Input::new(read.table.name.text.clone(), kept).deciding(decided)),
                only: read.table.only,
                answered: false,
            }
        });
        Arc::clone(&gathered.input)
    }

    /// Forgets the section before; the target environment stays.
    pub fn next_section(&mut self) {
        self.own.clear();
        self.circles.clear();
    }

    /// The input of removed or changed keys of a relation.
    pub fn keys(&mut self, key: &StepKey, columns: Vec<Column>) -> Arc<Input> {
        let gathered = self.own.entry(key.clone()).or_insert_with(|| Gathered {
            input: Arc::new(Input::new(key.named.to_string(), columns)),
            only: false,
            answered: false,
        });
        Arc::clone(&gathered.input)
    }

    /// The input of what a circle of cascades needs of one of its relations.
    pub fn links(
        &mut self,
        key: &StepKey,
        mut columns: Vec<Column>,
        closure: Closure,
    ) -> Arc<Input> {
        columns.push(Column::new("goes", DataType::Boolean));
        let input = self.keys(key, columns);
        for answer in closure.answers() {
            if let Some(gathered) = self.own.get_mut(&answer) {
                gathered.answered = true;
            }
        }
        let first = closure.waits_for().next();
        if !self.circles.iter().any(|c| c.waits_for().next() == first) {
            self.circles.push(closure);
        }
        input
    }

    /// Answers the circles whose rows have all been gathered. True if there was one.
    ///
    /// # Errors
    /// If a key cannot be read as its type.
    pub fn answer_circles(&self) -> Result<bool> {
        let mut moved = false;
        for circle in &self.circles {
            let inputs = |keys: &mut dyn Iterator<Item = StepKey>| -> Option<Vec<&Arc<Input>>> {
                keys.map(|key| Some(&self.own.get(&key)?.input)).collect()
            };
            let (Some(links), Some(answers)) = (
                inputs(&mut circle.waits_for()),
                inputs(&mut circle.answers()),
            ) else {
                continue;
            };
            let rows: Option<Vec<&Rows>> = links.iter().map(|input| input.rows()).collect();
            let (Some(rows), false) = (rows, answers.iter().all(|input| input.rows().is_some()))
            else {
                continue;
            };
            let removed = circle
                .removed(&rows)
                .map_err(|error| Error::input(error.to_string()))?;
            for (input, rows) in answers.into_iter().zip(removed) {
                input.complete(rows);
            }
            moved = true;
        }
        Ok(moved)
    }
}

/// The places of the conjuncts that a row of the table decides by itself: those whose columns it
/// has, every one. Another name would be the outer statement's.
fn decided(read: &Read<'_>, columns: &[Column]) -> Vec<Span> {
    let known = |expr: &&&Expr| {
        let mut known = true;
        walk(expr, &mut |node| {
            if let ExprKind::Column { column, .. } = &node.kind {
                known &= matching::column(column, columns).is_ok();
            }
        });
        known
    };
    let conditions = read.conditions.iter().filter(known);
    conditions.map(|condition| condition.span).collect()
}

/// The columns that the rule could ask of the table.
fn kept(rule: &Rule, read: &Read<'_>, columns: &[Column], decided: &[Span]) -> Vec<Column> {
    let mut kept: BTreeSet<usize> = BTreeSet::new();
    each_column(&rule.statement, decided, &mut |needed| match needed {
        Needed::Column(qualifier, column) => {
            if qualifier.is_none_or(|q| is_named(read.table, q)) {
                kept.extend(matching::column(column, columns).ok());
            }
        }
        Needed::All(qualifier) => {
            if qualifier.is_none_or(|q| is_named(read.table, q)) {
                kept.extend(0..columns.len());
            }
        }
    });
    kept.into_iter().map(|at| columns[at].clone()).collect()
}
