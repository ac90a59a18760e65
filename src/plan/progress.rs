//! What rules wait for, and when it is known: inputs become complete, SELECTs over several tables
//! get their results, and statements that a SELECT generates join the rules.
//!
//! Nothing is assumed about the order of tables in the dump. The pipeline says what has passed;
//! this module says what follows from it.

use super::compile::Skip;
use super::effects;
use super::names::Names;
use super::program::Program;
use super::reader::{Known, Reader};
use super::rule::{Rule, tables_of};
use super::step::{Need, RuleId, StepKey};
use super::{Planner, matching};
use crate::error::{Error, Result};
use crate::expression::{FaultKind, Lookup, Rows, Table, compile_lookup};
use crate::rulebook::reads::{reads, streamed};
use crate::rulebook::{Action, Query, read_builtins};
use crate::schema::{Catalog, RelationName};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What the pipeline knows of the rows that have passed.
pub trait Facts {
    /// Have all rows of the relation passed the step, those that rules add among them?
    fn passed(&self, relation: &RelationName, step: &StepKey) -> bool;
    /// Takes what the step has gathered, over all relations, in the order of the input.
    fn take(&mut self, step: &StepKey) -> Option<Rows>;
}

/// A SELECT over several tables, for one schema.
#[derive(Debug)]
pub(super) struct Floating {
    rule: RuleId,
    home: Option<String>,
    lookup: Arc<Lookup>,
    /// Its result, once it is known.
    result: Option<Table>,
}

/// The result of a SELECT over several tables.
#[derive(Debug)]
pub struct FloatingResult<'p> {
    /// The rule.
    pub rule: &'p Rule,
    /// The schema it ran for, if its tables are not qualified.
    pub home: Option<&'p str>,
    /// The result.
    pub table: &'p Table,
}

/// The query of a rule that belongs to no relation's program.
fn floating(rule: &Rule) -> Option<&Query> {
    match &rule.statement.action {
        Action::Gexec(query) => Some(query),
        Action::Select(query) if streamed(query).is_none() => Some(query),
        _ => None,
    }
}

impl Planner {
    /// What is known of this section's relations.
    pub(super) fn known<'a>(&'a self, catalog: &'a Catalog) -> Known<'a> {
        Known {
            catalog,
            headers: &self.headers,
            complete: self.complete,
            passed: &self.passed,
            effects: &self.effects,
            target: self.target.as_ref(),
            inputs: &self.inputs,
        }
    }

    /// Takes note that no more relations and no more rows come in this section.
    pub fn data_ended(&mut self) {
        self.complete = true;
        self.data_ended = true;
    }

    /// Draws the conclusions from what has passed. True if anything has become known: then
    /// relations that are held back may be able to go further.
    ///
    /// # Errors
    /// If a lookup fails or outgrows the memory, or a generated statement cannot run.
    pub fn progress(&mut self, catalog: &Catalog, facts: &mut dyn Facts) -> Result<bool> {
        let mut moved = false;
        loop {
            let complete = self.complete_inputs(catalog, facts)?;
            if !self.answer_floating(catalog)? && !complete {
                return Ok(moved);
            }
            moved = true;
        }
    }

    fn complete_inputs(&self, catalog: &Catalog, facts: &mut dyn Facts) -> Result<bool> {
        let mut moved = false;
        let inputs = self.inputs.borrow();
        for (key, gathered) in &inputs.own {
            if gathered.input.rows().is_some() || gathered.answered {
                continue;
            }
            // Rows that rules add to a partitioned table are made when the data has ended.
            if !self.data_ended && self.adds_to_root(catalog, key) {
                continue;
            }
            let children = match gathered.only {
                true => Vec::new(),
                false => catalog.descendants(&key.named),
            };
            let mut members = std::iter::once(&key.named).chain(children.iter().map(|r| &r.name));
            if members.all(|relation| facts.passed(relation, key)) {
                let rows = facts.take(key);
                gathered
                    .input
                    .complete(rows.unwrap_or_else(|| Rows::new(gathered.input.columns.len())));
                moved = true;
            }
        }
        Ok(inputs.answer_circles()? | moved)
    }

    /// Does a rule before the reading one add rows to a partitioned table?
    fn adds_to_root(&self, catalog: &Catalog, key: &StepKey) -> bool {
        let named = catalog.relations.get(&key.named);
        let is_root = named.is_some_and(|relation| !relation.partition_key.is_empty());
        let adds = |rule: &Rule| {
            matches!(rule.statement.action, Action::Insert(_))
                && rule.concerns(catalog, &key.named).is_some()
        };
        is_root
            && self
                .rules
                .iter()
                .any(|rule| rule.id < key.rule && adds(rule))
    }

