//! What a statement of T-SQL holds that has to be told: passwords, and jobs that will run.
//!
//! There is no list of statements that may hold a password: whatever is called like one counts
//! if it gets a literal, wherever it stands, under a condition, in the body of a procedure or in a
//! text that EXECUTE runs. Only procedures that take it by its place are known by their names.

use crate::dialect::Effect;
use crate::dialect::batch::Flavour;
use crate::dialect::batch::tokens::{Kind, Token, Tokens, tokens};
use crate::dialect::secrets::{in_connection, is_password, names_password};

/// Procedures that can take a password by its place, counted from nought.
const BY_PLACE: &[(&str, usize)] = &[
    ("SP_ADDAPPROLE", 1),
    ("SP_ADDDISTPUBLISHER", 4),
    ("SP_ADDDISTRIBUTOR", 2),
    ("SP_ADDLINKEDSRVLOGIN", 4),
    ("SP_ADDLOGIN", 1),
    ("SP_ADDLOGREADER_AGENT", 1),
    ("SP_ADDQREADER_AGENT", 1),
    ("SP_APPROLEPASSWORD", 1),
    ("SP_CHANGEDISTRIBUTOR_PASSWORD", 0),
    ("SP_CONTROL_DBMASTERKEY_PASSWORD", 1),
    ("SP_PASSWORD", 1),
    ("SP_SETAPPROLE", 1),
    ("SP_XP_CMDSHELL_PROXY_ACCOUNT", 1),
];

/// What messages call a statement, by its first words.
const NAMES: &[(&str, &str)] = &[
    ("CREATE LOGIN", "CREATE LOGIN"),
    ("ALTER LOGIN", "ALTER LOGIN"),
    ("CREATE USER", "CREATE USER"),
    ("ALTER USER", "ALTER USER"),
    ("CREATE APPLICATION ROLE", "CREATE APPLICATION ROLE"),
    ("ALTER APPLICATION ROLE", "ALTER APPLICATION ROLE"),
    ("CREATE CREDENTIAL", "CREATE CREDENTIAL"),
    ("CREATE DATABASE SCOPED CREDENTIAL", "CREATE CREDENTIAL"),
    ("CREATE MASTER KEY", "a master key"),
    ("OPEN MASTER KEY", "a master key"),
    ("CREATE PROCEDURE", "CREATE PROCEDURE"),
    ("CREATE", "CREATE"),
    ("ALTER", "ALTER"),
    ("OPEN", "a key"),
    ("BACKUP", "BACKUP"),
    ("RESTORE", "RESTORE"),
    ("EXEC", "EXECUTE"),
    ("EXECUTE", "EXECUTE"),
];

