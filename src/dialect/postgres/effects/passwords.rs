//! Passwords in definitions and settings: of roles, of user mappings, servers and foreign tables, in a
//! subscription's connection, in settings that are named like secrets.
//!
//! They are no rows, so no rule reaches them; they pass, and the report says so. Hashes count as
//! passwords. An option or setting is judged by its name; those of a user mapping, which exists to keep
//! credentials, all count but the few that are known to be none.

use crate::dialect::postgres::tokens::{Kind, Token, Tokens};

/// How names end that hold a secret, without their underscores and hyphens.
const SECRETS: &[&str] = &[
    "accesskey",
    "apikey",
    "authkey",
    "credential",
    "credentials",
    "encryptionkey",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "pwd",
    "secret",
    "secretkey",
    "signingkey",
    "token",
];

/// The options of a user mapping that are no credentials.
const NO_CREDENTIALS: &[&str] = &["password_required", "sslcert", "sslkey", "user", "username"];

/// The statement's words if it sets a password or a connection string with one. `word` is its first.
pub(super) fn password(word: &str, mut t: Tokens<'_>) -> Option<&'static str> {
    match word {
        "CREATE" => definition(t, false),
        "ALTER" => definition(t, true),
        "IMPORT" => literals(t).any(named).then_some("IMPORT FOREIGN SCHEMA"),
        "SET" => {
            let _ = t.eat_keyword("SESSION") || t.eat_keyword("LOCAL");
            setting(t).then_some("SET")
        }
        "SELECT" => {
            let _ = t.eat_keyword("pg_catalog") && t.eat_punctuation(b'.');
            if !t.eat_keyword("set_config") {
                return None;
            }
            let mut values = t.filter_map(|t| t.value());
            let name = values.next().unwrap_or_default();
            let is_set = values.next().is_some_and(|value| !value.is_empty());
            (is_set && names_secret(&String::from_utf8_lossy(&name))).then_some("SELECT set_config")
        }
        _ => None,
    }
}

fn definition(mut t: Tokens<'_>, alter: bool) -> Option<&'static str> {
    // `USER MAPPING` comes before `USER`, of which one may be called "mapping".
    let [create, change] =
        if t.eat_keywords("USER MAPPING FOR") || t.eat_keywords("USER MAPPING IF") {
            ["CREATE USER MAPPING", "ALTER USER MAPPING"]
        } else if t.eat_keyword("ROLE") {
            ["CREATE ROLE", "ALTER ROLE"]
        } else if t.eat_keyword("USER") {
            ["CREATE USER", "ALTER USER"]
        } else if t.eat_keyword("GROUP") {
            ["CREATE GROUP", "ALTER GROUP"]
        } else if t.eat_keyword("SERVER") {
            ["CREATE SERVER", "ALTER SERVER"]
        } else if t.eat_keywords("FOREIGN DATA WRAPPER") {
            ["CREATE FOREIGN DATA WRAPPER", "ALTER FOREIGN DATA WRAPPER"]
        } else if t.eat_keywords("FOREIGN TABLE") {
            ["CREATE FOREIGN TABLE", "ALTER FOREIGN TABLE"]
        } else if t.eat_keyword("SUBSCRIPTION") {
            ["CREATE SUBSCRIPTION", "ALTER SUBSCRIPTION"]
        } else if alter && t.eat_keyword("DATABASE") {
            ["", "ALTER DATABASE"]
        } else if alter && t.eat_keyword("SYSTEM") {
            ["", "ALTER SYSTEM"]
        } else {
            return None;
        };
    let found = match create {
        "CREATE SUBSCRIPTION" => literals(t).any(|(name, value)| {
            name.keyword("CONNECTION") && value.value().is_some_and(|v| in_connection(&v))
        }),
        "CREATE USER MAPPING" => literals(t).any(|(name, value)| {
            let name = name.name().unwrap_or_default();
            !NO_CREDENTIALS.contains(&name.as_str()) && is_set(&value)
        }),
        _ => literals(t).any(named),
    };
    let mut rest = t;
    let found = found || (alter && rest.any(|t| t.keyword("SET")) && setting(rest));
    found.then_some(if alter { change } else { create })
}

/// The literals that stand right behind a word, with the word.
fn literals<'a>(t: Tokens<'a>) -> impl Iterator<Item = (Token<'a>, Token<'a>)> {
    t.zip(t.skip(1))
        .filter(|(name, value)| name.is_identifier() && matches!(value.kind, Kind::Literal(_)))
}

fn named((name, value): (Token<'_>, Token<'_>)) -> bool {
    name.name().is_some_and(|name| names_secret(&name)) && is_set(&value)
}

fn is_set(value: &Token<'_>) -> bool {
    value.value().is_some_and(|value| !value.is_empty())
}

/// `app.smtp_password TO 'x'`, `"app.smtp_password" = 'x'`.
fn setting(mut t: Tokens<'_>) -> bool {
    let Some(name) = t.qualified_name() else {
        return false;
    };
    let assigned = t.eat_keyword("TO") || t.eat_if(|t| t.operator("=")).is_some();
    let value = t.next().filter(|_| assigned);
    name.last().is_some_and(|name| names_secret(name)) && value.is_some_and(|value| is_set(&value))
}

/// `password`, `sslpassword`, `app.jwt_secret`; not `password_required`, not `passfile`.
pub(super) fn names_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['_', '-'], "");
    let last = name.rsplit('.').next().unwrap_or_default();
    last == "pass" || SECRETS.iter().any(|secret| last.ends_with(secret))
}

