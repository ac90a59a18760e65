//! Statements within statements: PREPARE, EXPLAIN, which runs its statement with ANALYZE, and
//! `COPY (…) TO`.

use super::Names;
use crate::dialect::Effect;
use crate::dialect::postgres::tokens::{Token, Tokens};

impl Names<'_> {
    /// What a prepared statement does when it is executed counts where it is prepared, for EXECUTE
    /// does not say whom it concerns.
    pub(super) fn prepare(&self, mut t: Tokens<'_>) -> Vec<Effect> {
        t.next();
        t.skip_parentheses();
        if !t.eat_keyword("AS") {
            return vec![Effect::Unfollowed("PREPARE")];
        }
        changes(self.inner(t, "PREPARE"))
    }

    /// The query of a COPY that writes may be a DELETE … RETURNING.
    pub(super) fn copied(&self, t: Tokens<'_>) -> Vec<Effect> {
        changes(self.inner(t, "COPY (…) TO"))
    }

    /// The effects of a statement within another, of which those that change rows are called
    /// `what`. These statements do not hold each other: the server refuses it.
    fn inner(&self, t: Tokens<'_>, what: &'static str) -> Vec<Effect> {
        let holds = ["PREPARE", "EXPLAIN", "COPY"];
        if holds.iter().any(|word| t.at_keyword(word)) {
            return vec![Effect::Setting];
        }
        let mut effects = self.statement(t);
        for effect in &mut effects {
            if let Effect::Opaque(_, called) = effect {
                *called = what;
            }
        }
        effects
    }

    /// Only with ANALYZE does EXPLAIN run its statement.
    pub(super) fn explain(&self, mut t: Tokens<'_>) -> Vec<Effect> {
        let mut runs = false;
        if let Some(options) = t.skip_parentheses() {
            let mut options = t.within(options);
            while let Some(option) = options.next() {
                if option.keyword("ANALYZE") || option.keyword("ANALYSE") {
                    runs = !options.peek().is_some_and(|value| is_off(&value));
                }
            }
        } else {
            loop {
                if t.eat_keyword("ANALYZE") || t.eat_keyword("ANALYSE") {
                    runs = true;
                } else if !t.eat_keyword("VERBOSE") {
                    break;
                }
            }
        }
        match runs {
            true => self.inner(t, "EXPLAIN ANALYZE"),
            false => vec![Effect::Setting],
        }
    }
}

/// What of the effects concerns rows.
fn changes(mut effects: Vec<Effect>) -> Vec<Effect> {
    effects.retain(|effect| matches!(effect, Effect::Opaque(..) | Effect::Unfollowed(_)));
    if effects.is_empty() {
        effects.push(Effect::Setting);
    }
    effects
}

/// A boolean option's value that says no, in one of PostgreSQL's spellings.
fn is_off(value: &Token<'_>) -> bool {
    let quoted = value.value();
    let word = quoted.as_deref().unwrap_or(value.raw);
    [&b"off"[..], b"false", b"0"]
        .iter()
        .any(|off| word.eq_ignore_ascii_case(off))
}
