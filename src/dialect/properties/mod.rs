//! Java's .properties files, and INI files that follow their grammar: settings beside a database.
//!
//! A file is one relation, called like the file, with the columns `key` and `value`: each pair is a row, in
//! the order of the file. In reading order: [`mod@line`] finds the pairs, [`cell`] reads and writes their
//! halves. Comments and blank lines belong to no row and stay, whatever becomes of the pairs around them.
//!
//! A file cannot be told by its content, so that it has to be named (`--from properties`). A UTF-8 file
//! passes as it came; where a rule reads it, its bytes are Latin-1, as Java's own reader takes them.

pub mod cell;
pub mod line;

use super::{
    Block, Dialect, Frame, Framer, OutputState, RowCodec, RowFault, RowMode, RowSpan, SessionState,
    Without,
};
use crate::error::{Error, Position, Result};
use crate::schema::{Catalog, Column, DataType, Relation, RelationName};
use bytes::BytesMut;
use line::{Kind, line};
use std::borrow::Cow;
use std::sync::Arc;

/// The columns of the relation.
const COLUMNS: [&str; 2] = ["key", "value"];

/// What the relation is called if the file has no name.
const NAMELESS: &str = "properties";

/// .properties files.
#[derive(Debug, Clone, Copy, Default)]
pub struct Properties;

impl Dialect for Properties {
    fn name(&self) -> &'static str {
        "properties"
    }

    fn recognise(&self, _: &[u8]) -> u8 {
        0
    }

    fn framer(&self) -> Box<dyn Framer> {
        Box::new(PropertiesFramer::new(NAMELESS))
    }

    fn framer_of(&self, file: Option<&str>) -> Box<dyn Framer> {
        Box::new(PropertiesFramer::new(file.unwrap_or(NAMELESS)))
    }
}

/// Frames one file.
#[derive(Debug)]
struct PropertiesFramer {
    catalog: Catalog,
    relation: RelationName,
    at: Position,
    rows: u64,
    mode: RowMode,
    /// Pairs follow one another.
    within: bool,
}

impl PropertiesFramer {
    fn new(name: &str) -> Self {
        let mut relation = Relation::new(RelationName::new(None, name));
        relation.columns = COLUMNS.map(|name| Column::new(name, DataType::Text)).into();
        for column in &mut relation.columns {
            column.not_null = true;
        }
        let mut framer = PropertiesFramer {
            catalog: Catalog::default(),
            relation: relation.name.clone(),
            at: Position::START,
            rows: 0,
            mode: RowMode::Pass,
            within: false,
        };
        framer.learn(relation);
        framer
    }

    fn learn(&mut self, relation: Relation) {
        self.catalog
            .relations
            .insert(relation.name.clone(), relation);
    }

    fn block(&self) -> Arc<Block> {
        Arc::new(Block {
            relation: self.relation.clone(),
            columns: Some(COLUMNS.map(str::to_owned).into()),
            has_end: false,
            tied: false,
            entry: None,
            codec: Arc::new(PairCodec),
        })
    }
}

/// How far lines of one sort reach, and how many they are. A last line that is to be continued, at the
/// end of the file, stands alone.
fn stretch(input: &[u8], eof: bool, pairs: bool) -> (usize, u64) {
    let (mut end, mut lines) = (0, 0);
    while let Some(next) = line(&input[end..], eof) {
        let open = lines > 0 && line::is_continued(&input[end..end + next.end]);
        if (next.kind == Kind::Pair) != pairs || open {
            break;
        }
        end += next.end;
        lines += 1;
    }
    (end, lines)
}

