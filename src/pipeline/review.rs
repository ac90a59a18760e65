//! `--strict`: a table that nobody has reviewed stops the run before its first row, and so does what
//! stands outside the rows and would pass as it is. Texts in definitions and comments (a name in a DEFAULT)
//! that nobody has looked at stop it before the next rows, or at the end.
//!
//! A table is looked at when its first block is about to leave: then every rule is known that could
//! concern it. A dry run goes on instead and tells everything at its end, of tables without rows, too,
//! so that a dump of the schema alone is enough.

use super::archive::Archived;
use super::driver::Driver;
use super::schema;
use crate::dialect::Framer;
use crate::error::{Error, Position, Result};
use crate::plan::{Planner, Program, Strict, Unreviewed, suggestions};
use crate::report::StrictReport;
use crate::schema::{Catalog, Column, RelationName};
use crate::search::Texts;
use crate::source::Original;
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet};

/// How many columns a message names.
const MOST: usize = 8;

const REMEDY: &str =
    "add the lines that are printed to a rulebook, changed where a value must not be seen";

const READ: &str = "read it, take out of the database what must not be seen, and add the lines that are printed \
                    to a rulebook";

/// What a strict run has seen.
pub(super) struct Review {
    strict: Strict,
    /// Does it go on to the end?
    dry: bool,
    /// The tables of this section that have been looked at, each with the columns of its rows.
    seen: HashMap<RelationName, Vec<Option<Vec<String>>>>,
    /// Columns that have been reviewed, over all sections.
    columns: u64,
    /// The tables that have rows and are reviewed.
    tables: u64,
    /// What a dry run has found lacking in tables that this section does not define.
    undefined: Vec<(RelationName, Vec<Column>)>,
    /// What nobody has reviewed, over all sections.
    missing: Vec<Unreviewed>,
    /// Definitions that hold texts, each once, and where; over all sections.
    definitions: IndexMap<Texts, Position>,
    /// Tables of which nobody can say whether they are reviewed, and what stands outside of all rows.
    unknown: Vec<Error>,
}

impl Review {
    pub(super) fn new(strict: Strict, dry: bool) -> Self {
        Review {
            strict,
            dry,
            seen: HashMap::new(),
            columns: 0,
            tables: 0,
            undefined: Vec::new(),
            missing: Vec::new(),
            definitions: IndexMap::new(),
            unknown: Vec::new(),
        }
    }

    /// A definition passes that holds texts.
    pub(super) fn defined(&mut self, texts: Texts, at: Position) {
        self.definitions.entry(texts).or_insert(at);
    }

    /// The definitions whose texts no rulebook calls reviewed.
    fn unread(&self, planner: &Planner) -> Vec<(&Texts, Position)> {
        let of_books: HashSet<&str> = planner
            .books()
            .flat_map(|book| book.reviewed.iter().map(String::as_str))
            .collect();
        let definitions = self.definitions.iter();
        definitions
            .filter(|(texts, _)| !of_books.contains(texts.fingerprint.as_str()))
            .map(|(texts, at)| (texts, *at))
            .collect()
    }

    /// Another database section begins.
    pub(super) fn next_section(&mut self) {
        self.seen.clear();
    }

    /// Something that nobody can answer for: a dry run tells it at its end.
    pub(super) fn unknown(&mut self, error: Error) -> Result<()> {
        if !self.dry {
            return Err(error);
        }
        self.unknown.push(error);
        Ok(())
    }

    /// What a report says of it.
    pub(super) fn report(&self, planner: &Planner) -> StrictReport {
        let unread = self.unread(planner);
        let comment = |error: &Error| format!("-- {}", error.to_string().replace('\n', "\n-- "));
        let unknown = self.unknown.iter().map(comment);
        StrictReport {
            text_only: self.strict == Strict::Text,
            tables: self.tables,
            columns: self.columns,
            definitions: (self.definitions.len() - unread.len()) as u64,
            unreviewed: suggestions(&self.missing)
                .into_iter()
                .chain(unread.iter().map(|(texts, _)| texts.line()))
                .chain(unknown)
                .collect(),
        }
    }
}

