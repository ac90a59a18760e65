//! What a PL/SQL block may change, as far as its text says.
//!
//! Static SQL names its tables. Dynamic SQL is read if it is one literal, or if its first literal shows
//! that it is DDL. A call to a procedure that is neither the block's own nor one of the system's that
//! only administer may change anything; of the functions within expressions those that the script has
//! created, if their bodies write or call one that does.

use super::effects::Names;
use super::told::argument;
use crate::dialect::Effect;
use crate::dialect::batch::Flavour;
use crate::dialect::batch::tokens::{Kind, Token, Tokens, tokens};
use crate::schema::RelationName;
use std::collections::{HashMap, HashSet};

const WHAT: &str = "a PL/SQL block";

/// Words that begin a statement or declaration which calls no procedure.
const KEYWORDS: &[&str] = &[
    "BEGIN",
    "CASE",
    "CLOSE",
    "COMMIT",
    "CONTINUE",
    "CURSOR",
    "DECLARE",
    "DELETE",
    "ELSE",
    "ELSIF",
    "END",
    "EXCEPTION",
    "EXECUTE",
    "EXIT",
    "FETCH",
    "FOR",
    "FORALL",
    "FUNCTION",
    "GOTO",
    "IF",
    "INSERT",
    "LOCK",
    "LOOP",
    "MERGE",
    "NULL",
    "OPEN",
    "PIPE",
    "PRAGMA",
    "PROCEDURE",
    "RAISE",
    "RETURN",
    "ROLLBACK",
    "SAVEPOINT",
    "SELECT",
    "SET",
    "SUBTYPE",
    "TYPE",
    "UPDATE",
    "WHEN",
    "WHILE",
    "WITH",
];

/// Packages of the system that run what they are given or write into rows.
const WRITES: &[&str] = &[
    "DBMS_DATAPUMP",
    "DBMS_LOB",
    "DBMS_PARALLEL_EXECUTE",
    "DBMS_SQL",
    "DBMS_UTILITY",
    "DBMS_XMLSAVE",
    "DBMS_XMLSTORE",
];

/// The effects of a block; at least one.
pub fn effects(names: &Names<'_>, t: Tokens<'_>) -> Vec<Effect> {
    if { t }.any(|t| t.name().as_deref() == Some("IMPDP_STATS")) {
        return vec![statistics(names, t)];
    }
    let samples = samples(names, t);
    let mut out = Vec::new();
    let mut add = |effect: Effect| {
        if !out.contains(&effect) {
            out.push(effect);
        }
    };
    let own = own_names(t);
    let mut rest = t;
    let mut before: Option<Token<'_>> = None;
    while let Some(token) = rest.next() {
        let after = |word: &str| before.is_some_and(|b| b.keyword(word));
        if token.keyword("INSERT") {
            insert(names, rest, &mut add);
        } else if token.keyword("UPDATE") && !after("FOR") && !rest.at_keyword("SET")
            || token.keyword("DELETE")
                && !before.is_some_and(|b| b.mark(b'.'))
                && !rest.at_keyword("WHERE")
        {
            let mut name = rest;
            name.eat("FROM");
            add(names.opaque(name, WHAT));
        } else if token.keyword("MERGE") {
            let mut name = rest;
            name.eat("INTO");
            add(names.opaque(name, WHAT));
        } else if token.keyword("EXECUTE") && rest.at_keyword("IMMEDIATE") {
            before = rest.next();
            dynamic(names, rest).into_iter().for_each(&mut add);
            continue;
        } else if begins_statement(before) && calls(token, rest, &own) {
            add(Effect::Anything("a PL/SQL block that calls a procedure"));
        }
        before = Some(token);
    }
    match samples {
        // Nothing else would be left out with them.
        Some(Some(relation)) if out.is_empty() => return vec![Effect::Statistics(relation)],
        Some(_) => out.push(Effect::Anything(
            "a PL/SQL block that brings planner statistics",
        )),
        None => {}
    }
    // What may change anything comes first: the statement leaves with its first effect.
    out.sort_by_key(|effect| !matches!(effect, Effect::Anything(_)));
    if out.is_empty() {
        out.push(Effect::Definition);
    }
    out
}

