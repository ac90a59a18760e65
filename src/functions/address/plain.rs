//! The fast way to what nearly all addresses are: plain ASCII, with nothing around it that a closer
//! look could make part of it.
//!
//! [`sight_within`] reads the bytes on both sides of an `@` once, by a table of classes. It answers only where the
//! whole recogniser's answer follows from those bytes alone, and else leaves the text to it:
//!
//! * The local part is a run of letters, digits and `._+-`. Encoded characters end with a hexadecimal
//!   digit or with `;`, and one that ends within the run begins with the byte before the run (`%40`,
//!   `\u0040`) or is that byte (`;`). The bytes that may stand before a run ([`BEFORE`]) are none of these,
//!   none that a local part reaches back over, no quote that an escape could hide, and no second `@`.
//! * The domain is two labels or more of letters, digits and inner hyphens, the last one letters and no
//!   file suffix. What stands behind it ([`BEHIND`]) neither goes on with a label (`_`, other scripts,
//!   encoded characters) nor makes the address the local part of another.
//!
//! That it says what the whole recogniser says is tested over every text that the properties below and the
//! fuzz target make.

use super::domain::is_file;
use fearless_simd::{Level, Simd, dispatch, mask8x64, prelude::*, u8x64};
use std::ops::Range;

/// What stands at an `@`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// An address from the first to before the second place.
    Address(usize, usize),
    /// No address.
    Nothing,
    /// Not to be told from here.
    Unsure,
}

/// A letter.
const LETTER: u8 = 1;
/// A letter, digit or hyphen.
const LABEL: u8 = 2;
/// Part of a local part.
const LOCAL: u8 = 4;
/// A letter, digit or underscore.
const WORD: u8 = 8;
/// May stand before a local part.
const BEFORE: u8 = 16;
/// May stand behind a domain.
const BEHIND: u8 = 32;

const CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        let b = byte as u8;
        classes[byte] = match b {
            b'a'..=b'z' | b'A'..=b'Z' => LETTER | LABEL | LOCAL | WORD,
            b'0'..=b'9' => LABEL | LOCAL | WORD,
            b'-' => LABEL | LOCAL,
            b'_' => LOCAL | WORD,
            b'.' => LOCAL | BEHIND,
            b'+' => LOCAL | BEHIND,
            b'@' | b'%' | b'&' | b'\\' => 0,
            b'~' | b'!' | b'#' | b'$' | b'^' | b';' => BEHIND,
            _ => BEFORE | BEHIND,
        };
        byte += 1;
    }
    classes
}

fn belongs(byte: u8, class: u8) -> bool {
    CLASS[usize::from(byte)] & class != 0
}

/// What stands at the plain `@` at `at`, if no local part reaches back over the begin of the range and the text ends with
/// it. What is around the range makes no difference.
pub fn sight_within(text: &[u8], range: Range<usize>, at: usize) -> Sight {
    dispatch!(Level::new(), simd => sight(simd, text, range, at))
}

/// [`sight_within`] for those who look at many places with the vectors of the processor.
#[inline(always)]
pub fn sight<S: Simd>(simd: S, text: &[u8], range: Range<usize>, at: usize) -> Sight {
    match near(simd, text, &range, at) {
        Some((start, end)) => Sight::Address(start, end),
        None => one_by_one(text, range, at),
    }
}

/// [`sight_within`], byte after byte.
fn one_by_one(text: &[u8], range: Range<usize>, at: usize) -> Sight {
    let Range { start: floor, end } = range;
    let text = text.get(..end).unwrap_or(text);
    let Some(end) = domain(text, at + 1) else {
        return Sight::Unsure;
    };
    if end == at + 1 {
        return Sight::Nothing;
    }
    let mut word = 0;
    let before = text.get(floor..at).unwrap_or_default().iter().rev();
    let local = before.map(|&b| CLASS[usize::from(b)]);
    let local = local.take_while(|class| class & LOCAL != 0);
    let start = at - local.inspect(|class| word |= class).count();
    let free = start == floor || belongs(text[start - 1], BEFORE);
    match free && word & WORD != 0 {
        true => Sight::Address(start, end),
        false => Sight::Unsure,
    }
}

