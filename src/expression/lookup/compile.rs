//! From a subquery of the rulebook to a [`Lookup`].

use super::core::{Core, Items, Question, Source};
use super::from::{Tables, conjunction};
use super::index::NONE;
use super::names::{Names, OUTER, OverGroups};
use super::rows::Input;
use super::steps::{Condition, Conjunct, Place, Planner, Steps};
use super::{Asked, Lookup};
use crate::expression::compiler::{Compiler, Target, Typed};
use crate::expression::node::Node;
use crate::expression::query::{CompiledQuery, Star, gives_sets, is_grouped};
use crate::expression::{Fault, FaultKind, Scope, Settings};
use crate::rulebook::{Expr, ExprKind, Ident, Query, Span};
use crate::schema::{Column, DataType};
use std::sync::{Arc, OnceLock};

/// Compiles a SELECT that stands by itself: of a report, of INSERT … SELECT, of `\gexec`.
///
/// # Errors
/// All faults that were found in it.
pub fn compile_lookup(
    query: &Query,
    scope: &mut dyn Scope,
    settings: &Settings,
) -> Result<Arc<Lookup>, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut builder = Builder::new(settings, &mut faults);
    let built = builder.lookup(query, Want::Rows, scope);
    match built {
        Some((lookup, _)) if faults.is_empty() => Ok(lookup),
        _ => Err(faults),
    }
}

/// What a subquery is for.
pub(super) enum Want {
    /// The rows as a result.
    Rows,
    /// The rows as an input.
    Table,
    Exists,
    Scalar,
    /// These are to be found among its items.
    In(Vec<Typed>, Span),
}

/// What a subquery gives to the expression around it.
pub(super) enum Given {
    Nothing,
    Item(Typed),
    /// The values left of IN as they are compared.
    Values(Vec<Node>),
}

/// Adds what is not there yet.
pub(super) fn add_inputs(inputs: &mut Vec<Arc<Input>>, more: &[Arc<Input>]) {
    for input in more {
        if !inputs.iter().any(|known| Arc::ptr_eq(known, input)) {
            inputs.push(input.clone());
        }
    }
}

/// How much deeper a subquery is than an expression.
const DEPTH: usize = 10;

pub(super) struct Builder<'f> {
    settings: Settings,
    faults: &'f mut Vec<Fault>,
    depth: usize,
    target: Option<Target>,
}

impl<'f> Builder<'f> {
    pub(super) fn new(settings: &Settings, faults: &'f mut Vec<Fault>) -> Self {
        Builder {
            // VALUE means nothing within a subquery.
            settings: Settings {
                value: None,
                ..settings.clone()
            },
            faults,
            depth: 0,
            target: None,
        }
    }

    pub(super) fn fault<T>(
        &mut self,
        kind: FaultKind,
        span: Span,
        message: impl Into<String>,
    ) -> Option<T> {
        self.faults.push(Fault {
            span,
            message: message.into(),
            help: None,
            kind,
        });
        None
    }

