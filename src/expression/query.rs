//! A compiled SELECT over one table, for the report and the tests of a rulebook.
//!
//! Rows are taken batch by batch into a [`Partial`]; partials merge in the order of the batches, so
//! the result does not depend on how the rows were cut. Groups come out in the order of their keys
//! unless ORDER BY says otherwise.

use super::aggregate::{Aggregate, Kind, State};
use super::compiler::{Compiler, Typed};
use super::node::{Comparator, NoRow, Node, written};
use super::types::{self, display, is_text};
use super::{Fault, FaultKind, Row, Scope, Settings, collate};
use crate::rulebook::{Expr, ExprKind, Query, SelectItem, Span};
use crate::schema::{Column, DataType};
use crate::value::{self, Collation, Operation, Value, ValueError, arithmetic, compare};
use indexmap::{IndexMap, IndexSet};
use std::cmp::Ordering;

/// A compiled SELECT.
#[derive(Debug)]
pub struct CompiledQuery {
    filter: Option<Node>,
    /// None: every row gives a row.
    grouping: Option<Groups>,
    having: Option<Node>,
    items: Vec<Item>,
    /// Index into the items (the hidden ones at the end included).
    order: Vec<Order>,
    shown: usize,
    distinct: bool,
    limit: Option<usize>,
    without_table: bool,
    slots: Vec<usize>,
    needs_ordinal: bool,
}

#[derive(Debug)]
struct Groups {
    keys: Vec<(Node, Comparator)>,
    aggregates: Vec<Aggregate>,
}

