//! Has sqlparser read a statement, and says in the rulebook's terms what it did not understand.

use super::ast::{Span, SqlDialect};
use super::diagnostics::Fault;
use super::token::{lower_first, parser_dialect, span_of, span_over};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan};

/// Has sqlparser read one statement and nothing after it; gives the tokens back.
pub(super) fn parse(
    tokens: Vec<TokenWithSpan>,
    dialect: SqlDialect,
) -> Result<(sqlparser::ast::Statement, Vec<TokenWithSpan>), Fault> {
    let mut parser = Parser::new(parser_dialect(dialect)).with_tokens_with_locations(tokens);
    let parsed = parser.parse_statement();
    let next = parser.peek_token();
    let tokens = parser.into_tokens();
    let parsed = parsed.map_err(|error| parser_fault(error, &tokens))?;
    match next.token {
        Token::EOF => Ok((parsed, tokens)),
        other => Err(Fault::new(
            span_of_first(&tokens, next.span.start).unwrap_or_else(|| span_over(&tokens)),
            format!("the statement should end before {other}"),
        )
        .help("a ; ends a statement")),
    }
}

fn span_of_first(tokens: &[TokenWithSpan], start: Location) -> Option<Span> {
    tokens
        .iter()
        .find(|token| token.span.start == start)
        .map(span_of)
}

/// The parser's message, with the place at its end turned into a caret.
fn parser_fault(error: ParserError, tokens: &[TokenWithSpan]) -> Fault {
    let whole = span_over(tokens);
    let message = match error {
        ParserError::RecursionLimitExceeded => {
            return Fault::new(whole, "the statement is nested too deeply")
                .help("take it apart into several statements");
        }
        ParserError::ParserError(message) | ParserError::TokenizerError(message) => message,
    };
    let (text, place) = match message.rfind(" at Line: ") {
        Some(at) => (&message[..at], Some(&message[at + " at Line: ".len()..])),
        None => (message.as_str(), None),
    };
    let place = place.and_then(|place| {
        let (line, column) = place.split_once(", Column: ")?;
        let (line, column) = (line.parse().ok()?, column.trim().parse().ok()?);
        span_of_first(tokens, Location { line, column })
    });
    let end = Span {
        start: whole.end,
        ..whole
    };
    let text = lower_first(text)
        .replacen("expected: ", "expected ", 1)
        .replacen(", found: ", ", found ", 1)
        .replacen("found EOF", "found the end of the statement", 1);
    Fault::new(place.unwrap_or(end), text)
}
