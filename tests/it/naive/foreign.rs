//! Applying what a statement does to the rows, and what foreign keys make of it.
//!
//! It follows PostgreSQL's triggers: all rows of the statement change first; then, change by change
//! and constraint by constraint, an action is carried out or a check made, and what the actions
//! change waits at the end of the same queue. With [`Database::checks_last`] the checks wait for
//! the end of the statement, as the SQL standard has it (and deferred constraints do).

use super::scope::{Names, View, assigned, cell_of, default, literal};
use super::{Cell, Database, Row, Stop, StopKind};
use indexmap::IndexMap;
use scrub::rulebook::BinaryOp;
use scrub::rulebook::ExprKind;
use scrub::schema::{Column, ForeignKey, ReferentialAction, Relation, RelationName};
use std::collections::VecDeque;

/// A row's place.
pub type At = (RelationName, usize);

/// What one statement does, in the order in which it does it.
#[derive(Debug)]
pub enum Change {
    Insert(RelationName, Row),
    Update(At, Row),
    Delete(At),
}

/// A foreign key with the two families of tables that it binds.
struct Bond {
    key: ForeignKey,
    children: Vec<Relation>,
    parents: Vec<Relation>,
    /// Pairs of columns, child and parent, in the order of the key.
    pairs: Vec<(Column, Column)>,
}

enum Event {
    /// A referenced key went, or became another.
    Gone(usize, Vec<Cell>, Option<Vec<Cell>>),
    /// A referencing row came or changed.
    Check(usize, At, Row),
    /// Nothing may reference this key, unless another row has it now; else this is what is wrong.
    Unreferenced(usize, Vec<Cell>, StopKind),
}

/// The tables while a statement is at work: rows that are gone leave a hole.
struct Live<'d> {
    database: &'d Database,
    rows: IndexMap<RelationName, Vec<Option<Row>>>,
    bonds: Vec<Bond>,
    queue: VecDeque<Event>,
    /// Checks for the end.
    late: VecDeque<Event>,
}

impl Database {
    /// Applies a statement's changes and follows the foreign keys.
    pub fn apply(&mut self, changes: Vec<Change>) -> Result<(), Stop> {
        let rows = self.tables.iter().map(|(name, rows)| {
            let rows = rows.iter().cloned().map(Some).collect();
            (name.clone(), rows)
        });
        let mut live = Live {
            database: self,
            rows: rows.collect(),
            bonds: self.bonds(),
            queue: VecDeque::new(),
            late: VecDeque::new(),
        };
        live.change(changes);
        live.settle()?;
        let rows = live.rows;
        for (name, rows) in rows {
            self.tables[&name] = rows.into_iter().flatten().collect();
        }
        Ok(())
    }

    fn bonds(&self) -> Vec<Bond> {
        let mut bonds = Vec::new();
        for relation in self.catalog.relations.values() {
            for key in &relation.foreign_keys {
                let above = self.catalog.ancestors(&relation.name).into_iter();
                // A partition has the foreign keys of its root.
                let inherited = above.filter(|_| relation.partition_of.is_some()).any(|r| {
                    let same =
                        |f: &ForeignKey| f.columns == key.columns && f.references == key.references;
                    r.foreign_keys.iter().any(same)
                });
                let columns = self.catalog.referenced_columns(key);
                let (false, Some(referenced)) = (inherited, columns) else {
                    continue;
                };
                let parent = self.relation(&key.references);
                let named = |relation: &Relation, name: &String| {
                    let column = relation.column(name);
                    column.expect("a column of a foreign key").clone()
                };
                let pairs = key.columns.iter().zip(referenced);
                bonds.push(Bond {
                    pairs: pairs
                        .map(|(child, of)| (named(relation, child), named(parent, of)))
                        .collect(),
                    children: self.family(relation),
                    parents: self.family(parent),
                    key: key.clone(),
                });
            }
        }
        bonds
    }

    /// A relation and its partitions.
    pub fn family(&self, root: &Relation) -> Vec<Relation> {
        let below = self.catalog.descendants(&root.name).into_iter();
        let partitions = below.filter(|r| r.partition_of.is_some());
        std::iter::once(root).chain(partitions).cloned().collect()
    }
}

/// The cells of some columns.
fn cells<'n>(
    relation: &Relation,
    row: &Row,
    columns: impl Iterator<Item = &'n Column>,
) -> Vec<Cell> {
    columns
        .map(|column| {
            let slot = relation.position(&column.name).expect("a key's column");
            row[cell_of(relation, slot)].clone()
        })
        .collect()
}