/// Does a connection string of libpq hold a password?
pub(super) fn in_connection(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    let uri = text
        .strip_prefix("postgresql://")
        .or_else(|| text.strip_prefix("postgres://"));
    let Some(uri) = uri else {
        return keys(&text).any(names_secret);
    };
    let (place, parameters) = uri.split_once('?').unwrap_or((uri, ""));
    let mut names = parameters.split('&').map(|p| p.split('=').next());
    place
        .rsplit_once('@')
        .is_some_and(|(user, _)| user.contains(':'))
        || names.any(|name| name.is_some_and(names_secret))
}

/// The keys of `key = value key = 'a \' value'`.
fn keys(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let (key, value) = text.split_once('=')?;
        let value = value.trim_start();
        let quoted = value.starts_with('\'');
        let mut escaped = false;
        let end = value
            .char_indices()
            .skip(usize::from(quoted))
            .find(|(_, c)| {
                let ends = !escaped
                    && if quoted {
                        *c == '\''
                    } else {
                        c.is_whitespace()
                    };
                escaped = !escaped && *c == '\\';
                ends
            });
        text = end.map_or("", |(at, c)| &value[at + c.len_utf8()..]);
        Some(key.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_strings_with_a_password() {
        for (text, expected) in [
            ("host=h password=x", true),
            ("host=h  password = x dbname=d", true),
            ("dbname='a \\' password=x' sslpassword='y'", true),
            ("dbname='a \\' password=x'", false),
            ("host=h dbname=password", false),
            ("host=h passfile=/x", false),
            ("", false),
            ("postgresql://u:p@h/d", true),
            ("postgres://u@h:5432/d", false),
            ("postgres://h/d?user=u&password=p", true),
            ("postgres://h/d?sslmode=off", false),
        ] {
            assert_eq!(in_connection(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn names_of_secrets() {
        for (name, expected) in [
            ("password", true),
            ("app.settings.jwt_secret", true),
            ("vault_token", true),
            ("API-KEY", true),
            ("pass", true),
            ("password_encryption", false),
            ("password_required", false),
            ("passfile", false),
            ("sslkey", false),
            ("search_path", false),
        ] {
            assert_eq!(names_secret(name), expected, "{name}");
        }
    }
}
