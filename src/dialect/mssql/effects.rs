//! What a statement of T-SQL does, as far as scrub cares.

use super::told;
use crate::dialect::batch::Flavour;
use crate::dialect::batch::table::Context;
use crate::dialect::batch::tokens::{Kind, Token, Tokens, tokens};
use crate::dialect::{Bracket, Effect};
use crate::schema::{Catalog, RelationName};

/// Resolves names for effects.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    /// How names are resolved.
    pub context: &'a Context,
    /// What is known.
    pub catalog: &'a Catalog,
    /// The database that USE has named.
    pub database: Option<&'a str>,
}

/// Procedures of the system that run what they are given, send it somewhere or rename what is known. Those
/// called `xp_…` are programs of their own.
const RUNS: &[&str] = &[
    "sp_attach_db",
    "sp_attach_single_file_db",
    "sp_execute_external_script",
    "sp_invoke_external_rest_endpoint",
    "sp_send_dbmail",
    "sp_sqlexec",
    "sp_start_job",
    "sp_executesql",
    "sp_rename",
    "sp_msforeachtable",
    "sp_msforeachdb",
    "sp_prepexec",
    "sp_execute",
    "sp_prepare",
    "sp_cursoropen",
];

impl Names<'_> {
    /// The effects of a statement; at least one. The statement that opens a batch may be the name of a
    /// procedure without EXECUTE.
    pub fn effects(&self, statement: &[u8], opens_batch: bool) -> Vec<Effect> {
        if statement.starts_with(b":") || statement.starts_with(b"!") {
            return told::command(statement);
        }
        let t = tokens(statement, Flavour::Mssql);
        let mut effects = self.done(t, opens_batch);
        told::add(t, &mut effects);
        effects
    }

    /// What a statement does, whatever it holds.
    fn done(&self, mut t: Tokens<'_>, opens_batch: bool) -> Vec<Effect> {
        let all = t;
        let Some(first) = t.next() else {
            return vec![Effect::Setting];
        };
        let word = match first.kind {
            Kind::Word => String::from_utf8_lossy(first.raw).to_ascii_uppercase(),
            _ => String::new(),
        };
        let effect = match word.as_str() {
            "IF" | "WHILE" | "ELSE" | "WITH" => {
                return self.inside(all, "a statement under a condition");
            }
            "BEGIN" if !opens_block(t) => Effect::Begin,
            "BEGIN" => return self.inside(all, "a statement in a block"),
            "COMMIT" => Effect::Commit,
            "ROLLBACK" => Effect::Commit,
            "USE" => match t.name() {
                Some(name)
                    if self
                        .database
                        .is_none_or(|now| !now.eq_ignore_ascii_case(&name)) =>
                {
                    Effect::Connect(name)
                }
                _ => Effect::Setting,
            },
            "SET" => self.set(t),
            "CREATE" | "ALTER" => return vec![self.definition(&word, t)],
            "DROP" if t.at_keyword("DATABASE") => Effect::NoTransaction,
            "GRANT" | "DENY" | "REVOKE" | "DROP" | "DECLARE" | "OPEN" => Effect::Definition,
            "BACKUP" | "RESTORE" | "RECONFIGURE" | "CHECKPOINT" => Effect::NoTransaction,
            "ENABLE" | "DISABLE" => self.trigger(&word, t),
            "EXEC" | "EXECUTE" => return self.execute(t),
            _ if opens_batch && calls(first, t) => {
                let name = { all }.qualified_name().and_then(|mut parts| parts.pop());
                procedure(&name.unwrap_or_default().to_ascii_lowercase())
            }
            _ => {
                let mut out: Vec<_> = self.change(first, t).into_iter().collect();
                if first.any_keyword(&["INSERT", "UPDATE", "DELETE"]) {
                    out.extend(self.beside(t));
                }
                if out.is_empty() {
                    out.push(Effect::Setting);
                }
                out.sort_by_key(|effect| !matches!(effect, Effect::Anything(_)));
                return out;
            }
        };
        vec![effect]
    }

    /// What a statement changes beside its table: by OUTPUT … INTO, or by a procedure whose rows it takes.
    fn beside(&self, mut t: Tokens<'_>) -> Vec<Effect> {
        let mut out = Vec::new();
        while let Some(token) = t.next() {
            if token.keyword("OUTPUT") {
                out.extend(self.change(token, t));
            } else if token.any_keyword(&["EXEC", "EXECUTE"]) {
                out.extend(self.execute(t));
            }
        }
        out
    }

    fn resolve(&self, parts: Vec<String>) -> RelationName {
        self.context.resolve(self.catalog, parts)
    }

    fn opaque(&self, t: &mut Tokens<'_>, what: &'static str) -> Effect {
        match t.qualified_name() {
            Some(parts) if !parts.iter().any(|part| is_variable(part)) && !is_function(&parts) => {
                Effect::Opaque(self.resolve(parts), what)
            }
            _ => Effect::Anything(what),
        }
    }

    /// A statement that may change rows; none if it changes none.
    fn change(&self, first: Token<'_>, mut t: Tokens<'_>) -> Option<Effect> {
        let word = String::from_utf8_lossy(first.raw).to_ascii_uppercase();
        Some(match word.as_str() {
            "INSERT" if has_open_name(t) => Effect::Anything("a name over several lines"),
            "INSERT" => {
                top(&mut t);
                t.eat("INTO");
                let mut effect = self.opaque(&mut t, "an INSERT that is not plain VALUES");
                if let Effect::Opaque(_, what) = &mut effect
                    && t.any(|t| t.keyword("SELECT"))
                {
                    *what = "INSERT … SELECT";
                }
                effect
            }
            "UPDATE" if t.eat("STATISTICS") => return self.samples(t),
            "UPDATE" => {
                top(&mut t);
                self.opaque(&mut aliased(t), "UPDATE")
            }
            "DELETE" => {
                top(&mut t);
                t.eat("FROM");
                self.opaque(&mut aliased(t), "DELETE")
            }
            "OUTPUT" => loop {
                let token = t.next()?;
                if token.keyword("INTO") {
                    return Some(self.opaque(&mut t, "OUTPUT … INTO"));
                }
                if token.any_keyword(&["VALUES", "SELECT", "FROM", "WHERE", "EXEC", "EXECUTE"]) {
                    return None;
                }
            },
            "WRITETEXT" | "UPDATETEXT" => Effect::Anything("WRITETEXT or UPDATETEXT"),
            "MERGE" => {
                top(&mut t);
                t.eat("INTO");
                self.opaque(&mut t, "MERGE")
            }
            "TRUNCATE" => {
                t.eat("TABLE");
                self.opaque(&mut t, "TRUNCATE")
            }
            "BULK" => {
                t.eat("INSERT");
                self.opaque(&mut t, "BULK INSERT")
            }
            "SELECT" => {
                let mut depth = 0u32;
                loop {
                    let token = t.next()?;
                    match token.raw {
                        b"(" => depth += 1,
                        b")" => depth = depth.saturating_sub(1),
                        _ if depth == 0 && token.keyword("INTO") => {
                            return Some(self.opaque(&mut t, "SELECT … INTO"));
                        }
                        _ => {}
                    }
                }
            }
            _ => return None,
        })
    }

    /// The effects of everything within a block or under a condition.
    fn inside(&self, mut t: Tokens<'_>, what: &'static str) -> Vec<Effect> {
        let all = t;
        let mut out: Vec<Effect> = Vec::new();
        while let Some(token) = t.next() {
            let rest = t;
            if token.any_keyword(&["EXEC", "EXECUTE"]) {
                for effect in self.execute(rest) {
                    let plain = matches!(effect, Effect::Definition | Effect::AfterData);
                    if !plain && !out.contains(&effect) {
                        out.push(effect);
                    }
                }
                continue;
            }
            let effect = if token.any_keyword(&["CREATE", "ALTER"]) {
                match self.definition("", rest) {
                    effect @ (Effect::Statistics(_) | Effect::NoTransaction) => Some(effect),
                    _ => None,
                }
            } else {
                self.change(token, rest)
            };
            match effect {
                Some(Effect::Opaque(relation, _)) => {
                    let effect = Effect::Opaque(relation, what);
                    if !out.contains(&effect) {
                        out.push(effect);
                    }
                }
                Some(effect) if !out.contains(&effect) => out.push(effect),
                _ => {}
            }
        }
        // What holds nothing but samples can be left out; among anything else they stop the rules.
        if out.len() > 1 || { all }.any(|t| t.any_keyword(&["BEGIN", "EXEC", "EXECUTE"])) {
            for effect in &mut out {
                if let Effect::Statistics(relation) = effect {
                    *effect = Effect::Opaque(relation.clone(), what);
                }
            }
        }
        // What may change anything comes first: the statement leaves with its first effect.
        out.sort_by_key(|effect| !matches!(effect, Effect::Anything(_)));
        if out.is_empty() {
            out.push(Effect::Definition);
        }
        out
    }

    /// `t (s) WITH STATS_STREAM = 0x…`: samples of its rows, in UTF-16. Without it the server looks for
    /// itself.
    fn samples(&self, mut t: Tokens<'_>) -> Option<Effect> {
        let parts = t.qualified_name()?;
        t.any(|t| t.keyword("STATS_STREAM"))
            .then(|| Effect::Statistics(self.resolve(parts)))
    }

    /// `EXEC [@rc =] procedure …`, `EXEC ('…')`: what it runs, if that is a literal. Procedures of the
    /// system define things; the others may do anything.
    fn execute(&self, mut t: Tokens<'_>) -> Vec<Effect> {
        let mut ahead = t;
        if ahead.next().is_some_and(|t| t.raw.starts_with(b"@")) && ahead.eat_mark(b'=') {
            t = ahead;
        }
        let mut runs = t.at_mark(b'(');
        let name = t.qualified_name().and_then(|mut parts| parts.pop());
        let name = name.unwrap_or_default().to_ascii_lowercase();
        runs |= name == "sp_executesql";
        if runs {
            t.eat_mark(b'(');
            let mut named = t;
            if named.next().is_some_and(|t| t.raw.starts_with(b"@")) && named.eat_mark(b'=') {
                t = named;
            }
            return match literal(t) {
                Some(text) => self.run(&text),
                None => vec![Effect::Anything("EXECUTE")],
            };
        }
        vec![procedure(&name)]
    }

    /// The effects of a batch that EXECUTE runs.
    fn run(&self, batch: &[u8]) -> Vec<Effect> {
        let t = tokens(batch, Flavour::Mssql);
        let mut head = t;
        if head.eat("CREATE OR ALTER") || head.any_of(&["CREATE", "ALTER"]) {
            if head.eat("TRIGGER") {
                return vec![Effect::AfterData];
            }
            if head.any_of(&["PROC", "PROCEDURE", "FUNCTION", "VIEW"]) {
                return vec![Effect::Definition];
            }
        }
        self.inside(t, "a statement that EXECUTE runs")
    }

    fn set(&self, mut t: Tokens<'_>) -> Effect {
        if t.eat("IDENTITY_INSERT")
            && let Some(parts) = t.qualified_name()
        {
            let bracket = match t.eat("ON") {
                true => Bracket::Open,
                false => Bracket::Close,
            };
            return Effect::Envelope(self.resolve(parts), bracket);
        }
        Effect::Setting
    }

    /// `DISABLE TRIGGER x ON t`.
    fn trigger(&self, word: &str, mut t: Tokens<'_>) -> Effect {
        while let Some(token) = t.next() {
            if token.keyword("ON")
                && !t.at_keyword("ALL")
                && !t.at_keyword("DATABASE")
                && let Some(parts) = t.qualified_name()
            {
                return Effect::Envelope(self.resolve(parts), bracket(word == "DISABLE"));
            }
        }
        Effect::Definition
    }

    fn definition(&self, word: &str, mut t: Tokens<'_>) -> Effect {
        let _ = t.eat("OR ALTER");
        if word == "ALTER" && t.at_keyword("SCHEMA") {
            return Effect::Anything("ALTER SCHEMA … TRANSFER");
        }
        if t.eat("DATABASE") && !t.at_keyword("SCOPED") && !t.at_keyword("AUDIT") {
            return Effect::NoTransaction;
        }
        if t.eat("STATISTICS") {
            t.name();
            t.eat("ON");
            return self.samples(t).unwrap_or(Effect::Definition);
        }
        if t.eat("TRIGGER") {
            return Effect::AfterData;
        }
        if word == "ALTER" && t.eat("TABLE") {
            return self.alter_table(t);
        }
        Effect::Definition
    }

    fn alter_table(&self, mut t: Tokens<'_>) -> Effect {
        let Some(parts) = t.qualified_name() else {
            return Effect::Definition;
        };
        let name = self.resolve(parts);
        let _ = t.eat("WITH CHECK") || t.eat("WITH NOCHECK");
        for (words, opens) in [
            ("NOCHECK CONSTRAINT ALL", true),
            ("CHECK CONSTRAINT ALL", false),
            ("DISABLE TRIGGER", true),
            ("ENABLE TRIGGER", false),
        ] {
            if t.eat(words) {
                return Effect::Envelope(name, bracket(opens));
            }
        }
        if t.eat("SWITCH") {
            while t.peek().is_some() && !t.eat("TO") {
                t.next();
            }
            return self.opaque(&mut t, "ALTER TABLE … SWITCH");
        }
        if t.at_keyword("CHECK") || t.any(|t| t.any_keyword(&["FOREIGN", "REFERENCES"])) {
            return Effect::AfterData;
        }
        Effect::Definition
    }
}

