//! What names mean while the naive interpreter compiles a scalar expression, and the row it reads.

use super::{Database, Row, Stop};
use crate::runner::KEY;
use scrub::expression::{
    self, Assignment, Compiled, Fault, Scope, Settings, compile, compile_assignment,
    compile_condition,
};
use scrub::functions::Key;
use scrub::rulebook::{self, Expr, ExprKind, Ident, Span};
use scrub::schema::{Column, DataType, Generated, Relation};
use scrub::value::ValueError;
use std::sync::Arc;

use super::Cell;

/// The text form of a cell; none is NULL.
pub type Text = Option<Vec<u8>>;

impl Database {
    /// The settings of every expression.
    pub fn settings(&self) -> Settings {
        Settings {
            written_in: self.written_in,
            dump: self.system,
            linguistic: false,
            key: Arc::new(Key::new(KEY.as_bytes().to_vec())),
            now: 0,
            seed: String::new(),
            value: None,
            limit: None,
        }
    }
}

/// A table of FROM, or the one that a statement changes.
#[derive(Debug, Clone)]
pub struct Source {
    /// What its columns can be qualified with.
    pub label: String,
    pub columns: Vec<Column>,
}

/// A row as expressions see it: the cells of all sources, one after the other.
#[derive(Debug, Clone, Default)]
pub struct View(pub Vec<Result<Text, ValueError>>);

impl View {
    /// A row of a relation: every column's cell, the computed ones too.
    pub fn new(database: &Database, relation: &Relation, row: &Row) -> View {
        let mut cells = row.iter();
        let cells = relation.columns.iter().map(|column| {
            if column.generated.is_computed() {
                return Err(ValueError::new(
                    "a generated column reads a generated column",
                ));
            }
            match cells.next() {
                Some(Cell::Null) => Ok(None),
                Some(Cell::Text(text)) => Ok(Some(text.clone())),
                Some(Cell::Server) | None => Err(ValueError::new("only the server knows the cell")),
            }
        });
        let mut view = View(cells.collect());
        for (slot, column) in relation.columns.iter().enumerate() {
            if let Generated::Stored(sql) | Generated::Virtual(sql) = &column.generated {
                view.0[slot] = computed(database, sql, column, relation, &view)
                    .map_err(|stop| ValueError::new(stop.to_string()));
            }
        }
        view
    }

    /// A row of nothing but NULL.
    pub fn null(sources: &[Source]) -> View {
        let width = sources.iter().map(|source| source.columns.len()).sum();
        View(vec![Ok(None); width])
    }

    /// This row and another beside it.
    pub fn and(&self, other: &View) -> View {
        View(self.0.iter().chain(&other.0).cloned().collect())
    }
}

/// The value of a generated column.
fn computed(
    database: &Database,
    sql: &str,
    column: &Column,
    relation: &Relation,
    view: &View,
) -> Result<Text, Stop> {
    let expr = rulebook::parse_expression(sql, database.system)?;
    let sources = [Source {
        label: relation.name.name.clone(),
        columns: relation.columns.clone(),
    }];
    let compiled = Names::of(database, &sources).assignment(&expr, &plain(column))?;
    Ok(compiled.eval(view)?.map(|text| text.into_owned()))
}

/// The column as one that can be given any value, NULL too.
pub fn plain(column: &Column) -> Column {
    Column {
        not_null: false,
        generated: Generated::No,
        ..column.clone()
    }
}

impl expression::Row for View {
    fn cell(&self, slot: usize) -> Result<Option<&[u8]>, ValueError> {
        match &self.0[slot] {
            Ok(cell) => Ok(cell.as_deref()),
            Err(error) => Err(error.clone()),
        }
    }

    fn ordinal(&self) -> u64 {
        0
    }
}

/// The rows around a subquery: those of the query or statement in which it stands, and so on outwards.
#[derive(Debug, Clone, Copy)]
pub struct Outer<'e> {
    pub sources: &'e [Source],
    pub view: &'e View,
    pub outer: Option<&'e Outer<'e>>,
}

impl Outer<'_> {
    /// The value of an outer column as a literal; none if no query around has it.
    pub fn literal(&self, table: Option<&Ident>, column: &Ident) -> Result<Option<Expr>, Stop> {
        match find(self.sources, table, column)? {
            Some((slot, column)) => {
                let cell = self.view.0[slot].clone()?;
                Ok(Some(literal(cell, &column.data_type)))
            }
            None => self
                .outer
                .map_or(Ok(None), |outer| outer.literal(table, column)),
        }
    }
}

/// The slot of a column among sources.
pub fn find<'s>(
    sources: &'s [Source],
    table: Option<&Ident>,
    column: &Ident,
) -> Result<Option<(usize, &'s Column)>, Stop> {
    let mut found = None;
    let mut offset = 0;
    for source in sources {
        if table.is_none_or(|table| means(table, &source.label))
            && let Some(at) = source.columns.iter().position(|c| means(column, &c.name))
        {
            if found.is_some() {
                return Err(format!("column {} is ambiguous", column.text).into());
            }
            found = Some((offset + at, &source.columns[at]));
        }
        offset += source.columns.len();
    }
    Ok(found)
}

/// What names mean: the columns of some sources, and values that stand behind their cells.
pub struct Names<'e> {
    database: &'e Database,
    sources: &'e [Source],
    /// Columns behind those of the sources, named by [`Names::extra`].
    extras: Vec<Column>,
}

impl<'e> Names<'e> {
    pub fn of(database: &'e Database, sources: &'e [Source]) -> Self {
        Names {
            database,
            sources,
            extras: Vec::new(),
        }
    }

