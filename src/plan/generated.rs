//! Statements that a `SELECT … \gexec` generates: each value of its result is run as a statement,
//! in the place of the SELECT, so that a table's name can be data.
//!
//! The text of such a statement comes from the dump's rows. So no message shows it: a fault says
//! which rule generated the statement and its number, never what it says.

use super::rule::{Rule, tables_of};
use super::{Book, Planner, RuleId, matching, support};
use crate::error::{Error, Result};
use crate::expression::Table;
use crate::rulebook::reads::{Needed, each_column, reads};
use crate::rulebook::{
    Action, BinaryOp, Expr, ExprKind, Ident, Load, Query, SelectItem, SqlDialect, TableRef, load,
};
use crate::schema::{Catalog, RelationName};
use std::io;

impl Planner {
    /// Adds the statements of a result to the rules, behind the rule that generated them.
    pub(super) fn generate(&mut self, by: RuleId, table: &Table) -> Result<()> {
        let Some(rule) = self.rules.iter().find(|rule| rule.id == by) else {
            return Ok(());
        };
        let (name, dialect) = (rule.statement.name.clone(), rule.written_in);
        let values = table.rows.iter().flatten().flatten();
        for (number, text) in values.enumerate() {
            let number = number + 1;
            let refused = |what: &str| {
                Error::input(format!("statement {number} that it generates {what}"))
                    .rule(&name)
                    .remedy("run its SELECT on the database to see the statement")
            };
            let text = format!("-- dialect: {}\n{text}", spelled(dialect));
            let mut rulebook = load(&Load {
                name: &name,
                path: &name,
                text: &text,
                variables: &[],
                include: &|_| Err(io::ErrorKind::NotFound.into()),
            })
            .map_err(|_| refused("cannot be read as a rule"))?;
            support::check(&rulebook, &self.context)
                .map_err(|_| refused("cannot be run as a rule"))?;
            for (at, statement) in rulebook.statements.iter_mut().enumerate() {
                statement.name = match at {
                    0 => format!("{name} ({number})"),
                    _ => format!("{name} ({number}.{})", at + 1),
                };
            }
            self.generated += 1;
            let first = RuleId {
                generated: self.generated,
                ..by
            };
            self.generated += u32::try_from(rulebook.statements.len()).unwrap_or(u32::MAX);
            self.books.push(Book {
                rulebook: rulebook.into(),
                takes_part: true,
                first,
                generated: true,
            });
        }
        self.list_rules();
        self.cache.clear();
        Ok(())
    }

    /// What a rule says that another one has generated. It comes from the dump's rows.
    pub fn generated_text(&self, rule: &Rule) -> Option<&str> {
        let book = self.books.get(rule.book).filter(|book| book.generated)?;
        let text = &book.rulebook.read().files.first()?.text;
        text.split_once('\n').map(|(_, statement)| statement)
    }

    /// Forgets the statements that were generated in the section before.
    pub(super) fn forget_generated(&mut self) {
        let before = self.books.len();
        self.books.retain(|book| !book.generated);
        if self.books.len() != before {
            self.list_rules();
        }
    }
}

/// Which relations the statements that a query generates could change, as far as its text tells:
/// `'UPDATE ' || t || ' SET a = 1'` changes a relation with a column `a`. Where the text does not
/// tell, it could be any.
#[derive(Debug, Default)]
pub(super) struct Template {
    /// The table that it names itself, or the pattern of its name; none if the whole name is data.
    table: Option<TableRef>,
    /// Columns that the relation must have.
    columns: Vec<Ident>,
}

/// What stands for a part that comes from a row.
const DATA: &str = "scrub_data_1a2b3c";