fn bracket(opens: bool) -> Bracket {
    match opens {
        true => Bracket::Open,
        false => Bracket::Close,
    }
}

/// After BEGIN: does it open a block?
fn opens_block(t: Tokens<'_>) -> bool {
    let word = t.peek();
    !word.is_some_and(|t| {
        t.any_keyword(&[
            "TRAN",
            "TRANSACTION",
            "DISTRIBUTED",
            "DIALOG",
            "CONVERSATION",
        ])
    })
}

/// Words that begin a statement. Anything else that opens a batch is a procedure's name.
const STATEMENTS: &[&str] = &[
    "ADD",
    "ALTER",
    "BACKUP",
    "BEGIN",
    "BREAK",
    "BULK",
    "CHECKPOINT",
    "CLOSE",
    "COMMIT",
    "CONTINUE",
    "COPY",
    "CREATE",
    "DBCC",
    "DEALLOCATE",
    "DECLARE",
    "DELETE",
    "DENY",
    "DISABLE",
    "DROP",
    "ELSE",
    "ENABLE",
    "END",
    "EXEC",
    "EXECUTE",
    "FETCH",
    "GET",
    "GOTO",
    "GRANT",
    "IF",
    "INSERT",
    "KILL",
    "MERGE",
    "MOVE",
    "OPEN",
    "PRINT",
    "RAISERROR",
    "READTEXT",
    "RECEIVE",
    "RECONFIGURE",
    "RENAME",
    "RESTORE",
    "RETURN",
    "REVERT",
    "REVOKE",
    "ROLLBACK",
    "SAVE",
    "SELECT",
    "SEND",
    "SET",
    "SETUSER",
    "SHUTDOWN",
    "THROW",
    "TRUNCATE",
    "UPDATE",
    "UPDATETEXT",
    "USE",
    "WAITFOR",
    "WHILE",
    "WITH",
    "WRITETEXT",
];

