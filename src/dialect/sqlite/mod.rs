//! SQLite: the scripts of `.dump`.
//!
//! In reading order: [`ddl`] learns the schema, [`effects`] says what a statement does, [`literal`]
//! reads and writes cells. How the stream is framed is [`super::script`]'s.
//!
//! [`fts`] is about full-text indexes, which keep the words of rows in tables of their own.

pub mod ddl;
pub mod effects;
pub mod fts;
pub mod literal;

use super::script::charset::Charset;
use super::script::framer::{Flavour, ScriptFramer};
use super::script::insert;
use super::script::lexer::Grammar;
use super::script::rows::RowReader;
use super::script::tokens::tokens;
use super::{
    Dialect, Effect, Framer, RowCodec, RowFault, SessionState, Setting, Transactional, Without,
    Words,
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
    /// Full-text indexes that can be built anew.
    indexes: Vec<fts::Index>,
    /// Has the place come where they can be built?
    built: bool,
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
            indexes: Vec::new(),
            built: false,
        }
    }
}

/// `main.t` is `t`.
fn relation(mut parts: Vec<String>) -> RelationName {
    let name = parts.pop().unwrap_or_default();
    let schema = parts.pop().filter(|s| !s.eq_ignore_ascii_case("main"));
    RelationName { schema, name }
}

impl SqliteFlavour {
    /// The index that a table belongs to, and what for.
    fn shadow(&self, table: &str) -> Option<(&fts::Index, fts::Shadow)> {
        let mut indexes = self.indexes.iter();
        indexes.find_map(|index| Some((index, index.shadow(table)?)))
    }

    /// What a statement is to a full-text index.
    fn index(&mut self, catalog: &mut Catalog, statement: &[u8]) -> Option<Effect> {
        let t = tokens(&self.grammar, statement);
        if let Some(index) = fts::parse(t) {
            let relation = index.relation(false);
            catalog.relations.insert(relation.name.clone(), relation);
            return Some(Effect::Definition);
        }
        let target = insert::target(t).and_then(|mut names| names.pop());
        let Some(target) = target else {
            let mut create = t;
            create.eat("CREATE TABLE").then_some(())?;
            create.eat("IF NOT EXISTS");
            let table = create.names()?.pop()?;
            return self.shadow(&table).map(|_| Effect::Definition);
        };
        if let Some((index, fts::Shadow::Words)) = self.shadow(&target) {
            return Some(Effect::Words(words(index, index.instead(t))));
        }
        if !matches!(target.as_str(), "sqlite_schema" | "sqlite_master") {
            return None;
        }
        let index = fts::defined(&self.grammar, t).filter(fts::Index::can_be_built)?;
        if index.stored().is_some() {
            let relation = index.relation(true);
            catalog.relations.insert(relation.name.clone(), relation);
        }
        self.indexes.push(index);
        self.built = false;
        Some(Effect::Definition)
    }

    /// The script's virtual tables can be read behind this.
    fn rebuild(&self) -> Effect {
        let indexes = self.indexes.iter();
        Effect::Rebuild {
            before: "PRAGMA writable_schema=RESET;\n",
            indexes: indexes
                .map(|index| (words(index, String::new()), index.rebuild()))
                .collect(),
        }
    }
}

/// The words of an index.
fn words(index: &fts::Index, instead: String) -> Words {
    Words {
        index: RelationName::new(None, &index.name),
        rows: index.source(),
        instead,
    }
}

impl Flavour for SqliteFlavour {
    fn grammar(&self) -> &Grammar {
        &self.grammar
    }

    fn comment(&mut self, _: &[u8]) {}

    fn missing(&self) -> Option<&'static str> {
        let missing = !self.built && !self.indexes.is_empty();
        missing.then_some("`PRAGMA writable_schema=OFF` behind its full-text indexes is missing")
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
        if let Some(effect) = self.index(catalog, statement) {
            return vec![effect];
        }
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
            let name = name.to_ascii_lowercase();
            if name == "writable_schema" && !pragma.at_keyword("ON") && !self.indexes.is_empty() {
                self.built = true;
                effect = self.rebuild();
            }
            self.pragmas.insert(name, Setting::Made(text));
        }
        let mut effects = effects::beside(t);
        match effects.as_slice() {
            [] | [Effect::Included(_), ..] => effects.insert(effects.len().min(1), effect),
            _ if effect == Effect::Setting => {}
            _ => effects.insert(0, effect),
        }
        effects
    }

    fn relation(&self, _: &Catalog, parts: Vec<String>) -> RelationName {
        let name = relation(parts);
        match self.shadow(&name.name) {
            Some((index, fts::Shadow::Rows)) => index.source(),
            _ => name,
        }
    }

    fn stored(&self, relation: &RelationName) -> Option<(RelationName, &[(String, String)])> {
        let mut indexes = self.indexes.iter();
        indexes.find(|index| index.name == relation.name)?.stored()
    }

    fn is_table(&self, parts: &[String]) -> bool {
        // What SQLite keeps of its own: definitions, counters, samples, words.
        let words = |name: &str| matches!(self.shadow(name), Some((_, fts::Shadow::Words)));
        parts
            .last()
            .is_none_or(|name| !name.starts_with("sqlite_") && !words(name))
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
