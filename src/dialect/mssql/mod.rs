//! SQL Server: scripts for sqlcmd and SSMS, as SMO (Generate Scripts, mssql-scripter) and people write
//! them.
//!
//! [`scanner`] finds the ends of statements, [`effects`] says what they do, [`told`] what they hold, [`literal`] reads and
//! writes cells with the dates of [`moments`], [`types`] knows the names of types; [`batch`](crate::dialect::batch) is the rest.

pub mod effects;
pub mod literal;
pub mod moments;
pub mod scanner;
pub mod session;
pub mod told;
pub mod types;

use super::batch::Flavour;
use super::batch::charset::Charset;
use super::batch::codec::{InsertCodec, Literals};
use super::batch::framer::{Found, Open, Script, ScriptFramer};
use super::batch::head::Style;
use super::batch::lines::repetitions;
use super::batch::table::Context;
use super::batch::tokens::tokens;
use super::{Dialect, Effect, Framer, RowCodec, RowFault, SessionState, Transactional, Without};
use crate::error::Result;
use crate::schema::{Catalog, Generated, Relation, RelationName};
use literal::TsqlLiterals;
use memchr::memmem;
use std::sync::Arc;

/// SQL Server's scripts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mssql;

impl Dialect for Mssql {
    fn name(&self) -> &'static str {
        "mssql"
    }

    fn recognise(&self, head: &[u8]) -> u8 {
        let upper = head.to_ascii_uppercase();
        let has = |text: &[u8]| memmem::find(&upper, text).is_some();
        let go = upper
            .split(|b| *b == b'\n')
            .any(|line| line.trim_ascii() == b"GO");
        let signs = [
            &b"SET ANSI_NULLS"[..],
            b"SET QUOTED_IDENTIFIER",
            b"SET IDENTITY_INSERT",
            b"/****** OBJECT:",
            b"[DBO].",
            b"NVARCHAR](",
        ];
        let signs = signs.iter().filter(|sign| has(sign)).count();
        match (go, signs) {
            (true, 1..) => 98,
            (false, 2..) => 92,
            (true, 0) => 85,
            (false, 1) => 60,
            (false, 0) => u8::from(has(b"INSERT [") || has(b"INSERT INTO [")) * 50,
        }
    }

    fn framer(&self) -> Box<dyn Framer> {
        Box::new(ScriptFramer::new(MssqlScript::default()))
    }

    /// The transaction spans batches. An error rolls it back, and then there is nothing to commit.
    fn transaction(&self) -> Option<Transactional> {
        Some(Transactional {
            prologue: "SET XACT_ABORT ON\nGO\n",
            begin: "BEGIN TRANSACTION\nGO\n",
            commit: "COMMIT TRANSACTION\nGO\n",
            last: "GO\nCOMMIT TRANSACTION\nGO\n",
        })
    }

    fn reads_utf16(&self) -> bool {
        true
    }
}

/// How names are resolved.
pub fn context() -> Context {
    Context {
        flavour: Flavour::Mssql,
        schema: Some("dbo".to_owned()),
        data_type: types::parse,
    }
}

/// What is remembered of a script while it passes.
#[derive(Debug)]
pub struct MssqlScript {
    scanner: scanner::Scanner,
    context: Context,
    session: session::Session,
    database: Option<String>,
    /// SMO has written it.
    generated: bool,
    /// The last thing was a line `GO`.
    batch_ended: bool,
    /// The last statement reaches to the end of its batch, which has not come.
    body: bool,
    /// A `:setvar` has come.
    variables: bool,
    /// The tables whose rows the batch holds.
    batch: Vec<RelationName>,
    /// The table whose IDENTITY_INSERT is on.
    identity: Option<RelationName>,
    carriage: bool,
}

impl Default for MssqlScript {
    fn default() -> Self {
        MssqlScript {
            scanner: scanner::Scanner::default(),
            context: context(),
            session: session::Session::default(),
            database: None,
            generated: false,
            batch_ended: true,
            body: false,
            variables: false,
            batch: Vec::new(),
            identity: None,
            carriage: false,
        }
    }
}

impl MssqlScript {
    fn newline(&self) -> &'static str {
        if self.carriage { "\r\n" } else { "\n" }
    }
}

impl Script for MssqlScript {
    fn flavour(&self) -> Flavour {
        Flavour::Mssql
    }

    fn find(&mut self, buf: &[u8], fresh: bool, eof: bool) -> Found {
        let found = self.scanner.find(buf, fresh, eof);
        self.body = match found {
            Found::Statement(_) => self.scanner.is_whole_batch(),
            _ => self.body,
        };
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
        let opens_batch = std::mem::take(&mut self.batch_ended);
        self.variables |= statement.to_ascii_lowercase().starts_with(b":setvar");
        let names = effects::Names {
            context: &self.context,
            catalog,
            database: self.database.as_deref(),
        };
        let effects = names.effects(statement, opens_batch);
        match effects.first() {
            Some(Effect::Connect(name)) => self.database = Some(name.clone()),
            Some(Effect::Envelope(relation, bracket))
                if memmem::find(&statement.to_ascii_uppercase(), b"IDENTITY_INSERT").is_some() =>
            {
                self.identity = match bracket {
                    super::Bracket::Open => Some(relation.clone()),
                    super::Bracket::Close => None,
                };
            }
            Some(Effect::Setting) => self.session.apply(tokens(statement, Flavour::Mssql)),
            _ => {}
        }
        effects
    }

