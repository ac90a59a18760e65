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
//!   (`a@example.com_old`, `a@example.com谢谢`). `[192.0.2.1]` in brackets is a domain, too.
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

use memchr::{memchr, memchr3};
use std::ops::Range;

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
}

impl Iterator for Addresses<'_> {
    type Item = Address;

    fn next(&mut self) -> Option<Address> {
        while let Some(at) = self.signs.next() {
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
        let usual = run_before(text, |c| {
            c.is_ascii_alphanumeric() || among(c, b"._+-~!#$%^") || is_word(c)
        });
        let usual = escape_skipped(text, usual);
        let mut local = &text[usual..];
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
        let start = found.domain.end + quote;
        let Some(unit) = Unit::first(&self.text[start..]) else {
            return false;
        };
        let end = start + unit.len;
        let (Some('@'), Some(domain)) = (unit.char, domain(self.text, end)) else {
            return false;
        };
        *found = Address {
            local: found.local.start - quote..start,
            quote,
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

/// One character of a text, literal or encoded. What is neither has no `char` and one byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Unit {
    char: Option<char>,
    len: usize,
}

/// More backslashes than nested JSON ever has; also bounds the search back.
const BACKSLASHES: usize = 32;
/// The longest encoded character: backslashes and `u0040`.
const LONGEST: usize = BACKSLASHES + 5;

impl Unit {
    /// The character at the front of `text`; none only if `text` is empty.
    fn first(text: &[u8]) -> Option<Unit> {
        let encoded = match text.first()? {
            b'%' => percent(text),
            b'&' => entity(text),
            b'\\' => escape(text),
            _ => None,
        };
        encoded.or_else(|| Some(literal(text)))
    }

    /// The character at the end of `text`.
    fn last(text: &[u8]) -> Option<Unit> {
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

/// Is this a non-ASCII character that words are made of? Marks and joiners count, punctuation and
/// symbols do not.
fn is_word(c: char) -> bool {
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

fn among(c: char, set: &[u8]) -> bool {
    u8::try_from(c).is_ok_and(|b| set.contains(&b))
}

/// Top-level domains common enough to be known even before a digit or a file suffix.
const COMMON: [&str; 16] = [
    "com", "org", "net", "edu", "gov", "mil", "int", "info", "biz", "name", "app", "dev", "io",
    "co", "eu", "cloud",
];

/// File suffixes that are no top-level domains.
const FILES: &[&str] = &[
    "avif", "bak", "bmp", "bz2", "class", "conf", "cpp", "cs", "css", "csv", "dll", "doc", "docx",
    "eot", "eps", "exe", "gif", "gz", "heic", "hpp", "htm", "html", "ico", "ini", "ipynb", "jar",
    "java", "jpeg", "jpg", "js", "json", "jsx", "less", "log", "map", "mjs", "mp3", "mp4", "msg",
    "odt", "ogg", "otf", "pdf", "php", "png", "ppt", "pptx", "psd", "rar", "rtf", "scss", "sql",
    "svg", "tar", "tgz", "tif", "tiff", "toml", "tsx", "ttf", "txt", "vue", "wasm", "wav", "webm",
    "webp", "woff", "woff2", "xls", "xlsx", "xml", "yaml", "yml",
];

/// Where the domain ends that begins at `start`; none if there is no domain.
fn domain(text: &[u8], start: usize) -> Option<usize> {
    let rest = &text[start..];
    if rest.first() == Some(&b'[') {
        return literal_domain(rest).map(|len| start + len);
    }
    let mut best = None;
    let mut before = String::new();
    let mut first_is_scale = false;
    let mut at = 0;
    for index in 0.. {
        let mut label = String::new();
        let mut ends = Vec::new();
        while let Some(unit) = Unit::first(&rest[at..]) {
            match unit.char {
                Some(c) if c.is_ascii_alphanumeric() || c == '-' || c == '_' || is_word(c) => {
                    at += unit.len;
                    label.push(c);
                    ends.push(at);
                }
                _ => break,
            }
        }
        if label.is_empty() || label.starts_with('-') || label.chars().count() > 63 {
            break;
        }
        if index == 0 {
            let digits = label.trim_end_matches('x');
            first_is_scale = label.ends_with('x') && digits.bytes().all(|b| b.is_ascii_digit());
        }
        let dot = Unit::first(&rest[at..]).filter(|u| u.char == Some('.') && !label.ends_with('-'));
        let more = dot.is_some_and(|dot| {
            Unit::first(&rest[at + dot.len..])
                .and_then(|u| u.char)
                .is_some_and(|c| c.is_ascii_alphanumeric() || c == '_' || is_word(c))
        });
        if index > 0 {
            let last = label.to_lowercase();
            if !more && FILES.contains(&last.as_str()) {
                let whole = before.len() == 2 || COMMON.contains(&before.as_str());
                return best
                    .filter(|_| whole && !first_is_scale)
                    .map(|end: usize| start + end);
            }
            if let Some(count) = top_level(&last, &before) {
                best = Some(ends[count - 1]);
            }
            before = last;
        } else {
            before = label.to_lowercase();
        }
        match dot {
            Some(dot) if more => at += dot.len,
            _ => break,
        }
    }
    best.map(|end| start + end)
}

/// How many characters of a label are a top-level domain; `before` is the label before it.
fn top_level(label: &str, before: &str) -> Option<usize> {
    if label.starts_with("xn--") && label.len() > 4 && !label.ends_with('-') {
        return Some(label.chars().count());
    }
    let latin = |c: char| c.is_ascii_alphabetic() || ('\u{C0}'..'\u{250}').contains(&c);
    let first = label.chars().next()?;
    let letters = if latin(first) {
        label.chars().take_while(|c| latin(*c)).count()
    } else {
        label.chars().take_while(|c| !c.is_ascii()).count()
    };
    let next = label.chars().nth(letters);
    let known = || {
        let run: String = label.chars().take(letters).collect();
        COMMON.contains(&run.as_str())
    };
    let single = letters == 1 && latin(first) && !before.starts_with(|c: char| !c.is_ascii_digit());
    let digit = next.is_some_and(|c| c.is_ascii_digit());
    let valid = letters > 0 && !single && (!digit || known());
    valid.then_some(letters)
}

/// `[192.0.2.1]`, `[IPv6:2001:db8::1]`.
fn literal_domain(rest: &[u8]) -> Option<usize> {
    let window = &rest[..rest.len().min(64)];
    let end = memchr(b']', window)?;
    let inside = &window[1..end];
    let address = inside.strip_prefix(b"IPv6:").unwrap_or(inside);
    let valid = address
        .iter()
        .all(|b| b.is_ascii_hexdigit() || matches!(b, b'.' | b':'))
        && address.iter().filter(|b| matches!(b, b'.' | b':')).count() >= 2;
    valid.then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, String, String)> {
        let piece =
            |range: Range<usize>| String::from_utf8_lossy(&text.as_bytes()[range]).into_owned();
        addresses(text.as_bytes())
            .map(|a| (piece(a.local), piece(a.at), piece(a.domain)))
            .collect()
    }

    #[test]
    fn addresses_in_all_forms() {
        for (text, local, at, domain) in [
            ("john@example.com", "john", "@", "example.com"),
            ("Name <a@b.c>", "a", "@", "b.c"),
            ("mailto:j+x@example.com?subject=", "j+x", "@", "example.com"),
            ("to=j@example.com&x", "j", "@", "example.com"),
            ("(j@example.com).", "j", "@", "example.com"),
            ("see j@example.com. Then", "j", "@", "example.com"),
            (r"\njohn@example.com\n", "john", "@", "example.com"),
            (r"x\u000ajohn@example.com", "john", "@", "example.com"),
            (
                r"ren\u00e9@m\u00fcller.de",
                r"ren\u00e9",
                "@",
                r"m\u00fcller.de",
            ),
            (r"j\u0040example.com", "j", r"\u0040", "example.com"),
            (r"j\\u0040example.com", "j", r"\\u0040", "example.com"),
            ("q=j%2Bx%40example.com%20y", "j%2Bx", "%40", "example.com"),
            ("j%2540example.com", "j", "%2540", "example.com"),
            ("j&#64;example.com;", "j", "&#64;", "example.com"),
            ("j&#x40;example.com", "j", "&#x40;", "example.com"),
            ("j&#0064;example&#46;com", "j", "&#0064;", "example&#46;com"),
            ("j&commat;example.com", "j", "&commat;", "example.com"),
            (
                "\"john doe\"@example.com",
                "\"john doe\"",
                "@",
                "example.com",
            ),
            (
                r#"{"m":"\"john doe\"@example.com"}"#,
                r#"\"john doe\""#,
                "@",
                "example.com",
            ),
            (
                "&quot;john doe&quot;@example.com",
                "&quot;john doe&quot;",
                "@",
                "example.com",
            ),
            ("jörg@müller.de", "jörg", "@", "müller.de"),
            ("почта@пример.рф", "почта", "@", "пример.рф"),
            ("用户@例子.中国。", "用户", "@", "例子.中国"),
            ("j@example.com谢谢", "j", "@", "example.com"),
            ("j@example.com_old", "j", "@", "example.com"),
            ("j@example.com2nd", "j", "@", "example.com"),
            ("j@example.com-", "j", "@", "example.com"),
            (
                "j@xn--mller-kva.xn--p1ai",
                "j",
                "@",
                "xn--mller-kva.xn--p1ai",
            ),
            ("git@example.com:org/repo", "git", "@", "example.com"),
            ("https://u:token@github.com/", "token", "@", "github.com"),
            ("john@example.com.pdf", "john", "@", "example.com"),
            ("root@[192.0.2.1]", "root", "@", "[192.0.2.1]"),
            ("x@[IPv6:2001:db8::1]", "x", "@", "[IPv6:2001:db8::1]"),
            ("@user@mastodon.social", "user", "@", "mastodon.social"),
            ("{name}@example.com", "{name}", "@", "example.com"),
            ("abc==@example.com", "abc==", "@", "example.com"),
            ("a@b.com@c.com", "a@b.com", "@", "c.com"),
            ("\"a@b.com\"@c.com", "\"a@b.com\"", "@", "c.com"),
            ("j.@docomo.example", "j.", "@", "docomo.example"),
        ] {
            assert_eq!(
                found(text),
                [(local.to_owned(), at.to_owned(), domain.to_owned())],
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_address() {
        for text in [
            "",
            "@",
            "@handle",
            "a @ b",
            "a @b.com",
            "a@ b.com",
            "x@localhost",
            "logo@2x.png",
            "icon@3x.min.js",
            "logo@2x.de.png",
            "lodash@4.17.21",
            "pkg@1.0.0-rc.1",
            "node@20.x",
            "*@example.com",
            "a@.com",
            "a@-x.com",
            "a@b..com",
            r"\n@example.com",
            r#"{"a":"b","@example.org":1}"#,
            "LIKE '%40%'",
            "a&#64",
            "a%4",
            "&#64;",
            r"\u0040",
            "a@[b]",
            "a@[]",
            "@media.screen",
            "a@b",
            r"C:\u004",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn several() {
        let text = "a@b.de,c@d.de;<e@f.de>\ng%40h.de";
        let locals: Vec<_> = found(text).into_iter().map(|f| f.0).collect();
        assert_eq!(locals, ["a", "c", "e", "g"]);
    }

    #[test]
    fn long_runs_take_linear_time() {
        let start = std::time::Instant::now();
        for text in [
            "@", "a@", "a@b.", r"\\", "%40", "&#", r"\u0040", "a%", "é", "\"", "a\"@b.de",
        ] {
            addresses(text.repeat(50_000).as_bytes()).for_each(drop);
        }
        assert!(start.elapsed().as_secs() < 20);
    }
}
