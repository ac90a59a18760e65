//! Statements as a whole, and TRUNCATE, GRANT and DROP USER.

use super::super::ast::{Action, Expr, Ident, TableRef};
use super::Lower;
use sqlparser::ast as sql;

/// What GRANT is for, in one line.
const GRANT_HELP: &str = "write GRANT SELECT (column, …) ON table TO role";

impl Lower<'_> {
    /// A parsed statement; several actions where one GRANT names several tables.
    pub(in crate::rulebook) fn statement(&mut self, statement: &sql::Statement) -> Vec<Action> {
        use sql::Statement as S;
        match statement {
            S::Update(update) => self
                .update(update)
                .map(Action::Update)
                .into_iter()
                .collect(),
            S::Delete(delete) => self
                .delete(delete)
                .map(Action::Delete)
                .into_iter()
                .collect(),
            S::Truncate(truncate) => vec![Action::Truncate(self.truncate(truncate))],
            S::Insert(insert) => self
                .insert(insert)
                .map(Action::Insert)
                .into_iter()
                .collect(),
            S::Query(query) => match &*query.body {
                sql::SetExpr::Insert(inner)
                | sql::SetExpr::Update(inner)
                | sql::SetExpr::Delete(inner) => {
                    if let Some(with) = &query.with {
                        self.with(with);
                    }
                    self.statement(inner)
                }
                _ => vec![Action::Select(self.query(query))],
            },
            S::Grant(grant) => self.grant(grant),
            S::Drop {
                object_type: sql::ObjectType::User | sql::ObjectType::Role,
                names,
                cascade,
                ..
            } => {
                if *cascade {
                    self.fault(
                        self.fallback,
                        "DROP USER … CASCADE is not read",
                        "leave CASCADE out; delete the user's rows with rules of their own",
                    );
                }
                vec![Action::DropUser(
                    names.iter().filter_map(|name| self.single(name)).collect(),
                )]
            }
            _ => {
                self.fault(
                    self.fallback,
                    "this statement is not read in a rulebook",
                    "a rulebook holds UPDATE, DELETE, TRUNCATE, INSERT, SELECT, GRANT SELECT (…) \
                     and DROP USER",
                );
                Vec::new()
            }
        }
    }

    /// With patterns meaning something, as for an assigned column or in the WHERE beside it.
    pub(super) fn with_patterns<T>(&mut self, lower: impl FnOnce(&mut Self) -> T) -> T {
        let outside = std::mem::replace(&mut self.patterns, true);
        let result = lower(self);
        self.patterns = outside;
        result
    }

    pub(super) fn filter(&mut self, selection: Option<&sql::Expr>) -> Option<Expr> {
        let selection = selection?;
        Some(self.with_patterns(|lower| lower.expression(selection)))
    }

    /// Refuses a clause; the caret stands under its first word.
    pub(super) fn refuse_clause(&mut self, present: bool, clause: &str, help: &str) {
        if present {
            let words: Vec<&str> = clause.split(' ').collect();
            let span = self.clause(&words);
            self.fault(span, format!("{clause} is not read in a rulebook"), help);
        }
    }

    fn truncate(&mut self, truncate: &sql::Truncate) -> Vec<TableRef> {
        let cascade = matches!(truncate.cascade, Some(sql::CascadeOption::Cascade));
        self.refuse_clause(
            cascade,
            "TRUNCATE … CASCADE",
            "name every table that is to be emptied: TRUNCATE a, b",
        );
        let restart = matches!(
            truncate.identity,
            Some(sql::TruncateIdentityOption::Restart)
        );
        self.refuse_clause(
            restart,
            "RESTART IDENTITY",
            "leave it out; the sequences keep their values",
        );
        self.refuse_clause(
            truncate.partitions.is_some() || truncate.on_cluster.is_some(),
            "this form of TRUNCATE",
            "name the table alone",
        );
        self.refuse_clause(
            truncate.if_exists,
            "TRUNCATE IF EXISTS",
            "write -- name: … :optional above the statement",
        );
        let mut tables = Vec::new();
        for target in &truncate.table_names {
            let table = self.with_patterns(|lower| lower.written(&target.name));
            tables.extend(table.map(|table| TableRef {
                only: target.only,
                ..table
            }));
        }
        tables
    }

    fn grant(&mut self, grant: &sql::Grant) -> Vec<Action> {
        let columns: Vec<Ident> = match &grant.privileges {
            sql::Privileges::Actions(actions) => match actions.as_slice() {
                [
                    sql::Action::Select {
                        columns: Some(columns),
                    },
                ] if !columns.is_empty() => {
                    columns.iter().map(|column| self.ident(column)).collect()
                }
                [sql::Action::Select { .. }] => {
                    self.fault(
                        self.fallback,
                        "a GRANT without columns would let next month's column slip through; \
                         list the columns",
                        GRANT_HELP,
                    );
                    return Vec::new();
                }
                _ => {
                    self.fault(self.fallback, "of GRANT only SELECT is read", GRANT_HELP);
                    return Vec::new();
                }
            },
            sql::Privileges::All { .. } => {
                self.fault(self.fallback, "of GRANT only SELECT is read", GRANT_HELP);
                return Vec::new();
            }
        };
        let Some(sql::GrantObjects::Tables(tables)) = &grant.objects else {
            self.fault(self.fallback, "GRANT names tables", GRANT_HELP);
            return Vec::new();
        };
        let tables: Vec<_> = tables
            .iter()
            .filter_map(|name| self.written(name))
            .collect();
        tables
            .into_iter()
            .map(|table| Action::Grant {
                table,
                columns: columns.clone(),
            })
            .collect()
    }
}