    fn gap(&mut self, bytes: &[u8]) {
        self.generated |= bytes.starts_with(b"/****** Object:");
        self.carriage |= memmem::find(bytes, b"\r\n").is_some();
    }

    fn line(&mut self, bytes: &[u8]) -> Vec<Effect> {
        self.carriage |= bytes.ends_with(b"\r\n");
        self.batch_ended = true;
        self.body = false;
        let batch = std::mem::take(&mut self.batch);
        if repetitions(bytes) == 1 {
            return Vec::new();
        }
        let again = |name| Effect::Opaque(name, "a GO that runs its batch several times");
        batch.into_iter().map(again).collect()
    }

    fn is_variable(&self, name: &[String]) -> bool {
        name.iter().any(|part| effects::is_variable(part))
    }

    fn rows(&mut self, relation: &RelationName) {
        self.batch_ended = false;
        self.body = false;
        if !self.batch.contains(relation) {
            self.batch.push(relation.clone());
        }
    }

    fn literals(&self) -> Arc<dyn Literals> {
        Arc::new(TsqlLiterals {
            double_quoted: self.session.is_off("QUOTED_IDENTIFIER"),
            variables: self.variables,
        })
    }

    fn unlisted(&self, relation: &Relation) -> Vec<String> {
        let given = relation
            .columns
            .iter()
            .filter(|c| !c.generated.is_computed() && c.generated != Generated::IdentityByDefault);
        given.map(|c| c.name.clone()).collect()
    }

    fn learn(&self, catalog: &mut Catalog, statement: &[u8]) {
        let mut t = tokens(statement, Flavour::Mssql);
        let first = t.peek();
        let compound = first.is_some_and(|t| t.any_keyword(&["IF", "ELSE", "BEGIN", "WHILE"]));
        if !compound {
            return self.context.learn(catalog, statement);
        }
        let mut here = t;
        while let Some(token) = t.next() {
            if token.any_keyword(&["CREATE", "ALTER", "DROP"]) {
                self.context.statement(catalog, here);
            }
            here = t;
        }
    }

    fn connected(&mut self) {
        self.identity = None;
    }

    fn session(&self) -> SessionState {
        self.session.state()
    }

    fn switch(&self, from: &SessionState, to: &SessionState, out: &mut Vec<u8>) -> Result<()> {
        session::switch(from, to, self.newline(), out)
    }

    fn without_users(&self, statement: &[u8], gone: &dyn Fn(&str) -> bool) -> Without {
        session::without_users(statement, gone)
    }

    fn missing(&self) -> Option<&'static str> {
        if self.generated && self.identity.is_some() {
            return Some("SET IDENTITY_INSERT … OFF has not come");
        }
        (self.generated && !self.batch_ended)
            .then_some("SSMS ends a script with a line GO, and this one has none")
    }

    fn write_rows(
        &self,
        relation: &Relation,
        columns: &[usize],
        rows: &[Vec<Option<Vec<u8>>>],
        charset: &Arc<Charset>,
        out: &mut Vec<u8>,
    ) -> Result<(), RowFault> {
        const BATCH: usize = 100;
        let line = self.newline();
        let mut table = String::new();
        if let Some(schema) = &relation.name.schema {
            table = quoted(schema) + ".";
        }
        table += &quoted(&relation.name.name);
        let identity = columns
            .iter()
            .any(|c| relation.columns[*c].generated == Generated::IdentityByDefault);
        let names: Vec<_> = columns
            .iter()
            .map(|c| quoted(&relation.columns[*c].name))
            .collect();
        let head = match columns.is_empty() {
            true => format!("INSERT {table} DEFAULT VALUES"),
            false => format!("INSERT {table} ({}) VALUES ", names.join(", ")),
        };
        let literals = self.literals();
        let charset = Arc::clone(charset);
        let codec = InsertCodec::new(Flavour::Mssql, Style::Values, Vec::new(), literals, charset);
        if self.body {
            out.extend_from_slice(format!("GO{line}").as_bytes());
        }
        if identity {
            out.extend_from_slice(format!("SET IDENTITY_INSERT {table} ON{line}").as_bytes());
        }
        for (n, row) in rows.iter().enumerate() {
            if n > 0 && n % BATCH == 0 {
                out.extend_from_slice(format!("GO{line}").as_bytes());
            }
            out.extend_from_slice(head.as_bytes());
            if !columns.is_empty() {
                let types = columns.iter().map(|c| &relation.columns[*c].data_type);
                let cells: Vec<_> = row.iter().map(Option::as_deref).zip(types).collect();
                codec.write_row(&cells, out)?;
            }
            out.extend_from_slice(line.as_bytes());
        }
        if identity {
            out.extend_from_slice(format!("SET IDENTITY_INSERT {table} OFF{line}").as_bytes());
        }
        if self.generated {
            // They may be the script's last lines, and SSMS's last one is a GO.
            out.extend_from_slice(format!("GO{line}").as_bytes());
        }
        Ok(())
    }

    fn failure(&self, message: &str) -> Vec<u8> {
        // A parenthesis that nothing opened is an error wherever it stands, and its batch never runs.
        let line = self.newline();
        format!(
            ") N'scrub: {message}'{line}GO{line}IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION{line}GO{line}"
        )
        .into_bytes()
    }
}

fn quoted(name: &str) -> String {
    format!("[{}]", name.replace(']', "]]"))
}
