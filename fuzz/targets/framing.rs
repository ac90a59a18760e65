//! The framers: the frames' bytes are the input, however it comes; every cell that can be read can
//! be written; nothing panics.

use super::digest;
use crate::differential::Choices;
use bytes::BytesMut;
use scrub::dialect::{
    Block, Dialect, Effect, Frame, Framer, OutputState, RowMode, RowSpan, mssql::Mssql,
    mysql::Mysql, oracle::Oracle, postgres::Postgres, properties::Properties, sqlite::Sqlite,
};
use scrub::schema::DataType;
use std::borrow::Cow;
use std::sync::Arc;

pub fn postgres(data: &[u8]) {
    framing(&Postgres, data);
}

pub fn mysql(data: &[u8]) {
    framing(&Mysql, data);
}

pub fn mssql(data: &[u8]) {
    framing(&Mssql, data);
}

pub fn oracle(data: &[u8]) {
    framing(&Oracle, data);
}

pub fn sqlite(data: &[u8]) {
    framing(&Sqlite, data);
}

pub fn properties(data: &[u8]) {
    framing(&Properties, data);
}

fn framing(dialect: &dyn Dialect, data: &[u8]) {
    dialect.recognise(data);
    // The frames of an archive are those of the script that it stands for.
    if data.starts_with(b"PGDMP") {
        return;
    }
    for mode in [RowMode::Pass, RowMode::Split] {
        let whole = Framing::of(dialect, data, mode, &mut || usize::MAX);
        assert!(
            whole.bytes == data,
            "{mode:?}: the frames are not the input"
        );
        if mode == RowMode::Pass {
            assert_eq!(whole.error, None, "rows that nobody looks at are refused");
        }
        let mut choices = Choices::new(digest(data));
        let most = choices.of(&[1, 7, 60, 700]);
        // Every piece searches what is still open from where it was, so small ones take their time.
        if data.len() / most > 5_000 {
            continue;
        }
        let cut = Framing::of(dialect, data, mode, &mut || 1 + choices.below(most));
        assert!(
            cut.bytes == data,
            "{mode:?}: the frames of pieces are not the input"
        );
        assert_eq!(whole.error, cut.error, "{mode:?}");
        assert_eq!(whole.complete, cut.complete, "{mode:?}: complete or not");
        if whole.error.is_none() {
            whole.compare(&cut, mode);
        }
    }
}

/// What a framing says, without where rows and gaps happen to be cut.
#[derive(Default)]
struct Framing {
    /// The bytes of all frames, and what a framer that gave up has left.
    bytes: Vec<u8>,
    /// The frames by kind; neighbours of rows and of gaps are one.
    frames: Vec<(&'static str, String, Vec<u8>)>,
    rows: u64,
    error: Option<String>,
    /// Does the framer take the input for complete?
    complete: bool,
}

impl Framing {
    fn of(
        dialect: &dyn Dialect,
        data: &[u8],
        mode: RowMode,
        next: &mut dyn FnMut() -> usize,
    ) -> Framing {
        let mut framer = dialect.framer();
        let mut framing = Framing::default();
        let (mut input, mut at) = (BytesMut::new(), 0);
        let mut block: Option<Arc<Block>> = None;
        let mut first = None;
        loop {
            let eof = at == data.len();
            loop {
                let frame = match framer.next(&mut input, eof) {
                    Ok(Some(frame)) => frame,
                    Ok(None) => break,
                    Err(error) => {
                        framing.error = Some(error.to_string());
                        framing.bytes.extend_from_slice(&input);
                        framing.bytes.extend_from_slice(&data[at..]);
                        ended(&*framer, block);
                        return framing;
                    }
                };
                match &frame {
                    Frame::Head { block: begun, .. } => {
                        block = Some(Arc::clone(begun));
                        framer.rows(mode);
                        let session = framer.session();
                        let first = first.get_or_insert_with(|| session.clone());
                        let _ = framer.switch(first, &session, &mut Vec::new());
                        let _ = framer.switch(&session, first, &mut Vec::new());
                    }
                    Frame::Rows { bytes, rows, .. } if mode == RowMode::Split => {
                        let block = block.as_ref().expect("rows have a head");
                        cells(&*framer, block, bytes, *rows);
                    }
                    Frame::End { .. } => block = None,
                    Frame::Statement { effect, .. } => {
                        framer.without_users(&|_| true);
                        if matches!(effect, Effect::Connect(_)) {
                            first = None;
                        }
                    }
                    _ => {}
                }
                // What is told of rows stands among them, wherever they are cut.
                if block.is_none() || !matches!(frame, Frame::Statement { .. }) {
                    framing.take(&frame);
                }
            }
            if eof {
                assert!(input.is_empty(), "something is left in the framer's input");
                framing.complete = framer.finish().is_ok();
                ended(&*framer, block);
                return framing;
            }
            let length = next().max(1).min(data.len() - at);
            input.extend_from_slice(&data[at..at + length]);
            at += length;
        }
    }

