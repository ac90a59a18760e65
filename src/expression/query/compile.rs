//! From a SELECT of the rulebook to a [`CompiledQuery`]: its items, GROUP BY, HAVING and ORDER BY.
//!
//! Names and positions mean what they mean in PostgreSQL: GROUP BY prefers a column to an alias,
//! ORDER BY an alias to a column. Expressions of ORDER BY that are not shown become hidden items.

use super::grouping::{Grouping, Key, aggregates};
use super::sets::SETS;
use super::{CompiledQuery, Groups, Item, Order};
use crate::expression::compiler::{Compiler, Typed};
use crate::expression::lookup::{Lookup, OUTER, same_table};
use crate::expression::node::{Comparator, Node};
use crate::expression::{Fault, FaultKind, Scope, Settings, collate};
use crate::rulebook::{Expr, ExprKind, Ident, Query, SelectItem, Span};
use crate::schema::{Column, DataType};
use std::sync::Arc;

/// What `*` or `table.*` stands for: label, slot and column.
#[derive(Debug)]
pub(in crate::expression) struct Star {
    /// None: the only table.
    pub table: Option<Ident>,
    pub columns: Vec<(String, usize, Column)>,
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
    let star = Star {
        table: None,
        columns: columns.to_vec(),
    };
    let compiled = compiler.query(query, &[star], true);
    match compiled {
        Some(compiled) if compiler.faults.is_empty() => Ok(compiled),
        _ => Err(compiler.faults),
    }
}

impl Compiler<'_> {
    /// Compiles a SELECT; without its WHERE if that is applied elsewhere.
    pub(in crate::expression) fn query(
        &mut self,
        query: &Query,
        stars: &[Star],
        filtered: bool,
    ) -> Option<CompiledQuery> {
        let filter = match query.filter.as_ref().filter(|_| filtered) {
            Some(filter) => self.condition(filter).map(|f| Some(f.node)),
            None => Some(None),
        };
        let grouped = is_grouped(query);
        if grouped {
            let mut grouping = Grouping::default();
            for expr in &query.group_by {
                if let Some(key) = self.group_key(expr, query) {
                    grouping.keys.push(key);
                }
            }
            self.grouping = Some(grouping);
        }
        self.allows_sets = !grouped;
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
                SelectItem::Wildcard(qualifier) => {
                    let meant = |star: &&Star| match (qualifier, &star.table) {
                        (Some(qualifier), Some(table)) => same_table(table, qualifier),
                        _ => true,
                    };
                    let meant: Vec<&Star> = stars.iter().filter(meant).collect();
                    if let (Some(qualifier), []) = (qualifier, meant.as_slice()) {
                        let message = format!("there is no table {} here", qualifier.text);
                        items.push(self.fault(FaultKind::Name, qualifier.span, message, None));
                    }
                    for (label, slot, column) in meant.iter().flat_map(|star| &star.columns) {
                        let cell = self.cell(*slot, column, query.span);
                        let item = self.shown(cell, label.clone());
                        items.push(item.map(|item| Item {
                            collation: column.collation.clone(),
                            ..item
                        }));
                    }
                }
            }
        }
        let shown = items.len();
        let order = self.order(query, &mut items);
        self.allows_sets = false;
        let sets = std::mem::take(&mut self.sets);
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
            None => {
                read.extend(items.iter().map(|item| &item.node));
                read.extend(sets.iter().map(|set| &set.node));
            }
        }
        let mut slots: Vec<usize> = read.iter().flat_map(|node| node.slots()).collect();
        slots.retain(|slot| !(SETS..OUTER).contains(slot));
        slots.sort_unstable();
        slots.dedup();
        let needs_ordinal = read.iter().any(|node| node.needs_ordinal());
        let mut all = super::nodes(&filter, &grouping, &having, &items);
        all.extend(sets.iter().map(|set| &set.node));
        let lookups = unique(all.into_iter().flat_map(Node::lookups));
        Some(CompiledQuery {
            lookups,
            filter,
            grouping,
            having,
            items,
            sets,
            order,
            shown,
            distinct: query.distinct,
            limit: query
                .limit
                .map(|n| usize::try_from(n).unwrap_or(usize::MAX)),
            without_table: filtered && query.from.is_empty(),
            slots,
            needs_ordinal,
        })
    }

    fn item(&mut self, expr: &Expr, name: String) -> Option<Item> {
        let typed = self.expr(expr)?;
        let collation = match &expr.kind {
            ExprKind::Column { table, column } => {
                let column = self.scope.column(table.as_ref(), column).ok();
                column.and_then(|(_, column)| column.collation)
            }
            _ => None,
        };
        let item = self.shown(typed, name)?;
        Some(Item { collation, ..item })
    }

    fn shown(&mut self, typed: Typed, name: String) -> Option<Item> {
        let untyped = typed.is_unknown();
        let typed = if untyped {
            self.coerce(typed, &DataType::Text)?
        } else {
            typed
        };
        Some(Item {
            name,
            untyped,
            collation: None,
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
        self.no_constant(expr, "GROUP BY")?;
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

    /// A literal that is no position is refused where it could only be a mistake.
    fn no_constant(&mut self, expr: &Expr, place: &str) -> Option<()> {
        let constant = matches!(
            expr.kind,
            ExprKind::String(_) | ExprKind::Boolean(_) | ExprKind::Null
        );
        if constant && !self.lenient() {
            let message = format!("non-integer constant in {place}");
            return self.fault(FaultKind::Other, expr.span, message, None);
        }
        Some(())
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
            if self.no_constant(&by.expr, "ORDER BY").is_none() {
                complete = false;
                continue;
            }
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
}

/// Each lookup once.
fn unique(all: impl Iterator<Item = Arc<Lookup>>) -> Vec<Arc<Lookup>> {
    let mut lookups: Vec<Arc<Lookup>> = Vec::new();
    for lookup in all {
        if !lookups.iter().any(|known| Arc::ptr_eq(known, &lookup)) {
            lookups.push(lookup);
        }
    }
    lookups
}

/// Does the query make groups of its rows?
pub(in crate::expression) fn is_grouped(query: &Query) -> bool {
    let mut expressions = query.items.iter().filter_map(|item| match item {
        SelectItem::Expr { expr, .. } => Some(expr),
        SelectItem::Wildcard(_) => None,
    });
    !query.group_by.is_empty()
        || query.having.is_some()
        || expressions.any(aggregates)
        || query.order_by.iter().any(|o| aggregates(&o.expr))
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
        ExprKind::Subquery(query) => match query.items.first() {
            Some(SelectItem::Expr {
                alias: Some(alias), ..
            }) if alias.quoted => alias.text.clone(),
            Some(SelectItem::Expr {
                alias: Some(alias), ..
            }) => alias.text.to_lowercase(),
            Some(SelectItem::Expr { expr, .. }) => name_of(expr),
            _ => "?column?".to_owned(),
        },
        _ => "?column?".to_owned(),
    }
}
