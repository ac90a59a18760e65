//! Expressions: compiled once against the types of a relation, evaluated for each row.
//!
//! [`compile`] types an expression of the rulebook with the columns' declared types, refuses every
//! operator, function or type pair that is not implemented, folds constants (so that a constant
//! that is wrong is refused at load time) and gives a [`Compiled`] that reads only the cells it
//! names. It knows no dialect's bytes: cells come as text forms through [`Row`].

mod anon;
mod assignment;
mod builtins;
mod calls;
mod choices;
mod collate;
mod compared;
mod comparison;
mod compiler;
mod conversion;
mod direct;
mod engines;
mod evaluate;
mod like;
mod lookup;
mod node;
mod operators;
mod patterns;
mod query;
mod regex;
mod types;

pub use assignment::{Assignment, PlainAddresses, compile_assignment};
pub use lookup::{Input, Joined, JoinedRow, Lookup, Rows, compile_joined, compile_lookup};
pub use query::{CompiledQuery, Partial, Table, compile_query};
pub use types::type_name;

use crate::functions::Key;
use crate::rulebook::{Expr, Ident, Span, SqlDialect, TableRef};
use crate::schema::{Column, DataType, LengthUnit};
use crate::value::{Value, ValueError};
use compiler::Compiler;
use node::Node;
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
    /// Which kind it is.
    pub kind: FaultKind,
}

/// Kinds of faults, for a caller that tries an expression on several columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// Types that do not go together: in a pattern assignment the column is not meant.
    Type,
    /// A name that means nothing.
    Name,
    /// What a foreign key asks for and the dump does not tell (in time). Its message holds names of the
    /// schema only, nothing of the statement.
    ForeignKey,
    /// Anything else.
    Other,
}

/// What names mean while an expression is compiled.
pub trait Scope {
    /// The slot and type of a column. `Err` is the message ("no such column, did you mean …").
    fn column(&mut self, table: Option<&Ident>, column: &Ident) -> Result<(usize, Column), String>;

    /// The rows of a table that a subquery or FROM reads. It may be asked for the same one again.
    /// The default refuses.
    fn table(&mut self, _table: &TableRef) -> Result<Arc<Input>, String> {
        Err("this looks at other rows, which it cannot do here".to_owned())
    }

    /// A user-defined type that a cast names: an enum or domain. The default knows none.
    fn data_type(&mut self, _name: &str) -> Option<DataType> {
        None
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
    /// A length that `anon` results keep although the column allows more: that of a foreign key's
    /// other side.
    pub limit: Option<(u32, LengthUnit)>,
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
    node: Node,
    slots: Vec<usize>,
    lookups: Vec<Arc<Lookup>>,
    needs_ordinal: bool,
}

impl Compiled {
    fn new(node: Node, data_type: DataType) -> Self {
        Compiled {
            slots: node.slots(),
            lookups: node.lookups(),
            needs_ordinal: node.needs_ordinal(),
            data_type,
            node,
        }
    }

    /// Evaluates it for `row`.
    ///
    /// # Errors
    /// If a cell cannot be read as its type, or the computation fails as it would in the database.
    pub fn eval<'v>(&'v self, row: &'v dyn Row) -> Result<Value<'v>, ValueError> {
        self.node.eval(row)
    }

    /// Evaluates it as a predicate: true only if it is TRUE.
    ///
    /// # Errors
    /// As for [`Compiled::eval`].
    pub fn is_true(&self, row: &dyn Row) -> Result<bool, ValueError> {
        Ok(self.node.truth(row)? == Some(true))
    }

    /// The same of a condition that [`Compiled::is_comparison`] is true of, compiled for this kind of row.
    ///
    /// # Errors
    /// As for [`Compiled::eval`].
    #[inline]
    pub fn compares<R: Row>(&self, row: &R) -> Result<bool, ValueError> {
        // Most are one comparison, which then needs no call.
        let truth = match self.node {
            Node::Not(_) | Node::And(_) | Node::Or(_) => self.node.compared(row)?,
            _ => self.node.cell_compared(row)?,
        };
        Ok(truth == Some(true))
    }

    /// Its value, if it is a constant.
    pub fn constant(&self) -> Option<&Value<'static>> {
        match &self.node {
            Node::Const(value) => Some(value),
            _ => None,
        }
    }

    /// The slots it reads, ascending, each once.
    pub fn slots(&self) -> &[usize] {
        &self.slots
    }

    /// The subqueries in it.
    pub fn lookups(&self) -> &[Arc<Lookup>] {
        &self.lookups
    }

    /// Does it call a fresh function, so that the row's ordinal matters?
    pub fn needs_ordinal(&self) -> bool {
        self.needs_ordinal
    }

    /// Does it do nothing but compare cells to constants?
    pub fn is_comparison(&self) -> bool {
        self.node.is_comparison()
    }
}

/// Compiles an expression.
///
/// # Errors
/// All faults that were found in it.
pub fn compile(
    expr: &Expr,
    scope: &mut dyn Scope,
    settings: &Settings,
) -> Result<Compiled, Vec<Fault>> {
    let mut compiler = Compiler::new(scope, settings);
    let typed = compiler.expr(expr);
    finish(compiler, typed)
}

/// Compiles a condition: something boolean.
///
/// # Errors
/// All faults that were found in it.
pub fn compile_condition(
    expr: &Expr,
    scope: &mut dyn Scope,
    settings: &Settings,
) -> Result<Compiled, Vec<Fault>> {
    let mut compiler = Compiler::new(scope, settings);
    let typed = compiler.condition(expr);
    finish(compiler, typed)
}

fn finish(
    mut compiler: Compiler<'_>,
    typed: Option<compiler::Typed>,
) -> Result<Compiled, Vec<Fault>> {
    // What is still unknown at the end is text, as in a select list.
    let typed = typed.and_then(|typed| {
        if typed.is_unknown() {
            compiler.coerce(typed, &DataType::Text)
        } else {
            Some(typed)
        }
    });
    match typed {
        Some(typed) if compiler.faults.is_empty() => {
            // Text of type `char(n)` has its blanks already, and within CASE it may have none.
            let data_type = match typed.data_type {
                DataType::Char(..) => DataType::Text,
                other => other,
            };
            Ok(Compiled::new(typed.node, data_type))
        }
        _ => Err(compiler.faults),
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
