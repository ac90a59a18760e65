//! What SET, USE and DELIMITER change: how bytes are read, where names are looked up, and under which
//! settings rows stand.
//!
//! The dumpers keep a setting in a user variable and put it back later (`SET @OLD_X=@@X, X=…` and
//! `SET X=@OLD_X`). That is followed: what is put back is the setting as it was.

use crate::dialect::script::charset::Charset;
use crate::dialect::script::clauses::string;
use crate::dialect::script::lexer::{Grammar, Unit};
use crate::dialect::script::tokens::{Tokens, tokens};
use crate::dialect::{SessionState, Setting};
use crate::error::{Error, Result};
use crate::schema::RelationName;
use std::collections::{BTreeMap, HashMap};

/// The variable that SET NAMES changes, as far as a script's bytes are concerned.
const CLIENT: &str = "character_set_client";
/// Stands for USE among the settings.
const DATABASE: &str = "use";

/// Stands for DELIMITER among the settings.
const DELIMITER: &str = "delimiter";

/// A setting that is not that of a fresh session.
#[derive(Debug, Clone)]
struct Slot {
    made: Setting,
    value: String,
}

/// The session of a script.
#[derive(Debug)]
pub struct Session {
    /// How bytes are read.
    pub grammar: Grammar,
    database: Option<String>,
    slots: BTreeMap<String, Slot>,
    saved: HashMap<String, Option<Slot>>,
    lost: u64,
}

impl Default for Session {
    fn default() -> Self {
        Session {
            grammar: Grammar {
                delimiter: b";".to_vec(),
                backslashes: true,
                double_quoted_names: false,
                brackets: false,
                mysql: true,
                charset: Charset::PLAIN,
            },
            database: None,
            slots: BTreeMap::new(),
            saved: HashMap::new(),
            lost: 0,
        }
    }
}

/// What a statement puts back from a user variable that keeps the session's own settings.
pub fn restores(t: Tokens<'_>) -> bool {
    assignments(t).into_iter().any(|part| match part {
        Part::System(_, name, value) => {
            let of_session = [
                "time_zone",
                "sql_mode",
                "foreign_key_checks",
                "unique_checks",
                CLIENT,
            ];
            let mut value = value;
            of_session.contains(&name.as_str())
                && value.eat_mark(b'@')
                && value
                    .name()
                    .is_some_and(|n| n.to_ascii_lowercase().starts_with("old_"))
        }
        _ => false,
    })
}

