//! Oracle: scripts for SQL*Plus, SQLcl and SQL Developer, as those and PL/SQL Developer write them.
//!
//! [`scanner`] finds the ends of statements, [`effects`] and [`block`] say what they do, [`told`] what they hold,
//! [`literal`] reads and writes cells with the format models of [`dates`], [`types`] knows the names of types;
//! [`batch`](crate::dialect::batch) is the rest.

pub mod block;
pub mod dates;
pub mod effects;
pub mod literal;
pub mod scanner;
pub mod told;
pub mod types;

use super::batch::Flavour;
use super::batch::charset::Charset;
use super::batch::codec::{InsertCodec, Literals};
use super::batch::framer::{Found, Open, Script, ScriptFramer};
use super::batch::head::Style;
use super::batch::table::Context;
use super::batch::tokens::tokens;
use super::{Dialect, Effect, Framer, RowCodec, RowFault, SessionState, Setting, Without};
use crate::error::{Error, Result};
use crate::schema::{Catalog, Generated, Relation, RelationName};
use literal::OracleLiterals;
use memchr::memmem;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Oracle's scripts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Oracle;

impl Dialect for Oracle {
    fn name(&self) -> &'static str {
        "oracle"
    }

    fn recognise(&self, head: &[u8]) -> u8 {
        let upper = head.to_ascii_uppercase();
        let has = |text: &[u8]| memmem::find(&upper, text).is_some();
        let sure = [
            &b"REM INSERTING INTO"[..],
            b"SET DEFINE OFF",
            b"SET SQLBLANKLINES",
            b"VARCHAR2(",
        ];
        let signs = [
            &b"TO_DATE("[..],
            b"TO_TIMESTAMP(",
            b"FROM DUAL",
            b" NUMBER(",
            b" NUMBER,",
            b"TO_CLOB(",
            b"EMPTY_CLOB(",
            b"\nREM ",
            b"\nPROMPT ",
            b"\n/\n",
            b"\n/\r\n",
        ];
        let signs = signs.iter().filter(|sign| has(sign)).count();
        match (sure.iter().filter(|sign| has(sign)).count(), signs) {
            (1.., _) => 97,
            (_, 2..) => 88,
            (_, 1) => 55,
            _ => 0,
        }
    }

    fn framer(&self) -> Box<dyn Framer> {
        Box::new(ScriptFramer::new(OracleScript::default()))
    }

    fn reads_utf16(&self) -> bool {
        true
    }
}

/// How names are resolved.
pub fn context() -> Context {
    Context {
        flavour: Flavour::Oracle,
        schema: None,
        data_type: types::parse,
    }
}

/// What is remembered of a script while it passes.
#[derive(Debug)]
pub struct OracleScript {
    scanner: scanner::Scanner,
    context: Context,
    settings: BTreeMap<String, Setting>,
    state: SessionState,
    define: Option<u8>,
    escape: Option<u8>,
    /// What was found last is a command of the client.
    command: bool,
    /// The table whose rows the statement holds that a line `/` would run again.
    buffer: Option<RelationName>,
    carriage: bool,
    /// What the script has created whose use may write.
    writers: block::Writers,
}

impl Default for OracleScript {
    fn default() -> Self {
        OracleScript {
            scanner: scanner::Scanner::default(),
            context: context(),
            settings: BTreeMap::new(),
            state: SessionState::default(),
            define: Some(b'&'),
            escape: None,
            command: false,
            buffer: None,
            carriage: false,
            writers: block::Writers::default(),
        }
    }
}

