//! SELECTs over tables in memory: nested loops, and a subquery is run anew for every row around it.
//!
//! There is no lookup and no index here. Before an expression is compiled, [`Database::bind`] puts
//! plain values in the place of what reaches beyond the row at hand: outer columns become literals,
//! `IN (SELECT …)` becomes `IN (value, …)`, a scalar subquery becomes its value. What is left is an
//! expression over one row. Grouping, aggregates, ORDER BY and LIMIT are the program's one-table
//! SELECT over the joined rows.

use super::scope::{
    Names, Outer, Source, Text, View, column, expr, find, literal, means, place, told,
};
use super::{Database, Stop, StopKind};
use scrub::expression::compile_query;
use scrub::rulebook::{
    self, BinaryOp, Expr, ExprKind, From, FromItem, Ident, Join, Query, SelectItem, Span, TableRef,
    UnaryOp,
};
use scrub::schema::{Column, DataType};

/// What a query gives.
#[derive(Debug)]
pub struct Found {
    pub columns: Vec<Column>,
    /// Which columns are literals whose type nobody said.
    pub untyped: Vec<bool>,
    pub rows: Vec<Vec<Text>>,
    /// The joined rows that WHERE kept.
    pub matched: u64,
}

const AGGREGATES: [&str; 9] = [
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "string_agg",
    "array_agg",
    "bool_and",
    "bool_or",
];

fn aggregates(found: &Expr) -> bool {
    let mut any = false;
    rulebook::walk(found, &mut |node| any |= is_aggregate(node));
    any
}

fn is_aggregate(node: &Expr) -> bool {
    matches!(&node.kind, ExprKind::Call { schema: None, name, .. } if AGGREGATES.contains(&name.as_str()))
}

fn is_subquery(node: &Expr) -> bool {
    matches!(
        node.kind,
        ExprKind::InQuery { .. } | ExprKind::Exists { .. } | ExprKind::Subquery(_)
    )
}

/// Does the expression hold a subquery?
pub fn has_subquery(whole: &Expr) -> bool {
    let mut any = false;
    rulebook::walk(whole, &mut |node| any |= is_subquery(node));
    any
}

impl Database {
    /// Runs a query.
    pub fn query(&self, query: &Query, outer: Option<&Outer<'_>>) -> Result<Found, Stop> {
        let (sources, mut rows) = self.product(&query.from, outer)?;
        if let Some(filter) = &query.filter {
            rows = self.kept(filter, &sources, rows, outer)?;
        }
        let matched = rows.len() as u64;

        // The same query over the joined rows, as if they were one table.
        let mut flat = Query {
            items: written_out(&query.items, &sources)?,
            filter: None,
            from: vec![From {
                first: FromItem::Table(nameless()),
                joins: Vec::new(),
            }],
            ..query.clone()
        };
        let names: Vec<String> = flat.items.iter().map(item_name).collect();
        let untyped = flat.items.iter().map(is_untyped).collect();
        let ordered = query.order_by.iter().map(|order| &order.expr);
        let grouped = !query.group_by.is_empty()
            || query.having.is_some()
            || item_exprs(&flat.items).chain(ordered).any(aggregates);
        let mut scope = Names::of(self, &sources);
        // What cannot be said as a literal for all rows stands behind the cells of each row.
        let mut behind: Vec<Expr> = Vec::new();
        let null = View::null(&sources);
        let mut flatten = |expr: &mut Expr| -> Result<(), Stop> {
            let mut failed = None;
            let mut put_behind = |node: &mut Expr| {
                if !is_subquery(node) || failed.is_some() {
                    return;
                }
                let bound = self.bind(node, &sources, Some(&null), outer);
                match bound.and_then(|bound| scope.value(&bound)) {
                    Ok(compiled) => {
                        let name = scope.extra(compiled.data_type);
                        behind.push(std::mem::replace(node, name));
                    }
                    Err(stop) => failed = Some(stop),
                }
            };
            if !grouped {
                rulebook::walk_mut(expr, &mut put_behind);
            } else {
                // Of groups, only the arguments of aggregates are about a row.
                rulebook::walk_mut(expr, &mut |node| {
                    if is_aggregate(node) {
                        rulebook::walk_mut(node, &mut put_behind);
                    }
                });
            }
            if let Some(stop) = failed {
                return Err(stop);
            }
            *expr = self.bind(expr, &sources, None, outer)?;
            Ok(())
        };
        for item in &mut flat.items {
            if let SelectItem::Expr { expr, .. } = item {
                flatten(expr)?;
            }
        }
        for expr in flat.group_by.iter_mut().chain(&mut flat.having) {
            flatten(expr)?;
        }
        for order in &mut flat.order_by {
            if !is_alias(&order.expr, &query.items) {
                flatten(&mut order.expr)?;
            }
        }
        let mut types = Vec::new();
        for (expr, name) in item_exprs(&flat.items).zip(&names) {
            types.push(Column::new(name, self.item_type(expr, &mut scope)?));
        }
        for row in &mut rows {
            let mut cells = Vec::new();
            for expr in &behind {
                let bound = self.bind(expr, &sources, Some(row), outer)?;
                let compiled = Names::of(self, &sources).assignment(
                    &bound,
                    &Column::new("?", Names::of(self, &sources).value(&bound)?.data_type),
                )?;
                cells.push(Ok(compiled.eval(row)?.map(|text| text.into_owned())));
            }
            row.0.extend(cells);
        }
        let compiled = compile_query(&flat, &[], &mut scope, &self.settings()).map_err(told)?;
        let mut partial = compiled.partial();
        for row in &rows {
            partial.update(&compiled, row)?;
        }
        let result = compiled.finish(Some(partial))?;
        let text = |cell: Option<String>| cell.map(String::into_bytes);
        Ok(Found {
            columns: types,
            untyped,
            rows: result
                .rows
                .into_iter()
                .map(|row| row.into_iter().map(text).collect())
                .collect(),
            matched,
        })
    }

