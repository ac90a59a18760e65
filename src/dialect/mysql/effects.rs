//! What a statement does, as far as scrub cares.

use super::session::{Session, restores};
use crate::dialect::script::clauses::trigger_table;
use crate::dialect::script::insert;
use crate::dialect::script::tokens::{Token, Tokens};
use crate::dialect::{Bracket, Effect};
use crate::schema::RelationName;

/// What a client command does; what it changes in the session is taken in.
pub fn command(session: &mut Session, command: &[u8]) -> Effect {
    let line = command.trim_ascii();
    let line = line.strip_suffix(&session.grammar.delimiter[..]);
    let line = line.unwrap_or(command).trim_ascii();
    // What follows `\x` may stand right behind it.
    let (name, rest) = match line {
        [b'\\', letter, rest @ ..] => (&[*letter][..], rest),
        _ => {
            let end = line.iter().position(u8::is_ascii_whitespace);
            line.split_at(end.unwrap_or(line.len()))
        }
    };
    let rest = rest.trim_ascii();
    let is = |letter: &[u8], word: &[u8]| name == letter || name.eq_ignore_ascii_case(word);
    if is(b"d", b"delimiter") {
        let word = command.trim_ascii().split(u8::is_ascii_whitespace);
        let word = word.filter(|w| !w.is_empty()).nth(1);
        session.delimiter(word.unwrap_or_default());
    } else if is(b"u", b"use") {
        session.use_database(rest);
    } else if is(b"C", b"charset") {
        session.client_charset(rest);
    } else if is(b".", b"source") {
        return Effect::Included(SOURCE);
    } else if is(b"!", b"system") {
        return Effect::Included("a shell command");
    } else if is(b"r", b"connect") {
        return match rest.is_empty() {
            true => Effect::Setting,
            false => Effect::Included("a connection to another server"),
        };
    } else if !HARMLESS.iter().any(|(letter, word)| is(letter, word)) {
        return Effect::Included("a client command that reads files or runs programs");
    }
    Effect::Setting
}

/// Commands of the client that bring nothing and run nothing; `pager` and `edit` run programs.
const HARMLESS: &[(&[u8], &[u8])] = &[
    (b"?", b"help"),
    (b"c", b"clear"),
    (b"q", b"exit"),
    (b"q", b"quit"),
    (b"g", b"go"),
    (b"G", b"ego"),
    (b"h", b"help"),
    (b"n", b"nopager"),
    (b"p", b"print"),
    (b"R", b"prompt"),
    (b"s", b"status"),
    (b"t", b"notee"),
    (b"T", b"tee"),
    (b"w", b"nowarning"),
    (b"W", b"warnings"),
    (b"x", b"resetconnection"),
    (b"x", b"reset_connection"),
    (b"#", b"rehash"),
    (b"-", b"sandbox"),
    (b"", b"costs"),
    (b"", b"query_attributes"),
    (b"", b"ssl_session_data_print"),
];

const SOURCE: &str = "the script of another file";

/// Does a statement hold a client command that changes what the script is about?
fn holds_command(mut t: Tokens<'_>) -> bool {
    t.any(|token| {
        matches!(
            token.raw,
            [b'\\', b'.' | b'!' | b'u' | b'r' | b'C' | b'd' | b'P' | b'e']
        )
    })
}

