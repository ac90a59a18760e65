//! What vendors' scripts say around a statement, read from tokens because sqlparser has no tree
//! for it: IF EXISTS over the catalog, Oracle's DECLARE … BEGIN … END, ALTER SESSION, T-SQL's
//! statements without `;`, `DELETE t`, ONLY and OVERRIDING.
//!
//! Only forms whose meaning is certain are taken apart; a condition that asks for anything but the
//! existence of a table or column is refused.

mod block;
mod rewrite;

use super::ast::{Span, SqlDialect};
use super::diagnostics::{Fault, nearest};
use super::token::{begins, closing, is_word, span_of, span_over};
use sqlparser::tokenizer::{Token, TokenWithSpan, Word};

/// What a statement of the text comes down to.
#[derive(Debug)]
pub(super) enum Step {
    /// One statement for the parser.
    Run(Statement),
    /// `NLS_COMP` and `NLS_SORT`: a session setting and its upper-case value.
    Setting(&'static str, String),
    /// `CURRENT_SCHEMA`: the schema's name token.
    Schema(TokenWithSpan),
}

/// A statement as the parser takes it.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) tokens: Vec<TokenWithSpan>,
    pub(super) optional: bool,
    pub(super) only: bool,
    pub(super) overriding: bool,
}

const READ: [&str; 8] = [
    "update", "delete", "truncate", "insert", "select", "with", "grant", "drop",
];

/// Words that begin a statement which is not read, and what to write instead.
const REFUSED: [(&str, &str); 30] = [
    (
        "create",
        "a rulebook changes rows; create things where the dump is loaded",
    ),
    (
        "alter",
        "a rulebook changes rows; alter things where the dump is loaded",
    ),
    (
        "drop",
        "to leave rows out write TRUNCATE t or DELETE FROM t WHERE …",
    ),
    (
        "merge",
        "write INSERT INTO … ON CONFLICT (key) DO UPDATE SET …, or UPDATE … FROM",
    ),
    (
        "replace",
        "write INSERT INTO … ON CONFLICT (key) DO UPDATE SET …",
    ),
    ("copy", "write INSERT INTO … VALUES …"),
    ("load", "write INSERT INTO … VALUES …"),
    (
        "set",
        "leave it out; a variable is set with \\set name value",
    ),
    ("reset", "leave it out"),
    ("show", "leave it out"),
    (
        "do",
        "write plain statements; -- name: … :optional where a table may be missing",
    ),
    ("call", "write the statements themselves"),
    ("exec", "write the statements themselves"),
    ("execute", "write the statements themselves"),
    (
        "declare",
        "write plain statements; -- name: … :optional where a table may be missing",
    ),
    ("while", "write one statement for all rows"),
    ("for", "write one statement for all rows"),
    ("print", "leave it out; SELECT results go to the report"),
    ("rollback", "leave it out; a rulebook is run to its end"),
    ("savepoint", "leave it out; a rulebook is run to its end"),
    ("release", "leave it out; a rulebook is run to its end"),
    ("lock", "leave it out; nobody else writes to a dump"),
    (
        "revoke",
        "write GRANT SELECT (column, …) for the columns that may be seen",
    ),
    ("comment", "leave it out"),
    ("explain", "leave it out; `scrub check` prints the plan"),
    ("analyze", "leave it out"),
    ("vacuum", "leave it out"),
    ("values", "write SELECT …"),
    ("table", "write SELECT * FROM t"),
    (
        "begin",
        "write plain statements; -- name: … :optional where a table may be missing",
    ),
];

/// The catalog's tables, by which scripts ask whether a table or column exists.
const CATALOG: [&str; 22] = [
    "information_schema",
    "sys",
    "pg_catalog",
    "sysobjects",
    "syscolumns",
    "user_tables",
    "all_tables",
    "dba_tables",
    "user_tab_columns",
    "all_tab_columns",
    "dba_tab_columns",
    "user_tab_cols",
    "all_tab_cols",
    "user_objects",
    "all_objects",
    "dba_objects",
    "tabs",
    "cols",
    "pg_class",
    "pg_tables",
    "sqlite_master",
    "sqlite_schema",
];

/// Takes a statement's tokens apart.
pub(super) fn steps(
    tokens: Vec<TokenWithSpan>,
    dialect: SqlDialect,
    faults: &mut Vec<Fault>,
) -> Vec<Step> {
    let mut reader = Reader {
        dialect,
        faults,
        steps: Vec::new(),
        probes: Vec::new(),
    };
    reader.sequence(&tokens, false);
    reader.steps
}

struct Reader<'f> {
    dialect: SqlDialect,
    faults: &'f mut Vec<Fault>,
    steps: Vec<Step>,
    /// PL/SQL variables that count tables of the catalog.
    probes: Vec<String>,
}

