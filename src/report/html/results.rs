//! The results of a rulebook's SELECTs: small tables, with a bar where a row ends in a number.
//!
//! Two results whose names differ in `before` and `after` only stand side by side, drawn to one
//! scale.

use super::super::SelectReport;
use super::super::text::plain;

/// Results under one heading.
pub(super) struct Group {
    pub title: String,
    pub panels: Vec<Panel>,
}

/// One result.
pub(super) struct Panel {
    /// `before` or `after`.
    pub caption: Option<&'static str>,
    /// The only number of a result that is one number.
    pub number: Option<String>,
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
    pub truncated: bool,
}

pub(super) struct Column {
    pub name: String,
    /// Its cells are numbers, and stand right.
    pub numeric: bool,
}

pub(super) struct Row {
    pub cells: Vec<Cell>,
    /// How far the bar goes, of 100.
    pub bar: Option<String>,
}

pub(super) struct Cell {
    pub text: Option<String>,
    pub numeric: bool,
}

/// The results in the order of their first.
pub(super) fn groups(selects: &[SelectReport]) -> Vec<Group> {
    let mut groups: indexmap::IndexMap<String, Vec<(Option<&'static str>, &SelectReport)>> =
        indexmap::IndexMap::new();
    for select in selects {
        let (title, side) = title(&select.name);
        groups.entry(title).or_default().push((side, select));
    }
    groups
        .into_iter()
        .map(|(title, results)| {
            let scale = results
                .iter()
                .filter_map(|(_, s)| largest(s))
                .fold(0.0, f64::max);
            let panel = |(caption, select): (_, &SelectReport)| panel(caption, select, scale);
            Group {
                title,
                panels: results.into_iter().map(panel).collect(),
            }
        })
        .collect()
}

/// A rule's name as a heading, without the side that it names.
fn title(name: &str) -> (String, Option<&'static str>) {
    for side in ["before", "after"] {
        if let Some(stem) = name.strip_suffix(side)
            && let Some(stem) = stem.strip_suffix(['-', '_', ' '])
            && !stem.is_empty()
        {
            return (plain(&stem.replace('-', " ")), Some(side));
        }
    }
    (plain(&name.replace('-', " ")), None)
}

/// The largest number of the last column, if it has nothing but numbers from 0 on.
fn largest(select: &SelectReport) -> Option<f64> {
    if select.columns.len() < 2 || select.rows.is_empty() {
        return None;
    }
    let last = |row: &Vec<Option<String>>| number(row.last()?.as_deref()?);
    let numbers: Option<Vec<f64>> = select.rows.iter().map(last).collect();
    numbers?
        .into_iter()
        .try_fold(0.0, |most: f64, n| (n >= 0.0).then_some(most.max(n)))
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|n: &f64| n.is_finite())
}

fn panel(caption: Option<&'static str>, select: &SelectReport, scale: f64) -> Panel {
    let barred = largest(select).is_some() && scale > 0.0;
    let row = |cells: &Vec<Option<String>>| Row {
        bar: cells
            .last()
            .and_then(|last| number(last.as_deref()?))
            .filter(|_| barred)
            .map(|n| format!("{:.2}", 100.0 * n / scale)),
        cells: cells
            .iter()
            .map(|cell| Cell {
                text: cell.as_deref().map(plain),
                numeric: cell.as_deref().is_some_and(|text| number(text).is_some()),
            })
            .collect(),
    };
    let number = match select.rows.as_slice() {
        [row] if row.len() == 1 => row[0].clone().filter(|text| number(text).is_some()),
        _ => None,
    };
    let rows: Vec<Row> = select.rows.iter().map(row).collect();
    let columns = select.columns.iter().enumerate().map(|(at, name)| Column {
        name: plain(name),
        numeric: rows.iter().all(|row| {
            row.cells
                .get(at)
                .is_some_and(|c| c.numeric || c.text.is_none())
        }),
    });
    let columns = columns.collect();
    Panel {
        caption,
        number,
        columns,
        rows,
        truncated: select.truncated,
    }
}
