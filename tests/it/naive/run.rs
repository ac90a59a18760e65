//! Running a rulebook over tables in memory, statement after statement.

use super::{Cell, Database, Row};
use crate::runner::KEY;
use scrub::expression::{
    self, Assignment, Compiled, Fault, FaultKind, Scope, Settings, compile_assignment,
    compile_condition, compile_query,
};
use scrub::functions::Key;
use scrub::rulebook::{
    self, Action, Expr, ExprKind, FromItem, Ident, Insert, InsertSource, Load, Query, Rulebook,
    SqlDialect, TableRef, Update,
};
use scrub::schema::{Column, DataType, Generated, Relation, RelationKind, RelationName};
use scrub::value::ValueError;
use std::sync::Arc;

/// What the statements found.
#[derive(Debug, Default)]
pub struct Results {
    /// The rows of all SELECTs, cells joined by `|` as psql prints them.
    pub selected: Vec<String>,
    /// For each statement, how many rows it chose (with INSERT: added or changed).
    pub matched: Vec<u64>,
}

/// Why a run stops; the same must stop the program.
type Stop = String;

/// A rulebook from its text.
pub fn load(rules: &str) -> Rulebook {
    let include = |_: &str| Err(std::io::ErrorKind::NotFound.into());
    rulebook::load(&Load {
        name: "rules",
        path: "rules.sql",
        text: rules,
        variables: &[],
        include: &include,
    })
    .unwrap_or_else(|faults| panic!("{faults}\n{rules}"))
}

fn settings() -> Settings {
    Settings {
        written_in: SqlDialect::Postgres,
        dump: SqlDialect::Postgres,
        linguistic: false,
        key: Arc::new(Key::new(KEY.as_bytes().to_vec())),
        now: 0,
        seed: String::new(),
        value: None,
        limit: None,
    }
}

/// The value of a column that nobody gives one: a constant, or the server's business.
pub fn default(column: &Column) -> Cell {
    if column.generated != Generated::No {
        return Cell::Server;
    }
    let Some(sql) = column.default.as_deref().or(column.data_type.default()) else {
        return Cell::Null;
    };
    let Ok(expr) = rulebook::parse_expression(sql, SqlDialect::Postgres) else {
        return Cell::Server;
    };
    let mut calls = false;
    rulebook::walk(&expr, &mut |node| {
        calls |= matches!(node.kind, ExprKind::Call { .. })
    });
    if calls {
        return Cell::Server;
    }
    let plain = Column {
        not_null: false,
        ..column.clone()
    };
    let typed = std::slice::from_ref(column);
    let compiled = compile_assignment(&expr, &plain, &mut Names::none(typed), &settings());
    compiled
        .ok()
        .and_then(|c| assigned(&c, &View::default()).ok())
        .unwrap_or(Cell::Server)
}

/// A row as expressions see it: every column's cell, the computed ones too.
#[derive(Debug, Default)]
struct View(Vec<Result<Option<Vec<u8>>, ValueError>>);

impl View {
    fn new(relation: &Relation, row: &Row) -> View {
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
                view.0[slot] = computed(sql, column, relation, &view);
            }
        }
        view
    }
}

/// The value of a generated column.
fn computed(
    sql: &str,
    column: &Column,
    relation: &Relation,
    view: &View,
) -> Result<Option<Vec<u8>>, ValueError> {
    let expr = rulebook::parse_expression(sql, SqlDialect::Postgres).map_err(ValueError::new)?;
    let column = Column {
        generated: Generated::No,
        ..column.clone()
    };
    let compiled = compile_assignment(
        &expr,
        &column,
        &mut Names::of(&relation.columns),
        &settings(),
    );
    let compiled = compiled.map_err(|faults| ValueError::new(told(faults)))?;
    Ok(compiled.eval(view)?.map(|text| text.into_owned()))
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

/// What names mean: a table's columns, and behind them the same once more as `excluded`.
struct Names<'a> {
    columns: &'a [Column],
    /// Their types are the user-defined ones that a cast can name.
    typed: &'a [Column],
}

impl<'a> Names<'a> {
    fn of(columns: &'a [Column]) -> Self {
        let typed = columns;
        Names { columns, typed }
    }

    fn none(typed: &'a [Column]) -> Self {
        Names {
            columns: &[],
            typed,
        }
    }
}