impl Reader<'_> {
    fn fault(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.faults.push(Fault::new(span, message).help(help));
    }

    /// One statement, or in T-SQL several without a `;` between them.
    fn sequence(&mut self, tokens: &[TokenWithSpan], optional: bool) {
        if self.dialect != SqlDialect::Mssql {
            return self.one(tokens, optional);
        }
        let mut start = 0;
        let (mut parens, mut blocks) = (0usize, 0usize);
        for at in 0..tokens.len() {
            match &tokens[at].token {
                Token::LParen => parens += 1,
                Token::RParen => parens = parens.saturating_sub(1),
                Token::SemiColon if parens == 0 && blocks == 0 => {
                    self.one(&tokens[start..at], optional);
                    start = at + 1;
                }
                Token::Word(_) if parens == 0 => {
                    if blocks == 0 && at > start && self.starts(tokens, start, at) {
                        self.one(&tokens[start..at], optional);
                        start = at;
                    }
                    let plain = is_word(&tokens[at], "begin") && !transaction(&tokens[at..]);
                    blocks += usize::from(plain || is_word(&tokens[at], "case"));
                    blocks -= usize::from(is_word(&tokens[at], "end") && blocks > 0);
                }
                _ => {}
            }
        }
        self.one(&tokens[start..], optional);
    }

    /// Does a new statement begin at `at`, which stands after `start`?
    fn starts(&self, tokens: &[TokenWithSpan], start: usize, at: usize) -> bool {
        let word = |words: &[&str]| words.iter().any(|word| is_word(&tokens[at], word));
        // What IF guards is part of its statement: the first statement after the condition.
        if is_word(&tokens[start], "if") {
            let guarded = guard_end(&tokens[start..]).map(|end| start + end);
            if guarded.is_none_or(|guarded| at <= guarded) {
                return false;
            }
        }
        let first = |words: &[&str]| words.iter().any(|word| is_word(&tokens[start], word));
        let after_set_operator = ["union", "all", "except", "intersect"]
            .iter()
            .any(|word| is_word(&tokens[at - 1], word));
        if first(&["with", "grant"]) {
            false
        } else if word(&["select"]) {
            !first(&["insert", "if"]) && !after_set_operator
        } else {
            // The IF of DROP USER IF EXISTS belongs to it.
            let of_drop = first(&["drop"]) && at == start + 2;
            word(&[
                "delete", "update", "insert", "truncate", "drop", "use", "commit",
            ]) || (word(&["if"]) && !of_drop)
        }
    }

    fn one(&mut self, tokens: &[TokenWithSpan], optional: bool) {
        let tokens = match tokens {
            [rest @ .., last] if last.token == Token::SemiColon => rest,
            all => all,
        };
        let Some(first) = tokens.first() else { return };
        let Token::Word(word) = &first.token else {
            match first.token {
                Token::LParen => return self.run(tokens, optional),
                Token::Div if tokens.len() == 1 => return,
                _ => {
                    return self.fault(
                        span_of(first),
                        format!("no statement begins with {}", first.token),
                        "a rulebook holds UPDATE, DELETE, TRUNCATE, INSERT, SELECT, GRANT \
                         SELECT (…) and DROP USER",
                    );
                }
            }
        };
        let word = word.value.to_ascii_lowercase();
        if transaction(tokens) || (word == "use" && tokens.len() == 2) {
            return;
        }
        match word.as_str() {
            "if" => self.guarded(tokens),
            "alter" if begins(tokens, &["alter", "session", "set"]) => self.session(&tokens[3..]),
            "declare" | "begin" if self.dialect == SqlDialect::Oracle => {
                self.block(tokens, optional);
            }
            "drop"
                if !tokens
                    .get(1)
                    .is_some_and(|kind| is_word(kind, "user") || is_word(kind, "role")) =>
            {
                self.refuse(tokens, "drop")
            }
            word if READ.contains(&word) => self.run(tokens, optional),
            word => self.refuse(tokens, word),
        }
    }

    fn refuse(&mut self, tokens: &[TokenWithSpan], word: &str) {
        let span = span_of(&tokens[0]);
        let refused = REFUSED.iter().find(|(refused, _)| *refused == word);
        match (refused, nearest(word, READ)) {
            (Some((_, help)), _) => {
                let name = word.to_uppercase();
                self.fault(span, format!("{name} is not read in a rulebook"), *help);
            }
            (None, Some(meant)) => self.fault(
                span,
                format!("no statement begins with {word}"),
                format!("did you mean {}?", meant.to_uppercase()),
            ),
            (None, None) => self.fault(
                span,
                format!("no statement begins with {word}"),
                "a rulebook holds UPDATE, DELETE, TRUNCATE, INSERT, SELECT, GRANT SELECT (…) and \
                 DROP USER",
            ),
        }
    }

    /// `IF EXISTS (SELECT … FROM the catalog) statement`, `IF OBJECT_ID('t') IS NOT NULL statement`.
    fn guarded(&mut self, tokens: &[TokenWithSpan]) {
        const HELP: &str = "IF may ask whether a table or column exists: IF EXISTS (SELECT … FROM \
                            information_schema.tables …); any other condition goes into WHERE";
        let Some(end) = guard_end(tokens) else {
            return self.fault(span_of(&tokens[0]), "this IF is not read", HELP);
        };
        if is_word(&tokens[1], "exists") && !asks_catalog(&tokens[2..end]) {
            return self.fault(
                span_over(&tokens[..end]),
                "IF EXISTS may only ask the catalog",
                HELP,
            );
        }
        let body = &tokens[end..];
        if body.is_empty() {
            self.fault(span_of(&tokens[0]), "IF without a statement", HELP);
        } else if let [first, inner @ .., last] = body
            && is_word(first, "begin")
            && is_word(last, "end")
        {
            self.sequence(inner, true);
        } else if let Some(other) = body.iter().find(|token| is_word(token, "else"))
            && !body.iter().any(|token| is_word(token, "case"))
        {
            self.fault(span_of(other), "ELSE is not read", HELP);
        } else {
            self.one(body, true);
        }
    }

    /// `ALTER SESSION SET name = value …`
    fn session(&mut self, mut tokens: &[TokenWithSpan]) {
        while let [name, equals, value, rest @ ..] = tokens
            && let (Token::Word(setting), Token::Eq) = (&name.token, &equals.token)
        {
            let text = match &value.token {
                Token::Word(word) => word.value.to_ascii_uppercase(),
                Token::SingleQuotedString(text) => text.to_ascii_uppercase(),
                _ => String::new(),
            };
            match setting.value.to_ascii_lowercase().as_str() {
                "nls_comp" if matches!(text.as_str(), "LINGUISTIC" | "BINARY") => {
                    self.steps.push(Step::Setting("nls_comp", text));
                }
                "nls_sort" if matches!(text.as_str(), "BINARY_AI" | "BINARY") => {
                    self.steps.push(Step::Setting("nls_sort", text));
                }
                "current_schema" if matches!(value.token, Token::Word(_)) => {
                    self.steps.push(Step::Schema(value.clone()));
                }
                _ => self.fault(
                    span_over(&tokens[..3]),
                    "this session setting is not read",
                    "of ALTER SESSION are read: NLS_COMP = LINGUISTIC with NLS_SORT = BINARY_AI, \
                     BINARY for both, and CURRENT_SCHEMA = s",
                ),
            }
            tokens = rest;
        }
        if let Some(rest) = tokens.first() {
            self.fault(
                span_of(rest),
                "name = value is expected here",
                "write one setting after another",
            );
        }
    }
}

