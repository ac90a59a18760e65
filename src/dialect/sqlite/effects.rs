//! What a statement does, as far as scrub cares.

use super::relation;
use crate::dialect::Effect;
use crate::dialect::script::clauses::trigger_table;
use crate::dialect::script::insert;
use crate::dialect::script::tokens::Tokens;
use crate::schema::RelationName;

/// What a dot command does. What brings rows, runs programs or makes errors pass stops the rules; so does what
/// is not known. sqlite3 takes the beginning of a command for the command, so it may be any that begins so.
pub fn command(command: &[u8]) -> Effect {
    let mut words = command
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    let name = words.next().unwrap_or_default();
    let begins = |known: &&[u8]| known.starts_with(name);
    let argument = words.next().unwrap_or_default();
    // `.output |program`, `.bail off`, `.user login name password`
    let runs = [&b".output"[..], b".once"].iter().any(begins) && command.contains(&b'|');
    let ignores = b".bail".starts_with(name) && !argument.is_empty() && !is_on(argument);
    match name {
        b"." => Effect::Setting,
        b".user" => Effect::Password(".user"),
        _ if ignores => Effect::Included("a dot command that makes errors pass"),
        _ if runs || BRINGS.iter().any(begins) || !HARMLESS.iter().any(begins) => {
            Effect::Included("a dot command that brings rows from elsewhere or runs programs")
        }
        _ => Effect::Setting,
    }
}

fn is_on(argument: &[u8]) -> bool {
    [&b"on"[..], b"yes", b"1"]
        .iter()
        .any(|on| argument.eq_ignore_ascii_case(on))
}

/// Commands that bring rows, go to another database or run programs.
const BRINGS: &[&[u8]] = &[
    b".archive",
    b".backup",
    b".clone",
    b".connection",
    b".excel",
    b".import",
    b".load",
    b".open",
    b".read",
    b".recover",
    b".restore",
    b".save",
    b".shell",
    b".system",
    b".www",
];

/// Commands that do none of that.
const HARMLESS: &[&[u8]] = &[
    b".auth",
    b".bail",
    b".binary",
    b".cd",
    b".changes",
    b".check",
    b".crlf",
    b".crnl",
    b".databases",
    b".dbconfig",
    b".dbinfo",
    b".dbtotxt",
    b".dump",
    b".echo",
    b".eqp",
    b".exit",
    b".expert",
    b".explain",
    b".fullschema",
    b".headers",
    b".help",
    b".indexes",
    b".indices",
    b".intck",
    b".limit",
    b".lint",
    b".log",
    b".mode",
    b".nonce",
    b".nullvalue",
    b".once",
    b".output",
    b".parameter",
    b".print",
    b".progress",
    b".prompt",
    b".quit",
    b".scanstats",
    b".schema",
    b".selftest",
    b".separator",
    b".sha3sum",
    b".show",
    b".stats",
    b".tables",
    b".timeout",
    b".timer",
    b".trace",
    b".version",
    b".vfsinfo",
    b".vfslist",
    b".vfsname",
    b".width",
];

/// Functions of the shell that load code, read and write files or run programs.
const REACHES: &[&str] = &[
    "edit",
    "fts3_tokenizer",
    "load_extension",
    "readfile",
    "writefile",
];

/// What a statement has beside what it does: a function that goes beyond the database, a password.
pub fn beside(t: Tokens<'_>) -> Vec<Effect> {
    let mut out = Vec::new();
    let mut rest = t;
    // What is only defined is not called.
    let defines = rest.eat("CREATE");
    while let Some(token) = rest.next().filter(|_| !defines) {
        if REACHES.iter().any(|name| token.keyword(name)) && rest.at_mark(b'(') {
            out.push(Effect::Included(
                "a function that loads code or reads files",
            ));
            break;
        }
    }
    let mut keyed = t;
    let password = match () {
        () if keyed.eat("PRAGMA") => {
            let name = keyed.names().and_then(|mut parts| parts.pop());
            let name = name.unwrap_or_default().to_ascii_lowercase();
            let keys = ["key", "rekey", "hexkey", "hexrekey", "textkey", "textrekey"];
            let value = (keyed.eat_mark(b'=') || keyed.eat_mark(b'(')).then(|| keyed.next());
            let set = value
                .flatten()
                .and_then(|value| value.content().map(|text| !text.is_empty()));
            (keys.contains(&name.as_str()) && set.unwrap_or(false)).then_some("PRAGMA key")
        }
        () if keyed.eat("ATTACH") => {
            let key = keyed.any(|token| token.keyword("KEY"));
            let set = keyed
                .next()
                .and_then(|value| value.content().map(|text| !text.is_empty()));
            (key && set.unwrap_or(false)).then_some("ATTACH")
        }
        () => None,
    };
    out.extend(password.map(Effect::Password));
    out
}

