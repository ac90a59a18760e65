//! What a statement or a command of the client does, as far as scrub cares.

use super::{block, told};
use crate::dialect::batch::Flavour;
use crate::dialect::batch::table::Context;
use crate::dialect::batch::tokens::{Kind, Token, Tokens, tokens};
use crate::dialect::{Bracket, Effect};
use crate::schema::{Catalog, RelationName};

/// Resolves names for effects.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    /// How names are resolved.
    pub context: &'a Context,
    /// What is known.
    pub catalog: &'a Catalog,
}

/// Words that begin a statement or a command which brings no rows and runs nothing.
const HARMLESS: &[&str] = &[
    "ACC",
    "ACCEPT",
    "ARCHIVE",
    "ASSOCIATE",
    "ATTRIBUTE",
    "AUDIT",
    "BRE",
    "BREAK",
    "BTI",
    "BTITLE",
    "CD",
    "CL",
    "CLEAR",
    "COL",
    "COLUMN",
    "COMPUTE",
    "CONN",
    "CONNECT",
    "DEF",
    "DEFINE",
    "DESC",
    "DESCRIBE",
    "DISASSOCIATE",
    "DISC",
    "DISCONNECT",
    "EXIT",
    "EXPLAIN",
    "HELP",
    "HISTORY",
    "LIST",
    "LOCK",
    "NOAUDIT",
    "PASSW",
    "PASSWORD",
    "PAU",
    "PAUSE",
    "PRINT",
    "PRO",
    "PROMPT",
    "PURGE",
    "QUIT",
    "REM",
    "REMARK",
    "REPF",
    "REPFOOTER",
    "REPH",
    "REPHEADER",
    "SAVE",
    "SAVEPOINT",
    "SELECT",
    "SET",
    "SHO",
    "SHOW",
    "SPO",
    "SPOOL",
    "STORE",
    "TIMI",
    "TIMING",
    "TTI",
    "TTITLE",
    "UNDEF",
    "UNDEFINE",
    "VAR",
    "VARIABLE",
    "WHENEVER",
    "WITH",
];

