//! The fast way through texts in which every address is plain, or of which none is one.
//!
//! It needs no key, since nothing is cut, and makes no list of addresses: the result is written while
//! the text is read. [`super::Safe`] says what is right; where anything stands in the text that this does
//! not know (an encoded character, a chain, a value of PHP, a result that is too long), it leaves the
//! text to that. Both are compared in the tests below and by the fuzz target.

use crate::functions::Function;
use crate::functions::address::{self, Sight, sight};
use crate::functions::fit::{self, Limit};
use fearless_simd::{Level, Simd, dispatch};
use memchr::memchr;
use std::ops::Range;

/// How addresses are moved.
#[derive(Debug, Clone, Copy)]
pub struct Plain<'d> {
    /// To where.
    domain: &'d [u8],
    /// How long the whole may become.
    limit: Limit,
    /// Is a text that is one word around an `@` an address, whatever its domain?
    lone: bool,
}

impl<'d> Plain<'d> {
    /// None if not even the result's addresses would be plain.
    pub fn new(domain: &'d [u8], limit: Limit, lone: bool) -> Option<Self> {
        let plain = domain == super::DOMAIN || address::is_plain_domain(domain);
        plain.then_some(Plain {
            domain,
            limit,
            lone,
        })
    }

    /// For the calls of a function into one domain, if that is what it does.
    pub fn of(function: &Function, domain: Option<&'d [u8]>, limit: Limit) -> Option<Self> {
        let lone = match function.name {
            "mailinator" => true,
            "rewrite_emails" => false,
            _ => return None,
        };
        Plain::new(domain.unwrap_or(super::DOMAIN), limit, lone)
    }

    /// How long the result may become.
    pub fn limit(&self) -> Limit {
        self.limit
    }

