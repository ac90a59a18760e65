//! What a value looks like that is none of the others: a number, a date, a code, words, prose.

use regex::Regex;
use std::sync::LazyLock;

/// The shape of a value; each value has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A number, a truth value.
    Number,
    /// A date or a time, with both perhaps.
    Date,
    /// A UUID.
    Uuid,
    /// A URL.
    Url,
    /// JSON, XML, or what PHP serialises.
    Structured,
    /// What a browser or another client says of itself.
    Agent,
    /// Bytes in hexadecimal.
    Bytes,
    /// One piece with digits or marks in it, as codes, paths and identifiers have.
    Code,
    /// One word.
    Word,
    /// Two to five words.
    Words,
    /// More words than that, or lines.
    Prose,
}

static DATE: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?i)^(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}[- ][a-z]{3,9}[- ]\d{2,4}|\d{1,2}:\d{2}(?::\d{2})?)(?:[ t]\d{1,2}[:.]\d{2}.{0,30})?$";
    Regex::new(pattern).expect("a pattern that a test compiles")
});

static KEY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"["']([A-Za-z][A-Za-z0-9_ .-]{0,40})["']\s*(?::|=>)|s:\d{1,3}:"([A-Za-z][A-Za-z0-9_ .-]{0,40})";|<([A-Za-z][A-Za-z0-9_.-]{0,40})[\s>]"#)
        .expect("a pattern that a test compiles")
});

/// The shape of a text without blanks around it.
pub fn shape(text: &str) -> Shape {
    let words = text.split_whitespace().count();
    let truth = ["t", "f", "true", "false", "y", "n", "yes", "no"];
    if text.parse::<f64>().is_ok() && text.bytes().any(|b| b.is_ascii_digit())
        || truth.contains(&text)
    {
        Shape::Number
    } else if is_uuid(text) {
        Shape::Uuid
    } else if DATE.is_match(text) {
        Shape::Date
    } else if is_structured(text) {
        Shape::Structured
    } else if text.starts_with("Mozilla/")
        || text.starts_with("Opera/")
        || text.starts_with("Dalvik/")
    {
        Shape::Agent
    } else if text.starts_with("\\x") && text[2..].bytes().all(|b| b.is_ascii_hexdigit()) {
        Shape::Bytes
    } else if words > 5 || text.contains('\n') {
        Shape::Prose
    } else if words > 1 {
        Shape::Words
    } else if text.contains("://") || text.starts_with("www.") {
        Shape::Url
    } else if text
        .chars()
        .all(|c| c.is_alphabetic() || c == '-' || c == '\'')
        && text.chars().any(char::is_alphabetic)
    {
        Shape::Word
    } else {
        Shape::Code
    }
}

/// Is it a code in capitals, digits and marks, such as `RE-2023-0012`, `EUR` or `/a/b.html`?
pub fn is_plain_code(text: &str) -> bool {
    let capitals = text
        .bytes()
        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b"-_./:#".contains(&b));
    let path =
        text.contains('/') && !text.contains("://") && text.bytes().all(|b| b.is_ascii_graphic());
    let constant = text.contains('_')
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    !text.is_empty() && (capitals || path || constant)
}

fn is_uuid(text: &str) -> bool {
    let bare = text
        .strip_prefix('{')
        .and_then(|t| t.strip_suffix('}'))
        .unwrap_or(text);
    bare.len() == 36
        && bare.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

fn is_structured(text: &str) -> bool {
    let ends = |open: char, close: char| text.starts_with(open) && text.ends_with(close);
    let php =
        text.len() > 6 && (text.starts_with("a:") || text.starts_with("O:")) && text.ends_with('}');
    ends('{', '}') || ends('[', ']') || ends('<', '>') || php || text.contains("\"=>\"")
}

/// The names of fields in JSON, XML, hstore or what PHP serialises, up to `most`.
pub fn keys(text: &str, most: usize) -> impl Iterator<Item = &str> {
    KEY.captures_iter(text)
        .filter_map(|found| {
            found
                .iter()
                .skip(1)
                .flatten()
                .next()
                .map(|key| key.as_str())
        })
        .take(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        for (text, expected) in [
            ("12", Shape::Number),
            ("-1.5e3", Shape::Number),
            ("t", Shape::Number),
            ("2023-10-11", Shape::Date),
            ("2023-10-11 12:13:14+02", Shape::Date),
            ("11.10.2023", Shape::Date),
            ("11-OCT-23", Shape::Date),
            ("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", Shape::Uuid),
            ("https://example.org/", Shape::Url),
            ("{\"a\": 1}", Shape::Structured),
            ("<a/>", Shape::Structured),
            ("a:1:{i:0;i:1;}", Shape::Structured),
            ("Mozilla/5.0 (X11)", Shape::Agent),
            ("\\xdeadbeef", Shape::Bytes),
            ("RE-2023-0012", Shape::Code),
            ("shipped", Shape::Word),
            ("Blue Cotton Shirt", Shape::Words),
            ("one two three four five six", Shape::Prose),
            ("inf", Shape::Word),
        ] {
            assert_eq!(shape(text), expected, "{text}");
        }
        for text in ["RE-2023-0012", "EUR", "/a/B.html", "order_paid_2"] {
            assert!(is_plain_code(text), "{text}");
        }
        assert!(!is_plain_code("jsmith82") && !is_plain_code(""));
    }

    #[test]
    fn names_of_fields() {
        let found = |text| keys(text, 9).collect::<Vec<_>>();
        assert_eq!(found(r#"{"a_b": 1, "c": {"d": "e"}}"#), ["a_b", "c", "d"]);
        assert_eq!(found(r#""k"=>"v""#), ["k"]);
        assert_eq!(found(r#"a:1:{s:5:"email";s:1:"x";}"#), ["email", "x"]);
        assert_eq!(found("<phone>1</phone>"), ["phone"]);
        assert!(found("plain").is_empty());
    }
}
