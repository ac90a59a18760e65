//! What SET, RESET and `SELECT set_config(…)` say, in all their forms.

use super::{AUTHORIZATION, Form, ROLE, Session};
use crate::dialect::postgres::tokens::{Kind, Token, Tokens};

impl Session {
    pub(super) fn set(&mut self, mut t: Tokens<'_>) {
        let local = t.eat_keyword("LOCAL");
        let mut ahead = t;
        if ahead.eat_keyword("SESSION")
            && !ahead.at_keyword("AUTHORIZATION")
            && !ahead.at_keyword("CHARACTERISTICS")
        {
            t = ahead;
        }
        let mut ahead = t;
        let assigned = ahead.qualified_name().is_some()
            && (ahead.eat_if(|t| t.operator("=")).is_some() || ahead.eat_keyword("TO"));
        let name = if assigned {
            let parts = t.qualified_name().unwrap_or_default();
            t = ahead;
            parts.join(".").to_ascii_lowercase()
        } else {
            let special = [
                ("SESSION AUTHORIZATION", AUTHORIZATION),
                ("TIME ZONE", "timezone"),
                ("XML OPTION", "xmloption"),
                ("NAMES", "client_encoding"),
                ("SCHEMA", "search_path"),
                ("ROLE", ROLE),
            ];
            match special.iter().find(|(words, _)| t.eat_keywords(words)) {
                Some((_, name)) => (*name).to_owned(),
                None => return,
            }
        };
        let (form, clear) = self.values(t, name == "timezone");
        self.put(&name, form, clear, local);
    }

    /// The value that follows `=`; false if it was not read as the server would.
    fn values(&self, mut t: Tokens<'_>, zone: bool) -> (Form, bool) {
        let end = |t: &Tokens<'_>| match t.peek() {
            None => true,
            Some(next) => next.punctuation(b';') || next.kind == Kind::Backslash,
        };
        let mut fresh = t;
        let local = zone && fresh.eat_keyword("LOCAL");
        if (local || fresh.eat_keyword("DEFAULT") || end(&t)) && end(&fresh) {
            return (Form::Fresh, true);
        }
        let mut values = Vec::new();
        let mut clear = true;
        loop {
            let sign = t.eat_if(|t| t.operator("-") || t.operator("+"));
            let Some((value, faithful)) = t.next().and_then(|token| self.text(&token)) else {
                return (Form::Unknown, false);
            };
            clear &= faithful;
            values.push(match sign {
                Some(sign) => String::from_utf8_lossy(sign.raw).into_owned() + &value,
                None => value,
            });
            if !t.eat_punctuation(b',') {
                break;
            }
        }
        clear &= end(&t);
        (Form::List(values), clear)
    }

    /// The text of a value; false if its bytes are no text in the session's encoding.
    fn text(&self, token: &Token<'_>) -> Option<(String, bool)> {
        let text = match token.kind {
            Kind::Literal(_) => self.lexing().text(&token.value()?),
            Kind::Number => String::from_utf8_lossy(token.raw).into_owned(),
            _ => token.name()?,
        };
        let high =
            |bytes: &[u8]| -> Vec<u8> { bytes.iter().copied().filter(|b| !b.is_ascii()).collect() };
        let again = self.charset.encode(text.as_bytes());
        let faithful = match token.kind {
            Kind::Literal(_) => again.is_ok_and(|bytes| Some(bytes) == token.value()),
            _ => again.is_ok_and(|bytes| high(&bytes) == high(token.raw)),
        };
        Some((text, faithful))
    }

    pub(super) fn reset(&mut self, mut t: Tokens<'_>) {
        if t.eat_keyword("ALL") {
            // The server leaves out who the user is.
            self.settings
                .retain(|name, _| name == ROLE || name == AUTHORIZATION);
            return;
        }
        let name = match () {
            () if t.eat_keywords("TIME ZONE") => "timezone".to_owned(),
            () if t.eat_keywords("SESSION AUTHORIZATION") => AUTHORIZATION.to_owned(),
            () => match t.qualified_name() {
                Some(parts) => parts.join(".").to_ascii_lowercase(),
                None => return,
            },
        };
        self.put(&name, Form::Fresh, true, false);
    }

    /// `SELECT set_config('name', 'value', false), …`, which is what pg_dump writes. Any other form
    /// leaves a value that is not known.
    pub(super) fn set_config(&mut self, mut t: Tokens<'_>) {
        let mut found = Vec::new();
        let mut plain = true;
        let mut rest = t;
        while let Some(token) = rest.next() {
            if token.keyword("set_config") && rest.at_punctuation(b'(') {
                found.push(rest);
            }
        }
        if found.is_empty() {
            return;
        }
        loop {
            if t.eat_keyword("pg_catalog") {
                plain &= t.eat_punctuation(b'.');
            }
            plain &= t.eat_keyword("set_config") && t.skip_parentheses().is_some();
            if t.eat_keyword("AS") {
                t.name();
            }
            if !plain || !t.eat_punctuation(b',') {
                break;
            }
        }
        plain &= t
            .next()
            .is_none_or(|token| token.punctuation(b';') || token.kind == Kind::Backslash);
        for mut call in found {
            let arguments = call.skip_parentheses().unwrap_or_default();
            let mut arguments = call.within(arguments);
            let name = arguments.next().and_then(|token| self.text(&token));
            let Some((name, _)) = name.filter(|_| arguments.eat_punctuation(b',')) else {
                self.put("set_config", Form::Unknown, false, false);
                continue;
            };
            let name = name.to_ascii_lowercase();
            let value = match arguments.eat_keyword("NULL") {
                true => Some((Form::Fresh, true)),
                false => arguments
                    .next()
                    .filter(|token| matches!(token.kind, Kind::Literal(_)))
                    .and_then(|token| self.text(&token))
                    .map(|(text, clear)| (Form::Text(text), clear)),
            };
            arguments.eat_punctuation(b',');
            let local = arguments.next().and_then(|token| self.text(&token));
            let local = local.map_or("", |(text, _)| match text.as_str() {
                "true" | "t" | "on" | "yes" | "1" => "yes",
                "false" | "f" | "off" | "no" | "0" => "no",
                _ => "",
            });
            match value {
                Some((form, clear)) if !local.is_empty() && arguments.next().is_none() => {
                    self.put(&name, form, clear && plain, local == "yes");
                }
                _ => self.put(&name, Form::Unknown, false, false),
            }
        }
    }
}
