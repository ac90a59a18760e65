//! What a query brings along without saying so: functions that may write, and psql's variables.
//!
//! What a function does stands elsewhere, if anywhere, so all count as writing but those listed here, which
//! people call in scripts and pg_dump in dumps. A variable may hold any piece of SQL.

use crate::dialect::postgres::tokens::{Token, Tokens};

/// Words that may stand before a parenthesis in a query and call nothing that writes: syntax, types,
/// functions of the system.
const HARMLESS: &[&str] = &[
    "abs",
    "age",
    "all",
    "and",
    "any",
    "array",
    "array_agg",
    "as",
    "ascii",
    "avg",
    "between",
    "bit",
    "btrim",
    "by",
    "case",
    "cast",
    "ceil",
    "char",
    "character",
    "chr",
    "clock_timestamp",
    "coalesce",
    "concat",
    "concat_ws",
    "count",
    "current_database",
    "current_schema",
    "current_setting",
    "currval",
    "date_part",
    "date_trunc",
    "decimal",
    "decode",
    "distinct",
    "else",
    "encode",
    "except",
    "exists",
    "extract",
    "filter",
    "floor",
    "format",
    "from",
    "generate_series",
    "greatest",
    "group",
    "having",
    "ilike",
    "in",
    "intersect",
    "interval",
    "is",
    "join",
    "json_agg",
    "jsonb_agg",
    "lastval",
    "lateral",
    "least",
    "length",
    "like",
    "limit",
    "lower",
    "max",
    "md5",
    "min",
    "nextval",
    "not",
    "now",
    "nullif",
    "numeric",
    "obj_description",
    "offset",
    "on",
    "or",
    "order",
    "over",
    "pg_backend_pid",
    "pg_database_size",
    "pg_get_serial_sequence",
    "pg_is_in_recovery",
    "pg_relation_size",
    "pg_size_pretty",
    "pg_table_size",
    "pg_total_relation_size",
    "position",
    "quote_ident",
    "quote_literal",
    "random",
    "replace",
    "round",
    "row",
    "select",
    "set_config",
    "setval",
    "similar",
    "some",
    "statement_timestamp",
    "string_agg",
    "substr",
    "substring",
    "sum",
    "then",
    "time",
    "timescaledb_post_restore",
    "timescaledb_pre_restore",
    "timestamp",
    "to_char",
    "to_date",
    "to_regclass",
    "to_timestamp",
    "transaction_timestamp",
    "trim",
    "union",
    "unnest",
    "upper",
    "using",
    "values",
    "varchar",
    "varying",
    "version",
    "when",
    "where",
    "with",
    "within",
];

/// Does a query call a function that may write?
pub(super) fn calls(t: Tokens<'_>) -> bool {
    let mut before: [Option<Token<'_>>; 2] = [None, None];
    for token in t {
        let [earlier, last] = before;
        // `AS x (a, b)` names columns.
        let named = earlier.is_some_and(|t| t.keyword("AS"));
        let name = last.filter(|_| token.punctuation(b'(') && !named);
        let name = name.filter(Token::is_identifier).and_then(|t| t.name());
        if name.is_some_and(|name| !is_harmless(&name)) {
            return true;
        }
        before = [last, Some(token)];
    }
    false
}

/// Large objects and statistics have effects of their own.
fn is_harmless(name: &str) -> bool {
    HARMLESS.binary_search(&name).is_ok()
        || ["lo_", "lowrite", "pg_restore_", "pg_clear_"]
            .iter()
            .any(|family| name.starts_with(family))
}

/// Does psql put the value of a variable in as SQL (`:name`)? A colon within brackets is a slice's.
pub(super) fn variable(t: Tokens<'_>) -> bool {
    let mut colon = None;
    let mut brackets = 0_u32;
    for token in t {
        if colon == Some(token.start) && token.is_identifier() && token.raw[0] != b'"' {
            return true;
        }
        match token.raw {
            b"[" => brackets += 1,
            b"]" => brackets = brackets.saturating_sub(1),
            _ => {}
        }
        colon = (token.punctuation(b':') && brackets == 0).then_some(token.end);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::postgres::tokens::{Lexing, tokens};

    #[test]
    fn the_list_is_sorted() {
        assert!(HARMLESS.is_sorted());
    }

    #[test]
    fn functions_that_may_write() {
        for (query, expected) in [
            ("SELECT count(*) FROM t", false),
            ("SELECT pg_catalog.setval('s', 1, true)", false),
            (
                "SELECT a AS x, (1) FROM (VALUES (1)) AS v (a) WHERE a IN (1)",
                false,
            ),
            ("SELECT 'f(x)'", false),
            ("SELECT f()", true),
            ("SELECT public.load_data()", true),
            ("SELECT count(*), \"F\" ()", true),
            ("SELECT set_config('a', 'b', false), f()", true),
            ("SELECT query_to_xml('DELETE FROM t', true, true, '')", true),
            ("VALUES (f(1))", true),
        ] {
            assert_eq!(
                calls(tokens(query.as_bytes(), Lexing::default())),
                expected,
                "{query}"
            );
        }
    }

    #[test]
    fn variables_that_hold_sql() {
        for (query, expected) in [
            (":q", true),
            ("SELECT :q", true),
            ("SELECT a::text, b := 1", false),
            ("SELECT a[1:n], a[:n]", false),
            ("SELECT ':q', :'q', :\"q\"", false),
            ("SELECT 1 : q", false),
        ] {
            let found = variable(tokens(query.as_bytes(), Lexing::default()));
            assert_eq!(found, expected, "{query}");
        }
    }
}
