//! What MySQL and MariaDB keep beside rows that has to be told or left out: passwords, jobs that will run, samples of
//! values.
//!
//! There is no list of statements that may hold a password: a literal behind `IDENTIFIED BY`, or given to
//! what is called like one, counts wherever it stands, in the body of a procedure as well.

use crate::dialect::Effect;
use crate::dialect::script::insert;
use crate::dialect::script::lexer::Unit;
use crate::dialect::script::tokens::{Token, Tokens};
use crate::dialect::secrets::{in_connection, is_password, names_password};
use crate::schema::{Relation, RelationName};
use std::collections::HashSet;

/// What messages call a statement, by its first words.
const NAMES: &[(&str, &str)] = &[
    ("CREATE USER", "CREATE USER or GRANT"),
    ("CREATE SERVER", "CREATE SERVER"),
    ("CREATE TABLE", "CREATE TABLE"),
    ("CREATE", "CREATE"),
    ("ALTER USER", "ALTER USER"),
    ("ALTER SERVER", "ALTER SERVER"),
    ("ALTER", "ALTER"),
    ("GRANT", "CREATE USER or GRANT"),
    ("SET PASSWORD", "SET PASSWORD"),
    ("SET", "SET"),
    ("CHANGE", "CHANGE MASTER"),
    ("START", "START"),
];

/// Plugins to which what they get is no password but the name of a service, a user or a group.
const NAMES_ONLY: &[&str] = &[
    "auth_pam",
    "auth_pam_compat",
    "auth_socket",
    "authentication_ldap_sasl",
    "authentication_ldap_simple",
    "authentication_pam",
    "authentication_windows",
    "gssapi",
    "named_pipe",
    "pam",
    "unix_socket",
];

/// The server's own tables in which passwords of users stand, and their columns.
const CREDENTIALS: &[(&str, &[&str])] = &[
    ("global_priv", &["Priv"]),
    ("host", &["Password"]),
    ("servers", &["Password"]),
    ("slave_master_info", &["User_password"]),
    (
        "user",
        &["Password", "authentication_string", "User_attributes"],
    ),
];

/// The columns of a table of the server's own that hold passwords of its users. A dump of that database alone
/// does not name it; then the table's columns tell.
pub fn credentials(relation: &RelationName, known: Option<&Relation>) -> &'static [&'static str] {
    let has =
        |column: &str| known.is_some_and(|known| known.columns.iter().any(|c| c.name == column));
    let system = match relation.schema.as_deref() {
        Some(schema) => schema.eq_ignore_ascii_case("mysql"),
        None => has("Host"),
    };
    let mut tables = CREDENTIALS.iter().filter(|_| system);
    let found = tables.find(|(table, columns)| {
        *table == relation.name && (relation.schema.is_some() || columns.iter().any(|c| has(c)))
    });
    found.map_or(&[], |(_, columns)| columns)
}

/// The tables in which MariaDB keeps the lowest and highest values of columns, and histograms of them.
#[derive(Debug, Default)]
pub struct Samples {
    defined: HashSet<RelationName>,
}

impl Samples {
    /// Is it one of them?
    pub fn is(&self, relation: &RelationName) -> bool {
        let system = relation.schema.as_deref() == Some("mysql");
        relation.name == SAMPLES && (system || self.defined.contains(relation))
    }

    /// Does the statement define one? A dump of that database alone does not name it; then the columns tell.
    pub fn defines(
        &mut self,
        mut t: Tokens<'_>,
        resolve: &dyn Fn(Vec<String>) -> RelationName,
    ) -> bool {
        if !t.eat("CREATE TABLE") {
            return false;
        }
        t.eat("IF NOT EXISTS");
        let relation = t
            .names()
            .map(resolve)
            .filter(|relation| relation.name == SAMPLES);
        let Some(relation) = relation else {
            return false;
        };
        let columns: HashSet<_> = t.filter_map(|token| token.name()).collect();
        let own = [
            "db_name",
            "min_value",
            "max_value",
            "hist_type",
            "histogram",
        ];
        if own.iter().all(|column| columns.contains(*column)) {
            self.defined.insert(relation.clone());
        }
        self.is(&relation)
    }

    /// The effect of rows of one: nobody can tell from whose values they were made, so they go as soon
    /// as there are rules.
    pub fn rows(
        &self,
        t: Tokens<'_>,
        resolve: &dyn Fn(Vec<String>) -> RelationName,
    ) -> Option<Effect> {
        let relation = insert::target(t).map(resolve)?;
        self.is(&relation).then_some(Effect::Statistics(relation))
    }
}

