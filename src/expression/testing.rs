//! What the tests of expressions share: columns with a type and a value, and expressions as text.

use super::*;
use crate::rulebook::{Action, Load, Query, SelectItem, load};
use crate::value;

/// Columns by name with their values.
#[derive(Debug, Clone, Default)]
pub(super) struct Cells(pub Vec<(Column, Option<Vec<u8>>)>);

impl Cells {
    pub(super) fn with(mut self, name: &str, data_type: DataType, value: Option<&str>) -> Self {
        let value = value.map(|v| v.as_bytes().to_vec());
        self.0.push((Column::new(name, data_type), value));
        self
    }
}

impl Scope for Cells {
    fn column(&mut self, _table: Option<&Ident>, name: &Ident) -> Result<(usize, Column), String> {
        let found = self.0.iter().position(|(c, _)| c.name == name.text);
        found
            .map(|slot| (slot, self.0[slot].0.clone()))
            .ok_or_else(|| format!("there is no column {}", name.text))
    }
}

impl Row for Cells {
    fn cell(&self, slot: usize) -> Result<Option<&[u8]>, ValueError> {
        Ok(self.0[slot].1.as_deref())
    }
    fn ordinal(&self) -> u64 {
        7
    }
}

pub(super) fn settings(written_in: SqlDialect, dump: SqlDialect) -> Settings {
    Settings {
        written_in,
        dump,
        linguistic: false,
        key: Arc::new(Key::new(b"example".to_vec())),
        now: 0,
        seed: "test".to_owned(),
        value: None,
        limit: None,
    }
}

pub(super) fn postgres() -> Settings {
    settings(SqlDialect::Postgres, SqlDialect::Postgres)
}

/// Reads the SELECT of `text`.
pub(super) fn select(text: &str, written_in: SqlDialect) -> Query {
    let dialect = match written_in {
        SqlDialect::Postgres => "postgres",
        SqlDialect::Mysql => "mysql",
        SqlDialect::Mssql => "mssql",
        SqlDialect::Oracle => "oracle",
        SqlDialect::Sqlite => "sqlite",
    };
    let rulebook = load(&Load {
        name: "test",
        path: "test.sql",
        text: &format!("-- dialect: {dialect}\n{text};\n"),
        variables: &[],
        include: &|_| Err(std::io::Error::other("no files here")),
    })
    .unwrap_or_else(|e| panic!("{text}\n{e}"));
    match rulebook.statements.into_iter().next().map(|s| s.action) {
        Some(Action::Select(query)) => query,
        other => panic!("{text}: {other:?}"),
    }
}

pub(super) fn parse(text: &str, written_in: SqlDialect) -> Expr {
    let query = select(&format!("SELECT {text} FROM t"), written_in);
    match query.items.into_iter().next() {
        Some(SelectItem::Expr { expr, .. }) => expr,
        other => panic!("{text}: {other:?}"),
    }
}

/// The text form of the expression's value, or the first message.
pub(super) fn eval(
    text: &str,
    cells: &Cells,
    settings: &Settings,
) -> Result<Option<String>, String> {
    let expr = parse(text, settings.written_in);
    let compiled =
        compile(&expr, &mut cells.clone(), settings).map_err(|faults| faults[0].message.clone())?;
    let value = compiled.eval(cells).map_err(|e| format!("row: {e}"))?;
    let mut out = Vec::new();
    if value.is_null() {
        return Ok(None);
    }
    value::write(&value, &compiled.data_type, &mut out);
    Ok(Some(String::from_utf8_lossy(&out).into_owned()))
}
