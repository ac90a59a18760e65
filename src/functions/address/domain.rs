//! Where the domain of an address ends, and whether it is one.

use super::unit::{Unit, is_word};
use memchr::memchr;

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

/// What is known of the suffixes of a first letter.
#[derive(Clone, Copy)]
struct Suffixes {
    /// Where they begin in [`FILES`]; those of the next letter follow.
    start: usize,
    /// A bit for each of their second letters, and for each of their last ones.
    seconds: u32,
    lasts: u32,
}

/// By first letter; behind the last one stands where all end.
static BY_LETTER: [Suffixes; 27] = by_letter();

const fn by_letter() -> [Suffixes; 27] {
    let none = Suffixes {
        start: FILES.len(),
        seconds: 0,
        lasts: 0,
    };
    let mut all = [none; 27];
    let (mut at, mut later) = (FILES.len(), 25);
    while at > 0 {
        at -= 1;
        let suffix = FILES[at].as_bytes();
        let first = (suffix[0] - b'a') as usize;
        assert!(first <= later, "the suffixes are in their order");
        later = first;
        let mut letter = 0;
        while letter <= first {
            all[letter].start = at;
            letter += 1;
        }
        // Of those with digits at these places none is asked for.
        if let (second @ b'a'..=b'z', last @ b'a'..=b'z') = (suffix[1], suffix[suffix.len() - 1]) {
            all[first].seconds |= 1 << (second - b'a');
            all[first].lasts |= 1 << (last - b'a');
        }
    }
    all
}

/// Is a label of ASCII letters a file suffix?
#[inline(always)]
pub(super) fn is_file(label: &[u8]) -> bool {
    let [first, second, ..] = label else {
        return false;
    };
    let letter = |byte: u8| usize::from((byte | 0x20) - b'a');
    let last = letter(label[label.len() - 1]);
    let of_letter = &BY_LETTER[letter(*first)];
    of_letter.seconds >> letter(*second) & of_letter.lasts >> last & 1 == 1
        && is_among(label, letter(*first))
}

/// Is it one of those that begin with a letter?
fn is_among(label: &[u8], first: usize) -> bool {
    let files = &FILES[BY_LETTER[first].start..BY_LETTER[first + 1].start];
    (files.iter()).any(|file| label.eq_ignore_ascii_case(file.as_bytes()))
}

/// Where the domain ends that begins at `start`; none if there is no domain.
pub(super) fn domain(text: &[u8], start: usize) -> Option<usize> {
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
    // What is written on to the letters without a break must not stay behind the safe domain, where
    // it would become part of it: such a label is taken whole.
    let count = match next {
        Some(c) if c.is_ascii_alphanumeric() => label.trim_end_matches(['-', '_']).chars().count(),
        _ => letters,
    };
    valid.then_some(count)
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
    valid.then(|| end + 1 + written_on(&rest[end + 1..]))
}

/// How many bytes behind a `]` are written on without a break. They must not stay behind the safe
/// domain, where they would become part of it: `a@[192.0.2.1].example.org`.
fn written_on(rest: &[u8]) -> usize {
    let label = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || is_word(c);
    let mut end = 0;
    while let Some(unit) = Unit::first(&rest[end..]) {
        let next = || Unit::first(&rest[end + unit.len..]).and_then(|unit| unit.char);
        let goes_on = match unit.char {
            Some('.') => next().is_some_and(label),
            Some(c) => label(c),
            None => false,
        };
        if !goes_on {
            break;
        }
        end += unit.len;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_are_known_by_their_letters() {
        let letters = |label: &&str| label.bytes().all(|b| b.is_ascii_alphabetic());
        for file in FILES.iter().copied().filter(letters) {
            assert!(is_file(file.as_bytes()) && is_file(file.to_uppercase().as_bytes()));
            for other in [&file[1..], &file[..file.len() - 1], &format!("{file}x")] {
                assert_eq!(is_file(other.as_bytes()), FILES.contains(&other), "{other}");
            }
        }
        assert!(!COMMON.iter().any(|domain| is_file(domain.as_bytes())));
    }
}
