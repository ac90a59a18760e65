//! `--strict`: which columns of a relation somebody has reviewed.
//!
//! A column is reviewed when a GRANT lists it, when an UPDATE without WHERE and FROM names it, or when
//! its table is emptied. Statements count in the order of the rulebook, and only where they run: an
//! `:optional` one that a table has no column for reviews nothing there. A pattern names the columns
//! that it matches and changes, but one of stars alone names none: next month's column would match it
//! too. Rows that an INSERT brings are the rulebook's or the target environment's own, unless it takes
//! them by `SELECT *` from a table of the dump: then nobody has named the columns, whatever came before.
//!
//! What a rule does to a column is the compiled program's to say, so a rule on a parent reviews its
//! children. Generated columns need no review: the server makes them from columns that do.

use super::build::Subject;
use super::names::columns;
use super::program::{Origin, Program, ProgramColumn};
use super::step::{Filter, Step, StepKind};
use super::{Built, Planner, matching};
use crate::error::{Error, Result};
use crate::rulebook::reads::reads;
use crate::rulebook::{
    Action, Ident, InsertSource, SelectItem, SqlDialect, Statement, Update, naming,
};
use crate::schema::{Catalog, Column, DataType, RelationKind, RelationName};
use indexmap::IndexMap;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Which columns have to be reviewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strict {
    /// All.
    All,
    /// Those that can hold text.
    Text,
}

impl Strict {
    fn counts(self, data_type: &DataType) -> bool {
        self == Strict::All || data_type.holds_text()
    }
}

/// The columns of a relation that have to be reviewed.
#[derive(Debug, Default)]
pub struct Review {
    /// Those that are.
    pub reviewed: Vec<String>,
    /// Those that are not.
    pub missing: Vec<Column>,
}

/// What is reviewed of the tables of a section.
#[derive(Debug, Default)]
pub struct Listing {
    /// Tables without an unreviewed column.
    pub tables: u64,
    /// Reviewed columns, of all tables.
    pub columns: u64,
    /// What is not, table by table.
    pub missing: Vec<Unreviewed>,
    /// Why nobody can say it of some tables.
    pub unknown: Vec<Error>,
}

/// Columns that nobody has reviewed.
#[derive(Debug, Clone)]
pub struct Unreviewed {
    /// The relation under whose name a rule should review them.
    pub relation: RelationName,
    /// The columns, in the order of the table.
    pub columns: Vec<Column>,
    /// Columns in unique keys: their values have to stay distinct.
    pub unique: BTreeSet<String>,
    /// Columns on either side of a foreign key.
    pub linked: BTreeSet<String>,
    /// Has the dump relations or columns whose names differ only in case from these?
    pub quoted: bool,
}

impl Planner {
    /// Which columns of a relation have been reviewed, of those that rows under `header` bring; all
    /// that it is declared with, if there is none. Without `rows` it has none but what rules add.
    ///
    /// # Errors
    /// If nobody can say which columns it has.
    pub fn review(
        &self,
        catalog: &Catalog,
        relation: &RelationName,
        header: Option<&[String]>,
        program: Option<&Program>,
        (strict, rows): (Strict, bool),
    ) -> Result<Review> {
        let columns = self.reviewable(catalog, relation, header)?;
        let mut done: BTreeSet<usize> = match rows {
            true => BTreeSet::new(),
            false => (0..columns.len()).collect(),
        };
        let slot = |name: &str| columns.iter().position(|c| c.column.name == name);
        for (program, step) in program
            .iter()
            .flat_map(|p| p.steps.iter().map(move |s| (p, s)))
        {
            match (&step.kind, &step.statement.action) {
                _ if step.place != Step::ACTS => {}
                (StepKind::Delete(Filter::All), _) => done = (0..columns.len()).collect(),
                (
                    StepKind::Update {
                        filter: Filter::All,
                        assignments,
                        ..
                    },
                    Action::Update(update),
                ) => {
                    let assigned = assignments.iter().filter_map(|(slot, _)| {
                        let column = &program.columns.get(*slot)?.column;
                        named(update, column).then_some(&column.name)
                    });
                    done.extend(assigned.filter_map(|name| slot(name)));
                }
                (StepKind::Insert(inserts), _)
                    if !inserts.compare_only && copies_rows(&step.statement) =>
                {
                    done.clear();
                }
                _ => {}
            }
        }
        done.extend(self.granted(catalog, relation, &columns));
        let mut review = Review::default();
        for (slot, ProgramColumn { column, origin }) in columns.into_iter().enumerate() {
            let absent = header.is_some() && matches!(origin, Origin::Absent(_));
            if absent || column.generated.is_computed() || !strict.counts(&column.data_type) {
                continue;
            }
            match done.contains(&slot) {
                true => review.reviewed.push(column.name),
                false => review.missing.push(column),
            }
        }
        Ok(review)
    }

