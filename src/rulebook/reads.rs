//! Which tables a statement reads beside the one that it changes, and what it needs of them.
//!
//! A *read* is a table in a subquery at any depth, in FROM, USING or JOIN, or in the SELECT of an
//! INSERT. Its rows are gathered while they pass, long before the statement can be answered; so
//! this module says by syntax alone which conjuncts of WHERE and ON can be decided on a row of that
//! table by itself (the row need not be kept if they fail), and which column names could be asked
//! of it. It knows no schema: whoever knows the table's columns has the last word on both.

use super::ast::{
    Action, Expr, ExprKind, From, FromItem, Ident, InsertSource, Query, SelectItem, Span,
    Statement, TableRef,
};
use super::walk;

/// One table that a statement reads.
#[derive(Debug, Clone)]
pub struct Read<'a> {
    /// Its number within the statement, from 1. A WITH query that is used twice counts once.
    pub place: u32,
    /// The table as it is named there.
    pub table: &'a TableRef,
    /// Conjuncts that look, by their syntax, at this table's columns only.
    pub conditions: Vec<&'a Expr>,
}

/// The tables that a statement reads, each place once.
pub fn reads(statement: &Statement) -> Vec<Read<'_>> {
    let mut reads: Vec<Read<'_>> = Vec::new();
    let mut spans: Vec<Span> = Vec::new();
    each_level(&statement.action, &mut |level| {
        spans.extend(level.conjuncts().map(|conjunct| conjunct.span));
        for (table, nullable) in level.tables() {
            if reads.iter().any(|r| r.table.name.span == table.name.span) {
                continue;
            }
            reads.push(Read {
                place: u32::try_from(reads.len() + 1).unwrap_or(u32::MAX),
                table,
                conditions: level.conditions(table, nullable),
            });
        }
    });
    // A conjunct is known by its place from here on.
    for read in &mut reads {
        read.conditions
            .retain(|conjunct| spans.iter().filter(|span| **span == conjunct.span).count() == 1);
    }
    reads
}

/// The parts of a conjunction.
pub fn conjuncts(expr: &Expr) -> Vec<&Expr> {
    let mut parts = Vec::new();
    let mut rest = expr;
    while let ExprKind::Binary(super::BinaryOp::And, left, right) = &rest.kind {
        parts.push(&**right);
        rest = left;
    }
    parts.push(rest);
    parts.reverse();
    let nested = |part: &&Expr| matches!(part.kind, ExprKind::Binary(super::BinaryOp::And, ..));
    if !parts.iter().any(nested) {
        return parts;
    }
    parts.into_iter().flat_map(conjuncts).collect()
}

/// The table that a SELECT streams over: its only one, and not the target environment's.
pub fn streamed(query: &Query) -> Option<&TableRef> {
    match query.from.as_slice() {
        [
            From {
                first: FromItem::Table(table),
                joins,
            },
        ] if joins.is_empty() && !table.target => Some(table),
        _ => None,
    }
}

/// What one column name of a statement looks like.
#[derive(Debug, Clone, Copy)]
pub enum Needed<'a> {
    /// `[table.]column`.
    Column(Option<&'a Ident>, &'a Ident),
    /// `*` or `table.*`.
    All(Option<&'a Ident>),
}

/// Calls `visit` for every column that the statement names anywhere, except within the conjuncts
/// at `decided`.
pub fn each_column<'a>(
    statement: &'a Statement,
    decided: &[Span],
    visit: &mut dyn FnMut(Needed<'a>),
) {
    each_expr(&statement.action, decided, &mut |expr| {
        if let ExprKind::Column { table, column } = &expr.kind {
            visit(Needed::Column(table.as_ref(), column));
        }
    });
    each_query(&statement.action, &mut |query, exists| {
        for item in &query.items {
            if let (SelectItem::Wildcard(table), false) = (item, exists) {
                visit(Needed::All(table.as_ref()));
            }
        }
    });
}

