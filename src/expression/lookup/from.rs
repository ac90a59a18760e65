//! The tables of FROM with their joins, and the conditions of ON and WHERE in parts.

use super::compile::{Builder, Want};
use super::core::Source;
use super::names::Names;
use super::steps::{Condition, Conjunct, MOST_TABLES, Place};
use crate::expression::compiler::Compiler;
use crate::expression::node::Node;
use crate::expression::{FaultKind, Scope};
use crate::rulebook::{Expr, From, FromItem, Ident, Span, reads};
use crate::schema::Column;
use crate::value::Value;

/// The tables of one query and the conditions over them.
#[derive(Default)]
pub(super) struct Tables {
    pub sources: Vec<Source>,
    pub places: Vec<Place>,
    pub conjuncts: Vec<Conjunct>,
    /// What gathered rows have passed already.
    pub decided: Vec<Span>,
}

impl Tables {
    /// Adds conditions of WHERE.
    pub(super) fn require(&mut self, nodes: Vec<Node>) {
        self.add(nodes, None);
    }

    fn add(&mut self, nodes: Vec<Node>, left: Option<usize>) {
        self.conjuncts
            .extend(nodes.into_iter().map(|node| Conjunct {
                condition: Condition::Node(node),
                left,
            }));
    }
}

/// The parts of a condition, without those that were decided before.
pub(super) fn conjunction(
    compiler: &mut Compiler<'_>,
    expr: &Expr,
    decided: &[Span],
) -> Option<Vec<Node>> {
    let mut nodes = Vec::new();
    let mut complete = true;
    for (index, part) in reads::conjuncts(expr).into_iter().enumerate() {
        if decided.contains(&part.span) {
            continue;
        }
        let condition = if index == 0 {
            compiler.condition(part)
        } else {
            compiler.guarded(|c| c.condition(part))
        };
        match condition.map(|c| c.node) {
            Some(Node::And(parts)) => nodes.extend(parts),
            Some(node) => nodes.push(node),
            None => complete = false,
        }
    }
    nodes.retain(|node| !matches!(node, Node::Const(Value::Bool(true))));
    complete.then_some(nodes)
}

impl Builder<'_> {
    /// The tables of FROM, which are added to `names`, and the conditions of ON.
    pub(super) fn tables(&mut self, from: &[From], names: &mut Names<'_>) -> Option<Tables> {
        let mut tables = Tables::default();
        let mut complete = true;
        for from in from {
            let element = names.tables.len();
            let first = std::iter::once((&from.first, false, None));
            let joins = from.joins.iter().map(|j| (&j.item, j.left, j.on.as_ref()));
            for (item, left, on) in first.chain(joins) {
                names.visible = 0..0;
                let Some((name, columns, source)) = self.source(item, names) else {
                    complete = false;
                    continue;
                };
                let span = name.span;
                let place = Place {
                    left,
                    element,
                    dynamic: source.is_dynamic(),
                };
                if let Source::Input(input) = &source {
                    tables.decided.extend(&input.decided);
                }
                tables.sources.push(source);
                tables.places.push(place);
                if names.add(name, columns) {
                    complete = false;
                    let message = "two tables have the same name here; give one an alias";
                    self.fault::<()>(FaultKind::Other, span, message);
                }
                // What a part is missing from would only make more faults.
                let Some(on) = on.filter(|_| complete) else {
                    continue;
                };
                names.visible = element..names.tables.len();
                let decided = tables.decided.clone();
                match self.within(names, |c| conjunction(c, on, &decided)) {
                    Some(nodes) => tables.add(nodes, left.then(|| tables.sources.len() - 1)),
                    None => complete = false,
                }
            }
        }
        if names.tables.len() > MOST_TABLES {
            let span = names.tables[0].name.span;
            return self.fault(FaultKind::Other, span, "too many tables in one query");
        }
        names.visible = 0..names.tables.len();
        complete.then_some(tables)
    }

    fn source(
        &mut self,
        item: &FromItem,
        names: &mut Names<'_>,
    ) -> Option<(Ident, Vec<Column>, Source)> {
        match item {
            FromItem::Table(table) => match names.table(table) {
                Ok(input) => {
                    let name = table.alias.as_ref().unwrap_or(&table.name);
                    Some((name.clone(), input.columns.clone(), Source::Input(input)))
                }
                Err(message) => self.fault(FaultKind::Name, table.name.span, message),
            },
            FromItem::Query { query, alias } => {
                let (lookup, _) = self.nested(|b| b.lookup(query, Want::Table, names))?;
                let columns = lookup.columns().to_vec();
                Some((alias.clone(), columns, Source::Query(lookup)))
            }
        }
    }
}