impl Driver<'_> {
    /// Something outside the rows passes as it is: a warning, under `--strict` the end of the run
    /// (of a dry run, a line at its end). What is left out, blanked or rewritten is a line of the
    /// report alone.
    pub(super) fn passes(&mut self, at: Position, message: &str, remedy: &str) -> Result<()> {
        let here = self.archived.as_ref().map(Archived::here);
        if let Some(review) = &mut self.review {
            let strict =
                |message: &str| Error::input(format!("--strict: {message}")).remedy(remedy);
            return review.unknown(match here {
                Some(here) => strict(&format!("{here}: {message}")),
                None => strict(message).at(at),
            });
        }
        let here = here.unwrap_or_else(|| format!("line {}", at.line));
        let warning = format!("{here}: {message}");
        self.report.warnings.push(warning);
        Ok(())
    }

    /// Rows of a relation are about to leave, or `rows` says that all it has are those that rules
    /// add: has somebody reviewed it?
    pub(super) async fn reviewed(
        &mut self,
        relation: &RelationName,
        header: Option<&[String]>,
        program: Option<&Program>,
        rows: bool,
    ) -> Result<()> {
        let Some(review) = &mut self.review else {
            return Ok(());
        };
        let seen = review.seen.get(relation);
        if seen.is_some_and(|seen| seen.iter().any(|known| known.as_deref() == header)) {
            return self.texts_reviewed();
        }
        let catalog = self.decoder.framer.catalog();
        let wanted = (review.strict, rows);
        let found = self
            .planner
            .review(catalog, relation, header, program, wanted);
        let found = match found {
            Err(error) if !review.dry => return Err(error),
            // It is told with the others, at the end of the section.
            Err(_) if catalog.relation(relation).is_some() => return Ok(()),
            Err(error) => {
                let seen = review.seen.entry(relation.clone()).or_default();
                seen.push(header.map(<[String]>::to_vec));
                review.unknown.push(error);
                return Ok(());
            }
            Ok(found) => found,
        };
        let known = review.seen.entry(relation.clone()).or_default();
        let listed = review.dry && catalog.relation(relation).is_some();
        if known.is_empty() && found.missing.is_empty() && !listed {
            review.tables += 1;
            review.columns += found.reviewed.len() as u64;
        }
        known.push(header.map(<[String]>::to_vec));
        if found.missing.is_empty() {
            return self.texts_reviewed();
        }
        if !review.dry {
            return Err(self.unreviewed(relation, found.missing).await);
        }
        if !listed {
            review.undefined.push((relation.clone(), found.missing));
        }
        Ok(())
    }

    /// Are all columns of a relation reviewed? Not, if nobody can say.
    pub(super) fn is_reviewed(&self, relation: &RelationName, program: Option<&Program>) -> bool {
        self.review.as_ref().is_none_or(|review| {
            let catalog = self.decoder.framer.catalog();
            let wanted = (review.strict, true);
            let found = self
                .planner
                .review(catalog, relation, None, program, wanted);
            found.is_ok_and(|found| found.missing.is_empty())
        })
    }

    /// The error about a table, and for the report what nobody has reviewed of all tables that are
    /// known: those of the whole dump if they can be, else those of this table.
    async fn unreviewed(&mut self, relation: &RelationName, missing: Vec<Column>) -> Error {
        let section = self.tally().section.clone();
        let framer = &self.decoder.framer;
        let first = framer.schema_first();
        if let Some((file, dialect)) = self.again.take_if(|_| !first || section.is_some()) {
            self.schemas = look(file, dialect.framer()).await;
        }
        let others = vec![(relation.clone(), missing.clone())];
        let Some(strict) = self.review.as_ref().map(|review| review.strict) else {
            return Error::check("not reviewed");
        };
        let only = self.only_schema.as_ref().map(|only| only.catalog.clone());
        let mut all = match self.schemas.remove(&section).or(only) {
            Some(catalog) => self.list(&catalog, strict, others),
            None if first => {
                let catalog = self.decoder.framer.catalog();
                self.planner.unreviewed(catalog, strict, others).missing
            }
            None => {
                let mut catalog = Catalog::default();
                let known = self.decoder.framer.catalog();
                let own = known.relation(relation).into_iter();
                let family = own.chain(known.ancestors(relation));
                let family = family.map(|relation| (relation.name.clone(), relation.clone()));
                family.for_each(|(name, relation)| catalog.relations.insert(name, relation));
                self.planner.unreviewed(&catalog, strict, others).missing
            }
        };
        let mut rest: Vec<_> = std::mem::take(&mut self.schemas).into_iter().collect();
        rest.sort_by(|a, b| a.0.cmp(&b.0));
        for (_, catalog) in rest {
            all.extend(self.list(&catalog, strict, Vec::new()));
        }
        let message = format!("--strict: nobody has reviewed {}", told(&missing));
        if let Some(review) = &mut self.review {
            review.missing = all;
        }
        Error::check(message).relation(relation).remedy(REMEDY)
    }

    /// Has somebody looked at the texts of all definitions so far? A dry run asks at its end.
    fn texts_reviewed(&self) -> Result<()> {
        match self.review.as_ref().filter(|review| !review.dry) {
            Some(review) => self.all_texts_reviewed(review),
            None => Ok(()),
        }
    }

    fn all_texts_reviewed(&self, review: &Review) -> Result<()> {
        let unread = review.unread(&self.planner);
        let Some((first, at)) = unread.first() else {
            return Ok(());
        };
        let definitions = match unread.len() {
            1 => "a definition that holds a text".to_owned(),
            n => format!("{n} definitions that hold texts, the first of them"),
        };
        let message = format!(
            "--strict: nobody has reviewed {definitions}: {}",
            first.what
        );
        let error = Error::check(message).remedy(READ);
        Err(match self.archived {
            Some(_) => error,
            None => error.at(*at),
        })
    }

    /// What nobody has reviewed of a section that is known as a whole.
    fn list(
        &mut self,
        catalog: &Catalog,
        strict: Strict,
        others: Vec<(RelationName, Vec<Column>)>,
    ) -> Vec<Unreviewed> {
        self.planner.next_section();
        self.planner.data_ended();
        // A rulebook that is recognised too late is told where the run comes to it.
        let _ = self.planner.decide(catalog);
        self.planner.unreviewed(catalog, strict, others).missing
    }

    /// A dry run: what nobody has reviewed of this section.
    pub(super) fn list_unreviewed(&mut self) {
        let Some(review) = self.review.as_mut().filter(|review| review.dry) else {
            return;
        };
        let others = std::mem::take(&mut review.undefined);
        let catalog = self.decoder.framer.catalog();
        let listing = self.planner.unreviewed(catalog, review.strict, others);
        review.tables += listing.tables;
        review.columns += listing.columns;
        review.missing.extend(listing.missing);
        review.unknown.extend(listing.unknown);
    }

    /// The run has come to its end: has everything been reviewed?
    pub(super) fn all_reviewed(&mut self) -> Result<()> {
        let Some(review) = &self.review else {
            return Ok(());
        };
        if let [first, rest @ ..] = review.missing.as_slice() {
            let columns = rest
                .iter()
                .fold(first.columns.len(), |n, u| n + u.columns.len());
            let mut message = format!("--strict: nobody has reviewed {}", told(&first.columns));
            if !rest.is_empty() {
                let tables = rest.len() + 1;
                message += &format!(" ({columns} columns of {tables} tables in all)");
            }
            let error = Error::check(message).relation(&first.relation);
            return Err(error.remedy(REMEDY));
        }
        if let Some(error) = review.unknown.first() {
            return Err(error.clone());
        }
        self.all_texts_reviewed(review)
    }
}

/// Columns by name, the first of many.
fn told(columns: &[Column]) -> String {
    let names: Vec<&str> = columns.iter().take(MOST).map(|c| c.name.as_str()).collect();
    let names = names.join(", ");
    match columns.len() {
        1 => format!("column {names}"),
        n if n > MOST => format!("columns {names} and {} more", n - MOST),
        _ => format!("columns {names}"),
    }
}

/// The schema of a whole file; nothing if it cannot be read, which the run itself would tell.
async fn look(file: Original, framer: Box<dyn Framer>) -> schema::Schemas {
    let read = tokio::task::spawn_blocking(move || schema::of_input(&file, framer));
    read.await.ok().and_then(Result::ok).unwrap_or_default()
}
