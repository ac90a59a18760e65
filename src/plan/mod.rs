//! Rulebook × schema → a program for each table.
//!
//! The [`Planner`] holds the rules of a run in order: first which rulebooks take part (`auto`
//! recognises them by the tables of the dump), then, for every relation whose rows come by, its
//! [`Program`]. It keeps account of what every rule has met, since a rule that meets no table is
//! an error. It knows no bytes, no I/O and no threads.

mod build;
mod finish;
mod insert;
pub mod matching;
mod names;
mod pairs;
mod program;
mod row;
mod rule;
mod support;
mod values;

pub use insert::{Inserts, NewCell, NewRow, NewRowSource};
pub use program::{
    Assignments, Fate, Origin, Partition, Pass, Program, ProgramColumn, RuleId, RunFault, Step,
    StepKey, StepKind, StepTally,
};
pub use row::{RawRow, RowState};
pub use rule::{Context, Rule, sql_dialect};

use crate::error::{Error, Result};
use crate::expression::Fault;
use crate::rulebook::{self, Action, ColumnPattern, Diagnostics, Rulebook, nearest};
use crate::schema::{Catalog, RelationName};
use rule::tables_of;
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
        baseline: Box<Rulebook>,
        /// All other built-in rulebooks.
        others: Vec<Rulebook>,
        /// Rulebooks that run after the recognised ones (`-r auto -r ours.sql`).
        then: Vec<Rulebook>,
    },
}

/// A rulebook and whether it takes part.
#[derive(Debug)]
struct Book {
    rulebook: Rulebook,
    takes_part: bool,
    /// The number of its first rule.
    first_rule: usize,
}

/// How far the rows of a relation can go at this point of the run.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The program; none if no rule that is known concerns the relation, or if its rules cannot be
    /// compiled before more of the dump's DDL is known (then it is not `whole`).
    pub program: Option<Arc<Program>>,
    /// How many steps, from the first, can run now: all they look up is known.
    pub runnable: usize,
    /// Is every rule known that could concern the relation, and can all of its steps run? Else its
    /// rows have to be held back.
    pub whole: bool,
}

/// A relation and the columns of its dumped rows, if it has any.
type Header = (RelationName, Option<Vec<String>>);

/// The plan of a run as far as it is known.
#[derive(Debug)]
pub struct Planner {
    books: Vec<Book>,
    rules: Vec<Rule>,
    context: Context,
    /// For each rule how many relations it met.
    met: Vec<usize>,
    warnings: BTreeSet<String>,
    /// The programs of this section, by relation and header.
    cache: HashMap<Header, Option<Arc<Program>>>,
    programs: usize,
    /// Relations whose rows have come by in this section, and the rules that concerned them then.
    passed: HashMap<RelationName, BTreeSet<RuleId>>,
    /// Were foreign keys known before the first row?
    keys_first: bool,
}

impl Planner {
    /// A plan before anything of the dump is known.
    ///
    /// # Errors
    /// All statements that this version cannot run, at once.
    pub fn new(choice: Choice, context: Context) -> Result<Self> {
        let (before, mut others, after) = match choice {
            Choice::Named(books) => (books, Vec::new(), Vec::new()),
            Choice::Auto {
                baseline,
                others,
                then,
            } => (vec![*baseline], others, then),
        };
        others.sort_by(|a, b| a.name.cmp(&b.name));
        let mut books = Vec::new();
        let mut first_rule = 0;
        let sure = |book| (book, true);
        let in_order = (before.into_iter().map(sure))
            .chain(others.into_iter().map(|book| (book, false)))
            .chain(after.into_iter().map(sure));
        for (rulebook, takes_part) in in_order {
            support::check(&rulebook, &context)?;
            let statements = rulebook.statements.len();
            books.push(Book {
                rulebook,
                takes_part,
                first_rule,
            });
            first_rule += statements;
        }
        let mut planner = Planner {
            books,
            rules: Vec::new(),
            context,
            met: vec![0; first_rule],
            warnings: BTreeSet::new(),
            cache: HashMap::new(),
            programs: 0,
            passed: HashMap::new(),
            keys_first: false,
        };
        planner.list_rules();
        Ok(planner)
    }

