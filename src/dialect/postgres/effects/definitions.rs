//! CREATE, ALTER and DROP: which of them stand among the definitions, which follow the data, which
//! make rows, and which cannot run in a transaction.

use super::Names;
use crate::dialect::postgres::tokens::Tokens;
use crate::dialect::{Bracket, Effect};

impl Names<'_> {
    pub(super) fn create(&self, mut t: Tokens<'_>) -> Effect {
        t.eat_keywords("OR REPLACE");
        while [
            "UNIQUE",
            "CONSTRAINT",
            "EVENT",
            "GLOBAL",
            "LOCAL",
            "TEMPORARY",
            "TEMP",
            "UNLOGGED",
        ]
        .iter()
        .any(|word| t.eat_keyword(word))
        {}
        if t.eat_keyword("INDEX") {
            return match t.at_keyword("CONCURRENTLY") {
                true => Effect::NoTransaction,
                false => Effect::AfterData,
            };
        }
        if ["TRIGGER", "RULE", "POLICY", "STATISTICS", "PUBLICATION"]
            .iter()
            .any(|word| t.at_keyword(word))
        {
            return Effect::AfterData;
        }
        if t.at_keyword("DATABASE") || t.at_keyword("TABLESPACE") {
            return Effect::NoTransaction;
        }
        if t.at_keyword("SUBSCRIPTION") {
            // With a slot to make it cannot run in a transaction; pg_dump says connect = false.
            while let Some(token) = t.next() {
                if token.keyword("connect") || token.keyword("create_slot") {
                    t.eat_if(|t| t.operator("="));
                    if t.next()
                        .is_some_and(|t| t.keyword("false") || t.raw == b"'false'")
                    {
                        return Effect::AfterData;
                    }
                }
            }
            return Effect::NoTransaction;
        }
        if t.eat_keywords("MATERIALIZED VIEW") {
            return match without_data(t) {
                true => Effect::Definition,
                false => Effect::AfterData,
            };
        }
        if t.eat_keyword("TABLE") {
            t.eat_keywords("IF NOT EXISTS");
            let name = t.qualified_name();
            let mut rest = t;
            loop {
                if rest.skip_parentheses().is_some() {
                    continue;
                }
                match rest.next() {
                    None => break,
                    Some(token) if token.keyword("AS") && !without_data(rest) => {
                        return self.created(name, "CREATE TABLE … AS");
                    }
                    Some(_) => {}
                }
            }
        }
        Effect::Definition
    }

    pub(super) fn created(&self, name: Option<Vec<String>>, what: &'static str) -> Effect {
        match name {
            Some(name) => Effect::Opaque(self.context.place(name), what),
            None => Effect::Unfollowed(what),
        }
    }

    pub(super) fn alter(&self, mut t: Tokens<'_>) -> Effect {
        if t.eat_keyword("SYSTEM") {
            return Effect::NoTransaction;
        }
        if t.eat_keyword("DATABASE") {
            t.next();
            return match t.eat_keywords("SET TABLESPACE") {
                true => Effect::NoTransaction,
                false => Effect::Definition,
            };
        }
        if t.at_keyword("PUBLICATION") || t.at_keyword("EVENT") {
            return Effect::AfterData;
        }
        if t.at_keyword("SUBSCRIPTION") {
            return match t.any(|t| t.keyword("REFRESH")) {
                true => Effect::NoTransaction,
                false => Effect::AfterData,
            };
        }
        if t.at_keyword("INDEX") {
            return match t.any(|t| t.keyword("ATTACH")) {
                true => Effect::AfterData,
                false => Effect::Definition,
            };
        }
        if !t.eat_keyword("TABLE") {
            return Effect::Definition;
        }
        t.eat_keywords("IF EXISTS");
        t.eat_keyword("ONLY");
        let name = t.qualified_name();
        t.eat_if(|t| t.operator("*"));
        // pg_dump attaches partitions before the data: ATTACH is a definition.
        if t.eat_keyword("ADD") {
            let constraint = [
                "CONSTRAINT",
                "PRIMARY",
                "UNIQUE",
                "FOREIGN",
                "CHECK",
                "EXCLUDE",
            ];
            return match constraint.iter().any(|word| t.at_keyword(word)) {
                true => Effect::AfterData,
                false => Effect::Definition,
            };
        }
        let row_security = ["ENABLE ROW", "DISABLE ROW", "FORCE ROW", "NO FORCE"];
        if row_security.iter().any(|words| t.eat_keywords(words))
            || ["CLUSTER", "REPLICA", "VALIDATE"]
                .iter()
                .any(|word| t.at_keyword(word))
        {
            return Effect::AfterData;
        }
        match (name, bracket(t)) {
            (Some(name), Some(bracket)) => {
                Effect::Envelope(self.context.resolve(self.catalog, name), bracket)
            }
            _ => Effect::Definition,
        }
    }
}

fn without_data(mut t: Tokens<'_>) -> bool {
    loop {
        if t.eat_keywords("WITH NO DATA") {
            return true;
        }
        if t.next().is_none() {
            return false;
        }
    }
}

/// Which half of an envelope the actions of an ALTER TABLE are: all of them switch triggers or
/// rules off, or all of them on.
fn bracket(mut t: Tokens<'_>) -> Option<Bracket> {
    let mut found = None;
    loop {
        let bracket = match t.eat_keyword("DISABLE") {
            true => Bracket::Open,
            false if t.eat_keyword("ENABLE") => Bracket::Close,
            false => return None,
        };
        let _ = t.eat_keyword("REPLICA") || t.eat_keyword("ALWAYS");
        let switches = (t.eat_keyword("TRIGGER") || t.eat_keyword("RULE")) && t.name().is_some();
        if !switches || found.is_some_and(|first| first != bracket) {
            return None;
        }
        found = Some(bracket);
        if !t.eat_punctuation(b',') {
            return found;
        }
    }
}

pub(super) fn drop(mut t: Tokens<'_>) -> Effect {
    let alone = ["DATABASE", "TABLESPACE", "SUBSCRIPTION"];
    if alone.iter().any(|word| t.at_keyword(word)) || t.eat_keywords("INDEX CONCURRENTLY") {
        return Effect::NoTransaction;
    }
    Effect::Definition
}