    /// The columns that a relation's rows have, and that it is declared with.
    fn reviewable(
        &self,
        catalog: &Catalog,
        relation: &RelationName,
        header: Option<&[String]>,
    ) -> Result<Vec<ProgramColumn>> {
        let declared = catalog.relation(relation);
        let unknown = |message: String| Err(Error::input(message).relation(relation));
        if declared.is_some_and(matching::is_view) {
            return unknown(
                "--strict: the dump inserts rows through a view, where nobody reviews them"
                    .to_owned(),
            )
            .map_err(|error: Error| error.remedy("dump the tables that the view reads"));
        }
        if let Some(reason) = declared.and_then(|relation| relation.uncertain.as_ref()) {
            return unknown(format!(
                "--strict: its definition could not be read: {reason}"
            ));
        }
        let subject = Subject {
            known: self.known(catalog),
            name: relation,
            header,
            is_target: false,
        };
        let Some(mut columns) = columns(&subject, declared, &self.context) else {
            return Err(Error::input(
                "--strict: neither the dump nor the rows' header says which columns it has",
            )
            .relation(relation)
            .remedy(self.advice().schema));
        };
        if let Some(declared) = declared {
            // What the server keeps of its own: numbers of rows, when a version began and ended.
            let own: &[&str] = match self.context.dump {
                SqlDialect::Sqlite => &["rowid", "_rowid_", "oid"],
                SqlDialect::Mysql => &["row_start", "row_end"],
                _ => &[],
            };
            columns.retain(|ProgramColumn { column, .. }| {
                !own.contains(&column.name.to_lowercase().as_str())
                    || declared.column(&column.name).is_some()
            });
        }
        Ok(columns)
    }

    /// The columns that GRANTs list.
    fn granted(
        &self,
        catalog: &Catalog,
        relation: &RelationName,
        columns: &[ProgramColumn],
    ) -> Vec<usize> {
        let names = || columns.iter().map(|c| c.column.name.as_str());
        let mut granted = Vec::new();
        for rule in self.rules.naming(catalog, relation) {
            let Action::Grant {
                columns: listed, ..
            } = &rule.statement.action
            else {
                continue;
            };
            if rule.concerns(catalog, relation).is_some() {
                let slots = listed.iter().map(|ident| naming::column(ident, names()));
                // One that lacks a column does not run.
                granted.extend(slots.collect::<Result<Vec<_>, _>>().unwrap_or_default());
            }
        }
        granted
    }

