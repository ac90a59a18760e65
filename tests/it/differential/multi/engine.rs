//! Lookups and joined tables by themselves, against the naive interpreter: the same statements over
//! the same tables, without a stream around them.

use super::{Case, number, seeds};
use crate::naive::scope::{Source, View, find};
use crate::naive::{self, Cell, Database, Row, stored};
use scrub::expression::{
    Compiled, Input, Lookup, Rows, Scope, compile_assignment, compile_condition, compile_joined,
    compile_lookup,
};
use scrub::rulebook::{
    Action, Assignment, Delete, Expr, Ident, InsertSource, Query, Rulebook, Statement, TableRef,
    Update,
};
use scrub::schema::{Column, Relation, RelationName};
use std::sync::Arc;

/// Names of the row of a changed table, and the tables that are read.
struct Tables<'d> {
    database: &'d Database,
    changed: Vec<Source>,
    inputs: Vec<(scrub::rulebook::Span, Arc<Input>)>,
}

impl Tables<'_> {
    fn of(database: &Database, changed: Vec<Source>) -> Tables<'_> {
        Tables {
            database,
            changed,
            inputs: Vec::new(),
        }
    }
}

impl Scope for Tables<'_> {
    fn column(&mut self, table: Option<&Ident>, column: &Ident) -> Result<(usize, Column), String> {
        match find(&self.changed, table, column).map_err(|stop| stop.to_string())? {
            Some((slot, column)) => Ok((slot, column.clone())),
            None => Err(format!("no column {}", column.text)),
        }
    }

    fn table(&mut self, table: &TableRef) -> Result<Arc<Input>, String> {
        let place = table.name.span;
        if let Some((_, known)) = self.inputs.iter().find(|(at, _)| *at == place) {
            return Ok(Arc::clone(known));
        }
        let read = self
            .database
            .table(table)
            .map_err(|stop| stop.to_string())?;
        let (source, views) = read;
        let mut rows = Rows::new(source.columns.len());
        for view in &views {
            let cells: Result<Vec<_>, _> = view.0.iter().map(|cell| cell.as_ref()).collect();
            let cells = cells.map_err(|error| error.to_string())?;
            rows.push(cells.into_iter().map(|cell| cell.as_deref()));
        }
        let input = Arc::new(Input::new(source.label, source.columns));
        input.complete(rows);
        self.inputs.push((place, Arc::clone(&input)));
        Ok(input)
    }
}

type Wrong = String;

fn told(faults: Vec<scrub::expression::Fault>) -> Wrong {
    let messages = faults.into_iter().map(|fault| fault.message);
    messages.collect::<Vec<_>>().join("; ")
}

fn prepared(lookups: &[Arc<Lookup>]) -> Result<(), Wrong> {
    for lookup in lookups {
        lookup.prepare().map_err(|e| e.to_string())?;
    }
    Ok(())
}

/// The rows of a query.
fn answer(database: &Database, query: &Query) -> Result<Vec<Vec<Option<Vec<u8>>>>, Wrong> {
    let scope = &mut Tables::of(database, Vec::new());
    let lookup = compile_lookup(query, scope, &database.settings()).map_err(told)?;
    lookup.prepare().map_err(|e| e.to_string())?;
    let rows = lookup.rows().map_err(|e| e.to_string())?;
    let cells = |row| (0..rows.width()).map(move |at| (row, at));
    let cell = |(row, at)| rows.cell(row, at).map(<[u8]>::to_vec);
    let rows = (0..rows.len()).map(|row| cells(row).map(cell).collect());
    Ok(rows.collect())
}

/// The rows of one relation after an UPDATE or DELETE.
fn changed(
    database: &Database,
    relation: &Relation,
    table: &TableRef,
    from: &[scrub::rulebook::From],
    filter: Option<&Expr>,
    set: Option<&[Assignment]>,
) -> Result<Vec<Row>, Wrong> {
    let label = table.alias.as_ref().unwrap_or(&table.name);
    let source = Source {
        label: label.text.clone(),
        columns: relation.columns.clone(),
    };
    let scope = &mut Tables::of(database, vec![source]);
    let mut slots = Vec::new();
    for assignment in set.unwrap_or_default() {
        let slot = relation
            .columns
            .iter()
            .position(|c| naive::scope::means(&assignment.column, &c.name));
        slots.push(slot.ok_or("no such column")?);
    }
    let rows = &database.tables[&relation.name];
    let views = rows.iter().map(|row| View::new(database, relation, row));
    let views: Vec<View> = views.collect();
    let mut after = Vec::new();
    let assigned = |row: &Row,
                    assignments: &[scrub::expression::Assignment],
                    view: &dyn scrub::expression::Row| {
        let mut new = row.clone();
        for (slot, assignment) in slots.iter().zip(assignments) {
            let cell = assignment.eval(view).map_err(|e| e.to_string())?;
            new[*slot] = cell.map_or(Cell::Null, |text| Cell::Text(text.into_owned()));
        }
        Ok::<Row, Wrong>(new)
    };
    let values = set.unwrap_or_default().iter().zip(&slots);
    if from.is_empty() {
        let filter: Option<Compiled> = filter
            .map(|filter| compile_condition(filter, scope, &database.settings()))
            .transpose()
            .map_err(told)?;
        let mut assignments = Vec::new();
        for (assignment, slot) in values {
            let column = &relation.columns[*slot];
            let compiled =
                compile_assignment(&assignment.value, column, scope, &database.settings());
            let compiled = compiled.map_err(told)?;
            prepared(compiled.lookups())?;
            assignments.push(compiled);
        }
        prepared(filter.as_ref().map_or(&[], |filter| filter.lookups()))?;
        for (row, view) in rows.iter().zip(&views) {
            let chosen = filter
                .as_ref()
                .map_or(Ok(true), |filter| filter.is_true(view));
            match (chosen.map_err(|e| e.to_string())?, set) {
                (false, _) => after.push(row.clone()),
                (true, None) => {}
                (true, Some(_)) => after.push(assigned(row, &assignments, view)?),
            }
        }
        return Ok(after);
    }
    let typed: Vec<_> = values
        .map(|(a, slot)| {
            (
                relation.columns[*slot].clone(),
                a.value.clone(),
                database.settings(),
            )
        })
        .collect();
    let (joined, assignments) =
        compile_joined(from, filter, &typed, scope, &database.settings()).map_err(told)?;
    joined.prepare().map_err(|e| e.to_string())?;
    for assignment in &assignments {
        prepared(assignment.lookups())?;
    }
    for (row, view) in rows.iter().zip(&views) {
        if set.is_none() {
            if !joined.any(view).map_err(|e| e.to_string())? {
                after.push(row.clone());
            }
            continue;
        }
        match joined.find(view).map_err(|e| e.to_string())? {
            Some(found) => after.push(assigned(row, &assignments, &found)?),
            None => after.push(row.clone()),
        }
    }
    Ok(after)
}

