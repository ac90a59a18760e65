//! Directives: the comment lines that name statements and describe a rulebook.
//!
//! A comment line is a directive if it begins with a known word and a colon, or consists of
//! `:flags`. A line that nearly does is a fault: `-- nmae: x :test` would otherwise be a test that
//! never runs.

use super::ast::{ColumnPattern, Span, SqlDialect};
use super::diagnostics::{Fault, nearest};

/// The directives above one statement.
#[derive(Debug, Clone, Default)]
pub(super) struct Directives {
    pub(super) name: Option<String>,
    pub(super) optional: bool,
    pub(super) test: bool,
    pub(super) with_target: Option<bool>,
    pub(super) if_set: Vec<String>,
    pub(super) only: Vec<SqlDialect>,
    /// Where the first of them stands.
    pub(super) span: Option<Span>,
}

/// One directive line.
#[derive(Debug)]
pub(super) enum Line {
    /// A comment for people.
    Prose,
    /// `name:` or flags: for the statement that follows.
    Statement,
    /// `title:`
    Title(String),
    /// `source:`
    Source(String),
    /// `dialect:`
    Dialect(SqlDialect),
    /// `detect:`
    Detect(Vec<String>),
    /// `baseline-except:`
    BaselineExcept(Vec<ColumnPattern>),
    /// `by-hand:`
    ByHand(String),
    /// `reviewed:`
    Reviewed(String),
}

const WORDS: [&str; 8] = [
    "name",
    "title",
    "source",
    "dialect",
    "detect",
    "baseline-except",
    "by-hand",
    "reviewed",
];

const FLAGS: [&str; 10] = [
    "optional",
    "test",
    "with-target",
    "without-target",
    "if-set",
    "postgres",
    "mysql",
    "mssql",
    "oracle",
    "sqlite",
];

/// The dialect of this name.
pub(super) fn dialect(name: &str) -> Option<SqlDialect> {
    Some(match name.to_ascii_lowercase().as_str() {
        "postgres" | "postgresql" => SqlDialect::Postgres,
        "mysql" | "mariadb" => SqlDialect::Mysql,
        "mssql" | "sqlserver" | "tsql" => SqlDialect::Mssql,
        "oracle" => SqlDialect::Oracle,
        "sqlite" => SqlDialect::Sqlite,
        _ => return None,
    })
}

/// Is this comment a directive for a statement? T-SQL needs no `;`, so such a line may end one.
pub(super) fn opens_statement(comment: &str) -> bool {
    let text = comment.trim_start_matches('-').trim();
    text.split_once(':')
        .is_some_and(|(word, _)| word.trim_end().eq_ignore_ascii_case("name"))
}

