//! Statements within statements: PREPARE, and EXPLAIN, which runs its statement with ANALYZE.

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
        let mut effects = named(self.statement(t), "PREPARE");
        effects.retain(|effect| matches!(effect, Effect::Opaque(..) | Effect::Unfollowed(_)));
        if effects.is_empty() {
            effects.push(Effect::Setting);
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
            true => named(self.statement(t), "EXPLAIN ANALYZE"),
            false => vec![Effect::Setting],
        }
    }
}

/// The effects, of which those that change rows are called `what`.
fn named(mut effects: Vec<Effect>, what: &'static str) -> Vec<Effect> {
    for effect in &mut effects {
        if let Effect::Opaque(_, called) = effect {
            *called = what;
        }
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
