//! What the statements that passed so far have set for the session that will load the dump.
//!
//! Every setting is remembered, because rows that have to wait must leave under the settings that
//! were in force at their head ([`Session::state`], [`switch()`]). Three of them change how later
//! bytes are read and are at hand as fields: character set, string rules, search path.
//!
//! Transactions count: ROLLBACK takes back what was set since BEGIN (or the savepoint), and SET
//! LOCAL ends with its transaction. A local setting is in force for what is read, but cannot be
//! brought back later, when its transaction is over: [`switch()`] refuses it. Not followed are the
//! properties of transactions (SET TRANSACTION, SET CONSTRAINTS, SET SESSION CHARACTERISTICS),
//! which say nothing about how rows are read, and what functions set on their own.

mod statements;
mod switch;

pub use switch::switch;

use super::charset::Charset;
use super::ddl::Context;
use super::lexer::Rules;
use super::tokens::{Kind, Lexing, Tokens, tokens};
use crate::dialect::SessionState;
use std::collections::BTreeMap;

/// The settings of one database section.
#[derive(Debug, Clone)]
pub struct Session {
    /// `client_encoding`.
    pub charset: Charset,
    /// `standard_conforming_strings`: is the backslash an ordinary character in `'…'`?
    pub standard_conforming_strings: bool,
    /// `search_path`: the schemas as stored, `$user` and `pg_catalog` left out.
    pub search_path: Vec<String>,
    /// The database named by the last `\connect`.
    pub database: Option<String>,
    settings: Settings,
    /// The settings at BEGIN and at each savepoint since.
    saved: Vec<(Option<String>, Settings)>,
    state: SessionState,
    /// How many settings were made: tells apart values that cannot be known.
    made: u64,
}

type Settings = BTreeMap<String, Slot>;

/// A setting's value for the session, and the one that hides it until the transaction ends.
#[derive(Debug, Clone, Default)]
struct Slot {
    session: Value,
    local: Option<Value>,
}

#[derive(Debug, Clone, Default)]
struct Value {
    form: Form,
    /// It cannot be written again; the number tells it from others.
    lost: Option<u64>,
}

#[derive(Debug, Clone, Default)]
enum Form {
    #[default]
    Fresh,
    /// The elements of `SET x = a, 'b'`.
    List(Vec<String>),
    /// The text that `set_config` was given.
    Text(String),
    Unknown,
}

const ROLE: &str = "role";
const AUTHORIZATION: &str = "session_authorization";

impl Default for Session {
    fn default() -> Self {
        Session {
            charset: Charset::utf8(),
            standard_conforming_strings: true,
            search_path: vec!["public".to_owned()],
            database: None,
            settings: Settings::new(),
            saved: Vec::new(),
            state: SessionState::default(),
            made: 0,
        }
    }
}

impl Session {
    /// A fresh session in a database.
    pub fn connected(database: Option<String>) -> Self {
        Session {
            database,
            ..Session::default()
        }
    }

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

    /// All settings, as [`switch()`] takes them.
    pub fn state(&self) -> &SessionState {
        &self.state
    }

    /// Takes in what a statement sets, or several that `\;` joins.
    pub fn apply(&mut self, mut statement: Tokens<'_>) {
        loop {
            self.one(statement);
            match statement.find(|t| t.kind == Kind::Backslash) {
                Some(token) if token.raw == b"\\;" => {}
                _ => return,
            }
        }
    }

    /// Takes in psql's `\encoding`.
    pub fn encoding(&mut self, name: String) {
        self.put("client_encoding", Form::List(vec![name]), true, false);
        self.changed();
    }

    fn one(&mut self, mut t: Tokens<'_>) {
        let Some(first) = t.next() else {
            return;
        };
        let is = |word: &str| first.keyword(word);
        if is("SET") {
            self.set(t);
        } else if is("RESET") {
            self.reset(t);
        } else if is("SELECT") {
            self.set_config(t);
        } else if is("DISCARD") {
            if t.eat_keyword("ALL") {
                self.settings.clear();
            }
        } else if is("BEGIN") || is("START") {
            self.begin();
        } else if is("SAVEPOINT") {
            if !self.saved.is_empty() {
                self.saved.push((t.name(), self.settings.clone()));
            }
        } else if is("RELEASE") {
            t.eat_keyword("SAVEPOINT");
            if let Some(at) = self.savepoint(t) {
                self.saved.truncate(at);
            }
        } else if is("COMMIT") || is("END") || is("PREPARE") && t.at_keyword("TRANSACTION") {
            self.end(t, true);
        } else if is("ROLLBACK") || is("ABORT") {
            self.end(t, false);
        } else {
            return;
        }
        self.changed();
    }

