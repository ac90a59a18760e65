//! The words of a statement that sqlparser does not know, taken off or said in words that it knows.

use super::super::ast::SqlDialect;
use super::super::token::{closing, is_word, span_over};
use super::{Reader, Statement, Step};
use sqlparser::tokenizer::{Token, TokenWithSpan};

impl Reader<'_> {
    /// Hands a statement to the parser, in the words that sqlparser knows.
    pub(super) fn run(&mut self, tokens: &[TokenWithSpan], optional: bool) {
        let mut tokens = tokens.to_vec();
        let mut only = false;
        let mut overriding = false;
        if is_word(&tokens[0], "delete") && self.lacks_from(&tokens) {
            let span = tokens[0].span;
            tokens.insert(1, TokenWithSpan::new(Token::make_keyword("FROM"), span));
        }
        let table = match tokens.as_slice() {
            [update, ..] if is_word(update, "update") => 1,
            [delete, from, ..] if is_word(delete, "delete") && is_word(from, "from") => 2,
            _ => usize::MAX,
        };
        if let Some(rest) = tokens.get(table..)
            && let [word, next, ..] = rest
            && is_word(word, "only")
        {
            let parenthesised = next.token == Token::LParen;
            let named = matches!(&next.token, Token::Word(word)
                if word.quote_style.is_some() || !["set", "as", "where", "using"].contains(&word.value.to_ascii_lowercase().as_str()));
            if parenthesised || named {
                only = true;
                if parenthesised && let Some(close) = closing(&tokens, table + 1) {
                    tokens.remove(close);
                    tokens.remove(table + 1);
                }
                tokens.remove(table);
            }
        }
        if is_word(&tokens[0], "insert")
            && let Some(at) = tokens.iter().position(|token| is_word(token, "overriding"))
            && tokens
                .get(at + 2)
                .is_some_and(|value| is_word(value, "value"))
        {
            if is_word(&tokens[at + 1], "system") {
                overriding = true;
            } else {
                self.fault(
                    span_over(&tokens[at..at + 3]),
                    "OVERRIDING USER VALUE is not read",
                    "leave the identity column out of the list of columns",
                );
            }
            tokens.drain(at..at + 3);
        }
        plain_trims(&mut tokens);
        if self.dialect == SqlDialect::Mysql {
            // `&&` is AND and binds like it; sqlparser lets it bind closer than `=`.
            for token in &mut tokens {
                if token.token == Token::Overlap {
                    token.token = Token::make_keyword("AND");
                }
            }
        }
        self.steps.push(Step::Run(Statement {
            tokens,
            optional,
            only,
            overriding,
        }));
    }

    /// T-SQL's and Oracle's `DELETE t [WHERE …]`.
    fn lacks_from(&self, tokens: &[TokenWithSpan]) -> bool {
        if !matches!(self.dialect, SqlDialect::Mssql | SqlDialect::Oracle) {
            return false;
        }
        let mut at = 1;
        loop {
            match tokens.get(at).map(|token| &token.token) {
                Some(Token::Word(_)) if !is_word(&tokens[at], "from") => at += 1,
                _ => return false,
            }
            match tokens.get(at).map(|token| &token.token) {
                Some(Token::Period) => at += 1,
                _ => break,
            }
        }
        !tokens[at..]
            .first()
            .is_some_and(|token| is_word(token, "from") || token.token == Token::Comma)
    }
}

/// `trim(leading FROM x)` says no characters, which sqlparser expects: `ltrim(x)`.
fn plain_trims(tokens: &mut Vec<TokenWithSpan>) {
    let mut at = 0;
    while let Some([trim, open, side, from]) = tokens.get(at..at + 4) {
        let name = ["both", "leading", "trailing"]
            .iter()
            .position(|word| is_word(side, word));
        if is_word(trim, "trim")
            && open.token == Token::LParen
            && is_word(from, "from")
            && let Some(name) = name
        {
            let span = trim.span;
            let name = Token::make_keyword(["trim", "ltrim", "rtrim"][name]);
            tokens[at] = TokenWithSpan::new(name, span);
            tokens.drain(at + 2..at + 4);
        }
        at += 1;
    }
}
