//! Bytes written as text, and texts as bytes: `encode` and `decode`, hex and base64.

use super::{Output, bytes_arg, text_arg};
use crate::value::{Value, ValueError, binary};
use std::borrow::Cow;

pub(super) fn utf8_only(encoding: &[u8]) -> Result<(), ValueError> {
    match encoding.to_ascii_lowercase().as_slice() {
        b"utf8" | b"utf-8" => Ok(()),
        _ => Err(ValueError::new("only the encoding UTF8 is supported here")),
    }
}

pub(super) fn encode<'v>(args: &mut [Value<'v>]) -> Output<'v> {
    let (bytes, format) = (bytes_arg(args, 0)?, text_arg(args, 1)?);
    match format.to_ascii_lowercase().as_slice() {
        b"hex" => Ok(Value::text(hex(&bytes))),
        b"base64" => Ok(Value::text(base64(&bytes))),
        _ => Err(ValueError::new(
            "unrecognized encoding: only hex and base64 are supported",
        )),
    }
}

pub(super) fn decode<'v>(args: &mut [Value<'v>]) -> Output<'v> {
    let (text, format) = (text_arg(args, 0)?, text_arg(args, 1)?);
    let bytes = match format.to_ascii_lowercase().as_slice() {
        b"hex" => unhex(&text)?,
        b"base64" => unbase64(&text)?,
        _ => {
            return Err(ValueError::new(
                "unrecognized encoding: only hex and base64 are supported",
            ));
        }
    };
    Ok(Value::Bytes(Cow::Owned(bytes)))
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// As `encode` does it: a line feed after every 76 characters.
fn base64(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 3 * 4 + 8);
    let mut line = 0;
    for group in bytes.chunks(3) {
        let word = group
            .iter()
            .chain([0, 0].iter())
            .take(3)
            .fold(0u32, |w, b| w << 8 | u32::from(*b));
        for place in 0..4 {
            out.push(if place <= group.len() {
                BASE64[(word >> (18 - 6 * place) & 63) as usize]
            } else {
                b'='
            });
        }
        line += 4;
        if line >= 76 {
            out.push(b'\n');
            line = 0;
        }
    }
    if out.last() == Some(&b'\n') {
        out.pop();
    }
    out
}

fn unbase64(text: &[u8]) -> Result<Vec<u8>, ValueError> {
    let invalid = || ValueError::new("invalid base64 sequence");
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut word, mut places, mut padding) = (0u32, 0, 0);
    for &byte in text {
        if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
            continue;
        }
        let digit = if byte == b'=' {
            if places < 2 || padding == 2 {
                return Err(invalid());
            }
            padding += 1;
            0
        } else {
            if padding > 0 {
                return Err(invalid());
            }
            BASE64.iter().position(|c| *c == byte).ok_or_else(invalid)? as u32
        };
        word = word << 6 | digit;
        places += 1;
        if places == 4 {
            out.extend_from_slice(&word.to_be_bytes()[1..4 - padding]);
            (word, places) = (0, 0);
            if padding > 0 {
                places = 5;
            }
        } else if places > 5 {
            return Err(invalid());
        }
    }
    if places == 0 || places == 5 {
        Ok(out)
    } else {
        Err(ValueError::new("invalid base64 end sequence"))
    }
}

pub(super) fn hex(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() * 2);
    binary::write_hex(bytes, &mut out);
    out
}

fn unhex(text: &[u8]) -> Result<Vec<u8>, ValueError> {
    let digits: Vec<u8> = text
        .iter()
        .filter(|b| !matches!(b, b' ' | b'\t' | b'\n' | b'\r'))
        .copied()
        .collect();
    if digits.len() % 2 == 1 {
        return Err(ValueError::new(
            "invalid hexadecimal data: odd number of digits",
        ));
    }
    digits
        .chunks(2)
        .map(|pair| {
            let digit = |b: u8| char::from(b).to_digit(16);
            match (digit(pair[0]), digit(pair[1])) {
                (Some(high), Some(low)) => Ok((high << 4 | low) as u8),
                _ => Err(ValueError::new("invalid hexadecimal digit")),
            }
        })
        .collect()
}