    fn begin(&mut self) {
        if self.saved.is_empty() {
            self.saved.push((None, self.settings.clone()));
        }
    }

    /// The place of a savepoint, from its name.
    fn savepoint(&self, mut t: Tokens<'_>) -> Option<usize> {
        let name = t.name();
        let found = self.saved.iter().rposition(|(known, _)| *known == name);
        found.filter(|_| name.is_some())
    }

    /// The end of a transaction, or of what came after a savepoint.
    fn end(&mut self, mut t: Tokens<'_>, kept: bool) {
        if t.at_keyword("PREPARED") {
            return;
        }
        let _ = t.eat_keyword("WORK") || t.eat_keyword("TRANSACTION");
        if t.eat_keyword("TO") {
            t.eat_keyword("SAVEPOINT");
            if let Some(at) = self.savepoint(t) {
                self.settings.clone_from(&self.saved[at].1);
                self.saved.truncate(at + 1);
            }
            return;
        }
        if self.saved.is_empty() {
            return;
        }
        if !kept {
            self.settings = self.saved.swap_remove(0).1;
        }
        self.saved.clear();
        self.settings
            .values_mut()
            .for_each(|slot| slot.local = None);
        if t.eat_keywords("AND CHAIN") {
            self.begin();
        }
    }

    fn put(&mut self, name: &str, form: Form, clear: bool, local: bool) {
        if local && self.saved.is_empty() {
            // Without a transaction it ends at once.
            return;
        }
        self.made += 1;
        if name == AUTHORIZATION {
            self.settings.remove(ROLE);
        }
        let lost = (local || !clear || !name.is_ascii()).then_some(self.made);
        let value = Value { form, lost };
        let slot = self.settings.entry(name.to_owned()).or_default();
        match local {
            true => slot.local = Some(value),
            false => {
                *slot = Slot {
                    session: value,
                    local: None,
                }
            }
        }
    }

    /// Brings up to date what follows from the settings.
    fn changed(&mut self) {
        self.settings.retain(|_, slot| {
            slot.local.is_some() || slot.session.lost.is_some() || !slot.session.is_fresh()
        });
        let first = |name: &str| match &self.settings.get(name)?.current().form {
            Form::Fresh => None,
            Form::List(values) => Some(values.first().map_or("", String::as_str)),
            Form::Text(text) => Some(text.as_str()),
            Form::Unknown => Some(""),
        };
        let standard = first("standard_conforming_strings").is_none_or(|value| {
            let value = value.to_ascii_lowercase();
            matches!(value.as_str(), "on" | "true" | "yes" | "1" | "t" | "y")
        });
        let charset = first("client_encoding").map_or_else(Charset::utf8, Charset::from_name);
        let path = self.settings.get("search_path");
        let path = match path.map(|slot| &slot.current().form) {
            None | Some(Form::Fresh) => vec!["public".to_owned()],
            Some(Form::List(schemas)) => schemas.clone(),
            Some(Form::Text(text)) => tokens(text.as_bytes(), Lexing::default())
                .filter_map(|token| token.name())
                .collect(),
            Some(Form::Unknown) => Vec::new(),
        };
        let state = self
            .settings
            .iter()
            .filter_map(|(name, slot)| Some((name.clone(), slot.current().setting(name)?)));
        self.state = SessionState::new(state.collect());
        self.standard_conforming_strings = standard;
        self.charset = charset;
        self.search_path = path;
        self.search_path
            .retain(|s| !s.is_empty() && s != "$user" && s != "pg_catalog");
    }
}

impl Slot {
    fn current(&self) -> &Value {
        self.local.as_ref().unwrap_or(&self.session)
    }
}

impl Value {
    fn is_fresh(&self) -> bool {
        matches!(self.form, Form::Fresh)
    }
}

#[cfg(test)]
mod tests;
