//! Oracle's `DECLARE … BEGIN … END` around statements: what counts a table in the catalog and runs
//! them if it is there. Everything else of PL/SQL is refused.

use super::super::chunk::Chunk;
use super::super::token::{begins, is_word, span_of, span_over, tokens as tokenize};
use super::{Reader, asks_catalog};
use sqlparser::tokenizer::{Token, TokenWithSpan};

impl Reader<'_> {
    /// PL/SQL's `[DECLARE …] BEGIN … END`.
    pub(super) fn block(&mut self, tokens: &[TokenWithSpan], optional: bool) {
        const HELP: &str = "of PL/SQL is read: DECLARE v NUMBER; BEGIN SELECT count(*) INTO v FROM \
                            user_tables WHERE …; IF v > 0 THEN EXECUTE IMMEDIATE '…'; END IF; END;";
        let begin = tokens.iter().position(|token| is_word(token, "begin"));
        let end = tokens.iter().rposition(|token| is_word(token, "end"));
        let closed = end.is_some_and(|end| {
            tokens[end + 1..]
                .iter()
                .all(|token| token.token == Token::SemiColon)
        });
        let (Some(begin), Some(end), true) = (begin, end, closed) else {
            return self.fault(span_of(&tokens[0]), "this block is not read", HELP);
        };
        let odd = [
            "exception",
            "loop",
            "while",
            "cursor",
            "procedure",
            "function",
            "else",
            "elsif",
        ];
        let case = tokens.iter().any(|token| is_word(token, "case"));
        let odd = tokens.iter().find(|token| {
            odd.iter()
                .any(|word| is_word(token, word) && !(*word == "else" && case))
        });
        if let Some(odd) = odd {
            return self.fault(span_of(odd), "this part of a block is not read", HELP);
        }
        self.body(&tokens[begin + 1..end], optional, HELP);
    }

    fn body(&mut self, mut tokens: &[TokenWithSpan], optional: bool, help: &str) {
        while let Some(first) = tokens.first() {
            if first.token == Token::SemiColon {
                tokens = &tokens[1..];
            } else if is_word(first, "if") {
                let then = tokens.iter().position(|token| is_word(token, "then"));
                let end = end_if(tokens);
                let (Some(then), Some(end)) = (then, end) else {
                    return self.fault(span_of(first), "this IF has no END IF", help);
                };
                if !self.counted(&tokens[1..then]) {
                    self.fault(
                        span_over(&tokens[1..then]),
                        "IF may only ask whether a table was counted in the catalog",
                        help,
                    );
                }
                self.body(&tokens[then + 1..end], true, help);
                tokens = &tokens[end + 2..];
            } else {
                let end = tokens
                    .iter()
                    .position(|token| token.token == Token::SemiColon);
                let (statement, rest) = tokens.split_at(end.unwrap_or(tokens.len()));
                self.in_body(statement, optional, help);
                tokens = rest;
            }
        }
    }

    fn in_body(&mut self, tokens: &[TokenWithSpan], optional: bool, help: &str) {
        if let [null] = tokens
            && is_word(null, "null")
        {
            return;
        }
        if begins(tokens, &["execute", "immediate"]) {
            let text = match tokens {
                [_, _, literal] => literal_text(&literal.token).map(|text| (text, literal)),
                _ => None,
            };
            let Some((text, literal)) = text else {
                return self.fault(
                    span_over(tokens),
                    "EXECUTE IMMEDIATE takes one literal",
                    "write the statement itself between the quotes",
                );
            };
            // Places inside a literal: all of it.
            let chunk = Chunk::standing_for(text.to_owned(), span_of(literal));
            return match tokenize(&chunk, self.dialect) {
                Ok(tokens) => self.one(&tokens, optional),
                Err(fault) => self.faults.push(fault),
            };
        }
        let into = tokens.iter().position(|token| is_word(token, "into"));
        match into.and_then(|into| Some((into, tokens.get(into + 1)?))) {
            Some((into, variable)) if is_word(&tokens[0], "select") => {
                let counts = begins(&tokens[1..], &["count"]) && into == 5;
                match &variable.token {
                    Token::Word(name) if counts && asks_catalog(&tokens[into + 2..]) => {
                        self.probes.push(name.value.to_ascii_lowercase());
                    }
                    _ => self.fault(
                        span_over(tokens),
                        "SELECT INTO may only count tables or columns of the catalog",
                        help,
                    ),
                }
            }
            _ => self.one(tokens, optional),
        }
    }

    /// `v > 0`, `v = 1`, `v >= 1`, `v <> 0` for a variable that counted.
    fn counted(&self, condition: &[TokenWithSpan]) -> bool {
        let condition = match condition {
            [open, inner @ .., close]
                if open.token == Token::LParen && close.token == Token::RParen =>
            {
                inner
            }
            all => all,
        };
        let [variable, operator, number] = condition else {
            return false;
        };
        let (Token::Word(name), Token::Number(number, _)) = (&variable.token, &number.token) else {
            return false;
        };
        self.probes.contains(&name.value.to_ascii_lowercase())
            && matches!(
                (&operator.token, number.as_str()),
                (Token::Gt | Token::Neq, "0") | (Token::Eq | Token::GtEq, "1")
            )
    }
}

/// The index of `END` in the `END IF` that closes the IF at the beginning.
fn end_if(tokens: &[TokenWithSpan]) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = 0;
    while at < tokens.len() {
        if begins(&tokens[at..], &["end", "if"]) {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return Some(at);
            }
            at += 1;
        } else if is_word(&tokens[at], "if") {
            depth += 1;
        }
        at += 1;
    }
    None
}

fn literal_text(token: &Token) -> Option<&str> {
    match token {
        Token::SingleQuotedString(text) | Token::NationalStringLiteral(text) => Some(text),
        Token::QuoteDelimitedStringLiteral(text)
        | Token::NationalQuoteDelimitedStringLiteral(text) => Some(&text.value),
        _ => None,
    }
}