const SAMPLES: &str = "column_stats";

/// Adds to the effects of a statement what has to be told of it.
pub fn add(t: Tokens<'_>, effects: &mut Vec<Effect>) {
    if password(t) {
        let mut words = t;
        let create = words.eat("CREATE OR REPLACE");
        let is = |named: &str| match create {
            true => named
                .strip_prefix("CREATE ")
                .is_some_and(|kind| { words }.eat(kind)),
            false => { t }.eat(named),
        };
        let name = NAMES.iter().find(|(named, _)| is(named));
        let other = if create { "CREATE" } else { "a statement" };
        tell(
            Effect::Password(name.map_or(other, |(_, name)| name)),
            effects,
        );
    }
    if let Some(what) = job(t) {
        tell(Effect::Job(what), effects);
    }
}

/// What else matters of a statement stays its first effect.
fn tell(told: Effect, effects: &mut Vec<Effect>) {
    match effects.as_mut_slice() {
        [effect @ (Effect::Definition | Effect::Setting)] => *effect = told,
        _ => effects.push(told),
    }
}

/// Does a statement hold a password?
fn password(mut t: Tokens<'_>) -> bool {
    let engines = ["SPIDER", "CONNECT", "FEDERATED"];
    let remote = { t }.any(|token| engines.iter().any(|engine| token.keyword(engine)));
    while let Some(token) = t.next() {
        let found = match token.kind {
            Unit::Word if token.keyword("IDENTIFIED") => identified(t),
            Unit::Word => names_password(token.raw) && given(t),
            Unit::Literal if remote => token.content().is_some_and(|text| in_connection(&text)),
            _ => false,
        };
        if found {
            return true;
        }
    }
    false
}

/// A literal that may be a password: `'x'`, `PASSWORD('x')`, `0x24…`.
fn literal(mut t: Tokens<'_>) -> bool {
    t.eat_any(&["PASSWORD", "OLD_PASSWORD"]);
    t.eat_mark(b'(');
    t.next().is_some_and(is_secret)
}

fn is_secret(token: Token<'_>) -> bool {
    match token.kind {
        Unit::Literal => token.content().is_some_and(|text| is_password(&text)),
        Unit::Number => matches!(token.raw, [b'0', b'x' | b'X', _, ..]),
        _ => false,
    }
}

/// `PASSWORD 'x'`, `MASTER_PASSWORD = 'x'`, `PASSWORD FOR 'u'@'h' = PASSWORD('x')`.
fn given(mut t: Tokens<'_>) -> bool {
    if t.eat("FOR") {
        while t
            .peek()
            .is_some_and(|token| !token.mark(b'=') && !token.mark(b','))
        {
            t.next();
        }
    }
    t.eat_mark(b':');
    t.eat_mark(b'=');
    literal(t)
}

/// `IDENTIFIED BY 'x'`, `IDENTIFIED VIA p USING 'x' OR q`, `IDENTIFIED WITH 'p' AS 'x'`; not `IDENTIFIED VIA
/// unix_socket`.
fn identified(mut t: Tokens<'_>) -> bool {
    let mut plugin = String::new();
    while let Some(token) = t.next() {
        let is = |words: &[&str]| words.iter().any(|word| token.keyword(word));
        if is(&["WITH", "VIA", "OR", "AND"]) {
            let next = t.peek();
            let name = next.and_then(|next| match next.kind {
                Unit::Literal => Some(String::from_utf8_lossy(&next.content()?).into_owned()),
                _ => next.name(),
            });
            plugin = name.unwrap_or_default().to_ascii_lowercase();
        } else if is(&["BY", "AS", "USING"]) && !NAMES_ONLY.contains(&plugin.as_str()) && literal(t)
        {
            return true;
        } else if is(&["REQUIRE", "ACCOUNT", "COMMENT", "ATTRIBUTE"]) || token.ends() {
            return false;
        }
    }
    false
}

