//! What the texts of statements and commands tell of passwords: how they are called, and what is
//! plainly only a place for one.
//!
//! Where a dialect's statements hold them is each dialect's own business.

use regex::bytes::Regex;
use std::sync::LazyLock;

/// How the names end of what holds a password.
const NAMES: &[&str] = &["PASSWORD", "PASSWD", "PASSPHRASE", "PWD", "SECRET"];

/// Is something of this name a password? `PASSWORD`, `@rmtpassword`; not `password_policy`.
pub fn names_password(name: &[u8]) -> bool {
    NAMES.iter().any(|end| {
        let begins = name.len().checked_sub(end.len());
        begins.is_some_and(|begins| name[begins..].eq_ignore_ascii_case(end.as_bytes()))
    })
}

/// Is it a password, as far as anybody can tell? Not nothing, `********` or `$(password)`.
pub fn is_password(text: &[u8]) -> bool {
    let within = |open: &[u8], close: &[u8]| text.starts_with(open) && text.ends_with(close);
    let hidden = text.iter().all(|b| b"*#.xX".contains(b));
    !(hidden || within(b"$(", b")") || within(b"${", b"}") || within(b"<", b">"))
}

/// Does a connection string or the like hold one? `PWD=x`, `user "u", password "x"`; not `password=@variable`.
pub fn in_connection(text: &[u8]) -> bool {
    static PASSWORD: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r#"(?i-u)(?:^|[^0-9a-z_@])(?:password|pwd)\s*(?:=\s*['"{]?([^;,'"\s{}@:?+]+)"#,
            r#"|['"]([^'"]+)['"])"#
        ))
        .expect("the pattern is sound")
    });
    PASSWORD.captures_iter(text).any(|found| {
        let value = found.get(1).or_else(|| found.get(2));
        value.is_some_and(|value| is_password(value.as_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, expected) in [
            ("PASSWORD", true),
            ("@rmtpassword", true),
            ("MASTER_PASSWORD", true),
            ("Secret", true),
            ("password_expired", false),
            ("passwords", false),
            ("word", false),
        ] {
            assert_eq!(names_password(name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn what_is_no_place_for_one() {
        for (text, expected) in [
            ("S3CRET", true),
            ("*23C8B8E743E9", true),
            ("$A$005$x", true),
            ("", false),
            ("########", false),
            ("$(password)", false),
            ("<password>", false),
        ] {
            assert_eq!(is_password(text.as_bytes()), expected, "{text}");
        }
        for (text, expected) in [
            ("PWD=S3CRET", true),
            ("Server=h;Password = {S3CRET}", true),
            ("wrapper \"mysql\", user \"u\", password \"S3CRET\"", true),
            ("Server=h;PWD=;", false),
            ("WHERE password=@p", false),
            ("@pwd=S3CRET", false),
            ("the password column", false),
            ("PWD=********;", false),
        ] {
            assert_eq!(in_connection(text.as_bytes()), expected, "{text}");
        }
    }
}