    /// To where.
    pub fn domain(&self) -> &'d [u8] {
        self.domain
    }

    /// Appends `text` with its addresses moved and says whether there were any; none, with nothing
    /// appended, if that needs a closer look. Nothing is appended either if the text stays as it is.
    pub fn rewrite(&self, text: &[u8], out: &mut Vec<u8>) -> Option<bool> {
        self.rewrite_unless(text, out, holds(ENCODES))
    }

    /// [`Plain::rewrite`] for a text in which every backslash and the letter behind it stand for a control
    /// character. Such a letter is never taken for a part of an address: `sight` is unsure beside a backslash.
    pub fn rewrite_lines(&self, text: &[u8], out: &mut Vec<u8>) -> Option<bool> {
        self.rewrite_unless(text, out, holds(ENCODES_IN_LINES))
    }

    /// `is_encoded`: could a character in a text be encoded?
    fn rewrite_unless(
        &self,
        text: &[u8],
        out: &mut Vec<u8>,
        is_encoded: impl Fn(&[u8]) -> bool,
    ) -> Option<bool> {
        let before = out.len();
        let fits = |text: &[u8]| fit::fits(text, self.limit);
        match self.moved(text, out, is_encoded) {
            Some(true) if fits(&out[before..]) => Some(true),
            Some(false) if fits(text) => Some(false),
            _ => {
                out.truncate(before);
                None
            }
        }
    }

    fn moved(
        &self,
        text: &[u8],
        out: &mut Vec<u8>,
        is_encoded: impl Fn(&[u8]) -> bool,
    ) -> Option<bool> {
        let mut done = 0;
        let first = memchr(b'@', text);
        let mut take = |at, end| {
            let begin = out.len();
            out.extend_from_slice(&text[done..end]);
            out[begin + at - done] = b'_';
            out.push(b'@');
            out.extend_from_slice(self.domain);
            done = end;
        };
        let changed = dispatch!(Level::new(), simd => {
            self.each(simd, text, 0..text.len(), first, is_encoded, &mut take)
        })?;
        if changed {
            out.extend_from_slice(&text[done..]);
        }
        Some(changed)
    }

    /// Gives for each address in a range of a batch that is moved its `@` and its end, and says whether there are any;
    /// none if that needs a closer look. What is around the range may be looked at, and makes no difference.
    /// `first` is the first `@`.
    #[inline(always)]
    fn each<S: Simd>(
        &self,
        simd: S,
        batch: &[u8],
        range: Range<usize>,
        first: Option<usize>,
        is_encoded: impl Fn(&[u8]) -> bool,
        mut take: impl FnMut(usize, usize),
    ) -> Option<bool> {
        let Range { start: begin, end } = range;
        let (mut floor, mut from, mut next, mut changed) = (begin, begin, first, false);
        let behind = |from: usize| {
            let rest = batch.get(from..end).filter(|rest| !rest.is_empty())?;
            memchr(b'@', rest).map(|at| from + at)
        };
        while let Some(at) = next {
            let (start, close) = match sight(simd, batch, floor..end, at) {
                Sight::Unsure => return None,
                Sight::Nothing => {
                    from = at + 1;
                    next = behind(from);
                    continue;
                }
                Sight::Address(start, close) => (start, close),
            };
            // Two that touch may be a chain after a round.
            if (start == floor && floor > begin) || is_encoded(&batch[floor..start]) {
                return None;
            }
            if !batch[at + 1..close].eq_ignore_ascii_case(self.domain) {
                if close - start > super::LOCAL {
                    return None;
                }
                changed = true;
                take(at, close);
            }
            (floor, from) = (close, close);
            next = behind(from);
        }
        if is_encoded(&batch[floor..end]) || (changed && is_serialised(&batch[begin..end])) {
            return None;
        }
        (changed || !self.lone || from == begin).then_some(changed)
    }

    /// Gives for each address in a range of a batch that is moved its `@` and its end, and says whether there are any;
    /// none if that needs a closer look, whatever has been given. The caller says where the first `@` is, that
    /// nothing in the range could encode a character, and looks to the length.
    #[inline(always)]
    pub fn clear<S: Simd>(
        &self,
        simd: S,
        batch: &[u8],
        range: Range<usize>,
        first: Option<usize>,
        mut take: impl FnMut(usize, usize),
    ) -> Option<bool> {
        if let Some(at) = first {
            match sight(simd, batch, range.clone(), at) {
                Sight::Unsure => return None,
                // Most are an address and nothing else.
                Sight::Address(start, end)
                    if (start, end) == (range.start, range.end)
                        && end - start <= super::LOCAL
                        && !batch[at + 1..end].eq_ignore_ascii_case(self.domain) =>
                {
                    take(at, end);
                    return Some(true);
                }
                _ => {}
            }
        }
        self.each(simd, batch, range, first, |_| false, take)
    }

    /// [`Plain::clear`] for a range in which anything may stand.
    pub fn text(
        &self,
        batch: &[u8],
        range: Range<usize>,
        first: Option<usize>,
        take: impl FnMut(usize, usize),
    ) -> Option<bool> {
        dispatch!(Level::new(), simd => self.each(simd, batch, range, first, holds(ENCODES), take))
    }

    /// [`Plain::clear`] for a range such as those of [`Plain::rewrite_lines`].
    pub fn lines(
        &self,
        batch: &[u8],
        range: Range<usize>,
        first: Option<usize>,
        take: impl FnMut(usize, usize),
    ) -> Option<bool> {
        dispatch!(Level::new(), simd => self.each(simd, batch, range, first, holds(ENCODES_IN_LINES), take))
    }
}

/// What may begin an encoded character.
const ENCODES: [u8; 3] = *b"%&\\";
/// And in lines.
const ENCODES_IN_LINES: [u8; 2] = *b"%&";

fn holds<const N: usize>(signs: [u8; N]) -> impl Fn(&[u8]) -> bool {
    let is_one = move |byte| signs.iter().fold(false, |any, sign| any | (byte == *sign));
    move |text| text.iter().fold(false, |any, byte| any | is_one(*byte))
}

/// May it be a value of PHP, which says its own length?
fn is_serialised(text: &[u8]) -> bool {
    matches!(text, [b'a' | b's' | b'O' | b'C', b':', ..])
}

