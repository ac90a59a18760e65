//! sqlparser's tokens with places that mean bytes of the rulebook's files.
//!
//! sqlparser counts lines and characters of the text it is given. A statement here is not the
//! file's text: variables are substituted, comments are gone. So every token's location is
//! rewritten before the parser sees it: its *line* is the file's index plus one, its *column* the
//! byte offset plus one. Whatever place the parser puts into its tree or its errors can then be
//! read back without a map.

use super::ast::{Span, SqlDialect};
use super::chunk::Chunk;
use super::diagnostics::Fault;
use sqlparser::dialect::{
    Dialect, MsSqlDialect, MySqlDialect, OracleDialect, PostgreSqlDialect, SQLiteDialect,
};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

/// sqlparser's dialect.
pub(super) fn parser_dialect(dialect: SqlDialect) -> &'static dyn Dialect {
    match dialect {
        SqlDialect::Postgres => &PostgreSqlDialect {},
        SqlDialect::Mysql => &MySqlDialect {},
        SqlDialect::Mssql => &MsSqlDialect {},
        SqlDialect::Oracle => &OracleDialect {},
        SqlDialect::Sqlite => &SQLiteDialect {},
    }
}

/// The tokens of a statement without blanks.
pub(super) fn tokens(chunk: &Chunk, dialect: SqlDialect) -> Result<Vec<TokenWithSpan>, Fault> {
    let offsets = Offsets::new(&chunk.text);
    let mut tokens = Vec::new();
    let result = Tokenizer::new(parser_dialect(dialect), &chunk.text)
        .tokenize_with_location_into_buf_with_mapper(&mut tokens, |token| token);
    if let Err(error) = result {
        let at = offsets.byte(error.location);
        let message = lower_first(&error.message);
        return Err(Fault::new(chunk.origin(at, at), message));
    }
    tokens.retain(|token| !matches!(token.token, Token::Whitespace(_)));
    for token in &mut tokens {
        let start = offsets.byte(token.span.start);
        let end = offsets.byte(token.span.end);
        token.span = encode(chunk.origin(start, end));
    }
    Ok(tokens)
}

/// Line and column of a text to bytes.
struct Offsets<'t> {
    text: &'t str,
    lines: Vec<Line>,
}

struct Line {
    start: usize,
    /// Columns are bytes then, as in almost every line.
    ascii: bool,
}

impl<'t> Offsets<'t> {
    fn new(text: &'t str) -> Self {
        let mut start = 0;
        let lines = text.split_inclusive('\n').map(|line| {
            let line = Line {
                start,
                ascii: line.is_ascii(),
            };
            start += text[start..]
                .find('\n')
                .map_or(text.len() - start, |at| at + 1);
            line
        });
        Offsets {
            text,
            lines: lines.collect(),
        }
    }

    fn byte(&self, location: Location) -> usize {
        let line = (location.line as usize).saturating_sub(1);
        let Some(Line { start, ascii }) = self.lines.get(line) else {
            return self.text.len();
        };
        let column = (location.column as usize).saturating_sub(1);
        if *ascii {
            return (start + column).min(self.text.len());
        }
        let rest = &self.text[*start..];
        start
            + rest
                .char_indices()
                .nth(column)
                .map_or(rest.len(), |(at, _)| at)
    }
}

/// A place as sqlparser carries it.
pub(super) fn encode(span: Span) -> sqlparser::tokenizer::Span {
    let line = u64::from(span.file) + 1;
    sqlparser::tokenizer::Span::new(
        Location {
            line,
            column: u64::from(span.start) + 1,
        },
        Location {
            line,
            column: u64::from(span.end) + 1,
        },
    )
}

/// The place that sqlparser carried; none if it lost it.
pub(super) fn decode(span: sqlparser::tokenizer::Span) -> Option<Span> {
    (span.start.line > 0 && span.start.line == span.end.line).then(|| Span {
        file: (span.start.line - 1) as u32,
        start: span.start.column.saturating_sub(1) as u32,
        end: span.end.column.max(span.start.column).saturating_sub(1) as u32,
    })
}

/// The place of one token.
pub(super) fn span_of(token: &TokenWithSpan) -> Span {
    decode(token.span).unwrap_or_default()
}

/// The place of several tokens.
pub(super) fn span_over(tokens: &[TokenWithSpan]) -> Span {
    match tokens {
        [] => Span::default(),
        [first, .., last] => join(span_of(first), span_of(last)),
        [only] => span_of(only),
    }
}

/// The place that covers both.
pub(super) fn join(a: Span, b: Span) -> Span {
    if a.file != b.file {
        return a;
    }
    Span {
        file: a.file,
        start: a.start.min(b.start),
        end: a.end.max(b.end),
    }
}

/// Is it this unquoted word?
pub(super) fn is_word(token: &TokenWithSpan, word: &str) -> bool {
    matches!(&token.token, Token::Word(w) if w.quote_style.is_none() && w.value.eq_ignore_ascii_case(word))
}

/// Do the tokens begin with these words?
pub(super) fn begins(tokens: &[TokenWithSpan], words: &[&str]) -> bool {
    tokens.len() >= words.len()
        && tokens
            .iter()
            .zip(words)
            .all(|(token, word)| is_word(token, word))
}

/// The index of the parenthesis that closes the one at `open`.
pub(super) fn closing(tokens: &[TokenWithSpan], open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// Messages start in lower case, as everywhere in scrub.
pub(super) fn lower_first(message: &str) -> String {
    let mut chars = message.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}