    /// What nobody has reviewed of this section's tables, those without rows among them, and of
    /// `others`, which it does not define.
    pub fn unreviewed(
        &mut self,
        catalog: &Catalog,
        strict: Strict,
        others: Vec<(RelationName, Vec<Column>)>,
    ) -> Listing {
        let mut headers: HashMap<RelationName, BTreeSet<Option<Vec<String>>>> = HashMap::new();
        for (relation, programs) in &self.cache {
            let known = programs.iter().map(|(header, _)| header.clone());
            let known: BTreeSet<_> = known.filter(Option::is_some).collect();
            if !known.is_empty() {
                headers.insert(relation.clone(), known);
            }
        }
        let declared = BTreeSet::from([None]);
        let around = Around::new(catalog);
        let mut found = IndexMap::new();
        let mut listing = Listing::default();
        let tables = [RelationKind::Table, RelationKind::Partitioned];
        let relations = catalog.relations.values();
        for relation in relations.filter(|relation| tables.contains(&relation.kind)) {
            let name = &relation.name;
            let mut whole = true;
            for header in headers.get(name).unwrap_or(&declared) {
                let header = header.as_deref();
                let review = match self.build(catalog, name, header, &mut Vec::new()) {
                    Ok(Built::Waits) => continue,
                    Ok(Built::Program(program)) => {
                        self.review(catalog, name, header, program.as_deref(), (strict, true))
                    }
                    Err(error) => Err(error),
                };
                match review {
                    Ok(review) => {
                        whole &= review.missing.is_empty();
                        listing.columns += review.reviewed.len() as u64;
                        around.keep(name, review.missing, &mut found);
                    }
                    Err(error) => {
                        whole = false;
                        listing.unknown.push(error);
                    }
                }
            }
            listing.tables += u64::from(whole);
        }
        for (name, missing) in others {
            around.keep(&name, missing, &mut found);
        }
        listing.missing.extend(found.into_values());
        listing
    }
}

/// Does an assignment of the UPDATE name the column, which it assigns?
fn named(update: &Update, column: &Column) -> bool {
    let stars = |ident: &Ident| ident.is_pattern() && ident.text.bytes().all(|byte| byte == b'*');
    let mut names = false;
    for assignment in &update.assignments {
        if stars(&assignment.column) {
            // Such a pattern means columns that hold text, and no column is assigned twice.
            if column.data_type.holds_text() {
                return false;
            }
        } else {
            names |= matching::names(&assignment.column, &column.name);
        }
    }
    names
}

/// Does an INSERT take whole rows of the dump's tables, whichever columns they have?
fn copies_rows(statement: &Statement) -> bool {
    let Action::Insert(insert) = &statement.action else {
        return false;
    };
    let InsertSource::Query(query) = &insert.source else {
        return false;
    };
    let wildcard = |item: &SelectItem| matches!(item, SelectItem::Wildcard(_));
    insert.columns.is_empty()
        && query.items.iter().any(wildcard)
        && reads(statement).iter().any(|read| !read.table.target)
}

/// What the tables of a section have to do with each other.
struct Around<'c> {
    catalog: &'c Catalog,
    /// The columns that foreign keys reference.
    referenced: HashMap<&'c RelationName, BTreeSet<String>>,
    /// How many relations have a name, whatever its case.
    names: HashMap<(String, String), u32>,
}

impl<'c> Around<'c> {
    fn new(catalog: &'c Catalog) -> Self {
        let mut referenced: HashMap<_, BTreeSet<String>> = HashMap::new();
        let mut names: HashMap<_, u32> = HashMap::new();
        for relation in catalog.relations.values() {
            *names.entry(folded(&relation.name)).or_default() += 1;
            for key in &relation.foreign_keys {
                let columns = catalog.referenced_columns(key).unwrap_or_default();
                let known = referenced.entry(&key.references).or_default();
                known.extend(columns.iter().cloned());
            }
        }
        Around {
            catalog,
            referenced,
            names,
        }
    }

