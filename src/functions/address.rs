//! The one recogniser of e-mail addresses, for `mailinator`, `rewrite_emails`, `verify` and the
//! shortcuts over whole batches.
//!
//! # What an address is
//!
//! An address is recognised by its form, in any bytes, whatever stands around it:
//!
//! * The `@` may be plain or encoded: `\u0040` (JSON, any number of backslashes), `%40` (URLs, also
//!   `%2540`), `&#64;` and `&#x40;` (HTML, XML), `&commat;`. So may every character beside it.
//! * The domain decides: at least two labels of letters, digits, `-`, `_` and non-ASCII letters, the
//!   last one letters. What follows the letters of the last label does not belong to it
//!   (`a@example.com_old`, `a@example.com谢谢`), unless it is a letter or digit of ASCII, which would
//!   become part of the safe domain: then the label is taken whole (`a@example.info2`). `[192.0.2.1]` in brackets is a domain, too,
//!   with whatever is written on to it.
//! * The local part needs one letter, digit or `_`. It reaches back over letters, digits and
//!   `.` `_` `+` `-` `~` `!` `#` `$` `%` `^`, and over the rarer characters that RFC 5322 allows only if
//!   nothing else stands before the `@`. A quoted local part (`"john doe"@…`, also `\"john doe\"@…` in
//!   JSON and arrays) is taken whole. How far back a local part reaches changes no rewritten text:
//!   the local part stays and the domain moves into it.
//! * `\n` and the like before a local part are escapes of JSON, not its first letter.
//!
//! Decisions: `git@example.com:org/repo`, `token@github.com` in `https://user:token@github.com/` and
//! Message-IDs are addresses by form, and rewritten: scrub would rather break a link than send a mail.
//! `@handle`, `a @ b`, `x@localhost` are not. A last label that is a file suffix (`logo@2x.png`)
//! makes no address, unless a whole address stands before it (`john@example.com.pdf`); neither does a
//! version (`lodash@4.17.21`). In `a@b.com@c.com` everything before the last `@` is the local part.
//!
//! Not recognised: addresses inside base64, hex or compressed data (`verify` reports those apart).

mod domain;
mod plain;
mod unit;

pub use plain::{Sight, is_plain_domain, sight, sight_within};

use domain::domain;
use memchr::{memchr, memchr3};
use std::ops::Range;
use unit::{BACKSLASHES, Unit, is_word};

/// An address within a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The local part, with its quotes if it is quoted. In a chain `a@b.com@c.com` it holds an `@`.
    pub local: Range<usize>,
    /// How many bytes each of the quotes around the local part has; 0 without quotes.
    pub quote: usize,
    /// The `@`, as it is encoded.
    pub at: Range<usize>,
    /// The domain.
    pub domain: Range<usize>,
}

impl Address {
    /// Is this address of `text` in the given domain, so that its mail goes there?
    pub fn is_in(&self, text: &[u8], domain: &[u8]) -> bool {
        let own = decode(&text[self.domain.clone()]);
        let chain = decode(&text[self.local.clone()]).contains(&b'@');
        !chain && own.eq_ignore_ascii_case(domain)
    }

    /// This address of `text` as it compares with others: decoded, in lower case, without quotes.
    pub fn normalised(&self, text: &[u8]) -> Normalised {
        let inside = self.local.start + self.quote..self.local.end - self.quote;
        let lower = |range: Range<usize>| {
            let decoded = decode(&text[range]);
            String::from_utf8_lossy(&decoded).to_lowercase()
        };
        Normalised {
            local: lower(inside),
            domain: lower(self.domain.clone()),
        }
    }
}

/// An address as it compares with others.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Normalised {
    /// The local part. In a chain `a@b.com@c.com` it holds an `@`.
    pub local: String,
    /// The domain.
    pub domain: String,
}

/// The places of `@` in a text, in all encodings.
pub fn signs(text: &[u8]) -> impl Iterator<Item = Range<usize>> + '_ {
    Signs::new(text)
}

/// Can there be an address in `bytes`? Never false when there is one.
pub fn may_contain(bytes: &[u8]) -> bool {
    memchr(b'@', bytes).is_some() || Signs::new(bytes).next().is_some()
}

/// The addresses in a text, from left to right; they do not overlap.
pub fn addresses(text: &[u8]) -> Addresses<'_> {
    Addresses {
        text,
        floor: 0,
        signs: Signs::new(text),
        // In JSON and in arrays a bare quote is structure, never part of an address.
        bare_quotes: !matches!(text.trim_ascii_start(), [b'{' | b'[', ..]),
        closely: false,
    }
}

/// What [`addresses`] finds, without the fast way ([`sight_within`]), which must make no difference.
pub fn addresses_closely(text: &[u8]) -> Addresses<'_> {
    Addresses {
        closely: true,
        ..addresses(text)
    }
}

/// The decoded form of a piece of an address: what the encodings stand for.
pub fn decode(piece: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(piece.len());
    for (bytes, char) in characters(piece) {
        match char {
            Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            None => out.extend_from_slice(bytes),
        }
    }
    out
}