/// Adds to the effects of a statement what has to be told of it.
pub fn add(t: Tokens<'_>, effects: &mut Vec<Effect>) {
    if password(t) {
        let name = NAMES.iter().find(|(words, _)| { t }.eat(words));
        let effect = Effect::Password(name.map_or("a statement", |(_, name)| name));
        tell(effect, effects);
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
pub fn password(mut t: Tokens<'_>) -> bool {
    while let Some(token) = t.next() {
        let found = match token.kind {
            Kind::Text => token.text().is_some_and(|text| in_text(&text)),
            Kind::Word | Kind::Quoted => given(token, t) || by_place(token, t) || opened(token, t),
            _ => false,
        };
        if found {
            return true;
        }
    }
    false
}

/// A text may be a connection string, or SQL that is run. One within another has half as many quotes, so
/// this ends soon.
fn in_text(text: &[u8]) -> bool {
    in_connection(text) || text.contains(&b'\'') && password(tokens(text, Flavour::Mssql))
}

fn is_secret(token: Token<'_>) -> bool {
    match token.kind {
        Kind::Text => token.text().is_some_and(|text| is_password(&text)),
        Kind::Hex => token.raw.len() > 2,
        _ => false,
    }
}

/// `PASSWORD = N'x'`, `@password nvarchar(9) = N'x'`.
fn given(name: Token<'_>, mut t: Tokens<'_>) -> bool {
    if name.kind != Kind::Word || !names_password(name.raw) {
        return false;
    }
    if name.raw.starts_with(b"@") && !t.at_mark(b'=') {
        t.eat("AS");
        t.qualified_name();
        t.skip_parentheses();
    }
    t.eat_mark(b'=') && t.next().is_some_and(is_secret)
}

/// The arguments of a procedure, with their names if they are given.
fn arguments(mut t: Tokens<'_>) -> Vec<(Option<String>, Token<'_>)> {
    let mut found = Vec::new();
    while let Some(mut token) = t.next() {
        let mut name = None;
        if token.raw.starts_with(b"@") && t.eat_mark(b'=') {
            name = Some(String::from_utf8_lossy(token.raw).to_ascii_lowercase());
            let Some(value) = t.next() else { break };
            token = value;
        }
        found.push((name, token));
        t.any_of(&["OUT", "OUTPUT"]);
        if !t.eat_mark(b',') {
            break;
        }
    }
    found
}

fn is_called(token: Token<'_>, name: &str) -> bool {
    token
        .name()
        .is_some_and(|own| own.eq_ignore_ascii_case(name))
}

/// `sp_addlogin 'r', 'x'`.
fn by_place(token: Token<'_>, t: Tokens<'_>) -> bool {
    let known = BY_PLACE.iter().find(|(name, _)| is_called(token, name));
    known.is_some_and(|(_, place)| {
        let arguments = arguments(t);
        let argument = arguments.get(*place);
        argument.is_some_and(|(name, value)| name.is_none() && is_secret(*value))
    })
}

/// `OPENROWSET('SQLNCLI', 'h'; 'u'; 'x', …)`.
fn opened(token: Token<'_>, mut t: Tokens<'_>) -> bool {
    if !token.keyword("OPENROWSET") || !t.eat_mark(b'(') {
        return false;
    }
    t.next();
    t.eat_mark(b',');
    t.next();
    t.eat_mark(b';') && t.next().is_some() && t.eat_mark(b';') && t.next().is_some_and(is_secret)
}

/// The procedure that makes a job run, if the statement calls one.
fn job(mut t: Tokens<'_>) -> Option<&'static str> {
    while let Some(token) = t.next() {
        let enabled = |place: usize| {
            let arguments = arguments(t);
            let named = arguments
                .iter()
                .find(|(name, _)| name.as_deref() == Some("@enabled"));
            let value = named.or_else(|| arguments.get(place).filter(|(name, _)| name.is_none()));
            value.map(|(_, value)| value.raw != b"0")
        };
        if is_called(token, "sp_add_job") && enabled(1).unwrap_or(true) {
            return Some("sp_add_job");
        }
        if is_called(token, "sp_update_job") && enabled(3).unwrap_or(false) {
            return Some("sp_update_job");
        }
        if is_called(token, "sp_procoption") {
            let texts = arguments(t).into_iter();
            let mut texts = texts.filter_map(|(_, value)| value.text());
            if texts.any(|text| [&b"on"[..], b"true"].contains(&&*text.to_ascii_lowercase())) {
                return Some("sp_procoption");
            }
        }
    }
    None
}

/// A line that the client keeps to itself. What reads a file, runs a program, goes to another server or
/// makes errors pass stops the rules; so does what is not known.
pub fn command(line: &[u8]) -> Vec<Effect> {
    const HARMLESS: &[&str] = &[
        ":error",
        ":exit",
        ":help",
        ":list",
        ":listvar",
        ":out",
        ":perftrace",
        ":quit",
        ":reset",
        ":serverlist",
        ":setvar",
        ":xml",
    ];
    let text = String::from_utf8_lossy(line);
    let mut words = text.split_ascii_whitespace();
    let name = words.next().unwrap_or_default().to_ascii_lowercase();
    match name.as_str() {
        ":r" => vec![Effect::Anything(":r")],
        ":connect" => {
            let mut effects = vec![Effect::Anything(":connect")];
            if words.any(|word| word.starts_with("-P")) {
                effects.push(Effect::Password(":connect"));
            }
            effects
        }
        ":on" => match words.any(|word| word.eq_ignore_ascii_case("ignore")) {
            true => vec![Effect::Anything(":on error ignore")],
            false => vec![Effect::Setting],
        },
        ":setvar" => {
            let secret = words
                .next()
                .is_some_and(|name| names_password(name.as_bytes()));
            match secret
                && words
                    .next()
                    .is_some_and(|value| is_password(value.as_bytes()))
            {
                true => vec![Effect::Setting, Effect::Password(":setvar")],
                false => vec![Effect::Setting],
            }
        }
        ":out" | ":error" | ":perftrace" | ":exit" if text.contains(['|', '(']) => {
            vec![Effect::Anything("a command of sqlcmd")]
        }
        name if HARMLESS.contains(&name) => vec![Effect::Setting],
        _ => vec![Effect::Anything("a command of sqlcmd")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_wherever_they_stand() {
        for (statement, expected) in [
            (
                "CREATE LOGIN x WITH PASSWORD = N'p', CHECK_POLICY = OFF",
                true,
            ),
            ("CREATE LOGIN x WITH PASSWORD = 0x0200 HASHED", true),
            (
                "IF 1 = 1 OPEN MASTER KEY DECRYPTION BY PASSWORD = 'p'",
                true,
            ),
            (
                "EXEC sp_addlinkedsrvlogin 's', 'false', NULL, 'u', 'p'",
                true,
            ),
            ("EXEC sp_addlinkedsrvlogin @rmtpassword = '########'", false),
            (
                "EXEC sp_addlinkedsrvlogin 's', 'false', NULL, 'u', NULL",
                false,
            ),
            ("EXEC sp_adddistributor @password = N'p'", true),
            ("EXEC sp_adddistributor 'd', 10, N'p'", true),
            ("EXEC x @a = 1, @job_password = NULL", false),
            (
                "SELECT * FROM OPENROWSET('SQLNCLI', 'h'; 'u'; 'p', 'SELECT 1')",
                true,
            ),
            (
                "SELECT * FROM OPENROWSET('SQLNCLI', 'h'; 'u'; '', 'SELECT 1')",
                false,
            ),
            ("EXEC sp_addlinkedserver @provstr = N'PWD=p'", true),
            ("CREATE PROCEDURE q AS EXEC sp_addlogin 'r', 'p'", true),
            ("EXEC ('CREATE LOGIN x WITH PASSWORD = ''p''')", true),
            ("DECLARE @password nvarchar(9) = N'p'", true),
            ("CREATE LOGIN x WITH PASSWORD = N'$(pw)'", false),
            ("CREATE TABLE t (password nvarchar(9) DEFAULT 'p')", false),
            ("CREATE USER x FOR LOGIN x WITH DEFAULT_SCHEMA = dbo", false),
        ] {
            let t = tokens(statement.as_bytes(), Flavour::Mssql);
            assert_eq!(password(t), expected, "{statement}");
        }
    }

    #[test]
    fn jobs_that_will_run() {
        for (statement, expected) in [
            (
                "EXEC msdb.dbo.sp_add_job @job_name = N'j', @enabled = 1",
                true,
            ),
            ("EXEC msdb.dbo.sp_add_job N'j'", true),
            (
                "IF 1 = 1 EXEC @r = msdb.dbo.sp_add_job @enabled = 0, @job_name = N'j'",
                false,
            ),
            ("EXEC sp_add_job N'j', 0", false),
            (
                "EXEC msdb.dbo.sp_update_job @job_id = @j, @start_step_id = 1",
                false,
            ),
            (
                "EXEC msdb.dbo.sp_update_job @job_id = @j, @enabled = 1",
                true,
            ),
            ("EXEC sp_procoption N'p', 'startup', 'on'", true),
            ("EXEC sp_procoption N'p', 'startup', 'off'", false),
            ("EXEC msdb.dbo.sp_add_jobstep @job_id = @j", false),
        ] {
            let t = tokens(statement.as_bytes(), Flavour::Mssql);
            assert_eq!(job(t).is_some(), expected, "{statement}");
        }
    }

    #[test]
    fn commands_of_the_client() {
        let setting = || vec![Effect::Setting];
        for (line, expected) in [
            (":r x.sql\r\n", vec![Effect::Anything(":r")]),
            (":setvar x 1", setting()),
            (":on error exit", setting()),
            (
                ":On Error Ignore",
                vec![Effect::Anything(":on error ignore")],
            ),
            (":out x.txt", setting()),
            ("!!dir", vec![Effect::Anything("a command of sqlcmd")]),
            (":!! dir", vec![Effect::Anything("a command of sqlcmd")]),
            (
                ":exit(SELECT 1)",
                vec![Effect::Anything("a command of sqlcmd")],
            ),
            (
                ":connect h -U u -P p",
                vec![Effect::Anything(":connect"), Effect::Password(":connect")],
            ),
        ] {
            assert_eq!(command(line.as_bytes()), expected, "{line}");
        }
    }
}
