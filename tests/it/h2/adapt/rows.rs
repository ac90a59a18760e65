//! Statements about rows, and the expressions in them.

use super::{Adapter, closing, find, name_length, text, word};
use crate::h2::token::{Kind, Token};

impl Adapter {
    /// After `INSERT`.
    pub(super) fn insert(&self, tokens: &[Token]) -> String {
        let tokens = if tokens[0].is("INTO") {
            &tokens[1..]
        } else {
            tokens
        };
        let rest = name_length(tokens);
        let mut head = format!("INSERT INTO {}", text(&tokens[..rest]));
        let mut tokens = &tokens[rest..];
        if tokens[0].sign("(") {
            let close = closing(tokens, 0);
            let quoted = tokens[..=close].iter().map(|token| match token {
                Token::Word(name) if self.kind == Kind::Oracle => Token::Name(name.to_uppercase()),
                Token::Word(name) => Token::Name(name.clone()),
                other => other.clone(),
            });
            head.push_str(&text(&quoted.collect::<Vec<_>>()));
            tokens = &tokens[close + 1..];
        }
        format!("{head} {}", text(&self.expression(tokens)))
    }

    pub(super) fn insert_all(&self, tokens: &[Token]) -> Vec<String> {
        let end = find(tokens, &["SELECT"]).expect("INSERT ALL … SELECT");
        let rows = tokens[2..end].split(|token| token.is("INTO")).skip(1);
        rows.map(|row| self.insert(row)).collect()
    }

    /// `UPDATE t SET … [FROM u …] [WHERE p]`.
    pub(super) fn update(&self, tokens: &[Token]) -> String {
        let set = find(tokens, &["SET"]).expect("UPDATE … SET");
        let Some(from) = find(tokens, &["FROM"]) else {
            return text(&self.expression(tokens));
        };
        let change = format!(
            "UPDATE SET {}",
            text(&self.expression(&tokens[set + 1..from]))
        );
        self.merge(&tokens[1..set], &tokens[from + 1..], &change)
    }

    /// `DELETE [FROM] t [WHERE p]`, `DELETE a FROM t a JOIN u ON … [WHERE p]`.
    pub(super) fn delete(&self, tokens: &[Token]) -> String {
        let rest = if tokens[1].is("FROM") {
            &tokens[2..]
        } else {
            &tokens[1..]
        };
        if let Some(from) = find(rest, &["FROM"]) {
            return self.merge(&rest[..from], &rest[from + 1..], "DELETE");
        }
        format!("DELETE FROM {}", text(&self.expression(rest)))
    }

    /// A change of the rows of `target` (a table or the alias of one in `from`) that `from` joins.
    fn merge(&self, target: &[Token], from: &[Token], change: &str) -> String {
        let filter = find(from, &["WHERE"]);
        let (sources, filter) = from.split_at(filter.unwrap_or(from.len()));
        let mut filters: Vec<String> = Vec::new();
        if let Some((_, filter)) = filter.split_first() {
            filters.push(format!("({})", text(&self.expression(filter))));
        }
        // FROM a [INNER] JOIN b ON p, or FROM a, b.
        let mut tables: Vec<Vec<Token>> = Vec::new();
        for part in sources.split(|token| token.is_any(&["JOIN"]) || token.sign(",")) {
            let on = find(part, &["ON"]).unwrap_or(part.len());
            let (table, on) = part.split_at(on);
            tables.push(
                table
                    .iter()
                    .filter(|token| !token.is_any(&["INNER", "AS"]))
                    .cloned()
                    .collect(),
            );
            if let Some((_, on)) = on.split_first() {
                let on: Vec<_> = on
                    .iter()
                    .filter(|token| !token.is("INNER"))
                    .cloned()
                    .collect();
                filters.push(format!("({})", text(&self.expression(&on))));
            }
        }
        let own = |table: &Vec<Token>| {
            table.last().and_then(Token::name).map(str::to_lowercase)
                == target.last().and_then(Token::name).map(str::to_lowercase)
        };
        let at = tables.iter().position(own);
        let target = at.map_or_else(|| target.to_vec(), |at| tables.remove(at));
        assert_eq!(tables.len(), 1, "MERGE takes one other table");
        let (target, source) = (text(&target), text(&tables[0]));
        format!(
            "MERGE INTO {target} USING {source} ON {} WHEN MATCHED THEN {change}",
            filters.join(" AND ")
        )
    }