    /// Lists the rules of all books that take part.
    fn list_rules(&mut self) {
        let taking_part = || {
            self.books
                .iter()
                .enumerate()
                .filter(|(_, book)| book.takes_part)
        };
        let except: Arc<[ColumnPattern]> = taking_part()
            .flat_map(|(_, book)| book.rulebook.baseline_except.iter().cloned())
            .collect();
        let mut rules = Vec::new();
        for (number, book) in taking_part() {
            let is_baseline = book.rulebook.name == BASELINE;
            let except = if is_baseline {
                Arc::clone(&except)
            } else {
                Arc::from([])
            };
            for (at, statement) in book.rulebook.statements.iter().enumerate() {
                if (statement.only.is_empty() || statement.only.contains(&self.context.dump))
                    && statement.with_target != Some(true)
                {
                    rules.push(Rule {
                        id: RuleId(book.first_rule + at),
                        statement: Arc::new(statement.clone()),
                        written_in: book.rulebook.dialect,
                        book: number,
                        except: Arc::clone(&except),
                    });
                }
            }
        }
        self.rules = rules;
    }

    /// The rulebooks that take part, in order.
    pub fn books(&self) -> impl Iterator<Item = &Rulebook> {
        self.books
            .iter()
            .filter(|book| book.takes_part)
            .map(|book| &book.rulebook)
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
        self.met[rule.0]
    }

    /// What a report should say.
    pub fn warnings(&self) -> impl Iterator<Item = &String> {
        self.warnings.iter()
    }

    /// Recognises applications by the relations known so far. Returns the names of the rulebooks
    /// that join.
    ///
    /// # Errors
    /// If a rulebook is recognised after rows of one of its tables have passed without it.
    pub fn decide(&mut self, catalog: &Catalog) -> Result<Vec<String>> {
        let tables = || {
            let declared = catalog
                .relations
                .keys()
                .map(|name| name.name.to_lowercase());
            declared
                .chain(self.passed.keys().map(|name| name.name.to_lowercase()))
                .collect::<BTreeSet<String>>()
        };
        if self.books.iter().all(|book| book.takes_part) {
            return Ok(Vec::new());
        }
        let tables = tables();
        let mut joined = Vec::new();
        for book in self.books.iter_mut().filter(|book| !book.takes_part) {
            let detect = &book.rulebook.detect;
            if detect.is_empty() || !detect.iter().all(|table| tables.contains(table)) {
                continue;
            }
            let late = book
                .rulebook
                .statements
                .iter()
                .flat_map(tables_of)
                .any(|table| {
                    !table.name.is_pattern()
                        && self
                            .passed
                            .keys()
                            .any(|seen| matching::names(&table.name, &seen.name))
                });
            let name = &book.rulebook.name;
            if late {
                return Err(Error::input(format!(
                    "the dump turned out to be of {name} only after rows of its tables had passed"
                ))
                .remedy(format!(
                    "run again with -r baseline -r {name}, or give --schema FILE"
                )));
            }
            book.takes_part = true;
            joined.push(name.clone());
        }
        if !joined.is_empty() {
            self.list_rules();
            self.cache.clear();
        }
        Ok(joined)
    }

    /// The program for the rows of a block, and how far they can go now.
    ///
    /// # Errors
    /// All faults that the rules have with this relation.
    pub fn program(
        &mut self,
        catalog: &Catalog,
        relation: &RelationName,
        header: Option<&[String]>,
    ) -> Result<Planned> {
        if header.is_some() {
            self.pass(catalog, relation);
        }
        let mut faults = Vec::new();
        let program = self.build(catalog, relation, header, &mut faults)?;
        self.refuse(faults)?;
        Ok(Planned {
            runnable: program.as_ref().map_or(0, |program| program.steps.len()),
            program,
            whole: true,
        })
    }

    fn build(
        &mut self,
        catalog: &Catalog,
        relation: &RelationName,
        header: Option<&[String]>,
        faults: &mut Vec<(RuleId, Fault)>,
    ) -> Result<Option<Arc<Program>>> {
        let key = (relation.clone(), header.map(<[String]>::to_vec));
        if let Some(known) = self.cache.get(&key) {
            return Ok(known.clone());
        }
        let mut findings = build::Findings::default();
        let subject = build::Subject {
            catalog,
            name: relation,
            header,
        };
        let built = build::program(
            self.programs,
            &subject,
            &self.rules,
            &self.context,
            &mut findings,
        )?;
        for rule in findings.met {
            self.met[rule.0] += 1;
        }
        self.warnings.extend(findings.warnings);
        let built = built.map(Arc::new);
        self.programs += usize::from(built.is_some());
        if findings.faults.is_empty() {
            self.cache.insert(key, built.clone());
        }
        faults.extend(findings.faults);
        Ok(built)
    }

