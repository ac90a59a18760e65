//! sqlparser's tree → the checked form, refusing everything that the checked form cannot say.
//!
//! Lowering goes on after a fault, so that a statement's faults come all at once; what it returns
//! then is thrown away with the statement.

mod change;
mod comparison;
mod expression;
mod function;
mod insert;
mod operator;
mod query;
mod statement;
mod types;

use super::ast::{Expr, ExprKind, Ident, Query, Span, SqlDialect, TableRef};
use super::diagnostics::Fault;
use super::token::{decode, is_word, join, span_of};
use sqlparser::ast as sql;
use sqlparser::ast::Spanned;
use sqlparser::tokenizer::TokenWithSpan;

/// What a statement is lowered under.
pub(super) struct Lower<'f> {
    /// The SQL it is written in.
    pub(super) dialect: SqlDialect,
    /// `ALTER SESSION SET CURRENT_SCHEMA`.
    pub(super) current_schema: Option<Ident>,
    /// Where places are looked for that sqlparser lost.
    pub(super) fallback: Span,
    /// The statement's tokens, for the place of a clause that the tree does not keep.
    pub(super) tokens: &'f [TokenWithSpan],
    /// Where faults go.
    pub(super) faults: &'f mut Vec<Fault>,
    /// `UPDATE ONLY t`, `DELETE FROM ONLY t`: taken off before parsing.
    pub(super) only: bool,
    /// `OVERRIDING SYSTEM VALUE`: taken off before parsing.
    pub(super) overriding: bool,
    /// The WITH queries in scope, innermost last.
    queries: Vec<(Ident, Query)>,
    /// Do patterns mean something here?
    patterns: bool,
    /// Does VALUE mean the column's own value here?
    value: bool,
}

impl<'f> Lower<'f> {
    pub(super) fn new(dialect: SqlDialect, fallback: Span, faults: &'f mut Vec<Fault>) -> Self {
        Lower {
            dialect,
            current_schema: None,
            fallback,
            tokens: &[],
            faults,
            only: false,
            overriding: false,
            queries: Vec::new(),
            patterns: false,
            value: false,
        }
    }

    fn fault(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.faults.push(Fault::new(span, message).help(help));
    }

    /// Where the clause that begins with one of these words stands; the last of them counts.
    fn clause(&self, words: &[&str]) -> Span {
        let token = self
            .tokens
            .iter()
            .rfind(|token| words.iter().any(|word| is_word(token, word)));
        token.map_or(self.fallback, span_of)
    }

    /// A fault where an expression should be.
    fn refuse(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) -> Expr {
        self.fault(span, message, help);
        Expr {
            kind: ExprKind::Null,
            span,
        }
    }

    /// The place of a node.
    fn place(&self, node: &impl Spanned) -> Span {
        decode(node.span()).unwrap_or(self.fallback)
    }

    fn ident(&mut self, ident: &sql::Ident) -> Ident {
        let ident = Ident {
            text: ident.value.clone(),
            quoted: ident.quote_style.is_some(),
            span: decode(ident.span).unwrap_or(self.fallback),
        };
        if ident.is_pattern() && !self.patterns {
            self.fault(
                ident.span,
                "a name with * in it is a pattern, and a pattern is not read here",
                "patterns stand for the table of UPDATE, DELETE and TRUNCATE, for assigned \
                 columns and for columns in their WHERE; in an assigned value write VALUE",
            );
        }
        ident
    }

    /// The parts of a dotted name.
    fn parts(&mut self, name: &sql::ObjectName) -> Vec<Ident> {
        let span = self.place(name);
        let mut parts = Vec::new();
        for part in &name.0 {
            match part {
                sql::ObjectNamePart::Identifier(ident) => parts.push(self.ident(ident)),
                sql::ObjectNamePart::Function(_) => {
                    self.fault(span, "a name cannot be computed", "write the name itself");
                }
            }
        }
        parts
    }

    /// A single, undotted name.
    fn single(&mut self, name: &sql::ObjectName) -> Option<Ident> {
        let span = self.place(name);
        let mut parts = self.parts(name);
        if parts.len() > 1 {
            self.fault(
                span,
                "a name without dots is expected here",
                "write the name alone",
            );
        }
        parts.pop()
    }

    /// A table's name: `t`, `s.t`, `target.t`, `target.s.t`.
    fn table(&mut self, name: &sql::ObjectName) -> Option<TableRef> {
        let span = self.place(name);
        let mut parts = self.parts(name);
        let target = parts.len() > 1 && parts[0].text.eq_ignore_ascii_case("target");
        if target {
            parts.remove(0);
        }
        if parts.len() > 2 {
            self.fault(
                span,
                "a table is named by its schema and its name only",
                "leave the database's name out: write schema.table",
            );
        }
        let name = parts.pop()?;
        let schema = parts.pop().or_else(|| {
            let schema = self.current_schema.clone();
            schema.filter(|_| !target)
        });
        if schema.is_none() && !name.quoted && name.text.eq_ignore_ascii_case("only") {
            self.fault(
                span,
                "ONLY is read in UPDATE and DELETE",
                "leave ONLY out here",
            );
        }
        Some(TableRef {
            schema,
            name,
            alias: None,
            target,
            only: false,
        })
    }

    /// A table that is written to.
    fn written(&mut self, name: &sql::ObjectName) -> Option<TableRef> {
        let table = self.table(name)?;
        if table.target {
            self.fault(
                table.name.span,
                "the target environment's own dump is read, never written",
                "name the table without target. in front",
            );
        }
        Some(table)
    }
}

/// Do two names mean the same, as unquoted names match without regard to case?
fn same(a: &Ident, b: &Ident) -> bool {
    if a.quoted && b.quoted {
        a.text == b.text
    } else {
        a.text.eq_ignore_ascii_case(&b.text)
    }
}

/// Is it this unquoted word?
fn is_bare(ident: &sql::Ident, word: &str) -> bool {
    ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case(word)
}

/// The place that covers all of these expressions.
fn cover(exprs: &[Expr], fallback: Span) -> Span {
    let spans = exprs.iter().map(|expr| expr.span);
    spans.reduce(join).unwrap_or(fallback)
}