/// What a statement does.
pub fn classify(
    mut t: Tokens<'_>,
    resolve: &dyn Fn(Vec<String>) -> RelationName,
    seen: &dyn Fn(&RelationName) -> bool,
    locked: &mut Vec<RelationName>,
) -> Vec<Effect> {
    let whole = t;
    let Some(first) = t.next() else {
        return vec![Effect::Setting];
    };
    let is = |words: &[&str]| words.iter().any(|w| first.keyword(w));
    if holds_command(whole) {
        return vec![Effect::Included("a client command within a statement")];
    }
    let opaque = |t: &mut Tokens<'_>, what| match t.names() {
        Some(names) => Effect::Opaque(resolve(names), what),
        None => Effect::Unfollowed(what),
    };
    let effect = if is(&["SET"]) {
        if t.at_keyword("STATEMENT") {
            Effect::Unfollowed("a statement that runs others")
        } else if restores(whole) {
            Effect::AfterData
        } else {
            Effect::Setting
        }
    } else if is(&["INSERT", "REPLACE"]) {
        match insert::target(whole) {
            Some(names) => Effect::Opaque(
                resolve(names),
                "an INSERT that takes its rows from elsewhere",
            ),
            None => Effect::Unfollowed("an INSERT that is not understood"),
        }
    } else if is(&["UPDATE"]) {
        t.eat_any(&["LOW_PRIORITY"]);
        t.eat("IGNORE");
        return updated(t, resolve);
    } else if is(&["DELETE"]) {
        while t.eat_any(&["LOW_PRIORITY", "QUICK", "IGNORE", "FROM"]) {}
        emptied(opaque(&mut t, "DELETE"), seen)
    } else if is(&["TRUNCATE"]) {
        t.eat("TABLE");
        emptied(opaque(&mut t, "TRUNCATE"), seen)
    } else if is(&["LOAD"]) {
        while t.peek().is_some() && !t.eat("INTO TABLE") {
            t.next();
        }
        opaque(&mut t, "LOAD DATA")
    } else if is(&["EXECUTE"]) && sets_role(t) {
        Effect::Setting
    } else if is(&["IMPORT"]) {
        Effect::Included("IMPORT TABLE")
    } else if is(&["SOURCE"]) {
        Effect::Included(SOURCE)
    } else if is(&["SYSTEM", "CONNECT", "PAGER", "EDIT"]) {
        Effect::Included("a client command")
    } else if is(RUNS)
        || is(&["BEGIN"]) && t.at_keyword("NOT")
        || is(&["ANALYZE"]) && t.peek().is_some_and(|next| !analyzes_table(next))
    {
        Effect::Unfollowed("a statement that runs others")
    } else if is(&["DO", "SELECT"]) {
        match t.eat_any(&["SETVAL", "NEXTVAL"]) {
            true => Effect::SequenceValue,
            false => Effect::Setting,
        }
    } else if is(&["LOCK"]) {
        return lock(t, resolve, locked);
    } else if is(&["UNLOCK"]) {
        let closed = locked.drain(..);
        let effects: Vec<_> = closed
            .map(|relation| Effect::Envelope(relation, Bracket::Close))
            .collect();
        return match effects.is_empty() {
            true => vec![Effect::Setting],
            false => effects,
        };
    } else if is(&["BEGIN"]) || is(&["START"]) && t.at_keyword("TRANSACTION") {
        Effect::Begin
    } else if is(&["START"])
        && t.eat_any(&[
            "SLAVE",
            "REPLICA",
            "ALL SLAVES",
            "ALL REPLICAS",
            "GROUP_REPLICATION",
        ])
    {
        Effect::Included("a replication that begins")
    } else if is(&["COMMIT", "ROLLBACK"]) {
        Effect::Commit
    } else if is(&["ANALYZE"]) {
        statistics(t, resolve)
    } else if is(&["ALTER"]) {
        alter(t, resolve)
    } else if is(&["CREATE", "GRANT", "CHANGE", "REVOKE", "DROP", "RENAME"]) {
        definition(whole, resolve)
    } else {
        Effect::Setting
    };
    vec![effect]
}

/// Words that begin a statement which runs others, or brings rows that scrub does not see. MariaDB
/// takes those of a procedure's body on their own as well.
const RUNS: &[&str] = &[
    "WITH", "CALL", "EXECUTE", "PREPARE", "HANDLER", "BINLOG", "IF", "CASE", "LOOP", "REPEAT",
    "WHILE", "FOR",
];

/// What follows ANALYZE: tables, or a statement that MariaDB runs to measure it?
fn analyzes_table(next: Token<'_>) -> bool {
    ["TABLE", "TABLES", "NO_WRITE_TO_BINLOG", "LOCAL"]
        .iter()
        .any(|word| next.keyword(word))
}

/// The tables of an UPDATE: one, or several that are joined.
fn updated(mut t: Tokens<'_>, resolve: &dyn Fn(Vec<String>) -> RelationName) -> Vec<Effect> {
    let mut out = Vec::new();
    let mut expected = true;
    while let Some(token) = t.peek() {
        if token.keyword("SET") {
            break;
        }
        if !expected {
            expected = token.mark(b',') || token.keyword("JOIN") || token.keyword("STRAIGHT_JOIN");
            t.pass_over();
            continue;
        }
        expected = false;
        out.push(match t.names() {
            Some(names) => Effect::Opaque(resolve(names), "UPDATE"),
            None => return vec![Effect::Unfollowed("UPDATE")],
        });
    }
    match out.is_empty() {
        true => vec![Effect::Unfollowed("UPDATE")],
        false => out,
    }
}

/// `EXECUTE IMMEDIATE CONCAT('SET ROLE ', @current_role)`, as mariadb-dump ends its users.
fn sets_role(mut t: Tokens<'_>) -> bool {
    t.eat("IMMEDIATE CONCAT")
        && t.eat_mark(b'(')
        && t.next().is_some_and(|t| t.raw == b"'SET ROLE '")
}

/// A statement that empties a table changes nothing as long as no row has come.
fn emptied(effect: Effect, seen: &dyn Fn(&RelationName) -> bool) -> Effect {
    match effect {
        Effect::Opaque(relation, _) if !seen(&relation) => Effect::Definition,
        other => other,
    }
}

fn lock(
    mut t: Tokens<'_>,
    resolve: &dyn Fn(Vec<String>) -> RelationName,
    locked: &mut Vec<RelationName>,
) -> Vec<Effect> {
    locked.clear();
    if t.eat_any(&["TABLES", "TABLE"]) {
        let parts = t.list().into_iter();
        locked.extend(parts.filter_map(|part| t.within(part).names()).map(resolve));
    }
    let effects = locked.iter().cloned();
    let effects: Vec<_> = effects
        .map(|relation| Effect::Envelope(relation, Bracket::Open))
        .collect();
    match effects.is_empty() {
        true => vec![Effect::Setting],
        false => effects,
    }
}

