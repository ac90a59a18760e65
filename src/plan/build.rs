//! The program of one relation: which statements concern it, and in which order they act.
//!
//! Each is compiled in [`super::compile`]. A fault that depends on the schema (no such column, a type that does not fit)
//! is found there, with its place in the rulebook, and kept here until all have been looked at.

use super::compile::Builder;
use super::finish::finish;
use super::names::columns;
use super::program::Program;
use super::reader::Known;
use super::rules::Rules;
use super::step::Step;
use super::{Context, Rule, advice, matching};
use crate::error::{Error, Result};
use crate::expression::Fault;
use crate::rulebook::SqlDialect;
use crate::rulebook::reads::Read;
use crate::schema::{Relation, RelationName};
use std::cell::Cell;
use std::collections::BTreeSet;

/// The relation for which a program is built.
pub(super) struct Subject<'a> {
    /// What is known of this section's relations.
    pub known: Known<'a>,
    /// Its name.
    pub name: &'a RelationName,
    /// The columns of the dumped rows, if there are rows and they are known.
    pub header: Option<&'a [String]>,
    /// Is it a relation of the target environment's dump?
    pub is_target: bool,
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
    /// Does a rule wait for DDL that may still come? Then there is no program yet.
    pub waits: bool,
}

/// Builds the program of a relation; none if no rule concerns it.
pub(super) fn program(
    id: usize,
    subject: &Subject<'_>,
    rules: &Rules,
    context: &Context,
    findings: &mut Findings,
) -> Result<Option<Program>> {
    let named = rules.naming(subject.known.catalog, subject.name);
    let concerned: Vec<(&Rule, matching::Concern)> = named
        .iter()
        .copied()
        .filter(|_| !subject.is_target)
        .filter_map(|rule| Some((rule, rule.concerns(subject.known.catalog, subject.name)?)))
        .collect();
    let read: Vec<(&Rule, Read<'_>, matching::Concern)> = named
        .iter()
        .flat_map(|rule| rule.reads_of(subject.known.catalog, subject.name, subject.is_target))
        .collect();
    let declared = subject.known.catalog.relation(subject.name);
    refuse_leaf_rules_on_root(subject, declared, rules)?;
    if let (Some(relation), true) = (declared, subject.header.is_some() && !subject.is_target)
        && matching::is_view(relation)
        && !rules.is_empty()
    {
        return Err(
            Error::input("the dump inserts rows through a view, where no rule sees them")
                .relation(subject.name)
                .remedy("dump the tables that the view reads"),
        );
    }
    let first = concerned.first().map(|(rule, _)| *rule);
    let first = first.or(read.first().map(|(rule, ..)| *rule));
    let Some(first) = first.or_else(|| keys_concern(subject, declared, rules)) else {
        return Ok(None);
    };
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
                    .rule(&first.statement.name),
            );
        }
    }
    let columns = columns(subject, declared, context).ok_or_else(|| {
        Error::input("neither the dump nor the rows' header says which columns it has")
            .relation(subject.name)
            .rule(&first.statement.name)
            .remedy(advice(context.dump).schema)
    })?;
    let header = subject.header.unwrap_or_default();
    let same = |a: &String, b: &String| match context.dump {
        SqlDialect::Postgres | SqlDialect::Oracle => a == b,
        _ => a.eq_ignore_ascii_case(b),
    };
    if let Some(twice) =
        (1..header.len()).find(|at| header[..*at].iter().any(|name| same(name, &header[*at])))
    {
        let message = format!("its rows name the column {} twice", header[twice]);
        return Err(Error::input(message)
            .relation(subject.name)
            .rule(&first.statement.name)
            .remedy(advice(context.dump).rows));
    }
    let mut builder = Builder {
        subject,
        declared,
        columns,
        context,
        findings,
        waits: Cell::new(false),
        lacks: Cell::new(false),
    };
    let mut steps = Vec::new();
    for (rule, read, concern) in read {
        let kind = builder.gather(rule, &read, &concern);
        builder.take(rule, read.place, concern.named, kind, &mut steps);
    }
    for (rule, concern) in concerned {
        let kind = builder.step(rule, &concern);
        if matches!(kind, Ok(Some(_))) {
            builder.findings.met.push(rule.id);
        }
        builder.take(rule, Step::ACTS, concern.named, kind, &mut steps);
    }
    let reaching = rules.reaching(subject.known.catalog, subject.name);
    for rule in reaching.into_iter().filter(|_| !subject.is_target) {
        if let Err(skip) = builder.follow_keys(rule, &mut steps) {
            builder.take(
                rule,
                Step::ACTS,
                subject.name.clone(),
                Err(skip),
                &mut Vec::new(),
            );
        }
    }
    if steps.is_empty() || builder.findings.waits {
        return Ok(None);
    }
    // A statement reads what the one before it left behind, its own changes not yet among it.
    steps.sort_by_key(Step::order);
    let columns = builder.columns;
    finish(id, subject, columns, steps).map(Some)
}

/// The first rule that removes or changes keys which the relation's foreign keys reference.
fn keys_concern<'r>(
    subject: &Subject<'_>,
    declared: Option<&Relation>,
    rules: &'r Rules,
) -> Option<&'r Rule> {
    let declared = declared.filter(|r| !subject.is_target && !r.foreign_keys.is_empty())?;
    let catalog = subject.known.catalog;
    let mut reaching = rules.reaching(catalog, subject.name).into_iter();
    reaching.find(|rule| {
        let effects = subject.known.effects(rule);
        let mut keys = declared.foreign_keys.iter();
        keys.any(|key| effects.loses(catalog, key) || effects.rekeys(catalog, key))
    })
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
    for leaf in subject.known.catalog.relations.values() {
        if !subject
            .known
            .catalog
            .ancestors(&leaf.name)
            .iter()
            .any(|a| a.name == *subject.name)
        {
            continue;
        }
        let only_leaf = |rule: &&Rule| {
            rule.concerns(subject.known.catalog, &leaf.name)
                .is_some_and(|c| !c.pattern)
                && rule.concerns(subject.known.catalog, subject.name).is_none()
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
