//! A single expression from the DDL of a dump: a DEFAULT or the expression of a generated column.

use super::ast::{Action, Expr, Query, SelectItem, SqlDialect};
use super::load::{Load, load};

/// Reads one expression of the dump's own SQL.
///
/// # Errors
/// If it is not an expression that a rulebook could hold. The message does not show it.
pub fn parse_expression(text: &str, dialect: SqlDialect) -> Result<Expr, String> {
    let dialect = match dialect {
        SqlDialect::Postgres => "postgres",
        SqlDialect::Mysql => "mysql",
        SqlDialect::Mssql => "mssql",
        SqlDialect::Oracle => "oracle",
        SqlDialect::Sqlite => "sqlite",
    };
    let text = format!("-- dialect: {dialect}\nSELECT ({text});");
    let request = Load {
        name: "ddl",
        path: "ddl",
        text: &text,
        variables: &[],
        include: &|_| Err(std::io::ErrorKind::Unsupported.into()),
    };
    let unread = || "it is not an expression that scrub can read".to_owned();
    let mut rulebook = load(&request).map_err(|diagnostics| {
        diagnostics
            .faults
            .first()
            .map_or_else(unread, |fault| fault.message.clone())
    })?;
    let statement = rulebook
        .statements
        .pop()
        .filter(|_| rulebook.statements.is_empty());
    match statement.map(|statement| statement.action) {
        Some(Action::Select(mut query)) if is_bare(&query) => match query.items.pop() {
            Some(SelectItem::Expr { expr, alias: None }) => Ok(expr),
            _ => Err(unread()),
        },
        _ => Err(unread()),
    }
}

/// `SELECT expression` and nothing else: the text must not have closed the parenthesis itself.
fn is_bare(query: &Query) -> bool {
    query.items.len() == 1
        && query.from.is_empty()
        && query.filter.is_none()
        && query.group_by.is_empty()
        && query.having.is_none()
        && query.order_by.is_empty()
        && query.limit.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_of_real_dumps_are_read() {
        for text in [
            "0",
            "'x'::character varying",
            "(0)::numeric",
            "nextval('public.t_id_seq'::regclass)",
            "CURRENT_TIMESTAMP",
            "ARRAY[]::text[]",
            "((first_name || ' '::text) || last_name)",
            "COALESCE(upper(name), '-'::text)",
            "'a;b'::text",
        ] {
            parse_expression(text, SqlDialect::Postgres).unwrap_or_else(|e| panic!("{text}: {e}"));
        }
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for text in [
            "",
            "1; DELETE FROM t",
            "1, 2",
            "1) FROM t WHERE (true",
            "1 AS x",
        ] {
            assert!(
                parse_expression(text, SqlDialect::Postgres).is_err(),
                "{text}"
            );
        }
    }
}