    /// Checks all rules against a section whose relations are all known, before its first row.
    /// With `only_section` they must also all meet one.
    ///
    /// # Errors
    /// All faults at once, else a rule that names no relation.
    pub fn check(&mut self, catalog: &Catalog, only_section: bool) -> Result<()> {
        let mut faults = Vec::new();
        for name in catalog.relations.keys() {
            self.build(catalog, name, None, &mut faults)?;
        }
        self.refuse(faults)?;
        if !only_section {
            return Ok(());
        }
        let nowhere = |rule: &&Rule| {
            !self.is_met(rule)
                && !catalog
                    .relations
                    .keys()
                    .any(|name| rule.concerns(catalog, name).is_some())
        };
        match self.rules.iter().find(nowhere) {
            Some(rule) => Err(self.met_nothing(rule, catalog)),
            None => Ok(()),
        }
    }

    /// The rules that concern a relation now. A reviewed column (GRANT) changes no row.
    fn concerning(&self, catalog: &Catalog, relation: &RelationName) -> BTreeSet<RuleId> {
        self.rules
            .iter()
            .filter(|rule| !matches!(rule.statement.action, Action::Grant { .. }))
            .filter(|rule| rule.concerns(catalog, relation).is_some())
            .map(|rule| rule.id)
            .collect()
    }

    /// Takes note that rows of a relation come by.
    fn pass(&mut self, catalog: &Catalog, relation: &RelationName) {
        if self.passed.is_empty() {
            self.keys_first = catalog
                .relations
                .values()
                .any(|r| !r.foreign_keys.is_empty());
        }
        if !self.passed.contains_key(relation) {
            let concerning = self.concerning(catalog, relation);
            self.passed.insert(relation.clone(), concerning);
        }
    }

    /// At the end of a section: does a rule concern a relation whose rows had passed before the
    /// dump gave it its name or its parent?
    ///
    /// # Errors
    /// If so.
    pub fn recheck(&self, catalog: &Catalog) -> Result<()> {
        for (relation, before) in &self.passed {
            let mut name = relation;
            for (old, new) in &catalog.renames {
                if old == name {
                    name = new;
                }
            }
            let now = self.concerning(catalog, name);
            let Some(late) = self
                .rules
                .iter()
                .find(|r| now.contains(&r.id) && !before.contains(&r.id))
            else {
                continue;
            };
            return Err(Error::input(
                "its rows had passed before the dump gave it the name or the parent by which a \
                 rule concerns it",
            )
            .relation(name)
            .rule(&late.statement.name)
            .remedy("give the schema beforehand with --schema FILE (pg_dump --schema-only)"));
        }
        Ok(())
    }

    /// Takes note of rows of a relation that are changed in a way that nobody can follow.
    ///
    /// # Errors
    /// If a rule concerns it.
    pub fn opaque(&mut self, catalog: &Catalog, relation: &RelationName, what: &str) -> Result<()> {
        self.pass(catalog, relation);
        let concerning = self.concerning(catalog, relation);
        let rule = self.rules.iter().find(|rule| concerning.contains(&rule.id));
        let Some(rule) = rule.map(|rule| rule.statement.name.clone()) else {
            return Ok(());
        };
        // A pattern may find no column of its own in the relation.
        if catalog
            .relation(relation)
            .is_some_and(|r| !matching::is_view(r))
            && self.program(catalog, relation, None)?.program.is_none()
        {
            return Ok(());
        }
        Err(Error::input(format!(
            "the dump changes its rows by {what}, which scrub cannot follow"
        ))
        .relation(relation)
        .rule(rule)
        .remedy("dump the table with COPY or INSERT … VALUES"))
    }