    /// The type of an item, whose aggregates are taken for columns of their results' types.
    fn item_type(&self, item: &Expr, scope: &mut Names<'_>) -> Result<DataType, Stop> {
        let mut item = item.clone();
        let mut failed = None;
        rulebook::walk_mut(&mut item, &mut |node| {
            if !is_aggregate(node) {
                return;
            }
            let ExprKind::Call { name, args, .. } = &node.kind else {
                return;
            };
            let argument = match args.first().map(|arg| scope.value(arg)).transpose() {
                Ok(argument) => argument.map(|a| a.data_type.base().clone()),
                Err(stop) => {
                    failed = Some(stop);
                    return;
                }
            };
            let result = match (name.as_str(), argument) {
                ("count", _) => DataType::BigInt,
                ("bool_and" | "bool_or", _) => DataType::Boolean,
                ("string_agg", _) => DataType::Text,
                ("array_agg", Some(of)) => DataType::Array(Box::new(of)),
                ("sum", Some(DataType::SmallInt | DataType::Integer)) => DataType::BigInt,
                ("sum" | "avg", Some(of @ DataType::Interval)) => of,
                ("sum", Some(of @ (DataType::Real | DataType::Double))) => of,
                ("avg", Some(DataType::Real | DataType::Double)) => DataType::Double,
                ("sum" | "avg", _) => DataType::Numeric(None),
                // Without its length: the result of an aggregate has none.
                (_, Some(DataType::Varchar(..))) => DataType::Text,
                (_, Some(of)) => of,
                (_, None) => DataType::Unknown,
            };
            *node = scope.extra(result);
        });
        match failed {
            Some(stop) => Err(stop),
            None => Ok(scope.value(&item)?.data_type),
        }
    }

    /// All tables of FROM, each row with each.
    pub fn product(
        &self,
        from: &[From],
        outer: Option<&Outer<'_>>,
    ) -> Result<(Vec<Source>, Vec<View>), Stop> {
        let (mut sources, mut rows) = (Vec::new(), vec![View::default()]);
        for item in from {
            let (more, joined) = self.joined(item, outer)?;
            sources.extend(more);
            rows = rows
                .iter()
                .flat_map(|row| joined.iter().map(|other| row.and(other)))
                .collect();
        }
        Ok((sources, rows))
    }

    /// One item of FROM with its joins.
    fn joined(
        &self,
        from: &From,
        outer: Option<&Outer<'_>>,
    ) -> Result<(Vec<Source>, Vec<View>), Stop> {
        let (first, mut rows) = self.item(&from.first, outer)?;
        let mut sources = vec![first];
        for Join { left, item, on } in &from.joins {
            let (source, others) = self.item(item, outer)?;
            sources.push(source);
            let unmatched = View::null(&sources[sources.len() - 1..]);
            let mut joined = Vec::new();
            for row in &rows {
                let pairs = others.iter().map(|other| row.and(other)).collect();
                let kept = match on {
                    Some(on) => self.kept(on, &sources, pairs, outer)?,
                    None => pairs,
                };
                if kept.is_empty() && *left {
                    joined.push(row.and(&unmatched));
                }
                joined.extend(kept);
            }
            rows = joined;
        }
        Ok((sources, rows))
    }

