//! A statement's text, and the map that leads every byte of it back to its place in the file.
//!
//! Between the two lie comments that were left out and variables that were put in; a fault that
//! sqlparser finds in the text is shown where its author wrote it.

use super::ast::Span;
use super::diagnostics::Fault;

/// A statement's text and where each part of it came from.
#[derive(Debug, Default, Clone)]
pub(super) struct Chunk {
    pub(super) text: String,
    pieces: Vec<Piece>,
    /// Variables that it uses and nobody set: it cannot be parsed.
    pub(super) unset: Vec<Fault>,
}

#[derive(Debug, Clone, Copy)]
struct Piece {
    /// First byte in the chunk's text.
    at: usize,
    /// Where it came from.
    origin: Span,
    /// Byte for byte, or something that stands in for the origin as a whole?
    verbatim: bool,
}

impl Chunk {
    pub(super) fn push(&mut self, text: &str, origin: Span, verbatim: bool) {
        let adjoins = self
            .pieces
            .last()
            .is_some_and(|last| last.verbatim && verbatim && last.origin.end == origin.start);
        match self.pieces.last_mut() {
            Some(last) if adjoins => last.origin.end = origin.end,
            _ => self.pieces.push(Piece {
                at: self.text.len(),
                origin,
                verbatim,
            }),
        }
        self.text.push_str(text);
    }

    /// Text that stands for `span` as a whole: SQL inside a literal.
    pub(super) fn standing_for(text: String, span: Span) -> Chunk {
        let pieces = vec![Piece {
            at: 0,
            origin: span,
            verbatim: false,
        }];
        Chunk {
            text,
            pieces,
            unset: Vec::new(),
        }
    }

    /// Nothing but blanks?
    pub(super) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// The place in the file of a range of bytes of the text.
    pub(super) fn origin(&self, start: usize, end: usize) -> Span {
        let piece = |byte: usize| {
            let after = self.pieces.partition_point(|piece| piece.at <= byte);
            self.pieces.get(after.saturating_sub(1))
        };
        let Some(first) = piece(start) else {
            return Span::default();
        };
        let last = piece(end.saturating_sub(1).max(start)).unwrap_or(first);
        let from = if first.verbatim {
            first.origin.start + (start - first.at) as u32
        } else {
            first.origin.start
        };
        let to = if last.verbatim {
            (last.origin.start + (end - last.at.min(end)) as u32).min(last.origin.end)
        } else {
            last.origin.end
        };
        Span {
            file: first.origin.file,
            start: from,
            end: to.max(from),
        }
    }

    /// The place of the statement without the blanks around it.
    pub(super) fn span(&self) -> Span {
        let start = self.text.len() - self.text.trim_start().len();
        self.origin(start, self.text.trim_end().len().max(start))
    }
}
