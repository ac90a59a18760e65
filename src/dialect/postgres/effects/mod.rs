//! What a statement does, as far as scrub cares.
//!
//! The words decide, not the comments above: pg_dump's `-- Type: TABLE DATA` lines can be forged by
//! a name. What changes rows in a way that cannot be followed is named, never waved through.

mod definitions;
mod passwords;

use super::copy_head::{self, Format, Source};
use super::ddl::Context;
use super::psql;
use super::tokens::{Kind, Token, Tokens, tokens};
use crate::dialect::Effect;
use crate::schema::{Catalog, RelationName};
use definitions::drop;
use passwords::password;

/// The effects of a statement, of which there is at least one. There are several if it changes several relations.
pub fn classify(statement: &[u8], context: &Context<'_>, catalog: &Catalog) -> Vec<Effect> {
    let mut rest = tokens(statement, context.lexing);
    let mut out = Vec::new();
    loop {
        let names = Names { context, catalog };
        out.extend(names.statement(rest));
        // `\;` sends several statements at once.
        match rest.find(|t| t.kind == Kind::Backslash) {
            Some(token) if token.raw == b"\\;" => {}
            Some(token) if psql::command_name(token.raw) == b"gexec" => {
                return vec![Effect::Unfollowed("\\gexec")];
            }
            Some(_) => {}
            None => break,
        }
    }
    out
}

/// The effect of a psql command outside of a statement, except `\connect` and `\copy`.
pub fn command(name: &[u8]) -> Effect {
    match name {
        b"restrict" => Effect::Restrict,
        b"i" | b"ir" | b"include" | b"include_relative" => Effect::Unfollowed("\\i"),
        b"gexec" => Effect::Unfollowed("\\gexec"),
        _ => Effect::Setting,
    }
}

struct Names<'a> {
    context: &'a Context<'a>,
    catalog: &'a Catalog,
}

