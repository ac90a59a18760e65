//! What the names within a subquery mean: its own tables first, then whatever is around it.
//!
//! The columns of its own tables are slots from 0 on, in the order of FROM. What is around it is
//! another row, which may have slots of its own in each place where the subquery is compiled; so
//! each mention gets the next number from [`OUTER`] on, and the list of mentions says which slot of
//! the outer row that is. Compiled parts are therefore the same for outer rows of any layout.

use crate::expression::{Input, Scope};
use crate::rulebook::{Ident, TableRef, naming};
use crate::schema::{Column, DataType};
use std::ops::Range;
use std::sync::Arc;

/// Slots from here on are the outer row's.
pub(in crate::expression) const OUTER: usize = usize::MAX / 2 + 1;

/// One table of FROM.
#[derive(Debug)]
pub(super) struct Named {
    /// Its alias, else its name.
    pub name: Ident,
    pub columns: Vec<Column>,
    /// The slot of the first column.
    pub first: usize,
}

pub(super) struct Names<'a> {
    outer: &'a mut dyn Scope,
    pub tables: Vec<Named>,
    /// Which of them can be named at this place.
    pub visible: Range<usize>,
    /// Nothing around can be named at this place.
    pub closed: bool,
    /// The tables stand beside the outer ones (UPDATE … FROM): a name that both have is ambiguous.
    beside: bool,
    /// The outer slots that were mentioned, with their columns.
    pub mentioned: Vec<(usize, Column)>,
}

impl<'a> Names<'a> {
    pub(super) fn new(outer: &'a mut dyn Scope, beside: bool) -> Self {
        Names {
            outer,
            tables: Vec::new(),
            visible: 0..0,
            closed: false,
            beside,
            mentioned: Vec::new(),
        }
    }

    /// Adds a table; true if another one has its name already.
    pub(super) fn add(&mut self, name: Ident, columns: Vec<Column>) -> bool {
        let first = self.width();
        let twice = self.tables.iter().any(|table| same(&table.name, &name));
        self.tables.push(Named {
            name,
            columns,
            first,
        });
        twice
    }

    pub(super) fn width(&self) -> usize {
        self.tables.iter().map(|table| table.columns.len()).sum()
    }

    /// The number of an outer slot.
    pub(super) fn mention(&mut self, slot: usize, column: Column) -> usize {
        let known = self.mentioned.iter().position(|(known, _)| *known == slot);
        OUTER
            + known.unwrap_or_else(|| {
                self.mentioned.push((slot, column));
                self.mentioned.len() - 1
            })
    }

    fn own(
        &self,
        table: Option<&Ident>,
        column: &Ident,
    ) -> Result<Option<(usize, Column)>, String> {
        let tables = self.tables.get(self.visible.clone()).unwrap_or_default();
        let mut found = None;
        for named in tables {
            if table.is_some_and(|qualifier| !same(&named.name, qualifier)) {
                continue;
            }
            let names = || named.columns.iter().map(|c| c.name.as_str());
            if table.is_none() && !names().any(|name| naming::names(column, name)) {
                continue;
            }
            let at = naming::column(column, names())?;
            let again = names()
                .skip(at + 1)
                .any(|name| name == named.columns[at].name);
            if found.is_some() || again {
                return Err(ambiguous(column));
            }
            found = Some((named.first + at, named.columns[at].clone()));
        }
        Ok(found)
    }
}

fn ambiguous(column: &Ident) -> String {
    format!(
        "column {} is in more than one table; write the table in front",
        column.text
    )
}

/// Do two identifiers name the same table?
pub(in crate::expression) fn same(a: &Ident, b: &Ident) -> bool {
    if a.quoted && b.quoted {
        a.text == b.text
    } else {
        naming::same_letters(&a.text, &b.text)
    }
}

impl Scope for Names<'_> {
    fn column(&mut self, table: Option<&Ident>, column: &Ident) -> Result<(usize, Column), String> {
        let own = self.own(table, column)?;
        if let Some(own) = own {
            if self.beside && !self.closed && self.outer.column(table, column).is_ok() {
                return Err(ambiguous(column));
            }
            return Ok(own);
        }
        let outer = if self.closed {
            Err(match table {
                Some(table) => format!("there is no table {} here", table.text),
                None => format!("there is no column {} here", column.text),
            })
        } else {
            self.outer.column(table, column)
        };
        match outer {
            Ok((slot, column)) => Ok((self.mention(slot, column.clone()), column)),
            Err(message) if table.is_some() => Err(message),
            // The nearest name may be here as well.
            Err(message) => {
                let tables = self.tables.get(self.visible.clone()).unwrap_or_default();
                let names = tables.iter().flat_map(|table| &table.columns);
                let here = naming::column(column, names.map(|c| c.name.as_str())).err();
                Err(here
                    .filter(|m| m.contains("did you mean"))
                    .unwrap_or(message))
            }
        }
    }

    fn table(&mut self, table: &TableRef) -> Result<Arc<Input>, String> {
        self.outer.table(table)
    }

    fn data_type(&mut self, name: &str) -> Option<DataType> {
        self.outer.data_type(name)
    }
}

/// The scope of a subquery in an expression over groups: of the grouped rows it can name what they
/// are grouped by.
pub(super) struct OverGroups<'a> {
    pub scope: &'a mut dyn Scope,
    /// Which slot is which key.
    pub keys: Vec<(usize, usize)>,
}

impl Scope for OverGroups<'_> {
    fn column(&mut self, table: Option<&Ident>, column: &Ident) -> Result<(usize, Column), String> {
        let (slot, found) = self.scope.column(table, column)?;
        if slot >= OUTER {
            return Ok((slot, found));
        }
        match self.keys.iter().find(|(known, _)| *known == slot) {
            Some((_, key)) => Ok((*key, found)),
            None => Err(format!(
                "column \"{}\" must appear in the GROUP BY clause or be used in an aggregate function",
                column.text
            )),
        }
    }

    fn table(&mut self, table: &TableRef) -> Result<Arc<Input>, String> {
        self.scope.table(table)
    }

    fn data_type(&mut self, name: &str) -> Option<DataType> {
        self.scope.data_type(name)
    }
}