/// `DBMS_STATS.SET_COLUMN_STATS('"HR"', '"T"', …)`, `DBMS_STATS.IMPORT_TABLE_STATS('HR', 'T', …)`: samples of
/// a table's rows, as export utilities wrote them of old. None if the block brings none; otherwise the table,
/// if it is one and can be told.
fn samples(names: &Names<'_>, mut t: Tokens<'_>) -> Option<Option<RelationName>> {
    let mut tables: Vec<Option<RelationName>> = Vec::new();
    while let Some(token) = t.next() {
        let called = token.name().unwrap_or_default();
        let of_table = matches!(
            called.as_str(),
            "SET_COLUMN_STATS" | "IMPORT_COLUMN_STATS" | "IMPORT_TABLE_STATS"
        );
        let imports = called.starts_with("IMPORT_") && called.ends_with("_STATS");
        if !of_table && !imports {
            continue;
        }
        let text = |name, place| argument(t, name, place).map(name_in);
        let table = match (text("OWNNAME", 0), text("TABNAME", 1)) {
            (Some(schema), Some(Ok(Some(table)))) if of_table => schema
                .ok()
                .map(|schema| names.resolve(schema.into_iter().chain([table]).collect())),
            _ => None,
        };
        if !tables.contains(&table) {
            tables.push(table);
        }
    }
    match tables.len() {
        0 => None,
        1 => Some(tables.pop().flatten()),
        _ => Some(None),
    }
}

/// The name that an argument is: `'"T"'`, `'t'`; none for NULL.
///
/// # Errors
/// If it is anything else.
fn name_in(mut argument: Tokens<'_>) -> Result<Option<String>, ()> {
    let token = argument
        .next()
        .filter(|_| argument.peek().is_none())
        .ok_or(())?;
    if token.keyword("NULL") {
        return Ok(None);
    }
    let text = token.text().ok_or(())?;
    let mut inner = tokens(&text, Flavour::Oracle);
    let name = inner.name().filter(|_| inner.peek().is_none());
    name.map(Some).ok_or(())
}

/// The functions, packages and views of a script whose use may change rows.
#[derive(Debug, Default)]
pub struct Writers {
    names: HashSet<String>,
    /// What each of all of them names; that may be created later.
    units: HashMap<String, HashSet<String>>,
}

impl Writers {
    /// Takes in what a statement creates. False: no function, package or view.
    pub fn add(&mut self, names: &Names<'_>, t: Tokens<'_>) -> bool {
        let Some((name, body)) = unit(t) else {
            return false;
        };
        let changes = |effect: &Effect| matches!(effect, Effect::Opaque(..) | Effect::Anything(_));
        if effects(names, body.within(body.offset()..body.source().len()))
            .iter()
            .any(changes)
        {
            self.names.insert(name.clone());
        }
        self.units.insert(name, named(body));
        loop {
            let known = self.names.len();
            for (name, named) in &self.units {
                if !named.is_disjoint(&self.names) {
                    self.names.insert(name.clone());
                }
            }
            if known == self.names.len() {
                return true;
            }
        }
    }

    /// May a statement use one of them?
    pub fn used_by(&self, t: Tokens<'_>) -> bool {
        const RUNS: &[&str] = &[
            "SELECT", "WITH", "CALL", "EXEC", "EXECUTE", "BEGIN", "DECLARE", "INSERT", "UPDATE",
            "DELETE", "MERGE",
        ];
        let creates = |mut t: Tokens<'_>| {
            t.eat("CREATE") && { t }.any(|t| t.keyword("TABLE") || t.keyword("MATERIALIZED"))
        };
        let runs = t
            .peek()
            .is_some_and(|t| t.any_keyword(RUNS) || t.mark(b'<'));
        !self.names.is_empty() && (runs || creates(t)) && !named(t).is_disjoint(&self.names)
    }

    /// Where rows may use one of them.
    pub fn used_in(&self, rows: &[u8]) -> Option<usize> {
        if self.names.is_empty() {
            return None;
        }
        let used = |token: &Token<'_>| token.name().is_some_and(|name| self.names.contains(&name));
        Some(tokens(rows, Flavour::Oracle).find(used)?.start)
    }
}