    fn item(
        &self,
        item: &FromItem,
        outer: Option<&Outer<'_>>,
    ) -> Result<(Source, Vec<View>), Stop> {
        match item {
            FromItem::Table(table) => {
                let (mut source, rows) = self.table(table)?;
                if let Some(alias) = &table.alias {
                    source.label = label(alias);
                }
                Ok((source, rows))
            }
            FromItem::Query { query, alias } => {
                let found = self.query(query, outer)?;
                let source = Source {
                    label: label(alias),
                    columns: found.columns,
                };
                let views = found.rows.into_iter().map(|row| {
                    let cells = row.into_iter().map(Ok);
                    View(cells.collect())
                });
                Ok((source, views.collect()))
            }
        }
    }

    /// A table that is read, with the rows of what is below it.
    pub fn table(&self, table: &TableRef) -> Result<(Source, Vec<View>), Stop> {
        let database = match (&self.target, table.target) {
            (Some(target), true) => target,
            (None, true) => return Err("there is no target".to_owned().into()),
            (_, false) => self,
        };
        let meant = database.meant(table)?;
        let named = &meant[0];
        let mut views = Vec::new();
        for relation in &meant {
            for row in &database.tables[&relation.name] {
                let mut all = View::new(database, relation, row).0;
                let cells = named.columns.iter().map(|column| {
                    let at = relation.position(&column.name);
                    let at = at.expect("a child has the columns of its parent");
                    std::mem::replace(&mut all[at], Ok(None))
                });
                views.push(View(cells.collect()));
            }
        }
        Ok((Database::source(&named.name.name, named), views))
    }

    /// The rows for which a condition is true.
    pub fn kept(
        &self,
        condition: &Expr,
        sources: &[Source],
        rows: Vec<View>,
        outer: Option<&Outer<'_>>,
    ) -> Result<Vec<View>, Stop> {
        let mut kept = Vec::new();
        let once = match has_subquery(condition) {
            true => None,
            false => {
                let bound = self.bind(condition, sources, None, outer)?;
                Some(Names::of(self, sources).condition(&bound)?)
            }
        };
        for row in rows {
            let truth = match &once {
                Some(compiled) => compiled.is_true(&row)?,
                None => {
                    let bound = self.bind(condition, sources, Some(&row), outer)?;
                    let compiled = Names::of(self, sources).condition(&bound)?;
                    compiled.is_true(&row)?
                }
            };
            if truth {
                kept.push(row);
            }
        }
        Ok(kept)
    }

    /// The expression with values in the place of outer columns and, for the row at hand, of
    /// subqueries. Without a row, subqueries may read nothing of it.
    pub fn bind(
        &self,
        whole: &Expr,
        sources: &[Source],
        row: Option<&View>,
        outer: Option<&Outer<'_>>,
    ) -> Result<Expr, Stop> {
        let mut bound = whole.clone();
        let mut failed = None;
        let around = row.map(|view| Outer {
            sources,
            view,
            outer,
        });
        let around = around.as_ref().or(outer);
        rulebook::walk_mut(&mut bound, &mut |node| {
            let value = match &node.kind {
                ExprKind::Column { table, column } => match find(sources, table.as_ref(), column) {
                    Ok(None) => match outer {
                        Some(outer) => outer.literal(table.as_ref(), column),
                        None => Ok(None),
                    },
                    Ok(Some(_)) => Ok(None),
                    Err(stop) => Err(stop),
                },
                _ if is_subquery(node) => self.answer(node, around).map(Some),
                _ => Ok(None),
            };
            match value {
                Ok(Some(value)) => *node = value,
                Ok(None) => {}
                Err(stop) => failed = failed.take().or(Some(stop)),
            }
        });
        failed.map_or(Ok(bound), Err)
    }

