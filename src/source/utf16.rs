//! UTF-16 at the edges: SSMS writes it, and its script must leave as it came.
//!
//! Within scrub text is UTF-8. Half a surrogate pair, which UTF-16 files can hold and UTF-8 cannot, is
//! written in three bytes as if it were a character, so that it comes out again. The byte order mark
//! is a character like any other.

use std::io::{self, Read};

/// The order of the two bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Utf16 {
    /// The low byte first.
    Little,
    /// The high byte first.
    Big,
}

/// Nearly all of it is ASCII: so many units are looked at together, in loops that compilers turn into vector
/// instructions.
const BLOCK: usize = 32;

/// Bytes of UTF-16 that are decoded or encoded at a time: what stays in the processor's cache.
const PIECE: usize = 256 << 10;

/// The input ends between the two bytes of a character.
#[derive(Debug, thiserror::Error)]
#[error("the input ends within a UTF-16 character")]
pub struct CutShort;

impl Utf16 {
    /// By the byte order mark.
    pub fn recognise(head: &[u8]) -> Option<Utf16> {
        match head {
            [0xff, 0xfe, ..] => Some(Utf16::Little),
            [0xfe, 0xff, ..] => Some(Utf16::Big),
            _ => None,
        }
    }

    fn unit(self, pair: [u8; 2]) -> u16 {
        match self {
            Utf16::Little => u16::from_le_bytes(pair),
            Utf16::Big => u16::from_be_bytes(pair),
        }
    }

    fn bytes(self, unit: u16) -> [u8; 2] {
        match self {
            Utf16::Little => unit.to_le_bytes(),
            Utf16::Big => unit.to_be_bytes(),
        }
    }
}

/// Appends the whole blocks of ASCII at the front of `raw`. Gives how many bytes of it they take.
fn narrow(raw: &[u8], unit: impl Fn([u8; 2]) -> u16, out: &mut Vec<u8>) -> usize {
    let mut taken = 0;
    for block in raw.as_chunks::<{ 2 * BLOCK }>().0 {
        let (mut text, mut all) = ([0; BLOCK], 0);
        for (byte, pair) in text.iter_mut().zip(block.as_chunks::<2>().0) {
            let unit = unit(*pair);
            all |= unit;
            *byte = unit as u8;
        }
        if all >= 0x80 {
            break;
        }
        out.extend_from_slice(&text);
        taken += block.len();
    }
    taken
}

/// Appends the whole blocks of ASCII at the front of `text`. Gives how many bytes of it they take.
fn widen(text: &[u8], bytes: impl Fn(u16) -> [u8; 2], out: &mut Vec<u8>) -> usize {
    let mut taken = 0;
    for block in text.as_chunks::<BLOCK>().0 {
        if !block.is_ascii() {
            break;
        }
        let mut raw = [0; 2 * BLOCK];
        for (pair, byte) in raw.as_chunks_mut::<2>().0.iter_mut().zip(block) {
            *pair = bytes(u16::from(*byte));
        }
        out.extend_from_slice(&raw);
        taken += block.len();
    }
    taken
}

/// Reads UTF-16 as UTF-8.
pub struct Decoder<R> {
    inner: R,
    order: Utf16,
    raw: Vec<u8>,
    /// Bytes of `raw` that hold input.
    filled: usize,
    /// The first half of a pair.
    high: Option<u16>,
    text: Vec<u8>,
    given: usize,
}

impl<R: Read> Decoder<R> {
    /// Decodes what `inner` gives.
    pub fn new(inner: R, order: Utf16) -> Self {
        Decoder {
            inner,
            order,
            raw: vec![0; PIECE],
            filled: 0,
            high: None,
            text: Vec::new(),
            given: 0,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.given = 0;
        while self.text.is_empty() {
            let read = self.inner.read(&mut self.raw[self.filled..])?;
            self.filled += read;
            if read == 0 {
                if self.filled > 0 {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, CutShort));
                }
                if let Some(high) = self.high.take() {
                    push(u32::from(high), &mut self.text);
                }
                return Ok(());
            }
            let mut rest = &self.raw[..self.filled];
            while rest.len() >= 2 {
                if self.high.is_none() {
                    let ascii = match self.order {
                        Utf16::Little => narrow(rest, u16::from_le_bytes, &mut self.text),
                        Utf16::Big => narrow(rest, u16::from_be_bytes, &mut self.text),
                    };
                    rest = &rest[ascii..];
                }
                let (block, behind) = rest.split_at(rest.len().min(2 * BLOCK));
                for pair in block.as_chunks::<2>().0 {
                    let unit = self.order.unit(*pair);
                    self.high = decode(self.high, unit, &mut self.text);
                }
                rest = behind;
            }
            let odd = self.filled % 2;
            if odd == 1 {
                self.raw[0] = self.raw[self.filled - 1];
            }
            self.filled = odd;
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.text.len() {
            self.refill()?;
        }
        let n = (&self.text[self.given..]).read(buffer)?;
        self.given += n;
        Ok(n)
    }
}

/// Appends the character that a unit completes. Gives the first half of a pair.
fn decode(high: Option<u16>, unit: u16, out: &mut Vec<u8>) -> Option<u16> {
    match (high, unit) {
        (Some(high), 0xDC00..=0xDFFF) => {
            let pair = (u32::from(high) - 0xD800) << 10 | (u32::from(unit) - 0xDC00);
            push(0x10000 + pair, out);
            return None;
        }
        (Some(high), _) => push(u32::from(high), out),
        (None, _) => {}
    }
    match unit {
        0xD800..=0xDBFF => return Some(unit),
        ..0x80 => out.push(unit as u8),
        _ => push(u32::from(unit), out),
    }
    None
}