/// The names in a statement, and those in its texts if it runs texts.
fn named(t: Tokens<'_>) -> HashSet<String> {
    let runs_texts = { t }.any(|token| token.keyword("IMMEDIATE"));
    let mut found = HashSet::new();
    for token in t {
        found.extend(token.name());
        if let Some(text) = token.text().filter(|_| runs_texts) {
            found.extend(tokens(&text, Flavour::Oracle).filter_map(|token| token.name()));
        }
    }
    found
}

/// The function, package or view that a statement creates, and what it does.
fn unit(mut t: Tokens<'_>) -> Option<(String, Tokens<'_>)> {
    t.eat("CREATE").then_some(())?;
    t.eat("OR REPLACE");
    t.any_of(&["FORCE", "NOFORCE"]);
    t.any_of(&["EDITIONABLE", "NONEDITIONABLE"]);
    (t.eat("FUNCTION") || t.eat("PACKAGE BODY") || t.eat("VIEW")).then_some(())?;
    t.eat("IF NOT EXISTS");
    let name = t.qualified_name()?.pop()?;
    while !t.next()?.any_keyword(&["IS", "AS"]) {}
    Some((name, t))
}

/// Does an INSERT follow the end of the unit that a statement creates? Without the unit's own `/` the client
/// takes it for a part of the unit.
pub fn swallows(mut t: Tokens<'_>) -> bool {
    const PAIRED: &[&str] = &["IF", "LOOP", "CASE"];
    if !t.eat("CREATE") {
        return false;
    }
    t.eat("OR REPLACE");
    t.any_of(&["EDITIONABLE", "NONEDITIONABLE"]);
    // The specification of a type that has no END.
    let flat = t.eat("TYPE") && !t.at_keyword("BODY");
    // These have an END of their own.
    let mut depth = usize::from(t.at_keyword("PACKAGE") || t.at_keyword("BODY"));
    let mut before: Option<Token<'_>> = None;
    while let Some(token) = t.next() {
        let after = |word: &str| before.is_some_and(|b| b.keyword(word));
        if token.keyword("BEGIN") || token.any_keyword(PAIRED) && !after("END") {
            depth += 1;
        } else if token.keyword("END") {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                let mut rest = t;
                rest.name();
                if rest.eat_mark(b';') && rest.at_keyword("INSERT") {
                    return true;
                }
            }
        } else if flat && token.mark(b';') && t.at_keyword("INSERT") {
            return true;
        }
        before = Some(token);
    }
    false
}

/// `INSERT INTO t`, `INSERT ALL INTO t … INTO u …`.
fn insert(names: &Names<'_>, mut t: Tokens<'_>, add: &mut impl FnMut(Effect)) {
    let several = t.any_of(&["ALL", "FIRST"]);
    while let Some(token) = t.next() {
        if token.mark(b';') || several && token.keyword("SELECT") {
            return;
        }
        if token.keyword("INTO") {
            add(names.opaque(t, WHAT));
            if !several {
                return;
            }
        }
    }
}

/// What stands behind EXECUTE IMMEDIATE.
fn dynamic(names: &Names<'_>, mut t: Tokens<'_>) -> Vec<Effect> {
    let unknown = vec![Effect::Anything("EXECUTE IMMEDIATE")];
    let Some(mut text) = t.next().and_then(|t| t.text()) else {
        return unknown;
    };
    while t.at_mark(b'|') {
        t.eat_mark(b'|');
        t.eat_mark(b'|');
        let Some(more) = t.next().and_then(|t| t.text()) else {
            let text = text.trim_ascii().to_ascii_uppercase();
            let ddl = [&b"ALTER "[..], b"DROP ", b"GRANT ", b"REVOKE ", b"COMMENT "];
            let ddl = ddl.iter().any(|verb| text.starts_with(verb));
            return if ddl { Vec::new() } else { unknown };
        };
        text.extend(more);
    }
    let mut effects = names.effects(&text);
    effects.retain(|effect| {
        matches!(
            effect,
            Effect::Opaque(..) | Effect::Anything(_) | Effect::Password(_)
        )
    });
    effects
}

