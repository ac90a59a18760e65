//! SET options of a session, and users in statements.

use crate::dialect::batch::Flavour;
use crate::dialect::batch::tokens::{Kind, Tokens, tokens};
use crate::dialect::{SessionState, Setting, Without};
use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// Options that say nothing about rows.
const HARMLESS: &[&str] = &[
    "NOCOUNT",
    "STATISTICS",
    "XACT_ABORT",
    "LOCK_TIMEOUT",
    "DEADLOCK_PRIORITY",
    "TRANSACTION",
    "NUMERIC_ROUNDABORT",
    "SHOWPLAN_ALL",
    "NOEXEC",
    "PARSEONLY",
    "IMPLICIT_TRANSACTIONS",
];

/// The SET options of a session.
#[derive(Debug, Clone, Default)]
pub struct Session {
    state: SessionState,
    /// The same, in the making.
    settings: BTreeMap<String, Setting>,
}

impl Session {
    /// Follows `SET option [, option] value`.
    pub fn apply(&mut self, mut t: Tokens<'_>) {
        if !t.eat("SET") {
            return;
        }
        let mut names = Vec::new();
        loop {
            let Some(name) = t.eat_if(|t| t.kind == Kind::Word && !t.raw.starts_with(b"@")) else {
                return;
            };
            names.push(String::from_utf8_lossy(name.raw).to_ascii_uppercase());
            if !t.eat_mark(b',') {
                break;
            }
        }
        let value = t.eat_if(|t| matches!(t.kind, Kind::Word | Kind::Number | Kind::Text));
        let Some(value) = value.filter(|value| value.raw.is_ascii()) else {
            return;
        };
        let value = String::from_utf8_lossy(value.raw).into_owned();
        for name in names {
            if !HARMLESS.contains(&name.as_str()) {
                let made = format!("SET {name} {value}");
                self.settings.insert(name, Setting::Made(made));
            }
        }
        self.state = SessionState::new(self.settings.clone());
    }

    /// The settings in force.
    pub fn state(&self) -> SessionState {
        self.state.clone()
    }

    /// Has the option been set to OFF?
    pub fn is_off(&self, option: &str) -> bool {
        let made = |text: &String| text.to_ascii_uppercase().ends_with(" OFF");
        matches!(self.settings.get(option), Some(Setting::Made(text)) if made(text))
    }
}

/// Brings a session from one state to another.
///
/// # Errors
/// If an option has to be as it was before the script set it, which the script does not say.
pub fn switch(from: &SessionState, to: &SessionState, line: &str, out: &mut Vec<u8>) -> Result<()> {
    for (name, setting) in from.differences(to) {
        let Some(Setting::Made(statement)) = setting else {
            return Err(Error::input(format!(
                "rows wait for a rule, and SET {name} follows them, which cannot be undone"
            ))
            .remedy(format!("write SET {name} at the top of the script")));
        };
        out.extend_from_slice(statement.as_bytes());
        out.extend_from_slice(line.as_bytes());
    }
    Ok(())
}

