//! `bytea` and `uuid`.

use super::ValueError;
use std::borrow::Cow;

/// Reads a `bytea`, in hex (`\x01ff`) or escape form (`a\\b\001`).
pub fn parse_bytea(text: &[u8]) -> Result<Cow<'_, [u8]>, ValueError> {
    if let Some(hex) = text.strip_prefix(b"\\x") {
        return parse_hex(hex).map(Cow::Owned);
    }
    if !text.contains(&b'\\') {
        return Ok(Cow::Borrowed(text));
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        rest = match rest {
            [] => return Ok(Cow::Owned(out)),
            [b'\\', b'\\', rest @ ..] => {
                out.push(b'\\');
                rest
            }
            [
                b'\\',
                a @ b'0'..=b'3',
                b @ b'0'..=b'7',
                c @ b'0'..=b'7',
                rest @ ..,
            ] => {
                out.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                rest
            }
            [b'\\', ..] => return Err(ValueError::new("invalid input syntax for type bytea")),
            [plain, rest @ ..] => {
                out.push(*plain);
                rest
            }
        };
    }
}

fn parse_hex(text: &[u8]) -> Result<Vec<u8>, ValueError> {
    let mut out = Vec::with_capacity(text.len() / 2);
    let mut rest = text;
    loop {
        rest = match rest {
            [] => return Ok(out),
            [b' ' | b'\n' | b'\t' | b'\r', rest @ ..] => rest,
            [high, low, rest @ ..] => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    out.push(high << 4 | low);
                    rest
                }
                _ => return Err(ValueError::new("invalid hexadecimal digit")),
            },
            [_] => {
                return Err(ValueError::new(
                    "invalid hexadecimal data: odd number of digits",
                ));
            }
        };
    }
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|d| d as u8)
}

/// Appends lower-case hexadecimal digits.
pub fn write_hex(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.reserve(bytes.len() * 2);
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}

/// Appends the hex form of a `bytea`.
pub fn write_bytea(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"\\x");
    write_hex(bytes, out);
}

/// Reads a `uuid`: upper or lower case, in braces or not, a hyphen allowed after every four digits.
pub fn parse_uuid(text: &[u8]) -> Result<[u8; 16], ValueError> {
    let invalid = || ValueError::new("invalid input syntax for type uuid");
    let mut rest = match text {
        [b'{', inner @ .., b'}'] => inner,
        [b'{', ..] => return Err(invalid()),
        _ => text,
    };
    let mut uuid = [0; 16];
    for (i, byte) in uuid.iter_mut().enumerate() {
        let [high, low, after @ ..] = rest else {
            return Err(invalid());
        };
        *byte = digit(*high).ok_or_else(invalid)? << 4 | digit(*low).ok_or_else(invalid)?;
        rest = match after {
            [b'-', after @ ..] if i % 2 == 1 && i < 15 => after,
            _ => after,
        };
    }
    if rest.is_empty() {
        Ok(uuid)
    } else {
        Err(invalid())
    }
}

/// Appends the text form of a `uuid`.
pub fn write_uuid(uuid: &[u8; 16], out: &mut Vec<u8>) {
    for (i, byte) in uuid.chunks(2).enumerate() {
        if (2..=5).contains(&i) {
            out.push(b'-');
        }
        write_hex(byte, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytea_in_both_forms() {
        for (text, expected) in [
            (&b"\\x"[..], Some(&b""[..])),
            (b"\\x01fF 00", Some(b"\x01\xff\x00")),
            (b"\\x0", None),
            (b"\\x0g", None),
            (b"\\x0 1", None),
            (b"abc", Some(b"abc")),
            (b"a\\\\b\\001\\377", Some(b"a\\b\x01\xff")),
            (b"\\400", None),
            (b"\\a", None),
        ] {
            assert_eq!(parse_bytea(text).ok().as_deref(), expected, "{text:?}");
        }
        let mut out = Vec::new();
        write_bytea(b"\x00\xabz", &mut out);
        assert_eq!(out, b"\\x00ab7a");
    }

    #[test]
    fn uuid_in_all_forms() {
        let canonical = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
        for text in [
            canonical,
            "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
            "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}",
            "a0eebc999c0b4ef8bb6d6bb9bd380a11",
            "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11",
            "{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}",
        ] {
            let mut out = Vec::new();
            write_uuid(&parse_uuid(text.as_bytes()).unwrap(), &mut out);
            assert_eq!(out, canonical.as_bytes(), "{text}");
        }
        for text in [
            "",
            "a0eebc99",
            "{a0eebc999c0b4ef8bb6d6bb9bd380a11",
            "a0-eebc999c0b4ef8bb6d6bb9bd380a11",
            "a0eebc999c0b4ef8bb6d6bb9bd380a11-",
            "g0eebc999c0b4ef8bb6d6bb9bd380a11",
            "a0eebc999c0b4ef8bb6d6bb9bd380a1100",
        ] {
            assert!(parse_uuid(text.as_bytes()).is_err(), "{text}");
        }
    }
}