impl OracleScript {
    fn newline(&self) -> &'static str {
        if self.carriage { "\r\n" } else { "\n" }
    }

    /// Follows the settings on which rows depend.
    fn setting(&mut self, statement: &[u8]) {
        let mut t = tokens(statement, Flavour::Oracle);
        let text = String::from_utf8_lossy(statement);
        let made = text.trim().trim_end_matches(';').trim_end();
        if t.eat("ALTER SESSION SET") {
            let name = t.name().unwrap_or_default();
            if name == "CURRENT_SCHEMA" && t.eat_mark(b'=') {
                self.context.schema = t.name();
            }
            self.settings
                .insert(name, Setting::Made(format!("{made};")));
        } else if t.eat("SET") {
            self.options(made);
        } else {
            return;
        }
        self.state = SessionState::new(self.settings.clone());
    }

    /// `SET option value [option value …]` of the client, as far as rows depend on it.
    fn options(&mut self, line: &str) {
        let words: Vec<_> = line.split_ascii_whitespace().collect();
        for pair in words.windows(2) {
            let option = pair[0].to_ascii_uppercase();
            let (name, usual) = match option.as_str() {
                "DEF" | "DEFI" | "DEFIN" | "DEFINE" | "SCAN" => ("DEFINE", b'&'),
                "ESC" | "ESCA" | "ESCAP" | "ESCAPE" => ("ESCAPE", b'\\'),
                _ => continue,
            };
            let value = match pair[1].to_ascii_uppercase().as_str() {
                "ON" => Some(usual),
                "OFF" => None,
                _ => pair[1].trim_matches(['\'', '"']).bytes().next(),
            };
            match name {
                "DEFINE" => self.define = value,
                _ => self.escape = value,
            }
            let made = format!("SET {name} {}", pair[1]);
            self.settings.insert(name.to_owned(), Setting::Made(made));
        }
    }
}

impl Script for OracleScript {
    fn flavour(&self) -> Flavour {
        Flavour::Oracle
    }

    fn find(&mut self, buf: &[u8], fresh: bool, eof: bool) -> Found {
        let found = self.scanner.find(buf, fresh, eof);
        self.command = matches!(found, Found::Command(_));
        found
    }

    fn taken(&mut self) {
        self.scanner = scanner::Scanner::default();
    }

    fn no_rows(&mut self) {
        self.scanner.no_rows();
    }

    fn open(&self) -> Open {
        self.scanner.open()
    }

    fn context(&self) -> &Context {
        &self.context
    }

    fn effects(&mut self, statement: &[u8], catalog: &Catalog) -> Vec<Effect> {
        self.carriage |= statement.ends_with(b"\r\n");
        if !self.command {
            self.buffer = None;
        }
        let statement = without_slash(statement);
        let names = effects::Names {
            context: &self.context,
            catalog,
        };
        let mut effects = names.effects(statement);
        let t = tokens(statement, Flavour::Oracle);
        if !self.writers.add(&names, t) && self.writers.used_by(t) {
            effects.insert(0, Effect::Anything("a stored function that writes"));
        }
        if block::swallows(t) {
            effects.insert(0, Effect::Anything("a PL/SQL unit without its line /"));
        }
        if effects == [Effect::Setting] {
            self.setting(statement);
        }
        effects
    }

    fn gap(&mut self, bytes: &[u8]) {
        self.carriage |= memmem::find(bytes, b"\r\n").is_some();
    }

    fn line(&mut self, _bytes: &[u8]) -> Vec<Effect> {
        let again = |name| Effect::Opaque(name, "a / that runs its INSERT again");
        self.buffer.clone().map(again).into_iter().collect()
    }

    fn rows_call(&self, rows: &[u8]) -> Option<usize> {
        self.writers.used_in(rows)
    }

    fn rows(&mut self, relation: &RelationName) {
        self.buffer = Some(relation.clone());
    }

    fn literals(&self) -> Arc<dyn Literals> {
        Arc::new(OracleLiterals {
            define: self.define,
            escape: self.escape,
        })
    }

    fn unlisted(&self, relation: &Relation) -> Vec<String> {
        let given = relation
            .columns
            .iter()
            .filter(|c| !c.generated.is_computed());
        given.map(|c| c.name.clone()).collect()
    }

    fn learn(&self, catalog: &mut Catalog, statement: &[u8]) {
        self.context.learn(catalog, without_slash(statement));
    }

    fn connected(&mut self) {}

    fn session(&self) -> SessionState {
        self.state.clone()
    }

