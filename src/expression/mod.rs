//! Expressions: compiled once against the types of a relation, evaluated for each row.
//!
//! [`compile`] types an expression of the rulebook with the columns' declared types, refuses every
//! operator, function or type pair that is not implemented, folds constants (so that a constant
//! that is wrong is refused at load time) and gives a [`Compiled`] that reads only the cells it
//! names. It knows no dialect's bytes: cells come as text forms through [`Row`].

use crate::functions::Key;
use crate::rulebook::{Expr, Ident, Query, Span, SqlDialect};
use crate::schema::{Column, DataType};
use crate::value::{Value, ValueError};
use std::borrow::Cow;
use std::sync::Arc;

/// A fault in an expression, with its place in the rulebook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub span: Span,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

/// What names mean while an expression is compiled.
pub trait Scope {
    /// The slot and type of a column. `Err` is the message ("no such column, did you mean …").
    fn column(&mut self, table: Option<&Ident>, column: &Ident) -> Result<(usize, Column), String>;

    /// The slot of a subquery that the plan computes: `InQuery`, `Exists` and `Subquery` nodes ask
    /// for it. The default refuses.
    fn subquery(&mut self, _query: &Query, _span: Span) -> Result<usize, String> {
        Err("a rule that looks at other rows is not supported yet".to_owned())
    }
}

/// The settings under which a rulebook's expressions are compiled.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The dialect the rulebook is written in.
    pub written_in: SqlDialect,
    /// The dialect of the dump, whose comparison rules hold.
    pub dump: SqlDialect,
    /// Compare text without case and accents (Oracle's linguistic session setting).
    pub linguistic: bool,
    /// The key behind the `anon` functions.
    pub key: Arc<Key>,
    /// `now()`: microseconds since 2000-01-01 UTC, the start of the run.
    pub now: i64,
    /// What fresh functions are seeded with beside the row: relation and rule.
    pub seed: String,
    /// The value's column in a pattern assignment: slot and column.
    pub value: Option<(usize, Column)>,
}

/// A row while an expression is evaluated: cells by slot, as text forms; none is NULL.
pub trait Row {
    /// The text form of the cell in `slot`.
    fn cell(&self, slot: usize) -> Result<Option<&[u8]>, ValueError>;
    /// The row's ordinal as read, counted from 0.
    fn ordinal(&self) -> u64;
}

/// A compiled expression.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// The type of the result.
    pub data_type: DataType,
}

impl Compiled {
    /// Evaluates it for `row`.
    pub fn eval<'v>(&'v self, _row: &'v dyn Row) -> Result<Value<'v>, ValueError> {
        todo!()
    }

    /// Evaluates it as a predicate: true only if it is TRUE.
    pub fn is_true(&self, _row: &dyn Row) -> Result<bool, ValueError> {
        todo!()
    }

    /// Its value, if it is a constant.
    pub fn constant(&self) -> Option<&Value<'static>> {
        todo!()
    }

    /// The slots it reads, ascending, each once.
    pub fn slots(&self) -> &[usize] {
        todo!()
    }
}

/// Compiles an expression.
pub fn compile(
    _expr: &Expr,
    _scope: &mut dyn Scope,
    _settings: &Settings,
) -> Result<Compiled, Vec<Fault>> {
    todo!()
}

/// A value on its way into a column: assignment casts, length, scale and NOT NULL as the server checks them.
#[derive(Debug, Clone)]
pub struct Assignment {}

impl Assignment {
    /// Evaluates for `row` and gives the text form for the column; none is NULL.
    pub fn eval<'v>(&'v self, _row: &'v dyn Row) -> Result<Option<Cow<'v, [u8]>>, ValueError> {
        todo!()
    }

    /// The slots it reads.
    pub fn slots(&self) -> &[usize] {
        todo!()
    }
}

/// Compiles an expression that is assigned to `column`. The `anon` function at its top (also inside
/// CASE, coalesce, casts) is told the column's length.
pub fn compile_assignment(
    _expr: &Expr,
    _column: &Column,
    _scope: &mut dyn Scope,
    _settings: &Settings,
) -> Result<Assignment, Vec<Fault>> {
    todo!()
}