/// The characters of a piece of an address, each with its bytes as they are encoded.
pub fn characters(mut piece: &[u8]) -> impl Iterator<Item = (&[u8], Option<char>)> {
    std::iter::from_fn(move || {
        let unit = Unit::first(piece)?;
        let (bytes, rest) = piece.split_at(unit.len);
        piece = rest;
        Some((bytes, unit.char))
    })
}

/// The iterator of [`addresses`].
#[derive(Debug)]
pub struct Addresses<'t> {
    text: &'t [u8],
    /// The end of the address before: no local part reaches back over it.
    floor: usize,
    signs: Signs<'t>,
    bare_quotes: bool,
    /// Is every sign looked at closely, whatever [`sight_within`] makes of it?
    closely: bool,
}

impl Iterator for Addresses<'_> {
    type Item = Address;

    fn next(&mut self) -> Option<Address> {
        while let Some(at) = self.signs.next() {
            if at.len() == 1 && !self.closely {
                match sight_within(self.text, self.floor..self.text.len(), at.start) {
                    Sight::Unsure => {}
                    Sight::Nothing => continue,
                    Sight::Address(start, end) => {
                        self.floor = end;
                        self.signs.skip_to(end);
                        return Some(Address {
                            local: start..at.start,
                            quote: 0,
                            domain: at.end..end,
                            at,
                        });
                    }
                }
            }
            let Some(domain) = domain(self.text, at.end) else {
                continue;
            };
            let Some((local, quote)) = self.local(at.start) else {
                continue;
            };
            let mut found = Address {
                local,
                quote,
                at: at.clone(),
                domain: at.end..domain,
            };
            self.reach_back(&mut found);
            while self.extend(&mut found) {}
            self.floor = found.domain.end;
            self.signs.skip_to(self.floor);
            return Some(found);
        }
        None
    }
}

impl Addresses<'_> {
    /// The local part that ends at `end`.
    fn local(&self, end: usize) -> Option<(Range<usize>, usize)> {
        let text = &self.text[self.floor..end];
        if let Some(quote) = closing_quote(text) {
            let len = self.quoted(text, quote)?;
            return Some((end - len..end, quote));
        }
        let start = escape_skipped(text, run_before(text, usual));
        let mut local = &text[start..];
        if !has_word(local) {
            let any = run_before(text, |c| {
                c.is_ascii_alphanumeric() || among(c, b"._+-~!#$%^&'*/=?`{|}") || is_word(c)
            });
            local = &text[escape_skipped(text, any)..];
        }
        has_word(local).then(|| (end - local.len()..end, 0))
    }

    /// The length of the quoted local part at the end of `text`, with its quotes.
    fn quoted(&self, text: &[u8], quote: usize) -> Option<usize> {
        let (before, sign) = text.split_at(text.len() - quote);
        if sign == b"\"" && !self.bare_quotes {
            return None;
        }
        let window = &before[before.len().saturating_sub(200)..];
        let mut open = None;
        for start in (0..window.len()).rev() {
            if window[start] == b'\n' || window[start] == b'\r' {
                break;
            }
            if window[start..].starts_with(sign)
                && (start == 0 || sign[0] != b'\\' || window[start - 1] != b'\\')
            {
                open = Some(start);
                break;
            }
        }
        let open = open?;
        let content = &window[open + quote..];
        let outside = before.len() - window.len() + open;
        let boundary = outside.checked_sub(1).map(|b| before[b]);
        let free = boundary.is_none_or(|b| {
            b.is_ascii_whitespace() || b"<>,;:=('[{|\\".contains(&b) || (b == b'"' && quote > 1)
        });
        (free && has_word(content)).then(|| content.len() + 2 * quote)
    }

    /// Takes `a@b` for the local part in `a@b@c.com`. Alone `b` is no domain, but it would be one when
    /// `c.com` has moved behind it.
    fn reach_back(&self, found: &mut Address) {
        while found.quote == 0
            && let Some(sign) = Unit::last(&self.text[self.floor..found.local.start])
            && sign.char == Some('@')
            && let Some((local, _)) = self.local(found.local.start - sign.len)
        {
            found.local.start = local.start;
        }
    }

    /// Takes `a@b.com` for the local part of what follows: `a@b.com@c.com`, `"a@b.com"@c.com`.
    fn extend(&self, found: &mut Address) -> bool {
        let rest = &self.text[found.domain.end..];
        let quote = opening_quote(rest);
        if quote > 0 {
            let sign = &rest[..quote];
            let before = &self.text[self.floor..found.local.start];
            if found.quote > 0 || !before.ends_with(sign) {
                return false;
            }
        }
        let (mut start, mut around) = (found.domain.end + quote, quote);
        let (end, domain) = loop {
            let unit = Unit::first(&self.text[start..]).filter(|unit| unit.char == Some('@'));
            let Some(unit) = unit else {
                return false;
            };
            let end = start + unit.len;
            if let Some(domain) = domain(self.text, end) {
                break (end, domain);
            }
            // `@b@c.com` behind it: as in `reach_back`.
            let run = run_after(&self.text[end..], usual);
            if run == 0 {
                return false;
            }
            (start, around) = (end + run, 0);
        };
        *found = Address {
            local: found.local.start - quote..start,
            quote: around,
            at: start..end,
            domain: end..domain,
        };
        true
    }
}

