//! Addresses in forms of transport: quoted-printable, hex and base64.
//!
//! Each form has a way to write `@` that is rare elsewhere: `=40`, the pair `40`, and nine pairs of
//! base64 digits, three for each place that the byte can have in its group of three. Such a pair is
//! where a search begins: what stands around it is decoded as far as it could belong to an address,
//! and then the one recogniser has to find an address with this very `@`.
//!
//! The pair tells how the digits group, so it does not matter where the hex or base64 text begins.
//! Random bytes now and then look like an address; that is why these forms are reported apart.

use crate::functions::address::{Address, Normalised, addresses};
use memchr::{memchr_iter, memmem};
use std::fmt;
use std::ops::Range;

/// A form of transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Form {
    /// `john=40example.com`, and addresses across a soft line break.
    QuotedPrintable,
    /// `6a6f686e40…`: bytea's `\x…`, `0x…`, `X'…'`, large objects.
    Hex,
    /// Base64, also across lines.
    Base64,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Form::QuotedPrintable => "quoted-printable",
            Form::Hex => "hex",
            Form::Base64 => "base64",
        })
    }
}

/// The longest local part and the longest domain that are looked for.
const LOCAL: usize = 64;
const DOMAIN: usize = 255;

/// Every address in a form of transport, with its form.
pub(super) fn each(text: &[u8], take: &mut dyn FnMut(Range<usize>, Form, Normalised)) {
    for at in quoted_signs(text) {
        quoted(text, at, take);
    }
    for at in hex_signs(text) {
        hex(text, at, take);
    }
    for (at, place) in base64_signs(text) {
        base64(text, at, place, take);
    }
}

/// Where one may stand.
pub(super) fn signs(text: &[u8], signs: &mut Vec<usize>) {
    // A soft line break has the plain sign that everybody knows.
    signs.extend(memmem::find_iter(text, b"=40"));
    signs.extend(hex_signs(text));
    signs.extend(base64_signs(text).map(|(at, _)| at));
}

/// The address in `decoded` whose `@` stands at `sign`.
fn around(decoded: &[u8], sign: usize) -> Option<(Address, Normalised)> {
    let found = addresses(decoded).find(|a| a.at.start == sign)?;
    let address = found.normalised(decoded);
    let last = address.domain.rsplit('.').next().unwrap_or_default();
    (last.chars().count() > 1).then_some((found, address))
}

fn may_be_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._+-~!#$%^&'*/=?`{|}".contains(&byte) || byte >= 0x80
}

fn may_be_domain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".-_[]:".contains(&byte) || byte >= 0x80
}

// Quoted-printable ----------------------------------------------------------------------------------

/// `=40`, and `@` in front of a soft line break.
fn quoted_signs(text: &[u8]) -> impl Iterator<Item = usize> {
    let escaped = memmem::find_iter(text, b"=40");
    let broken = memchr_iter(b'@', text).filter(|at| {
        let domain = &text[at + 1..(at + 1 + DOMAIN).min(text.len())];
        let end = domain.iter().position(|b| !may_be_domain(*b));
        end.is_some_and(|end| soft_break(&domain[end..]).is_some())
    });
    escaped.chain(broken)
}

/// The length of `=` and a line end.
fn soft_break(text: &[u8]) -> Option<usize> {
    match text {
        [b'=', b'\r', b'\n', ..] => Some(3),
        [b'=', b'\n', ..] => Some(2),
        _ => None,
    }
}

fn quoted(text: &[u8], at: usize, take: &mut dyn FnMut(Range<usize>, Form, Normalised)) {
    let start = at.saturating_sub(3 * LOCAL);
    let end = (at + 3 * DOMAIN).min(text.len());
    let (mut decoded, mut origin, mut sign) = (Vec::new(), Vec::new(), 0);
    let mut next = start;
    while next < end {
        if next == at {
            sign = decoded.len();
        }
        if let Some(len) = soft_break(&text[next..end]) {
            next += len;
            continue;
        }
        let (byte, len) = match &text[next..end] {
            [b'=', high, low, ..] => pair(*high, *low).map_or((b'=', 1), |byte| (byte, 3)),
            [byte, ..] => (*byte, 1),
            [] => break,
        };
        // Nothing reaches over what cannot belong to it.
        if next < at && !may_be_local(byte) {
            decoded.clear();
            origin.clear();
        } else if next > at && !may_be_domain(byte) {
            break;
        } else {
            decoded.push(byte);
            origin.push(next);
        }
        next += len;
    }
    let Some((found, address)) = around(&decoded, sign) else {
        return;
    };
    let from = origin[found.local.start];
    let last = origin[found.domain.end - 1];
    take(from..last + 1, Form::QuotedPrintable, address);
}