/// The names of the procedures and variables that the block declares.
fn own_names(mut t: Tokens<'_>) -> Vec<String> {
    let mut own = Vec::new();
    let mut before: Option<Token<'_>> = None;
    while let Some(token) = t.next() {
        let declares = before.is_some_and(|b| b.mark(b';') || b.any_keyword(&["DECLARE", "IS"]));
        let typed = t.peek().is_some_and(|next| next.kind == Kind::Word);
        if token.keyword("PROCEDURE") {
            own.extend({ t }.name());
        } else if declares && typed && !token.any_keyword(KEYWORDS) {
            own.extend(token.name());
        }
        before = Some(token);
    }
    own
}

fn begins_statement(before: Option<Token<'_>>) -> bool {
    before.is_none_or(|b| {
        b.mark(b';')
            || b.mark(b'>')
            || b.any_keyword(&["BEGIN", "THEN", "ELSE", "LOOP", "EXECUTE", "EXEC", "CALL"])
    })
}

/// Does a call of a procedure begin with this token that may change rows?
fn calls(token: Token<'_>, mut rest: Tokens<'_>, own: &[String]) -> bool {
    let named = matches!(token.kind, Kind::Word | Kind::Quoted);
    if !named || token.any_keyword(KEYWORDS) {
        return false;
    }
    let mut parts = vec![token.name().unwrap_or_default()];
    while rest.eat_mark(b'.') {
        parts.extend(rest.name());
    }
    let arguments = rest.skip_parentheses().is_some();
    let assigned = rest.at_mark(b':');
    let ends = arguments || rest.peek().is_none_or(|t| t.mark(b';'));
    if assigned || !ends {
        return false;
    }
    if parts[0] == "SYS" {
        parts.remove(0);
    }
    let package = parts.first().map(String::as_str).unwrap_or_default();
    let system = parts.len() > 1
        && (package.starts_with("DBMS_") || package.starts_with("UTL_"))
        && !WRITES.contains(&package);
    let own = parts.len() <= 2 && own.contains(&parts[0]);
    !system && !own && package != "RAISE_APPLICATION_ERROR"
}

