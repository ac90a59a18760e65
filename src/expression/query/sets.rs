//! Functions that give rows, in a select list.
//!
//! `SELECT a, unnest(b) FROM t` gives a row for each element of each row's array, and none for an
//! empty one. Several such functions go in step; the shorter ones end with NULL. What a function
//! gives is read like a cell of the row, in a slot from [`SETS`] on.
//!
//! They do not stand in FROM, within one another, in a query with groups, or where they may not be
//! evaluated (CASE, COALESCE, AND, OR).

use crate::expression::builtins;
use crate::expression::compiler::{Compiler, Typed};
use crate::expression::evaluate::written;
use crate::expression::lookup::OUTER;
use crate::expression::node::Node;
use crate::expression::{FaultKind, Row};
use crate::rulebook::{Expr, ExprKind, Query, SelectItem, Span, walk};
use crate::schema::DataType;
use crate::value::{Value, ValueError};

/// Slots from here to [`OUTER`] are what functions that give rows give for this one.
pub(super) const SETS: usize = OUTER / 2;

/// A function that gives rows.
#[derive(Debug)]
pub(in crate::expression) struct Set {
    /// It makes an array.
    pub(super) node: Node,
    /// The type of the elements.
    data_type: DataType,
}

/// Is there a function that gives rows in the select list?
pub(in crate::expression) fn gives_sets(query: &Query) -> bool {
    let mut found = false;
    for item in &query.items {
        if let SelectItem::Expr { expr, .. } = item {
            walk(expr, &mut |expr| {
                found |=
                    matches!(&expr.kind, ExprKind::Call { name, .. } if builtins::is_set(name));
            });
        }
    }
    found
}

impl Compiler<'_> {
    /// A call of a function that gives rows: a cell that holds one element after the other.
    pub(in crate::expression) fn set_returning(
        &mut self,
        name: &str,
        args: &[Expr],
        span: Span,
    ) -> Option<Typed> {
        if !self.allows_sets || self.guarded {
            return self.fault(
                FaultKind::Other,
                span,
                format!("{name} gives rows; it stands only in the list of a SELECT without groups"),
                Some("write it there, outside of CASE, COALESCE, AND and OR"),
            );
        }
        self.allows_sets = false;
        let args: Vec<_> = args
            .iter()
            .map(|arg| self.untargeted(|c| c.expr(arg)))
            .collect();
        self.allows_sets = true;
        let args = args.into_iter().collect::<Option<Vec<_>>>()?;
        let element = match args.first().map(|arg| &arg.data_type) {
            Some(DataType::Array(element)) => Some((**element).clone()),
            _ => None,
        };
        let call = self.builtin(name, args, span)?;
        let data_type = element.unwrap_or(call.data_type);
        let slot = SETS + self.sets.len();
        self.sets.push(Set {
            node: call.node,
            data_type: data_type.clone(),
        });
        let node = Node::Cell(slot, data_type.clone(), false);
        Some(Typed::new(node, data_type, span).collated(call.collation))
    }
}

/// A row with one element of each set.
struct Expanded<'r> {
    row: &'r dyn Row,
    cells: Vec<Option<Vec<u8>>>,
    number: u64,
}

impl Row for Expanded<'_> {
    fn cell(&self, slot: usize) -> Result<Option<&[u8]>, ValueError> {
        match slot.checked_sub(SETS).and_then(|at| self.cells.get(at)) {
            Some(cell) => Ok(cell.as_deref()),
            None => self.row.cell(slot),
        }
    }

    fn ordinal(&self) -> u64 {
        self.row.ordinal() ^ self.number.rotate_left(20)
    }
}

/// Calls `take` for each row that the row gives: itself, if there are no sets.
pub(super) fn expanded(
    sets: &[Set],
    row: &dyn Row,
    take: &mut dyn FnMut(&dyn Row) -> Result<(), ValueError>,
) -> Result<(), ValueError> {
    if sets.is_empty() {
        return take(row);
    }
    let mut columns = Vec::with_capacity(sets.len());
    for set in sets {
        columns.push(match set.node.eval(row)? {
            Value::Array(elements) => elements,
            _ => Vec::new(),
        });
    }
    let longest = columns.iter().map(Vec::len).max().unwrap_or(0);
    for at in 0..longest {
        let cells = sets.iter().zip(&columns).map(|(set, elements)| {
            let value = elements.get(at).filter(|value| !value.is_null())?;
            Some(written(value.clone(), &set.data_type).into_owned())
        });
        take(&Expanded {
            row,
            cells: cells.collect(),
            number: at as u64,
        })?;
    }
    Ok(())
}