/// What makes a job run, if the statement does.
fn job(mut t: Tokens<'_>) -> Option<&'static str> {
    let create = t.eat("CREATE");
    if !create && !t.eat("ALTER") {
        return None;
    }
    t.eat("OR REPLACE");
    if t.eat("DEFINER") {
        while t.peek().is_some() && !t.at_keyword("EVENT") {
            let token = t.next()?;
            let other = [
                "PROCEDURE",
                "FUNCTION",
                "TRIGGER",
                "VIEW",
                "SQL",
                "AGGREGATE",
            ];
            if other.iter().any(|word| token.keyword(word)) {
                return None;
            }
        }
    }
    t.eat("EVENT").then_some(())?;
    for token in t {
        if token.keyword("ENABLE") {
            return Some(if create {
                "CREATE EVENT"
            } else {
                "ALTER EVENT"
            });
        }
        if token.keyword("DISABLE") || token.keyword("DO") {
            return (create && token.keyword("DO")).then_some("CREATE EVENT");
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::script::tokens::{testing, tokens};

    #[test]
    fn passwords_wherever_they_stand() {
        let grammar = testing::mysql();
        for (statement, expected) in [
            ("CREATE USER r IDENTIFIED BY 'p'", true),
            ("CREATE USER r IDENTIFIED BY PASSWORD '*0123'", true),
            (
                "CREATE USER r IDENTIFIED WITH 'caching_sha2_password' AS '$A$005$x'",
                true,
            ),
            (
                "CREATE USER r IDENTIFIED WITH 'caching_sha2_password' AS 0x24412430",
                true,
            ),
            (
                "CREATE USER r IDENTIFIED VIA unix_socket OR mysql_native_password USING PASSWORD('p')",
                true,
            ),
            (
                "CREATE USER r IDENTIFIED VIA mysql_native_password OR unix_socket",
                false,
            ),
            ("CREATE USER r IDENTIFIED VIA pam USING 'mariadb'", false),
            (
                "CREATE USER r IDENTIFIED WITH 'auth_socket' AS 'root'",
                false,
            ),
            ("CREATE USER r IDENTIFIED BY RANDOM PASSWORD", false),
            ("CREATE USER r PASSWORD EXPIRE ACCOUNT LOCK", false),
            ("ALTER USER r DEFAULT ROLE NONE", false),
            ("GRANT USAGE ON *.* TO r IDENTIFIED VIA unix_socket", false),
            ("START SLAVE USER='r' PASSWORD='p'", true),
            ("START GROUP_REPLICATION USER='r', PASSWORD='p'", true),
            ("SET @a = 1, PASSWORD FOR 'r'@'%' = 'p'", true),
            ("SET PASSWORD = PASSWORD('p')", true),
            ("SET GLOBAL validate_password_policy = 'LOW'", false),
            (
                "CREATE PROCEDURE q() BEGIN ALTER USER r IDENTIFIED BY 'p'; END",
                true,
            ),
            (
                "CREATE TABLE t (`a` int) ENGINE=SPIDER COMMENT='user \"u\", password \"p\"'",
                true,
            ),
            (
                "CREATE TABLE t (`password` varchar(9) DEFAULT 'p' COMMENT 'password \"p\"')",
                false,
            ),
            ("CREATE TABLE t (password varchar(9) DEFAULT 'p')", false),
            (
                "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (USER 'r', PASSWORD '')",
                false,
            ),
        ] {
            let t = tokens(&grammar, statement.as_bytes());
            assert_eq!(password(t), expected, "{statement}");
        }
    }

    #[test]
    fn jobs_that_will_run() {
        let grammar = testing::mysql();
        for (statement, expected) in [
            (
                "/*!50106 CREATE*/ /*!50117 DEFINER=`r`@`%`*/ /*!50106 EVENT `e` ON SCHEDULE EVERY 1 DAY ENABLE DO SELECT 1 */",
                true,
            ),
            ("CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO CALL f()", true),
            (
                "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE ON SLAVE DO SELECT 1",
                false,
            ),
            (
                "CREATE EVENT IF NOT EXISTS e ON SCHEDULE AT '2030-01-01' DISABLE DO SELECT 'ENABLE'",
                false,
            ),
            ("ALTER EVENT e ENABLE", true),
            ("ALTER EVENT e DISABLE", false),
            ("ALTER EVENT e RENAME TO f", false),
            ("CREATE DEFINER=`r`@`%` PROCEDURE p() BEGIN END", false),
            ("CREATE TABLE event (a int)", false),
        ] {
            let t = tokens(&grammar, statement.as_bytes());
            assert_eq!(job(t).is_some(), expected, "{statement}");
        }
    }
}
