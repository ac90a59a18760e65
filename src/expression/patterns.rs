//! Patterns: LIKE, the operators of regular expressions and the functions that take one.
//!
//! A regular expression is a constant and compiled once; a LIKE pattern may come from the row.

use super::compiler::{Compiler, Typed};
use super::node::{Folding, Node, Pattern};
use super::regex::{self, Replacement, Usage};
use super::types::{display, is_text};
use super::{FaultKind, collate};
use crate::rulebook::{Expr, Span, SqlDialect};
use crate::schema::DataType;
use crate::value::{self, CastContext, Value};

impl Compiler<'_> {
    /// The text that LIKE and `~` look at: `char(n)` keeps its blanks there.
    pub(super) fn raw_text(&mut self, typed: Typed, operator: &str) -> Option<Typed> {
        match typed.data_type.base() {
            DataType::Unknown => self.coerce(typed, &DataType::Text),
            t if is_text(t) => Some(typed),
            _ if self.lenient() => self.cast(typed, &DataType::Text, CastContext::Explicit),
            t => {
                let operator = format!("{} {operator} text", display(t));
                self.no_operator(operator, typed.span)
            }
        }
    }

    pub(super) fn like(
        &mut self,
        expr: &Expr,
        pattern: &Expr,
        escape: Option<&str>,
        insensitive: bool,
        negated: bool,
        span: Span,
    ) -> Option<Typed> {
        let operator = if insensitive { "~~*" } else { "~~" };
        let (value, pattern) = (self.expr(expr), self.expr(pattern));
        let (value, pattern) = (value?, pattern?);
        let citext = value.data_type == DataType::Citext
            || (value.is_unknown() && pattern.data_type == DataType::Citext);
        let value = self.raw_text(value, operator);
        // The pattern is a text: of char(n) the blanks go.
        let pattern = self
            .raw_text(pattern, operator)
            .and_then(|pattern| self.coerce(pattern, &DataType::Text));
        let (value, pattern) = (value?, pattern?);
        let escape: Option<Vec<u8>> = match escape {
            Some(e) if e.chars().count() > 1 => {
                return self.fault(
                    FaultKind::Other,
                    span,
                    "invalid escape string: it must be empty or one character",
                    None,
                );
            }
            Some(e) => (!e.is_empty()).then(|| e.as_bytes().to_vec()),
            None => match self.settings.written_in {
                SqlDialect::Postgres | SqlDialect::Mysql => Some(b"\\".to_vec()),
                _ => None,
            },
        };
        let brackets = self.settings.written_in == SqlDialect::Mssql
            && pattern.constant_text().is_none_or(|p| p.contains(&b'['));
        if brackets {
            return self.fault(
                FaultKind::Other,
                pattern.span,
                "character classes ([a-z]) in LIKE patterns are not supported",
                Some("write several LIKEs"),
            );
        }
        let folding = if self.settings.dump == SqlDialect::Sqlite {
            Folding::Collation(value::Collation {
                sensitivity: value::Sensitivity::Ascii,
                padded: false,
            })
        } else if insensitive || citext {
            Folding::Lower
        } else {
            let collation = collate::combine(self.settings, value.collation, pattern.collation)
                .unwrap_or_else(|| collate::default(self.settings));
            if collation.sensitivity == value::Sensitivity::Exact {
                Folding::None
            } else {
                Folding::Collation(collation)
            }
        };
        let pattern = match &pattern.node {
            // What cannot be folded stops the first row that is compared.
            Node::Const(Value::Text(text)) if folding.apply(text).is_ok() => {
                match folding.like(text, escape.as_deref()) {
                    Ok(like) => Pattern::Fixed(like),
                    Err(error) => {
                        return self.fault(FaultKind::Other, pattern.span, error.to_string(), None);
                    }
                }
            }
            _ => Pattern::Dynamic(Box::new(pattern.node), escape),
        };
        let node = Node::Like {
            value: Box::new(value.node),
            pattern,
            folding,
            negated,
        };
        Some(Typed::new(node, DataType::Boolean, span))
    }

    /// `~` and its relatives.
    pub(super) fn regex_match(
        &mut self,
        value: Typed,
        pattern: Typed,
        insensitive: bool,
        negated: bool,
        span: Span,
    ) -> Option<Typed> {
        let operator = if insensitive { "~*" } else { "~" };
        let value = self.raw_text(value, operator)?;
        let pattern = self.raw_text(pattern, operator)?;
        let folded = self.folds_case(&value);
        if pattern.is_null() {
            return Some(Typed::new(
                Node::Const(Value::Null),
                DataType::Boolean,
                span,
            ));
        }
        let regex = self.regex(&pattern, insensitive || folded, Usage::Test)?;
        let node = Node::Matches(Box::new(value.node), regex, negated);
        Some(Typed::new(node, DataType::Boolean, span))
    }

    /// Compiles a constant regular expression.
    pub(super) fn regex(
        &mut self,
        pattern: &Typed,
        insensitive: bool,
        usage: Usage,
    ) -> Option<::regex::bytes::Regex> {
        let Some(text) = pattern
            .constant_text()
            .and_then(|p| std::str::from_utf8(p).ok())
        else {
            return self.fault(
                FaultKind::Other,
                pattern.span,
                "the regular expression must be a constant",
                None,
            );
        };
        match regex::compile(text, insensitive, usage) {
            Ok(regex) => Some(regex),
            Err(message) => {
                let help = (usage > Usage::Test)
                    .then_some("write the alternatives so that none is the beginning of another");
                let span = pattern.span;
                self.fault(FaultKind::Other, span, message, help)
            }
        }
    }

    /// The flags of a regular expression function: global, without case.
    fn flags(&mut self, flags: Option<Typed>) -> Option<(bool, Option<bool>)> {
        let Some(flags) = flags else {
            return Some((false, None));
        };
        let (mut global, mut insensitive) = (false, None);
        let Some(text) = flags.constant_text() else {
            return self.fault(
                FaultKind::Other,
                flags.span,
                "the flags must be a constant",
                None,
            );
        };
        for flag in text.iter().copied() {
            match flag {
                b'g' => global = true,
                b'i' => insensitive = Some(true),
                b'c' => insensitive = Some(false),
                b's' | b't' => {}
                _ => {
                    let message =
                        "this flag of regular expressions is not supported: g, i, c are".to_owned();
                    return self.fault(FaultKind::Other, flags.span, message, None);
                }
            }
        }
        Some((global, insensitive))
    }

    /// Does the text itself make no difference of case?
    fn folds_case(&self, value: &Typed) -> bool {
        value.data_type == DataType::Citext || value.collation.is_some_and(|c| !c.is_cased())
    }

    pub(super) fn regexp_replace(&mut self, mut args: Vec<Typed>, span: Span) -> Option<Typed> {
        let flags = if args.len() == 4 { args.pop() } else { None };
        let (global, insensitive) = self.flags(flags)?;
        let (replacement, pattern, value) = (args.pop()?, args.pop()?, args.pop()?);
        let insensitive = insensitive.unwrap_or_else(|| self.folds_case(&value));
        let collation = value.collation;
        let value = self.coerce(value, &DataType::Text)?;
        if replacement.is_null() || pattern.is_null() {
            return Some(self.constant(Value::Null, DataType::Text, span));
        }
        let Some(text) = replacement.constant_text() else {
            return self.fault(
                FaultKind::Other,
                replacement.span,
                "the replacement must be a constant",
                None,
            );
        };
        let replacement = Replacement::new(text);
        let usage = if replacement.names_groups() {
            Usage::Groups
        } else {
            Usage::Extent
        };
        let regex = self.regex(&pattern, insensitive, usage)?;
        let node = Node::RegexReplace {
            value: Box::new(value.node),
            regex,
            replacement,
            all: global,
        };
        Some(Typed::new(node, DataType::Text, span).collated(collation))
    }

    pub(super) fn regexp_like(&mut self, mut args: Vec<Typed>, span: Span) -> Option<Typed> {
        let flags = if args.len() == 3 { args.pop() } else { None };
        let (_, insensitive) = self.flags(flags)?;
        let (pattern, value) = (args.pop()?, args.pop()?);
        self.regex_match(value, pattern, insensitive.unwrap_or(false), false, span)
    }

    pub(super) fn regex_substring(
        &mut self,
        value: Typed,
        pattern: Typed,
        span: Span,
    ) -> Option<Typed> {
        // There is none for citext, so case always counts.
        let insensitive = false;
        let collation = value.collation;
        let value = self.coerce(value, &DataType::Text)?;
        let pattern = self.coerce(pattern, &DataType::Text)?;
        let regex = self.regex(&pattern, insensitive, Usage::Test)?;
        let usage = if regex.captures_len() > 1 {
            Usage::Groups
        } else {
            Usage::Extent
        };
        let regex = self.regex(&pattern, insensitive, usage)?;
        let node = Node::RegexSubstring(Box::new(value.node), regex);
        Some(Typed::new(node, DataType::Text, span).collated(collation))
    }
}
