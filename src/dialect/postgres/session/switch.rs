//! Writes settings: the statements that bring a session from one state to another.
//!
//! They are plain ASCII and mean the same under any setting, so that their order matters only
//! where it says who the user is.

use super::{AUTHORIZATION, Form, ROLE, Value};
use crate::dialect::{SessionState, Setting};
use crate::error::{Error, Result};
use std::fmt::Write as _;

impl Value {
    /// How a session comes to this value again.
    pub(super) fn setting(&self, name: &str) -> Option<Setting> {
        if let Some(number) = self.lost {
            return Some(Setting::Lost(number));
        }
        let statement = match &self.form {
            Form::Fresh | Form::Unknown => return None,
            Form::List(values) => {
                let values: Vec<_> = values.iter().map(|value| literal(value)).collect();
                format!("SET {} = {}", variable(name), values.join(", "))
            }
            Form::Text(text) => format!(
                "SELECT pg_catalog.set_config({}, {}, false)",
                literal(name),
                literal(text)
            ),
        };
        Some(Setting::Made(statement))
    }
}

/// A setting's name as SET and RESET take it: a word, or two with a dot, quoted where it has to be.
fn variable(name: &str) -> String {
    let part = |part: &str| {
        let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        match part.chars().all(letter) && !part.starts_with(|c: char| c.is_ascii_digit()) {
            true => part.to_owned(),
            false => format!("\"{}\"", part.replace('"', "\"\"")),
        }
    };
    let parts: Vec<_> = name.split('.').map(part).collect();
    parts.join(".")
}

/// A literal in plain ASCII that means the same under any setting.
fn literal(text: &str) -> String {
    let plain = |c: char| matches!(c, ' '..='~') && c != '\\';
    let mut out = String::from(if text.chars().all(plain) { "'" } else { "E'" });
    for c in text.chars() {
        let _ = match c {
            '\'' => write!(out, "''"),
            c if plain(c) => write!(out, "{c}"),
            '\\' => write!(out, "\\\\"),
            c => write!(out, "\\U{:08X}", u32::from(c)),
        };
    }
    out.push('\'');
    out
}

/// Appends the statements that bring a session from one state to another.
///
/// Who the user is comes last, and is laid down first: another user may not be allowed to change
/// the rest.
///
/// # Errors
/// If a setting that differs cannot be brought back.
pub fn switch(from: &SessionState, to: &SessionState, out: &mut Vec<u8>) -> Result<()> {
    let differences = from.differences(to);
    if differences.is_empty() {
        return Ok(());
    }
    let mut line = |text: &str| {
        out.extend_from_slice(text.as_bytes());
        out.extend_from_slice(b";\n");
    };
    let is_user = |name: &str| name == ROLE || name == AUTHORIZATION;
    for name in [ROLE, AUTHORIZATION] {
        if from.get(name).is_some() {
            line(&format!("RESET {name}"));
        }
    }
    let rest = differences.iter().filter(|(name, _)| !is_user(name));
    let user = [AUTHORIZATION, ROLE].map(|name| (name, to.get(name)));
    for (name, setting) in rest.copied().chain(user) {
        match setting {
            Some(Setting::Made(statement)) => line(statement),
            Some(Setting::Lost(_)) => return Err(lost(name)),
            None if is_user(name) => {}
            None if !name.is_ascii() => return Err(lost(name)),
            None => line(&format!("RESET {}", variable(name))),
        }
    }
    Ok(())
}

/// A value that was made by SET LOCAL, or in a way that was not understood.
fn lost(name: &str) -> Error {
    Error::input(format!(
        "rows have to wait for others, and the session's {name} at their place cannot be brought back"
    ))
    .remedy(format!(
        "set {name} with a plain SET outside of the transaction, or leave it as it is"
    ))
}