/// Appends a code point in UTF-8, surrogates included.
fn push(code: u32, out: &mut Vec<u8>) {
    if let Some(c) = char::from_u32(code) {
        let mut buffer = [0; 4];
        out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
    } else {
        let part = |shift: u32| 0x80 | (code >> shift & 0x3F) as u8;
        out.extend_from_slice(&[0xE0 | (code >> 12) as u8, part(6), part(0)]);
    }
}

/// Turns UTF-8 into UTF-16 again, piece by piece.
#[derive(Debug)]
pub struct Encoder {
    order: Utf16,
    /// The start of a character whose rest has not come.
    partial: Vec<u8>,
}

impl Encoder {
    /// For output in this order.
    pub fn new(order: Utf16) -> Self {
        Encoder {
            order,
            partial: Vec::new(),
        }
    }

    /// Appends `bytes` in UTF-16.
    ///
    /// # Errors
    /// If they are no text.
    pub fn encode(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        out.reserve(bytes.len() * 2);
        let joined;
        let mut rest = bytes;
        if !self.partial.is_empty() {
            self.partial.extend_from_slice(bytes);
            joined = std::mem::take(&mut self.partial);
            rest = &joined;
        }
        let mut ascii = 0;
        while let Some(&first) = rest.first() {
            if ascii == 0 {
                let taken = match self.order {
                    Utf16::Little => widen(rest, u16::to_le_bytes, out),
                    Utf16::Big => widen(rest, u16::to_be_bytes, out),
                };
                rest = &rest[taken..];
                ascii = BLOCK;
                continue;
            }
            ascii -= 1;
            if first < 0x80 {
                out.extend_from_slice(&self.order.bytes(u16::from(first)));
                rest = &rest[1..];
                continue;
            }
            let length = match first {
                0xC2..=0xDF => 2,
                0xE0..=0xEF => 3,
                0xF0..=0xF4 => 4,
                _ => return Err(no_text()),
            };
            let Some(character) = rest.get(..length) else {
                self.partial = rest.to_vec();
                return Ok(());
            };
            let lead = u32::from(first) & (0x7F >> length);
            let code = character[1..].iter().try_fold(lead, |code, b| {
                (b & 0xC0 == 0x80).then(|| code << 6 | u32::from(b & 0x3F))
            });
            match code.ok_or_else(no_text)? {
                code @ 0x10000..=0x10FFFF => {
                    let pair = code - 0x10000;
                    let halves = [0xD800 + (pair >> 10), 0xDC00 + (pair & 0x3FF)];
                    for half in halves {
                        out.extend_from_slice(&self.order.bytes(half as u16));
                    }
                }
                code @ ..0x10000 => out.extend_from_slice(&self.order.bytes(code as u16)),
                _ => return Err(no_text()),
            }
            rest = &rest[length..];
        }
        Ok(())
    }
}

fn no_text() -> io::Error {
    let why = "a new value is no text, and the dump is UTF-16";
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives so many bytes with every read.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(buffer.len()).min(self.0.len());
            buffer[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    fn through(order: Utf16, bytes: &[u8], piece: usize) -> io::Result<(Vec<u8>, Vec<u8>)> {
        let mut text = Vec::new();
        Decoder::new(Slow(bytes, piece), order).read_to_end(&mut text)?;
        let mut encoder = Encoder::new(order);
        let mut out = Vec::new();
        for piece in text.chunks(piece) {
            encoder.encode(piece, &mut out)?;
        }
        Ok((text, out))
    }

    #[test]
    fn text_is_text_in_both_orders() {
        for order in [Utf16::Little, Utf16::Big] {
            let bytes: Vec<u8> = "\u{feff}aé€😀\r\n"
                .encode_utf16()
                .flat_map(|unit| order.bytes(unit))
                .collect();
            assert_eq!(Utf16::recognise(&bytes), Some(order));
            let (text, back) = through(order, &bytes, 3).unwrap();
            assert_eq!(text, "\u{feff}aé€😀\r\n".as_bytes());
            assert_eq!(back, bytes);
            assert!(through(order, &bytes[1..], 3).is_err());
        }
        let mut out = Vec::new();
        assert!(Encoder::new(Utf16::Big).encode(b"\xff", &mut out).is_err());
        assert_eq!(Utf16::recognise(b"\xef\xbb\xbf"), None);
    }

    proptest! {
        #[test]
        fn any_units_come_back(units in proptest::collection::vec(
            prop_oneof![100 => 0_u16..0x80, 1 => any::<u16>(), 1 => 0xD7FE_u16..0xE002, 1 => 0x70_u16..0x90], 0..400),
            little in any::<bool>(), piece in prop_oneof![1_usize..9, 1_usize..300]) {
            let order = if little { Utf16::Little } else { Utf16::Big };
            let bytes: Vec<u8> = units.iter().flat_map(|unit| order.bytes(*unit)).collect();
            let (text, back) = through(order, &bytes, piece).unwrap();
            prop_assert_eq!(back, bytes);
            if let Ok(expected) = String::from_utf16(&units) {
                prop_assert_eq!(text, expected.into_bytes());
            }
        }
    }
}