impl Names<'_> {
    /// The effects of a statement; at least one.
    pub fn effects(&self, statement: &[u8]) -> Vec<Effect> {
        let t = tokens(statement, Flavour::Oracle);
        let mut effects = self.done(t, statement);
        told::add(t, &mut effects);
        effects
    }

    /// What a statement does, whatever it holds.
    fn done(&self, mut t: Tokens<'_>, statement: &[u8]) -> Vec<Effect> {
        let all = t;
        let Some(first) = t.next() else {
            return vec![Effect::Setting];
        };
        let word = String::from_utf8_lossy(first.raw).to_ascii_uppercase();
        vec![match word.as_str() {
            "@" | "STA" | "START" => Effect::Anything("@"),
            "RUN" => Effect::Anything("RUN"),
            "!" | "HO" | "HOST" => Effect::Anything("HOST"),
            word if word.starts_with('$') => Effect::Anything("HOST"),
            "COPY" => Effect::Anything("COPY"),
            "LOAD" => self.opaque(t, "LOAD"),
            "EXEC" | "EXECUTE" | "CALL" | "BEGIN" | "DECLARE" | "<" => {
                return block::effects(self, all);
            }
            "SET" if terminator(statement) => Effect::Anything("SET SQLTERMINATOR"),
            "COMMIT" | "ROLLBACK" => Effect::Commit,
            "INSERT" => return self.insert(t),
            "UPDATE" => self.opaque(t, "UPDATE"),
            "DELETE" => {
                t.eat("FROM");
                self.opaque(t, "DELETE")
            }
            "MERGE" => {
                t.eat("INTO");
                self.opaque(t, "MERGE")
            }
            "TRUNCATE" => {
                t.eat("TABLE");
                self.opaque(t, "TRUNCATE")
            }
            "CREATE" => self.create(t, all),
            "ALTER" => self.alter(t),
            "DROP" | "COMMENT" | "GRANT" | "REVOKE" | "RENAME" | "ANALYZE" | "ADMINISTER" => {
                Effect::Definition
            }
            _ if first.kind == Kind::Word && !HARMLESS.contains(&word.as_str()) => {
                Effect::Anything("a command that scrub does not know")
            }
            _ => Effect::Setting,
        }]
    }

    /// The relation of a name.
    pub(super) fn resolve(&self, parts: Vec<String>) -> RelationName {
        self.context.resolve(self.catalog, parts)
    }

    /// The effect on the table whose name is next.
    pub(super) fn opaque(&self, mut t: Tokens<'_>, what: &'static str) -> Effect {
        let wrapped = ["TABLE", "ONLY", "THE"]
            .iter()
            .any(|word| t.at_keyword(word));
        match t.qualified_name() {
            Some(parts) if !(wrapped && t.at_mark(b'(')) => {
                Effect::Opaque(self.resolve(parts), what)
            }
            _ => Effect::Anything(what),
        }
    }

    /// An INSERT whose rows cannot be read, into one table or several.
    fn insert(&self, mut t: Tokens<'_>) -> Vec<Effect> {
        let several = t.at_keyword("ALL") || t.at_keyword("FIRST");
        let what = match several {
            true => "an INSERT into several tables",
            false if t.any(|t| t.keyword("SELECT")) => "INSERT … SELECT",
            false => "an INSERT that is not plain VALUES",
        };
        let mut t = t.within(0..t.source().len());
        let mut out = Vec::new();
        while let Some(token) = t.next() {
            if token.keyword("INTO") {
                let effect = self.opaque(t, what);
                if !out.contains(&effect) {
                    out.push(effect);
                }
                if !several {
                    break;
                }
            }
        }
        if out.is_empty() {
            out.push(Effect::Anything(what));
        }
        out
    }

    fn create(&self, mut t: Tokens<'_>, all: Tokens<'_>) -> Effect {
        let has = |word: &str| { all }.any(|t: Token<'_>| t.keyword(word));
        for word in [
            "OR",
            "REPLACE",
            "EDITIONABLE",
            "NONEDITIONABLE",
            "PUBLIC",
            "SHARED",
            "GLOBAL",
            "PRIVATE",
            "TEMPORARY",
        ] {
            t.eat(word);
        }
        if t.eat("TRIGGER") {
            return Effect::AfterData;
        }
        if t.eat("TABLE") && has("SELECT") {
            return self.opaque(t, "CREATE TABLE … AS SELECT");
        }
        Effect::Definition
    }

    fn alter(&self, mut t: Tokens<'_>) -> Effect {
        if t.eat("SESSION") {
            return Effect::Setting;
        }
        if t.eat("TRIGGER") {
            return Effect::AfterData;
        }
        if !t.eat("TABLE") {
            return Effect::Definition;
        }
        let Some(parts) = t.qualified_name() else {
            return Effect::Definition;
        };
        let name = self.resolve(parts);
        if t.eat("DISABLE") {
            return Effect::Envelope(name, Bracket::Open);
        }
        if t.eat("ENABLE") {
            return Effect::Envelope(name, Bracket::Close);
        }
        if t.eat("EXCHANGE") {
            return Effect::Opaque(name, "EXCHANGE PARTITION");
        }
        match t.any(|t| t.any_keyword(&["FOREIGN", "REFERENCES"])) {
            true => Effect::AfterData,
            false => Effect::Definition,
        }
    }
}