/// Does what opens a batch call a procedure, by its name alone?
fn calls(first: Token<'_>, rest: Tokens<'_>) -> bool {
    match first.kind {
        Kind::Quoted => true,
        Kind::Word => !first.any_keyword(STATEMENTS) && !rest.at_mark(b':'),
        _ => false,
    }
}

/// Is it a function that stands for a table of another server?
fn is_function(name: &[String]) -> bool {
    let functions = ["OPENQUERY", "OPENROWSET", "OPENDATASOURCE"];
    let is = |function: &&str| name[0].eq_ignore_ascii_case(function);
    name.len() == 1 && functions.iter().any(is)
}

/// `UPDATE u SET … FROM users AS u`: where the table's own name is, if the name that is next is an alias.
fn aliased(t: Tokens<'_>) -> Tokens<'_> {
    let name = { t }.qualified_name().filter(|parts| parts.len() == 1);
    let Some(name) = name.and_then(|mut parts| parts.pop()) else {
        return t;
    };
    let mut rest = t;
    while let Some(token) = rest.next() {
        if token.any_keyword(&["FROM", "JOIN", "APPLY"]) || token.mark(b',') {
            let mut ahead = rest;
            let table = ahead.qualified_name();
            ahead.eat("AS");
            let alias = ahead
                .name()
                .filter(|alias| alias.eq_ignore_ascii_case(&name));
            if table.is_some() && alias.is_some() {
                return rest;
            }
        }
    }
    t
}

/// `TOP (n) [PERCENT]`.
fn top(t: &mut Tokens<'_>) {
    if t.eat("TOP") {
        if t.skip_parentheses().is_none() {
            t.next();
        }
        t.eat("PERCENT");
    }
}

/// Is it put together by a variable of sqlcmd, `$(name)`?
pub fn is_variable(name: &str) -> bool {
    name == "$" || name.contains("$(")
}

/// Does the statement have a name that goes over a line end? SMO leaves a `]` within a name as it is,
/// and then the name does not end where it should.
fn has_open_name(mut t: Tokens<'_>) -> bool {
    t.any(|t| t.kind == Kind::Quoted && t.raw.contains(&b'\n'))
}

/// The text that is next, joined by `+`; none if it is anything else.
fn literal(mut t: Tokens<'_>) -> Option<Vec<u8>> {
    let mut text = t.next()?.text()?;
    while t.eat_mark(b'+') {
        text.extend(t.next()?.text()?);
    }
    Some(text)
}

/// What a procedure does, by its name.
fn procedure(name: &str) -> Effect {
    if name == "sp_rename" {
        return Effect::Anything("EXECUTE of sp_rename");
    }
    if matches!(
        name,
        "sp_fulltext_database" | "sp_db_vardecimal_storage_format"
    ) {
        return Effect::NoTransaction;
    }
    let runs = RUNS.contains(&name) || name.starts_with("sp_oa");
    match name.starts_with("sp_") && !runs {
        true => Effect::Definition,
        false => Effect::Anything("EXECUTE"),
    }
}

#[cfg(test)]
mod tests;