/// The address at the `@` at `at`, if it is one whose parts are short and all classes of whose bytes are seen at once.
#[inline(always)]
fn near<S: Simd>(simd: S, text: &[u8], range: &Range<usize>, at: usize) -> Option<(usize, usize)> {
    let around: &[u8; 2 * NEAR] = text.get(at.checked_sub(NEAR)?..)?.first_chunk()?;
    let around = u8x64::simd_from(simd, *around);
    let is = |byte: u8| around.simd_eq(byte);
    let between = |bytes: u8x64<S>, first: u8, last: u8| (bytes - first).simd_le(last - first);
    let letters = between(around | 0x20, b'a', b'z');
    let alphanumeric = letters | between(around, b'0', b'9');
    let (dots, hyphens) = (is(b'.'), is(b'-'));
    let word = alphanumeric | is(b'_');
    let run = word | dots | hyphens | is(b'+');
    // Of the local part, whose last byte is the highest bit.
    let before = |mask: mask8x64<S>| mask.to_bitmask() as u32;
    let (word, run) = (before(word), before(run));
    let room = at.checked_sub(range.start)?;
    let length = (run.leading_ones() as usize).min(room);
    let whole = length < NEAR || length == room;
    if length == 0 || !whole || word >> (NEAR - length) == 0 {
        return None;
    }
    let start = at - length;
    if length < room && !belongs(text[start - 1], BEFORE) {
        return None;
    }
    // Of the domain, within the range, whose first byte is the lowest bit.
    let behind = |mask: mask8x64<S>| (mask.to_bitmask() >> (NEAR + 1)) as u32;
    let room = range.end.checked_sub(at + 1)?;
    let (letters, labels) = (behind(letters), behind(alphanumeric | hyphens));
    let (dots, hyphens) = (behind(dots), behind(hyphens));
    let length = ((labels | dots).trailing_ones() as usize).min(room);
    if !(3..NEAR - 1).contains(&length) {
        return None;
    }
    let all = (1 << length) - 1;
    let (dots, hyphens, edges) = (dots & all, hyphens & all, 1 | 1 << (length - 1));
    // A label is not empty, and neither begins nor ends with a hyphen.
    let beside = dots << 1 | dots >> 1 | edges;
    if dots == 0 || (dots | hyphens) & beside != 0 {
        return None;
    }
    let last = NEAR - dots.leading_zeros() as usize;
    if !letters & (all >> last << last) != 0 || length - last < 2 {
        return None;
    }
    let end = at + 1 + length;
    if length < room && (text[end] == b'"' || !belongs(text[end], BEHIND)) {
        return None;
    }
    (!is_file(text.get(at + 1 + last..end)?)).then_some((start, end))
}

/// How many bytes on each side of an `@` are looked at together; behind it, it is one of them.
const NEAR: usize = 32;

/// Is a text a domain that [`sight_within`] would see?
pub fn is_plain_domain(text: &[u8]) -> bool {
    !text.is_empty() && domain(text, 0) == Some(text.len())
}