impl Names<'_> {
    fn statement(&self, mut t: Tokens<'_>) -> Vec<Effect> {
        let start = t;
        let Some(first) = t.next() else {
            return vec![Effect::Setting];
        };
        let word = match first.kind {
            Kind::Identifier => String::from_utf8_lossy(first.raw).to_ascii_uppercase(),
            _ => String::new(),
        };
        vec![match word.as_str() {
            "SET" | "RESET" | "SHOW" | "DISCARD" | "LOCK" | "ANALYZE" | "ANALYSE" | "LISTEN"
            | "NOTIFY" | "UNLISTEN" | "CHECKPOINT" | "LOAD" | "DECLARE" | "FETCH" | "MOVE"
            | "CLOSE" | "DEALLOCATE" | "SAVEPOINT" | "RELEASE" | "VALUES" | "TABLE" => {
                Effect::Setting
            }
            "PREPARE" if t.at_keyword("TRANSACTION") => Effect::Commit,
            "PREPARE" => return self.prepare(t),
            "EXPLAIN" => return self.explain(t),
            "BEGIN" | "START" => Effect::Begin,
            "ROLLBACK" | "ABORT" if t.any(|t| t.keyword("TO")) => Effect::Setting,
            "COMMIT" | "END" | "ROLLBACK" | "ABORT" => Effect::Commit,
            "SELECT" => self.select(t),
            "COPY" => self.copy(start),
            "INSERT" => {
                t.eat_keyword("INTO");
                let name = t.qualified_name();
                let mut what = "INSERT that is not plain VALUES";
                for token in t {
                    if token.keyword("SELECT") {
                        what = "INSERT … SELECT";
                        break;
                    }
                    if token.keyword("DEFAULT") {
                        what = "INSERT … DEFAULT VALUES";
                        break;
                    }
                }
                self.opaque(name, what)
            }
            "UPDATE" => {
                t.eat_keyword("ONLY");
                self.opaque(t.qualified_name(), "UPDATE")
            }
            "DELETE" | "MERGE" => {
                let _ = t.eat_keyword("FROM") || t.eat_keyword("INTO");
                t.eat_keyword("ONLY");
                let what = if word == "DELETE" { "DELETE" } else { "MERGE" };
                self.opaque(t.qualified_name(), what)
            }
            "TRUNCATE" => return self.truncate(t),
            "WITH" => return self.with(t),
            "DO" => Effect::Unfollowed("DO"),
            "CALL" => Effect::Unfollowed("CALL"),
            "EXECUTE" => Effect::Unfollowed("EXECUTE"),
            "CREATE" => return with_password(self.create(t), password(t, false)),
            "ALTER" => return with_password(self.alter(t), password(t, true)),
            "DROP" => drop(t),
            "REFRESH" => Effect::AfterData,
            "CLUSTER" | "REINDEX" => {
                let name = t.next();
                let whole = name.is_none_or(|t| {
                    t.punctuation(b';') || t.keyword("DATABASE") || t.keyword("SYSTEM")
                });
                if whole || t.any(|t| t.keyword("CONCURRENTLY")) {
                    Effect::NoTransaction
                } else {
                    Effect::AfterData
                }
            }
            "VACUUM" => Effect::NoTransaction,
            _ => Effect::Definition,
        }]
    }

    /// What a prepared statement does when it is executed counts where it is prepared, for EXECUTE
    /// does not say whom it concerns.
    fn prepare(&self, mut t: Tokens<'_>) -> Vec<Effect> {
        t.next();
        t.skip_parentheses();
        if !t.eat_keyword("AS") {
            return vec![Effect::Unfollowed("PREPARE")];
        }
        let mut effects = named(self.statement(t), "PREPARE");
        effects.retain(|effect| matches!(effect, Effect::Opaque(..) | Effect::Unfollowed(_)));
        if effects.is_empty() {
            effects.push(Effect::Setting);
        }
        effects
    }

    /// Only with ANALYZE does EXPLAIN run its statement.
    fn explain(&self, mut t: Tokens<'_>) -> Vec<Effect> {
        let mut runs = false;
        if let Some(options) = t.skip_parentheses() {
            let mut options = t.within(options);
            while let Some(option) = options.next() {
                if option.keyword("ANALYZE") || option.keyword("ANALYSE") {
                    runs = !options.peek().is_some_and(|value| is_off(&value));
                }
            }
        } else {
            loop {
                if t.eat_keyword("ANALYZE") || t.eat_keyword("ANALYSE") {
                    runs = true;
                } else if !t.eat_keyword("VERBOSE") {
                    break;
                }
            }
        }
        match runs {
            true => named(self.statement(t), "EXPLAIN ANALYZE"),
            false => vec![Effect::Setting],
        }
    }

    fn opaque(&self, name: Option<Vec<String>>, what: &'static str) -> Effect {
        match name {
            Some(name) => Effect::Opaque(self.context.resolve(self.catalog, name), what),
            None => Effect::Unfollowed(what),
        }
    }

    fn copy(&self, t: Tokens<'_>) -> Effect {
        match copy_head::parse(t) {
            Some(head) if head.source == Source::To => Effect::Setting,
            Some(head) if head.source == Source::Elsewhere => {
                self.opaque(Some(head.relation), "COPY from a file")
            }
            Some(head) if head.format == Format::Binary => {
                self.opaque(Some(head.relation), "COPY in binary")
            }
            Some(head) => self.opaque(Some(head.relation), "COPY that is not read"),
            None => Effect::Unfollowed("COPY in a form that is not known"),
        }
    }

    fn select(&self, t: Tokens<'_>) -> Effect {
        let mut call = t;
        if call.eat_if(|t| t.operator("*")).is_some() {
            call.eat_keyword("FROM");
        }
        if call.eat_keyword("pg_catalog") {
            call.eat_punctuation(b'.');
        }
        let function = call.name().filter(|_| call.at_punctuation(b'('));
        match function.as_deref() {
            Some("setval") => return Effect::SequenceValue,
            Some("set_config") => return Effect::Setting,
            Some("lowrite") => return Effect::OtherData,
            Some(name) if name.starts_with("lo_") => return Effect::OtherData,
            Some(name) if name.starts_with("pg_restore_") || name.starts_with("pg_clear_") => {
                return self.statistics(call);
            }
            _ => {}
        }
        let mut depth = 0;
        let mut rest = t;
        while let Some(token) = rest.next() {
            match (token.kind, token.raw) {
                (Kind::Punctuation, b"(") => depth += 1,
                (Kind::Punctuation, b")") => depth -= 1,
                _ if depth == 0 && token.keyword("INTO") => {
                    while ["TEMPORARY", "TEMP", "UNLOGGED", "TABLE"]
                        .iter()
                        .any(|w| rest.eat_keyword(w))
                    {}
                    return self.created(rest.qualified_name(), "SELECT … INTO");
                }
                _ => {}
            }
        }
        Effect::Setting
    }

    /// `pg_restore_attribute_stats('schemaname', 's', 'relname', 't', …)`.
    fn statistics(&self, arguments: Tokens<'_>) -> Effect {
        let values: Vec<String> = arguments
            .filter_map(|t| t.value())
            .map(|value| String::from_utf8_lossy(&value).into_owned())
            .collect();
        let after = |key: &str| {
            let at = values.iter().position(|value| value == key)?;
            values.get(at + 1).cloned()
        };
        if let Some(relation) = after("relation") {
            let name = tokens(relation.as_bytes(), self.context.lexing).qualified_name();
            return match name {
                Some(name) => Effect::Statistics(self.context.resolve(self.catalog, name)),
                None => Effect::Unfollowed("planner statistics"),
            };
        }
        match after("relname") {
            Some(name) => Effect::Statistics(RelationName {
                schema: after("schemaname"),
                name,
            }),
            None => Effect::Unfollowed("planner statistics"),
        }
    }

    fn truncate(&self, mut t: Tokens<'_>) -> Vec<Effect> {
        t.eat_keyword("TABLE");
        let mut out = Vec::new();
        loop {
            t.eat_keyword("ONLY");
            out.push(self.opaque(t.qualified_name(), "TRUNCATE"));
            t.eat_if(|t| t.operator("*"));
            if !t.eat_punctuation(b',') {
                return out;
            }
        }
    }

    /// Statements within a WITH may change rows too.
    fn with(&self, mut t: Tokens<'_>) -> Vec<Effect> {
        let mut out = Vec::new();
        let mut before = None;
        while let Some(token) = t.next() {
            let locks = before.is_some_and(|b: Token<'_>| {
                b.keyword("FOR")
                    || b.keyword("KEY")
                    || b.keyword("DO")
                    || b.keyword("ON")
                    || b.keyword("THEN")
            });
            before = Some(token);
            let what = match () {
                () if locks => continue,
                () if token.keyword("INSERT") && t.eat_keyword("INTO") => "WITH … INSERT",
                () if token.keyword("UPDATE") => "WITH … UPDATE",
                () if token.keyword("DELETE") && t.eat_keyword("FROM") => "WITH … DELETE",
                () if token.keyword("MERGE") && t.eat_keyword("INTO") => "WITH … MERGE",
                () => continue,
            };
            t.eat_keyword("ONLY");
            out.push(self.opaque(t.qualified_name(), what));
        }
        if out.is_empty() {
            out.push(Effect::Setting);
        }
        out
    }
}