impl Scope for Names<'_> {
    fn column(&mut self, table: Option<&Ident>, column: &Ident) -> Result<(usize, Column), String> {
        let slot = place(self.columns, column)?;
        let excluded = table.is_some_and(|table| table.text.eq_ignore_ascii_case("excluded"));
        let offset = if excluded { self.columns.len() } else { 0 };
        Ok((slot + offset, self.columns[slot].clone()))
    }

    fn data_type(&mut self, name: &str) -> Option<DataType> {
        let mut types = self.typed.iter().map(|column| &column.data_type);
        let named = types.find(|data_type| match data_type {
            DataType::Enum(labels) => labels.name == name,
            DataType::Domain(domain) => domain.name == name,
            _ => false,
        });
        named.cloned()
    }
}

fn place(columns: &[Column], ident: &Ident) -> Result<usize, String> {
    let found = columns.iter().position(|column| means(ident, &column.name));
    found.ok_or_else(|| format!("no column {}", ident.text))
}

/// Does the identifier mean this name? A quoted one may be a pattern.
fn means(ident: &Ident, name: &str) -> bool {
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

fn told(faults: Vec<Fault>) -> String {
    faults
        .into_iter()
        .map(|fault| fault.message)
        .collect::<Vec<_>>()
        .join("; ")
}

fn condition(filter: Option<&Expr>, columns: &[Column]) -> Result<Option<Compiled>, Stop> {
    let compile =
        |expr| compile_condition(expr, &mut Names::of(columns), &settings()).map_err(told);
    filter.map(compile).transpose()
}

fn chosen(filter: &Option<Compiled>, view: &View) -> Result<bool, Stop> {
    filter
        .as_ref()
        .map_or(Ok(true), |filter| filter.is_true(view))
        .map_err(|e| e.to_string())
}

fn assigned(assignment: &Assignment, view: &View) -> Result<Cell, Stop> {
    let text = assignment.eval(view).map_err(|e| e.to_string())?;
    Ok(text.map_or(Cell::Null, |text| Cell::Text(text.into_owned())))
}

/// Where a column's cell stands in a row, which has none for computed columns.
fn cell_of(relation: &Relation, slot: usize) -> usize {
    let computed = relation.columns[..slot]
        .iter()
        .filter(|c| c.generated.is_computed());
    slot - computed.count()
}

impl Database {
    /// Runs a rulebook.
    ///
    /// # Errors
    /// Where the database would have stopped, or the program must.
    pub fn run(&mut self, book: &Rulebook) -> Result<Results, Stop> {
        let mut results = Results::default();
        for statement in &book.statements {
            if statement.optional && !self.has_table(&statement.action) {
                results.matched.push(0);
                continue;
            }
            let matched = match &statement.action {
                Action::Update(update) => self.update(update)?,
                Action::Delete(delete) => self.delete(&delete.table, delete.filter.as_ref())?,
                Action::Truncate(tables) => tables
                    .iter()
                    .map(|table| self.delete(table, None))
                    .sum::<Result<u64, Stop>>()?,
                Action::Insert(insert) => self.insert(insert)?,
                Action::Select(query) => self.select(query, &mut results.selected)?,
                Action::Grant { .. } => 0,
                Action::Gexec(_) | Action::DropUser(_) => return Err("not interpreted".to_owned()),
            };
            results.matched.push(matched);
        }
        Ok(results)
    }

    /// Has the statement a table? Only asked of those that may lack one.
    fn has_table(&self, action: &Action) -> bool {
        match action {
            Action::Update(update) => self.meant(&update.table).is_ok(),
            Action::Delete(delete) => self.meant(&delete.table).is_ok(),
            _ => true,
        }
    }

    /// The relations whose rows a statement means: those it names and what is below them.
    fn meant(&self, table: &TableRef) -> Result<Vec<Relation>, Stop> {
        let named: Vec<&Relation> = self
            .catalog
            .relations
            .values()
            .filter(|r| matches!(r.kind, RelationKind::Table | RelationKind::Partitioned))
            .filter(|r| means(&table.name, &r.name.name))
            .filter(|r| match (&table.schema, &r.name.schema) {
                (Some(wanted), Some(schema)) => means(wanted, schema),
                _ => true,
            })
            .collect();
        let mut meant: Vec<Relation> = Vec::new();
        for relation in &named {
            let below = if table.only {
                Vec::new()
            } else {
                self.catalog.descendants(&relation.name)
            };
            for one in std::iter::once(*relation).chain(below) {
                if !meant.iter().any(|known| known.name == one.name) {
                    meant.push(one.clone());
                }
            }
        }
        if meant.is_empty() {
            Err(format!("no table {}", table.name.text))
        } else {
            Ok(meant)
        }
    }

    fn update(&mut self, update: &Update) -> Result<u64, Stop> {
        let mut matched = 0;
        for relation in self.meant(&update.table)? {
            let columns = &relation.columns;
            let filter = condition(update.filter.as_ref(), columns)?;
            let mut assignments = Vec::new();
            for assignment in &update.assignments {
                if assignment.column.is_pattern() {
                    assignments.extend(pattern(columns, &assignment.column, &assignment.value)?);
                } else {
                    let slot = place(columns, &assignment.column)?;
                    let scope = &mut Names::of(columns);
                    let compiled =
                        compile_assignment(&assignment.value, &columns[slot], scope, &settings());
                    assignments.push((slot, compiled.map_err(told)?));
                }
            }
            if assignments.is_empty() {
                continue;
            }
            for row in &mut self.tables[&relation.name] {
                let view = View::new(&relation, row);
                if !chosen(&filter, &view)? {
                    continue;
                }
                matched += 1;
                for (slot, assignment) in &assignments {
                    row[cell_of(&relation, *slot)] = assigned(assignment, &view)?;
                }
            }
        }
        Ok(matched)
    }

    fn delete(&mut self, table: &TableRef, filter: Option<&Expr>) -> Result<u64, Stop> {
        let mut matched = 0;
        for relation in self.meant(table)? {
            let filter = condition(filter, &relation.columns)?;
            let mut kept = Vec::new();
            for row in std::mem::take(&mut self.tables[&relation.name]) {
                if chosen(&filter, &View::new(&relation, &row))? {
                    matched += 1;
                } else {
                    kept.push(row);
                }
            }
            self.tables[&relation.name] = kept;
        }
        Ok(matched)
    }

    fn insert(&mut self, insert: &Insert) -> Result<u64, Stop> {
        let relation = self.meant(&insert.table)?.swap_remove(0);
        let rows = match &insert.source {
            InsertSource::Values(rows) => rows.as_slice(),
            InsertSource::DefaultValues => &[vec![]],
            InsertSource::Query(_) => return Err("INSERT … SELECT is not interpreted".to_owned()),
        };
        let mut changed = 0;
        for values in rows {
            let row = new_row(&relation, insert, values)?;
            if insert.on_conflict.is_some()
                && let Some((table, number)) = self.conflict(&relation, insert, &row)?
            {
                changed += self.upsert(&relation, insert, &row, &table, number)?;
                continue;
            }
            self.tables[&relation.name].push(row);
            changed += 1;
        }
        Ok(changed)
    }

    /// The row that has the new row's key: its table and number. Keys are compared as text forms,
    /// which is right for the types that keys have here.
    fn conflict(
        &self,
        relation: &Relation,
        insert: &Insert,
        new: &Row,
    ) -> Result<Option<(RelationName, usize)>, Stop> {
        let target = insert.on_conflict.iter().flat_map(|clause| &clause.target);
        let key = target
            .map(|ident| place(&relation.columns, ident))
            .collect::<Result<Vec<_>, _>>()?;
        let below = self.catalog.descendants(&relation.name);
        let partitions = below.into_iter().filter(|r| r.partition_of.is_some());
        let mut met = None;
        for part in std::iter::once(relation).chain(partitions) {
            for (number, row) in self.tables[&part.name].iter().enumerate() {
                let mut same = true;
                for slot in &key {
                    let place = place_of(part, &relation.columns[*slot].name);
                    let (old, new) = (&row[cell_of(part, place)], &new[cell_of(relation, *slot)]);
                    if *old == Cell::Server || *new == Cell::Server {
                        return Err("only the server knows a key".to_owned());
                    }
                    same &= old == new && *old != Cell::Null;
                }
                if same {
                    met = Some((part.name.clone(), number));
                }
            }
        }
        Ok(met)
    }

    /// `DO NOTHING` or `DO UPDATE` for a row that is there.
    fn upsert(
        &mut self,
        relation: &Relation,
        insert: &Insert,
        new: &Row,
        table: &RelationName,
        number: usize,
    ) -> Result<u64, Stop> {
        let part = self.relation(table).clone();
        assert_eq!(
            part.columns.len(),
            relation.columns.len(),
            "columns of a partition"
        );
        let clause = insert.on_conflict.as_ref().expect("called with the clause");
        if clause.assignments.is_empty() {
            return Ok(0);
        }
        let mut view = View::new(&part, &self.tables[table][number]);
        view.0.extend(View::new(relation, new).0);
        if !chosen(&condition(clause.filter.as_ref(), &part.columns)?, &view)? {
            return Ok(0);
        }
        for assignment in &clause.assignments {
            let slot = place(&part.columns, &assignment.column)?;
            let scope = &mut Names::of(&part.columns);
            let compiled =
                compile_assignment(&assignment.value, &part.columns[slot], scope, &settings());
            let cell = assigned(&compiled.map_err(told)?, &view)?;
            self.tables[table][number][cell_of(&part, slot)] = cell;
        }
        Ok(1)
    }

    fn select(&self, query: &Query, selected: &mut Vec<String>) -> Result<u64, Stop> {
        let Some(FromItem::Table(table)) = query.from.first().map(|from| &from.first) else {
            return Err("a SELECT without a table is not interpreted".to_owned());
        };
        let meant = self.meant(table)?;
        let named = &meant[0];
        let stars: Vec<(String, usize, Column)> = named
            .columns
            .iter()
            .enumerate()
            .map(|(slot, column)| (column.name.clone(), slot, column.clone()))
            .collect();
        let compiled = compile_query(query, &stars, &mut Names::of(&named.columns), &settings())
            .map_err(told)?;
        let mut partial = compiled.partial();
        let mut matched = 0;
        for relation in &meant {
            for row in &self.tables[&relation.name] {
                let mut all = View::new(relation, row).0;
                let cells = named.columns.iter().map(|column| {
                    let absent = Err(ValueError::new("read twice"));
                    std::mem::replace(&mut all[place_of(relation, &column.name)], absent)
                });
                let view = View(cells.collect());
                matched += u64::from(
                    partial
                        .update(&compiled, &view)
                        .map_err(|e| e.to_string())?,
                );
            }
        }
        let result = compiled.finish(Some(partial)).map_err(|e| e.to_string())?;
        let line = |row: &Vec<Option<String>>| {
            row.iter()
                .map(|cell| cell.as_deref().unwrap_or("NULL"))
                .collect::<Vec<_>>()
                .join("|")
        };
        selected.extend(result.rows.iter().map(line));
        Ok(matched)
    }
}

fn place_of(relation: &Relation, column: &str) -> usize {
    relation
        .position(column)
        .expect("a child has the columns of its parent")
}

/// The assignments to all columns that a pattern means.
fn pattern(
    columns: &[Column],
    ident: &Ident,
    value: &Expr,
) -> Result<Vec<(usize, Assignment)>, Stop> {
    let mut out = Vec::new();
    for (slot, column) in columns.iter().enumerate() {
        let any = ident.text == "*" && !column.data_type.holds_text();
        if any || column.generated.is_computed() || !means(ident, &column.name) {
            continue;
        }
        let settings = Settings {
            value: Some((slot, column.clone())),
            ..settings()
        };
        match compile_assignment(value, column, &mut Names::of(columns), &settings) {
            Ok(compiled) => out.push((slot, compiled)),
            Err(faults) if faults.iter().all(|fault| fault.kind == FaultKind::Type) => {}
            Err(faults) => return Err(told(faults)),
        }
    }
    Ok(out)
}

/// The row that one entry of VALUES makes.
fn new_row(relation: &Relation, insert: &Insert, values: &[Expr]) -> Result<Row, Stop> {
    let mut given: Vec<Option<&Expr>> = vec![None; relation.columns.len()];
    for (number, value) in values.iter().enumerate() {
        let slot = match insert.columns.get(number) {
            Some(ident) => place(&relation.columns, ident)?,
            None => number,
        };
        given[slot] = Some(value).filter(|value| !matches!(value.kind, ExprKind::Default));
    }
    let mut row = Row::new();
    for (column, value) in relation.columns.iter().zip(given) {
        if column.generated.is_computed() {
            continue;
        }
        // What is given is taken, also for an identity: the rules write OVERRIDING SYSTEM VALUE.
        let plain = Column {
            generated: Generated::No,
            ..column.clone()
        };
        let cell = match value {
            None => default(column),
            Some(expr) => {
                let typed = std::slice::from_ref(column);
                let compiled =
                    compile_assignment(expr, &plain, &mut Names::none(typed), &settings());
                assigned(&compiled.map_err(told)?, &View::default())?
            }
        };
        if cell == Cell::Null
            && (column.not_null || matches!(&column.data_type, DataType::Domain(d) if d.not_null))
        {
            return Err(format!("column {} must not be NULL", column.name));
        }
        row.push(cell);
    }
    Ok(row)
}