/// The FROM and WHERE of one query, or of the statement itself.
#[derive(Clone, Copy)]
struct Level<'a> {
    from: &'a [From],
    filter: Option<&'a Expr>,
}

impl<'a> Level<'a> {
    /// Its tables; true for those on the nullable side of a LEFT JOIN.
    fn tables(self) -> impl Iterator<Item = (&'a TableRef, bool)> {
        let items = self.from.iter().flat_map(|from| {
            let joined = from.joins.iter().map(|join| (&join.item, join.left));
            std::iter::once((&from.first, false)).chain(joined)
        });
        items.filter_map(|(item, nullable)| match item {
            FromItem::Table(table) => Some((table, nullable)),
            FromItem::Query { .. } => None,
        })
    }

    fn conjuncts(self) -> impl Iterator<Item = &'a Expr> {
        let joins = self.from.iter().flat_map(|from| &from.joins);
        let on = joins.filter_map(|join| join.on.as_ref());
        self.filter.into_iter().chain(on).flat_map(conjuncts)
    }

    fn conditions(self, table: &'a TableRef, nullable: bool) -> Vec<&'a Expr> {
        let mut found = Vec::new();
        if !nullable {
            found.extend(self.filter.into_iter().flat_map(conjuncts));
        }
        for join in self.from.iter().flat_map(|from| &from.joins) {
            let own = matches!(&join.item, FromItem::Table(t) if std::ptr::eq(t, table));
            if (join.left && own) || (!join.left && !nullable) {
                found.extend(join.on.iter().flat_map(conjuncts));
            }
        }
        let single = self.from.len() == 1 && self.from[0].joins.is_empty();
        found.retain(|conjunct| looks_only_at(conjunct, table, single));
        found
    }
}

/// Does an expression look, by its syntax, at columns of `table` only, and at nothing that differs
/// from call to call?
fn looks_only_at(expr: &Expr, table: &TableRef, single: bool) -> bool {
    let mut columns = 0;
    let mut other = false;
    walk(expr, &mut |node| match &node.kind {
        ExprKind::Column { table: None, .. } => {
            columns += 1;
            other |= !single;
        }
        ExprKind::Column {
            table: Some(qualifier),
            ..
        } => {
            columns += 1;
            other |= !is_named(table, qualifier);
        }
        ExprKind::InQuery { .. }
        | ExprKind::Exists { .. }
        | ExprKind::Subquery(_)
        | ExprKind::Value
        | ExprKind::Default => other = true,
        ExprKind::Call { schema, name, .. } => {
            other |= schema.is_some() || matches!(name.as_str(), "random" | "gen_random_uuid");
        }
        _ => {}
    });
    columns > 0 && !other
}

/// Does a qualifier mean this table: its alias, else its name?
pub fn is_named(table: &TableRef, qualifier: &Ident) -> bool {
    let name = table.alias.as_ref().unwrap_or(&table.name);
    if name.quoted && qualifier.quoted {
        name.text == qualifier.text
    } else {
        name.text.to_lowercase() == qualifier.text.to_lowercase()
    }
}

/// Visits the FROM and WHERE of the statement (tables beside the changed one) and of all queries.
fn each_level<'a>(action: &'a Action, visit: &mut dyn FnMut(Level<'a>)) {
    match action {
        Action::Update(update) => visit(Level {
            from: &update.from,
            filter: update.filter.as_ref(),
        }),
        Action::Delete(delete) => visit(Level {
            from: &delete.using,
            filter: delete.filter.as_ref(),
        }),
        _ => {}
    }
    // A SELECT of one table streams over it; that table is not read in this sense.
    let own: Option<*const Query> = match action {
        Action::Select(query) => streamed(query).map(|_| std::ptr::from_ref(query)),
        _ => None,
    };
    each_query(action, &mut |query, _| {
        if own != Some(std::ptr::from_ref(query)) {
            visit(Level {
                from: &query.from,
                filter: query.filter.as_ref(),
            });
        }
    });
}

