//! A compiled SELECT over one table, for the report and the tests of a rulebook.
//!
//! Rows are taken batch by batch into a [`Partial`]; partials merge in the order of the batches, so
//! the result does not depend on how the rows were cut. Groups come out in the order of their keys
//! unless ORDER BY says otherwise.

mod aggregate;
mod compile;
mod grouping;
mod sets;
#[cfg(test)]
mod tests;

pub use compile::compile_query;
pub(super) use compile::{Star, is_grouped};
pub(super) use grouping::Grouping;
pub(super) use sets::{Set, gives_sets};

use super::Row;
use super::evaluate::{NoRow, written};
use super::lookup::{Lookup, OUTER, Rows};
use super::node::{Comparator, Node};
use crate::schema::DataType;
use crate::value::{Value, ValueError, compare};
use aggregate::{Aggregate, State};
use indexmap::{IndexMap, IndexSet};
use std::cmp::Ordering;
use std::sync::Arc;

/// A compiled SELECT.
#[derive(Debug)]
pub struct CompiledQuery {
    filter: Option<Node>,
    /// None: every row gives a row.
    grouping: Option<Groups>,
    having: Option<Node>,
    items: Vec<Item>,
    /// The functions in the items that give rows.
    sets: Vec<Set>,
    /// Index into the items (the hidden ones at the end included).
    order: Vec<Order>,
    shown: usize,
    distinct: bool,
    limit: Option<usize>,
    without_table: bool,
    slots: Vec<usize>,
    needs_ordinal: bool,
    lookups: Vec<Arc<Lookup>>,
}

#[derive(Debug)]
struct Groups {
    keys: Vec<(Node, Comparator)>,
    aggregates: Vec<Aggregate>,
}

/// An item of the select list.
#[derive(Debug)]
pub(super) struct Item {
    pub name: String,
    pub node: Node,
    pub comparator: Comparator,
    /// It is a literal, or a column without DDL, that counts as text for lack of a better type.
    pub untyped: bool,
    /// The collation of the column that it is.
    pub collation: Option<String>,
}

#[derive(Debug, Clone, Copy)]
struct Order {
    item: usize,
    descending: bool,
    nulls_first: bool,
}

/// What a batch of rows, or several in their order, gave so far.
#[derive(Debug, Clone)]
pub struct Partial {
    groups: IndexMap<Vec<u8>, Group>,
    rows: Vec<Vec<Value<'static>>>,
}

#[derive(Debug, Clone)]
struct Group {
    keys: Vec<Value<'static>>,
    states: Vec<State>,
}

/// The result of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows, as text forms; none is NULL.
    pub rows: Vec<Vec<Option<String>>>,
}

/// The text forms of a group's keys and results, read like a row, and the row around the query.
struct GroupRow<'r>(Vec<Option<Vec<u8>>>, &'r dyn Row);

impl Row for GroupRow<'_> {
    fn cell(&self, slot: usize) -> Result<Option<&[u8]>, ValueError> {
        if slot >= OUTER {
            return self.1.cell(slot);
        }
        Ok(self.0.get(slot).and_then(|cell| cell.as_deref()))
    }
    fn ordinal(&self) -> u64 {
        0
    }
}

fn text_form(value: Value<'_>, data_type: &DataType) -> Option<Vec<u8>> {
    match value {
        Value::Null => None,
        // `char(n)` has its blanks already.
        Value::Text(text) => Some(text.into_owned()),
        value => Some(written(value, data_type).into_owned()),
    }
}

impl Partial {
    /// Takes a row: true if it met the query's WHERE.
    ///
    /// # Errors
    /// If an expression fails for the row.
    pub fn update(&mut self, query: &CompiledQuery, row: &dyn Row) -> Result<bool, ValueError> {
        if let Some(filter) = &query.filter
            && filter.truth(row)? != Some(true)
        {
            return Ok(false);
        }
        match &query.grouping {
            None => sets::expanded(&query.sets, row, &mut |row| {
                // Without an order, rows behind the limit are never shown.
                let full = query.order.is_empty()
                    && !query.distinct
                    && query.limit.is_some_and(|limit| self.rows.len() >= limit);
                if !full {
                    self.rows.push(query.evaluate(row)?);
                }
                Ok(())
            })?,
            Some(groups) => {
                let mut key = Vec::new();
                let mut values = Vec::with_capacity(groups.keys.len());
                for (node, comparator) in &groups.keys {
                    let value = node.eval(row)?;
                    append_key(&value, comparator, &mut key)?;
                    values.push(value);
                }
                let group = match self.groups.get_mut(&key) {
                    Some(group) => group,
                    None => self.groups.entry(key).or_insert(Group {
                        keys: values.into_iter().map(Value::into_owned).collect(),
                        states: groups.aggregates.iter().map(Aggregate::start).collect(),
                    }),
                };
                for (aggregate, state) in groups.aggregates.iter().zip(&mut group.states) {
                    aggregate.update(state, row)?;
                }
            }
        }
        Ok(true)
    }