/// Reads a comment line; what it says of the next statement goes into `directives`.
pub(super) fn parse(comment: &str, span: Span, directives: &mut Directives) -> Result<Line, Fault> {
    let text = comment.trim_start_matches('-').trim();
    if flags_alone(text) {
        directives.span.get_or_insert(span);
        return flags(text, span, directives);
    }
    let Some((word, value)) = text.split_once(':') else {
        return Ok(Line::Prose);
    };
    let (word, value) = (word.trim_end(), value.trim());
    if word.is_empty()
        || !word
            .bytes()
            .all(|b| b.is_ascii_alphabetic() || matches!(b, b'-' | b'_'))
    {
        return Ok(Line::Prose);
    }
    let list = || {
        value
            .split([',', ' ', '\t'])
            .map(str::trim)
            .filter(|item| !item.is_empty())
    };
    let word = word.to_ascii_lowercase();
    if WORDS.contains(&word.as_str()) && value.is_empty() {
        return Err(Fault::new(
            span,
            format!("the directive {word} says nothing"),
        ));
    }
    Ok(match word.as_str() {
        "name" => {
            let end = value.find(" :").map_or(value.len(), |at| at + 1);
            let (name, rest) = value.split_at(if value.starts_with(':') { 0 } else { end });
            if name.trim().is_empty() {
                return Err(Fault::new(span, "the directive name says no name")
                    .help("write -- name: drop-secrets :optional"));
            }
            if directives.name.replace(name.trim().to_owned()).is_some() {
                return Err(Fault::new(span, "two names stand above one statement"));
            }
            directives.span.get_or_insert(span);
            return flags(rest, span, directives);
        }
        "title" => Line::Title(value.to_owned()),
        "source" => Line::Source(value.to_owned()),
        "by-hand" => Line::ByHand(value.to_owned()),
        "reviewed" => {
            let print = value.split_whitespace().next().unwrap_or_default();
            if print.len() != 12 || !print.bytes().all(|b| b.is_ascii_hexdigit()) {
                let fault = Fault::new(
                    span,
                    "reviewed takes the fingerprint of a definition, of 12 digits",
                );
                return Err(fault.help("scrub check --strict prints the lines"));
            }
            Line::Reviewed(print.to_ascii_lowercase())
        }
        "dialect" => Line::Dialect(dialect(value).ok_or_else(|| {
            Fault::new(span, format!("there is no dialect {value}"))
                .help("write postgres, mysql, mssql, oracle or sqlite")
        })?),
        "detect" => Line::Detect(list().map(str::to_lowercase).collect()),
        "baseline-except" => Line::BaselineExcept(
            list()
                .map(|item| {
                    item.rsplit_once('.').map(|(table, column)| ColumnPattern {
                        table: table.to_lowercase(),
                        column: column.to_lowercase(),
                    })
                })
                .collect::<Option<_>>()
                .ok_or_else(|| {
                    Fault::new(
                        span,
                        "baseline-except takes table.column, separated by commas",
                    )
                    .help("write table.* for all columns of a table")
                })?,
        ),
        other => match nearest(other, WORDS) {
            Some(meant) => {
                return Err(Fault::new(span, format!("unknown directive {other}"))
                    .help(format!("did you mean {meant}?")));
            }
            None => Line::Prose,
        },
    })
}

/// Does a line hold nothing but flags? Its first word decides: `-- :x` may be code put aside.
fn flags_alone(text: &str) -> bool {
    let first = text
        .strip_prefix(':')
        .and_then(|text| text.split_whitespace().next());
    first.is_some_and(|flag| nearest(flag, FLAGS).is_some())
}

fn flags(text: &str, span: Span, directives: &mut Directives) -> Result<Line, Fault> {
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        let Some(flag) = word.strip_prefix(':') else {
            return Err(Fault::new(span, format!("{word} is no flag"))
                .help("a name and then its flags, as in -- name: drop-secrets :optional"));
        };
        match flag.to_ascii_lowercase().as_str() {
            "optional" => directives.optional = true,
            "test" => directives.test = true,
            flag @ ("with-target" | "without-target") => {
                let with = flag == "with-target";
                if directives
                    .with_target
                    .replace(with)
                    .is_some_and(|before| before != with)
                {
                    return Err(Fault::new(
                        span,
                        ":with-target and :without-target exclude each other",
                    ));
                }
            }
            "if-set" => match words.next().filter(|name| !name.starts_with(':')) {
                Some(name) => directives.if_set.push(name.to_owned()),
                None => {
                    return Err(
                        Fault::new(span, ":if-set says no variable").help("write :if-set variable")
                    );
                }
            },
            flag => match dialect(flag).filter(|_| FLAGS.contains(&flag)) {
                Some(dialect) => directives.only.push(dialect),
                None => {
                    let fault = Fault::new(span, format!("unknown flag :{flag}"));
                    return Err(match nearest(flag, FLAGS) {
                        Some(meant) => fault.help(format!("did you mean :{meant}?")),
                        None => fault.help(format!("the flags are :{}", FLAGS.join(" :"))),
                    });
                }
            },
        }
    }
    Ok(Line::Statement)
}