/// Where the domain ends that begins at `start`; `start` if surely none does, none if that needs a closer
/// look.
fn domain(text: &[u8], start: usize) -> Option<usize> {
    let mut label = start;
    let mut end = start;
    let mut labels = 0;
    loop {
        let mut all = LETTER;
        let classes = text[end..].iter().map(|&b| CLASS[usize::from(b)]);
        let classes = classes.take_while(|class| class & LABEL != 0);
        end += classes.inspect(|class| all &= class).count();
        let next = text.get(end).copied();
        if end == label {
            // Behind the `@` itself: a dot, a blank, the end. Behind a dot: the sentence ends.
            let free = next.is_none_or(|byte| byte != b'[' && belongs(byte, BEHIND));
            return (free && labels == 0).then_some(start);
        }
        if text[label] == b'-' || text[end - 1] == b'-' || end - label > 63 {
            return None;
        }
        labels += 1;
        if next == Some(b'.') {
            match text.get(end + 1) {
                Some(&byte) if belongs(byte, LABEL) => {
                    end += 1;
                    label = end;
                    continue;
                }
                Some(&byte) if !belongs(byte, BEHIND) => return None,
                _ => {}
            }
        }
        // A quote may close a local part that holds this address.
        let free = match next {
            Some(b'"') => text.get(end + 1).is_none_or(|&byte| is_apart(byte)),
            Some(byte) => belongs(byte, BEHIND),
            None => true,
        };
        let last = &text[label..end];
        return match labels {
            _ if !free => None,
            1 => Some(start),
            _ if all == 0 || last.len() < 2 || is_file(last) => None,
            _ => Some(end),
        };
    }
}

/// Does this byte begin no `@` and no encoded one?
fn is_apart(byte: u8) -> bool {
    !matches!(byte, b'@' | b'%' | b'&' | b'\\')
}

#[cfg(test)]
mod tests {
    use super::super::{addresses, addresses_closely};
    use super::*;
    use memchr::memchr_iter;
    use proptest::prelude::*;

    #[track_caller]
    fn agree(text: &[u8]) {
        let fast: Vec<_> = addresses(text).collect();
        let close: Vec<_> = addresses_closely(text).collect();
        assert_eq!(fast, close, "{}", text.escape_ascii());
        // In the middle of anything else, where all that is near can be seen at once.
        for around in [b'a', b'.', b'@', b'\t', b'"', b'%'] {
            let around = [around; NEAR];
            let whole = [&around, text, &around].concat();
            for at in memchr_iter(b'@', text) {
                let alone = sight_within(text, 0..text.len(), at);
                let within = sight_within(&whole, NEAR..NEAR + text.len(), NEAR + at);
                let moved = match alone {
                    Sight::Address(start, end) => Sight::Address(NEAR + start, NEAR + end),
                    other => other,
                };
                assert_eq!(within, moved, "{}", text.escape_ascii());
            }
        }
    }

    #[test]
    fn all_short_texts_around_an_at() {
        // Every way to fill the places around an address with what could matter there.
        let pieces: &[&str] = &[
            "", "a", "Z", "0", "4", ".", "-", "_", "+", "@", "%", "%40", "&", ";", "&#64;", "\\",
            "\\n", "\\u0040", "\"", "\\\"", " ", "'", "[", "]", "~", "#", "/", ":", "é", "中",
            "\u{200d}", "。", "\0", "{", "x@", "@b", "com", "2x", "png", "\n", "=", "*",
        ];
        for before in pieces {
            for local in ["", "a", "..", "_", "x.y", "40"] {
                for domain in [
                    "b.de",
                    "b",
                    "b.png",
                    "com.png",
                    "b.c",
                    "2x.de",
                    "b-.de",
                    "b.d2",
                    "b.xn--p1ai",
                ] {
                    for behind in pieces {
                        for further in ["", "@c.de", "\"@c.de"] {
                            let text = format!("{before}{local}@{domain}{behind}{further}");
                            agree(text.as_bytes());
                        }
                    }
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]
        #[test]
        fn any_text(text in "([a-z0-9@.]|[ab@%40&#64;\\\\u0\"'<>,.: x\n\u{e9}\u{4e2d}_~!=\\[\\]{}-]|@b.de|a@b.com|\\.png|com|2x){0,40}") {
            agree(text.as_bytes());
        }

        #[test]
        fn long_parts(text in "[ab](_|[a-z0-9._+-]{24,40})@([a-z0-9.-]{1,18}[.-]){1,2}[a-z]{1,16}[ \".]?") {
            agree(text.as_bytes());
        }

        #[test]
        fn any_bytes(text in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'@'), Just(b'.'), Just(b'a')], 0..60)) {
            agree(&text);
        }
    }
}
