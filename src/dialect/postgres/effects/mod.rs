//! What a statement does, as far as scrub cares.
//!
//! The words decide, not the comments above: pg_dump's `-- Type: TABLE DATA` lines can be forged by
//! a name. What changes rows in a way that cannot be followed is named, never waved through.

mod definitions;
mod nested;
mod passwords;
mod unseen;

use super::copy_head::{self, Format, Source};
use super::ddl::Context;
use super::psql;
use super::tokens::{Kind, Token, Tokens, tokens};
use crate::dialect::Effect;
use crate::schema::{Catalog, RelationName};
use definitions::drop;

/// The effects of a statement, of which there is at least one. There are several if it changes several relations.
pub fn classify(statement: &[u8], context: &Context<'_>, catalog: &Catalog) -> Vec<Effect> {
    let mut rest = tokens(statement, context.lexing);
    let mut out = Vec::new();
    loop {
        let names = Names { context, catalog };
        out.extend(names.statement(rest));
        if unseen::variable(rest) {
            out.push(Effect::Anything("a psql variable"));
        }
        // `\;` sends several statements at once.
        match rest.find(|t| t.kind == Kind::Backslash) {
            Some(token) if token.raw == b"\\;" => {}
            Some(token) if psql::command_name(token.raw) == b"gexec" => {
                return vec![Effect::Unfollowed("\\gexec")];
            }
            Some(token) => {
                if let effect @ Effect::Anything(_) =
                    command(psql::command_name(token.raw), token.raw)
                {
                    out.push(effect);
                }
            }
            None => break,
        }
    }
    out
}

/// The effect of a psql command outside of a statement, except `\connect` and `\copy`.
pub fn command(name: &[u8], command: &[u8]) -> Effect {
    match name {
        b"restrict" => Effect::Restrict,
        b"i" | b"ir" | b"include" | b"include_relative" => Effect::Unfollowed("\\i"),
        b"gexec" => Effect::Unfollowed("\\gexec"),
        b"!" => Effect::Anything("\\!"),
        b"lo_import" => Effect::OtherData,
        b"o" | b"out" | b"g" | b"gx" | b"w" | b"write" if command.contains(&b'|') => {
            Effect::Anything("a command of the shell")
        }
        b"copy" | b"echo" | b"qecho" | b"warn" => Effect::Setting,
        _ if command.contains(&b'`') => Effect::Anything("a command of the shell"),
        b"set" => {
            let mut arguments = psql::arguments(command).into_iter();
            let name = arguments.next().unwrap_or_default();
            match arguments.next() {
                Some(_) if passwords::names_secret(&String::from_utf8_lossy(&name)) => {
                    Effect::Password("\\set")
                }
                _ => Effect::Setting,
            }
        }
        _ => Effect::Setting,
    }
}

/// Do the arguments of a `\connect` hold a password?
pub fn connects_with_password(command: &[u8]) -> bool {
    let arguments = psql::arguments(command);
    arguments.iter().any(|text| passwords::in_connection(text))
}

struct Names<'a> {
    context: &'a Context<'a>,
    catalog: &'a Catalog,
}

impl Names<'_> {
    fn statement(&self, mut t: Tokens<'_>) -> Vec<Effect> {
        // A query may stand in parentheses.
        while t.eat_punctuation(b'(') {}
        let start = t;
        let Some(first) = t.next() else {
            return vec![Effect::Setting];
        };
        let word = match first.kind {
            Kind::Identifier => String::from_utf8_lossy(first.raw).to_ascii_uppercase(),
            _ => String::new(),
        };
        let mut effects = self.effects(&word, start, t);
        let queries = ["SELECT", "VALUES", "DECLARE", "WITH"];
        if queries.contains(&word.as_str()) && unseen::calls(t) {
            effects.push(Effect::Anything("an unknown function"));
        }
        match (passwords::password(&word, t), effects.as_mut_slice()) {
            (Some(what), [effect @ (Effect::Definition | Effect::Setting)]) => {
                *effect = Effect::Password(what);
            }
            (Some(what), _) => effects.push(Effect::Password(what)),
            (None, _) => {}
        }
        effects
    }

    /// What a statement does; `t` is behind its first word.
    fn effects(&self, word: &str, start: Tokens<'_>, mut t: Tokens<'_>) -> Vec<Effect> {
        vec![match word {
            // LOCK stays in its transaction: rows that leave later could not take it along.
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
            "COPY" => match t.skip_parentheses() {
                Some(query) => return self.copied(t.within(query)),
                None => self.copy(start),
            },
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
            "CREATE" => self.create(t),
            "ALTER" => self.alter(t),
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

#[cfg(test)]
mod tests;
