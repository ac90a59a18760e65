//! Rows of a table of the server's own in which passwords of its users stand.
//!
//! They are rows, so rules reach them. But hashes have no shape that a rule for all texts would know, and a
//! test bed with production's passwords is what nobody wants; so it is said, unless somebody has reviewed them.

use super::driver::Driver;
use crate::dialect::Block;
use crate::error::{Position, Result};
use crate::plan::{Program, Strict};

const REMEDY: &str =
    "dump without the table (mysqldump --ignore-table), or empty it or UPDATE the column by a rule";

impl Driver<'_> {
    /// Rows begin: do passwords pass with them?
    pub(super) fn credentials(
        &mut self,
        at: Position,
        block: &Block,
        program: Option<&Program>,
    ) -> Result<()> {
        let framer = &self.decoder.framer;
        let columns = framer.credentials(&block.relation);
        if columns.is_empty() || self.searching.is_some() {
            return Ok(());
        }
        let header = block.columns.as_deref();
        let wanted = (Strict::All, true);
        let review =
            self.planner
                .review(framer.catalog(), &block.relation, header, program, wanted);
        let missing = |column: &&&str| match &review {
            Ok(review) => review
                .missing
                .iter()
                .any(|missing| missing.name == **column),
            Err(_) => true,
        };
        let Some(column) = columns.iter().find(missing) else {
            return Ok(());
        };
        let message = format!(
            "{} holds a password of each user (column {column}), which passes as it is",
            block.relation
        );
        self.passes(at, &message, REMEDY)
    }
}