    /// A statement may change rows of relations that nobody can tell.
    ///
    /// # Errors
    /// If there are rules.
    pub fn unfollowed(&self, what: &str) -> Result<()> {
        match self.rules.first() {
            None => Ok(()),
            Some(_) => Err(Error::input(format!(
                "{what} may change rows in a way that scrub cannot follow"
            ))
            .remedy("take it out of the dump, or run scrub on what it writes")),
        }
    }

    /// Columns that a foreign key ties together and that rules rewrite to different lengths, as far
    /// as they are only known now.
    pub fn uneven_pairs(&self, catalog: &Catalog) -> Vec<String> {
        if self.keys_first {
            return Vec::new();
        }
        let assigned = |name: &RelationName, column: &str| {
            let programs = self.cache.iter().filter(|(key, _)| key.0 == *name);
            programs
                .filter_map(|(_, program)| program.as_ref())
                .any(|p| p.assigns(column))
        };
        pairs::uneven(catalog)
            .into_iter()
            .filter(|pair| pair.iter().any(|(name, column)| assigned(name, column)))
            .map(|[(child, from), (parent, to)]| format!(
                "{child}.{from} refers to {parent}.{to}, which has another length: shortened values may differ; give --schema FILE"
            ))
            .collect()
    }

    /// Compiles every rule against the relations of a section that had no rows, and returns the
    /// programs that still have something to add or to report there.
    ///
    /// # Errors
    /// As [`Planner::program`].
    pub fn remaining(&mut self, catalog: &Catalog) -> Result<Vec<Arc<Program>>> {
        let names: Vec<RelationName> = catalog.relations.keys().cloned().collect();
        let mut programs = Vec::new();
        for name in names {
            let with_rows: Vec<_> = self
                .cache
                .iter()
                .filter(|(key, _)| key.0 == name && key.1.is_some())
                .collect();
            if let Some((_, program)) = with_rows.first() {
                programs.extend((*program).clone());
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
    }

    /// After the whole stream: has every rule met a table?
    ///
    /// # Errors
    /// A rule that met none, with the nearest name.
    pub fn finish(&self, catalog: &Catalog) -> Result<()> {
        match self.rules.iter().find(|rule| !self.is_met(rule)) {
            Some(rule) => Err(self.met_nothing(rule, catalog)),
            None => Ok(()),
        }
    }

    fn is_met(&self, rule: &Rule) -> bool {
        rule.statement.optional
            || self.met[rule.id.0] > 0
            || matches!(rule.statement.action, Action::DropUser(_))
    }

    fn met_nothing(&self, rule: &Rule, catalog: &Catalog) -> Error {
        let tables = tables_of(&rule.statement);
        let names: Vec<String> = tables
            .iter()
            .map(|table| match &table.schema {
                Some(schema) => format!("{}.{}", schema.text, table.name.text),
                None => table.name.text.clone(),
            })
            .collect();
        let message = format!("it met no table {} in the dump", names.join(", "));
        let known: Vec<&str> = catalog
            .relations
            .keys()
            .map(|name| name.name.as_str())
            .chain(self.passed.keys().map(|name| name.name.as_str()))
            .collect();
        let near = tables
            .iter()
            .find_map(|table| nearest(&table.name.text, known.iter().copied()));
        let remedy = match near {
            Some(near) => {
                format!("did you mean {near}? A table that may be missing wants :optional")
            }
            None => "a table that may be missing wants :optional in the rule's comment".to_owned(),
        };
        Error::check(message)
            .rule(&rule.statement.name)
            .remedy(remedy)
    }

    /// Turns faults into one message with carets.
    fn refuse(&self, faults: Vec<(RuleId, Fault)>) -> Result<()> {
        let Some((first, _)) = faults.first() else {
            return Ok(());
        };
        let book_of = |id: RuleId| {
            self.rules
                .iter()
                .find(|rule| rule.id == id)
                .map_or(0, |rule| rule.book)
        };
        let book = &self.books[book_of(*first)].rulebook;
        let mut told = BTreeSet::new();
        let diagnostics = faults
            .iter()
            .filter(|(id, fault)| {
                book_of(*id) == book_of(*first)
                    && told.insert((fault.span.start, fault.message.clone()))
            })
            .map(|(_, fault)| rulebook::Fault {
                span: fault.span,
                message: fault.message.clone(),
                help: fault.help.clone(),
            })
            .collect();
        Err(Diagnostics::new(book.files.clone(), diagnostics).into())
    }
}
