//! Running a rulebook over tables in memory, statement after statement.
//!
//! A statement first finds out what it would change, with every table as the statement before left
//! it; then all its changes are made at once.

use super::foreign::{At, Change};
use super::named::tables_of;
use super::query::has_subquery;
use super::scope::{
    Names, Source, View, assigned, cell_of, default, literal, means, place, plain, told,
};
use super::{Cell, Database, Row, Stop, StopKind};
use scrub::expression::{Assignment, FaultKind, compile_assignment};
use scrub::rulebook::{
    self, Action, Delete, Expr, ExprKind, Ident, Insert, InsertSource, Load, Rulebook, Statement,
    TableRef, Update,
};
use scrub::schema::{Column, DataType, Relation, RelationKind};

/// What the statements found.
#[derive(Debug, Default)]
pub struct Results {
    /// The rows of all SELECTs, cells joined by `|` as psql prints them.
    pub selected: Vec<String>,
    /// For each statement, how many rows it chose (with INSERT: added or changed).
    pub matched: Vec<u64>,
    /// The `:test`s that found rows.
    pub failed: Vec<String>,
}

/// A rulebook from its text.
pub fn load(rules: &str) -> Rulebook {
    parsed(rules).unwrap_or_else(|faults| panic!("{faults}\n{rules}"))
}

/// The same, if it is one.
pub fn parsed(rules: &str) -> Result<Rulebook, String> {
    let include = |_: &str| Err(std::io::ErrorKind::NotFound.into());
    rulebook::load(&Load {
        name: "rules",
        path: "rules.sql",
        text: rules,
        variables: &[],
        include: &include,
    })
    .map_err(|faults| faults.to_string())
}

impl Database {
    /// Runs a rulebook.
    ///
    /// # Errors
    /// Where the database would have stopped, or the program must.
    pub fn run(&mut self, book: &Rulebook) -> Result<Results, Stop> {
        let mut results = Results::default();
        self.written_in = book.dialect;
        for statement in &book.statements {
            let wanted = statement
                .with_target
                .is_none_or(|with| with == self.target.is_some());
            let mut matched = 0;
            if wanted {
                let schemas = self.schemas(statement)?;
                for schema in schemas {
                    self.schema = schema;
                    matched += self.statement(statement, &mut results)?;
                }
                self.schema = None;
            }
            results.matched.push(matched);
        }
        Ok(results)
    }

    /// The schemas for which a statement runs: once if it qualifies all its tables, else for each
    /// schema that has all tables without one.
    fn schemas(&self, statement: &Statement) -> Result<Vec<Option<String>>, Stop> {
        let mut named = Vec::new();
        tables_of(&statement.action, &mut named);
        let (bare, full): (Vec<&TableRef>, Vec<_>) = named
            .into_iter()
            .filter(|table| !table.target)
            .partition(|table| table.schema.is_none());
        let mut missing = full.iter().find(|table| self.meant(table).is_err());
        let mut schemas = vec![None];
        if bare.iter().any(|table| table.name.is_pattern()) {
            // A pattern means tables of all schemas; it stands alone.
            missing = missing.or(bare.iter().find(|table| self.meant(table).is_err()));
        } else if !bare.is_empty() {
            let all = self
                .catalog
                .relations
                .keys()
                .map(|name| name.schema.clone());
            let mut all: Vec<_> = all.collect();
            all.sort();
            all.dedup();
            let has = |schema: &Option<String>| {
                bare.iter().all(|table| {
                    let mut relations = self.catalog.relations.values();
                    relations.any(|r| r.name.schema == *schema && means(&table.name, &r.name.name))
                })
            };
            schemas = all.into_iter().filter(has).collect();
            missing = missing.or(bare.first().filter(|_| schemas.is_empty()));
        }
        match missing {
            Some(_) if statement.optional => Ok(Vec::new()),
            Some(table) => Err(format!("no table {}", table.name.text).into()),
            None => Ok(schemas),
        }
    }