/// Does `SET SQLTERMINATOR` make something else than `;` end statements?
fn terminator(command: &[u8]) -> bool {
    let words: Vec<_> = command.split(u8::is_ascii_whitespace).collect();
    let mut options = words.windows(2).filter(|pair| {
        let option = pair[0].to_ascii_uppercase();
        option.starts_with(b"SQLT") && b"SQLTERMINATOR".starts_with(&option)
    });
    options.any(|pair| !pair[1].eq_ignore_ascii_case(b"ON") && !pair[1].contains(&b';'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_statements_do() {
        let context = super::super::context();
        let names = Names {
            context: &context,
            catalog: &Catalog::default(),
        };
        let t = || RelationName::new(Some("HR"), "T");
        let opaque = |what| Effect::Opaque(t(), what);
        for (statement, expected) in [
            ("REM INSERT INTO hr.t", Effect::Setting),
            ("SET DEFINE OFF", Effect::Setting),
            ("SET ECHO OFF SQLT ;", Effect::Setting),
            ("SET SQLT '~'", Effect::Anything("SET SQLTERMINATOR")),
            ("@@other.sql", Effect::Anything("@")),
            ("LOAD hr.t x.csv", opaque("LOAD")),
            (
                "INSERT INTO &s..t VALUES (1);",
                Effect::Anything("an INSERT that is not plain VALUES"),
            ),
            ("BEGIN null; END;", Effect::Definition),
            ("EXEC dbms_output.put_line('INSERT')", Effect::Definition),
            (
                "EXEC load_all",
                Effect::Anything("a PL/SQL block that calls a procedure"),
            ),
            (
                "CALL p(1);",
                Effect::Anything("a PL/SQL block that calls a procedure"),
            ),
            (
                "DECLARE x t%ROWTYPE; y numbers; CURSOR c(a NUMBER) IS SELECT 1 FROM t FOR UPDATE; PROCEDURE p(a NUMBER) IS BEGIN NULL; END; BEGIN FOR i IN 1 .. 5 LOOP x.a := f(i); y(1) := 2; p(i); INSERT INTO hr.t VALUES (i); END LOOP; y.DELETE; COMMIT; END;",
                opaque("a PL/SQL block"),
            ),
            (
                "BEGIN MERGE INTO hr.t USING u ON (a = b) WHEN MATCHED THEN UPDATE SET a = 1 DELETE WHERE a = 2; END;",
                opaque("a PL/SQL block"),
            ),
            (
                "BEGIN EXECUTE IMMEDIATE 'ALTER TABLE ' || x || ' DISABLE ALL TRIGGERS'; EXECUTE IMMEDIATE q'[insert into hr.t values ('x')]'; END;",
                opaque("an INSERT that is not plain VALUES"),
            ),
            (
                "BEGIN EXECUTE IMMEDIATE stmt; END;",
                Effect::Anything("EXECUTE IMMEDIATE"),
            ),
            (
                "DECLARE\n  c varchar2(60);\n  s varchar2(60) := 'HR';\n  t varchar2(60) := 'T';\n  stmt varchar2(300) := 'INSERT INTO \"SYS\".\"IMPDP_STATS\" (type) VALUES (:1)';\nBEGIN\n  DELETE FROM \"SYS\".\"IMPDP_STATS\";\n  c := 'NAME'; EXECUTE IMMEDIATE stmt USING 'C','4173','5A';\nEND;",
                Effect::Statistics(t()),
            ),
            ("COMMIT;", Effect::Commit),
            ("UPDATE ONLY (hr.t) SET a = 1;", Effect::Anything("UPDATE")),
            (
                "INSERT INTO TABLE(SELECT a FROM hr.t) VALUES (1);",
                Effect::Anything("INSERT … SELECT"),
            ),
            (
                "ALTER TABLE hr.t EXCHANGE PARTITION p WITH TABLE hr.u;",
                opaque("EXCHANGE PARTITION"),
            ),
            (
                "INSERT INTO hr.t SELECT a FROM u;",
                opaque("INSERT … SELECT"),
            ),
            ("DELETE hr.t;", opaque("DELETE")),
            (
                "CREATE TABLE hr.t AS SELECT 1 a FROM dual;",
                opaque("CREATE TABLE … AS SELECT"),
            ),
            ("CREATE TABLE hr.t (a NUMBER);", Effect::Definition),
            (
                "CREATE USER x IDENTIFIED BY y;",
                Effect::Password("CREATE USER"),
            ),
            (
                "CREATE OR REPLACE TRIGGER x BEFORE INSERT ON t BEGIN null; END;",
                Effect::AfterData,
            ),
            (
                "ALTER SESSION SET NLS_DATE_FORMAT = 'YYYY'",
                Effect::Setting,
            ),
            (
                "ALTER TABLE hr.t DISABLE CONSTRAINT c;",
                Effect::Envelope(t(), Bracket::Open),
            ),
            (
                "ALTER TABLE hr.t ENABLE ALL TRIGGERS;",
                Effect::Envelope(t(), Bracket::Close),
            ),
            (
                "ALTER TABLE hr.t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u (b);",
                Effect::AfterData,
            ),
            ("ALTER TABLE hr.t ADD b NUMBER;", Effect::Definition),
        ] {
            assert_eq!(
                names.effects(statement.as_bytes()),
                [expected],
                "{statement}"
            );
        }
        let several = names
            .effects(b"INSERT ALL INTO hr.t VALUES (1) INTO hr.u VALUES (2) SELECT 1 FROM dual;");
        assert_eq!(several.len(), 2);
    }
}