    /// Another cell behind the row's; what the expression has to say for it.
    pub fn extra(&mut self, data_type: DataType) -> Expr {
        let name = format!("?{}", self.extras.len());
        self.extras.push(Column::new(&name, data_type));
        column(None, &name)
    }

    pub fn value(&mut self, expr: &Expr) -> Result<Compiled, Stop> {
        let settings = self.database.settings();
        compile(expr, self, &settings).map_err(told)
    }

    pub fn condition(&mut self, expr: &Expr) -> Result<Compiled, Stop> {
        let settings = self.database.settings();
        compile_condition(expr, self, &settings).map_err(told)
    }

    pub fn assignment(&mut self, expr: &Expr, column: &Column) -> Result<Assignment, Stop> {
        let settings = self.database.settings();
        compile_assignment(expr, column, self, &settings).map_err(told)
    }
}

impl Scope for Names<'_> {
    fn column(&mut self, table: Option<&Ident>, column: &Ident) -> Result<(usize, Column), String> {
        if let Some(at) = self
            .extras
            .iter()
            .position(|extra| extra.name == column.text)
        {
            let width: usize = self.sources.iter().map(|s| s.columns.len()).sum();
            return Ok((width + at, self.extras[at].clone()));
        }
        let found = find(self.sources, table, column).map_err(|stop| stop.to_string())?;
        let (slot, found) = found.ok_or_else(|| format!("no column {}", column.text))?;
        Ok((slot, found.clone()))
    }

    fn data_type(&mut self, name: &str) -> Option<DataType> {
        let named = self.database.catalog.types.values().find(|data_type| {
            let known = match data_type {
                DataType::Enum(labels) => &labels.name,
                DataType::Domain(domain) => &domain.name,
                _ => return false,
            };
            known == name
        });
        named.cloned()
    }
}

/// An expression that nobody wrote.
pub fn expr(kind: ExprKind) -> Expr {
    let span = Span::default();
    Expr { kind, span }
}

/// A column by its exact name.
pub fn column(table: Option<&str>, name: &str) -> Expr {
    let ident = |text: &str| Ident {
        text: text.to_owned(),
        quoted: true,
        span: Span::default(),
    };
    expr(ExprKind::Column {
        table: table.map(ident),
        column: ident(name),
    })
}

/// A value of a type, as an expression.
pub fn literal(cell: Text, data_type: &DataType) -> Expr {
    let text = match cell {
        None => expr(ExprKind::Null),
        Some(text) => expr(ExprKind::String(
            String::from_utf8(text).expect("text in UTF-8"),
        )),
    };
    match expression::type_name(data_type) {
        Some(name) => expr(ExprKind::Cast(Box::new(text), name)),
        None => text,
    }
}

/// Does the identifier mean this name? A quoted one may be a pattern.
pub fn means(ident: &Ident, name: &str) -> bool {
    if ident.is_pattern() {
        like(&ident.text.to_lowercase(), &name.to_lowercase())
    } else if ident.quoted {
        ident.text == name
    } else {
        ident.text.to_lowercase() == name.to_lowercase()
    }
}

fn like(pattern: &str, name: &str) -> bool {
    match pattern.chars().next() {
        None => name.is_empty(),
        Some('*') => (0..=name.len())
            .filter(|at| name.is_char_boundary(*at))
            .any(|at| like(&pattern[1..], &name[at..])),
        Some(c) => name
            .strip_prefix(c)
            .is_some_and(|rest| like(&pattern[c.len_utf8()..], rest)),
    }
}

pub fn told(faults: Vec<Fault>) -> Stop {
    let messages = faults.into_iter().map(|fault| fault.message);
    messages.collect::<Vec<_>>().join("; ").into()
}

/// The value of a column that nobody gives one: a constant, or the server's business.
pub fn default(database: &Database, column: &Column) -> Cell {
    if column.generated != Generated::No {
        return Cell::Server;
    }
    let Some(sql) = column.default.as_deref().or(column.data_type.default()) else {
        return Cell::Null;
    };
    let Ok(expr) = rulebook::parse_expression(sql, database.system) else {
        return Cell::Server;
    };
    let mut calls = false;
    rulebook::walk(&expr, &mut |node| {
        calls |= matches!(node.kind, ExprKind::Call { .. })
    });
    if calls {
        return Cell::Server;
    }
    let compiled = Names::of(database, &[]).assignment(&expr, &plain(column));
    compiled
        .ok()
        .and_then(|c| assigned(&c, &View::default()).ok())
        .unwrap_or(Cell::Server)
}

pub fn assigned(assignment: &Assignment, view: &View) -> Result<Cell, Stop> {
    let text = assignment.eval(view)?;
    Ok(text.map_or(Cell::Null, |text| Cell::Text(text.into_owned())))
}

/// Where a column's cell stands in a row, which has none for computed columns.
pub fn cell_of(relation: &Relation, slot: usize) -> usize {
    let computed = relation.columns[..slot]
        .iter()
        .filter(|c| c.generated.is_computed());
    slot - computed.count()
}

/// The column's place in a relation.
pub fn place(columns: &[Column], ident: &Ident) -> Result<usize, Stop> {
    let found = columns.iter().position(|column| means(ident, &column.name));
    found.ok_or_else(|| format!("no column {}", ident.text).into())
}

impl Database {
    /// The source that a relation is, under a label.
    pub fn source(label: &str, relation: &Relation) -> Source {
        Source {
            label: label.to_owned(),
            columns: relation.columns.clone(),
        }
    }
}