    /// How many steps of a program can run now; makes what they look up ready.
    pub(super) fn runnable(&mut self, program: &Program, horizon: Option<RuleId>) -> Result<usize> {
        for (number, step) in program.steps.iter().enumerate() {
            // What a generating SELECT itself reads has the place of that rule.
            if horizon.is_some_and(|horizon| step.rule > horizon) {
                return Ok(number);
            }
            for need in &step.needs {
                if need.is_prepared() {
                    continue;
                }
                if !need.inputs().iter().all(|input| input.rows().is_some()) {
                    return Ok(number);
                }
                let located = |error: Error| error.rule(&step.statement.name);
                self.prepare(need)
                    .map_err(|error| located(error).relation(&program.relation))?;
            }
        }
        Ok(program.steps.len())
    }

    /// Takes note of bytes that are kept for lookups.
    pub fn keeps(&mut self, bytes: u64) {
        self.kept += bytes;
    }

    /// Bytes that lookups have come to keep since this was last asked.
    pub fn newly_kept(&mut self) -> u64 {
        std::mem::take(&mut self.kept)
    }

    fn prepare(&mut self, need: &Need) -> Result<()> {
        let bytes = need
            .prepare()
            .map_err(|error| Error::input(error.to_string()))?;
        self.kept += bytes;
        Ok(())
    }

    /// The first rule from which on not every rule is known that could concern the relation.
    pub(super) fn horizon(&self, catalog: &Catalog, relation: &RelationName) -> Option<RuleId> {
        let undecided = || {
            let books = self.books.iter().filter(|book| !book.takes_part);
            books.filter(|book| !self.complete && !book.rulebook.detect.is_empty())
        };
        if undecided().any(|book| book.rulebook.built_in().is_some()) {
            read_builtins();
        }
        let undecided = undecided()
            .filter(|book| book.names(catalog, relation))
            .map(|book| book.first);
        let generating = self
            .rules
            .generating()
            .filter(|rule| !self.is_answered(rule.id))
            .filter(|rule| {
                let parents = references(catalog, relation);
                let template = rule.template.as_ref();
                let concerns = |name| template.is_some_and(|t| t.could_concern(catalog, name));
                concerns(relation) || parents.iter().any(concerns)
            })
            .map(|rule| rule.id);
        undecided.chain(generating).min()
    }

    fn is_answered(&self, rule: RuleId) -> bool {
        let mut own = self.floating.iter().filter(|f| f.rule == rule).peekable();
        (own.peek().is_some() || self.complete) && own.all(|f| f.result.is_some())
    }

    /// Compiles the SELECTs whose tables are known by now and answers those whose rows are.
    fn answer_floating(&mut self, catalog: &Catalog) -> Result<bool> {
        self.list_floating(catalog)?;
        let mut moved = false;
        for number in 0..self.floating.len() {
            let Floating { lookup, result, .. } = &self.floating[number];
            if result.is_some() || !lookup.inputs().iter().all(|input| input.rows().is_some()) {
                continue;
            }
            let rule = self.floating[number].rule;
            let name = self.statement_name(rule);
            let located = |error: Error| error.rule(&name);
            let lookup = Arc::clone(lookup);
            if !lookup.is_prepared() {
                self.prepare(&Need::Lookup(Arc::clone(&lookup)))
                    .map_err(located)?;
            }
            let table = lookup
                .table()
                .map_err(|error| located(Error::input(error.to_string())))?;
            let generates = self
                .rules
                .iter()
                .any(|r| r.id == rule && matches!(r.statement.action, Action::Gexec(_)));
            if generates {
                self.generate(rule, &table)?;
            }
            self.floating[number].result = Some(table);
            moved = true;
        }
        Ok(moved)
    }

    pub(super) fn statement_name(&self, rule: RuleId) -> String {
        let found = self.rules.iter().find(|r| r.id == rule);
        found.map_or_else(String::new, |rule| rule.statement.name.clone())
    }

    pub(super) fn list_floating(&mut self, catalog: &Catalog) -> Result<()> {
        let mut faults = Vec::new();
        let mut new = Vec::new();
        for rule in self.rules.iter() {
            let Some(query) = floating(rule) else {
                continue;
            };
            for home in self.homes(catalog, rule) {
                let known = |f: &Floating| f.rule == rule.id && f.home == home;
                if self.floating.iter().any(known) {
                    continue;
                }
                match self.compile_floating(catalog, rule, query, home.as_deref()) {
                    Ok(lookup) => new.push(Floating {
                        rule: rule.id,
                        home,
                        lookup,
                        result: None,
                    }),
                    Err(Skip::Waits | Skip::Lacking) => {}
                    Err(Skip::Faults(found)) => {
                        faults.extend(found.into_iter().map(|fault| (rule.id, fault)));
                    }
                }
            }
        }
        for floating in new {
            *self.met.entry(floating.rule).or_default() += 1;
            self.floating.push(floating);
        }
        self.refuse(faults)
    }