/// The places of `@` in all encodings. Each of the two searches runs over the text once.
#[derive(Debug)]
struct Signs<'t> {
    text: &'t [u8],
    /// Candidates before this have been dealt with.
    from: usize,
    /// The next byte that may begin a sign.
    plain: Option<usize>,
    /// The next `\u0040`.
    escaped: Option<usize>,
}

impl<'t> Signs<'t> {
    fn new(text: &'t [u8]) -> Self {
        let mut signs = Signs {
            text,
            from: 0,
            plain: Some(0),
            escaped: Some(0),
        };
        signs.plain = signs.next_plain();
        signs.escaped = signs.next_escaped();
        signs
    }

    /// Goes on at `from`.
    fn skip_to(&mut self, from: usize) {
        self.from = from;
        if self.plain.is_some_and(|p| p < from) {
            self.plain = self.next_plain();
        }
        if self.escaped.is_some_and(|e| e < from) {
            self.escaped = self.next_escaped();
        }
    }

    fn next_plain(&self) -> Option<usize> {
        memchr3(b'@', b'%', b'&', &self.text[self.from..]).map(|p| p + self.from)
    }

    fn next_escaped(&self) -> Option<usize> {
        let mut from = self.from;
        loop {
            from += memchr(b'\\', &self.text[from..])?;
            let unit = Unit::first(&self.text[from..])?;
            if unit.char == Some('@') {
                return Some(from);
            }
            from += unit.len;
        }
    }
}

impl Iterator for Signs<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        loop {
            let at = match (self.plain, self.escaped) {
                (Some(p), Some(e)) => p.min(e),
                (p, e) => p.or(e)?,
            };
            let unit = Unit::first(&self.text[at..])?;
            self.skip_to(at + unit.len);
            if unit.char == Some('@') {
                return Some(at..at + unit.len);
            }
        }
    }
}

/// How many bytes the quote at the end of `text` has.
fn closing_quote(text: &[u8]) -> Option<usize> {
    let unit = Unit::last(text).filter(|u| u.char == Some('"'))?;
    if unit.len > 1 {
        return Some(unit.len);
    }
    let slashes = text[..text.len() - 1].iter().rev().take(BACKSLASHES);
    Some(1 + slashes.take_while(|b| **b == b'\\').count())
}

/// How many bytes the quote at the front of `text` has; 0 if there is none.
fn opening_quote(text: &[u8]) -> usize {
    let run = text.iter().take(BACKSLASHES);
    let slashes = run.take_while(|b| **b == b'\\').count();
    if text.get(slashes) == Some(&b'"') {
        return slashes + 1;
    }
    Unit::first(text)
        .filter(|u| u.char == Some('"'))
        .map_or(0, |u| u.len)
}

/// Where the run of characters begins that reaches to the end of `text`.
fn run_before(text: &[u8], accept: impl Fn(char) -> bool) -> usize {
    let mut start = text.len();
    while let Some(unit) = Unit::last(&text[..start]) {
        if !unit.char.is_some_and(&accept) {
            break;
        }
        start -= unit.len;
    }
    start
}

/// How many bytes the characters at the front of `text` have.
fn run_after(text: &[u8], accept: impl Fn(char) -> bool) -> usize {
    let mut end = 0;
    while let Some(unit) = Unit::first(&text[end..]) {
        if !unit.char.is_some_and(&accept) {
            break;
        }
        end += unit.len;
    }
    end
}

/// The characters that local parts are made of, but for rare ones.
fn usual(c: char) -> bool {
    c.is_ascii_alphanumeric() || among(c, b"._+-~!#$%^") || is_word(c)
}

/// Leaves the letter of an escape such as `\n` to the escape.
fn escape_skipped(text: &[u8], start: usize) -> usize {
    let escape = start > 0 && text[start - 1] == b'\\';
    match text.get(start) {
        Some(b'n' | b'r' | b't' | b'b' | b'f' | b'u' | b'v') if escape => start + 1,
        _ => start,
    }
}

fn has_word(mut text: &[u8]) -> bool {
    while let Some(unit) = Unit::first(text) {
        if unit
            .char
            .is_some_and(|c| c.is_ascii_alphanumeric() || c == '_' || is_word(c))
        {
            return true;
        }
        text = &text[unit.len..];
    }
    false
}

fn among(c: char, set: &[u8]) -> bool {
    u8::try_from(c).is_ok_and(|b| set.contains(&b))
}

#[cfg(test)]
mod tests;