    fn switch(&self, from: &SessionState, to: &SessionState, out: &mut Vec<u8>) -> Result<()> {
        for (name, setting) in from.differences(to) {
            let Some(Setting::Made(statement)) = setting else {
                return Err(Error::input(format!(
                    "rows wait for a rule, and a setting of {name} follows them, which cannot be undone"
                ))
                .remedy("write it at the top of the script"));
            };
            out.extend_from_slice(statement.as_bytes());
            out.extend_from_slice(self.newline().as_bytes());
        }
        Ok(())
    }

    fn without_users(&self, statement: &[u8], gone: &dyn Fn(&str) -> bool) -> Without {
        let mut t = tokens(statement, Flavour::Oracle);
        let is_gone = |name: Option<String>| name.is_some_and(|name| gone(&name));
        if t.any_of(&["CREATE", "ALTER", "DROP"]) && t.eat("USER") {
            return match is_gone(t.name()) {
                true => Without::Nothing,
                false => Without::Same,
            };
        }
        if t.any_of(&["GRANT", "REVOKE"]) && t.any(|t| t.any_keyword(&["TO", "FROM"])) {
            let mut found = Vec::new();
            while let Some(name) = t.name() {
                found.push(gone(&name));
                if !t.eat_mark(b',') {
                    break;
                }
            }
            return match (found.iter().any(|g| *g), found.iter().all(|g| *g)) {
                (false, _) => Without::Same,
                (true, true) => Without::Nothing,
                (true, false) => Without::Refused("it names several users at once".to_owned()),
            };
        }
        Without::Same
    }

    fn missing(&self) -> Option<&'static str> {
        None
    }

    fn write_rows(
        &self,
        relation: &Relation,
        columns: &[usize],
        rows: &[Vec<Option<Vec<u8>>>],
        charset: &Arc<Charset>,
        out: &mut Vec<u8>,
    ) -> Result<(), RowFault> {
        let line = self.newline();
        let mut head = "Insert into ".to_owned();
        if let Some(schema) = &relation.name.schema {
            head += &quoted(schema);
            head.push('.');
        }
        head += &quoted(&relation.name.name);
        let always = |c: &&usize| relation.columns[**c].generated == Generated::IdentityAlways;
        if let Some(column) = columns.iter().find(always) {
            let name = &relation.columns[*column].name;
            return Err(RowFault(format!("column {name} takes no value of its own")));
        }
        let names: Vec<_> = columns
            .iter()
            .map(|c| quoted(&relation.columns[*c].name))
            .collect();
        if columns.is_empty() {
            return Err(RowFault(
                "a row without any column cannot be written".to_owned(),
            ));
        }
        head += &format!(" ({}) values ", names.join(","));
        let literals = self.literals();
        let charset = Arc::clone(charset);
        let codec = InsertCodec::new(
            Flavour::Oracle,
            Style::Values,
            Vec::new(),
            literals,
            charset,
        );
        for row in rows {
            out.extend_from_slice(head.as_bytes());
            let types = columns.iter().map(|c| &relation.columns[*c].data_type);
            let cells: Vec<_> = row.iter().map(Option::as_deref).zip(types).collect();
            codec.write_row(&cells, out)?;
            out.extend_from_slice(format!(";{line}").as_bytes());
        }
        Ok(())
    }

    fn failure(&self, message: &str) -> Vec<u8> {
        // The client stops here and undoes what has not been committed, whatever came before.
        let line = self.newline();
        format!(") 'scrub: {message}'{line};{line}/{line}EXIT FAILURE ROLLBACK{line}").into_bytes()
    }
}

/// A statement without the line `/` that ends it.
fn without_slash(statement: &[u8]) -> &[u8] {
    let text = statement.trim_ascii_end();
    match text
        .strip_suffix(b"/")
        .map(|rest| (rest, rest.trim_ascii_end()))
    {
        Some((rest, body)) if rest[body.len()..].contains(&b'\n') => body,
        _ => statement,
    }
}

/// A name, in quotes unless it is folded to itself.
fn quoted(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_uppercase())
        && name
            .chars()
            .all(|c| matches!(c, 'A'..='Z' | '0'..='9' | '_' | '$' | '#'));
    match plain {
        true => name.to_owned(),
        false => format!("\"{name}\""),
    }
}
