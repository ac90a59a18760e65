//! The numbers and texts of which an archive is made: a sign and four bytes, little endian; a length
//! and its bytes. Each number has one spelling, so what is read is written back as it was.

use super::damaged;
use crate::error::Result;
use bytes::{Buf, Bytes, BytesMut};

/// The bytes of a number.
pub(super) const INT: usize = 5;

/// The number at the start of `bytes`; none if it is not there as a whole. `at` is where it stands.
pub(super) fn int(bytes: &[u8], at: u64) -> Result<Option<i32>> {
    let Some(&[sign, a, b, c, d]) = bytes.first_chunk() else {
        return Ok(None);
    };
    let size = i64::from(u32::from_le_bytes([a, b, c, d]));
    let value = match sign {
        0 => Some(size),
        1 if size > 0 => Some(-size),
        _ => None,
    };
    match value.and_then(|value| i32::try_from(value).ok()) {
        Some(value) => Ok(Some(value)),
        None => Err(damaged("this is not a number as pg_dump writes it", at)),
    }
}

/// Writes a number.
pub(super) fn put_int(value: i32, out: &mut Vec<u8>) {
    out.push(u8::from(value < 0));
    out.extend_from_slice(&value.unsigned_abs().to_le_bytes());
}

/// The length of the text at the start of `bytes`, none for NULL; none if the number is not there as
/// a whole. A text longer than `most` is refused before anything waits for it.
pub(super) fn length(bytes: &[u8], at: u64, most: u64) -> Result<Option<Option<usize>>> {
    let Some(length) = int(bytes, at)? else {
        return Ok(None);
    };
    match u64::try_from(length) {
        Ok(length) if length <= most => Ok(Some(Some(length as usize))),
        Ok(length) => Err(damaged(
            format!("a text of {length} bytes, more than there can be"),
            at,
        )),
        Err(_) if length == -1 => Ok(Some(None)),
        Err(_) => Err(damaged("a text of a negative length", at)),
    }
}

/// Takes a text with its length; none if it is not there as a whole.
pub(super) fn take_text(input: &mut BytesMut, at: u64, most: u64) -> Result<Option<Option<Bytes>>> {
    match length(input, at, most)? {
        Some(Some(length)) if input.len() >= INT + length => {
            input.advance(INT);
            Ok(Some(Some(input.split_to(length).freeze())))
        }
        Some(None) => {
            input.advance(INT);
            Ok(Some(None))
        }
        _ => Ok(None),
    }
}

/// Writes a text with its length.
pub(super) fn put_text(text: Option<&[u8]>, out: &mut Vec<u8>) {
    match text {
        Some(text) => {
            put_int(i32::try_from(text.len()).unwrap_or(i32::MAX), out);
            out.extend_from_slice(&text[..text.len().min(i32::MAX as usize)]);
        }
        None => put_int(-1, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_spelling() {
        for value in [0, 1, 255, 256, 65_536, i32::MAX, -1, -256, i32::MIN] {
            let mut bytes = Vec::new();
            put_int(value, &mut bytes);
            assert_eq!(int(&bytes, 0).unwrap(), Some(value));
            assert_eq!(int(&bytes[..4], 0).unwrap(), None);
        }
        assert_eq!(int(&[1, 1, 0, 0, 0], 0).unwrap(), Some(-1));
        for other in [
            [1, 0, 0, 0, 0],
            [2, 1, 0, 0, 0],
            [0, 0, 0, 0, 0x80],
            [1, 1, 0, 0, 0x80],
        ] {
            let error = int(&other, 7).unwrap_err();
            assert!(error.to_string().starts_with("byte 7: "), "{error}");
        }
    }

    #[test]
    fn texts_are_told_from_null() {
        for text in [None, Some(&b""[..]), Some(b"a\0b")] {
            let mut bytes = Vec::new();
            put_text(text, &mut bytes);
            for cut in 0..bytes.len() {
                let mut part = BytesMut::from(&bytes[..cut]);
                assert_eq!(take_text(&mut part, 0, 100).unwrap(), None);
                assert_eq!(part.len(), cut);
            }
            let mut input = BytesMut::from(&bytes[..]);
            let read = take_text(&mut input, 0, 100).unwrap().unwrap();
            assert_eq!(read.as_deref(), text);
            assert!(input.is_empty());
        }
        let mut input = BytesMut::from(&[0, 255, 255, 255, 127][..]);
        assert!(take_text(&mut input, 0, 100).is_err());
        let mut input = BytesMut::from(&[1, 2, 0, 0, 0][..]);
        assert!(take_text(&mut input, 0, 100).is_err());
    }
}