#[derive(Debug)]
struct Item {
    name: String,
    node: Node,
    comparator: Comparator,
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

/// What the compiler knows while it compiles an expression over groups.
#[derive(Debug, Default)]
pub(super) struct Grouping {
    keys: Vec<Key>,
    pub(super) aggregates: Vec<Aggregate>,
}

#[derive(Debug)]
struct Key {
    node: Node,
    /// Two expressions are the same if they compile to the same.
    shape: String,
    data_type: DataType,
    collation: Option<Collation>,
}

const AGGREGATES: &[(&str, Kind)] = &[
    ("count", Kind::Count),
    ("sum", Kind::Sum),
    ("avg", Kind::Average),
    ("min", Kind::Minimum),
    ("max", Kind::Maximum),
    ("bool_and", Kind::All),
    ("every", Kind::All),
    ("bool_or", Kind::Any),
    ("string_agg", Kind::Join),
];

fn aggregate_kind(expr: &Expr) -> Option<Kind> {
    match &expr.kind {
        ExprKind::Call {
            schema: None, name, ..
        } => AGGREGATES.iter().find(|(n, _)| n == name).map(|(_, k)| *k),
        _ => None,
    }
}

/// Is there an aggregate in it?
fn aggregates(expr: &Expr) -> bool {
    if aggregate_kind(expr).is_some() {
        return true;
    }
    match &expr.kind {
        ExprKind::Unary(_, a) | ExprKind::IsNull(a, _) | ExprKind::Cast(a, _) => aggregates(a),
        ExprKind::IsBoolean { expr, .. } => aggregates(expr),
        ExprKind::Binary(_, a, b) | ExprKind::IsDistinct(a, b, _) => aggregates(a) || aggregates(b),
        ExprKind::InList { expr, list, .. } => aggregates(expr) || list.iter().any(aggregates),
        ExprKind::Between {
            expr, low, high, ..
        } => aggregates(expr) || aggregates(low) || aggregates(high),
        ExprKind::Like { expr, pattern, .. } => aggregates(expr) || aggregates(pattern),
        ExprKind::Case {
            operand,
            branches,
            otherwise,
        } => {
            operand.iter().chain(otherwise).any(|e| aggregates(e))
                || branches.iter().any(|(c, r)| aggregates(c) || aggregates(r))
        }
        ExprKind::Call { args, .. } | ExprKind::Array(args) => args.iter().any(aggregates),
        _ => false,
    }
}

/// Compiles a SELECT over one table. `columns` is what `*` stands for: label, slot and column.
///
/// # Errors
/// All faults that were found in it.
pub fn compile_query(
    query: &Query,
    columns: &[(String, usize, Column)],
    scope: &mut dyn Scope,
    settings: &Settings,
) -> Result<CompiledQuery, Vec<Fault>> {
    let mut compiler = Compiler::new(scope, settings);
    let compiled = compiler.query(query, columns);
    match compiled {
        Some(compiled) if compiler.faults.is_empty() => Ok(compiled),
        _ => Err(compiler.faults),
    }
}

impl Compiler<'_> {
    fn query(
        &mut self,
        query: &Query,
        columns: &[(String, usize, Column)],
    ) -> Option<CompiledQuery> {
        let filter = match &query.filter {
            Some(filter) => self.condition(filter).map(|f| Some(f.node)),
            None => Some(None),
        };
        let expressions = query.items.iter().filter_map(|item| match item {
            SelectItem::Expr { expr, .. } => Some(expr),
            SelectItem::Wildcard(_) => None,
        });
        let grouped = !query.group_by.is_empty()
            || query.having.is_some()
            || expressions.clone().any(aggregates)
            || query.order_by.iter().any(|o| aggregates(&o.expr));
        if grouped {
            let mut grouping = Grouping::default();
            for expr in &query.group_by {
                if let Some(key) = self.group_key(expr, query) {
                    grouping.keys.push(key);
                }
            }
            self.grouping = Some(grouping);
        }
        let mut items = Vec::new();
        for item in &query.items {
            match item {
                SelectItem::Expr { expr, alias } => {
                    let name = match alias {
                        Some(alias) if alias.quoted => alias.text.clone(),
                        Some(alias) => alias.text.to_lowercase(),
                        None => name_of(expr),
                    };
                    items.push(self.item(expr, name));
                }
                SelectItem::Wildcard(_) if grouped => {
                    items.push(self.fault(
                        FaultKind::Other,
                        query.span,
                        "* cannot stand in a query with groups",
                        Some("name the columns of GROUP BY"),
                    ));
                }
                SelectItem::Wildcard(_) => {
                    for (label, slot, column) in columns {
                        let cell = self.cell(*slot, column, query.span);
                        items.push(self.shown(cell, label.clone()));
                    }
                }
            }
        }
        let shown = items.len();
        let order = self.order(query, &mut items);
        let having = match &query.having {
            Some(having) => self.condition(having).map(|h| Some(h.node)),
            None => Some(None),
        };
        let grouping = match self.grouping.take() {
            Some(grouping) => {
                let mut keys = Vec::new();
                for key in grouping.keys {
                    let comparator =
                        self.comparator(key.data_type, key.collation, "=", query.span)?;
                    keys.push((key.node, comparator));
                }
                Some(Groups {
                    keys,
                    aggregates: grouping.aggregates,
                })
            }
            None => None,
        };
        let items = items.into_iter().collect::<Option<Vec<_>>>()?;
        let (filter, having, order) = (filter?, having?, order?);
        // What is read from the rows themselves: with groups, the items read only keys and aggregates.
        let mut read: Vec<&Node> = filter.iter().collect();
        match &grouping {
            Some(groups) => {
                read.extend(groups.keys.iter().map(|(key, _)| key));
                for aggregate in &groups.aggregates {
                    read.extend(&aggregate.argument);
                    read.extend(&aggregate.separator);
                    read.extend(&aggregate.filter);
                }
            }
            None => read.extend(items.iter().map(|item| &item.node)),
        }
        let mut slots: Vec<usize> = read.iter().flat_map(|node| node.slots()).collect();
        slots.sort_unstable();
        slots.dedup();
        let needs_ordinal = read.iter().any(|node| node.needs_ordinal());
        Some(CompiledQuery {
            filter,
            grouping,
            having,
            items,
            order,
            shown,
            distinct: query.distinct,
            limit: query
                .limit
                .map(|n| usize::try_from(n).unwrap_or(usize::MAX)),
            without_table: query.from.is_empty(),
            slots,
            needs_ordinal,
        })
    }

    fn item(&mut self, expr: &Expr, name: String) -> Option<Item> {
        let typed = self.expr(expr)?;
        self.shown(typed, name)
    }

