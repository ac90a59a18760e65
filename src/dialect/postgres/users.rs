//! What remains of a statement when users are dropped who are in it (`DROP USER` in a rulebook).
//!
//! Statements that create a user, change him, or give him something and nobody else are left out.
//! One that names others as well loses his name. Where he owns something or acts himself, nothing
//! can be left out: the server, too, would refuse to drop him, so the statement is refused.
//! Statements that drop users stay: they do the same.
//!
//! Not looked into: functions, DO blocks and what else is not followed; objects that belong to him
//! because the dump is loaded as him.

use super::psql;
use super::tokens::{Kind, Lexing, Token, Tokens, tokens};
use crate::dialect::Without;
use std::ops::Range;

/// What remains of `statement` without the users that are gone.
pub fn without(statement: &[u8], lexing: Lexing, gone: &dyn Fn(&str) -> bool) -> Without {
    if statement.starts_with(b"\\") {
        let user = psql::connect_user(statement);
        return match user.is_some_and(|user| gone(&user)) {
            true => Without::Refused(acting()),
            false => Without::Same,
        };
    }
    let mut rest = tokens(statement, lexing);
    let mut out = Without::Same;
    let mut several = false;
    loop {
        let mut reader = Reader {
            gone,
            edits: Vec::new(),
        };
        let one = match reader.statement(rest) {
            Ok(true) => Without::Nothing,
            Ok(false) if reader.edits.is_empty() => Without::Same,
            Ok(false) => Without::Rest(reader.edited(statement)),
            Err(why) => Without::Refused(why),
        };
        if one != Without::Same {
            out = one;
        }
        // `\;` sends several statements at once.
        match rest.find(|t| t.kind == Kind::Backslash) {
            Some(token) if token.raw == b"\\;" => several = true,
            _ => break,
        }
    }
    match out {
        Without::Nothing | Without::Rest(_) if several => {
            Without::Refused("a user who is dropped stands among statements sent as one".to_owned())
        }
        out => out,
    }
}

/// Reads one statement. True: it is left out. An error: why it cannot do without the users.
struct Reader<'a> {
    gone: &'a dyn Fn(&str) -> bool,
    /// What takes the place of which bytes, in their order.
    edits: Vec<(Range<usize>, Vec<u8>)>,
}

type Read<T> = Result<T, String>;

/// What of a list of users is gone.
#[derive(PartialEq, Eq)]
enum Gone {
    Nobody,
    Some,
    All,
}

