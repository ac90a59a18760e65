//! Definitions of tables, types and indexes, and what Oracle's sessions set.

use super::{Adapter, closing, find, items, name_length, text, word};
use crate::h2::token::{Kind, Token};

impl Adapter {
    pub(super) fn table(&self, tokens: &[Token]) -> String {
        let open = 2 + name_length(&tokens[2..]);
        let close = closing(tokens, open);
        let columns = items(&tokens[open + 1..close]);
        let columns = columns
            .iter()
            .filter_map(|item| self.column(item))
            .collect::<Vec<_>>();
        format!(
            "CREATE TABLE {} ({})",
            text(&tokens[2..open]),
            columns.join(", ")
        )
    }

    /// A column or a constraint; none for a column that only the server fills.
    fn column(&self, item: &[Token]) -> Option<String> {
        if item[0].is_any(&["CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN", "CHECK"]) {
            return Some(self.definition(item));
        }
        let kind = item[1].name().expect("a column has a type");
        if item[1].is("AS")
            || ["timestamp", "rowversion"].contains(&kind.to_lowercase().as_str())
                && self.kind == Kind::Mssql
        {
            return None;
        }
        let mut item = item.to_vec();
        if !item.get(2).is_some_and(|token| token.sign(".")) {
            item[1] = self.type_name(&item[1]);
        }
        Some(self.definition(&item))
    }

    pub(super) fn type_name(&self, token: &Token) -> Token {
        let name = token.name().expect("a type's name");
        word(if name.eq_ignore_ascii_case("xml") {
            "CLOB"
        } else {
            name
        })
    }

    /// What stands in a column, constraint or index, without what is about its storage.
    fn definition(&self, tokens: &[Token]) -> String {
        let mut kept = Vec::new();
        let mut n = 0;
        while n < tokens.len() {
            let token = &tokens[n];
            let next = tokens.get(n + 1);
            n += match token {
                _ if token.is("COLLATE") => 2,
                _ if token.is_any(&["CLUSTERED", "NONCLUSTERED", "ASC", "DESC", "ENABLE"]) => 1,
                _ if token.is("WITH") && next.is_some_and(|next| next.sign("(")) => {
                    closing(tokens, n + 1) + 1 - n
                }
                _ if token.is_any(&["ON", "TEXTIMAGE_ON"])
                    && matches!(next, Some(Token::Name(_))) =>
                {
                    2
                }
                _ if token.is_any(&["BYTE", "CHAR"]) && next.is_some_and(|next| next.sign(")")) => {
                    1
                }
                // The rest is about storage.
                _ if token.is_any(&["TABLESPACE", "USING", "SEGMENT", "PCTFREE"]) => {
                    tokens.len() - n
                }
                // A default's name.
                _ if token.is("CONSTRAINT")
                    && tokens.get(n + 2).is_some_and(|token| token.is("DEFAULT")) =>
                {
                    2
                }
                _ => {
                    kept.push(token.clone());
                    1
                }
            };
        }
        text(&self.expression(&kept))
    }

    pub(super) fn domain(&self, tokens: &[Token]) -> String {
        let from = find(tokens, &["FROM"]).expect("CREATE TYPE … FROM");
        let mut base = tokens[from + 1..].to_vec();
        base[0] = self.type_name(&base[0]);
        base.retain(|token| !token.is("NULL"));
        format!(
            "CREATE DOMAIN {} AS {}",
            text(&tokens[2..from]),
            text(&base)
        )
    }

    pub(super) fn index(&self, tokens: &[Token]) -> String {
        let at = find(tokens, &["INDEX"]).expect("INDEX");
        // H2 has an index in its table's schema.
        let length = name_length(&tokens[at + 1..]);
        let kept = [&tokens[..=at], &tokens[at + length..]].concat();
        // ON before a name is a filegroup elsewhere.
        let on = find(&kept, &["ON"]).expect("ON");
        format!(
            "{} ON {}",
            self.definition(&kept[..on]),
            self.definition(&kept[on + 1..])
        )
    }

    pub(super) fn alter(&self, tokens: &[Token]) -> Vec<String> {
        let rest = 2 + name_length(&tokens[2..]);
        let (table, mut action) = (text(&tokens[2..rest]), &tokens[rest..]);
        if action[0].is("WITH") && action[1].is_any(&["CHECK", "NOCHECK"]) {
            action = &action[2..];
        }
        let is = |n: usize, word: &str| action.get(n).is_some_and(|token| token.is(word));
        if is(0, "CHECK") && is(1, "CONSTRAINT") {
            return Vec::new();
        }
        assert!(
            action[0].is_any(&["ADD", "MODIFY"]),
            "no rule says what H2 makes of: {}",
            text(tokens)
        );
        if is(0, "MODIFY") {
            assert!(
                action[3].is("NOT") && action[4].is("NULL"),
                "{}",
                text(tokens)
            );
            return vec![format!(
                "ALTER TABLE {table} ALTER COLUMN {} SET NOT NULL",
                text(&action[2..3])
            )];
        }
        let named = if is(1, "CONSTRAINT") { 3 } else { 1 };
        if is(named, "DEFAULT") {
            let until = find(action, &["FOR"]).expect("ADD DEFAULT … FOR");
            let column = text(&action[until + 1..]);
            return vec![format!(
                "ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT {}",
                text(&action[named + 1..until])
            )];
        }
        vec![format!("ALTER TABLE {table} {}", self.definition(action))]
    }

    pub(super) fn session(&self, tokens: &[Token]) -> Vec<String> {
        assert!(tokens[2].is("SET"), "{}", text(tokens));
        match &tokens[3] {
            token if token.is("CURRENT_SCHEMA") => {
                let name = text(&tokens[5..]);
                vec![
                    format!("CREATE SCHEMA IF NOT EXISTS {name}"),
                    format!("SET SCHEMA {name}"),
                ]
            }
            // H2 compares by column: the driver makes them all compare without case.
            token if token.is_any(&["NLS_COMP", "NLS_SORT"]) => Vec::new(),
            _ => panic!("no rule says what H2 makes of: {}", text(tokens)),
        }
    }
}