    /// Keeps columns of a relation under the name by which a rule should review them: that of the
    /// furthest ancestor that has them, since a rule on a parent means its children.
    fn keep(
        &self,
        relation: &RelationName,
        missing: Vec<Column>,
        found: &mut IndexMap<RelationName, Unreviewed>,
    ) {
        let ancestors = self.catalog.ancestors(relation);
        for column in missing {
            let mut furthest = ancestors.iter().rev();
            let home = furthest.find(|ancestor| ancestor.column(&column.name).is_some());
            let home = home.map_or(relation, |ancestor| &ancestor.name);
            let known = match found.get_mut(home) {
                Some(known) => known,
                None => found
                    .entry(home.clone())
                    .or_insert_with(|| self.unreviewed(home)),
            };
            if !known.columns.iter().any(|c| c.name == column.name) {
                known.columns.push(column);
            }
        }
    }

    fn unreviewed(&self, name: &RelationName) -> Unreviewed {
        let relation = self.catalog.relations.get(name);
        let keys = relation.into_iter().flat_map(|r| &r.keys);
        let own = relation.into_iter().flat_map(|r| &r.foreign_keys);
        let mut linked = self.referenced.get(name).cloned().unwrap_or_default();
        linked.extend(own.flat_map(|key| key.columns.iter().cloned()));
        let twin = self.names.get(&folded(name)).is_some_and(|n| *n > 1);
        let columns = relation.into_iter().flat_map(|r| &r.columns);
        let mut letters = HashSet::new();
        let mut twins = columns.filter(|c| !letters.insert(c.name.to_lowercase()));
        Unreviewed {
            relation: name.clone(),
            columns: Vec::new(),
            unique: keys.flat_map(|key| key.columns.iter().cloned()).collect(),
            linked,
            quoted: twin || twins.next().is_some(),
        }
    }
}

fn folded(name: &RelationName) -> (String, String) {
    let schema = name.schema.as_deref().unwrap_or_default();
    (schema.to_lowercase(), name.name.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{Load, load};

    fn statement(text: &str) -> Statement {
        let book = load(&Load {
            name: "t",
            path: "t.sql",
            text,
            variables: &[],
            include: &|_| Err(std::io::ErrorKind::NotFound.into()),
        });
        book.expect(text).statements.remove(0)
    }

    #[test]
    fn a_pattern_of_stars_names_nothing() {
        for (text, column, data_type, expected) in [
            ("UPDATE t SET mail = 'x'", "mail", DataType::Text, true),
            ("UPDATE t SET MAIL = 'x'", "mail", DataType::Text, true),
            ("UPDATE t SET mail = 'x'", "phone", DataType::Text, false),
            (
                "UPDATE t SET \"*mail*\" = 'x'",
                "e_mail",
                DataType::Text,
                true,
            ),
            ("UPDATE t SET \"*\" = 'x'", "mail", DataType::Text, false),
            ("UPDATE t SET \"***\" = 'x'", "mail", DataType::Text, false),
            // Which of the two has assigned it is a matter of its type.
            (
                "UPDATE t SET \"*\" = 'x', \"*id\" = 1",
                "id",
                DataType::BigInt,
                true,
            ),
            (
                "UPDATE t SET \"*\" = 'x', \"*id\" = 1",
                "id",
                DataType::Text,
                false,
            ),
        ] {
            let Action::Update(update) = statement(text).action else {
                panic!("{text}");
            };
            assert_eq!(
                named(&update, &Column::new(column, data_type)),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn whole_rows_of_the_dump_are_what_nobody_has_named() {
        for (text, expected) in [
            ("INSERT INTO t SELECT * FROM u", true),
            ("INSERT INTO t SELECT u.* FROM u, target.v", true),
            ("INSERT INTO t SELECT * FROM (SELECT * FROM u) q", true),
            (
                "INSERT INTO t SELECT * FROM target.u WHERE id IN (SELECT id FROM u)",
                true,
            ),
            ("INSERT INTO t SELECT * FROM target.u", false),
            ("INSERT INTO t SELECT a, b FROM u", false),
            ("INSERT INTO t (a, b) SELECT * FROM u", false),
            ("INSERT INTO t VALUES (1)", false),
            ("DELETE FROM t", false),
        ] {
            assert_eq!(copies_rows(&statement(text)), expected, "{text}");
        }
    }
}