impl Reader<'_> {
    fn edited(&self, statement: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(statement.len());
        let mut at = 0;
        for (range, text) in &self.edits {
            out.extend_from_slice(&statement[at..range.start]);
            out.extend_from_slice(text);
            at = range.end;
        }
        out.extend_from_slice(&statement[at..]);
        out
    }

    fn statement(&mut self, mut t: Tokens<'_>) -> Read<bool> {
        let Some(first) = t.next() else {
            return Ok(false);
        };
        let is = |word: &str| first.keyword(word);
        match () {
            () if is("CREATE") => self.create(t),
            () if is("ALTER") => self.alter(t),
            () if is("GRANT") => self.grant(t, "TO"),
            () if is("REVOKE") => self.grant(t, "FROM"),
            () if is("COMMENT") => Ok(t.eat_keywords("ON ROLE") && self.is_gone(&mut t)?),
            () if is("SECURITY") => {
                t.eat_keyword("LABEL");
                if t.eat_keyword("FOR") {
                    t.next();
                }
                Ok(t.eat_keywords("ON ROLE") && self.is_gone(&mut t)?)
            }
            () if is("SET") => self.set(t),
            () if is("SELECT") => self.set_config(t),
            () if is("REASSIGN") && t.eat_keywords("OWNED BY") => {
                let whom = self.list(&mut t)?;
                let new = t.eat_keyword("TO") && self.is_gone(&mut t)?;
                match whom == Gone::Nobody && !new {
                    true => Ok(false),
                    false => Err("REASSIGN OWNED names a user who is dropped".to_owned()),
                }
            }
            () if is("DROP") && t.eat_keywords("OWNED BY") => Ok(self.list(&mut t)? == Gone::All),
            () => Ok(false),
        }
    }

    fn create(&mut self, mut t: Tokens<'_>) -> Read<bool> {
        if t.eat_keywords("USER MAPPING FOR") || t.eat_keywords("USER MAPPING IF NOT EXISTS FOR") {
            return self.is_gone(&mut t);
        }
        if t.eat_keyword("ROLE") || t.eat_keyword("USER") || t.eat_keyword("GROUP") {
            return Ok(self.is_gone(&mut t)? || self.memberships(t)?);
        }
        if t.eat_keyword("POLICY") {
            return Ok(to(&mut t) && self.list(&mut t)? == Gone::All);
        }
        if t.eat_keyword("SCHEMA") {
            while let Some(token) = t.next() {
                let owner = token.keyword("AUTHORIZATION");
                if (owner || token.keyword("TO")) && self.list(&mut t)? != Gone::Nobody {
                    return Err(match owner {
                        true => "a user who is dropped owns a schema",
                        false => "a user who is dropped stands within a CREATE SCHEMA",
                    }
                    .to_owned());
                }
            }
        } else if t.eat_keyword("DATABASE") || t.eat_keyword("TABLESPACE") {
            t.next();
            while let Some(token) = t.next() {
                if token.keyword("OWNER") {
                    t.eat_if(|t| t.operator("="));
                    self.owner(&mut t)?;
                }
            }
        }
        Ok(false)
    }

    /// The memberships that a new role gets or gives.
    fn memberships(&mut self, mut t: Tokens<'_>) -> Read<bool> {
        while let Some(token) = t.next() {
            let clause = match () {
                () if token.keyword("IN") => t.eat_keyword("ROLE") || t.eat_keyword("GROUP"),
                () => ["ROLE", "USER", "ADMIN"]
                    .iter()
                    .any(|word| token.keyword(word)),
            };
            if clause && self.list(&mut t)? == Gone::All {
                self.edits.push((token.start..t.offset(), Vec::new()));
            }
        }
        Ok(false)
    }

    fn alter(&mut self, mut t: Tokens<'_>) -> Read<bool> {
        if t.eat_keywords("USER MAPPING FOR") {
            return self.is_gone(&mut t);
        }
        if t.eat_keyword("ROLE") || t.eat_keyword("USER") || t.eat_keyword("GROUP") {
            if t.eat_keyword("ALL") {
                return Ok(false);
            }
            let gone = self.is_gone(&mut t)?;
            if t.eat_keywords("RENAME TO") && (gone || self.is_gone(&mut t)?) {
                return Err("a user who is dropped is renamed, or another to his name".to_owned());
            }
            let members = t.eat_keywords("ADD USER") || t.eat_keywords("DROP USER");
            return Ok(gone || members && self.list(&mut t)? == Gone::All);
        }
        if t.eat_keywords("DEFAULT PRIVILEGES") {
            let of = t.eat_keywords("FOR ROLE") || t.eat_keywords("FOR USER");
            if of && self.list(&mut t)? == Gone::All {
                return Ok(true);
            }
            while let Some(token) = t.next() {
                if token.keyword("GRANT") {
                    return self.grant(t, "TO");
                }
                if token.keyword("REVOKE") {
                    return self.grant(t, "FROM");
                }
            }
            return Ok(false);
        }
        if t.eat_keyword("POLICY") {
            let mut ahead = t;
            let renamed = ahead.any(|token| token.keyword("RENAME"));
            if renamed || !to(&mut t) || self.list(&mut t)? != Gone::All {
                return Ok(false);
            }
            return Err("a policy is changed for a user who is dropped".to_owned());
        }
        while t.peek().is_some() {
            if t.eat_keywords("OWNER TO") {
                self.owner(&mut t)?;
            } else {
                t.skip_group();
            }
        }
        Ok(false)
    }

    /// What follows GRANT or REVOKE; `before` stands before the users.
    fn grant(&mut self, mut t: Tokens<'_>, before: &str) -> Read<bool> {
        for option in ["GRANT", "ADMIN", "INHERIT", "SET"] {
            t.eat_keywords(&format!("{option} OPTION FOR"));
        }
        let mut ahead = t;
        let roles = loop {
            match ahead.peek() {
                None => return Ok(false),
                Some(token) if token.keyword("ON") => break false,
                Some(token) if token.keyword(before) => break true,
                Some(_) => ahead.skip_group(),
            }
        };
        if roles && self.list(&mut t)? == Gone::All {
            return Ok(true);
        }
        while t.peek().is_some_and(|token| !token.keyword(before)) {
            t.skip_group();
        }
        t.next();
        if self.list(&mut t)? == Gone::All {
            return Ok(true);
        }
        while t.peek().is_some() {
            if t.eat_keywords("GRANTED BY") {
                if self.is_gone(&mut t)? {
                    return Err("a user who is dropped has granted something".to_owned());
                }
            } else {
                t.skip_group();
            }
        }
        Ok(false)
    }

    fn set(&mut self, mut t: Tokens<'_>) -> Read<bool> {
        t.eat_keyword("LOCAL");
        t.eat_keywords("SESSION SESSION");
        let mut role = t;
        role.eat_keyword("SESSION");
        let acts = t.eat_keywords("SESSION AUTHORIZATION")
            || t.eat_keyword("AUTHORIZATION")
            || role.name().is_some_and(|name| {
                let name = name.to_ascii_lowercase();
                t = role;
                name == "role" || name == "session_authorization"
            });
        let _ = t.eat_if(|t| t.operator("=")).is_some() || t.eat_keyword("TO");
        match acts && t.next().is_some_and(|token| self.names(&token)) {
            true => Err(acting()),
            false => Ok(false),
        }
    }

    fn set_config(&mut self, mut t: Tokens<'_>) -> Read<bool> {
        while let Some(token) = t.next() {
            if !token.keyword("set_config") || !t.eat_punctuation(b'(') {
                continue;
            }
            let name = t.next().and_then(|token| token.value());
            let name = name.unwrap_or_default().to_ascii_lowercase();
            t.eat_punctuation(b',');
            if (name == b"role" || name == b"session_authorization")
                && t.next().is_some_and(|token| self.names(&token))
            {
                return Err(acting());
            }
        }
        Ok(false)
    }

    /// Does the token name somebody who is gone, as a name or as a literal?
    fn names(&self, token: &Token<'_>) -> bool {
        match token.value() {
            Some(value) => (self.gone)(&String::from_utf8_lossy(&value)),
            None => !is_nobody(token) && token.name().is_some_and(|name| (self.gone)(&name)),
        }
    }

    /// Reads one user.
    fn is_gone(&self, t: &mut Tokens<'_>) -> Read<bool> {
        let token = t.next().filter(Token::is_identifier);
        let token = token.ok_or("a statement about users is not understood")?;
        Ok(self.names(&token))
    }

    fn owner(&self, t: &mut Tokens<'_>) -> Read<()> {
        match self.is_gone(t)? {
            true => Err("a user who is dropped owns something".to_owned()),
            false => Ok(()),
        }
    }

    /// Reads a list of users; who is gone leaves it, unless nobody would be left.
    fn list(&mut self, t: &mut Tokens<'_>) -> Read<Gone> {
        let mut kept: Vec<&[u8]> = Vec::new();
        let mut count = 0;
        let mut whole = None;
        loop {
            let start = t.peek().map_or(t.offset(), |token| token.start);
            let mut ahead = *t;
            if ahead.eat_keyword("GROUP") && ahead.peek().is_some_and(|t| t.is_identifier()) {
                *t = ahead;
            }
            let gone = self.is_gone(t)?;
            count += 1;
            if !gone {
                kept.push(&t.source()[start..t.offset()]);
            }
            let first = whole.map_or(start, |(first, _)| first);
            whole = Some((first, t.offset()));
            if !t.eat_punctuation(b',') {
                break;
            }
        }
        Ok(match whole {
            Some(_) if kept.is_empty() => Gone::All,
            Some((start, end)) if kept.len() < count => {
                self.edits.push((start..end, kept.join(&b", "[..])));
                Gone::Some
            }
            _ => Gone::Nobody,
        })
    }
}

fn acting() -> String {
    "a user who is dropped acts himself, so he owns or has granted something".to_owned()
}

/// Words that stand in a user's place but are none.
fn is_nobody(token: &Token<'_>) -> bool {
    ["PUBLIC", "CURRENT_USER", "CURRENT_ROLE", "SESSION_USER"]
        .iter()
        .any(|word| token.keyword(word))
}

/// Goes past the TO outside of parentheses; false if there is none.
fn to(t: &mut Tokens<'_>) -> bool {
    while t.peek().is_some() {
        if t.eat_keyword("TO") {
            return true;
        }
        t.skip_group();
    }
    false
}

#[cfg(test)]
mod tests;
