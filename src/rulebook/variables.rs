//! psql's variables: `\set`, `:name`, `:'name'`, `:"name"`, `:{?name}`.
//!
//! Values are substituted as text before a statement is parsed, as psql does, and never inside
//! quotes or comments (the scanner sees to that). `--set` wins over `\set`.

use super::ast::SqlDialect;
use std::collections::{BTreeMap, BTreeSet};

/// The variables of a run.
#[derive(Debug, Default)]
pub(super) struct Variables {
    pub(super) values: BTreeMap<String, String>,
    fixed: BTreeSet<String>,
    /// Every name that the rulebook reads, sets or asks for.
    pub(super) named: BTreeSet<String>,
}

/// How a variable is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `:name`
    Raw,
    /// `:'name'`
    Literal,
    /// `:"name"`
    Identifier,
    /// `:{?name}`
    IsSet,
}

/// A place where a variable is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Use<'t> {
    pub(super) name: &'t str,
    pub(super) form: Form,
    /// Bytes from the colon to the end.
    pub(super) len: usize,
}

/// Is this a character of a variable's name?
pub(super) fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii()
}

/// Reads a use of a variable at the start of `text`, which begins with a single colon.
pub(super) fn parse_use(text: &str) -> Option<Use<'_>> {
    let rest = text.strip_prefix(':')?;
    let take = |s: &str| s.find(|c| !is_name(c)).unwrap_or(s.len());
    let quoted = |open: &str, close: &str, form| {
        let inner = rest.strip_prefix(open)?;
        let end = take(inner);
        (end > 0 && inner[end..].starts_with(close)).then(|| Use {
            name: &inner[..end],
            form,
            len: 1 + open.len() + end + close.len(),
        })
    };
    match rest.chars().next()? {
        '\'' => quoted("'", "'", Form::Literal),
        '"' => quoted("\"", "\"", Form::Identifier),
        '{' => quoted("{?", "}", Form::IsSet),
        // `[1:2]` is a slice: a name that is a number is not a variable of anybody's.
        c if is_name(c) && !c.is_ascii_digit() => {
            let end = take(rest);
            Some(Use {
                name: &rest[..end],
                form: Form::Raw,
                len: 1 + end,
            })
        }
        _ => None,
    }
}

impl Variables {
    /// The variables given with `--set`.
    pub(super) fn new(given: &[(String, String)]) -> Self {
        Variables {
            values: given.iter().cloned().collect(),
            fixed: given.iter().map(|(name, _)| name.clone()).collect(),
            named: BTreeSet::new(),
        }
    }

    /// `\set name value`.
    pub(super) fn set(&mut self, name: &str, value: String) {
        self.named.insert(name.to_owned());
        if !self.fixed.contains(name) {
            self.values.insert(name.to_owned(), value);
        }
    }

    /// `\unset name`.
    pub(super) fn unset(&mut self, name: &str) {
        self.named.insert(name.to_owned());
        if !self.fixed.contains(name) {
            self.values.remove(name);
        }
    }

    /// Is it set?
    pub(super) fn is_set(&mut self, name: &str) -> bool {
        self.named.insert(name.to_owned());
        self.values.contains_key(name)
    }

    /// The text that stands in for a use, quoted as the dialect does; none if the variable is not set.
    pub(super) fn expand(&mut self, used: Use<'_>, dialect: SqlDialect) -> Option<String> {
        self.named.insert(used.name.to_owned());
        let value = self.values.get(used.name);
        Some(match used.form {
            Form::IsSet => if value.is_some() { "TRUE" } else { "FALSE" }.to_owned(),
            Form::Raw => value?.clone(),
            // MySQL reads double quotes as a literal.
            Form::Identifier if dialect == SqlDialect::Mysql => {
                format!("`{}`", value?.replace('`', "``"))
            }
            Form::Identifier => format!("\"{}\"", value?.replace('"', "\"\"")),
            Form::Literal => {
                let value = value?.replace('\'', "''");
                let value = match dialect {
                    SqlDialect::Mysql => value.replace('\\', "\\\\"),
                    _ => value,
                };
                format!("'{value}'")
            }
        })
    }
}

/// Why the arguments of a backslash command cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ArgumentFault {
    /// A quote without its end.
    Unterminated,
    /// A backquoted command.
    Backquote,
    /// A variable that is not set.
    Unset(String),
}

/// Splits the arguments of a backslash command as psql does. Single quotes take `''` and C escapes,
/// double quotes stay, variables are expanded.
pub(super) fn arguments(
    text: &str,
    variables: &mut Variables,
) -> Result<Vec<String>, ArgumentFault> {
    let mut arguments = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let mut argument = String::new();
        while let Some(c) = rest.chars().next() {
            match c {
                c if c.is_whitespace() => break,
                '\'' => rest = single_quoted(&rest[1..], &mut argument)?,
                '"' => {
                    let end = rest[1..].find('"').ok_or(ArgumentFault::Unterminated)? + 2;
                    argument.push_str(&rest[..end]);
                    rest = &rest[end..];
                }
                '`' => return Err(ArgumentFault::Backquote),
                ':' => match parse_use(rest) {
                    Some(used) => {
                        let unset = || ArgumentFault::Unset(used.name.to_owned());
                        argument.push_str(
                            &variables
                                .expand(used, SqlDialect::Postgres)
                                .ok_or_else(unset)?,
                        );
                        rest = &rest[used.len..];
                    }
                    None => {
                        argument.push(':');
                        rest = &rest[1..];
                    }
                },
                c => {
                    argument.push(c);
                    rest = &rest[c.len_utf8()..];
                }
            }
        }
        arguments.push(argument);
        rest = rest.trim_start();
    }
    Ok(arguments)
}

