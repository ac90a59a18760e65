//! SQLite: the scripts of `.dump`.
//!
//! In reading order: [`ddl`] learns the schema, [`effects`] says what a statement does, [`literal`]
//! reads and writes cells. How the stream is framed is [`super::script`]'s.
//!
//! A full-text index keeps the words of the rows in tables of its own, as blobs that nobody rewrites.
//! As soon as any rule is run on a dump that has one, the run stops.

pub mod ddl;
pub mod effects;
pub mod literal;

use super::script::charset::Charset;
use super::script::framer::{Flavour, ScriptFramer};
use super::script::lexer::Grammar;
use super::script::rows::RowReader;
use super::script::tokens::tokens;
use super::{
    Dialect, Effect, Framer, RowCodec, RowFault, SessionState, Setting, Transactional, Without,
};
use crate::error::{Error, Result};
use crate::schema::{Catalog, RelationName};
use memchr::memmem;
use std::collections::BTreeMap;
use std::sync::Arc;

/// SQLite's scripts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sqlite;

impl Dialect for Sqlite {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn recognise(&self, head: &[u8]) -> u8 {
        let start = head
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(head)
            .trim_ascii_start();
        let has = |text: &[u8]| memmem::find(head, text).is_some();
        if start.starts_with(b"PRAGMA ") {
            100
        } else if start.starts_with(b"BEGIN TRANSACTION;") || has(b"PRAGMA foreign_keys") {
            90
        } else if has(b"sqlite_sequence") || has(b" AUTOINCREMENT") || has(b"INTEGER PRIMARY KEY") {
            70
        } else {
            0
        }
    }

    fn framer(&self) -> Box<dyn Framer> {
        Box::new(ScriptFramer::new(SqliteFlavour::default()))
    }

    /// The shell rolls back what is open when it ends. Pragmas stand before the transaction, in
    /// which some of them have no effect.
    fn transaction(&self) -> Option<Transactional> {
        Some(Transactional {
            prologue: ".bail on\n",
            begin: "BEGIN TRANSACTION;\n",
            commit: "COMMIT;\n",
            last: "COMMIT;\n",
        })
    }
}

/// The session of a script: nothing but its pragmas.
#[derive(Debug)]
pub struct SqliteFlavour {
    grammar: Grammar,
    pragmas: BTreeMap<String, Setting>,
    /// `.dump` begins with this pragma, and writes all rows before views, triggers and indexes.
    dumped: bool,
}

impl Default for SqliteFlavour {
    fn default() -> Self {
        SqliteFlavour {
            grammar: Grammar {
                delimiter: b";".to_vec(),
                backslashes: false,
                double_quoted_names: true,
                brackets: true,
                mysql: false,
                charset: Charset::PLAIN,
            },
            pragmas: BTreeMap::new(),
            dumped: false,
        }
    }
}

/// `main.t` is `t`.
fn relation(mut parts: Vec<String>) -> RelationName {
    let name = parts.pop().unwrap_or_default();
    let schema = parts.pop().filter(|s| !s.eq_ignore_ascii_case("main"));
    RelationName { schema, name }
}

impl Flavour for SqliteFlavour {
    fn grammar(&self) -> &Grammar {
        &self.grammar
    }

    fn comment(&mut self, _: &[u8]) {}

    fn missing(&self) -> Option<&'static str> {
        None
    }

    fn command(&mut self, command: &[u8]) -> Effect {
        effects::command(command)
    }

    fn statement(
        &mut self,
        catalog: &mut Catalog,
        seen: &dyn Fn(&RelationName) -> bool,
        statement: &[u8],
    ) -> Vec<Effect> {
        let t = tokens(&self.grammar, statement);
        ddl::learn(catalog, t);
        let mut effect = effects::classify(t, seen);
        if self.dumped && effects::follows_rows(t) {
            effect = Effect::AfterData;
        }
        let mut pragma = t;
        if pragma.eat("PRAGMA")
            && let Some(name) = pragma.name()
            && pragma.eat_mark(b'=')
        {
            let text = String::from_utf8_lossy(statement);
            let text = text.trim_end_matches(';').to_owned();
            self.dumped |= self.pragmas.is_empty() && text == "PRAGMA foreign_keys=OFF";
            self.pragmas
                .insert(name.to_ascii_lowercase(), Setting::Made(text));
        }
        vec![effect]
    }

    fn relation(&self, _: &Catalog, parts: Vec<String>) -> RelationName {
        relation(parts)
    }

    fn is_table(&self, parts: &[String]) -> bool {
        // What SQLite keeps of its own: definitions, counters.
        let statistics = ["sqlite_stat1", "sqlite_stat3", "sqlite_stat4"];
        parts
            .last()
            .is_none_or(|name| !name.starts_with("sqlite_") || statistics.contains(&name.as_str()))
    }

    fn has_generated(&self) -> bool {
        false
    }

    fn codec(&self, reader: RowReader) -> Arc<dyn RowCodec> {
        Arc::new(literal::SqliteCodec::new(reader))
    }

    fn session(&self) -> SessionState {
        SessionState::new(self.pragmas.clone())
    }

    fn switch(&self, from: &SessionState, to: &SessionState, out: &mut Vec<u8>) -> Result<()> {
        for (name, new) in from.differences(to) {
            let Some(Setting::Made(statement)) = new else {
                return Err(Error::input(format!(
                    "rows have to wait, and the pragma {name} cannot be brought back for them"
                )));
            };
            out.extend_from_slice(statement.as_bytes());
            out.extend_from_slice(b";\n");
        }
        Ok(())
    }

    fn without_users(&self, _: &[u8], _: &dyn Fn(&str) -> bool) -> Without {
        Without::Same
    }

    fn quoted(&self, name: &str, out: &mut Vec<u8>) -> Result<(), RowFault> {
        out.extend_from_slice(format!("\"{}\"", name.replace('"', "\"\"")).as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests;