    /// Takes in what the rows that come later gave.
    ///
    /// # Errors
    /// If a sum leaves its type's range.
    pub fn merge(&mut self, later: Partial, query: &CompiledQuery) -> Result<(), ValueError> {
        self.rows.extend(later.rows);
        if query.order.is_empty() && !query.distinct {
            self.rows.truncate(query.limit.unwrap_or(usize::MAX));
        }
        let Some(groups) = &query.grouping else {
            return Ok(());
        };
        for (key, group) in later.groups {
            match self.groups.get_mut(&key) {
                Some(mine) => {
                    let states = mine.states.iter_mut().zip(group.states);
                    for (aggregate, (state, later)) in groups.aggregates.iter().zip(states) {
                        aggregate.merge(state, later)?;
                    }
                }
                None => {
                    self.groups.insert(key, group);
                }
            }
        }
        Ok(())
    }

    /// How many rows or groups it holds.
    pub fn len(&self) -> usize {
        self.rows.len() + self.groups.len()
    }

    /// Does it hold none?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Appends the value's key so that keys one after another cannot be mistaken.
pub(super) fn append_key(
    value: &Value<'_>,
    comparator: &Comparator,
    out: &mut Vec<u8>,
) -> Result<(), ValueError> {
    if value.is_null() {
        out.extend_from_slice(&u64::MAX.to_be_bytes());
        return Ok(());
    }
    let at = out.len();
    out.extend_from_slice(&[0; 8]);
    comparator.key(value, out)?;
    let length = (out.len() - at - 8) as u64;
    out[at..at + 8].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

impl CompiledQuery {
    /// An empty partial result.
    pub fn partial(&self) -> Partial {
        Partial {
            groups: IndexMap::new(),
            rows: Vec::new(),
        }
    }

    /// The slots it reads, ascending, each once.
    pub fn slots(&self) -> &[usize] {
        &self.slots
    }

    /// Does it call a fresh function, so that the rows' ordinals matter?
    pub fn needs_ordinal(&self) -> bool {
        self.needs_ordinal
    }

    fn evaluate(&self, row: &dyn Row) -> Result<Vec<Value<'static>>, ValueError> {
        self.items
            .iter()
            .map(|item| Ok(item.node.eval(row)?.into_owned()))
            .collect()
    }

    /// The subqueries in it.
    pub fn lookups(&self) -> &[Arc<Lookup>] {
        &self.lookups
    }

    /// All expressions in it.
    pub(super) fn nodes(&self) -> Vec<&Node> {
        let sets = self.sets.iter().map(|set| &set.node);
        let mut all = nodes(&self.filter, &self.grouping, &self.having, &self.items);
        all.extend(sets);
        all
    }

    /// The select list.
    pub(super) fn shown(&self) -> impl Iterator<Item = &Item> + Clone {
        self.items[..self.shown].iter()
    }

    /// How many rows at most, if each row gives a row and their order does not matter.
    pub(super) fn plain(&self) -> Option<usize> {
        let plain = self.grouping.is_none()
            && self.sets.is_empty()
            && self.order.is_empty()
            && !self.distinct;
        plain.then(|| self.limit.unwrap_or(usize::MAX))
    }

    /// Adds the text forms of a row of the result.
    pub(super) fn push<'v>(
        &self,
        values: impl Iterator<Item = Result<Value<'v>, ValueError>>,
        rows: &mut Rows,
    ) -> Result<(), ValueError> {
        let mut cells = Vec::with_capacity(self.shown);
        for (item, value) in self.shown().zip(values) {
            cells.push(text_form(value?, &item.comparator.data_type));
        }
        rows.push(cells.iter().map(|cell| cell.as_deref()));
        Ok(())
    }

