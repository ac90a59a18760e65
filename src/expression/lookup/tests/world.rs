//! Tables by name, and a row of one of them as the outer row.

use crate::expression::testing::{parse, postgres, select};
use crate::expression::types;
use crate::expression::*;
use crate::rulebook::{ExprKind, Query, Span, TableRef, naming};
use crate::value;
use std::collections::HashMap;

/// A table: its columns and rows.
#[derive(Debug, Clone)]
pub struct Stored {
    pub name: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Option<String>>>,
}

#[derive(Debug, Default)]
pub struct World {
    pub tables: Vec<Stored>,
    /// Its rows are the outer rows.
    pub outer: Option<usize>,
    /// Of the tables that were asked for: their inputs, complete or not.
    pub inputs: HashMap<Span, Arc<Input>>,
    /// Do the rows come at once?
    pub complete: bool,
    /// Conjuncts, as text, that the inputs decide.
    pub decided: Vec<Span>,
}

/// `name(column type, …): cell|cell; cell|cell`, with `-` for NULL.
pub fn stored(text: &str) -> Stored {
    let (head, rows) = text.split_once(':').unwrap();
    let (name, columns) = head
        .trim()
        .strip_suffix(')')
        .unwrap()
        .split_once('(')
        .unwrap();
    let columns = columns.replace("char(", "char[");
    let columns: Vec<Column> = columns
        .split(',')
        .map(|column| {
            let (name, kind) = column.trim().split_once(' ').unwrap();
            let cast = parse(
                &format!("NULL::{}", kind.replace("char[", "char(")),
                SqlDialect::Postgres,
            );
            let ExprKind::Cast(_, type_name) = &cast.kind else {
                panic!("{kind}")
            };
            let mut scope = World::default();
            Column::new(name, types::resolve(type_name, &mut scope).unwrap())
        })
        .collect();
    let cell = |(cell, column): (&str, &Column)| {
        let cell = cell.trim();
        (cell != "-").then(|| match column.data_type {
            DataType::Char(n, _) => format!("{cell:0$}", n as usize),
            _ => cell.trim_matches('\'').to_owned(),
        })
    };
    Stored {
        rows: rows
            .split(';')
            .map(str::trim)
            .filter(|row| !row.is_empty())
            .map(|row| row.split('|').zip(&columns).map(cell).collect())
            .collect(),
        name: name.trim().to_owned(),
        columns,
    }
}

impl World {
    pub fn new(tables: &[&str]) -> World {
        World {
            tables: tables.iter().map(|text| stored(text)).collect(),
            outer: Some(0),
            complete: true,
            ..World::default()
        }
    }

    /// The same without a row around.
    pub fn alone(tables: &[&str]) -> World {
        World {
            outer: None,
            ..World::new(tables)
        }
    }

    fn outer(&self) -> &Stored {
        &self.tables[self.outer.unwrap()]
    }

    pub fn rows(&self) -> Vec<OuterRow> {
        let rows = self.outer().rows.iter().enumerate();
        rows.map(|(at, row)| OuterRow(at as u64, row.clone()))
            .collect()
    }

    /// The expression's text form for each outer row, or the message of the first error.
    pub fn eval(&mut self, text: &str) -> Result<String, String> {
        let expr = parse(text, SqlDialect::Postgres);
        let compiled = compile(&expr, self, &postgres()).map_err(|f| f[0].message.clone())?;
        for lookup in compiled.lookups() {
            lookup.prepare().map_err(|e| e.to_string())?;
        }
        let mut results = Vec::new();
        for row in self.rows() {
            let value = compiled.eval(&row).map_err(|e| e.to_string())?;
            results.push(shown(&value, &compiled.data_type));
        }
        Ok(results.join(" "))
    }

    pub fn lookup(&mut self, text: &str) -> Result<Arc<Lookup>, String> {
        let query: Query = select(text, SqlDialect::Postgres);
        let lookup = compile_lookup(&query, self, &postgres()).map_err(|f| f[0].message.clone())?;
        if self.complete {
            lookup.prepare().map_err(|e| e.to_string())?;
        }
        Ok(lookup)
    }

    /// The rows of a SELECT that stands by itself.
    pub fn table(&mut self, text: &str) -> Result<String, String> {
        let table = self.lookup(text)?.table().map_err(|e| e.to_string())?;
        let row = |row: &Vec<Option<String>>| {
            let cells = row.iter().map(|c| c.as_deref().unwrap_or("-"));
            cells.collect::<Vec<_>>().join("|")
        };
        let rows: Vec<String> = table.rows.iter().map(row).collect();
        Ok(format!("{}: {}", table.columns.join("|"), rows.join(" ")))
    }
}

pub fn shown(value: &value::Value<'_>, data_type: &DataType) -> String {
    let mut out = Vec::new();
    if value.is_null() {
        return "-".to_owned();
    }
    value::write(value, data_type, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

pub struct OuterRow(u64, Vec<Option<String>>);

impl Row for OuterRow {
    fn cell(&self, slot: usize) -> Result<Option<&[u8]>, ValueError> {
        Ok(self.1[slot].as_deref().map(str::as_bytes))
    }
    fn ordinal(&self) -> u64 {
        self.0
    }
}

impl Scope for World {
    fn column(&mut self, table: Option<&Ident>, column: &Ident) -> Result<(usize, Column), String> {
        let missing = || format!("there is no column {}", column.text);
        let outer = self.outer.map(|at| &self.tables[at]).ok_or_else(missing)?;
        if table.is_some_and(|table| !naming::names(table, &outer.name)) {
            return Err(format!("there is no table {}", table.unwrap().text));
        }
        let at = naming::column(column, outer.columns.iter().map(|c| c.name.as_str()))?;
        Ok((at, outer.columns[at].clone()))
    }

    fn table(&mut self, table: &TableRef) -> Result<Arc<Input>, String> {
        if let Some(input) = self.inputs.get(&table.name.span) {
            return Ok(input.clone());
        }
        let found = self
            .tables
            .iter()
            .find(|t| naming::names(&table.name, &t.name));
        let found = found.ok_or_else(|| format!("there is no table {}", table.name.text))?;
        let input = Input::new(&found.name, found.columns.clone()).deciding(self.decided.clone());
        if self.complete {
            input.complete(found.packed());
        }
        let input = Arc::new(input);
        self.inputs.insert(table.name.span, input.clone());
        Ok(input)
    }
}

impl Stored {
    pub fn packed(&self) -> Rows {
        let mut rows = Rows::new(self.columns.len());
        for row in &self.rows {
            rows.push(row.iter().map(|cell| cell.as_deref().map(str::as_bytes)));
        }
        rows
    }
}
