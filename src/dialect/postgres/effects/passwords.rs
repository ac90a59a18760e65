//! Passwords in definitions: of roles, of user mappings and servers, in a subscription's connection.
//!
//! They are no rows, so no rule reaches them; they pass, and the report says so. Hashes count as
//! passwords. What a foreign data wrapper keeps under another name is not known.

use crate::dialect::postgres::tokens::{Kind, Token, Tokens};

/// The statement's words if it sets a password or a connection string with one. It begins behind
/// CREATE (false) or ALTER (true).
pub(super) fn password(mut t: Tokens<'_>, alter: bool) -> Option<&'static str> {
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
        } else if t.eat_keyword("SUBSCRIPTION") {
            ["CREATE SUBSCRIPTION", "ALTER SUBSCRIPTION"]
        } else {
            return None;
        };
    let subscription = create == "CREATE SUBSCRIPTION";
    let found = literals(t).any(|(name, value)| match subscription {
        true => name.keyword("CONNECTION") && value.value().is_some_and(|v| in_connection(&v)),
        false => name.name().is_some_and(|name| names_password(&name)),
    });
    found.then_some(if alter { change } else { create })
}

/// The literals that stand right behind a word, with the word.
fn literals<'a>(t: Tokens<'a>) -> impl Iterator<Item = (Token<'a>, Token<'a>)> {
    t.zip(t.skip(1))
        .filter(|(name, value)| name.is_identifier() && matches!(value.kind, Kind::Literal(_)))
}

/// `password`, `sslpassword`; not `password_required`, not `passfile`.
fn names_password(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with("password") || name.ends_with("passwd")
}

/// Does a connection string of libpq hold a password?
fn in_connection(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    let uri = text
        .strip_prefix("postgresql://")
        .or_else(|| text.strip_prefix("postgres://"));
    let Some(uri) = uri else {
        return keys(&text).any(names_password);
    };
    let (place, parameters) = uri.split_once('?').unwrap_or((uri, ""));
    let mut names = parameters.split('&').map(|p| p.split('=').next());
    place
        .rsplit_once('@')
        .is_some_and(|(user, _)| user.contains(':'))
        || names.any(|name| name.is_some_and(names_password))
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
}