/// `ANALYZE TABLE t UPDATE HISTOGRAM … USING DATA '…'` brings values along; otherwise the server
/// looks for itself.
fn statistics(mut t: Tokens<'_>, resolve: &dyn Fn(Vec<String>) -> RelationName) -> Effect {
    t.eat_any(&["NO_WRITE_TO_BINLOG", "LOCAL"]);
    t.eat("TABLE");
    let Some(relation) = t.names().map(resolve) else {
        return Effect::Setting;
    };
    while t.peek().is_some() {
        if t.eat("USING DATA") {
            return Effect::Statistics(relation);
        }
        t.next();
    }
    Effect::Setting
}

fn alter(mut t: Tokens<'_>, resolve: &dyn Fn(Vec<String>) -> RelationName) -> Effect {
    t.eat_any(&["ONLINE", "IGNORE"]);
    if !t.eat("TABLE") {
        return Effect::Definition;
    }
    t.eat("IF EXISTS");
    let Some(relation) = t.names().map(resolve) else {
        return Effect::Definition;
    };
    if t.eat("DISABLE KEYS") {
        Effect::Envelope(relation, Bracket::Open)
    } else if t.eat("ENABLE KEYS") {
        Effect::Envelope(relation, Bracket::Close)
    } else if t.eat_any(&["DISCARD TABLESPACE", "IMPORT TABLESPACE"]) {
        Effect::Opaque(relation, "IMPORT TABLESPACE")
    } else if exchanges(t) {
        Effect::Opaque(relation, "EXCHANGE PARTITION")
    } else {
        Effect::Definition
    }
}

/// Does ALTER TABLE give the table the rows of another?
fn exchanges(mut t: Tokens<'_>) -> bool {
    while t.peek().is_some() {
        if t.eat("EXCHANGE PARTITION") {
            return true;
        }
        t.pass_over();
    }
    false
}

fn definition(mut t: Tokens<'_>, resolve: &dyn Fn(Vec<String>) -> RelationName) -> Effect {
    if let Some(table) = trigger_table(t) {
        return Effect::Trigger(resolve(table));
    }
    let create = t.eat("CREATE");
    t.eat("OR REPLACE");
    t.eat("TEMPORARY");
    if create && t.eat("TABLE") {
        t.eat("IF NOT EXISTS");
        let relation = t.names().map(resolve);
        let list = t;
        let mut rest = list;
        while let Some(token) = rest.peek() {
            let query = token.keyword("SELECT") || token.keyword("VALUES");
            if let (true, Some(relation)) = (query, &relation) {
                return Effect::Opaque(relation.clone(), "CREATE TABLE … AS SELECT");
            }
            rest.pass_over();
        }
    }
    Effect::Definition
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::script::tokens::{testing, tokens};

    #[test]
    fn what_brings_rows_unseen() {
        let grammar = testing::mysql();
        let name = |name: &str| RelationName::new(Some("shop"), name);
        let opaque = |table, what| Effect::Opaque(name(table), what);
        let runs = || vec![Effect::Unfollowed("a statement that runs others")];
        for (statement, expected) in [
            (
                "UPDATE LOW_PRIORITY t SET a = 1",
                vec![opaque("t", "UPDATE")],
            ),
            (
                "UPDATE u AS x JOIN t ON x.a = t.a SET t.b = 1",
                vec![opaque("u", "UPDATE"), opaque("t", "UPDATE")],
            ),
            (
                "UPDATE u, t y SET y.b = 1",
                vec![opaque("u", "UPDATE"), opaque("t", "UPDATE")],
            ),
            ("UPDATE (t) SET b = 1", vec![Effect::Unfollowed("UPDATE")]),
            (
                "ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u",
                vec![opaque("t", "EXCHANGE PARTITION")],
            ),
            (
                "CREATE TABLE t AS VALUES (1)",
                vec![opaque("t", "CREATE TABLE … AS SELECT")],
            ),
            ("SET STATEMENT a = 1 FOR INSERT INTO t VALUES (1)", runs()),
            ("ANALYZE FORMAT=JSON INSERT INTO t VALUES (1)", runs()),
            ("ANALYZE TABLE t", vec![Effect::Setting]),
            ("BEGIN NOT ATOMIC INSERT INTO t VALUES (1); END", runs()),
            ("BEGIN", vec![Effect::Begin]),
            ("IF 1 THEN INSERT INTO t VALUES (1); END IF", runs()),
            ("BINLOG 'x'", runs()),
        ] {
            let resolve = |mut parts: Vec<String>| name(&parts.pop().unwrap_or_default());
            let t = tokens(&grammar, statement.as_bytes());
            let effects = classify(t, &resolve, &|_| true, &mut Vec::new());
            assert_eq!(effects, expected, "{statement}");
        }
    }
}