    /// The result. None: no row came.
    ///
    /// # Errors
    /// If an expression over the groups fails.
    pub fn finish(&self, partial: Option<Partial>) -> Result<Table, ValueError> {
        let partial = partial.unwrap_or_else(|| self.partial());
        let rows = self.values(partial, &NoRow)?;
        let text = |item: &Item, value: Value<'static>| {
            text_form(value, &item.comparator.data_type)
                .map(|text| String::from_utf8_lossy(&text).into_owned())
        };
        Ok(Table {
            columns: self.shown().map(|i| i.name.clone()).collect(),
            rows: rows
                .into_iter()
                .map(|row| {
                    let cells = self.shown().zip(row);
                    cells.map(|(item, value)| text(item, value)).collect()
                })
                .collect(),
        })
    }

    /// The rows of the result, hidden items included. The outer row is that around the query.
    pub(super) fn values(
        &self,
        mut partial: Partial,
        outer: &dyn Row,
    ) -> Result<Vec<Vec<Value<'static>>>, ValueError> {
        let mut rows = match &self.grouping {
            Some(groups) => self.groups(groups, partial.groups, outer)?,
            None => {
                if self.without_table && partial.rows.is_empty() {
                    partial.update(self, &NoRow)?;
                }
                partial.rows
            }
        };
        if self.distinct {
            let mut seen = IndexSet::new();
            let mut kept = Vec::new();
            for row in rows {
                let mut key = Vec::new();
                for (item, value) in self.items.iter().zip(&row).take(self.shown) {
                    append_key(value, &item.comparator, &mut key)?;
                }
                if seen.insert(key) {
                    kept.push(row);
                }
            }
            rows = kept;
        }
        self.sort(&mut rows)?;
        rows.truncate(self.limit.unwrap_or(usize::MAX));
        Ok(rows)
    }

    fn groups(
        &self,
        groups: &Groups,
        found: IndexMap<Vec<u8>, Group>,
        outer: &dyn Row,
    ) -> Result<Vec<Vec<Value<'static>>>, ValueError> {
        let mut found: Vec<Group> = found.into_values().collect();
        if found.is_empty() && groups.keys.is_empty() {
            found.push(Group {
                keys: Vec::new(),
                states: groups.aggregates.iter().map(Aggregate::start).collect(),
            });
        }
        let mut failed = None;
        found.sort_by(|a, b| {
            let pairs = groups.keys.iter().zip(a.keys.iter().zip(&b.keys));
            for ((_, comparator), (a, b)) in pairs {
                match ordered(a, b, comparator, false) {
                    Ok(Ordering::Equal) => {}
                    Ok(order) => return order,
                    Err(error) => failed = Some(error),
                }
            }
            Ordering::Equal
        });
        if let Some(error) = failed {
            return Err(error);
        }
        let mut rows = Vec::new();
        for group in found {
            let mut cells = Vec::new();
            for ((_, comparator), value) in groups.keys.iter().zip(group.keys) {
                cells.push(text_form(value, &comparator.data_type));
            }
            for (aggregate, state) in groups.aggregates.iter().zip(group.states) {
                cells.push(text_form(aggregate.finish(state)?, &aggregate.result));
            }
            let row = GroupRow(cells, outer);
            let wanted = match &self.having {
                Some(having) => having.truth(&row)? == Some(true),
                None => true,
            };
            if wanted {
                rows.push(self.evaluate(&row)?);
            }
        }
        Ok(rows)
    }

    fn sort(&self, rows: &mut [Vec<Value<'static>>]) -> Result<(), ValueError> {
        let mut failed = None;
        rows.sort_by(|a, b| {
            for by in &self.order {
                let comparator = &self.items[by.item].comparator;
                let nulls_first = by.nulls_first != by.descending;
                match ordered(&a[by.item], &b[by.item], comparator, nulls_first) {
                    Ok(Ordering::Equal) => {}
                    Ok(order) if by.descending => return order.reverse(),
                    Ok(order) => return order,
                    Err(error) => failed = Some(error),
                }
            }
            Ordering::Equal
        });
        failed.map_or(Ok(()), Err)
    }
}

/// All expressions of a query.
fn nodes<'q>(
    filter: &'q Option<Node>,
    grouping: &'q Option<Groups>,
    having: &'q Option<Node>,
    items: &'q [Item],
) -> Vec<&'q Node> {
    let mut nodes: Vec<&Node> = filter.iter().chain(having).collect();
    nodes.extend(items.iter().map(|item| &item.node));
    if let Some(groups) = grouping {
        nodes.extend(groups.keys.iter().map(|(key, _)| key));
        for aggregate in &groups.aggregates {
            nodes.extend(&aggregate.argument);
            nodes.extend(&aggregate.filter);
        }
    }
    nodes
}

fn ordered(
    a: &Value<'_>,
    b: &Value<'_>,
    comparator: &Comparator,
    nulls_first: bool,
) -> Result<Ordering, ValueError> {
    let null = if nulls_first {
        Ordering::Less
    } else {
        Ordering::Greater
    };
    match (a.is_null(), b.is_null()) {
        (true, true) => Ok(Ordering::Equal),
        (true, false) => Ok(null),
        (false, true) => Ok(null.reverse()),
        (false, false) => compare::compare(a, b, &comparator.data_type, comparator.collation),
    }
}