/// One part of a SET.
enum Part<'a> {
    /// `NAMES x`, with the statement that says so.
    Names(String, String),
    /// A user variable.
    User(String, Tokens<'a>),
    /// A variable of the session (true) or of the server.
    System(bool, String, Tokens<'a>),
}

/// The parts of a SET statement; none if it is another one.
fn assignments(mut t: Tokens<'_>) -> Vec<Part<'_>> {
    let mut out = Vec::new();
    if !t.eat("SET") {
        return out;
    }
    for range in t.list() {
        let mut part = t.within(range.clone());
        if part.eat_any(&["NAMES", "CHARACTER SET", "CHARSET"]) {
            let name = part.next().and_then(|t| string(&t)).unwrap_or_default();
            let collation = part.eat("COLLATE").then(|| part.name()).flatten();
            let collation = collation.map_or(String::new(), |c| format!(" COLLATE {c}"));
            out.push(Part::Names(
                name.clone(),
                format!("SET NAMES {name}{collation}"),
            ));
            continue;
        }
        let mut session = true;
        let mut user = false;
        if part.eat_any(&["GLOBAL", "PERSIST", "PERSIST_ONLY"]) {
            session = false;
        } else {
            part.eat_any(&["SESSION", "LOCAL"]);
        }
        if part.eat_mark(b'@') {
            user = !part.eat_mark(b'@');
        }
        let Some(mut names) = part.names() else {
            continue;
        };
        let name = names.pop().unwrap_or_default().to_ascii_lowercase();
        if names
            .first()
            .is_some_and(|s| s.eq_ignore_ascii_case("global"))
        {
            session = false;
        }
        part.eat_mark(b':');
        if !part.eat_mark(b'=') {
            continue;
        }
        out.push(match user {
            true => Part::User(name, part),
            false => Part::System(session, name, part),
        });
    }
    out
}

impl Session {
    /// The relation of these parts of a name.
    pub fn relation(&self, mut parts: Vec<String>) -> RelationName {
        let name = parts.pop().unwrap_or_default();
        let schema = parts.pop().or_else(|| self.database.clone());
        RelationName { schema, name }
    }

    /// Is every statement a transaction of its own?
    pub fn autocommit(&self) -> bool {
        let off = |slot: &Slot| matches!(slot.value.as_str(), "0" | "off" | "false");
        !self.slots.get("autocommit").is_some_and(off)
    }

    /// All settings, as [`Session::switch`] takes them.
    pub fn state(&self) -> SessionState {
        let slots = self.slots.iter();
        let mut all: BTreeMap<_, _> = slots.map(|(n, s)| (n.clone(), s.made.clone())).collect();
        if self.grammar.delimiter != b";" {
            let delimiter = String::from_utf8_lossy(&self.grammar.delimiter);
            all.insert(DELIMITER.to_owned(), Setting::Made(delimiter.into_owned()));
        }
        SessionState::new(all)
    }

    /// As [`crate::dialect::Framer::switch`].
    pub fn switch(&self, from: &SessionState, to: &SessionState, out: &mut Vec<u8>) -> Result<()> {
        let delimiter = |state: &SessionState| match state.get(DELIMITER) {
            Some(Setting::Made(delimiter)) => delimiter.clone(),
            _ => ";".to_owned(),
        };
        let (now, then) = (delimiter(from), delimiter(to));
        for (name, new) in from.differences(to) {
            if name == DELIMITER {
                continue;
            }
            let statement = match new {
                Some(Setting::Made(statement)) => statement.clone(),
                None if name == CLIENT => "SET NAMES DEFAULT".to_owned(),
                None if name != DATABASE => format!("SET {name}=DEFAULT"),
                _ => {
                    return Err(Error::input(format!(
                        "rows have to wait, and the setting {name} cannot be brought back for them"
                    )));
                }
            };
            out.extend_from_slice(statement.as_bytes());
            out.extend_from_slice(now.as_bytes());
            out.push(b'\n');
        }
        if now != then {
            out.extend_from_slice(format!("DELIMITER {then}\n").as_bytes());
        }
        Ok(())
    }

    /// Takes in what a statement changes.
    pub fn apply(&mut self, mut t: Tokens<'_>) {
        if t.eat("USE") {
            if let Some(name) = t.name() {
                self.database(name);
            }
            return;
        }
        if t.eat("CHARSET") {
            let name = t.next().and_then(|t| string(&t)).unwrap_or_default();
            return self.client_charset(name.as_bytes());
        }
        for part in assignments(t) {
            match part {
                Part::Names(charset, statement) => {
                    self.put(CLIENT, &charset, Some(statement));
                }
                Part::User(name, mut value) => {
                    let kept = value.eat_mark(b'@') && value.eat_mark(b'@');
                    if value.eat_any(&["SESSION", "LOCAL"]) {
                        value.eat_mark(b'.');
                    }
                    let source = value.name().filter(|_| kept && value.at_end());
                    match source {
                        Some(source) => {
                            let slot = self.slots.get(&source.to_ascii_lowercase());
                            self.saved.insert(name, slot.cloned());
                        }
                        None => {
                            self.saved.remove(&name);
                        }
                    }
                }
                Part::System(true, name, value) => self.system(&name, value),
                Part::System(false, ..) => {}
            }
        }
        self.changed();
    }

    /// The client's `use name`.
    pub fn use_database(&mut self, name: &[u8]) {
        if let Some(name) = tokens(&self.grammar.clone(), name).name() {
            self.database(name);
        }
    }

    /// The client's `charset name`: it also says SET NAMES to the server.
    pub fn client_charset(&mut self, name: &[u8]) {
        let name = String::from_utf8_lossy(name).into_owned();
        self.put(CLIENT, &name, Some(format!("SET NAMES {name}")));
        self.changed();
    }

    fn database(&mut self, name: String) {
        let quoted = format!("USE `{}`", name.replace('`', "``"));
        let made = name.is_ascii().then_some(quoted);
        self.put(DATABASE, &name, made);
        self.database = Some(name);
    }

    /// A variable of the session gets a value.
    fn system(&mut self, name: &str, mut value: Tokens<'_>) {
        let name = match name {
            "character_set_results" => return,
            "sql_log_bin" | "net_read_timeout" | "net_write_timeout" => return,
            other => other,
        };
        if value.eat("DEFAULT") {
            self.slots.remove(name);
            return;
        }
        if value.eat_mark(b'@') {
            let kept = value.name().map(|n| n.to_ascii_lowercase());
            match kept.and_then(|kept| self.saved.get(&kept).cloned()) {
                Some(Some(slot)) => {
                    self.slots.insert(name.to_owned(), slot);
                }
                Some(None) => {
                    self.slots.remove(name);
                }
                None => self.put(name, "", None),
            }
            return;
        }
        let token = value.next();
        let plain = token.filter(|_| value.at_end());
        let text = plain.and_then(|token| match token.kind {
            Unit::Number => Some(String::from_utf8_lossy(token.raw).into_owned()),
            Unit::Word | Unit::Literal => string(&token),
            _ => None,
        });
        match text.filter(|text| text.is_ascii() && !text.contains(['\'', '\\'])) {
            Some(text) => {
                let statement = format!("SET {name}='{text}'");
                let statement = match text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                    true => format!("SET {name}={text}"),
                    false => statement,
                };
                self.put(name, &text, Some(statement));
            }
            None => self.put(name, "", None),
        }
    }

    fn put(&mut self, name: &str, value: &str, made: Option<String>) {
        let made = match made {
            Some(statement) => Setting::Made(statement),
            None => {
                self.lost += 1;
                Setting::Lost(self.lost)
            }
        };
        let value = value.to_ascii_lowercase();
        self.slots.insert(name.to_owned(), Slot { made, value });
    }

    /// How bytes are read follows from the settings.
    fn changed(&mut self) {
        let value = |name: &str| self.slots.get(name).map_or("", |slot| slot.value.as_str());
        let charset = match value(CLIENT) {
            "" => Charset::PLAIN,
            name => Charset::from_name(name),
        };
        let mode = value("sql_mode");
        let has = |word: &str| mode.split(',').any(|m| m.trim() == word);
        self.grammar.backslashes = !has("no_backslash_escapes");
        // The combined modes of other databases hold ANSI_QUOTES.
        let ansi = [
            "ansi_quotes",
            "ansi",
            "oracle",
            "mssql",
            "postgresql",
            "db2",
            "maxdb",
        ];
        self.grammar.double_quoted_names = ansi.iter().any(|mode| has(mode));
        self.grammar.charset = charset;
    }

    /// `DELIMITER x`.
    pub fn delimiter(&mut self, delimiter: &[u8]) {
        if !delimiter.is_empty() {
            self.grammar.delimiter = delimiter.to_vec();
        }
    }
}