/// Visits all queries of a statement, at any depth; true: only its existence matters.
fn each_query<'a>(action: &'a Action, visit: &mut dyn FnMut(&'a Query, bool)) {
    let mut todo: Vec<(&'a Query, bool)> = Vec::new();
    let mut from: Vec<&'a From> = Vec::new();
    match action {
        Action::Select(query) | Action::Gexec(query) => todo.push((query, false)),
        Action::Insert(insert) => {
            if let InsertSource::Query(query) = &insert.source {
                todo.push((query, false));
            }
        }
        Action::Update(update) => from.extend(&update.from),
        Action::Delete(delete) => from.extend(&delete.using),
        _ => {}
    }
    let mut exprs: Vec<&'a Expr> = own_exprs(action);
    loop {
        for from in from.drain(..) {
            let items = std::iter::once(&from.first).chain(from.joins.iter().map(|j| &j.item));
            for item in items {
                if let FromItem::Query { query, .. } = item {
                    todo.push((query, false));
                }
            }
            exprs.extend(from.joins.iter().filter_map(|join| join.on.as_ref()));
        }
        for expr in exprs.drain(..) {
            walk(expr, &mut |node| match &node.kind {
                ExprKind::InQuery { query, .. } | ExprKind::Subquery(query) => {
                    todo.push((query, false));
                }
                ExprKind::Exists { query, .. } => {
                    let plain = query.group_by.is_empty() && query.having.is_none();
                    todo.push((query, plain));
                }
                _ => {}
            });
        }
        let Some((query, exists)) = todo.pop() else {
            return;
        };
        visit(query, exists);
        from.extend(&query.from);
        exprs.extend(query_exprs(query));
    }
}

/// Visits all expressions of a statement and everything below them, in all its queries.
fn each_expr<'a>(action: &'a Action, without: &[Span], visit: &mut dyn FnMut(&'a Expr)) {
    let mut exprs = own_exprs(action);
    let mut from: Vec<&'a From> = match action {
        Action::Update(update) => update.from.iter().collect(),
        Action::Delete(delete) => delete.using.iter().collect(),
        _ => Vec::new(),
    };
    each_query(action, &mut |query, _| {
        exprs.extend(query_exprs(query));
        from.extend(&query.from);
    });
    exprs.extend(
        from.iter()
            .flat_map(|from| from.joins.iter().filter_map(|join| join.on.as_ref())),
    );
    for part in exprs.into_iter().flat_map(conjuncts) {
        if !without.contains(&part.span) {
            walk(part, visit);
        }
    }
}

/// The expressions of the statement itself, without those of its queries and joins.
fn own_exprs(action: &Action) -> Vec<&Expr> {
    let mut exprs: Vec<&Expr> = Vec::new();
    match action {
        Action::Update(update) => {
            exprs.extend(update.assignments.iter().map(|a| &a.value));
            exprs.extend(&update.filter);
        }
        Action::Delete(delete) => exprs.extend(&delete.filter),
        Action::Insert(insert) => {
            if let InsertSource::Values(rows) = &insert.source {
                exprs.extend(rows.iter().flatten());
            }
            if let Some(on_conflict) = &insert.on_conflict {
                exprs.extend(on_conflict.assignments.iter().map(|a| &a.value));
                exprs.extend(&on_conflict.filter);
            }
        }
        Action::Truncate(_)
        | Action::Select(_)
        | Action::Gexec(_)
        | Action::Grant { .. }
        | Action::DropUser(_) => {}
    }
    exprs
}

fn query_exprs(query: &Query) -> Vec<&Expr> {
    let items = query.items.iter().filter_map(|item| match item {
        SelectItem::Expr { expr, .. } => Some(expr),
        SelectItem::Wildcard(_) => None,
    });
    items
        .chain(&query.filter)
        .chain(&query.group_by)
        .chain(&query.having)
        .chain(query.order_by.iter().map(|order| &order.expr))
        .collect()
}