fn single_quoted<'t>(text: &'t str, out: &mut String) -> Result<&'t str, ArgumentFault> {
    let mut at = 0;
    loop {
        let c = text[at..]
            .chars()
            .next()
            .ok_or(ArgumentFault::Unterminated)?;
        at += c.len_utf8();
        match c {
            '\'' if text[at..].starts_with('\'') => {
                out.push('\'');
                at += 1;
            }
            '\'' => return Ok(&text[at..]),
            '\\' => {
                let c = text[at..]
                    .chars()
                    .next()
                    .ok_or(ArgumentFault::Unterminated)?;
                at += c.len_utf8();
                let number = match c {
                    'x' => number(&text[at..], 16, 2),
                    '0'..='7' => {
                        at -= 1;
                        number(&text[at..], 8, 3)
                    }
                    _ => None,
                };
                let simple = match c {
                    'n' => '\n',
                    't' => '\t',
                    'b' => '\u{8}',
                    'r' => '\r',
                    'f' => '\u{c}',
                    other => other,
                };
                let (c, len) = number.unwrap_or((simple, 0));
                out.push(c);
                at += len;
            }
            c => out.push(c),
        }
    }
}

/// The character with the code at the start of `text`, and the code's length.
fn number(text: &str, radix: u32, longest: usize) -> Option<(char, usize)> {
    let len = text
        .bytes()
        .take(longest)
        .take_while(|b| char::from(*b).is_digit(radix))
        .count();
    let code = u32::from_str_radix(&text[..len], radix).ok()?;
    Some((char::from((code & 0xff) as u8), len))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given() -> Variables {
        Variables::new(&[
            ("domain".into(), "o'x\\.org".into()),
            ("n".into(), "3".into()),
            ("quote".into(), "a\"b`c".into()),
        ])
    }

    #[test]
    fn uses_are_recognised() {
        for (text, name, form, len) in [
            (":n)", "n", Form::Raw, 2),
            (":'domain' ", "domain", Form::Literal, 9),
            (":\"domain\"", "domain", Form::Identifier, 9),
            (":{?n}", "n", Form::IsSet, 5),
        ] {
            assert_eq!(parse_use(text), Some(Use { name, form, len }), "{text}");
        }
        for text in ["::text", ":=", ": x", ":2]", ":'a b'", ":''", ":{n}", ":"] {
            assert_eq!(parse_use(text), None, "{text}");
        }
    }

    #[test]
    fn values_are_quoted_for_their_place() {
        let mut variables = given();
        use SqlDialect::{Mssql, Mysql, Oracle, Postgres, Sqlite};
        for (text, dialect, expected) in [
            (":'domain'", Postgres, Some("'o''x\\.org'")),
            (":'domain'", Mssql, Some("'o''x\\.org'")),
            (":'domain'", Mysql, Some("'o''x\\\\.org'")),
            (":\"domain\"", Postgres, Some("\"o'x\\.org\"")),
            (":\"quote\"", Postgres, Some("\"a\"\"b`c\"")),
            (":\"quote\"", Mssql, Some("\"a\"\"b`c\"")),
            (":\"quote\"", Oracle, Some("\"a\"\"b`c\"")),
            (":\"quote\"", Sqlite, Some("\"a\"\"b`c\"")),
            (":\"quote\"", Mysql, Some("`a\"b``c`")),
            (":n", Mysql, Some("3")),
            (":{?n}", Postgres, Some("TRUE")),
            (":{?m}", Postgres, Some("FALSE")),
            (":m", Postgres, None),
        ] {
            let used = parse_use(text).expect("a use");
            let actual = variables.expand(used, dialect);
            assert_eq!(actual.as_deref(), expected, "{text} {dialect:?}");
        }
    }

    #[test]
    fn given_values_win() {
        let mut variables = given();
        variables.set("n", "4".into());
        variables.unset("n");
        variables.set("m", "5".into());
        assert_eq!(
            variables
                .expand(parse_use(":n").expect("a use"), SqlDialect::Postgres)
                .as_deref(),
            Some("3")
        );
        assert_eq!(
            variables
                .expand(parse_use(":m").expect("a use"), SqlDialect::Postgres)
                .as_deref(),
            Some("5")
        );
        variables.unset("m");
        assert!(!variables.is_set("m"));
    }

    #[test]
    fn arguments_follow_psql() {
        for (text, expected) in [
            ("a b", vec!["a", "b"]),
            (" a 'b c'", vec!["a", "b c"]),
            ("a 'it''s' \"q r\"", vec!["a", "it's", "\"q r\""]),
            (r"a 'x\ty\n\101\x42\''", vec!["a", "x\ty\nAB'"]),
            ("a pre:n:post", vec!["a", "pre3:post"]),
            ("a :'n'", vec!["a", "'3'"]),
            ("", vec![]),
        ] {
            let mut variables = given();
            variables.set("post", ":post".into());
            assert_eq!(
                arguments(text, &mut variables),
                Ok(expected.iter().map(|s| s.to_string()).collect()),
                "{text}"
            );
        }
        for (text, fault) in [
            ("a 'b", ArgumentFault::Unterminated),
            ("a `date`", ArgumentFault::Backquote),
            ("a :zzz", ArgumentFault::Unset("zzz".into())),
        ] {
            assert_eq!(arguments(text, &mut given()), Err(fault), "{text}");
        }
    }
}