// Hex -----------------------------------------------------------------------------------------------

fn pair(high: u8, low: u8) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16);
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}

/// `40` between pairs that could belong to an address.
fn hex_signs(text: &[u8]) -> impl Iterator<Item = usize> {
    memchr_iter(b'4', text).filter(|&at| {
        let Some([b'4', b'0', high, low]) = text.get(at..at + 4) else {
            return false;
        };
        let before = at.checked_sub(2).map(|before| &text[before..at]);
        let before = before.and_then(|pair_| pair(pair_[0], pair_[1]));
        before.is_some_and(may_be_local) && pair(*high, *low).is_some_and(may_be_domain)
    })
}

fn hex(text: &[u8], at: usize, take: &mut dyn FnMut(Range<usize>, Form, Normalised)) {
    let mut start = at;
    while start >= 2
        && at - start < 2 * LOCAL
        && pair(text[start - 2], text[start - 1]).is_some_and(may_be_local)
    {
        start -= 2;
    }
    let pairs = text[start..].chunks_exact(2).take(LOCAL + 1 + DOMAIN);
    let sign = (at - start) / 2;
    let decoded: Vec<u8> = pairs
        .map_while(|two| pair(two[0], two[1]))
        .enumerate()
        .map_while(|(n, byte)| (n <= sign || may_be_domain(byte)).then_some(byte))
        .collect();
    if let Some((found, address)) = around(&decoded, sign) {
        let from = start + 2 * found.local.start;
        take(from..start + 2 * found.domain.end, Form::Hex, address);
    }
}

// Base64 --------------------------------------------------------------------------------------------

/// A digit's value, in either alphabet.
const fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// What a digit can be in a pair that holds an `@`: bit n for the first digit if the `@` is the nth
/// byte of its group, bit 4 + n for the second.
static PAIRS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0_usize;
    while byte < 256 {
        if let Some(value) = sextet(byte as u8) {
            // 010000 00…, …0100 0000…, …01 000000
            if value == 16 {
                table[byte] |= 1;
            }
            if value & 15 == 4 {
                table[byte] |= 2;
            }
            if value & 3 == 1 {
                table[byte] |= 4;
            }
            if value < 16 {
                table[byte] |= 16;
            }
            if value < 4 {
                table[byte] |= 32;
            }
            if value == 0 {
                table[byte] |= 64;
            }
        }
        byte += 1;
    }
    table
};

/// Pairs of digits that hold an `@`, and which byte of its group it is. What is not among four
/// digits is no base64.
fn base64_signs(text: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    text.windows(2).enumerate().flat_map(move |(at, two)| {
        let places = PAIRS[two[0] as usize] & PAIRS[two[1] as usize] >> 4;
        (0..3).filter_map(move |place| {
            let whole = places & 1 << place != 0 && is_digits(text, at, place);
            whole.then_some((at, place))
        })
    })
}

/// Does the group around a pair, and the digit before or after it, consist of digits?
fn is_digits(text: &[u8], at: usize, place: usize) -> bool {
    let Some(start) = at.checked_sub(place) else {
        return false;
    };
    let group = text.get(start..start + 4).unwrap_or_default();
    group.len() == 4 && group.iter().all(|b| sextet(*b).is_some())
}

