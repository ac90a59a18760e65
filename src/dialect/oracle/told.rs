//! What a statement of Oracle's scripts holds that has to be told: passwords, and jobs that will run.
//!
//! There is no list of statements that may hold a password: `IDENTIFIED BY` sets one wherever it stands,
//! and so does a literal for something that is called like one. Only procedures that take it by its
//! place are known by their names.

use crate::dialect::Effect;
use crate::dialect::batch::tokens::{Kind, Token, Tokens};
use crate::dialect::secrets::{in_connection, is_password, names_password};

/// Procedures that can take a password by its place, counted from nought.
const BY_PLACE: &[(&str, usize)] = &[
    ("CREATE_CREDENTIAL", 2),
    ("SET_AUTHENTICATION", 2),
    ("SET_WALLET", 1),
    ("SIMPLE_BIND_S", 2),
];

/// What messages call a statement, by its first words.
const NAMES: &[(&str, &str)] = &[
    ("CREATE USER", "CREATE USER"),
    ("CREATE ROLE", "CREATE ROLE"),
    ("CREATE TABLE", "CREATE TABLE"),
    ("CREATE PLUGGABLE DATABASE", "CREATE PLUGGABLE DATABASE"),
    ("CREATE PUBLIC", "CREATE DATABASE LINK"),
    ("CREATE SHARED", "CREATE DATABASE LINK"),
    ("CREATE DATABASE LINK", "CREATE DATABASE LINK"),
    ("CREATE", "CREATE"),
    ("ALTER USER", "ALTER USER"),
    ("ALTER ROLE", "ALTER ROLE"),
    ("ALTER PUBLIC", "ALTER DATABASE LINK"),
    ("ALTER DATABASE LINK", "ALTER DATABASE LINK"),
    ("ALTER", "ALTER"),
    ("GRANT", "GRANT"),
    ("SET ROLE", "SET ROLE"),
    ("ADMINISTER", "ADMINISTER KEY MANAGEMENT"),
    ("CONN", "CONNECT"),
    ("CONNECT", "CONNECT"),
    ("COPY", "COPY"),
    ("DEF", "DEFINE"),
    ("DEFINE", "DEFINE"),
    ("BEGIN", "a PL/SQL block"),
    ("DECLARE", "a PL/SQL block"),
];

/// Adds to the effects of a statement what has to be told of it.
pub fn add(t: Tokens<'_>, effects: &mut Vec<Effect>) {
    let comment = t.peek().is_some_and(|t| t.any_keyword(COMMENTS));
    if !comment && password(t) {
        let name = NAMES.iter().find(|(words, _)| { t }.eat(words));
        let effect = Effect::Password(name.map_or("a statement", |(_, name)| name));
        tell(effect, effects);
    }
    if let Some(what) = job(t) {
        tell(Effect::Job(what), effects);
    }
}

/// Commands that only say something.
const COMMENTS: &[&str] = &[
    "PRO", "PROMPT", "REM", "REMARK", "TTI", "TTITLE", "BTI", "BTITLE",
];

/// What else matters of a statement stays its first effect.
fn tell(told: Effect, effects: &mut Vec<Effect>) {
    match effects.as_mut_slice() {
        [Effect::Password(_)] => {}
        [effect @ Effect::Definition] => *effect = told,
        _ => effects.push(told),
    }
}

/// Does a statement hold a password?
fn password(t: Tokens<'_>) -> bool {
    let mut ahead = t;
    let client = match ahead.next() {
        Some(first) if first.any_keyword(&["CONN", "CONNECT", "COPY"]) => logon(ahead),
        Some(first) if first.any_keyword(&["DEF", "DEFINE"]) => defined(ahead),
        _ => false,
    };
    if client {
        return true;
    }
    let mut rest = t;
    while let Some(token) = rest.next() {
        let found = match token.kind {
            Kind::Text => token.text().is_some_and(|text| in_connection(&text)),
            Kind::Word if token.keyword("IDENTIFIED") => identified(rest),
            Kind::Word | Kind::Quoted => given(token, rest) || by_place(token, rest),
            _ => false,
        };
        if found {
            return true;
        }
    }
    false
}