#[cfg(test)]
mod tests {
    use super::super::{DOMAIN, Safe, lone};
    use super::*;
    use crate::functions::{Key, Subkey};
    use crate::schema::LengthUnit;
    use proptest::prelude::*;
    use std::borrow::Cow;

    /// What both functions make of a text the long way, and what the fast way says.
    fn compare(key: &Subkey, domain: &[u8], text: &[u8], limit: Limit) {
        let safe = Safe { key, domain, limit };
        for is_lone in [true, false] {
            let Some(plain) = Plain::new(domain, limit, is_lone) else {
                continue;
            };
            let mut out = b"before".to_vec();
            let fast = plain.rewrite(text, &mut out);
            assert!(out.starts_with(b"before"));
            let slow = match is_lone {
                true => lone(&safe, text),
                false => safe.rewrite_all(text),
            };
            let slow = safe.cut(slow.map_or(Cow::Borrowed(text), Cow::Owned));
            let shown = text.escape_ascii();
            match fast {
                None => assert_eq!(out, b"before"),
                Some(false) => {
                    assert_eq!(slow, text, "{shown}");
                    assert_eq!(out, b"before");
                }
                Some(true) => assert_eq!(&*slow, &out[6..], "{shown}"),
            }
            if limit.is_none() && !holds(ENCODES)(text) {
                assert_eq!(
                    cleared(&plain, text),
                    fast.map(|_| slow.into_owned()),
                    "{shown}"
                );
            }
        }
    }

    /// What [`Plain::clear`] makes of a text in the middle of others.
    fn cleared(plain: &Plain<'_>, text: &[u8]) -> Option<Vec<u8>> {
        let around = [b'\t'; 40];
        let batch = [&around, text, &around].concat();
        let range = 40..40 + text.len();
        let first = memchr(b'@', text).map(|at| 40 + at);
        let (mut out, mut done) = (Vec::new(), 40);
        let take = |at: usize, end: usize| {
            out.extend_from_slice(&batch[done..at]);
            out.push(b'_');
            out.extend_from_slice(&batch[at + 1..end]);
            out.push(b'@');
            out.extend_from_slice(plain.domain());
            done = end;
        };
        dispatch!(Level::new(), simd => plain.clear(simd, &batch, range, first, take))?;
        out.extend_from_slice(&batch[done..40 + text.len()]);
        Some(out)
    }

    fn compare_all(text: &[u8]) {
        let key = Key::new(b"example".to_vec()).subkey("mailinator");
        for domain in [DOMAIN, b"test.example", b"a.b1", b"x-.de"] {
            for limit in [None, Some(8), Some(20), Some(40), Some(200)] {
                let limit = limit.map(|limit| (limit, LengthUnit::Characters));
                compare(&key, domain, text, limit);
            }
        }
    }

    #[test]
    fn plain_addresses_take_it() {
        let plain = Plain::new(DOMAIN, None, true).unwrap();
        let mut out = Vec::new();
        let text = "Jane <jane.doe@firm.example>, x@MAILINATOR.com; 'j+x@b.de' see a-b@c-d.info. é";
        assert_eq!(plain.rewrite(text.as_bytes(), &mut out), Some(true));
        let moved = "Jane <jane.doe_firm.example@mailinator.com>, x@MAILINATOR.com; 'j+x_b.de@mailinator.com' \
                     see a-b_c-d.info@mailinator.com. é";
        assert_eq!(String::from_utf8(out).unwrap(), moved);
        for same in [&b"no address"[..], b"", "grüße".as_bytes()] {
            assert_eq!(plain.rewrite(same, &mut Vec::new()), Some(false));
        }
        for other in ["root@localhost", "100%", "a@b.c@d.de", "jörg@b.de"] {
            assert_eq!(
                plain.rewrite(other.as_bytes(), &mut Vec::new()),
                None,
                "{other}"
            );
        }
    }