fn line_end(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

fn base64(
    text: &[u8],
    at: usize,
    place: usize,
    take: &mut dyn FnMut(Range<usize>, Form, Normalised),
) {
    let group = at - place;
    // Digits in front of the group, nearest first; only whole groups count.
    let mut before: Vec<(usize, u8)> = Vec::new();
    for (index, byte) in text[..group].iter().enumerate().rev() {
        match sextet(*byte) {
            Some(value) => before.push((index, value)),
            None if line_end(*byte) => {}
            None => break,
        }
        if before.len() >= LOCAL.div_ceil(3) * 4 {
            break;
        }
    }
    before.truncate(before.len() / 4 * 4);
    before.reverse();
    let mut digits = before;
    let front = digits.len();
    for (index, byte) in text.iter().enumerate().skip(group) {
        match sextet(*byte) {
            Some(value) => digits.push((index, value)),
            None if line_end(*byte) => {}
            None => break,
        }
        if digits.len() >= front + DOMAIN.div_ceil(3) * 4 + 4 {
            break;
        }
    }
    let mut decoded = Vec::with_capacity(digits.len());
    let mut origin = Vec::with_capacity(digits.len());
    for four in digits.chunks(4) {
        let bits = four
            .iter()
            .fold(0_u32, |bits, (_, v)| bits << 6 | u32::from(*v));
        let bits = bits << (6 * (4 - four.len()));
        for n in 0..four.len().saturating_sub(1) {
            decoded.push((bits >> (16 - 8 * n)) as u8);
            origin.push(four[n].0..four[n + 1].0 + 1);
        }
    }
    let sign = front / 4 * 3 + place;
    if decoded.get(sign) != Some(&b'@') {
        return;
    }
    let outside = |b: &u8| !may_be_local(*b);
    let from = decoded[..sign]
        .iter()
        .rposition(outside)
        .map_or(0, |n| n + 1);
    let domain = &decoded[sign + 1..];
    let to = domain.iter().position(|b| !may_be_domain(*b));
    let to = to.map_or(decoded.len(), |n| sign + 1 + n);
    if let Some((found, address)) = around(&decoded[from..to], sign - from) {
        let start = origin[from + found.local.start].start;
        let end = origin[from + found.domain.end - 1].end;
        take(start..end, Form::Base64, address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(text: &[u8]) -> Vec<(Form, String)> {
        let mut all = Vec::new();
        each(text, &mut |_, form, a| {
            all.push((form, format!("{}@{}", a.local, a.domain)));
        });
        all
    }

    fn to_base64(bytes: &[u8]) -> String {
        const DIGITS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut out = String::new();
        for three in bytes.chunks(3) {
            let bits = three
                .iter()
                .fold(0_u32, |bits, b| bits << 8 | u32::from(*b));
            let bits = bits << (8 * (3 - three.len()));
            for n in 0..4 {
                let digit = DIGITS[(bits >> (18 - 6 * n) & 63) as usize];
                out.push(if n <= three.len() {
                    char::from(digit)
                } else {
                    '='
                });
            }
        }
        out
    }

    fn to_hex(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }

    #[test]
    fn the_forms() {
        for (text, form, address) in [
            (
                "To: john=40example.com",
                Form::QuotedPrintable,
                "john@example.com",
            ),
            (
                "john@my.exam=\nple.com",
                Form::QuotedPrintable,
                "john@my.example.com",
            ),
            (
                "john@exam=\r\nple.com>",
                Form::QuotedPrintable,
                "john@example.com",
            ),
            (r"\x6a6f684061622e6465", Form::Hex, "joh@ab.de"),
            ("0x6A40782E6465", Form::Hex, "j@x.de"),
            ("X'00016a40782e64650002'", Form::Hex, "j@x.de"),
            ("YUB4LmRl", Form::Base64, "a@x.de"),
            ("am9obkBleGFtcGxlLmNvbQ==", Form::Base64, "john@example.com"),
            (
                "am9obkBleG\nFtcGxlLmNvbQ==",
                Form::Base64,
                "john@example.com",
            ),
        ] {
            assert_eq!(
                found(text.as_bytes()),
                [(form, address.to_owned())],
                "{text}"
            );
        }
        for text in [
            "john@example.com",
            "4040404040",
            "a=40",
            "d41d8cd98f00b204e9800998ecf8427e",
            "2024-01-01 00:40:12.40",
            "QUJDREVGR0hJSktM",
            "iVBORw0KGgoAAAANSUhEUgAA",
        ] {
            assert_eq!(found(text.as_bytes()), [], "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_address_is_found_wherever_it_stands(
            before in proptest::collection::vec(any::<u8>(), 0..40),
            after in proptest::collection::vec(any::<u8>(), 0..40),
            local in "[a-z]{1,12}",
        ) {
            let address = format!("{local}@example.com");
            let plain = [&before[..], b" ", address.as_bytes(), b" ", &after[..]].concat();
            for (form, text) in [(Form::Hex, to_hex(&plain)), (Form::Base64, to_base64(&plain))] {
                let wanted = (form, address.clone());
                prop_assert!(found(text.as_bytes()).contains(&wanted), "{text}");
                let mut places = Vec::new();
                signs(text.as_bytes(), &mut places);
                prop_assert!(!places.is_empty());
            }
        }

        #[test]
        fn any_bytes_never_panic(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            found(&text);
        }

        #[test]
        fn digits_never_panic(text in "[=40a6QUBA@.\n\rzZ/+_-]{0,80}") {
            found(text.as_bytes());
        }
    }
}