impl Template {
    pub(super) fn of(query: &Query, dialect: SqlDialect) -> Template {
        let mut text = format!("-- dialect: {}\n", spelled(dialect));
        let [SelectItem::Expr { expr, .. }] = query.items.as_slice() else {
            return Template::default();
        };
        spell(expr, &mut text);
        let loaded = load(&Load {
            name: "template",
            path: "template",
            text: &text,
            variables: &[],
            include: &|_| Err(io::ErrorKind::NotFound.into()),
        });
        let Ok(rulebook) = loaded else {
            return Template::default();
        };
        let [statement] = rulebook.statements.as_slice() else {
            return Template::default();
        };
        if !reads(statement).is_empty() {
            return Template::default();
        }
        let named = match tables_of(statement).as_slice() {
            [table] => (*table).clone(),
            _ => return Template::default(),
        };
        let is_data = |ident: &Ident| ident.text.contains(DATA);
        let mut columns = Vec::new();
        if let Action::Update(update) = &statement.action {
            columns.extend(update.assignments.iter().map(|a| a.column.clone()));
        }
        each_column(statement, &[], &mut |needed| {
            if let Needed::Column(_, column) = needed {
                columns.push(column.clone());
            }
        });
        columns.retain(|column| !is_data(column) && !column.is_pattern());
        let table = match named.name.text == DATA {
            true => None,
            // Where a part of the name is data, the rest of it is a pattern.
            false if is_data(&named.name) => {
                let mut named = named;
                named.name.text = named.name.text.replace(DATA, "*");
                named.name.quoted = true;
                Some(named)
            }
            false => Some(named),
        };
        Template { table, columns }
    }

    /// Could a generated statement change the relation?
    pub(super) fn could_concern(&self, catalog: &Catalog, relation: &RelationName) -> bool {
        if let Some(table) = &self.table {
            return matching::concerns(table, None, catalog, relation).is_some();
        }
        match catalog.relations.get(relation) {
            Some(declared) if !declared.columns.is_empty() => self
                .columns
                .iter()
                .all(|column| matching::column(column, &declared.columns).is_ok()),
            _ => true,
        }
    }
}

/// Appends the text that a concatenation gives, with [`DATA`] for what comes from a row.
fn spell(expr: &Expr, text: &mut String) {
    match &expr.kind {
        ExprKind::String(literal) => text.push_str(literal),
        ExprKind::Binary(BinaryOp::Concat | BinaryOp::Add, left, right) => {
            spell(left, text);
            spell(right, text);
        }
        ExprKind::Call { name, args, .. } if name == "concat" => {
            args.iter().for_each(|arg| spell(arg, text));
        }
        ExprKind::Cast(inner, _) => spell(inner, text),
        _ => text.push_str(DATA),
    }
}

/// The dialect as a rulebook's head spells it.
fn spelled(dialect: SqlDialect) -> &'static str {
    match dialect {
        SqlDialect::Postgres => "postgres",
        SqlDialect::Mysql => "mysql",
        SqlDialect::Mssql => "mssql",
        SqlDialect::Oracle => "oracle",
        SqlDialect::Sqlite => "sqlite",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Column, DataType, Relation};

    fn template(select: &str) -> Template {
        let text = format!("{select} \\gexec");
        let rulebook = load(&Load {
            name: "test",
            path: "test.sql",
            text: &text,
            variables: &[],
            include: &|_| Err(io::ErrorKind::NotFound.into()),
        })
        .unwrap();
        match &rulebook.statements[0].action {
            Action::Gexec(query) => Template::of(query, SqlDialect::Postgres),
            _ => panic!("{select}"),
        }
    }

    #[test]
    fn the_text_tells_which_relations_could_be_meant() {
        let mut catalog = Catalog::default();
        for (name, columns) in [("users", &["id", "token"][..]), ("log", &["id"])] {
            let name = RelationName::new(Some("public"), name);
            let mut relation = Relation::new(name.clone());
            relation.columns = columns
                .iter()
                .map(|column| Column::new(column, DataType::Text))
                .collect();
            catalog.relations.insert(name, relation);
        }
        for (select, users, log) in [
            ("'UPDATE ' || t || ' SET token = NULL'", true, false),
            ("'UPDATE ' || t || ' SET ' || c || ' = NULL'", true, true),
            ("'DELETE FROM log WHERE id = ''' || t || ''''", false, true),
            ("concat('DELETE FROM ', t, ' WHERE token = 1')", true, false),
            ("t", true, true),
            ("'DELETE FROM us' || t", true, false),
            ("'DELETE FROM L' || t", false, true),
            (
                "'DELETE FROM ' || t || ' WHERE id IN (SELECT token FROM log)'",
                true,
                true,
            ),
        ] {
            let template = template(&format!("SELECT {select} FROM x"));
            let concerns =
                |name| template.could_concern(&catalog, &RelationName::new(Some("public"), name));
            assert_eq!(
                (concerns("users"), concerns("log")),
                (users, log),
                "{select}"
            );
        }
    }
}
