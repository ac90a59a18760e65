//! MySQL and MariaDB: the scripts of mysqldump, mariadb-dump and phpMyAdmin.
//!
//! In reading order: [`session`] is what SET and USE change, [`types`] and [`ddl`] learn the schema,
//! [`effects`] says what a statement does, [`unseen`] what it does beside,
//! [`told`] what it holds, [`literal`] reads and writes cells, [`users`] leaves
//! users out. How the stream is framed is [`super::script`]'s.

pub mod banner;
pub mod ddl;
pub mod effects;
pub mod literal;
pub mod session;
pub mod told;
pub mod types;
pub mod unseen;
pub mod users;

use super::script::framer::{Flavour, ScriptFramer};
use super::script::lexer::Grammar;
use super::script::rows::RowReader;
use super::script::tokens::tokens;
use super::{Dialect, Effect, Framer, RowCodec, RowFault, SessionState, Without};
use crate::error::Result;
use crate::schema::{Catalog, RelationName};
use memchr::memmem;
use std::sync::Arc;

/// MySQL's and MariaDB's scripts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mysql;

impl Dialect for Mysql {
    fn name(&self) -> &'static str {
        "mysql"
    }

    fn recognise(&self, head: &[u8]) -> u8 {
        let start = &head[..head.len().min(400)];
        let starts_with = |text: &[u8]| memmem::find(start, text).is_some();
        let has = |text: &[u8]| memmem::find(head, text).is_some();
        if [
            &b"-- MySQL dump "[..],
            b"-- MariaDB dump ",
            b"-- phpMyAdmin SQL Dump",
            b"/*M!999999\\-",
            b"-- Adminer ",
        ]
        .into_iter()
        .any(starts_with)
        {
            100
        } else if has(b"/*!40") || has(b"/*!50") || has(b"/*!80") || has(b"/*M!") {
            95
        } else if has(b"ENGINE=")
            || has(b"utf8mb4")
            || has(b"INSERT INTO `")
            || has(b"CREATE TABLE `")
        {
            85
        } else if has(b" AUTO_INCREMENT") || has(b"DELIMITER ") {
            70
        } else {
            0
        }
    }

    fn framer(&self) -> Box<dyn Framer> {
        Box::new(ScriptFramer::new(MysqlFlavour::default()))
    }
}

/// The session, the banners and the locks of a script.
#[derive(Debug, Default)]
pub struct MysqlFlavour {
    session: session::Session,
    banners: banner::Banners,
    locked: Vec<RelationName>,
    unseen: unseen::Unseen,
    samples: told::Samples,
}

impl Flavour for MysqlFlavour {
    fn grammar(&self) -> &Grammar {
        &self.session.grammar
    }

    fn comment(&mut self, comment: &[u8]) {
        self.banners.comment(comment);
    }

    fn missing(&self) -> Option<&'static str> {
        self.banners.missing()
    }

    fn command(&mut self, command: &[u8]) -> Effect {
        effects::command(&mut self.session, command)
    }

    fn statement(
        &mut self,
        catalog: &mut Catalog,
        seen: &dyn Fn(&RelationName) -> bool,
        statement: &[u8],
    ) -> Vec<Effect> {
        let grammar = self.session.grammar.clone();
        let t = tokens(&grammar, statement);
        let session = &self.session;
        let resolve = |parts| session.relation(parts);
        let mut effects = effects::classify(t, &resolve, seen, &mut self.locked);
        self.unseen.add(t, &resolve, &mut effects);
        told::add(t, &mut effects);
        if let Some(rows) = self.samples.rows(t, &resolve) {
            effects = vec![rows];
        }
        // They are no table of which anybody would review the columns.
        if !self.samples.defines(t, &resolve) {
            ddl::learn(catalog, &resolve, t, self.banners.in_dump());
        }
        self.session.apply(t);
        effects
    }

    fn relation(&self, _: &Catalog, parts: Vec<String>) -> RelationName {
        self.session.relation(parts)
    }

    fn is_table(&self, parts: &[String]) -> bool {
        let relation = || self.session.relation(parts.to_vec());
        !self.unseen.is_union(relation) && !self.samples.is(&relation())
    }

    fn credentials(&self, catalog: &Catalog, relation: &RelationName) -> &'static [&'static str] {
        told::credentials(relation, catalog.relation(relation))
    }

    fn rows_call(&self, rows: &[u8]) -> Option<usize> {
        self.unseen.rows_call(rows)
    }

    fn has_generated(&self) -> bool {
        true
    }

    fn codec(&self, reader: RowReader) -> Arc<dyn RowCodec> {
        Arc::new(literal::MysqlCodec::new(reader))
    }

    fn session(&self) -> SessionState {
        self.session.state()
    }

    fn switch(&self, from: &SessionState, to: &SessionState, out: &mut Vec<u8>) -> Result<()> {
        self.session.switch(from, to, out)
    }

    fn without_users(&self, statement: &[u8], gone: &dyn Fn(&str) -> bool) -> Without {
        users::without(tokens(&self.session.grammar, statement), gone)
    }

    fn quoted(&self, name: &str, out: &mut Vec<u8>) -> Result<(), RowFault> {
        let name = format!("`{}`", name.replace('`', "``"));
        out.extend_from_slice(&self.session.grammar.charset.encode(name.as_bytes())?);
        Ok(())
    }

    fn after_rows(&self) -> &'static str {
        if self.session.autocommit() {
            ""
        } else {
            "COMMIT"
        }
    }
}

#[cfg(test)]
mod literal_tests;
#[cfg(test)]
mod tests;