/// The tables after a statement, those of them that it changes.
fn engine(
    database: &Database,
    statement: &Statement,
) -> Result<Vec<(RelationName, Vec<Row>)>, Wrong> {
    let (table, from, filter, set) = match &statement.action {
        Action::Update(Update {
            table,
            assignments,
            from,
            filter,
        }) => (table, from, filter, Some(assignments.as_slice())),
        Action::Delete(Delete {
            table,
            using,
            filter,
        }) => (table, using, filter, None),
        _ => return Ok(Vec::new()),
    };
    let relations = database.meant(table).map_err(|stop| stop.to_string())?;
    let mut out = Vec::new();
    for relation in &relations {
        if stored(relation).count() != relation.columns.len() {
            return Err("generated columns".to_owned());
        }
        let rows = changed(database, relation, table, from, filter.as_ref(), set)?;
        out.push((relation.name.clone(), rows));
    }
    Ok(out)
}

/// What is wrong with a case, if something is.
fn case(seed: u64) -> Option<String> {
    let mut case = Case::generate(seed);
    // What foreign keys make of a statement is not the engine's business.
    case.keys.clear();
    let book = naive::rulebook(&case.rules.scrub);
    let mut database = case.before();
    for statement in &book.statements {
        let before = database.clone();
        let one = Rulebook {
            statements: vec![statement.clone()],
            ..book.clone()
        };
        let stopped = database.run(&one).err();
        let wrong = |what: String| {
            let text =
                &case.rules.scrub[statement.span.start as usize..statement.span.end as usize];
            Some(format!("{}--- statement\n{text}\n--- {what}", case.what()))
        };
        let query = match &statement.action {
            Action::Select(query) | Action::Gexec(query) => Some(query),
            Action::Insert(insert) => match &insert.source {
                InsertSource::Query(query) => Some(&**query),
                _ => None,
            },
            _ => None,
        };
        if bare(&case, statement) {
            continue;
        }
        let found = match query {
            Some(query) => answer(&before, query).map(|mut rows| {
                let naive = before.query(query, None).map(|found| found.rows);
                let mut naive = naive.unwrap_or_default();
                rows.sort();
                naive.sort();
                (rows != naive)
                    .then(|| format!("the engine gives\n{rows:?}\nand should\n{naive:?}"))
            }),
            None => engine(&before, statement).map(|tables| {
                let differing = tables
                    .into_iter()
                    .find(|(name, rows)| *rows != database.tables[name]);
                differing.map(|(name, rows)| {
                    format!(
                        "{name}: the engine gives\n{rows:?}\nand should\n{:?}",
                        database.tables[&name]
                    )
                })
            }),
        };
        let changes = matches!(statement.action, Action::Update(_) | Action::Delete(_));
        match (found, stopped) {
            (Ok(None), None) | (Err(_), Some(_)) => {}
            // What stops after the query is not the query's.
            (Ok(_), Some(_)) if !changes => {}
            (Ok(_), Some(stop)) => {
                return wrong(format!("the engine goes on where it must stop: {stop}"));
            }
            (Ok(Some(what)), None) => return wrong(what),
            // All columns are gathered here, also those that nobody asks for.
            (Err(error), None) if error == "only the server knows the cell" => {}
            (Err(error), None) => return wrong(format!("the engine stops: {error}")),
        }
    }
    None
}

/// Does the statement name a table without its schema?
fn bare(case: &Case, statement: &Statement) -> bool {
    let text = &case.rules.scrub[statement.span.start as usize..statement.span.end as usize];
    let tag = case.seed.to_string();
    let schemas = [format!("a{tag}."), format!("b{tag}.")];
    !schemas.iter().any(|schema| text.contains(schema))
}

#[test]
fn lookups_agree_with_the_naive_interpreter() {
    if let Some(seed) = number("SCRUB_SEED") {
        if let Some(wrong) = case(seed) {
            panic!("{wrong}");
        }
        return;
    }
    let failed = std::sync::Mutex::new(Vec::new());
    seeds(
        10,
        number("SCRUB_CASES").unwrap_or(super::CASES),
        &|seeds| {
            let wrong = seeds.filter_map(case);
            failed.lock().expect("the failures").extend(wrong);
        },
    );
    let failed = failed.into_inner().expect("the failures");
    if let Some(first) = failed.first() {
        panic!("{} cases fail; one of them:\n{first}", failed.len());
    }
}