/// The effects, of which those that change rows are called `what`.
fn named(mut effects: Vec<Effect>, what: &'static str) -> Vec<Effect> {
    for effect in &mut effects {
        if let Effect::Opaque(_, called) = effect {
            *called = what;
        }
    }
    effects
}

/// A boolean option's value that says no, in one of PostgreSQL's spellings.
fn is_off(value: &Token<'_>) -> bool {
    let quoted = value.value();
    let word = quoted.as_deref().unwrap_or(value.raw);
    [&b"off"[..], b"false", b"0"]
        .iter()
        .any(|off| word.eq_ignore_ascii_case(off))
}

/// A definition with a password is said; what else matters of a statement stays its first effect.
fn with_password(effect: Effect, password: Option<&'static str>) -> Vec<Effect> {
    match (effect, password) {
        (Effect::Definition, Some(what)) => vec![Effect::Password(what)],
        (effect, Some(what)) => vec![effect, Effect::Password(what)],
        (effect, None) => vec![effect],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Bracket;
    use crate::dialect::postgres::session::Session;

    fn effects(statement: &str) -> Vec<Effect> {
        let session = Session::default();
        classify(
            statement.as_bytes(),
            &session.context(),
            &Catalog::default(),
        )
    }

    #[test]
    fn statements_by_their_effect() {
        let opaque =
            |name: &str, what| Effect::Opaque(RelationName::new(Some("public"), name), what);
        for (effect, statements) in [
            (
                Effect::Setting,
                &[
                    "SET x = 1;",
                    "/* c */ set y to z",
                    "SELECT pg_catalog.set_config('search_path', '', false);",
                    "SELECT 1;",
                    "LOCK TABLE t;",
                    "COPY t TO stdout;",
                    "WITH x AS (SELECT 1 FOR UPDATE) SELECT 1",
                    "SAVEPOINT a",
                    "PREPARE p AS SELECT 1",
                    "PREPARE p (int) AS SELECT setval('s', $1)",
                    "EXPLAIN INSERT INTO t VALUES (1)",
                    "EXPLAIN VERBOSE DELETE FROM t",
                    "EXPLAIN (COSTS, ANALYZE off) DELETE FROM t",
                    "EXPLAIN (ANALYZE 'false', VERBOSE) DELETE FROM t",
                    "EXPLAIN ANALYZE SELECT 1",
                    "ROLLBACK TO SAVEPOINT a",
                ][..],
            ),
            (
                Effect::Definition,
                &[
                    "CREATE TABLE t (a int);",
                    "CREATE UNLOGGED TABLE t ();",
                    "ALTER TABLE ONLY public.t OWNER TO x;",
                    "ALTER TABLE t ALTER COLUMN a SET DEFAULT 1;",
                    "ALTER TABLE ONLY p ATTACH PARTITION c FOR VALUES IN (1);",
                    "ALTER TABLE t ADD COLUMN b int;",
                    "ALTER TABLE t DISABLE TRIGGER a, ENABLE TRIGGER b;",
                    "ALTER TABLE t DISABLE TRIGGER a, DROP COLUMN b;",
                    "COMMENT ON TABLE t IS 'x';",
                    "GRANT SELECT ON t TO u;",
                    "CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN; END $$;",
                    "DROP TABLE t;",
                    "CREATE MATERIALIZED VIEW v AS SELECT 1 WITH NO DATA;",
                    "CREATE TABLE t AS SELECT 1 WITH NO DATA",
                    "CREATE TABLE t (a int GENERATED ALWAYS AS (1) STORED)",
                    "CREATE ROLE x;",
                    "\"select\" 1",
                ],
            ),
            (
                Effect::AfterData,
                &[
                    "CREATE INDEX i ON t (a);",
                    "CREATE UNIQUE INDEX i ON t (a);",
                    "ALTER TABLE ONLY t ADD CONSTRAINT c PRIMARY KEY (a);",
                    "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u;",
                    "CREATE TRIGGER x AFTER INSERT ON t EXECUTE FUNCTION f();",
                    "CREATE CONSTRAINT TRIGGER x",
                    "CREATE RULE r AS ON INSERT TO t DO NOTHING;",
                    "CREATE POLICY p ON t;",
                    "REFRESH MATERIALIZED VIEW v;",
                    "ALTER INDEX i ATTACH PARTITION j;",
                    "ALTER TABLE t ENABLE ROW LEVEL SECURITY;",
                    "CREATE PUBLICATION p;",
                    "CREATE STATISTICS s ON a, b FROM t;",
                    "ALTER TABLE t CLUSTER ON i;",
                    "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (connect = false)",
                    "CREATE EVENT TRIGGER e ON x",
                ],
            ),
            (
                Effect::SequenceValue,
                &[
                    "SELECT pg_catalog.setval('public.s', 3, true);",
                    "select setval('s', 1)",
                ],
            ),
            (
                Effect::OtherData,
                &[
                    "SELECT pg_catalog.lo_open('1', 131072);",
                    "SELECT pg_catalog.lowrite(0, '\\x00');",
                    "SELECT lo_from_bytea(1, '')",
                ],
            ),
            (
                Effect::Envelope(RelationName::new(Some("public"), "t"), Bracket::Open),
                &[
                    "ALTER TABLE t DISABLE TRIGGER ALL;",
                    "ALTER TABLE IF EXISTS ONLY public.t * DISABLE TRIGGER a, DISABLE RULE \"b\"",
                ],
            ),
            (
                Effect::Envelope(RelationName::new(Some("s"), "T"), Bracket::Close),
                &[
                    "ALTER TABLE s.\"T\" ENABLE TRIGGER USER;",
                    "alter table s.\"T\" enable always trigger x",
                ],
            ),
            (Effect::Begin, &["BEGIN;", "START TRANSACTION;"]),
            (Effect::Commit, &["COMMIT;", "END;", "ROLLBACK;"]),
            (
                Effect::NoTransaction,
                &[
                    "CREATE DATABASE x;",
                    "DROP DATABASE x;",
                    "CREATE TABLESPACE x LOCATION '';",
                    "ALTER SYSTEM SET a = 1;",
                    "VACUUM;",
                    "CREATE INDEX CONCURRENTLY i ON t (a);",
                    "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p;",
                    "CLUSTER;",
                    "REINDEX TABLE CONCURRENTLY t",
                ],
            ),
            (
                opaque("t", "UPDATE"),
                &["UPDATE ONLY t SET a = 1;", "update public.t set a = 1"],
            ),
            (opaque("t", "DELETE"), &["DELETE FROM t;"]),
            (opaque("t", "MERGE"), &["MERGE INTO t USING u ON true"]),
            (
                opaque("t", "INSERT … SELECT"),
                &[
                    "INSERT INTO t SELECT * FROM u;",
                    "INSERT INTO t (a) SELECT 1",
                ],
            ),
            (
                opaque("t", "INSERT … DEFAULT VALUES"),
                &["INSERT INTO t DEFAULT VALUES;"],
            ),
            (
                opaque("t", "COPY in binary"),
                &[
                    "COPY t FROM stdin (FORMAT binary)",
                    "COPY BINARY t FROM stdin",
                ],
            ),
            (opaque("t", "COPY from a file"), &["COPY t FROM '/tmp/x'"]),
            (
                opaque("t", "CREATE TABLE … AS"),
                &[
                    "CREATE TABLE t AS SELECT 1",
                    "CREATE TEMP TABLE IF NOT EXISTS t (a) AS VALUES (1)",
                ],
            ),
            (
                opaque("t", "SELECT … INTO"),
                &["SELECT a, (b) INTO TABLE t FROM u"],
            ),
            (
                opaque("t", "WITH … UPDATE"),
                &["WITH x AS (UPDATE t SET a = 1 RETURNING a) SELECT 1"],
            ),
            (
                opaque("t", "PREPARE"),
                &[
                    "PREPARE p AS INSERT INTO t VALUES (1)",
                    "PREPARE p (int, numeric(3, 1)) AS INSERT INTO t SELECT $1, $2",
                    "PREPARE p AS UPDATE ONLY t SET a = 1",
                    "PREPARE \"as\" AS DELETE FROM t",
                    "PREPARE p AS MERGE INTO t USING u ON true",
                    "PREPARE p AS WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x",
                ],
            ),
            (
                opaque("t", "EXPLAIN ANALYZE"),
                &[
                    "EXPLAIN ANALYZE INSERT INTO t VALUES (1)",
                    "EXPLAIN ANALYZE VERBOSE UPDATE t SET a = 1",
                    "explain (analyze) delete from t",
                    "EXPLAIN (COSTS off, ANALYSE) DELETE FROM t",
                    "EXPLAIN (ANALYZE on, COSTS off) MERGE INTO t USING u ON true",
                    "EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1",
                ],
            ),
            (
                Effect::Unfollowed("EXECUTE"),
                &["EXECUTE p(1);", "EXPLAIN ANALYZE EXECUTE p(1)"],
            ),
            (Effect::Unfollowed("PREPARE"), &["PREPARE p"]),
            (Effect::Unfollowed("DO"), &["DO $$ BEGIN END $$;"]),
            (Effect::Unfollowed("CALL"), &["CALL p();"]),
            (
                Effect::Unfollowed("\\gexec"),
                &["SELECT 'DELETE FROM t' \\gexec\n"],
            ),
            (
                Effect::Statistics(RelationName::new(Some("public"), "t")),
                &[
                    "SELECT * FROM pg_catalog.pg_restore_attribute_stats('version', '180000'::integer, 'schemaname', 'public', 'relname', 't', 'attname', 'a');",
                    "SELECT pg_catalog.pg_restore_relation_stats('relation', 'public.t'::regclass)",
                ],
            ),
        ] {
            for statement in statements {
                assert_eq!(
                    effects(statement),
                    std::slice::from_ref(&effect),
                    "{statement}"
                );
            }
        }
    }

    #[test]
    fn one_statement_may_change_several_relations() {
        let names = |statement: &str| -> Vec<String> {
            let effects = effects(statement).into_iter();
            effects
                .filter_map(|effect| match effect {
                    Effect::Opaque(name, _) => Some(name.to_string()),
                    _ => None,
                })
                .collect()
        };
        assert_eq!(
            names("TRUNCATE TABLE ONLY a, s.b * , c CASCADE;"),
            ["public.a", "s.b", "public.c"]
        );
        assert_eq!(
            names("WITH x AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM x;"),
            ["public.a", "public.b"]
        );
        assert_eq!(
            names("UPDATE a SET b = 1 \\; DELETE FROM c;"),
            ["public.a", "public.c"]
        );
    }

    #[test]
    fn passwords_in_definitions() {
        let password = Effect::Password;
        for (statement, expected) in [
            (
                "ALTER ROLE x WITH LOGIN PASSWORD 'SCRAM-SHA-256$4096:a';",
                vec![password("ALTER ROLE")],
            ),
            (
                "create user x encrypted password E'y';",
                vec![password("CREATE USER")],
            ),
            (
                "CREATE USER mapping PASSWORD 'y';",
                vec![password("CREATE USER")],
            ),
            (
                "CREATE USER MAPPING FOR a SERVER s OPTIONS (\n    password 'x',\n    \"user\" 'y'\n);",
                vec![password("CREATE USER MAPPING")],
            ),
            (
                "ALTER USER MAPPING FOR a SERVER s OPTIONS (SET \"password\" 'x');",
                vec![password("ALTER USER MAPPING")],
            ),
            (
                "CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (host 'h', sslpassword 'x');",
                vec![password("CREATE SERVER")],
            ),
            (
                "CREATE SUBSCRIPTION s CONNECTION 'password=x' PUBLICATION p WITH (connect = false);",
                vec![Effect::AfterData, password("CREATE SUBSCRIPTION")],
            ),
            (
                "CREATE SUBSCRIPTION s CONNECTION 'password=x' PUBLICATION p;",
                vec![Effect::NoTransaction, password("CREATE SUBSCRIPTION")],
            ),
            (
                "ALTER SUBSCRIPTION s CONNECTION 'postgres://u:p@h/d';",
                vec![Effect::AfterData, password("ALTER SUBSCRIPTION")],
            ),
            (
                "CREATE SUBSCRIPTION s CONNECTION 'dbname=password' PUBLICATION p;",
                vec![Effect::NoTransaction],
            ),
            ("ALTER ROLE x PASSWORD NULL;", vec![Effect::Definition]),
            ("CREATE ROLE password LOGIN;", vec![Effect::Definition]),
            (
                "ALTER ROLE x SET a.password TO 'y';",
                vec![Effect::Definition],
            ),
            (
                "ALTER USER MAPPING FOR a SERVER s OPTIONS (DROP password);",
                vec![Effect::Definition],
            ),
            (
                "CREATE USER MAPPING FOR a SERVER s OPTIONS (password_required 'false', \"user\" 'password');",
                vec![Effect::Definition],
            ),
            (
                "CREATE TABLE t (a text DEFAULT 'password', password text);",
                vec![Effect::Definition],
            ),
            ("COMMENT ON ROLE x IS 'password';", vec![Effect::Definition]),
        ] {
            assert_eq!(effects(statement), expected, "{statement}");
        }
    }
}