/// `COMMIT`, `BEGIN TRANSACTION` and the like: the whole rulebook is one run.
fn transaction(tokens: &[TokenWithSpan]) -> bool {
    let words: Vec<String> = tokens
        .iter()
        .take(4)
        .map(|token| match &token.token {
            Token::Word(Word {
                value,
                quote_style: None,
                ..
            }) => value.to_ascii_lowercase(),
            _ => String::new(),
        })
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    matches!(
        words.as_slice(),
        ["commit" | "end" | "go" | "begin"]
            | [
                "begin" | "commit" | "end",
                "work" | "tran" | "transaction",
                ..
            ]
            | ["start", "transaction"]
    )
}

/// The index after an IF's condition, if it is one that may be read.
fn guard_end(tokens: &[TokenWithSpan]) -> Option<usize> {
    let asked = tokens.get(1)?;
    if tokens.get(2)?.token != Token::LParen {
        return None;
    }
    let close = closing(tokens, 2)?;
    if is_word(asked, "exists") {
        return Some(close + 1);
    }
    let exists = is_word(asked, "object_id") || is_word(asked, "col_length");
    (exists && begins(&tokens[close + 1..], &["is", "not", "null"])).then_some(close + 4)
}

/// Does every FROM and JOIN read the catalog?
fn asks_catalog(tokens: &[TokenWithSpan]) -> bool {
    let mut asked = false;
    for (at, token) in tokens.iter().enumerate() {
        if !is_word(token, "from") && !is_word(token, "join") {
            continue;
        }
        asked = true;
        match tokens.get(at + 1).map(|token| &token.token) {
            Some(Token::Word(word))
                if CATALOG.contains(&word.value.to_ascii_lowercase().as_str()) => {}
            _ => return false,
        }
    }
    asked
}