    fn shown(&mut self, typed: Typed, name: String) -> Option<Item> {
        let typed = if typed.is_unknown() {
            self.coerce(typed, &DataType::Text)?
        } else {
            typed
        };
        Some(Item {
            name,
            comparator: Comparator {
                data_type: typed.data_type,
                collation: typed
                    .collation
                    .unwrap_or_else(|| collate::default(self.settings)),
            },
            node: typed.node,
        })
    }

    /// A GROUP BY item: an expression, a position, or the alias of an item.
    fn group_key(&mut self, expr: &Expr, query: &Query) -> Option<Key> {
        let expr = match &expr.kind {
            ExprKind::Number(position) => self.position(position, query, expr.span)?,
            ExprKind::Column {
                table: None,
                column,
            } if self.scope.column(None, column).is_err() => query
                .items
                .iter()
                .find_map(|item| match item {
                    SelectItem::Expr {
                        expr,
                        alias: Some(alias),
                    } if alias.text.eq_ignore_ascii_case(&column.text) => Some(expr),
                    _ => None,
                })
                .unwrap_or(expr),
            _ => expr,
        };
        let typed = self.expr(expr)?;
        let typed = if typed.is_unknown() {
            self.coerce(typed, &DataType::Text)?
        } else {
            typed
        };
        Some(Key {
            shape: format!("{:?}", typed.node),
            node: typed.node,
            data_type: typed.data_type,
            collation: typed.collation,
        })
    }

