//! Conditions that only compare cells with constants: the rows that meet none of them are most of a dump, so
//! they are asked of the cells as they stand there, by code that is compiled for that kind of row.

use super::Row;
use super::node::Node;
use crate::value::ValueError;

impl Node {
    /// The truth of what [`Node::is_comparison`] is true of.
    pub(super) fn compared<R: Row + ?Sized>(&self, row: &R) -> Result<Option<bool>, ValueError> {
        match self {
            Node::Not(value) => Ok(value.compared(row)?.map(|v| !v)),
            Node::And(parts) => {
                let mut result = Some(true);
                for part in parts {
                    match part.compared(row)? {
                        Some(false) => return Ok(Some(false)),
                        None => result = None,
                        Some(true) => {}
                    }
                }
                Ok(result)
            }
            Node::Or(parts) => {
                let mut result = Some(false);
                for part in parts {
                    match part.compared(row)? {
                        Some(true) => return Ok(Some(true)),
                        None => result = None,
                        Some(false) => {}
                    }
                }
                Ok(result)
            }
            cell => cell.cell_compared(row),
        }
    }

    /// The same of one cell.
    #[inline]
    pub(super) fn cell_compared<R: Row + ?Sized>(
        &self,
        row: &R,
    ) -> Result<Option<bool>, ValueError> {
        Ok(match self {
            Node::CellIsNull(slot, negated) => Some(row.cell(*slot)?.is_none() != *negated),
            Node::CellEquals(slot, text, negated) => {
                row.cell(*slot)?.map(|cell| (cell == text) != *negated)
            }
            Node::CellIn(slot, texts, null, negated) => match row.cell(*slot)? {
                Some(cell) => among(texts.contains(cell), *null, *negated),
                None => None,
            },
            Node::IntegerIs(slot, range, comparison, constant) => match row.cell(*slot)? {
                Some(text) => Some(comparison.holds(range.parse(text)?.cmp(constant))),
                None => None,
            },
            Node::IntegerIn(slot, range, constants, null, negated) => match row.cell(*slot)? {
                Some(text) => {
                    let value = range.parse(text)?;
                    let found = match constants.len() {
                        // All of them, without a branch that nobody can foretell.
                        ..=8 => constants
                            .iter()
                            .fold(false, |found, one| found | (*one == value)),
                        _ => constants.binary_search(&value).is_ok(),
                    };
                    among(found, *null, *negated)
                }
                None => None,
            },
            _ => return Err(ValueError::new("this compares no cell")),
        })
    }
}

/// The truth of `IN`, or with `negated` of `NOT IN`, over a list with or without a NULL.
fn among(found: bool, null: bool, negated: bool) -> Option<bool> {
    (found || !null).then_some(found != negated)
}

#[cfg(test)]
mod tests {
    use super::super::compile_condition;
    use super::super::testing::{Cells, parse, postgres};
    use crate::rulebook::SqlDialect;
    use crate::schema::DataType;

    #[test]
    fn what_is_compared_is_what_is_evaluated() {
        for condition in [
            "i = 3",
            "i <> 3",
            "i IN (1, 3)",
            "i NOT IN (1, 3)",
            "i IN (1, NULL)",
            "i NOT IN (1, NULL)",
            "i NOT IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)",
            "t = 'a'",
            "t IN ('a', 'b')",
            "t NOT IN ('a', NULL)",
            "t IS NULL OR i > 2",
            "NOT (t IS NULL) AND i <= 2",
            "NOT (t = 'b' OR i < 0) AND i BETWEEN 2 AND 4",
        ] {
            for i in [None, Some("1"), Some("3"), Some("-7"), Some("x")] {
                for t in [None, Some("a"), Some("c")] {
                    let cells = Cells::default().with("i", DataType::Integer, i).with(
                        "t",
                        DataType::Text,
                        t,
                    );
                    let expr = parse(condition, SqlDialect::Postgres);
                    let compiled = compile_condition(&expr, &mut cells.clone(), &postgres());
                    let compiled = compiled.unwrap();
                    assert!(compiled.is_comparison(), "{condition}");
                    assert_eq!(
                        compiled.compares(&cells),
                        compiled.is_true(&cells),
                        "{condition} of {i:?} and {t:?}"
                    );
                }
            }
        }
    }
}