    /// A subquery's value as an expression without one.
    fn answer(&self, node: &Expr, outer: Option<&Outer<'_>>) -> Result<Expr, Stop> {
        match &node.kind {
            ExprKind::Exists { query, negated } => {
                let exists = !self.query(query, outer)?.rows.is_empty();
                Ok(expr(ExprKind::Boolean(exists != *negated)))
            }
            ExprKind::Subquery(query) => {
                let mut found = self.query(query, outer)?;
                if found.rows.len() > 1 {
                    return Err(Stop::new(
                        StopKind::SeveralValues,
                        "more than one row returned by a subquery used as an expression",
                    ));
                }
                let cell = found.rows.pop().and_then(|mut row| row.swap_remove(0));
                Ok(literal(cell, &found.columns[0].data_type))
            }
            ExprKind::InQuery {
                exprs,
                query,
                negated,
            } => {
                let found = self.query(query, outer)?;
                if exprs.len() != found.columns.len() {
                    return Err("IN with another number of columns".to_owned().into());
                }
                // (a, b) IN ((1, 2), …) is a = 1 AND b = 2 OR …; of nothing it is false.
                let equal = |(left, (cell, column)): (&Expr, (Text, &Column))| {
                    let right = literal(cell, &column.data_type);
                    binary(BinaryOp::Eq, left.clone(), right)
                };
                let rows = found.rows.into_iter().map(|row| {
                    let pairs = exprs.iter().zip(row.into_iter().zip(&found.columns));
                    let all = pairs.map(equal).reduce(|a, b| binary(BinaryOp::And, a, b));
                    all.expect("at least one column")
                });
                let any = rows.reduce(|a, b| binary(BinaryOp::Or, a, b));
                let any = any.unwrap_or_else(|| expr(ExprKind::Boolean(false)));
                Ok(match negated {
                    true => expr(ExprKind::Unary(UnaryOp::Not, Box::new(any))),
                    false => any,
                })
            }
            _ => unreachable!("not a subquery"),
        }
    }
}

fn binary(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    expr(ExprKind::Binary(op, Box::new(left), Box::new(right)))
}

/// The name that an identifier gives.
fn label(ident: &Ident) -> String {
    match ident.quoted {
        true => ident.text.clone(),
        false => ident.text.to_lowercase(),
    }
}

fn nameless() -> TableRef {
    TableRef {
        schema: None,
        name: Ident {
            text: String::new(),
            quoted: true,
            span: Span::default(),
        },
        alias: None,
        target: false,
        only: false,
    }
}

fn item_exprs(items: &[SelectItem]) -> impl Iterator<Item = &Expr> {
    items.iter().filter_map(|item| match item {
        SelectItem::Expr { expr, .. } => Some(expr),
        SelectItem::Wildcard(_) => None,
    })
}

fn item_name(item: &SelectItem) -> String {
    match item {
        SelectItem::Expr {
            alias: Some(alias), ..
        } => label(alias),
        SelectItem::Expr { expr, .. } => match &expr.kind {
            ExprKind::Column { column, .. } => label(column),
            ExprKind::Call { name, .. } => name.clone(),
            _ => "?column?".to_owned(),
        },
        SelectItem::Wildcard(_) => unreachable!("written out"),
    }
}

fn is_untyped(item: &SelectItem) -> bool {
    matches!(item, SelectItem::Expr { expr, .. } if matches!(expr.kind, ExprKind::String(_) | ExprKind::Null))
}

/// Does an item of ORDER BY name an item of the select list, or its place?
fn is_alias(order: &Expr, items: &[SelectItem]) -> bool {
    match &order.kind {
        ExprKind::Number(_) => true,
        ExprKind::Column {
            table: None,
            column,
        } => items.iter().any(|item| {
            matches!(item, SelectItem::Expr { alias: Some(alias), .. } if means(column, &label(alias)))
        }),
        _ => false,
    }
}

/// The items with the columns that `*` stands for.
fn written_out(items: &[SelectItem], sources: &[Source]) -> Result<Vec<SelectItem>, Stop> {
    let mut out = Vec::new();
    for item in items {
        let SelectItem::Wildcard(of) = item else {
            out.push(item.clone());
            continue;
        };
        let before = out.len();
        for source in sources {
            if of.as_ref().is_none_or(|of| means(of, &source.label)) {
                out.extend(source.columns.iter().map(|c| SelectItem::Expr {
                    expr: column(Some(&source.label), &c.name),
                    alias: None,
                }));
            }
        }
        if let (Some(of), true) = (of, out.len() == before) {
            place(&[], of)?;
        }
    }
    Ok(out)
}