    fn take(&mut self, frame: &Frame) {
        self.bytes.extend_from_slice(frame.bytes());
        let (kind, what) = match frame {
            Frame::Statement { effect, at, .. } => ("statement", format!("{effect:?} {at:?}")),
            Frame::Head { block, at, .. } => (
                "head",
                format!("{} {:?} {at:?}", block.relation, block.columns),
            ),
            Frame::Rows { rows, .. } => {
                self.rows += rows;
                ("rows", String::new())
            }
            Frame::End { at, .. } => ("end", format!("{at:?}")),
            Frame::Other { .. } | Frame::Part(_) => ("other", String::new()),
        };
        match self.frames.last_mut() {
            Some((last, _, bytes)) if *last == kind && matches!(kind, "rows" | "other") => {
                bytes.extend_from_slice(frame.bytes());
            }
            _ => self.frames.push((kind, what, frame.bytes().to_vec())),
        }
    }

    /// Statements and heads are the same for all pieces; where rows are split, everything is. (Where
    /// a broken INSERT ends that nobody looks at is another matter.)
    fn compare(&self, other: &Framing, mode: RowMode) {
        let counts = |kind: &str| mode == RowMode::Split || matches!(kind, "statement" | "head");
        let frames = |framing: &Framing| {
            let frames = framing.frames.iter().filter(|(kind, ..)| counts(kind));
            frames.cloned().collect::<Vec<_>>()
        };
        let (ones, others) = (frames(self), frames(other));
        for (one, two) in ones.iter().zip(&others) {
            assert!(
                one == two,
                "{mode:?}: pieces are framed otherwise: {} {} {}\n{} {} {}",
                one.0,
                one.1,
                one.2.escape_ascii(),
                two.0,
                two.1,
                two.2.escape_ascii()
            );
        }
        assert_eq!(ones.len(), others.len(), "{mode:?}: frames");
        assert_eq!(self.rows, other.rows, "{mode:?}: rows");
    }
}

/// Reads all cells of whole rows, writes them again, and reads the same.
fn cells(framer: &dyn Framer, block: &Block, batch: &[u8], rows: u64) {
    let relation = framer.catalog().relation(&block.relation);
    let column_type = |place: usize| {
        let name = block.columns.as_ref()?.get(place)?;
        let columns = &relation?.columns;
        let column = columns.iter().find(|column| column.name == *name)?;
        Some(&column.data_type)
    };
    let (mut row, mut end, mut count) = (RowSpan::default(), 0, 0);
    let mut out = Vec::new();
    // A row that cannot be read stops a run.
    while let Ok(more) = block.codec.row(batch, end, &mut row) {
        if !more {
            assert_eq!(count, rows, "a frame of whole rows knows how many they are");
            return;
        }
        count += 1;
        assert!(
            row.lead.start == end && row.lead.end == row.body.start,
            "a gap before a row"
        );
        end = row.body.end;
        for (place, cell) in row.cells.iter().enumerate() {
            let data_type = column_type(place).unwrap_or(&DataType::Unknown);
            let raw = &batch[cell.clone()];
            let Ok(text) = block.codec.decode(place, raw, data_type) else {
                continue;
            };
            for original in [Some(raw), None] {
                out.clear();
                let encoded =
                    block
                        .codec
                        .encode(place, text.as_deref(), original, data_type, &mut out);
                if encoded.is_err() {
                    continue;
                }
                let again = block.codec.decode(place, &out, data_type);
                // Oracle takes an empty text for NULL.
                let same = |again: &Option<Cow<'_, [u8]>>| {
                    *again == text || again.is_none() && text.as_deref() == Some(b"")
                };
                assert!(
                    again.as_ref().is_ok_and(same),
                    "{data_type:?}: {} is read as {:?}, written as {}, read again as {:?}",
                    raw.escape_ascii(),
                    text.as_deref().map(|text| text.escape_ascii().to_string()),
                    out.escape_ascii(),
                    again.map(|text| text.map(|text| text.escape_ascii().to_string())),
                );
            }
        }
    }
}

/// An end that cannot be loaded can be written wherever the input ends.
fn ended(framer: &dyn Framer, block: Option<Arc<Block>>) {
    let mut states = vec![OutputState::TopLevel, OutputState::Unfinished];
    if let Some(block) = block {
        states.push(OutputState::Rows(Arc::clone(&block), true));
        states.push(OutputState::Rows(block, false));
    }
    for state in states {
        assert!(!framer.unloadable(&state, "it's a fault").is_empty());
    }
}