    /// The schemas for which a SELECT over several tables runs; one of none if it names them.
    fn homes(&self, catalog: &Catalog, rule: &Rule) -> Vec<Option<String>> {
        let current = rule.statement.current_schema.as_deref();
        let read = reads(&rule.statement);
        let mut own = read.iter().filter(|read| !read.table.target);
        let Some(table) = own.next().map(|read| read.table) else {
            return vec![None];
        };
        let mut homes: Vec<Option<String>> = self
            .known(catalog)
            .alike(table)
            .into_iter()
            .filter(|name| matching::names_relation(table, current, name))
            .map(|name| name.schema.clone())
            .collect();
        homes.sort();
        homes.dedup();
        if (table.schema.is_some() || current.is_some()) && !homes.is_empty() {
            return vec![None];
        }
        homes
    }

    fn compile_floating(
        &self,
        catalog: &Catalog,
        rule: &Rule,
        query: &Query,
        home: Option<&str>,
    ) -> Result<Arc<Lookup>, Skip> {
        let (waits, lacks) = (Cell::new(false), Cell::new(false));
        let mut scope = Names {
            catalog,
            columns: &[],
            table: None,
            own: None,
            reader: Some(Reader {
                known: self.known(catalog),
                rule,
                home,
                waits: &waits,
                lacks: &lacks,
            }),
        };
        let mut settings = self.context.settings(rule.written_in, &rule.statement.name);
        settings.linguistic = rule.statement.linguistic;
        compile_lookup(query, &mut scope, &settings).map_err(|faults| {
            let lacking = faults.iter().all(|fault| fault.kind == FaultKind::Name);
            if waits.get() {
                Skip::Waits
            } else if lacks.get() || (lacking && rule.statement.optional) {
                Skip::Lacking
            } else {
                Skip::Faults(faults)
            }
        })
    }

    /// The results of SELECTs over several tables in this section.
    pub fn results(&self) -> impl Iterator<Item = FloatingResult<'_>> {
        self.floating.iter().filter_map(|floating| {
            let rule = self.rules.iter().find(|rule| rule.id == floating.rule)?;
            let reports = matches!(rule.statement.action, Action::Select(_));
            let table = floating.result.as_ref().filter(|_| reports)?;
            Some(FloatingResult {
                rule,
                home: floating.home.as_deref(),
                table,
            })
        })
    }

    /// Would the DDL that comes later in the dump change what happens to the rows that follow? They are those of
    /// `next`, if that is known. `all_defined`: all tables are known already, and only what stands after the data is not.
    pub fn wants_schema(
        &self,
        catalog: &Catalog,
        all_defined: bool,
        next: Option<&RelationName>,
    ) -> bool {
        let undecided = |book: &super::Book| !book.takes_part && !book.rulebook.detect.is_empty();
        // Where definitions tell all indexes they tell the foreign keys, too: only those to these rows may follow.
        let next = next.and_then(|name| catalog.relations.get(name));
        let next = next.filter(|relation| relation.indexed.is_some());
        let removes = |rule: &Rule| match (&rule.statement.action, next) {
            (Action::Update(_), Some(next)) => {
                rule.concerns(catalog, &next.name).is_some()
                    && effects::assigned(rule, next).any(|column| next.may_be_referenced(column))
            }
            (Action::Delete(_) | Action::Truncate(_) | Action::Update(_), _) => {
                rule.concerned(catalog).next().is_some()
            }
            _ => false,
        };
        if all_defined {
            return self.rules.iter().any(removes);
        }
        self.books.iter().any(undecided)
            || self.rules.iter().any(|rule| {
                rule.reads
                    || removes(rule)
                    || tables_of(&rule.statement)
                        .iter()
                        .all(|table| !table.name.is_pattern())
                        && !tables_of(&rule.statement).is_empty()
                        && !self.is_met(rule)
                        && rule.concerned(catalog).next().is_none()
            })
    }
}

/// The relations that a relation's rows may follow when rows or keys of those go, to any depth.
fn references(catalog: &Catalog, relation: &RelationName) -> BTreeSet<RelationName> {
    let mut found = BTreeSet::new();
    let mut todo = vec![relation.clone()];
    while let Some(next) = todo.pop() {
        let declared = catalog.relations.get(&next);
        for key in declared.into_iter().flat_map(|r| &r.foreign_keys) {
            let partitions = catalog.descendants(&key.references);
            let names = partitions.iter().map(|r| &r.name);
            for parent in names.chain([&key.references]) {
                if found.insert(parent.clone()) {
                    todo.push(parent.clone());
                }
            }
        }
    }
    found
}