/// What is left of a statement when users are dropped.
pub fn without_users(statement: &[u8], gone: &dyn Fn(&str) -> bool) -> Without {
    let mut t = tokens(statement, Flavour::Mssql);
    let is_gone = |name: Option<String>| name.is_some_and(|name| gone(&name));
    let creates = t.any_of(&["CREATE", "ALTER", "DROP"]);
    if creates && t.any_of(&["USER", "LOGIN"]) {
        return match is_gone(t.name()) {
            true => Without::Nothing,
            false => mentions(t, gone),
        };
    }
    if creates && t.eat("ROLE") {
        t.name();
        if (t.eat("ADD MEMBER") || t.eat("DROP MEMBER")) && is_gone(t.name()) {
            return Without::Nothing;
        }
        return mentions(t, gone);
    }
    if t.any_of(&["GRANT", "DENY", "REVOKE"]) {
        let Some(_) = t.find(|t| t.any_keyword(&["TO", "FROM"])) else {
            return Without::Same;
        };
        let mut names = Vec::new();
        while let Some(name) = t.name() {
            names.push(gone(&name));
            if !t.eat_mark(b',') {
                break;
            }
        }
        return match (names.iter().any(|n| *n), names.iter().all(|n| *n)) {
            (false, _) => mentions(t, gone),
            (true, true) => Without::Nothing,
            (true, false) => Without::Refused("it names several users at once".to_owned()),
        };
    }
    if t.any_of(&["EXEC", "EXECUTE"]) {
        let role = t.clone().any(|t| {
            let name = t.name().unwrap_or_default().to_lowercase();
            matches!(
                name.as_str(),
                "sp_addrolemember"
                    | "sp_droprolemember"
                    | "sp_addsrvrolemember"
                    | "sp_grantdbaccess"
            )
        });
        let texts = t.filter_map(|t| t.text().or_else(|| t.name().map(String::into_bytes)));
        let named = texts
            .filter_map(|t| String::from_utf8(t).ok())
            .any(|t| gone(&t));
        return if role && named {
            Without::Nothing
        } else {
            Without::Same
        };
    }
    let schema = tokens(statement, Flavour::Mssql);
    match { schema }.any(|t| t.any_keyword(&["AUTHORIZATION"])) {
        true => mentions(tokens(statement, Flavour::Mssql), gone),
        false => Without::Same,
    }
}

fn mentions(mut t: Tokens<'_>, gone: &dyn Fn(&str) -> bool) -> Without {
    match t.any(|t| t.name().is_some_and(|name| gone(&name))) {
        true => Without::Refused("it names a user that is dropped".to_owned()),
        false => Without::Same,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_brought_back() {
        let mut session = Session::default();
        let mut apply = |text: &str| {
            session.apply(tokens(text.as_bytes(), Flavour::Mssql));
            session.state()
        };
        let first = apply("SET ANSI_NULLS, QUOTED_IDENTIFIER ON");
        let same = apply("SET NOCOUNT ON");
        let off = apply("SET QUOTED_IDENTIFIER OFF;");
        let dates = apply("SET DATEFORMAT dmy");
        let mut out = Vec::new();
        switch(&first, &same, "\n", &mut out).unwrap();
        assert!(out.is_empty());
        switch(&first, &dates, "\r\n", &mut out).unwrap();
        assert_eq!(out, b"SET DATEFORMAT dmy\r\nSET QUOTED_IDENTIFIER OFF\r\n");
        assert!(switch(&dates, &off, "\n", &mut out).is_err());
        assert!(session.is_off("QUOTED_IDENTIFIER"));
    }

    #[test]
    fn users_that_are_dropped() {
        let gone = |name: &str| name == "bob";
        for (statement, expected) in [
            ("CREATE USER [bob] FOR LOGIN [bob]", Without::Nothing),
            ("CREATE USER [amy] FOR LOGIN [amy]", Without::Same),
            ("ALTER ROLE [db_owner] ADD MEMBER [bob]", Without::Nothing),
            ("GRANT SELECT ON [dbo].[t] TO [bob]", Without::Nothing),
            ("GRANT SELECT ON [dbo].[t] TO [amy]", Without::Same),
            (
                "EXEC sp_addrolemember N'db_owner', N'bob'",
                Without::Nothing,
            ),
            ("INSERT t VALUES (N'bob')", Without::Same),
        ] {
            assert_eq!(
                without_users(statement.as_bytes(), &gone),
                expected,
                "{statement}"
            );
        }
        for statement in [
            "GRANT SELECT ON t TO bob, amy",
            "CREATE SCHEMA s AUTHORIZATION bob",
        ] {
            let found = without_users(statement.as_bytes(), &gone);
            assert!(matches!(found, Without::Refused(_)), "{statement}");
        }
    }
}