    fn statement(&mut self, statement: &Statement, results: &mut Results) -> Result<u64, Stop> {
        match &statement.action {
            Action::Update(update) => self.update(update),
            Action::Delete(delete) => self.delete(delete),
            Action::Truncate(tables) => self.truncate(tables),
            Action::Insert(insert) => self.insert(insert),
            Action::Select(query) => {
                let found = self.query(query, None)?;
                if statement.test && !found.rows.is_empty() {
                    results.failed.push(statement.name.clone());
                }
                results.selected.extend(found.rows.iter().map(|row| {
                    let cells = row.iter().map(|cell| match cell {
                        None => "NULL".into(),
                        Some(text) => String::from_utf8_lossy(text),
                    });
                    cells.collect::<Vec<_>>().join("|")
                }));
                Ok(found.matched)
            }
            Action::Gexec(query) => {
                let found = self.query(query, None)?;
                let matched = found.rows.len() as u64;
                for text in found.rows.into_iter().flatten().flatten() {
                    let text = String::from_utf8(text).expect("UTF-8");
                    let inner = self.run(&parsed(&text)?)?;
                    results.selected.extend(inner.selected);
                }
                Ok(matched)
            }
            Action::Grant { .. } => Ok(0),
            Action::DropUser(_) => Err("not interpreted".to_owned().into()),
        }
    }

    /// The relations whose rows a statement means: those it names and what is below them.
    pub fn meant(&self, table: &TableRef) -> Result<Vec<Relation>, Stop> {
        let named: Vec<&Relation> = self
            .catalog
            .relations
            .values()
            .filter(|r| matches!(r.kind, RelationKind::Table | RelationKind::Partitioned))
            .filter(|r| means(&table.name, &r.name.name))
            .filter(|r| match (&table.schema, &self.schema, &r.name.schema) {
                (Some(wanted), _, Some(schema)) => means(wanted, schema),
                (None, Some(current), Some(schema)) => current == schema,
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
            Err(format!("no table {}", table.name.text).into())
        } else {
            Ok(meant)
        }
    }

    /// The rows that a statement joins to a row of its table: none, one or several.
    fn matches(
        &self,
        source: &Source,
        row: &View,
        beside: &(Vec<Source>, Vec<View>),
        filter: Option<&Expr>,
    ) -> Result<(Vec<Source>, Vec<View>), Stop> {
        let mut sources = vec![source.clone()];
        sources.extend(beside.0.iter().cloned());
        let rows = beside.1.iter().map(|other| row.and(other)).collect();
        let rows = match filter {
            Some(filter) => self.kept(filter, &sources, rows, None)?,
            None => rows,
        };
        Ok((sources, rows))
    }

    fn update(&mut self, update: &Update) -> Result<u64, Stop> {
        let beside = self.product(&update.from, None)?;
        let mut changes = Vec::new();
        for relation in self.meant(&update.table)? {
            let source = Database::source(&label(&update.table, &relation), &relation);
            let columns = &relation.columns;
            let mut patterns = Vec::new();
            let mut named = Vec::new();
            for assignment in &update.assignments {
                if assignment.column.is_pattern() {
                    patterns.extend(self.pattern(
                        &source,
                        &assignment.column,
                        &assignment.value,
                    )?);
                } else {
                    named.push((place(columns, &assignment.column)?, &assignment.value));
                }
            }
            if patterns.is_empty() && named.is_empty() {
                continue;
            }
            let mut compiled = Compiled::default();
            for (number, row) in self.tables[&relation.name].iter().enumerate() {
                let view = View::new(self, &relation, row);
                let (sources, mut rows) =
                    self.matches(&source, &view, &beside, update.filter.as_ref())?;
                let Some(joined) = rows.pop() else { continue };
                if !rows.is_empty() {
                    let message = "several rows of FROM match one row";
                    return Err(Stop::new(StopKind::SeveralRows, message));
                }
                let mut new = row.clone();
                for (slot, assignment) in &patterns {
                    new[cell_of(&relation, *slot)] = assigned(assignment, &joined)?;
                }
                for (slot, value) in &named {
                    let column = &columns[*slot];
                    let cell = self.assign(&mut compiled, value, column, &sources, &joined)?;
                    new[cell_of(&relation, *slot)] = cell;
                }
                changes.push(Change::Update((relation.name.clone(), number), new));
            }
        }
        let matched = changes.len() as u64;
        self.apply(changes)?;
        Ok(matched)
    }

    /// A value assigned to a column.
    fn assign<'e>(
        &self,
        compiled: &mut Compiled<'e>,
        value: &'e Expr,
        column: &Column,
        sources: &[Source],
        row: &View,
    ) -> Result<Cell, Stop> {
        if matches!(value.kind, ExprKind::Default) {
            return not_null(default(self, column), column);
        }
        let known = compiled.0.iter().find(|(of, ..)| std::ptr::eq(*of, value));
        if let Some((_, assignment)) = known {
            return assigned(assignment, row);
        }
        let bound = self.bind(value, sources, Some(row), None)?;
        let assignment = Names::of(self, sources)
            .assignment(&bound, column)
            .map_err(|stop| match bound.kind {
                _ if stop.message.contains("NULL") => Stop::new(StopKind::NotNull, stop.message),
                _ => stop,
            })?;
        let cell = assigned(&assignment, row)?;
        if !has_subquery(value) {
            compiled.0.push((value, assignment));
        }
        not_null(cell, column)
    }