    fn position<'q>(&mut self, text: &str, query: &'q Query, span: Span) -> Option<&'q Expr> {
        let item = text
            .parse::<usize>()
            .ok()
            .and_then(|n| query.items.get(n.checked_sub(1)?));
        match item {
            Some(SelectItem::Expr { expr, .. }) => Some(expr),
            _ => self.fault(
                FaultKind::Other,
                span,
                format!("position {text} is not in the select list"),
                None,
            ),
        }
    }

    fn order(&mut self, query: &Query, items: &mut Vec<Option<Item>>) -> Option<Vec<Order>> {
        let shown = items.len();
        let wildcard = query
            .items
            .iter()
            .any(|item| matches!(item, SelectItem::Wildcard(_)));
        let mut order = Vec::new();
        let mut complete = true;
        for by in &query.order_by {
            let named = match &by.expr.kind {
                ExprKind::Number(position) => {
                    let index = position
                        .parse::<usize>()
                        .ok()
                        .and_then(|n| n.checked_sub(1));
                    match index.filter(|n| *n < shown) {
                        Some(index) => Some(index),
                        None => {
                            complete = false;
                            self.fault::<()>(
                                FaultKind::Other,
                                by.expr.span,
                                format!("position {position} is not in the select list"),
                                None,
                            );
                            continue;
                        }
                    }
                }
                ExprKind::Column {
                    table: None,
                    column,
                } => items.iter().flatten().position(|item| {
                    !wildcard
                        && if column.quoted {
                            item.name == column.text
                        } else {
                            item.name.eq_ignore_ascii_case(&column.text)
                        }
                }),
                _ => None,
            };
            let index = match named {
                Some(index) => index,
                None => {
                    let Some(item) = self.item(&by.expr, String::new()) else {
                        complete = false;
                        continue;
                    };
                    let shape = format!("{:?}", item.node);
                    let known = items
                        .iter()
                        .position(|i| i.as_ref().is_some_and(|i| format!("{:?}", i.node) == shape));
                    match known {
                        Some(index) => index,
                        None if query.distinct => {
                            complete = false;
                            self.fault::<()>(
                                FaultKind::Other,
                                by.expr.span,
                                "for SELECT DISTINCT, ORDER BY expressions must appear in select list",
                                None,
                            );
                            continue;
                        }
                        None => {
                            items.push(Some(item));
                            items.len() - 1
                        }
                    }
                }
            };
            order.push(Order {
                item: index,
                descending: by.descending,
                nulls_first: by.nulls_first.unwrap_or(by.descending),
            });
        }
        complete.then_some(order)
    }

    /// Over groups an expression is a key, an aggregate, or made of such. `None`: made of others.
    pub(super) fn grouped(&mut self, expr: &Expr) -> Option<Option<Typed>> {
        let grouping = self.grouping.take()?;
        if let Some(kind) = aggregate_kind(expr) {
            let aggregate = self.aggregate(expr, kind);
            self.grouping = Some(grouping);
            Some(aggregate.map(|(aggregate, span)| {
                let data_type = aggregate.result.clone();
                let grouping = self.grouping.get_or_insert_default();
                let slot = grouping.keys.len() + grouping.aggregates.len();
                let collation = is_text(&data_type).then_some(aggregate.comparator.collation);
                grouping.aggregates.push(aggregate);
                Typed::new(Node::Cell(slot, data_type.clone(), false), data_type, span)
                    .collated(collation)
            }))
        } else {
            let faults = self.faults.len();
            let plain = self.expr(expr);
            self.faults.truncate(faults);
            let shape = plain.map(|p| format!("{:?}", p.node));
            let key = grouping
                .keys
                .iter()
                .position(|key| shape.as_ref() == Some(&key.shape));
            let found = key.map(|slot| {
                let key = &grouping.keys[slot];
                let node = Node::Cell(slot, key.data_type.clone(), false);
                Some(Typed::new(node, key.data_type.clone(), expr.span).collated(key.collation))
            });
            self.grouping = Some(grouping);
            match (&expr.kind, found) {
                (ExprKind::Column { column, .. }, None) if shape.is_some() => Some(self.fault(
                    FaultKind::Other,
                    expr.span,
                    format!(
                        "column \"{}\" must appear in the GROUP BY clause or be used in an aggregate function",
                        column.text
                    ),
                    None,
                )),
                (_, found) => found,
            }
        }
    }

    fn aggregate(&mut self, expr: &Expr, kind: Kind) -> Option<(Aggregate, Span)> {
        let ExprKind::Call {
            name,
            args,
            star,
            distinct,
            filter,
            ..
        } = &expr.kind
        else {
            return None;
        };
        let span = expr.span;
        if let Some(inner) = args.iter().find(|a| aggregates(a)) {
            return self.fault(
                FaultKind::Other,
                inner.span,
                "aggregate function calls cannot be nested",
                None,
            );
        }
        let filter = match filter {
            Some(filter) => Some(self.condition(filter)?.node),
            None => None,
        };
        let wanted = match kind {
            Kind::Join => 2,
            Kind::Count if *star => 0,
            _ => 1,
        };
        if args.len() != wanted {
            return self.fault(
                FaultKind::Other,
                span,
                format!("{name} takes another number of arguments"),
                None,
            );
        }
        let typed: Vec<_> = args.iter().map(|a| self.expr(a)).collect();
        let mut typed = typed.into_iter().collect::<Option<Vec<_>>>()?.into_iter();
        let (argument, separator) = (typed.next(), typed.next());
        let argument = match argument {
            Some(argument) if argument.is_unknown() || kind == Kind::Join => {
                let to = match kind {
                    Kind::All | Kind::Any => DataType::Boolean,
                    Kind::Sum | Kind::Average => DataType::Double,
                    _ => DataType::Text,
                };
                Some(self.coerce(argument, &to)?)
            }
            other => other,
        };
        let separator = match separator {
            Some(separator) => {
                let separator = self.coerce(separator, &DataType::Text)?;
                if !matches!(separator.node, Node::Const(_)) {
                    return self.fault(
                        FaultKind::Other,
                        separator.span,
                        "the separator must be a constant",
                        None,
                    );
                }
                Some(separator.node)
            }
            None => None,
        };
        let data_type = argument
            .as_ref()
            .map_or(DataType::BigInt, |a| types::bare(&a.data_type));
        let Some(result) = result_type(kind, &data_type) else {
            return self.fault(
                FaultKind::Type,
                span,
                format!("function {name}({}) does not exist", display(&data_type)),
                Some("add a cast"),
            );
        };
        if *distinct && !value::has_equality(&data_type) {
            let operator = format!("{0} = {0}", display(&data_type));
            return self.no_operator(operator, span);
        }
        let collation = argument
            .as_ref()
            .and_then(|a| a.collation)
            .unwrap_or_else(|| collate::default(self.settings));
        let aggregate = Aggregate {
            kind,
            argument: argument.map(|a| a.node),
            separator,
            filter,
            distinct: *distinct,
            comparator: Comparator {
                data_type,
                collation,
            },
            result,
        };
        Some((aggregate, span))
    }
}