    /// A text whose control characters and quotes are written with a backslash, against the same with them.
    fn compare_lines(text: &str, limit: Limit) {
        const LETTERS: [(char, char); 8] = [
            ('"', '"'),
            ('\'', '\''),
            ('n', '\n'),
            ('r', '\r'),
            ('t', '\t'),
            ('b', '\u{8}'),
            ('f', '\u{c}'),
            ('v', '\u{b}'),
        ];
        let (mut written, mut meant) = (String::new(), String::new());
        for c in text.chars() {
            meant.push(c);
            match LETTERS.iter().find(|(_, control)| *control == c) {
                Some((letter, _)) => written.extend(['\\', *letter]),
                None => written.push(c),
            }
        }
        for lone in [true, false] {
            let plain = Plain::new(DOMAIN, limit, lone).unwrap();
            let (mut fast, mut slow) = (Vec::new(), Vec::new());
            let Some(changed) = plain.rewrite_lines(written.as_bytes(), &mut fast) else {
                continue;
            };
            assert_eq!(plain.rewrite(meant.as_bytes(), &mut slow), Some(changed));
            let mut shown = String::from_utf8(slow).unwrap();
            for (letter, control) in LETTERS {
                shown = shown.replace(control, &format!("\\{letter}"));
            }
            assert_eq!(String::from_utf8(fast).unwrap(), shown);
        }
    }

    #[test]
    fn addresses_between_line_ends() {
        let plain = Plain::new(DOMAIN, None, false).unwrap();
        let mut out = Vec::new();
        let text = b"bounced at\\n90 for ada@b.de, see\\tc@d.info.";
        assert_eq!(plain.rewrite_lines(text, &mut out), None);
        let text = b"bounced at\\n90 for ada@b.de, see\\nd@e.fr";
        assert_eq!(plain.rewrite_lines(text, &mut out), None);
        let text = b"bounced at\\n90 for ada@b.de, see\\n";
        assert_eq!(plain.rewrite_lines(text, &mut out), Some(true));
        assert_eq!(out, b"bounced at\\n90 for ada_b.de@mailinator.com, see\\n");
    }

    #[test]
    fn what_is_close_to_plain() {
        let long = format!("{}@b.de", "a".repeat(58));
        for text in [
            "a@b.de c@d.de",
            "a@b.dec@d.de",
            "a@b.deéc@d.de",
            "a@b.de,c@d.de",
            "s:6:\"a@b.de\";",
            "a:b@c.de",
            "a@mailinator.com",
            "a@mailinator.com b@c.de",
            "@x a@b.de",
            "a@b.de @x",
            "a@b \"c@d.de\"",
            "a@b.de.",
            "{\"a\":\"b@c.de\"}",
            "[\"b@c.de\",\"d@e.fr\"]",
            "a@b.png",
            "a_b@c.de",
            "a@b_c.de",
            "100% a@b.de",
            &long,
            "a@b.de;c@d.de",
            "mailto:a@b.de?x",
            "a@b.de&amp;",
            "a@b.de%20",
            "(a@b.de)",
            "<a@b.de>",
            "a@b.de\"@c.de",
        ] {
            compare_all(text.as_bytes());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]
        #[test]
        fn any_text(text in "([a-z0-9@. ]|[ab@%40&#64;\\\\u0\"'<>,.: x\n\u{e9}\u{4e2d}_~!=\\[\\]{}-]|@b.de|a@b.com|@mailinator.com|,){0,30}") {
            compare_all(text.as_bytes());
        }

        #[test]
        fn lines(text in "([a-z0-9@. \n]|[ab@%&\"'<>,.: x\n\t\r\u{b}\u{8}\u{c}\u{e9}_~]|@b.de|a@b.com|[ \n]a@b[.]de[ ,\n]|,){0,30}", limit in prop_oneof![Just(None), Just(Some((20, LengthUnit::Characters)))]) {
            compare_lines(&text, limit);
        }

        #[test]
        fn lists(texts in proptest::collection::vec(("[ <,;:\"'\u{e9}(]{0,2}", "[a-z0-9._+-]{0,5}", "@?", "[a-z0-9.-]{0,6}[.][a-z]{1,4}", "[ >,;:\"'\u{e9})]{0,2}"), 0..4)) {
            let text: String = texts.into_iter().map(|(a, b, c, d, e)| a + &b + &c + &d + &e).collect();
            compare_all(text.as_bytes());
        }
    }
}