/// Data Pump's SQLFILE brings statistics in a block for each table, with the lowest and highest values
/// of its columns in hexadecimal. It names schema and table as `s … := 'HR'` and `t … := 'T'`.
fn statistics(names: &Names<'_>, mut t: Tokens<'_>) -> Effect {
    let (mut schema, mut table) = (None, None);
    let mut variable: Option<String> = None;
    while let Some(token) = t.next() {
        if token.mark(b';') {
            variable = None;
            continue;
        }
        match &variable {
            None => variable = token.name().filter(|_| !token.any_keyword(KEYWORDS)),
            Some(name) if token.mark(b'=') => {
                let text = t.peek().and_then(|t| t.text());
                let text = text.and_then(|text| String::from_utf8(text).ok());
                match name.as_str() {
                    "S" => schema = schema.or(text),
                    "T" => table = table.or(text),
                    _ => {}
                }
            }
            Some(_) => {}
        }
    }
    match table {
        Some(table) => {
            let parts = schema.into_iter().chain([table]).collect();
            Effect::Statistics(names.resolve(parts))
        }
        None => Effect::Definition,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Catalog;

    #[test]
    fn functions_that_write() {
        let context = super::super::context();
        let names = Names {
            context: &context,
            catalog: &Catalog::default(),
        };
        for (statement, expected) in [
            (
                "CREATE OR REPLACE EDITIONABLE FUNCTION \"HR\".\"F\" (a NUMBER) RETURN NUMBER IS\n\
                 x NUMBER(5) := 1; BEGIN INSERT INTO t VALUES (1); RETURN 1; END;",
                Some("F"),
            ),
            (
                "CREATE PACKAGE BODY p AS FUNCTION f RETURN NUMBER IS BEGIN DELETE FROM t; RETURN 1; END; END;",
                Some("P"),
            ),
            (
                "CREATE FUNCTION g(a NUMBER) RETURN NUMBER AS x NUMBER; BEGIN x := a + 1; RETURN x; END;",
                None,
            ),
            ("CREATE TABLE t AS SELECT 1 a FROM u", None),
        ] {
            let mut writers = Writers::default();
            writers.add(&names, tokens(statement.as_bytes(), Flavour::Oracle));
            let expected = expected.map(str::to_owned).into_iter().collect();
            assert_eq!(writers.names, expected, "{statement}");
        }
        let mut writers = Writers::default();
        for unit in [
            "CREATE FUNCTION early RETURN NUMBER IS BEGIN RETURN f; END;",
            "CREATE OR REPLACE FORCE VIEW v (a) AS SELECT f FROM dual;",
            "CREATE FUNCTION f RETURN NUMBER IS BEGIN DELETE FROM t; RETURN 1; END;",
        ] {
            assert!(writers.add(&names, tokens(unit.as_bytes(), Flavour::Oracle)));
        }
        for (rows, expected) in [
            (&b"(1, f)"[..], true),
            (b"(1, HR.early())", true),
            (b"(1, 'f')", false),
        ] {
            assert_eq!(writers.used_in(rows).is_some(), expected);
        }
        for (statement, expected) in [
            ("SELECT f FROM dual", true),
            ("DECLARE x NUMBER; BEGIN x := hr.f(1); END;", true),
            ("EXEC :x := f", true),
            ("SELECT early FROM dual", true),
            ("SELECT a FROM v", true),
            ("CREATE TABLE z AS SELECT f FROM dual", true),
            ("CREATE SYNONYM f FOR g", false),
            ("BEGIN EXECUTE IMMEDIATE 'SELECT f FROM dual'; END;", true),
            ("SELECT 'f' FROM g", false),
            ("DROP FUNCTION f", false),
            ("PROMPT f", false),
        ] {
            let t = tokens(statement.as_bytes(), Flavour::Oracle);
            assert_eq!(writers.used_by(t), expected, "{statement}");
        }
    }

    #[test]
    fn what_follows_a_unit_without_a_slash() {
        for (unit, expected) in [
            (
                "CREATE TRIGGER g BEFORE INSERT ON t BEGIN IF x THEN NULL; END IF; END;",
                true,
            ),
            (
                "CREATE FUNCTION f RETURN NUMBER IS a NUMBER := CASE WHEN 1 THEN 2 END; BEGIN RETURN 1; END f;",
                true,
            ),
            ("CREATE PACKAGE p IS PROCEDURE q; END p;", true),
            (
                "CREATE PACKAGE BODY p IS PROCEDURE q IS BEGIN NULL; END; END p;",
                true,
            ),
            ("CREATE TYPE y AS OBJECT (a NUMBER);", true),
            ("CREATE PROCEDURE q IS BEGIN BEGIN NULL; END;", false),
            ("CREATE PROCEDURE q IS BEGIN LOOP EXIT; END LOOP;", false),
            (
                "CREATE PACKAGE BODY p IS PROCEDURE q IS BEGIN NULL; END; PROCEDURE r IS BEGIN",
                false,
            ),
        ] {
            let inside = match expected {
                true => "",
                false => " END; END;",
            };
            let statement = format!("{unit}\nINSERT INTO t VALUES (1);{inside}\n");
            let t = tokens(statement.as_bytes(), Flavour::Oracle);
            assert_eq!(swallows(t), expected, "{statement}");
        }
    }
}
