//! Rulebook × schema → a program for each table.
//!
//! The [`Planner`] holds the rules of a run in order: first which rulebooks take part (`auto`
//! recognises them by the tables of the dump), then, for every relation whose rows come by, its
//! [`Program`]. It keeps account of what every rule has met, since a rule that meets no table is
//! an error. It knows no bytes, no I/O and no threads.

mod account;
mod advice;
mod books;
mod build;
mod closure;
mod compile;
mod effects;
mod finish;
mod generated;
mod inputs;
mod insert;
mod joins;
mod keys;
mod late;
pub mod matching;
mod names;
mod pairs;
mod part;
mod plain;
mod program;
mod progress;
mod proof;
mod reader;
mod review;
mod row;
mod rule;
mod rules;
mod step;
mod suggest;
mod support;
mod target;
mod undefined;
mod users;
mod values;
mod wait;

pub use advice::{Advice, advice};
pub use insert::{Inserts, NewCell, NewRow, NewRowSource, NewRows};
pub use late::Passed;
pub use plain::{Condition, PlainCell, PlainProgram};
pub use program::{Fate, Origin, Partition, Pass, Program, ProgramColumn, RunFault, StepTally};
pub use progress::{Facts, FloatingResult};
pub use proof::{MAIL_DOMAIN, Writes};
pub use review::{Listing, Review, Strict, Unreviewed};
pub use row::{RawRow, RowState};
pub use rule::{Context, Rule, sql_dialect};
pub use step::{Assignments, Feed, Filter, Need, RuleId, Step, StepKey, StepKind};
pub use suggest::suggestions;
pub use wait::{Place, Wait};

use crate::error::Result;
use crate::expression::Fault;
use crate::rulebook::{Action, LazyRulebook, Rulebook};
use crate::schema::{Catalog, RelationName};
use books::Book;
use effects::Effects;
use inputs::Inputs;
use progress::Floating;
use rules::Rules;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// The name of the built-in rulebook whose patterns other rulebooks may except columns from.
pub const BASELINE: &str = "baseline";

/// Which rulebooks a run uses.
#[derive(Debug)]
pub enum Choice {
    /// Exactly these, in order.
    Named(Vec<Rulebook>),
    /// The baseline, then of the others those whose `detect` tables the dump has, by name.
    Auto {
        /// The baseline.
        baseline: Box<LazyRulebook>,
        /// All other built-in rulebooks.
        others: Vec<LazyRulebook>,
        /// Rulebooks that run after the recognised ones (`-r auto -r ours.sql`).
        then: Vec<Rulebook>,
    },
}

/// How far the rows of a relation can go at this point of the run.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The program; none if no rule that is known concerns the relation, or if its rules cannot be
    /// compiled before more of the dump's DDL is known (then it is not `whole`).
    pub program: Option<Arc<Program>>,
    /// How many steps, from the first, can run now: all they look up is known.
    pub runnable: usize,
    /// Is every rule known that could concern the relation?
    pub settled: bool,
    /// And can all of its steps run? Else its
    /// rows have to be held back.
    pub whole: bool,
    /// Why they have to be, if it is not `whole`.
    pub waits: Option<Wait>,
}

/// What building a program gave.
enum Built {
    /// The program; none if no rule concerns the relation.
    Program(Option<Arc<Program>>),
    /// A rule depends on DDL that may still come.
    Waits,
}

/// A relation's programs by header; none if no rule concerns it.
type Programs = Vec<(Option<Vec<String>>, Option<Arc<Program>>)>;

/// The plan of a run as far as it is known.
#[derive(Debug)]
pub struct Planner {
    books: Vec<Book>,
    rules: Rules,
    context: Context,
    /// For each rule how many relations it met.
    met: HashMap<RuleId, usize>,
    warnings: BTreeSet<String>,
    /// The programs of this section, by relation and the columns of its dumped rows, if it has any.
    cache: HashMap<RelationName, Programs>,
    programs: usize,
    /// Relations whose rows have come by in this section, and the rules that concerned them then.
    passed: HashMap<RelationName, BTreeSet<RuleId>>,
    /// What foreign keys did to those rows: the rules and the places of the steps.
    followed: HashMap<RelationName, BTreeSet<(RuleId, u32)>>,
    /// Were foreign keys known before the first row?
    keys_first: bool,
    /// Can no more relations come in this section?
    complete: bool,
    /// Can no more rows come in this section?
    data_ended: bool,
    /// The columns of the rows that have come, by relation.
    headers: HashMap<RelationName, Vec<String>>,
    /// What is gathered for rules that look at other rows.
    inputs: RefCell<Inputs>,
    /// SELECTs over several tables.
    floating: Vec<Floating>,
    /// How many statements have been generated.
    generated: u32,
    /// The target environment's schema, if its dump is given.
    target: Option<Catalog>,
    /// All rules, of rulebooks too that do not take part yet, while that dump is read.
    target_rules: Option<Rules>,
    /// Bytes that lookups keep and nobody has accounted for yet.
    kept: u64,
    /// What rules do to keys.
    effects: RefCell<HashMap<RuleId, (u64, Arc<Effects>)>>,
    /// Has a statement passed about a user that a rulebook drops which may still be recognised?
    user_passed: bool,
}