impl Framer for PropertiesFramer {
    fn next(&mut self, input: &mut BytesMut, eof: bool) -> Result<Option<Frame>> {
        let Some(first) = line(input, eof) else {
            if eof && std::mem::take(&mut self.within) {
                return Ok(Some(self.end()));
            }
            return Ok(None);
        };
        let at = self.at;
        match (first.kind, self.within) {
            (Kind::Pair, false) => {
                self.within = true;
                self.mode = RowMode::Pass;
                let (bytes, block) = (input.split_to(0).freeze(), self.block());
                Ok(Some(Frame::Head { bytes, at, block }))
            }
            (Kind::Pair, true) => {
                let (end, rows) = stretch(input, eof, true);
                let whole = !line::is_continued(&input[..end]);
                if self.mode == RowMode::Split && !whole {
                    return Err(Error::input(
                        "the file ends with a backslash: its last line is to be continued",
                    )
                    .relation(&self.relation)
                    .at(at));
                }
                let bytes = input.split_to(end).freeze();
                self.at.advance(&bytes);
                let first_row = self.rows;
                self.rows += rows;
                Ok(Some(Frame::Rows {
                    bytes,
                    at,
                    first_row,
                    rows,
                }))
            }
            (Kind::Other, true) => {
                self.within = false;
                Ok(Some(self.end()))
            }
            (Kind::Other, false) => {
                let (end, _) = stretch(input, eof, false);
                let bytes = input.split_to(end).freeze();
                self.at.advance(&bytes);
                Ok(Some(Frame::Other { bytes }))
            }
        }
    }

    fn rows(&mut self, mode: RowMode) {
        self.mode = mode;
    }

    fn finish(&self) -> Result<()> {
        Ok(())
    }

    fn seed(&mut self, catalog: Catalog) {
        let own = self.catalog.relations.get(&self.relation).cloned();
        self.catalog = catalog;
        if let Some(relation) = own {
            self.learn(relation);
        }
    }

    fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    fn session(&self) -> SessionState {
        SessionState::default()
    }

    fn switch(&self, _: &SessionState, _: &SessionState, _: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }

    fn without_users(&self, _: &dyn Fn(&str) -> bool) -> Without {
        Without::Same
    }

    fn schema_first(&self) -> bool {
        true
    }

    /// Comments stand between the pairs.
    fn in_pieces(&self) -> bool {
        true
    }

    fn write_rows(
        &self,
        _: &Relation,
        columns: &[usize],
        rows: &[Vec<Option<Vec<u8>>>],
        _as_insert: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), RowFault> {
        for row in rows {
            let half = |number: usize| {
                let place = columns.iter().position(|column| *column == number);
                place.and_then(|place| row[place].as_deref())
            };
            cell::write(half(0), half(1), out)?;
        }
        Ok(())
    }

    /// Java refuses a `\u` that four digits do not follow.
    fn unloadable(&self, _: &OutputState, message: &str) -> Vec<u8> {
        let plain = |c: char| if (' '..='~').contains(&c) { c } else { ' ' };
        let message: String = message.chars().map(plain).collect();
        format!("\n\\u(scrub): {message}\n").into_bytes()
    }
}

impl PropertiesFramer {
    fn end(&self) -> Frame {
        Frame::End {
            bytes: bytes::Bytes::new(),
            at: self.at,
        }
    }
}

/// Reads and writes pairs.
#[derive(Debug)]
struct PairCodec;

impl RowCodec for PairCodec {
    fn row(&self, batch: &[u8], at: usize, row: &mut RowSpan) -> Result<bool, RowFault> {
        row.cells.clear();
        row.statement = None;
        row.lead = at..at;
        row.body = at..at;
        let Some(found) = line(&batch[at..], true) else {
            return Ok(false);
        };
        row.body = at..at + found.end;
        let (key, value) = cell::halves(&batch[row.body.clone()]);
        row.cells
            .extend([key, value].map(|half| at + half.start..at + half.end));
        Ok(true)
    }

    fn decode<'a>(
        &self,
        column: usize,
        raw: &'a [u8],
        _: &DataType,
    ) -> Result<Option<Cow<'a, [u8]>>, RowFault> {
        cell::decode(column == 1, raw).map(Some)
    }

    fn encode(
        &self,
        column: usize,
        text: Option<&[u8]>,
        original: Option<&[u8]>,
        _: &DataType,
        out: &mut Vec<u8>,
    ) -> Result<(), RowFault> {
        cell::encode(column == 1, text, original, out)
    }

    fn write_row(
        &self,
        cells: &[(Option<&[u8]>, &DataType)],
        out: &mut Vec<u8>,
    ) -> Result<(), RowFault> {
        let half = |number: usize| cells.get(number).and_then(|(text, _)| *text);
        cell::write(half(0), half(1), out)
    }
}

#[cfg(test)]
mod tests;