/// What a statement does.
pub fn classify(mut t: Tokens<'_>, seen: &dyn Fn(&RelationName) -> bool) -> Effect {
    let whole = t;
    let Some(first) = t.next() else {
        return Effect::Setting;
    };
    let is = |words: &[&str]| words.iter().any(|w| first.keyword(w));
    if is(&["INSERT", "REPLACE"]) {
        let Some(target) = insert::target(whole).map(relation) else {
            return Effect::Unfollowed("an INSERT that is not understood");
        };
        return match target.name.as_str() {
            "sqlite_schema" | "sqlite_master" => virtual_table(whole),
            "sqlite_sequence" => Effect::SequenceValue,
            // Names and numbers of rows.
            "sqlite_stat1" => Effect::Definition,
            "sqlite_stat3" | "sqlite_stat4" => samples(whole),
            _ => Effect::Opaque(target, "an INSERT that takes its rows from elsewhere"),
        };
    }
    if is(&["UPDATE", "DELETE"]) {
        if t.eat("OR") {
            t.next();
        }
        t.eat("FROM");
        let Some(target) = t.names().map(relation) else {
            return Effect::Unfollowed("a statement that changes rows");
        };
        return match target.name.as_str() {
            "sqlite_sequence" | "sqlite_stat1" | "sqlite_stat4" => Effect::SequenceValue,
            _ if is(&["DELETE"]) && !seen(&target) => Effect::Definition,
            _ => Effect::Opaque(target, "UPDATE or DELETE"),
        };
    }
    if is(&["WITH", "ATTACH"]) {
        return Effect::Unfollowed("a statement that brings rows from elsewhere");
    }
    if let Some(table) = trigger_table(whole) {
        return Effect::Trigger(relation(table));
    }
    if let Some(table) = made_by_query(whole) {
        return Effect::Opaque(table, "CREATE TABLE … AS SELECT");
    }
    match () {
        () if is(&["BEGIN"]) => Effect::Begin,
        () if is(&["COMMIT", "END", "ROLLBACK"]) => Effect::Commit,
        () if is(&["CREATE", "ALTER", "DROP"]) => Effect::Definition,
        () => Effect::Setting,
    }
}

/// The table whose rows the query brings that makes it.
fn made_by_query(mut t: Tokens<'_>) -> Option<RelationName> {
    t.eat("CREATE").then_some(())?;
    t.eat_any(&["TEMP", "TEMPORARY"]);
    t.eat("TABLE").then_some(())?;
    t.eat("IF NOT EXISTS");
    let table = t.names().map(relation)?;
    t.at_keyword("AS").then_some(table)
}

/// Is it the definition of something that `.dump` writes after all rows?
pub fn follows_rows(mut t: Tokens<'_>) -> bool {
    t.eat("CREATE") && {
        t.eat_any(&["UNIQUE", "TEMP", "TEMPORARY"]);
        t.eat_any(&["INDEX", "TRIGGER", "VIEW"])
    }
}

/// The definition of a virtual table as `.dump` writes it, with its shadow tables as they are beside
/// it. A full-text index holds the words of rows; one that cannot be built anew stops the rules. Of
/// any other kind it is not known what its shadow tables hold, but an R-tree's are numbers.
fn virtual_table(whole: Tokens<'_>) -> Effect {
    let mut rest = whole;
    let texts = rest.any(|token| {
        let lower = token.raw.to_ascii_lowercase();
        let has = |name: &[u8]| memchr::memmem::find(&lower, name).is_some();
        has(b"fts3") || has(b"fts4") || has(b"fts5")
    });
    match texts {
        true => Effect::Unfollowed("a full-text index that keeps words without their rows"),
        false => Effect::Definition,
    }
}

/// Samples of a table's rows, whose name is the first cell.
fn samples(mut t: Tokens<'_>) -> Effect {
    while t.peek().is_some() {
        if t.eat("VALUES") && t.eat_mark(b'(') {
            let table = t.next().and_then(|table| table.name());
            return match table {
                Some(table) => Effect::Statistics(RelationName::new(None, &table)),
                None => Effect::Unfollowed("an INSERT of samples"),
            };
        }
        t.next();
    }
    Effect::Unfollowed("an INSERT of samples")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::script::tokens::{testing, tokens};

    #[test]
    fn a_query_brings_rows() {
        let opaque =
            |table| Effect::Opaque(RelationName::new(None, table), "CREATE TABLE … AS SELECT");
        let grammar = testing::sqlite();
        for (statement, expected) in [
            ("CREATE TABLE u AS SELECT 'a'", opaque("u")),
            (
                "CREATE TEMP TABLE IF NOT EXISTS \"u v\" AS VALUES (1)",
                opaque("u v"),
            ),
            ("CREATE TABLE u (a AS (1))", Effect::Definition),
        ] {
            let t = tokens(&grammar, statement.as_bytes());
            assert_eq!(classify(t, &|_| false), expected, "{statement}");
        }
    }

    #[test]
    fn beginnings_of_commands() {
        for (line, brings) in [
            (".import x t", true),
            (".imp x t", true),
            (".read x", true),
            (".headers on", false),
            (".mode insert", false),
            (".", false),
            (".archive -x", true),
            (".clone x", true),
            (".once x", false),
            (".once |x", true),
            (".output | x", true),
            (".o x", true),
            (".bail on", false),
            (".bail off", true),
            (".unheard of", true),
        ] {
            let effect = command(line.as_bytes());
            assert_eq!(matches!(effect, Effect::Included(_)), brings, "{line}");
        }
    }
}
