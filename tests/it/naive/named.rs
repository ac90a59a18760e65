//! The tables that a statement names, at any depth.

use scrub::rulebook::{
    self, Action, Expr, ExprKind, From, FromItem, InsertSource, Query, SelectItem, TableRef,
};

/// All tables that a statement names.
pub fn tables_of<'s>(action: &'s Action, out: &mut Vec<&'s TableRef>) {
    match action {
        Action::Update(update) => {
            out.push(&update.table);
            in_from(&update.from, out);
            update
                .assignments
                .iter()
                .for_each(|a| in_expr(&a.value, out));
            update.filter.iter().for_each(|filter| in_expr(filter, out));
        }
        Action::Delete(delete) => {
            out.push(&delete.table);
            in_from(&delete.using, out);
            delete.filter.iter().for_each(|filter| in_expr(filter, out));
        }
        Action::Truncate(tables) => out.extend(tables),
        Action::Insert(insert) => {
            out.push(&insert.table);
            match &insert.source {
                InsertSource::Values(rows) => rows.iter().flatten().for_each(|e| in_expr(e, out)),
                InsertSource::Query(query) => in_query(query, out),
                InsertSource::DefaultValues => {}
            }
            if let Some(clause) = &insert.on_conflict {
                clause
                    .assignments
                    .iter()
                    .for_each(|a| in_expr(&a.value, out));
                clause.filter.iter().for_each(|filter| in_expr(filter, out));
            }
        }
        Action::Select(query) | Action::Gexec(query) => in_query(query, out),
        Action::Grant { .. } | Action::DropUser(_) => {}
    }
}

fn in_query<'s>(query: &'s Query, out: &mut Vec<&'s TableRef>) {
    in_from(&query.from, out);
    for item in &query.items {
        if let SelectItem::Expr { expr, .. } = item {
            in_expr(expr, out);
        }
    }
    let rest = query
        .filter
        .iter()
        .chain(&query.group_by)
        .chain(&query.having);
    let rest = rest.chain(query.order_by.iter().map(|order| &order.expr));
    rest.for_each(|expr| in_expr(expr, out));
}

fn in_from<'s>(from: &'s [From], out: &mut Vec<&'s TableRef>) {
    for from in from {
        let items = std::iter::once(&from.first).chain(from.joins.iter().map(|join| &join.item));
        for item in items {
            match item {
                FromItem::Table(table) => out.push(table),
                FromItem::Query { query, .. } => in_query(query, out),
            }
        }
        let conditions = from.joins.iter().filter_map(|join| join.on.as_ref());
        conditions.for_each(|on| in_expr(on, out));
    }
}

fn in_expr<'s>(expr: &'s Expr, out: &mut Vec<&'s TableRef>) {
    rulebook::walk(expr, &mut |node| match &node.kind {
        ExprKind::InQuery { query, .. }
        | ExprKind::Exists { query, .. }
        | ExprKind::Subquery(query) => in_query(query, out),
        _ => {}
    });
}
