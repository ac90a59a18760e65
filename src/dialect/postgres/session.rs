//! What the statements that passed so far have set for the session that will load the dump.
//!
//! Only what changes how later bytes are read: character set, string rules, search path. Other
//! settings pass by.

use super::charset::Charset;
use super::ddl::Context;
use super::lexer::Rules;
use super::tokens::{Kind, Lexing, Token, Tokens, tokens};

/// The settings of one database section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionState {
    /// `client_encoding`.
    pub charset: Charset,
    /// `standard_conforming_strings`: is the backslash an ordinary character in `'…'`?
    pub standard_conforming_strings: bool,
    /// `search_path`: the schemas as stored, `$user` and `pg_catalog` left out.
    pub search_path: Vec<String>,
    /// The database named by the last `\connect`.
    pub database: Option<String>,
}

impl Default for SessionState {
    fn default() -> Self {
        SessionState {
            charset: Charset::utf8(),
            standard_conforming_strings: true,
            search_path: vec!["public".to_owned()],
            database: None,
        }
    }
}

impl SessionState {
    /// The settings under which whole statements are cut into tokens.
    pub fn lexing(&self) -> Lexing {
        self.charset.lexing(self.standard_conforming_strings)
    }

    /// The settings under which a stream is cut into statements.
    pub fn rules(&self) -> Rules {
        Rules {
            standard: self.standard_conforming_strings,
            charset: self.charset.clone(),
        }
    }

    /// What statements need to know to name relations.
    pub fn context(&self) -> Context<'_> {
        Context {
            search_path: &self.search_path,
            lexing: self.lexing(),
        }
    }

    /// Sets `search_path` from its elements as stored.
    pub fn set_search_path<'a>(&mut self, schemas: impl IntoIterator<Item = &'a str>) {
        self.search_path = schemas
            .into_iter()
            .filter(|s| !s.is_empty() && *s != "$user" && *s != "pg_catalog")
            .map(str::to_owned)
            .collect();
    }

    /// Takes in what a statement sets.
    pub fn apply(&mut self, mut statement: Tokens<'_>) {
        if statement.eat_keyword("SET") {
            self.set(statement);
        } else if statement.eat_keyword("RESET") {
            let name = statement.name().unwrap_or_default();
            self.reset(&name);
        } else if statement.eat_keywords("DISCARD ALL") {
            self.reset("all");
        } else if statement.eat_keyword("SELECT") {
            self.set_config(statement);
        }
    }

    fn set(&mut self, mut statement: Tokens<'_>) {
        let _ = statement.eat_keyword("SESSION") || statement.eat_keyword("LOCAL");
        let Some(mut name) = statement.name() else {
            return;
        };
        match name.as_str() {
            "names" => name = "client_encoding".to_owned(),
            "schema" => name = "search_path".to_owned(),
            _ if statement.eat_if(|t| t.operator("=")).is_some() => {}
            _ if statement.eat_keyword("TO") => {}
            _ => return,
        }
        if statement.at_keyword("DEFAULT") {
            self.reset(&name);
            return;
        }
        let mut values = Vec::new();
        while let Some(value) = statement.next().as_ref().and_then(text) {
            values.push(value);
            if !statement.eat_punctuation(b',') {
                break;
            }
        }
        self.assign(&name, values);
    }

    fn set_config(&mut self, mut statement: Tokens<'_>) {
        if statement.eat_keyword("pg_catalog") {
            statement.eat_punctuation(b'.');
        }
        if !statement.eat_keyword("set_config") || !statement.eat_punctuation(b'(') {
            return;
        }
        let Some(name) = statement.next().as_ref().and_then(text) else {
            return;
        };
        statement.eat_punctuation(b',');
        let Some(value) = statement.next().as_ref().and_then(text) else {
            return;
        };
        let values = match name.as_str() {
            "search_path" => tokens(value.as_bytes(), Lexing::default())
                .filter_map(|token| token.name())
                .collect(),
            _ => vec![value],
        };
        self.assign(&name, values);
    }

    fn assign(&mut self, name: &str, values: Vec<String>) {
        let first = values.first().map_or("", String::as_str);
        match name {
            "client_encoding" => self.charset = Charset::from_name(first),
            "standard_conforming_strings" => {
                let value = first.to_ascii_lowercase();
                self.standard_conforming_strings =
                    matches!(value.as_str(), "on" | "true" | "yes" | "1" | "t" | "y");
            }
            "search_path" => self.set_search_path(values.iter().map(String::as_str)),
            _ => {}
        }
    }

    fn reset(&mut self, name: &str) {
        let fresh = SessionState::default();
        match name {
            "client_encoding" => self.charset = fresh.charset,
            "standard_conforming_strings" => {
                self.standard_conforming_strings = fresh.standard_conforming_strings;
            }
            "search_path" => self.search_path = fresh.search_path,
            "all" => {
                *self = SessionState {
                    database: self.database.take(),
                    ..fresh
                }
            }
            _ => {}
        }
    }
}

/// The text of a setting's value.
fn text(token: &Token<'_>) -> Option<String> {
    match token.kind {
        Kind::Literal(_) => Some(String::from_utf8_lossy(&token.value()?).into_owned()),
        Kind::Number => Some(String::from_utf8_lossy(token.raw).into_owned()),
        _ => token.name(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(statement: &str) -> SessionState {
        let mut session = SessionState::default();
        session.apply(tokens(statement.as_bytes(), Lexing::default()));
        session
    }

    #[test]
    fn settings_that_change_how_bytes_are_read() {
        for (statement, charset) in [
            ("SET client_encoding = 'LATIN1';", "LATIN1"),
            ("set session client_encoding to sjis;", "SJIS"),
            ("SET NAMES 'WIN1252';", "WIN1252"),
            (
                "SELECT pg_catalog.set_config('client_encoding', 'GBK', false);",
                "GBK",
            ),
            ("SET client_encoding TO DEFAULT;", "UTF8"),
            ("SET lock_timeout = 0;", "UTF8"),
        ] {
            assert_eq!(after(statement).charset.name(), charset, "{statement}");
        }
        for (statement, on) in [
            ("SET standard_conforming_strings = off;", false),
            ("SET LOCAL standard_conforming_strings TO 'OFF';", false),
            ("SET standard_conforming_strings = 1;", true),
        ] {
            assert_eq!(
                after(statement).standard_conforming_strings,
                on,
                "{statement}"
            );
        }
        for (statement, path) in [
            (
                "SELECT pg_catalog.set_config('search_path', '', false);",
                &[][..],
            ),
            (
                "select set_config('search_path', 'a, \"B c\", pg_catalog', true);",
                &["a", "B c"],
            ),
            (
                "SET search_path = x, \"$user\", 'y, z', pg_catalog;",
                &["x", "y, z"],
            ),
            ("SET SCHEMA 's';", &["s"]),
            ("RESET ALL;", &["public"]),
        ] {
            assert_eq!(after(statement).search_path, path, "{statement}");
        }
        let mut session = after("SET client_encoding = 'LATIN1';");
        session.apply(tokens(b"DISCARD ALL;", Lexing::default()));
        assert_eq!(session, SessionState::default());
    }
}