/// `IDENTIFIED BY x`, `IDENTIFIED BY VALUES 'x'`; not `IDENTIFIED EXTERNALLY`, `IDENTIFIED BY &x`.
fn identified(mut t: Tokens<'_>) -> bool {
    t.eat("BY") && {
        t.eat("VALUES");
        t.next().is_some_and(|value| match value.kind {
            Kind::Text => value.text().is_some_and(|text| is_password(&text)),
            Kind::Quoted | Kind::Word | Kind::Number => is_password(
                &value
                    .raw
                    .iter()
                    .filter(|b| **b != b'"')
                    .copied()
                    .collect::<Vec<_>>(),
            ),
            _ => false,
        })
    }
}

fn is_secret(token: Token<'_>) -> bool {
    token.text().is_some_and(|text| is_password(&text))
}

/// `password => 'x'`, `v_password VARCHAR2(9) := 'x'`, `password = 'x'`.
fn given(name: Token<'_>, mut t: Tokens<'_>) -> bool {
    if !names_password(name.name().unwrap_or_default().as_bytes()) {
        return false;
    }
    if t.peek().is_some_and(|t| t.kind == Kind::Word) {
        t.eat("CONSTANT");
        t.qualified_name();
        t.skip_parentheses();
    }
    t.eat_mark(b':');
    let assigned = t.eat_mark(b'=');
    t.eat_mark(b'>');
    assigned && t.next().is_some_and(is_secret)
}

/// The arguments of a procedure: their names, if they are given, and what stands there.
fn arguments<'a>(t: &mut Tokens<'a>) -> Vec<(Option<String>, Tokens<'a>)> {
    let Some(range) = t.skip_parentheses() else {
        return Vec::new();
    };
    let arguments = t.within(range).split_commas().into_iter();
    let arguments = arguments.map(|argument| {
        let mut value = argument;
        let name = value.name();
        match value.eat_mark(b'=') && value.eat_mark(b'>') {
            true => (name, value),
            false => (None, argument),
        }
    });
    arguments.collect()
}

/// The argument of this name, or that stands in this place.
pub fn argument<'a>(mut t: Tokens<'a>, name: &str, place: usize) -> Option<Tokens<'a>> {
    let arguments = arguments(&mut t);
    let named = arguments
        .iter()
        .find(|(own, _)| own.as_deref() == Some(name));
    let found = named.or_else(|| arguments.get(place).filter(|(own, _)| own.is_none()));
    found.map(|(_, value)| *value)
}

/// `DBMS_CREDENTIAL.CREATE_CREDENTIAL('c', 'u', 'x')`.
fn by_place(token: Token<'_>, t: Tokens<'_>) -> bool {
    let name = token.name().unwrap_or_default();
    let known = BY_PLACE.iter().find(|(known, _)| *known == name);
    let value = known.and_then(|(_, place)| argument(t, "", *place));
    value.is_some_and(|mut value| value.next().is_some_and(is_secret))
}

/// `user/password@database`; not `/ AS SYSDBA`, `user/&x`.
fn logon(mut t: Tokens<'_>) -> bool {
    while let Some(token) = t.next() {
        if token.mark(b'/') {
            return t.peek().is_some_and(|next| {
                let value = !matches!(next.kind, Kind::Mark | Kind::Unfinished);
                value && !next.any_keyword(&["AS", "TO", "INSERT", "APPEND", "CREATE", "REPLACE"])
            });
        }
    }
    false
}

/// `DEFINE password = x`.
fn defined(mut t: Tokens<'_>) -> bool {
    let name = t.name().unwrap_or_default();
    let value = t.eat_mark(b'=').then(|| t.next()).flatten();
    names_password(name.as_bytes())
        && value.is_some_and(|value| match value.kind {
            Kind::Text => is_secret(value),
            _ => is_password(value.raw) && !value.mark(b'&'),
        })
}

