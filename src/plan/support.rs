//! What is wrong with a rulebook whatever the dump is, found when it is loaded.
//!
//! Expressions that no column could make right: an unknown function, a constant that cannot be cast,
//! a bad regular expression. All of them are told at once, each with its place, so that nobody finds
//! out at row nine million.

use super::Context;
use crate::error::Result;
use crate::expression::{self, FaultKind, Scope, Settings, compile_assignment, compile_condition};
use crate::rulebook::{
    Action, Assignment, Diagnostics, Expr, ExprKind, Fault, Ident, InsertSource, Rulebook,
    Statement,
};
use crate::schema::{Column, DataType};

/// Refuses the statements of a rulebook that cannot be run.
pub(super) fn check(book: &Rulebook, context: &Context) -> Result<()> {
    let mut refused = Refused(Vec::new());
    for statement in &book.statements {
        refused.expressions(statement, &context.settings(book.dialect, "load"));
    }
    if refused.0.is_empty() {
        return Ok(());
    }
    Err(Diagnostics::new(book.files.clone(), refused.0).into())
}

/// Any column of any type: what is wrong under these names is wrong under all.
struct Anything;

impl Scope for Anything {
    fn column(&mut self, _: Option<&Ident>, column: &Ident) -> Result<(usize, Column), String> {
        Ok((0, Column::new(&column.text, DataType::Unknown)))
    }

    fn data_type(&mut self, _: &str) -> Option<DataType> {
        Some(DataType::Unknown)
    }
}

struct Refused(Vec<Fault>);

impl Refused {
    /// Compiles the expressions of a statement for columns of any type.
    fn expressions(&mut self, statement: &Statement, settings: &Settings) {
        match &statement.action {
            Action::Update(update) => {
                self.condition(update.filter.as_ref(), settings);
                self.assignments(&update.assignments, settings);
            }
            Action::Delete(delete) => self.condition(delete.filter.as_ref(), settings),
            Action::Insert(insert) => {
                if let InsertSource::Values(rows) = &insert.source {
                    rows.iter()
                        .flatten()
                        .for_each(|value| self.value(value, settings));
                }
                if let Some(on_conflict) = &insert.on_conflict {
                    self.assignments(&on_conflict.assignments, settings);
                    self.condition(on_conflict.filter.as_ref(), settings);
                }
            }
            // What may stand in a select list depends on which columns are the same.
            Action::Select(query) => self.condition(query.filter.as_ref(), settings),
            Action::Truncate(_) | Action::Gexec(_) | Action::Grant { .. } | Action::DropUser(_) => {
            }
        }
    }

    fn condition(&mut self, condition: Option<&Expr>, settings: &Settings) {
        if let Some(condition) = condition {
            self.keep(compile_condition(condition, &mut Anything, settings).err());
        }
    }

    fn assignments(&mut self, assignments: &[Assignment], settings: &Settings) {
        for assignment in assignments {
            let mut settings = settings.clone();
            if assignment.column.is_pattern() {
                settings.value = Some((0, Column::new("value", DataType::Unknown)));
            }
            self.value(&assignment.value, &settings);
        }
    }

    fn value(&mut self, value: &Expr, settings: &Settings) {
        if !matches!(value.kind, ExprKind::Default) {
            let column = Column::new("value", DataType::Unknown);
            self.keep(compile_assignment(value, &column, &mut Anything, settings).err());
        }
    }

    /// Keeps the faults that do not depend on names and types.
    fn keep(&mut self, faults: Option<Vec<expression::Fault>>) {
        let certain = faults
            .into_iter()
            .flatten()
            .filter(|f| f.kind == FaultKind::Other);
        self.0.extend(certain.map(|fault| Fault {
            span: fault.span,
            message: fault.message,
            help: fault.help,
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::Key;
    use crate::rulebook::{SqlDialect, builtins};
    use std::sync::Arc;

    #[test]
    fn every_built_in_can_be_run_on_a_dump_of_any_kind() {
        use SqlDialect::{Mssql, Mysql, Oracle, Postgres, Sqlite};
        for dump in [Postgres, Mysql, Mssql, Oracle, Sqlite] {
            for target in [false, true] {
                let context = Context {
                    dump,
                    key: Arc::new(Key::new(b"0123456789abcdef".to_vec())),
                    now: 0,
                    target,
                };
                for builtin in builtins() {
                    check(builtin.rulebook(), &context)
                        .unwrap_or_else(|error| panic!("{}: {error}", builtin.name));
                }
            }
        }
    }
}