/// The type of an aggregate's result, if it takes the type.
fn result_type(kind: Kind, argument: &DataType) -> Option<DataType> {
    use DataType as T;
    match (kind, argument) {
        (Kind::Count, _) => Some(T::BigInt),
        (Kind::Sum, T::SmallInt | T::Integer) => Some(T::BigInt),
        (Kind::Sum, T::BigInt) => Some(T::Numeric(None)),
        (Kind::Sum, T::Numeric(_) | T::Real | T::Double) => Some(argument.clone()),
        (Kind::Sum, T::Interval) => {
            arithmetic::result_type(Operation::Add, &T::Interval, &T::Interval)
        }
        (Kind::Average, T::SmallInt | T::Integer | T::BigInt | T::Numeric(_)) => {
            Some(T::Numeric(None))
        }
        (Kind::Average, T::Real | T::Double) => Some(T::Double),
        (Kind::Minimum | Kind::Maximum, T::Varchar(..) | T::Name) => Some(T::Text),
        (
            Kind::Minimum | Kind::Maximum,
            T::Boolean | T::Uuid | T::Jsonb | T::Bytea | T::Bit | T::MacAddr,
        ) => None,
        (Kind::Minimum | Kind::Maximum, t) => value::has_equality(t).then(|| t.clone()),
        (Kind::All | Kind::Any, T::Boolean) => Some(T::Boolean),
        (Kind::Join, T::Text) => Some(T::Text),
        _ => None,
    }
}

/// The column name that PostgreSQL gives to an expression.
fn name_of(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Column { column, .. } if column.quoted => column.text.clone(),
        ExprKind::Column { column, .. } => column.text.to_lowercase(),
        ExprKind::Call { name, .. } => name.clone(),
        ExprKind::Case { otherwise, .. } => match otherwise.as_deref().map(name_of) {
            Some(name) if name != "?column?" => name,
            _ => "case".to_owned(),
        },
        ExprKind::Cast(inner, to) => match name_of(inner).as_str() {
            "?column?" => to.name.clone(),
            name => name.to_owned(),
        },
        ExprKind::Array(_) => "array".to_owned(),
        ExprKind::Boolean(_) => "bool".to_owned(),
        ExprKind::Exists { .. } => "exists".to_owned(),
        _ => "?column?".to_owned(),
    }
}

/// The text forms of a group's keys and results, read like a row.
struct GroupRow(Vec<Option<Vec<u8>>>);

impl Row for GroupRow {
    fn cell(&self, slot: usize) -> Result<Option<&[u8]>, ValueError> {
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
            None => {
                // Without an order, rows behind the limit are never shown.
                let full = query.order.is_empty()
                    && !query.distinct
                    && query.limit.is_some_and(|limit| self.rows.len() >= limit);
                if !full {
                    self.rows.push(query.evaluate(row)?);
                }
            }
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
fn append_key(
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

    /// The result. None: no row came.
    ///
    /// # Errors
    /// If an expression over the groups fails.
    pub fn finish(&self, partial: Option<Partial>) -> Result<Table, ValueError> {
        let mut partial = partial.unwrap_or_else(|| self.partial());
        let mut rows = match &self.grouping {
            Some(groups) => self.groups(groups, partial.groups)?,
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
        let text = |item: &Item, value: Value<'static>| {
            text_form(value, &item.comparator.data_type)
                .map(|text| String::from_utf8_lossy(&text).into_owned())
        };
        Ok(Table {
            columns: self.items[..self.shown]
                .iter()
                .map(|i| i.name.clone())
                .collect(),
            rows: rows
                .into_iter()
                .map(|row| {
                    let cells = self.items.iter().zip(row).take(self.shown);
                    cells.map(|(item, value)| text(item, value)).collect()
                })
                .collect(),
        })
    }

    fn groups(
        &self,
        groups: &Groups,
        found: IndexMap<Vec<u8>, Group>,
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
            let row = GroupRow(cells);
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