impl Planner {
    /// A plan before anything of the dump is known.
    ///
    /// # Errors
    /// All statements that this version cannot run, at once.
    pub fn new(choice: Choice, context: Context) -> Result<Self> {
        let (before, mut others, after) = match choice {
            Choice::Named(books) => (Vec::new(), Vec::new(), books),
            Choice::Auto {
                baseline,
                others,
                then,
            } => (vec![*baseline], others, then),
        };
        others.sort_by(|a, b| a.name.cmp(&b.name));
        let sure = |book| (book, true);
        let after = after.into_iter().map(LazyRulebook::from);
        let in_order = (before.into_iter().map(sure))
            .chain(others.into_iter().map(|book| (book, false)))
            .chain(after.map(sure));
        let mut books = Vec::new();
        for (book, (rulebook, takes_part)) in in_order.enumerate() {
            // Tests have checked every built-in rulebook for every kind of dump.
            if rulebook.origin().is_none() {
                support::check(rulebook.read(), &context)?;
            }
            books.push(Book {
                rulebook,
                takes_part,
                first: RuleId {
                    book,
                    statement: 0,
                    generated: 0,
                },
                generated: false,
            });
        }
        let mut planner = Planner {
            books,
            rules: Rules::default(),
            context,
            met: HashMap::new(),
            warnings: BTreeSet::new(),
            cache: HashMap::new(),
            programs: 0,
            passed: HashMap::new(),
            followed: HashMap::new(),
            keys_first: false,
            complete: false,
            data_ended: false,
            headers: HashMap::new(),
            inputs: RefCell::default(),
            floating: Vec::new(),
            generated: 0,
            target: None,
            target_rules: None,
            kept: 0,
            effects: RefCell::default(),
            user_passed: false,
        };
        planner.list_rules();
        Ok(planner)
    }

    /// The rules in order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The name of a rule's rulebook.
    pub fn book_of(&self, rule: &Rule) -> &str {
        &self.books[rule.book].rulebook.name
    }

    /// How many relations a rule met.
    pub fn relations_met(&self, rule: RuleId) -> usize {
        self.met.get(&rule).copied().unwrap_or_default()
    }

    /// What a report should say.
    pub fn warnings(&self) -> impl Iterator<Item = &String> {
        self.warnings.iter()
    }

    /// The program for the rows of a block, and how far they can go now. Without a header it is that
    /// of the first rows, if nothing defines the relation.
    ///
    /// # Errors
    /// All faults that the rules have with this relation.
    pub fn program(
        &mut self,
        catalog: &Catalog,
        relation: &RelationName,
        header: Option<&[String]>,
    ) -> Result<Planned> {
        if let Some(header) = header
            && !self.headers.contains_key(relation)
        {
            self.refuse_late(catalog, relation)?;
            self.headers.insert(relation.clone(), header.to_vec());
        }
        let mut faults = Vec::new();
        let known = match header {
            None if catalog.relation(relation).is_none() => self.headers.get(relation).cloned(),
            _ => None,
        };
        let columns = header.or(known.as_deref());
        let built = self.build(catalog, relation, columns, &mut faults)?;
        self.refuse(faults)?;
        let horizon = self.horizon(catalog, relation);
        let (program, waits) = match built {
            Built::Program(program) => (program, false),
            Built::Waits => (None, true),
        };
        let (runnable, steps) = match &program {
            Some(program) => (self.runnable(program, horizon)?, program.steps.len()),
            None => (0, 0),
        };
        let settled = !waits && horizon.is_none();
        let whole = settled && runnable == steps;
        let waits =
            (!whole).then(|| self.wait(catalog, relation, program.as_deref(), runnable, horizon));
        if whole && header.is_some() {
            if !self.followed.contains_key(relation) {
                let steps = program.iter().flat_map(|program| &program.steps);
                let followed = steps.filter(|step| step.place >= Step::CASCADES);
                let followed = followed.map(|step| (step.rule, step.place)).collect();
                self.followed.insert(relation.clone(), followed);
            }
            self.pass(catalog, relation);
        }
        Ok(Planned {
            program,
            runnable,
            settled,
            whole,
            waits,
        })
    }