    /// Expressions and queries, wherever they stand.
    pub(super) fn expression(&self, tokens: &[Token]) -> Vec<Token> {
        let mut made: Vec<Token> = Vec::new();
        let mut n = 0;
        while n < tokens.len() {
            let (token, next) = (&tokens[n], tokens.get(n + 1));
            let call = next.is_some_and(|next| next.sign("("));
            match token {
                Token::Name(_)
                    if made.last().is_some_and(|last| last.is("AS"))
                        && !tokens[..n].is_empty()
                        && self.in_cast(&tokens[..n]) =>
                {
                    made.push(self.type_name(token));
                }
                _ if token.is("COLLATE") => n += 1,
                _ if token.is("information_schema") => {
                    made.extend([word("INFORMATION_SCHEMA"), tokens[n + 1].clone()]);
                    made.push(word(&tokens[n + 2].name().expect("a view").to_uppercase()));
                    n += 2;
                }
                _ if self.kind == Kind::Oracle && call && token.is("TO_CLOB") => {}
                _ if self.kind == Kind::Oracle && call && token.is("EMPTY_CLOB") => {
                    made.push(word("NULL"));
                    n = closing(tokens, n + 1);
                }
                _ if self.kind == Kind::Oracle
                    && call
                    && token.is_any(&["TO_DATE", "TO_TIMESTAMP"]) =>
                {
                    let close = closing(tokens, n + 1);
                    let mut call = tokens[n..=close].to_vec();
                    if let [_, _, Token::Text(moment), _, Token::Text(format), ..] = &mut call[..] {
                        whole_year(moment, format);
                    }
                    made.extend(call);
                    n = close;
                }
                _ if self.kind == Kind::Oracle && call && token.is("UNISTR") => {
                    let Some(Token::Text(escaped)) = tokens.get(n + 2) else {
                        panic!("UNISTR of no literal")
                    };
                    made.push(Token::Text(unescaped(escaped)));
                    n = closing(tokens, n + 1);
                }
                _ if self.kind == Kind::Oracle
                    && call
                    && token
                        .name()
                        .is_some_and(|name| name.to_uppercase().ends_with("_TYP")) =>
                {
                    made.push(word("ROW"));
                }
                other => made.push(other.clone()),
            }
            n += 1;
        }
        made
    }

    /// Is the innermost open parenthesis that of a CAST?
    fn in_cast(&self, before: &[Token]) -> bool {
        let mut open = Vec::new();
        for (n, token) in before.iter().enumerate() {
            if token.sign("(") {
                open.push(n);
            } else if token.sign(")") {
                open.pop();
            }
        }
        open.last()
            .is_some_and(|n| *n > 0 && before[n - 1].is("CAST"))
    }
}

/// Writes the century of a year that `RR` reads: H2 always takes its own. What stands before the year is
/// as long as its format.
fn whole_year(moment: &mut String, format: &mut String) {
    if let Some(at) = format.find("RR").filter(|_| !format.contains("RRRR")) {
        let century = if moment[at..at + 2] < *"50" {
            "20"
        } else {
            "19"
        };
        moment.insert_str(at, century);
        format.replace_range(at..at + 2, "YYYY");
    }
}

/// UNISTR's `\hhhh` and `\\`.
fn unescaped(text: &str) -> String {
    let mut units = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let mut pair = [0; 2];
        if c != '\\' {
            units.extend_from_slice(c.encode_utf16(&mut pair));
            continue;
        }
        let digits: String = rest.clone().take(4).collect();
        if rest.as_str().starts_with('\\') {
            units.push(u16::from(b'\\'));
            rest.next();
        } else {
            units.push(u16::from_str_radix(&digits, 16).expect("four digits"));
            rest.nth(3);
        }
    }
    String::from_utf16(&units).expect("whole characters")
}