    fn delete(&mut self, delete: &Delete) -> Result<u64, Stop> {
        let beside = self.product(&delete.using, None)?;
        let mut changes = Vec::new();
        for relation in self.meant(&delete.table)? {
            let source = Database::source(&label(&delete.table, &relation), &relation);
            for (number, row) in self.tables[&relation.name].iter().enumerate() {
                let view = View::new(self, &relation, row);
                let (_, rows) = self.matches(&source, &view, &beside, delete.filter.as_ref())?;
                if !rows.is_empty() {
                    changes.push(Change::Delete((relation.name.clone(), number)));
                }
            }
        }
        let matched = changes.len() as u64;
        self.apply(changes)?;
        Ok(matched)
    }

    fn truncate(&mut self, tables: &[TableRef]) -> Result<u64, Stop> {
        let mut all = Vec::new();
        for table in tables {
            all.extend(self.meant(table)?);
        }
        let mut matched = 0;
        for relation in &all {
            let mut referencing = self.catalog.referencing(&relation.name);
            if referencing.any(|(child, _)| all.iter().all(|other| other.name != child.name)) {
                let message = "a table that a foreign key references cannot be truncated alone";
                return Err(Stop::new(StopKind::Orphans, message));
            }
        }
        for relation in &all {
            matched += std::mem::take(&mut self.tables[&relation.name]).len() as u64;
        }
        Ok(matched)
    }

    fn insert(&mut self, insert: &Insert) -> Result<u64, Stop> {
        let relation = self.meant(&insert.table)?.swap_remove(0);
        let mut rows = Vec::new();
        match &insert.source {
            InsertSource::Values(entries) => {
                for values in entries {
                    rows.push(self.new_row(&relation, insert, values)?);
                }
            }
            InsertSource::DefaultValues => rows.push(self.new_row(&relation, insert, &[])?),
            InsertSource::Query(query) => {
                let found = self.query(query, None)?;
                for row in found.rows {
                    let typed = row.into_iter().zip(&found.columns).zip(&found.untyped);
                    let values: Vec<Expr> = typed
                        .map(|((cell, column), untyped)| match untyped {
                            true => literal(cell, &DataType::Unknown),
                            false => literal(cell, &column.data_type),
                        })
                        .collect();
                    rows.push(self.new_row(&relation, insert, &values)?);
                }
            }
        }
        // Subqueries of ON CONFLICT read what was there before the statement.
        let before = self.clone();
        let (mut changed, mut changes) = (0, Vec::new());
        for row in rows {
            if insert.on_conflict.is_some()
                && let Some(at) = self.conflict(&relation, insert, &row)?
            {
                if let Some(new) = before.upsert(self, &relation, insert, &row, &at)? {
                    changed += 1;
                    self.apply(vec![Change::Update(at, new)])?;
                }
                continue;
            }
            changed += 1;
            if insert.on_conflict.is_some() {
                self.apply(vec![Change::Insert(relation.name.clone(), row)])?;
            } else {
                changes.push(Change::Insert(relation.name.clone(), row));
            }
        }
        self.apply(changes)?;
        Ok(changed)
    }