    /// Compiles expressions in which `names` can be named.
    pub(super) fn within<R>(
        &mut self,
        names: &mut dyn Scope,
        compile: impl FnOnce(&mut Compiler<'_>) -> R,
    ) -> R {
        let mut compiler = Compiler::new(names, &self.settings);
        compiler.depth = self.depth;
        let result = compile(&mut compiler);
        self.faults.append(&mut compiler.faults);
        result
    }

    pub(super) fn nested<R>(&mut self, inner: impl FnOnce(&mut Self) -> R) -> R {
        self.depth += DEPTH;
        let target = self.target.take();
        let result = inner(self);
        self.target = target;
        self.depth -= DEPTH;
        result
    }

    pub(super) fn lookup(
        &mut self,
        query: &Query,
        want: Want,
        scope: &mut dyn Scope,
    ) -> Option<(Arc<Lookup>, Given)> {
        let whole =
            is_grouped(query) || gives_sets(query) || query.limit.is_some_and(|limit| limit == 0);
        let whole = match want {
            Want::In(..) => whole || query.limit.is_some(),
            Want::Exists => whole,
            _ => false,
        };
        if whole {
            return self.over_result(query, want, scope);
        }
        let mut names = Names::new(scope, false);
        let tables = self.tables(&query.from, &mut names);
        let mut tables = tables?;
        let filter = match &query.filter {
            Some(filter) => {
                let decided = tables.decided.clone();
                self.within(&mut names, |c| conjunction(c, filter, &decided))
            }
            None => Some(Vec::new()),
        };
        let stars: Vec<Star> = names
            .tables
            .iter()
            .map(|table| {
                let columns = table.columns.iter().enumerate();
                let columns = columns.map(|(at, c)| (c.name.clone(), table.first + at, c.clone()));
                Star {
                    table: Some(table.name.clone()),
                    columns: columns.collect(),
                }
            })
            .collect();
        let target = self.target.clone().filter(|_| !is_grouped(query));
        let select = self.within(&mut names, |compiler| {
            compiler.target = target;
            compiler.query(query, &stars, false)
        });
        let (filter, select) = (filter?, select?);
        tables.require(filter);
        self.finish(query.span, want, tables, select, names)
    }

    /// EXISTS and IN over groups, or over a limited number of rows, are asked of the result.
    fn over_result(
        &mut self,
        query: &Query,
        want: Want,
        scope: &mut dyn Scope,
    ) -> Option<(Arc<Lookup>, Given)> {
        let mut names = Names::new(scope, false);
        let (lookup, _) = self.nested(|b| b.lookup(query, Want::Table, &mut names))?;
        let columns = lookup.columns().to_vec();
        let mut tables = Tables::default();
        let source = Source::Query(lookup);
        tables.places.push(Place {
            left: false,
            element: 0,
            dynamic: source.is_dynamic(),
        });
        tables.sources.push(source);
        let alias = Ident {
            text: String::new(),
            quoted: true,
            span: query.span,
        };
        names.add(alias, columns.clone());
        let cells = self.within(&mut names, |compiler| {
            let cell = |(at, column)| compiler.cell(at, column, query.span);
            columns.iter().enumerate().map(cell).collect()
        });
        self.answer(query.span, want, tables, None, cells, names)
    }

    fn finish(
        &mut self,
        span: Span,
        want: Want,
        tables: Tables,
        select: CompiledQuery,
        names: Names<'_>,
    ) -> Option<(Arc<Lookup>, Given)> {
        let slots: Vec<&Column> = names.tables.iter().flat_map(|t| &t.columns).collect();
        let cells = select
            .shown()
            .map(|item| {
                // A column without DDL is as unknown here as it is there.
                let (node, data_type) = match &item.node {
                    Node::Cell(slot, _, empty_is_null)
                        if *slot < OUTER
                            && slots.get(*slot).is_some_and(|c| {
                                *c.data_type.base() == DataType::Unknown && item.untyped
                            }) =>
                    {
                        let node = Node::Cell(*slot, DataType::Unknown, *empty_is_null);
                        (node, DataType::Unknown)
                    }
                    node => (node.clone(), item.comparator.data_type.clone()),
                };
                Typed::new(node, data_type, span).collated(Some(item.comparator.collation))
            })
            .collect();
        self.answer(span, want, tables, Some(select), cells, names)
    }

    /// Puts the parts together for what is asked.
    fn answer(
        &mut self,
        span: Span,
        want: Want,
        mut tables: Tables,
        select: Option<CompiledQuery>,
        cells: Vec<Typed>,
        mut names: Names<'_>,
    ) -> Option<(Arc<Lookup>, Given)> {
        let count = |n: usize| if n == 1 { "column" } else { "columns" };
        let columns = match &select {
            Some(select) => result_columns(select, &cells, &want),
            None => Vec::new(),
        };
        let (question, given) = match want {
            Want::Rows => (Question::Rows, Given::Nothing),
            Want::Table => (Question::Table, Given::Nothing),
            Want::Exists => (Question::Exists, Given::Nothing),
            Want::Scalar => match <[Typed; 1]>::try_from(cells) {
                Ok([item]) => (Question::Scalar, Given::Item(item)),
                Err(_) => {
                    let message = "a subquery that stands for a value has one column";
                    return self.fault(FaultKind::Other, span, message);
                }
            },
            Want::In(values, place) => {
                if values.len() != cells.len() {
                    let message = format!(
                        "the subquery gives {} {}, compared with {}",
                        cells.len(),
                        count(cells.len()),
                        values.len()
                    );
                    return self.fault(FaultKind::Other, span, message);
                }
                let mut compared = Vec::new();
                let mut items = Vec::new();
                let pairs = self.within(&mut names, |compiler| {
                    let pairs = values.into_iter().zip(cells);
                    pairs
                        .map(|(value, item)| compiler.comparable(value, item, "=", place))
                        .collect::<Vec<_>>()
                });
                for (value, item, comparator) in pairs.into_iter().collect::<Option<Vec<_>>>()? {
                    compared.push(value.node);
                    items.push((item.node, comparator));
                }
                let any = plan(&tables, &names, false, names.mentioned.is_empty());
                for (at, (item, comparator)) in items.iter().enumerate() {
                    tables.conjuncts.push(Conjunct {
                        condition: Condition::Equals(item.clone(), at, comparator.clone()),
                        left: None,
                    });
                }
                let question = Question::In(Items { items, any });
                (question, Given::Values(compared))
            }
        };
        // Of a subquery after EXISTS or IN only the tables and conditions matter.
        let select = match &question {
            Question::Exists | Question::In(_) => None,
            _ => select,
        };
        let mentioned = names.mentioned.iter().map(|(slot, _)| *slot).collect();
        let core = self.core(tables, question, select, columns, &names, span);
        Some((Arc::new(Lookup { core, mentioned }), given))
    }

    pub(super) fn core(
        &self,
        tables: Tables,
        question: Question,
        select: Option<CompiledQuery>,
        columns: Vec<Column>,
        names: &Names<'_>,
        span: Span,
    ) -> Arc<Core> {
        let correlated = !names.mentioned.is_empty();
        let existence = matches!(question, Question::Exists | Question::In(_));
        let single = !correlated && !matches!(question, Question::In(_) | Question::Joined);
        let steps = plan(&tables, names, existence, single);
        let mut nodes: Vec<&Node> = Vec::new();
        for conjunct in &tables.conjuncts {
            match &conjunct.condition {
                Condition::Node(node) | Condition::Equals(node, ..) => nodes.push(node),
            }
        }
        let mut lookups: Vec<Arc<Lookup>> = Vec::new();
        let mut inputs: Vec<Arc<Input>> = Vec::new();
        for source in &tables.sources {
            match source {
                Source::Input(input) => add_inputs(&mut inputs, std::slice::from_ref(input)),
                Source::Query(lookup) => add_inputs(&mut inputs, lookup.inputs()),
            }
        }
        if let Some(select) = &select {
            nodes.extend(select.nodes());
        }
        let fresh = nodes.iter().any(|node| node.needs_ordinal());
        for lookup in nodes.iter().flat_map(|node| node.lookups()) {
            add_inputs(&mut inputs, lookup.inputs());
            lookups.push(lookup);
        }
        // What it is made of, beside the inputs' columns: with the same it would be the same.
        let around: Vec<_> = names
            .mentioned
            .iter()
            .map(|(_, column)| (&column.data_type, &column.collation))
            .collect();
        let given: Vec<_> = inputs.iter().map(Arc::as_ptr).collect();
        let seed = fresh.then_some(&self.settings.seed);
        let target = &self.target;
        let key = format!(
            "{span:?} {question:?} {around:?} {given:?} {steps:?} {select:?} {columns:?} {seed:?} {target:?}"
        );
        let first = inputs.first().cloned();
        let core = Core {
            span,
            question,
            source_of: source_of(names),
            sources: tables.sources,
            steps,
            select,
            columns,
            correlated,
            fresh,
            lookups,
            inputs,
            state: OnceLock::new(),
        };
        match first {
            Some(input) => input.shared(key, core),
            None => Arc::new(core),
        }
    }
}

fn source_of(names: &Names<'_>) -> Vec<(u32, u32)> {
    let mut slots = Vec::with_capacity(names.width());
    for (source, table) in names.tables.iter().enumerate() {
        let number = |n: usize| u32::try_from(n).unwrap_or(NONE);
        let columns = 0..table.columns.len();
        slots.extend(columns.map(|column| (number(source), number(column))));
    }
    slots
}

fn plan(tables: &Tables, names: &Names<'_>, existence: bool, single: bool) -> Steps {
    Planner {
        places: &tables.places,
        source_of: &source_of(names),
        conjuncts: &tables.conjuncts,
        existence,
        single,
    }
    .steps()
}

/// The columns of a result.
fn result_columns(select: &CompiledQuery, cells: &[Typed], want: &Want) -> Vec<Column> {
    let items = select.shown().zip(cells);
    items
        .map(|(item, cell)| {
            // A literal that is inserted takes the type of the column it comes to.
            let literal = matches!(want, Want::Rows) && item.untyped;
            let data_type = match &cell.data_type {
                _ if literal => DataType::Unknown,
                other => other.clone(),
            };
            Column {
                collation: item.collation.clone(),
                ..Column::new(&item.name, data_type)
            }
        })
        .collect()
}

impl Compiler<'_> {
    /// `(SELECT …)`, `EXISTS (SELECT …)`, `… IN (SELECT …)`.
    pub(in crate::expression) fn subquery(&mut self, expr: &Expr) -> Option<Typed> {
        let span = expr.span;
        let (query, want, negated) = match &expr.kind {
            ExprKind::Subquery(query) => (query, Want::Scalar, false),
            ExprKind::Exists { query, negated } => (query, Want::Exists, *negated),
            ExprKind::InQuery {
                exprs,
                query,
                negated,
            } => {
                let values: Vec<_> = exprs.iter().map(|expr| self.expr(expr)).collect();
                let values = values.into_iter().collect::<Option<Vec<_>>>()?;
                (query, Want::In(values, span), *negated)
            }
            _ => return None,
        };
        let mut faults = Vec::new();
        let mut builder = Builder::new(self.settings, &mut faults);
        builder.depth = self.depth + DEPTH;
        builder.target = self.target.clone();
        let built = match &self.grouping {
            Some(grouping) => {
                let mut scope = OverGroups {
                    keys: grouping.cells(),
                    scope: &mut *self.scope,
                };
                builder.lookup(query, want, &mut scope)
            }
            None => builder.lookup(query, want, &mut *self.scope),
        };
        self.faults.append(&mut faults);
        let (lookup, given) = built?;
        let (values, data_type, collation) = match given {
            Given::Nothing => (Vec::new(), DataType::Boolean, None),
            Given::Values(values) => (values, DataType::Boolean, None),
            Given::Item(item) => (Vec::new(), item.data_type, item.collation),
        };
        let node = Node::Lookup(Box::new(Asked {
            lookup,
            values,
            negated,
        }));
        Some(Typed::new(node, data_type, span).collated(collation))
    }
}
