//! What the statements that passed so far have set for the session that will load the dump.
//!
//! Every setting is remembered, because rows that have to wait must leave under the settings that
//! were in force at their head ([`Session::state`], [`switch`]). Three of them change how later
//! bytes are read and are at hand as fields: character set, string rules, search path.
//!
//! Transactions count: ROLLBACK takes back what was set since BEGIN (or the savepoint), and SET
//! LOCAL ends with its transaction. A local setting is in force for what is read, but cannot be
//! brought back later, when its transaction is over: [`switch`] refuses it. Not followed are the
//! properties of transactions (SET TRANSACTION, SET CONSTRAINTS, SET SESSION CHARACTERISTICS),
//! which say nothing about how rows are read, and what functions set on their own.

use super::charset::Charset;
use super::ddl::Context;
use super::lexer::Rules;
use super::tokens::{Kind, Lexing, Token, Tokens, tokens};
use crate::dialect::{SessionState, Setting};
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::fmt::Write as _;

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

    /// All settings, as [`switch`] takes them.
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

    fn set(&mut self, mut t: Tokens<'_>) {
        let local = t.eat_keyword("LOCAL");
        let mut ahead = t;
        if ahead.eat_keyword("SESSION")
            && !ahead.at_keyword("AUTHORIZATION")
            && !ahead.at_keyword("CHARACTERISTICS")
        {
            t = ahead;
        }
        let mut ahead = t;
        let assigned = ahead.qualified_name().is_some()
            && (ahead.eat_if(|t| t.operator("=")).is_some() || ahead.eat_keyword("TO"));
        let name = if assigned {
            let parts = t.qualified_name().unwrap_or_default();
            t = ahead;
            parts.join(".").to_ascii_lowercase()
        } else {
            let special = [
                ("SESSION AUTHORIZATION", AUTHORIZATION),
                ("TIME ZONE", "timezone"),
                ("XML OPTION", "xmloption"),
                ("NAMES", "client_encoding"),
                ("SCHEMA", "search_path"),
                ("ROLE", ROLE),
            ];
            match special.iter().find(|(words, _)| t.eat_keywords(words)) {
                Some((_, name)) => (*name).to_owned(),
                None => return,
            }
        };
        let (form, clear) = self.values(t, name == "timezone");
        self.put(&name, form, clear, local);
    }

    /// The value that follows `=`; false if it was not read as the server would.
    fn values(&self, mut t: Tokens<'_>, zone: bool) -> (Form, bool) {
        let end = |t: &Tokens<'_>| match t.peek() {
            None => true,
            Some(next) => next.punctuation(b';') || next.kind == Kind::Backslash,
        };
        let mut fresh = t;
        let local = zone && fresh.eat_keyword("LOCAL");
        if (local || fresh.eat_keyword("DEFAULT") || end(&t)) && end(&fresh) {
            return (Form::Fresh, true);
        }
        let mut values = Vec::new();
        let mut clear = true;
        loop {
            let sign = t.eat_if(|t| t.operator("-") || t.operator("+"));
            let Some((value, faithful)) = t.next().and_then(|token| self.text(&token)) else {
                return (Form::Unknown, false);
            };
            clear &= faithful;
            values.push(match sign {
                Some(sign) => String::from_utf8_lossy(sign.raw).into_owned() + &value,
                None => value,
            });
            if !t.eat_punctuation(b',') {
                break;
            }
        }
        clear &= end(&t);
        (Form::List(values), clear)
    }

    /// The text of a value; false if its bytes are no text in the session's encoding.
    fn text(&self, token: &Token<'_>) -> Option<(String, bool)> {
        let text = match token.kind {
            Kind::Literal(_) => self.lexing().text(&token.value()?),
            Kind::Number => String::from_utf8_lossy(token.raw).into_owned(),
            _ => token.name()?,
        };
        let high =
            |bytes: &[u8]| -> Vec<u8> { bytes.iter().copied().filter(|b| !b.is_ascii()).collect() };
        let again = self.charset.encode(text.as_bytes());
        let faithful = match token.kind {
            Kind::Literal(_) => again.is_ok_and(|bytes| Some(bytes) == token.value()),
            _ => again.is_ok_and(|bytes| high(&bytes) == high(token.raw)),
        };
        Some((text, faithful))
    }

    fn reset(&mut self, mut t: Tokens<'_>) {
        if t.eat_keyword("ALL") {
            // The server leaves out who the user is.
            self.settings
                .retain(|name, _| name == ROLE || name == AUTHORIZATION);
            return;
        }
        let name = match () {
            () if t.eat_keywords("TIME ZONE") => "timezone".to_owned(),
            () if t.eat_keywords("SESSION AUTHORIZATION") => AUTHORIZATION.to_owned(),
            () => match t.qualified_name() {
                Some(parts) => parts.join(".").to_ascii_lowercase(),
                None => return,
            },
        };
        self.put(&name, Form::Fresh, true, false);
    }

    /// `SELECT set_config('name', 'value', false), …`, which is what pg_dump writes. Any other form
    /// leaves a value that is not known.
    fn set_config(&mut self, mut t: Tokens<'_>) {
        let mut found = Vec::new();
        let mut plain = true;
        let mut rest = t;
        while let Some(token) = rest.next() {
            if token.keyword("set_config") && rest.at_punctuation(b'(') {
                found.push(rest);
            }
        }
        if found.is_empty() {
            return;
        }
        loop {
            if t.eat_keyword("pg_catalog") {
                plain &= t.eat_punctuation(b'.');
            }
            plain &= t.eat_keyword("set_config") && t.skip_parentheses().is_some();
            if t.eat_keyword("AS") {
                t.name();
            }
            if !plain || !t.eat_punctuation(b',') {
                break;
            }
        }
        plain &= t
            .next()
            .is_none_or(|token| token.punctuation(b';') || token.kind == Kind::Backslash);
        for mut call in found {
            let arguments = call.skip_parentheses().unwrap_or_default();
            let mut arguments = call.within(arguments);
            let name = arguments.next().and_then(|token| self.text(&token));
            let Some((name, _)) = name.filter(|_| arguments.eat_punctuation(b',')) else {
                self.put("set_config", Form::Unknown, false, false);
                continue;
            };
            let name = name.to_ascii_lowercase();
            let value = match arguments.eat_keyword("NULL") {
                true => Some((Form::Fresh, true)),
                false => arguments
                    .next()
                    .filter(|token| matches!(token.kind, Kind::Literal(_)))
                    .and_then(|token| self.text(&token))
                    .map(|(text, clear)| (Form::Text(text), clear)),
            };
            arguments.eat_punctuation(b',');
            let local = arguments.next().and_then(|token| self.text(&token));
            let local = local.map_or("", |(text, _)| match text.as_str() {
                "true" | "t" | "on" | "yes" | "1" => "yes",
                "false" | "f" | "off" | "no" | "0" => "no",
                _ => "",
            });
            match value {
                Some((form, clear)) if !local.is_empty() && arguments.next().is_none() => {
                    self.put(&name, form, clear && plain, local == "yes");
                }
                _ => self.put(&name, Form::Unknown, false, false),
            }
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

    /// How a session comes to this value again.
    fn setting(&self, name: &str) -> Option<Setting> {
        if let Some(number) = self.lost {
            return Some(Setting::Lost(number));
        }
        let statement = match &self.form {
            Form::Fresh | Form::Unknown => return None,
            Form::List(values) => {
                let values: Vec<_> = values.iter().map(|value| literal(value)).collect();
                format!("SET {} = {}", variable(name), values.join(", "))
            }
            Form::Text(text) => format!(
                "SELECT pg_catalog.set_config({}, {}, false)",
                literal(name),
                literal(text)
            ),
        };
        Some(Setting::Made(statement))
    }
}

/// A setting's name as SET and RESET take it: a word, or two with a dot, quoted where it has to be.
fn variable(name: &str) -> String {
    let part = |part: &str| {
        let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        match part.chars().all(letter) && !part.starts_with(|c: char| c.is_ascii_digit()) {
            true => part.to_owned(),
            false => format!("\"{}\"", part.replace('"', "\"\"")),
        }
    };
    let parts: Vec<_> = name.split('.').map(part).collect();
    parts.join(".")
}

/// A literal in plain ASCII that means the same under any setting.
fn literal(text: &str) -> String {
    let plain = |c: char| matches!(c, ' '..='~') && c != '\\';
    let mut out = String::from(if text.chars().all(plain) { "'" } else { "E'" });
    for c in text.chars() {
        let _ = match c {
            '\'' => write!(out, "''"),
            c if plain(c) => write!(out, "{c}"),
            '\\' => write!(out, "\\\\"),
            c => write!(out, "\\U{:08X}", u32::from(c)),
        };
    }
    out.push('\'');
    out
}

/// Appends the statements that bring a session from one state to another.
///
/// Who the user is comes last, and is laid down first: another user may not be allowed to change
/// the rest.
///
/// # Errors
/// If a setting that differs cannot be brought back.
pub fn switch(from: &SessionState, to: &SessionState, out: &mut Vec<u8>) -> Result<()> {
    let differences = from.differences(to);
    if differences.is_empty() {
        return Ok(());
    }
    let mut line = |text: &str| {
        out.extend_from_slice(text.as_bytes());
        out.extend_from_slice(b";\n");
    };
    let is_user = |name: &str| name == ROLE || name == AUTHORIZATION;
    for name in [ROLE, AUTHORIZATION] {
        if from.get(name).is_some() {
            line(&format!("RESET {name}"));
        }
    }
    let rest = differences.iter().filter(|(name, _)| !is_user(name));
    let user = [AUTHORIZATION, ROLE].map(|name| (name, to.get(name)));
    for (name, setting) in rest.copied().chain(user) {
        match setting {
            Some(Setting::Made(statement)) => line(statement),
            Some(Setting::Lost(_)) => return Err(lost(name)),
            None if is_user(name) => {}
            None if !name.is_ascii() => return Err(lost(name)),
            None => line(&format!("RESET {}", variable(name))),
        }
    }
    Ok(())
}

/// A value that was made by SET LOCAL, or in a way that was not understood.
fn lost(name: &str) -> Error {
    Error::input(format!(
        "rows have to wait for others, and the session's {name} at their place cannot be brought back"
    ))
    .remedy(format!(
        "set {name} with a plain SET outside of the transaction, or leave it as it is"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(statements: &str) -> Session {
        let mut session = Session::default();
        for statement in statements.split_inclusive(';') {
            session.apply(tokens(statement.as_bytes(), session.lexing()));
        }
        session
    }

    /// The statements that lead from one session to another.
    fn way(from: &str, to: &str) -> std::result::Result<String, String> {
        let mut out = Vec::new();
        switch(after(from).state(), after(to).state(), &mut out).map_err(|e| e.to_string())?;
        Ok(String::from_utf8(out).unwrap())
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
            ("SET NAMES 'WIN1252'; SET NAMES;", "UTF8"),
            (
                "SET NAMES 'WIN1252'; SET client_encoding TO DEFAULT;",
                "UTF8",
            ),
            ("SET lock_timeout = 0;", "UTF8"),
        ] {
            assert_eq!(after(statement).charset.name(), charset, "{statement}");
        }
        for (statement, on) in [
            ("SET standard_conforming_strings = off;", false),
            (
                "BEGIN; SET LOCAL standard_conforming_strings TO 'OFF';",
                false,
            ),
            // Outside of a transaction the server only warns.
            ("SET LOCAL standard_conforming_strings TO 'OFF';", true),
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
                "select set_config('search_path', 'a, \"B c\", pg_catalog', 'f');",
                &["a", "B c"],
            ),
            ("SELECT set_config('search_path', 'a', true);", &["public"]),
            ("SET a = b\\; SET search_path TO a;", &["a"]),
            ("SELECT set_config('search_path', f(), false);", &[]),
            (
                "SET search_path = x, \"$user\", 'y, z', pg_catalog;",
                &["x", "y, z"],
            ),
            ("SET SCHEMA 's';", &["s"]),
            ("SET search_path = s; RESET ALL;", &["public"]),
        ] {
            assert_eq!(after(statement).search_path, path, "{statement}");
        }
        let session = after("SET client_encoding = 'LATIN1'; DISCARD ALL;");
        assert_eq!(session.charset, Charset::utf8());
        assert_eq!(session.state(), &SessionState::default());
    }

    #[test]
    fn transactions_take_settings_back() {
        for (statements, path) in [
            ("BEGIN; SET search_path = a; COMMIT;", "a"),
            ("BEGIN; SET search_path = a; ROLLBACK;", "public"),
            ("START TRANSACTION; SET LOCAL search_path = a;", "a"),
            ("BEGIN; SET LOCAL search_path = a; COMMIT;", "public"),
            (
                "BEGIN; SET search_path = b; SET LOCAL search_path = a; END WORK;",
                "b",
            ),
            (
                "BEGIN; SET LOCAL search_path = a; SET search_path = b; COMMIT;",
                "b",
            ),
            (
                "BEGIN; SET search_path = a; SAVEPOINT s; SET search_path = b; ROLLBACK TO s; COMMIT;",
                "a",
            ),
            (
                "BEGIN; SAVEPOINT s; SET search_path = a; RELEASE SAVEPOINT s; SET search_path = b; ROLLBACK WORK TO SAVEPOINT s;",
                "b",
            ),
            ("BEGIN; COMMIT AND CHAIN; SET LOCAL search_path = a;", "a"),
            (
                "BEGIN; COMMIT AND NO CHAIN; SET LOCAL search_path = a;",
                "public",
            ),
            (
                "BEGIN; SET search_path = a; COMMIT PREPARED 'x'; ROLLBACK;",
                "public",
            ),
            (
                "SET search_path = a; ROLLBACK; SAVEPOINT s; RELEASE s;",
                "a",
            ),
            (
                "BEGIN; SELECT set_config('search_path', 'a', true); COMMIT;",
                "public",
            ),
            (
                "BEGIN; SET search_path = a; PREPARE TRANSACTION 'x'; ABORT;",
                "a",
            ),
        ] {
            assert_eq!(after(statements).search_path, [path], "{statements}");
        }
    }

    #[test]
    fn the_way_from_one_state_to_another() {
        for (from, to, expected) in [
            ("", "", ""),
            (
                "SET search_path = a, b",
                "set session search_path to 'a' , B ;",
                "",
            ),
            ("SET a.b = x;", "SET A.\"b\" TO 'x';", ""),
            (
                "",
                "SET datestyle = iso, 'MDY';",
                "SET datestyle = 'iso', 'MDY';\n",
            ),
            ("SET work_mem = '1MB';", "", "RESET work_mem;\n"),
            ("SET x = 1;", "SET x = -2.5;", "SET x = '-2.5';\n"),
            ("SET x = 1;", "SET x = 1; RESET x;", "RESET x;\n"),
            ("", "SET TIME ZONE 'it''s';", "SET timezone = 'it''s';\n"),
            (
                "SET TIME ZONE 'x';",
                "SET TIME ZONE LOCAL;",
                "RESET timezone;\n",
            ),
            (
                "",
                "SET XML OPTION DOCUMENT;",
                "SET xmloption = 'document';\n",
            ),
            ("", "SET \"a b\".\"C\" = 1;", "SET \"a b\".c = '1';\n"),
            (
                "",
                "SELECT pg_catalog.set_config('search_path', '', false);",
                "SELECT pg_catalog.set_config('search_path', '', false);\n",
            ),
            (
                "",
                "SELECT set_config('a.b', 'x', false) AS q, set_config('a.c', 'y', 'off');",
                "SELECT pg_catalog.set_config('a.b', 'x', false);\nSELECT pg_catalog.set_config('a.c', 'y', false);\n",
            ),
            // Plain ASCII, whatever the encoding and the string rules are.
            (
                "SET client_encoding = 'SJIS';",
                "SET standard_conforming_strings = off; SET search_path = 'é\\\\';",
                "RESET client_encoding;\nSET search_path = E'\\U000000E9\\\\';\nSET standard_conforming_strings = 'off';\n",
            ),
            // Another user may not be allowed to set the rest.
            (
                "SET ROLE a;",
                "SET SESSION AUTHORIZATION b; SET ROLE \"C\"; SET session_replication_role = replica;",
                "RESET role;\nSET session_replication_role = 'replica';\nSET session_authorization = 'b';\nSET role = 'C';\n",
            ),
            (
                "SET ROLE a; SET x = 1;",
                "SET ROLE a; SET x = 2;",
                "RESET role;\nSET x = '2';\nSET role = 'a';\n",
            ),
            (
                "SET ROLE a;",
                "SET ROLE a; SET SESSION AUTHORIZATION DEFAULT;",
                "RESET role;\n",
            ),
            ("SET ROLE a; RESET ALL;", "SET LOCAL ROLE b; SET ROLE a", ""),
            (
                "",
                "SET TRANSACTION READ ONLY; SET CONSTRAINTS ALL DEFERRED;",
                "",
            ),
            (
                "",
                "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY;",
                "",
            ),
        ] {
            assert_eq!(way(from, to).unwrap(), expected, "{from} → {to}");
        }
    }

    #[test]
    fn what_cannot_be_brought_back_is_refused() {
        for to in [
            "BEGIN; SET LOCAL x = 1;",
            "SET x = 1 2;",
            "SET x = :'v';",
            "SET TIME ZONE INTERVAL '-08:00' HOUR TO MINUTE;",
            "SELECT set_config('x', f(), false);",
            "SELECT set_config('x', 'y', false) FROM t;",
            "SELECT 1, set_config('x', 'y', false);",
            "SELECT set_config(a, b, false) FROM t;",
            "SET \"é\".x = 1;",
        ] {
            let fault = way("", to).unwrap_err();
            assert!(fault.contains("cannot be brought back"), "{to}: {fault}");
            assert!(!fault.contains("08"), "{fault}");
        }
        // The same place of the input is the same state, a second such statement another.
        let twice = "SET x = :'v'; SET x = :'v';";
        assert_eq!(way(twice, twice).unwrap(), "");
        assert!(way("SET x = :'v';", twice).is_err());
        let mut latin = after("SET client_encoding = 'LATIN1';");
        latin.apply(tokens(b"SET x = '\xe9'", latin.lexing()));
        let mut out = Vec::new();
        switch(&SessionState::default(), latin.state(), &mut out).unwrap();
        assert!(out.ends_with(b"SET x = E'\\U000000E9';\n"));
        let mut broken = after("");
        broken.apply(tokens(b"SET x = '\xe9'", broken.lexing()));
        assert!(switch(&SessionState::default(), broken.state(), &mut out).is_err());
    }
}