/// What makes a job run, if the statement does.
fn job(mut t: Tokens<'_>) -> Option<&'static str> {
    let mut package = String::new();
    while let Some(token) = t.next() {
        let name = token.name().unwrap_or_default();
        if matches!(name.as_str(), "DBMS_SCHEDULER" | "DBMS_JOB") {
            package = name;
            continue;
        }
        let found = match (package.as_str(), name.as_str()) {
            _ if token.mark(b'.') => continue,
            ("DBMS_SCHEDULER", "CREATE_JOB") => {
                let enabled = argument(t, "ENABLED", 8);
                enabled
                    .is_some_and(|value| !value.at_keyword("FALSE"))
                    .then_some("DBMS_SCHEDULER.CREATE_JOB")
            }
            ("DBMS_SCHEDULER", "ENABLE") => Some("DBMS_SCHEDULER.ENABLE"),
            ("DBMS_JOB", "SUBMIT") => Some("DBMS_JOB.SUBMIT"),
            ("DBMS_JOB", "ISUBMIT") => Some("DBMS_JOB.ISUBMIT"),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
        package.clear();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::batch::Flavour;
    use crate::dialect::batch::tokens::tokens;

    #[test]
    fn passwords_wherever_they_stand() {
        for (statement, expected) in [
            ("CREATE USER r IDENTIFIED BY \"p\"", true),
            ("CREATE USER r IDENTIFIED EXTERNALLY", false),
            ("CREATE ROLE r IDENTIFIED USING hr.pkg", false),
            ("CREATE USER r IDENTIFIED GLOBALLY AS 'cn=r'", false),
            ("CREATE USER r IDENTIFIED BY &pw", false),
            (
                "CREATE SHARED PUBLIC DATABASE LINK l CONNECT TO r IDENTIFIED BY p",
                true,
            ),
            (
                "ALTER DATABASE LINK l CONNECT TO r IDENTIFIED BY VALUES 'p'",
                true,
            ),
            ("CREATE TABLE t (a NUMBER ENCRYPT IDENTIFIED BY p)", true),
            ("SET ROLE r IDENTIFIED BY p", true),
            (
                "BEGIN DBMS_CREDENTIAL.CREATE_CREDENTIAL('c', 'u', 'p'); END;",
                true,
            ),
            (
                "BEGIN DBMS_CREDENTIAL.CREATE_CREDENTIAL(password => 'p', username => 'u'); END;",
                true,
            ),
            (
                "BEGIN DBMS_CREDENTIAL.CREATE_CREDENTIAL('c', 'u', v); END;",
                false,
            ),
            (
                "DECLARE v_password CONSTANT VARCHAR2(9) := 'p'; BEGIN NULL; END;",
                true,
            ),
            ("CONNECT r/p@h", true),
            ("CONNECT / AS SYSDBA", false),
            ("CONNECT r/&pw", false),
            ("CONNECT r@h", false),
            ("COPY FROM hr/p@h APPEND t USING SELECT 1 FROM dual", true),
            ("DEFINE password = p", true),
            ("DEFINE password = &1", false),
            ("DEFINE x = p", false),
            ("CREATE TABLE t (password VARCHAR2(9) DEFAULT 'p')", false),
        ] {
            let t = tokens(statement.as_bytes(), Flavour::Oracle);
            assert_eq!(password(t), expected, "{statement}");
        }
    }

    #[test]
    fn jobs_that_will_run() {
        for (statement, expected) in [
            (
                "BEGIN DBMS_SCHEDULER.CREATE_JOB('\"J\"', enabled => TRUE); END;",
                true,
            ),
            (
                "BEGIN sys.dbms_scheduler.create_job('\"J\"', enabled=>FALSE, auto_drop=>FALSE); END;",
                false,
            ),
            (
                "BEGIN \"SYS\".\"DBMS_SCHEDULER\".\"ENABLE\"('\"J\"'); END;",
                true,
            ),
            (
                "BEGIN DBMS_SCHEDULER.SET_ATTRIBUTE('J', 'enable', 1); END;",
                false,
            ),
            (
                "BEGIN SYS.DBMS_JOB.ISUBMIT(job => 1, what => 'x;'); END;",
                true,
            ),
        ] {
            let t = tokens(statement.as_bytes(), Flavour::Oracle);
            assert_eq!(job(t).is_some(), expected, "{statement}");
        }
    }
}