    /// The row that has the new row's key. Keys are compared as text forms, which is right for the
    /// types that keys have here.
    fn conflict(
        &self,
        relation: &Relation,
        insert: &Insert,
        new: &Row,
    ) -> Result<Option<At>, Stop> {
        let target = insert.on_conflict.iter().flat_map(|clause| &clause.target);
        let key = target
            .map(|ident| place(&relation.columns, ident))
            .collect::<Result<Vec<_>, _>>()?;
        let mut met = None;
        for part in self.family(relation) {
            for (number, row) in self.tables[&part.name].iter().enumerate() {
                let mut same = true;
                for slot in &key {
                    let place = part.position(&relation.columns[*slot].name);
                    let place = place.expect("a partition has the columns of its root");
                    let (old, new) = (&row[cell_of(&part, place)], &new[cell_of(relation, *slot)]);
                    if *old == Cell::Server || *new == Cell::Server {
                        return Err(Stop::new(StopKind::Server, "only the server knows a key"));
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

    /// `DO NOTHING` or `DO UPDATE` for a row that is there: the row as it is then.
    fn upsert(
        &self,
        now: &Database,
        relation: &Relation,
        insert: &Insert,
        new: &Row,
        at: &At,
    ) -> Result<Option<Row>, Stop> {
        let part = self.relation(&at.0).clone();
        let clause = insert.on_conflict.as_ref().expect("called with the clause");
        if clause.assignments.is_empty() {
            return Ok(None);
        }
        let old = &now.tables[&at.0][at.1];
        let sources = [
            Database::source(&label(&insert.table, relation), &part),
            Database::source("excluded", relation),
        ];
        let view = View::new(self, &part, old);
        let view = view.and(&View::new(self, relation, new));
        if let Some(filter) = &clause.filter
            && self
                .kept(filter, &sources, vec![view.clone()], None)?
                .is_empty()
        {
            return Ok(None);
        }
        let mut row = old.clone();
        let mut compiled = Compiled::default();
        for assignment in &clause.assignments {
            let slot = place(&part.columns, &assignment.column)?;
            let column = &part.columns[slot];
            let cell = self.assign(&mut compiled, &assignment.value, column, &sources, &view)?;
            row[cell_of(&part, slot)] = cell;
        }
        Ok(Some(row))
    }

    /// The assignments to all columns that a pattern means.
    fn pattern(
        &self,
        source: &Source,
        ident: &Ident,
        value: &Expr,
    ) -> Result<Vec<(usize, Assignment)>, Stop> {
        let mut out = Vec::new();
        for (slot, column) in source.columns.iter().enumerate() {
            let any = ident.text == "*" && !column.data_type.holds_text();
            if any || column.generated.is_computed() || !means(ident, &column.name) {
                continue;
            }
            let settings = scrub::expression::Settings {
                value: Some((slot, column.clone())),
                ..self.settings()
            };
            let sources = std::slice::from_ref(source);
            let scope = &mut Names::of(self, sources);
            match compile_assignment(value, column, scope, &settings) {
                Ok(compiled) => out.push((slot, compiled)),
                Err(faults) if faults.iter().all(|fault| fault.kind == FaultKind::Type) => {}
                Err(faults) => return Err(told(faults)),
            }
        }
        Ok(out)
    }

    /// The row that one entry of VALUES makes.
    fn new_row(&self, relation: &Relation, insert: &Insert, values: &[Expr]) -> Result<Row, Stop> {
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
            let cell = match value {
                None => default(self, column),
                // What is given is taken, also for an identity: the rules write OVERRIDING SYSTEM VALUE.
                Some(expr) => {
                    let bound = self.bind(expr, &[], Some(&View::default()), None)?;
                    let compiled = Names::of(self, &[]).assignment(&bound, &plain(column));
                    assigned(&compiled?, &View::default())?
                }
            };
            row.push(not_null(cell, column)?);
        }
        Ok(row)
    }
}

/// The assignments that need no other rows, compiled once.
#[derive(Default)]
struct Compiled<'e>(Vec<(&'e Expr, Assignment)>);

fn not_null(cell: Cell, column: &Column) -> Result<Cell, Stop> {
    if cell == Cell::Null && (column.not_null || column.data_type.is_not_null()) {
        let message = format!("column {} must not be NULL", column.name);
        return Err(Stop::new(StopKind::NotNull, message));
    }
    Ok(cell)
}

/// What qualifies the columns of a changed table.
fn label(table: &TableRef, relation: &Relation) -> String {
    match &table.alias {
        Some(alias) if alias.quoted => alias.text.clone(),
        Some(alias) => alias.text.to_lowercase(),
        // Rows of a partition are rows of the table that the statement names.
        None if table.name.is_pattern() => relation.name.name.clone(),
        None if table.name.quoted => table.name.text.clone(),
        None => table.name.text.to_lowercase(),
    }
}