impl Live<'_> {
    /// Changes rows and queues what follows.
    fn change(&mut self, changes: Vec<Change>) {
        let mut done = Vec::new();
        for change in changes {
            match change {
                Change::Insert(table, row) => {
                    let rows = &mut self.rows[&table];
                    rows.push(Some(row.clone()));
                    let number = rows.len() - 1;
                    done.push(((table, number), None, Some(row)));
                }
                Change::Update(at, row) => {
                    let place = &mut self.rows[&at.0][at.1];
                    let old = place.replace(row.clone());
                    done.push((at, old, Some(row)));
                }
                Change::Delete(at) => {
                    let old = self.rows[&at.0][at.1].take();
                    done.push((at, old, None));
                }
            }
        }
        for (at, old, new) in done {
            for (number, bond) in self.bonds.iter().enumerate() {
                let Some(parent) = bond.parents.iter().find(|r| r.name == at.0) else {
                    continue;
                };
                let key = |row: &Row| cells(parent, row, bond.pairs.iter().map(|(_, c)| c));
                let Some(was) = old.as_ref().map(key) else {
                    continue;
                };
                let is = new.as_ref().map(key);
                if !was.contains(&Cell::Null) && is.as_ref() != Some(&was) {
                    self.queue.push_back(Event::Gone(number, was, is));
                }
            }
            let Some(new) = new else { continue };
            for (number, bond) in self.bonds.iter().enumerate() {
                let Some(child) = bond.children.iter().find(|r| r.name == at.0) else {
                    continue;
                };
                let key = |row: &Row| cells(child, row, bond.pairs.iter().map(|(c, _)| c));
                if old.as_ref().map(key) != Some(key(&new)) {
                    let check = Event::Check(number, at.clone(), new.clone());
                    self.queue.push_back(check);
                }
            }
        }
    }

    /// Carries out everything that is queued.
    fn settle(&mut self) -> Result<(), Stop> {
        while let Some(event) = self.queue.pop_front() {
            let number = match &event {
                Event::Gone(number, ..) => *number,
                Event::Check(..) | Event::Unreferenced(..) => {
                    match self.database.checks_last {
                        true => self.late.push_back(event),
                        false => self.check(event)?,
                    }
                    continue;
                }
            };
            let Event::Gone(_, was, is) = event else {
                unreachable!("matched above")
            };
            let action = match is {
                None => self.bonds[number].key.on_delete,
                Some(_) => self.bonds[number].key.on_update,
            };
            let wrong = match action {
                ReferentialAction::SetDefault => StopKind::NoParent,
                _ => StopKind::Orphans,
            };
            let check = Event::Unreferenced(number, was.clone(), wrong);
            match action {
                ReferentialAction::NoAction | ReferentialAction::Restrict => {
                    if self.database.checks_last {
                        self.late.push_back(check);
                    } else if action == ReferentialAction::Restrict
                        && !self.referencing(number, &was)?.is_empty()
                    {
                        return Err(self.orphans(number, wrong));
                    } else {
                        self.check(check)?;
                    }
                }
                _ => {
                    let mut changes = Vec::new();
                    for at in self.referencing(number, &was)? {
                        changes.push(match (action, &is) {
                            (ReferentialAction::Cascade, None) => Change::Delete(at),
                            _ => self.adapted(number, action, at, is.as_deref())?,
                        });
                    }
                    self.change(changes);
                    if action == ReferentialAction::SetDefault {
                        // The default may be the very key that went.
                        match self.database.checks_last {
                            true => self.late.push_back(check),
                            false => self.check(check)?,
                        }
                    }
                }
            }
        }
        while let Some(event) = self.late.pop_front() {
            self.check(event)?;
        }
        Ok(())
    }

    /// A referencing row with its key set anew.
    fn adapted(
        &self,
        number: usize,
        action: ReferentialAction,
        at: At,
        is: Option<&[Cell]>,
    ) -> Result<Change, Stop> {
        let bond = &self.bonds[number];
        let relation = self.database.relation(&at.0);
        let mut row = self.rows[&at.0][at.1].clone().expect("a live row");
        for (place, (child, parent)) in bond.pairs.iter().enumerate() {
            let listed = &bond.key.on_delete_columns;
            if is.is_none() && !listed.is_empty() && !listed.contains(&child.name) {
                continue;
            }
            let slot = relation.position(&child.name).expect("a key's column");
            let column = &relation.columns[slot];
            let cell = match (action, is) {
                (ReferentialAction::SetNull, _) => Cell::Null,
                (ReferentialAction::SetDefault, _) => default(self.database, column),
                (_, Some(new)) => match &new[place] {
                    Cell::Text(text) => {
                        let value = literal(Some(text.clone()), &parent.data_type);
                        let compiled = Names::of(self.database, &[]).assignment(&value, column)?;
                        assigned(&compiled, &View::default())?
                    }
                    other => other.clone(),
                },
                (_, None) => unreachable!("a cascade of DELETE deletes"),
            };
            if cell == Cell::Null && column.not_null {
                let message = format!("column {} must not be NULL", column.name);
                return Err(Stop::new(StopKind::NotNull, message));
            }
            row[cell_of(relation, slot)] = cell;
        }
        Ok(Change::Update(at, row))
    }

    fn check(&self, event: Event) -> Result<(), Stop> {
        match event {
            Event::Check(number, at, row) => {
                if self.rows[&at.0][at.1].as_ref() != Some(&row) {
                    return Ok(());
                }
                let bond = &self.bonds[number];
                let child = self.database.relation(&at.0);
                let key = cells(child, &row, bond.pairs.iter().map(|(c, _)| c));
                if key.contains(&Cell::Null) {
                    return Ok(());
                }
                let types: Vec<&Column> = bond.pairs.iter().map(|(c, _)| c).collect();
                if self
                    .having(&bond.parents, &bond.parent_columns(), &key, &types)?
                    .is_empty()
                {
                    let message = format!("no row to reference: {:?}", bond.key.name);
                    return Err(Stop::new(StopKind::NoParent, message));
                }
            }
            Event::Unreferenced(number, key, wrong) => {
                let bond = &self.bonds[number];
                let columns = bond.parent_columns();
                let again = self.having(&bond.parents, &columns, &key, &columns)?;
                if again.is_empty() && !self.referencing(number, &key)?.is_empty() {
                    return Err(self.orphans(number, wrong));
                }
            }
            Event::Gone(..) => unreachable!("no check"),
        }
        Ok(())
    }

    fn orphans(&self, number: usize, wrong: StopKind) -> Stop {
        let message = format!("still referenced: {:?}", self.bonds[number].key.name);
        Stop::new(wrong, message)
    }

    /// The rows that reference a key.
    fn referencing(&self, number: usize, key: &[Cell]) -> Result<Vec<At>, Stop> {
        let bond = &self.bonds[number];
        let columns: Vec<&Column> = bond.pairs.iter().map(|(child, _)| child).collect();
        self.having(&bond.children, &columns, key, &bond.parent_columns())
    }

    /// The rows of a family that have a key, whose values are of the types of `of`.
    fn having(
        &self,
        family: &[Relation],
        columns: &[&Column],
        key: &[Cell],
        of: &[&Column],
    ) -> Result<Vec<At>, Stop> {
        let mut found = Vec::new();
        for relation in family {
            for (number, row) in self.rows[&relation.name].iter().enumerate() {
                let Some(row) = row else { continue };
                let mut same = true;
                for ((cell, column), (other, of)) in cells(relation, row, columns.iter().copied())
                    .iter()
                    .zip(columns)
                    .zip(key.iter().zip(of))
                {
                    same = same && self.equal(cell, column, other, of)?;
                }
                if same {
                    found.push((relation.name.clone(), number));
                }
            }
        }
        Ok(found)
    }

    /// Are two cells equal in SQL's sense?
    fn equal(&self, a: &Cell, a_is: &Column, b: &Cell, b_is: &Column) -> Result<bool, Stop> {
        let (Cell::Text(a), Cell::Text(b)) = (a, b) else {
            return Ok(false);
        };
        if a == b {
            return Ok(true);
        }
        let left = literal(Some(a.clone()), &a_is.data_type);
        let right = literal(Some(b.clone()), &b_is.data_type);
        let equal = super::scope::expr(ExprKind::Binary(
            BinaryOp::Eq,
            Box::new(left),
            Box::new(right),
        ));
        let compiled = Names::of(self.database, &[]).condition(&equal)?;
        Ok(compiled.is_true(&View::default())?)
    }
}

impl Bond {
    fn parent_columns(&self) -> Vec<&Column> {
        self.pairs.iter().map(|(_, parent)| parent).collect()
    }
}
