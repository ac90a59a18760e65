//! One character at a time, literal or encoded: `\u0040`, `%40`, `&#64;`.

use memchr::memchr;

/// One character of a text, literal or encoded. What is neither has no `char` and one byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) char: Option<char>,
    pub(super) len: usize,
}

/// More backslashes than nested JSON ever has; also bounds the search back.
pub(super) const BACKSLASHES: usize = 32;
/// The longest encoded character: backslashes and `u0040`.
const LONGEST: usize = BACKSLASHES + 5;

impl Unit {
    /// The character at the front of `text`; none only if `text` is empty.
    pub(super) fn first(text: &[u8]) -> Option<Unit> {
        let encoded = match text.first()? {
            b'%' => percent(text),
            b'&' => entity(text),
            b'\\' => escape(text),
            _ => None,
        };
        encoded.or_else(|| Some(literal(text)))
    }

    /// The character at the end of `text`.
    pub(super) fn last(text: &[u8]) -> Option<Unit> {
        let last = *text.last()?;
        if last == b';' || last.is_ascii_hexdigit() {
            let lowest = text.len().saturating_sub(LONGEST);
            // The farthest start wins: `\\u0040` is one unit and not a backslash and a unit.
            let start = (lowest..text.len() - 1).find(|&start| {
                matches!(text[start], b'%' | b'&' | b'\\')
                    && Unit::first(&text[start..])
                        .is_some_and(|u| u.len == text.len() - start && u.char.is_some())
            });
            if let Some(start) = start {
                return Unit::first(&text[start..]);
            }
        }
        if last.is_ascii() {
            return Some(Unit {
                char: Some(char::from(last)),
                len: 1,
            });
        }
        let (char, len) = bstr::decode_last_utf8(text);
        Some(Unit {
            char,
            len: if char.is_some() { len } else { 1 },
        })
    }
}

fn literal(text: &[u8]) -> Unit {
    let (char, len) = bstr::decode_utf8(text);
    Unit {
        char,
        len: if char.is_some() { len } else { 1 },
    }
}

/// `%40`, `%2540`, `%C3%BC`.
fn percent(text: &[u8]) -> Option<Unit> {
    let (first, mut len) = percent_byte(text)?;
    if first.is_ascii() {
        let char = Some(char::from(first));
        return Some(Unit { char, len });
    }
    let mut bytes = vec![first];
    while bytes.len() < 4 {
        if let Some(char) = std::str::from_utf8(&bytes)
            .ok()
            .and_then(|s| s.chars().next())
        {
            let char = Some(char);
            return Some(Unit { char, len });
        }
        let (byte, more) = percent_byte(&text[len..])?;
        bytes.push(byte);
        len += more;
    }
    let char = Some(std::str::from_utf8(&bytes).ok()?.chars().next()?);
    Some(Unit { char, len })
}

fn percent_byte(text: &[u8]) -> Option<(u8, usize)> {
    let mut at = 1;
    if text.first() != Some(&b'%') {
        return None;
    }
    while text[at..].starts_with(b"25") && at < 9 && text.len() >= at + 4 {
        at += 2;
    }
    let hex = |b: u8| char::from(b).to_digit(16);
    let high = hex(*text.get(at)?)?;
    let low = hex(*text.get(at + 1)?)?;
    Some((u8::try_from(high << 4 | low).ok()?, at + 2))
}

/// `&#64;`, `&#x40;`, `&commat;`.
fn entity(text: &[u8]) -> Option<Unit> {
    let window = &text[..text.len().min(LONGEST.min(12))];
    let end = memchr(b';', window)?;
    let code = match &window[..end] {
        b"&commat" => u32::from('@'),
        b"&quot" => u32::from('"'),
        [b'&', b'#', b'x' | b'X', digits @ ..] => number(digits, 16)?,
        [b'&', b'#', digits @ ..] => number(digits, 10)?,
        _ => return None,
    };
    let char = Some(char::from_u32(code)?);
    Some(Unit { char, len: end + 1 })
}

/// `\u0040`, with more backslashes when JSON holds JSON.
fn escape(text: &[u8]) -> Option<Unit> {
    let run = text.iter().take(BACKSLASHES + 1);
    let slashes = run.take_while(|b| **b == b'\\').count();
    if slashes > BACKSLASHES || text.get(slashes) != Some(&b'u') {
        return None;
    }
    let code = number(text.get(slashes + 1..slashes + 5)?, 16)?;
    let char = Some(char::from_u32(code)?);
    let len = slashes + 5;
    Some(Unit { char, len })
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let valid = !digits.is_empty() && digits.iter().all(|b| char::from(*b).is_digit(radix));
    u32::from_str_radix(std::str::from_utf8(digits).ok().filter(|_| valid)?, radix).ok()
}

/// Is this a non-ASCII character that words are made of? Marks and joiners count, punctuation and
/// symbols do not.
pub(super) fn is_word(c: char) -> bool {
    match u32::from(c) {
        0..0xAA => false,
        0xAA | 0xB5 | 0xBA => true,
        0xAB..0xC0 | 0xD7 | 0xF7 => false,
        0x200C | 0x200D => true,
        0x2000..=0x2BFF | 0x3000..=0x3004 | 0x3008..=0x3020 => false,
        0xE000..=0xF8FF | 0xFE10..=0xFE1F | 0xFE30..=0xFE6F | 0xFEFF => false,
        0xFF00..=0xFF0F | 0xFF1A..=0xFF20 | 0xFF3B..=0xFF40 | 0xFF5B..=0xFF65 | 0xFFE0..=0xFFFF => {
            false
        }
        0x1F000..=0x1FAFF => false,
        _ => !c.is_whitespace() && !c.is_control(),
    }
}
