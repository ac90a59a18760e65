//! `regexp_replace`: the replacement, and the walk over the matches.

use regex::bytes::{Captures, Regex};

/// `regexp_replace`: replaces the first match or, with `all`, every match, stepping over empty
/// matches exactly as PostgreSQL does.
pub fn replace(regex: &Regex, text: &[u8], replacement: &Replacement, all: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut copied = 0;
    let mut from = 0;
    while from <= text.len() {
        let Some(found) = regex.captures_at(text, from) else {
            break;
        };
        let whole = found.get(0).expect("group 0 always takes part");
        out.extend_from_slice(&text[copied..whole.start()]);
        replacement.write(&found, &mut out);
        copied = whole.end();
        from = whole.end();
        if !all {
            break;
        }
        if whole.is_empty() {
            from += char_len(&text[from..]).max(1);
        }
    }
    out.extend_from_slice(&text[copied..]);
    out
}

/// The length of the first character; 1 for what is not UTF-8.
fn char_len(text: &[u8]) -> usize {
    match bstr::decode_utf8(text) {
        (_, 0) => 0,
        (_, n) => n,
    }
}

/// The replacement of `regexp_replace`, cut into pieces once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(Vec<u8>),
    Group(usize),
}

impl Replacement {
    /// Reads `\1` to `\9`, `\&` and `\\`.
    pub fn new(text: &[u8]) -> Self {
        let mut pieces = Vec::new();
        let mut literal = Vec::new();
        let mut bytes = text.iter().copied();
        while let Some(byte) = bytes.next() {
            if byte != b'\\' {
                literal.push(byte);
                continue;
            }
            let mut rest = bytes.clone();
            let group = match rest.next() {
                Some(b'&') => Some(0),
                Some(digit @ b'1'..=b'9') => Some(usize::from(digit - b'0')),
                Some(b'\\') => {
                    literal.push(b'\\');
                    bytes = rest;
                    continue;
                }
                // An unknown escape stands for itself, with its backslash.
                _ => None,
            };
            match group {
                Some(group) => {
                    if !literal.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut literal)));
                    }
                    pieces.push(Piece::Group(group));
                    bytes = rest;
                }
                None => literal.push(b'\\'),
            }
        }
        if !literal.is_empty() {
            pieces.push(Piece::Text(literal));
        }
        Replacement(pieces)
    }

    /// Does it name a group, so that groups' extents matter?
    pub fn names_groups(&self) -> bool {
        self.0
            .iter()
            .any(|p| matches!(p, Piece::Group(group) if *group > 0))
    }

    fn write(&self, found: &Captures<'_>, out: &mut Vec<u8>) {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text),
                Piece::Group(group) => {
                    if let Some(part) = found.get(*group) {
                        out.extend_from_slice(part.as_bytes());
                    }
                }
            }
        }
    }
}