    fn build(
        &mut self,
        catalog: &Catalog,
        relation: &RelationName,
        header: Option<&[String]>,
        faults: &mut Vec<(RuleId, Fault)>,
    ) -> Result<Built> {
        if self.awaits_parents(catalog, relation) {
            return Ok(Built::Waits);
        }
        let known = self.cache.get(relation).into_iter().flatten();
        if let Some((_, program)) = known.into_iter().find(|(of, _)| of.as_deref() == header) {
            return Ok(Built::Program(program.clone()));
        }
        let mut findings = build::Findings::default();
        let subject = build::Subject {
            known: self.known(catalog),
            name: relation,
            header,
            is_target: false,
        };
        let built = build::program(
            self.programs,
            &subject,
            &self.rules,
            &self.context,
            &mut findings,
        )?;
        if findings.waits {
            return Ok(Built::Waits);
        }
        for rule in findings.met {
            *self.met.entry(rule).or_default() += 1;
        }
        self.warnings.extend(findings.warnings);
        let built = built.map(Arc::new);
        self.programs += usize::from(built.is_some());
        if findings.faults.is_empty() {
            let known = self.cache.entry(relation.clone()).or_default();
            known.push((header.map(<[String]>::to_vec), built.clone()));
        }
        faults.extend(findings.faults);
        Ok(Built::Program(built))
    }

    /// Checks all rules against a section whose relations are all known, before its first row.
    /// With `only_section` they must also all meet one.
    ///
    /// # Errors
    /// All faults at once, else a rule that names no relation.
    pub fn check(&mut self, catalog: &Catalog, only_section: bool) -> Result<()> {
        self.complete = true;
        let mut faults = Vec::new();
        for name in catalog.relations.keys() {
            self.build(catalog, name, None, &mut faults)?;
        }
        self.refuse(faults)?;
        self.list_floating(catalog)?;
        if !only_section {
            return Ok(());
        }
        let nowhere = |rule: &&Rule| !self.is_met(rule) && rule.concerned(catalog).next().is_none();
        match self.rules.iter().find(nowhere) {
            Some(rule) => Err(self.met_nothing(rule, catalog)),
            None => Ok(()),
        }
    }

    /// The rules that concern a relation now. A reviewed column (GRANT) changes no row.
    fn concerning(&self, catalog: &Catalog, relation: &RelationName) -> BTreeSet<RuleId> {
        let named = self.rules.naming(catalog, relation).into_iter();
        named
            .filter(|rule| !matches!(rule.statement.action, Action::Grant { .. }))
            .filter(|rule| {
                rule.concerns(catalog, relation).is_some()
                    || !rule.reads_of(catalog, relation, false).is_empty()
            })
            .map(|rule| rule.id)
            .collect()
    }

    /// Takes note that rows of a relation come by.
    fn pass(&mut self, catalog: &Catalog, relation: &RelationName) {
        if self.passed.is_empty() {
            self.keys_first = catalog.relations.have_foreign_keys();
        }
        if !self.passed.contains_key(relation) {
            let concerning = self.concerning(catalog, relation);
            self.passed.insert(relation.clone(), concerning);
        }
    }

    /// Compiles every rule against the relations of a section that had no rows, and returns the
    /// programs that still have something to add or to report there.
    ///
    /// # Errors
    /// As [`Planner::program`].
    pub fn remaining(&mut self, catalog: &Catalog) -> Result<Vec<Arc<Program>>> {
        let mut names: Vec<RelationName> = catalog.relations.keys().cloned().collect();
        let undeclared = self.headers.keys();
        let undeclared = undeclared.filter(|name| !catalog.relations.contains_key(*name));
        let undeclared: BTreeSet<RelationName> = undeclared.cloned().collect();
        names.extend(undeclared);
        let mut programs = Vec::new();
        for name in names {
            let known = self.cache.get(&name).into_iter().flatten();
            if let Some((_, program)) = known.into_iter().find(|(header, _)| header.is_some()) {
                programs.extend(program.clone());
                continue;
            }
            programs.extend(self.program(catalog, &name, None)?.program);
        }
        Ok(programs)
    }

    /// Another database section begins.
    pub fn next_section(&mut self) {
        self.cache.clear();
        self.passed.clear();
        self.followed.clear();
        self.complete = false;
        self.data_ended = false;
        self.headers.clear();
        self.inputs.get_mut().next_section();
        self.effects.get_mut().clear();
        self.floating.clear();
        self.kept = 0;
        self.forget_generated();
    }
}
